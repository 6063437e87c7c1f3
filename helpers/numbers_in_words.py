"""Numbers in words, in four languages, as lists of their smallest parts.

    english(21)  ["twenty", "one"]
    german(21)   ["ein", "und", "zwan", "zig"]
    french(80)   ["quatre", "vingts"]
    chinese(21)  ["二", "十", "一"]

Every function takes a whole number from 0 to 999,999. `written` joins the
parts as each language writes them. French is that of France. In Chinese, 2
is 二 everywhere, as in dictation, banks and Unicode's own rules (CLDR).
"""

import random

LARGEST = 999_999
NAMES = {
    "en": "zero one two three four five six seven eight nine ten eleven "
    "twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen",
    "de": "null ein zwei drei vier fünf sechs sieben acht neun zehn elf "
    "zwölf drei-zehn vier-zehn fünf-zehn sech-zehn sieb-zehn acht-zehn "
    "neun-zehn",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf dix onze douze "
    "treize quatorze quinze seize dix-sept dix-huit dix-neuf",
    "zh": "零 一 二 三 四 五 六 七 八 九",
}
TENS = {
    "en": "twenty thirty forty fifty sixty seventy eighty ninety",
    "de": "zwan-zig drei-ßig vier-zig fünf-zig sech-zig sieb-zig acht-zig "
    "neun-zig",
    # Seventy is sixty-ten, ninety is four-twenty-ten.
    "fr": "vingt trente quarante cinquante soixante soixante quatre-vingt "
    "quatre-vingt",
}
SMALL = {
    language: [word.split("-") for word in words.split()]
    for language, words in NAMES.items()
}
TEN = {
    language: [[], [], *(word.split("-") for word in words.split())]
    for language, words in TENS.items()
}


def english(n):
    """British English: "seventy four thousand three hundred and one"."""
    check_number(n)
    if n >= 1000:
        thousands, rest = divmod(n, 1000)
        joint = ["and"] if 0 < rest < 100 else []
        head = [*english(thousands), "thousand", *joint]
        return head + (english(rest) if rest else [])
    if n >= 100:
        head = SMALL["en"][n // 100] + ["hundred"]
        return head + (["and", *english(n % 100)] if n % 100 else [])
    if n >= 20:
        return TEN["en"][n // 10] + (SMALL["en"][n % 10] if n % 10 else [])
    return [*SMALL["en"][n]]


def german(n, last=True):
    """The unit comes before the ten: "ein und zwan zig".

    last: False where another part follows: "ein" then, and not "eins"
    """
    check_number(n)
    if n >= 1000:
        thousands, rest = divmod(n, 1000)
        head = [*german(thousands, False), "tausend"]
        return head + (german(rest, last) if rest else [])
    if n >= 100:
        head = SMALL["de"][n // 100] + ["hundert"]
        return head + (german(n % 100, last) if n % 100 else [])
    if n >= 20:
        unit = SMALL["de"][n % 10] + ["und"] if n % 10 else []
        return unit + TEN["de"][n // 10]
    return ["eins"] if n == 1 and last else [*SMALL["de"][n]]


def french(n, last=True):
    """Seventy is sixty-ten, and ninety four-twenty-ten.

    last: False before "mille", where "cents" and "vingts" lose their s
    """
    check_number(n)
    if n >= 1000:
        thousands, rest = divmod(n, 1000)
        head = french(thousands, False) if thousands > 1 else []
        return head + ["mille"] + (french(rest, last) if rest else [])
    if n >= 100:
        hundreds, rest = divmod(n, 100)
        head = [*SMALL["fr"][hundreds]] if hundreds > 1 else []
        many = last and hundreds > 1 and not rest
        head.append("cents" if many else "cent")
        return head + (french(rest, last) if rest else [])
    if n == 80:
        return ["quatre", "vingts" if last else "vingt"]
    if n >= 20:
        ten, unit = divmod(n, 10)
        unit += 10 if ten in (7, 9) else 0
        joint = ["et"] if unit in (1, 11) and ten < 8 else []
        return TEN["fr"][ten] + joint + (SMALL["fr"][unit] if unit else [])
    return [*SMALL["fr"][n]]


def chinese(n):
    """Counts in ten thousands: 74,321 is 7 万 4 千 3 百 2 十 1.

    A zero inside is said once, however many there are: 10,001 is 一 万 零 一.
    """
    check_number(n)
    many, rest = divmod(n, 10_000)
    if not many:
        return _below_ten_thousand(n)
    gap = ["零"] if 0 < rest < 1000 else []
    tail = _below_ten_thousand(rest, inside=True) if rest else []
    return [*_below_ten_thousand(many), "万", *gap, *tail]


def _below_ten_thousand(n, inside=False):
    """inside: after a larger unit ten is 一十; alone it is 十."""
    if n == 0:
        return ["零"]
    parts, gap = [], False
    for size, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = n // size % 10
        if not digit:
            gap = bool(parts)
            continue
        if gap:
            parts.append("零")
        if size > 10 or digit > 1 or size == 1 or parts or inside:
            parts += SMALL["zh"][digit]
        parts += [unit] if unit else []
        gap = False
    return parts


LANGUAGES = {
    "English": english,
    "German": german,
    "French": french,
    "Chinese": chinese,
}


def written(n, language):
    """The number as the language writes it, apart from hyphens.

    language: "English", "German", "French" or "Chinese". Raises ValueError
    for another one.
    """
    if language not in LANGUAGES:
        raise ValueError(
            f"there are numbers in {', '.join(LANGUAGES)}, not in "
            f"{language!r}: choose one of these"
        )
    joint = "" if language in ("German", "Chinese") else " "
    return joint.join(LANGUAGES[language](n))


def check_number(n):
    """Raises ValueError unless n is a whole number that can be said here."""
    if isinstance(n, bool) or not hasattr(n, "__index__"):
        raise ValueError(
            f"a number in words must be a whole number, not {n!r}: "
            "int(...) makes one"
        )
    if not 0 <= n <= LARGEST:
        raise ValueError(
            f"the numbers here go from 0 to {LARGEST:,}, and {n:,} does not "
            "lie there: choose another one"
        )


def split_numbers(num_train=20_000, num_test=500, seed=0, without=None):
    """Numbers to train on and others to test on, below 100,000: two lists.

    All numbers below 1,000 are trained on; the rest is drawn. without: a
    number from 21 to 99 that no trained number has as its last two digits,
    nor before its thousands; those that have it are what is tested.
    """
    source = random.Random(seed)
    numbers = range(1000, 100_000)
    if without is None:
        test = source.sample(numbers, num_test)
    else:
        test = source.sample([n for n in numbers if has(n, without)], num_test)
    left_out = set(test)
    rest = [n for n in numbers if n not in left_out and not has(n, without)]
    small = [n for n in range(1000) if not has(n, without)]
    return small + source.sample(rest, num_train - len(small)), test


def has(n, two_digits):
    """Whether the two digits end n, or end its thousands."""
    return two_digits in (n % 100, n // 1000 % 100)
