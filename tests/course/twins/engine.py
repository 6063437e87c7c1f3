"""Inputs for the engine: every method and function, data and gradients.

The arithmetic of a method is compared through `backward`, so that its slopes
count as much as its result.
"""

import operator

import numpy as np

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
        return [*seen, traced(operation(value, value), [value])]

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
    """A plain exponent: whole ones for a negative base, none below 0 at 0."""
    base = draw.number_from(0.2, 3)
    exponent = draw.number_from(-3, 3)
    whole = float(draw.integer(-3, 3))
    return (
        draw.turn(
            (base, exponent),
            (-base, whole),
            (base, 0.0),
            (0.0, 0.0),
            (0.0, 1.0),
            (0.0, 2.5),
            (-base, 2.0),
            (base, 1.0),
        ),
        {},
    )


def use_power(side, base, exponent):
    """By a plain number always, by a Value where that has a slope."""
    others = [exponent, np.float32(exponent)]
    if exponent.is_integer():
        others.append(int(exponent))
    if base > 0 or (base == 0 and exponent >= 1):
        others.append(side.Value(exponent))
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


def use_value_in_words(side, number):
    value = side.Value(number)
    value.grad = number / 3
    return repr(value)


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
    lambda u, v: (u * u + 0.5) ** v.tanh(),
    lambda u, v: (u - v).relu() + v,
    lambda u, v: u.tanh().exp() * v,
    lambda u, v: (u * u + 2).log() - v.tanh() ** 2,
    lambda u, v: 2 - u / 3 + 2 ** v.tanh(),
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
    """As `use_graph`; and a chain, at times deeper than Python's stack."""
    start = end = side.Value(leaves[0])
    for _ in range(2000 if len(leaves) == 1 else 20):
        end = end + 0.001
    end.backward()
    return use_graph(side, leaves, steps), end.data, start.grad


def use_topological(side, leaves, steps):
    """Any order is right that holds each once, its inputs before it."""
    nodes = [side.Value(number) for number in leaves]
    for _, left, right in steps:
        inputs = tuple((nodes[place], 1.0) for place in (left, right))
        nodes.append(side.Value(0, inputs))
    order = list(side.topological(nodes[-1]))
    place = {node: number for number, node in enumerate(order)}
    before = all(
        place[value] < place[node]
        for node in order
        for value, _ in node.inputs
    )
    found = sorted(nodes.index(node) for node in order)
    return found, before, order[-1] is nodes[-1]


def use_with_numbers(side, u, v):
    """What the operation gets, and the name that the method keeps."""
    seen = []

    def combined(self, other):
        seen.append((self.data, type(other).__name__, other.data, other.grad))
        return self * 3 + other

    method = side.with_numbers(combined)
    value, other = side.Value(u), side.Value(v)
    seen += [
        traced(method(value, given), [value, other])
        for given in (v, other, np.float32(v), round(v), True)
    ]
    return seen, method.__name__


VALUE = {
    "__init__": Twin(any_real, use_new_value, tolerance=EXACT),
    "__repr__": Twin(any_real, use_value_in_words),
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
    "__rpow__": Twin(
        lambda draw: ((draw.number_from(0.6, 3), draw.number_from(-2, 2)), {}),
        of_right(operator.pow),
    ),
    "__array_ufunc__": Twin(pair, of_right(operator.sub)),
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
    ((), (2, 2)),
    ((2, 2), ()),
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


def single(operation):
    """The use of a method of one Tensor; as a constant it gives none."""

    def use(side, array, *arguments, **options):
        leaf = side.Tensor(array)
        fixed = side.Tensor(array, requires_grad=False)
        alone = operation(fixed, *arguments, **options)
        result = operation(leaf, *arguments, **options)
        return (
            passed_back(result, [leaf]),
            alone.data,
            alone.requires_grad,
            len(alone.inputs),
        )

    return use


def double(operation):
    """The use of an operator with a Tensor on the left; then with constants
    of all kinds on the right."""

    def use(side, left, right, number):
        leaves = [side.Tensor(left), side.Tensor(right)]
        seen = [passed_back(operation(*leaves), leaves)]
        whole = np.ones(right.shape, int)
        fixed = side.Tensor(right, requires_grad=False)
        others = [right, whole, fixed]
        if operation is not operator.matmul:
            others += [number, np.float32(number), 3]
        for other in others:
            leaf = side.Tensor(left)
            seen.append(passed_back(operation(leaf, other), [leaf]))
        if operation is not operator.matmul:
            leaf = side.Tensor(left)
            seen.append(passed_back(operation(leaf, leaf), [leaf]))
        return seen

    return use


def reflected(operation):
    """The use of an operator with a Tensor on the right."""

    def use(side, left, right, number):
        others = [left, left.astype(np.float32), np.ones(left.shape, int)]
        if operation is not operator.matmul:
            others += [number, np.float64(number), 3]
        seen = []
        for other in others:
            leaf = side.Tensor(right)
            seen.append(passed_back(operation(other, leaf), [leaf]))
        return seen

    return use


def arrays(draw):
    left, right = draw.turn(*SHAPES)
    kinds = draw.pick(*TYPES)
    return (
        draw.away_from_zero(*left, dtype=kinds[0]),
        draw.away_from_zero(*right, dtype=kinds[1]),
        draw.number_from(0.5, 2),
    ), {}


TYPES = (
    (np.float64, np.float64),
    (np.float32, np.float32),
    (np.float64, np.float32),
)


def matrices(draw):
    left, right = draw.turn(
        ((2, 3), (3, 4)),
        ((1, 3), (3, 1)),
        ((5, 2, 3), (3, 4)),
        ((2, 3), (5, 3, 4)),
        ((2, 1, 2, 3), (4, 3, 2)),
        ((2, 3), (3, 2)),
        ((0, 3), (3, 2)),
    )
    kinds = draw.pick(*TYPES)
    return (
        draw.array(*left, dtype=kinds[0]),
        draw.array(*right, dtype=kinds[1]),
        1.0,
    ), {}


def array(draw, low=1):
    """Of up to three axes; some entries equal, or 0."""
    shape = draw.turn((2, 3), (3,), (2, 1, 3), (1, 1), (4, 2))
    found = draw.array(*shape, dtype=draw.pick(np.float32, np.float64))
    return draw.pick(found, found.round(), found * 5)


def one_array(draw):
    return (draw.turn(array(draw), np.array(0.5), np.zeros((0, 2))),), {}


def power(draw):
    found = np.abs(array(draw)) + 0.1
    exponent = draw.turn(2, 0.5, -1, 3, 0, 1, -1.5, np.float32(2.5))
    if exponent in (2, 3, 0, 1):
        found = found - 0.1  # with zeros
    if exponent in (2, 3):
        found = -found
    return (found, exponent), {}


def positive_array(draw):
    return (np.abs(array(draw)) + 0.05,), {}


def along_axes(draw):
    shape = draw.turn((2, 3), (2, 3, 4), (3,), (2, 1, 3))
    found = draw.array(*shape, dtype=draw.pick(np.float32, np.float64))
    last = len(shape) - 1
    axis = draw.pick(None, 0, -1, last, tuple(range(len(shape))), (0,))
    return (found,), draw.some(axis=axis, keepdims=draw.pick(True, False))


def use_reshape(side, array, shape):
    seen = single(lambda tensor, *given: tensor.reshape(*given))
    return seen(side, array, *shape), seen(side, array, shape)


def to_reshape(draw):
    return draw.turn(
        (draw.array(2, 6), (3, 4)),
        (draw.array(2, 6), (-1,)),
        (draw.array(12), (2, 3, 2)),
        (draw.array(1), (1, 1)),
        (draw.array(0, 3), (3, 0)),
        (draw.array(4, 3).T, (2, -1)),
    ), {}


def to_flatten(draw):
    found = draw.turn(
        draw.array(2, 3, 4), draw.array(5), draw.array(2, 2, 2, 2)
    )
    options = draw.some(start_dim=draw.integer(0, found.ndim - 1))
    return (found,), options


def to_transpose(draw):
    found, axes = draw.turn(
        (draw.array(2, 3, 4), (1, 2, 0)),
        (draw.array(2, 3, 4), ()),
        (draw.array(2, 3), ()),
        (draw.array(2, 3, 4, 5), (0, 3, 1, 2)),
        (draw.array(3), ()),
        (draw.array(2, 3, 4), (-1, 0, 1)),
    )
    return (found, *axes), {}


def to_index(draw):
    found = draw.array(4, 3, dtype=draw.pick(np.float32, np.float64))
    index = draw.turn(
        1,
        slice(1, 3),
        [0, 0, 1],
        found > 0,
        (np.arange(4), [0, 2, 2, 1]),
        (slice(None), 2),
        (..., None),
        ([1, 1, 1], [2, 2, 0]),
        (2, 1),
        slice(None, None, -2),
    )
    return (found, index), {}


def logits(draw):
    found = array(draw)
    return (draw.pick(found, found * 500),), draw.some(axis=draw.pick(0, -1))


def any_data(draw):
    found = draw.array(2, 3)
    data = draw.turn(
        found,
        found.astype(np.float32),
        found.T,
        2,
        1.5,
        True,
        [[1, 2], [3, 4]],
        np.arange(3),
        np.array([True, False]),
        found.astype(np.float16),
        np.zeros((0, 2)),
        (1.0, 2.0),
    )
    return (data,), draw.some(requires_grad=draw.pick(True, False))


def use_new_tensor(side, data, **options):
    """A copy of its own; of its inputs it keeps those that want gradients."""
    tensor = side.Tensor(data, **options)
    if isinstance(data, np.ndarray) and data.size:
        data.flat[0] += 1
    one = side.Tensor([1.0], requires_grad=False)
    pairs = ((tensor, abs), (one, abs))
    of_both = side.Tensor(np.zeros(2, np.float32), pairs)
    of_constant = side.Tensor(np.zeros(2, np.float32), ((one, abs),))
    return (
        tensor,
        tensor.requires_grad,
        tensor.inputs,
        tensor.data.flags.c_contiguous,
        [(t.requires_grad, len(t.inputs)) for t in (of_both, of_constant)],
        of_both,
    )


def use_tensor_in_words(side, data, **options):
    tensor = side.Tensor(data, **options)
    return repr(tensor), tensor.shape


def use_accumulate(side, array, shape):
    """Twice a gradient that was broadcast, once one of its own shape."""
    tensor = side.Tensor(np.ones(shape, np.float32))
    seen = []
    for given in (array, array * 3, np.ones(shape)):
        tensor.accumulate(given)
        seen.append(portrait(tensor.grad))
    return seen


def to_unbroadcast(draw):
    grown, shape = draw.turn(
        ((2, 3), (3,)),
        ((2, 3), (2, 1)),
        ((2, 3), ()),
        ((2, 3), (2, 3)),
        ((4, 2, 3), (1, 3)),
        ((4, 2, 3), (2, 1)),
        ((1, 3), (1, 1)),
        ((0, 3), (3,)),
        ((5, 4, 1, 3), (4, 1, 1)),
        ((1, 1), (1,)),
    )
    return (draw.array(*grown), shape), {}


def tensor_graph(draw):
    leaves = [
        draw.array(*shape, dtype=np.float64)
        for shape in draw.turn(
            [(2, 3), (3,)], [(2, 1), (1, 3), ()], [(2, 2)], [(1,), (1, 1)]
        )
    ]
    steps = [
        (
            draw.integer(0, 8),
            draw.integer(0, len(leaves) + step - 1),
            draw.integer(0, len(leaves) + step - 1),
        )
        for step in range(draw.turn(5, 8, 3))
    ]
    return (leaves, steps), {}


ARRAY_OPERATIONS = (
    operator.add,
    operator.sub,
    operator.mul,
    lambda u, v: u / (v * v + 1),
    lambda u, v: (u * u + 0.5) ** 1.5 - v,
    lambda u, v: (u - v).relu() + v,
    lambda u, v: u.tanh().exp() * v.mean(),
    lambda u, v: (u * u + 2).log() - v.sum(),
    lambda u, v: 2 - u / 3 + u[...] * v,
)


def use_tensor_graph(side, leaves, steps):
    """A random expression; each gradient is an array of its own."""
    nodes = [side.Tensor(array) for array in leaves]
    for number, left, right in steps:
        result = ARRAY_OPERATIONS[number](nodes[left], nodes[right])
        nodes.append(result.tanh())
    root, seen = nodes[-1], []
    for _ in range(2):
        root.backward(gradient_for(root.shape))
        seen.append(portrait(nodes))
    root.sum().backward()  # of one number: no gradient is needed
    seen.append(portrait(nodes))
    for node in nodes:
        if node.grad is not None:
            node.grad += 1
    return seen, nodes


def use_with_arrays(name):
    """What the operation gets, and the name that the method keeps."""

    def use(side, left, right, number):
        seen = []

        def __combined__(self, other):
            seen.append((self.data, portrait(other), other.requires_grad))
            return self * 3 + other

        method = getattr(side, name)(__combined__)
        others = (right, number, 3, True, np.ones(right.shape, int))
        for other in (*others, side.Tensor(right)):
            tensor = side.Tensor(left)
            seen.append(passed_back(method(tensor, other), [tensor]))
        return seen, method.__name__

    return use


def use_constant(side, array):
    tensor = side.Tensor(array)
    made = side.constant(array)
    fixed = (made, made.requires_grad, len(made.inputs))
    return side.constant(tensor) is tensor, fixed


def some_shapes(draw):
    axes = [1, 1, 2, 3]
    return tuple(
        tuple(draw.pick(*axes) for _ in range(draw.integer(0, 3)))
        for _ in range(draw.integer(1, 3))
    ), {}


def use_shape_error(side, *shapes):
    return side.shape_error("add", "something else", *shapes)


# ---- Layers, loss, optimiser ---------------------------------------------


def layered(function):
    """The use of a function of Tensors: all of them, then plain arrays for
    some, which get no gradient."""

    def use(side, *arrays, **options):
        seen = []
        for plain in range(2 if len(arrays) > 1 else 1):
            given = [
                array if number < plain else side.Tensor(array)
                for number, array in enumerate(arrays)
            ]
            result = getattr(side, function)(*given, **options)
            seen.append(passed_back(result, given[plain:]))
        return seen

    return use


def to_linear(draw):
    batch, fan_in, out = draw.turn((4, 3, 2), (1, 1, 1), (2, 5, 3), (0, 2, 2))
    dtype = draw.pick(np.float32, np.float64)
    shapes = (batch, fan_in), (out, fan_in), (out,)
    return tuple(draw.array(*shape, dtype=dtype) for shape in shapes), {}


def to_convolve(draw):
    batch, channels, H, W, out, h, w = draw.turn(
        (2, 3, 4, 5, 2, 3, 3),
        (1, 1, 3, 3, 1, 1, 1),
        (2, 2, 5, 3, 3, 2, 3),
        (1, 3, 3, 4, 2, 3, 1),
        (3, 1, 4, 4, 4, 3, 3),
    )
    dtype = draw.pick(np.float32, np.float64)
    shapes = (batch, channels, H, W), (out, channels, h, w), (out,)
    options = draw.some(padding=draw.integer(0, 2))
    return tuple(draw.array(*s, dtype=dtype) for s in shapes), options


def to_pool(draw):
    """Rounded, so that windows have ties; one with a NaN."""
    found = draw.array(2, 2, *draw.turn((4, 4), (5, 7), (3, 6), (4, 3)))
    found = draw.turn(found, found.round(), np.abs(found.round()))
    if draw.number == 5:
        found[0, 0, 1, 1] = np.nan
    return (found,), draw.some(size=draw.pick(1, 2, 3))


def to_judge(draw):
    batch, classes = draw.turn((4, 3), (1, 2), (6, 10), (3, 1))
    labels = draw.classes(batch, classes).numpy()
    kind = draw.pick(list, np.uint8, np.int64)
    labels = labels.tolist() if kind is list else labels.astype(kind)
    scale = draw.pick(1, 30, 1000)
    return (draw.array(batch, classes) * scale, labels), {}


def use_cross_entropy(side, array, labels):
    tensor = side.Tensor(array)
    plain = side.cross_entropy(array, labels)
    result = side.cross_entropy(tensor, labels)
    return passed_back(result, [tensor]), plain.data, plain.requires_grad


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
    parameters = {name: side.Tensor(w) for name, w in weights.items()}
    result = side.bigmodel(parameters, images)
    return passed_back(result, list(parameters.values()))


def to_optimise(draw):
    """Parameters, and for each step a gradient for each, or None."""
    shapes = draw.turn(
        [(2, 3), (3,)], [(1,)], [(3, 2), (), (2,)], [(20_000,), (2, 2)]
    )
    dtype = draw.pick(np.float32, np.float64)
    weights = [draw.array(*shape, dtype=dtype) for shape in shapes]
    steps = [
        [
            draw.pick(
                draw.array(*shape, dtype=dtype),
                draw.array(*shape, dtype=dtype) * dtype(1e-8),
                np.zeros(shape, dtype),
                None,
            )
            for shape in shapes
        ]
        for _ in range(4)
    ]
    options = draw.some(
        lr=draw.number_from(0.001, 0.5),
        betas=draw.pick((0.5, 0.9), (0.0, 0.99), (0.9, 0.9)),
        eps=draw.pick(1e-8, 1e-3),
    )
    return (weights, steps), options


def use_adam(side, weights, steps, **options):
    parameters = [side.Tensor(array) for array in weights]
    parameters[0].data = parameters[0].data.T  # in another order of memory
    adam = side.Adam(iter(parameters), **options)
    seen = []
    for gradients in steps:
        for parameter, gradient in zip(parameters, gradients, strict=True):
            if gradient is not None:
                shape = parameter.data.shape
                parameter.grad = gradient.reshape(shape)
        adam.step()
        seen.append(portrait(parameters))
        adam.zero_grad()
    return seen, parameters


def use_zero_grad(side, weights, steps, **options):
    parameters = [side.Tensor(array) for array in weights]
    for parameter, gradient in zip(parameters, steps[0], strict=True):
        parameter.grad = gradient
    side.Adam(parameters, **options).zero_grad()
    return parameters


TENSOR = {
    "__init__": Twin(any_data, use_new_tensor, 24, EXACT),
    "__repr__": Twin(any_data, use_tensor_in_words, tolerance=EXACT),
    "shape": Twin(any_data, use_tensor_in_words, tolerance=EXACT),
    "__add__": Twin(arrays, double(operator.add)),
    "__sub__": Twin(arrays, double(operator.sub)),
    "__mul__": Twin(arrays, double(operator.mul)),
    "__truediv__": Twin(arrays, double(operator.truediv)),
    "__pow__": Twin(power, single(operator.pow), 16),
    "__matmul__": Twin(matrices, double(operator.matmul), 14),
    "__neg__": Twin(one_array, single(operator.neg)),
    "__radd__": Twin(arrays, reflected(operator.add)),
    "__rsub__": Twin(arrays, reflected(operator.sub)),
    "__rmul__": Twin(arrays, reflected(operator.mul)),
    "__rtruediv__": Twin(arrays, reflected(operator.truediv)),
    "__rmatmul__": Twin(matrices, reflected(operator.matmul), 14),
    "__array_ufunc__": Twin(arrays, reflected(operator.sub)),
    "relu": Twin(one_array, single(lambda tensor: tensor.relu())),
    "tanh": Twin(one_array, single(lambda tensor: tensor.tanh())),
    "exp": Twin(one_array, single(lambda tensor: tensor.exp())),
    "log": Twin(positive_array, single(lambda tensor: tensor.log())),
    "sum": Twin(
        along_axes, single(lambda tensor, **given: tensor.sum(**given)), 20
    ),
    "mean": Twin(
        along_axes, single(lambda tensor, **given: tensor.mean(**given)), 20
    ),
    "reshape": Twin(to_reshape, use_reshape),
    "flatten": Twin(
        to_flatten, single(lambda tensor, **given: tensor.flatten(**given))
    ),
    "transpose": Twin(
        to_transpose, single(lambda tensor, *axes: tensor.transpose(*axes))
    ),
    "__getitem__": Twin(
        to_index, single(lambda tensor, index: tensor[index]), 20
    ),
    "log_softmax": Twin(
        logits, single(lambda tensor, **given: tensor.log_softmax(**given))
    ),
    "backward": Twin(tensor_graph, use_tensor_graph, 20),
    "accumulate": Twin(to_unbroadcast, use_accumulate),
}

ADAM = {
    "__init__": Twin(to_optimise, use_adam),
    "zero_grad": Twin(to_optimise, use_zero_grad),
    "step": Twin(to_optimise, use_adam),
}

TWINS = {
    **{f"Value.{name}": twin for name, twin in VALUE.items()},
    **{f"Tensor.{name}": twin for name, twin in TENSOR.items()},
    **{f"Adam.{name}": twin for name, twin in ADAM.items()},
    "topological": Twin(graph, use_topological, 20, EXACT),
    "with_numbers": Twin(pair, use_with_numbers),
    "unbroadcast": Twin(to_unbroadcast),
    "broadcasts": Twin(some_shapes, draws=30, tolerance=EXACT),
    "shape_error": Twin(some_shapes, use_shape_error, tolerance=EXACT),
    "constant": Twin(one_array, use_constant, tolerance=EXACT),
    "with_arrays": Twin(arrays, use_with_arrays("with_arrays")),
    "elementwise": Twin(arrays, use_with_arrays("elementwise")),
    "linear": Twin(to_linear, layered("linear")),
    "conv2d": Twin(to_convolve, layered("conv2d"), 20),
    "max_pool2d": Twin(to_pool, layered("max_pool2d"), 20),
    "cross_entropy": Twin(to_judge, use_cross_entropy),
    "bigmodel": Twin(small_bigmodel, use_bigmodel),
}
