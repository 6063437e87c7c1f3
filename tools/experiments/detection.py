"""The experiments about detection: long training, assignment, the start."""

import time

import torch
from torch import nn

from helpers.boxes import (
    class_precisions,
    count_kinds,
    mean_average_precision,
)
from helpers.data import load_embedded
from helpers.detector import (
    WEIGHTS,
    Detector,
    assign_all,
    block,
    cells_inside,
    find,
    one_cell,
    train_detector,
)
from helpers.model import load_bigmodel
from helpers.scenes import compose
from helpers.speed import bfloat16_pays

SEEDS = range(3)
NUM_STEPS = 200  # of a comparison; 32 scenes each
LONG = 2000  # steps of the training whose weights are stored
TRAINING, VALIDATION, TEST = 1, 2, 3  # seeds of the scenes of each split
RULES = {"one cell": one_cell, "every cell inside": cells_inside}
THRESHOLDS = [0.5 + 0.05 * k for k in range(10)]  # COCO's


class Grey(nn.Module):
    """The one channel of a scene three times over, as BigModel reads it."""

    def forward(self, X):
        return X.expand(-1, 3, -1, -1)


class BigModelDetector(Detector):
    """A detector that begins with BigModel's two convolutions.

    They see 10 x 10 pixels, and a garment is larger: three more blocks
    follow, the first with stride 2.
    """

    def __init__(self, start):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(64, 128, kernel_size=3, padding=1)
        self.frozen = start == "frozen"
        if start != "random":
            trained = load_bigmodel()
            self.conv1.load_state_dict(trained.conv1.state_dict())
            self.conv2.load_state_dict(trained.conv2.state_dict())
        if self.frozen:
            self.conv1.requires_grad_(False)
            self.conv2.requires_grad_(False)
        body = [block(128, 128) for _ in range(3)]
        body[0][0].stride = (2, 2)
        self.body = nn.Sequential(
            *(Grey(), self.conv1, nn.ReLU(), nn.MaxPool2d(2)),
            *(self.conv2, nn.ReLU(), nn.MaxPool2d(2)),
            *body,
        )
        heads = nn.Conv2d(128, 10, 1), nn.Conv2d(128, 4, 1)
        with torch.no_grad():
            for own, fresh in zip((self.classes, self.sides), heads, strict=1):
                fresh.bias.copy_(own.bias)
            nn.init.normal_(heads[1].weight, std=0.01)
        self.classes, self.sides = heads


def splits(num_scenes=4000, num_validation=500):
    """Training and validation scenes, from garments of their own split."""
    train, validation, _ = load_embedded()
    return (
        compose(train, num_scenes, TRAINING),
        compose(validation, num_validation, VALIDATION),
    )


def measured(net, scenes):
    """mAP at an overlap of 0.5, and the mean of COCO's ten thresholds."""
    found = find(net, scenes.images)
    ten = [mean_average_precision(found, scenes, t) for t in THRESHOLDS]
    return {"map50": round(ten[0], 4), "map": round(sum(ten) / 10, 4)}


def trained(make, scenes, validation, cells, seed, num_steps, bfloat16):
    """A row: one detector trained and measured on the validation scenes."""
    torch.manual_seed(seed)
    net = make()
    answers = assign_all(scenes, cells)
    start = time.process_time()
    losses = train_detector(
        net, scenes, answers, num_steps, seed, bfloat16=bfloat16
    )
    return {
        "seed": seed,
        "steps": num_steps,
        "cpu_seconds": round(time.process_time() - start, 1),
        "bfloat16": bfloat16,
        "parameters": sum(p.numel() for p in net.parameters()),
        "loss": round(sum(losses[-20:]) / 20, 3),
        **measured(net, validation),
    }


def cell_assignment(seeds=SEEDS, num_steps=NUM_STEPS, rules=RULES):
    """mAP on 500 validation scenes of the small detector after equal steps,
    with the one cell at a garment's middle answering for it, and with every
    cell inside its box."""
    scenes, validation = splits()
    bfloat16, rows = bfloat16_pays(), []
    for seed in seeds:
        for name in rules:
            row = trained(
                Detector,
                scenes,
                validation,
                RULES[name],
                seed,
                num_steps,
                bfloat16,
            )
            rows.append({"rule": name, **row})
            print(" ", rows[-1], flush=True)
    return rows


STARTS = {
    "BigModel's convolutions, random": lambda: BigModelDetector("random"),
    "BigModel's convolutions, trained": lambda: BigModelDetector("trained"),
    "BigModel's convolutions, frozen": lambda: BigModelDetector("frozen"),
    "the small detector": Detector,
}


def detector_start(seeds=SEEDS, num_steps=80, names=STARTS):
    """mAP on 500 validation scenes after few steps, of detectors that begin
    with BigModel's convolutions and of the small one."""
    scenes, validation = splits()
    bfloat16, rows = bfloat16_pays(), []
    for seed in seeds:
        for name in names:
            row = trained(
                STARTS[name],
                scenes,
                validation,
                one_cell,
                seed,
                num_steps,
                bfloat16,
            )
            rows.append({"start": name, **row})
            print(" ", rows[-1], flush=True)
    return rows


def detector_weights(num_steps=LONG, path=WEIGHTS):
    """The training of data/detector.pt on 12,000 scenes, and how good it is
    on 1,000 scenes of test garments, read once."""
    scenes, validation = splits(12_000)
    bfloat16 = bfloat16_pays()
    torch.manual_seed(0)
    net = Detector()
    start = time.process_time()
    train_detector(
        net, scenes, assign_all(scenes), num_steps, 0, bfloat16=bfloat16
    )
    seconds = round(time.process_time() - start, 1)
    half = {
        name: value.half() if value.is_floating_point() else value
        for name, value in net.state_dict().items()
    }
    torch.save(half, path)
    net = Detector()
    net.load_state_dict(half)
    test = compose(load_embedded().test, 1000, TEST)
    found = find(net, test.images)
    names = test.class_names
    by_class = class_precisions(found, test)
    return [
        {
            "seed": 0,
            "steps": num_steps,
            "cpu_seconds": seconds,
            "bfloat16": bfloat16,
            "validation": measured(net, validation),
            "test": measured(net, test),
            "classes": {names[y]: round(p, 4) for y, p in by_class.items()},
            "kinds": count_kinds([one.above(0.3) for one in found], test),
        }
    ]


EXPERIMENTS = {
    "cell-assignment": cell_assignment,
    "detector-start": detector_start,
    "detector-weights": detector_weights,
}
