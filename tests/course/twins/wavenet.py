"""Inputs for WaveNet, its convolutions and how it draws."""

import torch

from tests.course.twins.draw import Twin
from tests.course.twins.portrait import portrait


def convolution(draw):
    inputs, outputs = draw.turn(1, 3), draw.pick(1, 5)
    x = draw.tensor(2, inputs, draw.pick(6, 12))
    weight = draw.tensor(outputs, inputs, draw.turn(2, 3, 2))
    return (x, weight, draw.tensor(outputs), draw.turn(1, 4, 2)), {}


def step(draw):
    inputs, outputs = draw.turn(1, 3), draw.pick(1, 5)
    memory = draw.tensor(inputs, draw.turn(1, 4, 2))
    weight = draw.tensor(outputs, inputs, 2)
    return (draw.tensor(inputs), memory, weight, draw.tensor(outputs)), {}


def layers(draw):
    dilations = [2**i for i in range(draw.pick(1, 9))]
    return (dilations, draw.turn(2, 3)), {}


def scores(draw):
    logits = draw.tensor(4, draw.pick(2, 9))
    u = torch.from_numpy(draw.random.random(4)).to(logits)
    return (logits, u), {}


def use_draw(side, logits, u):
    return torch.as_tensor(side.draw_code(logits, u)).long()


def signal(draw):
    return (draw.tensor(2, 6, draw.pick(8, 12)), draw.turn(1, 2, 4)), {}


def use_block(side, x, dilation):
    torch.manual_seed(0)
    block = side.GatedBlock(6, dilation)
    first = portrait(block)
    return first, *block(x), *block(x, torch.ones(12, 1))


def codes(draw):
    length = draw.pick(90, 150)
    sound = draw.random.integers(0, 256, (2, length))
    return (torch.from_numpy(sound), draw.tensor(2, 5, 2)), {}


def use_wavenet(side, sound, mel):
    """The first weights, the answers of both kinds, and a gradient."""
    torch.manual_seed(0)
    plain = side.WaveNet(dilations=(1, 2, 4), channels=6, skip=8)
    told = side.WaveNet(dilations=(1, 2), channels=6, skip=8, mels=5)
    first = portrait(plain)
    answers = told(sound, mel)
    answers.square().mean().backward()
    return first, plain(sound), answers, told.embed.weight.grad


TWINS = {
    "causal_conv": Twin(convolution),
    "conv_step": Twin(step),
    "receptive_field": Twin(layers),
    "draw_code": Twin(scores, use_draw),
    "GatedBlock": Twin(signal, use_block),
    "WaveNet": Twin(codes, use_wavenet, 3),
}
