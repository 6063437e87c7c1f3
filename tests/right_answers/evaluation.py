"""Unusual but right answers on evaluation."""

import math
from collections import Counter
from statistics import NormalDist

import numpy as np
import torch


def running_mean(batch_means, batch_sizes):
    mean, seen = 0.0, 0
    for m, n in zip(batch_means, batch_sizes, strict=True):
        seen += n
        mean += (m - mean) * n / seen
    return mean


def tries_every_number(p, half_width):
    n = 1
    while 1.96 * math.sqrt(p * (1 - p) / n) > half_width:
        n += 1
    return n


def counts_by_hand(predicted, labels):
    hits, counts = Counter(), Counter()
    for p, y in zip(predicted.tolist(), labels.tolist(), strict=True):
        counts[y] += 1
        hits[y] += p == y
    return sum(hits[c] / counts[c] for c in counts) / len(counts)


def lowest_first(confidence, right, target):
    for t in sorted(confidence.tolist()):
        if right[confidence >= t].float().mean() >= target:
            return t
    return float("inf")


def cumulated(confidence, right, target):
    order = confidence.argsort(descending=True)
    share = right[order].float().cumsum(0) / torch.arange(1, len(order) + 1)
    good = confidence[order][share >= target]
    return good[-1] if len(good) else torch.tensor(math.inf)


RIGHT = {
    "mean_loss": {
        "NumPy's weights": lambda m, n: np.average(m, weights=n),
        "a running mean": running_mean,
        "float32": lambda m, n: (
            torch.tensor(m).float() @ torch.tensor(n).float() / sum(n)
        ),
    },
    "images_needed": {
        "the exact quantile": lambda p, w: math.ceil(
            NormalDist().inv_cdf(0.975) ** 2 * p * (1 - p) / w**2
        ),
        "every number in turn": tries_every_number,
        "the root first": lambda p, w: np.ceil(
            (1.96 * math.sqrt(p * (1 - p)) / w) ** 2
        ),
        "1.96 squared by hand": lambda p, w: (
            -int(-3.8416 * p * (1 - p) / w**2 // 1)
        ),
    },
    "balanced_accuracy": {
        "counted by hand": counts_by_hand,
        "all classes, without NaN": lambda p, y: torch.stack(
            [(p[y == c] == c).float().mean() for c in range(y.max() + 1)]
        ).nanmean(),
        "weights": lambda p, y: (
            ((p == y) / y.bincount()[y]).sum() / len(y.unique())
        ),
    },
    "threshold_for": {
        "from the lowest, in float32": lowest_first,
        "cumulated, as tensors": cumulated,
        "NumPy": lambda c, r, t: min(
            (x for x in c.numpy() if r.numpy()[c.numpy() >= x].mean() >= t),
            default=np.inf,
        ),
    },
}
