"""What the records on translation say, and a row of them made again."""

import pytest

from helpers.recorded import load_record
from tools.experiments import translation
from tools.experiments.translation import learn_merges, pieces


def test_every_setting_has_every_seed():
    seeds = set(translation.SEEDS)
    units = load_record("translation-units")["rows"]
    for key in {(row["unit"], row["language"]) for row in units}:
        rows = [r for r in units if (r["unit"], r["language"]) == key]
        assert {row["seed"] for row in rows} == seeds
    menus = load_record("translation-menus")["rows"]
    for search in ("greedy", "beam 4"):
        rows = [row for row in menus if row.get("search") == search]
        assert {row["seed"] for row in rows} == seeds
        assert {len(row["said"]) for row in rows} == {12}
    # The number of steps was chosen on the validation pairs.
    tried = [row for row in menus if row["split"] == "validation"]
    best = max(tried, key=lambda row: row["chrf"])
    assert {row["steps"] for row in menus if row["split"] == "test"} == {
        best["steps"]
    }


def test_a_row_can_be_made_again():
    recorded = load_record("translation-understood")["rows"]
    assert len(recorded) == 2 * len(translation.SEEDS)
    few = translation.translation_understood(seeds=[0], num_steps=150)
    assert few[0].keys() == recorded[0].keys()
    assert few[0]["hole"] == pytest.approx(recorded[0]["hole"], abs=0.1)
    assert few[0]["longer"] == pytest.approx(0, abs=0.02)


def test_merges_and_pieces():
    merges = learn_merges(["aab aab ab"], 2)
    assert merges == [("a", "b"), ("a", "ab")]
    assert pieces("aab ab cab", merges, {}) == ["aab", "ab", "c", "ab"]
    assert learn_merges(["a"], 5) == []
