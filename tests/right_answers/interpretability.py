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


RIGHT = {
    "importance": {
        "divided by n": lambda w, X: abs(w) * X.std(dim=0, correction=0),
        "NumPy, divided by n": lambda w, X: np.abs(w) * np.std(X.numpy(), 0),
        "the spread of the products": lambda w, X: (w * X).std(dim=0),
    },
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
}
