"""Right answers in the exercises on translation, unusual ones."""

import math

import numpy as np
import torch


def by_exp(query, key, real):
    scores = torch.einsum("...ts,...ls->...tl", query, key)
    scores = (scores / math.sqrt(query.shape[-1])).masked_fill(~real, -1e30)
    largest = scores.amax(dim=-1, keepdim=True)
    weights = (scores - largest).exp() * real
    return weights / weights.sum(dim=-1, keepdim=True)


def add_a_mask(query, key, real):
    penalty = torch.zeros(real.shape).masked_fill(~real, float("-inf"))
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
    return torch.softmax(scores + penalty, dim=-1)


def very_low(query, key, real):
    scores = (query / query.shape[-1] ** 0.5) @ key.mT
    return torch.where(real, scores, -1e9).softmax(-1)


def in_loops(totals, log_probs, width):
    found = [
        (totals[b].item() + log_probs[b, t].item(), b, t)
        for b in range(len(totals))
        for t in range(log_probs.shape[1])
    ]
    found = sorted(found, reverse=True)[:width]
    return (
        [b for _, b, _ in found],
        [t for _, _, t in found],
        [total for total, _, _ in found],
    )


def row_by_row(totals, log_probs, width):
    k = min(width, log_probs.shape[1])
    values, tokens = (totals.unsqueeze(1) + log_probs).topk(k, dim=1)
    order = values.flatten().argsort(descending=True)[:width]
    return order // k, tokens.flatten()[order], values.flatten()[order]


def unravelled(totals, log_probs, width):
    table = (totals[:, None] + log_probs).numpy()
    flat = np.argsort(-table, axis=None)[:width]
    beam, token = np.unravel_index(flat, table.shape)
    return beam, token, table[beam, token]


def struck_out(hypothesis, reference, n):
    left = [tuple(reference[i : i + n]) for i in range(len(reference))]
    left = [gram for gram in left if len(gram) == n]
    right = total = 0
    for i in range(len(hypothesis) - n + 1):
        gram = tuple(hypothesis[i : i + n])
        total += 1
        if gram in left:
            left.remove(gram)
            right += 1
    return right, total


def with_zip(hypothesis, reference, n):
    ours, theirs = (
        list(zip(*(words[k:] for k in range(n)), strict=False))
        for words in (hypothesis, reference)
    )
    return [
        sum(min(ours.count(g), theirs.count(g)) for g in set(ours)),
        len(ours),
    ]


def as_tensor(hypothesis, reference, n):
    return torch.tensor(struck_out(hypothesis, reference, n)).float()


RIGHT = {
    "shares": {
        "e to the power, by hand": by_exp,
        "a mask that is added": add_a_mask,
        "a very low number": very_low,
    },
    "beam_step": {
        "loops and lists": in_loops,
        "the best of each row first": row_by_row,
        "NumPy": unravelled,
    },
    "clipped_counts": {
        "struck out one by one": struck_out,
        "zip, a list": with_zip,
        "a tensor": as_tensor,
    },
}
