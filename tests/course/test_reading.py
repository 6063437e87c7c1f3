"""What a reader sees: an hour, drawings, numbers, nothing of the scaffold."""

import ast
import re

import pytest

from tools import times
from tools.notebook_files import NOTEBOOKS, code_cells, read, tags

each_notebook = pytest.mark.parametrize(
    "path", NOTEBOOKS, ids=lambda path: path.stem
)
FOLDED = re.compile(r"# @title \w.*\n")
DRAWS = re.compile(r"\bplt\.|\baxes\b|\b(?:show|live|drawing)\(")
# A table of true and false is data; a lone verdict is the harness speaking.
HARNESS = re.compile(r"(?:^|[:=,\s])(?:True|False)\s*$", re.MULTILINE)


def is_folded(cell):
    return bool(cell.metadata.get("jupyter", {}).get("source_hidden"))


def statements(source):
    source = re.sub(r"^%.*$", "pass", source, flags=re.MULTILINE)
    return list(ast.walk(ast.parse(source)))


@each_notebook
def test_it_takes_an_hour(path):
    assert times.over_limit(read(path)) == []


@each_notebook
def test_a_folded_cell_is_folded_on_colab_too_and_says_what_it_does(path):
    for cell in code_cells(read(path)):
        on_colab = cell.metadata.get("cellView") == "form"
        if "setup" not in tags(cell):
            assert is_folded(cell) == on_colab, cell.source
            assert is_folded(cell) == bool(FOLDED.match(cell.source)), (
                "a folded cell begins with `# @title What it shows`: "
                + cell.source
            )


@each_notebook
def test_drawing_is_out_of_sight(path):
    for cell in code_cells(read(path)):
        if not is_folded(cell):
            assert not DRAWS.search(cell.source), cell.source


@each_notebook
def test_assertions_are_out_of_sight(path):
    for cell in code_cells(read(path)):
        asserts = any(
            isinstance(n, ast.Assert) for n in statements(cell.source)
        )
        if asserts:
            assert is_folded(cell) or "volatile" in tags(cell), cell.source
        if "holds" in tags(cell):
            assert asserts, cell.source
            assert is_folded(cell), cell.source
            assert not cell.outputs, "it holds, and says nothing"


@each_notebook
def test_numbers_are_printed_not_verdicts(path):
    for cell in code_cells(read(path)):
        for output in cell.outputs:
            text = output.get("text", "")
            assert not HARNESS.search(text), (cell.source, text)


@each_notebook
def test_it_has_a_drawing_or_a_figure_to_move(path):
    sources = [cell.source for cell in code_cells(read(path))]
    assert any(re.search(r"\b(?:drawing|live)\(", s) for s in sources)


@each_notebook
def test_it_asserts_what_it_says(path):
    assert any("holds" in tags(cell) for cell in code_cells(read(path)))


@each_notebook
def test_an_exercise_builds(path):
    """What a learner wrote is used by the cells that follow."""
    sources = [cell.source for cell in code_cells(read(path))]
    asked = [
        cell for cell in code_cells(read(path)) if "exercise" in tags(cell)
    ]
    if len(asked) > 1:
        assert any(".yours_or_ours(" in source for source in sources)


@each_notebook
def test_it_ends_with_what_to_keep(path):
    cells = [c for c in read(path).cells if c.cell_type == "markdown"]
    ends = [c.source for c in cells if c.source.startswith("## Keep this")]
    assert len(ends) == 1
    assert len(re.findall(r"^- ", ends[0], re.MULTILINE)) == 3
