"""The checks of the exercises on evaluation and visualisation."""

import math
import operator
import random as python_random
from statistics import NormalDist

import torch
from torch.nn import functional as F

from helpers.checks import Misconception, check, close, compare, numbers
from helpers.recorded import load_record


@check(right="every image counts the same, whatever its batch")
def mean_loss(answer, random):
    mistakes = {}
    while len(mistakes) < 6:  # until no two mistakes give the same number
        sizes = [64, 64, random.randint(9, 31)]
        means = [round(random.uniform(0.2, 3), 2) for _ in sizes]
        total = sum(m * n for m, n in zip(means, sizes, strict=True))
        expected = total / sum(sizes)
        mistakes = _distinct(
            {
                sum(means) / sum(sizes): "the sum of means is divided by the "
                "number of images: first weight each mean by its batch size",
                sum(means) / len(means): "a small batch counts as much as a "
                "full one: weight each mean by its batch size",
                sum(means): "these are means: weight each, add, and divide "
                "by the number of all images",
                total: "that is the loss of all images together: divide by "
                "their number",
                total / len(means): "divide by the number of images, not of "
                "batches",
                means[0]: "that is the first batch alone: go through all "
                "of them",
            },
            expected,
        )
    for cut in (3, 1):  # and a single batch
        m, n = means[:cut], sizes[:cut]
        got = numbers(answer(m, n), ()).item()
        expected = sum(a * b for a, b in zip(m, n, strict=True)) / sum(n)
        if not close(got, expected, 1e-6):
            text = _named(got, mistakes) if cut == 3 else None
            shown = compare(
                batch_means=m, batch_sizes=n, expected=expected, yours=got
            )
            raise Misconception(
                f"{text or 'weight each mean by its batch size'}. {shown}"
            )


NORMAL_QUANTILE = NormalDist().inv_cdf(0.975)  # what 1.96 is short for


@check(right="the smallest number of images that keeps the promise")
def images_needed(answer, random):
    cases = [(0.9, 0.01), (0.5, 0.03)]
    cases += [(random.uniform(0.6, 0.95), random.uniform(0.004, 0.03))]
    for p, width in cases:
        spread = p * (1 - p)
        exact = 1.96**2 * spread / width**2
        expected = math.ceil(exact)
        got = numbers(answer(p, width), ()).item()
        finer = math.ceil(NORMAL_QUANTILE**2 * spread / width**2)
        if got in (expected, finer):
            continue
        mistakes = {
            float(math.floor(exact)): "with one image fewer the interval is "
            "too wide: round up",
            exact: "a part of an image cannot be taken: round up",
            float(math.ceil(spread / width**2)): "the factor 1.96 is "
            "missing, and it is squared",
            float(math.ceil(1.96 * spread / width**2)): "1.96 stands outside "
            "the root, so it is squared too",
            float(math.ceil(1.96**2 * spread / width)): "the half width "
            "must be squared: half of it costs four times the images",
            float(math.ceil(4 * exact)): "half_width is already half of the "
            "interval: do not halve it again",
            float(math.ceil(exact / 4)): "half_width is half of the "
            "interval: do not double it",
            float(math.ceil(1.96**2 * math.sqrt(spread) / width**2)): "the "
            "root covers p(1 - p) and n alike: it goes when you square",
            float(math.ceil(1.96**2 * p / width**2)): "an image's variance "
            "is p times 1 - p",
        }
        yours = int(got) if got.is_integer() else got
        shown = compare(p=p, half_width=width, expected=expected, yours=yours)
        text = mistakes.get(got) or "solve for n again"
        raise Misconception(f"{text}. {shown}")


@check(
    right="every class counts the same, however rare",
    forbidden=("sklearn.metrics.balanced_accuracy_score",),
)
def balanced_accuracy(answer, random):
    mistakes = {}
    while len(mistakes) < 6:
        labels, predicted = _unbalanced(random)
        classes = labels.unique()
        recalls = [_share(predicted[labels == c] == c) for c in classes]
        found = predicted.unique()
        precisions = [_share(labels[predicted == c] == c) for c in found]
        expected = sum(recalls) / len(recalls)
        mistakes = _distinct(
            {
                _share(predicted == labels): "that is plain accuracy, which "
                "the large class decides: take the mean over classes",
                sum(precisions) / len(precisions): "that is the mean "
                "precision: look at the images whose label is the class",
                sum(recalls) / (int(labels.max()) + 1): "a class without "
                "images has no recall: average only over those that occur",
                sum(recalls): "these are recalls added up: divide by the "
                "number of classes",
                100 * expected: "that is a percentage: give a number from "
                "0 to 1",
                min(recalls): "that is the worst recall: take the mean",
            },
            expected,
        )
    got = answer(predicted, labels)
    shown = f"labels {labels.bincount().tolist()} of a class"
    if isinstance(got, (list, torch.Tensor)) and len(
        torch.as_tensor(got).shape
    ):
        raise Misconception(
            "that is one number a class: take the mean of these recalls"
        )
    got = numbers(got, ()).item()
    if math.isnan(got):
        raise Misconception(
            "that is NaN, the mean of no images: go through the classes in "
            f"labels.unique() only. {shown}"
        )
    if not close(got, expected, 1e-5):
        text = _named(got, mistakes) or "check the recall of each class"
        shown = f"{shown}, {compare(expected=expected, yours=got)}"
        raise Misconception(f"{text}. {shown}")
    always = torch.zeros(50, dtype=torch.int64)
    parts = torch.tensor([0] * 49 + [1])
    got = numbers(answer(always, parts), ()).item()
    if not close(got, 0.5):
        raise Misconception(
            "'always good' on 49 good parts and a bad one must give 0.5, "
            f"yours {got:.4g}"
        )


@check(right="the lowest threshold that keeps the promise, and none if none")
def threshold_for(answer, random):
    # Wrong at the very top: whoever stops at the first failure stops there.
    fixed = torch.tensor([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3]).double()
    right = torch.tensor([False] + 4 * [True] + 2 * [False])
    cases = [(fixed, right, target) for target in (0.75, 0.8, 0.95)]
    generator = torch.Generator().manual_seed(random.randrange(10**6))
    confidence = torch.rand(40, generator=generator).double()
    chance = torch.rand(40, generator=generator)
    order = torch.randperm(7, generator=generator)
    cases += [(fixed[order], right[order], 0.75)]
    cases += [(confidence, chance < confidence, 0.7)]
    for confidence, right, target in cases:
        expected = _threshold(confidence, right, target)
        got = numbers(answer(confidence, right, target), ()).item()
        if got == expected or math.isclose(got, expected, rel_tol=1e-6):
            continue
        shown = compare(
            confidence=confidence,
            right=right,
            target=target,
            expected=expected,
            yours=got,
        )
        text = _why_threshold(got, expected, confidence, right, target)
        raise Misconception(f"{text}. {shown}")


def _why_threshold(got, expected, confidence, right, target):
    if expected == math.inf:
        return (
            "no threshold reaches the target here, so the answer is "
            "infinity: float('inf')"
        )
    if got == _threshold(confidence, right, target, operator.gt):
        return "a share of just the target is enough: compare with >=, not >"
    if got == math.inf:
        return (
            "there is a threshold that reaches the target: accuracy may "
            "fail at the highest confidence and recover below, so do not "
            "stop at the first failure"
        )
    if not any(math.isclose(got, c, rel_tol=1e-6) for c in confidence):
        return "the threshold must be one of the confidences that occur"
    answered = confidence >= got - 1e-9
    if _share(right[answered]) >= target:
        return (
            "the target is reached, but a lower threshold reaches it too "
            "and answers more images"
        )
    above = confidence > got + 1e-9
    if above.any() and _share(right[above]) >= target:
        return (
            "the images at the threshold itself are answered as well: use "
            "confidence >= threshold"
        )
    return (
        "below the target: of those with confidence >= threshold only "
        f"{_share(right[answered]):.0%} are right"
    )


@check(right="the nearest directions vote, and the most frequent class wins")
def vote(answer, random):
    """Planted so that each known mistake elects a class of its own."""
    generator = torch.Generator().manual_seed(random.randrange(10**6))
    query = F.normalize(torch.rand(6, generator=generator) + 0.5, dim=0)
    side = torch.randn(6, generator=generator)
    side = F.normalize(side - (side @ query) * query, dim=0)
    # From 30 on, so that no count and no position looks like a class.
    classes = (30 + torch.randperm(6, generator=generator)).tolist()
    near, first, long, close_by, far, crowd = classes

    def rows(count, angle, length):
        angles = angle + 0.01 * torch.arange(count)
        turned = torch.cos(angles)[:, None] * query
        return length * (turned + torch.sin(angles)[:, None] * side)

    groups = [
        (first, rows(1, 0.02, 3.0)),  # the single nearest direction
        (near, rows(4, 0.10, 3.0)),  # the majority of the nearest five
        (long, rows(5, 0.70, 90.0)),  # long vectors: the largest product
        (close_by, rows(5, 0.50, 1.0)),  # near the query's tip: distance
        (far, rows(5, 3.0, 2.0)),  # the opposite direction
        (crowd, rows(9, 1.40, 2.0)),  # the most frequent class of all
    ]
    features = torch.cat([g for _, g in groups])
    labels = torch.cat([torch.full((len(g),), c) for c, g in groups])
    order = torch.randperm(len(labels), generator=generator)
    features, labels = features[order], labels[order]
    mistakes = {
        first: "that is the class of the single nearest: let all k vote",
        long: "long vectors won, whatever their direction: normalise each "
        "row of features",
        close_by: "that is by distance: the cosine asks only for direction",
        far: "those point away from the query: take the largest cosines",
        crowd: "that is the most frequent class of all: count among the k "
        "nearest only",
    }
    got = answer(features, labels, query, 5)
    what = numbers(got, None)
    if what.numel() == 5:
        raise Misconception(
            "those are k numbers: count how often each class occurs among "
            "the nearest, and return the most frequent"
        )
    got = numbers(got, ()).item()
    if got != near:
        text = mistakes.get(got) or (
            "that class does not occur among the nearest: give its label, "
            "not a count or a position"
        )
        raise Misconception(f"{text}. {compare(expected=near, yours=got)}")
    got = numbers(answer(features, labels, query, 1), ()).item()
    if got != first:
        raise Misconception(
            "with k = 1 the nearest alone decides: use the k you are given. "
            f"{compare(expected=first, yours=got)}"
        )


CURVES_SEED = 5  # as in the notebook, which letters the runs with it


@check(right="you can read a training curve")
def read_curves(answer, random):
    names = sorted(r["name"] for r in load_record("curves")["rows"])
    shuffled = python_random.Random(CURVES_SEED).sample(names, len(names))
    key = dict(zip("ABCDEFGH", shuffled, strict=False))
    got = answer()
    if not isinstance(got, dict):
        raise Misconception(
            "return a dictionary with a name for each letter, such as "
            f'{{"A": "over-fit"}}, not a {type(got).__name__}'
        )
    missing = [letter for letter in key if letter not in got]
    if missing:
        raise Misconception(f"no name yet for {', '.join(missing)}")
    unknown = [got[k] for k in key if got[k] not in names]
    if unknown:
        raise Misconception(
            f"{unknown[0]!r} is none of the printed names: copy it letter "
            "by letter"
        )
    wrong = [letter for letter in key if got[letter] != key[letter]]
    if wrong:
        letter = wrong[0]
        raise Misconception(
            f"{len(wrong)} of {len(key)} to be thought over. "
            f"{letter} is not {got[letter]!r}: {_telling(got[letter])}"
        )


def _telling(name):
    """How the curves of a fault look, for one who saw it elsewhere."""
    return SIGNS[name]


SIGNS = {
    "healthy": "there both losses fall and end near each other",
    "over-fit": "there the training loss falls towards 0 while the "
    "validation loss turns upwards",
    "model too small": "there both losses fall and then stay level, well "
    "above those of a healthy run, side by side",
    "learning rate too low": "there both losses are still falling, slowly, "
    "at the end",
    "learning rate too high": "there the loss jumps, or stays at ln 10",
    "labels shuffled": "there the validation loss never gets below ln 10",
    "zero_grad forgotten": "there old gradients pile up, and the loss "
    "swings without settling",
    "validation scaled otherwise": "there the training loss is healthy and "
    "the validation loss is far off from the first epoch on",
}


def _distinct(mistakes, expected):
    """The mistakes that give a number of their own, apart from the right."""
    values = [expected, *mistakes]
    return {
        v: text
        for v, text in mistakes.items()
        if sum(close(v, other, 1e-3) for other in values) == 1
    }


def _named(got, mistakes):
    return next((t for v, t in mistakes.items() if close(got, v, 1e-5)), None)


def _share(flags):
    return flags.double().mean().item()


def _threshold(confidence, right, target, reaches=operator.ge):
    good = [
        t.item()
        for t in confidence
        if reaches(_share(right[confidence >= t]), target)
    ]
    return min(good, default=math.inf)


def _unbalanced(random):
    """Labels of three unequal classes, class 1 absent, and predictions,
    some of them class 1."""
    counts = {0: random.randint(50, 70), 2: random.randint(8, 15), 3: 5}
    labels = torch.tensor([c for c, n in counts.items() for _ in range(n)])
    generator = torch.Generator().manual_seed(random.randrange(10**6))
    slips = torch.rand(len(labels), generator=generator) < 0.3
    drawn = torch.randint(4, (len(labels),), generator=generator)
    slips[0], drawn[0] = True, 1
    predicted = torch.where(slips, drawn, labels)
    order = torch.randperm(len(labels), generator=generator)
    return labels[order], predicted[order]
