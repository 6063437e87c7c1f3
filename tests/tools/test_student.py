"""The class's editions, made from a small notebook of our own."""

import json
import re
import sys

import nbformat
import pytest
from nbformat.v4 import (
    new_code_cell,
    new_markdown_cell,
    new_notebook,
    new_output,
)

from tools import notebook_files, student
from tools.notebook_files import code_cells, read, tags

OPENING = """\
# 1. Small numbers

[![Open in Colab](images/colab.svg)](https://example.org/01.ipynb) · \
[Next: Large numbers](02_large.ipynb) · ![badge](images/colab.svg)"""
CARD = "### Exercise 1. Double it\n\n*What for: to see. 1 minute; 1 line.*"
STUB = """\
def double(x):
    # your code here
    return None


checks.double(double)"""
HINT = "<details><summary>Hint 1</summary>\n\nAdd it to itself.\n</details>"
SOLUTION = """\
<details><summary>Solution</summary>

```python
def double(x):
    return 2 * x
```

Twice a number is the number and itself.
</details>"""
PAGE = """\
# 1. Small numbers: solutions

## Exercise 1. Double it

```python
def double(x):
    return 2 * x
```

Twice a number is the number and itself.
"""


def small_notebook():
    stub = new_code_cell(
        STUB, metadata={"tags": ["exercise", "exercise-double"]}
    )
    output = new_output("stream", name="stdout", text="Not done yet")
    stub.outputs, stub.execution_count = [output], 7
    stub.metadata["source_hash"] = "0"
    solution = {"tags": ["solution", "solution-double"]}
    cells = [
        new_markdown_cell(OPENING),
        new_markdown_cell(CARD),
        stub,
        new_markdown_cell(HINT),
        new_markdown_cell(SOLUTION, metadata=solution),
    ]
    return new_notebook(cells=cells, metadata={"code_hash": "0"})


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course of one notebook; returns its root."""
    folder = tmp_path / "notebooks"
    (folder / "images").mkdir(parents=True)
    (folder / "images" / "colab.svg").write_text("<svg/>", encoding="utf-8")
    path = folder / "01_small.ipynb"
    nbformat.write(small_notebook(), path)
    nbformat.write(new_notebook(), folder / "02_large.ipynb")
    monkeypatch.setattr(student, "ROOT", tmp_path)
    monkeypatch.setattr(student, "NOTEBOOKS", sorted(folder.glob("*.ipynb")))
    return tmp_path


def make(edition, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["student.py", edition])
    return student.main()


def content(folder):
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_students_copy_has_no_solution_and_no_output(course, monkeypatch):
    assert make("student", monkeypatch) == 0
    copy = read(course / "student" / "01_small.ipynb")
    nbformat.validate(copy)
    text = (course / "student" / "01_small.ipynb").read_text(encoding="utf-8")
    assert "2 * x" not in text
    assert "solution" not in text.lower()
    assert "_hash" not in text
    assert [cell.source for cell in code_cells(copy)] == [STUB]
    assert code_cells(copy)[0].outputs == []
    assert code_cells(copy)[0].execution_count is None
    assert tags(code_cells(copy)[0]) == {"exercise", "exercise-double"}
    assert HINT in [cell.source for cell in copy.cells]


def test_links_between_notebooks_and_pictures_hold(course, monkeypatch):
    make("student", monkeypatch)
    text = read(course / "student" / "01_small.ipynb").cells[0].source
    assert "colab" not in text.replace("images/colab.svg", "").lower()
    targets = re.findall(r"\]\(([^)]+)\)", text)
    assert targets == ["02_large.ipynb", "images/colab.svg"]
    for target in targets:
        assert (course / "student" / target).is_file()


def test_the_courses_own_notebook_stays_as_it_is(course, monkeypatch):
    before = content(course / "notebooks")
    make("student", monkeypatch)
    make("solutions", monkeypatch)
    assert content(course / "notebooks") == before


def test_solutions_alone(course, monkeypatch):
    assert make("solutions", monkeypatch) == 0
    (page,) = (course / "solutions").glob("*.md")  # none for 02: no exercise
    assert page.name == "01_small.md"
    assert page.read_text(encoding="utf-8") == PAGE


@pytest.mark.parametrize("edition", ["student", "solutions"])
def test_made_twice_is_made_once(course, monkeypatch, edition):
    make(edition, monkeypatch)
    before = content(course / edition)
    assert make(edition, monkeypatch) == 0
    assert content(course / edition) == before


def test_stale_copies_go_and_other_files_stay(course, monkeypatch):
    make("student", monkeypatch)
    (course / "student" / "mine.ipynb").write_text("{}", encoding="utf-8")
    monkeypatch.setattr(student, "NOTEBOOKS", student.NOTEBOOKS[:1])
    assert make("student", monkeypatch) == 0
    left = {p.name for p in (course / "student").glob("*.ipynb")}
    assert left == {"01_small.ipynb", "mine.ipynb"}


def test_a_copy_that_was_worked_in_is_kept(course, monkeypatch, capsys):
    make("student", monkeypatch)
    copy = course / "student" / "01_small.ipynb"
    copy.write_text(
        copy.read_text(encoding="utf-8").replace(
            "return None", "return x + x"
        ),
        encoding="utf-8",
    )
    assert make("student", monkeypatch) == 1
    assert "return x + x" in copy.read_text(encoding="utf-8")
    assert f"kept {copy}" in capsys.readouterr().out
    copy.unlink()
    assert make("student", monkeypatch) == 0
    assert "return None" in copy.read_text(encoding="utf-8")


def test_a_changed_notebook_changes_its_copy(course, monkeypatch):
    make("student", monkeypatch)
    source = course / "notebooks" / "01_small.ipynb"
    source.write_text(
        source.read_text(encoding="utf-8").replace("to see", "to learn"),
        encoding="utf-8",
    )
    assert make("student", monkeypatch) == 0
    assert "to learn" in (course / "student" / "01_small.ipynb").read_text(
        encoding="utf-8"
    )


@pytest.mark.parametrize(
    "path", notebook_files.NOTEBOOKS, ids=lambda p: p.name
)
def test_every_real_notebook_makes_both(path):
    notebook = read(path)
    names = [
        t for c in notebook.cells for t in tags(c) if t[:9] == "exercise-"
    ]
    page = student.solutions(notebook)
    assert page.count("\n## Exercise ") == len(names)
    assert page.count("```python") == len(names)
    assert "<" not in re.sub(r"```.*?```", "", page, flags=re.DOTALL)
    copy = json.dumps(student.student_copy(notebook))
    assert "<summary>Solution" not in copy
    assert copy.count('"exercise-') == len(names)
