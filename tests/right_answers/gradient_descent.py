"""Unusual right answers to the exercises on gradient descent by hand."""

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
    return torch.stack(found)


def _slopes_by_numpy(loss, weight, h):
    found = []
    for i in range(len(weight)):
        ahead, behind = weight.numpy().copy(), weight.numpy().copy()
        ahead[i] += h
        behind[i] -= h
        rise = loss(torch.tensor(ahead)) - loss(torch.tensor(behind))
        found.append(rise.item() / (2 * h))
    return torch.from_numpy(np.array(found))


def _slopes_as_a_list_of_numbers(loss, weight, h):
    nudges = h * torch.eye(len(weight), dtype=torch.float64)
    rises = [(loss(weight + n) - loss(weight - n)).item() for n in nudges]
    return torch.tensor([r / 2 / h for r in rises], dtype=torch.float64)


def _squared_gradient_by_loops(weight, X, y):
    found = [0.0] * len(weight)
    for x, label in zip(X.tolist(), y.tolist(), strict=True):
        z = sum(w * v for w, v in zip(weight.tolist(), x, strict=True))
        p = 1 / (1 + math.exp(-z))
        for j in range(len(found)):
            found[j] += 2 * (p - label) * p * (1 - p) * x[j] / len(y)
    return torch.tensor(found, dtype=torch.float64)


def _squared_gradient_by_a_mean(weight, X, y):
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
    weight = start.numpy()
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
    return torch.tensor((other - train.mean(axis=0)) / std)


def _standardise_columns(train, other):
    result = torch.zeros_like(other)
    for j in range(train.shape[1]):
        column = train[:, j]
        spread = column.std() if column.max() > column.min() else 1.0
        result[:, j] = (other[:, j] - column.mean()) / spread
    return result


def _standardise_by_variance(train, other):
    variance, mean = torch.var_mean(train, dim=0)
    return (other - mean) / torch.where(variance > 0, variance.sqrt(), 1)


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
        "a list of numbers, made a tensor": _slopes_as_a_list_of_numbers,
        "the mean of both one-sided differences": lambda loss, weight, h: (
            torch.stack(
                [
                    ((loss(weight + e) - loss(weight)) / h) / 2
                    + ((loss(weight) - loss(weight - e)) / h) / 2
                    for e in h * torch.eye(len(weight))
                ]
            )
        ),
    },
    "squared_gradient": {
        "by loops": _squared_gradient_by_loops,
        "by a mean": _squared_gradient_by_a_mean,
        "by way of columns": _squared_gradient_of_columns,
    },
    "descend_until": {
        "with two looks a step": _descend_while,
        "by recursion": _descend_by_recursion,
        "in place, on a copy": _descend_in_place,
        "by NumPy": _descend_by_numpy,
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
        "by the variance": _standardise_by_variance,
        "1 added where it is 0": lambda train, other: (
            (other - train.mean(0)) / (train.std(0) + (train.std(0) == 0))
        ),
    },
}
