"""Faults put into a module are noticed; those that are not are argued."""

import functools
import subprocess
import sys

import pytest

from tools import mutate

LISTED = [path.stem for path in mutate.SURVIVORS.glob("*.json")]


@functools.cache
def names(module="engine"):
    return list(mutate.mutants(mutate.source_of(module)))


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


@pytest.mark.parametrize("module", LISTED)
def test_no_survivor_is_listed_that_is_no_fault_any_more(module):
    listed = mutate.argued(module)
    assert set(listed) <= set(names(module))
    assert all(len(reason) > 20 for reason in listed.values())
    assert len(listed) <= 0.05 * len(names(module)) + 3


def test_formatting_anew_changes_no_name():
    source = "def double(x):\n    return (2 *\n        x)  # twice\n"
    other = "\n\n\ndef double(x):\n    return 2 * x\n"
    assert list(mutate.mutants(source)) == list(mutate.mutants(other))


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "tools.mutate", *arguments],
        cwd=mutate.ROOT,
        capture_output=True,
        text=True,
    )


def test_any_module_can_be_tried():
    assert {"engine", "saved", "training", "costs"} <= set(mutate.modules())
    done = run("saved", "load_saved: True -> False")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 of 1 faults caught" in done.stdout


def test_an_unknown_module_is_named():
    done = run("nothing")
    assert done.returncode == 2
    assert "invalid choice: 'nothing'" in done.stderr


@pytest.mark.full
@pytest.mark.parametrize("module", ["engine", "saved"])
def test_faults_are_caught_or_argued(module):
    done = run(module)
    assert done.returncode == 0, done.stdout + done.stderr
