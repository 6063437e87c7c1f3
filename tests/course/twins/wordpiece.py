"""Inputs for WordPiece: small vocabularies, and texts in several scripts."""

from helpers.wordpiece import SPECIAL
from tests.course.twins.draw import Twin

TEXTS = (
    "A bank, a Bat; the SPRING!",
    "Caf\u00e9 na\u00efve \u00c5ngstr\u00f6m",
    "\u6771\u4eac to \u043c\u043e\u0441\u043a\u0432\u0430",
    "tab\tnew\nline x^2+y=3~4 `code`",
    "in\u00advisible \u200bjoiners \u0000",
    "",
)


def vocabulary_of(draw, letters):
    pieces = list(SPECIAL)
    for _ in range(30):
        length = draw.integer(1, 3)
        piece = "".join(draw.pick(*letters) for _ in range(length))
        pieces.append(draw.pick("", "##") + piece)
    return {
        piece: number for number, piece in enumerate(dict.fromkeys(pieces))
    }


def word(draw):
    length = draw.turn(1, 4, 7, 2)
    made = "".join(draw.pick(*"abc") for _ in range(length))
    return (made, vocabulary_of(draw, "abc")), {}


def text(draw):
    chosen = draw.turn(*TEXTS) + " " + draw.pick(*TEXTS)
    letters = sorted(set("".join(TEXTS).lower()) - set(" \t\n"))
    return (chosen, vocabulary_of(draw, letters)), {}


TWINS = {
    "longest_match": Twin(word, draws=30),
    "encode": Twin(text, draws=24),
}
