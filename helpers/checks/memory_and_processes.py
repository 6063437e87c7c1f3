"""The checks of the exercises on memory and many processes."""

from random import Random

import torch
from torch import nn
from torch.nn import functional as F

from helpers.checks import (
    Misconception,
    check,
    diagnose,
    numbers,
    uniform,
)


@check(right="every image counts the same, in whichever part it came")
def accumulated_gradient(answer, random):
    fixed = [1], [3], [1, 1], [1, 3], [2, 1], [1, 2, 4], [5, 1, 1], [2, 2, 4]
    drawn = [(Random(i), sizes) for i, sizes in enumerate(fixed)]
    drawn += [(random, random.sample(range(1, 9), 3)) for _ in range(3)]
    cases, at_once = [], []
    for draw, lengths in drawn:
        model = _Used(len(lengths), 3)
        model.load_state_dict({
            "weight": uniform(draw, (3, len(lengths))), "bias": torch.zeros(3)
        })  # fmt: skip
        X = [uniform(draw, (n, len(lengths)), -4, 4) for n in lengths]
        y = [torch.tensor(draw.choices(range(3), k=n)) for n in lengths]
        cases.append((model, [*zip(X, y, strict=True)]))

    def flat(model, parts):
        _Used.largest, most = 0, max(len(y) for _, y in parts)
        got = answer(model, parts)
        if not torch.equal(_Used.latest.weight, model.weight):
            raise Misconception(
                "the model has other weights afterwards: return the "
                "gradients, and leave the step to the caller"
            )
        if _Used.largest > most:
            at_once.append((_Used.largest, most))
        if not isinstance(got, list | tuple) or len(got) != 2:
            raise Misconception(
                "return a list of tensors, [p.grad for p in "
                "model.parameters()]"
            )
        pairs = zip(got, model.parameters(), strict=True)
        each = [numbers(g, p.shape, "the list's tensor") for g, p in pairs]
        return torch.cat([g.flatten() for g in each])

    def truth(model, parts, weigh=lambda n, total, count: n / total):
        total = sum(len(y) for _, y in parts)
        loss = sum(
            F.cross_entropy(model(X), y) * weigh(len(y), total, len(parts))
            for X, y in parts
        )
        each = torch.autograd.grad(loss, [*model.parameters()])
        return torch.cat([g.flatten() for g in each])

    mistakes = {
        "the gradients left over from the step before were added too: "
        "zero_grad() once, before the first part":
            lambda *case: truth(*case) + 1,
        "a mean of means lets an image in a small part count more: weight "
        "each part by its share of the images":
            lambda *case: truth(*case, lambda n, total, count: 1 / count),
        "the parts' means are added up: weight each by its share of the "
        "images": lambda *case: truth(*case, lambda n, total, count: 1),
        "the sum over images is not divided by how many there are":
            lambda *case: truth(*case, lambda n, total, count: n),
        "divide by the number of images, not of parts":
            lambda *case: truth(*case, lambda n, total, count: n / count),
        "zero_grad() for every part throws the earlier ones away":
            lambda m, parts: truth(
                m, parts[-1:], lambda n, *_: n / sum(len(y) for _, y in parts)
            ),
        "only the last part is left: zero_grad() once, and weight each part "
        "by its share": lambda m, parts: truth(m, parts[-1:]),
    }  # fmt: skip

    def sizes(model, parts):
        return {"sizes": [len(y) for _, y in parts]}

    way = "compare with one batch of all images"
    diagnose(flat, cases, truth, mistakes, way, show=sizes)
    if at_once:
        raise Misconception(
            "the gradient is right, but {} images went through at once and "
            "the largest part has {}: run one part at a time, that is what "
            "saves memory".format(*at_once[0])
        )


class _Used(nn.Linear):
    """A layer whose copies hold a gradient, as left by the step before."""

    largest = 0  # the images of the largest forward pass, of all copies
    latest = None  # the copy that was made last

    def forward(self, X):
        _Used.largest = max(_Used.largest, len(X))
        return super().forward(X)

    def __deepcopy__(self, memo):
        twin = _Used(self.in_features, self.out_features)
        twin.load_state_dict(self.state_dict())
        for p in twin.parameters():
            p.grad = torch.ones_like(p)
        _Used.latest = twin
        return twin


@check(right="sixteen bytes a weight are shared out, the activations are not")
def worker_memory(answer, random):
    cases = [(10**9, 1, 1.0), (10**9, 1, 0.0), (10**9, 4, 3.0), (2000, 2, 4.0)]
    cases += [(7 * 10**9, 1, 5.0), (70 * 10**9, 64, 12.5)]
    for workers in random.sample(range(2, 10), 3):
        cases.append((random.randint(2, 90) * 10**8, workers, 3.75))

    def truth(num_weights, num_workers, activations, each=16):
        return each * num_weights / num_workers / 1e9 + activations

    mistakes = {
        "12 bytes a weight: the float32 copy that the optimiser steps is "
        "missing": lambda *case: truth(*case, 12),
        "14 bytes a weight: weights and gradients are both there in "
        "bfloat16, two bytes each": lambda *case: truth(*case, 14),
        "8 bytes a weight: Adam keeps two averages of four bytes each, and "
        "there is a float32 copy": lambda *case: truth(*case, 8),
        "weights and gradients alone: the optimiser's state is the larger "
        "part": lambda *case: truth(*case, 4),
        "only the weights are counted": lambda *case: truth(*case, 2),
        "20 bytes a weight: the gradients are in bfloat16, not in float32 as "
        "well": lambda *case: truth(*case, 20),
        "activations are not sharded: each worker has those of its own "
        "images": lambda n, w, a: truth(n, w, a / w),
        "weights, gradients and state are shared out: divide them by the "
        "number of workers": lambda n, w, a: truth(n, 1, a),
        "the activations are missing": lambda n, w, a: truth(n, w, 0),
        "the activations are in gigabytes already: do not divide them by "
        "10**9": lambda n, w, a: truth(n, w, a / 1e9),
        "that is in GiB of 2**30 bytes: a GB is 10**9":
            lambda n, w, a: 16 * n / w / 2**30 + a,
        "bytes and GB are added: divide the bytes by 10**9":
            lambda n, w, a: 16 * n / w + a,
        "that is in bytes: a gigabyte is 10**9 of them":
            lambda n, w, a: truth(n, w, a) * 1e9,
    }  # fmt: skip
    way = "add up the bytes of one weight, share them out, add the activations"
    diagnose(answer, cases, truth, mistakes, way)
