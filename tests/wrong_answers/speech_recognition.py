"""What learners really write in the exercises on speech recognition."""

import math

import torch


def coded(x, size=None, scale=255, rounded=torch.round, base=256):
    size = x.abs() if size is None else size
    y = x.sign() * torch.log(1 + 255 * size) / math.log(base)
    return rounded((y + 1) / 2 * scale)


def blanks_first(path):
    letters = [symbol for symbol in path if symbol]
    return [
        symbol
        for i, symbol in enumerate(letters)
        if i == 0 or symbol != letters[i - 1]
    ]


def with_blanks(path):
    result = path[:1]
    for symbol in path[1:]:
        if symbol != result[-1]:
            result = [*result, symbol]
    return result


def step(alpha, log_probs, jump, ways=(0, 1, 2), join=torch.logsumexp):
    moved = []
    for by in ways:
        shifted = torch.full_like(alpha, -1e30)
        shifted[by:] = alpha[: len(alpha) - by]
        if by == 2:
            shifted[~jump] = -1e30
        moved.append(shifted)
    return join(torch.stack(moved), 0) + log_probs


def rolled(alpha, log_probs, jump):
    two = torch.where(jump, alpha.roll(2), torch.tensor(-1e30).double())
    ways = torch.stack([alpha, alpha.roll(1), two])
    return ways.logsumexp(0) + log_probs


def always_jump(alpha, log_probs, jump):
    return step(alpha, log_probs, torch.ones_like(jump))


def naive(alpha, log_probs, jump):
    total = alpha.exp()
    total[1:] = total[1:] + alpha[:-1].exp()
    total[2:] = total[2:] + alpha[:-2].exp() * jump[2:]
    return total.log() + log_probs


def half_detached(alpha, log_probs, jump):
    return step(alpha.detach(), log_probs, jump)


def never_is_small(alpha, log_probs, jump):
    ways = [alpha]
    for by in (1, 2):
        shifted = torch.full_like(alpha, -100.0)
        shifted[by:] = alpha[: len(alpha) - by]
        ways.append(shifted if by == 1 else torch.where(jump, shifted, -100.0))
    return torch.stack(ways).logsumexp(0) + log_probs


def never_is_nought(alpha, log_probs, jump):
    ways = [alpha]
    for by in (1, 2):
        shifted = torch.zeros_like(alpha)
        shifted[by:] = alpha[: len(alpha) - by]
        ways.append(shifted if by == 1 else torch.where(jump, shifted, -1e30))
    return torch.stack(ways).logsumexp(0) + log_probs


def distance(a, b, change=1, first=1):
    table = [
        [first * (i + j) for j in range(len(b) + 1)] for i in range(len(a) + 1)
    ]
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            table[i][j] = min(
                table[i - 1][j] + 1,
                table[i][j - 1] + 1,
                table[i - 1][j - 1] + change * (a[i - 1] != b[j - 1]),
            )
    return table[-1][-1]


def place_by_place(a, b):
    wrong = abs(len(a) - len(b))
    for x, y in zip(a, b, strict=False):
        wrong += x != y
    return wrong


WRONG = {
    "mu_law": {
        "the sign is lost": lambda x: coded(x.abs()),
        "round it": lambda x: coded(x, rounded=lambda y: y),
        "not down": lambda x: coded(x, rounded=torch.floor),
        "not by 256": lambda x: coded(x, scale=256),
        "not by ln 255": lambda x: coded(x, base=255),
        "where is the logarithm": lambda x: ((x + 1) / 2 * 255).round(),
        "move it to 0 to 255": lambda x: (
            x.sign() * torch.log1p(255 * x.abs()) / math.log(256)
        ),
        "Not right: sign times": lambda x: 255 - coded(x),
    },
    "collapse": {
        "the blanks go last": blanks_first,
        "are still in it": with_blanks,
        "a run of one letter": lambda path: [s for s in path if s],
        "may come again": lambda path: sorted(
            {s for s in path if s}, key=path.index
        ),
        "the first symbol is lost": lambda path: [
            path[t]
            for t in range(1, len(path))
            if path[t] and path[t] != path[t - 1]
        ],
        "is the last symbol, not": lambda path: [
            path[i]
            for i in range(len(path))
            if path[i] and path[i] != path[i - 1]
        ],
        "from left to right": lambda path: [
            s for t, s in enumerate(path) if s and (t == 0 or s != path[t - 1])
        ][::-1],
        "make each run one": lambda path: [
            s + 1
            for t, s in enumerate(path)
            if s and (t == 0 or s != path[t - 1])
        ],
    },
    "ctc_step": {
        "only where `jump` is true": always_jump,
        "nothing ever jumps": lambda a, p, j: step(a, p, j, ways=(0, 1)),
        "wrong way round": lambda a, p, j: step(a, p, ~j),
        "may also stay": lambda a, p, j: step(a, p, j, ways=(1, 2)),
        "from the state before": lambda a, p, j: step(a, p, j, ways=(0, 2)),
        "not max": lambda a, p, j: step(
            a, p, j, join=lambda ways, d: ways.amax(d)
        ),
        "add log_probs at the end": lambda a, p, j: step(a, 0 * p, j),
        "brings the last state": rolled,
        "but their gradient is not": half_detached,
        "exp of a low logarithm": naive,
        "-100 is not low enough": never_is_small,
        "0 is the logarithm of 1": never_is_nought,
        "then add log_probs": lambda a, p, j: step(a, p, j) - 1,
    },
    "edit_distance": {
        "compared place by place": place_by_place,
        "not a deletion and an insertion": lambda a, b: distance(a, b, 2),
        "do not join the words": lambda a, b: distance("".join(a), "".join(b)),
        "the first row": lambda a, b: distance(a, b, first=0),
        "do not divide": lambda a, b: distance(a, b) / max(len(a), 1),
        "difference of the lengths": lambda a, b: abs(len(a) - len(b)),
        "Not right: the smallest of": lambda a, b: distance(a, b) + 1,
    },
}
