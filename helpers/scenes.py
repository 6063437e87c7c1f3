"""Scenes: garments of the embedded images, put together on one background.

What a detector needs, several things in one picture and a box around each,
without anybody having to draw boxes: whoever puts a garment somewhere knows
where it is.
"""

from typing import NamedTuple

import numpy as np
import torch
from PIL import Image, ImageFilter

SIZE = 80  # pixels of a scene, each way
SCALE = 0.7, 1.5  # of a garment's 28 pixels
MAX_OVERLAP = 0.3  # of two boxes, intersection over union
ATTEMPTS = 10  # to find a place for a garment


class Scenes(NamedTuple):
    """Scenes, and what is where in each.

    images: uint8 (n, 1, 80, 80)
    boxes: for each scene float32 (k, 4), left, top, right and bottom edge in
        pixels; a garment covers the pixels from left to right - 1
    labels: for each scene int64 (k,), indices into class_names
    class_names: the classes, in the order of their labels
    """

    images: torch.Tensor
    boxes: list
    labels: list
    class_names: tuple

    def first(self, count):
        """The first `count` scenes."""
        parts = (part[:count] for part in self[:3])
        return Scenes(*parts, self.class_names)


def compose(garments, num_scenes, seed, max_garments=4):
    """`num_scenes` scenes of one to `max_garments` garments each.

    garments: LabelledImages of 28 x 28 pixels; any of them may be drawn
    seed: the same seed and garments give the same scenes

    Each garment gets a size, a contrast and a place; later ones lie on top,
    and their box overlaps no earlier one by more than MAX_OVERLAP. A box is
    that of the whole garment, also where another hides part of it. Raises
    ValueError if there are no garments or they have another shape.
    """
    if not len(garments) or garments.images.shape[1:] != (1, 28, 28):
        raise ValueError(
            "compose needs garments of shape (n, 1, 28, 28), not "
            f"{tuple(garments.images.shape)}"
        )
    rng = np.random.default_rng(seed)
    pictures = garments.images[:, 0].numpy()
    labels = garments.labels.tolist()
    images = np.empty((num_scenes, SIZE, SIZE), np.uint8)
    all_boxes, all_labels = [], []
    for number in range(num_scenes):
        canvas, boxes, names = _background(rng), [], []
        for _ in range(rng.integers(1, max_garments + 1)):
            chosen = int(rng.integers(len(labels)))
            grey, cover = _garment(pictures[chosen], rng.uniform(*SCALE))
            box = _place(rng, *grey.shape, boxes)
            if box is None:
                continue  # no room left
            left, top, right, bottom = box
            contrast, lift = rng.uniform(0.5, 1), rng.uniform(0, 0.2)
            worn = lift + (1 - lift) * contrast * grey
            part = canvas[top:bottom, left:right]
            part[:] = part * (1 - cover) + worn * cover
            boxes.append(box)
            names.append(labels[chosen])
        images[number] = np.rint(255 * canvas.clip(0, 1))
        all_boxes.append(torch.tensor(boxes, dtype=torch.float32))
        all_labels.append(torch.tensor(names))
    images = torch.from_numpy(images)[:, None]
    return Scenes(images, all_boxes, all_labels, garments.class_names)


def _background(rng):
    """Uneven grey with noise, float (SIZE, SIZE)."""
    coarse = Image.fromarray(rng.random((4, 4), np.float32) * 0.35)
    smooth = np.array(coarse.resize((SIZE, SIZE), Image.Resampling.BILINEAR))
    noise = rng.standard_normal((SIZE, SIZE), np.float32)
    return smooth + noise * rng.uniform(0.01, 0.08)


def _garment(picture, scale):
    """A garment's brightness and where it covers, both 0 to 1, cut tight.

    It covers what is brighter than 10 of 255; cracks of a pixel are closed.
    """
    side = round(28 * scale)
    covered = Image.fromarray((picture > 10).astype(np.uint8) * 255)
    closed = covered.filter(ImageFilter.MaxFilter(3))
    closed = closed.filter(ImageFilter.MinFilter(3))
    grey, cover = (
        np.array(layer.resize((side, side), Image.Resampling.BILINEAR))
        for layer in (Image.fromarray(picture), closed)
    )
    rows = np.flatnonzero((cover > 127).any(axis=1))
    columns = np.flatnonzero((cover > 127).any(axis=0))
    if not len(rows):  # an empty picture: all of it
        rows = columns = np.arange(side)
    tight = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return grey[tight] / 255, cover[tight] / 255


def _place(rng, height, width, others):
    """A box for a garment, or None if the attempts found no place."""
    for _ in range(ATTEMPTS):
        top = int(rng.integers(SIZE - height + 1))
        left = int(rng.integers(SIZE - width + 1))
        box = left, top, left + width, top + height
        if all(_overlap(box, other) <= MAX_OVERLAP for other in others):
            return box
    return None


def _overlap(a, b):
    """Intersection over union of two boxes of whole numbers."""
    across = min(a[2], b[2]) - max(a[0], b[0])
    down = min(a[3], b[3]) - max(a[1], b[1])
    common = max(across, 0) * max(down, 0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    return common / (sum(areas) - common)
