"""The sheet on which a drawing is made: one look, and checks of its texts."""

import io
import re
from xml.sax.saxutils import escape

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import (
    Circle,
    FancyArrowPatch,
    FancyBboxPatch,
    Polygon,
    Rectangle,
)
from PIL import Image

from helpers.figures import DATA, DOTS, QUIET, compact

INK = "#222222"
PAPER = "white"
SIZE = 12  # of text, in points
SMALLEST = 9
INCH = 100  # units, which are pixels of the page
# The same bytes at every run; letters as outlines, the same on every machine.
STABLE = {"svg.hashsalt": "drawing", "svg.fonttype": "path"}
ANCHOR = {"left": "left", "center": "center", "right": "right"}


def pale(colour, share=0.2):
    """The colour mixed with white: a fill on which ink can be read."""
    mixed = share * np.array(mpl.colors.to_rgb(colour)) + (1 - share)
    return mpl.colors.to_hex(mixed)


class Canvas:
    """A white sheet; x runs to the right and y down, in pixels of the page.

    Every method that draws a shape with a text keeps the two together, so
    that `problems` can say which text leaves its shape.
    """

    def __init__(self, width, height):
        self.width, self.height = width, height
        size = width / INCH, height / INCH
        self.figure = Figure(figsize=size, dpi=INCH, facecolor=PAPER)
        FigureCanvasAgg(self.figure)
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set(xlim=(0, width), ylim=(height, 0))
        self.axes.axis("off")
        self._texts = []  # (artist, shape that it must stay in, or None)

    def text(
        self,
        x,
        y,
        text,
        size=SIZE,
        color=INK,
        anchor="center",
        bold=False,
        mono=False,
        inside=None,
        rotation=0,
    ):
        """Text whose middle line is at y; `$...$` is set as mathematics."""
        artist = self.axes.text(
            x,
            y,
            text,
            fontsize=size,
            color=color,
            ha=ANCHOR[anchor],
            va="center",
            weight="bold" if bold else "normal",
            family="DejaVu Sans Mono" if mono else "DejaVu Sans",
            rotation=rotation,
            linespacing=1.3,
            zorder=5,
        )
        self._texts.append((artist, inside))
        return artist

    def box(
        self, x, y, width, height, text="", color=DATA, fill=None, **options
    ):
        """A box with round corners; x and y are its upper left corner."""
        shape = FancyBboxPatch(
            (x, y),
            width,
            height,
            boxstyle=f"round,pad=0,rounding_size={min(6, width / 4)}",
            edgecolor=color,
            facecolor=fill or pale(color),
            linewidth=1.5,
            zorder=2,
        )
        self.axes.add_patch(shape)
        if text:
            middle = x + width / 2, y + height / 2
            self.text(*middle, text, inside=shape, **options)
        return shape

    def circle(self, x, y, radius, text="", color=DATA, fill=None, **options):
        """A circle around x and y."""
        shape = Circle(
            (x, y),
            radius,
            edgecolor=color,
            facecolor=fill or pale(color),
            linewidth=1.5,
            zorder=3,
        )
        self.axes.add_patch(shape)
        if text:
            self.text(x, y, text, inside=shape, **options)
        return shape

    def arrow(
        self, x1, y1, x2, y2, color=QUIET, bend=0.0, dashed=False, width=1.5
    ):
        """An arrow from (x1, y1) to (x2, y2); `bend` curves it."""
        self.axes.add_patch(
            FancyArrowPatch(
                (x1, y1),
                (x2, y2),
                arrowstyle="-|>",
                mutation_scale=12,
                connectionstyle=f"arc3,rad={bend}",
                color=color,
                linestyle="--" if dashed else "-",
                linewidth=width,
                shrinkA=0,
                shrinkB=0,
                zorder=2,
            )
        )

    def line(self, xs, ys, color=QUIET, width=1.5, dashed=False, **options):
        """A line through points."""
        style = "--" if dashed else "-"
        options = {"zorder": 2} | options
        self.axes.plot(
            xs, ys, color=color, linewidth=width, linestyle=style, **options
        )

    def polygon(self, points, color=DATA, fill=None, alpha=1.0):
        """A filled polygon through (x, y) points."""
        self.axes.add_patch(
            Polygon(
                points,
                closed=True,
                edgecolor=color,
                facecolor=fill or pale(color),
                alpha=alpha,
                zorder=1,
            )
        )

    def array(
        self,
        x,
        y,
        rows,
        columns,
        cell=30,
        values=None,
        color=DATA,
        fill=None,
        marked=(),
        mark=None,
        size=None,
    ):
        """A grid of square cells; x and y are its upper left corner.

        values: rows x columns texts or numbers, or None for empty cells
        fill: one colour, or rows x columns colours (None: paper)
        marked: (row, column) of cells filled with `mark`
        """
        for row in range(rows):
            for column in range(columns):
                if (row, column) in marked:
                    paint = mark or pale(color, 0.5)
                elif isinstance(fill, str):
                    paint = fill
                elif fill is not None:
                    paint = fill[row][column] or PAPER
                else:
                    paint = PAPER
                shape = Rectangle(
                    (x + column * cell, y + row * cell),
                    cell,
                    cell,
                    edgecolor=color,
                    facecolor=paint,
                    linewidth=1,
                    zorder=2,
                )
                self.axes.add_patch(shape)
                if values is not None and str(values[row][column]) != "":
                    self.text(
                        x + (column + 0.5) * cell,
                        y + (row + 0.5) * cell,
                        str(values[row][column]),
                        size=size or max(SMALLEST, round(cell * 0.36)),
                        inside=shape,
                    )

    def maps(self, x, y, width, height, count, color=DATA, step=4):
        """A stack of `count` sheets seen from the front: a layer's maps."""
        for number in reversed(range(count)):
            self.axes.add_patch(
                Rectangle(
                    (x + number * step, y - number * step),
                    width,
                    height,
                    edgecolor=color,
                    facecolor=pale(color),
                    linewidth=1,
                    zorder=2 - number / (10 * count),
                )
            )

    def image(self, x, y, pixels, width, height=None, **options):
        """A picture; x and y are its upper left corner.

        pixels: (height, width) in 0 to 1, or (height, width, 3)
        """
        height = height or width * len(pixels) / len(pixels[0])
        options = {"cmap": "gray", "vmin": 0, "vmax": 1} | options
        self.axes.imshow(
            pixels,
            extent=(x, x + width, y + height, y),
            interpolation="nearest",
            aspect="auto",
            zorder=1,
            **options,
        )
        self.axes.set(xlim=(0, self.width), ylim=(self.height, 0))

    # --- what comes of it ------------------------------------------------

    def problems(self):
        """What is wrong with the texts, in words: [] if nothing is."""
        self.figure.canvas.draw()
        areas = [
            (artist, shape, artist.get_window_extent())
            for artist, shape in self._texts
        ]
        found = []
        for artist, shape, area in areas:
            name = repr(artist.get_text())
            if artist.get_fontsize() < SMALLEST:
                found.append(f"{name} is smaller than {SMALLEST} points")
            right, top = self.width - 1, self.height - 1
            if min(area.x0, area.y0) < 1 or area.x1 > right or area.y1 > top:
                found.append(f"{name} leaves the sheet")
            if shape is not None:
                around = shape.get_window_extent()
                if area.width > around.width or area.height > around.height:
                    found.append(f"{name} is larger than its shape")
        for i, (one, _, area) in enumerate(areas):
            for other, _, second in areas[i + 1 :]:
                across = min(area.x1, second.x1) - max(area.x0, second.x0)
                down = min(area.y1, second.y1) - max(area.y0, second.y0)
                if across > 1 and down > 2:
                    found.append(
                        f"{one.get_text()!r} and {other.get_text()!r} overlap"
                    )
        return found

    def texts(self):
        """All texts on the sheet, in the order in which they were set."""
        return [artist.get_text() for artist, _ in self._texts]

    def svg(self, description):
        """The drawing as SVG, with its description inside."""
        buffer = io.StringIO()
        with mpl.rc_context(STABLE):
            self.figure.savefig(
                buffer,
                format="svg",
                metadata={"Date": None, "Creator": None},
            )
        text = buffer.getvalue()
        start = text.index("<svg")
        head, rest = text[start:].split(">", 1)
        lines = f"{head}>\n <desc>{escape(description)}</desc>{rest}"
        # A page gives it its size in pixels; less bytes, same picture.
        lines = re.sub(
            r'height="[\d.]+pt"', f'height="{self.height}"', lines, count=1
        )
        lines = re.sub(
            r'width="[\d.]+pt"', f'width="{self.width}"', lines, count=1
        )
        return "\n".join(line.rstrip() for line in lines.splitlines()) + "\n"

    def png(self):
        """The drawing as PNG, for viewers that show no SVG."""
        buffer = io.BytesIO()
        self.figure.savefig(buffer, format="png", dpi=INCH * DOTS)
        return compact(Image.open(buffer))
