"""Drawings of how a picture is searched for things."""

import numpy as np
import torch

from helpers.boxes import average_precision, iou, nms
from helpers.data import load_embedded
from helpers.detector import (
    COLUMNS,
    STRIDE,
    cell_centres,
    cells_inside,
    centre_cell,
    one_cell,
)
from helpers.figures import DATA, GRADIENT, MODEL, QUIET, RIGHT, WRONG
from helpers.scenes import SIZE, compose
from tools.drawings import drawing
from tools.drawings.canvas import Canvas, pale


def scene_with_two():
    """A scene with two garments, its boxes and labels."""
    scenes = compose(load_embedded().validation, 60, seed=2)
    pairs = [i for i, y in enumerate(scenes.labels) if len(y) == 2]
    chosen = max(pairs, key=lambda i: faintest(scenes, i))
    return (
        scenes.images[chosen, 0].numpy() / 255,
        scenes.boxes[chosen],
        [scenes.class_names[y] for y in scenes.labels[chosen]],
    )


def outline(canvas, box, x, y, unit, colour, width=2.5, dashed=False):
    """The outline of a box on a picture whose corner is at x, y."""
    left, top, right, bottom = (float(edge) * unit for edge in box)
    xs = [left, right, right, left, left]
    ys = [top, top, bottom, bottom, top]
    canvas.line(
        [x + v for v in xs], [y + v for v in ys], color=colour, width=width,
        dashed=dashed, zorder=4,
    )  # fmt: skip


def faintest(scenes, number):
    """How far the faintest garment of a scene stands out, 0 to 255."""
    image = scenes.images[number, 0].float()
    inside = [
        image[top:bottom, left:right].mean()
        for left, top, right, bottom in scenes.boxes[number].int().tolist()
    ]
    return min(inside) - image.mean()


@drawing
def overlap():
    """Three pairs of boxes, and their intersection over union."""
    canvas = Canvas(780, 250)
    first = torch.tensor([[20.0, 20, 120, 120]])
    shifts = (
        ("hardly touching", 92, 60),
        ("two thirds shared", 33.3, 0),
        ("a good fit", 8, 6),
    )
    said = []
    for i, (words, right, down) in enumerate(shifts):
        x, y = 30 + 260 * i, 30
        second = first + torch.tensor([[right, down, right, down]])
        value = iou(first, second).item()
        a, b = first[0].tolist(), second[0].tolist()
        common = max(a[0], b[0]), max(a[1], b[1]), a[2], a[3]
        canvas.polygon(
            [(x + common[0], y + common[1]), (x + common[2], y + common[1]),
             (x + common[2], y + common[3]), (x + common[0], y + common[3])],
            color=RIGHT, fill=pale(RIGHT, 0.6),
        )  # fmt: skip
        outline(canvas, a, x, y, 1, DATA)
        outline(canvas, b, x, y, 1, MODEL, dashed=True)
        canvas.text(x + 100, 24, words, bold=True)
        canvas.text(x + 100, 226, f"IoU {value:.2f}", size=13)
        said.append(f"{words}: {value:.2f}")
    return canvas, (
        "Three pairs of equally large boxes, the second of each dashed, with "
        "the common part filled. Intersection over union, "
        f"{'; '.join(said)}."
    )


@drawing
def one_look():
    """A scene, its hundred cells, and what one of them answers."""
    picture, boxes, names = scene_with_two()
    canvas = Canvas(800, 330)
    unit, x, y = 3.2, 20, 40
    canvas.text(x + 40 * unit, 22, "a scene, and its 100 cells", bold=True)
    canvas.image(x, y, picture, SIZE * unit)
    for k in range(COLUMNS + 1):
        at = k * STRIDE * unit
        canvas.line([x, x + SIZE * unit], [y + at, y + at], QUIET, 0.6)
        canvas.line([x + at, x + at], [y, y + SIZE * unit], QUIET, 0.6)
    box = boxes[0]
    cell = int(centre_cell(boxes[:1])[0])
    middle = cell_centres()[cell]
    row, column = divmod(cell, COLUMNS)
    corner = column * STRIDE, row * STRIDE
    outline(
        canvas, (*corner, corner[0] + STRIDE, corner[1] + STRIDE), x, y, unit,
        MODEL, 3.5,
    )  # fmt: skip
    outline(canvas, box, x, y, unit, RIGHT)
    cx, cy = x + float(middle[0]) * unit, y + float(middle[1]) * unit
    for tx, ty in (
        (x + float(box[0]) * unit, cy),
        (x + float(box[2]) * unit, cy),
        (cx, y + float(box[1]) * unit),
        (cx, y + float(box[3]) * unit),
    ):
        canvas.arrow(cx, cy, tx, ty, MODEL, width=2)
    canvas.arrow(x + SIZE * unit + 12, 170, 340, 170, width=2)
    canvas.text(450, 22, f"what cell {cell} should answer", bold=True)
    canvas.text(
        352, 62, "ten scores, each a yes or no", size=11, anchor="left"
    )
    classes = load_embedded().train.class_names
    for k, name in enumerate(classes):
        at = 88 + 20 * k
        yes = name == names[0]
        canvas.box(470, at - 7, 90, 14, color=QUIET, fill="white")
        canvas.box(
            470,
            at - 7,
            88 if yes else 5,
            14,
            color=MODEL,
            fill=pale(MODEL, 0.8),
        )
        canvas.text(460, at, name, size=10, anchor="right", bold=yes)
    canvas.text(590, 62, "four distances, in pixels", size=11, anchor="left")
    sides = (
        ("left", float(middle[0] - box[0])),
        ("up", float(middle[1] - box[1])),
        ("right", float(box[2] - middle[0])),
        ("down", float(box[3] - middle[1])),
    )
    for k, (name, value) in enumerate(sides):
        canvas.text(650, 100 + 30 * k, name, size=11, anchor="right")
        canvas.text(
            665, 100 + 30 * k, f"{value:.0f}", anchor="left", bold=True
        )
    said = ", ".join(f"{value:.0f} {name}" for name, value in sides)
    return canvas, (
        f"A scene of 80 x 80 pixels under a grid of 10 x 10 cells. Cell {cell}"
        f" lies at the middle of a garment ({names[0]}); four arrows go from "
        "its middle to the sides of the box. Beside it what it should answer: "
        f"a yes for {names[0]}, nine times no, and four distances: {said}."
    )


@drawing
def two_rules():
    """Which cells have to answer for a garment, under two rules."""
    picture, boxes, _ = scene_with_two()
    canvas = Canvas(700, 330)
    said = []
    for i, (rule, name) in enumerate(
        ((one_cell, "one cell"), (cells_inside, "every cell inside"))
    ):
        unit, x, y = 3.2, 50 + 340 * i, 40
        canvas.text(x + 40 * unit, 22, name, bold=True)
        canvas.image(x, y, picture, SIZE * unit)
        for k in range(COLUMNS + 1):
            at = k * STRIDE * unit
            canvas.line([x, x + SIZE * unit], [y + at, y + at], QUIET, 0.6)
            canvas.line([x + at, x + at], [y, y + SIZE * unit], QUIET, 0.6)
        claims = rule(boxes)
        for box, own, colour in zip(
            boxes, claims, (MODEL, GRADIENT), strict=True
        ):
            outline(canvas, box, x, y, unit, colour)
            for cx, cy in (cell_centres()[own] * unit).tolist():
                canvas.circle(x + cx, y + cy, 6, color="white", fill=colour)
        counts = claims.sum(dim=1).tolist()
        canvas.text(
            x + 40 * unit, 312,
            f"{counts[0]} and {counts[1]} of 100 cells answer", size=11,
        )  # fmt: skip
        said.append(f"{name}: {counts[0]} and {counts[1]} cells")
    return canvas, (
        "One scene with two garments twice, under a grid of 100 cells. A dot "
        "marks each cell that has to answer for a garment. "
        f"{'; '.join(said)}."
    )


@drawing
def suppression():
    """Five boxes on two things, and the two that are kept."""
    boxes = torch.tensor(
        [
            [20.0, 30, 110, 130],
            [28, 22, 118, 126],
            [12, 40, 104, 138],
            [120, 60, 190, 140],
            [126, 66, 198, 148],
        ]
    )
    scores = torch.tensor([0.9, 0.7, 0.4, 0.8, 0.5])
    kept = nms(boxes, scores, 0.5)
    canvas = Canvas(780, 230)
    steps = (
        ("five boxes", [], range(5)),
        ("the surest stays", [0], [0, 3, 4]),
        ("the surest of the rest", kept, kept),
    )
    for i, (words, sure, left) in enumerate(steps):
        x, y = 20 + 260 * i, 20
        canvas.text(x + 105, 22, words, bold=True)
        for k in set(range(5)) - {*left}:
            outline(canvas, boxes[k], x, y + 8, 1, WRONG, 0.8, dashed=True)
        for k in left:
            colour = RIGHT if k in sure else QUIET
            outline(
                canvas, boxes[k], x, y + 8, 1, colour, 3 if k in sure else 1.5
            )
            corner = boxes[k][2] if k in (1, 4) else boxes[k][0]
            side = "right" if k in (1, 4) else "left"
            low = boxes[k][3] if k in (2, 4) else boxes[k][1]
            inside = -11 if k in (2, 4) else 11
            canvas.text(
                x + float(corner) + (-5 if side == "right" else 5),
                y + 8 + float(low) + inside,
                f"{scores[k]:.1f}", size=10, anchor=side, bold=k in sure,
            )  # fmt: skip
        if i < 2:
            canvas.arrow(x + 218, 110, x + 250, 110, width=2)
    canvas.text(
        390,
        208,
        "dashed: removed, because it overlaps a kept box by more than 0.5",
        size=11,
        color=QUIET,
    )
    said = " and ".join(f"{scores[k]:.1f}" for k in kept)
    return canvas, (
        "Five boxes on two things, with scores 0.9, 0.7, 0.4, 0.8 and 0.5. "
        "First the surest is kept and the two that overlap it are removed, "
        "dashed; "
        f"then the surest of the rest. {len(kept)} are left, {said}."
    )


@drawing
def down_the_list():
    """A list of seven boxes, and precision and recall after each."""
    hits = torch.tensor([True, True, False, True, False, False, True])
    scores = (0.95, 0.9, 0.8, 0.7, 0.5, 0.4, 0.2)
    num_true = 5
    canvas = Canvas(780, 290)
    canvas.text(120, 24, "boxes by falling score", bold=True)
    for x, words in (
        (50, "score"),
        (115, "hit"),
        (185, "precision"),
        (265, "recall"),
    ):
        canvas.text(x, 52, words, size=10, color=QUIET)
    num_hits = 0
    points = []
    for k, (hit, score) in enumerate(zip(hits.tolist(), scores, strict=True)):
        num_hits += hit
        y = 80 + 28 * k
        canvas.text(50, y, f"{score:.2f}", size=11)
        canvas.text(
            115,
            y,
            "yes" if hit else "no",
            size=11,
            bold=hit,
            color=RIGHT if hit else WRONG,
        )
        canvas.text(185, y, f"{num_hits}/{k + 1}", size=11)
        canvas.text(265, y, f"{num_hits}/{num_true}", size=11)
        points.append((num_hits / num_true, num_hits / (k + 1)))
    left, low, wide, high = 400, 240, 320, 180
    canvas.text(
        left + wide / 2, 24, "best precision at each recall", bold=True
    )
    canvas.line([left, left + wide], [low, low])
    canvas.line([left, left], [low, low - high])
    canvas.text(left + wide / 2, 274, "recall", size=11)
    canvas.text(352, low - high / 2, "precision", size=11, rotation=90)
    for value in (0, 0.5, 1):
        canvas.text(
            left + value * wide, low + 14, f"{value:g}", size=9, color=QUIET
        )
        if value:
            canvas.text(
                left - 8,
                low - value * high,
                f"{value:g}",
                size=9,
                color=QUIET,
                anchor="right",
            )
    levels = np.arange(101) / 100
    best = [
        max((p for r, p in points if r >= v - 1e-9), default=0) for v in levels
    ]
    corners = [
        (left + v * wide, low - b * high)
        for v, b in zip(levels, best, strict=True)
    ]
    canvas.polygon(
        [(left, low), *corners, (corners[-1][0], low)],
        color=pale(MODEL, 0.3),
        fill=pale(MODEL, 0.3),
    )
    canvas.line([c[0] for c in corners], [c[1] for c in corners], MODEL, 2.5)
    for r, p in points:
        canvas.circle(
            left + r * wide, low - p * high, 5, color=DATA, fill=DATA
        )
    value = average_precision(hits, num_true)
    canvas.text(
        left + 0.37 * wide,
        low - 0.3 * high,
        f"AP {value:.2f}",
        size=13,
        bold=True,
    )
    return canvas, (
        "A list of seven boxes by falling score, of which four are hits, and "
        "five true boxes. Beside it precision against recall after each box "
        "as dots, and the best precision at each recall or more as a line "
        f"that falls in steps. Its mean, average precision, is {value:.2f}."
    )
