"""How long a notebook takes: to read, to do its exercises, to run.

Nothing is typed in. Reading follows a formula, exercises are the sum of
their cards, running is what the ledger measured.

    python -m tools.times    words, code cells, minutes of each notebook
"""

import math
import re
from typing import NamedTuple

from helpers.data import DataError
from helpers.recorded import load_record
from tools.notebook_files import NOTEBOOKS, code_cells, read, tags

WORDS_A_MINUTE = 150
SECONDS_A_LINE = 4  # of code that is not folded
SECONDS_A_FIGURE = 40
MINUTES_A_PREDICTION = 1
PREDICTION = "Before you"
PICTURES = {"image/png", "image/svg+xml"}
CARD = re.compile(r"^### Exercise .*?\*About (\d+) minutes?;", re.DOTALL)
WORD = re.compile(r"[\w'’]+")
# What is not read aloud: formulas, code and the targets of links.
SILENT = re.compile(r"\$[^$]*\$|`[^`]*`|\]\([^)]*\)|<[^>]*>")
UNMEASURED = {"seconds": 600, "MiB": 4000}  # ceiling of a new notebook


class Section(NamedTuple):
    """A notebook's part under one heading of second order."""

    heading: str  # "" before the first
    reading: float  # minutes
    exercises: int  # minutes


def is_exercise(cell):
    """A card, a stub, a hint or a solution: stated apart from reading."""
    return bool(
        tags(cell) & {"exercise", "solution"}
        or cell.source.startswith(("### Exercise", "<details"))
    )


def reading_of(cell):
    """Minutes that a cell takes to read."""
    if is_exercise(cell):
        return 0.0
    if cell.cell_type == "markdown":
        return reading_of_text(cell.source)
    figures = sum(
        bool(PICTURES & set(output.get("data", {}))) for output in cell.outputs
    )
    minutes = figures * SECONDS_A_FIGURE / 60
    if not cell.metadata.get("jupyter", {}).get("source_hidden"):
        lines = [line for line in cell.source.splitlines() if line.strip()]
        minutes += len(lines) * SECONDS_A_LINE / 60
    return minutes


def reading_of_text(text):
    """Minutes to read a text aloud and to make its predictions."""
    words = WORD.findall(SILENT.sub(" ", text))
    predictions = text.count(PREDICTION)
    return len(words) / WORDS_A_MINUTE + predictions * MINUTES_A_PREDICTION


def exercise_of(cell):
    """Minutes that the card of an exercise states; 0 for other cells."""
    card = CARD.match(cell.source)
    return int(card[1]) if cell.cell_type == "markdown" and card else 0


def sections(notebook):
    """The notebook's sections in order, each with its minutes."""
    found = [Section("", 0.0, 0)]
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and not is_exercise(cell):
            before, *parts = re.split(r"(?m)^## ", cell.source)
            minutes = [reading_of_text(text) for text in (before, *parts)]
            found[-1] = _longer(found[-1], minutes[0])
            for text, more in zip(parts, minutes[1:], strict=True):
                heading = text.splitlines()[0].strip()
                found.append(Section(heading, more, 0))
        else:
            found[-1] = _longer(found[-1], reading_of(cell), exercise_of(cell))
    return found


def _longer(section, reading, exercises=0):
    return section._replace(
        reading=section.reading + reading,
        exercises=section.exercises + exercises,
    )


def reading(notebook):
    """Minutes to read it, in steps of five."""
    minutes = sum(section.reading for section in sections(notebook))
    return 5 * max(1, round(minutes / 5))


def exercises(notebook):
    """Minutes for all exercises: the sum of what their cards state."""
    return sum(section.exercises for section in sections(notebook))


def ledger():
    """{topic: row} of what was measured; {} if nothing was."""
    try:
        return {row["topic"]: row for row in load_record("ledger")["rows"]}
    except DataError:
        return {}


def running(topic):
    """ "84 s", "2.5 min" or "not measured yet", on two idle cores."""
    row = ledger().get(topic)
    if row is None:
        return "not measured yet"
    seconds = row["seconds"]
    return f"{seconds} s" if seconds < 100 else f"{seconds / 60:.1f} min"


def ceiling(topic):
    """What a test run of a notebook may take: {"seconds", "MiB"}.

    Far more than was measured, because the tests share their machine with
    others and with one another; a notebook that has lost its measure is
    noticed all the same.
    """
    row = ledger().get(topic)
    if row is None:
        return UNMEASURED
    return {
        "seconds": 60 + 5 * row["seconds"],
        "MiB": math.ceil(300 + 1.5 * row["MiB"]),
    }


# --- limits -------------------------------------------------------------


class Measure(NamedTuple):
    """What a reader has before them."""

    words: int
    cells: int  # with code
    minutes: int  # of reading


LIMITS = Measure(words=3800, cells=55, minutes=65)


def measure(notebook):
    """Words outside exercises and formulas, code cells, minutes to read."""
    words = 0
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and not is_exercise(cell):
            words += len(WORD.findall(SILENT.sub(" ", cell.source)))
    minutes = sum(section.reading for section in sections(notebook))
    return Measure(words, len(code_cells(notebook)), round(minutes))


def over_limit(notebook):
    """["4,000 words, more than 3,800"]; [] where all is within LIMITS."""
    return [
        f"{used:,} {name}, more than {limit:,}"
        for name, used, limit in zip(
            Measure._fields, measure(notebook), LIMITS, strict=True
        )
        if used > limit
    ]


def table():
    """Lines: words, code cells, minutes of reading and of exercises."""
    heads = f"{'words':>7}{'cells':>7}{'reading':>9}{'exercises':>11}"
    yield f"{'notebook':34}{heads}"
    for path in NOTEBOOKS:
        notebook = read(path)
        words, cells, minutes = measure(notebook)
        line = f"{path.stem:34}{words:7,}{cells:7}{minutes:5} min"
        line += f"{exercises(notebook):7} min"
        over = over_limit(notebook)
        yield "; ".join([line, *over])


if __name__ == "__main__":
    print("\n".join(table()))
