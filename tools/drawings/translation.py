"""The drawings of the notebook on translation."""

from helpers.figures import DATA, GRADIENT, MODEL, QUIET, RIGHT
from helpers.numbers_in_words import chinese, english, german
from tools.drawings import drawing
from tools.drawings.canvas import Canvas, pale

NUMBER = 74_321


@drawing
def two_orders():
    """A number in German, in English and in Chinese, with lines between."""
    canvas = Canvas(800, 330)
    rows = {
        "German": (german(NUMBER), 70),
        "English": (english(NUMBER), 175),
        "Chinese": (chinese(NUMBER), 280),
    }
    places = {}
    font = {"Chinese": ["一", "二", "三", "四", "七", "千", "百", "十", "万"]}
    names = dict(
        zip(
            font["Chinese"],
            ("1", "2", "3", "4", "7", "1,000", "100", "10", "10,000"),
            strict=True,
        )
    )
    for language, (parts, y) in rows.items():
        canvas.text(16, y, language, bold=True, anchor="left")
        words = [names.get(part, part) for part in parts]
        widths = [max(34, 9.2 * len(word) + 12) for word in words]
        gap = 8
        x = 110 + (680 - sum(widths) - gap * (len(words) - 1)) / 2
        for k, (word, width) in enumerate(zip(words, widths, strict=True)):
            unit = language == "German" and k in (0, 7)
            ten = language == "German" and k in (2, 3, 9, 10)
            colour = MODEL if unit else RIGHT if ten else DATA
            if language == "English":
                colour = {0: RIGHT, 1: MODEL, 6: RIGHT, 7: MODEL}.get(k, DATA)
            if language == "Chinese":
                colour = {
                    0: RIGHT,
                    1: RIGHT,
                    2: MODEL,
                    6: RIGHT,
                    7: RIGHT,
                    8: MODEL,
                }
                colour = colour.get(k, DATA)
            canvas.box(x, y - 15, width, 30, word, color=colour, size=11)
            places[language, k] = x + width / 2, y
            x += width + gap
    # (English, German) and (English, Chinese): what says the same.
    to_german = {0: (2, 3), 1: (0,), 2: (4,), 3: (5,), 4: (6,)}
    to_german |= {6: (9, 10), 7: (7,)}
    to_chinese = {0: (0, 1), 1: (2,), 2: (3,), 3: (4,), 4: (5,)}
    to_chinese |= {6: (6, 7), 7: (8,)}
    for source, links, side in (
        ("German", to_german, -1),
        ("Chinese", to_chinese, 1),
    ):
        for k, others in links.items():
            colour = {0: RIGHT, 1: MODEL, 6: RIGHT, 7: MODEL}.get(k, DATA)
            x1, y1 = places["English", k]
            for other in others:
                x2, y2 = places[source, other]
                canvas.line(
                    [x1, x2], [y1 + 15 * side, y2 - 15 * side], colour, 2
                )
    canvas.text(
        450, 20, f"{NUMBER:,}: lines join what means the same", size=12
    )
    canvas.text(
        450,
        318,
        "Chinese signs are shown as the numbers they mean",
        size=10,
        color=QUIET,
    )
    return canvas, (
        f"The number {NUMBER:,} three times: in German, "
        f"{' '.join(german(NUMBER))}; in English, "
        f"{' '.join(english(NUMBER))}; in Chinese, "
        f"{' '.join(chinese(NUMBER))}. Lines join what means the same. "
        "Between English and German they cross twice, where the unit stands "
        "before the ten. Between English and Chinese none cross, but seventy "
        "becomes seven times ten thousand, and four takes the thousand."
    )


@drawing
def encoder_and_decoder():
    """The whole translator: encoder, memory, decoder, cross-attention."""
    canvas = Canvas(800, 430)
    source, target = english(74), german(74)
    left, right = 20, 400
    canvas.text(150, 22, "encoder: reads it all at once", bold=True)
    canvas.text(570, 22, "decoder: writes one token at a time", bold=True)
    # The encoder.
    words = ["<s>", *source, "</s>"]
    for k, word in enumerate(words):
        canvas.box(left + 68 * k, 370, 62, 28, word, color=DATA, size=9)
        canvas.arrow(left + 68 * k + 30, 368, left + 68 * k + 30, 328)
    canvas.box(
        left,
        276,
        264,
        50,
        "self-attention: each looks at all\n+ a small network",
        color=DATA,
        size=11,
    )
    canvas.text(
        left + 276, 300, "2 times", size=10, anchor="left", color=QUIET
    )
    for k in range(4):
        x = left + 68 * k + 30
        canvas.arrow(x, 274, x, 218)
        canvas.array(x - 12, 100, 6, 1, 16, color=DATA, fill=pale(DATA, 0.4))
    canvas.text(152, 82, "memory: (4, 64), a vector per token", size=11)
    # The decoder.
    said = ["<s>", *target]
    for k, word in enumerate(said):
        x = right + 62 * k
        canvas.box(x, 370, 56, 28, word, color=MODEL, size=10)
        canvas.arrow(x + 28, 368, x + 28, 346)
    wide = 62 * len(said) - 6
    canvas.box(
        right,
        298,
        wide,
        46,
        "masked self-attention:\neach looks at itself and back",
        color=MODEL,
        size=11,
    )
    canvas.box(
        right,
        214,
        wide,
        46,
        "cross-attention: each looks\nat the memory",
        color=GRADIENT,
        size=11,
    )
    canvas.box(right, 144, wide, 34, "a small network", color=MODEL, size=11)
    canvas.text(
        right + wide + 8,
        240,
        "all three\n2 times",
        size=10,
        anchor="left",
        color=QUIET,
    )
    for k, word in enumerate([*target, "</s>"]):
        x = right + 62 * k + 28
        canvas.arrow(x, 296, x, 262)
        canvas.arrow(x, 212, x, 180)
        canvas.arrow(x, 142, x, 106)
        canvas.box(x - 28, 76, 56, 28, word, color=RIGHT, size=10)
    canvas.text(
        right + wide / 2, 56, "the next token, at every place", size=11
    )
    canvas.line(
        [left + 12, left + 12, left + 252, left + 252],
        [206, 214, 214, 206], GRADIENT, 2,
    )  # fmt: skip
    canvas.arrow(left + 252, 214, right - 4, 237, GRADIENT, width=2.5)
    canvas.text(338, 206, "keys and values", size=10, color=GRADIENT)
    canvas.text(
        400,
        414,
        "queries come from the decoder, keys and values from the encoder",
        size=11,
        color=QUIET,
    )
    return canvas, (
        f"On the left the encoder reads {' '.join(words)}, every token looks "
        "at every other, and a memory of 4 vectors of 64 numbers comes out. "
        f"On the right the decoder has {' '.join(said)} below; masked "
        "self-attention looks back only, cross-attention looks at the memory, "
        f"and above stand the next tokens: {' '.join([*target, '</s>'])}."
    )


@drawing
def beams():
    """Beam search of width 2 where the greedy choice is not the best."""
    canvas = Canvas(800, 340)
    first = {"the": 0.5, "a": 0.4, "no": 0.1}
    second = {
        "the": {"cat": 0.4, "dog": 0.3, "fox": 0.3},
        "a": {"cat": 0.9, "dog": 0.05, "fox": 0.05},
    }
    canvas.box(30, 140, 60, 32, "<s>", color=QUIET)
    ends = {}
    for k, (word, share) in enumerate(first.items()):
        y = 74 + 100 * k
        kept = word in second
        canvas.arrow(
            92, 156, 208, y + 16, MODEL if kept else QUIET, dashed=not kept
        )
        canvas.box(
            210,
            y,
            90,
            32,
            f"{word}  {share:.1f}",
            color=MODEL if kept else QUIET,
            fill=None if kept else "white",
            size=11,
        )
        ends[word] = y + 16
    products = {
        (one, two): first[one] * share
        for one, rest in second.items()
        for two, share in rest.items()
    }
    best = sorted(products, key=products.get)[-2:]
    greedy = "the", "cat"
    for k, (pair, product) in enumerate(products.items()):
        y = 30 + 44 * k
        kept = pair in best
        canvas.arrow(
            302,
            ends[pair[0]],
            448,
            y + 16,
            MODEL if kept else QUIET,
            dashed=not kept,
        )
        one, two = pair
        canvas.box(
            450,
            y,
            210,
            32,
            f"{one} {two}  {first[one]} × {second[one][two]} = {product:.2f}",
            color=MODEL if kept else QUIET,
            fill=None if kept else "white",
            size=10,
        )
        words = []
        if pair == greedy:
            words.append("greedy")
        if pair == best[-1]:
            words.append("the likeliest")
        canvas.text(
            674, y + 16, ", ".join(words), size=11, anchor="left", bold=True,
            color=QUIET if pair == greedy else MODEL,
        )  # fmt: skip
    canvas.text(
        410,
        326,
        "width 2: of all continuations the two likeliest go on, dashed "
        "ones are dropped",
        size=11,
        color=QUIET,
    )
    canvas.text(255, 14, "first token", size=11, bold=True)
    canvas.text(540, 14, "second token", size=11, bold=True)
    return canvas, (
        "A beam search of width 2. After the start: the 0.5, a 0.4, no 0.1, "
        "which is dropped. Of the six continuations of the first two the "
        f"likeliest are {best[-1][0]} {best[-1][1]} with "
        f"{products[best[-1]]:.2f} and {best[0][0]} {best[0][1]} with "
        f"{products[best[0]]:.2f}. Greedy search took the, and ends with the "
        f"cat, {products[greedy]:.2f}."
    )


@drawing
def clipped():
    """Counting words and pairs of words that a reference has too."""
    from helpers.translation_scores import clipped_counts

    hypothesis = ["ein", "und", "ein", "und", "zwan", "zig"]
    reference = ["drei", "und", "zwan", "zig"]
    canvas = Canvas(760, 236)
    rows = (("translation", hypothesis, 36), ("reference", reference, 96))
    # Which words count; of two alike, the one whose neighbour counts too.
    filled = {"translation": (3, 4, 5), "reference": (1, 2, 3)}
    common = clipped_counts(hypothesis, reference, 1)[0]
    assert len(filled["translation"]) == common
    for name, words, y in rows:
        canvas.text(20, y, name, anchor="left", bold=True)
        for k, word in enumerate(words):
            good = k in filled[name]
            canvas.box(
                140 + 96 * k,
                y - 16,
                86,
                32,
                word,
                color=RIGHT if good else QUIET,
                fill=None if good else "white",
            )
    said = []
    for n, y in ((1, 144), (2, 172)):
        right, total = clipped_counts(hypothesis, reference, n)
        name = "single words" if n == 1 else "pairs of neighbours"
        canvas.text(
            140,
            y,
            f"{name}: {right} of {total} are found in the reference",
            anchor="left",
        )
        said.append(f"{name} {right} of {total}")
    canvas.text(
        380,
        212,
        "each counts as often as the reference has it: one of the two "
        '"und" does not',
        size=11,
        color=QUIET,
    )
    return canvas, (
        f"A translation, {' '.join(hypothesis)}, and its reference, "
        f"{' '.join(reference)}. Filled are those that count: "
        "the second und, zwan and zig. "
        f"{'; '.join(said)}."
    )
