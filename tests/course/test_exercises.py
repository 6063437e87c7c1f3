"""A check is code: each verdict it can give is provoked here.

Every exercise of every notebook is taken from the notebook itself. Its stub
must be "not done", its solution right on twenty draws, so must be the right
answers in `right_answers/`, and each of the wrong answers in `wrong_answers/`
must get its own diagnosis. What machines invent is in test_verdicts.py.
"""

import ast
import builtins
import importlib

import pytest

from tests.course.answers import ALL, run
from tools.grade import parse
from tools.times import CARD

each_exercise = pytest.mark.parametrize("exercise", ALL, ids=lambda e: e.id)


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
def test_each_right_answer_is_right_however_unusual(exercise):
    module = importlib.import_module(f"tests.right_answers.{exercise.topic}")
    right = module.RIGHT[exercise.name]
    assert len(right) >= 3, "at least three right answers for an exercise"
    for special, answer in right.items():
        for seed in range(5):
            verdict = run(exercise, answer, seed)
            assert verdict.kind == "right", (special, verdict.text)


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


def bound(tree):
    """The names that code makes, wherever it makes them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).split(".")[0]


@each_exercise
def test_the_solution_runs_where_it_stands(exercise):
    """It needs no name that only a later cell makes, unless the card says
    what to import."""
    tree = parse(exercise.solution)
    known = {*dir(builtins), *bound(tree)}
    cells = [*exercise.earlier, exercise.stub]
    known.update(*(bound(parse(source)) for source in cells))
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for name in used - known:
        assert f"`import {name}`" in "".join(exercise.before), name


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
