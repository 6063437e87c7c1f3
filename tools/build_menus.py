"""Build data/menus: the words of JupyterLab's menus in English and French.

    python -m tools.build_menus WHEEL

WHEEL: jupyterlab_language_pack_fr_fr-4.5.post3-py2.py3-none-any.whl, from
`pip download --no-deps jupyterlab-language-pack-fr-FR==4.5.post3`. The same
wheel gives the same bytes.
"""

import json
import random
import re
import sys
import zipfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "data" / "menus"
LONGEST = 12  # words on either side
VALIDATION, TEST = 300, 400


def pairs_of(wheel):
    """{English: French} of all catalogues, plurals and long texts left out."""
    pairs = {}
    with zipfile.ZipFile(wheel) as package:
        for name in sorted(package.namelist()):
            if not name.endswith(".json"):
                continue
            catalogue = json.loads(package.read(name))
            for english, french in catalogue.items():
                if isinstance(french, list) and len(french) == 1:
                    # A context may stand before the text, ended by \4.
                    source = english.split("\x04")[-1]
                    pairs.setdefault(clean(source), clean(french[0]))
    return pairs


def clean(text):
    return re.sub(r"\s+", " ", text.replace("&", "")).strip()


def words_of(text):
    return re.findall(r"\w+|[^\w\s]", text.lower())


def build(wheel):
    """What is stored: a line for each pair, with its split."""
    groups = {}
    for english, french in pairs_of(wheel).items():
        lengths = [len(words_of(text)) for text in (english, french)]
        if not all(1 <= length <= LONGEST for length in lengths):
            continue
        if not re.search(r"[a-z]", english.lower()):
            continue
        # Texts with the same words belong into one split: keep the first.
        groups.setdefault(" ".join(words_of(english)), (english, french))
    kept = [groups[key] for key in sorted(groups)]
    random.Random(0).shuffle(kept)
    lines = []
    for i, (english, french) in enumerate(kept):
        split = "test" if i < TEST else "train"
        split = "validation" if TEST <= i < TEST + VALIDATION else split
        lines.append(f"{split}\t{english}\t{french}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "en_fr.tsv").write_text(build(sys.argv[1]), encoding="utf-8")
    with zipfile.ZipFile(sys.argv[1]) as package:
        (name,) = [n for n in package.namelist() if n.endswith("LICENSE.txt")]
        (FOLDER / "LICENSE.txt").write_bytes(package.read(name))
