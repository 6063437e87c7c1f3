"""How the course tests itself: every notebook by nbval, and without network.

A cell's tags decide: `volatile` is run but not compared, `gpu` is skipped
where there is no GPU, and the name of an optional group means run but not
compared where that is not installed. What `make test-all` adds is marked
`full`; what nothing may run beside, because it measures time, `alone`, and
so is every notebook.
"""

import os
import time
from collections import defaultdict
from pathlib import Path

import pytest
from nbval.plugin import IPyNbCell

import tests.offline.sitecustomize  # noqa: F401  this process, without network
from tools.machine import peak_memory
from tools.notebook_files import absent_groups, topic
from tools.times import ceiling, table

OFFLINE = Path(__file__).parent / "tests" / "offline"
# Two outputs may differ in these and still say the same.
SANITIZE = {r"0x[0-9a-f]{6,}": "ADDRESS"}

seconds = defaultdict(float)  # of each notebook that ran
mebibytes = defaultdict(float)


def pytest_addoption(parser):
    parser.addoption(
        "--full", action="store_true", help="also what takes minutes"
    )


def pytest_configure(config):
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(OFFLINE), os.environ.get("PYTHONPATH")])
    )
    os.environ["GIT_ALLOW_PROTOCOL"] = "file"
    os.environ["TQDM_DISABLE"] = "1"  # no progress bar among the outputs
    # A `make` that a test starts is not a part of the `make test` around it.
    for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "LANE", "PYTHON"):
        os.environ.pop(name, None)


def has_gpu():
    import torch

    return torch.cuda.is_available()


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(config, items):
    for item in items:
        if isinstance(item, IPyNbCell):
            prepare(item)
        elif "full" in item.keywords and not config.getoption("--full"):
            reason = "takes minutes: `make test-all` runs it"
            item.add_marker(pytest.mark.skip(reason=reason))


def prepare(cell):
    cell.add_marker("alone")
    cell.parent.sanitize_patterns.update(SANITIZE)
    tags = cell.cell.metadata.get("tags", [])
    if {"volatile", "gpu", *absent_groups()} & set(tags):
        cell.options["check"] = False
    if "gpu" in tags:
        cell.add_marker("gpu")
        if not has_gpu():
            cell.add_marker(pytest.mark.skip(reason="needs a CUDA GPU"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    start = time.perf_counter()
    yield
    if isinstance(item, IPyNbCell):
        seconds[item.path.name] += time.perf_counter() - start


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item):
    """Note the kernel's peak memory while it still lives."""
    if isinstance(item, IPyNbCell) and getattr(item.parent, "kernel", None):
        pid = item.parent.kernel.km.provisioner.pid
        name = item.path.name
        mebibytes[name] = max(mebibytes[name], peak_memory(pid))


def over_ceiling():
    """The notebooks that took more than their ceiling, in words."""
    return [
        f"{name}: {used[name]:.0f} {unit} is over its ceiling of "
        f"{ceiling(topic(name))[unit]:.0f}: make the notebook smaller, or "
        "measure it anew with `make ledger`"
        for name in seconds
        for used, unit in ((seconds, "seconds"), (mebibytes, "MiB"))
        if used[name] > ceiling(topic(name))[unit]
    ]


def pytest_sessionfinish(session, exitstatus):
    if over_ceiling() and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter):
    if not seconds:
        return
    terminalreporter.section("notebooks: what there is to read")
    for line in table():
        terminalreporter.line(line)
    terminalreporter.section("notebooks: time and peak memory")
    for name in sorted(seconds):
        limit = ceiling(topic(name))
        terminalreporter.line(
            f"{name:42}{seconds[name]:6.0f} s of {limit['seconds']:.0f} s"
            f"{mebibytes[name]:8.0f} MiB of {limit['MiB']:.0f} MiB"
        )
    for line in over_ceiling():
        terminalreporter.line(line, red=True)
