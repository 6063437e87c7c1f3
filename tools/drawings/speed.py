"""Drawings of honest clocks and of numbers in memory."""

import numpy as np
import torch

from helpers.figures import DATA, MODEL, QUIET, RIGHT, WRONG
from tools.drawings import drawing
from tools.drawings.canvas import Canvas, pale

ORANGE = "#8a5f00"  # MODEL, dark enough for small letters


def slowing_machine():
    """The seconds of forty timings on the machine that the lesson makes up."""
    random = np.random.default_rng(0)
    seconds = np.linspace(1.0, 1.8, 40) * random.normal(1, 0.02, 40)
    seconds[[9, 26, 31]] *= 4  # something else ran meanwhile
    return seconds


@drawing
def taking_turns():
    """One function against itself on a slowing machine, in two orders."""
    seconds = slowing_machine()
    blocks = seconds[:20].mean() / seconds[20:].mean()
    turns = np.median(seconds[0::2] / seconds[1::2])
    canvas = Canvas(760, 396)
    left, pitch, scale = 30, 13.4, 15
    rows = (
        (
            150,
            "in blocks: 20 times A, then 20 times B",
            [number < 20 for number in range(40)],
            f"mean of A divided\nby mean of B:\n{blocks:.2f}",
            WRONG,
        ),
        (
            330,
            "in turns: A, B, A, B, and so on",
            [number % 2 == 0 for number in range(40)],
            f"A divided by B in\neach pair, median:\n{turns:.2f}",
            RIGHT,
        ),
    )
    for base, title, is_a, words, colour in rows:
        canvas.text(left, base - 118, title, anchor="left", bold=True)
        for number, value in enumerate(seconds):
            paint = MODEL if is_a[number] else DATA
            height = scale * value
            x = left + number * pitch
            canvas.polygon(
                [
                    (x, base),
                    (x, base - height),
                    (x + pitch - 3, base - height),
                    (x + pitch - 3, base),
                ],
                color=paint,
                fill=pale(paint, 0.75),
            )
        canvas.line([left - 4, left + 40 * pitch], [base] * 2)
        canvas.text(666, base - 50, words, color=colour, bold=True, size=11)
    for base, *places in ((150, 9.5, 29.5), (330, 0.4, 1.4)):
        for name, colour, at in zip("AB", (ORANGE, DATA), places, strict=True):
            x = left + at * pitch
            canvas.text(x, base + 16, name, color=colour, bold=True)
    canvas.text(
        left + 20 * pitch,
        378,
        "each bar is one timing, its height the seconds; A and B are the "
        "same function",
        size=10,
        color=QUIET,
    )
    return canvas, (
        "40 timings of one function on a machine that grows slower, from "
        "1.0 to 1.8 seconds, with 3 interruptions. Called A for the first "
        f"20 and B for the last 20, the ratio of the means is {blocks:.2f}. "
        f"Called A and B in turns, the median of the ratios is {turns:.2f}."
    )


@drawing
def memory_layout():
    """One small colour image, in the two orders in which it can lie."""
    side, cell = 3, 30
    colours = WRONG, RIGHT, DATA
    names = "red", "green", "blue"
    image = torch.empty(1, 3, side, side)
    last = image.contiguous(memory_format=torch.channels_last)
    canvas = Canvas(790, 372)
    # The image, three sheets.
    for channel, (colour, name) in enumerate(zip(colours, names, strict=True)):
        x = 120 + 210 * channel
        values = [
            [f"{name[0]}{side * row + column}" for column in range(side)]
            for row in range(side)
        ]
        canvas.array(
            x,
            34,
            side,
            side,
            cell,
            values=values,
            color=colour,
            fill=pale(colour, 0.25),
            marked={(1, 1)},
            mark=pale(colour, 0.7),
            size=10,
        )
        canvas.text(x + 1.5 * cell, 18, name, color=colour, bold=True, size=11)
    rows = (
        (196, "one channel after the other (NCHW)", image),
        (298, "channels_last (NHWC)", last),
    )
    small = 27
    for y, title, tensor in rows:
        channel_stride, row_stride = tensor.stride()[1:3]
        canvas.text(26, y - 18, title, anchor="left", bold=True, size=11)
        canvas.text(
            764,
            y - 18,
            f"to the next channel {channel_stride}, "
            f"to the next pixel {tensor.stride()[3]}, "
            f"to the next row {row_stride}",
            anchor="right",
            size=10,
            color=QUIET,
        )
        for channel, colour in enumerate(colours):
            for pixel in range(side * side):
                at = channel * channel_stride + pixel * tensor.stride()[3]
                middle = pixel == side * side // 2
                canvas.array(
                    26 + at * small,
                    y,
                    1,
                    1,
                    small,
                    values=[[f"{names[channel][0]}{pixel}"]],
                    color=colour,
                    fill=pale(colour, 0.7 if middle else 0.25),
                    size=9,
                )
    canvas.text(
        395,
        354,
        "the same numbers in memory, from left to right; the darker cells "
        "are the middle pixel",
        size=10,
        color=QUIET,
    )
    strides = "; ".join(
        f"{title}: {tensor.stride()[1]} places to the next channel, "
        f"{tensor.stride()[3]} to the next pixel"
        for _, title, tensor in rows
    )
    return canvas, (
        f"An image of 3 channels and {side} x {side} pixels, and its "
        f"{image.numel()} numbers as they lie in memory. {strides}. With "
        "channels_last the three numbers of the middle pixel are neighbours."
    )


def bits(number, dtype):
    """The bits of a number, as text, sign first."""
    width = 8 * dtype.itemsize
    kind = torch.int32 if width == 32 else torch.int16
    pattern = torch.tensor(number, dtype=dtype).view(kind).item()
    return f"{pattern % 2**width:0{width}b}"


@drawing
def bfloat16():
    """Pi in float32 and in bfloat16, bit by bit."""
    number = 3.14159265
    canvas = Canvas(790, 262)
    left, cell = 118, 20
    kinds = (
        (WRONG, "sign", 0, 1),
        (DATA, "exponent, 8 bits:\nwhich power of two", 1, 9),
        (MODEL, "fraction: the digits after the leading 1", 9, 32),
    )
    for colour, words, start, end in kinds:
        middle = left + cell * (start + end) / 2
        ink = ORANGE if colour == MODEL else colour
        canvas.text(middle, 34, words, color=ink, size=10)
    values = {}
    for y, dtype in ((64, torch.float32), (154, torch.bfloat16)):
        name = str(dtype).removeprefix("torch.")
        digits = bits(number, dtype)
        values[name] = torch.tensor(number, dtype=dtype).item()
        canvas.text(8, y + cell / 2, name, anchor="left", bold=True, size=11)
        for colour, _, start, end in kinds:
            part = digits[start : min(end, len(digits))]
            canvas.array(
                left + cell * start,
                y,
                1,
                len(part),
                cell,
                values=[part],
                color=colour,
                fill=pale(colour, 0.25),
                size=10,
            )
        canvas.text(
            left + cell * len(digits),
            y + cell + 18,
            f"{len(digits)} bits, {len(digits) - 9} of them fraction: "
            f"{values[name]:.7g}",
            anchor="right" if len(digits) == 32 else "center",
            size=10,
            color=QUIET,
        )
    half = left + 16 * cell
    canvas.line([half] * 2, [58, 182], dashed=True)
    canvas.text(
        395,
        230,
        "bfloat16 keeps the upper half, rounded: the same range, fewer digits",
        size=10,
        color=QUIET,
    )
    return canvas, (
        "The number pi bit by bit. float32: 1 bit of sign, 8 of exponent, 23 "
        f"of fraction, {values['float32']:.7g}. bfloat16 is its upper half, "
        f"rounded: 1, 8 and 7 bits, {values['bfloat16']:.7g}."
    )
