"""Random boxes, and what pycocotools says of them: a yardstick for ours.

    python -m pip install --no-deps --target build/coco pycocotools==2.0.11
    PYTHONPATH=build/coco python -m tools.pycocotools_cases

writes tools/experiments/records/pycocotools.json. The course does not need
pycocotools (Lin and others, 2014); this record holds what it gave.
"""

import contextlib
import importlib.metadata
import io
import sys

import numpy as np

from tools.experiments import write_record

COMMAND = "python -m tools.pycocotools_cases"
NUM_CASES = 36
CLASSES = 3


def random_case(seed):
    """A few scenes with true boxes, and boxes as a poor detector finds them.

    Each box is [label, left, top, right, bottom], or with a score behind.
    """
    rng = np.random.default_rng(seed)
    case = []
    for _ in range(int(rng.integers(1, 5))):
        true, found = [], []
        for _ in range(int(rng.integers(1, 5))):
            left, top = rng.uniform(0, 45, 2)
            wide, high = rng.uniform(12, 35, 2)
            box = np.array([left, top, left + wide, top + high])
            label = int(rng.integers(CLASSES))
            true.append([label, *box.round(1).tolist()])
            for _ in range(int(rng.integers(0, 4))):  # seen so many times
                moved = box + rng.normal(0, rng.choice([1, 3, 6]), 4)
                moved[2:] = np.maximum(moved[2:], moved[:2] + 2)
                wrong = rng.random() < 0.2
                seen = int(rng.integers(CLASSES)) if wrong else label
                score = round(float(rng.uniform(0.05, 1)), 4)
                found.append([seen, *moved.round(1).tolist(), score])
        case.append({"true": true, "found": found})
    return case


def judged(case):
    """mAP of a case by pycocotools: at 0.5, at 0.75, and of all ten."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    def corner_and_size(box):
        left, top, right, bottom = box
        return [left, top, right - left, bottom - top]

    true, found = [], []
    for image, scene in enumerate(case):
        for label, *box in scene["true"]:
            box = corner_and_size(box)
            true.append(
                {
                    "id": len(true) + 1,
                    "image_id": image,
                    "category_id": label,
                    "bbox": box,
                    "area": box[2] * box[3],
                    "iscrowd": 0,
                }
            )
        for label, *box, score in scene["found"]:
            found.append(
                {
                    "image_id": image,
                    "category_id": label,
                    "bbox": corner_and_size(box),
                    "score": score,
                }
            )
    truth = COCO()
    truth.dataset = {
        "info": {},
        "images": [{"id": image} for image in range(len(case))],
        "annotations": true,
        "categories": [{"id": label} for label in range(CLASSES)],
    }
    truth.createIndex()
    evaluation = COCOeval(truth, truth.loadRes(found), "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    return {
        "map50": float(evaluation.stats[1]),
        "map75": float(evaluation.stats[2]),
        "map": float(evaluation.stats[0]),
    }


def cases():
    """Random boxes of three classes in a few scenes, and the mean average
    precision that pycocotools gives them."""
    rows = []
    for seed in range(NUM_CASES):
        case = random_case(seed)
        if not any(scene["found"] for scene in case):
            continue  # pycocotools takes no empty list
        with contextlib.redirect_stdout(io.StringIO()):
            rows.append({"seed": seed, **judged(case), "scenes": case})
    return rows


def main():
    try:
        version = importlib.metadata.version("pycocotools")
    except importlib.metadata.PackageNotFoundError:
        print(f"pycocotools is not here.\n{__doc__}")
        return 1
    write_record("pycocotools", cases, COMMAND, pycocotools=version)
    return 0


if __name__ == "__main__":
    sys.exit(main())
