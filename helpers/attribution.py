"""Attribution maps, a planted truth to score them against, sanity checks.

A method takes `(model, X, targets, ...)`: float images (batch, channels,
height, width) and the int64 class (batch,) whose logit it explains. It
returns attributions of the shape of X; `pixel_map` makes of them one number
for each pixel, (batch, height, width), which is what the scores compare.
"""

import colorsys
import copy
import itertools
import math
from typing import NamedTuple

import numpy as np
import torch
from scipy.stats import rankdata
from torch import nn
from torch.nn import functional as F

from helpers.data import DATA_FOLDER, LabelledImages, how_to_restore
from helpers.model import BigModel, load_bigmodel
from helpers.saved import load_saved

PATCH = 5  # pixels, height and width
CORNERS = ((0, 0), (0, -PATCH), (-PATCH, 0), (-PATCH, -PATCH))
PLANTED = DATA_FOLDER / "planted"


# Models


class ModularBigModel(BigModel):
    """BigModel with a module of its own for every ReLU and max-pool.

    The same function and the same state dict. Captum changes what a ReLU or
    a pooling does for DeepLift, GuidedBackprop and Deconvolution, and can do
    so only where it finds a module that is used once.
    """

    def __init__(self):
        super().__init__()
        self.relu1, self.pool1 = nn.ReLU(), nn.MaxPool2d(2)
        self.relu2, self.pool2 = nn.ReLU(), nn.MaxPool2d(2)
        self.relu3 = nn.ReLU()

    def forward(self, X):  # (batch, 3, 28, 28)
        X = self.pool1(self.relu1(self.conv1(X)))  # (batch, 64, 14, 14)
        X = self.pool2(self.relu2(self.conv2(X)))  # (batch, 128, 7, 7)
        X = self.relu3(self.fc1(X.flatten(start_dim=1)))  # (batch, 1000)
        return self.fc2(X)  # (batch, 10)


def modular(model):
    """A ModularBigModel with a copy of a BigModel's weights."""
    twin = ModularBigModel().to(next(model.parameters()))
    twin.load_state_dict(model.state_dict())
    return twin.train(model.training)


def load_planted(name, folder=PLANTED):
    """A model that cheats, or one made to stop, in evaluation mode.

    Stored are the layers that were trained (conv1, conv2, fc2, in half
    precision); fc1 is that of `load_bigmodel()`. Raises FileNotFoundError if
    the model is missing and ValueError if it is damaged.
    """
    path = folder / f"{name}.pt"
    mend = (
        f"{how_to_restore(path)}, and `python -m tools.experiments "
        "planted-models` trains all of them anew"
    )
    if not path.is_file():
        names = ", ".join(sorted(file.stem for file in folder.glob("*.pt")))
        raise FileNotFoundError(
            f"{path} is missing (there are: {names or 'none'}): {mend}."
        )
    model = modular(load_bigmodel())
    try:
        weights = load_saved(path)
        fc1 = {k: v for k, v in model.state_dict().items() if "fc1" in k}
        model.load_state_dict(fc1 | weights)
    except (RuntimeError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path} does not hold the layers that were fine-tuned "
            f"({error}): {mend}."
        ) from None
    return model


# Planting


class Planted(NamedTuple):
    """Images with a patch in a corner, and all that is known about it."""

    X: torch.Tensor  # float32 (n, 3, height, width), 0 to 1
    labels: torch.Tensor  # int64 (n,): what the garment is
    told: torch.Tensor  # int64 (n,): the class whose colour the patch has
    masks: torch.Tensor  # bool (n, height, width): where the patch is


def patch_colours(num_classes=10):
    """One saturated colour for each class: float32 (num_classes, 3)."""
    hues = [label / num_classes for label in range(num_classes)]
    return torch.tensor([colorsys.hsv_to_rgb(hue, 1, 1) for hue in hues])


def plant(images, truth, seed=0):
    """Put a coloured 5 x 5 patch into a random corner of each image.

    images: `LabelledImages`, at least 10 x 10 pixels
    truth: the share of patches that have the colour of the image's class:
        1.0 all of them, 0.0 none (each lies, with the colour of another
        class), 0.95 all but about one in twenty; None plants no patch (then
        `masks` is False everywhere and `told` is the label)

    Returns a `Planted`, the same for the same seed. A shortcut that is known
    because it was planted: as in Adebayo, Muelly, Liccardi and Kim,
    "Debugging tests for model explanations" (2020).
    """
    if not isinstance(images, LabelledImages):
        raise TypeError(
            "plant takes LabelledImages, as load_embedded() returns them, "
            f"not {type(images).__name__}"
        )
    height, width = images.images.shape[2:]
    if min(height, width) < 2 * PATCH:
        raise ValueError(
            f"four corner patches of {PATCH} x {PATCH} need images of at "
            f"least {2 * PATCH} x {2 * PATCH} pixels, not {height} x {width}"
        )
    if images.images.shape[1] not in (1, 3):
        raise ValueError(
            "a coloured patch needs grey or three-channel images, not "
            f"{images.images.shape[1]} channels"
        )
    if truth is not None and not 0 <= truth <= 1:
        raise ValueError(f"truth is a share from 0 to 1 or None, not {truth}")
    n, num_classes = len(images), len(images.class_names)
    X, told = images.inputs().clone(), images.labels.clone()
    masks = torch.zeros(n, height, width, dtype=torch.bool)
    if truth is None:
        return Planted(X, images.labels, told, masks)
    generator = torch.Generator().manual_seed(seed)
    lies = torch.rand(n, generator=generator) >= truth
    shift = torch.randint(1, num_classes, (n,), generator=generator)
    told[lies] = (told + shift)[lies] % num_classes
    corner = torch.randint(len(CORNERS), (n,), generator=generator)
    for index, (top, left) in enumerate(CORNERS):
        rows = slice(top, top + PATCH or None)
        columns = slice(left, left + PATCH or None)
        masks[corner == index, rows, columns] = True
    colours = patch_colours(num_classes)[told][:, :, None, None]
    X = torch.where(masks[:, None], colours, X)
    return Planted(X, images.labels, told, masks)


def cover_corners(X, seed=None):
    """X with every corner patch painted over, so that none tells anything.

    Black without a seed; with one, each corner gets the colour of a class
    drawn at random. (batch, 3, height, width) to the same.
    """
    X = X.clone()
    colours = torch.cat([patch_colours(), torch.zeros(1, 3)]).to(X)
    drawn = torch.full((len(X), len(CORNERS)), 10)
    if seed is not None:
        generator = torch.Generator().manual_seed(seed)
        drawn = torch.randint(10, drawn.shape, generator=generator)
    for index, (top, left) in enumerate(CORNERS):
        rows = slice(top, top + PATCH or None)
        columns = slice(left, left + PATCH or None)
        X[:, :, rows, columns] = colours[drawn[:, index]][:, :, None, None]
    return X


# Scores


def pixel_map(attributions):
    """One number per pixel: the sum over channels of absolute values.

    (batch, channels, height, width) to (batch, height, width). Without the
    absolute value, channels that pull in opposite directions, as they do
    where a colour matters, would cancel.
    """
    return attributions.detach().abs().sum(dim=1)


def inside_share(maps, masks):
    """Share of the absolute attribution that lies inside the mask: (batch,).

    The "energy-based pointing game" (Wang et al., "Score-CAM", 2020). A map
    of zeros is scored as a uniform one: it says nothing, so it gets chance,
    `chance(masks)`. Maps (batch, height, width) with NaN raise ValueError.
    """
    maps, masks = _checked(maps, masks)
    total = maps.sum(dim=1)
    inside = (maps * masks).sum(dim=1)
    return torch.where(total > 0, inside / total, chance(masks))


def pointing_game(maps, masks):
    """Whether the strongest pixel lies inside the mask: 0 to 1, (batch,).

    (Zhang et al., "Top-down neural attention by excitation backprop", 2018;
    here without their margin.) Of pixels that share the maximum, the share
    inside counts, so that a map of zeros gets chance.
    """
    maps, masks = _checked(maps, masks)
    strongest = maps == maps.amax(dim=1, keepdim=True)
    return (strongest & masks).sum(dim=1) / strongest.sum(dim=1)


def ranking_auc(maps, masks):
    """How often a pixel inside outranks one outside: 0 to 1, (batch,).

    The area under the ROC curve of the absolute attribution as a detector of
    the mask; ties count half, so that a map of zeros gets 0.5, chance.
    """
    maps, masks = _checked(maps, masks)
    ranks = torch.from_numpy(rankdata(maps.numpy(), axis=1))
    inside = masks.sum(dim=1)
    smaller = (ranks * masks).sum(dim=1) - inside * (inside + 1) / 2
    return smaller / (inside * (masks.shape[1] - inside))


def chance(masks):
    """The mask's share of the image: what a uniform map would score."""
    return masks.flatten(start_dim=1).double().mean(dim=1)


SCORES = {
    "inside": inside_share,
    "pointing": pointing_game,
    "auc": ranking_auc,
}


def edges(X):
    """A map that knows no model: Sobel's gradient magnitude of the image.

    (batch, channels, height, width) to (batch, height, width). The yardstick
    of Adebayo et al., "Sanity checks for saliency maps" (2018). Sobel and
    Feldman (1968).
    """
    grey = F.pad(X.mean(dim=1, keepdim=True), (1, 1, 1, 1), mode="replicate")
    across = torch.tensor([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]).to(X)
    kernels = torch.stack([across, across.T])[:, None]  # (2, 1, 3, 3)
    return F.conv2d(grey, kernels).square().sum(dim=1).sqrt()


# Sanity checks


def randomised(model, layers, seed=0):
    """A copy of the model whose named layers are initialised anew.

    (Adebayo et al., 2018.) The original is left alone. Raises ValueError
    for a name that is no layer with weights.
    """
    copied = copy.deepcopy(model)
    modules = dict(copied.named_modules())
    known = [k for k, m in modules.items() if hasattr(m, "reset_parameters")]
    if unknown := set(layers) - set(known):
        raise ValueError(
            f"no layer with weights called {', '.join(sorted(unknown))}; "
            f"there are {', '.join(known)}"
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for name in layers:
            modules[name].reset_parameters()
    return copied


def rank_correlation(maps, others):
    """Spearman's correlation of absolute values, for each image: (batch,).

    A constant map ranks nothing, so its correlation is defined as 0.
    """
    maps, others = _checked(maps, others, second="map")
    ranks = [
        torch.from_numpy(rankdata(values.numpy(), axis=1))
        for values in (maps, others)
    ]
    ranks = [rank - rank.mean(dim=1, keepdim=True) for rank in ranks]
    return F.cosine_similarity(*ranks, dim=1)


@torch.no_grad()
def deletion_curve(
    model, X, maps, targets, baseline=0.0, num_steps=28, insertion=False
):
    """Probability of the target while the strongest pixels go first.

    (Petsiuk, Das and Saenko, "RISE", 2018.) Deletion replaces pixels of X by
    the baseline (a number or a tensor like X); insertion puts those of X
    into the baseline. Returns (batch, num_steps + 1); the mean over the
    steps is the area under the curve. A good map gives a small area of
    deletion and a large one of insertion.
    """
    flat, _ = _checked(maps, maps, second="map")
    # `stable`: tied pixels go in reading order on every machine
    order = flat.argsort(dim=1, descending=True, stable=True)
    rank = order.argsort(dim=1).view(maps.shape)[:, None]
    blank = torch.zeros_like(X) + baseline
    start, end = (blank, X) if insertion else (X, blank)
    curve = []
    for step in range(num_steps + 1):
        changed = rank < round(step * flat.shape[1] / num_steps)
        logits = model(torch.where(changed, end, start))
        curve.append(chosen(logits.softmax(dim=1), targets))
    return torch.stack(curve, dim=1)


# Methods, as the notebook builds them


def gradient(model, X, targets):
    """The gradient of the target's logit with respect to X.

    (Simonyan, Vedaldi and Zisserman, 2013.)
    """
    X = X.detach().clone().requires_grad_()
    # The sum over images keeps them apart: no logit sees another image.
    score = chosen(model(X), targets).sum()
    return torch.autograd.grad(score, X)[0]


def gradient_x_input(model, X, targets):
    """Gradient times input (Shrikumar et al., 2016)."""
    return gradient(model, X, targets) * X


def integrated_gradients(model, X, targets, baseline=0.0, num_steps=32):
    """The gradient's mean on the way from the baseline to X, times the way.

    (Sundararajan, Taly and Yan, 2017.) Midpoint rule. Over all pixels the
    attributions add up to logit(X) - logit(baseline): completeness, up to
    the error of the sum.
    """
    way = X - (torch.zeros_like(X) + baseline)
    total = torch.zeros_like(X)
    for step in range(num_steps):
        rest = 1 - (step + 0.5) / num_steps
        total += gradient(model, X - rest * way, targets)
    return way * total / num_steps


def smooth_grad(model, X, targets, noise=0.15, num_samples=16, seed=0):
    """The mean gradient over noisy copies of X (Smilkov et al., 2017).

    noise: standard deviation, in units of X
    """
    generator = torch.Generator().manual_seed(seed)
    copies = X.repeat_interleave(num_samples, dim=0)
    copies = copies + noise * torch.randn(copies.shape, generator=generator)
    repeated = targets.repeat_interleave(num_samples)
    grads = gradient(model, copies, repeated)
    return grads.view(len(X), num_samples, *X.shape[1:]).mean(dim=1)


@torch.no_grad()
def occlusion(model, X, targets, window=5, stride=2, baseline=0.0):
    """How far the logit falls when a square is covered.

    (Zeiler and Fergus, 2014.) A pixel gets the mean over the squares that
    cover it; the same for each channel.
    """
    logit = chosen(model(X), targets)
    blank = torch.zeros_like(X) + baseline
    total, count = torch.zeros_like(X), torch.zeros_like(X)
    height, width = X.shape[2:]
    tops = range(0, height - window + stride, stride)
    lefts = range(0, width - window + stride, stride)
    for top, left in itertools.product(tops, lefts):
        square = (..., slice(top, top + window), slice(left, left + window))
        covered = X.clone()
        covered[square] = blank[square]
        fall = logit - chosen(model(covered), targets)
        total[square] += fall[:, None, None, None]
        count[square] += 1
    return total / count


def grad_cam(model, layer, X, targets):
    """Grad-CAM: where a layer's channels that speak for the target are.

    (Selvaraju et al., 2017.) Each channel of the layer's output is weighted
    by its mean gradient; the weighted sum, negative values cut to 0, comes
    back as (batch, 1, h, w), in the layer's own resolution.
    """
    kept = []
    handle = layer.register_forward_hook(lambda *call: kept.append(call[2]))
    try:
        score = chosen(model(X), targets).sum()
    finally:
        handle.remove()
    if len(kept) != 1:
        raise ValueError(
            f"the layer must run once a forward pass, it ran {len(kept)} times"
        )
    grads = torch.autograd.grad(score, kept[0])[0]  # (batch, channels, h, w)
    weights = grads.mean(dim=(2, 3), keepdim=True)
    return (weights * kept[0]).sum(dim=1, keepdim=True).relu().detach()


def shapley_values(value, num_players):
    """Each player's fair part of what all earn together: exact.

    (Shapley, 1953.) value: takes a frozenset of players 0, 1, ... and
    returns a number; it is called once for each of the 2 ** num_players
    coalitions. Returns a list.
    """
    players = range(num_players)
    coalitions = [
        frozenset(members)
        for size in range(num_players + 1)
        for members in itertools.combinations(players, size)
    ]
    earned = {members: value(members) for members in coalitions}
    parts = []
    for player in players:
        part = 0.0
        for members in coalitions:
            if player not in members:
                # How often, of all orders, exactly these came before
                orders = num_players * math.comb(num_players - 1, len(members))
                part += (earned[members | {player}] - earned[members]) / orders
        parts.append(part)
    return parts


def sampled_shapley_values(value, num_players, num_orders, seed=0):
    """Shapley values from random orders (Castro, Gómez and Tejada, 2009).

    Returns (num_orders, num_players), what each player added in each order:
    the mean over orders estimates, their spread tells how well.
    """
    random = np.random.default_rng(seed)
    added = np.zeros((num_orders, num_players))
    for row in added:
        members, before = frozenset(), value(frozenset())
        for player in random.permutation(num_players).tolist():
            members = members | {player}
            after = value(members)
            row[player], before = after - before, after
    return added


# What the functions above check


def _checked(maps, others, second="mask"):
    """Flattened absolute maps (batch, pixels), and masks or other maps."""
    maps = torch.as_tensor(maps).detach().cpu()
    others = torch.as_tensor(others).detach().cpu()
    if maps.ndim != 3 or maps.shape != others.shape:
        raise ValueError(
            f"maps and {second}s must both be of shape (batch, height, "
            f"width), not {tuple(maps.shape)} and {tuple(others.shape)}; "
            "pixel_map() sums over channels, maps[None] makes a batch of one"
        )
    pair = [maps] if second == "mask" else [maps, others]
    for values in pair:
        bad = (~values.isfinite()).flatten(start_dim=1).any(dim=1)
        if bad.any():
            raise ValueError(
                f"{int(bad.sum())} of {len(bad)} maps hold NaN or infinite "
                f"values, the first is number {int(bad.int().argmax())}: "
                "look at the method that made them"
            )
    pair = [v.double().abs().flatten(start_dim=1) for v in pair]
    if second == "mask":
        masks = others.bool().flatten(start_dim=1)
        if not (masks.any(dim=1) & ~masks.all(dim=1)).all():
            raise ValueError(
                "each mask must hold pixels inside and outside; an image "
                "without a patch cannot be scored"
            )
        pair.append(masks)
    return pair


def chosen(scores, targets):
    """Of scores (batch, classes) those of the targets: (batch,)."""
    targets = torch.as_tensor(targets)
    batch, num_classes = scores.shape
    if targets.shape != (batch,) or targets.dtype != torch.int64:
        raise ValueError(
            f"{batch} images need {batch} int64 targets, one for each, not "
            f"{targets.dtype} of shape {tuple(targets.shape)}"
        )
    if batch and not (targets.min() >= 0 and targets.max() < num_classes):
        raise ValueError(
            f"targets must lie in 0..{num_classes - 1}, not "
            f"{targets.min()}..{targets.max()}"
        )
    return scores.gather(1, targets[:, None])[:, 0]
