"""What was built and recorded for speech is as its cards say."""

import hashlib
import re

import numpy as np
import pytest
import torch

from helpers.data import DATA_FOLDER
from helpers.recogniser import WEIGHTS, load_recogniser
from helpers.recorded import load_record
from helpers.speech import CHECKSUMS, load_phrases, load_speech
from tools import build_speech, train_recogniser
from tools.experiments import speech as experiment


def card(name):
    return (DATA_FOLDER / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["speech", "speech_real"])
def test_a_card_states_its_file(name):
    raw = (DATA_FOLDER / f"{name}.npz").read_bytes()
    text = card(f"{name}.md")
    assert hashlib.sha256(raw).hexdigest() == CHECKSUMS[f"{name}.npz"]
    assert CHECKSUMS[f"{name}.npz"] in text
    assert f"{len(raw):,} bytes" in text


def test_the_card_states_the_parts():
    voices = [len(set(part.voices)) for part in load_speech()]
    clips = sum(map(len, load_speech())) + sum(map(len, load_phrases()))
    text = " ".join(card("speech.md").split())
    train, validation, test = voices
    assert f"{train} voices for training, {validation} for" in text
    assert f"{test} for testing" in text
    assert f"{clips:,} clips" in text


def test_the_real_card_carries_the_notice():
    text = " ".join(card("speech_real.md").split())
    for words in (
        "2003-2010, Allison Smith", "theivrvoice.com", "Digium",
        "Attribution-ShareAlike 3.0", "licenses/by-sa/3.0/", "changed",
        "Copyright (c) 2019 Daniel Andersson",
    ):  # fmt: skip
        assert words in text


def test_what_was_dropped_is_not_there():
    kept = {
        (voice, text)
        for part in load_speech()
        for voice, text in zip(part.voices, part.texts, strict=True)
    }
    for voice, words in build_speech.DROPPED.items():
        for word in words.split():
            assert (voice, word) not in kept
    assert sum(len(w.split()) for w in build_speech.DROPPED.values()) == 21


def test_a_clip_is_finished_as_the_card_says():
    rate = 24000
    tone = np.sin(2 * np.pi * 440 * np.arange(rate) / rate)
    silent = np.zeros(rate)
    codes = build_speech.finished(np.concatenate([silent, tone, silent]), rate)
    assert codes.dtype == np.uint8
    assert len(codes) == pytest.approx(8000 + 480, abs=60)
    raw, arrays = build_speech.packed([(codes, "a", "b", "c", "test")] * 2)
    assert raw == build_speech.packed([(codes, "a", "b", "c", "test")] * 2)[0]
    assert arrays["starts"].tolist() == [0, len(codes)]


def test_packages_are_checked(tmp_path):
    with pytest.raises(SystemExit, match="is missing"):
        build_speech.unpack(tmp_path)
    for name in build_speech.PACKAGES:
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(SystemExit, match="has SHA-256"):
        build_speech.unpack(tmp_path)


def test_the_recognisers_card_states_the_file_and_the_recipe():
    text = card("recogniser.md")
    assert hashlib.sha256(WEIGHTS.read_bytes()).hexdigest() in text
    assert f"{train_recogniser.STEPS:,} steps" in text
    count = sum(p.numel() for p in load_recogniser().parameters())
    assert f"{count:,} parameters" in text


def test_the_recognisers_card_states_what_is_measured():
    text = " ".join(card("recogniser.md").split())
    numbers = re.search(
        r"Kokoro's ([\d.]+) % and ([\d.]+) %, of espeak's ([\d.]+) % and "
        r"([\d.]+) %, 24 fluent phrases ([\d.]+) % and ([\d.]+) %",
        text,
    )
    rates = train_recogniser.measure(load_recogniser()).values()
    found = [100 * rate for pair in rates for rate in pair]
    stated = [float(number) for number in numbers.groups()]
    assert found == pytest.approx(stated, abs=1.5)


def test_every_seed_is_recorded_for_every_teacher():
    rows = load_record("speech-commands")["rows"]
    pairs = {(row["trained_on"], row["seed"]) for row in rows}
    assert len(pairs) == len(rows) == 9
    assert {row["trained_on"] for row in rows} == set(experiment.TEACHERS)


@pytest.mark.full
def test_a_recorded_row_can_be_repeated():
    threads = torch.get_num_threads()
    try:
        (row,) = experiment.commands([0], teachers={"espeak": ("espeak",)})
    finally:
        torch.set_num_threads(threads)
    recorded = load_record("speech-commands")["rows"][0]
    assert row.keys() == recorded.keys()
    for name in ("kokoro", "espeak", "flite", "people"):
        assert row[name] == pytest.approx(recorded[name], abs=0.12)


def test_a_row_in_small():
    threads = torch.get_num_threads()
    try:
        (row,) = experiment.commands([1], 2, {"both": ("kokoro", "espeak")})
    finally:
        torch.set_num_threads(threads)
    assert row["clips"] == len(load_speech().train)
    assert row.keys() == load_record("speech-commands")["rows"][0].keys()
