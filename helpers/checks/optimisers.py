"""The checks of the exercises on optimisers."""

import math

import torch

from helpers.checks import (
    Misconception,
    check,
    diagnose,
    named,
    tensors,
    uniform,
)


def _times(factor, function):
    return lambda *arguments: factor * function(*arguments)


def _walk(step, weight, grads, memory, rest, memory_name, parts=1):
    """Where one gets who takes a step for each gradient, in order.

    step: from (weight, grad, memory, *rest) to the new weight and the new
        memory, which must be tensors as they were, so that a race can go on
    parts: how many things the memory is; the first two of several are tensors
    """
    shape, dtype = weight.shape, weight.dtype
    for grad in grads:
        got = step(weight, grad, memory, *rest)
        if not isinstance(got, tuple | list) or len(got) != 2:
            raise Misconception(
                f"return two things, the new weight and {memory_name}, not "
                f"{named(got)}"
            )
        weight, memory = got
        several = parts > 1
        if several and not _is_row(memory, parts):
            raise Misconception(
                f"return the new weight, and then {memory_name}, which are "
                f"{parts} things, not {named(memory)}"
            )
        for value in (weight, *(memory[:2] if several else [memory])):
            if not isinstance(value, torch.Tensor) or value.shape != shape:
                raise Misconception(
                    "return tensors of the shape that came in, which the "
                    f"next step needs, not {named(value)}"
                )
            if value.dtype != dtype:
                raise Misconception(
                    f"return tensors of the type that came in, {dtype}, and "
                    f"not {value.dtype}: the next gradient cannot be computed "
                    "with it"
                )
        weight = weight.detach()
        if several:
            memory = *(value.detach() for value in memory[:2]), *memory[2:]
        else:
            memory = memory.detach()
    return weight


def _is_row(value, count):
    return isinstance(value, tuple | list) and len(value) == count


def _momentum(weight, grad, velocity, lr, beta=0.9):
    velocity = beta * velocity + grad
    return weight - lr * velocity, velocity


def _rolls(step):
    """Who takes this step for one gradient after the other."""

    def roll(weight, grads, lr, beta):
        memory = torch.zeros_like(weight)
        return _walk(step, weight, grads, memory, (lr, beta), "velocity")

    return roll


def _side_by_side(random, *rest):
    """Three neurons as columns, each with a rate of its own, as in a race."""
    grads = [uniform(random, (2, 3), 0.2) for _ in range(4)]
    lr = uniform(random, 3, 0.1, 0.5)
    return uniform(random, (2, 3)), grads, lr, *rest


@check(
    right="what agrees adds up, what alternates cancels",
    forbidden=("torch.optim.Optimizer.__init__", "torch.optim.sgd.sgd"),
    ours=_momentum,
)
def momentum(answer, random):
    def rolled(weight, grads, lr, beta):
        memory, rest = torch.zeros_like(weight), (lr, beta)
        name = "the new velocity"
        return _walk(answer, weight, grads, memory, rest, name)

    fixed = tensors(
        ([1.0], [[2.0]], 0.5, 0.5),
        ([1.0], [[2.0], [3.0]], 0.5, 0.5),
        ([1.0], [[2.0], [-2.0], [2.0]], 0.25, 0.75),
        ([0.0, 3.0], [[1.0, -4.0], [1.0, 4.0], [1.0, -4.0]], 0.5, 0.9),
        ([5.0, -1.0], [[3.0, 0.0], [0.0, 0.0], [0.0, 2.0]], 0.1, 0.8),
        ([1.0, -1.0], [[0.5, 2.0], [-1.0, 0.5], [1.5, 1.0]], 0.5, 0.0),
        ([1.0, 0.0], [[500.0, 1.0], [-200.0, 3.0]], 0.5, 0.5),  # steep
    )
    cases = [(weight, list(grads), *rest) for weight, grads, *rest in fixed]
    for shape in ((4, 2), (5, 3)):
        grads = list(uniform(random, shape, 0.2))
        cases.append((grads[0] - 1, grads, round(random.random(), 2), 0.8))
    cases.append(_side_by_side(random, 0.7))
    truth = _rolls(_momentum)

    def like(new_velocity, move=lambda velocity, lr: -lr * velocity):
        """Who makes the velocity, and the step of it, in this way."""

        def step(weight, grad, velocity, lr, beta):
            velocity = new_velocity(beta, velocity, grad)
            return weight + move(velocity, lr), velocity

        return _rolls(step)

    def late(weight, grad, velocity, lr, beta):
        return weight - lr * velocity, beta * velocity + grad

    def forgets(weight, grad, velocity, lr, beta):
        return weight - lr * (beta * velocity + grad), velocity

    def keeps_gradient(weight, grad, velocity, lr, beta):
        return weight - lr * (beta * velocity + grad), grad

    def twice(weight, grad, velocity, lr, beta):
        velocity = beta * velocity + grad
        return weight - lr * (grad + beta * velocity), velocity

    mistakes = {
        "you go uphill: subtract the step, do not add it": like(
            lambda beta, v, g: beta * v + g, lambda v, lr: lr * v
        ),
        "this is plain descent: the velocity must be handed on, and beta of "
        "it kept": _rolls(forgets),
        "the gradient enters the velocity with its full size, not with the "
        "share 1 - beta": like(lambda beta, v, g: beta * v + (1 - beta) * g),
        "beta is the share of the old velocity that is kept, and you keep "
        "1 - beta of it": like(lambda beta, v, g: (1 - beta) * v + g),
        "nothing is lost to friction: keep only the share beta of the old "
        "velocity": like(lambda beta, v, g: v + g),
        "beta belongs to the old velocity, not to the gradient": like(
            lambda beta, v, g: v + beta * g
        ),
        "friction takes its share of the old velocity only, not of the new "
        "gradient": like(lambda beta, v, g: beta * (v + g)),
        "the step is taken with the old velocity: make the new one first, "
        "then step": _rolls(late),
        "you hand on the gradient: what the next step needs is the whole "
        "velocity": _rolls(keeps_gradient),
        "the gradient counts twice in the step (this is Nesterov's form): the "
        "step is lr times the velocity alone": _rolls(twice),
        "the rate is missing: the step is lr times the velocity": like(
            lambda beta, v, g: beta * v + g, lambda v, lr: -v
        ),
        "beta must be the one that is passed in, not a number of your own": (
            lambda w, grads, lr, beta: truth(w, grads, lr, 0.9)
        ),
    }
    otherwise = (
        "the new velocity is beta times the old one plus the gradient, and "
        "the step is -lr times the new velocity"
    )
    diagnose(rolled, cases, truth, mistakes, otherwise, tolerance=1e-4)


def _first_memory(weight):
    return torch.zeros_like(weight), torch.zeros_like(weight), 0


def _adam_step(weight, grad, memory, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v, t = memory
    t = t + 1
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return weight - lr * m_hat / (v_hat.sqrt() + eps), (m, v, t)


def _adam(
    square=lambda grad, m: grad**2,
    powers=lambda t: (t, t),
    move=lambda m, v, eps: m / (v.sqrt() + eps),
    first=1,
    carried=False,
    one_tensor=False,
    forgets=False,
):
    """Who takes the steps of Adam in this way."""

    def adam(weight, grads, lr, beta1, beta2, eps):
        m = v = torch.zeros_like(weight)
        for t, grad in enumerate(grads, start=first):
            if forgets:
                m = v = torch.zeros_like(weight)
            m = beta1 * m + (1 - beta1) * grad
            v = m if one_tensor else v
            v = beta2 * v + (1 - beta2) * square(grad, m)
            m = v if one_tensor else m
            i, j = powers(t)
            m_hat, v_hat = m / (1 - beta1**i), v / (1 - beta2**j)
            weight = weight - lr * move(m_hat, v_hat, eps)
            m, v = (m_hat, v_hat) if carried else (m, v)
        return weight

    return adam


@check(
    right="step for step what `torch.optim.Adam` does",
    forbidden=("torch.optim.Optimizer.__init__", "torch.optim.adam.adam"),
    ours=_adam_step,
)
def adam(answer, random):
    def walked(weight, grads, *rest):
        memory, name = _first_memory(weight), "the new memory (m, v, t)"
        return _walk(answer, weight, grads, memory, rest, name, parts=3)

    fixed = tensors(
        ([1.0], [[2.0]], 0.1, 0.9, 0.999, 1e-8),
        ([1.0], [[2.0], [-1.0]], 0.1, 0.9, 0.999, 1e-8),
        ([0.5], [[1.0], [0.25], [2.0]], 0.5, 0.5, 0.75, 0.5),
        ([0.0, 2.0], [[0.0, -3.0], [0.0, 1.0]], 0.25, 0.75, 0.5, 1e-3),
        ([1.0, -1.0], [[0.5, 2.0], [-1.0, 0.5], [1.5, 1.0]], 0.5, 0, 0.9, 1),
        ([3.0, 0.0, -2.0], [[500.0, -1.0, 0.01]], 0.25, 0.6, 0.9, 0.125),
        # A gradient of 0 still lets the averages fade, and a step follow.
        ([1.0, 2.0], [[2.0, 1.0], [0.0, 0.0], [1.0, 4.0]], 0.5, 0.5, 0.75, 1),
        ([1.0, 2.0], [[1e-9, -1e-9]], 0.5, 0.5, 0.75, 1e-10),  # nearly flat
    )
    cases = [(weight, list(grads), *rest) for weight, grads, *rest in fixed]
    for shape in ((5, 2), (4, 3), (8, 4)):
        grads = list(uniform(random, shape, 0.2))
        lr = round(random.uniform(0.1, 0.5), 2)
        cases.append((grads[0] - 1, grads, lr, 0.8, 0.95, 1e-3))
    cases.append(_side_by_side(random, 0.8, 0.9, 1e-3))
    truth, never = _adam(), math.inf  # a beta to the power of infinity is 0
    mistakes = {
        "the step is right but you go uphill: subtract the step, do not add "
        "it": _adam(move=lambda m, v, eps: -m / (v.sqrt() + eps)),
        "the averages start at 0 and are not corrected: divide them by "
        "1 - beta**t": _adam(powers=lambda t: (never, never)),
        "only the first average is corrected: divide v by 1 - beta2**t as "
        "well": _adam(powers=lambda t: (t, never)),
        "only v is corrected, not the first average: divide m by "
        "1 - beta1**t as well": _adam(powers=lambda t: (never, t)),
        "the correction never fades: divide by 1 - beta**t, with a t that "
        "grows by 1 at each step and goes back into the memory": _adam(
            powers=lambda t: (1, 1)
        ),
        "a division by 0: the first step is t = 1, so count before you "
        "correct": _adam(first=0),
        "every step is as the first one: put the new m, v and t into the "
        "memory that you return": _adam(forgets=True, powers=lambda t: (1, 1)),
        "m and v of the last step are lost: put the new ones into the memory "
        "that you return, not only t": _adam(forgets=True),
        "v averages grad**2, not the gradients": _adam(lambda grad, m: grad),
        "v averages the squares of the gradients, not the square of their "
        "average": _adam(lambda grad, m: m**2),
        "m and v are one and the same tensor: make two, or do not change "
        "them in place": _adam(one_tensor=True),
        "the corrected averages are carried on: keep the uncorrected ones "
        "for the next step": _adam(carried=True),
        "the root is missing: divide by the square root of v, not by v "
        "itself": _adam(move=lambda m, v, eps: m / (v + eps)),
        "eps is added after the root, which is taken of v alone, and not "
        "inside it": _adam(move=lambda m, v, eps: m / (v + eps).sqrt()),
        "eps must be the one that is passed in, not a number of your own": (
            lambda w, g, lr, b, c, eps: truth(w, g, lr, b, c, 1e-8)
        ),
        "eps plays no part: add the one that is passed in to the root": _adam(
            move=lambda m, v, eps: m / v.sqrt()
        ),
        "the step goes along the newest gradient: along m, their average": (
            lambda w, g, lr, b, c, eps: truth(w, g, lr, 0.0, c, eps)
        ),
        "the two betas are swapped: beta1 belongs to the gradient, beta2 to "
        "its square": lambda w, g, lr, b, c, eps: truth(w, g, lr, c, b, eps),
        "beta1, beta2 and eps must be those that are passed in, not numbers "
        "of your own": lambda w, g, lr, *_: truth(w, g, lr, 0.9, 0.999, 1e-8),
    }
    otherwise = "update m and v, correct both, step by -lr m / (sqrt(v) + eps)"
    diagnose(walked, cases, truth, mistakes, otherwise, tolerance=1e-4)


def _stops(
    better=lambda loss, best: loss < best,
    tired=lambda since, patience: since == patience,
    result=lambda best, at: best,
    since_best=True,
):
    """Who stops in this way."""

    def stop(losses, patience):
        best = since = 0
        for at in range(1, len(losses)):
            if better(losses[at], losses[best]):
                best = at
            last = losses[best] if since_best else losses[at - 1]
            worse = at != best if since_best else losses[at] >= last
            since = since + 1 if worse else 0
            if tired(since, patience):
                return result(best, at)
        return result(best, len(losses) - 1)

    return stop


@check(
    right="it keeps the best, and does not wait for ever for a better one",
    ours=_stops(),
)
def stop_early(answer, random):
    cases = [
        ([3.0, 2.0, 1.0, 2.0, 3.0], 1),
        ([3.0, 2.0, 1.0], 2),  # it never gets worse
        ([3.0, 2.0, 2.5, 1.0, 4.0, 0.5], 2),  # a rise that patience survives
        ([3.0, 2.0, 2.5, 1.0, 4.0, 0.5], 1),
        ([2.0, 3.0, 2.5, 1.0], 2),  # falling again, but no new best
        ([2.0, 3.0, 2.5, 1.0], 3),  # a new best with the last patience
        ([2.0, 1.0, 1.0, 0.5, 3.0], 1),  # as good is not better
        ([2.0, 1.0, 1.0, 1.0, 0.5], 3),
        ([5.0, 4.0, 4.5, 4.2, 4.1, 4.3, 3.0, 2.0], 4),
        ([5.0, 4.0, 4.5, 4.2, 4.1, 4.3, 3.0, 2.0], 5),
        ([1.0, 2.0, 3.0, 4.0], 3),
        ([1.0], 2),
        ([2.0, 1.0, 3.0], 2),  # the last is not the best
        ([3.0, 1.0, 1.0], 2),  # of equal ones the first
        ([2.0, 0.0, 1.0], 2),  # a loss of 0 is one too
        ([900.0, 300.0, 700.0, 500.0], 2),
        ([2.0, 1.0, 0.99995, 3.0], 2),  # a little lower is lower
        ([2.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 1.0], 7),
        ([3.0, 3.0, 1.0], 1),
        ([2.0, 3.0, 4.0, 5.0, 6.0, 1.0], 1),
        ([2.0, 3.0, 4.0, 5.0, 6.0, 1.0], 2),
        ([5.0, 6.0, 4.0, 4.5, 4.6, 1.0], 3),
        ([4.0, 3.0, 5.0, 2.0, 6.0, 7.0, 1.0], 2),
    ]
    for patience in (1, 2, 3):
        losses = [round(random.uniform(1, 9), 1) for _ in range(12)]
        cases.append((losses, patience))
    truth = _stops()
    mistakes = {
        "this is the best of all: after patience steps without a new best "
        "you have stopped, and cannot know what comes later": (
            lambda losses, patience: losses.index(min(losses))
        ),
        "this is where you stopped: the best weights are older, return the "
        "index of the best loss": _stops(result=lambda best, at: at),
        "patience is used up one loss too late: stop when patience losses in "
        "a row brought no new best": _stops(
            tired=lambda since, patience: since > patience
        ),
        "patience is used up one loss too early: stop only after patience "
        "losses without a new best": _stops(
            tired=lambda since, patience: since and since >= patience - 1
        ),
        "you stop at the first loss that is no new best: wait for patience "
        "of them in a row": lambda losses, patience: truth(losses, 1),
        "a loss that is only as good is not a new best: compare with < and "
        "not with <=": _stops(better=lambda loss, best: loss <= best),
        "compare with the best loss so far, not with the one before": _stops(
            since_best=False
        ),
        "this is the loss; return its index": (
            lambda losses, patience: losses[truth(losses, patience)]
        ),
    }
    otherwise = (
        "keep the index of the best loss so far, and stop when patience "
        "losses in a row were not below it"
    )
    diagnose(answer, cases, truth, mistakes, otherwise, kind="one number")


def _half(share):
    """The half cosine after this share of it."""
    return (1 + math.cos(math.pi * share)) / 2


def _rates(
    fall=_half,
    rise=lambda i, warmup: (i + 1) / warmup,
    share=lambda i, n, warmup: (i - warmup) / (n - warmup),
):
    """Who makes the rate rise and fall in this way."""

    def rate(step, num_steps, peak, warmup):
        if step < warmup:
            return peak * rise(step, warmup)
        return peak * fall(share(step, num_steps, warmup))

    return rate


@check(right="up in equal parts, down along half a cosine", ours=_rates())
def warm_cosine(answer, random):
    last = random.randint(12, 20), round(random.uniform(0.1, 3), 2), 5
    curves = (2, 3.0, 1), (3, 2.0, 0), (5, 0.5, 4), (40, 0.25, 3), last
    cases = [(i, *curve) for curve in curves for i in range(curve[0])]
    truth = _rates()
    mistakes = {
        "0 comes at step num_steps, which is never taken, and not one "
        "earlier": _rates(share=lambda i, n, w: (i - w) / (n - w - 1)),
        "step `warmup` already belongs to the cosine: write step < warmup, "
        "not <=": lambda i, n, p, w: truth(i, n, p * (1 + (i == w) / w), w),
        "the first step has rate 0 and learns nothing: in the warm-up, "
        "step + 1": _rates(rise=lambda i, warmup: i / warmup),
        "there is no warm-up, the cosine runs from the start: below `warmup` "
        "the rate rises": lambda i, n, peak, w: truth(i, n, peak, 0),
        "the warm-up is flat, at the peak from the start: it rises in equal "
        "parts": _rates(rise=lambda i, warmup: 1),
        "the cosine starts with the warm-up: it must start at its end, from "
        "the peak": _rates(share=lambda i, n, warmup: i / n),
        "the cosine runs over num_steps, but only num_steps - warmup are "
        "left": _rates(share=lambda i, n, warmup: (i - warmup) / n),
        "this goes down to minus the peak, but (1 + cos) / 2 goes from 1 to "
        "0": _rates(lambda share: math.cos(math.pi * share)),
        "this is a quarter of a cosine: it must land flat, so (1 + cos) / 2 "
        "over half a turn": _rates(lambda s: math.cos(math.pi * s / 2)),
        "after the warm-up this falls on a straight line: along half a "
        "cosine": _rates(lambda share: 1 - share),
        "the factor 1/2 is missing, so that the cosine starts at twice the "
        "peak": _rates(_times(2, _half)),
        "the peak is not multiplied in": lambda i, n, p, w: truth(i, n, 1, w),
    }
    otherwise = "take peak (step + 1) / warmup, then half a cosine to 0"
    diagnose(
        answer,
        cases,
        truth,
        mistakes,
        otherwise,
        tolerance=1e-4,
        kind="one number",
    )
