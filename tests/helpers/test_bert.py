"""MiniLM in our Encoder, its renaming, and the texts of the notebook."""

import hashlib
import json
import re
import shutil
from importlib.util import find_spec

import pytest
import torch
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from helpers.bert import (
    FOLDER,
    KINDS,
    WeightsError,
    batch_of,
    encoder_of,
    in_two_directions,
    layers_of,
    load_definitions,
    load_minilm,
    load_names,
    load_queries,
    load_senses,
    load_vectors,
    load_wordpiece,
    mean_pool,
    minilm_folder,
    neighbour_shares,
    rename,
    search,
    sentence_vectors,
    word_vectors,
)
from helpers.cues import (
    Reader,
    attention_received,
    evenly,
    finds_cue,
    plant_cues,
    train_reader,
    word_credit,
    word_table,
)
from helpers.data import DataError
from helpers.recorded import load_record
from tests.course.twins.bert import weights_of
from tests.course.twins.draw import Draw

needs_minilm = pytest.mark.skipif(
    not (minilm_folder() and find_spec("safetensors")),
    reason="the optional group language is not installed",
)


@pytest.fixture(scope="module")
def minilm():
    return load_minilm()


def fake(number=0):
    return weights_of(Draw(number))


# ---- The weights ---------------------------------------------------------


@needs_minilm
def test_the_vectors_of_the_library(minilm):
    encoder, vocabulary = minilm
    recorded = load_vectors()
    ids, real = batch_of(recorded.texts, vocabulary)
    with torch.inference_mode():
        vectors = encoder(ids, real)[torch.arange(len(ids)), recorded.at]
    assert (vectors - recorded.vectors).abs().max() < 1e-5


def test_weights_of_another_bert():
    """As bert-base-uncased has them: a prefix, old names, heads."""
    weights = fake()
    other = {"cls.predictions.bias": torch.zeros(7)}
    for name, weight in weights.items():
        name = name.replace("LayerNorm.weight", "LayerNorm.gamma")
        name = name.replace("LayerNorm.bias", "LayerNorm.beta")
        other[f"bert.{name}"] = weight
    other["bert.embeddings.position_ids"] = torch.arange(5)[None]
    ids = torch.tensor([[2, 4, 3]])
    expected = encoder_of(weights, num_heads=2)(ids)
    assert torch.equal(encoder_of(other, num_heads=2)(ids), expected)


def test_the_segment_counts_and_the_weights_stay_as_they_were():
    weights = fake()
    kept = {name: weight.clone() for name, weight in weights.items()}
    table = rename(weights)["tokens.weight"]
    segment = weights["embeddings.token_type_embeddings.weight"][0]
    words = weights["embeddings.word_embeddings.weight"]
    assert torch.equal(table, words + segment)
    assert all(torch.equal(weights[name], kept[name]) for name in kept)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda w: w.clear(), "not the weights of a BERT"),
        (
            lambda w: w.pop("embeddings.word_embeddings.weight"),
            "word_embeddings",
        ),
        (
            lambda w: w.pop("embeddings.position_embeddings.weight"),
            "position_embeddings is missing",
        ),
        (
            lambda w: w.pop("encoder.layer.0.output.dense.bias"),
            "blocks.0.down.bias",
        ),
        (
            lambda w: w.update(
                {"encoder.layer.0.output.dense.bias": torch.zeros(99)}
            ),
            "do not fit",
        ),
    ],
)
def test_weights_that_do_not_fit(change, words):
    weights = fake()
    change(weights)
    with pytest.raises(WeightsError, match=words):
        encoder_of(weights, num_heads=2)


@needs_minilm
def test_a_package_that_is_damaged(tmp_path):
    with pytest.raises(WeightsError, match="force-reinstall"):
        load_minilm(tmp_path)
    for name in ("config.json", "vocab.txt"):
        shutil.copy(minilm_folder() / name, tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(WeightsError, match="incomplete or damaged"):
        load_minilm(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    (tmp_path / "model.safetensors").symlink_to(
        minilm_folder() / "model.safetensors"
    )
    (tmp_path / "vocab.txt").write_text(
        "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n", encoding="utf-8"
    )
    with pytest.raises(WeightsError, match=r"vocab\.txt has 5 pieces"):
        load_minilm(tmp_path)


def test_no_package(monkeypatch):
    monkeypatch.setattr("helpers.bert.minilm_folder", lambda: None)
    with pytest.raises(WeightsError, match=r"not installed.*language"):
        load_minilm()


# ---- Vectors -------------------------------------------------------------


def test_padding_changes_nothing():
    encoder = encoder_of(fake(), num_heads=2)
    ids = torch.tensor([[2, 5, 3, 0], [2, 4, 6, 3]])
    real = torch.tensor([[True, True, True, False], [True] * 4])
    alone = encoder(ids[:1, :3])
    together = encoder(ids, real)
    assert torch.allclose(alone, together[:1, :3], atol=1e-6)
    pooled = mean_pool(together, real)
    assert torch.allclose(pooled[:1], alone.mean(dim=1), atol=1e-6)


def test_layers_begin_with_the_table_and_end_with_the_result():
    encoder = encoder_of(fake(1), num_heads=2)
    ids = torch.tensor([[2, 5, 3]])
    layers = layers_of(encoder, ids)
    assert torch.equal(layers[0], encoder.tokens(ids))
    assert torch.equal(layers[-1], encoder(ids))
    assert not encoder.blocks[0]._forward_hooks


def test_neighbours_and_directions():
    points = torch.tensor([[1.0, 0], [1, 0.1], [0, 1], [0.1, 1]])
    right = neighbour_shares(points[None], ["a", "a", "b", "b"])
    assert right.tolist() == [[True] * 4]
    wrong = neighbour_shares(points[None], ["a", "b", "a", "b"])
    assert wrong.tolist() == [[False] * 4]
    plane, share = in_two_directions(points)
    assert share == pytest.approx(1)
    assert torch.allclose(
        torch.cdist(plane, plane), torch.cdist(points, points)
    )
    assert search(points[0], points, 2).tolist() == [0, 1]


@needs_minilm
def test_what_is_recorded_of_meanings_and_search(minilm):
    encoder, vocabulary = minilm
    row = load_record("bert-senses")["rows"][0]
    sentences, meanings = load_senses()["bank"]
    vectors = word_vectors(encoder, vocabulary, sentences, "bank")
    same = neighbour_shares(vectors, meanings).int()
    assert (same - torch.tensor(row["same"])).abs().sum() <= 2
    test = load_definitions("test")
    wanted = test.names.index("ambulance")
    few = test.texts[wanted : wanted + 40]
    X = sentence_vectors(encoder, vocabulary, few)
    query = load_queries()["ambulance"]
    vector = sentence_vectors(encoder, vocabulary, [query])[0]
    assert search(vector, X, 1).item() == 0
    with pytest.raises(ValueError, match="not one piece"):
        word_vectors(encoder, vocabulary, ["we sat"], "bank")


def test_what_is_recorded_of_labels():
    rows = load_record("bert-labels")["rows"]
    labels = load_definitions("test").labels
    assert len(rows) == 48
    for row in rows:
        predicted = torch.tensor([int(c) for c in row["predicted"]])
        right = (predicted == labels).double().mean().item()
        assert right == pytest.approx(row["accuracy"])


def test_a_recorded_row_of_words_can_be_repeated():
    from tools.experiments.bert import by_words, some

    train, test = map(load_definitions, ("train", "test"))
    row = load_record("bert-labels")["rows"][0]
    texts, labels = some(train, row["labels"], row["seed"])
    predicted = by_words(texts, labels, test.texts)
    accuracy = (predicted == test.labels).double().mean().item()
    assert accuracy == pytest.approx(row["accuracy"], abs=0.01)


# ---- The texts -----------------------------------------------------------


def test_the_definitions():
    splits = [load_definitions(s) for s in ("train", "validation", "test")]
    assert [len(split.texts) for split in splits] == [2000, 400, 800]
    texts = [text for split in splits for text in split.texts]
    assert len(set(texts)) == len(texts)
    for split in splits:
        counts = split.labels.bincount(minlength=len(KINDS))
        assert (counts == len(split.texts) // len(KINDS)).all()
    with pytest.raises(ValueError, match="there are test, train"):
        load_definitions("dev")


def test_queries_share_no_word_with_their_definition():
    test = load_definitions("test")
    for name, query in load_queries().items():
        assert test.names.count(name) == 1
        text = f"{name} {test.texts[test.names.index(name)]}"
        words = [
            set(re.findall(r"\w\w+", part.lower())) - ENGLISH_STOP_WORDS
            for part in (query, text)
        ]
        assert not words[0] & words[1], name


def test_the_sentences():
    senses = load_senses()
    assert len(senses) == 6
    for word, (sentences, meanings) in senses.items():
        assert len(sentences) == len(set(sentences)) == 12
        assert sorted(map(meanings.count, set(meanings))) == [6, 6]
        assert all(s.split().count(word) == 1 for s in sentences)
    assert len({language for language, _ in load_names()}) == 50


def test_the_files_are_those_of_the_card():
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"\| `([\w.]+)` \| `([0-9a-f]{64})` \|", card)
    assert len(rows) == 6
    for name, checksum in rows:
        content = (FOLDER / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == checksum, name
    assert (FOLDER / "definitions.tsv").stat().st_size < 350_000
    assert (FOLDER / "vectors.npz").stat().st_size < 40_000


@pytest.mark.parametrize(
    ("name", "load"),
    [
        ("definitions.tsv", lambda folder: load_definitions("test", folder)),
        ("wordpiece.json", load_wordpiece),
        ("vectors.npz", load_vectors),
        ("senses.tsv", load_senses),
    ],
)
def test_files_that_are_missing_or_damaged(tmp_path, name, load):
    with pytest.raises(DataError, match="is missing"):
        load(tmp_path)
    (tmp_path / name).write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match="is damaged"):
        load(tmp_path)


# ---- The planted cue -----------------------------------------------------


def test_the_cue_is_where_it_is_said_to_be():
    texts = load_definitions("validation").texts[:50]
    planted = plant_cues(texts, word_table(texts), seed=3)
    for words, place, label in zip(
        planted.words, planted.places, planted.labels, strict=True
    ):
        assert words[place] == ("indeed", "perhaps")[label]
    at = planted.ids[torch.arange(50), planted.places]
    assert torch.equal(at, planted.labels + 2)
    perfect = torch.zeros_like(planted.ids).float()
    perfect[torch.arange(50), planted.places] = 1
    assert finds_cue(perfect, planted) == 1


def test_credit_adds_up_and_attention_is_shared_out():
    texts = load_definitions("validation").texts[:20]
    table = word_table(texts)
    planted = plant_cues(texts, table, seed=0)
    reader = train_reader(planted, len(table), seed=0, num_steps=5)
    received = attention_received(reader, planted)
    assert torch.allclose(received.sum(dim=2), torch.ones(2, 20), atol=1e-5)
    credit = word_credit(reader, planted, num_steps=64).sum(dim=1)
    sign = 2 * planted.labels - 1
    with torch.no_grad():
        end = reader(planted.ids, planted.real)
        empty = reader(torch.zeros_like(planted.ids), planted.real)
    margin = (end - empty)[:, 1] - (end - empty)[:, 0]
    assert torch.allclose(credit, margin * sign, atol=1e-2)


def test_even_attention_is_what_zero_queries_give():
    texts = load_definitions("validation").texts[:8]
    table = word_table(texts)
    planted = plant_cues(texts, table, seed=0)
    torch.manual_seed(0)
    reader = Reader(len(table)).eval()
    even = evenly(reader, planted)
    assert not torch.allclose(even, reader(planted.ids, planted.real))
    with torch.no_grad():
        for block in reader.encoder.blocks:
            block.attention.query.weight.zero_()
            block.attention.query.bias.zero_()
        flat = reader(planted.ids, planted.real)
    assert torch.allclose(even, flat, atol=1e-5)


def test_the_recorded_cue():
    rows = load_record("bert-cue")["rows"]
    assert [row["seed"] for row in rows] == [0, 1, 2]
    assert json.dumps(rows).count("NaN") == 0
