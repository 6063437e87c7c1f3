"""The recorded networks are those of the lesson, and can be trained again."""

import pytest
import torch
from torch.nn import functional as F
from torchvision import models

from helpers.recorded import load_record
from tests.course.twins import shown
from tools.drawings import deep_networks as drawn
from tools.experiments import deep_networks as experiments

LESSON = {
    "as PyTorch initialises": lambda s: s.plain(s.THIRTEEN),
    "He initialisation": lambda s: s.he_(s.plain(s.THIRTEEN)),
    "batch normalisation": lambda s: s.plain(s.THIRTEEN, norm=True),
    "plain-20": lambda s: s.deep(20, s.plain_block),
    "plain-56": lambda s: s.deep(56, s.plain_block),
    "residual-20": lambda s: s.deep(20, s.residual),
    "residual-56": lambda s: s.deep(56, s.residual),
}


def started(make):
    torch.manual_seed(0)
    return make()


@pytest.mark.parametrize("name", LESSON)
def test_the_lesson_builds_the_recorded_networks(name):
    lesson = shown.shown("deep_networks").module
    ours = started(experiments.NETWORKS[name])
    theirs = started(lambda: LESSON[name](lesson))
    assert [*ours.state_dict()] == [*theirs.state_dict()]
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(one, other)
    X = torch.randn(4, 1, 28, 28)
    torch.testing.assert_close(ours(X), theirs(X))


@pytest.mark.parametrize("name", experiments.NETWORKS)
def test_parameters_are_counted(name):
    net = experiments.NETWORKS[name]()
    rows = [
        row
        for record in ("depth", "residual-bigmodel")
        for row in load_record(record)["rows"]
        if row["name"] == name
    ]
    assert {row["parameters"] for row in rows} == {
        sum(p.numel() for p in net.parameters())
    }
    assert {row["seed"] for row in rows} == set(experiments.SEEDS)


@pytest.mark.parametrize("depth", [20, 56])
def test_a_network_is_as_deep_as_it_says(depth):
    net = experiments.deep(depth, residual=True)
    weights = [p for p in net.parameters() if p.ndim > 1]
    assert len(weights) == depth


def test_a_block_without_weights_copies():
    block = experiments.Block(3, 3, 1, residual=True)
    for weights in block.parameters():
        torch.nn.init.zeros_(weights)
    X = torch.rand(2, 3, 5, 5)
    torch.testing.assert_close(block(X), X)


def test_a_recorded_row_can_be_trained_again():
    recorded = next(
        row
        for row in load_record("depth")["rows"]
        if row["name"] == "He initialisation"
    )
    again = experiments.run(recorded["name"], recorded["seed"])
    assert again.keys() == recorded.keys()
    assert again["losses"][0] == pytest.approx(recorded["losses"][0], abs=0.01)
    assert again["validation_accuracy"] == pytest.approx(
        recorded["validation_accuracy"], abs=0.04
    )


def test_balanced_draws_as_many_of_each_class():
    labels = torch.arange(10).repeat(30)
    chosen = experiments.balanced(labels, 50, seed=0)
    assert labels[chosen].bincount().tolist() == [5] * 10
    assert len(chosen.unique()) == 50
    other = experiments.balanced(labels, 50, seed=1)
    assert set(other.tolist()) != set(chosen.tolist())


def test_features_are_what_mobilenet_s_last_layer_sees():
    data = experiments.splits().validation[:3]
    net = experiments.load_mobilenet()
    found = experiments.mobilenet_features(data, net, batch_size=2)
    X = F.interpolate(data.inputs(), size=(96, 96), mode="bilinear")
    with torch.no_grad():
        logits = net.mobilenet.classifier(found)
        torch.testing.assert_close(logits, net(X), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "layers"), [("vgg16", 16), ("resnet18", 18), ("resnet50", 50)]
)
def test_the_drawn_networks_have_their_layers(name, layers):
    rows, parameters = drawn.layers_of(name)
    assert len(rows) == layers
    title = {"vgg16": "VGG16", "resnet18": "ResNet18"}.get(name, "ResNet50")
    weights = getattr(models, f"{title}_Weights").IMAGENET1K_V1
    assert parameters == weights.meta["num_params"]
