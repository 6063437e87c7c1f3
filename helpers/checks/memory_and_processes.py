"""The checks of the exercises on memory and many processes."""

from contextlib import suppress
from functools import partial
from random import Random

import torch
from torch import nn
from torch.multiprocessing.reductions import StorageWeakRef
from torch.nn import functional as F

from helpers.checks import (
    Misconception,
    check,
    diagnose,
    keeps_dtype,
    numbers,
    uniform,
)

# What later cells use while the learner's own is missing or wrong.


def _accumulated_gradient(model, parts):
    num_images = sum(len(y) for _, y in parts)
    model.zero_grad()
    for X, y in parts:
        loss = F.cross_entropy(model(X), y) * len(y) / num_images
        loss.backward()
    return [p.grad for p in model.parameters()]


def _inputs_held(num_blocks, num_segments):
    return num_segments + num_blocks // num_segments - 1


def _ring_step(held, step, to=1, by=-1, first=0, late=0, adds=None):
    """One step, or one that goes wrong: to which neighbour, with which chunk,
    until when it adds, and whether it does so always or never."""
    num_workers, after = len(held), held.clone()
    adds = step < num_workers - 1 + late if adds is None else adds
    for worker in range(num_workers):
        left = (worker - to) % num_workers
        chunk = (left + by * step + first) % num_workers
        after[worker, chunk] = held[left, chunk] + adds * held[worker, chunk]
    return after


def _worker_memory(num_weights, num_workers, activations, each=16):
    return each * num_weights / num_workers / 1e9 + activations


@check(
    right="every image counts the same, in whichever part it came",
    ours=_accumulated_gradient,
)
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
        _Used.kept, _Used.largest = [], 0
        most = max(len(y) for _, y in parts)
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
            "the gradient is right, but {} images were in memory at once, and "
            "the largest part has {}: run one part at a time, forward and "
            "backward, that is what saves memory".format(*at_once[0])
        )


class _Used(nn.Linear):
    """A layer whose copies hold a gradient, as left by the step before."""

    latest = None  # the copy that was made last
    kept = ()  # of the forward passes of all copies: its inputs, how many
    largest = 0  # the most images that were kept at once

    def forward(self, X):
        X = X.clone()  # lives until the backward pass is over
        kept = [k for k in _Used.kept if not k[0].expired()]
        with suppress(NotImplementedError):  # of torch.func, which keeps none
            kept.append((StorageWeakRef(X.untyped_storage()), len(X)))
        at_once = max(len(X), sum(n for _, n in kept))
        _Used.kept, _Used.largest = kept, max(_Used.largest, at_once)
        return super().forward(X)

    def __deepcopy__(self, memo):
        twin = _Used(self.in_features, self.out_features)
        twin.load_state_dict(self.state_dict())
        for p in twin.parameters():
            p.grad = torch.ones_like(p)
        _Used.latest = twin
        return twin


@check(
    right="one input waits for each segment, and one segment at a time has "
    "all of its own",
    ours=_inputs_held,
)
def inputs_held(answer, random):
    cases = [(1, 1), (4, 1), (4, 2), (4, 4), (6, 2), (6, 3), (12, 4)]
    cases += [(64, 8), (64, 1), (64, 64), (100, 5)]
    for blocks in random.sample(range(2, 12), 4):
        segments = random.randint(2, 12)
        cases.append((blocks * segments, segments))

    mistakes = {
        "the first input of the segment that is computed again is counted "
        "twice: it has waited already": lambda n, k: k + n // k,
        "those are the inputs that wait: while a segment is computed again, "
        "it holds those of its own blocks too": lambda n, k: k,
        "that is one segment alone: the inputs of the other segments are "
        "waiting meanwhile": lambda n, k: n // k,
        "with nothing thrown away all inputs are held: count those that wait "
        "and those of one segment": lambda n, k: n,
        "only one segment is computed again at a time, so do not count all "
        "of them": lambda n, k: n + k,
        "only one segment is computed again at a time: its blocks are "
        "num_blocks // num_segments": lambda n, k: n + k - 1,
        "a segment has num_blocks // num_segments blocks, not "
        "num_segments": lambda n, k: 2 * k - 1,
        "the segment that is computed again has an input too, and it is "
        "held: one more": lambda n, k: k + n // k - 2,
        "that is the number of segments that gives the smallest peak, not "
        "the peak": lambda n, k: n**0.5,
        "that is the peak of the best number of segments, not of "
        "this one": lambda n, k: 2 * n**0.5 - 1,
    }  # fmt: skip
    way = "count the inputs that wait, then those of one segment"
    options = {"tolerance": 1e-9, "kind": "one number"}
    diagnose(answer, cases, _inputs_held, mistakes, way, **options)


@check(
    right="first every chunk is added up around the ring, then it is passed "
    "on",
    ours=_ring_step,
)
def ring_step(answer, random):
    def start(size, length, source=None):
        if source is None:  # 1, 10, 100: a sum shows whose numbers it holds
            rows = 10.0 ** torch.arange(size, dtype=torch.float64)
            return rows[:, None, None].expand(size, size, length).clone()
        return uniform(source, (size, size, length), 0.5, 4)

    cases = []
    for size in (2, 3, 4):
        held = start(size, 1)
        for step in range(2 * (size - 1)):
            cases.append((held, step))
            held = _ring_step(held, step)
    for source in (Random(0), random):
        cases += [(start(3, 2, source), step) for step in range(4)]
        cases += [(start(5, 1, source), step) for step in range(8)]

    def mistakes(held, step):
        ring = partial(_ring_step, held, step)
        gone, alone, adds = ring(), held.clone(), step < len(held) - 1
        for worker in range(len(held)):
            gone[worker, (worker - step) % len(held)] = 0
        sent = -step % len(held)
        alone[1, sent] = held[0, sent] + adds * held[1, sent]
        return {
            "nothing has moved: return what the workers hold after the "
            "messages": held,
            "that is the end of the journey: make one step, in which each "
            "worker sends one chunk": held.sum(0).expand_as(held),
            "each worker sends one chunk, not all of them":
                held.roll(1, 0) + adds * held,
            "in the second half nothing is added any more: what arrives takes "
            "the place of what was there": ring(adds=True),
            "in the first half what arrives is added to what is there: it "
            "does not take its place": ring(adds=False),
            "the halves change one step late: num_workers - 1 steps add, and "
            "the first of them is step 0": ring(late=1),
            "the halves change one step early: num_workers - 1 steps add":
                ring(late=-1),
            "the messages go the wrong way round: worker w sends to w + 1":
                ring(to=-1),
            "the chunk is one further back at each step, (worker - step) % "
            "num_workers, not one further on": ring(by=1),
            "at every step each worker sends the same chunk: it must be "
            "(worker - step) % num_workers": ring(by=0),
            "the chunk follows from the worker that sends it, not from the "
            "one that receives it": ring(first=1),
            "the sender keeps what it sends: a message is a copy": gone,
            "all workers send at every step, not worker 0 alone": alone,
        }  # fmt: skip

    def seen(held, step):
        return {"held": held.squeeze(-1), "step": step}

    way = "worker w sends chunk (w - step) % num_workers to worker w + 1"
    options = {"exact_shape": True, "show": seen}
    diagnose(answer, cases, _ring_step, mistakes, way, **options)
    # As the next cells use it: for gradients, in chunks of 250,000 numbers.
    held = torch.ones(4, 4, 250_000, dtype=torch.float32)
    keeps_dtype(answer, (held, 0), "the chunks will be pieces of gradients")


@check(
    right="sixteen bytes per weight are shared out, the activations are not",
    ours=_worker_memory,
)
def worker_memory(answer, random):
    cases = [(10**9, 1, 1.0), (10**9, 1, 0.0), (10**9, 4, 3.0), (2000, 2, 4.0)]
    cases += [(7 * 10**9, 1, 5.0), (70 * 10**9, 64, 12.5)]
    for workers in random.sample(range(2, 10), 3):
        cases.append((random.randint(2, 90) * 10**8, workers, 3.75))

    truth = _worker_memory
    mistakes = {
        "12 bytes per weight: in float32 there are three numbers, a copy of "
        "the weight and Adam's two averages": lambda *case: truth(*case, 12),
        "14 bytes per weight: weights and gradients are both there in "
        "bfloat16, two bytes each": lambda *case: truth(*case, 14),
        "8 bytes per weight: Adam keeps two averages of four bytes each, and "
        "there is a float32 copy": lambda *case: truth(*case, 8),
        "weights and gradients alone: the optimiser's state is the larger "
        "part": lambda *case: truth(*case, 4),
        "only the weights are counted": lambda *case: truth(*case, 2),
        "20 bytes per weight: the gradients are in bfloat16, not in float32 "
        "as well": lambda *case: truth(*case, 20),
        "activations are not sharded: each worker has those of its own "
        "images": lambda n, w, a: truth(n, w, a / w),
        "weights, gradients and state are shared out: divide them by the "
        "number of workers": lambda n, w, a: truth(n, 1, a),
        "weights and gradients are shared out too, not the optimiser's state "
        "alone": lambda n, w, a: truth(n, 1, 0, 4) + truth(n, w, a, 12),
        "gradients and state are shared out, and so are the weights":
            lambda n, w, a: truth(n, 1, 0, 2) + truth(n, w, a, 14),
        "`activations` are those of one worker, not of all together":
            lambda n, w, a: truth(n, w, a * w),
        "what is asked is the memory of one worker, not of all together":
            lambda n, w, a: truth(n, 1, a * w),
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
    diagnose(answer, cases, truth, mistakes, way, kind="one number")
