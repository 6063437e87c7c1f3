"""BLEU and chrF are those of sacrebleu, also on strange sentences."""

import random

import pytest

from helpers.translation_scores import bleu, chrf, clipped_counts, exact


def corpus(seed):
    """Sentences that resemble their references, some of them empty."""
    source = random.Random(seed)
    words = ["a", "b", "cd", "né", "…", "四"]
    said, truth = [], []
    for _ in range(source.choice((1, 2, 9))):
        reference = source.choices(words, k=source.randint(0, 9))
        other = [w for w in reference if source.random() < 0.9]
        other += source.choices(words, k=source.choice((0, 0, 1, 3)))
        said.append(other)
        truth.append(reference)
    return said, truth


@pytest.mark.parametrize("seed", range(60))
def test_as_sacrebleu(seed):
    sacrebleu = pytest.importorskip("sacrebleu")
    said, truth = corpus(seed)
    texts = [[" ".join(s) for s in c] for c in (said, truth)]
    options = {"tokenize": "none", "smooth_method": "none", "force": True}
    theirs = sacrebleu.corpus_bleu(texts[0], [texts[1]], **options).score
    assert bleu(said, truth) == pytest.approx(theirs, abs=1e-9)
    theirs = sacrebleu.corpus_chrf(texts[0], [texts[1]]).score
    assert chrf(*texts) == pytest.approx(theirs, abs=1e-9)


def test_by_hand():
    said, truth = ["a", "b", "c", "d", "e"], ["a", "b", "c", "d", "f"]
    # 4/5, 3/4, 2/3, 1/2 of the runs are right: the product is 1/5.
    assert bleu([said], [truth]) == pytest.approx(100 * 0.2**0.25)
    assert clipped_counts(["a"] * 3, ["a", "b"], 1) == (1, 3)
    assert clipped_counts([], [], 1) == (0, 0)
    assert exact([said, truth], [truth, truth]) == 0.5


def test_the_best_and_the_worst():
    truth = [list("abcde"), list("edcba")]
    assert bleu(truth, truth) == pytest.approx(100)
    assert chrf(["abc de"], ["abc de"]) == pytest.approx(100)
    assert bleu([[]], [list("abcd")]) == 0
    assert chrf([""], ["abc"]) == chrf([""], [""]) == 0


def test_short_translations_pay():
    truth = [list("abcdefgh")]
    assert bleu([list("abcde")], truth) < bleu([list("abcdefg")], truth) < 100


@pytest.mark.parametrize("score", [bleu, chrf, exact])
def test_what_is_no_corpus_is_refused(score):
    with pytest.raises(ValueError, match="each hypothesis needs one"):
        score([["a"]], [["a"], ["b"]])
    with pytest.raises(ValueError, match="give at least one"):
        score([], [])


def test_the_wrong_kind_of_sentence_is_refused():
    with pytest.raises(ValueError, match="must be a list of words here"):
        bleu(["a b"], ["a b"])
    with pytest.raises(ValueError, match="must be a text here"):
        chrf([["a"]], [["a"]])
    with pytest.raises(ValueError, match="put it in a list"):
        chrf("ab", "ab")
