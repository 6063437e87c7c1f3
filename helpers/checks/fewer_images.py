"""The checks of the exercises on fewer images."""

import math

import torch
from torch.nn import functional as F

from helpers.checks import (
    Misconception,
    brief,
    check,
    diagnose,
    draws,
    numbers,
    part,
    tensors,
    uniform,
)
from helpers.fast_recipe import folded as _folded
from helpers.fast_recipe import one_cycle as _one_cycle
from helpers.without_labels import kmeans_step as _kmeans_step


def _whiten(X):
    X = X - X.mean(dim=0)
    variance, directions = torch.linalg.eigh(torch.cov(X.T))
    return X @ directions / variance.sqrt()


@check(right="mean 0, spread 1, and uncorrelated", ours=_whiten)
def whiten(answer, random):
    def draw(random):
        rows, columns = random.choice(((5, 2), (6, 3), (7, 2)))
        X = uniform(random, (rows, columns))
        X[:, 1] += 2 * X[:, 0] + 3
        return (X,)

    fixed = tensors(
        ([[1.0, 1.0], [2.0, 3.0], [4.0, 4.0]],),
        ([[0.0, 0.0], [2.0, 2.5], [4.0, 3.5], [6.0, 6.0]],),
    )
    cases = fixed + draws(draw, random)
    covariances = {}

    # Z and Z turned are white alike; the products of their rows are equal.
    def products(whitening):
        def function(X):
            Z = whitening(X)
            return Z @ Z.T

        return function

    def judged(X):
        Z = numbers(answer(X))
        if Z.shape != X.shape:
            raise Misconception(
                f"return as many rows and columns as X has, {tuple(X.shape)}, "
                f"not {tuple(Z.shape)}"
            )
        if not covariances:
            covariances["yours"] = brief(torch.cov(Z.double().T))
        return Z.double() @ Z.double().T

    def changed(centre=True, of=torch.cov, turn="columns", power=0.5):
        def function(X):
            centred = X - X.mean(dim=0)
            variance, directions = torch.linalg.eigh(of(centred.T))
            Z = centred if centre else X
            if turn:
                Z = Z @ (directions if turn == "columns" else directions.T)
            return Z / variance**power

        return products(function)

    def all_rows(X):
        X = X - X.mean()
        variance, directions = torch.linalg.eigh(torch.cov(X.T))
        return X @ directions / variance.sqrt()

    def not_centred_first(X):
        variance, directions = torch.linalg.eigh(X.T @ X / len(X))
        return X @ directions / variance.sqrt()

    mistakes = {
        "each column has spread 1, but together they still go up and down: "
        "turn to the principal directions first": products(
            lambda X: (X - X.mean(dim=0)) / X.std(dim=0)
        ),
        "the mean is not 0: subtract each column's mean first": changed(False),
        "the spreads still differ: along each principal direction, divide by "
        "the root of its variance": changed(power=0),
        "divide by the spread, which is the root of the variance": changed(
            power=1
        ),
        "you multiply by the spread: divide by it": changed(power=-0.5),
        "each column has a mean of its own: X.mean(dim=0)": products(all_rows),
        "subtract the mean before you look for directions": products(
            not_centred_first
        ),
        "the directions stand in the columns of what eigh gives: X @ "
        "directions, without a transpose": changed(turn="rows"),
        "divide after you have turned to the directions: X @ "
        "directions": changed(turn=None),
    }
    otherwise = "subtract the mean, turn by `X @ directions`, divide by roots"

    def by_n(X):
        return products(_whiten)(X) * len(X) / (len(X) - 1)

    try:
        truth = products(_whiten)
        diagnose(judged, cases, truth, mistakes, otherwise, also=[by_n])
    except Misconception as found:
        text = str(found).partition("; ")[0]
        if covariances:
            text += f"; for X = {brief(fixed[0][0])} the covariance of what "
            text += f"you return is {covariances['yours']}"
        raise Misconception(text) from None


@check(
    right="rows go to the nearest direction, and centres to their rows",
    ours=_kmeans_step,
)
def kmeans_step(answer, random):
    def draw(random):
        count, size = random.choice(((2, 2), (3, 2), (3, 3), (4, 2)))
        centres = F.normalize(uniform(random, (count, size)) + 0.003)
        rows = random.randint(1, 5)
        return centres, uniform(random, (rows, size)) + 0.003

    def step(centres, Z, nearest=None, lonely="stay", length=True, with_=0):
        if nearest is None:
            nearest = (Z @ centres.T).argmax(dim=1)
        moved = []
        for index, centre in enumerate(centres):
            own = Z[nearest == index]
            total = own.sum(dim=0) + with_ * centre
            if not len(own) and lonely == "stay":
                moved.append(centre)
            elif not len(own) and lonely == "nan":
                moved.append(total * math.nan)
            elif length:
                moved.append(F.normalize(total, dim=0))
            else:
                moved.append(total / (len(own) if length is None else 1))
        return torch.stack(moved)

    def otherwise_near(choose):
        return lambda c, Z: step(c, Z, choose(Z @ c.T))

    mistakes = {
        "the nearest centre has the largest product, not the "
        "smallest": otherwise_near(lambda p: p.argmin(dim=1)),
        "a product of -1 points the opposite way: no "
        "absolute value": otherwise_near(lambda p: p.abs().argmax(dim=1)),
        "the new centres are means: make their length 1": lambda c, Z: step(
            c, Z, length=None
        ),
        "the new centres are sums: make their length 1": lambda c, Z: step(
            c, Z, length=False
        ),
        "a centre without rows has become 0: it stays where it "
        "was": lambda c, Z: step(c, Z, lonely="zero"),
        "a centre without rows has become NaN, 0 divided by 0: it stays where "
        "it was": lambda c, Z: step(c, Z, lonely="nan"),
        "the old centre is not one of its rows: leave it out of the "
        "sum": lambda c, Z: step(c, Z, with_=1),
        "long rows count more than short ones: do not normalise "
        "Z": lambda c, Z: step(c, F.normalize(Z)),
        "the centres have not moved: sum the rows of each": lambda c, Z: c,
    }
    cases = tensors(
        ([[1.0, 0.0], [0.0, 1.0]], [[2.0, 1.0]]),
        ([[1.0, 0.0], [0.0, 1.0]], [[3.0, 1.0], [1.0, 0.5], [-4.0, 1.0]]),
        ([[0.6, 0.8], [0.8, -0.6]], [[2.0, 1.0], [-3.0, -2.0]]),
    )
    otherwise = "`(Z @ centres.T).argmax(dim=1)` says where each row goes"
    diagnose(answer, cases + draws(draw, random), step, mistakes, otherwise)


@check(
    right="the layer gives the same, straight from the features",
    ours=_folded,
)
def folded(answer, random):
    def draw(random):
        out, size, large = random.choice(((1, 2, 1), (2, 3, 1), (2, 4, 2)))
        shapes = (out, size), out, size, size, (size, large), (large, size)
        W, b, m, s, U, T = (uniform(random, shape) for shape in shapes)
        return W, b, m, s.abs() + 0.5, U, T

    def weight(W, b, m, s, U, T):
        return (W - (W @ T.T) @ U.T) * s

    weights = {
        "the scale s is missing: each column of the weight is multiplied "
        "by its s": lambda W, b, m, s, U, T: W - (W @ T.T) @ U.T,
        "the scale comes first, so it is folded in last: W - W @ T.T @ U.T, "
        "then times s": lambda W, b, m, s, U, T: W * s - ((W * s) @ T.T) @ U.T,
        "U and T have changed places: W @ (x @ U @ T) needs W @ T.T @ "
        "U.T": lambda W, b, m, s, U, T: (W - W @ U @ T) * s,
        "x @ U @ T is taken away, so subtract": lambda W, b, m, s, U, T: (
            (W + (W @ T.T) @ U.T) * s
        ),
        "that is only what is taken away: start from W": (
            lambda W, b, m, s, U, T: (W @ T.T) @ U.T * s
        ),
        "only the scale is folded in: x @ U @ T is missing": (
            lambda W, b, m, s, U, T: W * s
        ),
        "x is f - m multiplied by s: multiply the columns too, do not "
        "divide": lambda W, b, m, s, U, T: (W - (W @ T.T) @ U.T) / s,
        "the weight has not changed": lambda W, b, m, s, U, T: W,
    }
    biases = {
        "the mean is subtracted from every feature: what it would add must "
        "leave the bias": lambda W, b, m, s, U, T: b,
        "the mean is subtracted, so its share leaves the bias: "
        "minus": lambda W, b, m, s, U, T: b + weight(W, b, m, s, U, T) @ m,
        "the mean goes through the new weight, not the "
        "old": lambda W, b, m, s, U, T: b - W @ m,
        "the mean goes through the whole map, x @ U @ T "
        "too": lambda W, b, m, s, U, T: b - (W * s) @ m,
        "the old bias is lost: start from b": lambda W, b, m, s, U, T: (
            -weight(W, b, m, s, U, T) @ m
        ),
    }
    small = tensors(
        (
            [[1.0, 2.0]],
            [0.5],
            [1.0, 3.0],
            [2.0, 4.0],
            [[1.0], [0.0]],
            [[0.5, 0.25]],
        ),
    )
    cases = small + draws(draw, random)
    names = "the weight", "the bias"
    jobs = (
        (
            0,
            weights,
            "multiply out W @ x for x = (f - m) * s, minus x @ U @ T",
        ),
        (
            1,
            biases,
            "whatever f is, the difference is what m does: weight @ m",
        ),
    )
    for index, mistakes, otherwise in jobs:
        diagnose(
            part(answer, index, *names),
            cases,
            part(_folded, index, *names),
            mistakes,
            otherwise,
            what=names[index],
        )


@check(
    right="it rises in a line, falls along a cosine, and stays at the floor",
    ours=_one_cycle,
)
def one_cycle(answer, random):
    def draw(random):
        rise = round(random.uniform(0.05, 0.6), 2)
        floor = round(random.uniform(0.02, 0.3), 2)
        progress = round(random.choice((rise, 1.0, 1.5)) * random.random(), 3)
        return progress, rise, floor

    def wave(share):
        return (1 + math.cos(math.pi * share)) / 2

    def cycle(progress, rise, floor, fall=wave, stay=True, first=None):
        if progress < rise:
            share = progress / rise
            return max(share, floor) if first is None else first(share, floor)
        rest = (progress - rise) / (1 - rise)
        return max(fall(min(rest, 1) if stay else rest), floor)

    mistakes = {
        "at the end it must stay at the floor; the cosine rises again: use "
        "min(..., 1)": lambda p, r, f: cycle(p, r, f, stay=False),
        "the fall is a straight line: use the cosine": lambda p, r, f: cycle(
            p, r, f, fall=lambda share: 1 - share
        ),
        "nowhere below the floor, at the beginning either": lambda p, r, f: (
            cycle(p, r, f, first=lambda s, _: s)
        ),
        "the fall begins at `rise`: the share of the way from rise to 1 is "
        "(progress - rise) / (1 - rise)": lambda p, r, f: (
            cycle(p, r, f) if p < r else max(wave(min(p, 1)), f)
        ),
        "divide by what is left after the rise, 1 - rise": lambda p, r, f: (
            cycle(p, r, f) if p < r else max(wave(min(p - r, 1)), f)
        ),
        "the cosine goes from 1 to -1: add 1 and halve": lambda p, r, f: cycle(
            p, r, f, fall=lambda share: math.cos(math.pi * share)
        ),
        "a quarter of a wave falls ever faster: take half of one, "
        "(1 + cos(pi * share)) / 2": lambda p, r, f: cycle(
            p, r, f, fall=lambda share: math.cos(math.pi * share / 2)
        ),
        "the floor is a limit, `max(..., floor)`, and is not "
        "added": lambda p, r, f: cycle(
            p,
            r,
            0,
            first=lambda s, _: f + (1 - f) * s,
            fall=lambda share: f + (1 - f) * wave(share),
        ),
        "the floor is missing: max(..., floor)": lambda p, r, f: cycle(
            p, r, 0
        ),
        "the rise is missing": lambda p, r, f: cycle(
            p, r, f, first=lambda s, _: 1.0
        ),
        "the rise lasts until `rise`: progress / rise": lambda p, r, f: cycle(
            p, r, f, first=lambda s, _: max(s * r, f)
        ),
    }
    cases = [(p, 0.2, 0.05) for p in (0.0, 0.1, 0.2, 0.6, 0.9, 1.0, 1.3, 2.0)]
    cases += [(0.004, 0.2, 0.05), (0.99, 0.2, 0.05), (1.7, 0.5, 0.1)]
    otherwise = (
        "a line up to `rise`, then half a cosine wave, at least `floor`"
    )
    diagnose(answer, cases + draws(draw, random), cycle, mistakes, otherwise)
