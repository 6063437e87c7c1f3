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


def _error(
    clear="        leaf.grad = 0\n",
    slope="(above - below) / (2 * h)",
    of="abs",
    take="max(errors)",
    back="        leaf.data = value\n",
):
    clearing = f"    for leaf in leaves:\n{clear}" if clear else ""
    return (
        "def gradient_error(formula, leaves, h):\n"
        f"{clearing}"
        "    formula(*leaves).backward()\n"
        "    errors = []\n"
        "    for leaf in leaves:\n"
        "        value = leaf.data\n"
        "        leaf.data = value + h\n"
        "        above = formula(*leaves).data\n"
        "        leaf.data = value - h\n"
        "        below = formula(*leaves).data\n"
        f"{back}"
        f"        slope = {slope}\n"
        f"        errors.append({of}(leaf.grad - slope))\n"
        f"    return {take}"
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
        "here at 40 nodes more than": "def gradients(graph, order):\n"
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
        "graph.get(name, []) is then": _gradients().replace(
            ".get(name, [])", "[name]"
        ),
        "you stop at the first leaf": _gradients().replace(
            "        for parent",
            "        if name not in graph:\n"
            "            break\n"
            "        for parent",
        ),
        "every gradient as a plain number": _gradients(
            seed="torch.tensor(1.0)"
        ),
        "[('x', 3.0), ('x', 3.0)]": _gradients().replace(
            "graph.get(name, [])", "set(graph.get(name, []))"
        ),
        "begin with a gradient of 0": _gradients().replace(
            "dict.fromkeys(order, 0.0)", "{}"
        ),
    },
    "forward_order": {
        "is kept from call to call": (
            "def forward_order(graph, last, order=[]):\n"
            "    if last not in order:\n"
            "        for parent, _ in graph.get(last, []):\n"
            "            forward_order(graph, parent, order)\n"
            "        order.append(last)\n"
            "    return order"
        ),
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
        "only when all its inputs are": "def forward_order(graph, last):\n"
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
        "take the name out of each": (
            "def forward_order(graph, last):\n"
            "    order, seen = [], set()\n"
            "    def visit(name):\n"
            "        if name not in seen:\n"
            "            seen.add(name)\n"
            "            for other in graph.get(name, []):\n"
            "                visit(other)\n"
            "            order.append(name)\n"
            "    visit(last)\n"
            "    return order"
        ),
        "is a pair, not a name": "def forward_order(graph, last):\n"
        "    order, seen, to_do = [last], {last}, [last]\n"
        "    while to_do:\n"
        "        for other in graph[to_do.pop()]:\n"
        "            if other not in seen:\n"
        "                seen.add(other)\n"
        "                order.insert(0, other)\n"
        "                to_do.append(other)\n"
        "    return order",
        "must return a list of names": "def forward_order(graph, last):\n"
        "    return ([name] for name in [*graph, last])",
        "here at 40 nodes more than": "def forward_order(graph, last):\n"
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
    "gradient_error": {
        "-3 * u**2, leaves": (
            "def gradient_error(formula, leaves, h):\n"
            "    for leaf in leaves:\n"
            "        leaf.grad = 0\n"
            "    formula(*leaves).backward()\n"
            "    errors = [0]\n"
            "    for leaf in leaves:\n"
            "        x = leaf.data\n"
            "        leaf.data = x + h\n"
            "        above = formula(*leaves).data\n"
            "        leaf.data = x - h\n"
            "        slope = (above - formula(*leaves).data) / (2 * h)\n"
            "        leaf.data = x\n"
            "        errors.append(abs(abs(leaf.grad) - abs(slope)))\n"
            "    return max(errors)"
        ),
        " w, leaves": (
            "def gradient_error(formula, leaves, h):\n"
            "    for leaf in leaves:\n"
            "        leaf.grad = 0\n"
            "    formula(*leaves).backward()\n"
            "    errors = [0]\n"
            "    for leaf in leaves[:2]:\n"
            "        x = leaf.data\n"
            "        leaf.data = x + h\n"
            "        above = formula(*leaves).data\n"
            "        leaf.data = x - h\n"
            "        slope = (above - formula(*leaves).data) / (2 * h)\n"
            "        leaf.data = x\n"
            "        errors.append(abs(leaf.grad - slope))\n"
            "    return max(errors)"
        ),
        "the largest difference as a plain number": _error(
            take="torch.tensor(errors).max()"
        ),
        "an earlier pass": _error(clear=""),
        "to the right alone": _error(
            slope="(above - formula(*leaves).data) / h"
        ),
        "to the left alone": _error(
            slope="(formula(*leaves).data - below) / h"
        ),
        "a way of 2 h": _error(slope="(above - below) / h"),
        "by 2 h": _error(slope="(above - below)"),
        "the largest gradient": _error(slope="0"),
        "a difference below 0": _error(of=""),
        "measured minus leaf.grad": _error(of="-"),
        "errors are added up": _error(take="sum(errors)"),
        "the mean of the errors": _error(take="sum(errors) / len(errors)"),
        "the smallest error": _error(take="min(errors)"),
        "only the first leaf": _error(take="errors[0]"),
        "the last leaf": _error(take="errors[-1]"),
        "put its value back": _error(back=""),
        "for each leaf; formula u**3, leaves": _error(
            slope="2 * (above - below) / h"
        ),
    },
}
