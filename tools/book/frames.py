"""Every picture that a live figure can show, drawn once for the book.

A notebook is executed with `helpers.figures.live` replaced (`record`): the
code that draws stays as it is. What a figure shows at its sliders' positions
goes to one script, which the page loads when the figure comes into view.
Two pictures of one figure differ in few places, so of each only the
rectangle is kept in which it differs from the first.
"""

import base64
import html
import io
import itertools
import json
import math
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from helpers import figures

MOST = 100  # pictures of one figure; with more positions some are left out


def record(folder, name):
    """Let the live figures of this process draw themselves into a folder,
    as NAME-1, NAME-2 and so on."""
    numbers = itertools.count(1)

    def live(figure, draw, **sliders):
        key = f"{name}-{next(numbers)}"
        shown = draw_all(Path(folder), key, figure, draw, sliders)
        display({"text/html": shown, "text/plain": key}, raw=True)

    figures.live = live


def draw_all(folder, key, figure, draw, sliders, most=MOST):
    """Draw a figure at its sliders' positions; the HTML that stands for it.

    Writes KEY.webp, the figure before anything is moved, and KEY.js with
    the rest: `frames` in the order of the positions, the last slider
    fastest, each [left, top, width, height, picture] in dots, and what each
    says, by its number in `texts`.
    """
    plt.close(figure)
    start = {name: slider.value for name, slider in sliders.items()}
    stops = {name: positions(slider) for name, slider in sliders.items()}
    stops = thinned(stops, start, most)
    description = draw(**start)
    figures.png(figure)  # lays it out
    figure.set_layout_engine("none")
    still = pixels(figure)
    frames, says, texts = [], [], {}
    for chosen in itertools.product(*stops.values()):
        values = [value for value, _ in chosen]
        said = draw(**dict(zip(stops, values, strict=True)))
        says.append(texts.setdefault(said, len(texts)))
        frames.append(patch(still, pixels(figure)))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{key}.webp").write_bytes(webp(still))
    pictures = {"frames": frames, "says": says, "texts": list(texts)}
    script = f"liveFrames({json.dumps(key)}, {json.dumps(pictures)});\n"
    (folder / f"{key}.js").write_text(script, encoding="utf-8")
    controls = [
        {
            "name": slider.description or name,
            "choice": type(slider).__name__ == "Dropdown",
            "labels": [label for _, label in stops[name]],
            "start": [value for value, _ in stops[name]].index(start[name]),
        }
        for name, slider in sliders.items()
    ]
    height, width = (side // figures.DOTS for side in still.shape[:2])
    words = html.escape(description)
    return (
        f'<div class="live" data-key="{key}" '
        f'data-controls="{html.escape(json.dumps(controls))}">'
        f'<div class="live-picture" style="max-width: {width}px">'
        f'<img src="_static/live/{key}.webp" alt="{words}" loading="lazy" '
        f'width="{width}" height="{height}"></div>'
        '<details class="words"><summary>In words</summary>'
        f"<span>{words}</span></details></div>"
    )


def positions(slider):
    """Where a slider can stand: pairs of a value and its label."""
    if hasattr(slider, "_options_full"):
        return [(value, str(label)) for label, value in slider._options_full]
    steps = round((slider.max - slider.min) / slider.step)
    values = [slider.min + slider.step * step for step in range(steps + 1)]
    if hasattr(slider, "base"):
        values = [slider.base**value for value in values]
    # Not a rounding error beside it, but where the figure stands at first.
    nearest = np.argmin([abs(value - slider.value) for value in values])
    values[nearest] = slider.value
    return [(value, format(value, slider.readout_format)) for value in values]


def thinned(stops, start, most):
    """As many positions of each slider as leave at most so many pictures.

    The slider with the most positions loses every second one, until it is
    few enough; where it stands at first, and its ends, stay.
    """
    stops = dict(stops)
    while math.prod(map(len, stops.values())) > most:
        name = max(stops, key=lambda name: len(stops[name]))
        values = [value for value, _ in stops[name]]
        first = values.index(start[name])
        kept = {0, len(values) - 1, *range(first % 2, len(values), 2)}
        if len(kept) == len(values):
            break  # a dozen sliders of three positions
        stops[name] = [stops[name][index] for index in sorted(kept)]
    return stops


def pixels(figure):
    """(height, width, 3) uint8, with the dots of a stored picture."""
    canvas, dpi = FigureCanvasAgg(figure), figure.get_dpi()
    figure.set_dpi(dpi * figures.DOTS)
    canvas.draw()
    drawn = np.asarray(canvas.buffer_rgba())[..., :3].copy()
    figure.set_dpi(dpi)
    return drawn


def patch(still, frame):
    """[left, top, width, height, picture] of where a frame differs from the
    still; [] if it does not."""
    different = (still != frame).any(axis=2)
    if not different.any():
        return []
    rows, columns = (np.flatnonzero(different.any(axis=a)) for a in (1, 0))
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    left, right = int(columns[0]), int(columns[-1]) + 1
    picture = base64.b64encode(webp(frame[top:bottom, left:right])).decode()
    return [left, top, right - left, bottom - top, picture]


def webp(image):
    """A picture as WebP: with 256 colours where nobody sees the difference."""
    reduced = Image.open(io.BytesIO(figures.compact(Image.fromarray(image))))
    buffer = io.BytesIO()
    reduced.convert("RGB").save(buffer, "WEBP", lossless=True, method=4)
    return buffer.getvalue()
