"""Inputs for the counts of operations and bytes."""

import torch
from torch import nn
from torch.nn import functional as F

from tests.course.twins.draw import Twin
from tests.course.twins.portrait import EXACT


def layers(draw):
    """BigModel's layers in other widths."""
    width, hidden = draw.integer(1, 6), draw.integer(1, 7)
    model = nn.Module()
    model.conv1 = nn.Conv2d(3, width, kernel_size=3, padding=1)
    model.conv2 = nn.Conv2d(width, 2 * width, kernel_size=3, padding=1)
    model.fc1 = nn.Linear(2 * width * 4, hidden)
    model.fc2 = nn.Linear(hidden, 10)
    return (model,), draw.some(side=draw.pick(8, 14, 9))


def passes(draw):
    """A model and a forward pass; in one of them nothing is kept."""
    model = draw.network()
    X, y = draw.tensor(draw.turn(3, 1), 3, 6, 6), draw.classes(3, 4)
    X.requires_grad_(draw.pick(False, True))

    def twice():
        logits = model(X.tanh())
        return F.cross_entropy(logits + logits * logits, y[: len(X)])

    def unwatched():
        with torch.no_grad():
            return twice()

    # A batch of one has no variance to normalise by.
    model.eval()
    forward = draw.turn(lambda: model(X), twice, twice, unwatched)
    return (model, forward), {}


TWINS = {
    "operations": Twin(layers, tolerance=EXACT),
    "measure_kept": Twin(passes, tolerance=EXACT),
}
