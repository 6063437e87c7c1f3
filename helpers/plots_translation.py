"""The figures of the notebook on translation.

Each function takes numbers and shows one figure with its description; it
returns nothing.
"""

import matplotlib.pyplot as plt
from ipywidgets import IntSlider, SelectionSlider
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle

from helpers.figures import DATA, MODEL, QUIET, live, show

# The fonts of the figures have no Chinese signs; these are what they mean.
MEANING = dict(
    zip(
        "零一二三四五六七八九十百千万",
        [
            "0",
            "1",
            "2",
            "3",
            "4",
            "5",
            "6",
            "7",
            "8",
            "9",
            "10",
            "100",
            "1,000",
            "10,000",
        ],
        strict=True,
    )
)


def read_as(token):
    """The token; a Chinese sign as the number that it means, in brackets."""
    return f"[{MEANING[token]}]" if token in MEANING else token


def maps(alignments, marked=()):
    """Where the decoder looks, a panel for each language.

    alignments: {language: (source tokens, target tokens, shares)}, shares
    (target, source); marked: blocks to outline, each (first row, first
    column, rows, columns)
    """
    figure, axes = plt.subplots(
        1, len(alignments), figsize=(4.4 * len(alignments), 4.3), squeeze=False
    )
    words = []
    for ax, (language, (source, target, shares)) in zip(
        axes[0], alignments.items(), strict=True
    ):
        target = [read_as(token) for token in target]
        picture = ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        ax.set_xticks(range(len(source)), source, rotation=90, fontsize=10)
        ax.set_yticks(range(len(target)), target, fontsize=10)
        ax.set(xlabel="where it looks", ylabel="what it writes")
        ax.set_title(language)
        for row, column, rows, columns in marked:
            corner = column - 0.5, row - 0.5
            ax.add_patch(
                Rectangle(corner, columns, rows, fill=False, ec=MODEL, lw=2)
            )
        best = [
            f"{token} at {source[int(row.argmax())]} ({row.max():.1f})"
            for token, row in zip(target, shares, strict=True)
        ]
        words.append(f"{language}: {', '.join(best)}")
    figure.colorbar(picture, ax=axes[0, -1], shrink=0.7, label="share")
    show(
        figure,
        "A map per language with a row for each token that is written and a "
        "column for each English word; the darker, the more of the attention "
        "goes there"
        + "; a frame is around each place where the order turns" * bool(marked)
        + f". The largest share of each row: {'; '.join(words)}.",
    )


def follow(examples, position):
    """Sliders through numbers and the tokens written for them.

    examples: {number: (source tokens, target tokens, shares)}, shares
    (target, source); position: of the still picture, in the first number
    """
    numbers = list(examples)
    longest = max(len(target) for _, target, _ in examples.values())
    widest = max(len(source) for source, _, _ in examples.values())
    figure, ax = plt.subplots(figsize=(8.6, 2.9))
    ax.axis("off")
    ax.set(xlim=(0, 1), ylim=(-0.3, 1.25))

    def texts(count, height):
        return [
            ax.text(0, height, "", ha="center", va="center", fontsize=11)
            for _ in range(count)
        ]

    above, below = texts(widest, 1.0), texts(longest, 0.0)
    shown = texts(widest, 1.15)
    lines = [ax.plot([], [], color=MODEL)[0] for _ in range(widest)]
    # What has been written already, each to the word it looked at most.
    before = [
        ax.plot([], [], color=QUIET, lw=1.2, ls="--")[0]
        for _ in range(longest)
    ]
    ax.text(
        0.5,
        -0.25,
        "dashed: earlier parts, each to the word with more than half of "
        "its attention",
        color=QUIET,
        fontsize=9,
        ha="center",
        va="center",
    )
    ax.text(0, 1.0, "reads", color=QUIET, va="center")
    ax.text(0, 0.0, "writes", color=QUIET, va="center")

    def place(k, count):
        return 0.11 + 0.87 * (k + 0.5) / count

    def draw(number, position):
        source, target, shares = examples[number]
        position = min(position, len(target) - 1)
        row = shares[position]
        for k, (text, share, line) in enumerate(
            zip(above, shown, lines, strict=True)
        ):
            there = k < len(source)
            text.set_text(source[k] if there else "")
            weight = float(row[k]) if there else 0.0
            share.set_text(f"{weight:.0%}" if weight >= 0.05 else "")
            x = place(k, len(source))
            text.set_x(x)
            share.set_x(x)
            share.set_color(MODEL)
            text.set_fontweight("bold" if weight > 0.3 else "normal")
            line.set_data([x, place(position, len(target))], [0.9, 0.1])
            line.set_linewidth(9 * weight)
            line.set_visible(weight >= 0.05)
        for k, (text, line) in enumerate(zip(below, before, strict=True)):
            there = k < len(target)
            sure = k < position and bool(shares[k].max() > 0.5)
            line.set_visible(sure)
            if sure:
                most = int(shares[k].argmax())
                ends = [place(most, len(source)), place(k, len(target))]
                line.set_data(ends, [0.9, 0.1])
            text.set_text(read_as(target[k]) if there else "")
            text.set_x(place(k, len(target)))
            later = to_rgba(QUIET, 0.45)
            text.set_color(
                DATA if k == position else "black" if k < position else later
            )
            text.set_fontweight("bold" if k == position else "normal")
        listed = ", ".join(
            f"{source[k]} {float(row[k]):.1f}"
            for k in row.argsort(descending=True)[:2].tolist()
        )
        return (
            f"The number {number:,} and its German parts. For part "
            f"{position + 1} of {len(target)}, {target[position]}, lines go "
            "to the English words, as thick as their share of the attention; "
            "dashed ones from parts before it to the word that had more than "
            "half of their attention. "
            f"The two largest: {listed}."
        )

    live(
        figure,
        draw,
        number=SelectionSlider(
            options=[(f"{n:,}", n) for n in numbers],
            value=numbers[0],
            description="number",
        ),
        position=IntSlider(
            position, min=0, max=longest - 1, description="token written"
        ),
    )
