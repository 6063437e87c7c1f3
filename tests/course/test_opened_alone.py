"""The set-up cell: it finds the course, or fetches it, or says what is wrong.

Most tests run the cell's source in a plain Python, in a folder of their own,
with a small stand-in for the course; a few run a real notebook.
"""

import json
import os
import re
import signal
import site
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest
from nbclient import NotebookClient

from helpers import requirements
from tests.support import (
    IN_GIT,
    NO_GIT,
    commit_all,
    copy_course,
    git,
    write_wheel,
)
from tools.address import HOST, address
from tools.notebook_files import NOTEBOOKS, ROOT, read, tags
from tools.setup_cell import setup_source

CELL = setup_source(address())
ADDRESS = HOST + address()
# Where the imports of the next cells come from.
FOUND = "\nimport helpers\nprint(helpers.__file__)"
# What a course has so that the cell knows it, and what the cell uses.
MARKS = ("course.toml", "helpers/__init__.py", "helpers/requirements.py")


def make_course(folder):
    """A course with nothing in it, but known as one."""
    for name in (*MARKS, "pyproject.toml"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((ROOT / name).read_bytes())
    (folder / "notebooks").mkdir()
    (folder / "notebooks" / "start.ipynb").touch()  # git keeps no empty folder
    return folder


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """A repository of such a course."""
    if not IN_GIT:
        pytest.skip(NO_GIT)
    folder = make_course(tmp_path_factory.mktemp("small"))
    commit_all(folder)
    return folder


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """A repository with the work tree's present state."""
    if not IN_GIT:
        pytest.skip(NO_GIT)
    folder = tmp_path_factory.mktemp("whole")
    copy_course(folder)
    commit_all(folder)
    return folder


class Alone(NamedTuple):
    """A folder of downloads, and a Python that has all but the course."""

    folder: Path
    packages: Path
    python: Path

    def start(self, code=CELL + FOUND, where=None, **environment):
        """Run code as a kernel would that was started in the folder."""
        command = [self.python, "-c", code]
        return subprocess.Popen(
            command,
            cwd=where or self.folder,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,
        )

    def run(self, *arguments, **options):
        """What the code prints; for an error, its message."""
        process = self.start(*arguments, **options)
        out, err = process.communicate(timeout=120)
        if process.returncode == 0:
            assert err == ""
            return out
        assert "\nRuntimeError: " in err, err
        return err[err.rindex("\nRuntimeError: ") :]


@pytest.fixture
def alone(tmp_path):
    environment = tmp_path / "environment"
    venv = [sys.executable, "-m", "venv", "--without-pip", environment]
    subprocess.run(venv, check=True)
    packages = next(environment.glob("lib/python*/site-packages"))
    # This environment's packages, but not its .pth files, one of which
    # makes the course itself importable.
    elsewhere = "\n".join(site.getsitepackages())
    (packages / "all.pth").write_text(elsewhere, encoding="utf-8")
    folder = tmp_path / "downloads"
    folder.mkdir()
    return Alone(folder, packages, environment / "bin" / "python")


def reaching(origin):
    """The environment in which git finds the course's address there."""
    return {
        "GIT_ALLOW_PROTOCOL": "file",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.file://{origin}.insteadOf",
        "GIT_CONFIG_VALUE_0": ADDRESS,
    }


# --- the course is found, whatever else there is -------------------------


def in_a_clone(alone, small):
    clone = alone.folder / "clone"
    git("clone", "-q", str(small), str(clone))
    return {"where": clone / "notebooks"}, clone


def installed_by_a_path(alone, small):
    (alone.packages / "course.pth").write_text(str(small), encoding="utf-8")
    return {}, small


# What `pip install -e` leaves.
FINDER = """
import sys
from importlib.util import spec_from_file_location
class Finder:
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name == "helpers":
            return spec_from_file_location(name, {!r})
class Old:  # as finders were before Python 3.12
    @classmethod
    def find_module(cls, name, path=None):
        pass
sys.meta_path += [Old, Finder]
"""


def installed_by_a_finder(alone, small):
    source = FINDER.format(str(small / "helpers" / "__init__.py"))
    (alone.packages / "finder.py").write_text(source, encoding="utf-8")
    (alone.packages / "x.pth").write_text("import finder", encoding="utf-8")
    return {}, small


def fetched(alone, small):
    return reaching(small), alone.folder / "course"


def nothing_else(alone, where):
    return "", {}


def a_package_on_the_path(alone, where):
    other = alone.folder.parent / "elsewhere" / "helpers"
    other.mkdir(parents=True)
    (other / "__init__.py").write_text("", encoding="utf-8")
    (other / "requirements.py").write_text("", encoding="utf-8")
    path = os.pathsep.join([str(other.parent), os.environ["PYTHONPATH"]])
    return "", {"PYTHONPATH": path}


def an_installed_package(alone, where):
    (alone.packages / "helpers").mkdir()
    (alone.packages / "helpers" / "__init__.py").touch()
    return "", {}


def a_file_beside_the_notebook(alone, where):
    (where / "helpers.py").write_text("mine = 1\n", encoding="utf-8")
    return "", {}


def a_folder_beside_the_notebook(alone, where):
    (where / "helpers").mkdir()
    (where / "helpers" / "mine.py").touch()
    return "", {}


def one_imported_before(alone, where):
    (where / "helpers").mkdir()
    (where / "helpers" / "__init__.py").touch()
    (where / "helpers" / "data.py").touch()
    return "import helpers.data\n", {}


@pytest.mark.parametrize(
    "other",
    [
        nothing_else,
        a_package_on_the_path,
        an_installed_package,
        a_file_beside_the_notebook,
        a_folder_beside_the_notebook,
        one_imported_before,
    ],
)
@pytest.mark.parametrize(
    "place",
    [in_a_clone, installed_by_a_path, installed_by_a_finder, fetched],
)
def test_it_finds_the_course_behind_other_helpers(place, other, alone, small):
    options, course = place(alone, small)
    where = options.pop("where", alone.folder)
    before, environment = other(alone, where)
    # Nothing of another package is left in the kernel; twice is as once.
    again = (
        "\nkept, path = helpers, sys.path[:]\n"
        + CELL
        + (
            "\nimport helpers\nassert helpers is kept and sys.path == path\n"
            "assert 'helpers.data' not in sys.modules"
        )
    )
    printed = alone.run(
        before + CELL + FOUND + again, where, **options, **environment
    )
    assert Path(printed.strip()) == course / "helpers" / "__init__.py"
    assert (where / "course").exists() == (place is fetched)


# --- what is in the way of fetching is said ------------------------------


@pytest.mark.parametrize("content", ["syllabus.txt", ".git/HEAD", None])
def test_a_folder_of_that_name_is_left_alone(content, alone, small):
    """Somebody's own folder, a clone that broke off, or a file."""
    course = alone.folder / "course"
    inside = course / content if content else course
    inside.parent.mkdir(parents=True, exist_ok=True)
    inside.write_text("hello", encoding="utf-8")
    before = sorted(alone.folder.rglob("*"))
    message = alone.run(**reaching(small))
    assert f"The folder {course} is not the course" in message
    assert "Rename or delete it and run this cell again" in message
    assert inside.read_text(encoding="utf-8") == "hello"
    assert sorted(alone.folder.rglob("*")) == before


def stub_git(alone, script):
    """An environment with a git that does as the script says."""
    folder = alone.folder.parent / "stub"
    folder.mkdir()
    (folder / "git").write_text("#!/bin/sh\n" + script, encoding="utf-8")
    (folder / "git").chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGINT])
def test_a_fetch_that_was_interrupted_leaves_nothing_behind(by, alone, small):
    half = 'for new; do :; done; mkdir "$new" && : > "$new/half"; sleep 60'
    # A shell lets what it starts in the background ignore interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    process = alone.start(**stub_git(alone, half))
    while not list(alone.folder.glob("*/new/half")):
        assert process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, by)
    process.communicate()
    assert not (alone.folder / "course").exists()
    # An interrupt tidies up; after a kill, what lies there is not in the way.
    assert bool(list(alone.folder.iterdir())) == (by == signal.SIGKILL)
    found = Path(alone.run(**reaching(small)).strip())
    assert found == alone.folder / "course" / "helpers" / "__init__.py"


CERTIFICATE = (
    f"fatal: unable to access '{ADDRESS}/': server certificate verification "
    "failed. CAfile: none CRLfile: none"
)
DENIED = "fatal: could not create work tree dir 'x/new': Permission denied"
# The reason is not the last line.
FULL = """\
fatal: write error: No space left on device
fatal: fetch-pack: invalid index-pack output"""
NO_NAME = (
    f"fatal: unable to access '{ADDRESS}/': Could not resolve host: github.com"
)
NO_ROUTE = (
    f"fatal: unable to access '{ADDRESS}/': Failed to connect to github.com "
    "port 443 after 21 ms: Couldn't connect to server"
)


@pytest.mark.parametrize(
    ("said", "network"),
    [
        (CERTIFICATE, False),
        (DENIED, False),
        (FULL, False),
        (NO_NAME, True),
        (NO_ROUTE, True),
    ],
)
def test_what_git_says_is_shown(said, network, alone):
    message = alone.run(**stub_git(alone, f'echo "{said}" >&2; exit 128'))
    assert f"could not be fetched from {ADDRESS}" in message
    assert said in message
    assert ("Check the network" in message) == network
    assert "run this cell again" in message
    assert "Download ZIP" in message
    assert list(alone.folder.iterdir()) == []


@pytest.mark.skipif(not IN_GIT, reason=NO_GIT)
def test_what_the_real_git_says_is_shown(alone):
    message = alone.run(**reaching("/nowhere"))
    assert "git says: fatal: '/nowhere' does not appear to be" in message
    assert "Check the network" not in message


def test_without_git_it_says_so(alone):
    message = alone.run(PATH=str(alone.folder))
    assert "There is no git on this computer: install it" in message
    assert "Download ZIP" in message
    assert "network" not in message


def test_a_folder_that_cannot_be_written_is_named(alone):
    refuse = """
import tempfile
def refuse(*_):
    raise PermissionError(13, "Permission denied", "./course-x")
tempfile.mkdtemp = refuse
"""
    message = alone.run(refuse + CELL)
    assert "Permission denied: './course-x'" in message
    assert "network" not in message
    assert "no git" not in message


# --- what the course needs is installed ----------------------------------


@pytest.fixture
def needs(tmp_path, monkeypatch):
    """Let the course need other packages than it does."""

    def set_to(*dependencies):
        text = f"[project]\ndependencies = {json.dumps(dependencies)}\n"
        (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
        monkeypatch.setattr(requirements, "COURSE", tmp_path)

    return set_to


def test_every_requirement_is_one_that_it_can_compare():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    asked = requirements.tomllib.loads(text)["project"]["dependencies"]
    assert all(re.fullmatch(r"[\w-]+>=\d+(\.\d+)*", one) for one in asked)


def test_versions_are_compared_by_their_numbers():
    numbers = requirements.numbers
    assert numbers("2.15.0+cu132") > numbers("2.6")
    assert numbers("2.6.0a0+ecf3bae40a.nv25.1") == numbers("2.6")
    assert numbers("2.10") > numbers("2.9.1") > numbers("2.9")
    assert numbers("1.26") > numbers("") == []


@pytest.fixture
def no_pip(monkeypatch):
    monkeypatch.setattr(requirements, "find_spec", lambda name: None)


def test_where_all_is_there_pip_is_not_needed(no_pip, capsys):
    """Environments that uv makes have none."""
    requirements.install_missing()
    assert capsys.readouterr() == ("", "")


def test_without_pip_it_says_what_is_missing(no_pip, needs):
    needs("numpy>=1", "surely-not-there>=1.5", "nbformat>=999")
    with pytest.raises(RuntimeError) as caught:
        requirements.install_missing()
    message = str(caught.value)
    assert "needs surely-not-there>=1.5, nbformat>=999;" in message
    assert f'uv pip install --python "{sys.executable}"' in message
    assert '"surely-not-there>=1.5" "nbformat>=999"' in message
    assert f'"{sys.executable}" -m ensurepip' in message
    assert "network" not in message
    assert "numpy" not in message


def test_what_is_there_stays_as_it_is(alone, tmp_path):
    """The newest version of what is missing would replace a package."""
    course = make_course(tmp_path / "mine")
    text = '[project]\ndependencies = ["tiny>=1.0", "friend>=1.0"]\n'
    (course / "pyproject.toml").write_text(text, encoding="utf-8")
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    write_wheel(wheels, "tiny", "1.1", needs="friend")
    write_wheel(wheels, "tiny", "2.0", needs="friend>=2")
    write_wheel(wheels, "friend", "1.5")
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}
    pip = [alone.python, "-m", "pip", "install", "-q", "friend"]
    subprocess.run(pip, check=True, env={**os.environ, **offline})
    write_wheel(wheels, "friend", "2.0")
    seen = (
        CELL
        + "\nfrom importlib.metadata import version\n"
        + ("import friend, tiny\nprint(version('tiny'), version('friend'))")
    )
    printed = alone.run(seen, course / "notebooks", **offline)
    assert "Installing tiny>=1.0: " in printed
    assert printed.endswith("\n1.1 1.5\n")
    # Now it has all, and says nothing.
    assert alone.run(seen, course / "notebooks", **offline) == "1.1 1.5\n"


def test_without_a_network_pip_s_own_words_are_shown(needs, monkeypatch):
    """The real pip, whose every connection is refused."""
    needs("surely-not-there>=1.5")
    monkeypatch.setenv("PIP_INDEX_URL", "https://pypi.invalid/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(RuntimeError) as caught:
        requirements.install_missing()
    message = str(caught.value)
    assert "Check the network. pip says: ERROR: " in message
    assert "surely-not-there" in message
    assert "WARNING" not in message


FULL_DISK = """\
WARNING: Cache entry deserialization failed, entry ignored
ERROR: Could not install packages due to an OSError: [Errno 28] No space left

[notice] A new release of pip is available: 23.0.1 -> 26.0
"""
# Debian's, shortened.
MANAGED = """\
error: externally-managed-environment

× This environment is externally managed
╰─> To install Python packages system-wide, try apt install
    python3-xyz, where xyz is the package you are trying to install.

hint: See PEP 668 for the detailed specification.
"""


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        (FULL_DISK, "pip says: ERROR: Could not install packages due to an "),
        (MANAGED, "make an environment with `python3 -m venv path/to/venv`"),
        ("Segmentation fault\n", "pip says: Segmentation fault\n"),
        ("", "pip says: \n"),
    ],
)
def test_the_network_is_not_blamed_for_other_things(printed, shown):
    message = requirements.way_out(printed)
    assert shown in message
    assert "network" not in message
    assert "notice" not in message
    assert "×" not in message


def test_what_is_installed_and_not_seen_asks_for_a_restart(
    needs, monkeypatch, tmp_path
):
    """pip may install where this kernel did not look when it started."""
    needs("surely-not-there>=1.5")
    monkeypatch.setattr(sys, "executable", "/bin/true")
    with pytest.raises(RuntimeError, match="Restart the kernel"):
        requirements.install_missing()


# --- optional groups ----------------------------------------------------

GROUP = "# About 5 MB: for a test.\n\n# the model\nsurely-not-there==1.0\n"


@pytest.fixture
def group(tmp_path, monkeypatch):
    """A group of which something is missing."""
    monkeypatch.setattr(requirements, "COURSE", tmp_path)
    monkeypatch.delenv("COURSE_WITHOUT", raising=False)
    (tmp_path / "requirements-sound.txt").write_text(GROUP, encoding="utf-8")


@pytest.mark.parametrize("path", sorted(ROOT.glob("requirements-*.txt")))
def test_a_group_says_its_size_and_pins_or_bounds_its_packages(path):
    first, *lines = path.read_text(encoding="utf-8").splitlines()
    assert re.match(r"# About \d+ MB", first)
    for line in lines:
        assert re.fullmatch(r"(#.*|[\w-]+(==|>=)[\d.]+(; \w.*)?)?", line)


def test_a_group_is_installed_without_what_its_packages_ask_for(
    alone, tmp_path
):
    course = make_course(tmp_path / "mine")
    text = GROUP.replace("surely-not-there", "tiny")
    (course / "requirements-sound.txt").write_text(text, encoding="utf-8")
    (course / "pyproject.toml").write_text(
        "[project]\ndependencies = []\n", encoding="utf-8"
    )
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    write_wheel(wheels, "tiny", "1.0", needs="surely-not-there")
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}
    seen = (
        CELL
        + "\nfrom helpers.requirements import install_group\n"
        + "print(install_group('sound'))\nimport tiny"
    )
    printed = alone.run(seen, course / "notebooks", **offline)
    assert printed == "Installing tiny: up to 5 MB, once.\nTrue\n"
    assert alone.run(seen, course / "notebooks", **offline) == "True\n"
    printed = alone.run(
        seen, course / "notebooks", COURSE_WITHOUT="sound", **offline
    )
    assert "as COURSE_WITHOUT asks. Until then recorded results" in printed
    assert printed.endswith("\nFalse\n")


def test_a_group_that_cannot_be_installed_stops_nothing(
    group, monkeypatch, capsys
):
    monkeypatch.setenv("PIP_INDEX_URL", "https://pypi.invalid/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    assert not requirements.install_group("sound")
    printed = capsys.readouterr().out
    assert "Installing surely-not-there: up to 5 MB, once." in printed
    assert "Check the network. pip says: ERROR: " in printed
    assert printed.endswith("recorded results are shown instead.\n")


def test_a_group_without_a_build_for_this_python(
    group, monkeypatch, capsys, tmp_path
):
    """That is nobody's mistake: `make optional` goes on."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    assert requirements.tried("sound") == "no build"
    printed = capsys.readouterr().out
    assert "There is no build of sound for this Python. Until then" in printed


def test_lines_for_other_machines_do_not_count(group, tmp_path):
    path = tmp_path / "requirements-sound.txt"
    here = f'sys_platform == "{sys.platform}"'
    lines = [GROUP, f"nor-this>=2; {here}", f"or-that>=2; not-{here}"]
    text = "\n".join(lines).replace("not-sys_platform ==", "sys_platform !=")
    path.write_text(text, encoding="utf-8")
    missing = requirements.missing_of("sound")
    assert missing == ["surely-not-there==1.0", "nor-this>=2"]


def test_the_same_program_under_another_name_is_enough(
    group, monkeypatch, tmp_path
):
    """Colab has tensorflow, which tensorflow-cpu would overwrite."""
    path = tmp_path / "requirements-sound.txt"
    path.write_text("# About 5 MB\ntensorflow-cpu==2.21.0\n", encoding="utf-8")
    monkeypatch.setattr(
        requirements, "absent", lambda package: package != "tensorflow"
    )
    assert requirements.missing_of("sound") == []


def test_a_group_without_pip(group, no_pip, capsys):
    assert not requirements.install_group("sound")
    printed = capsys.readouterr().out
    assert "lacks surely-not-there==1.0, and has no pip" in printed
    assert "uv pip install --no-deps --python" in printed


def test_a_group_that_is_installed_and_not_seen(group, monkeypatch, capsys):
    monkeypatch.setattr(sys, "executable", "/bin/true")
    assert not requirements.install_group("sound")
    assert "restart the kernel" in capsys.readouterr().out


# --- real notebooks ------------------------------------------------------

PROBE = """\
import helpers
from helpers.data import load_embedded
print(len(load_embedded().train), helpers.__file__)
"""


def execute(folder, python, monkeypatch, **environment):
    """Run the first notebook's set-up cell, and PROBE, in that folder."""
    kernel = folder.parent / "jupyter" / "kernels" / "alone"
    kernel.mkdir(parents=True, exist_ok=True)
    command = [str(python), "-m", "ipykernel_launcher", "-f"]
    specification = {
        "argv": [*command, "{connection_file}"],
        "display_name": "alone",
        "language": "python",
    }
    (kernel / "kernel.json").write_text(
        json.dumps(specification), encoding="utf-8"
    )
    monkeypatch.setenv("JUPYTER_PATH", str(kernel.parent.parent))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    setup = next(c for c in read(NOTEBOOKS[0]).cells if "setup" in tags(c))
    setup.source = CELL
    cells = [setup, nbformat.v4.new_code_cell(PROBE)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    resources = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, kernel_name="alone", resources=resources)
    client.execute()
    return ["".join(output.text for output in cell.outputs) for cell in cells]


def test_a_notebook_fetches_the_course_and_goes_on(alone, whole, monkeypatch):
    silence, text = execute(
        alone.folder, alone.python, monkeypatch, **reaching(whole)
    )
    assert silence == ""
    images, found = text.split()
    assert images == "18000"
    assert Path(found).is_relative_to(alone.folder / "course")
    assert [p.name for p in alone.folder.iterdir()] == ["course"]
    # Run again, without a network, it finds what it fetched.
    monkeypatch.delenv("GIT_CONFIG_COUNT")
    again = execute(alone.folder, alone.python, monkeypatch)
    assert again == [silence, text]


def test_where_the_course_is_installed_it_does_nothing(tmp_path, monkeypatch):
    folder = tmp_path / "anywhere"
    folder.mkdir()
    silence, text = execute(folder, sys.executable, monkeypatch)
    assert silence == ""
    assert Path(text.split()[1]) == ROOT / "helpers" / "__init__.py"
    assert list(folder.iterdir()) == []
