"""Right answers in the exercises on memory and processes, unusual ones."""

import numpy as np
import torch
from torch.nn import functional as F


def _by_summed_loss(model, parts):
    model.zero_grad()
    for X, y in parts:
        F.cross_entropy(model(X), y, reduction="sum").backward()
    num_images = sum(len(X) for X, _ in parts)
    return tuple(p.grad / num_images for p in model.parameters())


def _by_image(model, parts):
    for p in model.parameters():
        p.grad = None
    images = [
        (X[i : i + 1], y[i : i + 1]) for X, y in parts for i in range(len(y))
    ]
    for X, y in images:
        (F.cross_entropy(model(X), y) / len(images)).backward()
    return [p.grad.numpy() for p in model.parameters()]


def _each_grad(model, parts):
    losses = (F.cross_entropy(model(X), y) * len(y) for X, y in parts)
    each = [torch.autograd.grad(x, list(model.parameters())) for x in losses]
    num_images = sum(len(y) for _, y in parts)
    return [sum(g) / num_images for g in zip(*each, strict=True)]


def _functional(model, parts):
    def loss(weights, X, y):
        outputs = torch.func.functional_call(model, weights, (X[None],))
        return F.cross_entropy(outputs, y[None])

    weights = {name: p.detach() for name, p in model.named_parameters()}
    of_each = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0, 0))
    each = [of_each(weights, X, y) for X, y in parts]
    return [torch.cat([g[k] for g in each]).mean(dim=0) for k in weights]


def _counted(num_blocks, num_segments):
    size = num_blocks // num_segments
    starts = set(range(0, num_blocks, size))
    return max(
        len(starts | set(range(start, start + size))) for start in starts
    )


def _lists(held, step):
    held = held.tolist()
    size = len(held)
    after = [[list(chunk) for chunk in row] for row in held]
    for worker in range(size):
        right, chunk = (worker + 1) % size, (worker - step) % size
        message = held[worker][chunk]
        if step < size - 1:
            own = held[right][chunk]
            message = [a + b for a, b in zip(own, message, strict=True)]
        after[right][chunk] = message
    return after


def _messages_first(held, step):
    size = len(held)
    messages = [held[w, (w - step) % size].clone() for w in range(size)]
    held = held.clone()
    for worker, message in enumerate(messages):
        place = (worker + 1) % size, (worker - step) % size
        if step < size - 1:
            held[place] += message
        else:
            held[place] = message
    return held


def _in_turn(held, step):
    held = held.clone()
    size = len(held)
    for worker in range(size):
        right, chunk = (worker + 1) % size, (worker - step) % size
        message = held[worker, chunk].clone()
        if step < size - 1:
            message += held[right, chunk]
        held[right, chunk] = message
    return held


def _indexed(held, step):
    workers = torch.arange(len(held))
    chunks = (workers - step) % len(held)
    right = (workers + 1) % len(held)
    after = held.clone()
    keep = float(step < len(held) - 1)
    after[right, chunks] = held[workers, chunks] + keep * held[right, chunks]
    return after


RIGHT = {
    "inputs_held": {
        "counted, segment by segment": _counted,
        "a float": lambda n, k: k - 1 + n / k,
        "NumPy": lambda n, k: np.int64(n) // k + np.int64(k) - 1,
    },
    "ring_step": {
        "lists of numbers": lambda held, step: torch.tensor(
            _lists(held, step), dtype=held.dtype
        ),
        "all messages first": _messages_first,
        "one message after the other": _in_turn,
        "without a loop": _indexed,
        "NumPy": lambda held, step: _indexed(held, step).numpy(),
    },
    "accumulated_gradient": {
        "summed losses, a tuple": _by_summed_loss,
        "image by image, NumPy": _by_image,
        "torch.autograd.grad for each part": _each_grad,
        "torch.func, image by image": _functional,
    },
    "worker_memory": {
        "everything in bytes": lambda n, workers, activations: (
            (16 * n / workers + activations * 10**9) / 10**9
        ),
        "the weights of one worker first": lambda n, workers, activations: (
            n / workers * 16 * 1e-9 + activations
        ),
        "NumPy": lambda n, workers, activations: (
            np.sum([2, 2, 4, 4, 4]) * float(n) / float(workers) / 1e9
            + float(activations)
        ),
    },
}
