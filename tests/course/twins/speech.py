"""Inputs for sounds, their codes and their pictures."""

import numpy as np
import torch

from tests.course.twins.draw import Twin


def some_samples(draw):
    shape = (draw.pick(300, 639), (2, 500))[draw.turn(0, 1)]
    shape = shape if isinstance(shape, tuple) else (shape,)
    return (0.3 * draw.tensor(*shape),), {}


def quiet_and_loud(draw):
    codes = draw.random.integers(1, 255, draw.pick(20, 30))
    # Close to where rounding decides: a slightly different curve shows.
    near = draw.random.choice([-0.47, 0.47], len(codes))
    signed = (codes + near) / 255 * 2 - 1
    samples = np.sign(signed) * np.expm1(np.abs(signed) * np.log(256)) / 255
    return (torch.from_numpy(samples),), {}


def use_mu_law(side, samples):
    return torch.as_tensor(side.mu_law(samples)).double()


TWINS = {
    "mu_law": Twin(quiet_and_loud, use_mu_law),
    "spectrogram": Twin(some_samples),
    "log_mel": Twin(some_samples),
}
