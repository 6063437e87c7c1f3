"""What learners really write in the exercises on object detection."""

import torch
from torchvision.ops import box_iou


def overlap(a, b, clamp=True, below=None, plus=0):
    a, b = a[:, None], b[None]
    low = torch.maximum(a[..., :2], b[..., :2])
    high = torch.minimum(a[..., 2:], b[..., 2:])
    sides = high - low + plus
    common = (sides.clamp(min=0) if clamp else sides).prod(dim=-1)
    area_a = (a[..., 2:] - a[..., :2] + plus).prod(dim=-1)
    area_b = (b[..., 2:] - b[..., :2] + plus).prod(dim=-1)
    if below:
        return common / below(area_a, area_b)
    return common / (area_a + area_b - common)


def row_by_row(a, b):
    low = torch.maximum(a[:, :2], b[:, :2])
    high = torch.minimum(a[:, 2:], b[:, 2:])
    common = (high - low).clamp(min=0).prod(dim=-1)
    area_a = (a[:, 2:] - a[:, :2]).prod(dim=-1)
    area_b = (b[:, 2:] - b[:, :2]).prod(dim=-1)
    return common / (area_a + area_b - common)


def to_whole_pixels(a, b):
    return overlap(a.round(), b.round())


def row_of_columns(a, b):
    """As far as there are any."""
    return torch.stack([overlap(a, one[None])[:, 0] for one in b], dim=1)


def read_by_torchvision(a, b):
    from torchvision.ops.boxes import _box_inter_union

    common, both = _box_inter_union(a, b)
    return common / both


def cell(x, y, wide=10):
    return (y // 8 * wide + x // 8).long()


def middles(boxes):
    return ((boxes[:, :2] + boxes[:, 2:]) / 2).T


def kept(boxes, scores, threshold, order=None, sure=True):
    if order is None:
        order = scores.argsort(descending=True)
    result = []
    while len(order):
        best, order = order[:1], order[1:]
        result.append(best.item())
        overlaps = box_iou(boxes[best], boxes[order])[0]
        order = order[overlaps <= threshold if sure else overlaps < threshold]
    return result


def dead_ones_kill(boxes, scores, threshold):
    order = scores.argsort(descending=True)
    overlaps = box_iou(boxes[order], boxes[order])
    return [
        order[i].item()
        for i in range(len(order))
        if not (overlaps[i, :i] > threshold).any()
    ]


def last_only(boxes, scores, threshold):
    result = []
    for i in scores.argsort(descending=True).tolist():
        if not result or box_iou(boxes[result[-1:]], boxes[[i]]) <= threshold:
            result.append(i)
    return result


def places_in_sorted(boxes, scores, threshold):
    order = scores.argsort(descending=True)
    return kept(boxes[order], scores[order], threshold)


def scores_halved(boxes, scores, threshold):
    return kept(boxes, scores, threshold / 2)


def read(hits, num_true, strict=False, envelope=True, levels=range(101)):
    num_hits = hits.double().cumsum(dim=0)
    precision = num_hits / torch.arange(1, len(hits) + 1)
    recall = num_hits / num_true
    values = []
    for percent in levels:
        level = percent / 100
        reached = precision[recall > level if strict else recall >= level]
        if not len(reached):
            values.append(0.0)
        else:
            values.append((reached.max() if envelope else reached[0]).item())
    return sum(values) / len(values)


def only_reached(hits, num_true):
    num_hits = hits.double().cumsum(dim=0)
    precision = num_hits / torch.arange(1, len(hits) + 1)
    recall = num_hits / num_true
    reached = [
        precision[recall >= p / 100].max().item()
        for p in range(101)
        if (recall >= p / 100).any()
    ]
    return sum(reached) / max(len(reached), 1)


def steps(hits, num_true):
    total, best = 0.0, 0.0
    for k in range(len(hits), 0, -1):
        best = max(best, hits[:k].double().mean().item())
        total += best * bool(hits[k - 1])
    return total / num_true


def area(hits, num_true):
    precision = hits.double().cumsum(0) / torch.arange(1, len(hits) + 1)
    return precision[hits].sum() / num_true


def lines(hits, num_true):
    num_hits = hits.double().cumsum(0)
    precision = num_hits / torch.arange(1, len(hits) + 1)
    return torch.trapezoid(precision, num_hits / num_true)


def photo(X, factor=255, flip=True, mean=True, spread=True):
    from helpers.nanodet import COCO_MEAN, COCO_SPREAD

    m = torch.tensor(COCO_MEAN).view(3, 1, 1) * mean
    s = torch.tensor(COCO_SPREAD).view(3, 1, 1) if spread else 1
    return (factor * (X.flip(1) if flip else X) - m) / s


WRONG = {
    "iou": {
        "let no side of the common part": lambda a, b: overlap(a, b, False),
        "counted twice": lambda a, b: overlap(a, b, below=lambda x, y: x + y),
        "that is the common area": lambda a, b: overlap(
            a, b, below=lambda x, y: 1
        ),
        "not by the smaller": lambda a, b: overlap(a, b, below=torch.minimum),
        "not by one of them": lambda a, b: overlap(a, b, below=lambda x, y: x),
        "do not add 1": lambda a, b: overlap(a, b, plus=1),
        "yours are exchanged": lambda a, b: overlap(a, b).T,
        "the result is a table": row_by_row,
        "1 minus the overlap": lambda a, b: 1 - overlap(a, b),
        "Not right: common area divided": to_whole_pixels,
        "not ndarray": lambda a, b: overlap(a, b).numpy(),
        "not list": lambda a, b: overlap(a, b).tolist(),
        "Your code stopped": row_of_columns,
        "write it yourself": read_by_torchvision,
    },
    "centre_cell": {
        "have changed places": lambda b: cell(*middles(b).flip(0)),
        "not the upper left": lambda b: cell(b[:, 0], b[:, 1]),
        "not the lower right": lambda b: cell(b[:, 2], b[:, 3]),
        "do not subtract": lambda b: cell(*(b[:, 2:] - b[:, :2]).T / 2),
        "halve it": lambda b: cell(*(b[:, 2:] + b[:, :2]).T),
        "no cell: round down": lambda b: (
            middles(b)[1] / 8 * 10 + middles(b)[0] / 8
        ),
        "10 cells in a row, of": lambda b: cell(*middles(b), wide=8),
        "counted from 0": lambda b: cell(*middles(b)) + 1,
        "Not right: row * 10": lambda b: cell(*middles(b.long().double())),
        "return one number of shape (1,)": lambda b: cell(*middles(b))[
            :, None
        ],
    },
    "nms": {
        "suppresses nothing": dead_ones_kill,
        "least sure": lambda b, s, t: kept(b, s, t, s.argsort()),
        "with the last one only": last_only,
        "nothing is suppressed": lambda b, s, t: s.argsort(descending=True),
        "only the surest box": lambda b, s, t: [s.argmax().item()],
        "not always 0.5": lambda b, s, t: kept(b, s, 0.5),
        "not a score": lambda b, s, t: (s > t).nonzero()[:, 0],
        "not in the sorted": places_in_sorted,
        "the surest first": lambda b, s, t: sorted(kept(b, s, t)),
        "not the scores": lambda b, s, t: s[kept(b, s, t)],
        "equal to the threshold": lambda b, s, t: kept(b, s, t, sure=False),
        "Not right: take the surest": scores_halved,
        "must return": lambda b, s, t: [[i] for i in kept(b, s, t)],
        "write it yourself": lambda b, s, t: torch.ops.torchvision.nms(
            b, s, t
        ),
    },
    "average_precision": {
        "not that of the first place": lambda h, n: read(h, n, envelope=False),
        "reached exactly": lambda h, n: read(h, n, strict=True),
        "never reached": only_reached,
        "the level 1 is": lambda h, n: read(h, n, levels=range(100)),
        "the level 0 is": lambda h, n: read(h, n, levels=range(1, 101)),
        "precision of all boxes": lambda h, n: h.double().mean(),
        "recall of all boxes": lambda h, n: h.double().sum() / n,
        "divide the sum": lambda h, n: read(h, n) * 101,
        "area under the steps": steps,
        "curve as it is": area,
        "straight lines": lines,
        "11 levels": lambda h, n: read(h, n, levels=range(0, 101, 10)),
        "return one number": lambda h, n: [read(h, n)],
        "Not right: for each of the 101": lambda h, n: read(h, n) ** 2,
    },
    "for_nanodet": {
        "blue first": lambda X: photo(X, flip=False),
        "multiply X by 255": lambda X: photo(X, factor=1),
        "Not right: subtract the mean": lambda X: photo(X, mean=False),
        "Not right: divide by the spread": lambda X: photo(X, spread=False),
        "the flip comes first": lambda X: photo(X, flip=False).flip(1),
        "only the scale": lambda X: photo(X, mean=False, spread=False),
        "three things in this order": lambda X: photo(X) * 2,
        "return a tensor": lambda X: photo(X).numpy(),
    },
}
