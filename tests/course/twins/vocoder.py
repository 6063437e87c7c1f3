"""Inputs for the way from a spectrogram back to a wave."""

from tests.course.twins.draw import Twin


def spectrogram(draw):
    return (draw.tensor(40, draw.pick(6, 9)) - 2, draw.turn(0, 1, 3)), {}


def use_griffin_lim(side, mel, num_steps):
    return side.griffin_lim(mel, num_steps)


TWINS = {"griffin_lim": Twin(spectrogram, use_griffin_lim, 3)}
