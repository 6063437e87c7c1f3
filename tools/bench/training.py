"""Measure the training loops on this machine, and write a table.

    make bench

The source chapter's loop (images decoded and turned into tensors one by one
in a DataLoader) against ours (tensors in memory). The two run in turn, so
that a busy moment hits both; the median of each is quoted, and the ratio
pair by pair. Nothing is asserted: times belong to a machine and a day.
"""

import os
import statistics
import time

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
from torch.utils.data import DataLoader

from helpers.data import load_embedded
from helpers.model import BigModel
from helpers.speed import PerImage
from helpers.training import make_loader, train_one_epoch
from tools.machine import describe
from tools.notebook_files import ROOT

NUM_IMAGES = 64 * 20
ROUNDS = 7


def loops():
    """{name: a function that trains on NUM_IMAGES images}."""
    images = load_embedded().train[:NUM_IMAGES]
    loaders = {
        "per-image loader (the source chapter)": DataLoader(
            PerImage(images), batch_size=64, shuffle=True
        ),
        "tensors in memory (ours)": make_loader(images, seed=0),
    }

    def loop(loader):
        model = BigModel()
        optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
        return lambda: train_one_epoch(model, loader, optimizer)

    return {name: loop(loader) for name, loader in loaders.items()}


def measure(functions, rounds):
    """Images a second of each function, in every round, in turn."""
    rates = {name: [] for name in functions}
    for round_ in range(rounds + 1):
        for name, function in functions.items():
            begin = time.perf_counter()
            function()
            if round_:  # the first is to warm up
                seconds = time.perf_counter() - begin
                rates[name].append(NUM_IMAGES / seconds)
    return rates


def table(rates):
    """The rates as a Markdown table; the ratio is to the first."""
    first = next(iter(rates.values()))
    lines = [
        "| loop | images a second, median (min to max) | ratio |",
        "|---|---|---|",
    ]
    for name, values in rates.items():
        ratios = [v / f for v, f in zip(values, first, strict=True)]
        lines.append(
            f"| {name} | {statistics.median(values):.0f} "
            f"({min(values):.0f} to {max(values):.0f}) "
            f"| {statistics.median(ratios):.2f} |"
        )
    return "\n".join(lines)


def main():
    text = (
        "# Training BigModel, float32, batch 64\n\n"
        f"{describe()}; torch {torch.__version__}; {ROUNDS} rounds of "
        f"{NUM_IMAGES:,} images, interleaved.\n\n"
        f"{table(measure(loops(), ROUNDS))}\n"
    )
    print(text)
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / "bench.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
