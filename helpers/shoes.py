"""Sneakers and ankle boots, and one neuron that tells them apart.

Built in the notebook on gradient descent, used again on optimisers.
"""

import torch

from helpers.data import load_embedded

CLASSES = ("sneaker", "ankle boot")


def load_shoes():
    """The sneakers and ankle boots alone, to train and to validate.

    Returns ((X, y), (X, y)), float64: X (n, 784), pixels from 0 to 1; y (n,),
    0 for a sneaker and 1 for a boot. The test images are left where they are.
    Raises helpers.data.DataError if an image file is missing or damaged.
    """
    return tuple(_shoes_of(part) for part in load_embedded()[:2])


def _shoes_of(data):
    sneaker, boot = map(data.class_names.index, CLASSES)
    keep = (data.labels == sneaker) | (data.labels == boot)
    y = (data.labels[keep] == boot).double()
    return data.images[keep].flatten(1).double() / 255, y


def with_ones(X):
    """Append a column of ones, whose weight is the bias.

    X: (n, features). Returns (n, features + 1), of the same dtype.
    """
    ones = torch.ones(len(X), 1, dtype=X.dtype)
    return torch.cat([X, ones], dim=1)


def logistic_loss(weight, X, y):
    """The mean surprise of a neuron, in nats.

    weight: (features,), or (features, neurons) for many of them
    X: (n, features)
    y: (n,) of 0 and 1, or (n, 1) for many neurons
    Returns one number, or (neurons,).
    """
    scores = X @ weight
    zeros = torch.zeros_like(scores)
    return (torch.logaddexp(zeros, scores) - y * scores).mean(dim=0)


def logistic_gradient(weight, X, y):
    """The slope of `logistic_loss` for each weight; shaped as weight."""
    error = torch.sigmoid(X @ weight) - y
    return X.T @ error / len(y)


def squares_loss(weight, X, y):
    """Half the mean squared distance of the scores from the labels.

    Shapes as in `logistic_loss`.
    """
    return ((X @ weight - y) ** 2).mean(dim=0) / 2


def squares_gradient(weight, X, y):
    """The slope of `squares_loss` for each weight; shaped as weight."""
    return X.T @ (X @ weight - y) / len(y)
