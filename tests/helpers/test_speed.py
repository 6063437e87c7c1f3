"""The fast training computes what it says, by fair rules."""

import itertools
import time

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers.data import load_embedded
from helpers.model import BigModel
from helpers.recorded import load_record
from helpers.speed import (
    PerImage,
    PoolFirst,
    bfloat16_pays,
    fast_recipe,
    one_cycle,
    plain_recipe,
    prepared,
    share_right,
    time_to,
    whiten_,
)


@pytest.fixture(scope="module")
def splits():
    train, validation, test = load_embedded()
    return train[:640], validation[:500], test


def steps(recipe, num):
    return list(itertools.islice(recipe, num))[-1]


def test_pool_first_is_the_same_function(splits):
    torch.manual_seed(0)
    model, fast = BigModel().double(), PoolFirst().double()
    fast.load_state_dict(model.state_dict())
    X, y = splits[0][:32].inputs().double(), splits[0].labels[:32]
    fast = fast.to(memory_format=torch.channels_last)
    logits, fast_logits = model(X), fast(X)
    assert (logits - fast_logits).abs().max() < 1e-12
    F.cross_entropy(logits, y).backward()
    F.cross_entropy(fast_logits, y).backward()
    for one, other in zip(model.parameters(), fast.parameters(), strict=True):
        assert (one.grad - other.grad).abs().max() < 1e-12


@pytest.mark.parametrize("bfloat16", [False, True])
def test_the_fast_recipe_trains_bigmodel(splits, bfloat16):
    """Loaded into BigModel as it is, its weights give the same
    logits; bfloat16 keeps 8 bits, so a logit may differ in the third digit."""
    recipe = fast_recipe(splits[0], 0, num_images=2560, bfloat16=bfloat16)
    model, num_seen = steps(recipe, 40)
    assert num_seen == 2560, "forty steps, one cycle"
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
    learned = share_right(model, splits[1])
    assert learned > 0.5


def test_frozen_conv1_stays_and_the_rest_moves(splits):
    begin = prepared(splits[0], 3).state_dict()
    model, _ = steps(fast_recipe(splits[0], 3, bfloat16=False), 3)
    for name, weight in model.state_dict().items():
        same = torch.equal(weight, begin[name])
        assert same == name.startswith("conv1"), name
    model, _ = steps(
        fast_recipe(splits[0], 3, bfloat16=False, freeze=False), 3
    )
    assert not torch.equal(model.conv1.weight, begin["conv1.weight"])


def test_a_seed_repeats_a_recipe(splits):
    for recipe in (plain_recipe, fast_recipe):
        first, second, other = (
            steps(recipe(splits[0], seed), 2)[0].fc1.weight
            for seed in (0, 0, 1)
        )
        assert torch.equal(first, second)
        assert not torch.equal(first, other)


def test_whitened_patches_are_uncorrelated(splits):
    conv = nn.Conv2d(3, 64, 3, padding=1)
    images = splits[0].inputs()
    whiten_(conv, images, eps=0.0, num_images=640)
    with torch.no_grad():
        outputs = conv(images).transpose(0, 1).flatten(1)  # (64, positions)
    assert outputs.mean(dim=1).abs().max() < 1e-2
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


def test_one_cycle_rises_falls_and_stays():
    rates = [one_cycle(i / 100) for i in range(150)]
    assert rates[10] == max(rates) == 1
    assert rates[5] == pytest.approx(0.5)
    assert rates[55] == pytest.approx(0.5)
    assert all(a <= b for a, b in itertools.pairwise(rates[:11]))
    assert all(a >= b for a, b in itertools.pairwise(rates[10:]))
    assert rates[100:] == [0.05] * 50
    assert min(rates) == 0.05


def test_averaging_gives_the_moving_average(splits):
    recipe = fast_recipe(splits[0], 0, bfloat16=False, averaging=0.9)
    plain = fast_recipe(splits[0], 0, bfloat16=False)
    expected = None
    for _ in range(4):
        averaged, _ = next(recipe)
        model, _ = next(plain)
        weight = model.fc1.weight.detach().clone()
        expected = (
            weight if expected is None else 0.9 * expected + 0.1 * weight
        )
    assert torch.allclose(averaged.module.fc1.weight, expected, atol=1e-6)


def test_images_one_by_one_are_those_of_the_course(splits):
    X, y = PerImage(splits[0])[5]
    assert torch.equal(X, splits[0].inputs()[5])
    assert y == splits[0].labels[5]


def sleepy(seconds_a_step, accuracies, sleep_in_forward=0.0):
    """A recipe whose model is right as often as told, look by look."""

    class Told(nn.Linear):
        def forward(self, X):
            time.sleep(sleep_in_forward)
            share = accuracies[min(self.looks, len(accuracies) - 1)]
            self.seen += len(X)
            right = torch.zeros(len(X), 10)
            right[: round(share * len(X)), self.label] = 1
            right[round(share * len(X)) :, self.label - 1] = 1
            self.looks += self.seen % 500 == 0
            return right

    def recipe(images, seed):
        model = Told(1, 1)
        model.looks = model.seen = 0
        model.label = 1
        num_seen = 0
        while True:
            time.sleep(seconds_a_step)
            num_seen += 64
            yield model, num_seen

    return recipe


@pytest.fixture(scope="module")
def one_class(splits):
    train = splits[0]
    chosen = torch.nonzero(train.labels == 1).flatten()[:50]
    return train[chosen.repeat(10)]


def test_the_clock_stops_while_it_watches(splits, one_class):
    recipe = sleepy(0.001, [0.2, 0.4, 0.95], sleep_in_forward=0.5)
    begin = time.perf_counter()
    result = time_to(0.9, recipe, splits[0], one_class, every=640)
    watched = time.perf_counter() - begin - result.seconds
    assert watched >= 1.5, "three looks of half a second"
    assert result.num_images == 3 * 640
    assert result.accuracy == pytest.approx(0.95)
    assert result.reached
    assert result.seconds >= 0.03, "thirty steps of a millisecond"


def test_a_recipe_that_never_gets_there_is_stopped(splits, one_class):
    recipe = sleepy(0, [0.5])
    result = time_to(0.9, recipe, splits[0], one_class, every=640, limit=3000)
    assert not result.reached
    assert result.num_images == 5 * 640
    assert result.accuracy == pytest.approx(0.5)


def test_a_recipe_that_ends_or_yields_something_else(splits):
    def ends(images, seed):
        yield from itertools.islice(fast_recipe(images, seed), 2)

    def wrong(images, seed):
        yield PoolFirst()

    def halved(images, seed):
        yield "model", 64

    with pytest.raises(ValueError, match="ended before it reached 90%"):
        time_to(0.9, ends, *splits[:2])
    for recipe in (wrong, halved):
        with pytest.raises(TypeError, match="yield model, num_seen"):
            time_to(0.9, recipe, *splits[:2])


def test_watching_changes_nothing(splits):
    """Watched often or seldom, the weights are the same."""
    ends = [
        time_to(1.1, fast_recipe, *splits[:2], every=every, limit=768)
        for every in (128, 768)
    ]
    assert [end.num_images for end in ends] == [768, 768]
    first, second = (end.model.fc1.weight for end in ends)
    assert torch.equal(first, second)


def test_bfloat16_pays_is_an_answer():
    assert bfloat16_pays(size=64, rounds=1) in (True, False)


def test_the_recorded_table():
    """What the record says; the goals are not asserted, the rules are."""
    rows = load_record("race")["rows"]
    by_recipe = {}
    for row in rows:
        by_recipe.setdefault(row["recipe"], []).append(row)
    for name, own in by_recipe.items():
        assert [row["seed"] for row in own] == [0, 1, 2, 3, 4], name
        for row in own:
            assert row["reached"] == (row["validation_accuracy"] >= 0.9)
            assert row["images"] % 5120 < 128, "stopped at a look"
    assert {"plain", "fast, float32"} <= set(by_recipe)


def test_an_ablation_begins_as_recorded():
    """The first look of a recorded run, taken again; processors differ a
    little, so three in a hundred images may."""
    from tools.experiments.fast_training import ablation

    recorded = load_record("fewer-images")["rows"][0]
    assert recorded["name"] == "the recipe"
    assert recorded["seed"] == 0
    row = ablation("the recipe", 0, stop_after=2560)
    assert row["images"] == recorded["images"][:1]
    assert row["accuracy"][0] == pytest.approx(
        recorded["accuracy"][0], abs=0.03
    )


def test_the_record_table_and_your_own_recipe(tmp_path):
    from tools.race import load_recipe, table

    rows = [
        {
            "recipe": name,
            "seed": seed,
            "seconds": seconds * (1 + seed),
            "images": 2560,
            "reached": name == "plain" or seed > 0,
            "test_accuracy": 0.9,
        }
        for name, seconds in (("plain", 12), ("yours", 3))
        for seed in range(3)
    ]
    text = table(rows)
    assert "| plain | 24.0 (12.0 to 36.0) |" in text
    assert "| yours (1 never reached it) | 6.0 (3.0 to 9.0) |" in text
    assert "| 4.0 (4.0 to 4.0) |" in text
    with pytest.raises(SystemExit, match="names a Python file"):
        load_recipe(tmp_path / "none.py")
    path = tmp_path / "mine.py"
    path.write_text("x = 1\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="must define `recipe"):
        load_recipe(path)
    path.write_text(
        "def recipe(images, seed):\n    yield 1\n", encoding="utf-8"
    )
    assert callable(load_recipe(path))
