"""A power law that was planted is found again, with honest intervals."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.power_law import fit_power_law


def noisy(random, exponent, factor=3.0, noise=0.05, num_runs=30):
    x = np.repeat(10.0 ** np.linspace(2, 6, num_runs // 3), 3)
    return x, factor * x**exponent * np.exp(random.normal(0, noise, len(x)))


@given(
    exponent=st.floats(-2, 2),
    log_factor=st.floats(-5, 5),
    num_runs=st.integers(3, 30),
)
@settings(max_examples=60, deadline=None)
def test_a_planted_power_law_is_recovered(exponent, log_factor, num_runs):
    x = 10 ** np.linspace(1, 5, num_runs)
    law = fit_power_law(x, math.exp(log_factor) * x**exponent, 50)
    assert law.exponent == pytest.approx(exponent, abs=1e-9)
    assert law.factor == pytest.approx(math.exp(log_factor), rel=1e-8)
    assert law.exponent_interval() == pytest.approx((exponent,) * 2, abs=1e-9)
    far = np.array([1.0, 1e7])
    expected = math.exp(log_factor) * far**exponent
    assert law.predict(far) == pytest.approx(expected, rel=1e-6)
    assert law.predict_interval(1e7) == pytest.approx(
        (expected[1],) * 2, rel=1e-6
    )


@given(scale_x=st.floats(0.01, 100), scale_y=st.floats(0.01, 100))
@settings(max_examples=30, deadline=None)
def test_units_change_the_factor_alone(scale_x, scale_y):
    x, y = noisy(np.random.default_rng(3), -0.2)
    law = fit_power_law(x, y, 50)
    other = fit_power_law(scale_x * x, scale_y * y, 50)
    assert other.exponent == pytest.approx(law.exponent)
    assert other.predict(scale_x * 1e8) == pytest.approx(
        scale_y * law.predict(1e8)
    )


def test_the_fit_is_numpy_s_least_squares():
    x, y = noisy(np.random.default_rng(0), -0.3)
    law = fit_power_law(x, y)
    slope, start = np.polyfit(np.log(x), np.log(y), 1)
    assert law.exponent == pytest.approx(slope)
    assert law.factor == pytest.approx(np.exp(start))
    again = fit_power_law(x, y)
    assert again.exponent_interval() == law.exponent_interval()


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_intervals_cover_about_their_share(level):
    """The bootstrap's are a little short with 30 runs: by some per cent."""
    random = np.random.default_rng(0)
    right, predicted, trials = 0, 0, 400
    for _ in range(trials):
        law = fit_power_law(*noisy(random, -0.2), 300)
        low, high = law.exponent_interval(level)
        right += low <= -0.2 <= high
        low, high = law.predict_interval(1e8, level)
        predicted += low <= 3 * 1e8**-0.2 <= high
    # Four standard errors above, and room below for being short.
    error = 4 * math.sqrt(level * (1 - level) / trials)
    for share in (right / trials, predicted / trials):
        assert level - 0.04 - error < share < level + error


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([1, 2], [1, 2], "needs 3 runs or more, not 2"),
        ([1, 2, 3], [1, 2], r"of one length, not \(3,\) and \(2,\)"),
        ([[1, 2, 3]], [[1, 2, 3]], "1-D"),
        ([0, 1, 2], [1, 2, 3], "above 0 and finite"),
        ([1, 2, 3], [1, -2, 3], "above 0 and finite"),
        ([1, 2, 3], [1, float("nan"), 3], "above 0 and finite"),
        ([1, 2, float("inf")], [1, 2, 3], "above 0 and finite"),
        ([5, 5, 5], [1, 2, 3], "every run has x = 5"),
    ],
)
def test_what_no_power_law_can_be_fitted_to(x, y, message):
    with pytest.raises(ValueError, match=message):
        fit_power_law(x, y)


def test_a_level_is_a_share():
    law = fit_power_law([1, 2, 4], [4, 2, 1])
    with pytest.raises(ValueError, match="between 0 and 1, not 95"):
        law.exponent_interval(95)
