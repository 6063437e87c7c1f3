"""What experiments gave that were too long for a notebook."""

import json
from pathlib import Path

from helpers.data import DataError, how_to_restore

RECORDS = (
    Path(__file__).resolve().parent.parent
    / "tools"
    / "experiments"
    / "records"
)


def load_record(name):
    """A recorded experiment: a dict with "rows" and how they were made.

    Raises DataError if there is no such record or it is damaged.
    """
    path = RECORDS / f"{name}.json"
    remedy = (
        f"{how_to_restore(path)}, and `python -m tools.experiments {name}` "
        "measures it anew"
    )
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"{path} is missing: {remedy}.") from None
    except ValueError as error:
        raise DataError(f"{path} is damaged ({error}): {remedy}.") from None


def label(record):
    """One line that says what a recorded result is, and where it is from."""
    return (
        f"Recorded {record['recorded']} by `{record['command']}` on "
        f"{record['machine']}, torch {record['versions']['torch']}."
    )
