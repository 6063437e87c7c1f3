"""The race is fair, and the record keeps its rules."""

import itertools
import time
from functools import partial

import pytest
import torch
from torch import nn

from helpers.data import load_embedded
from helpers.fast_recipe import fast_recipe
from helpers.race import plain_recipe, time_to
from helpers.recorded import load_record
from helpers.speed import PoolFirst

pytestmark = pytest.mark.alone


@pytest.fixture(scope="module")
def splits():
    train, validation, test = load_embedded()
    return train[:640], validation[:500], test


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
        yield from itertools.islice(plain_recipe(images, seed), 2)

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
    recipe = partial(fast_recipe, bfloat16=False, every=256)
    ends = [
        time_to(1.1, recipe, *splits[:2], every=every, limit=768)
        for every in (256, 768)
    ]
    assert [end.num_images for end in ends] == [768, 768]
    first, second = (end.model.fc1.weight for end in ends)
    assert torch.equal(first, second)


def test_the_recorded_table():
    """What the record says; the goals are not asserted, the rules are."""
    from tools.race import counts

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
    for name in by_recipe.keys() - {"plain"}:
        assert counts(by_recipe[name]), f"{name} wins by a lucky moment"


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
    assert "does not count" not in text
    for row in rows[3:]:
        row["test_accuracy"] = 0.89
    assert "| yours (1 never reached it; does not count" in table(rows)
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
