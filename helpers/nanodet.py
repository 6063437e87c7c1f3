"""NanoDet-g, a real detector of 80 kinds of things, written out in PyTorch.

The architecture is RangiLyu's (NanoDet, 2020 and 2021, Apache License 2.0),
written anew for this course; the weights are his, in 8 bits. What they were
trained on and must not be used for: data/nanodet/README.md.
"""

import torch
from torch import nn
from torch.nn import functional as F
from torchvision.models.detection import SSDLite320_MobileNet_V3_Large_Weights
from torchvision.ops import batched_nms

from helpers.boxes import Found
from helpers.data import DATA_FOLDER
from helpers.saved import with_weights

WEIGHTS = DATA_FOLDER / "nanodet" / "nanodet.pt"
# Of pixels from 0 to 255, in the order blue, green, red.
COCO_MEAN = (103.53, 116.28, 123.675)
COCO_SPREAD = (57.375, 57.12, 58.395)
STRIDES = (8, 16, 32)
BINS = 11  # a side is 0 to 10 strides long
# The 80 kinds of COCO (Lin and others, 2014), as torchvision lists them.
_LISTED = SSDLite320_MobileNet_V3_Large_Weights.COCO_V1.meta["categories"]
COCO_NAMES = tuple(
    name for name in _LISTED if name not in ("__background__", "N/A")
)


def for_nanodet(X):
    """Photographs (n, 3, height, width), red, green, blue from 0 to 1, as
    NanoDet saw them in training."""
    mean, spread = (
        torch.tensor(numbers, dtype=X.dtype).view(3, 1, 1)
        for numbers in (COCO_MEAN, COCO_SPREAD)
    )
    return (255 * X.flip(1) - mean) / spread


class Conv(nn.Conv2d):
    """A 3 x 3 convolution and a leaky ReLU, which lets a tenth of what is
    negative through; batch normalisation is folded into the weights."""

    def __init__(self, num_in, num_out, stride=1):
        super().__init__(num_in, num_out, 3, stride, padding=1)

    def forward(self, X):
        return F.leaky_relu(super().forward(X), 0.1)


class Pair(nn.Module):
    """Two convolutions of half the channels, one after the other, and the
    maps of both."""

    def __init__(self, channels):
        super().__init__()
        self.first = Conv(channels, channels // 2)
        self.second = Conv(channels // 2, channels // 2)

    def forward(self, X):
        X = self.first(X)
        return torch.cat([self.second(X), X], dim=1)


class Stage(nn.Module):
    """Twice as many channels: what pairs make of the maps, and the maps
    (a cross-stage partial block; Wang and others, 2020)."""

    def __init__(self, channels, num_pairs, stride):
        super().__init__()
        self.enter = Conv(channels, channels, stride)
        self.pairs = nn.Sequential(*(Pair(channels) for _ in range(num_pairs)))
        self.leave = Conv(channels, channels)

    def forward(self, X):
        X = self.enter(X)
        return torch.cat([self.leave(self.pairs(X)), X], dim=1)


class NanoDet(nn.Module):
    """Three grids of cells, with 80 scores and a box for each cell.

    Takes (n, 3, height, width) as `for_nanodet` makes it, height and width
    multiples of 32. Returns scores (n, cells, 80) from 0 to 1 and boxes
    (n, cells, 4) in pixels, the fine grid first.
    """

    def __init__(self):
        super().__init__()
        self.stem = Conv(3, 32, stride=2)
        self.stages = nn.ModuleList(
            Stage(*sizes)
            for sizes in ((32, 1, 1), (64, 2, 2), (128, 2, 2), (256, 3, 2))
        )
        self.lateral = nn.ModuleList(
            nn.Conv2d(channels, 128, 1) for channels in (128, 256, 512)
        )
        self.heads = nn.ModuleList(
            nn.Sequential(Conv(128, 128), nn.Conv2d(128, 80 + 4 * BINS, 1))
            for _ in STRIDES
        )

    def forward(self, X):
        X = F.max_pool2d(self.stem(X), 3, 2, padding=1)
        X = self.stages[0](X)  # stride 4
        maps = []
        for stage, lateral in zip(self.stages[1:], self.lateral, strict=True):
            X = stage(X)
            maps.append(lateral(X))  # strides 8, 16, 32
        # What the coarse grids know goes to the fine ones, and back.
        for fine, coarse in ((1, 2), (0, 1), (1, 0), (2, 1)):
            resized = F.interpolate(
                maps[coarse], size=maps[fine].shape[2:], mode="bilinear"
            )
            maps[fine] = maps[fine] + resized
        answers = [
            _decoded(head(one), stride)
            for head, one, stride in zip(
                self.heads, maps, STRIDES, strict=True
            )
        ]
        return tuple(
            torch.cat(part, dim=1) for part in zip(*answers, strict=True)
        )


def _decoded(answer, stride):
    """Scores and boxes of one grid's cells.

    Each side of a box is the mean of 11 lengths, 0 to 10 strides, weighted
    by a softmax (Li and others, 2020).
    """
    rows, columns = answer.shape[2:]
    answer = answer.flatten(2).mT  # (n, cells, 124)
    scores, sides = answer[..., :80].sigmoid(), answer[..., 80:]
    sides = sides.unflatten(-1, (4, BINS)).softmax(dim=-1)
    sides = (sides * torch.arange(BINS)).sum(dim=-1) * stride
    y, x = torch.meshgrid(
        torch.arange(rows), torch.arange(columns), indexing="ij"
    )
    C = (torch.stack([x, y], dim=-1).view(-1, 2) + 0.5) * stride
    boxes = torch.cat([C - sides[..., :2], C + sides[..., 2:]], dim=-1)
    return scores, boxes


@torch.no_grad()
def look(net, X, lowest=0.4, overlap=0.5):
    """What NanoDet finds in one prepared photograph: a Found.

    X: (1, 3, height, width) as `for_nanodet` makes it, of any size; it is
    filled up to multiples of 32. lowest: no box with a lower score.
    """
    height, width = X.shape[2:]
    X = F.pad(X.float(), (0, -width % 32, 0, -height % 32))
    scores, boxes = (part[0] for part in net(X))
    cells, labels = (scores >= lowest).nonzero().T
    sure = scores[cells, labels]
    edge = torch.tensor([width, height, width, height])
    boxes = boxes[cells].clamp(min=0).minimum(edge)
    kept = batched_nms(boxes, sure, labels, overlap)
    return Found(boxes[kept], sure[kept], labels[kept])


def in_8_bits(state):
    """A state dict with each weight as whole numbers from -127 to 127, and
    a scale for each of its filters; biases in half precision."""
    small = {}
    for name, value in state.items():
        if name.endswith("weight"):
            scale = (value.abs().amax(dim=(1, 2, 3), keepdim=True)) / 127
            small[name] = (value / scale).round().to(torch.int8)
            small[f"{name}.scale"] = scale.half()
        else:
            small[name] = value.half()
    return small


def _from_8_bits(small):
    """The state dict of which `in_8_bits` made the small one."""
    return {
        name: value.float() * small.get(f"{name}.scale", torch.ones(()))
        for name, value in small.items()
        if not name.endswith(".scale")
    }


def load_nanodet(path=WEIGHTS):
    """NanoDet-g with its weights, to be used.

    Raises FileNotFoundError if the file is missing and ValueError if it is
    damaged or belongs to another model.
    """
    return with_weights(NanoDet(), path, "NanoDet's", _from_8_bits)
