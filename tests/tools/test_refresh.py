"""Storing a notebook twice gives one file; a change of code is noticed."""

import os
import shutil
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools import notebook_files, refresh
from tools.notebook_files import ROOT, code_cells, read

CELLS = [
    new_markdown_cell("# Title"),
    new_code_cell(
        "import time\nfrom helpers.data import CLOTHING\nprint(len(CLOTHING))"
    ),
    new_code_cell(
        "# Not compared: it differs at every run.\nprint(time.time_ns())",
        metadata={"tags": ["volatile"], "collapsed": True},
    ),
    new_code_cell(
        "import sys\nfor part in 'abc':\n"
        "    print(part, flush=True)\n    time.sleep(0.05)"
    ),
    new_code_cell(
        "import matplotlib.pyplot as plt\n"
        "from ipywidgets import IntSlider\n"
        "from helpers.figures import live\n"
        "figure, axes = plt.subplots()\n"
        "live(figure, lambda n: f'{n} things', n=IntSlider(3))"
    ),
    new_code_cell("1 / 0", metadata={"tags": ["raises-exception"]}),
]


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    path = tmp_path_factory.mktemp("notebooks") / "small.ipynb"
    nbformat.write(new_notebook(cells=CELLS), path)
    assert refresh.refresh(path)
    return path


@pytest.fixture
def path(stored, tmp_path):
    return shutil.copy(stored, tmp_path / "small.ipynb")


def edit(path, number, old, new):
    notebook = read(path)
    cell = code_cells(notebook)[number]
    assert old in cell.source
    cell.source = cell.source.replace(old, new)
    nbformat.write(notebook, path)


def outputs(path, number):
    return code_cells(read(path))[number].outputs


def test_a_second_time_no_byte_changes(path):
    before = path.read_bytes()
    assert not refresh.refresh(path)
    assert path.read_bytes() == before


def test_what_differs_between_runs_is_left_out(path):
    text = path.read_text(encoding="utf-8")
    assert "widget-view" not in text
    assert "collapsed" not in text
    assert outputs(path, 2)[0].text == "a\nb\nc\n"
    assert len(outputs(path, 2)) == 1
    picture, widget, words = outputs(path, 3)
    assert "image/png" in picture.data
    assert widget.data == {"text/plain": refresh.RUN_ME}
    assert "3 things" in words.data["text/html"]
    assert outputs(path, 4)[0].traceback == [
        "ZeroDivisionError: division by zero"
    ]


def test_a_volatile_cell_keeps_its_output_until_its_code_changes(path):
    before = outputs(path, 1)
    refresh.refresh(path)
    assert outputs(path, 1) == before
    edit(path, 1, "time_ns()", "time_ns() + 1")
    assert not refresh.is_current(path)
    refresh.refresh(path)
    assert outputs(path, 1) != before
    assert refresh.is_current(path)


def test_a_volatile_cell_runs_anew_when_asked_to(path):
    before = outputs(path, 1)
    refresh.refresh(path, anew=True)
    assert outputs(path, 1) != before


def test_a_volatile_cell_runs_anew_when_a_cell_before_it_changed(path):
    before = outputs(path, 1)
    edit(path, 2, "'abc'", "'xyz'")  # behind it
    refresh.refresh(path)
    assert outputs(path, 1) == before
    edit(path, 0, "import time", "import time as time")
    refresh.refresh(path)
    assert outputs(path, 1) != before


def test_changed_code_is_noticed_without_running_it(path):
    assert refresh.is_current(path)
    edit(path, 0, "len(CLOTHING)", "len(CLOTHING) + 1")
    assert not refresh.is_current(path)


def test_a_changed_helper_is_noticed_and_its_docstring_is_not(
    path, tmp_path, monkeypatch
):
    shutil.copytree(notebook_files.ROOT / "helpers", tmp_path / "helpers")
    monkeypatch.setattr(notebook_files, "ROOT", tmp_path)
    assert refresh.is_current(path)
    helper = tmp_path / "helpers" / "data.py"
    code = helper.read_text(encoding="utf-8")
    helper.write_text(
        code.replace('"""Labelled images', '"""Other words'), encoding="utf-8"
    )
    assert refresh.is_current(path)
    helper.write_text(code.replace('"dress"', '"frock"'), encoding="utf-8")
    assert not refresh.is_current(path)
    helper.write_text(code, encoding="utf-8")
    other = tmp_path / "helpers" / "training.py"  # not used by this notebook
    other.write_text(
        other.read_text(encoding="utf-8") + "\nunused = 1\n", encoding="utf-8"
    )
    assert refresh.is_current(path)


def test_a_changed_record_is_noticed(tmp_path, monkeypatch):
    """But not one that only a volatile cell reads: it keeps its output."""
    monkeypatch.setattr(notebook_files, "RECORDS", tmp_path)
    for name in ("shown", "volatile"):
        (tmp_path / f"{name}.json").write_text("{}", encoding="utf-8")
    notebook = new_notebook(
        cells=[
            new_code_cell('rows = load_record("shown")["rows"]'),
            new_code_cell(
                'load_record("volatile")', metadata={"tags": ["volatile"]}
            ),
            new_code_cell('load_record("not-there")'),
        ]
    )
    before = notebook_files.code_hash(notebook)
    (tmp_path / "volatile.json").write_text("[]", encoding="utf-8")
    assert notebook_files.code_hash(notebook) == before
    (tmp_path / "shown.json").write_text("[]", encoding="utf-8")
    assert notebook_files.code_hash(notebook) != before


def test_a_failing_notebook_is_not_stored(path, monkeypatch, capsys):
    edit(path, 0, "len(CLOTHING)", "undefined")
    before = path.read_bytes()
    monkeypatch.setattr("sys.argv", ["refresh", str(path)])
    monkeypatch.setattr(refresh.generated, "write", list)
    assert refresh.main() == 1
    assert "stopped small.ipynb" in capsys.readouterr().out
    assert path.read_bytes() == before


def test_check_says_which_are_stale(path, monkeypatch, capsys):
    monkeypatch.setattr(refresh.generated, "outdated", list)
    assert refresh.check([path]) == 0
    edit(path, 0, "len(CLOTHING)", "len(CLOTHING) - 1")
    assert refresh.check([path]) == 1
    assert "stale   small.ipynb" in capsys.readouterr().out


def test_check_says_what_is_generated_and_not_up_to_date(
    path, monkeypatch, capsys
):
    monkeypatch.setattr(refresh.generated, "outdated", lambda: [path])
    assert refresh.check([path]) == 1
    assert "outdated small.ipynb" in capsys.readouterr().out


def test_a_locale_without_utf_8_is_no_obstacle():
    """The notebooks and helpers are read as UTF-8 whatever it says."""
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "tools.refresh", "--check"],
        cwd=ROOT,
        env={**os.environ, **plain},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.stderr == ""
    assert "00_start_here.ipynb" in done.stdout
