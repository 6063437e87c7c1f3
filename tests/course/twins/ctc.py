"""Inputs for paths, lattices, texts and their errors."""

import torch

from tests.course.twins.draw import Twin


def some_path(draw):
    size = draw.turn(0, 1, 5, 12)
    return (draw.random.choice([0, 0, 3, 3, 7], size).tolist(),), {}


def one_step(draw):
    size = draw.turn(3, 5, 9)
    jump = torch.zeros(size, dtype=torch.bool)
    jump[3::2] = torch.from_numpy(draw.random.random(len(jump[3::2])) < 0.6)
    alpha, log_probs = draw.tensor(size), draw.tensor(size)
    if draw.turn(0, 0, 1):
        alpha[2:] = -1e30
    return (alpha, log_probs, jump), {}


def some_steps(draw):
    labels = torch.from_numpy(draw.random.integers(1, 4, draw.turn(1, 2, 4)))
    log_probs = draw.tensor(draw.pick(9, 14), 4).log_softmax(dim=1)
    return (log_probs, labels), {}


def text(draw, low=0):
    size = draw.random.integers(low, 6)
    return "".join(draw.random.choice(list("ab c"), size))


def two_texts(draw):
    return (text(draw), text(draw)), {}


def said_and_read(draw):
    count = draw.turn(1, 3)
    said = ["b " + text(draw) for _ in range(count)]
    read = [text(draw) for _ in range(count)]
    return (said, read, draw.turn("letters", "words")), {}


def use_error_rate(side, said, read, of):
    return side.error_rate(said, read, list if of == "letters" else str.split)


TWINS = {
    "collapse": Twin(some_path),
    "ctc_step": Twin(one_step),
    "ctc_loss": Twin(some_steps),
    "edit_distance": Twin(two_texts),
    "error_rate": Twin(said_and_read, use_error_rate),
}
