"""A small one-stage detector for scenes, its training, and its weights."""

import math

import torch
from torch import nn
from torch.nn import functional as F
from torchvision.ops import batched_nms, box_area, generalized_box_iou_loss

from helpers.boxes import Found
from helpers.data import DATA_FOLDER
from helpers.saved import with_weights
from helpers.scenes import SIZE

WEIGHTS = DATA_FOLDER / "detector.pt"
STRIDE = 8  # pixels from one cell to the next
COLUMNS = SIZE // STRIDE  # of cells, and as many rows


def _must_be_scenes(images):
    if images.ndim != 4 or images.shape[1:] != (1, SIZE, SIZE):
        raise ValueError(
            f"scenes must have shape (n, 1, {SIZE}, {SIZE}), not "
            f"{tuple(images.shape)}; of a single one, images[None] has it"
        )


def cell_centres():
    """The middle of each of the 100 cells, row by row: (100, 2), x and y."""
    middles = (torch.arange(COLUMNS) + 0.5) * STRIDE
    y, x = torch.meshgrid(middles, middles, indexing="ij")
    return torch.stack([x, y], dim=-1).flatten(0, 1)


def block(num_in, num_out):
    """A 3 x 3 convolution, batch normalisation and ReLU."""
    conv = nn.Conv2d(num_in, num_out, 3, padding=1, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(num_out), nn.ReLU())


class Detector(nn.Module):
    """One look at a scene, and an answer of each of its 100 cells.

    (After YOLO, Redmon and others, 2016, and FCOS, Tian and others, 2019.)
    Takes (batch, 1, 80, 80), 0 to 1; returns the logits of 10 classes,
    (batch, 100, 10), and a box, (batch, 100, 4), of each cell.
    """

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            *(block(1, 24), nn.MaxPool2d(2)),  # (batch, 24, 40, 40)
            *(block(24, 48), nn.MaxPool2d(2)),  # (batch, 48, 20, 20)
            *(block(48, 96), nn.MaxPool2d(2)),  # (batch, 96, 10, 10)
            *(block(96, 96), block(96, 96)),
        )
        self.classes = nn.Conv2d(96, 10, 1)
        self.sides = nn.Conv2d(96, 4, 1)
        nn.init.constant_(self.classes.bias, -4)
        nn.init.constant_(self.sides.bias, math.log(14 / STRIDE))
        nn.init.normal_(self.sides.weight, std=0.01)

    def forward(self, X):
        _must_be_scenes(X)
        X = self.body(X)
        logits = self.classes(X).flatten(2).mT.float()  # (batch, 100, 10)
        sides = self.sides(X).flatten(2).mT.float().clamp(-4, 4)
        sides = sides.exp() * STRIDE  # from the middle of the cell
        C = cell_centres().to(X.device)
        corners = [C - sides[..., :2], C + sides[..., 2:]]
        return logits, torch.cat(corners, dim=-1)


def centre_cell(boxes):
    """The cell in which the middle of each box lies: (n, 4) to int64 (n,)."""
    column, row = ((boxes[:, :2] + boxes[:, 2:]) / 2 // STRIDE).long().T
    return row * COLUMNS + column


def one_cell(boxes):
    """Which cells answer for which box, the one at its middle: (n, 100)."""
    return F.one_hot(centre_cell(boxes), COLUMNS**2).bool()


def cells_inside(boxes):
    """Which cells answer for which box, all whose middle it holds: (n, 100).

    A box that holds no middle gets the cell at its own.
    """
    x, y = cell_centres().T  # (100,) each
    left, top, right, bottom = boxes.T[..., None]  # (n, 1) each
    inside = (left < x) & (x < right) & (top < y) & (y < bottom)
    return torch.where(inside.any(dim=1)[:, None], inside, one_cell(boxes))


def assign(boxes, labels, cells=one_cell):
    """What each cell of one scene should answer: labels (100,), -1 where it
    should say nothing, and boxes (100, 4).

    cells: function of boxes (n, 4) that says which cells answer for which,
        bool (n, 100). Where several claim a cell, the smallest box gets it.
    """
    cell_labels = torch.full((COLUMNS**2,), -1)
    cell_boxes = torch.zeros(COLUMNS**2, 4)
    claims = cells(boxes)
    for i in box_area(boxes).argsort(descending=True):
        cell_labels[claims[i]] = labels[i]
        cell_boxes[claims[i]] = boxes[i]
    return cell_labels, cell_boxes


def assign_all(scenes, cells=one_cell):
    """`assign` of every scene: labels (n, 100) and boxes (n, 100, 4)."""
    pairs = zip(scenes.boxes, scenes.labels, strict=True)
    both = zip(*(assign(b, y, cells) for b, y in pairs), strict=True)
    return tuple(map(torch.stack, both))


def detection_loss(logits, boxes, cell_labels, cell_boxes):
    """What the answers of a batch cost, for each cell that should answer.

    Binary cross-entropy of all classes of all cells, and for the cells that
    should answer 1 minus the generalised overlap of their box with the true
    one (Rezatofighi and others, 2019), which also pulls boxes together that
    do not touch.
    """
    answers = cell_labels >= 0  # (batch, 100)
    wanted = F.one_hot(cell_labels.clamp(min=0), logits.shape[-1])
    wanted = (wanted * answers[..., None]).to(logits.dtype)
    what = F.binary_cross_entropy_with_logits(logits, wanted, reduction="sum")
    where = generalized_box_iou_loss(
        boxes[answers], cell_boxes[answers], reduction="sum"
    )
    return (what + where) / answers.sum().clamp(min=1)


def train_detector(
    net,
    scenes,
    answers,
    num_steps,
    seed,
    batch_size=32,
    peak_lr=2e-3,
    bfloat16=False,
    device="cpu",
    loss=detection_loss,
):
    """Train a detector in place; returns the losses, a list.

    answers: what `assign_all` gives. AdamW, the rate up over the first tenth
    and down along a cosine; gradients clipped at 10.
    """
    generator = torch.Generator().manual_seed(seed)
    parameters = [p for p in net.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=peak_lr, weight_decay=0.01)
    net.train().to(device, memory_format=torch.channels_last)
    losses, order = [], torch.empty(0, dtype=torch.long)
    for step in range(num_steps):
        done = step / num_steps
        fall = (1 + math.cos(math.pi * (done - 0.1) / 0.9)) / 2
        for group in optimizer.param_groups:
            group["lr"] = peak_lr * min(done / 0.1 + 0.01, fall + 0.01)
        if len(order) < batch_size:
            fresh = torch.randperm(len(scenes.images), generator=generator)
            order = torch.cat([order, fresh])
        chosen, order = order[:batch_size], order[batch_size:]
        X = (scenes.images[chosen] / 255).to(device)
        X = X.contiguous(memory_format=torch.channels_last)
        with torch.autocast(device, torch.bfloat16, enabled=bfloat16):
            logits, boxes = net(X)
        value = loss(logits, boxes, *(a[chosen].to(device) for a in answers))
        optimizer.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(parameters, 10.0)
        optimizer.step()
        losses.append(value.item())
    return losses


@torch.no_grad()
def answers_of(net, images, batch_size=100):
    """Scores (n, 100, 10) and boxes (n, 100, 4), cut at the scene's edge.

    Raises ValueError for images of another shape, or none.
    """
    _must_be_scenes(images)
    if not len(images):
        raise ValueError("there are no scenes: give at least one")
    net.eval()
    scores, boxes = [], []
    for part in images.split(batch_size):
        logits, corners = net(part / 255)
        scores.append(logits.sigmoid())
        boxes.append(corners.clamp(0, SIZE))
    return torch.cat(scores), torch.cat(boxes)


def find(net, images, lowest=0.02, overlap=0.5, most=100):
    """What a detector finds in each scene: a list of Found.

    lowest: no box with a lower score; overlap: of the suppression, within
    each class; most: boxes of a scene, the surest. images: uint8
    (n, 1, 80, 80).
    """
    found = []
    for scores, boxes in zip(*answers_of(net, images), strict=True):
        cells, labels = (scores > lowest).nonzero().T
        sure = scores[cells, labels]
        kept = batched_nms(boxes[cells], sure, labels, overlap)[:most]
        found.append(Found(boxes[cells[kept]], sure[kept], labels[kept]))
    return found


def load_detector(path=WEIGHTS):
    """The detector with the weights of a longer training, to be used.

    Raises FileNotFoundError if the file is missing and ValueError if it is
    damaged or belongs to another model.
    """
    return with_weights(Detector(), path, "the detector's")
