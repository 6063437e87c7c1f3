"""A new notebook is one command, touches its own files, passes every test."""

import json
import re

import pytest

from tools.contents import load
from tools.notebook_files import read, tags

TOPIC, AFTER = "pooling_layers", "gradient_descent"


def files(course):
    return {
        path.relative_to(course.root).as_posix(): path.read_bytes()
        for path in course.root.rglob("*")
        if path.is_file()
        and not {"__pycache__", ".pytest_cache", ".hypothesis"}
        & set(path.parts)
    }


def unnumbered(name):
    return re.sub(r"\d\d_(\w+\.ipynb)", r"\1", name)


def code_of(content):
    """All of a notebook but its Markdown."""
    cells = json.loads(content)["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def test_a_new_notebook_passes_every_test(course_copy):
    before = {unnumbered(k): v for k, v in files(course_copy).items()}
    command = ("tools.chapter", TOPIC, "--after", AFTER)
    said = course_copy.run(*command, "--title", 'Pooling, "by hand"').stdout
    after = {unnumbered(k): v for k, v in files(course_copy).items()}
    new = {
        f"notebooks/{TOPIC}.ipynb",
        f"helpers/checks/{TOPIC}.py",
        f"tests/wrong_answers/{TOPIC}.py",
        f"tests/right_answers/{TOPIC}.py",
    }
    assert after.keys() - before.keys() == new
    assert not before.keys() - after.keys()
    assert all(name in unnumbered(said) for name in new)
    # Nothing else changes but the contents and what is made from them: of
    # the other notebooks, their Markdown alone.
    changed = {name for name in before if before[name] != after[name]}
    pages = {"course.toml", "README.md", "TEACHING.md"}
    assert pages <= changed
    for name in changed - pages:
        assert name.endswith(".ipynb"), name
        assert code_of(before[name]) == code_of(after[name]), name

    number = next(c.number for c in load() if c.topic == AFTER) + 1
    path = course_copy.root / "notebooks" / f"{number:02}_{TOPIC}.ipynb"
    notebook = read(path)
    assert notebook.cells[0].source.startswith(
        f'# {number}. Pooling, "by hand"\n'
    )
    assert "[Previous: Gradient descent by hand]" in notebook.cells[0].source
    assert "setup" in tags(notebook.cells[1])

    tests = [
        str(path.relative_to(course_copy.root)),
        "tests/course/test_notebooks.py",
        "tests/course/test_exercises.py",
        "tests/course/test_verdicts.py",
        "tests/tools/test_contents.py",
        "tests/tools/test_generated.py",
    ]
    chosen = f"{TOPIC} or Cell or contents or generated or address"
    chosen += " or pages or no_module"
    done = course_copy.run(
        "pytest", "-q", "-p", "no:cacheprovider", *tests, "-k", chosen
    )
    assert done.returncode == 0, done.stdout[-5000:]
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) > 40
    lint = course_copy.run("ruff", "check", "--no-cache", ".")
    assert lint.returncode == 0, lint.stdout
    lint = course_copy.run("ruff", "format", "--no-cache", "--check", ".")
    assert lint.returncode == 0, lint.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["2_fast", "--after", AFTER], "lower-case words joined by _"),
        ([AFTER, "--after", AFTER], "a notebook on gradient_descent already"),
        ([TOPIC, "--after", "nothing"], "AFTER is one of start_here,"),
        (
            [TOPIC, "--after", AFTER, "--question", "No"],
            "ends in a question mark",
        ),
    ],
)
def test_what_cannot_be_begun_is_refused(
    arguments, words, monkeypatch, capsys
):
    from tools import chapter

    monkeypatch.setattr("sys.argv", ["chapter", *arguments])
    with pytest.raises(SystemExit):
        chapter.main()
    assert words in " ".join(capsys.readouterr().err.split())
