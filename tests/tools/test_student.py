"""The class's editions, made from a small notebook of our own."""

import csv
import json
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import (
    new_code_cell,
    new_markdown_cell,
    new_notebook,
    new_output,
)

from tests.course.answers import exercises
from tools import notebook_files, student
from tools.install import python_in
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


@pytest.mark.parametrize("edition", ["student", "solutions", "nbgrader"])
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


# --- For nbgrader ----------------------------------------------------------

MARKED = """\
def double(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION


checks.double(double)"""
POINT = """\
# A right answer gives the point; the verdict says what is missing.
verdict = checks.double.verdict(double)
assert verdict.kind == "right", verdict.text"""


def test_the_nbgrader_edition_has_a_marked_answer_and_a_locked_point(
    course, monkeypatch
):
    assert make("nbgrader", monkeypatch) == 0
    folder = course / "nbgrader"
    assert "timeout = 600" in (folder / "nbgrader_config.py").read_text(
        encoding="utf-8"
    )
    notebook = read(folder / "source" / "01_small" / "01_small.ipynb")
    nbformat.validate(notebook)
    stub, point = code_cells(notebook)
    assert [stub.source, point.source] == [MARKED, POINT]
    assert stub.metadata.nbgrader.solution
    assert not stub.metadata.nbgrader.grade
    assert point.metadata.nbgrader.locked
    assert point.metadata.nbgrader.points == 1
    ids = [cell.metadata.nbgrader.grade_id for cell in (stub, point)]
    assert ids == ["double", "check-double"]
    assert not any("Twice a number" in c.source for c in notebook.cells)


@pytest.mark.parametrize(
    "path", notebook_files.NOTEBOOKS, ids=lambda p: p.name
)
def test_every_exercise_is_a_point_of_nbgrader(path):
    notebook = student.nbgrader_copy(read(path))
    nbformat.validate(notebook)
    names = [e.name for e in exercises(path)]
    said = [c.metadata.get("nbgrader", {}) for c in code_cells(notebook)]
    assert [s.grade_id for s in said if s and s.solution] == names
    points = [s.grade_id for s in said if s and s.grade]
    assert points == [f"check-{name}" for name in names]
    assert len({c.id for c in notebook.cells}) == len(notebook.cells)
    for cell in code_cells(notebook):
        if cell.metadata.get("nbgrader", {}).get("solution"):
            compile(cell.source, "cell", "exec")
            above, _, rest = cell.source.partition("### BEGIN SOLUTION")
            inside, _, below = rest.partition("### END SOLUTION")
            assert above.startswith("def ")
            assert inside.strip()
            assert below.strip().startswith("checks.")


@pytest.fixture(scope="module")
def nbgrader(tmp_path_factory):
    """nbgrader's own Python, which finds the packages of this one."""
    folder = tmp_path_factory.mktemp("nbgrader")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = python_in(folder)
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = subprocess.run(
        [python, "-c", ask], check=True, capture_output=True, text=True
    ).stdout.strip()
    ours = sysconfig.get_path("purelib")
    (Path(packages) / "course.pth").write_text(
        f"{ours}\n{notebook_files.ROOT}\n", encoding="utf-8"
    )
    # The one test that asks the registry; all else runs without a network.
    online = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    installed = subprocess.run(
        [python, "-m", "pip", "install", "-q", "nbgrader"],
        capture_output=True,
        text=True,
        env=online,
    )
    if installed.returncode:
        last = installed.stderr.strip().splitlines()[-1]
        pytest.skip(f"nbgrader cannot be installed here: {last}")

    # Activated, as a teacher has it: nbgrader starts programs beside it.
    path = f"{Path(python).parent}{os.pathsep}{os.environ['PATH']}"

    def run(folder, *arguments):
        return subprocess.run(
            [python, "-m", "nbgrader", *map(str, arguments)],
            cwd=folder,
            env=os.environ | {"PATH": path},
            capture_output=True,
            text=True,
        )

    return run


@pytest.mark.full
def test_nbgrader_validates_and_grades_it(nbgrader, tmp_path):
    student.write(tmp_path, student.nbgrader_files())
    name = "00_start_here"
    file = f"{name}/{name}.ipynb"
    said = nbgrader(tmp_path, "validate", tmp_path / "source" / file)
    assert "passes all the tests" in said.stdout, said.stdout + said.stderr
    made = nbgrader(tmp_path, "generate_assignment", name, "--create")
    assert made.returncode == 0, made.stderr
    release = read(tmp_path / "release" / file)
    assert "mean() / 255" not in str(release)
    answers = {
        "untouched": None,
        "right": "    return image.double().mean() / 255",
        "wrong": "    return image.double().mean()",
    }
    for who, answer in answers.items():
        notebook = read(tmp_path / "release" / file)
        for cell in code_cells(notebook):
            says = cell.metadata.get("nbgrader", {})
            if answer and says.get("solution"):
                call = "checks.brightness(brightness)"
                cell.source = f"def brightness(image):\n{answer}\n\n\n{call}"
        path = tmp_path / "submitted" / who / file
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)
    graded = nbgrader(tmp_path, "autograde", name)
    assert graded.returncode == 0, graded.stderr
    nbgrader(tmp_path, "export")
    with (tmp_path / "grades.csv").open(encoding="utf-8") as file:
        scores = {r["student_id"]: r["score"] for r in csv.DictReader(file)}
    assert scores == {"untouched": "0.0", "right": "1.0", "wrong": "0.0"}
