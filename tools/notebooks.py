"""The course's notebooks as tools and tests see them."""

import ast
import hashlib
import re
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def read(path):
    return nbformat.read(path, 4)


def tags(cell):
    return set(cell.metadata.get("tags", []))


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def fixed_cells(notebook):
    """Pairs of a cell whose output is kept (`volatile`, `gpu`) and a hash
    that changes with its code, or with that of any cell before it."""
    digest = hashlib.sha256()
    for cell in code_cells(notebook):
        if "exercise" in tags(cell):
            continue  # no later cell uses an answer
        digest.update(cell.source.encode() + b"\0")
        if tags(cell) & {"volatile", "gpu"}:
            yield cell, digest.hexdigest()[:16]


def code_hash(notebook):
    """Changes with the code of the notebook, and of the helpers it uses.

    Comments and docstrings of the helpers do not count, and neither does
    layout: nothing they say changes an output.
    """
    sources = [cell.source for cell in code_cells(notebook)]
    digest = hashlib.sha256("\0".join(sources).encode())
    for name in sorted(_helpers_used(sources)):
        digest.update(_bare_syntax(ROOT / "helpers" / f"{name}.py").encode())
    return digest.hexdigest()[:16]


def _helpers_used(sources):
    """The helpers modules that sources import, and those that these import."""
    known = {path.stem for path in (ROOT / "helpers").glob("*.py")}
    found, waiting = set(), list(sources)
    while waiting:
        names = set(
            re.findall(r"\bhelpers(?:\.| import )(\w+)", waiting.pop())
        )
        for name in (names & known) - found:
            found.add(name)
            waiting.append((ROOT / "helpers" / f"{name}.py").read_text())
    return found


def _bare_syntax(path):
    return ast.dump(without_docstrings(ast.parse(path.read_text())))


def without_docstrings(tree):
    """The syntax tree without docstrings, changed in place and returned."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    for node in ast.walk(tree):
        if isinstance(node, kinds) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return tree
