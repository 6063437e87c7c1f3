"""Right answers that are easily refused, on GPT."""

import math

import torch
from torch.nn import functional as F


def recursive(units, pair):
    if len(units) < 2:
        return list(units)
    if (units[0], units[1]) == pair:
        return [pair[0] + pair[1], *recursive(units[2:], pair)]
    return [units[0], *recursive(units[1:], pair)]


def with_an_iterator(units, pair):
    result = []
    rest = list(units)
    while rest:
        unit = rest.pop(0)
        if unit == pair[0] and rest and rest[0] == pair[1]:
            unit += rest.pop(0)
        result.append(unit)
    return result


def by_einsum(query, key, value, mask):
    scores = torch.einsum("...id,...jd->...ij", query, key)
    scores = scores / math.sqrt(query.size(-1))
    scores = torch.where(mask, scores, torch.tensor(-math.inf).to(scores))
    return torch.einsum("...ij,...jd->...id", F.softmax(scores, -1), value)


def without_softmax(query, key, value, mask):
    scores = query @ key.mT * query.shape[-1] ** -0.5
    shares = scores.exp() * mask
    return shares @ value / shares.sum(dim=-1, keepdim=True)


def added_mask(query, key, value, mask):
    hidden = torch.zeros(mask.shape, dtype=query.dtype)
    hidden[~mask] = -1e9
    scores = (query / query.shape[-1] ** 0.5) @ key.mT + hidden
    return torch.softmax(scores, dim=-1) @ value


def renormalised(logits, temperature, k):
    likely = (logits / temperature).softmax(dim=0)
    likely = likely * (logits >= logits.sort().values[-k])
    return likely / likely.sum()


def scattered(logits, temperature, k):
    values, places = logits.topk(k)
    result = torch.zeros_like(logits)
    result[places] = (values / temperature).softmax(dim=0)
    return result


def with_very_low_logits(logits, temperature, k):
    hidden = torch.full_like(logits, -1e9)
    places = logits.topk(k).indices
    hidden[places] = logits[places] / temperature
    return hidden.softmax(dim=0).tolist()


def by_a_loop(examples, question):
    text = ""
    for q, a in examples:
        text += q + " -> " + a + "\n"
    return text + question + " ->"


RIGHT = {
    "merge": {
        "a function that calls itself": recursive,
        "a list that is emptied": with_an_iterator,
        "a tuple of a generator": lambda u, p: tuple(
            x for x in with_an_iterator(u, p)
        ),
    },
    "attend": {
        "einsum and where": by_einsum,
        "exponents by hand": without_softmax,
        "a mask that is added": added_mask,
    },
    "probabilities": {
        "divided by the sum": renormalised,
        "put back in their places": scattered,
        "very low logits, and a list": with_very_low_logits,
    },
    "prompt": {
        "a loop": by_a_loop,
        "one join": lambda e, q: "\n".join(
            [" -> ".join(pair) for pair in e] + [q + " ->"]
        ),
        "a format with a slice": lambda e, q: (
            "".join(f"{a} -> {b}\n" for a, b in e) + q + " -> "[:3]
        ),
    },
}
