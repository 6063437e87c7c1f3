"""Grade learners' notebooks: who solved what, and what was misunderstood.

    python -m tools.grade FILE... [--out grades.csv] [--seconds 20]
                            [--memory 2048] [--course FILE or FOLDER]

Writes a CSV file with one row for each exercise of each notebook, and prints
a summary. Every answer is judged in a process of its own, with its own time
and memory limit and without network, so that an endless loop in one exercise
costs that exercise alone. A notebook that cannot be read costs one row.

The imports and the checks are the course's own; of the learner's notebook
only definitions count. An answer is the last cell that defines the function
asked for, apart from cells that stand in the course's notebook just so. What
is called or printed there outside the function is left out. An answer that
misses a name is judged again with the functions, imports and plain constants
of the learner's other cells; results that other cells compute are never
there, so an answer that leans on them does not count.

This is no sandbox. It protects a run against mistakes, not against code that
means harm: an answer runs with your rights, can read and delete your files,
and one written for the purpose can forge its verdict (it runs in the same
process as the check). Printed text, an early exit and a check that was
overwritten do not help it. Run code of people you do not trust in a
container or a virtual machine.
"""

import argparse
import ast
import csv
import json
import linecache
import multiprocessing
import os
import re
import secrets
import signal
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path
from typing import NamedTuple

try:
    import resource
except ImportError:  # Windows
    resource = None

COURSE = Path(__file__).resolve().parent.parent
NO_SANDBOX = (
    "No sandbox: answers ran with your rights. Code that means harm can "
    "forge its verdict."
)
NO_MEMORY_LIMIT = "This machine knows no memory limit: none was set."
START = 120  # seconds for a process to import torch on a busy machine
LONGEST = 500  # characters of a verdict
REFUSED = (
    "socket.connect",
    "socket.sendto",
    "socket.getaddrinfo",
    "socket.gethostbyname",
    # A program that is started would have a network.
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "os.fork",
)


class Row(NamedTuple):
    """One line of the table; result: "right", "wrong", "error", ..."""

    file: str
    notebook: str
    exercise: str
    result: str
    says: str


class Exercise(NamedTuple):
    """What the course's notebook says about one exercise."""

    name: str
    imports: str
    check: str  # source: "checks.soften"
    function: str  # what the learner defines: "soften"


class Failed(Exception):
    """Why a process gave no answer: (result, words)."""


# --- the course's notebooks ---------------------------------------------


def code_cells(path):
    """[(source, tags)] of a notebook; ValueError if it is none."""
    text = Path(path).read_text(encoding="utf-8-sig")
    cells = json.loads(text)["cells"]
    return [
        (
            "".join(cell.get("source", "")),
            cell.get("metadata", {}).get("tags", []),
        )
        for cell in cells
        if cell.get("cell_type") == "code"
    ]


def exercises(cells):
    """The exercises of a course's notebook, in order."""
    imports = next(
        (
            s
            for s, tags in cells
            if "from helpers" in s and "setup" not in tags
        ),
        "",
    )
    found = []
    for source, tags in cells:
        for tag in tags:
            if tag.startswith("exercise-"):
                call = _parse(source).body[-1].value
                name = tag.removeprefix("exercise-")
                check, function = map(ast.unparse, (call.func, call.args[0]))
                found.append(Exercise(name, imports, check, function))
    return found


def read_course(path):
    """{stem: (cells, exercises)} of the notebooks that have exercises."""
    path = Path(path)
    files = [path] if path.is_file() else sorted(path.glob("*.ipynb"))
    course = {}
    for file in files:
        cells = code_cells(file)
        if exercises(cells):
            course[file.stem] = cells, exercises(cells)
    return course


# --- the learner's notebook ---------------------------------------------


def read_answers(path, course):
    """Which of the course's notebooks this is, and its learner's answers.

    Returns (stem, {exercise: source}, sources of all cells).
    """
    cells = code_cells(path)
    stem = _origin(Path(path).stem, cells, course)
    course_cells, wanted = course[stem]
    known = {_bare(source) for source, _ in course_cells}
    answers = {}
    for exercise in wanted:
        tag = f"exercise-{exercise.name}"
        candidates = [
            source
            for source, tags in cells
            if tag in tags or _defines(source, exercise.function)
        ]
        own = [source for source in candidates if _bare(source) not in known]
        if candidates:
            answers[exercise.name] = (own or candidates)[-1]
    return stem, answers, [source for source, _ in cells]


def _origin(stem, cells, course):
    """The course's notebook of this name, or else of most of these tags."""
    for name in sorted(course, key=len, reverse=True):
        if name in stem:
            return name
    found = {tag for _, tags in cells for tag in tags}
    shared = {
        name: len(found & {f"exercise-{e.name}" for e in wanted})
        for name, (_, wanted) in course.items()
    }
    best = max(shared, key=shared.get)
    if not shared[best]:
        raise ValueError(
            "neither its name nor an exercise's tag says which notebook of "
            "the course this is"
        )
    return best


def _parse(source):
    """The syntax tree, with IPython's own lines left empty if need be."""
    try:
        return ast.parse(source)
    except SyntaxError:
        return ast.parse(re.sub(r"(?m)^\s*[%!?].*$", "", source))


def _bare(source):
    """The code without its comments and layout, to compare."""
    try:
        return ast.dump(_parse(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source


def _defines(source, name):
    """Whether a cell defines a name, at the top or within an `if`."""
    try:
        tree = _parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return bool(re.search(rf"(?m)^\s*(def|class)\s+{name}\b", source))
    return any(
        getattr(node, "name", None) == name
        or (
            (isinstance(node, ast.Name) and node.id == name)
            and isinstance(node.ctx, ast.Store)
        )
        for statement in tree.body
        for node in ast.walk(statement)
        if not isinstance(statement, ast.Expr)
    )


# --- in the process of one answer ---------------------------------------


def judge(exercise, answer, others):
    """(result, words): the course's verdict on the source of an answer."""
    names = {"__name__": "answer"}
    exec(re.sub(r"(?m)^%.*$", "", exercise.imports), names)
    verdict_of = eval(exercise.check, names).verdict
    before = _state_of_checks()

    def attempt(names):
        try:
            stopped = _define(answer, names)
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", "?")
            return "error", f"The cell cannot be read, line {line}: {error}."
        if stopped and exercise.function not in names:
            name = type(stopped).__name__
            return "error", f"The cell stopped with {name}: {stopped}."
        return verdict_of(names.get(exercise.function))

    result, words = attempt(dict(names))
    if result == "error" and "NameError" in words:
        result, words = attempt(_with_definitions(others, dict(names)))
    if _state_of_checks() != before:
        return "error", "The answer changes the checks: it does not count."
    return result, words[:LONGEST]


def _state_of_checks():
    """Changes when somebody puts something in the place of a check."""
    return [
        (name, key, id(value))
        for name, module in list(sys.modules.items())
        if name.startswith("helpers.checks")
        for key, value in vars(module).items()
    ]


def _define(source, names, kinds=ast.stmt):
    """Run a cell's statements of some kinds; returns the first error.

    Bare expressions (prints, calls of checks) are left out, and what stops
    does not keep what follows from being defined.
    """
    stopped, file = None, f"<answer {len(linecache.cache)}>"
    lines = source.splitlines(keepends=True)
    linecache.cache[file] = (len(source), None, lines, file)
    for statement in _parse(source).body:
        if isinstance(statement, ast.Expr) or not isinstance(statement, kinds):
            continue
        try:
            exec(compile(ast.Module([statement], []), file, "exec"), names)
        except BaseException as error:  # sys.exit() too
            stopped = stopped or error
    return stopped


def _with_definitions(sources, names):
    """The names, and what all cells define without computing anything."""
    functions = ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom
    for source in sources:
        try:
            _define(source, names, functions)
        except (SyntaxError, ValueError):
            continue  # the answer may not need it
        for statement in _parse(source).body:
            if isinstance(statement, ast.Assign) and isinstance(
                statement.value, ast.Constant
            ):
                _define(ast.unparse(statement), names)
    return names


# --- processes ----------------------------------------------------------


def _child(channel, nonce, folder, memory, function, arguments):
    """Run a function with the limits set, and send what it returns."""
    if hasattr(os, "setsid"):
        os.setsid()  # so that what it starts ends with it
        os.closerange(3, channel.fileno())  # what only the run may write to
        os.closerange(channel.fileno() + 1, os.sysconf("SC_OPEN_MAX"))
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # output is discarded, however much it is
        os.dup2(null, stream)
    sys.path.insert(0, str(COURSE))
    import helpers.checks  # torch: not on the answer's time  # noqa: F401

    os.chdir(folder)
    if can_limit_memory():
        _limit_memory(memory)
    sys.addaudithook(_refuse)
    channel.send_bytes(b"started")
    try:
        sent = {"value": function(*arguments)}
    except BaseException as error:
        sent = {"error": f"{type(error).__name__}: {error}"[:LONGEST]}
    channel.send_bytes(json.dumps({"nonce": nonce} | sent).encode())


def _refuse(event, arguments):
    if event in REFUSED:
        raise PermissionError(f"not while an answer is graded: {event}")


def can_limit_memory():
    return resource is not None and Path("/proc/self/statm").exists()


def _limit_memory(mebibytes):
    """Let this process take so much more memory than it has now."""
    pages = int(
        Path("/proc/self/statm").read_text(encoding="utf-8").split()[0]
    )
    limit = pages * resource.getpagesize() + mebibytes * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def apart(function, *arguments, seconds, memory, largest=2**16):
    """What a function of this module returns, run in a process of its own.

    Raises Failed if the process gives no answer in time, dies, or sends
    anything but one answer that bears the number it was given.
    """
    start = "forkserver" if hasattr(os, "fork") else "spawn"
    context = multiprocessing.get_context(start)
    ours, theirs = context.Pipe(duplex=False)
    nonce, late = secrets.token_hex(), threading.Event()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        process = context.Process(
            target=_child,
            args=(theirs, nonce, folder, memory, function, arguments),
        )
        process.start()
        theirs.close()

        def stop():
            late.set()
            _kill(process)

        timer = threading.Timer(START, stop)
        try:
            timer.start()
            ours.recv_bytes(largest)
            timer.cancel()
            timer = threading.Timer(seconds, stop)
            timer.start()
            sent = json.loads(ours.recv_bytes(largest))
            if sent.pop("nonce") != nonce:
                raise ValueError
        except EOFError:
            process.join()
            if late.is_set():
                words = f"Stopped after {timer.interval:g} seconds."
                raise Failed("too long", words) from None
            words = f"The process ended early, with code {process.exitcode}."
            raise Failed("crashed", words) from None
        except (OSError, ValueError, KeyError, AttributeError):
            words = "The process sent something else than an answer."
            raise Failed("crashed", words) from None
        finally:
            timer.cancel()
            _kill(process)
            process.join()
            ours.close()
    if "error" in sent:
        raise Failed("failed", sent["error"])
    return sent["value"]


def _kill(process):
    """End a process, and what it has started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (AttributeError, ProcessLookupError, PermissionError):
        process.kill()


# --- the run ------------------------------------------------------------


def grade(path, course, seconds=20, memory=2048):
    """The rows of one learner's notebook."""
    file = str(path)
    limits = {"seconds": seconds, "memory": memory}
    try:
        stem, answers, others = apart(
            read_answers,
            str(Path(path).resolve()),
            course,
            **limits,
            largest=2**26,
        )
    except Failed as failed:
        return [Row(file, "", "", "unreadable", failed.args[1])]
    rows = []
    for exercise in course[stem][1]:
        if exercise.name not in answers:
            result, words = "missing", "No cell defines the answer."
        else:
            answer = answers[exercise.name]
            try:
                result, words = apart(
                    judge, exercise, answer, others, **limits
                )
            except Failed as failed:
                result, words = failed.args
                if result == "failed":
                    words = f"The check itself stopped with {words}"
        rows.append(Row(file, stem, exercise.name, result, words))
    return rows


def counted(rows, result):
    """[(count, exercise, example)] of the same words, whatever the numbers."""
    counts, examples = Counter(), {}
    for row in rows:
        if row.result == result:
            words = re.sub(r"-?\d[\w.+-]*|-?\binf\b|\bnan\b", "0", row.says)
            words = re.sub(r"\[[0, .\[\]]*\]", "[0]", words)
            words = re.sub(r" at its line 0 \(.*\) with", "", words)
            key = row.exercise, words
            counts[key] += 1
            examples.setdefault(key, row.says)
    return [(n, key[0], examples[key]) for key, n in counts.most_common()]


def summary(rows):
    """What was solved and what was misunderstood, to read."""
    lines = ["", "Solved"]
    for file in dict.fromkeys(row.file for row in rows):
        own = [row for row in rows if row.file == file]
        if not own[0].exercise:
            lines.append(f"  none    {file}  {own[0].result}: {own[0].says}")
            continue
        solved = sum(row.result == "right" for row in own)
        rest = [f"{r.exercise} {r.result}" for r in own if r.result != "right"]
        lines.append(f"  {solved} of {len(own)}  {file}  {', '.join(rest)}")
    lines += ["", "Each exercise"]
    for key in dict.fromkeys(row[1:3] for row in rows if row.exercise):
        results = Counter(row.result for row in rows if row[1:3] == key)
        told = ", ".join(
            f"{n} {result}" for result, n in results.most_common()
        )
        lines.append(f"  {' '.join(key)}: {told}")
    for title, result in (("Misunderstood", "wrong"), ("Stopped", "error")):
        told = counted(rows, result)
        if told:
            lines += ["", title]
            lines += [f"  {n} x {name}: {says}" for n, name, says in told]
    return "\n".join(line.rstrip() for line in [*lines, "", NO_SANDBOX])


def write_csv(path, rows):
    """The table; a text that a spreadsheet would compute is kept a text."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(Row._fields)
        for row in rows:
            writer.writerow(
                "'" + text if text.startswith(tuple("=+-@")) else text
                for text in row
            )


def main():
    parser = argparse.ArgumentParser(
        prog="python -m tools.grade",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE", help="learners' notebooks")
    add("--out", default="grades.csv", help="the table (default: %(default)s)")
    add("--seconds", type=float, default=20, help="for each exercise")
    add("--memory", type=int, default=2048, help="MiB for each exercise")
    add("--course", default=COURSE / "notebooks", help="notebook or folder")
    options = parser.parse_args()
    course = read_course(options.course)
    if not course:
        parser.error(f"{options.course} holds no notebook with exercises")
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if hasattr(os, "fork"):
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["helpers.checks", "helpers.figures"])
    rows = []
    for path in options.files:
        rows += grade(path, course, options.seconds, options.memory)
        write_csv(options.out, rows)  # what is done survives an interruption
        print(f"graded {path}", flush=True)
    print(summary(rows))
    if not can_limit_memory():
        print(NO_MEMORY_LIMIT)
    print(f"The table: {options.out}")


if __name__ == "__main__":
    main()
