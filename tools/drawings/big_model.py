"""Drawings of BigModel and of its layers."""

import torch
from torch.nn import functional as F

from helpers.data import load_embedded
from helpers.figures import DATA, GRADIENT, MODEL, QUIET, RIGHT
from helpers.model import load_bigmodel
from tools.drawings import drawing
from tools.drawings.canvas import Canvas


def sizes():
    """[(what the layer is called, shape behind it, its parameters)]."""
    model = load_bigmodel()
    X = torch.zeros(1, 3, 28, 28)
    steps = []
    for name in ("conv1", "conv2"):
        layer = getattr(model, name)
        X = F.max_pool2d(F.relu(layer(X)), 2)
        steps.append((name, tuple(X.shape[1:]), count(layer)))
    X = X.flatten(start_dim=1)
    steps.append(("flatten", tuple(X.shape[1:]), 0))
    for name in ("fc1", "fc2"):
        layer = getattr(model, name)
        X = layer(X)
        steps.append((name, tuple(X.shape[1:]), count(layer)))
    return steps


def count(layer):
    return sum(p.numel() for p in layer.parameters())


@drawing
def bigmodel():
    """All of BigModel, from the image to ten scores."""
    steps = {name: (shape, n) for name, shape, n in sizes()}
    total = sum(n for _, n in steps.values())
    data = load_embedded().validation
    position = (data.labels == 9).nonzero()[0, 0]
    picture = data.images[position, 0] / 255
    canvas = Canvas(780, 290)
    middle, note = 135, 236
    canvas.image(12, middle - 42, picture.numpy(), 84)
    canvas.text(54, note, "image\n3 × 28 × 28", size=10)
    # (x, side of a map, maps shown, colour)
    places = {"conv1": (178, 62, 8, MODEL), "conv2": (352, 36, 14, MODEL)}
    for name, (x, side, maps, colour) in places.items():
        (channels, height, width), n = steps[name]
        canvas.maps(x, middle - side / 2 + 20, side, side, maps, colour)
        canvas.text(
            x + side / 2 + 2 * maps,
            note,
            f"{channels} maps\n{channels} × {height} × {width}",
            size=10,
        )
        canvas.text(x + side / 2, 22, name, bold=True)
        canvas.text(
            x + side / 2 + 6,
            50,
            f"3 × 3, ReLU, pool\n{n:,} parameters",
            size=9,
            color=QUIET,
        )
    (flat,), _ = steps["flatten"]
    canvas.array(488, 52, 16, 1, cell=10, color=DATA, fill="#cce3f0")
    canvas.text(493, note, f"flattened\n{flat:,}", size=10)
    (hidden,), n = steps["fc1"]
    canvas.array(588, 76, 11, 1, cell=10, color=RIGHT, fill="#cceee4")
    canvas.text(574, 22, "fc1", bold=True)
    canvas.text(574, 50, f"ReLU\n{n:,} parameters", size=9, color=QUIET)
    canvas.text(593, note, f"{hidden:,}\nactivations", size=10)
    (classes,), n = steps["fc2"]
    canvas.array(684, 85, classes, 1, cell=10, color=GRADIENT, fill="#f5e4ed")
    canvas.text(714, 22, "fc2", bold=True)
    canvas.text(714, 50, f"{n:,} parameters", size=9, color=QUIET)
    canvas.text(700, note, f"{classes} scores,\none per class", size=10)
    for start, end in ((100, 172), (282, 346), (450, 484)):
        canvas.arrow(start, middle, end, middle)
    for start, end in ((502, 584), (602, 680)):
        for shift in (-28, 0, 28):
            canvas.arrow(start, middle, end, middle + shift, width=1)
    canvas.text(
        380, 274, f"{total:,} parameters in all: weights and biases", size=10
    )
    shapes = ", then ".join(
        f"{name} gives {' × '.join(f'{s:,}' for s in shape)}"
        for name, (shape, _) in steps.items()
    )
    counts = ", ".join(f"{name} {n:,}" for name, (_, n) in steps.items() if n)
    return canvas, (
        "BigModel from left to right: an image of 3 × 28 × 28 numbers; "
        f"{shapes}. The two convolutions are each followed by ReLU and "
        f"pooling. Parameters: {counts}; {total:,} in all."
    )
