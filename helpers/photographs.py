"""Photographs, and a network that people use for such.

Where they come from, and what may be done with them: the card beside them,
data/photographs/README.md.
"""

from collections import OrderedDict

import numpy as np
import torch
from PIL import Image
from torch import nn
from torchvision.models import MobileNet_V2_Weights, mobilenet_v2
from torchvision.transforms import Normalize

from helpers.data import DATA_FOLDER, DataError, how_to_restore
from helpers.saved import with_weights

PHOTOGRAPHS = DATA_FOLDER / "photographs"
MOBILENET = PHOTOGRAPHS / "mobilenet_v2.pt"
# What each of the 1,000 logits stands for.
CATEGORIES = tuple(MobileNet_V2_Weights.IMAGENET1K_V1.meta["categories"])
# What is to be seen in the photograph "coffee", by its number in the parts.
PARTS = ("coffee", "cup", "spoon", "saucer", "table")


def load_photograph(name, folder=PHOTOGRAPHS):
    """A photograph, float32 (1, 3, height, width), 0 to 1.

    "coffee" and "cat" are 224 x 224 pixels; "coffee_whole", "cat_whole",
    "camera" and "rocket" are 416 pixels wide. Raises DataError if there is
    none of this name, or it is damaged.
    """
    path = folder / f"{name}.jpg"
    pixels = _pixels(
        path if path.is_file() else path.with_suffix(".png"), "RGB"
    )
    return torch.from_numpy(pixels).permute(2, 0, 1)[None] / 255


def load_parts(name="coffee", folder=PHOTOGRAPHS):
    """Which of PARTS each pixel of a photograph shows: int64 (224, 224).

    The outlines were drawn by hand, as ellipses.
    """
    pixels = _pixels(folder / f"{name}_parts.png", "L")
    return torch.from_numpy(pixels).long()


def load_mobilenet(path=MOBILENET):
    """MobileNetV2, trained on ImageNet, in evaluation mode.

    (Sandler et al., 2018; the weights are torchvision's.) Takes float images
    (batch, 3, height, width) with pixels from 0 to 1, returns the logits of
    the CATEGORIES, (batch, 1000). `net.mobilenet.features` are its blocks.
    Raises FileNotFoundError if the weights are missing and ValueError if
    they are damaged.
    """
    usual = MobileNet_V2_Weights.IMAGENET1K_V1.transforms()
    net = with_weights(mobilenet_v2(), path, "MobileNetV2's")
    steps = {"normalise": Normalize(usual.mean, usual.std), "mobilenet": net}
    return nn.Sequential(OrderedDict(steps)).eval()


def _pixels(path, mode):
    if not path.is_file():
        names = ", ".join(sorted(file.stem for file in path.parent.glob("*")))
        raise DataError(
            f"{path} is missing (there are: {names or 'none'}): "
            f"{how_to_restore(path)}."
        )
    try:
        with Image.open(path) as picture:
            return np.array(picture.convert(mode))
    except OSError as error:
        raise DataError(
            f"{path} is damaged ({error}): {how_to_restore(path)}."
        ) from None
