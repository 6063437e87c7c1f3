"""The figures of scaling laws, for the notebook on cost and scaling.

Each function takes numbers and shows one figure with its description; it
returns nothing.
"""

import matplotlib.pyplot as plt
import numpy as np

from helpers.figures import DATA, MODEL, RIGHT, show


def mark_losses(axes):
    """A few round losses on a logarithmic axis, which would mark none."""
    ticks = [0.1, 0.2, 0.3, 0.5, 0.8]
    axes.set_yticks(ticks, [str(tick) for tick in ticks])
    axes.minorticks_off()


def laws(series):
    """Runs, the fitted law with its interval, and the runs it has not seen.

    series: {name: (n, losses, last, law, line)}; fitted were the runs up to
    `last`; `law` is a PowerLaw, `line` gives the losses of a fit
    """
    figure, axes = plt.subplots(1, 2, figsize=(7.4, 3.4), sharey=True)
    words = []
    for ax, (name, parts) in zip(axes, series.items(), strict=True):
        n, losses, last, law, line = parts
        wide = np.geomspace(n.min() / 1.5, n.max() * 30)
        low, high = np.array([law.predict_interval(x) for x in wide]).T
        ax.fill_between(wide, low, high, color=MODEL, alpha=0.25, lw=0)
        ax.plot(wide, line(wide), "--", color=MODEL, label="the law")
        for inside, mark, color, what in (
            (n <= last, "o", DATA, "runs, fitted"),
            (n > last, "D", RIGHT, "runs, not fitted"),
        ):
            ax.plot(
                n[inside], losses[inside], mark, color=color, label=what, ms=5
            )
        ax.set(xscale="log", yscale="log", xlabel=f"number of {name}")
        mark_losses(ax)
        words.append(
            f"{name}: from {losses[n == n.min()].mean():.2f} at "
            f"{n.min():,.0f} to {losses[n == n.max()].mean():.2f} at "
            f"{n.max():,.0f}, exponent {law.exponent:.2f}"
        )
    axes[0].set_ylabel("validation loss")
    axes[1].legend(loc="lower left")
    show(
        figure,
        "Recorded validation losses on logarithmic axes, with the laws "
        f"fitted to the smaller runs. {'; '.join(words)}.",
    )


def floors(n, losses, curves):
    """Laws with different floors: alike where there are runs, not beyond.

    curves: {floor: function of n}
    """
    figure, axes = plt.subplots(figsize=(6.4, 3.2))
    wide = np.geomspace(n.min() / 1.5, n.max() * 100)
    axes.plot(n, losses, "o", color=DATA, ms=5, label="runs")
    styles = ("-", "--", ":")
    ends = []
    for (floor, curve), style in zip(curves.items(), styles, strict=True):
        axes.plot(wide, curve(wide), style, color=MODEL, lw=2)
        end = float(curve(100 * n.max()))
        ends.append(f"floor {floor}: {end:.2f}")
        axes.annotate(
            f"floor {floor}: {end:.2f}",
            (100 * n.max(), end),
            (10, 0),
            textcoords="offset points",
            va="center",
        )
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="number of images",
        ylabel="validation loss",
        xlim=(n.min() / 2, n.max() * 4000),
    )
    mark_losses(axes)
    show(
        figure,
        f"Three curves through the same {len(n)} runs. At "
        f"{100 * n.max():,.0f} images they part: {', '.join(ends)}.",
    )
