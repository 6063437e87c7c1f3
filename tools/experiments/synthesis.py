"""The experiments about speech synthesis: what dilation is worth."""

import copy
import time

import torch
from torch.nn import functional as F

from helpers.speech import load_speech
from helpers.wavenet import (
    DILATIONS,
    LENGTH,
    WaveNet,
    nats,
    stream,
    windows,
)

SEEDS = range(3)
ARMS = {"dilated": DILATIONS, "undilated": (1,) * len(DILATIONS)}
MILLIONS = 1, 2, 4, 8, 16  # of samples that the network was trained on
RATE, KEEP, BATCH = 3e-3, 0.99, 4


class Run:
    """A training that can be continued, and measured on the way."""

    def __init__(self, dilations, seed):
        torch.manual_seed(seed)
        self.net = WaveNet(dilations)
        self.mean = copy.deepcopy(self.net)
        self.optimiser = torch.optim.Adam(self.net.parameters(), RATE)
        self.generator = torch.Generator().manual_seed(seed)
        self.seconds, self.steps = 0.0, 0

    def until(self, samples, codes, mel):
        start = time.process_time()
        while self.steps * BATCH * LENGTH < samples:
            X, _ = windows(codes, mel, self.generator, BATCH)
            with torch.autocast("cpu", torch.bfloat16):
                logits = self.net(X)
            loss = F.cross_entropy(logits.float(), X)
            self.optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
            self.optimiser.step()
            self.steps += 1
            new = 1 - min(KEEP, self.steps / (10 + self.steps))
            with torch.no_grad():
                for mean, now in zip(
                    self.mean.parameters(), self.net.parameters(), strict=True
                ):
                    mean.lerp_(now, new)
        self.seconds += time.process_time() - start


def wavenet_dilation(seeds=SEEDS, millions=MILLIONS, seconds=40):
    """Nats a sample on validation voices, without a spectrogram, of networks
    with equal parameters: dilations 1 to 128, or 1 in all eight layers.
    Each run goes on at a constant learning rate, interleaved with the
    others; measured is the running mean of its weights. Multiplications in
    bfloat16; CPU seconds of one thread on a busy machine."""
    torch.set_num_threads(1)
    splits = load_speech()
    codes, mel = stream(splits.train.codes)
    order = torch.randperm(
        len(splits.validation), generator=torch.Generator().manual_seed(0)
    )
    held = stream([splits.validation.codes[i] for i in order[: 2 * seconds]])
    runs = {
        (arm, seed): Run(dilations, seed)
        for seed in seeds
        for arm, dilations in ARMS.items()
    }
    rows = []
    for million in millions:
        for (arm, seed), run in runs.items():
            run.until(1e6 * million, codes, mel)
            row = {
                "arm": arm,
                "seed": seed,
                "million_samples": million,
                "cpu_seconds": round(run.seconds, 1),
                "nats": round(nats(run.mean, *held), 4),
            }
            rows.append(row)
            print(row, flush=True)
    return rows


EXPERIMENTS = {"wavenet-dilation": wavenet_dilation}
