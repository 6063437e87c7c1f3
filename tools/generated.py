"""What is made from the table of contents, the times and the address.

`make refresh` writes all of it, and a test compares: the opening lines and
the set-up cell of every notebook, the map in the first one, the tables of
README.md and TEACHING.md. Nobody edits these by hand.
"""

import re

from tools import times
from tools.address import COLAB, address
from tools.contents import load
from tools.notebook_files import ROOT, as_stored, read, tags
from tools.setup_cell import setup_source

README = ROOT / "README.md"
TEACHING = ROOT / "TEACHING.md"
FIRST_NEEDS = "Python and school mathematics"
WATTS_A_CORE = 10  # a busy core and its share of the machine: an assumption
SESSIONS = {"three hours": 180, "ninety minutes": 90}
FULL = 1.1  # of its minutes, a session may hold this much


class GeneratedError(ValueError):
    """Where something belongs that is generated, and is not found."""


# --- a notebook ---------------------------------------------------------


def with_opening(source, chapter, chapters, notebook):
    """The first cell: what the author wrote, between lines made anew."""
    body = re.fullmatch(
        r"# .*?\n\n\*\*.*?\*\*\n\n(.*?)\n\n\*Reading .*?\*\n\n\[!\[.*",
        source,
        re.DOTALL,
    )
    if not body:
        raise GeneratedError(
            f"{chapter.path.name}: the first cell has a title, the question "
            "in bold, what the reader will be able to do, a line *Reading "
            "...* and a line with the badge; see CONTRIBUTING.md"
        )
    return "\n\n".join(
        [
            f"# {chapter.number}. {chapter.title}",
            f"**{chapter.question}**",
            body[1],
            f"*{duration(chapter, notebook)} "
            f"Comes after: {prerequisites(chapter, chapters)}.*",
            " · ".join([badge(chapter), *neighbours(chapter, chapters)]),
        ]
    )


def duration(chapter, notebook):
    """One sentence: how long it takes to read, to do and to run."""
    running = times.running(chapter.topic)
    if running[0].isdigit():
        running = f"running {running} on two idle cores"
    else:
        running = f"running time {running}"
    return (
        f"Reading {times.reading(notebook)} minutes, exercises "
        f"{times.exercises(notebook)} minutes, {running}."
    )


def prerequisites(chapter, chapters):
    links = {other.topic: other.link for other in chapters}
    return ", ".join(links[topic] for topic in chapter.after) or FIRST_NEEDS


def badge(chapter):
    target = f"{COLAB}{address()}/blob/main/notebooks/{chapter.path.name}"
    return f"[![Open in Colab](images/colab.svg)]({target})"


def neighbours(chapter, chapters):
    """Links to the notebook before and to the one after, where there are."""
    for name, step in (("Previous", -1), ("Next", 1)):
        number = chapter.number + step
        if 0 <= number < len(chapters):
            other = chapters[number]
            yield f"[{name}: {other.title}]({other.path.name})"


def update_notebook(notebook, chapter, chapters):
    """Bring everything generated in a notebook up to date, in place."""
    opening = notebook.cells[0]
    opening.source = with_opening(opening.source, chapter, chapters, notebook)
    for cell in notebook.cells:
        if "setup" in tags(cell):
            cell.source = setup_source(address())
        elif cell.cell_type == "markdown":
            if "<!-- contents -->" in cell.source:
                cell.source = filled(
                    cell.source, "contents", map_of(chapters), chapter.stem
                )
            cell.source = renumbered(cell.source, chapters)
    return notebook


def renumbered(text, chapters):
    """The text with links to notebooks under their numbers and titles."""
    known = {chapter.topic: chapter for chapter in chapters}

    def link(match):
        chapter = known.get(match["topic"])
        if chapter is None:
            return match[0]
        around = re.match(r"(?:Previous|Next): ", match["text"])
        return f"[{around[0] if around else ''}{chapter.link[1:]}"

    return re.sub(
        r"\[(?P<text>[^\[\]]*)\]\(\d\d_(?P<topic>\w+)\.ipynb\)", link, text
    )


def map_of(chapters):
    """The course in a table, as its first notebook shows it."""
    lines = ["| part | notebook | the question |", "|---|---|---|"]
    part = ""
    for chapter in chapters:
        shown = chapter.part if chapter.part != part else ""
        part = chapter.part
        lines.append(
            f"| {shown} | {chapter.number}. {chapter.link} "
            f"| {chapter.question} |"
        )
    return "\n".join(lines)


# --- the pages ----------------------------------------------------------


def filled(text, name, content, where):
    """The text with new content between `<!-- name -->` and its end."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    if text.count(begin) != 1 or text.count(end) != 1:
        raise GeneratedError(f"{where} needs one {begin} and one {end}")
    before, rest = text.split(begin)
    _, after = rest.split(end)
    return f"{before}{begin}\n\n{content}\n\n{end}{after}"


def contents_table(chapters, notebooks):
    """README's table: every notebook with its question and its times."""
    lines = []
    parts = dict.fromkeys(chapter.part for chapter in chapters)
    for part in parts:
        lines += [
            f"**{part}**",
            "",
            "| notebook | the question | reading | exercises | running |",
            "|---|---|---:|---:|---:|",
        ]
        for chapter in chapters:
            if chapter.part == part:
                notebook = notebooks[chapter.topic]
                lines.append(
                    f"| [{chapter.number}. {chapter.title}]"
                    f"(notebooks/{chapter.path.name}) | {chapter.question} "
                    f"| {times.reading(notebook)} min "
                    f"| {times.exercises(notebook)} min "
                    f"| {times.running(chapter.topic)} |"
                )
        lines.append("")
    return "\n".join(lines).strip()


def ledger_table(chapters, record):
    """What a class will need: time, memory, operations and energy."""
    rows = {row["topic"]: row for row in record["rows"]}
    lines = [
        "| notebook | running | peak memory | operations | energy |",
        "|---|---:|---:|---:|---:|",
    ]
    measured = [c for c in chapters if c.topic in rows]
    for chapter in measured:
        lines.append(
            _ledger_line(
                f"{chapter.number}. {chapter.title}", rows[chapter.topic]
            )
        )
    total = {
        key: sum(rows[chapter.topic][key] for chapter in measured)
        for key in ("seconds", "core_seconds", "operations")
    }
    total["failed_while_counted"] = any(
        rows[chapter.topic]["failed_while_counted"] for chapter in measured
    )
    total["MiB"] = max(
        (rows[chapter.topic]["MiB"] for chapter in measured), default=0
    )
    lines.append(_ledger_line("all, one after another", total))
    return "\n".join(lines)


def _ledger_line(name, row):
    # A cell that cannot be counted makes the count a lower bound.
    bound = "over " if row["failed_while_counted"] else ""
    watt_hours = row["core_seconds"] * WATTS_A_CORE / 3600
    return (
        f"| {name} | {row['seconds']} s | {row['MiB']:,} MiB "
        f"| {bound}{row['operations']:.1e} | {watt_hours:.2f} Wh |"
    )


def plan(chapters, notebooks, minutes):
    """The course in sessions of so many minutes, cut between sections."""
    pieces = [
        (chapter, section)
        for chapter in chapters
        for section in times.sections(notebooks[chapter.topic])
    ]
    sessions, used = [[]], 0.0
    for chapter, section in pieces:
        needed = section.reading + section.exercises
        if sessions[-1] and used + needed > FULL * minutes:
            sessions.append([])
            used = 0.0
        sessions[-1].append((chapter, section))
        used += needed
    lines = ["| session | what | reading | exercises |", "|---|---|---:|---:|"]
    begun = set()
    for number, session in enumerate(sessions, start=1):
        topics = dict.fromkeys(chapter for chapter, _ in session)
        rest = pieces[sum(map(len, sessions[:number])) :]
        words = []
        for chapter in topics:
            headings = [s.heading for c, s in session if c == chapter]
            text = chapter.title
            if chapter in begun:
                text += f", from *{headings[0]}*"
            later = [s.heading for c, s in rest if c == chapter]
            if later:
                text += f", up to *{later[0]}*"
            words.append(text)
            begun.add(chapter)
        reading = sum(section.reading for _, section in session)
        exercises = sum(section.exercises for _, section in session)
        lines.append(
            f"| {number} | {'; '.join(words)} | {reading:.0f} min "
            f"| {exercises} min |"
        )
    return "\n".join(lines)


def label_of(record):
    return (
        f"Measured {record['recorded']} by `make ledger` on "
        f"{record['machine']}, torch {record['versions']['torch']}. "
        "Operations are the additions and multiplications in torch's "
        "convolutions and matrix products, in the notebook's own process; "
        "those of NumPy are not counted. The energy is an estimate: "
        f"{WATTS_A_CORE} watts, an assumption, for each second that a core "
        "is busy."
    )


# --- all of it ----------------------------------------------------------


def generated():
    """{path: text} of every file that holds something generated."""
    from helpers.data import DataError
    from helpers.recorded import load_record

    chapters = load()
    notebooks = {c.topic: read(c.path) for c in chapters}
    files = {
        c.path: as_stored(update_notebook(notebooks[c.topic], c, chapters))
        for c in chapters
    }
    try:
        record = load_record("ledger")
    except DataError:
        ledger = "Not measured yet: `make ledger` does it."
    else:
        ledger = f"{ledger_table(chapters, record)}\n\n{label_of(record)}"
    pages = {
        README: {"contents": contents_table(chapters, notebooks)},
        TEACHING: {"ledger": ledger}
        | {
            f"plan {minutes}": plan(chapters, notebooks, minutes)
            for minutes in SESSIONS.values()
        },
    }
    for path, contents in pages.items():
        text = path.read_text(encoding="utf-8")
        for name, content in contents.items():
            text = filled(text, name, content, path.name)
        files[path] = renumbered_pages(text, chapters)
    return files


def renumbered_pages(text, chapters):
    """As `renumbered`, for links that begin in the course's folder."""
    names = {chapter.topic: chapter.path.name for chapter in chapters}
    return re.sub(
        r"\bnotebooks/\d\d_(\w+)\.ipynb",
        lambda m: f"notebooks/{names[m[1]]}" if m[1] in names else m[0],
        text,
    )


def outdated():
    """The files in which something generated is not up to date."""
    return [
        path
        for path, text in generated().items()
        if path.read_text(encoding="utf-8") != text
    ]


def write():
    """Write all that is generated; returns the files that changed."""
    files, changed = generated(), outdated()
    for path in changed:
        path.write_text(files[path], encoding="utf-8", newline="\n")
    return changed
