"""Right answers in the exercises on image generation, unusual ones."""

import itertools
import warnings

import numpy as np
import torch
from scipy.linalg import sqrtm


def recursive(velocity, x, num_steps, step=0):
    if step == num_steps:
        return x
    moved = x + velocity(x, step / num_steps) / num_steps
    return recursive(velocity, moved, num_steps, step + 1)


def with_a_clock(velocity, x, num_steps):
    x, t = x.clone(), 0.0
    for _ in range(num_steps):
        x += velocity(x, t) / num_steps
        t += 1 / num_steps
    return x


def times_from_linspace(velocity, x, num_steps):
    times = torch.linspace(0, 1, num_steps + 1, dtype=torch.float64)
    for begin, end in itertools.pairwise(times):
        x = torch.add(x, velocity(x, begin) * (end - begin))
    return x


def by_symmetric_root(A, B):
    A, B = A.numpy(), B.numpy()
    C, D = (np.cov(X, rowvar=False) for X in (A, B))
    values, turn = np.linalg.eigh(C)
    root = turn @ np.diag(np.sqrt(values.clip(min=0))) @ turn.T
    inner = np.linalg.eigvalsh(root @ D @ root).clip(min=0)
    apart = A.mean(axis=0) - B.mean(axis=0)
    return apart @ apart + np.trace(C + D) - 2 * np.sqrt(inner).sum()


def by_scipy(A, B):
    C, D = A.T.cov(), B.T.cov()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of an eigenvalue of 0
        root = torch.as_tensor(sqrtm((C @ D).numpy()).real.copy())
    apart = torch.dist(A.mean(0), B.mean(0)) ** 2
    return (apart + torch.trace(C + D - 2 * root)).item()


def by_singular_values(A, B):
    """The nuclear norm of the product of the centred tables."""
    a, b = A - A.mean(dim=0), B - B.mean(dim=0)
    scale = ((len(A) - 1) * (len(B) - 1)) ** 0.5
    nuclear = torch.linalg.svdvals(a @ b.T).sum() / scale
    spread = a.square().sum() / (len(A) - 1) + b.square().sum() / (len(B) - 1)
    return (A.mean(0) - B.mean(0)).square().sum() + spread - 2 * nuclear


RIGHT = {
    "euler": {
        "recursive": recursive,
        "a clock, and in place on a copy": with_a_clock,
        "the times as tensors": times_from_linspace,
    },
    "guided": {
        "a weighted mean": lambda c, w, s: s * c + (1 - s) * w,
        "torch.lerp": lambda c, w, s: torch.lerp(w, c, s),
        "beginning at the class": lambda c, w, s: c + (s - 1) * (c - w),
        "torch.add": lambda c, w, s: torch.add(w, c - w, alpha=s),
    },
    "frechet_distance": {
        "a symmetric product, in NumPy": by_symmetric_root,
        "SciPy's root": by_scipy,
        "singular values": by_singular_values,
    },
    "reparametrise": {
        "the root of the variance": lambda m, v, e: m + v.exp().sqrt() * e,
        "a power": lambda m, v, e: torch.addcmul(m, e, torch.e ** (v / 2)),
        "in float32": lambda m, v, e: (
            m.float() + (v.float() / 2).exp() * e.float()
        ),
    },
}
