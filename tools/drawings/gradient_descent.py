"""Drawings of gradient descent: one nudge, and the loop."""

import math

from helpers.figures import DATA, GRADIENT, MODEL, QUIET, RIGHT
from tools.drawings import drawing
from tools.drawings.canvas import Canvas


def nudged_boot():
    """A boot at the guess: (x, w, b, z, p, y)."""
    x, w, b, y = 1.5, 2.0, -2.0, 1
    z = w * x + b
    return x, w, b, z, 1 / (1 + math.exp(-z)), y


def minus(number, form=".3f"):
    """A number with a minus sign as mathematics writes it."""
    return format(number, form).replace("-", "\N{MINUS SIGN}")


@drawing
def error_times_input():
    """A nudge on its way from the weight to the loss."""
    x, w, b, z, p, y = nudged_boot()
    loss = math.log(1 + math.exp(z)) - y * z
    canvas = Canvas(780, 250)
    middle, high = 95, 76
    places = (
        (20, MODEL, f"weight\n$w$ = {w:g}"),
        (325, DATA, f"score\n$z$ = {z:g}"),
        (630, GRADIENT, f"loss\n$L$ = {loss:.3f}"),
    )
    for x0, colour, text in places:
        canvas.box(x0, middle - high / 2, 130, high, text, color=colour)
    for start, end, factor, reason in (
        (150, 325, f"times $x$ = {x:g}", "the input"),
        (455, 630, f"times $p - y$ = {minus(p - y)}", "the error"),
    ):
        canvas.arrow(start + 6, middle, end - 6, middle, color=RIGHT, width=2)
        canvas.text((start + end) / 2, middle - 20, factor, size=11)
        canvas.text((start + end) / 2, middle + 18, reason, size=11, bold=True)
    canvas.text(
        390,
        24,
        f"a boot ($y$ = {y}) with a top of brightness $x$ = {x:g}, "
        f"seen by the guess $w$ = {w:g}, $b$ = {minus(b, 'g')}",
        size=11,
        color=QUIET,
    )
    canvas.arrow(85, 196, 695, 196, color=GRADIENT, width=2)
    for x0 in (85, 695):
        canvas.line([x0, x0], [140, 196], color=GRADIENT, dashed=True)
    canvas.text(
        390,
        220,
        f"slope of the loss for this weight: {x:g} × ({minus(p - y)}) = "
        f"{minus(x * (p - y))}",
        bold=True,
    )
    return canvas, (
        "From left to right: the weight, the score, the loss. For a boot of "
        f"brightness {x:g} the guess gives the score {z:g}, the probability "
        f"{p:.3f} and the loss {loss:.3f}. A nudge of the weight moves the "
        f"score {x:g} times as far, which is the input; a nudge of the score "
        f"moves the loss {p - y:.3f} times as far, which is the error. "
        f"Multiplied, the slope is {x * (p - y):.3f}."
    )


@drawing
def four_steps():
    """The loop of gradient descent."""
    canvas = Canvas(720, 200)
    for x, colour, text in (
        (15, QUIET, "1. initialise\nthe weights"),
        (210, GRADIENT, "2. compute the gradient\nof the loss"),
        (485, MODEL, "3. update: weight minus\nlr times gradient"),
    ):
        width = 150 if x == 15 else 210
        canvas.box(x, 70, width, 64, text, color=colour, size=12)
    canvas.arrow(165, 102, 208, 102, width=2)
    canvas.arrow(420, 102, 483, 102, width=2)
    canvas.arrow(590, 68, 315, 68, bend=0.28, width=2)
    canvas.text(452, 14, "4. repeat", bold=True)
    canvas.arrow(590, 136, 590, 168, width=2)
    canvas.text(590, 184, "until convergence", size=11, color=QUIET)
    return canvas, (
        "The loop of gradient descent in 4 steps: 1, initialise the weights; "
        "2, compute the gradient of the loss; 3, update the weights: weight "
        "minus lr times gradient; 4, back to step 2, until convergence."
    )
