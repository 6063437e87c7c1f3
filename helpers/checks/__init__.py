"""Checks that answer at once, name the misconception, and never stop a cell.

The checks of a notebook stand in a module of its name
(`helpers.checks.gradient_descent`, ...):

    @check(right="what a right answer shows")
    def name(answer, random):
        diagnose(answer, cases, truth, mistakes, otherwise="the way out")

In the notebook, `checks.name(function_of_the_learner)` shows one verdict.
"""

import functools
import html
import inspect
import math
import random as python_random
import warnings
from typing import NamedTuple

import numpy as np
import torch
from IPython import get_ipython
from IPython.display import display

from helpers.checks._guard import (
    AUTOGRAD,
    SOFTMAX,
    Guard,
    LearnersError,
    NotDone,
    TooLong,
    clean_switches,
    located,
    time_limit,
    untouched_random_state,
)
from helpers.checks._values import (
    Misconception,
    alike,
    asked_for,
    brief,
    close,
    compare,
    must,
    named,
    numbers,
    same,
)

__all__ = [
    "AUTOGRAD",
    "SOFTMAX",
    "Misconception",
    "Verdict",
    "brief",
    "check",
    "close",
    "compare",
    "diagnose",
    "draw",
    "draws",
    "learns_through",
    "numbers",
    "part",
    "same",
    "tensors",
    "time_limit",
    "uniform",
]

SECONDS = 10  # for an answer, on all inputs of a check together
# Sign, colour and words; the colours mean the same as in the figures.
LOOKS = {
    "right": ("\N{CHECK MARK}", "#009E73"),
    "wrong": ("\N{MULTIPLICATION X}", "#D55E00"),
    "error": ("!", "#D55E00"),
    "not done": ("\N{WHITE CIRCLE}", "#666666"),
}
# What the next cells can use, and how it is known.
KINDS = {
    "a tensor": lambda got: isinstance(got, torch.Tensor),
    "a float64 tensor": lambda got: (
        isinstance(got, torch.Tensor) and got.dtype == torch.float64
    ),
    "one number": lambda got: (
        not isinstance(got, list | tuple) and np.ndim(got) == 0
    ),
    "a whole number": lambda got: (
        not isinstance(got, list | tuple)
        and np.ndim(got) == 0
        and not torch.as_tensor(got).is_floating_point()
    ),
}
# Whose function goes on, by the verdict on the learner's.
OURS = "ours for now; yours takes its place as soon as it is right"
USED = {"right": "your version", "not done": OURS}
USED |= {"wrong": OURS, "error": OURS}


class Verdict(NamedTuple):
    """kind: "right", "wrong", "error" or "not done"; text: what is read."""

    kind: str
    text: str

    def _repr_pretty_(self, printer, cycle):
        printer.text(f"{LOOKS[self.kind][0]} {self.text}")

    def _repr_html_(self):
        sign, colour = LOOKS[self.kind]
        head, stop, rest = self.text.partition(":")
        if not stop:
            head, stop, rest = self.text.partition(" with ")
        return (
            f'<div style="border-left: 6px solid {colour}; padding: 4px 10px">'
            f'<b style="color: {colour}">{sign} {html.escape(head)}</b>'
            f"{html.escape(stop + rest)}</div>"
        )


def check(right, forbidden=(), ours=None, fits=None):
    """Make a check of a function that judges one answer.

    right: what a right answer has shown, a sentence without its full stop
    ours: the course's own function, where later cells use the answer:
        `checks.NAME.yours_or_ours(answer)` gives the answer if it is right
        and ours if it is not, and says which
    fits: function of a right answer that gives the reason why the next cells
        cannot go on with it, or None
    forbidden: what the answer must not call, because writing it is the
        exercise: names of functions ("torch.flatten"), of operations
        ("aten::_softmax"), or AUTOGRAD; found under whatever name it is used

    The judge gets the answer, wrapped so that it cannot change what it is
    given, the global switches or the learner's random state, and a
    `random.Random` for its own draws. It raises Misconception, or returns if
    all is well. An answer that is right but changes what it was given is
    refused, and so is one that runs longer than SECONDS.
    """

    def decorate(judge):
        def verdict(answer, seed=None):
            if not callable(answer):
                return Verdict(
                    "not done",
                    "Not done yet: this check needs your function itself, "
                    f"without a call, not {type(answer).__name__}.",
                )
            with untouched_random_state(), clean_switches():
                random = python_random.Random(seed)
                guard = Guard(answer, forbidden, SECONDS)
                return _judge(judge, guard, random, right)

        @functools.wraps(judge)
        def showing(answer):
            told = verdict(answer)
            display(told) if get_ipython() else print(told.text)

        def yours_or_ours(answer):
            # Ours comes back where a cell is run again.
            again = answer is ours
            kind = "not done" if again else verdict(answer, seed=0).kind
            with untouched_random_state():
                reason = fits(answer) if fits and kind == "right" else None
            if reason:
                print(
                    f"The next cells use ours; yours is right, but {reason}."
                )
                return ours
            print(f"The next cells use {USED[kind]}.")
            return _as_judged(answer) if kind == "right" else ours

        showing.verdict = verdict
        if ours is not None:
            showing.yours_or_ours = yours_or_ours
        return showing

    return decorate


def _as_judged(answer):
    """The answer, whose new tensors are of the type of those it is given.

    So they are in the check: `torch.zeros` and `torch.eye` beside float64.
    """
    if not inspect.isfunction(answer):
        return answer

    @functools.wraps(answer)
    def run(*arguments, **options):
        before = torch.get_default_dtype()
        torch.set_default_dtype(_floating(arguments) or before)
        try:
            return answer(*arguments, **options)
        finally:
            torch.set_default_dtype(before)

    return run


def _floating(value):
    """The type of the first floating-point tensor in nested arguments."""
    if isinstance(value, torch.Tensor):
        return value.dtype if value.is_floating_point() else None
    if isinstance(value, list | tuple):
        return next(filter(None, map(_floating, value)), None)
    return None


def _judge(judge, guard, random, right):
    try:
        with guard.alarm:
            judge(guard, random)
        if guard.overwritten:
            raise Misconception(
                f"the result is right, but {guard.overwritten}, which you "
                "were given, is changed on the way, and its owner still "
                "needs it: work on a copy (`x += 1` changes x itself, `x = x "
                "+ 1` does not)"
            )
    except NotDone as sign:
        return Verdict("not done", f"Not done yet: the function {sign}.")
    except Misconception as misconception:
        return Verdict("wrong", f"Not right: {misconception}.")
    except LearnersError as wrapper:
        return Verdict("error", located(wrapper.__cause__, guard.answer))
    except TooLong:
        return Verdict(
            "error",
            f"Your code still ran after {SECONDS} seconds and was stopped: "
            "look for a loop that never ends, or a recursion that computes "
            "the same again and again. (You can stop a cell yourself: "
            "Interrupt the Kernel, the square in the toolbar.)",
        )
    except Exception as error:  # what an odd result does when it is read
        return Verdict(
            "error",
            "This check cannot read what your function returns, "
            f"{named(guard.last)}: {type(error).__name__}.",
        )
    return Verdict("right", f"Right: {right}.")


def diagnose(
    answer,
    cases,
    truth,
    mistakes,
    otherwise,
    *,
    also=(),
    tolerance=1e-5,
    exact_shape=False,
    counted=False,
    kind=None,
    what="your function",
    show=None,
):
    """Judge a function on cases, and name the mistake that explains it.

    cases: tuples of arguments. Fixed ones that tell the right answer from
        its shortcuts, and random ones.
    truth: the right function; its parameters name the arguments in a verdict
    mistakes: {what is wrong, and the way out: the function of one who thinks
        so}, or a function of a case that gives {what is wrong: what one who
        thinks so gets}. A mistake is named only if it gives what the answer
        gave on all cases, and something wrong on two of them.
    otherwise: the way out where no mistake explains the answer
    also: other right functions, such as one for another convention
    tolerance: relative to the largest number expected
    exact_shape: whether a column in place of a row is wrong, because the
        exercise names the shape
    counted: whether more or fewer numbers are a wrong answer, not a wrong
        shape, because how many there are is what is asked
    kind: one of KINDS, if the next cells can use no other
    what: who returns the numbers, where not "your function"
    show: function of a case's arguments that gives {name: value} for the
        verdict

    Raises Misconception, with the smallest case that failed; and what the
    answer raised, if no mistake is recognised before.
    """
    got, given, stopped = [], [], None
    for case in cases:
        try:
            given.append(answer(*case))
            got.append(numbers(given[-1], what=what))
        except (LearnersError, Misconception) as error:
            stopped = stopped or error
            got.append(None)

    def fits(g, v):
        if g is None or not alike(g, v.shape):
            return False
        return close(g.reshape(v.shape), v, tolerance)

    def right(function):
        values = [numbers(function(*case)) for case in cases]
        return values, [*map(fits, got, values)]

    expected, good = max(map(right, (truth, *also)), key=lambda r: sum(r[1]))
    wrong = [i for i, g in enumerate(got) if g is not None and not good[i]]
    why = None
    for text, values in _tabled(mistakes, cases).items():
        if _explains(values, got, wrong, tolerance):
            why = text
            break
    if stopped and not why:
        raise stopped
    odd = []
    if exact_shape and not wrong:
        pairs = enumerate(zip(got, expected, strict=True))
        odd = [i for i, (g, v) in pairs if g.shape != v.shape]
    if not wrong and not odd:
        unfit = [g for g in given if kind and not KINDS[kind](g)]
        if unfit:
            part = f"{what} as " * what.startswith("the ")
            raise Misconception(
                f"the numbers are right, but return {part}{kind}, which the "
                f"next cells need, not {_type_of(unfit[0])}"
            )
        return
    at = min(wrong or odd, key=lambda i: _size(cases[i]))
    shown = show(*cases[at]) if show else _arguments(truth, cases[at])
    strange = not alike(got[at], expected[at].shape)
    if counted and got[at].ndim == expected[at].ndim == 1:
        strange = False
    if odd or (not why and strange):
        shapes = asked_for(expected[at].shape, got[at].shape)
        text = "the numbers are right, but " * bool(odd)
        text += f"{must(what)} {shapes}; {compare(**shown)}"
        raise Misconception(text.removesuffix("; "))
    shown = compare(**shown, expected=_plain(expected[at]), yours=got[at])
    raise Misconception(f"{why or otherwise}; {shown}")


def learns_through(answer, arguments, name):
    """Refuse a result in which `name` leaves no trace for the gradient.

    arguments: what the answer gets; a gradient is asked of what `name` means
    """
    if not answer(*arguments).requires_grad:
        raise Misconception(
            f"the numbers are right, but no gradient flows back to {name}, "
            "so nothing behind it can be trained: return it without "
            "`detach`, `.data`, `no_grad` or a copy by `torch.tensor`"
        )


def keeps_dtype(answer, arguments, reason, what="the result"):
    """Refuse a result of another type than float32 where float32 comes in.

    The checks run in float64, and so a result that a learner has typed
    wrongly would stop only in the next cells.

    arguments: what the answer gets; floating-point tensors become float32
    reason: why the type matters, for the verdict
    """
    made = answer(
        *(
            x.float() if torch.is_tensor(x) and x.is_floating_point() else x
            for x in arguments
        )
    )
    if isinstance(made, list | tuple) and any(map(torch.is_tensor, made)):
        raise Misconception(
            f"the numbers are right, but return {what} as one tensor: "
            "torch.stack makes it of a list"
        )
    dtype = torch.as_tensor(made).dtype if hasattr(made, "dtype") else None
    if dtype != torch.float32:
        raise Misconception(
            f"the numbers are right, but return {what} as torch.float32 "
            f"where that comes in, not as {dtype or named(made)}, because "
            f"{reason}: keep the type of what you are given"
        )


def part(answer, index, *names):
    """The function that gives one of several results of an answer.

    names: what the results are, in order: "the weight", "the bias"
    """

    @functools.wraps(answer)
    def one(*arguments):
        got = answer(*arguments)
        if not isinstance(got, tuple | list) or len(got) != len(names):
            count = {2: "two", 3: "three"}.get(len(names), len(names))
            raise Misconception(
                f"return {count} things, {', '.join(names[:-1])} and "
                f"{names[-1]}, not {named(got)}"
            )
        return got[index]

    return one


def tensors(*cases):
    """Tuples of arguments, with each list made a float64 tensor."""
    return [
        tuple(
            torch.tensor(value, dtype=torch.float64)
            if isinstance(value, list)
            else value
            for value in case
        )
        for case in cases
    ]


def uniform(random, shape, low=-2.0, high=2.0):
    """Random numbers of two digits behind the point, easily read."""
    shape = (shape,) if isinstance(shape, int) else shape
    drawn = [
        round(random.uniform(low, high), 2) for _ in range(math.prod(shape))
    ]
    return torch.tensor(drawn, dtype=torch.float64).reshape(shape)


def draw(random, *shapes, low=-2.0, high=2.0):
    """A case of random tensors, one of each shape."""
    return tuple(uniform(random, shape, low, high) for shape in shapes)


def draws(make, random):
    """Forty cases that are made alike in every check, and ten on top.

    make: function of random numbers that gives a case
    """
    always = python_random.Random(0)
    return [make(source) for source in [always] * 40 + [random] * 10]


def _type_of(value):
    if isinstance(value, torch.Tensor):
        return f"a tensor of shape {tuple(value.shape)} and {value.dtype}"
    return named(value)


def _tabled(mistakes, cases):
    """{what is wrong: what it gives on each case, None where it cannot be}."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # who divides by 0 does so silently
        return _what_each_gives(mistakes, cases)


def _what_each_gives(mistakes, cases):
    if callable(mistakes):
        tables = [mistakes(*case) for case in cases]
        return {
            text: [_or_none(numbers, table[text]) for table in tables]
            for text in tables[0]
        }
    return {
        text: [
            _or_none(lambda *case, m=mistake: numbers(m(*case)), *case)
            for case in cases
        ]
        for text, mistake in mistakes.items()
    }


def _or_none(function, *arguments):
    """What a function gives; None where shapes do not allow the mistake."""
    try:
        return function(*arguments)
    except Exception:
        return None


def _explains(values, got, wrong, tolerance):
    """Whether one who makes a mistake gets exactly what was got."""
    hits = 0
    for i, (value, g) in enumerate(zip(values, got, strict=True)):
        if g is None or (value is None and i not in wrong):
            continue
        if value is None or not same(g, value, tolerance):
            return False
        hits += i in wrong
    return hits >= 2


def _arguments(truth, case):
    names = inspect.signature(truth).parameters
    return {
        name: _plain(value)
        for name, value in zip(names, case, strict=False)
        if not callable(value)
    }


def _plain(value):
    """A tensor of one number as that number, so that it is shown as such."""
    single = isinstance(value, torch.Tensor) and value.ndim == 0
    return value.item() if single else value


def _size(case):
    """How many numbers a learner has to read."""
    if isinstance(case, torch.Tensor | np.ndarray):
        return math.prod(case.shape)
    if isinstance(case, dict):
        return sum(1 + _size(value) for value in case.values())
    if isinstance(case, list | tuple):
        return sum(map(_size, case))
    return 1
