"""Labelled images: the embedded clothing images, and two larger sets.

Every loader returns three `LabelledImages`: training, validation, test.
"""

import gzip
import hashlib
import math
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

DATA_FOLDER = Path(__file__).resolve().parent.parent / "data"
DOWNLOADS = DATA_FOLDER / "downloads"

CLOTHING = (
    "T-shirt",
    "trousers",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)
CIFAR10 = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)

# SHA-256 of the uncompressed bytes: compressed ones depend on the zlib used.
CHECKSUMS = {
    "train-images-idx3-ubyte.gz": "ef4a0877118d91a4289fd6c73bf914c8"
    "b9b70afcc05f088270d410832a73ba67",
    "train-labels-idx1-ubyte.gz": "0c285fb8bdab438adcf57374a8329ab7"
    "56c23a899eb7b6445e1236d82cd23495",
    "t10k-images-idx3-ubyte.gz": "4b50cd7e190fbc962dbb8efd7bd95bc6"
    "0831b9495958be922035bbdf16b8f793",
    "t10k-labels-idx1-ubyte.gz": "836ffa8f573a55045dd4e7ee8cdb788f"
    "bcc01639c6bc218e862172886756af60",
}
NUM_VALIDATION = 2000  # the last images of the embedded training file


class DataError(RuntimeError):
    """Images that cannot be had; the message says what to do about it."""


@dataclass(frozen=True, eq=False)
class LabelledImages:
    """Images with the right answer for each.

    images: uint8 tensor (n, channels, height, width), 0 dark to 255 bright
    labels: int64 tensor (n,), indices into class_names
    class_names: the classes, in the order of their labels
    """

    images: torch.Tensor
    labels: torch.Tensor
    class_names: tuple[str, ...]

    def __post_init__(self):
        images, labels = self.images, self.labels
        if images.dtype != torch.uint8 or images.ndim != 4:
            raise ValueError(
                "images must be uint8 of shape (n, channels, height, width), "
                f"not {images.dtype} of shape {tuple(images.shape)}"
            )
        if labels.dtype != torch.int64 or labels.shape != images.shape[:1]:
            raise ValueError(
                f"{len(images)} images need {len(images)} int64 labels, "
                f"not {labels.dtype} of shape {tuple(labels.shape)}"
            )
        if len(labels) and not (
            labels.min() >= 0 and labels.max() < len(self.class_names)
        ):
            raise ValueError(
                f"labels must lie in 0..{len(self.class_names) - 1}, "
                f"not {labels.min()}..{labels.max()}"
            )

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        """The images of a slice or of a tensor of indices, as a new set."""
        if isinstance(index, int):
            raise TypeError(
                f"one image is images.images[{index}] with "
                f"images.labels[{index}]; a set takes a slice or indices"
            )
        return LabelledImages(
            self.images[index], self.labels[index], self.class_names
        )

    def inputs(self):
        """What BigModel takes: float32 (n, 3, height, width), 0 to 1.

        A grey image is repeated to three channels.
        """
        return self.images.expand(-1, 3, -1, -1) / 255


class Splits(NamedTuple):
    """The three parts of a data set, each with its own purpose."""

    train: LabelledImages  # to fit weights
    validation: LabelledImages  # to choose between models
    test: LabelledImages  # to be looked at once, at the end


def how_to_restore(path):
    """How to get a file of the course back: the end of an error message."""
    course, path = DATA_FOLDER.parent, Path(path).resolve()
    if path.is_relative_to(course) and (course / ".git").exists():
        name = path.relative_to(course).as_posix()
        return f"`git checkout -- {name}` gets it back"
    return "download the course again to get it back"


def load_embedded(folder=DATA_FOLDER):
    """The 20,000 + 4,000 clothing images that come with the course.

    From Fashion-MNIST (Xiao, Rasul and Vollgraf, 2017), in our own split:
    18,000 training, 2,000 validation and 4,000 test images, each with the
    same number of images of every class.

    Raises DataError if a file is missing, truncated or altered.
    """
    files = {
        name: _read_idx(Path(folder) / name, checksum)
        for name, checksum in CHECKSUMS.items()
    }
    train, test = _pair(files, CLOTHING)
    return Splits(train[:-NUM_VALIDATION], train[-NUM_VALIDATION:], test)


def load_fashion_mnist(folder=DOWNLOADS):
    """All of Fashion-MNIST, official test split, downloaded on first use.

    (Xiao, Rasul and Vollgraf, 2017.) 58,000 training, 2,000 validation and
    10,000 test images; the validation images are ours, taken from the
    official training split, 200 of each class. Some of these test images
    are training images of the embedded set: do not mix the two.

    Raises DataError without a network, and if what came is damaged.
    """
    from torchvision.datasets import FashionMNIST
    from torchvision.datasets.utils import check_integrity, download_url

    folder = Path(folder) / "FashionMNIST"
    files = {}
    for name, md5 in FashionMNIST.resources:
        for mirror in FashionMNIST.mirrors:
            if not check_integrity(folder / name, md5):
                _download(
                    "Fashion-MNIST",
                    download_url,
                    mirror + name,
                    folder,
                    md5=md5,
                )
        files[name] = _read_idx(folder / name)
    train, test = _pair(files, CLOTHING)
    if (len(train), len(test)) != (60_000, 10_000):
        raise DataError(
            f"Fashion-MNIST has 60,000 + 10,000 images, {folder} holds "
            f"{len(train):,} + {len(test):,}: delete it and load again."
        )
    return Splits(*_hold_out(train), test)


def load_cifar10(folder=DOWNLOADS):
    """CIFAR-10 (Krizhevsky, 2009), downloaded on first use.

    Colour photographs of 32 x 32 pixels, of which we keep the middle
    28 x 28: 48,000 training, 2,000 validation and 10,000 test images; the
    validation images are ours, 200 of each class of the training split.

    Raises DataError without a network, and if what came is damaged.
    """
    from torchvision import datasets

    parts = []
    for train in (True, False):
        part = _download(
            "CIFAR-10",
            datasets.CIFAR10,
            Path(folder) / "CIFAR10",
            train=train,
            download=True,
        )
        images = torch.from_numpy(part.data).permute(0, 3, 1, 2)
        images = images[:, :, 2:30, 2:30].contiguous()
        parts.append(
            LabelledImages(images, torch.tensor(part.targets), CIFAR10)
        )
    train, test = parts
    if (len(train), len(test)) != (50_000, 10_000):
        raise DataError(
            f"CIFAR-10 has 50,000 + 10,000 images, {folder} holds "
            f"{len(train):,} + {len(test):,}: delete it and load again."
        )
    return Splits(*_hold_out(train), test)


def _read_idx(path, checksum=None):
    """A gzipped IDX file of uint8 as an array, whole or not at all."""
    if path.parent == DATA_FOLDER:
        mend = how_to_restore(path)
    elif checksum:
        mend = "copy it again from the course's data folder"
    else:
        mend = "delete it and load again"
    if not path.is_file():
        raise DataError(f"{path} is missing: {mend}.")
    try:
        raw = gzip.decompress(path.read_bytes())
    except EOFError:
        raise DataError(f"{path} is cut short: {mend}.") from None
    except (OSError, zlib.error) as error:
        raise DataError(f"{path} is damaged ({error}): {mend}.") from None
    if checksum and hashlib.sha256(raw).hexdigest() != checksum:
        raise DataError(
            f"{path} was altered, its checksum is not the one of the data "
            f"card: {mend}."
        )
    is_uint8 = len(raw) > 3 and raw[:3] == b"\0\0\x08"
    rank = raw[3] if is_uint8 else 0
    shape = np.frombuffer(raw[4 : 4 + 4 * rank], ">u4").tolist()
    pixels = raw[4 + 4 * rank :]
    if not rank or len(shape) != rank or len(pixels) != math.prod(shape):
        raise DataError(f"{path} is not a whole IDX file of bytes: {mend}.")
    return np.frombuffer(pixels, np.uint8).reshape(shape).copy()


def _pair(files, class_names):
    """Training and test set from the four arrays of an MNIST-like set."""
    return (
        LabelledImages(
            torch.from_numpy(files[f"{part}-images-idx3-ubyte.gz"])[:, None],
            torch.from_numpy(files[f"{part}-labels-idx1-ubyte.gz"]).long(),
            class_names,
        )
        for part in ("train", "t10k")
    )


def _hold_out(train, per_class=NUM_VALIDATION // 10, seed=0):
    """Training set without, and validation set of, `per_class` of a class."""
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(train), generator=generator)
    held = torch.zeros(len(train), dtype=torch.bool)
    for label in range(len(train.class_names)):
        held[order[train.labels[order] == label][:per_class]] = True
    return train[~held], train[held]


def _download(name, fetch, *arguments, **options):
    """`fetch(...)`; a failure says how to go on without a network."""
    try:
        return fetch(*arguments, **options)
    except (OSError, RuntimeError) as error:
        raise DataError(
            f"{name} could not be downloaded ({error}). With a network, try "
            "again; without one, go on with load_embedded(), which needs none."
        ) from None
