"""Set the course's address everywhere: `make publish REPO=owner/name`.

The address lives in pyproject.toml; the badges, the set-up cells and the
links that need it are written from there.
"""

import argparse
import re
import sys

from tools import generated
from tools.address import COLAB, HOST, PYPROJECT, address, book_of
from tools.notebook_files import ROOT

PAGES = [
    ROOT / name
    for name in ("README.md", "TEACHING.md", "CONTRIBUTING.md", "CITATION.cff")
]


def written_for(text, old, new):
    """The text with every link to the old address leading to the new one."""
    for prefix in (HOST, COLAB):
        text = re.sub(
            re.escape(prefix + old) + r"(?![\w-])", prefix + new, text
        )
    return text.replace(book_of(old), book_of(new))


def publish(repo):
    """Write the address everywhere; returns the files that changed."""
    old, changed = address(), []
    for path in [PYPROJECT, *PAGES]:
        if not path.exists():
            continue
        text = path.read_text(encoding="utf-8")
        new = written_for(text, old, repo)
        if new != text:
            path.write_text(new, encoding="utf-8", newline="\n")
            changed.append(path)
    return changed + generated.write()


def main():
    parser = argparse.ArgumentParser(
        prog="python -m tools.publish", description=__doc__.splitlines()[0]
    )
    parser.add_argument("repo", help="owner/name")
    repo = parser.parse_args().repo
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repo):
        parser.error(f"{repo!r} is not of the form owner/name")
    for path in publish(repo):
        print("set in", path.relative_to(ROOT))


if __name__ == "__main__":
    sys.exit(main())
