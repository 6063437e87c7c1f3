"""The checks of the exercises on backpropagation."""

import math

import numpy as np

from helpers.checks import Misconception, check, close, compare, numbers
from helpers.engine import Tensor, topological


def _draw(random, low=0.5, high=2.0):
    """A number of two digits, positive or negative, never near 0."""
    return random.choice((-1, 1)) * round(random.uniform(low, high), 2)


def _array(random, *shape):
    values = [_draw(random) for _ in range(math.prod(shape))]
    return np.array(values).reshape(shape)


def _name(got, expected, beliefs, shown):
    """Raise the first misconception whose result was given."""
    if close(got, expected):
        return
    for diagnosis, belief in beliefs.items():
        if close(got, belief) and not close(belief, expected):
            raise Misconception(f"{diagnosis}. {shown}")
    raise Misconception(f"these are not the expected numbers. {shown}")


# --- Exercise 1 ------------------------------------------------------------


@check(
    right="links of one path multiply, paths add",
    forbidden=("torch.autograd.grad", "torch.Tensor.backward"),
)
def shared_slope(answer, random):
    cases = [(0.5, 3.0), (0.5, -1.5), (_draw(random, 0.3, 0.9), 1.7)]
    for w, x in cases:
        got = numbers(answer(w, x), (), "shared_slope")
        s = w * x
        t, bend = math.tanh(s), 1 - math.tanh(s) ** 2
        _name(
            got,
            (t + s * bend) * x,
            {
                "one path is missing: s also goes through the tanh": t * x,
                "one path is missing: s is also the first factor": s
                * bend
                * x,
                "the last link, from w to s, is missing: times x": t
                + s * bend,
                "you multiply the two paths: the links of a path multiply, "
                "but paths add": t * s * bend * x * x,
                "the tanh has a slope of its own, 1 - tanh(s)**2: it is a "
                "link too": (t + s) * x,
                "the second path subtracts: paths add": (t - s * bend) * x,
                "both paths go on from s to w: times x on the second too": t
                * x
                + s * bend,
                "both paths go on from s to w: times x on the first too": t
                + s * bend * x,
                "the slope of s = w x in w is x, not w": (t + s * bend) * w,
                "this is the tanh alone: the product after it has two slopes "
                "of its own": bend * x,
                "this is the loss itself: its slope is asked": s * t,
            },
            compare(w=w, x=x, expected=(t + s * bend) * x, yours=got),
        )


# --- Graphs for exercises 2 to 4 -------------------------------------------

# Three small ones first, so that a mistake shows in the smallest.
SQUARE = {"y": [("x", 3.0), ("x", 3.0)]}
CHAIN = {"y": [("x", 2.0)], "z": [("y", 5.0)]}
DIAMOND = {
    "s": [("a", 3.0), ("b", 2.0)],
    "t": [("s", 1.0), ("a", 1.0)],
    "L": [("s", 8.0), ("t", 6.0)],
}


def _random_graph(random):
    """A graph in which every node leads to the last one."""
    names = list("abcdefgh")
    graph = {n: [] for n in names[3:]}
    for position, name in enumerate(names[:-1]):
        users = names[max(3, position + 1) :]
        for user in random.sample(users, min(len(users), 2)):
            graph[user].append((name, _draw(random)))
    for position, name in enumerate(names[3:], start=3):
        if not graph[name]:
            graph[name] = [(names[position - 1], _draw(random))]
    return graph


def _order(graph, last):
    """Every node once, after those it is computed from."""
    order, seen, waiting = [], set(), [(last, False)]
    while waiting:
        name, ready = waiting.pop()
        if ready:
            order.append(name)
        elif name not in seen:
            seen.add(name)
            waiting.append((name, True))
            waiting += [(parent, False) for parent, _ in graph.get(name, ())]
    return order


def _backward(
    graph,
    order,
    grads=None,
    seed=1.0,
    combine=lambda old, slope, grad: old + slope * grad,
    backwards=True,
    begin=0.0,
):
    """The backward pass, or what somebody takes for it."""
    grads = dict.fromkeys(order, begin) | (grads or {})
    grads[order[-1]] = seed
    for name in reversed(order) if backwards else order:
        for parent, slope in graph.get(name, ()):
            grads[parent] = combine(grads[parent], slope, grads[name])
    return grads


def _drawn_graphs(random):
    graphs = [(SQUARE, "y"), (CHAIN, "z"), (DIAMOND, "L")]
    graphs += [(_random_graph(random), "h") for _ in range(3)]
    for graph, last in graphs:
        yield graph, _order(graph, last)


def _as_list(got, order, what):
    """A dict of gradients as numbers in the given order."""
    if not isinstance(got, dict):
        raise Misconception(
            f"{what} must return a dict from names to gradients, not "
            f"{type(got).__name__}"
        )
    missing = [name for name in order if name not in got]
    if missing:
        raise Misconception(f"there is no gradient for {missing[0]!r}")
    return numbers([got[name] for name in order], (len(order),), what)


def _shown(graph, order, expected, got):
    wrong = next(
        i for i in range(len(order)) if not close(got[i], expected[i])
    )
    return f"In the graph {graph}, " + compare(
        at=order[wrong], expected=expected[wrong], yours=float(got[wrong])
    )


# --- Exercise 2 ------------------------------------------------------------


@check(right="every node got its share over every path, in one sweep")
def gradients(answer, random):
    for graph, order in _drawn_graphs(random):
        got = _as_list(answer(graph, order), order, "gradients")
        expected = list(_backward(graph, order).values())
        if close(got, expected):
            continue
        beliefs = {
            "a later share overwrites an earlier one: where paths meet, add": {
                "combine": lambda old, slope, grad: slope * grad
            },
            "every share is the slope alone: multiply it by the gradient of "
            "the node it comes from": {
                "combine": lambda old, slope, grad: old + slope
            },
            "you add slope and gradient: along a path the links multiply": {
                "combine": lambda old, slope, grad: old + slope + grad
            },
            "you went forwards: begin at the last node of the order": {
                "backwards": False
            },
            "every node began with 1: only the last does, the others with 0": {
                "begin": 1.0
            },
            "everything is 0: the last node's own gradient is 1, and all "
            "others follow from it": {"seed": 0.0},
        }
        _name(
            got,
            expected,
            {
                text: list(_backward(graph, order, **thinks).values())
                for text, thinks in beliefs.items()
            },
            _shown(graph, order, expected, got),
        )


# --- Exercise 3 ------------------------------------------------------------


class _Counted(dict):
    """A graph that notices when somebody walks along every path."""

    looks = 0

    def _look(self):
        _Counted.looks += 1
        if _Counted.looks > 100_000:
            raise Misconception(
                "you walk along every path, and 40 doublings have a million "
                "million of them: remember which nodes you have seen"
            )

    def __getitem__(self, name):
        self._look()
        return super().__getitem__(name)

    def get(self, name, default=None):
        self._look()
        return super().get(name, default)


@check(right="no node before its parents, none twice, and 20,000 in a row")
def forward_order(answer, random):
    graphs = [(graph, order[-1]) for graph, order in _drawn_graphs(random)]
    doublings = {i + 1: [(i, 1.0), (i, 1.0)] for i in range(40)}
    chain = {i + 1: [(i, 1.0)] for i in range(20_000)}
    for graph, last in [*graphs, (doublings, 40), (chain, 20_000)]:
        _Counted.looks = 0
        try:
            got = answer(_Counted(graph), last)
        except Misconception:
            raise
        except Exception as error:
            if isinstance(error.__cause__, RecursionError):
                raise Misconception(
                    "right on small graphs, but a chain of 20,000 nodes ends "
                    "in a RecursionError: keep a list of what is still to "
                    "do, and loop"
                ) from None
            raise
        _judge_order(got, graph, last)


def _judge_order(got, graph, last):
    if isinstance(got, (str, dict)) or not hasattr(got, "__iter__"):
        raise Misconception(
            f"forward_order must return a list of names, not "
            f"{type(got).__name__}"
        )
    got, expected = list(got), _order(graph, last)
    place = {name: i for i, name in enumerate(got)}
    where = f"In the graph {graph}" if len(graph) < 9 else "In a longer graph"
    if len(place) < len(got):
        twice = next(n for i, n in enumerate(got) if place[n] != i)
        raise Misconception(
            f"{twice!r} is in the order twice. {where}, yours {got[:9]}"
        )
    if set(got) != set(expected):
        odd = sorted(set(got) ^ set(expected), key=str)[0]
        told = "is missing" if odd in expected else "is no node"
        raise Misconception(f"{odd!r} {told}. {where}, yours {got[:9]}")
    late = [
        (parent, name)
        for name in expected
        for parent, _ in graph.get(name, ())
        if place[parent] > place[name]
    ]
    if late and got[0] == last and _is_backward(got, graph):
        raise Misconception(
            f"this is the backward order: turn it round. {where}, yours "
            f"{got[:9]}"
        )
    if late:
        parent, name = late[0]
        raise Misconception(
            f"{name!r} stands before {parent!r}, which it is computed from: "
            f"put a node down only when all its parents are. {where}, yours "
            f"{got[:9]}"
        )


def _is_backward(got, graph):
    place = {name: i for i, name in enumerate(got)}
    return all(
        place[parent] > place[name]
        for name, parents in graph.items()
        for parent, _ in parents
    )


# --- Exercise 4 ------------------------------------------------------------


@check(right="inner nodes start afresh, leaves add up over the passes")
def backward_again(answer, random):
    for passes, (graph, order) in enumerate(_drawn_graphs(random), start=1):
        fresh = _backward(graph, order)
        leaves = [name for name in order if name not in graph]
        before = {n: fresh[n] * (passes if n in leaves else 1) for n in order}
        got = answer(graph, order, before)
        got = _as_list(got, order, "backward_again")

        def summed(grads, names, before=before):
            return [
                grad + before[name] * (name in names)
                for name, grad in grads.items()
            ]

        expected = summed(fresh, leaves)
        if close(got, expected):
            continue
        nothing_cleared = _backward(graph, order, before)
        piled = _backward(graph, order, before, seed=2.0)
        _name(
            got,
            expected,
            {
                "the leaves have lost the first pass: only the inner nodes "
                "are cleared": list(fresh.values()),
                "the leaves are doubled: add what this pass brings, however "
                "many passes they hold already": [
                    before[n] * (2 if n in leaves else 1) for n in order
                ],
                "the leaves are as they came: this pass adds its own": list(
                    before.values()
                ),
                "the inner nodes still held the first pass, and handed it on "
                "a second time: set them to 0 first": list(
                    nothing_cleared.values()
                ),
                "the last node's gradient became 2: it is 1 again, whatever "
                "happened before": list(piled.values()),
                "the leaves are right, but the inner nodes hold both passes: "
                "theirs are of this pass alone": summed(fresh, order),
                "nothing came in a second time: go through the order again": (
                    [before[n] * (n in leaves) for n in order]
                ),
            },
            _shown(graph, order, expected, got),
        )


# --- Exercise 5 ------------------------------------------------------------


def _relu(x):
    return max(0.0, x)


def _between(left, right, slope, tolerance):
    low, high = sorted((left, right))
    return low - tolerance <= slope <= high + tolerance


@check(right="on smooth ground one slope passes, at a kink all between do")
def slope_agrees(answer, random):
    h, tolerance = 1e-6, 1e-4
    wide, loose = (0.1, tolerance), (h, 0.2)
    a, x = _draw(random), _draw(random)
    cases = [
        ("x**2", lambda x: x**2, 3.0, 6.0),
        ("x**2", lambda x: x**2, 3.0, 6.00005),
        ("x**2", lambda x: x**2, 3.0, 6.5),
        ("x**2", lambda x: x**2, 3.0, 5.5),
        ("-x**2", lambda x: -(x**2), 3.0, -6.0),
        (f"{a} * x", lambda x: a * x, x, a),
        (f"{a} * x", lambda x: a * x, x, a + 1e-3),
        (f"{a} * x", lambda x: a * x, x, a - 1e-3),
        *(("relu(x)", _relu, 0.0, s) for s in (0.0, 0.5, 1.0, 0.3)),
        *(("relu(x)", _relu, 0.0, s) for s in (-0.1, 1.1)),
        *(("-abs(x)", lambda x: -abs(x), 0.0, s) for s in (0.5, -1.0, 1.0)),
        *(("-abs(x)", lambda x: -abs(x), 0.0, s) for s in (-1.2, 1.2)),
        ("x**2", lambda x: x**2, 3.0, 6.05, *wide),
        ("x**2", lambda x: x**2, 3.0, 5.85, *wide),
        ("x**2", lambda x: x**2, 3.0, 6.15, *loose),
        ("x**2", lambda x: x**2, 3.0, 6.25, *loose),
    ]
    cases = [(*case, h, tolerance)[:6] for case in cases]
    beliefs = {
        "this is the central difference: at a kink it is only one of the "
        "values allowed": lambda left, right, slope, h, tolerance: (
            abs(slope - (left + right) / 2) <= tolerance
        ),
        "this looks to the right only: the slope on the left counts too": (
            lambda left, right, slope, h, tolerance: (
                abs(slope - right) <= tolerance
            )
        ),
        "this looks to the left only: the slope on the right counts too": (
            lambda left, right, slope, h, tolerance: (
                abs(slope - left) <= tolerance
            )
        ),
        "the left slope need not be the smaller one: sort the two": (
            lambda left, right, slope, h, tolerance: (
                left - tolerance <= slope <= right + tolerance
            )
        ),
        "a measured slope is not exact: allow the tolerance at both ends": (
            lambda left, right, slope, h, tolerance: _between(
                left, right, slope, 0
            )
        ),
        "the tolerance is to be added at the ends, not multiplied": (
            lambda left, right, slope, h, tolerance: (
                min(left, right) * (1 - tolerance)
                <= slope
                <= max(left, right) * (1 + tolerance)
            )
        ),
        "this allows the two one-sided slopes alone: all between them "
        "pass": lambda left, right, slope, h, tolerance: (
            min(abs(slope - left), abs(slope - right)) <= tolerance
        ),
        "at a kink no slope is near both sides: all between them are "
        "right": lambda left, right, slope, h, tolerance: (
            max(abs(slope - left), abs(slope - right)) <= tolerance
        ),
        "the slope to the left has the wrong sign: f(x) - f(x - h)": (
            lambda left, right, slope, h, tolerance: _between(
                -left, right, slope, tolerance
            )
        ),
        "these are differences, not slopes: divide by h": (
            lambda left, right, slope, h, tolerance: _between(
                left * h, right * h, slope, tolerance
            )
        ),
        "this says no to everything": lambda *_: False,
        "this says yes to everything": lambda *_: True,
    }
    got, sides = [], []
    for _, function, x, slope, h, tolerance in cases:
        verdict = answer(function, x, slope, h, tolerance)
        if not isinstance(verdict, (bool, np.bool_)):
            raise Misconception(
                "return True or False, the outcome of a comparison, not "
                f"{type(verdict).__name__}"
            )
        got.append(bool(verdict))
        here = function(x)
        sides.append(
            ((here - function(x - h)) / h, (function(x + h) - here) / h)
        )
    expected = [
        _between(*both, case[3], case[5])
        for both, case in zip(sides, cases, strict=True)
    ]
    if got == expected:
        return
    wrong = next(i for i in range(len(got)) if got[i] != expected[i])
    text, _, x, slope, h, tolerance = cases[wrong]
    shown = f"function {text}, " + compare(
        x=x,
        slope=slope,
        h=h,
        tolerance=tolerance,
        expected=expected[wrong],
        yours=got[wrong],
    )
    for diagnosis, belief in beliefs.items():
        if got == [
            belief(*both, *case[3:])
            for both, case in zip(sides, cases, strict=True)
        ]:
            raise Misconception(f"{diagnosis}. {shown}")
    if wrong >= len(cases) - 4:
        given = "h" if wrong < len(cases) - 2 else "tolerance"
        raise Misconception(
            f"this holds for one {given} only: use the one given. {shown}"
        )
    raise Misconception(f"the verdict is wrong. {shown}")


# --- Exercise 6 ------------------------------------------------------------


def _shrink(grad, shape, leading=True, ones=True, reduce=np.sum):
    extra = grad.ndim - len(shape)
    if leading and extra:
        grad = reduce(grad, axis=tuple(range(extra)))
    axes = tuple(
        axis
        for axis, size in enumerate(shape)
        if size == 1 and axis < grad.ndim and grad.shape[axis] != 1
    )
    return reduce(grad, axis=axes, keepdims=True) if ones and axes else grad


@check(
    right="what was copied forwards is added up backwards",
    forbidden=("helpers.engine.unbroadcast",),
)
def unbroadcast(answer, random):
    n, m = random.sample((2, 3, 4, 5), 2)
    cases = [
        ((3,), (2, 3)),
        ((2, 1), (2, 3)),
        ((2, 3), (2, 3)),
        ((), (2, 3)),
        ((1, 3), (4, 3)),
        ((1, m), (n, m)),
        ((n, 1, m), (n, 4, m)),
        ((n, 1), (3, n, m)),
        ((1,), (n, m)),
    ]
    for shape, full in cases:
        grad = _array(random, *full)
        got = answer(grad, shape)
        numbers(got, what="unbroadcast")
        got, expected = np.asarray(got), _shrink(grad, shape)
        shown = compare(shape=shape, grad=grad, expected=expected, yours=got)
        if got.shape != shape:
            raise Misconception(_of_shape(got, grad, shape, expected, shown))
        _name(
            got,
            expected,
            {
                "copies add up, they are not averaged": _shrink(
                    grad, shape, reduce=np.mean
                ),
                "only the first copy is kept: every copy had an effect, so "
                "add them": grad[(0,) * (grad.ndim - len(shape))][
                    tuple(slice(0, size) for size in shape)
                ],
            },
            shown,
        )


def _of_shape(got, grad, shape, expected, shown):
    size = f"the result must have shape {shape}, not {got.shape}"
    if got.shape == grad.shape and close(got, grad):
        if len(shape) < grad.ndim:
            return (
                f"{size}: axes that were put in front must be summed. {shown}"
            )
        return f"{size}: axes stretched from 1 must be summed. {shown}"
    extra = grad.ndim - len(shape)
    if extra and close(got, grad.sum(axis=tuple(range(-extra, 0)))):
        return (
            f"{size}: new axes stand in front, so sum over axis 0, not over "
            f"the last. {shown}"
        )
    if got.ndim > len(shape) and got.size == expected.size:
        return f"{size}: axes put in front go, without keepdims. {shown}"
    if got.size == expected.size:
        return f"{size}: an axis of size 1 stays, so keepdims=True. {shown}"
    if got.ndim == 0:
        return f"{size}: you sum over every axis. {shown}"
    return f"{size}: axes in front and axes of size 1 are both to do. {shown}"


# --- Exercise 7 ------------------------------------------------------------


@check(right="three gradients, each of the shape of what it belongs to")
def linear_backward(answer, random):
    n = random.randint(2, 5)
    # Square first, so that a wrong product comes out and gets its name; twice,
    # because a drawn weight may be symmetric.
    cases = [
        (2, 2, 2),
        (2, 2, 2),
        (2, 3, 4),
        (n, n + 1, n + 3),
        (1, 3, 2),
        (n, n, n),
    ]
    for batch, inputs, outputs in cases:
        X = _array(random, batch, inputs)
        weight = _array(random, outputs, inputs)
        if inputs == outputs > 1 and weight[0, -1] == weight[-1, 0]:
            weight[0, -1] += 0.5  # a symmetric weight hides transposing
        grad = _array(random, batch, outputs)
        if grad.sum() == batch:
            grad[0, 0] += 0.5  # else two mistakes give one number
        got = answer(X, weight, grad)
        if not isinstance(got, (tuple, list)) or len(got) != 3:
            raise Misconception(
                "return three gradients: of X, of weight and of bias, in "
                "this order"
            )
        column = grad.sum(axis=0)
        parts = {
            "X": (
                grad @ weight,
                {
                    "nothing of the upstream gradient is in it": (
                        np.ones_like(grad) @ weight
                    ),
                    "the weight must not be transposed here": grad @ weight.T
                    if inputs == outputs
                    else None,
                    "the product stands the wrong way round": weight @ grad
                    if batch == inputs == outputs
                    else None,
                    "the grad comes first: (batch, outputs) times (outputs, "
                    "inputs)": weight.T @ grad if batch == outputs else None,
                    "this is the weight's: X, weight, bias is the order": (
                        grad.T @ X
                    ),
                    "multiply matrices, with @: every output adds its "
                    "part": grad * weight
                    if batch == inputs == outputs
                    else None,
                },
            ),
            "weight": (
                grad.T @ X,
                {
                    "it is averaged, but the loss did that already: the mean "
                    "came in with grad": grad.T @ X / batch,
                    "it is transposed; the weight is (outputs, inputs)": (
                        X.T @ grad
                    ),
                    "these images are transposed: grad.T @ X takes grad's "
                    "columns": X @ grad.T if inputs == outputs else None,
                    "nothing is transposed: (outputs, batch) times (batch, "
                    "inputs) is what it takes": grad @ X
                    if batch == outputs
                    else None,
                },
            ),
            "bias": (
                column,
                {
                    "this is one number for all outputs: sum over the images "
                    "only": grad.sum(),
                    "one row an image: the bias was copied to every row, so "
                    "add the rows": grad,
                    "the bias's rows are averaged: copies add up": column
                    / batch,
                    "the slope of a sum is 1, but the upstream gradient "
                    "comes on top": np.full(outputs, float(batch)),
                    "these are sums over the outputs: sum over the "
                    "images": grad.sum(axis=1),
                },
            ),
        }
        for (name, (expected, beliefs)), part in zip(
            parts.items(), got, strict=True
        ):
            _judge_part(part, name, expected, beliefs, X, weight, grad)


def _judge_part(part, name, expected, beliefs, X, weight, grad):
    what = f"the gradient of {name}"
    got = numbers(part, what=what)
    shown = compare(
        X=X, weight=weight, grad=grad, expected=expected, yours=got
    )
    if close(got, expected):
        return
    for diagnosis, belief in beliefs.items():
        if (
            belief is not None
            and not close(belief, expected)
            and close(got, belief)
        ):
            raise Misconception(f"{what}: {diagnosis}. {shown}")
    if tuple(got.shape) != expected.shape:
        raise Misconception(
            f"{what} must have shape {expected.shape}, not {tuple(got.shape)}"
        )
    raise Misconception(f"{what} is not the expected one. {shown}")


# --- Exercise 8 ------------------------------------------------------------


def _silu(x):
    s = 1 / (1 + np.exp(-x))
    return x * s, s + x * s * (1 - s)


@check(right="value and gradient hold, used once and twice, whatever comes in")
def silu(answer, random):
    drawn = _array(random, random.randint(2, 4), random.randint(2, 3))
    for x in (np.array([1.0]), np.array([2.0, -1.0]), drawn):
        value, slope = _silu(x)
        _value_of_silu(answer, x, value)
        ones, upstream = np.ones_like(x), 2 + _array(random, *x.shape) ** 2
        grad = _gradient(answer, x, ones)
        shown = compare(x=x, expected=slope, yours=grad)
        s = value / x
        _name(
            grad,
            slope,
            {
                "the product has two paths: x times the slope of s is "
                "missing": s,
                "the product has two paths: s itself is missing": slope - s,
                "the slope of s is s (1 - s): the factor 1 - s is missing": s
                + x * s,
                "x is missing: the second path is x s (1 - s)": s
                + s * (1 - s),
                "the second path has x once, the first not at all: s + x s (1 "
                "- s)": x * (s + s * (1 - s)),
                "pull hands on what came in: multiply it by the slope": ones,
                "pull returns the value, not the slope": value,
            },
            shown,
        )
        grad = _gradient(answer, x, upstream)
        shown = compare(
            x=x, upstream=upstream, expected=upstream * slope, yours=grad
        )
        _name(
            grad,
            upstream * slope,
            {
                "pull ignores the gradient that comes in: multiply by "
                "it": slope,
                "pull adds the gradient that comes in: multiply by it": (
                    upstream + slope
                ),
            },
            shown,
        )
        grad = _gradient(answer, x, upstream, twice=True)
        expected = upstream * 2 * slope * value
        if not close(grad, expected):
            shown = compare(x=x, expected=expected, yours=grad)
            raise Misconception(
                "right when used once, but not when its result is used "
                f"twice: pull must not touch x.grad. {shown}"
            )


def _value_of_silu(answer, x, value):
    try:
        out = answer(Tensor(x))
    except Misconception:
        raise
    except Exception as error:
        cause = str(error.__cause__)
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
    if not isinstance(out, Tensor):
        raise Misconception(
            "return an engine.Tensor, made by engine.Tensor(y, ((x, "
            f"pull),)), not {type(out).__name__}"
        )
    got = out.data
    if got.shape != x.shape:
        raise Misconception(
            f"the result must have x's shape {x.shape}, not {got.shape}"
        )
    _name(
        got,
        value,
        {
            "this is the sigmoid alone: times x": value / x,
            "the exponent has the wrong sign: exp(-x)": x - value,
            "this is x itself": x,
        },
        compare(x=x, expected=value, yours=got),
    )
    nodes = topological(out)
    if len(nodes) == 1:
        raise Misconception(
            "the result remembers no input, so no gradient can go back: "
            "engine.Tensor(y, ((x, pull),))"
        )
    if len(nodes) > 2:
        raise Misconception(
            "right, but built from the engine's own operations: make it one "
            "operation with its own pull"
        )


def _gradient(answer, x, upstream, twice=False):
    """The gradient that reaches x, by way of the learner's operation."""
    out = answer(Tensor(x))
    leaf, pull = out.inputs[0]  # the checks hand a copy of x to the answer
    given = upstream.copy()
    try:
        pulled = pull(given)
        shape = np.shape(pulled)
        if shape == x.shape:
            (out * out if twice else out).backward(upstream)
    except Exception as error:
        raise Misconception(
            "pull must be a function of the gradient that comes in; it "
            f"stopped with {type(error).__name__}: {error}"
        ) from None
    if pulled is None:
        raise Misconception(
            "pull returns nothing: return the gradient of x, and the engine "
            "adds it to x.grad"
        )
    if not close(given, upstream):
        raise Misconception(
            "pull changes the array that it gets, which belongs to the node "
            "behind it: make a new one"
        )
    if shape != x.shape:
        raise Misconception(
            f"pull must return an array of x's shape {x.shape}, not {shape}"
        )
    return leaf.grad
