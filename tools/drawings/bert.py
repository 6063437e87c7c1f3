"""Drawings of how a text is cut, looked at and averaged."""

import torch

from helpers.figures import DATA, MODEL, QUIET, WRONG
from helpers.transformer import causal_mask
from helpers.wordpiece import longest_match
from tools.drawings import drawing
from tools.drawings.canvas import Canvas, pale

SENTENCE = ("the", "bank", "of", "the", "river")


@drawing
def who_looks():
    """Two masks: a position may look back only, or everywhere."""
    canvas = Canvas(780, 300)
    masks = {
        "GPT: at itself and back": causal_mask(len(SENTENCE)),
        "BERT: at all words": torch.ones(5, 5, dtype=torch.bool),
    }
    cell, said = 38, []
    for number, (title, mask) in enumerate(masks.items()):
        x, y = 130 + 390 * number, 70
        canvas.text(x + 2.5 * cell, 20, title, bold=True)
        for i, word in enumerate(SENTENCE):
            strong = word == "bank"
            canvas.text(
                x + (i + 0.5) * cell, y - 18, word, size=11,
                bold=word == "river",
            )  # fmt: skip
            canvas.text(
                x - 10, y + (i + 0.5) * cell, word, size=11, anchor="right",
                bold=strong,
            )  # fmt: skip
            for j in range(5):
                may = bool(mask[i, j])
                colour = (MODEL if strong else DATA) if may else QUIET
                canvas.box(
                    x + j * cell + 2, y + i * cell + 2, cell - 4, cell - 4,
                    color=colour,
                    fill=pale(colour, 0.55) if may else "white",
                )  # fmt: skip
        seen = int(mask[1].sum())
        said.append(f"in {title.partition(':')[0]} 'bank' sees {seen} of 5")
    canvas.text(
        390, 284, "a row: one word that looks; filled: where it may look",
        size=11,
    )  # fmt: skip
    return canvas, (
        "Two tables of the words 'the bank of the river', a row for each word "
        "that looks and a column for each that is looked at. GPT's is filled "
        "on and below the diagonal, BERT's everywhere: "
        f"{'; '.join(said)}, 'river' among them only in BERT."
    )


@drawing
def longest_first():
    """One word cut into pieces, step by step."""
    known = {"un", "play", "##play", "##able", "##a", "##ble"}
    word = "unplayable"
    pieces = longest_match(word, known)
    canvas = Canvas(780, 225)
    size = 32
    listed = "un, play, ##play, ##able, ##a, ##ble"
    canvas.text(
        20, 22, f"say, the vocabulary has: {listed}", size=11, anchor="left"
    )
    start = 0
    for step, piece in enumerate(pieces):
        y = 55 + 62 * step
        length = len(piece.removeprefix("##"))
        for i, letter in enumerate(word):
            now = start <= i < start + length
            done = i < start
            colour = MODEL if now else DATA if done else QUIET
            canvas.box(
                30 + i * size, y, size - 4, size - 4, letter, color=colour,
                fill=pale(colour, 0.5) if now or done else "white", mono=True,
            )  # fmt: skip
        canvas.arrow(358, y + 14, 393, y + 14)
        canvas.text(405, y + 14, piece, anchor="left", bold=True, mono=True)
        rest = word[start:]
        canvas.text(
            520, y + 14, f'longest start of "{rest}"', size=11,
            anchor="left",
        )  # fmt: skip
        start += length
    return canvas, (
        f"The word {word!r} is cut from the left into {len(pieces)} pieces, "
        f"{', '.join(pieces)}: "
        "each time the longest piece of the vocabulary that fits is taken."
    )


@drawing
def mean_without_padding():
    """A batch of two texts, and which vectors are averaged."""
    canvas = Canvas(780, 205)
    texts = (
        ("[CLS]", "a", "feast", "[SEP]", "[PAD]", "[PAD]"),
        ("[CLS]", "a", "sour", "citrus", "fruit", "[SEP]"),
    )
    wide, counts = 82, []
    for row, tokens in enumerate(texts):
        y = 50 + 95 * row
        for i, token in enumerate(tokens):
            real = token != "[PAD]"
            colour = DATA if real else QUIET
            canvas.box(
                20 + i * wide, y, wide - 8, 40, token, color=colour,
                fill=pale(colour, 0.25) if real else "white", size=11,
            )  # fmt: skip
            if not real:
                canvas.line(
                    [26 + i * wide, 6 + (i + 1) * wide], [y + 34, y + 6],
                    WRONG, 2,
                )  # fmt: skip
        count = sum(token != "[PAD]" for token in tokens)
        counts.append(count)
        canvas.arrow(515, y + 20, 555, y + 20)
        canvas.box(565, y, 190, 40, f"sum of {count}, divided by {count}",
                   color=MODEL, size=11)  # fmt: skip
    canvas.text(20, 25, "a vector for each token, (2, 6, 384)", size=11,
                anchor="left")  # fmt: skip
    canvas.text(660, 25, "one for each text, (2, 384)", size=11)
    return canvas, (
        "A batch of two texts of 6 tokens. The first has 2 tokens of padding, "
        "crossed out: its vector is the mean of "
        f"{counts[0]} vectors, that of the second the mean of {counts[1]}."
    )
