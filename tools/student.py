"""Editions for a class: notebooks without solutions, and solutions alone.

    make student     copies in student/, without solutions and outputs
    make student FORMAT=nbgrader
                     a course folder of nbgrader in nbgrader/, an assignment
                     a notebook, graded by the course's checks
    make solutions   solutions/NN_name.md: title, answer and the reason why

Both can be made again at any time. A copy that somebody has worked in since
is kept as it is, and told; what no notebook makes any more is removed.
"""

import argparse
import ast
import hashlib
import json
import re
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell

from tools.notebook_files import NOTEBOOKS, ROOT, code_cells, read, tags

MADE = ".made.json"  # {file: hash} of what was written here last time
# It opens the edition with the solutions.
BADGE = re.compile(r"\[!\[Open in Colab\]\([^)]*\)\]\([^)]*\)(?: · )?")
FENCE = re.compile(r"```python\n(.*?)```", re.DOTALL)
FOLD = re.compile(r"<details>\s*<summary>.*?</summary>|</details>")


def student_copy(notebook):
    """The notebook as a class gets it, changed in place and returned."""
    notebook.cells = [
        cell for cell in notebook.cells if "solution" not in tags(cell)
    ]
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = BADGE.sub("", cell.source)
    for cell in code_cells(notebook):
        cell.outputs, cell.execution_count = [], None
        cell.metadata.pop("source_hash", None)
    notebook.metadata.pop("code_hash", None)  # it vouches for the outputs
    return notebook


def solutions(notebook):
    """All solutions of a notebook as one Markdown page; "" if it has none."""
    title, card, parts = "", "", []
    for cell in notebook.cells:
        if cell.cell_type != "markdown":
            continue
        headings = re.findall(r"^#{1,6} (.*)$", cell.source, re.MULTILINE)
        title = title or (headings[0] if headings else "")
        card = next((h for h in headings if h.startswith("Exercise")), card)
        if "solution" in tags(cell):
            answer = FOLD.sub("", cell.source).strip()
            parts.append(f"## {card}\n\n{answer}\n")
    return f"# {title}: solutions\n\n" + "\n".join(parts) if parts else ""


def student_files():
    """{name: bytes} of everything in student/."""
    files = {}
    for path in NOTEBOOKS:
        text = nbformat.writes(student_copy(read(path))) + "\n"
        files[path.name] = text.encode()
    for path in sorted((ROOT / "notebooks" / "images").iterdir()):
        files[f"images/{path.name}"] = path.read_bytes()
    return files


def nbgrader_copy(notebook):
    """The notebook as a source of nbgrader, changed in place and returned.

    In each exercise the solution stands where nbgrader takes it out, and a
    locked cell behind it gives a point for the verdict "right".
    """
    answers = {}
    for cell in notebook.cells:
        for tag in tags(cell):
            if tag.startswith("solution-"):
                answers[tag[9:]] = FENCE.search(cell.source)[1]
    cells = []
    for cell in student_copy(notebook).cells:
        cells.append(cell)
        names = [t[9:] for t in tags(cell) if t.startswith("exercise-")]
        if names:
            cell.source = with_markers(answers[names[0]], cell.source)
            cell.metadata["nbgrader"] = nbgrader_says(names[0], solution=True)
            cells.append(graded(names[0], cell.source))
    notebook.cells = cells
    return notebook


def with_markers(answer, stub):
    """The answer between nbgrader's markers, and what follows in the stub."""
    lines = answer.rstrip().splitlines()
    first = ast.parse(answer).body[0].body[0].lineno - 1
    marked = [
        *lines[:first],
        "    ### BEGIN SOLUTION",
        *lines[first:],
        "    ### END SOLUTION",
    ]
    return "\n".join([*marked, "", "", last_statement(stub)])


def last_statement(source):
    return ast.get_source_segment(source, ast.parse(source).body[-1])


def graded(name, stub):
    """The locked cell that gives the point."""
    call = ast.parse(last_statement(stub)).body[0].value
    judge, answer = ast.unparse(call.func), ast.unparse(call.args[0])
    return new_code_cell(
        "# A right answer gives the point; the verdict says what is missing.\n"
        f"verdict = {judge}.verdict({answer})\n"
        'assert verdict.kind == "right", verdict.text',
        id=f"check-{name}".replace("_", "-")[:64],
        metadata={"nbgrader": nbgrader_says(f"check-{name}", grade=True)},
    )


def nbgrader_says(name, solution=False, grade=False):
    """The metadata by which nbgrader knows a cell."""
    points = {"points": 1} if grade else {}
    return points | {
        "grade": grade,
        "grade_id": name,
        "locked": grade,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }


NBGRADER_CONFIG = """\
# Run nbgrader in this folder, for example:
#     nbgrader generate_assignment {example}
#     nbgrader autograde {example}
# The Python that runs it needs the packages of the course, and the course.
c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "inside-bigmodel"
c.ExecutePreprocessor.timeout = 600  # seconds a cell: some train a network
"""


def nbgrader_files():
    """{name: bytes} of everything in nbgrader/."""
    config = NBGRADER_CONFIG.format(example=NOTEBOOKS[0].stem)
    files = {"nbgrader_config.py": config.encode()}
    for path in NOTEBOOKS:
        folder = f"source/{path.stem}"
        text = nbformat.writes(nbgrader_copy(read(path))) + "\n"
        files[f"{folder}/{path.name}"] = text.encode()
        for image in sorted((ROOT / "notebooks" / "images").iterdir()):
            if image.name in text:
                files[f"{folder}/images/{image.name}"] = image.read_bytes()
    return files


def solution_files():
    """{name: bytes} of everything in solutions/."""
    pages = {path.stem: solutions(read(path)) for path in NOTEBOOKS}
    return {
        f"{stem}.md": text.encode() for stem, text in pages.items() if text
    }


def write(folder, files):
    """Bring a folder up to date; returns the files kept as they were found.

    Only what was written here before, and is unchanged since, is replaced
    or removed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    record = folder / MADE
    made = (
        json.loads(record.read_text(encoding="utf-8"))
        if record.exists()
        else {}
    )
    kept = []
    for name in sorted({*made, *files}):
        path, content = folder / name, files.get(name)
        if path.exists():
            found = path.read_bytes()
            if found != content and made.get(name) != digest(found):
                kept.append(path)
                continue
        if content is None:
            path.unlink(missing_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            made[name] = digest(content)
    made = {
        name: made[name] for name in sorted(made) if (folder / name).exists()
    }
    record.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    return kept


def digest(content):
    return hashlib.sha256(content).hexdigest()


def main():
    editions = {
        "student": student_files,
        "nbgrader": nbgrader_files,
        "solutions": solution_files,
    }
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("edition", choices=editions)
    parser.add_argument(
        "--out", type=Path, help="folder; default: the edition's name"
    )
    arguments = parser.parse_args()
    folder = arguments.out or ROOT / arguments.edition
    files = editions[arguments.edition]()
    kept = write(folder, files)
    print(f"{len(files) - len(kept)} files are up to date in {folder}")
    for path in kept:
        print(f"kept {path}: not ours, or changed since; delete it for a copy")
    return int(bool(kept))


if __name__ == "__main__":
    sys.exit(main())
