"""How good are drawn images? Four numbers, none of which suffices.

Images are float32 (n, 1, 28, 28), 0 to 1; features float32 (n, 1000), what
BigModel's fc1 gives; classes int64 (n,).
"""

from typing import NamedTuple

import torch
from torch.nn import functional as F


class Judged(NamedTuple):
    """What BigModel gives for n images."""

    features: torch.Tensor  # (n, 1000), after the ReLU of fc1
    logits: torch.Tensor  # (n, 10)


@torch.inference_mode()
def judge(model, images, batch_size=250):
    """The features and logits of BigModel for images, 0 to 1."""
    parts = []
    for X in images.split(batch_size):
        X = X.expand(-1, 3, -1, -1)
        X = F.max_pool2d(F.relu(model.conv1(X)), 2)
        X = F.max_pool2d(F.relu(model.conv2(X)), 2)
        parts.append(F.relu(model.fc1(X.flatten(start_dim=1))))
    features = torch.cat(parts)
    return Judged(features, model.fc2(features))


def share_named(logits, y):
    """Share of the images (0 to 1) that are named as asked for."""
    return (logits.argmax(dim=1) == y).double().mean().item()


def frechet_distance(A, B):
    """The squared Frechet distance of the normal clouds with the means and
    covariances of A and B (Dowson and Landau, 1982).

    A (n, d), B (m, d): at least two rows each. On features of the Inception
    network it is the FID of Heusel and others (2017). Raises ValueError for
    other shapes.
    """
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[1]:
        raise ValueError(
            "two tables with the same columns are needed, not "
            f"{tuple(A.shape)} and {tuple(B.shape)}"
        )
    if min(len(A), len(B)) < 2:
        raise ValueError("a covariance needs at least two rows")
    A, B = A.double(), B.double()
    apart = (A.mean(dim=0) - B.mean(dim=0)).square().sum()
    cov_A, cov_B = torch.cov(A.T), torch.cov(B.T)
    # The roots of the eigenvalues of cov_A @ cov_B, which are those of a
    # symmetric matrix too; rounding may take the smallest below 0.
    root = symmetric_root(cov_A)
    roots = torch.linalg.eigvalsh(root @ cov_B @ root).clamp(min=0).sqrt()
    return (apart + cov_A.trace() + cov_B.trace() - 2 * roots.sum()).item()


def symmetric_root(matrix):
    """The matrix whose square is a covariance."""
    values, directions = torch.linalg.eigh(matrix)
    return directions * values.clamp(min=0).sqrt() @ directions.T


def nearest(images, among):
    """For each image the nearest of others, pixel by pixel.

    Returns the root of the mean squared difference (n,), 0 to 1, and its
    index (n,).
    """
    pixels = images[0].numel()
    distances = torch.cdist(images.flatten(1), among.flatten(1))
    shortest, index = distances.min(dim=1)
    return shortest / pixels**0.5, index


def diversity(features, y):
    """Mean distance of two different images of a class, over the classes.

    Features (n, d) of images with classes y (n,); at least two of a class.
    """
    means = []
    for label in y.unique():
        own = features[y == label]
        distances = torch.cdist(own, own)
        means.append(distances.sum() / (len(own) * (len(own) - 1)))
    return torch.stack(means).mean().item()
