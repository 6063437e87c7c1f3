"""The figures of `BigModel in PyTorch`: numbers in, a picture shown."""

import math

import matplotlib.pyplot as plt
import torch
from ipywidgets import IntSlider
from matplotlib.patches import Rectangle
from torch.nn import functional as F

from helpers.data import CLOTHING
from helpers.figures import (
    DATA,
    MODEL,
    QUIET,
    RIGHT,
    SIGNED,
    WRONG,
    live,
    show,
    tile,
)

PIXELS = 112  # of a tile's side, four for each of the image's 28
GREY_LINE = {"color": QUIET, "ls": ":", "lw": 1}
CENTRED = {"ha": "center", "va": "center"}
ON_WHITE = {"bbox": {"facecolor": "white", "edgecolor": "none", "pad": 2}}


def clothes(images, labels):
    """One image of each class, with its name."""
    first = [(labels == c).nonzero()[0, 0] for c in range(len(CLOTHING))]
    captioned(images[torch.stack(first), 0], CLOTHING)
    listed = ", ".join(CLOTHING)
    show(
        plt.gcf(),
        f"One training image of each of the 10 classes, 28 pixels wide and "
        f"high, grey on black: {listed}. Pullover, coat and shirt look much "
        "alike.",
    )


def captioned(images, captions, columns=5, below=7):
    """A figure of images with a line of text under each; its texts."""
    padded = F.pad(images, (2, 2, 1, below), value=255)
    height, width = padded.shape[1:]
    rows = math.ceil(len(images) / columns)
    size = columns * width * PIXELS / 2800, rows * height * PIXELS / 2800
    figure = plt.figure(figsize=size, layout="none")
    axes = figure.add_axes((0, 0, 1, 1))
    return write_below(axes, padded, captions, columns)


def write_below(axes, padded, captions, columns):
    height, width = padded.shape[1:]
    axes.imshow(tile(padded, columns), vmin=0, vmax=255, aspect="auto")
    axes.axis("off")
    return [
        axes.text(
            width * (i % columns) + width / 2,
            height * (i // columns) + 29.5,
            caption,
            ha="center",
            va="top",
            fontsize=9.5,
        )
        for i, caption in enumerate(captions)
    ]


def sliding_window(image, weight, bias):
    """A window over an image, its products, and the map that comes out.

    image: (28, 28) of 0 to 1; weight: (3, 3)
    """
    padded = F.pad(image, (1, 1, 1, 1))
    out = F.conv2d(padded[None, None], weight[None, None])[0, 0] + bias
    figure, (left, middle, right) = plt.subplots(
        1, 3, figsize=(7.6, 3.1), width_ratios=(4, 2.2, 4.7)
    )
    left.imshow(padded, cmap="gray", vmin=0, vmax=1)
    left.set_title("the image, with its border")
    window = Rectangle((0, 0), 3, 3, fill=False, color=MODEL, lw=2.5)
    left.add_patch(window)
    products = middle.imshow(torch.zeros(3, 3), SIGNED, vmin=-1, vmax=1)
    middle.set_title("pixel × weight")
    texts = [
        middle.text(c, r, "", ha="center", va="center", fontsize=10)
        for r in range(3)
        for c in range(3)
    ]
    total = middle.text(1, 3.1, "", ha="center", va="center", fontsize=11)
    largest = float(out.abs().max())
    drawn = right.imshow(out, SIGNED, vmin=-largest, vmax=largest)
    right.set_title("the output map")
    spot = Rectangle((0, 0), 1, 1, fill=False, color="black", lw=2)
    right.add_patch(spot)
    figure.colorbar(drawn, ax=right, shrink=0.8)
    for axes in (left, middle, right):
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)

    def draw(row, column):
        window.set_xy((column - 0.5, row - 0.5))
        spot.set_xy((column - 0.5, row - 0.5))
        product = padded[row : row + 3, column : column + 3] * weight
        products.set_data(product)
        for text, value in zip(texts, product.flatten(), strict=True):
            text.set_text(f"{value + 0.0:.2f}")
        answer = out[row, column].item()
        total.set_text(f"sum {answer:.2f}")
        return (
            f"The window around row {row}, column {column} of the image. Its "
            f"nine products add up to {answer:.2f}, one number of the output "
            f"map, which goes from {out.min():.2f}, purple, to "
            f"{out.max():.2f}, orange: positive along left edges, negative "
            "along right edges."
        )

    row, column = divmod(int(out.argmax()), out.shape[1])
    sliders = {
        name: IntSlider(at, 0, 27, description=name)
        for name, at in (("row", row), ("column", column))
    }
    live(figure, draw, **sliders)


def shares(costs):
    """{layer: (parameters, multiplications)}: who has, and who works."""
    figure, axes = plt.subplots(figsize=(6.4, 2.8))
    labels = []
    for at, (what, color, hatch) in enumerate(
        (("parameters", MODEL, ""), ("multiplications", DATA, "//"))
    ):
        numbers = [cost[at] for cost in costs.values()]
        percent = [100 * n / sum(numbers) for n in numbers]
        places = [y - 0.2 + 0.4 * at for y in range(len(costs))]
        bars = axes.barh(
            places, percent, 0.36, color=color, hatch=hatch, edgecolor="white"
        )
        axes.bar_label(
            bars,
            [f"{p:.1f} % of the {what}" for p in percent],
            padding=3,
            fontsize=10,
        )
        labels.append(
            f"{what}: "
            + ", ".join(
                f"{name} {p:.1f} %"
                for name, p in zip(costs, percent, strict=True)
            )
        )
    axes.set_yticks(range(len(costs)), costs)
    axes.set(xlim=(0, 145), xticks=[], ylim=(len(costs) - 0.4, -0.6))
    axes.spines["bottom"].set_visible(False)
    show(figure, "Each layer's share of the " + "; of the ".join(labels) + ".")


def by_heart(losses):
    """The loss on one batch, step by step."""
    figure, axes = plt.subplots(figsize=(6, 2.6))
    axes.plot(range(1, len(losses) + 1), losses, "o-", color=MODEL, ms=4)
    axes.axhline(math.log(10), **GREY_LINE)
    axes.text(
        len(losses),
        math.log(10) + 0.08,
        "ln 10: knows nothing",
        ha="right",
        color=QUIET,
    )
    axes.set(xlabel="step", ylabel="loss, 64 images", ylim=(0, 2.7))
    show(
        figure,
        f"The loss on one batch of 64 images starts at {losses[0]:.1f}, near "
        "the dotted line at ln 10, 2.3, and is below 0.2 after "
        f"{len(losses)} steps.",
    )


def training(images, labels, minds, steps, losses, ends, moment):
    """Fifteen images with BigModel's answer at a step, and the loss.

    images: uint8 (15, 1, 28, 28); minds: probabilities (15, 10) at each of
    `steps`; losses: of every step; ends: {step: validation loss}; moment:
    where the slider begins
    """
    # Five tiles of 32 in a row and three rows of 38, with square pixels.
    wide, high = 6.4, 6.6
    tiles = wide * (3 * 38) / (5 * 32) / high
    figure = plt.figure(figsize=(wide, high), layout="none")
    axes = figure.add_axes((0, 0.96 - tiles, 1, tiles))
    padded = F.pad(images[:, 0], (2, 2, 1, 9), value=255)
    captions = write_below(axes, padded, [""] * len(images), 5)
    below = figure.add_axes((0.09, 0.075, 0.88, 0.18))
    smooth = torch.tensor(losses).unfold(0, 25, 1).mean(dim=1)
    below.plot(losses, color=MODEL, alpha=0.3, lw=0.8)
    below.plot(range(24, len(losses)), smooth, color=MODEL, label="training")
    below.plot(*zip(*ends.items(), strict=True), "D", color=DATA)
    below.plot([], [], "D", color=DATA, label="validation")
    below.set(xlabel="step", ylabel="loss", ylim=(0, 2.5))
    below.set_xlim(-8, len(losses) + 8)
    below.legend(ncols=2, loc="upper right")
    marker = below.axvline(0, color="black", lw=1.5)

    def draw(moment):
        confidence, answer = minds[moment].max(dim=1)
        right = answer == labels
        for i, caption in enumerate(captions):
            said = f"{CLOTHING[answer[i]]} {confidence[i]:.0%}"
            if not right[i]:
                said += f"\nlabel: {CLOTHING[labels[i]]}"
            mark, color = ("✓", RIGHT) if right[i] else ("✗", WRONG)
            caption.set_text(f"{mark} {said}")
            caption.set_color(color)
        step = steps[moment]
        marker.set_xdata([step, step])
        axes.set_title(
            f"step {step}: {right.sum()} of {len(labels)} correct", x=0.02
        )
        return (
            f"At step {step}, {right.sum()} of {len(labels)} validation "
            "images are classified correctly. Below, the training loss, "
            f"averaged over 25 steps, falls from {smooth[0]:.1f} to "
            f"{smooth[-1]:.2f} in {len(losses)} steps; the validation loss is "
            + ", ".join(f"{v:.2f} after step {s}" for s, v in ends.items())
            + "."
        )

    last = len(minds) - 1
    live(
        figure,
        draw,
        moment=IntSlider(moment, 0, last, description="moment"),
    )


def rows_of_dots(axes):
    """A pale line under each row in place of the axis at its left."""
    axes.grid(axis="y", color="#dddddd", lw=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def evidence(runs):
    """{what was trained: its rows}: test accuracy, one dot per seed."""
    figure, axes = plt.subplots(figsize=(7.6, 3.6))
    words = []
    for y, (name, rows) in enumerate(runs.items()):
        tests = [100 * row["test_accuracy"] for row in rows]
        losses = [row["train_loss"][-1] for row in rows]
        axes.plot(tests, len(tests) * [y], "o", color=MODEL, ms=8, alpha=0.7)
        loss = sum(losses) / len(losses)
        axes.text(92.6, y, f"{loss:.2f}", **CENTRED, **ON_WHITE)
        words.append(
            f"{name}: {min(tests):.1f} to {max(tests):.1f} %, training loss "
            f"{loss:.2f}"
        )
    axes.text(92.6, -0.75, "training loss", **CENTRED)
    axes.set_yticks(range(len(runs)), runs)
    axes.set(xlim=(80, 93.6), ylim=(len(runs) - 0.5, -1.1))
    axes.set_xticks(range(80, 93, 2))
    axes.set_xlabel("test images classified correctly (%), three seeds each")
    rows_of_dots(axes)
    show(
        figure,
        "Test accuracy of recorded trainings, one dot for each of three "
        "seeds, and the mean training loss of the last epoch. "
        + "; ".join(words)
        + ".",
    )


def activations(rows):
    """Accuracy and dead neurons of stacks of two and of ten layers."""
    figure, both = plt.subplots(1, 2, figsize=(7.6, 3), sharey=True)
    words = []
    names = list(dict.fromkeys(row["activation"] for row in rows))
    for axes, depth in zip(both, (2, 10), strict=True):
        told = []
        for y, name in enumerate(names):
            runs = [
                row
                for row in rows
                if row["depth"] == depth and row["activation"] == name
            ]
            tests = [100 * row["test_accuracy"] for row in runs]
            dead = 100 * sum(row["dead"] for row in runs) / len(runs)
            axes.plot(
                tests, len(tests) * [y], "o", color=MODEL, ms=8, alpha=0.7
            )
            axes.text(108, y, f"{dead:.0f} %", **CENTRED, **ON_WHITE)
            told.append(
                f"{name} {min(tests):.0f} to {max(tests):.0f} % correct, "
                f"{dead:.0f} % dead"
            )
        axes.axvline(10, **GREY_LINE)
        axes.text(108, -0.85, "dead", color=WRONG, **CENTRED)
        axes.set(title=f"{depth} layers", xlim=(0, 116))
        axes.set_xticks(range(0, 101, 20))
        axes.set_xlabel("test images correct (%)")
        rows_of_dots(axes)
        words.append(f"With {depth} layers: {'; '.join(told)}.")
    both[0].set_yticks(range(len(names)), names)
    both[0].set_ylim(len(names) - 0.5, -1.2)
    show(
        figure,
        "Test accuracy of trained stacks, one dot for each of three seeds, "
        "and the share of dead neurons; the dotted line at 10 % is "
        "guessing. " + " ".join(words),
    )


def curves(runs):
    """{letter: row}: the losses of eight trainings, without their names."""
    figure, axes = plt.subplots(2, 4, figsize=(9, 4.6))
    words = []
    for ax, (letter, row) in zip(axes.flat, runs.items(), strict=True):
        train, validation = row["train_loss"], row["validation_loss"]
        epochs = range(1, len(train) + 1)
        ax.plot(epochs, train, "o-", color=MODEL, ms=3, label="training")
        ax.plot(
            epochs, validation, "D--", color=DATA, ms=3, label="validation"
        )
        ax.axhline(math.log(10), **GREY_LINE)
        ax.set(title=letter, ylim=(0, 3.4))
        ax.legend(fontsize=8.5, loc="upper right", borderaxespad=0)
        if min(validation) > 3:
            note = f"validation\nabove {math.floor(min(validation))}"
            ax.text(1, 2.1, note, fontsize=9, va="top", color=DATA)
        words.append(
            f"{letter}: training {train[0]:.2f} to {train[-1]:.2f}, "
            f"validation {validation[0]:.2f} to {validation[-1]:.2f}"
        )
    for ax in axes[:, 0]:
        ax.set_ylabel("loss")
    for ax in axes[1]:
        ax.set_xlabel("epoch")
    show(
        figure,
        "Loss by epoch of eight recorded trainings; the dotted line is ln "
        "10, 2.30, the loss of a model that knows nothing. "
        + "; ".join(words)
        + ".",
    )
