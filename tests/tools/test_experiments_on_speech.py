"""How clips are changed in training, and what is recorded of it."""

import numpy as np
import pytest
import torch

from helpers.recorded import load_record
from tools.experiments.speech import (
    BUDGETS,
    KINDS,
    SEEDS,
    augmentation,
    faster_or_slower,
    shifted,
    with_noise,
)


class Always:
    """A generator that draws the same number each time."""

    def __init__(self, value):
        self.value = value

    def integers(self, high, size):
        return np.full(size, self.value)

    def uniform(self, low, high, size):
        return np.full(size, self.value)


def clip():
    """Two sounds of 8,000 samples with one bump each."""
    times = torch.arange(8000)
    places = torch.tensor([[3000], [5000]])
    return (-(((times - places) / 200) ** 2)).exp()


def test_shifted_moves_by_100_ms_at_most():
    X = clip()
    assert torch.equal(shifted(X, Always(800)), X)  # the middle of the draws
    later, earlier = shifted(X, Always(0)), shifted(X, Always(1600))
    assert later.argmax(dim=1).tolist() == [3800, 5800]
    assert earlier.argmax(dim=1).tolist() == [2200, 4200]
    assert later[:, :800].sum() == X[:, :0].sum() == 0
    draws = shifted(X.repeat(50, 1), np.random.default_rng(0)).argmax(dim=1)
    assert (draws[::2] - 3000).abs().max() <= 800
    assert (draws[::2] - 3000).float().std() > 300


def test_faster_brings_both_ends_to_the_middle():
    X = clip()
    assert torch.allclose(faster_or_slower(X, Always(1.0))[:, :-1], X[:, :-1])
    fast = faster_or_slower(X, Always(1.1)).argmax(dim=1)
    assert (fast - torch.tensor([3091, 4909])).abs().max() <= 1
    slow = faster_or_slower(X, Always(0.9)).argmax(dim=1)
    assert (slow - torch.tensor([2889, 5111])).abs().max() <= 1


def test_noise_is_a_share_of_the_spread():
    X = clip()
    added = with_noise(X, np.random.default_rng(0)) - X
    share = added.std(dim=1) / X.std(dim=1)
    assert (share < 0.33).all()
    assert share.max() > 0.02


def test_a_short_experiment_has_all_rows():
    rows = augmentation(seeds=[0], budgets=[2], kinds=["nothing", "all four"])
    assert [row["kind"] for row in rows] == ["nothing", "all four"]
    assert all(0 <= row["flite in noise"] <= 1 for row in rows)


def test_what_is_recorded_of_augmentation():
    rows = load_record("speech-augmentation")["rows"]
    assert len(rows) == len(KINDS) * len(BUDGETS) * len(SEEDS)
    for row in rows:
        of_digits = row["people"] * 20
        assert of_digits == pytest.approx(round(of_digits), abs=0.01)
