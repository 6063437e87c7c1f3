"""Inputs for the fast training and its clock.

The clock is turned by hand: what is measured then depends on nothing but the
inputs. Where a recipe needs BigModel itself, there are few images and steps.
"""

import contextlib
import dataclasses
import itertools
import time
from unittest import mock

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from tests.course.twins.draw import Twin
from tests.course.twins.model import pictures, use_model
from tests.course.twins.portrait import EXACT, SINGLE, portrait


@contextlib.contextmanager
def clock(gaps):
    """time.perf_counter goes on by one gap at each look, again and again."""
    times = itertools.accumulate(itertools.cycle(gaps))
    with mock.patch.object(time, "perf_counter", times.__next__):
        yield


def to_hand_out(draw):
    return (draw.images(draw.turn(4, 1), 5, draw.turn(1, 1, 3)),), {}


def use_per_image(side, images):
    pictures = side.PerImage(images)
    items = [pictures[index] for index in range(len(pictures))]
    together = list(DataLoader(pictures, batch_size=3))
    return len(pictures), items, together, isinstance(pictures, Dataset)


def one_at_a_time(draw):
    return (draw.images(5), draw.turn(3, 0)), {}


def to_whiten(draw):
    """Grey images in three channels, or coloured ones."""
    images = torch.from_numpy(draw.random.random((4, 1, 6, 6)))
    directions, images = draw.turn(
        (9, images.float().expand(-1, 3, -1, -1)),
        (27, torch.from_numpy(draw.random.random((5, 3, 7, 5))).float()),
        (9, images.float()),
    )
    outputs = 2 * directions + draw.pick(0, 1, 5)
    conv = nn.Conv2d(images.shape[1], outputs, kernel_size=3, padding=1)
    return (conv, images), draw.some(
        seed=draw.number, eps=draw.pick(1e-2, 1.0), num_images=draw.pick(2, 3)
    )


def progress(draw):
    share = draw.turn(draw.number_from(0, 1.2), 0.0, 1.0, 2.0, 0.1)
    return (share,), draw.some(
        rise=draw.number_from(0.05, 0.9), floor=draw.number_from(0, 0.5)
    )


def ticks(draw):
    gaps = draw.random.uniform(0.5, 2, draw.integer(3, 17)).tolist()
    return (gaps,), {"size": 4, **draw.some(rounds=draw.integer(1, 6))}


def use_bfloat16_pays(side, gaps, **options):
    with clock(gaps):
        return side.bfloat16_pays(**options)


def to_prepare(draw):
    options = draw.turn(
        {}, {"whiten": False}, {"freeze": False, "whiten": True}
    )
    return (draw.images(6, 6), draw.number), options


def use_prepared(side, images, seed, **options):
    model = side.prepared(images, seed, **options)
    X = torch.linspace(-1, 1, 3 * 28 * 28).view(1, 3, 28, 28)
    return model, model(X)


def to_batch(draw):
    images = draw.images(draw.turn(5, 1, 8), 4, draw.pick(1, 3))
    options = draw.turn({}, {"mirror": True}, {"mirror": False})
    return (images, draw.turn(2, 3, 4, 10)), options


def to_fit(draw):
    """A small model, one layer of it frozen."""
    model = draw.network(moody=False)
    model[0].requires_grad_(draw.pick(True, False))
    rates = draw.number_from(0.001, 0.1), draw.number_from(0.5, 0.99)
    X = draw.tensor(3, 3, 6, 6)
    return (model, X, *rates, draw.pick(0.0, 0.05, 0.5)), {}


def use_optimizer_for(side, model, X, *rates):
    optimizer = side.optimizer_for(model, *rates)
    for _ in range(2):
        optimizer.zero_grad()
        model(X).square().mean().backward()
        optimizer.step()
    return optimizer


def fast(draw):
    options = draw.turn(
        {"batch_size": 2, "num_images": 12, "bfloat16": False},
        {
            "batch_size": 3,
            "mirror": True,
            "averaging": 0.9,
            "peak_lr": 0.01,
            "beta2": 0.9,
            "whiten": False,
            "freeze": False,
            "label_smoothing": 0.3,
            "weight_decay": 0.5,
            "schedule": lambda progress: 1 / (1 + progress),
            "device": "cpu",
        },
    )
    return (draw.images(5), draw.number), options


def use_fast_recipe(side, images, seed, **options):
    """Three steps. Whether bfloat16 pays is not left to the machine."""
    with mock.patch.object(side, "bfloat16_pays", return_value=True):
        steps = side.fast_recipe(images, seed, **options)
        return [portrait(step) for step in itertools.islice(steps, 3)]


def use_plain_recipe(side, images, seed):
    """Two epochs of the only batch there is."""
    steps = side.plain_recipe(images, seed)
    return [portrait(step) for step in itertools.islice(steps, 2)]


def to_score(draw):
    model = draw.network(num_classes=10)
    images = draw.images(draw.turn(6, 1, 11), 6, draw.pick(1, 3))
    if draw.turn(False, False, True):
        model = model.double()
    return (model, images), draw.some(batch_size=draw.pick(1, 4, 5))


def seen(draw):
    number = draw.turn(64, np.int64(5), torch.tensor(7), 0)
    kind = draw.pick(tuple, list)
    return (kind((draw.network(), number)),), {}


def measured(draw):
    return (
        draw.number_from(0, 9),
        draw.integer(0, 99),
        draw.number_from(0, 1),
        draw.pick(True, False),
        nn.Flatten(),
    ), {}


def use_timed(side, *values):
    """A record that nobody changes, with its fields in this order."""
    timed = side.Timed(*values)
    again = dataclasses.replace(timed)
    try:
        timed.seconds = 0.0
        changed = True
    except dataclasses.FrozenInstanceError:
        changed = False
    other = dataclasses.replace(timed, num_images=-1)
    return timed, timed == again, timed == other, repr(timed), changed


class Flat(nn.Module):
    """A linear model of images of any size."""

    def __init__(self, size):
        super().__init__()
        self.layer = nn.Linear(size, 4)

    def forward(self, X):
        return self.layer(X.flatten(start_dim=1))


def wandering(images, seed):
    """A recipe that learns nothing: every step moves the weights at random,
    so that the accuracy rises and falls."""
    generator = torch.Generator().manual_seed(seed)
    model = Flat(images.inputs()[0].numel())
    for step in itertools.count(1):
        with torch.no_grad():
            for weight in model.parameters():
                weight.normal_(generator=generator)
        model.train()
        yield model, 3 * step


def race(draw):
    train = draw.images(2, 3, num_classes=4)
    validation = draw.images(8, 3, num_classes=4)
    # Of eight images: reached often, reached exactly, hardly ever, at once.
    target = draw.turn(3 / 8, 4 / 8, 1.0, 0.0, 5 / 8)
    options = {"every": draw.pick(3, 4, 7, 12), "limit": draw.pick(30, 12, 60)}
    gaps = draw.random.uniform(0.1, 2, 7).tolist()
    return (gaps, target, wandering, train, validation), {
        **options,
        **draw.some(seed=draw.number),
    }


def use_time_to(side, gaps, *arguments, **options):
    with clock(gaps):
        return side.time_to(*arguments, **options)


TWINS = {
    "PerImage": Twin(to_hand_out, use_per_image),
    "plain_recipe": Twin(one_at_a_time, use_plain_recipe, 1),
    "PoolFirst": Twin(pictures, use_model("PoolFirst"), 2),
    "bfloat16_pays": Twin(ticks, use_bfloat16_pays, 30, EXACT),
    "whiten_": Twin(to_whiten),
    "prepared": Twin(to_prepare, use_prepared, 3),
    "one_cycle": Twin(progress, draws=40),
    "batches": Twin(to_batch),
    "optimizer_for": Twin(to_fit, use_optimizer_for),
    "fast_recipe": Twin(fast, use_fast_recipe, 2),
    "share_right": Twin(to_score, draws=15),
    "Timed": Twin(measured, use_timed, tolerance=EXACT),
    "unpacked": Twin(seen),
    "time_to": Twin(race, use_time_to, 20, SINGLE),
}
