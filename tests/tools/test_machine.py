"""A measurement is refused where others have a share in the machine."""

import os
import subprocess
import sys

import pytest

from tools import machine

BUSY = "while True: pass"


def test_a_busy_program_is_noticed():
    quiet = machine.others(0.5)
    process = subprocess.Popen([sys.executable, "-c", BUSY])
    try:
        busy = machine.others(2)
    finally:
        process.kill()
        process.wait()
    assert busy > machine.QUIET
    assert 0 <= quiet <= os.cpu_count() + 0.5


def test_what_to_do_is_said():
    machine.require_quiet(0.0, "before")
    with pytest.raises(machine.Busy) as caught:
        machine.require_quiet(1.3, "while x.ipynb ran")
    words = str(caught.value)
    assert "while x.ipynb ran, other programs kept 1.3 cores busy" in words
    assert "run the same command again" in words


def test_the_peak_of_memory():
    filled = "x = bytearray(b'x') * 100_000_000; print(1, flush=True); input()"
    process = subprocess.Popen(
        [sys.executable, "-c", filled],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    process.stdout.readline()
    assert 95 < machine.peak_memory(process.pid) < 200
    process.communicate(b"\n")
    assert machine.peak_memory(2**22 + 1) == 0


def test_the_machine_has_no_name():
    assert os.uname().nodename not in machine.describe()
    assert "cores" in machine.describe()
