"""Experiments on training: how long, how many images, which optimiser."""

import torch
from torch import nn

from helpers.data import load_embedded
from helpers.model import BigModel
from helpers.training import evaluate, make_loader, train_one_epoch

SEEDS = (0, 1, 2)
ADAM = {"optimizer": "Adam", "lr": 1e-3}  # the source chapter's


def run(
    seed,
    num_epochs,
    optimizer="Adam",
    lr=1e-3,
    model="BigModel",
    num_images=18_000,
    tuning=False,
):
    """Train once; a row with the settings and what each epoch reached.

    The model is initialised from `seed` and sees the images in an order
    drawn from it. The test split is read once, after the last epoch, and
    not at all when the run only tunes a setting.
    """
    train, validation, test = load_embedded()
    batches = make_loader(train[:num_images], seed=seed)
    validation_batches = make_loader(validation, 500)
    torch.manual_seed(seed)
    if model == "linear":
        net = nn.Sequential(nn.Flatten(), nn.Linear(3 * 28 * 28, 10))
    else:
        net = BigModel()
    step = getattr(torch.optim, optimizer)(net.parameters(), lr=lr)
    row = {
        "model": model,
        "optimizer": optimizer,
        "lr": lr,
        "num_images": num_images,
        "seed": seed,
        "train_loss": [],
        "validation_loss": [],
        "validation_accuracy": [],
    }
    for epoch in range(num_epochs):
        losses = train_one_epoch(net, batches, step)
        loss, accuracy = evaluate(net, validation_batches)
        row["train_loss"].append(round(sum(losses) / len(losses), 4))
        row["validation_loss"].append(round(loss, 4))
        row["validation_accuracy"].append(accuracy)
        print(
            f"  {model} {optimizer} {lr} {num_images} images, seed {seed}, "
            f"epoch {epoch + 1}: {accuracy:.1%}",
            flush=True,
        )
    if not tuning:
        row["test_accuracy"] = evaluate(net, make_loader(test, 500))[1]
    return row


def ten_epochs():
    """The source chapter's training as it stands: Adam, ten epochs."""
    return [run(seed, 10, **ADAM) for seed in SEEDS]


def data_size():
    """1,000, 5,000 or 18,000 images, each trained for as many steps.

    54 x 1,000, 11 x 5,000 and 3 x 18,000 looks, so that the small sets have
    no disadvantage but their size.
    """
    return [
        run(seed, num_epochs, num_images=num_images, **ADAM)
        for num_images, num_epochs in ((1_000, 54), (5_000, 11), (18_000, 3))
        for seed in SEEDS
    ]


def linear():
    """A linear model on the same images: the yardstick."""
    return [run(seed, 10, model="linear", **ADAM) for seed in SEEDS]


def adam_and_sgd():
    """Two epochs each; learning rates tuned on the validation split."""
    grids = {"Adam": (3e-4, 1e-3, 3e-3), "SGD": (0.03, 0.1, 0.2, 0.4)}
    rows = []
    for optimizer, grid in grids.items():
        # Tuned with a seed that the comparison does not use.
        tuned = [
            run(100, 2, optimizer, lr, tuning=True) | {"tuning": True}
            for lr in grid
        ]
        best = max(tuned, key=lambda row: row["validation_accuracy"][-1])
        rows += tuned
        rows += [run(seed, 2, optimizer, best["lr"]) for seed in SEEDS]
    return rows


EXPERIMENTS = {
    "ten-epochs": ten_epochs,
    "data-size": data_size,
    "linear": linear,
    "adam-and-sgd": adam_and_sgd,
}
