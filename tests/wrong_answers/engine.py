"""What learners really write in the exercises on an engine for BigModel."""


def _agrees(verdict):
    return (
        "def slope_agrees(f, x, slope, h, tolerance):\n"
        "    right = (f(x + h) - f(x)) / h\n"
        "    left = (f(x) - f(x - h)) / h\n"
        "    low, high = sorted((left, right))\n"
        f"    return {verdict}"
    )


def _linear(
    grad_X="grad @ weight.data",
    grad_w="grad.T @ X.data",
    grad_b="grad.sum(axis=0)",
    y="X.data @ weight.data.T + bias.data",
    order="(X, pull_X), (weight, pull_weight), (bias, pull_bias)",
):
    return (
        "def linear_layer(X, weight, bias):\n"
        f"    pull_X = lambda grad: {grad_X}\n"
        f"    pull_weight = lambda grad: {grad_w}\n"
        f"    pull_bias = lambda grad: {grad_b}\n"
        f"    return engine.Tensor({y}, ({order}))"
    )


def _silu(pull="grad * (s + x.data * s * (1 - s))", value="x.data * s"):
    return (
        "def silu(x):\n"
        "    s = 1 / (1 + np.exp(-x.data))\n"
        f"    pull = lambda grad: {pull}\n"
        f"    return engine.Tensor({value}, ((x, pull),))"
    )


WRONG = {
    "slope_agrees": {
        "this is the central difference": _agrees(
            "abs(slope - (left + right) / 2) <= tolerance"
        ),
        "looks to the right only": _agrees("abs(slope - right) <= tolerance"),
        "looks to the left only": _agrees("abs(slope - left) <= tolerance"),
        "sort the two": _agrees(
            "left - tolerance <= slope <= right + tolerance"
        ),
        "a measured slope is not exact": _agrees("low <= slope <= high"),
        "the two one-sided slopes alone": _agrees(
            "min(abs(slope - low), abs(slope - high)) <= tolerance"
        ),
        "not multiplied": _agrees(
            "low * (1 - tolerance) <= slope <= high * (1 + tolerance)"
        ),
        "is near both sides": _agrees(
            "abs(slope - low) <= tolerance >= abs(slope - high)"
        ),
        "wrong sign": _agrees(
            "min(-left, right) - tolerance <= slope"
            " <= max(-left, right) + tolerance"
        ),
        "divide by h": _agrees(
            "low * h - tolerance <= slope <= high * h + tolerance"
        ),
        "not hold for every h": _agrees(
            "low - tolerance <= slope <= high + tolerance"
        ).replace("    right", "    h = h / 2\n    right"),
        "not hold for every tolerance": _agrees(
            "low - 1e-4 <= slope <= high + 1e-4"
        ),
        "the ends themselves pass": _agrees(
            "low - tolerance < slope < high + tolerance"
        ),
        "upwards too": _agrees("low - tolerance <= slope <= high"),
        "not str": _agrees("str(low - tolerance <= slope)"),
        "no to everything": _agrees("False"),
        "yes to everything": _agrees("True"),
        "not float": _agrees("slope - high"),
    },
    "unbroadcast": {
        "must have shape (2,), not (1, 2)": (
            "def unbroadcast(grad, shape):\n"
            "    if grad.size == np.prod(shape):\n"
            "        return grad\n"
            "    while grad.ndim > len(shape):\n"
            "        grad = grad.sum(axis=0)\n"
            "    for i, n in enumerate(shape):\n"
            "        if n == 1:\n"
            "            grad = grad.sum(axis=i, keepdims=True)\n"
            "    return grad"
        ),
        "put in front must be summed": "def unbroadcast(grad, shape):\n"
        "    for axis, size in enumerate(shape):\n"
        "        if size == 1:\n"
        "            grad = grad.sum(axis=axis, keepdims=True)\n"
        "    return grad",
        "stretched from 1": "def unbroadcast(grad, shape):\n"
        "    while grad.ndim > len(shape):\n"
        "        grad = grad.sum(axis=0)\n"
        "    return grad",
        "so keepdims=True": "def unbroadcast(grad, shape):\n"
        "    while grad.ndim > len(shape):\n"
        "        grad = grad.sum(axis=0)\n"
        "    for axis in reversed(range(len(shape))):\n"
        "        if shape[axis] == 1:\n"
        "            grad = grad.sum(axis=axis)\n"
        "    return grad",
        "not over the last": "def unbroadcast(grad, shape):\n"
        "    while grad.ndim > len(shape):\n"
        "        grad = grad.sum(axis=-1)\n"
        "    return grad",
        "not (1,): return no axes that were put in front": (
            "def unbroadcast(grad, shape):\n"
            "    shape = (1,) * (grad.ndim - len(shape)) + shape\n"
            "    axes = [i for i, size in enumerate(shape) if size == 1]\n"
            "    return grad.sum(axis=tuple(axes), keepdims=True)"
        ),
        "not averaged": "def unbroadcast(grad, shape):\n"
        "    while grad.ndim > len(shape):\n"
        "        grad = grad.mean(axis=0)\n"
        "    for axis, size in enumerate(shape):\n"
        "        if size == 1:\n"
        "            grad = grad.mean(axis=axis, keepdims=True)\n"
        "    return grad",
        "only the first copy": "def unbroadcast(grad, shape):\n"
        "    while grad.ndim > len(shape):\n"
        "        grad = grad[0]\n"
        "    return grad[tuple(slice(0, size) for size in shape)]",
        "must return numbers of shape (1": "def unbroadcast(grad, shape):\n"
        "    while grad.ndim > len(shape):\n"
        "        grad = grad.sum(axis=0)\n"
        "    if 1 in shape:\n"
        "        return grad.sum(axis=shape.index(1), keepdims=True)\n"
        "    return grad",
        "grad's own dtype": "def unbroadcast(grad, shape):\n"
        "    while grad.ndim > len(shape):\n"
        "        grad = grad.sum(axis=0)\n"
        "    for axis, size in enumerate(shape):\n"
        "        if size == 1:\n"
        "            grad = grad.sum(axis=axis, keepdims=True)\n"
        "    return grad.tolist()",
        "sum over every axis": "def unbroadcast(grad, shape):\n"
        "    return grad.sum()",
        "write it yourself": "def unbroadcast(grad, shape):\n"
        "    return engine.unbroadcast(grad, shape)",
    },
    "linear_layer": {
        "X [[1, 2]], W [[5, 1], [2, 3]]": (
            "def linear_layer(X, weight, bias):\n"
            "    W = weight.data\n"
            "    one = len(X.data) == 1 and W.shape[0] == W.shape[1]\n"
            "    y = X.data @ W.T + bias.data\n"
            "    pulls = (\n"
            "        (X, lambda grad: grad @ (W.T if one else W)),\n"
            "        (weight, lambda grad: grad.T @ X.data),\n"
            "        (bias, lambda grad: grad.sum(axis=0)),\n"
            "    )\n"
            "    return engine.Tensor(y, pulls)"
        ),
        "must not be transposed here": _linear(grad_X="grad @ weight.data.T"),
        "transposed; the weight is": _linear(grad_w="X.data.T @ grad"),
        "nothing is transposed": _linear(grad_w="grad @ X.data"),
        "this is the weight, a slope": _linear(grad_X="weight.data"),
        "these are the inputs X, slopes": _linear(grad_w="X.data"),
        "grad comes first": _linear(grad_X="weight.data.T @ grad"),
        "this is the weight's": _linear(
            order="(X, pull_weight), (weight, pull_X), (bias, pull_bias)"
        ),
        "multiply matrices": _linear("grad * weight.data"),
        "these images are transposed": _linear(grad_w="X.data @ grad.T"),
        "one number for all": _linear(grad_b="grad.sum()"),
        "(2,), not (1, 2)": _linear(grad_b="grad.sum(0, keepdims=True)"),
        "one row per image": _linear(grad_b="grad"),
        "rows of grad are averaged": _linear(grad_b="grad.mean(axis=0)"),
        "did that already": _linear(grad_w="grad.T @ X.data / len(X.data)"),
        "nothing of the gradient that comes in": _linear(
            grad_b="np.full(grad.shape[1], len(grad))"
        ),
        "must leave bias.grad alone": (
            "def linear_layer(X, weight, bias):\n"
            "    def pull_bias(grad):\n"
            "        bias.grad = grad.sum(axis=0)\n"
            "        return bias.grad\n"
            "    pulls = (\n"
            "        (X, lambda grad: grad @ weight.data),\n"
            "        (weight, lambda grad: grad.T @ X.data),\n"
            "        (bias, pull_bias),\n"
            "    )\n"
            "    y = X.data @ weight.data.T + bias.data\n"
            "    return engine.Tensor(y, pulls)"
        ),
        "float32, not float64": _linear(
            y="X.data @ weight.data.T + bias.data.astype(np.float64)"
        ),
        "the bias is missing": _linear(y="X.data @ weight.data.T"),
        "the weight must be transposed": _linear(
            y="X.data @ weight.data + bias.data"
        ),
        "helpers.engine.linear": "def linear_layer(X, weight, bias):\n"
        "    return engine.linear(X, weight, bias)",
        "does not remember bias": _linear(
            order="(X, pull_X), (weight, pull_weight)"
        ),
        "the pull of weight returns nothing": _linear(grad_w="None"),
        "with three pulls of its own": "def linear_layer(X, weight, bias):\n"
        "    return X @ weight.transpose() + bias",
        "not ndarray": "def linear_layer(X, weight, bias):\n"
        "    return X.data @ weight.data.T + bias.data",
        "must be a function of the gradient": _linear(
            order="(X, 1), (weight, pull_weight), (bias, pull_bias)"
        ),
    },
    "silu": {
        "x [-11]": (
            "def silu(x):\n"
            "    s = 1 / (1 + np.exp(-np.clip(x.data, -700, 700)))\n"
            "    near = s + x.data * s * (1 - s)\n"
            "    slope = np.where(np.abs(x.data) > 10, x.data > 0, near)\n"
            "    pulls = ((x, lambda grad: grad * slope),)\n"
            "    return engine.Tensor(x.data * s, pulls)"
        ),
        "times the slope of s is missing": _silu(pull="grad * s"),
        "s itself is missing": _silu(pull="grad * x.data * s * (1 - s)"),
        "factor 1 - s is missing": _silu(pull="grad * (s + x.data * s)"),
        "x is missing": _silu(pull="grad * (s + s * (1 - s))"),
        "ignores the gradient": _silu(pull="s + x.data * s * (1 - s)"),
        "adds the gradient": _silu(pull="grad + s + x.data * s * (1 - s)"),
        "compute with x.data": "def silu(x):\n"
        "    s = 1 / (1 + np.exp(-x))\n"
        "    return engine.Tensor(x * s, ((x, lambda grad: grad * s),))",
        "with the comma": _silu().replace("((x, pull),)", "(x, pull)"),
        "pull returns nothing": _silu(pull="None"),
        "pull changes the array": "def silu(x):\n"
        "    s = 1 / (1 + np.exp(-x.data))\n"
        "    def pull(grad):\n"
        "        grad *= s + x.data * s * (1 - s)\n"
        "        return grad\n"
        "    return engine.Tensor(x.data * s, ((x, pull),))",
        "the first not at all": _silu(
            pull="grad * x.data * (s + s * (1 - s))"
        ),
        "hands on what came in": _silu(pull="grad"),
        "what pull returns must have shape": _silu(pull="(grad * s).sum()"),
        "pull must be a function": _silu().replace("lambda grad: grad", "s"),
        "the sigmoid alone": _silu(value="s"),
        "wrong sign": "def silu(x):\n"
        "    s = 1 / (1 + np.exp(x.data))\n"
        "    return engine.Tensor(x.data * s, ((x, lambda grad: grad * s),))",
        "built from the engine's own": "def silu(x):\n"
        "    return x / (1 + (-x).exp())",
        "the slope does not": (
            "def silu(x):\n"
            "    e = np.exp(-x.data)\n"
            "    slope = (1 + e + x.data * e) / (1 + e) ** 2\n"
            "    pulls = ((x, lambda grad: grad * slope),)\n"
            "    return engine.Tensor(x.data / (1 + e), pulls)"
        ),
        "infinity divided by infinity": _silu().replace(
            "1 / (1 + np.exp(-x.data))",
            "np.exp(x.data) / (1 + np.exp(x.data))",
        ),
        "in two passes": "def silu(x):\n"
        "    s = 1 / (1 + np.exp(-x.data))\n"
        "    slope = s + x.data * s * (1 - s)\n"
        "    def pull(grad):\n"
        "        nonlocal slope\n"
        "        slope = slope * grad\n"
        "        return slope\n"
        "    return engine.Tensor(x.data * s, ((x, pull),))",
        "remembers no input": "def silu(x):\n"
        "    return engine.Tensor(x.data / (1 + np.exp(-x.data)))",
        "return an engine.Tensor": "def silu(x):\n"
        "    return x.data / (1 + np.exp(-x.data))",
    },
}
