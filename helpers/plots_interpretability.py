"""The figures of the notebooks on interpretability.

Each function takes numbers, draws, and returns nothing; what is to be seen
goes to `show` or `live` in words. A map has one of three kinds, and its
colour bar says which:

signed   orange speaks for the class, purple against it
for      orange; what speaks against it was cut to 0
size     pink; how strongly, whether for or against it
"""

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from torch.nn import functional as F

from helpers.figures import SIGNED, live, show

_DARK = "#7a1052"  # the pink of gradients, darker, so that it shows
KINDS = {
    "signed": (plt.get_cmap(SIGNED), -1, "← against        for →"),
    "for": (
        LinearSegmentedColormap.from_list(
            "for", plt.get_cmap(SIGNED)(np.linspace(0.5, 1, 64))
        ),
        0,
        "speaks for the class →",
    ),
    "size": (
        LinearSegmentedColormap.from_list("size", ["white", _DARK]),
        0,
        "strength, for or against →",
    ),
}


def colours(image):
    """A picture (3, height, width) as it is drawn, (height, width, 3)."""
    return image.detach().permute(1, 2, 0).clamp(0, 1).numpy()


def blended(image, values, kind="signed", scale=None):
    """A map laid over its picture, grey: (height, width, 3), 0 to 1.

    image: (3, height, width); values: (h, w), made larger if they must be
    scale: what gets the full colour, by default the largest value but for
        one pixel in 200

    A map of a photograph's pixels is drawn as means over 5 x 5 of them.
    """
    values = values.detach().float()
    if len(values) > 100:  # single pixels of a photograph are too small
        values = F.avg_pool2d(values[None], 5, stride=1, padding=2)[0]
    if values.shape != image.shape[1:]:
        size = {"size": image.shape[1:], "mode": "bilinear"}
        values = F.interpolate(values[None, None], **size)[0, 0]
    if scale is None:
        scale = values.abs().quantile(0.995).item() or 1.0
    share = (values / scale).clamp(-1, 1).numpy()
    grey = image.detach().mean(dim=0).numpy()[..., None]
    grey = np.repeat(0.25 + 0.7 * grey, 3, axis=2)
    colormap, low, _ = KINDS[kind]
    paint = colormap((share - low) / (1 - low))[..., :3]
    cover = 0.9 * np.abs(share)[..., None] ** 0.8
    return grey * (1 - cover) + paint * cover


def key(figure, axes, kind, **options):
    """The colour bar of a kind of map, from nothing to the most."""
    colormap, low, words = KINDS[kind]
    paint = ScalarMappable(Normalize(low, 1), colormap)
    options = {"shrink": 0.85, "aspect": 18, "pad": 0.02} | options
    bar = figure.colorbar(paint, ax=axes, label=words, **options)
    ends = (-1, 0, 1) if low else (0, 1)
    names = {-1: "most", 0: "0", 1: "most"}
    bar.set_ticks(ends, labels=[names[end] for end in ends], fontsize=9)
    bar.set_label(words, fontsize=9)
    return bar


def bare(axes):
    for ax in np.ravel(axes):
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)


def photograph(X, logits, names):
    """A photograph, and how sure the network is of its first answers."""
    figure, axes = plt.subplots(1, 2, figsize=(7.5, 3), width_ratios=(1, 1.2))
    axes[0].imshow(colours(X[0]))
    bare(axes[0])
    shares, places = logits.detach().softmax(dim=0).topk(5)
    rows = [names[place] for place in places]
    axes[1].barh(rows, 100 * shares, color="#E69F00")
    axes[1].invert_yaxis()
    axes[1].set(xlabel="probability, %", xlim=(0, 100))
    listed = ", ".join(
        f"{name} {share:.1%}" for name, share in zip(rows, shares, strict=True)
    )
    show(
        figure,
        "A photograph: a cup of espresso, a spoon on the red saucer, a "
        f"wooden table. The network's first five answers: {listed}.",
    )


def covered(pictures, captions):
    """Pictures in a row, each with what the network says to it."""
    figure, axes = plt.subplots(1, len(pictures), figsize=(7.8, 2.1))
    words = []
    for ax, X, (title, says) in zip(axes, pictures, captions, strict=True):
        ax.imshow(colours(X))
        ax.set_title(title, fontsize=10, loc="center")
        ax.set_xlabel(says, fontsize=10)
        words.append(f"{title}: {says}".replace("\n", " "))
    bare(axes)
    show(figure, "The photograph with one thing grey. " + "; ".join(words))


def over(X, values, kind, title, words):
    """A photograph, and beside it one map laid over it."""
    figure, axes = plt.subplots(1, 2, figsize=(7, 3))
    axes[0].imshow(colours(X[0]))
    axes[1].imshow(blended(X[0], values, kind))
    axes[1].set_title(title)
    bare(axes)
    key(figure, axes[1], kind)
    show(figure, words)


def gallery(X, maps, words):
    """Maps of one picture, each laid over it: {title: (values, kind)}."""
    columns = 3
    rows = -(-len(maps) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(7.8, 3.3 * rows))
    for ax, title in zip(axes.flat, maps, strict=False):
        values, kind = maps[title]
        picture = blended(X[0], values, kind) if kind else colours(X[0])
        ax.imshow(picture)
        place = {"location": "bottom", "shrink": 0.9, "aspect": 25}
        bar = key(figure, ax, kind or "for", **place)
        bar.ax.set_visible(bool(kind))  # its room keeps the row even
        ax.set_title(title, fontsize=10)
    bare(axes)
    for ax in axes.flat[len(maps) :]:
        ax.remove()
    show(figure, words)


def shares(X, parts, names, values):
    """Each part of a photograph in the colour of what it earned."""
    tint = torch.zeros(parts.shape)
    for number, value in enumerate(values):
        tint[parts == number] = value
    figure, axes = plt.subplots(1, 2, figsize=(7.5, 3), width_ratios=(1, 1.2))
    scale = 1.4 * max(map(abs, values))
    axes[0].imshow(blended(X[0], tint, "signed", scale))
    bare(axes[0])
    axes[1].barh(names, values, color="#E69F00")
    axes[1].invert_yaxis()
    axes[1].set(xlabel="Shapley value, logit of espresso")
    for row, value in enumerate(values):
        axes[1].text(value + 0.1, row, f"{value:.1f}", va="center")
    axes[1].set_xlim(min(0, *values), 1.2 * max(values))
    listed = ", ".join(
        f"{name} {value:.1f}"
        for name, value in zip(names, values, strict=True)
    )
    show(figure, f"What each thing in the photograph earned: {listed}.")


def marked_pixels(image, marks, spreads):
    """An average image, and where 50 pixels lie: {title: positions}."""
    figure, axes = plt.subplots(1, 2, figsize=(6.4, 3.3))
    looks = (("#D55E00", "x"), ("#009E73", "o"))
    for ax, (title, places), (color, mark) in zip(
        axes, marks.items(), looks, strict=True
    ):
        ax.imshow(image.view(28, 28))
        ax.plot(places % 28, places // 28, mark, color=color, ms=5)
        ax.set_title(title)
    bare(axes)
    first, second = spreads
    show(
        figure,
        "The average of sneakers and sandals with 50 pixels marked. Those "
        "with the largest weights lie in the black background, where a pixel "
        f"varies by {first:.3f} on average; those with the largest "
        f"importance lie on the shoe, where it varies by {second:.2f}.",
    )


def baselines(X, pairs, on_black):
    """Baselines above, and below the maps they give, over the image."""
    figure, axes = plt.subplots(2, len(pairs) + 1, figsize=(7.8, 3.5))
    axes[0, 0].imshow(X[0, 0], vmin=0, vmax=1)
    axes[0, 0].set_title("the image", fontsize=10)
    axes[1, 0].remove()
    for column, (name, (baseline, values)) in enumerate(pairs.items(), 1):
        axes[0, column].imshow(baseline[0, 0], vmin=0, vmax=1)
        axes[0, column].set_title(name, fontsize=10)
        axes[1, column].imshow(blended(X[0], values, "size"))
    axes[0, 1].set_ylabel("baseline")
    axes[1, 1].set_ylabel("map")
    bare([ax for ax in axes.flat if ax is not axes[1, 0]])
    key(figure, axes[1, 1:], "size", shrink=1)
    listed = ", ".join(f"{k} {share:.0%}" for k, share in on_black.items())
    show(
        figure,
        "A shirt, four baselines, and the map that each gives; share of the "
        f"map on the image's black pixels: {listed}.",
    )


def choice(pictures, explain, kinds, **menus):
    """A photograph and a map of it, as the menus say.

    pictures: {name: X}; explain(picture, method) gives (the network's
    answer, values); kinds: {method: kind of map}
    """
    figure, axes = plt.subplots(1, 2, figsize=(6.6, 3.4))
    first = next(iter(pictures.values()))
    left = axes[0].imshow(colours(first[0]))
    right = axes[1].imshow(colours(first[0]))
    for ax in axes:
        ax.set_title(" ")
    bare(axes)
    seen = {}

    def draw(picture, method):
        if (picture, method) not in seen:
            seen[picture, method] = explain(picture, method)
        answer, values = seen[picture, method]
        X, kind = pictures[picture], kinds[method]
        left.set_data(colours(X[0]))
        right.set_data(blended(X[0], values, kind))
        axes[0].set_title(answer, fontsize=10)
        meaning = {
            "signed": "orange for, purple against",
            "for": "orange: for",
            "size": "pink: for or against",
        }[kind]
        axes[1].set_title(f"{method}; {meaning}", fontsize=10)
        at = values.abs().flatten().argmax()
        row, column = divmod(at.item(), values.shape[1])
        down, across = (
            100 * (row + 0.5) / values.shape[0],
            100 * (column + 0.5) / values.shape[1],
        )
        return (
            f"The photograph {picture}: the network says {answer}. The map "
            f"of {method} is strongest {down:.0f} % of the way down and "
            f"{across:.0f} % of the way across."
        )

    live(figure, draw, **menus)
