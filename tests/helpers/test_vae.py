"""The variational autoencoder: shapes, its two losses, its dice."""

import math

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from helpers.data import load_embedded
from helpers.vae import (
    CODE,
    VAE,
    code_cost,
    draw_vae,
    reparametrise,
    train_vae,
    vae_loss,
)


def test_shapes():
    net, images, y = VAE(), torch.rand(3, 1, 28, 28), torch.tensor([0, 4, 9])
    mean, log_variance = net.encode(images, y)
    assert mean.shape == log_variance.shape == (3, CODE)
    assert net.decode(mean, y).shape == images.shape


def test_the_class_counts_on_both_sides():
    torch.manual_seed(0)
    net, images = VAE(), torch.rand(1, 1, 28, 28)
    one, other = torch.tensor([1]), torch.tensor([2])
    assert not torch.allclose(
        net.encode(images, one)[0], net.encode(images, other)[0]
    )
    codes = torch.zeros(1, CODE)
    assert not torch.allclose(net.decode(codes, one), net.decode(codes, other))


def test_codes_have_the_mean_and_variance_asked_for():
    torch.manual_seed(0)
    mean, log_variance = torch.tensor([3.0]), torch.tensor([math.log(4)])
    noise = torch.randn(20_000, 1)
    codes = reparametrise(mean, log_variance, noise)
    assert codes.mean() == pytest.approx(3, abs=0.05)
    assert codes.std() == pytest.approx(2, abs=0.05)


def test_gradients_pass_through_the_dice():
    mean = torch.zeros(2, requires_grad=True)
    log_variance = torch.zeros(2, requires_grad=True)
    noise = torch.tensor([1.0, -2.0])
    reparametrise(mean, log_variance, noise).sum().backward()
    assert mean.grad.tolist() == [1, 1]
    assert log_variance.grad.tolist() == [0.5, -1]


def test_the_cost_of_a_code_is_the_divergence():
    mean, log_variance = torch.randn(2, 5), torch.randn(2, 5)
    spread = (log_variance / 2).exp()
    expected = kl_divergence(Normal(mean, spread), Normal(0.0, 1.0)).sum()
    assert code_cost(mean, log_variance) == pytest.approx(
        expected.item(), rel=1e-5
    )
    zero = torch.zeros(3)
    assert code_cost(zero, zero) == 0


class Silent(VAE):
    """Tells nothing and answers grey."""

    def encode(self, images, y):
        return torch.zeros(2, len(images), CODE)

    def decode(self, codes, y):
        return torch.zeros(len(codes), 1, 28, 28)


def test_the_loss_is_in_nats_an_image():
    images, y = torch.ones(4, 1, 28, 28), torch.zeros(4, dtype=torch.int64)
    loss = vae_loss(Silent(), images, y)
    assert loss.item() == pytest.approx(784 * math.log(2), rel=1e-5)


def test_training_learns_and_draws():
    images = load_embedded().train[:40]
    net, losses = train_vae(images, 30, seed=0, batch_size=16)
    assert sum(losses[-3:]) < 0.9 * sum(losses[:3])
    assert not net.training
    y = torch.arange(10)
    drawn = draw_vae(net, y, seed=1)
    assert drawn.shape == (10, 1, 28, 28)
    assert drawn.min() >= 0
    assert drawn.max() <= 1
    assert torch.equal(drawn, draw_vae(net, y, seed=1))
    assert not torch.equal(drawn, draw_vae(net, y, seed=2))
