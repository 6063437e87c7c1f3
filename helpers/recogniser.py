"""Two networks that hear: one for single words, one that writes letters.

`Commands` takes one second and says which of twenty words it is.
`Recogniser` is DeepSpeech 2 in small (D. Amodei et al., 2015): convolutions,
a recurrent layer, a letter for each 40 ms, trained by CTC.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from helpers.ctc import LETTERS, to_numbers
from helpers.data import DATA_FOLDER, how_to_restore
from helpers.saved import load_saved
from helpers.speech import HOP, NUM_MELS, RATE, WORDS, log_mel, trimmed

WEIGHTS = DATA_FOLDER / "recogniser.pt"


class Commands(nn.Module):
    """Which of `num_words` words a second of sound is.

    Takes features, (batch, 40, frames); returns logits, (batch, num_words).
    """

    def __init__(self, num_words=20):
        super().__init__()
        self.body = nn.Sequential(
            *(sound_block(NUM_MELS, 64), nn.MaxPool1d(2)),
            *(sound_block(64, 64), nn.MaxPool1d(2)),
            *(sound_block(64, 64), nn.MaxPool1d(2)),
            sound_block(64, 128),
        )
        self.head = nn.Sequential(nn.Dropout(0.2), nn.Linear(256, num_words))

    def forward(self, X):
        X = self.body(X)  # (batch, 128, frames / 8)
        return self.head(torch.cat([X.mean(dim=2), X.amax(dim=2)], dim=1))


class Recogniser(nn.Module):
    """A letter, or the blank, for each 40 ms of sound.

    Takes features, (batch, 40, frames); returns log probabilities, (batch,
    frames / 4, 28), of the LETTERS.
    """

    def __init__(self, channels=96, hidden=128):
        super().__init__()
        self.body = nn.Sequential(
            sound_block(NUM_MELS, channels, kernel_size=7, stride=2),
            sound_block(channels, channels, kernel_size=7, stride=2),
        )
        self.rnn = nn.GRU(
            channels, hidden, bidirectional=True, batch_first=True
        )
        self.letters = nn.Linear(2 * hidden, len(LETTERS))

    def forward(self, X):
        X = self.body(X)  # (batch, channels, frames / 4)
        X, _ = self.rnn(X.mT)  # (batch, frames / 4, 2 * hidden)
        X = F.dropout(X, 0.1, self.training)
        return self.letters(X).log_softmax(dim=2)


def sound_block(inputs, outputs, kernel_size=5, stride=1):
    """A convolution along time, batch normalisation, ReLU."""
    return nn.Sequential(
        nn.Conv1d(
            inputs, outputs, kernel_size, stride, kernel_size // 2, bias=False
        ),
        nn.BatchNorm1d(outputs),
        nn.ReLU(),
    )


def features(sounds):
    """What the networks hear of sounds, float32 (n, 40, frames).

    sounds: a list of samples of any lengths, or a tensor (n, length). From
    the log-mel spectrogram of each the mean of each band is subtracted,
    which takes away what a microphone adds; the rest is multiplied by 0.4.
    Behind a shorter sound stand zeros.
    """
    mel = log_mel(padded(sounds))
    inside = torch.arange(mel.shape[2]) < num_frames(sounds)[:, None]
    inside = inside[:, None]  # (n, 1, frames)
    mean = (mel * inside).sum(2, keepdim=True) / inside.sum(2, keepdim=True)
    return 0.4 * (mel - mean) * inside


def num_frames(sounds):
    """How many frames each sound has, int64 (n,)."""
    return torch.tensor([len(sound) // HOP + 1 for sound in sounds])


def num_letters(sounds):
    """How many times the recogniser speaks for each sound, int64 (n,)."""
    return (num_frames(sounds) + 3) // 4


def padded(sounds):
    """Sounds in one float32 tensor (n, length), silence at their ends."""
    batch = torch.zeros(len(sounds), max(map(len, sounds)))
    for i, sound in enumerate(sounds):
        batch[i, : len(sound)] = torch.as_tensor(sound)
    return batch


def train_commands(
    net, clips, num_steps=350, seed=0, peak_lr=6e-3, batch_of=None
):
    """Trains on one-second windows; the loss of each step.

    Batches of 64, AdamW, one cycle of the learning rate. Engines are drawn
    equally often, whatever they have. batch_of: takes positions in clips,
    gives features and labels; those of the clips as they are if None.
    """
    if batch_of is None:
        all_features, labels = features(clips.windows()), clips.labels()

        def batch_of(rows):
            return all_features[rows], labels[rows]

    draw = torch.Generator().manual_seed(seed)
    engines = [np.flatnonzero(clips.engines == e) for e in set(clips.engines)]
    engines = [
        torch.from_numpy(e) for e in sorted(engines, key=lambda e: e[0])
    ]
    share = 64 // len(engines)
    optimiser = torch.optim.AdamW(net.parameters(), weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, peak_lr, num_steps
    )
    losses = []
    net.train()
    for _ in range(num_steps):
        rows = torch.cat(
            [
                e[torch.randint(len(e), (share,), generator=draw)]
                for e in engines
            ]
        )
        X, y = batch_of(rows)
        loss = F.cross_entropy(net(X), y)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
    net.eval()
    return losses


def by_voice(clips, words=WORDS):
    """{voice: {word: samples}}, trimmed closely, for those words."""
    voices = {}
    for i, (voice, text) in enumerate(
        zip(clips.voices, clips.texts, strict=True)
    ):
        if text in words:
            near = trimmed(clips.samples(i), level=0.03, pad=80)
            voices.setdefault(str(voice), {})[str(text)] = near
    return voices


def joined(voices, draw, num_words=(2, 5)):
    """Words of one voice, one after another: samples, and their text.

    voices: what by_voice gives. draw: numpy's Generator. Between two words
    are 0 to 120 ms of silence.
    """
    names = sorted(voices)
    said = voices[names[draw.integers(len(names))]]
    known = sorted(said)
    words = draw.choice(known, draw.integers(num_words[0], num_words[1] + 1))
    pieces = [np.zeros(800, np.float32)]
    for word in words:
        gap = np.zeros(int(RATE * draw.uniform(0, 0.12)), np.float32)
        pieces += [said[word], gap]
    pieces.append(np.zeros(800, np.float32))
    return np.concatenate(pieces), " ".join(words)


def train_recogniser(
    net, sources, num_steps, seed=0, batch_size=24, peak_lr=3e-3, hidden=0.0,
    noise=0.0, num_words=(2, 5), report=None,
    example=None,
):  # fmt: skip
    """Trains on joined words by CTC; the loss of each step.

    sources: a list of what by_voice gives, drawn from equally often.
    noise: up to how loud white noise is, as a share of the samples' spread;
    report: print the mean loss every so many steps, and with it the
    likeliest path of `example`, the samples of a sound.
    hidden: the probability with which a stripe of bands and one of frames
    is hidden (SpecAugment, D. Park et al., 2019).
    """
    draw = np.random.default_rng(seed)
    optimiser = torch.optim.AdamW(net.parameters(), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, peak_lr, num_steps, pct_start=0.2
    )
    losses = []
    net.train()
    for step in range(num_steps):
        pairs = [
            joined(sources[draw.integers(len(sources))], draw, num_words)
            for _ in range(batch_size)
        ]
        sounds = [noisy(sound, noise, draw) for sound, _ in pairs]
        X = hide_stripes(features(sounds), draw, hidden)
        labels = [to_numbers(text) for _, text in pairs]
        loss = F.ctc_loss(
            net(X).transpose(0, 1),  # (frames / 4, batch, letters)
            torch.cat(labels),
            num_letters(sounds),
            torch.tensor([len(label) for label in labels]),
        )
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
        if report and not (step + 1) % report:
            recent = sum(losses[-report:]) / report
            path = ""
            if example is not None:
                symbols = listen(net, example).argmax(dim=1)
                path = "".join(LETTERS[symbol] for symbol in symbols)
                net.train()
            print(f"step {step + 1:4}  loss {recent:.2f}  {path}", flush=True)
    net.eval()
    return losses


def noisy(sound, most, draw):
    """With white noise, up to `most` of the sound's own spread."""
    if not most:
        return sound
    loud = draw.uniform(0, most) * sound.std()
    noise = draw.standard_normal(len(sound), dtype=np.float32)
    return sound + np.float32(loud) * noise


def hide_stripes(X, draw, share):
    """Some bands and some frames of features, made 0, their mean."""
    if not share:
        return X
    X = X.clone()
    for one in X:
        if draw.random() < share:
            first = draw.integers(NUM_MELS)
            one[first : first + draw.integers(1, 8)] = 0
        if draw.random() < share:
            first = draw.integers(one.shape[1])
            one[:, first : first + draw.integers(1, 15)] = 0
    return X


@torch.no_grad()
def listen(net, sound):
    """Log probabilities of the letters of one sound, (frames / 4, 28)."""
    return net.eval()(features([sound]))[0]


def load_recogniser(path=WEIGHTS):
    """The recogniser of the twenty words, in evaluation mode.

    Raises FileNotFoundError if the weights are missing and ValueError if
    they are damaged.
    """
    net = Recogniser()
    try:
        weights = load_saved(path)
        net.load_state_dict({k: w.float() for k, w in weights.items()})
    except FileNotFoundError:
        raise FileNotFoundError(
            f"{path} is missing: {how_to_restore(path)}."
        ) from None
    except (RuntimeError, AttributeError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path} does not hold the recogniser's weights ({error}): "
            f"{how_to_restore(path)}."
        ) from None
    return net.eval()
