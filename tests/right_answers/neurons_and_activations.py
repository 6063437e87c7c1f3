"""Right answers in the exercises on neurons and activations, unusual ones."""

import math

import numpy as np
import torch

RIGHT = {
    "neuron": {
        "True or False": lambda x, weight, bias: weight @ x + bias > 0,
        "NumPy": lambda x, w, b: int(np.dot(w, x) + b > 0),
        "float32 numbers": lambda x, w, b: (
            (w.float() * x.float()).sum() + b > 0
        ).float(),
        "zip and plain numbers": lambda x, weight, bias: (
            1.0
            if math.fsum(a * float(w) for a, w in zip(x, weight, strict=True))
            > -float(bias)
            else 0.0
        ),
        "heaviside": lambda x, w, b: torch.heaviside(
            (w * x).sum() + b, torch.tensor(0.0)
        ),
    },
    "bias_through": {
        "a loop": lambda weight, point: (
            -sum(weight[i] * point[i] for i in range(len(point)))
        ),
        "NumPy": lambda w, p: -np.inner(w.numpy(), p.numpy()),
        "float32": lambda w, p: (-w.float()).dot(p.float()),
        "a matrix product": lambda w, p: -(w[None] @ p[:, None]),
    },
    "linear": {
        "einsum": lambda X, weight, bias: (
            torch.einsum("ni,oi->no", X, weight) + bias
        ),
        "rows of lists": lambda X, weight, bias: [
            [
                float(row @ w) + float(b)
                for w, b in zip(weight, bias, strict=False)
            ]
            for row in X
        ],
        "the bias as a weight": lambda X, weight, bias: (
            torch.cat([X, torch.ones(len(X), 1)], 1)
            @ torch.cat([weight, bias[:, None]], 1).T
        ),
        "in place on what is its own": (
            "def linear(X, weight, bias):\n"
            "    out = X @ weight.T\n"
            "    out += bias\n"
            "    return out\n"
        ),
        "torch.matmul, float32": lambda X, weight, bias: (
            torch.matmul(X.float(), weight.float().T) + bias.float()
        ),
    },
    "softmax": {
        "logsumexp": lambda s: (s - torch.logsumexp(s, 0)).exp(),
        "NumPy": lambda s: (
            np.exp(s.numpy() - s.numpy().max())
            / np.exp(s.numpy() - s.numpy().max()).sum()
        ),
        "plain numbers": lambda s: [
            1 / math.fsum(math.exp(min(b - a, 700)) for b in s.tolist())
            for a in s.tolist()
        ],
        "as a column": lambda s: (
            (s - max(s)).exp() / (s - max(s)).exp().sum()
        )[:, None],
    },
    "dead": {
        "ReLU and its sum": lambda weight, bias, X: (
            (X @ weight.T + bias).relu().sum(dim=0) == 0
        ),
        "the largest sum": lambda weight, bias, X: (
            (weight @ X.T + bias[:, None]).max(dim=1).values <= 0
        ),
        "a list": lambda weight, bias, X: [
            not any(float(x @ w + b) > 0 for x in X)
            for w, b in zip(weight, bias, strict=False)
        ],
        "0 and 1": lambda weight, bias, X: (
            ~(-bias < X @ weight.T).any(0)
        ).int(),
    },
    "collapse": {
        "a list": lambda w1, b1, w2, b2: [w2 @ w1, b2 + w2 @ b1],
        "by what comes out": (
            "def collapse(weight1, bias1, weight2, bias2):\n"
            "    def both(x):\n"
            "        return weight2 @ (weight1 @ x + bias1) + bias2\n"
            "    inputs = weight1.shape[1]\n"
            "    bias = both(torch.zeros(inputs))\n"
            "    columns = [both(x) - bias for x in torch.eye(inputs)]\n"
            "    return torch.stack(columns, dim=1), bias\n"
        ),
        "NumPy": lambda w1, b1, w2, b2: (
            w2.numpy() @ w1.numpy(),
            w2.numpy() @ b1.numpy() + b2.numpy(),
        ),
    },
    "tent": {
        "in another order": lambda left, peak, right: (
            [right, left, peak],
            [
                1 / (right - peak),
                1 / (peak - left),
                -1 / (peak - left) - 1 / (right - peak),
            ],
        ),
        "tensors": lambda left, peak, right: (
            torch.tensor([left, peak, right]),
            torch.tensor(
                [
                    1 / (peak - left),
                    (left - right) / ((peak - left) * (right - peak)),
                    1 / (right - peak),
                ]
            ),
        ),
        "by solving for the heights": (
            "def tent(left, peak, right):\n"
            "    t = torch.tensor([left, peak, right])\n"
            "    x = torch.tensor([peak, right, right + 1])\n"
            "    heights = torch.tensor([1.0, 0, 0])\n"
            "    a = torch.linalg.solve((x[:, None] - t).relu(), heights)\n"
            "    return list(t), list(a)\n"
        ),
    },
    "importance": {
        "divided by n": lambda w, X: abs(w) * X.std(dim=0, correction=0),
        "NumPy, divided by n": lambda w, X: np.abs(w) * np.std(X.numpy(), 0),
        "the spread of the products": lambda w, X: (w * X).std(dim=0),
        "a loop": lambda w, X: [
            float(w[j].abs() * X[:, j].std()) for j in range(len(w))
        ],
    },
}
