"""The detector: its cells, its loss, its training, its stored weights."""

import shutil

import pytest
import torch
from torch.nn import functional as F

from helpers.boxes import mean_average_precision
from helpers.data import load_embedded
from helpers.detector import (
    WEIGHTS,
    Detector,
    answers_of,
    assign,
    assign_all,
    cell_centres,
    cells_inside,
    centre_cell,
    detection_loss,
    find,
    load_detector,
    one_cell,
    train_detector,
)
from helpers.recorded import load_record
from helpers.scenes import compose


@pytest.fixture(scope="module")
def scenes():
    return compose(load_embedded().validation, 200, seed=2)


def test_cells_are_counted_row_by_row():
    C = cell_centres()
    assert C.shape == (100, 2)
    assert C[0].tolist() == [4, 4]
    assert C[1].tolist() == [12, 4]
    assert C[10].tolist() == [4, 12]
    around = torch.cat([C - 3, C + 3], dim=1)
    assert centre_cell(around).tolist() == list(range(100))


def test_who_answers():
    boxes = torch.tensor([[10.0, 2, 38, 22], [17, 17, 22, 22]])
    assert one_cell(boxes).nonzero().tolist() == [[0, 13], [1, 22]]
    inside = cells_inside(boxes)
    x, y = cell_centres()[inside[0]].T
    assert x.min() == 12
    assert x.max() == 36
    assert y.min() == 4
    assert y.max() == 20
    # A small box that holds no middle has a cell all the same.
    assert inside[1].nonzero().tolist() == [[22]]


def test_the_smaller_box_gets_a_cell_that_two_claim():
    large, small = [0.0, 0, 40, 40], [10.0, 10, 30, 30]
    for order in ([large, small], [small, large]):
        boxes = torch.tensor(order)
        labels = torch.tensor([3, 5])
        names, places = assign(boxes, labels)
        at = centre_cell(torch.tensor([small]))[0]
        assert names[at] == labels[order.index(small)]
        assert places[at].tolist() == small
        assert (names >= 0).sum() == 1
        names, _ = assign(boxes, labels, cells_inside)
        assert (names >= 0).sum() == 25
    names, places = assign_all(compose(load_embedded().test, 3, seed=0))
    assert names.shape == (3, 100)
    assert places.shape == (3, 100, 4)


def test_the_loss_by_hand():
    labels = torch.full((1, 100), -1)
    labels[0, 7] = 2
    truth = torch.zeros(1, 100, 4)
    truth[0, 7] = torch.tensor([0.0, 0, 10, 10])
    boxes = torch.zeros(1, 100, 4)
    boxes[0, 7] = torch.tensor([0.0, 0, 10, 5])
    logits = torch.zeros(1, 100, 10)
    silence = 1000 * F.softplus(torch.tensor(0.0))
    loss = detection_loss(logits, boxes, labels, truth)
    assert loss.item() == pytest.approx(silence.item() + 0.5, rel=1e-5)
    logits[0, 7, 2] = 20
    better = detection_loss(logits, truth, labels, truth)
    assert better.item() == pytest.approx(silence.item() * 0.999, rel=1e-5)
    nobody = detection_loss(logits, boxes, labels - 3, truth)
    assert torch.isfinite(nobody)


def test_it_begins_with_no():
    torch.manual_seed(0)
    logits, boxes = Detector().eval()(torch.rand(2, 1, 80, 80))
    assert logits.shape == (2, 100, 10)
    assert boxes.shape == (2, 100, 4)
    assert logits.sigmoid().max() < 0.2
    assert (boxes[..., 2:] > boxes[..., :2]).all()
    parameters = sum(p.numel() for p in Detector().parameters())
    assert parameters == 220_022


def test_a_few_steps_lower_the_loss(scenes):
    few = scenes.first(64)
    torch.manual_seed(0)
    net = Detector()
    losses = train_detector(net, few, assign_all(few), 12, seed=0)
    assert len(losses) == 12
    assert sum(losses[-3:]) < 0.8 * sum(losses[:3])
    again = Detector()
    again.load_state_dict(net.state_dict())
    scores, boxes = answers_of(again, few.images)
    assert scores.shape == (64, 100, 10)
    assert boxes.min() >= 0
    assert boxes.max() <= 80


def test_the_stored_weights_are_as_good_as_the_card_says(scenes):
    found = find(load_detector(), scenes.images)
    row = load_record("detector-weights")["rows"][0]
    reached = mean_average_precision(found, scenes)
    assert reached == pytest.approx(row["validation"]["map50"], abs=0.05)
    assert row["test"]["map50"] > 0.7
    for one in found:
        assert (one.scores.diff() <= 0).all()
        assert len(one.boxes) == len(one.scores) == len(one.labels)


def test_missing_and_damaged_weights_are_refused(tmp_path):
    path = tmp_path / "detector.pt"
    with pytest.raises(FileNotFoundError, match="is missing"):
        load_detector(path)
    shutil.copy(WEIGHTS, path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ValueError, match="does not hold the detector"):
        load_detector(path)
    torch.save({"weight": torch.zeros(3)}, path)
    with pytest.raises(ValueError, match="does not hold the detector"):
        load_detector(path)


@pytest.mark.parametrize("shape", [(1, 80, 80), (2, 3, 80, 80), (2, 1, 8, 8)])
def test_scenes_of_another_shape_are_refused(shape):
    net = Detector().eval()
    with pytest.raises(ValueError, match=r"must have shape \(n, 1, 80, 80\)"):
        net(torch.zeros(shape))
    with pytest.raises(ValueError, match="must have shape"):
        find(net, torch.zeros(shape, dtype=torch.uint8))


def test_no_scenes_are_refused():
    with pytest.raises(ValueError, match="at least one"):
        find(Detector(), torch.zeros(0, 1, 80, 80, dtype=torch.uint8))


def test_a_middle_on_the_edge_of_a_box_is_not_inside():
    boxes = torch.tensor([[4.0, 4, 20, 20]])
    assert cells_inside(boxes).nonzero().tolist() == [[0, 11]]
