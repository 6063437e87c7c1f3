"""Figures: what is displayed, and what the sliders change."""

import base64
import io
import itertools
import re
import threading

import ipywidgets as widgets
import matplotlib.image
import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from helpers import figures
from helpers.figures import (
    DOTS,
    VIEW,
    compact,
    drawing,
    live,
    png,
    show,
    tile,
    use_look,
)


@pytest.fixture
def displayed(monkeypatch):
    """Everything that was displayed: [(data, metadata)]."""
    seen = []

    def display(data, metadata=None, raw=False):
        assert raw, "a bundle, not an object"
        seen.append((data, metadata or {}))

    monkeypatch.setattr(figures, "display", display)
    return seen


@pytest.fixture
def box(monkeypatch):
    """The widgets that a live figure makes, in the order it makes them."""
    made = []

    class Box(widgets.VBox):
        def __init__(self, children):
            super().__init__(children)
            made.append(self)

    monkeypatch.setattr(widgets, "VBox", Box)
    return made


def pixels(base64_png):
    return matplotlib.image.imread(io.BytesIO(base64.b64decode(base64_png)))


def picture_in(html):
    return re.search(r"base64,([^\"]+)", html)[1]


def line_figure():
    figure, axes = plt.subplots()
    (line,) = axes.plot([0, 1], [0, 1])
    axes.set_ylim(-5, 5)
    return figure, line


def live_line(**options):
    """A live figure of one line, whose slope a slider sets."""
    figure, line = line_figure()

    def draw(slope):
        if slope == 13:
            raise ValueError("no <slope> of 13")
        line.set_ydata([0, slope])
        return f'slope "{slope}" & more'

    slider = widgets.IntSlider(1, 0, 20, description="slope")
    live(figure, draw, slope=slider, **options)
    return slider


# --- tile ---------------------------------------------------------------


def test_tile_goes_row_by_row_and_fills_the_last_row():
    images = np.arange(1, 6)[:, None, None] * np.ones((5, 2, 3), dtype=int)
    expected = [
        [1, 1, 1, 2, 2, 2, 3, 3, 3],
        [1, 1, 1, 2, 2, 2, 3, 3, 3],
        [4, 4, 4, 5, 5, 5, 0, 0, 0],
        [4, 4, 4, 5, 5, 5, 0, 0, 0],
    ]
    assert tile(images, columns=3).tolist() == expected


def test_tile_keeps_each_image_the_right_way_up():
    image = np.arange(6).reshape(1, 2, 3)
    assert tile(image, columns=1).tolist() == image[0].tolist()
    assert tile(image, columns=2).shape == (2, 6)


def test_tile_keeps_colours_and_dtype():
    images = np.zeros((4, 2, 2, 3), dtype=np.uint8)
    images[3] = (10, 20, 30)
    grid = tile(images, columns=2)
    assert grid.shape == (4, 4, 3)
    assert grid.dtype == np.uint8
    assert (grid[2:, 2:] == (10, 20, 30)).all()
    assert not grid[:2].any()


@pytest.mark.parametrize("shape", [(2, 2), (4, 1, 28, 28), (4, 3, 28, 28)])
def test_tile_refuses_what_it_would_tear_apart(shape):
    with pytest.raises(ValueError, match="images must have shape"):
        tile(np.zeros(shape), columns=2)


# --- png and show -------------------------------------------------------


def test_the_same_figure_gives_the_same_bytes():
    first, second = line_figure()[0], line_figure()[0]
    assert png(first) == png(first) == png(second)


def test_png_has_the_size_of_the_figure_and_no_version():
    figure = plt.figure(figsize=(2, 1), dpi=100)
    assert pixels(png(figure)).shape[:2] == (100 * DOTS, 200 * DOTS)
    assert b"Software" not in base64.b64decode(png(figure))


def test_few_colours_are_stored_as_a_palette():
    """Half the bytes or less, and nobody sees the difference."""
    figure, _ = line_figure()
    plain = io.BytesIO()
    figure.savefig(plain, format="png", dpi=figure.dpi * DOTS)
    stored = base64.b64decode(png(figure))
    assert Image.open(io.BytesIO(stored)).mode == "P"
    assert len(stored) < 0.6 * len(plain.getvalue())
    before, after = (
        np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), int)
        for data in (plain.getvalue(), stored)
    )
    assert (np.abs(before - after).max(axis=2) > 12).mean() <= 0.002


def test_many_colours_are_all_kept():
    red, green = np.meshgrid(np.arange(256), np.arange(256))
    smooth = np.stack([red, green, 255 - red], axis=2).astype(np.uint8)
    stored = Image.open(io.BytesIO(compact(Image.fromarray(smooth))))
    assert stored.mode == "RGB"
    assert np.array_equal(np.asarray(stored), smooth)


def test_grey_images_lose_nothing():
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    stored = Image.open(io.BytesIO(compact(Image.fromarray(grey))))
    assert stored.mode == "P"
    assert np.array_equal(np.asarray(stored.convert("L")), grey)


def test_show_gives_picture_description_and_words(displayed):
    figure, _ = line_figure()
    show(figure, 'loss < 0.5 & "falling"')
    (picture, metadata), (words, _) = displayed
    assert pixels(picture["image/png"]).std() > 0, "an empty picture"
    assert picture["text/plain"] == 'loss < 0.5 & "falling"'
    assert metadata["image/png"]["alt"] == 'loss < 0.5 & "falling"'
    height, width = pixels(picture["image/png"]).shape[:2]
    shown = metadata["image/png"]["height"], metadata["image/png"]["width"]
    assert (height, width) == (DOTS * shown[0], DOTS * shown[1])
    assert "loss &lt; 0.5 &amp; &quot;falling" in words["text/html"]
    assert words["text/plain"] == ""
    assert not plt.fignum_exists(figure.number), "shown twice if left open"


def test_a_drawing_comes_as_svg_as_png_and_in_words(displayed):
    drawing("bigmodel")
    (bundle, metadata), (words, _) = displayed
    assert bundle["image/svg+xml"].startswith("<svg")
    assert pixels(bundle["image/png"]).std() > 0
    described = bundle["text/plain"]
    assert "6,358,658" in described
    assert metadata["image/png"]["alt"] == described
    assert "6,358,658" in words["text/html"]


# --- live ---------------------------------------------------------------


def test_live_stores_a_picture_a_widget_and_words(displayed, box):
    live_line()
    (still, metadata), (widget, _), (words, _) = displayed
    assert pixels(still["image/png"]).std() > 0
    assert still["text/plain"] == 'slope "1" & more'
    assert metadata["image/png"]["alt"] == 'slope "1" & more'
    assert widget[VIEW]["model_id"] == box[0].model_id
    assert "Run this cell" in widget["text/plain"]
    assert "slope &quot;1&quot; &amp; more" in words["text/html"]


def test_live_follows_its_slider_in_picture_and_description(displayed, box):
    slider = live_line()
    picture = box[0].children[1]
    assert box[0].children[0] is slider
    assert 'alt="slope &quot;1&quot; &amp; more"' in picture.value
    first = pixels(picture_in(picture.value))
    slider.value = 4
    assert 'alt="slope &quot;4&quot; &amp; more"' in picture.value
    other = pixels(picture_in(picture.value))
    assert np.abs(other[..., :3] - first[..., :3]).mean() > 0.002
    slider.value = 1
    again = pixels(picture_in(picture.value))
    # But for colours that the stored picture rounds.
    difference = np.abs(again[..., :3] - first[..., :3]).max(axis=2)
    moved = (difference > 12.5 / 255).mean()
    assert moved <= 0.002, "a redraw must not move the layout"


def test_two_sliders_moved_at_once_leave_the_figure_its_size(displayed, box):
    """JupyterLab handles each slider's messages in a thread of its own."""
    figure, line = line_figure()

    def draw(a, b):
        line.set_ydata([a, b])
        return f"a {a}, b {b}"

    sliders = {name: widgets.IntSlider(1, 0, 20) for name in "ab"}
    live(figure, draw, **sliders)
    picture = box[0].children[2]
    size = pixels(picture_in(picture.value)).shape

    def move(slider):
        for value in range(2, 12):
            slider.value = value

    threads = [
        threading.Thread(target=move, args=(slider,))
        for slider in sliders.values()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert pixels(picture_in(picture.value)).shape == size
    assert 'alt="a 11, b 11"' in picture.value


def test_live_gives_every_slider_its_own_name(displayed, box):
    figure, _ = line_figure()
    sliders = {
        name: widgets.IntSlider(value)
        for name, value in zip("ab", (3, 4), strict=True)
    }
    live(figure, lambda a, b: f"a {a}, b {b}", **sliders)
    sliders["b"].value = 9
    assert 'alt="a 3, b 9"' in box[0].children[2].value


def test_a_failing_callback_shows_its_error_and_raises(displayed, box):
    slider = live_line()
    with pytest.raises(ValueError, match="no <slope> of 13"):
        slider.value = 13
    shown = box[0].children[1].value
    assert shown == (
        '<pre role="alert">ValueError: no &lt;slope&gt; of 13</pre>'
    )
    slider.value = 5  # and the next value draws again
    assert "slope &quot;5&quot;" in box[0].children[1].value


def test_a_figure_that_fails_at_once_raises_and_displays_nothing(displayed):
    def draw(slope):
        raise ValueError("at once")

    with pytest.raises(ValueError, match="at once"):
        live(line_figure()[0], draw, slope=widgets.IntSlider(1))
    assert displayed == []


def test_live_leaves_no_figure_open(displayed):
    before = plt.get_fignums()
    live_line()
    assert plt.get_fignums() == before


def test_colab_keeps_widgets_and_needs_no_still(displayed, monkeypatch):
    monkeypatch.setitem(figures.sys.modules, "google.colab", object())
    live_line()
    ((widget, _),) = displayed
    assert VIEW in widget


# --- the look -----------------------------------------------------------


def linear_rgb(colour):
    return (
        np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]) ** 2.2
    )


# How a dichromat sees linear RGB: Vienot, Brettel and Mollon (1999).
SEEN = {
    "everyone": np.eye(3),
    "protanopes": [
        [0.1124, 0.8876, 0],
        [0.1124, 0.8876, 0],
        [0.004, -0.004, 1],
    ],
    "deuteranopes": [
        [0.2928, 0.7072, 0],
        [0.2928, 0.7072, 0],
        [-0.0223, 0.0223, 1],
    ],
}


@pytest.mark.parametrize("eyes", SEEN)
def test_colours_differ_for_every_kind_of_colour_vision(eyes):
    names = ("DATA", "MODEL", "GRADIENT", "RIGHT", "WRONG", "QUIET")
    colours = {name: linear_rgb(getattr(figures, name)) for name in names}
    for one, other in itertools.combinations(names, 2):
        seen = [
            (np.array(SEEN[eyes]) @ colours[n]).clip(0) ** (1 / 2.2)
            for n in (one, other)
        ]
        distance = np.abs(seen[0] - seen[1]).max()
        assert distance > 0.08, f"{eyes} mistake {one} for {other}"


def test_the_look_is_set():
    with plt.rc_context():
        use_look()
        assert plt.rcParams["savefig.dpi"] == "figure"
        assert plt.rcParams["figure.constrained_layout.use"]
