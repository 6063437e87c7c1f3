import numpy as np
import pytest
import torch
from scipy.linalg import solve_toeplitz

from helpers.recogniser import load_recogniser
from helpers.speech import HOP, load_speech, log_mel, mel_filters
from helpers.vocoder import (
    ORDER,
    excitation,
    filtered,
    from_codes,
    griffin_lim,
    linear_filter,
    power_of,
    stft_to_wave,
    to_codes,
    wave_to_stft,
    which_word,
)


@pytest.fixture(scope="module")
def clips():
    test = load_speech().test.of("kokoro")
    return test[test.voices == "af_kore"]


@pytest.fixture(scope="module")
def word(clips):
    return torch.from_numpy(clips.samples(7))


def test_windows_can_be_put_together_again(word):
    spectrum = wave_to_stft(word)
    back = stft_to_wave(spectrum)
    assert len(back) == (len(spectrum) - 1) * HOP
    torch.testing.assert_close(back, word[: len(back)], atol=1e-4, rtol=0)


def test_the_power_fits_the_bands(word):
    mel = log_mel(word[None])[0]
    power = power_of(mel)
    assert (power >= 0).all()
    again = torch.log(power @ mel_filters() + 1e-4).mT
    assert (again - mel).abs().median() < 0.1


def test_griffin_lim_comes_near_to_what_is_wanted(word):
    mel = log_mel(word[None])[0]

    def distance(steps):
        again = log_mel(griffin_lim(mel, steps)[None])[0]
        return (again - mel).abs().mean()

    assert distance(40) < 0.7 * distance(0)
    torch.testing.assert_close(griffin_lim(mel, 3), griffin_lim(mel, 3))


def test_a_known_filter_is_found():
    draw = np.random.default_rng(0)
    true = np.array([1.2, -0.6])
    x = filtered(
        0.05 * draw.standard_normal(40_000),
        np.tile(true, (500, 1)),
        np.ones(500),
    )
    r = [x[: len(x) - k] @ x[k:] for k in range(3)]
    found = solve_toeplitz(r[:2], r[1:])
    np.testing.assert_allclose(found, true, atol=0.05)


def test_a_sound_is_its_excitation_sent_through_its_filter(word):
    filters, gain = linear_filter(log_mel(word[None])[0])
    assert filters.shape == (len(gain), ORDER)
    source = excitation(word.numpy(), filters, gain)
    back = filtered(source, filters, gain)
    np.testing.assert_allclose(back, word.numpy(), atol=1e-3)
    assert 0.5 < source.std() < 1.5  # in units of the gain
    near = from_codes(to_codes(source))
    assert np.abs(near - np.clip(source, -8, 8)).max() < 0.2


def test_the_judge_understands_the_originals(clips):
    sounds = [clips.samples(i) for i in range(len(clips))]
    heard = which_word(load_recogniser(), sounds)
    assert np.mean(np.array(heard) == clips.texts) >= 0.85
    alone = which_word(load_recogniser(), sounds[:1])
    assert alone == heard[:1]
    assert set(which_word(load_recogniser(), sounds, ["up", "no"])) <= {
        "up",
        "no",
    }
