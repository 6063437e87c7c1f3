"""Boxes: how far two overlap, which to keep, and how good a detector is.

A box is left, top, right and bottom edge, in pixels. What a detector finds
in one picture is a `Found`, the surest box first.
"""

from collections import Counter
from typing import NamedTuple

import numpy as np
import torch

from helpers.recorded import load_record
from helpers.scenes import Scenes

# The recalls at which COCO reads the precision (Lin and others, 2014).
LEVELS = np.linspace(0, 1, 101)
KINDS = (
    "right",
    "wrong class",
    "double",
    "badly placed",
    "both",
    "background",
    "missed",
)


class Found(NamedTuple):
    """What was found in one picture, by falling score.

    boxes: float (k, 4); scores: float (k,), 0 to 1; labels: int64 (k,)
    """

    boxes: torch.Tensor
    scores: torch.Tensor
    labels: torch.Tensor

    def above(self, threshold):
        """Those with a score of at least `threshold`."""
        sure = self.scores >= threshold
        return Found(*(part[sure] for part in self))


class Judged(NamedTuple):
    """Boxes, and the mAP that pycocotools gives them."""

    found: list
    scenes: Scenes
    map50: float  # a hit is an overlap of 0.5 or more
    map75: float
    map: float  # the mean of ten thresholds, 0.5 to 0.95


def iou(a, b):
    """Intersection over union of each box of a with each of b.

    a: (n, 4), b: (m, 4), boxes with an area. Returns (n, m), 0 to 1.
    (Jaccard, 1901, for sets.) Raises ValueError for another shape.
    """
    for boxes in (a, b):
        if boxes.ndim != 2 or boxes.shape[1] != 4:
            raise ValueError(
                f"boxes must have shape (n, 4), not {tuple(boxes.shape)}"
            )
    a, b = a[:, None], b[None]  # (n, 1, 4) and (1, m, 4)
    low = torch.maximum(a[..., :2], b[..., :2])
    high = torch.minimum(a[..., 2:], b[..., 2:])
    common = (high - low).clamp(min=0).prod(dim=-1)  # (n, m)
    areas = [
        (boxes[..., 2:] - boxes[..., :2]).prod(dim=-1) for boxes in (a, b)
    ]
    return common / (areas[0] + areas[1] - common)


def nms(boxes, scores, threshold):
    """Non-maximum suppression: the indices of the boxes that are kept.

    From the surest box on, each one is kept unless it overlaps a kept one
    by more than `threshold`. boxes: (n, 4), scores: (n,). Returns a list,
    by falling score.
    """
    order = scores.argsort(descending=True, stable=True)
    kept = []
    while len(order):
        best, order = order[:1], order[1:]
        kept.append(best.item())
        order = order[iou(boxes[best], boxes[order])[0] <= threshold]
    return kept


def match(boxes, true_boxes, threshold=0.5):
    """Which true box each box has found, -1 for none; each at most once.

    The surest box chooses first, and takes the free true box with which it
    has most in common, if that is at least `threshold`. boxes: (n, 4) by
    falling score, true_boxes: (m, 4). Returns int64 (n,).
    """
    chosen = torch.full((len(boxes),), -1)
    if not len(true_boxes):
        return chosen
    overlaps = iou(boxes, true_boxes)
    for i in range(len(boxes)):
        overlap, j = overlaps[i].max(dim=0)
        if overlap >= threshold:
            chosen[i] = j
            overlaps[:, j] = -1  # taken
    return chosen


def average_precision(hits, num_true):
    """The mean, over 101 recalls, of the best precision at that recall or
    more (Everingham and others, 2010; the 101 recalls are COCO's).

    hits: bool (n,), whether each box is right, by falling score
    num_true: how many things there are to be found, at least 1
    """
    if num_true < 1:
        raise ValueError("without a true box there is no recall")
    num_hits = np.cumsum(np.asarray(hits, dtype=float))
    precision = num_hits / np.arange(1, len(num_hits) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]  # from here on
    at = np.searchsorted(num_hits / num_true, LEVELS)
    return float(np.append(best, 0.0)[at].mean())


def class_hits(found, scenes, label, threshold=0.5):
    """The hits of one class in all scenes, by falling score.

    found: a Found for each scene. Returns scores (n,), hits bool (n,) and
    how many garments of the class there are.
    """
    scores, hits, num_true = [torch.zeros(0)], [torch.zeros(0) > 0], 0
    for one, boxes, labels in zip(
        found, scenes.boxes, scenes.labels, strict=True
    ):
        own, true = one.labels == label, labels == label
        scores.append(one.scores[own])
        hits.append(match(one.boxes[own], boxes[true], threshold) >= 0)
        num_true += int(true.sum())
    scores, hits = torch.cat(scores), torch.cat(hits)
    order = scores.argsort(descending=True, stable=True)
    return scores[order], hits[order], num_true


def class_precisions(found, scenes, threshold=0.5):
    """Average precision of each class that is in the scenes: {label: AP}."""
    precisions = {}
    for label in range(len(scenes.class_names)):
        _, hits, num_true = class_hits(found, scenes, label, threshold)
        if num_true:
            precisions[label] = average_precision(hits, num_true)
    return precisions


def mean_average_precision(found, scenes, threshold=0.5):
    """mAP: the mean over the classes of their average precision.

    found: a Found for each scene; threshold: the overlap from which on a
    box counts as right. COCO's number in large print is the mean of ten
    thresholds, 0.5 to 0.95. Raises ValueError if nothing is in the scenes.
    """
    precisions = class_precisions(found, scenes, threshold)
    if not precisions:
        raise ValueError("mAP needs scenes with at least one thing in them")
    return sum(precisions.values()) / len(precisions)


def kinds_of_boxes(one, boxes, labels, threshold=0.5, near=0.1):
    """What is right or wrong with each box found in one picture.

    one: a Found; boxes (k, 4) and labels (k,): what is there. Returns a list
    of KINDS, one for each box found, and the indices of the true boxes for
    which there is no right one. (After Bolya and others, 2020.)
    """
    chosen = torch.full((len(one.boxes),), -1)
    for label in one.labels.unique():
        own, true = (part.nonzero()[:, 0] for part in (
            one.labels == label, labels == label
        ))  # fmt: skip
        picked = match(one.boxes[own], boxes[true], threshold)
        chosen[own[picked >= 0]] = true[picked[picked >= 0]]
    if not len(boxes):  # an empty picture: nothing there can be meant
        return ["background"] * len(one.boxes), []
    overlaps = iou(one.boxes, boxes)
    same = one.labels[:, None] == labels
    kinds = []
    for i in range(len(one.boxes)):
        best_same = (overlaps[i] * same[i]).max()
        if chosen[i] >= 0:
            kinds.append("right")
        elif best_same >= threshold:
            kinds.append("double")
        elif overlaps[i].max() >= threshold:
            kinds.append("wrong class")
        elif best_same >= near:
            kinds.append("badly placed")
        elif overlaps[i].max() >= near:
            kinds.append("both")
        else:
            kinds.append("background")
    missed = sorted(set(range(len(boxes))) - set(chosen.tolist()))
    return kinds, missed


def confusions(found, scenes, threshold=0.5):
    """How often a box of a wrong class fits: {(true, called): count}."""
    counts, names = Counter(), scenes.class_names
    for one, boxes, labels in zip(
        found, scenes.boxes, scenes.labels, strict=True
    ):
        kinds, _ = kinds_of_boxes(one, boxes, labels, threshold)
        for i, kind in enumerate(kinds):
            if kind == "wrong class":
                j = iou(one.boxes[[i]], boxes)[0].argmax()
                counts[names[labels[j]], names[one.labels[i]]] += 1
    return counts


def count_kinds(found, scenes, threshold=0.5):
    """How many boxes of each of KINDS there are in all scenes together."""
    counts = Counter(dict.fromkeys(KINDS, 0))
    for one, boxes, labels in zip(
        found, scenes.boxes, scenes.labels, strict=True
    ):
        kinds, missed = kinds_of_boxes(one, boxes, labels, threshold)
        counts.update(kinds)
        counts["missed"] += len(missed)
    return dict(counts)


def load_pycocotools():
    """Random boxes that pycocotools has judged: a list of Judged.

    (tools/pycocotools_cases.py says how.) Raises DataError if the record is
    missing or damaged.
    """
    cases = []
    for row in load_record("pycocotools")["rows"]:
        found, boxes, labels = [], [], []
        for scene in row["scenes"]:
            true = torch.tensor(scene["true"], dtype=torch.float64)
            seen = torch.tensor(scene["found"], dtype=torch.float64)
            seen = seen.reshape(-1, 6)
            order = seen[:, 5].argsort(descending=True, stable=True)
            seen = seen[order]
            found.append(Found(seen[:, 1:5], seen[:, 5], seen[:, 0].long()))
            boxes.append(true[:, 1:])
            labels.append(true[:, 0].long())
        scenes = Scenes(torch.zeros(len(boxes)), boxes, labels, tuple("abc"))
        numbers = (row[name] for name in ("map50", "map75", "map"))
        cases.append(Judged(found, scenes, *numbers))
    return cases
