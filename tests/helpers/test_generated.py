"""Measures of drawn images, against cases that can be worked out."""

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from helpers.data import load_embedded
from helpers.generated import (
    diversity,
    frechet_distance,
    judge,
    nearest,
    share_named,
)
from helpers.model import load_bigmodel


def by_scipy(A, B):
    A, B = A.double().numpy(), B.double().numpy()
    C, D = (np.cov(X, rowvar=False) for X in (A, B))
    apart = A.mean(axis=0) - B.mean(axis=0)
    return apart @ apart + np.trace(C + D - 2 * sqrtm(C @ D).real)


@pytest.mark.parametrize("seed", range(5))
def test_the_distance_is_that_of_the_root_of_the_matrix(seed):
    generator = torch.Generator().manual_seed(seed)
    turn = torch.randn(6, 6, generator=generator)
    A = torch.randn(40, 6, generator=generator)
    B = torch.randn(50, 6, generator=generator) @ turn + 0.5
    assert frechet_distance(A, B) == pytest.approx(by_scipy(A, B), rel=1e-6)
    assert frechet_distance(A, B) == pytest.approx(frechet_distance(B, A))


def test_a_cloud_has_no_distance_from_itself_and_moves_by_the_square():
    A = torch.randn(30, 4, dtype=torch.float64)
    assert frechet_distance(A, A) == pytest.approx(0, abs=1e-9)
    moved = A + torch.tensor([3.0, 0, 0, 4])
    assert frechet_distance(A, moved) == pytest.approx(25)
    assert frechet_distance(A, 3 * A) == pytest.approx(
        (4 * A.mean(dim=0).square().sum() + 4 * torch.cov(A.T).trace()).item()
    )


def test_fewer_rows_than_columns_will_do():
    A, B = torch.randn(5, 20), torch.randn(7, 20)
    assert frechet_distance(A, A) == pytest.approx(0, abs=1e-5)
    assert frechet_distance(A, B) > 1


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        (((5, 2), (5, 3)), "same columns"),
        (((5,), (5,)), "same columns"),
        (((1, 2), (5, 2)), "two rows"),
    ],
)
def test_other_shapes_are_refused(shapes, words):
    A, B = (torch.zeros(shape) for shape in shapes)
    with pytest.raises(ValueError, match=words):
        frechet_distance(A, B)


def test_the_judge_sees_what_bigmodel_sees():
    model, images = load_bigmodel(), load_embedded().validation[:20]
    judged = judge(model, images.images / 255, batch_size=7)
    with torch.no_grad():
        expected = model(images.inputs())
    assert torch.allclose(judged.logits, expected, atol=1e-4)
    assert judged.features.shape == (20, 1000)
    assert judged.features.min() == 0


def test_the_share_named():
    logits = torch.eye(4)
    assert share_named(logits, torch.tensor([0, 1, 3, 3])) == 0.75


def test_the_nearest_is_found_and_measured_by_the_pixel():
    among = torch.stack([torch.full((1, 2, 2), v) for v in (0.0, 0.5, 1.0)])
    images = torch.stack([torch.full((1, 2, 2), v) for v in (0.9, 0.1)])
    distance, index = nearest(images, among)
    assert index.tolist() == [2, 0]
    assert distance.tolist() == pytest.approx([0.1, 0.1], abs=1e-4)


def test_diversity_is_within_a_class():
    features = torch.tensor([[0.0, 0], [3, 4], [100, 0], [100, 1]])
    y = torch.tensor([0, 0, 1, 1])
    assert diversity(features, y) == pytest.approx((5 + 1) / 2)
    assert diversity(features[[0, 0]], y[:2]) == 0
