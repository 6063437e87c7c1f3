"""The exercises of every notebook, and machines that invent answers to them.

Mutants are the solution with one fault: each must be refused. Rewrites give
the same result in another form: each must be right, or refused in words that
say what is asked. Strange values are what no exercise asks for.
"""

import ast
import copy
import functools
import json
import re
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch

from tools.grade import imported_by
from tools.mutate import changes, put, with_
from tools.notebook_files import NOTEBOOKS, code_cells, read, tags, topic

FENCE = re.compile(r"```python\n(.*?)```", re.DOTALL)
# {exercise: {mutant: why it may be called right}}
EQUIVALENT = Path(__file__).parent / "equivalent_answers.json"


def exercises(path):
    """The exercises of a notebook, in order."""
    notebook = read(path)
    cells = code_cells(notebook)
    imports = imported_by(c.source for c in cells if "setup" not in tags(c))
    for position, cell in enumerate(notebook.cells):
        names = [t[9:] for t in tags(cell) if t.startswith("exercise-")]
        if not names:
            continue
        tag = f"solution-{names[0]}"
        later = notebook.cells[position + 1 :]
        solutions = [c.source for c in later if tag in tags(c)]
        body = ast.parse(cell.source).body
        check_line = ast.unparse(body[-1])
        yield SimpleNamespace(
            id=f"{topic(path)}-{names[0]}",
            topic=topic(path),
            name=names[0],
            imports=imports,
            stub=cell.source,
            earlier=[
                c.source
                for c in notebook.cells[:position]
                if c.cell_type == "code"
            ],
            # A figure that the exercise is about may stand between.
            before=[c.source for c in notebook.cells[position - 2 : position]],
            after=later[0].source if later else "",
            solution=FENCE.search(solutions[0])[1] if solutions else "",
            check=check_line,
        )


ALL = [e for path in NOTEBOOKS for e in exercises(path)]


@functools.cache
def _imported(imports):
    names = {}
    exec(imports, names)
    return names


def run(exercise, definition, seed=None):
    """The verdict that the notebook's check line gives to a definition.

    The definition, source or a function, stands in for the stub, whose check
    line stays.
    """
    names = dict(_imported(exercise.imports))
    if isinstance(definition, str):
        exec(compile(definition, "<answer>", "exec"), names)
    call = ast.parse(exercise.check).body[0].value
    argument = ast.unparse(call.args[0])
    if callable(definition):
        names[argument] = definition
    judge = eval(ast.unparse(call.func), names)
    return judge.verdict(names[argument], seed)


def solution(exercise):
    """The solution of an exercise, as a function."""
    names = dict(_imported(exercise.imports))
    exec(compile(exercise.solution, "<answer>", "exec"), names)
    return names[exercise.name]


# --- Mutants ---------------------------------------------------------------

OTHER = {
    "max": "min",
    "min": "max",
    "amax": "amin",
    "amin": "amax",
    "argmax": "argmin",
    "argmin": "argmax",
    "any": "all",
    "all": "any",
    "mean": "sum",
    "sum": "mean",
    "ceil": "floor",
    "floor": "ceil",
    "round": "floor",
    "median": "mean",
    "tanh": "sin",
    "cos": "sin",
    "std": "var",
    "zeros_like": "ones_like",
}


def faults(node, parameters):
    """Every faulty node to put in this one's place."""
    yield from changes(node)
    if isinstance(node, ast.BinOp):
        yield node.right
        if not isinstance(node.op, ast.Add | ast.Mult):
            yield with_(node, left=node.right, right=node.left)
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield ast.Constant(node.value - 1)
        if node.value:
            yield ast.UnaryOp(ast.USub(), node)
    if isinstance(node, ast.Call):
        function = node.func
        if isinstance(function, ast.Attribute):
            if function.attr in OTHER:
                changed = with_(function, attr=OTHER[function.attr])
                yield with_(node, func=changed)
            yield function.value if not node.args else node.args[0]
        elif isinstance(function, ast.Name) and node.args:
            if function.id in OTHER:
                changed = with_(function, id=OTHER[function.id])
                yield with_(node, func=changed)
            yield node.args[0]
        if len(node.args) == 2:
            yield with_(node, args=node.args[::-1])
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value
    if isinstance(node, ast.Slice):
        for field in ("lower", "upper"):
            at = getattr(node, field)
            if at is not None:
                for by in (1, -1):
                    moved = ast.BinOp(at, ast.Add(), ast.Constant(by))
                    yield with_(node, **{field: moved})
                yield with_(node, **{field: None})
    if isinstance(node, ast.Tuple | ast.List) and len(node.elts) == 2:
        yield with_(node, elts=node.elts[::-1])
    if isinstance(node, ast.Compare) and isinstance(
        node.ops[0], ast.Lt | ast.Gt | ast.LtE | ast.GtE
    ):
        turned = {ast.Lt: ast.Gt, ast.Gt: ast.Lt}
        turned |= {ast.LtE: ast.GtE, ast.GtE: ast.LtE}
        yield with_(node, ops=[turned[type(op)]() for op in node.ops])
    if (
        isinstance(node, ast.Name)
        and isinstance(node.ctx, ast.Load)
        and node.id in parameters
    ):
        yield ast.Constant(1)  # an argument ignored
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp):
        target, value = node.targets[0], node.value
        if ast.unparse(target) == ast.unparse(value.left):
            yield ast.AugAssign(target, value.op, value.right)  # in place
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        name = ast.Name(node.targets[0].id, ast.Load())
        yield [node, ast.Return(name)]  # an early return
    if isinstance(node, ast.For | ast.If | ast.While):
        yield ast.Pass()
    if isinstance(node, ast.For):
        yield with_(node, body=[*node.body, ast.Break()])  # the first alone
    if isinstance(node, ast.If):
        yield node.body
        yield node.orelse or ast.Pass()


def mutants(source):
    """{name: source} of the solution with one fault, for each fault."""
    tree = ast.parse(source)
    function = tree.body[0]
    parameters = {argument.arg for argument in function.args.args}
    found = {}
    for parent in list(ast.walk(function)):
        if isinstance(parent, ast.arguments):
            continue
        for field, value in ast.iter_fields(parent):
            listed = isinstance(value, list)
            for index, child in enumerate(value if listed else [value]):
                if not isinstance(child, ast.expr | ast.stmt | ast.Slice):
                    continue
                for fault in faults(child, parameters):
                    if isinstance(fault, list) and not listed:
                        continue
                    twin = _with_fault(
                        tree, parent, field, index if listed else None, fault
                    )
                    if twin is None or twin == ast.unparse(tree):
                        continue
                    old = " ".join(ast.unparse(child).split())
                    new = _text(fault)
                    name = f"{old[:60]} -> {new[:60]}"
                    while name in found and found[name] != twin:
                        name += " again"
                    if twin not in found.values():
                        found[name] = twin
    return found


def _with_fault(tree, parent, field, index, fault):
    kept = getattr(parent, field)
    if index is not None:
        kept = list(kept)
    try:
        if isinstance(fault, list):
            setattr(parent, field, kept[:index] + fault + kept[index + 1 :])
        else:
            put(parent, field, index, fault)
        twin = ast.unparse(ast.fix_missing_locations(copy.deepcopy(tree)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(twin, "<mutant>", "exec")  # a `*` may have lost its call
        return twin
    except (AttributeError, TypeError, ValueError, SyntaxError):
        return None
    finally:
        setattr(parent, field, kept)


def _text(fault):
    parts = fault if isinstance(fault, list) else [fault]
    return "; ".join(
        " ".join(ast.unparse(ast.fix_missing_locations(p)).split())
        for p in map(copy.deepcopy, parts)
    )


def equivalent():
    return json.loads(EQUIVALENT.read_text(encoding="utf-8"))


# --- Rewrites --------------------------------------------------------------


def _deep(change):
    """The change, made to every tensor and array in a result."""

    def changed(got):
        if isinstance(got, tuple | list):
            return type(got)(map(changed, got))
        if isinstance(got, dict):
            return {key: changed(value) for key, value in got.items()}
        return change(got)

    return changed


def _is_numbers(got):
    return isinstance(got, torch.Tensor | np.ndarray | np.generic)


FORMS = {
    "as a NumPy array": _deep(
        lambda got: got.numpy() if isinstance(got, torch.Tensor) else got
    ),
    "as plain numbers": _deep(
        lambda got: got.tolist() if _is_numbers(got) else got
    ),
    "as float32": _deep(
        lambda got: (
            got.float()
            if isinstance(got, torch.Tensor) and got.is_floating_point()
            else got
        )
    ),
    "with a gradient": _deep(
        lambda got: (
            got.clone().requires_grad_()
            if isinstance(got, torch.Tensor) and got.is_floating_point()
            else got
        )
    ),
    "one number as a tensor": _deep(
        lambda got: torch.tensor(got) if isinstance(got, int | float) else got
    ),
    "one number in brackets": _deep(
        lambda got: (
            torch.tensor([got])
            if isinstance(got, int | float)
            else (got[None] if _is_numbers(got) and got.ndim == 0 else got)
        )
    ),
    "tuple and list exchanged": lambda got: (
        {tuple: list, list: tuple}[type(got)](got)
        if type(got) in (tuple, list)
        else got
    ),
}


def rewritten(exercise):
    """{name: function}: the solution, its result in another form."""
    function = solution(exercise)

    def in_form(form):
        return functools.wraps(function)(
            lambda *arguments, **options: form(function(*arguments, **options))
        )

    return {name: in_form(form) for name, form in FORMS.items()}


# --- Strange values --------------------------------------------------------


class Hostile:
    """An object that stops whoever looks at it."""

    def __getattr__(self, name):
        raise RuntimeError(name)

    def __len__(self):
        raise RuntimeError("len")

    def __iter__(self):
        raise RuntimeError("iter")

    def __repr__(self):
        raise RuntimeError("repr")


def _fails_later():
    yield 1.0
    raise ValueError("later")


def _endless():
    while True:
        yield 1.0


STRANGE = {
    "nan": lambda: float("nan"),
    "infinity": lambda: float("inf"),
    "minus infinity": lambda: float("-inf"),
    "nan tensor": lambda: torch.tensor(float("nan")),
    "nan list": lambda: [float("nan")] * 3,
    "None inside": lambda: [None, 1.0],
    "pair of None": lambda: (None, None),
    "string": lambda: "a",
    "strings": lambda: ["a", "b"],
    "bytes": lambda: b"a",
    "ragged": lambda: [[1.0, 2.0], [3.0]],
    "lists of lists": lambda: [[["a"]], [["b"]]],
    "empty list": list,
    "empty tuple": lambda: (),
    "empty dict": dict,
    "dict": lambda: {"a": None, 1: "x"},
    "set": lambda: {1, 2},
    "empty tensor": lambda: torch.zeros(0),
    "empty pair": lambda: (torch.zeros(0), torch.zeros(0)),
    "sparse": lambda: torch.eye(3).to_sparse(),
    "meta": lambda: torch.zeros(2, device="meta"),
    "complex": lambda: 1j,
    "complex tensor": lambda: torch.ones(2) * 1j,
    "boolean": lambda: True,
    "booleans": lambda: torch.tensor([True, False]),
    "needs a gradient": lambda: torch.ones(2, requires_grad=True) * 2,
    "generator": lambda: (x for x in (1.0, 2.0)),
    "generator that fails": _fails_later,
    "generator without end": _endless,
    "range": lambda: range(3),
    "function": lambda: print,
    "type": lambda: int,
    "module": lambda: torch,
    "model": lambda: torch.nn.Linear(2, 2),
    "huge integer": lambda: 10**400,
    "negative": lambda: -1,
    "array of objects": lambda: np.array([None, "a"], dtype=object),
    "array": lambda: np.ones((2, 2)),
    "uint8": lambda: torch.ones(2, dtype=torch.uint8),
    "bfloat16": lambda: torch.ones(2, dtype=torch.bfloat16),
    "ellipsis": lambda: ...,
    "NotImplemented": lambda: NotImplemented,
    "exception": lambda: ValueError("no"),
    "hostile": Hostile,
    "pair of hostile": lambda: (Hostile(), Hostile()),
    "three things": lambda: (1.0, 2.0, 3.0),
    "float64 7 numbers": lambda: torch.arange(7.0).double(),
    "big": lambda: torch.zeros(1000, 1000),
}
