"""What learners really write in the exercises on backpropagation."""

_SWEEP = (
    "    for name in {order}:\n"
    "        for parent, slope in graph.get(name, []):\n"
    "            grads[parent] {share}\n"
    "    return grads"
)
_ADD = "+= slope * grads[name]"


def _gradients(seed="1.0", order="reversed(order)", share=_ADD):
    return (
        "def gradients(graph, order):\n"
        "    grads = dict.fromkeys(order, 0.0)\n"
        f"    grads[order[-1]] = {seed}\n"
        + _SWEEP.format(order=order, share=share)
    )


def _again(clear="", seed="grads[order[-1]] = 1.0", returned=""):
    code = (
        "def backward_again(graph, order, grads):\n"
        "    old = dict(grads)\n"
        f"{clear}"
        f"    {seed}\n" + _SWEEP.format(order="reversed(order)", share=_ADD)
    )
    return code.replace("return grads", returned) if returned else code


_CLEAR_INNER = "    for name in graph:\n        grads[name] = 0.0\n"


def _agrees(verdict):
    return (
        "def slope_agrees(f, x, slope, h, tolerance):\n"
        "    right = (f(x + h) - f(x)) / h\n"
        "    left = (f(x) - f(x - h)) / h\n"
        "    low, high = sorted((left, right))\n"
        f"    return {verdict}"
    )


def _linear(grad_X="grad @ weight", grad_w="grad.T @ X", grad_b="grad.sum(0)"):
    return (
        "def linear_backward(X, weight, grad):\n"
        f"    return {grad_X}, {grad_w}, {grad_b}"
    )


def _silu(pull="grad * (s + x.data * s * (1 - s))", value="x.data * s"):
    return (
        "def silu(x):\n"
        "    s = 1 / (1 + np.exp(-x.data))\n"
        f"    pull = lambda grad: {pull}\n"
        f"    return engine.Tensor({value}, ((x, pull),))"
    )


WRONG = {
    "shared_slope": {
        "also goes through the tanh": "def shared_slope(w, x):\n"
        "    return math.tanh(w * x) * x",
        "also the first factor": "def shared_slope(w, x):\n"
        "    s = w * x\n"
        "    return s * (1 - math.tanh(s) ** 2) * x",
        "from w to s, is missing": "def shared_slope(w, x):\n"
        "    t = math.tanh(w * x)\n"
        "    return t + w * x * (1 - t**2)",
        "you multiply the two paths": "def shared_slope(w, x):\n"
        "    t = math.tanh(w * x)\n"
        "    return (t * x) * (w * x * (1 - t**2) * x)",
        "a slope of its own": "def shared_slope(w, x):\n"
        "    return (math.tanh(w * x) + w * x) * x",
        "on the second too": "def shared_slope(w, x):\n"
        "    t = math.tanh(w * x)\n"
        "    return t * x + w * x * (1 - t**2)",
        "is x, not w": "def shared_slope(w, x):\n"
        "    t = math.tanh(w * x)\n"
        "    return (t + w * x * (1 - t**2)) * w",
        "the tanh alone": "def shared_slope(w, x):\n"
        "    return (1 - math.tanh(w * x) ** 2) * x",
        "the loss itself": "def shared_slope(w, x):\n"
        "    return w * x * math.tanh(w * x)",
        "subtracts": "def shared_slope(w, x):\n"
        "    t = math.tanh(w * x)\n"
        "    return (t - w * x * (1 - t**2)) * x",
        "different paths, which add": "def shared_slope(w, x):\n"
        "    t = math.tanh(w * x)\n"
        "    return t * (1 - t**2) * x",
        "a measured slope depends on its step": "def shared_slope(w, x):\n"
        "    def loss(w):\n"
        "        return w * x * math.tanh(w * x)\n"
        "    return (loss(w + 1e-6) - loss(w - 1e-6)) / 2e-6",
        "without autograd": "def shared_slope(w, x):\n"
        "    w = torch.tensor(float(w), requires_grad=True)\n"
        "    (w * x * torch.tanh(w * x)).backward()\n"
        "    return w.grad",
    },
    "gradients": {
        "overwrites an earlier one": _gradients(share="= slope * grads[name]"),
        "the slope alone": _gradients(share="+= slope"),
        "you add slope and gradient": _gradients(
            share="+= slope + grads[name]"
        ),
        "you went forwards": _gradients(order="order"),
        "everything is 0": _gradients(seed="0.0"),
        "every node began with 1": _gradients().replace("0.0", "1.0"),
        "there is no gradient for": _gradients().replace(
            "return grads", "return {n: grads[n] for n in graph}"
        ),
        "not list": _gradients().replace(
            "return grads", "return list(grads.values())"
        ),
        "backwards through the graph": _gradients(
            order="reversed(list(graph))"
        ),
        "40 doublings": "def gradients(graph, order):\n"
        "    grads = dict.fromkeys(order, 0.0)\n"
        "    def walk(name, product):\n"
        "        grads[name] += product\n"
        "        for parent, slope in graph.get(name, []):\n"
        "            walk(parent, product * slope)\n"
        "    walk(order[-1], 1.0)\n"
        "    return grads",
        "order, which you were given, is changed": _gradients().replace(
            "    for name in reversed(order)",
            "    order.reverse()\n    for name in order",
        ),
        "KeyError": _gradients().replace(".get(name, [])", "[name]"),
    },
    "forward_order": {
        "RecursionError": "def forward_order(graph, last):\n"
        "    order = []\n"
        "    def visit(name):\n"
        "        if name not in order:\n"
        "            for parent, _ in graph.get(name, []):\n"
        "                visit(parent)\n"
        "            order.append(name)\n"
        "    visit(last)\n"
        "    return order",
        "in the order twice": "def forward_order(graph, last):\n"
        "    order = []\n"
        "    for parent, _ in graph.get(last, []):\n"
        "        order += forward_order(graph, parent)\n"
        "    return order + [last]",
        "turn it round": "def forward_order(graph, last):\n"
        "    order, seen, to_do = [], set(), [(last, False)]\n"
        "    while to_do:\n"
        "        name, done = to_do.pop()\n"
        "        if done:\n"
        "            order.insert(0, name)\n"
        "        elif name not in seen:\n"
        "            seen.add(name)\n"
        "            to_do.append((name, True))\n"
        "            to_do += [(p, False) for p, _ in graph.get(name, [])]\n"
        "    return order",
        "only when all its parents are": "def forward_order(graph, last):\n"
        "    order, seen, to_do = [], set(), [last]\n"
        "    while to_do:\n"
        "        name = to_do.pop(0)\n"
        "        if name not in seen:\n"
        "            seen.add(name)\n"
        "            order.append(name)\n"
        "            to_do += [p for p, _ in graph.get(name, [])]\n"
        "    return order[::-1]",
        "is missing": "def forward_order(graph, last):\n"
        "    return list(graph)",
        "does not come from": "def forward_order(graph, last):\n"
        "    from graphlib import TopologicalSorter\n"
        "    parents = {n: [p for p, _ in graph[n]] for n in graph}\n"
        "    return list(TopologicalSorter(parents).static_order())",
        "must return a list of names": "def forward_order(graph, last):\n"
        "    return ([name] for name in [*graph, last])",
        "again and again": "def forward_order(graph, last):\n"
        "    order, to_do = [], [(last, False)]\n"
        "    while to_do:\n"
        "        name, done = to_do.pop()\n"
        "        if done and name not in order:\n"
        "            order.append(name)\n"
        "        elif not done:\n"
        "            to_do.append((name, True))\n"
        "            to_do += [(p, False) for p, _ in graph.get(name, [])]\n"
        "    return order",
    },
    "backward_again": {
        "handed it on a second time": _again(),
        "have lost the first pass": _again(
            clear="    grads = dict.fromkeys(order, 0.0)\n"
        ),
        "node's gradient became 2": _again(seed="grads[order[-1]] += 1.0"),
        "inner nodes hold both passes": _again(
            clear=_CLEAR_INNER,
            returned="return {n: g + old[n] * (n in graph)"
            " for n, g in grads.items()}",
        ),
        "the leaves are doubled": "def backward_again(graph, order, grads):\n"
        "    return {n: g * (1 if n in graph else 2)"
        " for n, g in grads.items()}",
        "grads, which you were given, is changed": _again(clear=_CLEAR_INNER),
        "go backwards through `order`": _again(clear=_CLEAR_INNER).replace(
            "reversed(order)", "graph"
        ),
        "nothing came in a second time": "def backward_again(graph, order,"
        " grads):\n"
        "    for name in graph:\n"
        "        grads[name] = 0.0\n"
        "    return grads",
    },
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
        ).replace("    right", "    h = 1e-6\n    right"),
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
        "without keepdims": "def unbroadcast(grad, shape):\n"
        "    shape = (1,) * (grad.ndim - len(shape)) + shape\n"
        "    axes = [i for i, size in enumerate(shape) if size == 1]\n"
        "    return grad.sum(axis=tuple(axes), keepdims=True)",
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
        "sum over every axis": "def unbroadcast(grad, shape):\n"
        "    return grad.sum()",
        "write it yourself": "def unbroadcast(grad, shape):\n"
        "    return engine.unbroadcast(grad, shape)",
    },
    "linear_backward": {
        "must not be transposed here": _linear(grad_X="grad @ weight.T"),
        "transposed; the weight is": _linear(grad_w="X.T @ grad"),
        "nothing is transposed": _linear(grad_w="grad @ X"),
        "grad comes first": _linear(grad_X="weight.T @ grad"),
        "X, weight, bias is the order": _linear("grad.T @ X", "grad @ weight"),
        "multiply matrices": _linear("grad * weight", "grad * X", "grad"),
        "these images are transposed": _linear(grad_w="X @ grad.T"),
        "one number for all": _linear(grad_b="grad.sum()"),
        "(2,), not (1, 2)": _linear(grad_b="grad.sum(0, keepdims=True)"),
        "one row an image": _linear(grad_b="grad"),
        "rows of grad are averaged": _linear(grad_b="grad.mean(axis=0)"),
        "did that already": _linear(grad_w="grad.T @ X / len(X)"),
        "nothing of the gradient that comes in": _linear(
            grad_b="np.full(grad.shape[1], len(grad))"
        ),
        "helpers.engine.linear": "def linear_backward(X, weight, grad):\n"
        "    bias = np.zeros(len(weight))\n"
        "    out = engine.linear(*map(engine.Tensor, (X, weight, bias)))\n"
        "    return [pull(grad) for _, pull in out.inputs]",
        "return three things": "def linear_backward(X, weight, grad):\n"
        "    return grad @ weight, grad.T @ X",
    },
    "silu": {
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
