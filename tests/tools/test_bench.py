"""The bench runs in turn, on the same images, and quotes medians."""

import statistics

from helpers.data import load_embedded
from tools.bench import training as bench


def test_the_bench_interleaves_and_quotes_medians():
    called = []
    functions = {n: lambda n=n: called.append(n) for n in ("a", "b")}
    rates = bench.measure(functions, rounds=3)
    assert called == ["a", "b"] * 4
    assert [len(r) for r in rates.values()] == [3, 3]
    text = bench.table({"a": [10.0, 20.0, 30.0], "b": [20.0, 60.0, 60.0]})
    assert "| a | 20 (10 to 30) | 1.00 |" in text
    ratio = statistics.median([2, 3, 2])
    assert f"| b | 60 (20 to 60) | {ratio:.2f} |" in text


def test_both_loops_of_the_bench_see_the_same_images(monkeypatch):
    images = load_embedded().train[:3]
    X, y = bench.PerImage(images)[1]
    assert (X - images.inputs()[1]).abs().max() < 1e-6
    assert y == images.labels[1]
