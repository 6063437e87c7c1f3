"""Inputs for training with several processes, of which one is real."""

from unittest import mock

import torch.distributed as dist
from torch import nn

from tests.course.twins.draw import Twin
from tests.course.twins.portrait import EXACT


def small(draw):
    return nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))


def with_gradients(draw):
    """A model, and the gradients of the other processes for each weight."""
    model = small(draw)
    for weight in model.parameters():
        weight.grad = draw.tensor(*weight.shape)
    others = [
        [draw.tensor(*weight.shape) for weight in model.parameters()]
        for _ in range(draw.turn(1, 2, 0, 4))
    ]
    return (model, others), {}


def use_average_gradients(side, model, others):
    """Among processes that exist only here: each call adds theirs."""
    waiting = iter(zip(*others, strict=True))

    def all_reduce(tensor, op=dist.ReduceOp.SUM, **_):
        for theirs in next(waiting, ()):
            tensor += theirs
        if op == dist.ReduceOp.AVG:
            tensor /= len(others) + 1

    with mock.patch.multiple(
        dist,
        all_reduce=all_reduce,
        get_world_size=lambda group=None: len(others) + 1,
    ):
        side.average_gradients(model)
    return model


def shares(draw):
    num_processes = draw.turn(2, 1, 3, 4)
    batch_size = num_processes * draw.integer(1, 4)
    images = batch_size * draw.integer(1, 4) + draw.integer(0, 3)
    step = draw.turn(0, draw.integer(0, 20), draw.integer(0, 5))
    rank = draw.integer(0, num_processes - 1)
    seed = draw.integer(0, 3)
    return (step, rank, num_processes, images, batch_size, seed), {}


TWINS = {
    "average_gradients": Twin(with_gradients, use_average_gradients),
    "share_of_batch": Twin(shares, draws=30, tolerance=EXACT),
}
