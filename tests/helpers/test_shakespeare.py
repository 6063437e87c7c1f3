"""Shakespeare's plays: whole plays are held out, and damage is noticed."""

import bz2

import pytest

from helpers.data import DataError
from helpers.shakespeare import (
    CHOOSING,
    TESTING,
    TEXT,
    load_plays,
    load_shakespeare,
)


def test_a_play_stands_in_one_text_only():
    plays, texts = load_plays(), load_shakespeare()
    assert len(plays) == 38
    assert (texts.validation, texts.test) == (plays[CHOOSING], plays[TESTING])
    assert texts.validation not in texts.train
    assert "If music be the food of love" not in texts.train
    lengths = {line for line in texts.test.split("\n") if len(line) > 40}
    assert sum(line in texts.train for line in lengths) < 20
    assert set(texts.validation + texts.test) <= set(texts.train)


def test_a_missing_file(tmp_path):
    with pytest.raises(DataError, match="is missing"):
        load_plays(tmp_path / "none.bz2")


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-100],
        lambda data: b"",
        lambda data: b"not compressed",
        lambda data: bz2.compress(b"another text"),
        lambda data: data[:5000] + b"?" + data[5001:],
    ],
)
def test_a_damaged_file(tmp_path, damage):
    path = tmp_path / "plays.bz2"
    path.write_bytes(damage(TEXT.read_bytes()))
    with pytest.raises(DataError, match="is damaged"):
        load_plays(path)
