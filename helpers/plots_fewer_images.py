"""The figures of the notebook on fewer images.

Each function takes numbers and shows one figure with its description; it
returns nothing.
"""

import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import IntSlider

from helpers.figures import (
    DATA,
    MODEL,
    QUIET,
    RIGHT,
    SIGNED,
    live,
    show,
    tile,
)


def tilted_cloud(pairs):
    """Pairs of neighbouring pixels, and a line that turns."""
    centred = pairs.numpy() - pairs.numpy().mean(axis=0)
    angles = np.arange(0, 181)
    axis = np.deg2rad(angles)
    directions = np.stack([np.cos(axis), np.sin(axis)])
    spreads = (centred @ directions).std(axis=0)
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(8, 3.6), width_ratios=(1, 1.2)
    )
    left.plot(*centred.T, "o", color=DATA, ms=3, alpha=0.4, mec="none")
    (line,) = left.plot([], [], color=MODEL, lw=2)
    (bar,) = left.plot([], [], color=MODEL, lw=7, solid_capstyle="butt")
    left.set(
        xlim=(-1, 1),
        ylim=(-1, 1),
        aspect="equal",
        xlabel="one pixel",
        ylabel="its right neighbour",
    )
    right.plot(angles, spreads, color=QUIET)
    (dot,) = right.plot([], [], "o", color=MODEL, ms=10)
    right.set(
        xlabel="angle of the line, in degrees",
        ylabel="spread along it",
        xticks=range(0, 181, 45),
        ylim=(0, None),
    )

    def draw(angle):
        x, y = directions[:, angle]
        spread = spreads[angle]
        line.set_data([-1.5 * x, 1.5 * x], [-1.5 * y, 1.5 * y])
        bar.set_data([-spread * x, spread * x], [-spread * y, spread * y])
        dot.set_data([angle], [spread])
        return (
            "A narrow, tilted cloud of 1,000 pairs of neighbouring pixels, "
            f"and a line through its middle at {angle} degrees. The spread "
            f"of the cloud along the line is {spread:.2f}; over all angles "
            f"it is largest at {angles[spreads.argmax()]} degrees, "
            f"{spreads.max():.2f}, and smallest at "
            f"{angles[spreads.argmin()]} degrees, {spreads.min():.2f}."
        )

    slider = IntSlider(45, 0, 180, 5, description="angle, in degrees")
    live(figure, draw, angle=slider)


def nine_patterns(directions, shares):
    """The principal patterns of 3 x 3 pixels, the largest first."""
    figure, axes = plt.subplots(1, 9, figsize=(8.6, 1.75))
    for ax, pattern, share in zip(axes, directions.T, shares, strict=True):
        pattern = pattern.view(3, 3) * pattern.sum().sign()
        picture = ax.imshow(pattern, cmap=SIGNED, vmin=-0.7, vmax=0.7)
        ax.set_title(f"{share:.1%}", fontsize=11, loc="center")
        ax.axis("off")
    figure.colorbar(picture, ax=axes, ticks=(-0.7, 0, 0.7), shrink=0.75)
    show(
        figure,
        "Nine patterns of 3 x 3 pixels and their share of the variance: "
        f"brightness {shares[0]:.1%}; edges in two directions "
        f"{shares[1]:.1%} and {shares[2]:.1%}; then bars, corners and, "
        f"last, a checkerboard with {shares[-1]:.1%}.",
    )


def nine_maps(image, maps):
    """What nine filters give for one image (28, 28); maps (9, 28, 28)."""
    figure, axes = plt.subplots(2, 5, figsize=(8.2, 3.5))
    axes[0, 0].imshow(image, vmin=0, vmax=1)
    axes[0, 0].set_title("the image", fontsize=11, loc="center")
    for i, (ax, values) in enumerate(zip(axes.flat[1:], maps, strict=True)):
        picture = ax.imshow(values, cmap=SIGNED, vmin=-4, vmax=4)
        ax.set_title(f"pattern {i + 1}", fontsize=11, loc="center")
    for ax in axes.flat:
        ax.axis("off")
    figure.colorbar(
        picture, ax=axes, label="in spreads", ticks=(-4, 0, 4), shrink=0.8
    )
    strong = (maps.abs() > 1).double().mean(dim=(1, 2))
    show(
        figure,
        "One image, and what the nine whitened patterns give for it, in "
        "spreads over all patches, orange positive and purple negative. The "
        "first map is the image itself; the others are lines along its "
        f"edges. {strong[0]:.0%} of the first map and between "
        f"{strong[1:].min():.0%} and {strong[1:].max():.0%} of the others "
        "lie more than one spread from 0.",
    )


def typical_patches(patches):
    """What the filters answer most strongly: (n, 8, 8), brightness."""
    n = len(patches)
    patches = np.pad(patches.numpy(), ((0, 0), (0, 1), (0, 1)), "edge")
    patches[:, -1] = patches[:, :, -1] = 1  # white lines between
    columns = 16
    figure, axes = plt.subplots(figsize=(8.6, 8.6 * n / columns**2 + 0.1))
    axes.imshow(tile(patches, columns), vmin=0, vmax=1)
    axes.axis("off")
    show(
        figure,
        f"{n} tiles of 8 x 8 pixels in rows of {columns}, one for each "
        "filter of conv2: bright and dark edges at many angles and places, "
        "stripes, corners, thin lines and plain areas.",
    )


def spectrum(before, after, num_large):
    """The spread along each principal direction, the largest first."""
    figure, axes = plt.subplots(figsize=(7, 3.3))
    for spreads, name, style in (
        (before, "features as they are", (MODEL, "--")),
        (after, "conditioned", (RIGHT, "-")),
    ):
        spreads = spreads[:-1]  # n centred images have n - 1 directions
        number = np.arange(1, len(spreads) + 1)
        axes.loglog(number, spreads, style[1], color=style[0], label=name)
    axes.axvline(num_large, color=QUIET, ls=":", lw=1)
    axes.text(num_large * 1.05, before[0], f"{num_large}th", color=QUIET)
    axes.set(xlabel="principal direction", ylabel="spread along it")
    axes.set_xticks([1, 10, 100], ["1", "10", "100"])
    axes.set_yticks([1, 3, 10, 30], ["1", "3", "10", "30"])
    axes.minorticks_off()
    axes.legend(loc="lower left")
    ratios = [s[0] / s[num_large] for s in (before, after)]
    show(
        figure,
        "The spread of the features along their principal directions, both "
        "axes logarithmic. As they are, it falls all the way; the first is "
        f"{ratios[0]:.0f} times number {num_large + 1}. Conditioned, the "
        f"first {num_large} are level, and the first is {ratios[1]:.1f} "
        f"times number {num_large + 1}.",
    )
