"""Numbers in words, against what other programs say.

The spot checks are what num2words 0.5.14 (English, French, German) and cn2an
0.5.24 (Chinese) give. All four were compared on 0 to 11,999 and on 20,000
random numbers up to a million: no difference, but for num2words' German
"dreihunderteinstausend", where the grammar has "dreihunderteintausend".
"""

import re

import pytest

from helpers.numbers_in_words import (
    LANGUAGES,
    chinese,
    german,
    split_numbers,
    written,
)

OTHERS = {
    0: ("zero", "null", "zéro", "零"),
    1: ("one", "eins", "un", "一"),
    10: ("ten", "zehn", "dix", "十"),
    16: ("sixteen", "sechzehn", "seize", "十六"),
    21: ("twenty one", "einundzwanzig", "vingt et un", "二十一"),
    71: ("seventy one", "einundsiebzig", "soixante et onze", "七十一"),
    80: ("eighty", "achtzig", "quatre vingts", "八十"),
    81: ("eighty one", "einundachtzig", "quatre vingt un", "八十一"),
    99: ("ninety nine", "neunundneunzig", "quatre vingt dix neuf", "九十九"),
    101: ("one hundred and one", "einhunderteins", "cent un", "一百零一"),
    200: ("two hundred", "zweihundert", "deux cents", "二百"),
    210: (
        "two hundred and ten",
        "zweihundertzehn",
        "deux cent dix",
        "二百一十",
    ),
    1_001: ("one thousand and one", "eintausendeins", "mille un", "一千零一"),
    80_000: (
        "eighty thousand",
        "achtzigtausend",
        "quatre vingt mille",
        "八万",
    ),
    10_010: (
        "ten thousand and ten",
        "zehntausendzehn",
        "dix mille dix",
        "一万零一十",
    ),
    74_321: (
        "seventy four thousand three hundred and twenty one",
        "vierundsiebzigtausenddreihunderteinundzwanzig",
        "soixante quatorze mille trois cent vingt et un",
        "七万四千三百二十一",
    ),
    102_000: (
        "one hundred and two thousand",
        "einhundertzweitausend",
        "cent deux mille",
        "十万二千",
    ),
    999_999: (
        "nine hundred and ninety nine thousand nine hundred and ninety nine",
        "neunhundertneunundneunzigtausendneunhundertneunundneunzig",
        "neuf cent quatre vingt dix neuf mille neuf cent quatre vingt dix "
        "neuf",
        "九十九万九千九百九十九",
    ),
}


@pytest.mark.parametrize("n", OTHERS)
def test_as_other_programs_say_it(n):
    for language, expected in zip(LANGUAGES, OTHERS[n], strict=True):
        assert written(n, language) == expected


def test_german_one_before_thousand_has_no_s():
    assert written(301_023, "German") == "dreihunderteintausenddreiundzwanzig"
    assert german(201_001)[-1] == "eins"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_numbers_are_said_alike(language):
    numbers = [*range(3_000), *range(99_000, 103_000), *range(999_000, 10**6)]
    assert len({written(n, language) for n in numbers}) == len(numbers)


def test_chinese_never_says_two_zeros_in_a_row():
    said = [written(n, "Chinese") for n in range(1, 130_000, 7)]
    assert not [s for s in said if "零零" in s or s.endswith("零")]


def test_what_is_returned_may_be_changed():
    for in_words in LANGUAGES.values():
        in_words(7).append("!")
        assert in_words(7)[-1] != "!"


@pytest.mark.parametrize("in_words", LANGUAGES.values())
@pytest.mark.parametrize("n", [-1, 1_000_000, 1.0, "7", True, None])
def test_other_numbers_are_refused(in_words, n):
    with pytest.raises(ValueError, match=r"whole number|choose another one"):
        in_words(n)


def test_another_language_is_refused():
    with pytest.raises(ValueError, match="English, German, French, Chinese"):
        written(7, "Latin")


def test_the_split():
    train, test = split_numbers(3_000, 100, seed=1)
    assert (len(train), len(test)) == (3_000, 100)
    assert len({*train, *test}) == 3_100
    assert {*range(1_000)} < {*train}
    assert max(train + test) < 100_000
    assert split_numbers(3_000, 100, seed=1) == (train, test)
    assert split_numbers(3_000, 100, seed=2)[1] != test


def test_a_split_without_a_pair():
    train, test = split_numbers(3_000, 100, without=47)
    pair = re.compile("47$|47...$")
    assert not [n for n in train if pair.search(str(n))]
    assert all(pair.search(str(n)) for n in test)
    assert not [n for n in train if "siebenundvierzig" in written(n, "German")]
    assert chinese(47) == ["四", "十", "七"]
