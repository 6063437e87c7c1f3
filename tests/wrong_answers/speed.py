"""What learners really write in the exercises on speed."""

import math
import statistics


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


def nan_at_infinity(share, factor):
    return factor / (factor * (1 - share) + share)


def infinity_skipped(share, factor):
    return 1 if factor == math.inf else 1 / time_now(share, factor)


def one_plus_saved(share, factor):
    return 1 + share - share / factor


WRONG = {
    "speedup": {
        "warm-up rounds are still": warm_up_kept,
        "mean of the ratios": mean_of_ratios,
        "two medians": two_medians,
        "the middle of two": upper_of_two,
        "two totals": totals,
        "upside down": upside_down,
        "seconds saved": saved,
        "one round too many": lambda before, after, warmup: statistics.median(
            _pairs(before[warmup + 1 :], after[warmup + 1 :])
        ),
        "one round too few": lambda before, after, warmup: warm_up_kept(
            before[max(warmup - 1, 0) :], after[max(warmup - 1, 0) :], 0
        ),
        "two best times": best_times,
        "return one number": lambda before, after, warmup: [
            statistics.median(_pairs(before[warmup:], after[warmup:]))
        ],
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
        "the weights move as well": no_weights,
        "the outputs move": no_outputs,
        "one image alone": lambda b, i, o, peak, rate: min(
            peak, 2 * i * o / (4 * (i + i * o + o)) * rate
        ),
    },
    "whole_speedup": {
        "time now: the speed-up": time_now,
        "is missing": share_alone,
        "speeds do not add up": added_speeds,
        "swapped": swapped,
        "without end": limit,
        "only a share": all_of_it,
        "old time of the part": old_part_kept,
        "is not a ratio": one_plus_saved,
        "infinity divided by infinity": nan_at_infinity,
        "factor inf, expected 2, yours 1": infinity_skipped,
        "share 0.99": lambda s, f: min(1 / time_now(s, f), 10),
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
        "the sign is lost": lambda pattern: round(pattern % 2**31 / 2**16),
    },
}
