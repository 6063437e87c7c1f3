"""Execute and normalise the stored notebooks.

    make refresh                     execute every notebook, store its outputs
    python tools/refresh.py FILE...  these alone
    python tools/refresh.py --check  does what is stored belong to the code?

Executing again on the same machine changes no byte: widget ids, time stamps
and the state of progress bars are left out. A cell tagged `volatile` (its
output differs from run to run) keeps the stored output until its code or
that of a cell before it changes, and so does a `gpu` cell where there is no
GPU.
"""

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ["TQDM_DISABLE"] = "1"  # no progress bar among the outputs

import nbformat
import torch
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from helpers.figures import RUN_ME, VIEW
from notebooks import NOTEBOOKS, code_cells, code_hash, fixed_cells, read, tags

KEPT_METADATA = {"tags", "jupyter"}
METADATA = {
    "kernelspec": {
        "display_name": "Python 3",
        "language": "python",
        "name": "python3",
    },
    "language_info": {"name": "python"},
}


def client(notebook, folder, **options):
    """What runs a notebook as if it stood in the folder."""
    return NotebookClient(
        notebook,
        timeout=1200,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
        **options,
    )


def execute(path):
    """The notebook run from top to bottom in its own folder."""
    notebook = read(path)
    client(notebook, path.parent).execute()
    return notebook


def keep_volatile(notebook, stored):
    """Put back the stored outputs of cells that differ at every run."""
    kept = {
        cell.metadata["source_hash"]: cell.outputs
        for cell in code_cells(stored)
        if "source_hash" in cell.metadata
    }
    fixed = {"volatile"} if torch.cuda.is_available() else {"volatile", "gpu"}
    for cell, source_hash in fixed_cells(notebook):
        if tags(cell) & fixed:
            cell.outputs = kept.get(source_hash, cell.outputs)


def normalise(notebook):
    """Leave out whatever differs between two runs of the same code."""
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.metadata["code_hash"] = code_hash(notebook)
    notebook.nbformat_minor = 5
    for number, cell in enumerate(code_cells(notebook), start=1):
        cell.execution_count = number
        cell.outputs = [
            output
            for output in map(_plain, _merged(cell.outputs))
            if output is not None
        ]
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = number
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict(
            {k: v for k, v in cell.metadata.items() if k in KEPT_METADATA}
        )
    for cell, source_hash in fixed_cells(notebook):
        cell.metadata["source_hash"] = source_hash
    return notebook


def _merged(outputs):
    """Neighbouring pieces of one stream as one: their number is chance."""
    merged = []
    for output in outputs:
        last = merged[-1] if merged else None
        if (
            last is not None
            and output.output_type == "stream" == last.output_type
            and output.name == last.name
        ):
            last.text += output.text
        else:
            merged.append(output)
    return merged


def _plain(output):
    """The output without its widget, or None if it was nothing else."""
    data = output.get("data", {})
    if VIEW in data:
        if data.get("text/plain") != RUN_ME:
            return None  # a widget that is no figure says nothing at rest
        output.data = nbformat.from_dict({"text/plain": RUN_ME})
    if output.output_type == "error":
        output.traceback = [f"{output.ename}: {output.evalue}"]
    return output


def is_current(path):
    """Whether the stored outputs belong to the present code."""
    notebook = read(path)
    return notebook.metadata.get("code_hash") == code_hash(notebook) and all(
        cell.metadata.get("source_hash") == source_hash
        for cell, source_hash in fixed_cells(notebook)
    )


def refresh(path):
    """Execute, normalise, store; returns whether the file changed."""
    stored = read(path)
    notebook = execute(path)
    keep_volatile(notebook, stored)
    text = nbformat.writes(normalise(notebook)) + "\n"
    changed = text != path.read_text(encoding="utf-8")
    if changed:
        path.write_text(text, encoding="utf-8")
    return changed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    failed = False
    for path in arguments.files or NOTEBOOKS:
        if arguments.check:
            current = is_current(path)
            failed |= not current
            print("current" if current else "stale  ", path.name)
            continue
        try:
            print("changed" if refresh(path) else "same   ", path.name)
        except CellExecutionError as error:
            failed = True
            print(f"stopped {path.name}; nothing stored.\n{error}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
