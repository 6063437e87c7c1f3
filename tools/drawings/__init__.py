"""The course's drawings: made by code, stored as SVG beside the notebooks.

    python -m tools.drawings            all that are out of date
    python -m tools.drawings NAME...    these, whether they are or not

Each module here holds the drawings of one topic:

    @drawing
    def name():
        canvas = Canvas(720, 300)
        ...
        return canvas, "what is to be seen, in words and numbers"

A notebook shows one by `helpers.figures.drawing("name")`. What numbers a
drawing states it computes, or takes from the model; a test compares what is
stored with what the code draws.
"""

import importlib
import pkgutil

from helpers.figures import DRAWINGS

_FUNCTIONS = {}


def drawing(function):
    """Put a function among the course's drawings, under its name.

    Raises ValueError if another drawing has this name.
    """
    name = function.__name__
    other = _FUNCTIONS.get(name)
    if other and other.__module__ != function.__module__:
        raise ValueError(
            f"two drawings are called {name}: in {other.__module__} and in "
            f"{function.__module__}"
        )
    _FUNCTIONS[name] = function
    return function


def drawings():
    """{name: function} of every drawing of the course."""
    for module in pkgutil.iter_modules(__path__):
        if not module.name.startswith("_"):
            importlib.import_module(f"{__name__}.{module.name}")
    return dict(sorted(_FUNCTIONS.items()))


def files(name):
    """{path: bytes} of a drawing's files. Raises KeyError for no drawing."""
    canvas, description = drawings()[name]()
    return {
        DRAWINGS / f"{name}.svg": canvas.svg(description).encode("utf-8"),
        DRAWINGS / f"{name}.png": canvas.png(),
    }


def write(names=()):
    """Store drawings, all of them by default; returns the changed files."""
    DRAWINGS.mkdir(parents=True, exist_ok=True)
    changed = []
    for name in names or drawings():
        for path, content in files(name).items():
            if not path.exists() or path.read_bytes() != content:
                path.write_bytes(content)
                changed.append(path)
    return changed
