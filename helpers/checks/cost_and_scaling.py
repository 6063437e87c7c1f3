"""The checks of the exercises on cost and scaling."""

from random import Random

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


@check(right="operations, seconds, joules, kilowatt-hours, each by its unit")
def kilowatt_hours(answer, random):
    cases = [(3.6e6, 1.0, 1.0, 1.0, 1.0), (1.0, 2.0, 1.0, 7.2e6, 1.0)]
    cases += [(3.6e18, 1e12, 0.5, 500.0, 1.25)]
    cases += [(7.2e18, 1e12, 1.0, 300.0, 1.0), (9e20, 1e13, 0.25, 400.0, 1.5)]
    for power in random.sample(range(17, 21), 3):
        work, peak = random.randint(11, 99), random.randint(11, 99)
        rest = random.randint(21, 69) / 100, random.randint(151, 899), 1.35
        cases.append((work * 10.0**power, peak * 1e12, *rest))

    def truth(operations, peak, utilisation, watts, overhead, unit=1):
        seconds = operations / (peak * utilisation)
        return seconds * watts * overhead / 3.6e6 * unit

    mistakes = {
        "no machine runs at its peak rate: divide by the utilisation too":
            lambda n, p, u, w, o: truth(n, p, 1, w, o),
        "a low utilisation takes longer: divide by it, do not multiply":
            lambda n, p, u, w, o: truth(n, p, 1 / u, w, o),
        "the building's overhead is missing":
            lambda n, p, u, w, o: truth(n, p, u, w, 1),
        "overhead adds to the bill: multiply by it, do not divide":
            lambda n, p, u, w, o: truth(n, p, u, w, 1 / o),
        "the building draws `overhead` watts for each watt: multiply, do not "
        "add": lambda n, p, u, w, o: truth(n, p, u, w + o, 1),
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
    diagnose(answer, cases, truth, mistakes, "go by way of seconds and joules")


@check(right="as near as a scale for each row allows, and zeros stay zeros")
def quantise_rows(answer, random):
    cases = tensors(
        ([[127.0]],),
        ([[2.54], [6.35]],),
        ([[127.0, -1.7]],),
        ([[1.27, -0.018], [-6.35, 2.18]],),
        ([[25.4, 1.14, -3.74], [0.0, 0.0, 0.0]],),
        ([[0.0, 0.0], [0.0, 0.0], [-2.54, 0.034], [0.0, 0.0]],),
        ([[1.27e-5, -1.06e-5, 2.7e-7], [3.4, -254.0, 7.4]],),
    )
    ends = -127, 127
    drawn = (
        (Random(0), 5, 4),
        (Random(1), 2, 7),
        (random, 5, 9),
        (random, 3, 3),
    )
    for draw, height, width in drawn:
        weight = uniform(draw, (height, width), -0.4, 0.4)  # never a tie
        for row in weight:
            row += torch.tensor(draw.choices(range(-126, 127), k=width))
            row[0], row[draw.randrange(1, width)] = 60.3, draw.choice(ends)
            row *= 10 ** draw.uniform(-4, 2)
        cases.append((weight,))

    def pair(weight, index):
        names = "the codes", "the scale"
        codes = part(answer, 0, *names)(weight)
        kind = getattr(codes, "dtype", type(codes).__name__)
        if kind not in (torch.int8, "int8"):
            raise Misconception(
                f"return the codes as a tensor of torch.int8, not {kind}: "
                "else nothing is saved"
            )
        return codes if index == 0 else part(answer, 1, *names)(weight)

    def scale(weight):
        got = numbers(pair(weight, 1), what="the scale")
        if got.shape == (len(weight),):
            raise Misconception(
                f"return a scale of shape ({len(weight)}, 1), or it would "
                "multiply columns: keepdim=True"
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
        "that is a scale a column: a neuron is a row, so amax over dim=1":
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
