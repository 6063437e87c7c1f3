"""Builds build/voice.npz: seven minutes of one voice, to train WaveNet on.

    build/voices/bin/python -m tools.build_voice build/packages

(packages and environment: those of tools/build_speech.py, of which only
Kokoro's are needed.) The voice is one that the recognisers of the course
never heard in training. It says the twenty words of the course three times
each at other speeds than in data/speech.npz, and phrases of these and of
other words. The file is not stored in the repository: only the weights
trained on it are, data/wavenet.pt.
"""

import argparse
import random
from pathlib import Path

import numpy as np

from tools.build_speech import (
    AMERICAN,
    PACKAGES,
    RATE,
    Kokoro,
    finished,
    unpack,
)

VOICE = "af_kore"
SPEEDS = 0.8, 0.95, 1.12  # of the single words
NUM_PHRASES, WORDS_EACH = 110, 8

# Other words, so that the network hears other sounds and neighbours too.
OTHERS = [
    "tˈɛn", "ɪlˈɛvən", "twˈɛlv", "twˈɛnti", "hˈʌndɹəd", "θˈWzənd",
    "mˈɔɹnɪŋ", "wˈɔɾəɹ", "mˈʌðəɹ", "ɡˈɑɹdən", "jˈɛlO", "ˈɔɹɪnʤ",
    "wˈɪntəɹ", "sˈʌməɹ", "hˈWs", "ɹˈɪvəɹ", "ɡˈʊd", "bˈɜɹd", "ʧˈIld",
    "ʧˈɛɹ", "ʃˈu", "mˈɛʒəɹ", "vˈYs", "bˈY", "mjˈuzɪk", "ˈæpəl", "blˈæk",
    "hˈænd", "stɹˈit", "skˈul", "spɹˈɪŋ", "kwˈɛsʧən", "pˈApəɹ", "tˈAbəl",
    "wˈɪndO", "mˈɪlk", "bɹˈɛd", "ʧˈiz", "fˈɑðəɹ", "θˈɪŋ", "lˈæŋɡwɪʤ",
    "mˈʌndA", "θˈɜɹzdA", "ʤulˈI", "ˈɔɡəst", "bˈʊk", "pˈʊʃ", "kˈʌp",
    "bˈɑɾəl", "nˈɛtwɜɹk", "məʃˈin", "lˈɜɹnɪŋ", "nˈʌmbəɹ", "tədˈA",
    "ˈɔlwAz", "pəɹhˈæps", "lˈɪɾəl", "bjˈuɾəfəl",
]  # fmt: skip


def texts():
    """What is said: (phonemes, speed) of each sound."""
    said = [(AMERICAN[w], speed) for speed in SPEEDS for w in AMERICAN]
    draw = random.Random(VOICE)
    for _ in range(NUM_PHRASES):
        words = [
            draw.choice(OTHERS)
            if draw.random() < 0.5
            else draw.choice(list(AMERICAN.values()))
            for _ in range(WORDS_EACH)
        ]
        said.append((" ".join(words), draw.uniform(0.8, 1.15)))
    return said


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("packages", type=Path)
    options = parser.parse_args()
    needed = [name for name in PACKAGES if name.startswith("kokoro")]
    kokoro = Kokoro(unpack(options.packages, needed))
    sounds = []
    for phonemes, speed in texts():
        samples = kokoro.say(phonemes + ".", VOICE, speed)
        sounds.append(finished(samples, kokoro.rate))
        if len(sounds) % 20 == 0:
            print(f"{len(sounds)} of {len(texts())}", flush=True)
    lengths = np.array([len(sound) for sound in sounds])
    path = options.packages.parent / "voice.npz"
    np.savez(path, samples=np.concatenate(sounds), lengths=lengths)
    print(f"{path}: {len(sounds)} sounds, {lengths.sum() / RATE:.0f} seconds")


if __name__ == "__main__":
    main()
