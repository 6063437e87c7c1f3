"""Byte-pair encoding: joins, ties, pieces, and the way back."""

from collections import Counter
from itertools import pairwise

import pytest

from helpers.bpe import PIECES, Tokenizer, merge, train_bpe

TEXT = "the cat and the hat, then the other; her heart ate the rat\n\n  oh! 12"


def slowly(text, num_merges):
    """The same joins, with everything counted anew for each."""
    words = Counter(tuple(word) for word in PIECES.findall(text))
    merges = []
    for _ in range(num_merges):
        pairs = Counter()
        for word, count in words.items():
            for pair in pairwise(word):
                pairs[pair] += count
        if not pairs:
            break
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(best)
        joined = Counter()
        for word, count in words.items():
            joined[merge(word, best)] += count
        words = joined
    return merges


def test_equal_neighbours_are_joined_from_the_left():
    assert merge(("a", "a", "a"), ("a", "a")) == ("aa", "a")
    assert merge((), ("a", "b")) == ()


@pytest.mark.parametrize("text", [TEXT, "aaaa aaa aa a", "abababab"])
def test_counting_only_what_changed_finds_the_same_joins(text):
    assert train_bpe(text, 60) == slowly(text, 60)


def test_no_text_is_lost():
    tokenizer = Tokenizer(sorted(set(TEXT)), train_bpe(TEXT, 20))
    ids = tokenizer.encode(TEXT)
    assert tokenizer.decode(ids) == TEXT
    assert len(ids) < len(TEXT)
    assert tokenizer.encode("") == []


def test_an_unknown_character_is_named():
    tokenizer = Tokenizer("abc ", [])
    with pytest.raises(ValueError, match=r"has no 'd'.*abc"):
        tokenizer.encode("a bad")


def test_equal_to_the_library():
    tokenizers = pytest.importorskip("tokenizers")
    ours = Tokenizer(sorted(set(TEXT)), train_bpe(TEXT, 30))
    theirs = tokenizers.Tokenizer(
        tokenizers.models.BPE(ours.number, [*ours.rank])
    )
    theirs.pre_tokenizer = tokenizers.pre_tokenizers.Split(
        tokenizers.Regex(PIECES.pattern), "isolated"
    )
    assert theirs.encode(TEXT).ids == ours.encode(TEXT)
