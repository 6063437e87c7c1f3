"""Shakespeare's plays as text, a whole play held out for each purpose."""

import bz2
import hashlib
from typing import NamedTuple

from helpers.data import DATA_FOLDER, DataError, how_to_restore

TEXT = DATA_FOLDER / "shakespeare.txt.bz2"
CHECKSUM = "fd08e83bd7cdfaa3ca82848fb7f8faea3f668f3a387dd6c3462338a721291993"
END_OF_PLAY = "\n\f\n"  # between two plays, and nowhere else
CHOOSING = "A Winter's Tale"  # settings are chosen on this play
TESTING = "Twelfth Night"  # and this one is read once, at the end


class Texts(NamedTuple):
    """Three texts, each with its own purpose."""

    train: str
    validation: str
    test: str


def load_plays(path=TEXT):
    """{title: text} of the 38 plays, in modern spelling.

    Raises DataError if the file is missing or damaged.
    """
    try:
        packed = path.read_bytes()
    except FileNotFoundError:
        raise DataError(
            f"{path} is missing: {how_to_restore(path)}."
        ) from None
    try:
        data = bz2.decompress(packed)
    except (OSError, ValueError, EOFError):
        data = b""
    if hashlib.sha256(data).hexdigest() != CHECKSUM:
        raise DataError(f"{path} is damaged: {how_to_restore(path)}.")
    plays = data.decode("utf-8").split(END_OF_PLAY)
    return {play.partition("\n")[0]: play for play in plays}


def load_shakespeare(path=TEXT):
    """The plays as three texts: 36 to train on, one to choose, one to test.

    Raises DataError if the file is missing or damaged.
    """
    plays = load_plays(path)
    validation, test = plays.pop(CHOOSING), plays.pop(TESTING)
    return Texts("\n\n".join(plays.values()), validation, test)
