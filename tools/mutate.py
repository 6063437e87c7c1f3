"""Put faults into the engine, one at a time: do its tests notice?

    make mutants                       every fault, minutes
    python -m tools.mutate conv2d      those in one function or class

The faults are generated from the syntax tree of helpers/engine.py: operators
swapped, constants changed, signs turned, comparisons and conditions
reversed, arguments dropped, `unbroadcast` left out, sums overwritten,
statements removed. Each faulty engine exists in the memory of a fresh
process only, where tests/helpers/test_engine.py runs against it until its
first failure (but for what is slow there). Faults that survive are listed,
with the reason why they may, in tests/engine_survivors.json.
"""

import ast
import copy
import importlib
import importlib.util
import json
import multiprocessing
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["ENGINE_TESTS"] = "mutants"

ROOT = Path(__file__).resolve().parent.parent
ENGINE = ROOT / "helpers" / "engine.py"
TESTS = ROOT / "tests" / "helpers" / "test_engine.py"
SURVIVORS = ROOT / "tests" / "engine_survivors.json"
TIME_LIMIT = 120  # seconds; a fault that makes the engine loop is noticed
SLOW = "chain or bigmodel"  # the latter only for faults in bigmodel

OPERATORS = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.MatMult: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}


def swapped(operator):
    return OPERATORS[type(operator)]()


def changes(node):
    """Every faulty node to put in this one's place; None removes it."""
    if isinstance(node, ast.BinOp | ast.AugAssign | ast.BoolOp):
        if type(node.op) in OPERATORS:
            yield with_(node, op=swapped(node.op))
        if isinstance(node, ast.BinOp):  # the second operand forgotten
            yield node.left
    if isinstance(node, ast.BoolOp):
        yield from node.values
    if isinstance(node, ast.AugAssign):  # a gradient overwritten
        yield ast.Assign([node.target], node.value, lineno=node.lineno)
    if isinstance(node, ast.Compare):
        yield with_(node, ops=[swapped(op) for op in node.ops])
    if isinstance(node, ast.UnaryOp):  # a sign, `not`, `~`
        yield node.operand
    if isinstance(node, ast.IfExp):
        yield node.body
        yield node.orelse
    if isinstance(node, ast.If | ast.While):
        yield with_(node, test=ast.UnaryOp(ast.Not(), node.test))
    if isinstance(node, ast.Constant):
        if isinstance(node.value, bool):
            yield ast.Constant(not node.value)
        elif isinstance(node.value, int | float):
            yield ast.Constant(node.value + 1)
    if isinstance(node, ast.Call):
        if getattr(node.func, "id", "") == "unbroadcast":
            yield node.args[0]  # a broadcast that is not undone
        if getattr(node.func, "id", "") == "reversed":
            yield node.args[0]
        for i in range(len(node.keywords)):
            kept = node.keywords[:i] + node.keywords[i + 1 :]
            yield with_(node, keywords=kept)
    if isinstance(node, ast.Return) and node.value:
        yield ast.Return(None)
    if isinstance(
        node, ast.Expr | ast.Assign | ast.AugAssign | ast.Raise | ast.Continue
    ):
        yield ast.Pass()


def with_(node, **fields):
    node = copy.copy(node)
    for name, value in fields.items():
        setattr(node, name, value)
    return node


def is_text(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def places(node, name=""):
    """Each (function, node, parent, field, index) that a fault could take.

    What only words a message is left out: the tests look at its facts.
    """
    for field, value in ast.iter_fields(node):
        listed = isinstance(value, list)
        for index, child in enumerate(value if listed else [value]):
            if not isinstance(child, ast.AST) or is_text(child):
                continue
            if isinstance(child, ast.JoinedStr):
                continue
            if isinstance(child, ast.Expr) and is_text(child.value):
                continue  # a docstring
            inner = name
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                inner = f"{name}.{child.name}".lstrip(".")
            if inner:
                yield inner, child, node, field, index if listed else None
            yield from places(child, inner)


def put(parent, field, index, node):
    if index is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[index] = node


def brief(node, field=None):
    if isinstance(node, ast.If | ast.While):
        text = f"if {ast.unparse(node.test)}:"
    elif isinstance(node, ast.FunctionDef):
        text = f"def {node.name}"
    else:
        text = ast.unparse(ast.fix_missing_locations(copy.deepcopy(node)))
    return " ".join(text.split())


def statement_of(node, parents):
    while not isinstance(node, ast.stmt):
        node = parents[node]
    return node


def mutants(source):
    """{name: source} of every fault: function, statement, what became what.

    Names hold no line numbers, so that they stay while the rest changes; a
    second fault of the same name gets a number.
    """
    tree = ast.parse(source)
    parents = {
        child: node
        for node in ast.walk(tree)
        for child in ast.iter_child_nodes(node)
    }
    found, sources = {}, set()
    for function, node, parent, field, index in list(places(tree)):
        if not isinstance(node, ast.expr | ast.stmt):
            continue
        statement = brief(statement_of(node, parents))
        for change in changes(node):
            put(parent, field, index, change)
            try:
                mutant = ast.unparse(ast.fix_missing_locations(tree))
            finally:
                put(parent, field, index, node)
            name = f"{function}: {brief(node)} -> {brief(change)}"
            if brief(node) != statement:
                name += f"  [{statement[:60]}]"
            unique, number = name, 2
            while unique in found:
                unique, number = f"{name} ({number})", number + 1
            if mutant not in sources:
                found[unique] = mutant
                sources.add(mutant)
    return found


def run_tests(source, name):
    """In a fresh process: exit with pytest's code against this engine."""
    import pytest

    os.setpgrp()
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    spec = importlib.util.spec_from_loader("helpers.engine", loader=None)
    engine = importlib.util.module_from_spec(spec)
    sys.modules["helpers.engine"] = engine
    arguments = [str(TESTS), "-x", "-q", "-p", "no:cacheprovider"]
    chosen = "bigmodel" if name.startswith("bigmodel") else f"not ({SLOW})"
    arguments += ["-k", chosen]
    try:
        exec(compile(source, "mutant", "exec"), engine.__dict__)
        code = pytest.main([*arguments, "--rootdir", str(ROOT)])
    except BaseException:
        code = 1
    os._exit(int(code))


def caught(source, name=""):
    """Does a test fail, or does it take too long?"""
    context = multiprocessing.get_context("fork")
    process = context.Process(target=run_tests, args=(source, name))
    process.start()
    process.join(TIME_LIMIT)
    if process.is_alive():
        process.kill()
        process.join()
    return process.exitcode != 0


def warm_up():
    """Import once what every process needs, but not the engine."""
    for name in ("hypothesis.extra.numpy", "nbval.plugin", "helpers.model"):
        importlib.import_module(name)
    import torch

    torch.set_num_threads(1)
    assert "helpers.engine" not in sys.modules


def survey(source, only=""):
    """{name: caught} of every fault whose name begins with `only`."""
    warm_up()
    if caught(source) or caught(source, "bigmodel"):
        raise RuntimeError(f"{TESTS.name} fails without any fault: mend it")
    chosen = {n: s for n, s in mutants(source).items() if n.startswith(only)}
    results = {}
    with ThreadPoolExecutor(2) as pool:
        outcomes = pool.map(caught, chosen.values(), chosen)
        for name, outcome in zip(chosen, outcomes, strict=True):
            results[name] = outcome
            if not outcome:
                print(f"survived: {name}", flush=True)
    return results


def main():
    start = time.time()
    results = survey(ENGINE.read_text(encoding="utf-8"), *sys.argv[1:2])
    argued = json.loads(SURVIVORS.read_text(encoding="utf-8"))
    alive = [name for name, was_caught in results.items() if not was_caught]
    print(
        f"{len(results) - len(alive)} of {len(results)} faults caught "
        f"({1 - len(alive) / max(len(results), 1):.1%}) "
        f"in {time.time() - start:.0f} s"
    )
    unargued = [name for name in alive if name not in argued]
    print(
        "without an argument in tests/engine_survivors.json:",
        *unargued,
        sep="\n",
    )
    sys.exit(bool(unargued))


if __name__ == "__main__":
    main()
