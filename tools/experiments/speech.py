"""The experiments about speech: from synthetic voices to people."""

import time

import numpy as np
import torch
from torch.nn import functional as F

from helpers.recogniser import (
    Commands,
    features,
    hide_stripes,
    noisy,
    train_commands,
)
from helpers.speech import RATE, load_real, load_speech

SEEDS = range(3)
NUM_STEPS = 350
TEACHERS = {
    "espeak": ("espeak",),
    "kokoro": ("kokoro",),
    "both": ("kokoro", "espeak"),
}


def commands(seeds=SEEDS, num_steps=NUM_STEPS, teachers=TEACHERS):
    """The share of single words that `Commands` names correctly, trained for
    equal steps on espeak's voices, on Kokoro's, or on both: on voices of
    each engine that it never heard, and on two people's digits."""
    torch.set_num_threads(1)
    train, _, test = load_speech()
    tests = {e: test.of(e) for e in ("kokoro", "espeak", "flite")}
    tests["people"] = load_real()
    heard = {name: features(clips.windows()) for name, clips in tests.items()}
    rows = []
    for name, engines in teachers.items():
        clips = train.of(*engines)
        for seed in seeds:
            torch.manual_seed(seed)
            net, start = Commands(), time.process_time()
            train_commands(net, clips, num_steps, seed)
            row = {"trained_on": name, "clips": len(clips), "seed": seed}
            row["cpu_seconds"] = round(time.process_time() - start, 1)
            for test_name, X in heard.items():
                with torch.no_grad():
                    said = net(X).argmax(dim=1)
                right = said == tests[test_name].labels()
                row[test_name] = round(right.float().mean().item(), 4)
            rows.append(row)
    return rows


# --- augmentation -------------------------------------------------------

BUDGETS = (90, 350, 1400)


def shifted(X, draw):
    """Up to 100 ms earlier or later; silence moves in."""
    most = RATE // 10
    padded = F.pad(X, (most, most))
    starts = draw.integers(2 * most + 1, size=len(X))
    return torch.stack(
        [x[s : s + X.shape[1]] for x, s in zip(padded, starts, strict=True)]
    )


def faster_or_slower(X, draw):
    """Played at 0.85 to 1.15 times the speed, which moves the pitch too."""
    places = torch.arange(X.shape[1]) - X.shape[1] / 2
    result = torch.zeros_like(X)
    for i, speed in enumerate(draw.uniform(0.85, 1.15, len(X))):
        where = places * speed + X.shape[1] / 2
        left = where.floor().long()
        inside = (left >= 0) & (left < X.shape[1] - 1)
        left, part = left[inside], (where - left)[inside]
        result[i, inside] = (1 - part) * X[i, left] + part * X[i, left + 1]
    return result


def with_noise(X, draw):
    """With white noise of up to 0.3 times the sound's own spread."""
    return torch.stack(
        [torch.as_tensor(noisy(x.numpy(), 0.3, draw)) for x in X]
    )


KINDS = {
    "nothing": (),
    "shift": (shifted,),
    "speed": (faster_or_slower,),
    "noise": (with_noise,),
    "stripes": (),
    "all four": (shifted, faster_or_slower, with_noise),
}


def train_augmented(clips, kind, num_steps, seed):
    """`train_commands` with each batch changed before it is heard."""
    torch.manual_seed(seed)
    net, draw = Commands(), np.random.default_rng(seed)
    windows = clips.windows()
    y, hidden = clips.labels(), 0.5 * (kind in ("stripes", "all four"))

    def batch_of(rows):
        X = windows[rows]
        for change in KINDS[kind]:
            X = change(X, draw)
        return hide_stripes(features(X), draw, hidden), y[rows]

    train_commands(net, clips, num_steps, seed, batch_of=batch_of)
    return net


def augmentation(seeds=SEEDS, budgets=BUDGETS, kinds=tuple(KINDS)):
    """The share of single words that `Commands` names correctly, trained on
    both engines with one way of changing the clips, with none and with all,
    for several numbers of steps: on the voices of the test split, on flite's
    in noise, and on two people's digits."""
    torch.set_num_threads(1)
    train, _, test = load_speech()
    train = train.of("kokoro", "espeak")
    draw = np.random.default_rng(0)
    tests = {e: test.of(e) for e in ("kokoro", "espeak", "flite")}
    tests["people"] = load_real()
    windows = {name: clips.windows() for name, clips in tests.items()}
    tests["flite in noise"] = tests["flite"]
    loud = 0.5 * windows["flite"].std(dim=1, keepdim=True)
    shape = windows["flite"].shape
    noise = torch.from_numpy(draw.standard_normal(shape, dtype=np.float32))
    windows["flite in noise"] = windows["flite"] + loud * noise
    heard = {name: features(X) for name, X in windows.items()}
    rows = []
    for seed in seeds:
        for num_steps in budgets:
            for kind in kinds:
                start = time.process_time()
                net = train_augmented(train, kind, num_steps, seed)
                row = {"kind": kind, "num_steps": num_steps, "seed": seed}
                row["cpu_seconds"] = round(time.process_time() - start, 1)
                for name, X in heard.items():
                    with torch.no_grad():
                        right = net(X).argmax(dim=1) == tests[name].labels()
                    row[name] = round(right.float().mean().item(), 4)
                print(" ", row, flush=True)
                rows.append(row)
    return rows


EXPERIMENTS = {
    "speech-commands": commands,
    "speech-augmentation": augmentation,
}
