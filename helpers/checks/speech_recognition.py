"""The checks of the exercises on speech recognition."""

import math

import torch

from helpers.checks import Misconception, check, diagnose, draws, tensors
from helpers.checks._guard import clean_switches
from helpers.ctc import NEVER
from helpers.ctc import collapse as _collapse
from helpers.ctc import ctc_step as _ctc_step
from helpers.ctc import edit_distance as _edit_distance
from helpers.speech import mu_law as _mu_law

LEAST = -1e5  # a logarithm below which a probability is as good as 0


@check(
    right="quiet samples get most of the 256 steps, and silence is 128",
    ours=_mu_law,
)
def mu_law(answer, random):
    def sample(places):
        """The samples whose codes, not yet rounded, are these."""
        y = torch.tensor(places, dtype=torch.float64) / 255 * 2 - 1
        return y.sign() * torch.expm1(y.abs() * math.log(256)) / 255

    def draw(random):
        # Away from the middle between two whole numbers.
        size = random.choice((1, 3))
        codes = [random.randint(1, 254) for _ in range(size)]
        return (sample([c + random.uniform(-0.46, 0.46) for c in codes]),)

    def coded(
        x, sign=True, inner=1.0, mu=255, base=256, half=True, scale=255,
        to=torch.round,
    ):  # fmt: skip
        size = x.abs() if sign else x
        y = torch.log(inner + mu * size) / math.log(base)
        if sign:
            y = x.sign() * y
        return to((y + 1) / 2 * scale if half else y * scale)

    def truth(x):
        return coded(x)

    mistakes = {
        "the sign is lost: take the logarithm of the size, and multiply by "
        "the sign": lambda x: torch.round(
            (torch.log1p(255 * x.abs()) / math.log(256) + 1) / 2 * 255
        ),
        "between -1 and 1 still: move it to 0 to 255, (y + 1) / 2 * "
        "255": lambda x: coded(x, to=lambda y: y / 255 * 2 - 1),
        "that is -255 to 255: (y + 1) / 2 * 255": lambda x: coded(
            x, half=False
        ),
        "a code is a whole number: round it": lambda x: coded(
            x, to=lambda y: y
        ),
        "round to the nearest whole number, not down": lambda x: coded(
            x, to=torch.floor
        ),
        "256 codes run from 0 to 255: multiply by 255, not by 256": lambda x: (
            coded(x, scale=256)
        ),
        "divide by ln 256, not by ln 255": lambda x: coded(x, base=255),
        "divide by ln 256, or the size does not end at 1": lambda x: coded(
            x, base=math.e
        ),
        "255 times the size goes into the logarithm, not the size "
        "alone": lambda x: coded(x, mu=1),
        "255 times the size goes into the logarithm, not 256": lambda x: coded(
            x, mu=256
        ),
        "those are 256 equal steps: where is the logarithm?": lambda x: (
            torch.round((x + 1) / 2 * 255)
        ),
    }
    # Close to the middle between two codes, at both ends, so
    # that a slightly different curve gets another code.
    cases = [
        (sample([place]),)
        for place in (250.46, 241.46, 5.54, 13.54, 230.46, 152.46)
    ]
    cases += tensors(([0.011],), ([-0.011],), ([0.3, -0.004, 0.9],))
    cases += tensors(([0.0, 0.02, -0.5],))
    cases += draws(draw, random)
    otherwise = (
        "sign times ln(1 + 255 * size) / ln 256, then moved from -1 .. 1 to "
        "0 .. 255 and rounded"
    )
    diagnose(answer, cases, truth, mistakes, otherwise, exact_shape=True)


@check(
    right="runs first, blanks second, so that a blank can part two equal "
    "letters",
    ours=_collapse,
)
def collapse(answer, random):
    def draw(random):
        size = random.choice((1, 2, 3, 5, 8))
        return ([random.choice((0, 0, 3, 3, 7)) for _ in range(size)],)

    def runs(path):
        return [s for t, s in enumerate(path) if t == 0 or s != path[t - 1]]

    def some(path):
        return [s for s in path if s != 0]

    def truth(path):
        return _collapse(path)

    def each_once(path):
        return list(dict.fromkeys(some(path)))

    def only_blanks_part(path):
        """A letter counts only after a blank."""
        return [
            s
            for t, s in enumerate(path)
            if s != 0 and (t == 0 or path[t - 1] == 0)
        ]

    mistakes = {
        "the blanks go last: taken out first, they no longer part two equal "
        "letters": lambda path: runs(some(path)),
        "runs are made one, but the blanks, 0, are still in it": runs,
        "the blanks are out, but a run of one letter is one letter": some,
        "a letter may come again later in a word: only a run is made "
        "one": each_once,
        "a letter also begins where another ends, without a blank "
        "between": only_blanks_part,
        "the first frame counts too": lambda path: truth(path[1:]),
        "the first symbol is lost: it has nothing before it, and "
        "counts": lambda path: [
            s for t, s in enumerate(path) if t and s and s != path[t - 1]
        ],
        "at i = 0, path[i - 1] is the last symbol, not one "
        "before": lambda path: [
            s for i, s in enumerate(path) if s and s != path[i - 1]
        ],
        "from left to right, please": lambda path: truth(path)[::-1],
    }
    cases = [
        ([3],), ([0],), ([1, 1, 2],), ([3, 3],), ([3, 0, 3],),
        ([3, 3, 0, 0, 7],), ([3, 7, 3],), ([0, 3, 0, 3, 3, 0],),
        ([7, 7, 3, 3, 0, 3],),
    ]  # fmt: skip
    cases += draws(draw, random)

    otherwise = "make each run one symbol, then leave out the blanks, 0"
    diagnose(answer, cases, truth, mistakes, otherwise, exact_shape=True)


@check(
    right="stay, come from the state before, or jump: three ways, summed as "
    "probabilities",
    forbidden=("aten::_ctc_loss", "torch.nn.functional.ctc_loss"),
    ours=_ctc_step,
)
def ctc_step(answer, random):
    def draw(random):
        size = random.choice((3, 5, 7))
        low = [round(random.uniform(-4, -0.1), 2) for _ in range(2 * size)]
        alpha = torch.tensor(low[:size], dtype=torch.float64)
        if random.random() < 0.3:
            alpha[2:] = NEVER
        alpha = alpha - random.choice((0, 0, 300, 1000))
        jump = [
            k % 2 == 1 and k > 1 and random.random() < 0.6 for k in range(size)
        ]
        return (
            alpha,
            torch.tensor(low[size:], dtype=torch.float64),
            torch.tensor(jump),
        )

    def step(
        alpha, log_probs, jump, stay=True, one=True, two="jump",
        join=torch.logsumexp, add=True, back=False, low=NEVER,
    ):  # fmt: skip
        never = torch.full((2,), low, dtype=torch.float64)
        if back:
            by_one = torch.cat([alpha[1:], never[:1]])
            by_two = torch.cat([alpha[2:], never])
        else:
            by_one = torch.cat([never[:1], alpha[:-1]])
            by_two = torch.cat([never, alpha[:-2]])
        if two == "jump":
            by_two = torch.where(jump, by_two, NEVER)
        elif two == "not":
            by_two = torch.where(jump, NEVER, by_two)
        ways = [alpha] * stay + [by_one] * one + [by_two] * bool(two)
        result = join(torch.stack(ways), 0)
        return result + log_probs if add else result

    def plain(alpha, log_probs, jump):
        return step(alpha, log_probs, jump)

    def around(alpha, log_probs, jump):
        by_one, by_two = alpha.roll(1), alpha.roll(2)
        by_two = torch.where(jump, by_two, NEVER)
        ways = torch.stack([alpha, by_one, by_two])
        return torch.logsumexp(ways, 0) + log_probs

    def times(alpha, log_probs, jump):
        never = torch.full((2,), NEVER, dtype=torch.float64)
        by_one = torch.cat([never[:1], alpha[:-1]])
        by_two = torch.cat([never, alpha[:-2]]) * jump
        ways = torch.stack([alpha, by_one, by_two])
        return torch.logsumexp(ways, 0) + log_probs

    def hundred(alpha, log_probs, jump):
        low = torch.full((2,), -100.0, dtype=torch.float64)
        by_one = torch.cat([low[:1], alpha[:-1]])
        by_two = torch.cat([low, alpha[:-2]])
        by_two = torch.where(jump, by_two, -100.0)
        ways = torch.stack([alpha, by_one, by_two])
        return torch.logsumexp(ways, 0) + log_probs

    def with_(**options):
        return lambda alpha, log_probs, jump: step(
            alpha, log_probs, jump, **options
        )

    mistakes = {
        "a jump over one state is allowed only where `jump` is true": with_(
            two="all"
        ),
        "nothing ever jumps: where `jump` is true, a path may also come from "
        "two states before": with_(two=""),
        "`jump` is read the wrong way round": with_(two="not"),
        "a path may also stay in its state": with_(stay=False),
        "a path may also come from the state before": with_(one=False),
        "the largest of the ways is not their sum: logsumexp, not max": with_(
            join=lambda ways, d: ways.amax(d)
        ),
        "logarithms are not probabilities: to add probabilities, "
        "logsumexp": with_(join=lambda ways, d: ways.clamp(min=NEVER).sum(d)),
        "the new frame is missing: add log_probs at the end": with_(add=False),
        "paths go forwards: the state before is at k - 1, not at k + 1": with_(
            back=True
        ),
        "0 is the logarithm of 1, not of 0: where nothing can come from, "
        "NEVER": with_(low=0.0),
        "-100 is not low enough, an alpha is soon lower: NEVER": hundred,
        "a logarithm times False is 0, the logarithm of 1: NEVER where there "
        "is no jump": times,
        "exp of a low logarithm is 0 for a computer: torch.logsumexp takes "
        "care of that": with_(join=lambda ways, d: ways.exp().sum(d).log()),
        "roll brings the last state to the front: nothing comes before state "
        "0": around,
        "probabilities are multiplied: add the logarithms": lambda a, p, j: (
            step(a, p, j, add=False) * p
        ),
    }
    t, f = True, False
    cases = [
        (alpha, log_probs, torch.tensor(jump))
        for (alpha, log_probs), jump in zip(
            tensors(
                ([-1.0, -2.0, -3.0], [-0.5, -0.25, -1.0]),
                (
                    [-1.0, -2.0, -3.0, -1.5, -0.5],
                    [-0.5, -1.0, -2.0, -0.7, -0.3],
                ),
                (
                    [-1.0, -2.0, -3.0, -1.5, -0.5],
                    [-0.5, -1.0, -2.0, -0.7, -0.3],
                ),
                (
                    [-0.2, -1.8, NEVER, NEVER, NEVER],
                    [-1.0, -0.9, -0.8, -2.0, -3.0],
                ),
                ([-900.0, -901.0, -902.0], [-0.5, -0.25, -1.0]),
                (
                    [-901.0, -902.0, -903.0, -901.5, -900.5],
                    [-0.5, -1.0, -2.0, -0.7, -0.3],
                ),
            ),
            (
                [f, f, f],
                [f, f, f, t, f],
                [f, f, f, f, f],
                [f, f, f, t, f],
                [f, f, f],
                [f, f, f, t, f],
            ),
            strict=True,
        )
    ]
    cases += draws(draw, random)

    def read(alpha, log_probs, jump):
        result = answer(alpha, log_probs, jump)
        if not isinstance(result, torch.Tensor):
            raise Misconception(
                f"return a tensor, not {type(result).__name__}: training "
                "needs its gradient, so stay with torch's functions from "
                "alpha to the result"
            )
        return reachable(result) if result.is_floating_point() else result

    def reachable(values):
        """A sign in place of the logarithm of 0, however it is written."""
        return torch.where(values < LEAST, 1.0, values.double())

    def clamped(function):
        return lambda alpha, log_probs, jump: reachable(
            function(alpha, log_probs, jump)
        )

    def expected(alpha, log_probs, jump):
        return reachable(plain(alpha, log_probs, jump))

    otherwise = (
        "logsumexp of alpha, alpha moved by one, and alpha moved by two "
        "where `jump` is true; then add log_probs"
    )
    diagnose(
        read,
        cases,
        expected,
        {text: clamped(mistake) for text, mistake in mistakes.items()},
        otherwise,
        exact_shape=True,
    )
    function = getattr(answer, "answer", answer)  # the guard gives copies
    for case in cases[1], cases[3]:
        ours, yours = gradients(plain, *case), gradients(function, *case)
        if yours is None or not torch.allclose(ours, yours, atol=1e-6):
            raise Misconception(
                "the numbers are right, but their gradient is not, and "
                "training needs it, through alpha and through log_probs: "
                "return what torch's functions make of both, without "
                "detach, and with torch.logsumexp"
            )


def gradients(step, alpha, log_probs, jump):
    """Of a step's reachable states, by alpha and by log_probs; or None."""
    alpha, log_probs = (x.clone().requires_grad_() for x in (alpha, log_probs))
    with clean_switches():
        result = step(alpha.clone(), log_probs.clone(), jump)
    result = result[result > LEAST]
    if not result.requires_grad:
        return None
    weights = torch.arange(1.0, 1 + len(result), dtype=result.dtype)
    found = torch.autograd.grad(
        (weights * result).sum(), (alpha, log_probs), allow_unused=True
    )
    if any(grad is None for grad in found):
        return None
    return torch.cat(found)


@check(
    right="the cheapest way from one to the other",
    ours=_edit_distance,
)
def edit_distance(answer, random):
    def draw(random):
        def sequence():
            size = random.choice((0, 1, 2, 3, 4, 5))
            return "".join(random.choice("abc") for _ in range(size))

        return sequence(), sequence()

    def table(a, b, delete=1, insert=1, change=1, free=True):
        row = [j * insert for j in range(len(b) + 1)]
        for i, x in enumerate(a, start=1):
            last, row[0] = row[0], i * delete
            for j, y in enumerate(b, start=1):
                same = 0 if x == y and free else change
                last, row[j] = (
                    row[j],
                    min(row[j] + delete, row[j - 1] + insert, last + same),
                )
        return row[-1]

    def truth(a, b):
        return table(a, b)

    def in_place(a, b):
        return sum(x != y for x, y in zip(a, b, strict=False)) + abs(
            len(a) - len(b)
        )

    def corner(a, b):
        """The table's first row and column left at 0."""
        row = [0] * (len(b) + 1)
        for x in a:
            last = row[0]
            for j, y in enumerate(b, start=1):
                last, row[j] = (
                    row[j],
                    min(row[j] + 1, row[j - 1] + 1, last + (x != y)),
                )
        return row[-1]

    mistakes = {
        "compared place by place, one missing letter makes all that follow "
        "wrong: let letters move": in_place,
        "an exchange is one edit, not a deletion and an "
        "insertion": lambda a, b: table(a, b, change=2),
        "equal letters cost nothing": lambda a, b: table(a, b, free=False),
        "insertions count too": lambda a, b: table(a, b, insert=0),
        "deletions count too": lambda a, b: table(a, b, delete=0),
        "the count is asked for, not the share: do not divide": lambda a, b: (
            table(a, b) / max(len(a), 1)
        ),
        "the first row and the first column are not 0: to make n letters of "
        "nothing takes n edits": corner,
        "of a list each word counts as one: do not join the words, compare "
        "them": lambda a, b: table("".join(a), "".join(b)),
        "that is the difference of the lengths": lambda a, b: abs(
            len(a) - len(b)
        ),
        "those are the letters that stay; count the edits": lambda a, b: (
            max(len(a), len(b)) - table(a, b)
        ),
    }
    cases = [
        ("", ""), ("a", ""), ("", "ab"), ("ab", "ab"), ("abc", "bc"),
        ("bc", "abc"), ("abc", "adc"), ("five", "fiv"), ("three", "tree"),
        ("nine", "one"), ("abcab", "cabca"), ("ab", "ba"),
        (["one", "two"], ["two"]), (["up", "no"], ["up", "go", "no"]),
        (["six"], ["sis"]),
    ]  # fmt: skip
    cases += draws(draw, random)
    otherwise = (
        "the smallest of: one more than for a without its last letter, one "
        "more than for b without its last, and what both without their last "
        "take, plus 1 if these differ"
    )
    diagnose(answer, cases, truth, mistakes, otherwise)
    # As long as what the next cells compare: a recursion without a table
    # would never come to its end.
    long = "one two three four", "on to thre foure"
    diagnose(answer, [long], truth, {}, otherwise)
