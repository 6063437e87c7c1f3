"""Drawings of how BigModel needs fewer images."""

import numpy as np
import torch

from helpers.data import load_embedded
from helpers.figures import DATA, GRADIENT, MODEL, QUIET, RIGHT
from helpers.model import BigModel
from helpers.without_labels import kmeans_step
from tools.drawings import drawing
from tools.drawings.canvas import Canvas, pale

PAIR = (14, slice(13, 15))  # two neighbouring pixels in the middle
COLOURS = (DATA, MODEL, GRADIENT)


def pixel_pairs(num_images=1000):
    """Two neighbouring pixels of each image, in brightness 0 to 1."""
    train, _, _ = load_embedded()
    return train.images[:num_images, 0, PAIR[0], PAIR[1]].double() / 255


@drawing
def whitening():
    """A tilted cloud, turned to its axes, and made round."""
    centred = pixel_pairs() - pixel_pairs().mean(dim=0)
    variance, directions = torch.linalg.eigh(torch.cov(centred.T))
    variance, directions = variance.flip(0), directions.flip(1)
    directions = directions * directions[0].sign()
    directions[:, 1] *= torch.linalg.det(directions).sign()  # no mirror
    turned = centred @ directions
    clouds = (centred, turned, turned / variance.sqrt())
    spreads = variance.sqrt()
    canvas = Canvas(800, 312)
    heads = ("1. subtract the mean", "2. turn", "3. divide by the spreads")
    notes = (
        "the two pixels rise together",
        f"spreads {spreads[0]:.2f} and {spreads[1]:.2f}",
        "spreads 1 and 1",
    )
    for i, (cloud, head, note) in enumerate(
        zip(clouds, heads, notes, strict=True)
    ):
        x, y, half = 140 + 260 * i, 158, 100
        unit = half / (3.0 if i == 2 else 1.0)
        canvas.text(x, 22, head, bold=True)
        canvas.line([x - half, x + half], [y, y], width=1)
        canvas.line([x, x], [y - half, y + half], width=1)
        for point in cloud[::4]:
            across, down = point[0] * unit, -point[1] * unit
            if max(abs(across), abs(down)) < half:
                canvas.circle(x + across, y + down, 2, color=DATA, fill=DATA)
        axes = directions.T if i == 0 else torch.eye(2).double()
        lengths = 2 * (spreads if i < 2 else torch.ones(2)) * unit
        for axis, length, colour in zip(
            axes, lengths, (MODEL, GRADIENT), strict=True
        ):
            end = axis * max(length.item(), 16)
            canvas.arrow(
                x, y, x + end[0].item(), y - end[1].item(), colour, width=3
            )
        canvas.text(x, 284, note, size=11, color=QUIET)
        if i < 2:
            canvas.arrow(x + 112, y, x + 148, y, width=2)
    return canvas, (
        "Three clouds of points, each point two neighbouring pixels of an "
        "image. The first, with its mean subtracted, is tilted and narrow; an "
        "arrow lies along it and a short one across. In the second the cloud "
        "is turned, so that the long arrow points to the right: spreads "
        f"{spreads[0]:.2f} and {spreads[1]:.2f}. In the third both are "
        "divided by their spread, and the cloud is as wide as high."
    )


def directions_on_a_circle():
    """Points in the plane, in three bundles, and three poor centres."""
    rng = np.random.default_rng(3)
    angles = np.concatenate(
        [rng.normal(a, 14, n) for a, n in ((20, 14), (110, 12), (250, 16))]
    )
    lengths = rng.uniform(0.55, 1.25, len(angles))
    turn = np.deg2rad(angles)
    Z = torch.tensor(
        np.stack([np.cos(turn), np.sin(turn)], 1) * lengths[:, None]
    )
    first = np.deg2rad([60, 140, 200])
    return torch.tensor(np.stack([np.cos(first), np.sin(first)], 1)), Z


@drawing
def kmeans_round():
    """One round of k-means by direction, and where four rounds end."""
    centres, Z = directions_on_a_circle()
    moved = kmeans_step(centres, Z)
    last = moved
    for _ in range(3):
        last = kmeans_step(last, Z)
    canvas = Canvas(800, 300)
    panels = (
        (centres, centres, "1. to the nearest centre"),
        (centres, moved, "2. centres go to their rows"),
        (last, last, "after four rounds"),
    )
    for i, (by, at, head) in enumerate(panels):
        x, y, unit = 140 + 260 * i, 166, 84
        canvas.text(x, 24, head, bold=True)
        circle = np.linspace(0, 2 * np.pi, 80)
        canvas.line(
            x + unit * np.cos(circle), y - unit * np.sin(circle), width=1
        )
        for row, own in zip(Z, (Z @ by.T).argmax(dim=1), strict=True):
            colour = COLOURS[own]
            canvas.circle(
                x + unit * row[0].item(),
                y - unit * row[1].item(),
                3.5,
                color=colour,
                fill=pale(colour, 0.6),
            )
        for centre, colour in zip(at, COLOURS, strict=True):
            end = x + unit * centre[0].item(), y - unit * centre[1].item()
            canvas.arrow(x, y, *end, color=colour, width=3.5)
    scores = [
        (Z @ c.T).amax(dim=1).mean().item() for c in (centres, moved, last)
    ]
    return canvas, (
        f"{len(Z)} points in three bundles around a circle, and three arrows "
        "of length 1, the centres. First each point has the colour of the "
        "arrow to which it is nearest in direction; then each arrow has "
        "turned to the middle of its points; after four rounds each bundle "
        "has an arrow of its own. The mean product of a point and its arrow "
        f"rises from {scores[0]:.2f} to {scores[1]:.2f} and {scores[2]:.2f}."
    )


@drawing
def who_learns():
    """The four layers, and what sets each."""
    model = BigModel()
    sizes = [
        sum(p.numel() for p in layer.parameters())
        for layer in model.children()
    ]
    layers = (
        ("conv1", "whitens patches\nof 3 x 3 pixels", "patches", DATA),
        ("conv2", "typical patches\nof conv1's maps", "k-means", DATA),
        ("fc1", "on conditioned\nfeatures", "labels", MODEL),
        ("fc2", "begins at 0", "labels", MODEL),
    )
    canvas = Canvas(800, 236)
    for i, (layer, size) in enumerate(zip(layers, sizes, strict=True)):
        name, what, by, colour = layer
        x = 24 + 194 * i
        canvas.box(x, 84, 162, 112, color=colour)
        canvas.text(x + 81, 106, name, bold=True)
        canvas.text(x + 81, 144, what, size=11)
        canvas.text(x + 81, 180, f"{size:,} weights", size=10, color=QUIET)
        canvas.text(x + 81, 216, f"set by {by}", size=10, color=colour)
        if i < 3:
            canvas.arrow(x + 164, 140, x + 192, 140, width=2)
    for x, text, colour in (
        (200, "no labels, once, then frozen", DATA),
        (588, "labels, gradient descent", MODEL),
    ):
        canvas.text(x, 28, text, bold=True, color=colour)
        canvas.line([x - 170, x + 170], [54, 54], color=colour, width=3)
    listed = "; ".join(
        f"{name}, {size:,} weights, set by {by}: {' '.join(what.split())}"
        for (name, what, by, _), size in zip(layers, sizes, strict=True)
    )
    return canvas, (
        "The four layers of BigModel in a row. The first two get their "
        "weights once, without labels, and are then frozen; the last two "
        f"learn from labels by gradient descent. {listed}."
    )


@drawing
def folding():
    """Two ways to the same numbers: step by step, and in one layer."""
    canvas = Canvas(800, 250)
    steps = (
        ("features f", "6,272 numbers", DATA),
        ("x = (f - m) s", "centred, scaled", QUIET),
        ("x - x U T", "64 directions\nshrunk", QUIET),
        ("W, b", "fc1 in training", MODEL),
    )
    for i, (head, what, colour) in enumerate(steps):
        x = 24 + 194 * i
        canvas.box(x, 26, 158, 84, color=colour)
        canvas.text(x + 79, 50, head, bold=True)
        canvas.text(x + 79, 84, what, size=10)
        if i < 3:
            canvas.arrow(x + 160, 68, x + 192, 68, width=2)
    canvas.box(606, 158, 158, 72, color=RIGHT)
    canvas.text(685, 182, "W', b'", bold=True)
    canvas.text(685, 208, "fc1 of BigModel", size=10)
    canvas.line([103, 103], [112, 194], width=2)
    canvas.arrow(103, 194, 604, 194, width=2)
    canvas.text(354, 176, "the same numbers in one step", size=11, color=QUIET)
    return canvas, (
        "Above, four boxes in a row: the features f, centred and scaled to x "
        "= (f - m) s, then x - x U T with 64 directions shrunk, then fc1 in "
        "training with W and b. Below, one arrow leads from f straight to a "
        "layer with other numbers, W' and b', which gives the same: fc1 of "
        "the finished BigModel."
    )
