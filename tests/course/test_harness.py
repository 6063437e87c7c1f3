"""The harness that runs the notebooks: can it go red?"""

import json
import shutil
import subprocess
import sys

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output, writes

from tools.notebook_files import ROOT, absent_groups


@pytest.fixture
def run(tmp_path):
    """Run notebook cells as `make test` does; returns pytest's output."""
    groups = (path.name for path in ROOT.glob("requirements-*.txt"))
    for name in ("conftest.py", "pyproject.toml", "course.toml", *groups):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("tools", "helpers", "tests/offline"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "tests" / "__init__.py").touch()
    (tmp_path / "notebooks").mkdir()

    def run(*cells, measured=(8, 1000)):
        # A ledger in which the notebook has been measured.
        seconds, mebibytes = measured
        rows = [{"topic": "x", "seconds": seconds, "MiB": mebibytes}]
        records = tmp_path / "tools" / "experiments" / "records"
        path = records / "ledger.json"
        path.write_text(json.dumps({"rows": rows}), encoding="utf-8")
        notebook = writes(new_notebook(cells=list(cells)))
        (tmp_path / "notebooks" / "00_x.ipynb").write_text(
            notebook, encoding="utf-8"
        )
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


def test_a_cell_of_an_optional_group_is_compared_only_with_it(
    run, monkeypatch
):
    wrong = cell("print(2)", "1\n", ["language"])
    monkeypatch.setenv("COURSE_WITHOUT", "language")
    assert run(wrong)[0] == 0
    assert run(cell("assert False", "", ["language"]))[0] == 1
    monkeypatch.delenv("COURSE_WITHOUT")
    if absent_groups():
        pytest.skip("the optional packages are not installed")
    assert run(wrong)[0] == 1


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
    assert "s of 100 s" in said  # 60 + 5 x 8
    assert "MiB of 1800 MiB" in said  # 300 + 1.5 x 1000
    slow = cell("import time\ntime.sleep(1.5)")
    status, said = run(slow, measured=(-11.9, 1000))  # half a second
    assert status == 1
    assert "seconds is over its ceiling of 0" in said
    large = cell("filled = bytearray(b'x') * 200_000_000")
    status, said = run(large, measured=(8, -100))
    assert status == 1
    assert "MiB is over its ceiling of 150" in said
