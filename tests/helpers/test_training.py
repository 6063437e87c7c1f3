"""The training loop: what it does to the weights, and how it goes on."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers.data import LabelledImages
from helpers.training import (
    evaluate,
    load_checkpoint,
    make_loader,
    save_checkpoint,
    train_one_epoch,
)


@pytest.fixture
def images():
    generator = torch.Generator().manual_seed(0)
    return LabelledImages(
        torch.randint(
            256, (50, 1, 4, 4), dtype=torch.uint8, generator=generator
        ),
        torch.randint(3, (50,), generator=generator),
        ("a", "b", "c"),
    )


def small(seed=0, lr=0.01):
    """A model whose training draws random numbers, and Adam."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(48, 3))
    return model, torch.optim.Adam(model.parameters(), lr=lr)


def test_batches_come_in_the_order_of_the_seed(images):
    def order(seed):
        loader = make_loader(images, 20, seed)
        return [torch.cat([y for _, y in loader]) for _ in range(2)]

    first, second = order(1)
    assert not torch.equal(first, second), "every epoch has its own order"
    assert torch.equal(first, order(1)[0])
    assert not torch.equal(first, order(2)[0])
    plain = torch.cat([y for _, y in make_loader(images, 20)])
    assert torch.equal(plain, images.labels)
    assert first.bincount().tolist() == plain.bincount().tolist()


def test_an_epoch_is_the_steps_written_out(images):
    model, optimizer = small()
    by_hand, reference = small()
    torch.manual_seed(5)
    losses = train_one_epoch(model, make_loader(images, 20, 3), optimizer)
    torch.manual_seed(5)
    expected = []
    for X, y in make_loader(images, 20, 3):
        loss = F.cross_entropy(by_hand(X), y)
        gradients = torch.autograd.grad(loss, list(by_hand.parameters()))
        for p, g in zip(by_hand.parameters(), gradients, strict=True):
            p.grad = g
        reference.step()
        expected.append(loss.item())
    assert losses == expected
    for a, b in zip(model.parameters(), by_hand.parameters(), strict=True):
        assert torch.equal(a, b)


def test_training_sets_the_training_mode(images):
    model, optimizer = small()
    model.eval()
    train_one_epoch(model, make_loader(images, 20, 3), optimizer)
    assert model.training


@pytest.mark.parametrize("batch_size", [1, 7, 50, 64])
def test_evaluate_does_not_depend_on_the_batch_size(images, batch_size):
    model, _ = small()
    loss, accuracy = evaluate(model, make_loader(images, batch_size))
    logits = model.eval()(images.inputs())
    assert loss == pytest.approx(F.cross_entropy(logits, images.labels).item())
    right = logits.argmax(1) == images.labels
    assert accuracy == right.double().mean().item()
    assert isinstance(accuracy, float)


@pytest.mark.parametrize("training", [True, False])
def test_evaluate_measures_in_evaluation_mode_and_puts_it_back(
    images, training
):
    model, _ = small()
    model.train(training)
    twice = [evaluate(model, make_loader(images)) for _ in range(2)]
    assert twice[0] == twice[1], "dropout must be off"
    assert model.training == training
    assert all(p.grad is None for p in model.parameters())


def test_evaluate_refuses_an_empty_set(images):
    model, _ = small()
    with pytest.raises(ValueError, match="no images"):
        evaluate(model, make_loader(images[:0]))


def test_resuming_is_never_having_stopped(images, tmp_path):
    def epochs(model, optimizer, loader, number):
        for _ in range(number):
            train_one_epoch(model, loader, optimizer)

    whole, optimizer = small()
    epochs(whole, optimizer, make_loader(images, 20, 3), 4)

    model, optimizer = small()
    loader = make_loader(images, 20, 3)
    epochs(model, optimizer, loader, 2)
    save_checkpoint(tmp_path / "c.pt", model, optimizer, loader, 2)

    model, optimizer = small(seed=9, lr=0.5)  # all that differs is put back
    loader = make_loader(images, 20, 77)
    done = load_checkpoint(tmp_path / "c.pt", model, optimizer, loader)
    assert done == 2
    epochs(model, optimizer, loader, 4 - done)
    for a, b in zip(whole.parameters(), model.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_crash_while_saving_keeps_the_last_checkpoint(
    images, tmp_path, monkeypatch
):
    model, optimizer = small()
    loader = make_loader(images, 20, 3)
    path = tmp_path / "c.pt"
    save_checkpoint(path, model, optimizer, loader, 1)
    whole = path.read_bytes()

    def crash(content, file):
        file.write_bytes(b"half")
        raise OSError("the disk is full")

    monkeypatch.setattr(torch, "save", crash)
    with pytest.raises(OSError, match="full"):
        save_checkpoint(path, model, optimizer, loader, 2)
    assert path.read_bytes() == whole


def test_missing_damaged_and_foreign_checkpoints(images, tmp_path):
    model, optimizer = small()
    loader = make_loader(images, 20, 3)
    path = tmp_path / "c.pt"
    with pytest.raises(FileNotFoundError, match="no checkpoint at"):
        load_checkpoint(path, model, optimizer, loader)
    save_checkpoint(path, model, optimizer, loader, 1)
    other = nn.Linear(2, 2)
    with pytest.raises(ValueError, match="no checkpoint of this model"):
        load_checkpoint(
            path, other, torch.optim.Adam(other.parameters()), loader
        )
    for damaged in (path.read_bytes()[:500], b"", b"hello"):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="no checkpoint of this model"):
            load_checkpoint(path, model, optimizer, loader)
