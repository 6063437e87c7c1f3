"""The weights that draw, and what was recorded of them, are as stated."""

import hashlib
import re

import pytest
import torch

from helpers.data import DATA_FOLDER
from helpers.flow import WEIGHTS, load_flow
from helpers.recorded import load_record
from tools import train_flow
from tools.experiments import generation

CARD = (DATA_FOLDER / "flow.md").read_text(encoding="utf-8")


def test_the_card_states_the_file_and_the_recipe():
    checksum = hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()
    assert checksum in CARD
    assert f"{train_flow.STEPS:,} steps" in CARD


def test_the_card_states_what_was_recorded():
    by_strength = {
        row["strength"]: row
        for row in load_record("generation-guidance")["rows"]
    }
    for strength in (1.0, 2.0):
        row = by_strength[strength]
        assert f"{row['named']:.1%}".replace("%", " %") in CARD
        assert f"{row['frechet']:.1f}" in CARD


@pytest.fixture(scope="module")
def net():
    return load_flow()


def test_it_draws_what_is_asked_for(net):
    row = generation.measure(net, 5, num_steps=10, strength=2.0)
    assert row["named"] > 0.8
    assert row["least_nearest"] > 0.02  # no copy of a training image


@pytest.mark.parametrize("row", [0, 1])
def test_a_recorded_row_can_be_repeated(net, row):
    recorded = load_record("generation-steps")["rows"][row]
    again = generation.measure(net, num_steps=recorded["num_steps"])
    assert again.keys() == recorded.keys()
    assert again["named"] == pytest.approx(recorded["named"], abs=0.02)
    for name in ("frechet", "diversity", "median_nearest"):
        assert again[name] == pytest.approx(recorded[name], rel=0.03)


def test_the_contest_has_every_seed_and_like_budgets():
    rows = load_record("generation-contest")["rows"]
    for name in ("VAE", "flow"):
        own = [row for row in rows if row["name"] == name]
        assert [row["seed"] for row in own] == list(generation.SEEDS)
    seconds = [row["train_cpu_seconds"] for row in rows]
    assert max(seconds) < 2.5 * min(seconds)


def test_a_small_training_is_stored_and_loads(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(train_flow, "measure", lambda net: "measured")
    threads = torch.get_num_threads()
    try:
        train_flow.store(tmp_path / "flow.pt", num_steps=2)
    finally:
        torch.set_num_threads(threads)
    assert "measured" in capsys.readouterr().out
    load_flow(tmp_path / "flow.pt")
    found = re.search(r"\| Recipe \|.*seed (\d)", CARD)
    assert int(found[1]) == train_flow.SEED
