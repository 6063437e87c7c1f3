"""Editions for a class: notebooks without solutions, and solutions alone.

    make student     copies in student/, without solutions and outputs
    make solutions   solutions/NN_name.md: title, answer and the reason why

Both can be made again at any time. A copy that somebody has worked in since
is kept as it is, and told; what no notebook makes any more is removed.
"""

import argparse
import hashlib
import json
import re
import sys
from pathlib import Path

import nbformat

from tools.notebook_files import NOTEBOOKS, ROOT, code_cells, read, tags

MADE = ".made.json"  # {file: hash} of what was written here last time
# It opens the edition with the solutions.
BADGE = re.compile(r"\[!\[Open in Colab\]\([^)]*\)\]\([^)]*\)(?: · )?")
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
            path.parent.mkdir(exist_ok=True)
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
    editions = {"student": student_files, "solutions": solution_files}
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
