"""Experiments on evaluation: many trained models, and curves to read.

Trained as in the notebook `BigModel in PyTorch`, with two settings that
change the speed alone: Adam in one kernel (fused) and
images stored with their channels last.
"""

import torch
from torch import nn

from helpers.data import LabelledImages, load_embedded
from helpers.evaluation import accuracy, predict
from helpers.model import BigModel, load_bigmodel
from helpers.training import evaluate, make_loader, train_one_epoch

SEEDS = range(6)
LINEAR_SEEDS = range(3)
NUM_MEASURED = 1000  # images of each split that a curve is measured on

# What makes a curve what it is, and all that differs from the healthy one.
CURVES = {
    "healthy": ("training and validation fall together, then level off", {}),
    "learning rate too low": (
        "every step is a hundredth of the healthy one",
        {"lr": 3e-6},
    ),
    "model too small": (
        "a linear model: more epochs do not help it",
        {"model": "linear", "num_epochs": 20},
    ),
    "over-fit": (
        "500 images, each seen 30 times",
        {"num_images": 500, "num_epochs": 30, "lr": 1e-3},
    ),
    "learning rate too high": (
        "every step is three hundred times the healthy one",
        {"lr": 0.1},
    ),
    "labels shuffled": (
        "a bug: images and labels of the training split do not belong "
        "together",
        {"bug": "labels"},
    ),
    "zero_grad forgotten": (
        "a bug: every step uses the sum of all gradients so far",
        {"bug": "zero_grad"},
    ),
    "validation scaled otherwise": (
        "a bug: validation pixels are 0 to 255, training pixels 0 to 1",
        {"bug": "scale"},
    ),
}


def epochs(images, seed, num_epochs, lr, model, forget_zero_grad=False):
    """Train a model with Adam; yields it after every epoch."""
    torch.manual_seed(seed)
    if model == "linear":
        net = nn.Sequential(nn.Flatten(), nn.Linear(3 * 28 * 28, 10))
    else:
        net = BigModel().to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(net.parameters(), lr=lr, fused=True)
    if forget_zero_grad:
        optimizer.zero_grad = lambda: None
    batches = make_loader(images, seed=seed)
    for _ in range(num_epochs):
        train_one_epoch(net, batches, optimizer)
        yield net


def digits(classes):
    """Ten classes as a string, a digit for each image."""
    return "".join(map(str, classes.tolist()))


def score(seed, model="BigModel", num_epochs=3, num_images=18_000, lr=1e-3):
    """A row with what one model says to each validation and test image."""
    train, validation, test = load_embedded()
    if model == "shipped":
        row, net = {"model": model, "seed": seed}, load_bigmodel()
    else:
        settings = {"seed": seed, "num_epochs": num_epochs, "lr": lr}
        row = {"model": model, "num_images": num_images, **settings}
        *_, net = epochs(train[:num_images], model=model, **settings)
    for name, split in (("validation", validation), ("test", test)):
        predicted = predict(net, split.inputs()).argmax(dim=1)
        row[f"{name}_accuracy"] = accuracy(predicted, split.labels)
        row[name] = digits(predicted)
    mirrored = predict(net, test.inputs().flip(3)).argmax(dim=1)
    row["mirrored_accuracy"] = accuracy(mirrored, test.labels)
    print(f"  {model}, seed {seed}: {row['test_accuracy']:.2%}", flush=True)
    return row


def scores():
    """The class that each of ten trained models gives to every validation
    and test image, a digit for each image, in the order of load_embedded."""
    return [
        *(score(seed) for seed in SEEDS),
        *(score(seed, "linear", num_epochs=10) for seed in LINEAR_SEEDS),
        score(0, "shipped"),
    ]


def curve(
    name, seed=0, num_epochs=8, num_images=3000, lr=3e-4, model="BigModel"
):
    """A row with the loss and accuracy after every epoch of one training.

    Measured on the first training images as on the first validation images,
    in evaluation mode, so that the two curves can be compared.
    """
    why, changes = CURVES[name]
    settings = {
        "model": model,
        "num_images": num_images,
        "num_epochs": num_epochs,
        "lr": lr,
    } | changes
    bug = settings.pop("bug", None)
    row = {"name": name, "why": why, "seed": seed, **settings}
    train, validation, _ = load_embedded()
    train = train[: settings.pop("num_images")]
    validation = validation[:NUM_MEASURED]
    if bug == "labels":
        order = torch.randperm(
            len(train), generator=torch.Generator().manual_seed(seed)
        )
        train = LabelledImages(
            train.images, train.labels[order], train.class_names
        )
    measured = {
        "train": make_loader(train[:NUM_MEASURED], 500),
        "validation": make_loader(validation, 500),
    }
    if bug == "scale":
        measured["validation"] = [
            (255 * X, y) for X, y in measured["validation"]
        ]
    for split in measured:
        row |= {f"{split}_loss": [], f"{split}_accuracy": []}
    for net in epochs(
        train, seed, forget_zero_grad=bug == "zero_grad", **settings
    ):
        for split, batches in measured.items():
            loss, right = evaluate(net, batches)
            row[f"{split}_loss"].append(round(loss, 4))
            row[f"{split}_accuracy"].append(right)
    print(f"  {name}: {row['validation_accuracy'][-1]:.1%}", flush=True)
    return row


def curves():
    """Loss and accuracy after every epoch of eight trainings, one in good
    health and seven that are not; one seed each."""
    return [curve(name) for name in CURVES]


EXPERIMENTS = {"scores": scores, "curves": curves}
