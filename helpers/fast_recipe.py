"""The fast recipe: BigModel in few images.

Its convolutions are set without a label and stay as they are; the inputs of
its first linear layer are conditioned, by a linear map that is folded into
the layer's weights in the end, so that a plain BigModel comes out.
"""

import copy
import math

import torch
from torch import nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from helpers.speed import bfloat16_pays
from helpers.without_labels import features, without_labels


def conditioning(f, num_large=64, share=0.5):
    """A linear map after which features have no few large directions.

    f (n, d): features of n images, n larger than num_large
    Returns m (d,), s (d,), U (d, num_large), T (num_large, d): with
    x = (f - m) * s, the conditioned features are x - x @ U @ T.

    m and s give each feature mean 0 and more equal spread (`share` of the
    typical spread is added to each, so that rare features are not blown
    up). U has the num_large principal directions, and T takes away as much
    of each as makes it no larger than the next one.
    """
    m, spread = f.mean(dim=0), f.std(dim=0)
    s = 1 / (spread + share * spread.square().mean().sqrt())
    x = (f - m) * s
    # The directions of d features from the products of n images.
    variance, V = torch.linalg.eigh(x @ x.T)
    large = variance[-num_large:]
    U = x.T @ V[:, -num_large:] / large.sqrt()
    T = ((1 - (variance[-num_large - 1] / large).sqrt()) * U).T
    s = s * f.std() / (x - x @ U @ T).std()  # as wide as the features were
    return m, s, U, T


def folded(W, b, m, s, U, T):
    """The weight and bias that do with f what W and b do with
    x - x @ U @ T, where x = (f - m) * s.

    W (out, d), b (out,), and what `conditioning` returns
    """
    weight = (W - (W @ T.T) @ U.T) * s
    return weight, b - weight @ m


def one_cycle(progress, rise=0.03, floor=0.05):
    """The learning rate as a share of its peak (after Smith and Topin, 2019).

    progress: share of the planned training that is done, 0 to 1 or beyond
    It rises in a line until `rise`, then falls in half a cosine wave to
    `floor`, and stays there; it is nowhere below `floor`.
    """
    if progress < rise:
        return max(progress / rise, floor)
    rest = min((progress - rise) / (1 - rise), 1)
    return max((1 + math.cos(math.pi * rest)) / 2, floor)


def batches(images, batch_size, mirror=False):
    """Yield uint8 images and labels endlessly, each epoch in a new order.

    mirror: flip half of the images, chosen at random, left to right
    """
    while True:
        for chosen in torch.randperm(len(images)).split(batch_size):
            X, y = images.images[chosen], images.labels[chosen]
            if mirror:
                flipped = torch.rand(len(X)) < 0.5
                X[flipped] = X[flipped].flip(3)
            yield X, y


def fast_recipe(
    images,
    seed,
    num_images=14_000,  # the length of the cycle of the learning rate
    batch_size=64,
    peak_lr=7e-4,
    beta2=0.95,
    schedule=one_cycle,
    conv2="clustered",
    freeze=True,  # the convolutions stay as they were set
    condition=True,
    zero_fc2=True,  # the weights of fc2 begin at 0
    label_smoothing=0.15,  # Szegedy and others, 2016
    weight_decay=0.05,
    mirror=False,
    averaging=None,  # 0.98: the weights' moving average is what is yielded
    bfloat16=None,  # None: where it pays
    device="cpu",
    every=2560,  # images between two yields
):
    """The fast recipe: convolutions without labels, conditioned features,
    AdamW (Loshchilov and Hutter, 2019), one cycle; after the cycle it goes
    on at the lowest rate. Yields a BigModel that pools first.

    beta2: what stays of Adam's average of squared gradients at each step;
    0.95 looks back about 20 steps, the usual 0.999 about 1,000, which is
    more than a short training has
    """
    if bfloat16 is None:
        bfloat16 = bfloat16_pays()
    dtype = torch.bfloat16 if bfloat16 else torch.float32
    model = without_labels(images, seed, conv2)
    model = model.to(device, dtype, memory_format=torch.channels_last)
    model.requires_grad_(not freeze)
    change = conditioning_of(model, images, condition)
    # fc1 and fc2 learn beside the model, which gets what they have learned.
    head = nn.Sequential(
        copy.deepcopy(model.fc1), nn.ReLU(), copy.deepcopy(model.fc2)
    ).requires_grad_()
    if zero_fc2:
        nn.init.zeros_(head[2].weight)
    convolutions = [*model.conv1.parameters(), *model.conv2.parameters()]
    optimizer = torch.optim.AdamW(
        [*convolutions * (not freeze), *head.parameters()],
        betas=(0.9, beta2),
        weight_decay=weight_decay,
        fused=True,
    )
    if averaging:
        moving = get_ema_multi_avg_fn(averaging)
        average = AveragedModel(head, multi_avg_fn=moving)
    num_seen = 0
    for X, y in batches(images, batch_size, mirror):
        for group in optimizer.param_groups:
            group["lr"] = peak_lr * schedule(num_seen / num_images)
        optimizer.zero_grad()
        logits = head(conditioned(features(model, X), *change)).float()
        loss = F.cross_entropy(
            logits, y.to(device), label_smoothing=label_smoothing
        )
        loss.backward()
        optimizer.step()
        num_seen += len(y)
        if averaging:
            average.update_parameters(head)
        if num_seen % every < len(y):
            install_(model, average.module if averaging else head, change)
            yield model, num_seen


def conditioned(f, m, s, U, T):
    """Features f (n, d) as `conditioning` would have them."""
    x = (f - m) * s
    return x - x @ U @ T


@torch.no_grad()
def conditioning_of(model, images, condition=True, num_images=500):
    """The conditioning of a model's features, in its precision; one that
    changes nothing where it is not wanted."""
    parts = images.images[:num_images].split(125)
    f = torch.cat([features(model, X) for X in parts])
    if not condition:
        zero = torch.zeros_like(f[0])
        return zero, torch.ones_like(zero), zero[:, None], zero[None]
    return tuple(
        part.to(f.dtype).contiguous() for part in conditioning(f.float())
    )


@torch.no_grad()
def install_(model, head, change):
    """Give a model what its head has learned, the conditioning folded in."""
    weight, bias = folded(head[0].weight, head[0].bias, *change)
    model.fc1.weight.copy_(weight)
    model.fc1.bias.copy_(bias)
    model.fc2.load_state_dict(head[2].state_dict())
