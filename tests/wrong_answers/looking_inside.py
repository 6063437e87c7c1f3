"""What learners really write in the exercises on looking inside."""

import math

from torch.nn import functional as F


def sums_windows(layers):
    return 1 + sum(size - 1 for size, _ in layers)


def own_stride_first(layers):
    side, step = 1, 1
    for size, stride in layers:
        step *= stride
        side += (size - 1) * step
    return side


def last_stride_only(layers):
    side, step = 1, 1
    for size, stride in layers:
        side += (size - 1) * step
        step = stride
    return side


def adds_strides(layers):
    side, step = 1, 1
    for size, stride in layers:
        side += (size - 1) * step
        step += stride
    return side


def whole_windows(layers):
    side, step = 1, 1
    for size, stride in layers:
        side += size * step
        step *= stride
    return side


def good_field(layers):
    side, step = 1, 1
    for size, stride in layers:
        side += (size - 1) * step
        step *= stride
    return side


def off(features, weight, bias, units):
    kept = features.clone()
    kept[:, units] = 0
    return kept @ weight.T + bias


def keeps_only(features, weight, bias, units):
    return features[:, units] @ weight[:, units].T + bias


def in_place(features, weight, bias, units):
    features[:, units] = 0
    return features @ weight.T + bias


def rows_off(features, weight, bias, units):
    kept = features.clone()
    for unit in units:
        if unit < len(kept):
            kept[unit] = 0
    return kept @ weight.T + bias


def to_one(features, weight, bias, units):
    kept = features.clone()
    kept[:, units] = 1
    return kept @ weight.T + bias


def to_mean(features, weight, bias, units):
    kept = features.clone()
    kept[:, units] = features[:, units].mean() / 2
    return kept @ weight.T + bias


def nearest(features, labels, query, k):
    cosine = F.normalize(features, dim=1) @ query
    return labels[cosine.topk(k).indices]


def by_distance(features, labels, query, k):
    distance = (features - query).norm(dim=1)
    return labels[distance.topk(k, largest=False).indices].mode().values


def by_product(features, labels, query, k):
    return labels[(features @ query).topk(k).indices].mode().values


def opposite(features, labels, query, k):
    cosine = F.normalize(features, dim=1) @ query
    return labels[cosine.topk(k, largest=False).indices].mode().values


def five_neighbours(features, labels, query, k):
    return nearest(features, labels, query, 5).mode().values


def the_count(features, labels, query, k):
    return nearest(features, labels, query, k).bincount().max()


WRONG = {
    "receptive_field": {
        "[11, 4]": (
            "def receptive_field(layers):\n"
            "    side = step = 1\n"
            "    for size, stride in layers:\n"
            "        side += (min(size, 7) - 1) * step\n"
            "        step *= stride\n"
            "    return side"
        ),
        "takes longer steps": sums_windows,
        "not its own": own_stride_first,
        "keep the product of all": last_stride_only,
        "you have added them": adds_strides,
        "neighbouring windows overlap": lambda layers: math.prod(
            size for size, _ in layers
        ),
        "not size;": whole_windows,
        "how far apart": lambda layers: math.prod(s for _, s in layers),
        "the unit back": (
            "def receptive_field(layers):\n"
            "    side = 1\n"
            "    for size, stride in layers:\n"
            "        side = (side - 1) * stride + size\n"
            "    return side"
        ),
        "return a whole number": lambda layers: float(good_field(layers)),
        "that is an area": lambda layers: good_field(layers) ** 2,
        "both 1 at the image; layers []": lambda layers: (
            good_field(layers) + 1
        ),
    },
    "vote": {
        "k 14": (
            "def vote(features, labels, query, k):\n"
            "    cosine = F.normalize(features, dim=1) @ query\n"
            "    return labels[cosine.topk(min(k, "
            "10)).indices].mode().values.item()"
        ),
        "single nearest": lambda f, y, q, k: nearest(f, y, q, 1)[0],
        "long vectors": by_product,
        "by distance": by_distance,
        "away from the query": opposite,
        "of all: count": lambda f, y, q, k: y.mode().values,
        "the k-th nearest alone": lambda f, y, q, k: nearest(f, y, q, k)[-1],
        "do not take the median": lambda f, y, q, k: nearest(
            f, y, q, k
        ).median(),
        "one too many votes": lambda f, y, q, k: (
            nearest(f, y, q, min(k + 1, len(y))).mode().values
        ),
        "the query is none of the rows": lambda f, y, q, k: (
            nearest(f, y, q, min(k + 1, len(y)))[1:].mode().values
        ),
        "return one number": lambda f, y, q, k: [
            nearest(f, y, q, k).mode().values.item()
        ],
        "those are k numbers": nearest,
        "use the k you are given": five_neighbours,
        "not a count or a position; features [[7.13": the_count,
    },
    "without": {
        "activations below 0 belong to the answer too": (
            "def without(features, weight, bias, units):\n"
            "    kept = features.clamp(min=0)\n"
            "    kept[:, units] = 0\n"
            "    return kept @ weight.T + bias"
        ),
        "the answer of all units": lambda f, w, b, u: f @ w.T + b,
        "those are switched off that should stay": keeps_only,
        "the bias is missing": lambda f, w, b, u: off(f, w, 0 * b, u),
        "switches images off": rows_off,
        "gives 0, not 1": to_one,
        "return a tensor": lambda f, w, b, u: off(f, w, b, u).numpy(),
        "same dtype": lambda f, w, b, u: off(f.double(), w, b, u),
        "only one unit is off": lambda f, w, b, u: off(f, w, b, u[:1]),
        "is changed on the way": in_place,
        "those are probabilities": lambda *case: off(*case).softmax(dim=1),
        "those are classes": lambda *case: off(*case).argmax(dim=1),
        "add the bias; features [[-1.5, 0.5]]": to_mean,
    },
}
