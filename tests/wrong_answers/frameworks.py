"""What learners really write in the exercises on one model in tools."""


def first(a, b, test):
    for step, (one, other) in enumerate(zip(a, b, strict=False)):
        if test(one, other):
            return step
    return min(len(a), len(b))


def longer(a, b, tolerance):
    for step, (one, other) in enumerate(zip(a, b, strict=False)):
        if abs(one - other) > tolerance:
            return step
    return max(len(a), len(b))


def zero_for_never(a, b, tolerance):
    for step, (one, other) in enumerate(zip(a, b, strict=False)):
        if abs(one - other) > tolerance:
            return step
    return 0


def keeps_going(a, b, tolerance):
    found = min(len(a), len(b))
    for step, (one, other) in enumerate(zip(a, b, strict=False)):
        if abs(one - other) > tolerance:
            found = step
    return found


def by_index(a, b, tolerance):
    for step in range(max(len(a), len(b))):
        if abs(a[step] - b[step]) > tolerance:
            return step
    return step + 1


def from_one(a, b, tolerance):
    step = 1
    for one, other in zip(a, b, strict=False):
        if abs(one - other) > tolerance:
            return step
        step += 1
    return step


def no_total(running):
    losses, before = [], 0.0
    for k, mean in enumerate(running, start=1):
        losses.append(k * mean - before)
        before = mean
    return losses


def never_updated(running):
    losses, total = [], 0.0
    for k, mean in enumerate(running, start=1):
        losses.append(k * mean - total)
    return losses


def from_zero(running):
    losses, total = [], 0.0
    for k, mean in enumerate(running):
        losses.append(k * mean - total)
        total = k * mean
    return losses


WRONG = {
    "parting": {
        "the difference can be negative too": lambda a, b, t: first(
            a, b, lambda x, y: x - y > t
        ),
        "only negative differences": lambda a, b, t: first(
            a, b, lambda x, y: y - x > t
        ),
        "count from": from_one,
        "return at the first": keeps_going,
        "within the tolerance does not count": lambda a, b, t: first(
            a, b, lambda x, y: x != y
        ),
        "not of the longer": longer,
        "0 says that": zero_for_never,
        "exactly the tolerance": lambda a, b, t: first(
            a, b, lambda x, y: abs(x - y) >= t
        ),
        "IndexError": by_index,
    },
    "fc1_to_keras": {
        "that only transposes": lambda weight: weight.T,
        "transpose as well": lambda weight: (
            weight.reshape(-1, 128, 7, 7)
            .permute(0, 2, 3, 1)
            .reshape(len(weight), 6272)
        ),
        "height comes before": lambda weight: (
            weight.reshape(-1, 128, 7, 7).permute(3, 2, 1, 0).reshape(6272, -1)
        ),
        "that takes Keras's order": lambda weight: (
            weight.reshape(-1, 7, 7, 128).permute(3, 1, 2, 0).reshape(6272, -1)
        ),
        "a reshape is no transpose": lambda weight: (
            weight.reshape(-1, 128, 7, 7).permute(0, 2, 3, 1).reshape(6272, -1)
        ),
        "not even to transpose": lambda weight: weight.reshape(6272, -1),
    },
    "step_losses": {
        "those are the means again": list,
        "must become totals first": lambda running: [
            b - a for a, b in zip([0, *running], running, strict=False)
        ],
        "subtract the one before": never_updated,
        "not the mean before": no_total,
        "count from 1": from_zero,
        "the first loss is missing": lambda running: [
            (k + 1) * running[k] - k * running[k - 1]
            for k in range(1, len(running))
        ],
    },
    "should_stop": {
        "equal is no better": lambda losses, patience: (
            len(losses) > patience
            and min(losses[-patience:]) > min(losses[:-patience])
        ),
        "take the best *before*": lambda losses, patience: (
            len(losses) > patience and min(losses[-patience:]) >= min(losses)
        ),
        "they need not rise each time": lambda losses, patience: (
            len(losses) > patience
            and losses[-patience - 1 :] == sorted(losses[-patience - 1 :])
        ),
        "not only with the one just": lambda losses, patience: (
            len(losses) > patience
            and all(one >= losses[-patience - 1] for one in losses[-patience:])
        ),
        "min of them, not": lambda losses, patience: (
            len(losses) > patience
            and max(losses[-patience:]) >= min(losses[:-patience])
        ),
        "low is good": lambda losses, patience: (
            len(losses) > patience
            and min(losses[-patience:]) <= min(losses[:-patience])
        ),
        "ValueError": lambda losses, patience: (
            min(losses[-patience:]) >= min(losses[:-patience])
        ),
    },
}
