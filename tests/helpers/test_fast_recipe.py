"""The fast recipe trains BigModel, and what it sets without labels is what
it says."""

import itertools
from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers.data import load_embedded
from helpers.fast_recipe import (
    conditioned,
    conditioning,
    fast_recipe,
    folded,
    one_cycle,
)
from helpers.model import BigModel
from helpers.race import plain_recipe, share_right
from helpers.recorded import load_record
from helpers.speed import PoolFirst
from helpers.without_labels import (
    cluster_,
    features,
    kmeans_step,
    whiten_,
    without_labels,
)


@pytest.fixture(scope="module")
def splits():
    train, validation, test = load_embedded()
    return train[:640], validation[:500], test


def steps(recipe, num):
    return list(itertools.islice(recipe, num))[-1]


@pytest.mark.parametrize("bfloat16", [False, True])
def test_the_fast_recipe_trains_a_plain_bigmodel(splits, bfloat16):
    """Loaded into BigModel as it is, its weights give the same logits and
    the same score; bfloat16 keeps 8 bits, so a logit may differ in the third
    digit."""
    recipe = fast_recipe(
        splits[0], 0, num_images=2560, bfloat16=bfloat16, every=640
    )
    model, num_seen = steps(recipe, 4)
    assert num_seen == 2560, "forty steps"
    weight = next(model.parameters())
    assert weight.dtype == (torch.bfloat16 if bfloat16 else torch.float32)
    plain = BigModel()
    plain.load_state_dict(model.state_dict())
    X = splits[1].inputs()
    with torch.inference_mode():
        logits, expected = model(X.to(weight.dtype)).float(), plain(X)
    tolerance = 0.03 if bfloat16 else 1e-5
    largest = expected.abs().max()
    assert (logits - expected).abs().max() < tolerance * largest
    score = share_right(plain, splits[1])
    assert score == pytest.approx(share_right(model, splits[1]), abs=0.01)
    assert score > 0.7


def test_what_is_frozen_stays_and_the_rest_moves(splits):
    begin = without_labels(splits[0], 3).state_dict()
    recipe = partial(fast_recipe, splits[0], 3, bfloat16=False, every=1)
    model, _ = steps(recipe(), 3)
    for name, weight in model.state_dict().items():
        same = torch.equal(weight, begin[name])
        assert same == name.startswith("conv"), name
    model, _ = steps(recipe(freeze=False), 3)
    for layer in (model.conv1, model.conv2):
        name = "conv1" if layer is model.conv1 else "conv2"
        assert not torch.equal(layer.weight, begin[f"{name}.weight"])


def test_a_seed_repeats_a_recipe(splits):
    for recipe in (plain_recipe, partial(fast_recipe, every=1)):
        first, second, other = (
            steps(recipe(splits[0], seed), 2)[0].fc1.weight.clone()
            for seed in (0, 0, 1)
        )
        assert torch.equal(first, second)
        assert not torch.equal(first, other)


def test_whitened_patches_are_uncorrelated(splits):
    conv = nn.Conv2d(3, 64, 3, padding=1)
    images = splits[0].inputs()
    whiten_(conv, images, eps=0.0)
    with torch.no_grad():
        outputs = conv(images).transpose(0, 1).flatten(1)  # (64, positions)
    means = outputs.mean(dim=1)
    assert means[:18].abs().max() < 1e-2
    assert (means[18:] > -1 - 1e-2).all()
    assert (means[18:] < 1e-2).all()
    assert means[18:].std() > 0.2, "random thresholds"
    covariance = torch.cov(outputs[:9])
    assert (covariance - torch.eye(9)).abs().max() < 1e-2
    assert torch.allclose(conv.weight[9:18], -conv.weight[:9])
    spread = outputs[18:].std(dim=1)
    assert (spread - 1).abs().max() < 1e-2


@pytest.mark.parametrize(
    "conv", [nn.Conv2d(3, 9, 3), nn.Conv2d(3, 64, 3, bias=False)]
)
def test_whitening_refuses_a_layer_that_does_not_fit(splits, conv):
    with pytest.raises(ValueError, match="needs a layer with a bias"):
        whiten_(conv, splits[0].inputs())


def test_kmeans_comes_closer_and_keeps_lonely_centres():
    torch.manual_seed(0)
    Z = torch.rand(500, 5)
    centres = F.normalize(torch.rand(8, 5))
    centres[7] *= -1  # below every other product: nobody comes
    moved = kmeans_step(centres, Z)
    assert torch.equal(moved[7], centres[7])
    scores = []
    for _ in range(6):
        scores.append((Z @ centres.T).amax(dim=1).mean())
        centres = kmeans_step(centres, Z)
        assert torch.allclose(centres.norm(dim=1), torch.ones(8))
    assert all(a <= b for a, b in itertools.pairwise(scores))


def test_clustered_filters_are_as_wide_as_what_they_see(splits):
    model = without_labels(splits[0], 0, "random")
    torch.manual_seed(0)
    maps = torch.randn(40, 64, 14, 14)
    cluster_(model.conv2, maps, num_patches=4000, rounds=2)
    with torch.no_grad():
        outputs = model.conv2(maps).transpose(0, 1).flatten(1)
    assert outputs.mean(dim=1).abs().max() < 0.1
    assert (outputs.std(dim=1) - 1).abs().max() < 0.25


@pytest.mark.parametrize("kind", ["usual", "random", "Dirac", "patches"])
def test_conv2_is_set_as_named(splits, kind):
    model = without_labels(splits[0][:60], 0, kind)
    clustered = without_labels(splits[0][:60], 0)
    torch.manual_seed(0)
    fresh = PoolFirst()
    weight = model.conv2.weight
    untouched = torch.equal(weight, fresh.conv2.weight)
    assert untouched == (kind in ("usual", "random"))
    assert not torch.equal(weight, clustered.conv2.weight)
    same = torch.equal(model.conv1.weight, clustered.conv1.weight)
    assert same == (kind != "usual")
    if kind == "Dirac":
        X = torch.randn(1, 64, 5, 5)
        passed_on = model.conv2(X) - model.conv2.bias[:, None, None]
        assert torch.allclose(passed_on, torch.cat([X, X], 1), atol=1e-6)


def test_features_are_what_fc1_gets(splits):
    model = without_labels(splits[0], 0, "random").double()
    images = splits[1][:20]
    with torch.no_grad():
        f = features(model, images.images)
        hidden = F.relu(model.fc1(f))
        expected = model(images.inputs().double())
    assert (model.fc2(hidden) - expected).abs().max() < 1e-6


def test_conditioned_features_have_no_large_directions():
    torch.manual_seed(0)
    f = torch.randn(90, 300).double() + 3
    f[:, 0] *= 9
    f += 4 * torch.randn(90, 1).double() * torch.randn(300).double()
    m, s, U, T = conditioning(f, num_large=5)
    x = conditioned(f, m, s, U, T)
    assert x.mean(dim=0).abs().max() < 1e-9
    assert x.std() == pytest.approx(f.std())
    before, after = (
        torch.linalg.svdvals(g - g.mean(dim=0)).square() for g in (f, x)
    )
    assert before[0] > 5 * before[5]
    assert after[0] == pytest.approx(after[5]), "the six largest are equal"


def test_folded_does_the_same():
    torch.manual_seed(0)
    f = torch.randn(90, 300).double() + 3
    W, b = torch.randn(7, 300).double(), torch.randn(7).double()
    change = conditioning(f, num_large=5)
    weight, bias = folded(W, b, *change)
    expected = F.linear(conditioned(f, *change), W, b)
    assert (F.linear(f, weight, bias) - expected).abs().max() < 1e-9


def test_one_cycle_rises_falls_and_stays():
    rates = [one_cycle(i / 100, rise=0.1) for i in range(150)]
    assert rates[10] == max(rates) == 1
    assert rates[5] == pytest.approx(0.5)
    assert rates[55] == pytest.approx(0.5)
    assert all(a <= b for a, b in itertools.pairwise(rates[:11]))
    assert all(a >= b for a, b in itertools.pairwise(rates[10:]))
    assert rates[100:] == [0.05] * 50
    assert min(rates) == 0.05


def test_averaging_gives_the_moving_average(splits):
    recipe = partial(
        fast_recipe, splits[0], 0, bfloat16=False, condition=False, every=1
    )
    averaged, plain = recipe(averaging=0.9), recipe()
    expected = None
    for _ in range(4):
        moving, _ = next(averaged)
        model, _ = next(plain)
        weight = model.fc1.weight.clone()
        expected = (
            weight if expected is None else 0.9 * expected + 0.1 * weight
        )
    assert torch.allclose(moving.fc1.weight, expected, atol=1e-6)


def test_mirrored_batches_hold_mirrored_images(splits):
    from helpers.fast_recipe import batches

    torch.manual_seed(0)
    X, y = next(batches(splits[0], 640, mirror=True))
    torch.manual_seed(0)
    straight, labels = next(batches(splits[0], 640))
    assert torch.equal(y, labels)
    same = (straight == X).flatten(1).all(dim=1)
    assert 0.4 < same.double().mean() < 0.6
    assert torch.equal(X[~same], straight[~same].flip(3))


def test_an_ablation_begins_as_recorded():
    """The first look of a recorded run, taken again; processors differ a
    little, so three in a hundred images may."""
    from tools.experiments.fast_training import CURVE_EVERY, ablation

    recorded = load_record("fewer-images")["rows"][0]
    assert recorded["name"] == "the recipe"
    assert recorded["seed"] == 0
    row = ablation("the recipe", 0, stop_after=CURVE_EVERY)
    assert row["images"] == recorded["images"][:1]
    assert row["accuracy"][0] == pytest.approx(
        recorded["accuracy"][0], abs=0.03
    )
