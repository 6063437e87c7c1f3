"""A training step made faster: the same network, the same arithmetic.

BigModel that pools first, images one at a time as the plain loop takes
them, and whether bfloat16 pays on this machine.
"""

import time

import torch
from torch.nn import functional as F
from torch.utils.data import Dataset
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
