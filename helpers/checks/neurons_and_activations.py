"""The checks of the exercises on neurons and activations."""

from itertools import pairwise

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


def our_linear(X, weight, bias):
    return X @ weight.T + bias


def our_softmax(scores):
    exponentials = (scores - scores.max()).exp()
    return exponentials / exponentials.sum()


def our_collapse(layers):
    weight, bias = layers[0]
    for next_weight, next_bias in layers[1:]:
        weight = next_weight @ weight
        bias = next_weight @ bias + next_bias
    return weight, bias


def our_network(X, layers):
    *first, last = layers
    for weight, bias in first:
        X = our_linear(X, weight, bias).clamp(min=0)
    return our_linear(X, *last)


def _layers(*numbers):
    """A list of (weight, bias) from nested lists."""
    return list(zip(*[iter(tensors(numbers)[0])] * 2, strict=True))


def _drawn(random, *sizes):
    """Layers of random numbers: sizes from the inputs to the outputs."""
    shapes = []
    for inputs, outputs in pairwise(sizes):
        shapes += [(outputs, inputs), outputs]
    return _layers(*draw(random, *shapes))


def _not_only_two(answer, two, three, what):
    """Tell who unpacks two of what may be any number."""
    try:
        answer(*three)
    except LearnersError as error:
        answer(*two)  # an error with two is told as it is
        if isinstance(error.__cause__, ValueError):
            raise Misconception(
                f"this needs exactly two {what}, and three were given: go "
                "through all of them with a loop"
            ) from None


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
        ([1.0] * 20, [0.0] * 19 + [2.0], -1.0),  # the last of many decides
        ([1.0] * 20, [0.0] * 19 + [-2.0], 1.0),
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
        "the bias counts once for every input, as if it were added in each "
        "turn of a loop, or to a mean: add it once, to the sum": (
            lambda x, w, b: w @ x + len(x) * b > 0
        ),
        "only the first two inputs count: go through all of them with a "
        "loop": lambda x, w, b: w[:2] @ x[:2] + b > 0,
    }
    _not_only_two(answer, cases[2], cases[6], "inputs")
    otherwise = (
        "multiply each input by its weight, add the bias, compare with 0"
    )
    diagnose(answer, cases, truth, mistakes, otherwise)


@check(
    right="one row of weights is one neuron, one row of X one image",
    forbidden=("torch.nn.functional.linear", "aten::linear", "aten::addmm"),
    ours=our_linear,
)
def linear(answer, random):
    cases = tensors(
        ([[1.0, 2.0]], [[3.0, 5.0]], [10.0]),
        ([[1.0, 2.0], [3.0, 4.0]], [[1.0, 0.0], [2.0, -5.0]], [10.0, 5.0]),
        ([[2.0, 1.0], [0.0, 3.0]], [[4.0, 1.0], [-2.0, 3.0]], [1.0, -7.0]),
    )
    sizes = (1, 4, 2), (4, 1, 1), (3, 3, 3), (3, 2, 3), (2, 3, 2), (5, 3, 4)
    sizes += (2, 12, 3), (2, 3, 12), (12, 3, 2)
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
        "`*` multiplies entry by entry; for dot products write `@`": (
            lambda X, W, b: X * W + b
        ),
        "`*` multiplies entry by entry; a product of matrices is `@`": (
            lambda X, W, b: X * W.T + b
        ),
        "`reshape` keeps the order of the numbers; to exchange rows and "
        "columns write weight.T": (
            lambda X, W, b: X @ W.reshape(W.T.shape) + b
        ),
        "only the first image was used: keep one row for each": (
            lambda X, W, b: W @ X[0] + b
        ),
        "the images were added up: keep one row for each": (
            lambda X, W, b: (X @ W.T + b).sum(dim=0)
        ),
    }
    otherwise = "row i, column j is image i seen by neuron j"
    diagnose(
        answer, cases, truth, mistakes, otherwise,
        exact_shape=True, kind="a float64 tensor",
    )  # fmt: skip


@check(
    right="exponentials that add up to 1, and none too large to hold",
    forbidden=SOFTMAX,
    ours=our_softmax,
)
def softmax(answer, random):
    cases = tensors(
        ([3.0],), ([1.0, 2.0],), ([0.5, -1.0],), ([2.0, 1.0, -1.0],),
        ([-3.0, -1.0, -2.0, -1.0],), ([0.0, 0.0, 0.0],),
    )  # fmt: skip
    cases += [(uniform(random, n, -3, 3),) for n in (2, 5, 9, 20)]

    def truth(scores):
        return torch.exp(scores - torch.logsumexp(scores, dim=0))

    def rescaled(scores):
        """What the answer gives, if softmax of some multiple explains it."""
        got, width = numbers(answer(scores)), scores.max() - scores.min()
        factor = (got.max() / got.min()).log() / width
        return truth(factor * scores) if width else got

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
        "the scores are multiplied or divided before the exponential, which "
        "changes the shares: subtract the largest, no more": rescaled,
    }
    otherwise = "exponentials first, then divide by their sum"
    diagnose(
        answer, cases, truth, mistakes, otherwise,
        exact_shape=True, kind="a tensor",
    )  # fmt: skip
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


@check(
    right="one layer does what all of them did, for every input",
    ours=our_collapse,
)
def collapse(answer, random):
    cases = [
        _layers([[2.0]], [3.0]),
        _layers([[2.0]], [3.0], [[5.0]], [7.0]),
        _layers([[2.0]], [3.0], [[5.0]], [7.0], [[3.0]], [-4.0]),
        _layers(
            [[1.0, 2.0], [0.0, 1.0]],
            [1.0, 2.0],
            [[1.0, 0.0], [3.0, 1.0]],
            [10.0, 20.0],
        ),
        _layers(
            [[1.0, -1.0], [2.0, 3.0]],
            [4.0, -2.0],
            [[0.0, 2.0], [1.0, 5.0]],
            [-3.0, 1.0],
            [[2.0, 1.0], [-1.0, 1.0]],
            [0.5, 3.0],
        ),
    ]
    cases += [_drawn(random, *each) for each in ((2, 2, 2), (2, 2, 2, 2, 2))]
    square = [(layers,) for layers in cases]
    sizes = (3, 4, 2), (1, 5, 3), (2, 3, 4, 2)
    others = [(_drawn(random, *each),) for each in sizes]

    def weight(layers):
        return our_collapse(layers)[0]

    def bias(layers):
        return our_collapse(layers)[1]

    def product(layers, combine):
        result = layers[0][0]
        for w, _ in layers[1:]:
            result = combine(w, result)
        return result

    def along(layers, combine):
        result = layers[0][1]
        for w, b in layers[1:]:
            result = combine(w, result, b)
        return result

    _not_only_two(answer, (cases[1],), (cases[2],), "layers")
    names = "the weight", "the bias"
    of_weight = {
        "this weight is transposed: rows must be the neurons of the "
        "last layer": lambda layers: weight(layers).T,
        "the product is in the wrong order: what works first stands on "
        "the right": lambda layers: product(layers, lambda w, r: r @ w),
        "layers one after the other multiply, they do not add": (
            lambda layers: product(layers, lambda w, r: w + r)
        ),
        "this multiplies number by number; use @": (
            lambda layers: product(layers, lambda w, r: w * r)
        ),
        "the two results are swapped: the weight first, then the bias": (bias),
        "only the first two layers are merged: go on with a loop": (
            lambda layers: weight(layers[:2])
        ),
        "the first layer counts twice: you start with it, so the loop goes "
        "through layers[1:]": lambda layers: weight([layers[0], *layers]),
        "this is the weight of the first layer; the others must be "
        "merged into it": lambda layers: layers[0][0],
        "this is the weight of the last layer; those before it must be "
        "merged into it": lambda layers: layers[-1][0],
    }
    of_bias = {
        "a bias goes through the layers behind it: multiply what you have "
        "with the next weight before you add the next bias": (
            lambda layers: along(layers, lambda w, r, b: r + b)
        ),
        "this is the bias of the first layer; those behind it must be merged "
        "into it": lambda layers: layers[0][1],
        "the biases of the layers before the last were lost: they reach "
        "the output through the weights": lambda layers: layers[-1][1],
        "the next bias was lost: it is added at the end": (
            lambda layers: along(layers, lambda w, r, b: w @ r)
        ),
        "the next bias is added after its layer; its own weight leaves "
        "it alone": lambda layers: along(layers, lambda w, r, b: w @ (r + b)),
        "a bias stands on the right of the next weight, whose rows are "
        "neurons": lambda layers: along(layers, lambda w, r, b: r @ w + b),
        "only the first two layers are merged: go on with a loop": (
            lambda layers: bias(layers[:2])
        ),
        "the bias must be multiplied with the weight of the next layer "
        "alone, not with the product so far": _through_all,
    }
    for some in (square, square + others):  # there, no shape stops a mistake
        diagnose(
            part(answer, 0, *names),
            some,
            weight,
            of_weight,
            "each further layer multiplies from the left: its weight @ what "
            "you have",
            exact_shape=True,
            kind="a float64 tensor",
            what="the first result",
        )
        diagnose(
            part(answer, 1, *names),
            some,
            bias,
            of_bias,
            "what comes out for an input of zeros is the bias",
            exact_shape=True,
            kind="a float64 tensor",
            what="the second result",
        )


def _through_all(layers):
    """The bias of one who updates the weight first and uses it too early."""
    weight, bias = layers[0]
    for next_weight, next_bias in layers[1:]:
        weight = next_weight @ weight
        bias = weight @ bias + next_bias
    return bias


@check(right="a bend after each layer but the last", ours=our_network)
def network(answer, random):
    def case(X, *numbers):
        return tensors((X,))[0][0], _layers(*numbers)

    corners = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    fold = [[1.0, -1.0], [-1.0, 1.0]], [0.0, 0.0], [[1.0, 1.0]], [-0.5]
    deep = [[1.0, -2.0], [3.0, 1.0]], [1.0, -1.0], [[-1.0, 1.0], [1.0, 2.0]]
    deep += [0.5, -2.0], [[2.0, -1.0], [-3.0, 1.0]], [1.0, -1.0]
    two = [[1.0, 2.0], [-3.0, 1.0]], [2.0, -1.0], [[-2.0, 1.0], [1.0, -1.0]]
    cases = [
        case([[2.0], [-1.0]], [[3.0]], [-4.0]),
        case([[2.0], [-1.0]], [[3.0]], [-4.0], [[-2.0]], [1.0]),
        case(corners, *fold),
        case([[1.0, -2.0], [-3.0, 0.5]], *two, [-1.0, 3.0]),
        case([[1.0, -2.0], [-3.0, 0.5], [-1.0, -1.0]], *deep),
    ]
    sizes = (2, 3, 1), (3, 3, 3, 3), (1, 4, 2), (2, 4, 3, 2), (2, 2, 2, 2, 2)
    cases += [
        (*draw(random, (n, each[0])), _drawn(random, *each))
        for n, each in enumerate(sizes, 2)
    ]

    def mistaken(hidden, last=our_linear):
        def run(X, layers):
            for w, b in layers[:-1]:
                X = hidden(X, w, b)
            return last(X, *layers[-1])

        return run

    def relu(z):
        return z.clamp(min=0)

    def bent(X, w, b):
        return relu(our_linear(X, w, b))

    def bent_before(X, w, b):
        return our_linear(relu(X), w, b)

    mistakes = {
        "the bend is missing, so this is one layer in disguise: ReLU after "
        "each layer but the last": mistaken(our_linear),
        "the last layer got a ReLU as well; leave its scores as they are": (
            mistaken(bent, bent)
        ),
        "the ReLU stands before each layer, so the inputs are bent too: put "
        "it after": mistaken(bent_before, bent_before),
        "the bias is added after the ReLU; it belongs to the sum before it": (
            mistaken(lambda X, w, b: relu(X @ w.T) + b)
        ),
        "the biases are missing: add each to its layer's sums": (
            mistaken(lambda X, w, b: relu(X @ w.T), lambda X, w, b: X @ w.T)
        ),
        "the bias of the last layer is missing": (
            mistaken(bent, lambda X, w, b: X @ w.T)
        ),
        "this takes the columns of weight for neurons; its rows are: "
        "transpose it": mistaken(
            lambda X, w, b: relu(X @ w + b), lambda X, w, b: X @ w + b
        ),
        "this bend is a step; ReLU lets what is above 0 through as it is": (
            mistaken(lambda X, w, b: (our_linear(X, w, b) > 0).double())
        ),
        "this takes the size, without the sign; ReLU turns what is below 0 "
        "into 0": mistaken(lambda X, w, b: our_linear(X, w, b).abs()),
        "this bend is a sigmoid; here it is ReLU": (
            mistaken(lambda X, w, b: our_linear(X, w, b).sigmoid())
        ),
        "this bend is tanh; here it is ReLU": (
            mistaken(lambda X, w, b: our_linear(X, w, b).tanh())
        ),
        "this keeps what is below 0 and drops what is above; ReLU is "
        "clamp(min=0)": mistaken(
            lambda X, w, b: our_linear(X, w, b).clamp(max=0)
        ),
        "the last layer is missing: it comes too, without a ReLU": (
            lambda X, layers: (
                mistaken(bent, bent)(X, layers[:-1]) if layers[1:] else X
            )
        ),
        "only the first and the last layer work: go through all of them with "
        "a loop": lambda X, layers: our_network(
            X, [layers[0], layers[-1]] if layers[1:] else layers
        ),
        "only the first two layers work: go through all of them with a "
        "loop": lambda X, layers: our_network(X, layers[:2]),
        "only the first layer works: what it puts out goes into the next": (
            lambda X, layers: our_linear(X, *layers[0])
        ),
        "each layer sees X itself; it must see what the layer before it "
        "puts out": lambda X, layers: our_linear(X, *layers[-1]),
    }
    _not_only_two(answer, cases[2], cases[4], "layers")
    otherwise = (
        "for each layer in turn, X @ weight.T + bias, and ReLU unless it is "
        "the last"
    )
    diagnose(
        answer, cases, our_network, mistakes, otherwise,
        exact_shape=True, kind="a float64 tensor",
    )  # fmt: skip


@check(right="each weight is a change of slope, and the changes cancel")
def tent(answer, random):
    cases = [(0.0, 2.0, 3.0), (0.0, 1.0, 2.0), (0.0, 1.0, 4.0)]
    cases += [(-3.0, -1.0, 3.0), (-8.0, -4.0, -2.0), (5.0, 5.5, 5.75)]
    cases += [(2.0, 2.03125, 2.046875), (-900.0, 100.0, 600.0)]
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

    def mistaken(make):
        return lambda left, peak, right: make(
            1 / (peak - left), 1 / (right - peak)
        )

    weights = mistaken(lambda up, down: [up, -up - down, down])
    diagnose(
        lambda *case: numbers(results[0](*case), (3,), names[0]).sort().values,
        cases,
        lambda left, peak, right: [left, peak, right],
        {
            "the two lists are swapped: the bends first, then the weights": (
                lambda *case: sorted(weights(*case))
            ),
            "the bends are left, peak and right themselves: the minus sign "
            "stands already in x - t": lambda *case: sorted(-t for t in case),
        },
        "the line bends at left, at peak and at right: put them there",
    )
    diagnose(
        in_order,
        cases,
        weights,
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
            "the sign of the last weight is turned round: the slope there "
            "rises again, from below 0 to 0": (
                mistaken(lambda up, down: [up, -up - down, -down])
            ),
            "the sign of the second weight is turned round: at the peak the "
            "slope falls": mistaken(lambda up, down: [up, up + down, down]),
            "the slope on the way down is below 0, and yours is above: minus "
            "1 over the width of the right side": (
                mistaken(lambda up, down: [up, down - up, -down])
            ),
        },
        "in the order of the bends, the weights are the slope up, its change "
        "at the peak, and what makes it 0 again",
        what="the three weights",
    )
