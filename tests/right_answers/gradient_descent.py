"""Unusual right answers to the exercises on gradient descent by hand."""

import functools
import math

import numpy as np
import torch


def _surprise_by_loop(scores, y):
    total = 0.0
    for score, label in zip(scores.tolist(), y.tolist(), strict=True):
        z = score if label else -score
        total += max(-z, 0) + math.log1p(math.exp(-abs(z)))
    return total / len(scores)


def _slopes_in_place(loss, weight, h):
    found = []
    for i in range(len(weight)):
        weight[i] += h
        ahead = loss(weight)
        weight[i] -= 2 * h
        behind = loss(weight)
        weight[i] += h  # back where it was
        found.append((ahead - behind) / (2 * h))
    return found


def _slopes_by_numpy(loss, weight, h):
    found = []
    for i in range(len(weight)):
        ahead, behind = weight.numpy().copy(), weight.numpy().copy()
        ahead[i] += h
        behind[i] -= h
        rise = loss(torch.tensor(ahead)) - loss(torch.tensor(behind))
        found.append(rise.item() / (2 * h))
    return np.array(found)


def _slopes_float32(loss, weight, h):
    nudges = h * torch.eye(len(weight), dtype=torch.float32)
    w = weight.float()
    return [(loss(w + n) - loss(w - n)) / 2 / h for n in nudges]


def _squared_gradient_by_loops(weight, X, y):
    found = [0.0] * len(weight)
    for x, label in zip(X.tolist(), y.tolist(), strict=True):
        z = sum(w * v for w, v in zip(weight.tolist(), x, strict=True))
        p = 1 / (1 + math.exp(-z))
        for j in range(len(found)):
            found[j] += 2 * (p - label) * p * (1 - p) * x[j] / len(y)
    return found


def _squared_gradient_float32(weight, X, y):
    weight, X, y = weight.float(), X.float(), y.float()
    p = torch.sigmoid(X @ weight)
    return (X * (2 * (p - y) * p * (1 - p))[:, None]).mean(dim=0)


def _squared_gradient_of_columns(weight, X, y):
    p = torch.sigmoid(X @ weight[:, None])
    return (X.T @ (2 * (p - y[:, None]) * (p - p**2)) / len(y))[:, 0]


def _descend_while(gradient, start, lr, tolerance, max_steps):
    weight, steps = start, 0
    while steps < max_steps and gradient(weight).norm() >= tolerance:
        weight = weight - lr * gradient(weight)
        steps += 1
    return weight, steps


def _descend_by_recursion(gradient, start, lr, tolerance, max_steps):
    grad = gradient(start)
    if max_steps == 0 or grad.norm() < tolerance:
        return start, 0
    weight, steps = _descend_by_recursion(
        gradient, start - lr * grad, lr, tolerance, max_steps - 1
    )
    return weight, steps + 1


def _descend_in_place(gradient, start, lr, tolerance, max_steps):
    weight, steps = start.clone(), 0
    for _ in range(max_steps):
        grad = gradient(weight)
        if math.hypot(*grad.tolist()) < tolerance:
            break
        weight -= lr * grad
        steps += 1
    return [weight, torch.tensor(steps)]


def _descend_by_numpy(gradient, start, lr, tolerance, max_steps):
    weight = start.numpy().astype(np.float32)
    for step in range(max_steps):
        grad = np.asarray(gradient(torch.tensor(weight)))
        if np.linalg.norm(grad) < tolerance:
            return weight, step
        weight = weight - lr * grad
    return weight, max_steps


def _rate_by_numpy(X):
    X = X.numpy()
    return 2 / np.linalg.eigvals(X.T @ X / len(X)).real.max()


def _rate_where_positive(X):
    curvatures = torch.linalg.eigvalsh(X.T @ X / len(X))
    return (2 / curvatures[curvatures > 1e-9 * curvatures.max()]).min()


def _standardise_by_numpy(train, other):
    train, other = train.numpy(), other.numpy()
    std = np.std(train, axis=0)  # divided by n
    std[std == 0] = 1
    return (other - train.mean(axis=0)) / std


def _standardise_columns(train, other):
    result = torch.zeros_like(other)
    for j in range(train.shape[1]):
        column = train[:, j]
        spread = column.std() if column.max() > column.min() else 1.0
        result[:, j] = (other[:, j] - column.mean()) / spread
    return result


def _standardise_float32(train, other):
    train, other = train.float(), other.float()
    variance, mean = torch.var_mean(train, dim=0)
    return (other - mean) / torch.where(variance > 0, variance.sqrt(), 1)


def _adam_in_place(weight, grads, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    w = weight.clone()
    m, v = torch.zeros_like(w), torch.zeros_like(w)
    for t, grad in enumerate(grads, start=1):
        m.mul_(beta1).add_(grad, alpha=1 - beta1)
        v.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        size = (v / (1 - beta2**t)).sqrt().add_(eps)
        w.addcdiv_(m / (1 - beta1**t), size, value=-lr)
    return w


def _adam_of_numbers(weight, grads, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    result = []
    for j, w in enumerate(weight.tolist()):
        m = v = 0.0
        for t, grad in enumerate(grads, start=1):
            g = grad[j].item()
            m = beta1 * m + (1 - beta1) * g
            v = beta2 * v + (1 - beta2) * g * g
            root = math.sqrt(v / (1 - beta2**t))
            w -= lr * m / (1 - beta1**t) / (root + eps)
        result.append(w)
    return result


def _adam_float32(weight, grads, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    weight, m, v = weight.float(), 0, 0
    left1 = left2 = 1.0  # the powers of the betas, step by step
    for grad in grads:
        left1, left2 = left1 * beta1, left2 * beta2
        m = m + (1 - beta1) * (grad.float() - m)
        v = v + (1 - beta2) * (grad.float() ** 2 - v)
        size = (v / (1 - left2)) ** 0.5 + eps
        weight = weight - lr * m / (1 - left1) / size
    return weight


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
    "surprise": {
        "by softplus": lambda scores, y: torch.nn.functional.softplus(
            (1 - 2 * y) * scores
        ).mean(),
        "by logsigmoid": lambda scores, y: (
            -torch.nn.LogSigmoid()(torch.where(y == 1, scores, -scores)).mean()
        ),
        "by NumPy": lambda scores, y: np.logaddexp(
            0, (1 - 2 * y.numpy()) * scores.numpy()
        ).mean(),
        "in float32": lambda scores, y: (
            torch.logaddexp(torch.tensor(0.0), scores.float()) - y * scores
        ).mean(),
        "by a loop": _surprise_by_loop,
    },
    "slopes": {
        "in place, and put back": _slopes_in_place,
        "by NumPy": _slopes_by_numpy,
        "in float32": _slopes_float32,
        "the mean of both one-sided differences": lambda loss, weight, h: [
            ((loss(weight + e) - loss(weight)) / h) / 2
            + ((loss(weight) - loss(weight - e)) / h) / 2
            for e in h * torch.eye(len(weight))
        ],
    },
    "squared_gradient": {
        "by loops": _squared_gradient_by_loops,
        "in float32": _squared_gradient_float32,
        "by way of columns": _squared_gradient_of_columns,
    },
    "descend_until": {
        "with two looks a step": _descend_while,
        "by recursion": _descend_by_recursion,
        "in place, on a copy": _descend_in_place,
        "by NumPy, in float32": _descend_by_numpy,
    },
    "largest_rate": {
        "by singular values": lambda X: (
            2 * len(X) / torch.linalg.svdvals(X).max() ** 2
        ),
        "by the other product": lambda X: (
            2 / torch.linalg.eigvalsh(X @ X.T / len(X)).max()
        ),
        "by a norm": lambda X: (
            2 / torch.linalg.matrix_norm(X.T @ X / len(X), 2).item()
        ),
        "by NumPy": _rate_by_numpy,
        "the smallest of all rates": _rate_where_positive,
    },
    "standardise": {
        "by NumPy, divided by n": _standardise_by_numpy,
        "one column after the other": _standardise_columns,
        "in float32": _standardise_float32,
        "1 added where it is 0": lambda train, other: (
            (other - train.mean(0)) / (train.std(0) + (train.std(0) == 0))
        ),
    },
    "adam": {
        "in place, on a copy": _adam_in_place,
        "number by number": _adam_of_numbers,
        "in float32": _adam_float32,
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
