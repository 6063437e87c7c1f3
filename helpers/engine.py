"""Automatic differentiation in one sitting: numbers, then arrays.

The notebooks on backpropagation and on the engine build it in its shortest
form; here it also refuses what cannot be. Every result
remembers what it was computed from and its slope with respect to each of
these inputs. The backward pass walks from the last result to the first
inputs, multiplies by the slopes on the way (the chain rule) and adds where
paths meet. This is reverse accumulation (Linnainmaa 1970), known in neural
networks as backpropagation (Rumelhart, Hinton and Williams 1986); recording
the operations as they run goes back to Wengert (1964). Griewank and Walther
(2008) tell all of it.
"""

import functools
import math
from numbers import Real

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def topological(root):
    """All that `root` was computed from, and `root`: inputs come first.

    A walk in depth first order that keeps its own stack, because Python's
    would end after about a thousand steps.
    """
    order, seen, stack = [], set(), [(root, False)]
    while stack:
        node, inputs_done = stack.pop()
        if inputs_done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((value, False) for value, _ in node.inputs)
    return order


def with_numbers(operation):
    """Let an operation of two Values take a plain number as its second."""

    @functools.wraps(operation)
    def method(self, other):
        if isinstance(other, Real):
            other = Value(other)
        if not isinstance(other, Value):
            return NotImplemented
        return operation(self, other)

    return method


class Value:
    """A number that knows what it was computed from.

    `data` is the number, a float. `inputs` holds a pair (value, slope) for
    each Value it was computed from; a Value you make yourself has none.
    `grad` is the derivative, with respect to this number, of the number
    whose `backward` was called; 0.0 before that.

    Numbers, NumPy's too, mix with Values: `2 * value`. As with floats,
    dividing by zero raises ZeroDivisionError, and `exp` and `**` raise
    OverflowError beyond the largest float. What is no real number raises
    TypeError.
    """

    __array_ufunc__ = None  # a NumPy number on the left leaves it to us

    def __init__(self, data, inputs=()):
        if not isinstance(data, Real):
            raise TypeError(f"a Value holds one real number, got {data!r}")
        self.data = float(data)
        self.grad = 0.0
        self.inputs = inputs

    def __repr__(self):
        return f"Value(data={self.data:g}, grad={self.grad:g})"

    @with_numbers
    def __add__(self, other):
        return Value(self.data + other.data, ((self, 1.0), (other, 1.0)))

    @with_numbers
    def __sub__(self, other):
        return Value(self.data - other.data, ((self, 1.0), (other, -1.0)))

    @with_numbers
    def __mul__(self, other):
        slopes = ((self, other.data), (other, self.data))
        return Value(self.data * other.data, slopes)

    @with_numbers
    def __truediv__(self, other):
        ratio = self.data / other.data
        slopes = ((self, 1 / other.data), (other, -ratio / other.data))
        return Value(ratio, slopes)

    def __pow__(self, exponent):
        """A number as exponent is a constant; a Value gets a gradient too.

        Raises ValueError where there is no real result, and for a negative
        base with a Value as exponent: there the slope with respect to the
        exponent does not exist. Raises ZeroDivisionError where the result or
        the slope at 0 would be infinite.
        """
        if not isinstance(exponent, (Value, Real)):
            return NotImplemented
        is_value = isinstance(exponent, Value)
        b = exponent.data if is_value else float(exponent)
        if self.data < 0 and (is_value or not b.is_integer()):
            raise ValueError(
                f"{self.data:g} ** {b:g}: a negative base takes a whole "
                "number as exponent, and a plain one, not a Value"
            )
        power = self.data**b
        slopes = ((self, b * self.data ** (b - 1) if b else 0.0),)
        if is_value:
            log = math.log(self.data) if self.data else 0.0
            slopes += ((exponent, power * log),)
        return Value(power, slopes)

    def __neg__(self):
        return Value(-self.data, ((self, -1.0),))

    __radd__ = __add__
    __rmul__ = __mul__

    @with_numbers
    def __rsub__(self, other):
        return other - self

    @with_numbers
    def __rtruediv__(self, other):
        return other / self

    @with_numbers
    def __rpow__(self, other):
        return other**self

    def relu(self):
        """max(x, 0). At the kink, 0, either slope would do; ours is 0."""
        return Value(max(self.data, 0.0), ((self, float(self.data > 0)),))

    def tanh(self):
        y = math.tanh(self.data)
        return Value(y, ((self, 1 - y * y),))

    def exp(self):
        y = math.exp(self.data)
        return Value(y, ((self, y),))

    def log(self):
        """The natural logarithm. Raises ValueError unless positive."""
        if self.data <= 0:
            raise ValueError(f"log of {self.data:g}: it must be positive")
        return Value(math.log(self.data), ((self, 1 / self.data),))

    def backward(self):
        """Set the gradient of everything that this number came from.

        A Value that you made yourself adds the gradients of several calls
        up, as in PyTorch: set its `grad` to 0 in between to start afresh.
        """
        order = topological(self)
        for node in order:
            if node.inputs:  # results start anew: only leaves accumulate
                node.grad = 0.0
        self.grad += 1.0
        for node in reversed(order):
            for value, slope in node.inputs:
                value.grad += slope * node.grad


def unbroadcast(grad, shape):
    """Sum a gradient over the axes along which `shape` was broadcast.

    What was copied along an axis on the way forward collects the gradients
    of all its copies.
    """
    if grad.shape == shape:
        return grad
    added = tuple(range(grad.ndim - len(shape)))
    grad = grad.sum(axis=added)
    stretched = tuple(
        axis
        for axis, length in enumerate(shape)
        if length == 1 and grad.shape[axis] != 1
    )
    return grad.sum(axis=stretched, keepdims=True)


def broadcasts(*shapes):
    """Do these shapes fit together, each axis equal or 1 from the last on?"""
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        return False
    return True


def shape_error(operation, expected, *shapes):
    got = " and ".join(str(shape) for shape in shapes)
    return ValueError(f"{operation} expects {expected}; got {got}")


def constant(X):
    """`X` if it is a Tensor, else a Tensor without gradient of this array."""
    return X if isinstance(X, Tensor) else Tensor(X, requires_grad=False)


def with_arrays(operation):
    """Let an operation of two Tensors take a number or array as its second.

    Numbers and integers take on the dtype of the Tensor.
    """

    @functools.wraps(operation)
    def method(self, other):
        if isinstance(other, Real) or (
            isinstance(other, np.ndarray) and other.dtype.kind in "iub"
        ):
            other = np.asarray(other, self.data.dtype)
        if isinstance(other, np.ndarray):
            other = constant(other)
        if not isinstance(other, Tensor):
            return NotImplemented
        return operation(self, other)

    return method


def elementwise(operation):
    """`with_arrays`, and a clear error for shapes that do not broadcast."""

    @functools.wraps(operation)
    def method(self, other):
        if not broadcasts(self.shape, other.shape):
            name = operation.__name__.strip("_")
            expected = "lengths that, from the last axis on, are equal or 1"
            raise shape_error(name, expected, self.shape, other.shape)
        return operation(self, other)

    return with_arrays(method)


class Tensor:
    """An array of numbers that knows what it was computed from.

    `data` is a NumPy array of its own, float32 or float64; whatever else it
    is made of becomes float64. `inputs` holds a pair (tensor, pull) for each
    Tensor it was computed from. `pull` is what the slope is for a Value: it
    takes the gradient of the result and returns that of the input. `grad` is
    None before `backward`, then an array of the shape and dtype of `data`.

    Plain numbers and arrays mix with Tensors: they are constants. Pass
    `requires_grad=False` to make a Tensor a constant: no gradient is
    computed for it, and what is computed from constants alone remembers
    nothing. Raises TypeError for what is not real numbers.
    """

    __array_ufunc__ = None  # an array on the left leaves it to us

    def __init__(self, data, inputs=(), requires_grad=True):
        data = np.asarray(data) if inputs else np.array(data, order="C")
        if data.dtype not in (np.float32, np.float64):
            if data.dtype.kind not in "fiub":
                raise TypeError(
                    f"a Tensor holds real numbers, got dtype {data.dtype}"
                )
            data = data.astype(np.float64)
        self.data = data
        self.grad = None
        self.inputs = tuple(pair for pair in inputs if pair[0].requires_grad)
        self.requires_grad = bool(self.inputs) if inputs else requires_grad

    def __repr__(self):
        return f"Tensor({self.data})"

    @property
    def shape(self):
        return self.data.shape

    @elementwise
    def __add__(self, other):
        pulls = ((self, lambda grad: grad), (other, lambda grad: grad))
        return Tensor(self.data + other.data, pulls)

    @elementwise
    def __sub__(self, other):
        pulls = ((self, lambda grad: grad), (other, lambda grad: -grad))
        return Tensor(self.data - other.data, pulls)

    @elementwise
    def __mul__(self, other):
        pulls = (
            (self, lambda grad: grad * other.data),
            (other, lambda grad: grad * self.data),
        )
        return Tensor(self.data * other.data, pulls)

    @elementwise
    def __truediv__(self, other):
        ratio = self.data / other.data
        pulls = (
            (self, lambda grad: grad / other.data),
            (other, lambda grad: -grad * ratio / other.data),
        )
        return Tensor(ratio, pulls)

    def __pow__(self, exponent):
        """The exponent is a number, a constant: no gradient goes to it."""
        if not isinstance(exponent, Real):
            return NotImplemented
        b = self.data.dtype.type(exponent)

        def pull(grad):
            if b == 0:  # b * x ** (b - 1) would be 0 times infinity at 0
                return np.zeros_like(grad)
            return grad * b * self.data ** (b - 1)

        return Tensor(self.data**b, ((self, pull),))

    @with_arrays
    def __matmul__(self, other):
        """(..., n, k) @ (..., k, m): matrices, or stacks that broadcast."""
        A, B = self.data, other.data
        expected = "(..., n, k) @ (..., k, m)"
        fits = A.ndim >= 2 and B.ndim >= 2 and A.shape[-1] == B.shape[-2]
        if not fits or not broadcasts(A.shape[:-2], B.shape[:-2]):
            raise shape_error("matmul", expected, A.shape, B.shape)
        pulls = (
            (self, lambda grad: grad @ B.swapaxes(-1, -2)),
            (other, lambda grad: A.swapaxes(-1, -2) @ grad),
        )
        return Tensor(A @ B, pulls)

    def __neg__(self):
        return Tensor(-self.data, ((self, lambda grad: -grad),))

    __radd__ = __add__
    __rmul__ = __mul__

    @with_arrays
    def __rsub__(self, other):
        return other - self

    @with_arrays
    def __rtruediv__(self, other):
        return other / self

    @with_arrays
    def __rmatmul__(self, other):
        return other @ self

    def relu(self):
        """max(x, 0). At the kink, 0, either slope would do; ours is 0."""
        y = np.maximum(self.data, 0)
        return Tensor(y, ((self, lambda grad: grad * (y > 0)),))

    def tanh(self):
        y = np.tanh(self.data)
        return Tensor(y, ((self, lambda grad: grad * (1 - y * y)),))

    def exp(self):
        y = np.exp(self.data)
        return Tensor(y, ((self, lambda grad: grad * y),))

    def log(self):
        y = np.log(self.data)
        return Tensor(y, ((self, lambda grad: grad / self.data),))

    def sum(self, axis=None, keepdims=False):
        """Over one axis, several (a tuple) or all of them (None)."""
        y = self.data.sum(axis=axis, keepdims=True)

        def pull(grad):
            return np.broadcast_to(grad.reshape(y.shape), self.shape)

        result = y if keepdims else y.squeeze(axis)
        return Tensor(result, ((self, pull),))

    def mean(self, axis=None, keepdims=False):
        """Raises ValueError if there is nothing to take the mean of."""
        total = self.sum(axis, keepdims)
        if self.data.size == 0 < total.data.size:
            raise shape_error("mean", "at least one number", self.shape)
        return total / (self.data.size / max(total.data.size, 1))

    def reshape(self, *shape):
        try:
            y = self.data.reshape(*shape)
        except ValueError:
            expected = f"as many numbers as a shape {shape} holds"
            raise shape_error("reshape", expected, self.shape) from None
        return Tensor(y, ((self, lambda grad: grad.reshape(self.shape)),))

    def flatten(self, start_dim=0):
        """Join the axes from `start_dim` on into one."""
        length = math.prod(self.shape[start_dim:])
        return self.reshape(*self.shape[:start_dim], length)

    def transpose(self, *axes):
        """Axes in the order given; without any, in reverse (as NumPy)."""
        y = self.data.transpose(*axes)
        order = np.arange(y.ndim)[list(axes) if axes else np.s_[::-1]]
        back = np.argsort(order)
        return Tensor(y, ((self, lambda grad: grad.transpose(back)),))

    def __getitem__(self, index):
        """Any index of NumPy's; an entry taken twice gets both gradients."""

        def pull(grad):
            full = np.zeros_like(self.data)
            np.add.at(full, index, grad)
            return full

        return Tensor(self.data[index], ((self, pull),))

    def log_softmax(self, axis=-1):
        """Logarithms of the probabilities that the logits stand for.

        `logaddexp` adds exponentials without ever overflowing.
        """
        total = np.logaddexp.reduce(self.data, axis=axis, keepdims=True)
        y = self.data - total

        def pull(grad):
            return grad - np.exp(y) * grad.sum(axis=axis, keepdims=True)

        return Tensor(y, ((self, pull),))

    def backward(self, gradient=None):
        """Set the gradient of everything that this Tensor came from.

        `gradient` is that of the number of interest with respect to this
        Tensor; it may be left out when this is that number (one element).
        A Tensor that you made yourself adds the gradients of several calls
        up, as in PyTorch: set its `grad` to None in between to start afresh.
        """
        if not self.requires_grad:
            raise ValueError("backward: all it was computed from is constant")
        if gradient is None:
            if self.data.size != 1:
                expected = "a result of one number, or a gradient for it"
                raise shape_error("backward", expected, self.shape)
            gradient = np.ones(self.shape)
        gradient = np.array(gradient, self.data.dtype)
        if gradient.shape != self.shape:
            expected = "a gradient of the result's shape"
            raise shape_error("backward", expected, gradient.shape, self.shape)
        order = topological(self)
        for node in order:
            if node.inputs:  # results start anew: only leaves accumulate
                node.grad = None
        self.accumulate(gradient)
        for node in reversed(order):
            for tensor, pull in node.inputs:
                grad = pull(node.grad)
                if np.may_share_memory(grad, node.grad):
                    grad = grad.copy()  # to each its own: you may change one
                tensor.accumulate(grad)

    def accumulate(self, grad):
        """Add what came along one path to what came along the others."""
        grad = unbroadcast(grad, self.shape)
        if self.grad is not None:
            grad = self.grad + grad
        self.grad = np.asarray(grad, self.data.dtype)


def linear(X, weight, bias):
    """X (batch, in), weight (out, in), bias (out,): gives (batch, out).

    This is X @ weight.T + bias, as one operation because it then computes
    the weight's gradient in the weight's own order. Raises ValueError if the
    shapes do not fit.
    """
    X, weight, bias = constant(X), constant(weight), constant(bias)
    shapes = X.shape, weight.shape, bias.shape
    if (
        [len(shape) for shape in shapes] != [2, 2, 1]
        or X.shape[1] != weight.shape[1]
        or weight.shape[0] != bias.shape[0]
    ):
        raise shape_error("linear", "(batch, in), (out, in), (out,)", *shapes)
    pulls = (
        (X, lambda grad: grad @ weight.data),
        (weight, lambda grad: grad.T @ X.data),
        (bias, lambda grad: grad.sum(axis=0)),
    )
    return Tensor(X.data @ weight.data.T + bias.data, pulls)


def conv2d(X, weight, bias, padding=0):
    """X (batch, in, H, W), weight (out, in, h, w), bias (out,).

    Gives (batch, out, H + 2 padding - h + 1, W + 2 padding - w + 1). Every
    patch that the kernels see is copied into a row of a matrix, so that one
    matrix product does the rest (Chellapilla et al. 2006). Raises ValueError
    if the shapes do not fit.
    """
    X, weight, bias = constant(X), constant(weight), constant(bias)
    shapes = X.shape, weight.shape, bias.shape
    if (
        [len(shape) for shape in shapes] != [4, 4, 1]
        or X.shape[1] != weight.shape[1]
        or weight.shape[0] != bias.shape[0]
    ):
        expected = "(batch, in, H, W), (out, in, h, w), (out,)"
        raise shape_error("conv2d", expected, *shapes)
    (batch, channels, H, W), (out, _, h, w) = X.shape, weight.shape
    rows, columns = H + 2 * padding - h + 1, W + 2 * padding - w + 1
    if rows < 1 or columns < 1:
        raise shape_error("conv2d", "an image to hold the kernel", *shapes)

    # Channels come last: then a row of a patch is one run of memory.
    inside = np.s_[:, padding : padding + H, padding : padding + W]
    size = batch, H + 2 * padding, W + 2 * padding, channels
    padded = np.zeros(size, X.data.dtype)
    padded[inside] = X.data.transpose(0, 2, 3, 1)
    patches = sliding_window_view(padded, (h, w), axis=(1, 2))
    patches = patches.transpose(0, 1, 2, 4, 5, 3)
    patches = patches.reshape(batch * rows * columns, h * w * channels)
    kernels = weight.data.transpose(0, 2, 3, 1).reshape(out, -1)
    y = patches @ kernels.T
    y += bias.data
    y = y.reshape(batch, rows, columns, out).transpose(0, 3, 1, 2)

    def flat(grad):  # (batch * rows * columns, out)
        return grad.transpose(0, 2, 3, 1).reshape(len(patches), out)

    def pull_X(grad):
        full = np.zeros_like(padded)
        for i in range(h):
            for j in range(w):
                seen = full[:, i : i + rows, j : j + columns]
                kernel = np.ascontiguousarray(weight.data[:, :, i, j])
                seen += (flat(grad) @ kernel).reshape(seen.shape)
        return full[inside].transpose(0, 3, 1, 2)

    def pull_weight(grad):
        full = (flat(grad).T @ patches).reshape(out, h, w, channels)
        return full.transpose(0, 3, 1, 2)

    def pull_bias(grad):
        return flat(grad).sum(axis=0)

    return Tensor(y, ((X, pull_X), (weight, pull_weight), (bias, pull_bias)))


def max_pool2d(X, size=2):
    """The largest number of every window of size x size.

    X (batch, channels, H, W) gives (batch, channels, H // size, W // size):
    what does not fill a window is left out. The gradient goes to the largest
    number; where several are equal, to the first of them, row by row, as in
    PyTorch. A window with a NaN gives NaN. Raises ValueError if X is of
    another kind or smaller than a window.
    """
    X = constant(X)
    if X.data.ndim != 4 or min(X.shape[2:]) < size:
        expected = f"(batch, channels, H, W), H and W at least {size}"
        raise shape_error("max_pool2d", expected, X.shape)
    H, W = (length // size * size for length in X.shape[2:])
    corners = [
        np.s_[:, :, i:H:size, j:W:size]
        for i in range(size)
        for j in range(size)
    ]
    y = functools.reduce(np.maximum, [X.data[corner] for corner in corners])

    def pull(grad):
        full = np.zeros_like(X.data)
        free = np.ones_like(y, dtype=bool)  # windows without a winner yet
        for corner in corners:
            largest = free & ~(X.data[corner] < y)
            full[corner] = grad * largest
            free &= ~largest
        return full

    return Tensor(y, ((X, pull),))


def cross_entropy(logits, labels):
    """Mean of -log(probability of the right class), in nats.

    logits (batch, classes); labels (batch,), whole numbers that count the
    classes from 0. Raises ValueError for anything else.
    """
    logits, labels = constant(logits), np.asarray(labels)
    shapes = logits.shape, labels.shape
    if logits.data.ndim != 2 or logits.shape[:1] != labels.shape:
        raise shape_error(
            "cross_entropy", "(batch, classes), (batch,)", *shapes
        )
    classes = np.arange(logits.shape[1])
    if labels.dtype.kind not in "iu" or not np.isin(labels, classes).all():
        raise ValueError(
            "cross_entropy expects labels that are whole numbers from 0 to "
            f"{len(classes) - 1}; got {labels}"
        )
    return -logits.log_softmax()[np.arange(len(labels)), labels].mean()


def bigmodel(parameters, X):
    """The logits (batch, 10) of images X (batch, 3, 28, 28).

    The forward pass of `helpers.model.BigModel`; `parameters` are Tensors
    under the names of its `state_dict`.
    """

    def layer(name):
        return parameters[f"{name}.weight"], parameters[f"{name}.bias"]

    X = max_pool2d(conv2d(X, *layer("conv1"), padding=1).relu())
    X = max_pool2d(conv2d(X, *layer("conv2"), padding=1).relu())
    X = linear(X.flatten(start_dim=1), *layer("fc1")).relu()
    return linear(X, *layer("fc2"))


class Adam:
    """Kingma and Ba (2015), with PyTorch's defaults.

    `step` goes through the parameters in blocks that stay in the
    processor's cache; the arithmetic is the same.
    """

    block = 1 << 14  # numbers

    def __init__(self, parameters, lr=0.001, betas=(0.9, 0.999), eps=1e-8):
        self.parameters = list(parameters)
        self.lr, self.betas, self.eps = lr, betas, eps
        self.num_steps = 0
        self.means, self.squares = (
            [np.zeros(p.data.size, p.data.dtype) for p in self.parameters]
            for _ in range(2)
        )

    def zero_grad(self):
        for parameter in self.parameters:
            parameter.grad = None

    def step(self):
        self.num_steps += 1
        beta1, beta2 = self.betas
        rate = self.lr / (1 - beta1**self.num_steps)
        correction = 1 / math.sqrt(1 - beta2**self.num_steps)
        for p, mean, square in zip(
            self.parameters, self.means, self.squares, strict=True
        ):
            if p.grad is None:
                continue
            p.data = np.asarray(p.data, order="C")  # so that `flat` is a view
            flat, grad = p.data.reshape(-1), p.grad.reshape(-1)
            for start in range(0, p.data.size, self.block):
                part = slice(start, start + self.block)
                x, g, m, v = (a[part] for a in (flat, grad, mean, square))
                m += (1 - beta1) * (g - m)
                v += (1 - beta2) * (g * g - v)
                x -= rate * m / (correction * np.sqrt(v) + self.eps)
