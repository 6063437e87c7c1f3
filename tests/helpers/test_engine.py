"""The engine against PyTorch's autograd, in float64.

`python -m tools.mutate` puts faults into the engine and runs this file
against each; it sets ENGINE_TESTS=mutants, for fewer examples and the first
failure only.
"""

import gc
import math
import operator
import os
import tracemalloc
import weakref
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes
from torch.nn import functional as F

from helpers.engine import (
    Adam,
    Tensor,
    Value,
    bigmodel,
    conv2d,
    cross_entropy,
    linear,
    max_pool2d,
)
from helpers.model import BigModel

MUTANTS = os.environ.get("ENGINE_TESTS") == "mutants"
search = settings(
    max_examples=25 if MUTANTS else 100,
    phases=[Phase.generate] if MUTANTS else list(Phase),
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)

BINARY = [operator.add, operator.sub, operator.mul, operator.truediv]
seeds = st.integers(0, 2**32 - 1)


def close(ours, theirs, tolerance=1e-12):
    ours = np.asarray(ours)
    theirs = np.asarray(torch.as_tensor(theirs).detach())
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)


def draw(seed, *shapes, low=-2.0, high=2.0):
    random = np.random.default_rng(seed)
    return [random.uniform(low, high, shape) for shape in shapes]


def same(ours, theirs, *arrays):
    """Do both give the same result, and for every array the same gradient?

    Backwards from the whole result, with random weights, and twice, so that
    leaves must accumulate and results must not.
    """
    mine = [Tensor(array) for array in arrays]
    yours = [torch.tensor(array, requires_grad=True) for array in arrays]
    result, expected = ours(*mine), theirs(*yours)
    close(result.data, expected)
    for seed in (0, 1):
        (weights,) = draw(seed, result.shape)
        result.backward(weights)
        expected.backward(torch.tensor(weights), retain_graph=True)
    for a, b in zip(mine, yours, strict=True):
        close(a.grad, b.grad)


# ---- the scalar engine


@pytest.mark.parametrize("operation", [*BINARY, operator.pow])
@pytest.mark.parametrize(
    "number", [int, float, np.float64, np.float32, np.int64]
)
def test_a_value_meets_values_and_numbers_on_either_side(operation, number):
    for left, right in ((3, 2), (2, 5), (1, 4)):
        a, b, c, d = (Value(n) for n in (left, right, left, right))
        y = operation(a, b) * operation(c, number(right))
        y = y * operation(number(left), d)
        assert isinstance(y, Value)
        assert type(y.data) is float
        y.backward()
        ta, tb, tc, td = (
            torch.tensor(float(n), dtype=torch.float64, requires_grad=True)
            for n in (left, right, left, right)
        )
        t = operation(ta, tb) * operation(tc, right) * operation(left, td)
        t.backward()
        close(y.data, t)
        for ours, theirs in ((a, ta), (b, tb), (c, tc), (d, td)):
            close(ours.grad, theirs.grad)


def test_a_value_is_a_float_and_shows_itself():
    assert type(Value(np.float32(0.5)).data) is float
    value = Value(2)
    (3 * value).backward()
    assert Value(0.5).log().data == math.log(0.5)
    assert repr(value) == "Value(data=2, grad=3)"


STEPS = {
    "add": lambda a, b, k: a + b,
    "sub": lambda a, b, k: a - b * k,
    "mul": lambda a, b, k: a * b,
    "div": lambda a, b, k: a / (b * b + 1),
    "rsub": lambda a, b, k: k - a,
    "rdiv": lambda a, b, k: k / (a * a + 0.5),
    "pow": lambda a, b, k: (a * a + 1) ** b.tanh(),
    "square": lambda a, b, k: a**2,
    "cube": lambda a, b, k: a.tanh() ** 3,
    "root": lambda a, b, k: (a * a + 1) ** -0.5,
    "rpow": lambda a, b, k: (1 + k * k) ** a.tanh(),
    "neg": lambda a, b, k: -a,
    "relu": lambda a, b, k: (a + k).relu(),
    "tanh": lambda a, b, k: a.tanh(),
    "exp": lambda a, b, k: a.tanh().exp(),
    "log": lambda a, b, k: (a * a + 1).log(),
}
step = st.tuples(
    st.sampled_from(sorted(STEPS)),
    st.integers(0, 20),
    st.integers(0, 20),
    st.sampled_from([-1.5, 0.7, 2]),
)


def grow(leaves, steps):
    """Every node of a computation: each step takes any two before it."""
    nodes = list(leaves)
    for name, i, j, k in steps:
        a, b = nodes[-1 - i % len(nodes)], nodes[j % len(nodes)]
        nodes.append(STEPS[name](a, b, k).tanh() * 2)
    return nodes


@search
@given(seeds, st.lists(step, min_size=1, max_size=12))
def test_any_computation_with_values_has_pytorch_s_gradients(seed, steps):
    (numbers,) = draw(seed, 3)
    mine = grow([Value(x) for x in numbers], steps)
    theirs = grow(
        [
            torch.tensor(x, dtype=torch.float64, requires_grad=True)
            for x in numbers
        ],
        steps,
    )
    middle = len(mine) // 2
    for root in (-1, -1, middle, -1):  # again, and from another root
        for node in theirs[3:]:
            node.retain_grad()
            node.grad = None
        mine[root].backward()
        theirs[root].backward(retain_graph=True)
    for ours, expected in zip(mine, theirs, strict=True):
        close(ours.data, expected, 1e-9)
    for ours, expected in zip(mine[:3], theirs[:3], strict=True):
        close(ours.grad, 0.0 if expected.grad is None else expected.grad, 1e-9)
    for ours, expected in zip(mine[3:], theirs[3:], strict=True):
        if expected.grad is not None:  # results keep the last call's alone
            close(ours.grad, expected.grad, 1e-9)


@pytest.mark.parametrize("name", sorted(STEPS))
def test_each_operation_of_values_by_itself(name):
    for k, numbers in ((0.7, (0.3, -0.6)), (-1.5, (2.0, 1.2))):
        mine = [Value(x) for x in numbers]
        theirs = [
            torch.tensor(x, dtype=torch.float64, requires_grad=True)
            for x in numbers
        ]
        STEPS[name](*mine, k).backward()
        STEPS[name](*theirs, k).backward()
        for ours, expected in zip(mine, theirs, strict=True):
            grad = expected.grad
            close(ours.grad, 0.0 if grad is None else grad)


def test_an_array_does_not_swallow_values():
    with pytest.raises(TypeError, match="unsupported operand"):
        np.ones(2) * Value(1)


def test_a_value_used_twice_gets_both_gradients():
    x = Value(3)
    y = x * x + x
    y.backward()
    assert (y.data, x.grad) == (12, 7)


def test_backward_again_adds_to_leaves_and_not_to_results():
    x = Value(2)
    square = x * x
    y = square * 3
    y.backward()
    y.backward()
    assert (x.grad, square.grad, y.grad) == (24, 3, 1)
    square.backward()  # another root that shares nodes
    assert (x.grad, square.grad) == (28, 1)
    x.backward()
    assert x.grad == 29


@pytest.mark.parametrize("make", [Value, Tensor])
def test_the_slope_at_relu_s_kink_lies_between_its_sides(make):
    for point in (-1.0, 0.0, 1.0):
        x = make(point)
        x.relu().backward()
        sides = [
            (max(point + h, 0) - max(point, 0)) / h for h in (-1e-6, 1e-6)
        ]
        assert min(sides) - 1e-9 <= x.grad <= max(sides) + 1e-9
    x = make(0.0)
    x.relu().backward()
    assert x.grad == 0  # and among these, the one its docstring states


def test_powers_at_zero_and_of_negative_numbers():
    for base, exponent, slope in (
        *((0, 0, 0), (0, 1, 1), (0, 2, 0), (0, 1.5, 0)),
        *((-2, 0, 0), (-2, 1, 1), (-2, 3, 12), (-2, -1, -0.25)),
    ):
        for x in (Value(base), Tensor(base)):
            y = x**exponent
            y.backward()
            assert y.data == base**exponent
            assert x.grad == slope
    for power in (0, 2):
        base, exponent = Value(0), Value(power)
        (base**exponent).backward()
        assert (base.grad, exponent.grad) == (0, 0)


@pytest.mark.parametrize(
    ("error", "message", "compute"),
    [
        (ValueError, "log of -1: it must be pos", lambda: Value(-1).log()),
        (ValueError, "log of 0: it must be positive", lambda: Value(0).log()),
        (ValueError, "log of -0.5", lambda: Value(-0.5).log()),
        (ZeroDivisionError, "zero", lambda: Value(1) / 0),
        (ZeroDivisionError, "zero", lambda: 1 / Value(0)),
        (ZeroDivisionError, "neg|zero", lambda: Value(0) ** -1),
        (ZeroDivisionError, "neg|zero", lambda: Value(0) ** 0.5),
        (ValueError, r"-8 \*\* 0\.5: .*whole", lambda: Value(-8) ** 0.5),
        (ValueError, r"not a Value", lambda: Value(-2) ** Value(2)),
        (ValueError, r"not a Value", lambda: (-2) ** Value(2)),
        (OverflowError, "range", lambda: Value(1000).exp()),
        (TypeError, "one real number, got '2'", lambda: Value("2")),
        (TypeError, "one real number, got 1j", lambda: Value(1j)),
        (TypeError, "one real number, got Val", lambda: Value(Value(1))),
        (TypeError, "dtype <U1", lambda: Tensor(["a"])),
        (TypeError, "dtype complex128", lambda: Tensor([1j])),
    ],
)
def test_numbers_outside_the_domain_are_refused(error, message, compute):
    with pytest.raises(error, match=message):
        compute()


@pytest.mark.parametrize("make", [Value, Tensor])
@pytest.mark.parametrize("operation", [*BINARY, operator.pow, operator.matmul])
@pytest.mark.parametrize("other", ["a", None, 1j, {}])
def test_other_types_raise_type_errors(make, operation, other):
    message = "unsupported operand|can only concat|can't multiply sequence"
    with pytest.raises(TypeError, match=message):
        operation(make(1), other)
    with pytest.raises(TypeError, match=message):
        operation(other, make(1))


def test_other_types_may_define_the_operation_themselves():
    class Other:
        def __radd__(self, value):
            return "mine"

        __rpow__ = __rmatmul__ = __radd__

    for make in (Value, Tensor):
        assert make(1) + Other() == "mine"
        assert make(1) ** Other() == "mine"
    assert Tensor([[1]]) @ Other() == "mine"


def test_an_operation_of_one_s_own_needs_its_slope_only():
    x, X = Value(0.3), Tensor([0.3, 0.4])
    (2 * Value(math.sin(x.data), ((x, math.cos(x.data)),))).backward()
    assert x.grad == 2 * math.cos(0.3)
    pull = lambda grad: grad * np.cos(X.data)  # noqa: E731
    (2 * Tensor(np.sin(X.data), ((X, pull),))).sum().backward()
    assert (X.grad == 2 * np.cos(X.data)).all()


# ---- the tensor engine


@search
@given(
    st.sampled_from(BINARY),
    mutually_broadcastable_shapes(
        num_shapes=2, min_side=0, max_side=3, max_dims=3
    ),
    seeds,
)
def test_arithmetic_broadcasts_and_undoes_it(operation, shapes, seed):
    a, b = draw(seed, *shapes.input_shapes, low=0.5)
    if seed % 2:
        a = -a
    same(operation, operation, a, b)
    # arrays and numbers, on either side, are constants
    same(lambda x: operation(x, b), lambda x: operation(x, torch.tensor(b)), a)
    same(lambda x: operation(a, x), lambda x: operation(torch.tensor(a), x), b)
    for n in (3, 0.5, np.float64(0.5), np.int64(3)):
        same(lambda x, n=n: operation(x, n), lambda x, n=n: operation(x, n), a)
        same(
            lambda x, n=n: operation(n, x),
            lambda x, n=n: operation(float(n), x),
            b,
        )


shapes = st.lists(st.integers(0, 3), max_size=4).map(tuple)
UNARY = {
    "neg": operator.neg,
    "relu": lambda x: x.relu(),
    "tanh": lambda x: x.tanh(),
    "exp": lambda x: x.exp(),
    "log": lambda x: (x * x + 0.1).log(),
    "square": lambda x: x**2,
    "cube": lambda x: x**3,
    "one": lambda x: x**0,
    "root": lambda x: (x * x + 0.1) ** 0.5,
    "inverse": lambda x: (x * x + 0.1) ** -1,
    "twice": lambda x: x * x + x.tanh() - x / (x * x + 1),
}


@search
@given(st.sampled_from(sorted(UNARY)), shapes, seeds)
def test_functions_of_each_number(name, shape, seed):
    same(UNARY[name], UNARY[name], *draw(seed, shape))


@search
@given(shapes, seeds, st.data())
def test_sums_and_means_over_axes(shape, seed, data):
    axis = st.integers(-len(shape), len(shape) - 1)
    some = st.lists(axis, unique_by=lambda a: a % len(shape), min_size=1)
    axis = data.draw(
        st.one_of(st.none(), axis, some.map(tuple)) if shape else st.none()
    )
    keepdims = data.draw(st.booleans())
    (x,) = draw(seed, shape)
    same(
        lambda x: x.sum(axis, keepdims=keepdims),
        lambda x: x.sum(axis, keepdim=keepdims) if shape else x.sum(),
        x,
    )
    if x.size == 0 and x.sum(axis).size:
        with pytest.raises(ValueError, match=r"mean expects.*0"):
            Tensor(x).mean(axis)
    else:
        same(
            lambda x: x.mean(axis, keepdims=keepdims),
            lambda x: x.mean(axis, keepdim=keepdims) if shape else x.mean(),
            x,
        )


@search
@given(
    mutually_broadcastable_shapes(
        signature="(n,k),(k,m)->(n,m)", min_side=0, max_side=3, max_dims=2
    ),
    seeds,
)
def test_matrix_products_of_stacks(shapes, seed):
    a, b = draw(seed, *shapes.input_shapes)
    same(operator.matmul, operator.matmul, a, b)
    same(lambda x: x @ b, lambda x: x @ torch.tensor(b), a)
    same(lambda x: a @ x, lambda x: torch.tensor(a) @ x, b)


def test_matrix_products_of_two_full_stacks():
    same(operator.matmul, operator.matmul, *draw(0, (2, 3, 4), (2, 4, 5)))


@search
@given(shapes, seeds, st.data())
def test_new_shapes_and_orders(shape, seed, data):
    (x,) = draw(seed, shape)
    order = list(range(len(shape)))
    same(
        lambda x: x.transpose().exp(),
        lambda x: (x.permute(order[::-1]) if order else x).exp(),
        x,
    )
    order = data.draw(st.permutations(order))
    order = [a - len(shape) * data.draw(st.booleans()) for a in order]
    same(
        lambda x: x.transpose(*order).exp(),
        lambda x: (x.permute(order) if order else x).exp(),
        x,
    )
    for new in (shape[::-1], (*shape, 1), (math.prod(shape),)):
        same(lambda x, n=new: x.reshape(n), lambda x, n=new: x.reshape(n), x)
    same(lambda x: x.reshape(*shape, 1), lambda x: x.reshape(*shape, 1), x)
    for start in range(max(len(shape), 1)):
        same(
            lambda x, s=start: x.flatten(start_dim=s),
            lambda x, s=start: x.flatten(start_dim=s),
            x,
        )
    same(lambda x: x.flatten(), lambda x: x.flatten(), x)


NOTHING = torch.tensor([], dtype=torch.int64)
MASK = torch.tensor([True, False, True])
INDICES = [
    *(1, -1, slice(1, None), slice(None, None, 2), (slice(None), 0), None),
    *((1, 2), (..., -1), [0, 0, 2], ([0, 0, 2, 0], [1, 1, 3, 1]), NOTHING),
    *((slice(None), [2, 2, 2]), MASK, (MASK, 1)),
]


@pytest.mark.parametrize("index", INDICES, ids=str)
def test_any_index_and_entries_taken_twice(index):
    def ours(x):
        return x[index.numpy() if torch.is_tensor(index) else index]

    same(ours, lambda x: x[index], *draw(0, (3, 4)))


@search
@given(shapes.filter(len), seeds, st.data())
def test_log_softmax(shape, seed, data):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    (x,) = draw(seed, shape, low=-30, high=30)
    same(
        lambda x: x.log_softmax(axis),
        lambda x: x.log_softmax(axis),
        x,
    )
    same(lambda x: x.log_softmax(), lambda x: x.log_softmax(-1), x)


@search
@given(st.integers(1, 5), st.integers(1, 4), seeds)
def test_cross_entropy(batch, classes, seed):
    (logits,) = draw(seed, (batch, classes))
    labels = np.random.default_rng(seed).integers(classes, size=batch)
    same(
        lambda x: cross_entropy(x, labels),
        lambda x: F.cross_entropy(x, torch.tensor(labels)),
        logits,
    )


def test_cross_entropy_of_huge_logits_stays_finite():
    logits = Tensor([[1e4, -1e4], [-1e4, 1e4]])
    loss = cross_entropy(logits, torch.tensor([0, 0]))
    loss.backward()
    assert loss.data == 1e4
    close(logits.grad, [[0.0, 0.0], [-0.5, 0.5]])
    assert cross_entropy(logits.data, [0, 1]).data == 0


@search
@given(st.integers(0, 3), st.integers(1, 4), st.integers(1, 4), seeds)
def test_linear(batch, in_, out, seed):
    same(linear, F.linear, *draw(seed, (batch, in_), (out, in_), out))


@search
@given(
    st.tuples(*[st.integers(0, 3), st.integers(1, 3)]),
    st.tuples(st.integers(2, 6), st.integers(2, 6)),
    st.integers(1, 3),
    st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.integers(0, 2),
    seeds,
)
def test_conv2d(batch_in, image, out, kernel, padding, seed):
    kernel = min(kernel[0], image[0]), min(kernel[1], image[1])
    shapes = (*batch_in, *image), (out, batch_in[1], *kernel), out
    X, weight, bias = draw(seed, *shapes)

    def theirs(*inputs):
        return F.conv2d(*inputs, padding=padding)

    def ours(*inputs):
        return conv2d(*inputs, padding=padding)

    same(ours, theirs, X, weight, bias)
    X = torch.tensor(X)
    same(
        lambda w, b: ours(X.numpy(), w, b),
        lambda w, b: theirs(X, w, b),
        *(weight, bias),
    )


def test_conv2d_pads_nothing_unless_told():
    X, weight, bias = draw(0, (2, 3, 4, 4), (5, 3, 3, 3), 5)
    same(conv2d, F.conv2d, X, weight, bias)


@search
@given(
    st.tuples(st.integers(0, 2), st.integers(1, 2)),
    st.tuples(st.integers(2, 7), st.integers(2, 7)),
    st.sampled_from([1, 2, 3]),
    st.booleans(),
    seeds,
)
def test_max_pool2d_and_its_rule_for_ties(front, image, size, ties, seed):
    size = min(size, *image)
    (X,) = draw(seed, (*front, *image))
    if ties:
        X = X.round().clip(0)
    same(
        lambda x: max_pool2d(x, size),
        lambda x: F.max_pool2d(x, size),
        X,
    )
    same(max_pool2d, lambda x: F.max_pool2d(x, 2), X)
    Y = np.asfortranarray(X)  # another order in memory
    same(
        lambda x: max_pool2d(x + Y),
        lambda x: F.max_pool2d(x + torch.tensor(Y), 2),
        X,
    )


def test_a_window_with_nan_gives_nan_and_loses_no_gradient():
    X = np.arange(16.0).reshape(1, 1, 4, 4)
    X[0, 0, 1, 1] = np.nan
    ours = Tensor(X)
    y = max_pool2d(ours)
    np.testing.assert_array_equal(y.data, F.max_pool2d(torch.tensor(X), 2))
    y.backward(np.ones(y.shape))
    assert ours.grad.sum() == 4
    assert ours.grad[0, 0, :2, :2].sum() == 1


A, B = (2, 3), (4, 5)
images, kernels = (2, 3, 8, 8), (4, 3, 3, 3)


def zeros(*shapes):
    return [Tensor(np.zeros(shape)) for shape in shapes]


@pytest.mark.parametrize(
    ("operation", "shapes", "compute"),
    [
        ("add", (A, B), operator.add),
        ("sub", (A, B), operator.sub),
        ("mul", (A, (2,)), operator.mul),
        ("truediv", (A, B), operator.truediv),
        ("matmul", (A, B), operator.matmul),
        ("matmul", (A, (3,)), operator.matmul),
        ("matmul", ((2,), (2, 3)), operator.matmul),
        ("matmul", ((2, 3, 4), (3, 4, 5)), operator.matmul),
        ("linear", (A, B, (4,)), linear),
        ("linear", (A, (4, 3), (3,)), linear),
        ("linear", ((3,), (4, 3), (4,)), linear),
        ("linear", ((3,), (4,), (4,)), linear),
        ("linear", (A, (4, 3), (4, 1)), linear),
        ("conv2d", ((2, 1, 8, 8), kernels, (4,)), conv2d),
        ("conv2d", ((3, 8, 8), kernels, (4,)), conv2d),
        ("conv2d", (images, (4, 3, 3), (4,)), conv2d),
        ("conv2d", (images, kernels, (3,)), conv2d),
        ("conv2d", (images, kernels, (4, 1)), conv2d),
        ("conv2d", ((2, 3, 2, 8), kernels, (4,)), conv2d),
        ("conv2d", ((2, 3, 8, 2), kernels, (4,)), conv2d),
        ("max_pool2d", ((3, 8, 8),), max_pool2d),
        ("max_pool2d", ((2, 3, 1, 8),), max_pool2d),
        ("max_pool2d", ((2, 3, 8, 1),), max_pool2d),
        (
            "cross_entropy",
            ((4,), (4,)),
            lambda x, _: cross_entropy(x, [0] * 4),
        ),
        ("backward", ((0, 3),), lambda x: x.backward()),
        ("backward", ((2, 3),), lambda x: x.backward()),
        ("mean", ((0,),), lambda x: x.mean()),
    ],
)
def test_wrong_shapes_are_named_with_the_operation(operation, shapes, compute):
    with pytest.raises(ValueError) as error:  # noqa: PT011
        compute(*zeros(*shapes))
    message = str(error.value)
    assert message.startswith(f"{operation} expects ")
    assert message.endswith("; got " + " and ".join(map(str, shapes)))


def test_wrong_shapes_beside_numbers_are_named_too():
    (x,) = zeros((2, 3))
    with pytest.raises(ValueError, match=r"reshape .*\(4,\).*got \(2, 3\)"):
        x.reshape(4)
    with pytest.raises(ValueError, match=r"got \(2,\) and \(2, 3\)"):
        x.backward(np.ones(2))
    with pytest.raises(ValueError, match=r"got \(2, 3\) and \(3,\)"):
        cross_entropy(x, [0, 1, 2])
    for labels in ([0, 3], [-1, 0], [0.0, 1.0]):
        with pytest.raises(ValueError, match=r"from 0 to 2; got \[") as error:
            cross_entropy(x, labels)
        assert str(np.array(labels)) in str(error.value)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_stays(dtype):
    x = Tensor(np.full((2, 3, 4, 4), 0.5, dtype))
    weight = Tensor(np.full((5, 3, 3, 3), 0.1, dtype))
    bias = Tensor(np.ones(5, dtype))
    whole = np.arange(4)
    results = [
        *(x + 1, 1 - x, np.float64(2) * x, x / np.float64(2), x**2, -x),
        *(x * whole, whole - x, x**-0.5, x.relu(), x.tanh(), x.exp()),
        *(x.log(), x.sum(), x.mean(axis=1), x[0], x @ x, x.flatten()),
        *(x.log_softmax(), max_pool2d(x), conv2d(x, weight, bias)),
        cross_entropy(x.reshape(24, 4), np.zeros(24, int)),
    ]
    for result in results:
        assert result.data.dtype == dtype
        result.backward(np.ones(result.shape))
    assert all(t.grad.dtype == dtype for t in (x, weight, bias))


def test_the_gradient_has_its_tensor_s_dtype():
    x = Tensor(np.ones(3, np.float32))
    y = (x * np.ones(3)).sum()
    y.backward()
    assert (y.data.dtype, x.grad.dtype) == (np.float64, np.float32)


@pytest.mark.parametrize(
    "data", [2, True, [1, 2], np.arange(3), np.float16(2)]
)
def test_whatever_else_becomes_float64(data):
    x = Tensor(data)
    assert x.data.dtype == np.float64
    assert x.shape == np.shape(data)
    (x * x).sum().backward()
    close(x.grad, 2 * np.asarray(data, float))


def test_a_tensor_owns_its_data_and_its_gradient():
    data = np.ones((2, 3))
    x, y = Tensor(data), Tensor(data)
    data[:] = 5
    assert (x.data == 1).all()
    z = x + y
    (z.reshape(6).sum() + z.transpose().sum()).backward()
    x.grad[:] = 7  # every gradient can be changed, and alone
    assert (y.grad == 2).all()
    assert (z.grad == 2).all()
    weights = np.ones((2, 3))
    x.backward(weights)
    x.grad[:] = 9
    assert (weights == 1).all()
    x = Tensor(np.ones((3, 2)).T)
    x.sum().backward()
    x.grad[0] = 3
    assert x.grad.tolist() == [[3, 3, 3], [1, 1, 1]]


def test_a_sum_drops_its_axes_unless_told():
    x = Tensor(np.ones((2, 3)))
    assert (x.sum().shape, x.sum(0).shape) == ((), (3,))
    assert (x.mean().shape, x.mean(1).shape) == ((), (2,))


def test_results_are_not_copied():
    x = Tensor(np.ones((2, 3)))
    assert np.shares_memory(x.reshape(6).data, x.data)
    assert Tensor(np.ones((2, 3)).T).data.flags.c_contiguous


def test_it_shows_its_data():
    assert repr(Tensor([1, 2])) == "Tensor([1. 2.])"
    assert Tensor([[1, 2]]).grad is None


def test_constants_get_no_gradient_and_remember_nothing():
    X, w = Tensor([2.0], requires_grad=False), Tensor([3.0])
    y = X * X
    assert y.inputs == ()
    assert not y.requires_grad
    with pytest.raises(ValueError, match="constant"):
        y.backward()
    loss = (y * w).sum()
    loss.backward()
    assert X.grad is None
    assert y.grad is None
    assert w.grad == 4
    frozen = Tensor(np.ones((1, 1)), requires_grad=False)
    assert linear([[2.0]], frozen, [1.0]).inputs == ()
    patch = np.ones((1, 1, 2, 2))
    assert conv2d(patch, patch, [1.0]).inputs == ()
    assert max_pool2d(patch).inputs == ()
    assert cross_entropy([[2.0]], [0]).inputs == ()


def test_backward_again_from_another_root_is_right():
    x = Tensor([1.0, 2.0])
    square = x * x
    y, z = (square * 3).sum(), square.sum()
    y.backward()
    y.backward()
    assert x.grad.tolist() == [12, 24]
    assert square.grad.tolist() == [3, 3]
    z.backward()
    assert x.grad.tolist() == [14, 28]
    assert square.grad.tolist() == [1, 1]
    x.backward([1, 10])
    assert x.grad.tolist() == [15, 38]


# ---- both engines


@pytest.mark.parametrize("make", [Value, Tensor])
@pytest.mark.parametrize(
    "function",  # each of slope 1; the first has two paths to every node
    [lambda x: (x + x) / 2, lambda x: x.exp().log()],
)
def test_a_chain_of_100_000_nodes(make, function):
    x = y = make(0.5)
    for _ in range(50_000):
        y = function(y)  # two nodes
    y.backward()
    assert abs(x.grad - 1) < 1e-9
    assert repr(y)
    last = weakref.ref(y)
    del y
    assert last() is None


def train(num_steps):
    """A small network, whose last loss is returned."""
    X, W1, W2 = (Tensor(a) for a in draw(0, (50, 20), (30, 20), (5, 30)))
    b1, b2 = Tensor(np.zeros(30)), Tensor(np.zeros(5))
    optimizer = Adam([W1, b1, W2, b2], lr=0.03)
    for _ in range(num_steps):
        hidden = linear(X, W1, b1).relu()
        loss = cross_entropy(linear(hidden, W2, b2), [0] * 50)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss


def test_a_graph_goes_with_its_last_result_and_without_the_collector():
    gc.collect()
    gc.disable()
    try:
        image = Tensor(np.ones((1, 1, 4, 4)))
        kernel, bias = Tensor(np.ones((1, 1, 3, 3))), Tensor([1.0])
        y = max_pool2d(conv2d(image, kernel, bias, padding=1).relu())
        y = (y[0].transpose() ** 2).log_softmax().mean()
        y.backward()
        z = Value(2) ** Value(3)
        z.backward()
        nodes = weakref.ref(y), weakref.ref(y.inputs[0][0]), weakref.ref(z)
        del y, z
        assert [node() for node in nodes] == [None, None, None]
        train(3)
        tracemalloc.start()
        train(3)
        short = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        train(30)
        long = tracemalloc.get_traced_memory()
        assert long[1] < 1.2 * short[1]
    finally:
        tracemalloc.stop()
        gc.enable()


# ---- what training needs


def test_adam_takes_pytorch_s_steps():
    shapes = [(), (0, 3), (3, 2), (Adam.block + 5,)]
    start = draw(0, *shapes)
    for settings_ in ({}, {"lr": 0.1, "betas": (0.5, 0.7), "eps": 1e-3}):
        ours = [Tensor(a) for a in start]
        ours[2].data = np.asfortranarray(ours[2].data)
        unused = Tensor([1.0])
        theirs = [torch.tensor(a, requires_grad=True) for a in start]
        mine = Adam((p for p in [*ours, unused]), **settings_)
        yours = torch.optim.Adam(theirs, **settings_)
        for seed in range(40 if MUTANTS else 200):
            mine.zero_grad()
            yours.zero_grad()
            assert all(p.grad is None for p in ours)
            weights = draw(seed, *shapes)
            for p, t, w in zip(ours, theirs, weights, strict=True):
                (p.tanh() * w).sum().backward()
                (t.tanh() * torch.tensor(w)).sum().backward()
            mine.step()
            yours.step()
        for p, t in zip(ours, theirs, strict=True):
            close(p.data, t)
        assert unused.data == 1


def test_a_network_learns_what_pytorch_s_learns():
    assert train(40).data < 0.1 * train(1).data


@pytest.fixture(scope="module")
def bigmodels():
    """BigModel in PyTorch and ours in float64, and four images."""
    torch.manual_seed(0)
    model = BigModel().double()
    state = model.state_dict()
    parameters = {name: Tensor(w.numpy()) for name, w in state.items()}
    X, y = torch.rand(4, 3, 28, 28).double(), torch.tensor([3, 1, 4, 1])
    return SimpleNamespace(model=model, parameters=parameters, X=X, y=y)


def relative(ours, theirs):
    ours, theirs = np.asarray(ours), theirs.detach().numpy()
    return np.linalg.norm(ours - theirs) / np.linalg.norm(theirs)


def test_bigmodel_has_pytorch_s_gradients(bigmodels):
    model, parameters = bigmodels.model, bigmodels.parameters
    expected = model(bigmodels.X)
    logits = bigmodel(parameters, bigmodels.X.numpy())
    assert relative(logits.data, expected) < 1e-12
    F.cross_entropy(expected, bigmodels.y).backward()
    cross_entropy(logits, bigmodels.y).backward()
    for name, parameter in model.named_parameters():
        assert parameters[name].grad.shape == parameter.shape
        assert relative(parameters[name].grad, parameter.grad) < 1e-10


def test_bigmodel_takes_pytorch_s_steps(bigmodels):
    model, parameters = bigmodels.model, bigmodels.parameters
    theirs = torch.optim.Adam(model.parameters())
    ours = Adam(parameters.values())
    for _ in range(3):
        theirs.zero_grad()
        expected = F.cross_entropy(model(bigmodels.X), bigmodels.y)
        expected.backward()
        theirs.step()
        ours.zero_grad()
        loss = cross_entropy(
            bigmodel(parameters, bigmodels.X.numpy()), bigmodels.y
        )
        loss.backward()
        ours.step()
        assert relative(loss.data, expected) < 1e-8
    for name, parameter in model.named_parameters():
        assert relative(parameters[name].data, parameter) < 1e-8


def test_bigmodel_s_sizes_are_checked(bigmodels):
    parameters = bigmodels.parameters
    with pytest.raises(ValueError, match=r"conv2d.*\(64, 3, 3, 3\)"):
        bigmodel(parameters, np.zeros((2, 1, 28, 28)))
    with pytest.raises(ValueError, match=r"linear.*\(1000, 6272\)"):
        bigmodel(parameters, np.zeros((2, 3, 56, 56)))
    assert bigmodel(parameters, np.zeros((0, 3, 28, 28))).shape == (0, 10)
