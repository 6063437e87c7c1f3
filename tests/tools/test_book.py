"""The book: made whole from the stored notebooks, read in a real browser.

Two notebooks' live figures are drawn for it; the others stand still. Without
Chromium, or without the book's environment (`make optional`), what needs
them is skipped.
"""

import contextlib
import importlib.util
import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from urllib.parse import unquote

import ipywidgets as widgets
import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tools.book.__main__ as book
from tools.book import frames
from tools.book.pages import page
from tools.contents import load
from tools.lab_driver import CHROMIUM, FLAGS
from tools.notebook_files import NOTEBOOKS, ROOT, code_cells, tags, topic

pytestmark = pytest.mark.alone

AXE = ROOT / "tests" / "vendored" / "axe.min.js"
DRAWN = ("start_here", "backpropagation")
TERMS = {
    "gradient": "gradient_descent",
    "momentum": "optimisers",
    "topological": "backpropagation",
    "im2col": "engine",
    "occlusion": "interpretability",
    "McNemar": "evaluation",
    "whitening": "fewer_images",
    "checkpointing": "memory_and_processes",
    "residual": "deep_networks",
    "guidance": "generation",
}
needs_sphinx = pytest.mark.skipif(
    not book.VENV.exists(), reason="`make optional` sets up the book"
)
needs_browser = pytest.mark.skipif(
    not CHROMIUM or not importlib.util.find_spec("playwright"),
    reason="no chromium or no playwright",
)
each_page = pytest.mark.parametrize(
    "name",
    [
        "index",
        "teachers",
        "wrong_answers",
        "search",
        *(path.stem for path in NOTEBOOKS),
    ],
)


# --- frames ---------------------------------------------------------------


def figure_and_draw():
    figure, axes = plt.subplots(figsize=(3, 2))
    (line,) = axes.plot([0, 1], [0, 1])
    axes.set_ylim(0, 10)

    def draw(slope, kind="plain"):
        line.set_ydata([0, slope])
        return f"slope {slope}, {kind}"

    return figure, draw


def drawn(folder, most=frames.MOST, **sliders):
    figure, draw = figure_and_draw()
    shown = frames.draw_all(folder, "x-1", figure, draw, sliders, most)
    script = (folder / "x-1.js").read_text(encoding="utf-8")
    found = re.fullmatch(r'liveFrames\("x-1", (.*)\);\n', script, re.DOTALL)
    return shown, json.loads(found[1])


def test_every_position_is_drawn_and_says_what_is_seen(tmp_path):
    shown, pictures = drawn(
        tmp_path,
        slope=widgets.IntSlider(4, min=2, max=6, description="slope"),
        kind=widgets.Dropdown(options=["plain", "odd"], value="odd"),
    )
    texts = [pictures["texts"][number] for number in pictures["says"]]
    assert texts == [
        f"slope {slope}, {kind}"
        for slope in range(2, 7)
        for kind in ("plain", "odd")
    ]
    assert pictures["frames"][5] == []  # where it stands at first
    assert all(pictures["frames"][:4])
    assert 'alt="slope 4, odd"' in shown
    controls = re.search(r'data-controls="([^"]*)"', shown)[1]
    controls = json.loads(controls.replace("&quot;", '"'))
    assert [c["name"] for c in controls] == ["slope", "kind"]
    assert [c["choice"] for c in controls] == [False, True]
    assert [c["start"] for c in controls] == [2, 1]
    assert controls[0]["labels"] == list("23456")


def test_a_patch_on_the_still_is_the_picture():
    random = np.random.default_rng(0)
    still = random.integers(0, 256, (40, 60, 3), dtype=np.uint8)
    frame = still.copy()
    frame[11:15, 20:45] = 0
    left, top, width, height, _ = frames.patch(still, frame)
    assert (left, top, width, height) == (20, 11, 25, 4)
    assert frames.patch(still, still.copy()) == []


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.integers(1, 60), min_size=1, max_size=3),
    st.integers(20, 200),
    st.randoms(),
)
def test_thinning_keeps_the_ends_and_the_start(sizes, most, random):
    stops = {
        str(k): [(value, str(value)) for value in range(size)]
        for k, size in enumerate(sizes)
    }
    start = {name: random.choice(stop)[0] for name, stop in stops.items()}
    kept = frames.thinned(stops, start, most)
    number = 1
    for name, stop in kept.items():
        values = [value for value, _ in stop]
        assert {0, len(stops[name]) - 1, start[name]} <= set(values)
        assert values == sorted(values)
        number *= len(values)
    assert number <= most or all(len(stop) <= 3 for stop in kept.values())


@pytest.mark.parametrize(
    ("slider", "labels"),
    [
        (widgets.IntSlider(2, min=0, max=6, step=2), "0 2 4 6"),
        (
            widgets.FloatSlider(0.2, min=0, max=0.3, step=0.1),
            "0.00 0.10 0.20 0.30",
        ),
        (widgets.FloatLogSlider(1, min=-1, max=1, step=1), "0.1 1 10"),
        (widgets.SelectionSlider(options=[("a", 1), ("b", 2)]), "a b"),
    ],
)
def test_where_sliders_can_stand(slider, labels):
    found = frames.positions(slider)
    assert [label for _, label in found] == labels.split()
    assert slider.value in [value for value, _ in found]


# --- pages ----------------------------------------------------------------


@pytest.mark.parametrize("path", NOTEBOOKS, ids=topic)
def test_a_page_has_all_that_is_to_be_read(path, tmp_path):
    before, after = book.read(path), page(path, tmp_path, None)
    kept = [c for c in before.cells if "setup" not in tags(c)]
    assert len(after.cells) == len(kept)
    for cell, shown in zip(kept, after.cells, strict=True):
        folded = cell.metadata.get("jupyter", {}).get("source_hidden")
        assert bool(folded) == ("hide-input" in tags(shown))
    pictures = sum(
        "image/png" in output.get("data", {})
        for cell in code_cells(before)
        for output in cell.outputs
    )
    html = [
        output.data["text/html"]
        for cell in code_cells(after)
        for output in cell.outputs
        if "text/html" in output.get("data", {})
    ]
    assert sum("<img" in text for text in html) == pictures
    assert all('alt="' in text for text in html if "<img" in text)


# --- the site -------------------------------------------------------------


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The book, in a folder of its own."""
    if not book.VENV.exists():
        pytest.skip("`make optional` sets up the book")
    folder = tmp_path_factory.mktemp("book")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(book, "SOURCE", folder / "source")
        patched.setattr(book, "FRAMES", folder / "frames")
        patched.setattr(book, "BOOK", folder / "book")
        chapters = load()
        for chapter in chapters:
            if chapter.topic in DRAWN:
                book.draw_figures(chapter)
        book.write_sources(chapters)
        book.build()
    return folder / "book"


class Links(HTMLParser):
    """What a page refers to, and the places in it to which one can refer."""

    def __init__(self, text):
        super().__init__()
        self.targets, self.loaded, self.places = set(), set(), {""}
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.places |= {found.get("id"), found.get("name")}
        if tag == "a" and "href" in found:
            self.targets.add(found["href"])
        elif tag == "link" and found.get("rel") in ("stylesheet", "preload"):
            self.loaded.add(found["href"])
        elif not found.get("src", "data:").startswith("data:"):
            self.loaded.add(found["src"])


@needs_sphinx
def test_every_link_and_every_anchor_holds(site):
    pages = {
        path.name: Links(path.read_text(encoding="utf-8"))
        for path in site.glob("*.html")
    }
    assert {f"{path.stem}.html" for path in NOTEBOOKS} <= set(pages)
    for name, links in pages.items():
        for target in links.loaded:
            file = unquote(target.partition("?")[0])
            assert (site / file).is_file(), (name, target)
        for target in links.targets:
            if re.match(r"https?://|mailto:", target):
                continue
            file, _, place = target.partition("#")
            file = unquote(file) or name
            assert (site / file).is_file(), (name, target)
            if file in pages:
                assert unquote(place) in pages[file].places, (name, target)


@needs_sphinx
def test_a_page_and_the_book_are_small(site):
    for path in site.glob("*.html"):
        links = Links(path.read_text(encoding="utf-8"))
        files = {site / unquote(t.partition("?")[0]) for t in links.loaded}
        weight = sum(file.stat().st_size for file in {path, *files})
        assert weight < 2_000_000, (path.name, weight)
    files = [path for path in site.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 60_000_000


@pytest.fixture(scope="module")
def browser(site):
    """Opens pages of the book; nothing else can be reached."""
    sync = pytest.importorskip("playwright.sync_api")
    with sync.sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=CHROMIUM, args=FLAGS
        )
        yield launched
        launched.close()


@pytest.fixture
def visit(site, browser):
    """A page of the book, on which nothing may go wrong."""
    with contextlib.ExitStack() as opened:
        wrong = []

        def visit(name, **options):
            context = browser.new_context(**options)
            opened.callback(context.close)
            seen = context.new_page()
            seen.on(
                "console",
                lambda m: (
                    m.type in ("error", "warning") and wrong.append(m.text)
                ),
            )
            seen.on("pageerror", lambda error: wrong.append(str(error)))
            seen.on(
                "request",
                lambda r: (
                    r.url.startswith(("file:", "data:", "blob:"))
                    or wrong.append(r.url)
                ),
            )
            seen.goto(f"{site.as_uri()}/{name}")
            return seen

        yield visit
        assert not wrong


@needs_browser
@each_page
def test_a_page_opens_and_is_accessible(visit, name):
    seen = visit(f"{name}.html")
    seen.evaluate(AXE.read_text(encoding="utf-8"))
    found = seen.evaluate(
        "async () => (await axe.run({preload: false, runOnly: "
        "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']})).violations"
    )
    said = [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]
    assert not said


@needs_browser
@pytest.mark.parametrize("name", DRAWN)
def test_every_slider_moves_its_figure(visit, name):
    (path,) = (path for path in NOTEBOOKS if topic(path) == name)
    seen = visit(f"{path.stem}.html")
    figures = seen.locator(".live")
    assert figures.count() > 0
    for number in range(figures.count()):
        figure = figures.nth(number)
        figure.scroll_into_view_if_needed()
        key = figure.get_attribute("data-key")
        seen.wait_for_selector(f'[data-key="{key}"][data-ready]')
        for slider in figure.locator("input").all():
            before = figure.screenshot()
            words = figure.locator("img").first.get_attribute("alt")
            slider.focus()
            away = "ArrowLeft"
            if slider.input_value() == "0":
                away = "ArrowRight"
            for _ in range(3):
                slider.press(away)
            assert figure.screenshot() != before, key
            assert figure.locator("img").first.get_attribute("alt") != words
            assert slider.get_attribute("aria-valuetext")
            box = slider.bounding_box()
            seen.mouse.click(box["x"] + 4, box["y"] + box["height"] / 2)
            assert slider.input_value() == "0"


@needs_browser
@pytest.mark.parametrize("term", TERMS)
def test_search_finds(visit, term):
    seen = visit(f"search.html?q={term}")
    found = seen.locator(f"#search-results a[href*='{TERMS[term]}']")
    found.first.wait_for()


@needs_browser
def test_a_page_that_is_no_notebook_has_no_classroom_view(visit):
    assert visit("teachers.html").locator("#classroom-button").count() == 0


@needs_browser
@pytest.mark.parametrize(
    "path",
    [
        path
        if topic(path) in (*DRAWN, "evaluation", "detection")
        else pytest.param(path, marks=pytest.mark.full)
        for path in NOTEBOOKS
    ],
    ids=topic,
)
def test_the_classroom_goes_through_a_page(visit, path):
    seen = visit(f"{path.stem}.html")
    seen.locator("#classroom-button").click()
    place = seen.locator("#classroom [role=status]")
    last = int(place.inner_text().split()[-1])
    assert last >= 4
    texts = []
    for number in range(1, last + 1):
        assert place.inner_text() == f"{number} of {last}"
        texts.append(seen.locator("#classroom .slide").inner_html())
        seen.keyboard.press("ArrowRight")
    assert all(a != b for a, b in pairwise(texts))
    assert not any("Solution" in text for text in texts)
    seen.keyboard.press("Escape")
    assert seen.locator("#classroom").count() == 0


@needs_browser
def test_a_live_figure_comes_back_from_the_classroom(visit):
    seen = visit("00_start_here.html")
    before = seen.locator(".live").count()
    seen.locator("#classroom-button").click()
    for _ in range(30):
        seen.keyboard.press("ArrowRight")
    seen.keyboard.press("Escape")
    assert seen.locator(".live input").count() > 0
    assert seen.locator(".live").count() == before
