"""The ledger holds what was measured, on a machine that was quiet."""

import json
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from helpers import recorded
from helpers.recorded import load_record
from tools import experiments, ledger
from tools.contents import load
from tools.machine import Busy
from tools.notebook_files import NOTEBOOKS, topic

pytestmark = pytest.mark.alone

CELLS = [
    new_code_cell("import time\nimport torch\nkept = bytearray(300 << 20)"),
    new_code_cell("X = torch.rand(10, 20) @ torch.rand(20, 30)\nX.shape"),
    new_code_cell("time.sleep(1)"),
    new_code_cell(
        "layer = torch.nn.Linear(20, 30)\n"
        "with torch.inference_mode():\n"
        "    _ = layer(torch.rand(10, 20))"
    ),
    new_code_cell("_ = layer(torch.rand(10, 20)).sum().backward()"),
    new_code_cell(  # traced, not computed
        "batch = torch.export.Dim('batch')\n"
        "_ = torch.export.export(\n"
        "    layer, (torch.rand(10, 20),), dynamic_shapes=({0: batch},)\n"
        ")"
    ),
    new_code_cell("1 / 0", metadata={"tags": ["raises-exception"]}),
]
# Three products forward and one for the gradient of the weights.
OPERATIONS = 4 * 2 * 10 * 20 * 30


@pytest.fixture(scope="module")
def row(tmp_path_factory):
    path = tmp_path_factory.mktemp("ledger") / "00_small.ipynb"
    nbformat.write(new_notebook(cells=CELLS), path)
    # The tests' machine is seldom quiet; whether it is, is another test.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger, "require_quiet", lambda *_: None)
        return ledger.measure(path)


def test_a_row_holds_what_a_notebook_takes(row):
    assert row["operations"] == OPERATIONS
    assert row["failed_while_counted"] == 0
    assert row["MiB"] > 300
    assert 1 <= row["seconds"] < 120
    assert 0 < row["core_seconds"] < 120


def test_a_cell_that_fails_while_counted_is_told(tmp_path):
    cells = [
        new_code_cell("import torch\n_ = torch.ones(2, 3) @ torch.ones(3, 4)"),
        new_code_cell("raise RuntimeError('not under a counter')"),
    ]
    notebook = new_notebook(cells=cells)
    assert ledger.count(notebook, tmp_path) == (2 * 2 * 3 * 4, 1)


def fake(**change):
    return {
        "topic": "a",
        "code_hash": "1",
        "seconds": 12,
        "core_seconds": 18,
        "MiB": 1234,
        "operations": 2_500_000,
        "failed_while_counted": 0,
    } | change


def test_a_busy_machine_is_noticed_while_a_notebook_runs(tmp_path):
    """Another program takes a core meanwhile: nothing is measured."""
    path = tmp_path / "00_small.ipynb"
    nbformat.write(
        new_notebook(cells=[new_code_cell("import time\ntime.sleep(4)")]), path
    )
    command = [sys.executable, "-c", "while True: pass"]
    process = subprocess.Popen(command)
    try:
        with pytest.raises(Busy, match=r"while 00_small\.ipynb ran, other"):
            ledger.measure(path)
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def records(tmp_path, monkeypatch):
    """An empty folder of records, in place of the course's."""
    monkeypatch.setattr(recorded, "RECORDS", tmp_path)
    monkeypatch.setattr(experiments, "RECORDS", tmp_path)
    monkeypatch.setattr(ledger.generated, "write", list)
    return tmp_path


def test_only_what_changed_is_measured_anew(records):
    chapters = load()
    assert ledger.stored() == {"rows": []}
    assert ledger.stale({}, chapters) == NOTEBOOKS
    first = chapters[0]
    known = ledger.code_hash(ledger.read(first.path))
    row = fake(topic=first.topic, code_hash=known)
    ledger.store({first.topic: row}, 123.4, chapters)
    record = ledger.stored()
    assert record["rows"] == [row]
    assert record["images_per_second"] == 123
    assert ledger.stale({first.topic: row}, chapters) == NOTEBOOKS[1:]
    path = records / "ledger.json"
    other = json.loads(path.read_text(encoding="utf-8"))
    other["machine"] = "another"
    path.write_text(json.dumps(other), encoding="utf-8")
    assert ledger.stored() == {"rows": []}


def test_on_a_busy_machine_nothing_is_recorded(records, monkeypatch):
    monkeypatch.setattr(ledger, "others", lambda: 1.5)
    monkeypatch.setattr("sys.argv", ["ledger"])
    with pytest.raises(SystemExit, match="Nothing is recorded"):
        ledger.main()
    assert list(records.iterdir()) == []


def test_what_is_done_stays_when_the_machine_becomes_busy(
    records, monkeypatch
):
    def measure(path):
        if path != NOTEBOOKS[0]:
            raise Busy("Nothing is recorded: others came")
        return fake(topic=topic(path))

    monkeypatch.setattr(ledger, "others", lambda: 0.0)
    monkeypatch.setattr(ledger, "training_rate", lambda: 600.0)
    monkeypatch.setattr(ledger, "measure", measure)
    monkeypatch.setattr("sys.argv", ["ledger"])
    with pytest.raises(SystemExit, match="others came"):
        ledger.main()
    rows = load_record("ledger")["rows"]
    assert [row["topic"] for row in rows] == [topic(NOTEBOOKS[0])]
