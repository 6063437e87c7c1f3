"""The checks of the exercises on BERT."""

import torch

from helpers.bert import NAMES
from helpers.bert import mean_pool as _mean_pool
from helpers.bert import our_name as _our_name
from helpers.bert import search as _search
from helpers.checks import (
    Misconception,
    brief,
    check,
    diagnose,
    draws,
    numbers,
    uniform,
)
from helpers.wordpiece import longest_match as _longest_match


def _diagnose_texts(answer, cases, truth, mistakes, otherwise, kind):
    """Like `diagnose`, for answers that are texts or lists of texts."""
    got = [answer(*case) for case in cases]
    for value in got:
        pieces = [value] if kind is str else value
        if not isinstance(value, kind) or not all(
            isinstance(piece, str) for piece in pieces
        ):
            wanted = "a string" if kind is str else "a list of strings"
            given = type(value).__name__
            if isinstance(value, kind):
                given = f"a list with {brief(pieces)} in it"
            raise Misconception(f"return {wanted}, not {given}")
    expected = [truth(*case) for case in cases]
    wrong = [i for i, g in enumerate(got) if g != expected[i]]
    if not wrong:
        return
    at = min(wrong, key=lambda i: len(str(cases[i][0])))
    why = otherwise
    for text, mistake in mistakes.items():
        if all(
            g == mistake(*case) for g, case in zip(got, cases, strict=True)
        ):
            why = text
            break
    raise Misconception(
        f"{why}; of {cases[at][0]!r} it makes {brief(got[at])}, not "
        f"{brief(expected[at])}"
    )


def _pieces(word, vocabulary, longest=True, mark="##", unknown=True, back=0):
    """Pieces as those make them who change one thing."""
    pieces, start = [], 0
    while start < len(word):
        ends = range(len(word) - back, start, -1)
        if not longest:
            ends = reversed(ends)
        front = mark if start else ""
        for end in ends:
            if front + word[start:end] in vocabulary:
                break
        else:
            return ["[UNK]"] if unknown else [*pieces, "[UNK]"]
        pieces.append(front + word[start:end])
        start = end
    return pieces


def _any_way(word, vocabulary, mark=""):
    """The first way to cut the word that comes to its end, if there is
    one."""
    if not word:
        return []
    for end in range(len(word), 0, -1):
        if mark + word[:end] in vocabulary:
            rest = _any_way(word[end:], vocabulary, "##")
            if rest != ["[UNK]"]:
                return [mark + word[:end], *rest]
    return ["[UNK]"]


def _from_the_end(word, vocabulary):
    """The longest known end first."""
    pieces, end = [], len(word)
    while end > 0:
        for start in range(end):
            piece = "##" * bool(start) + word[start:end]
            if piece in vocabulary:
                break
        else:
            return ["[UNK]"]
        pieces.insert(0, piece)
        end = start
    return pieces


@check(
    right="the longest known beginning is taken first, and then the longest "
    "of the rest",
    ours=_longest_match,
)
def longest_match(answer, random):
    small = {
        piece: number
        for number, piece in enumerate(
            [
                "[UNK]",
                "a",
                "ab",
                "abc",
                "b",
                "c",
                "d",
                "##a",
                "##b",
                "##bc",
                "##c",
                "##cd",
                "##d",
                "##dd",
                "bcd",
            ]
        )
    }
    words = "a abc ab abcd cab bcd dd adda abcdd cabcd x ax xa abx abcx dddd"
    cases = [(word, dict(small)) for word in words.split()]
    for case in draws(
        lambda source: "".join(source.choices("abcd", k=source.randint(1, 7))),
        random,
    ):
        cases.append((case, dict(small)))
    real = {"[UNK]": 0, "un": 1, "play": 2, "##play": 3, "##able": 4}
    cases += [("unplayable", real), ("playful", dict(real))]
    greedy = {"[UNK]": 0, "ab": 1, "abc": 2, "##cd": 3, "##c": 4, "##dc": 5}
    cases += [(word, dict(greedy)) for word in ("abcd", "abccd", "abcdc")]
    mistakes = {
        "nothing is taken back: if no piece fits the rest, the word is "
        "unknown, even where a shorter piece before it would have "
        "helped": _any_way,
        "that takes the shortest piece that fits: begin with the whole rest "
        "of the word, and shorten it": lambda w, v: _pieces(w, v, False),
        'a piece that continues a word is looked up, and returned, with "##" '
        "before it": lambda w, v: _pieces(w, v, mark=""),
        '"##" belongs in the result too': lambda w, v: [
            piece.removeprefix("##") for piece in _longest_match(w, v)
        ],
        'if some rest fits nowhere, the whole word is ["[UNK]"], not only '
        "the rest": lambda w, v: _pieces(w, v, unknown=False),
        'a word that is unknown is ["[UNK]"]: the square brackets belong to '
        "the piece, inside the quotation marks": lambda w, v: [
            piece.strip("[]") for piece in _longest_match(w, v)
        ],
        "begin at the front of the word, not at its end": _from_the_end,
        "only the first piece is there: go on with the rest of the "
        "word": lambda w, v: _longest_match(w, v)[:1],
        "the numbers come later: return the pieces themselves": lambda w, v: [
            v[p] for p in _longest_match(w, v)
        ],
    }
    otherwise = (
        "the longest known beginning, then the longest known beginning of "
        'the rest with "##" before it'
    )
    _diagnose_texts(answer, cases, _longest_match, mistakes, otherwise, list)


_THEIRS = (
    "embeddings.word_embeddings.weight",
    "embeddings.position_embeddings.weight",
    "embeddings.LayerNorm.weight",
    "embeddings.LayerNorm.bias",
    "embeddings.token_type_embeddings.weight",
    "pooler.dense.bias",
    *(
        f"encoder.layer.{layer}.{part}.{kind}"
        for layer in (0, 3, 5, 11)
        for part in (
            "attention.self.query",
            "attention.self.key",
            "attention.self.value",
            "attention.output.dense",
            "attention.output.LayerNorm",
            "intermediate.dense",
            "output.dense",
            "output.LayerNorm",
        )
        for kind in ("weight", "bias")
    ),
)


def _in_order(name, pairs):
    for theirs, ours in pairs:
        name = name.replace(theirs, ours)
    return name


@check(
    right="every weight has the name of its place in our Encoder",
    ours=_our_name,
)
def our_name(answer, random):
    names = list(_THEIRS)
    random.shuffle(names)
    pairs = list(NAMES.items())
    short_first = sorted(pairs, key=lambda pair: len(pair[0]))

    def first_pair(name):
        return name.replace(*pairs[0])

    def first_only(name):
        for theirs, ours in pairs:
            if theirs in name:
                return name.replace(theirs, ours)
        return name

    mistakes = {
        'the short names are replaced before the long ones: "output.dense" '
        'is also the end of "attention.output.dense", which has to be '
        "replaced first": lambda name: _in_order(name, short_first),
        "the loop ends at its first pair: return after the loop, not in "
        "it": first_pair,
        "one replacement is not enough: a name has the layer and the part, "
        "so go through all pairs": first_only,
        "the name comes back as it was: `name.replace` gives a new string, "
        "so keep it": lambda name: name,
        "the norms have changed places: norm1 follows the attention, norm2 "
        "the small network": lambda name: (
            _our_name(name)
            .replace("norm1", "norm0")
            .replace("norm2", "norm1")
            .replace("norm0", "norm2")
        ),
        "up and down have changed places: intermediate is up, from 384 to "
        "1,536": lambda name: (
            _our_name(name)
            .replace(".up.", ".x.")
            .replace(".down.", ".up.")
            .replace(".x.", ".down.")
        ),
    }
    otherwise = "replace each part of the name by ours, as in the table above"
    cases = [(name,) for name in names]
    _diagnose_texts(answer, cases, _our_name, mistakes, otherwise, str)


def _batch(random):
    n, time, width = random.choice((1, 2, 3)), random.choice((3, 4)), 2
    vectors = uniform(random, (n, time, width))
    real = torch.zeros(n, time, dtype=torch.bool)
    for row in range(n):
        real[row, : random.randint(1, time)] = True
        real[row] = real[row][random.sample(range(time), time)]
    return vectors, real


def _usable(answer, whole=False):
    """The answer, if it returns what the next cells can use."""

    def checked(*arguments):
        got = answer(*arguments)
        numbers(got)  # refuses what is no numbers
        if whole:
            values = torch.as_tensor(got)
            if values.dtype.is_floating_point and values.ndim == 1:
                raise Misconception(
                    "return whole numbers, as places in a list, not "
                    f"{brief(got)}: those are floating-point numbers"
                )
        elif not isinstance(got, torch.Tensor):
            raise Misconception(
                f"return a tensor, not {type(got).__name__}: the next cells "
                "work with it"
            )
        return got

    return checked


@check(
    right="padding counts neither in the sum nor in the number",
    ours=_mean_pool,
)
def mean_pool(answer, random):
    vectors = torch.tensor(
        [[[1.0, 2], [3, 4], [50, 60]], [[2, 0], [4, 2], [6, 7]]],
        dtype=torch.float64,
    )
    real = torch.tensor([[True, True, False], [True, True, True]])
    cases = [(vectors, real), (vectors[:1], real[:1])]
    cases += draws(_batch, random)

    def weighted(vectors, real):
        return vectors * real[..., None]

    mistakes = {
        "the padding is averaged too: only the real positions "
        "count": lambda vectors, real: vectors.mean(dim=1),
        "the padding is left out of the sum, but still counted below: divide "
        "by the number of real positions": lambda vectors, real: weighted(
            vectors, real
        ).mean(dim=1),
        "that is the sum: divide it by the number of real "
        "positions": lambda vectors, real: weighted(vectors, real).sum(dim=1),
        "the mean goes over the positions, dim=1, of each text by "
        "itself": lambda vectors, real: (
            weighted(vectors, real).sum(dim=0) / real.sum(dim=0)[:, None]
        ),
        "that is the vector of the first token alone": lambda vectors, real: (
            vectors[:, 0]
        ),
        "one mean for all texts: each has its own": lambda vectors, real: (
            vectors[real].mean(dim=0).expand(len(vectors), -1)
        ),
        "each text has its own number of real positions: divide by "
        "real.sum(dim=1)": lambda vectors, real: (
            weighted(vectors, real).sum(dim=1) / real.sum()
        ),
    }
    otherwise = (
        "add the vectors of the real positions of each text, and divide by "
        "how many they are"
    )
    diagnose(
        _usable(answer),
        cases,
        _mean_pool,
        mistakes,
        otherwise,
        exact_shape=True,
    )


def _collection(random):
    n, width = random.choice((4, 5, 6)), random.choice((2, 3))
    return (
        uniform(random, width),
        uniform(random, (n, width)),
        random.choice((1, 2, 3)),
    )


def _apart(case):
    """Whether no two cosines, products or distances are nearly equal."""
    query, vectors, _ = case
    cosine = torch.nn.functional.cosine_similarity(vectors, query[None], dim=1)
    scores = (
        cosine,
        cosine.abs(),
        vectors @ query,
        (vectors - query).norm(dim=1),
    )
    gaps = [score.sort().values.diff().min() for score in scores]
    return query.norm() > 0.3 and min(gaps) > 1e-3


@check(right="the directions are compared, whatever the lengths", ours=_search)
def search(answer, random):
    query = torch.tensor([1.0, 0.0], dtype=torch.float64)
    vectors = torch.tensor(
        [[9.0, 9.5], [0.3, 0.02], [1.2, 0.9], [-4.0, 0.5], [0.0, 1.0]],
        dtype=torch.float64,
    )
    cases = [(query, vectors, k) for k in (1, 2, 3)]
    cases += [(3 * query, vectors, 2), (query, vectors[:4], 3)]
    cases += [c for c in draws(_collection, random) if _apart(c)]

    def cosine(query, vectors):
        return torch.nn.functional.cosine_similarity(
            vectors, query[None], dim=1
        )

    def best(scores, k, largest=True):
        return scores.topk(k, largest=largest).indices

    mistakes = {
        "long vectors win: divide each by its length first, or the product "
        "by both lengths": lambda query, vectors, k: best(vectors @ query, k),
        "that is the smallest distance, in which lengths count: compare "
        "directions": lambda query, vectors, k: best(
            (vectors - query).norm(dim=1), k, False
        ),
        "those are the least similar: the largest cosine comes "
        "first": lambda query, vectors, k: best(
            cosine(query, vectors), k, False
        ),
        "each row has its own length: divide along "
        "dim=1": lambda query, vectors, k: best(
            torch.nn.functional.normalize(vectors, dim=0) @ query, k
        ),
        "the best come first, not last": lambda query, vectors, k: best(
            cosine(query, vectors), k
        ).flip(0),
        "those are the cosines: return the numbers of the "
        "rows": lambda query, vectors, k: (
            cosine(query, vectors).topk(k).values
        ),
        "those are the vectors: return the numbers of the "
        "rows": lambda query, vectors, k: vectors[
            best(cosine(query, vectors), k)
        ],
        "opposite directions are not similar: leave the sign as it "
        "is": lambda query, vectors, k: best(cosine(query, vectors).abs(), k),
    }
    otherwise = "the numbers of the k rows with the largest cosine, best first"
    diagnose(answer, cases, _search, mistakes, otherwise, exact_shape=True)
    _usable(answer, whole=True)(*cases[0])
