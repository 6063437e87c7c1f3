"""The course in a real JupyterLab, with a real browser, as a learner.

One notebook is in every run of the tests; the other notebooks are marked
`full`. Without Chromium or playwright all of this is skipped.
"""

import contextlib
import importlib.util
import re
import shutil

import ipywidgets
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tests.course.answers import exercises
from tools.lab_driver import CHROMIUM, Lab
from tools.notebook_files import NOTEBOOKS, code_cells, read, tags, topic
from tools.refresh import METADATA, refresh

if not importlib.util.find_spec("playwright"):
    missing = "playwright is not installed (requirements.txt has it)"
elif not CHROMIUM:
    missing = "no chromium on the path (CHROMIUM=... names one elsewhere)"
else:
    missing = ""
# The ranges allow it for Colab, which shows its sliders itself.
shows_sliders = pytest.mark.skipif(
    int(ipywidgets.__version__.partition(".")[0]) < 8,
    reason="JupyterLab 4 shows no slider of ipywidgets 7",
)
pytestmark = [
    pytest.mark.alone,
    pytest.mark.browser,
    pytest.mark.skipif(bool(missing), reason=missing or "all is there"),
]

IN_EVERY_RUN = "neurons_and_activations"
# On the console, not on the page: the widget manager notes that a notebook
# was opened whose widgets are gone, which is what these tests provoke.
BENIGN = re.compile(r"console: Error: widget model not found\n\s+at ")
MODEL_GONE = "model not found"
LIVE = """\
import matplotlib.pyplot as plt
from ipywidgets import IntSlider

from helpers.figures import live, use_look

use_look()
figure, axes = plt.subplots()
(line,) = axes.plot([0, 1], [0, 1])
axes.set_ylim(0, 10)


def draw(slope):
    if slope == 7:
        raise ValueError("seven")
    line.set_ydata([0, slope])
    return f"slope {slope}"


live(figure, draw, slope=IntSlider(3, 0, 10))"""


@contextlib.contextmanager
def opened(folder, name):
    """A notebook in a JupyterLab; at the end the page has had no error."""
    told = []
    with Lab(folder) as lab, lab.page() as page:
        page.on("pageerror", lambda error: told.append(f"page: {error}"))
        page.on(
            "console",
            lambda message: (
                told.append(f"console: {message.text}")
                if message.type == "error"
                else None
            ),
        )
        yield lab.open(page, name)
    assert [text for text in told if not BENIGN.match(text)] == []


@pytest.fixture
def course(tmp_path):
    """A copy of the notebooks, free to be changed."""
    folder = tmp_path / "notebooks"
    shutil.copytree(NOTEBOOKS[0].parent, folder)
    return folder


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(
            path,
            marks=() if topic(path) == IN_EVERY_RUN else pytest.mark.full,
            id=path.name,
        )
        for path in NOTEBOOKS
    ],
)
@shows_sliders
def test_a_learner_works_through(path, course):
    with opened(course, path.name) as notebook:
        notebook.run_all()
        meant = [
            cell
            for cell in code_cells(read(path))
            if "raises-exception" in tags(cell)
        ]
        assert len(notebook.errors()) == len(meant), notebook.errors()
        for slider in notebook.sliders():
            move(notebook, slider)
        for exercise in exercises(path):
            answer(notebook, exercise)


def test_opening_a_notebook_does_not_mark_it_as_changed(course):
    before = {path.name: path.read_bytes() for path in course.glob("*.ipynb")}
    with Lab(course) as lab, lab.page() as page:
        for name in (min(before), max(before)):
            notebook = lab.open(page, name)
            page.evaluate(KERNEL_HAS_ANSWERED)
            page.wait_for_timeout(500)
            assert not notebook.is_changed(), name
    for name, content in before.items():
        assert (course / name).read_bytes() == content, name


# ... which Python it is, and JupyterLab has noted it.
KERNEL_HAS_ANSWERED = """async () => {
    const panel = window.jupyterapp.shell.currentWidget;
    const kernel = panel.sessionContext.session.kernel;
    await kernel.info;
    await kernel.spec;
}"""


def move(notebook, slider):
    """A slider by keyboard and by mouse; the picture follows each time."""
    first = notebook.picture(slider)
    high = float(slider.get_attribute("aria-valuemax"))
    at_end = notebook.value(slider) == high
    notebook.press(slider, "ArrowLeft" if at_end else "ArrowRight")
    second = notebook.wait_for_other_picture(slider, first)
    low = float(slider.get_attribute("aria-valuemin"))
    share = (notebook.value(slider) - low) / (high - low)
    notebook.drag(slider, 0.1 if share > 0.5 else 0.9)
    third = notebook.wait_for_other_picture(slider, second)
    assert all(description for _, description in (first, second, third))
    assert third[1] != second[1], "the description must follow the value"


def answer(notebook, exercise):
    """A wrong answer, then the course's; each gets its verdict."""
    name = exercise.check.partition("(")[2].rstrip(")")
    wrong = f"def {name}(*arguments, **options):\n    return 0.0\n"
    cell = notebook.cell(exercise.check)
    for definition, verdict in (
        (wrong, "\N{MULTIPLICATION X} Not right: "),
        (exercise.solution, "\N{CHECK MARK} Right: "),
    ):
        source = f"{definition}\n\n{exercise.check}"
        assert notebook.type_and_run(cell, source).startswith(verdict)


# --- a live figure where no widget runs ---------------------------------


def live_notebook(folder):
    """A notebook with a live figure, written to a file and not run."""
    notebook = new_notebook(cells=[new_code_cell(LIVE)], metadata=METADATA)
    nbformat.write(notebook, folder / "live.ipynb")
    return folder / "live.ipynb"


def shows_the_still_picture(notebook):
    notebook.page.wait_for_function(
        "() => document.querySelector('.jp-OutputArea img')?.naturalWidth"
    )
    seen = notebook.visible_outputs()
    assert notebook.visible_pictures() == 1
    words = " ".join(text for _, text in seen).lower()
    assert MODEL_GONE not in words, seen
    assert "in words" in words


def shows_the_widget(notebook):
    assert len(notebook.sliders()) == 1
    assert notebook.visible_pictures() == 1, "the still picture as well"
    assert not [t for _, t in notebook.visible_outputs() if "In words" in t]


def unrun_trusted_or_not(folder):
    """The saved notebook as both kinds of reader meet it."""
    with opened(folder, "live.ipynb") as notebook:
        assert not notebook.is_trusted()
        shows_the_still_picture(notebook)
        notebook.trust()
        notebook.page.wait_for_function(IS_TRUSTED)
        shows_the_still_picture(notebook)
        assert notebook.run_all()  # and it comes to life
        shows_the_widget(notebook)


IS_TRUSTED = """() => [...window.jupyterapp.shell.currentWidget.model.cells]
    .every(cell => cell.trusted)"""


@shows_sliders
def test_as_stored_in_the_repository_it_shows_its_picture(tmp_path):
    refresh(live_notebook(tmp_path))
    unrun_trusted_or_not(tmp_path)


@shows_sliders
def test_a_learners_saved_notebook_shows_its_picture_again(tmp_path):
    live_notebook(tmp_path)
    with opened(tmp_path, "live.ipynb") as notebook:
        assert notebook.run_all()
        (slider,) = notebook.sliders()
        old = notebook.picture(slider)
        notebook.press(slider, "ArrowRight")
        notebook.wait_for_other_picture(slider, old)
        notebook.save()
    unrun_trusted_or_not(tmp_path)


@shows_sliders
def test_a_failing_callback_shows_its_error_and_recovers(tmp_path):
    live_notebook(tmp_path)
    with opened(tmp_path, "live.ipynb") as notebook:
        assert notebook.run_all()
        (slider,) = notebook.sliders()
        for _ in range(4):
            notebook.press(slider, "ArrowRight")
        alert = notebook.page.locator(".live-figure [role=alert]")
        alert.wait_for()
        assert alert.inner_text() == "ValueError: seven"
        notebook.press(slider, "ArrowRight")
        alert.wait_for(state="detached")
        assert notebook.picture(slider)[1] == "slope 8"
