"""Drawings of optimisers: what a step of Adam is made of."""

import torch

from helpers.checks.optimisers import _adam_step
from helpers.figures import DATA, GRADIENT, MODEL, QUIET, RIGHT
from tools.drawings import drawing
from tools.drawings.canvas import Canvas

LR, BETA1, BETA2 = 0.01, 0.9, 0.999


def first_step(grad):
    """Of Adam: (m, v, corrected m, corrected v, step)."""
    zero = torch.zeros(1, dtype=torch.float64)
    weight, (m, v, t) = _adam_step(zero, zero + grad, (zero, zero, 0), LR)
    m, v = m.item(), v.item()
    return m, v, m / (1 - BETA1**t), v / (1 - BETA2**t), weight.item()


@drawing
def adam_step():
    """Two gradients of very different size, and the first step for each."""
    canvas = Canvas(780, 312)
    heads = (
        (64, "gradient $g$"),
        (226, "two averages"),
        (423, "corrected"),
        (680, "step"),
    )
    for x, text in heads:
        canvas.text(x, 22, text, size=11, color=QUIET)
    rows = []
    for y, grad in ((90, 20.0), (220, -0.002)):
        m, v, m_hat, v_hat, step = first_step(grad)
        canvas.box(10, y - 24, 108, 48, number(grad), color=GRADIENT)
        for shift, colour, name, average, corrected in (
            (-30, DATA, "m", m, m_hat),
            (30, RIGHT, "v", v, v_hat),
        ):
            middle = y + shift
            canvas.box(
                156,
                middle - 21,
                140,
                42,
                f"${name}$ = {number(average)}",
                color=colour,
                size=11,
            )
            canvas.box(
                346,
                middle - 21,
                154,
                42,
                rf"$\hat {name}$ = {number(corrected)}",
                color=colour,
                size=11,
            )
            canvas.arrow(120, y, 154, middle, width=1.5)
            canvas.arrow(298, middle, 344, middle, width=1.5)
            canvas.arrow(502, middle, 584, y + shift / 4, width=1.5)
        canvas.box(
            586,
            y - 30,
            184,
            60,
            r"$-\,\mathrm{lr} \cdot \hat m\,/\sqrt{\hat v}$"
            f"\n= {number(step)}",
            color=MODEL,
            size=11,
        )
        rows.append(
            f"A gradient of {grad:g} gives the averages m = {m:g} and v = "
            f"{v:g}, corrected {m_hat:g} and {v_hat:g}, and the step {step:g}."
        )
    canvas.text(
        390,
        294,
        "the gradients differ by a factor of 10,000; "
        f"both first steps are lr = {LR:g} long",
        size=11,
        bold=True,
    )
    return canvas, (
        "The first step of Adam for two weights, from left to right. "
        f"{' '.join(rows)} Both steps have the length lr = {LR:g}, each "
        "against its gradient."
    )


def number(value):
    """Short, and with a minus sign as mathematics writes it."""
    text = f"{value:.3g}" if abs(value) >= 1e-4 else f"{value:.0e}"
    text = text.replace("e-0", "e-")
    return text.replace("-", "\N{MINUS SIGN}")
