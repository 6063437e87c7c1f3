"""BigModel is the chapter's, refuses wrong sizes, and loads safely."""

import pytest
import torch
from torch import nn

from helpers import model
from helpers.model import BigModel, load_bigmodel


@pytest.fixture(scope="module")
def bigmodel():
    return BigModel()


def test_it_is_the_chapter_s_architecture(bigmodel):
    shapes = {name: tuple(p.shape) for name, p in bigmodel.named_parameters()}
    assert shapes == {
        "conv1.weight": (64, 3, 3, 3),
        "conv1.bias": (64,),
        "conv2.weight": (128, 64, 3, 3),
        "conv2.bias": (128,),
        "fc1.weight": (1000, 6272),
        "fc1.bias": (1000,),
        "fc2.weight": (10, 1000),
        "fc2.bias": (10,),
    }
    assert sum(p.numel() for p in bigmodel.parameters()) == 6_358_658


def test_it_computes_what_the_chapter_s_layers_compute(bigmodel):
    layers = nn.Sequential(
        *(bigmodel.conv1, nn.ReLU(), nn.MaxPool2d(2)),
        *(bigmodel.conv2, nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()),
        *(bigmodel.fc1, nn.ReLU(), bigmodel.fc2),
    )
    X = torch.rand(5, 3, 28, 28)
    assert torch.equal(bigmodel(X), layers(X))


@pytest.mark.parametrize(
    "shape", [(64, 1, 28, 28), (64, 3, 32, 32), (64, 3, 56, 56), (64, 784)]
)
def test_every_wrong_size_fails_at_once(bigmodel, shape):
    with pytest.raises(RuntimeError, match=r"channels|multiplied|input"):
        bigmodel(torch.zeros(shape))


def test_an_empty_batch_gives_no_answers(bigmodel):
    assert bigmodel(torch.zeros(0, 3, 28, 28)).shape == (0, 10)


def test_saved_weights_come_back(bigmodel, tmp_path):
    path = tmp_path / "mine.pt"
    half = {k: w.half() for k, w in bigmodel.state_dict().items()}
    torch.save(half, path)
    loaded = load_bigmodel(path)
    assert not loaded.training
    for mine, theirs in zip(
        bigmodel.parameters(), loaded.parameters(), strict=True
    ):
        assert theirs.dtype == torch.float32
        assert torch.equal(mine.half().float(), theirs)


def test_missing_weights_are_named(tmp_path, monkeypatch):
    path = tmp_path / "mine.pt"
    with pytest.raises(FileNotFoundError, match="save your weights again"):
        load_bigmodel(path)
    monkeypatch.setattr(model, "WEIGHTS", path)  # outside the course
    with pytest.raises(FileNotFoundError, match="download the course"):
        load_bigmodel(path)


class Harmful:
    def __reduce__(self):
        return print, ("this must never run",)


@pytest.mark.parametrize(
    "content", ["nothing", "cut", "pickle", "other model", "no weights"]
)
def test_damaged_or_foreign_weights_are_refused(
    bigmodel, tmp_path, content, capsys
):
    path = tmp_path / "mine.pt"
    torch.save(bigmodel.state_dict(), path)
    if content == "nothing":
        path.write_bytes(b"")
    elif content == "cut":
        path.write_bytes(path.read_bytes()[:5000])
    elif content == "pickle":
        torch.save(Harmful(), path)
    elif content == "other model":
        torch.save(nn.Linear(3, 4).state_dict(), path)
    else:
        torch.save([1, 2, 3], path)
    with pytest.raises(ValueError, match="does not hold BigModel's weights"):
        load_bigmodel(path)
    assert "never run" not in capsys.readouterr().out
