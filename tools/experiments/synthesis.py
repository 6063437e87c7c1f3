"""The experiments about speech synthesis: dilation, and who understands."""

import copy
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from scipy.signal import resample_poly
from torch.nn import functional as F

from helpers.recogniser import load_recogniser
from helpers.speaker import held_out, load_speaker, of_kokoro, pairs
from helpers.speech import (
    FLOOR,
    HOP,
    WORDS,
    from_mu_law,
    load_speech,
    log_mel,
)
from helpers.vocoder import (
    filtered,
    from_codes,
    griffin_lim,
    linear_filter,
    which_word,
)
from helpers.wavenet import (
    DILATIONS,
    LENGTH,
    WaveNet,
    draw_code,
    generate,
    load_wavenet,
    nats,
    stream,
    windows,
)

SEEDS = range(3)
ARMS = {"dilated": DILATIONS, "undilated": (1,) * len(DILATIONS)}
MILLIONS = 1, 2, 4, 8  # of samples that the network was trained on
RATE, KEEP, BATCH = 3e-3, 0.99, 4


class Run:
    """A training that can be continued, and measured on the way."""

    def __init__(self, dilations, seed):
        torch.manual_seed(seed)
        self.net = WaveNet(dilations)
        self.mean = copy.deepcopy(self.net)
        self.optimiser = torch.optim.Adam(self.net.parameters(), RATE)
        self.generator = torch.Generator().manual_seed(seed)
        self.seconds, self.steps = 0.0, 0

    def until(self, samples, codes, mel):
        start = time.process_time()
        while self.steps * BATCH * LENGTH < samples:
            X, _ = windows(codes, mel, self.generator, BATCH)
            with torch.autocast("cpu", torch.bfloat16):
                logits = self.net(X)
            loss = F.cross_entropy(logits.float(), X)
            self.optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
            self.optimiser.step()
            self.steps += 1
            new = 1 - min(KEEP, self.steps / (10 + self.steps))
            with torch.no_grad():
                for mean, now in zip(
                    self.mean.parameters(), self.net.parameters(), strict=True
                ):
                    mean.lerp_(now, new)
        self.seconds += time.process_time() - start


def wavenet_dilation(seeds=SEEDS, millions=MILLIONS, seconds=40):
    """Nats a sample on validation voices, without a spectrogram, of networks
    with equal parameters: dilations 1 to 128, or 1 in all eight layers.
    Each run goes on at a constant learning rate, interleaved with the
    others; measured is the running mean of its weights. Multiplications in
    bfloat16; CPU seconds of one thread on a busy machine."""
    torch.set_num_threads(1)
    splits = load_speech()
    codes, mel = stream(splits.train.codes)
    order = torch.randperm(
        len(splits.validation), generator=torch.Generator().manual_seed(0)
    )
    held = stream([splits.validation.codes[i] for i in order[: 2 * seconds]])
    runs = {
        (arm, seed): Run(dilations, seed)
        for seed in seeds
        for arm, dilations in ARMS.items()
    }
    rows = []
    for million in millions:
        for (arm, seed), run in runs.items():
            run.until(1e6 * million, codes, mel)
            row = {
                "arm": arm,
                "seed": seed,
                "million_samples": million,
                "cpu_seconds": round(run.seconds, 1),
                "nats": round(nats(run.mean, *held), 4),
            }
            rows.append(row)
            print(row, flush=True)
    return rows


VOICE = "af_kore"  # that the vocoders were trained on
HEAT = 1.0, 0.8  # what the logits are divided by
RULES = "#JSGF V1.0; grammar words; public <word> = {};"


def pocketsphinx_word(sounds):
    """What PocketSphinx 5 understands of each sound, with a grammar of the
    twenty words; the package is no requirement of the course."""
    from pocketsphinx import Decoder

    rules = RULES.format(" | ".join(WORDS))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "words.gram")
        path.write_text(rules, encoding="utf-8")
        decoder = Decoder(samprate=16000, jsgf=str(path), loglevel="FATAL")
    words = []
    for sound in sounds:
        x = np.asarray(sound, np.float64)
        x = np.pad(resample_poly(x, 2, 1), 4800)  # 0.3 s of silence
        x = np.clip(x * (0.8 / max(np.abs(x).max(), 1e-3)), -1, 1)
        decoder.start_utt()
        decoder.process_raw((32767 * x).astype("<i2").tobytes(), full_utt=True)
        decoder.end_utt()
        best = decoder.hyp()
        words.append(best.hypstr if best else "")
    return words


def judged(way, voices, sounds, texts, judge):
    """A row: the share of sounds in which each judge hears the text."""
    texts = np.array(texts)
    return {
        "way": way,
        "voices": voices,
        "clips": len(texts),
        "recogniser": round(
            float(np.mean(np.array(which_word(judge, sounds)) == texts)), 4
        ),
        "PocketSphinx": round(
            float(np.mean(np.array(pocketsphinx_word(sounds)) == texts)), 4
        ),
    }


def filtered_all(sources, filters):
    """Each source through its filter, cut to as many samples."""
    return [
        filtered(source[: HOP * len(gain)], weights, gain)
        for source, (weights, gain) in zip(sources, filters, strict=True)
    ]


def drawn(net, mels, lengths, seed, temperature=1.0):
    """What a vocoder draws for spectrograms, list of (length,)."""
    longest = max(mel.shape[1] for mel in mels)
    silent = float(np.log(FLOOR))
    told = torch.stack(
        [F.pad(m, (0, longest - m.shape[1]), value=silent) for m in mels]
    )
    u = np.random.default_rng(seed).random((len(mels), max(lengths)))
    codes = generate(
        net, u, (told + 4) / 4, lambda x, v: draw_code(x / temperature, v)
    )
    return [row[:n] for row, n in zip(codes, lengths, strict=True)]


def understood(seeds=SEEDS):
    """The share of single words that two judges understand of what is made
    from the spectrograms of test clips: the recogniser of the course, which
    heard other voices of Kokoro, and PocketSphinx. Its own voice: the one
    that the vocoders were trained on, its clips of the test part, three
    draws each. New voices: every third clip of the five others of Kokoro in
    the test part, one draw."""
    torch.set_num_threads(1)
    judge = load_recogniser()
    nets = load_wavenet(), load_wavenet(kind="excitation")
    test = load_speech().test.of("kokoro")
    rows = []
    for name, clips, times in (
        ("its own voice", test[test.voices == VOICE], len(seeds)),
        ("new voices", test[test.voices != VOICE][::3], 1),
    ):
        sounds = [clips.samples(i) for i in range(len(clips))] * times
        texts = [str(text) for text in clips.texts] * times
        mels = [log_mel(torch.from_numpy(x)[None])[0] for x in sounds]
        lengths = list(map(len, sounds))
        filters = [linear_filter(mel) for mel in mels]
        noise = np.random.default_rng(0)
        codes = {heat: drawn(nets[0], mels, lengths, 0, heat) for heat in HEAT}
        sources = drawn(nets[1], mels, lengths, 0)
        made = {
            "original": sounds[: len(clips)],
            "Griffin-Lim": [
                griffin_lim(mel, seed=i).numpy() for i, mel in enumerate(mels)
            ],
            "filter with white noise": filtered_all(
                [noise.standard_normal(n) for n in lengths], filters
            ),
            "filter with WaveNet": filtered_all(
                [from_codes(source) for source in sources], filters
            ),
        }
        for heat, several in codes.items():
            made[f"WaveNet, temperature {heat:g}"] = [
                from_mu_law(one) for one in several
            ]
        for way, flat in made.items():
            row = judged(way, name, flat, texts[: len(flat)], judge)
            rows.append(row)
            print(row, flush=True)
    return rows


def from_letters(seed=0):
    """The share of words that the two judges understand where the
    spectrogram is made from letters: of every voice the words that were
    kept from it in training."""
    torch.set_num_threads(1)
    judge, speaker, vocoder = load_recogniser(), load_speaker(), load_wavenet()
    clips = of_kokoro()
    _, voices = pairs(clips)
    me = voices.index(VOICE)
    numbers = [voices.index(voice) for voice in clips.voices]
    kept = [
        i
        for i, (text, number) in enumerate(
            zip(clips.texts, numbers, strict=True)
        )
        if held_out(str(text), number, me)
    ]
    rows = []
    for name, chosen in (
        ("every voice", kept),
        ("the vocoder's voice", [i for i in kept if numbers[i] == me]),
    ):
        texts = [str(clips.texts[i]) for i in chosen]
        mels = [speaker.say(clips.texts[i], numbers[i]) for i in chosen]
        lengths = [HOP * (mel.shape[1] - 1) for mel in mels]
        made = {
            "original": [clips.samples(i) for i in chosen],
            "Griffin-Lim": [griffin_lim(mel).numpy() for mel in mels],
            "WaveNet": [
                from_mu_law(c) for c in drawn(vocoder, mels, lengths, seed)
            ],
        }
        for way, sounds in made.items():
            rows.append(judged(way, name, sounds, texts, judge))
            print(rows[-1], flush=True)
    return rows


EXPERIMENTS = {
    "wavenet-dilation": wavenet_dilation,
    "speech-understood": understood,
    "speech-from-letters": from_letters,
}
