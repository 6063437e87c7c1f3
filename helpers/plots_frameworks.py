"""The figures of the notebook on one model in several tools.

Each function takes numbers and shows one figure with its description; it
returns nothing.
"""

import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import IntSlider
from matplotlib.collections import LineCollection

from helpers.figures import DATA, GRADIENT, MODEL, QUIET, RIGHT, live, show
from helpers.frameworks import MAPS

LOOKS = {
    "Keras on TensorFlow": (MODEL, "-"),
    "Keras on PyTorch": (DATA, "--"),
    "fastai": (RIGHT, "-"),
    "Transformers": (GRADIENT, "--"),
    "Lightning": (QUIET, ":"),
}
FLOOR = 1e-9  # where "no difference at all" is drawn on a logarithmic axis


def two_flattenings():
    """Where the 49 values of one channel land in either order, to move."""
    channels, height, width = MAPS
    pixels = height * width
    figure, axes = plt.subplots(2, 1, figsize=(8, 3.2), sharex=True)
    combs = []
    for ax, name, colour in zip(
        axes,
        ("PyTorch: channel by channel", "Keras: pixel by pixel"),
        (DATA, MODEL),
        strict=True,
    ):
        comb = LineCollection([], colors=colour, linewidths=1.2)
        ax.add_collection(comb)
        combs.append(comb)
        ax.set(xlim=(0, channels * pixels), ylim=(0, 1), yticks=[], title=name)
        ax.spines["left"].set_visible(False)
    axes[-1].set_xlabel("number of the input of fc1, 0 to 6,271")

    def draw(channel):
        places = (
            channel * pixels + np.arange(pixels),
            np.arange(pixels) * channels + channel,
        )
        for comb, at in zip(combs, places, strict=True):
            comb.set_segments([[(x, 0), (x, 1)] for x in at])
        first, other = places
        return (
            f"The {pixels} values of channel {channel} among the inputs of "
            f"fc1. In PyTorch's order they are neighbours, {first[0]} to "
            f"{first[-1]}, one block. In Keras's they are a comb over the "
            f"whole range: {other[0]}, {other[1]}, {other[2]}, every "
            f"{channels}th up to {other[-1]}."
        )

    live(
        figure,
        draw,
        channel=IntSlider(40, 0, channels - 1, description="channel"),
    )


def partings(rows):
    """How far each tool's losses are from plain PyTorch's, step by step.

    rows: of the record "frameworks"
    """
    losses = {row["tool"]: np.array(row["losses"]) for row in rows}
    base = losses.pop("PyTorch")
    figure, axes = plt.subplots(figsize=(8, 3.4))
    said, equal = [], []
    for tool, values in losses.items():
        apart = np.abs(values - base)
        colour, style = LOOKS[tool]
        axes.plot(
            np.maximum(apart, FLOOR),
            style,
            color=colour,
            lw=3 if style == ":" else 1.6,
            label=tool,
        )
        if apart.max() == 0:
            equal.append(tool)
        else:
            said.append(
                f"{tool}: {apart[0]:.0e} after 0 steps, {apart[1]:.0e} after "
                f"1, {apart[10]:.0e} after 10, {apart[-1]:.0e} after "
                f"{len(apart) - 1}"
            )
    axes.set(
        yscale="log",
        xlabel="steps",
        ylabel="difference from PyTorch's loss",
        ylim=(FLOOR / 2, 1),
    )
    axes.set_yticks(
        [FLOOR, 1e-7, 1e-5, 1e-3, 1e-1], ["0", "1e-7", "1e-5", "1e-3", "0.1"]
    )
    axes.legend(loc="upper right", bbox_to_anchor=(1, 0.52), ncols=2)
    show(
        figure,
        "The difference of each tool's loss from plain PyTorch's over the "
        f"steps, on a logarithmic axis. {', '.join(equal)}: exactly 0 at all "
        f"steps. {'; '.join(said)}.",
    )


def costs(rows):
    """CPU seconds to import and to train, and peak memory, of each tool."""
    names = [row["tool"] for row in rows][::-1]
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3), sharey=True)
    imports = [row["import_cpu_seconds"] for row in rows][::-1]
    trains = [row["train_cpu_seconds"] for row in rows][::-1]
    memory = [row["peak_MiB"] for row in rows][::-1]
    left.barh(names, trains, color=DATA, label="train")
    left.barh(names, imports, left=trains, color=MODEL, label="import")
    left.set(xlabel="CPU seconds", xlim=(0, 2 * max(trains)))
    left.legend(loc="lower right")
    right.barh(names, memory, color=DATA)
    right.set(xlabel="peak memory in MiB")
    said = "; ".join(
        f"{row['tool']} {row['train_cpu_seconds']:.0f} s, "
        f"{row['import_cpu_seconds']:.1f} s, {row['peak_MiB']:,} MiB"
        for row in rows
    )
    show(
        figure,
        "Two bar charts, one bar per tool. Left, CPU seconds to train and to "
        f"import; right, peak memory. Train, import, memory: {said}.",
    )
