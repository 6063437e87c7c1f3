"""The checks of the exercises on evaluation and visualisation."""

import math
import operator
import random as python_random
from itertools import takewhile
from statistics import NormalDist

import torch
from torch.nn import functional as F

from helpers.checks import (
    Misconception,
    check,
    diagnose,
    draws,
    numbers,
    uniform,
)
from helpers.recorded import load_record


@check(right="every image counts the same, whatever its batch")
def mean_loss(answer, random):
    def draw(random):
        count = random.randint(1, 5)
        means = uniform(random, count, 0, 3).tolist()
        return means, random.choices((1, 2, 3, 8, 32, 64), k=count)

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
    cases += [(0.5, 0.028)]

    def exact(p, half_width, z=1.96):
        return z**2 * p * (1 - p) / half_width**2

    def truth(p, half_width):
        return math.ceil(exact(p, half_width))

    def finer(p, half_width):  # by the number that 1.96 is short for
        return math.ceil(exact(p, half_width, NormalDist().inv_cdf(0.975)))

    while len(cases) < 20:
        p, width = uniform(random, 2, 0.01, 0.2).tolist()
        if 0.05 < exact(p, width) % 1 < 0.95:  # rounding decides nothing
            cases.append((p, width))
    mistakes = {
        "with one image fewer the interval is too wide: round "
        "up": lambda p, w: math.floor(exact(p, w)),
        "a part of an image cannot be taken: round up": exact,
        "a result that is whole is enough already: `math.ceil` adds nothing "
        "to it": lambda p, w: int(exact(p, w)) + 1,
        "the factor 1.96 is missing, and it is squared": lambda p, w: (
            math.ceil(exact(p, w, z=1))
        ),
        "1.96 stands outside the root, so it is squared too": lambda p, w: (
            math.ceil(exact(p, w, z=1.4))
        ),
        "the half width must be squared: half of it costs four times the "
        "images": lambda p, w: math.ceil(exact(p, w) * w),
        "half_width is already half of the interval: do not halve it "
        "again": lambda p, w: math.ceil(exact(p, w / 2)),
        "half_width is half of the interval: do not double it": lambda p, w: (
            math.ceil(exact(p, w * 2))
        ),
        "the root covers p(1 - p) and n alike: it goes when you square "
        "both sides": lambda p, w: math.ceil(exact(p, w) / (p - p * p) ** 0.5),
        "an image's variance is p times 1 - p": lambda p, w: math.ceil(
            exact(p, w) / (1 - p)
        ),
    }
    exactly = {"also": [finer], "tolerance": 1e-9}
    otherwise = "square both sides, solve for n, and round up"
    diagnose(answer, cases, truth, mistakes, otherwise, **exactly)


@check(
    right="every class counts the same, however rare",
    forbidden=("sklearn.metrics.balanced_accuracy_score",),
)
def balanced_accuracy(answer, random):
    def draw(random):
        classes = random.choice(([0, 1], [2, 0, 1], [1, 4, 3], [0, 40, 2]))
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
        got = numbers(answer(predicted, labels))
        if got.isnan().any():
            raise Misconception(
                "that is NaN, the mean of no images: go through the classes "
                "in labels.unique() only"
            )
        return got

    mistakes = {
        "that is plain accuracy, which the large class decides: take the "
        "mean over classes": lambda p, y: (p == y).double().mean(),
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
        "that is the worst recall: take the mean": (
            lambda p, y: recalls(p, y).min()
        ),
        "that is one number a class: take the mean of these recalls": recalls,
    }
    otherwise = "check the recall of each class"
    diagnose(mean_of_none, draws(draw, random), truth, mistakes, otherwise)


@check(right="the lowest threshold that keeps the promise, and none if none")
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
    diagnose(answer, some, truth, mistakes, otherwise)
    none = [case for case in cases if not good(*case)]
    otherwise = "no threshold will do here: the answer is infinity, math.inf"
    diagnose(or_never, none, truth, {}, otherwise)


@check(right="the nearest directions vote, and the most frequent class wins")
def vote(answer, random):
    # Each kind of shortcut fails on two of these at least.
    found = [
        ("5 0 7 4 4 7 9 3 2 6", [0, 0, 1, 2, 2], [-1.0, 0.0], 4),
        ("6 2 6 -2 6 9 1 7 7 4", [4, 1000, 1000, 7, 7], [0.0, -1.0], 4),
        ("2 2 -2 -1 8 2 1 0 9 -2", [1000, 7, 4, 1000, 4], [2.0, 1.0], 1),
        ("-1 6 -1 1 4 8 1 -2 9 8", [4, 7, 1000, 4, 4], [1.0, 2.0], 4),
        ("-2 -2 7 5 9 3 3 5 4 0 9 5", [0, 1, 0, 0, 2, 0], [2.0, -1.0], 4),
        ("5 3 0 6 3 6 1 -2", [0, 1, 0, 1], [1.0, 3.0], 1),
        ("-2 1 9 3 7 6 -1 6 5 2 1 0", [0, 7, 3, 7, 0, 7], [-1.0, 3.0], 6),
        ("8 -1 4 0 1 3 7 5 1 8 4 9", [2, 0, 1, 2, 2, 1], [3.0, -1.0], 6),
    ]
    cases = [
        (
            torch.tensor([*map(float, rows.split())]).reshape(-1, 2),
            torch.tensor(labels),
            torch.tensor(query),
            k,
        )
        for rows, labels, query, k in found
    ]

    def draw(random):
        count, size = random.randint(2, 8), random.choice((2, 3))
        names = random.choice(([0, 1, 2], [0, 3, 7], [5, 12, 300]))
        labels = torch.tensor(random.choices(names, k=count))
        features = uniform(random, (count, size), -3, 9)
        query = uniform(random, size, -1, 4)
        case = features, labels, query, random.randint(1, count)
        cosines = F.cosine_similarity(features, query[None])
        votes = ranked(*case)[: case[-1]].bincount(minlength=2).sort().values
        clear = cosines.sort().values.diff().min() > 0.01
        return case if clear and votes[-1] > votes[-2] else draw(random)

    def ranked(features, labels, query, k, score=F.cosine_similarity):
        order = score(features, query[None]).argsort(descending=True)
        return labels[order]

    def most(votes):
        return votes.bincount().argmax()

    def by(score):
        return lambda *case: most(ranked(*case, score)[: case[-1]])

    def truth(features, labels, query, k):
        return most(ranked(features, labels, query, k)[:k])

    mistakes = {
        "that is the class of the single nearest: let all k "
        "vote": lambda *case: ranked(*case)[0],
        "that is the class of the k-th nearest alone: let all k "
        "vote": lambda *case: ranked(*case)[case[-1] - 1],
        "a class is a name, not an amount: do not take the median, but what "
        "occurs most often": lambda *case: ranked(*case)[: case[-1]].median(),
        "one too many votes: take k neighbours": lambda *case: most(
            ranked(*case)[: case[-1] + 1]
        ),
        "five vote, whatever k is: use the k you are given": lambda *case: (
            most(ranked(*case)[:5])
        ),
        "long vectors won, whatever their direction: normalise each row of "
        "features": by(lambda f, q: f @ q[0]),
        "that is by distance: the cosine asks only for direction": by(
            lambda f, q: -(f - q).norm(dim=1)
        ),
        "those point away from the query: take the largest cosines": by(
            lambda f, q: -F.cosine_similarity(f, q)
        ),
        "that is the most frequent class of all: count among the k nearest "
        "only": lambda f, y, q, k: most(y),
        "those are k numbers: count how often each class occurs, and return "
        "the most frequent": lambda *case: ranked(*case)[: case[-1]],
    }
    otherwise = (
        "take the k rows with the largest cosines, and return the class that "
        "is most frequent among them, not a count or a position"
    )
    cases += draws(draw, random)
    diagnose(answer, cases, truth, mistakes, otherwise)


CURVES_SEED = 5  # as in the notebook, which letters the runs with it
SIGNS = {  # how each run looks, for one who saw it elsewhere
    "healthy": "both losses end much lower than where a curve levels off",
    "over-fit": "training falls to 0, while validation turns and rises",
    "model too small": "both level off side by side, far above a healthy run",
    "learning rate too low": "both are still high at the end, and falling",
    "learning rate too high": "the loss jumps from one epoch to the next, "
    "around a level soon reached",
    "labels shuffled": "validation never gets below the dotted line, ln 10",
    "zero_grad forgotten": "old gradients pile up, and the loss swings in "
    "slow, high waves, each several epochs long",
    "validation scaled otherwise": "training is healthy, and validation is "
    "off the scale from the first epoch on",
}


@check(right="you can read a training curve")
def read_curves(answer, random):
    runs = {row["name"]: row for row in load_record("curves")["rows"]}
    shuffled = python_random.Random(CURVES_SEED).sample(sorted(runs), 8)
    key = dict(zip("ABCDEFGH", shuffled, strict=True))
    got = answer()
    if not isinstance(got, dict):
        raise Misconception(
            "return a dictionary with a name for each letter, such as "
            f'{{"A": "over-fit"}}, not a {type(got).__name__}'
        )
    missing = ", ".join(letter for letter in key if letter not in got)
    if missing:
        raise Misconception(f"no name yet for {missing}")
    wrong = [letter for letter in key if got[letter] != key[letter]]
    for letter in wrong:
        said, run = got[letter], runs[key[letter]]
        if said not in list(SIGNS):
            raise Misconception(
                f"{said!r} is none of the printed names: copy it letter by "
                "letter"
            )
        train, valid = run["train_loss"][-1], run["validation_loss"][-1]
        raise Misconception(
            f"{len(wrong)} of {len(key)} to be thought over. {letter} is not "
            f"{said!r}: there {SIGNS[said]}; {letter} ends at {train:.2f} in "
            f"training, {valid:.2f} in validation"
        )
