"""Power laws of scale: fitted, and with intervals."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class PowerLaw:
    """y = factor · x ** exponent, and its refits to resampled runs."""

    factor: float
    exponent: float
    factors: np.ndarray  # (resamples,)
    exponents: np.ndarray  # (resamples,)

    def predict(self, x):
        """y at x, of the shape of x."""
        return self.factor * np.asarray(x, dtype=float) ** self.exponent

    def exponent_interval(self, level=0.95):
        """(low, high) of the exponent: percentiles of the refits."""
        return _middle(self.exponents, level)

    def predict_interval(self, x, level=0.95):
        """(low, high) of the law at one x, not of a single run there.

        It knows the noise of the runs, and takes for granted that the law
        holds out to x.
        """
        return _middle(self.factors * float(x) ** self.exponents, level)


def _middle(values, level):
    if not 0 < level < 1:
        raise ValueError(f"level is between 0 and 1, not {level}")
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def fit_power_law(x, y, num_resamples=1000, seed=0):
    """The PowerLaw through runs (x, y), by least squares in log-log.

    `x` and `y` are 1-D, one number a run; several runs may share an x. The
    runs are drawn anew with replacement, num_resamples times (the bootstrap,
    Efron, 1979). Raises ValueError for fewer than three runs, different
    lengths, a single x, and numbers that are not above 0 and finite.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if x.ndim != 1 or x.shape != y.shape:
        raise ValueError(
            f"x and y are 1-D and of one length, not {x.shape} and {y.shape}"
        )
    if len(x) < 3:
        raise ValueError(f"a power law needs 3 runs or more, not {len(x)}")
    if not (np.isfinite([x, y]).all() and min(x.min(), y.min()) > 0):
        raise ValueError("x and y must be above 0 and finite: logs are taken")
    if np.ptp(x) == 0:
        raise ValueError(f"every run has x = {x[0]}: vary it")
    logs = np.log([x, y])  # (2, runs)
    slope, start = _line(logs[:, None])
    random = np.random.default_rng(seed)
    picks = random.integers(len(x), size=(num_resamples, len(x)))
    # A draw of a single x has no slope and is left out: rare but for 3 runs.
    picks = picks[np.ptp(x[picks], axis=1) > 0]
    slopes, starts = _line(logs[:, picks])
    return PowerLaw(
        float(np.exp(start[0])), float(slope[0]), np.exp(starts), slopes
    )


def _line(logs):
    """Slope and intercept of least squares: (2, fits, runs) to 2 x (fits)."""
    mean_x, mean_y = logs.mean(axis=2)
    dx, dy = logs - logs.mean(axis=2, keepdims=True)
    slope = (dx * dy).sum(axis=1) / (dx**2).sum(axis=1)
    return slope, mean_y - slope * mean_x
