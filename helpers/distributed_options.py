"""The command line of `helpers.distributed`, and what it refuses."""

import argparse
import os
from pathlib import Path

import torch
import torch.distributed as dist

PRECISIONS = ("float64", "float32", "bfloat16")


class Refused(Exception):
    """A run that cannot be; the message says why and what to do."""


class Parser(argparse.ArgumentParser):
    """Refuses, where argparse would end one process and leave the others."""

    def error(self, message):
        raise Refused(f"{message} (--help lists the options)")


def parse(arguments):
    """The options of the command line; Refused if they cannot be."""
    parser = Parser("helpers.distributed", description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--strategy", choices=("by-hand", "ddp", "fsdp"), default="ddp")
    add("--device", choices=("cpu", "cuda"), default="cpu")
    add("--precision", choices=PRECISIONS, default="float32")
    add("--images", type=int, default=2048, help="how many to train on")
    add("--batch-size", type=int, default=64, help="of all processes")
    add("--steps", type=int, default=8, help="in all, earlier ones too")
    add("--learning-rate", type=float, default=0.05)
    add("--seed", type=int, default=0)
    add("--checkpoint", type=Path, help="goes on from it if it is there")
    add("--every", type=int, default=4, help="steps between checkpoints")
    add("--resume", action="store_true", help="the checkpoint must be there")
    add("--expect-processes", type=int, help="refuse any other number")
    add("--out", type=Path, help="where the result is written, as JSON")
    add("--die-at", type=int, help="kill a process after this step, once")
    add("--die-rank", type=int, default=0, help="which one is killed")
    options = parser.parse_args(arguments)
    num_processes = dist.get_world_size()
    here = int(os.environ.get("LOCAL_WORLD_SIZE", 1))
    folders = [
        p.absolute().parent for p in (options.checkpoint, options.out) if p
    ]
    for wrong, message in (
        (
            min(options.batch_size, options.steps, options.every) < 1,
            "--batch-size, --steps and --every must be 1 or more",
        ),
        (
            options.expect_processes not in (None, num_processes),
            f"{options.expect_processes} processes were expected, "
            f"{num_processes} came: start them by torchrun --nproc-per-node "
            f"{options.expect_processes} -m helpers.distributed",
        ),
        (
            options.batch_size % num_processes,
            f"{num_processes} processes cannot share a batch of "
            f"{options.batch_size} images equally: choose a --batch-size "
            f"that {num_processes} divides",
        ),
        (
            options.device == "cuda" and torch.cuda.device_count() < here,
            f"{here} process(es) need a GPU each, this machine has "
            f"{torch.cuda.device_count()}: start fewer, or --device cpu",
        ),
        (
            not all(folder.is_dir() for folder in folders),
            f"make the folders first: {', '.join(map(str, folders))}",
        ),
    ):
        if wrong:
            raise Refused(message)
    return options
