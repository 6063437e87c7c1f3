"""What tests in more than one folder use, apart from fixtures."""

import shutil
import subprocess
import zipfile

import pytest

from tools.notebook_files import ROOT

IN_GIT = (ROOT / ".git").exists() and shutil.which("git") is not None
NO_GIT = "needs git and the course's repository: a ZIP download has none"
needs_git = pytest.mark.skipif(not IN_GIT, reason=NO_GIT)


def git(*arguments, cwd=ROOT):
    """Run git, as an author that it may need; returns what it prints."""
    author = ["-c", "user.name=t", "-c", "user.email=t@t"]
    return subprocess.run(
        ["git", *author, *arguments],
        cwd=cwd,
        check=True,
        capture_output=True,
        encoding="utf-8",
    ).stdout


def commit_all(folder):
    """Make a folder a repository with one commit."""
    git("init", "-q", "-b", "main", cwd=folder)
    git("add", "-A", cwd=folder)
    git("commit", "-qm", "the course", cwd=folder)


def copy_course(target):
    """What a commit of the work tree's present state would hold."""
    listed = git("ls-files", "-co", "--exclude-standard", "-z").split("\0")
    for name in filter(None, listed):
        if (ROOT / name).is_file():  # not one that is deleted
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


def write_wheel(folder, name, version, needs="", **files):
    """A wheel that pip can install without a network. `files`: the source
    of each module of the package."""
    about = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    if needs:
        metadata += f"Requires-Dist: {needs}\n"
    tag = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for module, source in {"__init__": "", **files}.items():
            wheel.writestr(f"{name}/{module}.py", source)
        wheel.writestr(f"{about}/METADATA", metadata)
        wheel.writestr(f"{about}/WHEEL", tag)
        wheel.writestr(f"{about}/RECORD", "")
