"""Drawings of computations as graphs, walked forwards and backwards."""

import math

from helpers.figures import DATA, GRADIENT, QUIET
from tools.drawings import drawing
from tools.drawings.canvas import PAPER, Canvas, pale

WIDTH, HEIGHT = 104, 64  # of a node


@drawing
def two_paths():
    """The number z is used twice: the paths from w to the loss."""
    w, x, y = 0.5, 2.0, 1.0
    z = w * x
    p = math.tanh(z)
    error, square = (p - y) ** 2, z**2 / 2
    slopes = {"z": x, "p": 1 - p**2, "error": 2 * (p - y), "square": z}
    upper = slopes["error"] * slopes["p"] * slopes["z"]
    lower = slopes["square"] * slopes["z"]
    canvas = Canvas(760, 300)
    places = {
        "w": (10, 122, "w", w),
        "z": (160, 122, "z = w · x", z),
        "p": (314, 52, "p = tanh z", p),
        "error": (482, 52, "(p − y)²", error),
        "square": (398, 192, "z² / 2", square),
        "loss": (646, 122, "loss = sum", error + square),
    }
    for left, top, formula, value in places.values():
        canvas.box(left, top, 104, 56, color=DATA, fill=pale(DATA, 0.12))
        canvas.text(left + 52, top + 19, formula, bold=True, size=11)
        canvas.text(left + 52, top + 39, f"{value:.3g}", color=DATA, size=11)
    links = [
        ("w", "z", slopes["z"], False, (0, -14)),
        ("z", "p", slopes["p"], False, (-20, -8)),
        ("p", "error", slopes["error"], False, (0, -16)),
        ("error", "loss", 1.0, False, (12, -14)),
        ("z", "square", slopes["square"], True, (-4, 18)),
        ("square", "loss", 1.0, True, (6, 16)),
    ]
    for start, end, slope, dashed, (right, down) in links:
        x1, y1 = places[start][0] + 104, places[start][1] + 28
        x2, y2 = places[end][0], places[end][1] + 28
        canvas.arrow(
            x1 + 3, y1, x2 - 3, y2, color=GRADIENT, dashed=dashed, width=2
        )
        where = (x1 + x2) / 2 + right, (y1 + y2) / 2 + down
        canvas.text(*where, f"{slope:.3g}".replace("-", "−"), size=10)
    canvas.text(
        412,
        24,
        f"through p:  {x:g} · {slopes['p']:.2f} · (−{-slopes['error']:.3f})"
        f" · 1  =  −{-upper:.2f}",
        color=GRADIENT,
        bold=True,
        size=11,
    )
    canvas.text(
        412,
        272,
        f"through the square:  {x:g} · {z:g} · 1  =  {lower:.2f}",
        color=GRADIENT,
        bold=True,
        size=11,
    )
    total = f"−{-upper:.2f} + {lower:.2f} = {upper + lower:.2f}"
    canvas.text(98, 216, f"slope of the loss in w:\n{total}", size=11)
    return canvas, (
        f"A graph from w = {w:g} to z = {z:g}. From z one path goes through "
        f"p = {p:.2f} and the squared error {error:.4f} to the loss, with "
        f"slopes {x:g}, {slopes['p']:.2f}, {slopes['error']:.3f} and 1 on its "
        f"arrows, product {upper:.2f}; the other goes through z²/2 = "
        f"{square:g}, with slopes {x:g}, {z:g} and 1, product {lower:.2f}. "
        f"Together {upper + lower:.2f}."
    )


# ---- The graph of s = a b, t = s + a, L = s t ------------------------------

PLACES = {
    "a": (10, 22),
    "b": (10, 190),
    "s": (236, 160),
    "t": (430, 36),
    "L": (646, 116),
}
FORMULAS = {"a": "a", "b": "b", "s": "s = a · b", "t": "t = s + a"}
FORMULAS["L"] = "L = s · t"


def computed(a=2.0, b=3.0):
    """Values, {node: [(input, slope)]} and gradients of the graph."""
    s = a * b
    t = s + a
    values = {"a": a, "b": b, "s": s, "t": t, "L": s * t}
    graph = {
        "L": [("s", t), ("t", s)],
        "t": [("s", 1.0), ("a", 1.0)],
        "s": [("a", b), ("b", a)],
    }
    grads = dict.fromkeys(values, 0.0) | {"L": 1.0}
    for name, inputs in graph.items():
        for parent, slope in inputs:
            grads[parent] += slope * grads[name]
    return values, graph, grads


def ends(child, parent):
    """Where the arrow from a parent to a child begins and ends."""
    (x1, y1), (x2, y2) = PLACES[parent], PLACES[child]
    down = {("L", "s"): 12, ("t", "s"): -12, ("t", "a"): -8, ("L", "t"): -8}
    shift = down.get((child, parent), 0)
    return (
        x1 + WIDTH + 4,
        y1 + HEIGHT / 2 + shift,
        x2 - 4,
        y2 + HEIGHT / 2 + shift * 0.6,
    )


def label(canvas, place, text, **options):
    """A text on an arrow, on a slip of paper."""
    width = 6.6 * len(text) + 6
    canvas.box(
        place[0] - width / 2,
        place[1] - 10,
        width,
        20,
        color=PAPER,
        fill=PAPER,
    )
    canvas.text(*place, text, **options)


ALONG = {("t", "a"): 0.45, ("L", "s"): 0.5}


def on(arrow, child, parent):
    x1, y1, x2, y2 = arrow
    share = ALONG.get((child, parent), 0.5)
    return x1 + share * (x2 - x1), y1 + share * (y2 - y1)


@drawing
def graph_forwards():
    """The values, and a slope on every arrow."""
    values, graph, _ = computed()
    canvas = Canvas(760, 296)
    for name, (left, top) in PLACES.items():
        canvas.box(left, top, WIDTH, HEIGHT, color=DATA)
        canvas.text(left + WIDTH / 2, top + 22, FORMULAS[name], bold=True)
        canvas.text(
            left + WIDTH / 2, top + 46, f"value {values[name]:g}", color=DATA
        )
    for child, inputs in graph.items():
        for parent, slope in inputs:
            arrow = ends(child, parent)
            canvas.arrow(*arrow, color=DATA, width=1.8)
            place = on(arrow, child, parent)
            label(canvas, place, f"{slope:g}", color=QUIET, bold=True)
    canvas.text(
        400,
        280,
        "forwards: values in the boxes, slopes on the arrows",
        color=QUIET,
        size=11,
    )
    return canvas, (
        "A graph of five nodes. a = 2 and b = 3 lead to s = a · b = 6, with "
        "slopes 3 and 2 on the arrows; s and a lead to t = s + a = 8, each "
        "with slope 1; s and t lead to L = s · t = 48, with slopes 8 and 6."
    )


@drawing
def graph_backwards():
    """The gradients, and on every arrow what it hands back."""
    values, graph, grads = computed()
    canvas = Canvas(760, 296)
    for name, (left, top) in PLACES.items():
        canvas.box(left, top, WIDTH, HEIGHT, color=GRADIENT)
        canvas.text(
            left + WIDTH / 2, top + 22, f"{name} = {values[name]:g}", bold=True
        )
        canvas.text(
            left + WIDTH / 2,
            top + 46,
            f"gradient {grads[name]:g}",
            color=INK_GRAD,
        )
    for child, inputs in graph.items():
        for parent, slope in inputs:
            x1, y1, x2, y2 = arrow = ends(child, parent)
            canvas.arrow(x2, y2, x1, y1, color=GRADIENT, width=2.2)
            share = f"{grads[child]:g} · {slope:g} = {grads[child] * slope:g}"
            x, y = on(arrow, child, parent)
            if (child, parent) == ("s", "b"):  # short: its label hangs below
                y += 22
            label(canvas, (x, y), share, size=10)
    canvas.text(
        400,
        280,
        "backwards: gradient times slope along each arrow, added where "
        "arrows meet",
        color=QUIET,
        size=11,
    )
    return canvas, (
        "The same graph backwards, arrows reversed. L has gradient 1. It "
        "hands 1 · 8 = 8 to s and 1 · 6 = 6 to t; t hands 6 · 1 = 6 to s and "
        "to a; s, which now has 8 + 6 = 14, hands 14 · 3 = 42 to a and "
        "14 · 2 = 28 to b. In the end a has 6 + 42 = 48 and b has 28."
    )


INK_GRAD = "#8f3f6b"  # GRADIENT, dark enough to be read on its own tint
