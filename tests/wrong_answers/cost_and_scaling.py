"""What learners really write in the exercises on cost and scaling."""

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


WRONG = {
    "kilowatt_hours": {
        "no machine runs": _energy(lambda j, s, u, o: j * u / 3.6e6),
        "a low utilisation takes longer": _energy(
            lambda j, s, u, o: j * u**2 / 3.6e6
        ),
        "overhead is missing": _energy(lambda j, s, u, o: j / o / 3.6e6),
        "overhead adds to the bill": _energy(
            lambda j, s, u, o: j / o**2 / 3.6e6
        ),
        "in joules": _energy(lambda j, s, u, o: j),
        "in watt-hours": _energy(lambda j, s, u, o: j / 3600),
        "in kilojoules": _energy(lambda j, s, u, o: j / 1000),
        "minutes for hours": _energy(lambda j, s, u, o: j / 60_000),
        "the time in seconds": _energy(lambda j, s, u, o: s),
        "the time in hours": _energy(lambda j, s, u, o: s / 3600),
    },
    "quantise_rows": {
        "one scale for all rows": lambda w: _rows(w, w.abs().amax()),
        "a scale a column": lambda w: _rows(
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
        "a tensor of torch.int8": lambda w: (
            (w / (_largest(w) / 127)).round(),
            _largest(w) / 127,
        ),
        "return two things": lambda w: _rows(w, _largest(w))[0],
    },
}
