"""Byte-pair encoding: the units of a text, found by counting.

(P. Gage, 1994; for language models R. Sennrich, B. Haddow and A. Birch,
2016.) The smallest units here are characters; GPT-2's are bytes, so that it
can write any text.
"""

import re
from collections import Counter, defaultdict
from itertools import pairwise

# A word with the space before it, a number, signs, or blanks: no unit ever
# reaches over the edge of one of these pieces.
PIECES = re.compile(r" ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s+(?!\S)|\s+")


def merge(units, pair):
    """The units with each pair joined, from left to right, as a tuple."""
    result, i = [], 0
    while i < len(units):
        if tuple(units[i : i + 2]) == tuple(pair):
            result.append(units[i] + units[i + 1])
            i += 2
        else:
            result.append(units[i])
            i += 1
    return tuple(result)


def train_bpe(text, num_merges):
    """The pairs to join, in their order: a list of pairs of strings.

    Each time the most frequent pair of neighbours is joined; of equally
    frequent ones the last in the order of the alphabet. Only the words that
    hold the pair are counted again, which makes it some ten times faster
    than counting all of them. Ends early if no pair is left.
    """
    counts = Counter(PIECES.findall(text))
    words = [(tuple(word), count) for word, count in counts.items()]
    pairs, where, merges = Counter(), defaultdict(set), []
    for i, (word, count) in enumerate(words):
        for pair in pairwise(word):
            pairs[pair] += count
            where[pair].add(i)
    while pairs and len(merges) < num_merges:
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        if pairs[best] < 1:
            break
        merges.append(best)
        for i in where.pop(best):
            word, count = words[i]
            for pair in pairwise(word):
                pairs[pair] -= count
            word = merge(word, best)
            words[i] = word, count
            for pair in pairwise(word):
                pairs[pair] += count
                where[pair].add(i)
        del pairs[best]
    return merges


class Tokenizer:
    """Turns text into numbers and back.

    characters: the smallest units; merges: what `train_bpe` found. `units`
    holds the text of each number.
    """

    def __init__(self, characters, merges):
        merges = [tuple(pair) for pair in merges]
        self.units = [*characters, *(a + b for a, b in merges)]
        self.number = {unit: i for i, unit in enumerate(self.units)}
        self.rank = {pair: i for i, pair in enumerate(merges)}
        self._known = {}

    def __len__(self):
        return len(self.units)

    def encode(self, text):
        """The numbers of a text, a list.

        Raises ValueError for a character that the vocabulary lacks.
        """
        ids = []
        for piece in PIECES.findall(text):
            if piece not in self._known:
                self._known[piece] = self._numbers(piece)
            ids += self._known[piece]
        return ids

    def decode(self, ids):
        """The text of numbers."""
        return "".join(self.units[int(i)] for i in ids)

    def _numbers(self, piece):
        units = tuple(piece)
        while len(units) > 1:
            pairs = pairwise(units)
            best = min(pairs, key=lambda pair: self.rank.get(pair, len(self)))
            if best not in self.rank:
                break
            units = merge(units, best)
        missing = [unit for unit in units if unit not in self.number]
        if missing:
            raise ValueError(
                f"the vocabulary has no {missing[0]!r}: it knows the "
                f"characters {''.join(u for u in self.units if len(u) == 1)!r}"
            )
        return [self.number[unit] for unit in units]
