"""What learners really write in the exercises on fewer images."""

import math

import torch
from torch.nn import functional as F

from helpers.fast_recipe import folded as _folded
from helpers.fast_recipe import one_cycle as _one_cycle
from helpers.without_labels import kmeans_step as _kmeans_step


def directions_of(X):
    return torch.linalg.eigh(torch.cov(X.T))


def each_column(X):
    return (X - X.mean(dim=0)) / X.std(dim=0)


def mean_forgotten(X):
    variance, directions = directions_of(X)
    return X @ directions / variance.sqrt()


def only_turned(X):
    return (X - X.mean(dim=0)) @ directions_of(X)[1]


def by_the_variance(X):
    variance, directions = directions_of(X)
    return (X - X.mean(dim=0)) @ directions / variance


def multiplied(X):
    variance, directions = directions_of(X)
    return (X - X.mean(dim=0)) @ directions * variance.sqrt()


def transposed_directions(X):
    variance, directions = directions_of(X)
    return (X - X.mean(dim=0)) @ directions.T / variance.sqrt()


def one_mean(X):
    variance, directions = directions_of(X)
    return (X - X.mean()) @ directions / variance.sqrt()


def divided_before_turning(X):
    variance, _ = directions_of(X)
    return (X - X.mean(dim=0)) / variance.sqrt()


def raw_products(X):
    variance, directions = torch.linalg.eigh(X.T @ X / len(X))
    return X @ directions / variance.sqrt()


def first_column_only(X):
    variance, directions = directions_of(X)
    return ((X - X.mean(dim=0)) @ directions / variance.sqrt())[:, :1]


def one_spread(X):
    Z = only_turned(X)
    return Z / Z.std()


def assigned(centres, Z, nearest=None, finish=F.normalize, **options):
    if nearest is None:
        nearest = (Z @ centres.T).argmax(dim=1)
    new = centres.clone()
    for i in range(len(centres)):
        if (nearest == i).any():
            new[i] = finish(Z[nearest == i].sum(dim=0), dim=0, **options)
    return new


def means(centres, Z):
    nearest = (Z @ centres.T).argmax(dim=1)
    new = centres.clone()
    for i in range(len(centres)):
        if (nearest == i).any():
            new[i] = Z[nearest == i].mean(dim=0)
    return new


def means_or_nan(centres, Z):
    nearest = (Z @ centres.T).argmax(dim=1)
    rows = [Z[nearest == i].mean(dim=0) for i in range(len(centres))]
    return F.normalize(torch.stack(rows))


def lonely_zero(centres, Z):
    nearest = (Z @ centres.T).argmax(dim=1)
    sums = torch.zeros_like(centres).index_add_(0, nearest, Z)
    return F.normalize(sums)


def old_kept_in(centres, Z):
    nearest = (Z @ centres.T).argmax(dim=1)
    return F.normalize(centres.clone().index_add_(0, nearest, Z))


def one_row_only(centres, Z):
    new = centres.clone()
    for row in Z:
        new[(centres @ row).argmax()] = F.normalize(row, dim=0)
    return new


def row_by_row(centres, Z):
    new, sums = centres.clone(), torch.zeros_like(centres)
    for row in Z:
        nearest = (new @ row).argmax()
        sums[nearest] += row
        new[nearest] = F.normalize(sums[nearest], dim=0)
    return new


def of_the_sums(change):
    def answer(centres, Z):
        nearest = (Z @ centres.T).argmax(dim=1)
        sums = torch.zeros_like(centres).index_add_(0, nearest, Z)
        alone = nearest.bincount(minlength=len(centres)) == 0
        return torch.where(alone[:, None], centres, change(sums))

    return answer


def of_its_own(X):
    Z = torch.arange(X.numel()).square().sin().reshape(X.shape)
    return torch.linalg.qr(Z - Z.mean(dim=0))[0] * math.sqrt(len(X) - 1)


def by_45_degrees(X):
    X = X - X.mean(dim=0)
    Z = X.clone()
    Z[:, 0], Z[:, 1] = X[:, 0] + X[:, 1], X[:, 0] - X[:, 1]
    return Z / Z.std(dim=0)


def cycle(progress, rise=0.03, floor=0.05, low=None, first=None):
    if progress < rise:
        return max(progress / rise, floor) if first is None else first
    rest = min((progress - rise) / (1 - rise), 1)
    return max(half_wave(rest), floor if low is None else low)


def rising(progress, rise, floor, fall, first=None):
    if progress < rise:
        return max(progress / rise, floor) if first is None else first
    return max(fall((progress - rise) / (1 - rise)), floor)


def half_wave(share):
    return (1 + math.cos(math.pi * share)) / 2


WRONG = {
    "whiten": {
        "together they still go up and down": each_column,
        "mean first; for X = [[1, 1], [2, 3], [4, 4]] the mean of what you "
        "return is [0.5774, 1.667]": mean_forgotten,
        "the spreads still differ": only_turned,
        "the root of the variance": by_the_variance,
        "you multiply": multiplied,
        "without a transpose": transposed_directions,
        "it is not X": of_its_own,
        "for X = [[0, 0], [2, 2.5]": by_45_degrees,
        "a mean of its own": one_mean,
        "after you have turned": divided_before_turning,
        "before you look for directions": raw_products,
        "as many rows and columns": first_column_only,
        "by roots; for X = [[1, 1]": one_spread,
    },
    "kmeans_step": {
        "torch.stack makes it of a list": lambda c, Z: list(
            _kmeans_step(c, Z)
        ),
        "the patches of the next cell are float32": lambda c, Z: _kmeans_step(
            c, Z
        ).double(),
        "not the smallest": lambda c, Z: assigned(
            c, Z, (Z @ c.T).argmin(dim=1)
        ),
        "absolute value": lambda c, Z: assigned(
            c, Z, (Z @ c.T).abs().argmax(dim=1)
        ),
        "centres are means": means,
        "centres are sums": lambda c, Z: assigned(
            c, Z, finish=lambda x, dim: x
        ),
        "has become 0": lonely_zero,
        "has become NaN": means_or_nan,
        "leave it out": old_kept_in,
        "do not normalise Z": lambda c, Z: assigned(c, F.normalize(Z)),
        "have not moved": lambda c, Z: c.clone(),
        "only the last row": one_row_only,
        "not all of them together": of_the_sums(lambda s: s / s.norm()),
        "does it by rows": of_the_sums(lambda s: F.normalize(s, dim=0)),
        "Not right: `(Z @ centres.T)": row_by_row,
    },
    "folded": {
        "goes back into a layer of float32": lambda *case: [
            part.double() for part in _folded(*case)
        ],
        "which the next cells need": lambda *case: [
            part.numpy() for part in _folded(*case)
        ],
        "the scale s is missing": lambda W, b, m, s, U, T: (
            W - W @ T.T @ U.T,
            b - (W - W @ T.T @ U.T) @ m,
        ),
        "folded in last": lambda W, b, m, s, U, T: (
            W * s - (W * s) @ T.T @ U.T,
            b,
        ),
        "have changed places": lambda W, b, m, s, U, T: (
            (W - W @ U @ T) * s,
            b,
        ),
        "so subtract": lambda W, b, m, s, U, T: ((W + W @ T.T @ U.T) * s, b),
        "start from W": lambda W, b, m, s, U, T: ((W @ T.T @ U.T) * s, b),
        "x @ U @ T is missing": lambda W, b, m, s, U, T: (W * s, b - W @ m),
        "do not divide": lambda W, b, m, s, U, T: (
            (W - W @ T.T @ U.T) / s,
            b,
        ),
        "the weight has not changed": lambda W, b, m, s, U, T: (W, b),
        "must leave the bias": lambda W, b, m, s, U, T: (
            (W - W @ T.T @ U.T) * s,
            b,
        ),
        "minus": lambda W, b, m, s, U, T: (
            (W - W @ T.T @ U.T) * s,
            b + ((W - W @ T.T @ U.T) * s) @ m,
        ),
        "not the old": lambda W, b, m, s, U, T: (
            (W - W @ T.T @ U.T) * s,
            b - W @ m,
        ),
        "through the whole map": lambda W, b, m, s, U, T: (
            (W - W @ T.T @ U.T) * s,
            b - (W * s) @ m,
        ),
        "the mean is scaled twice": lambda W, b, m, s, U, T: (
            (W - W @ T.T @ U.T) * s,
            b - ((W - W @ T.T @ U.T) * s) @ (m * s),
        ),
        "the mean is scaled too": lambda W, b, m, s, U, T: (
            (W - W @ T.T @ U.T) * s,
            b - (W - W @ T.T @ U.T) @ m,
        ),
        "the old bias is lost": lambda W, b, m, s, U, T: (
            (W - W @ T.T @ U.T) * s,
            -((W - W @ T.T @ U.T) * s) @ m,
        ),
        "return two things": lambda W, b, m, s, U, T: (W - W @ T.T @ U.T) * s,
    },
    "one_cycle": {
        "return one number": lambda p, r=0.03, f=0.05: [_one_cycle(p, r, f)],
        "rises again": lambda p, r, f: rising(p, r, f, half_wave),
        "straight line": lambda p, r, f: rising(
            p, r, f, lambda share: 1 - min(share, 1)
        ),
        "at the beginning either": lambda p, r, f: (
            p / r
            if p < r
            else rising(p, r, f, lambda share: half_wave(min(share, 1)))
        ),
        "begins at `rise`": lambda p, r, f: (
            max(p / r, f) if p < r else max(half_wave(min(p, 1)), f)
        ),
        "what is left after the rise": lambda p, r, f: (
            max(p / r, f) if p < r else max(half_wave(min(p - r, 1)), f)
        ),
        "add 1 and halve": lambda p, r, f: rising(
            p, r, f, lambda share: math.cos(math.pi * min(share, 1))
        ),
        "a quarter of a wave": lambda p, r, f: rising(
            p, r, f, lambda share: math.cos(math.pi * min(share, 1) / 2)
        ),
        "is not added": lambda p, r, f: (
            f + (1 - f) * p / r
            if p < r
            else f + (1 - f) * half_wave(min((p - r) / (1 - r), 1))
        ),
        "the floor is missing": lambda p, r, f: (
            p / r if p < r else half_wave(min((p - r) / (1 - r), 1))
        ),
        "the rise is missing": lambda p, r, f: rising(
            p, r, f, lambda share: half_wave(min(share, 1)), first=1.0
        ),
        "the rise lasts until": lambda p, r, f: (
            max(p, f)
            if p < r
            else rising(p, r, f, lambda share: half_wave(min(share, 1)))
        ),
        "Not right: a line up to": lambda p, r, f: 1 - p / 3,
        "at the end either": lambda p, r, f: cycle(p, r, f, low=0),
        "halve it": lambda p, r, f: rising(
            p, r, f, lambda share: 2 * half_wave(min(share, 1))
        ),
        "comes down to the floor": lambda p, r, f: (
            max(p / r, f) if p < r else f + (1 - f) * cycle(p, r, 0)
        ),
        "begins at the floor": lambda p, r, f: cycle(
            p, r, f, first=f + (1 - f) * p / r
        ),
        "with `progress` alone": lambda p, r=0.3, f=0.0: cycle(p, r, f),
        "missing 2 required": lambda p, r, f: cycle(p, r, f),
    },
}
