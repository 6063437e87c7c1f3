"""Train the weights that come with the course: data/bigmodel.pt.

    make weights                             train, measure, store
    python -m tools.train_bigmodel --tune    compare the candidates first

The recipe was chosen among CANDIDATES by accuracy on the validation split
(the record `recipe` holds what each reached). The test split is read once,
by the weights that are stored.
"""

import argparse
import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
from torch.nn import functional as F

from helpers.data import load_embedded
from helpers.model import WEIGHTS, BigModel, load_bigmodel
from helpers.training import evaluate, make_loader
from tools.experiments import write_record

SEED = 0
BATCH_SIZE = 128
PEAK_LR = 2e-3
LABEL_SMOOTHING = 0.1  # Szegedy and others, 2016
CANDIDATES = {
    "plain": {"num_epochs": 8, "mirror": False, "weight_decay": 0.05},
    "mirrored": {"num_epochs": 8, "mirror": True, "weight_decay": 0.05},
    "decayed": {"num_epochs": 8, "mirror": False, "weight_decay": 0.3},
}
RECIPE = "mirrored"


def train(num_epochs, mirror, weight_decay):
    """BigModel after AdamW (Loshchilov and Hutter, 2019) with one cycle of
    the learning rate (Smith and Topin, 2018).

    mirror: show each image mirrored half of the times
    """
    images = load_embedded().train
    torch.manual_seed(SEED)
    model = BigModel().train()
    optimizer = torch.optim.AdamW(
        model.parameters(), weight_decay=weight_decay, fused=True
    )
    steps = num_epochs * (len(images) // BATCH_SIZE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, PEAK_LR, total_steps=steps, pct_start=0.2
    )
    for step in range(steps):
        start = step % (len(images) // BATCH_SIZE) * BATCH_SIZE
        if start == 0:
            order = torch.randperm(len(images))
        batch = images[order[start : start + BATCH_SIZE]]
        X = batch.inputs()
        if mirror:
            chosen = torch.rand(len(X)) < 0.5
            X = torch.where(chosen[:, None, None, None], X.flip(3), X)
        optimizer.zero_grad()
        # Half precision where the processor has it; otherwise only slower.
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(X)
        loss = F.cross_entropy(
            logits.float(), batch.labels, label_smoothing=LABEL_SMOOTHING
        )
        loss.backward()
        optimizer.step()
        schedule.step()
    return model


def tune():
    """The candidates on the validation split, one seed."""
    validation = make_loader(load_embedded().validation, 500)
    rows = []
    for name, settings in CANDIDATES.items():
        _, accuracy = evaluate(train(**settings), validation)
        print(f"{name:10}{accuracy:.2%}", flush=True)
        rows.append(
            {"name": name, "validation_accuracy": accuracy, **settings}
        )
    return rows


def store():
    """Train by the recipe, store in half precision, measure what is stored."""
    model = train(**CANDIDATES[RECIPE])
    half = {name: w.half() for name, w in model.state_dict().items()}
    torch.save(half, WEIGHTS)
    splits = load_embedded()
    stored = load_bigmodel()
    loss, accuracy = evaluate(stored, make_loader(splits.validation, 500))
    print(f"validation: accuracy {accuracy:.2%}, loss {loss:.3f}")
    loss, accuracy = evaluate(stored, make_loader(splits.test, 500))
    print(f"test:       accuracy {accuracy:.2%}, loss {loss:.3f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tune", action="store_true")
    if parser.parse_args().tune:
        write_record("recipe", tune, "python -m tools.train_bigmodel --tune")
    store()


if __name__ == "__main__":
    main()
