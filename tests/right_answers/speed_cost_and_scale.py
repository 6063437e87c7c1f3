"""Right answers in the exercises on speed, cost and scale, unusual ones."""

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


def _functional(model, parts):
    num_images = sum(len(y) for _, y in parts)
    losses = [F.cross_entropy(model(X), y) * len(y) for X, y in parts]
    return torch.autograd.grad(
        sum(losses) / num_images, list(model.parameters())
    )


def _rows(weight):
    codes, scales = [], []
    for row in weight:
        scale = float(row.abs().max()) / 127 or 1.0
        codes.append([round(float(x) / scale) for x in row])
        scales.append([scale])
    return torch.tensor(codes, dtype=torch.int8), scales


def _clamped(weight):
    scale = (weight.abs().amax(dim=1, keepdim=True) / 127).clamp(min=1e-8)
    return (weight / scale + 0.5).floor().to(torch.int8), scale


def _numpy(weight):
    largest = np.abs(weight.numpy()).max(axis=1, keepdims=True)
    scale = np.where(largest > 0, largest / 127, 5.0)
    return np.rint(weight.numpy() / scale).astype(np.int8), scale


RIGHT = {
    "speedup": {
        "NumPy": lambda before, after, warmup: np.median(
            np.array(before[warmup:]) / np.array(after[warmup:])
        ),
        "the other ratio, turned over": lambda before, after, warmup: (
            1 / np.median(np.divide(after, before)[warmup:])
        ),
        "float32": lambda before, after, warmup: np.median(
            np.divide(before, after, dtype=np.float32)[warmup:]
        ),
    },
    "attainable": {
        "the longer of two times": lambda b, i, o, peak, bandwidth: (
            2
            * b
            * i
            * o
            / max(
                2 * b * i * o / peak,
                4 * (b * i + i * o + b * o) / bandwidth,
            )
        ),
        "reciprocals": lambda b, i, o, peak, bandwidth: min(
            peak, bandwidth / 2 / (1 / b + 1 / i + 1 / o)
        ),
        "NumPy": lambda b, i, o, peak, bandwidth: np.minimum(
            peak, b * i * o / (b * i + i * o + b * o) / 2 * bandwidth
        ),
    },
    "whole_speedup": {
        "exact fractions": (
            "from fractions import Fraction\n"
            "def whole_speedup(share, factor):\n"
            "    s, f = Fraction(share), Fraction(factor)\n"
            "    return float(1 / (1 - s + s / f))\n"
        ),
        "one fraction": lambda s, f: f / (f * (1 - s) + s),
        "the time saved": lambda s, f: 1 / (1 - s * (1 - 1 / f)),
        "a power": lambda s, f: (1 - s + s / f) ** -1,
    },
    "to_bfloat16": {
        "round": lambda pattern: float(round(pattern / 2**16)),
        "by cases": lambda pattern: (
            (pattern >> 16)
            + (
                pattern & 0xFFFF > 0x8000
                or (pattern & 0xFFFF == 0x8000 and pattern >> 16 & 1 == 1)
            )
        ),
        "torch": lambda pattern: (
            torch.tensor(pattern)
            .to(torch.int32)
            .view(torch.float32)
            .to(torch.bfloat16)
            .view(torch.int16)
            .long()
            & 0xFFFF
        ),
    },
    "accumulated_gradient": {
        "summed losses, a tuple": _by_summed_loss,
        "image by image, NumPy": _by_image,
        "one sum, torch.autograd.grad": _functional,
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
    "kilowatt_hours": {
        "hours and kilowatts": lambda n, peak, used, watts, overhead: (
            n / peak / used / 3600 * (watts / 1000) * overhead
        ),
        "one fraction": lambda n, peak, used, watts, overhead: (
            n * watts * overhead / (peak * used * 3600 * 1000)
        ),
        "a float32 tensor": lambda n, peak, used, watts, overhead: (
            torch.tensor(
                float(n / (peak * used) * watts * overhead / 3.6e6),
                dtype=torch.float32,
            )
        ),
    },
    "quantise_rows": {
        "a loop, scales in a list": _rows,
        "half added, then down": _clamped,
        "NumPy": _numpy,
    },
}
