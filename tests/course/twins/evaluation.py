"""Inputs for measures of quality: answers and confidences."""

import numpy as np
import torch

from tests.course.twins.draw import Twin
from tests.course.twins.portrait import EXACT, SINGLE


def to_predict(draw):
    X = draw.tensor(draw.turn(1, 5, 7), 3, 6, 6)
    return (draw.network(), X), draw.some(
        batch_size=draw.pick(1, 2, 3, 100), device="cpu"
    )


def answers(draw):
    count = draw.turn(10, 1, 40)
    labels, predicted = draw.classes(count, 4), draw.classes(count, 4)
    return (draw.pick(predicted, predicted, labels.clone()), labels), {}


def to_resample(draw):
    """A statistic of one sample or two, over few images."""
    count = draw.turn(8, 1, 15)
    statistic, samples = draw.turn(
        (
            lambda predicted, labels: (predicted == labels).double().mean(),
            (draw.classes(count, 3), draw.classes(count, 3)),
        ),
        (lambda sample: sample.mean().item(), (draw.tensor(count),)),
    )
    options = draw.some(confidence=draw.pick(0.5, 0.9), seed=draw.number)
    if draw.number:  # else as many as there are by default
        options["num_resamples"] = draw.integer(1, 30)
    return (statistic, *samples), options


def two_models(draw):
    first = draw.truths(draw.turn(12, 1, 60))
    second = draw.truths(len(first))
    return (first, draw.pick(second, first.clone(), second, ~first)), {}


def to_confuse(draw):
    num_classes = draw.turn(3, 1, 5)
    count = draw.turn(12, 1, 30)
    pair = draw.classes(count, num_classes), draw.classes(count, num_classes)
    return (*pair, num_classes + draw.pick(0, 2)), {}


def confidences(draw, count=None):
    """On the edges of bins too; some equal."""
    count = count or draw.turn(20, 1, 50, 7)
    found = draw.random.random(count)
    coarse = draw.random.integers(0, 16, count) / draw.pick(15, 20, 16)
    found = draw.turn(found, coarse, np.minimum(found * 2, 1))
    found = torch.from_numpy(found)
    return draw.pick(found, found.float())


def binned(draw):
    found = confidences(draw)
    right = draw.truths(len(found))
    return (found, right), draw.some(num_bins=draw.pick(1, 4, 10, 20))


def to_calibrate(draw):
    options = {"num_resamples": draw.integer(1, 12)}
    if draw.number == 0:  # as many as by default
        options = {}
    return (confidences(draw, draw.turn(9, 1, 30)),), {
        **options,
        **draw.some(num_bins=draw.pick(1, 4, 10), seed=draw.number),
    }


def to_temper(draw):
    """Labels that the logits make likely at some temperature between the
    bounds, at least one of them not the likeliest."""
    num_classes = draw.turn(3, 2, 10)
    logits = 3 * draw.tensor(60, num_classes)
    spread = (logits / draw.pick(0.5, 1, 3)).softmax(dim=1)
    chance = torch.Generator().manual_seed(draw.number)
    labels = spread.multinomial(1, generator=chance)[:, 0]
    labels[0] = logits[0].argmin()
    return (draw.pick(logits, logits.double()), labels), {}


TWINS = {
    "predict": Twin(to_predict),
    "accuracy": Twin(answers),
    "bootstrap_interval": Twin(to_resample, tolerance=SINGLE),
    "mcnemar": Twin(two_models, draws=24),
    "confusion_matrix": Twin(to_confuse, tolerance=EXACT),
    "reliability_bins": Twin(binned, draws=24),
    "expected_calibration_error": Twin(binned, draws=24),
    "calibrated_errors": Twin(to_calibrate),
    "fit_temperature": Twin(to_temper, tolerance={"float": 1e-6}),
}
