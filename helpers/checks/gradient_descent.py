"""The checks of the exercises on gradient descent by hand."""

import contextlib
import copy
import math

import torch

from helpers.checks import Misconception, brief, check, close, compare, numbers

DOUBLE = torch.float64


def _draw(random, *shape, low=-2.0, high=2.0):
    """Numbers with two digits after the point, so that they can be read."""
    count = math.prod(shape)
    values = [round(random.uniform(low, high), 2) for _ in range(count)]
    return torch.tensor(values, dtype=DOUBLE).reshape(shape)


def _labels(random, count):
    """Labels 0 and 1 with at least one of each."""
    y = [0.0, 1.0, *(float(random.randint(0, 1)) for _ in range(count - 2))]
    random.shuffle(y)
    return torch.tensor(y, dtype=DOUBLE)


def _name(got, expected, variants, shown):
    """Raise the first misconception whose result was given.

    variants: {diagnosis: the result of one who thinks so}; a variant that
    agrees with the expected result on this draw says nothing.
    """
    if close(got, expected):
        return
    for diagnosis, variant in variants.items():
        if close(got, variant) and not close(variant, expected):
            raise Misconception(f"{diagnosis}. {shown}")
    raise Misconception(f"these are not the expected numbers. {shown}")


def _without_autograd(answer, *given):
    """What the answer returns; a refusal says what the exercise wants."""
    try:
        return answer(*given)
    except Misconception:
        raise Misconception(
            "write the formula yourself: this exercise is without autograd"
        ) from None


def _or_none(answer, *given):
    """What the answer returns, also where it returns nothing."""
    try:
        return answer(*given)
    except Misconception:
        raise
    except Exception as sign:
        if str(sign) != "returns nothing":
            raise
        return None


def _leaves_alone(answer, *given, instead):
    """Refuse a right answer that overwrites the tensors it is given."""
    before = copy.deepcopy(given)
    with contextlib.suppress(Exception):  # it ran on copies of the same
        answer.__wrapped__(*given)  # without the guard's copies
    for old, new in zip(before, given, strict=True):
        if callable(old):
            continue
        if not close(_flat(new), _flat(old)):
            raise Misconception(
                "the numbers are right, but the tensor you were given is "
                f"overwritten, and its owner still needs it: {instead}"
            )


def _flat(value):
    """A number, a tensor or a list of tensors as one tensor."""
    if isinstance(value, list):
        return torch.stack(value)
    return torch.as_tensor(value, dtype=DOUBLE)


# --- Exercise 1 ------------------------------------------------------------


def _surprise(scores, y):
    signed = (2 * y - 1) * scores
    return torch.logaddexp(torch.zeros_like(signed), -signed)


@check(
    right="a confident right answer costs nothing, a confident wrong one "
    "about its score",
    forbidden=(
        "torch.nn.functional.binary_cross_entropy_with_logits",
        "torch.nn.functional.binary_cross_entropy",
        "torch.nn.BCEWithLogitsLoss",
        "torch.nn.BCELoss",
    ),
)
def surprise(answer, random):
    cases = [
        (torch.tensor([2.0], dtype=DOUBLE), torch.tensor([1.0], dtype=DOUBLE)),
        (
            torch.tensor([1.0, -0.5], dtype=DOUBLE),
            torch.tensor([1.0, 0.0], dtype=DOUBLE),
        ),
        (
            torch.tensor([1.0, -0.5, 3.0], dtype=DOUBLE),
            torch.tensor([1.0, 1.0, 0.0], dtype=DOUBLE),
        ),
    ]
    count = random.randint(4, 9)
    cases.append((_draw(random, count), _labels(random, count)))
    for scores, y in cases:
        got = numbers(answer(scores, y), what="surprise")
        if got.numel() != 1 and got.numel() == len(y):
            raise Misconception(
                "one surprise for each image is right so far, but the loss "
                "is one number: take their mean"
            )
        got = numbers(got, (), "surprise")
        p, each = torch.sigmoid(scores), _surprise(scores, y)
        expected = each.mean()
        shown = compare(scores=scores, y=y, expected=expected, yours=got)
        if not got.isfinite():
            raise Misconception(
                "the logarithm met a number that is no probability: scores "
                f"go through the sigmoid first. {shown}"
            )
        _name(
            got,
            expected,
            {
                "a loss is minus the logarithm: yours is negative": -expected,
                "you measure the surprise at the wrong class: label 1 goes "
                "with the sigmoid of z, label 0 with 1 minus it": _surprise(
                    scores, 1 - y
                ).mean(),
                "you add up; the loss is the mean over the images": each.sum(),
                "images with label 0 cost too: their surprise is "
                "log(1 + exp(z))": (each * y).mean(),
                "every image is treated as label 1: y must flip the sign of "
                "the score for label 0": _surprise(
                    scores, torch.ones_like(y)
                ).mean(),
                "this is the squared error of the probability, not its "
                "surprise": (p - y).square().mean(),
                "the logarithm has base 2: the surprise here is in nats, "
                "base e": expected / math.log(2),
            },
            shown,
        )
    scores = torch.tensor([1000.0, -1000.0], dtype=DOUBLE)
    for y in (torch.tensor([0.0, 1.0]), torch.tensor([1.0, 0.0])):
        y = y.to(DOUBLE)
        got = numbers(answer(scores, y), (), "surprise")
        expected = _surprise(scores, y).mean()
        shown = compare(scores=scores, y=y, expected=expected, yours=got)
        if not got.isfinite():
            raise Misconception(
                "right for small scores, but scores of 1000 overflow: use "
                f"logaddexp on the scores themselves. {shown}"
            )
        if not close(got, expected):
            raise Misconception(
                "right for small scores, but at 1000 the probability was "
                "clipped or rounded, and the cost of a great mistake is "
                f"lost. {shown}"
            )


# --- Exercise 2 ------------------------------------------------------------


@check(
    right="now you can check any gradient by measuring it",
    forbidden=(
        "torch.autograd.grad",
        "torch.Tensor.backward",
        "torch.func.grad",
        "torch.gradient",
    ),
)
def slopes(answer, random):
    count = random.randint(3, 5)
    cases = [
        (torch.tensor([3.0], dtype=DOUBLE), torch.ones(1, dtype=DOUBLE), 0.1),
        (
            torch.tensor([1.0, 2.0], dtype=DOUBLE),
            torch.tensor([1.0, 3.0], dtype=DOUBLE),
            0.1,
        ),
        (
            _draw(random, count, low=0.5),
            _draw(random, count, low=0.5),
            round(random.uniform(0.1, 0.3), 2),
        ),
    ]
    for weight, factors, h in cases:

        def loss(w, factors=factors):
            # A cubic, with every pair of weights coupled.
            return (factors * w**3).sum() + w.sum() ** 2

        def central(step, weight=weight, loss=loss):
            rows = step * torch.eye(len(weight), dtype=DOUBLE)
            return torch.stack(
                [
                    (loss(weight + r) - loss(weight - r)) / (2 * step)
                    for r in rows
                ]
            )

        got = numbers(answer(loss, weight, h), what="slopes")
        if got.numel() == 1 and len(weight) > 1:
            raise Misconception(
                "one slope came back for several weights: nudge one weight "
                "at a time and collect the quotients"
            )
        got = numbers(got, (len(weight),), "slopes")
        expected = central(h)
        eye = h * torch.eye(len(weight), dtype=DOUBLE)
        ahead = torch.stack([loss(weight + r) for r in eye])
        behind = torch.stack([loss(weight - r) for r in eye])
        together = (loss(weight + h) - loss(weight - h)) / (2 * h)
        piled = torch.tril(torch.ones_like(eye)) * h
        never_reset = torch.stack(
            [(loss(weight + r) - loss(weight - r)) / (2 * h) for r in piled]
        )
        pushed = weight.clone()
        left_there = []
        for i in range(len(weight)):
            pushed[i] += h
            rise = loss(pushed)
            pushed[i] -= 2 * h
            left_there.append((rise - loss(pushed)) / (2 * h))
        shown = (
            "loss(w) = ("
            + brief(factors)
            + " * w**3).sum() + w.sum()**2, "
            + compare(weight=weight, h=h, expected=expected, yours=got)
        )
        _name(
            got,
            expected,
            {
                "the two points lie 2h apart: divide by 2h, not by h": 2
                * expected,
                "the sign is turned round: the loss ahead minus the loss "
                "behind": -expected,
                "this is the one-sided difference: step to either side and "
                "divide by 2h": (ahead - loss(weight)) / h,
                "this is the one-sided difference, looking back: step to "
                "either side": (loss(weight) - behind) / h,
                "every weight was nudged at once: nudge one, with the others "
                "where they were": together.expand(len(weight)),
                "a nudged weight is not put back before the next one is "
                "nudged: work on a copy": torch.stack(left_there),
                "the earlier nudges are still in: make a new zero tensor for "
                "each weight": never_reset,
                "every difference is 0, as if both points are the same "
                "tensor: work on a copy": torch.zeros_like(weight),
                "this is the rise itself: divide it by the distance of the "
                "two points, 2h": ahead - behind,
            },
            shown,
        )


# --- Exercise 3 ------------------------------------------------------------


@check(
    right="one more link in the chain, one more factor, and certainty kills "
    "this gradient even when it is wrong",
    forbidden=(
        "torch.autograd.grad",
        "torch.Tensor.backward",
        "torch.func.grad",
    ),
)
def squared_gradient(answer, random):
    n, features = random.randint(4, 7), random.randint(2, 4)
    cases = [
        (
            torch.tensor([0.5], dtype=DOUBLE),
            torch.tensor([[1.0], [2.0]], dtype=DOUBLE),
            torch.tensor([1.0, 0.0], dtype=DOUBLE),
        ),
        (
            _draw(random, features, low=0.3),
            _draw(random, n, features, low=0.3),
            _labels(random, n),
        ),
    ]
    for weight, X, y in cases:
        got = _without_autograd(answer, weight, X, y)
        got = numbers(got, what="squared_gradient")
        if got.numel() == len(y) != len(weight):
            raise Misconception(
                "this is one number for each image: multiply by the inputs, "
                "X.T, to get one for each weight"
            )
        got = numbers(got, weight.shape, "squared_gradient")
        z = X @ weight
        p = torch.sigmoid(z)
        error, slope, n = p - y, p * (1 - p), len(y)
        expected = X.T @ (2 * error * slope) / n
        _name(
            got,
            expected,
            {
                "this is the gradient of the logistic loss: here the slopes "
                "of the square and of the sigmoid come in": X.T @ error / n,
                "the slope of the sigmoid is missing: one more factor, "
                "p (1 - p)": X.T @ (2 * error) / n,
                "the slope of a square is 2 (p - y): your 2 is missing": X.T
                @ (error * slope)
                / n,
                "the loss is a mean: divide by the number of images": expected
                * n,
                "the sign is turned round: the error is p - y": -expected,
                "the slope of the sigmoid is p (1 - p), with the "
                "probability, not the score": X.T
                @ (2 * error * z * (1 - z))
                / n,
                "the error compares the probability with y, not the score: "
                "apply the sigmoid first": X.T @ (2 * (z - y)) / n,
            },
            compare(weight=weight, X=X, y=y, expected=expected, yours=got),
        )


# --- Exercise 4 ------------------------------------------------------------


@check(right="it stops when the ground is flat, or when its steps are used up")
def descend_until(answer, random):
    _descend(answer, [1.0, 1.0], [0.0, 0.0], [3.0, 4.0], 0.1, 0.5, 500)
    bend = [round(random.uniform(0.5, 2), 2) for _ in range(3)]
    goal = [round(random.uniform(-2, 2), 2) for _ in range(3)]
    start = [g + round(random.uniform(1, 3), 2) for g in goal]
    lr, tolerance = round(random.uniform(0.1, 0.4), 2), 0.01
    _descend(answer, bend, goal, start, lr, tolerance, 1000)
    _descend(answer, bend, goal, goal, lr, tolerance, 50)
    _descend(answer, bend, goal, start, 0.001, tolerance, 7)
    start = torch.tensor(start, dtype=DOUBLE)
    _leaves_alone(
        answer,
        lambda weight: weight,
        start,
        0.1,
        tolerance,
        7,
        instead="write `weight = weight - ...`, not `weight -= ...`",
    )


def _descend(answer, bend, goal, start, lr, tolerance, max_steps):
    bend, goal, start = (
        torch.tensor(values, dtype=DOUBLE) for values in (bend, goal, start)
    )
    calls = 0

    def gradient(weight):
        nonlocal calls
        calls += 1
        if calls > 3 * max_steps + 10:
            raise Misconception(
                f"your loop goes on after max_steps = {max_steps}: count "
                "the steps and give up then"
            )
        return bend * (torch.as_tensor(weight) - goal)

    got = _or_none(answer, gradient, start, lr, tolerance, max_steps)
    right, right_steps = _run(bend, goal, start, lr, tolerance, max_steps)
    if got is None and right_steps < max_steps:
        answer(gradient, start, lr, tolerance, max_steps)  # not done yet
    if got is None:
        raise Misconception(
            "nothing is returned when max_steps are used up: a `return` "
            "after the loop"
        )
    if not isinstance(got, (tuple, list)) or len(got) != 2:
        raise Misconception(
            "return two things, the weights and the number of steps taken: "
            "`return weight, step`"
        )
    if (
        numbers(got[0], what="the first result").numel() == 1
        and numbers(got[1], what="the second result").shape == start.shape
    ):
        raise Misconception(
            "the two results are swapped: weights first, then the number of "
            "steps"
        )
    weight = numbers(got[0], start.shape, "the first result")
    steps = numbers(got[1], (), "the second result").item()
    shown = (
        f"gradient(w) = {brief(bend)} * (w - {brief(goal)}), "
        + compare(start=start, lr=lr, tolerance=tolerance, max_steps=max_steps)
        + f", expected {brief(right)} after {right_steps} steps, "
        f"yours {brief(weight)} after {steps:g}"
    )
    if close(weight, right) and steps == right_steps:
        return
    if right_steps == 0 and steps > 0:
        raise Misconception(
            "the start is already good enough: look at the gradient before "
            f"you step. {shown}"
        )
    if close(weight, right):
        raise Misconception(
            "the weights are right, the number of steps is not: count the "
            f"updates. {shown}"
        )
    before, after = (start - goal).norm(), (weight - goal).norm()
    if right_steps and not after <= before:
        raise Misconception(
            "the gradient is right but you step uphill: subtract it. " + shown
        )
    if right_steps and close(weight, start):
        raise Misconception(f"the weights never moved from the start. {shown}")
    variants = {
        "you stop when the largest slope is small; the norm takes all slopes "
        "together": lambda g, move: g.abs().max(),
        "you compare the length of the step with the tolerance, not the "
        "length of the gradient": lambda g, move: move.norm(),
        "you compare the square of the norm with the tolerance: take the "
        "root": lambda g, move: g.norm() ** 2,
    }
    for diagnosis, measure in variants.items():
        other, _ = _run(bend, goal, start, lr, tolerance, max_steps, measure)
        if close(weight, other) and not close(other, right):
            raise Misconception(f"{diagnosis}. {shown}")
    if steps > right_steps:
        raise Misconception(
            "it goes on although the gradient is short enough: compare "
            f"before the update. {shown}"
        )
    raise Misconception(f"it stops at another place. {shown}")


def _run(
    bend, goal, weight, lr, tolerance, max_steps, measure=lambda g, _: g.norm()
):
    for step in range(max_steps):
        grad = bend * (weight - goal)
        if measure(grad, lr * grad) < tolerance:
            return weight, step
        weight = weight - lr * grad
    return weight, max_steps


# --- Exercise 5 ------------------------------------------------------------


@check(right="the steepest wall of the valley sets the limit, not the labels")
def largest_rate(answer, random):
    n, features = random.randint(5, 9), random.randint(2, 4)
    cases = [
        torch.tensor([[1.0], [2.0], [2.0]], dtype=DOUBLE),
        torch.tensor([[3.0, 0.0], [0.0, 1.0]], dtype=DOUBLE),
        _draw(random, n, features),
    ]
    for X in cases:
        got = answer(X)
        if isinstance(got, torch.Tensor) and got.is_complex():
            got = got.real
        got = numbers(got, what="largest_rate")
        if got.numel() != 1:
            raise Misconception(
                "one rate for all directions: the largest curvature alone "
                "sets it"
            )
        got = numbers(got, (), "largest_rate")
        curvatures = torch.linalg.eigvalsh(X.T @ X / len(X))
        largest = curvatures[-1]
        expected = 2 / largest
        _name(
            got,
            expected,
            {
                "the loss is a mean over the images: divide the matrix by n": 2
                / (largest * len(X)),
                "at 1 / c a step lands on the lowest point; it still "
                "converges up to twice that": 1 / largest,
                "this is the curvature itself: the limit is 2 divided by "
                "it": largest,
                "the singular value must be squared to be a curvature": 2
                / largest.sqrt(),
                "a singular value of X, squared and divided by n, is the "
                "curvature": 2 / (largest * len(X)).sqrt(),
                "the smallest curvature sets no limit: take the largest": 2
                / curvatures[0],
                "this divides by the sum of all curvatures: one direction, "
                "the steepest, counts": 2 / curvatures.sum(),
                "this is the limit of the logistic loss at p = 1/2: here the "
                "loss is least squares": 8 / largest,
            },
            compare(X=X, expected=expected, yours=got),
        )


# --- Exercise 6 ------------------------------------------------------------


@check(right="the training data alone decides, and a dead pixel does no harm")
def standardise(answer, random):
    features = random.randint(2, 3)
    cases = [
        (
            torch.tensor([[1.0], [3.0], [5.0]], dtype=DOUBLE),
            torch.tensor([[3.0], [7.0]], dtype=DOUBLE),
        ),
        (
            _draw(random, 6, features) * torch.arange(1, features + 1),
            _draw(random, 4, features) + 1,
        ),
    ]
    for train, other in cases:
        _standardised(answer, train, other)
    train, other = cases[1]
    train, other = train.clone(), other.clone()
    train[:, 0] = 2.0
    other[:, 0] = torch.tensor([2.0, 3.0, 2.0, 2.0], dtype=DOUBLE)
    got = numbers(answer(train, other), other.shape, "standardise")
    expected = (other[:, 0] - 2)[:, None]
    shown = compare(
        column_of_train=train[:, 0],
        of_other=other[:, 0],
        expected=expected[:, 0],
        yours=got[:, 0],
    )
    if not got.isfinite().all():
        raise Misconception(
            "a column that never varies has a standard deviation of 0, and "
            f"you divide by it: divide by 1 there. {shown}"
        )
    if not close(got[:, :1], expected):
        raise Misconception(
            "a column that never varies in train is divided by 1, not by a "
            f"tiny number, and not dropped. {shown}"
        )
    _leaves_alone(
        answer,
        train,
        other,
        instead="write `other = other - ...`, not `other -= ...`",
    )


def _standardised(answer, train, other):
    got = numbers(answer(train, other), what="standardise")
    if got.shape == train.shape != other.shape:
        raise Misconception(
            "you return train; it is `other` that is to be standardised, "
            "with the numbers of train"
        )
    got = numbers(got, other.shape, "standardise")
    mean, std = train.mean(dim=0), train.std(dim=0)
    expected = (other - mean) / std
    biased = train.std(dim=0, correction=0)
    if close(got, (other - mean) / biased):
        return  # divided by n instead of n - 1: just as good
    own_mean, own_std = other.mean(dim=0), other.std(dim=0)
    low, high = train.min(dim=0).values, train.max(dim=0).values
    _name(
        got,
        expected,
        {
            "these are the statistics of `other` itself: use those of train": (
                other - own_mean
            )
            / own_std,
            "the mean comes from train, the spread from `other`: both come "
            "from train": (other - mean) / own_std,
            "the mean is not subtracted": other / std,
            "the spread is not divided out": other - mean,
            "divide by the standard deviation, not by its square, the "
            "variance": (other - mean) / std**2,
            "one mean and one spread for the whole table: each column has "
            "its own": (other - train.mean()) / train.std(),
            "this squeezes into 0 to 1 by minimum and maximum: subtract the "
            "mean, divide by the standard deviation": (other - low)
            / (high - low),
        },
        compare(train=train, other=other, expected=expected, yours=got),
    )


# --- Exercise 7 ------------------------------------------------------------


def _adam(weight, grads, lr, beta1, beta2, eps, **thinks):
    """Adam as it is, or as somebody thinks it is."""
    m = v = torch.zeros_like(weight)
    for t, grad in enumerate(grads, start=1):
        m = beta1 * m + (1 - beta1) * grad
        square = m**2 if thinks.get("squares_the_mean") else grad**2
        square = grad if thinks.get("no_square") else square
        v = m if thinks.get("one_tensor") else v
        v = beta2 * v + (1 - beta2) * square
        m = v if thinks.get("one_tensor") else m
        power = 1 if thinks.get("no_power") else t
        left_out = thinks.get("uncorrected", "")
        m_hat = m if "m" in left_out else m / (1 - beta1**power)
        v_hat = v if "v" in left_out else v / (1 - beta2**power)
        if thinks.get("keeps_corrected"):
            m, v = m_hat, v_hat
        if thinks.get("no_root"):
            size = v_hat + eps
        elif thinks.get("eps_in_root"):
            size = (v_hat + eps).sqrt()
        else:
            size = v_hat.sqrt() + eps
        step = lr * m_hat / size
        weight = weight + step if thinks.get("uphill") else weight - step
    return weight


@check(
    right="step for step what `torch.optim.Adam` does",
    forbidden=(
        "torch.optim.Adam",
        "torch.optim.AdamW",
        "torch.optim.adam.adam",
    ),
)
def adam(answer, random):
    features = random.randint(2, 4)
    drawn = [_draw(random, features, low=0.2) for _ in range(5)]
    cases = [
        (
            torch.tensor([1.0], dtype=DOUBLE),
            [torch.tensor([g], dtype=DOUBLE) for g in (2.0, -1.0)],
            (0.1, 0.9, 0.999, 1e-8),
        ),
        (
            _draw(random, features),
            drawn,
            (round(random.uniform(0.1, 0.5), 2), 0.8, 0.95, 1e-3),
        ),
    ]
    for weight, grads, (lr, beta1, beta2, eps) in cases:
        rest = (lr, beta1, beta2, eps)
        got = answer(weight, grads, lr, beta1=beta1, beta2=beta2, eps=eps)
        got = numbers(got, what="adam")
        got = numbers(got, weight.shape, "adam")
        expected = _adam(weight, grads, *rest)
        shown = compare(
            weight=weight,
            grads=grads,
            lr=lr,
            expected=expected,
            yours=got,
        )
        if not got.isfinite().all():
            raise Misconception(
                "a division by 0: the first step is t = 1, since at t = 0 "
                f"the correction divides by 0. {shown}"
            )
        beliefs = {
            "the step is right but you go uphill: subtract it": {"uphill": 1},
            "the averages start at 0 and are not corrected: divide them by "
            "1 - beta**t": {"uncorrected": "mv"},
            "only the first average is corrected: divide v by 1 - beta2**t "
            "as well": {"uncorrected": "v"},
            "only v is corrected: divide m by 1 - beta1**t as well": {
                "uncorrected": "m"
            },
            "the power t is missing: divide by 1 - beta**t": {"no_power": 1},
            "v averages grad**2, the squares, not the gradients": {
                "no_square": 1
            },
            "m and v are one and the same tensor: make two, or do not "
            "change them in place": {"one_tensor": 1},
            "the corrected averages are carried on: keep the uncorrected "
            "ones for the next step": {"keeps_corrected": 1},
            "the root is missing: divide by the square root of v": {
                "no_root": 1
            },
            "v averages the squares of the gradients, not the square of "
            "their average": {"squares_the_mean": 1},
            "eps is added after the root, not inside it": {"eps_in_root": 1},
        }
        variants = {
            text: _adam(weight, grads, *rest, **thinks)
            for text, thinks in beliefs.items()
        }
        variants["the two betas are swapped: beta1 is for the gradient"] = (
            _adam(weight, grads, lr, beta2, beta1, eps)
        )
        variants["beta1, beta2 and eps must be those that are passed in"] = (
            _adam(weight, grads, lr, 0.9, 0.999, 1e-8)
        )
        variants[
            "only one gradient was used: take a step for each of them"
        ] = _adam(weight, grads[-1:], *rest)
        variants["only the first gradient was used: a step for each"] = _adam(
            weight, grads[:1], *rest
        )
        _name(got, expected, variants, shown)
    _leaves_alone(
        answer,
        weight,
        grads,
        *rest,
        instead="write `weight = weight - ...`, not `weight -= ...`",
    )


# --- Exercise 8 ------------------------------------------------------------


@check(right="up in equal parts, down along half a cosine")
def warm_cosine(answer, random):
    drawn = (
        random.randint(20, 60),
        round(random.uniform(0.1, 3), 2),
        random.randint(4, 9),
    )
    for num_steps, peak, warmup in ((10, 1.0, 4), (8, 2.0, 0), drawn):
        _warmed(answer, num_steps, peak, warmup)


def _warmed(answer, num_steps, peak, warmup):
    steps = range(num_steps)
    given = [(step, num_steps, peak, warmup) for step in steps]
    got = [_or_none(answer, *one) for one in given]
    nothing = [rate is None for rate in got]
    if all(nothing):
        answer(*given[0])  # not done yet
    if any(nothing):
        raise Misconception(
            "nothing is returned after the warm-up: both parts need a `return`"
            if nothing[-1]
            else "nothing is returned in the warm-up: both parts need a "
            "`return`"
        )
    got = torch.stack([numbers(rate, (), "warm_cosine") for rate in got])

    def curve(fall, rise=lambda step: (step + 1) / warmup):
        """Every step's rate, from the share done after the warm-up."""
        return torch.tensor(
            [
                peak * rise(step)
                if step < warmup
                else peak * fall((step - warmup) / (num_steps - warmup))
                for step in steps
            ],
            dtype=DOUBLE,
        )

    left = (num_steps - warmup) / num_steps
    expected = curve(_half_cosine)
    whole = torch.tensor(
        [peak * _half_cosine(step / num_steps) for step in steps],
        dtype=DOUBLE,
    )
    late_join = torch.where(torch.arange(num_steps) < warmup, expected, whole)
    rest = num_steps - warmup
    joined = torch.arange(num_steps) == warmup
    too_high = peak * (warmup + 1) / max(1, warmup)
    variants = {
        "0 comes at step num_steps, not one earlier": curve(
            lambda done: _half_cosine(done * rest / (rest - 1))
        ),
        "step `warmup` already belongs to the cosine: write step < "
        "warmup": torch.where(joined, too_high, expected),
        "the first step has rate 0 and learns nothing: in the warm-up, "
        "step + 1": curve(_half_cosine, lambda step: step / warmup),
        "there is no warm-up: below `warmup` the rate rises": whole,
        "the warm-up is flat: it rises in equal parts": curve(
            _half_cosine, lambda step: 1
        ),
        "the cosine starts with the warm-up: it must start at its end, from "
        "the peak": late_join,
        "the cosine runs over num_steps, but only num_steps - warmup are "
        "left": curve(lambda done: _half_cosine(done * left)),
        "this goes down to minus the peak: (1 + cos) / 2 goes from 1 to "
        "0": curve(lambda done: math.cos(math.pi * done)),
        "this is a quarter of a cosine: it must land flat, so (1 + cos) / 2 "
        "over half a turn": curve(lambda done: math.cos(math.pi * done / 2)),
        "after the warm-up this falls on a straight line: along half a "
        "cosine": curve(lambda done: 1 - done),
        "the factor 1/2 is missing: this starts at twice the peak": curve(
            lambda done: 2 * _half_cosine(done)
        ),
        "the peak is not multiplied in": expected / peak,
    }
    wrong = ~((got - expected).abs() <= 1e-5 * peak)
    if not wrong.any():
        return
    at = int(wrong.nonzero()[0])
    shown = compare(
        step=at,
        num_steps=num_steps,
        peak=peak,
        warmup=warmup,
        expected=expected[at],
        yours=got[at],
    )
    _name(got, expected, variants, shown)


def _half_cosine(done):
    return (1 + math.cos(math.pi * done)) / 2
