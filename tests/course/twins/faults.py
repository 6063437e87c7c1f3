"""Small changes to what a notebook shows: the comparison must notice them.

An operator, a constant or a sign at a time. Left alone are texts, what is
raised and the conditions for it, because a lesson need not refuse what the
helper refuses; and default values, of which some only say how much is done
at once.
"""

import ast
import copy
from typing import NamedTuple

from tests.course.twins import shown

OPERATORS = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Add,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}


class Fault(NamedTuple):
    words: str  # what became what
    number: int  # of the statement it is in
    code: object  # of the faulty statement


def changed(node):
    """A faulty node to put in this one's place, or None."""
    if isinstance(node, (ast.BinOp, ast.AugAssign, ast.BoolOp)):
        other = OPERATORS.get(type(node.op))
        return other and with_(node, op=other())
    if isinstance(node, ast.Compare):
        other = OPERATORS[type(node.ops[0])]
        return with_(node, ops=[other(), *node.ops[1:]])
    if isinstance(node, ast.UnaryOp):  # a sign, `not`, `~`
        return node.operand
    if isinstance(node, ast.Constant):
        if isinstance(node.value, bool):
            return with_(node, value=not node.value)
        if isinstance(node.value, (int, float)):
            return with_(node, value=node.value + 1)
    return None


def with_(node, **fields):
    node = copy.copy(node)
    for name, value in fields.items():
        setattr(node, name, value)
    return node


def places(node):
    """(parent, field, index) of each node that may take a fault."""
    for field, value in ast.iter_fields(node):
        if field in ("args", "annotation", "returns") and not isinstance(
            node, ast.Call
        ):
            continue  # parameters with their default values
        for index, child in enumerate(
            value if isinstance(value, list) else [value]
        ):
            if not isinstance(child, ast.AST) or spared(child):
                continue
            yield node, field, index if isinstance(value, list) else None
            yield from places(child)


def spared(node):
    return isinstance(node, (ast.Raise, ast.JoinedStr)) or is_refusal(node)


def is_refusal(node):
    """`if ...: raise ...` or a call of `check_...`."""
    if isinstance(node, ast.If):
        return isinstance(node.body[-1], ast.Raise)
    call = node.value if isinstance(node, ast.Expr) else None
    return isinstance(call, ast.Call) and ast.unparse(call).startswith(
        "check_"
    )


class Trusting(ast.NodeTransformer):
    """Takes out what refuses an input."""

    def generic_visit(self, node):
        if is_refusal(node):
            return ast.copy_location(ast.Pass(), node)
        return super().generic_visit(node)


def trusting(about):
    """A `Shown` that refuses nothing, and the names where that is new."""
    found, numbers = [], set()
    for number, (statement, code) in enumerate(shown.statements(about)):
        if isinstance(statement.node, shown.DEFINITION):
            node = Trusting().visit(copy.deepcopy(statement.node))
            if ast.unparse(node) != ast.unparse(statement.node):
                numbers.add(number)
                code = shown.Statement(node, statement.place).code()
        found.append((statement, code))
    result = shown.run_all(about, found)
    return result, {n for n, k in result.made.items() if k in numbers}


def faults(about, name):
    """Every Fault of a twin as the notebook shows it, in order."""
    number = shown.shown(about).made.get(name)
    if number is None:  # another test says so
        return
    statement, _ = shown.statements(about)[number]
    tree = copy.deepcopy(statement.node)
    top = definition(tree, name)
    for parent, field, index in places(top) if top else ():
        held = getattr(parent, field)
        node = held if index is None else held[index]
        faulty = changed(node)
        if faulty is None:
            continue
        put(parent, field, index, faulty)
        code = shown.Statement(tree, f"{statement.place}, faulty").code()
        put(parent, field, index, node)
        line = getattr(node, "lineno", top.lineno) - top.lineno
        words = f"{ast.unparse(node)} -> {ast.unparse(faulty)}"
        yield Fault(f"{name}, line {line}: {words}", number, code)


def definition(tree, name):
    """The function or class of this name in its statement, if it has one."""
    last = name.rpartition(".")[2]
    for node in ast.walk(tree):
        if isinstance(node, shown.DEFINITION) and node.name == last:
            return node
    return None


def put(parent, field, index, node):
    if index is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[index] = node
