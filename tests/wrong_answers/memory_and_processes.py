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
    X, y = (torch.cat(each) for each in zip(*parts, strict=True))
    model.zero_grad()
    F.cross_entropy(model(X), y).backward()
    return [p.grad for p in model.parameters()]


def one_tensor(model, parts):
    gradients = _accumulate(model, parts, lambda n, total, _: n / total)
    return torch.cat([g.flatten() for g in gradients])


def _worker(bytes_a_weight):
    def answer(num_weights, num_workers, activations):
        share = bytes_a_weight * num_weights / num_workers / 1e9
        return share + activations

    return answer


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
        "one part at a time": all_at_once,
        "leave the step to the caller": steps_too,
    },
    "worker_memory": {
        "do not divide them by 10**9": lambda n, w, a: (16 * n / w + a) / 1e9,
        "that is in bytes": lambda n, w, a: 16 * n / w + a * 1e9,
        "12 bytes a weight": _worker(12),
        "14 bytes a weight": _worker(14),
        "8 bytes a weight: Adam": _worker(8),
        "weights and gradients alone": _worker(4),
        "only the weights are counted": _worker(2),
        "20 bytes a weight": _worker(20),
        "activations are not sharded": lambda n, w, a: (16 * n / 1e9 + a) / w,
        "divide them by the number of workers": lambda n, w, a: (
            16 * n / 1e9 + a
        ),
        "the activations are missing": lambda n, w, a: 16 * n / w / 1e9,
        "GiB of 2**30": lambda n, w, a: 16 * n / w / 2**30 + a,
        "bytes and GB are added": lambda n, w, a: 16 * n / w + a,
    },
}
