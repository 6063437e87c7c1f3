"""What repeats the contents, the times or the address agrees with them."""

import re

import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from tools import generated
from tools.contents import load
from tools.notebook_files import read
from tools.times import Section, ledger

CONTENTS = """\
[[part]]
title = "One"
[[part.chapter]]
topic = "first"
title = "First"
question = "What is it?"
after = []
[[part.chapter]]
topic = "second"
title = "Second"
question = "And then?"
after = ["first"]
"""
WRITTEN = "You will be able to\n\n- read;\n- do;\n- say."


def opening(title="# 9. Old", question="**Old?**", reading="*Reading old.*"):
    badge = "[![Open in Colab](images/colab.svg)](old) · [Next: Old](old)"
    return "\n\n".join([title, question, WRITTEN, reading, badge])


def test_nothing_generated_is_out_of_date():
    names = [path.name for path in generated.outdated()]
    assert not names, "`make refresh` writes what is generated anew"


def test_an_opening_is_made_anew_around_what_the_author_wrote():
    chapters = load(CONTENTS)
    notebook = new_notebook(cells=[new_markdown_cell(opening())])
    generated.update_notebook(notebook, chapters[1], chapters)
    text = notebook.cells[0].source
    title, question, *body, times, links = text.split("\n\n")
    assert title == "# 1. Second"
    assert question == "**And then?**"
    assert "\n\n".join(body) == WRITTEN
    assert times == (
        "*Reading 5 minutes, exercises 0 minutes, running time not measured "
        "yet. Comes after: [First](00_first.ipynb).*"
    )
    assert "/blob/main/notebooks/01_second.ipynb)" in links
    assert links.endswith(" · [Previous: First](00_first.ipynb)")
    before = text
    generated.update_notebook(notebook, chapters[1], chapters)
    assert notebook.cells[0].source == before


@pytest.mark.parametrize(
    "source",
    [
        opening(title="Old"),
        opening(question="Old?"),
        opening(reading="An hour."),
        "# 1. Second",
    ],
)
def test_an_opening_that_lacks_a_line_is_named(source):
    chapters = load(CONTENTS)
    notebook = new_notebook(cells=[new_markdown_cell(source)])
    with pytest.raises(generated.GeneratedError, match=r"01_second\.ipynb"):
        generated.update_notebook(notebook, chapters[1], chapters)


def test_links_follow_the_numbers_and_titles():
    chapters = load(CONTENTS)
    text = "[a](07_second.ipynb), [b](00_other.ipynb), x/07_second.ipynb, "
    text += "[Next: Old](09_first.ipynb)"
    assert generated.renumbered(text, chapters) == (
        "[Second](01_second.ipynb), [b](00_other.ipynb), x/07_second.ipynb, "
        "[Next: First](00_first.ipynb)"
    )


def test_text_without_its_marks_is_named():
    marks = "a <!-- x -->\nold\n<!-- /x --> b"
    text = generated.filled(marks, "x", "new", "README.md")
    assert text == "a <!-- x -->\n\nnew\n\n<!-- /x --> b"
    for broken in ("", "<!-- x -->", marks + marks):
        with pytest.raises(
            generated.GeneratedError, match=r"README.md needs one <!-- x -->"
        ):
            generated.filled(broken, "x", "new", "README.md")


def test_the_plan_cuts_between_sections(monkeypatch):
    chapters = load(CONTENTS)
    minutes = {
        "first": [Section("", 10, 0), Section("A", 50, 20)],
        "second": [Section("", 5, 0), Section("B", 80, 0), Section("C", 9, 0)],
    }
    monkeypatch.setattr(generated.times, "sections", minutes.get)
    topics = {chapter.topic: chapter.topic for chapter in chapters}
    rows = generated.plan(chapters, topics, 90).splitlines()[2:]
    assert rows == [
        "| 1 | First; Second, up to *B* | 65 min | 20 min |",
        "| 2 | Second, from *B* | 89 min | 0 min |",
    ]
    rows = generated.plan(chapters, topics, 20).splitlines()[2:]
    assert [row.split("|")[2].strip() for row in rows] == [
        "First, up to *A*",
        "First, from *A*",
        "Second, up to *B*",
        "Second, from *B*, up to *C*",
        "Second, from *C*",
    ]


def fake(**change):
    return {
        "topic": "first",
        "seconds": 12,
        "core_seconds": 18,
        "MiB": 1234,
        "operations": 2_500_000,
        "failed_while_counted": 0,
    } | change


def test_the_ledger_s_table_adds_up():
    chapters = load(CONTENTS)
    second = fake(topic="second", MiB=5, failed_while_counted=2)
    text = generated.ledger_table(chapters, {"rows": [second, fake()]})
    assert text.splitlines()[2:] == [
        "| 0. First | 12 s | 1,234 MiB | 2.5e+06 | 0.05 Wh |",
        "| 1. Second | 12 s | 5 MiB | over 2.5e+06 | 0.05 Wh |",
        "| all, one after another | 24 s | 1,234 MiB | over 5.0e+06 "
        "| 0.10 Wh |",
    ]


def test_every_time_stands_everywhere_the_same():
    """The README's row and the notebook's first cell say one thing."""
    readme = generated.README.read_text(encoding="utf-8")
    for chapter in load():
        line = read(chapter.path).cells[0].source.split("\n\n")[-2]
        numbers = re.findall(r"\d+", line.split("Comes after")[0])
        (row,) = (
            row for row in readme.splitlines() if chapter.path.name in row
        )
        shown = re.findall(r"\d+", "|".join(row.split("|")[3:]))
        assert shown[: len(numbers)] == numbers[: len(shown)], chapter.topic
        if chapter.topic in ledger():
            assert shown == numbers[: len(shown)]


def test_the_map_shows_every_notebook_with_its_question():
    text = generated.map_of(load())
    for chapter in load():
        assert f"{chapter.number}. {chapter.link}" in text
        assert chapter.question in text
    first = read(load()[0].path)
    assert any(text in cell.source for cell in first.cells)
