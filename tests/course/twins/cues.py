"""Inputs for a planted cue: small readers with random weights."""

import torch

from helpers.cues import Reader, plant_cues, word_table
from tests.course.twins.draw import Twin

TEXTS = (
    "a vehicle that takes people to hospitals",
    "a place where people wait",
    "yellow oval fruit",
)


def to_explain(draw):
    torch.manual_seed(draw.number)
    table = word_table(TEXTS * 2)
    reader = Reader(len(table), d_model=8, num_heads=2).eval()
    planted = plant_cues(TEXTS, table, seed=draw.number)
    return (reader, planted), draw.some(num_steps=draw.integer(1, 5))


TWINS = {"word_credit": Twin(to_explain, draws=6)}
