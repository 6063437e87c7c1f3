"""Flow matching: a network learns which way noise must move to be an image.

(Lipman and others, 2023; Liu, Gong and Liu, 2023.) Images are float32
(n, 1, 28, 28) from -1, black, to 1, white. Time is 0 at the noise and 1 at
the image. Classes are int64 (n,) from 0 to 9; 10, ANY, says no class.
"""

from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from helpers.data import DATA_FOLDER
from helpers.saved import with_weights

WEIGHTS = DATA_FOLDER / "flow.pt"
ANY = 10  # the class of a picture of which nothing is said
SIDE = 28


class ResidualBlock(nn.Module):
    """Two convolutions and a way around them (He and others, 2016).

    What is known of the picture, its time and class, scales and shifts the
    maps between the two (Perez and others, 2018).
    """

    def __init__(self, channels, out, known):
        super().__init__()
        self.norm1 = nn.GroupNorm(8, channels)
        self.conv1 = nn.Conv2d(channels, out, 3, padding=1)
        self.scale_shift = nn.Linear(known, 2 * out)
        self.norm2 = nn.GroupNorm(8, out)
        self.conv2 = nn.Conv2d(out, out, 3, padding=1)
        self.around = nn.Identity()
        if channels != out:
            self.around = nn.Conv2d(channels, out, 1)
        nn.init.zeros_(self.conv2.weight)
        nn.init.zeros_(self.conv2.bias)

    def forward(self, X, known):
        scale, shift = self.scale_shift(known)[:, :, None, None].chunk(2, 1)
        maps = self.conv1(F.silu(self.norm1(X)))
        maps = self.norm2(maps) * (1 + scale) + shift
        return self.around(X) + self.conv2(F.silu(maps))


class UNet(nn.Module):
    """A velocity for every pixel (after Ronneberger and others, 2015).

    Takes pictures (n, 1, 28, 28), times (n,) and classes (n,), returns
    velocities (n, 1, 28, 28). Each 2 x 2 pixels become four maps of 14 x 14
    first, so that no layer works at full size.
    """

    def __init__(self, width=48, known=128):
        super().__init__()
        self.time = nn.Sequential(
            nn.Linear(64, known), nn.SiLU(), nn.Linear(known, known)
        )
        self.classes = nn.Embedding(ANY + 1, known)
        self.first = nn.Conv2d(4, width, 3, padding=1)
        self.fine = ResidualBlock(width, width, known)
        self.down = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1)
        self.coarse1 = ResidualBlock(2 * width, 2 * width, known)
        self.coarse2 = ResidualBlock(2 * width, 2 * width, known)
        self.up = nn.Conv2d(2 * width, width, 3, padding=1)
        self.joined = ResidualBlock(2 * width, width, known)
        self.norm = nn.GroupNorm(8, width)
        self.last = nn.Conv2d(width, 4, 3, padding=1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, X, t, y):
        known = F.silu(self.time(waves(t)) + self.classes(y))
        X = F.pixel_unshuffle(X, 2)  # (n, 4, 14, 14)
        X = X.contiguous(memory_format=torch.channels_last)
        fine = self.fine(self.first(X), known)  # (n, 48, 14, 14)
        maps = self.coarse1(self.down(fine), known)  # (n, 96, 7, 7)
        maps = self.coarse2(maps, known)
        maps = F.interpolate(self.up(maps), scale_factor=2)  # (n, 48, 14, 14)
        maps = self.joined(torch.cat([maps, fine], dim=1), known)
        maps = self.last(F.silu(self.norm(maps)))  # (n, 4, 14, 14)
        return F.pixel_shuffle(maps.contiguous(), 2)  # (n, 1, 28, 28)


def waves(t, count=32, fastest=1000.0):
    """Sines and cosines of times (n,), slow to fast: (n, 2 * count).

    One number is a poor input for a network; a row of waves tells nearby
    times apart (Vaswani and others, 2017, of positions in a sentence).
    """
    powers = torch.arange(count, device=t.device) / (count - 1)
    angles = t[:, None] * fastest ** (1 - powers)
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def flow_loss(net, images, y, drop=0.1):
    """Mean squared error of the velocity, at random times with fresh noise.

    Each class is hidden (ANY) with chance `drop`, which makes guidance
    possible (Ho and Salimans, 2022). Times crowd around the middle, where
    there is most to learn (Esser and others, 2024).
    """
    noise = torch.randn_like(images)
    t = torch.randn(len(images), device=images.device).sigmoid()
    between = torch.lerp(noise, images, t[:, None, None, None])
    hidden = torch.rand(len(y), device=y.device) < drop
    velocity = net(between, t, y.masked_fill(hidden, ANY))
    return F.mse_loss(velocity.float(), images - noise)


def train_flow(images, num_steps, seed, batch_size=64, peak_lr=2e-3, **sizes):
    """A UNet, trained for a fixed number of steps; and its losses.

    images: a LabelledImages. Adam with one cycle of the learning rate
    (Smith and Topin, 2018), gradients clipped at length 1, matrix products
    in bfloat16 (slow on a processor without it, but of like result).
    """
    torch.manual_seed(seed)
    net = UNet(**sizes).to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(net.parameters(), betas=(0.9, 0.99))
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, peak_lr, total_steps=num_steps, pct_start=0.1
    )
    losses = []
    for X, y in batches(images, num_steps, batch_size):
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            loss = flow_loss(net, X, y)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return net.eval(), losses


def batches(images, num_steps, batch_size):
    """`num_steps` batches (X, y) in an order drawn anew for every epoch.

    X float32 (batch_size, 1, 28, 28) from -1 to 1; y int64 (batch_size,)
    """
    order = torch.empty(0, dtype=torch.int64)
    for _ in range(num_steps):
        if len(order) < batch_size:
            order = torch.randperm(len(images))
        chosen, order = order[:batch_size], order[batch_size:]
        yield images.images[chosen] / 127.5 - 1, images.labels[chosen]


def euler(velocity, x, num_steps):
    """Follow a velocity from time 0 to time 1 (Euler, 1768).

    velocity: function of x and of the time, a number; x: where it begins
    """
    for step in range(num_steps):
        x = x + velocity(x, step / num_steps) / num_steps
    return x


def guided(with_class, without, strength):
    """A velocity that exaggerates what the class changes.

    (Ho and Salimans, 2022.) Strength 0 ignores the class, 1 is the network's
    velocity as it is, more is more.
    """
    return without + strength * (with_class - without)


def velocity_of(net, y, strength=1.0):
    """The velocity of a network for classes y (n,): function of x and t."""

    def velocity(x, t):
        times = torch.full((len(x),), float(t))
        with_class = net(x, times, y)
        if strength == 1:
            return with_class
        without = net(x, times, torch.full_like(y, ANY))
        return guided(with_class, without, strength)

    return velocity


@torch.inference_mode()
def draw(net, y, num_steps=20, strength=1.0, seed=0, batch_size=100):
    """Pictures of classes y (n,): float32 (n, 1, 28, 28), 0 to 1."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(len(y), 1, SIDE, SIDE, generator=generator)
    pairs = zip(noise.split(batch_size), y.split(batch_size), strict=True)
    drawn = [
        euler(velocity_of(net, some, strength), x, num_steps)
        for x, some in pairs
    ]
    return (torch.cat(drawn) / 2 + 0.5).clamp(0, 1)


def load_flow(path=WEIGHTS):
    """The UNet of the course with trained weights, in evaluation mode.

    Raises FileNotFoundError if the weights are missing and ValueError if
    they are damaged or belong to another network.
    """
    remedy = "`python -m tools.train_flow` trains and stores new ones"
    if Path(path) == WEIGHTS:
        remedy = None
    net = with_weights(UNet(), path, "this UNet's", remedy=remedy)
    return net.to(memory_format=torch.channels_last)
