"""The Transformer, written out: one block for GPT, BERT and translation.

(A. Vaswani et al., "Attention is all you need", 2017.) Shapes are written
(batch, time, d_model): every position of every text is a vector of d_model
numbers, and the blocks change these vectors without changing the shape.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F


def attend(query, key, value, mask):
    """What each query gathers: (..., time, size of the values).

    query: (..., time, size), key: (..., length, size), value: (..., length,
    any size), mask: boolean, broadcastable to (..., time, length), True
    where a query may look.
    """
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    least = torch.finfo(scores.dtype).min
    return scores.masked_fill(~mask, least).softmax(dim=-1) @ value


class Attention(nn.Module):
    """Multi-head attention: every position gathers from those it may see.

    d_model must be a multiple of num_heads. After a call, `weights` holds
    the shares that were given, (batch, num_heads, time, length).
    """

    def __init__(self, d_model, num_heads):
        if d_model % num_heads:
            raise ValueError(
                f"d_model {d_model} cannot be shared by {num_heads} heads: "
                "it must be a multiple of num_heads"
            )
        super().__init__()
        self.num_heads = num_heads
        self.query = nn.Linear(d_model, d_model)
        self.key = nn.Linear(d_model, d_model)
        self.value = nn.Linear(d_model, d_model)
        self.out = nn.Linear(d_model, d_model)

    def forward(self, x, memory=None, mask=None, cache=None):
        """What the positions of x gather, shaped like x.

        x: (batch, time, d_model), the positions that ask. memory: (batch,
        length, d_model), those that answer; x itself if None. mask: boolean,
        broadcastable to (batch, num_heads, time, length), True where a
        position may look; everywhere if None. cache: a dict, empty at first,
        that keeps the keys and values of earlier calls, which then stand
        before those of this one.
        """
        memory = x if memory is None else memory
        query = self._heads(self.query(x))
        key = self._heads(self.key(memory))
        value = self._heads(self.value(memory))
        if cache is not None:
            if cache:
                key = torch.cat((cache["key"], key), dim=2)
                value = torch.cat((cache["value"], value), dim=2)
            cache.update(key=key, value=value)
        scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
        if mask is not None:
            scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        self.weights = scores.softmax(dim=-1)
        return self.out((self.weights @ value).transpose(1, 2).flatten(2))

    def _heads(self, x):
        """(batch, time, d_model) to (batch, num_heads, time, size)."""
        return x.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)


class Block(nn.Module):
    """Attention, then a small network at every position, each with a
    residual connection and layer normalisation.

    norm_first: normalise before each step (GPT-2, 2019, and later) or after
    it (2017, and BERT). cross: a second attention, to a memory, as in the
    decoder of a translator.
    """

    def __init__(
        self, d_model, num_heads, norm_first=True, cross=False, eps=1e-5
    ):
        super().__init__()
        self.norm_first = norm_first
        self.attention = Attention(d_model, num_heads)
        self.norm1 = nn.LayerNorm(d_model, eps=eps)
        self.cross = Attention(d_model, num_heads) if cross else None
        self.norm_cross = nn.LayerNorm(d_model, eps=eps) if cross else None
        self.up = nn.Linear(d_model, 4 * d_model)
        self.down = nn.Linear(4 * d_model, d_model)
        self.norm2 = nn.LayerNorm(d_model, eps=eps)

    def forward(self, x, mask=None, memory=None, memory_mask=None, cache=None):
        """x (batch, time, d_model) after this block, in the same shape.

        mask, cache: as in Attention; memory, memory_mask: what a block with
        `cross` looks at, and where it may.
        """

        def mlp(x):
            return self.down(F.gelu(self.up(x)))

        def gather(x):
            return self.attention(x, mask=mask, cache=cache)

        def look_across(x):
            return self.cross(x, memory, memory_mask)

        x = self._add(x, gather, self.norm1)
        if self.cross is not None:
            x = self._add(x, look_across, self.norm_cross)
        return self._add(x, mlp, self.norm2)

    def _add(self, x, change, norm):
        if self.norm_first:
            return x + change(norm(x))
        return norm(x + change(x))


class GPT(nn.Module):
    """Predicts at every position the token that comes next.

    (A. Radford et al., 2018 and 2019.) max_length: how many tokens it can
    see, its context.
    """

    def __init__(self, vocab_size, max_length, d_model, num_heads, num_layers):
        super().__init__()
        self.tokens = nn.Embedding(vocab_size, d_model)
        self.positions = nn.Embedding(max_length, d_model)
        self.blocks = nn.ModuleList(
            Block(d_model, num_heads) for _ in range(num_layers)
        )
        self.norm = nn.LayerNorm(d_model)
        self.head = nn.Linear(d_model, vocab_size)

    def forward(self, ids, caches=None):
        """The logits of the next token: (batch, time, vocab_size).

        ids: int64 (batch, time). caches: one dict per block, empty at first;
        ids are then only the tokens that are new. Raises ValueError if the
        text is longer than the context.
        """
        start = 0
        if caches and caches[0]:
            start = caches[0]["key"].shape[2]
        end = start + ids.shape[1]
        x = self.tokens(ids) + positions_of(self.positions, start, end)
        mask = causal_mask(end, ids.device)[start:]
        for block, cache in zip(
            self.blocks, caches or [None] * len(self.blocks), strict=True
        ):
            x = block(x, mask, cache=cache)
        return self.head(self.norm(x))


class Encoder(nn.Module):
    """BERT's body: vectors of tokens that have all seen each other.

    (J. Devlin et al., 2018.)
    """

    def __init__(
        self,
        vocab_size,
        max_length,
        d_model,
        num_heads,
        num_layers,
        norm_first=False,
        eps=1e-12,
    ):
        super().__init__()
        self.tokens = nn.Embedding(vocab_size, d_model)
        self.positions = nn.Embedding(max_length, d_model)
        self.norm = nn.LayerNorm(d_model, eps=eps)
        self.blocks = nn.ModuleList(
            Block(d_model, num_heads, norm_first, eps=eps)
            for _ in range(num_layers)
        )

    def forward(self, ids, real=None):
        """(batch, time, d_model) from ids, int64 (batch, time).

        real: boolean (batch, time), False at the padding, which no position
        then looks at. Raises ValueError if the text is too long.
        """
        x = self.norm(
            self.tokens(ids) + positions_of(self.positions, 0, ids.shape[1])
        )
        mask = None if real is None else padding_mask(real)
        for block in self.blocks:
            x = block(x, mask)
        return x


def causal_mask(time, device=None):
    """(time, time): each position may look at itself and at those before."""
    return torch.ones(time, time, dtype=torch.bool, device=device).tril()


def padding_mask(real):
    """(batch, 1, 1, length) of (batch, length): nobody looks at padding."""
    return real.bool()[:, None, None, :]


def positions_of(embedding, start, end):
    """The vectors of the positions from start to before end.

    Raises ValueError if there are not so many.
    """
    if end > len(embedding.weight):
        raise ValueError(
            f"the text has {end} tokens and the model can see "
            f"{len(embedding.weight)} (its max_length): shorten the text, or "
            "split it"
        )
    return embedding.weight[start:end]
