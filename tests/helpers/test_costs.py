"""The costs stated by formula are what torch counts."""

import re

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from helpers import costs
from helpers.model import BigModel
from tools.experiments import scaling as scale


def counted(model, X, y):
    """{module's name: operations} forward, and of both passes, by torch."""
    counter = FlopCounterMode(display=False)
    with counter:
        loss = F.cross_entropy(model(X), y)
    forward = {
        name.rpartition(".")[2]: sum(kinds.values())
        for name, kinds in counter.get_flop_counts().items()
    }
    with FlopCounterMode(display=False) as backward:
        loss.backward()
    return forward, counter.get_total_flops(), backward.get_total_flops()


def batch(batch_size, side=28):
    y = torch.zeros(batch_size, dtype=torch.int64)
    return torch.rand(batch_size, 3, side, side), y


@pytest.mark.parametrize("width", [3, 64])
@pytest.mark.parametrize("batch_size", [1, 4])
def test_operations_are_what_torch_counts(width, batch_size):
    model = BigModel() if width == 64 else scale.Scaled(width)
    layers = costs.operations(model)
    each, forward, backward = counted(model, *batch(batch_size))
    for name, layer in layers.items():
        assert batch_size * layer["forward"] == each[name]
        module = model.get_submodule(name)
        own = sum(p.numel() for p in module.parameters())
        assert layer["parameters"] == own
    sums = {
        key: batch_size * sum(layer[key] for layer in layers.values())
        for key in ("forward", "backward")
    }
    assert sums == {"forward": forward, "backward": backward}


def test_the_rule_of_six_holds_where_a_weight_is_used_once():
    depth, width = 20, 64
    layers = [nn.Linear(width, width, bias=False) for _ in range(depth)]
    model, X = nn.Sequential(*layers), torch.rand(5, width)
    with FlopCounterMode(display=False) as counter:
        model(X).sum().backward()
    rule = costs.six_n_d(depth * width**2, len(X))
    # All but the first layer's gradient with respect to its input.
    assert counter.get_total_flops() == rule - 2 * width**2 * len(X)


def test_the_rule_of_six_is_too_low_for_convolutions():
    model = BigModel()
    layers = costs.operations(model)
    every = sum(a["forward"] + a["backward"] for a in layers.values())
    assert every == 129_815_136
    rule = costs.six_n_d(sum(p.numel() for p in model.parameters()), 1)
    assert 3.3 < every / rule < 3.5
    for name, positions in (("conv2", 196), ("fc1", 1)):
        weights = model.get_submodule(name).weight.numel()
        both = layers[name]["forward"] + layers[name]["backward"]
        assert both == positions * costs.six_n_d(weights, 1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(("width", "batch_size"), [(64, 8), (5, 3)])
def test_what_is_kept_for_backward(dtype, width, batch_size):
    model = BigModel() if width == 64 else scale.Scaled(width)
    X, y = batch(batch_size)

    def forward():
        with torch.autocast("cpu", dtype, enabled=dtype != torch.float32):
            return F.cross_entropy(model(X), y)

    kept = costs.kept_for_backward(model, batch_size, dtype)
    assert sum(kept.values()) == costs.measure_kept(model, forward)


def test_the_memory_of_training():
    model = BigModel()
    optimizer = torch.optim.Adam(model.parameters())
    X, y = batch(2)
    F.cross_entropy(model(X), y).backward()
    optimizer.step()
    memory = costs.training_memory(model, 2)
    state = [
        value.nbytes
        for kept in optimizer.state.values()
        for name, value in kept.items()
        if name != "step"
    ]
    assert memory["optimizer"] == sum(state)
    assert memory["weights"] == sum(p.nbytes for p in model.parameters())
    gradients = sum(p.grad.nbytes for p in model.parameters())
    assert memory["gradients"] == gradients
    kept = costs.kept_for_backward(model, 2)
    assert memory["activations"] == sum(kept.values())
    assert costs.training_memory(model, 2, "SGD")["optimizer"] == 0
    at_256 = costs.training_memory(model, 256)["activations"] / 2**20
    assert 130 < at_256 < 133
    with pytest.raises(ValueError, match=r"no optimizer 'Lion'.*Adam"):
        costs.training_memory(model, 2, "Lion")
    with pytest.raises(ValueError, match="float32 or bfloat16"):
        costs.kept_for_backward(model, 2, torch.float64)


FREE = {"price_per_kwh": 0, "kg_co2_per_kwh": 0}


def test_a_cost_worked_out_by_hand():
    # 7.2e15 operations on two devices of 1e12 a second: one hour.
    cost = costs.training_cost(
        7.2e15,
        1e12,
        500,
        num_devices=2,
        overhead=1.2,
        price_per_kwh=0.3,
        kg_co2_per_kwh=0.4,
        rent_per_hour=2,
    )
    assert cost.seconds == pytest.approx(3600)
    assert cost.kwh == pytest.approx(1.2)
    assert cost.money == pytest.approx(1.2 * 0.3 + 4)
    assert cost.kg_co2 == pytest.approx(0.48)


def test_more_devices_take_less_time_and_the_same_energy():
    one = costs.training_cost(1e20, 1e14, 700, **FREE)
    ten = costs.training_cost(1e20, 1e14, 700, num_devices=10, **FREE)
    assert ten.seconds == pytest.approx(one.seconds / 10)
    assert ten.kwh == pytest.approx(one.kwh)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rate": 0}, "rate must be above 0, not 0"),
        ({"watts": -5}, "watts must be above 0"),
        ({"num_devices": 0}, "num_devices must be above 0"),
        ({"operations": -1}, "operations must not be below 0"),
        ({"price_per_kwh": float("nan")}, "price_per_kwh must not"),
        ({"kg_co2_per_kwh": -1}, "kg_co2_per_kwh must not"),
        ({"rent_per_hour": -1}, "rent_per_hour must not"),
        ({"overhead": 0.9}, r"overhead \(PUE\) is 1 or more"),
    ],
)
def test_a_cost_that_cannot_be(change, message):
    good = {"operations": 1, "rate": 1, "watts": 1} | FREE
    with pytest.raises(ValueError, match=message):
        costs.training_cost(**(good | change))


@pytest.mark.parametrize("name", costs.PUBLISHED)
def test_published_trainings_follow_the_rule_of_six(name):
    stated = costs.PUBLISHED[name]
    rule = costs.six_n_d(stated.num_parameters, stated.num_tokens)
    assert rule == pytest.approx(stated.operations, rel=0.1)
    assert "20" in stated.source


def test_gpt_3_in_petaflop_days():
    days = costs.PUBLISHED["GPT-3"].operations / (1e15 * 86_400)
    assert days == pytest.approx(3640, rel=0.01)  # 3.64E+03 in the table


@pytest.mark.parametrize("name", costs.ACCELERATORS)
def test_accelerators_are_of_a_sensible_size_and_have_a_source(name):
    device = costs.ACCELERATORS[name]
    assert 1e14 < device.rate < 1e16
    assert 1e10 < device.memory < 1e12
    assert re.search(r"\b20\d\d\b", device.source)
    # Dense, not sparse: none does more than 2.5 operations a picojoule.
    assert 0.5e12 < device.rate / device.watts < 2.5e12
