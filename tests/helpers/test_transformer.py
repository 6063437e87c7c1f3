"""The Transformer's parts against PyTorch's, and what must not leak."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from helpers.transformer import (
    GPT,
    Attention,
    Block,
    Encoder,
    causal_mask,
    padding_mask,
)

sizes = st.integers(1, 6)
heads_and_size = st.tuples(st.integers(1, 4), st.integers(1, 6))
seeds = st.integers(0, 2**20)


@settings(deadline=None, max_examples=60)
@given(sizes, sizes, sizes, heads_and_size, seeds, st.booleans())
def test_attention_is_pytorch_s(batch, time, length, shape, seed, masked):
    heads, size = shape
    torch.manual_seed(seed)
    ours = Attention(heads * size, heads)
    theirs = nn.MultiheadAttention(heads * size, heads, batch_first=True)
    parts = ours.query, ours.key, ours.value
    weights = torch.cat([p.weight for p in parts])
    theirs.in_proj_weight.data = weights.data
    theirs.in_proj_bias.data = torch.cat([p.bias for p in parts]).data
    theirs.out_proj.load_state_dict(ours.out.state_dict())
    x, memory = (torch.randn(batch, n, heads * size) for n in (time, length))
    mask = torch.rand(time, length) < 0.6
    mask[:, 0] = True  # everybody sees something
    result = ours(x, memory, mask if masked else None)
    expected, shares = theirs(
        x, memory, memory, attn_mask=~mask if masked else None
    )
    torch.testing.assert_close(result, expected, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(ours.weights.mean(1), shares)


@settings(deadline=None, max_examples=30)
@given(sizes, sizes, heads_and_size, seeds)
def test_self_attention_is_scaled_dot_product_attention(
    batch, time, shape, seed
):
    heads, size = shape
    torch.manual_seed(seed)
    layer = Attention(heads * size, heads)
    x = torch.randn(batch, time, heads * size)
    q, k, v = (
        layer._heads(f(x)) for f in (layer.query, layer.key, layer.value)
    )
    expected = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    expected = layer.out(expected.transpose(1, 2).flatten(2))
    result = layer(x, mask=causal_mask(time))
    torch.testing.assert_close(result, expected, atol=1e-5, rtol=1e-4)


@settings(deadline=None, max_examples=30)
@given(sizes, sizes, heads_and_size, seeds, st.booleans(), st.booleans())
def test_a_block_is_pytorch_s(batch, time, shape, seed, norm_first, cross):
    heads, size = shape
    width = heads * size
    torch.manual_seed(seed)
    ours = Block(width, heads, norm_first=norm_first, cross=cross)
    kind = nn.TransformerDecoderLayer if cross else nn.TransformerEncoderLayer
    theirs = kind(
        width,
        heads,
        4 * width,
        dropout=0,
        activation="gelu",
        batch_first=True,
        norm_first=norm_first,
    )
    pairs = [(ours.attention, theirs.self_attn)]
    if cross:
        pairs.append((ours.cross, theirs.multihead_attn))
    with torch.no_grad():
        for mine, other in pairs:
            parts = mine.query, mine.key, mine.value
            other.in_proj_weight.copy_(torch.cat([p.weight for p in parts]))
            other.in_proj_bias.copy_(torch.cat([p.bias for p in parts]))
            other.out_proj.load_state_dict(mine.out.state_dict())
    theirs.linear1.load_state_dict(ours.up.state_dict())
    theirs.linear2.load_state_dict(ours.down.state_dict())
    norms = [ours.norm1, *([ours.norm_cross] if cross else []), ours.norm2]
    for number, norm in enumerate(norms, start=1):
        nn.init.normal_(norm.weight)
        getattr(theirs, f"norm{number}").load_state_dict(norm.state_dict())
    x = torch.randn(batch, time, width)
    mask = causal_mask(time)
    if cross:
        memory = torch.randn(batch, 3, width)
        real = torch.tensor([True, True, False]).repeat(batch, 1)
        result = ours(x, mask, memory, padding_mask(real))
        expected = theirs(
            x, memory, tgt_mask=~mask, memory_key_padding_mask=~real
        )
    else:
        result, expected = ours(x, mask), theirs(x, src_mask=~mask)
    torch.testing.assert_close(result, expected, atol=1e-4, rtol=1e-3)


@pytest.fixture
def gpt():
    torch.manual_seed(0)
    return GPT(11, max_length=8, d_model=12, num_heads=3, num_layers=2).eval()


def test_the_future_does_not_leak(gpt):
    ids = torch.randint(11, (2, 8))
    changed = ids.clone()
    changed[:, 5:] = (changed[:, 5:] + 1) % 11
    torch.testing.assert_close(gpt(ids)[:, :5], gpt(changed)[:, :5])
    assert not torch.allclose(gpt(ids)[:, 5:], gpt(changed)[:, 5:])


@pytest.mark.parametrize("split", [(8,), (1,) * 8, (3, 5), (7, 1)])
def test_the_cache_changes_nothing(gpt, split):
    ids = torch.randint(11, (2, 8))
    caches = [{} for _ in gpt.blocks]
    parts = [gpt(part, caches) for part in ids.split(split, dim=1)]
    torch.testing.assert_close(torch.cat(parts, dim=1), gpt(ids))


def test_a_text_that_is_too_long_is_refused(gpt):
    with pytest.raises(ValueError, match="has 9 tokens and the model can"):
        gpt(torch.zeros(1, 9, dtype=torch.long))
    caches = [{} for _ in gpt.blocks]
    gpt(torch.zeros(1, 8, dtype=torch.long), caches)
    with pytest.raises(ValueError, match="has 9 tokens"):
        gpt(torch.zeros(1, 1, dtype=torch.long), caches)


def test_padding_changes_nothing():
    torch.manual_seed(0)
    encoder = Encoder(11, 8, d_model=12, num_heads=3, num_layers=2).eval()
    ids = torch.randint(11, (2, 5))
    padded = torch.cat((ids, torch.randint(11, (2, 3))), dim=1)
    real = torch.arange(8).expand(2, 8) < 5
    torch.testing.assert_close(encoder(padded, real)[:, :5], encoder(ids))
    assert not torch.allclose(encoder(padded)[:, :5], encoder(ids))


def test_heads_must_share_the_width():
    with pytest.raises(ValueError, match="must be a multiple of num_heads"):
        Attention(10, 4)


def test_an_empty_text_gives_nothing(gpt):
    assert gpt(torch.zeros(2, 0, dtype=torch.long)).shape == (2, 0, 11)
