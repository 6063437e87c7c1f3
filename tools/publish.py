"""Set the course's address everywhere: `make publish REPO=owner/name`.

The address lives in pyproject.toml; the badges, the set-up cells and the
links that need it are written from there.
"""

import argparse
import re
import sys
import tomllib

import nbformat

from notebooks import NOTEBOOKS, ROOT, code_hash, read, tags

PYPROJECT = ROOT / "pyproject.toml"
HOST = "https://github.com/"
COLAB = "https://colab.research.google.com/github/"
PAGES = [ROOT / "README.md", ROOT / "TEACHING.md"]


def address():
    """owner/name, as pyproject.toml has it."""
    project = tomllib.loads(PYPROJECT.read_text())["project"]
    return project["urls"]["Repository"].removeprefix(HOST)


def setup_source(repo):
    """The set-up cell of every notebook."""
    return f"""\
# Opened alone, this cell fetches the course; in a clone it does nothing.
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

if not find_spec("helpers"):
    course = Path("..") if Path("../helpers").is_dir() else Path("course")
    if not course.exists():
        address = "{HOST}{repo}"
        clone = ["git", "clone", "-q", "--depth=1", address, "course"]
        try:
            subprocess.run(clone, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise RuntimeError(
                f"The course could not be fetched from {{address}}. Check the "
                "network and run this cell again, or download the whole "
                f"course and open this notebook in it. {{error}}"
            ) from None
    sys.path.insert(0, str(course.resolve()))
    from helpers.opened_alone import install_missing

    install_missing()"""


SETUP = setup_source(address())


def written_for(text, old, new):
    """The text with every link to the old address leading to the new one."""
    for prefix in (HOST, COLAB):
        text = re.sub(
            re.escape(prefix + old) + r"(?![\w-])", prefix + new, text
        )
    return text


def publish(repo):
    """Write the address everywhere; returns the files that changed."""
    old, changed = address(), []
    for path in [PYPROJECT, *PAGES, ROOT / "CITATION.cff"]:
        if not path.exists():
            continue
        text = path.read_text(encoding="utf-8")
        new = written_for(text, old, repo)
        if new != text:
            path.write_text(new, encoding="utf-8")
            changed.append(path)
    for path in NOTEBOOKS:
        notebook = read(path)
        was_current = notebook.metadata.get("code_hash") == code_hash(notebook)
        for cell in notebook.cells:
            if "setup" in tags(cell):
                cell.source = setup_source(repo)
            elif cell.cell_type == "markdown":
                cell.source = written_for(cell.source, old, repo)
        # The set-up cell has no output, so what was true stays true.
        if was_current:
            notebook.metadata["code_hash"] = code_hash(notebook)
        text = nbformat.writes(notebook) + "\n"
        if text != path.read_text(encoding="utf-8"):
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("repo", help="owner/name")
    repo = parser.parse_args().repo
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repo):
        parser.error(f"{repo!r} is not of the form owner/name")
    for path in publish(repo):
        print("set in", path.relative_to(ROOT))


if __name__ == "__main__":
    sys.exit(main())
