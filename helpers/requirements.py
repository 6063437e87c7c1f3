"""What the course needs of this Python, installed where it is missing.

The set-up cell of every notebook calls `install_missing`, before anything
is imported, so this file needs nothing but Python itself. A notebook that
uses more calls `install_group` as well, and runs without it too.

    python -m helpers.requirements GROUP ...    installs these groups
"""

import importlib
import os
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
        raise RuntimeError(
            f"The course needs {names}; this Python does not have that, and "
            + without_pip(missing)
        )
    print(f"Installing {names}: this can take minutes, once.")
    # What is kept is named too, so that nothing else is put in its place.
    done = pip_install(missing + kept)
    if done.returncode:
        raise RuntimeError(
            f"The course needs {names}, and pip could not install that. "
            + way_out(done.stdout)
        )
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


def install_group(name):
    """Install what an optional part of a notebook needs; is it there now?

    The group is requirements-NAME.txt. Says its size before it downloads
    anything. Where it cannot be installed it says why and returns False, and
    the notebook goes on without it; so it does, without trying, where the
    environment variable COURSE_WITHOUT names the group.
    """
    return tried(name) == "there"


def tried(name):
    """Install a group: "there", "no build" for this Python, or "failed"."""
    missing = missing_of(name)
    if name in os.environ.get("COURSE_WITHOUT", "").split():
        print(f"Without {name}, as COURSE_WITHOUT asks. {INSTEAD}")
        return "failed"
    if not missing:
        return "there"
    if not find_spec("pip"):
        print(f"This Python lacks {', '.join(missing)}, and", end=" ")
        print(f"{without_pip(missing, '--no-deps ')}\n{INSTEAD}")
        return "failed"
    packages = ", ".join(map(package_of, missing))
    size = re.match(
        r"# About (\d+ MB)", group_file(name).read_text(encoding="utf-8")
    )
    print(f"Installing {packages}: up to {size[1]}, once.")
    done = pip_install(["--no-deps", *missing])
    if done.returncode:
        none = re.search("No matching distribution", done.stdout)
        if none and not NO_NETWORK.search(done.stdout):
            print(f"There is no build of {name} for this Python. {INSTEAD}")
            return "no build"
        print(f"{way_out(done.stdout)}\n{INSTEAD}")
    elif missing_of(name):
        print("Installed; restart the kernel and run the notebook again.")
    return "failed" if missing_of(name) else "there"


INSTEAD = "Until then recorded results are shown instead."
# A build of the same program under another name, as on Colab.
ALIKE = {"tensorflow-cpu": "tensorflow", "tensorflow": "tensorflow-cpu"}


def group_file(name):
    return COURSE / f"requirements-{name}.txt"


def package_of(requirement):
    return re.split("[=>;]", requirement)[0]


def missing_of(name):
    """The requirements of an optional group that are not there at all.

    Lines for other machines (`package==1.0; sys_platform == "darwin"`) do
    not count.
    """
    lines = group_file(name).read_text(encoding="utf-8").splitlines()
    missing = []
    for line in filter(re.compile("[^#]").match, lines):
        requirement, _, condition = map(str.strip, line.partition(";"))
        package = package_of(requirement)
        if not (
            holds_here(condition)
            and absent(package)
            and absent(ALIKE.get(package, package))
        ):
            continue
        missing.append(requirement)
    return missing


def absent(package):
    try:
        return not version(package)
    except PackageNotFoundError:
        return True


def holds_here(condition):
    """Whether a requirement's condition on machines is met by this one."""
    if not condition:
        return True
    from packaging.markers import Marker  # there with the first set-up

    return Marker(condition).evaluate()


def pip_install(arguments):
    """What pip did: its `returncode`, and what it printed as `stdout`."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    importlib.invalidate_caches()
    return done


def without_pip(missing, options=""):
    """What to do where there is no pip."""
    quoted = " ".join(f'"{requirement}"' for requirement in missing)
    return (
        "has no pip to install it. In a terminal, either `uv pip install "
        f'{options}--python "{sys.executable}" {quoted}`, or '
        f'`"{sys.executable}" -m ensurepip` and then this cell again.'
    )


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


if __name__ == "__main__":
    outcomes = [tried(name) for name in sys.argv[1:]]
    if "failed" in outcomes:
        sys.exit("`make test OPTIONAL=` tests the course without them.")
