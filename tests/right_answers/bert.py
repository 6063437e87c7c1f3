"""Right answers that are easily refused, on BERT."""

import torch

RIGHT = {
    "longest_match": {
        "it calls itself for the rest": (
            "def longest_match(word, vocabulary):\n"
            "    def rest(word, mark):\n"
            "        if not word:\n"
            "            return []\n"
            "        for end in range(len(word), 0, -1):\n"
            "            if mark + word[:end] in vocabulary:\n"
            "                after = rest(word[end:], '##')\n"
            "                if after is None:\n"
            "                    return None\n"
            "                return [mark + word[:end]] + after\n"
            "        return None\n"
            "    found = rest(word, '')\n"
            "    return ['[UNK]'] if found is None else found\n"
        ),
        "the mark becomes part of the word": (
            "def longest_match(word, vocabulary):\n"
            "    pieces = []\n"
            "    while word.removeprefix('##'):\n"
            "        ends = range(len(word), 2 if pieces else 0, -1)\n"
            "        fits = [e for e in ends if word[:e] in vocabulary]\n"
            "        if not fits:\n"
            "            return ['[UNK]']\n"
            "        pieces.append(word[:fits[0]])\n"
            "        word = '##' + word[fits[0]:]\n"
            "    return pieces\n"
        ),
        "a set and max": (
            "def longest_match(word, vocabulary):\n"
            "    known, pieces, done = set(vocabulary), [], 0\n"
            "    while done < len(word):\n"
            "        mark = '##' * (done > 0)\n"
            "        ends = [end for end in range(done + 1, len(word) + 1)\n"
            "                if mark + word[done:end] in known]\n"
            "        if not ends:\n"
            "            return ['[UNK]']\n"
            "        pieces += [mark + word[done:max(ends)]]\n"
            "        done = max(ends)\n"
            "    return pieces\n"
        ),
    },
    "our_name": {
        "long names first, sorted": (
            "def our_name(name):\n"
            "    for theirs in sorted(NAMES, key=len, reverse=True):\n"
            "        name = name.replace(theirs, NAMES[theirs])\n"
            "    return name\n"
        ),
        "written one after the other": (
            "def our_name(name):\n"
            "    name = name.replace('embeddings.word_embeddings', 'tokens')\n"
            "    name = name.replace(\n"
            "        'embeddings.position_embeddings', 'positions')\n"
            "    name = name.replace('embeddings.LayerNorm', 'norm')\n"
            "    name = name.replace('encoder.layer', 'blocks')\n"
            "    name = name.replace('attention.self', 'attention')\n"
            "    name = name.replace('attention.output.dense',\n"
            "                        'attention.out')\n"
            "    name = name.replace('attention.output.LayerNorm', 'norm1')\n"
            "    name = name.replace('intermediate.dense', 'up')\n"
            "    name = name.replace('output.dense', 'down')\n"
            "    return name.replace('output.LayerNorm', 'norm2')\n"
        ),
        "with functools": (
            "import functools\n"
            "def our_name(name):\n"
            "    return functools.reduce(\n"
            "        lambda n, pair: n.replace(*pair), NAMES.items(), name)\n"
        ),
    },
    "mean_pool": {
        "a loop over texts": lambda vectors, real: torch.stack(
            [v[r].mean(dim=0) for v, r in zip(vectors, real, strict=True)]
        ),
        "a product of matrices": lambda vectors, real: (
            (real[:, None].to(vectors.dtype) @ vectors)[:, 0]
            / real.sum(dim=1, keepdim=True)
        ),
        "not a number left out": lambda vectors, real: vectors.masked_fill(
            ~real[..., None], torch.nan
        ).nanmean(dim=1),
    },
    "search": {
        "sorted cosines": lambda query, vectors, k: torch.cosine_similarity(
            vectors, query[None], dim=1
        ).argsort(descending=True)[:k],
        "a plain list": lambda query, vectors, k: sorted(
            range(len(vectors)),
            key=lambda i: -float(vectors[i] @ query / vectors[i].norm()),
        )[:k],
        "only the vectors are divided": lambda query, vectors, k: (
            (vectors @ query / vectors.norm(dim=1)).topk(k).indices
        ),
    },
}
