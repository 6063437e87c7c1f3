"""The menus, and the weights of their words."""

import hashlib
import math

import pytest

from helpers import menus
from helpers.data import DataError
from helpers.menus import FILE, load_menus, rarity, tfidf, words_of


def test_the_splits_are_apart():
    splits = load_menus()
    assert [len(s.english) for s in splits] == [1900, 300, 400]
    seen = [" ".join(s) for split in splits for s in split.english]
    assert len(set(seen)) == len(seen) == 2600
    assert all(len(s.english) == len(s.french) for s in splits)


def test_the_card_names_the_file():
    digest = hashlib.sha256(FILE.read_bytes()).hexdigest()
    card = (FILE.parent / "README.md").read_text(encoding="utf-8")
    assert digest in card


def test_words():
    assert words_of("Save as… l'été") == ["save", "as", "…", "l", "'", "été"]


def test_rare_words_weigh_more():
    weights = rarity([["a", "b"], ["a", "a"], ["a", "c"], ["c"]])
    assert weights["a"] == pytest.approx(math.log(4 / 3))
    assert weights["b"] == pytest.approx(math.log(4))
    vector = tfidf(["b", "c", "c", "z"], weights)
    assert math.hypot(*vector.values()) == pytest.approx(1)
    assert vector["c"] / vector["b"] == pytest.approx(
        2 * math.log(2) / math.log(4)
    )
    assert tfidf(["z"], weights) == {}


def test_a_missing_file_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(menus, "FILE", tmp_path / "none.tsv")
    with pytest.raises(DataError, match="missing"):
        load_menus()
