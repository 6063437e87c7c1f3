"""Draw the picture of the README: the ten classes, each in its colour."""

import matplotlib.pyplot as plt
import numpy as np
import torch

from helpers.data import load_embedded
from helpers.figures import tile
from tools.notebook_files import ROOT

COLUMNS = 30
PICTURE = ROOT / "notebooks" / "images" / "clothing.png"


def mosaic():
    """Array (280, 840, 3), 0 to 1: thirty images of a class in each row,
    from the darkest to the brightest."""
    images = load_embedded().validation
    rows = []
    for label in range(len(images.class_names)):
        row = images.images[images.labels == label][:COLUMNS, 0] / 255
        order = row.mean(dim=(1, 2)).argsort()
        colour = plt.get_cmap("viridis")(0.25 + 0.08 * label)[:3]
        rows.append(row[order, :, :, None] * torch.tensor(colour))
    return tile(torch.cat(rows), COLUMNS)


if __name__ == "__main__":
    picture = np.kron(mosaic(), np.ones((2, 2, 1)))
    plt.imsave(PICTURE, picture, metadata={"Software": None})
