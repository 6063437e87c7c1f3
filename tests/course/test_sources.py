"""Rules that hold for every Python file of the course."""

import ast
import re
import subprocess

import pytest

from tests.support import needs_git
from tools import publish
from tools.address import HOST, address
from tools.notebook_files import ROOT

FOLDERS = ("helpers", "tools", "tests")
SOURCES = [p for name in FOLDERS for p in (ROOT / name).rglob("*.py")]
SOURCES.append(ROOT / "conftest.py")
LARGEST = 88_000_000  # bytes of all tracked files
# They run a learner's code, a notebook's cells or a planted fault.
MAY_EXECUTE = {
    "tools/grade.py",
    "tools/mutate.py",
    "tests/course/answers.py",
    "tests/course/twins/shown.py",
    "tests/course/twins/faults.py",
    "tests/helpers/test_checks.py",
}

each_source = pytest.mark.parametrize(
    "path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix()
)


def calls(path):
    """(name, call) of every call in a file: "open", "read_text", ..."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            function = node.func
            yield getattr(function, "attr", getattr(function, "id", "")), node


@each_source
def test_text_is_read_and_written_as_utf_8(path):
    """Whatever the locale of the machine is."""
    for name, call in calls(path):
        given = {keyword.arg for keyword in call.keywords}
        where = f'line {call.lineno}: say encoding="utf-8"'
        if name in ("read_text", "write_text"):
            assert "encoding" in given, where
        if name == "open" and isinstance(call.func, ast.Name):
            modes = [a.value for a in call.args[1:2]]
            assert "encoding" in given or "b" in str(modes), where
        if path.is_relative_to(ROOT / "tests"):
            continue
        if given & {"text", "universal_newlines"}:
            assert "encoding" in given, where


@each_source
def test_code_is_reached_by_imports_alone(path):
    name = path.relative_to(ROOT).as_posix()
    source = path.read_text(encoding="utf-8")
    if path.name != "test_sources.py":
        assert not re.search(r"^(from|import) conftest", source, re.MULTILINE)
        assert "sys.path.insert" not in source or name in (
            "tools/grade.py",  # in the process of an answer
            "tools/setup_cell.py",  # the text of the set-up cell
        )
    if name not in MAY_EXECUTE:
        assert "exec" not in {called for called, _ in calls(path)}, name


@each_source
def test_nothing_is_named_or_explained_by_a_chapter_s_number(path):
    pattern = re.compile(r"[Cc]hapters? [0-9]|(?<![a-z])ch_?[0-9]")
    assert not pattern.search(path.name)
    if path.name != "test_sources.py":
        assert not pattern.findall(path.read_text(encoding="utf-8"))


@each_source
def test_the_address_lives_in_one_place(path):
    """Nothing but pyproject, the pages and the notebooks names it."""
    assert HOST + address() not in path.read_text(encoding="utf-8")


def test_pages_name_no_chapter_by_its_number():
    for page in [*publish.PAGES, ROOT / "data" / "README.md"]:
        if page.exists():
            text = page.read_text(encoding="utf-8")
            assert not re.findall(r"[Cc]hapters? [0-9]", text), page.name


@needs_git
def test_the_whole_checkout_stays_small():
    """A laptop, Colab and a rented machine each fetch all of it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
    ).stdout.decode("utf-8")
    files = [ROOT / name for name in listed.split("\0") if name]
    size = sum(path.stat().st_size for path in files if path.exists())
    assert 10_000_000 < size < LARGEST, f"{size / 1e6:.1f} MB"
