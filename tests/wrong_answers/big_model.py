"""What learners really write in the exercises on BigModel in PyTorch."""

import torch
from torch.nn import functional as F


def no_zero_grad(model, X, y, optimizer):
    loss = F.cross_entropy(model(X), y)
    loss.backward()
    optimizer.step()
    return loss.item()


def in_evaluation_mode(model, X, y, optimizer):
    model.eval()
    optimizer.zero_grad()
    loss = F.cross_entropy(model(X), y)
    loss.backward()
    optimizer.step()
    return loss.item()


def no_backward(model, X, y, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(X), y)
    optimizer.step()
    return loss.item()


def no_step(model, X, y, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(X), y)
    loss.backward()
    return loss.item()


def step_first(model, X, y, optimizer):
    loss = F.cross_entropy(model(X), y)
    optimizer.step()
    loss.backward()
    return loss.item()


def softmax_twice(model, X, y, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(X).softmax(dim=1), y)
    loss.backward()
    optimizer.step()
    return loss.item()


def summed(model, X, y, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(X), y, reduction="sum")
    loss.backward()
    optimizer.step()
    return loss.item()


def keeps_the_graph(model, X, y, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(X), y)
    loss.backward()
    optimizer.step()
    return loss


def loss_after(model, X, y, optimizer):
    optimizer.zero_grad()
    F.cross_entropy(model(X), y).backward()
    optimizer.step()
    return F.cross_entropy(model(X), y).item()


def wrong_names(model, X, y, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), y)  # noqa: F821
    return loss.item()


def steps_twice(model, X, y, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(X), y)
    loss.backward()
    optimizer.step()
    optimizer.step()
    return loss.item()


def four_dimensions(X):
    n, c, h, w = X.shape
    return X.reshape(n, c * h * w)


WRONG = {
    "conv_parameters": {
        "biases are missing": lambda i, o, k: o * i * k**2,
        "not one for all": lambda i, o, k: o * i * k**2 + 1,
        "through all input channels": lambda i, o, k: o * (k**2 + 1),
        "that is one neuron": lambda i, o, k: i * k**2 + 1,
        "square it": lambda i, o, k: o * (i * k + 1),
        "not to input channels": lambda i, o, k: o * i * k**2 + i,
        "count again": lambda i, o, k: o * i * k**2 + o + 7,
    },
    "conv_multiplications": {
        "added, not multiplied": lambda i, o, k, h, w: (
            o * (i * k**2 + 1) * h * w
        ),
        "that is one position": lambda i, o, k, h, w: o * i * k**2,
        "that is one output channel": lambda i, o, k, h, w: i * k**2 * h * w,
        "through all input channels": lambda i, o, k, h, w: o * k**2 * h * w,
        "padding keeps the size": lambda i, o, k, h, w: (
            o * i * k**2 * (h - k + 1) * (w - k + 1)
        ),
        "high and wide: square it": lambda i, o, k, h, w: o * i * k * h * w,
        "without the additions": lambda i, o, k, h, w: (
            2 * o * i * k**2 * h * w
        ),
        "height and width may differ": lambda i, o, k, h, w: (
            o * i * k**2 * h * h
        ),
    },
    "rows": {
        "fit only one size": lambda X: X.reshape(-1, 6272),
        "not enough values": four_dimensions,
        "one row for each image, two dimensions": lambda X: X.reshape(-1),
        "exchanged": lambda X: X.reshape(-1, len(X)),
        "got mixed": lambda X: X.transpose(0, 1).reshape(len(X), -1),
        "yourself, without `torch.flatten`": lambda X: torch.flatten(X, 1),
        "count the rows": lambda X: X.reshape(1, -1),
        "return one tensor": lambda X: [x.reshape(-1) for x in X],
    },
    "training_step": {
        "call optimizer.zero_grad() before": no_zero_grad,
        "step() found no gradient": no_backward,
        "leave model.eval() out": in_evaluation_mode,
        "called 2 times": steps_twice,
        "optimizer.step() is missing": no_step,
        "the gradient of an earlier batch: call backward": step_first,
        "softmax is applied twice": softmax_twice,
        "are added: take their mean": summed,
        "keeps the record": keeps_the_graph,
        "not the loss before the step": loss_after,
        "stopped at its line": wrong_names,
    },
    "accuracy": {
        "how many are right": lambda s, y: (s.argmax(1) == y).sum(),
        "take the mean": lambda s, y: s.argmax(1) == y,
        "percentage": lambda s, y: 100 * (s.argmax(1) == y).double().mean(),
        "share of wrong": lambda s, y: (s.argmax(1) != y).double().mean(),
        "not of classes": lambda s, y: (s.argmax(1) == y).sum() / s.shape[1],
        "classes lie along dim=1": lambda s, y: (
            (s.argmax(0) == y).double().mean()
        ),
        "not the largest in size": lambda s, y: (
            (s.abs().argmax(1) == y).double().mean()
        ),
        "looks for the lowest": lambda s, y: (
            (s.argmin(1) == y).double().mean()
        ),
        "do not round": lambda s, y: round(
            (s.argmax(1) == y).double().mean().item(), 1
        ),
    },
}
