"""The machine that something is measured on: what it is, and who uses it."""

import os
import platform
import re
import time
from pathlib import Path

import psutil

QUIET = 0.15  # cores that others may keep busy while something is measured


def describe():
    """The machine in words, without its name."""
    import torch

    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        models = [
            line.split(":", 1)[1].strip()
            for line in cpuinfo.read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ]
        name = models[0] if models else name
    return f"{name}, {os.cpu_count()} cores, {torch.get_num_threads()} threads"


def peak_memory(pid):
    """Peak resident memory of a process, in MiB; 0 if it is gone."""
    status = Path(f"/proc/{pid}/status")
    try:
        if status.exists():  # Linux keeps the peak itself
            text = status.read_text(encoding="utf-8", errors="replace")
            return int(re.search(r"VmHWM:\s+(\d+) kB", text)[1]) / 1024
        return psutil.Process(pid).memory_info().rss / 2**20
    except (psutil.Error, OSError, TypeError):
        return 0


def busy_seconds():
    """Core-seconds that the whole machine has worked since it started."""
    times = psutil.cpu_times()._asdict()
    resting = ("idle", "iowait")
    # Linux counts the time of guests under user and nice already.
    left_out = (*resting, "guest", "guest_nice")
    return sum(t for name, t in times.items() if name not in left_out)


class Busy(RuntimeError):
    """Others use the machine; the message says what to do."""


def others(seconds=3):
    """How many cores other processes keep busy, measured for some seconds."""
    begin, start = busy_seconds(), time.perf_counter()
    time.sleep(seconds)
    return (busy_seconds() - begin) / (time.perf_counter() - start)


def require_quiet(cores, when):
    """Raise Busy if other processes kept more than QUIET cores busy."""
    if cores > QUIET:
        raise Busy(
            f"Nothing is recorded: {when}, other programs kept "
            f"{cores:.1f} cores busy (at most {QUIET} may be). Close them, "
            "wait until the machine is idle, and run the same command again."
        )
