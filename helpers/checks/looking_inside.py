"""The checks of the exercises on looking inside."""

import math

import torch
from torch.nn import functional as F

from helpers.checks import (
    check,
    diagnose,
    draw,
    draws,
    keeps_dtype,
    tensors,
    uniform,
)

SIZES = [
    (1, 1),
    (1, 2),
    (2, 2),
    (3, 1),
    (3, 2),
    (5, 1),
    (5, 2),
    (4, 3),
    (11, 4),
]


def _receptive_field(layers):
    side, step = 1, 1
    for size, stride in layers:
        side += (size - 1) * step
        step *= stride
    return side


@check(
    right="a unit sees that many pixels on a side, whatever the layers",
    ours=_receptive_field,
)
def receptive_field(answer, random):
    cases = [
        [],
        [(3, 1)],
        [(2, 2)],
        [(3, 1), (3, 1)],
        [(3, 1), (2, 2)],
        [(2, 2), (3, 1)],
        [(5, 2), (3, 2)],
        [(2, 2), (5, 3), (3, 1)],
        [(3, 1), (2, 2), (3, 1), (2, 2)],
        [(1, 2), (4, 1), (3, 3), (2, 1)],
    ]

    def layers(random):
        count = random.randint(1, 5)
        return ([random.choice(SIZES) for _ in range(count)],)

    def by(grow):
        """Who makes side a and step j of a window k with stride s so."""

        def sides(layers):
            a = j = 1
            for k, s in layers:
                a, j = grow(a, j, k, s)
            return a

        return sides

    mistakes = {
        "a window behind a stride takes longer steps: multiply its size - 1 "
        "by all strides before it": by(lambda a, j, k, s: (a + k - 1, j)),
        "the stride of a layer lengthens the steps of the layers behind it, "
        "not its own": by(lambda a, j, k, s: (a + (k - 1) * j * s, j * s)),
        "strides multiply from layer to layer: keep the product of all "
        "before": by(lambda a, j, k, s: (a + (k - 1) * j, s)),
        "strides multiply from layer to layer: you have added them": by(
            lambda a, j, k, s: (a + (k - 1) * j, j + s)
        ),
        "neighbouring windows overlap: a window adds its size - 1, in steps, "
        "to what one unit sees": by(lambda a, j, k, s: (a * k, j)),
        "one of the window's units is there already: a window adds size - 1 "
        "steps, not size": by(lambda a, j, k, s: (a + k * j, j * s)),
        "that is the field with the layers in the opposite order: the list "
        "begins at the image, and (side - 1) * stride + size goes from the "
        "unit back": lambda layers: _receptive_field(layers[::-1]),
        "that is how far apart two neighbours' fields lie: return how many "
        "pixels one unit sees": lambda layers: math.prod(
            stride for _, stride in layers
        ),
        "that is an area: give the pixels on one side": lambda layers: (
            _receptive_field(layers) ** 2
        ),
    }
    otherwise = (
        "keep two numbers, the side of the field and the step between two "
        "neighbours, both 1 at the image"
    )
    cases = [(case,) for case in cases] + draws(layers, random)
    kind = "a whole number"  # it cuts pieces out of images
    diagnose(answer, cases, _receptive_field, mistakes, otherwise, kind=kind)


def _vote(features, labels, query, k):
    cosine = F.normalize(features, dim=1) @ query
    return labels[cosine.topk(k).indices].bincount().argmax().item()


@check(
    right="the nearest directions vote, and the most frequent class wins",
    ours=_vote,
)
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
        (
            "1 9 2 8 3 8 4 8 5 8 6 8 7 8 8 8 8 7 8 6 8 5 8 4 8 3 8 2 9 1",
            [*[0] * 5, *[7] * 10],
            [1.0, 8.0],
            14,
        ),  # more vote than by habit
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
        "the nearest row votes too: the query is none of the rows, so skip "
        "none": lambda *case: most(ranked(*case)[1 : case[-1] + 1]),
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
    diagnose(answer, cases, truth, mistakes, otherwise, kind="one number")


def _without(features, weight, bias, units):
    kept = features.clone()
    kept[:, units] = 0
    return kept @ weight.T + bias


@check(
    right="without these units, and with all that is left",
    ours=_without,
)
def without(answer, random):
    def case(random):
        images, units = random.randint(1, 3), random.randint(2, 5)
        classes = random.choice([c for c in (1, 2, 3, 4) if c != units])
        shapes = (images, units), (classes, units), classes
        off = random.sample(range(units), random.randint(1, units - 1))
        features, weight, bias = draw(random, *shapes)
        # Most activations are above 0; those of a tanh need not be.
        features[:, 1:] = features[:, 1:].abs() + 0.1
        return features, weight, bias, off

    def full(features, weight, bias, units):
        return features @ weight.T + bias

    def others(features, units):
        return [i for i in range(features.shape[1]) if i not in units]

    def raised(features, weight, bias, units):
        kept = features.clone()
        kept[:, units] = 1
        return full(kept, weight, bias, units)

    def rows(features, weight, bias, units):
        kept = features.clone()
        kept[[u for u in units if u < len(kept)]] = 0
        return full(kept, weight, bias, units)

    def first_only(features, weight, bias, units):
        return _without(features, weight, bias, units[:1])

    mistakes = {
        "that is the answer of all units: set those of `units` to 0": full,
        "those are switched off that should stay on: set the ones in `units` "
        "to 0, and leave the others": lambda f, w, b, u: _without(
            f, w, b, others(f, u)
        ),
        "the bias is missing: add it to what the weights give": (
            lambda f, w, b, u: _without(f, w, 0 * b, u)
        ),
        "that switches images off: units are the columns of features": rows,
        "a unit that is off gives 0, not 1": raised,
        "activations below 0 belong to the answer too: set only the columns "
        "of `units` to 0": lambda f, w, b, u: _without(f.relu(), w, b, u),
        "only one unit is off: switch off all of `units`": first_only,
        "those are the activations: multiply them by the weights and add the "
        "bias": lambda f, w, b, u: (
            f * torch.tensor([float(i not in u) for i in range(f.shape[1])])
        ),
        "those are probabilities: return the logits": lambda *case: _without(
            *case
        ).softmax(dim=1),
        "those are classes: return the logits": lambda *case: _without(
            *case
        ).argmax(dim=1),
    }
    otherwise = (
        "copy the features, set the columns of `units` to 0, multiply by the "
        "transposed weights and add the bias"
    )
    none = draw(random, (2, 3), (4, 3), 4)
    below = tensors(
        ([[-1.5, 0.5]], [[0.5, 1.0]], [0.25], [1]),
        ([[-2.0, 1.5, 0.5]], [[1.0, 0.5, 2.0]], [-0.75], [1]),
    )
    below = [(*case[:-1], [1]) for case in below]
    cases = [*below, *draws(case, random), (*none, [])]
    diagnose(answer, cases, _without, mistakes, otherwise, kind="a tensor")
    reason = "the next cells mix it with float32"
    keeps_dtype(answer, cases[0], reason, "the logits")
