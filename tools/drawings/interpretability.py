"""Drawings of how maps are made."""

import torch

from helpers.attribution import gradient
from helpers.figures import GRADIENT, MODEL, QUIET, RIGHT
from helpers.photographs import CATEGORIES, load_mobilenet, load_photograph
from tools.drawings import drawing
from tools.drawings.canvas import INK, Canvas, pale

ESPRESSO = CATEGORIES.index("espresso")
SIDE = 48  # of the square that covers, in pixels of the photograph
PLACES = {"the coffee": (64, 80), "the corner": (176, 176)}  # top, left


def picture(X):
    """(1, 3, 224, 224) as 112 x 112 pixels in colour, for a small file."""
    small = torch.nn.functional.avg_pool2d(X, 2)[0].permute(1, 2, 0)
    return ((255 * small).round() / 255).numpy()


@torch.no_grad()
def espresso(net, X):
    """The logit of espresso, to one digit: the same on every machine."""
    return round(net(X)[0, ESPRESSO].item(), 1)


@drawing
def occlusion():
    """A grey square slides; each place gets the fall of the logit."""
    net, X = load_mobilenet(), load_photograph("coffee")
    whole = espresso(net, X)
    canvas = Canvas(780, 372)
    side, falls = 150, {}
    for row, (name, (top, left)) in enumerate(PLACES.items()):
        y = 40 + 168 * row
        covered = X.clone()
        square = (..., slice(top, top + SIDE), slice(left, left + SIDE))
        covered[square] = 0.5
        score = espresso(net, covered)
        falls[name] = round(whole - score, 1)
        canvas.image(12, y, picture(covered), side)
        canvas.arrow(170, y + 75, 222, y + 75)
        canvas.box(226, y + 48, 116, 54, "the network", MODEL)
        canvas.arrow(346, y + 75, 392, y + 75)
        canvas.text(476, y + 62, f"espresso {score:.1f}", bold=True)
        canvas.text(
            476, y + 88, f"{whole:.1f} − {score:.1f}", size=10, color=QUIET
        )
        canvas.arrow(558, y + 75, 606, y + 75)
        cell = side / 14  # the squares start every 16 pixels of 224
        colour = pale(MODEL, 0.9) if falls[name] > 0 else "#ecebf4"
        canvas.array(614, y, 1, 1, cell=side, color=QUIET)
        canvas.array(
            614 + left / 16 * cell,
            y + top / 16 * cell,
            1,
            1,
            cell=3 * cell,
            color=INK,
            fill=colour,
            values=[[f"{falls[name]:.1f}".replace("-", "−")]],
            size=9,
        )
    for x, text in (
        (12 + side / 2, "cover a square"),
        (284, "ask again"),
        (476, "how far does it fall?"),
        (614 + side / 2, "that is the map there"),
    ):
        canvas.text(x, 18, text, size=10, color=QUIET)
    first, second = falls
    return canvas, (
        "Occlusion: a grey square of 48 × 48 pixels covers a part of the "
        f"photograph, and the logit of espresso falls from {whole:.1f}: by "
        f"{falls[first]:.1f} where it covers {first}, by {falls[second]:.1f} "
        f"where it covers {second}. The fall is written into the map at the "
        "place of the square."
    )


@drawing
def path_of_gradients():
    """From black to the photograph, and the slopes on the way.

    In float64, so that a rounded place is the same on every processor.
    """
    net, X = load_mobilenet().double(), load_photograph("coffee").double()
    canvas = Canvas(780, 400)
    x0, width, top, bottom = 90, 600, 190, 356
    with torch.no_grad():
        shares = torch.linspace(0, 1, 41, dtype=X.dtype)
        logits = net(shares[:, None, None, None] * X)[:, ESPRESSO]
    low, high = logits[0].item(), logits[-1].item()
    peak = max(logits).item()

    def place(share, logit):
        down = (logit - min(low, 0)) / (peak - min(low, 0))
        return x0 + share * width, round(bottom - down * (bottom - top), 1)

    for share in (0, 0.25, 0.5, 0.75, 1):
        x = x0 + share * width
        canvas.image(x - 56, 34, picture(share * X), 112)
        name = {0: "black", 1: "the photograph"}.get(share, f"{share:.0%}")
        canvas.text(x, 18, name, size=10)
        canvas.line([x, x], [150, bottom], QUIET, 0.8, dashed=True)
    points = [
        place(s.item(), v.item()) for s, v in zip(shares, logits, strict=True)
    ]
    canvas.line(*zip(*points, strict=True), color=MODEL, width=2.5)
    target = torch.tensor([ESPRESSO])
    steps, steepness = 8, []
    for step in range(steps):
        share = (step + 0.5) / steps
        slope = (gradient(net, share * X, target) * X).sum().item()
        steepness.append(round(slope))
        with torch.no_grad():
            middle = net(share * X)[0, ESPRESSO].item()
        ends = [
            place(share + way, middle + way * slope) for way in (-0.04, 0.04)
        ]
        ends = [(x, min(max(y, 160), bottom)) for x, y in ends]
        canvas.line(*zip(*ends, strict=True), color=GRADIENT, width=4)
        x, y = place(share, middle)
        y = min(max(y, 160), bottom)
        canvas.text(x + 6, y + 20, str(round(slope)), size=10, color=GRADIENT)
    canvas.text(x0 - 38, place(0, low)[1], f"{low:.1f}", color=MODEL)
    canvas.text(x0 + width + 42, place(1, high)[1], f"{high:.1f}", color=MODEL)
    canvas.text(x0 + width + 44, 290, f"rise\n{high - low:.1f}", color=RIGHT)
    mean = sum(steepness) / steps
    canvas.text(
        390,
        382,
        f"orange: the logit of espresso; pink: its slope at {steps} places, "
        f"{mean:.0f} in the mean",
        size=10,
        color=QUIET,
    )
    listed = ", ".join(str(s) for s in steepness)
    return canvas, (
        "From a black image to the photograph in equal steps. Below, the "
        f"logit of espresso, from {low:.1f} to {high:.1f}, and its slope at "
        f"{steps} places of the way: {listed}. Their mean is {mean:.0f}, "
        f"and the rise {high - low:.1f}: the steep start lies between the "
        "places, and needs more of them."
    )
