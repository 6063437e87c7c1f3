"""Drawings of what a unit can see."""

from helpers.figures import DATA, GRADIENT, MODEL, QUIET
from tools.drawings import drawing
from tools.drawings.canvas import Canvas, pale

# From the image on: name, size of the window, stride, colour.
LAYERS = [
    ("conv1", 3, 1, MODEL),
    ("pool1", 2, 2, DATA),
    ("conv2", 3, 1, MODEL),
    ("pool2", 2, 2, DATA),
]


def fields():
    """[(name, units that count, pixels that one unit sees)], image first."""
    counts, wanted = [], 1
    for _, size, stride, _ in reversed(LAYERS):
        counts.append(wanted)
        wanted = (wanted - 1) * stride + size
    counts = [wanted, *reversed(counts)]
    sides, side, step = [1], 1, 1
    for _, size, stride, _ in LAYERS:
        side += (size - 1) * step
        step *= stride
        sides.append(side)
    names = ["image", *(name for name, *_ in LAYERS)]
    return list(zip(names, counts, sides, strict=True))


@drawing
def receptive_field():
    """One row of units, from a unit of pool2 back to the pixels it sees."""
    rows = fields()
    canvas = Canvas(740, 376)
    cell, middle, top, gap = 26, 385, 52, 70
    places = {}
    for depth, (name, count, side) in enumerate(reversed(rows)):
        y, left = top + depth * gap, middle - count * cell / 2
        colour = {"image": QUIET}.get(name)
        colour = colour or next(c for n, _, _, c in LAYERS if n == name)
        canvas.array(
            left, y, 1, count, cell, color=colour, fill=pale(colour, 0.35)
        )
        places[name] = left, y, count
        canvas.text(120, y + cell / 2, name, bold=True, anchor="right")
        words = "1 unit" if count == 1 else f"{count} units"
        if name == "image":
            words = f"{count} pixels"
        canvas.text(
            560, y + cell / 2, words, size=11, color=QUIET, anchor="left"
        )
        if name != "image":
            canvas.text(
                638,
                y + cell / 2,
                f"sees {side}" if count == 1 else f"each sees {side}",
                size=11,
                color=QUIET,
                anchor="left",
            )
    for (name, size, stride, _), before in zip(
        LAYERS, ["image", *(n for n, *_ in LAYERS)], strict=False
    ):
        left, y, count = places[name]
        from_left, from_y, _ = places[before]
        shown = {0, count - 1}  # the outermost windows
        for unit in shown:
            start = from_left + unit * stride * cell
            canvas.polygon(
                [
                    (left + unit * cell, y + cell),
                    (left + (unit + 1) * cell, y + cell),
                    (start + size * cell, from_y),
                    (start, from_y),
                ],
                color=GRADIENT,
                alpha=0.45,
            )
    canvas.text(
        middle,
        24,
        "a unit of pool2, and everything it can see, in one direction",
        size=11,
    )
    listed = ", ".join(
        f"{count} of {name}" for name, count, _ in reversed(rows[1:])
    )
    return canvas, (
        "Rows of cells, each as wide as what one unit of pool2 depends on: "
        f"{listed}, and {rows[0][1]} pixels of the image. One unit sees "
        + ", ".join(f"{side} pixels in {name}" for name, _, side in rows[1:])
        + "."
    )
