"""Setting up: what is missing is mended, what cannot be is said in words.

The environments are real ones, of a small stand-in for the course: its one
requirement is a package called jupyterlab that tells where `helpers` is.
"""

import ast
import os
import re
import shutil
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support import write_wheel
from tools import install
from tools.notebook_files import ROOT

pytestmark = pytest.mark.alone

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
needs_make = pytest.mark.skipif(not shutil.which("make"), reason="needs make")

# --- words ---------------------------------------------------------------


def test_an_old_python_is_told_what_to_do():
    assert "Python 3.10 is too old" in install.python_problem("3.10")
    assert "PYTHON=python3.12" in install.python_problem("3.8")
    assert install.python_problem("3.11") is None


def test_an_old_python_can_read_it():
    source = Path(install.__file__).read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 6))


def test_a_full_disk_is_noticed_before_and_after():
    assert "2.0 GB free" in install.disk_problem(2 * 2**30)
    assert install.disk_problem(50 * 2**30) is None
    said = "OSError: [Errno 28] No space left on device"
    assert "disk is full" in install.explain(said)


def test_no_network_is_told_what_to_do(tmp_path):
    """The real pip, in a process whose every connection is refused."""
    pip = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--retries=1", "-q"),
            *("--isolated", "--index-url=https://pypi.invalid/simple"),
            *("--no-cache-dir", f"--target={tmp_path}", "surely-not-there"),
        ],
        capture_output=True,
        text=True,
    )
    assert pip.returncode
    assert "needs a network" in install.explain(pip.stdout + pip.stderr)


def test_the_network_is_not_blamed_for_a_missing_build():
    said = "ERROR: Could not find a version of x (from versions: none)"
    assert "no build for this Python" in install.explain(said)


def test_an_unknown_failure_points_to_what_was_printed():
    assert "above" in install.explain("something else")


def test_the_python_of_an_environment_on_windows_too():
    assert install.python_in("v", windows=False) == "v/bin/python"
    assert install.python_in("v", windows=True) == "v/Scripts/python.exe"


@pytest.mark.parametrize(
    ("settings", "version", "asked", "why"),
    [
        ("version = 3.12.1", "3.12", "3.12", None),
        ("version_info = 3.12.1.final.0", "3.12", "3.12", None),  # uv
        ("home = /usr/bin", "3.12", "3.12", None),
        ("version = 3.12.1", None, None, "is gone"),
        ("version = 3.1.1", "3.11", "3.11", "with Python 3.1, which is now"),
        ("version = 3.12.1", "3.12", "3.13", "has Python 3.12, not 3.13"),
        ("", None, "3.12", None),  # somebody's folder: not to be cleared
    ],
)
def test_why_an_environment_is_made_anew(
    settings, version, asked, why, tmp_path
):
    text = f"home = /usr/bin\n{settings}\n" if settings else ""
    (tmp_path / "pyvenv.cfg").write_text(text, encoding="utf-8")
    found = install.reason_to_make_anew(str(tmp_path), version, asked)
    assert found == why or why in found


# --- versions ------------------------------------------------------------


def pins():
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w-]+)==([\d.]+)$", text, re.MULTILINE))


def test_the_pins_are_what_runs_here(request):
    if "--nbval-lax" in request.config.invocation_params.args:
        pytest.skip("this lane has other versions on purpose")
    installed = {name: version(name).split("+")[0] for name in pins()}
    assert installed == pins()


def test_the_pins_lie_in_the_ranges():
    oldest = dict(
        part.split("==")
        for part in install.wanted("oldest")
        if part.endswith(".*")
    )
    assert len(oldest) >= 7
    for name, floor in oldest.items():
        low = [int(n) for n in floor.removesuffix(".*").split(".")]
        assert low <= [int(n) for n in pins()[name].split(".")], name


def test_the_lanes_install_what_their_names_say():
    assert "torch" in install.wanted("newest")
    assert "torch==2.8.*" in install.wanted("oldest")
    assert "jupyterlab" in install.wanted("oldest")
    assert install.wanted("pinned")[0] == "-r"


# --- real environments ---------------------------------------------------

# A kernel starts in the folder of its notebook, not in the course's.
LAB = """\
import subprocess, sys
lab = [sys.executable, "-m", "jupyterlab"]
sys.exit(subprocess.run(lab, cwd="/").returncode)
"""
# It asks from elsewhere, so that the current folder does not count.
TELLS = """
import subprocess, sys
ask = "import helpers; print('helpers in', helpers.__file__)"
subprocess.run([sys.executable, "-c", ask], cwd=sys.prefix, check=True)
"""


class Course(NamedTuple):
    root: Path
    wheels: Path
    path: str

    def make(self, *arguments):
        return self.run("make", "--silent", *arguments)

    def install(self, *arguments):
        return self.run("python3", "tools/install.py", *arguments, ".venv")

    def run(self, *command):
        """What a command prints in the course's folder."""
        environment = {
            **os.environ,
            "PATH": self.path,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
            "PYTHONUTF8": "1",
        }
        environment.pop("PYTHON", None)
        done = subprocess.run(
            command,
            cwd=self.root,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        return done.stdout

    def need(self, text):
        path = self.root / "requirements.txt"
        path.write_text(text, encoding="utf-8")

    @property
    def packages(self):
        return next((self.root / ".venv").glob("lib/python*/site-packages"))

    @property
    def helpers(self):
        return f"helpers in {self.root / 'helpers' / '__init__.py'}\n"


@pytest.fixture(scope="module")
def set_up(tmp_path_factory):
    """A course that is set up, in a folder with a difficult name."""
    root = tmp_path_factory.mktemp("courses") / "Mein Kürs 学习 (1)"
    for name in ("Makefile", "tools/install.py", "helpers/__init__.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    (root / "tools" / "lab.py").write_text(LAB, encoding="utf-8")
    (root / "pyproject.toml").write_text(
        'dependencies = [\n    "jupyterlab>=1.0",\n]\n', encoding="utf-8"
    )
    wheels = tmp_path_factory.mktemp("wheels")
    for number in ("1.0", "1.1"):
        write_wheel(wheels, "jupyterlab", number, __main__=TELLS)
    # python3 is the Python that the tests run in, without its environment.
    programs = tmp_path_factory.mktemp("bin")
    (programs / "python3").symlink_to(sys._base_executable)
    path = os.pathsep.join([str(programs), os.environ["PATH"]])
    course = Course(root, wheels, path)
    course.need("jupyterlab==1.0\n")
    said = course.install()
    assert said == "Setting up the course in .venv: a few minutes, once.\n"
    return course


@pytest.fixture
def course(set_up, tmp_path):
    """A copy of it, while the original is still there."""
    root = tmp_path / "Kopie von Kürs (2)"
    shutil.copytree(set_up.root, root, symlinks=True)
    return set_up._replace(root=root)


def test_where_all_is_set_up_it_says_nothing_at_once(set_up):
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        assert set_up.install() == ""
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.3  # under 0.1 on an idle machine; pip takes one


@needs_make
def test_the_course_opens(set_up):
    assert set_up.make("lab") == set_up.helpers


@needs_make
def test_a_copy_uses_its_own_helpers(course):
    assert course.make("lab") == course.helpers


@needs_make
def test_a_copy_made_by_hand_with_pip_does_too(course, set_up):
    """What `pip install -e .` wrote there leads to the original."""
    (course.root / ".venv" / ".ready").unlink()
    (course.packages / "00_course.pth").unlink()
    path = course.packages / "__editable__.inside_bigmodel-1.0.0.pth"
    path.write_text(str(set_up.root), encoding="utf-8")
    said = course.make("lab")
    assert said.startswith("Bringing .venv up to date")
    assert said.endswith(course.helpers)


@needs_make
def test_a_course_that_was_moved_opens(course):
    moved = course._replace(root=course.root.with_name("moved"))
    course.root.rename(moved.root)
    assert moved.make("lab") == moved.helpers


@needs_make
def test_an_environment_whose_python_is_gone_is_made_anew(course):
    for python in (course.root / ".venv" / "bin").glob("python*"):
        python.unlink()
        python.symlink_to("/usr/bin/python-that-was")
    said = course.make("lab")
    assert said.startswith(".venv is made anew, which takes a few minutes: ")
    assert "the Python that it was made with is gone" in said
    assert said.endswith(course.helpers)
    assert course.make("lab") == course.helpers


def test_an_environment_of_another_python_is_made_anew_if_asked(course):
    """A Python 3.10, which would be too old, is what stands there."""
    python = course.root / ".venv" / "bin" / "python"
    python.unlink()
    python.write_text("#!/bin/sh\necho 3.10\n", encoding="utf-8")
    python.chmod(0o755)
    settings = course.root / ".venv" / "pyvenv.cfg"
    settings.write_text("version = 3.10.1\n", encoding="utf-8")
    assert "Python 3.10 is too old" in course.install()
    said = course.install("--this-python")
    assert "made anew" in said
    assert "it has Python 3.10, not 3." in said
    assert course.install() == ""


def test_what_the_files_say_decides_and_not_their_times(course):
    for path in (course.root / "requirements.txt", course.root / "Makefile"):
        os.utime(path)
    assert course.install() == ""
    course.need("jupyterlab==1.1\n")
    os.utime(course.root / "requirements.txt", (0, 0))  # as an old file
    said = course.install()
    assert said == "Bringing .venv up to date with what the course needs.\n"
    assert (course.packages / "jupyterlab-1.1.dist-info").is_dir()
    assert course.install() == ""
    # Another lane wants other versions.
    assert "Bringing" in course.install("--lane", "oldest")


def test_what_was_broken_off_goes_on(course):
    course.need("jupyterlab==9.9\n")
    said = course.install()
    assert "Set-up stopped: a pinned package has no build for this" in said
    course.need("jupyterlab==1.0\n")
    assert "Bringing .venv up to date" in course.install()
    assert course.install() == ""


def test_an_environment_without_pip_gets_it(course):
    """uv makes environments so."""
    for path in course.packages.glob("pip*"):
        shutil.rmtree(path)
    course.need("jupyterlab==1.1\n")
    assert "Set-up stopped" not in course.install()
    assert course.install() == ""


def test_a_folder_that_is_no_environment_is_not_cleared(tmp_path):
    """It may hold somebody's work."""
    assert "--clear" not in next(install.steps(str(tmp_path), "pinned", True))
    (tmp_path / "pyvenv.cfg").write_text("home = /x\n", encoding="utf-8")
    assert "--clear" in next(install.steps(str(tmp_path), "pinned", True))


# --- the Makefile --------------------------------------------------------


def targets():
    phony = re.search(r"^\.PHONY:(.*?)\n\n", MAKEFILE, re.S | re.M)[1]
    return set(phony.replace("\\\n", "").split())


def dry_run(*arguments):
    environment = {k: v for k, v in os.environ.items() if k != "PYTHON"}
    return subprocess.run(
        ["make", "-n", *arguments],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
        encoding="utf-8",
    ).stdout


@needs_make
@pytest.mark.parametrize("target", sorted(targets() - {"help", "clean"}))
def test_every_command_is_a_module_and_exists(target):
    """A program such as .venv/bin/jupyter stops when the folder moves."""
    given = ["NAME=a", "AFTER=b"] if target == "chapter" else []
    first, *rest = dry_run(target, *given).splitlines()
    assert first == "python3 tools/install.py  --lane pinned .venv"
    for line in rest:
        if ".venv" in line:
            module = re.match(r"\.venv/bin/python -m ([\w.]+)", line)[1]
            if module.startswith("tools"):
                path = ROOT / module.replace(".", "/")
                main = path / "__main__.py"
                assert path.with_suffix(".py").exists() or main.exists()


@needs_make
def test_a_python_that_is_asked_for_counts():
    assert " --this-python " in dry_run("lab", "PYTHON=python3.12")
    assert " --this-python " not in dry_run("lab")


@needs_make
def test_a_lane_has_an_environment_of_its_own():
    said = dry_run("lab", "LANE=oldest")
    assert "--lane oldest .venv-oldest\n.venv-oldest/bin/python -m" in said


@needs_make
def test_arguments_arrive_whole():
    said = dry_run("chapter", "NAME=dropout", "AFTER=big_model")
    assert "-m tools.chapter dropout --after big_model" in said
    assert "--title" not in said
    question = 'What\'s "noise" good for?'
    said = dry_run("chapter", "NAME=a", "AFTER=b", f"QUESTION={question}")
    assert '--question "$QUESTION"' in said
    assert '"my recipe.py"' in dry_run("race", "RECIPE=my recipe.py")
    assert "-m tools.grade 'Ana P.ipynb' b" in dry_run(
        "grade", "FILES='Ana P.ipynb' b"
    )


@needs_make
def test_a_chapter_without_its_name_is_not_begun():
    done = subprocess.run(
        ["make", "chapter", "NAME=a"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode
    assert "make chapter NAME=topic AFTER=topic" in done.stderr


@needs_make
def test_help_explains_every_command():
    printed = subprocess.run(
        ["make", "--silent", "help"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        encoding="utf-8",
    ).stdout
    explained = set(re.findall(r"^ +make ([\w-]+)", printed, re.MULTILINE))
    assert explained == targets() - {"help", "environment"}
    groups = re.findall(r"^To (\w+)$", printed, re.MULTILINE)
    assert groups == ["learn", "teach", "maintain"]
