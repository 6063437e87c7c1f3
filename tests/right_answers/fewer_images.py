"""Right answers in the exercises on fewer images, unusual ones."""

import math

import numpy as np
import torch
from torch.nn import functional as F


def by_cholesky(X):
    X = X - X.mean(dim=0)
    return torch.linalg.solve_triangular(
        torch.linalg.cholesky(torch.cov(X.T)), X.T, upper=False
    ).T


def turned_back(X):
    X = X - X.mean(dim=0)
    variance, directions = torch.linalg.eigh(torch.cov(X.T))
    return X @ directions / variance.sqrt() @ directions.T


def by_svd(X):
    U, _, _ = torch.linalg.svd(X - X.mean(dim=0), full_matrices=False)
    return U * math.sqrt(len(X) - 1)


def divided_by_n(X):
    U, _, _ = np.linalg.svd(X.numpy() - X.numpy().mean(0), full_matrices=False)
    return U * len(X) ** 0.5


def by_columns(X):
    done = []
    for column in (X - X.mean(dim=0)).T:
        for other in done:
            column = column - other * (column @ other) / (len(X) - 1)
        done.append(column / column.std())
    return torch.stack(done, dim=1)


def in_a_loop(centres, Z):
    sums = [torch.zeros(Z.shape[1], dtype=Z.dtype) for _ in centres]
    met = set()
    for row in Z:
        best = max(range(len(centres)), key=lambda i: centres[i] @ row)
        sums[best] += row
        met.add(best)
    return torch.stack(
        [
            sums[i] / sums[i].norm() if i in met else centres[i]
            for i in range(len(centres))
        ]
    )


def by_distance(centres, Z):
    nearest = torch.cdist(Z, centres).argmin(dim=1)
    new = centres.clone()
    for i in nearest.unique():
        new[i] = F.normalize(Z[nearest == i].mean(dim=0), dim=0)
    return new


def one_hot(centres, Z):
    member = F.one_hot((Z @ centres.T).argmax(dim=1), len(centres))
    sums = member.T.to(Z.dtype) @ Z
    norms = sums.norm(dim=1, keepdim=True)
    return torch.where(norms > 0, sums / norms.clamp(min=1e-12), centres)


def as_one_matrix(W, b, m, s, U, T):
    weight = W @ (torch.eye(len(m), dtype=m.dtype) - U @ T).T @ s.diag()
    return weight, b - weight @ m


def by_two_points(W, b, m, s, U, T):
    def layer(f):
        x = (f - m) * s
        return W @ (x - x @ U @ T) + b

    bias = layer(torch.zeros_like(m))
    columns = [layer(e) - bias for e in torch.eye(len(m), dtype=m.dtype)]
    return torch.stack(columns, dim=1), bias


def in_pieces(W, b, m, s, U, T):
    scaled = W * s
    taken = torch.einsum("od,kd,ek->oe", W, T, U) * s
    return [scaled - taken, b - (scaled - taken).mv(m)]


def sine_squared(progress, rise=0.03, floor=0.05):
    if progress < rise:
        height = progress / rise
    elif progress < 1:
        height = math.cos(math.pi / 2 * (progress - rise) / (1 - rise)) ** 2
    else:
        height = 0
    return max(height, floor)


def interpolated(progress, rise=0.03, floor=0.05):
    turn = np.interp(progress, [rise, 1], [0, np.pi])
    return np.clip(min(progress / rise, 0.5 + 0.5 * np.cos(turn)), floor, None)


def in_one_line(progress, rise=3e-2, floor=5e-2):
    rest = min(max(progress - rise, 0) / (1 - rise), 1)
    return max(floor, min(progress / rise, (math.cos(rest * math.pi) + 1) / 2))


RIGHT = {
    "whiten": {
        "Cholesky": by_cholesky,
        "turned back": turned_back,
        "a singular value decomposition": by_svd,
        "divided by n, in NumPy": divided_by_n,
        "all in float32": lambda X: turned_back(X.float()),
        "turned on instead of back": lambda X: (
            by_svd(X) @ torch.linalg.eigh(torch.cov(X.T))[1]
        ),
        "one column after the other": by_columns,
    },
    "kmeans_step": {
        "row by row": in_a_loop,
        "by the distance": by_distance,
        "a table of zeros and ones": one_hot,
    },
    "folded": {
        "one matrix": as_one_matrix,
        "measured": by_two_points,
        "a list, in pieces": in_pieces,
        "all in float32": lambda *case: in_pieces(*(x.float() for x in case)),
    },
    "one_cycle": {
        "a squared cosine": sine_squared,
        "NumPy": interpolated,
        "one line": in_one_line,
    },
}
