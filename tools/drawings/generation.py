"""The drawings of the notebook on image generation."""

import numpy as np

from helpers.figures import DATA, GRADIENT, MODEL, QUIET, RIGHT
from helpers.flow import UNet
from helpers.vae import CODE
from tools.drawings import drawing
from tools.drawings.canvas import Canvas, pale


@drawing
def crossing_lines():
    """Two straight lines through one place, and the mean of both."""
    canvas = Canvas(800, 300)
    noise = {"above": (130, 74), "below": (130, 236)}
    goals = {"trousers": (640, 60), "boot": (640, 250)}
    pairs = (("above", "boot", GRADIENT), ("below", "trousers", DATA))
    (x1, y1), (x2, y2) = noise["above"], goals["boot"]
    (x3, y3), (x4, y4) = noise["below"], goals["trousers"]
    first, second = np.array([x2 - x1, y2 - y1]), np.array([x4 - x3, y4 - y3])
    share = np.linalg.solve(
        np.stack([first, -second], axis=1), [x3 - x1, y3 - y1]
    )
    cross = np.array([x1, y1]) + share[0] * first
    canvas.text(130, 24, "noise, time 0", bold=True, color=QUIET)
    canvas.text(640, 24, "garments, time 1", bold=True)
    for start, goal, color in pairs:
        canvas.arrow(*noise[start], *goals[goal], color=color, width=1.5)
        canvas.circle(*noise[start], 9, color=QUIET)
        canvas.circle(*goals[goal], 9, color=color)
    canvas.text(664, 60, "trousers", anchor="left", color=DATA)
    canvas.text(664, 250, "ankle boot", anchor="left", color=GRADIENT)
    mean = (first + second) / 2
    for direction, color in ((first, GRADIENT), (second, DATA), (mean, MODEL)):
        end = cross + 0.28 * direction
        canvas.arrow(*cross, *end, color=color, width=4)
    canvas.circle(*cross, 8, color=MODEL)
    canvas.text(cross[0] - 6, cross[1] + 62, "the same place,", size=11)
    canvas.text(cross[0] - 6, cross[1] + 80, "the same time", size=11)
    canvas.line(
        [cross[0] - 4, cross[0] - 1], [cross[1] + 50, cross[1] + 12], width=1
    )
    canvas.text(
        cross[0] + 0.28 * mean[0] + 12,
        cross[1] + 0.28 * mean[1],
        "the mean velocity",
        anchor="left",
        color=MODEL,
        bold=True,
    )
    return canvas, (
        "Two points of noise at time 0 and two garments at time 1. A "
        "straight line leads from the upper noise down to an ankle boot, "
        "another from the lower noise up to trousers. Where they cross, two "
        "arrows point along the two lines, and a third between them is the "
        "mean velocity, the best single answer."
    )


@drawing
def unet():
    """The U-Net with the sizes of its maps."""
    net = UNet()
    sizes = {
        name: sum(p.numel() for p in child.parameters())
        for name, child in net.named_children()
    }
    width = net.first.out_channels
    wide = net.down.out_channels
    canvas = Canvas(800, 330)
    fine, coarse = 100, 244

    def layer(x, y, head, below, color=DATA, size=96):
        canvas.box(x, y - 32, size, 64, color=color)
        canvas.text(x + size / 2, y - 12, head, size=11, bold=True)
        canvas.text(x + size / 2, y + 12, below, size=10)

    layer(10, fine, "picture", "1 x 28 x 28", QUIET, 90)
    layer(124, fine, "fold", "4 x 14 x 14", QUIET, 90)
    layer(240, fine, "block", f"{width} x 14 x 14")
    layer(298, coarse, "block", f"{wide} x 7 x 7", MODEL)
    layer(424, coarse, "block", f"{wide} x 7 x 7", MODEL)
    layer(482, fine, "block", f"{width} x 14 x 14")
    layer(598, fine, "unfold", "1 x 28 x 28", QUIET, 86)
    layer(704, fine, "velocity", "1 x 28 x 28", RIGHT, 88)
    for x1, x2 in ((100, 124), (214, 240), (578, 598), (684, 704)):
        canvas.arrow(x1, fine, x2, fine, width=2)
    canvas.arrow(336, fine, 482, fine, width=2)
    canvas.text(409, fine - 16, "straight across", size=10, color=QUIET)
    canvas.arrow(288, fine + 32, 334, coarse - 32, width=2)
    canvas.arrow(472, coarse - 32, 520, fine + 32, width=2)
    canvas.arrow(394, coarse, 424, coarse, width=2)
    canvas.text(326, 166, "down", size=10, color=QUIET, anchor="left")
    canvas.text(542, 176, "up", size=10, color=QUIET, anchor="left")
    canvas.box(10, coarse - 32, 170, 64, color=GRADIENT)
    canvas.text(95, coarse - 12, "time and class", size=11, bold=True)
    known = net.classes.embedding_dim
    canvas.text(95, coarse + 12, f"{known} numbers", size=10)
    canvas.arrow(180, coarse, 292, coarse, color=GRADIENT, width=2)
    canvas.arrow(180, coarse - 24, 262, fine + 34, color=GRADIENT, width=2)
    canvas.text(236, coarse + 20, "to each block", size=10, color=GRADIENT)
    total = sum(sizes.values())
    canvas.text(
        662, coarse + 4, f"{total:,} parameters in all", size=11, color=QUIET
    )
    canvas.text(400, 24, "fine: where exactly", size=11, color=DATA, bold=True)
    canvas.text(
        400, 308, "coarse: what is it", size=11, color=MODEL, bold=True
    )
    return canvas, (
        "The network from left to right. The picture, 1 x 28 x 28, is folded "
        f"to 4 x 14 x 14. A block makes {width} maps of 14 x 14. From there "
        "one way leads straight to a later block; another goes down to two "
        f"blocks of {wide} maps of 7 x 7 and up again. Both ways meet in the "
        "later block, and its result is unfolded to the velocity, 1 x 28 x "
        f"28. Time and class, as {known} numbers, go to each block. "
        f"{total:,} parameters in all."
    )


@drawing
def guidance():
    """Two velocities at one place, and a third beyond them."""
    canvas = Canvas(760, 280)
    origin = np.array([90, 226])
    without, with_class = np.array([300, -46]), np.array([330, -110])
    strength = 2
    end = without + strength * (with_class - without)
    for vector, color, text, dx, dy in (
        (without, QUIET, "strength 0: no class said", 14, 6),
        (with_class, DATA, 'strength 1: "ankle boot"', 14, 0),
        (end, MODEL, f"strength {strength}: further the same way", 14, -4),
    ):
        tip = origin + vector
        canvas.arrow(*origin, *tip, color=color, width=3.5)
        canvas.text(tip[0] + dx, tip[1] + dy, text, anchor="left", color=color)
    for a, b in ((without, with_class), (with_class, end)):
        canvas.line(
            [origin[0] + a[0], origin[0] + b[0]],
            [origin[1] + a[1], origin[1] + b[1]],
            dashed=True,
            width=1.5,
        )
    canvas.circle(*origin, 9, color=QUIET, fill=pale(QUIET, 0.6))
    canvas.text(90, 254, "a picture on its way", size=11, color=QUIET)
    return canvas, (
        "From a picture on its way three arrows lead to the right. The "
        "lowest, strength 0, is the velocity when no class is said; above it "
        "the one for the class ankle boot, strength 1. A dashed line leads "
        f"from the tip of the first to the tip of the second, and as far "
        f"again to the tip of the third, strength {strength}."
    )


@drawing
def vae():
    """Encoder, code, decoder; and where drawing begins."""
    canvas = Canvas(800, 290)
    y = 90
    canvas.box(8, y - 36, 96, 72, color=QUIET)
    canvas.text(56, y - 12, "image", bold=True, size=11)
    canvas.text(56, y + 12, "1 x 28 x 28", size=10)
    canvas.polygon(
        [(128, y - 46), (248, y - 24), (248, y + 24), (128, y + 46)]
    )
    canvas.text(188, y, "encoder", bold=True, size=11)
    canvas.box(278, y - 52, 120, 44, color=DATA)
    canvas.text(338, y - 30, "mean", size=11)
    canvas.box(278, y + 8, 120, 44, color=DATA)
    canvas.text(338, y + 30, "log variance", size=11)
    canvas.box(446, y - 36, 96, 72, color=MODEL)
    canvas.text(494, y - 12, "code", bold=True, size=11)
    canvas.text(494, y + 12, f"{CODE} numbers", size=10)
    canvas.polygon(
        [(570, y - 24), (690, y - 46), (690, y + 46), (570, y + 24)],
        color=MODEL,
    )
    canvas.text(630, y, "decoder", bold=True, size=11)
    for x in (188, 630):
        canvas.text(x, 14, "class", size=11, color=GRADIENT)
        canvas.arrow(x, 26, x, 54, color=GRADIENT, width=2)
    canvas.arrow(104, y, 128, y, width=2)
    canvas.arrow(248, y - 10, 278, y - 28, width=2)
    canvas.arrow(248, y + 10, 278, y + 28, width=2)
    canvas.arrow(398, y - 30, 446, y - 12, width=2)
    canvas.arrow(398, y + 30, 446, y + 12, width=2)
    canvas.arrow(542, y, 570, y, width=2)
    canvas.arrow(690, y, 714, y, width=2)
    canvas.box(714, y - 36, 76, 72, color=QUIET)
    canvas.text(752, y, "image", bold=True, size=11)
    canvas.circle(494, 226, 42, color=GRADIENT)
    canvas.text(494, 226, "noise", size=11)
    canvas.arrow(494, 184, 494, 126, color=GRADIENT, width=2)
    canvas.text(436, 214, "training: stretched and", size=11, anchor="right")
    canvas.text(436, 236, "moved by the encoder", size=11, anchor="right")
    canvas.text(552, 214, "drawing: the noise", size=11, anchor="left")
    canvas.text(552, 236, "itself is the code", size=11, anchor="left")
    return canvas, (
        "From left to right: an image of 1 x 28 x 28 goes into an encoder, "
        "which gives a mean and a log variance; with noise they make a code "
        f"of {CODE} numbers, and a decoder makes an image of it. In training "
        "the noise is stretched and moved by what the encoder said; in "
        "drawing the noise itself is the code. Encoder and decoder are also "
        "told the class."
    )
