"""Trains the voices that come with the course: data/wavenet.pt.

    python -m tools.train_wavenet build/voice.npz --minutes 46
    python -m tools.train_wavenet build/voice.npz --kind excitation \
        --minutes 12
    python -m tools.train_wavenet build/voice.npz --kind speaker
    python -m tools.train_wavenet build/voice.npz --store

The first three train and write KIND.pt and KIND.json beside the sounds,
every three minutes: they may be stopped at any time with what they have. The
last stores all three in half precision. The sounds are those of
tools/build_voice.py. The card is data/wavenet.md.
"""

import argparse
import copy
import hashlib
import json
import os
import time
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from torch.nn import functional as F

from helpers.speaker import (
    Speaker,
    held_out,
    of_kokoro,
    pairs,
    train_speaker,
)
from helpers.speech import from_mu_law, log_mel
from helpers.vocoder import excitation, linear_filter, to_codes
from helpers.wavenet import (
    BATCH,
    LENGTH,
    SIZES,
    WEIGHTS,
    WaveNet,
    nats,
    stream,
    windows,
)

SEED = 0
VOICE = "af_kore"
PEAK, WARM = 3e-3, 200  # the learning rate, and the steps up to it
EVERY = 180  # seconds between two checkpoints
HELD_OUT = 14  # of so many sounds one is kept for validation
SPEAKER_STEPS = 1500


def excited(codes):
    """The codes of the excitation of a stream of codes, int64 (n,)."""
    x = torch.from_numpy(from_mu_law(codes.numpy()))
    filters, gain = linear_filter(log_mel(x[None])[0])
    source = excitation(x.numpy(), filters, gain)
    return torch.from_numpy(to_codes(source)).long()


def train(net, codes, mel, held, minutes, path, half=True):
    """Trains until the time is over; checkpoints of the averaged weights.

    half: multiplications in bfloat16, half as many again in the same time
    """
    draw = torch.Generator().manual_seed(SEED)
    optimiser = torch.optim.Adam(net.parameters(), PEAK, betas=(0.9, 0.99))
    average = copy.deepcopy(net)
    start, cpu = time.time(), time.process_time()
    history, recent, step, saved = [], [], 0, start

    def keep_it():
        row = {
            "step": step,
            "samples": step * BATCH * LENGTH,
            "seconds": round(time.process_time() - cpu, 1),
            "train": round(float(np.mean(recent)), 4),
            "validation": round(nats(average, *held), 4),
        }
        print(row, flush=True)
        history.append(row)
        recent.clear()
        part = path.with_suffix(".part")
        torch.save(average.state_dict(), part)
        part.replace(path)
        text = json.dumps(history, indent=1) + "\n"
        path.with_suffix(".json").write_text(text, encoding="utf-8")

    while (done := (time.time() - start) / (60 * minutes)) < 1:
        rate = PEAK * min(1, (step + 1) / WARM) * (1 - done) ** 0.7 + 1e-5
        optimiser.param_groups[0]["lr"] = rate
        X, hints = windows(codes, mel, draw)
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            logits = net(X, hints)
        loss = F.cross_entropy(logits.float(), X)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        step += 1
        recent.append(loss.item())
        new = 1 - min(0.999, (1 + step) / (10 + step))
        with torch.no_grad():
            for kept, now in zip(
                average.parameters(), net.parameters(), strict=True
            ):
                kept.lerp_(now, new)
        if time.time() - saved > EVERY or step == 500:
            saved = time.time()
            keep_it()
    keep_it()


def load_sounds(path):
    """Training sounds and those kept for validation, lists of uint8."""
    with np.load(path) as arrays:
        ends = np.cumsum(arrays["lengths"])
        sounds = np.split(arrays["samples"], ends[:-1])
    held = sounds[HELD_OUT - 1 :: HELD_OUT]
    kept = [s for i, s in enumerate(sounds) if (i + 1) % HELD_OUT]
    return kept, held


def train_speaker_here(path):
    """Trains letters to spectrogram on all voices but the held-out pairs."""
    rows, voices = pairs(of_kokoro())
    special = voices.index(VOICE)
    held = [r for r in rows if held_out(r[0], r[1], special)]
    heard = [r for r in rows if not held_out(r[0], r[1], special)]
    torch.manual_seed(SEED)
    net, start = Speaker(len(voices)), time.process_time()
    print(len(heard), "heard,", len(held), "held out", flush=True)
    train_speaker(net, heard, SPEAKER_STEPS, SEED, report=100)
    print(f"{time.process_time() - start:.0f} CPU s")
    torch.save(net.state_dict(), path)


def store(folder, path=WEIGHTS):
    """All three networks in one file, in half precision."""
    saved = {
        kind: {
            name: weights.half()
            for name, weights in torch.load(folder / f"{kind}.pt").items()
        }
        for kind in (*SIZES, "speaker")
    }
    torch.save(saved, path)
    print(path.stat().st_size, "bytes")
    print(hashlib.sha256(path.read_bytes()).hexdigest())


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("sounds", type=Path)
    parser.add_argument("--minutes", type=float, default=46)
    parser.add_argument("--kind", choices=[*SIZES, "speaker"], default="wave")
    parser.add_argument("--store", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    path = options.sounds.with_name(f"{options.kind}.pt")
    if options.store:
        return store(options.sounds.parent)
    if options.kind == "speaker":
        return train_speaker_here(path)
    parts = [*map(stream, load_sounds(options.sounds))]
    if options.kind == "excitation":
        parts = [(excited(codes), mel) for codes, mel in parts]
    torch.manual_seed(SEED)
    net = WaveNet(mels=40, **SIZES[options.kind])
    count = sum(p.numel() for p in net.parameters())
    print(f"{count:,} parameters, {len(parts[0][0]) / 8000:.0f} s of sound")
    train(net, *parts[0], parts[1], options.minutes, path)


if __name__ == "__main__":
    main()
