"""Inputs for the fast recipe: few images, few steps."""

import itertools

from torch import nn

from tests.course.twins.draw import Twin
from tests.course.twins.portrait import portrait


def progress(draw):
    share = draw.turn(draw.number_from(0, 1.2), 0.0, 1.0, 2.0, 0.1)
    return (share,), draw.some(
        rise=draw.number_from(0.05, 0.9), floor=draw.number_from(0, 0.5)
    )


def to_condition(draw):
    images, large = draw.turn((9, 2), (12, 4), (7, 3))
    f = draw.tensor(images, draw.pick(20, 30)).relu() + draw.tensor(images, 1)
    return (f,), {"num_large": large, **draw.some(share=draw.pick(0.2, 1.0))}


def to_apply(draw):
    size, large = draw.pick(3, 5), draw.pick(1, 2)
    shapes = (4, size), (size,), (size,), (size, large), (large, size)
    return tuple(draw.tensor(*shape) for shape in shapes), {}


def to_fold(draw):
    W = draw.tensor(3, draw.pick(4, 6))
    size, large = W.shape[1], draw.pick(1, 2)
    shapes = (3,), (size,), (size,), (size, large), (large, size)
    return (W, *(draw.tensor(*shape) for shape in shapes)), {}


class Tail(nn.Module):
    """The last two layers of a model, with few numbers."""

    def __init__(self, size):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(size, 4), nn.Linear(4, 2)


def to_install(draw):
    size, large = 5, draw.pick(1, 2)
    head = nn.Sequential(nn.Linear(size, 4), nn.ReLU(), nn.Linear(4, 2))
    shapes = (size,), (size,), (size, large), (large, size)
    change = tuple(draw.tensor(*shape) for shape in shapes)
    return (Tail(size), head, change), {}


def use_install(side, model, head, change):
    side.install_(model, head, change)
    return portrait(model)


def fast(draw):
    options = {
        "batch_size": draw.turn(4, 8),
        "num_images": 40,
        "peak_lr": draw.turn(0.01, 0.003),
        "schedule": lambda progress: 1 / (1 + progress),
        "label_smoothing": draw.turn(0.0, 0.3),
        "weight_decay": draw.turn(0.5, 0.0),
        "bfloat16": False,
        "every": draw.turn(8, 4),
    }
    return (draw.images(72), draw.number), options


def use_fast_recipe(side, images, seed, **options):
    """The first two models that are handed out."""
    steps = side.fast_recipe(images, seed, **options)
    return [
        (portrait(model.fc1.bias), portrait(model.fc2), num_seen)
        for model, num_seen in itertools.islice(steps, 2)
    ]


# Many sums of float32, some of them of thousands of numbers.
LONG = {"float": 1e-6, "float32": 1e-3}

TWINS = {
    "conditioning": Twin(to_condition, tolerance=LONG),
    "conditioned": Twin(to_apply),
    "folded": Twin(to_fold),
    "install_": Twin(to_install, use_install),
    "one_cycle": Twin(progress, draws=40),
    "fast_recipe": Twin(fast, use_fast_recipe, 2, LONG),
}
