"""The figures of the notebook that looks inside BigModel.

Each function takes numbers and shows one figure with its description; it
returns nothing. What cannot be negative is drawn from white to orange, what
has a sign in SIGNED.
"""

import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import IntSlider

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
)

TILE = 1.25  # inches of a picture's side
ACTIVE = "Oranges"  # from 0, white, to the most
# Ten classes: the colour tells the kind of thing, the marker the class.
DOTS = {
    "T-shirt": ("#E69F00", "o"),
    "trousers": ("#000000", "s"),
    "pullover": ("#D55E00", "^"),
    "dress": ("#CC79A7", "D"),
    "coat": ("#8B4513", "v"),
    "sandal": ("#0072B2", "o"),
    "shirt": ("#F0C800", "P"),
    "sneaker": ("#56B4E9", "^"),
    "bag": ("#009E73", "X"),
    "ankle boot": ("#332288", "D"),
}


def _tiles(rows, columns, extra=0.3, bar=0.0, **options):
    """A figure of square pictures without axes, with room for words.

    extra, bar: inches for words at each row, and for a colour bar
    """
    size = TILE * columns + bar, (TILE + extra) * rows
    figure, axes = plt.subplots(
        rows, columns, figsize=size, squeeze=False, **options
    )
    for ax in axes.flat:
        ax.axis("off")
    return figure, axes


def pooled_maps(maps, channels):
    """Some maps of one image after the second pooling, to be guessed."""
    figure, axes = _tiles(2, 4, bar=0.9)
    top = maps.max().item()
    for ax, channel in zip(axes.flat, channels.tolist(), strict=True):
        picture = ax.imshow(maps[channel], cmap=ACTIVE, vmin=0, vmax=top)
        ax.set_title(f"map {channel}", fontsize=10)
    figure.colorbar(picture, ax=axes, label="activation", shrink=0.8)
    show(
        figure,
        "Eight of the 128 maps of 7 x 7 numbers that are left of one image "
        f"after two poolings. Activations from 0, white, to {top:.1f}.",
    )


def one_image(image, name):
    """The image behind the eight maps."""
    figure, ax = plt.subplots(figsize=(2.2, 2.2))
    ax.imshow(image, vmin=0, vmax=255)
    ax.axis("off")
    show(figure, f"The image behind the eight maps, 28 x 28 pixels: a {name}.")


def dyed(image):
    """What a colour map does to three channels, and to one of them.

    image: (height, width, 3), 0 to 1
    """
    figure, axes = plt.subplots(1, 3, figsize=(6, 2.3))
    axes[0].imshow(image, cmap="gray")
    axes[0].set_title("three channels")
    axes[1].imshow(image[:, :, 0], cmap="gray", vmin=0, vmax=1)
    axes[1].set_title("only red")
    axes[2].imshow(image[:, :, 0], cmap="viridis")
    axes[2].set_title("red, default map")
    for ax in axes:
        ax.axis("off")
    show(
        figure,
        "A dress, dyed blue and drawn three times with a colour map. Three "
        "channels stay blue; the red channel alone is nearly black, "
        f"{image[:, :, 0].max():.1f} at most; matplotlib's default map "
        "paints it yellow and green.",
    )


def walk(layers, images, labels):
    """One map of each layer for one image; both are chosen by sliders."""
    figure, axes = plt.subplots(1, 5, figsize=(7.8, 2.3))
    names = ["conv1", "pool1", "conv2", "pool2"]
    pictures = [axes[0].imshow(images[0], vmin=0, vmax=255)]
    for ax, name in zip(axes[1:], names, strict=True):
        side = layers[name].shape[-1]
        blank = np.zeros((side, side))
        pictures.append(ax.imshow(blank, cmap=ACTIVE, vmin=0, vmax=1))
        ax.set_title(f"{name}\n{side} x {side}")
    for ax in axes:
        ax.axis("off")
    figure.colorbar(pictures[-1], ax=axes, label="share of most", shrink=0.7)
    tops = {n: layers[n].amax(dim=(0, 2, 3)).clamp(1e-6) for n in names}

    def draw(image, channel):
        pictures[0].set_data(images[image])
        title = CLOTHING[labels[image]]
        axes[0].set_title(f"{title}\n28 x 28")
        parts = []
        for picture, name in zip(pictures[1:], names, strict=True):
            seen = layers[name][image, channel]
            picture.set_data(seen / tops[name][channel])
            active = (seen > 0).double().mean()
            parts.append(f"{name} {active:.0%}")
        return (
            f"{title}, map {channel} of each layer: active places "
            f"{', '.join(parts)}."
        )

    live(
        figure,
        draw,
        image=IntSlider(18, 0, len(images) - 1, description="image"),
        channel=IntSlider(8, 0, 63, description="map"),
    )


def filters(kernels, biases, answers):
    """Filters of conv1, and what they answer to some images.

    kernels: (n, 3, 3); answers: {title: (n, height, width)}
    """
    count = len(kernels)
    figure, axes = _tiles(1 + len(answers), count, extra=0.12, bar=0.9)
    bound = kernels.abs().max().item()
    for ax, kernel, bias in zip(axes[0], kernels, biases, strict=True):
        signed = ax.imshow(kernel, cmap=SIGNED, vmin=-bound, vmax=bound)
        ax.set_title(f"bias {bias:+.2f}", fontsize=10)
    figure.colorbar(signed, ax=axes[0], label="weight")
    top = max(values.max().item() for values in answers.values())
    for row, values in zip(axes[1:], answers.values(), strict=True):
        for ax, value in zip(row, values, strict=True):
            active = ax.imshow(value, cmap=ACTIVE, vmin=0, vmax=top)
        figure.colorbar(active, ax=row, label="activation")
    listed = ", ".join(f"{bias:+.2f}" for bias in biases.tolist())
    show(
        figure,
        f"Top row: the {count} strongest filters of conv1, summed over the "
        f"channels, weights from {-bound:.1f}, purple, to {bound:.1f}, "
        f"orange; their biases {listed}. Below each, what it answers to "
        f"{' and to '.join(answers)}, from 0, white, to {top:.1f}.",
    )


def patches(cut, channels, side):
    """What part of an image excites a map most, six times for each map.

    cut: (maps, six, side, side), 0 to 255
    """
    figure, axes = _tiles(len(cut), cut.shape[1], extra=0.05)
    for row, several, channel in zip(axes, cut, channels, strict=True):
        for ax, patch in zip(row, several, strict=True):
            ax.imshow(patch, vmin=0, vmax=255)
        row[0].text(
            -0.08,
            0.5,
            f"map {channel}",
            transform=row[0].transAxes,
            ha="right",
            va="center",
            rotation=90,
        )
    listed = ", ".join(map(str, channels))
    show(
        figure,
        f"For maps {listed} of pool2, a row each: the six pieces of {side} x "
        f"{side} pixels, from six different test images, that excite it most.",
    )


def favourites(images, units, labels):
    """The images that excite some units of fc1 most, a row for each unit.

    images: (units, n, 28, 28); labels: (units, n)
    """
    figure, axes = _tiles(len(images), images.shape[1], extra=0.05)
    parts = []
    for row, several, unit, names in zip(
        axes, images, units, labels, strict=True
    ):
        for ax, image in zip(row, several, strict=True):
            ax.imshow(image, vmin=0, vmax=255)
        row[0].text(
            -0.08,
            0.5,
            f"unit {unit}",
            transform=row[0].transAxes,
            ha="right",
            va="center",
            rotation=90,
        )
        kinds = " and ".join(CLOTHING[c] for c in names.unique())
        parts.append(f"unit {unit}, {kinds}")
    show(
        figure,
        f"The {images.shape[1]} test images that excite a unit of fc1 most: "
        f"{'; '.join(parts)}.",
    )


def dreams(images, classes, sure):
    """Images computed to raise one score, with the confidence they get."""
    figure, axes = _tiles(1, len(images))
    for ax, image, c, s in zip(axes[0], images, classes, sure, strict=True):
        ax.imshow(image, vmin=0, vmax=1)
        ax.set_title(f"{CLOTHING[c]}", fontsize=10)
        ax.text(
            0.5,
            -0.05,
            f"{s:.0%} sure",
            transform=ax.transAxes,
            ha="center",
            va="top",
        )
    show(
        figure,
        f"{len(images)} images computed by 30 steps uphill, for "
        f"{', '.join(CLOTHING[c] for c in classes)}: grain, with at most a "
        f"hint of an outline, and at least {min(sure):.0%} sure.",
    )


def landscapes(places, labels):
    """Points in two dimensions, a colour and marker for each class.

    places: {title: (n, 2)}
    """
    figure, axes = plt.subplots(1, len(places), figsize=(8.6, 5))
    for ax, (title, points) in zip(axes, places.items(), strict=True):
        for c, name in enumerate(CLOTHING):
            color, marker = DOTS[name]
            of = points[labels == c]
            ax.scatter(
                *of.T, s=22, color=color, marker=marker, label=name, alpha=0.8
            )
        ax.set(xticks=[], yticks=[], title=title)
        for side in ("left", "bottom"):
            ax.spines[side].set_color(QUIET)
    figure.legend(
        *axes[0].get_legend_handles_labels(),
        loc="outside lower center",
        ncols=5,
        fontsize=10,
    )
    show(
        figure,
        f"{len(labels)} test images as dots, placed by "
        f"{' and by '.join(places)}. In both maps footwear and bags keep to "
        "themselves; shirts are scattered among T-shirts, pullovers and "
        "coats. PCA lays trousers upon dresses, t-SNE parts them.",
    )


def neighbours(images, labels, answers):
    """One image per row and those nearest to it.

    images: (rows, 1 + k, 28, 28); labels: the same without pixels;
    answers: what BigModel says to the first of each row
    """
    figure, axes = _tiles(*images.shape[:2], extra=0.42)
    likes = []
    for row, several, names, said in zip(
        axes, images, labels, answers, strict=True
    ):
        for i, (ax, image, c) in enumerate(
            zip(row, several, names, strict=True)
        ):
            ax.imshow(image, vmin=0, vmax=255)
            mark, color = ("✓", RIGHT) if c == said else ("✗", WRONG)
            text = f"{mark} {CLOTHING[c]}"
            if i == 0:
                text, color = f"{CLOTHING[c]}\nsays {CLOTHING[said]}", "black"
            ax.text(
                0.5,
                -0.05,
                text,
                transform=ax.transAxes,
                ha="center",
                va="top",
                color=color,
                fontsize=10,
            )
        likes.append(str(int((names[1:] == said).sum())))
    k = images.shape[1] - 1
    show(
        figure,
        f"{len(images)} confident mistakes, each with its {k} nearest test "
        "images by their fc1 activations. Neighbours whose label is "
        f"BigModel's answer: {', '.join(likes)} of {k}.",
    )


def activity(active):
    """How often each unit of fc1 is active."""
    dead = int((active == 0).sum())
    figure, axes = plt.subplots(figsize=(6.5, 2.9))
    axes.hist(100 * active.numpy(), bins=40, color=MODEL)
    axes.annotate(
        f"{dead} are never active",
        (1.5, dead),
        (15, 0.9 * dead),
        arrowprops={"arrowstyle": "->", "color": QUIET},
        va="center",
    )
    axes.set(xlabel="active for this share of images, in %")
    axes.set_ylabel("units of fc1")
    low, high = (active[active > 0].quantile(q) for q in (0.25, 0.75))
    show(
        figure,
        f"Of fc1's 1,000 units {dead} are never active; the middle half of "
        f"the rest are active for {low:.0%} to {high:.0%} of the images.",
    )


def switched_off(counts, curves):
    """Accuracy as more and more units are switched off.

    curves: {name: accuracies}; the lots become one line with their range
    """
    lots = np.array([c for name, c in curves.items() if name[:3] == "lot"])
    looks = {
        "quietest first": (DATA, "D--"),
        "at random, mean and range of five": (QUIET, "s:"),
        "liveliest first": (MODEL, "o-"),
    }
    figure, axes = plt.subplots(figsize=(6.8, 3.4))
    axes.fill_between(
        counts,
        100 * lots.min(axis=0),
        100 * lots.max(axis=0),
        color=QUIET,
        alpha=0.25,
        lw=0,
    )
    parts = []
    for name, (color, style) in looks.items():
        curve = curves.get(name, lots.mean(axis=0))
        axes.plot(
            counts, [100 * a for a in curve], style, color=color, label=name
        )
        parts.append(f"{name} {curve[counts.index(500)]:.0%}")
    axes.axhline(10, color=QUIET, lw=1, ls=":")
    axes.text(0, 11, "guessing", color=QUIET, fontsize=9)
    axes.set(xlabel="units switched off, of 1,000", ylabel="accuracy in %")
    axes.set(ylim=(0, 100))
    axes.legend(loc="lower left", bbox_to_anchor=(0, 0.12))
    at = counts.index(900)
    show(
        figure,
        f"Validation accuracy, {lots[0, 0]:.0%} with all units, as more are "
        f"switched off. With 500 off: {'; '.join(parts)}. With 900 off, the "
        f"lots range from {lots[:, at].min():.0%} to {lots[:, at].max():.0%}.",
    )


def whose_units(change):
    """What is lost when the units of one class are switched off.

    change: (10, 10), in points of recall; row: whose units are off
    """
    figure, axes = plt.subplots(figsize=(6.6, 5.4))
    bound = change.abs().max().item()
    picture = axes.imshow(change, cmap=SIGNED, vmin=-bound, vmax=bound)
    for i in range(10):
        for j in range(10):
            points = round(change[i, j].item())
            if points:
                dark = abs(points) > 0.7 * bound
                axes.text(
                    j,
                    i,
                    f"{points:+d}",
                    ha="center",
                    va="center",
                    color="white" if dark else "black",
                )
    axes.set_xticks(range(10), CLOTHING, rotation=45, ha="right")
    axes.set_yticks(range(10), CLOTHING)
    axes.set(
        xlabel="change in the recall of", ylabel="whose 100 units are off"
    )
    figure.colorbar(picture, label="change in points", shrink=0.8)
    own = change.diagonal()
    others = change.clone().fill_diagonal_(0)
    worst = own.argmin()
    show(
        figure,
        "Change in the share of each class that is found when 100 units of "
        f"one class are off. On the diagonal {own.max():.0f} to "
        f"{own.min():.0f} points, most for {CLOTHING[worst]}; elsewhere "
        f"{others.min():.0f} to {others.max():+.0f}.",
    )
