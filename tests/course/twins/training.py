"""Inputs for the training loop: small models, few images."""

import torch

from helpers.checks import big_model
from tests.course.twins.draw import Twin
from tests.course.twins.portrait import SINGLE


def to_load(draw):
    images = draw.images(
        draw.turn(5, 1, 12, 8), side=4, channels=draw.pick(1, 3)
    )
    return (images,), draw.some(
        batch_size=draw.pick(1, 3, 4, 100), seed=draw.integer(0, 9)
    )


def use_make_loader(side, images, **options):
    """Two epochs: a shuffled order is another in the second."""
    loader = side.make_loader(images, **options)
    epochs = [list(loader) for _ in range(2)]
    return epochs, len(loader), loader.batch_size, loader.generator


def some_batches(draw):
    sizes = draw.turn((3, 2), (4,), (1, 1, 1), (5, 5, 3))
    return [(draw.tensor(n, 3, 6, 6), draw.classes(n, 4)) for n in sizes]


def to_train(draw):
    model = draw.network().train(draw.turn(True, False, False))
    optimizer = draw.turn(
        torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9),
        torch.optim.Adam(model.parameters(), lr=0.01),
    )
    batches = some_batches(draw)
    if draw.turn(True, False, True):  # a gradient is left over
        for weight in model.parameters():
            weight.grad = torch.ones_like(weight)
    batches = draw.turn(batches, iter(batches), tuple(batches))
    return (model, batches, optimizer), {}


def to_evaluate(draw):
    return (draw.network(), some_batches(draw)), {}


# What learners build, which the notebook's functions then call.
BUILT = {
    "training_step": big_model._training_step,
    "accuracy": big_model._accuracy,
}


def use(name):
    """Call the twin of a side; to the notebook's give what it builds on."""

    def call(side, *arguments):
        missing = {k: v for k, v in BUILT.items() if not hasattr(side, k)}
        vars(side).update(missing)
        try:
            return getattr(side, name)(*arguments)
        finally:
            for key in missing:
                delattr(side, key)

    return call


TWINS = {
    "make_loader": Twin(to_load, use_make_loader),
    "train_one_epoch": Twin(
        to_train, use("train_one_epoch"), tolerance=SINGLE
    ),
    "evaluate": Twin(to_evaluate, use("evaluate"), tolerance=SINGLE),
}
