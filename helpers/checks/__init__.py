"""Checks that answer at once, name the misconception, and never stop a cell.

The checks of a notebook stand in a module of its name
(`helpers.checks.gradient_descent`, ...):

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
import pkgutil
import random as python_random
import traceback
from typing import NamedTuple
from unittest import mock

import numpy as np
import torch


class Misconception(Exception):
    """The answer is wrong in a way we recognise; its text is what is read."""


class _NotDone(Exception):
    """The answer is not written yet; its text says how that shows."""


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
        tensor = _tensor(got)
    except (TypeError, ValueError, RuntimeError, OverflowError):
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
    """Whether numbers agree, relative to the largest finite one expected.

    Shapes must agree too, but one expected number stands for any shape. Not
    a number is close to nothing; infinity only to the same infinity.
    """
    got, expected = _tensor(got), _tensor(expected)
    if expected.ndim and got.shape != expected.shape:
        return False
    finite = expected[expected.isfinite()].abs()
    scale = max(1e-3, float(finite.max())) if finite.numel() else 1
    near = (got - expected).abs() <= tolerance * scale
    return bool((near | (got == expected)).all())


def compare(**shown):
    """ "x = 1.5, expected 2, yours 3": the input first, two numbers last."""
    return ", ".join(
        f"{name.replace('_', ' ')} {brief(value)}"
        for name, value in shown.items()
    )


def brief(value):
    """A value as short text: four digits a number, eight items a list."""
    if isinstance(value, torch.Tensor):
        value = value.detach().tolist()
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        items = [brief(item) for item in value[:8]]
        return "[" + ", ".join(items + ["..."] * (len(value) > 8)) + "]"
    if isinstance(value, float):
        return f"{value:.4g}"
    return _one_line(value, 80, str)


def _tensor(got):
    """Numbers of any sensible type as a float64 tensor on the CPU."""
    if isinstance(got, (list, tuple)):
        items = [_tensor(item) for item in got]
        return torch.stack(items) if items else torch.zeros(0).double()
    if isinstance(got, np.ndarray):
        got = torch.as_tensor(got.copy())  # torch takes no reversed array
    elif not isinstance(got, torch.Tensor):
        # A Python float must not pass through float32 on its way.
        got = torch.as_tensor(got, dtype=torch.float64)
    if got.is_complex():
        raise TypeError("complex numbers")
    return got.detach().cpu().double()


def _judge(judge, answer, right, forbidden):
    try:
        judge(_guard(answer, forbidden), python_random.Random())
    except _NotDone as sign:
        return Verdict("not done", f"Not done yet: the function {sign}.")
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
        with contextlib.ExitStack() as stack:
            for name in forbidden:
                _forbid(name, answer, stack)
            try:
                got = answer(*arguments, **options)
            except (Misconception, KeyboardInterrupt):
                raise
            except BaseException as error:  # sys.exit() too
                if _is_placeholder(error):
                    raise _NotDone("raises NotImplementedError") from None
                raise _LearnersError from error
        if got is None:
            raise _NotDone("returns nothing")
        return got

    return guarded


def _forbid(name, answer, stack):
    """Put a refusal in a library function's place until the stack closes.

    Also where the answer is that function itself, or calls it by a name of
    its own (`from torch import softmax`).
    """
    function, refusal = pkgutil.resolve_name(name), _refusal(name)
    if answer is function:
        refusal()
    stack.enter_context(mock.patch(name, refusal))
    names = getattr(inspect.unwrap(answer), "__globals__", {})
    for key, value in list(names.items()):
        if value is function:
            names[key] = refusal
            stack.callback(names.__setitem__, key, value)


def _refusal(name):
    def refuse(*arguments, **options):
        raise Misconception(
            f"write it yourself: `{name}` is what you are building"
        )

    return refuse


def _is_placeholder(error):
    """Whether the answer itself says `raise NotImplementedError`.

    torch raises it too, for types that a function cannot take.
    """
    if not isinstance(error, NotImplementedError):
        return False
    last = traceback.extract_tb(error.__traceback__)[-1]
    return (last.line or "").startswith("raise ")


def _located(error, answer):
    """One line: where the learner's own code stopped, and why."""
    name, message = type(error).__name__, _one_line(error, 200, str)
    if message:
        name += f": {message}"
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
    return f"{type(value).__name__} {_one_line(value, 40, repr)}".strip()


def _one_line(value, length, text):
    """What `text`, repr or str, makes of a value: one line, never an error."""
    try:
        words = " ".join(text(value).split())
    except Exception:
        return ""
    return words if len(words) <= length else words[:length] + "..."


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
