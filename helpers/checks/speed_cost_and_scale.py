"""The checks of the exercises on speed, cost and scale."""

from random import Random
from statistics import mean, median, median_high, median_low

import torch
from torch import nn
from torch.nn import functional as F

from helpers.checks import (
    Misconception,
    check,
    diagnose,
    numbers,
    part,
    tensors,
    uniform,
)


@check(right="median of the ratios, warm-up left out, over 1 when faster")
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

    def ratios(before, after, warmup):
        pairs = zip(before[warmup:], after[warmup:], strict=True)
        return [b / a for b, a in pairs]

    def truth(before, after, warmup):
        return median(ratios(before, after, warmup))

    mistakes = {
        "the ratio is upside down: seconds before divided by seconds after "
        "are over 1 when the second is faster": lambda b, a, n: truth(a, b, n),
        "the warm-up rounds are still in it: leave them out of both":
            lambda b, a, n: truth(b, a, 0),
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
    diagnose(answer, cases, truth, mistakes, way, also=inverse)


@check(right="the lower of the two limits, for small batches and for large")
def attainable(answer, random):
    cases = [(1, 1, 1, 50.0, 6.0), (1, 1, 1, 0.5, 6.0), (1, 2, 3, 90.0, 11.0)]
    cases += [(2, 3, 5, 90.0, 7.0), (5, 2, 3, 1e9, 62.0), (3, 7, 2, 2.0, 82.0)]
    cases += [(4, 8, 16, 3e11, 2e9), (4000, 8000, 6000, 3e11, 2e9)]
    for least, most in ((3, 60), (4000, 9000)):
        limits = 1e9 * random.randint(500, 900), 1e9 * random.randint(8, 20)
        cases.append((*random.sample(range(least, most), 3), *limits))

    def intensity(batch, inputs, outputs, work=2, each=4, x=1, w=1, y=1):
        moved = x * batch * inputs + w * inputs * outputs + y * batch * outputs
        return work * batch * inputs * outputs / (each * moved)

    def truth(batch, inputs, outputs, peak, bandwidth, **change):
        slope = intensity(batch, inputs, outputs, **change) * bandwidth
        return min(peak, slope)

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
        "only the weights are among your bytes: the numbers that go in and "
        "come out count too": lambda *case: truth(*case, x=0, y=0),
    }  # fmt: skip
    way = "the lower of the peak and (operations divided by bytes) * bandwidth"
    diagnose(answer, cases, truth, mistakes, way)


@check(right="what stays, plus what got faster, and the whole divided by it")
def whole_speedup(answer, random):
    cases = [(0.5, 2.0), (0.0, 4.0), (1.0, 4.0), (0.5, 1.0), (0.25, 4)]
    cases += [(0.75, 3.0), (0.875, 10.0), (0.5, 1e9), (0.5, 0.5)]
    cases += [(random.randint(15, 85) / 100, f) for f in (1.5, 3, 4, 7, 12)]

    def truth(share, factor):
        return 1 / (1 - share + share / factor)

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
            lambda s, f: 1 + s * (f - 1) / f,
    }  # fmt: skip
    way = "1 divided by the time now: what stays, plus what shrank"
    diagnose(answer, cases, truth, mistakes, way)


@check(right="rounded to the nearest, and a tie to the even one")
def to_bfloat16(answer, random):
    patterns = [0x3F800000, 0, 0xC1D60000]  # exact; then down
    patterns += [0x3F800001, 0x40490FDB, 0xBF807FFF]
    patterns += [0x3F80C000, 0x3F808001, 0x3F80FFFF, 0xC1D68001]  # up
    patterns += [0x3F808000, 0x40008000, 0xBF828000]  # ties, down to even
    patterns += [0x3F818000, 0x40038000, 0xC2478000]  # ties, up to even
    patterns += [0x3FFF8000, 0x3F7FFFFF, 0x407FC000]  # into the exponent
    patterns += [0x80000000, 0x00000001, 0x00008000, 0x00018000, 0x7F7FFFFF]
    for low in (0, 0x8000, 0x8000, *random.sample(range(1 << 16), 7)):
        upper = random.randint(0x0080, 0x7F00) | random.choice([0, 0x8000])
        patterns.append((upper << 16) | low)

    def truth(pattern):
        return (pattern + 0x7FFF + (pattern >> 16) % 2) >> 16

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
        "rounded rightly, but still 32 bits: keep the upper half only":
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
        show=lambda p: {"pattern": f"{p:#010x}", "gives": f"{truth(p):#06x}"},
    )


@check(right="every image counts the same, in whichever part it came")
def accumulated_gradient(answer, random):
    fixed = [1], [3], [1, 1], [1, 3], [2, 1], [1, 2, 4], [5, 1, 1], [2, 2, 4]
    drawn = [(Random(i), sizes) for i, sizes in enumerate(fixed)]
    drawn += [(random, random.sample(range(1, 9), 3)) for _ in range(3)]
    cases, at_once = [], []
    for draw, lengths in drawn:
        model = _Used(len(lengths), 3)
        model.load_state_dict({
            "weight": uniform(draw, (3, len(lengths))), "bias": torch.zeros(3)
        })  # fmt: skip
        X = [uniform(draw, (n, len(lengths)), -4, 4) for n in lengths]
        y = [torch.tensor(draw.choices(range(3), k=n)) for n in lengths]
        cases.append((model, [*zip(X, y, strict=True)]))

    def flat(model, parts):
        _Used.largest, most = 0, max(len(y) for _, y in parts)
        got = answer(model, parts)
        if not torch.equal(_Used.latest.weight, model.weight):
            raise Misconception(
                "the model has other weights afterwards: return the "
                "gradients, and leave the step to the caller"
            )
        if _Used.largest > most:
            at_once.append((_Used.largest, most))
        if not isinstance(got, list | tuple) or len(got) != 2:
            raise Misconception(
                "return a list of tensors, [p.grad for p in "
                "model.parameters()]"
            )
        pairs = zip(got, model.parameters(), strict=True)
        each = [numbers(g, p.shape, "the list's tensor") for g, p in pairs]
        return torch.cat([g.flatten() for g in each])

    def truth(model, parts, weigh=lambda n, total, count: n / total):
        total = sum(len(y) for _, y in parts)
        loss = sum(
            F.cross_entropy(model(X), y) * weigh(len(y), total, len(parts))
            for X, y in parts
        )
        each = torch.autograd.grad(loss, [*model.parameters()])
        return torch.cat([g.flatten() for g in each])

    mistakes = {
        "the gradients left over from the step before were added too: "
        "zero_grad() once, before the first part":
            lambda *case: truth(*case) + 1,
        "a mean of means lets an image in a small part count more: weight "
        "each part by its share of the images":
            lambda *case: truth(*case, lambda n, total, count: 1 / count),
        "the parts' means are added up: weight each by its share of the "
        "images": lambda *case: truth(*case, lambda n, total, count: 1),
        "the sum over images is not divided by how many there are":
            lambda *case: truth(*case, lambda n, total, count: n),
        "divide by the number of images, not of parts":
            lambda *case: truth(*case, lambda n, total, count: n / count),
        "zero_grad() for every part throws the earlier ones away":
            lambda m, parts: truth(
                m, parts[-1:], lambda n, *_: n / sum(len(y) for _, y in parts)
            ),
        "only the last part is left: zero_grad() once, and weight each part "
        "by its share": lambda m, parts: truth(m, parts[-1:]),
    }  # fmt: skip

    def sizes(model, parts):
        return {"sizes": [len(y) for _, y in parts]}

    way = "compare with one batch of all images"
    diagnose(flat, cases, truth, mistakes, way, show=sizes)
    if at_once:
        raise Misconception(
            "the gradient is right, but {} images went through at once and "
            "the largest part has {}: run one part at a time, that is what "
            "saves memory".format(*at_once[0])
        )


class _Used(nn.Linear):
    """A layer whose copies hold a gradient, as left by the step before."""

    largest = 0  # the images of the largest forward pass, of all copies
    latest = None  # the copy that was made last

    def forward(self, X):
        _Used.largest = max(_Used.largest, len(X))
        return super().forward(X)

    def __deepcopy__(self, memo):
        twin = _Used(self.in_features, self.out_features)
        twin.load_state_dict(self.state_dict())
        for p in twin.parameters():
            p.grad = torch.ones_like(p)
        _Used.latest = twin
        return twin


@check(right="sixteen bytes a weight are shared out, the activations are not")
def worker_memory(answer, random):
    cases = [(10**9, 1, 1.0), (10**9, 1, 0.0), (10**9, 4, 3.0), (2000, 2, 4.0)]
    cases += [(7 * 10**9, 1, 5.0), (70 * 10**9, 64, 12.5)]
    for workers in random.sample(range(2, 10), 3):
        cases.append((random.randint(2, 90) * 10**8, workers, 3.75))

    def truth(num_weights, num_workers, activations, each=16):
        return each * num_weights / num_workers / 1e9 + activations

    mistakes = {
        "12 bytes a weight: the float32 copy that the optimiser steps is "
        "missing": lambda *case: truth(*case, 12),
        "14 bytes a weight: weights and gradients are both there in "
        "bfloat16, two bytes each": lambda *case: truth(*case, 14),
        "8 bytes a weight: Adam keeps two averages of four bytes each, and "
        "there is a float32 copy": lambda *case: truth(*case, 8),
        "weights and gradients alone: the optimiser's state is the larger "
        "part": lambda *case: truth(*case, 4),
        "only the weights are counted": lambda *case: truth(*case, 2),
        "20 bytes a weight: the gradients are in bfloat16, not in float32 as "
        "well": lambda *case: truth(*case, 20),
        "activations are not sharded: each worker has those of its own "
        "images": lambda n, w, a: truth(n, w, a / w),
        "weights, gradients and state are shared out: divide them by the "
        "number of workers": lambda n, w, a: truth(n, 1, a),
        "the activations are missing": lambda n, w, a: truth(n, w, 0),
        "the activations are in gigabytes already: do not divide them by "
        "10**9": lambda n, w, a: truth(n, w, a / 1e9),
        "that is in GiB of 2**30 bytes: a GB is 10**9":
            lambda n, w, a: 16 * n / w / 2**30 + a,
        "bytes and GB are added: divide the bytes by 10**9":
            lambda n, w, a: 16 * n / w + a,
        "that is in bytes: a gigabyte is 10**9 of them":
            lambda n, w, a: truth(n, w, a) * 1e9,
    }  # fmt: skip
    way = "add up the bytes of one weight, share them out, add the activations"
    diagnose(answer, cases, truth, mistakes, way)


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
