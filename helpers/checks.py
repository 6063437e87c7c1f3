"""Checks that answer at once, name the misconception, and never stop a cell.

A chapter's checks stand in a module of their own (`checks_ch1`, ...):

    @check(right="what a right answer shows")
    def name(answer, random):
        got = answer(torch.tensor([1.0, 2.0]))
        if ...:
            raise Misconception("what is wrong, and the way out")

In the notebook, `checks.name(function_of_the_learner)` prints one verdict.
"""

import contextlib
import copy
import functools
import inspect
import linecache
import random as python_random
import traceback
from typing import NamedTuple
from unittest import mock

import numpy as np
import torch


class Misconception(Exception):
    """The answer is wrong in a way we recognise; its text is what is read."""


class _NotDone(Exception):
    """The answer returns nothing yet."""


class _LearnersError(Exception):
    """The learner's code raised this error."""


class Verdict(NamedTuple):
    """kind: "right", "wrong", "error" or "not done"; text: what is printed."""

    kind: str
    text: str


def check(right, forbidden=()):
    """Make a check of a function that judges one answer.

    right: what a right answer has shown, a sentence without its full stop
    forbidden: library functions the answer must not call ("torch.softmax"),
        because writing them is the exercise

    The judge gets the answer, wrapped so that it cannot change what it is
    given or the learner's random state, and a fresh `random.Random` for its
    own draws. It raises Misconception, or returns if all is well.
    """

    def decorate(judge):
        def verdict(answer):
            if not callable(answer):
                return Verdict(
                    "not done",
                    "Not done yet: this check needs your function itself, "
                    f"without a call, not {type(answer).__name__}.",
                )
            with _untouched_random_state():
                return _judge(judge, answer, right, forbidden)

        @functools.wraps(judge)
        def printing(answer):
            print(verdict(answer).text)

        printing.verdict = verdict
        return printing

    return decorate


def numbers(got, shape=None, what="your function"):
    """What a learner returned as a float64 tensor, of whatever sensible type.

    Numbers, lists, NumPy arrays and tensors will do, with or without a
    gradient. With `shape`, a result of the same numbers in another sensible
    shape (a column for a row, one number in brackets) is brought to it.
    """
    try:
        if isinstance(got, (list, tuple)):
            got = [torch.as_tensor(g).detach() for g in got]
            got = torch.stack(got) if got else torch.zeros(0)
        tensor = torch.as_tensor(got).detach().cpu().double()
    except (TypeError, ValueError, RuntimeError):
        raise Misconception(
            f"{what} must return numbers, not {_named(got)}"
        ) from None
    if shape is not None and tensor.shape != tuple(shape):
        squeezed = [size for size in tensor.shape if size != 1]
        if squeezed != [size for size in shape if size != 1]:
            raise Misconception(
                f"{what} must return {_shape(shape)}, not "
                f"{_shape(tensor.shape)}"
            )
        tensor = tensor.reshape(tuple(shape))
    return tensor


def close(got, expected, tolerance=1e-5):
    """Whether numbers agree, relative to the largest one expected."""
    expected = torch.as_tensor(expected).double()
    scale = max(1e-12, float(expected.abs().max())) if expected.numel() else 1
    difference = (torch.as_tensor(got).double() - expected).abs()
    return bool((difference <= tolerance * max(scale, 1e-3)).all())


def compare(**shown):
    """ "x = 1.5, expected 2, yours 3": the input first, two numbers last."""
    return ", ".join(
        f"{name.replace('_', ' ')} {brief(value)}"
        for name, value in shown.items()
    )


def brief(value):
    """A value as short text with at most four digits after the point."""
    if isinstance(value, torch.Tensor):
        value = value.detach().tolist()
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(brief(v) for v in value) + "]"
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)


def _judge(judge, answer, right, forbidden):
    try:
        judge(_guard(answer, forbidden), python_random.Random())
    except _NotDone:
        text = "Not done yet: the function returns nothing."
        return Verdict("not done", text)
    except Misconception as misconception:
        return Verdict("wrong", f"Not right: {misconception}.")
    except _LearnersError as wrapper:
        return Verdict("error", _located(wrapper.__cause__, answer))
    return Verdict("right", f"Right: {right}.")


def _guard(answer, forbidden):
    """The learner's function on copies, with library functions forbidden."""

    @functools.wraps(answer)
    def guarded(*arguments, **options):
        arguments, options = copy.deepcopy((arguments, options))
        with contextlib.ExitStack() as patches:
            for name in forbidden:
                patches.enter_context(mock.patch(name, _refusal(name)))
            try:
                got = answer(*arguments, **options)
            except (Misconception, KeyboardInterrupt):
                raise
            except BaseException as error:
                raise _LearnersError from error
        if got is None:
            raise _NotDone
        return got

    return guarded


def _refusal(name):
    def refuse(*arguments, **options):
        raise Misconception(
            f"write it yourself: `{name}` is what you are building"
        )

    return refuse


def _located(error, answer):
    """One line: where the learner's own code stopped, and why."""
    if isinstance(error, NotImplementedError):
        return "Not done yet: the function raises NotImplementedError."
    name = (
        f"{type(error).__name__}: {str(error).splitlines()[0]}"
        if str(error)
        else type(error).__name__
    )
    code = getattr(inspect.unwrap(answer), "__code__", None)
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if code and frame.filename == code.co_filename
    ]
    if not frames:
        return f"Your function cannot be called as the exercise asks. {name}."
    line = frames[-1].lineno
    source = linecache.getline(code.co_filename, line).strip()
    quoted = f" ({source})" if source else ""
    return f"Your code stopped at its line {line}{quoted} with {name}."


def _named(value):
    return f"{type(value).__name__} {value!r:.40}"


def _shape(shape):
    shape = tuple(shape)
    if shape == ():
        return "one number"
    if len(shape) == 1:
        return f"{shape[0]} numbers"
    return f"numbers of shape {shape}"


@contextlib.contextmanager
def _untouched_random_state():
    states = (
        python_random.getstate(),
        np.random.get_state(),
        torch.get_rng_state(),
    )
    try:
        yield
    finally:
        python_random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])
