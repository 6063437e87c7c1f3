"""Put faults into a module of helpers, one at a time: do its tests notice?

    python -m tools.mutate engine                every fault, minutes
    python -m tools.mutate engine conv2d         in one function or class
    python -m tools.mutate training --sample 40  as many, drawn at random

The faults are generated from the syntax tree of the module: operators
swapped, constants changed, signs turned, comparisons and conditions
reversed, arguments dropped, sums overwritten, statements removed. Each faulty
module exists in the memory of a fresh process only, where its tests
(tests/helpers/test_NAME.py) run against it until the first failure. Faults
that survive are listed, with the reason why they may, in
tests/survivors/NAME.json, by what they change and not by line, so that
formatting anew or moving code breaks no list.
"""

import argparse
import ast
import contextlib
import copy
import functools
import importlib
import importlib.util
import json
import multiprocessing
import os
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["ENGINE_TESTS"] = "mutants"

ROOT = Path(__file__).resolve().parent.parent
SURVIVORS = ROOT / "tests" / "survivors"
TIME_LIMIT = 120  # seconds; a fault that makes a module loop is noticed
# Tests that are left out, but for faults in functions of that name.
SLOW = {"engine": {"chain": "", "bigmodel": "bigmodel"}}

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


def source_of(module):
    return (ROOT / "helpers" / f"{module}.py").read_text(encoding="utf-8")


def tests_of(module):
    return ROOT / "tests" / "helpers" / f"test_{module}.py"


def argued(module):
    """{fault: why it may survive}, of those that are listed."""
    path = SURVIVORS / f"{module}.json"
    if not path.exists():
        return {}
    return json.loads(path.read_text(encoding="utf-8"))


def chosen_tests(module, name):
    """pytest's -k: all but what is slow, or the slow one that it is about."""
    slow = SLOW.get(module, {})
    for test, function in slow.items():
        if function and name.startswith(function):
            return ["-k", test]
    return ["-k", f"not ({' or '.join(slow)})"] if slow else []


def run_tests(module, source, name):
    """In a fresh process: exit with pytest's code against this module."""
    import pytest

    os.setpgrp()
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    spec = importlib.util.spec_from_loader(f"helpers.{module}", loader=None)
    faulty = importlib.util.module_from_spec(spec)
    faulty.__file__ = str(ROOT / "helpers" / f"{module}.py")
    sys.modules[spec.name] = faulty
    arguments = [str(tests_of(module)), "-x", "-q", "-p", "no:cacheprovider"]
    arguments += chosen_tests(module, name)
    try:
        exec(compile(source, faulty.__file__, "exec"), faulty.__dict__)
        setattr(importlib.import_module("helpers"), module, faulty)
        code = pytest.main([*arguments, "--rootdir", str(ROOT)])
    except BaseException:
        code = 1
    os._exit(int(code))


def caught(module, source, name=""):
    """Does a test fail, or does it take too long?"""
    context = multiprocessing.get_context("fork")
    process = context.Process(target=run_tests, args=(module, source, name))
    process.start()
    process.join(TIME_LIMIT)
    if process.is_alive():
        process.kill()
        process.join()
    return process.exitcode != 0


def warm_up(module):
    """Import once what every process needs, but nothing of the course."""
    found = {"hypothesis.extra.numpy", "nbval.plugin", "torch"}
    for source in (
        source_of(module),
        tests_of(module).read_text(encoding="utf-8"),
    ):
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add(node.module)
    ours = ("helpers", "tools", "tests")
    for name in sorted(found):
        if name.split(".")[0] not in ours:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
    import torch

    torch.set_num_threads(1)
    assert "helpers" not in sys.modules


def survey(module, only="", sample=None, seed=0):
    """{name: caught} of the faults whose name begins with `only`."""
    source = source_of(module)
    warm_up(module)
    slow = filter(None, SLOW.get(module, {}).values())
    if any(caught(module, source, name) for name in ("", *slow)):
        raise RuntimeError(
            f"{tests_of(module).name} fails without any fault: mend it"
        )
    chosen = {n: s for n, s in mutants(source).items() if n.startswith(only)}
    if sample and sample < len(chosen):
        names = random.Random(seed).sample(sorted(chosen), sample)
        chosen = {name: chosen[name] for name in names}
    results = {}
    with ThreadPoolExecutor(2) as pool:
        judge = functools.partial(caught, module)
        outcomes = pool.map(judge, chosen.values(), chosen)
        for name, outcome in zip(chosen, outcomes, strict=True):
            results[name] = outcome
            if not outcome:
                print(f"survived: {name}", flush=True)
    return results


def modules():
    """The modules of helpers that have tests of their own."""
    names = {path.stem for path in (ROOT / "helpers").glob("*.py")}
    return sorted(name for name in names if tests_of(name).exists())


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("module", choices=modules())
    parser.add_argument("only", nargs="?", default="", metavar="FUNCTION")
    parser.add_argument("--sample", type=int, metavar="NUMBER")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    start = time.time()
    results = survey(given.module, given.only, given.sample, given.seed)
    alive = [name for name, was_caught in results.items() if not was_caught]
    print(
        f"{len(results) - len(alive)} of {len(results)} faults caught "
        f"({1 - len(alive) / max(len(results), 1):.1%}) "
        f"in {time.time() - start:.0f} s"
    )
    known = argued(given.module)
    unargued = [name for name in alive if name not in known]
    if unargued:
        print(
            f"without a reason in tests/survivors/{given.module}.json:",
            *unargued,
            sep="\n",
        )
    sys.exit(bool(unargued))


if __name__ == "__main__":
    main()
