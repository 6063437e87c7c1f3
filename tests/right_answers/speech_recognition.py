"""Right answers that are easily refused, on speech recognition."""

from functools import cache
from itertools import groupby

import numpy as np
import torch
from torch.nn import functional as F


def in_numpy(x):
    x = x.numpy()
    y = np.sign(x) * np.log(1 + 255 * np.abs(x)) / np.log(256)
    return np.floor((y + 1) / 2 * 255 + 0.5).astype(np.uint8)


def one_by_one(x):
    codes = []
    for value in x.tolist():
        y = np.log1p(255 * abs(value)) / np.log(256)
        codes.append(round((np.copysign(y, value) + 1) * 127.5))
    return codes


def by_two_halves(x):
    size = torch.log1p(255 * x.abs()) / torch.log(torch.tensor(256.0))
    y = torch.where(x < 0, -size, size)
    return (127.5 * y + 127.5).round().to(torch.uint8)


def last_seen(path):
    result, last = [], 0
    for symbol in path:
        if symbol not in (0, last):
            result.append(symbol)
        last = symbol
    return result


def as_tensor(path):
    runs = torch.unique_consecutive(torch.as_tensor(path))
    return runs[runs != 0]


def state_by_state(alpha, log_probs, jump):
    result = []
    for k in range(len(alpha)):
        ways = [alpha[k]]
        if k >= 1:
            ways.append(alpha[k - 1])
        if k >= 2 and jump[k]:
            ways.append(alpha[k - 2])
        result.append(torch.logsumexp(torch.stack(ways), dim=0))
    return torch.stack(result) + log_probs


def padded(alpha, log_probs, jump):
    one = F.pad(alpha, (1, 0), value=-1e30)[:-1]
    two = F.pad(alpha, (2, 0), value=-1e30)[:-2].masked_fill(~jump, -1e30)
    most = torch.maximum(torch.maximum(alpha, one), two).detach()
    total = sum((way - most).exp() for way in (alpha, one, two))
    return most + total.log() + log_probs


def pairs_of_logarithms(alpha, log_probs, jump):
    never = alpha.new_full((2,), float("-inf"))
    padded = torch.cat([never, alpha])
    two = padded[:-2].masked_fill(~jump, float("-inf"))
    near = torch.logaddexp(alpha, padded[1:-1])
    return torch.logaddexp(near, two) + log_probs


def recursive(a, b):
    a, b = tuple(a), tuple(b)

    @cache
    def to(i, j):
        if not i or not j:
            return i + j
        return min(
            to(i - 1, j) + 1,
            to(i, j - 1) + 1,
            to(i - 1, j - 1) + (a[i - 1] != b[j - 1]),
        )

    return to(len(a), len(b))


def a_table(a, b):
    table = np.zeros((len(a) + 1, len(b) + 1), int)
    table[:, 0], table[0] = range(len(a) + 1), range(len(b) + 1)
    for i, j in np.ndindex(len(a), len(b)):
        change = table[i, j] + (0 if a[i] == b[j] else 1)
        table[i + 1, j + 1] = min(
            table[i, j + 1] + 1, table[i + 1, j] + 1, change
        )
    return table[-1, -1]


RIGHT = {
    "mu_law": {
        "NumPy, rounded by hand": in_numpy,
        "one by one, a list": one_by_one,
        "two halves, as bytes": by_two_halves,
    },
    "collapse": {
        "groupby": lambda path: [s for s, _ in groupby(path) if s != 0],
        "the last symbol seen": last_seen,
        "a tensor": as_tensor,
    },
    "ctc_step": {
        "state by state": state_by_state,
        "padded, the largest taken out": padded,
        "pairs of logarithms, with -inf": pairs_of_logarithms,
    },
    "edit_distance": {
        "a function that calls itself": recursive,
        "a whole table, NumPy": a_table,
        "in a tensor": lambda a, b: torch.tensor([recursive(a, b)]),
    },
}
