"""What learners really write in the exercises on GPT."""

import math


def joined(units, pair, step=2, stop=0, once=False, either=False):
    result, i, done = [], 0, False
    while i < len(units) - stop:
        two = tuple(units[i : i + 2])
        fits = two == pair or (either and two == pair[::-1])
        if fits and not (once and done):
            result.append(units[i] + units[i + 1])
            done = True
            i += step
        else:
            result.append(units[i])
            i += 1
    return tuple(result)


def overlapping(units, pair):
    result = []
    for i, unit in enumerate(units):
        if tuple(units[i : i + 2]) == pair:
            result.append(pair[0] + pair[1])
        elif not (i and tuple(units[i - 1 : i + 1]) == pair):
            result.append(unit)
    return result


def from_right(units, pair):
    back = joined(units[::-1], pair[::-1])
    whole = pair[1] + pair[0]
    return [pair[0] + pair[1] if u == whole else u for u in back[::-1]]


def glued(units, pair):
    """Compares the letters of both together."""
    result = []
    for unit in units:
        if result and result[-1] + unit == pair[0] + pair[1]:
            result[-1] += unit
        else:
            result.append(unit)
    return result


def weigh(query, key, value, mask, root=0.5, hide=None, dim=-1):
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** root
    hide = hide or (lambda s, m: s.masked_fill(~m, -math.inf))
    return hide(scores, mask).softmax(dim=dim) @ value


def masked_afterwards(query, key, value, mask):
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
    return scores.softmax(dim=-1) * mask @ value


def shares_only(query, key, value, mask):
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
    return scores.masked_fill(~mask, -math.inf).softmax(dim=-1)


def root_of_time(query, key, value, mask):
    return weigh(
        query * (query.shape[-1] / query.shape[-2]) ** 0.5, key, value, mask
    )


def cut(logits, k):
    return logits.masked_fill(logits < logits.topk(k).values[-1], -math.inf)


def not_again(logits, temperature, k):
    likely = (logits / temperature).softmax(dim=0)
    return likely * (logits >= logits.topk(k).values[-1])


def only_k(logits, temperature, k):
    return (logits / temperature).topk(k).values.softmax(dim=0)


def least_likely(logits, temperature, k):
    least = (-logits).topk(k).values[-1]
    kept = logits.masked_fill(-logits < least, -math.inf)
    return (kept / temperature).softmax(dim=0)


def zeros(logits, temperature, k):
    least = logits.topk(k).values[-1]
    return (logits / temperature).masked_fill(logits < least, 0).softmax(0)


def lines(examples, question, arrow=" -> ", end=" ->", between="\n"):
    made = [f"{q}{arrow}{a}" for q, a in examples]
    return between.join([*made, question + end])


WRONG = {
    "merge": {
        "used up": lambda u, p: joined(u, p, step=1),
        "part of one pair only": overlapping,
        "only the first": lambda u, p: joined(u, p, once=True),
        "the first two are joined": from_right,
        "the last unit is lost": lambda u, p: joined(u, p, stop=1),
        "compare the two units": glued,
        "nothing is joined": lambda u, p: list(u),
        "not of letters": lambda u, p: list("".join(u)),
        "a list or a tuple of texts": lambda u, p: "".join(joined(u, p)),
        "go through the units": lambda u, p: joined(u, p, either=True),
    },
    "attend": {
        "divide the scores": lambda q, k, v, m: weigh(q, k, v, m, root=0),
        "by the size itself": lambda q, k, v, m: weigh(q, k, v, m, root=1),
        "not of the number of positions": root_of_time,
        "nothing is hidden": lambda q, k, v, m: weigh(
            q, k, v, m, hide=lambda s, m: s
        ),
        "you hide just": lambda q, k, v, m: weigh(
            q, k, v, m, hide=lambda s, m: s.masked_fill(m, -1e30)
        ),
        "a score of 0": lambda q, k, v, m: weigh(
            q, k, v, m, hide=lambda s, m: s * m
        ),
        "nan comes from a query that sees nothing": lambda q, k, v, m: weigh(
            q, k, v, m, hide=lambda s, m: s.masked_fill(m, -math.inf)
        ),
        "no gradient flows back to the query": lambda q, k, v, m: weigh(
            q.detach(), k, v, m
        ),
        "no gradient flows back to the key": lambda q, k, v, m: weigh(
            q, k.detach(), v, m
        ),
        "return a tensor, which the next cells need": (
            lambda q, k, v, m: weigh(q, k, v, m).detach().numpy()
        ),
        "keep the type of what": lambda q, k, v, m: weigh(
            q.double(), k.double(), v.double(), m
        ),
        "before the softmax": masked_afterwards,
        "over the last": lambda q, k, v, m: weigh(
            q, k, v, m, dim=-2,
            hide=lambda s, m: s.masked_fill(~m, -1e30),
        ),
        "those are the shares": shares_only,
        "average the values": lambda q, k, v, m: weigh(q, k, k, m),
        "through a softmax": lambda q, k, v, m: (
            (q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5) * m @ v
        ),
        "divided by the root": lambda q, k, v, m: 2 * weigh(q, k, v, m),
    },
    "probabilities": {
        "do not multiply": lambda x, t, k: (cut(x, k) * t).softmax(0),
        "has no effect": lambda x, t, k: cut(x, k).softmax(0),
        "add up to 1 again": not_again,
        "all tokens stay": lambda x, t, k: (x / t).softmax(0),
        "not the probabilities": lambda x, t, k: cut(x, k).softmax(0) / t,
        "keep the k largest": least_likely,
        "one token too many": lambda x, t, k: (
            cut(x, min(k + 1, len(x))) / t
        ).softmax(0),
        "is not hidden": zeros,
        "for every token": only_k,
        "those are the logits": lambda x, t, k: cut(x, k) / t,
        "temperature, set those": lambda x, t, k: (
            (cut(x, k) / t).softmax(0) ** 2
        ),
    },
    "prompt": {
        "no blank after": lambda e, q: lines(e, q, end=" -> "),
        "not with a new line": lambda e, q: lines(e, q) + "\n",
        "needs its arrow": lambda e, q: lines(e, q, end=""),
        "the question is missing": lambda e, q: "".join(
            f"{a} -> {b}\n" for a, b in e
        ),
        "the examples are missing": lambda e, q: f"{q} ->",
        "a line of its own": lambda e, q: lines(e, q, between=""),
        "not a blank": lambda e, q: lines(e, q, between=" "),
        "one blank on each side": lambda e, q: lines(
            e, q, arrow="->", end="->"
        ),
        "changed places": lambda e, q: lines([(b, a) for a, b in e], q),
        "no empty line": lambda e, q: (
            "\n".join(f"{a} -> {b}" for a, b in e) + f"\n{q} ->"
        ),
        "must return a text": lambda e, q: [f"{a} -> {b}" for a, b in e],
        "a line `question": lambda e, q: lines(e[::-1], q).upper(),
    },
}  # fmt: skip
