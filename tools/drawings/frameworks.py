"""The drawings of the notebook on one model in several tools."""

from helpers.figures import DATA, MODEL, QUIET, RIGHT
from helpers.frameworks import to_keras
from helpers.model import BigModel
from tools.drawings import drawing
from tools.drawings.canvas import Canvas, pale

TOOLS = ("PyTorch", "Keras", "fastai", "Trainer")
# Who writes a part of the loop: y for you, t for the tool.
PARTS = {
    "the model": "yyyy",
    "batches, their order": "yttt",
    "the device, CPU or GPU": "yttt",
    "forward pass": "yttt",
    "the loss": "yyyy",
    "zero_grad, backward, step": "yttt",
    "which optimiser": "yttt",
    "how its rate falls": "yyyt",
    "clipping of gradients": "yyyt",
    "validation, progress, logs": "yttt",
    "checkpoints": "yyyt",
}


@drawing
def who_writes_the_loop():
    """The parts of a training, and who writes each in four tools."""
    canvas = Canvas(800, 430)
    left, wide, high = 250, 126, 30
    for k, tool in enumerate(TOOLS):
        canvas.text(left + wide * (k + 0.5), 24, tool, bold=True)
    for i, (part, who) in enumerate(PARTS.items()):
        y = 44 + (high + 4) * i
        canvas.text(20, y + high / 2, part, anchor="left")
        for k, letter in enumerate(who):
            mine = letter == "y"
            text = "you" if mine else "the tool"
            canvas.box(
                left + wide * k + 4,
                y,
                wide - 8,
                high,
                text,
                color=DATA if mine else MODEL,
                fill=pale(DATA if mine else MODEL, 0.25),
                size=11,
            )
    mine = {
        tool: sum(who[k] == "y" for who in PARTS.values())
        for k, tool in enumerate(TOOLS)
    }
    counts = ", ".join(f"{tool} {n}" for tool, n in mine.items())
    return canvas, (
        f"A table of {len(PARTS)} parts of a training, from the model to "
        "checkpoints, in four tools; blue where you write or choose it, "
        f"orange where the tool does. Parts that are yours: {counts}. The "
        "model and the loss are yours in all four. If you say nothing, all "
        "three tools choose order, device and optimiser; the Trainer also "
        "lets its rate fall and clips gradients."
    )


@drawing
def weights_in_two_layouts():
    """The eight arrays of BigModel in PyTorch and in Keras."""
    canvas = Canvas(800, 300)
    state = BigModel().state_dict()
    arrays = to_keras(state)
    canvas.text(240, 24, "PyTorch", bold=True)
    canvas.text(610, 24, "Keras", bold=True)
    axes = {
        "conv": ("out, in, height, width", "height, width, in, out"),
        "fc": ("out, in", "in, out"),
    }
    said = []
    for i, layer in enumerate(("conv1", "conv2", "fc1", "fc2")):
        y = 46 + 58 * i
        shape = tuple(state[f"{layer}.weight"].shape)
        other = arrays[2 * i].shape
        canvas.text(20, y + 20, layer, anchor="left", bold=True)
        names = axes[layer.rstrip("12")]
        colour = DATA
        for x, values, name in (
            (110, shape, names[0]),
            (480, other, names[1]),
        ):
            text = " × ".join(map(str, values))
            canvas.box(x, y, 260, 26, text, color=colour, size=11)
            canvas.text(x + 130, y + 38, name, size=10, color=QUIET)
        canvas.arrow(376, y + 13, 474, y + 13, colour, width=2)
        said.append(f"{layer} {shape} to {other}")
    canvas.text(
        20, 284,
        "biases are the same; images are channels, height, width in PyTorch "
        "and height, width, channels in Keras",
        size=10, anchor="left", color=QUIET,
    )  # fmt: skip
    return canvas, (
        "The shapes of the weights in PyTorch and in Keras: "
        f"{'; '.join(said)}. The axes of all are turned; the biases are the "
        "same."
    )


@drawing
def where_losses_part():
    """The time line of three steps, and what can first be seen where."""
    canvas = Canvas(800, 270)
    top, high = 60, 44
    places = {"loss 0": 60, "loss 1": 330, "loss 2": 600}
    for name, x in places.items():
        canvas.box(x, top, 110, high, name, color=DATA, bold=True)
    for k, x in enumerate((195, 465)):
        canvas.arrow(x - 22, top + high / 2, x, top + high / 2, width=2)
        canvas.box(x, top, 110, high, f"update {k + 1}", color=MODEL)
        canvas.arrow(x + 112, top + high / 2, x + 134, top + high / 2, width=2)
    canvas.text(20, 24, "what can be seen first in which loss?", bold=True,
                anchor="left")  # fmt: skip
    reasons = (
        ("other images,", "other order,", "other initial weights"),
        ("Adam's epsilon,", "learning rate,", "weight decay"),
        ("Adam's averages,", "a falling rate,", "clipping (with Adam)"),
    )
    for x, lines in zip(places.values(), reasons, strict=True):
        canvas.arrow(x + 55, 150, x + 55, top + high + 4, RIGHT, width=2)
        for i, line in enumerate(lines):
            canvas.text(x + 55, 170 + 24 * i, line, size=11)
    return canvas, (
        "A time line: loss 0, update 1, loss 1, update 2, loss 2. Below loss "
        "0 stand other images, another order and other initial weights; "
        "below loss 1, Adam's epsilon, the learning rate and weight decay; "
        "below loss 2, Adam's averages, a falling rate and, with Adam, "
        "clipping."
    )
