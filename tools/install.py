"""Set up the course's virtual environment; say plainly what is in the way.

    python tools/install.py .venv                      the pinned versions
    python tools/install.py --lane oldest .venv-oldest

Runs on any Python 3, so that one that is too old gets its message too, and
needs nothing but the standard library.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OLDEST_PYTHON = (3, 11)
GIBIBYTES = 8  # torch with its CUDA libraries, and room to unpack them
# What pip and venv say, and what it means.
CAUSES = [
    (
        r"No space left|Disk quota|errno 28",
        f"the disk is full: free {GIBIBYTES} GB and run the same command "
        "again",
    ),
    (
        r"NewConnectionError|NameResolution|Could not resolve|ConnectTimeout"
        r"|ReadTimeout|ProxyError|Network is unreachable|Connection (refused"
        r"|broken|aborted|reset)|from versions: none",
        "the packages could not be downloaded: the first set-up needs a "
        "network (about 3 GB). Connect and run the same command again; what "
        "was downloaded is kept",
    ),
    (
        r"ensurepip is not|No module named (venv|ensurepip|pip)",
        "this Python has no venv: install it (Debian and Ubuntu: "
        "`sudo apt install python3-venv`) and run the same command again",
    ),
    (
        r"No matching distribution|Could not find a version",
        "a pinned package has no build for this Python or this machine: try "
        "Python 3.12 (`make lab PYTHON=python3.12`)",
    ),
]


def explain(output):
    """What is in the way, in words, from what a failed command printed."""
    for pattern, meaning in CAUSES:
        if re.search(pattern, output, re.IGNORECASE):
            return meaning
    return "see what pip said above"


def python_problem(version):
    """Why this Python will not do, or None."""
    if tuple(version[:2]) < OLDEST_PYTHON:
        return (
            "Python {}.{} is too old: the course needs {}.{} or newer. With "
            "one installed: `make lab PYTHON=python3.12`".format(
                version[0], version[1], *OLDEST_PYTHON
            )
        )
    return None


def disk_problem(free_bytes):
    """Why this disk will not do, or None."""
    free = free_bytes / 2**30
    if free < GIBIBYTES:
        return f"the disk has {free:.1f} GB free; the set-up needs {GIBIBYTES}"
    return None


def wanted(lane):
    """What to install: pip's arguments for this lane."""
    if lane == "pinned":
        return ["-r", os.path.join(ROOT, "requirements.txt")]
    with open(os.path.join(ROOT, "requirements.txt")) as file:
        pins = [line.split("==")[0].strip() for line in file if "==" in line]
    if lane == "newest":
        return ["--upgrade", *pins]
    with open(os.path.join(ROOT, "pyproject.toml")) as file:
        floors = re.findall(r'^ {4}"([\w-]+)>=([\d.]+)",', file.read(), re.M)
    # The oldest that the ranges allow, with any bug fix of that version.
    oldest = ["{}=={}.*".format(*floor) for floor in floors]
    names = {name for name, _ in floors}
    return oldest + [name for name in pins if name not in names]


def run(command):
    """Run a command, show what it prints, and return all of that."""
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    )
    printed = []
    for line in process.stdout:
        printed.append(line)
        sys.stdout.write(line)
    return process.wait(), "".join(printed)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    lanes = ["pinned", "oldest", "newest"]
    parser.add_argument("--lane", choices=lanes, default="pinned")
    parser.add_argument("venv")
    arguments = parser.parse_args()
    venv = arguments.venv
    python = os.path.join(venv, "bin", "python")
    problem = python_problem(sys.version_info)
    if not problem and not os.path.exists(python):
        problem = disk_problem(shutil.disk_usage(ROOT).free)
    if problem:
        sys.exit("Set-up stopped: " + problem + ".")
    print(f"Setting up the course in {venv}: a few minutes, once.")
    pip = [python, "-m", "pip", "install", "--quiet"]
    pip += ["--disable-pip-version-check"]
    for command in (
        [sys.executable, "-m", "venv", venv],
        pip + wanted(arguments.lane),
        [*pip, "--no-deps", "-e", ROOT],
    ):
        status, printed = run(command)
        if status:
            sys.exit("Set-up stopped: " + explain(printed) + ".")
    with open(os.path.join(venv, ".ready"), "w") as file:
        file.write("set up\n")


if __name__ == "__main__":
    main()
