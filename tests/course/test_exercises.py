"""A check is code: each verdict it can give is provoked here.

Every exercise of every notebook is taken from the notebook itself. Its stub
must be "not done", its solution right on twenty draws, and each of the
wrong answers in `wrong_answers/` must get its own diagnosis.
"""

import ast
import importlib
import re
from types import SimpleNamespace

import pytest

from tools.notebook_files import NOTEBOOKS, code_cells, read, tags, topic
from tools.times import CARD

FENCE = re.compile(r"```python\n(.*?)```", re.DOTALL)


def exercises(path):
    """The exercises of a notebook, in order."""
    notebook = read(path)
    cells = code_cells(notebook)
    imports = next(
        c.source
        for c in cells
        if "from helpers" in c.source and "setup" not in tags(c)
    )
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
            # A figure that the exercise is about may stand between.
            before=[c.source for c in notebook.cells[position - 2 : position]],
            after=later[0].source if later else "",
            solution=FENCE.search(solutions[0])[1] if solutions else "",
            check=check_line,
        )


ALL = [e for path in NOTEBOOKS for e in exercises(path)]
each_exercise = pytest.mark.parametrize("exercise", ALL, ids=lambda e: e.id)


def run(exercise, definition):
    """The verdict that the notebook's check line gives to a definition.

    The definition stands in for the stub, whose check line stays.
    """
    names = {}
    imports = re.sub(r"^%.*$", "", exercise.imports, flags=re.MULTILINE)
    exec(imports, names)
    if isinstance(definition, str):
        exec(compile(definition, "<answer>", "exec"), names)
    call = ast.parse(exercise.check).body[0].value
    argument = ast.unparse(call.args[0])
    if callable(definition):
        names[argument] = definition
    return eval(ast.unparse(call.func), names).verdict(names[argument])


def wrong_answers(exercise):
    """{diagnosis: answer}: what learners really write, and what it earns."""
    module = importlib.import_module(f"tests.wrong_answers.{exercise.topic}")
    assert exercise.name in module.WRONG, (
        f"tests/wrong_answers/{exercise.topic}.py has no {exercise.name}: "
        "tag, check, function and key there share one name"
    )
    return module.WRONG[exercise.name]


def without_check(source):
    body = ast.parse(source).body[:-1]
    return "\n".join(map(ast.unparse, body))


@each_exercise
def test_the_stub_is_not_done(exercise):
    verdict = run(exercise, without_check(exercise.stub))
    assert verdict.kind == "not done", verdict.text
    assert verdict.text.startswith("Not done yet")


@each_exercise
def test_the_solution_is_right(exercise):
    for _ in range(20):  # checks draw fresh inputs
        verdict = run(exercise, exercise.solution)
        assert verdict.kind == "right", verdict.text
        assert verdict.text.startswith("Right")


@each_exercise
def test_each_wrong_answer_gets_its_own_diagnosis(exercise):
    wrong = wrong_answers(exercise)
    assert len(wrong) >= 4, "at least four wrong answers for an exercise"
    for diagnosis, answer in wrong.items():
        for _ in range(5):
            verdict = run(exercise, answer)
            assert verdict.kind in ("wrong", "error"), verdict.text
            assert diagnosis in verdict.text
        others = [d for d in wrong if d != diagnosis and d in verdict.text]
        assert not others, f"{verdict.text} holds {others} as well"


@each_exercise
def test_lazy_answers_are_refused(exercise):
    lazy = (
        lambda *arguments, **options: arguments[0],
        lambda *arguments, **options: arguments[-1],
        lambda *arguments, **options: 0.0,
        lambda *arguments, **options: "right",
    )
    for answer in lazy:
        assert run(exercise, answer).kind in ("wrong", "error")


@each_exercise
def test_an_exercise_has_card_hints_and_solution(exercise):
    assert exercise.solution, (
        f"{exercise.name} has no solution: a cell with the tags solution and "
        f"solution-{exercise.name}, and in it a ```python block"
    )
    assert exercise.check.startswith("checks."), exercise.check
    assert any(map(CARD.match, exercise.before)), (
        f"a cell before exercise {exercise.name} is its card: `### Exercise "
        "1. Title`, and in it `*About 6 minutes; two lines.*`"
    )
    assert "<summary>Hint" in exercise.after, (
        f"exercise {exercise.name} has no hints: after the stub comes a cell "
        "`<details><summary>Hint 1</summary> ... </details>`"
    )


@each_exercise
def test_a_broken_solution_is_not_right(exercise):
    """Changing any one operator must be noticed in one of five draws."""
    for broken in mutants(exercise.solution):
        source = ast.unparse(broken)
        kinds = {run(exercise, source).kind for _ in range(5)}
        assert kinds != {"right"}, source


def mutants(source):
    """The source with one operator swapped, for each operator in turn."""
    swaps = {
        ast.Add: ast.Sub,
        ast.Sub: ast.Add,
        ast.Mult: ast.Div,
        ast.Div: ast.Mult,
        ast.MatMult: ast.Mult,
        ast.Pow: ast.Mult,
        ast.Gt: ast.Lt,
        ast.Lt: ast.Gt,
        ast.USub: ast.UAdd,
    }
    count = len(list(ast.walk(ast.parse(source))))
    for position in range(count):
        tree = ast.parse(source)
        node = list(ast.walk(tree))[position]
        swap = swaps.get(type(getattr(node, "op", None)))
        if isinstance(node, ast.Compare) and type(node.ops[0]) in swaps:
            node.ops[0] = swaps[type(node.ops[0])]()
        elif swap:
            node.op = swap()
        elif isinstance(node, ast.Return):
            node.value = ast.Constant(0.0)
        else:
            continue
        yield tree
