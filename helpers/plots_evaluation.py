"""The figures of the notebook on evaluation.

Each function takes numbers and shows one figure with its description; it
returns nothing.
"""

import math

import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import IntSlider

from helpers.data import CLOTHING
from helpers.evaluation import accuracy_coverage
from helpers.figures import (
    DATA,
    MODEL,
    QUIET,
    RIGHT,
    WRONG,
    live,
    show,
)

# Eight curves in one figure: eight colours (Okabe and Ito, 2008), each with
# a marker of its own.
EIGHT = {
    "noise": ("#0072B2", "o"),
    "blur": ("#56B4E9", "s"),
    "dimmed": ("#000000", "D"),
    "brightened": ("#E69F00", "^"),
    "moved": ("#D55E00", "v"),
    "rotated": ("#CC79A7", "P"),
    "occluded": ("#009E73", "X"),
    "mirrored": ("#882255", "*"),
}


def gallery(images, captions, description, colors=None, columns=5):
    """Images in rows, each with its caption below.

    images: (n, height, width), 0 to 255
    """
    rows = math.ceil(len(images) / columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(1.55 * columns, 1.95 * rows), squeeze=False
    )
    colors = colors or ["black"] * len(images)
    for ax in axes.flat:
        ax.axis("off")
    for ax, image, text, color in zip(
        axes.flat, images, captions, colors, strict=False
    ):
        ax.imshow(image, vmin=0, vmax=255)
        ax.text(
            0.5,
            -0.04,
            text,
            transform=ax.transAxes,
            ha="center",
            va="top",
            color=color,
            fontsize=11,
        )
    show(figure, description)


def forty_groups(shares):
    """A dot for each group at its accuracy, dots of one accuracy stacked."""
    percent, counts = np.unique(
        (100 * shares.numpy()).round(), return_counts=True
    )
    figure, axes = plt.subplots(figsize=(6.5, 2.9))
    for x, count in zip(percent, counts, strict=True):
        axes.plot([x] * count, range(1, count + 1), "o", color=MODEL, ms=9)
    mean = 100 * shares.mean().item()
    axes.axvline(mean, color=QUIET, ls=":")
    axes.annotate(
        f"all 4,000 images: {mean:.0f} %",
        (mean, counts.max() + 0.7),
        (-6, 0),
        textcoords="offset points",
        ha="right",
        va="center",
        color=QUIET,
    )
    axes.set(
        xlabel="accuracy on a group of 100 images, in %",
        ylabel="groups",
        xlim=(percent.min() - 2, percent.max() + 2),
        ylim=(0, counts.max() + 1.3),
    )
    show(
        figure,
        f"Forty dots, one for each group of 100 test images, from "
        f"{percent.min():.0f} to {percent.max():.0f} % right; all together "
        f"{mean:.0f} %.",
    )


def bell_of_tests(shares, truth, deviation):
    """Simulated test sets, and the 1.96 deviations that hold 95 %."""
    figure, axes = plt.subplots(figsize=(6.5, 3.5))
    # Six whole counts of correct images in each bin, or some would get more.
    edges = truth + (np.arange(-14, 15) * 6 - 3.5) / 4000
    inside = abs(shares - truth) <= 1.96 * deviation
    axes.hist(
        [shares[inside], shares[~inside]],
        bins=edges,
        stacked=True,
        color=[MODEL, WRONG],
        label=[
            f"within 1.96 deviations: {inside.mean():.0%}",
            f"further away: {1 - inside.mean():.0%}",
        ],
    )
    x = np.linspace(edges[0], edges[-1], 200)
    bell = np.exp(-0.5 * ((x - truth) / deviation) ** 2)
    bell *= len(shares) * (edges[1] - edges[0])
    bell /= deviation * math.sqrt(2 * math.pi)
    axes.plot(x, bell, color="black", lw=1.2)
    places = [truth + k * deviation for k in (-1.96, 0, 1.96)]
    words = "1.96 deviations\nbelow", "the truth", "1.96 deviations\nabove"
    axes.set_xticks(
        places, [f"{p:.1%}\n{w}" for p, w in zip(places, words, strict=True)]
    )
    for place in places[::2]:
        axes.axvline(place, ymax=0.7, color=QUIET, ls=":")
    axes.set(
        xlabel="accuracy measured on 4,000 images",
        ylabel="test sets (10,000 in all)",
        ylim=(0, 1.42 * bell.max()),
    )
    axes.legend(loc="upper center", ncols=2, fontsize=10)
    show(
        figure,
        f"Histogram of 10,000 simulated test sets of 4,000 images, true "
        f"accuracy {truth:.0%}, in the shape of a bell. {inside.mean():.0%} "
        f"lie within 1.96 standard deviations, from {places[0]:.1%} to "
        f"{places[2]:.1%}.",
    )


def fair_coins(only_first, only_second):
    """How often fair coins split a number of images so unevenly."""
    n = only_first + only_second
    heads = np.arange(n + 1)
    chance = np.array([math.comb(n, int(k)) / 2**n for k in heads])
    fewer, more = sorted((only_first, only_second))
    as_uneven = (heads <= fewer) | (heads >= more)
    figure, axes = plt.subplots(figsize=(6.5, 2.9))
    axes.bar(heads[~as_uneven], chance[~as_uneven], 1, color=QUIET)
    axes.bar(heads[as_uneven], chance[as_uneven], 1, color=WRONG)
    for count, word in ((fewer, "seed 2"), (more, "seed 0")):
        axes.annotate(
            f"{count}\nonly\n{word}",
            (count, 0),
            (count, 0.45 * chance.max()),
            ha="center",
            va="center",
            arrowprops={"arrowstyle": "->", "color": WRONG},
            color=WRONG,
        )
    far = 1.35 * (more - n / 2)
    axes.set(
        xlim=(n / 2 - far, n / 2 + far),
        xlabel=f"heads among {n} tosses of a fair coin",
        ylabel="probability",
        title=f"both tails together: {chance[as_uneven].sum():.1g}",
    )
    show(
        figure,
        f"Bell of the heads among {n} tosses of a fair coin, highest at "
        f"{n // 2}. The models' split, {only_first} to {only_second}, lies "
        "far out in both tails, which together hold "
        f"{chance[as_uneven].sum():.1g}.",
    )


def best_of_dice(validated, tested):
    """The best validation accuracy so far, and that model's on test."""
    tries = np.arange(1, len(validated) + 1)
    so_far = np.maximum.accumulate(validated)
    chosen = [validated[:k].argmax() for k in tries]
    figure, axes = plt.subplots(figsize=(6.5, 2.9))
    steps = {"drawstyle": "steps-post"}
    axes.plot(tries, 100 * so_far, color=MODEL, label="validation", **steps)
    axes.plot(
        tries, 100 * tested[chosen], "--", color=DATA, label="test", **steps
    )
    axes.axhline(10, color=QUIET, ls=":")
    axes.set(xscale="log", xlabel="models tried", ylabel="accuracy in %")
    axes.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1,000"])
    axes.set_ylim(8, 14)
    axes.legend(loc="upper left")
    show(
        figure,
        "Dice compared on 2,000 validation images: the best so far climbs "
        f"from {so_far[0]:.1%} to {so_far[-1]:.1%} as 1,000 are tried. Its "
        f"test accuracy stays near 10 %: {tested[chosen[-1]]:.1%} at the end.",
    )


def confusion(counts):
    """The confusion matrix, its diagonal without colour."""
    figure, axes = plt.subplots(figsize=(6.6, 5.6))
    off = counts.clone().fill_diagonal_(0)
    picture = axes.imshow(off, cmap="Oranges", vmin=0, vmax=60)
    for i in range(10):
        for j in range(10):
            if counts[i, j]:
                axes.text(
                    j,
                    i,
                    int(counts[i, j]),
                    ha="center",
                    va="center",
                    weight="bold" if i == j else "normal",
                )
    axes.set_xticks(range(10), CLOTHING, rotation=45, ha="right")
    axes.set_yticks(range(10), CLOTHING)
    axes.set(xlabel="BigModel says", ylabel="label")
    figure.colorbar(picture, label="mistakes", shrink=0.7)
    flat = off.flatten()
    largest = [
        f"{CLOTHING[k // 10]} called {CLOTHING[k % 10]} {flat[k]} times"
        for k in flat.argsort(descending=True, stable=True)[:3].tolist()
    ]
    show(
        figure,
        "Confusion matrix of 4,000 test images, 400 of a class. The largest "
        f"confusions: {', '.join(largest)}.",
    )


def shops(shares, plain, balanced):
    """Two measures of one model, as the mixture of its images changes."""
    figure, axes = plt.subplots(figsize=(6.5, 3))
    x = [100 * share for share in shares]
    axes.plot(x, [100 * a for a in plain], "D--", color=DATA, label="accuracy")
    axes.plot(
        x,
        [100 * a for a in balanced],
        "o-",
        color=MODEL,
        label="balanced accuracy",
    )
    axes.set(xlabel="shirts among the images, in %", ylabel="accuracy in %")
    axes.legend(loc="lower left")
    show(
        figure,
        f"As shirts grow from {shares[0]:.0%} to {shares[-1]:.0%} of the "
        f"images, accuracy falls from {plain[0]:.1%} to {plain[-1]:.1%}; "
        f"balanced accuracy goes from {balanced[0]:.1%} to "
        f"{balanced[-1]:.1%}.",
    )


def reliability(before, after, temperature):
    """Accuracy against confidence, before and after one number is fitted.

    before, after: `Bins` of helpers.evaluation
    """
    figure, axes = plt.subplots(1, 2, figsize=(7.4, 3.6), sharey=True)
    parts = []
    titles = ("As it comes", f"logits divided by {temperature:.2f}")
    for ax, bins, title in zip(axes, (before, after), titles, strict=True):
        filled = bins.count >= 20
        x, y = bins.confidence[filled], bins.accuracy[filled]
        ax.plot([0, 1], [0, 1], ":", color=QUIET)
        ax.vlines(x, x, y, color=WRONG, lw=3, alpha=0.5)
        ax.plot(x, y, "o", color=MODEL, ms=7)
        ax.set(xlabel="confidence", title=title, xlim=(0, 1), ylim=(0, 1.03))
        parts.append(f"{title}, the largest gap is {(y - x).abs().max():.2f}")
    axes[0].set_ylabel("accuracy")
    axes[0].text(0.5, 0.41, "perfect", rotation=43, color=QUIET)
    show(
        figure,
        "Accuracy against confidence in ten bins, those of 20 images or "
        f"more. {'; '.join(parts)}.",
    )


def abstaining(confidence, right):
    """Confidences of right and wrong answers, and what a threshold does."""
    selective = accuracy_coverage(confidence, right)
    figure, axes = plt.subplots(1, 2, figsize=(7.6, 3.3))
    for part, color, style, name in (
        (confidence[right], RIGHT, "-", "right"),
        (confidence[~right], WRONG, "--", "wrong"),
    ):
        axes[0].hist(
            part,
            bins=np.linspace(0, 1, 21),
            histtype="step",
            color=color,
            ls=style,
            lw=2,
            label=name,
        )
    axes[0].set(xlabel="confidence", ylabel="images", yscale="log")
    axes[0].legend(loc="upper left")
    axes[1].plot(
        100 * selective.coverage, 100 * selective.accuracy, color=MODEL
    )
    axes[1].set(xlabel="images answered, in %", ylabel="of these right, in %")
    axes[1].set(xlim=(0, 104), ylim=(89, 100.6))
    line = axes[0].axvline(0.5, color=QUIET, lw=1.5)
    (dot,) = axes[1].plot([], [], "o", color=MODEL, ms=9)

    def draw(threshold):
        answered = confidence >= threshold / 100
        cover = answered.double().mean().item()
        score = right[answered].double().mean().item()
        lost = (right & ~answered).double().mean().item()
        line.set_xdata([threshold / 100] * 2)
        dot.set_data([100 * cover], [100 * score])
        axes[0].set_title(f"threshold {threshold / 100:.2f}")
        axes[1].set_title(f"{cover:.0%} answered, {score:.1%} right")
        return (
            f"Threshold {threshold / 100:.2f}: {cover:.0%} of the validation "
            f"images are answered, {score:.1%} of them correctly; {lost:.0%} "
            "would have been correct and are not answered."
        )

    slider = IntSlider(70, 0, 99, description="threshold in %")
    live(figure, draw, threshold=slider)


def shifts(images, names):
    """One image as it is and under each change."""
    gallery(
        images,
        names,
        f"One sandal as it is and in {len(names) - 1} changes at severity 3: "
        f"{', '.join(names[1:])}.",
    )


def spread(heights, gap):
    """Sorted heights, moved as little as keeps them `gap` apart."""
    heights = list(heights)
    for _ in range(200):
        for i in range(len(heights) - 1):
            push = max(0, gap - (heights[i + 1] - heights[i])) / 2
            heights[i] -= push
            heights[i + 1] += push
    return heights


def shift_curves(scores, clean, amounts):
    """Accuracy against severity, one curve for each change.

    scores: {name: accuracies at severity 1, 2, ...}
    """
    figure, axes = plt.subplots(figsize=(7.2, 4))
    ends = []
    for name, curve in scores.items():
        color, marker = EIGHT[name]
        x = range(len(curve) + 1)
        y = [100 * score for score in (clean, *curve)]
        axes.plot(x, y, marker=marker, color=color, lw=1.8, ms=7)
        ends.append((y[-1], x[-1], name, color, amounts[name]))
    line = {"arrowstyle": "-", "relpos": (0, 0.5), "lw": 0.8}
    labels = spread([y for y, x, *_ in sorted(ends) if x == 5], gap=5)
    for y, x, name, color, amount in sorted(ends):
        axes.annotate(
            f"{name} ({amount})",
            (x, y),
            (5.35, labels.pop(0)) if x == 5 else (x - 0.05, y + 5),
            color=color,
            va="center",
            arrowprops=line | {"color": color} if x == 5 else None,
        )
    axes.plot([0, 5], [10, 10], color=QUIET, ls=":", lw=1)
    axes.text(0, 11, "guessing", color=QUIET)
    axes.set(xlabel="severity", ylabel="accuracy in %", ylim=(0, 100))
    axes.set(xlim=(-0.1, 7.4), xticks=range(6))
    listed = ", ".join(
        f"{name} {curve[2]:.0%} and {curve[4]:.0%}"
        for name, curve in scores.items()
        if len(curve) == 5
    )
    show(
        figure,
        f"Accuracy on 200 test images, {clean:.0%} unchanged. At severities "
        f"3 and 5: {listed}. Mirrored {scores['mirrored'][0]:.0%}.",
    )
