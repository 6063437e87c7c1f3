"""The checks of the exercises on translation."""

import math

import torch

from helpers.checks import (
    check,
    diagnose,
    draw,
    draws,
    part,
    tensors,
)
from helpers.translation_scores import clipped_counts as _clipped_counts
from helpers.translator import beam_step as _beam_step


def _shares(query, key, real):
    scores = query @ key.mT / math.sqrt(query.shape[-1])
    return scores.masked_fill(~real, -torch.inf).softmax(dim=-1)


@check(
    right="shares of 1 that go to real tokens alone",
    ours=_shares,
)
def shares(answer, random):
    def make(random):
        time, length, size = random.choice(((1, 2, 1), (2, 3, 4), (3, 2, 2)))
        real = [random.random() < 0.6 for _ in range(length)]
        real[random.randrange(length)] = True
        return *draw(random, (time, size), (length, size)), torch.tensor(real)

    def truth(query, key, real):
        return _shares(query, key, real)

    def with_scores(query, key, real, change=None, size=None, dim=-1):
        scores = query @ key.mT / math.sqrt(size or query.shape[-1])
        if change:
            return change(scores, real)
        return scores.masked_fill(~real, -torch.inf).softmax(dim=dim)

    mistakes = {
        "padding gets a share: its scores must be minus infinity before the "
        "softmax": lambda q, k, r: with_scores(
            q, k, r, lambda s, r: s.softmax(-1)
        ),
        "after the softmax it is too late: the shares no longer add up to 1. "
        "Mask the scores": lambda q, k, r: with_scores(
            q, k, r, lambda s, r: s.softmax(-1) * r
        ),
        "a score of 0 is not nothing, e to the power 0 is 1: mask with minus "
        "infinity": lambda q, k, r: with_scores(
            q, k, r, lambda s, r: (s * r).softmax(-1)
        ),
        "the mask is the wrong way round: real is True where one may "
        "look": lambda q, k, r: _shares(q, k, ~r),
        "divide by the square root of the size of a query, not by the size "
        "itself": lambda q, k, r: with_scores(q, k, r, size=q.shape[-1] ** 2),
        "divide the scores by the square root of the size of a "
        "query": lambda q, k, r: with_scores(q, k, r, size=1),
        "the size of a query is its last dimension, not how many keys there "
        "are": lambda q, k, r: with_scores(q, k, r, size=k.shape[-2]),
        "each query shares out 1 among the keys: take the softmax along the "
        "last dimension": lambda q, k, r: with_scores(q, k, r, dim=-2),
        "these are the scores: a softmax makes shares of "
        "them": lambda q, k, r: with_scores(
            q, k, r, lambda s, r: s.masked_fill(~r, -torch.inf)
        ),
        "a number like -100 hides nothing where the real scores lie lower: "
        "mask with minus infinity": lambda q, k, r: with_scores(
            q, k, r, lambda s, r: s.masked_fill(~r, -100).softmax(-1)
        ),
        "a number like -10,000 hides nothing where the real scores lie lower: "
        "mask with minus infinity": lambda q, k, r: with_scores(
            q, k, r, lambda s, r: s.masked_fill(~r, -1e4).softmax(-1)
        ),
        "e to the power of a large score overflows: use softmax, or subtract "
        "the largest score first": lambda q, k, r: with_scores(
            q,
            k,
            r,
            lambda s, r: s.exp() * r / (s.exp() * r).sum(-1)[..., None],
        ),
    }
    cases = [
        (*tensors(([[1.0]], [[1.0], [2.0]]))[0], torch.tensor([True, True])),
        (*tensors(([[1.0]], [[1.0], [2.0]]))[0], torch.tensor([True, False])),
        (
            *tensors(
                (
                    [[1.0, 0, 2, 1], [0, -1, 1, 3]],
                    [[1.0, 1, 0, 0], [0, 2, 1, 1], [3, 0, 1, -1]],
                )
            )[0],
            torch.tensor([True, True, False]),
        ),
    ]
    for large in (900.0, 2000.0, 4000.0, -2e3, -4e3, -2e4, -4e4):
        (two,) = tensors(([[large, 0.0]], [[1.0, 0], [1, 1], [0, 3]]))
        cases.append((*two, torch.tensor([True, True, False])))
    # As the network uses it: (batch, heads, time, size), the mask stretched.
    always = torch.Generator().manual_seed(0)
    four = [torch.randn(2, 2, n, 4, generator=always).double() for n in (2, 3)]
    mask = torch.tensor([[True, True, False], [True, True, True]])
    cases.append((*four, mask[:, None, None, :]))
    otherwise = (
        "softmax over the keys of query @ key.mT / sqrt(size), with minus "
        "infinity where real is False"
    )
    cases += draws(make, random)
    diagnose(answer, cases, truth, mistakes, otherwise, exact_shape=True)


@check(
    right="the best of all continuations, and from which beam each comes",
    ours=_beam_step,
)
def beam_step(answer, random):
    names = ("the beam", "the token", "the total")

    def make(random):
        beams, tokens = random.choice(((1, 4), (2, 3), (3, 5)))
        # No two of the new totals are equal.
        totals = tensors(([-k / 10 for k in random.sample(range(9), beams)],))
        new = [-k / 100 for k in random.sample(range(90, 400), beams * tokens)]
        new = torch.tensor(new, dtype=torch.float64).view(beams, tokens)
        case = totals[0][0], new - totals[0][0][:, None]
        width = random.choice((1, 2, 3))
        return *case, width

    def best(totals, log_probs, width, prior=True, sign=1):
        everything = log_probs + totals[:, None] * prior
        order = (sign * everything).flatten().argsort(descending=True)[:width]
        size = log_probs.shape[1]
        return order // size, order % size, everything.flatten()[order]

    def of_one_beam(totals, log_probs, width):
        row = int(totals.argmax())
        order = log_probs[row].argsort(descending=True)[:width]
        return (
            torch.full_like(order, row),
            order,
            totals[row] + log_probs[row][order],
        )

    def one_each(totals, log_probs, width):
        token = log_probs.argmax(dim=1)
        everything = totals + log_probs.max(dim=1).values
        order = everything.argsort(descending=True)[:width]
        return order, token[order], everything[order]

    def exchanged(totals, log_probs, width):
        beam, token, total = best(totals, log_probs, width)
        return token, beam, total

    def flat(totals, log_probs, width):
        beam, token, total = best(totals, log_probs, width)
        return beam, beam * log_probs.shape[1] + token, total

    def by_beams(totals, log_probs, width):
        beam, token, total = best(totals, log_probs, width)
        place = beam * log_probs.shape[1] + token
        return place // len(totals), place % len(totals), total

    def only_new(totals, log_probs, width):
        beam, token, _total = best(totals, log_probs, width)
        return beam, token, log_probs[beam, token]

    def rising(totals, log_probs, width):
        return tuple(x.flip(0) for x in best(totals, log_probs, width))

    def multiplied(totals, log_probs, width):
        places = (totals.exp()[:, None] * log_probs.exp()).flatten()
        order = places.argsort(descending=True, stable=True)[:width]
        size = log_probs.shape[1]
        return order // size, order % size, places[order].log()

    def product_of_logs(totals, log_probs, width):
        table = totals[:, None] * log_probs
        order = table.flatten().argsort(descending=True)[:width]
        size = log_probs.shape[1]
        return order // size, order % size, table.flatten()[order]

    def total_first(totals, log_probs, width):
        beam, token, total = best(totals, log_probs, width)
        return total, beam, token

    def not_rounded(totals, log_probs, width):
        beam, token, total = best(totals, log_probs, width)
        size = log_probs.shape[1]
        return (beam * size + token) / size, token, total

    ways = {
        "the three results come in the order beam, token, total": total_first,
        "that is a part of a beam: round down, //": not_rounded,
        "products of probabilities become 0 in the end: stay with the "
        "logarithms, and add": multiplied,
        "logarithms of products are added, not multiplied": product_of_logs,
        "what came before counts too: add the total of each beam to its "
        "log-probabilities": lambda *c: best(*c, prior=False),
        "these are the least likely: take the largest totals": lambda *c: best(
            *c, sign=-1
        ),
        "you look at the best beam alone: all continuations of all beams "
        "compete": of_one_beam,
        "you take one continuation from each beam: both of the best may come "
        "from the same one": one_each,
        "beam and token have changed places": exchanged,
        "the token is what is left of the place in the flat table: % number "
        "of tokens": flat,
        "a row of the table has as many places as there are tokens: divide "
        "by that, not by the number of beams": by_beams,
        "return the new totals, with what came before": only_new,
        "by falling total: the likeliest first": rising,
    }

    for index in (2, 0, 1):

        def truth(totals, log_probs, width, index=index):
            return best(totals, log_probs, width)[index]

        mistakes = {
            text: lambda *case, way=way, index=index: way(*case)[index]
            for text, way in ways.items()
        }
        cases = tensors(
            ([0.0], [[-0.5, -1.5, -3.0]]),
            ([-0.7, -0.9], [[-0.9, -1.2, -1.4], [-0.1, -3.0, -2.8]]),
            ([-0.2, -2.0], [[-0.4, -0.6, -5.0], [-0.3, -2.0, -2.5]]),
            ([-3.0, -0.1, -1.0], [[-0.2, -4.0], [-1.1, -1.3], [-0.6, -2.0]]),
        )
        cases = [(*case, 2) for case in cases]
        cases.append((*cases[1][:2], 1))
        for far in (2000, 3000):
            cases.append((cases[1][0] - far, cases[1][1], 2))
        cases += draws(make, random)
        diagnose(
            part(answer, index, *names),
            cases,
            truth,
            mistakes,
            "add totals[:, None], flatten, take the width largest; place // "
            "tokens is the beam, place % tokens the token",
            show=lambda *case, name=names[index]: {
                "looking_at": name,
                "totals": case[0],
                "log_probs": case[1],
                "width": case[2],
            },
        )


@check(
    right="each counts at most as often as the reference has it",
    ours=_clipped_counts,
)
def clipped_counts(answer, random):
    def make(random):
        words = random.choice((["a", "b"], ["a", "b", "c", "d"]))
        sides = [
            [random.choice(words) for _ in range(random.randint(0, 7))]
            for _ in range(2)
        ]
        return *sides, random.choice((1, 2, 3))

    def grams(words, n):
        return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]

    def count(hypothesis, reference, n, right=None, total=None):
        ours, theirs = grams(hypothesis, n), grams(reference, n)
        hits = sum(min(ours.count(g), theirs.count(g)) for g in set(ours))
        return torch.tensor(
            [
                float(hits if right is None else right(ours, theirs)),
                float(len(ours) if total is None else total(ours, theirs)),
            ]
        )

    def truth(hypothesis, reference, n):
        return count(hypothesis, reference, n)

    mistakes = {
        "a word that the reference has once counts once, however often it is "
        "repeated: clip, min(ours, theirs)": lambda h, r, n: count(
            h, r, n, lambda o, t: sum(g in t for g in o)
        ),
        "repeated ones may count as often as the reference has them: do not "
        "make sets": lambda h, r, n: count(
            h, r, n, lambda o, t: len({*o} & {*t})
        ),
        "the second number is how many n-grams the hypothesis has, not the "
        "reference": lambda h, r, n: count(h, r, n, None, lambda o, t: len(t)),
        "a sentence shorter than n has 0 runs, not a negative "
        "number": lambda h, r, n: count(
            h, r, n, None, lambda o, t: len(h) - n + 1
        ),
        "first how many are right, then how many there are": lambda h, r, n: (
            count(h, r, n).flip(0)
        ),
        "keep the words of a run apart, as a tuple: joined, ab c and a bc are "
        "the same": lambda h, r, n: count(
            *([("".join(g),) for g in grams(words, n)] for words in (h, r)), 1
        ),
        "both numbers count repeated runs: do not make sets": lambda h, r, n: (
            count(
                h, r, n, lambda o, t: len({*o} & {*t}), lambda o, t: len({*o})
            )
        ),
        "the second number counts every n-gram of the hypothesis, also "
        "repeated ones": lambda h, r, n: count(
            h, r, n, None, lambda o, t: len({*o})
        ),
        "take runs of n neighbours, not single words": lambda h, r, n: count(
            h, r, 1
        ),
        "the last n-gram is missing: a sentence of k words has k - n + "
        "1": lambda h, r, n: count(h[:-1], r[:-1], n),
        "n-grams with the same place are not asked for: they may stand "
        "anywhere": lambda h, r, n: count(
            h, r, n, lambda o, t: sum(a == b for a, b in zip(o, t, strict=0))
        ),
        "the second number is how many words the hypothesis has: it should "
        "be how many n-grams": lambda h, r, n: count(
            h, r, n, None, lambda o, t: len(h)
        ),
    }
    cases = [
        (["a"], ["a"], 1),
        (["a", "a", "a"], ["a", "b"], 1),
        (["a", "a", "b"], ["a", "a", "a", "c"], 1),
        (["a", "b", "a", "b"], ["b", "a", "b", "c", "a"], 2),
        (["a", "b", "c"], ["c", "a", "b"], 2),
        (["a", "a", "a", "a"], ["a", "a", "a"], 2),
        (["a", "b"], ["a", "b"], 3),
        (["a", "b", "c", "d"], ["d", "a", "b", "c"], 3),
        ([], ["a"], 1),
        (["a"], ["a", "b"], 3),
        ([], ["a", "b", "a"], 3),
        (["ab", "c"], ["a", "bc"], 2),
        (["a", "bc", "d"], ["ab", "c", "d"], 2),
    ]
    otherwise = (
        "count the runs of n neighbours of both; (sum of the smaller counts, "
        "number of runs of the hypothesis)"
    )
    cases += draws(make, random)
    diagnose(answer, cases, truth, mistakes, otherwise)
