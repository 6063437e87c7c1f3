"""WaveNet in small: the next sample of a sound from the samples before it.

The network is that of A. van den Oord et al., "WaveNet: A Generative Model
for Raw Audio" (2016): dilated causal convolutions with gates, skip
connections, 256 classes of mu-law. Given the mel spectrogram of a sound as
well, it is a vocoder: it makes a wave that sounds as the spectrogram says.
Generation keeps what each layer needs again (T. Le Paine et al., "Fast
Wavenet Generation Algorithm", 2016).
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from helpers.data import DATA_FOLDER
from helpers.saved import with_weights
from helpers.speech import HOP, NUM_MELS, from_mu_law, log_mel

SILENCE = 128  # the code of a sample of 0
NUM_CODES = 256
DILATIONS = (1, 2, 4, 8, 16, 32, 64, 128)
BATCH, LENGTH = 8, 1600  # of a training step: windows, samples in each
WEIGHTS = DATA_FOLDER / "wavenet.pt"
SIZES = {
    "wave": {"channels": 48, "skip": 96},
    "excitation": {"channels": 32, "skip": 64},
}


def causal_conv(x, weight, bias, dilation=1):
    """A convolution that looks back only, (batch, outputs, length).

    x: (batch, inputs, length); weight: (outputs, inputs, width), its last
    column for now, the one before it for `dilation` ago, and so on; bias:
    (outputs,). Before the first sample there are zeros.
    """
    back = dilation * (weight.shape[2] - 1)
    return F.conv1d(F.pad(x, (back, 0)), weight, bias, dilation=dilation)


def conv_step(x, memory, weight, bias):
    """One step of a causal convolution two wide, with what it remembers.

    x: (inputs,), what comes now; memory: (inputs, dilation), what came
    before it, the oldest first; weight: (outputs, inputs, 2); bias:
    (outputs,). Returns the output, (outputs,), and the next memory.
    """
    out = weight[:, :, 0] @ memory[:, 0] + weight[:, :, 1] @ x + bias
    return out, torch.cat([memory[:, 1:], x[:, None]], dim=1)


def receptive_field(dilations, width=2):
    """How many samples back the scores of the next one reach."""
    return 1 + (width - 1) * sum(dilations)


def draw_code(logits, u):
    """A code for each row of logits, with the probabilities they stand for.

    logits: (batch, codes); u: (batch,), from 0 to 1, evenly distributed: the
    code is the first whose probability, added to those before it, exceeds
    u. Returns int64 (batch,).
    """
    below = logits.softmax(dim=1).cumsum(dim=1) <= u[:, None]
    return below.sum(dim=1).clamp(max=logits.shape[1] - 1)


class GatedBlock(nn.Module):
    """A layer of WaveNet: a gated causal convolution, and a way around it.

    Takes x, (batch, channels, length), and what the gate is told of the
    spectrogram, (batch, 2 channels, length), or 0. Returns the next x, and
    what is for the scores, both (batch, channels, length).
    """

    def __init__(self, channels, dilation):
        super().__init__()
        self.dilation = dilation
        self.gate = nn.Conv1d(channels, 2 * channels, 2)
        self.residual = nn.Conv1d(channels, channels, 1)

    def forward(self, x, hint=0):
        gate = self.gate
        h = causal_conv(x, gate.weight, gate.bias, self.dilation) + hint
        content, openness = h.chunk(2, dim=1)
        z = torch.tanh(content) * torch.sigmoid(openness)
        return x + self.residual(z), z


class WaveNet(nn.Module):
    """Scores for each sample's 256 codes, from the samples before it.

    Takes codes, integers (batch, length), and, if `mels` is not 0, a mel
    spectrogram as `conditions` gives it, (batch, mels, frames) with a frame
    for every HOP samples. Returns logits, (batch, 256, length): those of
    place t depend on the codes before t only. Raises ValueError for a
    spectrogram that is missing, unwanted or too short.
    """

    def __init__(self, dilations=DILATIONS, channels=32, skip=64, mels=0):
        super().__init__()
        self.mels = mels
        self.embed = nn.Embedding(NUM_CODES, channels)
        self.blocks = nn.ModuleList(GatedBlock(channels, d) for d in dilations)
        everything = channels * len(self.blocks)
        self.to_skip = nn.Conv1d(everything, skip, 1)
        self.hidden = nn.Conv1d(skip, skip, 1)
        self.scores = nn.Conv1d(skip, NUM_CODES, 1)
        if mels:
            self.listen = nn.Conv1d(mels, 64, 3, padding=1)
            self.tell = nn.Conv1d(64, 2 * everything, 1)

    def hints(self, mel):
        """What the gates are told, (batch, 2 channels x layers, frames)."""
        return self.tell(torch.tanh(self.listen(mel)))

    def forward(self, codes, mel=None):
        past = F.pad(codes.long(), (1, 0), value=SILENCE)[:, :-1]
        x = self.embed(past).mT  # (batch, channels, length)
        hints = [0] * len(self.blocks)
        _check(self, mel, codes.shape[1])
        if mel is not None:
            every = self.hints(mel).repeat_interleave(HOP, dim=2)
            hints = every[:, :, : codes.shape[1]].chunk(len(hints), dim=1)
        outs = []
        for block, hint in zip(self.blocks, hints, strict=True):
            x, z = block(x, hint)
            outs.append(z)
        k = F.relu(self.to_skip(torch.cat(outs, dim=1)))
        return self.scores(F.relu(self.hidden(k)))


def conditions(sounds):
    """The spectrogram as WaveNet takes it, (batch, 40, frames).

    sounds: (batch, length) samples, or (length,).
    """
    sounds = torch.as_tensor(sounds)
    return (log_mel(torch.atleast_2d(sounds)) + 4) / 4


@torch.no_grad()
def generate(net, u, mel=None, pick=None):
    """Codes, sample after sample, each layer remembering what it needs.

    u: (batch, length) numbers from 0 to 1 that decide each code as `draw_code`
    does, such as `numpy.random.default_rng(0).random((1, 8000))`
    mel: (batch, mels, frames), for a network that takes one
    pick: another way to decide: gets logits, (batch, 256), and u, (batch,),
        as tensors, and returns codes

    Returns uint8 (batch, length). In NumPy, whose calls cost less than
    torch's where each handles few numbers.
    """
    u = np.asarray(u)
    if u.ndim != 2:
        raise ValueError(f"u must have shape (batch, length), not {u.shape}.")
    batch, length = u.shape
    _check(net, mel, length)
    if mel is not None and len(mel) != batch:
        raise ValueError(f"u asks for {batch} sounds, but mel has {len(mel)}.")
    embed = net.embed.weight.numpy()
    layers = []
    for block in net.blocks:
        weight, bias = block.gate.weight, block.gate.bias.numpy()
        both = torch.cat([weight[:, :, 0], weight[:, :, 1]], 1).T
        layers.append((both.numpy().copy(), bias, *_matrix(block.residual)))
    (to_skip, skip_bias), (hidden, hidden_bias), (scores, scores_bias) = map(
        _matrix, (net.to_skip, net.hidden, net.scores)
    )
    channels = embed.shape[1]
    hints = None
    if mel is not None:
        hints = net.hints(mel).numpy().transpose(2, 0, 1).copy()
        hints = hints.reshape(len(hints), batch, len(layers), -1)
    memories = [
        np.zeros((block.dilation, batch, channels), embed.dtype)
        for block in net.blocks
    ]
    code = np.full(batch, SILENCE)
    outs = np.empty((batch, len(layers) * channels), embed.dtype)
    codes = np.empty((length, batch), np.uint8)
    for t in range(length):
        x = embed[code]
        for i, (both, bias, residual, residual_bias) in enumerate(layers):
            memory = memories[i]
            place = t % len(memory)
            h = np.concatenate([memory[place], x], axis=1) @ both + bias
            memory[place] = x
            if hints is not None:
                h += hints[t // HOP, :, i]
            z = np.tanh(h[:, :channels])
            z *= 1 / (1 + np.exp(-h[:, channels:]))
            outs[:, i * channels : (i + 1) * channels] = z
            x = x + z @ residual + residual_bias
        k = np.maximum(outs @ to_skip + skip_bias, 0)
        k = np.maximum(k @ hidden + hidden_bias, 0)
        logits = k @ scores + scores_bias
        if pick is None:
            code = _draw_code(logits, u[:, t])
        else:
            got = pick(torch.from_numpy(logits), torch.from_numpy(u[:, t]))
            code = np.asarray(got).astype(np.int64).reshape(batch)
        codes[t] = code
    return codes.T.copy()


def _draw_code(logits, u):
    """What `draw_code` does, in NumPy."""
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    sums = weights.cumsum(axis=1)
    code = (sums <= u[:, None] * sums[:, -1:]).sum(axis=1)
    return np.minimum(code, NUM_CODES - 1)


def _matrix(conv):
    """A convolution one wide as a matrix, (inputs, outputs), and its bias."""
    return conv.weight[:, :, 0].T.numpy().copy(), conv.bias.numpy()


def _check(net, mel, length):
    """Refuses a spectrogram that does not belong to the network."""
    if (mel is None) == bool(net.mels):
        kind = "takes a mel spectrogram" if net.mels else "takes none"
        here = "none was given" if mel is None else "one was given"
        raise ValueError(
            f"This network {kind}, and {here}: make it with mels={NUM_MELS} "
            "for a vocoder, with mels=0 without a spectrogram."
        )
    if mel is not None and mel.shape[2] * HOP < length:
        raise ValueError(
            f"{length} samples need {-(-length // HOP)} frames of {HOP} "
            f"samples; this spectrogram has {mel.shape[2]}."
        )


def stream(sounds, gap=5):
    """Sounds one after another: codes, int64 (n,), and (40, frames) of them.

    sounds: uint8 arrays of mu-law codes. Between two of them there are at
    least `gap` frames of silence.
    """
    parts = [np.full(gap * HOP, SILENCE, np.uint8)]
    for sound in sounds:
        quiet = gap * HOP + -len(sound) % HOP
        parts += [sound, np.full(quiet, SILENCE, np.uint8)]
    codes = np.concatenate(parts)
    mel = conditions(from_mu_law(codes))[0]
    return torch.from_numpy(codes).long(), mel


def windows(codes, mel, generator, batch=BATCH, length=LENGTH):
    """Random pieces of a stream: (batch, length), (batch, 40, frames)."""
    frames = length // HOP
    last = len(codes) // HOP - frames
    if last < 0:
        raise ValueError(
            f"A window of {length} samples does not fit into {len(codes)}."
        )
    places = torch.randint(last + 1, (batch,), generator=generator).tolist()
    pieces = [codes[p * HOP : p * HOP + length] for p in places]
    hints = [mel[:, p : p + frames] for p in places]
    return torch.stack(pieces), torch.stack(hints)


@torch.no_grad()
def nats(net, codes, mel, length=8000):
    """Nats a sample on a stream, in pieces of `length` samples."""
    losses = []
    for at in range(0, len(codes) - length + 1, length):
        piece = codes[None, at : at + length]
        hints = mel[None, :, at // HOP : (at + length) // HOP]
        logits = net(piece, hints if net.mels else None)
        losses.append(F.cross_entropy(logits, piece).item())
    if not losses:
        raise ValueError(f"{len(codes)} samples are less than {length}.")
    return sum(losses) / len(losses)


def train_wavenet(
    net, codes, mel, num_steps, seed=0, peak_lr=4e-3, batch=BATCH
):
    """Trains on random windows of a stream; the loss of each step.

    Adam; the learning rate rises for 20 steps, and then falls to 0.
    """
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.Adam(net.parameters(), peak_lr)
    losses = []
    for step in range(num_steps):
        left = 1 - step / num_steps
        rate = peak_lr * min((step + 1) / 20, 1) * left**0.7
        optimiser.param_groups[0]["lr"] = rate
        X, hints = windows(codes, mel, generator, batch)
        loss = F.cross_entropy(net(X, hints if net.mels else None), X)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        losses.append(loss.item())
    return losses


def part_of(name):
    """What takes one network's weights out of what a file holds."""

    def unpack(saved):
        if name not in saved:
            raise ValueError(f"it holds {sorted(saved)}, and no {name!r}")
        return {key: value.float() for key, value in saved[name].items()}

    return unpack


def load_wavenet(path=WEIGHTS, kind="wave"):
    """A vocoder that comes with the course, in evaluation mode.

    kind: "wave", which makes the samples themselves; or "excitation", which
        makes what is sent through the filter of `helpers.vocoder`

    Raises FileNotFoundError if the weights are missing and ValueError if
    they are damaged.
    """
    if kind not in SIZES:
        raise ValueError(f"kind is one of {', '.join(SIZES)}, not {kind!r}.")
    net = WaveNet(mels=NUM_MELS, **SIZES[kind])
    return with_weights(net, path, "the vocoder's", part_of(kind))
