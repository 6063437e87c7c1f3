"""The twin whose answers depend on its mode."""

import torch

from helpers.data import load_embedded
from helpers.model import load_bigmodel
from helpers.modes import with_norm_and_dropout


@torch.no_grad()
def test_the_twin_is_the_model_in_evaluation_mode_only():
    model, X = load_bigmodel(), load_embedded().test[:40].inputs()
    twin = with_norm_and_dropout(model, X)
    expected = model(X)
    assert (twin.eval()(X) - expected).abs().max() < 1e-4
    assert (twin.eval()(X[:1]) - expected[:1]).abs().max() < 1e-4
    torch.manual_seed(0)
    assert (twin.train()(X) - expected).abs().max() > 0.1
