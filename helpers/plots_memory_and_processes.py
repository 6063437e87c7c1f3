"""The figures of the notebook on memory and many processes.

Each function takes numbers and shows one figure with its description; it
returns nothing.
"""

import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import Dropdown, IntSlider, SelectionSlider
from matplotlib.patches import Rectangle

from helpers.figures import DATA, GRADIENT, MODEL, QUIET, live, show

# A colour and a hatch for each of the four parts of memory.
LOOKS = {
    "weights": (MODEL, ""),
    "gradients": (GRADIENT, "//"),
    "averages": (QUIET, ".."),
    "activations": (DATA, "xx"),
}
AVERAGES = {"Adam": 2, "SGD with momentum": 1, "SGD": 0}


def parts_of_memory(num_weights, image_bytes):
    """The four parts to scale, for a batch and an optimiser to choose."""
    figure, axes = plt.subplots(figsize=(7.2, 2.9))
    bars, labels = {}, {}
    for row, (name, (color, hatch)) in enumerate(LOOKS.items()):
        (bars[name],) = axes.barh(
            [row], [1], color=color, hatch=hatch, edgecolor="white"
        )
        labels[name] = axes.text(0, row, "", va="center")
    axes.set_yticks(range(4), LOOKS)
    axes.invert_yaxis()
    axes.set(xlabel="MB during a step", xlim=(0, 330))
    title = axes.set_title("")

    def draw(images, optimiser):
        sizes = {
            "weights": 4 * num_weights,
            "gradients": 4 * num_weights,
            "averages": AVERAGES[optimiser] * 4 * num_weights,
            "activations": images * image_bytes,
        }
        for name, size in sizes.items():
            bars[name].set_width(size / 1e6)
            labels[name].set_x(size / 1e6 + 4)
            labels[name].set_text(f"{size / 1e6:.0f} MB")
        words = ", ".join(f"{n} {s / 1e6:.0f} MB" for n, s in sizes.items())
        total = sum(sizes.values()) / 1e6
        title.set_text(f"{images} images, {optimiser}: {total:.0f} MB in all")
        return (
            f"Bars for a step of BigModel with {images} images and "
            f"{optimiser}: {words}; {total:.0f} MB in all."
        )

    sizes = (1, 4, 16, 64, 128, 188, 256, 384, 512)
    live(
        figure,
        draw,
        images=SelectionSlider(options=sizes, value=256, description="images"),
        optimiser=Dropdown(options=list(AVERAGES), description="optimiser"),
    )


def segments(counts, held):
    """How many inputs are held at once, by the number of segments."""
    figure, axes = plt.subplots(figsize=(6.2, 3))
    line = np.linspace(counts[0], counts[-1], 400)
    blocks = counts[-1]
    axes.plot(line, line + blocks / line - 1, color=QUIET, lw=1)
    axes.plot(counts, held, "o", color=DATA, ms=8)
    for count, number in zip(counts, held, strict=True):
        axes.annotate(
            str(number),
            (count, number),
            (0, 9),
            textcoords="offset points",
            ha="center",
        )
    axes.set_xscale("log", base=2)
    axes.set_xticks(counts, [str(count) for count in counts])
    axes.set(
        xlabel=f"segments of {blocks} layers",
        ylabel="inputs held at once",
        ylim=(0, 1.25 * max(held)),
    )
    listed = ", ".join(
        f"{number} with {count}"
        for count, number in zip(counts, held, strict=True)
    )
    show(
        figure,
        f"A curve shaped like a U: inputs held at once in a chain of {blocks} "
        f"layers, by the number of segments: {listed}.",
    )


def four_ways(fixed, peaks):
    """Peak memory of a step in several ways, and its operations.

    fixed: {part: bytes}; peaks: {way: (MB of activations, M operations)}
    """
    figure, axes = plt.subplots(figsize=(7.4, 3.1))
    left = np.zeros(len(peaks))
    for (name, (color, hatch)), size in zip(
        LOOKS.items(), [*fixed.values(), None], strict=True
    ):
        size = size / 1e6 if size else [mb for mb, _ in peaks.values()]
        width = np.broadcast_to(size, len(peaks))
        axes.barh(
            range(len(peaks)),
            width,
            left=left,
            label=name,
            color=color,
            hatch=hatch,
            edgecolor="white",
        )
        left = left + width
    for row, (_, operations) in enumerate(peaks.values()):
        text = f"{left[row]:.0f} MB, {operations:.0f} M operations"
        axes.text(left[row] + 4, row, text, va="center")
    axes.set_yticks(range(len(peaks)), peaks)
    axes.invert_yaxis()
    axes.set(xlabel="MB at the peak of a step of 256 images", xlim=(0, 400))
    axes.legend(ncols=4, loc="lower left", bbox_to_anchor=(-0.1, 1))
    listed = ", ".join(f"{mb:.0f} MB ({n})" for n, (mb, _) in peaks.items())
    show(
        figure,
        "Bars, the peak memory of a step of 256 images: "
        f"{sum(fixed.values()) / 1e6:.0f} MB for weights, gradients and "
        f"averages in each, and activations of {listed}. Beside each bar, "
        "the sum and the millions (M) of operations for an image.",
    )


def ring(history):
    """What each worker holds, step by step around the ring.

    history: tensors (workers, workers, 1), before the first step and after
    each
    """
    states = [np.asarray(state)[:, :, 0] for state in history]
    size, complete = len(states[0]), states[-1].max()
    figure, axes = plt.subplots(figsize=(6.6, 3.9))
    cells = [(w, c) for w in range(size) for c in range(size)]
    boxes, texts = {}, {}
    for w, c in cells:
        boxes[w, c] = Rectangle((c, w), 0.9, 0.66, ec=QUIET, lw=1)
        axes.add_patch(boxes[w, c])
        middle = c + 0.45, w + 0.33
        texts[w, c] = axes.text(*middle, "", ha="center", va="center", size=12)
    arrows = [
        axes.annotate(
            "",
            (0, 0),
            (0, 0),
            arrowprops={"arrowstyle": "-|>", "color": GRADIENT, "lw": 2},
            annotation_clip=False,
        )
        for _ in range(size)
    ]
    axes.set(xlim=(-0.1, size + 0.2), ylim=(size + 0.2, -0.25))
    axes.set_yticks(
        [w + 0.33 for w in range(size)], [f"worker {w}" for w in range(size)]
    )
    axes.set_xticks(
        [c + 0.45 for c in range(size)], [f"chunk {c}" for c in range(size)]
    )
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    axes.spines[:].set_visible(False)
    caption = axes.set_xlabel("")
    last = len(states) - 1

    def draw(steps):
        state = states[steps]
        sending = {(w, (w - steps) % size) for w in range(size)}
        for cell in cells:
            value = state[cell]
            texts[cell].set_text(f"{value}")
            done = value == complete
            boxes[cell].set_facecolor("#cceee4" if done else "white")
            sends = steps < last and cell in sending
            boxes[cell].set_edgecolor(GRADIENT if sends else QUIET)
            boxes[cell].set_linewidth(3 if sends else 1)
        for w, arrow in enumerate(arrows):
            x = (w - steps) % size + 0.45
            end = (x, w + 1.03)
            arrow.xy, arrow.xyann = end, (x, w + 0.64)
            arrow.set_visible(steps < last)
        if steps == last:
            words = "everybody holds every sum"
        else:
            verb = "is added" if steps < size - 1 else "replaces the other"
            words = f"next, each framed chunk goes down and {verb}"
        caption.set_text(f"after {steps} steps: {words}")
        whole = int((state == complete).sum())
        return (
            f"What {size} workers hold after {steps} of {last} steps: "
            f"{whole} of {size * size} chunks are complete ({complete}). "
            + "; ".join(
                f"worker {w} {', '.join(map(str, row))}"
                for w, row in enumerate(state)
            )
            + f". {words.capitalize()}."
        )

    live(
        figure,
        draw,
        steps=IntSlider(value=4, min=0, max=last, description="steps"),
    )
