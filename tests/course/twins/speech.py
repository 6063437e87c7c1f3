"""Inputs for sounds, their codes and their pictures."""

import numpy as np
import torch

from tests.course.twins.draw import Twin


def some_samples(draw):
    shape = (draw.pick(300, 641), (2, 500))[draw.turn(0, 1)]
    shape = shape if isinstance(shape, tuple) else (shape,)
    return (0.3 * draw.tensor(*shape),), {}


def quiet_and_loud(draw):
    codes = draw.random.integers(0, 256, draw.pick(3, 8))
    # In the middle between the places where rounding decides.
    signed = (codes + draw.random.uniform(-0.4, 0.4)) / 255 * 2 - 1
    signed = np.clip(signed, -1, 1)
    samples = np.sign(signed) * np.expm1(np.abs(signed) * np.log(256)) / 255
    return (torch.from_numpy(samples),), {}


def use_mu_law(side, samples):
    return torch.as_tensor(side.mu_law(samples)).double()


TWINS = {
    "mu_law": Twin(quiet_and_loud, use_mu_law),
    "spectrogram": Twin(some_samples),
    "log_mel": Twin(some_samples),
}
