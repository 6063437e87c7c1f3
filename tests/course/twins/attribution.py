"""Inputs for attribution: small models, and games of a few players."""

import itertools

import torch
from torch import nn

from tests.course.twins.draw import Twin
from tests.course.twins.model import pictures, use_model


def explained(draw):
    """(model, X, targets), of which X may be watched by autograd."""
    model = draw.network(moody=False)
    X = draw.tensor(draw.turn(2, 1, 3), 3, 6, 6)
    return model, X, draw.classes(len(X), 4)


def to_explain(draw):
    model, X, targets = explained(draw)
    return (model, X.requires_grad_(draw.pick(False, True)), targets), {}


def multiplied(side, model, X, targets):
    return side.gradient_x_input(model, X.detach(), targets)


def baseline(draw, X):
    return draw.pick(0.0, 0.7, draw.tensor(1, 3, 6, 6), torch.rand_like(X))


def to_integrate(draw):
    model, X, targets = explained(draw)
    return (model, X, targets), draw.some(
        baseline=baseline(draw, X), num_steps=draw.pick(1, 2, 7)
    )


def to_smooth(draw):
    return explained(draw), draw.some(
        noise=draw.number_from(0.05, 0.5),
        num_samples=draw.pick(1, 3),
        seed=draw.number,
    )


def to_cover(draw):
    """Squares that reach every pixel."""
    model, X, targets = explained(draw)
    window, stride = draw.turn((5, 2), (2, 2), (3, 1), (6, 2), (2, 1))
    options = {"window": window, "stride": stride}
    if (window, stride) == (5, 2):
        options = {}  # the default
    options |= draw.some(baseline=baseline(draw, X))
    return (model, X, targets), options


class Convolved(nn.Module):
    """With a layer that grad_cam can be asked about."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 5, kernel_size=3)
        self.last = nn.Linear(5, 4)

    def forward(self, X):
        hidden = self.conv(X).tanh()
        return self.last(hidden.square().mean(dim=(2, 3)))


def to_localise(draw):
    model = Convolved()
    X = draw.tensor(draw.turn(2, 1, 3), 3, 6, draw.pick(5, 6))
    return (model, model.conv, X, draw.classes(len(X), 4)), {}


def game(draw):
    """What each coalition earns, at random; and the number of players."""
    num_players = draw.turn(3, 1, 4, 2, 5)
    earned = {
        frozenset(members): draw.number_from(-1, 2)
        for size in range(num_players + 1)
        for members in itertools.combinations(range(num_players), size)
    }
    return earned.__getitem__, num_players


def played(draw):
    return game(draw), {}


def sampled(draw):
    return (*game(draw), draw.pick(1, 4, 9)), draw.some(seed=draw.number)


TWINS = {
    "ModularBigModel": Twin(pictures, use_model("ModularBigModel"), 2),
    "gradient": Twin(to_explain),
    "gradient_x_input": Twin(to_explain, multiplied),
    "integrated_gradients": Twin(to_integrate),
    "smooth_grad": Twin(to_smooth),
    "occlusion": Twin(to_cover, draws=15),
    "grad_cam": Twin(to_localise),
    "shapley_values": Twin(played),
    "sampled_shapley_values": Twin(sampled),
}
