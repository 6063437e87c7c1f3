"""A variational autoencoder of garments (Kingma and Welling, 2014).

Images are float32 (n, 1, 28, 28) from 0, black, to 1, white; classes int64
(n,) from 0 to 9; codes float32 (n, 20).
"""

import torch
from torch import nn
from torch.nn import functional as F

from helpers.flow import batches

CODE = 20  # numbers in a code
CLASSES = 10


class VAE(nn.Module):
    """An encoder, which says where an image's code lies and how exactly,
    and a decoder, which draws an image from a code and a class."""

    def __init__(self, width=32):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1 + CLASSES, width, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, 2 * width, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(2 * width * 7 * 7, 2 * CODE),
        )
        self.decoder = nn.Sequential(
            nn.Linear(CODE + CLASSES, 2 * width * 7 * 7),
            nn.ReLU(),
            nn.Unflatten(1, (2 * width, 7, 7)),
            nn.ConvTranspose2d(2 * width, width, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(width, width, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, 1, 3, padding=1),
        )

    def encode(self, images, y):
        """Mean and logarithm of the variance of each code: two (n, 20)."""
        marks = F.one_hot(y, CLASSES).float()[:, :, None, None]
        marks = marks.expand(-1, -1, *images.shape[2:])
        both = self.encoder(torch.cat([images, marks], dim=1))
        mean, log_variance = both.float().chunk(2, dim=1)
        return mean, log_variance

    def decode(self, codes, y):
        """Logits of the pixels, (n, 1, 28, 28)."""
        marks = F.one_hot(y, CLASSES).float()
        return self.decoder(torch.cat([codes, marks], dim=1))


def reparametrise(mean, log_variance, noise):
    """A code, drawn so that gradients reach the mean and the variance.

    (Kingma and Welling, 2014.) noise: standard normal, shaped like the mean
    """
    return mean + (log_variance / 2).exp() * noise


def code_cost(mean, log_variance):
    """Nats that the codes tell beyond a standard normal, summed.

    The Kullback-Leibler divergence of N(mean, variance) from N(0, 1).
    """
    variance = log_variance.exp()
    return (mean**2 + variance - log_variance - 1).sum() / 2


def vae_loss(net, images, y):
    """Nats an image: what the decoder misses, and what the codes tell."""
    mean, log_variance = net.encode(images, y)
    codes = reparametrise(mean, log_variance, torch.randn_like(mean))
    logits = net.decode(codes, y).float()
    missed = F.binary_cross_entropy_with_logits(
        logits, images, reduction="sum"
    )
    return (missed + code_cost(mean, log_variance)) / len(images)


def train_vae(images, num_steps, seed, batch_size=128, peak_lr=2e-3):
    """A VAE, trained for a fixed number of steps; and its losses.

    images: a LabelledImages. Adam with one cycle of the learning rate.
    """
    torch.manual_seed(seed)
    net = VAE()
    optimizer = torch.optim.Adam(net.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, peak_lr, total_steps=num_steps, pct_start=0.1
    )
    losses = []
    for X, y in batches(images, num_steps, batch_size):
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            loss = vae_loss(net, X / 2 + 0.5, y)
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return net.eval(), losses


@torch.inference_mode()
def draw_vae(net, y, seed=0):
    """Pictures of classes y (n,): float32 (n, 1, 28, 28), 0 to 1."""
    generator = torch.Generator().manual_seed(seed)
    codes = torch.randn(len(y), CODE, generator=generator)
    return net.decode(codes, y).sigmoid()
