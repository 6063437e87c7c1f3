"""Experiments on scale, and on the cost of answering.

Scale: BigModel made narrower in all layers, and BigModel trained on fewer
images. The test split is never read: the first thousand validation images
say when to stop, the others measure.
"""

import copy
import os
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import torch
from torch import nn
from torch.nn import functional as F

from helpers.data import load_embedded
from helpers.model import BigModel, load_bigmodel

SEEDS = range(3)
WIDTHS = [2, 4, 8, 16, 32, 64]  # channels of conv1
NUM_IMAGES = [250, 500, 1000, 2000, 4000, 8000, 18_000]
FIXED_IMAGES = 4000  # while the width varies
FIXED_WIDTH = 16  # while the number of images varies
BATCH_SIZE = 64
AVERAGED = 50  # steps, about, that the averaged weights look back
STEPS = 25  # between two looks at the validation images
PATIENCE = 6  # looks without a better loss, then stop
MOST_LOOKS = 120
NUM_WATCHED = 1000
TUNED_WIDTHS = [4, 16]
TUNED_RATES = [0.001, 0.002, 0.004, 0.008]


class Scaled(BigModel):
    """BigModel with `width` channels in place of 64, the rest in proportion.

    Takes float images (batch, 3, 28, 28), returns logits (batch, 10).
    """

    def __init__(self, width):
        nn.Module.__init__(self)
        if not isinstance(width, int) or width < 1:
            raise ValueError(f"width must be a positive int, not {width!r}")
        hidden = round(1000 * width / 64)
        self.conv1 = nn.Conv2d(3, width, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(width, 2 * width, kernel_size=3, padding=1)
        self.fc1 = nn.Linear(2 * width * 7 * 7, hidden)
        self.fc2 = nn.Linear(hidden, 10)


def learning_rate(width):
    """0.001 at width 64, and larger steps for narrower models.

    The rows marked "tuning" show that the watched loss hardly depends on
    it: from 0.001 to 0.008 it moves by less than 0.02.
    """
    return 0.001 * (64 / width) ** 0.5


@torch.inference_mode()
def mean_loss(model, X, y):
    """Mean cross-entropy in nats an image."""
    pieces = zip(X.split(500), y.split(500), strict=True)
    losses = [F.cross_entropy(model(a), b, reduction="sum") for a, b in pieces]
    return sum(losses).item() / len(y)


def run(width, num_images, seed, lr=None):
    """Train until the watched loss no longer falls; a row.

    Images are drawn in an order shuffled anew at every pass. Watched and
    measured is a moving average of the weights, for single steps are noisy.
    The row's loss is of the average that was best on the watched images,
    measured on the other validation images.
    """
    torch.manual_seed(seed)
    train, validation, _ = load_embedded()
    X, y = train[:num_images].inputs(), train.labels[:num_images]
    watched, measured = validation[:NUM_WATCHED], validation[NUM_WATCHED:]
    watched = watched.inputs(), watched.labels
    lr = lr or learning_rate(width)
    model = Scaled(width).to(memory_format=torch.channels_last)
    averaged = copy.deepcopy(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, fused=True)
    best, best_step, step = float("inf"), 0, 0
    order = torch.empty(0, dtype=torch.int64)
    while step < STEPS * min(best_step // STEPS + PATIENCE, MOST_LOOKS):
        if len(order) < BATCH_SIZE:
            order = torch.cat([order, torch.randperm(num_images)])
        batch, order = order[:BATCH_SIZE], order[BATCH_SIZE:]
        optimizer.zero_grad()
        F.cross_entropy(model(X[batch]), y[batch]).backward()
        optimizer.step()
        step += 1
        with torch.no_grad():
            pairs = zip(averaged.parameters(), model.parameters(), strict=True)
            for mean, now in pairs:
                mean.lerp_(now, 1 / min(step, AVERAGED))
        if step % STEPS == 0:
            loss = mean_loss(averaged, *watched)
            if loss < best:
                best, best_step = loss, step
                best_model = copy.deepcopy(averaged)
    loss = mean_loss(best_model, measured.inputs(), measured.labels)
    row = {
        "width": width,
        "num_parameters": sum(p.numel() for p in model.parameters()),
        "num_images": num_images,
        "seed": seed,
        "lr": lr,
        "best_step": best_step,
        "steps": step,
        "watched_loss": round(best, 5),
        "loss": round(loss, 5),
    }
    print(f"  {row}", flush=True)
    return row


def jobs():
    """(marks of the row, arguments of `run`), the longest first."""
    found = [
        ({"series": "parameters"}, (width, FIXED_IMAGES, seed))
        for width in WIDTHS
        for seed in SEEDS
    ]
    found += [
        ({"series": "images"}, (FIXED_WIDTH, number, seed))
        for number in NUM_IMAGES
        for seed in SEEDS
    ]
    found += [
        # A seed of its own: no measured run had a part in the choice.
        ({"tuning": True}, (width, FIXED_IMAGES, len(SEEDS), lr))
        for width in TUNED_WIDTHS
        for lr in TUNED_RATES
    ]
    return sorted(found, key=lambda job: job[1][:2], reverse=True)


def _job(job):
    torch.set_num_threads(1)  # the last digits depend on their number
    return job[0] | run(*job[1])


def scaling():
    """Validation loss against parameters and against images.

    Series "parameters": widths 2 to 64 on 4,000 images. Series "images":
    width 16 on 250 to 18,000 images. Three seeds each. Adam, batch 64,
    learning rate 0.001 x sqrt(64 / width); stopped when 150 steps brought
    nothing better on the first 1,000 validation images; the loss is
    measured on the others. Each run has one thread.
    """
    context = get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        rows = list(pool.map(_job, jobs()))
    keys = ("tuning", "series", "width", "num_images", "lr", "seed")
    return sorted(rows, key=lambda row: [str(row.get(k, "")) for k in keys])


INFERENCE_SIZES = [1, 4, 16, 64, 256]
ROUNDS = 9
SECONDS = 0.1  # each timing calls as often as fits


def exported(model):
    """The model's program by torch.export, for any batch size."""
    batch = torch.export.Dim("batch")
    return torch.export.export(
        model, (torch.rand(2, 3, 28, 28),), dynamic_shapes=({0: batch},)
    ).module()


def ways():
    """{name: function from images to logits}, all of the same weights."""
    model = load_bigmodel()
    last = load_bigmodel().to(memory_format=torch.channels_last)

    def half(net):
        def answer(X):
            with torch.autocast("cpu", torch.bfloat16):
                return net(X).float()

        return answer

    return {
        "float32": model,
        "channels last": last,
        "bfloat16": half(model),
        "bfloat16, channels last": half(last),
        "exported": exported(model),
    }


@torch.inference_mode()
def deployment():
    """Latency of BigModel's answers by batch size, in five ways.

    Each row has the median and the least seconds of a call, over 9 rounds
    in which all ways took their turn, and the largest distance of its
    logits from float32's.
    """
    found, images = ways(), load_embedded().validation.inputs()
    rows = []
    for size in INFERENCE_SIZES:
        X = images[:size]
        right = found["float32"](X)
        calls, taken = {}, {name: [] for name in found}
        for name, answer in found.items():
            answer(X)  # the first call is to warm up
            begin = time.perf_counter()
            answer(X)
            once = time.perf_counter() - begin
            calls[name] = max(1, round(SECONDS / once / 2))
        for _ in range(ROUNDS):
            for name, answer in found.items():
                begin = time.perf_counter()
                for _ in range(calls[name]):
                    answer(X)
                passed = time.perf_counter() - begin
                taken[name].append(passed / calls[name])
        for name, answer in found.items():
            median = statistics.median(taken[name])
            rows.append(
                {
                    "way": name,
                    "batch_size": size,
                    "seconds": median,
                    "least_seconds": min(taken[name]),
                    "images_per_second": size / median,
                    "largest_difference": (answer(X) - right)
                    .abs()
                    .max()
                    .item(),
                }
            )
    return rows


EXPERIMENTS = {"scaling": scaling, "deployment": deployment}
