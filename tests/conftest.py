"""Fixtures that tests in more than one folder use."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tools.notebook_files import ROOT

LEFT_OUT = {".git", "build", "student", "solutions", "downloads"}


class Course(NamedTuple):
    """A copy of the course that a test may change."""

    root: Path

    def run(self, module, *arguments):
        """A command of the copy, as a maintainer runs it in its folder."""
        done = subprocess.run(
            [sys.executable, "-m", module, *map(str, arguments)],
            cwd=self.root,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            encoding="utf-8",
        )
        assert done.returncode in (0, 1), done.stdout + done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        return done


@pytest.fixture
def course_copy(tmp_path):
    root = tmp_path / "copy"
    shutil.copytree(
        ROOT,
        root,
        ignore=lambda folder, names: [
            name
            for name in names
            if name in LEFT_OUT or name.startswith((".venv", "__pyc", ".py"))
        ],
    )
    return Course(root)
