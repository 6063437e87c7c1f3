"""From a spectrogram to a wave without learning, and who understands it.

Griffin-Lim (D. Griffin and J. Lim, "Signal Estimation from Modified
Short-Time Fourier Transform", 1984) looks for a wave whose spectrogram is the
one wanted. Linear prediction (J. Makhoul, "Linear Prediction: A Tutorial
Review", 1975) splits speech into a filter, which is the shape of mouth and
throat, and what is sent through it. Both take the log-mel spectrogram that
`helpers.speech.log_mel` makes.
"""

import numpy as np
import torch
from scipy.linalg import solve_toeplitz
from torch.nn import functional as F

from helpers.ctc import to_numbers
from helpers.recogniser import features, num_letters
from helpers.speech import (
    FLOOR,
    HOP,
    WINDOW,
    WORDS,
    from_mu_law,
    mel_filters,
    mu_law,
)

ORDER = 12  # how many samples back the filter looks
LOUDEST = 8.0  # in units of the gain: what is louder is cut
_FILTERS = mel_filters()


def power_of(log_mel, num_steps=60):
    """The power of each frequency that a spectrogram allows, (..., 129).

    log_mel: (..., 40, frames). 40 numbers do not fix 129: of all powers that
    are not negative and whose bands come near, one is found step by step
    (D. Lee and S. Seung, 2001). Returns (..., frames, 129).
    """
    wanted = (log_mel.mT.exp() - FLOOR).clamp(min=1e-8)
    power = wanted @ _FILTERS.T / _FILTERS.square().sum(1).clamp(min=1e-2)
    power = power.clamp(min=1e-8)
    for _ in range(num_steps):
        ratio = wanted / (power @ _FILTERS + 1e-9)
        power = power * (ratio @ _FILTERS.T) / (_FILTERS.sum(1) + 1e-9)
        power = power.clamp(min=1e-9)
    return power


def wave_to_stft(x):
    """The complex spectrum of each window, (..., frames, 129)."""
    x = F.pad(x, (WINDOW // 2, WINDOW // 2))
    frames = x.unfold(-1, WINDOW, HOP) * torch.hann_window(WINDOW)
    return torch.fft.rfft(frames)


def stft_to_wave(spectrum):
    """The wave whose windows come nearest to a spectrum, (samples,).

    spectrum: (frames, 129), complex. Windows are weighed and added up where
    they overlap; (frames - 1) * HOP samples.
    """
    window = torch.hann_window(WINDOW)
    frames = torch.fft.irfft(spectrum, WINDOW) * window
    length = (len(frames) - 1) * HOP + WINDOW
    total, weight = torch.zeros(length), torch.zeros(length)
    for t, frame in enumerate(frames):
        total[t * HOP : t * HOP + WINDOW] += frame
        weight[t * HOP : t * HOP + WINDOW] += window.square()
    middle = slice(WINDOW // 2, length - WINDOW // 2)
    return (total / weight.clamp(min=1e-3))[middle]


def griffin_lim(log_mel, num_steps=40, seed=0):
    """A wave whose spectrogram comes near to the one given, (samples,).

    log_mel: (40, frames). The phases begin at random; in turn the wave is
    made, and its phases are kept with the power that is wanted.
    """
    size = power_of(log_mel).sqrt()
    generator = torch.Generator().manual_seed(seed)
    angle = 2 * torch.pi * torch.rand(size.shape, generator=generator)
    for _ in range(num_steps):
        wave = stft_to_wave(torch.polar(size, angle))
        angle = wave_to_stft(wave).angle()
    return stft_to_wave(torch.polar(size, angle))


def linear_filter(log_mel, order=ORDER):
    """The filter of each frame, (frames, order), and its gain, (frames,).

    log_mel: (40, frames). Each sample is about the sum of the `order`
    samples before it, weighed by the filter; the gain is the spread of what
    remains.
    """
    power = power_of(log_mel).double().numpy()
    r = np.fft.irfft(power, axis=1)[:, : order + 1]
    r[:, 0] = 1.001 * r[:, 0] + 1e-6
    filters = np.stack([solve_toeplitz(row[:-1], row[1:]) for row in r])
    left = r[:, 0] - (filters * r[:, 1:]).sum(axis=1)
    energy = torch.hann_window(WINDOW).square().sum().item()
    gain = np.sqrt(np.maximum(left, 1e-10) / energy)
    return filters.astype(np.float32), gain.astype(np.float32)


def excitation(x, filters, gain):
    """What the filters do not explain of a wave, in units of the gain.

    x: (samples,); returns (samples,), at most HOP for each frame.
    """
    length = min(len(x), HOP * len(gain))
    order = filters.shape[1]
    before = np.concatenate([np.zeros(order, np.float32), x[:length]])
    past = np.lib.stride_tricks.sliding_window_view(before[:-1], order)
    frame = np.arange(length) // HOP
    guess = (past[:, ::-1] * filters[frame]).sum(axis=1)
    return (x[:length] - guess) / gain[frame]


def to_codes(source):
    """An excitation as mu-law codes, uint8 of its shape."""
    return mu_law(np.clip(source / LOUDEST, -1, 1))


def from_codes(codes):
    """The excitation that codes stand for, float32 of their shape."""
    return LOUDEST * from_mu_law(codes)


def filtered(source, filters, gain):
    """A wave: the source, times the gain, sent through the filters.

    source: (samples,), at most HOP for each frame: white noise for a
    whisper. x[t] = gain * source[t] + sum of filter[k] * x[t - 1 - k].
    """
    order = filters.shape[1]
    x = np.zeros(order + len(source), np.float32)
    for t, value in enumerate(source):
        f = t // HOP
        past = x[t : t + order][::-1]
        x[order + t] = np.clip(gain[f] * value + filters[f] @ past, -1, 1)
    return x[order:]


@torch.no_grad()
def which_word(net, sounds, words=WORDS):
    """The word of a list that each sound most probably is, list of str.

    net: `helpers.recogniser.load_recogniser()`. The probability of a word is
    that of all ways to write it, by CTC.
    """
    log_probs = net.eval()(features(sounds)).transpose(0, 1)
    lengths = num_letters(sounds)
    scores = []
    for word in words:
        goal = torch.as_tensor(to_numbers(word))
        goals = goal.expand(len(sounds), -1)
        sizes = torch.full((len(sounds),), len(goal))
        scores.append(
            -F.ctc_loss(log_probs, goals, lengths, sizes, reduction="none")
        )
    return [words[i] for i in torch.stack(scores).argmax(dim=0)]
