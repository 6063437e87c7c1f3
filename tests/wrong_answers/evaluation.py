"""What learners write in the exercises on evaluation."""

import math

import torch


def recalls(predicted, labels):
    return torch.stack(
        [
            (predicted[labels == c] == c).double().mean()
            for c in labels.unique()
        ]
    )


def precisions(predicted, labels):
    return torch.stack(
        [
            (labels[predicted == c] == c).double().mean()
            for c in predicted.unique()
        ]
    )


def reaching(confidence, right, target):
    return [
        t.item()
        for t in confidence
        if right[confidence >= t].double().mean() >= target
    ]


def stops_at_the_first_failure(confidence, right, target):
    order = confidence.argsort(descending=True)
    best = math.inf
    for i in range(1, len(order) + 1):
        if right[order[:i]].double().mean() < target:
            break
        best = confidence[order[i - 1]].item()
    return best


def stops_where_it_falls(confidence, right, target):
    best = math.inf
    for t in sorted(confidence.tolist(), reverse=True):
        if right[confidence >= t].double().mean() >= target:
            best = t
        elif best < math.inf:
            break
    return best


def share_of_all(confidence, right, target):
    good = [
        t.item()
        for t in confidence
        if (right & (confidence >= t)).double().mean() >= target
    ]
    return min(good, default=math.inf)


def more_than_the_target(confidence, right, target):
    good = [
        t.item()
        for t in confidence
        if right[confidence >= t].double().mean() > target
    ]
    return min(good, default=math.inf)


def strictly_above(confidence, right, target):
    good = [
        t.item()
        for t in confidence
        if (confidence > t).any()
        and right[confidence > t].double().mean() >= target
    ]
    return min(good, default=math.inf)


def on_a_grid(confidence, right, target):
    grid = [i / 100 + 0.0031 for i in range(100)]
    good = [
        t
        for t in grid
        if (confidence >= t).any()
        and right[confidence >= t].double().mean() >= target
    ]
    return min(good, default=math.inf)


def below_the_threshold(confidence, right, target):
    good = [
        t.item()
        for t in confidence
        if right[confidence <= t].double().mean() >= target
    ]
    return min(good, default=math.inf)


def all_but_the_last(means, sizes):
    pairs = zip(means[:-1], sizes[:-1], strict=True)
    return sum(m * n for m, n in pairs) / max(1, sum(sizes[:-1]))


WRONG = {
    "mean_loss": {
        "right: weight each mean by its batch size; batch means [0.93": (
            "def mean_loss(batch_means, batch_sizes):\n"
            "    sizes = [min(n, 64) for n in batch_sizes]\n"
            "    pairs = zip(batch_means, sizes)\n"
            "    return sum(m * n for m, n in pairs) / sum(sizes)"
        ),
        "the sum of means is divided": lambda m, n: sum(m) / sum(n),
        "counts as much as a full one": lambda m, n: sum(m) / len(m),
        "these are means": lambda m, n: sum(m),
        "all images together": lambda m, n: sum(
            a * b for a, b in zip(m, n, strict=True)
        ),
        "not of batches": lambda m, n: (
            sum(a * b for a, b in zip(m, n, strict=True)) / len(m)
        ),
        "the first batch alone": lambda m, n: m[0],
        "right: weight each mean by its batch size; batch means [2.42": (
            all_but_the_last
        ),
    },
    "images_needed": {
        "half width 0.003, expected 89638": (
            "def images_needed(p, half_width):\n"
            "    for n in range(1, 10_001):\n"
            "        if 1.96 * math.sqrt(p * (1 - p) / n) <= half_width:\n"
            "            return n\n"
            "    return 10_000"
        ),
        "one image fewer": lambda p, w: math.floor(
            1.96**2 * p * (1 - p) / w**2
        ),
        "a part of an image": lambda p, w: 1.96**2 * p * (1 - p) / w**2,
        "1.96 is missing": lambda p, w: math.ceil(p * (1 - p) / w**2),
        "outside the root": lambda p, w: math.ceil(1.96 * p * (1 - p) / w**2),
        "four times the images": lambda p, w: math.ceil(
            1.96**2 * p * (1 - p) / w
        ),
        "do not halve": lambda p, w: math.ceil(
            1.96**2 * p * (1 - p) / (w / 2) ** 2
        ),
        "do not double": lambda p, w: math.ceil(
            1.96**2 * p * (1 - p) / (2 * w) ** 2
        ),
        "it goes when you square": lambda p, w: math.ceil(
            1.96**2 * math.sqrt(p * (1 - p)) / w**2
        ),
        "a result that is whole is enough": lambda p, w: (
            int(1.96**2 * p * (1 - p) / w**2) + 1
        ),
        "n, and round up; p 0.9": lambda p, w: round(
            1.96**2 * p * (1 - p) / w**2
        ),
        "p times 1 - p": lambda p, w: math.ceil(1.96**2 * p / w**2),
    },
    "balanced_accuracy": {
        "plain accuracy": lambda p, y: (p == y).double().mean(),
        "mean precision": lambda p, y: precisions(p, y).mean(),
        "that is only predicted": lambda p, y: (
            recalls(p, y).sum() / len(torch.cat([p, y]).unique())
        ),
        "a class without images": lambda p, y: (
            recalls(p, y).sum() / (y.max() + 1)
        ),
        "that is NaN": lambda p, y: (
            sum((p[y == c] == c).double().mean() for c in range(4)) / 4
        ),
        "recalls added up": lambda p, y: recalls(p, y).sum(),
        "which is precision": lambda p, y: torch.stack(
            [
                (y[p == c] == c).double().mean()
                if (p == c).any()
                else torch.tensor(0.0).double()
                for c in y.unique()
            ]
        ).mean(),
        "divide with /": lambda p, y: recalls(p, y).floor().mean(),
        "percentage": lambda p, y: 100 * recalls(p, y).mean(),
        "the worst recall": lambda p, y: recalls(p, y).min(),
        "one number per class": recalls,
        "return one number, which": lambda p, y: [recalls(p, y).mean()],
    },
    "threshold_for": {
        "do not stop at the first": stops_at_the_first_failure,
        "a lower threshold reaches it": lambda c, r, t: max(
            reaching(c, r, t), default=math.inf
        ),
        "at the threshold itself": strictly_above,
        "compare with >=": more_than_the_target,
        "rise again further down": stops_where_it_falls,
        "the answer is infinity": lambda c, r, t: min(
            reaching(c, r, t), default=None
        ),
        "not of all images": share_of_all,
        "below the target": lambda c, r, t: c.min(),
        "return one number, which": lambda c, r, t: [
            min(reaching(c, r, t), default=math.inf)
        ],
        "Not right: of the confidences": on_a_grid,
    },
}
