"""The experiments about BERT; all but one need the optional MiniLM.

What the notebook shows where MiniLM is not installed comes from here too.
"""

import time

import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from torch import nn

from helpers.bert import (
    fine_tune,
    load_definitions,
    load_minilm,
    load_queries,
    load_senses,
    neighbour_shares,
    row_of_word,
    sentence_vectors,
    word_vectors,
)
from helpers.cues import (
    attention_received,
    evenly,
    finds_cue,
    plant_cues,
    train_reader,
    without_cue,
    word_credit,
    word_table,
)
from helpers.speed import bfloat16_pays

SEEDS = range(3)
COUNTS = (50, 200, 800, 2000)
# Inverse strengths of regularisation and the rate of fine-tuning, chosen on
# the validation definitions: from 1, 10 and 100 by the mean of three seeds
# (UNTRAINED: from powers of ten up to a million); from 1e-4 (which it is) and
# 3e-4 with seed 0 and 200 labels.
C_WORDS = 100
C_FROZEN = {50: 100, 200: 10, 800: 10, 2000: 10}
C_UNTRAINED = {50: 1000, 200: 10, 800: 10, 2000: 1}
NUM_STEPS = {50: 64, 200: 104, 800: 200, 2000: 250}  # of 16 texts each


def some(split, count, seed):
    """A random choice of a split's texts, and their labels."""
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(split.texts), generator=generator)[:count]
    return [split.texts[i] for i in order], split.labels[order]


def by_words(texts, labels, others):
    """Predictions of a linear model on weighted counts of words."""
    counter = TfidfVectorizer(sublinear_tf=True)
    X = counter.fit_transform(texts)
    model = LogisticRegression(C=C_WORDS, max_iter=2000)
    model.fit(X, labels)
    return torch.from_numpy(model.predict(counter.transform(others)))


def by_vectors(X, labels, others, C=None):
    """Predictions of a linear model on vectors of texts."""
    C = C or C_FROZEN[len(labels)]
    model = LogisticRegression(C=C, max_iter=2000)
    return torch.from_numpy(model.fit(X, labels).predict(others))


def untrained(encoder, seed):
    """The same encoder with weights as BERT begins: normal with a standard
    deviation of 0.02 (Devlin et al., 2019), the norms' scales 1, biases 0."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in encoder.modules():
            for name, weight in module.named_parameters(recurse=False):
                if isinstance(module, nn.LayerNorm):
                    weight.fill_(name == "weight")
                elif name == "bias":
                    weight.zero_()
                else:
                    weight.normal_(0, 0.02, generator=generator)
    return encoder


def untrained_vectors(texts, seed):
    """Vectors of lists of texts, from an untrained MiniLM, standardised by
    those of the first list: without that all of them are nearly alike."""
    encoder, vocabulary = load_minilm()
    untrained(encoder, seed)
    X = [sentence_vectors(encoder, vocabulary, some) for some in texts]
    mean, spread = X[0].mean(dim=0), X[0].std(dim=0)
    return [(part - mean) / spread / part.shape[1] ** 0.5 for part in X]


def labels_needed(seeds=SEEDS, counts=COUNTS):
    """Accuracy on 800 test definitions of three ways to tell their kind, and
    of frozen vectors of a MiniLM that nobody has trained, against the number
    of labelled definitions; every way gets the same."""
    train, test = map(load_definitions, ("train", "test"))
    encoder, vocabulary = load_minilm()
    start = time.process_time()
    known = sentence_vectors(encoder, vocabulary, train.texts)
    each = (time.process_time() - start) / len(train.texts)
    others = sentence_vectors(encoder, vocabulary, test.texts)
    blank = {}
    for seed in seeds:
        blank[seed] = untrained_vectors((train.texts, test.texts), seed)
    bfloat16, rows = bfloat16_pays(), []
    where = {text: i for i, text in enumerate(train.texts)}

    def note(way, count, seed, predicted, seconds):
        rows.append(
            {
                "way": way,
                "labels": count,
                "seed": seed,
                "accuracy": (predicted == test.labels).double().mean().item(),
                "cpu_seconds": round(seconds, 2),
                "predicted": "".join(map(str, predicted.tolist())),
            }
        )
        shown = {k: v for k, v in rows[-1].items() if k != "predicted"}
        print(" ", shown, flush=True)

    for seed in seeds:
        for count in counts:
            texts, labels = some(train, count, seed)
            start = time.process_time()
            predicted = by_words(texts, labels, test.texts)
            note("words", count, seed, predicted, time.process_time() - start)
            start = time.process_time()
            X = known[[where[text] for text in texts]]
            predicted = by_vectors(X, labels, others)
            seconds = time.process_time() - start + each * count
            note("frozen", count, seed, predicted, seconds)
            start = time.process_time()
            all_known, unknown = blank[seed]
            X = all_known[[where[text] for text in texts]]
            predicted = by_vectors(X, labels, unknown, C_UNTRAINED[count])
            seconds = time.process_time() - start + each * count
            note("untrained", count, seed, predicted, seconds)
            start = time.process_time()
            body, _ = load_minilm()
            head = fine_tune(
                body, vocabulary, texts, labels, NUM_STEPS[count], seed,
                bfloat16,
            )  # fmt: skip
            seconds = time.process_time() - start
            X = sentence_vectors(body, vocabulary, test.texts)
            with torch.inference_mode():
                predicted = head(5 * X).argmax(dim=1)
            note("fine-tuned", count, seed, predicted, seconds)
    return rows


def word_senses():
    """For each of our words and each layer of MiniLM: is the nearest
    sentence one with the same meaning, and the sentences in the plane of
    their two main directions."""
    encoder, vocabulary = load_minilm()
    rows = []
    for word, (sentences, meanings) in load_senses().items():
        vectors = word_vectors(encoder, vocabulary, sentences, word)
        same = neighbour_shares(vectors, meanings)
        rows.append(row_of_word(word, vectors, same))
    return rows


def ranks(scores, names, wanted):
    """The place of the wanted name in each row of scores, from 1."""
    found = []
    for row, name in zip(scores, wanted, strict=True):
        order = row.argsort(descending=True, stable=True).tolist()
        found.append([names[i] for i in order].index(name) + 1)
    return found


def reverse_dictionary():
    """The place of the wanted definition among 800, for queries in other
    words: by the words in common, and by MiniLM's vectors."""
    encoder, vocabulary = load_minilm()
    test, queries = load_definitions("test"), load_queries()
    counter = TfidfVectorizer(sublinear_tf=True, stop_words="english")
    X = counter.fit_transform(test.texts)
    scores = counter.transform(queries.values()) @ X.T
    by_word = torch.from_numpy(scores.toarray())
    X = sentence_vectors(encoder, vocabulary, test.texts)
    by_vector = sentence_vectors(encoder, vocabulary, list(queries.values()))
    by_vector = by_vector @ X.T
    best = by_vector.topk(5).indices.tolist()
    place = ranks(by_word, test.names, queries)
    # No word in common: not found at all.
    none = by_word.amax(dim=1) == 0
    rows = zip(
        queries.items(),
        [None if n else p for p, n in zip(place, none.tolist(), strict=True)],
        ranks(by_vector, test.names, queries),
        [[test.names[i] for i in row] for row in best],
        strict=True,
    )
    return [
        {"query": query, "wanted": name, "words": w, "vectors": v, "best": b}
        for (name, query), w, v, b in rows
    ]


def right(logits, labels):
    """Share of right answers."""
    return (logits.argmax(dim=1) == labels).double().mean().item()


def planted_cue(seeds=SEEDS, num_steps=200):
    """A small reader of definitions in which one planted word decides: how
    often that word gets the most attention, and the highest integrated
    gradient, on 400 validation definitions; and how often the reader is
    right, also if all attention is made even, or the word is taken out."""
    train, validation = map(load_definitions, ("train", "validation"))
    table = word_table(train.texts)
    planted = plant_cues(train.texts, table, seed=0)
    others = plant_cues(validation.texts, table, seed=1)
    rows = []
    for seed in seeds:
        reader = train_reader(planted, len(table), seed, num_steps)
        attention = attention_received(reader, others)
        cut = without_cue(others, table)
        with torch.no_grad():
            logits = {
                "accuracy": reader(others.ids, others.real),
                "attention_even": evenly(reader, others),
                "cue_removed": reader(cut, others.real),
            }
        rows.append(
            {
                "seed": seed,
                **{k: right(v, others.labels) for k, v in logits.items()},
                "first_layer": finds_cue(attention[0], others),
                "last_layer": finds_cue(attention[-1], others),
                "both_layers": finds_cue(attention.mean(dim=0), others),
                "gradients": finds_cue(word_credit(reader, others), others),
                "chance": (1 / others.real.sum(dim=1)).mean().item(),
            }
        )
        print(" ", rows[-1], flush=True)
    return rows


EXPERIMENTS = {
    "bert-labels": labels_needed,
    "bert-senses": word_senses,
    "bert-search": reverse_dictionary,
    "bert-cue": planted_cue,
}
