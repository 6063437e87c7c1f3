"""The race: the plain loop, and the rules that time a recipe.

A recipe is a generator function `recipe(images, seed)`: it trains a model on
a `LabelledImages` and yields (model, images seen so far) after every step,
or every few steps.
"""

import operator
import time
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader

from helpers.model import BigModel
from helpers.speed import PerImage


def plain_recipe(images, seed):
    """The source chapter's loop: one image at a time, Adam, batches of 64."""
    torch.manual_seed(seed)
    model = BigModel()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    loader = DataLoader(PerImage(images), batch_size=64, shuffle=True)
    num_seen = 0
    while True:
        for X, y in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(X), y)
            loss.backward()
            optimizer.step()
            num_seen += len(y)
            yield model, num_seen


@torch.inference_mode()
def share_right(model, images, batch_size=500):
    """The share of images that a model of any precision classifies right.

    The model is measured in evaluation mode and put back as it was.
    """
    weight = next(model.parameters())
    was_training = model.training
    model.eval()
    num_right = 0
    for start in range(0, len(images), batch_size):
        batch = images[start : start + batch_size]
        X = batch.inputs().to(weight.device, weight.dtype)
        num_right += (model(X).argmax(dim=1).cpu() == batch.labels).sum()
    model.train(was_training)
    return num_right.item() / len(images)


@dataclass(frozen=True)
class Timed:
    """What `time_to` saw: the seconds are those of training alone."""

    seconds: float
    num_images: int  # seen in training, an image seen twice counts twice
    accuracy: float  # on the validation split, when it stopped
    reached: bool
    model: nn.Module


def unpacked(step):
    """What a recipe has yielded: the model and the images seen so far.

    Raises TypeError, with what to write, if it is anything else.
    """
    try:
        model, num_images = step
        num_images = operator.index(num_images)
        next(model.parameters())
    except (TypeError, ValueError, AttributeError, StopIteration):
        raise TypeError(
            "after every step a recipe must yield (model, images seen "
            f"so far), not {type(step).__name__}: `yield model, num_seen`"
        ) from None
    return model, num_images


def time_to(
    target, recipe, train, validation, seed=0, every=5120, limit=200_000
):
    """Train until the model classifies a share `target` of validation right.

    recipe: a generator function (see the top of this module); its clock
    begins before it builds its model
    every: after so many images the clock is stopped and the model measured
    limit: after so many images it stops in any case, `reached` is False

    Raises ValueError if the recipe ends before, and TypeError if it does
    not yield pairs of a model and a number of images.
    """
    seconds, num_looks = 0.0, 0
    begin = time.perf_counter()
    for step in recipe(train, seed):
        model, num_images = unpacked(step)
        if num_images // every == num_looks:
            continue
        if next(model.parameters()).is_cuda:
            torch.cuda.synchronize()
        seconds += time.perf_counter() - begin
        num_looks = num_images // every
        accuracy = share_right(model, validation)
        if accuracy >= target or num_images >= limit:
            reached = accuracy >= target
            return Timed(seconds, num_images, accuracy, reached, model)
        begin = time.perf_counter()
    raise ValueError(
        f"the recipe ended before it reached {target:.0%}: let it go on "
        "(`while True:`), `limit` stops it"
    )
