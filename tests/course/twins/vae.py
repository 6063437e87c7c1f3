"""Inputs for the variational autoencoder: a linear one."""

import torch
from torch import nn

from tests.course.twins.draw import Twin


class Linear(nn.Module):
    """Encoder and decoder are a matrix each."""

    def __init__(self, into, out):
        super().__init__()
        self.into, self.out = nn.Parameter(into), nn.Parameter(out)

    def encode(self, images, y):
        both = images.flatten(1) @ self.into + y[:, None] / 10
        return both.chunk(2, dim=1)

    def decode(self, codes, y):
        logits = codes @ self.out + y[:, None] / 10
        return logits.reshape(-1, 1, 2, 2)


def to_lose(draw):
    count = draw.pick(1, 3)
    images = torch.from_numpy(draw.random.random((count, 1, 2, 2))).float()
    net = Linear(draw.tensor(4, 6), draw.tensor(3, 4))
    return (net, images, draw.classes(count, 10), draw.number), {}


def use_loss(side, net, images, y, seed):
    torch.manual_seed(seed)
    return side.vae_loss(net, images, y)


def to_draw(draw):
    shape = draw.pick((1,), (3,), (2, 2))
    return tuple(draw.tensor(*shape) for _ in range(3)), {}


TWINS = {
    "vae_loss": Twin(to_lose, use_loss),
    "reparametrise": Twin(to_draw),
}
