import shutil

import numpy as np
import pytest
import torch

from helpers.ctc import LETTERS, beam_search
from helpers.recogniser import (
    WEIGHTS,
    Commands,
    Recogniser,
    by_voice,
    features,
    hide_stripes,
    joined,
    listen,
    load_recogniser,
    noisy,
    num_frames,
    num_letters,
    padded,
    train_commands,
    train_recogniser,
)
from helpers.speech import DIGITS, RATE, WORDS, load_real, load_speech


@pytest.fixture(scope="module")
def train():
    return load_speech().train


def test_what_is_heard_does_not_depend_on_the_others_of_a_batch():
    draw = torch.Generator().manual_seed(0)
    short, long = (torch.randn(n, generator=draw) for n in (1000, 3000))
    alone, both = features([short]), features([short, long])
    assert both.shape == (2, 40, 3000 // 80 + 1)
    frames = alone.shape[2]
    torch.testing.assert_close(both[:1, :, :frames], alone)
    assert (both[0, :, frames:] == 0).all()
    torch.testing.assert_close(
        alone.mean(2), torch.zeros(1, 40), atol=1e-5, rtol=0
    )


@pytest.mark.parametrize("length", [80, 799, 800, 4321])
def test_steps_are_counted_as_the_network_makes_them(length):
    sound = torch.zeros(length)
    X = features([sound])
    assert num_frames([sound]).tolist() == [X.shape[2]]
    assert num_letters([sound]).tolist() == [Recogniser().eval()(X).shape[1]]


def test_padding_changes_no_samples():
    batch = padded([np.ones(2, np.float32), torch.ones(3)])
    assert batch.tolist() == [[1, 1, 0], [1, 1, 1]]


def test_joined_words_are_of_one_voice(train):
    voices = by_voice(train.of("kokoro"), DIGITS)
    sound, text = joined(voices, np.random.default_rng(0), (3, 3))
    words = text.split()
    assert len(words) == 3
    assert set(words) <= set(DIGITS)
    begins = sound[800:]
    owners = [
        name
        for name, said in voices.items()
        if words[0] in said
        and np.array_equal(begins[: len(said[words[0]])], said[words[0]])
    ]
    assert len(owners) == 1
    said = sum(len(voices[owners[0]][word]) for word in words)
    assert said + 1600 <= len(sound) <= said + 1600 + 3 * 0.12 * RATE


def test_the_same_seed_joins_the_same(train):
    voices = by_voice(train.of("espeak"))
    a, b = (joined(voices, np.random.default_rng(3)) for _ in "ab")
    assert a[1] == b[1]
    assert np.array_equal(a[0], b[0])


def test_stripes_hide_a_part_and_leave_what_was_given():
    X = torch.ones(20, 40, 60)
    hidden = hide_stripes(X, np.random.default_rng(0), 1.0)
    assert (X == 1).all()
    assert 0 < (hidden == 0).float().mean() < 0.4
    assert hide_stripes(X, np.random.default_rng(0), 0) is X


def test_noise_is_bounded():
    sound = np.sin(np.arange(4000)).astype(np.float32)
    with_noise = noisy(sound, 0.1, np.random.default_rng(0))
    assert with_noise.dtype == np.float32
    assert 0 < (with_noise - sound).std() < 0.11 * sound.std()
    assert noisy(sound, 0, None) is sound


def test_commands_learn(train):
    some = train[np.isin(train.voices, ["af_heart", "am_fenrir", "Alex"])]
    torch.manual_seed(0)
    net = Commands()
    losses = train_commands(net, some, num_steps=60)
    assert sum(losses[-10:]) < sum(losses[:10]) / 3
    assert not net.training


def test_the_recogniser_learns(train):
    sources = [by_voice(train[train.voices == "af_heart"], ("no", "six"))]
    torch.manual_seed(0)
    net = Recogniser(channels=32, hidden=32)
    losses = train_recogniser(
        net, sources, 60, batch_size=8, noise=0.05, hidden=0.2
    )
    assert sum(losses[-5:]) < sum(losses[:5]) / 2
    assert not net.training


def test_the_stored_network_reads_people():
    net = load_recogniser()
    people = load_real()
    read = [
        beam_search(listen(net, people.samples(i)), WORDS)
        for i in range(len(people))
    ]
    assert (np.array(read) == people.texts).mean() >= 0.6


def test_listening_gives_log_probabilities():
    log_probs = listen(load_recogniser(), np.zeros(8000, np.float32))
    assert log_probs.shape == (26, len(LETTERS))
    torch.testing.assert_close(log_probs.exp().sum(1), torch.ones(26))


def test_damaged_weights_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="is missing"):
        load_recogniser(tmp_path / "none.pt")
    (tmp_path / "a.pt").write_bytes(b"nothing")
    with pytest.raises(ValueError, match="does not hold the recogniser"):
        load_recogniser(tmp_path / "a.pt")
    torch.save({"a": torch.zeros(1)}, tmp_path / "b.pt")
    with pytest.raises(ValueError, match="does not hold the recogniser"):
        load_recogniser(tmp_path / "b.pt")
    torch.save([1, 2], tmp_path / "c.pt")
    with pytest.raises(ValueError, match="does not hold the recogniser"):
        load_recogniser(tmp_path / "c.pt")


def test_the_weights_are_small(tmp_path):
    assert WEIGHTS.stat().st_size < 600_000
    shutil.copy(WEIGHTS, tmp_path / "same.pt")
    assert load_recogniser(tmp_path / "same.pt")
