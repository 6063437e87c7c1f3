"""Grade learners' notebooks: who solved what, and what was misunderstood.

    python -m tools.grade FILE... [--out grades.csv] [--seconds 20]
                            [--memory 2048] [--course FILE or FOLDER]

Writes a CSV file with one row for each exercise of each notebook, and prints
a summary. Every answer is judged in a process of its own, with its own time
and memory limit and without network, so that an endless loop in one exercise
costs that exercise alone. A notebook that cannot be read costs one row.

The imports and the checks are the course's own; of the learner's notebook
only definitions count, read as IPython reads them. An answer is the last cell
that defines the function asked for, unless the course's notebook defines it
just so. What is called or printed there outside the function is left out, and
so are programs that IPython would start (`!ls`). An answer that misses a name
is judged again with the functions, imports and plain constants of the
learner's other cells; results that other cells compute are never there, so an
answer that leans on them does not count.

This is no sandbox. It protects a run against mistakes, not against code that
means harm: an answer runs with your rights, can read and delete your files,
and one written for the purpose can forge its verdict (it runs in the same
process as the check). Printed text, an early exit and a check that was
overwritten do not help it. Run code of people you do not trust in a
container or a virtual machine.
"""

import __future__

import argparse
import ast
import asyncio
import csv
import functools
import glob
import inspect
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
from types import ModuleType
from typing import NamedTuple

from IPython.core.inputtransformer2 import TransformerManager

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
# Cell magics that run their body in the notebook.
RUN = ("time", "timeit", "capture", "prun", "debug")
FUNCTIONS = ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef
LOOPS = ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp
VALUES = ast.Lambda, ast.Name, ast.Attribute, ast.Call  # may be a function
PLAIN = ast.Assign, ast.AnnAssign, ast.AugAssign, ast.If, ast.Try
IMPORTS = ast.Import, ast.ImportFrom
COMPUTES = *LOOPS, ast.Call, ast.Await, ast.For, ast.While, ast.With
# What a text is that is no JSON, the first that fits.
NO_JSON = {
    r"\A\Z": "This is no text in UTF-8: ask for it as Jupyter saved it.",
    r"(?m)^[ \t]*(<{7}|={7}|>{7})\s": "A merge conflict that git left is in "
    "the file: ask for it again, with the conflict resolved.",
    r"\A\s*<": "This is a web page, such as a sign-in page, saved in the "
    "notebook's place: download the notebook again.",
    "": "This is no notebook, or it was cut short: ask for the file again.",
}
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


class Unreadable(Exception):
    """Why a file is no notebook, and what to do: a sentence."""


# --- files ---------------------------------------------------------------


def code_cells(path):
    """[(source, tags)] of a notebook; Unreadable if it is none."""
    notebook = _load(path)
    if not isinstance(notebook, dict):
        notebook = {}
    if "worksheets" in notebook or notebook.get("nbformat") in (1, 2, 3):
        notebook = _converted(notebook)
    if not isinstance(notebook.get("cells"), list):
        raise Unreadable("This is JSON, but no notebook: ask for it again.")
    try:
        return [
            (
                "".join(cell.get("source", "")),
                list(cell.get("metadata", {}).get("tags", [])),
            )
            for cell in notebook["cells"]
            if cell.get("cell_type") == "code"
        ]
    except (AttributeError, TypeError):
        words = "The notebook is damaged: open it in Jupyter and save it."
        raise Unreadable(words) from None


def _load(path):
    """The JSON of a file, without what is null there."""
    if os.path.isdir(path):
        raise Unreadable(
            "This is a folder: name its files, as FOLDER/*.ipynb."
        )
    text = ""
    try:
        content = Path(path).read_bytes()
        if not content.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"):
            raise Unreadable("The file is empty: ask for it again.")
        text = content.decode(json.detect_encoding(content))
        return json.loads(text, object_hook=_without_nulls)
    except FileNotFoundError:
        words = "There is no such file: check its name, quote spaces."
    except OSError as error:
        words = f"It cannot be opened ({error.strerror}): copy it elsewhere."
    except MemoryError:
        words = "It is too large: clear its outputs, or raise --memory."
    except (ValueError, RecursionError):
        words = next(NO_JSON[k] for k in NO_JSON if re.search(k, text))
    raise Unreadable(words)


def _without_nulls(item):
    return {key: value for key, value in item.items() if value is not None}


def _converted(notebook):
    """A notebook of an old format in today's."""
    import nbformat

    old = {"metadata": {}, "nbformat": 3, "nbformat_minor": 0} | notebook
    try:
        return nbformat.convert(nbformat.from_dict(old), 4)
    except Exception:
        words = "This is an old notebook: open it in Jupyter and save it."
        raise Unreadable(words) from None


# --- the course's notebooks ---------------------------------------------


def exercises(cells):
    """The exercises of a course's notebook, in order."""
    imports = imported_by(s for s, tags in cells if "setup" not in tags)
    found = []
    for source, tags in cells:
        for tag in tags:
            if tag.startswith("exercise-"):
                call = parse(source).body[-1].value
                name = tag.removeprefix("exercise-")
                check, function = map(ast.unparse, (call.func, call.args[0]))
                found.append(Exercise(name, imports, check, function))
    return found


def imported_by(sources):
    """The import lines of cells, wherever they stand, as one source.

    A cell that makes a check of its own (`@check(...)`) is taken whole.
    """
    lines = []
    for source in sources:
        whole = "@check(" in source
        lines += [
            ast.unparse(node)
            for node in parse(source).body
            if whole or isinstance(node, ast.Import | ast.ImportFrom)
        ]
    return "\n".join(dict.fromkeys(lines))


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


# --- cells, as IPython reads them ----------------------------------------


@functools.cache
def as_python(source):
    """A cell's Python: IPython's own lines become calls of get_ipython().

    `%time` and the like give what they time; what stands below another `%%`,
    such as the text of a file to write, does not run in the notebook.
    """
    text = TransformerManager().transform_cell(source)
    if text.startswith("get_ipython().run_cell_magic("):
        name, _, body = ast.parse(text).body[0].value.args
        return as_python(body.value) if name.value in RUN else ""
    # A `%%` that is not the first line stops the cell.
    text = re.split(r"(?m)^get_ipython\(\)\.run_line_magic\('%", text)[0]
    return re.sub(
        r"(?m)get_ipython\(\)\.run_line_magic\('time', (['\"].+['\"])\)$",
        lambda found: ast.literal_eval(found[1]),
        text,
    )


@functools.cache
def parse(source):
    """The syntax tree of a cell; SyntaxError if IPython cannot read it."""
    try:
        return ast.parse(as_python(source))
    except SyntaxError:
        raise
    except Exception as error:
        raise SyntaxError(f"{type(error).__name__}: {error}") from None


def _outside(node):
    """A node and its parts, but for the insides of functions."""
    yield node
    if not isinstance(node, (*FUNCTIONS, *LOOPS, ast.Lambda)):
        for part in ast.iter_child_nodes(node):
            yield from _outside(part)


def _bound(statement):
    """The names that a statement binds where it stands."""
    for node in _outside(statement):
        if isinstance(node, FUNCTIONS):
            yield node.name
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0]
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id


# --- the learner's notebook ---------------------------------------------


def read_answers(path, course):
    """Which of the course's notebooks this is, and its learner's answers.

    Returns (stem, {exercise: position of its cell}, sources of all cells).
    """
    cells = code_cells(path)
    stem = _origin(Path(path).stem, cells, course)
    course_cells, wanted = course[stem]
    found = {
        exercise.name: _answer(exercise, cells, course_cells)
        for exercise in wanted
    }
    answers = {name: at for name, at in found.items() if at is not None}
    return stem, answers, [source for source, _ in cells]


def _answer(exercise, cells, course_cells):
    """The position of the last cell that answers, or else of the stub."""
    tag, function = f"exercise-{exercise.name}", exercise.function
    known = [_definition(source, function) for source, _ in course_cells]
    stub = next(
        definition
        for definition, (_, tags) in zip(known, course_cells, strict=True)
        if tag in tags
    )
    own, stubs = [], []
    for at, (source, tags) in enumerate(cells):
        definition = _definition(source, function)
        # A later cell of the course may show an answer: it is none, unless
        # it was copied to where the question is.
        asks = tag in tags or f"{exercise.check}(" in source
        if definition and definition not in ([stub] if asks else known):
            own.append(at)
        elif definition == stub or tag in tags:
            stubs.append(at)
    return (own or stubs or [None])[-1]


def _definition(source, name):
    """How a cell defines a function, comments and layout aside, or ""."""
    try:
        body = parse(source).body
    except SyntaxError:
        meant = re.search(rf"(?m)^\s*(def|class)\s+{name}\b", source)
        return source if meant else ""
    found = []
    for node in (part for statement in body for part in _outside(statement)):
        bound = list(_bound(node)) if isinstance(node, ast.stmt) else []
        assigns = isinstance(node, (ast.Assign, ast.AnnAssign))
        if (name in bound and isinstance(node, (*FUNCTIONS, *IMPORTS))) or (
            bound == [name] and assigns and isinstance(node.value, VALUES)
        ):
            found.append(ast.dump(node))
    return "".join(found)


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
        raise Unreadable(
            "Neither its name nor an exercise's tag says which notebook of "
            "the course this is: give it the name that it has in the course."
        )
    return best


# --- in the process of one answer ---------------------------------------


class _Shell:
    """Stands in for IPython in an answer: whatever is called does nothing."""

    def getoutput(self, *arguments, **options):
        return []

    def __getattr__(self, name):
        return _nothing


def _nothing(*arguments, **options):
    pass


def judge(exercise, sources, at):
    """(result, words): the course's verdict on the cell at a position."""
    names = {
        "__name__": "course",
        "get_ipython": _Shell,
        "display": _nothing,
    }
    exec(exercise.imports, names)
    verdict_of = eval(exercise.check, names).verdict
    before, flags = _state_of_checks(), _future(sources[: at + 1])

    def attempt(*others):
        # Code finds its module by this name, as it does in a notebook.
        sys.modules["__main__"] = ModuleType("__main__")
        space = vars(sys.modules["__main__"])
        space.update(names, __name__="__main__")
        if others:
            _add_definitions(*others, space, flags)
        space.pop(exercise.function, None)  # not even by a course's cell
        try:
            stopped = _define(sources[at], space, flags)
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", "?")
            return "error", f"The cell cannot be read, line {line}: {error}."
        if stopped and exercise.function not in space:
            name = type(stopped).__name__
            return "error", f"The cell stopped with {name}: {stopped}."
        return verdict_of(space.get(exercise.function))

    result, words = attempt()
    if result == "error" and "NameError" in words:
        result, words = attempt(sources[:at], sources[at + 1 :])
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
        if key != "__warningregistry__"  # Python notes its warnings there
    ]


def _future(sources):
    """The flag of `from __future__ import annotations`, if it is there."""
    asked = r"(?m)^\s*from __future__ import .*\bannotations\b"
    found = any(re.search(asked, source) for source in sources)
    return __future__.annotations.compiler_flag if found else 0


def _define(source, names, flags):
    """Run a cell's statements; returns the first error.

    Bare expressions (prints, calls of checks) are left out, and what stops
    does not keep what follows from being defined.
    """
    tree, stopped = parse(source), None
    file, text = f"<answer {len(linecache.cache)}>", as_python(source)
    lines = text.splitlines(keepends=True)
    linecache.cache[file] = (len(text), None, lines, file)
    for statement in tree.body:
        if not isinstance(statement, ast.Expr):
            error = _run(statement, file, names, flags)
            stopped = stopped or error
    return stopped


def _run(statement, file, names, flags):
    """Run a statement, as IPython does; returns what stopped it, or None."""
    flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    try:
        code = compile(ast.Module([statement], []), file, "exec", flags, True)
        awaited = eval(code, names)
        if inspect.iscoroutine(awaited):
            asyncio.run(awaited)
    except BaseException as error:  # sys.exit() too
        return error


def _add_definitions(above, below, names, flags):
    """Add what the cells above define, and what only those below do."""
    for source in above:
        _define_plain(source, names, flags)
    kept = dict(names)
    for source in below:
        _define_plain(source, names, flags)
    names.update(kept)


def _define_plain(source, names, flags):
    """Run what is plain in a cell; what the rest of it binds is unknown."""
    try:
        body = parse(source).body
    except SyntaxError:
        return  # the answer may not need it
    for statement in body:
        if isinstance(statement, ast.Expr):
            continue
        if not _plain(statement) or _run(statement, "<cell>", names, flags):
            for name in _bound(statement):
                names.pop(name, None)


def _plain(statement):
    """Whether it defines something and computes nothing but arithmetic."""
    return isinstance(statement, (*FUNCTIONS, *IMPORTS, *PLAIN)) and not any(
        isinstance(node, COMPUTES)
        and not ast.unparse(node).startswith(("float(", "get_ipython()"))
        for node in _outside(statement)
    )


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
    except Unreadable as error:
        sent = {"error": str(error)}
    except BaseException as error:
        sent = {"error": f"{type(error).__name__}: {error}"[:LONGEST]}
    channel.send_bytes(json.dumps({"nonce": nonce} | sent).encode())


def _refuse(event, arguments):
    if event in REFUSED:
        raise PermissionError(f"not while an answer is graded: {event}")


def can_limit_memory():
    return resource is not None and Path("/proc/self/statm").exists()


def _limit_memory(mebibytes):
    """Let this process take so much more memory than it has now.

    Where the machine allows less, that holds.
    """
    pages = int(
        Path("/proc/self/statm").read_text(encoding="utf-8").split()[0]
    )
    limit = pages * resource.getpagesize() + mebibytes * 2**20
    if machines_limit():
        limit = min(limit, machines_limit())
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def machines_limit():
    """The most bytes that a process may have here; None: no such limit."""
    if resource is None:
        return None
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    return None if hard == resource.RLIM_INFINITY else hard


def memory_told(mebibytes, machines):
    """Which memory limit holds in this process: a sentence."""
    if not can_limit_memory():
        return NO_MEMORY_LIMIT
    if resource.getrlimit(resource.RLIMIT_AS)[0] == machines:
        return (
            f"Memory: this machine's own limit held, {machines // 2**20} MiB "
            f"with all that torch needs, not --memory {mebibytes}."
        )
    return f"Memory: the limit was {mebibytes} MiB for each exercise."


def shorten_temporary_folder():
    """Processes meet at a socket in the temporary folder, and the system
    allows its name about a hundred characters."""
    folder = tempfile.gettempdir()
    if not hasattr(os, "fork") or len(os.fsencode(folder)) < 60:
        return
    for shorter in ("/tmp", "/var/tmp", "/dev/shm"):
        if os.access(shorter, os.W_OK | os.X_OK):
            tempfile.tempdir = shorter
            return
    raise OSError(
        f"the temporary folder's name is too long, {folder}: set TMPDIR to "
        "the name of a shorter one"
    )


def apart(function, *arguments, seconds, memory, largest=2**16):
    """What a function of this module returns, run in a process of its own.

    Raises Failed if the process gives no answer in time, dies, or sends
    anything but one answer that bears the number it was given.
    """
    start = "forkserver" if hasattr(os, "fork") else "spawn"
    context = multiprocessing.get_context(start)
    ours, theirs = context.Pipe(duplex=False)
    nonce = secrets.token_hex()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        process = context.Process(
            target=_child,
            args=(theirs, nonce, folder, memory, function, arguments),
        )
        try:
            process.start()
        except (OSError, EOFError) as error:
            words = f"No process could be started: {error}."
            raise Failed("crashed", words) from None
        theirs.close()
        try:
            sent = _received(ours, process, seconds, largest)
            if sent["nonce"] != nonce or not {"value", "error"} & {*sent}:
                raise ValueError
        except (OSError, ValueError, LookupError, TypeError, RuntimeError):
            words = "The process sent something else than an answer."
            raise Failed("crashed", words) from None
        finally:
            _kill(process)
            process.join()
            ours.close()
    if "error" in sent:
        raise Failed("failed", sent["error"])
    return sent["value"]


def _received(channel, process, seconds, largest):
    """What a process sends when it has started, in so many seconds."""
    late = threading.Event()

    def stop():
        late.set()
        _kill(process)

    try:
        for limit in (START, seconds):
            timer = threading.Timer(limit, stop)
            timer.start()
            sent = channel.recv_bytes(largest)
            timer.cancel()
        return json.loads(sent)
    except EOFError:
        process.join()
        if late.is_set():
            words = f"Stopped after {limit:g} seconds."
            raise Failed("too long", words) from None
        words = f"The process ended early, with code {process.exitcode}."
        raise Failed("crashed", words) from None
    finally:
        timer.cancel()


def _kill(process):
    """End a process, and what it has started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (AttributeError, ProcessLookupError, PermissionError):
        process.kill()


# --- the run ------------------------------------------------------------


def grade(path, course, seconds=20, memory=2048):
    """The rows of one learner's notebook."""
    file = os.fsencode(path).decode("utf-8", "backslashreplace")
    limits = {"seconds": seconds, "memory": memory}
    try:
        stem, answers, sources = apart(
            read_answers,
            os.path.abspath(path),
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
            at = answers[exercise.name]
            try:
                judged = apart(judge, exercise, sources, at, **limits)
                result, words = map(str, judged)
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
    # The mark at its beginning tells spreadsheets that it is UTF-8.
    with open(
        path, "w", newline="", encoding="utf-8-sig", errors="replace"
    ) as file:
        writer = csv.writer(file)
        writer.writerow(Row._fields)
        for row in rows:
            writer.writerow(
                "'" + text if text.startswith(tuple("=+-@\t\r")) else text
                for text in row
            )


def named(patterns):
    """The files of patterns that the shell has not expanded (cmd.exe)."""
    files = []
    for pattern in patterns:
        found = [] if os.path.lexists(pattern) else glob.glob(pattern)
        files += sorted(found) or [pattern]
    return files


def arguments():
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
    return parser


def prepare(options):
    """What would stop the run later stops it now, as ValueError.

    Returns the course's notebooks, and which memory limit holds.
    """
    course = read_course(options.course)
    if not course:
        raise ValueError(f"{options.course} holds no notebook with exercises")
    out = options.out
    if out.endswith(".ipynb"):
        raise ValueError(f"--out {out} would overwrite a notebook")
    try:
        existed = os.path.lexists(out)
        with open(out, "a", encoding="utf-8"):
            pass
        if not existed:
            os.remove(out)
    except OSError as error:
        raise ValueError(
            f"the table {out} cannot be written ({error.strerror}): name "
            "another place with --out"
        ) from None
    shorten_temporary_folder()
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if hasattr(os, "fork"):
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["helpers.checks", "helpers.figures"])
    limits = {"seconds": START, "memory": options.memory}
    try:
        return course, apart(
            memory_told, options.memory, machines_limit(), **limits
        )
    except Failed as failed:
        raise ValueError(
            f"no answer can be graded here. {failed.args[1]} If a memory "
            "limit is set (`ulimit -v`), raise it"
        ) from None


def main():
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # names of any script
    parser = arguments()
    options = parser.parse_args()
    try:
        course, memory_limit = prepare(options)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    rows, lost = [], None
    for path in named(options.files):
        rows += grade(path, course, options.seconds, options.memory)
        print(f"graded {rows[-1].file}", flush=True)
        try:
            write_csv(options.out, rows)  # survives an interruption
            lost = None
        except OSError as error:  # it may be open in a spreadsheet
            lost = error
    print(summary(rows), memory_limit, sep="\n")
    if lost:
        options.out = Path(tempfile.mkdtemp()) / "grades.csv"
        write_csv(options.out, rows)
        print(f"{lost}. So it stands elsewhere.")
    print(f"The table: {options.out}")


if __name__ == "__main__":
    main()
