"""The longer figures of the notebook on neurons and activations."""

import matplotlib.pyplot as plt
import torch
from ipywidgets import FloatSlider, IntSlider, SelectionSlider

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
)

SPAN = 0.7  # of the colours of weights


def quarters(boots, bags):
    """Boots above bags, (8, 28, 28) each, the upper left quarter framed."""
    figure, axes = plt.subplots(figsize=(9, 2.4))
    axes.imshow(tile(torch.cat([boots, bags]), columns=8))
    for column in range(8):
        for row in range(2):
            corner = (28 * column - 0.5, 28 * row - 0.5)
            axes.add_patch(
                plt.Rectangle(corner, 14, 14, fill=False, color=MODEL, lw=2)
            )
    axes.axis("off")
    means = [part[:, :14, :14].float().mean() for part in (boots, bags)]
    show(
        figure,
        "Eight boots above eight bags, a square around each upper left "
        "quarter. The boots point left, so their squares are nearly black: "
        f"mean brightness {means[0]:.0f} of 255 in these boots, "
        f"{means[1]:.0f} in these bags.",
    )


def score_line(Q, y):
    """The plane of two numbers Q (n, 2), and one neuron's line to move."""
    figure, plane = plt.subplots(figsize=(7, 4.4))
    some = slice(0, None, 9)  # 400 of 3,600 points
    points, boot = Q[some], y[some]
    plane.plot(*points[boot].T, "o", color=DATA, ms=4, label="boot")
    plane.plot(*points[~boot].T, "x", color=QUIET, ms=5, label="bag")
    (errors,) = plane.plot(
        [], [], "o", mfc="none", color=WRONG, ms=8, mew=1.2, label="wrong"
    )
    (line,) = plane.plot([], [], color=MODEL, lw=2.5, label="score 0")
    arrow = plane.annotate(
        "",
        (0, 0),
        (0, 0),
        arrowprops={"arrowstyle": "-|>", "color": "black", "lw": 2.5},
    )
    plane.set(
        xlim=(-0.05, 0.75),
        ylim=(-0.05, 0.8),
        aspect="equal",
        xlabel="brightness of the upper left",
        ylabel="brightness of the upper right",
    )
    plane.legend(loc="upper left", bbox_to_anchor=(1, 1))

    def draw(angle, bias):
        radians = torch.tensor(angle * torch.pi / 180, dtype=torch.float64)
        weight = torch.stack([radians.cos(), radians.sin()])
        # The point of the line nearest to the crowd, then along it.
        centre = torch.tensor([0.25, 0.3], dtype=torch.float64)
        foot = centre - (weight @ centre + bias) * weight
        along = torch.tensor([-1.0, 1.0]) * weight.flip(0)
        line.set_data(*torch.stack([foot - 2 * along, foot + 2 * along]).T)
        arrow.set_position(foot.tolist())
        arrow.xy = (foot + 0.18 * weight).tolist()
        wrong = (points @ weight + bias > 0) != boot
        errors.set_data(*points[wrong].T)
        share = ((Q @ weight + bias > 0) == y).double().mean().item()
        plane.set_title(f"{share:.1%} of 3,600 images correct")
        return (
            "400 of the 3,600 images as points. Boots lie along the left "
            "edge; bags lie in a narrow band along the diagonal, most of it "
            "above the diagonal. "
            f"Weights {weight[0]:.2f} and {weight[1]:.2f}, bias {bias:.2f}: "
            f"{share:.1%} of all images are correct, and {wrong.sum()} of "
            "the 400 points are marked as wrong."
        )

    live(
        figure,
        draw,
        angle=FloatSlider(135, min=0, max=360, step=5, description="angle"),
        bias=FloatSlider(0, min=-0.3, max=0.3, step=0.01, description="bias"),
    )


def template(weight, bias, boot, bag):
    """One template, weight (784,), laid over a boot and over a bag."""
    figure, axes = plt.subplots(2, 3, figsize=(7, 4.6))
    span = {"cmap": SIGNED, "vmin": -SPAN, "vmax": SPAN}
    sums, scores = [], []
    for row, x in zip(axes, (boot, bag), strict=True):
        sums.append((x @ weight).item())
        scores.append(sums[-1] + bias.item())
        row[0].imshow(x.reshape(28, 28))
        row[1].imshow(weight.reshape(28, 28), **span)
        last = row[2].imshow((x * weight).reshape(28, 28), **span)
        row[2].set_title(f"sum {sums[-1]:.0f}, score {scores[-1]:.0f}")
    axes[0, 0].set_title("image")
    axes[0, 1].set_title("× weights")
    for axis in axes.flat:
        axis.axis("off")
    figure.colorbar(last, ax=axes, label="weight: for a bag, or for a boot")
    show(
        figure,
        "The weights as a picture: negative where a bag's upper left would "
        "be, positive at the shaft of a boot and at its heel. Multiplied with "
        "a boot, the positive pixels outweigh the negative ones and add up to "
        f"{sums[0]:.0f}; with a bag, both signs remain and add up to "
        f"{sums[1]:.0f}. With the bias of {bias:.0f} the scores are "
        f"{scores[0]:.0f} and {scores[1]:.0f}.",
    )


def templates(averages, names):
    """Ten templates (10, 784), each less the average of all."""
    figure, axes = plt.subplots(figsize=(8, 3.6))
    pictures = (averages - averages.mean(dim=0)).reshape(-1, 28, 28)
    pictures = torch.nn.functional.pad(pictures, (0, 0, 7, 0))  # for names
    drawn = axes.imshow(tile(pictures, 5), cmap=SIGNED, vmin=-SPAN, vmax=SPAN)
    for k, name in enumerate(names):
        axes.text(
            28 * (k % 5) + 14, 35 * (k // 5) + 0.5, name, ha="center", va="top"
        )
    axes.axis("off")
    figure.colorbar(drawn, ax=axes, label="weight, mean taken off")
    show(
        figure,
        "Ten templates, each the average image of a class less the average "
        "of all: trousers with two legs, sneaker and boot with toe and heel, "
        "pullover, coat and shirt almost alike.",
    )


def both_ways(Q, y):
    """Boots that point left, boots that point right, and bags between."""
    figure, plane = plt.subplots(figsize=(6, 3.8))
    _crowds(plane, Q[::9], y[::9])
    plane.legend(loc="upper left", bbox_to_anchor=(1, 1))
    show(
        figure,
        "400 of the 3,600 points. The boots that point left lie along the "
        "left edge, those that point right along the lower edge, and the "
        "bags lie between the two, around the diagonal.",
    )


def fold(Q, y, gap):
    """The plane folded along its diagonal, as far as a slider says."""
    figure, (flat, folded) = plt.subplots(1, 2, figsize=(8.4, 4))
    points, boot = Q[::9], y[::9]
    _crowds(flat, points, boot)
    boots, bags = _crowds(folded, points, boot)
    ends = torch.tensor([-0.05, 0.8])
    for axes in (flat, folded):
        axes.plot(ends, ends, "--", color=QUIET, lw=1)
    for sign in (-1, 1):
        flat.plot(ends, ends + sign * gap, color=MODEL, lw=2.5)
    folded.plot(ends, ends - gap, color=MODEL, lw=2.5, label="score 0")
    flat.set_title("before: two lines needed")
    folded.legend(loc="upper left")
    difference = (points[:, 1] - points[:, 0]) / 2
    middle = points.mean(dim=1)

    def draw(angle):
        turn = torch.tensor(angle * torch.pi / 180).cos()
        side = torch.where(difference > 0, turn * difference, difference)
        moved = torch.stack([middle - side, middle + side], dim=1)
        boots.set_data(*moved[boot].T)
        bags.set_data(*moved[~boot].T)
        folded.set_title(f"folded by {angle:.0f} degrees")
        above = (moved[:, 1] > moved[:, 0]).sum()
        return (
            "The points before and after folding the plane along its "
            f"diagonal by {angle:.0f} degrees: {above} of 400 points lie "
            "above the diagonal. Fully folded, at 180 degrees, both crowds "
            "of boots lie at the lower edge, the bags at the diagonal, and "
            "one line parts them."
        )

    live(
        figure,
        draw,
        angle=IntSlider(120, min=0, max=180, step=5, description="angle"),
    )


def _crowds(axes, points, boot):
    (boots,) = axes.plot(*points[boot].T, "o", color=DATA, ms=4, label="boot")
    (bags,) = axes.plot(*points[~boot].T, "x", color=QUIET, ms=5, label="bag")
    axes.set(
        xlim=(-0.05, 0.75),
        ylim=(-0.05, 0.75),
        aspect="equal",
        xlabel="upper left",
        ylabel="upper right",
    )
    return boots, bags


def curve(wave, follow, network):
    """A wave, and what a network of n ReLUs makes of it."""
    x = torch.linspace(0, 1, 2001, dtype=torch.float64)[:, None]
    figure, axes = plt.subplots(figsize=(7, 3.6))
    axes.plot(x, wave(x), color=DATA, lw=6, alpha=0.4, label="curve")
    (fitted,) = axes.plot([], [], color=MODEL, lw=2, label="network")
    (corners,) = axes.plot([], [], "o", color=MODEL, ms=6, label="bends")
    axes.set(xlabel="x", ylabel="y", ylim=(-1.3, 1.9))
    axes.legend(loc="upper right", ncols=3)

    def draw(n):
        bends = torch.arange(n + 1, dtype=torch.float64) / n
        y = network(x, follow(wave, bends))
        fitted.set_data(x[:, 0], y[:, 0])
        corners.set_data(bends[:-1], wave(bends[:-1]))
        error = (y - wave(x)).abs().max()
        axes.set_title(f"{n} ReLUs, largest error {error:.3f}")
        return (
            f"A wave with one hill and one valley, followed by {n} straight "
            f"pieces; the largest error is {error:.3f}."
        )

    live(figure, draw, n=IntSlider(4, min=1, max=32, description="ReLUs"))


def outputs(activations):
    """The output of each activation function, from -5 to 5."""
    z = torch.linspace(-5, 5, 500, dtype=torch.float64)
    figure, panels = _panels()
    for axes, (name, f) in zip(panels.flat, activations.items(), strict=True):
        axes.plot(z, f(z), color=MODEL, lw=2.5)
        axes.set_title(name)
    show(
        figure,
        "Six curves from z = -5 to 5. Step: 0, then 1. Sigmoid: a soft step "
        "from 0 to 1. Tanh: a soft step from -1 to 1. ReLU: 0, then z. Leaky "
        "ReLU: 0.1 z, then z. GELU: a smooth ReLU with a dip to -0.17 below "
        "0.",
    )


def slopes(activations, slope):
    """A tangent to each activation function, at a score to be moved."""
    z = torch.linspace(-5, 5, 500, dtype=torch.float64)
    figure, panels = _panels()
    reach = torch.tensor([-1.2, 1.2], dtype=torch.float64)
    tangents = []
    for axes, f in zip(panels.flat, activations.values(), strict=True):
        axes.plot(z, f(z), color=MODEL, lw=2)
        (tangent,) = axes.plot([], [], color=GRADIENT, lw=4)
        (point,) = axes.plot([], [], "o", color=GRADIENT, ms=8)
        tangents.append((axes, tangent, point))

    def draw(score):
        at = torch.tensor(score, dtype=torch.float64)
        words = []
        for (axes, tangent, point), (name, f) in zip(
            tangents, activations.items(), strict=True
        ):
            rise = slope(f, at)
            tangent.set_data(at + reach, f(at) + rise * reach)
            point.set_data([at], [f(at)])
            shown = f"{rise.item():.2f}".replace("-0.00", "0.00")
            axes.set_title(f"{name}, slope {shown}")
            words.append(f"{name} {shown}")
        return f"Slopes at z = {score:.1f}: {', '.join(words)}."

    slider = FloatSlider(-2, min=-4.9, max=4.9, step=0.1)
    slider.description = "score z"
    live(figure, draw, score=slider)


def _panels():
    figure, panels = plt.subplots(
        2, 3, figsize=(8.4, 4.8), sharex=True, sharey=True
    )
    for axes in panels.flat:
        axes.set(ylim=(-1.3, 2.3), xticks=(-4, 0, 4))
        axes.axhline(0, color=QUIET, lw=0.5)
    for axes in panels[1]:
        axes.set_xlabel("score z")
    return figure, panels


def stacks(measured, gains):
    """Signal and sensitivity by layer: {name: two lists of ten numbers}."""
    figure, panels = plt.subplots(
        2, 3, figsize=(8.4, 4.8), sharex=True, sharey=True
    )
    depths = range(1, 11)
    for axes, name in zip(panels.flat, gains, strict=True):
        signal, sensitivity = torch.tensor(measured[name]).clamp(min=1e-12)
        axes.semilogy(depths, signal, "-o", color=MODEL, ms=5, label="signal")
        axes.semilogy(
            depths,
            sensitivity,
            "--s",
            color=GRADIENT,
            ms=5,
            label="sensitivity",
        )
        axes.set(title=f"{name}, gain {gains[name]:.2g}", ylim=(1e-9, 1e2))
        axes.set(xticks=(1, 4, 7, 10), yticks=(1e-8, 1e-4, 1))
    panels[0, 0].legend(loc="lower left")
    # Zeros have no place on a logarithmic scale.
    panels[0, 1].text(1, 1e-6, "sensitivity 0\nbefore layer 10", fontsize=10)
    for axes in panels[1]:
        axes.set_xlabel("layer")
    for axes in panels[:, 0]:
        axes.set_ylabel("size (log scale)")
    signal, sensitivity = measured["sigmoid"]
    show(
        figure,
        "Signal and sensitivity by layer, with good gains. No activation, "
        "tanh, ReLU and GELU keep both within a factor of five of 1. Step "
        "keeps its signal near 0.3; its sensitivity is 0 before layer 10 and "
        f"cannot be drawn. Sigmoid loses both: the signal is {signal[-1]:.0e} "
        f"after layer 10, the sensitivity {sensitivity[0]:.0e} at layer 1.",
    )


def stack(measure, activations):
    """Signal and sensitivity of a stack whose dials can be turned."""
    figure, axes = plt.subplots(figsize=(7, 3.8))
    (one,) = axes.semilogy([], [], "-o", color=MODEL, label="signal")
    (two,) = axes.semilogy([], [], "--s", color=GRADIENT, label="sensitivity")
    axes.axhline(1, color=QUIET, lw=0.5)
    axes.set(
        xlim=(0.5, 10.5),
        ylim=(1e-9, 1e9),
        xticks=range(1, 11),
        xlabel="layer",
        ylabel="size (log scale)",
    )
    axes.legend(loc="lower right", ncols=2)

    def draw(activation, gain):
        measured = measure(activations[activation], gain)
        for line, sizes in zip((one, two), measured, strict=True):
            line.set_data(range(1, 11), torch.tensor(sizes).clamp(min=1e-12))
        axes.set_title(f"{activation}, gain {gain:.1f}")
        signal, sensitivity = measured
        ends = signal[0], signal[-1], sensitivity[0]
        words = [f"{v:.0e}" if v > 1e-9 else "below 1e-9" for v in ends]
        return (
            f"Ten layers of {activation}, gain {gain:.1f}: the signal is "
            f"{words[0]} after layer 1 and {words[1]} after layer 10; the "
            f"sensitivity at layer 1 is {words[2]}."
        )

    live(
        figure,
        draw,
        activation=SelectionSlider(
            value="tanh", options=list(activations), description="activation"
        ),
        gain=FloatSlider(5, min=0.2, max=8, step=0.2, description="gain"),
    )
