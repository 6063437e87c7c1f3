"""The checks of the exercises on testing explanations."""

import math
from random import Random

import torch

from helpers.attribution import CORNERS
from helpers.checks import Misconception, check, diagnose, tensors, uniform


def _draws(random, fixed, *more):
    """(random numbers, size): fixed numbers for the first, then new ones."""
    drawn = [(Random(i), size) for i, size in enumerate(fixed)]
    return drawn + [(random, size) for size in more]


def _hit_rate(maps, masks):
    strongest = maps.abs().flatten(start_dim=1).argmax(dim=1)
    rows = torch.arange(len(maps))
    return masks.flatten(start_dim=1)[rows, strongest].double().mean()


def _which_cheats(maps_a, maps_b):
    corners = torch.zeros(28, 28)
    for rows in (slice(0, 5), slice(-5, None)):
        for columns in (slice(0, 5), slice(-5, None)):
            corners[rows, columns] = 1
    a, b = (
        (maps.abs() * corners).sum() / maps.abs().sum()
        for maps in (maps_a, maps_b)
    )
    return "a" if a > b else "b"


def _tcav_score(gradients, direction):
    along = (gradients * direction).sum(dim=(1, 2, 3))
    return (along > 0).double().mean()


@check(
    right="one strongest pixel per image, looked up in its own mask",
    ours=_hit_rate,
)
def hit_rate(answer, random):
    cases = []
    shapes = (1, 1, 2), (1, 2, 1), (2, 1, 2), (3, 2, 3), (4, 3, 5), (6, 2, 3)
    shapes = _draws(random, (*shapes, (9, 5, 4)), (20, 6, 7), (12, 4, 6))
    for draw, shape in shapes:
        many = range(1, max(100, math.prod(shape) + 1))
        sizes = draw.sample(many, math.prod(shape))  # no tie
        maps = torch.tensor(sizes).reshape(shape) / 4
        maps *= uniform(draw, shape).sign() + 0.0
        each = (shape[0], 1, 1)  # no common scale, and no common size
        inside = uniform(draw, shape, 0, 1) < uniform(draw, each, 0.1, 0.9)
        scale = 2 ** uniform(draw, each, -2, 5).round()
        cases.append((maps * scale, inside))

    def strongest(maps):
        return maps.flatten(1).argmax(dim=1)

    def hits(maps, masks):
        return masks.flatten(1)[range(len(maps)), strongest(maps)].double()

    def truth(maps, masks):
        return hits(maps.abs(), masks).mean()

    mistakes = {
        "a strong negative attribution counts too: take absolute values":
            lambda maps, masks: hits(maps, masks).mean(),
        "that is the weakest pixel, not the strongest":
            lambda maps, masks: hits(-maps.abs(), masks).mean(),
        "that is how many: divide by the number of images":
            lambda maps, masks: hits(maps.abs(), masks).sum(),
        "that says for each image whether it hits: take the mean":
            lambda maps, masks: hits(maps.abs(), masks),
        "that is the share of misses": lambda *case: 1 - truth(*case),
        "that is the share of the map inside, not whether its strongest "
        "pixel is": lambda maps, masks: (
            (maps.abs() * masks).sum((1, 2)) / maps.abs().sum((1, 2))
        ).mean(),
        "every maximum is looked up in every mask: pair image i with mask i, "
        "`[torch.arange(n), strongest]` and not `[:, strongest]`":
            lambda maps, masks:
                masks.flatten(1)[:, strongest(maps.abs())].double().mean(),
        "a table of every image with every mask: look up "
        "`[torch.arange(n), strongest]`, then take the mean":
            lambda maps, masks: masks.flatten(1)[:, strongest(maps.abs())],
        "every maximum is looked up in the first image's mask: each image "
        "has a mask of its own":
            lambda maps, masks: truth(maps, masks[:1].expand_as(masks)),
        "one maximum for all images: argmax(dim=1) finds one in each":
            lambda maps, masks: masks.flatten(1)[
                :, maps.abs().argmax() % maps[0].numel()
            ].double().mean(),
        "that is the size of the masks; where is the maximum?":
            lambda maps, masks: masks.double().mean(),
    }  # fmt: skip
    way = "look up the mask at each image's own maximum"
    diagnose(answer, cases, truth, mistakes, way, kind="one number")


WHERE = ("top left", "top right", "bottom left", "bottom right")  # CORNERS


@check(
    right="the cheat's maps have the larger share in the corners",
    ours=_which_cheats,
)
def which_cheats(answer, random):
    wrong, told, larger = [], set(), set()
    pairs = [*_pairs(Random(0)), *_pairs(random)]
    for number, (kind, ratio, *maps) in enumerate(pairs):
        right = "ab"[number % 2]
        said = answer(*(maps if right == "b" else maps[::-1]))
        if not isinstance(said, str) or said not in ("a", "b"):
            raise Misconception(
                'the answer must be "a" or "b", small: return whichever cheats'
            )
        told.add(said)
        if said != right:
            wrong.append(kind)
        if ratio != 1:
            larger.add((said == right) == (ratio > 1))
    missed = [corner for corner in WHERE if corner in wrong]
    if not wrong:
        return
    if len(told) == 1:
        why = f'it says "{told.pop()}" whatever the maps show: look at them'
    elif len(wrong) == len(pairs):
        why = "always the other one: the larger share in the corners cheats"
    elif len(larger) == 1:
        why = "it follows the size of the numbers: divide by the map's sum"
    elif 0 < len(missed) < 4:
        why = (
            f"tags at the {', '.join(missed)} are missed: add up all four "
            "corners"
        )
    elif not missed and "peak" in wrong:
        why = (
            "a sharp peak in the middle is taken for a tag: ask where the map "
            "is strong, not how uneven it is"
        )
    elif not missed and "edge" in wrong:
        why = (
            "the middle of an edge is taken for a corner: rows and columns "
            "must both be among the outer 5"
        )
    elif set(wrong) <= {"beside"}:
        why = "pixels beside a tag are counted too: a corner is 5 x 5 pixels"
    elif set(wrong) <= {"line"}:
        why = (
            "a cheat that looks at one line of the tag is missed: take all "
            "5 x 5 pixels, and divide by the map's sum, not by its maximum"
        )
    elif set(wrong) <= {"pixel", "one"}:
        why = (
            "a single bright pixel decides: compare the share of the whole "
            "map that lies in the corners, not where its maximum is"
        )
    else:
        why = (
            f"wrong in {len(wrong)} of {len(pairs)} pairs: use all four "
            "corners, 5 x 5 pixels each, and nothing else"
        )
    raise Misconception(why)


def _pairs(draw):
    """(kind, ratio of sizes, honest maps, cheating maps), in random order.

    The cheat's tag lies in one corner a pair, and its other corners are
    weaker than the honest model's: no corner can be left out. Either model
    may look at one line alone, in a corner or beside it.
    """
    pairs, middle, noise = [], slice(11, 17), torch.Generator()
    noise.manual_seed(draw.randrange(10**6))
    for where, corner in zip(WHERE, CORNERS, strict=True):
        top, left = (at % 28 for at in corner)
        tag = slice(top, top + 5), slice(left, left + 5)
        next_row, next_column = (5 if at == 0 else 22 for at in (top, left))
        traps = [(where, None, tag), ("peak", (slice(13, 15),) * 2, tag)]
        traps += [("edge", (slice(top, top + 2), middle), tag)]
        traps += [("edge", (middle, slice(left, left + 2)), tag)]
        traps += [("beside", (slice(next_row, next_row + 1), tag[1]), tag)]
        traps += [
            ("beside", (tag[0], slice(next_column, next_column + 1)), tag)
        ]
        for i in (0, 4):
            traps += [("line", None, (slice(top + i, top + i + 1), tag[1]))]
            traps += [("line", None, (tag[0], slice(left + i, left + i + 1)))]
        traps += [("pixel", (slice(top, top + 1), slice(left, left + 1)), tag)]
        for kind, place, seen in traps:
            ratio = draw.choice([1.0, 50.0, 0.02])
            honest = _drawn(noise, place, 0.05 if kind == "pixel" else 0.6)
            cheating = ratio * _drawn(noise, seen, 0.3, 0.3)
            pairs.append((kind, ratio, honest, cheating))
        # One image that speaks for the other model.
        one = (len(pairs) // 11 - 1) * 3 % 8
        maps = _drawn(noise, None, 0), _drawn(noise, tag, 0.3, 0.3)
        swapped = torch.stack([maps[1][one], maps[0][one]])
        maps[0][one], maps[1][one] = swapped
        pairs.append(("one", 1.0, *maps))
    draw.shuffle(pairs)
    return pairs


def _drawn(noise, place, share, corners=1.0):
    """Eight noisy maps (8, 28, 28): a garment, and `share` of it at `place`.

    corners: strength of the four corners before the share is put there
    """
    outside = (torch.arange(28.0) - 13.5).square()
    garment = 0.15 + torch.exp(-(outside[:, None] + outside) / 72)
    outer = outside > 8.5**2
    garment[outer[:, None] & outer] *= corners
    maps = garment * torch.rand(8, 28, 28, generator=noise)
    maps /= maps.sum(dim=(1, 2), keepdim=True)
    if place:
        maps *= 1 - share
        spot = torch.rand(maps[:, *place].shape, generator=noise)
        maps[:, *place] += share * spot / spot.sum(dim=(1, 2), keepdim=True)
    return maps


@check(
    right="a vote for each image, by the sign of its slope",
    ours=_tcav_score,
)
def tcav_score(answer, random):
    cases = tensors(
        ([[[[1.0]]]], [[[-2.0]]]),
        ([[[[1.0]]], [[[0.0]]], [[[2.0]]]], [[[1.0]]]),
        ([[[[1.0, -1.0]]], [[[3.0, -1.0]]]], [[[1.0, 1.0]]]),  # 0 and 2
        ([[[[1.0, -2.0]]], [[[-3.0, 4.0]]], [[[1.0, 1.0]]]], [[[1.0, 1.0]]]),
        ([[[[2**-20]]], [[[-(2**-20)]]]], [[[1.0]]]),  # hardly, and yet
    )
    shapes = (3, 2, 1, 2), (5, 2, 3, 1), (4, 4, 4, 4), (7, 3, 2, 2)
    for draw, shape in _draws(random, shapes, (19, 3, 2, 2), (11, 2, 3, 4)):
        gradients = uniform(draw, shape, -9, 9).round()  # so sums are exact
        direction = uniform(draw, shape[1:], -4, 4).round()
        gradients[0] += 20 * direction  # one image must not outvote the rest
        slopes = (gradients * direction).sum(dim=(1, 2, 3))
        gradients[slopes == 0] = 0  # and stay so with a direction of length 1
        gradients[-1] = 0
        cases.append((gradients, direction))

    def slopes(gradients, direction):
        return (gradients * direction).sum(dim=(1, 2, 3))

    def share(votes):
        return votes.double().mean()

    def truth(gradients, direction):
        return share(slopes(gradients, direction) > 0)

    mistakes = {
        "count the images that rise; do not take the mean of the slopes":
            lambda *case: slopes(*case).mean(),
        "those are the slopes, one per image: return the share of positive "
        "ones": slopes,
        "that is one value per image: return the share of positive ones":
            lambda *case: slopes(*case) > 0,
        "the sign is turned: an image rises if its slope is above 0":
            lambda *case: share(slopes(*case) < 0),
        "that counts the images that do not rise":
            lambda *case: 1 - truth(*case),
        "a falling image counts 0, not -1: count the slopes above 0":
            lambda *case: slopes(*case).sign().mean(),
        "an image with slope 0 does not rise":
            lambda *case: share(slopes(*case) >= 0),
        "that is how many: divide by the number of images":
            lambda *case: (slopes(*case) > 0).sum(),
        "sum over the activations of an image first, then look at the sign":
            lambda g, d: share(g * d > 0),
        "one activation that helps is not enough: an image has one vote, by "
        "the sum over all of its activations":
            lambda g, d: share((g * d > 0).flatten(1).any(dim=1)),
        "the channels vote apart: sum over dim=(1, 2, 3), one slope an image":
            lambda g, d: share((g * d).sum(dim=(2, 3)) > 0),
        "the places vote apart: sum over height and width too":
            lambda g, d: share((g * d).sum(dim=1) > 0),
        "the images are added up: sum over all but the first dimension":
            lambda g, d: share((g * d).sum(dim=0) > 0),
        "the direction is left out: multiply by it":
            lambda g, d: truth(g, torch.ones_like(d)),
    }  # fmt: skip
    way = "gradient times direction, summed for each image, then the sign"
    diagnose(answer, cases, truth, mistakes, way, kind="one number")
