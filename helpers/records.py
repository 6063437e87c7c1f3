"""Experiments that were too long for a notebook: data/runs/NAME.json."""

import json

from helpers.data import DATA_FOLDER, DataError


def load_record(name):
    """A recorded experiment: a dict with "rows" and how they were made.

    Raises DataError if there is no such record or it is damaged.
    """
    path = DATA_FOLDER / "runs" / f"{name}.json"
    mend = (
        f"`git checkout -- data/runs/{name}.json` gets it back, and "
        f"`python tools/runs.py {name}` measures it anew"
    )
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"{path} is missing: {mend}.") from None
    except ValueError as error:
        raise DataError(f"{path} is damaged ({error}): {mend}.") from None
    return record


def label(record):
    """One line that says what a recorded result is, and where it is from."""
    return (
        f"Recorded {record['recorded']} by `{record['command']}` on "
        f"{record['machine']}, torch {record['versions']['torch']}."
    )
