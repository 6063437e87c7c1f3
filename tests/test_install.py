"""What stops a first set-up is said in words, with the way out."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import install

ROOT = Path(__file__).parent.parent


def test_an_old_python_is_told_what_to_do():
    assert "too old" in install.python_problem((3, 10, 4))
    assert "PYTHON=python3.12" in install.python_problem((3, 8))
    assert install.python_problem((3, 11, 0)) is None


def test_a_full_disk_is_noticed_before_and_after():
    assert "2.0 GB free" in install.disk_problem(2 * 2**30)
    assert install.disk_problem(50 * 2**30) is None
    said = "OSError: [Errno 28] No space left on device"
    assert "disk is full" in install.explain(said)


def test_no_network_is_told_what_to_do(tmp_path):
    """The real pip, in a process whose every connection is refused."""
    pip = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--retries=0"),
            *("--isolated", "--index-url=https://pypi.invalid/simple"),
            *("--no-cache-dir", f"--target={tmp_path}", "surely-not-there"),
        ],
        capture_output=True,
        text=True,
    )
    assert pip.returncode
    assert "needs a network" in install.explain(pip.stdout + pip.stderr)


def test_an_unknown_failure_points_to_what_was_printed():
    assert "above" in install.explain("something else")


def pins():
    text = (ROOT / "requirements.txt").read_text()
    return dict(re.findall(r"^([\w-]+)==([\d.]+)$", text, re.MULTILINE))


def test_the_pins_are_what_runs_here(request):
    from importlib.metadata import version

    if "--nbval-lax" in request.config.invocation_params.args:
        pytest.skip("this lane has other versions on purpose")
    installed = {name: version(name).split("+")[0] for name in pins()}
    assert installed == pins()


def test_the_pins_lie_in_the_ranges():
    oldest = dict(
        part.split("==")
        for part in install.wanted("oldest")
        if part.endswith(".*")
    )
    assert len(oldest) >= 7
    for name, floor in oldest.items():
        low = [int(n) for n in floor.removesuffix(".*").split(".")]
        assert low <= [int(n) for n in pins()[name].split(".")], name


def test_the_lanes_install_what_their_names_say():
    assert "torch" in install.wanted("newest")
    assert "torch==2.6.*" in install.wanted("oldest")
    assert "jupyterlab" in install.wanted("oldest")
    assert install.wanted("pinned")[0] == "-r"
