"""The ledger: what each notebook takes to run, measured on a quiet machine.

    make ledger                     the notebooks that changed since
    python -m tools.ledger --all    every notebook (about 15 minutes)
    python -m tools.ledger FILE...  these

Each notebook is run twice: once as it is, for seconds, memory and processor
time, and once with torch's operations counted, which would slow the clock.
After each the record is written, so that a run that was stopped goes on
where it was. A record of another machine starts anew. Where other programs
keep the machine busy, before a notebook or while it runs, nothing is
recorded. What repeats these numbers is written from the record.
"""

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import psutil
import torch
from nbformat.v4 import new_code_cell
from torch.nn import functional as F

from helpers.data import DataError
from helpers.model import BigModel
from helpers.recorded import load_record
from tools import generated
from tools.contents import load
from tools.experiments import write_record
from tools.machine import (
    Busy,
    busy_seconds,
    describe,
    others,
    peak_memory,
    require_quiet,
)
from tools.notebook_files import code_cells, code_hash, read, tags, topic
from tools.refresh import client

COMMAND = "python -m tools.ledger"

# Run in the kernel before the notebook and after it. As FlopCounterMode, but
# without its look at modules, which the notebooks' own hooks could meet.
COUNT = """\
def _count():
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils.flop_counter import flop_registry

    class Counter(TorchDispatchMode):
        total = 0

        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            kwargs = kwargs or {}
            count = flop_registry.get(function._overloadpacket)
            if count is None and function is not torch.ops.prim.device.default:
                with self:
                    parts = function.decompose(*args, **kwargs)
                if parts is not NotImplemented:
                    return parts
            result = function(*args, **kwargs)
            # A tracer's tensors (torch.export) are of other classes: they
            # have a shape and compute nothing.
            real = (torch.Tensor, torch.nn.Parameter)
            if count is not None and type(args[0]) in real:
                self.total += count(*args, **kwargs, out_val=result)
            return result

    counter = Counter()
    counter.__enter__()
    return counter


_counter = _count()"""
TOLD = "print(_counter.total)"


def measure(path):
    """A row: what one run of the notebook takes, and what it computes.

    Raises Busy if other programs had a share in the machine meanwhile.
    """
    row = {"topic": topic(path), "code_hash": code_hash(read(path))}
    row |= time_and_memory(read(path), path.parent)
    require_quiet(row.pop("others"), f"while {path.name} ran")
    operations, failed = count(read(path), path.parent)
    return row | {"operations": operations, "failed_while_counted": failed}


def time_and_memory(notebook, folder):
    """Seconds, the kernel's start included; core-seconds and peak MiB of the
    kernel's process, its finished children's core-seconds included; and how
    many cores other programs kept busy."""
    used, own = {}, psutil.Process()

    def look(**_):
        kernel = psutil.Process(runner.km.provisioner.pid)
        core_seconds = sum(kernel.cpu_times()[:4])
        for child in kernel.children(recursive=True):
            core_seconds += sum(child.cpu_times()[:2])
        ours = core_seconds + sum(own.cpu_times()[:2]) - own_before
        elapsed = time.perf_counter() - begin
        used["others"] = (busy_seconds() - busy_before - ours) / elapsed
        used["core_seconds"] = round(core_seconds)
        used["MiB"] = round(peak_memory(kernel.pid))

    runner = client(notebook, folder, on_cell_executed=look)
    own_before, busy_before = sum(own.cpu_times()[:2]), busy_seconds()
    begin = time.perf_counter()
    runner.execute()
    return {"seconds": round(time.perf_counter() - begin)} | used


def count(notebook, folder):
    """Operations of torch, and how many cells could not be run counted."""
    notebook.cells.insert(0, new_code_cell(COUNT))
    notebook.cells.append(new_code_cell(TOLD))
    client(notebook, folder, allow_errors=True).execute()
    failed = [
        cell
        for cell in code_cells(notebook)
        if "raises-exception" not in tags(cell)
        and any(output.output_type == "error" for output in cell.outputs)
    ]
    (told,) = notebook.cells[-1].outputs
    return int(told.text), len(failed)


def training_rate(steps=15):
    """Images a second of BigModel's training step, as `Start here` takes it:
    batches of 64, the median step."""
    model, X = BigModel(), torch.rand(64, 3, 28, 28)
    adam = torch.optim.Adam(model.parameters())
    durations = []
    for _ in range(steps):
        begin = time.perf_counter()
        adam.zero_grad()
        F.cross_entropy(model(X), torch.zeros(64).long()).backward()
        adam.step()
        durations.append(time.perf_counter() - begin)
    return 64 / statistics.median(durations)


def stored():
    """The record, if it is of this machine and torch; else {"rows": []}."""
    try:
        record = load_record("ledger")
    except DataError:
        return {"rows": []}
    here = describe(), torch.__version__
    if (record["machine"], record["versions"]["torch"]) != here:
        return {"rows": []}
    return record


def stale(rows, chapters):
    """The notebooks whose code is not the one that was measured."""
    return [
        chapter.path
        for chapter in chapters
        if rows.get(chapter.topic, {}).get("code_hash")
        != code_hash(read(chapter.path))
    ]


def store(rows, rate, chapters):
    """Write the record, and all that repeats it."""

    def ledger():
        """Seconds, core-seconds, peak MiB and torch operations of each
        notebook, run from top to bottom on a quiet machine."""
        topics = [chapter.topic for chapter in chapters]
        return [rows[name] for name in topics if name in rows]

    write_record("ledger", ledger, COMMAND, images_per_second=round(rate))
    generated.write()


def main():
    parser = argparse.ArgumentParser(
        prog=COMMAND, description=__doc__.splitlines()[0]
    )
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--all", action="store_true", help="measure anew")
    arguments = parser.parse_args()
    chapters = load()
    record = {"rows": []} if arguments.all else stored()
    rows = {row["topic"]: row for row in record["rows"]}
    try:
        require_quiet(others(), "before the first notebook was started")
        rate = training_rate()
        for path in arguments.files or stale(rows, chapters):
            print(path.name, flush=True)
            rows[topic(path)] = measure(path.resolve())
            store(rows, rate, chapters)
    except Busy as busy:
        sys.exit(str(busy))
    for row in rows.values():
        print(f"{row['topic']:40}{row['seconds']:6} s{row['MiB']:8,} MiB")


if __name__ == "__main__":
    main()
