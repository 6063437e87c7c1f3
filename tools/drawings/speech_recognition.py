"""The drawings of the notebook on speech recognition."""

import torch

from helpers.ctc import LETTERS, collapse, states_of, to_numbers, to_text
from helpers.figures import DATA, GRADIENT, MODEL, QUIET, RIGHT
from helpers.recogniser import Recogniser
from helpers.speech import HOP, NUM_MELS, RATE, WINDOW, load_speech, log_mel
from tools.drawings import drawing
from tools.drawings.canvas import Canvas, pale

VIRIDIS = {"cmap": "viridis"}


def a_word(word="seven", voice="af_heart"):
    """The samples of a word, the first sound of the notebook."""
    clips = load_speech().train
    chosen = (clips.texts == word) & (clips.voices == voice)
    return clips.samples(chosen.nonzero()[0][0])


@drawing
def sound_to_mel():
    """A sound, three of its windows, their columns, the whole picture."""
    canvas = Canvas(800, 330)
    x = torch.from_numpy(a_word())
    mel = (log_mel(x[None])[0] + 9.2) / 14
    left, width, middle = 20, 330, 110
    canvas.text(left, 24, "samples", bold=True, anchor="left")
    every = max(1, len(x) // 1200)
    xs = [left + width * i / len(x) for i in range(0, len(x), every)]
    ys = [middle - 55 * v for v in x[::every].tolist()]
    canvas.line(xs, ys, color=DATA, width=0.7)
    zoom, columns = 45, (21, 25, 38)  # three windows, drawn apart
    wide = width * WINDOW / len(x)
    for k, (frame, colour) in enumerate(
        zip(columns, (RIGHT, MODEL, GRADIENT), strict=True)
    ):
        start = left + width * (frame * HOP - WINDOW / 2) / len(x)
        corners = [(start, 46), (start + wide, 46), (start + wide, 174),
                   (start, 174)]  # fmt: skip
        canvas.polygon(corners, color=colour, alpha=0.55)
        at = 60 + 100 * k
        canvas.arrow(start + wide / 2, 176, at + zoom / 2, 212, colour)
        piece = x[frame * HOP - WINDOW // 2 :][:WINDOW]
        weighed = (piece * torch.hann_window(WINDOW)).tolist()
        canvas.line(
            [at + zoom * i / WINDOW for i in range(WINDOW)],
            [242 - 26 * v / max(map(abs, weighed)) for v in weighed],
            color=colour,
            width=1,
        )
        canvas.arrow(at + zoom + 4, 242, at + zoom + 26, 242, colour)
        column = mel[:, frame : frame + 1].flip(0).numpy()
        canvas.image(at + zoom + 30, 208, column, 10, 68, **VIRIDIS)
    canvas.text(
        left, 300,
        f"windows of {WINDOW} samples ({1000 * WINDOW // RATE} ms), one every "
        f"{HOP} ({1000 * HOP // RATE} ms)",
        size=10, anchor="left",
    )  # fmt: skip
    canvas.arrow(372, 150, 432, 150, width=2)
    canvas.text(402, 112, "Fourier,", size=10)
    canvas.text(402, 130, "bands, log", size=10)
    canvas.text(450, 24, "log-mel spectrogram", bold=True, anchor="left")
    canvas.image(450, 46, mel.flip(0).numpy(), 330, 220, **VIRIDIS)
    canvas.text(615, 284, f"{mel.shape[1]} columns, one every 10 ms", size=11)
    canvas.text(615, 304, f"{NUM_MELS} bands, low sounds below", size=11)
    return canvas, (
        f"The word seven as {len(x):,} samples. Windows of {WINDOW} samples, "
        f"one every {HOP}, each become a column of {NUM_MELS} bands; side by "
        f"side the {mel.shape[1]} columns are a picture, the log-mel "
        "spectrogram."
    )


@drawing
def ctc_lattice():
    """The states of "no" over six steps, and two of its paths."""
    text, num_frames = "no", 6
    symbols, jump = states_of(to_numbers(text))
    names = [LETTERS[s] for s in symbols]
    last = len(symbols) - 1
    canvas = Canvas(800, 310)
    x0, y0, dx, dy = 116, 70, 86, 52

    def place(t, s):
        return x0 + dx * t, y0 + dy * s

    def reached(t, s):
        """From a start, and still able to end in one of the last two."""
        return s <= 1 + 2 * t and last - s <= 1 + 2 * (num_frames - 1 - t)

    for t in range(num_frames - 1):
        for s in range(last + 1):
            for move in (0, 1, 2):
                to = s + move
                if to > last or (move == 2 and not jump[to]):
                    continue
                if reached(t, s) and reached(t + 1, to):
                    (x1, y1), (x2, y2) = place(t, s), place(t + 1, to)
                    canvas.line([x1, x2], [y1, y2], pale(QUIET, 0.5), 1)
    paths = {
        (1, 1, 2, 3, 3, 4): MODEL,
        (0, 1, 3, 3, 3, 3): DATA,
    }
    shift = 0
    said = []
    for path, colour in paths.items():
        xs, ys = zip(*(place(t, s) for t, s in enumerate(path)), strict=True)
        canvas.line(xs, [y + shift for y in ys], colour, 4, alpha=0.9)
        shift += 4
    for t in range(num_frames):
        canvas.text(place(t, 0)[0], 28, f"step {t + 1}", size=11)
        for s in range(last + 1):
            on = reached(t, s)
            canvas.circle(
                *place(t, s), 15, names[s], color=QUIET,
                fill="white" if on else pale(QUIET, 0.08), size=11,
            )  # fmt: skip
    for s in range(last + 1):
        label = "blank" if names[s] == "_" else names[s]
        canvas.text(92, place(0, s)[1], label, size=11, anchor="right")
    for k, (path, colour) in enumerate(paths.items()):
        written = "".join(names[s] for s in path)
        assert to_text(collapse(to_numbers_of(written))) == text
        y = 110 + 90 * k
        canvas.text(620, y, written, color=colour, bold=True, mono=True,
                    anchor="left", size=14)  # fmt: skip
        canvas.text(
            620, y + 26, "one run, one letter;", size=10, anchor="left"
        )
        canvas.text(620, y + 48, f"blanks out: {text}", size=10, anchor="left")
        said.append(written)
    return canvas, (
        f"A lattice: {num_frames} steps to the right, the states blank, n, "
        "blank, o, blank downwards. A path goes from step to step, stays "
        "in its state, goes to the next, or jumps over the blank between two "
        f"different letters. Two of its paths, {said[0]} and {said[1]}, both "
        f"stand for {text!r}."
    )


def to_numbers_of(path):
    """A path written with _ for the blank, as numbers."""
    return [LETTERS.index(symbol) for symbol in path]


@drawing
def deepspeech():
    """The recogniser with the sizes of what flows through it."""
    net = Recogniser()
    sizes = {
        name: sum(p.numel() for p in child.parameters())
        for name, child in net.named_children()
    }
    channels = net.body[0][0].out_channels
    hidden = net.rnn.hidden_size
    canvas = Canvas(800, 240)
    y = 56
    canvas.box(14, y, 120, 84, color=QUIET)
    canvas.text(74, y + 26, "log-mel", bold=True, size=11)
    canvas.text(74, y + 50, f"{NUM_MELS} x frames", size=10)
    canvas.box(176, y, 166, 84, color=DATA)
    canvas.text(259, y + 20, "two convolutions", bold=True, size=11)
    canvas.text(259, y + 42, f"7 wide, {channels} channels", size=10)
    canvas.text(259, y + 62, "each: every 2nd place", size=10)
    canvas.box(384, y, 200, 84, color=MODEL)
    canvas.text(484, y + 20, "a GRU, both ways", bold=True, size=11)
    canvas.arrow(404, y + 42, 564, y + 42, MODEL)
    canvas.arrow(564, y + 62, 404, y + 62, MODEL)
    canvas.box(630, y, 160, 84, color=RIGHT)
    canvas.text(710, y + 20, "letters", bold=True, size=11)
    canvas.text(710, y + 42, f"{len(LETTERS)} probabilities", size=10)
    canvas.text(710, y + 62, "for each 40 ms", size=10)
    for x1, x2 in ((134, 176), (342, 384), (584, 630)):
        canvas.arrow(x1 + 2, y + 42, x2 - 2, y + 42, width=2)
    for x, text in (
        (259, f"{channels} x frames / 4"),
        (484, f"2 x {hidden} numbers, from"),
        (710, "a to z, space, blank"),
    ):
        canvas.text(x, y + 108, text, size=10)
    canvas.text(484, y + 130, "what was and what comes", size=10)
    for x, name in ((259, "body"), (484, "rnn"), (710, "letters")):
        canvas.text(x, y - 22, f"{sizes[name]:,} parameters", size=10)
    total = sum(sizes.values())
    canvas.text(400, 220, f"together {total:,} parameters", bold=True, size=11)
    return canvas, (
        "From left to right: a log-mel spectrogram, 40 bands by frames; two "
        f"convolutions to {channels} channels, each keeping every second "
        f"place, {sizes['body']:,} parameters; a GRU that runs forwards and "
        f"backwards with {hidden} numbers each way, {sizes['rnn']:,} "
        f"parameters; {len(LETTERS)} probabilities for each 40 ms, "
        f"{sizes['letters']:,} parameters. Together {total:,}."
    )
