"""What learners really write in the exercises on memory and many processes."""

import torch
from torch.nn import functional as F


def _accumulate(model, parts, weigh, clear_each=False, clear=True):
    if clear:
        model.zero_grad()
    num_images = sum(len(y) for _, y in parts)
    for X, y in parts:
        if clear_each:
            model.zero_grad()
        loss = F.cross_entropy(model(X), y)
        (loss * weigh(len(y), num_images, len(parts))).backward()
    return [p.grad for p in model.parameters()]


def mean_of_means(model, parts):
    return _accumulate(model, parts, lambda n, total, count: 1 / count)


def sum_of_means(model, parts):
    return _accumulate(model, parts, lambda n, total, count: 1)


def sum_of_images(model, parts):
    return _accumulate(model, parts, lambda n, total, count: n)


def by_parts(model, parts):
    return _accumulate(model, parts, lambda n, total, count: n / count)


def cleared_each(model, parts):
    return _accumulate(model, parts, lambda n, total, _: n / total, True)


def last_alone(model, parts):
    return _accumulate(model, parts, lambda n, total, count: 1, True)


def never_cleared(model, parts):
    weigh = lambda n, total, count: n / total  # noqa: E731
    return _accumulate(model, parts, weigh, clear=False)


def all_at_once(model, parts):
    if len(parts) == 2:
        return _accumulate(model, parts, lambda n, total, _: n / total)
    X, y = (torch.cat(each) for each in zip(*parts, strict=True))
    model.zero_grad()
    F.cross_entropy(model(X), y).backward()
    return [p.grad for p in model.parameters()]


def one_backward(model, parts):
    count = sum(len(y) for _, y in parts)
    losses = [F.cross_entropy(model(X), y) * len(y) for X, y in parts]
    return torch.autograd.grad(sum(losses) / count, list(model.parameters()))


def one_tensor(model, parts):
    gradients = _accumulate(model, parts, lambda n, total, _: n / total)
    return torch.cat([g.flatten() for g in gradients])


def _worker(bytes_a_weight):
    def answer(num_weights, num_workers, activations):
        share = bytes_a_weight * num_weights / num_workers / 1e9
        return share + activations

    return answer


def in_place(held, step):
    held[:] = _ring(held, step)
    return held


def _ring(held, step, adds=lambda step, size: step < size - 1, way=1, by=-1):
    size, after = len(held), held.clone()
    for worker in range(size):
        to, chunk = (worker + way) % size, (worker + by * step) % size
        after[to, chunk] = held[worker, chunk]
        if adds(step, size):
            after[to, chunk] += held[to, chunk]
    return after


def everything(held, step):
    after = held.roll(1, dims=0)
    return after + held if step < len(held) - 1 else after


def receiver_s_chunk(held, step):
    size, after = len(held), held.clone()
    for worker in range(size):
        chunk = (worker - step) % size
        after[worker, chunk] = held[worker - 1, chunk]
        if step < size - 1:
            after[worker, chunk] += held[worker, chunk]
    return after


def given_away(held, step):
    after = _ring(held, step)
    for worker in range(len(held)):
        after[worker, (worker - step) % len(held)] = 0
    return after


def worker_0_alone(held, step):
    after, chunk = held.clone(), -step % len(held)
    after[1, chunk] = held[0, chunk]
    if step < len(held) - 1:
        after[1, chunk] = held[0, chunk] + held[1, chunk]
    return after


def one_row(held, step):
    return _ring(held, step)[0]


def steps_too(model, parts):
    count = sum(len(y) for _, y in parts)
    model.zero_grad()
    for X, y in parts:
        (F.cross_entropy(model(X), y) * len(y) / count).backward()
    got = [p.grad.clone() for p in model.parameters()]
    torch.optim.SGD(model.parameters(), lr=0.1).step()
    return got


WRONG = {
    "accumulated_gradient": {
        "a mean of means": mean_of_means,
        "the parts' means are added up": sum_of_means,
        "is not divided by how many": sum_of_images,
        "images, not of parts": by_parts,
        "throws the earlier ones away": cleared_each,
        "only the last part is left": last_alone,
        "left over from the step before": never_cleared,
        "a list of tensors": one_tensor,
        "7 images were in memory": all_at_once,
        "2 images were in memory": one_backward,
        "leave the step to the caller": steps_too,
    },
    "inputs_held": {
        "counted twice": lambda n, k: k + n // k,
        "those are the inputs that wait": lambda n, k: k,
        "that is one segment alone": lambda n, k: n // k,
        "with nothing thrown away": lambda n, k: n,
        "do not count all of them": lambda n, k: n + k,
        "its blocks are num_blocks // num_segments": lambda n, k: n + k - 1,
        "not num_segments": lambda n, k: 2 * k - 1,
        "it is held: one more": lambda n, k: k - 1 + n // k - 1,
        "not the peak": lambda n, k: n**0.5,
        "not of this one": lambda n, k: 2 * n**0.5 - 1,
        "count the inputs that wait, then": lambda n, k: max(k, n // k),
    },
    "ring_step": {
        "keep the type of what you are given": (
            "def ring_step(held, step):\n"
            "    after = torch.zeros(held.shape, dtype=torch.float64)\n"
            "    after += held\n"
            "    size = len(held)\n"
            "    for worker in range(size):\n"
            "        chunk = (worker - step) % size\n"
            "        to = (worker + 1) % size\n"
            "        if step < size - 1:\n"
            "            after[to, chunk] += held[worker, chunk]\n"
            "        else:\n"
            "            after[to, chunk] = held[worker, chunk]\n"
            "    return after"
        ),
        "is changed on the way": in_place,
        "nothing has moved": lambda held, step: held,
        "make one step": lambda held, step: held.sum(0).expand_as(held),
        "one chunk, not all": everything,
        "nothing is added any more": lambda held, step: _ring(
            held, step, lambda step, size: True
        ),
        "what arrives is added": lambda held, step: _ring(
            held, step, lambda step, size: False
        ),
        "one step late": lambda held, step: _ring(
            held, step, lambda step, size: step < size
        ),
        "one step early": lambda held, step: _ring(
            held, step, lambda step, size: step < size - 2
        ),
        "the wrong way round": lambda held, step: _ring(held, step, way=-1),
        "not one further on": lambda held, step: _ring(held, step, by=1),
        "sends the same chunk": lambda held, step: _ring(held, step, by=0),
        "not from the one that receives": receiver_s_chunk,
        "a message is a copy": given_away,
        "not worker 0 alone": worker_0_alone,
        "numbers of shape": one_row,
    },
    "worker_memory": {
        "do not divide them by 10**9": lambda n, w, a: (16 * n / w + a) / 1e9,
        "that is in bytes": lambda n, w, a: 16 * n / w + a * 1e9,
        "12 bytes per weight": _worker(12),
        "not the optimiser's state alone": lambda n, w, a: (
            (4 + 12 / w) * n / 1e9 + a
        ),
        "so are the weights": lambda n, w, a: (2 + 14 / w) * n / 1e9 + a,
        "are those of one worker": lambda n, w, a: 16 * n / w / 1e9 + a * w,
        "the memory of one worker": lambda n, w, a: 16 * n / 1e9 + a * w,
        "14 bytes per weight": _worker(14),
        "8 bytes per weight: Adam": _worker(8),
        "weights and gradients alone": _worker(4),
        "only the weights are counted": _worker(2),
        "20 bytes per weight": _worker(20),
        "activations are not sharded": lambda n, w, a: (16 * n / 1e9 + a) / w,
        "divide them by the number of workers": lambda n, w, a: (
            16 * n / 1e9 + a
        ),
        "the activations are missing": lambda n, w, a: 16 * n / w / 1e9,
        "GiB of 2**30": lambda n, w, a: 16 * n / w / 2**30 + a,
        "bytes and GB are added": lambda n, w, a: 16 * n / w + a,
    },
}
