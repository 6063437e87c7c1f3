"""Chapter 3 shows the whole engine, and what it shows is helpers.engine."""

import ast
import re

from notebooks import ROOT, code_cells, read, tags, without_docstrings

NOTEBOOK = ROOT / "notebooks" / "03_backpropagation.ipynb"
FUNCTION = (ast.FunctionDef,)


def engine():
    """{"Class.method" or "function": syntax} of all that helpers.engine has.

    Attributes of a class (`__radd__ = __add__`) count as well.
    """
    source = (ROOT / "helpers" / "engine.py").read_text(encoding="utf-8")
    found = {}
    for node in without_docstrings(ast.parse(source)).body:
        if isinstance(node, FUNCTION):
            found[node.name] = ast.dump(node)
        if isinstance(node, ast.ClassDef):
            found |= _of_class(node)
    return found


def _of_class(node):
    found = {}
    for part in node.body:
        if isinstance(part, FUNCTION):
            found[f"{node.name}.{part.name}"] = ast.dump(part)
        elif isinstance(part, ast.Assign):
            for target in part.targets:
                found[f"{node.name}.{target.id}"] = None
    return found


def shown():
    """The same of the notebook's cells: classes, functions, attached ones."""
    found, functions = {}, {}
    for cell in code_cells(read(NOTEBOOK)):
        if tags(cell) & {"exercise", "setup"}:
            continue
        source = re.sub(r"^%.*$", "pass", cell.source, flags=re.MULTILINE)
        for node in without_docstrings(ast.parse(source)).body:
            if isinstance(node, FUNCTION):
                functions[node.name] = ast.dump(node)
            elif isinstance(node, ast.ClassDef):
                found |= _of_class(node)
            else:
                found |= _attached(node, functions)
    return functions | found


def _attached(node, functions):
    """What `attach(Value, f, g)` or `Value.f = ...` gives to a class."""
    found = {}
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        called, *given = map(ast.unparse, [node.value.func, *node.value.args])
        if called == "attach":
            name, *given = given
            found = {f"{name}.{f}": functions[f] for f in given}
    if isinstance(node, ast.Assign):
        for target in ast.walk(node):
            if isinstance(target, ast.Attribute) and isinstance(
                target.ctx, ast.Store
            ):
                found[ast.unparse(target)] = None
    return found


def test_the_notebook_shows_the_whole_engine():
    missing = engine().keys() - shown().keys()
    assert not missing, f"the notebook does not show {sorted(missing)}"


def test_what_it_shows_is_the_engine():
    held, in_notebook = engine(), shown()
    differ = [
        name
        for name in held.keys() & in_notebook.keys()
        if held[name] != in_notebook[name]
    ]
    assert not differ, f"not the code of helpers.engine: {sorted(differ)}"
    assert len(held.keys() & in_notebook.keys()) > 50


def test_both_would_notice():
    """A change of a single sign in the engine must not pass."""
    held = engine()
    name = "Tensor.tanh"
    changed = held[name].replace("Sub()", "Add()")
    assert changed != held[name] == shown()[name]
