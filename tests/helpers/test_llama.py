"""A Llama: equal to transformers, with and without cache; files refused."""

import numpy as np
import pytest
import torch

from helpers.llama import (
    ByteTokenizer,
    Llama,
    RMSNorm,
    byte_letters,
    in_halves,
    load_llama,
    rope,
    smollm2_file,
)
from helpers.recorded import load_record

SIZES = {
    "llama.embedding_length": 8,
    "llama.block_count": 1,
    "llama.attention.head_count": 4,
    "llama.attention.head_count_kv": 2,
    "llama.feed_forward_length": 12,
}


@pytest.fixture(scope="module")
def small():
    torch.manual_seed(0)
    return Llama(11, 8, 2, 4, 2, 12).eval().requires_grad_(False)


def test_the_cache_changes_nothing(small):
    ids = torch.randint(11, (2, 9), generator=torch.manual_seed(1))
    whole = small(ids)
    caches = small.new_caches()
    parts = [small(part, caches) for part in ids.split([4, 1, 1, 3], dim=1)]
    torch.testing.assert_close(torch.cat(parts, dim=1), whole)
    torch.testing.assert_close(small(ids, last=True), whole[:, -1:])


def test_nothing_looks_ahead(small):
    ids = torch.randint(11, (1, 9), generator=torch.manual_seed(1))
    other = ids.clone()
    other[0, 5] = (other[0, 5] + 1) % 11
    moved = (small(ids) - small(other)).abs().amax(dim=(0, 2)) > 0
    assert moved.tolist() == [False] * 5 + [True] * 4


def test_a_score_depends_on_the_distance_only():
    torch.manual_seed(0)
    query, key = torch.randn(2, 1, 1, 6, dtype=torch.float64)
    near = rope(query, 5, 100.0) @ rope(key, 2, 100.0).mT
    far = rope(query, 105, 100.0) @ rope(key, 102, 100.0).mT
    torch.testing.assert_close(near, far, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(rope(query, 0, 100.0), query)


def test_rms_norm_equals_pytorch():
    x = torch.randn(3, 8, generator=torch.manual_seed(0))
    ours, theirs = RMSNorm(8, 1e-5), torch.nn.RMSNorm(8, eps=1e-5)
    torch.testing.assert_close(ours(x), theirs(x))


def test_rows_are_put_half_a_head_apart():
    rows = torch.arange(8.0)[:, None]  # two heads of four
    assert in_halves(rows, 2)[:, 0].tolist() == [0, 2, 1, 3, 4, 6, 5, 7]


def test_sizes_that_do_not_fit():
    with pytest.raises(ValueError, match="multiple"):
        Llama(11, 8, 1, 3, 1, 12)


def test_bytes_have_letters():
    letters = byte_letters()
    assert len(set(letters.values())) == 256
    assert letters[ord(" ")] == "Ġ"


def test_text_comes_back_from_bytes():
    pytest.importorskip("regex")
    letters = [*byte_letters().values()]
    tokenizer = ByteTokenizer([*letters, "Ġt", "Ġth"], ["Ġ t", "Ġt h"])
    text = "é 42 the — 日本\n\n  x's"
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert tokenizer.number["Ġth"] in ids


def write(path, architecture="llama", without=(), more=(), weights=True):
    """A tiny GGUF file."""
    gguf = pytest.importorskip("gguf")
    writer = gguf.GGUFWriter(path, architecture)
    for key, value in SIZES.items():
        if key not in without:
            writer.add_uint32(key, value)
    writer.add_float32("llama.rope.freq_base", 100.0)
    writer.add_float32("llama.attention.layer_norm_rms_epsilon", 1e-5)
    for key, value in more:
        writer.add_string(key, value)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    letters = [*byte_letters().values()]
    writer.add_token_list([*letters, "ab"])
    writer.add_token_merges(["a b"])
    torch.manual_seed(0)
    model = Llama(257, 8, 1, 4, 2, 12)
    for name, weight in model.state_dict().items():
        if weights or "ffn" not in name:
            writer.add_tensor(name, weight.numpy().astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_a_file_is_read(tmp_path):
    model, tokenizer = load_llama(write(tmp_path / "tiny.gguf"))
    assert tokenizer.decode(tokenizer.encode("abba")) == "abba"
    ids = torch.tensor([tokenizer.encode("abba")])
    assert model(ids).shape == (1, 3, 257)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"architecture": "bert"}, "of the kind 'bert'"),
        ({"without": ("llama.block_count",)}, "lacks 'llama.block_count'"),
        ({"more": [("llama.rope.scaling.type", "yarn")]}, "stretches"),
        ({"weights": False}, "not those of a Llama"),
    ],
)
def test_files_of_another_kind(tmp_path, options, words):
    with pytest.raises(ValueError, match=words):
        load_llama(write(tmp_path / "odd.gguf", **options))


def test_a_damaged_file(tmp_path):
    path = write(tmp_path / "tiny.gguf")
    data = path.read_bytes()
    for damaged in (b"", b"GGUF", data[:100], data[:-500], b"x" * 400):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="is damaged, or no GGUF"):
            load_llama(path)
    with pytest.raises(FileNotFoundError, match="there is no file"):
        load_llama(tmp_path / "none.gguf")


def test_equal_to_transformers():
    try:
        path = smollm2_file()
    except FileNotFoundError:
        pytest.skip("the optional group language is not installed")
    row = load_record("llama-reference")["rows"][0]
    model, tokenizer = load_llama(path)
    assert tokenizer.encode(row["line"]) == row["ids"]
    with torch.no_grad():
        logits = model(torch.tensor([row["ids"]]))[0]
    assert logits.argmax(dim=-1).tolist() == row["likeliest"]
    theirs = torch.tensor(row["logits"])
    apart = (logits[:, row["columns"]] - theirs).abs().max()
    assert apart < 1e-3
