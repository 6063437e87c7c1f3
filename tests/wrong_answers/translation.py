"""What learners really write in the exercises on translation."""

from collections import Counter

import torch


def scores(query, key, size=None):
    return query @ key.mT / (size or query.shape[-1]) ** 0.5


def best(totals, log_probs, width, prior=True, largest=True):
    table = log_probs + totals[:, None] * prior
    top = table.flatten().topk(width, largest=largest)
    tokens = log_probs.shape[1]
    return top.indices // tokens, top.indices % tokens, top.values


def flat_token(totals, log_probs, width):
    top = (totals[:, None] + log_probs).flatten().topk(width)
    return top.indices // log_probs.shape[1], top.indices, top.values


def divided_by_beams(totals, log_probs, width):
    top = (totals[:, None] + log_probs).flatten().topk(width)
    beams = len(totals)
    return top.indices // beams, top.indices % beams, top.values


def one_each(totals, log_probs, width):
    value, token = log_probs.max(dim=1)
    order = (totals + value).argsort(descending=True)[:width]
    return order, token[order], (totals + value)[order]


def without_before(totals, log_probs, width):
    beam, token, _ = best(totals, log_probs, width)
    return beam, token, log_probs[beam, token]


def upside_down(totals, log_probs, width):
    return tuple(x.flip(0) for x in best(totals, log_probs, width))


def probabilities(totals, log_probs, width):
    beam, token, total = best(totals, log_probs, width)
    return beam, token, total.exp()


def by_products(totals, log_probs, width):
    table = totals.exp()[:, None] * log_probs.exp()
    order = table.flatten().argsort(descending=True, stable=True)[:width]
    tokens = log_probs.shape[1]
    return order // tokens, order % tokens, table.flatten()[order].log()


def joined(h, r, n):
    ours, theirs = (
        Counter("".join(words[i : i + n]) for i in range(len(words) - n + 1))
        for words in (h, r)
    )
    return (ours & theirs).total(), ours.total()


def grams(words, n):
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]


def unclipped(h, r, n):
    return sum(g in grams(r, n) for g in grams(h, n)), len(grams(h, n))


def as_sets(h, r, n):
    return len({*grams(h, n)} & {*grams(r, n)}), len(grams(h, n))


def clipped(h, r, n):
    return (Counter(grams(h, n)) & Counter(grams(r, n))).total()


def last_missing(h, r, n):
    def short(words):
        return [tuple(words[i : i + n]) for i in range(len(words) - n)]

    both = Counter(short(h)) & Counter(short(r))
    return both.total(), len(short(h))


WRONG = {
    "shares": {
        "padding gets a share": lambda q, k, r: scores(q, k).softmax(-1),
        "a number like -100 hides": lambda q, k, r: (
            scores(q, k).masked_fill(~r, -50.0).softmax(-1)
        ),
        "a number like -10,000 hides": lambda q, k, r: (
            scores(q, k).masked_fill(~r, -1e4).softmax(-1)
        ),
        "overflows": lambda q, k, r: (
            (scores(q, k).exp() * r)
            / (scores(q, k).exp() * r).sum(-1, keepdim=True)
        ),
        "after the softmax it is too late": lambda q, k, r: (
            scores(q, k).softmax(-1).masked_fill(~r, 0.0)
        ),
        "a score of 0 is not nothing": lambda q, k, r: (
            scores(q, k).masked_fill(~r, 0.0).softmax(-1)
        ),
        "wrong way round": lambda q, k, r: (
            scores(q, k).masked_fill(r, -torch.inf).softmax(-1)
        ),
        "not by the size itself": lambda q, k, r: (
            scores(q, k, q.shape[-1] ** 2)
            .masked_fill(~r, -torch.inf)
            .softmax(-1)
        ),
        "divide the scores": lambda q, k, r: (
            (q @ k.mT).masked_fill(~r, -torch.inf).softmax(-1)
        ),
        "these are the scores": lambda q, k, r: scores(q, k).masked_fill(
            ~r, -torch.inf
        ),
        "along the last dimension": lambda q, k, r: (
            scores(q, k).masked_fill(~r, -torch.inf).softmax(-2)
        ),
        "Not right: softmax over the keys": lambda q, k, r: (
            (2 * scores(q, k)).masked_fill(~r, -torch.inf).softmax(-1)
        ),
    },
    "beam_step": {
        "what came before counts too": lambda t, p, w: best(t, p, w, False),
        "the least likely": lambda t, p, w: best(t, p, w, largest=False),
        "one continuation from each beam": one_each,
        "beam and token have changed": lambda t, p, w: (
            *best(t, p, w)[1::-1],
            best(t, p, w)[2],
        ),
        "% number of tokens": flat_token,
        "not by the number of beams": divided_by_beams,
        "return the new totals": without_before,
        "by falling total": upside_down,
        "Not right: add totals": probabilities,
        "in the order beam, token, total": lambda t, p, w: (
            *best(t, p, w)[2:],
            *best(t, p, w)[:2],
        ),
        "become 0 in the end": by_products,
        "are added, not multiplied": lambda t, p, w: best(
            0 * t, t[:, None] * p, w
        ),
        "return three things": lambda t, p, w: best(t, p, w)[:2],
    },
    "clipped_counts": {
        "counts once, however often": unclipped,
        "do not make sets": as_sets,
        "not the reference": lambda h, r, n: (
            clipped(h, r, n),
            len(grams(r, n)),
        ),
        "how many words the hypothesis has": lambda h, r, n: (
            clipped(h, r, n),
            len(h),
        ),
        "not single words": lambda h, r, n: (clipped(h, r, 1), len(h)),
        "the last n-gram is missing": last_missing,
        "0 runs, not a negative": lambda h, r, n: (
            clipped(h, r, n),
            len(h) - n + 1,
        ),
        "first how many are right": lambda h, r, n: (
            len(grams(h, n)),
            clipped(h, r, n),
        ),
        "keep the words of a run apart": joined,
        "Not right: count the runs": lambda h, r, n: (
            clipped(h, r, n) + 1,
            len(grams(h, n)),
        ),
    },
}
