"""The drawings of the notebook on speech synthesis."""

from helpers.figures import DATA, GRADIENT, MODEL, QUIET, RIGHT, WRONG
from helpers.speech import HOP, NUM_MELS, RATE
from helpers.wavenet import DILATIONS, NUM_CODES, WaveNet, receptive_field
from tools.drawings import drawing
from tools.drawings.canvas import Canvas, pale


@drawing
def causal_convolution():
    """A kernel of two over the samples: what each output may see."""
    canvas = Canvas(800, 330)
    samples = (3, 1, 4, 1, 5, 9)
    cell, gap, left, top, low = 52, 34, 190, 92, 210
    kernel = (1, 2)  # past, now
    padded = (0, *samples)
    canvas.text(24, top + 26, "samples", bold=True, anchor="left")
    canvas.text(24, low + 26, "output", bold=True, anchor="left")
    step = cell + gap
    for i, value in enumerate(padded):
        x = left + (i - 1) * step
        colour = QUIET if i == 0 else DATA
        canvas.box(x, top, cell, cell, str(value), color=colour)
        if i:
            out = kernel[0] * padded[i - 1] + kernel[1] * value
            canvas.box(x, low, cell, cell, str(out), color=MODEL)
            middle = x + cell / 2
            canvas.arrow(middle, top + cell + 2, middle, low - 2, MODEL)
            canvas.arrow(
                middle - step + 8, top + cell + 2, middle - 6, low - 2, RIGHT
            )
    canvas.text(left - step + 26, 66, "zero in front", size=11)
    canvas.text(left + 2.5 * step + 26, 66, "time to the right", size=11)
    canvas.text(
        24, 24,
        f"kernel: {kernel[0]} times the sample before, "
        f"{kernel[1]} times the sample now",
        anchor="left",
    )  # fmt: skip
    canvas.text(
        24, 300,
        f"{len(samples)} samples in, {len(samples)} outputs; "
        "no output sees a sample that comes after it",
        size=12, anchor="left",
    )  # fmt: skip
    return canvas, (
        f"The samples {', '.join(map(str, samples))} with one zero in front. "
        "Each output has two arrows, from the sample before it and from the "
        f"sample now, weighed {kernel[0]} and {kernel[1]}; the first output "
        f"is {kernel[0]} * 0 + {kernel[1]} * {samples[0]} = "
        f"{kernel[1] * samples[0]}. No arrow comes from the right."
    )


def tree(canvas, left, top, dilations, count, title, colour):
    """Layers over samples, and the ways to the last output."""
    dx, dy = 20, 52
    levels = len(dilations) + 1

    def place(level, i):
        return left + dx * i, top + dy * (levels - 1 - level)

    reached = {count - 1}
    lit = [set() for _ in range(levels)]
    lit[-1] = reached
    for level in range(levels - 1, 0, -1):
        for i in lit[level]:
            for back in (0, dilations[level - 1]):
                if i - back >= 0:
                    lit[level - 1].add(i - back)
                    (x1, y1), (x2, y2) = (
                        place(level, i),
                        place(level - 1, i - back),
                    )
                    canvas.line([x1, x2], [y1, y2], colour, 1.6)
    for level in range(levels):
        for i in range(count):
            on = i in lit[level]
            canvas.circle(
                *place(level, i), 6, color=colour if on else QUIET,
                fill=pale(colour, 0.8) if on else "white",
            )  # fmt: skip
    canvas.text(left - 4, top - 34, title, bold=True, anchor="left")
    return len(lit[0])


@drawing
def dilation_tree():
    """Four layers without and with dilation: how far they look back."""
    canvas = Canvas(800, 340)
    count, depth = 17, 4
    flat, wide = (1,) * depth, DILATIONS[:depth]
    seen = [
        tree(canvas, 40, 70, flat, count, "dilation 1, 1, 1, 1", WRONG),
        tree(
            canvas, 450, 70, wide, count,
            "dilation " + ", ".join(map(str, wide)), RIGHT,
        ),
    ]  # fmt: skip
    assert seen == [receptive_field(flat), receptive_field(wide)]
    for x, number in zip((200, 610), seen, strict=True):
        canvas.text(x, 306, f"the output sees {number} samples", size=12)
    return canvas, (
        f"Two networks of {depth} layers with a kernel of two, drawn over "
        f"{count} samples. Without dilation the last output is joined to the "
        f"last {seen[0]} samples, with dilations "
        f"{', '.join(map(str, wide))} to the last {seen[1]}."
    )


@drawing
def wavenet_block():
    """One layer of WaveNet, and what the whole of it is made of."""
    net = WaveNet(mels=NUM_MELS)
    channels = net.embed.embedding_dim
    canvas = Canvas(800, 380)
    y = 176
    title = f"one layer of {len(net.blocks)}"
    canvas.text(20, 24, title, bold=True, anchor="left")
    canvas.text(20, y + 4, "x", bold=True, anchor="left")
    canvas.text(20, y + 28, f"{channels} x time", size=10, anchor="left")
    canvas.box(122, y - 36, 118, 72, color=MODEL)
    canvas.text(181, y - 12, "causal conv.", size=11, bold=True)
    canvas.text(181, y + 12, f"to {2 * channels}", size=11)
    canvas.box(122, y + 76, 118, 58, color=DATA)
    canvas.text(181, y + 94, "spectrogram", size=11, bold=True)
    canvas.text(181, y + 116, f"{NUM_MELS}, every {HOP}", size=10)
    canvas.arrow(50, y, 120, y, width=2)
    canvas.circle(284, y, 13, "+", color=QUIET, fill="white")
    canvas.arrow(240, y, 270, y)
    canvas.arrow(240, y + 105, 282, y + 15, DATA)
    canvas.box(332, y - 76, 92, 48, "tanh", color=RIGHT)
    canvas.box(332, y + 28, 92, 48, "sigmoid", color=GRADIENT)
    canvas.arrow(297, y - 4, 330, y - 52)
    canvas.arrow(297, y + 4, 330, y + 52)
    canvas.circle(470, y, 14, "x", color=QUIET, fill="white")
    canvas.arrow(424, y - 52, 460, y - 12)
    canvas.arrow(424, y + 52, 460, y + 12)
    canvas.text(506, y - 34, "the gate", size=10)
    canvas.box(520, y - 24, 74, 48, "1 wide", color=MODEL, size=11)
    canvas.arrow(484, y, 518, y)
    canvas.circle(640, y, 13, "+", color=QUIET, fill="white")
    canvas.arrow(594, y, 626, y)
    canvas.arrow(653, y, 720, y, width=2)
    canvas.text(728, y, "next x", bold=True, anchor="left")
    canvas.line([80, 80, 640], [y, y - 122, y - 122], QUIET)
    canvas.arrow(640, y - 122, 640, y - 15)
    canvas.text(350, y - 136, "the way around", size=10)
    canvas.arrow(476, y + 14, 540, y + 96, color=WRONG)
    canvas.box(524, y + 98, 254, 60, color=WRONG)
    canvas.text(651, y + 116, "for the scores, from all layers:", size=11)
    canvas.text(651, y + 138, f"{NUM_CODES} logits for the next code", size=11)
    total = sum(p.numel() for p in WaveNet().parameters())
    return canvas, (
        f"A layer of WaveNet, one of {len(net.blocks)}: x, {channels} "
        f"channels over time, goes through a causal convolution to "
        f"{2 * channels}, to which what is known of the spectrogram is added; "
        "half of it goes through tanh, half through a sigmoid, and the two "
        "are multiplied. The product goes through a convolution one wide and "
        "is added to x; and it goes to the scores, with that of all other "
        f"layers: {NUM_CODES} logits for the next code. {total:,} parameters "
        "without a spectrogram."
    )


@drawing
def source_and_filter():
    """Three ways from a spectrogram to a wave."""
    canvas = Canvas(800, 330)
    canvas.box(16, 130, 140, 66, color=DATA)
    canvas.text(86, 152, "spectrogram", bold=True, size=12)
    canvas.text(86, 176, f"{RATE // HOP} a second", size=10)
    rows = (
        (36, "Griffin-Lim", "powers kept, phases searched for", RIGHT),
        (134, "WaveNet", "each sample drawn, given the last", MODEL),
        (
            232,
            "source and filter",
            "noise or a WaveNet through a filter",
            GRADIENT,
        ),
    )
    for y, title, text, colour in rows:
        canvas.box(230, y, 330, 66, color=colour)
        canvas.text(395, y + 20, title, bold=True, size=12)
        canvas.text(395, y + 46, text, size=11)
        canvas.arrow(158, 163, 228, y + 33, width=2)
        canvas.arrow(562, y + 33, 640, 163, width=2)
    canvas.box(644, 130, 140, 66, color=QUIET)
    canvas.text(714, 152, "wave", bold=True, size=12)
    canvas.text(714, 176, f"{RATE:,} a second", size=10)
    return canvas, (
        f"Three ways from a spectrogram, {RATE // HOP} columns a second, to "
        f"a wave, {RATE:,} samples a second: Griffin-Lim keeps the powers and "
        "searches for the phases; WaveNet draws each sample, given the "
        "last ones; source and filter takes a filter from the columns and "
        "sends noise, or what a WaveNet draws, through it."
    )
