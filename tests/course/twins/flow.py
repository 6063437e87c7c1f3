"""Inputs for flow matching: a network that mixes all it is given."""

import torch
from torch import nn

from tests.course.twins.draw import Twin


class Mixer(nn.Module):
    """A velocity that depends on the picture, the time and the class."""

    def __init__(self, weight):
        super().__init__()
        self.weight = nn.Parameter(weight)

    def forward(self, X, t, y):
        known = self.weight[y] * (1 + t)
        return X * known[:, None, None, None] + t[:, None, None, None]


def to_lose(draw):
    count = draw.pick(30, 40)
    images = draw.tensor(count, 1, 2, 2)
    net = Mixer(draw.tensor(11))
    options = {"drop": draw.turn(0.0, 0.5, 1.0)} if draw.number % 4 else {}
    return (net, images, draw.classes(count, 10), draw.number), options


def use_loss(side, net, images, y, seed, **options):
    torch.manual_seed(seed)
    return side.flow_loss(net, images, y, **options)


def to_follow(draw):
    weight = draw.number_from(-1, 1)

    def velocity(x, t):
        return weight * x + t

    x = draw.tensor(draw.pick(1, 3), 2)
    return (velocity, x, draw.turn(1, 2, 5)), {}


def to_guide(draw):
    shape = draw.pick((2,), (3, 1, 2, 2))
    strength = draw.turn(0.0, 1.0, 2.5)
    return (draw.tensor(*shape), draw.tensor(*shape), strength), {}


TWINS = {
    "flow_loss": Twin(to_lose, use_loss),
    "euler": Twin(to_follow),
    "guided": Twin(to_guide),
}
