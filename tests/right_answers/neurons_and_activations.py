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
    "linear": {
        "einsum": lambda X, weight, bias: (
            torch.einsum("ni,oi->no", X, weight) + bias
        ),
        "new tensors of the default type": (
            "def linear(X, weight, bias):\n"
            "    Z = torch.zeros(len(X), len(weight))\n"
            "    for i in range(len(X)):\n"
            "        for j in range(len(weight)):\n"
            "            Z[i, j] = X[i] @ weight[j] + bias[j]\n"
            "    return Z\n"
        ),
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
        "torch.matmul": lambda X, weight, bias: (
            torch.matmul(X, weight.T) + bias
        ),
    },
    "softmax": {
        "logsumexp": lambda s: (s - torch.logsumexp(s, 0)).exp(),
        "NumPy inside": lambda s: torch.tensor(
            np.exp(s.numpy() - s.numpy().max())
            / np.exp(s.numpy() - s.numpy().max()).sum()
        ),
        "plain numbers": lambda s: torch.tensor(
            [
                1 / math.fsum(math.exp(min(b - a, 700)) for b in s.tolist())
                for a in s.tolist()
            ]
        ),
        "all pairs": lambda s: 1 / (s - s[:, None]).exp().sum(dim=1),
    },
    "collapse": {
        "recursion": (
            "def collapse(layers):\n"
            "    weight, bias = layers[-1]\n"
            "    if len(layers) == 1:\n"
            "        return weight, bias\n"
            "    first, offset = collapse(layers[:-1])\n"
            "    return weight @ first, weight @ offset + bias\n"
        ),
        "by what comes out": (
            "def collapse(layers):\n"
            "    def all_of_them(x):\n"
            "        for weight, bias in layers:\n"
            "            x = weight @ x + bias\n"
            "        return x\n"
            "    inputs = layers[0][0].shape[1]\n"
            "    start = torch.zeros(inputs, dtype=torch.float64)\n"
            "    bias = all_of_them(start)\n"
            "    ones = torch.eye(inputs, dtype=torch.float64)\n"
            "    columns = [all_of_them(x) - bias for x in ones]\n"
            "    return torch.stack(columns, dim=1), bias\n"
        ),
        "from the last layer down": (
            "def collapse(layers):\n"
            "    weight, bias = layers[-1]\n"
            "    for w, b in layers[-2::-1]:\n"
            "        bias = bias + weight @ b\n"
            "        weight = weight @ w\n"
            "    return [weight, bias]\n"
        ),
        "from a layer that does nothing": (
            "def collapse(layers):\n"
            "    inputs = layers[0][0].shape[1]\n"
            "    weight, bias = torch.eye(inputs), torch.zeros(inputs)\n"
            "    for w, b in layers:\n"
            "        weight, bias = w @ weight, w @ bias + b\n"
            "    return weight, bias\n"
        ),
    },
    "network": {
        "a counter": (
            "def network(X, layers):\n"
            "    for i, (weight, bias) in enumerate(layers):\n"
            "        X = X @ weight.T + bias\n"
            "        if i < len(layers) - 1:\n"
            "            X = torch.relu(X)\n"
            "    return X\n"
        ),
        "nn.functional": (
            "def network(X, layers):\n"
            "    *hidden, last = layers\n"
            "    for layer in hidden:\n"
            "        X = torch.nn.functional.linear(X, *layer).relu()\n"
            "    return torch.nn.functional.linear(X, *last)\n"
        ),
        "the bend first": (
            "def network(X, layers):\n"
            "    scores = None\n"
            "    for weight, bias in layers:\n"
            "        if scores is not None:\n"
            "            X = torch.maximum(scores, torch.tensor(0.0))\n"
            "        scores = X @ weight.T + bias\n"
            "    return scores\n"
        ),
        "recursion": (
            "def network(X, layers):\n"
            "    (weight, bias), *rest = layers\n"
            "    Z = X @ weight.T + bias\n"
            "    return network(Z * (Z > 0), rest) if rest else Z\n"
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
}
