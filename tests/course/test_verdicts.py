"""Verdicts that luck cannot change: machines invent the answers.

`make test` tries every mutant of every solution on a few draws, `make
test-all` on thirty. `python -m pytest tests/course/test_verdicts.py -k
NAME` tries one exercise.
"""

import functools
import time

import pytest
import torch

import helpers.checks
from tests.course.answers import (
    ALL,
    STRANGE,
    equivalent,
    mutants,
    rewritten,
    run,
    solution,
)

each_exercise = pytest.mark.parametrize("exercise", ALL, ids=lambda e: e.id)
QUICK, ALL_DRAWS = 2, 30


@pytest.fixture
def short(monkeypatch):
    """Endless loops are stopped soon, so that many can be tried."""
    monkeypatch.setattr(helpers.checks, "SECONDS", 1)


def accepted(exercise, draws):
    """{mutant: source} of those that are called right on any draw."""
    found = {}
    for name, source in mutants(exercise.solution).items():
        for seed in range(draws):
            verdict = run(exercise, source, seed)
            if verdict.kind == "right":
                found[name] = source
            if verdict.kind == "right" or "still ran" in verdict.text:
                break  # an endless loop is endless on every draw
    return found


def judge_mutants(exercise, draws):
    argued = equivalent().get(exercise.id, {})
    found = accepted(exercise, draws)
    unargued = {n: s for n, s in found.items() if n not in argued}
    assert not unargued, "\n".join(
        f"\n# {name}\n{source}" for name, source in unargued.items()
    )


@each_exercise
def test_every_mutant_is_refused(exercise, short):
    judge_mutants(exercise, QUICK)


@each_exercise
@pytest.mark.full
def test_every_mutant_is_refused_on_thirty_draws(exercise, short):
    judge_mutants(exercise, ALL_DRAWS)


@each_exercise
def test_what_is_listed_as_equivalent_exists(exercise):
    argued = equivalent().get(exercise.id, {})
    gone = argued.keys() - mutants(exercise.solution).keys()
    assert not gone
    assert all(len(reason) > 20 for reason in argued.values())


def clear(verdict):
    """Whether a refusal says what is asked."""
    return verdict.kind == "wrong" and " return " in f" {verdict.text} "


@each_exercise
def test_the_solution_is_right_in_every_form(exercise):
    for name, answer in rewritten(exercise).items():
        for seed in range(5):
            verdict = run(exercise, answer, seed)
            assert verdict.kind == "right" or clear(verdict), (name, verdict)


@each_exercise
def test_strange_results_end_in_a_verdict(exercise, short):
    for name, value in STRANGE.items():
        start = time.monotonic()
        verdict = run(exercise, lambda *_, value=value, **__: value(), 0)
        assert verdict.kind != "right", name
        assert "\n" not in verdict.text
        assert len(verdict.text) < 1200, name
        assert time.monotonic() - start < 20, name


@each_exercise
def test_switches_change_no_verdict(exercise):
    """Neither those that were set before, nor those that an answer sets."""
    right = solution(exercise)

    @functools.wraps(right)
    def switching(*arguments, **options):
        got = right(*arguments, **options)
        torch.set_grad_enabled(False)
        torch.set_default_dtype(torch.float16)
        return got

    try:
        for dtype, grad in ((torch.float64, False), (torch.float16, True)):
            torch.set_default_dtype(dtype)
            torch.set_grad_enabled(grad)
            for answer in (right, switching):
                assert run(exercise, answer, 0).kind == "right"
                assert torch.get_default_dtype() == dtype
                assert torch.is_grad_enabled() == grad
        with torch.inference_mode():
            assert run(exercise, right, 0).kind == "right"
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_grad_enabled(True)


@each_exercise
def test_each_named_mistake_is_recognised(exercise, monkeypatch):
    """One who makes the mistake is told of it, on every draw.

    The mistakes are those that the check itself lists: it is asked for them
    by an answer that none of them explains.
    """
    listed = []

    def collect(mistakes, cases):
        if callable(mistakes):
            listed.extend(
                (text, lambda *case, t=text: mistakes(*case)[t])
                for text in mistakes(*cases[0])
            )
        else:
            listed.extend(mistakes.items())
        return original(mistakes, cases)

    original = helpers.checks._tabled
    monkeypatch.setattr(helpers.checks, "_tabled", collect)
    run(exercise, lambda *_, **__: 0.123456789, 0)
    monkeypatch.setattr(helpers.checks, "_tabled", original)
    for text, mistake in listed:
        for seed in range(3):
            verdict = run(exercise, mistake, seed)
            assert verdict.kind in ("wrong", "error"), text
            # A part of a result, or a step of it, is no answer by itself: it
            # is refused before its numbers are compared.
            compared = "yours " in verdict.text
            assert not compared or text in verdict.text, verdict.text
