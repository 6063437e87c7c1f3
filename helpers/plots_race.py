"""The figures about recipes and their race.

Each function takes numbers and shows one figure with its description; it
returns nothing.
"""

import math

import matplotlib.pyplot as plt
import numpy as np

from helpers.figures import DATA, GRADIENT, MODEL, QUIET, RIGHT, WRONG, show

# Curves in one figure: colour, line, marker.
STYLES = [
    (RIGHT, "-", "o"),
    (MODEL, "--", "s"),
    (DATA, ":", "^"),
    (GRADIENT, "-.", "v"),
]


def learning_curves(curves, lowest=0.5):
    """Mean accuracy against images seen, and the range over the seeds.

    curves: {name: (images, accuracies of each seed)}
    """
    figure, axes = plt.subplots(figsize=(7, 3.6))
    said = []
    for (name, (seen, runs)), style in zip(
        curves.items(), STYLES, strict=False
    ):
        color, line, marker = style
        mean = np.mean(runs, axis=0)
        runs = 100 * np.array(runs)
        axes.fill_between(
            seen, runs.min(axis=0), runs.max(axis=0), color=color, alpha=0.15
        )
        axes.plot(
            seen,
            100 * mean,
            line,
            marker=marker,
            color=color,
            ms=5,
            label=name,
        )
        said.append(
            f"{name}: {mean[0]:.1%} after {seen[0]:,} images, "
            f"{mean[-1]:.1%} after {seen[-1]:,}"
        )
    axes.axhline(90, color=QUIET, lw=1, ls=":")
    axes.text(seen[0], 90.3, "90 %", color=QUIET, va="bottom", fontsize=10)
    axes.set(
        xlabel="images seen",
        ylabel="validation accuracy, in %",
        ylim=(100 * lowest, 93),
    )
    axes.legend(loc="lower right")
    show(
        figure,
        "Validation accuracy against the images seen, mean and range over "
        f"the seeds. {'; '.join(said)}.",
    )


def spread_over_seeds(scores, mark=None, label="validation accuracy, in %"):
    """A row for each name: a dot for each seed, a line for the mean.

    scores: {name: accuracies}; `mark` is drawn in another colour
    """
    names = sorted(scores, key=lambda n: np.mean(scores[n]))
    figure, axes = plt.subplots(figsize=(7.4, 0.9 + 0.33 * len(names)))
    for y, name in enumerate(names):
        values = 100 * np.array(scores[name])
        color = RIGHT if name == mark else MODEL
        axes.plot(values, [y] * len(values), "o", color=color, ms=6)
        axes.plot([values.mean()] * 2, [y - 0.35, y + 0.35], color=color, lw=3)
    axes.axvline(90, color=QUIET, ls=":", lw=1)
    axes.set(xlabel=label, yticks=range(len(names)), yticklabels=names)
    said = [
        f"{n} {np.mean(scores[n]):.1%}, from {min(scores[n]):.1%} to "
        f"{max(scores[n]):.1%}"
        for n in reversed(names)
    ]
    show(figure, f"A dot for each seed. {'; '.join(said)}.")


def schedule(rate, num_images):
    """The learning rate over the images seen, as a share of its peak."""
    progress = np.linspace(0, 1.15, 400)
    rates = np.array([rate(p) for p in progress])
    figure, axes = plt.subplots(figsize=(6.5, 2.6))
    axes.plot(progress * num_images, rates, color=MODEL, lw=2)
    axes.set(
        xlabel="images seen", ylabel="share of the peak rate", ylim=(0, 1.08)
    )
    top = progress[rates.argmax()] * num_images
    show(
        figure,
        f"The learning rate rises in a line to its peak at about {top:,.0f} "
        "images, then falls along a cosine to "
        f"{rates[-1]:.2f} of the peak at {num_images:,} images, and stays.",
    )


def two_losses(leads, usual, smoothed):
    """Loss against the lead of the right class over the others."""
    figure, axes = plt.subplots(figsize=(6.5, 2.8))
    axes.plot(leads, usual, "--", color=MODEL, label="usual target")
    axes.plot(leads, smoothed, color=RIGHT, label="smoothed target")
    best = int(np.argmin(smoothed))
    axes.plot(leads[best], smoothed[best], "o", color=RIGHT, ms=8)
    axes.set(xlabel="lead of the right logit", ylabel="loss", ylim=(0, None))
    axes.legend()
    show(
        figure,
        "Loss against the lead of the right logit over nine equal others. "
        "The usual loss falls all the way; the smoothed one is lowest, "
        f"{smoothed[best]:.2f}, at a lead of {leads[best]:.1f}, and rises "
        "again.",
    )


def race_times(races):
    """Seconds to 90 %, a dot for each seed, on a logarithmic axis.

    races: {recipe: rows of the record}
    """
    figure, axes = plt.subplots(figsize=(7.4, 0.9 + 0.45 * len(races)))
    said = []
    for y, (name, rows) in enumerate(reversed(races.items())):
        times = [row["seconds"] for row in rows]
        color = WRONG if name == "plain" else RIGHT
        axes.plot(times, [y] * len(times), "o", color=color, ms=7)
        middle = float(np.median(times))
        axes.plot([middle] * 2, [y - 0.3, y + 0.3], color=color, lw=3)
        said.insert(
            0,
            f"{name}: median {middle:.1f} s, from {min(times):.1f} to "
            f"{max(times):.1f}",
        )
    low = min(row["seconds"] for rows in races.values() for row in rows)
    high = max(row["seconds"] for rows in races.values() for row in rows)
    powers = range(math.floor(math.log2(low)), math.ceil(math.log2(high)) + 1)
    ticks = [2.0**p for p in powers]
    axes.set_xscale("log")
    axes.set_xticks(ticks, [f"{t:g}" for t in ticks], minor=False)
    axes.set_xticks([], minor=True)
    axes.set(
        xlabel="seconds until 90 % of the validation images are right",
        yticks=range(len(races)),
        yticklabels=list(reversed(races)),
        ylim=(-0.6, len(races) - 0.4),
    )
    show(figure, f"Five seeds each, a dot for each. {'; '.join(said)}.")
