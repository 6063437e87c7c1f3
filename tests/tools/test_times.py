"""Reading, exercises and running are counted, not typed."""

import pytest
from nbformat.v4 import (
    new_code_cell,
    new_markdown_cell,
    new_notebook,
    new_output,
)

from tools import times

PICTURE = new_output("display_data", data={"image/png": "", "text/plain": ""})
HIDDEN = {"jupyter": {"source_hidden": True}}
CARD = "### Exercise 1. Do\n\n*What for:* it. *About 7 minutes; one line.*"


@pytest.mark.parametrize(
    ("cell", "minutes"),
    [
        (new_markdown_cell("word " * 150), 1),
        (new_markdown_cell("don't " * 150), 1),
        (new_markdown_cell("$" + "x " * 150 + "$ `" + "y " * 150 + "`"), 0),
        (new_markdown_cell("Before you run it: guess"), 1 + 5 / 150),
        (new_markdown_cell("[one](03_much_more.ipynb) <br> two"), 2 / 150),
        (new_code_cell("x = 1\n\ny = 2"), 8 / 60),
        (new_code_cell("x = 1", metadata=HIDDEN), 0),
        (new_code_cell("x", metadata=HIDDEN, outputs=[PICTURE]), 40 / 60),
        (new_markdown_cell(CARD), 0),
        (new_markdown_cell("<details><summary>Hint</summary>a</details>"), 0),
        (new_code_cell("x", metadata={"tags": ["exercise"]}), 0),
        (new_markdown_cell("x", metadata={"tags": ["solution"]}), 0),
    ],
)
def test_reading_by_the_formula(cell, minutes):
    assert times.reading_of(cell) == pytest.approx(minutes)


def test_sections_add_up_to_the_whole():
    cells = [
        new_markdown_cell("# Title\n\n" + "word " * 149),
        new_markdown_cell("a\n\n## One\n\n" + "word " * 149 + "\n\n## Two"),
        new_code_cell("x = 1\n" * 15),
        new_markdown_cell(CARD),
        new_markdown_cell(CARD.replace("7 minutes", "1 minute")),
    ]
    notebook = new_notebook(cells=cells)
    first, one, two = times.sections(notebook)
    assert (first.heading, one.heading, two.heading) == ("", "One", "Two")
    assert [first.exercises, one.exercises, two.exercises] == [0, 0, 8]
    assert first.reading == pytest.approx(151 / 150)
    assert one.reading == pytest.approx(1)
    assert two.reading == pytest.approx(1 + 1 / 150)
    assert times.exercises(notebook) == 8
    assert times.reading(notebook) == 5


@pytest.mark.parametrize(
    ("seconds", "words"), [(6, "6 s"), (99, "99 s"), (150, "2.5 min")]
)
def test_running_is_what_the_ledger_measured(seconds, words, monkeypatch):
    rows = {"x": {"seconds": seconds, "MiB": 1000}}
    monkeypatch.setattr(times, "ledger", lambda: rows)
    assert times.running("x") == words
    assert times.running("y") == "not measured yet"
    assert times.ceiling("x") == {"seconds": 60 + 5 * seconds, "MiB": 1800}
    assert times.ceiling("y") == times.UNMEASURED


def test_words_are_counted_outside_exercises_and_formulas():
    cells = [
        new_markdown_cell("one two $x + y$ `code` three"),
        new_markdown_cell(CARD),
        new_code_cell("x = 1\n" * 15),
        new_code_cell("assert x", metadata=HIDDEN),
    ]
    measured = times.measure(new_notebook(cells=cells))
    assert measured == times.Measure(words=3, cells=2, minutes=1)


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ([new_markdown_cell("word " * 3800)], []),
        ([new_markdown_cell("word " * 3801)], ["3,801 words, more"]),
        ([new_code_cell("x") for _ in range(56)], ["56 cells, more"]),
        ([new_code_cell("x = 1\n" * 1000)], ["67 minutes, more than 65"]),
    ],
)
def test_over_an_hour_is_said_in_words(cells, words):
    notebook = new_notebook(cells=cells)
    said = times.over_limit(notebook)
    assert len(said) == len(words)
    for line, start in zip(said, words, strict=True):
        assert line.startswith(start)


def test_the_table_has_a_line_for_each_notebook():
    assert len(list(times.table())) == 1 + len(times.NOTEBOOKS)
