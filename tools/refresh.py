"""Execute and normalise the stored notebooks, and write what is generated.

    make refresh                     what is stale: execute, store the outputs
    python -m tools.refresh --all    every notebook
    python -m tools.refresh FILE...  these alone; with --anew also what their
                                     volatile cells say
    python -m tools.refresh --check  does what is stored belong to the code?

What repeats the table of contents, the measured times or the address is
written anew in any case (tools/generated.py), and so are the drawings
(tools/drawings/). Executing again on the same
machine changes no byte: widget ids, time stamps and the state of progress
bars are left out. A cell tagged `volatile` (its
output differs from run to run) keeps the stored output until its code or
that of a cell before it changes, and so does a `gpu` cell where there is no
GPU, and a cell tagged with an optional group that is not installed.
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
from tools import drawings, generated
from tools.contents import ContentsError, load, misplaced, renumber
from tools.notebook_files import (
    absent_groups,
    as_stored,
    code_cells,
    code_hash,
    fixed_cells,
    read,
    tags,
)

KEPT_METADATA = {"tags", "jupyter", "cellView"}
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
        # Its warning about TCP is nothing to alarm a maintainer with.
        extra_arguments=["--log-level=ERROR"],
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
    fixed = {"volatile", *absent_groups()}
    if not torch.cuda.is_available():
        fixed.add("gpu")
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


def refresh(path, anew=False):
    """Execute, normalise, store; returns whether the file changed.

    anew: take the new outputs of volatile cells too
    """
    stored = read(path)
    notebook = execute(path)
    if not anew:
        keep_volatile(notebook, stored)
    text = as_stored(normalise(notebook))
    changed = text != path.read_text(encoding="utf-8")
    if changed:
        path.write_text(text, encoding="utf-8", newline="\n")
    return changed


def main():
    parser = argparse.ArgumentParser(
        prog="python -m tools.refresh", description=__doc__.splitlines()[0]
    )
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--all", action="store_true", help="every notebook")
    parser.add_argument("--anew", action="store_true", help="volatile cells")
    parser.add_argument("--check", action="store_true", help="change nothing")
    arguments = parser.parse_args()
    if arguments.check:
        return check(arguments.files)
    for path in renumber(load()):
        print("moved  ", path.name, flush=True)
    for path in drawings.write():
        print("drawn  ", path.name, flush=True)
    failed = False
    everything = arguments.files or arguments.all
    for path in arguments.files or [chapter.path for chapter in load()]:
        if not everything and is_current(path):
            print("current", path.name, flush=True)
            continue
        try:
            changed = refresh(path, arguments.anew)
            print("changed" if changed else "same   ", path.name, flush=True)
        except CellExecutionError as error:
            failed = True
            print(f"stopped {path.name}; nothing stored.\n{error}")
    for path in generated.write():
        print("written", path.name)
    return int(failed)


def check(files=()):
    """Say what is stale; 1 if anything is, else 0."""
    moves = misplaced(load())
    for old, new in moves:
        print(f"misplaced {old.name}: its number is that of {new.name}")
    if moves:
        print("`make refresh` brings all of it up to date.")
        return 1
    paths = list(files) or [chapter.path for chapter in load()]
    stale = [path for path in paths if not is_current(path)]
    for path in paths:
        print("stale  " if path in stale else "current", path.name)
    outdated = generated.outdated()
    for path in outdated:
        print("outdated", path.name)
    if stale or outdated:
        print("`make refresh` brings all of it up to date.")
    return int(bool(stale or outdated))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (ContentsError, generated.GeneratedError) as error:
        sys.exit(str(error))
