"""The checks of the exercises on fewer images."""

import math

import torch
from torch.nn import functional as F

from helpers.checks import (
    Misconception,
    brief,
    check,
    close,
    diagnose,
    draws,
    keeps_dtype,
    numbers,
    part,
    tensors,
    uniform,
)
from helpers.fast_recipe import folded as _folded
from helpers.fast_recipe import one_cycle as _one_cycle
from helpers.without_labels import kmeans_step as _kmeans_step


def _centred(X):
    return X - X.mean(dim=0)


def _whiten(X, centre=_centred, of=torch.cov, turn=torch.clone, power=0.5):
    variance, directions = torch.linalg.eigh(of(X.T))
    return centre(X) @ turn(directions) / variance**power


@check(right="mean 0, spread 1, and uncorrelated", ours=_whiten)
def whiten(answer, random):
    def draw(random):
        rows, columns = random.choice(((5, 2), (6, 3), (7, 2)))
        X = uniform(random, (rows, columns))
        X[:, 1] += 2 * X[:, 0] + 3
        return (X,)

    cases = tensors(
        ([[1.0, 1.0], [2.0, 3.0], [4.0, 4.0]],),
        ([[0.0, 0.0], [2.0, 2.5], [4.0, 3.5], [6.0, 6.0]],),
    )
    cases += draws(draw, random)
    white, seen = [], []

    # Z and Z turned are white alike; the products of their rows are equal.
    def products(X, whitening=_whiten, **change):
        Z = whitening(X, **change)
        return Z @ Z.T

    def judged(X):
        Z = numbers(answer(X))
        if Z.shape != X.shape:
            raise Misconception(
                f"return as many rows and columns as X has, {tuple(X.shape)}, "
                f"not {tuple(Z.shape)}"
            )
        by_n = 1 - 1 / len(X)  # if the variance is divided by n
        one = torch.eye(len(X.T))
        found = {"mean": (Z.mean(dim=0), 0 * one[0])}
        found["covariance"] = torch.cov(Z.T), one
        off = [
            f"; for X = {brief(X)} the {name} of what you return is "
            + brief(got.round(decimals=4) + 0.0)
            for name, (got, asked) in found.items()
            if not any(close(got * by, asked, 1e-3) for by in (1, by_n))
        ]
        seen.extend(off)
        white.append(not off)
        return Z @ Z.T

    def mistakes(X):
        def raw(columns):
            return columns @ columns.T / len(X)

        changes = {
            "each column has spread 1, but together they still go up and "
            "down: turn to the principal directions first":
                {"whitening": lambda X: _centred(X) / X.std(dim=0)},
            "the mean is not 0: subtract each column's mean first":
                {"centre": torch.clone},
            "the spreads still differ: along each principal direction, divide "
            "by the root of its variance": {"power": 0},
            "divide by the spread, which is the root of the variance":
                {"power": 1},
            "you multiply by the spread: divide by it": {"power": -0.5},
            "each column has a mean of its own: X.mean(dim=0)":
                {"centre": lambda X: X - X.mean()},
            "subtract the mean before you look for directions":
                {"of": raw, "centre": torch.clone},
            "the directions stand in the columns of what eigh gives: X @ "
            "directions, without a transpose": {"turn": lambda d: d.T},
            "divide after you have turned to the directions: X @ directions":
                {"turn": lambda d: torch.eye(len(d)).to(d)},
        }  # fmt: skip
        return {
            text: products(X, **change) for text, change in changes.items()
        }

    def by_n(X):
        return products(X) * len(X) / (len(X) - 1)

    way = "subtract the mean, turn by `X @ directions`, divide by roots"
    try:
        options = {"also": [by_n], "tolerance": 1e-3}  # float32 will do
        diagnose(judged, cases, products, mistakes, way, **options)
    except Misconception as found:
        text = str(found).partition("; ")[0] + "".join(seen[:1])
        if len(white) == len(cases) and all(white):
            text = "what you return is white, but it is not X: turn and scale "
            text += "X itself, and leave its rows in their order"
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

    def normalised(total, own):
        return F.normalize(total, dim=0)

    def step(centres, Z, of=torch.clone, lonely=1, length=normalised, **how):
        nearest = of(Z @ centres.T).argmax(dim=1)
        moved = []
        for index, centre in enumerate(centres):
            own = Z[nearest == index][how.get("rows", slice(None))]
            total = own.sum(dim=0) + how.get("old", 0) * centre
            moved.append(length(total, own) if len(own) else centre * lonely)
        return torch.stack(moved)

    def mistakes(c, Z):
        sums = step(c, Z, lonely=0, length=lambda total, own: total)
        alone = ~sums.any(dim=1, keepdim=True)
        return {
            "the nearest centre has the largest product, not the smallest":
                step(c, Z, torch.neg),
            "a product of -1 points the opposite way: no absolute value":
                step(c, Z, torch.abs),
            "the new centres are means: make their length 1":
                step(c, Z, length=lambda total, own: total / len(own)),
            "the new centres are sums: make their length 1":
                sums.where(~alone, c),
            "each centre has length 1, not all of them together":
                (sums / sums.norm()).where(~alone, c),
            "that gives each column length 1: a centre is a row, and "
            "F.normalize(sums) does it by rows":
                F.normalize(sums, dim=0).where(~alone, c),
            "a centre without rows has become 0: it stays where it was":
                step(c, Z, lonely=0),
            "a centre without rows has become NaN, 0 divided by 0: it stays "
            "where it was": step(c, Z, lonely=math.nan),
            "the old centre is not one of its rows: leave it out of the sum":
                step(c, Z, old=1),
            "long rows count more than short ones: do not normalise Z":
                step(c, F.normalize(Z)),
            "only the last row of each centre counts: add up all of them "
            "(index_add_, not `sums[nearest] += Z`)":
                step(c, Z, rows=slice(-1, None)),
            "the centres have not moved: sum the rows of each": c,
        }  # fmt: skip

    cases = tensors(
        ([[1.0, 0.0], [0.0, 1.0]], [[2.0, 1.0]]),
        ([[1.0, 0.0], [0.0, 1.0]], [[3.0, 1.0], [1.0, 0.5], [-4.0, 1.0]]),
        ([[0.6, 0.8], [0.8, -0.6]], [[2.0, 1.0], [-3.0, -2.0]]),
    )
    way = "`(Z @ centres.T).argmax(dim=1)` says where each row goes, and the "
    way += "sum of its rows, divided by its length, is a new centre"
    diagnose(answer, cases + draws(draw, random), step, mistakes, way)
    reason = "the patches of the next cell are float32"
    keeps_dtype(answer, cases[-1], reason, "the centres")


@check(
    right="the layer gives the same, straight from the features",
    ours=_folded,
)
def folded(answer, random):
    def draw(random):
        out, size, large = random.choice(((2, 2, 1), (2, 3, 1), (2, 4, 2)))
        shapes = (out, size), out, size, size, (size, large), (large, size)
        W, b, m, s, U, T = (uniform(random, shape) for shape in shapes)
        return W, b, m, s.abs() + 0.5, U, T

    def weights(W, b, m, s, U, T):
        away = W @ T.T @ U.T
        return {
            "the scale s is missing: each column of the weight is multiplied "
            "by its s": W - away,
            "the scale comes first, so it is folded in last: W - W @ T.T @ "
            "U.T, then times s": W * s - (W * s) @ T.T @ U.T,
            "U and T have changed places: W @ (x @ U @ T) needs W @ T.T @ U.T":
                (W - W @ U @ T) * s,
            "x @ U @ T is taken away, so subtract": (W + away) * s,
            "that is only what is taken away: start from W": away * s,
            "only the scale is folded in: x @ U @ T is missing": W * s,
            "x is f - m multiplied by s: multiply the columns too, do not "
            "divide": (W - away) / s,
            "the weight has not changed": W,
        }  # fmt: skip

    def biases(W, b, m, s, U, T):
        weight = _folded(W, b, m, s, U, T)[0]
        return {
            "the mean is subtracted from every feature: what it would add "
            "must leave the bias": b,
            "the mean is subtracted, so its share leaves the bias: minus":
                b + weight @ m,
            "the mean goes through the new weight, not the old": b - W @ m,
            "the mean goes through the whole map, x @ U @ T too":
                b - (W * s) @ m,
            "the mean is scaled twice: the weight that you return has the "
            "scale in it already": b - weight @ (m * s),
            "the mean is scaled too: it goes through the weight that you "
            "return, with the scale in it": b - weight / s @ m,
            "the old bias is lost: start from b": -weight @ m,
        }  # fmt: skip

    small = [[1.0, 2.0]], [0.5], [1.0, 3.0], [2.0, 4.0]
    cases = tensors((*small, [[1.0], [0.0]], [[0.5, 0.25]]))
    cases += draws(draw, random)
    names = "the weight", "the bias"
    ways = "multiply out W @ x for x = (f - m) * s, minus x @ U @ T"
    ways = ways, "whatever f is, the difference is what m does: weight @ m"
    for index, mistakes in enumerate((weights, biases)):
        diagnose(
            part(answer, index, *names),
            cases,
            part(_folded, index, *names),
            mistakes,
            ways[index],
            tolerance=1e-4,  # a bias near 0 in float32
            what=names[index],
            kind="a tensor",
            exact_shape=True,
        )
        one = part(answer, index, *names)
        reason = f"{names[index]} goes back into a layer of float32"
        keeps_dtype(one, cases[-1], reason, names[index])


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

    def mistakes(p, r, f):
        def cycle(rise=None, fall=wave, rest=None, floor=f):
            if p < r:
                return max(p / r, floor) if rise is None else rise
            rest = min((p - r) / (1 - r), 1) if rest is None else rest
            return max(fall(rest), floor)

        def added(share):
            return f + (1 - f) * share

        return {
            "at the end it must stay at the floor; the cosine rises again: "
            "use min(..., 1)": cycle(rest=(p - r) / (1 - r)),
            "the fall is a straight line: use the cosine":
                cycle(fall=lambda share: 1 - share),
            "nowhere below the floor, at the beginning either": cycle(p / r),
            "nowhere below the floor, at the end either":
                cycle(max(p / r, f), floor=0),
            "the fall begins at `rise`: the share of the way from rise to 1 "
            "is (progress - rise) / (1 - rise)": cycle(rest=min(p, 1)),
            "divide by what is left after the rise, 1 - rise":
                cycle(rest=min(p - r, 1)),
            "the cosine goes from 1 to -1: add 1 and halve":
                cycle(fall=lambda share: math.cos(math.pi * share)),
            "1 + cos goes from 2 to 0: halve it":
                cycle(fall=lambda share: 2 * wave(share)),
            "a quarter of a wave falls ever faster: take half of one, "
            "(1 + cos(pi * share)) / 2":
                cycle(fall=lambda share: math.cos(math.pi * share / 2)),
            "the floor is a limit, `max(..., floor)`, and is not added":
                cycle(added(p / r), lambda share: added(wave(share))),
            "the fall goes on to 0, and max(..., floor) cuts it off: yours "
            "comes down to the floor": cycle(fall=lambda s: added(wave(s))),
            "the rise begins at 0, and max(..., floor) cuts it off: yours "
            "begins at the floor": cycle(added(p / r)),
            "the floor is missing: max(..., floor)": cycle(floor=0),
            "the rise is missing": cycle(1.0),
            "the rise lasts until `rise`: progress / rise": cycle(max(p, f)),
        }  # fmt: skip

    cases = [(p, 0.2, 0.05) for p in (0.0, 0.1, 0.2, 0.6, 0.9, 1.0, 1.3, 2.0)]
    cases += [(0.004, 0.2, 0.05), (0.99, 0.2, 0.05), (1.7, 0.5, 0.1)]
    cases += draws(draw, random)
    way = "a line up to `rise`, then half a cosine wave, at least `floor`"
    diagnose(answer, cases, _one_cycle, mistakes, way, kind="one number")
    alone = [(p,) for p in (0.001, 0.012, 0.3, 1.2)]
    way = "called with `progress` alone, rise is 0.03 and floor is 0.05"
    diagnose(answer, alone, _one_cycle, {}, way)
