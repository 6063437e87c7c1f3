"""The experiments on GPT, in small; and what they recorded."""

import pytest
import torch

from helpers.gpt import load_gpt
from helpers.in_context import TASKS
from helpers.recorded import load_record
from helpers.transformer import GPT
from tools.experiments import language
from tools.experiments.language import PARTS, SEEDS, gpt_without
from tools.train_gpt import SHAPE


@pytest.mark.parametrize(
    ("name", "key", "kinds"),
    [("gpt-ablation", "part", PARTS), ("gpt-in-context", "task", TASKS)],
)
def test_every_seed_is_recorded_for_every_row(name, key, kinds):
    rows = load_record(name)["rows"]
    pairs = [(row[key], row["seed"]) for row in rows]
    assert pairs == [(kind, seed) for kind in kinds for seed in SEEDS]


def test_the_best_rate_is_used():
    rows = load_record("gpt-rates")["rows"]
    best = min(rows, key=lambda row: row["bits"])
    assert best["lr"] == language.LR


def outputs(part, change=None):
    """Logits before and after one token is changed."""
    torch.manual_seed(0)
    model = gpt_without(part, vocab_size=20).eval()
    ids = torch.arange(12)[None] % 20
    other = ids.clone()
    if change is not None:
        other[0, change] = 15
    with torch.no_grad():
        return model(ids), model(other)


def test_the_whole_is_the_courses_gpt():
    torch.manual_seed(0)
    model = gpt_without("all of it", vocab_size=20).eval()
    plain = GPT(20, **language.SHAPE).eval()
    plain.load_state_dict(model.state_dict())
    ids = torch.arange(12)[None]
    torch.testing.assert_close(model(ids), plain(ids))


@pytest.mark.parametrize("part", PARTS)
def test_what_is_left_out(part):
    before, after = outputs(part, change=6)
    moved = (before - after).abs().amax(dim=(0, 2)) > 1e-6
    expected = [i >= 6 for i in range(12)]
    if part == "no attention":
        expected = [i == 6 for i in range(12)]
    if part == "no mask":
        expected = [True] * 12
    assert moved.tolist() == expected


def test_no_positions_no_order():
    torch.manual_seed(0)
    model = gpt_without("no positions", vocab_size=20).eval()
    ids = torch.tensor([[3, 5, 7, 9]])
    swapped = torch.tensor([[5, 3, 7, 9]])
    first = model.blocks[:1]
    model.blocks = first  # in the second block the order shows
    with torch.no_grad():
        torch.testing.assert_close(model(ids)[:, -1], model(swapped)[:, -1])


def test_a_row_in_small(monkeypatch):
    train = torch.arange(3000) % 7
    monkeypatch.setattr(language, "characters", lambda: [train, train[:400]])
    row = language.ablation_row("all of it", 0, steps=3)
    assert row["steps"] == 3
    assert 0 < row["bits"] < 6 > row["last_token_only"] > 0


def test_the_weights_have_the_shape_of_the_tool():
    model, tokenizer = load_gpt()
    assert len(model.positions.weight) == SHAPE["max_length"]
    assert model.tokens.embedding_dim == SHAPE["d_model"]
    assert len(model.blocks) == SHAPE["num_layers"]
    assert len(tokenizer) == 1024
    row = load_record("gpt-curve")["rows"][-1]
    assert row["parameters"] == sum(p.numel() for p in model.parameters())
