"""What a learner returned, as numbers: read, compared and shown."""

import numpy as np
import torch


class Misconception(Exception):
    """The answer is wrong in a way we recognise; its text is what is read."""


def numbers(got, shape=None, what="your function"):
    """What a learner returned as a float64 tensor, of whatever sensible type.

    Numbers, lists, NumPy arrays and tensors will do, with or without a
    gradient. With `shape`, a result of the same numbers in another sensible
    shape (a column for a row, one number in brackets) is brought to it.
    Raises Misconception for what is no numbers, or not of that shape.
    """
    try:
        tensor = _tensor(got)
    except Exception:  # whatever a strange object raises when it is read
        raise Misconception(
            f"{must(what)} numbers, not {named(got)}"
        ) from None
    if shape is not None and tensor.shape != tuple(shape):
        if not alike(tensor, shape):
            raise Misconception(
                f"{must(what)} {asked_for(shape, tensor.shape)}"
            )
        tensor = tensor.reshape(tuple(shape))
    return tensor


def must(what):
    """Who must do what: a function returns, one of its results is."""
    return f"{what} must {'be' if what.startswith('the ') else 'return'}"


def asked_for(shape, given):
    """ "2 numbers, not 3 numbers", of two shapes."""
    return f"{_shape(shape)}, not {_shape(given)}"


def alike(tensor, shape):
    """Whether a tensor's shape and another are the same but for ones."""
    sizes = [[size for size in s if size != 1] for s in (tensor.shape, shape)]
    return sizes[0] == sizes[1]


def close(got, expected, tolerance=1e-5):
    """Whether numbers agree, relative to the largest finite one expected.

    Shapes must agree too, but one expected number stands for any shape. Not
    a number is close to nothing; infinity only to the same infinity.
    """
    got, expected = _tensor(got), _tensor(expected)
    if expected.ndim and got.shape != expected.shape:
        return False
    finite = expected[expected.isfinite()].abs()
    scale = float(finite.max()) if finite.numel() else 1
    near = (got - expected).abs() <= tolerance * (scale or 1)
    return bool((near | (got == expected)).all())


def same(got, erring, tolerance=1e-5):
    """Whether a mistake gave these very numbers, NaN in the same places."""
    if not alike(got, erring.shape):
        return False
    got = got.reshape(erring.shape)
    if not torch.equal(got.isnan(), erring.isnan()):
        return False
    return close(got[~got.isnan()], erring[~erring.isnan()], tolerance)


def compare(**shown):
    """ "x 1.5, expected 2, yours 3", with digits enough to see a difference.

    Of many numbers, `expected` and `yours` show the first two that differ.
    """
    digits = 4
    if shown.keys() >= {"expected", "yours"}:
        shown = _where_they_differ(shown)
        two = shown["expected"], shown["yours"]
        while digits < 17 and brief(two[0], digits) == brief(two[1], digits):
            digits += 1
    return ", ".join(
        f"{name.replace('_', ' ')} "
        + brief(value, digits if name in ("expected", "yours") else 4)
        for name, value in shown.items()
    )


def brief(value, digits=4):
    """A value as short text: four digits a number, eight items a list."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().numpy()
    if isinstance(value, np.ndarray) and value.size > 30:
        return f"({value.size} numbers of shape {value.shape})"
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        items = [brief(item, digits) for item in value[:8]]
        return "[" + ", ".join(items + ["..."] * (len(value) > 8)) + "]"
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 1e9:
            return str(int(value))
        text = f"{value:.{digits}g}"
        # 3457.44 is no whole number.
        while text.lstrip("-").isdigit() and digits < 9:
            digits += 1
            text = f"{value:.{digits}g}"
        return text
    return one_line(value, 80, str)


def named(value):
    return f"{type(value).__name__} {one_line(value, 40, repr)}".strip()


def one_line(value, length, text):
    """What `text`, repr or str, makes of a value: one line, never an error."""
    try:
        words = " ".join(text(value).split())
    except Exception:
        return ""
    return words if len(words) <= length else words[:length] + "..."


def _where_they_differ(shown):
    """The first of many numbers that is not as expected, and its place."""
    expected, yours = shown["expected"], shown["yours"]
    try:
        expected, yours = _tensor(expected), _tensor(yours)
    except Exception:
        return shown
    if expected.shape != yours.shape or expected.numel() <= 8:
        return shown
    wrong = ((yours - expected).abs() > 1e-5 * expected.abs()) | yours.isnan()
    if not wrong.any():
        return shown
    at = wrong.nonzero()[0].tolist()
    place = {"at": at[0] if len(at) == 1 else at}
    told = {"expected": expected[tuple(at)], "yours": yours[tuple(at)]}
    return {k: v for k, v in shown.items() if k not in told} | place | told


def _tensor(got):
    """Numbers of any sensible type as a float64 tensor on the CPU."""
    if isinstance(got, list | tuple | range):
        items = [_tensor(item) for item in got]
        return torch.stack(items) if items else torch.zeros(0).double()
    if isinstance(got, np.ndarray):
        got = torch.as_tensor(got.copy())  # torch takes no reversed array
    elif not isinstance(got, torch.Tensor):
        # A Python float must not pass through float32 on its way.
        got = torch.as_tensor(got, dtype=torch.float64)
    if got.is_complex():
        raise TypeError("complex numbers")
    got = got.detach().cpu()
    if got.layout != torch.strided:
        got = got.to_dense()
    return got.double()


def _shape(shape):
    shape = tuple(shape)
    if shape == ():
        return "one number"
    if shape == (1,):
        return "one number of shape (1,)"
    if len(shape) == 1:
        return f"{shape[0]} numbers"
    return f"numbers of shape {shape}"
