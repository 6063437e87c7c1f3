import numpy as np
import pytest
import torch

from helpers.speaker import (
    Speaker,
    held_out,
    load_speaker,
    of_kokoro,
    pairs,
    train_speaker,
)
from helpers.speech import WORDS


def test_a_word_becomes_a_spectrogram():
    net = load_speaker()
    mel = net.say("seven", 3)
    assert mel.shape[0] == 40
    assert 20 <= mel.shape[1] <= 200
    assert torch.isfinite(mel).all()
    assert mel.max() > mel.min() + 3


@pytest.mark.parametrize("word", ["", "été", "Seven", "7"])
def test_what_has_no_letters_is_refused(word):
    with pytest.raises(ValueError, match="letters a to z"):
        load_speaker().say(word, 0)


def test_some_pairs_are_kept_from_it():
    rows, voices = pairs(of_kokoro())
    assert len(voices) == 28
    kept = [held_out(word, voice, 5) for word, voice, _ in rows]
    assert 0.08 < np.mean(kept) < 0.14
    of_one = [held_out(word, 5, 5) for word in WORDS]
    assert sum(of_one) == 5
    heard = {w for w, v, _ in rows if not held_out(w, v, 5)}
    assert heard == set(WORDS)


def test_it_learns():
    rows, voices = pairs(of_kokoro()[:40])
    torch.manual_seed(0)
    net = Speaker(len(voices), channels=16, layers=1)
    losses = train_speaker(net, rows, 12)
    assert np.mean(losses[-3:]) < np.mean(losses[:3]) - 0.3
