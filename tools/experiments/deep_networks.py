"""What depth does to a network, and what a pretrained one is worth.

The networks are those that the notebook on deep vision networks builds.
"""

import functools
import time

import torch
from torch import nn
from torch.nn import functional as F
from torchvision.models import mobilenet_v2

from helpers.data import load_embedded
from helpers.model import BigModel
from helpers.photographs import load_mobilenet

SEEDS = (0, 1, 2)
THIRTEEN = [16] * 5 + [32] * 4 + [64] * 4  # maps of thirteen convolutions
NUM_STEPS, BATCH_SIZE, LR = 200, 32, 2e-3
RATES = (5e-4, 2e-3, 8e-3, 3.2e-2)  # of the network that fails
EVERY = 10  # steps whose losses a curve averages
SIDE = 96  # pixels, of a garment that MobileNetV2 looks at
POOL = 6_000  # training images of which transfer draws its own
SIZES = (50, 100, 200, 500, 1000, 2000, 5000)


# ---- Networks ------------------------------------------------------------


def layer(inputs, outputs, stride=1, norm=False):
    """A 3 x 3 convolution, and batch normalisation if it is wanted."""
    conv = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=not norm)
    return [conv, nn.BatchNorm2d(outputs)] if norm else [conv]


def head(inputs):
    """The mean of every map, and a score for each class from these."""
    pool = nn.AdaptiveAvgPool2d(1)
    return [pool, nn.Flatten(), nn.Linear(inputs, 10)]


def plain(widths, norm=False):
    """Convolutions of these widths, and a linear layer; where the width
    changes, the maps are halved."""
    layers, inputs = [], 1
    for outputs in widths:
        stride = 1 if outputs == inputs else 2
        layers += [*layer(inputs, outputs, stride, norm), nn.ReLU()]
        inputs = outputs
    return nn.Sequential(*layers, *head(inputs))


def he_(net):
    """He initialisation of every convolution (He et al., 2015)."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            fan_in = module.weight[0].numel()
            nn.init.normal_(module.weight, std=(2 / fan_in) ** 0.5)
    return net


class Block(nn.Module):
    """Two convolutions, with or without a way round them."""

    def __init__(self, inputs, outputs, stride, residual):
        super().__init__()
        first = [*layer(inputs, outputs, stride, norm=True), nn.ReLU()]
        second = layer(outputs, outputs, norm=True)
        self.branch = nn.Sequential(*first, *second)
        self.stride, self.residual = stride, residual

    def forward(self, X):
        Y = self.branch(X)
        if self.residual:
            X = X[:, :, :: self.stride, :: self.stride]
            Y = Y + F.pad(X, (0, 0, 0, 0, 0, Y.shape[1] - X.shape[1]))
        return F.relu(Y)


def deep(depth, residual):
    """A network of 8, 14, 20, ... layers (He et al., 2016, section 4.2)."""
    blocks, inputs = [*layer(1, 16, 2, norm=True), nn.ReLU()], 16
    for outputs in (16, 32, 64):
        for _ in range((depth - 2) // 6):
            stride = 1 if outputs == inputs else 2
            blocks.append(Block(inputs, outputs, stride, residual))
            inputs = outputs
    return he_(nn.Sequential(*blocks, *head(inputs)))


def windows(sizes, width=32):
    """A stem, convolutions of these sizes, and a linear layer."""
    layers = [nn.Conv2d(1, width, 3, stride=2, padding=1), nn.ReLU()]
    for size in sizes:
        conv = nn.Conv2d(width, width, size, padding=size // 2)
        layers += [conv, nn.ReLU()]
    pool = [nn.MaxPool2d(2), nn.Flatten(), nn.Linear(width * 49, 10)]
    return he_(nn.Sequential(*layers, *pool))


class ResidualBigModel(nn.Module):
    """BigModel with two residual blocks in place of fc1."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(64, 128, kernel_size=3, padding=1)
        self.blocks = nn.Sequential(
            Block(128, 128, 1, residual=True),
            Block(128, 128, 1, residual=True),
        )
        self.fc2 = nn.Linear(128, 10)

    def forward(self, X):  # (batch, 3, 28, 28)
        X = F.max_pool2d(F.relu(self.conv1(X)), 2)  # (batch, 64, 14, 14)
        X = F.max_pool2d(F.relu(self.conv2(X)), 2)  # (batch, 128, 7, 7)
        return self.fc2(self.blocks(X).mean(dim=(2, 3)))  # (batch, 10)


NETWORKS = {
    "as PyTorch initialises": lambda: plain(THIRTEEN),
    "He initialisation": lambda: he_(plain(THIRTEEN)),
    "batch normalisation": lambda: plain(THIRTEEN, norm=True),
    "one 7 x 7": lambda: windows([7]),
    "three 3 x 3": lambda: windows([3, 3, 3]),
    "plain-20": lambda: deep(20, residual=False),
    "plain-56": lambda: deep(56, residual=False),
    "residual-20": lambda: deep(20, residual=True),
    "residual-56": lambda: deep(56, residual=True),
    "BigModel": BigModel,
    "BigModel with two blocks": ResidualBigModel,
}


# ---- Training ------------------------------------------------------------


@functools.cache
def splits():
    return load_embedded()


def standardised(images, channels=1):
    """Pixels with mean 0 and spread 1 over the training images."""
    pixels = splits().train.images.float()
    X = (images.images.float() - pixels.mean()) / pixels.std()
    return X.expand(-1, channels, -1, -1)


def train(net, X, y, lr=LR, num_steps=NUM_STEPS, seed=0):
    """Train on random batches, one cycle of the rate; the loss of each
    step."""
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(net.parameters(), lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, lr, total_steps=num_steps, pct_start=0.2
    )
    losses = []
    for _ in range(num_steps):
        batch = torch.randint(len(y), (BATCH_SIZE,), generator=generator)
        loss = F.cross_entropy(net(X[batch]), y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return losses


@torch.no_grad()
def accuracy(net, X, y):
    """The share of right answers in evaluation mode."""
    net.eval()
    right = [
        (net(part).argmax(dim=1) == labels).sum().item()
        for part, labels in zip(X.split(500), y.split(500), strict=True)
    ]
    return sum(right) / len(y)


def run(name, seed, lr=LR, num_steps=NUM_STEPS):
    """Train one of NETWORKS; a row with its losses and its score."""
    data = splits()
    channels = 3 if name.startswith("BigModel") else 1
    torch.manual_seed(seed)
    net = NETWORKS[name]()
    begin = time.process_time()
    losses = train(
        net,
        standardised(data.train, channels),
        data.train.labels,
        lr,
        num_steps,
        seed,
    )
    seconds = time.process_time() - begin
    X, y = standardised(data.validation, channels), data.validation.labels
    means = torch.tensor(losses).view(-1, EVERY).mean(dim=1)
    row = {
        "name": name,
        "seed": seed,
        "lr": lr,
        "parameters": sum(p.numel() for p in net.parameters()),
        "cpu_seconds": round(seconds, 1),
        "losses": [round(loss, 4) for loss in means.tolist()],
        "train_loss": round(sum(losses[-50:]) / 50, 4),
        "validation_accuracy": accuracy(net, X, y),
    }
    shown = {k: v for k, v in row.items() if k != "losses"}
    print(" ", shown, flush=True)
    return row


def depth():
    """Thirteen convolutions begun in three ways; one 7 x 7 convolution and
    three of 3 x 3; plain and residual networks of 20 and 56 layers.

    200 steps of 32 images, AdamW, one cycle with the peak `lr`; the plain
    network of 56 layers at four rates. train_loss is the mean of the last
    50 steps, a curve that of every 10. Measured on the validation split.
    """
    names = [n for n in NETWORKS if not n.startswith("BigModel")]
    rows = [run(name, seed) for name in names for seed in SEEDS]
    others = [lr for lr in RATES if lr != LR]
    return rows + [run("plain-56", s, lr) for lr in others for s in SEEDS]


def long_depth():
    """Plain and residual networks of 20 and 56 layers, the second at the best
    of its four rates in `depth`: ten times as many steps, 2,000, and one
    seed. Otherwise as there."""
    rates = {
        "plain-20": LR,
        "plain-56": 8e-3,
        "residual-20": LR,
        "residual-56": LR,
    }
    steps = 10 * NUM_STEPS
    return [run(name, 0, lr, num_steps=steps) for name, lr in rates.items()]


def residual_bigmodel():
    """BigModel, and BigModel with two residual blocks in place of fc1: 200
    steps of 32 images, AdamW, one cycle with a peak of 1e-3, BigModel's usual
    rate, for both, and of 3e-3 for the blocks. Measured on the validation
    split."""
    names = [name for name in NETWORKS if name.startswith("BigModel")]
    rows = [run(name, seed, lr=1e-3) for name in names for seed in SEEDS]
    return rows + [run(names[1], seed, lr=3e-3) for seed in SEEDS]


# ---- Transfer ------------------------------------------------------------


@torch.no_grad()
def mobilenet_features(images, net=None, side=SIDE, batch_size=100):
    """The 1,280 numbers behind MobileNetV2's last layer: (n, 1280).

    The garments are enlarged to side x side pixels first.
    """
    net = net or load_mobilenet()
    parts = []
    for start in range(0, len(images), batch_size):
        X = images[start : start + batch_size].inputs()
        X = F.interpolate(X, size=(side, side), mode="bilinear")
        maps = net.mobilenet.features(net.normalise(X))
        parts.append(maps.mean(dim=(2, 3)))
    return torch.cat(parts)


def untrained_mobilenet(images, seed=0):
    """MobileNetV2 with first weights and no training; its normalisations
    have seen 200 of the garments, without which its numbers vanish."""
    torch.manual_seed(seed)
    net = load_mobilenet()
    net.mobilenet.load_state_dict(mobilenet_v2().state_dict())
    X = F.interpolate(images[:200].inputs(), size=(SIDE, SIDE))
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None  # the mean of all that it sees
    with torch.no_grad():
        net.train()(X)
    return net.eval()


def balanced(labels, size, seed):
    """Positions of `size` images, as many of every class: (size,)."""
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(labels), generator=generator)
    rank = torch.zeros(len(labels), dtype=torch.int64)
    for label in labels.unique():
        own = order[labels[order] == label]
        rank[own] = torch.arange(len(own))
    return order[rank[order] < size // 10]


def train_head(features, y, num_steps=200, lr=1e-3):
    """A linear layer on standardised features; a function that scores."""
    mean, spread = features.mean(dim=0), features.std(dim=0) + 1e-6
    linear = nn.Linear(features.shape[1], 10)
    nn.init.zeros_(linear.weight)
    optimizer = torch.optim.Adam(linear.parameters(), lr)
    Z = (features - mean) / spread
    for _ in range(num_steps):
        loss = F.cross_entropy(linear(Z), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return lambda f: linear((f - mean) / spread)


def transfer():
    """Accuracy against the number of labelled garments, the same number of
    each class: a linear layer on the frozen features of MobileNetV2 (the
    garments enlarged to 96 x 96 pixels), the same on an untrained one, a
    linear layer on the pixels, and the residual network of 8 layers from
    scratch (200 steps of 32 images).

    Each seed draws its images from the first 6,000 training images.
    Measured on the validation split.
    """
    data = splits()
    pool = data.train[:POOL]
    begin = time.process_time()
    net = load_mobilenet()
    seen = mobilenet_features(pool, net)
    unseen = mobilenet_features(data.validation, net)
    net = untrained_mobilenet(pool)
    seen_untrained = mobilenet_features(pool, net)
    unseen_untrained = mobilenet_features(data.validation, net)
    print(f"  features {time.process_time() - begin:.0f} s", flush=True)
    X, y = standardised(pool), pool.labels
    X_new, y_new = standardised(data.validation), data.validation.labels
    rows = []
    for size in SIZES:
        for seed in SEEDS:
            own = balanced(y, size, seed)
            flat = X.flatten(start_dim=1)
            scores = {}
            for name, numbers, new in (
                ("head on MobileNetV2", seen, unseen),
                ("head on it untrained", seen_untrained, unseen_untrained),
                ("linear on pixels", flat, X_new.flatten(start_dim=1)),
            ):
                score = train_head(numbers[own], y[own])
                with torch.no_grad():
                    right = score(new).argmax(dim=1) == y_new
                scores[name] = right.double().mean().item()
            torch.manual_seed(seed)
            net = deep(8, residual=True)
            train(net, X[own], y[own], seed=seed)
            scores["from scratch"] = accuracy(net, X_new, y_new)
            rows += [
                {
                    "name": name,
                    "images": size,
                    "seed": seed,
                    "validation_accuracy": score,
                }
                for name, score in scores.items()
            ]
            print(" ", size, seed, scores, flush=True)
    return rows


EXPERIMENTS = {
    "depth": depth,
    "long-depth": long_depth,
    "residual-bigmodel": residual_bigmodel,
    "transfer": transfer,
}
