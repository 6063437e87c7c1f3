"""A page of the book from a stored notebook.

The page is again a notebook, which MyST-NB turns into HTML. What the reader
of a book needs not see is left out (the set-up cell), what is folded in
JupyterLab stays folded, and pictures become files beside the page.
"""

import ast
import base64
import hashlib
import html
import io
import re
from importlib import import_module
from pathlib import Path

from nbformat.v4 import new_output
from PIL import Image

from helpers.figures import RUN_ME
from tools.address import COLAB, HOST, address
from tools.notebook_files import ROOT, read, tags

WRONG_ANSWERS = """\
Learners really write these. The words above each answer stand in what the
exercise then says to it. The tests hold every one of them to that."""
TITLE = re.compile(r"# @title (.*)\n")
LINKS = re.compile(r"\[!\[Open in Colab\].*", re.DOTALL)
OUTSIDE = re.compile(r"\]\(\.\./([^)]*)\)")  # a file of the course


def page(path, pictures, live):
    """The notebook of a page.

    pictures: the folder for its pictures; live: what stands for its live
    figures, HTML in their order, or None where they do not move.
    """
    notebook = read(path)
    first = notebook.cells[0]
    first.source = LINKS.sub(links(path), first.source)
    notebook.cells = [c for c in notebook.cells if "setup" not in tags(c)]
    figures = iter(live or [])
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            there = f"]({HOST}{address()}/blob/main/\\1)"
            cell.source = OUTSIDE.sub(there, cell.source)
        else:
            fold(cell)
            cell.outputs = list(outputs(cell, pictures, figures))
    return notebook


def teachers():
    """TEACHING.md, as a page."""
    text = (ROOT / "TEACHING.md").read_text(encoding="utf-8")
    there = f"]({HOST}{address()}/blob/main/\\1)"
    return re.sub(r"\]\((?!http)([\w./]+\.md)\)", there, text)


def wrong_answers(chapters):
    """What learners answer, and what the checks say to it: for teachers."""
    lines = ["---", "nosearch: true", "---", "", "# Wrong answers to expect"]
    lines += ["", WRONG_ANSWERS]
    for chapter in chapters:
        module = import_module(f"tests.wrong_answers.{chapter.topic}")
        lines += ["", f"## {chapter.number}. {chapter.title}"]
        for name, answers in module.WRONG.items():
            lines += ["", f"### {name}"]
            for words, answer in answers.items():
                lines += ["", f"> ... {words} ..."]
                if source := written(answer):
                    # Colours for each word would double the page.
                    lines += ["", "```text", source, "```"]
    return "\n".join(lines) + "\n"


def written(answer):
    """The source of a wrong answer; "" where it stands on nothing alone."""
    if isinstance(answer, str):
        return answer.strip()
    code = getattr(answer, "__code__", None)
    if code is None or code.co_freevars:
        return ""
    source = Path(code.co_filename).read_text(encoding="utf-8")
    found = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Lambda | ast.FunctionDef)
        and node.lineno == code.co_firstlineno
    ]
    return ast.get_source_segment(source, found[0]) if found else ""


def links(path):
    """Where the notebook runs: below the opening of its page."""
    colab = f"{COLAB}{address()}/blob/main/notebooks/{path.name}"
    return (
        f"[Open in Colab]({colab}) · {{download}}`Download this notebook "
        f"<originals/{path.name}>` · in a clone of the course, `make lab`"
    )


def fold(cell):
    """Fold what JupyterLab folds, under the title that it has there."""
    found = TITLE.match(cell.source)
    summary = None
    if "solution" in tags(cell):
        summary = "Solution"
    elif found:
        summary = found[1]
        cell.source = cell.source[found.end() :]
    elif cell.metadata.get("jupyter", {}).get("source_hidden"):
        summary = "Code"
    cell.metadata = {}
    if summary:
        cell.metadata["tags"] = ["hide-input"]
        show = {"code_prompt_show": summary, "code_prompt_hide": summary}
        cell.metadata["mystnb"] = show


def outputs(cell, pictures, figures):
    """The cell's outputs with pictures as files, live figures in place."""
    moved = None
    if any(said(output) == RUN_ME for output in cell.outputs):
        moved = next(figures, None)
    if moved:
        yield shown(moved)
    for output in cell.outputs:
        data = output.get("data", {})
        words = "<details" in data.get("text/html", "")
        if said(output) == RUN_ME or (
            moved and (words or "image/png" in data)
        ):
            continue
        if "image/svg+xml" in data:
            yield shown(drawing(output, pictures))
        elif "image/png" in data:
            yield shown(picture(output, pictures))
        else:
            yield output


def said(output):
    return output.get("data", {}).get("text/plain")


def shown(text):
    return new_output("display_data", {"text/html": text})


def drawing(output, pictures):
    svg = output.data["image/svg+xml"].encode()
    return image(svg, "svg", output, pictures)


def picture(output, pictures):
    pixels = Image.open(io.BytesIO(base64.b64decode(output.data["image/png"])))
    few_colours = pixels.mode == "P"  # `compact` chose so; photographs not
    buffer = io.BytesIO()
    pixels.convert("RGB").save(
        buffer, "WEBP", lossless=few_colours, quality=80, method=4
    )
    return image(buffer.getvalue(), "webp", output, pictures)


def image(content, kind, output, pictures):
    """Store a picture, and the tag that shows it."""
    name = f"{hashlib.sha256(content).hexdigest()[:12]}.{kind}"
    pictures.mkdir(parents=True, exist_ok=True)
    (pictures / name).write_bytes(content)
    look = output.metadata.get("image/png", {})
    size = "".join(
        f' {side}="{look[side]}"'
        for side in ("width", "height")
        if side in look
    )
    words = html.escape(look.get("alt", output.data.get("text/plain", "")))
    return (
        f'<img class="figure" src="_static/pictures/{name}" alt="{words}" '
        f'loading="lazy"{size}>'
    )
