"""What a notebook needs that was opened without the course around it."""

import subprocess
import sys
import tomllib
from pathlib import Path

COURSE = Path(__file__).resolve().parent.parent


def install_missing():
    """Install what the course needs and is not there yet.

    What is there stays as it is: on Colab, its own torch and ipywidgets.
    Raises RuntimeError, with what pip said, if that fails.
    """
    project = tomllib.loads((COURSE / "pyproject.toml").read_text())["project"]
    pip = [sys.executable, "-m", "pip", "install", "--quiet"]
    done = subprocess.run(
        pip + project["dependencies"], capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(
            "the course's packages could not be installed; check the network "
            f"and run this cell again. pip said: {done.stderr.strip()}"
        )
