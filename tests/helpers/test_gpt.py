"""Training, measuring, writing, and the weights that come with the course."""

import math

import pytest
import torch
from torch.nn import functional as F

from helpers.bpe import Tokenizer
from helpers.data import DataError
from helpers.gpt import (
    WEIGHTS,
    bits_per_character,
    generate,
    load_gpt,
    probabilities,
    store_gpt,
    train_gpt,
)
from helpers.shakespeare import load_shakespeare
from helpers.transformer import GPT, attend


@pytest.fixture(scope="module")
def small():
    torch.manual_seed(0)
    return GPT(7, max_length=6, d_model=8, num_heads=2, num_layers=1).eval()


def one_by_one(model, ids):
    """The bits of every token but the first, with half a context at least."""
    time, half = len(model.positions.weight), len(model.positions.weight) // 2
    last = len(ids) - 1 - time
    starts = [*range(0, max(last, 0), half), max(last, 0)]
    bits, reached = 0.0, 0
    for start in starts:
        row = ids[start : start + time + 1]
        with torch.no_grad():
            logits = model(row[None, :-1])[0].log_softmax(dim=-1)
        for i in range(len(row) - 1):
            if start + i + 1 > reached:
                bits -= logits[i, row[i + 1]].item() / math.log(2)
                reached = start + i + 1
    assert reached == len(ids) - 1
    return bits


@pytest.mark.parametrize("length", [2, 3, 6, 7, 8, 9, 10, 13, 31])
def test_every_token_counts_once(small, length):
    ids = torch.randint(7, (length,), generator=torch.manual_seed(length))
    expected = one_by_one(small, ids) / 50
    assert bits_per_character(small, ids, 50) == pytest.approx(expected)


def test_a_model_that_knows_nothing(small):
    even = GPT(8, 6, 8, 2, 1)
    torch.nn.init.zeros_(even.head.weight)
    torch.nn.init.zeros_(even.head.bias)
    bits = bits_per_character(even, torch.arange(41) % 8, 40)
    assert bits == pytest.approx(3)
    with pytest.raises(ValueError, match="one token"):
        bits_per_character(small, torch.tensor([1]), 1)


def test_training_learns_a_pattern():
    torch.manual_seed(0)
    model = GPT(5, 6, 16, 2, 1)
    ids = torch.arange(200) % 5
    seen = []
    losses = train_gpt(
        model, ids, 60, 0, watch=lambda step, model: seen.append(step)
    )
    assert seen == list(range(60))
    assert losses[-1] < 0.2 < losses[0]
    assert generate(model, [0, 1, 2], 4, temperature=0) == [3, 4, 0, 1]
    with pytest.raises(ValueError, match="too short"):
        train_gpt(model, ids[:6], 1, 0)
    with pytest.raises(TypeError, match="rate"):
        train_gpt(model, ids, 1, 0, rate=1)


def test_only_the_k_likeliest_are_drawn():
    logits = torch.tensor([0.0, 2.0, 1.0, -1.0])
    likely = probabilities(logits, 0.5, 2)
    assert likely.tolist() == pytest.approx(
        [0, 1 / (1 + math.exp(-2)), 1 - 1 / (1 + math.exp(-2)), 0]
    )


def test_writing(small):
    first = generate(small, [1], 20, 1.0, seed=3)
    assert len(first) == 20
    assert first == generate(small, [1], 20, 1.0, seed=3)
    assert first != generate(small, [1], 20, 1.0, seed=4)
    greedy = generate(small, [1, 2], 12, temperature=0)
    assert greedy == generate(small, [1, 2], 12, top_k=1)
    with pytest.raises(ValueError, match="empty"):
        generate(small, [], 3)
    for options in ({"temperature": -1}, {"top_k": 0}):
        with pytest.raises(ValueError, match="temperature"):
            generate(small, [1], 3, **options)


def test_attention_equals_pytorch():
    torch.manual_seed(0)
    Q, K, V = torch.randn(3, 2, 4, 6, 8)
    mask = torch.ones(6, 6, dtype=torch.bool).tril()
    theirs = F.scaled_dot_product_attention(Q, K, V, attn_mask=mask)
    torch.testing.assert_close(attend(Q, K, V, mask), theirs)


def test_storing_and_loading(small, tmp_path):
    path = tmp_path / "gpt.pt"
    tokenizer = Tokenizer("abcde", [("a", "b"), ("ab", "c")])
    store_gpt(small, tokenizer, path)
    model, again = load_gpt(path)
    assert again.encode("abcab") == tokenizer.encode("abcab")
    X = torch.tensor([[1, 2, 3]])
    torch.testing.assert_close(model(X), small(X), rtol=0, atol=0.01)


def test_files_that_cannot_be_used(tmp_path):
    with pytest.raises(DataError, match="is missing"):
        load_gpt(tmp_path / "none.pt")
    broken = tmp_path / "broken.pt"
    broken.write_bytes(WEIGHTS.read_bytes()[:-2000])
    with pytest.raises(DataError, match="cannot be used"):
        load_gpt(broken)
    other = tmp_path / "other.pt"
    for content in ({"weights": {}}, [1, 2], {"shape": {"vocab_size": 3}}):
        torch.save(content, other)
        with pytest.raises(DataError, match="something else"):
            load_gpt(other)


def test_the_weights_of_the_course():
    model, tokenizer = load_gpt()
    text = load_shakespeare().validation[:20_000]
    ids = torch.tensor(tokenizer.encode(text))
    assert tokenizer.decode(ids) == text
    assert 1.5 < bits_per_character(model, ids, len(text)) < 2.5
