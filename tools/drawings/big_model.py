"""Drawings of BigModel and of its layers."""

import numpy as np
import torch
from matplotlib.patches import Polygon
from torch.nn import functional as F

from helpers.data import load_embedded
from helpers.figures import DATA, GRADIENT, MODEL, QUIET, RIGHT
from helpers.model import load_bigmodel
from tools.drawings import drawing
from tools.drawings.canvas import Canvas, pale


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
        f"pooling, fc1 by ReLU. Parameters: {counts}; {total:,} in all."
    )


# A bright garment on dark ground; the neuron answers to its left edge.
GARMENT = np.array(
    [
        [0, 0, 0, 0, 0],
        [0, 5, 7, 6, 0],
        [0, 6, 9, 7, 0],
        [0, 6, 8, 7, 0],
        [0, 5, 7, 6, 0],
    ]
)
EDGE = np.array([[-1, 0, 1]] * 3)
BIAS = 1
AT = (2, 1)  # row and column of the output that is worked out
RECTIFIED = np.array([[0, 3, 1, 0], [5, 2, 0, 4], [0, 0, 7, 1], [1, 0, 2, 6]])
NEGATIVE = "#5e3c99"  # as in the signed map of the figures


def convolved(image, weight, bias):
    """What one neuron of a convolution puts out, with a border of zeros."""
    windows = np.lib.stride_tricks.sliding_window_view(
        np.pad(image, 1), weight.shape
    )
    return (windows * weight).sum(axis=(2, 3)) + bias


def pooled(image):
    """The largest of every 2 x 2 numbers."""
    rows, columns = np.array(image.shape) // 2
    return image.reshape(rows, 2, columns, 2).max(axis=(1, 3))


def signed(number, plus="+"):
    return f"{number:{plus}}".replace("-", "\N{MINUS SIGN}") if number else "0"


def caption(canvas, x, title, below):
    canvas.text(x, 22, title, bold=True)
    canvas.text(x, 43, below, size=10, color=QUIET)


@drawing
def convolution():
    """One neuron with a window of 3 x 3 pixels, at one position of many."""
    out = convolved(GARMENT, EDGE, BIAS)
    row, column = AT
    canvas = Canvas(740, 325)
    cell, top, left = 30, 62, 20
    padded = np.pad(GARMENT, 1)
    border = [
        [None if 0 < r < 6 and 0 < c < 6 else "#e8e8e8" for c in range(7)]
        for r in range(7)
    ]
    window = {(row + i, column + j) for i in range(3) for j in range(3)}
    middle = top + (row + 1.5) * cell
    caption(canvas, left + 3.5 * cell, "pixels", "5 × 5, and a border of 0")
    canvas.array(
        left, top, 7, 7, cell, padded, QUIET, border, window, pale(DATA, 0.4)
    )
    # The neuron.
    side = 38
    x = 375 - 1.5 * side
    caption(canvas, 375, "one neuron", "3 × 3 weights, one bias")
    paint = {-1: pale(NEGATIVE, 0.4), 0: None, 1: pale(MODEL, 0.5)}
    canvas.array(
        x,
        middle - 1.5 * side,
        3,
        3,
        side,
        [[signed(w) for w in r] for r in EDGE],
        MODEL,
        [[paint[w] for w in r] for r in EDGE],
    )
    canvas.text(375, middle + 1.5 * side + 20, f"bias {signed(BIAS)}")
    # What it puts out.
    right = 560
    caption(canvas, right + 2.5 * cell, "output", "5 × 5: the size stays")
    canvas.array(
        right,
        middle - (row + 0.5) * cell,
        5,
        5,
        cell,
        [[signed(v, "") for v in r] for r in out],
        MODEL,
        marked={AT},
        mark=pale(MODEL, 0.6),
        size=9,
    )
    end = left + 7 * cell
    canvas.arrow(end + 8, middle, x - 8, middle, DATA)
    canvas.arrow(x + 3 * side + 8, middle, right - 8, middle, MODEL)
    values = padded[row : row + 3, column : column + 3]
    plus, minus = (" + ".join(map(str, values[:, c])) for c in (2, 0))
    sums = f"{plus} \N{MINUS SIGN} ({minus}) + {BIAS} = {out[AT]}"
    canvas.text(
        370, 303, f"right column minus left column, plus bias:  {sums}"
    )
    return canvas, (
        "A window of 3 × 3 lies on 5 × 5 pixels with a border of zeros. One "
        "neuron weighs its left column with -1, its middle with 0, its right "
        f"column with +1 and adds its bias, 1: {sums}, the output at row "
        f"{row}, column {column}. Every position gives one output with the "
        f"same weights, 5 × 5 in all: up to {out.max()} along the left edge "
        f"of the bright shape, down to {out.min()} along its right edge."
    )


@drawing
def channels():
    """A neuron of conv2 reaches through all maps of conv1."""
    layer = load_bigmodel().conv2
    count_out, count_in, height, width = layer.weight.shape
    canvas = Canvas(740, 265)
    shown, step, side = 10, 7, 96
    x, y = 40, 136
    caption(canvas, 120, "in", f"{count_in} maps, 14 × 14")
    canvas.maps(x, y, side, side, shown, DATA, step)
    # The window, on the first sheet and on the last.
    a, b = 20, 20 + 30
    depth = (shown - 1) * step
    near = [(x + a, y + a), (x + b, y + a), (x + b, y + b), (x + a, y + b)]
    far = [(p + depth, q - depth) for p, q in near]
    paint = pale(MODEL, 0.75)
    canvas.axes.add_patch(_outline(near, MODEL, paint))
    for (p, q), (r, t) in list(zip(near, far, strict=True))[:3]:
        canvas.line([p, r], [q, t], MODEL, 1.2, zorder=3)
    canvas.axes.add_patch(_outline(far, MODEL, "none"))
    # One neuron.
    weights = count_in * height * width
    caption(canvas, 372, "one neuron", f"{height} × {width} in each of them")
    canvas.box(
        292,
        108,
        160,
        64,
        f"{count_in} × {height} × {width} = {weights}\nweights, one bias",
        MODEL,
    )
    canvas.arrow(214, 140, 286, 140, MODEL)
    canvas.arrow(458, 140, 520, 140, MODEL)
    canvas.text(
        372,
        198,
        f"{count_out} such neurons,\neach with weights of its own",
        size=10,
    )
    caption(canvas, 612, "out", f"{count_out} maps, 14 × 14")
    canvas.maps(535, y, side, side, 14, MODEL, 5)
    canvas.text(583, y + side / 2, "one map\nper neuron", size=10)
    total = sum(p.numel() for p in layer.parameters())
    canvas.text(
        372, 246, f"{count_out} × ({weights} + 1) = {total:,} parameters"
    )
    return canvas, (
        f"conv2: a window of {height} × {width} reaches through all "
        f"{count_in} maps that come in, so one neuron has {weights} weights "
        f"and a bias and gives one map. {count_out} such neurons give "
        f"{count_out} maps: {count_out} × ({weights} + 1) = {total:,} "
        "parameters."
    )


def _outline(points, color, fill):
    return Polygon(
        points,
        closed=True,
        edgecolor=color,
        facecolor=fill,
        linewidth=1.5,
        zorder=3,
    )


@drawing
def pooling():
    """Max-pooling of 4 x 4 numbers."""
    small = pooled(RECTIFIED)
    canvas = Canvas(740, 235)
    colours = (DATA, MODEL, RIGHT, GRADIENT)
    cell, x, y = 38, 120, 62
    fill = [[""] * 4 for _ in range(4)]
    for r, c in np.ndindex(4, 4):
        colour = colours[2 * (r // 2) + c // 2]
        largest = RECTIFIED[r, c] == small[r // 2, c // 2]
        fill[r][c] = pale(colour, 0.6 if largest else 0.15)
    strong = [[pale(c, 0.6) for c in colours[i : i + 2]] for i in (0, 2)]
    caption(canvas, x + 2 * cell, "one map after ReLU", "4 × 4")
    canvas.array(x, y, 4, 4, cell, RECTIFIED, QUIET, fill)
    middle = y + 2 * cell
    canvas.arrow(x + 4 * cell + 14, middle, 470 - cell - 14, middle)
    canvas.text(345, middle - 26, "the largest of\neach 2 × 2", size=11)
    caption(canvas, 470, "after pooling", "2 × 2")
    canvas.array(470 - cell, y + cell, 2, 2, cell, small, QUIET, strong)
    canvas.text(
        530, middle, "a quarter of the numbers\nno weights", 11, anchor="left"
    )
    return canvas, (
        "Max-pooling: of each 2 × 2 numbers only the largest stays. 4 × 4 "
        f"numbers become 2 × 2: {', '.join(map(str, small.flat))}. A quarter "
        "of the numbers is left, and pooling has no weights."
    )
