import io
import json
import wave
import zipfile

import numpy as np
import pytest
import torch
from scipy.io import wavfile
from scipy.signal import ShortTimeFFT

from helpers import speech
from helpers.data import DATA_FOLDER, DataError
from helpers.speech import (
    HOP,
    RATE,
    WINDOW,
    WORDS,
    SoundError,
    centred,
    from_mel,
    from_mu_law,
    load_fsdd,
    load_phrases,
    load_real,
    load_speech,
    log_mel,
    mel_filters,
    mu_law,
    read_sound,
    spectrogram,
    to_mel,
    trimmed,
)


def tone(seconds=0.5, rate=RATE, hertz=440.0, size=0.5):
    return size * np.sin(
        2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate
    )


# --- what is shipped -------------------------------------------------------


def test_no_voice_stands_in_two_parts():
    voices = [set(part.voices) for part in load_speech()]
    assert all(voices)
    assert not voices[0] & voices[1]
    assert not voices[0] & voices[2]
    assert not voices[1] & voices[2]
    assert set(load_phrases()[0].voices) <= voices[1]
    assert set(load_phrases()[1].voices) <= voices[2]


def test_every_word_is_said_by_every_voice():
    for part in load_speech():
        assert set(part.texts) == set(WORDS)
        for voice in set(part.voices):
            said = part.texts[part.voices == voice].tolist()
            assert len(said) == len(set(said))
            assert len(said) >= 16
    for phrase in np.concatenate([part.texts for part in load_phrases()]):
        assert set(phrase.split()) <= set(WORDS)


def test_one_engine_is_never_trained_on():
    train, validation, test = load_speech()
    assert set(train.engines) == set(validation.engines)
    assert set(test.engines) - set(train.engines) == {"flite"}


def test_real_digits():
    real = load_real()
    assert len(real) == 20
    assert set(real.texts) == set(speech.DIGITS)
    assert len(set(real.voices)) == 2


def test_all_sounds_have_one_peak():
    for part in (*load_speech(), *load_phrases(), load_real()):
        for i in range(len(part)):
            assert 0.75 < np.abs(part.samples(i)).max() < 0.85


def test_the_files_are_small():
    names = "speech.npz", "speech_real.npz"
    assert sum((DATA_FOLDER / n).stat().st_size for n in names) < 6e6


@pytest.mark.parametrize("name", ["speech.npz", "speech_real.npz"])
def test_a_damaged_or_missing_file_is_refused(tmp_path, name):
    load = load_speech if name == "speech.npz" else load_real
    with pytest.raises(DataError, match="is missing"):
        load(tmp_path)
    raw = bytearray((DATA_FOLDER / name).read_bytes())
    raw[1000] ^= 1
    (tmp_path / name).write_bytes(raw)
    with pytest.raises(DataError, match="is damaged"):
        load(tmp_path)


def test_a_set_of_clips_is_cut_like_an_array():
    train = load_speech().train
    some = train[train.texts == "seven"]
    assert set(some.texts) == {"seven"}
    assert some[:2].windows(100).shape == (2, 100)
    assert train.of("espeak").labels().unique().tolist() == list(range(20))
    with pytest.raises(TypeError, match=r"clips\.samples\(3\)"):
        train[3]


# --- numbers ---------------------------------------------------------------


def test_mu_law_and_back():
    codes = np.arange(256, dtype=np.uint8)
    assert (mu_law(from_mu_law(codes)) == codes).all()
    x = torch.linspace(-1, 1, 1001)
    back = from_mu_law(mu_law(x))
    assert isinstance(back, torch.Tensor)
    # Half of a step, which is ln(256) / 255 of the size.
    assert ((back - x).abs() / (x.abs() + 1 / 255)).max() < 0.0221
    assert mu_law(np.array([0.0, 2.0, -2.0])).tolist() == [128, 255, 0]


def test_the_spectrogram_is_scipys_and_torchs():
    x = torch.from_numpy(tone() + 0.1 * tone(hertz=1500)).float()
    ours = spectrogram(x)
    assert ours.shape == (len(x) // HOP + 1, WINDOW // 2 + 1)
    window = torch.hann_window(WINDOW)
    theirs = torch.stft(
        x, WINDOW, HOP, window=window, pad_mode="constant",
        return_complex=True,
    ).abs().square().T  # fmt: skip
    torch.testing.assert_close(ours, theirs, atol=1e-3, rtol=1e-4)
    scipys = ShortTimeFFT(window.numpy(), HOP, RATE).spectrogram(x.numpy())
    middle = scipys.T[2 : len(ours) - 2]  # the first columns lie before 0
    shift = (len(scipys.T) - len(ours)) // 2
    middle = scipys.T[shift : shift + len(ours)]
    np.testing.assert_allclose(middle, ours, atol=1e-2)


def test_the_mel_scale():
    assert to_mel(1000) == pytest.approx(1000, abs=0.1)
    np.testing.assert_allclose(from_mel(to_mel([60.0, 3800])), [60, 3800])


def test_the_filters_are_librosas():
    filters = mel_filters().numpy()
    assert filters.shape == (WINDOW // 2 + 1, 40)
    assert (filters.max(axis=0) > 0.3).all()
    record = json.loads(
        (
            speech.DATA_FOLDER.parent
            / "tests"
            / "helpers"
            / "mel_librosa.json"
        ).read_text(encoding="utf-8")
    )
    for column, row in record["filters"].items():
        found = {
            str(k): v for k, v in enumerate(filters[:, int(column)]) if v > 0
        }
        assert found.keys() == row.keys()
        np.testing.assert_allclose(
            list(found.values()), list(row.values()), atol=1e-5
        )


def test_a_tone_lights_up_its_band():
    edges = from_mel(np.linspace(to_mel(60), to_mel(3800), 42))
    for hertz in (300, 1000, 3000):
        x = torch.from_numpy(tone(hertz=hertz)).float()[None]
        band = log_mel(x)[0, :, 20].argmax().item()
        assert edges[band] < hertz < edges[band + 2]


def test_centred():
    x = np.arange(1, 6, dtype=np.float32)
    assert centred(x, 8).tolist() == [0, 1, 2, 3, 4, 5, 0, 0]
    assert centred(x, 3).tolist() == [2, 3, 4]
    assert centred(x, 2).tolist() == [2, 3]
    assert centred(x, 5).tolist() == x.tolist()


# --- a learner's own file --------------------------------------------------


def written(path, samples, rate=RATE):
    wavfile.write(path, rate, samples)
    return path


@pytest.mark.parametrize("kind", ["int16", "int32", "uint8", "float32"])
@pytest.mark.parametrize("channels", [1, 2])
def test_every_kind_of_wav_is_read(tmp_path, kind, channels):
    x = tone(rate=44100)
    if kind == "uint8":
        samples = (x * 127 + 128).astype(kind)
    elif kind == "float32":
        samples = x.astype(kind)
    else:
        samples = (x * np.iinfo(kind).max).astype(kind)
    samples = np.stack([samples] * channels, axis=1)
    found = read_sound(written(tmp_path / "a.wav", samples, 44100))
    assert found.dtype == np.float32
    assert len(found) == pytest.approx(0.5 * RATE, abs=40)
    assert np.abs(found).max() == pytest.approx(0.8, abs=0.01)
    power = spectrogram(torch.from_numpy(found)).mean(0)
    assert power.argmax().item() == round(440 / RATE * WINDOW)


def test_24_bits_are_read(tmp_path):
    values = (tone() * (2**23 - 1)).astype("<i4")
    raw = values[:, None].view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(3)
        file.setframerate(RATE)
        file.writeframes(raw)
    assert len(read_sound(tmp_path / "a.wav")) > 3900


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros(8000, np.int16), "is silent.*microphone"),
        (np.zeros(0, np.int16), "holds no samples"),
        (np.full(400, np.nan, np.float32), "no numbers"),
        (np.ones(RATE * 31, np.float32), "lasts 31 seconds"),
    ],
)
def test_useless_sounds_are_refused(tmp_path, samples, message):
    with pytest.raises(SoundError, match=message):
        read_sound(written(tmp_path / "a.wav", samples))


def test_a_clipped_sound_is_read_with_a_warning(tmp_path):
    loud = np.clip(tone(size=3.0), -1, 1) * 32767
    path = written(tmp_path / "a.wav", loud.astype(np.int16))
    with pytest.warns(UserWarning, match=r"a\.wav is clipped.*more softly"):
        assert len(read_sound(path))


@pytest.mark.parametrize("content", [b"", b"RIFF", b"ID3 an mp3" * 50])
def test_a_file_that_is_no_sound_is_refused(tmp_path, content):
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(SoundError, match=r"could not be read as WAV.*export"):
        read_sound(tmp_path / "a.wav")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SoundError, match=r"no file .*mine\.wav"):
        read_sound(tmp_path / "mine.wav")


def test_trimming_keeps_a_margin():
    x = np.concatenate([np.zeros(2000), tone(), np.zeros(3000)])
    assert len(trimmed(x)) == pytest.approx(4000 + 2 * 240, abs=10)
    assert np.abs(trimmed(0.001 * x)).max() == pytest.approx(0.8)


# --- FSDD ------------------------------------------------------------------


def archive(path, names, content=None):
    with zipfile.ZipFile(path, "w") as file:
        for name in names:
            raw = io.BytesIO()
            wavfile.write(raw, RATE, (tone() * 9000).astype(np.int16))
            file.writestr(name, content or raw.getvalue())
    return path


def test_fsdd_is_read_from_an_archive_of_its_layout(tmp_path):
    folder = "free-spoken-digit-dataset-1.0.10/"
    names = [
        f"{folder}recordings/{digit}_{voice}_{take}.wav"
        for digit in (7, 0)
        for voice in ("theo", "jackson")
        for take in (1, 0)
    ]
    names += [f"{folder}README.md", f"{folder}recordings/noise.wav"]
    clips = load_fsdd(archive(tmp_path / "fsdd.zip", names))
    assert clips.voices.tolist() == ["jackson"] * 4 + ["theo"] * 4
    assert clips.texts.tolist() == ["zero", "zero", "seven", "seven"] * 2
    with zipfile.ZipFile(tmp_path / "fsdd.zip") as file:
        file.extractall(tmp_path / "unpacked")
    assert len(load_fsdd(tmp_path / "unpacked")) == 8


def test_fsdd_that_cannot_be_used_is_refused(tmp_path, monkeypatch):
    with pytest.raises(DataError, match="no recording named like"):
        load_fsdd(archive(tmp_path / "a.zip", ["seven.wav"]))
    with pytest.raises(DataError, match=r"7_theo_0\.wav of .* is damaged"):
        load_fsdd(archive(tmp_path / "b.zip", ["7_theo_0.wav"], b"no sound"))
    (tmp_path / "c.zip").write_bytes(b"no zip")
    with pytest.raises(DataError, match="is no zip"):
        load_fsdd(tmp_path / "c.zip")
    with pytest.raises(DataError, match="There is no"):
        load_fsdd(tmp_path / "d.zip")
    monkeypatch.setattr(speech, "DOWNLOADS", tmp_path / "downloads")
    monkeypatch.setattr(speech, "FSDD", "http://127.0.0.1:9/fsdd.zip")
    with pytest.raises(DataError, match=r"could not be fetched.*by hand"):
        load_fsdd()
    assert not list((tmp_path / "downloads").iterdir())
