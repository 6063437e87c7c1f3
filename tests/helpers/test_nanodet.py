"""NanoDet: what it is shown, what it says, and weights that are damaged."""

import shutil

import pytest
import torch
from torch import nn

from helpers.nanodet import (
    COCO_MEAN,
    COCO_NAMES,
    COCO_SPREAD,
    WEIGHTS,
    NanoDet,
    for_nanodet,
    in_8_bits,
    load_nanodet,
    look,
)
from helpers.photographs import load_photograph


@pytest.fixture(scope="module")
def net():
    return load_nanodet()


def said(one):
    return [COCO_NAMES[y] for y in one.labels]


def test_it_wants_blue_first_and_the_mean_gone():
    red = torch.tensor([1.0, 0, 0]).view(1, 3, 1, 1)
    blue, green, last = for_nanodet(red).flatten().tolist()
    assert blue == pytest.approx(-COCO_MEAN[0] / COCO_SPREAD[0])
    assert green == pytest.approx(-COCO_MEAN[1] / COCO_SPREAD[1])
    assert last == pytest.approx((255 - COCO_MEAN[2]) / COCO_SPREAD[2])


def test_its_80_words():
    assert len(COCO_NAMES) == 80
    assert COCO_NAMES[0] == "person"
    assert COCO_NAMES[-1] == "toothbrush"


@pytest.mark.parametrize(
    ("name", "first"), [("camera", "person"), ("cat_whole", "cat")]
)
def test_it_knows_a_person_and_a_cat(net, name, first):
    one = look(net, for_nanodet(load_photograph(name)))
    assert said(one)[0] == first
    assert (one.scores.diff() <= 0).all()
    assert one.boxes.min() >= 0
    assert one.boxes[:, 2].max() <= 416


def test_the_person_is_where_he_stands(net):
    one = look(net, for_nanodet(load_photograph("camera")))
    left, top, right, bottom = one.boxes[0].tolist()
    assert left < 60
    assert 20 < top < 90
    assert 180 < right < 300
    assert 340 < bottom <= 416


def test_a_picture_of_one_grey_holds_nothing(net):
    grey = torch.full((1, 3, 100, 130), 0.45)
    assert said(look(net, for_nanodet(grey))) == []


def test_three_grids_of_cells(net):
    assert not any(module.training for module in net.modules())
    assert sum(p.numel() for p in net.parameters()) == 3_786_068
    with torch.no_grad():
        scores, boxes = net(torch.zeros(2, 3, 64, 96))
    cells = 8 * 12 + 4 * 6 + 2 * 3
    assert scores.shape == (2, cells, 80)
    assert boxes.shape == (2, cells, 4)
    assert ((scores >= 0) & (scores <= 1)).all()
    assert (boxes[..., 2:] >= boxes[..., :2]).all()


def test_eight_bits_keep_a_weight_to_half_a_step():
    torch.manual_seed(0)
    conv = nn.Sequential(nn.Conv2d(3, 4, 3))
    small = in_8_bits(conv.state_dict())
    assert small["0.weight"].dtype == torch.int8
    again = small["0.weight"].float() * small["0.weight.scale"].float()
    step = conv[0].weight.abs().amax(dim=(1, 2, 3), keepdim=True) / 127
    assert ((again - conv[0].weight).abs() <= 0.6 * step).all()


def test_missing_and_damaged_weights_are_refused(tmp_path):
    path = tmp_path / "nanodet.pt"
    with pytest.raises(FileNotFoundError, match="is missing"):
        load_nanodet(path)
    shutil.copy(WEIGHTS, path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ValueError, match="does not hold NanoDet"):
        load_nanodet(path)
    other = NanoDet().state_dict()
    other.popitem()
    torch.save(in_8_bits(other), path)
    with pytest.raises(ValueError, match="does not hold NanoDet"):
        load_nanodet(path)
