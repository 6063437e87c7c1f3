"""Faults put into the engine are noticed; those that are not are argued."""

import functools
import json
import subprocess
import sys

import pytest

from tools import mutate


@functools.cache
def names():
    return list(mutate.mutants(mutate.ENGINE.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "fault",
    [
        "Value.__sub__: -1.0 -> 1.0",  # a swapped sign
        "Value.backward: value.grad += slope * node.grad -> value.grad =",
        "Tensor.accumulate: unbroadcast(grad, self.shape) -> grad",
        "max_pool2d.pull: free &= ~largest -> pass",  # ties win together
    ],
)
def test_the_classic_faults_are_among_them(fault):
    assert any(name.startswith(fault) for name in names())


def test_no_survivor_is_listed_that_is_no_fault_any_more():
    assert set(
        json.loads(mutate.SURVIVORS.read_text(encoding="utf-8"))
    ) <= set(names())


@pytest.mark.full
def test_faults_are_caught_or_argued():
    command = [sys.executable, "-m", "tools.mutate"]
    done = subprocess.run(
        command, cwd=mutate.ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    argued = json.loads(mutate.SURVIVORS.read_text(encoding="utf-8"))
    assert len(argued) <= 0.05 * len(names())
