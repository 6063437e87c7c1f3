"""What learners really write in the exercises on Deep vision networks."""

import math

import numpy as np
import torch
from torch.nn import functional as F

OVER = (0, 2, 3)


def wide(*values):
    return [v[:, None, None] for v in values]


def norm(
    X,
    weight,
    bias,
    mean,
    var,
    training,
    over=OVER,
    correction=0,
    momentum=0.1,
    unbiased=True,
    root=True,
    live=None,
):
    """Batch normalisation with something wrong."""
    new_mean, new_var = mean, var
    own_mean = X.mean(dim=OVER)
    own_var = X.var(dim=OVER, correction=1 if unbiased else 0)
    if training:
        new_mean = (1 - momentum) * mean + momentum * own_mean
        new_var = (1 - momentum) * var + momentum * own_var
    m, v, weight, bias = wide(mean, var, weight, bias)
    if training if live is None else live:
        m = X.mean(dim=over, keepdim=True)
        v = X.var(dim=over, keepdim=True, correction=correction)
    scale = (v + 1e-5).sqrt() if root else v + 1e-5
    return (X - m) / scale * weight + bias, new_mean, new_var


def not_affine(*case):
    X, weight, *rest = case
    return norm(
        X, torch.ones_like(weight), torch.zeros_like(weight), *rest[1:]
    )


def moved_in_evaluation(X, weight, bias, mean, var, training):
    Y, *_ = norm(X, weight, bias, mean, var, training)
    return Y, *norm(X, weight, bias, mean, var, True)[1:]


def never_moved(X, weight, bias, mean, var, training):
    return norm(X, weight, bias, mean, var, training)[0], mean, var


def root_kept(X, weight, bias, mean, var, training):
    Y, new_mean, new_var = norm(X, weight, bias, mean, var, training)
    if training:
        new_var = 0.9 * var + 0.1 * X.std(dim=OVER)
    return Y, new_mean, new_var


def shortcut(X, Y, stride):
    X = X[:, :, ::stride, ::stride]
    return F.pad(X, (0, 0, 0, 0, 0, Y.shape[1] - X.shape[1]))


def joined(how):
    def function(X, branch, stride):
        Y = branch(X)
        return how(Y, shortcut(X, Y, stride))

    return function


def zeros_in_front(X, branch, stride):
    Y, X = branch(X), X[:, :, ::stride, ::stride]
    extra = Y.shape[1] - X.shape[1]
    return F.relu(Y + F.pad(X, (0, 0, 0, 0, extra, 0)))


def pooled(X, branch, stride):
    Y, X = branch(X), F.avg_pool2d(X, stride, ceil_mode=True)
    return F.relu(Y + shortcut(X, Y, 1))


def twice(X, branch, stride):
    Y = branch(X)
    return F.relu(2 * Y + shortcut(X, Y, stride))


def run_for_nothing(X, branch, stride):
    branch(X)
    Y = branch(X)
    return F.relu(Y + shortcut(X, Y, stride))


def without_gradient(X, branch, stride):
    with torch.no_grad():
        Y = branch(X)
    return F.relu(Y + shortcut(X, Y, stride))


def cut_off(X, branch, stride):
    Y = branch(X)
    return F.relu(Y + shortcut(X.detach(), Y, stride))


def for_squares(X, branch, stride):
    Y, X = branch(X), X[:, :, ::stride, ::stride]
    extra, side = Y.shape[1] - X.shape[1], X.shape[2]
    zeros = X.new_zeros(len(X), extra, side, side)
    return F.relu(Y + torch.cat([X, zeros], dim=1))


def by_new_values(X, weight, bias, mean, var, training):
    _, mean, var = norm(X, weight, bias, mean, var, training)
    return norm(X, weight, bias, mean, var, False)


def kept_of_all(X, weight, bias, mean, var, training):
    Y, *_ = norm(X, weight, bias, mean, var, training)
    if training:
        mean, var = 0.9 * mean + 0.1 * X.mean(), 0.9 * var + 0.1 * X.var()
    return Y, mean, var


def by_another_name(X, weight, bias, mean, var, training):
    mean, var = mean.clone(), var.clone()
    Y, *_ = torch._native_batch_norm_legit(
        X, weight, bias, mean, var, training, 0.1, 1e-5
    )
    return Y, mean, var


def in_numpy(X, weight, bias, mean, var, training):
    X, mean, var = X.numpy(), mean.numpy(), var.numpy()
    rows = np.moveaxis(X, 1, -1).reshape(-1, X.shape[1])
    use = (rows.mean(0), rows.var(0)) if training else (mean, var)
    if training:
        mean = mean + 0.1 * (use[0] - mean)
        var = var + 0.1 * (rows.var(0, ddof=1) - var)
    Z = (np.moveaxis(X, 1, -1) - use[0]) / np.sqrt(use[1] + 1e-5)
    Y = np.moveaxis(Z * weight.numpy() + bias.numpy(), -1, 1)
    return [*map(torch.from_numpy, (Y.copy(), mean, var))]


WRONG = {
    "he_std": {
        "what PyTorch draws unasked": lambda i, o, k: (3 * i * k * k) ** -0.5,
        "the 2 belongs under the root": lambda i, o, k: 2 / k / i**0.5,
        "the input channels alone": lambda i, o, k: (2 / i / o) ** 0.5 / k,
        "return one number": lambda i, o, k: [math.sqrt(2 / (i * k * k))],
        "that is the variance": lambda i, o, k: 2 / (i * k * k),
        "the 2 is missing": lambda i, o, k: 1 / math.sqrt(i * k * k),
        "not what comes out": lambda i, o, k: math.sqrt(2 / (o * k * k)),
        "Glorot and Bengio": lambda i, o, k: math.sqrt(2 / (i + o) / k**2),
        "kernel_size * kernel_size places": lambda i, o, k: math.sqrt(
            2 / (i * k)
        ),
        "a channel has a whole window": lambda i, o, k: math.sqrt(2 / i),
        "divide by their number": lambda i, o, k: math.sqrt(2 * i * k * k),
        "not 1 / (2 n)": lambda i, o, k: math.sqrt(0.5 / (i * k * k)),
        "a uniform draw": lambda i, o, k: math.sqrt(6 / (i * k * k)),
        "it is a spread, so a root": lambda i, o, k: 2 / i,
    },
    "batch_norm": {
        "not the gradient of X": (
            "def batch_norm(X, weight, bias, running_mean, running_var, "
            "training):\n"
            "    if training:\n"
            "        mean = X.detach().mean(dim=(0, 2, 3))\n"
            "        var = X.detach().var(dim=(0, 2, 3), correction=0)\n"
            "        n = X.numel() / X.shape[1]\n"
            "        running_mean = 0.9 * running_mean + 0.1 * mean\n"
            "        running_var = 0.9 * running_var + 0.1 * var * n / (n-1)\n"
            "    else:\n"
            "        mean, var = running_mean, running_var\n"
            "    scale = weight / (var + 1e-5).sqrt()\n"
            "    shift = bias - mean * scale\n"
            "    wide = scale[:, None, None], shift[:, None, None]\n"
            "    return X * wide[0] + wide[1], running_mean, running_var"
        ),
        "with an X that has a gradient it stops": in_numpy,
        "no gradient flows back to X": lambda *case: [
            part.detach() for part in norm(*case)
        ],
        "whatever the batch is": lambda *case: norm(*case, live=True),
        "not the running ones": lambda *case: norm(*case, live=False),
        "the root of the variance": lambda *case: norm(*case, root=False),
        "not by n - 1": lambda *case: norm(*case, correction=1),
        "a mean of its own": lambda *case: norm(*case, over=(0, 1, 2, 3)),
        "each image by itself": lambda *case: norm(*case, over=(2, 3)),
        "each place by itself": lambda *case: norm(*case, over=(0,)),
        "weight and bias are missing": not_affine,
        "0.9 of the old and 0.1 of the new": lambda *case: norm(
            *case, momentum=0.9
        ),
        "put the batch's in its place": lambda *case: norm(
            *case, momentum=1.0
        ),
        "yours stays as it is": never_moved,
        "in evaluation it must not move": moved_in_evaluation,
        "n / (n - 1)": lambda *case: norm(*case, unbiased=False),
        "not its root": root_kept,
        "return three things": lambda *case: norm(*case)[0],
        "over all maps of an image": lambda *case: norm(*case, over=(1, 2, 3)),
        "each column by itself": lambda *case: norm(*case, over=(0, 2)),
        "each row by itself": lambda *case: norm(*case, over=(0, 3)),
        "not with the new running values": by_new_values,
        "each map has one of its own": kept_of_all,
        "write it yourself": by_another_name,
        "return the output as a tensor": lambda *case: tuple(
            part.numpy() for part in norm(*case)
        ),
    },
    "conv_cost": {
        "times out_channels": lambda i, o, k, h, w: (
            i * k * k,
            i * k * k * h * w,
        ),
        "leave the biases out": lambda i, o, k, h, w: (
            i * o * k * k + o,
            i * o * k * k * h * w,
        ),
        "a window has kernel_size": lambda i, o, k, h, w: (
            i * o * k,
            i * o * k * h * w,
        ),
        "its weights count once": lambda i, o, k, h, w: (
            i * o * k * k * h * w,
            i * o * k * k * h * w,
        ),
        "times height and width": lambda i, o, k, h, w: (
            i * o * k * k,
            i * o * k * k,
        ),
        "not the additions": lambda i, o, k, h, w: (
            i * o * k * k,
            2 * i * o * k * k * h * w,
        ),
        "no border": lambda i, o, k, h, w: (
            i * o * k * k,
            i * o * k * k * (h - k + 1) * (w - k + 1),
        ),
        "return two things": lambda i, o, k, h, w: i * o * k * k,
        "return the weights as one number": lambda i, o, k, h, w: (
            [i * o * k * k],
            [i * o * k * k * h * w],
        ),
    },
    "residual": {
        "the shortcut is missing": lambda X, branch, stride: F.relu(branch(X)),
        "after the sum": joined(lambda Y, X: F.relu(Y) + X),
        "the ReLU is missing": joined(lambda Y, X: Y + X),
        "leave X itself": joined(lambda Y, X: F.relu(Y + F.relu(X))),
        "do not multiply": joined(lambda Y, X: F.relu(Y * X)),
        "do not subtract": joined(lambda Y, X: F.relu(Y - X)),
        "the zeros belong behind": zeros_in_front,
        "no mean": pooled,
        "a single run of the branch": run_for_nothing,
        "flows back to the branch": without_gradient,
        "flows back to X": cut_off,
        "Your code stopped": for_squares,
        "return a tensor": lambda *case: joined(
            lambda Y, X: F.relu(Y + X).detach().numpy()
        )(*case),
        "Not right: the branch's output, plus X": twice,
    },
}
