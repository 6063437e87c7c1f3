"""The training loop, and what it needs to stop and go on."""

import os
from pathlib import Path

import torch
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from helpers.saved import load_saved


def make_loader(images, batch_size=64, seed=None):
    """Batches (X, y) of a `LabelledImages`: X float32, y int64.

    With a seed the images come in an order shuffled anew every epoch, the
    same at every run; without one, in the order of the set.
    """
    generator = None
    if seed is not None:
        generator = torch.Generator().manual_seed(seed)
    return DataLoader(
        TensorDataset(images.inputs(), images.labels),
        batch_size=batch_size,
        shuffle=seed is not None,
        generator=generator,
    )


def train_one_epoch(model, batches, optimizer, device="cpu"):
    """One pass over the batches; returns the loss of every step, in order."""
    model.train()
    losses = []
    for X, y in batches:
        X, y = X.to(device), y.to(device)
        optimizer.zero_grad()
        logits = model(X)
        loss = F.cross_entropy(logits, y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@torch.inference_mode()
def evaluate(model, batches, device="cpu"):
    """Mean loss (nats an image) and accuracy (0 to 1) over all images.

    The model is measured in evaluation mode and put back as it was. Raises
    ValueError if there is no image.
    """
    was_training = model.training
    model.eval()
    total_loss, num_correct, num_images = 0.0, 0, 0
    for X, y in batches:
        X, y = X.to(device), y.to(device)
        logits = model(X)
        total_loss += F.cross_entropy(logits, y, reduction="sum").item()
        num_correct += (logits.argmax(dim=1) == y).sum().item()
        num_images += len(y)
    model.train(was_training)
    if num_images == 0:
        raise ValueError("no images to evaluate on")
    return total_loss / num_images, num_correct / num_images


def save_checkpoint(path, model, optimizer, loader, epoch):
    """All that training needs to go on as if it had never stopped.

    Written beside `path` first and then put in its place, so that a crash
    while saving leaves the previous checkpoint whole.
    """
    checkpoint = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "order": loader.generator.get_state(),
        "random": torch.get_rng_state(),
        "epoch": epoch,
    }
    unfinished = Path(path).with_suffix(".unfinished")
    torch.save(checkpoint, unfinished)
    os.replace(unfinished, path)


def load_checkpoint(path, model, optimizer, loader):
    """Put everything back as `save_checkpoint` found it; returns the epoch.

    Raises FileNotFoundError if there is none, and ValueError if it is
    damaged or belongs to another model.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(
            f"no checkpoint at {path}: save one with save_checkpoint first"
        )
    try:
        checkpoint = load_saved(path)
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        loader.generator.set_state(checkpoint["order"])
        torch.set_rng_state(checkpoint["random"])
        return checkpoint["epoch"]
    except (RuntimeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path} is no checkpoint of this model and optimizer ({error})"
        ) from None
