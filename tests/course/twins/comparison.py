"""Use both twins on the same inputs, and say where they differ."""

import contextlib
import functools
import importlib
import random
import warnings

import numpy as np
import torch

from tests.course.twins import BY_METHOD, TWINS, introduced, shown
from tests.course.twins.draw import Draw
from tests.course.twins.portrait import Portrait, all_of, difference


@contextlib.contextmanager
def undisturbed():
    """Random numbers go on afterwards as if nothing had been drawn."""
    before = torch.get_rng_state(), np.random.get_state(), random.getstate()
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.set_rng_state(before[0])
        np.random.set_state(before[1])
        random.setstate(before[2])


def seed(number):
    # torch.manual_seed notes each time, for a GPU, who has called it.
    torch.set_rng_state(torch.Generator().manual_seed(number).get_state())
    np.random.seed(number)
    random.seed(number)


def inputs(twin, number):
    """New arguments and options; those of a number are always the same."""
    seed(number)
    return twin.inputs(Draw(number))


def observed(side, name, twin, number):
    """All that can be seen of one use: the result, what became of the
    arguments, and how far the random numbers have gone."""
    with undisturbed():
        arguments, options = inputs(twin, number)
        seed(1000 + number)
        if twin.use:
            result = twin.use(side, *arguments, **options)
        else:
            result = getattr(side, name)(*arguments, **options)
        seen = {
            "result": result,
            "arguments": arguments,
            "options": options,
            "random numbers of torch": torch.get_rng_state(),
            "random numbers of NumPy": np.random.get_state(),
            "random numbers of Python": hash(random.getstate()),
            "gradients on": torch.is_grad_enabled(),
        }
        return Portrait("use", parts=all_of(seen))


def helper(module):
    return importlib.import_module(f"helpers.{module}")


@functools.cache
def of_helper(module, name, number):
    twin = TWINS[module][name]
    return observed(helper(module), name, twin, number)


def disagreement(module, name, side):
    """Where a side differs from the helper, in words; None if nowhere.

    The inputs are valid: an error is a difference.
    """
    twin = TWINS[module][name]
    for number in range(twin.draws):
        expected = of_helper(module, name, number)
        try:
            found = observed(side, name, twin, number)
        except Exception as error:
            return f"draw {number}: {type(error).__name__}: {error}"
        words = difference(found, expected, twin.tolerance, "use")
        if words:
            return f"draw {number}: {words}"
    return None


def twins_of_helper(module):
    """The names of all that a module of helpers defines."""
    return shown.own(helper(module), module in BY_METHOD)


def shown_twins(module, about):
    """Those of them that a notebook defines too."""
    found = shown.shown(about).module
    return shown.own(found, module in BY_METHOD) & twins_of_helper(module)


def notebooks_with(module, name):
    """The topics of the notebooks, from the introducing one on, that define
    a twin."""
    return [
        about
        for about in shown.from_on(introduced(module, name))
        if name in shown_twins(module, about)
    ]
