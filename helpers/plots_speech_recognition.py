"""The figures of the notebook on speech recognition.

Each function takes numbers and shows one figure with its description; it
returns nothing.
"""

import matplotlib.pyplot as plt
import numpy as np
import torch
from ipywidgets import FloatSlider, SelectionSlider

from helpers.ctc import BLANK, LETTERS, collapse, to_text
from helpers.figures import DATA, MODEL, QUIET, RIGHT, WRONG, live, show
from helpers.recogniser import listen
from helpers.speech import RATE, log_mel

STEP = 4 * 80 / RATE  # seconds from one letter to the next


def waveforms(sounds):
    """The samples of several sounds over time: {title: samples}."""
    figure, axes = plt.subplots(
        len(sounds), 1, figsize=(7, 1.35 * len(sounds)), sharex=True
    )
    for ax, (title, samples) in zip(axes, sounds.items(), strict=True):
        ax.plot(np.arange(len(samples)) / RATE, samples, color=DATA, lw=0.5)
        ax.set(title=title, ylim=(-0.9, 0.9), ylabel="sample")
    axes[-1].set_xlabel("seconds")
    lengths = ", ".join(
        f"{title} {len(samples) / RATE:.1f} s"
        for title, samples in sounds.items()
    )
    show(
        figure,
        f"The samples of {len(sounds)} sounds over time, each swinging "
        f'between -0.8 and 0.8: {lengths}. Both "seven" have two large bumps '
        "with a narrow waist between them, at other times, the first after a "
        'small extra one; "three" has one.',
    )


def mu_law_curve(codes_of):
    """The 256 codes over the samples, and how far apart they are."""
    x = torch.linspace(-1, 1, 2001, dtype=torch.float64)
    codes = torch.as_tensor(np.asarray(codes_of(x), np.float64))
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3))
    left.plot(x, codes, color=MODEL, label="mu-law")
    left.plot(x, (x + 1) / 2 * 255, "--", color=QUIET, label="equal steps")
    left.set(xlabel="sample", ylabel="code", yticks=(0, 64, 128, 192, 255))
    left.legend(loc="upper left")
    size = np.logspace(-3, 0, 200)
    step = 2 * np.log(256) / 255 * (size + 1 / 255)
    right.loglog(size, step, color=MODEL, label="mu-law")
    right.loglog(
        size, 0 * size + 2 / 255, "--", color=QUIET, label="equal steps"
    )
    right.legend(loc="upper left")
    right.set(xlabel="size of the sample", ylabel="step to the next code")
    share = float(((codes > 63.5) & (codes < 191.5)).double().mean())
    show(
        figure,
        "Left, the code over the sample: a steep curve through 128 at "
        "silence, and the straight line of 256 equal steps; half of the "
        f"codes lie within {share:.0%} of the range. Right, the distance "
        "from one code to the next on logarithmic axes: for quiet samples "
        f"{step[0]:.4f}, against {2 / 255:.4f} for equal steps; for the "
        f"loudest {step[-1]:.3f}.",
    )


def mel_pictures(sounds):
    """The log-mel spectrograms of several sounds: {title: samples}."""
    figure, axes = plt.subplots(
        1, len(sounds), figsize=(8.6, 2.9), sharex=True, sharey=True
    )
    longest = max(map(len, sounds.values()))
    for ax, (title, samples) in zip(axes, sounds.items(), strict=True):
        mel = log_mel(torch.as_tensor(samples)[None])[0]
        image = ax.imshow(
            mel, origin="lower", aspect="auto", cmap="viridis", vmin=-9.2,
            vmax=5, extent=(0, len(samples) / RATE, 0.5, 40.5),
        )  # fmt: skip
        ax.set(title=title, xlabel="seconds", xlim=(0, longest / RATE))
    axes[0].set_ylabel("mel band")
    figure.colorbar(image, ax=axes, label="log power", shrink=0.9)
    show(
        figure,
        f"Log-mel spectrograms of {len(sounds)} sounds, "
        f"{', '.join(sounds)}: time to the right, 40 bands upwards, bright "
        'where there is power. In both "seven" a bright vowel, a '
        "dark gap and a second vowel follow each other; across the narrow, "
        "evenly spaced stripes of the pitch run broader bright regions.",
    )


def filters(mel_filters):
    """The mel filters over frequency, (129, 40)."""
    figure, ax = plt.subplots(figsize=(7, 2.4))
    hertz = np.linspace(0, RATE / 2, len(mel_filters))
    for k in range(mel_filters.shape[1]):
        colour = WRONG if k in (3, 33) else QUIET
        ax.plot(
            hertz,
            mel_filters[:, k],
            color=colour,
            lw=1.8 if k in (3, 33) else 0.7,
        )
    ax.set(xlabel="frequency in Hz", ylabel="weight")
    wide = [int((mel_filters[:, k] > 0).sum()) for k in (3, 33)]
    show(
        figure,
        "40 triangles over 60 to 3,800 Hz, narrow and close together on the "
        "left, wide on the right. Two are marked: the fourth gathers "
        f"{wide[0]} of the 129 frequencies, the thirty-fourth {wide[1]}.",
    )


def by_seed(rows, columns, live_row=None):
    """Accuracies of several trainings: one column for each test.

    rows: dicts with "trained_on", "seed" and a share for each of columns.
    live_row: the same, for the training of this notebook.
    """
    kinds = list(dict.fromkeys(row["trained_on"] for row in rows))
    looks = dict(
        zip(kinds, ((QUIET, "v"), (DATA, "s"), (MODEL, "o")), strict=True)
    )
    figure, ax = plt.subplots(figsize=(8, 3.4))
    said = []
    for k, kind in enumerate(kinds):
        colour, marker = looks[kind]
        some = [row for row in rows if row["trained_on"] == kind]
        for j, column in enumerate(columns):
            values = [100 * row[column] for row in some]
            place = j + 0.2 * (k - 1) + 0.04 * np.arange(-1, len(values) - 1)
            ax.plot(
                place, values, marker, color=colour,
                alpha=0.75, label=kind if j == 0 else None,
            )  # fmt: skip
            said.append(f"{kind}, {column}: {np.mean(values):.0f} %")
    if live_row:
        ax.plot(
            [j + 0.3 for j in range(len(columns))],
            [100 * live_row[column] for column in columns],
            "*", color=RIGHT, ms=10, label="here, just now",
        )  # fmt: skip
    ax.set(
        xticks=range(len(columns)), ylim=(0, 102),
        xticklabels=[c.replace("people", "people (digits)") for c in columns],
        ylabel="correct, in %",
    )  # fmt: skip
    ax.legend(loc="lower center", fontsize=9, title="trained on")
    show(figure, "Means over the seeds: " + "; ".join(said) + ".")


def augmentation(rows, tests):
    """What changing the clips brings: accuracy against training steps.

    rows: dicts with "kind", "num_steps", "seed" and a share for each of
    tests, which has a panel each.
    """
    looks = {
        "nothing": (QUIET, "-", "o"),
        "shift": (DATA, "--", "s"),
        "speed": (MODEL, "-.", "^"),
        "noise": (WRONG, ":", "v"),
        "stripes": (DATA, ":", "D"),
        "all four": (RIGHT, "-", "o"),
    }
    figure, axes = plt.subplots(
        1, len(tests), figsize=(3 * len(tests), 3.6), sharey=True
    )
    steps = sorted({row["num_steps"] for row in rows})
    said = []
    for ax, test in zip(axes, tests, strict=True):
        for kind, (colour, line, marker) in looks.items():
            values = [
                [
                    100 * row[test]
                    for row in rows
                    if (row["kind"], row["num_steps"]) == (kind, count)
                ]
                for count in steps
            ]
            means = np.mean(values, axis=1)
            spread = [means - np.min(values, 1), np.max(values, 1) - means]
            ax.errorbar(
                steps, means, spread, ls=line, marker=marker, color=colour,
                ms=5, lw=1.4, capsize=2, elinewidth=0.7, label=kind,
            )  # fmt: skip
            said.append(
                f"{test}, {kind}: "
                + ", ".join(f"{mean:.0f}" for mean in means)
                + " %"
            )
        ax.set(xscale="log", title=test, xlabel="training steps")
        ax.set_xticks(steps, steps)
        ax.minorticks_off()
    axes[0].set_ylabel("correct, in %")
    axes[0].legend(fontsize=8)
    counts = ", ".join(map(str, steps))
    show(
        figure,
        f"Accuracy after {counts} steps, mean and range of three seeds: "
        + "; ".join(said)
        + ".",
    )


def lit_letters(log_probs, samples):
    """A spectrogram, below it the letters' probabilities over time."""
    figure, (top, bottom) = plt.subplots(
        2, 1, figsize=(8.4, 4), sharex=True, height_ratios=(1, 1.1)
    )
    _picture(top, samples)
    probs = log_probs.exp()
    times = np.arange(len(probs)) * STEP
    bottom.plot(
        times, probs[:, BLANK], color=QUIET, lw=1, ls="--", label="blank"
    )
    bottom.legend(loc="center right", fontsize=9)
    _letters(bottom, probs, times)
    bottom.set(
        xlabel="seconds", ylabel="probability", ylim=(0, 1.25),
        xlim=(-0.03, len(samples) / RATE),
    )  # fmt: skip
    path = probs.argmax(dim=1)
    shown = "".join(LETTERS[n] for n in path)
    show(
        figure,
        "Above, the spectrogram; below, the probability of the blank, dashed, "
        "and of each letter, a narrow peak. The likeliest "
        f"symbol of each step, _ for the blank: {shown}. Read: "
        f"{to_text(collapse(path))!r}.",
    )


def reading(net, sounds):
    """A figure to move: what has been read up to a time, of each sound.

    sounds: {title: samples}; the first is shown first.
    """
    answers = {title: listen(net, s).exp() for title, s in sounds.items()}
    longest = max(len(s) for s in sounds.values()) / RATE
    figure, (top, bottom) = plt.subplots(
        2, 1, figsize=(8.4, 5), sharex=True, height_ratios=(1, 1.4)
    )
    image = top.imshow(
        np.zeros((40, 10)), origin="lower", aspect="auto", cmap="viridis",
        vmin=-9.2, vmax=5,
    )  # fmt: skip
    top.set(ylabel="mel band")
    now = [ax.axvline(0, color=WRONG, lw=1.5) for ax in (top, bottom)]
    heat = bottom.imshow(
        np.zeros((27, 10)), origin="lower", aspect="auto", cmap="viridis",
        vmin=0, vmax=1,
    )  # fmt: skip
    used = sorted(
        {c for p in answers.values() for c in p.argmax(1).tolist()} - {0}
    )
    bottom.set(
        yticks=range(len(used)), xlabel="seconds", ylabel="letter",
        yticklabels=[LETTERS[c].replace(" ", "space") for c in used],
    )  # fmt: skip
    bottom.tick_params(axis="y", labelsize=8)
    caption = top.set_title(" ")

    def draw(sound, until):
        samples, probs = sounds[sound], answers[sound]
        seconds = len(samples) / RATE
        until = min(until, seconds)
        mel = log_mel(torch.as_tensor(samples)[None])[0]
        image.set_data(mel)
        image.set_extent((0, seconds, 0.5, 40.5))
        shown = probs[:, used].T.clone()
        shown[:, int(until / STEP) + 1 :] = 0
        heat.set_data(shown)
        heat.set_extent(
            (-STEP / 2, len(probs) * STEP - STEP / 2, -0.5, len(used) - 0.5)
        )
        top.set_xlim(0, seconds)
        for line in now:
            line.set_xdata([until, until])
        path = probs[: int(until / STEP) + 1].argmax(dim=1)
        read = to_text(collapse(path))
        caption.set_text(f"said: {sound}      read up to here: {read}")
        return (
            f"The spectrogram of {sound!r}, and below it the letters that "
            f"have lit up until {until:.1f} seconds. Read so far: {read!r}."
        )

    live(
        figure,
        draw,
        sound=SelectionSlider(options=list(sounds), description="said"),
        until=FloatSlider(
            0.32, min=0, max=longest, step=STEP, description="until (s)"
        ),
    )


def rates(table, tests):
    """Word error rates as bars: {way: {test: rate}}."""
    figure, ax = plt.subplots(figsize=(8, 3.2))
    ways = list(table)
    said = []
    for k, way in enumerate(ways):
        values = [100 * table[way][test] for test in tests]
        place = np.arange(len(tests)) + 0.27 * (k - 1)
        ax.bar(
            place, values, 0.25, label=way,
            color=(QUIET, DATA, MODEL)[k], hatch=("", "//", "")[k],
            edgecolor="white",
        )  # fmt: skip
        said.append(
            way
            + ": "
            + ", ".join(
                f"{test} {value:.0f} %"
                for test, value in zip(tests, values, strict=True)
            )
        )
    ax.set(
        xticks=range(len(tests)), xticklabels=tests, ylabel="word errors, in %"
    )
    ax.legend(fontsize=9)
    show(figure, "Word error rates. " + "; ".join(said) + ".")


def _picture(ax, samples):
    mel = log_mel(torch.as_tensor(samples)[None])[0]
    ax.imshow(
        mel, origin="lower", aspect="auto", cmap="viridis", vmin=-9.2,
        vmax=5, extent=(0, len(samples) / RATE, 0.5, 40.5),
    )  # fmt: skip
    ax.set_ylabel("mel band")


def _letters(ax, probs, times):
    """Each letter's probability, with its name over its peaks."""
    for c in range(1, probs.shape[1]):
        if probs[:, c].max() < 0.15:
            continue
        ax.plot(times, probs[:, c], lw=1.4)
        for t in range(len(probs)):
            near = probs[max(0, t - 2) : t + 3, c]
            if probs[t, c] > 0.25 and probs[t, c] == near.max():
                name = LETTERS[c].replace(" ", "space")
                ax.text(
                    times[t],
                    probs[t, c] + 0.03,
                    name,
                    ha="center",
                    size=10 if len(name) == 1 else 8,
                )
