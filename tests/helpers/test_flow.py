"""Flow matching: the network, its loss, and following a velocity."""

import math

import pytest
import torch

from helpers.data import LabelledImages, load_embedded
from helpers.flow import (
    ANY,
    WEIGHTS,
    UNet,
    batches,
    draw,
    euler,
    flow_loss,
    guided,
    load_flow,
    train_flow,
    velocity_of,
    waves,
)


class Fixed(torch.nn.Module):
    """A velocity that is known: the class, if one is said, else -1."""

    def forward(self, X, t, y):
        values = torch.where(y == ANY, -1, y).float()
        return torch.ones_like(X) * values[:, None, None, None]


def test_the_network_has_the_size_that_its_card_states():
    assert sum(p.numel() for p in UNet().parameters()) == 629_172


def test_a_velocity_for_every_pixel_and_none_at_first():
    X, t, y = (
        torch.randn(3, 1, 28, 28),
        torch.rand(3),
        torch.tensor([0, 9, 10]),
    )
    assert torch.equal(UNet(width=16)(X, t, y), torch.zeros_like(X))


@pytest.fixture
def lively():
    """A small network whose last layers do not give 0."""
    torch.manual_seed(0)
    net = UNet(width=16)
    for module in net.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.normal_(module.weight, std=0.05)
    return net.eval()


def test_picture_time_and_class_all_count(lively):
    X, t, y = torch.randn(2, 1, 28, 28), torch.rand(2), torch.tensor([3, 4])
    first = lively(X, t, y)
    assert not torch.allclose(first, lively(X + 1, t, y), atol=1e-3)
    assert not torch.allclose(first, lively(X, 1 - t, y), atol=1e-3)
    assert not torch.allclose(first, lively(X, t, y + 1), atol=1e-3)


def test_images_of_a_batch_do_not_mix(lively):
    X, t, y = (
        torch.randn(3, 1, 28, 28),
        torch.rand(3),
        torch.tensor([1, 5, 10]),
    )
    together = lively(X, t, y)
    for i in range(3):
        alone = lively(X[i : i + 1], t[i : i + 1], y[i : i + 1])
        assert torch.allclose(together[i : i + 1], alone, atol=1e-5)


def test_waves_tell_times_apart():
    table = waves(torch.linspace(0, 1, 101))
    assert table.shape == (101, 64)
    distances = torch.cdist(table, table) + 10 * torch.eye(101)
    assert distances.min() > 0.5
    assert waves(torch.tensor([0.25]))[0, 31] == pytest.approx(
        math.sin(0.25), abs=1e-6
    )


def test_the_loss_of_who_answers_nothing():
    """Noise has variance 1, so black images cost 1 + 1."""
    torch.manual_seed(0)
    images = torch.full((200, 1, 28, 28), -1.0)
    y = torch.zeros(200, dtype=torch.int64)
    silent = lambda X, t, y: torch.zeros_like(X)  # noqa: E731
    assert flow_loss(silent, images, y).item() == pytest.approx(2, abs=0.02)


def test_the_loss_of_who_knows_is_0():
    """Of one image the goal is known, and so is the velocity."""
    images = torch.linspace(-1, 1, 784).reshape(1, 1, 28, 28)
    images = images.expand(50, -1, -1, -1)

    def knows(X, t, y):
        return (images - X) / (1 - t[:, None, None, None])

    torch.manual_seed(0)
    loss = flow_loss(knows, images, torch.zeros(50, dtype=torch.int64))
    assert loss < 1e-6


@pytest.mark.parametrize("drop", [0.0, 0.3, 1.0])
def test_classes_are_hidden_as_often_as_asked(drop):
    seen = []

    def spy(X, t, y):
        seen.append(y)
        return X

    torch.manual_seed(0)
    images = torch.zeros(2000, 1, 2, 2)
    flow_loss(spy, images, torch.full((2000,), 7), drop)
    assert set(seen[0].tolist()) <= {7, ANY}
    share = (seen[0] == ANY).double().mean()
    assert share == pytest.approx(drop, abs=0.05)


def test_euler_on_a_line_and_on_growth():
    x = torch.tensor([1.0, -2.0])
    arrived = euler(lambda x, t: torch.ones_like(x), x, 3)
    assert torch.allclose(arrived, x + 1)
    grown = euler(lambda x, t: x, x, 4)
    assert torch.allclose(grown, x * 1.25**4)
    timed = euler(lambda x, t: torch.full_like(x, t), x, 4)
    assert torch.allclose(timed, x + (0 + 0.25 + 0.5 + 0.75) / 4)
    assert x.tolist() == [1.0, -2.0]


def test_guidance_of_0_1_and_2():
    one, other = torch.tensor([3.0]), torch.tensor([1.0])
    answers = [guided(one, other, s).item() for s in (0, 1, 2)]
    assert answers == [1, 3, 5]


def test_a_network_is_asked_with_and_without_the_class():
    y = torch.tensor([2, 4])
    x = torch.zeros(2, 1, 1, 1)
    for strength, expected in ((1.0, [2, 4]), (2.0, [5, 9]), (0.0, [-1, -1])):
        velocity = velocity_of(Fixed(), y, strength)
        assert velocity(x, 0.5).flatten().tolist() == expected


def test_drawing_is_repeatable_and_within_range():
    y = torch.arange(5)
    once, again = (draw(Fixed(), y, num_steps=2, seed=3) for _ in range(2))
    assert torch.equal(once, again)
    assert once.shape == (5, 1, 28, 28)
    assert once.min() >= 0
    assert once.max() <= 1
    assert not torch.equal(once, draw(Fixed(), y, num_steps=2, seed=4))
    # Class 4 is far brighter than class 0.
    assert once[4].mean() > once[0].mean() + 0.3


def test_drawing_in_parts_changes_nothing():
    y = torch.arange(5)
    whole = draw(Fixed(), y, num_steps=2)
    assert torch.equal(whole, draw(Fixed(), y, num_steps=2, batch_size=2))


class Goal(torch.nn.Module):
    """The velocity of who heads for one grey, 0.5 of -1 to 1."""

    def forward(self, X, t, y):
        return (0.5 - X) / (1 - t)[:, None, None, None]


def test_what_is_drawn_is_brought_to_0_and_1():
    drawn = draw(Goal(), torch.arange(2), num_steps=4)
    assert torch.allclose(drawn, torch.full_like(drawn, 0.75), atol=1e-5)


def few(count=20):
    return load_embedded().train[:count]


def test_every_image_of_an_epoch_comes_once():
    images = LabelledImages(
        torch.arange(12, dtype=torch.uint8).reshape(12, 1, 1, 1),
        torch.arange(12),
        tuple("abcdefghijkl"),
    )
    torch.manual_seed(0)
    parts = list(batches(images, 6, 4))
    assert len(parts) == 6
    first = torch.cat([y for _, y in parts[:3]])
    second = torch.cat([y for _, y in parts[3:]])
    assert first.sort().values.tolist() == list(range(12))
    assert first.tolist() != second.tolist()
    for X, y in parts:
        assert torch.allclose((X.flatten() + 1) * 127.5, y.float())


def test_training_learns_and_can_be_repeated():
    once, losses = train_flow(few(), 12, seed=1, batch_size=8, width=16)
    assert len(losses) == 12
    assert sum(losses[-3:]) < sum(losses[:3])
    again, _ = train_flow(few(), 12, seed=1, batch_size=8, width=16)
    for one, other in zip(once.parameters(), again.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-4)
    assert not once.training


def test_stored_weights_load():
    net = load_flow()
    assert not net.training
    assert all(p.dtype == torch.float32 for p in net.parameters())
    assert 1.2e6 < WEIGHTS.stat().st_size < 1.4e6


def test_missing_weights_say_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"tools\.train_flow"):
        load_flow(tmp_path / "none.pt")


def test_damaged_and_foreign_weights_are_refused(tmp_path):
    path = tmp_path / "flow.pt"
    path.write_bytes(WEIGHTS.read_bytes()[:1000])
    with pytest.raises(ValueError, match="does not hold this UNet's"):
        load_flow(path)
    torch.save({"weight": torch.zeros(2)}, path)
    with pytest.raises(ValueError, match="does not hold this UNet's"):
        load_flow(path)
