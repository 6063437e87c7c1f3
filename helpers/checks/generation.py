"""The checks of the exercises on image generation."""

import functools
import warnings

import torch
from scipy.linalg import sqrtm

from helpers.checks import (
    Misconception,
    check,
    diagnose,
    draws,
    learns_through,
    numbers,
    same,
    tensors,
    uniform,
)
from helpers.flow import euler as _euler
from helpers.flow import guided as _guided
from helpers.generated import frechet_distance as _frechet_distance
from helpers.vae import reparametrise as _reparametrise

# What the check follows, and how it is written in a verdict.
VELOCITIES = {
    "2 * t + 1": lambda x, t: 0 * x + 2 * t + 1,
    "x": lambda x, t: 1 * x,
    "(1 - t) * x + t": lambda x, t: (1 - t) * x + t,
    "t * x - 1": lambda x, t: t * x - 1,
}
WRITTEN = {function: text for text, function in VELOCITIES.items()}


@check(right="equal steps, each with the velocity of its place and time",
       ours=_euler)  # fmt: skip
def euler(answer, random):
    def draw(random):
        velocity = random.choice([*VELOCITIES.values()])
        shape = random.choice((1, 2, (2, 2)))
        return velocity, uniform(random, shape), random.randint(2, 5)

    def steps(velocity, x, num_steps, time=None, size=None, sign=1, count=0):
        time = time or (lambda step, n: step / n)
        size = 1 / num_steps if size is None else size
        for step in range(num_steps + count):
            x = x + sign * size * velocity(x, time(step, num_steps))
        return x

    def timed(time):
        return lambda v, x, n: steps(v, x, n, time)

    def velocity_of_the_start(velocity, x, num_steps):
        start = x
        for step in range(num_steps):
            x = x + velocity(start, step / num_steps) / num_steps
        return x

    def first_alone(velocity, x, num_steps):
        return x + velocity(x, 0) / num_steps

    def asking(velocity, x, num_steps):
        def asked(y, t):
            if getattr(y, "shape", None) != x.shape:
                raise Misconception(
                    "velocity takes all places at once: `velocity(x, t)` with "
                    f"an x of shape {tuple(x.shape)}, as you are given it"
                )
            if getattr(t, "ndim", 0) or isinstance(t, list | tuple):
                raise Misconception(
                    "the time that velocity takes is one number, not one for "
                    "each place"
                )
            return velocity(y, t)

        return answer(asked, x, num_steps)

    mistakes = {
        "the time stands still at 0: the step with number `step` begins at "
        "step / num_steps": timed(lambda step, n: 0.0),
        "each step takes the velocity of its end: it begins at step / "
        "num_steps, with step 0 first": timed(lambda s, n: (s + 1) / n),
        "time runs backwards: it begins at 0, the noise": timed(
            lambda step, n: 1 - step / n
        ),
        "time begins at 1 and falls: it begins at 0 and ends at 1": timed(
            lambda step, n: 1 - (step + 1) / n
        ),
        "time is a share of the way, from 0 to 1, not the number of the "
        "step": timed(lambda step, n: step),
        "the last step would begin at time 1, where the way ends: they begin "
        "at 0, 1 / num_steps, 2 / num_steps and so on": timed(
            lambda step, n: step / (n - 1)
        ),
        "the velocity is multiplied by how long a step lasts, 1 / "
        "num_steps": lambda v, x, n: steps(v, x, n, size=1),
        "add the step, do not subtract it": lambda v, x, n: steps(
            v, x, n, sign=-1
        ),
        "that is one step too many: num_steps of them": lambda v, x, n: steps(
            v, x, n, count=1
        ),
        "that is one step too few: num_steps of them": lambda v, x, n: steps(
            v, x, n, count=-1
        ),
        "each step takes the velocity of where x is by then, not of where it "
        "began": velocity_of_the_start,
        "that is the first step alone": first_alone,
        "x has not moved": lambda v, x, n: x,
    }
    cases = tensors(
        (VELOCITIES["2 * t + 1"], [1.0], 1),
        (VELOCITIES["2 * t + 1"], [1.0], 2),
        (VELOCITIES["x"], [1.0], 2),
        (VELOCITIES["(1 - t) * x + t"], [2.0, 0.0], 2),
        (VELOCITIES["t * x - 1"], [2.0, 1.0], 4),
    )
    otherwise = (
        "num_steps times, x moves by the velocity of its place and time, "
        "divided by num_steps"
    )
    diagnose(
        asking,
        cases + draws(draw, random),
        steps,
        mistakes,
        otherwise,
        show=lambda velocity, x, num_steps: {
            "velocity": WRITTEN[velocity],
            "x": x,
            "num_steps": num_steps,
        },
        kind="a tensor",
    )


@check(right="0 ignores the class, 1 is the network itself, more is more",
       ours=_guided)  # fmt: skip
def guided(answer, random):
    def draw(random):
        shape = random.choice((1, 2, (2, 2)))
        strength = random.choice((-1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 8.0))
        return uniform(random, shape), uniform(random, shape), strength

    def truth(with_class, without, strength):
        return without + strength * (with_class - without)

    mistakes = {
        "strength 1 must give with_class itself; you begin at with_class "
        "and go on: begin at without": lambda c, w, s: c + s * (c - w),
        "the two have changed places: strength 0 must give "
        "without": lambda c, w, s: c + s * (w - c),
        "that leads away from the class: with_class minus without, not the "
        "other way round": lambda c, w, s: w + s * (w - c),
        "multiply the difference of the two, not with_class "
        "alone": lambda c, w, s: w + s * c,
        "that is only the difference: it is added to "
        "without": lambda c, w, s: s * (c - w),
        "the difference is added once, whatever the strength "
        "is": lambda c, w, s: c,
        "multiply only the difference by the strength": lambda c, w, s: s * c,
        "strength says how many times the difference is taken, so it goes "
        "beyond 1; do not limit it": lambda c, w, s: truth(c, w, min(s, 1)),
        "nothing of the class is left: add the difference, strength "
        "times": lambda c, w, s: w,
    }
    cases = tensors(
        ([3.0], [1.0], 1.0),
        ([3.0], [1.0], 2.0),
        ([3.0, -1.0], [1.0, 2.0], 0.0),
        ([3.0, -1.0], [1.0, 2.0], 1.5),
    )
    otherwise = "start from `without` and add the difference, strength times"
    cases += draws(draw, random)
    diagnose(answer, cases, truth, mistakes, otherwise, kind="a tensor")


@check(right="it agrees with the root of the matrix that SciPy takes",
       ours=_frechet_distance)  # fmt: skip
def frechet_distance(answer, random):
    def draw(random):
        columns = random.choice((2, 3))
        # Of as many rows as columns, the covariance has an eigenvalue of 0.
        rows = random.randint(columns, 7), random.randint(columns + 2, 7)
        A, B = (uniform(random, (count, columns)) for count in rows)
        B[:, 0] = 2 * B[:, 0] + 1
        return A, B

    def root(product):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of an eigenvalue of 0
            return torch.as_tensor(sqrtm(product.numpy()).real.copy())

    def parts(A, B):
        return A.mean(dim=0) - B.mean(dim=0), torch.cov(A.T), torch.cov(B.T)

    def truth(A, B):
        apart, C, D = parts(A, B)
        spread = C.trace() + D.trace() - 2 * root(C @ D).trace()
        return apart.square().sum() + spread

    def by_n(A, B):
        apart, C, D = parts(A, B)
        C, D = C * (1 - 1 / len(A)), D * (1 - 1 / len(B))
        spread = C.trace() + D.trace() - 2 * root(C @ D).trace()
        return apart.square().sum() + spread

    def changed(of_means=None, of_roots=None, factor=2, sign=1, ends=True):
        def function(A, B):
            apart, C, D = parts(A, B)
            means = (
                apart.square().sum() if of_means is None else of_means(apart)
            )
            roots = root(C @ D).trace() if of_roots is None else of_roots(C, D)
            traces = C.trace() + D.trace() if ends else 0
            return means + sign * (traces - factor * roots)

        return function

    def symmetric(C, D):
        return torch.linalg.eigvalsh(C @ D).clamp(min=0).sqrt().sum()

    def raw_symmetric(C, D):
        return torch.linalg.eigvalsh(C @ D).sqrt().sum()

    def by_rows(A, B):
        apart, *_ = parts(A, B)
        C, D = torch.cov(A), torch.cov(B)
        spread = C.trace() + D.trace() - 2 * root(C @ D).trace()
        return apart.square().sum() + spread

    mistakes = {
        "torch.cov takes a row for each variable, and your features are the "
        "columns: torch.cov(A.T)": by_rows,
        "only the means are compared: the covariances count "
        "too": lambda A, B: parts(A, B)[0].square().sum(),
        "only the covariances are compared: the squared distance of the "
        "means is missing": changed(lambda apart: 0),
        "the distance of the means is squared": changed(lambda a: a.norm()),
        "sum the squared differences of the means, do not average "
        "them": changed(lambda a: a.square().mean()),
        "the roots are missing: the root of each eigenvalue of C @ D": changed(
            of_roots=lambda C, D: (C @ D).trace()
        ),
        "C @ D is not symmetric, and eigvalsh looks at one half of it: use "
        "torch.linalg.eigvals": changed(of_roots=symmetric),
        "C @ D is not symmetric, and eigvalsh looks at one half of it; use "
        "torch.linalg.eigvals": changed(of_roots=raw_symmetric),
        "the root of a matrix is not the root of each entry: sum the roots "
        "of its eigenvalues": changed(
            of_roots=lambda C, D: (C @ D).sqrt().trace()
        ),
        "the root of a sum is not the sum of roots: the root of each "
        "eigenvalue comes first": changed(
            of_roots=lambda C, D: (C @ D).trace().sqrt()
        ),
        "the roots count twice: minus 2 times their sum": changed(factor=1),
        "subtract the roots: two equal clouds have distance 0": changed(
            factor=-2
        ),
        "the traces of both covariances are missing": changed(ends=False),
        "that is the root of it: leave it squared": lambda A, B: (
            truth(A, B).clamp(min=0).sqrt()
        ),
        "the spread along each column is not enough: the covariances, not "
        "only their diagonals": changed(
            of_roots=lambda C, D: (C.diagonal() * D.diagonal()).sqrt().sum()
        ),
    }
    cases = tensors(
        (
            [[0.0, 0.0], [1.0, 2.0], [2.0, 1.0]],
            [[1.0, 0.0], [3.0, -1.0], [2.0, 4.0]],
        ),
        (
            [[0.0, 1.0], [2.0, 0.0], [1.0, 4.0], [3.0, 3.0]],
            [[2.0, 1.0], [6.0, 0.0], [4.0, 5.0], [8.0, 3.0]],
        ),
    )
    otherwise = (
        "the squared distance of the means, plus both traces, minus twice "
        "the sum of the roots of the eigenvalues of C @ D"
    )

    @functools.wraps(answer)
    def real(A, B):
        value = answer(A, B)
        if torch.is_tensor(value) and value.is_complex():
            raise Misconception(
                "your number is complex, because eigenvalues can be: take "
                "the roots, and of their sum the real part, .real"
            )
        return value

    diagnose(
        real,
        cases + draws(draw, random),
        truth,
        mistakes,
        otherwise,
        also=[by_n],
        tolerance=1e-4,
        kind="one number",
    )


@check(right="the noise is stretched to the spread and moved to the mean",
       ours=_reparametrise)  # fmt: skip
def reparametrise(answer, random):
    def draw(random):
        shape = random.choice((1, 2, 3, (2, 2)))
        return tuple(uniform(random, shape) for _ in range(3))

    def truth(mean, log_variance, noise):
        return mean + (log_variance / 2).exp() * noise

    mistakes = {
        "that multiplies by the variance: the spread is its root, so halve "
        "the logarithm": lambda m, v, e: m + v.exp() * e,
        "it is the logarithm that is halved, before exp": lambda m, v, e: (
            m + v.exp() / 2 * e
        ),
        "log_variance is a logarithm: exp undoes it": lambda m, v, e: (
            m + v * e
        ),
        "half of the logarithm is still a logarithm: exp undoes "
        "it": lambda m, v, e: m + v / 2 * e,
        "the root is that of the variance, not of its "
        "logarithm": lambda m, v, e: m + v.sqrt() * e,
        "a large variance must give a large spread: no "
        "minus": lambda m, v, e: m + (-v / 2).exp() * e,
        "twice the logarithm is the square of the variance: halve it": (
            lambda m, v, e: m + (2 * v).exp() * e
        ),
        "the noise is missing: multiply the spread by it": lambda m, v, e: (
            m + (v / 2).exp()
        ),
        "the spread is missing: multiply the noise by it": lambda m, v, e: (
            m + e
        ),
        "the mean is missing": lambda m, v, e: (v / 2).exp() * e,
        "the spread stretches the noise alone, not the mean": lambda m, v, e: (
            (m + e) * (v / 2).exp()
        ),
        "add the mean, do not subtract it": lambda m, v, e: (
            (v / 2).exp() * e - m
        ),
        "that is the mean alone: the noise is missing": lambda m, v, e: m,
    }
    cases = tensors(
        ([1.0], [0.0], [2.0]),
        ([1.0], [2.0], [1.0]),
        ([0.5, -1.0], [-1.0, 1.0], [1.0, -2.0]),
        ([3.0, 0.0], [1.5, 0.5], [0.5, 1.0]),
    )
    otherwise = "the mean, plus the spread multiplied by the noise"
    one, other = (numbers(answer(*cases[0])) for _ in range(2))
    if not same(one, other):
        raise Misconception(
            "two calls with the same noise must return the same: use the "
            "noise that you are given, and draw none of your own"
        )
    cases += draws(draw, random)
    diagnose(answer, cases, truth, mistakes, otherwise, kind="a tensor")
    for index, name in enumerate(("mean", "log_variance")):
        arguments = [value.clone() for value in cases[2]]
        arguments[index].requires_grad_()
        learns_through(answer, arguments, name)
