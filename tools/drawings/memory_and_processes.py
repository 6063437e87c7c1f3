"""Drawings of what training keeps, and of who sends what to whom."""

from helpers.costs import kept_for_backward, training_memory
from helpers.figures import DATA, GRADIENT, MODEL, QUIET, RIGHT
from helpers.model import BigModel
from tools.drawings import drawing
from tools.drawings.canvas import Canvas, pale

DARK = "#8f3f6b"  # GRADIENT, dark enough for text
BATCH = 256
# The parts of the forward pass, and what each of them keeps.
STAGES = {
    "block 1": ("images", "ReLU 1", "pooling 1, places"),
    "block 2": ("pooling 1, values", "ReLU 2", "pooling 2, places"),
    "rest": ("pooling 2, values", "ReLU 3", "cross-entropy"),
}
COLOURS = {"block 1": DATA, "block 2": MODEL, "rest": RIGHT}


def megabytes(batch_size):
    """{what is kept: MB} for a batch."""
    kept = kept_for_backward(BigModel(), batch_size)
    return {name: size / 1e6 for name, size in kept.items()}


@drawing
def kept_of_an_image():
    """What each layer of BigModel keeps of one image, to scale."""
    kept = {name: 1000 * mb for name, mb in megabytes(1).items()}  # kB
    steps = (
        ("image", "images", QUIET, "for conv1"),
        ("ReLU", "ReLU 1", DATA, "which were\npositive"),
        ("pooling:\nplaces", "pooling 1, places", GRADIENT, "where each\nwas"),
        ("pooling:\nnumbers", "pooling 1, values", DATA, "for conv2"),
        ("ReLU", "ReLU 2", DATA, "which were\npositive"),
        ("pooling:\nplaces", "pooling 2, places", GRADIENT, "where each\nwas"),
        ("pooling:\nnumbers", "pooling 2, values", DATA, "for fc1"),
        ("ReLU", "ReLU 3", DATA, "for fc2"),
    )
    canvas = Canvas(780, 380)
    floor, width, scale = 262, 62, 190 / max(kept.values())
    left = [20 + 92 * i + (10 if i else 0) for i in range(len(steps))]
    canvas.line((14, 768), (floor, floor), color="black", width=1)
    for x, (name, key, colour, why) in zip(left, steps, strict=True):
        height = max(2, kept[key] * scale)
        canvas.polygon(
            [
                (x, floor),
                (x + width, floor),
                (x + width, floor - height),
                (x, floor - height),
            ],
            color=colour,
            fill=pale(colour, 0.45),
        )
        text = f"{kept[key]:.0f} kB"
        canvas.text(x + width / 2, floor - height - 12, text, bold=True)
        canvas.text(x + width / 2, floor + 22, name, size=10)
        canvas.text(x + width / 2, floor + 60, why, size=9, color=QUIET)
    groups = (("conv1", 1, 3), ("conv2", 4, 6), ("fc1", 7, 7))
    for name, first, last in groups:
        a, b = left[first], left[last] + width
        canvas.line((a, b), (40, 40), color=QUIET)
        canvas.text((a + b) / 2, 24, f"after {name}", bold=True)
    total = sum(kept.values())
    canvas.text(
        390,
        362,
        f"kept for one image until backward needs it: {total:.0f} kB",
        size=11,
    )
    listed = ", ".join(f"{key} {kept[key]:.0f} kB" for _, key, _, _ in steps)
    return canvas, (
        "Bars to scale, what the forward pass of BigModel keeps of one image: "
        f"{listed}; {total:.0f} kB in all. The places of the maxima take "
        "twice the bytes of the maxima themselves."
    )


def timelines():
    """Two lists of (what is done, {stage: MB held meanwhile}).

    Without checkpointing, and with it on the two convolutions.
    """
    kept = megabytes(BATCH)
    whole = {
        stage: sum(kept[name] for name in names)
        for stage, names in STAGES.items()
    }
    inputs = {
        "block 1": kept["images"],
        "block 2": kept["pooling 1, values"],
        "rest": whole["rest"],
    }
    names = list(STAGES)
    plain, saving = [], []
    for number, name in enumerate(names, 1):
        plain.append((name, {n: whole[n] for n in names[:number]}))
        saving.append((name, {n: inputs[n] for n in names[:number]}))
    for number in (3, 2, 1):
        name, before = names[number - 1], names[: number - 1]
        held = {n: inputs[n] for n in before} | {name: whole[name]}
        if name != "rest":
            saving.append((f"{name}\nagain", held))
        plain.append((f"{name},\nback", {n: whole[n] for n in names[:number]}))
        saving.append((f"{name},\nback", held))
    return plain, saving


@drawing
def checkpoint_timeline():
    """Memory during a step: all is kept, or computed again."""
    plain, saving = timelines()
    canvas = Canvas(780, 470)
    most = max(sum(held.values()) for _, held in plain)
    scale, width, step = 104 / most, 74, 81
    peaks = []
    for words, line, floor in (
        ("all is\nkept", plain, 160),
        ("blocks\ncomputed\nagain", saving, 384),
    ):
        canvas.text(56, floor - 50, words, bold=True, size=11)
        peaks.append(max(sum(held.values()) for _, held in line))
        for number, (name, held) in enumerate(line):
            x, top = 118 + step * number, floor
            for stage, size in held.items():
                height = size * scale
                colour = COLOURS[stage]
                canvas.polygon(
                    [
                        (x, top),
                        (x + width, top),
                        (x + width, top - height),
                        (x, top - height),
                    ],
                    color=colour,
                    fill=pale(colour, 0.45),
                )
                top -= height
            total = sum(held.values())
            text = f"{total:.0f} MB"
            canvas.text(x + width / 2, top - 13, text, size=11, bold=True)
            if line is saving and number < 3:
                high = floor - scale * sum(plain[number][1].values())
                canvas.line(
                    (x, x, x + width, x + width),
                    (top, high, high, top),
                    color=QUIET,
                    width=1,
                    dashed=True,
                )
                middle = x + width / 2, high + 18
                canvas.text(*middle, "thrown\naway", size=9, color=QUIET)
            kind = (
                pale(QUIET, 0.25)
                if "again" in name
                else pale(GRADIENT, 0.3)
                if "back" in name
                else "white"
            )
            canvas.box(x, floor + 8, width, 40, name, QUIET, kind, size=10)
        canvas.line((112, 770), (floor, floor), color="black", width=1)
    x = 118
    for stage in STAGES:
        colour = COLOURS[stage]
        canvas.box(x, 446, 14, 14, color=colour, fill=pale(colour, 0.45))
        canvas.text(x + 20, 453, f"kept for {stage}", size=10, anchor="left")
        x += 136
    canvas.arrow(560, 453, 764, 453)
    canvas.text(540, 453, "time", size=10)
    held = [
        ", ".join(f"{sum(h.values()):.0f}" for _, h in line)
        for line in (plain, saving)
    ]
    return canvas, (
        f"MB of activations during a step of {BATCH} images. If all is kept: "
        f"{held[0]} in block 1, block 2 and the rest forward, and then "
        f"backward. If both blocks are computed again: {held[1]}, with block "
        "2 and block 1 computed again before their backward pass. The peak "
        f"is {peaks[1]:.0f} MB instead of {peaks[0]:.0f}."
    )


@drawing
def data_parallel():
    """Four workers: share, copy, gradient, average, equal step."""
    workers, batch = 4, 64
    canvas = Canvas(780, 330)
    heads = (
        (66, f"a batch of {batch}"),
        (222, "its own share"),
        (368, "its own copy"),
        (506, "its own gradient"),
        (622, "average"),
        (716, "one step"),
    )
    for x, text in heads:
        canvas.text(x, 24, text, size=10, bold=True)
    canvas.box(22, 50, 74, 262, f"{batch}\nimages", DATA)
    for worker in range(workers):
        y = 50 + 68 * worker
        middle = y + 29
        share = batch // workers
        canvas.arrow(96, middle, 168, middle, color=DATA)
        canvas.text(132, middle - 12, f"worker {worker}", size=10)
        canvas.box(170, y + 8, 104, 42, f"{share} images", DATA)
        canvas.arrow(274, middle, 314, middle)
        canvas.box(316, y, 104, 58, "BigModel", MODEL)
        canvas.arrow(420, middle, 456, middle, color=GRADIENT)
        canvas.box(458, y + 8, 96, 42, "gradient", GRADIENT)
        canvas.arrow(554, middle, 592, middle, color=GRADIENT)
        canvas.arrow(652, middle, 680, middle, color=GRADIENT)
        canvas.box(682, y + 8, 82, 42, "the same\nstep", MODEL, size=10)
    canvas.box(594, 50, 58, 262, "add,\ndivide\nby 4", GRADIENT, size=11)
    return canvas, (
        f"A batch of {batch} images is shared by {workers} workers, "
        f"{batch // workers} images each. Every worker puts its share through "
        "its own copy of BigModel and gets its own gradient. The gradients "
        f"are added up and divided by {workers}, everybody receives the "
        "average, and all take the same step."
    )


def ring_states(workers):
    """Rows of numbers that the workers hold, before and after each step."""
    held = [[10**w] * workers for w in range(workers)]
    states = [held]
    for step in range(2 * (workers - 1)):
        after = [row[:] for row in held]
        for w in range(workers):
            chunk, right = (w - step) % workers, (w + 1) % workers
            own = held[right][chunk] if step < workers - 1 else 0
            after[right][chunk] = own + held[w][chunk]
        held = after
        states.append(held)
    return states


@drawing
def ring_all_reduce():
    """Three workers, three chunks, four steps."""
    workers = 3
    states = ring_states(workers)
    complete = states[-1][0][0]
    canvas = Canvas(780, 340)
    cell, across, down = 34, 140, 64
    for number, state in enumerate(states):
        x = 92 + across * number
        title = f"after step {number - 1}" if number else "at the start"
        canvas.text(x + 51, 22, title, size=11, bold=True)
        for w, row in enumerate(state):
            y = 82 + down * w
            fill = [pale(RIGHT, 0.3) if v == complete else None for v in row]
            canvas.array(x, y, 1, workers, cell, [row], QUIET, [fill], size=11)
        if number < len(states) - 1:
            for w in range(workers):
                chunk = (w - number) % workers
                at, y = x + (chunk + 0.5) * cell, 82 + down * w + cell
                canvas.arrow(at, y + 1, at, y + 29, color=GRADIENT, width=2)
                if w == workers - 1:
                    canvas.arrow(at, 56, at, 80, color=GRADIENT, width=2)
                    came = f"from worker {w}"
                    canvas.text(x + 51, 45, came, size=9, color=DARK)
                    to = "to worker 0"
                    canvas.text(x + 51, y + 42, to, size=9, color=DARK)
            verb = "add" if number < workers - 1 else "replace"
            canvas.text(x + 51, 310, f"step {number}: {verb}", size=11)
            canvas.arrow(x + 106, 163, x + 136, 163)
    for w in range(workers):
        canvas.text(44, 99 + down * w, f"worker {w}", size=10)
    listed = "; ".join(
        f"{'at the start' if not n else f'after step {n - 1}'} "
        + ", ".join("-".join(map(str, row)) for row in state)
        for n, state in enumerate(states)
    )
    return canvas, (
        f"Three workers hold three chunks each: {listed}. At step s worker w "
        "sends its chunk w − s down to worker w + 1, and the last one sends "
        "to worker 0. In steps 0 and 1 the receiver adds, in steps 2 and 3 "
        f"it replaces. At the end all nine are complete, {complete}."
    )


@drawing
def sharding():
    """Four workers: a copy of all for each, or a part of all for each."""
    workers, each = 4, 64
    parts = {
        name: size / 1e6
        for name, size in training_memory(BigModel(), each).items()
    }
    looks = {
        "weights": MODEL,
        "gradients": GRADIENT,
        "optimizer": QUIET,
        "activations": DATA,
    }
    canvas = Canvas(780, 400)
    scale, width = 250 / sum(parts.values()), 62
    totals = []
    for panel, (title, sharded) in enumerate(
        (("copies", False), ("shards", True))
    ):
        left = 96 + 350 * panel
        canvas.text(left + 154, 24, title, bold=True)
        for worker in range(workers):
            x, floor = left + 80 * worker, 334
            total = 0
            for name, size in parts.items():
                height, colour = size * scale, looks[name]
                share = 1
                if sharded and name != "activations":
                    share = 1 / workers
                    canvas.line(
                        (x, x, x + width, x + width, x),
                        (floor, floor - height, floor - height, floor, floor),
                        color=colour,
                        width=1,
                        dashed=True,
                    )
                    low = floor - height * worker / workers
                else:
                    low = floor
                high = low - height * share
                canvas.polygon(
                    [(x, low), (x + width, low), (x + width, high), (x, high)],
                    color=colour,
                    fill=pale(colour, 0.45),
                )
                total += size * share
                if not panel and not worker:
                    word = {"optimizer": "Adam's\naverages"}.get(name, name)
                    at = floor - height / 2
                    canvas.text(x - 8, at, word, size=10, anchor="right")
                floor -= height
            totals.append(total)
            canvas.text(x + 31, floor - 14, f"{total:.0f} MB", bold=True)
            canvas.text(x + 31, 352, f"worker {worker}", size=10)
    canvas.text(
        410,
        384,
        f"{each} images for each worker; what is dashed, the others hold",
        size=10,
        color=QUIET,
    )
    sizes = ", ".join(f"{name} {size:.0f} MB" for name, size in parts.items())
    return canvas, (
        f"What each of {workers} workers holds, to scale. Copies: {sizes}, "
        f"{totals[0]:.0f} MB for each worker. Shards: a quarter of the "
        "weights, gradients and averages, a different quarter for each, and "
        f"all of its own activations, {totals[-1]:.0f} MB."
    )
