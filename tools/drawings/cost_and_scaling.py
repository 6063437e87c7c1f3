"""Drawings of what a training costs, what more buys, and fewer bits."""

import numpy as np

from helpers.costs import PUBLISHED
from helpers.figures import DATA, GRADIENT, MODEL, QUIET, RIGHT, WRONG
from helpers.power_law import fit_power_law
from tools.drawings import drawing
from tools.drawings.canvas import INK, Canvas, pale


@drawing
def six_operations():
    """One weight, one piece of data: two operations forward, four back."""
    canvas = Canvas(760, 300)
    rows = (
        (
            "forward",
            MODEL,
            62,
            "the weight's part of a sum",
            "product = weight × input",
            "sum = sum + product",
        ),
        (
            "backward",
            GRADIENT,
            150,
            "gradient of the weight",
            "product = input × error",
            "grad = grad + product",
        ),
        (
            "",
            GRADIENT,
            222,
            "gradient of the input",
            "product = weight × error",
            "grad = grad + product",
        ),
    )
    canvas.text(341, 22, "a multiplication", size=10, color=QUIET)
    canvas.text(573, 22, "an addition", size=10, color=QUIET)
    for name, colour, y, what, first, second in rows:
        canvas.text(14, y - 12 if name else y, name, bold=True, anchor="left")
        low = y + 12 if name else y
        canvas.text(14, low, what, size=10, color=QUIET, anchor="left")
        canvas.box(234, y - 24, 214, 48, first, color=colour, size=11)
        canvas.arrow(448, y, 470, y)
        canvas.box(470, y - 24, 206, 48, second, color=colour, size=11)
    for y, number in ((62, 2), (186, 4)):
        canvas.text(716, y, f"{number}", size=20, bold=True)
    canvas.line([690, 690], [38, 86], color=MODEL, width=2.5)
    canvas.line([690, 690], [126, 246], color=GRADIENT, width=2.5)
    canvas.line([690, 742], [262, 262], color=INK)
    canvas.text(716, 280, f"{2 + 4}", size=20, bold=True)
    canvas.text(
        676,
        280,
        "operations per weight and piece of data",
        size=10,
        color=QUIET,
        anchor="right",
    )
    return canvas, (
        "What one weight costs for one piece of data. Forward: a "
        "multiplication, weight times input, and an addition to a sum, 2 "
        "operations. Backward: a multiplication and an addition for the "
        "gradient of the weight, and the same for the gradient of the input, "
        "4 operations. Together 6."
    )


# The assumptions on the arrows, those of Patterson and others (2021).
RATE, WATTS, OVERHEAD = 24.6e12, 330, 1.1
PRICE, CO2 = 0.10, 0.429  # euro (our assumption) and kg for a kWh


def power_of_ten(number):
    """3.14e+23 as it is set in print."""
    digits, power = f"{number:.2e}".split("e")
    return rf"${digits}\times10^{{{int(power)}}}$"


@drawing
def operations_to_money():
    """From operations to money and CO2, an assumption on each arrow."""
    operations = PUBLISHED["GPT-3"].operations
    seconds = operations / RATE
    joules = seconds * WATTS * OVERHEAD
    kwh = joules / 3.6e6
    canvas = Canvas(790, 330)
    boxes = (
        (14, 110, "operations", power_of_ten(operations), DATA),
        (214, 110, "seconds", power_of_ten(seconds), MODEL),
        (414, 110, "joules", power_of_ten(joules), MODEL),
        (614, 110, "kilowatt-hours", f"{kwh / 1e6:.2f} million", MODEL),
        (414, 250, "money", f"{kwh * PRICE / 1e6:.2f} million euro", RIGHT),
        (614, 250, "CO2", f"{kwh * CO2 / 1000:.0f} tonnes", WRONG),
    )
    for x, y, name, amount, colour in boxes:
        canvas.box(x, y, 162, 62, color=colour)
        canvas.text(x + 81, y + 20, name, bold=True)
        canvas.text(x + 81, y + 43, amount, size=10)
    arrows = (
        (
            195,
            "÷ rate",
            f"peak × utilisation\n{RATE / 1e12:.1f} million million per s",
        ),
        (395, "× power", f"watts × overhead\n{WATTS} W × {OVERHEAD}"),
        (595, "÷ 3.6 million", "a definition,\nno assumption"),
    )
    for x, sign, words in arrows:
        canvas.arrow(x - 18, 141, x + 18, 141, width=2)
        canvas.text(x, 88, sign, bold=True, size=11)
        canvas.text(x, 44, words, size=10, color=QUIET)
    canvas.arrow(640, 173, 530, 248, width=2)
    canvas.text(
        560,
        208,
        f"× price\n{PRICE:.2f} euro per kWh",
        size=10,
        color=QUIET,
        anchor="right",
    )
    canvas.arrow(695, 173, 695, 248, width=2)
    canvas.text(
        704,
        208,
        f"× source\n{CO2} kg",
        size=10,
        color=QUIET,
        anchor="left",
    )
    canvas.text(
        14,
        262,
        "the numbers: GPT-3 on V100,\nPatterson and others, 2021;\n"
        "the price is our assumption",
        size=10,
        color=QUIET,
        anchor="left",
    )
    return canvas, (
        f"A chain of boxes with the numbers of GPT-3: {operations:.2e} "
        f"operations, divided by {RATE / 1e12:.1f}e12 operations per second "
        f"(peak times utilisation), are {seconds:.2e} seconds; times {WATTS} "
        f"watts times an overhead of {OVERHEAD} they are {joules:.2e} "
        f"joules; divided by 3.6 million they are {kwh / 1e6:.2f} million "
        f"kilowatt-hours; times {PRICE:.2f} euro they are "
        f"{kwh * PRICE / 1e6:.2f} million euro, and times {CO2} kg they are "
        f"{kwh * CO2 / 1000:.0f} tonnes of CO2."
    )


@drawing
def straight_in_logarithms():
    """A power law on ordinary and on logarithmic axes, with its fan."""
    random = np.random.default_rng(1)
    n = np.repeat([250.0, 500, 1000, 2000, 4000], 3)
    losses = 2.4 * n**-0.22 * np.exp(random.normal(0, 0.05, len(n)))
    law = fit_power_law(n, losses)
    ends = 250.0, 128_000.0
    x = np.geomspace(*ends, 60)
    fan = np.array([law.predict_interval(value) for value in x])
    canvas = Canvas(780, 330)
    low, high = 0.14, 0.78
    top, bottom, width = 50, 262, 310

    def panel(left, title, across, down):
        def place(values, losses):
            return (
                left + width * across(np.asarray(values)),
                bottom - (bottom - top) * down(np.asarray(losses)),
            )

        beyond = x >= 4000
        upper, lower = (
            place(x[beyond], fan[beyond, 1]),
            place(x[beyond], fan[beyond, 0]),
        )
        points = [
            *zip(*upper, strict=True),
            *reversed([*zip(*lower, strict=True)]),
        ]
        canvas.polygon(points, color=pale(MODEL, 0.4), fill=pale(MODEL, 0.4))
        known = x <= 4000
        canvas.line(*place(x[known], law.predict(x[known])), color=MODEL)
        canvas.line(
            *place(x[beyond], law.predict(x[beyond])),
            color=MODEL,
            dashed=True,
        )
        for a, b in zip(*place(n, losses), strict=True):
            canvas.circle(a, b, 3.5, color=DATA, fill=DATA)
        canvas.line([left, left, left + width], [top, bottom, bottom])
        canvas.text(left + width / 2, 20, title, bold=True)
        canvas.text(left + width / 2, 312, "images", size=10, color=QUIET)
        return place

    place = panel(
        56,
        "ordinary axes: a curve that flattens",
        lambda v: v / ends[1],
        lambda v: v / high,
    )
    for value in (0, 64_000, 128_000):
        at = place([value], [0])[0][0]
        canvas.text(at, bottom + 18, f"{value:,}", size=10)
    for loss in (0.2, 0.4, 0.6):
        at = place([0], [loss])[1][0]
        canvas.text(50, at, f"{loss}", size=10, anchor="right")
    place = panel(
        444,
        "logarithms of both: a straight line",
        lambda v: np.log(v / ends[0]) / np.log(ends[1] / ends[0]),
        lambda v: np.log(v / low) / np.log(high / low),
    )
    for value in (250, 1000, 4000, 16_000, 64_000):
        at = place([value], [low])[0][0]
        canvas.text(at, bottom + 18, f"{value:,}", size=10)
    for loss in (0.2, 0.4, 0.6):
        at = place([ends[0]], [loss])[1][0]
        canvas.text(438, at, f"{loss}", size=10, anchor="right")
    canvas.text(
        660,
        top + 26,
        "beyond the runs: an interval\nthat opens like a fan",
        size=10,
        color=QUIET,
    )
    canvas.text(14, top - 18, "loss", size=10, color=QUIET, anchor="left")
    low_end, up_end = fan[-1]
    return canvas, (
        f"{len(n)} runs with 250 to 4,000 images, and a power law fitted to "
        f"them, exponent {law.exponent:.2f}. On ordinary axes it is a curve "
        "that falls steeply and flattens; on logarithmic axes a straight "
        "line. Beyond 4,000 images it is dashed, with an interval that opens "
        f"like a fan: at 128,000 images from {low_end:.2f} to {up_end:.2f}."
    )


def codes_of(weights, largest, steps):
    return np.round(weights / largest * steps).astype(int)


@drawing
def quantised_rows():
    """One scale for all rows against one for each."""
    weights = np.array([[0.81, -0.54, 0.19], [0.05, -0.02, 0.03]])
    steps = 127
    canvas = Canvas(770, 352)
    axis, right = 262, 640

    def place(code):
        return axis + (code + steps) / (2 * steps) * (right - axis)

    canvas.text(120, 22, "two rows of weights", bold=True)
    middle = (axis + right) / 2
    canvas.text(middle, 22, "their codes, from −127 to 127", bold=True)
    canvas.text(704, 22, "error", bold=True)
    found = []
    for block, (name, top) in enumerate(
        (("one scale for all", 66), ("one scale for each row", 216))
    ):
        canvas.text(14, top - 16, name, size=11, anchor="left", color=QUIET)
        for r, row in enumerate(weights):
            largest = np.abs(weights if block == 0 else row).max()
            codes = codes_of(row, largest, steps)
            back = codes * largest / steps
            error = np.abs(back - row).max() / np.abs(row).max()
            found.append((name, r + 1, codes.tolist(), error))
            y = top + 24 + 58 * r
            for c, value in enumerate(row):
                text = f"{value:.2f}".replace("-", "−")
                canvas.box(
                    14 + 72 * c, y - 15, 66, 30, text, color=DATA, size=11
                )
            canvas.line([axis, right], [y, y], color=QUIET, width=1)
            for tick in range(-steps, steps + 1, 8):
                canvas.line(
                    [place(tick)] * 2, [y - 3, y + 3], color=QUIET, width=0.6
                )
            for code in codes:
                canvas.circle(place(code), y, 5, color=MODEL, fill=MODEL)
            for code, side in zip(codes, place_labels(codes), strict=True):
                text = f"{code}".replace("-", "−")
                canvas.text(place(code) + side, y - 16, text, size=10)
            bad = error > 0.01
            canvas.text(
                704,
                y,
                f"{100 * error:.1f} %",
                bold=True,
                color=WRONG if bad else RIGHT,
            )
    canvas.text(
        14,
        338,
        "error: the largest change of a weight, in percent of the row's "
        "largest weight",
        size=10,
        color=QUIET,
        anchor="left",
    )
    listed = "; ".join(
        f"{name}, row {r}: codes {codes}, largest change {100 * error:.1f} % "
        "of the row's largest weight"
        for name, r, codes, error in found
    )
    return canvas, (
        f"Two rows of three weights, {weights.tolist()}, placed on a line of "
        f"255 codes from -127 to 127. {listed}."
    )


def place_labels(codes):
    """How far to move each label, so that near ones do not overlap."""
    order = np.argsort(codes)
    moves = [0] * len(codes)
    near = np.diff(np.sort(codes)) < 20
    if near.all():
        for index, move in zip(order, (-26, 0, 26), strict=True):
            moves[index] = move
    return moves
