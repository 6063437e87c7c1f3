"""The figures of the notebook on cost and scaling, but for its laws.

Each function takes numbers and shows one figure with its description; it
returns nothing.
"""

import matplotlib.pyplot as plt
from ipywidgets import Dropdown, FloatLogSlider, FloatSlider, IntSlider

from helpers.costs import training_cost
from helpers.figures import (
    DATA,
    MODEL,
    QUIET,
    RIGHT,
    WRONG,
    live,
    show,
)


def amount(number):
    """A number as people say it: "3.1 million", "250", "0.0012"."""
    for size, name in ((1e9, " billion"), (1e6, " million")):
        if number >= size:
            return f"{number / size:,.3g}{name}"
    if number >= 100:
        return f"{float(f'{number:.3g}'):,.0f}"
    return f"{number:.2g}" if number >= 0.001 else f"{number:.0e}"


def bill(trainings):
    """A table of four lines that follows the assumptions.

    trainings: {name: operations}
    """
    names = (
        "time on one processor",
        "energy",
        "money, power and rent",
        "CO2",
    )
    figure, axes = plt.subplots(figsize=(6.6, 2.2))
    axes.set(xlim=(0, 1), ylim=(3.6, -0.6))
    axes.axis("off")
    amounts = []
    for row, name in enumerate(names):
        axes.text(0.02, row, name, va="center", fontsize=12)
        amounts.append(
            axes.text(
                0.98,
                row,
                "",
                va="center",
                ha="right",
                fontsize=14,
                color="black",
                weight="bold",
            )
        )
        if row:
            axes.axhline(row - 0.5, color=QUIET, lw=0.5)
    head = axes.set_title("", loc="left", fontsize=11, color=QUIET)

    def draw(training, peak, utilisation, watts, overhead, price, rent, grams):
        cost = training_cost(
            trainings[training],
            peak * 1e12 * utilisation,
            watts,
            price_per_kwh=price,
            kg_co2_per_kwh=grams / 1000,
            overhead=overhead,
            rent_per_hour=rent,
        )
        lines = (
            in_time(cost.seconds),
            f"{amount(cost.kwh)} kWh",
            f"{amount(cost.money)} euro",
            f"{amount(cost.kg_co2)} kg",
        )
        for text, line in zip(amounts, lines, strict=True):
            text.set_text(line)
        head.set_text(
            f"{training} at {utilisation:.0%} of {peak:.3g}e12 operations "
            f"per second, {watts} W; {price:.2f} euro per kWh"
        )
        listed = "; ".join(map(": ".join, zip(names, lines, strict=True)))
        return f"{training}, at {peak:.3g}e12 operations a second: {listed}."

    live(
        figure,
        draw,
        training=Dropdown(
            options=list(trainings), value="GPT-3", description="training"
        ),
        peak=FloatLogSlider(989, min=-1, max=4, description="peak, 1e12/s"),
        utilisation=FloatSlider(
            0.4, min=0.05, max=1, step=0.05, description="utilisation"
        ),
        watts=IntSlider(700, min=10, max=1500, step=10, description="watts"),
        overhead=FloatSlider(
            1.2, min=1, max=2, step=0.05, description="overhead"
        ),
        price=FloatSlider(
            0.1, min=0.02, max=0.5, step=0.02, description="euro per kWh"
        ),
        rent=FloatSlider(0, min=0, max=10, description="rent, euro per hour"),
        grams=IntSlider(
            470, min=10, max=1000, step=10, description="g CO2 per kWh"
        ),
    )


def in_time(seconds):
    """Seconds in the unit that people would use."""
    for size, name in ((365.25 * 86_400, "years"), (86_400, "days")):
        if seconds >= 2 * size:
            return f"{amount(seconds / size)} {name}"
    return f"{amount(seconds)} seconds"


def assumptions(ranges):
    """A bar for each assumption: how far it moves the result.

    ranges: {name: (least, most)}, in any unit
    """
    factors = {name: high / low for name, (low, high) in ranges.items()}
    factors = dict(sorted(factors.items(), key=lambda item: item[1]))
    figure, axes = plt.subplots(figsize=(6.6, 2.7))
    rows = range(len(factors))
    axes.barh(rows, [f - 1 for f in factors.values()], left=1, color=MODEL)
    for row, factor in zip(rows, factors.values(), strict=True):
        axes.text(factor * 1.08, row, f"{factor:.2g}", va="center")
    axes.set(
        xscale="log",
        xlim=(1, 200),
        xlabel="highest value in use divided by the lowest",
    )
    axes.set_xticks([1, 2, 5, 10, 20, 50, 100], [1, 2, 5, 10, 20, 50, 100])
    axes.minorticks_off()
    axes.set_yticks(rows, factors.keys())
    show(
        figure,
        "Highest value in use divided by the lowest: "
        + ", ".join(f"{n} {f:.2g}" for n, f in reversed(factors.items()))
        + ".",
    )


def serving(sizes, milliseconds):
    """Latency and throughput against the number of images in a batch."""
    rates = [1000 * s / ms for s, ms in zip(sizes, milliseconds, strict=True)]
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 2.9))
    left.plot(sizes, milliseconds, "o-", color=MODEL)
    right.plot(sizes, rates, "s-", color=DATA)
    left.set(ylabel="latency, ms", yscale="log")
    low, high = left.get_ylim()
    marks = (0.3, 1, 3, 10, 30, 100, 300, 1000, 3000)
    ticks = [mark for mark in marks if low <= mark <= high]
    left.set_yticks(ticks, [str(t) for t in ticks])
    left.minorticks_off()
    right.set_ylabel("throughput, images/s")
    right.set_ylim(bottom=0)
    for ax in (left, right):
        ax.set_xscale("log", base=2)
        ax.set_xticks(sizes, [str(size) for size in sizes])
        ax.set_xlabel("images in a batch")
    show(
        figure,
        f"Latency rises from {milliseconds[0]:.1f} ms for {sizes[0]} image "
        f"to {milliseconds[-1]:.0f} ms for {sizes[-1]}; throughput goes from "
        f"{rates[0]:.0f} to {rates[-1]:.0f} images a second.",
    )


def bits(agreement):
    """Answers that stay as they were, against the bits of a weight.

    agreement: {(bits, by_row): share}
    """
    figure, axes = plt.subplots(figsize=(6, 3))
    words = []
    for by_row, mark, color, name in (
        (True, "o-", RIGHT, "a scale for each row"),
        (False, "X--", WRONG, "one scale for a layer"),
    ):
        shares = {b: s for (b, row), s in agreement.items() if row == by_row}
        percent = [100 * share for share in shares.values()]
        axes.plot(shares.keys(), percent, mark, color=color, label=name)
        listed = (
            f"{b} bits {p:.0f} %" for b, p in zip(shares, percent, strict=True)
        )
        words.append(f"{name}: {', '.join(listed)}")
    axes.set(
        xlabel="bits per weight",
        ylabel="answers as before, in %",
        ylim=(0, 105),
    )
    axes.set_xticks(sorted({b for b, _ in agreement}))
    axes.legend(loc="lower right")
    show(
        figure,
        f"Share of answers that stay as in float32. {'; '.join(words)}.",
    )
