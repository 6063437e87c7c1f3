"""The checks of the exercises on one model in several tools."""

from itertools import pairwise

import torch

from helpers.checks import check, diagnose, draws
from helpers.frameworks import fc1_to_keras as _fc1_to_keras
from helpers.frameworks import parting as _parting
from helpers.frameworks import should_stop as _should_stop
from helpers.frameworks import step_losses as _step_losses


@check(
    right="the first step at which they differ by more than the tolerance, "
    "in either direction",
    ours=_parting,
)
def parting(answer, random):
    def draw(random):
        size = random.choice((1, 3, 4, 6))
        a = [random.randint(8, 40) / 16 for _ in range(size)]
        b = [
            one + random.choice((0, 0, 1, -1.5, 1.5, 2, -2, 8, -8)) / 16
            for one in a
        ]
        more = [9.0] * random.choice((0, 0, 1, 2))
        return (a + more, b, 1 / 8) if size % 2 else (a, b + more, 1 / 8)

    def truth(a, b, tolerance):
        return _parting(a, b, tolerance)

    def apart(a, b):
        return [one - other for one, other in zip(a, b, strict=False)]

    def found(a, b, tolerance, test=lambda d, t: abs(d) > t, never=None):
        steps = [k for k, d in enumerate(apart(a, b)) if test(d, tolerance)]
        if steps:
            return steps[0]
        return min(len(a), len(b)) if never is None else never(a, b)

    def with_(**options):
        return lambda a, b, tolerance: found(a, b, tolerance, **options)

    def last(a, b, tolerance):
        far = [k for k, d in enumerate(apart(a, b)) if abs(d) > tolerance]
        return far[-1] if far else min(len(a), len(b))

    def how_many(a, b, tolerance):
        return sum(abs(d) > tolerance for d in apart(a, b))

    def one_more(a, b, tolerance):
        return found(a, b, tolerance) + 1

    def widest(a, b, tolerance):
        sizes = [abs(d) for d in apart(a, b)]
        return sizes.index(max(sizes))

    mistakes = {
        "the difference can be negative too: abs(...)": with_(
            test=lambda d, t: d > t
        ),
        "only negative differences are seen: abs(...)": with_(
            test=lambda d, t: d < -t
        ),
        "the first losses are measured after 0 steps: count from 0": one_more,
        "that is the last step at which they differ: return at the "
        "first": last,
        "that is how many losses differ, not after how many steps they first "
        "do": how_many,
        "that is where they differ most, not where they first do": widest,
        "a difference within the tolerance does not count": with_(
            test=lambda d, t: d != 0
        ),
        "they part where they differ by more than the tolerance, not by "
        "less": with_(test=lambda d, t: abs(d) <= t),
        "exactly the tolerance is not more than the tolerance": with_(
            test=lambda d, t: abs(d) >= t
        ),
        "where they never part, return the length of the shorter list, not "
        "of the longer": with_(never=lambda a, b: max(len(a), len(b))),
        "where they never part, return the length of the shorter list; that "
        "is of one of the two": with_(never=lambda a, b: len(a)),
        "where they never part, return the length of the shorter list; that "
        "is of the second": with_(never=lambda a, b: len(b)),
        "0 says that the very first losses differ; where they never part, "
        "return the length of the shorter list": with_(never=lambda a, b: 0),
        "where they never part, return the length of the shorter list, not "
        "its last index": with_(never=lambda a, b: min(len(a), len(b)) - 1),
        "-1 says nothing: where they never part, return the length of the "
        "shorter list": with_(never=lambda a, b: -1),
    }
    cases = [
        ([2.0], [2.5], 0.125),
        ([2.5], [2.0], 0.125),
        ([2.0], [2.0], 0.125),
        ([2.0, 1.0], [2.0625, 1.25], 0.125),
        ([2.0, 1.0], [2.0, 1.5], 0.25),
        ([2.0, 1.5, 1.0], [2.0, 1.0, 1.25], 0.125),
        ([2.0, 1.5, 1.0], [2.25, 1.0, 1.0], 0.125),
        ([2.0, 1.5], [2.25, 1.25], 0.25),
        ([2.0, 2.0], [2.0, 2.0 + 2**-19], 2**-20),
        ([2.0, 1.5, 1.0], [2.0, 1.5], 0.25),
        ([2.0], [2.0, 7.0, 8.0], 0.25),
        ([2.0, 3.0, 1.0], [2.0, 3.25, 4.0], 0.125),
        *draws(draw, random),
    ]
    otherwise = (
        "go through both lists at once, and return the number of the first "
        "step at which abs(difference) is larger than the tolerance; if "
        "there is none, the length of the shorter list"
    )
    diagnose(
        answer, cases, truth, mistakes, otherwise, kind="one number"
    )  # fmt: skip


@check(
    right="all 6,272 inputs of each output arrive where Keras looks for them",
    ours=_fc1_to_keras,
)
def fc1_to_keras(answer, random):
    def weight(outputs, start):
        """Each number says where it comes from, in sixteenths."""
        count = outputs * 6272
        return (start + torch.arange(count)).reshape(outputs, 6272) / 16

    def truth(weight):
        return _fc1_to_keras(weight)

    def maps(weight, shape=(128, 7, 7)):
        return weight.reshape(-1, *shape)

    mistakes = {
        "that only transposes: the 6,272 are still in PyTorch's order; "
        "make their three axes visible, and permute those too": lambda w: w.T,
        "the inputs are in Keras's order, but Keras wants (6272, outputs): "
        "transpose as well": lambda w: (
            maps(w).permute(0, 2, 3, 1).reshape(-1, 6272)
        ),
        "only the channels have to move to the end: height comes before "
        "width": lambda w: maps(w).permute(3, 2, 1, 0).reshape(6272, -1),
        "a reshape is no transpose: the outputs must become the last "
        "axis by `permute`": lambda w: (
            maps(w).permute(0, 2, 3, 1).reshape(6272, -1)
        ),
        "reshape moves no number, not even to transpose": lambda w: w.reshape(
            6272, -1
        ),
        "that takes Keras's order into PyTorch's: here the channels are "
        "first, and go last": lambda w: (
            maps(w, (7, 7, 128)).permute(3, 1, 2, 0).reshape(6272, -1)
        ),
        "width before channels, please: height, width, channels": lambda w: (
            maps(w).permute(2, 1, 3, 0).reshape(6272, -1)
        ),
    }
    low = random.randint(0, 5)
    cases = [(weight(n, s),) for n, s in ((1, 0), (2, 0), (3, 7), (2, low))]
    otherwise = (
        "reshape to (outputs, 128, 7, 7), permute to height, width, "
        "channels, outputs, and flatten the first three"
    )

    def some(weight):
        return {"the shape of weight": tuple(weight.shape)}

    diagnose(
        answer, cases, truth, mistakes, otherwise,
        exact_shape=True, show=some,
    )  # fmt: skip


@check(
    right="each mean times its number is a total, and a loss is what a total "
    "gains",
    ours=_step_losses,
)
def step_losses(answer, random):
    def draw(random):
        size = random.choice((1, 2, 3, 5))
        losses = [random.randint(4, 40) / 16 for _ in range(size)]
        return ([sum(losses[: k + 1]) / (k + 1) for k in range(size)],)

    def truth(running):
        return _step_losses(running)

    def gains(values):
        return [b - a for a, b in zip([0.0, *values], values, strict=False)]

    def totals(running, first=1):
        return [k * mean for k, mean in enumerate(running, start=first)]

    def from_second(running):
        return gains(totals(running))[1:]

    def same_number(running):
        return [
            k * (mean - before)
            for k, (before, mean) in enumerate(
                zip([0.0, *running], running, strict=False), start=1
            )
        ]

    def last_total_kept(running):
        """The total before is never brought up to date."""
        return [
            total - (running[0] if k else 0.0)
            for k, total in enumerate(totals(running))
        ]

    def mean_for_total(running):
        return [
            total - before
            for total, before in zip(
                totals(running), [0.0, *running], strict=False
            )
        ]

    def averaged_again(running):
        return [sum(running[: k + 1]) / (k + 1) for k in range(len(running))]

    def half(running):
        return [running[0]] + [2 * b - a for a, b in pairwise(running)]

    mistakes = {
        "those are the means again": list,
        "the means must become totals first: the k-th times k": gains,
        "those are the totals: subtract the one before": totals,
        "count from 1: the first mean is of one loss": lambda running: gains(
            totals(running, 0)
        ),
        "the first loss is missing: its total before is 0": from_second,
        "the mean before is of one loss less: times k - 1, not k": same_number,
        "keep the total, so that the next loss is what it "
        "gains": last_total_kept,
        "subtract the total before, not the mean before": mean_for_total,
        "that averages once more; here the averaging is "
        "undone": averaged_again,
        "twice the mean minus the one before is right for the second loss "
        "alone": half,
    }
    cases = [
        ([2.0],),
        ([2.0, 1.5],),
        ([2.0, 1.5, 1.5],),
        ([1.0, 2.0, 3.0, 2.5],),
        *draws(draw, random),
    ]
    otherwise = "k times the k-th mean is the total of k losses"
    diagnose(
        answer, cases, truth, mistakes, otherwise,
        counted=True, exact_shape=True,
    )  # fmt: skip


@check(
    right="true once the last `patience` losses brought nothing better than "
    "before them",
    ours=_should_stop,
)
def should_stop(answer, random):
    def draw(random):
        size = random.choice((1, 2, 3, 4, 6, 8))
        losses = [random.randint(4, 9) / 4 for _ in range(size)]
        return losses, random.choice((1, 2, 3))

    def truth(losses, patience):
        return float(_should_stop(losses, patience))

    def stops(losses, patience, better=lambda a, b: a >= b, early=0.0):
        if len(losses) <= patience:
            return early
        split = len(losses) - patience
        return float(better(min(losses[split:]), min(losses[:split])))

    def with_(**options):
        return lambda losses, patience: stops(losses, patience, **options)

    def only_last(losses, patience):
        return float(
            len(losses) > patience and losses[-1] >= losses[-1 - patience]
        )

    def rising(losses, patience):
        end = losses[-patience - 1 :]
        return float(
            len(losses) > patience and all(b >= a for a, b in pairwise(end))
        )

    def one_before(losses, patience):
        return float(
            len(losses) > patience
            and min(losses[-patience:]) >= losses[-1 - patience]
        )

    def of_all(losses, patience):
        return float(
            len(losses) > patience and min(losses[-patience:]) >= min(losses)
        )

    def largest(losses, patience):
        return float(
            len(losses) > patience
            and max(losses[-patience:]) >= min(losses[:-patience])
        )

    def last_one(losses, patience):
        return float(
            len(losses) > patience and losses[-1] >= min(losses[:-patience])
        )

    def shifted(by):
        return lambda losses, patience: stops(losses, patience + by)

    mistakes = {
        "that is when it should go on": with_(
            better=lambda a, b: a < b, early=1.0
        ),
        "equal is no better: it has not improved": with_(
            better=lambda a, b: a > b
        ),
        "that stops when the losses fall; low is good": with_(
            better=lambda a, b: a <= b
        ),
        "with no loss before the last ones there is nothing to compare: "
        "False": with_(early=1.0),
        "compare all of the last losses, not only the last": last_one,
        "compare with the best before, not only with the one just "
        "before": one_before,
        "compare the best of the last losses with the best before them, not "
        "two single ones": only_last,
        "losses go up and down: they need not rise each time": rising,
        "the best of all is among the last as well: take the best *before* "
        "them": of_all,
        "one good loss among the last is an improvement: min of them, not "
        "max": largest,
        "that waits one loss too long": shifted(1),
        "that is one loss too early": shifted(-1),
        "it never stops": lambda losses, patience: 0.0,
        "it always stops": lambda losses, patience: 1.0,
    }
    cases = [
        ([2.0], 1),
        ([2.0, 1.0], 1),
        ([1.0, 2.0], 1),
        ([1.0, 1.0], 1),
        ([1.0, 2.0], 2),
        ([1.0, 2.0, 2.0], 2),
        ([1.0, 3.0, 2.0], 2),
        ([2.0, 1.0, 3.0, 2.0], 2),
        ([2.0, 3.0, 1.0], 2),
        ([2.0, 3.0, 0.5], 2),
        ([1.0, 3.0, 2.0, 1.5], 2),
        ([2.0, 3.0, 1.0, 3.0], 2),
        ([2.0, 1.0, 3.0], 2),
        ([2.0, 1.0, 3.0, 3.0], 3),
        ([3.0, 2.0, 2.5, 2.25, 2.75], 3),
        ([3.0, 2.0, 1.0, 0.5, 0.25], 3),
        *draws(draw, random),
    ]
    otherwise = (
        "compare the smallest of the last `patience` losses with the "
        "smallest of those before them"
    )
    diagnose(
        answer, cases, truth, mistakes, otherwise, kind="one number"
    )  # fmt: skip
