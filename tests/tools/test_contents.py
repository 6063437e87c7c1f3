"""The table of contents holds every notebook, and says what is wrong in it."""

import pytest

from tools import contents
from tools.contents import ContentsError, load, misplaced, renumber
from tools.notebook_files import NOTEBOOKS

ENTRY = """\
[[part]]
title = "One"
[[part.chapter]]
topic = "first_steps"
title = "First steps"
question = "What is it?"
after = []
[[part]]
title = "Two"
[[part.chapter]]
topic = "more"
title = "More"
question = "And then?"
after = ["first_steps"]
"""


def test_it_holds_every_notebook_and_no_other():
    assert misplaced(load()) == [], "`make refresh` gives the right numbers"
    assert [chapter.path for chapter in load()] == NOTEBOOKS


def test_a_number_follows_from_the_place():
    first, second = load(ENTRY)
    assert (first.stem, second.stem) == ("00_first_steps", "01_more")
    assert (first.part, second.part) == ("I. One", "II. Two")
    assert second.after == ("first_steps",)
    assert second.link == "[More](01_more.ipynb)"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('after = ["first_steps"]', 'after = ["later"]', "later, which must"),
        ("after = []", 'after = ["more"]', "must come before it"),
        ('topic = "more"', 'topic = "first_steps"', "stands there twice"),
        ('topic = "more"', 'topic = "More"', "lower-case words joined by _"),
        ('topic = "more"', 'topic = "01_more"', "lower-case words"),
        ("And then?", "And then", "ends in a question mark"),
        ('title = "More"\n', "", "has after, question, title, topic, not"),
        ('title = "More"', "title = More", "cannot be read"),
        ('title = "More"', 'title = "More"\nminutes = 5', "minutes"),
    ],
)
def test_what_is_wrong_is_named(old, new, words):
    assert old in ENTRY
    with pytest.raises(ContentsError, match=words):
        load(ENTRY.replace(old, new))


def test_every_topic_has_its_checks_and_wrong_answers():
    from tools.notebook_files import ROOT

    topics = {chapter.topic for chapter in load()}
    for folder in (
        "helpers/checks",
        "tests/wrong_answers",
        "tests/right_answers",
    ):
        files = {path.stem for path in (ROOT / folder).glob("*.py")}
        assert {f for f in files if f[0] != "_"} == topics, folder


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Notebooks of ENTRY that stand under each other's numbers."""
    monkeypatch.setattr(contents, "ROOT", tmp_path)
    (tmp_path / "notebooks").mkdir()
    for name in ("01_first_steps", "00_more"):
        path = tmp_path / "notebooks" / f"{name}.ipynb"
        path.write_text(name, encoding="utf-8")
    return tmp_path / "notebooks"


def test_moving_an_entry_renumbers_the_notebooks(folder):
    chapters = load(ENTRY)
    assert len(misplaced(chapters)) == 2
    renumber(chapters)
    stored = {
        path.name: path.read_text(encoding="utf-8")
        for path in folder.iterdir()
    }
    assert stored == {
        "00_first_steps.ipynb": "01_first_steps",
        "01_more.ipynb": "00_more",
    }
    assert renumber(chapters) == []


def test_a_renamed_topic_is_named(folder):
    renamed = ENTRY.replace('topic = "more"', 'topic = "much_more"')
    with pytest.raises(
        ContentsError, match="alone: much_more; in notebooks/ alone: more"
    ):
        misplaced(load(renamed))
    assert len(list(folder.iterdir())) == 2
