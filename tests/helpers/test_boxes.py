"""Boxes: by hand, against torchvision, and against pycocotools."""

import pytest
import torch
from torchvision import ops

from helpers.boxes import (
    KINDS,
    Found,
    average_precision,
    class_precisions,
    confusions,
    count_kinds,
    iou,
    kinds_of_boxes,
    load_pycocotools,
    match,
    mean_average_precision,
    nms,
)
from helpers.scenes import Scenes


def random_boxes(count, seed):
    generator = torch.Generator().manual_seed(seed)
    corner = torch.rand(count, 2, generator=generator) * 30
    size = torch.rand(count, 2, generator=generator) * 20 + 5
    return torch.cat([corner, corner + size], dim=1)


@pytest.mark.parametrize("seed", range(20))
def test_overlap_and_suppression_are_torchvision_s(seed):
    a, b = random_boxes(30, seed), random_boxes(20, 100 + seed)
    assert torch.allclose(iou(a, b), ops.box_iou(a, b), atol=1e-6)
    scores = torch.rand(30, generator=torch.Generator().manual_seed(seed))
    for threshold in (0.1, 0.3, 0.6):
        kept = ops.nms(a, scores, threshold).tolist()
        assert nms(a, scores, threshold) == kept


@pytest.mark.parametrize("number", range(len(load_pycocotools())))
def test_mean_average_precision_is_that_of_pycocotools(number):
    case = load_pycocotools()[number]
    for threshold, value in ((0.5, case.map50), (0.75, case.map75)):
        ours = mean_average_precision(case.found, case.scenes, threshold)
        assert ours == pytest.approx(value, abs=1e-9)
    ten = [
        mean_average_precision(case.found, case.scenes, 0.5 + 0.05 * k)
        for k in range(10)
    ]
    assert sum(ten) / 10 == pytest.approx(case.map, abs=1e-9)


def test_pycocotools_was_asked_about_many_kinds_of_cases():
    cases = load_pycocotools()
    assert len(cases) >= 30
    values = [case.map50 for case in cases]
    assert min(values) < 0.2
    assert max(values) > 0.8
    assert len({round(value, 6) for value in values}) > 20


@pytest.mark.parametrize(
    ("hits", "num_true", "value"),
    [
        ([True], 1, 1),
        ([False], 1, 0),
        ([], 2, 0),
        ([True], 2, 51 / 101),  # recalls 0 to 0.5, both included
        ([False, True], 1, 1 / 2),
        # The best at a recall or more: 2/3 also below one half.
        ([False, True, True], 2, 2 / 3),
    ],
)
def test_average_precision_by_hand(hits, num_true, value):
    got = average_precision(torch.tensor(hits, dtype=torch.bool), num_true)
    assert got == pytest.approx(value)


def test_average_precision_of_nothing_to_find():
    with pytest.raises(ValueError, match="without a true box"):
        average_precision(torch.tensor([True]), 0)


def test_each_true_box_is_found_once():
    true = torch.tensor([[0.0, 0, 10, 10], [20, 0, 30, 10]])
    boxes = torch.tensor(
        [[0.0, 0, 10, 9], [0, 0, 10, 10], [21, 0, 31, 10], [60, 60, 70, 70]]
    )
    assert match(boxes, true).tolist() == [0, -1, 1, -1]
    assert match(boxes, true, 0.95).tolist() == [-1, 0, -1, -1]
    assert match(boxes, true[:0]).tolist() == [-1] * 4
    assert match(boxes[:0], true).tolist() == []


SQUARE = torch.tensor([[0.0, 0, 10, 10], [40, 40, 50, 50]])


def one_scene(found):
    boxes, labels = zip(*found, strict=True) if found else ((), ())
    scores = torch.linspace(0.9, 0.1, len(boxes))
    boxes = torch.tensor(boxes, dtype=torch.float32).view(-1, 4)
    return Found(boxes, scores, torch.tensor(labels, dtype=torch.long))


def test_errors_have_their_kind():
    one = one_scene(
        [
            ((0, 0, 10, 10), 1),  # right
            ((0, 0, 10, 9), 1),  # the same again
            ((0, 0, 9, 10), 2),  # takes it for something else
            ((44, 44, 54, 54), 2),  # there, but badly placed
            ((44, 44, 54, 54), 1),  # badly placed, and of a wrong class
            ((70, 0, 80, 10), 1),
        ]
    )
    kinds, missed = kinds_of_boxes(one, SQUARE, torch.tensor([1, 2]))
    assert kinds == [
        "right",
        "double",
        "wrong class",
        "badly placed",
        "both",
        "background",
    ]
    assert missed == [1]
    scenes = Scenes(torch.zeros(1), [SQUARE], [torch.tensor([1, 2])], "abc")
    counts = count_kinds([one], scenes)
    assert list(counts) == list(KINDS)
    assert set(counts.values()) == {1}
    assert confusions([one], scenes) == {("b", "c"): 1}


def test_a_picture_in_which_nothing_was_found():
    kinds, missed = kinds_of_boxes(one_scene([]), SQUARE, torch.tensor([1, 2]))
    assert (kinds, missed) == ([], [0, 1])


def test_a_class_that_is_nowhere_does_not_count():
    scenes = Scenes(torch.zeros(1), [SQUARE], [torch.tensor([1, 1])], "abc")
    found = [one_scene([((0, 0, 10, 10), 1), ((0, 0, 10, 10), 2)])]
    assert class_precisions(found, scenes) == {1: pytest.approx(51 / 101)}
    assert found[0].above(0.5).labels.tolist() == [1]


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match=r"\(n, 4\), not \(4,\)"):
        iou(torch.zeros(4), torch.zeros(1, 4))
    with pytest.raises(ValueError, match=r"\(n, 4\), not \(2, 3\)"):
        iou(torch.zeros(1, 4), torch.zeros(2, 3))


def test_at_the_threshold():
    two = torch.tensor([[0.0, 0, 4, 4], [0.0, 0, 4, 2]])  # overlap by 0.5
    scores = torch.tensor([0.75, 0.5])
    assert nms(two, scores, 0.5) == [0, 1], "not *more* than the threshold"
    assert nms(two, scores, 0.49) == [0]
    found = Found(two, scores, torch.tensor([1, 2]))
    assert found.above(0.5).labels.tolist() == [1, 2], "at least"
    assert found.above(0.51).labels.tolist() == [1]


def test_of_equal_scores_the_first_is_kept():
    apart = torch.arange(100.0)[:, None] * 10 + torch.tensor([0.0, 0, 4, 4])
    scores = (torch.arange(100) % 2).float()
    order = [*range(1, 100, 2), *range(0, 100, 2)]
    assert nms(apart, scores, 0.5) == order


def test_an_empty_scene_holds_only_background():
    one = Found(
        torch.tensor([[0.0, 0, 4, 4]]), torch.tensor([0.9]), torch.tensor([1])
    )
    nothing, labels = torch.zeros(0, 4), torch.zeros(0, dtype=torch.long)
    assert kinds_of_boxes(one, nothing, labels) == (["background"], [])
    empty = Scenes(torch.zeros(1), [nothing], [labels], ("a", "b"))
    with pytest.raises(ValueError, match="at least one thing"):
        mean_average_precision([one], empty)
