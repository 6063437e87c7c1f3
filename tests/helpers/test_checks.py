"""The machinery of checks: every verdict it can give, provoked on purpose."""

import functools
import linecache
import random
import sys
import textwrap
import threading
import time

import numpy as np
import pytest
import torch

import helpers.checks
from helpers.checks import (
    AUTOGRAD,
    SOFTMAX,
    Misconception,
    brief,
    check,
    close,
    compare,
    diagnose,
    numbers,
    part,
    tensors,
)


@check(right="doubling works", forbidden=("torch.add",))
def double(answer, random):
    """The exercise of these tests: answer(X) gives 2 X."""
    for X in (torch.tensor([1.0, 2.0]), torch.tensor([random.random()])):
        got = numbers(answer(X), X.shape, "double")
        if close(got, X):
            raise Misconception("this is the input itself: double it")
        if not close(got, 2 * X):
            raise Misconception(
                f"not doubled. {compare(X=X, expected=2 * X, yours=got)}"
            )


def learner(source, name="double", file="<cell>"):
    """What a notebook's cell with this source defines under a name."""
    source = textwrap.dedent(source)
    lines = source.splitlines(keepends=True)
    linecache.cache[file] = (len(source), None, lines, file)
    names = {"torch": torch, "np": np}
    exec(compile(source, file, "exec"), names)
    return names[name]


def judged(answer):
    verdict = double.verdict(answer)
    assert verdict.text.endswith(".")
    assert "\n" not in verdict.text, "a verdict is one line"
    return verdict


def test_right_wrong_and_not_done():
    assert judged(lambda X: 2 * X) == ("right", "Right: doubling works.")
    assert judged(lambda X: X) == (
        "wrong",
        "Not right: this is the input itself: double it.",
    )
    assert judged(lambda X: None) == (
        "not done",
        "Not done yet: the function returns nothing.",
    )


def test_wrong_shows_the_smallest_failing_input():
    assert judged(lambda X: 3 * X).text == (
        "Not right: not doubled. X [1, 2], expected [2, 4], yours [3, 6]."
    )


def test_the_notebook_reads_the_verdict_and_gets_no_value(capsys):
    assert double(lambda X: 2 * X) is None
    assert capsys.readouterr().out == "Right: doubling works.\n"


def twice(X):
    return X + X


@check(right="doubling works", ours=twice)
def used(answer, random):
    """An exercise whose answer later cells use."""
    if not close(numbers(answer(torch.ones(2))), torch.full((2,), 2.0)):
        raise Misconception("not doubled")


def test_a_right_answer_is_used_by_the_next_cells(capsys):
    def mine(X):
        return 2 * X

    assert used.yours_or_ours(mine).__wrapped__ is mine
    assert capsys.readouterr().out == "The next cells use your version.\n"


@pytest.mark.parametrize(
    "answer", [lambda X: None, lambda X: 3 * X, lambda X: 1 / 0, 7]
)
def test_ours_is_used_in_place_of_any_other_answer(answer, capsys):
    assert used.yours_or_ours(answer) is twice
    assert "ours for now; yours takes its place" in capsys.readouterr().out


def test_only_a_check_with_our_function_offers_it():
    assert not hasattr(double, "yours_or_ours")


@pytest.mark.parametrize("answer", [None, 2.0, torch.ones(2)])
def test_a_result_in_place_of_the_function_is_not_done(answer):
    verdict = judged(answer)
    assert verdict.kind == "not done"
    assert "without a call" in verdict.text


def test_a_placeholder_of_the_learner_is_not_done():
    placeholder = learner(
        """
        def double(X):
            raise NotImplementedError("later")
        """
    )
    assert judged(placeholder) == (
        "not done",
        "Not done yet: the function raises NotImplementedError.",
    )


def test_a_type_that_torch_refuses_is_an_error_not_a_placeholder():
    refused = learner(
        """
        def double(X):
            return torch.softmax(X.long(), dim=0)
        """
    )
    verdict = judged(refused)
    assert verdict.kind == "error"
    assert "line 3 (return torch.softmax" in verdict.text


def test_an_error_is_told_with_the_line_of_the_cell():
    answer = learner(
        """\
        def double(X):
            factor = 2
            return factor * XX
        """
    )
    assert judged(answer) == (
        "error",
        "Your code stopped at its line 3 (return factor * XX) with "
        "NameError: name 'XX' is not defined.",
    )


def test_an_error_in_a_nested_function_is_told_with_its_line():
    answer = learner(
        """\
        def double(X):
            def twice(x):
                return x / 0

            return [twice(x) for x in X.tolist()]
        """
    )
    text = judged(answer).text
    assert "line 3 (return x / 0) with ZeroDivisionError" in text


def test_an_error_inside_a_library_points_at_the_learners_line():
    answer = learner(
        """\
        def double(X):
            X = X.numpy()
            return np.linalg.inv(X)
        """
    )
    verdict = judged(answer)
    assert "at its line 3 (return np.linalg.inv(X))" in verdict.text
    assert "LinAlgError" in verdict.text


def test_an_error_in_a_function_of_another_cell_points_at_the_call():
    other = learner("def twice(x): return x / 0", "twice", "<other cell>")
    answer = learner("def double(X):\n    return twice(1)\n")
    answer.__globals__["twice"] = other
    assert "line 2 (return twice(1))" in judged(answer).text


def test_a_wrapped_function_points_at_its_own_line():
    answer = learner(
        """\
        import functools

        @functools.lru_cache
        def double(X):
            return X.nothing
        """
    )
    assert "at its line 5 (return X.nothing)" in judged(answer).text


def test_wrong_arguments_are_told():
    verdict = judged(lambda: 1)
    assert verdict.kind == "error"
    assert "cannot be called as the exercise asks" in verdict.text
    assert "takes 0 positional arguments but 1 was given" in verdict.text


def test_sys_exit_and_endless_recursion_are_errors_of_the_answer():
    leave = learner("import sys\ndef double(X):\n    sys.exit(3)\n")
    assert "SystemExit: 3" in judged(leave).text
    endless = learner("def double(X):\n    return double(X)\n")
    verdict = judged(endless)
    assert verdict.kind == "error"
    assert "line 2 (return double(X)) with RecursionError" in verdict.text


def test_the_learners_interrupt_passes_through():
    def endless(X):
        raise KeyboardInterrupt

    before = torch.get_rng_state()
    with pytest.raises(KeyboardInterrupt):
        double.verdict(endless)
    assert torch.equal(torch.get_rng_state(), before)


def test_an_error_whose_message_cannot_be_read_is_still_told():
    class Silent(Exception):
        def __str__(self):
            raise RuntimeError

    def answer(X):
        raise Silent

    assert "with Silent." in judged(answer).text


def test_a_long_message_is_cut():
    def answer(X):
        raise ValueError("long\n" * 1_000_000)

    assert len(judged(answer).text) < 400


def test_an_error_of_the_check_itself_is_no_traceback():
    @check(right="never")
    def broken(answer, random):
        raise ZeroDivisionError(answer(1))

    assert broken.verdict(lambda x: x) == (
        "error",
        "This check cannot read what your function returns, int 1: "
        "ZeroDivisionError.",
    )


def random_states():
    return (
        random.getstate(),
        str(np.random.get_state()),
        torch.get_rng_state().tolist(),
    )


@pytest.mark.parametrize("fails", [False, True])
def test_random_states_stay_as_the_learner_set_them(fails):
    def answer(X):
        random.seed(1)
        np.random.seed(1)
        torch.manual_seed(1)
        random.random(), np.random.rand(), torch.rand(1)
        return 2 * X if not fails else X.nothing

    before = random_states()
    assert judged(answer).kind == ("error" if fails else "right")
    assert random_states() == before


def test_a_check_draws_fresh_numbers_whatever_the_seed():
    drawn = set()

    @check(right="never")
    def draws(answer, random):
        drawn.add(random.random())

    for _ in range(5):
        random.seed(0)
        torch.manual_seed(0)
        draws.verdict(lambda: 1)
    assert len(drawn) == 5


def test_an_answer_that_changes_its_input_harms_nobody_and_is_refused():
    def answer(X):
        X.mul_(2)
        return X

    assert judged(answer) == (
        "wrong",
        "Not right: the result is right, but X, which you were given, is "
        "changed on the way, and its owner still needs it: work on a copy "
        "(`x += 1` changes x itself, `x = x + 1` does not).",
    )

    @check(right="both survive")
    def keeps(answer, random):
        given, option = [1, 2], {"a": [1]}
        answer(given, key=option)
        assert given == [1, 2]
        assert option == {"a": [1]}

    def destroys(given, key):
        given.clear()
        key.clear()
        return 1

    assert "but given, which" in keeps.verdict(destroys).text


REFUSED = "Not right: write it yourself, without `torch.add`."


@pytest.mark.parametrize(
    "source",
    [
        "def double(X): return torch.add(X, X)",
        "from torch import add\ndef double(X): return add(X, X)",
        "from torch import add as plus\ndef double(X): return plus(X, X)",
        "import torch as t\ndef double(X): return t.add(X, X)",
        "def double(X):\n from torch import add\n return add(X, X)",
        "double = torch.add",
    ],
)
def test_a_forbidden_function_is_refused_under_any_name(source):
    original = torch.add
    answer = learner(source)
    assert judged(answer) == ("wrong", REFUSED)
    assert torch.add is original
    kept = getattr(answer, "__globals__", {})
    assert all(
        kept[name] is original for name in ("add", "plus") if name in kept
    )


def test_the_check_itself_may_use_what_it_forbids():
    @check(right="yes", forbidden=("torch.softmax",))
    def judge(answer, random):
        X = torch.rand(3)
        assert close(answer(X), torch.softmax(X, 0))

    assert judge.verdict(lambda X: X.exp() / X.exp().sum()).kind == "right"


@pytest.mark.parametrize(
    "got",
    [
        [2.0, 4.0],
        (2, 4),
        [2, 4.0],
        [True + 1, np.float32(4)],
        np.array([2, 4]),
        np.array([4.0, 2.0])[::-1],
        torch.tensor([2, 4]),
        torch.tensor([2.0, 4.0], requires_grad=True),
        [torch.tensor(2.0, requires_grad=True), torch.tensor(4)],
        torch.tensor([2.0, 4.0], dtype=torch.bfloat16),
        [[2.0], [4.0]],
        [[torch.tensor(2.0), torch.tensor(4.0)]],
        np.array([[2.0, 4.0]]),
        range(2, 5, 2),
    ],
    ids=repr,
)
def test_numbers_of_any_sensible_type_and_shape(got):
    tensor = numbers(got, (2,))
    assert tensor.dtype == torch.float64
    assert not tensor.requires_grad
    assert tensor.tolist() == [2.0, 4.0]


@pytest.mark.parametrize(
    "got", [3, 3.0, [3], np.int64(3), torch.ones(1, 1) * 3]
)
def test_one_number_in_any_dress(got):
    assert numbers(got, ()).item() == 3


def test_numbers_keep_all_digits():
    assert numbers(0.1).item() == 0.1
    assert numbers([0.1, 1e300]).tolist() == [0.1, 1e300]
    assert numbers(True).item() == 1.0
    assert numbers([]).shape == (0,)


class Unreadable:
    def __repr__(self):
        raise RuntimeError


@pytest.mark.parametrize(
    "got",
    [
        "right",
        None,
        [None, None],
        ["a", "b"],
        [[1, 2], [3]],
        {1: 2},
        {1, 2},
        (x for x in (1, 2)),
        print,
        1j,
        np.array([1j]),
        torch.tensor([1j]),
        np.array(["a"]),
        np.array([None]),
        10**5000,
        Unreadable(),
    ],
    ids=lambda got: type(got).__name__,
)
def test_what_is_not_numbers_is_told(got):
    with pytest.raises(Misconception, match="f must return numbers, not") as e:
        numbers(got, what="f")
    assert len(str(e.value)) < 100
    assert "\n" not in str(e.value)


@pytest.mark.parametrize(
    ("got", "shape", "text"),
    [
        ([1, 2, 3], (2,), "f must return 2 numbers, not 3 numbers"),
        (1.0, (2,), "f must return 2 numbers, not one number"),
        ([1, 2], (), "f must return one number, not 2 numbers"),
        (
            torch.ones(2, 3),
            (3, 2),
            r"f must return numbers of shape \(3, 2\), not numbers of shape",
        ),
    ],
)
def test_wrong_shapes_are_told(got, shape, text):
    with pytest.raises(Misconception, match=text):
        numbers(got, shape, "f")


nan, inf = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("got", "expected", "agree"),
    [
        (1.0, 1.0, True),
        (1.000001, 1.0, True),
        (1.001, 1.0, False),
        ([1e6, 1.0], [1e6, 2.0], True),  # relative to the largest
        ([0.0, 1e-9], [0.0, 0.0], True),
        (nan, 1.0, False),
        (1.0, nan, False),
        (nan, nan, False),
        ([1.0, nan], [1.0, 2.0], False),
        (inf, 1.0, False),
        (inf, inf, True),
        (-inf, inf, False),
        ([5.0, inf], [1.0, inf], False),
        (1e300, 1.0, False),
        ([1.0, 1.0], 1.0, True),  # one expected number for all
        (1.0, [1.0, 1.0], False),  # but no constant for many numbers
        ([[1.0], [1.0]], [1.0, 1.0], False),
        ([1.0, 1.0, 1.0], [1.0, 1.0], False),
        ([], [], True),
    ],
)
def test_close(got, expected, agree):
    assert close(got, expected) is agree


@pytest.mark.parametrize("got", [nan, 1e308, -inf, 0.0, 1e-300])
def test_extreme_answers_are_wrong_not_errors(got):
    assert judged(lambda X: X * 0 + got).kind == "wrong"


def test_brief():
    assert brief(torch.tensor([1.0, 2.5])) == "[1, 2.5]"
    assert brief(1 / 3) == "0.3333"
    assert brief([nan, inf, 1e9]) == "[nan, inf, 1e+09]"
    assert brief(np.arange(3)) == "[0, 1, 2]"
    assert brief(list(range(1000))) == "[0, 1, 2, 3, 4, 5, 6, 7, ...]"
    assert brief(True) == "True"
    assert len(brief("x" * 10_000)) < 100
    assert compare(x=1.5, your_y=2.0) == "x 1.5, your y 2"


# --- One diagnose ----------------------------------------------------------


def mean_of(answer, *cases, **options):
    diagnose(
        answer,
        tensors(*cases),
        lambda x: x.mean(),
        {
            "you add up": lambda x: x.sum(),
            "the first alone": lambda x: x[0],
            "the last of three": lambda x: x[2],
        },
        "take the mean",
        **options,
    )


CASES = ([1.0, 2.0],), ([3.0],), ([2.0, 4.0, 9.0],), ([1.0, 5.0],)


def told(answer, *cases, **options):
    with pytest.raises(Misconception) as error:
        mean_of(answer, *(cases or CASES), **options)
    return str(error.value)


def test_a_right_answer_passes():
    mean_of(lambda x: x.mean(), *CASES)
    mean_of(lambda x: [float(x.mean())], *CASES)


def test_a_mistake_that_explains_everything_is_named():
    assert told(lambda x: x.sum()) == (
        "you add up; x [1, 2], expected 1.5, yours 3"
    )


def test_the_smallest_failing_input_is_shown():
    assert "x [3], expected 3, yours 4" in told(lambda x: x.mean() + 1)


def test_a_mistake_that_explains_one_input_alone_is_not_named():
    assert told(lambda x: x.sum(), CASES[0], CASES[1]).startswith(
        "take the mean; "
    )


def test_a_mistake_that_one_input_contradicts_is_not_named():
    def almost(x):
        return x.sum() if len(x) < 3 else x.max()

    assert told(almost).startswith("take the mean; x [1, 2]")


def test_a_mistake_that_an_input_does_not_allow_explains_nothing_there():
    assert told(lambda x: x[-1]).startswith("take the mean")


def test_an_error_on_one_input_hides_no_mistake_on_the_others():
    def stops(x):
        return x.sum() if len(x) != 3 else x.nothing

    assert told_by_check(stops).text.startswith("Not right: you add up; ")
    verdict = told_by_check(lambda x: x.mean() if len(x) < 3 else x.nothing)
    assert verdict.kind == "error"
    assert "no attribute 'nothing'" in verdict.text


def told_by_check(answer):
    @check(right="yes")
    def judge(answer, random):
        mean_of(answer, *CASES)

    return judge.verdict(answer)


def test_digits_enough_to_see_the_difference():
    assert "expected 3, yours 3.0001" in told(lambda x: x.mean() * 1.00002)
    assert compare(expected=0.61666, yours=0.61674) == (
        "expected 0.61666, yours 0.61674"
    )
    assert compare(expected=3458, yours=3457.44) == (
        "expected 3458, yours 3457.4"
    )
    assert compare(expected=46592.0, yours=46592) == (
        "expected 46592, yours 46592"
    )


def test_of_many_numbers_the_first_that_differs_is_shown():
    x = torch.arange(12.0).reshape(3, 4)
    other = x.clone()
    other[2, 1] = -1
    assert compare(expected=x, yours=other) == (
        "at [2, 1], expected 9, yours -1"
    )


def test_mistakes_may_be_a_table_of_what_each_gives():
    def judge(answer):
        diagnose(
            answer,
            tensors(*CASES),
            lambda x: x.mean(),
            lambda x: {"you add up": x.sum(), "the highest": x.max()},
            "take the mean",
        )

    judge(lambda x: x.mean())
    with pytest.raises(Misconception, match="you add up; x "):
        judge(lambda x: x.sum())
    with pytest.raises(Misconception, match="take the mean; x "):
        judge(lambda x: x.sum() + 1)


def test_a_wrong_shape_is_said_with_the_input():
    assert told(lambda x: x) == (
        "your function must return one number, not 2 numbers; x [1, 2]"
    )


def test_a_result_is_and_a_function_returns():
    with pytest.raises(Misconception, match=r"the bends must be 2 numbers"):
        numbers([1.0], (2,), "the bends")
    with pytest.raises(Misconception, match="the bends must be numbers, not"):
        numbers("a", what="the bends")


def test_where_the_shape_is_asked_a_column_is_no_row():
    def judge(answer, **options):
        cases = tensors(([1.0, 2.0],), ([3.0, 5.0, 4.0],))
        diagnose(answer, cases, lambda x: 2 * x, {}, "double", **options)

    judge(lambda x: 2 * x[:, None])
    judge(lambda x: 2 * x, exact_shape=True)
    with pytest.raises(Misconception) as refused:
        judge(lambda x: 2 * x[:, None], exact_shape=True)
    assert str(refused.value) == (
        "the numbers are right, but your function must return 2 numbers, "
        "not numbers of shape (2, 1); x [1, 2]"
    )
    with pytest.raises(Misconception, match="double; x"):
        judge(lambda x: 3 * x[:, None], exact_shape=True)


def test_many_numbers_are_shown_as_their_shape():
    assert brief(torch.zeros(6, 2, 3)) == "(36 numbers of shape (6, 2, 3))"


def test_another_convention_is_right_if_it_is_kept():
    def spread(answer):
        diagnose(
            answer,
            tensors(([1.0, 2.0],), ([2.0, 5.0, 1.0],)),
            lambda x: x.std(),
            {},
            "the standard deviation",
            also=[lambda x: x.std(correction=0)],
        )

    spread(lambda x: x.std())
    spread(lambda x: x.std(correction=0))
    with pytest.raises(Misconception):
        spread(lambda x: x.std(correction=int(len(x) == 2)))


def test_one_of_several_results():
    def both(x):
        return x.min(), x.max()

    highest = part(both, 1, "the lowest", "the highest")
    assert highest(torch.tensor([1.0, 3.0])) == 3
    for wrong in (1.0, (1.0,), None, {"a": 1, "b": 2}, "ab"):
        with pytest.raises(Misconception, match="return two things, the low"):
            part(lambda x, wrong=wrong: wrong, 0, "the lowest", "the b")(1)


# --- What is forbidden, is computed ----------------------------------------


@check(right="yes", forbidden=SOFTMAX)
def shares(answer, random):
    x = torch.tensor([1.0, 3.0, 2.0])
    assert close(answer(x), x.exp() / x.exp().sum())


@pytest.mark.parametrize(
    "source",
    [
        "torch.special.softmax(x, 0)",
        "functools.partial(torch.softmax, dim=0)(x)",
        "torch.nn.Softmax(0)(x)",
        "torch.nn.functional.softmin(-x, 0)",
        "torch.log_softmax(x, 0).exp()",
        "torch.ops.aten.softmax(x, 0)",
        "getattr(torch, 'soft' + 'max')(x, 0)",
        "list(map(lambda f: f(x, 0), [torch.softmax]))[0]",
        "scipy.special.softmax(x.numpy())",
    ],
)
def test_no_spelling_of_the_softmax_passes(source):
    import scipy.special

    answer = eval(
        f"lambda x: {source}",
        {"torch": torch, "functools": functools, "scipy": scipy},
    )
    assert "write it yourself, without `" in shares.verdict(answer).text

    def bound(x, function=torch.softmax):
        return function(x, 0)

    assert "write it yourself" in shares.verdict(bound).text


def test_one_who_catches_the_refusal_is_refused():
    def hidden(x):
        try:
            return torch.softmax(x, 0)
        except Exception:
            return x.exp() / x.exp().sum()

    assert "write it yourself" in shares.verdict(hidden).text
    assert shares.verdict(lambda x: x.exp() / x.exp().sum()).kind == "right"


@pytest.mark.parametrize(
    "slope",
    [
        lambda f, x: torch.autograd.grad(f(y := leaf(x)), y)[0],
        lambda f, x: (y := leaf(x), f(y).backward(), y.grad)[2],
        lambda f, x: (y := leaf(x), torch.autograd.backward(f(y)), y.grad)[2],
        lambda f, x: torch.func.grad(f)(x),
        lambda f, x: torch.func.jacfwd(f)(x),
        lambda f, x: torch.func.vjp(f, x)[1](torch.ones(()))[0],
        lambda f, x: torch.autograd.functional.jacobian(f, x),
        lambda f, x: torch.func.jvp(f, (x,), (torch.ones(()),))[1],
    ],
)
def test_no_way_to_a_gradient_by_autograd_passes(slope):
    @check(right="yes", forbidden=AUTOGRAD)
    def judge(answer, random):
        x = torch.tensor(3.0)
        assert close(answer(x), 6.0)

    verdict = judge.verdict(lambda x: slope(lambda y: y * y, x))
    assert "this exercise is without autograd" in verdict.text
    assert judge.verdict(lambda x: 2 * x).kind == "right"
    x = torch.tensor(3.0, requires_grad=True)
    (x * x).backward()  # afterwards all is as before
    assert x.grad == 6


def leaf(x):
    return x.clone().requires_grad_()


# --- Nothing the answer does harms the check -------------------------------


@pytest.fixture
def soon(monkeypatch):
    monkeypatch.setattr(helpers.checks, "SECONDS", 0.3)


def endless(x):
    while True:
        pass


def stubborn(x):
    """A loop that catches one interruption, and not the next."""
    try:
        endless(x)
    except:  # noqa: E722
        endless(x)


@pytest.mark.parametrize("answer", [endless, stubborn])
@pytest.mark.parametrize("main", [True, False])
def test_an_endless_loop_is_stopped_and_leaves_no_thread(soon, answer, main):
    found = []
    threads = threading.active_count()
    if main:
        found.append(double.verdict(answer))
    else:
        one = threading.Thread(
            target=lambda: found.append(double.verdict(answer))
        )
        one.start()
        one.join(20)
    assert threading.active_count() == threads
    assert found[0].kind == "error"
    assert "still ran after 0.3 seconds" in found[0].text
    assert "Interrupt the Kernel" in found[0].text
    time.sleep(0.3)  # no alarm comes later


def test_an_import_is_never_cut_in_half(soon, tmp_path, monkeypatch):
    slow = tmp_path / "slow_to_import.py"
    program = "import time\ntime.sleep(0.8)\nvalue = 1\n"
    slow.write_text(program, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    def answer(x):
        import slow_to_import  # noqa: F401

        endless(x)

    assert "still ran" in double.verdict(answer).text
    assert sys.modules.pop("slow_to_import").value == 1


def test_a_missing_branch_is_wrong_and_not_undone():
    def half(X):
        if len(X) > 1:
            return 2 * X

    verdict = judged(half)
    assert verdict.kind == "wrong"
    assert "it returns nothing here" in verdict.text


@pytest.mark.parametrize(
    "body", ["pass", "...", "return", "return None", '"""Text."""']
)
def test_what_returns_nothing_anywhere_is_not_done(body):
    assert judged(learner(f"def double(X):\n    {body}")).kind == "not done"


@pytest.mark.parametrize("body", ["X * 2", "Y = X + X", "print(X)"])
def test_a_forgotten_return_is_wrong_and_not_undone(body):
    verdict = judged(learner(f"def double(X):\n    {body}"))
    assert verdict.kind == "wrong"
    assert "without `return`" in verdict.text


def test_float32_beside_our_float64_is_right():
    def answer(X):
        two = torch.eye(len(X), dtype=torch.float32) * 2
        return two @ X

    assert judged(answer).kind == "right"


@pytest.mark.parametrize("kind", ["tensor", "array", "list", "dict", "nested"])
def test_whatever_is_changed_is_noticed(kind):
    given = {
        "tensor": torch.ones(2),
        "array": np.ones(2),
        "list": [1.0, 1.0],
        "dict": {"a": 1.0},
        "nested": [{"a": torch.ones(2)}],
    }[kind]

    def changes(thing):
        if kind == "nested":
            thing[0]["a"] += 1
        elif kind == "dict":
            thing["a"] = 2.0
        else:
            thing[0] = 5.0
        return 1.0

    @check(right="yes")
    def judge(answer, random):
        answer(given)

    assert "thing, which you were given" in judge.verdict(changes).text
    assert judge.verdict(lambda thing: 1.0).kind == "right"


def test_the_verdict_is_seen_at_a_glance():
    for answer, sign, word in (
        (lambda X: 2 * X, "\N{CHECK MARK}", "Right"),
        (lambda X: X, "\N{MULTIPLICATION X}", "Not right"),
        (lambda X: X.nothing, "!", "Your code stopped"),
        (lambda X: None, "\N{WHITE CIRCLE}", "Not done yet"),
    ):
        shown = judged(answer)._repr_html_()
        assert f"{sign} {word}" in shown
        assert "color: #" in shown
    shown = judged(lambda X: X["<b>"])._repr_html_()
    assert "<b>&" not in shown
    assert "&lt;b&gt;" in shown


def test_the_same_seed_draws_the_same():
    drawn = []

    @check(right="never")
    def draws(answer, random):
        drawn.append(random.random())

    draws.verdict(lambda: 1, 7)
    draws.verdict(lambda: 1, 7)
    assert drawn[0] == drawn[1]
