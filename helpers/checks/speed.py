"""The checks of the exercises on speed."""

import math
from statistics import mean, median, median_high, median_low

from helpers.checks import check, diagnose, uniform


def _ratios(before, after, warmup):
    pairs = zip(before[warmup:], after[warmup:], strict=True)
    return [b / a for b, a in pairs]


def _speedup(before, after, warmup):
    return median(_ratios(before, after, warmup))


@check(
    right="median of the ratios, warm-up left out, over 1 when faster",
    ours=_speedup,
)
def speedup(answer, random):
    cases = [([3], [1.5], 0), ([1], [4], 0), ([2, 8], [1, 2], 0)]
    cases += [([9, 3], [1, 2], 1), ([1, 6, 8], [1, 1, 2], 0)]
    cases += [([9, 1, 2, 3], [1, 4, 4, 4], 1), ([2, 1, 3, 5], [2, 1, 3, 5], 1)]
    cases += [([9, 9, 2, 3, 8], [1, 1, 1, 2, 1], 2)]
    cases += [([9, 1, 4, 3, 12, 2], [2, 5, 1, 2, 3, 4], 2)]
    cases += [([7, 8, 9, 5, 4, 6, 9], [1, 1, 1, 2, 8, 2, 3], 3)]
    cases += [([8, 8, 8, 1, 5, 6], [2, 1, 1, 4, 2, 1], 3)]
    for warmup, rounds in ((0, 5), (1, 5), (2, 7), (3, 9)):
        times = uniform(random, (2, rounds), 0.5, 8).tolist()
        cases.append((*times, warmup))

    ratios, truth = _ratios, _speedup
    mistakes = {
        "the ratio is upside down: seconds before divided by seconds after "
        "are over 1 when the second is faster": lambda b, a, n: truth(a, b, n),
        "the warm-up rounds are still in it: leave them out of both":
            lambda b, a, n: truth(b, a, 0),
        "one round too many is left out: before[warmup:] begins after the "
        "warm-up": lambda b, a, n: truth(b, a, n + 1),
        "one round too few is left out: before[warmup:] begins after the "
        "warm-up": lambda b, a, n: truth(b, a, max(n - 1, 0)),
        "the last rounds are left out: the warm-up comes first":
            lambda b, a, n: truth(b[::-1], a[::-1], n),
        "that is the mean of the ratios, which one slow round can move: take "
        "the middle one": lambda *case: mean(ratios(*case)),
        "this takes the upper of the middle two: of an even number of ratios "
        "the median is the middle of two (statistics.median knows)":
            lambda *case: median_high(ratios(*case)),
        "this takes the lower of the middle two: of an even number of ratios "
        "the median is the middle of two (statistics.median knows)":
            lambda *case: median_low(ratios(*case)),
        "that divides two medians, which come from different rounds: divide "
        "within each round": lambda b, a, n: median(b[n:]) / median(a[n:]),
        "that divides two totals, so the slowest rounds decide: divide "
        "within each round first": lambda b, a, n: sum(b[n:]) / sum(a[n:]),
        "that divides the two best times, which come from different rounds: "
        "divide each pair": lambda b, a, n: min(b[n:]) / min(a[n:]),
        "those are seconds saved: a speed-up is a ratio": lambda b, a, n:
            median(x - y for x, y in zip(b[n:], a[n:], strict=True)),
    }  # fmt: skip
    way = "one ratio for each pair after the warm-up, then the median"
    inverse = [lambda b, a, n: 1 / truth(a, b, n)]  # as good a median
    diagnose(
        answer, cases, truth, mistakes, way, also=inverse, kind="one number"
    )


def _intensity(batch, inputs, outputs, work=2, each=4, x=1, w=1, y=1):
    moved = x * batch * inputs + w * inputs * outputs + y * batch * outputs
    return work * batch * inputs * outputs / (each * moved)


def _attainable(batch, inputs, outputs, peak, bandwidth, **change):
    return min(peak, _intensity(batch, inputs, outputs, **change) * bandwidth)


@check(
    right="the lower of the two limits, for small batches and for large",
    ours=_attainable,
)
def attainable(answer, random):
    cases = [(1, 1, 1, 50.0, 6.0), (1, 1, 1, 0.5, 6.0), (1, 2, 3, 90.0, 11.0)]
    cases += [(2, 3, 5, 90.0, 7.0), (5, 2, 3, 1e9, 62.0), (3, 7, 2, 2.0, 82.0)]
    cases += [(4, 8, 16, 3e11, 2e9), (4000, 8000, 6000, 3e11, 2e9)]
    for least, most in ((3, 60), (4000, 9000)):
        limits = 1e9 * random.randint(500, 900), 1e9 * random.randint(8, 20)
        cases.append((*random.sample(range(least, most), 3), *limits))

    intensity, truth = _intensity, _attainable
    mistakes = {
        "that is the intensity: times the bandwidth it is a rate":
            lambda *case: intensity(*case[:3]),
        "the slope ends at the roof: no rate is above the peak":
            lambda *case: intensity(*case[:3]) * case[4],
        "both limits hold, so the lower one decides: min, not max":
            lambda *case: max(case[3], intensity(*case[:3]) * case[4]),
        "the intensity is upside down: operations divided by bytes":
            lambda *case: min(case[3], case[4] / intensity(*case[:3])),
        "every image of the batch costs operations, not only the first":
            lambda *case: truth(*case[:4], case[4] / case[0]),
        "a number has four bytes: you divided by numbers moved":
            lambda *case: truth(*case, each=1),
        "a weight costs two operations, multiply and add":
            lambda *case: truth(*case, work=1),
        "that is twice too much: two operations for each weight go with four "
        "bytes for each number":
            lambda *case: truth(*case, work=1, each=1),
        "the inputs move as well: they are not among your bytes":
            lambda *case: truth(*case, x=0),
        "the weights move as well: they are not among your bytes":
            lambda *case: truth(*case, w=0),
        "the outputs move as well: they are not among your bytes":
            lambda *case: truth(*case, y=0),
        "that is the rate of one image alone: the weights move once for the "
        "whole batch, not for every image":
            lambda *case: truth(*case, w=case[0]),
        "only the weights are among your bytes: the numbers that go in and "
        "come out count too": lambda *case: truth(*case, x=0, y=0),
    }  # fmt: skip
    way = "the lower of the peak and (operations divided by bytes) * bandwidth"
    diagnose(answer, cases, truth, mistakes, way, kind="one number")


def _whole_speedup(share, factor):
    return 1 / (1 - share + share / factor)


@check(
    right="what stays, plus what got faster, and the whole divided by it",
    ours=_whole_speedup,
)
def whole_speedup(answer, random):
    cases = [(0.5, 2.0), (0.0, 4.0), (1.0, 4.0), (0.5, 1.0), (0.25, 4)]
    cases += [(0.75, 3.0), (0.875, 10.0), (0.5, 0.5), (0.99, 2e3)]
    cases += [(0.5, math.inf), (0.75, math.inf), (0.0, math.inf)]
    cases += [(random.randint(15, 85) / 100, f) for f in (1.5, 3, 4, 7, 12)]

    truth = _whole_speedup
    mistakes = {
        "that is the time now: the speed-up is the time before, 1, divided "
        "by it": lambda s, f: 1 - s + s / f,
        "the part that stayed as it was is missing": lambda s, f: s * f,
        "the time that stayed is missing, 1 - share": lambda s, f: f / s,
        "speeds do not add up, times do: find out how long each part takes "
        "now": lambda s, f: 1 - s + s * f,
        "the two parts are swapped: `share` is the part that got faster":
            lambda s, f: truth(1 - s, f),
        "that is the limit, for a factor without end":
            lambda s, f: 1 / (1 - s),
        "only a share got that much faster, the rest stayed as it was":
            lambda s, f: f,
        "the old time of the part is still in it: 1 - share stays, and "
        "share / factor is added": lambda s, f: 1 / (1 - s / f),
        "1 plus the time saved is not a ratio: divide 1 by the time now":
            lambda s, f: 1 + s - s / f,
        "right but for a factor of math.inf: infinity divided by infinity is "
        "no number, so let `factor` stand only once, in share / factor":
            lambda s, f: f / (f * (1 - s) + s),
    }  # fmt: skip
    way = "1 divided by the time now: what stays, plus what shrank"
    diagnose(answer, cases, truth, mistakes, way, kind="one number")


def _to_bfloat16(pattern):
    return (pattern + 0x7FFF + (pattern >> 16) % 2) >> 16


@check(
    right="rounded to the nearest, and a tie to the even one",
    ours=_to_bfloat16,
)
def to_bfloat16(answer, random):
    patterns = [0x3F800000, 0, 0xC1D60000]  # exact; then down
    patterns += [0x3F800001, 0x40490FDB, 0xBF817FFF]
    patterns += [0x3F80C000, 0x3F808001, 0x3F80FFFF, 0xC1D68001]  # up
    patterns += [0x3F808000, 0x40008000, 0xBF828000]  # ties, down to even
    patterns += [0x3F818000, 0x40038000, 0xC2478000]  # ties, up to even
    patterns += [0x3FFF8000, 0x3F7FFFFF, 0x407FC000]  # into the exponent
    patterns += [0x80000000, 0x00000001, 0x00008000, 0x00018000, 0x7F7FFFFF]
    for low in (0, 0x8000, 0x8000, *random.sample(range(1 << 16), 7)):
        upper = random.randint(0x0080, 0x7F00) | random.choice([0, 0x8000])
        patterns.append((upper << 16) | low)

    truth = _to_bfloat16
    mistakes = {
        "that cuts the lower half off, so every number moves towards zero: "
        "round to the nearest": lambda p: p >> 16,
        "right but for ties: half-way goes to the even pattern, and yours "
        "always moves away from zero": lambda p: (p + 0x8000) >> 16,
        "right but for ties: half-way goes to the even pattern, and yours "
        "always moves towards zero": lambda p: (p + 0x7FFF) >> 16,
        "right but for ties: half-way goes to the even pattern, and yours "
        "to the odd": lambda p: (p + 0x8000 - (p >> 16) % 2) >> 16,
        "every number moves away from zero: half of the lower half's range "
        "decides, not anything above 0": lambda p: (p + 0xFFFF) >> 16,
        "that is the lower half: sign and exponent are in the upper one":
            lambda p: p & 0xFFFF,
        "the sign is lost: the top bit stays as it is":
            lambda p: truth(p) & 0x7FFF,
        "rounded correctly, but still 32 bits: keep the upper half only":
            lambda p: truth(p) << 16,
        "the right bits, but read as a number with a sign: the pattern of a "
        "negative number is above 0x8000 (`& 0xFFFF`)":
            lambda p: truth(p) - (truth(p) >> 15 << 16),
        "a pattern is a whole number, so use // or >>, not /":
            lambda p: (p + 0x7FFF + (p >> 16) % 2) / 2**16,
        "round to a whole number, which a pattern is": lambda p: p / 2**16,
    }  # fmt: skip
    diagnose(
        answer,
        [(pattern,) for pattern in patterns],
        truth,
        mistakes,
        "add half of the lower half's range, then drop the lower 16 bits",
        tolerance=1e-9,
        kind="one number",
        show=lambda p: {"pattern": f"{p:#010x}", "gives": f"{truth(p):#06x}"},
    )
