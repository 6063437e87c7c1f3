"""Unusual right answers to the exercises on optimisers."""

import functools
import math

import numpy as np
import torch


def _momentum_with_the_rate_inside(weight, grad, velocity, lr, beta=0.9):
    velocity = beta * velocity - lr * grad
    return weight + velocity, velocity


def _momentum_in_place(weight, grad, velocity, lr, beta=0.9):
    velocity = velocity.clone().mul_(beta).add_(grad)
    return [weight.sub(lr * velocity), velocity]


def _adam_in_place(weight, grad, memory, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v, t = memory[0].clone(), memory[1].clone(), memory[2] + 1
    m.mul_(beta1).add_(grad, alpha=1 - beta1)
    v.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
    size = (v / (1 - beta2**t)).sqrt().add_(eps)
    return weight - lr * (m / (1 - beta1**t)).div_(size), (m, v, t)


def _adam_with_powers(weight, grad, memory, lr, beta1=0.9, beta2=0.999, eps=1):
    m, v, left = memory
    left1, left2 = left or (1.0, 1.0)  # the powers of the betas, by steps
    left1, left2 = left1 * beta1, left2 * beta2
    m = torch.lerp(grad, m, beta1)
    v = torch.lerp(grad**2, v, beta2)
    size = (v / (1 - left2)) ** 0.5 + eps
    return weight - lr * m / (1 - left1) / size, (m, v, (left1, left2))


def _adam_by_lerp(w, grad, memory, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = torch.lerp(grad, memory[0], beta1)
    v, t = torch.lerp(grad * grad, memory[1], beta2), memory[2] + 1
    size = torch.sqrt(v / (1 - beta2**t)) + eps
    return w - lr * (m / (1 - beta1**t)) / size, [m, v, t]


def _stop_while(losses, patience):
    best, at = 0, 1
    while at < len(losses) and at - best <= patience:
        if losses[at] < losses[best]:
            best = at
        at += 1
    return best


def _stop_by_counting(losses, patience):
    best, left, answer = math.inf, patience, 0
    for position, loss in enumerate(losses):
        if loss < best:
            best, left, answer = loss, patience, position
        else:
            left -= 1
        if left == 0:
            break
    return answer


def _stop_by_numpy(losses, patience):
    losses = np.array(losses)
    for end in range(len(losses)):
        best = losses[: end + 1].argmin()
        if end - best >= patience:
            break
    return best


def _rate_changed_in_place(step, num_steps, peak, warmup):
    if step < warmup:
        peak *= (step + 1) / warmup
    else:
        done = (step - warmup) / (num_steps - warmup)
        peak *= math.cos(math.pi * done / 2) ** 2
    return peak


def _rate_from_a_table(step, num_steps, peak, warmup):
    rest = num_steps - warmup
    up = [peak * (i + 1) / warmup for i in range(warmup)]
    down = [peak * (1 + math.cos(math.pi * i / rest)) / 2 for i in range(rest)]
    return (up + down)[step]


RIGHT = {
    "momentum": {
        "the rate inside the velocity": _momentum_with_the_rate_inside,
        "in place, on a copy": _momentum_in_place,
        "in one line": lambda w, g, v, lr, beta=0.9: (
            w - lr * (beta * v + g),
            beta * v + g,
        ),
    },
    "adam": {
        "in place, on a copy": _adam_in_place,
        "powers of the betas for t": _adam_with_powers,
        "by lerp": _adam_by_lerp,
    },
    "stop_early": {
        "by a while": _stop_while,
        "by counting down": _stop_by_counting,
        "by NumPy": _stop_by_numpy,
    },
    "warm_cosine": {
        "its argument changed": _rate_changed_in_place,
        "from a table": _rate_from_a_table,
        "by one function for all": functools.partial(
            lambda half, i, n, peak, warmup: (
                peak * (i + 1) / warmup
                if i < warmup
                else peak * half((i - warmup) / (n - warmup))
            ),
            lambda share: 0.5 + 0.5 * np.cos(np.pi * share),
        ),
    },
}
