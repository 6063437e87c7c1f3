"""Inputs for the faster step.

The clock is turned by hand: what is measured then depends on nothing but the
inputs.
"""

import contextlib
import itertools
import time
from unittest import mock

from torch.utils.data import DataLoader, Dataset

from tests.course.twins.draw import Twin
from tests.course.twins.model import pictures, use_model
from tests.course.twins.portrait import EXACT


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


def ticks(draw):
    gaps = draw.random.uniform(0.5, 2, draw.integer(3, 17)).tolist()
    return (gaps,), {"size": 4, **draw.some(rounds=draw.integer(1, 6))}


def use_bfloat16_pays(side, gaps, **options):
    with clock(gaps):
        return side.bfloat16_pays(**options)


TWINS = {
    "PerImage": Twin(to_hand_out, use_per_image),
    "PoolFirst": Twin(pictures, use_model("PoolFirst"), 2),
    "bfloat16_pays": Twin(ticks, use_bfloat16_pays, 30, EXACT),
}
