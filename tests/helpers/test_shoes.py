"""The shoes: how many, which labels, and slopes that autograd agrees with."""

import pytest
import torch

from helpers import shoes


def test_the_shoes_are_balanced_and_from_0_to_1():
    for (X, y), count in zip(shoes.load_shoes(), (3600, 400), strict=True):
        assert X.shape == (count, 784)
        assert X.dtype == y.dtype == torch.float64
        assert X.min() == 0
        assert X.max() == 1
        assert y.mean() == 0.5


@pytest.mark.parametrize("name", ["logistic", "squares"])
def test_the_gradient_is_autograds(name):
    generator = torch.Generator().manual_seed(0)
    X = torch.randn(9, 3, generator=generator, dtype=torch.float64)
    y = torch.tensor([0, 1, 1] * 3, dtype=torch.float64)
    weight = torch.ones(3, dtype=torch.float64, requires_grad=True)
    getattr(shoes, f"{name}_loss")(weight, X, y).backward()
    found = getattr(shoes, f"{name}_gradient")(weight.detach(), X, y)
    assert torch.allclose(found, weight.grad)
