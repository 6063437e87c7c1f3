"""Inputs for the two networks that hear."""

import torch

from tests.course.twins.draw import Twin
from tests.course.twins.portrait import portrait


def heard(draw):
    return (draw.tensor(draw.turn(2, 3), 40, draw.pick(40, 61)),), {}


def use(name):
    """The first weights, the answers in both modes, and a gradient."""

    def one(side, X):
        torch.manual_seed(0)
        net = getattr(side, name)()
        first = portrait(net)
        answers = net(X)
        answers.square().mean().backward()
        grad = next(net.parameters()).grad
        return first, answers, grad, net.eval()(X)

    return one


TWINS = {
    name: Twin(heard, use(name), 3) for name in ("Commands", "Recogniser")
}
