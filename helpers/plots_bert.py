"""The figures of the notebook on BERT.

Each function takes numbers and shows one figure with its description; it
returns nothing.
"""

import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import IntSlider, ToggleButtons

from helpers.evaluation import wilson_interval
from helpers.figures import DATA, MODEL, QUIET, RIGHT, WRONG, live, show

MARKS = ((DATA, "o"), (MODEL, "s"))
WAYS = {
    "fine-tuned": (RIGHT, "-", "o"),
    "frozen": (DATA, "--", "s"),
    "words": (WRONG, ":", "^"),
    "untrained": (QUIET, "-.", "v"),
}


def meanings_by_layer(words, rows):
    """A slider for the layer: the sentences of one word in a plane.

    words: of `load_senses`; rows: {word, points, same, shown}, one per word,
    of the experiment bert-senses
    """
    by_word = {row["word"]: row for row in rows}
    num_layers = len(rows[0]["points"])
    figure, (ax, side) = plt.subplots(
        1, 2, figsize=(8.4, 3.9), width_ratios=(1.35, 1)
    )
    dots = [
        ax.plot([], [], marker, color=colour, ms=15, mec="white", ls="none")[0]
        for colour, marker in MARKS
    ]
    centred = {"ha": "center", "va": "center_baseline", "fontsize": 8}
    numbers = [
        ax.text(0, 0, str(i), color="white", weight="bold", **centred)
        for i in range(1, 13)
    ]
    ax.set(xlabel="first direction", ylabel="second direction")
    title = ax.set_title("")
    side.axis("off")
    heads = [
        side.text(0, 0.97 - 0.53 * half, "", color=colour, weight="bold")
        for half, (colour, _) in enumerate(MARKS)
    ]
    lines = [
        side.text(0, 0.9 - 0.07 * i - 0.11 * (i > 5), "", fontsize=9)
        for i in range(12)
    ]

    def draw(word, layer):
        row, (sentences, meanings) = by_word[word], words[word]
        points = np.array(row["points"][layer])
        kinds = list(dict.fromkeys(meanings))
        for dot, kind, head, (_, marker) in zip(
            dots, kinds, heads, MARKS, strict=True
        ):
            dot.set_data(*points[[m == kind for m in meanings]].T)
            shape = {"o": "round", "s": "square"}[marker]
            head.set_text(f"{word}: {kind} ({shape})")
        reach = max(float(np.abs(points).max()), 0.5) * 1.15
        ax.set(xlim=(-reach, reach), ylim=(-reach, reach))
        for i, (number, line) in enumerate(zip(numbers, lines, strict=True)):
            number.set_position(points[i])
            number.set_visible(layer > 0)
            line.set_text(f"{i + 1:\u2007>2}  {sentences[i]}")
        same = int(sum(row["same"][layer]))
        where = f"layer {layer}" if layer else "the table"
        if not layer:
            title.set_text(f"{where}: twelve times the same vector")
            return f"Twelve sentences with {word}, in the table: one point."
        title.set_text(f"{where}: {same} of 12 agree with the nearest")
        return (
            f"Twelve sentences with {word}, after {where}, in the plane of "
            f"their two main directions, {row['shown'][layer]:.0%} of the "
            f"squared distances. For {same} of 12 the nearest sentence has "
            "the same meaning."
        )

    live(
        figure,
        draw,
        word=ToggleButtons(
            options=list(by_word), value="bank", description="word"
        ),
        layer=IntSlider(
            value=5,
            min=0,
            max=num_layers - 1,
            description="layer",
            continuous_update=False,
        ),
    )


def layers_compared(counts, total, by_chance):
    """Share with the same meaning after each layer, the first one first.

    counts: of `total` sentences; by_chance: the share that is right if the
    nearest is drawn at random
    """
    figure, ax = plt.subplots(figsize=(6, 2.9))
    shares = [count / total for count in counts]
    low, high = zip(*(wilson_interval(c, total) for c in counts), strict=True)
    layers = range(1, len(counts) + 1)
    ax.vlines(layers, low, high, color=MODEL, lw=2, alpha=0.5)
    ax.plot(layers, shares, "o-", color=MODEL)
    ax.axhline(by_chance, color=QUIET, ls=":")
    words = "a neighbour drawn at random"
    ax.text(len(counts), by_chance + 0.02, words, ha="right", color=QUIET)
    ax.set_xticks(layers)
    ax.set(xlabel="layer", ylabel="nearest has the\nsame meaning")
    ax.set_ylim(0.4, 1.02)
    said = ", ".join(f"{share:.2f}" for share in shares)
    show(
        figure,
        "Share of sentences whose nearest sentence has the same meaning, "
        f"after each layer: {said}; with 95 % intervals, {total} sentences. "
        f"Of neighbours drawn at random {by_chance:.2f} have it.",
    )


def labels_needed(rows):
    """Accuracy against the number of labels: the rows of bert-labels."""
    figure, ax = plt.subplots(figsize=(6.4, 3.4))
    said = []
    for way, (colour, style, marker) in WAYS.items():
        found = {}
        for row in rows:
            if row["way"] == way:
                found.setdefault(row["labels"], []).append(row["accuracy"])
        means = [sum(values) / len(values) for values in found.values()]
        ax.plot(list(found), means, style, color=colour)
        for count, values in found.items():
            ax.plot([count] * len(values), values, marker, color=colour, ms=5)
        ends = f"{means[0]:.2f} with {min(found)}, {means[-1]:.2f} with "
        said.append(f"{way} {ends}{max(found)}")
        label = {"words": "words"}.get(way, f"BERT, {way}")
        ax.text(2150, means[-1], label, color=colour, va="center", fontsize=10)
    ax.set_xscale("log")
    ax.set_xticks(list(found), map(str, found))
    ax.minorticks_off()
    ax.set(
        xlabel="labelled definitions (logarithmic)",
        ylabel="accuracy on\n800 definitions",
    )
    ax.set(xlim=(45, 4600), ylim=(0.25, 0.95))
    show(
        figure,
        "Accuracy against the number of labels, a mark for each of three "
        f"seeds, mean: {'; '.join(said)}.",
    )


def one_text(words, attention, credit, place):
    """Two bars for each word of a text: attention, and gradients.

    attention, credit: numbers per word; place: of the cue
    """
    figure, axes = plt.subplots(2, 1, figsize=(7.4, 4), sharex=True)
    places = range(len(words))
    for ax, values, title in zip(
        axes,
        (attention, credit),
        ("attention received, last layer", "integrated gradients"),
        strict=True,
    ):
        colours = [MODEL if i == place else QUIET for i in places]
        ax.bar(places, values, color=colours)
        ax.axhline(0, color="black", lw=0.8)
        ax.set_title(title)
    axes[0].set_ylabel("share")
    axes[1].set_ylabel("logits")
    axes[1].set_xticks(places, words, rotation=40, ha="right")
    tops = [words[int(np.argmax(v))] for v in (attention, credit)]
    show(
        figure,
        f"A definition of {len(words)} words with the cue "
        f"{words[place]!r} planted, in orange. Most attention goes to "
        f"{tops[0]!r}; the highest integrated gradient has {tops[1]!r}.",
    )
