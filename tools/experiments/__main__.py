"""Run experiments anew, and store what they give in records/.

make experiments                        every experiment, hours
python -m tools.experiments data-size   one of them
"""

import argparse
import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch

from tools.experiments import NEEDS_GPU, experiments, write_record


def main():
    known = experiments()
    parser = argparse.ArgumentParser(
        prog="python -m tools.experiments", description=__doc__.splitlines()[0]
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=", ".join(known)
    )
    names = parser.parse_args().names or [
        name
        for name in known
        if name not in NEEDS_GPU or torch.cuda.is_available()
    ]
    unknown = set(names) - set(known)
    if unknown:
        parser.error(
            f"no experiment {', '.join(sorted(unknown))}; "
            f"there are {', '.join(known)}"
        )
    for name in names:
        print(name, flush=True)
        write_record(name, known[name])


if __name__ == "__main__":
    main()
