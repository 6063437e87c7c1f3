"""Right answers that are easily refused, on looking inside."""

import math
from collections import Counter

import numpy as np
import torch
from torch.nn import functional as F


def from_the_unit(layers):
    """From the unit back to the image."""
    side = 1
    for size, stride in reversed(layers):
        side = (side - 1) * stride + size
    return side


def in_one_sum(layers):
    strides = [stride for _, stride in layers]
    return 1 + sum(
        (size - 1) * math.prod(strides[:i])
        for i, (size, _) in enumerate(layers)
    )


def by_marking(layers):
    """The pixels themselves, as a set."""
    seen = {0}
    for size, stride in reversed(layers):
        seen = {stride * at + i for at in seen for i in range(size)}
    return torch.tensor(max(seen) - min(seen) + 1)


def most_common(features, labels, query, k):
    cosines = [float(row @ query / row.norm()) for row in features]
    order = sorted(range(len(cosines)), key=lambda i: -cosines[i])
    return Counter(labels[order[:k]].tolist()).most_common(1)[0][0]


def by_angle(features, labels, query, k):
    cosines = F.cosine_similarity(features.float(), query.float()[None])
    return labels[cosines.acos().argsort()[:k]].mode().values


def by_distance_of_directions(features, labels, query, k):
    apart = F.normalize(features, dim=1) - F.normalize(query, dim=0)
    return labels[apart.norm(dim=1).topk(k, largest=False).indices].mode()[0]


def weights_off(features, weight, bias, units):
    weight = weight.clone()
    weight[:, units] = 0
    return F.linear(features, weight, bias)


def by_mask(features, weight, bias, units):
    on = torch.ones(features.shape[1], dtype=features.dtype)
    on[units] = 0
    return (features * on) @ weight.T + bias


def taken_away(features, weight, bias, units):
    return F.linear(features, weight, bias) - (
        features[:, units] @ weight[:, units].T
    )


def in_numpy(features, weight, bias, units):
    kept = features.numpy().copy()
    kept[:, units] = 0
    made = np.einsum("iu,cu->ic", kept, weight.numpy()) + bias.numpy()
    return torch.from_numpy(made)


RIGHT = {
    "receptive_field": {
        "from the unit back": from_the_unit,
        "one sum": in_one_sum,
        "pixels marked": by_marking,
    },
    "vote": {
        "sorted by hand": most_common,
        "angles, in float32": by_angle,
        "distances of directions": by_distance_of_directions,
    },
    "without": {
        "the weights switched off": weights_off,
        "a mask": by_mask,
        "their part taken away": taken_away,
        "NumPy": in_numpy,
        "a set": lambda features, weight, bias, units: F.linear(
            features[:, sorted({*range(features.shape[1])} - {*units})],
            weight[:, sorted({*range(features.shape[1])} - {*units})],
            bias,
        ),
    },
}
