"""The convolutions of BigModel set without a label.

conv1 whitens; conv2 has the typical patches of what conv1 gives, found by
k-means (after Coates, Lee and Ng, 2011).
"""

import torch
from torch import nn
from torch.nn import functional as F

from helpers.speed import PoolFirst

NUM_WHITENED = 200  # images whose patches conv1 whitens
NUM_CLUSTERED = 500  # images whose maps conv2 looks at


def whiten_(conv, images, seed=0, eps=1e-3):
    """Make a convolution's first outputs uncorrelated, of like variance.

    conv: layer with kernel (out, channels, 3, 3), changed in place
    images: float tensor (n, channels, height, width); grey images repeated
    in `channels` channels are enough

    The principal directions of the images' 3 x 3 patches, each divided by
    the patches' spread along it (Coates, Lee and Ng, 2011), and their
    negatives, because a ReLU loses one sign; then random mixtures of them,
    each with a random threshold between 0 and its spread. The bias moves the
    mean patch to zero. `eps` (squared brightness) keeps directions with
    hardly any spread from being blown up. Raises ValueError if the layer has
    no bias or fewer outputs than directions of both signs.
    """
    patches = F.unfold(images, 3, padding=1)
    patches = patches.transpose(1, 2).flatten(0, 1)  # (positions, 27)
    mean, covariance = patches.mean(dim=0), torch.cov(patches.T)
    variance, directions = torch.linalg.eigh(covariance)
    real = variance > 1e-4 * variance.max()  # grey images: 9 of 27
    variance, directions = variance[real], directions[:, real]
    filters = (directions / (variance + eps).sqrt()).T  # (9, 27)
    num_mixed = conv.out_channels - 2 * len(filters)
    if conv.bias is None or num_mixed < 0:
        raise ValueError(
            f"whitening {len(filters)} directions needs a layer with a bias "
            f"and at least {2 * len(filters)} outputs, not {conv}"
        )
    generator = torch.Generator().manual_seed(seed)
    mixture = torch.randn(num_mixed, len(filters), generator=generator)
    mixture /= mixture.norm(dim=1, keepdim=True)
    weight = torch.cat([filters, -filters, mixture @ filters])
    spread = (weight @ covariance * weight).sum(dim=1).sqrt()
    threshold = torch.rand(num_mixed, generator=generator)
    spread = spread * F.pad(threshold, (2 * len(filters), 0))
    with torch.no_grad():
        conv.weight.copy_(weight.view_as(conv.weight))
        conv.bias.copy_(-weight @ mean - spread)


def kmeans_step(centres, Z):
    """One round of k-means by direction (spherical k-means).

    centres (k, d), each of length 1; Z (n, d). Every row of Z goes to the
    centre with which it has the largest dot product; the new centre is the
    sum of its rows, made to have length 1. A centre without rows stays.
    """
    nearest = (Z @ centres.T).argmax(dim=1)  # (n,)
    sums = torch.zeros_like(centres).index_add_(0, nearest, Z)
    alone = nearest.bincount(minlength=len(centres)) == 0
    return torch.where(alone[:, None], centres, F.normalize(sums))


def patches_of(maps, num_patches, seed):
    """Patches of 3 x 3 positions, chosen at random.

    maps (n, channels, height, width); returns (num_patches, channels * 9)
    """
    patches = F.unfold(maps.float(), 3, padding=1)
    patches = patches.transpose(1, 2).flatten(0, 1)
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(patches), generator=generator)
    return patches[order[:num_patches]]


def cluster_(conv, maps, seed=0, num_patches=20_000, rounds=8, eps=0.1):
    """Make a convolution's filters the typical patches of what it gets.

    conv: layer with kernel (out, channels, 3, 3), changed in place
    maps: float tensor (n, channels, height, width), its inputs

    k-means of whitened patches (Coates, Lee and Ng, 2011). `eps`, in mean
    variances, keeps directions with hardly any spread from being blown up.
    Every filter gets the same spread as its inputs, and the mean patch 0.
    With rounds=0 the filters are whitened patches as they come.
    """
    patches = patches_of(maps, num_patches, seed)
    mean, spread = patches.mean(dim=0), patches.std()
    patches = patches - mean
    variance, directions = torch.linalg.eigh(torch.cov(patches.T))
    scale = (variance + eps * variance.mean()).sqrt()
    whitening = directions / scale @ directions.T
    Z = patches @ whitening
    centres = F.normalize(Z[: conv.out_channels])
    for _ in range(rounds):
        centres = kmeans_step(centres, Z)
    filters = centres @ whitening
    filters *= spread / (patches @ filters.T).std(dim=0)[:, None]
    with torch.no_grad():
        conv.weight.copy_(filters.view_as(conv.weight))
        conv.bias.copy_(-filters @ mean)


def first_maps(model, images):
    """What conv2 gets of uint8 images (n, 1, height, width).

    Grey images need one channel of conv1, with the sum of the three weights.
    """
    weight, bias = model.conv1.weight, model.conv1.bias
    X = images.to(weight.device, weight.dtype) / 255
    # Not `contiguous`: with one channel X is so in either format, and would
    # keep the one in which the maps of conv1 are pooled ten times as slowly.
    X = X.to(memory_format=torch.channels_last)
    X = F.conv2d(X, weight.sum(dim=1, keepdim=True), bias, padding=1)
    return F.relu(F.max_pool2d(X, 2))  # (n, 64, 14, 14)


def features(model, images):
    """What fc1 gets of uint8 images (n, 1, height, width): (n, 6272)."""
    X = model.conv2(first_maps(model, images))
    return F.relu(F.max_pool2d(X, 2)).flatten(start_dim=1)


def without_labels(images, seed, conv2="clustered"):
    """BigModel, pooling first, whose convolutions are set without labels.

    conv2: "clustered"; "patches", whitened patches without k-means; "Dirac",
    which passes its 64 inputs on, twice; "random", as PyTorch initialises
    it; or "usual", both layers as PyTorch initialises them
    """
    torch.manual_seed(seed)
    model = PoolFirst()
    if conv2 == "usual":
        return model
    whiten_(model.conv1, images[:NUM_WHITENED].inputs(), seed)
    if conv2 == "Dirac":
        nn.init.dirac_(model.conv2.weight, groups=2)
    elif conv2 != "random":
        with torch.no_grad():
            maps = first_maps(model, images.images[:NUM_CLUSTERED])
        rounds = 0 if conv2 == "patches" else 8
        cluster_(model.conv2, maps, seed, rounds=rounds)
    return model
