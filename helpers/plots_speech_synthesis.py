"""The figures of the notebook on speech synthesis.

Each function takes numbers and shows one figure with its description; it
returns nothing.
"""

import matplotlib.pyplot as plt
import numpy as np
import torch
from ipywidgets import IntSlider, SelectionSlider

from helpers.figures import (
    DATA,
    GRADIENT,
    MODEL,
    QUIET,
    RIGHT,
    WRONG,
    live,
    show,
)
from helpers.speech import RATE, log_mel
from helpers.wavenet import DILATIONS, receptive_field


def next_codes(codes, first=2000, length=200):
    """A short piece of a stream, and how often each code comes."""
    piece = codes[first : first + length].numpy()
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(8.4, 2.8), width_ratios=(1.5, 1)
    )
    left.plot(piece, ".-", color=DATA, ms=3, lw=0.7)
    left.set(
        xlabel=f"sample ({1000 * length // RATE} ms in all)", ylabel="code",
        yticks=(0, 64, 128, 192, 255),
    )  # fmt: skip
    shares = torch.bincount(codes, minlength=256).double() / len(codes)
    right.bar(range(256), 100 * shares, 1, color=QUIET)
    right.set(xlabel="code", ylabel="share in %", yscale="log")
    show(
        figure,
        f"Left, {length} codes in a row, a jagged line between {piece.min()} "
        f"and {piece.max()} that repeats itself about every 50. Right, how "
        "often each of the 256 codes comes, on a logarithmic axis: "
        f"{shares.max():.0%} are code "
        f"{int(shares.argmax())}, silence; the others are spread over all, "
        "with fewer at both ends.",
    )


def lit_samples(gradient, title=""):
    """How much each sample before the last moves its scores, (length,)."""
    size = gradient.numpy()
    back = np.arange(len(size))[::-1] + 1
    some = size > 0
    figure, ax = plt.subplots(figsize=(7, 2.6))
    ax.semilogy(back[some], size[some], ".", color=MODEL, ms=4)
    ax.invert_xaxis()
    ax.set(xlabel="samples back", ylabel="size of the gradient", title=title)
    show(
        figure,
        "How strongly the scores of the next sample depend on each sample "
        f"before it, on a logarithmic axis: {some.sum()} samples have a "
        f"gradient that is not 0, from 1 to {back[some].max()} back.",
    )


def looking_back(longest=8):
    """A figure to move: layers and dilation, and what the output sees."""
    figure, ax = plt.subplots(figsize=(8.4, 3.4))
    count = 2**longest
    dots = [
        ax.plot([], [], "o", color=QUIET, ms=2.5)[0] for _ in range(longest)
    ]
    lines = ax.plot([], [], color=RIGHT, lw=0.6)[0]
    lit = ax.plot([], [], "o", color=MODEL, ms=3)[0]
    ax.set(xlabel="samples back", ylabel="layer", xlim=(count, -4))
    caption = ax.set_title(" ")

    def draw(layers, dilations):
        kinds = {
            "1, 2, 4, 8 ...": [2**i for i in range(layers)],
            "1, 1, 1, 1 ...": [1] * layers,
        }
        chosen = kinds[dilations]
        now, xs, ys = {0}, [], []
        all_x, all_y = [0], [layers]
        for level, dilation in zip(
            range(layers, 0, -1), reversed(chosen), strict=True
        ):
            new = set()
            for place in sorted(now):
                for back in (0, dilation):
                    new.add(place + back)
                    xs += [place, place + back, np.nan]
                    ys += [level, level - 1, np.nan]
            now = new
            all_x += sorted(now)
            all_y += [level - 1] * len(now)
        for level, line in enumerate(dots):
            line.set_data(range(0, count, 4), [level] * (count // 4))
            line.set_alpha(0.15)
        lines.set_data(xs, ys)
        lit.set_data(all_x, all_y)
        ax.set(ylim=(-0.4, layers + 0.4), yticks=range(layers + 1))
        seen = receptive_field(chosen)
        assert seen == len(now)
        text = f"{layers} layers: the output sees {seen} samples, "
        text += f"{1000 * seen / RATE:.1f} ms"
        caption.set_text(text)
        return (
            f"{layers} layers with dilations {', '.join(map(str, chosen))}: "
            f"the ways from the output at the top down to the {seen} samples "
            f"that it sees, {1000 * seen / RATE:.1f} ms of sound."
        )

    live(
        figure,
        draw,
        layers=IntSlider(
            len(DILATIONS), min=1, max=longest, description="layers"
        ),
        dilations=SelectionSlider(
            options=["1, 2, 4, 8 ...", "1, 1, 1, 1 ..."],
            description="dilations",
        ),
    )


def budgets(rows):
    """Nats over samples trained on, both kinds, each seed a line."""
    figure, ax = plt.subplots(figsize=(7, 3.2))
    looks = {"dilated": (RIGHT, "o"), "undilated": (WRONG, "s")}
    said = []
    for arm, (colour, marker) in looks.items():
        for seed in sorted({row["seed"] for row in rows}):
            some = [r for r in rows if r["arm"] == arm and r["seed"] == seed]
            ax.plot(
                [r["million_samples"] for r in some],
                [r["nats"] for r in some], marker + "-", color=colour,
                lw=1, ms=5, alpha=0.8, label=arm if seed == 0 else None,
            )  # fmt: skip
        for million in sorted({r["million_samples"] for r in rows}):
            values = [
                r["nats"]
                for r in rows
                if r["arm"] == arm and r["million_samples"] == million
            ]
            said.append(f"{arm} {million} million {np.mean(values):.3f}")
    ax.set(
        xscale="log", xlabel="million samples trained on",
        ylabel="nats a sample",
    )  # fmt: skip
    ticks = sorted({r["million_samples"] for r in rows})
    ax.set_xticks(ticks, ticks)
    ax.minorticks_off()
    ax.legend()
    show(
        figure,
        "Nats a sample on validation voices, means over the seeds: "
        + "; ".join(said)
        + ".",
    )


def learning(rows):
    """Nats of the recorded vocoder over the seconds it was trained."""
    figure, ax = plt.subplots(figsize=(7, 2.8))
    minutes = [row["seconds"] / 60 for row in rows]
    values = [row["validation"] for row in rows]
    ax.plot(minutes, values, "o-", color=MODEL, ms=4)
    ax.set(xlabel="CPU minutes of one core", ylabel="nats a sample")
    show(
        figure,
        "Nats a sample of the vocoder on sentences of its voice kept for "
        f"validation: {values[0]:.2f} after {minutes[0]:.1f} minutes, "
        f"falling ever more slowly to {values[-1]:.2f} after "
        f"{minutes[-1]:.0f}.",
    )


def mel_pictures(sounds):
    """The log-mel spectrograms of sounds of like length, side by side."""
    figure, axes = plt.subplots(
        1, len(sounds), figsize=(8.8, 2.6), sharex=True, sharey=True
    )
    for ax, (title, samples) in zip(axes, sounds.items(), strict=True):
        mel = log_mel(torch.as_tensor(np.asarray(samples))[None])[0]
        image = ax.imshow(
            mel, origin="lower", aspect="auto", cmap="viridis", vmin=-9.2,
            vmax=5, extent=(0, len(samples) / RATE, 0.5, 40.5),
        )  # fmt: skip
        ax.set(title=title, xlabel="seconds")
        ax.title.set_size(10)
    axes[0].set_ylabel("mel band")
    figure.colorbar(image, ax=axes, label="log power", shrink=0.9)
    show(
        figure,
        f"Log-mel spectrograms of {', '.join(sounds)}. The broad bright "
        "regions, the vowels' resonances, lie in the same places; the narrow "
        "evenly spaced stripes of the pitch are there only where a voice was "
        "copied or drawn, not where noise was sent through the filter.",
    )


def understood(rows, judges):
    """How many of the words were understood, of each way to make sound."""
    figure, ax = plt.subplots(figsize=(8, 0.42 * len(rows) + 1))
    looks = zip((MODEL, GRADIENT), ("", "//"), judges, strict=False)
    places = np.arange(len(rows))[::-1]
    said = []
    for k, (colour, hatch, judge) in enumerate(looks):
        values = [100 * row[judge] for row in rows]
        ax.barh(
            places - 0.38 * k + 0.19, values, 0.36, color=colour, hatch=hatch,
            edgecolor="white", label=judge,
        )  # fmt: skip
        said += [
            f"{row['way']}, {judge}: {value:.0f} %"
            for row, value in zip(rows, values, strict=True)
        ]
    ax.set_yticks(places, [row["way"] for row in rows])
    ax.set(xlabel="words understood, in %", xlim=(0, 100))
    ax.axvline(5, color=QUIET, ls="--", lw=1)
    ax.legend(fontsize=9, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
    show(
        figure,
        "Words understood, chance 5 %, dashed. " + "; ".join(said) + ".",
    )
