"""The records, the bench and the stored weights are what they say."""

import json
import re
import statistics

import pytest

import bench
import experiments_ch4
import runs
from helpers.data import DATA_FOLDER, DataError, load_embedded
from helpers.model import load_bigmodel
from helpers.records import label, load_record
from helpers.training import evaluate, make_loader

RECORDS = sorted((DATA_FOLDER / "runs").glob("*.json"))


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_a_record_says_how_it_was_made(path):
    record = load_record(path.stem)
    for key in ("what", "command", "recorded", "machine", "versions", "rows"):
        assert record[key], key
    assert record["command"] in label(record)
    assert not re.search(r"/(home|root|tmp|work)/", path.read_text())


@pytest.mark.parametrize("name", runs.EXPERIMENTS)
def test_every_experiment_is_recorded(name):
    if name in runs.NEEDS_GPU and not (runs.RUNS / f"{name}.json").exists():
        pytest.skip("no GPU has been available to record it")
    assert load_record(name)["command"] == f"python tools/runs.py {name}"


def test_the_experiment_for_a_gpu_in_small_on_the_cpu():
    from experiments_ch7_gpu import gpu

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


@pytest.mark.parametrize("name", experiments_ch4.EXPERIMENTS)
def test_chapter_4_s_experiments_have_every_seed(name):
    rows = load_record(name)["rows"]
    measured = [row for row in rows if not row.get("tuning")]
    assert {row["seed"] for row in measured} == set(experiments_ch4.SEEDS)
    for row in measured:
        assert 0 < row["test_accuracy"] < 1
    assert all("test_accuracy" not in r for r in rows if r.get("tuning"))


def test_a_recorded_row_can_be_repeated():
    """The first row of the linear model: seconds, and all of the path."""
    recorded = load_record("linear")["rows"][0]
    again = experiments_ch4.run(0, 10, model="linear", **experiments_ch4.ADAM)
    assert again.keys() == recorded.keys()
    # The last digits differ from one processor to another.
    assert again["train_loss"] == pytest.approx(
        recorded["train_loss"], abs=0.01
    )
    assert again["test_accuracy"] == pytest.approx(
        recorded["test_accuracy"], abs=0.02
    )


def test_missing_and_damaged_records_are_named(tmp_path, monkeypatch):
    from helpers import records

    monkeypatch.setattr(records, "DATA_FOLDER", tmp_path)
    with pytest.raises(DataError, match=r"x.json is missing: `git checkout"):
        load_record("x")
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "x.json").write_text('{"rows": [')
    with pytest.raises(DataError, match=r"x.json is damaged"):
        load_record("x")


def test_the_stored_weights_reach_what_their_card_states():
    card = (DATA_FOLDER / "bigmodel.md").read_text()
    stated = float(re.search(r"Test accuracy \| (\d+\.\d+) %", card)[1])
    test = load_embedded().test
    _, accuracy = evaluate(load_bigmodel(), make_loader(test, 500))
    assert accuracy == pytest.approx(stated / 100, abs=0.0006)
    assert accuracy > 0.905
    size = (DATA_FOLDER / "bigmodel.pt").stat().st_size
    assert 12e6 < size < 14e6


def test_the_recipe_was_chosen_on_the_validation_split():
    import train_bigmodel

    rows = json.loads((DATA_FOLDER / "runs" / "recipe.json").read_text())
    best = max(rows["rows"], key=lambda row: row["validation_accuracy"])
    assert best["name"] == train_bigmodel.RECIPE


def test_the_bench_interleaves_and_quotes_medians():
    called = []
    functions = {n: lambda n=n: called.append(n) for n in ("a", "b")}
    rates = bench.measure(functions, rounds=3)
    assert called == ["a", "b"] * 4
    assert [len(r) for r in rates.values()] == [3, 3]
    text = bench.table({"a": [10.0, 20.0, 30.0], "b": [20.0, 60.0, 60.0]})
    assert "| a | 20 (10 to 30) | 1.00 |" in text
    ratio = statistics.median([2, 3, 2])
    assert f"| b | 60 (20 to 60) | {ratio:.2f} |" in text


def test_both_loops_of_the_bench_see_the_same_images(monkeypatch):
    images = load_embedded().train[:3]
    X, y = bench.PerImage(images)[1]
    assert (X - images.inputs()[1]).abs().max() < 1e-6
    assert y == images.labels[1]
