"""Right answers to the exercises on an engine for BigModel, each unusual."""


def _agrees(verdict):
    return (
        "def slope_agrees(function, x, slope, h, tolerance):\n"
        "    right = (function(x + h) - function(x)) / h\n"
        "    left = (function(x) - function(x - h)) / h\n"
        "    low, high = min(left, right), max(left, right)\n"
        "    within = low - tolerance <= slope <= high + tolerance\n"
        f"    return {verdict}"
    )


def _silu(
    s="1 / (1 + np.exp(-x.data))",
    pairs="((x, lambda grad: grad * (s + x.data * s * (1 - s))),)",
    before="",
):
    return (
        f"{before}def silu(x):\n"
        f"    s = {s}\n"
        f"    return engine.Tensor(x.data * s, {pairs})"
    )


RIGHT = {
    "slope_agrees": {
        "NumPy's bool": _agrees("np.bool_(within)"),
        "a tensor of one bool": _agrees("torch.tensor([bool(within)])"),
        "0 or 1": _agrees("int(within)"),
        "the distance from the middle": _agrees(
            "abs(slope - (low + high) / 2) <= (high - low) / 2 + tolerance"
        ),
    },
    "unbroadcast": {
        "all axes at once": "def unbroadcast(grad, shape):\n"
        "    extra = grad.ndim - len(shape)\n"
        "    ones = [extra + i for i, size in enumerate(shape) if size == 1]\n"
        "    return grad.sum(axis=(*range(extra), *ones)).reshape(shape)",
        "number by number": "def unbroadcast(grad, shape):\n"
        "    out = np.zeros(shape)\n"
        "    for at in np.ndindex(grad.shape):\n"
        "        end = at[grad.ndim - len(shape) :]\n"
        "        to = [i * (n > 1) for i, n in zip(end, shape)]\n"
        "        out[tuple(to)] += grad[at]\n"
        "    return out",
        "plain sums, axes put back": "def unbroadcast(grad, shape):\n"
        "    while grad.ndim > len(shape):\n"
        "        grad = sum(grad)\n"
        "    for axis, size in enumerate(shape):\n"
        "        if size == 1 < grad.shape[axis]:\n"
        "            grad = np.expand_dims(grad.sum(axis), axis)\n"
        "    return grad",
    },
    "linear_layer": {
        "einsum": "def linear_layer(X, weight, bias):\n"
        "    einsum = np.einsum\n"
        "    y = einsum('bi,oi->bo', X.data, weight.data) + bias.data\n"
        "    return engine.Tensor(y, [\n"
        "        (X, lambda g: einsum('bo,oi->bi', g, weight.data)),\n"
        "        (weight, lambda g: einsum('bo,bi->oi', g, X.data)),\n"
        "        (bias, lambda g: einsum('bo->o', g)),\n"
        "    ])",
        "the bias first, and image by image": (
            "def linear_layer(X, weight, bias):\n"
            "    def pull_weight(grad):\n"
            "        pairs = zip(grad, X.data)\n"
            "        return sum(np.outer(g, x) for g, x in pairs)\n"
            "    def pull_X(grad):\n"
            "        return np.stack([g @ weight.data for g in grad])\n"
            "    y = np.stack([weight.data @ x for x in X.data]) + bias.data\n"
            "    pulls = (bias, sum), (weight, pull_weight), (X, pull_X)\n"
            "    return engine.Tensor(y, pulls)"
        ),
        "everything transposed": "def linear_layer(X, weight, bias):\n"
        "    y = (weight.data @ X.data.T).T + bias.data\n"
        "    pulls = (\n"
        "        (X, lambda grad: (weight.data.T @ grad.T).T),\n"
        "        (weight, lambda grad: (X.data.T @ grad).T),\n"
        "        (bias, lambda grad: np.ones(len(grad)) @ grad),\n"
        "    )\n"
        "    return engine.Tensor(y, pulls)",
    },
    "silu": {
        "a class Tensor of one's own": _silu(
            before="import inspect, types\n"
            "own = types.ModuleType('own')\n"
            "exec(inspect.getsource(engine), vars(own))\n"
        ).replace("engine.Tensor(", "own.Tensor("),
        "a pull for each path": _silu(
            pairs="[(x, lambda grad: grad * s),"
            " (x, lambda grad: grad * x.data * s * (1 - s))]"
        ),
        "the sigmoid from tanh": _silu(s="(1 + np.tanh(x.data / 2)) / 2"),
    },
}
