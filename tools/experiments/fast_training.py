"""The experiments about BigModel's fast training."""

import multiprocessing
from functools import partial

import torch

from helpers.data import load_embedded
from helpers.fast_recipe import fast_recipe
from helpers.race import plain_recipe, share_right, time_to
from helpers.speed import bfloat16_pays

TARGET = 0.90  # of the validation split
SEEDS = range(5)
ABLATION_SEEDS = range(3)
EVERY = 5120  # images between two looks of the record at validation
LOWEST = 0.895  # mean test accuracy of a recipe that counts
CURVE_EVERY = 1280  # and of the curves
STOP = 10_240  # images, a multiple of both


def constant(progress):
    return 1.0


# Nothing of the recipe: the plain loop, with batches that are ready.
PLAIN = {
    "conv2": "usual",
    "freeze": False,
    "condition": False,
    "zero_fc2": False,
    "schedule": constant,
    "peak_lr": 1e-3,
    "beta2": 0.999,
    "label_smoothing": 0.0,
    "weight_decay": 0.0,
}

# What is changed in the recipe, one thing at a time.
CHANGES = {
    "the recipe": ("all ingredients together", {}),
    "none of it": ("the plain loop", PLAIN),
    "conv2 patches": (
        "whitened patches as they come, no k-means",
        {"conv2": "patches"},
    ),
    "conv2 random": (
        "conv1 whitened, conv2 as PyTorch initialises it, both frozen",
        {"conv2": "random"},
    ),
    "conv2 Dirac": (
        "conv1 whitened, conv2 passes its inputs on, both frozen",
        {"conv2": "Dirac"},
    ),
    "both random": (
        "conv1 and conv2 as PyTorch initialises them, both frozen",
        {"conv2": "usual"},
    ),
    "convolutions trained": (
        "set without labels, then trained",
        {"freeze": False},
    ),
    "not conditioned": (
        "fc1 gets the features as they are",
        {"condition": False},
    ),
    "fc2 at random": (
        "its weights begin as PyTorch initialises them",
        {"zero_fc2": False},
    ),
    "constant rate": ("no schedule", {"schedule": constant}),
    "constant rate, averaged": (
        "no schedule, but the weights' moving average is measured",
        {"schedule": constant, "averaging": 0.96},
    ),
    "usual averages": (
        "Adam's squares averaged over 1,000 steps, not 20",
        {"beta2": 0.999},
    ),
    "no label smoothing": ("the usual loss", {"label_smoothing": 0.0}),
    "no weight decay": ("Adam in place of AdamW", {"weight_decay": 0.0}),
    "batches of 256": (
        "and the rate twice as high, for a quarter of the steps",
        {"batch_size": 256, "peak_lr": 1.4e-3},
    ),
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


def ablation(name, seed=0, stop_after=STOP):
    """A row: validation accuracy against images seen, one thing changed.

    stop_after: the number of images of the last look
    """
    why, changes = CHANGES[name]
    train, validation, _ = load_embedded()
    row = {"name": name, "why": why, "seed": seed, "images": []}
    row["accuracy"] = []
    for model, num_seen in fast_recipe(
        train, seed, bfloat16=False, every=CURVE_EVERY, **changes
    ):
        row["images"].append(num_seen)
        row["accuracy"].append(share_right(model, validation))
        if num_seen >= stop_after:
            break
    print(f"  {name}, seed {seed}: {row['accuracy'][-1]:.2%}", flush=True)
    return row


def fewer_images():
    """Validation accuracy against the images seen by the fast recipe in
    float32, and with one ingredient left out or changed at a time."""
    runs = [(name, seed) for seed in ABLATION_SEEDS for name in CHANGES]
    context = multiprocessing.get_context("spawn")
    with context.Pool(2, torch.set_num_threads, (1,)) as pool:
        rows = pool.starmap(ablation, runs, chunksize=1)
    return sorted(rows, key=lambda row: [*CHANGES].index(row["name"]))


EXPERIMENTS = {"race": race, "fewer-images": fewer_images}
