"""A class of learners, some of whom try hard to stop the run.

All their notebooks are graded by one command, as a teacher would; each test
looks at the rows of one of them.
"""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.course.test_exercises import exercises
from tools import grade
from tools.notebook_files import NOTEBOOKS, ROOT

SECONDS = 4
IMPORTS = """\
%matplotlib inline
from types import SimpleNamespace

import torch

from helpers.checks import Misconception, check, close, compare, numbers


@check(right="twice a number is the number and itself")
def double(answer, random):
    for x in (3.0, 1.0 + random.random()):
        got = numbers(answer(torch.tensor(x)), (), "double")
        if close(got, x * x):
            shown = compare(x=x, expected=2 * x, yours=got)
            raise Misconception(f"this is the square, not the double. {shown}")
        if not close(got, 2 * x):
            raise Misconception(f"at {x} expected {2 * x}, yours {got:.3f}")


@check(right="half of it")
def halve(answer, random):
    x = random.random()
    if not close(numbers(answer(x), (), "halve"), x / 2):
        raise Misconception("not the half")


@check(right="never reached")
def faulty(answer, random):
    answer(1)
    raise LookupError("a fault of the course")


checks = SimpleNamespace(double=double, halve=halve, faulty=faulty)"""


def stub(name, body="# your code here\n    return None", check="checks"):
    return f"def {name}(x):\n    {body}\n\n\n{check}.{name}({name})"


def cell(source, name=""):
    tags = ["exercise", f"exercise-{name}"] if name else []
    return {
        "cell_type": "code",
        "source": source.splitlines(keepends=True),
        "metadata": {"tags": tags},
        "outputs": [],
        "execution_count": None,
    }


def notebook(*cells):
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4})


TWICE = "def twice(x):\n    return x + x"
COURSE = notebook(
    cell(IMPORTS),
    cell(TWICE),
    cell(stub("double"), "double"),
    cell(stub("halve"), "halve"),
)


def learner(double, *more, halve="return x / 2"):
    """A notebook with these answers, and more cells at its end."""
    bodies = {"double": double, "halve": halve}
    cells = [cell(stub(n, body), n) for n, body in bodies.items()]
    return notebook(cell(IMPORTS), cell(TWICE), *cells, *more)


def raw(source, *more):
    return notebook(
        cell(IMPORTS),
        cell(source, "double"),
        cell(stub("halve", "return x / 2"), "halve"),
        *more,
    )


def fake_output():
    huge = cell(stub("double", "return 2 * x"), "double")
    huge["outputs"] = [{"output_type": "stream", "text": "x" * 30_000_000}]
    return notebook(huge, cell(stub("halve", "return x / 2"), "halve"))


WATCH = "open('{}', 'w').write('ran')"
CLASS = {
    "right": learner("return 2 * x"),
    "untouched": COURSE,
    "square": learner("return x * x"),
    "square_too": learner("return x ** 2"),
    "off": learner("return 2 * x + 1"),
    "error": learner("y = 2\n    return x * z"),
    "endless": learner("while True:\n        pass"),
    "endless_cell": raw("while True:\n    pass\n" + stub("double")),
    "prints_forever": learner("while True:\n        print('x' * 10**6)"),
    "prints_a_lot": learner("print('x' * 10**8)\n    return 2 * x"),
    "memory": learner("y = [0] * 10**10\n    return 2 * x"),
    "memory_torch": learner("y = torch.ones(10**10)\n    return 2 * x"),
    "exits": learner("import sys\n    sys.exit(0)"),
    "exits_hard": learner("import os\n    os._exit(0)"),
    "crashes": learner("import os\n    os.kill(os.getpid(), 11)"),
    "recursion": learner("return double(x)"),
    "syntax": raw("def double(x)\n    return 2 * x"),
    "no_tags": notebook(
        cell(stub("double", "return 2 * x")),
        cell(stub("halve", "return x / 2")),
    ),
    "missing_cell": notebook(cell(stub("halve", "return x / 2"), "halve")),
    "network": learner(
        "import socket\n"
        "    socket.create_connection(('127.0.0.1', {port}))\n"
        "    return 2 * x"
    ),
    "starts_programs": learner(
        "import os\n    os.system('true')\n    return 2 * x"
    ),
    # Defined elsewhere.
    "own_helper": learner(
        "return mine(x)", cell("def mine(x):\n return K * x\nK = 2")
    ),
    "courses_helper": learner("return twice(x)"),
    "other_results": learner(
        "return x * RESULT", cell("RESULT = sum([1, 1])")
    ),
    "answer_below": raw(
        stub("double"),
        cell("# my own\ndouble = lambda x: 2 * x"),
    ),
    "magic": raw("%%time\n!ls\n" + stub("double", "return 2 * x")),
    "fails_after": raw(
        stub("double", "return 2 * x") + "\nz = nothing\nnothing()"
    ),
    # Forged.
    "prints_right": learner("print('Right: done.')\n    return x"),
    "own_check": raw(
        "class checks:\n"
        "    @staticmethod\n"
        "    def double(answer):\n"
        "        print('Right: all done.')\n"
        "    double.verdict = lambda answer: ('right', 'Right.')\n\n\n"
        + stub("double", "return x")
    ),
    "patches_check": raw(
        "import helpers.checks\n"
        "helpers.checks.close = lambda *numbers: True\n"
        + stub("double", "return x")
    ),
    "patches_later": learner(
        "import helpers.checks\n"
        "    helpers.checks._judge = None\n"
        "    return 2 * x"
    ),
    "writes_verdict": learner(
        "import json, os\n"
        "    sent = json.dumps({'value': ['right', 'Right.']}).encode()\n"
        "    sent = len(sent).to_bytes(4, 'big') + sent\n"
        "    for file in range(3, 30):\n"
        "        try:\n"
        "            os.write(file, sent)\n"
        "        except OSError:\n"
        "            pass\n"
        "    os._exit(0)"
    ),
    "writes_half": learner(
        "import os, time\n"
        "    for file in range(3, 30):\n"
        "        try:\n"
        "            os.write(file, b'\\0\\0\\0\\x99')\n"
        "        except OSError:\n"
        "            pass\n"
        "    time.sleep(1000)"
    ),
    "forges_table": learner(WATCH.format("grades.csv") + "\n    return x"),
    # No notebooks.
    "empty": "",
    "no_json": "def double(x): return 2 * x",
    "no_cells": "{}",
    "list": "[1, 2]",
    "deep": "[" * 100_000,
    "stranger": notebook(cell("print('hello')")),
    "giant_output": fake_output(),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Everybody graded: (rows by learner, what was printed)."""
    import socket

    folder = tmp_path_factory.mktemp("class")
    (folder / "course").mkdir()
    (folder / "course" / "01_numbers.ipynb").write_text(
        COURSE, encoding="utf-8"
    )
    server = socket.create_server(("127.0.0.1", 0))
    port = str(server.getsockname()[1])
    files = []
    for name, text in CLASS.items():
        files.append(folder / f"{name}.ipynb")
        files[-1].write_text(text.replace("{port}", port), encoding="utf-8")
    done = command(
        folder, *files, folder / "absent.ipynb", "--course", folder / "course"
    )
    server.close()
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    rows = {}
    with open(folder / "grades.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            name = Path(row["file"]).stem
            rows.setdefault(name, []).append(grade.Row(**row))
    return rows, done.stdout


def command(folder, *arguments):
    return subprocess.run(
        [
            *(sys.executable, "-m", "tools.grade", *arguments),
            *("--seconds", str(SECONDS), "--memory", "1500"),
            *("--out", folder / "grades.csv"),
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )


EXPECTED = {
    "right": ("right", "Right: twice a number is the number and itself."),
    "untouched": ("not done", "Not done yet: the function returns nothing."),
    "square": ("wrong", "x 3, expected 6, yours 9"),
    "off": ("wrong", "at 3.0 expected 6.0, yours 7.000"),
    "error": ("error", "at its line 3 (return x * z) with NameError"),
    "endless": ("too long", f"Stopped after {SECONDS} seconds."),
    "endless_cell": ("too long", "Stopped after"),
    "prints_forever": ("too long", "Stopped after"),
    "prints_a_lot": ("right", "Right"),
    "memory": ("error", "with MemoryError"),
    "memory_torch": ("error", "allocate"),
    "exits": ("error", "SystemExit: 0"),
    "exits_hard": ("crashed", "ended early, with code 0"),
    "crashes": ("crashed", "ended early, with code -11"),
    "recursion": ("error", "RecursionError"),
    "syntax": ("error", "The cell cannot be read, line 1: expected ':'"),
    "no_tags": ("unreadable", "neither its name nor an exercise's tag"),
    "missing_cell": ("missing", "No cell defines the answer."),
    "network": ("error", "PermissionError: not while an answer is graded"),
    "starts_programs": ("error", "PermissionError"),
    "own_helper": ("right", "Right"),
    "courses_helper": ("right", "Right"),
    "other_results": ("error", "NameError: name 'RESULT' is not defined"),
    "answer_below": ("right", "Right"),
    "magic": ("right", "Right"),
    "fails_after": ("right", "Right"),
    "prints_right": ("wrong", "at 3.0 expected"),
    "own_check": ("wrong", "at 3.0 expected"),
    "patches_check": ("error", "The answer changes the checks"),
    "patches_later": ("error", "The answer changes the checks"),
    "writes_verdict": ("crashed", "something else than an answer"),
    "writes_half": ("too long", "Stopped after"),
    "forges_table": ("wrong", "at 3.0 expected"),
    "empty": ("unreadable", "JSONDecodeError"),
    "no_json": ("unreadable", "JSONDecodeError"),
    "no_cells": ("unreadable", "KeyError: 'cells'"),
    "list": ("unreadable", "TypeError"),
    "deep": ("unreadable", "RecursionError"),
    "stranger": ("unreadable", "neither its name nor an exercise's tag"),
    "giant_output": ("right", "Right"),
    "absent": ("unreadable", "FileNotFoundError"),
}
EXPECTED["square_too"] = EXPECTED["square"]


def test_everybody_is_expected():
    assert set(EXPECTED) == {*CLASS, "absent"}


@pytest.mark.parametrize("name", EXPECTED)
def test_an_answer_gets_its_own_result(run, name):
    row = run[0][name][0]
    result, words = EXPECTED[name]
    assert row.result == result, row.says
    assert words in row.says
    assert "\n" not in row.says


@pytest.mark.parametrize("name", EXPECTED)
def test_an_answer_costs_only_its_own_row(run, name):
    rows = run[0][name]
    if rows[0].result == "unreadable":
        assert len(rows) == 1
    else:
        assert [row.exercise for row in rows] == ["double", "halve"]
        kept = "not done" if name == "untouched" else "right"
        assert rows[1].result == kept, rows[1].says


def test_the_summary_says_who_solved_what(run):
    lines = run[1].splitlines()
    right = next(
        line for line in lines if "right.ipynb" in line and " of " in line
    )
    assert right.split()[:3] == ["2", "of", "2"]
    endless = next(
        line
        for line in lines
        if line.endswith("endless.ipynb  double too long")
    )
    assert endless.split()[:3] == ["1", "of", "2"]
    none = [line for line in lines if line.startswith("  none ")]
    results = [result for result, _ in EXPECTED.values()]
    assert len(none) == results.count("unreadable")


def test_the_summary_counts_misconceptions(run):
    text = run[1][run[1].index("Misunderstood") : run[1].index("Stopped\n")]
    assert "2 x double: Not right: this is the square" in text
    assert "4 x double: Not right: at 3.0 expected" in text


def test_the_summary_says_that_it_is_no_sandbox(run):
    assert "No sandbox" in run[1]
    assert "no sandbox" in " ".join(command(Path(), "--help").stdout.split())


def one(tmp_path, text, name="anna.ipynb", course=COURSE):
    """Grade one notebook: its rows."""
    (tmp_path / "01_numbers.ipynb").write_text(course, encoding="utf-8")
    learners = tmp_path / "learners"
    learners.mkdir()
    (learners / name).write_text(text, encoding="utf-8")
    known = grade.read_course(tmp_path)
    return grade.grade(learners / name, known, seconds=20)


def test_without_tags_the_file_name_tells_the_notebook(tmp_path):
    rows = one(tmp_path, CLASS["no_tags"], "anna 01_numbers (2).ipynb")
    assert [row.result for row in rows] == ["right", "right"]


def test_a_fault_of_a_check_is_not_the_learners(tmp_path):
    course = notebook(cell(IMPORTS), cell(stub("faulty"), "faulty"))
    answer = notebook(cell(stub("faulty", "return x"), "faulty"))
    (row,) = one(tmp_path, answer, course=course)
    assert row.result == "failed"
    assert row.says == (
        "The check itself stopped with LookupError: a fault of the course"
    )


def test_a_text_that_a_spreadsheet_would_compute_stays_a_text(tmp_path):
    table = tmp_path / "grades.csv"
    grade.write_csv(table, [grade.Row("=1+1.ipynb", "", "", "wrong", "no")])
    assert (
        table.read_text(encoding="utf-8")
        .splitlines()[1]
        .startswith("'=1+1.ipynb,")
    )


def test_a_course_without_exercises_is_refused(tmp_path):
    done = command(tmp_path, "a.ipynb", "--course", tmp_path)
    assert done.returncode == 2
    assert "holds no notebook with exercises" in done.stderr


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_who_hands_in_the_courses_solutions_has_solved_all(path, tmp_path):
    """Its check line is not even there: the course's own is used."""
    known = grade.read_course(path.parent)
    cells = [
        cell(exercise.solution, exercise.name) for exercise in exercises(path)
    ]
    learners = tmp_path / path.name
    learners.write_text(notebook(*cells), encoding="utf-8")
    for row in grade.grade(learners, known, seconds=120):
        assert row.result == "right", row
