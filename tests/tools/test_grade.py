"""A class of learners, some of whom try hard to stop the run.

All their notebooks are graded by one command, as a teacher would; each test
looks at the rows of one of them.
"""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests.course.answers import exercises
from tools import grade
from tools.notebook_files import NOTEBOOKS, ROOT, code_cells, read, tags
from tools.student import student_copy

pytestmark = pytest.mark.alone

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
    for row in table(folder / "grades.csv"):
        rows.setdefault(Path(row.file).stem, []).append(row)
    return rows, done.stdout


def table(path):
    with open(path, newline="", encoding="utf-8-sig") as file:
        return [grade.Row(**row) for row in csv.DictReader(file)]


def command(folder, *arguments, **options):
    return subprocess.run(
        [
            *(sys.executable, "-m", "tools.grade"),
            *("--seconds", str(SECONDS), "--memory", "1500"),
            *("--out", folder / "grades.csv", *arguments),
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        **options,
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
    "no_tags": ("unreadable", "Neither its name nor an exercise's tag"),
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
    "empty": ("unreadable", "The file is empty"),
    "no_json": ("unreadable", "This is no notebook"),
    "no_cells": ("unreadable", "This is JSON, but no notebook"),
    "list": ("unreadable", "This is JSON, but no notebook"),
    "deep": ("unreadable", "This is no notebook"),
    "stranger": ("unreadable", "Neither its name nor an exercise's tag"),
    "giant_output": ("right", "Right"),
    "absent": ("unreadable", "There is no such file"),
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


def test_what_a_check_cannot_read_is_said_and_ends_no_run(tmp_path):
    course = notebook(cell(IMPORTS), cell(stub("faulty"), "faulty"))
    answer = notebook(cell(stub("faulty", "return x"), "faulty"))
    (row,) = one(tmp_path, answer, course=course)
    assert row.result == "error"
    assert row.says.startswith("This check cannot read what your function")
    assert row.says.endswith("LookupError.")


def test_a_text_that_a_spreadsheet_would_compute_stays_a_text(tmp_path):
    path = tmp_path / "grades.csv"
    for start in "=+-@\t\r":
        grade.write_csv(path, [grade.Row(f"{start}1.ipynb", *"abcd")])
        assert table(path)[0].file == f"'{start}1.ipynb"


def test_a_spreadsheet_sees_that_the_table_is_utf_8(tmp_path):
    path = tmp_path / "grades.csv"
    grade.write_csv(path, [grade.Row("Zoë", *"abcd")])
    assert path.read_bytes().startswith(b"\xef\xbb\xbffile,")
    assert table(path)[0].file == "Zoë"


def test_a_course_without_exercises_is_refused(tmp_path):
    done = command(tmp_path, "a.ipynb", "--course", tmp_path)
    assert done.returncode == 2
    assert "holds no notebook with exercises" in done.stderr


# --- the real notebooks ---------------------------------------------------

each_notebook = pytest.mark.parametrize(
    "path", NOTEBOOKS, ids=lambda path: path.name
)


@pytest.fixture
def results(tmp_path, monkeypatch):
    """What a notebook earns, judged in this process: {exercise: result}."""
    # An answer's own module takes this place.
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])

    def judged(text, name="anna_01_numbers.ipynb", course=None):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        if course is None:
            course = tmp_path / "01_numbers.ipynb"
            course.write_text(COURSE, encoding="utf-8")
        course = grade.read_course(course)
        stem, answers, sources = grade.read_answers(path, course)
        return {
            exercise.name: grade.judge(
                exercise, sources, answers[exercise.name]
            )
            if exercise.name in answers
            else ("missing", "")
            for exercise in course[stem][1]
        }

    return judged


def solved(path, with_tags=True):
    """A student's copy with the course's solutions in the stubs' place."""
    copy = student_copy(read(path))
    for exercise in exercises(path):
        stub = next(
            cell
            for cell in code_cells(copy)
            if f"exercise-{exercise.name}" in tags(cell)
        )
        stub.source = f"{exercise.solution}\n\n{exercise.check}"
    if not with_tags:
        for one_cell in copy.cells:
            one_cell.metadata = {}
    return nbformat.writes(copy)


@each_notebook
def test_who_has_done_nothing_has_solved_nothing(path, results):
    stored = path.read_text(encoding="utf-8")
    for text in (stored, nbformat.writes(student_copy(read(path)))):
        got = results(text, path.name, path)
        assert got
        assert {result for result, _ in got.values()} == {"not done"}, got


@each_notebook
@pytest.mark.parametrize("with_tags", [True, False])
def test_who_pastes_the_solutions_has_solved_all(path, with_tags, results):
    got = results(solved(path, with_tags), path.name, path)
    assert got
    assert {result for result, _ in got.values()} == {"right"}, got


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(
            path,
            id=path.name,
            marks=[]
            if path.stem.endswith(("start_here", "backpropagation"))
            else pytest.mark.full,
        )
        for path in NOTEBOOKS
    ],
)
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


# --- which cell is the answer ---------------------------------------------

SHOWN = "def double(x):\n    y = x + x\n    return y"  # in a later cell
UNTOUCHED = cell(stub("double"), "double")


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([UNTOUCHED, cell(SHOWN)], "not done"),
        ([UNTOUCHED, cell(SHOWN), cell(SHOWN)], "not done"),
        ([UNTOUCHED, cell(f"# mine\n{SHOWN}\nprint(double(2))")], "not done"),
        ([UNTOUCHED, cell(f"%%time\n{SHOWN}")], "not done"),
        ([cell(SHOWN)], "missing"),
        ([cell("def double(x):\n    return twice(", "double")], "error"),
        # Copied to where the question is, it is an answer.
        ([cell(SHOWN, "double")], "right"),
        ([cell(f"{SHOWN}\nchecks.double(double)")], "right"),
        # It never helps another cell.
        ([cell("old = double\ndouble = old", "double"), cell(SHOWN)], "error"),
        # Where the name is bound to something else, there is no answer.
        (
            [
                cell("def double(x):\n    return 2 * x", "double"),
                cell("for double in range(3):\n    print(double)"),
                cell("double = [1, 2]"),
                cell("other, double = sum([1]), sum([2])"),
                cell("def mine():\n    def double(x):\n        return x"),
            ],
            "right",
        ),
        # A check line alone is none, but the cell above is one.
        (
            [
                cell("def double(x):\n    return 2 * x"),
                cell("checks.double(double)", "double"),
            ],
            "right",
        ),
        (
            [
                cell("def double(x):\n    return 2 * x"),
                cell(stub("double")),
                UNTOUCHED,
            ],
            "right",
        ),
    ],
)
def test_the_answer_is_the_learners_own(cells, expected, results, tmp_path):
    course = tmp_path / "01_shown.ipynb"
    course.write_text(
        notebook(cell(IMPORTS), UNTOUCHED, cell(SHOWN)), encoding="utf-8"
    )
    got = results(notebook(cell(IMPORTS), *cells), "01_shown_a.ipynb", course)
    assert got["double"][0] == expected, got


# --- as the notebook reads it ---------------------------------------------

DOUBLE = "def double(x):\n    return 2 * x\n"
CHECKED = DOUBLE + "checks.double(double)"


def inside(*lines):
    """An answer with these lines in its function."""
    body = "".join(f"    {line}\n" for line in lines)
    return f"def double(x):\n{body}checks.double(double)"


def indented(source):
    return "".join(f"    {line}\n" for line in source.splitlines())


# {cells: whether the notebook says "Right"}; IPython itself is asked too.
FORMS = {
    ("torch.mean?\n" + CHECKED,): True,
    ("?torch.mean\ntorch.mean??\n" + CHECKED,): True,
    ("files = !touch ran\n!touch ran\n!!touch ran\n" + CHECKED,): True,
    ("%matplotlib inline\nspent = %timeit -o -n1 -r1 2\n" + CHECKED,): True,
    ("try:\n    import no_such\nexcept ImportError:\n    !ls\n" + CHECKED,): 1,
    ("if 'colab' in str(get_ipython()):\n    %pip list\n" + CHECKED,): True,
    ("for _ in range(1):\n    %time sum(range(10))\n" + CHECKED,): True,
    (indented(CHECKED),): True,
    (indented("%%time\n" + CHECKED),): True,
    (CHECKED.replace("\n", "\r\n"),): True,
    (">>> def double(x):\n...     return 2 * x\n>>> " + CHECKED[-21:],): True,
    ("In [1]: def double(x):\n   ...:     return 2 * x", CHECKED[-21:]): True,
    ("import asyncio\nawait asyncio.sleep(0)\n" + CHECKED,): True,
    (
        "async def two():\n    return 2\nT = await two()\n"
        + inside("return T * x"),
    ): True,
    ("%%time\n" + CHECKED,): True,
    ("\n\n%%capture out\n" + DOUBLE, CHECKED[-21:]): True,
    ("%%time\n%%time\n!ls\n" + CHECKED,): True,
    ("%%timeit -n1 -r1\n" + CHECKED,): True,
    ("%time double = lambda x: 2 * x\nchecks.double(double)",): True,
    (inside("y = %time x + x", "%time 3", "return y"),): True,
    (inside("display(x)", "return 2 * x"),): True,
    (
        inside(
            "shell = get_ipython()",
            "shell.run_line_magic('matplotlib', 'inline')",
            "shell.run_cell_magic('capture', '', 'x = 3')",
            "shell.system('touch ran')",
            "shell.getoutput('touch ran')",
            "files = !touch ran",
            "!touch ran",
            "for file in files:",
            "    print(file)",
            "return 2 * x",
        ),
    ): True,
    (
        "%matplotlib inline\nn = (7\n% 5)\ntext = '''\n%time\n!ls\n'''\n"
        + inside("return n * x * (text == '\\n%time\\n!ls\\n')"),
    ): True,
    ("if __name__ == '__main__':\n" + indented(DOUBLE), CHECKED[-21:]): True,
    (
        "from __future__ import annotations\n"
        "def double(x: Tensor) -> Number:\n    return 2 * x",
        "checks.double(double)",
    ): True,
    (
        "from __future__ import annotations",
        "def double(x: Tensor) -> Number:\n    return 2 * x",
        "checks.double(double)",
    ): True,
    (
        "def double(x: Tensor) -> Number:\n    return 2 * x",
        "from __future__ import annotations",
        "checks.double(double)",
    ): False,
    (
        "from __future__ import annotations\n"
        "from dataclasses import dataclass\n"
        "@dataclass\nclass Two:\n    value: int = 2\n"
        + inside("return Two().value * x"),
    ): True,
    # No Python of the notebook.
    ("%%writefile mine.py\n" + CHECKED,): False,
    ("# mine\n%%writefile mine.py\n" + CHECKED,): False,
    ("%%bash\n" + CHECKED, "checks.double(double)"): False,
    ("%%html\n" + CHECKED,): False,
    ("%%javascript\n" + CHECKED,): False,
    ("%%no_such_magic\n" + CHECKED,): False,
    (CHECKED + "\nreturn 3",): True,  # it stops the cell, but only there
    ("def double(x)\n    return 2 * x", "checks.double(double)"): False,
    # Names of other cells.
    ("LOW = -2", inside("return -LOW * x")): True,
    ("SIZE = (1, 2)", inside("return SIZE[1] * x")): True,
    ("SIZES = [1, {'a': {2}}]", inside("return max(SIZES[1]['a']) * x")): True,
    ("ONE: float = 1.0", inside("return (ONE + 1) * x")): True,
    ("a, (b, *c) = 1, (2, 3)", inside("return (c[0] - a) * x")): True,
    ("SIZE = 28 * 28", inside("return SIZE / 392 * x")): True,
    ("A = 1", "B = A + 1", inside("return B * x")): True,
    ("A = 1\nA += 1", inside("return A * x")): True,
    ("D = {}\nD['two'] = 2", inside("return D['two'] * x")): True,
    ("BIG = float('inf')", inside("return 2 * min(x, BIG)")): True,
    ("kind = torch.float64", inside("return 2 * x.to(kind)")): True,
    ("plus = lambda a, b: a + b", inside("return plus(x, x)")): True,
    ("class Two:\n    value = 2", inside("return Two.value * x")): True,
    ("from operator import *", inside("return add(x, x)")): True,
    ("import operator as op", inside("return op.add(x, x)")): True,
    (
        "try:\n    import no_such as op\n"
        "except ImportError:\n    !ls\n    import operator as op",
        inside("return op.add(x, x)"),
    ): True,
    ("%%time\n%pylab?\nTWO = 2\nfiles = !ls", inside("return TWO * x")): True,
    # The cell above counts, not the one below.
    ("K = 2", inside("return K * x"), "K = 3"): True,
    ("K = 2", inside("return K * x"), "K = sum([3])"): True,
    ("K = 3", "K = 2", inside("return K * x"), "broken("): True,
}


def sources(cells):
    """A notebook with these code cells."""
    return notebook(cell(IMPORTS), *map(cell, cells))


@pytest.mark.parametrize("cells", FORMS, ids=lambda cells: cells[0][:25])
def test_the_grader_agrees_with_the_notebook(
    cells, results, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    before = sorted(os.listdir("."))
    result, words = results(sources(cells))["double"]
    assert (result == "right") == FORMS[cells], words
    assert not {"ran", "mine.py"} & {*os.listdir("."), *before}


ASK_IPYTHON = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

InteractiveShell.enable_gui = lambda *arguments: None
shell, said = InteractiveShell.instance(), []
for cells in json.load(sys.stdin):
    shell.reset(new_session=False)
    shell.compile.reset_compiler_flags()
    with capture_output() as out:
        for cell in cells:
            shell.run_cell(cell)
    shown = [output.data["text/plain"] for output in out.outputs]
    said.append(any("\N{CHECK MARK} Right:" in text for text in shown))
print(json.dumps(said))
"""


def test_the_notebook_says_what_these_tests_claim(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", ASK_IPYTHON],
        input=json.dumps([[IMPORTS, *cells] for cells in FORMS]),
        env={
            **os.environ,
            "IPYTHONDIR": str(tmp_path),
            "PYTHONPATH": str(ROOT),
        },
        capture_output=True,
        cwd=tmp_path,
        encoding="utf-8",
    )
    said = json.loads(done.stdout.splitlines()[-1])
    wrong = [
        cells
        for cells, right in zip(FORMS, said, strict=True)
        if right != FORMS[cells]
    ]
    assert not wrong


@pytest.mark.parametrize(
    "cell_above",
    [
        "RESULT = sum([1, 1])",
        "RESULT = [i for i in range(3)][2]",
        "RESULT = 3\nRESULT = sum([1, 1])",
        "RESULT = float(sum([1, 1]))",
        "if sum([1]):\n    RESULT = 2",
        "for RESULT in range(3):\n    pass",
    ],
)
def test_what_other_cells_compute_is_not_there(cell_above, results):
    cells = cell_above, inside("return RESULT * x")
    result, words = results(sources(cells))["double"]
    assert result == "error"
    assert "NameError: name 'RESULT' is not defined" in words


def test_the_words_quote_the_line_that_the_notebook_shows(results):
    cells = "%%time\n!ls\n" + inside("y = 3", "return x * nothing")
    words = results(sources([cells]))["double"][1]
    assert "line 4 (return x * nothing) with NameError" in words


# --- files ----------------------------------------------------------------

SOLVED = learner("return 2 * x")
NULLS = json.loads(SOLVED)
NULLS["metadata"] = None
for null_cell in NULLS["cells"]:
    null_cell["metadata"] = null_cell["outputs"] = None
NULLS["cells"][0]["metadata"] = {"tags": None}
OLD_CELLS = [
    {
        "cell_type": "code",
        "language": "python",
        "input": old_cell["source"],
        "outputs": [],
        "metadata": old_cell["metadata"],
    }
    for old_cell in json.loads(SOLVED)["cells"]
]
OLD = {"nbformat": 3, "metadata": {"name": ""}}
GOOD_FILES = {
    "as it is": SOLVED.encode(),
    "byte-order mark, CRLF": json.dumps(json.loads(SOLVED), indent=1)
    .replace("\n", "\r\n")
    .encode("utf-8-sig"),
    "UTF-16": SOLVED.encode("utf-16"),
    "UTF-16 without its mark": SOLVED.encode("utf-16-be"),
    "nulls": json.dumps(NULLS).encode(),
    "format 3": json.dumps(
        OLD | {"worksheets": [{"cells": OLD_CELLS, "metadata": {}}]}
    ).encode(),
    "format 3, nulls": json.dumps(
        {"worksheets": [{"cells": OLD_CELLS}], "metadata": None}
    ).encode(),
}


@pytest.mark.parametrize("content", GOOD_FILES.values(), ids=GOOD_FILES)
def test_a_notebook_is_read_however_it_was_saved(content, results, tmp_path):
    results(SOLVED)
    path = tmp_path / "01_numbers_anna.ipynb"
    path.write_bytes(content)
    known = grade.read_course(tmp_path / "01_numbers.ipynb")
    stem, answers, found = grade.read_answers(path, known)
    for exercise in known[stem][1]:
        at = answers[exercise.name]
        assert grade.judge(exercise, found, at)[0] == "right"


BAD_FILES = {
    "empty": (b"", "is empty: ask for it again"),
    "blank": (b"\xef\xbb\xbf \r\n\0\0", "is empty"),
    "sign-in page": (b"\n<!DOCTYPE html><p>Sign in", "web page"),
    "conflict": (
        b'{\n <<<<<<< HEAD\n"cells": []\n=======\n"c": 1\n>>>>>>> b\n}',
        "merge conflict",
    ),
    "conflict at the top": (b"<<<<<<< HEAD\r\n{}\r\n", "merge conflict"),
    "Latin-1": ('{"cells": "é"}'.encode("latin-1"), "no text in UTF-8"),
    "half of UTF-16": (SOLVED.encode("utf-16")[:-1], "no text in UTF-8"),
    "a program": (b"def double(x): return 2 * x", "no notebook"),
    "cut short": (SOLVED[:-10].encode(), "cut short"),
    "settings": (b'{"a": 1}', "JSON, but no notebook"),
    "a number": (b"3", "JSON, but no notebook"),
    "no list": (b'{"cells": {}}', "JSON, but no notebook"),
    "damaged": (b'{"cells": [3]}', "damaged: open it in Jupyter"),
    "damaged source": (
        b'{"cells": [{"cell_type": "code", "source": [1]}]}',
        "damaged",
    ),
    "old and odd": (
        b'{"nbformat": 3, "worksheets": [{"cells": [3]}]}',
        "old notebook: open it in Jupyter and save it",
    ),
}


@pytest.mark.parametrize(
    ("content", "words"), BAD_FILES.values(), ids=BAD_FILES
)
def test_a_file_that_is_no_notebook_gets_a_sentence(content, words, tmp_path):
    path = tmp_path / "01_numbers.ipynb"
    path.write_bytes(content)
    with pytest.raises(grade.Unreadable, match=words) as told:
        grade.code_cells(path)
    assert str(told.value).endswith(".")
    assert "Error" not in str(told.value)


def test_a_folder_gets_a_sentence(tmp_path):
    with pytest.raises(grade.Unreadable, match="This is a folder"):
        grade.code_cells(tmp_path)


# --- what the machine makes of it -----------------------------------------

NAMES = [b"m\x94ller.ipynb", "李雷.ipynb".encode(), b"[x] z.ipynb"]
HARD = 24 * 2**30


@pytest.fixture(scope="module")
def hard_day(tmp_path_factory):
    """A run with names, a folder and a limit that make trouble."""
    resource = pytest.importorskip("resource")
    folder = tmp_path_factory.mktemp("hard")
    (folder / "course").mkdir()
    course = folder / "course" / "01_numbers.ipynb"
    course.write_text(COURSE, encoding="utf-8")
    for name in NAMES:
        with open(os.path.join(os.fsencode(folder), name), "wb") as file:
            file.write(SOLVED.encode())
    long = folder / ("long" * 20) / ("long" * 10)
    long.mkdir(parents=True)
    (folder / "a_folder.ipynb").mkdir()
    done = command(
        folder,
        *(os.path.join(os.fsencode(folder), name) for name in NAMES),
        *(folder / "*l?r.ipynb", folder / "a_f*.ipynb"),
        *("--course", folder / "course", "--memory", "99000"),
        env={
            **os.environ,
            "TMPDIR": str(long),
            "PYTHONIOENCODING": "cp1252",
        },
        preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_AS, (HARD, HARD)
        ),
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return table(folder / "grades.csv"), done.stdout


def test_every_name_is_graded(hard_day):
    rows, printed = hard_day
    results = [(Path(row.file).name, row.result) for row in rows]
    assert results == [
        *[(r"m\x94ller.ipynb", "right")] * 2,
        *[("李雷.ipynb", "right")] * 2,
        *[("[x] z.ipynb", "right")] * 2,
        *[(r"m\x94ller.ipynb", "right")] * 2,
        ("a_folder.ipynb", "unreadable"),
    ]
    assert "??.ipynb" in printed


def test_the_summary_says_which_memory_limit_held(hard_day, run):
    assert "this machine's own limit held, 24576 MiB" in hard_day[1]
    if grade.can_limit_memory():
        assert "the limit was 1500 MiB for each exercise" in run[1]


def test_no_short_temporary_folder_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(grade.tempfile, "tempdir", str(tmp_path / ("x" * 99)))
    monkeypatch.setattr(grade.os, "access", lambda *arguments: False)
    with pytest.raises(OSError, match="set TMPDIR to the name of a shorter"):
        grade.shorten_temporary_folder()


@pytest.mark.parametrize("out", ["not/there.csv", ".", "anna.ipynb"])
def test_a_table_that_cannot_be_written_is_said_at_once(out, tmp_path):
    anna = tmp_path / "anna.ipynb"
    anna.write_text(SOLVED, encoding="utf-8")
    course = tmp_path / "01_numbers.ipynb"
    course.write_text(COURSE, encoding="utf-8")
    done = command(tmp_path, anna, "--course", course, "--out", tmp_path / out)
    assert done.returncode == 2
    assert "cannot be written" in done.stderr or "overwrite" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert anna.read_text(encoding="utf-8") == SOLVED


def test_an_old_table_outlives_a_run_that_cannot_begin(tmp_path):
    old = tmp_path / "grades.csv"
    old.write_text("old", encoding="utf-8")
    options = grade.arguments().parse_args(["a.ipynb", "--out", str(old)])
    options.course, options.memory = ROOT / "notebooks", 1500
    options.course = NOTEBOOKS[0]
    grade.prepare(options)
    assert old.read_text(encoding="utf-8") == "old"
    old.unlink()
    grade.prepare(options)
    assert not old.exists()


def test_a_table_whose_folder_goes_away_is_written_elsewhere(
    tmp_path, monkeypatch, capsys
):
    row = grade.Row("a", "b", "c", "right", "d")
    out = tmp_path / "folder" / "grades.csv"
    out.parent.mkdir()
    monkeypatch.setattr(sys, "argv", ["grade", "a", "--out", str(out)])
    monkeypatch.setattr(grade, "prepare", lambda options: ({}, "limits"))
    monkeypatch.setattr(grade, "grade", lambda *a: [row])
    shutil.rmtree(out.parent)
    grade.main()
    printed = capsys.readouterr().out
    place = Path(printed.splitlines()[-1].removeprefix("The table: "))
    assert table(place) == [row]
    shutil.rmtree(place.parent)


@pytest.mark.skipif(not shutil.which("make"), reason="needs make")
def test_make_grades_a_folder(tmp_path):
    folder = tmp_path / "handed in"
    folder.mkdir()
    for name in ("Ana P.ipynb", "b.ipynb", "notes.txt"):
        (folder / name).touch()
    done = subprocess.run(
        [
            *("make", "--silent", "grade", f"DIR={folder}"),
            *("PYTHON=true", r"RUN=printf '%s\n'"),
        ],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.stdout.splitlines() == [
        "tools.grade",
        str(folder / "Ana P.ipynb"),
        str(folder / "b.ipynb"),
    ]
