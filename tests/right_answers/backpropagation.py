"""Right answers to the exercises on backpropagation, each unusual."""

_WALK = (
    "def forward_order(graph, last):\n"
    "    order, seen, to_do = [], set(), [(last, False)]\n"
    "    while to_do:\n"
    "        name, done = to_do.pop()\n"
    "        if done:\n"
    "            order.append(name)\n"
    "        elif name not in seen:\n"
    "            seen.add(name)\n"
    "            to_do.append((name, True))\n"
    "            to_do += [(p, False) for p, _ in graph.get(name, [])]\n"
    "    return order"
)


def _again(grads):
    return (
        "def backward_again(graph, order, grads):\n"
        f"    grads = {grads}\n"
        "    for name in reversed(order):\n"
        "        for parent, slope in graph.get(name, []):\n"
        "            grads[parent] += slope * grads[name]\n"
        "    return grads"
    )


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
    "shared_slope": {
        "the hyperbolic cosine": "def shared_slope(w, x):\n"
        "    s = w * x\n"
        "    return math.tanh(s) * x + s * x / math.cosh(s) ** 2",
        "float32": "def shared_slope(w, x):\n"
        "    s = np.float32(w) * np.float32(x)\n"
        "    t = np.tanh(s)\n"
        "    return (t + s * (1 - t * t)) * np.float32(x)",
        "the product rule, forwards, with tensors": "def shared_slope(w, x):\n"
        "    s = torch.as_tensor(w) * torch.as_tensor(x)\n"
        "    t, slope_s = torch.tanh(s), x\n"
        "    slope_t = (1 - t**2) * slope_s\n"
        "    return s * slope_t + slope_s * t",
    },
    "gradients": {
        "a default dict": "def gradients(graph, order):\n"
        "    from collections import defaultdict\n"
        "    grads = defaultdict(float)\n"
        "    grads[order[-1]] = 1\n"
        "    for name in order[::-1]:\n"
        "        grads[name] += 0\n"
        "        if name in graph:\n"
        "            for parent, slope in graph[name]:\n"
        "                grads[parent] += slope * grads[name]\n"
        "    return grads",
        "each node asks for its shares": "def gradients(graph, order):\n"
        "    users = {name: [] for name in order}\n"
        "    for name, parents in graph.items():\n"
        "        for parent, slope in parents:\n"
        "            users[parent].append((name, slope))\n"
        "    grads = {}\n"
        "    for name in reversed(order):\n"
        "        shares = [s * grads[user] for user, s in users[name]]\n"
        "        grads[name] = float(name == order[-1]) + sum(shares)\n"
        "    return grads",
        "leaves recognised by their KeyError": "def gradients(graph, order):\n"
        "    grads = {name: torch.tensor(0.0) for name in order}\n"
        "    grads[order[-1]] = torch.tensor(1.0)\n"
        "    for name in reversed(order):\n"
        "        try:\n"
        "            parents = graph[name]\n"
        "        except KeyError:\n"
        "            continue\n"
        "        for parent, slope in parents:\n"
        "            grads[parent] = grads[parent] + slope * grads[name]\n"
        "    return grads",
    },
    "forward_order": {
        "a tuple": _WALK.replace("return order", "return tuple(order)"),
        "users counted": "def forward_order(graph, last):\n"
        "    needed, to_do = {last}, [last]\n"
        "    while to_do:\n"
        "        new = {p for p, _ in graph.get(to_do.pop(), [])} - needed\n"
        "        needed |= new\n"
        "        to_do += new\n"
        "    waits = {n: {p for p, _ in graph.get(n, [])} for n in needed}\n"
        "    users = {name: [] for name in needed}\n"
        "    for name in needed:\n"
        "        for parent in waits[name]:\n"
        "            users[parent].append(name)\n"
        "    order = [name for name in needed if not waits[name]]\n"
        "    for name in order:\n"
        "        for user in users[name]:\n"
        "            waits[user].remove(name)\n"
        "            if not waits[user]:\n"
        "                order.append(user)\n"
        "    return order",
        "recursion with a higher limit": "def forward_order(graph, last):\n"
        "    import sys\n"
        "    sys.setrecursionlimit(100_000)\n"
        "    order = {}\n"
        "    def visit(name):\n"
        "        for parent, _ in graph.get(name, []):\n"
        "            if parent not in order:\n"
        "                visit(parent)\n"
        "        order[name] = None\n"
        "    visit(last)\n"
        "    return list(order)",
    },
    "backward_again": {
        "one line of dicts": _again(
            "grads | dict.fromkeys(graph, 0.0) | {order[-1]: 1.0}"
        ),
        "NumPy's numbers": _again(
            "{n: np.float64(n == order[-1] if n in graph else grads[n])"
            " for n in order}"
        ),
        "a fresh pass, added at the leaves": _again(
            "old = grads, {n: float(n == order[-1]) for n in order}"
        )
        .replace("grads = old = grads", "old, grads = grads")
        .replace(
            "return grads",
            "return {n: g if n in graph else g + old[n]"
            " for n, g in grads.items()}",
        ),
    },
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
        "float32, as a list": "def unbroadcast(grad, shape):\n"
        "    grad = grad.astype(np.float32)\n"
        "    while grad.ndim > len(shape):\n"
        "        grad = sum(grad)\n"
        "    for axis, size in enumerate(shape):\n"
        "        if size == 1 < grad.shape[axis]:\n"
        "            grad = np.expand_dims(grad.sum(axis), axis)\n"
        "    return grad.tolist()",
    },
    "linear_backward": {
        "einsum": "def linear_backward(X, weight, grad):\n"
        "    return [\n"
        "        np.einsum('bo,oi->bi', grad, weight),\n"
        "        np.einsum('bo,bi->oi', grad, X),\n"
        "        np.einsum('bo->o', grad),\n"
        "    ]",
        "image by image": "def linear_backward(X, weight, grad):\n"
        "    grad_X = [sum(g[:, None] * weight) for g in grad]\n"
        "    grad_weight = sum(np.outer(g, x) for g, x in zip(grad, X))\n"
        "    return grad_X, grad_weight, sum(grad)",
        "everything transposed": "def linear_backward(X, weight, grad):\n"
        "    ones = np.ones(len(X))\n"
        "    return (weight.T @ grad.T).T, (X.T @ grad).T, ones @ grad",
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
