"""Inputs for the detector, its loss, and who has to answer."""

import torch

from tests.course.twins.draw import Twin
from tests.course.twins.portrait import portrait


def pictures(draw):
    return (draw.tensor(draw.turn(2, 3), 1, 80, 80),), {}


def use_detector(side, X):
    """The first weights, what it answers, and gradients."""
    torch.manual_seed(0)
    net = side.Detector()
    first = portrait(net)
    logits, boxes = net(X)
    (logits.square().mean() + boxes.mean()).backward()
    return first, logits, boxes, net.body[0][0].weight.grad


def some_boxes(draw, count):
    corner = draw.random.integers(0, 45, (count, 2))
    both = [corner, corner + draw.random.integers(8, 35, (count, 2))]
    boxes = torch.from_numpy(both[0]), torch.from_numpy(both[1])
    return torch.cat(boxes, dim=1).float()


def placed(draw):
    return (some_boxes(draw, draw.turn(1, 2, 4)),), {}


def answered(draw):
    batch = draw.turn(1, 2)
    cell_labels = torch.full((batch, 100), -1)
    cell_boxes = torch.zeros(batch, 100, 4)
    boxes = some_boxes(draw, batch * 100).view(batch, 100, 4)
    for b in range(batch):
        for cell in draw.random.integers(0, 100, draw.pick(0, 1, 3)):
            cell_labels[b, cell] = int(draw.random.integers(10))
            near = boxes[b, cell] + draw.tensor(4)
            cell_boxes[b, cell] = near
    return (draw.tensor(batch, 100, 10), boxes, cell_labels, cell_boxes), {}


TWINS = {
    "Detector": Twin(pictures, use_detector, 2),
    "centre_cell": Twin(placed),
    "one_cell": Twin(placed),
    "detection_loss": Twin(answered),
}
