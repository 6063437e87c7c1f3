"""The figures of the notebook on speed.

Each shows one figure with its description. Rates are in operations or bytes
a second, times in seconds where nothing else is said.
"""

import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import SelectionSlider

from helpers.figures import (
    DATA,
    GRADIENT,
    MODEL,
    QUIET,
    RIGHT,
    WRONG,
    live,
    show,
)

PARTS = {
    "loading": GRADIENT,
    "forward": DATA,
    "backward": MODEL,
    "step": RIGHT,
}
# Seven kinds in one bar: seven colours (Okabe and Ito, 2008), in order.
KINDS = {
    "loading": "#CC79A7",
    "convolution": "#0072B2",
    "matrix product": "#56B4E9",
    "pooling": "#D55E00",
    "ReLU": "#F0E442",
    "Adam": "#009E73",
    "the rest": "#999999",
}


def time_line(parts):
    """One step from left to right; parts: {"loading": seconds, ...}."""
    figure, axes = plt.subplots(figsize=(7.4, 1.7))
    start = 0.0
    for name, seconds in parts.items():
        width = 1000 * seconds
        axes.barh(0, width, left=start, color=PARTS[name], ec="white", lw=2)
        middle = start + width / 2
        axes.text(middle, 0.52, name, ha="center", va="bottom")
        start += width
    axes.set(xlabel="time in ms", yticks=[], ylim=(-0.45, 0.95))
    axes.set_xlim(-0.03 * start, 1.03 * start)
    axes.spines["left"].set_visible(False)
    listed = ", ".join(f"{n} {1000 * s:.0f}" for n, s in parts.items())
    show(
        figure,
        f"One training step as a bar of {start:.0f} ms, its parts one after "
        f"the other: {listed} ms.",
    )


def rates(sizes, by_dtype):
    """The rate of n x n matrix products against n, a curve for each dtype.

    by_dtype: {"float32": rates, ...}
    """
    figure, axes = plt.subplots(figsize=(6.4, 3.2))
    styles = zip(("o-", "s--"), (MODEL, DATA), strict=True)
    for (name, values), (style, color) in zip(
        by_dtype.items(), styles, strict=True
    ):
        y = np.array(values) / 1e9
        axes.loglog(sizes, y, style, color=color, label=name, ms=7)
    axes.set_xticks(sizes, sizes)
    axes.yaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    axes.set(xlabel="size n of the matrices", ylabel="GFLOP/s")
    axes.legend()
    listed = "; ".join(
        f"{name} from {values[0] / 1e9:.1f} at n = {sizes[0]} to at best "
        f"{max(values) / 1e9:.0f} GFLOP/s"
        for name, values in by_dtype.items()
    )
    show(figure, f"Rate of n x n matrix products: {listed}.")


def under_the_roof(batches, roof, batches_timed, timed, ridge):
    """fc1's roof against the batch, and what was measured; a slider moves.

    roof, timed: rates at `batches` and at `batches_timed`
    ridge: the intensity at which memory and arithmetic take equally long
    """
    figure, axes = plt.subplots(figsize=(6.8, 3.5))
    roof, timed = np.array(roof) / 1e9, np.array(timed) / 1e9
    axes.loglog(batches, roof, "-", color=QUIET, lw=2, label="roof")
    axes.loglog(batches_timed, timed, "o", color=MODEL, label="measured")
    (gap,) = axes.plot([1, 1], [1, 1], ":", color=WRONG, lw=2)
    (dot,) = axes.plot([1], [1], "D", color=WRONG, ms=8)
    axes.set_xticks(batches, batches)
    axes.yaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    top = max(roof.max(), timed.max())
    low = min(roof.min(), timed.min())
    axes.set(xlabel="images in the batch", ylabel="GFLOP/s")
    axes.set_ylim(low / 2, 2.5 * top)
    axes.legend(loc="lower right")
    known = dict(zip(batches_timed, timed, strict=True))
    limits = dict(zip(batches, roof, strict=True))
    peak = roof.max()

    def draw(batch):
        limit = limits[batch]
        bound = "memory" if limit < 0.999 * peak else "arithmetic"
        reached = known.get(batch)
        dot.set_data([batch], [limit])
        gap.set_data([batch] * 2, [reached or limit, limit])
        words = f"batch {batch}: bound by {bound}, at most {limit:.0f} GFLOP/s"
        if reached:
            words += f", measured {reached:.0f}"
        axes.set_title(words)
        return (
            f"fc1 forward, {words[0].lower()}{words[1:]}. The roof climbs "
            f"with the batch until {ridge:.0f} operations a byte, then it is "
            f"flat at {peak:.0f} GFLOP/s."
        )

    slider = SelectionSlider(options=list(batches), value=16)
    slider.description = "batch"
    live(figure, draw, batch=slider)


def roofline(works, peak, slopes, loop):
    """Layers under their roofs.

    works: {name: (intensity, rate reached, rate of its own roof)}
    slopes: {"from memory": bytes a second, ...}, two
    loop: rate of the plain loop as a whole
    """
    figure, axes = plt.subplots(figsize=(7.4, 4.4))
    right = 700
    styles = dict(zip(slopes, ("-", "--"), strict=True))
    # The lower line's words stand to its right, the upper one's to its left.
    places = (1.6, (8, -10), "left"), (0.3, (-8, 6), "right")
    by_rate = sorted(slopes.items(), key=lambda slope: slope[1])
    for (name, rate), (at, aside, side) in zip(by_rate, places, strict=True):
        x = np.array([0.06, peak / rate])
        axes.loglog(x, x * rate / 1e9, styles[name], color=QUIET, lw=2)
        place = {"textcoords": "offset points", "color": QUIET, "ha": side}
        axes.annotate(name, (at, at * rate / 1e9), aside, **place)
    edge = peak / max(slopes.values())
    axes.loglog([edge, right], [peak / 1e9] * 2, color=QUIET, lw=2)
    words = f"peak, {peak / 1e9:.0f} GFLOP/s"
    above = {"ha": "right", "color": QUIET}
    axes.text(right, 1.12 * peak / 1e9, words, **above)
    axes.plot([330, right], [loop / 1e9] * 2, color=WRONG, lw=3)
    axes.annotate(
        "plain loop",
        (right, loop / 1e9),
        (0, -14),
        textcoords="offset points",
        color=WRONG,
        ha="right",
    )
    for name, (intensity, reached, roof) in works.items():
        y = reached / 1e9, roof / 1e9
        axes.plot([intensity] * 2, y, color=MODEL, lw=1)
        axes.plot(intensity, y[1], "_", color="black", ms=18, mew=2)
        axes.plot(intensity, y[0], "o", color=MODEL, ms=8)
        axes.annotate(
            name,
            (intensity, y[0]),
            (10, -4),
            textcoords="offset points",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )
    axes.set(xlabel="intensity, operations per byte", ylabel="GFLOP/s")
    axes.set_xlim(0.06, right)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:g}")
    axes.set_ylim(top=2 * peak / 1e9)
    listed = ", ".join(
        f"{name} {reached / roof:.0%}"
        for name, (_, reached, roof) in works.items()
    )
    show(
        figure,
        f"A flat roof at {peak / 1e9:.0f} GFLOP/s, and slopes at "
        + " and ".join(f"{r / 1e9:.0f} GB/s {n}" for n, r in slopes.items())
        + ". Of its own roof, drawn as a black bar, each reaches: "
        f"{listed}. The plain loop runs at {loop / 1e9:.0f} GFLOP/s, "
        f"{loop / peak:.0%} of the peak.",
    )


def where_it_went(predicted, measured, scale, limit):
    """What 64 images cost after each change: predicted above measured.

    predicted, measured: {change: {kind: milliseconds}}
    scale: factor for what was predicted
    limit: milliseconds of all operations at the peak rate
    """
    names = list(measured)
    figure, axes = plt.subplots(figsize=(7.6, 0.62 * len(names) + 1.8))
    for row, name in enumerate(names):
        expected = {k: scale * ms for k, ms in predicted[name].items()}
        bars = (expected, -0.21, 0.45), (measured[name], 0.19, 1.0)
        for spent, shift, alpha in bars:
            start = 0.0
            for kind, color in KINDS.items():
                width = spent.get(kind, 0.0)
                axes.barh(
                    row + shift,
                    width,
                    0.36,
                    left=start,
                    color=color,
                    alpha=alpha,
                    label=kind if row == 0 and alpha == 1 else None,
                )
                start += width
            axes.text(
                start,
                row + shift,
                f" {start:.0f}",
                va="center",
                fontsize=9,
                color=QUIET if alpha < 1 else "black",
            )
    axes.axvline(limit, color=QUIET, ls=":")
    axes.text(limit, -0.62, "limit", color=QUIET, ha="center")
    axes.set_yticks(range(len(names)), names)
    axes.set(
        xlabel="ms for 64 images; pale: predicted, full: measured",
        ylim=(len(names) - 0.5, -0.5),
    )
    figure.legend(loc="outside upper center", ncols=4, fontsize=10)
    listed = "; ".join(
        f"{name} {scale * sum(predicted[name].values()):.0f} and "
        f"{sum(measured[name].values()):.0f}"
        for name in names
    )
    show(
        figure,
        "Milliseconds for 64 images, predicted and measured by the "
        f"profiler: {listed}. All operations at the peak rate would take "
        f"{limit:.0f} ms.",
    )
