"""The experiments on detection, in small; and what they recorded."""

import pytest
import torch

from helpers.detector import Detector, assign_all, cells_inside, one_cell
from helpers.model import load_bigmodel
from helpers.recorded import load_record
from tools.experiments import detection as on_detection
from tools.experiments.detection import BigModelDetector, splits, trained


@pytest.mark.parametrize(
    ("name", "key"), [("cell-assignment", "rule"), ("detector-start", "start")]
)
def test_every_seed_is_recorded_for_every_row(name, key):
    rows = load_record(name)["rows"]
    pairs = {(row[key], row["seed"]) for row in rows}
    kinds = {row[key] for row in rows}
    known = {"rule": on_detection.RULES, "start": on_detection.STARTS}[key]
    assert kinds == set(known)
    assert len(pairs) == len(rows) == len(kinds) * len(on_detection.SEEDS)
    assert len({row["steps"] for row in rows}) == 1


def test_what_a_bigmodel_detector_begins_with():
    weights = load_bigmodel().conv2.weight
    for start, same in (
        ("random", False),
        ("trained", True),
        ("frozen", True),
    ):
        torch.manual_seed(0)
        net = BigModelDetector(start)
        assert torch.equal(net.conv2.weight, weights) == same
        assert net.conv1.weight.requires_grad == (start != "frozen")
        logits, boxes = net.eval()(torch.rand(1, 1, 80, 80))
        assert logits.shape == (1, 100, 10)
        assert boxes.shape == (1, 100, 4)
        assert logits.sigmoid().max() < 0.3


def test_a_row_in_small():
    scenes, validation = splits(40, 20)
    few = trained(Detector, scenes, validation, one_cell, 0, 2, False)
    assert few["steps"] == 2
    assert few["parameters"] == 220_022
    assert 0 <= few["map"] <= few["map50"] <= 1


def test_more_cells_answer_inside_than_at_the_middle():
    scenes, _ = splits(60, 1)
    one, inside = (
        (assign_all(scenes, cells)[0] >= 0).float().mean()
        for cells in (one_cell, cells_inside)
    )
    assert 4 < inside / one < 15


@pytest.mark.full
def test_a_recorded_row_comes_out_again():
    (row,) = on_detection.cell_assignment([0], rules=["one cell"])
    recorded = next(
        r
        for r in load_record("cell-assignment")["rows"]
        if r["rule"] == "one cell" and r["seed"] == 0
    )
    assert row["map50"] == pytest.approx(recorded["map50"], abs=0.03)
