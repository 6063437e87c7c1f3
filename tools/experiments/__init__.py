"""Experiments that are too long for a notebook, and what they gave.

A module holds the experiments of one topic; `records/NAME.json` holds what
an experiment gave and how it was made (command, versions, machine), one row
a run. A notebook shows the record as recorded; a test repeats a row of it.

    python -m tools.experiments data-size
"""

import datetime
import importlib
import json
import pkgutil
import platform

from helpers.recorded import RECORDS
from tools.machine import describe

NEEDS_GPU = {"gpu"}


def experiments():
    """{name: function} of every experiment, topic by topic."""
    found = {}
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        if module.name.endswith("__main__"):
            continue
        own = getattr(importlib.import_module(module.name), "EXPERIMENTS", {})
        if not own or found.keys() & own.keys():
            raise RuntimeError(
                f'{module.name} needs EXPERIMENTS = {{"name": function}}, '
                "with names that no other module has"
            )
        found |= own
    return found


def command_of(name):
    return f"python -m tools.experiments {name}"


def write_record(name, experiment, command=None, **more):
    """Run an experiment; write its rows, how they were made, and more."""
    import torch

    content = {
        "what": experiment.__doc__,
        "command": command or command_of(name),
        "recorded": datetime.date.today().isoformat(),
        "machine": describe(),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
        },
        **more,
        "rows": experiment(),
    }
    RECORDS.mkdir(exist_ok=True)
    (RECORDS / f"{name}.json").write_text(
        json.dumps(content, indent=1) + "\n", encoding="utf-8"
    )
