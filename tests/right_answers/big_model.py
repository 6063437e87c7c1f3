"""Unusual but right answers to the exercises on BigModel in PyTorch."""

import math
from collections import OrderedDict

import torch
from torch import nn
from torch.nn import functional as F


def closure(model, X, y, optimizer):
    def loss_again():
        optimizer.zero_grad()
        loss = F.cross_entropy(model(X), y)
        loss.backward()
        return loss

    return optimizer.step(loss_again).item()


def model_clears(model, X, y, optimizer):
    model.train()
    model.zero_grad()
    loss = F.nll_loss(F.log_softmax(model(X), dim=1), y)
    loss.backward()
    optimizer.step()
    return float(loss.detach())


def image_by_image(model, X, y, optimizer):
    total = 0
    optimizer.zero_grad(set_to_none=False)
    for x, label in zip(X, y, strict=True):
        loss = F.cross_entropy(model(x[None]), label[None]) / len(y)
        loss.backward()
        total += loss.item()
    optimizer.step()
    return total


def clears_between(model, X, y, optimizer):
    loss = F.cross_entropy(model(X).float(), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def asks_a_layer(i, o, k, h, w):
    layer = nn.Conv2d(i, o, k)
    parameters = sum(p.numel() for p in layer.parameters())
    return parameters, layer.weight.numel() * h * w


class Functional(nn.Module):
    """Pooling and ReLU as functions, and no flattening layer."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 5, stride=2, padding=2)
        self.out = nn.Linear(8 * 7 * 7, 10)

    def forward(self, X):
        X = F.max_pool2d(F.relu(self.conv(X)), 2)
        return self.out(X.reshape(len(X), -1))


def functional():
    return Functional(), 8 * 76 + 10 * 393, 8 * 75 * 14 * 14 + 3_920


def normalised():
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(4),
        nn.Dropout(0.5),
        nn.Flatten(),
        nn.Linear(128, 10),
    )
    counted = sum(p.numel() for p in network.parameters())
    return network, counted, 8 * 27 * 28 * 28 + 1_280


KEY = {
    "A": "model too small",
    "B": "over-fit",
    "C": "learning rate too high",
    "D": "zero_grad forgotten",
    "E": "healthy",
    "F": "labels shuffled",
    "G": "learning rate too low",
    "H": "validation scaled otherwise",
}

RIGHT = {
    "conv_cost": {
        "asks a layer": asks_a_layer,
        "floats, in a list": lambda i, o, k, h, w: [
            float(o * i * k * k + o),
            float(math.prod((i, o, k, k, h, w))),
        ],
        "tensors": lambda i, o, k, h, w: (
            torch.tensor(i * k**2 + 1) * o,
            torch.tensor([i, o, k, k, h, w]).prod(),
        ),
    },
    "training_step": {
        "a closure": closure,
        "the model clears, and a float": model_clears,
        "gradients gathered image by image": image_by_image,
        "clears just before backward, float32": clears_between,
    },
    "accuracy": {
        "float32": lambda X, y: (X.argmax(1) == y).float().mean(),
        "a loop": lambda X, y: (
            sum(int(row.argmax()) == c for row, c in zip(X, y, strict=True))
            / len(y)
        ),
        "probabilities first": lambda X, y: (
            (X.softmax(1).max(1).indices == y).sum() / len(y)
        ),
        "own logit is the highest": lambda X, y: (
            (X[torch.arange(len(y)), y] == X.amax(1)).double().mean()
        ),
    },
    "read_curves": {
        "another order": lambda: dict(sorted(KEY.items(), reverse=True)),
        "another dictionary": lambda: OrderedDict(KEY),
        "a letter more": lambda: {**KEY, "I": "none"},
    },
    "slim": {
        "a linear layer, in a list": lambda: [
            nn.Sequential(nn.Flatten(), nn.Linear(2352, 10)),
            23_530,
            23_520.0,
        ],
        "a class with functions, and a stride": functional,
        "a linear layer on each row": lambda: (
            nn.Sequential(
                nn.Linear(28, 8), nn.ReLU(), nn.Flatten(), nn.Linear(672, 10)
            ),
            232 + 6_730,
            84 * 28 * 8 + 6_720,
        ),
        "batch normalisation and dropout": normalised,
    },
}
