"""Right answers that are easily refused, on Deep vision networks."""

import math

import numpy as np
import torch
from torch.nn import functional as F


def by_moments(X, weight, bias, mean, var, training):
    """The variance as the mean of the squares minus the squared mean."""
    if training:
        first = torch.einsum("nchw->c", X) / (X.numel() / X.shape[1])
        own = (X**2).mean((0, 2, 3)) - first**2
        n = len(X) * X[0, 0].numel()
        mean, var = mean.lerp(first, 0.1), var.lerp(own * n / (n - 1), 0.1)
    else:
        first, own = mean, var
    places = X.permute(0, 2, 3, 1)
    Y = (places - first) * torch.rsqrt(own + 1e-5) * weight + bias
    return Y.permute(0, 3, 1, 2), mean, var


def map_by_map(X, weight, bias, mean, var, training):
    Y, mean, var = torch.empty_like(X), mean.clone(), var.clone()
    for c in range(X.shape[1]):
        values = X[:, c]
        m, v = mean[c].clone(), var[c].clone()
        if training:
            m, v = values.mean(), values.var(correction=0)
            mean[c] = torch.lerp(mean[c], m, 0.1)
            var[c] = torch.lerp(var[c], values.var(), 0.1)
        Y[:, c] = (values - m) * torch.rsqrt(v + 1e-5) * weight[c] + bias[c]
    return Y, mean, var


def folded(X, weight, bias, mean, var, training):
    """One factor and one number to add for each map."""
    m, v = mean, var
    if training:
        v, m = torch.var_mean(X, dim=(0, 2, 3), correction=0)
        mean = 0.9 * mean + 0.1 * m
        var = 0.9 * var + 0.1 * X.var(dim=(0, 2, 3))
    factor = weight / (v + 1e-5) ** 0.5
    Y = torch.einsum("nchw,c->nchw", X, factor)
    return Y + (bias - m * factor).view(1, -1, 1, 1), mean, var


def by_a_convolution(X, branch, stride):
    """The shortcut as a convolution of 1 x 1 that only copies."""
    Y = branch(X)
    copy = torch.eye(Y.shape[1], X.shape[1], dtype=X.dtype)
    return (Y + F.conv2d(X, copy[:, :, None, None], stride=stride)).clamp(0)


def concatenated(X, branch, stride):
    Y, X = branch(X), X[..., ::stride, ::stride]
    n, extra = len(X), Y.shape[1] - X.shape[1]
    zeros = torch.zeros(n, extra, *X.shape[2:], dtype=X.dtype)
    return torch.relu(Y + torch.cat([X, zeros], dim=1))


def filter_in_float32(X, branch, stride):
    """Refused beside float64 at first, and then judged in float32."""
    Y = branch(X)
    copy = torch.eye(Y.shape[1], X.shape[1], dtype=torch.float32)
    return F.relu(Y + F.conv2d(X, copy[:, :, None, None], stride=stride))


def only_the_first_maps(X, branch, stride):
    Y = branch(X).clone()
    Y[:, : X.shape[1]] += F.max_pool2d(X, 1, stride)
    return Y * (Y > 0)


RIGHT = {
    "he_std": {
        "by PyTorch's gain": lambda i, o, k: (
            torch.nn.init.calculate_gain("relu") / (i * k * k) ** 0.5
        ),
        "in NumPy": lambda i, o, k: np.sqrt(2.0) / np.sqrt(i * np.square(k)),
        "by way of logarithms": lambda i, o, k: math.exp(
            0.5 * (math.log(2) - math.log(i)) - math.log(k)
        ),
    },
    "batch_norm": {
        "by moments": by_moments,
        "map by map": map_by_map,
        "one factor for each map": folded,
    },
    "conv_cost": {
        "counted on a layer": lambda i, o, k, h, w: (
            torch.nn.Conv2d(i, o, k).weight.numel(),
            torch.nn.Conv2d(i, o, k).weight.numel() * h * w,
        ),
        "a list of floats": lambda i, o, k, h, w: [
            float(i * o * k**2),
            float(i * o * k**2 * h * w),
        ],
        "NumPy's own numbers": lambda i, o, k, h, w: (
            np.prod([i, o, k, k]),
            np.prod(np.array([i, o, k, k, h, w])),
        ),
    },
    "residual": {
        "a convolution that copies": by_a_convolution,
        "zeros put behind": concatenated,
        "added to the first maps alone": only_the_first_maps,
        "a filter in float32": filter_in_float32,
    },
}
