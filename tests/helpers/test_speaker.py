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


def test_it_paints_what_it_has_heard():
    """Nearer to the word it was asked for than to any other of the voice."""
    net = load_speaker()
    rows, _ = pairs(of_kokoro())
    clips = {word: mel for word, voice, mel in rows if voice == 3}
    right = 0
    for word, mel in clips.items():
        length = mel.shape[1]
        with torch.no_grad():
            painted = {w: net([w], [3], [length])[0] for w in clips}
        apart = {w: (p - mel).abs().mean().item() for w, p in painted.items()}
        assert apart[word] < 1.5, word
        right += min(apart, key=apart.get) == word
        assert abs(net.length(word, 3).item() - length) < 25
    assert right > 0.8 * len(clips)


@pytest.mark.parametrize("word", ["", "été", "Seven", "7"])
def test_what_has_no_letters_is_refused(word):
    with pytest.raises(ValueError, match="letters a to z"):
        load_speaker().say(word, 0)


def test_some_pairs_are_kept_from_it():
    rows, voices = pairs(of_kokoro())
    assert len(voices) == 28
    kept = [held_out(word, voice, 5) for word, voice, _ in rows]
    assert 0.095 < np.mean(kept) < 0.115
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
