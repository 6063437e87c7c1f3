"""Train the weights that come with the course: data/recogniser.pt.

    python -m tools.train_recogniser      train, store, measure

Some three minutes of one core. The card is data/recogniser.md.
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import hashlib
import time

import numpy as np
import torch

from helpers.ctc import beam_search, error_rate, greedy
from helpers.recogniser import (
    WEIGHTS,
    Recogniser,
    by_voice,
    joined,
    listen,
    load_recogniser,
    train_recogniser,
)
from helpers.speech import WORDS, load_phrases, load_speech

SEED = 0
STEPS = 1000
OPTIONS = {"noise": 0.05, "hidden": 0.3}
ENGINES = "kokoro", "espeak"


def store(path=WEIGHTS, num_steps=STEPS):
    """Train, store in half precision, measure what is stored."""
    torch.set_num_threads(1)
    start = time.process_time()
    train = load_speech().train
    sources = [by_voice(train.of(engine)) for engine in ENGINES]
    torch.manual_seed(SEED)
    net = Recogniser()
    losses = train_recogniser(
        net, sources, num_steps, SEED, report=100, **OPTIONS
    )
    print(f"{time.process_time() - start:.0f} CPU s, {num_steps} steps")
    print(f"loss of the last 50 steps: {sum(losses[-50:]) / 50:.4f}")
    half = {
        name: weights.half() if weights.is_floating_point() else weights
        for name, weights in net.state_dict().items()
    }
    torch.save(half, path)
    print(hashlib.sha256(path.read_bytes()).hexdigest())
    for name, rates in measure(load_recogniser(path)).items():
        print(name, " ".join(f"{rate:.3f}" for rate in rates))


def measure(net, count=60, seed=5):
    """WER on voices of the validation part: greedy, and with the word list."""
    draw = np.random.default_rng(seed)
    validation = load_speech().validation
    tests = {
        engine: [
            joined(by_voice(validation.of(engine)), draw) for _ in range(count)
        ]
        for engine in ENGINES
    }
    phrases = load_phrases()[0]
    tests["fluent"] = [
        # between silences, as the joined words of the training
        (np.pad(phrases.samples(i), 800), str(phrases.texts[i]))
        for i in range(len(phrases))
    ]
    rates = {}
    for name, pairs in tests.items():
        outputs = [listen(net, sound) for sound, _ in pairs]
        said = [text for _, text in pairs]
        rates[name] = [
            error_rate(said, [read(output) for output in outputs])
            for read in (greedy, lambda output: beam_search(output, WORDS))
        ]
    return rates


if __name__ == "__main__":
    store()
