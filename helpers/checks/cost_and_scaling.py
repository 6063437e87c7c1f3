"""The checks of the exercises on cost and scaling."""

from random import Random

import numpy as np
import torch

from helpers.checks import (
    Misconception,
    check,
    diagnose,
    numbers,
    part,
    tensors,
    uniform,
)

# What later cells use while the learner's own is missing or wrong.


def _kilowatt_hours(operations, peak, utilisation, watts, overhead, unit=1):
    seconds = operations / (peak * utilisation)
    return seconds * watts * overhead / 3.6e6 * unit


def _power_law(n, losses):
    exponent, start = np.polyfit(np.log(n), np.log(losses), 1)
    return np.exp(start), exponent


def _best_split(operations):
    num_weights = (operations / 120) ** 0.5
    return num_weights, 20 * num_weights


def _quantise_rows(weight):
    largest = weight.abs().amax(dim=1, keepdim=True)
    scale = largest.clamp(min=1e-12) / 127
    return (weight / scale).round().to(torch.int8), scale


@check(
    right="operations, seconds, joules, kilowatt-hours, each by its unit",
    ours=_kilowatt_hours,
)
def kilowatt_hours(answer, random):
    cases = [(3.6e6, 1.0, 1.0, 1.0, 1.0), (1.0, 2.0, 1.0, 7.2e6, 1.0)]
    cases += [(3.6e18, 1e12, 0.5, 500.0, 1.25)]
    cases += [(7.2e18, 1e12, 1.0, 300.0, 1.0), (9e20, 1e13, 0.25, 400.0, 1.5)]
    for power in random.sample(range(17, 21), 3):
        work, peak = random.randint(11, 99), random.randint(11, 99)
        rest = random.randint(21, 69) / 100, random.randint(151, 899), 1.35
        cases.append((work * 10.0**power, peak * 1e12, *rest))

    truth = _kilowatt_hours
    mistakes = {
        "a machine below its peak takes longer, and draws its watts all the "
        "while: divide by the utilisation":
            lambda n, p, u, w, o: truth(n, p, 1, w, o),
        "a low utilisation takes longer: divide by it, do not multiply":
            lambda n, p, u, w, o: truth(n, p, 1 / u, w, o),
        "the building's overhead is missing":
            lambda n, p, u, w, o: truth(n, p, u, w, 1),
        "overhead adds to the bill: multiply by it, do not divide":
            lambda n, p, u, w, o: truth(n, p, u, w, 1 / o),
        "the building draws `overhead` watts for each watt: multiply, do not "
        "add": lambda n, p, u, w, o: truth(n, p, u, w + o, 1),
        "with an overhead of 1.1 a watt costs 1.1 watts, its own included: "
        "multiply by it, not by 1 + it":
            lambda n, p, u, w, o: truth(n, p, u, w, 1 + o),
        "the utilisation is a part, 0 to 1, and no percentage":
            lambda n, p, u, w, o: truth(n, p, u / 100, w, o),
        "that is in joules: a kilowatt-hour is 3.6 million":
            lambda *case: truth(*case, 3.6e6),
        "that is in watt-hours: divide by 1000":
            lambda *case: truth(*case, 1000),
        "that is in kilojoules: an hour has 3600 seconds":
            lambda *case: truth(*case, 3600),
        "that takes minutes for hours": lambda *case: truth(*case, 60),
        "that is the time in seconds: times watts it is energy":
            lambda n, p, u, w, o: n / (p * u),
        "that is the time in hours: times kilowatts it is energy":
            lambda n, p, u, w, o: n / (p * u) / 3600,
    }  # fmt: skip
    way = "go by way of seconds and joules"
    diagnose(answer, cases, truth, mistakes, way, kind="one number")


def _runs(random):
    """Runs of a law with noise; several share a size, in any order."""
    factor, exponent = random.uniform(1.5, 6), random.uniform(-0.6, -0.05)
    sizes = sorted(random.sample(range(3, 4000), random.randint(3, 5)))
    n = [float(size) for size in sizes for _ in range(random.randint(1, 3))]
    losses = [
        factor * x**exponent * np.exp(random.uniform(-0.1, 0.1)) for x in n
    ]
    order = random.sample(range(len(n)), len(n))
    return np.array(n)[order], np.array(losses)[order]


def _line(n, losses, on_x=np.log, on_y=np.log, back=np.exp):
    exponent, start = np.polyfit(on_x(n), on_y(losses), 1)
    return back(start), exponent


def _first_and_last(n, losses):
    rise, run = losses[-1] / losses[0], n[-1] / n[0]
    exponent = np.log(rise) / np.log(run)
    return losses[0] / n[0] ** exponent, exponent


def _one_by_one(answer, cases, truth, pairs, names, ways):
    """Judge a pair by its parts.

    pairs: function of a case that gives {what is wrong: the wrong pair}
    ways: {index of the part: the way out}, in the order of judging
    """

    def pair(*case):
        got = answer(*case)
        row = isinstance(got, np.ndarray | torch.Tensor) and got.ndim == 1
        return list(got) if row else got

    for index, way in ways.items():

        def mistakes(*case, index=index):
            return {text: both[index] for text, both in pairs(*case).items()}

        one, right = (part(f, index, *names) for f in (pair, truth))
        options = {"what": names[index], "kind": "one number"}
        diagnose(one, cases, right, mistakes, way, **options)


@check(
    right="a straight line through the logarithms, and the way back",
    ours=_power_law,
)
def power_law(answer, random):
    cases = [
        (np.array([1.0, 4.0, 16.0]), np.array([3.0, 1.5, 0.75])),
        (np.array([1.0, 10.0, 100.0, 100.0]), np.array([2.0, 1.0, 0.5, 0.4])),
        (np.array([9.0, 1.0, 3.0]), np.array([0.7, 2.0, 1.6])),
    ]
    cases += [_runs(source) for source in (Random(0), Random(1), Random(2))]
    cases += [_runs(random), _runs(random)]

    def pairs(n, losses):
        factor, exponent = _line(n, losses)
        return {
            "that is a straight line through the numbers themselves: take the "
            "logarithm of both, n and losses":
                _line(n, losses, np.copy, np.copy, np.copy),
            "losses need their logarithm too, not n alone":
                _line(n, losses, on_y=np.copy, back=np.copy),
            "n needs its logarithm too, not the losses alone":
                _line(n, losses, on_x=np.copy),
            "that is the logarithm of the factor: np.exp brings it back":
                (np.log(factor), exponent),
            "the logarithm to base 10 comes back by 10 **, not by exp":
                _line(n, losses, np.log10, np.log10),
            "the natural logarithm comes back by np.exp, not by 10 **":
                (10 ** np.log(factor), exponent),
            "return the factor first, then the exponent": (exponent, factor),
            "polyfit gives the slope first, and then a start that is the "
            "logarithm of the factor: np.exp brings it back, and the factor "
            "comes first": (exponent, np.log(factor)),
            "the loss falls as n grows, so the exponent is negative: keep the "
            "sign of the slope": (factor, -exponent),
            "losses lie on the vertical axis: np.polyfit(x, y, 1)":
                _line(losses, n),
            "use all runs, not the first and the last alone":
                _first_and_last(n, losses),
        }  # fmt: skip

    way = "np.polyfit(np.log(n), np.log(losses), 1) gives slope and start"
    ways = {1: way, 0: f"the exponent is right, the factor not: {way}"}
    names = "the factor", "the exponent"
    _one_by_one(answer, cases, _power_law, pairs, names, ways)


@check(
    right="6ND is the budget, and twenty tokens belong to each weight",
    ours=_best_split,
)
def best_split(answer, random):
    cases = [(120.0,), (10.0,), (750.0,), (12_000.0,), (5.76e23,)]
    cases += [(random.randint(101, 999) * 10.0**p,) for p in (18, 21, 24)]

    def pairs(c):
        n, tokens = _best_split(c)
        root = (c / 6) ** 0.5
        return {
            "20N² operations without the 6: the budget is 6ND":
                ((c / 20) ** 0.5, 20 * (c / 20) ** 0.5),
            "120N² is the budget: take the root": (c / 120, c / 6),
            "6N² would be the budget of as many tokens as weights: with 20 "
            "for each weight it is 120N²": (root, root),
            "that is the number of weights again: 20 tokens for each": (n, n),
            "twenty tokens for each weight, and the weights come first":
                (tokens, n),
            "the root belongs over the 20 too: N² = C / 120":
                (root / 20, root),
            "tokens times weights times 6 is the budget: divide by 6":
                (n, c / n),
            "6ND must be the budget exactly: do not round N":
                (n // 1, n // 1 * 20),
        }  # fmt: skip

    way = "put D = 20N into C = 6ND and solve for N"
    ways = {0: way, 1: f"the weights are right, the tokens not: {way}"}
    names = "the number of weights", "the number of tokens"
    _one_by_one(answer, cases, _best_split, pairs, names, ways)


@check(
    right="as near as a scale for each row allows, and zeros stay zeros",
    ours=_quantise_rows,
)
def quantise_rows(answer, random):
    cases = tensors(
        ([[127.0]],),
        ([[2.54], [6.35]],),
        ([[127.0, -1.7]],),
        ([[1.27, -0.018], [-6.35, 2.18]],),
        ([[25.4, 1.14, -3.74], [0.0, 0.0, 0.0]],),
        ([[0.0, 0.0], [0.0, 0.0], [-2.54, 0.034], [0.0, 0.0]],),
        ([[1.27e-5, -1.06e-5, 2.7e-7, 0.0]],),
        ([[1.27e-5, -1.06e-5, 2.7e-7], [3.4, -254.0, 7.4]],),
    )
    ends = -127, 127
    drawn = [(Random(0), 5, 4), (Random(1), 2, 7)]
    for draw, height, width in [*drawn, (random, 5, 9), (random, 3, 3)]:
        weight = uniform(draw, (height, width), -0.4, 0.4)  # never a tie
        for row in weight:
            row += torch.tensor(draw.choices(range(-126, 127), k=width))
            row[0], row[draw.randrange(1, width)] = 60.3, draw.choice(ends)
            row *= 10 ** draw.uniform(-4, 2)
        cases.append((weight,))

    def pair(weight, index):
        names = "the codes", "the scale"
        both = [part(answer, i, *names)(weight) for i in (0, 1)]
        kind, other = (getattr(x, "dtype", type(x).__name__) for x in both)
        if kind not in (torch.int8, "int8"):
            if other in (torch.int8, "int8"):
                raise Misconception("return the codes first, then the scale")
            raise Misconception(
                f"return the codes as a tensor of torch.int8, not {kind}: "
                "else nothing is saved"
            )
        return both[index]

    def scale(weight):
        got = numbers(pair(weight, 1), what="the scale")
        rows = len(weight)
        if got.numel() == rows and got.shape != (rows, 1):
            raise Misconception(
                f"return a scale of shape ({rows}, 1), not "
                f"{tuple(got.shape)}, or it would multiply columns: "
                "keepdim=True"
            )
        zeros = (weight == 0).all(dim=1, keepdim=True)
        if got.shape != zeros.shape:
            return got
        if not (got[zeros] > 0).all():
            raise Misconception(
                "a row of zeros has a scale of 0, and 0/0 is no number: clamp "
                "the largest from below"
            )
        return got.masked_fill(zeros & got.isfinite(), 1)

    def truth(weight, absolute=torch.abs, top=127):
        found = absolute(weight).amax(dim=1, keepdim=True) / top
        return found.masked_fill(~weight.any(dim=1, keepdim=True), 1)

    mistakes = {
        "one scale for all rows: the largest weight of all spoils every "
        "other row; take amax over dim=1":
            lambda weight: weight.abs().max() / 127,
        "that is a scale per column: a neuron is a row, so amax over dim=1":
            lambda weight: weight.abs().amax(dim=0) / 127,
        "the scale is turned over: largest / 127, and divide by it":
            lambda weight: 1 / truth(weight),
        "with 128 the largest weight overflows int8, which ends at 127, and "
        "turns its sign": lambda weight: truth(weight, top=128),
        "the largest weight of a row may be negative: take abs() before the "
        "maximum, or its code overflows":
            lambda weight: truth(weight, torch.clone),
    }  # fmt: skip
    way = "the scale of a row is its largest absolute weight, divided by 127"

    diagnose(scale, cases, truth, mistakes, way, tolerance=1e-3)
    diagnose(
        lambda weight: pair(weight, 0),
        cases,
        lambda weight: (weight / truth(weight)).round(),
        {
            "to(torch.int8) cuts off what follows the point: round() first": (
                lambda weight: (weight / truth(weight)).trunc()
            ),
            "that always rounds down: round() goes to the nearest": (
                lambda weight: (weight / truth(weight)).floor()
            ),
        },
        "the scales are right, but the codes are not the nearest ones",
        tolerance=1e-9,
    )
