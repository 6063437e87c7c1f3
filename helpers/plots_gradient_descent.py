"""The figures of the notebooks on gradient descent and on optimisers' valley.

Each function takes numbers, and functions that compute them, and shows one
figure. A height is dark blue where it is low.
"""

import math

import matplotlib.pyplot as plt
import numpy as np
import torch
from ipywidgets import FloatLogSlider, IntSlider

from helpers.figures import (
    DATA,
    GRADIENT,
    MODEL,
    QUIET,
    SIGNED,
    WRONG,
    live,
    show,
    tile,
    use_look,
)

use_look()
LOW_TO_HIGH = "Blues_r"
LEVELS = [0.25, 0.255, 0.27, 0.3, 0.35, 0.45, 0.6, 0.8, 1.1, 1.6, 2.4, 3.5]
HALO = {"boxstyle": "round", "fc": "white", "alpha": 0.75, "lw": 0}


def shade(axes, xs, ys, heights, levels):
    """Bands of blue between the levels, dark is low."""
    tones = np.linspace(0.08, 0.93, len(levels) - 1)
    colours = plt.get_cmap(LOW_TO_HIGH)(tones)
    axes.contourf(xs, ys, heights, levels=levels, colors=colours)


def draw_map(axes, surface):
    """The loss of the neuron with two weights, as contours."""
    shade(axes, *surface, LEVELS)
    lines = axes.contour(
        *surface, levels=LEVELS[2:9:2], colors="white", linewidths=0.7
    )
    axes.clabel(lines, fontsize=8)
    axes.set(xlabel="weight w", ylabel="bias b", xlim=(-1, 9), ylim=(-7, 2))


def star(axes, place):
    """The lowest place."""
    axes.plot(*place, "*", color=MODEL, markeredgecolor="k", ms=14, zorder=4)


def shoes(images, top, y):
    """Twelve shoes, and a histogram of how bright all are at the top."""
    figure, (left, right) = plt.subplots(
        2, 1, figsize=(7.8, 5.4), height_ratios=[1, 0.9]
    )
    six = [images[y == label][:6] for label in (0, 1)]
    left.imshow(tile(torch.cat(six).numpy(), 6))
    left.axhline(27.5, color="white", linewidth=1)
    left.set(xticks=[], yticks=[14, 42], yticklabels=["sneakers", "boots"])
    bins = torch.linspace(0, 5, 41).numpy()
    for label, name, colour, style in (
        (0, "sneakers", QUIET, "--"),
        (1, "ankle boots", DATA, "-"),
    ):
        right.hist(
            top[y == label].numpy(),
            bins,
            histtype="step",
            color=colour,
            linestyle=style,
            linewidth=1.8,
            label=name,
        )
    right.set(xlabel="brightness of the top ten rows")
    right.set(ylabel="images (logarithmic axis)")
    right.set_yscale("log")
    right.legend()
    show(
        figure,
        "Above: six sneakers and six ankle boots. Below: how many images have "
        "which brightness at the top, on a scale from 0 to 10. Sneakers lie "
        f"on average at {top[y == 0].mean():.2f}, boots at "
        f"{top[y == 1].mean():.2f}; the two groups overlap.",
    )


def surface(surface, guess, lowest):
    """The loss over both weights, as a landscape and as a map."""
    ws, bs, heights = surface
    figure = plt.figure(figsize=(8.4, 4))
    hills = figure.add_subplot(1, 2, 1, projection="3d")
    grid = torch.meshgrid(ws, bs, indexing="xy")
    hills.plot_surface(
        *[part.numpy() for part in (*grid, heights)],
        cmap=LOW_TO_HIGH,
        norm=plt.matplotlib.colors.LogNorm(0.2, 4),
        rcount=41,
        ccount=41,
        linewidth=0.2,
        edgecolor="white",
    )
    hills.view_init(elev=32, azim=-65)
    hills.set(xlabel="weight w", ylabel="bias b")
    hills.set_title("height: the loss in nats")
    axes = figure.add_subplot(1, 2, 2)
    draw_map(axes, surface)
    axes.set_title("the same, seen from above")
    for place, text, marker in (
        ([0, 0], "coin toss", "s"),
        (guess.tolist(), "guess", "^"),
        (lowest.tolist(), "lowest", "*"),
    ):
        axes.plot(
            *place, marker=marker, color=MODEL, markeredgecolor="k", ms=11
        )
        axes.annotate(
            text,
            place,
            xytext=(8, 6),
            textcoords="offset points",
            bbox=HALO,
        )
    show(
        figure,
        "The loss over weight and bias, as a landscape and as a map: a long "
        "hollow that runs from the upper left to the lower right. Loss 0.69 "
        "at the coin toss (0, 0), 0.36 at the guess (2, -2), "
        f"{heights.min():.3f} at the lowest place, "
        f"({lowest[0]:.2f}, {lowest[1]:.2f}).",
    )


def secant(loss_along_w):
    """The loss along w, and a line through two of its points."""
    figure, axes = plt.subplots(figsize=(6.4, 3.4))
    cut = torch.linspace(-0.5, 6.5, 141, dtype=torch.float64)
    axes.plot(cut, loss_along_w(cut), color=QUIET)

    def line(step):
        ends = torch.tensor([2, 2 + step], dtype=torch.float64)
        here, there = loss_along_w(ends).tolist()
        slope = (there - here) / step
        return here, there, slope, [here - 2.5 * slope, here + 4.5 * slope]

    for step in (4, 2, 1, 0.5):
        axes.plot([-0.5, 6.5], line(step)[3], color=GRADIENT, alpha=0.25)
    (chord,) = axes.plot([], [], color=GRADIENT, linewidth=2)
    (ends,) = axes.plot([], [], "o", color=MODEL, markeredgecolor="k")
    axes.set(xlabel="weight w (bias fixed at -2)", ylabel="loss, nats")
    axes.set(xlim=(-0.5, 6.5), ylim=(0.2, 0.95))

    def draw(step):
        here, there, slope, heights = line(step)
        ends.set_data([2, 2 + step], [here, there])
        chord.set_data([-0.5, 6.5], heights)
        axes.set_title(f"step {step:.3g}: slope {slope:+.4f} nats per unit")
        return (
            "The loss along w, and the line through the points at w = 2 and "
            f"w = {2 + step:.3f}: its slope is {slope:+.4f}. Paler, the lines "
            f"for steps of 4, 2, 1 and 0.5, from {line(4)[2]:+.4f} to "
            f"{line(0.5)[2]:+.4f}."
        )

    slider = FloatLogSlider(
        0.01, min=-3, max=0.6, readout_format=".3f", description="step"
    )
    live(figure, draw, step=slider)


def arrows(surface, places, heights, gradients, lowest):
    """The gradient as an arrow at some places of the map, and minus it."""
    figure, axes = plt.subplots(figsize=(5.6, 5))
    draw_map(axes, surface)
    axes.set_aspect("equal")
    for number, (place, gradient) in enumerate(
        zip(places, gradients, strict=True)
    ):
        axes.contour(
            *surface, levels=[heights[number]], colors=QUIET, linewidths=0.8
        )
        for sign, colour, name in (
            (1, GRADIENT, "gradient: uphill"),
            (-1, MODEL, "minus the gradient: downhill"),
        ):
            axes.quiver(
                *place.tolist(),
                *(sign * gradient).tolist(),
                color=colour,
                angles="xy",
                scale_units="xy",
                scale=1 / 3,
                width=0.011,
                label=None if number else name,
                zorder=3,
            )
    axes.plot(*places.T, "o", color="k", ms=4, zorder=4)
    for place, gradient in zip(places, gradients, strict=True):
        axes.annotate(
            f"{gradient.norm():.2f}",
            place.tolist(),
            xytext=(10, -15),
            textcoords="offset points",
            fontsize=9,
            bbox=HALO | {"pad": 0.15},
            zorder=5,
        )
    star(axes, lowest)
    axes.legend(loc="lower left", fontsize=9, frameon=True)
    listed = "; ".join(
        f"({w:g}, {b:g}): {norm:.2f}"
        for (w, b), norm in zip(
            places.tolist(), gradients.norm(dim=1).tolist(), strict=True
        )
    )
    show(
        figure,
        "The map of the loss with two arrows at each of "
        f"{len(places)} places, uphill and downhill, each at a right angle "
        "to the contour line it starts on, and three times as long as the "
        "gradient. The length of the gradient stands beside each place; at "
        f"{listed}.",
    )


def measured_error(steps, one_side_error, central_error):
    """The error of two ways of measuring a slope, by their step."""
    figure, axes = plt.subplots(figsize=(6.4, 3.4))
    axes.loglog(steps, one_side_error, "--", color=QUIET, label="one side")
    axes.loglog(steps, central_error, color=GRADIENT, label="central")
    axes.annotate("rounding", (1e-14, 1e-6), color=QUIET)
    axes.annotate("the curve bends", (1e-4, 3e-1), color=QUIET)
    axes.set(xlabel="step h", ylabel="relative error of the slope")
    axes.set(ylim=(1e-12, 10))
    axes.legend(loc="lower left")
    show(
        figure,
        "Relative error of the measured slope against the step, both on "
        "logarithmic axes: two valleys. Between steps of 1e-6 and 1e-4 the "
        "central difference is wrong by less than 1e-6. At a step of 1e-14 "
        "and below, both can be wrong by more than 1e-3.",
    )


def downhill(direction):
    """The downhill direction of a neuron that sees pixels, as a picture."""
    figure, axes = plt.subplots(figsize=(4.8, 3.6))
    picture = axes.imshow(direction, cmap=SIGNED, vmin=-0.15, vmax=0.15)
    axes.set(xticks=[], yticks=[], title="downhill: minus the gradient")
    figure.colorbar(picture, label="minus the slope, nats per unit of weight")
    show(
        figure,
        "The downhill direction at weights 0, as a picture: a boot's shaft "
        "and its low sole stand out in orange, positive, up to "
        f"{direction.max():.2f}; the front of a sneaker, which lies higher, "
        f"in purple, negative, down to {direction.min():.2f}.",
    )


def path(surface, path, lowest):
    """A path of gradient descent on the map, a dot every tenth step."""
    figure, axes = plt.subplots(figsize=(5.6, 5))
    draw_map(axes, surface)
    axes.set_aspect("equal")
    axes.plot(*path.T, color=MODEL, linewidth=2)
    edge = {"markeredgecolor": "white", "markeredgewidth": 0.8}
    axes.plot(*path[::10].T, "o", color=MODEL, ms=6, **edge)
    axes.plot(*path[0], "s", color=MODEL, markeredgecolor="k", ms=9)
    axes.annotate(
        "start",
        path[0].tolist(),
        xytext=(10, -18),
        textcoords="offset points",
        bbox=HALO,
    )
    star(axes, lowest)
    show(
        figure,
        "The path of gradient descent on the map of the loss, one dot every "
        f"ten steps: from ({path[0][0]:g}, {path[0][1]:g}) it runs down the "
        "side of the hollow in a few long steps, turns near "
        f"({path[20][0]:.1f}, {path[20][1]:.1f}), and follows the bottom in "
        f"ever shorter ones to ({path[-1][0]:.2f}, {path[-1][1]:.2f}) after "
        f"{len(path) - 1} steps.",
    )


def bowl(roll, excess_at, best, curvatures, first):
    """The path on least squares and its loss, for a learning rate."""
    figure, (bowl_axes, fall_axes) = plt.subplots(1, 2, figsize=(8.4, 3.8))
    _draw_bowl(bowl_axes, excess_at, best)
    (trail,) = bowl_axes.plot([], [], ".-", color=MODEL, linewidth=1)
    (curve,) = fall_axes.plot([], [], ".-", color=MODEL, linewidth=1)
    fall_axes.set_yscale("log")
    fall_axes.set(xlabel="step", ylabel="loss above the lowest")
    fall_axes.set(xlim=(0, 40), ylim=(1e-6, 1e4))

    def draw(lr):
        path, losses = roll(lr)
        trail.set_data(*path.T)
        curve.set_data(range(len(losses)), losses)
        slow, steep = (1 - lr * curvatures).tolist()
        verdict = (
            "explodes"
            if steep < -1
            else "oscillates"
            if steep < 0
            else "converges"
            if slow < 0.93
            else "crawls"
        )
        bowl_axes.set_title(f"learning rate {lr:.3f}: {verdict}")
        return (
            f"With a learning rate of {lr:.3f} gradient descent {verdict}: "
            f"the loss above the lowest goes from {losses[0]:.2g} to "
            f"{losses[-1]:.1g} in 40 steps. A step multiplies the distance "
            f"along the valley by {slow:.2f} and across it by {steep:.2f}."
        )

    slider = FloatLogSlider(
        first,
        min=-2,
        max=0,
        step=0.01,
        readout_format=".3f",
        description="learning rate",
    )
    live(figure, draw, lr=slider)


def _draw_bowl(axes, excess_at, best):
    line = torch.linspace(-2, 2.5, 61, dtype=torch.float64)
    excess = excess_at(torch.cartesian_prod(line, line).T).reshape(61, 61).T
    rings = [0, 0.02, 0.1, 0.3, 0.7, 1.5, 3, 6, 12, 30]
    shade(axes, line, line, excess, rings)
    star(axes, best)
    axes.set_aspect("equal")
    axes.set(xlabel="weight w", ylabel="bias b")
    axes.set(xlim=(-2, 2.5), ylim=(-2, 2.5))


def unit(angle):
    """The vector of length 1 at an angle, in degrees."""
    turn = math.radians(angle)
    return torch.tensor([math.cos(turn), math.sin(turn)], dtype=torch.float64)


def directions(excess_at, best, hessian):
    """A step away from the lowest place, and the gradient met there."""
    figure, axes = plt.subplots(figsize=(5.4, 5))
    _draw_bowl(axes, excess_at, best)
    options = {"angles": "xy", "scale_units": "xy", "width": 0.012}
    centre = best.tolist()
    for angle in range(0, 360, 15):
        d = unit(angle)
        axes.quiver(
            *(best + d).tolist(),
            *(hessian @ d).tolist(),
            color=GRADIENT,
            alpha=0.4,
            scale=2,
            **(options | {"width": 0.006}),
        )
    step = axes.quiver(*centre, 1, 0, color=MODEL, scale=1, **options)
    slope = axes.quiver(*centre, 1, 0, color=GRADIENT, scale=2, **options)
    axes.legend(
        [step, slope],
        ["a step of length 1", "the gradient there, drawn half as long"],
        loc="upper right",
        fontsize=9,
        frameon=True,
    )

    def draw(angle):
        d = unit(angle)
        g = hessian @ d
        step.set_UVC(*d.tolist())
        slope.set_offsets([(best + d).tolist()])
        slope.set_UVC(*g.tolist())
        between = math.degrees(torch.arccos((g @ d / g.norm()).clamp(max=1)))
        axes.set_title(
            f"walking at {angle}°: gradient of length {g.norm():.2f}, "
            f"turned by {between:.0f}°"
        )
        return (
            f"From the lowest place, a step of length 1 at an angle of {angle}"
            f" degrees. There the gradient has length {g.norm():.2f} and "
            f"differs from the direction of the step by {between:.0f} degrees."
            " Paler, the gradient at 24 places around the lowest."
        )

    slider = IntSlider(70, min=0, max=180, step=1, description="angle")
    live(figure, draw, angle=slider)


def hollow(surface, bounce, bottom, first):
    """The path on the logistic loss and its loss, for a learning rate."""
    figure, (map_axes, loss_axes) = plt.subplots(1, 2, figsize=(8.4, 3.8))
    draw_map(map_axes, surface)
    (trail,) = map_axes.plot([], [], ".-", color=MODEL, linewidth=1)
    star(map_axes, bottom)
    (curve,) = loss_axes.plot([], [], ".-", color=MODEL, linewidth=1, ms=3)
    loss_axes.set_yscale("log")
    loss_axes.set(xlabel="step", ylabel="loss, nats")
    loss_axes.set(xlim=(0, 200), ylim=(0.2, 40))

    def draw(lr):
        path, losses = bounce(lr)
        trail.set_data(*path.T)
        curve.set_data(range(len(losses)), losses)
        map_axes.set_title(f"learning rate {lr:.2g}")
        said = f"Logistic loss with a learning rate of {lr:.2g}, 200 steps: "
        start, last = losses[0], losses[-20:]
        if last.max() > 2 * last.min():  # its digits are chance
            times = 10 ** int((losses.max() / start).log10())
            return (
                f"{said}from {start:.2f} it is thrown up again and again, at "
                f"worst to more than {times} times as much, and never settles."
            )
        return (
            f"{said}from {start:.2f} to {last[-1]:.2f}, with "
            f"{losses.max():.2f} as the largest on the way and "
            f"{last.max():.2f} as the largest of the last 20."
        )

    slider = FloatLogSlider(
        first,
        min=-1,
        max=2,
        step=0.05,
        readout_format=".2f",
        description="learning rate",
    )
    live(figure, draw, lr=slider)


def saddle(runs):
    """Paths that aim at a saddle point, and their losses."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.8))
    line = torch.linspace(-1.6, 1.6, 81)
    u, v = torch.meshgrid(line, line, indexing="xy")
    levels = [0, 0.02, 0.1, 0.3, 0.5, 0.8, 1.5, 2.5, 4, 7]
    shade(left, u, v, (u * v - 1) ** 2 / 2, levels)
    left.set_aspect("equal")
    left.plot(0, 0, "X", color=WRONG, markeredgecolor="k", ms=11, zorder=4)
    left.annotate("saddle", (-0.85, -0.08), bbox=HALO)
    left.annotate("starts", (1.0, -1.3), bbox=HALO)
    colours = MODEL, GRADIENT, "k", WRONG
    styles = "-", "--", "-.", ":"
    widths = 2, 7, 4, 1.5  # three paths lie on each other
    for (offset, run), style, colour, width in zip(
        runs.items(), styles, colours, widths, strict=True
    ):
        left.plot(*run.T, color=colour, linewidth=width)
        left.plot(*run[0], "o", color="k", ms=5, zorder=5)
        right.plot(
            (run.prod(dim=1) - 1) ** 2 / 2,
            style,
            color=colour,
            linewidth=2,
            label=f"missed by {offset:g}",
        )
    left.set(xlabel="weight u", ylabel="weight v")
    right.set(xlabel="step", ylabel="loss", xlim=(0, 400), ylim=(0, 1))
    right.legend(fontsize=9)
    show(
        figure,
        "Left: the loss over u and v, low in two opposite corners, with a "
        "saddle point in the middle, and paths from the lower right that run "
        "to it and turn off to a side; three of them lie on each other. "
        "Right: their losses. Each falls to 0.5, stays there for a "
        "while, and falls to 0; the closer the miss, the longer the stay. The "
        "start that aims exactly stays at 0.5 for all 400 steps.",
    )


def standardising(curvatures, descents):
    """Curvatures of two tables, and the loss by step on each."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.4))
    ratios, until = [], []
    for name, colour, style in zip(
        curvatures, (QUIET, MODEL), ("--", "-"), strict=True
    ):
        bend, losses = curvatures[name], descents[name]
        ratios.append(f"{bend[0] / bend[99]:.0f} times for {name}")
        until.append(f"{int((losses < 0.2).nonzero()[0])} for {name}")
        left.semilogy(
            range(1, 301),
            bend[:300] / bend[0],
            style,
            color=colour,
            label=name,
        )
        right.plot(losses, style, color=colour, label=name)
    left.set(
        xlabel="direction, steepest first",
        ylabel="curvature, relative to the largest",
    )
    right.axhline(0.2, color=QUIET, linewidth=0.7)
    right.set(xlabel="step", ylabel="training loss, nats")
    right.legend()
    show(
        figure,
        "Left: the 300 largest curvatures, relative to the largest; how many "
        f"times the hundredth is smaller: {', '.join(ratios)}. Right: training"
        f" loss by step; steps to a loss of 0.2: {', '.join(until)}.",
    )
