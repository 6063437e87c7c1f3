"""Train the weights that come with the course: data/gpt.pt.

    python -m tools.train_gpt      train, store, measure

Some twenty minutes of one core. The card is data/gpt.md.
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import time

import torch

from helpers.bpe import Tokenizer, train_bpe
from helpers.gpt import (
    WEIGHTS,
    bits_per_character,
    load_gpt,
    store_gpt,
    train_gpt,
)
from helpers.shakespeare import load_shakespeare
from helpers.transformer import GPT

SEED = 0
STEPS = 7000
BATCH = 16
LR = 3e-3  # lower than for the short training: not tuned
VOCABULARY = 1024
SHAPE = {"max_length": 128, "d_model": 96, "num_heads": 4, "num_layers": 4}


def make_tokenizer(text, size=VOCABULARY):
    """The vocabulary of a text: its characters, and merges up to size."""
    characters = sorted(set(text))
    return Tokenizer(characters, train_bpe(text, size - len(characters)))


def store(path=WEIGHTS, num_steps=STEPS):
    """Train, store in half precision, measure what is stored."""
    torch.set_num_threads(1)
    train, validation, test = load_shakespeare()
    tokenizer = make_tokenizer(train)
    ids = torch.tensor(tokenizer.encode(train))
    torch.manual_seed(SEED)
    model = GPT(len(tokenizer), **SHAPE)
    start = time.process_time()

    def watch(step, model):
        if step % 500 == 0:
            spent = time.process_time() - start
            print(f"step {step}, {spent:.0f} CPU s", flush=True)

    losses = train_gpt(
        model, ids, num_steps, SEED, batch_size=BATCH, lr=LR, watch=watch
    )
    seconds = time.process_time() - start
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters")
    print(f"{seconds:.0f} CPU s, {num_steps} steps")
    print(f"loss of the last hundredth: {sum(losses[-70:]) / 70:.4f} nats")
    store_gpt(model, tokenizer, path)
    model, tokenizer = load_gpt(path)
    for name, text in (("validation", validation), ("test", test)):
        ids = torch.tensor(tokenizer.encode(text))
        bits = bits_per_character(model, ids, len(text))
        print(f"{name}: {bits:.3f} bits per character")


if __name__ == "__main__":
    store()
