"""One look for every figure, and figures that follow their sliders."""

import base64
import html
import io
import re
import sys
import threading
from pathlib import Path

import ipywidgets as widgets
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

# Okabe and Ito (2008): colours that stay apart for every kind of colour
# vision. Each has one meaning in the whole course.
DATA, MODEL, GRADIENT = "#0072B2", "#E69F00", "#CC79A7"
RIGHT, WRONG, QUIET = "#009E73", "#D55E00", "#666666"
# The map of all that has a sign: orange is positive, purple is negative.
SIGNED = "PuOr_r"

DOTS = 2  # of the stored picture for each one of the page: sharp when dense
DRAWINGS = Path(__file__).parent.parent / "notebooks" / "images" / "drawings"

LOOK = {
    "figure.figsize": (6, 3),
    "figure.dpi": 100,
    "savefig.dpi": "figure",
    "figure.constrained_layout.use": True,
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "image.cmap": "gray",
    "image.interpolation": "nearest",
    "legend.frameon": False,
}

VIEW = "application/vnd.jupyter.widget-view+json"
RUN_ME = "Run this cell to move the sliders."
# JupyterLab keeps the outputs of a cell side by side: the still picture, the
# widget, the words. While the widget lives, only the widget shows.
_ALIVE = """<style>
.jp-OutputArea-child:has(+ .jp-OutputArea-child .live-figure),
.jp-OutputArea-child:has(.live-figure) + .jp-OutputArea-child
{ display: none }
</style>"""
# In a notebook that is opened again the widget is gone, and JupyterLab would
# say "model not found" in its place.
_GONE = """<style>
.jp-OutputArea-child:not(:has(.live-figure, .jp-RenderedText)):has(
+ .jp-OutputArea-child .live-words) { display: none }
</style>"""


class DrawingError(ValueError):
    """Which drawing is not there, and what to do about it."""


def use_look():
    """Give every figure of this notebook the course's look."""
    plt.rcParams.update(LOOK)


def show(figure, description):
    """Display a figure once, and close it.

    The description says in words and numbers what is to be seen. It stands
    folded below the picture, where every viewer and every screen reader
    finds it, and is the output's plain text, so that a test which compares
    texts compares what the figure says.
    """
    picture = png(figure)
    plt.close(figure)
    _display_picture(picture, description)
    _display_words(description)


def live(figure, draw, **sliders):
    """Display a figure that is drawn again whenever a slider moves.

    `draw(**values)` gets each slider's value under its name, changes the
    artists of `figure` and returns a description of what is now to be seen.
    The figure is kept and redrawn, not made anew, which halves the delay;
    so `draw` must change artists, never add them. Where no widget runs, the
    picture at the sliders' first values stands in.
    """
    plt.close(figure)
    picture = widgets.HTML()

    # JupyterLab may call from two threads at once, and each draws on the
    # one figure.
    in_turn = threading.RLock()

    def redraw(_=None, encode=_quick_png):
        with in_turn:
            return redraw_alone(encode)

    def redraw_alone(encode):
        values = {name: slider.value for name, slider in sliders.items()}
        try:
            description = draw(**values)
            drawn = encode(figure)
        except Exception as error:
            # In a browser an error in a callback is otherwise silent.
            text = html.escape(f"{type(error).__name__}: {error}")
            picture.value = f'<pre role="alert">{text}</pre>'
            raise
        width = round(figure.get_figwidth() * figure.get_dpi())
        picture.value = (
            f'<img alt="{html.escape(description)}" width="{width}" '
            f'src="data:image/png;base64,{drawn}">'
        )
        return drawn, description

    still, description = redraw(encode=png)
    figure.set_layout_engine("none")  # laid out once: a redraw costs less
    for slider in sliders.values():
        slider.style.description_width = "initial"
        slider.observe(redraw, "value")
    box = widgets.VBox([*sliders.values(), picture, widgets.HTML(_ALIVE)])
    box.add_class("live-figure")
    view = {"version_major": 2, "version_minor": 0, "model_id": box.model_id}
    keeps_widgets = "google.colab" in sys.modules  # in a saved notebook
    if not keeps_widgets:
        _display_picture(still, description)
    display({VIEW: view, "text/plain": RUN_ME}, raw=True)
    if not keeps_widgets:
        _display_words(description, _GONE, "live-words")


def drawing(name):
    """Display a drawing that is stored with the notebooks, and its words.

    JupyterLab and Colab show the SVG; a viewer that does not show SVG takes
    the picture. Raises DrawingError if there is no drawing of this name.
    """
    vector, picture = (DRAWINGS / f"{name}.{kind}" for kind in ("svg", "png"))
    try:
        svg, pixels = vector.read_text(encoding="utf-8"), picture.read_bytes()
    except FileNotFoundError:
        known = ", ".join(sorted(file.stem for file in DRAWINGS.glob("*.svg")))
        raise DrawingError(
            f"There is no drawing {name!r} in {DRAWINGS.name}/; there are: "
            f"{known or 'none'}."
        ) from None
    description = description_of(svg)
    display(
        {
            "image/svg+xml": svg,
            "image/png": base64.b64encode(pixels).decode(),
            "text/plain": description,
        },
        metadata=_shown_as(pixels, description),
        raw=True,
    )
    _display_words(description)


def description_of(svg):
    """What a stored drawing says in words.

    Raises DrawingError for an SVG without a description.
    """
    found = re.search(r"<desc>(.*?)</desc>", svg, re.DOTALL)
    if not found:
        raise DrawingError(
            "This SVG has no description: `make refresh` draws it anew."
        )
    return html.unescape(found[1])


def tile(images, columns):
    """Many small pictures as one image, row by row; the last row is filled.

    images: array (n, height, width) or (n, height, width, 3), any dtype
    Returns one array (rows * height, columns * width[, 3]). One image on
    one pair of axes draws far faster than one pair of axes for each.
    Raises ValueError for images of another shape.
    """
    images = np.asarray(images)
    if images.ndim != 3 and images.shape[3:] not in ((3,), (4,)):
        raise ValueError(
            "images must have shape (n, height, width) or (n, height, width, "
            f"3), not {images.shape}: of a batch (n, 1, height, width) take "
            "images[:, 0]"
        )
    rows = -(-len(images) // columns)
    padding = [(0, rows * columns - len(images))]
    images = np.pad(images, padding + [(0, 0)] * (images.ndim - 1))
    height, width = images.shape[1:3]
    grid = images.reshape(rows, columns, height, width, *images.shape[3:])
    return grid.swapaxes(1, 2).reshape(
        rows * height, columns * width, *images.shape[3:]
    )


def png(figure):
    """The figure as PNG in base64, the same bytes at every run."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=figure.dpi * DOTS)
    return base64.b64encode(compact(Image.open(buffer))).decode()


def compact(picture):
    """An opaque PIL image as PNG in as few bytes as its look allows.

    With 256 colours where nobody would see the difference (at most 2 pixels
    of 1,000 differ by more than 12 of 255 levels), which takes about half
    the bytes; else with all of its colours, as smooth maps need them.
    """
    full = picture.convert("RGB")
    few = full.quantize(256, Image.Quantize.MEDIANCUT, dither=0)
    pixels = [np.asarray(p.convert("RGB"), np.int16) for p in (full, few)]
    difference = np.abs(pixels[0] - pixels[1]).max(axis=2)
    chosen = few if (difference > 12).mean() <= 0.002 else full
    buffer = io.BytesIO()
    chosen.save(buffer, format="png", optimize=True)
    return buffer.getvalue()


def _quick_png(figure):
    """The picture of `png`, for a figure whose layout stands, sooner.

    savefig goes through the figure twice, once to lay it out.
    """
    canvas, buffer = FigureCanvasAgg(figure), io.BytesIO()
    dpi = figure.get_dpi()
    figure.set_dpi(dpi * DOTS)
    canvas.draw()
    pixels = Image.fromarray(np.asarray(canvas.buffer_rgba()))
    figure.set_dpi(dpi)
    pixels.save(buffer, format="png", compress_level=1)
    return base64.b64encode(buffer.getvalue()).decode()


def _display_picture(picture, description):
    display(
        {"image/png": picture, "text/plain": description},
        metadata=_shown_as(base64.b64decode(picture), description),
        raw=True,
    )


def _shown_as(pixels, description):
    """The metadata of a PNG with DOTS dots for each one of the page."""
    width, height = Image.open(io.BytesIO(pixels)).size
    size = {"width": width // DOTS, "height": height // DOTS}
    return {"image/png": {"alt": description, **size}}


def _display_words(description, style="", name="words"):
    words = html.escape(description)
    display(
        {
            "text/html": f'{style}<details class="{name}"><summary>In words'
            f"</summary>{words}</details>",
            "text/plain": "",
        },
        raw=True,
    )
