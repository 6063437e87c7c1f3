"""The experiments about translation: units, what was understood, menus."""

import random
import time
from collections import Counter
from itertools import pairwise

import torch

from helpers.menus import load_menus
from helpers.numbers_in_words import (
    LANGUAGES,
    english,
    german,
    split_numbers,
    written,
)
from helpers.translation_scores import bleu, chrf, exact
from helpers.translator import (
    EncoderDecoder,
    Vocabulary,
    beam_search,
    train_translator,
    translate,
)

SEEDS = range(3)
NUM_STEPS = 300
HOLE = 47
SIX_DIGITS = range(100_000, 1_000_000)


# --- units ---------------------------------------------------------------


def learn_merges(texts, num_merges):
    """The merges of byte-pair encoding, (left, right) in their order.

    (R. Sennrich and others, 2016.) Written here for this experiment alone.
    """
    words = Counter(word for text in texts for word in text.split())
    split = {word: [*word] for word in words}
    merges = []
    for _ in range(num_merges):
        pairs = Counter()
        for word, parts in split.items():
            for pair in pairwise(parts):
                pairs[pair] += words[word]
        if not pairs:
            break
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(best)
        split = {word: merged(parts, best) for word, parts in split.items()}
    return merges


def merged(parts, pair):
    result, i = [], 0
    while i < len(parts):
        if tuple(parts[i : i + 2]) == pair:
            result.append(parts[i] + parts[i + 1])
            i += 2
        else:
            result.append(parts[i])
            i += 1
    return result


def pieces(text, merges, known):
    """The tokens of a text; `known` remembers those of its words."""
    tokens = []
    for word in text.split():
        if word not in known:
            parts = [*word]
            for pair in merges:
                parts = merged(parts, pair)
            known[word] = parts
        tokens += known[word]
    return tokens


def units_of(name, train):
    """(English, German): functions from a number to its tokens."""
    if name == "parts":
        return english, german
    texts = [
        lambda n, language=language: written(n, language)
        for language in ("English", "German")
    ]
    if name == "characters":
        return tuple(lambda n, text=text: [*text(n)] for text in texts)
    cut = []
    for text in texts:
        merges = learn_merges([text(n) for n in train[::7]], 100)
        cut.append(
            lambda n, text=text, merges=merges, known={}: pieces(
                text(n), merges, known
            )
        )
    return tuple(cut)


def trained(sides, train, seed, num_steps, max_length=32):
    """A network, its vocabularies and the CPU seconds of its training."""
    sentences = [[side(n) for n in train] for side in sides]
    vocabularies = [Vocabulary(s) for s in sentences]
    ids = [v.encode(s) for v, s in zip(vocabularies, sentences, strict=True)]
    torch.manual_seed(seed)
    net = EncoderDecoder(*map(len, vocabularies), max_length)
    start = time.process_time()
    train_translator(net, *ids, num_steps, seed)
    return net, vocabularies, time.process_time() - start


def tested(net, vocabularies, sides, numbers):
    """The share that is right, and the translations."""
    said = translate(net, [sides[0](n) for n in numbers], *vocabularies)
    return exact(said, [sides[1](n) for n in numbers]), said


def translation_units(seeds=SEEDS, num_steps=NUM_STEPS):
    """Numbers from English to German in four units, and from English to
    French and Chinese in parts of words: the share of 500 held-out numbers
    that is right after equal steps, and the CPU seconds of the training."""
    rows = []
    settings = [("parts", language) for language in list(LANGUAGES)[1:]]
    settings += [("BPE, 100 merges", "German"), ("characters", "German")]
    for unit, language in settings:
        for seed in seeds:
            train, test = split_numbers(seed=seed)
            if unit == "parts":
                sides = english, LANGUAGES[language]
            else:
                sides = units_of(unit, train)
            length = 96 if unit == "characters" else 32
            net, vocabularies, seconds = trained(
                sides, train, seed, num_steps, length
            )
            share, said = tested(net, vocabularies, sides, test)
            rows.append(
                {
                    "unit": unit,
                    "language": language,
                    "seed": seed,
                    "steps": num_steps,
                    "tokens": [len(v) - 4 for v in vocabularies],
                    "length": round(
                        sum(len(sides[1](n)) for n in test) / len(test), 1
                    ),
                    "cpu_seconds": round(seconds, 1),
                    "exact": share,
                    "chrf": round(
                        chrf(
                            ["".join(s) for s in said],
                            ["".join(sides[1](n)) for n in test],
                        ),
                        1,
                    ),
                    "example": " ".join(sides[1](74_321)),
                }
            )
            print(rows[-1], flush=True)
    return rows


# --- what was understood -------------------------------------------------


def translation_understood(seeds=SEEDS, num_steps=NUM_STEPS):
    """English to German, trained below 100,000 and never on a number with
    47 as its last two digits or before its thousands, with and without 200
    numbers of six digits: what is right of 500 numbers with 47, and of 500
    other numbers of six digits."""
    rows = []
    for more in (0, 200):
        for seed in seeds:
            train, hole = split_numbers(seed=seed, without=HOLE)
            source = random.Random(100 + seed)
            longer = source.sample(SIX_DIGITS, 500 + more)
            sides = english, german
            net, vocabularies, _ = trained(
                sides, train + longer[500:], seed, num_steps
            )
            rows.append(
                {
                    "six-digit examples": more,
                    "seed": seed,
                    "steps": num_steps,
                    "hole": tested(net, vocabularies, sides, hole)[0],
                    "longer": tested(net, vocabularies, sides, longer[:500])[
                        0
                    ],
                }
            )
            print(rows[-1], flush=True)
    return rows


# --- menus ---------------------------------------------------------------


def translation_menus(seeds=SEEDS, num_steps=1500, every=250, width=64):
    """JupyterLab's menus from English to French: a Transformer trained on
    1,900 pairs, measured on the validation pairs at every 250 steps, and on
    the test pairs, with greedy and beam search, at the end of the training
    whose length did best there. Each length is a training of its own."""
    train, validation, test = load_menus()
    vocabularies = [Vocabulary(side, least=2, unknown=True) for side in train]
    ids = [v.encode(s) for v, s in zip(vocabularies, train, strict=True)]

    def run(seed, steps):
        torch.manual_seed(seed)
        net = EncoderDecoder(*map(len, vocabularies), 40, width)
        start = time.process_time()
        train_translator(net, *ids, steps, seed)
        return net, time.process_time() - start

    def scores(said, truth):
        return {
            "bleu": round(bleu(said, truth), 1),
            "chrf": round(
                chrf(
                    [" ".join(s) for s in said], [" ".join(t) for t in truth]
                ),
                1,
            ),
            "exact": round(exact(said, truth), 3),
        }

    rows, best = [], {}
    for steps in (every, 2 * every, num_steps // 2, num_steps):
        net, seconds = run(0, steps)
        said = translate(net, validation.english, *vocabularies)
        best[steps] = scores(said, validation.french)
        rows.append(
            {"split": "validation", "seed": 0, "steps": steps,
             "cpu_seconds": round(seconds, 1), **best[steps]}
        )  # fmt: skip
        print(rows[-1], flush=True)
    steps = max(best, key=lambda s: best[s]["chrf"])
    for seed in seeds:
        net, seconds = run(seed, steps)
        greedy_said = translate(net, test.english, *vocabularies)
        beam_said = []
        for sentence in test.english:
            source = vocabularies[0].encode([sentence])
            beams = beam_search(net, source, 4, 40)
            beam_said.append(vocabularies[1].decode(beams[0][1]))
        for name, said in (("greedy", greedy_said), ("beam 4", beam_said)):
            rows.append(
                {"split": "test", "seed": seed, "steps": steps,
                 "search": name, "cpu_seconds": round(seconds, 1),
                 **scores(said, test.french),
                 "said": [" ".join(s) for s in said[:12]]}
            )  # fmt: skip
            print({**rows[-1], "said": said[:3]}, flush=True)
    return rows


EXPERIMENTS = {
    "translation-units": translation_units,
    "translation-understood": translation_understood,
    "translation-menus": translation_menus,
}
