"""Sound as numbers: spoken words, mu-law, the mel spectrogram, your own file.

Where the voices come from, and what may be done with them: the card beside
the data, data/speech.md. Samples are float32 from -1 to 1, RATE a second.
"""

import hashlib
import io
import math
import re
import urllib.error
import urllib.request
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from scipy.io import wavfile
from scipy.signal import resample_poly
from torch.nn import functional as F

from helpers.data import DATA_FOLDER, DOWNLOADS, DataError, how_to_restore

RATE = 8000  # samples a second
WINDOW, HOP = 256, 80  # samples: 32 ms, and 10 ms from one to the next
NUM_MELS = 40
LOW, HIGH = 60.0, 3800.0  # Hz, the ends of the mel filters
FLOOR = 1e-4  # added before the logarithm: what counts as silence
DIGITS = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
)
COMMANDS = (
    "yes",
    "no",
    "up",
    "down",
    "left",
    "right",
    "on",
    "off",
    "stop",
    "go",
)
WORDS = DIGITS + COMMANDS
LONGEST = 30  # seconds of a learner's own file

CHECKSUMS = {
    "speech.npz": "373b4ed1aa546f6623baa41e03595232"
    "f7aa4181aea949bfd2602cdd920821f7",
    "speech_real.npz": "2f4b362d461bcb74a928dadc0bbf6fb2"
    "50c5fd82b7426136e0e5d4f127711a3e",
}
FSDD = (
    "https://github.com/Jakobovski/free-spoken-digit-dataset/archive/refs/"
    "heads/master.zip"
)


class SoundError(ValueError):
    """What is wrong with a sound, and what to do about it."""


@dataclass(frozen=True, eq=False)
class Clips:
    """Sounds, each with what is said and by whom.

    codes: list of uint8 arrays (length,), mu-law at 8 kHz
    texts, voices, engines: arrays of str, one of each for every sound
    """

    codes: list
    texts: np.ndarray
    voices: np.ndarray
    engines: np.ndarray

    def __len__(self):
        return len(self.codes)

    def __getitem__(self, index):
        """The clips of a slice, of indices or of a mask, as a new set."""
        if isinstance(index, int | np.integer):
            raise TypeError(
                f"the samples of one clip are clips.samples({index}); a set "
                "takes a slice, indices or a mask"
            )
        chosen = np.arange(len(self))[index]
        columns = self.texts, self.voices, self.engines
        return Clips(
            [self.codes[i] for i in chosen], *(c[chosen] for c in columns)
        )

    def of(self, *engines):
        """The clips of some engines only."""
        return self[np.isin(self.engines, engines)]

    def samples(self, index):
        """The samples of one clip, float32 (length,)."""
        return from_mu_law(self.codes[index])

    def labels(self, words=WORDS):
        """The number of each clip's word among `words`, int64 (n,)."""
        place = {word: i for i, word in enumerate(words)}
        return torch.tensor([place[text] for text in self.texts])

    def windows(self, length=RATE):
        """All clips as samples of one length, float32 (n, length).

        A shorter clip stands in the middle of silence; of a longer one the
        middle is taken.
        """
        return torch.stack(
            [centred(self.samples(i), length) for i in range(len(self))]
        )


class SpeechSplits(NamedTuple):
    """Three parts, of different voices each."""

    train: Clips
    validation: Clips
    test: Clips


def load_speech(folder=DATA_FOLDER):
    """Twenty words by synthetic voices: training, validation, test.

    No voice stands in two parts. Engines: "kokoro" (a neural network) and
    "espeak" (rules) in all three, "flite" (models and
    pieces of recordings) in test only.
    Raises DataError if the file is missing or damaged.
    """
    clips, part = _load("speech.npz", folder)
    single = np.char.find(clips.texts, " ") < 0
    return SpeechSplits(
        *(clips[single & (part == name)] for name in SpeechSplits._fields)
    )


def load_phrases(folder=DATA_FOLDER):
    """Three to five words spoken in one go by Kokoro's voices.

    Returns those of the validation voices and those of the test voices.
    Raises DataError if the file is missing or damaged.
    """
    clips, part = _load("speech.npz", folder)
    several = np.char.find(clips.texts, " ") >= 0
    return tuple(
        clips[several & (part == name)] for name in ("validation", "test")
    )


def load_real(folder=DATA_FOLDER):
    """The ten digits by two people, once each: for testing only.

    Allison Smith's recordings are CC-BY-SA-3.0, spokennumbers MIT: see the
    notice in data/speech_real.md. Raises DataError if the file is missing
    or damaged.
    """
    return _load("speech_real.npz", folder)[0]


def mu_law(samples):
    """Samples from -1 to 1 as whole numbers 0 to 255, small ones finely.

    The curve of ITU-T G.711 (1972) with mu = 255, rounded as WaveNet does
    (van den Oord et al., 2016): 255 (1 + sign(x) ln(1 + 255 |x|) / ln 256)
    / 2. samples: array or tensor of any shape; returns uint8 of that shape,
    an array or a tensor. Samples beyond -1 and 1 are cut.
    """
    x = np.clip(np.asarray(samples, np.float64), -1, 1)
    squeezed = np.sign(x) * np.log1p(255 * np.abs(x)) / np.log(256)
    codes = np.rint((squeezed + 1) / 2 * 255).astype(np.uint8)
    if isinstance(samples, torch.Tensor):
        return torch.from_numpy(codes)
    return codes


def from_mu_law(codes):
    """The samples that mu-law codes stand for, float32, -1 to 1."""
    squeezed = np.asarray(codes, np.float64) / 255 * 2 - 1
    x = np.sign(squeezed) * np.expm1(np.abs(squeezed) * np.log(256)) / 255
    if isinstance(codes, torch.Tensor):
        return torch.from_numpy(x).float()
    return x.astype(np.float32)


def to_mel(hertz):
    """A frequency on the mel scale (S. Stevens et al., 1937).

    The formula is O'Shaughnessy's (1987), as in HTK.
    """
    return 2595 * np.log10(1 + np.asarray(hertz, np.float64) / 700)


def from_mel(mel):
    """A place on the mel scale as a frequency in Hz."""
    return 700 * (10 ** (np.asarray(mel, np.float64) / 2595) - 1)


def mel_filters(num_mels=NUM_MELS, low=LOW, high=HIGH):
    """Triangles that gather frequencies as the ear does, (129, num_mels).

    Each begins at the peak of the one before it and ends at the peak of the
    next; the peaks are evenly spaced on the mel scale. Rows are the 129
    frequencies of a WINDOW, from 0 to RATE / 2.
    """
    hertz = np.linspace(0, RATE / 2, WINDOW // 2 + 1)[:, None]
    edges = from_mel(np.linspace(to_mel(low), to_mel(high), num_mels + 2))
    left, peak, right = edges[:-2], edges[1:-1], edges[2:]
    rising = (hertz - left) / (peak - left)
    falling = (right - hertz) / (right - peak)
    filters = np.clip(np.minimum(rising, falling), 0, None)
    return torch.from_numpy(filters).float()


def spectrogram(x):
    """The power of each frequency in each window, (..., frames, 129).

    x: (..., length) samples. Windows of 256 samples (32 ms) begin every 80
    samples (10 ms), weighed by a Hann window; silence is put at both ends,
    so that the middle of frame t is sample 80 t.
    """
    x = F.pad(x, (WINDOW // 2, WINDOW // 2))
    frames = x.unfold(-1, WINDOW, HOP) * torch.hann_window(WINDOW).to(x)
    return torch.fft.rfft(frames).abs().square()


def log_mel(x):
    """What the networks hear, (batch, 40, frames): a row for each mel band.

    x: (batch, length) samples. The logarithm of the power in each band,
    with FLOOR added before it.
    """
    mel = spectrogram(x) @ _FILTERS.to(x)
    return torch.log(mel + FLOOR).mT


_FILTERS = mel_filters()


def trimmed(samples, level=0.01, pad=240):
    """Without the silence at both ends, and with a peak of 0.8.

    What is quieter than `level` of the peak is silence; `pad` samples of it
    are kept. Raises SoundError if there is nothing else.
    """
    samples = np.asarray(samples, np.float32)
    peak = np.abs(samples).max(initial=0)
    if not peak > 1e-4:
        raise SoundError(
            "This sound is silent. Check that the right microphone is on, "
            "and record again."
        )
    loud = np.flatnonzero(np.abs(samples) > level * peak)
    samples = samples[max(0, loud[0] - pad) : loud[-1] + 1 + pad]
    return samples * np.float32(0.8 / peak)


def centred(samples, length=RATE):
    """Samples of exactly this length, as a float32 tensor (length,).

    Silence on both sides of a shorter sound; the middle of a longer one.
    """
    samples = torch.as_tensor(samples, dtype=torch.float32)
    spare = length - len(samples)
    if spare < 0:
        return samples[-spare // 2 :][:length]
    return F.pad(samples, (spare // 2, spare - spare // 2))


def read_sound(path):
    """A learner's own WAV file as samples at 8 kHz, float32 (length,).

    Several channels are averaged, another rate is converted, silence at
    both ends is cut off, and the peak is made 0.8. Warns of a recording
    that is clipped. Raises SoundError, which says what to do, for a file
    that is missing, empty, silent, too long, or no WAV.
    """
    path = Path(path)
    if not path.is_file():
        raise SoundError(
            f"There is no file {path}. Give the path from the folder of this "
            f"notebook, {Path.cwd().name}/, or a whole one."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", wavfile.WavFileWarning)
            rate, samples = wavfile.read(path)
    except Exception as error:
        raise SoundError(
            f"{path.name} could not be read as WAV ({error}). Phones record "
            "in other formats (.m4a, .mp3, .ogg, .webm), and a new name does "
            "not change the format: export it as WAV, for instance with "
            "Audacity, or `ffmpeg -i in.m4a out.wav`."
        ) from None
    return _usable(samples, rate, path.name)


def load_fsdd(archive=None):
    """The Free Spoken Digit Dataset: 3,000 digits by six people.

    (Z. Jackson et al., 2018; CC-BY-SA-4.0.) It is not shipped. archive: a
    zip, or an unpacked folder, of the original's layout, in which
    recordings/7_jackson_32.wav is the 33rd "seven" of Jackson. Without it
    the newest is fetched into data/downloads/, which needs a network. Raises
    DataError if it cannot be had or holds no recording.
    """
    path = Path(archive or DOWNLOADS / "fsdd.zip")
    if archive is None and not path.is_file():
        _fetch(FSDD, path)
    found = {}
    for name, raw in _wav_files(path):
        match = re.fullmatch(r"(\d)_([^_]+)_(\d+)\.wav", name)
        if match:
            digit, voice, take = match.groups()
            found[voice, int(digit), int(take)] = raw
    if not found:
        raise DataError(
            f"{path} holds no recording named like 7_jackson_32.wav: it "
            "should be the zip of the Free Spoken Digit Dataset, or its "
            "unpacked folder."
        )
    codes = []
    for (voice, digit, take), raw in sorted(found.items()):
        try:
            rate, samples = wavfile.read(io.BytesIO(raw))
            codes.append(mu_law(_usable(samples, rate, path.name)))
        except ValueError as error:
            raise DataError(
                f"{digit}_{voice}_{take}.wav of {path} is damaged ({error}): "
                "delete the archive and fetch it again."
            ) from None
    voices, digits, _ = zip(*sorted(found), strict=True)
    return Clips(
        codes,
        np.array([DIGITS[digit] for digit in digits]),
        np.array(voices),
        np.array(["fsdd"] * len(codes)),
    )


def _usable(samples, rate, name):
    """Samples as they come from a file, in the form that the course uses."""
    if not samples.size:
        raise SoundError(f"{name} holds no samples: record it again.")
    if samples.size > LONGEST * rate * (samples.size // len(samples)):
        raise SoundError(
            f"{name} lasts {len(samples) / rate:.0f} seconds: cut out the "
            f"words, {LONGEST} seconds at most."
        )
    if samples.dtype.kind == "u":  # 8 bits: 128 is silence
        samples = (samples.astype(np.float64) - 128) / 128
    elif samples.dtype.kind == "i":
        samples = samples / -float(np.iinfo(samples.dtype).min)
    samples = np.asarray(samples, np.float64)
    if not np.isfinite(samples).all():
        raise SoundError(f"{name} holds values that are no numbers.")
    share = (np.abs(samples) > 0.999).mean()
    if share > 0.001:
        warnings.warn(
            f"{name} is clipped: {share:.1%} of its samples are as loud as "
            "can be, and what was louder is lost. Record it more softly.",
            stacklevel=3,
        )
    if samples.ndim > 1:
        samples = samples.mean(axis=1)
    if rate != RATE:
        common = math.gcd(int(rate), RATE)
        samples = resample_poly(samples, RATE // common, rate // common)
    try:
        return trimmed(samples)
    except SoundError as error:
        raise SoundError(f"{name}: {error}") from None


def _load(name, folder):
    """The clips of a file, and the part that each belongs to."""
    path = Path(folder) / name
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise DataError(
            f"{path} is missing: {how_to_restore(path)}."
        ) from None
    found = hashlib.sha256(raw).hexdigest()
    if found != CHECKSUMS[name]:
        raise DataError(
            f"{path} is damaged (SHA-256 {found}, expected "
            f"{CHECKSUMS[name]}): {how_to_restore(path)}."
        )
    with np.load(io.BytesIO(raw)) as arrays:
        samples, starts, lengths, texts, voices, engines, part = (
            arrays[key]
            for key in (
                "samples", "starts", "lengths", "text", "voice", "engine",
                "part",
            )
        )  # fmt: skip
    codes = [
        samples[start : start + length]
        for start, length in zip(starts, lengths, strict=True)
    ]
    return Clips(codes, texts, voices, engines), part


def _wav_files(path):
    """(name, bytes) of each WAV file of a zip or a folder."""
    if path.is_dir():
        for file in path.rglob("*.wav"):
            yield file.name, file.read_bytes()
        return
    try:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.endswith(".wav"):
                    yield name.rpartition("/")[2], archive.read(name)
    except FileNotFoundError:
        raise DataError(f"There is no {path}.") from None
    except (zipfile.BadZipFile, zipfile.zlib.error) as error:
        raise DataError(
            f"{path} is no zip, or damaged ({error}): delete it and fetch "
            "it again."
        ) from None


def _fetch(address, path):
    """Fetches a file whole, or leaves none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    try:
        with urllib.request.urlopen(address, timeout=20) as answer:
            part.write_bytes(answer.read())
        part.replace(path)
    except (urllib.error.URLError, OSError) as error:
        raise DataError(
            f"{address} could not be fetched ({error}). Check the network, "
            f"or put the archive there by hand: {path}"
        ) from None
    finally:
        part.unlink(missing_ok=True)
