"""From letters to a spectrogram: what a voice would do to say a word.

A small relative of today's networks: letters in, log-mel spectrogram out,
for each of a list of voices. How long the word takes is guessed first, as
in FastSpeech (Y. Ren et al., 2019).
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from helpers.saved import with_weights
from helpers.speech import NUM_MELS, WORDS, Clips, load_speech, log_mel
from helpers.wavenet import WEIGHTS, part_of

ALPHABET = " abcdefghijklmnopqrstuvwxyz"
FRAMES = 100.0  # what a predicted length of 1 means


class Speaker(nn.Module):
    """A spectrogram for each word and voice.

    voices: how many it knows.
    """

    def __init__(self, voices, channels=96, layers=4):
        super().__init__()
        self.letter = nn.Embedding(len(ALPHABET), channels)
        self.voice = nn.Embedding(voices, channels)
        self.encode = nn.Conv1d(channels, channels, 3, padding=1)
        self.place = nn.Conv1d(5, channels, 1)
        self.layers = nn.ModuleList(
            nn.Conv1d(channels, channels, 7, padding=3) for _ in range(layers)
        )
        self.out = nn.Conv1d(channels, NUM_MELS, 1)
        self.duration = nn.Sequential(
            nn.Linear(2 * channels, 64), nn.ReLU(), nn.Linear(64, 1)
        )

    def encoded(self, word):
        """Of the letters of a word, with a space at each end, (1, c, n)."""
        numbers = [ALPHABET.index(letter) for letter in f" {word} "]
        x = self.letter(torch.tensor([numbers])).mT
        return F.relu(self.encode(x))

    def length(self, word, voice):
        """How many frames the word takes, a tensor of one number."""
        x = self.encoded(word).mean(dim=2)[0]
        x = torch.cat([x, self.voice(torch.tensor(voice))])
        return FRAMES * self.duration(x)[0]

    def forward(self, words, voices, lengths):
        """Spectrograms of words, (batch, 40, frames of the longest)."""
        longest = max(lengths)
        rows, places = [], []
        for word, length in zip(words, lengths, strict=True):
            x = self.encoded(word)
            x = F.interpolate(x, length, mode="linear", align_corners=True)
            rows.append(F.pad(x, (0, longest - length)))
            t = torch.arange(longest) / length
            turns = [torch.sin(k * torch.pi * t) for k in (1, 2)]
            turns += [torch.cos(k * torch.pi * t) for k in (1, 2)]
            places.append(torch.stack([t, *turns]))
        x = torch.cat(rows) + self.place(torch.stack(places))
        x = x + self.voice(torch.as_tensor(voices))[:, :, None]
        for layer in self.layers:
            x = x + F.relu(layer(x))
        return 4 * self.out(x) - 4

    @torch.no_grad()
    def say(self, word, voice):
        """The log-mel spectrogram of a word, (40, frames)."""
        strange = sorted(set(word) - set(ALPHABET))
        if strange or not word:
            raise ValueError(
                f"A word is made of the letters a to z, not {word!r}."
            )
        length = int(self.length(word, voice).clamp(20, 200))
        return self([word], [voice], [length])[0]


def of_kokoro():
    """All single words of Kokoro's voices, whatever part they belong to."""
    splits = [part.of("kokoro") for part in load_speech()]
    return Clips(
        [codes for part in splits for codes in part.codes],
        *(
            np.concatenate([getattr(part, name) for part in splits])
            for name in ("texts", "voices", "engines")
        ),
    )


def pairs(clips):
    """(word, number of the voice, log-mel) of each clip; and the voices."""
    voices = sorted(set(clips.voices))
    rows = []
    for i in range(len(clips)):
        mel = log_mel(torch.from_numpy(clips.samples(i))[None])[0]
        number = voices.index(clips.voices[i])
        rows.append((str(clips.texts[i]), number, mel))
    return rows, voices


def held_out(word, voice, special=None):
    """Whether no network hears this word from this voice in training.

    Of each voice one word in ten; of the voice `special`, one in four.
    """
    every = 4 if voice == special else 10
    return (WORDS.index(word) * 7 + voice * 3) % every == 0


def train_speaker(net, rows, num_steps, seed=0, peak_lr=2e-3, report=None):
    """Trains on (word, voice, log-mel); the loss of each step.

    The loss is the mean distance from the right spectrogram, and a little
    of the length's.
    """
    choose = np.random.default_rng(seed)
    optimiser = torch.optim.Adam(net.parameters(), peak_lr)
    losses = []
    for step in range(num_steps):
        left = max(0.02, 1 - step / num_steps)
        optimiser.param_groups[0]["lr"] = peak_lr * left
        batch = [rows[i] for i in choose.integers(len(rows), size=16)]
        words, voices, mels = zip(*batch, strict=True)
        lengths = [mel.shape[1] for mel in mels]
        out = net(words, voices, lengths)
        loss = sum(
            (row[:, : mel.shape[1]] - mel).abs().mean()
            for row, mel in zip(out, mels, strict=True)
        ) / len(mels)
        guesses = torch.stack(
            [net.length(w, v) for w, v in zip(words, voices, strict=True)]
        )
        wrong = (guesses - torch.tensor(lengths)) / FRAMES
        optimiser.zero_grad()
        (loss + wrong.square().mean()).backward()
        optimiser.step()
        losses.append(loss.item())
        if report and (step + 1) % report == 0:
            print(step + 1, round(np.mean(losses[-report:]), 3), flush=True)
    return losses


def load_speaker(path=WEIGHTS, voices=28):
    """The network that comes with the course, in evaluation mode.

    Raises FileNotFoundError if the weights are missing and ValueError if
    they are damaged.
    """
    return with_weights(
        Speaker(voices), path, "the speaker's", part_of("speaker")
    )
