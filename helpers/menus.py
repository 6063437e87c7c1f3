"""The words of JupyterLab's menus, in English and in French."""

import math
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from helpers.data import DataError, how_to_restore

FILE = Path(__file__).resolve().parent.parent / "data" / "menus" / "en_fr.tsv"


class Pairs(NamedTuple):
    """english, french: lists of sentences, each a list of words."""

    english: list
    french: list


def load_menus():
    """(train, validation, test): Pairs of sentences in lower-case words.

    1,900, 300 and 400 of them. Raises DataError if the file is missing.
    """
    try:
        text = FILE.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DataError(
            f"{FILE} is missing: {how_to_restore(FILE)}."
        ) from None
    splits = {}
    for line in text.splitlines():
        split, english, french = line.split("\t")
        pairs = splits.setdefault(split, Pairs([], []))
        pairs.english.append(words_of(english))
        pairs.french.append(words_of(french))
    return tuple(splits[name] for name in ("train", "validation", "test"))


def words_of(text):
    """Words and signs in lower case: "Save as…" is ["save", "as", "…"]."""
    return re.findall(r"\w+|[^\w\s]", text.lower())


def rarity(sentences):
    """{word: ln(sentences / sentences with it)}: rare words weigh more.

    (The inverse document frequency of K. Spärck Jones, 1972.)
    """
    counts = Counter(word for s in sentences for word in set(s))
    return {w: math.log(len(sentences) / n) for w, n in counts.items()}


def tfidf(sentence, weights):
    """{word: its count times its weight}, made to have the length 1.

    A word without a weight is left out; {} if no word has one. The product
    of two such vectors is the cosine between the sentences.
    """
    vector = {
        word: count * weights[word]
        for word, count in Counter(sentence).items()
        if weights.get(word)
    }
    length = math.sqrt(sum(value**2 for value in vector.values()))
    return {word: value / length for word, value in vector.items()}
