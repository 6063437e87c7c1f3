"""The compute ledger in the README is what was measured."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

import bench_ledger
import runs
from helpers import records
from helpers.records import load_record
from notebooks import NOTEBOOKS

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
    path = tmp_path_factory.mktemp("ledger") / "small.ipynb"
    nbformat.write(new_notebook(cells=CELLS), path)
    return bench_ledger.measure(path)


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
    assert bench_ledger.count(notebook, tmp_path) == (2 * 2 * 3 * 4, 1)


def fake(**change):
    return {
        "notebook": "a.ipynb",
        "code_hash": "1",
        "seconds": 12,
        "core_seconds": 18,
        "MiB": 1234,
        "operations": 2_500_000,
        "failed_while_counted": 0,
    } | change


def record(rows):
    return {
        "rows": rows,
        "recorded": "2026-01-01",
        "command": bench_ledger.COMMAND,
        "machine": "a processor",
        "versions": {"torch": "2"},
    }


def test_the_table_adds_up():
    rows = [fake(), fake(notebook="b.ipynb", MiB=5, failed_while_counted=2)]
    text = bench_ledger.table(record(rows))
    assert "| a | 12 | 1,234 MiB | 2.5e+06 | 0.05 Wh |" in text
    assert "| b | 12 | 5 MiB | over 2.5e+06 | 0.05 Wh |" in text
    total = "| all, one after another | 24 | 1,234 MiB | over 5.0e+06 | 0.10"
    assert total in text
    assert "10 watts, an assumption" in text


def test_what_stands_beside_the_table_stays(tmp_path):
    readme = tmp_path / "README.md"
    marks = f"{bench_ledger.BEGIN}\nold\n{bench_ledger.END}"
    readme.write_text(f"before\n\n{marks}\n\nafter\n")
    bench_ledger.write_table(readme, record([fake()]))
    text = readme.read_text()
    assert text.startswith(f"before\n\n{bench_ledger.BEGIN}\n\n| notebook")
    assert text.endswith(
        f"assumption, for each second that a core is busy."
        f"\n\n{bench_ledger.END}\n\nafter\n"
    )
    assert "old" not in text
    bench_ledger.write_table(readme, record([fake()]))
    assert readme.read_text() == text
    readme.write_text("no marks")
    with pytest.raises(ValueError, match=r"README.md needs one <!-- ledger"):
        bench_ledger.write_table(readme, record([fake()]))


def test_only_what_changed_is_measured_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(records, "DATA_FOLDER", tmp_path)
    readme = tmp_path / "README.md"
    readme.write_text(f"{bench_ledger.BEGIN}{bench_ledger.END}")
    monkeypatch.setattr(bench_ledger, "README", readme)
    assert bench_ledger.stored_rows() == {}
    assert bench_ledger.stale({}) == NOTEBOOKS
    first = NOTEBOOKS[0]
    known = bench_ledger.code_hash(bench_ledger.read(first))
    bench_ledger.store(
        {first.name: fake(notebook=first.name, code_hash=known)}
    )
    rows = bench_ledger.stored_rows()
    assert bench_ledger.stale(rows) == NOTEBOOKS[1:]
    path = tmp_path / "runs" / "ledger.json"
    other = json.loads(path.read_text()) | {"machine": "another"}
    path.write_text(json.dumps(other))
    assert bench_ledger.stored_rows() == {}


def test_the_readme_s_table_is_the_record():
    """`make bench` writes both; nobody edits either by hand."""
    text = bench_ledger.README.read_text(encoding="utf-8")
    table = bench_ledger.table(load_record("ledger"))
    marks = bench_ledger.BEGIN, bench_ledger.END
    assert f"{marks[0]}\n\n{table}\n\n{marks[1]}" in text


def test_every_notebook_has_a_row():
    rows = load_record("ledger")["rows"]
    names = [path.name for path in NOTEBOOKS]
    assert [row["notebook"] for row in rows] == names
