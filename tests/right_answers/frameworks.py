"""Right answers that are easily refused, on one model in tools."""

from itertools import accumulate, takewhile

import numpy as np
import torch


def with_takewhile(a, b, tolerance):
    pairs = zip(a, b, strict=False)
    return len([*takewhile(lambda p: abs(p[0] - p[1]) <= tolerance, pairs)])


def with_numpy(a, b, tolerance):
    n = min(len(a), len(b))
    far = np.abs(np.array(a[:n]) - np.array(b[:n])) > tolerance
    return int(far.argmax()) if far.any() else n


def counted_by_hand(a, b, tolerance):
    step = 0
    while step < len(a) and step < len(b):
        if a[step] - b[step] > tolerance or b[step] - a[step] > tolerance:
            break
        step += 1
    return step


def as_a_tensor(a, b, tolerance):
    return torch.tensor(with_numpy(a, b, tolerance))


def one_output_after_another(weight):
    columns = [
        row.reshape(128, 49).T.reshape(-1) for row in weight
    ]  # 49 pixels, each with its 128 channels
    return torch.stack(columns, dim=1)


def by_numbers(weight):
    order = torch.arange(6272).reshape(128, 7, 7).permute(1, 2, 0).flatten()
    return weight[:, order].T


def in_numpy(weight):
    maps = weight.numpy().reshape(-1, 128, 7, 7)
    return np.transpose(maps, (2, 3, 1, 0)).reshape(6272, -1)


def movedims(weight):
    maps = weight.unflatten(1, (128, 7, 7)).movedim(1, 3).flatten(1)
    return maps.t().contiguous()


def by_formula(running):
    return [
        (k + 1) * running[k] - k * running[k - 1] if k else running[0]
        for k in range(len(running))
    ]


def by_differences(running):
    running = np.array(running)
    return np.diff(running * np.arange(1, len(running) + 1), prepend=0.0)


def in_torch(running):
    means = torch.tensor(running, dtype=torch.float64)
    totals = means * torch.arange(1, len(means) + 1)
    return torch.diff(totals, prepend=torch.zeros(1, dtype=torch.float64))


def best_so_far(losses, patience):
    best = list(accumulate(losses, min))
    return len(losses) > patience and best[-1] == best[-patience - 1]


def counts_since(losses, patience):
    best, since = float("inf"), 0
    for loss in losses:
        since = 0 if loss < best else since + 1
        best = min(best, loss)
    return since >= patience


def as_numpy_bool(losses, patience):
    losses = np.array(losses)
    if len(losses) <= patience:
        return np.False_
    return losses[-patience:].min() >= losses[:-patience].min()


RIGHT = {
    "parting": {
        "takewhile": with_takewhile,
        "NumPy, and argmax": with_numpy,
        "a loop by hand, two comparisons": counted_by_hand,
        "a tensor of one number": as_a_tensor,
    },
    "fc1_to_keras": {
        "one output after another": one_output_after_another,
        "an index of numbers": by_numbers,
        "a NumPy array": in_numpy,
        "movedim": movedims,
    },
    "step_losses": {
        "a formula for each": by_formula,
        "NumPy's diff, an array": by_differences,
        "a tensor": in_torch,
    },
    "should_stop": {
        "the best so far": best_so_far,
        "counts the steps since the best": counts_since,
        "a bool of NumPy": as_numpy_bool,
    },
}
