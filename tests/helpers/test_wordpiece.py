"""WordPiece against the library, recorded and, where it is there, live."""

from importlib.util import find_spec

import pytest

from helpers.bert import (
    library_ids,
    load_definitions,
    load_minilm,
    load_names,
    load_wordpiece,
    minilm_folder,
)
from helpers.wordpiece import encode, longest_match, read_vocabulary

needs_minilm = pytest.mark.skipif(
    not (minilm_folder() and find_spec("tokenizers")),
    reason="the optional group language is not installed",
)


def test_the_recorded_texts():
    recorded = load_wordpiece()
    assert len(recorded.texts) == 200
    for text, ids in zip(recorded.texts, recorded.ids, strict=True):
        assert encode(text, recorded.vocabulary) == ids


@needs_minilm
def test_every_text_of_the_course_as_the_library_cuts_it():
    vocabulary = load_minilm()[1]
    texts = [text for _, text in load_names()]
    for split in ("train", "validation", "test"):
        texts += load_definitions(split).texts
    texts += [
        "",
        " \t\n",
        "a\u0000b\ufffdc",
        "x" * 101,
        "\u00ad\u200b",
        "1+1=2 ~ $5",
    ]
    texts += [
        "\u4e00a\U00020000b",
        "I\u0307stanbul",
        "\u1e9e\ufb01",
        "e\u0301\u0301",
    ]
    ours = [encode(text, vocabulary) for text in texts]
    assert ours == library_ids(texts)


def test_the_longest_piece_and_the_unknown():
    vocabulary = dict.fromkeys(("un", "play", "##play", "##able"), 0)
    assert longest_match("unplayable", vocabulary) == [
        "un",
        "##play",
        "##able",
    ]
    assert longest_match("playful", vocabulary) == ["[UNK]"]


def test_a_long_text_is_cut_and_ends_as_it_must():
    recorded = load_wordpiece()
    ids = encode("a " * 1000, recorded.vocabulary)
    assert len(ids) == 512
    assert ids[-1] == recorded.vocabulary["[SEP]"]


def test_what_is_refused(tmp_path):
    with pytest.raises(TypeError, match="one text at a time"):
        encode(["a"], load_wordpiece().vocabulary)
    with pytest.raises(ValueError, match=r"no \[PAD\], \[UNK\]"):
        encode("a", {"a": 0})
    path = tmp_path / "vocab.txt"
    path.write_text("a\nb\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"has no \[PAD\]"):
        read_vocabulary(path)
