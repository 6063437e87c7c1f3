"""Scenes: what is where is as it is said to be."""

import pytest
import torch

from helpers.boxes import iou
from helpers.data import LabelledImages, load_embedded
from helpers.scenes import MAX_OVERLAP, SIZE, compose


@pytest.fixture(scope="module")
def garments():
    return load_embedded().validation


@pytest.fixture(scope="module")
def scenes(garments):
    return compose(garments, 60, seed=5)


def plain(pixels):
    """One garment, given as (28, 28) pixels, of class 3."""
    images = pixels[None, None].to(torch.uint8)
    return LabelledImages(images, torch.tensor([3]), tuple("abcd"))


def test_there_are_one_to_four_garments_in_each(scenes):
    assert scenes.images.shape == (60, 1, SIZE, SIZE)
    assert scenes.images.dtype == torch.uint8
    counts = {len(labels) for labels in scenes.labels}
    assert counts == {1, 2, 3, 4}
    for boxes, labels in zip(scenes.boxes, scenes.labels, strict=True):
        assert boxes.shape == (len(labels), 4)
        assert labels.dtype == torch.int64


def test_boxes_lie_inside_and_overlap_little(scenes):
    for boxes in scenes.boxes:
        assert boxes.min() >= 0
        assert boxes.max() <= SIZE
        assert (boxes[:, 2:] > boxes[:, :2]).all()
        apart = iou(boxes, boxes) - torch.eye(len(boxes))
        assert apart.max() <= MAX_OVERLAP


def test_a_box_is_tight(garments):
    """A white square with a wide margin fills its box, and no more."""
    pixels = torch.zeros(28, 28)
    pixels[8:20, 5:15] = 255
    scenes = compose(plain(pixels), 20, seed=0, max_garments=1)
    for image, boxes in zip(scenes.images[:, 0], scenes.boxes, strict=True):
        left, top, right, bottom = boxes[0].int().tolist()
        assert (right - left) / (bottom - top) == pytest.approx(
            10 / 12, abs=0.2
        )
        inside = image[top:bottom, left:right].double()
        outside = image.double()
        outside[top:bottom, left:right] = torch.nan
        assert inside[1:-1, 1:-1].min() > outside.nanmean() + 20


def test_the_same_seed_gives_the_same_scenes(garments, scenes):
    again = compose(garments, 60, seed=5)
    other = compose(garments, 60, seed=6)
    assert torch.equal(scenes.images, again.images)
    assert all(map(torch.equal, scenes.boxes, again.boxes))
    assert not torch.equal(scenes.images, other.images)


def test_each_label_has_its_turn(scenes, garments):
    assert torch.cat(scenes.labels).unique().tolist() == list(range(10))
    assert scenes.class_names == garments.class_names
    assert len(scenes.first(7).images) == len(scenes.first(7).boxes) == 7


def test_an_empty_picture_is_no_accident():
    scenes = compose(plain(torch.zeros(28, 28)), 5, seed=0)
    assert all(len(boxes) for boxes in scenes.boxes)


def test_other_shapes_are_refused(garments):
    with pytest.raises(ValueError, match="28, 28"):
        compose(garments[:0], 3, seed=0)
    wide = LabelledImages(
        torch.zeros(1, 1, 28, 30, dtype=torch.uint8),
        torch.tensor([0]),
        ("a",),
    )
    with pytest.raises(ValueError, match="28, 30"):
        compose(wide, 3, seed=0)
