"""The checks of the exercises on object detection."""

import torch

from helpers.boxes import average_precision as _average_precision
from helpers.boxes import iou as _iou
from helpers.boxes import nms as _nms
from helpers.checks import check, diagnose, draws, tensors, uniform
from helpers.detector import centre_cell as _centre_cell
from helpers.nanodet import COCO_MEAN, COCO_SPREAD
from helpers.nanodet import for_nanodet as _for_nanodet


def _boxes(random, count, size=9):
    """Boxes with an area, of whole numbers."""
    boxes = []
    for _ in range(count):
        left, top = random.randint(0, size - 3), random.randint(0, size - 3)
        right = left + random.randint(2, size - left)
        boxes.append([left, top, right, top + random.randint(2, size - top)])
    return torch.tensor(boxes, dtype=torch.float64)


@check(
    right="common area divided by the area of both together",
    forbidden=(
        "torchvision.ops.box_iou",
        "torchvision.ops.generalized_box_iou",
        "torchvision.ops.boxes._box_inter_union",
    ),
    ours=_iou,
)
def iou(answer, random):
    def draw(random):
        shift, scale = random.choice((0, -4)), random.choice((1, 0.25))
        return tuple(
            (_boxes(random, random.choice((1, 2, 3))) + shift) * scale
            for _ in "ab"
        )

    def overlap(
        a, b, clamp=True, plus=0.0, union=None, absolute=False, each=True
    ):
        if each:
            a, b = a[:, None], b[None]
        low = torch.maximum(a[..., :2], b[..., :2])
        high = torch.minimum(a[..., 2:], b[..., 2:])
        sides = high - low + plus
        if clamp:
            sides = sides.clamp(min=0)
        common = sides.abs().prod(-1) if absolute else sides.prod(-1)
        area_a = (a[..., 2:] - a[..., :2] + plus).prod(-1)
        area_b = (b[..., 2:] - b[..., :2] + plus).prod(-1)
        both = area_a + area_b
        if union:
            return union(common, area_a, area_b)
        return common / (both - common)

    def truth(a, b):
        return overlap(a, b)

    def around(a, b):
        """The box around both in place of the union."""
        a, b = a[:, None], b[None]
        low = torch.minimum(a[..., :2], b[..., :2])
        high = torch.maximum(a[..., 2:], b[..., 2:])
        return overlap(
            a, b, each=False, union=lambda c, x, y: c / (high - low).prod(-1)
        )

    mistakes = {
        "boxes that do not touch have nothing in common: let no side of the "
        "common part be below 0, `clamp(min=0)`": lambda a, b: overlap(
            a, b, clamp=False
        ),
        "only one of the two sides is kept from falling below 0: clamp both "
        "before you multiply": lambda a, b: overlap(
            a, b, clamp=False, absolute=False,
            union=lambda c, x, y: c.clamp(min=0) / (x + y - c.clamp(min=0)),
        ),
        "the common part is counted twice below the line: subtract it "
        "once": lambda a, b: overlap(
            a, b, union=lambda c, x, y: c / (x + y)
        ),
        "that is the common area: divide it by the area of both "
        "together": lambda a, b: overlap(a, b, union=lambda c, x, y: c),
        "divide by what both cover together, not by the smaller "
        "one": lambda a, b: overlap(
            a, b, union=lambda c, x, y: c / torch.minimum(x, y)
        ),
        "divide by what both cover together, not by the larger "
        "one": lambda a, b: overlap(
            a, b, union=lambda c, x, y: c / torch.maximum(x, y)
        ),
        "divide by what both cover together, not by one of them "
        "alone": lambda a, b: overlap(
            a, b, union=lambda c, x, y: c / (x + 0 * y)
        ),
        "divide by what both cover together, not by the box around "
        "both": around,
        "a box from 2 to 5 is 3 wide here: do not add 1": lambda a, b: (
            overlap(a, b, plus=1.0)
        ),
        "that is 1 minus the overlap, the distance": lambda a, b: 1
        - overlap(a, b),
        "a row for each box of a, a column for each of b: yours are "
        "exchanged": lambda a, b: overlap(a, b).T,
        "each box of a meets each box of b, so the result is a table: "
        "a[:, None] and b[None]": lambda a, b: overlap(a, b, each=False),
    }  # fmt: skip
    cases = tensors(
        ([[0, 0, 2, 2]], [[1, 0, 3, 2]]),
        ([[0.0, 0, 4, 4]], [[1.0, 1, 3, 3]]),
        ([[0.0, 0, 2, 2]], [[3.0, 3, 5, 6]]),
        ([[0.0, 0, 2, 2]], [[0.0, 3, 2, 5]]),
        ([[0.0, 0, 2, 3], [1, 1, 3, 4]], [[0.0, 0, 2, 3], [2, 0, 4, 2]]),
        ([[0.0, 0, 2, 3], [1, 1, 3, 4]], [[1.0, 0, 5, 3]]),
    )
    cases.append((cases[-1][0], torch.zeros(0, 4).double()))
    otherwise = (
        "common area divided by area of a plus area of b minus common area"
    )
    cases += draws(draw, random)
    diagnose(
        *(answer, cases, truth, mistakes, otherwise),
        exact_shape=True,
        kind="a tensor",
    )


@check(
    right="each box has the cell in which its middle lies", ours=_centre_cell
)
def centre_cell(answer, random):
    def draw(random):
        boxes = []
        for _ in range(random.choice((1, 2, 3))):
            left, top = random.randint(0, 50), random.randint(0, 50)
            right, bottom = (
                edge + random.randint(6, 29) for edge in (left, top)
            )
            boxes.append([left, top, right, bottom])
        return (torch.tensor(boxes, dtype=torch.float64),)

    def cell(boxes, x=None, y=None, divide=torch.floor, wide=10, stride=8):
        if x is None:
            x = (boxes[:, 0] + boxes[:, 2]) / 2
        if y is None:
            y = (boxes[:, 1] + boxes[:, 3]) / 2
        return divide(y / stride) * wide + divide(x / stride)

    mistakes = {
        "rows and columns have changed places: row * 10 + "
        "column": lambda boxes: cell(boxes[:, [1, 0, 3, 2]]),
        "the middle is taken, not the upper left corner": lambda boxes: cell(
            boxes, boxes[:, 0], boxes[:, 1]
        ),
        "the middle is taken, not the lower right corner": lambda boxes: cell(
            boxes, boxes[:, 2], boxes[:, 3]
        ),
        "half of the width says how large a box is, not where: add the two "
        "edges, do not subtract": lambda boxes: cell(
            boxes,
            (boxes[:, 2] - boxes[:, 0]) / 2,
            (boxes[:, 3] - boxes[:, 1]) / 2,
        ),
        "left plus right is twice the middle: halve it": lambda boxes: cell(
            boxes, boxes[:, 0] + boxes[:, 2], boxes[:, 1] + boxes[:, 3]
        ),
        "a cell goes from one multiple of 8 to the next: round "
        "down": lambda boxes: cell(boxes, divide=torch.round),
        "rounded up, the first cell is never met: round down": lambda boxes: (
            cell(boxes, divide=torch.ceil)
        ),
        "a part of a cell is no cell: round down, `// 8`": lambda boxes: cell(
            boxes, divide=lambda x: x
        ),
        "there are 10 cells in a row, of 8 pixels each": lambda boxes: cell(
            boxes, wide=8
        ),
        "divide by the 8 pixels of a cell, not by the 10 cells of a "
        "row": lambda boxes: cell(boxes, stride=10),
        "cells are counted from 0": lambda boxes: cell(boxes) + 1,
    }
    cases = tensors(
        ([[0.0, 0, 6, 6]],),
        ([[16.0, 0, 30, 10]],),
        ([[0.0, 24, 12, 40]],),
        ([[10.0, 20, 40, 60], [52, 44, 80, 80]],),
        ([[2.0, 2, 14, 14]],),  # its middle lies on a border: 8, 8
        ([[2.75, 2.75, 13.25, 13.25]],),  # so does this one's
        ([[2.25, 2.25, 13.5, 13.5]],),  # just before it: 7.875
    )
    otherwise = "row * 10 + column, each the middle divided by 8, rounded down"
    cases += draws(draw, random)
    diagnose(answer, cases, cell, mistakes, otherwise, exact_shape=True)


def _three_in_a_row():
    """Boxes of which the middle one overlaps both others."""
    boxes = [[0, 0, 4, 4], [2, 0, 6, 4], [4, 0, 8, 4]]
    return torch.tensor(boxes, dtype=torch.float64)


@check(
    right="each box is kept unless a surer one that is kept covers it",
    forbidden=("torchvision.ops.nms", "torchvision::nms"),
    ours=_nms,
)
def nms(answer, random):
    def draw(random):
        count = random.choice((1, 2, 3, 4, 5))
        scores = [k / 20 for k in random.sample(range(1, 20), count)]
        boxes = _boxes(random, count, 6)
        return (
            boxes,
            torch.tensor(scores, dtype=torch.float64),
            random.choice((0.11, 0.23, 0.31, 0.52, 0.71)),
        )

    def keep(
        boxes, scores, threshold, rising=False, by=_iou, equal=False,
        dead_kill=False, only_next=False,
    ):  # fmt: skip
        order = scores.argsort(descending=not rising).tolist()
        kept, killers = [], []
        for i in order:
            judges = killers[-1:] if only_next else killers
            overlaps = [by(boxes[[j]], boxes[[i]]).item() for j in judges]
            fine = all(
                o < threshold if equal else o <= threshold for o in overlaps
            )
            if fine:
                kept.append(i)
            if fine or dead_kill:
                killers.append(i)
        return kept

    def truth(boxes, scores, threshold):
        return keep(boxes, scores, threshold)

    def not_index(boxes, scores, threshold):
        order = scores.argsort(descending=True)
        place = {i: k for k, i in enumerate(order.tolist())}
        return [place[i] for i in truth(boxes, scores, threshold)]

    def no_boxes(boxes, scores, threshold):
        return (scores > threshold).nonzero()[:, 0]

    mistakes = {
        "a box that is not kept suppresses nothing: compare with those that "
        "are kept only": lambda b, s, t: keep(b, s, t, dead_kill=True),
        "you begin with the least sure box: sort by falling "
        "score": lambda b, s, t: keep(b, s, t, rising=True),
        "compare with every box that is kept, not with the last one "
        "only": lambda b, s, t: keep(b, s, t, only_next=True),
        "nothing is suppressed: leave out what overlaps a kept one by more "
        "than the threshold": lambda b, s, t: s.argsort(descending=True),
        "only the surest box is kept: go on with those that do not overlap "
        "it": lambda b, s, t: s.argsort(descending=True)[:1],
        "these are the ones to suppress: return those that are "
        "kept": lambda b, s, t: [
            i
            for i in s.argsort(descending=True).tolist()
            if i not in keep(b, s, t)
        ],
        "you keep what overlaps and drop what does not: keep an overlap of "
        "at most the threshold": lambda b, s, t: keep(
            b, s, t, by=lambda x, y: 2 * t - _iou(x, y)
        ),
        "take the threshold that you are given, not always "
        "0.5": lambda b, s, t: keep(b, s, 0.5),
        "the threshold is an overlap, not a score": no_boxes,
        "return places in the list of boxes as they were given, not in the "
        "sorted one": not_index,
        "by falling score: the surest first": lambda b, s, t: sorted(
            truth(b, s, t)
        ),
        "return the indices of the boxes, not the scores": lambda b, s, t: s[
            truth(b, s, t)
        ],
        "return the indices of the boxes, not the boxes": lambda b, s, t: b[
            truth(b, s, t)
        ],
        "an overlap equal to the threshold is kept: only more is too "
        "much": lambda b, s, t: keep(b, s, t, equal=True),
    }
    row = _three_in_a_row()
    cases = [
        (row[:0], torch.zeros(0).double(), 0.5),
        (row[:1], torch.tensor([0.9]).double(), 0.5),
        (row[[0, 0]], torch.tensor([0.4, 0.9]).double(), 0.5),
        (row[[0, 2]], torch.tensor([0.4, 0.9]).double(), 0.5),
        (row, torch.tensor([0.9, 0.8, 0.7]).double(), 0.2),
        (row, torch.tensor([0.7, 0.8, 0.9]).double(), 0.2),
        (row, torch.tensor([0.5, 0.9, 0.8]).double(), 0.2),
        # The overlap of these two is one half, exactly.
        (
            torch.tensor([[0, 0, 4, 4], [0, 0, 4, 2]]).double(),
            torch.tensor([0.2, 0.6]).double(),
            0.5,
        ),
        (
            torch.tensor([[0, 0, 2, 2], [0, 0, 2, 8]]).double(),
            torch.tensor([0.8, 0.6]).double(),
            0.25,
        ),
    ]
    otherwise = (
        "take the surest, drop what overlaps it by more than the threshold, "
        "and go on with the rest"
    )
    cases += draws(draw, random)
    diagnose(
        *(answer, cases, truth, mistakes, otherwise),
        exact_shape=True,
        counted=True,
    )


@check(
    right="the best precision that each recall, or a higher one, can have",
    ours=_average_precision,
)
def average_precision(answer, random):
    def draw(random):
        hits = [random.random() < 0.6 for _ in range(random.randint(1, 6))]
        missed = random.choice((0, 0, 1, 2))
        return torch.tensor(hits), max(sum(hits) + missed, 1)

    def precise(
        hits,
        num_true,
        envelope=True,
        strict=False,
        levels=range(101),
        by=None,
        missing=True,
    ):
        num_hits = hits.double().cumsum(dim=0)
        precision = num_hits / torch.arange(1, len(hits) + 1)
        recall = num_hits / (num_true if by is None else by(hits))
        level = torch.tensor(levels).double()[:, None] / 100
        # A hair, so that rounding decides nothing.
        reached = recall >= level + (1e-9 if strict else -1e-9)
        if not envelope:  # the first place that reaches the level
            reached = reached & (reached.cumsum(dim=1) == 1)
        nothing = torch.zeros(len(level), 1)
        best = torch.cat([precision * reached, nothing], dim=1).amax(dim=1)
        if not missing:
            best = best[reached.any(dim=1)]
        return best.sum() / max(len(best), 1)

    def area(hits, num_true):
        num_hits = hits.double().cumsum(dim=0)
        precision = num_hits / torch.arange(1, len(hits) + 1)
        best = precision.flip(0).cummax(dim=0).values.flip(0)
        return (best * hits).sum() / num_true

    def plain_area(hits, num_true):
        num_hits = hits.double().cumsum(dim=0)
        precision = num_hits / torch.arange(1, len(hits) + 1)
        return (precision * hits).sum() / num_true

    def lines(hits, num_true):
        num_hits = hits.double().cumsum(dim=0)
        precision = num_hits / torch.arange(1, len(hits) + 1)
        return torch.trapezoid(precision, num_hits / num_true)

    mistakes = {
        "at each recall the best precision counts that this recall or a "
        "higher one can have, not that of the first place": lambda h, n: (
            precise(h, n, envelope=False)
        ),
        "a recall that is reached exactly counts: >=, not >, and compare "
        "with percent / 100 (0.01 added up again and again misses "
        "it)": lambda h, n: precise(h, n, strict=True),
        "recalls that are never reached count as 0: divide by all "
        "101": lambda h, n: precise(h, n, missing=False),
        "recall is the share of the num_true things, not of those that were "
        "found": lambda h, n: precise(h, n, by=lambda h: h.sum().clamp(min=1)),
        "recall is the share of the num_true things, not of the "
        "boxes": lambda h, n: precise(h, n, by=len),
        "there are 101 levels, 0 and 1 with them; the level 1 is "
        "missing": lambda h, n: precise(h, n, levels=range(100)),
        "there are 101 levels, 0 and 1 with them; the level 0 is "
        "missing": lambda h, n: precise(h, n, levels=range(1, 101)),
        "that is the precision of all boxes together": lambda h, n: (
            h.double().mean()
        ),
        "that is the recall of all boxes together": lambda h, n: (
            h.double().sum() / n
        ),
        "that is the mean precision over the boxes: go through the levels of "
        "recall": lambda h, n: (
            h.double().cumsum(0) / torch.arange(1, len(h) + 1)
        ).mean(),
        "divide the sum by 101": lambda h, n: 101 * precise(h, n),
        "that is the area under the steps, another form of it: take the mean "
        "of the 101 levels": area,
        "that is the area under the curve as it is: take the mean of the 101 "
        "levels, at each the best precision from there on": plain_area,
        "that is the area under straight lines: take the mean of the 101 "
        "levels": lines,
        "that reads 11 levels, as of old: there are 101, 0.01 "
        "apart": lambda h, n: precise(h, n, levels=range(0, 101, 10)),
    }
    cases = [
        (torch.tensor([True]), 1),
        (torch.tensor([False]), 1),
        (torch.tensor([True, False]), 2),
        (torch.tensor([False, True]), 2),
        (torch.tensor([True, False, True]), 2),
        (torch.tensor([False, True, True, False]), 4),
        (torch.tensor([True, True, False, False, True]), 5),
        (torch.tensor([], dtype=torch.bool), 3),
    ]
    otherwise = (
        "for each of the 101 levels, the best precision among the places "
        "whose recall is at least the level, and 0 if there is none"
    )
    cases += draws(draw, random)
    diagnose(answer, cases, precise, mistakes, otherwise, kind="one number")


@check(
    right="blue first, from 0 to 255, minus the mean, divided by the spread",
    ours=_for_nanodet,
)
def for_nanodet(answer, random):
    mean, spread = (
        torch.tensor(values, dtype=torch.float64).view(3, 1, 1)
        for values in (COCO_MEAN, COCO_SPREAD)
    )

    def draw(random):
        rows, columns = random.choice(((1, 1), (1, 2), (2, 1)))
        return (uniform(random, (1, 3, rows, columns), 0, 1),)

    def prepared(X, mean=mean, spread=spread, factor=255, flip=True):
        return (factor * (X.flip(1) if flip else X) - mean) / spread

    mistakes = {
        "the colours are still red, green, blue: X.flip(1) puts blue "
        "first": lambda X: prepared(X, flip=False),
        "mean and spread are those of pixels from 0 to 255: multiply X by "
        "255": lambda X: prepared(X, factor=1),
        "subtract the mean": lambda X: prepared(X, mean=0 * mean),
        "divide by the spread": lambda X: prepared(X, spread=0 * spread + 1),
        "first subtract the mean, then divide by the spread": lambda X: (
            255 * X.flip(1) / spread - mean
        ),
        "brackets: the difference is divided by the spread, not the mean "
        "alone": lambda X: 255 * X.flip(1) - mean / spread,
        "flip(-1) mirrors the picture: the colours are dimension "
        "1": lambda X: prepared(X.flip(-1), flip=False),
        "the flip comes first: mean and spread are in the order blue, green, "
        "red": lambda X: prepared(X, flip=False).flip(1),
        "divide by the spread, do not multiply": lambda X: (
            (255 * X.flip(1) - mean) * spread
        ),
        "only the scale and the order of the colours are right: subtract the "
        "mean and divide by the spread": lambda X: 255 * X.flip(1),
        "the picture is upside down: the colours are dimension 1": lambda X: (
            prepared(X.flip(2), flip=False)
        ),
    }
    cases = [
        (torch.tensor([1.0, 0.5, 0.0]).double().view(1, 3, 1, 1),),
        (torch.tensor([0.2, 0.4, 0.9]).double().view(1, 3, 1, 1),),
        (torch.linspace(0, 1, 12).double().view(1, 3, 2, 2),),
    ]
    otherwise = (
        "three things in this order: blue in front, to 0 to 255, minus the "
        "mean and divided by the spread, each a (3, 1, 1) of its own colour"
    )
    cases += draws(draw, random)
    diagnose(
        *(answer, cases, prepared, mistakes, otherwise),
        exact_shape=True,
        kind="a tensor",
    )
