"""The records on scale and on deployment are what they say."""

import pytest
import torch

from helpers.data import load_embedded
from helpers.model import BigModel
from helpers.recorded import load_record
from tools.experiments import scaling as scale


@pytest.fixture(scope="module")
def rows():
    return load_record("scaling")["rows"]


def test_every_run_is_recorded(rows):
    keys = ("width", "num_images", "seed", "lr")
    expected = sorted(
        (width, number, seed, *(lr or [scale.learning_rate(width)]))
        for _, (width, number, seed, *lr) in scale.jobs()
    )
    assert sorted(tuple(row[k] for k in keys) for row in rows) == expected
    for row in rows:
        assert 0 < row["best_step"] <= row["steps"]
        assert row["steps"] < scale.STEPS * scale.MOST_LOOKS  # it levelled
        assert row["loss"] < 1.5
        assert not any("test" in key for key in row)


def test_the_learning_rate_was_chosen_by_seeds_that_are_not_measured(rows):
    tuning = {row["seed"] for row in rows if row.get("tuning")}
    assert tuning
    assert tuning.isdisjoint(
        row["seed"] for row in rows if not row.get("tuning")
    )


def test_the_sizes_are_bigmodel_s_in_proportion(rows):
    torch.manual_seed(0)
    model, same = scale.Scaled(64), BigModel()
    same.load_state_dict(model.state_dict())
    X = load_embedded().validation[:4].inputs()
    with torch.no_grad():
        assert torch.equal(model(X), same(X))
    for row in rows:
        numbers = scale.Scaled(row["width"]).parameters()
        assert row["num_parameters"] == sum(p.numel() for p in numbers)
    with pytest.raises(ValueError, match="positive int, not 0"):
        scale.Scaled(0)


def test_a_recorded_run_can_be_repeated(rows):
    """Some seconds: the fewest images."""
    (recorded,) = (
        row
        for row in rows
        if row["num_images"] == min(scale.NUM_IMAGES) and row["seed"] == 0
    )
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as it was recorded
    again = scale.run(recorded["width"], recorded["num_images"], 0)
    torch.set_num_threads(threads)
    assert again.keys() <= recorded.keys()
    # The last digits differ from one processor to another, and training
    # makes more of them.
    assert again["loss"] == pytest.approx(recorded["loss"], rel=0.05)


def test_all_ways_to_answer_agree():
    X = load_embedded().validation[:3].inputs()
    with torch.inference_mode():
        found = {name: answer(X) for name, answer in scale.ways().items()}
    right = found.pop("float32")
    for name, logits in found.items():
        near = 0.2 if "bfloat16" in name else 1e-4
        assert (logits - right).abs().max() < near, name
        assert logits.dtype == torch.float32


def test_every_way_is_recorded_at_every_batch_size():
    rows = load_record("deployment")["rows"]
    ways = {row["way"] for row in rows}
    assert "exported" in ways
    assert {(row["way"], row["batch_size"]) for row in rows} == {
        (way, size) for way in ways for size in scale.INFERENCE_SIZES
    }
    for row in rows:
        near = 0.2 if "bfloat16" in row["way"] else 1e-4
        assert row["largest_difference"] < near
        rate = row["batch_size"] / row["seconds"]
        assert row["images_per_second"] == pytest.approx(rate)
