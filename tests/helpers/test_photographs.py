"""The photographs and MobileNetV2's weights load, and fail in words."""

import shutil

import pytest
import torch

from helpers.data import DataError
from helpers.photographs import (
    CATEGORIES,
    MOBILENET,
    PARTS,
    PHOTOGRAPHS,
    load_mobilenet,
    load_parts,
    load_photograph,
)


@pytest.fixture(scope="module")
def net():
    return load_mobilenet()


@pytest.mark.parametrize(
    ("name", "category"), [("coffee", "espresso"), ("cat", "Egyptian cat")]
)
def test_mobilenet_knows_the_photographs(net, name, category):
    X = load_photograph(name)
    assert X.shape == (1, 3, 224, 224)
    assert X.dtype == torch.float32
    assert X.min() >= 0
    assert X.max() <= 1
    with torch.inference_mode():
        assert CATEGORIES[net(X).argmax()] == category


@pytest.mark.parametrize(
    ("name", "height"),
    [
        ("coffee_whole", 277),
        ("cat_whole", 277),
        ("camera", 416),
        ("rocket", 278),
    ],
)
def test_whole_photographs_are_416_pixels_wide(name, height):
    X = load_photograph(name)
    assert X.shape == (1, 3, height, 416)
    assert 0 <= X.min() < 0.1
    assert 0.8 < X.max() <= 1


def test_it_is_in_evaluation_mode(net):
    assert not any(module.training for module in net.modules())


def test_every_part_is_there():
    parts = load_parts()
    assert parts.shape == (224, 224)
    assert parts.unique().tolist() == list(range(len(PARTS)))


def test_the_card_names_every_file():
    card = (PHOTOGRAPHS / "README.md").read_text(encoding="utf-8")
    for path in PHOTOGRAPHS.iterdir():
        assert path.name == "README.md" or f"`{path.name}`" in card


def test_an_unknown_photograph_is_refused_with_the_known_ones():
    with pytest.raises(DataError, match=r"missing \(there are: .*coffee"):
        load_photograph("tea")


def test_a_damaged_photograph_is_refused(tmp_path):
    (tmp_path / "coffee.png").write_bytes(b"not a picture")
    with pytest.raises(DataError, match="damaged"):
        load_photograph("coffee", tmp_path)


def test_missing_and_damaged_weights_are_refused(tmp_path):
    path = tmp_path / "mobilenet_v2.pt"
    with pytest.raises(FileNotFoundError, match="is missing"):
        load_mobilenet(path)
    shutil.copy(MOBILENET, path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ValueError, match="does not hold MobileNetV2"):
        load_mobilenet(path)
