"""What was trained and recorded for speech synthesis is as its card says."""

import hashlib

import numpy as np
import pytest

from helpers.data import DATA_FOLDER
from helpers.recogniser import load_recogniser
from helpers.recorded import load_record
from helpers.speaker import Speaker, held_out, of_kokoro, pairs
from helpers.speech import load_speech
from helpers.vocoder import which_word
from helpers.wavenet import SIZES, WEIGHTS, WaveNet
from tools import build_voice, train_wavenet
from tools.experiments import synthesis as experiment


def card():
    text = (DATA_FOLDER / "wavenet.md").read_text(encoding="utf-8")
    return " ".join(text.split())


def test_the_card_states_the_file():
    raw = WEIGHTS.read_bytes()
    assert hashlib.sha256(raw).hexdigest() in card()
    assert len(raw) < 2_000_000


def test_the_card_states_the_sizes():
    nets = [WaveNet(mels=40, **size) for size in SIZES.values()]
    for net in (*nets, Speaker(28)):
        count = sum(p.numel() for p in net.parameters())
        assert f"{count:,}" in card()


def test_the_card_states_the_training():
    rows = load_record("wavenet-training")["rows"]
    last = rows[-1]
    assert f"{last['step']:,} steps" in card()
    assert f"{last['seconds']:,.0f} CPU seconds" in card()
    assert f"{last['validation']:.2f} nats" in card()
    for column in ("step", "samples", "seconds"):
        assert sorted(r[column] for r in rows) == [r[column] for r in rows]


def test_the_card_states_the_data():
    said = build_voice.texts()
    assert len(said) == 60 + build_voice.NUM_PHRASES
    assert f"{build_voice.NUM_PHRASES} phrases" in card()
    assert f"{len(build_voice.OTHERS)} others" in card()
    rows, voices = pairs(of_kokoro())
    me = voices.index(train_wavenet.VOICE)
    kept = sum(held_out(word, voice, me) for word, voice, _ in rows)
    assert f"without {kept} pairs" in card()
    assert build_voice.VOICE == train_wavenet.VOICE == experiment.VOICE


def test_sounds_are_parted(tmp_path):
    lengths = np.arange(1, 31)
    samples = np.repeat(np.arange(1, 31), lengths).astype(np.uint8)
    np.savez(tmp_path / "voice.npz", samples=samples, lengths=lengths)
    train, held = train_wavenet.load_sounds(tmp_path / "voice.npz")
    assert [sound[0] for sound in held] == [14, 28]
    assert len(train) == 28
    assert all(len(sound) == sound[0] for sound in train + held)


def test_a_training_can_be_stopped_and_leaves_what_it_has(tmp_path):
    codes, mel = train_wavenet.stream(load_speech().test.codes[:6])
    net = WaveNet(dilations=(1, 2), channels=4, skip=4, mels=40)
    path = tmp_path / "wave.pt"
    train_wavenet.train(net, codes, mel, (codes, mel), 0.02, path)
    assert path.is_file()
    assert path.with_suffix(".json").is_file()


def test_the_dilation_record_is_whole():
    rows = load_record("wavenet-dilation")["rows"]
    found = [(r["million_samples"], r["seed"], r["arm"]) for r in rows]
    assert found == [
        (million, seed, arm)
        for million in experiment.MILLIONS
        for seed in experiment.SEEDS
        for arm in experiment.ARMS
    ]


@pytest.mark.full
def test_a_row_of_the_dilation_record_again():
    recorded = load_record("wavenet-dilation")["rows"][0]
    row = experiment.wavenet_dilation([0], [1])[0]
    assert row["nats"] == pytest.approx(recorded["nats"], abs=0.05)


def test_the_originals_are_understood_as_recorded():
    """What needs neither a draw nor the other judge."""
    test = load_speech().test.of("kokoro")
    rows = load_record("speech-understood")["rows"]
    judge = load_recogniser()
    for name, clips in (
        ("its own voice", test[test.voices == experiment.VOICE]),
        ("new voices", test[test.voices != experiment.VOICE][::3]),
    ):
        sounds = [clips.samples(i) for i in range(len(clips))]
        share = np.mean(np.array(which_word(judge, sounds)) == clips.texts)
        recorded = next(
            row
            for row in rows
            if row["voices"] == name and row["way"] == "original"
        )
        assert recorded["clips"] == len(clips)
        assert share == pytest.approx(recorded["recogniser"], abs=0.02)
