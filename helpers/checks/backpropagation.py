"""The checks of the exercises on backpropagation."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch

from helpers.checks import (
    AUTOGRAD,
    LearnersError,
    Misconception,
    brief,
    check,
    compare,
    diagnose,
    named,
    numbers,
    part,
    tensors,
    uniform,
)
from helpers.engine import Tensor, topological

# What others have built.
SUMMED = ("helpers.engine.unbroadcast", "torch.Tensor.sum_to_size")
BACKWARD = (*AUTOGRAD, "helpers.engine.Value.backward")
BACKWARD += ("helpers.engine.Tensor.backward",)


@check(right="links of one path multiply, paths add", forbidden=BACKWARD)
def shared_slope(answer, random):
    cases = [(0.5, 3.0), (0.5, -1.5), (-0.75, 2.0), (1.25, 0.5), (0.0, 3.0)]
    cases += [tuple(uniform(random, 2, 0.3, 1.7).tolist()) for _ in range(3)]
    # A step that suits the cases above suits none of these.
    tiny = [(1e-12, 1e12), (1e-30, -1e30)]

    def truth(w, x):
        s, t = w * x, math.tanh(w * x)
        return (t + s * (1 - t**2)) * x

    def mistakes(w, x):
        s, t = w * x, math.tanh(w * x)
        return {
            "one path is missing: s also goes through the tanh": t * x,
            "a path is missing: s is also the first factor": s
            * (1 - t**2)
            * x,
            "the last link, from w to s, is missing: times x": t
            + s * (1 - t**2),
            "you multiply the two paths: the links of a path multiply, but "
            "paths add": t * s * (1 - t**2) * x * x,
            "t and 1 - t**2 stand on different paths, which add: the second "
            "is s (1 - t**2)": t * (1 - t**2) * x,
            "in the second path s is missing, the slope of the product for "
            "the tanh": (t + (1 - t**2)) * x,
            "the tanh has a slope of its own, 1 - tanh(s)**2: it is a link "
            "too": (t + s) * x,
            "the second path subtracts: paths add": (t - s * (1 - t**2)) * x,
            "both paths go on from s to w: times x on the second too": t * x
            + s * (1 - t**2),
            "both paths go on from s to w: times x on the first too": t
            + s * (1 - t**2) * x,
            "the slope of s = w x in w is x, not w": (t + s * (1 - t**2)) * w,
            "this is the tanh alone: the product after it has two slopes of "
            "its own": (1 - t**2) * x,
            "this is the loss itself: its slope is asked": s * t,
        }

    way = "multiply the slopes along each path, then add the paths"
    diagnose(answer, cases, truth, mistakes, way)
    way = "a measured slope depends on its step: write the chain rule"
    diagnose(answer, tiny, truth, mistakes, way)


class _Graph(dict):
    """A graph that notices who walks along every path, or looks for a leaf."""

    looks = 0

    def __deepcopy__(self, memo):  # quicker than the usual way
        return _Graph({name: [*pairs] for name, pairs in self.items()})

    def __missing__(self, name):
        raise KeyError(
            f"{name!r} is a leaf, and leaves are not in the graph: "
            "graph.get(name, []) is then an empty list"
        )

    def __getitem__(self, name):
        self.looks += 1
        if self.looks > 10_000 + 10 * len(self):
            raise Misconception(
                "you come back to the same nodes again and again, and along "
                "40 doublings there are a million million paths: remember "
                "which nodes you have seen, and look at each once"
            )
        return super().__getitem__(name)

    def get(self, name, default=None):
        if name not in self:
            return default
        return self[name]


def _graph(arrows):
    """A graph of pairs of a name and its parent."""
    graph, slopes = _Graph(), (3.0, 2.0, -1.5, 0.5, 5.0, -4.0, 2.5)
    for i, (name, parent) in enumerate(arrows):
        pair = parent, slopes[i % len(slopes)]
        graph.setdefault(name, []).append(pair)
    return graph


def _graphs(random):
    """Graphs with an order of all names each; the last is the doublings.

    Names are of several types, the dict is in another order, and some nodes
    lead nowhere.
    """
    for arrows, order in (
        ("yx yx", "xy"),
        ("zy yx", "xyz"),
        ("yx ux", "wxuy"),
        ("Ls Lt ta ts sa sb", "abstL"),
        ("tb ts as at as sc sb", "cbsta"),
        ("uc tb ts bu as at sc", "cubsta"),
        ("", "x"),
    ):
        yield _graph(arrows.split()), list(order)
    # Slopes that rounding spoils.
    yield _Graph(z=[("y", 0.0625)], y=[("x", 0.0625)]), list("xyz")
    for _ in range(6):
        order = random.sample([*"abcd", 0, 1, 2, ("h", 1), ("h", 2)], 9)
        places = [8, *random.choices(range(3, 9), k=16)]
        random.shuffle(places)
        arrows = [(order[i], random.choice(order[:i])) for i in places]
        yield _graph(arrows), order
    doublings = {i: [(i + 1, 1.0)] * 2 for i in range(40)}
    yield _Graph(doublings), list(range(40, -1, -1))


def _add(old, slope, grad):
    return old + slope * grad


def _sweep(graph, order, begin=None, last=1.0, turns=None, share=_add):
    """A backward pass, or what somebody takes for it: a number a name."""
    grads = dict.fromkeys(order, 0.0) | (begin or {}) | {order[-1]: last}
    for name in turns or reversed(order):
        for parent, slope in graph.get(name, ()):
            grads[parent] = share(grads[parent], slope, grads[name])
    return [grads[name] for name in order]


def _listed(answer, what):
    """An answer whose dict is made a list, in the given order."""

    def listed(graph, order, *rest):
        got = answer(graph, order, *rest)
        if not isinstance(got, Mapping):
            raise Misconception(
                f"{what} must return a dict from names to gradients, not "
                f"{type(got).__name__}"
            )
        missing = [name for name in order if name not in got]
        if missing:
            raise Misconception(f"there is no gradient for {missing[0]!r}")
        return [got[name] for name in order]

    return listed


def _shown(graph, order, grads=None):
    lines = [f"{name!r}: {pairs}" for name, pairs in graph.items()]
    shown = {"graph": lines, "order": order}
    return shown | ({"grads": [grads[n] for n in order]} if grads else {})


@check(right="every node got its share over every path, in one sweep")
def gradients(answer, random):
    def mistakes(graph, order):
        return {
            "a later share overwrites an earlier one: where paths meet, "
            "add": _sweep(
                graph, order, share=lambda old, slope, grad: slope * grad
            ),
            "every share is the slope alone: multiply it by the gradient of "
            "the node it comes from": _sweep(
                graph, order, share=lambda old, slope, grad: old + slope
            ),
            "you add slope and gradient: along a path the links "
            "multiply": _sweep(graph, order, share=lambda *terms: sum(terms)),
            "you went forwards: begin at the last node": _sweep(
                graph, order, turns=order
            ),
            "every node began with 1: only the last does, the others with "
            "0": _sweep(graph, order, begin=dict.fromkeys(order, 1.0)),
            "everything is 0: the last node's own gradient is 1, and all "
            "others follow from it": _sweep(graph, order, last=0.0),
            "you go through the graph, whose order says nothing, and not "
            "backwards through `order`": _sweep(graph, order, turns=[*graph]),
            "you go backwards through the graph, whose order says nothing, "
            "and not through `order`": _sweep(
                graph, order, turns=[*graph][::-1]
            ),
        }

    diagnose(
        _listed(answer, "gradients"),
        [*_graphs(random)],
        _sweep,
        mistakes,
        "go backwards through `order`, and add slope times gradient to each "
        "parent, twice to one that is listed twice",
        show=_shown,
    )


@check(right="no node before its parents, none twice, and 20,000 in a row")
def forward_order(answer, random):
    *graphs, (doublings, _) = _graphs(random)
    cases = [(graph, order[-1]) for graph, order in graphs]
    cases += [(graph, order[-2]) for graph, order in graphs if graph]
    got = [_names(answer, *case) for case in cases]
    faults = [*map(_fault, got, cases)]
    if any(faults):
        at = next(i for i, fault in enumerate(faults) if fault)
        fault, (graph, last) = faults[at], cases[at]
        if not any(map(_fault, [names[::-1] for names in got], cases)):
            fault = "this is the backward order: turn it round"
        shown = {"last": last, "yours": got[at]}
        shown = compare(graph=_shown(graph, last)["graph"], **shown)
        raise Misconception(f"{fault}; {shown}")
    # Each node is computed from the next: a set, too, begins at the end.
    chain = _Graph({i: [(i + 1, 1.0)] for i in range(20_000)})
    for case in ((doublings, 0), (chain, 0)):
        fault = _fault(_names(answer, *case), case)
        if fault:
            raise Misconception(f"right on small graphs only: {fault}")


def _names(answer, graph, last):
    try:
        got = answer(graph, last)
    except LearnersError as error:
        if isinstance(error.__cause__, RecursionError) and len(graph) > 100:
            raise Misconception(
                "right on small graphs, but a chain of 20,000 nodes ends in "
                "a RecursionError: keep a list of what is still to do, and "
                "loop"
            ) from None
        raise
    try:
        if isinstance(got, str | bytes) or not isinstance(got, Sequence):
            raise TypeError
        hash(tuple(got))
    except TypeError:
        raise Misconception(
            f"forward_order must return a list of names, not {named(got)}"
        ) from None
    return list(got)


def _fault(got, case):
    """What is wrong with an order, or None."""
    graph, last = case
    needed, to_do = {last}, [last]
    while to_do:
        parents = {parent for parent, _ in graph.get(to_do.pop(), ())}
        to_do += parents - needed
        needed |= parents
    place = {name: i for i, name in enumerate(got)}
    for i, name in enumerate(got):
        if name not in needed:
            return (
                f"{last!r} does not come from {brief(name)}: return only "
                "names that you meet on the way back from `last`"
            )
        if place[name] != i:
            return f"{name!r} is in the order twice"
    for name in needed - place.keys():
        return f"{name!r} is missing"
    for name in got:
        for parent, _ in graph.get(name, ()):
            if place[parent] > place[name]:
                return (
                    f"{name!r} stands before {parent!r}, which it is computed "
                    "from: put a node down only when all its parents are"
                )
    return None


@check(right="inner nodes start afresh, leaves add up over the passes")
def backward_again(answer, random):
    cases = []
    for i, (graph, order) in enumerate(g for g in _graphs(random) if g[0]):
        times = dict.fromkeys(order, 1 + i % 3) | dict.fromkeys(graph, 1)
        fresh = dict(zip(order, _sweep(graph, order), strict=True))
        names = random.sample(order, len(order))
        cases.append((graph, order, {n: times[n] * fresh[n] for n in names}))

    def mistakes(graph, order, grads):
        return {
            "the leaves have lost the first pass: only the inner nodes are "
            "cleared": _both(graph, order, grads, 1, 0, 0),
            "the leaves are doubled: add what this pass brings, however "
            "many passes they hold already": _both(
                graph, order, grads, 0, 1, 2
            ),
            "the leaves are as they came: this pass adds its own": _both(
                graph, order, grads, 0, 1, 1
            ),
            "the inner nodes still held the first pass, and handed it on a "
            "second time: set them to 0 first": _sweep(graph, order, grads),
            "the last node's gradient became 2: it is 1 again, whatever "
            "happened before": _sweep(graph, order, grads, last=2.0),
            "the leaves are right, but the inner nodes hold both passes: "
            "theirs are of this pass alone": _both(
                graph, order, grads, 1, 1, 1
            ),
            "nothing came in a second time: go through the order again": _both(
                graph, order, grads, 0, 0, 1
            ),
        }

    diagnose(
        _listed(answer, "backward_again"),
        cases,
        lambda graph, order, grads: _both(graph, order, grads, 1, 0, 1),
        mistakes,
        "set the inner nodes to 0 and the last one to 1, then go backwards "
        "through `order`",
        show=_shown,
    )


def _both(graph, order, grads, new, inner, leaf):
    """The new pass and what there was, each so many times."""
    return [
        new * fresh + grads[name] * (inner if name in graph else leaf)
        for name, fresh in zip(order, _sweep(graph, order), strict=True)
    ]


@check(right="on smooth ground one slope passes, at a kink all between do")
def slope_agrees(answer, random):
    a, x = uniform(random, 2).tolist()
    h, t = 0.001, 0.01
    functions = {
        "x**2": lambda x: x**2,
        "2 * x": lambda x: 2 * x,
        f"{a} * x": lambda x: a * x,
        "max(0, x)": lambda x: max(0, x),
        "-abs(x)": lambda x: -abs(x),
        "max(x, 3 - 2 * x)": lambda x: max(x, 3 - 2 * x),
    }
    groups = {
        "measure both one-sided slopes, and ask what lies between": (
            ("x**2", 3.0, h, t, (6, 6.5, 5.5, -6)),
            ("x**2", torch.tensor(-2.0), h, t, (-4, 4, -3.5, -4.5)),
            ("max(0, x)", 0.0, h, t, (0, 0.5, 1, 0.25, -0.5, 1.5)),
            ("-abs(x)", 0.0, h, t, (0, 0.5, -1, 1, -1.5, 1.5)),
            ("max(x, 3 - 2 * x)", 1.0, h, t, (-1.5, 0, 0.5, -2.5, 1.5)),
        ),
        "this does not hold for every tolerance: add the one given": (
            ("x**2", 3.0, h, t, (6.005, 5.995, 6.1, 5.9)),
            (f"{a} * x", x, h, t, (a, a + 0.005, a - 0.005, a + 0.1)),
            ("-abs(x)", 0.0, h, t, (1.00005, -1.00005, 1.1, -1.1)),
            ("x**2", 3.0, h, 0.5, (6.25, 5.75, 6.75, 5.25)),
            ("max(0, x)", 0.0, h, 1.0, (1.5, -0.5, 1.75, -0.75, 2.5, -1.5)),
        ),
        "this does not hold for every h: use the one given": (
            ("x**2", 3.0, 0.25, t, (6.1, 5.9, 6.5, 5.5)),
        ),
        "the ends themselves pass too: <=, not <": (  # exact in binary
            ("2 * x", 1.0, 0.25, 0.0, (2.0,)),
            ("2 * x", 1.0, 0.25, 0.5, (2.5, 1.5)),
            ("max(0, x)", 0.0, 0.25, 0.25, (1.25, -0.25)),
        ),
    }

    def truth(f, x, slope, h, t):
        a, b, off = _sides(f, x, slope, h)
        return off(a, b) <= t

    def mistakes(f, x, slope, h, t):
        a, b, off = _sides(f, x, slope, h)
        return {
            "this is the central difference: at a kink it is only one of "
            "the values allowed": off((a + b) / 2) <= t,
            "this looks to the right only: look to the left too": off(b) <= t,
            "this looks to the left only: look to the right too": off(a) <= t,
            "the left slope need not be the smaller one: sort the two": a - t
            <= slope
            <= b + t,
            "a measured slope is not exact: allow the tolerance at both "
            "ends": off(a, b) <= 0,
            "allow the tolerance upwards too": off(a, b, min(a, b) - t) <= 0,
            "allow the tolerance downwards too": off(a, b, max(a, b) + t) <= 0,
            "the tolerance is to be added at the ends, not multiplied": min(
                a, b
            )
            * (1 - t)
            <= slope
            <= max(a, b) * (1 + t),
            "this allows the two one-sided slopes alone: all between them "
            "pass": min(off(a), off(b)) <= t,
            "at a kink no slope is near both sides: all between them are "
            "right": max(off(a), off(b)) <= t,
            "the wrong sign on the left: f(x) - f(x - h)": off(-a, b) <= t,
            "these are differences: divide by h": off(a * h, b * h) <= t,
            "this says no to everything": False,
            "this says yes to everything": True,
        }

    def told(*case):
        got = answer(*case)
        try:
            if numbers(got).item() in (0, 1):
                return got
        except (Misconception, RuntimeError):  # no numbers, or several
            pass
        raise Misconception(
            "return True or False, the outcome of a comparison, not "
            f"{named(got)}"
        )

    def shown(function, x, slope, h, tolerance):
        text = next(t for t, f in functions.items() if f is function)
        given = {"x": x, "slope": slope, "h": h, "tolerance": tolerance}
        return {"function": text} | given

    for i, (way, rows) in enumerate(groups.items()):
        cases = []
        for text, x, h, tolerance, slopes in rows:
            function = functions[text]
            for slope in slopes:
                cases.append((function, x, float(slope), h, tolerance))
                told(*cases[-1])
        slips = mistakes if i < 2 else {}  # the others ask one thing each
        diagnose(told, cases, truth, slips, way, show=shown)


def _sides(function, x, slope, h):
    """The slopes to the left and to the right, and what is beyond them."""
    here = function(x)
    left, right = (here - function(x - h)) / h, (function(x + h) - here) / h
    return left, right, lambda *e: max(min(e) - slope, slope - max(e))


def _summed(grad, shape, total=np.sum, front=0, new=True, ones=True):
    while new and grad.ndim > len(shape):
        grad = total(grad, axis=front)
    for axis, size in enumerate(shape):
        if ones and size == 1:
            grad = total(grad, axis=axis, keepdims=True)
    return grad


def _refuse_shape(got, shape, what, way="return it in that shape"):
    got = tuple(numbers(got).shape)
    if got != shape:
        raise Misconception(
            f"{what} must have shape {shape}, not {got}: {way}"
        )


@check(
    right="what was copied forwards is added up backwards",
    forbidden=(*SUMMED, *BACKWARD),
)
def unbroadcast(answer, random):
    shapes = [((), ()), ((2,), (2,)), ((1,), (3,)), ((), (3,)), ((2,), (2, 2))]
    flat = (3,), (2, 1), (1, 3), (), (1,), (2, 3), (1, 1)
    deep = (3, 1, 1), (1, 2, 1), (1, 1, 4), (4,), (2, 1), (1, 1)
    shapes += [*((s, (2, 3)) for s in flat), *((s, (3, 2, 4)) for s in deep)]
    for _ in range(6):
        full = random.choices((1, 2, 3, 4), k=random.randint(2, 4))
        shape = [random.choice((1, size)) for size in full]
        shapes.append((tuple(shape[random.randint(0, 2) :]), full))
    cases = [
        (np.arange(1.0, math.prod(full) + 1).reshape(full), shape)
        for shape, full in shapes
    ]
    mistakes = {
        "this is grad as it came: what was copied must be "
        "summed": lambda grad, shape: grad,
        "axes that were put in front must be summed": lambda grad, shape: (
            _summed(grad, shape, new=False)
        ),
        "axes stretched from 1 must be summed": lambda grad, shape: _summed(
            grad, shape, ones=False
        ),
        "new axes stand in front, so sum over axis 0, not over the "
        "last": lambda grad, shape: _summed(grad, shape, front=-1),
        "sum over axis 0, not over the last, and over stretched axes "
        "too": lambda grad, shape: _summed(grad, shape, front=-1, ones=False),
        "copies add up, they are not averaged": lambda grad, shape: _summed(
            grad, shape, np.mean
        ),
        "only the first copy is kept: every copy had an effect, so add "
        "them": lambda grad, shape: grad[(0,) * (grad.ndim - len(shape))][
            tuple(map(slice, shape))
        ],
        "you sum over every axis: only copies are to be "
        "added": lambda grad, shape: grad.sum(),
    }
    diagnose(
        answer,
        cases,
        _summed,
        mistakes,
        "axes in front and axes of size 1 are both to be summed",
    )
    for grad, shape in cases:
        got = answer(grad, shape)
        way = "return an axis of size 1 as it was, so keepdims=True"
        if np.ndim(got) > len(shape):
            way = "return no axes that were put in front, without keepdims"
        _refuse_shape(got, shape, "the sums are right, but the result", way)


@check(
    right="three gradients, each of the shape of what it belongs to",
    forbidden=(*BACKWARD, "helpers.engine.linear"),
)
def linear_backward(answer, random):
    # Square ones first, so that a wrong product comes out and gets its name.
    cases = tensors(
        ([[1, 2], [4, 3]], [[5, 1], [2, 3]], [[1, -2], [0.5, 4]]),
        ([[2, 0], [1, 5]], [[1, 4], [-3, 2]], [[3, 0], [-1, 0.5]]),
        ([[2]], [[3]], [[5]]),
        ([[1, 2]], [[4, -1]], [[3]]),
        ([[1], [2]], [[3]], [[5], [-1]]),
        ([[2]], [[3], [5]], [[1, -4]]),
    )
    n = random.randint(2, 5)
    for images, inputs, outputs in ((2, 3, 4), (1, 3, 2), (n, n + 1, n + 3)):
        shapes = (images, inputs), (outputs, inputs), (images, outputs)
        cases.append(tuple(uniform(random, shape) for shape in shapes))
    cases = [tuple(tensor.numpy() for tensor in case) for case in cases]
    averaged = "it is averaged, but the loss did that already: the mean came "
    averaged += "in with grad"
    ignored = "nothing of the gradient that comes in is in it"
    parts = {
        "the gradient of X": (
            lambda X, W, g: g @ W,
            {
                averaged: lambda X, W, g: g @ W / len(X),
                ignored: lambda X, W, g: np.ones_like(g) @ W,
                "the weight must not be transposed here": lambda X, W, g: (
                    g @ W.T
                ),
                "the product stands the wrong way round": lambda X, W, g: (
                    W @ g
                ),
                "the grad comes first: (batch, outputs) times (outputs, "
                "inputs)": lambda X, W, g: W.T @ g,
                "this is the weight's: X, weight, bias is the "
                "order": lambda X, W, g: g.T @ X,
                "multiply matrices, with @: the outputs add "
                "up": lambda X, W, g: g * W,
            },
        ),
        "the gradient of weight": (
            lambda X, W, g: g.T @ X,
            {
                averaged: lambda X, W, g: g.T @ X / len(X),
                ignored: lambda X, W, g: np.ones_like(g).T @ X,
                "it is transposed; the weight is (outputs, "
                "inputs)": lambda X, W, g: X.T @ g,
                "these images are transposed: grad.T @ X takes grad's "
                "columns": lambda X, W, g: X @ g.T,
                "nothing is transposed: (outputs, batch) times (batch, "
                "inputs) is what it takes": lambda X, W, g: g @ X,
            },
        ),
        "the gradient of bias": (
            lambda X, W, g: g.sum(axis=0),
            {
                ignored: lambda X, W, g: np.ones_like(g).sum(axis=0),
                "one number for all outputs: sum over images "
                "only": lambda X, W, g: g.sum(),
                "one row an image: the bias was copied to every row, so add "
                "the rows": lambda X, W, g: g,
                "the rows of grad are averaged: copies add "
                "up": lambda X, W, g: g.mean(0),
                "these are sums over outputs: sum over "
                "images": lambda X, W, g: g.sum(1),
            },
        ),
    }
    for some in (cases[:2], cases):
        for i, (what, (truth, slips)) in enumerate(parts.items()):
            one = part(answer, i, *parts)
            slips = {f"{what}: {text}": slip for text, slip in slips.items()}
            way = f"{what}: write down the shapes, and only one product fits"
            diagnose(one, some, truth, slips, way, what=f"for {what} you")
            for case in some:
                _refuse_shape(one(*case), truth(*case).shape, what)


@check(right="value and gradient hold, used once and twice, whatever comes in")
def silu(answer, random):
    xs = [[1.0], [-0.5], [2.0, -1.0], 1.5, [[0.0, -3.0, 0.5]], [[[7.0], [-7]]]]
    large = [[50.0, -50.0], [800.0, -800.0], [[900.0], [-2.0]]]
    xs, large = ([np.array(x) for x in some] for some in (xs, large))
    xs += [uniform(random, shape).numpy() for shape in ((3,), (2, 1, 4))]

    def value(x):
        return x / (1 + np.exp(-x))

    def slope(x, grad):
        s = 1 / (1 + np.exp(-x))
        return grad * (s + x * s * (1 - s))

    def values(x):
        s = 1 / (1 + np.exp(-x))
        return {
            "this is the sigmoid alone: times x": s,
            "the exponent has the wrong sign: exp(-x)": x - x * s,
            "this is x itself": x,
            "exp(x) is infinite for a large x, and infinity divided by "
            "infinity is no number: 1 / (1 + "
            "exp(-x))": x * np.exp(x) / (1 + np.exp(x)),
        }

    def slopes(x, grad):
        s = 1 / (1 + np.exp(-x))
        return {
            "the product has two paths: x times the slope of s is "
            "missing": grad * s,
            "the product has two paths: s itself is missing": grad
            * x
            * s
            * (1 - s),
            "the slope of s is s (1 - s): the factor 1 - s is missing": grad
            * (s + x * s),
            "x is missing: the second path is x s (1 - s)": grad
            * (s + s * (1 - s)),
            "the second path has x once, the first not at all: s + x s (1 - "
            "s)": grad * x * (s + s * (1 - s)),
            "pull hands on what came in: multiply it by the slope": grad,
            "pull returns the value, not the slope": grad * x * s,
            "pull ignores the gradient that comes in: multiply by it": s
            + x * s * (1 - s),
            "pull adds the gradient that comes in: multiply by it": grad
            + s
            + x * s * (1 - s),
        }

    cases = [(x,) for x in xs]
    way = "x times sigmoid(x), computed from the array x.data"
    diagnose(lambda x: _made(answer, x).data, cases, value, values, way)
    cases = [(x,) for x in large]
    way = "right for small numbers, but not for large ones: exp must not "
    way += "overflow into the result, and nothing may be cut off"
    diagnose(lambda x: _made(answer, x).data, cases, value, values, way)
    xs += large
    for x in xs:
        _look_at(_made(answer, x))
    cases = [(x, np.ones(x.shape)) for x in xs]
    cases += [(x, 2 + uniform(random, x.shape, 0.5).numpy()) for x in xs]

    def once(x, grad):
        out = _made(answer, x)
        out.backward(grad)
        return out.inputs[0][0].grad

    def twice(x, grad):
        out = _made(answer, x)
        square = out * out
        square.backward(grad)
        square.backward(grad)
        return out.inputs[0][0].grad

    way = "the slope is s + x s (1 - s): multiply what comes in by it"
    diagnose(once, cases, slope, slopes, way)
    way = "right when used once, but not in two passes through a result that "
    way += "is used twice: pull must change neither x.grad nor what it keeps"

    def both(x, grad):
        return 4 * value(x) * slope(x, grad)

    diagnose(twice, cases, both, {}, way)


def _made(answer, x):
    """What the answer makes of a Tensor: another, its own or the engine's."""
    given = Tensor(x)
    given.is_x = True
    try:
        out = answer(given)
    except LearnersError as error:
        cause = brief(error.__cause__)
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
    if not all(hasattr(out, n) for n in ("data", "inputs", "backward")):
        raise Misconception(
            "return an engine.Tensor, made by engine.Tensor(y, ((x, "
            f"pull),)), not {type(out).__name__}"
        )
    _refuse_shape(out.data, x.shape, "the result")
    return out


def _look_at(out):
    nodes = topological(out)
    if len(nodes) > 2:
        raise Misconception(
            "the numbers are right, but built from the engine's own "
            "operations: make it one operation with its own pull"
        )
    if len(nodes) == 1 or not hasattr(nodes[0], "is_x"):
        raise Misconception(
            "the result remembers no input, or not the x that it came from, "
            "so no gradient can go back: engine.Tensor(y, ((x, pull),))"
        )
    for _, pull in out.inputs:
        given = np.full(np.shape(out.data), 2.0)
        try:
            pulled = pull(given)
        except Exception as error:
            raise Misconception(
                "pull must be a function of the gradient that comes in; it "
                f"stopped with {type(error).__name__}: {brief(error)}"
            ) from None
        if pulled is None:
            raise Misconception(
                "pull returns nothing: return the gradient of x, and the "
                "engine adds it to x.grad"
            )
        _refuse_shape(pulled, given.shape, "what pull returns")
        if (given != 2).any():
            raise Misconception(
                "pull changes the array that it gets, which belongs to the "
                "node behind it: make a new one"
            )
