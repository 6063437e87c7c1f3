"""The records, the bench and the stored weights are what they say."""

import re

import pytest
import torch

from helpers.recorded import RECORDS, label, load_record
from tools.experiments import (
    NEEDS_GPU,
    activations,
    architectures,
    command_of,
    experiments,
)
from tools.experiments import training as on_training

FILES = sorted(RECORDS.glob("*.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_record_says_how_it_was_made(path):
    record = load_record(path.stem)
    for key in ("what", "command", "recorded", "machine", "versions", "rows"):
        assert record[key], key
    assert record["command"] in label(record)
    assert not re.search(
        r"/(home|root|tmp|work)/", path.read_text(encoding="utf-8")
    )


@pytest.mark.parametrize("name", experiments())
def test_every_experiment_is_recorded(name):
    if name in NEEDS_GPU and not (RECORDS / f"{name}.json").exists():
        pytest.skip("no GPU has been available to record it")
    assert load_record(name)["command"] == command_of(name)


def test_the_experiment_for_a_gpu_in_small_on_the_cpu():
    from tools.experiments.gpu import gpu

    rows = gpu("cpu", batch_sizes=(4,), num_steps=1, seeds=[0], target=0.2)
    first, *speeds, last = rows
    assert first["largest_difference_of_a_logit"] == 0
    assert [row["precision"] for row in speeds] == [
        "float32",
        "TF32",
        "bfloat16",
    ]
    assert all(row["images_per_second"] > 0 for row in speeds)
    assert last["images"] == 5120
    assert last["validation_accuracy"] > 0.2


@pytest.mark.parametrize("name", on_training.EXPERIMENTS)
def test_experiments_on_training_have_every_seed(name):
    rows = load_record(name)["rows"]
    measured = [row for row in rows if not row.get("tuning")]
    assert {row["seed"] for row in measured} == set(on_training.SEEDS)
    for row in measured:
        assert 0 < row["test_accuracy"] < 1
    assert all("test_accuracy" not in r for r in rows if r.get("tuning"))


def test_a_recorded_row_can_be_repeated():
    """The first row of the linear model: seconds, and all of the path."""
    recorded = load_record("linear")["rows"][0]
    again = on_training.run(0, 10, model="linear", **on_training.ADAM)
    assert again.keys() == recorded.keys()
    # The last digits differ from one processor to another.
    assert again["train_loss"] == pytest.approx(
        recorded["train_loss"], abs=0.01
    )
    assert again["test_accuracy"] == pytest.approx(
        recorded["test_accuracy"], abs=0.02
    )


def test_a_stack_of_two_layers_can_be_trained_again():
    recorded = next(
        row
        for row in load_record("activations")["rows"]
        if row["activation"] == "tanh" and not row.get("tuning")
    )
    settings = {k: recorded[k] for k in ("activation", "depth", "lr", "seed")}
    again = activations.run(**settings)
    assert again.keys() == recorded.keys()
    assert again["test_accuracy"] == pytest.approx(
        recorded["test_accuracy"], abs=0.02
    )


def test_the_slim_networks_are_slim_and_counted():
    for row in load_record("architectures")["rows"]:
        network = torch.nn.Sequential(
            *architectures.ARCHITECTURES[row["name"]]()
        )
        parameters = sum(p.numel() for p in network.parameters())
        assert parameters == row["parameters"] <= architectures.LIMIT
        assert architectures.multiplications(network) == row["multiplications"]
