"""No loader runs what somebody hid in a file, and each says that it did not.

The hidden program makes a file: where the file is, the program ran.
"""

import json
import pickle
from argparse import Namespace
from pathlib import Path

import pytest
import torch
from torch import nn

from helpers import data, distributed, recorded
from helpers.attribution import load_planted
from helpers.data import DataError, load_cifar10, load_embedded
from helpers.model import load_bigmodel
from helpers.saved import load_saved, with_weights
from helpers.training import load_checkpoint, make_loader


class Program:
    """What an attacker pickles: a call that is made when it is opened."""

    def __init__(self, proof):
        self.proof = proof

    def __reduce__(self):
        return Path.touch, (self.proof,)


@pytest.fixture
def proof(tmp_path):
    return tmp_path / "the program ran"


@pytest.fixture
def training():
    model = nn.Linear(2, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    return model, optimizer, make_loader(load_embedded().test[:8], seed=0)


def hide(program, path, way):
    """Write a file that runs a program when it is opened carelessly."""
    harmless = {"a": torch.ones(2)}
    if way == "alone":
        torch.save(program, path)
    elif way == "among weights":
        torch.save({"model": {"conv1.weight": program} | harmless}, path)
    elif way == "in the old format":
        torch.save([program], path, _use_new_zipfile_serialization=False)
    else:
        path.write_bytes(pickle.dumps(program))


WAYS = "alone", "among weights", "in the old format", "as a plain pickle"


@pytest.mark.parametrize("way", WAYS)
def test_the_program_would_run_if_it_were_opened_carelessly(
    tmp_path, proof, way
):
    hide(Program(proof), tmp_path / "file.pt", way)
    if way == "as a plain pickle":
        pickle.loads((tmp_path / "file.pt").read_bytes())
    else:
        torch.load(tmp_path / "file.pt", weights_only=False)
    assert proof.exists()


LOADERS = {
    "load_saved": lambda path, _: load_saved(path),
    "load_bigmodel": lambda path, _: load_bigmodel(path),
    "with_weights": lambda path, training: with_weights(
        training[0], path, "the layer's"
    ),
    "load_planted": lambda path, _: load_planted(path.stem, path.parent),
    "load_checkpoint": lambda path, training: load_checkpoint(path, *training),
    "distributed.load": lambda path, _: distributed.load(
        Namespace(checkpoint=path, resume=True)
    ),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("loader", LOADERS)
def test_no_loader_of_weights_runs_it(tmp_path, proof, training, way, loader):
    path = tmp_path / "file.pt"
    hide(Program(proof), path, way)
    with pytest.raises((ValueError, distributed.Refused)) as refused:
        LOADERS[loader](path, training)
    assert not proof.exists(), "the hidden program ran"
    said = str(refused.value)
    assert "weights_only=False" not in said, "that advice would run it"
    assert "\n" not in said
    if loader != "load_saved":
        assert str(path) in said
    if way != "as a plain pickle":
        assert "it holds more than numbers" in said


@pytest.mark.parametrize("content", [b"", b"PK", b"not a file of torch" * 99])
def test_what_is_damaged_is_said_to_be_damaged(tmp_path, content):
    path = tmp_path / "file.pt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="it is damaged, or not of torch"):
        load_saved(path)


def test_what_is_cut_off_is_said_in_one_line_with_the_reason(tmp_path):
    path = tmp_path / "file.pt"
    torch.save({"a": torch.ones(1000)}, path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(ValueError, match=r"not of torch.save: \w.*$") as error:
        load_saved(path)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_saved(tmp_path / "none.pt")


def test_numbers_come_back_as_they_were(tmp_path):
    stored = {"a": [torch.arange(3), 1.5], "b": {"c": "text"}}
    torch.save(stored, tmp_path / "file.pt")
    found = load_saved(tmp_path / "file.pt")
    assert found["b"] == stored["b"]
    assert torch.equal(found["a"][0], stored["a"][0])


def test_no_record_runs_it(tmp_path, proof, monkeypatch):
    monkeypatch.setattr(recorded, "RECORDS", tmp_path)
    (tmp_path / "curves.json").write_bytes(pickle.dumps(Program(proof)))
    with pytest.raises(DataError, match="is damaged"):
        recorded.load_record("curves")
    call = {"__reduce__": ["os.system", "touch " + str(proof)]}
    (tmp_path / "curves.json").write_text(json.dumps(call), encoding="utf-8")
    assert recorded.load_record("curves") == call, "text stays text"
    assert not proof.exists()


def test_no_loader_of_images_runs_it(tmp_path, proof):
    for name in data.CHECKSUMS:
        (tmp_path / name).write_bytes(pickle.dumps(Program(proof)))
    with pytest.raises(DataError):
        load_embedded(tmp_path)
    # CIFAR-10 is pickled by its makers: only the very files are opened.
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    for name in [f"data_batch_{n}" for n in range(1, 6)] + [
        "test_batch",
        "batches.meta",
    ]:
        (folder / name).write_bytes(pickle.dumps(Program(proof)))
    with pytest.raises(DataError):
        load_cifar10(tmp_path)
    assert not proof.exists()


def test_a_network_gets_its_weights_and_is_in_evaluation_mode(tmp_path):
    path, stored = tmp_path / "layer.pt", nn.Linear(2, 3)
    torch.save({"half": stored.state_dict()}, path)
    net = with_weights(
        nn.Linear(2, 3), path, "its", unpack=lambda found: found["half"]
    )
    assert torch.equal(net.weight, stored.weight)
    assert not net.training


@pytest.mark.parametrize(
    "found",
    [nn.Linear(3, 3).state_dict(), {"weight": torch.ones(3, 2)}, [1], 1.0],
)
def test_weights_of_another_network_are_refused_in_one_line(tmp_path, found):
    path = tmp_path / "layer.pt"
    torch.save(found, path)
    said = r"layer\.pt does not hold the layer's weights \(.+\): train anew\.$"
    with pytest.raises(ValueError, match=said) as error:
        with_weights(nn.Linear(2, 3), path, "the layer's", remedy="train anew")
    assert "\n" not in str(error.value)


def test_a_missing_file_of_weights_says_how_to_get_it_back(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.pt is missing: down"):
        with_weights(nn.Linear(2, 3), tmp_path / "none.pt", "its")
