"""The figures of the notebook on GPT.

Each function takes numbers and shows one figure with its description; it
returns nothing. What hangs on trained weights differs a little between
machines, and the cells that show it are not compared.
"""

import textwrap

import matplotlib.pyplot as plt
import numpy as np
import torch
from ipywidgets import FloatSlider, SelectionSlider

from helpers.figures import DATA, GRADIENT, MODEL, QUIET, live, show

LIKELIEST = 14  # bars of the live figure
TOP_K = 1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1024
COUNTS = ("0", "1", "2", "4", "8")
MARKERS = "osD^vP*"


def way_down(curve, table):
    """Bits per character against steps, beside the line of the table."""
    steps, bits = [*curve], [*curve.values()]
    figure, axes = plt.subplots(figsize=(6.5, 3.2))
    axes.plot(steps, bits, "o-", color=MODEL)
    axes.axhline(table, color=DATA, linestyle="--")
    axes.text(20, table - 0.04, "the table of counts", color=DATA, va="top")
    axes.text(400, np.interp(400, steps, bits) + 0.1, "the GPT", color=MODEL)
    axes.set(
        xlabel="steps",
        ylabel="bits per character",
        title="The Winter's Tale (beginning), not trained on",
        ylim=(min(*bits, table) - 0.3, max(bits) + 0.1),
    )
    show(
        figure,
        "Bits per character of the beginning of a play not trained on. The "
        f"GPT falls from {bits[0]:.2f} after {steps[0]} steps to "
        f"{bits[3]:.2f} after {steps[3]:,} and {bits[-1]:.2f} after "
        f"{steps[-1]:,}; the dashed line of the table of counts is at "
        f"{table:.2f}.",
    )


def parts(rows_of):
    """What each variant of the ablation reached, a dot for each seed."""
    means = {
        part: np.mean([row["last_token_only"] for row in rows])
        for part, rows in rows_of.items()
    }
    order = sorted(means, key=means.get, reverse=True)
    figure, axes = plt.subplots(figsize=(7.5, 3.4))
    looks = (
        ("bits", "o", DATA, "as reported by the loss"),
        ("last_token_only", "|", MODEL, "after the end of a window only"),
    )
    for key, marker, colour, words in looks:
        for at, part in enumerate(order):
            values = [row[key] for row in rows_of[part]]
            axes.plot(
                values, [at] * len(values), marker, color=colour,
                markersize=13 if marker == "|" else 7, markeredgewidth=2,
                markerfacecolor="none", label=words if at == 0 else None,
            )  # fmt: skip
    axes.axvline(means["all of it"], color=QUIET, linestyle=":", zorder=0)
    axes.set_yticks(range(len(order)), order)
    axes.set(xlabel="bits per character after 600 steps", xlim=(0, None))
    axes.legend(loc="center left", bbox_to_anchor=(0.08, 0.5))
    told = "; ".join(
        f"{part} {np.mean([row['bits'] for row in rows_of[part]]):.2f} and "
        f"{means[part]:.2f}"
        for part in reversed(order)
    )
    show(
        figure,
        "Bits per character of each variant, a circle for each of three "
        "seeds as the loss reports them, a bar where only the "
        f"character after the end of a window was asked for. Means: {told}.",
    )


def seven_tasks(rows_of):
    """Accuracy against the number of examples, for each task."""
    figure, axes = plt.subplots(figsize=(7.5, 3.8))
    places = range(len(COUNTS))
    colours = [DATA, MODEL, GRADIENT, "#009E73", "#D55E00", QUIET, "#56B4E9"]
    ends, told = [], []
    for (task, rows), colour, marker in zip(
        rows_of.items(), colours, MARKERS, strict=True
    ):
        values = np.array([[row[c] for c in COUNTS] for row in rows])
        mean = values.mean(axis=0)
        axes.plot(places, mean, marker + "-", color=colour)
        axes.vlines(
            places, values.min(axis=0), values.max(axis=0), color=colour,
            linewidth=1, alpha=0.6,
        )  # fmt: skip
        exchanged = [row["exchanged"] for row in rows]
        ends.append((np.mean(exchanged), task, colour, marker, exchanged))
        told.append(
            f"{task} {mean[0]:.2f}, {mean[2]:.2f}, {mean[4]:.2f}, and "
            f"{np.mean(exchanged):.2f} with exchanged answers"
        )
    lowest = -1.0  # of the next name
    for i, (mean, task, colour, marker, values) in enumerate(sorted(ends)):
        at = 4.9 + 0.14 * i
        axes.plot([at], [mean], marker, color=colour)
        axes.vlines([at], min(values), max(values), color=colour, lw=1)
        lowest = max(mean - 0.02, lowest + 0.075)
        axes.plot([at + 0.08, 6.1], [mean, lowest], color=colour, lw=0.5)
        axes.text(6.15, lowest, task, color=colour, va="center")
    axes.set_xticks([*places, 5.32], [*COUNTS, "8, answers\nexchanged"])
    axes.set(
        xlabel="examples in the text",
        ylabel="share answered exactly",
        xlim=(-0.2, 7.2),
        ylim=(-0.03, 1.03),
    )
    show(
        figure,
        "Share of 36 questions answered exactly by SmolLM2-135M, mean of "
        "three sets of examples with thin lines from the lowest to the "
        f"highest. After 0, 2 and 8 examples: {'; '.join(told)}.",
    )


def next_token(model, tokenizer, probabilities):
    """Sliders for temperature and k: the next token, and a text."""
    line = "Enter KING"
    ids = tokenizer.encode(line)
    with torch.no_grad():
        logits = model(torch.tensor([ids]))[0, -1]
    order = logits.argsort(descending=True)
    units = [tokenizer.units[i] for i in order[:LIKELIEST]]
    names = [repr(unit)[1:-1].replace(" ", "␣") for unit in units]
    figure, (axes, page) = plt.subplots(
        1, 2, figsize=(9, 3.8), width_ratios=(1, 1.1)
    )
    bars = axes.barh(range(LIKELIEST), [0] * LIKELIEST, color=MODEL)
    axes.set_yticks(range(LIKELIEST), names, family="monospace", fontsize=9)
    axes.invert_yaxis()
    axes.set(
        xlabel="probability of the next token (␣ is a space)", xlim=(0, 1)
    )
    title = axes.set_title("")
    page.axis("off")
    page.set_title("a text, drawn with these settings")
    words = page.text(
        0, 1, "", va="top", family="monospace", fontsize=9,
        transform=page.transAxes,
    )  # fmt: skip

    def write(temperature, k):
        generator = torch.Generator().manual_seed(3)
        said, length = list(ids), len(model.positions.weight)
        with torch.no_grad():
            for _ in range(70):
                seen = torch.tensor([said[-length:]])
                likely = probabilities(model(seen)[0, -1], temperature, k)
                likely = torch.as_tensor(likely).float()
                said.append(
                    torch.multinomial(likely, 1, generator=generator).item()
                )
        lines = []
        for one in tokenizer.decode(said).split("\n"):
            lines += textwrap.wrap(one, 46) or [""]
        return "\n".join(lines[:15])

    def draw(temperature, k):
        likely = torch.as_tensor(probabilities(logits, temperature, k))
        shown = likely[order[:LIKELIEST]].tolist()
        for bar, value in zip(bars, shown, strict=True):
            bar.set_width(value)
        rest = max(0.0, 1 - sum(shown))
        title.set_text(f"all other tokens together: {rest:.2f}")
        words.set_text(write(temperature, k))
        return (
            f"After {line!r}, at temperature {temperature:.1f} "
            f"with the {k} likeliest of {len(logits)} tokens, the likeliest "
            f"token {names[0]!r} has a probability of {shown[0]:.2f}, and "
            f"all tokens beyond the first {LIKELIEST} together {rest:.2f}. "
            "Beside it stands a text drawn so."
        )

    live(
        figure,
        draw,
        temperature=FloatSlider(
            1.5, min=0.1, max=2.0, step=0.1, description="temperature"
        ),
        k=SelectionSlider(options=TOP_K, value=1024, description="top-k"),
    )
