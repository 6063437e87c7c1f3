"""The checks of the exercises on backpropagation."""

import copy
import inspect
import itertools
import math
import time
from collections.abc import Mapping, Sequence
from numbers import Real

from helpers.checks import (
    AUTOGRAD,
    LearnersError,
    Misconception,
    TooLong,
    brief,
    check,
    compare,
    diagnose,
    named,
    time_limit,
    uniform,
)
from helpers.engine import Value

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
        d = 1 - t**2  # the slope of the tanh
        return {
            "one path is missing: s also goes through the tanh": t * x,
            "a path is missing: s is also the first factor": s * d * x,
            "the last link, from w to s, is missing: times x": t + s * d,
            "you multiply the two paths: the links of a path multiply, but "
            "paths add": t * s * d * x * x,
            "t and 1 - t**2 stand on different paths, which add: the second "
            "is s (1 - t**2)": t * d * x,
            "in the second path s is missing, the slope of the product for "
            "the tanh": (t + d) * x,
            "the tanh has a slope of its own, 1 - tanh(s)**2: it is a link "
            "too": (t + s) * x,
            "the second path subtracts: paths add": (t - s * d) * x,
            "both paths go on from s to w: times x on the second too": (
                t * x + s * d
            ),
            "both paths go on from s to w: times x on the first too": (
                t + s * d * x
            ),
            "the slope of s = w x in w is x, not w": (t + s * d) * w,
            "this is the tanh alone: the product after it has two slopes of "
            "its own": d * x,
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
        if _is_pair(name, self):
            raise KeyError(
                f"{brief(name)} is a pair, not a name: write "
                "`for name, slope in ...`"
            )
        raise KeyError(
            f"{name!r} is a leaf, and leaves are not in the graph: "
            "graph.get(name, []) is then an empty list"
        )

    def __getitem__(self, name):
        self.looks += 1
        # One who sorts by looking at every node in every round is slow,
        # but comes to an end: the square of their number, twice.
        if self.looks > 10_000 + 2 * len(self) ** 2:
            raise Misconception(
                "you look at the same nodes again and again, here at "
                f"{len(self)} nodes more than 10,000 times: remember which "
                "you have seen, and look at each once"
            )
        return super().__getitem__(name)

    def get(self, name, default=None):
        if name not in self:
            return default
        return self[name]


def _is_pair(name, graph):
    """Whether somebody took a pair of the graph's lists for a name."""
    pair = isinstance(name, tuple) and len(name) == 2
    return pair and any(name in pairs for pairs in graph.values())


def _graph(arrows):
    """A graph of pairs of a name and the name of one of its inputs."""
    graph, slopes = _Graph(), (3.0, 2.0, -1.5, 0.5, 5.0, -4.0, 2.5)
    for i, (name, source) in enumerate(arrows):
        pair = source, slopes[i % len(slopes)]
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
        ("tb ts sa sa", "asbt"),  # a leaf has its turn before a node
        ("ut uc tb ts sa", "asbtcu"),
    ):
        yield _graph(arrows.split()), list(order)
    yield _Graph(y=[("x", 3.0)] * 2), list("xy")  # the same pair twice
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
    """A backward pass, or what somebody takes for it: one number per name."""
    grads = dict.fromkeys(order, 0.0) | (begin or {}) | {order[-1]: last}
    for name in turns or reversed(order):
        for source, slope in graph.get(name, ()):
            grads[source] = share(grads[source], slope, grads[name])
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


def _begun(answer):
    """An answer that hears which name it asked its own dict for too early."""

    def begun(graph, order, *rest):
        try:
            return answer(graph, order, *rest)
        except LearnersError as error:
            cause = error.__cause__
            name = cause.args[0] if cause.args else None
            if type(cause) is not KeyError or name not in order:
                raise
            raise Misconception(
                f"KeyError: your dict has nothing for {brief(name)} yet: "
                "begin with a gradient of 0 for every name in `order`"
            ) from None

    return begun


def _shown(graph, order):
    lines = [f"{name!r}: {pairs}" for name, pairs in graph.items()]
    text = "{" + ", ".join(lines) + "}"
    # A long one would be cut off: a list of its nodes shows eight of them.
    return {"graph": text if len(text) <= 80 else lines, "order": order}


def _gradients(graph, order):
    return dict(zip(order, _sweep(graph, order), strict=True))


def _refuse_tensor(value, what):
    # Those of 32 bits cannot be rounded to digits, and have too few of them.
    if not isinstance(value, Real):
        raise Misconception(
            f"the numbers are right, but return {what} as a plain number, "
            f"not {named(value)}: the next cells need all its digits"
        )


def _large():
    """A graph as large as that of the network which is trained later."""
    graph = {0: []}
    for i in range(1, 4000):
        graph[i] = [(i - 1, 0.5), (i // 2, 0.5)]
    del graph[0]
    return graph


def _too_slow(answer, *case, ours):
    """Whether it takes far longer than ours where the graph is large."""
    seconds = []
    for function in (ours, answer, answer):  # the first time may import
        start = time.perf_counter()
        try:
            with time_limit(2):
                function(*case)
        except (TooLong, RecursionError):
            return True
        seconds.append(time.perf_counter() - start)
    return min(seconds[1:]) > 0.02 + 20 * seconds[0]


SLOW = "too slow for the 4,000 nodes of the network that is trained below"


def _gradients_fit(answer):
    s, t = 6.0, 8.0
    graph = {"s": [("a", 3.0), ("b", 2.0)], "t": [("s", 1.0), ("a", 1.0)]}
    graph["L"] = [("s", t), ("t", s)]
    try:
        hasty = answer(graph, ["a", "b", "t", "s", "L"])
    except Exception:
        hasty = {}
    if hasty.get("a") != 30:
        return (
            "it does not hand gradients on in the order given, and the next "
            "section shows what a wrong order does"
        )
    case = _large(), list(range(4000))
    return SLOW if _too_slow(answer, *case, ours=_gradients) else None


@check(
    right="every node got its share over every path, in one sweep",
    ours=_gradients,
    fits=_gradients_fit,
)
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
            "you stop at the first leaf: others may come after it, so go on "
            "with the next name": _sweep(
                graph,
                order,
                turns=[*itertools.takewhile(graph.__contains__, order[::-1])],
            ),
            "you go through the graph, whose order says nothing, and not "
            "backwards through `order`": _sweep(graph, order, turns=[*graph]),
            "you go backwards through the graph, whose order says nothing, "
            "and not through `order`": _sweep(
                graph, order, turns=[*graph][::-1]
            ),
        }

    diagnose(
        _listed(_begun(answer), "gradients"),
        [*_graphs(random)],
        _sweep,
        mistakes,
        "go backwards through `order`, and add slope times gradient to each "
        "input, twice to one that is listed twice",
        show=_shown,
    )
    for value in answer(_graph(["yx"]), ["x", "y"]).values():
        _refuse_tensor(value, "every gradient")


def _forward_order(graph, last):
    order, seen, to_do = [], set(), [(last, False)]
    while to_do:
        name, inputs_done = to_do.pop()
        if inputs_done:
            order.append(name)
        elif name not in seen:
            seen.add(name)
            to_do.append((name, True))
            to_do += [(source, False) for source, _ in graph.get(name, [])]
    return order


def _order_fits(answer):
    # Nodes of one layer are many, a path through the network is short.
    graph = {("n", i): [(i, 1.0)] for i in range(2000)}
    graph["sum"] = [(("n", i), 1.0) for i in range(2000)]
    slow = _too_slow(answer, graph, "sum", ours=_forward_order)
    return SLOW if slow else None


@check(
    right="no node before what it is computed from, and none twice",
    ours=_forward_order,
    fits=_order_fits,
)
def forward_order(answer, random):
    *graphs, (doublings, _) = _graphs(random)
    calls = [(_graph([name + "x"]), name) for name in "yzy"]
    first, _, again = [_names(answer, *call) for call in calls]
    if first != again:
        raise Misconception(
            "called again with the same graph it gives another answer, "
            f"{brief(first)} and then {brief(again)}: a list or set made in "
            "the `def` line, such as `order=[]`, or outside the function is "
            "kept from call to call; make it inside"
        )
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
    chain = _Graph({i: [(i + 1, 1.0)] for i in range(300)})
    for case in ((doublings, 0), (chain, 0)):
        fault = _fault(_names(answer, *case), case)
        if fault:
            raise Misconception(f"right on small graphs only: {fault}")


def _names(answer, graph, last):
    got = answer(graph, last)
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
        sources = {source for source, _ in graph.get(to_do.pop(), ())}
        to_do += sources - needed
        needed |= sources
    place = {name: i for i, name in enumerate(got)}
    for i, name in enumerate(got):
        if name not in needed and _is_pair(name, graph):
            return (
                f"you returned pairs, such as {brief(name)}: take the name "
                "out of each, `for name, slope in ...`"
            )
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
        for source, _ in graph.get(name, ()):
            if place[source] > place[name]:
                return (
                    f"{name!r} stands before {source!r}, which it is computed "
                    "from: put a node down only when all its inputs are"
                )
    return None


# ---- A gradient check ------------------------------------------------------


def _gradient_error(
    formula, leaves, h, clear=True, measure="both", back=True, of=abs, take=max
):
    """The largest error, or what somebody takes for it."""
    leaves = copy.deepcopy(leaves)
    for leaf in leaves:
        leaf.grad = 0.0 if clear else leaf.grad
    here = formula(*leaves)
    here.backward()
    errors = []
    for leaf in leaves:
        value = leaf.data
        leaf.data = value + h
        above = formula(*leaves).data
        leaf.data = value - h
        below = formula(*leaves).data
        leaf.data = value if back else leaf.data
        slope = {
            "both": (above - below) / (2 * h),
            "right": (above - here.data) / h,
            "left": (here.data - below) / h,
            "h": (above - below) / h,
            "no step": above - below,
            "nothing": 0.0,
        }[measure]
        errors.append(of(leaf.grad - slope))
    return take(errors)


def _cube(slope):
    """u ** 3, with a slope that somebody typed, in the engine of u."""
    return lambda u: type(u)(u.data**3, ((u, slope * u.data**2),))


def _value_of(answer):
    """The Value that the answer sees in its notebook, or the course's.

    The two do not mix, and an answer may make leaves of its own. One that
    does not work, because it is being changed, is not taken.
    """
    scope = getattr(inspect.unwrap(answer.answer), "__globals__", {})
    own = scope.get("Value", Value)
    try:
        u, v = own(2.0), own(3.0)
        own((u * v + u).data, ((u, 4.0), (v, 2.0))).backward()
        works = (u.data, u.grad, v.grad) == (2, 4, 2)
    except Exception:
        works = False
    return own if works else Value


@check(
    right="a wrong slope is found in whatever leaf it is",
    ours=_gradient_error,
)
def gradient_error(answer, random):
    wrong, too_large, turned = _cube(2), _cube(5), _cube(-3)  # should be 3
    formulas = {
        "u**3": lambda u: _cube(3)(u),
        "u**3, with the wrong slope 2 * u**2": lambda u: wrong(u),
        "u * v**3": lambda u, v: u * _cube(3)(v),
        "u**3 * v, with a wrong slope in u": lambda u, v: wrong(u) * v,
        "u * v**3, with a wrong slope in v": lambda u, v: u * wrong(v),
        "u + v**3 * w, with a wrong slope in v": lambda u, v, w: (
            u + wrong(v) * w
        ),
        "u**3 + v**3 + w**3, wrong in u and w": lambda u, v, w: (
            wrong(u) + _cube(3)(v) + wrong(w)
        ),
        "u**3, with the wrong slope 5 * u**2": lambda u: too_large(u),
        "u + v**3, with a wrong slope in v": lambda u, v: u + too_large(v),
        "u**3 + v**3, wrong in u and v": lambda u, v: wrong(u) + too_large(v),
        "u**3, with the wrong slope -3 * u**2": lambda u: turned(u),
        "u + v + w**3, with a wrong slope in w": lambda u, v, w: (
            u + v + wrong(w)
        ),
    }
    counts = 1, 1, 2, 2, 2, 3, 3, 1, 2, 2, 1, 3
    leaf_of = _value_of(answer)
    cases = []
    for (text, formula), count in zip(formulas.items(), counts, strict=True):
        for h, old in ((0.5, 0.0), (0.01, 3.0), (0.25, -2.0)):
            if h == 0.01 and "wrong" not in text:
                continue  # nearly no error is nothing to compare
            leaves = [
                leaf_of(number)
                for number in uniform(random, count, 0.5, 2.0).tolist()
            ]
            for leaf in leaves:
                leaf.grad = old
            cases.append((formula, leaves, h))

    def simulated(**slip):
        return lambda formula, leaves, h: _gradient_error(
            formula, leaves, h, **slip
        )

    def first(errors):
        return errors[0]

    def last(errors):
        return errors[-1]

    mistakes = {
        "the leaves still hold gradients of an earlier pass, and a new pass "
        "adds to them: set each grad to 0 first": simulated(clear=False),
        "the slope to the right alone is not the central difference: go h to "
        "the left as well": simulated(measure="right"),
        "the slope to the left alone is not the central difference: go h to "
        "the right as well": simulated(measure="left"),
        "from minus h to plus h is a way of 2 h: divide by that": simulated(
            measure="h"
        ),
        "divide the difference of the two results by 2 h": simulated(
            measure="no step"
        ),
        "this is the largest gradient: subtract the measured slope from "
        "it": simulated(measure="nothing"),
        "a difference below 0 is as bad as one above: take it without its "
        "sign": simulated(of=float),
        "where the slope of backward is too large, measured minus leaf.grad "
        "is below 0: take it without its sign": simulated(
            of=lambda error: -error
        ),
        "these errors are added up: return the largest": simulated(take=sum),
        "this is the mean of the errors: return the largest": simulated(
            take=lambda e: sum(e) / len(e)
        ),
        "this is the smallest error: return the largest": simulated(take=min),
        "only the first leaf is looked at: go through all of them": simulated(
            take=first
        ),
        "this is the error of the last leaf: keep the largest": simulated(
            take=last
        ),
        "a leaf is left where it was moved to, so the slopes of the next are "
        "measured somewhere else: put its value back": simulated(back=False),
    }
    names = {formula: text for text, formula in formulas.items()}

    def shown(formula, leaves, h):
        numbers = [leaf.data for leaf in leaves]
        return {"formula": names[formula], "leaves": numbers, "h": h}

    way = "compare leaf.grad with (above - below) / (2 * h), for each leaf"
    diagnose(
        answer,
        cases,
        lambda formula, leaves, h: _gradient_error(formula, leaves, h),
        mistakes,
        way,
        show=shown,
    )
    _refuse_tensor(answer(*cases[0]), "the largest difference")
