"""The course's notebooks as tools and tests see them."""

import hashlib
import os
import re
from pathlib import Path

import nbformat

from helpers.figures import DRAWINGS
from helpers.recorded import RECORDS
from helpers.requirements import missing_of
from tools.fingerprint import fingerprint

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def read(path):
    return nbformat.read(path, 4)


def groups():
    """The optional groups of packages; a cell that needs one is tagged so."""
    files = ROOT.glob("requirements-*.txt")
    return {file.stem.removeprefix("requirements-") for file in files}


def absent_groups():
    """The optional groups that this environment does without."""
    refused = os.environ.get("COURSE_WITHOUT", "").split()
    return {g for g in groups() if g in refused or missing_of(g)}


def as_stored(notebook):
    """The text of a notebook's file."""
    return nbformat.writes(notebook) + "\n"


def topic(path):
    """What a notebook is about: its file's name without the number."""
    return Path(path).stem.partition("_")[2]


def tags(cell):
    return set(cell.metadata.get("tags", []))


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs_depend_on(notebook):
    """The code cells but for the set-up cell, which prints nothing and holds
    the course's address."""
    return [cell for cell in code_cells(notebook) if "setup" not in tags(cell)]


def fixed_cells(notebook):
    """Pairs of a cell whose output is kept (`volatile`, `gpu`, or a group
    of optional packages) and a hash that changes with its code, or with that
    of any cell before it."""
    digest = hashlib.sha256()
    for cell in outputs_depend_on(notebook):
        if "exercise" in tags(cell):
            continue  # no later cell uses an answer
        digest.update(cell.source.encode() + b"\0")
        if tags(cell) & {"volatile", "gpu", *groups()}:
            yield cell, digest.hexdigest()[:16]


def code_hash(notebook):
    """Changes with the code of the notebook, and of the helpers it uses,
    and with the recorded experiments and the drawings that it shows.

    Comments and docstrings of the helpers do not count, and neither does
    layout: nothing they say changes an output. The same on every Python.
    """
    sources = [cell.source for cell in outputs_depend_on(notebook)]
    digest = hashlib.sha256("\0".join(sources).encode())
    for path in sorted(_helpers_used(sources)):
        source = path.read_text(encoding="utf-8")
        digest.update(fingerprint(source).encode())
    for path in sorted(_records_shown(notebook)):
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    for path in sorted(_drawings_shown(sources)):
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]


def _drawings_shown(sources):
    """The drawings that sources display."""
    for source in sources:
        for name in re.findall(r'\bdrawing\("(\w+)"\)', source):
            path = DRAWINGS / f"{name}.svg"
            if path.is_file():
                yield path


def _records_shown(notebook):
    """The recorded experiments that cells read whose outputs are compared."""
    for cell in outputs_depend_on(notebook):
        if not tags(cell) & {"volatile", "gpu"}:
            for name in re.findall(r'load_record\("([\w-]+)"\)', cell.source):
                path = RECORDS / f"{name}.json"
                if path.is_file():
                    yield path


def _helpers_used(sources):
    """The files of helpers that sources import, and those these import."""
    used, waiting = set(), list(sources)
    while waiting:
        for path in set(_imported(waiting.pop())) - used:
            used.add(path)
            waiting.append(path.read_text(encoding="utf-8"))
    return used


def _imported(source):
    """The files in helpers/ that the import lines of a source name."""
    folder = ROOT / "helpers"
    for package, names in re.findall(
        r"\bhelpers((?:\.\w+)*)(?: import (\([^)]*\)|[^\n]*))?", source
    ):
        place = folder.joinpath(*package.split(".")[1:])
        candidates = [place.with_suffix(".py"), place / "__init__.py"]
        candidates += [
            place / f"{name}.py" for name in re.findall(r"\w+", names)
        ]
        yield from (path for path in candidates if path.is_file())
