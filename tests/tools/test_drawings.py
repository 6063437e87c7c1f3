"""Drawings: stored as their code draws them, legible, described, true."""

import re

import matplotlib
import pytest

from helpers.figures import (
    DRAWINGS,
    DrawingError,
    description_of,
    drawing,
)
from helpers.model import load_bigmodel
from tools import drawings
from tools.drawings.canvas import Canvas
from tools.notebook_files import NOTEBOOKS, ROOT, code_cells, read

NAMES = list(drawings.drawings())
each_drawing = pytest.mark.parametrize("name", NAMES)
PINNED = f"matplotlib=={matplotlib.__version__}\n"
# Another release may set its letters otherwise.
same_matplotlib = pytest.mark.skipif(
    PINNED not in (ROOT / "requirements.txt").read_text(encoding="utf-8"),
    reason="drawings are stored by the pinned matplotlib",
)


@same_matplotlib
@each_drawing
def test_what_is_stored_is_what_the_code_draws(name):
    for path, content in drawings.files(name).items():
        assert path.read_bytes() == content, "`make refresh` draws it anew"


@each_drawing
def test_every_text_can_be_read(name):
    canvas, _ = drawings.drawings()[name]()
    assert canvas.problems() == []
    assert canvas.width <= 800, "wider than a page of JupyterLab"


@each_drawing
def test_it_is_described_with_numbers(name):
    svg = (DRAWINGS / f"{name}.svg").read_text(encoding="utf-8")
    words = description_of(svg)
    assert len(words) > 60
    assert re.search(r"\d", words)


def test_every_stored_drawing_has_its_code_and_its_place():
    stored = {path.stem for path in DRAWINGS.iterdir()}
    assert stored == set(NAMES)
    shown = {
        name
        for path in NOTEBOOKS
        for cell in code_cells(read(path))
        for name in re.findall(r'\bdrawing\("(\w+)"\)', cell.source)
    }
    assert shown == set(NAMES), "each drawing is shown, each shown one exists"


def test_the_drawing_of_bigmodel_counts_bigmodel():
    canvas, words = drawings.drawings()["bigmodel"]()
    total = sum(p.numel() for p in load_bigmodel().parameters())
    assert any(f"{total:,} parameters" in text for text in canvas.texts())
    assert f"{total:,} in all" in words


def test_a_canvas_sees_what_cannot_be_read():
    canvas = Canvas(200, 100)
    canvas.box(10, 10, 30, 20, "much too long for it")
    canvas.text(195, 80, "over the edge")
    canvas.text(100, 90, "tiny", size=5)
    canvas.text(100, 60, "one")
    canvas.text(104, 60, "two")
    problems = "\n".join(canvas.problems())
    for words in ("larger than", "leaves the", "smaller than", "overlap"):
        assert words in problems
    good = Canvas(200, 100)
    good.box(10, 10, 100, 40, "short")
    assert good.problems() == []


def test_no_drawing_of_that_name(monkeypatch, tmp_path):
    with pytest.raises(DrawingError, match=r"there are: .*bigmodel"):
        drawing("unheard_of")
    monkeypatch.setattr("helpers.figures.DRAWINGS", tmp_path)
    with pytest.raises(DrawingError, match="there are: none"):
        drawing("bigmodel")


def test_an_svg_without_words_is_refused():
    with pytest.raises(DrawingError, match="no description"):
        description_of("<svg></svg>")


def test_two_drawings_of_one_name_are_refused():
    def bigmodel():
        pass

    with pytest.raises(ValueError, match="two drawings are called bigmodel"):
        drawings.drawing(bigmodel)
