"""An encoder and a decoder that translate, and how they find their words.

(A. Vaswani and others, "Attention is all you need", 2017.) Sentences are
lists of tokens (words or parts of words); a batch of them is int64 (batch,
length), padded behind with PAD.
"""

import torch
from torch import nn
from torch.nn import functional as F

from helpers.transformer import (
    Block,
    causal_mask,
    padding_mask,
    positions_of,
)

PAD, BEGIN, END, UNKNOWN = range(4)
SPECIAL = ("<pad>", "<s>", "</s>", "<unk>")


class Vocabulary:
    """The tokens of one language, numbered.

    sentences: lists of tokens, whose tokens are all that it knows. least:
    how often a token must occur. unknown: whether it gives UNKNOWN for
    another token, or an error.
    """

    def __init__(self, sentences, least=1, unknown=False):
        counts = {}
        for sentence in sentences:
            check_sentence(sentence)
            for token in sentence:
                counts[token] = counts.get(token, 0) + 1
        known = sorted(t for t, count in counts.items() if count >= least)
        if not known:
            raise ValueError(
                "the vocabulary would be empty: give sentences with tokens "
                f"that occur at least {least} times"
            )
        self.tokens = [*SPECIAL, *known]
        self.ids = {token: i for i, token in enumerate(self.tokens)}
        self.unknown = unknown

    def __len__(self):
        return len(self.tokens)

    def encode(self, sentences):
        """(batch, length): the ids of sentences, each with BEGIN and END.

        Raises ValueError for no sentence, an empty one, or a token that is
        not known.
        """
        if not len(sentences):
            raise ValueError("there is no sentence to encode: give one")
        rows = [self._row(sentence) for sentence in sentences]
        longest = max(map(len, rows))
        return torch.tensor([r + [PAD] * (longest - len(r)) for r in rows])

    def decode(self, ids):
        """The tokens of one row of ids, up to END and without BEGIN."""
        tokens = []
        for i in ids.tolist() if isinstance(ids, torch.Tensor) else ids:
            if i == END:
                break
            if i not in (PAD, BEGIN):
                tokens.append(self.tokens[i])
        return tokens

    def _row(self, sentence):
        check_sentence(sentence)
        if not len(sentence):
            raise ValueError(
                "an empty sentence cannot be translated: give at least one "
                "token"
            )
        ids = [self.ids.get(token, UNKNOWN) for token in sentence]
        if UNKNOWN in ids and not self.unknown:
            token = sentence[ids.index(UNKNOWN)]
            raise ValueError(
                f"the vocabulary has no token {token!r}; it has "
                f"{len(self) - len(SPECIAL)}, such as "
                f"{', '.join(self.tokens[4:8])}: write the sentence in these"
            )
        return [BEGIN, *ids, END]


def check_sentence(sentence):
    """Raises ValueError for a text in place of a list of tokens."""
    if isinstance(sentence, str):
        raise ValueError(
            f"a sentence is a list of tokens, not the text {sentence!r}: "
            "split it first, .split()"
        )


class EncoderDecoder(nn.Module):
    """Reads a sentence, and writes another one while it looks at the first.

    source_size, target_size: how many tokens each language has. max_length:
    the longest sentence on either side, with BEGIN and END.
    """

    def __init__(
        self,
        source_size,
        target_size,
        max_length=32,
        d_model=64,
        num_heads=4,
        num_layers=2,
    ):
        super().__init__()
        self.source = nn.Embedding(source_size, d_model)
        self.target = nn.Embedding(target_size, d_model)
        self.source_positions = nn.Embedding(max_length, d_model)
        self.target_positions = nn.Embedding(max_length, d_model)
        for table in self.children():
            nn.init.normal_(table.weight, std=0.1)
        self.encoder = nn.ModuleList(
            Block(d_model, num_heads) for _ in range(num_layers)
        )
        self.decoder = nn.ModuleList(
            Block(d_model, num_heads, cross=True) for _ in range(num_layers)
        )
        self.encoder_norm = nn.LayerNorm(d_model)
        self.decoder_norm = nn.LayerNorm(d_model)
        self.head = nn.Linear(d_model, target_size)

    def encode(self, source):
        """The memory, (batch, length, d_model), of ids (batch, length).

        Raises ValueError for a sentence longer than max_length.
        """
        x = self.source(source)
        x = x + positions_of(self.source_positions, 0, source.shape[1])
        for block in self.encoder:
            x = block(x, padding_mask(source != PAD))
        return self.encoder_norm(x)

    def decode(self, target, memory, real):
        """The logits of each next token, (batch, time, target_size).

        target: ids (batch, time), what is written so far. real: boolean
        (batch, length), False where the source is padding.
        """
        time = target.shape[1]
        x = self.target(target)
        x = x + positions_of(self.target_positions, 0, time)
        mask = causal_mask(time, target.device)
        for block in self.decoder:
            x = block(x, mask, memory, padding_mask(real))
        return self.head(self.decoder_norm(x))

    def forward(self, source, target):
        """The logits of each next token of the target, given the source."""
        return self.decode(target, self.encode(source), source != PAD)


def translation_loss(net, source, target):
    """The cross-entropy of each next token; padding does not count."""
    logits = net(source, target[:, :-1])
    return F.cross_entropy(
        logits.flatten(0, 1), target[:, 1:].flatten(), ignore_index=PAD
    )


def train_translator(
    net, source, target, num_steps, seed, lr=3e-3, batch_size=64
):
    """Train net on pairs of ids for a number of steps; the losses, a list.

    source, target: ids (pairs, length). AdamW, gradients clipped to a norm
    of 1; the learning rate rises for 5 % of the steps and then falls in a
    straight line. The batches follow from the seed alone.
    """
    if len(source) != len(target):
        raise ValueError(
            f"{len(source)} sentences and {len(target)} translations: each "
            "sentence needs one"
        )
    if num_steps < 1:
        raise ValueError(f"num_steps must be at least 1, not {num_steps}")
    optimizer = torch.optim.AdamW(net.parameters(), lr=lr, betas=(0.9, 0.98))
    generator = torch.Generator().manual_seed(seed)
    device = next(net.parameters()).device
    losses, order = [], torch.empty(0, dtype=torch.int64)
    net.train()
    for step in range(num_steps):
        while len(order) < batch_size:
            fresh = torch.randperm(len(source), generator=generator)
            order = torch.cat([order, fresh])
        batch, order = order[:batch_size], order[batch_size:]
        rising = (step + 1) / (0.05 * num_steps)
        falling = (num_steps - step) / (0.8 * num_steps)
        for group in optimizer.param_groups:
            group["lr"] = lr * min(1, rising, falling)
        X, y = (trimmed(ids[batch]).to(device) for ids in (source, target))
        loss = translation_loss(net, X, y)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
    net.eval()
    return losses


def trimmed(ids):
    """Ids without the columns that are padding in every row."""
    return ids[:, (ids != PAD).any(dim=0)]


@torch.no_grad()
def greedy(net, source, max_length=32):
    """Ids (batch, time): at every step the likeliest token, until END.

    max_length: after how many tokens a sentence without END is cut off
    """
    memory, real = net.encode(source), source != PAD
    target = torch.full((len(source), 1), BEGIN, device=source.device)
    done = torch.zeros(len(source), dtype=torch.bool, device=source.device)
    while not done.all() and target.shape[1] < max_length:
        token = net.decode(target, memory, real)[:, -1].argmax(dim=-1)
        token = token.masked_fill(done, PAD)
        target = torch.cat([target, token[:, None]], dim=1)
        done = done | (token == END)
    return target


def beam_step(totals, log_probs, width):
    """The `width` best of all continuations of all beams.

    totals: (beams,), the log-probability of each so far. log_probs: (beams,
    tokens), of each next token. Returns (beam, token, total) of the best, by
    falling total; beam and token int64.
    """
    all_totals = totals[:, None] + log_probs
    best = all_totals.flatten().topk(min(width, all_totals.numel()))
    beam = best.indices // log_probs.shape[1]
    return beam, best.indices % log_probs.shape[1], best.values


@torch.no_grad()
def beam_search(net, source, width=4, max_length=32, step=beam_step):
    """The likeliest sentences found for one source: [(total, ids), ...].

    source: ids (1, length). width: how many beginnings are kept. total: the
    log-probability of the whole sentence, END with it; the likeliest first.
    """
    if len(source) != 1:
        raise ValueError(
            f"beam search takes one sentence at a time, not {len(source)}: "
            "source[:1] is the first"
        )
    if width < 1:
        raise ValueError(f"width must be at least 1, not {width}")
    memory, real = net.encode(source), source != PAD
    beams = torch.full((1, 1), BEGIN)
    totals = torch.zeros(1)
    while beams.shape[1] < max_length:
        ended = (beams[:, -1] == END) | (beams[:, -1] == PAD)
        if ended.all():
            break
        logits = net.decode(
            beams,
            memory.expand(len(beams), -1, -1),
            real.expand(len(beams), -1),
        )
        log_probs = logits[:, -1].log_softmax(dim=-1)
        # A sentence that has ended goes on with padding, at no cost.
        log_probs[ended] = -torch.inf
        log_probs[ended, PAD] = 0.0
        beam, token, totals = step(totals, log_probs, width)
        beam, token = (torch.as_tensor(ids).long() for ids in (beam, token))
        totals = torch.as_tensor(totals)
        beams = torch.cat([beams[beam], token[:, None]], dim=1)
    return list(zip(totals.tolist(), beams, strict=True))


def translate(net, sentences, source_vocabulary, target_vocabulary):
    """Greedy translations: lists of tokens for lists of tokens."""
    translations = []
    for i in range(0, len(sentences), 250):
        ids = source_vocabulary.encode(sentences[i : i + 250])
        limit = len(net.target_positions.weight)
        rows = greedy(net, ids, limit)
        translations += map(target_vocabulary.decode, rows)
    return translations


@torch.no_grad()
def alignment(net, source, target):
    """Where the decoder looks for each token it writes: (time, length).

    source, target: ids (1, length) and (1, time) of one pair. The mean over
    all layers and heads of the cross-attention; row t belongs to the token
    that comes after the first t + 1.
    """
    net(source, target)
    maps = [block.cross.weights[0].mean(dim=0) for block in net.decoder]
    return torch.stack(maps).mean(dim=0)
