"""The figures of the notebook on object detection.

Each function takes numbers and shows one figure with its description; it
returns nothing.
"""

import matplotlib.pyplot as plt
import numpy as np
import torch
from ipywidgets import FloatSlider, SelectionSlider
from matplotlib.patches import Rectangle
from torchvision.ops import batched_nms

from helpers.boxes import Found, iou, kinds_of_boxes, match
from helpers.figures import DATA, MODEL, QUIET, RIGHT, WRONG, live, show
from helpers.nanodet import COCO_NAMES, look


def _frame(ax, box, colour, words="", dotted=False):
    """A box (left, top, right, bottom) on a picture, with words above it."""
    left, top, right, bottom = (float(edge) - 0.5 for edge in box)
    style = {"ls": ":", "lw": 1.6} if dotted else {"lw": 2}
    ax.add_patch(
        Rectangle(
            (left, top),
            right - left,
            bottom - top,
            fill=False,
            ec=colour,
            **style,
        )
    )
    if words:
        # Words at the right end of a picture grow to the left.
        late = left > 50
        ax.text(
            right if late else left,
            max(top, 5),
            words,
            color="white",
            fontsize=8,
            va="bottom",
            ha="right" if late else "left",
            bbox={"fc": colour, "ec": "none", "pad": 1},
        )


def _scene(ax, image):
    """A scene of 80 x 80 pixels without axes."""
    ax.imshow(image, vmin=0, vmax=255, extent=(-0.5, 79.5, 79.5, -0.5))
    ax.axis("off")


def gallery(scenes, found=None, threshold=0.0):
    """Scenes in rows of four, with the true boxes, or with those found."""
    rows = -(-len(scenes.images) // 4)
    figure, axes = plt.subplots(rows, 4, figsize=(8.6, 2.3 * rows))
    num_true = num_found = 0
    for i, ax in enumerate(axes.flat):
        _scene(ax, scenes.images[i, 0])
        num_true += len(scenes.boxes[i])
        for box, y in zip(scenes.boxes[i], scenes.labels[i], strict=True):
            words = "" if found else scenes.class_names[y]
            _frame(ax, box, "white" if found else RIGHT, words, bool(found))
        if found:
            one = found[i].above(threshold)
            num_found += len(one.boxes)
            for box, score, y in zip(*one, strict=True):
                words = f"{scenes.class_names[y]} {score:.1f}"
                _frame(ax, box, MODEL, words)
    words = f"{len(scenes.images)} scenes with {num_true} garments in them, "
    if found:
        words += f"dotted, and {num_found} boxes that were found, with a class"
        words += f" and a score of {threshold} or more."
    else:
        words += "one to four in each, of several sizes, on uneven noisy grey;"
        words += " around each is a box with its class."
    show(figure, words)


def window_map(scenes, number, confidence):
    """A scene, and the confidence in each of its windows, (14, 14)."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.2))
    _scene(left, scenes.images[number, 0])
    for box, y in zip(
        scenes.boxes[number], scenes.labels[number], strict=True
    ):
        _frame(left, box, RIGHT, scenes.class_names[y])
    _frame(left, (51, 1, 79, 29), MODEL)
    left.set_title("the scene, and one window")
    picture = right.imshow(confidence, cmap="viridis", vmin=0, vmax=1)
    right.set(
        title="confidence in each window",
        xlabel="window, from left",
        ylabel="window, from top",
    )
    figure.colorbar(picture, ax=right, shrink=0.9)
    show(
        figure,
        "A scene and its boxes, and a map of "
        "14 x 14 windows, whose confidence lies between "
        f"{confidence.min():.1f} and {confidence.max():.1f}, mean "
        f"{confidence.mean():.1f}.",
    )


def curves(of_class, names, aps):
    """Precision against recall of some classes: {name: (hits, number)}."""
    figure, ax = plt.subplots(figsize=(6.4, 3.4))
    colours, styles = (RIGHT, DATA, WRONG), ("-", "--", "-.")
    ends = []
    for name, colour, style in zip(names, colours, styles, strict=True):
        hits, num_true = of_class[name]
        num_hits = hits.double().cumsum(dim=0)
        precision = num_hits / torch.arange(1, len(hits) + 1)
        recall = num_hits / num_true
        ends.append(f"{name} {recall[-1]:.1f}")
        ax.plot(
            recall, precision, style, color=colour,
            label=f"{name}, AP {aps[name]:.2f}",
        )  # fmt: skip
    ax.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.03))
    ax.legend(loc="lower left")
    listed = ", ".join(f"{name} {aps[name]:.1f}" for name in names)
    show(
        figure,
        "Precision against recall of three classes. Each curve begins near "
        "precision 1 and falls as recall rises. Average precision: "
        f"{listed}. Highest recall: {', '.join(ends)}.",
    )


def two_rules_compared(record):
    """mAP of each rule and seed, and of the stricter measure."""
    figure, ax = plt.subplots(figsize=(6.4, 2.6))
    names = list(dict.fromkeys(row["rule"] for row in record["rows"]))
    spans = []
    for measure, marker, words in (
        ("map50", "o", "0.5 or more"),
        ("map", "s", "0.5 to 0.95, mean"),
    ):
        for height, name in enumerate(names):
            values = [
                row[measure] for row in record["rows"] if row["rule"] == name
            ]
            ax.plot(
                values,
                [height] * len(values),
                marker,
                color=MODEL if measure == "map50" else DATA,
                ms=8,
                alpha=0.7,
                label="" if height else words,
            )
            spans.append(
                f"{name}, {words}: {min(values):.2f} to {max(values):.2f}"
            )
    ax.set_yticks(range(len(names)), names)
    ax.set(xlabel="mAP on 500 validation scenes", xlim=(0.2, 0.65))
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.legend(
        loc="center left", bbox_to_anchor=(1, 0.5), title="a hit is an IoU of"
    )
    show(figure, f"mAP of two rules, three seeds each. {'; '.join(spans)}.")


def two_lines(scores, boxes, scenes, shown):
    """Sliders for score and overlap; three scenes, and the curve of all.

    scores (n, 100, 10) and boxes (n, 100, 4): what the cells answer
    """
    overlaps = (0.1, 0.3, 0.5, 0.7, 0.9, 1.0)
    kept = {o: _pooled(scores, boxes, scenes, o, shown) for o in overlaps}
    num_true = sum(map(len, scenes.labels))
    figure, axes = plt.subplots(
        1, 4, figsize=(8.8, 2.9), width_ratios=(1, 1, 1, 1.25)
    )
    pools = []
    for ax, i in zip(axes, shown, strict=False):
        _scene(ax, scenes.images[i, 0])
        for box in scenes.boxes[i]:
            _frame(ax, box, "white", dotted=True)
        most = max(len(kept[o]["scenes"][i].boxes) for o in overlaps)
        pool = [
            ax.add_patch(Rectangle((0, 0), 1, 1, fill=False, lw=1.8))
            for _ in range(most)
        ]
        pools.append((i, pool))
    right = axes[3]
    (curve,) = right.plot([], [], color=MODEL)
    (dot,) = right.plot([], [], "o", color=DATA, ms=9)
    right.set(
        xlabel="recall", ylabel="precision", xlim=(0, 1.02), ylim=(0, 1.03)
    )
    title = right.set_title("", fontsize=10)

    def draw(score, overlap):
        one = kept[overlap]
        for i, pool in pools:
            found = one["scenes"][i].above(score)
            right_ones = one["right"][i][: len(found.boxes)]
            for number, patch in enumerate(pool):
                patch.set_visible(number < len(found.boxes))
                if number < len(found.boxes):
                    x, y, x2, y2 = (found.boxes[number] - 0.5).tolist()
                    patch.set_bounds(x, y, x2 - x, y2 - y)
                    good = bool(right_ones[number])
                    patch.set_edgecolor(RIGHT if good else WRONG)
                    patch.set_linestyle("-" if good else "--")
        hits = np.cumsum(one["hits"])
        precision = hits / np.arange(1, len(hits) + 1)
        recall = hits / num_true
        at = max(int((one["scores"] >= score).sum()) - 1, 0)
        curve.set_data(recall, precision)
        dot.set_data([recall[at]], [precision[at]])
        title.set_text(
            f"precision {precision[at]:.2f}, recall {recall[at]:.2f}"
        )
        return (
            f"Boxes with a score of {score:.2f} or more, of which no two of "
            f"a class overlap by more than {overlap:.1f}, on three scenes; "
            "hits are solid and green, others dashed and red. Over "
            f"{len(scenes.images)} scenes precision is {precision[at]:.2f} "
            f"and recall {recall[at]:.2f}."
        )

    live(
        figure,
        draw,
        score=FloatSlider(
            0.1, min=0.05, max=0.95, step=0.05, description="score"
        ),
        overlap=SelectionSlider(
            options=overlaps, value=0.9, description="overlap"
        ),
    )


def _pooled(scores, boxes, scenes, overlap, shown):
    """All boxes after suppression, and which are hits, by falling score."""
    all_scores, all_hits, per_scene, right = [], [], {}, {}
    for i, (s, b) in enumerate(zip(scores, boxes, strict=True)):
        cells, labels = (s >= 0.05).nonzero().T
        sure = s[cells, labels]
        kept = batched_nms(b[cells], sure, labels, overlap)
        one = Found(b[cells[kept]], sure[kept], labels[kept])
        hits = torch.zeros(len(kept), dtype=torch.bool)
        for label in one.labels.unique():
            own = one.labels == label
            true = scenes.boxes[i][scenes.labels[i] == label]
            hits[own] = match(one.boxes[own], true) >= 0
        if i in shown:
            per_scene[i], right[i] = one, hits
        all_scores.append(one.scores)
        all_hits.append(hits)
    all_scores, all_hits = torch.cat(all_scores), torch.cat(all_hits)
    order = all_scores.argsort(descending=True)
    return {
        "scores": all_scores[order].numpy(),
        "hits": all_hits[order].numpy(),
        "scenes": per_scene,
        "right": right,
    }


def examples_of_kinds(found, scenes):
    """The surest example of each kind of error, one scene each."""
    wanted = ("wrong class", "double", "badly placed", "both")
    best = {}
    for i, one in enumerate(found):
        labels = scenes.labels[i]
        kinds, missed = kinds_of_boxes(one, scenes.boxes[i], labels)
        for k, kind in enumerate(kinds):
            score = float(one.scores[k])
            if kind in wanted and score > best.get(kind, (0,))[0]:
                best[kind] = score, i, one.boxes[k], one.labels[k]
        # Missed altogether: no box at all near it.
        if missed and not kinds and "missed" not in best:
            j = missed[0]
            best["missed"] = 0, i, scenes.boxes[i][j], labels[j]
    shown = [kind for kind in (*wanted, "missed") if kind in best]
    figure, axes = plt.subplots(1, len(shown), figsize=(8.8, 2.3))
    words = []
    for ax, kind in zip(axes, shown, strict=True):
        score, i, box, y = best[kind]
        _scene(ax, scenes.images[i, 0])
        for true in scenes.boxes[i]:
            _frame(ax, true, "white", dotted=True)
        name = scenes.class_names[y]
        colour = QUIET if kind == "missed" else WRONG
        _frame(
            ax,
            box,
            colour,
            name if kind == "missed" else f"{name} {score:.1f}",
        )
        nearest = iou(box[None], scenes.boxes[i])[0].argmax()
        true = scenes.class_names[scenes.labels[i][nearest]]
        told = f"{kind}: {name}"
        if kind in ("wrong class", "both"):
            kind, told = f"{kind},\nit is: {true}", f"{told}, really {true}"
        ax.set_title(kind, loc="center", fontsize=9)
        words.append(told)
    show(
        figure,
        f"{len(shown)} scenes, one for each kind of error, the surest of its "
        f"kind; the true boxes are dotted. {'; '.join(words)}.",
    )


def photographs(pictures, net, prepare, lowest=0.35):
    """What NanoDet finds in photographs: {name: (1, 3, height, width)}."""
    rows = -(-len(pictures) // 2)
    figure, axes = plt.subplots(rows, 2, figsize=(8.6, 3.4 * rows))
    words = []
    for ax, (name, X) in zip(axes.flat, pictures.items(), strict=True):
        ax.imshow(X[0].permute(1, 2, 0))
        ax.axis("off")
        one = look(net, prepare(X), lowest)
        height = X.shape[2]
        for k, (box, score, y) in enumerate(zip(*one, strict=True)):
            colour = (WRONG, DATA, RIGHT)[k % 3]
            # The words of boxes that lie on each other stand apart.
            _frame(ax, box, colour)
            paper = {"fc": colour, "ec": "none", "pad": 2}
            ax.text(
                float(box[0]) + 4,
                min(float(box[1]) + 16 + 26 * k, height - 8),
                f"{COCO_NAMES[y]} {score:.2f}",
                color="white",
                fontsize=10,
                bbox=paper,
            )
        listed = [COCO_NAMES[y] for y in one.labels]
        words.append(f"{name}: {', '.join(listed) or 'nothing'}")
    show(
        figure,
        f"{len(pictures)} photographs and the boxes that NanoDet finds in "
        f"them with a score of {lowest} or more. {'; '.join(words)}.",
    )
