"""The experiments about speech: from synthetic voices to people."""

import time

import torch

from helpers.recogniser import Commands, features, train_commands
from helpers.speech import load_real, load_speech

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


EXPERIMENTS = {"speech-commands": commands}
