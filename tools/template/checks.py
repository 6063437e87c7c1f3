"""The checks of the exercises on TITLE."""

import torch

from helpers.checks import Misconception, check, close, compare, numbers


@check(right="you square first and average afterwards")
def mean_of_squares(answer, random):
    fresh = [random.uniform(1, 9) for _ in range(5)]
    for values in ([1.0, -3.0, 4.0], [2.0, 0.5, 3.0, -7.0], fresh):
        x = torch.tensor(values)
        exact = x.double()
        expected = exact.square().mean().item()
        got = numbers(answer(x), ()).item()
        if close(got, expected):
            continue
        mistakes = {
            "that is the sum of the squares: divide by how many there are": (
                exact.square().sum().item()
            ),
            "that is the mean of the values: square them first": (
                exact.mean().item()
            ),
            "that is the square of the mean: square before you average": (
                exact.mean().square().item()
            ),
            "that is the root of it: leave the root out": expected**0.5,
        }
        text = next(
            (words for words, v in mistakes.items() if close(got, v)),
            "square each value, then take the mean",
        )
        shown = compare(x=values, expected=expected, yours=got)
        raise Misconception(f"{text}. {shown}")
