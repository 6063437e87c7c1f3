import itertools
import math

import pytest
import torch
from torch.nn import functional as F

from helpers.ctc import (
    LETTERS,
    beam_search,
    collapse,
    ctc_loss,
    edit_distance,
    error_rate,
    greedy,
    states_of,
    to_numbers,
    to_text,
)


def random_logits(frames, seed, symbols=28):
    draw = torch.Generator().manual_seed(seed)
    logits = torch.randn(frames, symbols, generator=draw, dtype=torch.float64)
    return logits.requires_grad_()


@pytest.mark.parametrize("text", ["a", "no", "oo", "three", "three seven"])
def test_the_loss_and_its_gradient_are_torchs(text):
    logits, theirs = random_logits(40, 0), random_logits(40, 0)
    labels = to_numbers(text)
    loss = ctc_loss(logits.log_softmax(1), labels)
    expected = F.ctc_loss(
        theirs.log_softmax(1),
        labels,
        torch.tensor(40),
        torch.tensor(len(labels)),
        reduction="sum",
    )
    torch.testing.assert_close(loss, expected)
    loss.backward()
    expected.backward()
    torch.testing.assert_close(logits.grad, theirs.grad)


def test_the_loss_is_the_sum_over_all_paths():
    log_probs = random_logits(5, 1, symbols=3).detach().log_softmax(1)
    total = 0.0
    for path in itertools.product(range(3), repeat=5):
        if collapse(path) == [1, 2]:
            steps = [log_probs[t, s].item() for t, s in enumerate(path)]
            total += math.exp(sum(steps))
    loss = ctc_loss(log_probs, torch.tensor([1, 2]))
    assert loss.item() == pytest.approx(-math.log(total))


def test_too_few_frames_have_no_path():
    log_probs = random_logits(2, 2).detach().log_softmax(1)
    assert ctc_loss(log_probs, to_numbers("oo")) > 1e29
    assert ctc_loss(log_probs, to_numbers("no")) < 100


def test_a_jump_needs_two_different_letters():
    symbols, jump = states_of(to_numbers("noon"))
    assert "".join(LETTERS[s] for s in symbols) == "_n_o_o_n_"
    assert jump.tolist() == [k in (3, 7) for k in range(9)]


@pytest.mark.parametrize(
    ("path", "text"),
    [("nn_oo_", "no"), ("_n_o_o", "noo"), ("____", ""), ("", "")],
)
def test_a_path_stands_for_a_text(path, text):
    assert to_text(collapse([LETTERS.index(c) for c in path])) == text


def test_letters_without_a_number_are_named():
    with pytest.raises(ValueError, match="'7', 'É'"):
        to_numbers("É7a")
    assert to_text(to_numbers("a  b ")) == "a b"


def certain(path):
    """Log probabilities of a network that is nearly sure of a path."""
    log_probs = torch.full((len(path), len(LETTERS)), -9.0)
    for t, symbol in enumerate(path):
        log_probs[t, LETTERS.index(symbol)] = -0.01
    return log_probs


def test_decoders_agree_where_the_network_is_sure():
    log_probs = certain("__s_iix_ _z_e_rr_o")
    assert greedy(log_probs) == "six zero"
    assert beam_search(log_probs) == "six zero"
    assert beam_search(log_probs, ["six", "zero"]) == "six zero"
    assert beam_search(log_probs, ["six", "one"]).startswith("six")


def test_the_beam_adds_up_paths_where_greedy_takes_one():
    # Two frames, blank 0.6 and "a" 0.4: the best single path is blank,
    # blank (0.36), but "a" has three paths (0.64).
    log_probs = torch.full((2, len(LETTERS)), -1e9)
    log_probs[:, 0], log_probs[:, 1] = math.log(0.6), math.log(0.4)
    assert greedy(log_probs) == ""
    assert beam_search(log_probs) == "a"


def test_the_beam_finds_the_likeliest_text():
    log_probs = random_logits(4, 3).detach()[:, :4].log_softmax(1)
    best = max(
        (
            text
            for size in range(5)
            for text in itertools.product(range(1, 4), repeat=size)
        ),
        key=lambda text: -ctc_loss(log_probs, torch.tensor(text, dtype=int)),
    )
    assert beam_search(log_probs, width=200) == to_text(best)


def test_a_word_list_leaves_only_its_words():
    for seed in range(5):
        log_probs = random_logits(30, seed).detach().log_softmax(1)
        words = {"one", "two", "three"}
        assert set(beam_search(log_probs, words).split()) <= words


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("", "", 0),
        ("five", "fiv", 1),
        ("kitten", "sitting", 3),
        ("", "abc", 3),
        (["one", "two"], ["two"], 1),
    ],
)
def test_edit_distance(a, b, expected):
    assert edit_distance(a, b) == edit_distance(b, a) == expected


def test_error_rates_are_jiwers():
    jiwer = pytest.importorskip("jiwer")
    said = ["three seven one", "no", "stop go left"]
    read = ["thre seven seven one", "no no", "go left"]
    assert error_rate(said, read) == pytest.approx(jiwer.wer(said, read))
    assert error_rate(said, read, of=list) == pytest.approx(
        jiwer.cer(said, read)
    )


def test_error_rates_by_hand():
    # one exchange and one insertion in three words, then one deletion of one
    assert error_rate(["a b c", "d"], ["a x c y", ""]) == 3 / 4
    assert error_rate(["ab"], ["b"], of=list) == 1 / 2


@pytest.mark.parametrize(
    ("said", "read", "message"),
    [(["a"], [], "one for each"), ([""], ["a"], "nothing was said")],
)
def test_error_rates_of_nothing(said, read, message):
    with pytest.raises(ValueError, match=message):
        error_rate(said, read)
