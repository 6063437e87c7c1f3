"""Right answers in the exercises on testing explanations, unusual ones."""

import numpy as np
import torch


def _corners(maps, n=5):
    rows = torch.cat([maps[:, :n], maps[:, -n:]], dim=1)
    return torch.cat([rows[..., :n], rows[..., -n:]], dim=2)


def _cheat(share):
    return lambda a, b: "a" if share(a) > share(b) else "b"


RIGHT = {
    "hit_rate": {
        "a loop": lambda maps, masks: (
            sum(
                bool(mask.flatten()[m.abs().argmax()])
                for m, mask in zip(maps, masks, strict=True)
            )
            / len(maps)
        ),
        "the largest value": lambda maps, masks: (
            ((maps.abs() * masks).amax((1, 2)) == maps.abs().amax((1, 2)))
            .double()
            .mean()
        ),
        "squares": lambda maps, masks: (
            masks.flatten(1)
            .gather(1, maps.square().flatten(1).argmax(1, keepdim=True))
            .float()
            .mean()
        ),
    },
    "which_cheats": {
        "image by image": _cheat(
            lambda m: (_corners(m).sum((1, 2)) / m.sum((1, 2))).mean()
        ),
        "median image": _cheat(
            lambda m: (_corners(m).sum((1, 2)) / m.sum((1, 2))).median()
        ),
        "against the rest": _cheat(
            lambda m: _corners(m).sum() / (m.sum() - _corners(m).sum())
        ),
    },
    "tcav_score": {
        "a matrix product": lambda g, d: (
            (g.flatten(1) @ d.flatten() > 0).float().mean()
        ),
        "a direction of length 1": lambda g, d: (
            ((g * d / d.norm()).sum(dim=(1, 2, 3)) > 0).double().mean()
        ),
        "a Python number": lambda g, d: (
            (g.flatten(1) @ d.flatten() > 0).double().mean().item()
        ),
        "NumPy": lambda g, d: np.mean(
            (g.numpy() * d.numpy()).sum(axis=(1, 2, 3)) > 0
        ),
    },
}
