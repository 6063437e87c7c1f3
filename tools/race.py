"""The race: time until BigModel classifies 90 % right.

    make race                       the plain loop against ours; stored
    make race RECIPE=my_recipe.py   against your own as well

The file defines a generator function `recipe(images, seed)` that trains on a
`LabelledImages` and yields (model, images seen) after every step; see
helpers/race.py and helpers/fast_recipe.py for two. All recipes run in turn
over five seeds by the same rules. One that stops on a lucky moment (less than
89.5 % of the test images right, on average) does not count. With
your own the table goes to build/race.md, and the stored record stays as it
is.
"""

import argparse
import os
import runpy
import statistics
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from helpers.recorded import label, load_record
from tools.experiments import write_record
from tools.experiments.fast_training import (
    LOWEST,
    SEEDS,
    compete,
    contestants,
    race,
)
from tools.machine import describe
from tools.notebook_files import ROOT


def table(rows):
    """The rows as a Markdown table; the ratio is seed by seed to the first
    recipe, and quoted as median (smallest to largest)."""
    recipes = list(dict.fromkeys(row["recipe"] for row in rows))
    by_recipe = {
        name: [row for row in rows if row["recipe"] == name]
        for name in recipes
    }
    lines = [
        "| recipe | seconds | images | times less time | test accuracy |",
        "|---|---|---|---|---|",
    ]
    first = by_recipe[recipes[0]]
    for name, own in by_recipe.items():
        ratios = [
            a["seconds"] / b["seconds"]
            for a, b in zip(first, own, strict=True)
        ]
        missed = sum(not row["reached"] for row in own)
        notes = [f"{missed} never reached it"] * bool(missed)
        if name != recipes[0] and not counts(own):
            notes.append(f"does not count: test below {LOWEST:.1%}")
        said = f" ({'; '.join(notes)})" if notes else ""
        lines.append(
            f"| {name}{said} "
            f"| {spread([row['seconds'] for row in own], '.1f')} "
            f"| {spread([row['images'] for row in own], ',.0f')} "
            f"| {spread(ratios, '.1f')} "
            f"| {spread([row['test_accuracy'] for row in own], '.1%')} |"
        )
    return "\n".join(lines)


def counts(rows):
    """Is a recipe's mean test accuracy high enough? Validation alone would
    let one win that stops on a lucky moment."""
    return statistics.mean(row["test_accuracy"] for row in rows) >= LOWEST


def spread(values, form):
    """Median (smallest to largest)."""
    middle, least, most = (
        format(value, form)
        for value in (statistics.median(values), min(values), max(values))
    )
    return f"{middle} ({least} to {most})"


def load_recipe(path):
    """The function `recipe` of a Python file.

    Raises SystemExit, with what to do, if there is no such file or function.
    """
    if not Path(path).is_file():
        raise SystemExit(f"no file {path}: RECIPE=... names a Python file")
    recipe = runpy.run_path(str(path)).get("recipe")
    if not callable(recipe):
        raise SystemExit(
            f"{path} must define `recipe(images, seed)`, a generator "
            "function that yields (model, images seen) after every step"
        )
    return recipe


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe", nargs="?", help="a file with your recipe")
    parser.add_argument("--seeds", type=int, default=len(SEEDS))
    arguments = parser.parse_args()
    if arguments.recipe:
        recipes = contestants() | {"yours": load_recipe(arguments.recipe)}
        rows = compete(recipes, range(arguments.seeds))
        text = f"{describe()}\n\n{table(rows)}\n"
    else:
        if arguments.seeds != len(SEEDS):
            parser.error("fewer seeds are for your own recipe only")
        write_record("race", race)
        stored = load_record("race")
        text = f"{label(stored)}\n\n{table(stored['rows'])}\n"
    print(text)
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / "race.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
