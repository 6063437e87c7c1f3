"""What can be seen of a value, and where two of them differ.

A portrait is a copy that does not change when the value does, and that says
nothing of where a class was defined: that of a notebook's BigModel and that
of the helper's can be alike.
"""

import dataclasses
import math
from collections.abc import Iterator, Mapping
from itertools import islice
from types import (
    BuiltinFunctionType,
    EllipsisType,
    FunctionType,
    MethodType,
    NoneType,
)

import numpy as np
import torch
from torch import nn
from torch.distributed.tensor import DTensor

TAKEN = 5  # of an iterator, which may go on for ever

# How far floats may differ, as a share of the largest number of their array,
# where the twins may add in another order: some units of the last place.
ROUNDING = {
    "float": 1e-12,
    "float64": 1e-12,
    "float32": 2e-6,
    "bfloat16": 2e-2,
}
# Python floats that were float32 before.
SINGLE = {**ROUNDING, "float": 2e-6}
# What only counts, picks and moves, or does the same arithmetic.
EXACT = {}


@dataclasses.dataclass(frozen=True, eq=False)
class Portrait:
    kind: str  # the name of the type
    facts: object = None  # what must be equal
    numbers: np.ndarray | None = None  # what must be close
    parts: dict = dataclasses.field(default_factory=dict)


def portrait(value):
    """The Portrait of a value. Raises TypeError for an unknown kind."""
    kind = type(value).__name__
    if isinstance(value, Portrait):
        return value
    if isinstance(value, (bool, int, str, bytes, NoneType)):
        return Portrait(kind, value)
    if isinstance(value, (float, np.generic)):
        return Portrait(kind, None, np.array(value))
    if isinstance(value, torch.Tensor):
        return of_tensor(value)
    if isinstance(value, np.ndarray):
        facts = (str(value.dtype), value.shape)
        return Portrait(kind, facts, value.copy())
    if isinstance(value, nn.Module):
        return of_module(value)
    if isinstance(value, torch.optim.Optimizer):
        return Portrait(kind, parts={"state": portrait(value.state_dict())})
    if isinstance(value, torch.Generator):
        return Portrait(kind, parts={"state": portrait(value.get_state())})
    if isinstance(value, Mapping):
        parts = {repr(key): portrait(item) for key, item in value.items()}
        return Portrait(kind, parts=parts)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return Portrait(kind, parts=all_of(value._asdict()))
    if isinstance(value, (tuple, list)):
        return Portrait(kind, parts=all_of(dict(enumerate(value))))
    if isinstance(value, (set, frozenset)):
        return Portrait(kind, sorted(map(repr, value)))
    if isinstance(value, BaseException):
        return Portrait(kind, str(value))
    if isinstance(value, (torch.dtype, torch.device, slice, EllipsisType)):
        return Portrait(kind, str(value))
    if isinstance(value, type):
        return Portrait("class", value.__name__)
    if isinstance(value, (FunctionType, BuiltinFunctionType, MethodType)):
        return Portrait("function")
    if dataclasses.is_dataclass(value):
        fields = [field.name for field in dataclasses.fields(value)]
        given = {name: getattr(value, name) for name in fields}
        return Portrait(kind, parts=all_of(given))
    if isinstance(value, Iterator):
        # Each at once: a recipe yields the same model again and again.
        taken = [portrait(item) for item in islice(value, TAKEN)]
        return Portrait("iterator", parts=dict(enumerate(taken)))
    if hasattr(value, "grad") and hasattr(value, "inputs"):
        given = {"data": value.data, "grad": value.grad}
        return Portrait(kind, parts=all_of(given))  # of the engine
    raise TypeError(f"teach twins/portrait.py what can be seen of a {kind}")


def all_of(values):
    return {name: portrait(item) for name, item in values.items()}


def of_tensor(value):
    facts = (
        str(value.dtype),
        tuple(value.shape),
        value.requires_grad,
        value.is_inference(),  # such a one is not fit for autograd
    )
    parts = {}
    if value.is_leaf and value.grad is not None:
        parts["grad"] = portrait(value.grad)
    held = value.detach()
    if isinstance(held, DTensor):  # spread over processes: our share
        facts += (str(held.placements),)
        held = held.to_local()
    if held.dtype in (torch.bfloat16, torch.float16):
        held = held.float()
    numbers = held.cpu().clone().numpy()
    return Portrait(type(value).__name__, facts, numbers, parts)


def of_module(value):
    """Its layers and their mode, its weights with gradients, its buffers."""
    facts = [
        (name, type(layer).__name__, layer.training)
        for name, layer in value.named_modules()
    ]
    held = {**dict(value.named_parameters()), **dict(value.named_buffers())}
    return Portrait(type(value).__name__, facts, parts=all_of(held))


def difference(one, other, tolerance, where="all"):
    """Where two portraits differ first, in words; None if nowhere.

    `tolerance` is a share of the largest number for each dtype, as ROUNDING.
    """
    if one.kind != other.kind:
        return f"{where} is a {one.kind}, not a {other.kind}"
    if one.facts != other.facts:
        return f"{where}: {one.facts!r} is not {other.facts!r}"
    if list(one.parts) != list(other.parts):
        return f"{where} has {list(one.parts)}, not {list(other.parts)}"
    if one.numbers is not None:
        dtype = one.facts[0] if isinstance(one.facts, tuple) else one.kind
        share = tolerance.get(dtype.removeprefix("torch."), 0)
        gap = largest_gap(one.numbers, other.numbers, share)
        if gap:
            return f"{where}: {gap}"
    for name, part in one.parts.items():
        there = f"{where}[{name}]"
        found = difference(part, other.parts[name], tolerance, there)
        if found:
            return found
    return None


def largest_gap(one, other, share):
    """How far two arrays are apart, in words, if it is too far."""
    if one.shape != other.shape:
        return f"shape {one.shape}, not {other.shape}"
    if np.array_equal(one, other):
        return None
    if one.dtype.kind != "f":
        place = np.argwhere(one != other)[0]
        return f"{one[tuple(place)]} is not {other[tuple(place)]} at {place}"
    one, other = one.astype(np.float64), other.astype(np.float64)
    finite = np.isfinite(other)
    if not np.array_equal(one[~finite], other[~finite], equal_nan=True):
        return "NaN or infinite where the other is not, or the reverse"
    if not np.isfinite(one[finite]).all():
        return "NaN or infinite where the other is not"
    gap = np.abs(one[finite] - other[finite]).max(initial=0)
    scale = np.abs(other[finite]).max(initial=0)
    if gap <= share * scale:
        return None
    far = gap / scale if scale else math.inf
    return f"{gap:.2g} apart, {far:.2g} of the largest, {scale:.4g}"
