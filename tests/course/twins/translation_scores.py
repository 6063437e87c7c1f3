"""Inputs for BLEU and chrF: sentences of few words, so that runs repeat."""

from tests.course.twins.draw import Twin

WORDS = ("a", "b", "cd", "ef")


def sentence(draw, low, high):
    count = draw.integer(low, high)
    return [WORDS[i] for i in draw.random.integers(len(WORDS), size=count)]


def like(draw, words):
    """The sentence with one word changed, one less or one more."""
    words = [*words]
    if words and draw.pick(True, False):
        words[draw.integer(0, len(words) - 1)] = draw.pick(*WORDS)
    return words[: len(words) - draw.pick(0, 0, 1)] + draw.pick([], ["a"])


def a_pair(draw):
    reference = sentence(draw, 0, 7)
    return (like(draw, reference), reference, draw.pick(1, 2, 3, 4)), {}


def corpora(draw):
    references = [sentence(draw, 0, 9) for _ in range(draw.turn(1, 3, 8))]
    return ([like(draw, words) for words in references], references), {}


def texts(draw):
    (said, truth), _ = corpora(draw)
    return ([" ".join(s) for s in said], [" ".join(t) for t in truth]), {}


TWINS = {
    "clipped_counts": Twin(a_pair, draws=40),
    "bleu": Twin(corpora, draws=40),
    "chrf": Twin(texts, draws=40),
}
