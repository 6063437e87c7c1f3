"""The translator: what it may see, what it learns, and its searches."""

import itertools

import pytest
import torch

from helpers.translator import (
    BEGIN,
    END,
    PAD,
    UNKNOWN,
    EncoderDecoder,
    Vocabulary,
    alignment,
    beam_search,
    greedy,
    train_translator,
    translate,
)

WORDS = list("abcdef")


@pytest.fixture
def net():
    torch.manual_seed(0)
    return EncoderDecoder(10, 10, max_length=9, d_model=16).eval()


@pytest.fixture(scope="module")
def reversing():
    """A net that has learned to write three letters backwards."""
    torch.manual_seed(0)
    words = Vocabulary([WORDS])
    pairs = [list(p) for p in itertools.permutations(WORDS, 3)]
    source = words.encode(pairs)
    target = words.encode([p[::-1] for p in pairs])
    net = EncoderDecoder(len(words), len(words), 8, 32)
    losses = train_translator(net, source, target, 200, seed=0)
    return net, words, losses


def test_padding_changes_nothing(net):
    source = torch.tensor([[BEGIN, 4, 5, END]])
    longer = torch.cat([source, torch.full((1, 3), PAD)], dim=1)
    target = torch.tensor([[BEGIN, 6, 7]])
    torch.testing.assert_close(net(source, target), net(longer, target))


def test_the_decoder_looks_back_only(net):
    source = torch.tensor([[BEGIN, 4, 5, END]])
    one = torch.tensor([[BEGIN, 6, 7, 8]])
    other = torch.tensor([[BEGIN, 6, 9, 4]])
    a, b = net(source, one), net(source, other)
    assert torch.equal(a[:, :2], b[:, :2])
    assert not torch.allclose(a[:, 2:], b[:, 2:])


def test_it_learns_to_turn_letters_round(reversing):
    net, words, losses = reversing
    assert losses[-1] < 0.1 < losses[0]
    assert not net.training
    said = translate(net, [list("abc"), list("fde")], words, words)
    assert said == [list("cba"), list("edf")]


def test_where_it_looks_adds_up(reversing):
    net, words, _ = reversing
    source, target = words.encode([list("abc")]), words.encode([list("cba")])
    table = alignment(net, source, target[:, :-1])
    assert table.shape == (4, 5)
    torch.testing.assert_close(table.sum(dim=1), torch.ones(4))


def test_a_beam_of_one_is_greedy(net):
    for seed in range(5):
        ids = torch.randint(4, 10, (1, 5), generator=_generator(seed))
        (total, row) = beam_search(net, ids, width=1, max_length=6)[0]
        alone = greedy(net, ids, max_length=6)
        assert row.tolist() == alone[0].tolist()
        assert total <= 0


def test_a_wide_beam_finds_the_best_of_all(net):
    """Against every sentence of at most two tokens."""
    source = torch.tensor([[BEGIN, 4, 5, END]])
    everything = {}
    with torch.no_grad():
        memory, real = net.encode(source), source != PAD
        for length in (0, 1, 2):
            for words in itertools.product(range(10), repeat=length):
                if END in words:
                    continue
                ids = torch.tensor([[BEGIN, *words, END]])
                logits = net.decode(ids[:, :-1], memory, real)
                log_probs = logits.log_softmax(dim=-1)[0]
                places = torch.arange(length + 1)
                everything[words] = log_probs[places, ids[0, 1:]].sum()
    best = max(everything, key=everything.get)
    found = beam_search(net, source, width=1000, max_length=4)
    ended = [(t, r) for t, r in found if END in r.tolist()]
    total, row = ended[0]
    row = row.tolist()[1:]
    assert tuple(row[: row.index(END)]) == best
    assert total == pytest.approx(everything[best].item(), abs=1e-5)


def test_training_follows_from_the_seed():
    def run(seed):
        torch.manual_seed(0)
        net = EncoderDecoder(10, 10, 8, 16)
        ids = torch.randint(4, 10, (100, 6), generator=_generator(1))
        return train_translator(net, ids, ids, 3, seed)

    assert run(1) == run(1) != run(2)


def test_the_vocabulary():
    words = Vocabulary([["b", "a"], ["a"]])
    assert words.tokens[4:] == ["a", "b"]
    ids = words.encode([["a", "b"], ["a"]])
    assert ids.tolist() == [[BEGIN, 4, 5, END], [BEGIN, 4, END, PAD]]
    assert [words.decode(row) for row in ids] == [["a", "b"], ["a"]]
    rare = Vocabulary([["b", "a"], ["a"]], least=2, unknown=True)
    assert rare.encode([["b"]]).tolist() == [[BEGIN, UNKNOWN, END]]


def test_what_cannot_be_translated_is_refused(net):
    words = Vocabulary([["a", "b"]])
    with pytest.raises(ValueError, match="no token 'c'; it has 2, such as a"):
        words.encode([["c"]])
    with pytest.raises(ValueError, match="an empty sentence"):
        words.encode([[]])
    with pytest.raises(ValueError, match="no sentence to encode"):
        words.encode([])
    with pytest.raises(ValueError, match=r"split it first"):
        words.encode(["ab"])
    with pytest.raises(ValueError, match="would be empty"):
        Vocabulary([["a"]], least=2)
    with pytest.raises(ValueError, match=r"10 tokens .* 9 \(its max_length"):
        greedy(net, torch.full((1, 10), 4))
    with pytest.raises(ValueError, match="one sentence at a time"):
        beam_search(net, torch.full((2, 3), 4))
    with pytest.raises(ValueError, match="at least 1"):
        beam_search(net, torch.full((1, 3), 4), width=0)
    with pytest.raises(ValueError, match="each sentence needs one"):
        train_translator(net, torch.ones(2, 3), torch.ones(1, 3), 1, 0)
    with pytest.raises(ValueError, match="num_steps must be at least 1"):
        train_translator(net, torch.ones(2, 3), torch.ones(2, 3), 0, 0)


def _generator(seed):
    return torch.Generator().manual_seed(seed)
