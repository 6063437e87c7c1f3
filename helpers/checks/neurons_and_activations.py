"""The checks of the exercises on neurons and activations."""

import torch

from helpers.checks import (
    SOFTMAX,
    LearnersError,
    Misconception,
    check,
    diagnose,
    draw,
    numbers,
    part,
    tensors,
    uniform,
)


@check(right="inputs times weights, plus the bias, and a yes above zero")
def neuron(answer, random):
    cases = tensors(
        ([1.0], [3.0], torch.tensor(-1.0)),
        ([1.0], [-2.0], 1.0),
        ([1.0, 0.0], [3.0, 1.0], -1.0),
        ([1.0, 1.0], [-2.0, 0.0], 1.0),
        ([1.0, 2.0], [3.0, -1.0], -2.0),
        ([1.0, 0.0], [2.0, 5.0], -2.0),  # exactly 0, and so are these
        ([1.0, 0.0, 1.0], [1.0, 1.0, -2.0], 1.0),
        ([0.0, 0.0], [1.0, 1.0], 0.0),
        ([0.0, 1.0, 2.0], [5.0, 0.0, 0.5], -0.5),
        ([1.0], [2**-12], 0.0),  # small sums, of either sign
        ([1.0], [-(2**-12)], 0.0),
        ([0.25], [1.0], -0.125),
        ([0.25], [1.0], -0.375),
        ([-1.0, 2.0], [-3.0, -1.0], 0.0),
        ([1.0, 1.0, 1.0, 1.0], [-1.0, -1.0, -1.0, 4.0], 0.0),
        ([1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, -4.0], 0.0),
        ([4.0, 2.0], [4.0, 1.0], -20.0),
    )
    for size in (2, 3, 4, 6) * 10:
        x, weight = uniform(random, size, 0, 1), uniform(random, size, -3, 3)
        bias = uniform(random, (), -2, 2) + 0.00005  # no sum is 0
        cases.append((x, weight, bias))

    def truth(x, weight, bias):
        return float(weight @ x + bias > 0)

    mistakes = {
        "this is the weighted sum itself; the last step is missing: 1 if "
        "it is above 0, else 0": lambda x, w, b: w @ x + b,
        "the bias plays no part: add it before you compare with 0": (
            lambda x, w, b: w @ x > 0
        ),
        "the bias is subtracted: add it": lambda x, w, b: w @ x - b > 0,
        "this is a sigmoid, which says how much; the step says 1 or 0": (
            lambda x, w, b: torch.sigmoid(w @ x + b)
        ),
        "yes and no are swapped: 1 where the sum is above 0": (
            lambda x, w, b: w @ x + b <= 0
        ),
        "a sum of exactly 0 must give 0, because it is not above 0": (
            lambda x, w, b: w @ x + b >= 0
        ),
        "the bias was added once for every input: add it once, to the sum": (
            lambda x, w, b: w @ x + len(x) * b > 0
        ),
        "only the first two inputs count: go through all of them with a "
        "loop": lambda x, w, b: w[:2] @ x[:2] + b > 0,
    }
    try:
        answer(*cases[6])
    except LearnersError as error:
        answer(*cases[2])  # an error with two inputs is told as it is
        if isinstance(error.__cause__, ValueError):
            raise Misconception(
                "this needs exactly two inputs, and three were given: go "
                "through all of them with a loop"
            ) from None
    otherwise = (
        "multiply each input by its weight, add the bias, compare with 0"
    )
    diagnose(answer, cases, truth, mistakes, otherwise)


@check(right="minus the weighted sum there, so that the point scores 0")
def bias_through(answer, random):
    cases = tensors(
        ([2.0], [3.0]),
        ([-1.0, 2.0], [4.0, 5.0]),
        ([2.0, -1.0], [0.5, 3.0]),
        ([1.0, 0.0, 2.0], [3.0, 5.0, 7.0]),
        ([0.0, 0.0], [1.0, 2.0]),
        ([1.0, -2.0, 3.0, 1.0], [1.0, 1.0, -1.0, 2.0]),
    )
    cases += [draw(random, size, size) for size in (2, 3, 5)]

    def truth(weight, point):
        return -(weight @ point)

    mistakes = {
        "the sign is the other way round: the bias must cancel the weighted "
        "sum, so take its negative": lambda w, p: w @ p,
        "the weights play no part: weigh the point's coordinates first": (
            lambda w, p: -p.sum()
        ),
        "the point plays no part: its coordinates are what is weighed": (
            lambda w, p: -w.sum()
        ),
        "this is a distance (divided by the length of the weights); the "
        "score of the point must be 0 with the weights as they are": (
            lambda w, p: -(w @ p) / w.norm()
        ),
        "this is where the line meets the second axis, with the score "
        "divided by the second weight; leave that division out": (
            lambda w, p: -(w[:2] @ p[:2]) / w[1]
        ),
        "only the first two coordinates were used: take all of them": (
            lambda w, p: -(w[:2] @ p[:2])
        ),
    }
    otherwise = "weighted sum of the point plus bias must be 0"
    diagnose(answer, cases, truth, mistakes, otherwise)


@check(
    right="one row of weights is one neuron, one row of X one image",
    forbidden=("torch.nn.functional.linear", "aten::linear", "aten::addmm"),
)
def linear(answer, random):
    cases = tensors(
        ([[1.0, 2.0]], [[3.0, 5.0]], [10.0]),
        ([[1.0, 2.0], [3.0, 4.0]], [[1.0, 0.0], [2.0, -5.0]], [10.0, 5.0]),
        ([[2.0, 1.0], [0.0, 3.0]], [[4.0, 1.0], [-2.0, 3.0]], [1.0, -7.0]),
    )
    sizes = (1, 4, 2), (4, 1, 1), (3, 3, 3), (3, 2, 3), (2, 3, 2), (5, 3, 4)
    cases += [draw(random, (n, i), (o, i), o) for n, i, o in sizes]

    def truth(X, weight, bias):
        return X @ weight.T + bias

    mistakes = {
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
    otherwise = "row i, column j is image i seen by neuron j"
    diagnose(answer, cases, truth, mistakes, otherwise, exact_shape=True)


@check(
    right="exponentials that add up to 1, and none too large to hold",
    forbidden=SOFTMAX,
)
def softmax(answer, random):
    cases = tensors(
        ([3.0],), ([1.0, 2.0],), ([0.5, -1.0],), ([2.0, 1.0, -1.0],),
        ([-3.0, -1.0, -2.0, -1.0],), ([0.0, 0.0, 0.0],),
    )  # fmt: skip
    cases += [(uniform(random, n, -3, 3),) for n in (2, 5, 9)]

    def truth(scores):
        return torch.exp(scores - torch.logsumexp(scores, dim=0))

    mistakes = {
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
        "subtract must be the largest score": lambda s: s * torch.nan,
        "the scores are scaled by their largest before the exponential; "
        "subtract the largest, do not divide": lambda s: truth(s / s.max()),
        "the base is 2: exponentials have the base e": (
            lambda s: 2**s / (2**s).sum()
        ),
    }
    otherwise = "exponentials first, then divide by their sum"
    diagnose(answer, cases, truth, mistakes, otherwise)
    extremes = tensors(
        ([1000.0, 999.0],), ([-1000.0, -1001.0],), ([2000.0] + [0.0] * 4,),
    )  # fmt: skip
    otherwise = (
        "fine for small scores, but large ones overflow, and of very negative "
        "ones all exponentials become 0: subtract the largest score from all "
        "before the exponential"
    )
    diagnose(answer, extremes, truth, {}, otherwise)
    later = tensors(([0.0, 2000.0],), ([0.0, 5.0, 1000.0, 1001.0],))
    otherwise = (
        "this overflows when a later score is the large one: subtract the "
        "largest score, not the first"
    )
    diagnose(answer, later, truth, {}, otherwise)


@check(right="silent for every image, so its slope is 0 for every image")
def dead(answer, random):
    def scores(weight, bias, X):
        return X @ weight.T + bias

    def truth(weight, bias, X):
        return (scores(weight, bias, X) <= 0).all(dim=0)

    # Two on which every mistake below errs, then square and other sizes.
    cases = tensors(
        (
            [[-1.0, -2.0, -1.0], [2.0, -2.0, 0.0], [0.0, 1.0, 0.0]],
            [1.0, -2.0, -2.0],
            [[2.0, 0.0, 0.0], [0.0, 0.0, 2.0], [0.0, 0.0, 0.0]],
        ),
        (
            [[0.0, -1.0, -1.0], [-2.0, 2.0, 0.0], [0.0, 0.0, 1.0]],
            [-2.0, 1.0, -2.0],
            [[1.0, 0.0, 0.0], [2.0, 0.0, 1.0], [0.0, 0.0, 0.0]],
        ),
        ([[2.0], [-1.0]], [-1.0, -1.0], [[0.0], [0.25], [1.0]]),
        ([[1.0, -1.0]], [-0.5], [[0.25, 0.0], [0.0, 1.0], [0.5, 0.25]]),
        ([[2.0], [-1.0]], [-1.0, 0.5], [[0.0], [1.0], [0.0], [0.75], [1.0]]),
        ([[1.0], [0.5]], [-0.5, 0.25], [[0.0], [1.0], [2.0]]),
    )
    for neurons, inputs, n in ((3, 3, 3),) * 6 + ((4, 2, 3), (2, 3, 5)):
        weight, bias = draw(random, (neurons, inputs), neurons, low=-1, high=1)
        X = uniform(random, (n, inputs), 0, 1)
        cases.append((weight, bias - 0.20005, X))  # no sum near 0
    mistakes = {
        "this finds neurons silent for at least one image; a dead one is "
        "silent for all": lambda *a: (scores(*a) <= 0).any(dim=0),
        "dead and alive are swapped": lambda *a: ~truth(*a),
        "this finds neurons that are never silent; ask for never above 0": (
            lambda *a: (scores(*a) > 0).all(dim=0)
        ),
        "the bias plays no part: add it, it is what silences most neurons": (
            lambda w, b, X: (X @ w.T <= 0).all(dim=0)
        ),
        "silent on average is not dead: ask for every image": (
            lambda *a: scores(*a).mean(dim=0) <= 0
        ),
        "this looks at the first image only: ask for all of them": (
            lambda *a: scores(*a)[0] <= 0
        ),
        "this takes the columns of weight for neurons; its rows are: "
        "transpose it": lambda w, b, X: (X @ w + b <= 0).all(dim=0),
        "negative weights alone do not decide: compute the sums": (
            lambda w, b, X: (w < 0).all(dim=1)
        ),
        "this is one number; give one answer for each neuron": (
            lambda *a: truth(*a).sum()
        ),
        "this is one answer for each image; give one for each neuron, so "
        "look along dimension 0": lambda *a: (scores(*a) <= 0).all(dim=1),
        "this is a whole table; ask `all` along dimension 0": (
            lambda *a: scores(*a) <= 0
        ),
        "these are the numbers of the dead; give True or False for each "
        "neuron": lambda *a: truth(*a).nonzero().flatten(),
    }
    otherwise = "a neuron is dead if its sum is never above 0"
    diagnose(answer, cases, truth, mistakes, otherwise)
    exactly = tensors(
        ([[1.0, 0.0], [0.0, 0.0]], [1.0, 0.0], [[1.0, 2.0]] * 3),
        ([[1.0], [2.0]], [-1.0, -1.0], [[1.0], [0.5], [0.0]]),
    )
    mistakes = {
        "a score of exactly 0 also puts out 0: use <=": (
            lambda *a: (scores(*a) < 0).all(dim=0)
        )
    }
    diagnose(answer, exactly, truth, mistakes, otherwise)
    one_awake = tensors(  # of 1,000 images, wherever it stands
        ([[1.0], [-1.0]], [-0.5, -0.5], [[1.0]] + [[0.0]] * 999),
        ([[1.0], [-1.0]], [-0.5, -0.5], [[0.0]] * 999 + [[1.0]]),
        ([[1.0], [-1.0]], [-1.0, -0.5], [[0.0]] * 99 + [[1.001]]),
    )
    otherwise = (
        "silent for most images is not dead: one image that wakes it is enough"
    )
    diagnose(answer, one_awake, truth, {}, otherwise)


@check(right="one layer does what the two did, for every input")
def collapse(answer, random):
    cases = tensors(
        ([[2.0]], [3.0], [[5.0]], [7.0]),
        (
            [[1.0, 2.0], [0.0, 1.0]],
            [1.0, 2.0],
            [[1.0, 0.0], [3.0, 1.0]],
            [10.0, 20.0],
        ),
        (
            [[1.0, -1.0], [2.0, 3.0]],
            [4.0, -2.0],
            [[0.0, 2.0], [1.0, 5.0]],
            [-3.0, 1.0],
        ),
    )
    sizes = (2, 2, 2), (3, 4, 2), (1, 5, 3)
    cases += [draw(random, (h, i), h, (o, h), o) for i, h, o in sizes]

    def weight(weight1, bias1, weight2, bias2):
        return weight2 @ weight1

    def bias(weight1, bias1, weight2, bias2):
        return weight2 @ bias1 + bias2

    names = "the weight", "the bias"
    diagnose(
        part(answer, 0, *names),
        cases,
        weight,
        {
            "this weight is transposed: rows must be the neurons of the "
            "second layer": lambda w1, b1, w2, b2: (w2 @ w1).T,
            "the product is in the wrong order: layer 1 works first, so its "
            "weight stands on the right": lambda w1, b1, w2, b2: w1 @ w2,
            "layers one after the other multiply, they do not add": (
                lambda w1, b1, w2, b2: w1 + w2
            ),
            "this multiplies number by number; use @": (
                lambda w1, b1, w2, b2: w1 * w2
            ),
            "the two results are swapped: the weight first, then the bias": (
                bias
            ),
        },
        "its weight is the product weight2 @ weight1",
        what="the first result",
    )
    diagnose(
        part(answer, 1, *names),
        cases,
        bias,
        {
            "bias1 goes through layer 2 as well: multiply it by weight2 "
            "before you add bias2": lambda w1, b1, w2, b2: b1 + b2,
            "bias1 was lost: it reaches the output through weight2": (
                lambda w1, b1, w2, b2: b2
            ),
            "bias2 was lost: it is added at the end": (
                lambda w1, b1, w2, b2: w2 @ b1
            ),
            "bias2 is added after layer 2, weight2 leaves it alone": (
                lambda w1, b1, w2, b2: w2 @ (b1 + b2)
            ),
            "bias1 stands on the right of weight2, whose rows are neurons": (
                lambda w1, b1, w2, b2: b1 @ w2 + b2
            ),
        },
        "what comes out for an input of zeros is the bias",
        what="the second result",
    )


@check(right="each weight is a change of slope, and the changes cancel")
def tent(answer, random):
    cases = [(0.0, 2.0, 3.0), (0.0, 1.0, 2.0), (0.0, 1.0, 4.0)]
    cases += [(-3.0, -1.0, 3.0), (-8.0, -4.0, -2.0), (5.0, 5.5, 5.75)]
    for _ in range(3):
        left = random.uniform(-3, 3)
        peak = left + random.uniform(0.3, 0.8)
        cases.append((left, peak, peak + random.uniform(1.2, 3)))
    names = "the three bends", "the three weights"
    results = [part(answer, index, *names) for index in (0, 1)]

    def in_order(*case):
        """The weights, sorted by their bends: any order of pairs is right."""
        bends, weights = (
            numbers(result(*case), (3,), name)
            for result, name in zip(results, names, strict=True)
        )
        return weights[bends.argsort()]

    def slopes(left, peak, right):
        return 1 / (peak - left), 1 / (right - peak)

    def mistaken(make):
        return lambda *case: make(*slopes(*case))

    diagnose(
        lambda *case: numbers(results[0](*case), (3,), names[0]).sort().values,
        cases,
        lambda left, peak, right: [left, peak, right],
        {
            "the two lists are swapped: the bends first, then the weights": (
                lambda left, peak, right: sorted(
                    [
                        1 / (peak - left),
                        -1 / (right - peak) - 1 / (peak - left),
                        1 / (right - peak),
                    ]
                )
            )
        },
        "the line bends at left, at peak and at right: put them there",
    )
    diagnose(
        in_order,
        cases,
        lambda left, peak, right: [
            1 / (peak - left),
            -1 / (right - peak) - 1 / (peak - left),
            1 / (right - peak),
        ],
        {
            "these are the heights at the bends; a weight is how much the "
            "slope changes there": lambda *case: [0.0, 1, 0],
            "the second weight is the new slope; it must be the change, from "
            "up to down, so both slopes count": (
                mistaken(lambda up, down: [up, -down, down])
            ),
            "the second weight is the new slope; it must be the change, and "
            "the third ends the way down": mistaken(
                lambda up, down: [up, -down, 0]
            ),
            "the line goes flat at the peak: it must also come down, so the "
            "second weight must take away more": (
                mistaken(lambda up, down: [up, -up, 0])
            ),
            "it goes on down behind the right end: the three weights must "
            "add up to 0": mistaken(lambda up, down: [up, -up - down, 0]),
            "right only where both sides are equally wide: the way down has "
            "a slope of its own": (
                mistaken(lambda up, down: [up, -2 * up, up])
            ),
            "the peak has another height than 1: the first slope is 1 over "
            "the width of the left side": (
                lambda left, peak, right: [1, -2, 1]
            ),
            "up and down are swapped: the left side rises": (
                mistaken(lambda up, down: [-up, up + down, -down])
            ),
        },
        "in the order of the bends, the weights are the slope up, its change "
        "at the peak, and what makes it 0 again",
        what="the three weights",
    )


@check(right="a weight counts as much as its input makes of it")
def importance(answer, random):
    cases = tensors(
        ([2.0, -3.0], [[0.0, 2.0], [0.0, 4.0]]),
        ([-2.0, 1.0], [[1.0, 2.0], [2.0, 1.0], [6.0, 3.0]]),
        ([-4.0, 0.5], [[0.0, 1.0], [3.0, 1.0]]),
        ([1.0, -1.0, 2.0], [[5.0, 1.0, 0.0], [5.0, 3.0, 4.0]]),
        ([-2.0, 3.0], [[100.0, 7.0], [101.0, 7.0], [99.0, 1.0]]),
    )
    for n, inputs in ((9, 4), (6, 3), (4, 4)):
        weight = uniform(random, inputs, -3, 3)
        weight[0] = -weight[0].abs() - 0.5
        cases.append((weight, uniform(random, (n, inputs), 3, 5)))

    def truth(weight, X):
        return weight.abs() * X.std(dim=0)

    mistakes = {
        "the inputs play no part: a large weight on an input that hardly "
        "changes hardly matters": lambda w, X: w.abs(),
        "the weights play no part": lambda w, X: X.std(dim=0),
        "importance has no sign: a negative weight moves the score as far": (
            lambda w, X: w * X.std(dim=0)
        ),
        "this uses the mean of the input; an input that is always the same "
        "moves nothing, however large": (
            lambda w, X: w.abs() * X.mean(dim=0).abs()
        ),
        "the spread counts once: take the standard deviation, not the "
        "variance": lambda w, X: w.abs() * X.var(dim=0),
        "the weight counts once, without a square": (
            lambda w, X: w**2 * X.std(dim=0)
        ),
        "this uses one spread for all inputs: take it along dimension 0, "
        "one for each": lambda w, X: w.abs() * X.std(),
        "this is the range, which two images decide; take the standard "
        "deviation": lambda w, X: w.abs() * (X.amax(0) - X.amin(0)),
        "this divides by the spread: multiply": (
            lambda w, X: w.abs() / X.std(dim=0)
        ),
        "dim=1 runs over the inputs; use dim=0, the images": (
            lambda w, X: w.abs() * X.std(dim=1)
        ),
        "this is one number for each image; give one for each input, so "
        "look along dimension 0": lambda w, X: (w * X).std(dim=1),
    }
    otherwise = "the size of the weight times the spread of its input"
    below = tensors(([2.0], [[-1.0], [1.0]]), ([-1.0], [[-3.0], [1.0]]))
    # Divided by n - 1 or by n: both are called standard deviation.
    biased = [lambda w, X: w.abs() * X.std(dim=0, correction=0)]
    diagnose(answer, cases, truth, mistakes, otherwise, also=biased)
    diagnose(answer, below, truth, {}, otherwise, also=biased)
