"""Drawings of operations on arrays, forwards and backwards."""

import numpy as np

from helpers.figures import DATA, GRADIENT, MODEL, QUIET
from tools.drawings import drawing
from tools.drawings.canvas import Canvas, pale

DARK = "#8f3f6b"  # GRADIENT, dark enough for text
CELL = 34


def texts(array):
    """The numbers of a matrix as texts."""
    return [[f"{v:g}".replace("-", "−") for v in row] for row in array]


@drawing
def broadcast_back():
    """A row that is copied forwards is added up backwards."""
    A = np.array([[1, 2, 3], [4, 5, 6]])
    b = np.array([[10, 20, 30]])
    grad = np.array([[1, 0, 2], [3, 1, -1]])
    canvas = Canvas(760, 290)
    canvas.text(66, 26, "forwards", bold=True, color=DATA)
    top, low = 44, 180
    canvas.array(20, top, 2, 3, CELL, texts(A), DATA)
    canvas.text(71, top + 86, "A (2, 3)", size=10)
    canvas.text(146, top + CELL, "+")
    canvas.array(172, top + 17, 1, 3, CELL, texts(b), MODEL)
    canvas.text(223, top + 86, "b (3,)", size=10)
    canvas.arrow(286, top + CELL, 346, top + CELL)
    canvas.text(316, top + 16, "copied", size=10)
    both = np.repeat(b, 2, axis=0)
    canvas.array(358, top, 2, 3, CELL, texts(both), MODEL, pale(MODEL))
    canvas.text(409, top + 86, "b in each row", size=10)
    canvas.text(511, top + CELL, "A + b =", size=11)
    canvas.array(560, top, 2, 3, CELL, texts(A + b), DATA, pale(DATA))
    canvas.text(611, top + 86, "result (2, 3)", size=10)
    canvas.text(66, low - 14, "backwards", bold=True, color=DARK)
    fill = pale(GRADIENT)
    canvas.array(560, low, 2, 3, CELL, texts(grad), GRADIENT, fill)
    canvas.text(611, low + 86, "gradient (2, 3)", size=10)
    canvas.arrow(548, low + CELL, 290, low + CELL, color=GRADIENT)
    canvas.text(410, low + 16, "rows added", size=10)
    total = grad.sum(axis=0, keepdims=True)
    canvas.array(172, low + 17, 1, 3, CELL, texts(total), GRADIENT, fill)
    canvas.text(223, low + 86, "gradient of b (3,)", size=10)
    return canvas, (
        "Forwards: b = 10, 20, 30 of shape (3,) is copied into both rows and "
        "added to A, of shape (2, 3). Backwards: a gradient with the rows "
        "1, 0, 2 and 3, 1, −1 arrives, and its rows are added up to the "
        f"gradient of b: {', '.join(texts(total)[0])}."
    )


@drawing
def matmul_gradients():
    """The shapes of a product and of the gradients of its factors."""
    n, k, m = 2, 4, 3
    cell = 24
    canvas = Canvas(760, 340)

    def matrix(x, middle, rows, columns, name, shape, colour):
        top = middle - rows * cell / 2
        canvas.array(x, top, rows, columns, cell, None, colour, pale(colour))
        canvas.text(x + columns * cell / 2, top - 14, name, bold=True)
        under = top + rows * cell + 13
        canvas.text(x + columns * cell / 2, under, shape, size=10)
        return x + columns * cell

    middle = 76
    end = matrix(210, middle, n, k, "A", "(n, k)", DATA)
    canvas.text(end + 20, middle, "@")
    end = matrix(end + 40, middle, k, m, "B", "(k, m)", MODEL)
    canvas.text(end + 20, middle, "=")
    matrix(end + 40, middle, n, m, "C", "(n, m)", QUIET)
    canvas.text(90, middle, "forwards", bold=True, color=DATA)
    middle = 252
    canvas.line((20, 740), (152, 152), width=0.8)
    canvas.text(66, 174, "backwards", bold=True, color=DARK)
    end = matrix(16, middle, n, m, "G", "(n, m)", GRADIENT)
    canvas.text(end + 16, middle, "@")
    end = matrix(end + 32, middle, m, k, "$B^T$", "(m, k)", MODEL)
    canvas.text(end + 16, middle, "=")
    end = matrix(end + 32, middle, n, k, "gradient of A", "(n, k)", DATA)
    start = end + 52
    end = matrix(start, middle, k, n, "$A^T$", "(k, n)", DATA)
    canvas.text(end + 22, middle, "@")
    end = matrix(end + 44, middle, n, m, "G", "(n, m)", GRADIENT)
    canvas.text(end + 16, middle, "=")
    matrix(end + 36, middle, k, m, "gradient of B", "(k, m)", MODEL)
    return canvas, (
        "Forwards: A of shape (n, k) times B of shape (k, m) gives C of shape "
        "(n, m). Backwards the gradient G of C, (n, m), arrives. G times B "
        "transposed, (n, m) times (m, k), is the gradient of A, (n, k). A "
        "transposed times G, (k, n) times (n, m), is the gradient of B, "
        f"(k, m). Drawn for n = {n}, k = {k} and m = {m}."
    )


IMAGE = np.array([[1, 0, 2, 1], [0, 3, 1, 0], [2, 1, 0, 1], [1, 0, 1, 2]])
KERNEL = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]])
POSITIONS = [(0, 0), (0, 1), (1, 0), (1, 1)]


def patch_at(row, column):
    return IMAGE[row : row + 3, column : column + 3]


@drawing
def engine_window():
    """A window of weights at the four places of a small image."""
    canvas = Canvas(760, 260)
    cell, top = 30, 62
    canvas.array(24, top + 15, 3, 3, cell, texts(KERNEL), MODEL, pale(MODEL))
    canvas.text(69, top - 4, "window", bold=True)
    canvas.text(69, top + 124, "9 weights", size=10)
    results = [(patch_at(*place) * KERNEL).sum() for place in POSITIONS]
    for number, (row, column) in enumerate(POSITIONS):
        x = 148 + number * 154
        covered = {(row + r, column + c) for r in range(3) for c in range(3)}
        canvas.array(
            x,
            top,
            4,
            4,
            cell,
            texts(IMAGE),
            DATA,
            marked=covered,
            mark=pale(MODEL, 0.45),
        )
        canvas.text(x + 60, top - 18, f"position {number + 1}", size=11)
        canvas.arrow(x + 60, top + 126, x + 60, top + 150)
        value = f"{results[number]:g}".replace("-", "−")
        canvas.box(x + 38, top + 152, 44, 30, value, color=QUIET, fill="white")
    listed = ", ".join(f"{value:g}" for value in results)
    return canvas, (
        "A window of 3 × 3 weights slides over an image of 4 × 4 pixels. It "
        "has four places to stand. At each of them the nine pixels below it "
        f"are multiplied by its weights and added up: {listed}."
    )


@drawing
def im2col():
    """The four patches as rows of a matrix, times the weights."""
    canvas = Canvas(760, 330)
    cell = 30
    canvas.text(80, 82, "image", bold=True)
    covered = {(r, c) for r in range(3) for c in range(3)}
    canvas.array(
        20,
        100,
        4,
        4,
        cell,
        texts(IMAGE),
        DATA,
        marked=covered,
        mark=pale(MODEL, 0.45),
    )
    canvas.arrow(150, 160, 196, 160)
    canvas.text(174, 130, "cut\nout", size=10)
    patches = np.stack([patch_at(*place).ravel() for place in POSITIONS])
    rows = range(len(patches))
    first = [
        [pale(MODEL, 0.45) if row == 0 else None for _ in range(9)]
        for row in rows
    ]
    canvas.array(206, 100, 4, 9, cell, texts(patches), DATA, first)
    canvas.text(341, 82, "one row per position", bold=True)
    canvas.text(341, 236, "patches (4, 9)", size=10)
    canvas.text(496, 160, "@")
    weights = KERNEL.ravel()[:, None]
    canvas.array(518, 25, 9, 1, cell, texts(weights), MODEL, pale(MODEL))
    canvas.text(533, 310, "weights (9, 1)", size=10)
    canvas.text(576, 160, "=")
    result = patches @ weights
    canvas.array(600, 100, 4, 1, cell, texts(result), QUIET)
    canvas.text(615, 236, "(4, 1)", size=10)
    canvas.arrow(640, 160, 672, 160)
    canvas.array(682, 130, 2, 2, cell, texts(result.reshape(2, 2)), QUIET)
    canvas.text(712, 112, "map", bold=True)
    canvas.text(712, 210, "(2, 2)", size=10)
    listed = ", ".join(f"{value:g}" for value in result.ravel())
    return canvas, (
        "The four patches of 3 × 3 pixels, each written as a row of nine "
        "numbers, make a matrix of shape (4, 9). Times the nine weights in a "
        f"column it gives four numbers, {listed}, which are put back as a "
        "map of 2 × 2."
    )


@drawing
def pool_back():
    """Max-pooling forwards, and the gradient that goes to the winners."""
    X = np.array([[1, 3, 0, 2], [2, 0, 5, 1], [4, 1, 0, 0], [0, 2, 1, 3]])
    windows = X.reshape(2, 2, 2, 2).swapaxes(1, 2).reshape(4, 4)
    winners = {
        (2 * (w // 2) + int(best) // 2, 2 * (w % 2) + int(best) % 2)
        for w, best in enumerate(windows.argmax(axis=1))
    }
    largest = windows.max(axis=1).reshape(2, 2)
    grad = np.array([[7, 5], [6, 8]])
    back = np.zeros_like(X)
    for row, column in winners:
        back[row, column] = grad[row // 2, column // 2]
    ordered = largest.ravel().tolist()
    canvas = Canvas(760, 210)
    cell, top = 32, 44

    def split(x):
        at, across = x + 2 * cell, top + 2 * cell
        canvas.line((at, at), (top, top + 4 * cell), width=3, zorder=4)
        canvas.line((x, x + 4 * cell), (across, across), width=3, zorder=4)

    canvas.array(
        16,
        top,
        4,
        4,
        cell,
        texts(X),
        DATA,
        marked=winners,
        mark=pale(MODEL, 0.5),
    )
    split(16)
    canvas.text(80, 24, "input", bold=True, color=DATA)
    canvas.arrow(152, 108, 196, 108)
    canvas.text(174, 90, "max", size=10)
    canvas.array(206, 76, 2, 2, cell, texts(largest), DATA, pale(MODEL, 0.5))
    canvas.text(238, 58, "result", bold=True, color=DATA)
    canvas.array(450, 76, 2, 2, cell, texts(grad), GRADIENT, pale(GRADIENT))
    canvas.text(482, 46, "gradient of\nthe result", bold=True, color=DARK)
    canvas.arrow(526, 108, 580, 108, color=GRADIENT)
    canvas.array(
        590,
        top,
        4,
        4,
        cell,
        texts(back),
        GRADIENT,
        marked=winners,
        mark=pale(GRADIENT, 0.4),
    )
    split(590)
    canvas.text(654, 24, "gradient of the input", bold=True, color=DARK)
    canvas.text(146, 192, "forwards: the largest of each window", size=10)
    canvas.text(600, 192, "backwards: all of it to the winner", size=10)
    return canvas, (
        "Max-pooling of 4 × 4 numbers with windows of 2 × 2: forwards the "
        f"largest of each window goes on, {', '.join(map(str, ordered))}. "
        "Backwards the gradients 7, 5, 6 and 8 of the four results go to "
        "these four places, and every other place gets 0."
    )
