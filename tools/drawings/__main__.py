"""Store the drawings; see the package's own words."""

import argparse
import sys

from tools.drawings import __doc__ as words
from tools.drawings import drawings, write


def main():
    parser = argparse.ArgumentParser(
        prog="python -m tools.drawings", description=words.splitlines()[0]
    )
    parser.add_argument("names", nargs="*", help="all of them by default")
    names = parser.parse_args().names
    unknown = sorted(set(names) - set(drawings()))
    if unknown:
        parser.error(
            f"no drawing is called {', '.join(unknown)}; there are "
            f"{', '.join(drawings())}"
        )
    for name in names or drawings():
        canvas, _ = drawings()[name]()
        for problem in canvas.problems():
            print(f"{name}: {problem}")
    for path in write(names):
        print("drawn", path.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
