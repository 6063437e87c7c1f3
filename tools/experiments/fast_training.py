"""The experiments about BigModel's fast training."""

import multiprocessing
from functools import partial

import torch

from helpers.data import load_embedded
from helpers.speed import (
    bfloat16_pays,
    fast_recipe,
    plain_recipe,
    share_right,
    time_to,
)

TARGET = 0.90  # of the validation split
SEEDS = range(5)
ABLATION_SEEDS = range(3)
EVERY = 5120  # images between two looks of the record at validation
CURVE_EVERY = 2560  # and of the curves
CYCLE = 25_600  # images; a multiple of both


def constant(progress):
    return 1.0


# What is changed in the recipe, one thing at a time.
CHANGES = {
    "the recipe": ("all ingredients together", {}),
    "usual initialisation": (
        "conv1 and conv2 as PyTorch initialises them, and trained",
        {"whiten": False, "freeze": False},
    ),
    "conv1 trained": ("whitened, but not frozen", {"freeze": False}),
    "constant rate": (
        "1e-3 from beginning to end",
        {"schedule": constant, "peak_lr": 1e-3},
    ),
    "constant rate, averaged": (
        "the same, but the weights' moving average is measured",
        {
            "schedule": constant,
            "peak_lr": 1e-3,
            "averaging": 0.98,
            "bfloat16": False,  # too coarse for an average
        },
    ),
    "usual averages": (
        "Adam's squares averaged over 1,000 steps, not 20",
        {"beta2": 0.999},
    ),
    "no label smoothing": ("the usual loss", {"label_smoothing": 0.0}),
    "no weight decay": ("Adam in place of AdamW", {"weight_decay": 0.0}),
    "large batches": ("512 images a step", {"batch_size": 512}),
    "rate too high": ("a peak of 2e-2", {"peak_lr": 2e-2}),
    "mirrored": (
        "half of the training images mirrored, though all shoes point left",
        {"mirror": True},
    ),
}


def timed(name, recipe, seed, splits):
    """A row of the record table: one training, and the test split once."""
    train, validation, test = splits
    result = time_to(TARGET, recipe, train, validation, seed, every=EVERY)
    row = {
        "recipe": name,
        "seed": seed,
        "seconds": round(result.seconds, 2),
        "images": result.num_images,
        "reached": result.reached,
        "validation_accuracy": result.accuracy,
        "test_accuracy": share_right(result.model, test),
    }
    print(" ", row, flush=True)
    return row


def compete(recipes, seeds=SEEDS):
    """The recipes ({name: generator function}) in turn, seed by seed."""
    splits = load_embedded()
    return [
        timed(name, recipe, seed, splits)
        for seed in seeds
        for name, recipe in recipes.items()
    ]


def contestants():
    """The recipes of the record table; in bfloat16 only where it pays."""
    recipes = {
        "plain": plain_recipe,
        "fast, float32": partial(fast_recipe, bfloat16=False),
    }
    if bfloat16_pays():
        recipes["fast, bfloat16"] = partial(fast_recipe, bfloat16=True)
    return recipes


def race():
    """Time and images until BigModel classifies 90 % of the validation split
    right, watched every 5,120 images, by the source chapter's loop and ours,
    in turn. The test split is read once, when a training has stopped."""
    return compete(contestants())


def ablation(name, seed=0, stop_after=CYCLE):
    """A row: validation accuracy against images seen, one thing changed.

    stop_after: the number of images of the last look
    """
    why, changes = CHANGES[name]
    train, validation, _ = load_embedded()
    row = {"name": name, "why": why, "seed": seed, "images": []}
    row["accuracy"] = []
    looks = 0
    for model, num_seen in fast_recipe(
        train, seed, num_images=CYCLE, **changes
    ):
        if num_seen // CURVE_EVERY > looks:
            looks = num_seen // CURVE_EVERY
            row["images"].append(num_seen)
            row["accuracy"].append(share_right(model, validation))
        if num_seen >= stop_after:
            break
    print(f"  {name}, seed {seed}: {row['accuracy'][-1]:.2%}", flush=True)
    return row


def fewer_images():
    """Validation accuracy against the images seen in one cycle of the fast
    recipe, and with one ingredient left out or changed at a time."""
    runs = [(name, seed) for name in CHANGES for seed in ABLATION_SEEDS]
    context = multiprocessing.get_context("spawn")
    with context.Pool(2, torch.set_num_threads, (1,)) as pool:
        return pool.starmap(ablation, runs, chunksize=1)


EXPERIMENTS = {"race": race, "fewer-images": fewer_images}
