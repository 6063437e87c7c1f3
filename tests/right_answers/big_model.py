"""Unusual but right answers to the exercises on BigModel in PyTorch."""

import math

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
    return loss.detach()


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
    return [loss.item()]


RIGHT = {
    "conv_parameters": {
        "asks a layer": lambda i, o, k: sum(
            p.numel() for p in nn.Conv2d(i, o, k).parameters()
        ),
        "a float": lambda i, o, k: float(o * i * k * k + o),
        "float32": lambda i, o, k: torch.tensor(i * k**2 + 1).float() * o,
    },
    "conv_multiplications": {
        "a float": lambda i, o, k, h, w: float(math.prod((i, o, k, k, h, w))),
        "a tensor": lambda *sizes: torch.tensor([*sizes, sizes[2]]).prod(),
        "weights times positions": lambda i, o, k, h, w: (
            nn.Conv2d(i, o, k, bias=False).weight.numel() * h * w
        ),
    },
    "rows": {
        "a view": lambda X: X.view(X.shape[0], -1),
        "stacks them": lambda X: torch.stack([x.reshape(-1) for x in X]),
        "view of a copy": lambda X: X.contiguous().view(len(X), -1),
        "counts the numbers": lambda X: X.float().reshape(
            X.size(0), math.prod(X.shape[1:])
        ),
    },
    "training_step": {
        "a closure": closure,
        "the model clears, and a detached tensor": model_clears,
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
        "own logit is the highest": lambda X, y: [
            (X[torch.arange(len(y)), y] == X.amax(1)).double().mean()
        ],
    },
}
