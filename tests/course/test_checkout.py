"""The course's files are the same however the course was fetched."""

import shutil
import subprocess
import sys

import pytest

from tests.support import commit_all, copy_course, git, needs_git


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The course's files in a folder of their own, as in a ZIP download."""
    folder = tmp_path_factory.mktemp("files")
    copy_course(folder)
    return folder


@needs_git
def test_on_windows_too_a_clone_has_the_same_bytes(files, tmp_path):
    """A shell script with CR LF does not even start."""
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    shutil.copytree(files, origin)
    # A newcomer's editor may have put CR LF into any text: commit them so.
    for name in (".ci/run", "Makefile", "notebooks/00_start_here.ipynb"):
        text = (origin / name).read_bytes()
        (origin / name).write_bytes(text.replace(b"\n", b"\r\n"))
    commit_all(origin)
    windows = ["-c", "core.autocrlf=true", "-c", "core.eol=crlf"]
    git("clone", "-q", *windows, str(origin), str(clone))
    for path in files.rglob("*"):
        if path.is_file():
            there = clone / path.relative_to(files)
            assert there.read_bytes() == path.read_bytes(), there
    assert git(*windows, "diff", "--stat", cwd=clone) == ""
    assert git(*windows, "status", "--porcelain", cwd=clone) == ""


@needs_git
def test_no_text_is_stored_with_cr():
    stored = git("ls-files", "--eol").splitlines()
    assert not [line for line in stored if "crlf" in line or "mixed" in line]


@needs_git
def test_in_a_zip_download_tests_that_need_git_skip(files):
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-rs", "-p", "no:cacheprovider"),
            *("tests/course/test_checkout.py", "-k", "same_bytes or fetches"),
            "tests/course/test_opened_alone.py",
        ],
        cwd=files,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "a ZIP download has none" in done.stdout
    assert " passed" not in done.stdout.splitlines()[-1]
