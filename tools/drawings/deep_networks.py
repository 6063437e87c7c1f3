"""Drawings of deep networks: windows, normalisation, shortcuts."""

import torch
from torch import nn
from torchvision import models

from helpers.figures import DATA, GRADIENT, MODEL, QUIET, RIGHT
from tools.drawings import drawing
from tools.drawings.canvas import Canvas, pale


@drawing
def small_windows():
    """One window of 7, and three of 3 that see as much."""
    canvas = Canvas(780, 300)
    cell, gap = 26, 62
    panels = (
        (200, [7], "one layer of 7 × 7"),
        (570, [3, 3, 3], "three layers of 3 × 3"),
    )
    for middle, sizes, head in panels:
        canvas.text(middle, 20, head, bold=True)
        counts = [1]
        for size in reversed(sizes):
            counts.append(counts[-1] + size - 1)
        base = 236
        rows = list(reversed(counts))  # from the image up
        for depth, count in enumerate(rows):
            y = base - depth * (gap if len(rows) > 2 else 3 * gap)
            left = middle - count * cell / 2
            colour = QUIET if depth == 0 else MODEL
            canvas.array(
                left, y, 1, count, cell, color=colour, fill=pale(colour, 0.35)
            )
            if depth:
                below = rows[depth - 1]
                under = y + (gap if len(rows) > 2 else 3 * gap)
                start = middle - below * cell / 2
                for unit in range(count):
                    a = start + unit * cell
                    canvas.polygon(
                        [
                            (left + unit * cell, y + cell),
                            (left + (unit + 1) * cell, y + cell),
                            (a + sizes[0] * cell, under),
                            (a, under),
                        ],
                        color=GRADIENT,
                        alpha=0.4,
                    )
        weights = sum(size**2 for size in sizes)
        terms = " + ".join(f"{size} × {size}" for size in sizes)
        canvas.text(
            middle,
            284,
            f"{terms} = {weights} weights per pair of maps",
            size=10,
        )
    return canvas, (
        "Two stacks in one direction, from a row of 7 pixels up to one unit. "
        "On the left one layer with a window of 7. On the right three layers "
        "with windows of 3: one unit sees 3 of the layer below, these see 5, "
        "and these 7 pixels. In two directions, for each pair of an input and "
        f"an output map, the left has 7 × 7 = {7 * 7} weights and the right "
        f"3 × 3 × 3 = {3 * 3 * 3}."
    )


@drawing
def batch_norm_axes():
    """Which numbers share a mean: one map of every image of the batch."""
    canvas = Canvas(780, 268)
    images, channels, side = 4, 3, 46
    left, top = 136, 52
    colours = (DATA, MODEL, RIGHT)
    for n in range(images):
        x = left + n * 84
        canvas.text(x + side / 2, 26, f"image {n + 1}", size=11)
        for c in range(channels):
            colour = colours[c]
            canvas.array(
                x,
                top + c * 68,
                2,
                2,
                side / 2,
                color=colour,
                fill=pale(colour, 0.4),
            )
    for c in range(channels):
        y = top + c * 68 + side / 2
        canvas.text(left - 20, y, f"map {c + 1}", anchor="right", bold=True)
        canvas.arrow(left + 4 * 84 - 30, y, left + 4 * 84 + 4, y, width=2)
        canvas.box(
            left + 4 * 84 + 10,
            y - 21,
            240,
            42,
            f"mean, spread of {images * 4} numbers",
            color=colours[c],
            size=10,
        )
    canvas.text(
        left + 2 * 84 - 20,
        254,
        "a batch of 4 images, 3 maps of 2 × 2",
        size=10,
        color=QUIET,
    )
    return canvas, (
        "A batch of 4 images side by side, each with 3 maps of 2 × 2 numbers "
        "one below the other. A map has one colour in all images, and an "
        "arrow leads from its row to one mean and one spread, taken over "
        f"{images} × 2 × 2 = {images * 4} numbers: over images and places, "
        "but not over maps."
    )


def block(canvas, x, y, shortcut):
    """A block of two layers from top to bottom; x is its middle."""
    names = ("3 × 3, norm, ReLU", "3 × 3, norm")
    canvas.text(x, y, "X", bold=True)
    for i, name in enumerate(names):
        top = y + 30 + 62 * i
        canvas.arrow(x, top - 18, x, top - 1, width=2)
        canvas.box(x - 84, top, 168, 40, name, color=MODEL)
    end = y + 30 + 124
    if shortcut:
        canvas.arrow(x, end - 22, x, end + 4, width=2)
        canvas.line(
            [x, x + 128, x + 128],
            [y + 16, y + 16, end + 18],
            color=RIGHT,
            width=3,
        )
        canvas.arrow(x + 128, end + 18, x + 17, end + 18, RIGHT, width=3)
        canvas.circle(x, end + 18, 14, "+", color=RIGHT, size=14, bold=True)
        canvas.text(x + 138, y + 88, "as it is", color=RIGHT, anchor="left")
        canvas.arrow(x, end + 32, x, end + 50, width=2)
    else:
        canvas.arrow(x, end - 22, x, end + 50, width=2)
    canvas.box(x - 40, end + 52, 80, 32, "ReLU", color=DATA)


@drawing
def residual_block():
    """The same two layers, without and with a way round them."""
    canvas = Canvas(760, 326)
    canvas.text(180, 22, "plain block", bold=True)
    canvas.text(520, 22, "residual block", bold=True)
    block(canvas, 180, 56, shortcut=False)
    block(canvas, 520, 56, shortcut=True)
    canvas.text(
        180, 312, "the layers must make the whole output", size=10, color=QUIET
    )
    canvas.text(
        520,
        312,
        "the layers must make only the difference",
        size=10,
        color=QUIET,
    )
    return canvas, (
        "Two blocks from top to bottom. Both have 2 convolutions of 3 × 3, "
        "each followed by batch normalisation, a ReLU after the first and one "
        "at the end. In the residual block a second path leads from X round "
        "the two layers, as it is, and is added to their output before the "
        "last ReLU."
    )


@drawing
def identity_gradient():
    """The gradient's ways back through three residual blocks."""
    canvas = Canvas(790, 250)
    y, lower = 92, 174
    canvas.text(34, y, "X", bold=True)
    for i in range(3):
        x = 62 + 226 * i
        canvas.box(x + 42, lower - 21, 96, 42, "branch", color=MODEL)
        canvas.line([x + 4, x + 4], [y, lower], width=1.5)
        canvas.arrow(x + 4, lower, x + 40, lower)
        canvas.line([x + 140, x + 178], [lower, lower])
        canvas.arrow(x + 178, lower, x + 178, y + 15)
        canvas.circle(x + 178, y, 13, "+", color=RIGHT, size=13, bold=True)
        canvas.line([x - 16, x + 164], [y, y], color=RIGHT, width=3)
        canvas.arrow(x + 160, y - 26, x + 6, y - 26, GRADIENT, width=3)
        canvas.text(x + 84, y - 42, "× 1", color=GRADIENT, bold=True)
        canvas.arrow(
            x + 160, lower + 34, x + 6, lower + 34, GRADIENT, dashed=True
        )
        canvas.text(
            x + 84,
            lower + 54,
            "× slope of the branch",
            color=GRADIENT,
            size=10,
        )
        canvas.line([x + 191, x + 210], [y, y], color=RIGHT, width=3)
    canvas.text(760, y, "loss", bold=True)
    canvas.text(
        395, 18, "forwards to the right, backwards to the left; "
        "the ReLU after each sum (× 1 or × 0) is left out",
        size=10, color=QUIET,
    )  # fmt: skip
    return canvas, (
        "Three residual blocks in a row, between X on the left and the loss "
        "on the right. Green lines run straight through, and at each plus "
        "sign the output of a branch is added. The gradient comes back from "
        "the right by two ways at every block: along the straight line, "
        "multiplied by 1, and through the branch, multiplied by its slope. 3 "
        "blocks have 2 × 2 × 2 = 8 ways, and on one of them nothing but 1s. "
        "The ReLU after each sum, which multiplies by 1 or 0, is left out."
    )


def layers_of(name):
    """[(kind, side of the output, maps)] of a network's layers in order.

    The 1 x 1 convolutions in the shortcuts of a ResNet are left out, as the
    networks' names leave them out.
    """
    with torch.device("meta"):
        net = getattr(models, name)()
    rows = []

    def note(layer, _, output):
        if isinstance(layer, nn.Linear):
            rows.append(("linear", 1, layer.out_features))
        else:
            size = layer.kernel_size[0]
            rows.append((f"{size} × {size}", output.shape[2], output.shape[1]))

    for key, module in net.named_modules():
        weighs = isinstance(module, nn.Conv2d | nn.Linear)
        if weighs and "downsample" not in key:
            module.register_forward_hook(note)
    net.eval()(torch.zeros(1, 3, 224, 224, device="meta"))
    return rows, sum(p.numel() for p in net.parameters())


SHOWN = {"vgg16": "VGG-16", "resnet18": "ResNet-18", "resnet50": "ResNet-50"}
KINDS = {"7 × 7": RIGHT, "3 × 3": MODEL, "1 × 1": DATA, "linear": GRADIENT}


@drawing
def real_networks():
    """Every layer of three networks, as high as its maps are large."""
    canvas = Canvas(790, 446)
    said = []
    for row, (name, title) in enumerate(SHOWN.items()):
        layers, total = layers_of(name)
        base = 146 + 134 * row
        canvas.text(14, base - 66, title, bold=True, anchor="left")
        canvas.text(
            14,
            base - 44,
            f"{len(layers)} layers",
            size=10,
            anchor="left",
            color=QUIET,
        )
        canvas.text(
            14,
            base - 16,
            f"{total / 1e6:.1f} million\nparameters",
            size=9,
            anchor="left",
            color=QUIET,
        )
        x = 132
        tops = []
        for kind, side, _ in layers:
            height = 6 + 92 * side / 224
            canvas.box(x, base - height, 9, height, color=KINDS[kind])
            tops.append((x + 4.5, base - height))
            x += 12.6
        blocks = {"resnet18": (2, 8), "resnet50": (3, 16)}.get(name)
        if blocks:
            size, count = blocks
            for number in range(count):
                start = tops[number * size]
                end = tops[(number + 1) * size]
                high = min(start[1], end[1]) - 9
                canvas.line(
                    [start[0] + 2, start[0] + 2, end[0] - 2, end[0] - 2],
                    [start[1] - 2, high, high, end[1] - 2],
                    color=RIGHT,
                    width=1.2,
                )
        kinds = {k: sum(1 for kind, *_ in layers if kind == k) for k in KINDS}
        said.append(
            f"{title}: "
            + ", ".join(f"{n} of {k}" for k, n in kinds.items() if n)
            + f"; {total:,} parameters"
        )
    for i, (kind, colour) in enumerate(KINDS.items()):
        canvas.box(150 + 130 * i, 20, 14, 14, color=colour)
        canvas.text(172 + 130 * i, 27, kind, size=10, anchor="left")
    canvas.line([676, 676, 700, 700], [34, 22, 22, 34], color=RIGHT, width=1.2)
    canvas.text(712, 27, "shortcut", size=10, anchor="left")
    return canvas, (
        "Three networks, a bar for each layer, as high as its maps are large, "
        "224 pixels at the left of VGG-16 down to 7 at the right, coloured by "
        "the kind of layer. Lines above the bars are shortcuts, round 2 "
        f"layers in ResNet-18 and 3 in ResNet-50. {'. '.join(said)}."
    )
