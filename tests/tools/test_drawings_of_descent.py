"""The numbers in the drawings of gradient descent and of Adam are true."""

import torch

from tools.drawings import drawings
from tools.drawings.gradient_descent import minus, nudged_boot
from tools.drawings.optimisers import LR, first_step


def test_error_times_input_is_the_slope_that_autograd_finds():
    x, w, b, _, p, y = nudged_boot()
    weight = torch.tensor(w, dtype=torch.float64, requires_grad=True)
    z = weight * x + b
    loss = torch.nn.functional.softplus(z) - y * z
    loss.backward()
    assert abs(weight.grad.item() - (p - y) * x) < 1e-12
    canvas, words = drawings()["error_times_input"]()
    assert any(minus(x * (p - y)) in text for text in canvas.texts())
    assert f"the loss {loss.item():.3f}" in words


def test_the_first_step_of_adam_is_pytorchs():
    for grad in (20.0, -0.002):
        weight = torch.zeros(1, dtype=torch.float64)
        weight.grad = torch.tensor([grad], dtype=torch.float64)
        torch.optim.Adam([weight], lr=LR).step()
        assert abs(first_step(grad)[-1] - weight.item()) < 1e-12
