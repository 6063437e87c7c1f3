"""Train BigModel with several processes that share every batch.

    python -m helpers.distributed --steps 8
    torchrun --nproc-per-node 2 -m helpers.distributed --steps 8

`--batch-size` counts the images of one step of all processes together. Each
takes an equal share, and the gradients are averaged: a step is that of one
process with the whole batch. They agree to rounding, because a sum of floats
depends on its order: after a few steps to 1e-12 with `--precision float64`. In
float32 a rounding error can also turn a ReLU on or choose another maximum, and
training lets such a difference grow: 1e-5 after 7 steps, 1e-2 after 24. With
the same number of processes and threads a run repeats exactly (by ddp with
more than two only if it was not interrupted).
"""

import json
import os
import signal
import socket
import sys
import time
from datetime import timedelta

import torch
import torch.distributed as dist
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    set_optimizer_state_dict,
)
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.rendezvous import rendezvous
from torch.distributed.tensor import DTensor
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

from helpers.data import DataError, LabelledImages, load_embedded
from helpers.distributed_checkpoint import SETTINGS, load, save
from helpers.distributed_options import Refused, parse
from helpers.model import BigModel


def average_gradients(model):
    """Give every process the mean of all processes' gradients."""
    for weights in model.parameters():
        dist.all_reduce(weights.grad)  # in place: the sum over processes
        weights.grad /= dist.get_world_size()


def share_of_batch(step, rank, num_processes, images, batch_size, seed):
    """The indices of the images that process `rank` takes at a step.

    Every epoch has its own order of all `images` (a number), drawn from the
    seed and the number of the epoch: whoever knows seed and step knows the
    order, so a checkpoint need not hold it. An epoch ends with its last
    whole batch.
    """
    epoch, batch = divmod(step, images // batch_size)
    generator = torch.Generator().manual_seed(1_000_003 * seed + epoch)
    order = torch.randperm(images, generator=generator)
    of_step = order[batch * batch_size : (batch + 1) * batch_size]
    return of_step[rank::num_processes]


def spread(model, strategy):
    """The model, as the strategy spreads it over the processes.

    by-hand: as it is; `average_gradients` comes after each backward pass.
    ddp: DistributedDataParallel averages while the backward pass still runs
    (Li et al., 2020).
    fsdp: each process keeps a part of every layer's weights, gradients and
    optimizer state; a layer's weights are gathered for as long as it
    computes (Rajbhandari et al., 2020; Zhao et al., 2023).
    """
    if strategy == "ddp":
        return DistributedDataParallel(model)
    if strategy == "fsdp":
        device = next(model.parameters()).device.type
        mesh = init_device_mesh(device, (dist.get_world_size(),))
        for part in (*model.children(), model):
            fully_shard(part, mesh=mesh)
    return model


def train(options, images, checkpoint=None):
    """Take the steps that are left of `options.steps`.

    Returns a dict: "losses", a mean over the whole batch for every step;
    "images_per_second", of all processes together, without the first step
    and without saving (None if no step is left); "weights_held", how many
    weights this process keeps.
    """
    rank, num_processes = dist.get_rank(), dist.get_world_size()
    torch.manual_seed(options.seed)  # equal first weights in every process
    exact = torch.float64 if options.precision == "float64" else torch.float32
    model = BigModel().to(options.device, exact)
    if checkpoint:
        model.load_state_dict(checkpoint["model"])
    model = spread(model, options.strategy)
    optimizer = torch.optim.SGD(
        model.parameters(), lr=options.learning_rate, momentum=0.9
    )
    losses, seconds = [], []
    if checkpoint:
        whole = StateDictOptions(full_state_dict=True)
        moments = checkpoint["optimizer"]
        set_optimizer_state_dict(model, optimizer, moments, options=whole)
        losses = list(checkpoint["losses"])
        say(f"goes on after step {len(losses)}")
    half = options.precision == "bfloat16"
    order = options.images, options.batch_size, options.seed
    for step in range(len(losses), options.steps):
        if (step, rank) == (options.die_at, options.die_rank):
            die(rank, step)
        start = time.perf_counter()
        batch = images[share_of_batch(step, rank, num_processes, *order)]
        with torch.autocast(options.device, torch.bfloat16, enabled=half):
            logits = model(batch.inputs().to(exact))
            loss = F.cross_entropy(logits, batch.labels)
        optimizer.zero_grad()
        loss.backward()
        if options.strategy == "by-hand":
            average_gradients(model)
        optimizer.step()
        dist.all_reduce(total := loss.detach())
        losses.append(total.item() / num_processes)  # waits for a GPU
        seconds.append(time.perf_counter() - start)
        done = step + 1
        if done == options.steps or done % options.every == 0:
            save(model, optimizer, losses, options)
            say(f"step {done}: loss {losses[-1]:.3f}")
    timed = seconds[1:]
    return {
        "losses": losses,
        "images_per_second": (
            options.batch_size * len(timed) / sum(timed) if timed else None
        ),
        "weights_held": sum(part(w).numel() for w in model.parameters()),
    }


def part(weights):
    """What this process holds of a tensor that may be sharded."""
    return weights.to_local() if isinstance(weights, DTensor) else weights


def die(rank, step):
    """Be killed, as by a system that is out of memory; once, not again."""
    if os.environ.get("TORCHELASTIC_RESTART_COUNT", "0") == "0":
        print(f"process {rank} is killed after step {step}", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)


def say(line):
    """Print a line once, not once a process."""
    if dist.get_rank() == 0:
        print(line, flush=True)


def prepare(arguments):
    """Options, images and checkpoint; Refused or DataError if one is bad."""
    options = parse(arguments)
    images = load_embedded().train
    if not options.batch_size <= options.images <= len(images):
        raise Refused(
            f"--images {options.images} must lie between the batch size, "
            f"{options.batch_size}, and {len(images)}"
        )
    checkpoint = load(options)
    if options.device == "cuda":
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", 0)))
    images = LabelledImages(
        images.images[: options.images].to(options.device),
        images.labels[: options.images].to(options.device),
        images.class_names,
    )
    return options, images, checkpoint


def join():
    """Meet the processes that torchrun started; without it, be alone."""
    store, rank, num_processes = dist.HashStore(), 0, 1
    if "WORLD_SIZE" in os.environ:
        store, rank, num_processes = next(rendezvous("env://"))
        # torchrun keeps its store when it starts the processes anew, and
        # with it the addresses of the dead: each attempt has its own names.
        attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
        store = dist.PrefixStore(f"attempt {attempt}", store)
    if int(os.environ.get("LOCAL_WORLD_SIZE", 1)) == num_processes:
        for _, name in socket.if_nameindex():
            if name in ("lo", "lo0"):  # one machine: its network may be down
                os.environ.setdefault("GLOO_SOCKET_IFNAME", name)
    dist.init_process_group(
        "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo",
        store=store,
        rank=rank,
        world_size=num_processes,
        timeout=timedelta(minutes=5),
    )


def gather(value):
    """What every process calls this with, in all of them; all wait."""
    values = [None] * dist.get_world_size()
    dist.all_gather_object(values, value)
    return values


def main(arguments=None):
    """The exit code: 0, or 2 with one line that says what to change."""
    join()
    try:
        prepared, problem = prepare(arguments), None
    except (Refused, DataError) as error:
        problem = str(error)
    problems = [p for p in gather(problem) if p]
    if problems:
        if dist.get_rank() == 0:
            print(f"error: {problems[0]}", file=sys.stderr, flush=True)
        gather(None)  # torchrun ends all as soon as one has left
        dist.destroy_process_group()
        return 2
    options, num_processes = prepared[0], dist.get_world_size()
    number = f"{num_processes} process{'es' if num_processes > 1 else ''}"
    say(f"{number}, {options.strategy}, {options.device}")
    result = train(*prepared)
    if options.out and dist.get_rank() == 0:
        gpu = options.device == "cuda"
        result |= {
            "strategy": options.strategy,
            "num_processes": num_processes,
            "device": torch.cuda.get_device_name() if gpu else "cpu",
            "threads": torch.get_num_threads(),
            "settings": {name: getattr(options, name) for name in SETTINGS},
        }
        options.out.write_text(
            json.dumps(result, indent=1) + "\n", encoding="utf-8"
        )
    dist.destroy_process_group()
    return 0


if __name__ == "__main__":
    sys.exit(main())
