"""What learners really write in the exercises on cost and scaling."""

import numpy as np
import torch


def _energy(change):
    def answer(operations, peak, utilisation, watts, overhead):
        seconds = operations / (peak * utilisation)
        joules = seconds * watts * overhead
        return change(joules, seconds, utilisation, overhead)

    return answer


def _rows(weight, largest, top=127, cut=False):
    scale = largest.clamp(min=1e-12) / top
    ratio = weight / scale
    ratio = ratio if cut else ratio.round()
    return ratio.to(torch.int32).to(torch.int8), scale  # wraps around


def _largest(weight):
    return weight.abs().amax(dim=1, keepdim=True)


def turned_over(weight):
    scale = 127 / _largest(weight).clamp(min=1e-12)
    return (weight * scale).round().to(torch.int8), scale


def zero_row(weight):
    scale = _largest(weight) / 127
    return (weight / scale).round().to(torch.int8), scale


def _line(on_x=np.log, on_y=np.log, back=np.exp, swap=False):
    def answer(n, losses):
        n, losses = (losses, n) if swap else (n, losses)
        slope, start = np.polyfit(on_x(n), on_y(losses), 1)
        return back(start), slope

    return answer


def _as_it_is(x):
    return x


def _ends(n, losses):
    slope = np.log(losses[-1] / losses[0]) / np.log(n[-1] / n[0])
    return losses[0] / n[0] ** slope, slope


def _split(weights, tokens=None):
    def answer(operations):
        n = weights(operations)
        return n, 20 * n if tokens is None else tokens(operations, n)

    return answer


WRONG = {
    "power_law": {
        "through the numbers themselves": _line(
            _as_it_is, _as_it_is, _as_it_is
        ),
        "losses need their logarithm": _line(on_y=_as_it_is, back=_as_it_is),
        "n needs its logarithm": _line(on_x=_as_it_is),
        "that is the logarithm of the factor": _line(back=_as_it_is),
        "base 10 comes back": _line(np.log10, np.log10),
        "comes back by np.exp, not": _line(back=lambda start: 10.0**start),
        "the factor first": lambda n, losses: _line()(n, losses)[::-1],
        "keep the sign": lambda n, losses: (
            _line()(n, losses)[0],
            -_line()(n, losses)[1],
        ),
        "on the vertical axis": _line(swap=True),
        "not the first and the last alone": _ends,
        "return two things": lambda n, losses: _line()(n, losses)[1],
        "the factor not": lambda n, losses: (
            losses.mean() / n.mean(),
            _line()(n, losses)[1],
        ),
    },
    "best_split": {
        "without the 6": _split(lambda c: (c / 20) ** 0.5),
        "take the root": _split(lambda c: c / 120),
        "the weights come first": _split(
            lambda c: 20 * (c / 120) ** 0.5, lambda c, n: n / 20
        ),
        "over the 20 too": _split(lambda c: (c / 6) ** 0.5 / 20),
        "is the budget: divide by 6": _split(
            lambda c: (c / 120) ** 0.5, lambda c, n: c / n
        ),
        "it is 120N²": _split(lambda c: (c / 6) ** 0.5),
        "do not round": _split(lambda c: int((c / 120) ** 0.5)),
        "the number of weights again": _split(
            lambda c: (c / 120) ** 0.5, lambda c, n: n
        ),
        "return two things": lambda c: (c / 120) ** 0.5,
        "put D = 20N into": _split(lambda c: (c / 6 / 20**2) ** 0.3),
    },
    "kilowatt_hours": {
        "all the while": _energy(lambda j, s, u, o: j * u / 3.6e6),
        "a low utilisation takes longer": _energy(
            lambda j, s, u, o: j * u**2 / 3.6e6
        ),
        "overhead is missing": _energy(lambda j, s, u, o: j / o / 3.6e6),
        "overhead adds to the bill": _energy(
            lambda j, s, u, o: j / o**2 / 3.6e6
        ),
        "a watt costs 1.1 watts": _energy(
            lambda j, s, u, o: j / o * (1 + o) / 3.6e6
        ),
        "no percentage": _energy(lambda j, s, u, o: j * 100 / 3.6e6),
        "in joules": _energy(lambda j, s, u, o: j),
        "in watt-hours": _energy(lambda j, s, u, o: j / 3600),
        "in kilojoules": _energy(lambda j, s, u, o: j / 1000),
        "minutes for hours": _energy(lambda j, s, u, o: j / 60_000),
        "the time in seconds": _energy(lambda j, s, u, o: s),
        "the time in hours": _energy(lambda j, s, u, o: s / 3600),
    },
    "quantise_rows": {
        "one scale for all rows": lambda w: _rows(w, w.abs().amax()),
        "a scale per column": lambda w: _rows(
            w, w.abs().amax(dim=0, keepdim=True)
        ),
        "it would multiply": lambda w: (
            _rows(w, _largest(w))[0],
            _largest(w)[:, 0] / 127,
        ),
        "may be negative": lambda w: _rows(w, w.amax(dim=1, keepdim=True)),
        "with 128 the largest": lambda w: _rows(w, _largest(w), 128),
        "cuts off what follows": lambda w: _rows(w, _largest(w), cut=True),
        "turned over": turned_over,
        "a row of zeros": zero_row,
        "the codes first": lambda w: _rows(w, _largest(w))[::-1],
        "divided by 127; weight [[1.27e-05": lambda w: _rows(
            w, _largest(w).clamp(min=1e-4)
        ),
        "a tensor of torch.int8": lambda w: (
            (w / (_largest(w) / 127)).round(),
            _largest(w) / 127,
        ),
        "return two things": lambda w: _rows(w, _largest(w))[0],
    },
}
