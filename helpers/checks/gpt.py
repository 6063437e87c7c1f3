"""The checks of the exercises on GPT."""

import math

import torch

from helpers.bpe import merge as _merge
from helpers.checks import (
    Misconception,
    brief,
    check,
    diagnose,
    draw,
    draws,
    keeps_dtype,
    learns_through,
    tensors,
    uniform,
)
from helpers.gpt import probabilities as _probabilities
from helpers.in_context import prompt as _prompt
from helpers.transformer import attend as _attend


def _judge_texts(answer, cases, truth, mistakes, otherwise, read):
    """As `diagnose`, for answers that are texts.

    read: what makes the result comparable, or raises Misconception
    """
    got = [read(answer(*case)) for case in cases]
    expected = [truth(*case) for case in cases]
    wrong = [i for i, g in enumerate(got) if g != expected[i]]
    if not wrong:
        return
    why = otherwise
    for text, mistake in mistakes.items():
        made = [mistake(*case) for case in cases]
        shows = sum(m != e for m, e in zip(made, expected, strict=True))
        if made == got and shows > 1:
            why = text
            break
    at = min(wrong, key=lambda i: len(str(cases[i])))
    raise Misconception(
        f"{why}; with {', '.join(map(repr, cases[at]))}: expected "
        f"{expected[at]!r}, yours {got[at]!r}"
    )


def _as_units(got):
    if not isinstance(got, list | tuple) or not all(
        isinstance(unit, str) for unit in got
    ):
        raise Misconception(
            "your function must return a list or a tuple of texts, not "
            f"{brief(got)}"
        )
    return tuple(str(unit) for unit in got)


@check(
    right="every such pair is joined, from left to right, and nothing else",
    ours=_merge,
)
def merge(answer, random):
    def overlapping(units, pair):
        result = []
        for i, unit in enumerate(units):
            if tuple(units[i : i + 2]) == pair:
                result.append(pair[0] + pair[1])
            elif not (i and tuple(units[i - 1 : i + 1]) == pair):
                result.append(unit)
        return tuple(result)

    def only_first(units, pair):
        for i in range(len(units) - 1):
            if tuple(units[i : i + 2]) == pair:
                joined = (pair[0] + pair[1],)
                return (*units[:i], *joined, *units[i + 2 :])
        return tuple(units)

    def from_right(units, pair):
        result, i = [], len(units)
        while i > 0:
            if i > 1 and tuple(units[i - 2 : i]) == pair:
                result.append(pair[0] + pair[1])
                i -= 2
            else:
                result.append(units[i - 1])
                i -= 1
        return tuple(reversed(result))

    def keeps_second(units, pair):
        result = []
        for i, unit in enumerate(units):
            if tuple(units[i : i + 2]) == pair:
                result.append(pair[0] + pair[1])
            else:
                result.append(unit)
        return tuple(result)

    def without_last(units, pair):
        result, i = [], 0
        while i < len(units) - 1:
            if tuple(units[i : i + 2]) == pair:
                result.append(units[i] + units[i + 1])
                i += 2
            else:
                result.append(units[i])
                i += 1
        return tuple(result)

    def again(units, pair):
        """What was joined is joined with what follows, if it fits."""
        result = []
        for unit in units:
            if result and result[-1] + unit == "".join(pair):
                result[-1] += unit
            else:
                result.append(unit)
        return tuple(result)

    mistakes = {
        "what has been joined is used up: go on behind it, i += "
        "2": keeps_second,
        "a unit can be part of one pair only: after a join go on behind it, "
        "i += 2": overlapping,
        "only the first such pair is joined: go on to the end": only_first,
        "from left to right: in a row of three equal units the first two are "
        "joined": from_right,
        "the last unit is lost: it has no neighbour on its right, but it "
        "stays": without_last,
        "compare the two units, not their joined letters: ('a', 'bc') is not "
        "('ab', 'c')": again,
        "nothing is joined: where two neighbours are the pair, put their "
        "letters together": lambda units, pair: tuple(units),
        "the units keep their borders: return a list of units, not of "
        "letters": lambda units, pair: tuple("".join(units)),
    }
    cases = [
        (("t", "h", "e"), ("t", "h")),
        (("t", "h"), ("t", "h")),
        (("e", "t", "h"), ("t", "h")),
        (("a", "a", "a"), ("a", "a")),
        (("a", "a", "a", "a", "b"), ("a", "a")),
        (("b", "a", "a", "a"), ("a", "a")),
        (("c", "c", "c", "c", "c"), ("c", "c")),
        (("b", "a", "b", "a", "b"), ("a", "b")),
        (("a", "bc", "ab", "c", "x"), ("ab", "c")),
        (("a", "bc", "ab", "c"), ("a", "bc")),
        (("s", "h", "e"), ("t", "h")),
        (("h", "t", "e"), ("t", "h")),
        (("h", "t", "t", "h", "h"), ("t", "h")),
        (("a",), ("a", "a")),
        ((), ("a", "b")),
        ((" ", "th", "e", " ", "th"), (" ", "th")),
    ]
    for source in (random, random):
        units = tuple(source.choice(("a", "b", "ab")) for _ in range(9))
        cases.append((units, ("a", "b")))
    otherwise = (
        "go through the units from left to right; where two neighbours are "
        "the pair, join them and go on behind them, else keep the unit"
    )
    _judge_texts(answer, cases, _merge, mistakes, otherwise, _as_units)


@check(
    right="scaled, masked, turned into shares, and averaged",
    forbidden=("torch.nn.functional.scaled_dot_product_attention",),
    ours=_attend,
)
def attend(answer, random):
    def weigh(
        query,
        key,
        value,
        mask,
        scale=None,
        hide="before",
        low=None,
        dim=-1,
        use=True,
    ):
        size = query.shape[-1]
        scores = query @ key.transpose(-2, -1)
        scores = scores / (math.sqrt(size) if scale is None else scale(query))
        least = torch.finfo(scores.dtype).min
        if hide == "before":
            scores = scores.masked_fill(~mask, least)
        if hide == "inverted":
            scores = scores.masked_fill(mask, low or least)
        if hide == "zero":
            scores = scores.masked_fill(~mask, 0)
        weights = scores.softmax(dim=dim)
        if hide == "after":
            weights = weights * mask
        return weights @ value if use else weights

    def mistaken(**options):
        return lambda *arguments: weigh(*arguments, **options)

    def draw_case(random):
        time = random.choice((2, 3))
        length = time + random.choice((0, 1, 2))
        size = random.choice((2, 4, 5))
        query, key = draw(random, (time, size), (length, size))
        value = uniform(random, (length, random.choice((2, 3))))
        mask = torch.ones(time, length, dtype=torch.bool)
        return query, key, value, mask.tril(length - time)

    def batched(random):
        query, key, value = draw(random, *[(2, 2, 3, 4)] * 3)
        return query, key, value, torch.ones(3, 3, dtype=torch.bool).tril()

    mistakes = {
        "divide the scores by the square root of the vectors' size: "
        "query.shape[-1] ** 0.5": mistaken(scale=lambda q: 1),
        "the scores are divided by the size itself; it is its square "
        "root": mistaken(scale=lambda q: q.shape[-1]),
        "the root is that of the vectors' size, the last dimension, not of "
        "the number of positions": mistaken(
            scale=lambda q: math.sqrt(q.shape[-2])
        ),
        "nothing is hidden: where mask is False, the score must become "
        "-inf": mistaken(hide="no"),
        "the mask is True where a position may look, and you hide just "
        "that: ~mask": mistaken(hide="inverted"),
        "the mask is True where a position may look, and that is where you "
        "hide: ~mask (nan comes from a query that sees nothing)": mistaken(
            hide="inverted", low=-math.inf
        ),
        "a score of 0 is not hidden, since e to the 0 is 1: use "
        "-inf": mistaken(hide="zero"),
        "hide before the softmax, not after it: now the shares do not add up "
        "to 1": mistaken(hide="after"),
        "the shares of one query add up to 1: softmax over the last "
        "dimension": mistaken(dim=-2),
        "those are the shares: multiply them with the values": mistaken(
            use=False
        ),
        "the scores go through a softmax first": lambda q, k, v, m: (
            (q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])).masked_fill(
                ~m, 0
            )
            @ v
        ),
        "the keys are averaged: average the values": lambda q, k, v, m: weigh(
            q, k, k, m
        ),
    }
    see_all = torch.ones(2, 2, dtype=torch.bool)
    cases = [
        (*case, mask)
        for case, mask in zip(
            tensors(
                ([[1, 0], [0, 1]], [[1, 0], [0, 1]], [[1, 2], [3, 4]]),
                ([[3.0, 1], [0, 2]], [[1.0, 0], [2, 1]], [[1.0, 2], [5, 4]]),
            ),
            (see_all, see_all.tril()),
            strict=True,
        )
    ]
    cases = [tuple(c.double() if c.dtype != torch.bool else c for c in case)
             for case in cases]  # fmt: skip
    cases += [*draws(draw_case, random), batched(random), batched(random)]
    otherwise = (
        "scores = query @ key transposed, divided by the root of the size; "
        "-inf where mask is False; softmax; times value"
    )
    diagnose(
        answer,
        cases,
        _attend,
        mistakes,
        otherwise,
        exact_shape=True,
        kind="a tensor",
    )
    # What a GPT is built of: weights in single precision, which learn.
    vectors = [torch.randn(2, 3) for _ in range(3)]
    mask = torch.ones(2, 2, dtype=torch.bool).tril()
    keeps_dtype(answer, (*vectors, mask), "the next layer cannot use that")
    for at, name in enumerate(("the query", "the key", "the value")):
        one = [
            v.clone().requires_grad_(at == i) for i, v in enumerate(vectors)
        ]
        learns_through(answer, (*one, mask), name)


@check(
    right="the k likeliest stay, the temperature stretches them, and they "
    "add up to 1",
    ours=_probabilities,
)
def probabilities(answer, random):
    def chosen(logits, temperature, k, keep=None, use=None, again=True):
        largest = logits.topk(k if keep is None else keep(k)).values[-1]
        use = use or (lambda x, t: x / t)
        result = use(logits, temperature)
        if again:
            hidden = result.masked_fill(logits < largest, -math.inf)
            return hidden.softmax(dim=0)
        return result.softmax(dim=0) * (logits >= largest)

    def case(random):
        size = random.choice((4, 5, 6))
        logits = uniform(random, size, -3, 3)
        while len(set(logits.tolist())) < size:
            logits = uniform(random, size, -3, 3)
        temperature = random.choice((0.5, 0.8, 1.5, 2.0))
        return logits, temperature, random.randint(2, size - 1)

    def mistaken(**options):
        return lambda *arguments: chosen(*arguments, **options)

    mistakes = {
        "divide by the temperature, do not multiply with it": mistaken(
            use=lambda x, t: x * t
        ),
        "the temperature has no effect: divide the logits by it": mistaken(
            use=lambda x, t: x
        ),
        "what stays must add up to 1 again: hide the others before the "
        "softmax, with -inf": mistaken(again=False),
        "all tokens stay: hide those that are not among the k "
        "likeliest": lambda x, t, k: (x / t).softmax(dim=0),
        "divide the logits by the temperature, not the "
        "probabilities": lambda x, t, k: chosen(x, 1.0, k) / t,
        "the least likely ones stay: keep the k largest": lambda x, t, k: (
            (x / t)
            .masked_fill(x > x.sort().values[k - 1], -math.inf)
            .softmax(dim=0)
        ),
        "one token too few stays: the k-th largest is among the k": mistaken(
            keep=lambda k: k - 1
        ),
        "one token too many stays": mistaken(keep=lambda k: k + 1),
        "a logit of 0 is not hidden, since e to the 0 is 1: use "
        "-inf": lambda x, t, k: (
            (x / t).masked_fill(x < x.topk(k).values[-1], 0).softmax(dim=0)
        ),
        "return a probability for every token, 0 for the hidden ones, in "
        "their old order": lambda x, t, k: (
            (x / t).topk(k).values.softmax(dim=0)
        ),
        "those are the logits: put them through a softmax": lambda x, t, k: (
            x / t
        ).masked_fill(x < x.topk(k).values[-1], -math.inf),
    }
    cases = [
        (*tensors(([2.0, 1.0, 0.0, -1.0],))[0], 1.0, 2),
        (*tensors(([2.0, 1.0, 0.0, -1.0],))[0], 0.5, 4),
        (*tensors(([0.0, 3.0, 1.0, 2.0],))[0], 2.0, 3),
        (*tensors(([0.0, 3.0, 1.0, 2.0],))[0], 0.5, 1),
    ]
    cases += draws(case, random)
    otherwise = (
        "divide the logits by the temperature, set those below the k-th "
        "largest to -inf, then softmax"
    )
    diagnose(
        answer, cases, _probabilities, mistakes, otherwise, exact_shape=True
    )


def _as_text(got):
    if not isinstance(got, str):
        raise Misconception(
            f"your function must return a text, not {brief(got)}"
        )
    return str(got)


@check(
    right="an example on each line, and the question ends with the arrow",
    ours=_prompt,
)
def prompt(answer, random):
    def lines(examples, question, end=" ->", between="\n", arrow=" -> "):
        made = [f"{q}{arrow}{a}" for q, a in examples]
        return between.join([*made, f"{question}{end}"])

    mistakes = {
        "no blank after the last arrow: the model's tokens begin with their "
        "blank": lambda e, q: lines(e, q, end=" -> "),
        "the text must end with the arrow, not with a new line": (
            lambda e, q: lines(e, q) + "\n"
        ),
        "the question needs its arrow too": lambda e, q: lines(e, q, end=""),
        "the question is missing": lambda e, q: "".join(
            f"{a} -> {b}\n" for a, b in e
        ),
        "the examples are missing": lambda e, q: f"{q} ->",
        "each example stands on a line of its own: end it with "
        "\\n": lambda e, q: "".join(f"{a} -> {b}" for a, b in e) + f"{q} ->",
        "a new line between the examples, not a blank": lambda e, q: lines(
            e, q, between=" "
        ),
        "one blank on each side of the arrow": lambda e, q: lines(
            e, q, end="->", arrow="->"
        ),
        "question and answer have changed places": lambda e, q: lines(
            [(b, a) for a, b in e], q
        ),
        "without examples there is no empty line before the "
        "question": lambda e, q: (
            "\n".join(f"{a} -> {b}" for a, b in e) + f"\n{q} ->"
        ),
    }
    cases = [
        ([("hot", "cold")], "big"),
        ([("hot", "cold"), ("up", "down")], "big"),
        ([], "big"),
        ([], "left"),
        ([("Peru", "Lima"), ("India", "New Delhi"), ("Chile", "Santiago")],
         "Cuba"),
    ]  # fmt: skip
    letters = "abcdefgh"
    for _ in range(2):
        words = ["".join(random.sample(letters, 3)) for _ in range(5)]
        cases.append(([tuple(words[:2]), tuple(words[2:4])], words[4]))
    otherwise = (
        "a line `question -> answer` for each example, then the question "
        "and ` ->`"
    )
    _judge_texts(answer, cases, _prompt, mistakes, otherwise, _as_text)
