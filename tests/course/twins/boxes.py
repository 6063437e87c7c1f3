"""Inputs for boxes: few, near each other, so that they overlap."""

import torch

from tests.course.twins.draw import Twin


def some_boxes(draw, count):
    corner = torch.from_numpy(draw.random.uniform(0, 12, (count, 2)))
    size = torch.from_numpy(draw.random.uniform(3, 12, (count, 2)))
    return torch.cat([corner, corner + size], dim=1)


def two_sets(draw):
    counts = draw.turn((1, 1), (3, 2), (2, 4), (5, 1))
    return tuple(some_boxes(draw, count) for count in counts), {}


def to_suppress(draw):
    count = draw.turn(1, 4, 7)
    scores = torch.from_numpy(draw.random.random(count))
    return (some_boxes(draw, count), scores, draw.pick(0.1, 0.3, 0.6)), {}


def to_match(draw):
    found, true = draw.turn((5, 3), (1, 1), (4, 0), (0, 2), (8, 4))
    return (some_boxes(draw, found), some_boxes(draw, true)), draw.some(
        threshold=draw.pick(0.05, 0.2, 0.4)
    )


def listed(draw):
    hits = draw.truths(draw.turn(5, 1, 9, 0))
    return (hits, max(int(hits.sum()) + draw.turn(0, 2, 1), 1)), {}


TWINS = {
    "iou": Twin(two_sets),
    "nms": Twin(to_suppress),
    "match": Twin(to_match, draws=40),
    "average_precision": Twin(listed, draws=20),
}
