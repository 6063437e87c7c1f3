"""The experiments on drawing garments, and how drawn images are measured.

Everything is measured against the validation split; the test split is not
read at all.
"""

import functools
import time

import torch

from helpers.data import load_embedded
from helpers.flow import draw, load_flow, train_flow
from helpers.generated import (
    diversity,
    frechet_distance,
    judge,
    nearest,
    share_named,
)
from helpers.model import load_bigmodel
from helpers.vae import draw_vae, train_vae

PER_CLASS = 50  # images drawn for a row
STEPS = (1, 2, 3, 5, 10, 20, 40)
STRENGTHS = (1.0, 1.5, 2.0, 3.0, 5.0)
SEEDS = (0, 1, 2)
FLOW_STEPS = 200  # of 64 images, and
VAE_STEPS = 400  # of 128: about as many CPU seconds


@functools.cache
def reference():
    """BigModel, what it gives for the validation images, training images."""
    model, splits = load_bigmodel(), load_embedded()
    return (
        model,
        judge(model, splits.validation.images / 255),
        splits.train.images / 255,
    )


def classes(per_class=PER_CLASS):
    return torch.arange(10).repeat_interleave(per_class)


def measured(images, y):
    """Four numbers of images (n, 1, 28, 28) drawn for classes y (n,)."""
    model, real, train = reference()
    judged = judge(model, images)
    distance = nearest(images, train)[0]
    return {
        "images": len(images),
        "named": round(share_named(judged.logits, y), 4),
        "frechet": round(frechet_distance(judged.features, real.features), 2),
        "diversity": round(diversity(judged.features, y), 3),
        "median_nearest": round(distance.median().item(), 4),
        "least_nearest": round(distance.min().item(), 4),
    }


def measure(net, per_class=PER_CLASS, **options):
    """A row: a network draws, and what it drew is measured."""
    y = classes(per_class)
    start = time.process_time()
    images = draw(net, y, **options)
    seconds = time.process_time() - start
    return options | measured(images, y) | {"cpu_seconds": round(seconds, 1)}


def steps():
    """The course's weights, 500 images, by the number of Euler's steps."""
    net = load_flow()
    return [_told(measure(net, num_steps=count)) for count in STEPS]


def guidance():
    """The course's weights, 500 images, 20 steps, by guidance strength."""
    net = load_flow()
    return [
        _told(measure(net, num_steps=20, strength=strength))
        for strength in STRENGTHS
    ]


def contest():
    """A variational autoencoder against flow matching, three seeds.

    Fixed numbers of steps, chosen so that both trainings take about as many
    CPU seconds. 500 images each, 20 steps, no guidance.
    """
    images, rows = load_embedded().train, []
    for seed in SEEDS:
        start = time.process_time()
        net, _ = train_vae(images, VAE_STEPS, seed)
        seconds = time.process_time() - start
        drawn = draw_vae(net, classes(), seed=seed)
        row = {"name": "VAE", "seed": seed, "steps": VAE_STEPS}
        row |= {"train_cpu_seconds": round(seconds, 1)}
        rows.append(_told(row | measured(drawn, classes())))
        start = time.process_time()
        net, _ = train_flow(images, FLOW_STEPS, seed)
        seconds = time.process_time() - start
        row = {"name": "flow", "seed": seed, "steps": FLOW_STEPS}
        row |= {"train_cpu_seconds": round(seconds, 1)}
        rows.append(_told(row | measure(net, seed=seed)))
    return rows


def _told(row):
    print(row, flush=True)
    return row


EXPERIMENTS = {
    "generation-steps": steps,
    "generation-guidance": guidance,
    "generation-contest": contest,
}
