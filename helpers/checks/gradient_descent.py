"""The checks of the exercises on gradient descent by hand."""

import itertools
import math

import torch

from helpers.checks import (
    AUTOGRAD,
    Misconception,
    brief,
    check,
    diagnose,
    part,
    tensors,
    uniform,
)
from helpers.checks._guard import LearnersError


def _times(factor, function):
    return lambda *arguments: factor * function(*arguments)


def _shown(names):
    """How to show a case whose first thing is a function with a text."""
    return lambda function, *rest: dict(
        zip(names, (function.text, *rest), strict=True)
    )


def _like_given(answer, case, given):
    """Refuse numbers that the next cells could not compute with.

    They expect a tensor of the type that they give.
    """
    got = answer(*case)
    if not isinstance(got, torch.Tensor):
        raise Misconception(
            "the numbers are right, but return them as a tensor, not as "
            f"{type(got).__name__}: `torch.stack` makes one of a list of "
            "tensors, `torch.tensor(..., dtype=torch.float64)` of numbers"
        )
    if got.dtype != given.dtype:
        raise Misconception(
            f"the numbers are right, but {got.dtype} has too few digits for "
            f"what comes next: return {given.dtype}, as you were given "
            "(`torch.zeros_like(x)` keeps the type, `torch.zeros(n)` does not)"
        )
    if got.requires_grad:
        raise Misconception(
            "the numbers are right, but autograd still takes notes on them, "
            "and the next cells cannot draw them: return them without, leave "
            "out `requires_grad`"
        )


def _slopes(loss, weight, h):
    result = torch.zeros_like(weight)
    for i, nudge in enumerate(h * torch.eye(len(weight), dtype=weight.dtype)):
        result[i] = (loss(weight + nudge) - loss(weight - nudge)) / (2 * h)
    return result


def _squared_gradient(weight, X, y):
    p = torch.sigmoid(X @ weight)
    return X.T @ (2 * (p - y) * p * (1 - p)) / len(y)


def _largest_rate(X):
    return 2 / torch.linalg.eigvalsh(X.T @ X / len(X)).max()


def _standardise(train, other):
    std = train.std(dim=0)
    return (other - train.mean(dim=0)) / torch.where(std > 0, std, 1.0)


@check(
    right="a confident right answer costs nothing, a confident wrong one "
    "about its score",
    forbidden=(
        "torch.binary_cross_entropy_with_logits",
        "torch.nn.functional.binary_cross_entropy_with_logits",
        "torch.nn.functional.binary_cross_entropy",
        "torch.nn.functional.soft_margin_loss",
        "torch.nn.functional.multilabel_soft_margin_loss",
        "torch.nn.functional.cross_entropy",
        "torch.nn.functional.nll_loss",
    ),
)
def surprise(answer, random):
    def each(z, y):
        return torch.logaddexp(torch.zeros_like(z), (1 - 2 * y) * z)

    def truth(scores, y):
        return each(scores, y).mean()

    four = [-0.5, 1.0, 0.25, -2.0]
    cases = tensors(([2.0], [1.0]), ([2.0], [0.0]), ([-1.5], [0.0]))
    cases += tensors(([1.0, -0.5], [1.0, 0.0]), ([0.0, 0.0], [1.0, 0.0]))
    cases += tensors((four, [0.0] * 4), (four, [1.0] * 4))
    cases += tensors((four, [1.0, 1.0, 0.0, 0.0]))
    for count in (4, 7, 9, 200):
        y = uniform(random, count, 0, 1).round()
        cases.append((uniform(random, count), y))
    mistakes = {
        "one surprise for each image is right so far, but the loss is one "
        "number: take their mean": each,
        "a loss is minus the logarithm: yours is negative": _times(-1, truth),
        "you measure the surprise at the wrong class: label 1 goes with the "
        "sigmoid of z, label 0 with 1 minus it": lambda z, y: truth(z, 1 - y),
        "you add up; the loss is the mean": lambda z, y: each(z, y).sum(),
        "images with label 0 cost too, not only those with label 1: their "
        "surprise is log(1 + exp(z))": lambda z, y: (each(z, y) * y).mean(),
        "every image is treated as label 1: y must flip the sign of the "
        "score for label 0": lambda z, y: truth(z, torch.ones_like(y)),
        "this is the squared error of the probability, not its surprise, "
        "minus the log": lambda z, y: (torch.sigmoid(z) - y).square().mean(),
        "the logarithm has base 2, but surprise is measured in nats here: "
        "take base e": _times(1 / math.log(2), truth),
        "the logarithm met a number that is no probability: use the sigmoid "
        "first": lambda z, y: -(y * z.log() + (1 - y) * (1 - z).log()).mean(),
    }
    otherwise = "average log(1 + e^-z) at label 1 and log(1 + e^z) at label 0"
    diagnose(answer, cases, truth, mistakes, otherwise)
    large = tensors(([1000.0], [0.0]), ([-1000.0], [1.0]))
    large += tensors(([1e3, -1e3], [1.0, 0.0]), ([1e3, -1e3], [0.0, 1.0]))
    large += tensors(([3000.0, -1.0], [0.0, 1.0]))
    otherwise = (
        "right for small scores, but at 1000 exp overflows, and the sigmoid "
        "is rounded to 0 or 1: use logaddexp on the scores themselves"
    )
    diagnose(answer, large, truth, {}, otherwise)


@check(
    right="now you can check any gradient by measuring it",
    ours=_slopes,
    forbidden=(*AUTOGRAD, "torch.gradient", "numpy.gradient"),
)
def slopes(answer, random):
    def case(factors, weight, h):
        def loss(w):  # a cubic, with every pair of weights coupled
            w = torch.as_tensor(w)
            return (factors * w**3).sum() + w.sum() ** 2

        loss.text = f"({brief(factors)} * w**3).sum() + w.sum()**2"
        return loss, weight, h

    fixed = tensors(  # all exact in binary: one who steps back is back
        ([1.0], [3.0], 0.5),
        ([2.0], [0.5], 0.25),
        ([1.0], [-1.0], 1.0),
        ([1.0, 3.0], [1.0, 2.0], 0.125),
        ([3.0, -1.0], [2.0, -0.5], 0.25),
        ([1.0, 2.0, -4.0], [0.5, 0.0, -1.5], 0.5),
    )
    cases = [case(*one) for one in fixed]
    for count in (3, 4, 5):
        drawn = uniform(random, (2, count), 0.5, 3).mul(8).round() / 8
        cases.append(case(*drawn, random.randint(1, 4) / 8))

    def rise(loss, w, nudge):
        return loss(w + nudge) - loss(w - nudge)

    def rows(change=rise):
        """Who takes this difference for one nudge after the other."""
        return lambda loss, w, h: torch.stack(
            [change(loss, w, row) / (2 * h) for row in h * torch.eye(len(w))]
        )

    def until(nudge):
        """This nudge and all the earlier ones."""
        return nudge.flip(0).cumsum(0).flip(0)

    truth = rows()
    mistakes = {
        "the two points lie 2h apart, h to either side: divide by 2h, not by "
        "h": _times(2, truth),
        "the sign is turned round: it is the loss ahead minus the loss "
        "behind": _times(-1, truth),
        "this is the one-sided difference: step to either side and divide by "
        "2h": rows(lambda loss, w, nudge: 2 * (loss(w + nudge) - loss(w))),
        "this is the one-sided difference, looking back: step to either "
        "side": rows(lambda loss, w, nudge: 2 * (loss(w) - loss(w - nudge))),
        "one slope came back for several weights: nudge one weight at a time "
        "and collect": lambda loss, w, h: rise(loss, w, h) / (2 * h),
        "every weight was nudged at once: nudge one, with the others where "
        "they were": lambda f, w, h: rise(f, w, h).expand(len(w)) / (2 * h),
        "a nudged weight is not put back before the next one is nudged: work "
        "on a copy": rows(lambda f, w, n: rise(f, w + n - until(n), n)),
        "the earlier nudges are still in: make a new zero tensor for each "
        "weight": rows(lambda loss, w, nudge: rise(loss, w, until(nudge))),
        "every difference is 0, as if both points are the same tensor: work "
        "on a copy": _times(0, truth),
        "this is the rise itself: divide it by the distance of the two "
        "points, 2h": lambda loss, w, h: 2 * h * truth(loss, w, h),
        "this is the slope for a tiny step of your own: take the h that is "
        "given": lambda loss, w, h: truth(loss, w, 1e-5),
    }
    otherwise = "take the loss h ahead minus that h behind, divided by 2h"
    show = _shown(["loss(w) =", "weight", "h"])
    diagnose(
        answer,
        cases,
        truth,
        mistakes,
        otherwise,
        exact_shape=True,
        show=show,
    )
    _like_given(answer, cases[3], cases[3][1])


@check(
    right="one more link in the chain, one more factor, and certainty kills "
    "this gradient even when it is wrong",
    ours=_squared_gradient,
    forbidden=AUTOGRAD,
)
def squared_gradient(answer, random):
    def slope(z, p, y):
        return 2 * (p - y) * p * (1 - p)

    def chain(slope=slope):
        """Who gives the loss of an image this slope by its score."""
        return lambda weight, X, y: (
            X.T @ slope(X @ weight, torch.sigmoid(X @ weight), y) / len(y)
        )

    truth = chain()
    cases = tensors(
        ([0.5], [[2.0]], [0.0]),
        ([0.5], [[1.0], [2.0]], [1.0, 0.0]),
        ([0.5, -1.0], [[2.0, 0.5]], [1.0]),
        ([0.0, 0.5], [[1.0, 2.0], [3.0, -1.0], [0.0, 1.0]], [0.0, 0.0, 1.0]),
        ([1.0, -2.0, 0.5], [[1.0, 0.0, 2.0], [-1.0, 1.0, 0.5]], [1.0, 1.0]),
        ([1.0], [[50.0], [1.0], [-40.0]], [0.0, 1.0, 1.0]),  # certain
    )
    for n, features in ((4, 2), (5, 3), (7, 4)):
        X, y = uniform(random, (n, features), 0.3), uniform(random, n, 0, 1)
        cases.append((uniform(random, features, 0.3), X, y.round()))
    mistakes = {
        "this is the gradient of the logistic loss: here the slopes of the "
        "square and of the sigmoid come in": chain(lambda z, p, y: p - y),
        "the slope of the sigmoid is missing: one more factor in the chain, "
        "p (1 - p)": chain(lambda z, p, y: 2 * (p - y)),
        "the slope of the square is 2 (p - y), not the error p - y itself: "
        "your 2 is missing": _times(1 / 2, truth),
        "the loss is a mean, and this is the slope of the sum: divide by the "
        "number of images": lambda w, X, y: len(y) * truth(w, X, y),
        "the sign is turned round: the error is p - y": _times(-1, truth),
        "the slope of the sigmoid is p (1 - p), with the probability, not "
        "the score": chain(lambda z, p, y: 2 * (p - y) * z * (1 - z)),
        "the error compares the probability with y, not the score: apply the "
        "sigmoid first": chain(lambda z, p, y: 2 * (z - y)),
        "this is one number for each image: multiply by the inputs, X.T, for "
        "each weight's": lambda w, X, y: slope(0, torch.sigmoid(X @ w), y),
    }
    otherwise = "multiply 2 (p - y), p (1 - p) and the input, and average"
    diagnose(
        answer,
        cases,
        truth,
        mistakes,
        otherwise,
        tolerance=1e-4,
        exact_shape=True,
    )
    steep = tensors(
        ([1e-12], [[1e12], [-2e12]], [0.0, 0.0]),
        ([1e-12, 0.0], [[1e12, 2e12], [-2e12, 1e12]], [1.0, 1.0]),
    )
    otherwise = "write the chain rule: a measured slope depends on its step"
    diagnose(answer, steep, truth, {}, otherwise)
    _like_given(answer, cases[3], cases[3][0])


def _descends(
    enough=lambda grad, lr, limit: grad.norm() < limit, up=-1, look="before"
):
    """Who descends in this way."""

    def descend(gradient, start, lr, tolerance, max_steps):
        weight = start
        for step in range(max_steps):
            grad = gradient(weight)
            if look == "before" and enough(grad, lr, tolerance):
                return weight, step
            weight = weight + up * lr * grad
            seen = gradient(weight) if look == "after" else grad
            if look != "before" and enough(seen, lr, tolerance):
                return weight, step + 1
        return weight, max_steps

    return descend


@check(
    right="it stops when the ground is flat, or when its steps are used up",
    ours=_descends(),
)
def descend_until(answer, random):
    def case(bend, goal, start, *settings):
        calls = itertools.count()

        def gradient(weight):
            if next(calls) > 20_000:
                raise Misconception(
                    f"your loop goes on after max_steps = {settings[-1]}: "
                    "count the steps and give up then"
                )
            weight = torch.as_tensor(weight)
            return torch.diag(bend) @ weight - bend * goal  # one type only

        gradient.text = f"{brief(bend)} * (w - {brief(goal)})"
        return gradient, start, *settings

    fixed = tensors(
        ([1.0], [0.0], [4.0], 0.5, 1.5, 10),
        ([1.0], [0.0], [1.0], 0.5, 1.5, 10),  # the start is good enough
        ([1.0], [0.0], [4.0], 0.5, 1.5, 0),  # no step allowed
        ([1.0], [0.0], [4.0], 0.5, 1.5, 1),
        ([1.0], [0.0], [4.0], 0.5, 1.5, 2),  # there with the last step
        ([1.0], [0.0], [4.0], 0.5, 2.0, 10),  # exactly the tolerance
        ([1.0], [0.0], [1.0], 3.0, 0.5, 7),  # diverges
        ([1.0], [0.0], [1.0], 3.0, 0.25, 60),  # diverges, far
        ([1.0], [0.0], [512.0], 0.5, 1.5, 20),  # steep at first
        ([1.0, 1.0], [0.0, 0.0], [3.0, 4.0], 0.5, 5.0, 10),  # exactly
        ([1.0, 1.0], [0.0, 0.0], [3.0, 4.0], 0.1, 0.5, 500),
        ([1.0, 1.0], [0.0, 0.0], [3.0, 4.0], 0.1, 4.5, 500),
        ([1.0, 1.0], [0.0, 0.0], [0.0, 0.25], 0.1, 0.5, 5),
        ([0.5, 2.0], [1.0, -1.0], [5.0, 3.0], 0.25, 0.3, 100),
        ([1.0, 1.0], [0.0, 0.0], [3.0, 4.0], 2**-6, 0.5, 160),  # long
        ([1.0, 1.0], [0.0, 0.0], [3.0, 4.0], 0.5, 1e-9, 40),  # flat
    )
    cases = [case(*one) for one in fixed]
    for last in (3, 7, 20):  # there the norm falls below the tolerance
        bend, goal = uniform(random, 3, 0.5, 2), uniform(random, 3)
        far, lr = uniform(random, 3, 1, 3), round(random.uniform(0.1, 0.4), 2)
        shrunk = [far * (1 - lr * bend) ** step for step in (last - 1, last)]
        between = float(sum((bend * far).norm() for far in shrunk)) / 2
        cases.append(case(bend, goal, goal + far, lr, between, 50))
    truth = _descends()
    mistakes = {
        "you step uphill: subtract the gradient": _descends(up=1),
        "the weights never moved: `weight = weight - ...`": _descends(up=0),
        "the learning rate plays no part: the step is -lr times the "
        "gradient": lambda g, start, lr, *rest: truth(g, start, 1.0, *rest),
        "your loop goes on after max_steps: count the steps and give up then, "
        "with a return": lambda *given: truth(*given[:-1], 2000),
        "you stop when the largest slope is small; the norm takes all slopes "
        "together": _descends(lambda g, lr, limit: g.abs().max() < limit),
        "compare the length of the gradient with the tolerance, not the "
        "length of the step": _descends(lambda g, lr, t: lr * g.norm() < t),
        "you compare the square of the norm with the tolerance: take the "
        "root": _descends(lambda g, lr, limit: g.norm() ** 2 < limit),
        "a norm of exactly the tolerance is not yet below it: go on while the "
        "norm is at least the tolerance": _descends(
            lambda g, lr, limit: g.norm() <= limit
        ),
        "it goes on although the gradient is short enough: compare before "
        "the update": _descends(look="late"),
        "the start is already good enough: look at the gradient before you "
        "step": _descends(look="after"),
        "the two results are swapped: weights first, then the number of "
        "steps": lambda *given: truth(*given)[::-1],
    }
    names = "the weights", "the number of steps"
    show = _shown(["gradient(w) =", "start", "lr", "tolerance", "max_steps"])
    first, one = part(answer, 0, *names), part(truth, 0, *names)
    mistakes = {text: part(m, 0, *names) for text, m in mistakes.items()}
    otherwise = (
        "look at the norm of the gradient; step by -lr times the gradient if "
        "it is not yet below the tolerance, and look again"
    )
    diagnose(first, cases, one, mistakes, otherwise, what=names[0], show=show)
    second, one = part(answer, 1, *names), part(truth, 1, *names)
    otherwise = "the weights are right, the number of steps is not"
    diagnose(
        second,
        cases,
        one,
        {},
        otherwise,
        what=names[1],
        show=show,
        kind="one number",
    )


@check(
    right="the steepest wall of the valley sets the limit, not the labels",
    ours=_largest_rate,
)
def largest_rate(answer, random):
    def all_rates(X):
        return 2 / torch.linalg.eigvalsh(X.T @ X / len(X))

    def truth(X):
        return all_rates(X)[-1]

    cases = tensors(([[2.0]],), ([[3.0, 0.0]],), ([[1.0], [2.0], [2.0]],))
    cases += tensors(([[3.0, 0.0], [0.0, 1.0]],), ([[2.0, 1.0], [0.0, 1.0]],))
    cases += tensors(
        ([[2.0, 0.0, 0.0], [0.0, 0.0, 1.0]],),  # a dead pixel
        ([[1.0, 2.0], [2.0, 1.0], [0.0, 1.0]],),
        ([[100.0, 0.0], [-100.0, 1.0], [50.0, 2.0], [0.0, -4.0]],),
        ([[0.125, 0.0625], [0.0, 0.03125]],),  # a gentle valley
        ([[1.0, 0.0], [0.0, 0.98]],),  # two that are nearly equal
    )
    cases += [(uniform(random, shape),) for shape in ((5, 2), (6, 3), (9, 4))]
    mistakes = {
        "the loss is a mean over the images: divide the matrix by n, their "
        "number": lambda X: truth(X) / len(X),
        "at 1 / c a step lands on the lowest point; it still converges up to "
        "twice that": _times(1 / 2, truth),
        "the limit is 2 divided by the curvature, and this is the curvature "
        "itself": lambda X: 2 / truth(X),
        "a singular value of X, squared and divided by n, is the curvature, "
        "not as it stands": lambda X: 2 / torch.linalg.svdvals(X)[0],
        "the smallest curvature sets no limit": lambda X: all_rates(X)[0],
        "one rate for all directions: the largest curvature alone sets it, "
        "whatever the others are": all_rates,
        "this divides by the sum of all curvatures: one direction, the "
        "steepest, counts": lambda X: 1 / (1 / all_rates(X)).sum(),
        "the steepest direction need not lie along one weight: take the "
        "eigenvalues": lambda X: 2 / X.square().mean(dim=0).max(),
        "this is the limit of the logistic loss at p = 1/2: here the loss is "
        "least squares": _times(4, truth),
    }
    otherwise = "take 2 divided by the largest eigenvalue of X.T @ X / n"
    try:
        diagnose(answer, cases, truth, mistakes, otherwise, kind="one number")
    except LearnersError as error:
        if "Complex" not in str(error.__cause__):
            raise
        raise Misconception(
            "these eigenvalues are complex numbers, of which none is the "
            "largest: the matrix is symmetric, so use torch.linalg.eigvalsh"
        ) from None


@check(
    right="the training data alone decides, and a dead pixel does no harm",
    ours=_standardise,
)
def standardise(answer, random):
    def by(spread):
        """Who divides by this spread of train."""
        return lambda train, other: (other - train.mean(0)) / spread(train)

    def guarded(less_one):
        return by(lambda train: train.std(0, less_one) + (train.std(0) == 0))

    truth, with_n = guarded(True), guarded(False)  # n is as good
    live = tensors(
        ([[1.0], [3.0], [5.0]], [[3.0], [7.0]]),
        ([[0.25], [0.5], [0.75]], [[0.0], [1.0]]),
        ([[1.0, 10.0], [3.0, 30.0], [8.0, 20.0]], [[2.0, 50.0], [4.0, 0.0]]),
        ([[0.0, 4.0], [-3.0, 0.5]], [[1.0, 2.0], [2.0, 7.0], [-6.0, 3.0]]),
        # Columns that hardly vary, or end as they began, are alive.
        ([[0.0, 1.0], [2**-9, 1.25], [0.0, 1.0]], [[2**-9, 1.5], [0.0, 1.0]]),
        ([[0.125], [0.25], [0.125]], [[0.5], [0.25]]),
    )
    dead = tensors(
        ([[2.0], [2.0]], [[2.0], [3.0]]),
        ([[0.0, 5.0], [0.0, 5.0], [0.0, 5.0]], [[1.0, 5.0], [4.0, 7.0]]),
        ([[2.0, 1.0], [2.0, 7.0]], [[3.0, 8.0], [2.0, 2.0]]),
        ([[1.0, 2.0], [7.0, 2.0]], [[8.0, 3.0], [2.0, 2.0]]),
    )
    for places in ([0], [1], [2], [0, 1], [0, 2], [1, 2]):
        train, other = uniform(random, (5, 3)), uniform(random, (4, 3)) + 1
        train[:2] = torch.tensor([[-1.0], [1.0]])  # no column is dead
        live.append((train, other))
        train = train.clone()
        train[:, places] = 3.0
        dead.append((train, other))
    mistakes = {
        "these are the statistics of `other` itself: use those of train, for "
        "both": lambda train, other: (other - other.mean(0)) / other.std(0),
        "mean and spread are those of `other`, not of train: the test images "
        "leak": lambda t, other: (other - other.mean(0)) / other.std(0, False),
        "the mean comes from train, the spread from `other`: both come from "
        "train": lambda train, other: (other - train.mean(0)) / other.std(0),
        "the mean is not subtracted": lambda t, other: other / t.std(0),
        "the spread is not divided out": by(lambda train: 1),
        "divide by the standard deviation, not by the square of it, which is "
        "the variance": by(lambda train: train.var(0)),
        "one mean and one spread for the whole table: each column has its "
        "own": lambda train, other: (other - train.mean()) / train.std(),
        "this squeezes into 0 to 1 by minimum and maximum: take the mean and "
        "spread": lambda t, o: (o - t.amin(0)) / (t.amax(0) - t.amin(0)),
        "you return train; it is `other` that is to be standardised, with "
        "the numbers of train": lambda train, other: truth(train, train),
    }
    otherwise = "subtract the mean of train's column, and divide by its spread"
    diagnose(answer, live, truth, mistakes, otherwise, also=[with_n])
    mistakes = {
        "a column that never varies has a standard deviation of 0, and you "
        "divide by it: divide by 1 there": by(lambda train: train.std(0)),
        "the standard deviation of a column that never varies is 0, and you "
        "divide by it: take 1": by(lambda train: train.std(0, False)),
        "one column that never varies must not change the others: only that "
        "column is divided by 1": by(lambda train: 1),
    }
    otherwise = (
        "in a column that never varies too, subtract the mean, and divide by "
        "1, not by 0 or a tiny number"
    )
    diagnose(answer, dead, truth, mistakes, otherwise, also=[with_n])
    small = tensors(
        ([[0.0, 1.0], [2**-13, 4.0], [0.0, 1.0]], [[2**-13, 2.0], [0.0, 1.0]]),
        ([[0.0, 1.0], [2**-12, 4.0], [0.0, 2.0]], [[2**-12, 2.0], [0.0, 1.0]]),
    )
    otherwise = (
        "a column that hardly varies is not one that never varies: divide by "
        "1 only where the standard deviation is 0"
    )
    diagnose(answer, small, truth, {}, otherwise, also=[with_n])
    _like_given(answer, live[2], live[2][1])
