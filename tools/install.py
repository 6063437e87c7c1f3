"""Set up the course's virtual environment; say plainly what is in the way.

    python tools/install.py .venv                      the pinned versions
    python tools/install.py --lane oldest .venv-oldest

The Makefile runs this before every command. Where all is set up it says
nothing and takes no time; otherwise it sets up what is missing, and makes an
environment anew whose Python is gone.

Runs on any Python 3, so that one that is too old gets its message too, and
needs nothing but the standard library.
"""

import argparse
import hashlib
import json
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
        r"|broken|aborted|reset)",
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
    """Why this version of Python will not do, or None."""
    if tuple(map(int, version.split("."))) < OLDEST_PYTHON:
        return (
            "Python {} is too old: the course needs {}.{} or newer. With "
            "one installed: `make lab PYTHON=python3.12`".format(
                version, *OLDEST_PYTHON
            )
        )
    return None


def disk_problem(free_bytes):
    """Why this disk will not do, or None."""
    free = free_bytes / 2**30
    if free < GIBIBYTES:
        return f"the disk has {free:.1f} GB free; the set-up needs {GIBIBYTES}"
    return None


# Makes the course importable, by a path relative to the environment: a folder
# that was moved or copied finds itself, not the place where it was, as it
# would with `pip install -e`. Its name comes before that of such a file.
LINK = """
import os, sys, sysconfig
packages = sysconfig.get_path("purelib")
with open(os.path.join(packages, "00_course.pth"), "w") as file:
    file.write(os.path.relpath(sys.argv[1], packages))
"""


def read(*path):
    """The text of a file; nothing if there is none."""
    try:
        with open(os.path.join(*path), encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""


def wanted(lane):
    """What to install: pip's arguments for this lane."""
    if lane == "pinned":
        return ["-r", os.path.join(ROOT, "requirements.txt")]
    lines = read(ROOT, "requirements.txt").splitlines()
    pins = [line.split("==")[0].strip() for line in lines if "==" in line]
    if lane == "newest":
        return ["--upgrade", *pins]
    floors = re.findall(r'^ {4}"([\w-]+)>=([\d.]+)",', dependencies(), re.M)
    # The oldest that the ranges allow, with any bug fix of that version.
    oldest = ["{}=={}.*".format(*floor) for floor in floors]
    names = {name for name, _ in floors}
    return oldest + [name for name in pins if name not in names]


def dependencies():
    """The part of pyproject.toml that says what the course needs."""
    text = read(ROOT, "pyproject.toml")
    return re.search(r"^dependencies = \[.*?^\]", text, re.M | re.S).group()


def python_in(venv, windows=os.name == "nt"):
    """Where a virtual environment has its Python."""
    parts = ("Scripts", "python.exe") if windows else ("bin", "python")
    return os.path.join(venv, *parts)


def version_of(python):
    """\"3.12\" of a Python, by starting it; None if it does not start."""
    ask = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        command = [python, "-ISc", ask]
        said = subprocess.check_output(command, stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        return None
    return said.decode().strip()


def reason_to_make_anew(venv, version, asked):
    """Why what stands there will not do, in a sentence, or None.

    version: that of its Python, None if it does not start; asked: the one
    that it should have.
    """
    settings = read(venv, "pyvenv.cfg")
    if not settings:
        return None  # no environment: nothing is to be cleared
    if not version:
        return "the Python that it was made with is gone"
    found = re.search(r"^version(?:_info)? = (\d+\.\d+)", settings, re.M)
    made_with = found.group(1) if found else version
    if made_with != version:
        return f"it was made with Python {made_with}, which is now {version}"
    if asked != version:
        return f"it has Python {version}, not {asked}"
    return None


def state(venv, lane, version):
    """What an environment is set up for: set up again when this changes."""
    text = read(ROOT, "requirements.txt") + dependencies()
    return {
        "course": os.path.relpath(ROOT, venv),
        "lane": lane,
        "packages": hashlib.sha256(text.encode("utf-8")).hexdigest(),
        "python": version,
    }


def recorded(venv):
    """The state that the environment was set up for; None if it was not."""
    try:
        return json.loads(read(venv, ".ready"))
    except ValueError:
        return None


def run(command):
    """Run a command, show what it prints, and return all of that."""
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    printed = []
    for line in process.stdout:
        printed.append(line)
        sys.stdout.write(line)
    return process.wait(), "".join(printed)


def steps(venv, lane, new):
    """The commands that set up an environment, or bring it up to date."""
    python = python_in(venv)
    if new:
        # What is no environment is not cleared: it may be somebody's work.
        clear = ["--clear"] if read(venv, "pyvenv.cfg") else []
        yield [sys.executable, "-m", "venv", *clear, venv]
    elif subprocess.call([python, "-c", "import pip"], stderr=subprocess.PIPE):
        yield [python, "-m", "ensurepip"]  # uv makes environments without
    pip = [python, "-m", "pip", "install", "--quiet"]
    yield [*pip, "--disable-pip-version-check", *wanted(lane)]
    yield [python, "-c", LINK, ROOT]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    lanes = ["pinned", "oldest", "newest"]
    parser.add_argument("--lane", choices=lanes, default="pinned")
    parser.add_argument(
        "--this-python",
        action="store_true",
        help="make an environment of another version of Python anew",
    )
    parser.add_argument("venv")
    options = parser.parse_args()
    venv = options.venv
    version = version_of(python_in(venv))
    mine = "{}.{}".format(*sys.version_info)
    asked = mine if options.this_python else version
    why = reason_to_make_anew(venv, version, asked)
    new = bool(why or not version)
    aim = state(venv, options.lane, mine if new else version)
    if not new and recorded(venv) == aim:
        return
    problem = python_problem(aim["python"])
    if new and not why:
        problem = problem or disk_problem(shutil.disk_usage(ROOT).free)
    if problem:
        sys.exit("Set-up stopped: " + problem + ".")
    if why:
        print(f"{venv} is made anew, which takes a few minutes: {why}.")
    elif new:
        print(f"Setting up the course in {venv}: a few minutes, once.")
    else:
        print(f"Bringing {venv} up to date with what the course needs.")
    ready = os.path.join(venv, ".ready")
    if os.path.exists(ready):
        os.remove(ready)
    for command in steps(venv, options.lane, new):
        status, printed = run(command)
        if status:
            sys.exit("Set-up stopped: " + explain(printed) + ".")
    with open(ready, "w", encoding="utf-8") as file:
        json.dump(aim, file)


if __name__ == "__main__":
    if hasattr(sys.stdout, "reconfigure"):  # not before Python 3.7
        sys.stdout.reconfigure(errors="replace", line_buffering=True)
    main()
