"""What learners really write in the exercises on testing explanations."""

import torch


def pixel_share(maps, masks):
    sizes = maps.abs()
    inside = (sizes * masks).sum(dim=(1, 2)) / sizes.sum(dim=(1, 2))
    return inside.mean()


def _looked_up(maps, masks):
    positions = maps.flatten(1).argmax(dim=1)
    return masks.flatten(1)[torch.arange(len(maps)), positions].double()


def _strongest(maps):
    return maps.abs().flatten(1).argmax(dim=1)


def every_mask(maps, masks):
    return masks.flatten(1)[:, _strongest(maps)].double().mean()


def first_mask(maps, masks):
    return masks[0].flatten()[_strongest(maps)].double().mean()


def one_maximum(maps, masks):
    place = maps[0].numel()
    return masks.flatten(1)[:, maps.abs().argmax() % place].double().mean()


def _corners():
    mask = torch.zeros(28, 28)
    for rows in (slice(0, 5), slice(-5, None)):
        for columns in (slice(0, 5), slice(-5, None)):
            mask[rows, columns] = 1
    return mask


def by_size(maps_a, maps_b):
    corners = _corners()
    a, b = ((m * corners).sum() for m in (maps_a, maps_b))
    return "a" if a > b else "b"


def other_way(maps_a, maps_b):
    corners = _corners()
    a, b = ((m * corners).sum() / m.sum() for m in (maps_a, maps_b))
    return "a" if a < b else "b"


def _larger(a, b, size):
    return "a" if size(a) > size(b) else "b"


def uneven(maps_a, maps_b):
    return _larger(maps_a, maps_b, lambda m: m.std() / m.mean())


def bands(maps_a, maps_b):
    return _larger(
        maps_a,
        maps_b,
        lambda m: (m[:, :5].sum() + m[:, -5:].sum()) / m.sum(),
    )


def one_corner(maps_a, maps_b):
    return _larger(maps_a, maps_b, lambda m: m[:, :5, :5].sum() / m.sum())


def last_row(maps_a, maps_b):
    return _larger(maps_a, maps_b, lambda m: m[:, -1].sum() / m.sum())


def _along(gradients, direction):
    return (gradients * direction).sum(dim=(1, 2, 3))


def in_corners(maps, side):
    parts = [slice(0, side), slice(28 - side, 28)]
    inside = sum(maps[:, i, j].sum() for i in parts for j in parts)
    return inside / maps.sum()


def six_by_six(a, b):
    return "a" if in_corners(a, 6) > in_corners(b, 6) else "b"


def four_by_four(a, b):
    return "a" if in_corners(a, 4) > in_corners(b, 4) else "b"


def pointing(a, b):
    def hits(maps):
        at = maps.flatten(1).argmax(dim=1)
        outer = [(n < 5) | (n > 22) for n in (at // 28, at % 28)]
        return (outer[0] & outer[1]).double().mean()

    return "a" if hits(a) > hits(b) else "b"


WRONG = {
    "hit_rate": {
        "take absolute values": lambda maps, masks: _looked_up(
            maps, masks
        ).mean(),
        "weakest pixel": lambda maps, masks: _looked_up(
            -maps.abs(), masks
        ).mean(),
        "divide by the number of images": lambda maps, masks: _looked_up(
            maps.abs(), masks
        ).sum(),
        "share of the map inside": pixel_share,
        "pair image i with mask i": every_mask,
        "in the first image's mask": first_mask,
        "one maximum for all images": one_maximum,
        "a table of every image": lambda maps, masks: masks.flatten(1)[
            :, _strongest(maps)
        ],
        "whether it hits: take the mean": lambda maps, masks: _looked_up(
            maps.abs(), masks
        ),
        "return one number": lambda maps, masks: [
            _looked_up(maps.abs(), masks).mean()
        ],
    },
    "which_cheats": {
        'says "a" whatever': lambda a, b: "a",
        "follows the size of the numbers": by_size,
        "always the other one": other_way,
        "how uneven it is": uneven,
        "the middle of an edge is taken": bands,
        "tags at the top right, bottom left, bottom right": one_corner,
        "tags at the top left, top right are missed": last_row,
        "small: return whichever": lambda a, b: other_way(b, a).upper(),
        "beside a tag": six_by_six,
        "one line of the tag": four_by_four,
        "a single bright pixel": pointing,
    },
    "tcav_score": {
        "then the sign; gradients [[[[9.537e-07]]]": (
            "def tcav_score(gradients, direction):\n"
            "    along = (gradients * direction).sum((1, 2, 3))\n"
            "    return (along > 0.01).double().mean()"
        ),
        "the sign is turned": lambda g, d: (_along(g, d) < 0).double().mean(),
        "one activation that helps is not enough": lambda g, d: (
            (g * d > 0).flatten(1).any(dim=1).double().mean()
        ),
        "mean of the slopes": lambda g, d: _along(g, d).mean(),
        "do not rise": lambda g, d: (_along(g, d) <= 0).double().mean(),
        "slope 0": lambda g, d: (_along(g, d) >= 0).double().mean(),
        "divide by the number": lambda g, d: (_along(g, d) > 0).sum(),
        "counts 0, not -1": lambda g, d: _along(g, d).sign().mean(),
        "return one number": lambda g, d: [(_along(g, d) > 0).double().mean()],
        "then look at the sign": lambda g, d: (g * d > 0).double().mean(),
        "the channels vote apart": lambda g, d: (
            ((g * d).sum(dim=(2, 3)) > 0).double().mean()
        ),
        "the places vote apart": lambda g, d: (
            ((g * d).sum(dim=1) > 0).double().mean()
        ),
        "the images are added up": lambda g, d: (
            ((g * d).sum(dim=0) > 0).double().mean()
        ),
        "the direction is left out": lambda g, d: (
            (g.sum(dim=(1, 2, 3)) > 0).double().mean()
        ),
    },
}
