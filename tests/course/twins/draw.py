"""The inputs of one use of a twin: new ones for every number, the same for
the same number."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from helpers.data import LabelledImages
from tests.course.twins.portrait import ROUNDING


class Twin(NamedTuple):
    """How to use a twin: `inputs(draw)` gives (arguments, options), new and
    independent at each call; `use(side, *arguments, **options)` uses the
    twin of a side, the notebook's or the helper's, and returns all that is
    to be compared. Without `use`, the twin is called."""

    inputs: Callable
    use: Callable | None = None
    draws: int = 12
    tolerance: dict = ROUNDING


class Draw:
    """The choices of one number."""

    def __init__(self, number):
        self.number = number
        self.random = np.random.default_rng(number)

    def turn(self, *options):
        """One after the other, so that every edge case has its turn."""
        return options[self.number % len(options)]

    def pick(self, *options):
        return options[self.random.integers(len(options))]

    def integer(self, low, high):
        """From low to high, both included."""
        return int(self.random.integers(low, high + 1))

    def number_from(self, low, high):
        return float(self.random.uniform(low, high))

    def some(self, **options):
        """Each option with a chance of a half: else its default is used."""
        return {k: v for k, v in options.items() if self.random.random() < 0.5}

    def array(self, *shape, dtype=np.float64):
        return np.asarray(self.random.standard_normal(shape), dtype)

    def away_from_zero(self, *shape, dtype=np.float64):
        array = self.array(*shape, dtype=dtype)
        return np.asarray(array + np.where(array < 0, -0.3, 0.3), dtype)

    def tensor(self, *shape):
        """Standard normal, float32."""
        return torch.from_numpy(self.array(*shape, dtype=np.float32))

    def classes(self, count, num_classes):
        """`count` labels, int64."""
        labels = self.random.integers(num_classes, size=count)
        return torch.from_numpy(labels.astype(np.int64))

    def truths(self, count):
        """`count` answers right or wrong, bool."""
        share = self.pick(0.0, 0.3, 0.8, 1.0)
        return torch.from_numpy(self.random.random(count) < share)

    def images(self, count, side=28, channels=1, num_classes=10):
        size = (count, channels, side, side)
        pixels = self.random.integers(256, size=size, dtype=np.uint8)
        names = tuple(f"class {label}" for label in range(num_classes))
        labels = self.classes(count, num_classes)
        return LabelledImages(torch.from_numpy(pixels), labels, names)

    def network(self, side=6, num_classes=4, moody=True):
        """A small model of images (n, 3, side, side). A moody one is another
        in training mode than in evaluation mode."""
        moods = [nn.BatchNorm2d(4), nn.Dropout(0.4)] if moody else []
        size = 4 * (side // 2) ** 2
        return nn.Sequential(
            nn.Conv2d(3, 4, kernel_size=3, padding=1),
            *moods,
            nn.Tanh(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(size, num_classes),
        ).train(self.pick(True, False))
