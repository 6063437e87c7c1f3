"""The harness that runs the notebooks: can it go red?"""

import json
import shutil
import subprocess
import sys

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output, writes

from notebooks import ROOT


@pytest.fixture
def run(tmp_path):
    """Run notebook cells as `make test` does; returns pytest's output."""
    shutil.copy(ROOT / "conftest.py", tmp_path)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "tests" / "offline", tmp_path / "tests" / "offline")
    (tmp_path / "notebooks").mkdir()

    def run(*cells, ceiling=(100, 5000)):
        ceilings = {"x.ipynb": {"seconds": ceiling[0], "MiB": ceiling[1]}}
        path = tmp_path / "tests" / "ceilings.json"
        path.write_text(json.dumps(ceilings))
        notebook = writes(new_notebook(cells=list(cells)))
        (tmp_path / "notebooks" / "x.ipynb").write_text(notebook)
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout

    return run


def cell(source, printed="", tags=()):
    outputs = []
    if printed:
        outputs = [new_output("stream", name="stdout", text=printed)]
    return new_code_cell(
        source, outputs=outputs, execution_count=1, metadata={"tags": tags}
    )


def test_what_agrees_passes_and_what_differs_fails(run):
    status, said = run(cell("print(1)", "1\n"))
    assert status == 0, said
    status, said = run(cell("print(2)", "1\n"))
    assert status == 1
    assert "outputs differ" in said


def test_a_volatile_cell_may_differ_but_must_not_fail(run):
    assert run(cell("print(2)", "1\n", ["volatile"]))[0] == 0
    assert run(cell("assert False", "1\n", ["volatile"]))[0] == 1


def test_a_gpu_cell_is_skipped_with_a_reason(run):
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    status, said = run(cell("assert False", "1\n", ["gpu"]), cell("x = 1"))
    assert status == 0, said
    assert "needs a CUDA GPU" in said


def test_a_kernel_has_no_network_but_the_loopback(run):
    status, said = run(
        cell(
            "import socket, urllib.request\n"
            "server = socket.create_server(('127.0.0.1', 0))\n"
            "socket.create_connection(server.getsockname()).close()\n"
            "try:\n"
            "    urllib.request.urlopen('http://course.invalid')\n"
            "except OSError as error:\n"
            "    print('no network' in str(error))\n"
            "try:\n"
            "    socket.create_connection(('192.0.2.1', 80), timeout=0.1)\n"
            "except ConnectionRefusedError as error:\n"
            "    print('no network' in str(error))",
            "True\nTrue\n",
        )
    )
    assert status == 0, said


def test_time_and_memory_are_reported_against_their_ceilings(run):
    status, said = run(cell("print(1)", "1\n"))
    assert "s of 100 s" in said
    assert "MiB of 5000 MiB" in said
    slow = cell("import time\ntime.sleep(1.5)")
    status, said = run(slow, ceiling=(0.1, 5000))
    assert status == 1
    assert "seconds is over 3 times its ceiling of 0.1" in said
    large = cell("filled = bytearray(b'x') * 200_000_000")
    status, said = run(large, ceiling=(100, 50))
    assert status == 1
    assert "MiB is over 3 times its ceiling of 50" in said
