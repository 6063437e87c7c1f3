"""Drawings of how sure a measurement is."""

from statistics import NormalDist

import numpy as np

from helpers.data import load_embedded
from helpers.figures import DATA, GRADIENT, MODEL, QUIET, RIGHT, WRONG
from tools.drawings import drawing
from tools.drawings.canvas import Canvas, pale

TRUTH, IMAGES, TESTS = 0.92, 4000, 20
SEED = 276  # with it one of the twenty intervals misses, as one in twenty does


@drawing
def splits():
    """What each of the three sets of images is for."""
    sets = load_embedded()
    parts = (
        (sets.train, "training", MODEL, "the weights are learned\nfrom these"),
        (
            sets.validation,
            "validation",
            GRADIENT,
            "learning rate, epochs and\nthreshold are chosen here",
        ),
        (sets.test, "test", DATA, "the last word:\nnothing is chosen here"),
    )
    looked = ("once per epoch", "once per choice", "once, at the end")
    canvas = Canvas(760, 250)
    x, scale, gap = 20, 560 / sum(len(images) for images, *_ in parts), 50
    texts = (x + scale * len(sets.train) / 2, 455, 664)
    for (images, name, colour, use), often, middle in zip(
        parts, looked, texts, strict=True
    ):
        width = scale * len(images)
        canvas.box(x, 74, width, 56, color=colour, fill=pale(colour, 0.35))
        canvas.text(x + width / 2, 22, name, bold=True)
        canvas.text(x + width / 2, 48, f"{len(images):,}", size=11)
        canvas.line([x + width / 2, middle], [134, 154], color=colour)
        canvas.text(middle, 178, use, size=10)
        canvas.text(middle, 224, f"looked at\n{often}", size=10, color=QUIET)
        x += width + gap
    listed = "; ".join(
        f"{len(images):,} {name} images: {' '.join(use.split())}, looked at "
        f"{often}"
        for (images, name, _, use), often in zip(parts, looked, strict=True)
    )
    return canvas, f"Three sets of images, drawn by their size. {listed}."


@drawing
def confidence_interval():
    """Twenty test sets, their intervals, and the truth."""
    shares = np.random.default_rng(SEED).binomial(IMAGES, TRUTH, TESTS)
    shares = shares / IMAGES
    halves = 1.96 * np.sqrt(shares * (1 - shares) / IMAGES)
    misses = abs(shares - TRUTH) > halves
    canvas = Canvas(720, 412)
    left, right, top, row = 40, 560, 62, 14.5

    def place(share):
        low, high = 0.90, 0.94
        return left + (share - low) / (high - low) * (right - left)

    bottom = top + TESTS * row
    truth = place(TRUTH)
    canvas.line([truth] * 2, [top - 8, bottom], color=RIGHT, width=2.5)
    canvas.text(
        truth, 26, f"the truth, {100 * TRUTH:.0f} %", color=RIGHT, bold=True
    )
    for i, (share, half, missed) in enumerate(
        zip(shares, halves, misses, strict=True)
    ):
        y = top + (i + 0.5) * row
        colour = WRONG if missed else MODEL
        ends = place(share - half), place(share + half)
        canvas.line(ends, [y, y], color=colour, width=3.5 if missed else 2.2)
        canvas.circle(place(share), y, 4, color=colour, fill=colour)
        if missed:
            canvas.text(
                ends[1] + 14,
                y,
                "this one misses",
                color=WRONG,
                bold=True,
                anchor="left",
            )
    for share in (0.90, 0.91, 0.92, 0.93, 0.94):
        canvas.line([place(share)] * 2, [bottom + 4, bottom + 9])
        canvas.text(place(share), bottom + 22, f"{100 * share:.0f} %", size=10)
    canvas.line([left, right], [bottom + 4] * 2)
    canvas.text(
        (left + right) / 2,
        bottom + 42,
        f"{TESTS} test sets of {IMAGES:,} images: accuracies, with their "
        "intervals",
        size=10,
        color=QUIET,
    )
    caught, missed = TESTS - misses.sum(), misses.sum()
    return canvas, (
        f"{TESTS} horizontal bars, the 95 % intervals of {TESTS} simulated "
        f"test sets of {IMAGES:,} images, around a vertical line at the "
        f"true accuracy, {100 * TRUTH:.0f} %. {caught} of the bars cross "
        f"the line, {missed} misses it."
    )


@drawing
def power():
    """Two bells: no difference, and one that is seen in 80 of 100 tests."""
    normal = NormalDist()
    line, shift = normal.inv_cdf(0.975), normal.inv_cdf(0.80)
    far = line + shift
    canvas = Canvas(780, 330)
    left, base, unit, height = 250, 230, 74, 150

    def bell(middle, start, end):
        x = np.linspace(start, end, 200)
        y = np.exp(-0.5 * (x - middle) ** 2)
        return left + unit * x, base - height * y

    def area(middle, start, end, colour):
        x, y = bell(middle, start, end)
        points = [(x[0], base), *zip(x, y, strict=True), (x[-1], base)]
        canvas.polygon(points, color=colour, fill=pale(colour, 0.45))

    area(far, line, far + 3.2, MODEL)
    area(0, line, 3.2, WRONG)
    area(0, -3.1, -line, WRONG)
    for middle, start, end, colour in (
        (0, -3.1, 3.2, QUIET),
        (far, far - 3.2, far + 3.2, MODEL),
    ):
        canvas.line(*bell(middle, start, end), color=colour, width=2)
    canvas.line([4, 760], [base, base])
    at = left + unit * line
    canvas.line([at, at], [58, base + 8], color="#222222", dashed=True)
    low = left - unit * line
    canvas.line([low, low], [58, base + 8], color="#222222", dashed=True)
    canvas.text(at, 42, '"different" from here on', bold=True, size=11)
    canvas.text(left, base - height - 16, "models equal", color=QUIET)
    canvas.text(
        left + unit * far + 62,
        base - height - 14,
        "one is better",
        color="#8a5f00",
    )
    canvas.text(left + unit * far + 20, base - 50, "80 %\nseen", bold=True)
    canvas.text(at + 64, base + 18, "2.5 %, by chance", size=9, color=WRONG)
    canvas.text(low - 40, base + 18, "2.5 %, by chance", size=9, color=WRONG)
    y = base + 44
    canvas.arrow(left, y, at, y, color=QUIET)
    canvas.arrow(at, y, left, y, color=QUIET)
    canvas.text((left + at) / 2, y + 16, f"{line:.2f}", size=11)
    canvas.arrow(at, y, left + unit * far, y, color=QUIET)
    canvas.arrow(left + unit * far, y, at, y, color=QUIET)
    canvas.text(at + unit * shift / 2, y + 16, f"{shift:.2f}", size=11)
    canvas.text(
        370,
        y + 40,
        "measured difference, in its own standard deviations",
        size=10,
        color=QUIET,
    )
    return canvas, (
        "Two bells over the measured difference of two models. The left one, "
        f"for equal models, has its middle at 0, and 2.5 % of it beyond "
        f"{line:.2f} standard deviations on either side. The right one, for "
        f"a real difference of {far:.1f} deviations, has 80 % of itself "
        f"beyond {line:.2f}, because its middle lies {shift:.2f} further out."
    )
