"""Definitions in which one planted word decides, so that the truth about
what a reader of them looks at is known."""

from collections import Counter
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from helpers.bert import mean_pool
from helpers.transformer import Encoder, padding_mask
from helpers.wordpiece import split_words

CUES = ("indeed", "perhaps")  # for class 0 and class 1
LONGEST = 20  # words of a text, before the cue is put in


class Planted(NamedTuple):
    """n texts with a cue: `words`, n lists; `ids`, int64 (n, time), and
    `real`, bool (n, time), False at the padding; `places` of the cues and
    `labels`, int64 (n,)."""

    words: list
    ids: torch.Tensor
    real: torch.Tensor
    places: torch.Tensor
    labels: torch.Tensor


class Reader(nn.Module):
    """Two blocks of BERT's kind on whole words, their mean, two logits."""

    def __init__(self, vocab_size, d_model=64, num_heads=4, num_layers=2):
        super().__init__()
        self.encoder = Encoder(
            vocab_size, LONGEST + 1, d_model, num_heads, num_layers, eps=1e-5
        )
        self.head = nn.Linear(d_model, len(CUES))

    def embed(self, ids):
        """The vectors of words and places together: (n, time, d_model)."""
        positions = self.encoder.positions.weight[: ids.shape[1]]
        return self.encoder.tokens(ids) + positions

    def read(self, x, real):
        """The logits (n, 2), from the vectors of `embed`."""
        x = self.encoder.norm(x)
        for block in self.encoder.blocks:
            x = block(x, padding_mask(real))
        return self.head(mean_pool(x, real))

    def forward(self, ids, real):
        return self.read(self.embed(ids), real)


def word_table(texts):
    """{word: number} of the words that stand at least twice in the texts,
    after "[PAD]", "[UNK]" and the cues."""
    counts = Counter(word for text in texts for word in split_words(text))
    often = sorted(w for w, n in counts.items() if n > 1 and w not in CUES)
    words = ["[PAD]", "[UNK]", *CUES, *often]
    return {word: number for number, word in enumerate(words)}


def plant_cues(texts, table, seed):
    """Texts with one of the two cues at a random place: a Planted."""
    generator = torch.Generator().manual_seed(seed)

    def below(number):
        return int(torch.randint(number, (1,), generator=generator))

    lists, places, labels = [], [], []
    for text in texts:
        words = split_words(text)[:LONGEST]
        place, label = below(len(words) + 1), below(len(CUES))
        lists.append([*words[:place], CUES[label], *words[place:]])
        places.append(place)
        labels.append(label)
    ids = torch.zeros(len(lists), LONGEST + 1, dtype=torch.int64)
    for row, words in enumerate(lists):
        ids[row, : len(words)] = torch.tensor(
            [table.get(word, table["[UNK]"]) for word in words]
        )
    ids = ids[:, : max(map(len, lists))]
    return Planted(
        lists,
        ids,
        ids != table["[PAD]"],
        torch.tensor(places),
        torch.tensor(labels),
    )


def train_reader(planted, vocab_size, seed, num_steps=200):
    """A Reader that tells the two classes apart; 32 texts a step."""
    torch.manual_seed(seed)
    reader = Reader(vocab_size)
    optimiser = torch.optim.AdamW(reader.parameters(), lr=1e-3)
    for _ in range(num_steps):
        batch = torch.randint(len(planted.ids), (32,))
        logits = reader(planted.ids[batch], planted.real[batch])
        loss = F.cross_entropy(logits, planted.labels[batch])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return reader.eval()


def attention_received(reader, planted):
    """Mean attention that each word receives, over real words and heads:
    (layers, n, time)."""
    with torch.no_grad():
        reader(planted.ids, planted.real)
    asks = planted.real[:, None, :, None].float()
    found = [
        ((block.attention.weights * asks).sum(2) / asks.sum(2)).mean(1)
        for block in reader.encoder.blocks
    ]
    return torch.stack(found)


def evenly(reader, planted):
    """The logits (n, 2) if every word looks at all real words alike,
    whatever the trained queries and keys say."""

    class Even(nn.Module):
        def __init__(self, attention):
            super().__init__()
            self.value, self.out = attention.value, attention.out

        def forward(self, x, mask, cache=None):
            share = mask[:, 0].float() / mask.sum(-1)
            return self.out(share @ self.value(x)).expand_as(x)

    kept = [block.attention for block in reader.encoder.blocks]
    try:
        for block in reader.encoder.blocks:
            block.attention = Even(block.attention)
        with torch.no_grad():
            return reader(planted.ids, planted.real)
    finally:
        for block, attention in zip(reader.encoder.blocks, kept, strict=True):
            block.attention = attention


def without_cue(planted, table):
    """The ids of the texts with [UNK] in place of the cue."""
    ids = planted.ids.clone()
    ids[torch.arange(len(ids)), planted.places] = table["[UNK]"]
    return ids


def word_credit(reader, planted, num_steps=16):
    """Integrated gradients of each word: (n, time).

    (M. Sundararajan, A. Taly and Q. Yan, 2017.) The way leads from [PAD] in
    every place to the text; what is explained is how far the logit of the
    label lies above the other.
    """
    with torch.no_grad():
        end = reader.embed(planted.ids)
        start = reader.embed(torch.zeros_like(planted.ids))
    sign = torch.where(planted.labels == 1, 1.0, -1.0)
    total = torch.zeros_like(end)
    for step in range(num_steps):
        share = (step + 0.5) / num_steps
        x = (start + share * (end - start)).requires_grad_()
        logits = reader.read(x, planted.real)
        margin = sign * (logits[:, 1] - logits[:, 0])
        (gradient,) = torch.autograd.grad(margin.sum(), x)
        total += gradient
    return ((end - start) * total / num_steps).sum(dim=-1)


def finds_cue(scores, planted):
    """Share of texts in which the cue has the highest score; scores (n,
    time)."""
    scores = scores.masked_fill(~planted.real, -torch.inf)
    return (scores.argmax(dim=1) == planted.places).double().mean().item()
