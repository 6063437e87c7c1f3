"""The fast training of BigModel, and the rules that time it.

A recipe is a generator function `recipe(images, seed)`: it trains a model on
a `LabelledImages` and yields (model, images seen so far) after every step.
"""

import math
import operator
import time
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from helpers.model import BigModel


class PoolFirst(BigModel):
    """BigModel, the same function: it pools before the ReLU, not after.

    Both keep the order of numbers, so that the largest of four stays the
    largest; the ReLU then has a quarter of the numbers to look at.
    """

    def forward(self, X):  # (batch, 3, 28, 28)
        X = F.relu(F.max_pool2d(self.conv1(X), 2))  # (batch, 64, 14, 14)
        X = F.relu(F.max_pool2d(self.conv2(X), 2))  # (batch, 128, 7, 7)
        X = X.flatten(start_dim=1)  # (batch, 6272)
        return self.fc2(F.relu(self.fc1(X)))  # (batch, 10)


class PerImage(Dataset):
    """Images as torchvision's data sets hand them out: one PIL image at a
    time, turned into a tensor of three channels when it is asked for."""

    transform = transforms.Compose(
        [transforms.Grayscale(num_output_channels=3), transforms.ToTensor()]
    )

    def __init__(self, images):
        to_pil = transforms.ToPILImage()
        self.pictures = [to_pil(image) for image in images.images]
        self.labels = images.labels.tolist()

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return self.transform(self.pictures[index]), self.labels[index]


def plain_recipe(images, seed):
    """The source chapter's loop: one image at a time, Adam, batches of 64."""
    torch.manual_seed(seed)
    model = BigModel()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    loader = DataLoader(PerImage(images), batch_size=64, shuffle=True)
    num_seen = 0
    while True:
        for X, y in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(X), y)
            loss.backward()
            optimizer.step()
            num_seen += len(y)
            yield model, num_seen


def whiten_(conv, images, seed=0, eps=1e-3, num_images=1000):
    """Make a convolution's first outputs uncorrelated, of like variance.

    conv: layer with kernel (out, channels, 3, 3), changed in place
    images: float tensor (n, channels, height, width); grey images repeated
    in `channels` channels are enough

    The principal directions of the images' 3 x 3 patches, each divided by
    the patches' spread along it (Coates, Lee and Ng, 2011), and their
    negatives, because a ReLU loses one sign; then random mixtures of them.
    The bias moves the mean patch to zero. `eps` (squared brightness) keeps
    directions with hardly any spread from being blown up. Raises ValueError
    if the layer has no bias or fewer outputs than directions of both signs.
    """
    patches = F.unfold(images[:num_images], 3, padding=1)
    patches = patches.transpose(1, 2).flatten(0, 1)  # (positions, 27)
    mean = patches.mean(dim=0)
    covariance = torch.cov((patches - mean).T)  # (27, 27)
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
    with torch.no_grad():
        conv.weight.copy_(weight.view_as(conv.weight))
        conv.bias.copy_(-weight @ mean)


def one_cycle(progress, rise=0.1, floor=0.05):
    """The learning rate as a share of its peak (after Smith and Topin, 2019).

    progress: share of the planned training that is done, 0 to 1 or beyond
    It rises in a line until `rise`, then falls in half a cosine wave to
    `floor`, and stays there.
    """
    if progress < rise:
        return max(progress / rise, floor)
    rest = min((progress - rise) / (1 - rise), 1)
    return max((1 + math.cos(math.pi * rest)) / 2, floor)


def bfloat16_pays(size=1024, rounds=5):
    """Does this processor multiply matrices faster in bfloat16?

    Measured, in turns with float32; the better half of a tie is float32.
    """
    ratios = []
    for round_ in range(rounds + 1):
        seconds = []
        for dtype in (torch.float32, torch.bfloat16):
            A = torch.ones(size, size, dtype=dtype)
            begin = time.perf_counter()
            A @ A
            seconds.append(time.perf_counter() - begin)
        if round_:  # the first is to warm up
            ratios.append(seconds[0] / seconds[1])
    return sorted(ratios)[rounds // 2] > 1.2


def prepared(images, seed, whiten=True, freeze=True):
    """BigModel, pooling first, initialised for the fast recipe.

    conv1 whitens and may stay so; conv2's first half passes its inputs on
    (a Dirac kernel); the last layer begins with equal logits.
    """
    torch.manual_seed(seed)
    model = PoolFirst()
    if whiten:
        whiten_(model.conv1, images[:1000].inputs(), seed)
        nn.init.dirac_(model.conv2.weight[:64].data)
    model.conv1.requires_grad_(not freeze)
    nn.init.zeros_(model.fc2.weight)
    return model


def batches(images, batch_size, mirror=False):
    """Yield X (batch, 3, 28, 28) and y for ever, each epoch in a new order.

    mirror: flip half of the images, chosen at random, left to right
    """
    while True:
        for chosen in torch.randperm(len(images)).split(batch_size):
            X, y = images[chosen].inputs(), images.labels[chosen]
            if mirror:
                flipped = torch.rand(len(X)) < 0.5
                X[flipped] = X[flipped].flip(3)
            yield X, y


def optimizer_for(model, peak_lr, beta2, weight_decay):
    """AdamW (Loshchilov and Hutter, 2019) for the weights that train.

    beta2: what stays of the average of squared gradients at each step; 0.95
    looks back about 20 steps, the usual 0.999 about 1,000, which is more
    than a short training has
    """
    weights = [p for p in model.parameters() if p.requires_grad]
    return torch.optim.AdamW(
        weights,
        lr=peak_lr,
        betas=(0.9, beta2),
        weight_decay=weight_decay,
        fused=True,
    )


def fast_recipe(
    images,
    seed,
    num_images=25_600,  # the length of the cycle of the learning rate
    batch_size=64,
    peak_lr=2e-3,
    beta2=0.95,
    schedule=one_cycle,
    whiten=True,
    freeze=True,  # conv1 stays as it was initialised
    label_smoothing=0.1,  # Szegedy and others, 2016
    weight_decay=0.05,
    mirror=False,
    averaging=None,  # 0.98: the weights' moving average is yielded
    bfloat16=None,  # None: where it pays
    device="cpu",
):
    """The fast recipe: a whitened, frozen conv1, AdamW, one cycle; after
    the cycle it goes on at the lowest rate.
    """
    model = prepared(images, seed, whiten, freeze)
    if bfloat16 is None:
        bfloat16 = bfloat16_pays()
    layout = {
        "dtype": torch.bfloat16 if bfloat16 else torch.float32,
        "memory_format": torch.channels_last,
    }
    model = model.to(device, **layout)
    optimizer = optimizer_for(model, peak_lr, beta2, weight_decay)
    if averaging:
        moving = get_ema_multi_avg_fn(averaging)
        average = AveragedModel(model, multi_avg_fn=moving)
    num_seen = 0
    for X, y in batches(images, batch_size, mirror):
        for group in optimizer.param_groups:
            group["lr"] = peak_lr * schedule(num_seen / num_images)
        optimizer.zero_grad()
        logits = model(X.to(device, **layout)).float()
        loss = F.cross_entropy(
            logits, y.to(device), label_smoothing=label_smoothing
        )
        loss.backward()
        optimizer.step()
        num_seen += len(y)
        if averaging:
            average.update_parameters(model)
        yield average if averaging else model, num_seen


@torch.inference_mode()
def share_right(model, images, batch_size=500):
    """The share of images that a model of any precision classifies right.

    The model is measured in evaluation mode and put back as it was.
    """
    weight = next(model.parameters())
    was_training = model.training
    model.eval()
    num_right = 0
    for start in range(0, len(images), batch_size):
        batch = images[start : start + batch_size]
        X = batch.inputs().to(weight.device, weight.dtype)
        num_right += (model(X).argmax(dim=1).cpu() == batch.labels).sum()
    model.train(was_training)
    return num_right.item() / len(images)


@dataclass(frozen=True)
class Timed:
    """What `time_to` saw: the seconds are those of training alone."""

    seconds: float
    num_images: int  # seen in training, an image seen twice counts twice
    accuracy: float  # on the validation split, when it stopped
    reached: bool
    model: nn.Module


def unpacked(step):
    """What a recipe has yielded: the model and the images seen so far.

    Raises TypeError, with what to write, if it is anything else.
    """
    try:
        model, num_images = step
        num_images = operator.index(num_images)
        next(model.parameters())
    except (TypeError, ValueError, AttributeError, StopIteration):
        raise TypeError(
            "after every step a recipe must yield (model, images seen "
            f"so far), not {type(step).__name__}: `yield model, num_seen`"
        ) from None
    return model, num_images


def time_to(
    target, recipe, train, validation, seed=0, every=5120, limit=200_000
):
    """Train until the model classifies a share `target` of validation right.

    recipe: a generator function (see the top of this module); its clock
    begins before it builds its model
    every: after so many images the clock is stopped and the model measured
    limit: after so many images it stops in any case, `reached` is False

    Raises ValueError if the recipe ends before, and TypeError if it does
    not yield pairs of a model and a number of images.
    """
    seconds, num_looks = 0.0, 0
    begin = time.perf_counter()
    for step in recipe(train, seed):
        model, num_images = unpacked(step)
        if num_images // every == num_looks:
            continue
        if next(model.parameters()).is_cuda:
            torch.cuda.synchronize()
        seconds += time.perf_counter() - begin
        num_looks = num_images // every
        accuracy = share_right(model, validation)
        if accuracy >= target or num_images >= limit:
            reached = accuracy >= target
            return Timed(seconds, num_images, accuracy, reached, model)
        begin = time.perf_counter()
    raise ValueError(
        f"the recipe ended before it reached {target:.0%}: let it go on "
        "(`while True:`), `limit` stops it"
    )
