"""Inputs for the translator and its searches: small vocabularies."""

import torch

from helpers.translator import BEGIN, END, PAD
from helpers.translator import EncoderDecoder as Ours
from tests.course.twins.draw import Twin
from tests.course.twins.portrait import portrait

SOURCE, TARGET = 9, 7  # tokens of each language


def sentences(draw, size, count, length):
    """Ids with BEGIN and END, some shorter than others."""
    ids = torch.full((count, length), PAD)
    for row in ids:
        words = draw.integer(1, length - 2)
        row[0], row[words + 1] = BEGIN, END
        inside = draw.random.integers(4, size, words)
        row[1 : words + 1] = torch.from_numpy(inside)
    return ids


def both_languages(draw):
    count = draw.turn(1, 2, 4)
    return (
        sentences(draw, SOURCE, count, draw.turn(5, 3)),
        sentences(draw, TARGET, count, draw.turn(4, 6, 5)),
    ), {}


def use_net(side, source, target):
    """The first weights, the logits, and gradients."""
    torch.manual_seed(0)
    net = side.EncoderDecoder(SOURCE, TARGET)
    first = portrait(net)
    logits = net(source, target)
    logits.square().mean().backward()
    grad = net.decoder[0].cross.key.weight.grad
    return first, logits, net.encode(source), grad


def a_net(draw):
    torch.manual_seed(draw.number)
    return Ours(SOURCE, TARGET).eval()


def with_net(draw):
    return (a_net(draw), *both_languages(draw)[0]), {}


def to_search(draw):
    source = both_languages(draw)[0][0]
    options = draw.some(max_length=draw.pick(3, 9))
    return (a_net(draw), source), options


def candidates(draw):
    beams, tokens = draw.turn((1, 4), (3, 5), (2, 3))
    return (
        -draw.tensor(beams).abs(),
        -draw.tensor(beams, tokens).abs(),
        draw.pick(1, 2, 3),
    ), {}


TWINS = {
    "EncoderDecoder": Twin(both_languages, use_net, 3),
    "translation_loss": Twin(with_net),
    "greedy": Twin(to_search),
    "beam_step": Twin(candidates),
}
