"""Right answers in the exercises on object detection, unusual ones."""

import numpy as np
import torch
from torchvision.ops import box_iou


def in_loops(a, b):
    table = []
    for one in a.tolist():
        row = []
        for other in b.tolist():
            wide = min(one[2], other[2]) - max(one[0], other[0])
            high = min(one[3], other[3]) - max(one[1], other[1])
            common = wide * high if wide > 0 and high > 0 else 0
            areas = [
                (box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)
            ]
            row.append(common / (sum(areas) - common))
        table.append(row)
    return torch.tensor(table)


def in_numpy(a, b):
    a, b = a.numpy()[:, None, :], b.numpy()[None]
    wide = np.minimum(a[..., 2], b[..., 2]) - np.maximum(a[..., 0], b[..., 0])
    high = np.minimum(a[..., 3], b[..., 3]) - np.maximum(a[..., 1], b[..., 1])
    common = np.maximum(wide, 0) * np.maximum(high, 0)
    area_a, area_b = (
        (c[..., 2] - c[..., 0]) * (c[..., 3] - c[..., 1]) for c in (a, b)
    )
    return torch.from_numpy(common / (area_a + area_b - common))


def by_relu(a, b):
    low = torch.max(a[:, None, :2], b[:, :2])
    high = torch.min(a[:, None, 2:], b[:, 2:])
    common = torch.relu(high - low).prod(2)
    area_a = (a[:, 2] - a[:, 0]) * (a[:, 3] - a[:, 1])
    area_b = (b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1])
    return common / (area_a.view(-1, 1) + area_b - common)


def nearest_middle(boxes):
    ticks = torch.arange(10) * 8 + 4
    y, x = torch.meshgrid(ticks, ticks, indexing="ij")
    centres = torch.stack([x, y], dim=-1).view(100, 2)
    middles = (boxes[:, None, :2] + boxes[:, None, 2:]) / 2
    inside = (middles >= centres - 4) & (middles < centres + 4)
    return inside.all(dim=-1).int().argmax(dim=1)


def in_sixteenths(boxes):
    twice = boxes[:, :2] + boxes[:, 2:]
    column, row = torch.floor(twice / 16).unbind(dim=1)
    return 10 * row + column  # whole, but floats


def cells_of_a_list(boxes):
    return [
        int((top + bottom) // 16) * 10 + int((left + right) // 16)
        for left, top, right, bottom in boxes.tolist()
    ]


def with_flags(boxes, scores, threshold):
    overlaps = box_iou(boxes, boxes)
    alive = torch.ones(len(boxes), dtype=torch.bool)
    kept = []
    for i in scores.argsort(descending=True):
        if alive[i]:
            kept.append(i.item())
            alive &= overlaps[i] <= threshold
    return torch.tensor(kept)


def recursive(boxes, scores, threshold):
    def rest(order):
        if not order:
            return []
        first, *others = order
        overlaps = box_iou(boxes[[first]], boxes[others])[0]
        far = (overlaps <= threshold).tolist()
        return [
            first,
            *rest([i for i, f in zip(others, far, strict=True) if f]),
        ]

    return rest(sorted(range(len(scores)), key=lambda i: -scores[i]))


def against_kept(boxes, scores, threshold):
    kept = []
    for i in np.argsort(-scores.numpy()):
        if not kept or box_iou(boxes[kept], boxes[[i]]).max() <= threshold:
            kept.append(int(i))
    return np.array(kept)


def envelope(hits, num_true):
    if not len(hits):
        return 0
    num_hits = np.cumsum(hits.numpy().astype(float))
    precision = num_hits / np.arange(1, len(hits) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    recall = num_hits / num_true
    at = np.searchsorted(recall, np.arange(101) / 100)
    return np.append(precision, 0)[at].mean()


def as_a_table(hits, num_true):
    num_hits = hits.cumsum(0)
    precision = num_hits / torch.arange(1, 1 + len(hits))
    # In whole numbers, so that nothing is rounded.
    good = 100 * num_hits >= torch.arange(101)[:, None] * num_true
    best = torch.cat([precision * good, torch.zeros(101, 1)], dim=1)
    return best.amax(dim=1).mean()


def place_by_place(hits, num_true):
    total = 0
    for percent in range(101):
        best = num_hits = 0
        for k, hit in enumerate(hits.tolist(), start=1):
            num_hits += hit
            if num_hits / num_true >= percent / 100:
                best = max(best, num_hits / k)
        total += best
    return total / 101


def folded_in(X):
    from helpers.nanodet import COCO_MEAN, COCO_SPREAD

    spread = torch.tensor(COCO_SPREAD, dtype=torch.float64)
    shift = torch.tensor(COCO_MEAN, dtype=torch.float64) / spread
    scale = (255 / spread)[None, :, None, None]
    return X[:, [2, 1, 0]] * scale - shift[None, :, None, None]


def channel_by_channel(X):
    from helpers.nanodet import COCO_MEAN, COCO_SPREAD

    return torch.stack(
        [
            (X[:, 2 - c] * 255 - COCO_MEAN[c]) / COCO_SPREAD[c]
            for c in range(3)
        ],
        dim=1,
    )


def in_numpy_too(X):
    from helpers.nanodet import COCO_MEAN, COCO_SPREAD

    pixels = X.numpy()[:, ::-1].transpose(0, 2, 3, 1) * 255
    pixels = (pixels - np.array(COCO_MEAN)) / np.array(COCO_SPREAD)
    return torch.from_numpy(pixels.transpose(0, 3, 1, 2))


RIGHT = {
    "iou": {
        "two loops": in_loops,
        "NumPy": in_numpy,
        "a ReLU": by_relu,
        "in float32": lambda a, b: by_relu(a.float(), b.float()),
    },
    "centre_cell": {
        "which cell holds the middle": nearest_middle,
        "sixteenths, as floats": in_sixteenths,
        "a list": cells_of_a_list,
    },
    "nms": {
        "flags, as a tensor": with_flags,
        "a function that calls itself": recursive,
        "against those kept, NumPy": against_kept,
        "tensors of one index": lambda b, s, t: [*with_flags(b, s, t)],
    },
    "average_precision": {
        "the envelope, NumPy": envelope,
        "a table of all levels": as_a_table,
        "place by place": place_by_place,
    },
    "for_nanodet": {
        "folded in": folded_in,
        "channel by channel": channel_by_channel,
        "NumPy": in_numpy_too,
    },
}
