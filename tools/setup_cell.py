"""The set-up cell of every notebook.

The notebook may stand in a clone, alone in a folder of downloads, or on
Colab; other packages or files called `helpers` may be in the way. So the
course is known by its two marks, course.toml and helpers/requirements.py,
and then goes first on the path.
"""

from tools.address import HOST

CELL = """\
# Finds the course around this notebook; if there is none, fetches it.
import subprocess
import sys
from os.path import isfile
from pathlib import Path
from tempfile import TemporaryDirectory


def find_course():
    finders = [f for f in sys.meta_path if hasattr(f, "find_spec")]
    specs = filter(None, [f.find_spec("helpers", None) for f in finders])
    places = [Path(s.origin).parent.parent for s in specs if s.origin]
    new = Path("course")
    for place in [Path(".."), *map(Path, sys.path), *places, new]:
        marks = place / "course.toml", place / "helpers" / "requirements.py"
        if all(map(isfile, marks)):
            return str(place.resolve())
    if new.exists():
        raise RuntimeError(
            f"The folder {new.resolve()} is not the course, or only part of "
            "it. Rename or delete it and run this cell again."
        )
    address = "ADDRESS"
    try:
        with TemporaryDirectory(prefix="course-", dir=".") as part:
            clone = ["git", "clone", "-q", "--depth=1", address, f"{part}/new"]
            subprocess.run(clone, check=True, capture_output=True)
            return str(Path(part, "new").rename(new).resolve())
    except FileNotFoundError:
        said = "There is no git on this computer: install it."
    except OSError as error:
        said = str(error)
    except subprocess.CalledProcessError as error:
        said = "git says: " + error.stderr.decode(errors="replace").strip()
        if any(w in said.lower() for w in ("resolve", "connect", "timed")):
            said += "\\nCheck the network."
    raise RuntimeError(
        f"The course could not be fetched from {address}.\\n{said}\\n"
        "Then run this cell again. Or download the whole course from there "
        "(Code, Download ZIP) and open this notebook in it."
    )


course = find_course()
if sys.path[0] != course:
    sys.path.insert(0, course)
for name in [n for n in sys.modules if n.split(".")[0] == "helpers"]:
    file = getattr(sys.modules[name], "__file__", None)
    if not str(file).startswith(str(Path(course, "helpers"))):
        del sys.modules[name]  # another package of that name
from helpers.requirements import install_missing

install_missing()"""


def setup_source(repo):
    """The set-up cell, with the course's address in it."""
    return CELL.replace("ADDRESS", HOST + repo)
