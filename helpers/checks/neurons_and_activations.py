"""The checks of the exercises on neurons and activations."""

import math
from itertools import combinations

import torch

from helpers.checks import Misconception, check, close, compare, numbers


@check(right="inputs times weights, plus the bias, and a yes above zero")
def neuron(answer, random):
    cases = [
        ([1.0, 0.0], [3.0, 1.0], -1.0),
        ([1.0, 1.0], [-2.0, 0.0], 1.0),
        ([1.0, 2.0], [3.0, -1.0], -2.0),
        ([1.0, 0.0], [2.0, 5.0], -2.0),  # exactly 0
        ([1.0, 0.0, 1.0], [1.0, 1.0, -2.0], 0.0),
    ]
    for _ in range(60):
        size = random.randint(2, 6)
        cases.append(
            (
                [round(random.uniform(0, 1), 2) for _ in range(size)],
                [round(random.uniform(-3, 3), 2) for _ in range(size)],
                # So that no sum is 0 but for its rounding.
                round(random.uniform(-2, 2), 2) + 0.00005,
            )
        )
    cases = [tuple(map(_tensor, case)) for case in cases]
    alone = _each([([1.0], [3.0], -1.0), ([1.0], [-2.0], 1.0)])  # one input

    numbers(answer(*cases[0]))  # an error with two inputs is told as it is
    try:
        answer(*cases[4])
    except Exception as error:
        if isinstance(error.__cause__, ValueError):
            raise Misconception(
                "this needs exactly two inputs, and three were given: go "
                "through all of them with a loop"
            ) from None
        raise

    def total(x, weight, bias):
        return float(weight @ x + bias)

    def fires(value):
        return float(value > 0)

    suspects = {
        "this is the weighted sum itself; the last step is missing: 1 if "
        "it is above 0, else 0": total,
        "the bias plays no part: add it before you compare with 0": (
            lambda x, w, b: fires(w @ x)
        ),
        "the bias is subtracted: add it": lambda x, w, b: fires(w @ x - b),
        "this is a sigmoid, which says how much; the step says 1 or 0": (
            lambda x, w, b: float(torch.sigmoid(w @ x + b))
        ),
        "yes and no are swapped: 1 where the sum is above 0": (
            lambda x, w, b: 1 - fires(total(x, w, b))
        ),
        "a sum of exactly 0 must give 0, because it is not above 0": (
            lambda x, w, b: float(total(x, w, b) >= 0)
        ),
        "the bias was added once for every input: add it once, to the sum": (
            lambda x, w, b: fires(w @ x + len(x) * b)
        ),
        "only the first two inputs count: go through all of them with a "
        "loop": (lambda x, w, b: fires(w[:2] @ x[:2] + b)),
    }
    _settle(
        answer,
        [cases, *alone],
        lambda x, w, b: fires(total(x, w, b)),
        suspects,
        ("x", "weight", "bias"),
        otherwise="multiply each input by its weight, add the bias, compare "
        "with 0",
    )


@check(right="minus the weighted sum there, so that the point scores 0")
def bias_through(answer, random):
    cases = [([1.0, 2.0], [2.0, 5.0]), ([2.0, -1.0], [0.5, 0.3])]
    for size in (2, 2, 5):
        cases.append(
            (_uniform(random, size, -3, 3), _uniform(random, size, 1, 2))
        )
    suspects = {
        "the sign is the other way round: the bias must cancel the weighted "
        "sum, so take its negative": lambda w, p: w @ p,
        "the weights play no part: weigh the point's coordinates first": (
            lambda w, p: -p.sum()
        ),
        "this is a distance (divided by the length of the weights); the "
        "score of the point must be 0 with the weights as they are": (
            lambda w, p: -(w @ p) / w.norm()
        ),
        "this is where the line meets the second axis, with the score "
        "divided by the second weight; leave that division out": (
            lambda w, p: -(w @ p) / w[1]
        ),
        "only the first two coordinates were used: take all of them": (
            lambda w, p: -(w[:2] @ p[:2])
        ),
    }
    _settle(
        answer,
        _each(cases),
        lambda w, p: -(w @ p),
        suspects,
        ("weight", "point"),
        otherwise="weighted sum of the point plus bias must be 0",
    )


@check(
    right="one row of weights is one neuron, one row of X one image",
    forbidden=("torch.nn.functional.linear", "torch.addmm"),
)
def linear(answer, random):
    cases = [
        (
            [[1.0, 2.0], [3.0, 4.0]],
            [[1.0, 0.0], [2.0, -5.0]],
            [10.0, 5.0],
        )
    ]
    for n, inputs, outputs in ((3, 2, 3), (5, 3, 4), (1, 4, 2), (4, 1, 1)):
        cases.append(
            (
                _uniform(random, (n, inputs), -2, 2),
                _uniform(random, (outputs, inputs), -2, 2),
                _uniform(random, outputs, 1, 2),
            )
        )
    suspects = {
        "the bias is missing: add it to every row": lambda X, W, b: X @ W.T,
        "the bias is subtracted: add it": lambda X, W, b: X @ W.T - b,
        "this takes the columns of weight for neurons; its rows are: "
        "transpose it": lambda X, W, b: X @ W + b,
        "neurons stand in rows and images in columns: the result has one "
        "row for an image": lambda X, W, b: W @ X.T + b[:, None],
        "each image got a bias of its own; each neuron has one": (
            lambda X, W, b: X @ W.T + b[:, None]
        ),
        "each neuron has its own bias; here all got the first one": (
            lambda X, W, b: X @ W.T + b[0]
        ),
        "each neuron has its own bias; here all got the sum of them": (
            lambda X, W, b: X @ W.T + b.sum()
        ),
        "no activation here, this is a step: return the scores": (
            lambda X, W, b: X @ W.T + b > 0
        ),
        "no activation here, this is a ReLU: return the scores": (
            lambda X, W, b: (X @ W.T + b).clamp(min=0)
        ),
        "rows and columns of the product are swapped: X comes first": (
            lambda X, W, b: W @ X.T + b
        ),
        "only the first image was used: keep one row for each": (
            lambda X, W, b: W @ X[0] + b
        ),
        "the images were added up: keep one row for each": (
            lambda X, W, b: (X @ W.T + b).sum(dim=0)
        ),
    }
    _settle(
        answer,
        _each(cases),
        lambda X, W, b: X @ W.T + b,
        suspects,
        ("X", "weight", "bias"),
        otherwise="row i, column j is image i seen by neuron j",
    )


_SOFTMAX = "softmax", "log_softmax"


@check(
    right="exponentials that add up to 1, and none too large to hold",
    forbidden=tuple(
        f"{place}.{name}"
        for name in _SOFTMAX
        for place in ("torch", "torch.Tensor", "torch.nn.functional")
    ),
)
def softmax(answer, random):
    def truth(scores):
        return torch.exp(scores - torch.logsumexp(scores, dim=0))

    cases = [([1.0, 2.0],), ([2.0, 1.0, -1.0],)]
    cases += [(_uniform(random, n, -3, 3),) for n in (2, 5, 9)]
    suspects = {
        "the exponentials are right, but they must add up to 1: divide by "
        "their sum": lambda s: s.exp(),
        "the scores themselves are divided by their sum: take exponentials "
        "first, since a score may be negative": lambda s: s / s.sum(),
        "each score went through a sigmoid of its own; softmax makes them "
        "share a total of 1": lambda s: s.sigmoid(),
        "the lowest score wins: the exponent has the wrong sign": (
            lambda s: truth(-s)
        ),
        "divided by the largest exponential, so the winner is always 1: "
        "divide by the sum": lambda s: (s - s.max()).exp(),
        "only the winner gets something; every score has a share": (
            lambda s: s == s.max()
        ),
        "the same constant must be subtracted above and below the line of "
        "the fraction": lambda s: (s - s.max()).exp() / s.exp().sum(),
        "every exponential became 0, and 0 / 0 is no number: what you "
        "subtract must be the largest score": lambda s: s * math.nan,
        "the scores are scaled by their largest before the exponential; "
        "subtract the largest, do not divide": lambda s: truth(s / s.max()),
    }
    _settle(
        answer,
        _each(cases),
        truth,
        suspects,
        ("scores",),
        otherwise="exponentials first, then divide by their sum",
    )
    why = (
        "fine for small scores, but large ones overflow: subtract the "
        "largest score from all before the exponential"
    )
    extremes = [
        ([1000.0, 999.0], why),
        ([-1000.0, -1001.0], why),
        ([2000.0] + [0.0] * 4, why),
        (
            [0.0, 2000.0],
            "this overflows when a later score is the large one: subtract "
            "the largest score, not the first",
        ),
    ]
    for scores, why in extremes:
        scores = _tensor(scores)
        got = numbers(answer(scores), scores.shape)
        if not close(got, truth(scores)):
            shown = compare(scores=scores, expected=truth(scores), yours=got)
            raise Misconception(f"{why}; {shown}")


@check(right="silent for every image, so its slope is 0 for every image")
def dead(answer, random):
    def z(weight, bias, X):
        return X @ weight.T + bias

    suspects = {
        "this finds neurons silent for at least one image; a dead one is "
        "silent for all": lambda w, b, X: (z(w, b, X) <= 0).any(dim=0),
        "dead and alive are swapped": (
            lambda w, b, X: (z(w, b, X) > 0).any(dim=0)
        ),
        "this finds neurons that are never silent; ask for never above 0": (
            lambda w, b, X: (z(w, b, X) > 0).all(dim=0)
        ),
        "the bias plays no part: add it, it is what silences most neurons": (
            lambda w, b, X: (X @ w.T <= 0).all(dim=0)
        ),
        "silent on average is not dead: ask for every image": (
            lambda w, b, X: z(w, b, X).mean(dim=0) <= 0
        ),
        "this looks at the first image only: ask for all of them": (
            lambda w, b, X: z(w, b, X)[0] <= 0
        ),
        "this takes the columns of weight for neurons; its rows are: "
        "transpose it": lambda w, b, X: (X @ w + b <= 0).all(dim=0),
        "negative weights alone do not decide: compute the sums": (
            lambda w, b, X: (w < 0).all(dim=1)
        ),
        "this is one number; give one answer for each neuron": (
            lambda w, b, X: (z(w, b, X) <= 0).all(dim=0).sum()
        ),
        "this is one answer for each image; give one for each neuron, so "
        "look along dimension 0": lambda w, b, X: (z(w, b, X) <= 0).all(dim=1),
        "this is a whole table; ask `all` along dimension 0": (
            lambda w, b, X: z(w, b, X) <= 0
        ),
    }

    def truth(weight, bias, X):
        return (z(weight, bias, X) <= 0).all(dim=0)

    # Every suspect errs on this one, so a verdict shows no larger example.
    small = (
        [[-1.0, -2.0, -1.0], [2.0, -2.0, 0.0], [0.0, 1.0, 0.0]],
        [1.0, -2.0, -2.0],
        [[2.0, 0.0, 0.0], [0.0, 0.0, 2.0], [0.0, 0.0, 0.0]],
    )
    small, drawn = tuple(map(_tensor, small)), []
    while not _tells_apart([truth, *suspects.values()], [small, *drawn]):
        drawn = [
            (
                _uniform(random, (3, 3), -1, 1),
                _uniform(random, 3, -1.5, 1) + 0.00005,  # no sum near 0
                _uniform(random, (3, 3), 0, 1),
            )
            for _ in range(8)
        ]
    one_awake = _tensor([[1.0]] + [[0.0]] * 999)  # of 1,000 images
    names = "weight", "bias", "X"
    otherwise = "a neuron is dead if its sum is never above 0"
    _settle(answer, [[small, *drawn]], truth, suspects, names, otherwise)
    _settle(
        answer,
        _each([([[1.0, 0.0], [0.0, 0.0]], [1.0, 0.0], [[1.0, 2.0]] * 3)]),
        truth,
        {
            "a score of exactly 0 also puts out 0: use <=": (
                lambda w, b, X: (z(w, b, X) < 0).all(dim=0)
            )
        },
        names,
        otherwise,
    )
    _settle(
        answer,
        _each([([[1.0], [-1.0]], [-0.5, -0.5], one_awake)]),
        truth,
        {},
        names,
        "silent for most images is not dead: one image that wakes it is "
        "enough",
    )


@check(right="one layer does what the two did, for every input")
def collapse(answer, random):
    square = (
        [[1.0, 2.0], [0.0, 1.0]],
        [1.0, 2.0],
        [[1.0, 0.0], [3.0, 1.0]],
        [10.0, 20.0],
    )
    cases = [tuple(map(_tensor, square))]
    for inputs, hidden, outputs in ((2, 2, 2), (3, 4, 2), (1, 5, 3)):
        cases.append(
            (
                _uniform(random, (hidden, inputs), -2, 2),
                _uniform(random, hidden, 1, 2),
                _uniform(random, (outputs, hidden), -2, 2),
                _uniform(random, outputs, 1, 2),
            )
        )
    for weight1, bias1, weight2, bias2 in cases:
        got = answer(weight1, bias1, weight2, bias2)
        if not isinstance(got, (tuple, list)) or len(got) != 2:
            raise Misconception(
                "return two things, the weight and the bias of the one layer"
            )
        weight = weight2 @ weight1
        bias = weight2 @ bias1 + bias2
        got_weight = numbers(got[0], weight.shape, "the first result")
        if not close(got_weight, weight):
            why = "its weight is the product weight2 @ weight1"
            if _same(got_weight, weight1.T @ weight2.T):
                why = (
                    "this weight is transposed: rows must be the neurons of "
                    "the second layer"
                )
            elif _same(got_weight, weight1 @ weight2):
                why = (
                    "the product is in the wrong order: layer 1 works first, "
                    "so its weight stands on the right"
                )
            elif _same(got_weight, weight1 + weight2):
                why = "layers one after the other multiply, they do not add"
            elif _same(got_weight, weight1 * weight2):
                why = "this multiplies number by number; use @"
            shown = compare(
                weight1=weight1,
                weight2=weight2,
                expected=weight,
                yours=got_weight,
            )
            raise Misconception(f"{why}; {shown}")
        got_bias = numbers(got[1], bias.shape, "the second result")
        if not close(got_bias, bias):
            why = "what comes out for an input of zeros is the bias"
            if len(bias1) == len(bias2) and _same(got_bias, bias1 + bias2):
                why = (
                    "bias1 goes through layer 2 as well: multiply it by "
                    "weight2 before you add bias2"
                )
            elif _same(got_bias, bias2):
                why = "bias1 was lost: it reaches the output through weight2"
            elif _same(got_bias, weight2 @ bias1):
                why = "bias2 was lost: it is added at the end"
            elif len(bias1) == len(bias2) and _same(
                got_bias, weight2 @ (bias1 + bias2)
            ):
                why = "bias2 is added after layer 2, weight2 leaves it alone"
            shown = compare(
                bias1=bias1,
                weight2=weight2,
                bias2=bias2,
                expected=bias,
                yours=got_bias,
            )
            raise Misconception(f"{why}; {shown}")


@check(right="each weight is a change of slope, and the changes cancel")
def tent(answer, random):
    cases = [(0.0, 2.0, 3.0), (0.0, 1.0, 2.0), (0.0, 1.0, 4.0)]
    for _ in range(3):
        left = random.uniform(-3, 3)
        peak = left + random.uniform(0.3, 0.8)
        cases.append((left, peak, peak + random.uniform(1.2, 3)))
    for left, peak, right in cases:
        got = answer(left, peak, right)
        if not isinstance(got, (tuple, list)) or len(got) != 2:
            raise Misconception(
                "return two things, three bends and three weights"
            )
        bends = numbers(got[0], what="the first result").flatten()
        weights = numbers(got[1], what="the second result").flatten()
        if len(bends) != 3 or len(weights) != 3:
            raise Misconception(
                f"three bends and three weights, not {len(bends)} and "
                f"{len(weights)}"
            )
        _judge_tent(bends, weights, left, peak, right)


def _judge_tent(bends, weights, left, peak, right):
    corners = _tensor([left, peak, right])
    x = torch.cat([corners, _tensor([left - 1, right + 1, right + 3])])
    height = (x[:, None] - bends).clamp(min=0) @ weights
    expected = _tensor([0.0, 1, 0, 0, 0, 0])
    if close(height, expected):
        return
    up, down = 1 / (peak - left), 1 / (right - peak)
    case = compare(left=left, peak=peak, right=right)
    if not close(bends.sort().values, corners, 1e-4):
        why = "the line bends at left, at peak and at right: put them there"
    elif _same(weights, _tensor([0.0, 1, 0])):
        why = (
            "these are the heights at the bends; a weight is how much the "
            "slope changes there"
        )
    elif _same(weights, _tensor([up, -down, 0])) or _same(
        weights, _tensor([up, -down, down])
    ):
        why = (
            "the second weight is the new slope; it must be the change, "
            "from up to down, so both slopes count"
        )
    elif _same(weights, _tensor([up, -up, 0])):
        why = (
            "the line goes flat at the peak: it must also come down, so the "
            "second weight must take away more"
        )
    elif not math.isclose(float(height[1]), 1, rel_tol=1e-4):
        why = (
            f"the peak has height {float(height[1]):.4g}, not 1: the first "
            "slope is 1 over the width of the left side"
        )
    elif not close(height[2], 0, 1e-4) and _same(
        weights, _tensor([up, -2 * up, up])
    ):
        why = (
            "right only where both sides are equally wide: the way down has "
            "a slope of its own"
        )
    else:
        at = 2 + int((height[2:] - expected[2:]).abs().gt(1e-6).int().argmax())
        why = (
            f"at x = {float(x[at]):.4g} the height must be 0 and is "
            f"{float(height[at]):.4g}: beyond the right end it stays 0 only "
            "if the three weights add up to 0"
        )
    raise Misconception(f"{why}; {case}")


@check(right="a weight counts as much as its input makes of it")
def importance(answer, random):
    def spread(X):
        return X.std(dim=0)

    cases = [
        ([2.0, -3.0], [[0.0, 2.0], [0.0, 4.0]]),
        ([-2.0, 1.0], [[1.0, 2.0], [2.0, 1.0], [6.0, 3.0]]),
    ]
    for n, inputs in ((9, 4), (6, 3)):
        weight = _uniform(random, inputs, -3, 3)
        weight[0] = -weight[0].abs() - 0.5
        cases.append((weight, _uniform(random, (n, inputs), 0, 2) + 3))
    suspects = {
        "the inputs play no part: a large weight on an input that hardly "
        "changes hardly matters": lambda w, X: w.abs(),
        "the weights play no part": lambda w, X: spread(X),
        "importance has no sign: a negative weight moves the score as far": (
            lambda w, X: w * spread(X)
        ),
        "this uses the mean of the input; an input that is always the same "
        "moves nothing, however large": (
            lambda w, X: w.abs() * X.mean(dim=0).abs()
        ),
        "the spread counts once: take the standard deviation, not the "
        "variance": lambda w, X: w.abs() * X.var(dim=0),
        "this uses one spread for all inputs: take it along dimension 0, "
        "one for each": lambda w, X: w.abs() * X.std(),
        "this divides by the spread: multiply": (
            lambda w, X: w.abs() / spread(X)
        ),
        "dim=1 runs over the inputs; use dim=0, the images": (
            lambda w, X: w.abs() * X.std(dim=1)
        ),
        "this is one number for each image; give one for each input, so "
        "look along dimension 0": lambda w, X: (w * X).std(dim=1),
    }

    def either(weight, X):
        """Divided by n - 1 or by n: both are called standard deviation."""
        got = numbers(answer(weight, X))
        n = len(X)
        others = math.sqrt(n / (n - 1))
        expected = weight.abs() * spread(X)
        fits = got.numel() == expected.numel() and close(
            got.flatten() * others, expected
        )
        return expected if fits else got

    _settle(
        either,
        _each(cases),
        lambda w, X: w.abs() * spread(X),
        suspects,
        ("weight", "X"),
        otherwise="the size of the weight times the spread of its input",
    )


def _settle(answer, groups, truth, suspects, names, otherwise):
    """Raise the suspicion that explains the first group with a wrong case.

    groups: lists of cases, a case being a tuple of arguments
    suspects: {what is wrong and the way out: a function that errs so}
    """
    for group in groups:
        expected = [_tensor(truth(*case)) for case in group]
        got = [_tensor(numbers(answer(*case))) for case in group]
        wrong = [
            i
            for i, (g, e) in enumerate(zip(got, expected, strict=True))
            if not _fits(g, e)
        ]
        if not wrong:
            continue
        why = otherwise
        for text, suspect in suspects.items():
            try:
                erring = [_tensor(suspect(*case)) for case in group]
            except (RuntimeError, IndexError):
                continue  # these shapes do not allow this mistake
            if all(_same(*pair) for pair in zip(got, erring, strict=True)):
                why = text
                break
        first = wrong[0]
        if why == otherwise:
            numbers(got[first], expected[first].shape)  # a shape is named
        shown = dict(zip(names, group[first], strict=True))
        shown |= {"expected": expected[first], "yours": got[first]}
        raise Misconception(f"{why}; {compare(**_plain(shown))}")


def _fits(got, expected):
    """Right numbers in the right shape, or in one as good."""
    squeezed = [size for size in got.shape if size != 1]
    return squeezed == [
        size for size in expected.shape if size != 1
    ] and close(got.reshape(expected.shape), expected)


def _same(got, erring):
    """The same numbers, or not a number in the same places."""
    return (
        got.shape == erring.shape
        and torch.equal(got.isnan(), erring.isnan())
        and close(got[~got.isnan()], erring[~erring.isnan()])
    )


def _plain(shown):
    """Whole numbers without their point, so that a verdict stays short."""
    return {
        name: value.item() if value.ndim == 0 else value
        for name, value in shown.items()
    }


def _tells_apart(functions, cases):
    """Whether no two of the functions agree on all the cases."""
    results = [
        [_tensor(function(*case)) for case in cases] for function in functions
    ]
    return not any(
        all(_same(*pair) for pair in zip(*two, strict=True))
        for two in combinations(results, 2)
    )


def _each(cases):
    return [[tuple(map(_tensor, case))] for case in cases]


def _tensor(value):
    return torch.as_tensor(value, dtype=torch.float64)


def _uniform(random, shape, low, high):
    """Numbers from the check's own generator, rounded to be read easily."""
    shape = (shape,) if isinstance(shape, int) else shape
    drawn = [
        round(random.uniform(low, high), 2) for _ in range(math.prod(shape))
    ]
    return _tensor(drawn).reshape(shape)
