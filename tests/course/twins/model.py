"""Inputs for BigModel: the same layers, the same logits."""

import torch

from tests.course.twins.draw import Twin
from tests.course.twins.portrait import portrait


def use_model(name):
    """The first weights, and what it makes of images; then of gradients."""

    def use(side, X):
        torch.manual_seed(0)
        model = getattr(side, name)()
        first = portrait(model)
        logits = model(X)
        logits.square().mean().backward()
        # One layer's gradient depends on all that come after it.
        return first, logits, model.conv1.weight.grad, model.conv1.bias.grad

    return use


def pictures(draw):
    return (draw.tensor(draw.turn(1, 3), 3, 28, 28),), {}


TWINS = {"BigModel": Twin(pictures, use_model("BigModel"), 2)}
