"""What every stored notebook must be."""

import ast
import json
import re

import nbformat
import pytest

import publish
import refresh
from notebooks import (
    NOTEBOOKS,
    ROOT,
    code_cells,
    read,
    tags,
    without_docstrings,
)

each_notebook = pytest.mark.parametrize(
    "path", NOTEBOOKS, ids=lambda path: path.stem
)
# The one list of cells whose outputs are not compared.
VOLATILE = json.loads((ROOT / "tests" / "volatile.json").read_text())
REPO = publish.address()
COLAB = f"{publish.COLAB}{REPO}/blob/main/notebooks/"
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
            assert len(description) > 30, cell.source
            assert re.search(r"\d", description) or len(description) > 60


@each_notebook
def test_links_hold(path):
    for cell in read(path).cells:
        if cell.cell_type != "markdown":
            continue
        for target in re.findall(r"\]\(([^)#\s]+)", cell.source):
            if not target.startswith(("http:", "https:")):
                assert (path.parent / target).exists(), target


@each_notebook
def test_badge_and_setup_cell_agree_with_the_address(path):
    notebook = read(path)
    opening = notebook.cells[0].source
    assert f"]({COLAB}{path.name})" in opening
    setup = [c for c in notebook.cells if "setup" in tags(c)]
    assert [c.source for c in setup] == [publish.SETUP]
    assert notebook.cells[1] is setup[0]


@each_notebook
def test_opening_says_what_a_reader_needs(path):
    opening = read(path).cells[0].source
    assert opening.startswith("# ")
    assert re.search(r"^\*\*.+\?\*\*$", opening, re.MULTILINE), "a question"
    assert re.search(r"Reading \d+ minutes?.*, running \d+", opening)


@each_notebook
def test_the_listed_volatile_cells_are_all_and_say_why(path):
    volatile = [c for c in code_cells(read(path)) if "volatile" in tags(c)]
    firsts = [cell.source.splitlines()[0] for cell in volatile]
    assert firsts == VOLATILE.get(path.name, [])
    for cell in volatile:
        assert "# Not compared:" in cell.source, cell.source
        assert re.search(r"^\s*assert ", cell.source, re.MULTILINE)


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
    cells = [
        ast.parse(re.sub(r"^%.*$", "pass", c.source, flags=re.MULTILINE))
        for c in code_cells(read(path))
    ]
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


@each_notebook
def test_helpers_shown_in_a_notebook_are_the_helpers(path):
    """A definition that a notebook shows and `helpers` holds is one."""
    for node in definitions("\n\n".join(_sources(path))):
        for chapter, module in SHOWN:
            # Before it is introduced, a name may mean something simpler.
            if path.stem >= chapter and node.name in module:
                assert ast.dump(node) == module[node.name], node.name


def definitions(source):
    tree = without_docstrings(ast.parse(source))
    kinds = (ast.FunctionDef, ast.ClassDef)
    return [node for node in tree.body if isinstance(node, kinds)]


def _sources(path):
    return [
        re.sub(r"^%.*$", "pass", cell.source, flags=re.MULTILINE)
        for cell in code_cells(read(path))
        if not tags(cell) & {"exercise", "setup"}
    ]


SHOWN = [
    (
        chapter,
        {
            node.name: ast.dump(node)
            for node in definitions((ROOT / "helpers" / name).read_text())
        },
    )
    for chapter, name in (
        ("04", "model.py"),
        ("04", "training.py"),
        ("05", "evaluation.py"),
        ("06", "attribution.py"),
        ("07", "speed.py"),
        ("07", "costs.py"),
        ("07", "distributed.py"),
    )
]


def test_chapter_4_shows_what_helpers_holds():
    shown = {
        node.name
        for node in definitions(
            "\n\n".join(_sources(ROOT / "notebooks" / "04_big_model.ipynb"))
        )
    }
    assert {"BigModel", "make_loader", "train_one_epoch", "evaluate"} <= shown


def test_chapter_5_shows_what_helpers_holds():
    path = ROOT / "notebooks" / "05_evaluation_and_visualization.ipynb"
    shown = {n.name for n in definitions("\n\n".join(_sources(path)))}
    assert {
        "predict",
        "accuracy",
        "wilson_interval",
        "bootstrap_interval",
        "mcnemar",
        "confusion_matrix",
        "precision_recall_f1",
        "reliability_bins",
        "expected_calibration_error",
        "calibrated_errors",
        "fit_temperature",
        "accuracy_coverage",
    } <= shown


def test_chapter_6_shows_what_helpers_holds():
    path = ROOT / "notebooks" / "06_interpretability.ipynb"
    shown = {n.name for n in definitions("\n\n".join(_sources(path)))}
    assert {
        "ModularBigModel",
        "gradient",
        "gradient_x_input",
        "integrated_gradients",
        "smooth_grad",
        "occlusion",
        "grad_cam",
        "shapley_values",
        "sampled_shapley_values",
    } <= shown


def test_chapter_7_shows_what_helpers_holds():
    path = ROOT / "notebooks" / "07_speed_cost_and_scale.ipynb"
    shown = {n.name for n in definitions("\n\n".join(_sources(path)))}
    assert {
        "PerImage",
        "plain_recipe",
        "PoolFirst",
        "bfloat16_pays",
        "whiten_",
        "prepared",
        "one_cycle",
        "batches",
        "optimizer_for",
        "fast_recipe",
        "share_right",
        "time_to",
        "operations",
        "measure_kept",
        "average_gradients",
        "share_of_batch",
        "spread",
    } <= shown


def test_pages_link_to_what_is_there():
    for page in publish.PAGES:
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#\s]+)", text):
            if not target.startswith(("http:", "https:")):
                assert (page.parent / target).exists(), (page.name, target)


def test_the_address_lives_in_one_place():
    """Nothing but pyproject, the pages and the notebooks names it."""
    allowed = {publish.PYPROJECT, *publish.PAGES, *NOTEBOOKS}
    for path in ROOT.rglob("*.py"):
        if ".venv" not in str(path) and path not in allowed:
            assert publish.HOST + REPO not in path.read_text(), path
