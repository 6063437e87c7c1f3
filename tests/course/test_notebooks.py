"""What every stored notebook must be."""

import ast
import re
from pathlib import Path

import nbformat
import pytest

from tools import publish, refresh
from tools.address import address
from tools.notebook_files import (
    NOTEBOOKS,
    code_cells,
    read,
    tags,
)

each_notebook = pytest.mark.parametrize(
    "path", NOTEBOOKS, ids=lambda path: path.stem
)
REPO = address()
MACHINE_PATH = re.compile(r"/(?:home|root|tmp|work|Users|mnt)/\w|[A-Z]:\\\\")


def test_there_are_notebooks():
    assert len(NOTEBOOKS) >= 2


@each_notebook
def test_it_is_valid_and_normalised(path):
    stored = path.read_text(encoding="utf-8")
    notebook = read(path)
    nbformat.validate(notebook)
    again = nbformat.writes(refresh.normalise(notebook)) + "\n"
    assert stored == again, "`make refresh` stores it as it should be"


@each_notebook
def test_what_is_stored_belongs_to_the_present_code(path):
    assert refresh.is_current(path), "`make refresh` executes it again"


@each_notebook
def test_every_cell_ran_in_order(path):
    counts = [cell.execution_count for cell in code_cells(read(path))]
    assert counts == list(range(1, len(counts) + 1))
    assert all(cell.source.strip() for cell in code_cells(read(path)))


@each_notebook
def test_no_accidental_traceback_and_no_stderr(path):
    for cell in code_cells(read(path)):
        on_purpose = "raises-exception" in tags(cell)
        raised = [o for o in cell.outputs if o.output_type == "error"]
        assert bool(raised) == on_purpose, cell.source
        assert all(o.get("name") != "stderr" for o in cell.outputs)


@each_notebook
def test_no_widget_state_no_machine_s_path_no_remote_image(path):
    notebook = read(path)
    assert "widgets" not in notebook.metadata
    text = path.read_text(encoding="utf-8")
    assert "widget-view" not in text
    assert not MACHINE_PATH.search(text)
    for cell in notebook.cells:
        assert not re.search(r"!\[[^\]]*\]\(https?:", cell.source)
        assert not re.search(r"<img[^>]*src=.?https?:", cell.source)


def descriptions(cell):
    """The description of every picture among a cell's outputs."""
    for output in cell.outputs:
        data = output.get("data", {})
        if "image/png" in data:
            text = data.get("text/plain", "")
            # matplotlib's own "<Figure size ...>" describes nothing
            yield "" if text.startswith("<") else text


@each_notebook
def test_every_picture_is_described(path):
    for cell in code_cells(read(path)):
        for description in descriptions(cell):
            long = 30 if re.search(r"\d", description) else 60
            assert len(description) > long, (
                "describe what is to be seen, in words and numbers: "
                f"show(figure, '...'), not plt.show(). {cell.source}"
            )


@each_notebook
def test_links_hold(path):
    for cell in read(path).cells:
        if cell.cell_type != "markdown":
            continue
        for target in re.findall(r"\]\(([^)#\s]+)", cell.source):
            if not target.startswith(("http:", "https:")):
                assert (path.parent / target).exists(), (
                    f"{path.name} links to {target}, which is not there"
                )


@each_notebook
def test_the_set_up_cell_comes_first(path):
    cells = read(path).cells
    setup = [cell for cell in cells if "setup" in tags(cell)]
    assert setup == [cells[1]]
    assert cells[1].metadata.jupyter.source_hidden


@each_notebook
def test_opening_says_what_a_reader_will_be_able_to_do(path):
    opening = read(path).cells[0].source
    assert "You will be able to" in opening
    assert len(re.findall(r"^- ", opening, re.MULTILINE)) == 3


@each_notebook
def test_volatile_cells_say_why_and_are_asserted(path):
    """By themselves, or by the next cell that holds what a section says; of
    a cell that only draws, it asserts what is drawn."""
    cells = code_cells(read(path))
    for position, cell in enumerate(cells):
        if "volatile" not in tags(cell):
            continue
        assert "# Not compared:" in cell.source, cell.source
        if re.search(r"^\s*assert ", cell.source, re.MULTILINE):
            continue
        following = (c for c in cells[position:] if "holds" in tags(c))
        names = set(_bound(_tree(cell)))
        if cell.source.startswith("# @title A figure"):
            names |= _read(_tree(cell))
        held = _asserted(next(following, cell)) & names
        assert held, f"no name of this cell is asserted: {cell.source}"


def _tree(cell):
    return ast.parse(re.sub(r"^%.*$", "pass", cell.source, flags=re.MULTILINE))


def _asserted(cell):
    """The names that a cell's assertions read."""
    tests = [n for n in ast.walk(_tree(cell)) if isinstance(n, ast.Assert)]
    return {name for test in tests for name in _read(test)}


def _read(tree):
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}


# Numbers and neighbours change when a notebook is added; titles do not.
NUMBERED = re.compile(
    r"\b(?:[Cc]hapter|[Nn]otebook)s? (?:\d+|one|two|three|four|five|six)\b"
    r"|\b(?:[Nn]ext|[Pp]revious) (?:chapter|notebook)\b"
)


@each_notebook
def test_prose_links_by_topic(path):
    for cell in read(path).cells:
        found = NUMBERED.findall(cell.source)
        assert not found, (
            f"{found}: link to the notebook instead; `make refresh` keeps the "
            "link's number and title right"
        )


@each_notebook
def test_gpu_cells_run_without_a_gpu_too(path):
    for cell in code_cells(read(path)):
        if "gpu" in tags(cell):
            assert "if torch.cuda.is_available():" in cell.source
            assert "\nelse:" in cell.source


@each_notebook
def test_later_cells_leave_live_figures_alone(path):
    """A live figure draws again after Run All, when every cell has run: a
    name it reads must not mean something else by then."""
    cells = [_tree(cell) for cell in code_cells(read(path))]
    for position, cell in enumerate(cells):
        for draw in cell.body:
            if not isinstance(draw, ast.FunctionDef) or draw.name != "draw":
                continue
            inside = [n for n in ast.walk(draw) if isinstance(n, ast.Name)]
            own = {n.id for n in inside if isinstance(n.ctx, ast.Store)}
            own |= {a.arg for a in ast.walk(draw) if isinstance(a, ast.arg)}
            own |= {"draw"}
            later = {n for c in cells[position + 1 :] for n in _bound(c)}
            assert not ({n.id for n in inside} - own) & later


def _bound(cell):
    """The names that a cell binds at its top level, or in a loop there."""
    functions = (ast.FunctionDef, ast.ClassDef)
    waiting = list(cell.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, functions):
            yield node.name
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        if not isinstance(
            node,
            (
                ast.Lambda,
                ast.GeneratorExp,
                ast.ListComp,
                ast.DictComp,
                ast.SetComp,
            ),
        ):
            waiting += ast.iter_child_nodes(node)


@each_notebook
def test_lines_do_not_scroll_sideways(path):
    for cell in code_cells(read(path)):
        for line in cell.source.splitlines():
            assert len(line) <= 79, line


def test_pages_link_to_what_is_there():
    for page in filter(Path.exists, publish.PAGES):
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#\s]+)", text):
            if not target.startswith(("http:", "https:")):
                assert (page.parent / target).exists(), (page.name, target)
