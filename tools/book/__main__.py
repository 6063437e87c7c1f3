"""Make the book: book/index.html, which needs no server and no network.

    make book                       everything, with the figures that move
    python -m tools.book --stored   what moves as it was drawn last time; the
                                    rest stands still. Seconds
    python -m tools.book TOPIC ...  draws only these notebooks' figures anew

The figures' pictures are kept in build/frames from one time to the next.
"""

import argparse
import json
import shutil
import subprocess
import sys
from itertools import groupby
from pathlib import Path

import nbformat

from tools.book.icons import keep_used_icons
from tools.book.pages import page, teachers, wrong_answers
from tools.contents import load
from tools.install import explain, python_in, run
from tools.notebook_files import ROOT, as_stored, code_cells, read, tags
from tools.refresh import client

HERE = Path(__file__).parent
SOURCE = ROOT / "build" / "book"  # what Sphinx reads
FRAMES = ROOT / "build" / "frames"
BOOK = ROOT / "book"
VENV = ROOT / ".venv-book"
REQUIREMENTS = HERE / "requirements.txt"
LIVE = '<div class="live"'
RECORD = """\
from tools.book.frames import record
record({folder!r}, {topic!r})"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stored", action="store_true")
    parser.add_argument("--set-up", action="store_true", help="and no more")
    parser.add_argument("topics", nargs="*", metavar="TOPIC")
    options = parser.parse_args()
    if options.set_up:
        return set_up()
    chapters = load()
    unknown = set(options.topics) - {chapter.topic for chapter in chapters}
    if unknown:
        sys.exit(f"course.toml has no {', '.join(sorted(unknown))}.")
    if not options.stored:
        for chapter in chapters:
            if chapter.topic in options.topics or not options.topics:
                draw_figures(chapter)
    write_sources(chapters)
    build()


def draw_figures(chapter):
    """Execute a notebook that has live figures, and keep their pictures."""
    if "Run this cell to move the sliders" not in chapter.path.read_text(
        encoding="utf-8"
    ):
        return
    print(f"{chapter.topic}: drawing what moves", flush=True)
    folder = FRAMES / chapter.topic
    shutil.rmtree(folder, ignore_errors=True)
    notebook = read(chapter.path)
    filled = {"folder": str(folder), "topic": chapter.topic}
    cell = nbformat.v4.new_code_cell(RECORD.format(**filled))
    setup = ["setup" in tags(cell) for cell in notebook.cells].index(True)
    notebook.cells.insert(setup + 1, cell)  # it makes the course importable
    client(notebook, chapter.path.parent).execute()
    drawn = [
        output.data["text/html"]
        for cell in code_cells(notebook)
        for output in cell.outputs
        if output.get("data", {}).get("text/html", "").startswith(LIVE)
    ]
    (folder / "figures.json").write_text(json.dumps(drawn), encoding="utf-8")


def write_sources(chapters):
    """All that Sphinx reads, in a folder made anew."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    static = SOURCE / "_static"
    shutil.copytree(HERE / "static", static)
    shutil.copy(HERE / "conf.py", SOURCE)
    (SOURCE / "originals").mkdir()
    for chapter in chapters:
        bare = SOURCE / "originals" / chapter.path.name
        bare.write_text(
            as_stored(without_outputs(chapter.path)), encoding="utf-8"
        )
        figures = None
        stored = FRAMES / chapter.topic / "figures.json"
        if stored.exists():
            figures = json.loads(stored.read_text(encoding="utf-8"))
            for path in stored.parent.glob(f"{chapter.topic}-*"):
                (static / "live").mkdir(exist_ok=True)
                shutil.copy(path, static / "live")
        made = page(chapter.path, static / "pictures", figures)
        (SOURCE / chapter.path.name).write_text(
            as_stored(made), encoding="utf-8"
        )
    (SOURCE / "teachers.md").write_text(teachers(), encoding="utf-8")
    expected = wrong_answers(chapters)
    (SOURCE / "wrong_answers.md").write_text(expected, encoding="utf-8")
    (SOURCE / "index.md").write_text(index(chapters), encoding="utf-8")


def without_outputs(path):
    """The notebook as its readers take it along: they will run it."""
    notebook = read(path)
    for cell in code_cells(notebook):
        cell.outputs, cell.execution_count = [], None
    return notebook


def index(chapters):
    """The first page: what the course is, and its parts."""
    lines = [
        "# Inside BigModel",
        "",
        (HERE / "welcome.md").read_text(encoding="utf-8"),
    ]
    for part, group in groupby(chapters, key=lambda chapter: chapter.part):
        group = list(group)
        lines += [f"## {part}", ""]
        lines += [f"- {c.number}. {c.link}: {c.question}" for c in group]
        stems = [chapter.stem for chapter in group]
        lines += ["", "```{toctree}", ":hidden:", f":caption: {part}", ""]
        lines += [*stems, "```", ""]
    lines += ["```{toctree}", ":hidden:", ":caption: For teachers", ""]
    lines += ["teachers", "wrong_answers", "```", ""]
    return "\n".join(lines)


def set_up():
    """Sphinx in an environment of its own: it asks for other versions of
    packages than the course. Returns its Python."""
    python = python_in(str(VENV))
    ready = VENV / ".ready"
    wanted = REQUIREMENTS.read_text(encoding="utf-8")
    if not ready.exists() or ready.read_text(encoding="utf-8") != wanted:
        print(f"Setting up {VENV.name}: a minute, once.", flush=True)
        pip = [python, "-m", "pip", "install", "--quiet"]
        for command in (
            [sys.executable, "-m", "venv", VENV],
            [*pip, "--disable-pip-version-check", "-r", REQUIREMENTS],
        ):
            status, printed = run(command)
            if status:
                sys.exit("The book stopped: " + explain(printed) + ".")
        ready.write_text(wanted, encoding="utf-8")
    return python


def build():
    """Let Sphinx make the site."""
    python = set_up()
    # MyST-NB writes the notebooks once more, beside what Sphinx makes.
    work = SOURCE.with_name("sphinx")
    shutil.rmtree(work, ignore_errors=True)
    sphinx = [python, "-m", "sphinx", "-q", "-W", "--keep-going", "-j", "auto"]
    trees = ["-d", work / "doctrees"]
    subprocess.run([*sphinx, *trees, SOURCE, work / "site"], check=True)
    shutil.rmtree(BOOK, ignore_errors=True)
    shutil.move(work / "site", BOOK)
    keep_used_icons(BOOK)
    print(f"{BOOK.name}/index.html is made; open it in a browser.")


if __name__ == "__main__":
    main()
