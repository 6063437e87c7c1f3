"""Inputs for the engine: what the notebooks show of it, data and gradients.

The arithmetic of a method is compared through `backward`, so that its slopes
count as much as its result.
"""

import operator

import numpy as np

from helpers import engine
from tests.course.twins.draw import Twin
from tests.course.twins.portrait import EXACT, portrait

# ---- Numbers -------------------------------------------------------------


def traced(result, leaves):
    """A number and all gradients, after one and after two passes back."""
    seen = [type(result).__name__, result.data]
    for _ in range(2):
        result.backward()
        seen.append([result.grad, *(leaf.grad for leaf in leaves)])
    return seen


def values(*numbers):
    """Those of them that take a gradient."""
    return [number for number in numbers if hasattr(number, "backward")]


def of_one(operation):
    """The use of a method of one Value."""

    def use(side, number):
        value = side.Value(number)
        return traced(operation(value), [value])

    return use


def of_two(operation):
    """The use of an operator with a Value on the left."""

    def use(side, u, v):
        seen = []
        for other in (side.Value(v), v, np.float64(v), round(v)):
            value = side.Value(u)
            seen.append(traced(operation(value, other), values(value, other)))
        value = side.Value(abs(u))
        return [*seen, traced(operation(value, value * value), [value])]

    return use


def of_right(operation):
    """The use of an operator with a Value on the right."""

    def use(side, u, v):
        seen = []
        for other in (u, np.float64(u), round(u)):
            value = side.Value(v)
            seen.append(traced(operation(other, value), [value]))
        return seen

    return use


def pair(draw):
    """Two numbers, neither so near 0 that the nearest whole one is 0."""
    u, v = draw.random.uniform(0.6, 3, 2) * draw.random.choice([-1, 1], 2)
    return draw.turn((float(u), float(v)), (float(u), 2.0), (1.0, -1.0)), {}


def base_and_exponent(draw):
    """A plain exponent: whole ones for a negative base, 1 and more at 0."""
    base = draw.number_from(0.2, 3)
    exponent = draw.number_from(-3, 3)
    whole = float(draw.integer(-3, 3))
    return (
        draw.turn(
            (base, exponent),
            (-base, whole),
            (base, 0.0),
            (0.0, 1.0),
            (0.0, 2.5),
            (-base, 2.0),
            (base, 1.0),
        ),
        {},
    )


def use_power(side, base, exponent):
    """The lesson's exponents are plain numbers."""
    others = [exponent]
    if exponent.is_integer():
        others.append(int(exponent))
    seen = []
    for other in others:
        value = side.Value(base)
        seen.append(traced(value**other, values(value, other)))
    return seen


def one_number(draw):
    number = draw.number_from(-3, 3)
    return (draw.turn(number, 0.0, -number, 1, 1e-9, -20.0),), {}


def positive(draw):
    return (draw.turn(draw.number_from(0, 5), 1.0, 1e-12, 1e12, 3),), {}


def use_new_value(side, number):
    value = side.Value(number)
    other = side.Value(2, ((value, 3.0),))
    return value.data, value.grad, value.inputs, other.inputs[0][1:]


def any_real(draw):
    number = draw.number_from(-3, 3)
    numbers = number, 7, True, np.float32(number), np.int64(-2), 1e300
    return (draw.turn(*numbers),), {}


def graph(draw):
    """Leaves, and steps that each take two of what there is by then."""
    leaves = [draw.number_from(-1.5, 1.5) for _ in range(draw.integer(1, 4))]
    steps = [
        (
            draw.integer(0, 8),
            draw.integer(0, len(leaves) + step - 1),
            draw.integer(0, len(leaves) + step - 1),
        )
        for step in range(draw.turn(6, 12, 1, 20))
    ]
    return (leaves, steps), {}


OPERATIONS = (
    operator.add,
    operator.sub,
    operator.mul,
    lambda u, v: u / (v * v + 1),
    lambda u, v: (u * u + 0.5) ** 1.5 - v,
    lambda u, v: (u - v).relu() + v,
    lambda u, v: u.tanh().exp() * v,
    lambda u, v: (u * u + 2).log() - v.tanh() ** 2,
    lambda u, v: 2 - u / 3 + 2 / (v * v + 1),
)


def use_graph(side, leaves, steps):
    """A random expression; parts of it are used several times."""
    nodes = [side.Value(number) for number in leaves]
    for number, left, right in steps:
        result = OPERATIONS[number](nodes[left], nodes[right])
        nodes.append(result.tanh())  # so that nothing overflows
    seen = []
    for _ in range(2):
        nodes[-1].backward()
        seen.append([(node.data, node.grad) for node in nodes])
    nodes[-2].backward()  # another root, over the same leaves
    return seen, [node.grad for node in nodes]


def use_deep_graph(side, leaves, steps):
    """As `use_graph`; and a chain that fits on Python's stack."""
    start = end = side.Value(leaves[0])
    for _ in range(200 if len(leaves) == 1 else 20):
        end = end + 0.001
    end.backward()
    return use_graph(side, leaves, steps), end.data, start.grad


VALUE = {
    "__init__": Twin(any_real, use_new_value, tolerance=EXACT),
    "__add__": Twin(pair, of_two(operator.add)),
    "__sub__": Twin(pair, of_two(operator.sub)),
    "__mul__": Twin(pair, of_two(operator.mul)),
    "__truediv__": Twin(pair, of_two(operator.truediv)),
    "__pow__": Twin(base_and_exponent, use_power, 24),
    "__neg__": Twin(one_number, of_one(operator.neg)),
    "__radd__": Twin(pair, of_right(operator.add)),
    "__rsub__": Twin(pair, of_right(operator.sub)),
    "__rmul__": Twin(pair, of_right(operator.mul)),
    "__rtruediv__": Twin(pair, of_right(operator.truediv)),
    "relu": Twin(one_number, of_one(lambda value: value.relu())),
    "tanh": Twin(one_number, of_one(lambda value: value.tanh())),
    "exp": Twin(one_number, of_one(lambda value: value.exp())),
    "log": Twin(positive, of_one(lambda value: value.log())),
    "backward": Twin(graph, use_deep_graph, 20),
}

# ---- Arrays --------------------------------------------------------------

SHAPES = (  # that broadcast
    ((2, 3), (2, 3)),
    ((2, 3), (3,)),
    ((2, 1), (1, 3)),
    ((4, 1, 2), (3, 1)),
    ((0, 3), (3,)),
    ((1,), (1,)),
    ((1, 1), (1,)),
)


def gradient_for(shape):
    """Different everywhere, so that nothing is mixed up unseen."""
    numbers = np.arange(1, 1 + int(np.prod(shape)), dtype=np.float64)
    return np.cos(numbers).reshape(shape)


def passed_back(result, leaves):
    """An array and all gradients, after one and after two passes back."""
    seen = [type(result).__name__, result.data]
    for _ in range(2):
        result.backward(gradient_for(result.data.shape))
        kept = [result.grad, *(leaf.grad for leaf in leaves)]
        seen += [portrait(kept), portrait([leaf.data for leaf in leaves])]
    return seen


def of_tensors(operation):
    """The use of an operation of Tensors."""

    def use(side, *arrays):
        leaves = [side.Tensor(array) for array in arrays]
        return passed_back(operation(*leaves), leaves)

    return use


def of_one_tensor_twice(operation):
    """As `of_tensors`; and the same Tensor on both sides."""

    def use(side, left, right):
        leaf = side.Tensor(left)
        alone = passed_back(operation(leaf, leaf), [leaf])
        return of_tensors(operation)(side, left, right), alone

    return use


def array(draw, *shape):
    return draw.array(*(shape or (2, 3)), dtype=np.float64)


def arrays(draw):
    return tuple(array(draw, *shape) for shape in draw.turn(*SHAPES)), {}


def matrices(draw):
    n, k, m = draw.turn((2, 3, 4), (1, 1, 1), (3, 2, 1), (2, 5, 2))
    return (array(draw, n, k), array(draw, k, m)), {}


def one_array(draw):
    shape = draw.turn((2, 3), (4,), (2, 1, 3), (0, 2), (1, 1))
    return (array(draw, *shape),), {}


def use_new_tensor(side, data):
    tensor = side.Tensor(data)
    other = side.Tensor(data, ((tensor, abs),))
    return tensor.data, tensor.grad, len(tensor.inputs), len(other.inputs)


def use_accumulate(side, given, shape):
    """Twice a gradient that was broadcast, once one of its own shape."""
    tensor = side.Tensor(np.ones(shape))
    seen = []
    for grad in (given, given * 3, np.ones(shape)):
        tensor.accumulate(grad)
        seen.append(portrait(tensor.grad))
    return seen


def to_unbroadcast(draw):
    grown, shape = draw.turn(
        ((2, 3), (3,)),
        ((2, 3), (2, 1)),
        ((2, 3), (2, 3)),
        ((4, 2, 3), (1, 3)),
        ((4, 2, 3), (2, 1)),
        ((1, 3), (1, 1)),
        ((0, 3), (3,)),
        ((5, 4, 1, 3), (4, 1, 1)),
        ((1, 1), (1,)),
    )
    return (array(draw, *grown), shape), {}


def tensor_graph(draw):
    shapes = draw.turn(
        [(2, 3), (3,)], [(2, 1), (1, 3), (1,)], [(2, 2)], [(1,), (1, 1)]
    )
    leaves = [array(draw, *shape) for shape in shapes]
    steps = [
        (
            draw.integer(0, 3),
            draw.integer(0, len(leaves) + step - 1),
            draw.integer(0, len(leaves) + step - 1),
        )
        for step in range(draw.turn(5, 8, 3))
    ]
    return (leaves, steps), {}


ARRAY_OPERATIONS = (
    operator.add,
    operator.mul,
    lambda u, v: u.relu() + v,
    lambda u, v: (u * v).relu(),
)


def use_tensor_graph(side, leaves, steps):
    """A random expression; parts of it are used several times."""
    nodes = [side.Tensor(leaf) for leaf in leaves]
    for number, left, right in steps:
        nodes.append(ARRAY_OPERATIONS[number](nodes[left], nodes[right]))
    root, seen = nodes[-1], []
    for _ in range(2):
        root.backward(gradient_for(root.data.shape))
        seen.append(portrait([(node.data, node.grad) for node in nodes]))
    return seen


# ---- BigModel ------------------------------------------------------------


def small_bigmodel(draw):
    """BigModel's layers with few channels, for images of 8 x 8 pixels."""
    first, second, hidden = draw.integer(1, 3), draw.integer(1, 4), 5
    shapes = {
        "conv1.weight": (first, 3, 3, 3),
        "conv1.bias": (first,),
        "conv2.weight": (second, first, 3, 3),
        "conv2.bias": (second,),
        "fc1.weight": (hidden, second * 4),
        "fc1.bias": (hidden,),
        "fc2.weight": (10, hidden),
        "fc2.bias": (10,),
    }
    dtype = draw.pick(np.float32, np.float64)
    weights = {k: draw.array(*s, dtype=dtype) for k, s in shapes.items()}
    images = draw.array(draw.integer(1, 3), 3, 8, 8, dtype=dtype)
    return (weights, images), {}


def use_bigmodel(side, weights, images):
    """The lesson's runs on the engine's Tensors, as the helper does."""
    parameters = {name: engine.Tensor(w) for name, w in weights.items()}
    result = side.bigmodel(parameters, images)
    return passed_back(result, list(parameters.values()))


TENSOR = {
    "__init__": Twin(one_array, use_new_tensor, tolerance=EXACT),
    "__add__": Twin(arrays, of_one_tensor_twice(operator.add)),
    "__mul__": Twin(arrays, of_one_tensor_twice(operator.mul)),
    "__matmul__": Twin(matrices, of_tensors(operator.matmul)),
    "relu": Twin(one_array, of_tensors(lambda tensor: tensor.relu())),
    "backward": Twin(tensor_graph, use_tensor_graph, 20),
    "accumulate": Twin(to_unbroadcast, use_accumulate),
}

TWINS = {
    **{f"Value.{name}": twin for name, twin in VALUE.items()},
    **{f"Tensor.{name}": twin for name, twin in TENSOR.items()},
    "unbroadcast": Twin(to_unbroadcast),
    "bigmodel": Twin(small_bigmodel, use_bigmodel),
}
