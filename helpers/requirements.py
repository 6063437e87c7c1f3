"""What the course needs of this Python, installed where it is missing.

The set-up cell of every notebook calls `install_missing`, before anything
is imported, so this file needs nothing but Python itself.
"""

import importlib
import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

COURSE = Path(__file__).resolve().parent.parent
NO_NETWORK = re.compile(
    r"NewConnectionError|NameResolution|Could not resolve|timed? ?out"
    r"|ProxyError|Network is unreachable|Connection (refused|aborted|reset)",
    re.IGNORECASE,
)


def install_missing():
    """Install what the course needs and is not there yet.

    What is there stays as it is: on Colab, its own torch and ipywidgets.
    Raises RuntimeError, with the way out, if something cannot be installed.
    """
    missing, kept = sorted_out()
    if not missing:
        return
    names = ", ".join(missing)
    if not find_spec("pip"):
        quoted = " ".join(f'"{requirement}"' for requirement in missing)
        raise RuntimeError(
            f"The course needs {names}; this Python does not have that, and "
            "has no pip to install it. In a terminal, either `uv pip install "
            f'--python "{sys.executable}" {quoted}`, or `"{sys.executable}" '
            "-m ensurepip` and then this cell again."
        )
    print(f"Installing {names}: this can take minutes, once.")
    pip = [sys.executable, "-m", "pip", "install", "--quiet"]
    done = subprocess.run(
        # Named too, so that nothing else is put in their place.
        pip + missing + kept,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode:
        raise RuntimeError(
            f"The course needs {names}, and pip could not install that. "
            + way_out(done.stdout)
        )
    importlib.invalidate_caches()
    if sorted_out()[0]:
        raise RuntimeError(
            f"pip has installed {names}, but the notebook does not see it "
            "yet. Restart the kernel and run this cell again."
        )


def sorted_out():
    """The course's requirements that are missing here or too old; and those
    that are met, each as `name==version`."""
    text = (COURSE / "pyproject.toml").read_text(encoding="utf-8")
    missing, kept = [], []
    for requirement in tomllib.loads(text)["project"]["dependencies"]:
        name, floor = requirement.split(">=")
        try:
            found = version(name)
        except PackageNotFoundError:
            found = ""
        if numbers(found) >= numbers(floor):
            kept.append(f"{name}=={found}")
        else:
            missing.append(requirement)
    return missing, kept


def numbers(text):
    """[2, 15] of "2.15.0+cu132": what is compared of a version."""
    parts = re.match(r"[\d.]*", text)[0].split(".")
    release = [int(part) for part in parts if part]
    while release and release[-1] == 0:  # 2.6 and 2.6.0 are the same
        release.pop()
    return release


def way_out(printed):
    """What pip said, and what to do about it."""
    if "externally-managed-environment" in printed:
        return (
            "This Python belongs to the operating system, which lets pip "
            "change nothing in it (externally-managed-environment): make an "
            "environment with `python3 -m venv path/to/venv`, as pip advises, "
            "and start Jupyter from there; in a clone, `make lab` does both."
        )
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith("error:")]
    said = "pip says: " + "\n".join(errors or lines[-1:])
    if NO_NETWORK.search(printed):
        said = f"Check the network. {said}"
    return f"{said}\nThen run this cell again."
