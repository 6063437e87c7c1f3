"""Right answers in the exercises on speed, unusual ones."""

import math

import numpy as np
import torch

RIGHT = {
    "speedup": {
        "NumPy": lambda before, after, warmup: np.median(
            np.array(before[warmup:]) / np.array(after[warmup:])
        ),
        "the other ratio, turned over": lambda before, after, warmup: (
            1 / np.median(np.divide(after, before)[warmup:])
        ),
        "float32": lambda before, after, warmup: np.median(
            np.divide(before, after, dtype=np.float32)[warmup:]
        ),
    },
    "attainable": {
        "the longer of two times": lambda b, i, o, peak, bandwidth: (
            2
            * b
            * i
            * o
            / max(
                2 * b * i * o / peak,
                4 * (b * i + i * o + b * o) / bandwidth,
            )
        ),
        "reciprocals": lambda b, i, o, peak, bandwidth: min(
            peak, bandwidth / 2 / (1 / b + 1 / i + 1 / o)
        ),
        "NumPy": lambda b, i, o, peak, bandwidth: np.minimum(
            peak, b * i * o / (b * i + i * o + b * o) / 2 * bandwidth
        ),
    },
    "whole_speedup": {
        "exact fractions": (
            "from fractions import Fraction\n"
            "def whole_speedup(share, factor):\n"
            "    s = Fraction(share)\n"
            "    now = s / Fraction(factor) if factor < math.inf else 0\n"
            "    return float(1 / (1 - s + now))\n"
        ),
        "infinity apart": lambda s, f: (
            1 / (1 - s) if f == math.inf else f / (f * (1 - s) + s)
        ),
        "the time saved": lambda s, f: 1 / (1 - s * (1 - 1 / f)),
        "a power": lambda s, f: (1 - s + s / f) ** -1,
    },
    "to_bfloat16": {
        "round": lambda pattern: float(round(pattern / 2**16)),
        "by cases": lambda pattern: (
            (pattern >> 16)
            + (
                pattern & 0xFFFF > 0x8000
                or (pattern & 0xFFFF == 0x8000 and pattern >> 16 & 1 == 1)
            )
        ),
        "torch": lambda pattern: (
            torch.tensor(pattern)
            .to(torch.int32)
            .view(torch.float32)
            .to(torch.bfloat16)
            .view(torch.int16)
            .long()
            & 0xFFFF
        ),
    },
}
