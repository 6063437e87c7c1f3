"""Measure our own engine on this machine, and write two tables.

    make bench

A training step of BigModel (zero_grad, forward, loss, backward, Adam's step)
at batch 64 in float32: ours against PyTorch's. And a forward and backward
pass of a small network, two inputs, two hidden layers of 16 and one output,
on 100 points: Tensors against Values. One thread each; the two run in turn,
so that a busy moment hits both, and the ratio is taken pair by pair. Nothing
is asserted: times belong to a machine and a day.
"""

import os

for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{library}_NUM_THREADS"] = "1"

import itertools
import statistics
import time

import numpy as np
import torch
from torch.nn import functional as F

from helpers.engine import (
    Adam,
    Tensor,
    Value,
    bigmodel,
    cross_entropy,
    linear,
)
from helpers.model import BigModel
from tools.machine import describe
from tools.notebook_files import ROOT

ROUNDS = 15
SIZES = (2, 16, 16, 1)


def training_steps(batch_size=64):
    """(PyTorch's, ours): functions that take one training step."""
    torch.manual_seed(0)
    model = BigModel()
    X, y = torch.rand(batch_size, 3, 28, 28), torch.randint(10, (batch_size,))
    optimizer = torch.optim.Adam(model.parameters())
    state = model.state_dict()
    parameters = {name: Tensor(w.numpy()) for name, w in state.items()}
    images, labels = X.numpy(), y.numpy()
    our_optimizer = Adam(parameters.values())

    def theirs():
        optimizer.zero_grad()
        F.cross_entropy(model(X), y).backward()
        optimizer.step()

    def ours():
        our_optimizer.zero_grad()
        cross_entropy(bigmodel(parameters, images), labels).backward()
        our_optimizer.step()

    return theirs, ours


def small_networks(num_points=100):
    """(with Values, with Tensors): functions for one pass, same numbers."""
    random = np.random.default_rng(0)
    X = random.normal(size=(num_points, SIZES[0]))
    layers = [
        (random.normal(size=(out, in_)), random.normal(size=out))
        for in_, out in itertools.pairwise(SIZES)
    ]
    numbers = [
        ([[Value(w) for w in row] for row in W], [Value(c) for c in b])
        for W, b in layers
    ]
    tensors = [(Tensor(W), Tensor(b)) for W, b in layers]

    def one_point(x):
        for W, b in numbers:
            x = [
                sum((w * a for w, a in zip(row, x, strict=True)), c)
                for row, c in zip(W, b, strict=True)
            ]
            if W is not numbers[-1][0]:
                x = [a.relu() for a in x]
        return x[0]

    def with_values():
        total = sum(one_point(x) ** 2 for x in X.tolist()) / num_points
        total.backward()
        return total.data

    def with_tensors():
        activation = X
        for W, b in tensors:
            activation = linear(activation, W, b)
            if W is not tensors[-1][0]:
                activation = activation.relu()
        loss = (activation**2).mean()
        loss.backward()
        return float(loss.data)

    assert abs(with_values() - with_tensors()) < 1e-9
    return with_values, with_tensors


def measure(first, second, rounds=ROUNDS, repeat=1):
    """Seconds of each in every round; the second runs `repeat` times."""
    pairs = []
    for _ in range(rounds + 2):
        begin = time.perf_counter()
        first()
        middle = time.perf_counter()
        for _ in range(repeat):
            second()
        end = time.perf_counter()
        pairs.append((middle - begin, (end - middle) / repeat))
    return pairs[2:]  # two to warm up


def table(names, pairs):
    columns = list(zip(*pairs, strict=True))
    ratios = [first / second for first, second in pairs]
    lines = ["| | milliseconds, median (min to max) |", "|---|---|"]
    for name, seconds in zip(names, columns, strict=True):
        low, middle, high = (
            1000 * f(seconds) for f in (min, statistics.median, max)
        )
        lines.append(f"| {name} | {middle:.3g} ({low:.3g} to {high:.3g}) |")
    lines.append(
        f"| speed of the second over the first | "
        f"{statistics.median(ratios):.3g} "
        f"({min(ratios):.3g} to {max(ratios):.3g}) |"
    )
    return "\n".join(lines)


def main():
    torch.set_num_threads(1)
    training = measure(*training_steps())
    small = measure(*small_networks(), rounds=5, repeat=100)
    text = (
        f"# Our own engine\n\n{describe()}; one thread; torch "
        f"{torch.__version__}, numpy {np.__version__}.\n\n"
        f"A training step of BigModel, batch 64, float32; {ROUNDS} rounds, "
        "interleaved:\n\n"
        f"{table(('PyTorch, eager', 'helpers.engine'), training)}\n\n"
        "Forward and backward through a network 2-16-16-1 on 100 points; "
        "5 rounds, interleaved:\n\n"
        f"{table(('Value', 'Tensor'), small)}\n"
    )
    print(text)
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / "bench_engine.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
