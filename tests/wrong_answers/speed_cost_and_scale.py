"""What learners really write in the exercises on speed, cost and scale."""

import statistics

import torch
from torch.nn import functional as F


def _pairs(before, after):
    return [b / a for b, a in zip(before, after, strict=True)]


def warm_up_kept(before, after, warmup):
    return statistics.median(_pairs(before, after))


def mean_of_ratios(before, after, warmup):
    return statistics.mean(_pairs(before[warmup:], after[warmup:]))


def upper_of_two(before, after, warmup):
    ratios = sorted(_pairs(before[warmup:], after[warmup:]))
    return ratios[len(ratios) // 2]


def two_medians(before, after, warmup):
    first, second = before[warmup:], after[warmup:]
    return statistics.median(first) / statistics.median(second)


def totals(before, after, warmup):
    return sum(before[warmup:]) / sum(after[warmup:])


def upside_down(before, after, warmup):
    return statistics.median(_pairs(after[warmup:], before[warmup:]))


def saved(before, after, warmup):
    pairs = zip(before[warmup:], after[warmup:], strict=True)
    return statistics.median(b - a for b, a in pairs)


def best_times(before, after, warmup):
    return min(before[warmup:]) / min(after[warmup:])


def _intensity(batch, inputs, outputs, each=4, lacking=0):
    moved = batch * inputs + inputs * outputs + batch * outputs - lacking
    return 2 * batch * inputs * outputs / (each * moved)


def highest(batch, inputs, outputs, peak, bandwidth):
    return max(peak, _intensity(batch, inputs, outputs) * bandwidth)


def intensity_alone(batch, inputs, outputs, peak, bandwidth):
    return _intensity(batch, inputs, outputs)


def no_roof(batch, inputs, outputs, peak, bandwidth):
    return _intensity(batch, inputs, outputs) * bandwidth


def numbers_not_bytes(batch, inputs, outputs, peak, bandwidth):
    return min(peak, _intensity(batch, inputs, outputs, 1) * bandwidth)


def one_operation(batch, inputs, outputs, peak, bandwidth):
    return min(peak, _intensity(batch, inputs, outputs) / 2 * bandwidth)


def inverse(batch, inputs, outputs, peak, bandwidth):
    return min(peak, bandwidth / _intensity(batch, inputs, outputs))


def no_weights(batch, inputs, outputs, peak, bandwidth):
    lacking = inputs * outputs
    intensity = _intensity(batch, inputs, outputs, lacking=lacking)
    return min(peak, intensity * bandwidth)


def no_outputs(batch, inputs, outputs, peak, bandwidth):
    intensity = _intensity(batch, inputs, outputs, lacking=batch * outputs)
    return min(peak, intensity * bandwidth)


def time_now(share, factor):
    return 1 - share + share / factor


def share_alone(share, factor):
    return share * factor


def added_speeds(share, factor):
    return 1 - share + share * factor


def swapped(share, factor):
    return 1 / (share + (1 - share) / factor)


def limit(share, factor):
    return 1 / (1 - share)


def all_of_it(share, factor):
    return factor


def old_part_kept(share, factor):
    return 1 / (1 - share / factor)


def cut_off(pattern):
    return pattern >> 16


def ties_up(pattern):
    return (pattern + 0x8000) >> 16


def ties_down(pattern):
    return (pattern + 0x7FFF) >> 16


def always_up(pattern):
    return (pattern + 0xFFFF) >> 16


def lower_half(pattern):
    return pattern & 0xFFFF


def signed(pattern):
    upper = (pattern + 0x7FFF + (pattern >> 16) % 2) >> 16
    return upper - 0x10000 if upper >> 15 else upper


def divided(pattern):
    return (pattern + 0x7FFF + (pattern >> 16) % 2) / 2**16


def not_shifted(pattern):
    return (pattern + 0x7FFF + (pattern >> 16) % 2) >> 16 << 16


def _accumulate(model, parts, weigh, clear_each=False, clear=True):
    if clear:
        model.zero_grad()
    num_images = sum(len(y) for _, y in parts)
    for X, y in parts:
        if clear_each:
            model.zero_grad()
        loss = F.cross_entropy(model(X), y)
        (loss * weigh(len(y), num_images, len(parts))).backward()
    return [p.grad for p in model.parameters()]


def mean_of_means(model, parts):
    return _accumulate(model, parts, lambda n, total, count: 1 / count)


def sum_of_means(model, parts):
    return _accumulate(model, parts, lambda n, total, count: 1)


def sum_of_images(model, parts):
    return _accumulate(model, parts, lambda n, total, count: n)


def by_parts(model, parts):
    return _accumulate(model, parts, lambda n, total, count: n / count)


def cleared_each(model, parts):
    return _accumulate(model, parts, lambda n, total, _: n / total, True)


def last_alone(model, parts):
    return _accumulate(model, parts, lambda n, total, count: 1, True)


def never_cleared(model, parts):
    weigh = lambda n, total, count: n / total  # noqa: E731
    return _accumulate(model, parts, weigh, clear=False)


def all_at_once(model, parts):
    X, y = (torch.cat(each) for each in zip(*parts, strict=True))
    model.zero_grad()
    F.cross_entropy(model(X), y).backward()
    return [p.grad for p in model.parameters()]


def one_tensor(model, parts):
    gradients = _accumulate(model, parts, lambda n, total, _: n / total)
    return torch.cat([g.flatten() for g in gradients])


def _worker(bytes_a_weight):
    def answer(num_weights, num_workers, activations):
        share = bytes_a_weight * num_weights / num_workers / 1e9
        return share + activations

    return answer


def _energy(change):
    def answer(operations, peak, utilisation, watts, overhead):
        seconds = operations / (peak * utilisation)
        joules = seconds * watts * overhead
        return change(joules, seconds, utilisation, overhead)

    return answer


def _rows(weight, largest, top=127, cut=False):
    scale = largest.clamp(min=1e-12) / top
    ratio = weight / scale
    ratio = ratio if cut else ratio.round()
    return ratio.to(torch.int32).to(torch.int8), scale  # wraps around


def _largest(weight):
    return weight.abs().amax(dim=1, keepdim=True)


def turned_over(weight):
    scale = 127 / _largest(weight).clamp(min=1e-12)
    return (weight * scale).round().to(torch.int8), scale


def zero_row(weight):
    scale = _largest(weight) / 127
    return (weight / scale).round().to(torch.int8), scale


def steps_too(model, parts):
    count = sum(len(y) for _, y in parts)
    model.zero_grad()
    for X, y in parts:
        (F.cross_entropy(model(X), y) * len(y) / count).backward()
    got = [p.grad.clone() for p in model.parameters()]
    torch.optim.SGD(model.parameters(), lr=0.1).step()
    return got


WRONG = {
    "speedup": {
        "warm-up rounds are still": warm_up_kept,
        "mean of the ratios": mean_of_ratios,
        "two medians": two_medians,
        "the middle of two": upper_of_two,
        "two totals": totals,
        "upside down": upside_down,
        "seconds saved": saved,
        "two best times": best_times,
    },
    "attainable": {
        "only the weights are among your bytes": lambda b, i, o, peak, rate: (
            min(peak, 2 * b * i * o / (4 * i * o) * rate)
        ),
        "twice too much": lambda b, i, o, peak, rate: min(
            peak, b * i * o / (b * i + i * o + b * o) * rate
        ),
        "min, not max": highest,
        "that is the intensity": intensity_alone,
        "slope ends at the roof": no_roof,
        "divided by numbers moved": numbers_not_bytes,
        "costs two operations": one_operation,
        "upside down": inverse,
        "the weights move": no_weights,
        "the outputs move": no_outputs,
    },
    "whole_speedup": {
        "time now: the speed-up": time_now,
        "is missing": share_alone,
        "speeds do not add up": added_speeds,
        "swapped": swapped,
        "without end": limit,
        "only a share": all_of_it,
        "old time of the part": old_part_kept,
    },
    "to_bfloat16": {
        "cuts the lower half off": cut_off,
        "always moves away from zero": ties_up,
        "always moves towards zero": ties_down,
        "not anything above 0": always_up,
        "that is the lower half": lower_half,
        "whole number": divided,
        "still 32 bits": not_shifted,
        "number with a sign": signed,
    },
    "accumulated_gradient": {
        "a mean of means": mean_of_means,
        "the parts' means are added up": sum_of_means,
        "is not divided by how many": sum_of_images,
        "images, not of parts": by_parts,
        "throws the earlier ones away": cleared_each,
        "only the last part is left": last_alone,
        "left over from the step before": never_cleared,
        "a list of tensors": one_tensor,
        "one part at a time": all_at_once,
        "leave the step to the caller": steps_too,
    },
    "worker_memory": {
        "do not divide them by 10**9": lambda n, w, a: (16 * n / w + a) / 1e9,
        "that is in bytes": lambda n, w, a: 16 * n / w + a * 1e9,
        "12 bytes a weight": _worker(12),
        "14 bytes a weight": _worker(14),
        "8 bytes a weight: Adam": _worker(8),
        "weights and gradients alone": _worker(4),
        "only the weights are counted": _worker(2),
        "20 bytes a weight": _worker(20),
        "activations are not sharded": lambda n, w, a: (16 * n / 1e9 + a) / w,
        "divide them by the number of workers": lambda n, w, a: (
            16 * n / 1e9 + a
        ),
        "the activations are missing": lambda n, w, a: 16 * n / w / 1e9,
        "GiB of 2**30": lambda n, w, a: 16 * n / w / 2**30 + a,
        "bytes and GB are added": lambda n, w, a: 16 * n / w + a,
    },
    "kilowatt_hours": {
        "no machine runs": _energy(lambda j, s, u, o: j * u / 3.6e6),
        "a low utilisation takes longer": _energy(
            lambda j, s, u, o: j * u**2 / 3.6e6
        ),
        "overhead is missing": _energy(lambda j, s, u, o: j / o / 3.6e6),
        "overhead adds to the bill": _energy(
            lambda j, s, u, o: j / o**2 / 3.6e6
        ),
        "in joules": _energy(lambda j, s, u, o: j),
        "in watt-hours": _energy(lambda j, s, u, o: j / 3600),
        "in kilojoules": _energy(lambda j, s, u, o: j / 1000),
        "minutes for hours": _energy(lambda j, s, u, o: j / 60_000),
        "the time in seconds": _energy(lambda j, s, u, o: s),
        "the time in hours": _energy(lambda j, s, u, o: s / 3600),
    },
    "quantise_rows": {
        "one scale for all rows": lambda w: _rows(w, w.abs().amax()),
        "a scale a column": lambda w: _rows(
            w, w.abs().amax(dim=0, keepdim=True)
        ),
        "it would multiply": lambda w: (
            _rows(w, _largest(w))[0],
            _largest(w)[:, 0] / 127,
        ),
        "may be negative": lambda w: _rows(w, w.amax(dim=1, keepdim=True)),
        "with 128 the largest": lambda w: _rows(w, _largest(w), 128),
        "cuts off what follows": lambda w: _rows(w, _largest(w), cut=True),
        "turned over": turned_over,
        "a row of zeros": zero_row,
        "a tensor of torch.int8": lambda w: (
            (w / (_largest(w) / 127)).round(),
            _largest(w) / 127,
        ),
        "return two things": lambda w: _rows(w, _largest(w))[0],
    },
}
