"""The table of contents: course.toml, read and checked."""

import re
import tomllib
from typing import NamedTuple

from tools.notebook_files import ROOT, topic

FILE = ROOT / "course.toml"
NUMERALS = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")
TOPIC = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


class ContentsError(ValueError):
    """What is wrong in course.toml, and what to do about it."""


class Chapter(NamedTuple):
    """One notebook, as the table of contents has it."""

    number: int
    topic: str
    title: str
    question: str
    after: tuple[str, ...]  # topics that it builds on
    part: str  # "II. BigModel"

    @property
    def stem(self):
        return f"{self.number:02}_{self.topic}"

    @property
    def path(self):
        return ROOT / "notebooks" / f"{self.stem}.ipynb"

    @property
    def link(self):
        """A Markdown link from a notebook beside it."""
        return f"[{self.title}]({self.path.name})"


def load(text=None):
    """The chapters in order.

    Raises ContentsError if an entry is incomplete, a topic stands twice, or
    a chapter builds on one that does not come before it.
    """
    if text is None:
        text = FILE.read_text(encoding="utf-8")
    try:
        parts = tomllib.loads(text).get("part", [])
    except tomllib.TOMLDecodeError as error:
        raise ContentsError(f"course.toml cannot be read: {error}") from None
    chapters = []
    for numeral, part in zip(NUMERALS, parts, strict=False):
        name = f"{numeral}. {part.get('title', '')}"
        for entry in part.get("chapter", []):
            chapters.append(_chapter(entry, len(chapters), name))
    if len(parts) > len(NUMERALS):
        raise ContentsError(f"course.toml has more than {len(NUMERALS)} parts")
    known = set()
    for chapter in chapters:
        missing = set(chapter.after) - known
        if chapter.topic in known or missing:
            raise ContentsError(
                f"course.toml: {chapter.topic} "
                + (
                    f"builds on {', '.join(sorted(missing))}, which must "
                    "come before it"
                    if missing
                    else "stands there twice"
                )
            )
        known.add(chapter.topic)
    return chapters


def misplaced(chapters):
    """[(path, where it belongs)] of notebooks under another number.

    Raises ContentsError if a topic has no notebook, or a notebook no entry.
    """
    folder = ROOT / "notebooks"
    files = {topic(path): path for path in sorted(folder.glob("*.ipynb"))}
    wanted = {chapter.topic: chapter.path for chapter in chapters}
    lost, unknown = wanted.keys() - files.keys(), files.keys() - wanted.keys()
    if lost or unknown:
        raise ContentsError(
            "course.toml and notebooks/ disagree. In course.toml alone: "
            f"{', '.join(sorted(lost)) or 'nothing'}; in notebooks/ alone: "
            f"{', '.join(sorted(unknown)) or 'nothing'}. A topic that was "
            "renamed is the name of its notebook, notebooks/NN_TOPIC.ipynb, "
            "of helpers/checks/TOPIC.py and of TOPIC.py in "
            "tests/right_answers/ and tests/wrong_answers/."
        )
    return [
        (files[name], path)
        for name, path in wanted.items()
        if files[name] != path
    ]


def renumber(chapters):
    """Give every notebook the number of its place; returns the new paths."""
    moves = misplaced(chapters)
    for old, new in moves:  # two may swap their places
        old.rename(new.with_suffix(".moving"))
    for _, new in moves:
        new.with_suffix(".moving").rename(new)
    return [new for _, new in moves]


def _chapter(entry, number, part):
    wanted = {"topic", "title", "question", "after"}
    if set(entry) != wanted:
        raise ContentsError(
            f"course.toml: a chapter has {', '.join(sorted(wanted))}, not "
            f"{', '.join(sorted(entry)) or 'nothing'}"
        )
    if not TOPIC.fullmatch(entry["topic"]):
        raise ContentsError(
            f"course.toml: a topic is lower-case words joined by _, not "
            f"{entry['topic']!r}"
        )
    if not entry["title"] or not entry["question"].endswith("?"):
        raise ContentsError(
            f"course.toml: {entry['topic']} needs a title, and a question "
            "that ends in a question mark"
        )
    return Chapter(
        number,
        entry["topic"],
        entry["title"],
        entry["question"],
        tuple(entry["after"]),
        part,
    )
