"""The stored weights are what their card states."""

import re

import pytest

from helpers.data import DATA_FOLDER, load_embedded
from helpers.model import load_bigmodel
from helpers.recorded import load_record
from helpers.training import evaluate, make_loader
from tools import train_bigmodel


def test_the_stored_weights_reach_what_their_card_states():
    card = (DATA_FOLDER / "bigmodel.md").read_text(encoding="utf-8")
    stated = float(re.search(r"Test accuracy \| (\d+\.\d+) %", card)[1])
    test = load_embedded().test
    _, accuracy = evaluate(load_bigmodel(), make_loader(test, 500))
    assert accuracy == pytest.approx(stated / 100, abs=0.0006)
    assert accuracy > 0.905
    size = (DATA_FOLDER / "bigmodel.pt").stat().st_size
    assert 12e6 < size < 14e6


def test_the_recipe_was_chosen_on_the_validation_split():
    rows = load_record("recipe")["rows"]
    best = max(rows, key=lambda row: row["validation_accuracy"])
    assert best["name"] == train_bigmodel.RECIPE
