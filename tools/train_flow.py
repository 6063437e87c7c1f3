"""Train the weights that come with the course: data/flow.pt.

    python -m tools.train_flow      train, store, measure

Some six minutes of one core. The card is data/flow.md.
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import time

import torch

from helpers.data import load_embedded
from helpers.flow import WEIGHTS, load_flow, train_flow
from tools.experiments.generation import measure

SEED = 0
STEPS = 2400


def store(path=WEIGHTS, num_steps=STEPS):
    """Train, store in half precision, measure what is stored."""
    torch.set_num_threads(1)
    start = time.process_time()
    net, losses = train_flow(load_embedded().train, num_steps, SEED)
    print(f"{time.process_time() - start:.0f} CPU s, {num_steps} steps")
    print(f"loss of the last hundredth: {sum(losses[-60:]) / 60:.4f}")
    half = {name: w.half() for name, w in net.state_dict().items()}
    torch.save(half, path)
    print(measure(load_flow(path)))


if __name__ == "__main__":
    store()
