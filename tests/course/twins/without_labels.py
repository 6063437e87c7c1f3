"""Inputs for the layers that are set without labels."""

import torch
from torch import nn
from torch.nn import functional as F

from tests.course.twins.draw import Twin
from tests.course.twins.portrait import portrait


def to_whiten(draw):
    """Grey images in three channels, or coloured ones."""
    images = torch.from_numpy(draw.random.random((4, 1, 6, 6)))
    directions, images = draw.turn(
        (9, images.float().expand(-1, 3, -1, -1)),
        (27, torch.from_numpy(draw.random.random((5, 3, 7, 5))).float()),
        (9, images.float()),
    )
    outputs = 2 * directions + draw.pick(0, 1, 5)
    conv = nn.Conv2d(images.shape[1], outputs, kernel_size=3, padding=1)
    return (conv, images), draw.some(
        seed=draw.number, eps=draw.pick(1e-2, 1.0)
    )


def to_step(draw):
    """Few rows for many centres, so that some stay alone."""
    centres = F.normalize(draw.tensor(draw.turn(2, 3, 6), 3))
    return (centres, draw.tensor(draw.pick(1, 4, 9), 3)), {}


def to_cluster(draw):
    conv = nn.Conv2d(2, draw.pick(3, 4), kernel_size=3, padding=1)
    maps = draw.tensor(draw.pick(4, 5), 2, 5, 5).relu() + 0.5
    return (conv, maps), draw.some(
        seed=draw.number,
        num_patches=draw.pick(60, 80),
        rounds=draw.pick(1, 3),
        eps=draw.pick(0.3, 1.0),
    )


def to_set(draw):
    return (draw.images(9), draw.number), {}


def use_without_labels(side, images, seed):
    return portrait(side.without_labels(images, seed))


TWINS = {
    "whiten_": Twin(to_whiten),
    "kmeans_step": Twin(to_step),
    "cluster_": Twin(to_cluster),
    "without_labels": Twin(to_set, use_without_labels, 2),
}
