"""Right answers in the exercises on interpretability, unusual ones."""

import statistics

import numpy as np
import torch
from torch.nn import functional as F


def _put_back(predict, X, y, order):
    rises = []
    for j in range(X.shape[1]):
        before, kept = F.mse_loss(predict(X), y), X[:, j].clone()
        X[:, j] = kept[order]
        rises.append(F.mse_loss(predict(X), y) - before)
        X[:, j] = kept
    return rises


def _chosen(predict, X, y, order):
    columns = torch.arange(X.shape[1])
    tables = [torch.where(columns == j, X[order], X) for j in columns]
    error = lambda X: (predict(X) - y).square().mean()  # noqa: E731
    return np.array([float(error(t) - error(X)) for t in tables])


def _corners(maps, n=5):
    rows = torch.cat([maps[:, :n], maps[:, -n:]], dim=1)
    return torch.cat([rows[..., :n], rows[..., -n:]], dim=2)


def _cheat(share):
    return lambda a, b: "a" if share(a) > share(b) else "b"


RIGHT = {
    "permutation_importance": {
        "put back afterwards, a list": _put_back,
        "where, and NumPy": _chosen,
        "float32": lambda predict, X, y, order: _chosen(
            predict, X.float(), y.float(), order
        ),
    },
    "completeness_gap": {
        "image by image": lambda score, X, b, a: [
            float(a[i].sum() - score(X[i : i + 1]) + score(b[i : i + 1]))
            for i in range(len(X))
        ],
        "flattened": lambda score, X, b, a: (
            a.flatten(1).sum(dim=1) + score(b) - score(X)
        ),
        "einsum": lambda score, X, b, a: (
            torch.einsum("nchw->n", a) - (score(X) - score(b))
        ),
    },
    "fair_share": {
        "what both gain together, halved": lambda n, a, b, ab: (
            a - n + (ab - a - b + n) / 2,
            b - n + (ab - a - b + n) / 2,
        ),
        "the second gets the rest": lambda n, a, b, ab: (
            (a - n + ab - b) / 2,
            ab - n - (a - n + ab - b) / 2,
        ),
        "statistics.mean": lambda n, a, b, ab: (
            statistics.mean([a - n, ab - b]),
            statistics.mean([b - n, ab - a]),
        ),
    },
    "hit_rate": {
        "a loop": lambda maps, masks: (
            sum(
                bool(mask.flatten()[m.abs().argmax()])
                for m, mask in zip(maps, masks, strict=True)
            )
            / len(maps)
        ),
        "the largest value": lambda maps, masks: (
            ((maps.abs() * masks).amax((1, 2)) == maps.abs().amax((1, 2)))
            .double()
            .mean()
        ),
        "squares": lambda maps, masks: (
            masks.flatten(1)
            .gather(1, maps.square().flatten(1).argmax(1, keepdim=True))
            .float()
            .mean()
        ),
    },
    "which_cheats": {
        "image by image": _cheat(
            lambda m: (_corners(m).sum((1, 2)) / m.sum((1, 2))).mean()
        ),
        "median image": _cheat(
            lambda m: (_corners(m).sum((1, 2)) / m.sum((1, 2))).median()
        ),
        "against the rest": _cheat(
            lambda m: _corners(m).sum() / (m.sum() - _corners(m).sum())
        ),
    },
    "tcav_score": {
        "a matrix product": lambda g, d: (
            (g.flatten(1) @ d.flatten() > 0).float().mean()
        ),
        "a direction of length 1": lambda g, d: (
            ((g * d / d.norm()).sum(dim=(1, 2, 3)) > 0).double().mean()
        ),
        "NumPy": lambda g, d: np.mean(
            (g.numpy() * d.numpy()).sum(axis=(1, 2, 3)) > 0
        ),
    },
}
