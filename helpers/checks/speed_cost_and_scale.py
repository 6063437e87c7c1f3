"""The checks of the exercises on speed, cost and scale."""

import statistics

import torch
from torch import nn
from torch.nn import functional as F

from helpers.checks import Misconception, check, close, compare, numbers


def _refuse(got, expected, mistakes, hint, tolerance=1e-6, **shown):
    """Name the mistake that gives these very numbers, or show the gap."""
    for wrong, diagnosis in mistakes:
        if close(got, wrong, tolerance):
            raise Misconception(diagnosis)
    gap = compare(**shown, expected=expected, yours=got)
    raise Misconception(f"{gap}: {hint}")


def _draw(draw, answers, tolerance=1e-6):
    """A draw for which no two of the answers agree.

    answers(*draw) -> the right answer first, then what each mistake gives.
    """
    while True:
        given = draw()
        values = answers(*given)
        apart = all(
            not close(a, b, 20 * tolerance)
            for i, a in enumerate(values)
            for b in values[i + 1 :]
        )
        if apart:
            return given, values


@check(right="median of the ratios, warm-up left out, over 1 when faster")
def speedup(answer, random):
    def draw():
        warmup = random.randint(1, 2)
        rounds = warmup + random.choice([4, 6])  # even: two are the middle
        drift = [random.uniform(1, 4) for _ in range(rounds)]
        before = [d * random.uniform(1.5, 4) for d in drift]
        after = [d * random.uniform(0.5, 2) for d in drift]
        for seconds in (before, after):
            seconds[0] *= 5  # the warm-up
        return before, after, warmup

    def answers(before, after, warmup):
        b, a = before[warmup:], after[warmup:]
        ratios = [x / y for x, y in zip(b, a, strict=True)]
        every = [x / y for x, y in zip(before, after, strict=True)]
        median, mean = statistics.median, statistics.mean
        return (
            median(ratios),
            median(every),
            mean(ratios),
            median(b) / median(a),
            sum(b) / sum(a),
            1 / median(ratios),
            median([x - y for x, y in zip(b, a, strict=True)]),
            min(b) / min(a),
            median(every[: len(every) - warmup]),
            sorted(ratios)[len(ratios) // 2],
            sorted(ratios)[len(ratios) // 2 - 1],
            median([1 / r for r in ratios]),
        )

    diagnoses = (
        "the warm-up rounds are still in it: leave them out of both",
        "that is the mean of the ratios, which one slow round can move: take "
        "the middle one",
        "that divides two medians, which come from different rounds: divide "
        "within each round first",
        "that divides two totals, so the slowest rounds decide: divide "
        "within each round first",
        "the ratio is upside down: seconds before by seconds after is over 1 "
        "when the second is faster",
        "those are seconds saved: a speed-up is a ratio",
        "that divides the two best times, which come from different rounds: "
        "divide each pair",
        "the last rounds are left out: the warm-up comes first",
        "of an even number of ratios the median is the middle of two: "
        "statistics.median knows",
        "of an even number of ratios the median is the middle of two: "
        "statistics.median knows",
        "the ratio is upside down: seconds before by seconds after is over 1 "
        "when the second is faster",
    )
    (before, after, warmup), values = _draw(draw, answers)
    got = numbers(answer(before, after, warmup), ())
    if not close(got, values[0]):
        _refuse(
            got,
            values[0],
            zip(values[1:], diagnoses, strict=True),
            "one ratio for each pair, then the median",
        )
    same = [2.0, 1.0, 3.0, 5.0]
    if not close(numbers(answer(same, same, 1), ()), 1.0):
        raise Misconception("the same seconds twice must give 1")


@check(right="the lower of the two limits, for small batches and for large")
def attainable(answer, random):
    peak = 1e9 * random.randint(500, 900)
    bandwidth = 1e9 * random.randint(8, 20)
    # Under the slope, even for who forgets what moves; then under the roof.
    small = (random.randint(3, 9), *random.sample(range(20, 60), 2))
    large = random.sample(range(4000, 9000), 3)
    for batch, inputs, outputs in (small, large):
        work = 2 * batch * inputs * outputs
        parts = {
            "inputs": 4 * batch * inputs,
            "weights": 4 * inputs * outputs,
            "outputs": 4 * batch * outputs,
        }
        moved = sum(parts.values())
        slope = work / moved * bandwidth
        expected = min(peak, slope)
        got = numbers(answer(batch, inputs, outputs, peak, bandwidth), ())
        if close(got, expected):
            continue
        mistakes = [
            (work / moved, "that is the intensity: times the bandwidth it is "
             "a rate"),
            (min(peak, 4 * slope), "a number has four bytes: you divided by "
             "numbers moved"),
            (min(peak, slope / 2), "a weight costs two operations, multiply "
             "and add"),
            (min(peak, bandwidth * moved / work), "the intensity is upside "
             "down: operations by bytes"),
            (min(peak, slope / batch), "every image of the batch costs "
             "operations, not only the first"),
            *(
                (min(peak, work / (moved - part) * bandwidth),
                 f"the {name} move as well: they are not among your bytes")
                for name, part in parts.items()
            ),
            (max(peak, slope), "both limits hold, so the lower one decides: "
             "min, not max"),
        ]  # fmt: skip
        if expected < slope and close(got, slope):
            raise Misconception(
                "the slope ends at the roof: no rate is above the peak"
            )
        _refuse(
            got,
            expected,
            mistakes,
            "min(peak, operations / bytes * bandwidth)",
            batch=batch,
        )


@check(right="what stays, plus what got faster, and the whole divided by it")
def whole_speedup(answer, random):
    def draw():
        return random.randint(15, 85) / 100, random.choice([1.5, 3, 4, 7, 12])

    def answers(share, factor):
        now = 1 - share + share / factor
        return (
            1 / now,
            now,
            share * factor,
            1 - share + share * factor,
            1 / (share + (1 - share) / factor),
            1 / (1 - share),
            factor,
            1 / (1 - share / factor),
            1 + share * (factor - 1) / factor,
        )

    diagnoses = (
        "that is the time now: the speed-up is the time before, 1, by it",
        "the part that stayed as it was is missing",
        "speeds do not add up, times do: how long does each part take now?",
        "the two parts are swapped: `share` is the part that got faster",
        "that is the limit, for a factor without end",
        "only a share got that much faster, the rest stayed as it was",
        "the old time of the part is still in it: 1 - share stays, and "
        "share / factor is added",
        "1 plus the time saved is not a ratio: divide 1 by the time now",
    )
    given, values = _draw(draw, answers)
    for (share, factor), expected in (
        (given, values[0]),
        ((1.0, 4), 4.0),
        ((0.0, 4), 1.0),
    ):
        got = numbers(answer(share, factor), ())
        if not close(got, expected):
            wrong = answers(share, factor)[1:] if share % 1 else ()
            _refuse(
                got,
                expected,
                zip(wrong, diagnoses, strict=False),
                "1 / (time that stays + time that shrank)",
                share=share,
                factor=factor,
            )


_PATTERNS = {  # bit patterns of float32 that round in different ways
    "down": [0x3F800001, 0x40490FDB, 0x3F807FFF],
    "up": [0x3F80C000, 0x3F808001, 0xC1D68001],
    "tie to the even one below": [0x3F808000, 0x40008000, 0xBF828000],
    "tie to the even one above": [0x3F818000, 0x40038000, 0xC2478000],
}


@check(right="rounded to the nearest, and a tie to the even one")
def to_bfloat16(answer, random):
    def pattern(low):
        """A float32 pattern near 1 whose lower half is `low`."""
        upper = random.randint(0x3C80, 0x4280) | random.choice([0, 0x8000])
        return (upper << 16) | low

    drawn = {
        "down": [pattern(random.randint(1, 0x7FFF)) for _ in range(3)],
        "up": [pattern(random.randint(0x8001, 0xFFFF)) for _ in range(3)],
        "tie to the even one below": [pattern(0x8000) & ~0x10000],
        "tie to the even one above": [pattern(0x8000) | 0x10000],
        "exact": [pattern(0), 0x3F800000, 0x00000000],
    }
    cases = [
        p for kind in (*_PATTERNS.items(), *drawn.items()) for p in kind[1]
    ]
    right, got = [], []
    for p in cases:
        right.append(_nearest_even(p))
        given = answer(p)
        number = numbers(given, ())
        if number != number.round():
            raise Misconception(
                f"for {p:#010x} you return {float(number):.6g}: a pattern is "
                "a whole number, so use // or >>, not /"
            )
        got.append(int(number))
    if got == right:
        return
    mistakes = (
        ([p >> 16 for p in cases],
         "that cuts the lower half off, so every number moves towards zero: "
         "round to the nearest"),
        ([(p + 0x8000) >> 16 for p in cases],
         "right but for ties: half-way goes to the even pattern, and yours "
         "always moves away from zero"),
        ([(p + 0x7FFF) >> 16 for p in cases],
         "right but for ties: half-way goes to the even pattern, and yours "
         "always moves towards zero"),
        ([(p + 0xFFFF) >> 16 for p in cases],
         "every number moves away from zero: half of the lower half's range "
         "decides, not anything above 0"),
        ([p & 0xFFFF for p in cases],
         "that is the lower half: sign and exponent are in the upper one"),
        ([r << 16 for r in right],
         "rounded rightly, but still 32 bits: keep the upper half only"),
        ([r - (r >> 15 << 16) for r in right],
         "the right bits, but read as a number with a sign: the pattern of a "
         "negative number is above 0x8000 (`& 0xFFFF`)"),
        ([_nearest_even(p, 1) for p in cases],
         "ties go to the odd pattern in yours: 1 more for an odd one"),
    )  # fmt: skip
    for wrong, diagnosis in mistakes:
        if got == wrong:
            raise Misconception(diagnosis)
    p, expected, yours = next(
        case for case in zip(cases, right, got, strict=True)
        if case[1] != case[2]
    )  # fmt: skip
    raise Misconception(
        f"pattern {p:#010x}, expected {expected:#06x}, yours {yours:#x}: add "
        "half, then drop the lower 16 bits"
    )


def _nearest_even(pattern, odd=0):
    """The upper half of a float32 pattern, a tie rounded to the even one."""
    return (pattern + 0x7FFF + ((pattern >> 16) + odd) % 2) >> 16


@check(right="every image counts the same, in whichever part it came")
def accumulated_gradient(answer, random):
    torch.manual_seed(random.randrange(10**6))
    model = _Stale(4, 3).double()
    sizes = random.sample(range(1, 9), 3)
    parts = [(3 * torch.randn(n, 4), torch.randint(3, (n,))) for n in sizes]
    parts = [(X.double(), y) for X, y in parts]
    pieces = [_gradient(model, *part) for part in parts]
    num_images = sum(sizes)
    summed = sum(n * g for n, g in zip(sizes, pieces, strict=True))
    expected = summed / num_images
    _Stale.largest = 0
    got = answer(model, parts)
    at_once = _Stale.largest
    if not isinstance(got, (list, tuple)) or not all(
        isinstance(g, torch.Tensor) for g in got
    ):
        raise Misconception(
            "return a list of tensors, [p.grad for p in model.parameters()]"
        )
    shapes = [tuple(p.shape) for p in model.parameters()]
    if [tuple(g.shape) for g in got] != shapes:
        raise Misconception(
            f"the gradients must have the shapes {shapes}, as the parameters"
        )
    got = torch.cat([g.detach().double().flatten() for g in got])
    last = sizes[-1] * pieces[-1] / num_images
    mistakes = (
        (expected + 1, "the gradients left over from the step before were "
         "added too: zero_grad() once, before the first part"),
        (sum(pieces) / 3, "a mean of means lets an image in a small part "
         "count more: weight each part by its share of the images"),
        (sum(pieces), "the parts' means are added up: weight each by its "
         "share of the images"),
        (summed, "the sum over images is not divided by how many there are"),
        (summed / 3, "divide by the number of images, not of parts"),
        (last, "zero_grad() for every part throws the earlier ones away"),
        (pieces[-1], "only the last part is left: zero_grad() once, and "
         "weight each part by its share"),
    )  # fmt: skip
    _settle(got, expected, mistakes, "compare with one batch of all images",
           sizes=sizes)  # fmt: skip
    if at_once > max(sizes):
        raise Misconception(
            f"the gradient is right, but {at_once} images went through at "
            f"once and the largest part has {max(sizes)}: run one part at a "
            "time, that is what saves memory"
        )


class _Stale(nn.Linear):
    """A layer whose copies hold a gradient, as left by the step before."""

    largest = 0  # the images of the largest forward pass, of all copies

    def forward(self, X):
        _Stale.largest = max(_Stale.largest, len(X))
        return super().forward(X)

    def __deepcopy__(self, memo):
        twin = _Stale(self.in_features, self.out_features).double()
        twin.load_state_dict(self.state_dict())
        for p in twin.parameters():
            p.grad = torch.ones_like(p)
        return twin


@check(right="sixteen bytes a weight are shared out, the activations are not")
def worker_memory(answer, random):
    cases = [(7 * 10**9, 1, 5.0), (70 * 10**9, 64, 12.5)]
    cases += [(random.randint(2, 90) * 10**8, random.randint(3, 9), 3.75)]
    for num_weights, num_workers, activations in cases:
        got = numbers(answer(num_weights, num_workers, activations), ())
        each = num_weights / num_workers / 1e9
        share = 16 * each
        expected = share + activations
        mistakes = (
            (12 * each + activations, "12 bytes a weight: the float32 copy "
             "that the optimiser steps is missing"),
            (14 * each + activations, "14 bytes a weight: weights and "
             "gradients are both there in bfloat16, two bytes each"),
            (8 * each + activations, "8 bytes a weight: Adam keeps two "
             "averages of four bytes each, and a float32 copy"),
            (4 * each + activations, "weights and gradients alone: the "
             "optimiser's state is the larger part"),
            (2 * each + activations, "only the weights are counted"),
            (20 * each + activations, "20 bytes a weight: the gradients are "
             "in bfloat16, not in float32 as well"),
            ((16 * num_weights / 1e9 + activations) / num_workers,
             "activations are not sharded: each worker has those of its own "
             "images"),
            (16 * num_weights / 1e9 + activations, "weights, gradients and "
             "state are shared out: divide them by the number of workers"),
            (share, "the activations are missing"),
            (share * 1e9 / 2**30 + activations, "that is in GiB of 2**30 "
             "bytes: a GB is 10**9"),
            (share * 1e9 + activations, "bytes and GB are added: divide the "
             "bytes by 10**9"),
        )  # fmt: skip
        if num_workers == 1:
            mistakes = mistakes[:6] + mistakes[8:]
        _settle(got, expected, mistakes, "add up the bytes of one weight",
               num_weights=num_weights, num_workers=num_workers,
               activations=activations)  # fmt: skip


@check(right="operations, seconds, joules, kilowatt-hours, each by its unit")
def kilowatt_hours(answer, random):
    cases = [(3.6e18, 1e12, 0.5, 500.0, 1.25)]
    for _ in range(2):
        cases.append((
            random.randint(11, 99) * 10.0 ** random.randint(17, 20),
            random.randint(11, 99) * 1e12,
            random.randint(21, 69) / 100,
            float(random.randint(151, 899)),
            random.randint(11, 39) / 20 + 0.6,
        ))  # fmt: skip
    for operations, peak, utilisation, watts, overhead in cases:
        arguments = (operations, peak, utilisation, watts, overhead)
        got = numbers(answer(*arguments), ())
        seconds = operations / (peak * utilisation)
        joules = seconds * watts * overhead
        expected = joules / 3.6e6
        mistakes = (
            (expected * utilisation, "no machine runs at its peak rate: "
             "divide by the utilisation too"),
            (expected * utilisation**2, "a low utilisation takes longer: "
             "divide by it, do not multiply"),
            (expected / overhead, "the building's overhead is missing"),
            (expected / overhead**2, "overhead adds to the bill: multiply "
             "by it, do not divide"),
            (joules, "that is in joules: a kilowatt-hour is 3.6 million"),
            (joules / 3600, "that is in watt-hours: divide by 1000"),
            (joules / 1000, "that is in kilojoules: an hour has 3600 "
             "seconds"),
            (joules / 60_000, "that takes minutes for hours"),
            (seconds, "that is the time in seconds: times watts it is "
             "energy"),
            (seconds / 3600, "that is the time in hours: times kilowatts it "
             "is energy"),
        )  # fmt: skip
        _settle(got, expected, mistakes, "go by way of seconds and joules",
               operations=operations, peak=peak, utilisation=utilisation,
               watts=watts, overhead=overhead)  # fmt: skip


@check(right="as near as a scale for each row allows, and zeros stay zeros")
def quantise_rows(answer, random):
    generator = torch.Generator().manual_seed(random.randrange(10**6))
    weight = torch.randn(5, 40, generator=generator)
    weight *= torch.tensor([[0.01], [1.0], [0.1], [30.0], [3.0]])
    weight[1, 7] = -6.0  # the largest of its row is negative
    weight[4, 3] = 14.0  # and here it is positive
    codes, scale = _pair(answer(weight))
    _codes_fit(codes, scale, weight)
    _near_enough(codes, scale, weight)
    weight[2] = 0.0
    codes, scale = _pair(answer(weight))
    if not (scale > 0).all() or codes[2].any():
        raise Misconception(
            "a row of zeros has a scale of 0, and 0/0 is no number: clamp "
            "the largest from below"
        )
    _near_enough(codes, scale, weight)


def _pair(got):
    try:
        codes, scale = got
    except (TypeError, ValueError):
        raise Misconception(
            "return two things: `return codes, scale`"
        ) from None
    if not isinstance(codes, torch.Tensor) or codes.dtype != torch.int8:
        kind = getattr(codes, "dtype", type(codes).__name__)
        raise Misconception(
            f"the codes must be a tensor of torch.int8, not {kind}: else "
            "nothing is saved"
        )
    return codes, numbers(scale, what="the scale")


def _codes_fit(codes, scale, weight):
    if tuple(codes.shape) != tuple(weight.shape):
        raise Misconception(
            f"the codes have the shape of the weights, {tuple(weight.shape)}, "
            f"not {tuple(codes.shape)}"
        )
    if scale.numel() == 1:
        raise Misconception(
            "one scale for all rows: the largest weight of all spoils every "
            "other row; take amax over dim=1"
        )
    if tuple(scale.shape) == (1, weight.shape[1]):
        raise Misconception(
            "that is a scale a column: a neuron is a row, so amax over dim=1"
        )
    if tuple(scale.shape) == (len(weight),):
        raise Misconception(
            f"scale needs shape ({len(weight)}, 1), or it would multiply "
            "columns: keepdim=True"
        )
    if tuple(scale.shape) != (len(weight), 1):
        raise Misconception(
            f"scale needs shape ({len(weight)}, 1), one a row, not "
            f"{tuple(scale.shape)}"
        )


def _near_enough(codes, scale, weight):
    """Whether every weight is within half a step, and the step is right."""
    weight = weight.double()
    largest = weight.abs().amax(dim=1, keepdim=True)
    step = largest / 127
    restored = codes.double() * scale
    if ((restored - weight).abs() <= 0.501 * step).all():
        return
    signed = weight.amax(dim=1, keepdim=True) / 127
    filled = largest[:, 0] > 0
    used = (scale / step)[filled]
    if close(scale * step, torch.ones_like(step), 1e-3):
        text = "the scale is turned over: largest / 127, and divide by it"
    elif close(used, torch.full_like(used, 127 / 128), 1e-3):
        text = (
            "with 128 the largest weight overflows int8, which ends at 127, "
            "and turns its sign"
        )
    elif close(scale / signed, torch.ones_like(step), 1e-3):
        text = (
            "the largest weight of a row may be negative: take abs() before "
            "the maximum, or its code overflows"
        )
    elif not close(used, torch.ones_like(used), 1e-3):
        text = "the scale of a row is its largest absolute weight / 127"
    elif (restored.abs() <= weight.abs() + 1e-6 * largest).all():
        text = "to(torch.int8) cuts off what follows the point: round() first"
    else:
        text = "the scales are right, but the codes are not the nearest ones"
    worst = ((restored - weight).abs() / step.clamp(min=1e-12)).argmax()
    shown = compare(
        weight=weight.flatten()[worst].item(),
        yours=restored.flatten()[worst].item(),
    )
    raise Misconception(f"{text}. {shown}")


def _gradient(model, X, y):
    parameters = list(model.parameters())
    loss = F.cross_entropy(model(X), y)
    parts = torch.autograd.grad(loss, parameters)
    return torch.cat([part.flatten() for part in parts])


def _settle(got, expected, mistakes, otherwise, **shown):
    """Return if `got` is right; else name the mistake that gives it."""
    if close(got, expected, 1e-6):
        return
    text = next((t for v, t in mistakes if close(got, v, 1e-6)), otherwise)
    if isinstance(expected, torch.Tensor) and expected.ndim:
        worst = (got - expected).abs().argmax()
        got, expected = got[worst], expected[worst]
    shown = compare(**shown, expected=expected, yours=got)
    raise Misconception(f"{text}. {shown}")
