"""What learners really write in the exercises on BERT."""

import torch

from helpers.bert import our_name as _our_name
from helpers.wordpiece import longest_match as _longest_match

WRONG = {
    "longest_match": {
        "belong to the piece": lambda w, v: [
            piece.strip("[]") for piece in _longest_match(w, v)
        ],
        "the shortest piece": (
            "def longest_match(word, vocabulary):\n"
            "    pieces, start = [], 0\n"
            "    while start < len(word):\n"
            "        mark = '##' if start else ''\n"
            "        for end in range(start + 1, len(word) + 1):\n"
            "            if mark + word[start:end] in vocabulary:\n"
            "                break\n"
            "        else:\n"
            "            return ['[UNK]']\n"
            "        pieces.append(mark + word[start:end])\n"
            "        start = end\n"
            "    return pieces\n"
        ),
        "belongs in the result": lambda word, vocabulary: [
            piece.replace("##", "")
            for piece in _longest_match(word, vocabulary)
        ],
        "only the first piece": lambda word, vocabulary: _longest_match(
            word, vocabulary
        )[:1],
        "nothing is taken back": (
            "def longest_match(word, vocabulary, mark=''):\n"
            "    if not word:\n"
            "        return []\n"
            "    for end in range(len(word), 0, -1):\n"
            "        if mark + word[:end] in vocabulary:\n"
            "            rest = longest_match(word[end:], vocabulary, '##')\n"
            "            if rest != ['[UNK]']:\n"
            "                return [mark + word[:end]] + rest\n"
            "    return ['[UNK]']\n"
        ),
        "a list of strings": lambda word, vocabulary: [
            vocabulary[piece] for piece in _longest_match(word, vocabulary)
        ],
        "the longest known beginning, then": lambda word, vocabulary: [word],
    },
    "our_name": {
        "short names are replaced before": (
            "def our_name(name):\n"
            "    for theirs, ours in sorted(NAMES.items(),\n"
            "                               key=lambda p: len(p[0])):\n"
            "        name = name.replace(theirs, ours)\n"
            "    return name\n"
        ),
        "one replacement is not enough": (
            "def our_name(name):\n"
            "    for theirs, ours in NAMES.items():\n"
            "        if theirs in name:\n"
            "            return name.replace(theirs, ours)\n"
            "    return name\n"
        ),
        "as it was": (
            "def our_name(name):\n"
            "    for theirs, ours in NAMES.items():\n"
            "        name.replace(theirs, ours)\n"
            "    return name\n"
        ),
        "the loop ends at its first pair": (
            "def our_name(name):\n"
            "    for theirs, ours in NAMES.items():\n"
            "        name = name.replace(theirs, ours)\n"
            "        return name\n"
        ),
        "a string": lambda name: [_our_name(name)],
        "replace each part of the name": lambda name: _our_name(name).upper(),
    },
    "mean_pool": {
        "padding is averaged too": lambda vectors, real: vectors.mean(dim=1),
        "still counted below": lambda vectors, real: (
            vectors * real[..., None]
        ).mean(dim=1),
        "that is the sum": lambda vectors, real: (
            vectors * real[..., None]
        ).sum(dim=1),
        "the first token alone": lambda vectors, real: vectors[:, 0],
        "one mean for all": lambda vectors, real: (
            vectors[real].mean(dim=0).expand(len(vectors), -1)
        ),
        "return a tensor": lambda vectors, real: [
            v[r].mean(dim=0) for v, r in zip(vectors, real, strict=True)
        ],
        "divide by how many": lambda vectors, real: vectors.amax(dim=1),
    },
    "search": {
        "long vectors win": lambda query, vectors, k: (
            (vectors @ query).topk(k).indices
        ),
        "the smallest distance": lambda query, vectors, k: torch.cdist(
            vectors, query[None]
        )[:, 0].argsort()[:k],
        "least similar": lambda query, vectors, k: torch.cosine_similarity(
            vectors, query[None]
        ).argsort()[:k],
        "not last": lambda query, vectors, k: torch.cosine_similarity(
            vectors, query[None]
        ).argsort()[-k:],
        "those are the cosines": lambda query, vectors, k: (
            torch.cosine_similarity(vectors, query[None]).topk(k).values
        ),
        "whole numbers": lambda query, vectors, k: (
            torch.cosine_similarity(vectors, query[None])
            .topk(k)
            .indices.float()
        ),
        "each row has its own length": lambda query, vectors, k: (
            (torch.nn.functional.normalize(vectors, dim=0) @ query)
            .topk(k)
            .indices
        ),
        "the numbers of the k rows": lambda query, vectors, k: torch.arange(k),
    },
}
