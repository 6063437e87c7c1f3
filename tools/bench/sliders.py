"""Measure how long a live figure takes to follow a key press.

    make bench   or   python -m tools.bench.sliders [--presses 20]

In a real JupyterLab in headless Chromium, from the key press to the moment
the new picture is decoded in the page. The aim is under 100 ms on an idle
machine; nothing asserts it, for machines differ and are seldom idle.
"""

import argparse
import os
import statistics
import tempfile
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from tools.lab_driver import CHROMIUM, Lab
from tools.refresh import METADATA

WARM_UP = 3
START = """\
import time

import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import IntSlider

from helpers import figures
from helpers.figures import live, tile, use_look

use_look()"""
# Each defines a figure and its draw(value).
FIGURES = {
    "one curve": """\
x = np.linspace(-3, 3, 200)
figure, axes = plt.subplots()
(line,) = axes.plot(x, np.tanh(x))
axes.set(xlabel="x", ylabel="tanh(value x)")


def draw(value):
    line.set_ydata(np.tanh(value * x / 10))
    return f"value {value}"
""",
    "two panels": """\
x = np.linspace(-3, 3, 200)
figure, both = plt.subplots(1, 2, figsize=(8, 3))
lines = [axes.plot(x, np.tanh(x))[0] for axes in both]


def draw(value):
    for line in lines:
        line.set_ydata(np.tanh(value * x / 10))
    return f"value {value}"
""",
    "a hundred small pictures": """\
images = np.random.default_rng(0).random((100, 28, 28))
figure, axes = plt.subplots(figsize=(6, 6))
shown = axes.imshow(tile(images, 10))
axes.axis("off")


def draw(value):
    shown.set_data(tile(images * value / 60, 10))
    return f"value {value}"
""",
}
LIVE = "live(figure, draw, value=IntSlider(10, 0, 60))"
# What of the delay is drawing and packing, without browser and server.
ALONE = """\
times = []
for value in range(10, 31):
    start = time.perf_counter()
    draw(value)
    figures._quick_png(figure)
    times.append(1000 * (time.perf_counter() - start))
print(f"{sorted(times)[len(times) // 2]:.1f}")"""
# Resolves to milliseconds: from the key press to the decoded picture.
FOLLOW = """handle => new Promise(resolve => {
    const figure = handle.closest('.live-figure');
    const old = figure.querySelector('img').src;
    let start;
    const look = () => {
        const image = figure.querySelector('img');
        if (image && image.src !== old)
            image.decode().then(() => resolve(performance.now() - start));
        else
            requestAnimationFrame(look);
    };
    handle.addEventListener('keydown', () => {
        start = performance.now();
        look();
    }, {once: true, capture: true});
    window.listening = true;
})"""


def measure(source, presses):
    """Milliseconds: ([each press], drawing and packing alone)."""
    sources = [f"{START}\n{source}", LIVE, ALONE]
    cells = [new_code_cell(text) for text in sources]
    with tempfile.TemporaryDirectory() as folder:
        notebook = new_notebook(cells=cells, metadata=METADATA)
        nbformat.write(notebook, Path(folder) / "bench.ipynb")
        with Lab(folder) as lab, lab.page() as page:
            opened = lab.open(page, "bench.ipynb")
            if not opened.run_all():
                raise RuntimeError(f"a cell failed: {opened.errors()}")
            (slider,) = opened.sliders()
            times = [press(page, slider) for _ in range(WARM_UP + presses)]
            alone = opened.cell(ALONE).locator(".jp-OutputArea").inner_text()
    return times[WARM_UP:], float(alone)


def press(page, slider):
    slider.focus()
    page.evaluate("() => { window.listening = false }")
    # Started without waiting: it ends only after the key press.
    page.evaluate(
        f"handle => {{ window.followed = ({FOLLOW})(handle) }}",
        slider.element_handle(),
    )
    page.wait_for_function("() => window.listening")
    page.keyboard.press("ArrowRight")
    return page.evaluate("() => window.followed")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--presses", type=int, default=20)
    presses = parser.parse_args().presses
    if not CHROMIUM:
        parser.error("no chromium on the path (CHROMIUM=... names one)")
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"{os.cpu_count()} cores, load {load:.1f}; milliseconds a press")
    print(f"{'':28}median    min    max   drawing alone")
    for name, source in FIGURES.items():
        times, alone = measure(source, presses)
        middle = statistics.median(times)
        print(
            f"{name:28}{middle:6.0f}{min(times):7.0f}{max(times):7.0f}"
            f"{alone:16.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
