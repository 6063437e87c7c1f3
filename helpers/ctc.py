"""Letters from frames: the CTC loss, decoding, and counting errors.

(A. Graves et al., "Connectionist temporal classification", 2006.) A network
says for every frame how probable each letter is, or the blank, number 0. A
path, one symbol for each frame, stands for the text that is left when runs
of one symbol are made one, and then the blanks are taken out.
"""

import math

import torch

BLANK = 0
LETTERS = "_abcdefghijklmnopqrstuvwxyz "  # the blank, written _, is first
NEVER = -1e30  # the logarithm of a probability of 0, without its nan


def to_numbers(text):
    """The letters of a text as numbers, int64 (length,).

    Raises ValueError for a letter that is not among LETTERS.
    """
    unknown = sorted(set(text) - set(LETTERS[1:]))
    if unknown:
        raise ValueError(
            f"{text!r} holds {', '.join(map(repr, unknown))}: only the "
            "letters a to z and the space have a number"
        )
    return torch.tensor([LETTERS.index(c) for c in text], dtype=torch.long)


def to_text(numbers):
    """Numbers as a text, with single spaces and none at its ends."""
    text = "".join(LETTERS[int(n)] for n in numbers)
    return " ".join(text.split())


def collapse(path):
    """What a path stands for: runs made one, then blanks taken out.

    path: whole numbers, one for each frame. Returns a list.
    """
    path = [int(symbol) for symbol in path]
    return [
        symbol
        for t, symbol in enumerate(path)
        if symbol != BLANK and (t == 0 or symbol != path[t - 1])
    ]


def states_of(labels):
    """The states of a text's lattice, and which may be jumped to.

    labels: int64 (length,), without blanks. Returns the symbol of each of
    the 2 * length + 1 states, blanks around and between the labels, and a
    boolean for each: whether it may be reached from two states before, which
    is so for a label that differs from the one before it.
    """
    symbols = torch.full((2 * len(labels) + 1,), BLANK)
    symbols[1::2] = labels
    jump = symbols != BLANK
    jump[2:] &= symbols[2:] != symbols[:-2]
    jump[:2] = False
    return symbols, jump


def ctc_step(alpha, log_probs, jump):
    """One frame of the forward algorithm, in logarithms.

    alpha: (states,), for each state the log probability of all beginnings
    of paths that are there now. log_probs: (states,), of each state's symbol
    in the next frame. jump: boolean (states,). Returns the next alpha.
    """
    never = torch.full((2,), NEVER).to(alpha)
    by_one = torch.cat([never[:1], alpha])[: len(alpha)]
    by_two = torch.cat([never, alpha])[: len(alpha)]
    by_two = torch.where(jump, by_two, NEVER)
    ways = torch.stack([alpha, by_one, by_two])
    return torch.logsumexp(ways, dim=0) + log_probs


def ctc_loss(log_probs, labels):
    """Minus the log probability of all paths that stand for the labels.

    log_probs: (frames, symbols). labels: int64 (length,). Returns a tensor
    of one number; about 1e30 where the frames are too few.
    """
    symbols, jump = states_of(labels)
    log_probs = log_probs[:, symbols]  # (frames, states)
    alpha = torch.full((len(symbols),), NEVER).to(log_probs)
    alpha = torch.cat([log_probs[0, :2], alpha[2:]])
    for frame in log_probs[1:]:
        alpha = ctc_step(alpha, frame, jump)
    return -torch.logsumexp(alpha[-2:], dim=0)


def greedy(log_probs):
    """The text of the best path: the likeliest symbol of every frame.

    log_probs: (frames, symbols).
    """
    return to_text(collapse(log_probs.argmax(dim=-1)))


def beam_search(log_probs, words=None, width=12, bonus=0.0):
    """The likeliest text, over the paths of each; a prefix beam search.

    (A. Hannun et al., 2014.) log_probs: (frames, symbols). Every text is
    kept with the log probability of its paths that end in a blank and of
    those that do not, since only after a blank can a letter come twice;
    after each frame the `width` likeliest texts go on. words: if given, only
    texts made of these words are found; `bonus` is added to the logarithm
    for each of them.
    """
    log_probs = log_probs.double().tolist()
    words = None if words is None else set(words)
    beginnings = {
        word[:end] for word in words or () for end in range(len(word) + 1)
    }

    def fits(text, letter):
        if words is None:
            return letter != " " or (text != "" and text[-1] != " ")
        begun = text.rpartition(" ")[2]
        return (
            begun in words if letter == " " else begun + letter in beginnings
        )

    never = float("-inf")
    beam = {"": (0.0, never)}
    for frame in log_probs:
        grown = {}

        def add(text, blank, letter, grown=grown):
            old = grown.get(text, (never, never))
            grown[text] = _sum(old[0], blank), _sum(old[1], letter)

        likely = [c for c in range(1, len(frame)) if frame[c] > -12]
        for text, (blank, letter) in beam.items():
            both = _sum(blank, letter)
            add(text, both + frame[BLANK], never)
            for c in likely:
                symbol = LETTERS[c]
                again = text[-1:] == symbol
                if again:  # the same letter goes on
                    add(text, never, letter + frame[c])
                before = blank if again else both
                if before > never and fits(text, symbol):
                    gain = bonus * (symbol == " ")
                    add(text + symbol, never, before + frame[c] + gain)
        best = sorted(grown, key=lambda text: -_sum(*grown[text]))[:width]
        beam = {text: grown[text] for text in best}
    if words is not None:
        whole = [t for t in beam if t.rpartition(" ")[2] in {*words, ""}]
        beam = {text: beam[text] for text in whole} or {"": (0.0, never)}
    return " ".join(max(beam, key=lambda text: _sum(*beam[text])).split())


def edit_distance(a, b):
    """The fewest insertions, deletions and exchanges that make b of a.

    (V. Levenshtein, 1966.) a, b: texts, or lists of words.
    """
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, start=1):
            last, row[j] = (
                row[j],
                min(row[j] + 1, row[j - 1] + 1, last + (x != y)),
            )
    return row[-1]


def error_rate(references, hypotheses, of=str.split):
    """Edits divided by the number of words said, over all texts together.

    of: what splits a text; `list` gives the character error rate. Raises
    ValueError for lists of unequal length or without a word.
    """
    references, hypotheses = list(references), list(hypotheses)
    if len(references) != len(hypotheses):
        raise ValueError(
            f"{len(references)} texts were said and {len(hypotheses)} "
            "recognised: one for each is needed"
        )
    total = sum(len(of(reference)) for reference in references)
    if not total:
        raise ValueError("nothing was said: the rate has no meaning")
    pairs = zip(references, hypotheses, strict=True)
    return sum(edit_distance(of(r), of(h)) for r, h in pairs) / total


def _sum(a, b):
    """The logarithm of the sum of two probabilities, from theirs."""
    if a < b:
        a, b = b, a
    return a if b == float("-inf") else a + math.log1p(math.exp(b - a))
