"""The figures of the notebook on deep vision networks.

Each function takes numbers and shows one figure with its description; it
returns nothing.
"""

import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import FloatSlider

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
from helpers.plots_interpretability import bare, blended, key

# Curves in one figure: colour, line, marker.
STYLES = [
    (WRONG, "-", "o"),
    (MODEL, "--", "s"),
    (RIGHT, "-.", "^"),
    (DATA, ":", "v"),
    (GRADIENT, "-", "D"),
]
NETWORKS = "plain-56", "plain-20", "residual-56", "residual-20"
OF = dict(zip(NETWORKS, STYLES, strict=False))


def smoothed(losses, window=10):
    """Means over `window` steps in a row, and the middle of each."""
    blocks = np.array(losses[: len(losses) // window * window])
    blocks = blocks.reshape(-1, window).mean(axis=1)
    return window * (np.arange(len(blocks)) + 0.5), blocks


def loss_curves(losses, title=None):
    """Training loss against the step: {name: losses of all steps}."""
    figure, axes = plt.subplots(figsize=(7, 3.3))
    said = []
    for (name, values), style in zip(losses.items(), STYLES, strict=False):
        steps, means = smoothed(values)
        color, line, marker = style
        axes.plot(
            steps, means, line, marker=marker, ms=4, color=color, label=name
        )
        said.append(f"{name} from {means[0]:.1f} to {means[-1]:.1f}")
    axes.axhline(np.log(10), color=QUIET, ls=":", lw=1)
    end = steps[-1], np.log(10) + 0.05
    axes.text(*end, "guessing", color=QUIET, fontsize=10, ha="right")
    axes.set(xlabel="step", ylabel="training loss, in nats", ylim=(0, 2.75))
    axes.legend(loc="lower left")
    show(
        figure,
        "Training loss, mean of every ten steps, against the step; guessing "
        f"costs {np.log(10):.2f} nats. {'; '.join(said)}.",
    )


def layer_by_layer(measure):
    """Spreads and gradients of all layers, for a gain that moves.

    measure: function of the gain that gives two lists, a number a layer
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.2, 3.5))
    panels = (
        (left, DATA, "o", "spread over the images"),
        (right, GRADIENT, "s", "gradient, relative to the last"),
    )
    lines = []
    for ax, color, marker, label in panels:
        (line,) = ax.semilogy([], [], marker=marker, color=color)
        lines.append(line)
        ax.axhline(1, color=QUIET, ls=":", lw=1)
        ax.set(xlabel="layer", ylabel=label, ylim=(1e-8, 1e4))
        ax.set(xlim=(0.5, 13.5), xticks=(1, 4, 7, 10, 13))

    def draw(gain):
        spreads, gradients = measure(gain)
        relative = np.array(gradients) / gradients[-1]
        layers = np.arange(1, len(spreads) + 1)
        lines[0].set_data(layers, spreads)
        lines[1].set_data(layers, relative)
        return (
            f"Weights with a gain of {gain:.1f}. Left, the spread of the "
            "activations over the images, layer by layer, on a logarithmic "
            f"axis: {spreads[0]:.1g} in layer 1 and {spreads[-1]:.0e} in "
            f"layer {len(spreads)}. Right, the gradient at each layer, "
            f"relative to the last: {relative[0]:.0e} in layer 1."
        )

    slider = FloatSlider(0.4, min=0.3, max=2.0, step=0.1, description="gain")
    live(figure, draw, gain=slider)


def curves_and_scores(rows, names):
    """Training loss against the step, and a dot for each seed's accuracy.

    rows: of a record; names: {name of a network: the rows' rate}
    """
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(8.6, 3.6), width_ratios=(1.5, 1)
    )
    said = []
    for place, (name, lr) in enumerate(names.items()):
        color, line, marker = OF[name]
        own = [r for r in rows if r["name"] == name and r["lr"] == lr]
        losses = np.array([row["losses"] for row in own])
        steps = 10 * (np.arange(losses.shape[1]) + 0.5)
        left.fill_between(
            steps, losses.min(0), losses.max(0), color=color, alpha=0.15
        )
        left.plot(
            steps,
            losses.mean(0),
            line,
            marker=marker,
            ms=4,
            color=color,
            label=name,
        )
        scores = [100 * row["validation_accuracy"] for row in own]
        places = [-place + shift for shift in (-0.15, 0, 0.15)]
        right.plot(scores, places, marker, color=color, ms=7, alpha=0.8)
        said.append(
            f"{name}: loss {losses[:, -1].mean():.2f} at the end, accuracy "
            f"{min(scores):.0f} to {max(scores):.0f} %"
        )
    left.set(xlabel="step", ylabel="training loss, in nats", ylim=(0, None))
    left.legend(fontsize=9)
    right.set(
        xlabel="validation accuracy, in %",
        yticks=[-place for place in range(len(names))],
        yticklabels=names,
        ylim=(-len(names) + 0.5, 0.5),
    )
    show(
        figure,
        "Left, training loss against the step, mean and range over the "
        f"seeds; right, validation accuracy of each seed. {'; '.join(said)}.",
    )


def likeness(curves, noise):
    """How alike the gradients of nearly the same image are, per network.

    curves: {name: cosines, one for each strength of the noise}
    """
    figure, axes = plt.subplots(figsize=(7, 3.3))
    said = []
    for name, cosines in curves.items():
        color, line, marker = OF[name]
        axes.semilogx(
            noise, cosines, line, marker=marker, ms=5, color=color, label=name
        )
        said.append(f"{name} {cosines[0]:.2f} to {cosines[-1]:.2f}")
    axes.set(
        xlabel="strength of the noise, in spreads of a pixel",
        ylabel="cosine of the two gradients",
        ylim=(-0.05, 1.05),
    )
    axes.legend(fontsize=9, loc="lower left")
    show(
        figure,
        "How alike the gradients at an image and at the same image with noise "
        f"are, for noise from {noise[0]:g} to {noise[-1]:g}: "
        f"{'; '.join(said)}.",
    )


def pictures(images, captions, columns=3):
    """Colour pictures (3, height, width), each with what is said to it."""
    rows = -(-len(images) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(7.8, 3.0 * rows), squeeze=False
    )
    for ax in axes.flat:
        ax.axis("off")
    for ax, image, caption in zip(axes.flat, images, captions, strict=False):
        ax.imshow(image.permute(1, 2, 0).clamp(0, 1))
        ax.set_title(caption, fontsize=10, loc="center")
    listed = "; ".join(" ".join(caption.split()) for caption in captions)
    show(figure, f"{len(images)} pictures and their captions: {listed}.")


def transfer_curves(scores):
    """Accuracy against the number of labelled images.

    scores: {name: {number of images: accuracies of the seeds}}
    """
    figure, axes = plt.subplots(figsize=(7, 3.8))
    said = []
    for (name, by_size), style in zip(
        scores.items(), STYLES[::-1], strict=False
    ):
        color, line, marker = style
        sizes = sorted(by_size)
        values = 100 * np.array([by_size[size] for size in sizes])
        axes.fill_between(
            sizes, values.min(1), values.max(1), color=color, alpha=0.2
        )
        axes.semilogx(
            sizes, values.mean(1), line, marker=marker, color=color, label=name
        )
        said.append(
            f"{name}: {values[0].mean():.0f} % with {sizes[0]} images, "
            f"{values[-1].mean():.0f} % with {sizes[-1]:,}"
        )
    axes.set(
        xlabel="labelled images", ylabel="validation accuracy, in %",
        ylim=(None, 92),
    )  # fmt: skip
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.minorticks_off()
    axes.legend(loc="center left", bbox_to_anchor=(0.02, 0.35), fontsize=10)
    show(
        figure,
        "Validation accuracy against the number of labelled garments, mean "
        f"and range over the seeds. {'; '.join(said)}.",
    )


def maps_over(photographs, maps, captions):
    """Photographs with Grad-CAM's maps (h, w) laid over them."""
    figure, axes = plt.subplots(1, len(maps), figsize=(8.6, 2.45))
    said = []
    for ax, photo, values, caption in zip(
        axes, photographs, maps, captions, strict=True
    ):
        ax.imshow(blended(photo, values, "for"))
        ax.set_title(caption, fontsize=9, loc="center")
        top, left = divmod(int(values.argmax()), values.shape[1])
        said.append(
            f"{caption}: strongest {(top + 0.5) / len(values):.0%} down and "
            f"{(left + 0.5) / values.shape[1]:.0%} across"
        )
    bare(axes)
    key(figure, axes, "for", shrink=0.7)
    show(
        figure,
        "Grad-CAM's maps over the photographs, orange where a place speaks "
        f"for the answer. {'; '.join(said)}.",
    )
