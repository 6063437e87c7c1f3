"""The figures of the notebook on optimisers.

Each function takes numbers, and functions that compute them, and shows one
figure. A height is dark blue where it is low.
"""

import matplotlib.pyplot as plt
import torch
from ipywidgets import FloatSlider

from helpers.figures import (
    DATA,
    GRADIENT,
    MODEL,
    QUIET,
    RIGHT,
    live,
    show,
    use_look,
)
from helpers.plots_gradient_descent import shade, star

use_look()
# On blue and on white, told apart by style and marker as well.
LINES = (
    ("black", "-", "o"),
    (MODEL, "-", "s"),
    (GRADIENT, "--", "^"),
    (RIGHT, "-.", "D"),
)
RINGS = [0, 0.003, 0.01, 0.03, 0.06, 0.1, 0.2, 0.4, 1.5]


class Valley:
    """A narrow valley over two weights.

    above_lowest: function of places (n, 2) that gives how far each is above
        the lowest one
    best: the lowest place
    """

    def __init__(self, above_lowest, best):
        self.above_lowest, self.best = above_lowest, best
        self.w = torch.linspace(-0.6, 5.6, 81, dtype=torch.float64)
        self.b = torch.linspace(-0.3, 0.9, 81, dtype=torch.float64)
        places = torch.cartesian_prod(self.w, self.b)
        self.heights = above_lowest(places).reshape(81, 81).T

    def draw(self, axes):
        shade(axes, self.w, self.b, self.heights, RINGS)
        star(axes, self.best)
        axes.set(xlabel="weight w", ylabel="bias b")
        axes.set(xlim=(-0.6, 5.6), ylim=(-0.3, 0.9))


def _losses(axes, num_steps=100):
    axes.set_yscale("log")
    axes.set(xlabel="step", ylabel="loss above the lowest")
    axes.set(xlim=(0, num_steps), ylim=(1e-8, 1))


def paths(valley, runs):
    """Several paths in the valley, and their losses by step."""
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(8.4, 4), width_ratios=[1.35, 1]
    )
    valley.draw(left)
    words = []
    for (name, path), (colour, style, marker) in zip(
        runs.items(), LINES, strict=False
    ):
        losses = valley.above_lowest(path)
        left.plot(*path.T, style, color=colour, linewidth=1.2)
        left.plot(*path[:25].T, marker, color=colour, ms=3.5, linestyle="none")
        right.plot(losses, style, color=colour, linewidth=1.8, label=name)
        right.plot(
            range(0, len(losses), 10),
            losses[::10],
            marker,
            color=colour,
            ms=4,
        )
        words.append(
            f"{name} ends at ({path[-1][0]:.2f}, {path[-1][1]:.2f}), "
            f"{losses[-1]:.0e} above the lowest"
        )
    _losses(right)
    lowest = min(valley.above_lowest(path).min() for path in runs.values())
    right.set_ylim(max(1e-8, lowest / 10), 1)
    right.legend(fontsize=9, loc="lower left")
    star_at = valley.best.tolist()
    show(
        figure,
        "Left: paths in a long, narrow valley from (0, 0.8) towards the lowest"
        f" place, ({star_at[0]:.2f}, {star_at[1]:.2f}), marked for the first "
        "24 steps. Right: their losses above the lowest. After 100 steps "
        f"{'; '.join(words)}.",
    )


def momentum(valley, roll_with, first):
    """Momentum in the valley; plain descent stays for comparison."""
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(8.4, 4), width_ratios=[1.35, 1]
    )
    valley.draw(left)
    without = roll_with(0.0)
    losses = valley.above_lowest(without)
    left.plot(*without.T, ".-", color="black", linewidth=1, ms=3)
    right.plot(losses, color="black", label="without momentum")
    (trail,) = left.plot([], [], "s-", color=MODEL, linewidth=1.2, ms=3.5)
    (curve,) = right.plot([], [], color=MODEL, linewidth=2, label="with it")
    _losses(right)
    right.legend(loc="lower left")

    def draw(beta):
        path = roll_with(beta)
        above = valley.above_lowest(path)
        trail.set_data(*path.T)
        curve.set_data(range(len(above)), above)
        left.set_title(f"momentum {beta:.2f}")
        return (
            f"With momentum {beta:.2f} the loss above the lowest goes from "
            f"{above[0]:.2f} to {above[-1]:.0e} in 100 steps; without it, to "
            f"{losses[-1]:.0e}."
        )

    slider = FloatSlider(
        first, min=0, max=0.98, step=0.02, description="momentum"
    )
    live(figure, draw, beta=slider)


def batches(curves):
    """Training loss against images seen, five seeds of each batch size."""
    figure, axes = plt.subplots(figsize=(7, 3.6))
    for batch_size, colour, style in (
        (3600, QUIET, "-"),
        (64, MODEL, "-"),
        (1, DATA, "--"),
    ):
        for number, (seen, losses) in enumerate(curves[batch_size]):
            axes.plot(
                seen[1:],
                losses[1:],
                style,
                color=colour,
                linewidth=1.2,
                marker="o" if batch_size == 3600 else None,
                ms=4,
                label=f"batch of {batch_size:,}" if number == 0 else None,
            )
    axes.set_xscale("log")
    axes.set(xlabel="images seen", ylabel="training loss, nats")
    axes.set(ylim=(0, 0.7))
    axes.legend()
    means = {
        size: sum(losses[-1] for _, losses in runs) / 5
        for size, runs in curves.items()
    }
    show(
        figure,
        "Training loss against images seen, five seeds each. The full batch "
        "makes its first step when the others have seen a fifth of their "
        f"images. After 18,000 images: full batch {means[3600]:.2f}, batches "
        f"of 64 {means[64]:.2f}, single images {means[1]:.2f}.",
    )


def race(results, inputs, methods):
    """The results of each method on each version of the inputs."""
    figure, three = plt.subplots(1, 3, figsize=(8.4, 3.4), sharey=True)
    rows = []
    for axes, name in zip(three, inputs, strict=True):
        for number, method in enumerate(methods):
            losses = results[name, method][0]
            axes.plot([number] * 5, losses, "o", color=DATA, alpha=0.5)
            axes.plot(number, losses.mean(), "_", color=MODEL, ms=24, mew=3)
        axes.set_xticks(range(len(methods)), methods, rotation=30)
        axes.set(title=name, xlim=(-0.5, len(methods) - 0.5))
        axes.grid(axis="y", linewidth=0.4)
        means = ", ".join(
            f"{method} {results[name, method][0].mean():.3f}"
            for method in methods
        )
        rows.append(f"{name}: {means}")
    three[0].set_ylabel("validation loss, nats")
    show(
        figure,
        "Validation loss of each method after four epochs, five seeds as dots "
        f"and their mean as a bar. Means for {'; '.join(rows)}.",
    )


def schedules(schedules, above):
    """Three schedules, and what each of them gives."""
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(8.4, 3.6), width_ratios=[0.7, 1]
    )
    looks = (QUIET, "-"), (DATA, "--"), (MODEL, "-")
    late = []
    for (name, rate), (colour, style) in zip(
        schedules.items(), looks, strict=True
    ):
        runs = above[name]
        left.plot(
            [rate(step) for step in range(3000)], style, color=colour, lw=2
        )
        right.semilogy(
            range(10, 3001, 10),
            runs.mean(dim=0),
            style,
            color=colour,
            label=name,
            linewidth=1.3,
        )
        late.append(f"{name} {runs[:, -10:].mean():.5f}")
    left.set(xlabel="step", ylabel="learning rate")
    right.set(xlabel="step", ylabel="loss above the lowest, nats")
    right.legend(fontsize=9, loc="upper right")
    show(
        figure,
        "Left: three schedules over 3,000 steps: constant 2, constant 0.1, "
        "and one that rises to 2 in 30 steps and falls to 0 along half a "
        "cosine. Right: the loss above the lowest by step, mean of five "
        f"seeds. Mean of the last 100 steps: {', '.join(late)}.",
    )


def stopping(train_losses, val_losses, norms, stop):
    """Two losses and the norm of the gradient, and where to stop."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.4))
    left.loglog(train_losses, color=MODEL, label="training")
    left.loglog(val_losses, "--", color=DATA, label="validation")
    left.axvline(stop, color=QUIET, linestyle=":")
    left.annotate(
        f"stop, step {stop}",
        (stop, 0.6),
        ha="right",
        color=QUIET,
        xytext=(-5, 0),
        textcoords="offset points",
    )
    left.set(xlabel="step", ylabel="loss, nats", ylim=(0.015, 0.8))
    for ax in (left, right):  # a logarithm has no place for step 0
        ax.set_xlim(1, len(norms))
    ticks = [0.02, 0.05, 0.1, 0.2, 0.5]
    left.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    left.minorticks_off()
    left.legend(loc="lower left")
    right.loglog(norms, color=GRADIENT)
    right.axvline(stop, color=QUIET, linestyle=":")
    right.set(xlabel="step", ylabel="norm of the gradient")
    right.minorticks_off()
    show(
        figure,
        "Left: the training loss falls all the way, to "
        f"{train_losses[-1]:.3f}; the validation loss is lowest at step "
        f"{stop}, {val_losses[stop]:.3f}, and rises to {val_losses[-1]:.3f}. "
        f"Right: the norm of the gradient, {norms[stop]:.2f} at that step, "
        f"keeps falling, to {norms[-1]:.3f}.",
    )
