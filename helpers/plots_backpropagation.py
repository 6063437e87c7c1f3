"""The figures of the notebook on backpropagation."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap, to_rgba

from helpers.figures import DATA, GRADIENT, MODEL, QUIET, RIGHT, WRONG

PLACES = {
    "a": (0, 1.05),
    "b": (0, -1.05),
    "s": (1.65, -0.65),
    "t": (3.05, 0.85),
    "L": (4.6, -0.1),
}
FORMULAS = {"a": "a", "b": "b", "s": "s = a · b", "t": "t = s + a"}
FORMULAS["L"] = "L = s · t"
VALUES = {"a": 2, "b": 3, "s": 6, "t": 8, "L": 48}
SLOPES = {  # (child, parent): slope on the arrow between them
    ("s", "a"): 3,
    ("s", "b"): 2,
    ("t", "s"): 1,
    ("t", "a"): 1,
    ("L", "s"): 8,
    ("L", "t"): 6,
}
TURNS = ["L", "t", "s"]
HAPPENS = [
    "turn 0: the forward pass is done, and L has gradient 1",
    "turn 1: L hands 1 · 8 to s and 1 · 6 to t",
    "turn 2: t hands 6 · 1 to s, which now has 8 + 6, and 6 · 1 to a",
    "turn 3: s hands 14 · 3 to a, which now has 6 + 42, and 14 · 2 to b",
]


def gradients_after(turns):
    """{node: gradient} after so many turns of the backward pass."""
    grads = dict.fromkeys(VALUES, 0) | {"L": 1}
    for node in TURNS[:turns]:
        for (child, parent), slope in SLOPES.items():
            if child == node:
                grads[parent] += slope * grads[child]
    return grads


def backward_turns():
    """The graph of s = a b, t = s + a, L = s t, for `live`.

    Returns the figure, and draw(turn), which shows the gradients after this
    turn and the arrows that were used in it.
    """
    figure, axes = plt.subplots(figsize=(7.6, 3.8))
    axes.set(xlim=(-0.58, 5.18), ylim=(-1.95, 1.6))
    axes.axis("off")
    boxes, texts, arrows = {}, {}, {}
    for name, (x, y) in PLACES.items():
        boxes[name] = plt.Rectangle((x - 0.52, y - 0.42), 1.04, 0.88, lw=1.5)
        axes.add_patch(boxes[name])
        options = {"ha": "center", "va": "center"}
        axes.text(x, y + 0.27, FORMULAS[name], weight="bold", **options)
        axes.text(x, y + 0.02, f"value {VALUES[name]}", color=DATA, **options)
        texts[name] = axes.text(x, y - 0.24, "", color="#8f3f6b", **options)
    key = ("no gradient yet", DATA, 0.3), ("has a gradient", GRADIENT, 0.3)
    key += (("pale: has passed it on", GRADIENT, 0.1),)
    for x, (text, colour, alpha) in zip((0.6, 2, 3.35), key, strict=True):
        patch = plt.Rectangle((x - 0.14, -1.87), 0.1, 0.16, ec=colour, lw=1.2)
        patch.set_facecolor(to_rgba(colour, alpha))
        axes.add_patch(patch)
        axes.text(x, -1.8, text, va="center", color=QUIET, fontsize=9)
    shifts = {("L", "s"): -0.12, ("L", "t"): 0.1, ("t", "s"): 0.12}
    shifts[("t", "a")] = 0.1
    for (child, parent), slope in SLOPES.items():
        start, end = np.array([PLACES[parent], PLACES[child]], float)
        start[0] += 0.55
        end[0] -= 0.55
        start[1] += shifts.get((child, parent), 0)
        end[1] += shifts.get((child, parent), 0) * 0.5
        arrows[child, parent] = axes.annotate(
            "", end, start, arrowprops={"arrowstyle": "-|>"}
        ).arrow_patch
        axes.text(
            *(start + 0.5 * (end - start)),
            str(slope),
            ha="center",
            va="center",
            color=QUIET,
            weight="bold",
            bbox={"fc": "white", "ec": "none", "pad": 1.5},
        )

    def draw(turn):
        grads = gradients_after(turn)
        for name, box in boxes.items():
            done = name in TURNS[:turn]
            reached = grads[name] != 0
            colour = GRADIENT if reached else DATA
            box.set(
                edgecolor=colour, facecolor=to_rgba(colour, 0.3 - 0.2 * done)
            )
            texts[name].set_text(f"gradient {grads[name] if reached else '?'}")
        for (child, _), arrow in arrows.items():
            now = turn > 0 and TURNS[turn - 1] == child
            past = child in TURNS[:turn]
            colour = GRADIENT if now or past else DATA
            arrow.set(
                arrowstyle="<|-" if now or past else "-|>",
                mutation_scale=14,
                color=colour,
                linewidth=3.5 if now else 1.3,
                alpha=1 if now or not past else 0.5,
            )
        axes.set_title(HAPPENS[turn])
        listed = ", ".join(f"{n} {g}" for n, g in grads.items() if g)
        return (
            "A graph of five nodes: a = 2 and b = 3 lead to s = 6, s and a "
            "to t = 8, s and t to L = 48, each arrow with its slope. "
            f"{HAPPENS[turn]}. Gradients so far: {listed}. Boxes are blue "
            "without a gradient, pink with one, and pale once they have "
            "passed it on."
        )

    return figure, draw


def scores(frame, where):
    """The network's scores at points (n, 2), from its 33 numbers."""
    frame = np.asarray(frame)
    hidden = frame[:24].reshape(8, 3)
    activations = np.tanh(where @ hidden[:, :2].T + hidden[:, 2])
    return activations @ frame[24:32] + frame[32]


def accuracy(frame, points, labels):
    """The share of points on the right side."""
    return ((scores(frame, points) > 0) == (labels > 0)).mean()


def moons(frames, losses, points, labels, fresh_points, fresh_labels):
    """The decision boundary after any step of training, for `live`.

    frames: the 33 numbers of the network after each step; losses: one each
    points: (n, 2), with labels (n,) of -1 and 1; the fresh ones judge
    Returns the figure, and draw(step).
    """
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(8, 3.3), width_ratios=[1.25, 1]
    )
    lattice = np.stack(
        np.meshgrid(np.linspace(-2, 2, 240), np.linspace(-1.6, 1.6, 192)), -1
    )
    ground = left.imshow(
        np.zeros((192, 240)),
        cmap=ListedColormap(["#dce9f2", "#fbe9cf"]),
        extent=(-2, 2, -1.6, 1.6),
        origin="lower",
        vmin=0,
        vmax=1,
        aspect="auto",
    )
    for label, colour, marker in ((-1, DATA, "s"), (1, MODEL, "o")):
        left.plot(
            *points[labels == label].T,
            marker,
            color=colour,
            markeredgecolor="white",
            markersize=6,
            label=f"{label}".replace("-", "−"),
        )
    left.legend(title="label", loc="lower left", fontsize=9)
    left.set(xlabel="first input", ylabel="second input")
    right.semilogy(losses, color=MODEL)
    (dot,) = right.plot([], [], "o", color=MODEL, markeredgecolor="black")
    ticks = [1, 0.3, 0.1, 0.03]
    right.set(xlabel="step", ylabel="loss, nats")
    right.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    right.set_yticks([], minor=True)
    right.set_title("training loss")

    def draw(step):
        field = scores(frames[step], lattice.reshape(-1, 2))
        ground.set_data(field.reshape(192, 240) > 0)
        dot.set_data([step], [losses[step]])
        share = accuracy(frames[step], fresh_points, fresh_labels)
        left.set_title(f"step {step}: {share:.0%} of fresh points correct")
        return (
            "Two half moons of points, and the label that the network gives "
            f"at every place after {step} steps: {share:.0%} of "
            f"{len(fresh_labels)} fresh points are classified correctly, the "
            f"loss is {losses[step]:.2f}."
        )

    return figure, draw


def with_and_without_reset(runs):
    """The losses of training that clears the gradients, or does not.

    runs: {seed: (losses with, losses without)}
    Returns the figure and what it says.
    """
    figure, panels = plt.subplots(1, len(runs), figsize=(8, 2.8), sharey=True)
    floor = 1e-6
    for axes, (kept, lost) in zip(panels, runs.values(), strict=True):
        axes.semilogy(kept, color=RIGHT, label="with reset")
        drawn = np.maximum(lost, floor)
        axes.semilogy(drawn, color=WRONG, label="without", ls="--", lw=1.2)
        axes.set(xlabel="step", ylim=(floor / 4, 5))
        axes.axhline(floor, color=QUIET, lw=0.8)
        if lost[-1] < floor:
            axes.text(
                len(lost) - 1,
                floor / 2,
                "at the end below 10⁻⁶",
                ha="right",
                va="center",
                color=QUIET,
                fontsize=8,
            )
    for number, axes in enumerate(panels, 1):
        axes.set_title(f"start {number}")
    panels[0].set_ylabel("loss, nats")
    panels[1].legend(loc="lower left", bbox_to_anchor=(0, 0.12), fontsize=9)
    ends = sum(lost[-1] < floor for _, lost in runs.values())
    return figure, (
        f"The loss over 80 steps from {len(runs)} random starts. With the "
        "reset it falls smoothly to between 0.03 and 0.06 each time. Without "
        f"it, it jumps up and down: {ends} of {len(runs)} starts end below a "
        "millionth, where the curve is drawn along the floor of the frame; "
        "the other climbs back above 1 on its way."
    )
