"""Drawings of how a text is cut, of attention, and of the blocks of a GPT."""

import torch

from helpers.bpe import merge
from helpers.figures import DATA, GRADIENT, MODEL, QUIET, RIGHT
from helpers.transformer import GPT, causal_mask
from tools.drawings import drawing
from tools.drawings.canvas import Canvas, pale

TIME, SIZE = 6, 4


@drawing
def byte_pairs():
    """Three joins on four words."""
    canvas = Canvas(800, 250)
    words = [tuple(w) for w in ("then", "other", "rather", "her")]
    steps = [(None, words)]
    for pair in (("h", "e"), ("t", "he"), ("the", "r")):
        words = [merge(word, pair) for word in words]
        steps.append((pair, words))
    for row, (pair, words) in enumerate(steps):
        y = 30 + 55 * row
        said = "characters" if pair is None else f"join {pair[0]} + {pair[1]}"
        canvas.text(20, y + 15, said, anchor="left", bold=row > 0)
        x = 165
        for word in words:
            for unit in word:
                wide = 14 + 13 * len(unit)
                new = pair is not None and unit == pair[0] + pair[1]
                canvas.box(
                    x, y, wide, 30, unit, color=MODEL if new else DATA,
                    mono=True,
                )  # fmt: skip
                x += wide + 3
            x += 24
    counts = [sum(map(len, words)) for _, words in steps]
    return canvas, (
        "The words then, other, rather and her, cut into characters, and "
        "after three joins, each of the most "
        "frequent pair: h and e, t and he, the and r. The four words "
        f"take {counts[0]} units first, then {counts[1]}, {counts[2]} and "
        f"{counts[3]}."
    )


@drawing
def gpt_attention():
    """Query, key and value, scores, mask, shares, and the average."""
    canvas = Canvas(800, 440)
    cell = 24

    def grid(x, y, rows, columns, color, name, shape, fill=None):
        for i in range(rows):
            for j in range(columns):
                colour = pale(color, fill(i, j) if fill else 0.25)
                canvas.polygon(
                    [
                        (x + j * cell, y + i * cell),
                        (x + (j + 1) * cell, y + i * cell),
                        (x + (j + 1) * cell, y + (i + 1) * cell),
                        (x + j * cell, y + (i + 1) * cell),
                    ],
                    color=color,
                    fill=colour,
                )
        middle = x + columns * cell / 2
        canvas.text(middle, y - 16, name, bold=True)
        canvas.text(middle, y + rows * cell + 14, shape, size=11)

    high = TIME * cell
    grid(20, 50, TIME, SIZE, DATA, "queries Q", "time × d")
    grid(20, 250, SIZE, TIME, DATA, "keys Kᵀ", "d × time")
    mask = causal_mask(TIME)
    torch.manual_seed(3)
    scores = torch.randn(TIME, TIME).masked_fill(~mask, -torch.inf)
    shares = scores.softmax(dim=-1)
    canvas.arrow(122, 122, 215, 122, width=2)
    canvas.arrow(170, 280, 218, 215, width=2)
    canvas.text(168, 104, "Q Kᵀ / √d", size=11)
    grid(
        222, 50, TIME, TIME, GRADIENT, "scores", "time × time",
        lambda i, j: 0.35 if mask[i, j] else 0.0,
    )  # fmt: skip
    canvas.text(300, 240, "white: ahead, −∞", size=11)
    canvas.arrow(374, 122, 440, 122, width=2)
    canvas.text(407, 104, "softmax", size=11)
    grid(
        446, 50, TIME, TIME, MODEL, "shares", "each row adds up to 1",
        lambda i, j: float(shares[i, j]),
    )  # fmt: skip
    canvas.arrow(598, 122, 660, 122, width=2)
    canvas.text(628, 104, "times V", size=11)
    grid(470, 262, TIME, SIZE, DATA, "values V", "time × d")
    canvas.arrow(572, 320, 660, 150, width=2)
    grid(670, 50, TIME, SIZE, RIGHT, "gathered", "time × d")
    canvas.text(718, 50 + high + 46, "each row: an", size=11)
    canvas.text(718, 50 + high + 66, "average of values", size=11)
    return canvas, (
        "Queries, time by d, times the transposed keys, d by time, divided "
        "by the root of d, give scores, time by time. Above the diagonal, "
        "where a position would look ahead, the score is minus infinity. A "
        "softmax turns each row into shares that add up to 1, and the shares "
        "times the values give what each position gathers, time by d."
    )


@drawing
def gpt_block():
    """The whole model with its shapes, and one block."""
    model = GPT(1024, 64, 64, 4, 2)
    wide = model.tokens.embedding_dim
    inner = model.blocks[0].up.out_features
    vocabulary = model.head.out_features
    canvas = Canvas(800, 420)
    x = 90
    canvas.text(x + 90, 20, "the model", bold=True)
    rows = (
        ("token numbers", "(time)", QUIET),
        ("tokens + positions", f"(time, {wide})", DATA),
        ("block 1", f"(time, {wide})", MODEL),
        (f"block {len(model.blocks)}", f"(time, {wide})", MODEL),
        ("layer normalisation", f"(time, {wide})", DATA),
        ("head", f"(time, {vocabulary:,})", DATA),
    )
    for i, (name, shape, colour) in enumerate(rows):
        y = 340 - 58 * i
        canvas.box(x, y, 180, 34, name, color=colour)
        canvas.text(x + 194, y + 17, shape, size=11, anchor="left")
        if i:
            canvas.arrow(x + 90, y + 57, x + 90, y + 36, width=2)
    canvas.text(590, 20, "one block", bold=True)
    x, middle = 480, 580
    canvas.line([middle - 150, middle - 150], [380, 46], width=2.5)
    canvas.arrow(middle - 150, 60, middle - 150, 36, width=2.5)
    canvas.text(444, 400, f"x: (time, {wide})", size=11, anchor="left")
    for y, names in (
        (270, ("norm 1", "attention: looks back")),
        (105, ("norm 2", f"MLP: {wide} to {inner} to {wide}")),
    ):
        down = y + 82
        canvas.arrow(middle - 150, down, middle - 62, down, width=2)
        canvas.box(middle - 60, down - 17, 100, 34, names[0])
        canvas.arrow(middle - 10, down - 18, middle - 10, y + 36, width=2)
        canvas.box(middle - 60, y, 270, 34, names[1], color=MODEL, size=11)
        canvas.arrow(middle - 10, y - 1, middle - 10, y - 20, width=2)
        canvas.arrow(middle - 10, y - 24, middle - 136, y - 24, width=2)
        canvas.circle(middle - 150, y - 24, 12, "+", color=RIGHT)
    canvas.text(470, 56, "the residual connection", size=11, anchor="left")
    return canvas, (
        "Left, from below: token numbers become vectors of tokens plus "
        f"positions, (time, {wide}), pass two blocks and a layer "
        f"normalisation without a change of shape, and the head makes (time, "
        f"{vocabulary:,}) logits of them. Right, one block: x runs straight "
        "up; a copy goes through norm 1 and attention and is added, another "
        f"through norm 2 and an MLP, {wide} to {inner} to {wide}, and is "
        "added."
    )


@drawing
def llama_differences():
    """Four parts in which a Llama differs from a GPT."""
    canvas = Canvas(800, 240)
    rows = (
        ("layer normalisation", "RMSNorm", "scales, but subtracts no mean"),
        ("learned positions", "RoPE", "turns queries and keys:"
         "\nscores depend on distance"),
        ("MLP with GELU", "SwiGLU", "one layer opens the gates of another"),
        ("one key per head", "one key for 3 heads",
         "keys and values are shared: less to keep"),
    )  # fmt: skip
    canvas.text(105, 20, "GPT", bold=True)
    canvas.text(315, 20, "Llama", bold=True)
    canvas.text(435, 20, "what it does", bold=True, anchor="left")
    for i, (old, new, why) in enumerate(rows):
        y = 40 + 48 * i
        canvas.box(15, y, 180, 36, old, size=11)
        canvas.arrow(198, y + 18, 222, y + 18, width=2)
        canvas.box(225, y, 180, 36, new, color=MODEL, size=11)
        canvas.text(435, y + 18, why, size=11, anchor="left")
    return canvas, (
        "Four differences. Layer normalisation becomes RMSNorm, which "
        "subtracts no mean. Learned positions become RoPE, which turns "
        "queries and keys so that a score depends on the distance. The MLP "
        "with GELU becomes SwiGLU, one layer being the gates of another. "
        "Heads with a key each become heads of which 3 share one."
    )
