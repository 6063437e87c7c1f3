"""The figures of the notebook on image generation.

Each function takes numbers and shows one figure with its description; it
returns nothing. Images are float32 (n, 1, 28, 28), 0 to 1. What hangs on
trained weights differs a little between machines, so descriptions of it say
what is to be seen and leave the digits out.
"""

import matplotlib.pyplot as plt
import numpy as np
import torch
from ipywidgets import FloatSlider, IntSlider, SelectionSlider

from helpers.data import CLOTHING
from helpers.figures import (
    DATA,
    GRADIENT,
    MODEL,
    QUIET,
    live,
    show,
    tile,
)

TILE = 1.1  # inches
LOOKS = ((DATA, "o"), (MODEL, "s"), (GRADIENT, "^"))  # of three classes


def sheet(axes, images, columns):
    """Tiles with thin white lines between them on one pair of axes."""
    pixels = np.asarray(torch.as_tensor(images)[:, 0])
    pixels = np.pad(pixels, ((0, 0), (0, 1), (0, 1)), constant_values=1)
    artist = axes.imshow(tile(pixels, columns), vmin=0, vmax=1)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set(xticks=[], yticks=[])
    return artist


def gallery(images, columns, description, rows=(), heads=(), size=TILE):
    """Images row by row, with names of the rows and of the columns."""
    count = -(-len(images) // columns)
    width = size * columns + (1.45 if len(rows) else 0.1)
    height = size * count + (0.35 if len(heads) else 0.1)
    figure, axes = plt.subplots(figsize=(width, height))
    sheet(axes, images, columns)
    if len(rows):
        axes.set_yticks(14 + 29 * np.arange(count), rows)
    if len(heads):
        axes.xaxis.tick_top()
        axes.set_xticks(14 + 29 * np.arange(columns), heads)
    show(figure, description)


def which_are_drawn(images, drawn=None):
    """Sixteen lettered images; with `drawn`, bool (16,), also the answer."""
    letters = "ABCDEFGHIJKLMNOP"
    figure, axes = plt.subplots(figsize=(8 * TILE, 2 * TILE + 0.1))
    sheet(axes, images, 8)
    for i, letter in enumerate(letters):
        x, y = 29 * (i % 8), 29 * (i // 8)
        axes.text(x + 1, y + 3.5, letter, color="white", weight="bold")
        if drawn is not None and drawn[i]:
            frame = plt.Rectangle(
                (x, y), 27, 27, fill=False, edgecolor=MODEL, lw=4
            )
            axes.add_patch(frame)
    said = "Sixteen garments in two rows, lettered A to P"
    if drawn is None:
        said += "; nothing tells which were drawn by the network."
    else:
        own = ", ".join(a for a, d in zip(letters, drawn, strict=True) if d)
        said += f". An orange frame marks those that were drawn: {own}."
    show(figure, said)


def scatter(axes, points, labels, **options):
    """Points (n, 2) in the colours and markers of their three classes."""
    for label, (color, marker) in zip(labels.unique(), LOOKS, strict=True):
        own = points[labels == label]
        axes.plot(
            *own.T,
            marker,
            color=color,
            ms=3,
            alpha=0.5,
            mec="none",
            label=CLOTHING[label],
            **options,
        )
    frame(axes)


def frame(axes, reach=3.4):
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    axes.set(xticks=[-2, 0, 2], yticks=[-2, 0, 2])


def plane(points, labels, decode):
    """The cloud of garments, and what a few places look like.

    decode: function of points (n, 2) that gives images (n, 1, 28, 28)
    """
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(8.6, 4.1), width_ratios=(1, 1)
    )
    scatter(left, points, labels)
    left.set(xlabel="first number", ylabel="second number")
    left.legend(loc="lower left", markerscale=2, fontsize=10)
    ticks = torch.linspace(2.4, -2.4, 5)
    grid = torch.stack(torch.meshgrid(ticks, -ticks, indexing="ij"), dim=-1)
    sheet(right, decode(grid.flip(-1).reshape(-1, 2)), 5)
    right.set_title("the same plane, drawn back as images", fontsize=11)
    show(
        figure,
        f"Left, {len(points):,} garments as points in a plane: "
        + ", ".join(CLOTHING[label] for label in labels.unique())
        + " each in a region of its own, with some overlap. Right, what 25 "
        "places of the plane look like as images: blurred garments that "
        "change gradually from one kind to another.",
    )


def flow_in_the_plane(path, kind, velocity, points, labels):
    """Points on their way, with the velocity of their place.

    path (steps + 1, n, 2); kind (n,): to which class each is nearest in the
    end; velocity: function of x (m, 2) and t
    """
    num_steps = len(path) - 1
    ticks = torch.linspace(-3, 3, 13)
    grid = torch.cartesian_prod(ticks, ticks)
    arrows = [velocity(grid, s / num_steps) for s in range(num_steps + 1)]
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.6, 4.2))
    frame(left)
    trails = left.plot([], [], color=QUIET, lw=0.7, alpha=0.7)[0]
    own = [kind == label for label in labels.unique()]
    dots = [
        left.plot([], [], marker, color=color, ms=4, alpha=0.7, mec="none")[0]
        for color, marker in LOOKS
    ]
    field = left.quiver(
        *grid.T, *arrows[0].T, color=QUIET, alpha=0.5, scale=60, width=0.004
    )
    title = left.set_title("")
    scatter(right, points, labels)
    right.set_title("the garments themselves")
    right.legend(loc="lower left", markerscale=2, fontsize=10)

    def draw(step):
        gone = path[: step + 1, :60].transpose(0, 1)  # (60, steps, 2)
        gap = torch.full((len(gone), 1, 2), torch.nan)
        trails.set_data(*torch.cat([gone, gap], dim=1).reshape(-1, 2).T)
        for artist, chosen in zip(dots, own, strict=True):
            artist.set_data(*path[step, chosen].T)
        field.set_UVC(*arrows[step].T)
        title.set_text(f"walkers at time {step / num_steps:.2f}")
        return (
            f"Left, {path.shape[1]:,} walkers at time {step / num_steps:.2f} "
            "of their way from noise to garments, in the colour of the kind "
            "near which each will end, with the paths of 60 of them and grey "
            "arrows for the velocity at each place. At time 0 they are one "
            "round cloud, of which each kind has a sector; at time 1 they lie "
            "like the garments, which the right side shows."
        )

    slider = IntSlider(35, 0, num_steps, 1, description="step of 50")
    live(figure, draw, step=slider)


def steps_in_the_plane(clouds, points):
    """Where the same noise ends: {number of steps: (n, 2)}."""
    figure, axes = plt.subplots(1, len(clouds), figsize=(8.8, 2.6))
    for ax, (count, cloud) in zip(axes, clouds.items(), strict=True):
        ax.plot(*points.T, "o", color=DATA, ms=2, alpha=0.15, mec="none")
        ax.plot(*cloud.T, "o", color=MODEL, ms=2.5, alpha=0.7, mec="none")
        ax.set_title(f"{count} step{'s' * (count > 1)}")
        frame(ax, 3)
    counts = ", ".join(map(str, clouds))
    show(
        figure,
        f"The same noise after {counts} steps, orange, over the garments, "
        "blue. One step brings nearly all points to one place in the middle, "
        "where there are few garments; two make a small bent cloud; with "
        "fifty the orange cloud covers the blue one.",
    )


def training(losses, window=10):
    """Loss of every step, and its mean over a window."""
    smooth = np.convolve(losses, np.ones(window) / window, mode="valid")
    figure, axes = plt.subplots(figsize=(7, 2.8))
    axes.plot(losses, color=QUIET, lw=0.6, alpha=0.6, label="one batch")
    axes.plot(
        np.arange(len(smooth)) + window // 2,
        smooth,
        color=MODEL,
        lw=2,
        label=f"mean of {window}",
    )
    axes.set(xlabel="step", ylabel="loss", ylim=(0, 1.8))
    axes.legend()
    show(
        figure,
        "The loss of each training step: it begins at about 1.7, falls "
        "quickly within the first fifty steps, then slowly, and stays well "
        "above 0.",
    )


def noise_to_boot(states, headings, strengths, heads):
    """Pictures on their way, and where each is heading.

    states, headings: (strengths, steps + 1, n, 1, 28, 28), 0 to 1
    """
    num_steps, count = states.shape[1] - 1, states.shape[2]
    figure, axes = plt.subplots(figsize=(TILE * count + 1.3, 2 * TILE + 0.4))
    both = torch.cat([states, headings], dim=2)
    artist = sheet(axes, both[0, 0], count)
    axes.set_yticks([14, 43], ["now", "heading for"])
    axes.xaxis.tick_top()
    axes.set_xticks(14 + 29 * np.arange(count), heads)

    def draw(time, strength):
        step = round(time * num_steps)
        images = both[strengths.index(strength), step, :, 0]
        pixels = np.pad(
            images.numpy(), ((0, 0), (0, 1), (0, 1)), constant_values=1
        )
        artist.set_data(tile(pixels, count))
        return (
            f"{count} pictures at time {time:.2f} with guidance "
            f"{strength:g}: {', '.join(heads)}. Above as they are, a mixture "
            "of noise and garment; below what each is heading for, the "
            "picture plus the rest of the time multiplied by its velocity. At "
            "time 0 that is a blurred mean garment, in the middle a "
            "silhouette with edges, at time 1 the finished picture."
        )

    live(
        figure,
        draw,
        time=FloatSlider(
            0.5, min=0, max=1, step=1 / num_steps, description="time"
        ),
        strength=SelectionSlider(
            options=strengths, value=2.0, description="guidance"
        ),
    )


def by_strength(rows, real):
    """Three measures against the strength of the guidance.

    real: {measure: what real images have}
    """
    strengths = [row["strength"] for row in rows]
    panels = (
        ("named", "named as asked, in %", 100),
        ("frechet", "Fréchet distance", 1),
        ("diversity", "diversity", 1),
    )
    figure, axes = plt.subplots(1, 3, figsize=(8.8, 2.8))
    said = []
    for ax, (key, name, scale) in zip(axes, panels, strict=True):
        values = [scale * row[key] for row in rows]
        ax.plot(strengths, values, "o-", color=MODEL)
        ax.axhline(scale * real[key], color=DATA, ls="--")
        ax.text(
            strengths[-1],
            scale * real[key],
            "real images",
            color=DATA,
            ha="right",
            va="bottom",
            fontsize=10,
        )
        low, high = min(*values, scale * real[key]), max(values)
        room = 0.12 * (max(high, scale * real[key]) - low)
        ax.set(xlabel="strength", title=name)
        ax.set_ylim(low - room, max(high, scale * real[key]) + 1.5 * room)
        said.append(
            f"{name} from {values[0]:.4g} to {values[-1]:.4g}, real images "
            f"{scale * real[key]:.4g}"
        )
    show(
        figure,
        f"Three measures against the strength of guidance, {strengths[0]:g} "
        f"to {strengths[-1]:g}: {'; '.join(said)}.",
    )
