"""The checks of the exercises on an engine for BigModel."""

import functools
import math

import numpy as np
import torch

from helpers import engine
from helpers.checks import (
    AUTOGRAD,
    LearnersError,
    Misconception,
    brief,
    check,
    close,
    diagnose,
    named,
    numbers,
    tensors,
    uniform,
)
from helpers.engine import Tensor, topological

# What others have built.
SUMMED = ("helpers.engine.unbroadcast", "torch.Tensor.sum_to_size")
BACKWARD = (*AUTOGRAD, "helpers.engine.Value.backward")
BACKWARD += ("helpers.engine.Tensor.backward",)


def _slope_agrees(function, x, slope, h, tolerance):
    left, right, beyond = _sides(function, x, slope, h)
    return beyond(left, right) <= tolerance


@check(
    right="on smooth ground one slope passes, at a kink all between do",
    ours=_slope_agrees,
)
def slope_agrees(answer, random):
    a, x = uniform(random, 2).tolist()
    h, t = 0.001, 0.01
    functions = {
        "x**2": lambda x: x**2,
        "2 * x": lambda x: 2 * x,
        f"{a} * x": lambda x: a * x,
        "max(0, x)": lambda x: max(0, x),
        "-abs(x)": lambda x: -abs(x),
        "max(x, 3 - 2 * x)": lambda x: max(x, 3 - 2 * x),
    }
    groups = {
        "measure both one-sided slopes, and ask what lies between": (
            ("x**2", 3.0, h, t, (6, 6.5, 5.5, -6)),
            ("x**2", torch.tensor(-2.0), h, t, (-4, 4, -3.5, -4.5)),
            ("max(0, x)", 0.0, h, t, (0, 0.5, 1, 0.25, -0.5, 1.5)),
            ("-abs(x)", 0.0, h, t, (0, 0.5, -1, 1, -1.5, 1.5)),
            ("max(x, 3 - 2 * x)", 1.0, h, t, (-1.5, 0, 0.5, -2.5, 1.5)),
        ),
        "this does not hold for every tolerance: add the one given": (
            ("x**2", 3.0, h, t, (6.005, 5.995, 6.1, 5.9)),
            (f"{a} * x", x, h, t, (a, a + 0.005, a - 0.005, a + 0.1)),
            ("-abs(x)", 0.0, h, t, (1.00005, -1.00005, 1.1, -1.1)),
            ("x**2", 3.0, h, 0.5, (6.25, 5.75, 6.75, 5.25)),
            ("max(0, x)", 0.0, h, 1.0, (1.5, -0.5, 1.75, -0.75, 2.5, -1.5)),
        ),
        "this does not hold for every h: use the one given": (
            ("x**2", 3.0, 0.25, t, (6.2, 5.8, 6.5, 5.5)),
        ),
        "the ends themselves pass too: <=, not <": (  # exact in binary
            ("2 * x", 1.0, 0.25, 0.0, (2.0,)),
            ("2 * x", 1.0, 0.25, 0.5, (2.5, 1.5)),
            ("max(0, x)", 0.0, 0.25, 0.25, (1.25, -0.25)),
        ),
    }

    def truth(f, x, slope, h, t):
        a, b, off = _sides(f, x, slope, h)
        return off(a, b) <= t

    def mistakes(f, x, slope, h, t):
        a, b, off = _sides(f, x, slope, h)
        return {
            "this is the central difference: at a kink it is only one of "
            "the values allowed": off((a + b) / 2) <= t,
            "this looks to the right only: look to the left too": off(b) <= t,
            "this looks to the left only: look to the right too": off(a) <= t,
            "the left slope need not be the smaller one: sort the two": (
                a - t <= slope <= b + t
            ),
            "a measured slope is not exact: allow the tolerance at both "
            "ends": off(a, b) <= 0,
            "allow the tolerance upwards too": off(a, b, min(a, b) - t) <= 0,
            "allow the tolerance downwards too": off(a, b, max(a, b) + t) <= 0,
            "the tolerance is to be added at the ends, not multiplied": (
                min(a, b) * (1 - t) <= slope <= max(a, b) * (1 + t)
            ),
            "this allows the two one-sided slopes alone: all between them "
            "pass": min(off(a), off(b)) <= t,
            "at a kink no slope is near both sides: all between them are "
            "right": max(off(a), off(b)) <= t,
            "the wrong sign on the left: f(x) - f(x - h)": off(-a, b) <= t,
            "these are differences: divide by h": off(a * h, b * h) <= t,
            "this says no to everything": False,
            "this says yes to everything": True,
        }

    def told(*case):
        got = answer(*case)
        try:
            if numbers(got).item() in (0, 1):
                return got
        except (Misconception, RuntimeError):  # no numbers, or several
            pass
        raise Misconception(
            "return True or False, the outcome of a comparison, not "
            f"{named(got)}"
        )

    def shown(function, x, slope, h, tolerance):
        text = next(t for t, f in functions.items() if f is function)
        given = {"x": x, "slope": slope, "h": h, "tolerance": tolerance}
        return {"function": text} | given

    for i, (way, rows) in enumerate(groups.items()):
        cases = []
        for text, x, h, tolerance, slopes in rows:
            function = functions[text]
            for slope in slopes:
                cases.append((function, x, float(slope), h, tolerance))
                told(*cases[-1])
        slips = mistakes if i < 2 else {}  # the others ask one thing each
        diagnose(told, cases, truth, slips, way, show=shown)


def _sides(function, x, slope, h):
    """The slopes to the left and to the right, and what is beyond them."""
    here = function(x)
    left, right = (here - function(x - h)) / h, (function(x + h) - here) / h
    return left, right, lambda *e: max(min(e) - slope, slope - max(e))


def _summed(grad, shape, total=np.sum, front=0, new=True, ones=True):
    while new and grad.ndim > len(shape):
        grad = total(grad, axis=front)
    for axis, size in enumerate(shape):
        if ones and size == 1:
            grad = total(grad, axis=axis, keepdims=True)
    return grad


def _refuse_shape(got, shape, what, way="return it in that shape"):
    got = tuple(numbers(got).shape)
    if got != shape:
        raise Misconception(
            f"{what} must have shape {shape}, not {got}: {way}"
        )


def _refuse_type(got, dtype, what):
    # A dtype calls None its equal, so no getattr(got, "dtype", None).
    if not isinstance(got, np.ndarray | np.generic) or got.dtype != dtype:
        raise Misconception(
            f"{what}: the numbers are right, but return a NumPy array of "
            f"grad's own dtype, {dtype}, with which the engine goes on"
        )


@check(
    right="what was copied forwards is added up backwards",
    forbidden=(*SUMMED, *BACKWARD),
    ours=engine.unbroadcast,
)
def unbroadcast(answer, random):
    shapes = [((), ()), ((2,), (2,)), ((1,), (3,)), ((), (3,)), ((2,), (2, 2))]
    flat = (3,), (2, 1), (1, 3), (), (1,), (2, 3), (1, 1)
    deep = (3, 1, 1), (1, 2, 1), (1, 1, 4), (4,), (2, 1), (1, 1)
    shapes += [*((s, (2, 3)) for s in flat), *((s, (3, 2, 4)) for s in deep)]
    # An axis in front that holds one copy goes too.
    shapes += [((2,), (1, 2)), ((1,), (1, 1)), ((2, 1), (1, 1, 2, 1))]
    for _ in range(6):
        full = random.choices((1, 2, 3, 4), k=random.randint(2, 4))
        shape = [random.choice((1, size)) for size in full]
        shapes.append((tuple(shape[random.randint(0, 2) :]), full))
    cases = [
        (np.arange(1.0, math.prod(full) + 1).reshape(full), shape)
        for shape, full in shapes
    ]
    mistakes = {
        "this is grad as it came: what was copied must be "
        "summed": lambda grad, shape: grad,
        "axes that were put in front must be summed": lambda grad, shape: (
            _summed(grad, shape, new=False)
        ),
        "axes stretched from 1 must be summed": lambda grad, shape: _summed(
            grad, shape, ones=False
        ),
        "new axes stand in front, so sum over axis 0, not over the "
        "last": lambda grad, shape: _summed(grad, shape, front=-1),
        "sum over axis 0, not over the last, and over stretched axes "
        "too": lambda grad, shape: _summed(grad, shape, front=-1, ones=False),
        "copies add up, they are not averaged": lambda grad, shape: _summed(
            grad, shape, np.mean
        ),
        "only the first copy is kept: every copy had an effect, so add "
        "them": lambda grad, shape: grad[(0,) * (grad.ndim - len(shape))][
            tuple(map(slice, shape))
        ],
        "you sum over every axis: only copies are to be "
        "added": lambda grad, shape: grad.sum(),
    }
    diagnose(
        answer,
        cases,
        _summed,
        mistakes,
        "axes in front and axes of size 1 are both to be summed",
    )
    for grad, shape in cases:
        got = answer(grad, shape)
        way = "return an axis of size 1 as it was, so keepdims=True"
        if np.ndim(got) > len(shape):
            way = "return no axes that were put in front, without keepdims"
        _refuse_shape(got, shape, "the sums are right, but the result", way)
        _refuse_type(got, grad.dtype, "the result")


LINEAR = {"X": 0, "weight": 1, "bias": 2}


@check(
    right="value and three gradients, each of the shape of what it belongs to",
    forbidden=(*BACKWARD, "helpers.engine.linear"),
    ours=engine.linear,
)
def linear_layer(answer, random):
    # Square ones first, so that a wrong product comes out and gets its name.
    cases = tensors(
        ([[1, 2], [4, 3]], [[5, 1], [2, 3]], [[1, -2], [0.5, 4]]),
        ([[2, 0], [1, 5]], [[1, 4], [-3, 2]], [[3, 0], [-1, 0.5]]),
        ([[1, 2]], [[5, 1], [2, 3]], [[1, -2]]),  # one image
        ([[2]], [[3]], [[5]]),
        ([[1, 2]], [[4, -1]], [[3]]),
        ([[1], [2]], [[3]], [[5], [-1]]),
        ([[2]], [[3], [5]], [[1, -4]]),
    )
    n = random.randint(2, 5)
    for images, inputs, outputs in ((2, 3, 4), (1, 3, 2), (n, n + 1, n + 3)):
        shapes = (images, inputs), (outputs, inputs), (images, outputs)
        cases.append(tuple(uniform(random, shape) for shape in shapes))
    cases = [tuple(tensor.numpy() for tensor in case) for case in cases]
    biased = [(X, W, np.linspace(-1, 2, len(W))) for X, W, _ in cases]

    def value(X, weight, bias):
        return X @ weight.T + bias

    values = {
        "the bias is missing": lambda X, W, b: X @ W.T,
        "the weight must be transposed: (batch, inputs) times (inputs, "
        "outputs)": lambda X, W, b: X @ W + b,
        "the product stands the wrong way round": lambda X, W, b: W @ X + b,
    }
    diagnose(
        lambda *arrays: _layer(answer, *arrays).data,
        biased,
        value,
        values,
        "the result's data is X.data @ weight.data.T + bias.data",
    )
    for X, W, b in biased:
        out = _layer(answer, X, W, b)
        _refuse_shape(out.data, (len(X), len(W)), "the result")
        for dtype in (np.float64, np.float32):  # tests in one, training in
            out = _layer(answer, *(a.astype(dtype) for a in (X, W, b)))
            if out.data.dtype != dtype:
                raise Misconception(
                    "the numbers are right, but the result must have the "
                    f"dtype of what comes in, {np.dtype(dtype)}, not "
                    f"{out.data.dtype}"
                )
    averaged = "it is averaged, but the loss did that already: the mean came "
    averaged += "in with grad"
    ignored = "nothing of the gradient that comes in is in it"
    parts = {
        "the gradient of X": (
            lambda X, W, g: g @ W,
            {
                averaged: lambda X, W, g: g @ W / len(X),
                ignored: lambda X, W, g: np.ones_like(g) @ W,
                "this is the weight, a slope: a pull multiplies grad by "
                "it": lambda X, W, g: W,
                "the weight must not be transposed here": lambda X, W, g: (
                    g @ W.T
                ),
                "the product stands the wrong way round": lambda X, W, g: (
                    W @ g
                ),
                "the grad comes first: (batch, outputs) times (outputs, "
                "inputs)": lambda X, W, g: W.T @ g,
                "this is the weight's: X, weight, bias is the "
                "order": lambda X, W, g: g.T @ X,
                "multiply matrices, with @: the outputs add "
                "up": lambda X, W, g: g * W,
            },
        ),
        "the gradient of weight": (
            lambda X, W, g: g.T @ X,
            {
                averaged: lambda X, W, g: g.T @ X / len(X),
                ignored: lambda X, W, g: np.ones_like(g).T @ X,
                "these are the inputs X, slopes: a pull multiplies grad by "
                "them": lambda X, W, g: X,
                "it is transposed; the weight is (outputs, "
                "inputs)": lambda X, W, g: X.T @ g,
                "these images are transposed: grad.T @ X takes grad's "
                "columns": lambda X, W, g: X @ g.T,
                "nothing is transposed: (outputs, batch) times (batch, "
                "inputs) is what it takes": lambda X, W, g: g @ X,
            },
        ),
        "the gradient of bias": (
            lambda X, W, g: g.sum(axis=0),
            {
                ignored: lambda X, W, g: np.ones_like(g).sum(axis=0),
                "one number for all outputs: sum over images "
                "only": lambda X, W, g: g.sum(),
                "this is one row per image: the bias was copied to every row, "
                "so add the rows": lambda X, W, g: g,
                "the rows of grad are averaged: copies add "
                "up": lambda X, W, g: g.mean(0),
                "these are sums over outputs: sum over "
                "images": lambda X, W, g: g.sum(1),
            },
        ),
    }
    for some in (cases[:2], cases):
        for i, (what, (truth, slips)) in enumerate(parts.items()):
            one = functools.partial(_pulled, answer, [*LINEAR][i])
            slips = {f"{what}: {text}": slip for text, slip in slips.items()}
            way = f"{what}: write down the shapes, and only one product fits"
            diagnose(one, some, truth, slips, way, what=f"for {what} you")
            for case in some:
                got = one(*case)
                _refuse_shape(got, truth(*case).shape, what)
                _refuse_type(got, case[-1].dtype, what)
    # The pulls give what they must: does the engine then arrive at it?
    for X, W, g in cases:
        out = _layer(answer, X, W, np.zeros(len(W)))
        out.backward(g)
        for tensor, _ in out.inputs:
            index = LINEAR[tensor.role]
            truth = [*parts.values()][index][0](X, W, g)
            if not close(tensor.grad, truth):
                raise Misconception(
                    f"the pull of {tensor.role} must leave "
                    f"{tensor.role}.grad alone: return the gradient, and "
                    "the engine adds it up"
                )


def _layer(answer, *arrays):
    """What an answer makes of three Tensors that know their names."""
    given = [Tensor(array) for array in arrays]
    for name, tensor in zip(LINEAR, given, strict=True):
        tensor.role = name
    try:
        out = answer(*given)
    except LearnersError as error:
        if "not subscriptable" in brief(error.__cause__):
            raise Misconception(
                "a Tensor takes a tuple of pairs: ((X, pull_X), (weight, "
                "pull_weight), (bias, pull_bias))"
            ) from None
        raise
    if not isinstance(out, Tensor):
        raise Misconception(
            "return an engine.Tensor, made by engine.Tensor(y, pulls), not "
            f"{type(out).__name__}"
        )
    return out


def _pulled(answer, name, X, weight, grad):
    """What the pull of the input of this name returns."""
    out = _layer(answer, X, weight, np.zeros(len(weight)))
    roles = [getattr(tensor, "role", None) for tensor, _ in out.inputs]
    if None in roles:
        raise Misconception(
            "the numbers are right, but built from the engine's own "
            "operations: make it one operation with three pulls of its own"
        )
    if name not in roles:
        raise Misconception(
            f"the result does not remember {name}, so no gradient can go "
            f"back to it: add the pair ({name}, pull_{name})"
        )
    total = None
    for role, (_, pull) in zip(roles, out.inputs, strict=True):
        if role == name:
            got = _tried(pull, grad, f"the pull of {name}")
            numbers(got, what=f"the pull of {name}")  # or a Misconception
            total = got if total is None else total + got
    return total


def _tried(pull, grad, who):
    """What a pull gives for a gradient, which it must leave as it is."""
    given = grad.copy()
    try:
        got = pull(given)
    except Exception as error:
        raise Misconception(
            f"{who} must be a function of the gradient that comes in; it "
            f"stopped with {type(error).__name__}: {brief(error)}"
        ) from None
    if got is None:
        raise Misconception(
            f"{who} returns nothing: return the gradient, and the engine "
            "adds it up"
        )
    if (given != grad).any():
        raise Misconception(
            f"{who} changes the array that it gets, which belongs to the "
            "node behind it: make a new one"
        )
    return got


@check(right="value and gradient hold, used once and twice, whatever comes in")
def silu(answer, random):
    xs = [[1.0], [-0.5], [2.0, -1.0], 1.5, [[0.0, -3.0, 0.5]], [[[7.0], [-7]]]]
    large = [[50.0, -50.0], [800.0, -800.0], [[900.0], [-2.0]]]
    xs, large = ([np.array(x) for x in some] for some in (xs, large))
    xs += [np.array([-11.0]), np.array([10.5, -10.5])]
    xs += [uniform(random, shape).numpy() for shape in ((3,), (2, 1, 4))]

    def value(x):
        return x / (1 + np.exp(-x))

    def slope(x, grad):
        s = 1 / (1 + np.exp(-x))
        return grad * (s + x * s * (1 - s))

    def values(x):
        s = 1 / (1 + np.exp(-x))
        return {
            "this is the sigmoid alone: times x": s,
            "the exponent has the wrong sign: exp(-x)": x - x * s,
            "this is x itself": x,
            "exp(x) is infinite for a large x, and infinity divided by "
            "infinity is no number: 1 / (1 + "
            "exp(-x))": x * np.exp(x) / (1 + np.exp(x)),
        }

    def slopes(x, g):
        s = 1 / (1 + np.exp(-x))
        on = x * s * (1 - s)  # by the path through the sigmoid
        return {
            "the product has two paths: x times the slope of s is missing": g
            * s,
            "the product has two paths: s itself is missing": g * on,
            "the slope of s is s (1 - s): the factor 1 - s is missing": (
                g * (s + x * s)
            ),
            "x is missing: the second path is x s (1 - s)": (
                g * (s + s * (1 - s))
            ),
            "the second path has x once, the first not at all: s + x s (1 - "
            "s)": g * x * (s + s * (1 - s)),
            "pull hands on what came in: multiply it by the slope": g,
            "pull returns the value, not the slope": g * x * s,
            "pull ignores the gradient that comes in: multiply by it": s + on,
            "pull adds the gradient that comes in: multiply by it": g + s + on,
        }

    cases = [(x,) for x in xs]
    way = "x times sigmoid(x), computed from the array x.data"
    diagnose(lambda x: _made(answer, x).data, cases, value, values, way)
    cases = [(x,) for x in large]
    way = "right for small numbers, but not for large ones: exp must not "
    way += "overflow into the result, and nothing may be cut off"
    diagnose(lambda x: _made(answer, x).data, cases, value, values, way)
    xs += large
    for x in xs:
        _look_at(_made(answer, x))
    cases = [(x, np.ones(x.shape)) for x in xs]
    cases += [(x, 2 + uniform(random, x.shape, 0.5).numpy()) for x in xs]
    small = [case for case in cases if np.abs(case[0]).max() < 30]

    def once(x, grad):
        out = _made(answer, x)
        out.backward(grad)
        return out.inputs[0][0].grad

    def twice(x, grad):
        out = _made(answer, x)
        square = out * out
        square.backward(grad)
        square.backward(grad)
        return out.inputs[0][0].grad

    way = "the slope is s + x s (1 - s): multiply what comes in by it"
    diagnose(once, small, slope, slopes, way)
    way = "the value holds for large numbers, but the slope does not: an "
    way += "infinite exp(-x) must not stand above and below a fraction, so "
    way += "write the slope with s alone, s + x s (1 - s)"
    diagnose(once, cases, slope, slopes, way)
    way = "right when used once, but not in two passes through a result that "
    way += "is used twice: pull must change neither x.grad nor what it keeps"

    def both(x, grad):
        return 4 * value(x) * slope(x, grad)

    diagnose(twice, cases, both, {}, way)


def _made(answer, x):
    """What the answer makes of a Tensor: another, its own or the engine's."""
    given = Tensor(x)
    given.is_x = True
    try:
        out = answer(given)
    except LearnersError as error:
        cause = brief(error.__cause__)
        if "ufuncs" in cause:
            raise Misconception(
                "NumPy's functions take arrays, and x is a Tensor: compute "
                "with x.data"
            ) from None
        if "not subscriptable" in cause:
            raise Misconception(
                "a Tensor takes a tuple of pairs, here of one pair: "
                "((x, pull),) with the comma"
            ) from None
        raise
    if not all(hasattr(out, n) for n in ("data", "inputs", "backward")):
        raise Misconception(
            "return an engine.Tensor, made by engine.Tensor(y, ((x, "
            f"pull),)), not {type(out).__name__}"
        )
    _refuse_shape(out.data, x.shape, "the result")
    return out


def _look_at(out):
    nodes = topological(out)
    if len(nodes) > 2:
        raise Misconception(
            "the numbers are right, but built from the engine's own "
            "operations: make it one operation with its own pull"
        )
    if len(nodes) == 1 or not hasattr(nodes[0], "is_x"):
        raise Misconception(
            "the result remembers no input, or not the x that it came from, "
            "so no gradient can go back: engine.Tensor(y, ((x, pull),))"
        )
    for _, pull in out.inputs:
        given = np.full(np.shape(out.data), 2.0)
        pulled = _tried(pull, given, "pull")
        _refuse_shape(pulled, given.shape, "what pull returns")
