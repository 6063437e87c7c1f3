"""WordPiece: how BERT cuts a text into the pieces that it knows.

(Y. Wu et al., 2016; J. Devlin et al., "BERT", 2018, the `uncased` model.)
A vocabulary is a dict from a piece to its number. A piece that continues a
word begins with "##". Five entries are not pieces of texts: "[PAD]",
"[UNK]" (unknown), "[CLS]" (stands first), "[SEP]" (stands last), "[MASK]".
"""

import unicodedata
from pathlib import Path

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
LONGEST = 100  # characters of a word; a longer one is unknown
SYMBOLS = "$+<=>^`|~"  # stand alone like punctuation; Unicode says symbol
IDEOGRAPHS = (  # Chinese characters, each of which is a word of its own
    ("\u3400", "\u4dbf"),
    ("\u4e00", "\u9fff"),
    ("\uf900", "\ufaff"),
    ("\U00020000", "\U0002a6df"),
    ("\U0002a700", "\U0002ceaf"),
    ("\U0002f800", "\U0002fa1f"),
)


def split_words(text):
    """The words of a text: lower case, without accents, marks apart.

    Control characters are dropped, and each punctuation mark and each
    Chinese character is a word of its own.
    """
    if not isinstance(text, str):
        raise TypeError(
            f"text must be a string, not {type(text).__name__}: encode one "
            "text at a time"
        )
    kept = []
    for character in unicodedata.normalize("NFD", text.lower()):
        category = unicodedata.category(character)
        space = character in "\t\n\r"
        if character == "\ufffd" or (category[0] == "C" and not space):
            continue
        if category == "Mn":  # an accent, now that it stands apart
            continue
        alone = (
            category[0] == "P" or character in SYMBOLS or is_chinese(character)
        )
        kept.append(f" {character} " if alone else character)
    return "".join(kept).split()


def is_chinese(character):
    """Whether a character is one of those that stand for a word or a
    syllable in Chinese and Japanese."""
    return any(low <= character <= high for low, high in IDEOGRAPHS)


def longest_match(word, vocabulary):
    """The pieces of one word: the longest known beginning, then the longest
    known beginning of the rest, written with "##"; and so on.

    Returns ["[UNK]"] if at some point no piece fits.
    """
    pieces, start = [], 0
    while start < len(word):
        mark = "##" if start else ""
        for end in range(len(word), start, -1):
            if mark + word[start:end] in vocabulary:
                break
        else:
            return ["[UNK]"]
        pieces.append(mark + word[start:end])
        start = end
    return pieces


def encode(text, vocabulary, max_length=512):
    """The numbers of a text's pieces, between [CLS] and [SEP].

    max_length: longer texts are cut, as BERT has no more positions.
    Raises ValueError if the vocabulary lacks the special entries.
    """
    check_vocabulary(vocabulary)
    pieces = []
    for word in split_words(text):
        if len(word) > LONGEST:
            pieces.append("[UNK]")
        else:
            pieces.extend(longest_match(word, vocabulary))
    pieces = ["[CLS]", *pieces[: max_length - 2], "[SEP]"]
    return [vocabulary[piece] for piece in pieces]


def read_vocabulary(path):
    """{piece: number} of a file with one piece a line.

    Raises ValueError if the special entries are missing.
    """
    text = Path(path).read_text(encoding="utf-8")
    lines = text.removesuffix("\n").split("\n")
    vocabulary = {piece: number for number, piece in enumerate(lines)}
    check_vocabulary(vocabulary)
    return vocabulary


def check_vocabulary(vocabulary):
    missing = [piece for piece in SPECIAL if piece not in vocabulary]
    if missing:
        raise ValueError(
            f"the vocabulary has no {', '.join(missing)}: it must be that of "
            "an uncased BERT, a dict from piece to number"
        )
