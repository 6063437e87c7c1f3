"""How the course tests itself: every notebook by nbval, and without network.

A cell's tags decide: `volatile` is run but not compared, `gpu` is skipped
where there is no GPU. What `make test-all` adds is marked `full`.
"""

import json
import os
import re
import time
from collections import defaultdict
from pathlib import Path

import psutil
import pytest
from nbval.plugin import IPyNbCell

ROOT = Path(__file__).parent
OFFLINE = ROOT / "tests" / "offline"
CEILINGS = json.loads((ROOT / "tests" / "ceilings.json").read_text())
TOLERATED = 3  # times a ceiling: the machines are noisy
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
    exec((OFFLINE / "sitecustomize.py").read_text(), {})


def has_gpu():
    import torch

    return torch.cuda.is_available()


def pytest_collection_modifyitems(config, items):
    for item in items:
        if isinstance(item, IPyNbCell):
            prepare(item)
        elif "full" in item.keywords and not config.getoption("--full"):
            reason = "takes minutes: `make test-all` runs it"
            item.add_marker(pytest.mark.skip(reason=reason))


def prepare(cell):
    cell.parent.sanitize_patterns.update(SANITIZE)
    tags = cell.cell.metadata.get("tags", [])
    if "volatile" in tags or "gpu" in tags:
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


def peak_memory(pid):
    """Peak resident memory of a process, in MiB; 0 if it is gone."""
    status = Path(f"/proc/{pid}/status")
    try:
        if status.exists():  # Linux keeps the peak itself
            peak = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
            return int(peak[1]) / 1024
        return psutil.Process(pid).memory_info().rss / 2**20
    except (psutil.Error, OSError, TypeError):
        return 0


def over_ceiling():
    """What ran more than the tolerated times over its ceiling."""
    return [
        f"{name}: {used[name]:.0f} {unit} is over {TOLERATED} times its "
        f"ceiling of {ceiling[unit]}"
        for name, ceiling in CEILINGS.items()
        for used, unit in ((seconds, "seconds"), (mebibytes, "MiB"))
        if used.get(name, 0) > TOLERATED * ceiling[unit]
    ]


def pytest_sessionfinish(session, exitstatus):
    if over_ceiling() and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter):
    if not seconds:
        return
    terminalreporter.section("notebooks: time and peak memory")
    for name in sorted(seconds):
        ceiling = CEILINGS.get(name, {})
        terminalreporter.line(
            f"{name:42}{seconds[name]:6.0f} s of {ceiling.get('seconds')} s"
            f"{mebibytes[name]:8.0f} MiB of {ceiling.get('MiB')} MiB"
        )
    for line in over_ceiling():
        terminalreporter.line(line, red=True)
