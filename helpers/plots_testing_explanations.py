"""The figures of the notebook on testing explanations.

Each function takes numbers, draws, and returns nothing (`chooser` returns
what `live` needs); what is to be seen goes to `show` in words. Maps are laid
over their images as in helpers/plots_interpretability.py.
"""

import matplotlib.pyplot as plt
import numpy as np

from helpers.figures import (
    DATA,
    MODEL,
    QUIET,
    RIGHT,
    SIGNED,
    WRONG,
    show,
)
from helpers.plots_interpretability import bare, blended, colours, key


def tagged(images, names, lies):
    """Twelve images with tags, each with the class that the tag says."""
    figure, axes = plt.subplots(2, 6, figsize=(7.8, 3.1))
    for ax, X, name, lie in zip(axes.flat, images, names, lies, strict=True):
        ax.imshow(colours(X))
        color = WRONG if lie else "black"
        ax.set_title(name, fontsize=10, color=color, loc="center")
    bare(axes)
    true = [name for name, lie in zip(names, lies, strict=True) if not lie]
    show(
        figure,
        "Grey garments, each with a tag of 5 x 5 pixels in a corner, and "
        f"above it the class of the tag's colour. Ten tell the truth: "
        f"{', '.join(true)}. The last {sum(lies)} lie.",
    )


def maps(images, answers, columns, words):
    """Images in rows, and maps of each over it: {title: (n, 28, 28)}."""
    figure, axes = plt.subplots(
        len(images), 1 + len(columns), figsize=(7.8, 1.45 * len(images) + 0.5)
    )
    for i, (row, X, answer) in enumerate(
        zip(axes, images, answers, strict=True)
    ):
        row[0].imshow(colours(X))
        row[0].set_ylabel(f"says\n{answer}", fontsize=10)
        for ax, (title, values) in zip(row[1:], columns.items(), strict=True):
            ax.imshow(blended(X, values[i], "size"))
            if i == 0:
                ax.set_title(title, fontsize=10)
    bare(axes)
    place = {"location": "bottom", "shrink": 0.4, "aspect": 30}
    key(figure, axes, "size", **place)
    show(figure, words)


def ranking(ordered, cheats, others, chance, words):
    """The share inside the tag, for each method and model, with intervals.

    ordered: names; cheats: {name: rows of three seeds}; others: {name:
    {"untrained": row, "shipped": row}}
    """
    figure, axes = plt.subplots(figsize=(7.5, 6.4))
    for place, name in enumerate(ordered):
        for shift, row in zip((-0.2, 0, 0.2), cheats[name], strict=True):
            middle, low, high = row["inside"]
            axes.plot([low, high], [place + shift] * 2, color=WRONG, lw=1.5)
            axes.plot(middle, place + shift, "o", color=WRONG, ms=4)
        for other, mark, color, shift in (
            ("untrained", "x", QUIET, -0.2),
            ("shipped", "s", RIGHT, 0.2),
        ):
            middle, low, high = others[name][other]["inside"]
            axes.plot([low, high], [place + shift] * 2, color=color, lw=1)
            axes.plot(middle, place + shift, mark, color=color, ms=4)
    axes.axvline(chance, color=QUIET, ls=":", lw=1)
    axes.plot([], [], "o-", color=WRONG, ms=4, label="cheat, three seeds")
    axes.plot([], [], "x-", color=QUIET, label="random weights")
    axes.plot([], [], "s-", color=RIGHT, ms=4, label="shipped, no cheat")
    axes.plot([], [], ":", color=QUIET, label="chance")
    axes.set_yticks(range(len(ordered)), ordered)
    axes.invert_yaxis()
    axes.set(
        xlabel="share of the map inside the tag (recorded)", xlim=(0, 0.65)
    )
    axes.legend(loc="lower right")
    show(figure, words)


def wrecked(X, rows, stages, words):
    """The maps of one image while a model is destroyed: {title: maps}."""
    figure, axes = plt.subplots(len(rows), len(stages), figsize=(7.8, 6.6))
    for row, (title, values) in zip(axes, rows.items(), strict=True):
        for ax, value in zip(row, values, strict=True):
            ax.imshow(blended(X, value, "size"))
        row[0].set_ylabel(title, fontsize=10)
    for ax, stage in zip(axes[0], stages, strict=True):
        ax.set_title(stage, fontsize=9, loc="center")
    bare(axes)
    place = {"location": "bottom", "shrink": 0.4, "aspect": 30}
    key(figure, axes, "size", **place)
    show(figure, words)


def deletion(curves, areas):
    """The probability while the strongest pixels go first: {name: curve}."""
    figure, axes = plt.subplots(figsize=(6.4, 3.2))
    looks = zip(
        (RIGHT, MODEL, DATA, QUIET), ("-", "--", "-.", ":"), strict=True
    )
    percent = np.linspace(0, 100, len(next(iter(curves.values()))))
    for (name, curve), (color, style) in zip(
        curves.items(), looks, strict=True
    ):
        axes.plot(percent, curve, style, color=color, label=name)
    axes.set(
        xlabel="% of the pixels replaced, strongest first",
        ylabel="probability of\nthe answer",
        ylim=(0, 1.02),
    )
    axes.legend(fontsize=9)
    listed = ", ".join(f"{name} {area:.2f}" for name, area in areas.items())
    show(
        figure,
        "The probability of the cheat's answer while pixels are replaced by "
        "the mean image, the strongest of a map first. It falls fastest for "
        f"occlusion. Areas under the curves: {listed}.",
    )


def tests_table(names, heads, values, better, words):
    """Methods by tests, as numbers on colours: dark is good.

    values: (methods, tests), NaN where nothing was measured; better: +1
    where large is good, -1 where small is, for each test
    """
    figure, axes = plt.subplots(figsize=(7.5, 5.8))
    ranks = np.full(values.shape, np.nan)
    for column, sign in enumerate(better):
        there = ~np.isnan(values[:, column])
        order = (sign * values[there, column]).argsort().argsort()
        ranks[there, column] = order / max(there.sum() - 1, 1)
    axes.imshow(ranks, cmap="Oranges", aspect="auto", vmin=0, vmax=1.4)
    for (row, column), value in np.ndenumerate(values):
        text = "–" if np.isnan(value) else f"{value:.2f}"
        axes.text(column, row, text, ha="center", va="center", fontsize=9)
    axes.set_yticks(range(len(names)), names, fontsize=9)
    axes.set_xticks(range(len(heads)), heads, fontsize=9)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    show(figure, words)


def two_models(images, pair, words):
    """Images, and the maps of two models: each (n, 28, 28)."""
    figure, axes = plt.subplots(3, len(images), figsize=(7.8, 4.5))
    rows = {"images": None, "model a": pair[0], "model b": pair[1]}
    for row, (title, values) in zip(axes, rows.items(), strict=True):
        for i, (ax, X) in enumerate(zip(row, images, strict=True)):
            if values is None:
                ax.imshow(colours(X))
            else:
                ax.imshow(blended(X, values[i], "size"))
        row[0].set_ylabel(title, fontsize=10)
    bare(axes)
    place = {"location": "bottom", "shrink": 0.4, "aspect": 30}
    key(figure, axes, "size", **place)
    show(figure, words)


def fixes(results):
    """Accuracy with true, lying and no tags: {model: rows of dicts}."""
    figure, axes = plt.subplots(figsize=(7, 3))
    kinds = {
        "telling": "true tags",
        "lying": "lying tags",
        "absent": "no tags",
    }
    looks = ((WRONG, "o"), (DATA, "s"), (RIGHT, "D"))
    words = []
    for offset, (model, rows), (color, mark) in zip(
        (-0.2, 0, 0.2), results.items(), looks, strict=True
    ):
        for place, kind in enumerate(kinds):
            values = [100 * row[kind] for row in rows]
            where = [place + offset] * len(values)
            axes.plot(where, values, mark, color=color, ms=6, alpha=0.8)
        axes.plot([], [], mark, color=color, label=model)
        means = [
            f"{name} {100 * np.mean([row[kind] for row in rows]):.0f} %"
            for kind, name in kinds.items()
        ]
        words.append(f"{model}: {', '.join(means)}")
    axes.set_xticks(range(3), kinds.values())
    axes.set(ylabel="test accuracy, %", ylim=(0, 102))
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    show(
        figure,
        "Test accuracy of three runs each, with true tags, lying tags and "
        f"no tags. Means: {'; '.join(words)}.",
    )


def counterfactual(X, change, changed):
    """An image, what is changed, and the changed image."""
    figure, axes = plt.subplots(1, 3, figsize=(7.5, 2.8))
    axes[0].imshow(X[0, 0], vmin=0, vmax=1)
    axes[0].set_title("shirt", color=RIGHT)
    peak = change.abs().max().item()
    drawn = axes[1].imshow(change[0, 0], cmap=SIGNED, vmin=-peak, vmax=peak)
    axes[1].set_title("change, enlarged")
    bar = figure.colorbar(drawn, ax=axes[1], shrink=0.85)
    bar.set_label("brighter →", fontsize=9)
    axes[2].imshow(changed[0, 0], vmin=0, vmax=1)
    axes[2].set_title("called a coat", color=WRONG)
    bare(axes)
    show(
        figure,
        "A shirt, a small change (orange brighter, purple darker), and the "
        "changed image, which BigModel calls a coat. No pixel changes by more "
        f"than {peak:.2f} of the way from black to white.",
    )


def influential(puzzle, helps, hurts):
    """The image in question, and training images: [(image, name)] each."""
    figure, axes = plt.subplots(2, 7, figsize=(8, 2.9))
    for row, part, color in zip(
        axes, (helps, hurts), (RIGHT, WRONG), strict=True
    ):
        for ax, (image, name) in zip(row[1:], part, strict=True):
            ax.imshow(image, vmin=0, vmax=255)
            ax.set_title(name, fontsize=10, color=color, loc="center")
    axes[0, 0].imshow(puzzle, vmin=0, vmax=255)
    axes[0, 0].set_title("the puzzle", fontsize=10, loc="center")
    axes[0, 1].set_ylabel("teach shirt", fontsize=10)
    axes[1, 1].set_ylabel("teach coat", fontsize=10)
    bare(axes)
    axes[1, 0].axis("off")
    above, below = (", ".join(n for _, n in part) for part in (helps, hurts))
    show(
        figure,
        "At the left the puzzling shirt. Above, six training images that "
        f"would teach BigModel to call it a shirt: {above}. Below, six that "
        f"teach the opposite: {below}.",
    )


def chooser(images, explain, share):
    """An image and a map of it: a figure, and what draws it, for `live`.

    explain(image, model, method) gives (answer, map (28, 28)); share(image,
    map) the part of the map on the tag
    """
    figure, axes = plt.subplots(1, 2, figsize=(6.6, 3.4))
    left = axes[0].imshow(colours(images[0]))
    right = axes[1].imshow(colours(images[0]))
    for ax in axes:
        ax.set_title(" ")
    bare(axes)
    seen = {}

    def draw(image, model, method):
        chosen = image, model, method
        if chosen not in seen:
            seen[chosen] = explain(*chosen)
        answer, values = seen[chosen]
        left.set_data(colours(images[image]))
        right.set_data(blended(images[image], values, "size"))
        axes[0].set_title(f"{model} says {answer}", fontsize=10)
        inside = share(image, values)
        axes[1].set_title(f"{method}: {inside:.0%} on the tag", fontsize=10)
        return (
            f"Image {image}: the {model} model says {answer}; of the map of "
            f"{method}, {inside:.0%} lies on the tag."
        )

    return figure, draw
