"""The compute ledger: what each notebook needs, as a table in the README.

    make bench                           what changed since it was measured
    python tools/bench_ledger.py --all   every notebook (about 15 minutes)
    python tools/bench_ledger.py FILE... these

Each notebook is run twice: once as it is, for seconds, memory and processor
time, and once with torch's operations counted, which would slow the clock.
After each the record and the table are written, so that a run that was
stopped goes on where it was. A record of another machine starts anew.
"""

import argparse
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import psutil
import torch
from nbformat.v4 import new_code_cell

import runs
from helpers.data import DataError
from helpers.records import label, load_record
from notebooks import NOTEBOOKS, ROOT, code_cells, code_hash, read, tags
from refresh import client

sys.path.insert(0, str(ROOT))
from conftest import peak_memory

README = ROOT / "README.md"
BEGIN, END = "<!-- ledger -->", "<!-- /ledger -->"
WATTS_A_CORE = 10  # a busy core and its share of the machine: an assumption
COMMAND = "python tools/bench_ledger.py"

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
    """A row: what one run of the notebook takes, and what it computes."""
    operations, failed = count(read(path), path.parent)
    row = {"notebook": path.name, "code_hash": code_hash(read(path))}
    row |= time_and_memory(read(path), path.parent)
    return row | {"operations": operations, "failed_while_counted": failed}


def time_and_memory(notebook, folder):
    """Seconds, the kernel's start included; core-seconds and peak MiB of the
    kernel's process, its finished children's core-seconds included."""
    used = {}

    def look(**_):
        pid = runner.km.provisioner.pid
        used["core_seconds"] = round(sum(psutil.Process(pid).cpu_times()[:4]))
        used["MiB"] = round(peak_memory(pid))

    runner = client(notebook, folder, on_cell_executed=look)
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


def table(record):
    """The record as a Markdown table, with what its columns mean."""
    lines = [
        "| notebook | seconds | peak memory | operations | energy |",
        "|---|---:|---:|---:|---:|",
    ]
    rows = record["rows"]
    total = {
        key: sum(row[key] for row in rows)
        for key in ("seconds", "core_seconds", "operations")
    }
    total["failed_while_counted"] = any(
        row["failed_while_counted"] for row in rows
    )
    total["MiB"] = max(row["MiB"] for row in rows)
    total["notebook"] = "all, one after another"
    for row in [*rows, total]:
        # A cell that cannot be counted makes the count a lower bound.
        bound = "over " if row["failed_while_counted"] else ""
        watt_hours = row["core_seconds"] * WATTS_A_CORE / 3600
        lines.append(
            f"| {row['notebook'].removesuffix('.ipynb')} | {row['seconds']} "
            f"| {row['MiB']:,} MiB | {bound}{row['operations']:.1e} "
            f"| {watt_hours:.2f} Wh |"
        )
    return "\n".join(
        [
            *lines,
            "",
            f"{label(record)} Operations are the additions and "
            "multiplications in torch's convolutions and matrix products, "
            "in the notebook's own process; those of NumPy are not counted. "
            f"The energy is an estimate: {WATTS_A_CORE} watts, an "
            "assumption, for each second that a core is busy.",
        ]
    )


def write_table(readme, record):
    """Put the table between the README's marks; ValueError without them."""
    text = readme.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"{readme.name} needs one {BEGIN} and one {END}")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    readme.write_text(
        f"{before}{BEGIN}\n\n{table(record)}\n\n{END}{after}",
        encoding="utf-8",
    )


def stored_rows():
    """{notebook: row} of the record, if it is of this machine and torch."""
    try:
        record = load_record("ledger")
    except DataError:
        return {}
    here = runs.machine(), torch.__version__
    if (record["machine"], record["versions"]["torch"]) != here:
        return {}
    return {row["notebook"]: row for row in record["rows"]}


def stale(rows):
    """The notebooks whose code is not the one that was measured."""
    return [
        path
        for path in NOTEBOOKS
        if rows.get(path.name, {}).get("code_hash") != code_hash(read(path))
    ]


def store(rows):
    """Write the record and the table."""

    def ledger():
        """Seconds, core-seconds, peak MiB and torch operations of each
        notebook, run from top to bottom."""
        names = [path.name for path in NOTEBOOKS]
        return [rows[name] for name in names if name in rows]

    runs.write_record("ledger", ledger, COMMAND)
    write_table(README, load_record("ledger"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--all", action="store_true", help="measure anew")
    arguments = parser.parse_args()
    rows = {} if arguments.all else stored_rows()
    for path in arguments.files or stale(rows):
        print(path.name, flush=True)
        rows[path.name] = measure(path.resolve())
        store(rows)
    if rows:
        print(table(load_record("ledger")))


if __name__ == "__main__":
    main()
