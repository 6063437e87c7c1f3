"""The checks of the exercises on evaluation."""

import math
import operator
from itertools import takewhile
from statistics import NormalDist

import torch

from helpers.checks import (
    Misconception,
    check,
    diagnose,
    draws,
    numbers,
    uniform,
)


@check(right="every image counts the same, whatever its batch")
def mean_loss(answer, random):
    def draw(random):
        count = random.randint(1, 5)
        means = uniform(random, count, 0, 3).tolist()
        return means, random.choices((1, 2, 3, 8, 64, 500), k=count)

    def total(means, sizes):
        return sum(m * n for m, n in zip(means, sizes, strict=True))

    def truth(batch_means, batch_sizes):
        return total(batch_means, batch_sizes) / sum(batch_sizes)

    mistakes = {
        "the sum of means is divided by the number of images: first weight "
        "each mean by its batch size": lambda m, n: sum(m) / sum(n),
        "a small batch counts as much as a full one: weight each mean by its "
        "batch size": lambda m, n: sum(m) / len(m),
        "these are means: weight each, add, and divide by the number of all "
        "images": lambda m, n: sum(m),
        "that is the loss of all images together: divide by "
        "the number of images": total,
        "divide by the number of images, not of "
        "batches, once you have added": lambda m, n: total(m, n) / len(m),
        "that is the first batch alone: go through all "
        "of the batches": lambda m, n: m[0],
    }
    otherwise = "weight each mean by its batch size"
    diagnose(answer, draws(draw, random), truth, mistakes, otherwise)


@check(right="the smallest number of images that keeps the promise")
def images_needed(answer, random):
    cases = [(0.9, 0.01), (0.5, 0.03), (0.75, 0.03), (0.95, 0.2), (0.5, 1.0)]
    # Whole numbers of images, in floats too and however it is written.
    cases += [(0.6, 0.056), (0.6, 0.028), (0.55, 0.098), (0.55, 0.042)]
    cases += [(0.5, 0.028), (0.3, 0.003)]  # and a large number

    def exact(p, half_width, z=1.96):
        return z**2 * p * (1 - p) / half_width**2

    def truth(p, half_width):
        return math.ceil(exact(p, half_width))

    def finer(p, half_width):  # by the number that 1.96 is short for
        return math.ceil(exact(p, half_width, NormalDist().inv_cdf(0.975)))

    before_rounding_up = {
        "the factor 1.96 is missing, and it is squared": lambda p, w: exact(
            p, w, z=1
        ),
        "1.96 stands outside the root, so it is squared too": lambda p, w: (
            1.96 * p * (1 - p) / w**2
        ),
        "the half width must be squared: half of it costs four times the "
        "images": lambda p, w: 1.96**2 * p * (1 - p) / w,
        "half_width is already half of the interval: do not halve it "
        "again": lambda p, w: exact(p, w / 2),
        "half_width is half of the interval: do not double it": lambda p, w: (
            exact(p, w * 2)
        ),
        "the root covers p(1 - p) and n alike: it goes when you square "
        "both sides": lambda p, w: exact(p, w) / (p - p * p) ** 0.5,
        "an image's variance is p times 1 - p": lambda p, w: (
            exact(p, w) / (1 - p)
        ),
    }
    while len(cases) < 20:  # where rounding decides nothing
        p, width = uniform(random, 2, 0.01, 0.2).tolist()
        mistaken = [f(p, width) for f in before_rounding_up.values()]
        if 0.05 < exact(p, width) % 1 < 0.95 and all(
            1e-6 < number % 1 < 1 - 1e-6 for number in mistaken
        ):
            cases.append((p, width))

    def rounded_up(function):
        return lambda p, w: math.ceil(function(p, w))

    mistakes = {
        "with one image fewer the interval is too wide: round "
        "up": lambda p, w: math.floor(exact(p, w)),
        "a part of an image cannot be taken: round up": exact,
        "a result that is whole is enough already: `math.ceil` adds nothing "
        "to it": lambda p, w: int(exact(p, w)) + 1,
    }
    for text, function in before_rounding_up.items():
        mistakes[text] = rounded_up(function)
    exactly = {"also": [finer], "tolerance": 1e-9}
    otherwise = "square both sides, solve for n, and round up"
    diagnose(answer, cases, truth, mistakes, otherwise, **exactly)


def _balanced_accuracy(predicted, labels):
    found = [predicted[labels == c] == c for c in labels.unique()]
    return torch.stack([f.double().mean() for f in found]).mean().item()


@check(
    right="every class counts the same, however rare",
    forbidden=("sklearn.metrics.balanced_accuracy_score",),
    ours=_balanced_accuracy,
)
def balanced_accuracy(answer, random):
    def draw(random):
        classes = random.choice(([0, 1], [2, 0, 1], [1, 4, 3], [0, 400, 2]))
        weights, count = (6, 2, 1)[: len(classes)], random.randint(1, 8)
        labels = random.choices(classes, weights, k=count)
        noise = random.choices([*classes, 5], k=count)
        pairs = zip(labels, noise, strict=True)
        predicted = [random.choice((y, y, n)) for y, n in pairs]
        return torch.tensor(predicted), torch.tensor(labels)

    def recalls(predicted, labels):
        found = [predicted[labels == c] == c for c in labels.unique()]
        return torch.stack([f.double().mean() for f in found])

    def truth(predicted, labels):
        return recalls(predicted, labels).mean()

    def mean_of_none(predicted, labels):
        got = answer(predicted, labels)
        if numbers(got).isnan().any():
            raise Misconception(
                "that is NaN, the mean of no images: choose images by their "
                "label, and go through the classes in labels.unique() only"
            )
        return got

    mistakes = {
        "that is plain accuracy, which the large class decides: take the "
        "mean over classes (labels.unique(); a set of tensors keeps every "
        "label)": lambda p, y: (p == y).double().mean(),
        "that is the mean precision: look at the images whose label is the "
        "class": lambda p, y: truth(y, p),
        "a class without images has no recall: average only over those "
        "that occur": lambda p, y: recalls(p, y).sum() / (y.max() + 1),
        "a class that is only predicted has no recall: average only over "
        "those in labels": lambda p, y: (
            recalls(p, y).sum() / len(torch.cat([p, y]).unique())
        ),
        "these are recalls added up: divide by the number of "
        "classes": lambda p, y: recalls(p, y).sum(),
        "that is a percentage: give a number from 0 to 1": lambda p, y: (
            100 * truth(p, y)
        ),
        "that divides by how often a class is predicted, which is precision: "
        "divide by how many images have that label": lambda p, y: torch.stack(
            [
                (y[p == c] == c).double().sum() / (p == c).sum().clamp(1)
                for c in y.unique()
            ]
        ).mean(),
        "a class is found in whole or not at all: divide with /, not "
        "//": lambda p, y: (recalls(p, y) == 1).double().mean(),
        "that is the worst recall: take the mean": (
            lambda p, y: recalls(p, y).min()
        ),
        "that is one number per class: take the mean of them": recalls,
    }
    otherwise = "check the recall of each class"
    one = {"kind": "one number"}
    cases = draws(draw, random)
    diagnose(mean_of_none, cases, truth, mistakes, otherwise, **one)


def _threshold_for(confidence, right, target):
    order = confidence.argsort(descending=True)
    answered = torch.arange(1, len(order) + 1)
    share = right[order].cumsum(dim=0).double() / answered
    good = confidence[order][share >= target]
    return good[-1].item() if len(good) else math.inf


@check(
    right="the lowest threshold that keeps the promise, and none if none",
    ours=_threshold_for,
)
def threshold_for(answer, random):
    def draw(random):
        levels = random.sample(range(5, 100), random.randint(1, 9))
        right = [random.random() < 0.6 for _ in levels]
        # No share of so few is near a target, but those equal in binary.
        target = random.choice((0.25, 0.5, 0.5, 0.67, 0.75, 0.98, 1.0))
        return torch.tensor(levels) / 100, torch.tensor(right), target

    def good(confidence, right, target, above=operator.ge, enough=operator.ge):
        answered = [(t, above(confidence, t)) for t in confidence.tolist()]
        shares = [(t, right[now].double().mean()) for t, now in answered]
        return [t for t, share in shares if enough(share, target)]

    def truth(confidence, right, target, **options):
        found = good(confidence, right, target, **options)
        return min(found, default=math.inf)

    def downwards(confidence, right, target, start=1.0):
        reached = good(confidence, right, target)
        levels = sorted(t for t in confidence.tolist() if t <= start)
        walked = takewhile(reached.__contains__, reversed(levels))
        return min(walked, default=math.inf)

    def or_never(*case):
        try:
            return answer(*case)
        except Misconception:  # None
            return math.nan

    mistakes = {
        "a share of just the target is enough: compare with >=, not "
        ">": lambda *case: truth(*case, enough=operator.gt),
        "accuracy may fail at the highest confidence and recover below: do "
        "not stop at the first failure": downwards,
        "accuracy may become too low and rise again further down: do "
        "not stop there": lambda *case: downwards(*case, max(good(*case))),
        "the target is reached, but a lower threshold reaches it too and "
        "answers more images": lambda *case: max(good(*case)),
        "the lowest confidence answers every image, and then the share is "
        "below the target": lambda c, r, t: c.min(),
        "the images at the threshold itself are answered as well: use "
        "confidence >= threshold": lambda *case: truth(
            *case, above=operator.gt
        ),
        "the share is of those answered, not of all images": lambda c, r, t: (
            min(
                (x for x in c if (r & (c >= x)).double().mean() >= t),
                default=math.inf,
            )
        ),
    }
    cases = draws(draw, random)
    close_by = torch.tensor([0.9318, 0.9312, 0.25, 0.2506]).double()
    for flags in ((1, 0, 0, 0), (1, 1, 0, 1), (1, 0, 0, 1)):
        cases.append((close_by, torch.tensor(flags) > 0, 0.75))
    some = [case for case in cases if good(*case)]
    otherwise = "of the confidences that occur, take the lowest that will do"
    one = {"kind": "one number"}
    diagnose(answer, some, truth, mistakes, otherwise, **one)
    none = [case for case in cases if not good(*case)]
    otherwise = "no threshold will do here: the answer is infinity, math.inf"
    diagnose(or_never, none, truth, {}, otherwise)
