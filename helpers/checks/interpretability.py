"""The checks of the exercises on interpretability."""

import functools
import itertools
from typing import NamedTuple

import torch

from helpers.attribution import (
    CORNERS,
    PATCH,
    integrated_gradients,
    load_planted,
    pixel_map,
    plant,
)
from helpers.checks import Misconception, check, close, compare, numbers
from helpers.data import load_embedded


@check(right="each column was shuffled alone, and the rise is the difference")
def permutation_importance(answer, random):
    generator = _generator(random)
    X = torch.randn(12, 4, generator=generator)
    order = torch.randperm(12, generator=generator)
    slopes = torch.tensor([3.0, -1.0, 0.0, 2.0])
    y = X @ slopes + torch.randn(12, generator=generator)

    def predict(X):
        return X @ slopes

    def error(X):
        return (predict(X) - y).square()

    piled, rows, after, summed = X.clone(), [], [], []
    for j in range(4):
        piled[:, j] = X[order, j]
        alone = X.clone()
        alone[:, j] = X[order, j]
        rows.append(error(piled).mean() - error(X).mean())
        after.append(error(alone).mean())
        summed.append(error(alone).sum() - error(X).sum())
    after, summed = torch.stack(after), torch.stack(summed)
    expected = after - error(X).mean()
    whole = (error(X[order]).mean() - error(X).mean()).expand(4)
    roots = after.sqrt() - error(X).mean().sqrt()
    got = numbers(answer(predict, X, y, order), (4,))
    if close(got, expected, 1e-4):
        return
    mistakes = (
        (after, "that is the error itself: subtract the error before"),
        (-expected, "the sign is turned: error after, minus error before"),
        (summed, "the squares are added: take their mean"),
        (torch.stack(rows), "the shuffles pile up: start every column from "
         "a fresh copy"),
        (whole, "all columns moved together: shuffle one at a time"),
        (roots, "no root: the mean squared error itself"),
        (expected.abs(), "a rise may be negative: no absolute value"),
    )  # fmt: skip
    _refuse(got, expected, mistakes, "compare with two errors taken by hand")


@check(right="the parts add up to the difference from the baseline, or do not")
def completeness_gap(answer, random):
    generator = _generator(random)
    X = torch.randn(3, 2, 4, 5, generator=generator)
    baseline = torch.randn(3, 2, 4, 5, generator=generator)
    attributions = torch.randn(3, 2, 4, 5, generator=generator)

    def score(X):
        return X.square().sum(dim=(1, 2, 3)) / 10 + X[:, 0, 0, 0]

    total = attributions.sum(dim=(1, 2, 3))
    goal = score(X) - score(baseline)
    expected = total - goal
    got = numbers(answer(score, X, baseline, attributions))
    if got.numel() == 1:
        raise Misconception(
            "one number for all images: sum over dim=(1, 2, 3) and keep them "
            "apart"
        )
    if got.shape == (3, 3):
        raise Misconception(
            "a column minus a row is a table, (3, 1) - (3,) gives (3, 3): sum "
            "without keepdim"
        )
    got = numbers(got, (3,))
    if close(got, expected, 1e-4):
        return
    size = attributions.abs().sum(dim=(1, 2, 3))
    mistakes = (
        (total - score(X), "the score of the baseline is missing"),
        (total, "that is the sum alone: subtract what it should be"),
        (-expected, "the sign is turned: the sum, minus the goal"),
        (expected.abs(), "keep the sign: no absolute value of the gap"),
        (size - goal, "negative attributions count as negative"),
        (total + goal, "subtract the goal, do not add it"),
        (total - score(X - baseline), "two scores, then their difference: "
         "not the score of a difference"),
    )  # fmt: skip
    _refuse(got, expected, mistakes, "sum(attributions), minus a difference")


@check(right="the mean over both orders, and the parts add up to the whole")
def fair_share(answer, random):
    none, first, second, both = random.sample(range(-9, 20), 4)
    while True:
        a = ((first - none) + (both - second)) / 2
        b = ((second - none) + (both - first)) / 2
        expected = torch.tensor([a, b], dtype=torch.float64)
        half = (both - none) / 2
        mistakes = (
            ((b, a), "the two values are swapped"),
            ((first, second), "that is what each earns alone, with nothing "
             "subtracted"),
            ((first - none, second - none), "that is only the order in which "
             "it enters first"),
            ((both - second, both - first), "that is only the order in which "
             "it enters last"),
            ((2 * a, 2 * b), "two orders: divide by 2"),
            ((half, half), "half each is fair only between equals"),
            ((a + none / 2, b + none / 2), "`none` is forgotten when entering "
             "first"),
        )  # fmt: skip
        told = [tuple(map(float, pair)) for pair, _ in mistakes] + [(a, b)]
        if len(set(told)) == len(told):
            break
        none, first, second, both = random.sample(range(-9, 20), 4)
    got = numbers(answer(none, first, second, both), (2,))
    if close(got, expected, 1e-6):
        return
    mistakes = [(torch.tensor(pair), text) for pair, text in mistakes]
    _refuse(
        got,
        expected,
        mistakes,
        "write down what each adds in either order",
        none=none,
        first=first,
        second=second,
        both=both,
    )


@check(right="one strongest pixel an image, looked up in its own mask")
def hit_rate(answer, random):
    while True:
        maps, masks = _maps_and_masks(random)
        flat, inside = maps.flatten(1).abs(), masks.flatten(1).double()
        rows, strongest = torch.arange(len(maps)), flat.argmax(dim=1)
        hits = inside[rows, strongest]
        expected = hits.mean()
        mistakes = (
            (inside[rows, maps.flatten(1).argmax(dim=1)].mean(), "a strong "
             "negative attribution counts too: take absolute values"),
            (inside[rows, flat.argmin(dim=1)].mean(), "that is the weakest "
             "pixel, not the strongest"),
            (hits.sum(), "that is how many: divide by the number of images"),
            (((flat * inside).sum(1) / flat.sum(1)).mean(), "that is the "
             "share of the map inside, not whether its strongest pixel is"),
            (inside[:, strongest].mean(), "every maximum is looked up in "
             "every mask: pair image i with mask i, "
             "`[torch.arange(n), strongest]` and not `[:, strongest]`"),
            (inside[0, strongest].mean(), "every maximum is looked up in the "
             "first image's mask: each image has a mask of its own"),
            (inside[:, flat.argmax() % flat.shape[1]].mean(), "one maximum "
             "for all images: argmax(dim=1) finds one in each"),
            (1 - expected, "that is the share of misses"),
            (inside.mean(), "that is the size of the masks; where is the "
             "maximum?"),
        )  # fmt: skip
        if _apart(expected, mistakes):
            break
    got = numbers(answer(maps, masks))
    if got.numel() == len(maps):
        raise Misconception(
            "that says for each image whether it hits: take the mean"
        )
    if got.numel() == len(maps) ** 2:
        raise Misconception(
            "a table of every image with every mask: look up "
            "`[torch.arange(n), strongest]`, then take the mean"
        )
    got = numbers(got, ())
    if close(got, expected, 1e-5):
        return
    otherwise = "look up the mask at each image's own maximum"
    _refuse(got, expected, mistakes, otherwise, images=len(maps))


def _maps_and_masks(random):
    """20 maps of random size, and for each a mask of its own.

    The strongest pixel lies inside in 7 to 14 of them, and is negative in a
    third. float32 and bool, both (20, 6, 7).
    """
    generator = _generator(random)
    maps = torch.randn(20, 6, 7, generator=generator)
    density = 0.1 + 0.5 * torch.rand(20, 1, 1, generator=generator)
    masks = torch.rand(20, 6, 7, generator=generator) < density
    hit = random.sample(range(20), random.randint(7, 14))
    for i in range(20):
        row, column = random.randrange(6), random.randrange(7)
        maps[i, row, column] = 9.0 if i % 3 else -9.0
        masks[i, row, column] = i in hit
    scale = 10 ** torch.randn(20, 1, 1, generator=generator)
    return maps * scale, masks


WHERE = ("top left", "top right", "bottom left", "bottom right")  # CORNERS
PEAK = slice(13, 15), slice(13, 15)
EDGES = (
    (slice(0, 2), slice(11, 17)),
    (slice(26, 28), slice(11, 17)),
    (slice(11, 17), slice(0, 2)),
    (slice(11, 17), slice(26, 28)),
)


@check(right="the cheat's maps have the larger share in the corners")
def which_cheats(answer, random):
    told = []
    for number, pair in enumerate(_pairs(random)):
        right = "ab"[number % 2]
        maps = [pair.cheating, pair.honest]
        said = answer(*(maps if right == "a" else maps[::-1]))
        if not isinstance(said, str) or said.lower() not in ("a", "b"):
            raise Misconception(
                'the answer must be "a" or "b", whichever model cheats'
            )
        told.append((said.lower(), right, pair))
    wrong = [pair for said, right, pair in told if said != right]
    if not wrong:
        return
    if len({said for said, *_ in told}) == 1:
        raise Misconception(
            f'it says "{told[0][0]}" whatever the maps show: look at them'
        )
    if len(wrong) == len(told):
        raise Misconception(
            "always the other one: the larger share in the corners cheats"
        )
    larger = [
        (said == right) == (pair.ratio > 1)
        for said, right, pair in told
        if pair.ratio != 1
    ]
    if all(larger) or not any(larger):
        raise Misconception(
            "it follows the size of the numbers: divide by the map's sum"
        )
    raise Misconception(_where_it_fails(wrong, len(told)))


class _Pair(NamedTuple):
    """Maps (8, 28, 28) of both models, and what is special about them."""

    honest: torch.Tensor
    cheating: torch.Tensor
    kind: str  # where the honest model looks; "real" for the real models
    corner: int  # where the cheat's tags lie, an index of WHERE
    ratio: float  # size of the cheat's numbers, as a multiple


def _where_it_fails(wrong, count):
    """What the pairs that were judged wrongly have in common, as advice."""
    plain = {pair.corner for pair in wrong if pair.kind == "garment"}
    missed = [WHERE[corner] for corner in sorted(plain)]
    kinds = {pair.kind for pair in wrong}
    if 0 < len(missed) < 4:
        return (
            f"tags at the {', '.join(missed)} are missed: add up all four "
            "corners"
        )
    if "garment" not in kinds and "peak" in kinds:
        return (
            "a sharp peak in the middle is taken for a tag: ask where the map "
            "is strong, not how uneven it is"
        )
    if "garment" not in kinds and "edge" in kinds:
        return (
            "the middle of an edge is taken for a corner: rows and columns "
            "must both be among the outer 5"
        )
    return (
        f"wrong in {len(wrong)} of {count} pairs: use all four corners, "
        "5 x 5 pixels each, and nothing else"
    )


def _pairs(random):
    """Pairs of honest and cheating maps, each with its own trap.

    The cheat's tags lie in one corner a pair, and its other corners are
    weaker than the honest model's: no corner can be left out. The honest
    model looks at the whole garment, at one sharp peak in the middle, or at
    the middle of an edge. Then maps of two real models.
    """
    generator, pairs = _generator(random), []
    ratios, edges = [1.0, 50.0, 0.02], random.sample(EDGES, 4)
    for i, (corner, edge) in enumerate(zip(CORNERS, edges, strict=True)):
        random.shuffle(ratios)
        looks = ("garment", None, 0), ("peak", PEAK, 0.4), ("edge", edge, 0.6)
        for (kind, place, share), ratio in zip(looks, ratios, strict=True):
            honest = _drawn(generator, place, share)
            tag = tuple(slice(at, at + PATCH or None) for at in corner)
            cheating = _drawn(generator, tag, 0.3, corners=0.3)
            pairs.append(_Pair(honest, ratio * cheating, kind, i, ratio))
    honest, cheating = _two_models()
    for ratio in (1.0, *ratios):
        images = torch.tensor(random.sample(range(len(honest)), 8))
        maps = honest[images], ratio * cheating[images]
        pairs.append(_Pair(*maps, "real", -1, ratio))
    random.shuffle(pairs)
    return pairs


def _drawn(generator, place, share, corners=1.0):
    """Eight noisy maps (8, 28, 28): a garment, and `share` of it at `place`.

    corners: strength of the four corners before the share is put there
    """
    square = (torch.arange(28) - 13.5).square()
    garment = 0.15 + torch.exp(-(square[:, None] + square) / 72)
    for at in CORNERS:
        rows, columns = (slice(i, i + PATCH or None) for i in at)
        garment[rows, columns] *= corners
    maps = garment * torch.rand(8, 28, 28, generator=generator)
    maps *= (1 - share) / maps.sum(dim=(1, 2), keepdim=True)
    if place:
        rows, columns = place
        spot = torch.rand(maps[:, rows, columns].shape, generator=generator)
        spot *= share / spot.sum(dim=(1, 2), keepdim=True)
        maps[:, rows, columns] += spot
    return maps


@functools.cache
def _two_models():
    """Maps of a mended model and of a cheat for 24 tagged test images."""
    planted = plant(load_embedded().test[:24], 0.0, seed=77)
    maps = []
    for name in ("mended-0", "cheat-0"):
        attributions = integrated_gradients(
            load_planted(name), planted.X, planted.told, 0.0, num_steps=8
        )
        maps.append(pixel_map(attributions))
    return maps


@check(right="a vote for each image, by the sign of its slope")
def tcav_score(answer, random):
    while True:
        gradients, direction = _gradients_and_direction(random)
        each = gradients * direction
        along = each.sum(dim=(1, 2, 3))
        expected = _share(along > 0)
        mistakes = (
            (along.mean(), "count the images that rise; do not take the mean "
             "of the slopes"),
            (1 - expected, "that counts the images that do not rise"),
            (_share(along >= 0), "an image with slope 0 does not rise"),
            ((along > 0).sum(), "that is how many: divide by the number of "
             "images"),
            (_share(each > 0), "sum over the activations of an image first, "
             "then look at the sign"),
            (_share(each.sum(dim=(2, 3)) > 0), "the channels vote apart: sum "
             "over dim=(1, 2, 3), one slope an image"),
            (_share(each.sum(dim=1) > 0), "the places vote apart: sum over "
             "height and width too"),
            (_share(each.sum(dim=0) > 0), "the images are added up: sum over "
             "all but the first dimension"),
            (_share(gradients.sum(dim=(1, 2, 3)) > 0), "the direction is left "
             "out: multiply by it"),
        )  # fmt: skip
        if _apart(expected, mistakes):
            break
    got = numbers(answer(gradients, direction))
    if got.numel() == len(gradients):
        raise Misconception(
            "that is one value an image: return the share of positive ones"
        )
    got = numbers(got, ())
    if close(got, expected, 1e-5):
        return
    otherwise = "gradient times direction, summed for each image"
    _refuse(got, expected, mistakes, otherwise, images=len(gradients))


def _gradients_and_direction(random):
    """19 gradients (19, 3, 2, 2) that lean towards a direction (3, 2, 2)."""
    generator = _generator(random)
    direction = torch.randn(3, 2, 2, generator=generator)
    gradients = torch.randn(19, 3, 2, 2, generator=generator)
    gradients += 0.15 * direction
    gradients[0] += 20 * direction  # one image must not outvote the rest
    gradients[1] = 0  # neither up nor down
    return gradients, direction


def _share(votes):
    return votes.double().mean()


def _generator(random):
    return torch.Generator().manual_seed(random.randrange(10**6))


def _apart(expected, mistakes):
    """Whether no two of these numbers agree, so that each is recognised."""
    told = sorted([float(expected), *(float(v) for v, _ in mistakes)])
    return min(b - a for a, b in itertools.pairwise(told)) > 2e-3


def _refuse(got, expected, mistakes, otherwise, **shown):
    """Raise the Misconception of the first mistake that gives `got`."""
    text = next((t for v, t in mistakes if close(got, v, 1e-4)), otherwise)
    shown = compare(**shown, expected=expected, yours=got)
    raise Misconception(f"{text}. {shown}")
