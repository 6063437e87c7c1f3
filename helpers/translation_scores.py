"""How alike a translation and its reference are: BLEU and chrF.

Both compare whole corpora: counts are summed over all sentences before
anything is divided. The numbers are those of sacrebleu (M. Post, 2018), with
`tokenize="none"` and `smooth_method="none"` for BLEU.
"""

import math
from collections import Counter


def ngrams(items, n):
    """How often each run of n neighbours occurs: a Counter of tuples."""
    return Counter(tuple(items[i : i + n]) for i in range(len(items) - n + 1))


def clipped_counts(hypothesis, reference, n):
    """How many n-grams of the hypothesis the reference has too; and how many
    the hypothesis has. Each counts at most as often as the reference has it.

    hypothesis, reference: lists of words
    """
    ours, theirs = ngrams(hypothesis, n), ngrams(reference, n)
    return (ours & theirs).total(), ours.total()


def bleu(hypotheses, references):
    """BLEU of a corpus, from 0 to 100 (K. Papineni and others, 2002).

    hypotheses, references: lists of sentences, each a list of words, one
    reference for each hypothesis. 0 if no four words in a row are right
    anywhere. Raises ValueError if the lists are not equally long, or if a
    sentence is a text.
    """
    check_corpus(hypotheses, references, list | tuple, "a list of words")
    pairs = list(zip(hypotheses, references, strict=True))
    logs = 0.0
    for n in (1, 2, 3, 4):
        counts = [clipped_counts(h, r, n) for h, r in pairs]
        right, total = (sum(column) for column in zip(*counts, strict=True))
        if not right:
            return 0.0
        logs += math.log(right / total) / 4
    ours, theirs = (
        sum(map(len, corpus)) for corpus in (hypotheses, references)
    )
    return 100 * math.exp(logs + min(0.0, 1 - theirs / ours))


def chrf(hypotheses, references, order=6, beta=2):
    """chrF of a corpus, from 0 to 100 (M. Popović, 2015).

    hypotheses, references: lists of texts, one reference for each
    hypothesis. Of all runs of 1 to `order` characters, blanks left out: the
    mean precision and the mean recall, and their F score, in which recall
    weighs beta times as much. Raises ValueError as `bleu` does.
    """
    check_corpus(hypotheses, references, str, "a text")
    pairs = [
        ("".join(h.split()), "".join(r.split()))
        for h, r in zip(hypotheses, references, strict=True)
    ]
    precisions, recalls = [], []
    for n in range(1, order + 1):
        right = ours = theirs = 0
        for h, r in pairs:
            in_h, in_r = ngrams(h, n), ngrams(r, n)
            right += (in_h & in_r).total()
            # As sacrebleu: what has nothing to be compared with is left out.
            ours += in_h.total() if in_r else 0
            theirs += in_r.total()
        if ours and theirs:
            precisions.append(right / ours)
            recalls.append(right / theirs)
    if not sum(precisions):
        return 0.0
    precision, recall = (sum(p) / len(p) for p in (precisions, recalls))
    weight = beta**2
    return (
        100 * (1 + weight) * precision * recall / (weight * precision + recall)
    )


def exact(hypotheses, references):
    """The share of sentences that are right to the last part."""
    if len(hypotheses) != len(references) or not len(references):
        check_corpus(hypotheses, references, object, "a sentence")
    pairs = zip(hypotheses, references, strict=True)
    return sum(list(h) == list(r) for h, r in pairs) / len(references)


def check_corpus(hypotheses, references, kind, words):
    """Raises ValueError unless these are two corpora of the same length."""
    if isinstance(hypotheses, str) or isinstance(references, str):
        raise ValueError(
            "a corpus is a list of sentences, not one text: put it in a list"
        )
    if len(hypotheses) != len(references):
        raise ValueError(
            f"there are {len(hypotheses)} hypotheses and {len(references)} "
            "references: each hypothesis needs one"
        )
    if not len(references):
        raise ValueError("there is no sentence to compare: give at least one")
    for sentence in (*hypotheses, *references):
        if not isinstance(sentence, kind):
            raise ValueError(
                f"a sentence must be {words} here, not "
                f"{type(sentence).__name__}: split it, or join it"
            )
