"""Checkpoints of `helpers.distributed`, for any number of processes."""

import os
from pathlib import Path

import torch
import torch.distributed as dist
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_optimizer_state_dict,
)

from helpers.distributed_options import Refused
from helpers.model import BigModel
from helpers.saved import load_saved

# What a run must share with the one whose checkpoint it goes on from.
SETTINGS = ("images", "batch_size", "seed", "learning_rate", "precision")


def save(model, optimizer, losses, options):
    """Process 0 writes a checkpoint that any number of processes can read.

    Written beside its place and then put there, so that a process killed
    while it writes leaves the previous checkpoint whole. Training draws no
    random numbers but the order of images, so there are no others to keep.
    """
    if not options.checkpoint:
        return
    whole = StateDictOptions(full_state_dict=True, cpu_offload=True)
    checkpoint = {
        "model": get_model_state_dict(model, options=whole),
        "optimizer": get_optimizer_state_dict(model, optimizer, options=whole),
        "losses": losses,  # of every step until now
        "settings": {name: getattr(options, name) for name in SETTINGS},
    }
    if dist.get_rank() == 0:
        unfinished = Path(f"{options.checkpoint}.unfinished")
        torch.save(checkpoint, unfinished)
        os.replace(unfinished, options.checkpoint)


def load(options):
    """The checkpoint to go on from, or None; Refused if that cannot be."""
    path = options.checkpoint
    if not path or not path.is_file():
        if options.resume:
            raise Refused(
                f"--resume, but there is no --checkpoint {path}: leave "
                "--resume out to start from the beginning"
            )
        return None
    remedy = "give another --checkpoint, or delete this one to start anew"
    try:
        found = load_saved(path)
    except ValueError as error:
        raise Refused(
            f"{path} is no checkpoint of this script ({error}): {remedy}"
        ) from None
    try:
        theirs = {name: w.shape for name, w in found["model"].items()}
        state = found["optimizer"]["state"]
        moments = {n: state[n]["momentum_buffer"].shape for n in theirs}
        step, settings = len(found["losses"]), dict(found["settings"])
    except Exception as error:  # a damaged file may raise any
        raise Refused(
            f"{path} is damaged, or no checkpoint of this script "
            f"({type(error).__name__}): {remedy}"
        ) from None
    ours = {name: w.shape for name, w in BigModel().state_dict().items()}
    if not theirs == moments == ours:
        raise Refused(
            f"{path} holds another model than BigModel, with the weights "
            f"{', '.join(theirs)}: {remedy}"
        )
    for name in SETTINGS:
        before, now = settings.get(name), getattr(options, name)
        if before != now:
            raise Refused(
                f"{path} is of a run with {name} {before}, not {now}: go on "
                f"with {before}, or {remedy}"
            )
    if step > options.steps:
        raise Refused(
            f"{path} has taken {step} steps, more than --steps "
            f"{options.steps}: ask for more, or {remedy}"
        )
    return found
