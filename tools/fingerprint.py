"""What identifies code, on every version of Python the same."""

import ast
import hashlib

DOCUMENTED = (
    ast.Module,
    ast.ClassDef,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
)


def fingerprint(source):
    """A hash of Python code that comments, docstrings and layout leave alone.

    `ast.dump` will not do: Python 3.12 added fields to its nodes, and 3.13
    leaves out the empty ones. What is empty says nothing, so it is left out
    here in every version.
    """
    tree = without_docstrings(ast.parse(source))
    return hashlib.sha256(repr(_plain(tree)).encode()).hexdigest()[:16]


def without_docstrings(tree):
    """The syntax tree without docstrings, changed in place and returned."""
    for node in ast.walk(tree):
        if (
            isinstance(node, DOCUMENTED)
            and ast.get_docstring(node, clean=False) is not None
        ):
            node.body = node.body[1:]
    return tree


def _plain(node):
    """A syntax tree as nested tuples, without what is empty."""
    if isinstance(node, list):
        return tuple(map(_plain, node))
    if isinstance(node, ast.Constant):
        return "Constant", repr(node.value)  # None and False say something
    if isinstance(node, ast.JoinedStr):
        # Python 3.12.1 ends some f-strings with an empty text.
        parts = [part for part in node.values if not _is_empty_text(part)]
        return "JoinedStr", _plain(parts)
    if isinstance(node, ast.AST):
        fields = [(name, _plain(v)) for name, v in ast.iter_fields(node)]
        kept = sorted(pair for pair in fields if pair[1] not in (None, (), ""))
        return type(node).__name__, *kept
    return node


def _is_empty_text(node):
    return isinstance(node, ast.Constant) and node.value == ""
