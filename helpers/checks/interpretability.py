"""The checks of the exercises on interpretability."""

import contextlib
from random import Random

import torch

from helpers.checks import (
    LearnersError,
    check,
    diagnose,
    tensors,
    uniform,
)


def _draws(random, fixed, *more):
    """(random numbers, size): fixed numbers for the first, then new ones."""
    drawn = [(Random(i), size) for i, size in enumerate(fixed)]
    return drawn + [(random, size) for size in more]


def _importance(weight, X):
    return weight.abs() * X.std(dim=0)


def _permutation_importance(predict, X, y, order):
    error = (predict(X) - y).square().mean()
    rises = []
    for j in range(X.shape[1]):
        shuffled = X.clone()
        shuffled[:, j] = X[order, j]
        rises.append((predict(shuffled) - y).square().mean() - error)
    return torch.stack(rises)


def _completeness_gap(score, X, baseline, attributions):
    total = attributions.sum(dim=(1, 2, 3))
    return total - (score(X) - score(baseline))


def _fair_share(none, first, second, both):
    first_value = ((first - none) + (both - second)) / 2
    return first_value, both - none - first_value


@check(
    right="each column was shuffled alone, and the rise is the difference",
    ours=_permutation_importance,
)
def permutation_importance(answer, random):
    def predict(X):
        return X @ torch.arange(X.shape[1], 0, -1).to(X) + X.prod(dim=1)

    cases, orders = [], [[1, 0], [0], [2, 0, 1], [3, 0, 2, 1], [3, 4, 0, 2, 1]]
    orders += [random.sample(range(9), 9), random.sample(range(9), 9)]
    for i, order in enumerate(orders):
        for columns in (1, 3, len(order)):
            draw = Random(i) if i < 5 else random
            X = uniform(draw, (len(order), columns))
            y = uniform(draw, len(order), -4, 4)
            cases.append((predict, X, y, torch.tensor(order)))
    cases.append((*cases[7][:3], torch.arange(3)))  # nothing is moved

    def error(predict, X, y):
        return (predict(X) - y).square().mean()

    def truth(predict, X, y, order, after=error, fresh=True):
        rises, table = [], X
        for j in range(X.shape[1]):
            table = (X if fresh else table).clone()
            table[:, j] = X[order, j]
            rises.append(after(predict, table, y) - after(predict, X, y))
        return torch.stack(rises)

    mistakes = {
        "that is the error itself: subtract the error before":
            lambda *case: truth(*case) + error(*case[:3]),
        "the sign is turned: error after, minus error before":
            lambda *case: -truth(*case),
        "the squares are added: take their mean":
            lambda *case: truth(*case) * len(case[1]),
        "the shuffles pile up: start every column from a fresh copy":
            lambda *case: truth(*case, fresh=False),
        "all columns moved together: shuffle one at a time":
            lambda p, X, y, order: (
                error(p, X[order], y) - error(p, X, y)
            ).expand(X.shape[1]),
        "no root: the mean squared error itself":
            lambda *case: truth(*case, lambda *now: error(*now).sqrt()),
        "compare both predictions with y, not with each other":
            lambda p, X, y, order: truth(p, X, p(X), order),
        "subtract the error before, do not divide by it":
            lambda *case: truth(*case) / error(*case[:3]),
        "subtract the error before, do not divide by it: the ratio is 1 "
        "where nothing changes":
            lambda *case: truth(*case) / error(*case[:3]) + 1,
        "a rise may be negative: no absolute value":
            lambda *case: truth(*case).abs(),
        "row i of the shuffled column comes from row order[i], not the other "
        "way round": lambda p, X, y, order: truth(p, X, y, order.argsort()),
    }  # fmt: skip

    def show(predict, X, y, order):
        return {"X": X, "predict(X)": predict(X), "y": y, "order": order}

    way = "compare with two errors taken by hand"
    options = {"tolerance": 1e-4, "show": show, "exact_shape": True}
    diagnose(answer, cases, truth, mistakes, way, **options)


@check(
    right="you measured by how much the parts miss the difference",
    ours=_completeness_gap,
)
def completeness_gap(answer, random):
    def score(X):
        return X.square().sum(dim=(1, 2, 3)) + X[:, 0, 0, 0] + 1

    cases = tensors(  # gaps of -1, -7 and 0
        (score, [[[[1.0]]]], [[[[0.0]]]], [[[[1.0]]]]),
        (score, [[[[2.0]]]], [[[[1.0]]]], [[[[-3.0]]]]),
        (score, [[[[1.0, 3.0]]]], [[[[2.0, 1.0]]]], [[[[-4.0, 8.0]]]]),
    )
    large = (3, 2, 4, 5)
    shapes = (2, 1, 1, 1), (1, 2, 1, 2), (3, 2, 1, 1), (2, 2, 2, 2), large
    for draw, shape in _draws(random, shapes, large, large):
        cases.append((score, *(uniform(draw, shape) for _ in range(3))))

    def truth(score, X, baseline, attributions):
        return attributions.sum(dim=(1, 2, 3)) - (score(X) - score(baseline))

    mistakes = {
        "one number for all images: sum over dim=(1, 2, 3) and keep them "
        "apart": lambda *case: truth(*case).sum(),
        "the attributions of all images are in one sum: dim=(1, 2, 3) keeps "
        "the images apart": lambda s, X, b, a: a.sum() - (s(X) - s(b)),
        "that is the mean of an image's attributions: add them up":
            lambda s, X, b, a: truth(s, X, b, a / a[0].numel()),
        "a column minus a row is a table, (3, 1) - (3,) gives (3, 3): sum "
        "without keepdim":
            lambda s, X, b, a: a.sum(dim=(1, 2, 3))[:, None] - (s(X) - s(b)),
        "the score of the baseline is missing":
            lambda s, X, b, a: truth(s, X, b, a) - s(b),
        "brackets: subtract the difference (score(X) - score(baseline))":
            lambda s, X, b, a: truth(s, X, b, a) - 2 * s(b),
        "the score of the given baseline, not of a black image":
            lambda s, X, b, a: truth(s, X, 0 * X, a),
        "that is the sum alone: subtract what it should be":
            lambda s, X, b, a: truth(s, X, X, a),
        "the sign is turned: the sum, minus the goal":
            lambda *case: -truth(*case),
        "keep the sign: no absolute value of the gap":
            lambda *case: truth(*case).abs(),
        "negative attributions count as negative":
            lambda s, X, b, a: truth(s, X, b, a.abs()),
        "subtract the goal, do not add it":
            lambda s, X, b, a: truth(s, b, X, a),
        "two scores, then their difference: not the score of a difference":
            lambda s, X, b, a: a.sum(dim=(1, 2, 3)) - s(X - b),
    }  # fmt: skip
    way = "sum each image's attributions, dim=(1, 2, 3), minus a difference"
    diagnose(answer, cases, truth, mistakes, way, tolerance=1e-4)


@check(
    right="the mean over both orders, and the parts add up to the whole",
    ours=_fair_share,
)
def fair_share(answer, random):
    cases = [(0, 0, 0, 1), (0, 1, 0, 0), (0, 0, 1, 2), (1, 2, 4, 8)]
    cases += [(3, 1, 0, -6), (-2, 5, 1, 4), (7, 7, 7, 7), (1000, 3000, 2, 500)]
    cases += [(0.5, 0.25, 2.0, 1.75)]
    cases += [random.sample(range(-9, 20), 4) for _ in range(3)]

    def truth(none, first, second, both):
        a = ((first - none) + (both - second)) / 2
        return a, both - none - a

    mistakes = {
        "the two values are swapped": lambda n, a, b, ab: truth(n, b, a, ab),
        "that is what each earns alone, with nothing subtracted":
            lambda n, a, b, ab: (a, b),
        "that is only the order in which it enters first":
            lambda n, a, b, ab: (a - n, b - n),
        "that is only the order in which it enters last":
            lambda n, a, b, ab: (ab - b, ab - a),
        "two orders: divide by 2":
            lambda n, a, b, ab: (a - n + ab - b, b - n + ab - a),
        "`//` drops the halves: divide with `/`": lambda n, a, b, ab: (
            (a - n + ab - b) // 2, (b - n + ab - a) // 2
        ),
        "brackets: add both gains first, then divide":
            lambda n, a, b, ab: (a - n + (ab - b) / 2, b - n + (ab - a) / 2),
        "half each is fair only between equals; coming in last, the first "
        "player adds both - second":
            lambda n, a, b, ab: ((ab - n) / 2, (ab - n) / 2),
        "`none` is forgotten when entering first":
            lambda n, a, b, ab: truth(0, a, b, ab),
    }  # fmt: skip
    way = "write down what each adds in either order"
    diagnose(answer, cases, truth, mistakes, way, exact_shape=True)
    with contextlib.suppress(LearnersError):  # does it change what it gets?
        answer(*map(torch.tensor, cases[3]))


@check(
    right="the size of the weight times the spread of its input",
    ours=_importance,
)
def importance(answer, random):
    cases = tensors(
        ([2.0, -3.0], [[0.0, 2.0], [0.0, 4.0]]),
        ([-2.0, 1.0], [[1.0, 2.0], [2.0, 1.0], [6.0, 3.0]]),
        ([-4.0, 0.5], [[0.0, 1.0], [3.0, 1.0]]),
        ([1.0, -1.0, 2.0], [[5.0, 1.0, 0.0], [5.0, 3.0, 4.0]]),
        ([-2.0, 3.0], [[100.0, 7.0], [101.0, 7.0], [99.0, 1.0]]),
    )
    for n, inputs in ((9, 4), (6, 3), (4, 4)):
        weight = uniform(random, inputs, -3, 3)
        weight[0] = -weight[0].abs() - 0.5
        cases.append((weight, uniform(random, (n, inputs), 3, 5)))

    def truth(weight, X):
        return weight.abs() * X.std(dim=0)

    mistakes = {
        "the inputs play no part: a large weight on an input that hardly "
        "changes hardly matters": lambda w, X: w.abs(),
        "the weights play no part": lambda w, X: X.std(dim=0),
        "importance has no sign: a negative weight moves the score as far": (
            lambda w, X: w * X.std(dim=0)
        ),
        "this uses the mean of the input; an input that is always the same "
        "moves nothing, however large": (
            lambda w, X: w.abs() * X.mean(dim=0).abs()
        ),
        "the spread counts once: take the standard deviation, not the "
        "variance": lambda w, X: w.abs() * X.var(dim=0),
        "the weight counts once, without a square": (
            lambda w, X: w**2 * X.std(dim=0)
        ),
        "this uses one spread for all inputs: take it along dimension 0, "
        "one for each": lambda w, X: w.abs() * X.std(),
        "this is the range, which two images decide; take the standard "
        "deviation": lambda w, X: w.abs() * (X.amax(0) - X.amin(0)),
        "this divides by the spread: multiply": (
            lambda w, X: w.abs() / X.std(dim=0)
        ),
        "dim=1 runs over the inputs; use dim=0, the images": (
            lambda w, X: w.abs() * X.std(dim=1)
        ),
        "this is one number for each image; give one for each input, so "
        "look along dimension 0": lambda w, X: (w * X).std(dim=1),
    }
    otherwise = "the size of the weight times the spread of its input"
    below = tensors(([2.0], [[-1.0], [1.0]]), ([-1.0], [[-3.0], [1.0]]))
    # Divided by n - 1 or by n: both are called standard deviation.
    biased = [lambda w, X: w.abs() * X.std(dim=0, correction=0)]
    options = {"also": biased, "exact_shape": True, "kind": "a tensor"}
    diagnose(answer, cases, truth, mistakes, otherwise, **options)
    diagnose(answer, below, truth, {}, otherwise, **options)
