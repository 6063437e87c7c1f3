"""Record in data/runs/ the experiments that are too long for a notebook.

    make runs                          every experiment
    python tools/runs.py data-size     one of them

The experiments of a chapter stand in a module of their own. A record says
how it was made (command, versions, machine), and has one row for each run. A
notebook shows it as recorded; a test repeats a row.
"""

import argparse
import datetime
import importlib
import json
import os
import platform
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch

HERE = Path(__file__).resolve().parent
RUNS = HERE.parent / "data" / "runs"
EXPERIMENTS = {
    name: experiment
    for path in sorted(HERE.glob("experiments_ch*.py"))
    for name, experiment in importlib.import_module(
        path.stem
    ).EXPERIMENTS.items()
}
NEEDS_GPU = {"gpu"}


def machine():
    """The machine in words, without its name."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        models = [
            line.split(":", 1)[1].strip()
            for line in cpuinfo.read_text().splitlines()
            if line.startswith("model name")
        ]
        name = models[0] if models else name
    return f"{name}, {os.cpu_count()} cores, {torch.get_num_threads()} threads"


def write_record(name, experiment, command):
    """Run an experiment; write its rows and how they were made."""
    content = {
        "what": experiment.__doc__,
        "command": command,
        "recorded": datetime.date.today().isoformat(),
        "machine": machine(),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
        },
        "rows": experiment(),
    }
    RUNS.mkdir(exist_ok=True)
    (RUNS / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=", ".join(EXPERIMENTS)
    )
    names = parser.parse_args().names or [
        name
        for name in EXPERIMENTS
        if name not in NEEDS_GPU or torch.cuda.is_available()
    ]
    unknown = set(names) - set(EXPERIMENTS)
    if unknown:
        parser.error(
            f"no experiment {', '.join(sorted(unknown))}; "
            f"there are {', '.join(EXPERIMENTS)}"
        )
    for name in names:
        print(name, flush=True)
        write_record(name, EXPERIMENTS[name], f"python tools/runs.py {name}")


if __name__ == "__main__":
    main()
