"""Right answers that are easily refused, on speech synthesis."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


def cut_after(x, weight, bias, dilation):
    back = dilation * (weight.shape[2] - 1)
    out = F.conv1d(x, weight, bias, padding=back, dilation=dilation)
    return out[:, :, : x.shape[2]]


def column_by_column(x, weight, bias, dilation):
    out, width = bias[:, None], weight.shape[2]
    for k in range(width):
        back = dilation * (width - 1 - k)
        shifted = F.pad(x, (back, 0))[:, :, : x.shape[2]]
        out = out + weight[:, :, k] @ shifted
    return out


def with_zeros(x, weight, bias, dilation=1):
    zeros = x.new_zeros(*x.shape[:2], dilation * (weight.shape[2] - 1))
    return nn.functional.conv1d(
        torch.cat([zeros, x], dim=-1), weight, bias, 1, 0, dilation
    )


def walking_back(dilations, width):
    first = 0
    for dilation in reversed(dilations):
        first -= dilation * (width - 1)
    return 1 - first


def as_set(dilations, width):
    seen = {0}
    for dilation in dilations:
        seen = {s + dilation * k for s in seen for k in range(width)}
    return max(seen) + 1


def by_searching(logits, u):
    sums = logits.softmax(dim=1).cumsum(dim=1)
    sums[:, -1] = 2
    return torch.searchsorted(sums, u[:, None].contiguous(), right=True)[:, 0]


def row_by_row(logits, u):
    codes = []
    for row, one in zip(logits, u, strict=True):
        total, code = 0.0, 0
        for code, p in enumerate(torch.softmax(row, 0)):  # noqa: B007
            total += p
            if total > one:
                break
        codes.append(code)
    return torch.tensor(codes)


def in_numpy(logits, u):
    p = np.exp(logits.numpy() - logits.numpy().max(1, keepdims=True))
    sums = (p / p.sum(1, keepdims=True)).cumsum(1)
    sums[:, -1] = np.inf
    return (sums > u.numpy()[:, None]).argmax(1)


def one_matrix(x, memory, weight, bias):
    pair = torch.stack([memory[:, 0], x], dim=1)  # (inputs, 2)
    out = (weight * pair).sum(dim=(1, 2)) + bias
    return out, torch.cat([memory, x.unsqueeze(1)], dim=1)[:, 1:]


def by_conv(x, memory, weight, bias):
    all_of_it = torch.cat([memory, x[:, None]], dim=1)
    dilation = memory.shape[1]
    out = F.conv1d(all_of_it[None], weight, bias, dilation=dilation)
    return [out[0, :, 0], all_of_it[:, 1:]]


def rolled(x, memory, weight, bias):
    out = torch.einsum("oi,i->o", weight[..., 0], memory[:, 0])
    out = out + torch.einsum("oi,i->o", weight[..., 1], x) + bias
    new = memory.roll(-1, dims=1)
    new[:, -1] = x
    return out, new


RIGHT = {
    "causal_conv": {
        "padded on both sides, the end cut off": cut_after,
        "a shifted product for each column": column_by_column,
        "zeros put in front by hand": with_zeros,
    },
    "receptive_field": {
        "walking back layer by layer": walking_back,
        "every place that can be reached": as_set,
        "a numpy number": lambda d, w: np.sum(d) * (w - 1) + 1,
    },
    "draw_code": {
        "searchsorted": by_searching,
        "one row after the other": row_by_row,
        "in NumPy": in_numpy,
    },
    "conv_step": {
        "one product of both columns": one_matrix,
        "a convolution, and a list": by_conv,
        "the memory rolled": rolled,
    },
}
