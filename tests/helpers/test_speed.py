"""The faster step computes the same as the plain one."""

import pytest
import torch
from torch.nn import functional as F

from helpers.data import load_embedded
from helpers.model import BigModel
from helpers.speed import PerImage, PoolFirst, bfloat16_pays

pytestmark = pytest.mark.alone


@pytest.fixture(scope="module")
def splits():
    train, validation, test = load_embedded()
    return train[:640], validation[:500], test


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


def test_images_one_by_one_are_those_of_the_course(splits):
    X, y = PerImage(splits[0])[5]
    assert torch.equal(X, splits[0].inputs()[5])
    assert y == splits[0].labels[5]


def test_bfloat16_pays_is_an_answer():
    assert bfloat16_pays(size=64, rounds=1) in (True, False)
