"""The experiment on speed that needs a C++ compiler."""

import os
import tempfile
import time

import torch
from torch.nn import functional as F

from helpers.data import load_embedded
from helpers.speed import PoolFirst


def compilation(batch_sizes=(64, 256), rounds=7, num_images=256):
    """Training steps eager and compiled, in turns; tensors in memory, fused
    Adam, channels_last, pool before ReLU, bfloat16 autocast. The seconds of
    compiling are those of the first step, with an empty cache."""
    train = load_embedded().train[:num_images]
    X = train.inputs().contiguous(memory_format=torch.channels_last)
    rows = []
    for batch_size in batch_sizes:
        with tempfile.TemporaryDirectory() as cache:
            os.environ["TORCHINDUCTOR_CACHE_DIR"] = cache
            torch.compiler.reset()
            batches = list(
                zip(
                    X.split(batch_size),
                    train.labels.split(batch_size),
                    strict=True,
                )
            )
            runs = {"eager": _trainer(False), "compiled": _trainer(True)}
            runs["eager"](batches)
            first = _seconds(runs["compiled"], batches)
            for number in range(rounds):
                rows.append(
                    {
                        "batch_size": batch_size,
                        "round": number,
                        "compile_seconds": first,
                        "num_images": num_images,
                        **{
                            f"{name}_seconds": _seconds(run, batches)
                            for name, run in runs.items()
                        },
                    }
                )
    return rows


def _trainer(compiled):
    torch.manual_seed(0)
    net = PoolFirst().to(memory_format=torch.channels_last)
    model = torch.compile(net) if compiled else net
    optimizer = torch.optim.Adam(net.parameters(), lr=0.001, fused=True)

    def train(batches):
        for X, y in batches:
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16):
                loss = F.cross_entropy(model(X), y)
            loss.backward()
            optimizer.step()

    return train


def _seconds(run, batches):
    begin = time.perf_counter()
    run(batches)
    return time.perf_counter() - begin


EXPERIMENTS = {"compilation": compilation}
