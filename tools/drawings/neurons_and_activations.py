"""Drawings of a neuron, of a layer as a matrix, and of a fold."""

import torch

from helpers.data import load_embedded
from helpers.figures import DATA, GRADIENT, MODEL, QUIET, RIGHT
from tools.drawings import drawing
from tools.drawings.canvas import Canvas, pale


def signed(number):
    """A number with a sign that reads as one: "−1", "+0.5"."""
    return f"{number:+g}".replace("-", "−")


@drawing
def neuron():
    """Two measurements of a boot go through one neuron."""
    data = load_embedded().train
    boot = data.images[data.labels == 9][2, 0] / 255
    x = [round(boot[:14, part].mean().item(), 2) for part in HALVES]
    weight, bias = (-1, 1), -0.1
    z = sum(w * v for w, v in zip(weight, x, strict=True)) + bias
    step = int(z > 0)
    canvas = Canvas(740, 262)
    canvas.image(14, 60, boot.numpy(), 140)
    for column in range(2):
        canvas.line(
            [14 + 70 * column + d for d in (1, 69, 69, 1, 1)],
            [61, 61, 129, 129, 61],
            color=MODEL,
        )
    rows = (92, 192)
    for y, value, w, name in zip(
        rows, x, weight, ("upper left", "upper right"), strict=True
    ):
        canvas.circle(252, y, 30, f"{value:.2f}", color=DATA)
        canvas.text(252, y + 44, name, size=10)
        canvas.arrow(282, y, 404, 142 + (y - 142) * 0.36, color=MODEL)
        canvas.text(345, y + (-10 if y < 142 else 12), f"× ({signed(w)})")
    canvas.arrow(160, 95, 218, 95)
    canvas.arrow(160, 110, 224, 172)
    canvas.circle(440, 142, 40, "sum", color=MODEL)
    canvas.arrow(440, 226, 440, 184, color=MODEL)
    canvas.text(440, 240, f"bias {signed(bias)}")
    canvas.arrow(480, 142, 552, 142)
    canvas.text(516, 122, f"z = {z:.2f}")
    canvas.box(554, 104, 76, 76, color=GRADIENT)
    canvas.line(
        [564, 592, 592, 620],
        [162, 162, 122, 122],
        color=GRADIENT,
        width=3,
        zorder=4,
    )
    canvas.text(592, 200, "step", size=10)
    canvas.arrow(630, 142, 680, 142)
    canvas.circle(706, 142, 24, str(step), color=RIGHT)
    canvas.text(706, 184, "boot", size=10)
    heads = (252, "inputs"), (345, "weights"), (440, "score")
    heads += (592, "activation"), (702, "output")
    for place, head in heads:
        canvas.text(place, 24, head, bold=True)
    return canvas, (
        "One neuron, from left to right: the brightness of a boot's upper "
        f"left quarter, {x[0]:.2f}, times the weight {signed(weight[0])}, and "
        f"of its upper right quarter, {x[1]:.2f}, times {signed(weight[1])}, "
        f"are added up, with the bias {signed(bias)}. The score z = {z:.2f} "
        f"goes through the step, which gives {step}: a boot."
    )


HALVES = slice(0, 14), slice(14, 28)


@drawing
def layer_as_a_matrix():
    """Three inputs and two neurons: X W^T + b with its numbers."""
    X = torch.tensor([[1, 0], [0, 1], [1, 2]])
    W = torch.tensor([[3, 4], [5, 6]])
    b = torch.tensor([0, 100])
    Z = X @ W.T + b
    canvas = Canvas(740, 336)
    cell, top = 58, 84
    parts = {
        "$X$": (66, X, DATA, "(3, 2)", [(2, 0), (2, 1)]),
        r"$W^\top$": (238, W.T, MODEL, "(2, 2)", [(0, 0), (1, 0)]),
        "$b$": (411, b[None], MODEL, "(2,)", [(0, 0)]),
        "$Z$": (584, Z, RIGHT, "(3, 2)", [(2, 0)]),
    }
    real = "(n, 784)", "(784, 10)", "(10,)", "(n, 10)"
    for (name, (x, values, colour, shape, marked)), large in zip(
        parts.items(), real, strict=True
    ):
        rows, columns = values.shape
        canvas.array(
            x,
            top,
            rows,
            columns,
            cell=cell,
            values=values.tolist(),
            color=colour,
            marked=marked,
            mark=pale(colour, 0.4),
            size=14,
        )
        middle = x + columns * cell / 2
        canvas.text(middle, 24, name, size=15)
        canvas.text(middle, 282, shape)
        canvas.text(middle, 312, large, color=QUIET)
    for x, sign in ((210, "@"), (383, "+"), (556, "=")):
        canvas.text(x, top + 1.5 * cell, sign, size=18)
    for row in range(3):
        canvas.text(28, top + (row + 0.5) * cell, f"image\n{row + 1}", size=10)
    for x in (238, 411, 584):
        for column in range(2):
            middle = x + (column + 0.5) * cell
            canvas.text(middle, 58, f"neuron\n{column + 1}", size=10)
    canvas.text(20, 282, "here", size=10, anchor="left", color=QUIET)
    canvas.text(20, 312, "ten\nclasses", size=9, anchor="left", color=QUIET)
    spelt = " + ".join(
        f"{i} · {w}" for i, w in zip(X[2].tolist(), W[0].tolist(), strict=True)
    )
    return canvas, (
        "Three images of two numbers, the rows of X, times the transposed "
        "weights of two neurons, its columns, plus a row of two biases, "
        "gives one row of two scores for each image: "
        f"{Z.tolist()}. Marked: image 3 and neuron 1, {spelt} + "
        f"{b[0].item()} = {Z[2, 0].item()}. Shapes (3, 2), (2, 2), (2,) and "
        "(3, 2); with n images and ten classes (n, 784), (784, 10), (10,) "
        "and (n, 10)."
    )


def hidden(points):
    """h1 and h2 of the network that solves XOR; points: (n, 2)."""
    difference = points[:, 0] - points[:, 1]
    return torch.stack([difference, -difference], dim=1).clamp(min=0)


@drawing
def xor_fold():
    """XOR before and after its hidden layer folds the plane."""
    points = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    yes = [False, True, True, False]
    h = hidden(points)
    z = h.sum(dim=1) - 0.5
    assert [(score > 0).item() for score in z] == yes
    canvas = Canvas(740, 360)
    side, floor = 190, 296

    def place(left, point):
        return left + point[0] * side, floor - point[1] * side

    for left, head in (
        (70, "before: two lines needed"),
        (460, "folded: one line is enough"),
    ):
        canvas.text(left + side / 2, 30, head, bold=True)
        canvas.arrow(left - 40, floor, left + side + 44, floor, width=1)
        canvas.arrow(left, floor + 40, left, floor - side - 40, width=1)
        canvas.text(left + side + 54, floor, "$x_1$")
        canvas.text(left - 16, floor - side - 36, "$x_2$")
        canvas.line(
            [left - 24, left + side + 24],
            [floor + 24, floor - side - 24],
            dashed=True,
        )
    for shift in (-0.5, 0.5):
        ends = [
            (max(0, shift) - 0.13, max(0, -shift) - 0.13),
            (1 + min(0, shift) + 0.13, 1 - max(0, shift) + 0.13),
        ]
        xs, ys = zip(*(place(70, end) for end in ends), strict=True)
        canvas.line(xs, ys, color=MODEL, width=3)
    ends = [(0.37, -0.13), (1.13, 0.63)]
    xs, ys = zip(*(place(460, end) for end in ends), strict=True)
    canvas.line(xs, ys, color=MODEL, width=3)
    corner = [place(460, p) for p in ((-0.1, -0.1), (1.1, -0.1), (1.1, 1.1))]
    canvas.polygon(corner, color=MODEL, alpha=0.25)
    for point, good in zip(points.tolist(), yes, strict=True):
        colour = DATA if good else QUIET
        x, y = place(70, point)
        canvas.circle(
            x,
            y,
            17,
            "yes" if good else "no",
            color=colour,
            size=10,
            fill="white",
        )
        folded = [max(point), min(point)] if good else point
        x, y = place(460, folded)
        word = "yes" if good else "no"
        if good and point[1] > point[0]:
            x, y, word = x + 7, y - 7, ""
        canvas.circle(
            x,
            y,
            17,
            word,
            color=colour,
            size=10,
            fill="white",
        )
    start, end = place(70, (0, 1)), place(70, (1, 0))
    canvas.arrow(
        start[0] + 20,
        start[1] + 6,
        end[0] - 4,
        end[1] - 22,
        color=DATA,
        bend=-0.35,
    )
    for x in (70, 460):
        label = place(x, (0.46, 0.54))
        canvas.text(*label, "crease", size=10, color=QUIET, rotation=45)
    canvas.text(*place(460, (0.8, 0.22)), "score 0", size=10, rotation=45)
    return canvas, (
        "Left: the four XOR points; yes at (0, 1) and (1, 0), no at (0, 0) "
        "and (1, 1), where the crease runs along the diagonal. Two lines "
        "would be needed. Right: folded along the crease, (0, 1) lands on "
        "(1, 0), and one line parts both from the no points. The scores are "
        f"{', '.join(f'{score:g}' for score in z)} for (0, 0), (0, 1), (1, 0) "
        "and (1, 1)."
    )
