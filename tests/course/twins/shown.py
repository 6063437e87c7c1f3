"""What a notebook defines, found without running its lesson.

Run are, in order, the imports, functions, classes and plain constants of a
notebook, and what gives a class a method later on: `attach(Value, tanh)` or
`Value.__radd__ = Value.__add__`. What needs computed state is left out. Where
a notebook goes on with what the learner wrote (`yours_or_ours`), the
exercise's solution stands in for it.
"""

import ast
import functools
import re
from types import FunctionType, ModuleType
from typing import NamedTuple

from tools.notebook_files import NOTEBOOKS, code_cells, read, tags, topic

SOLUTION = re.compile(r"```python\n(.*?)```", re.DOTALL)
NOT_RUN = {"exercise", "setup", "gpu"}
IMPORT = (ast.Import, ast.ImportFrom)
DEFINITION = (ast.FunctionDef, ast.ClassDef)
PLAIN = (
    ast.Constant,
    ast.Tuple,
    ast.List,
    ast.Set,
    ast.Dict,
    ast.UnaryOp,
    ast.BinOp,
    ast.unaryop,
    ast.operator,
    ast.expr_context,
)


class Statement(NamedTuple):
    node: ast.stmt
    place: str  # which notebook and cell, for tracebacks

    def code(self):
        whole = ast.Module([self.node], [])
        return compile(whole, self.place, "exec")


class Shown(NamedTuple):
    """What is left after a notebook's definitions have run."""

    module: ModuleType  # the names, as of a module of helpers
    made: dict  # {"tanh" or "Value.tanh": number of the statement}
    left_out: dict  # {name: why its definition could not run}


def notebook(about):
    """The file of the notebook of this topic."""
    return {topic(path): path for path in NOTEBOOKS}[about]


def from_on(about):
    """The topics of this notebook and of all that come later."""
    return [
        topic(path) for path in NOTEBOOKS[NOTEBOOKS.index(notebook(about)) :]
    ]


@functools.cache
def statements(about):
    """The statements of a notebook outside its exercises, each compiled."""
    found = []
    path = notebook(about)
    solutions = built_on(read(path))
    for number, cell in enumerate(code_cells(read(path))):
        source = next((solutions[t] for t in tags(cell) & {*solutions}), None)
        if "exercise" in tags(cell):  # its imports serve its solution
            stub = compiled(cell.source, f"{path.name}, cell {number}")
            found += [
                pair for pair in stub if isinstance(pair[0].node, IMPORT)
            ]
        if source is None and tags(cell) & NOT_RUN:
            continue
        # Magics become empty lines, so that line numbers stay.
        source = source or re.sub(
            r"^[%!].*$", "", cell.source, flags=re.MULTILINE
        )
        found += compiled(source, f"{path.name}, cell {number}")
    return found


def built_on(found):
    """{tag of an exercise: its solution}, where later cells use the answer."""
    code = "\n".join(cell.source for cell in code_cells(found))
    names = re.findall(r"checks\.(\w+)\.yours_or_ours\(", code)
    return {
        f"exercise-{name}": SOLUTION.search(cell.source)[1]
        for cell in found.cells
        for name in names
        if f"solution-{name}" in tags(cell)
    }


def compiled(source, place):
    """(Statement, its code) of each statement of a source."""
    parts = [Statement(node, place) for node in ast.parse(source).body]
    return [(statement, statement.code()) for statement in parts]


@functools.cache
def shown(about):
    return run(about)


def run(about, number=None, code=None):
    """Run a notebook's definitions in a fresh namespace, for a `Shown`.

    With a number, the statement of this number is replaced by other code.
    """
    found = list(statements(about))
    if number is not None:
        found[number] = found[number][0], code
    return run_all(about, found)


def with_source(about, source):
    """As `run`; then other definitions take the place of some."""
    more = compiled(source, "instead of a cell")
    return run_all(about, statements(about) + more)


def run_all(about, found):
    """Run those of these statements that define something."""
    result = Shown(ModuleType(f"notebook about {about}"), {}, {})
    space, constants = vars(result.module), set()
    for here, (statement, code) in enumerate(found):
        node = statement.node
        if not runs(node, space, constants):
            continue
        try:
            exec(code, space)
        except (NameError, AttributeError) as error:  # computed state
            for name in names(node):
                result.left_out[name] = f"{error} ({statement.place})"
            continue
        for name in names(node):
            result.made[name] = here
            if isinstance(node, ast.Assign):
                constants.add(name)
            else:
                constants.discard(name)
        for name, function in attached(node):
            result.made[name] = result.made.get(function, here)
    return result


def runs(node, space, constants):
    """Does a statement define something, without computed state?"""
    if isinstance(node, ast.Assign):
        parts = [part for target in node.targets for part in flat(target)]
        if all(isinstance(part, ast.Attribute) for part in parts):
            return all(is_class(part.value, space) for part in parts)
        # What is defined keeps its meaning, whatever a cell calls so later.
        taken = {n for n in space if n not in constants}
        return all(
            isinstance(part, ast.Name) and part.id not in taken
            for part in parts
        ) and is_plain(node.value, constants)
    if isinstance(node, ast.Expr):
        return bool(attached(node)) and is_class(node.value.args[0], space)
    if isinstance(node, ast.Delete):
        return all(
            isinstance(target, ast.Name) and target.id in space
            for target in node.targets
        )
    return isinstance(node, IMPORT + DEFINITION)


def is_plain(value, constants):
    """Is it written out, but for names of constants, as in `2 * PATCH`?

    A name in small letters may by then mean what the lesson has computed.
    """
    return all(
        isinstance(part, PLAIN)
        or (
            isinstance(part, ast.Name)
            and part.id in constants
            and part.id.isupper()
        )
        for part in ast.walk(value)
    )


def is_class(node, space):
    return isinstance(node, ast.Name) and isinstance(space.get(node.id), type)


def flat(target):
    """The targets of an assignment, tuples taken apart."""
    if isinstance(target, (ast.Tuple, ast.List)):
        return [part for item in target.elts for part in flat(item)]
    return [target]


def attached(node):
    """("Value.tanh", "tanh") of each function that `attach` gives away."""
    call = node.value if isinstance(node, ast.Expr) else None
    if not (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "attach"
        and call.args
    ):
        return []
    cls, *functions = map(ast.unparse, call.args)
    return [(f"{cls}.{name}", name) for name in functions]


def names(node):
    """The names that a statement makes: "tanh", "Value", "Value.data"."""
    if isinstance(node, ast.FunctionDef):
        return [node.name]
    if isinstance(node, ast.ClassDef):
        made = [n.name for n in node.body if isinstance(n, ast.FunctionDef)]
        return [node.name, *(f"{node.name}.{name}" for name in made)]
    if isinstance(node, ast.Assign):
        parts = [part for target in node.targets for part in flat(target)]
        return [ast.unparse(part) for part in parts]
    return []


def members(cls):
    """The methods of a class, its properties, and how NumPy treats it."""
    return [
        name
        for name, value in vars(cls).items()
        if (
            isinstance(value, (FunctionType, property))
            and (not name.startswith("_") or name.startswith("__"))
        )
        or name == "__array_ufunc__"
    ]


def own(module, by_method=False):
    """{name} of the functions and classes that a module itself defines."""
    found = set()
    for name, value in vars(module).items():
        if name.startswith("_") or not isinstance(value, (FunctionType, type)):
            continue
        if value.__module__ != module.__name__:
            continue  # imported
        if by_method and isinstance(value, type):
            found |= {f"{name}.{member}" for member in members(value)}
        else:
            found.add(name)
    return found
