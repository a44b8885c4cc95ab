from math import exp

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, poisson

from abm.errors import BadInput
from experiments.reproductions.poisson_window import directed_frequency, extent, undirected_frequency, window


def test_window_of_gai_and_kapadia():
    low, high = window(4)
    assert low == pytest.approx(1.020704, abs=1e-6)
    assert high == pytest.approx(5.764677, abs=1e-6)


@pytest.mark.parametrize("J", [1, 2])
def test_too_hard_to_topple_leaves_no_window(J):
    assert window(J) is None


@pytest.mark.parametrize("J", range(3, 12))
def test_ends_of_the_window_solve_its_equation(J):
    for z in window(J):
        assert z * poisson.cdf(J - 1, z) == pytest.approx(1.0, abs=1e-10)


def test_frequency_of_gai_and_kapadia():
    assert directed_frequency(3.0, 4) == pytest.approx(0.780, abs=5e-4)
    assert directed_frequency(6.0, 4) == pytest.approx(0.0, abs=1e-9)
    assert extent(3.0, lambda j: j // 5 + 1) == pytest.approx(0.941, abs=1e-3)


@settings(deadline=None, max_examples=60)
@given(st.floats(0.05, 12), st.integers(1, 9))
def test_frequencies_solve_their_equations(z, J):
    f = directed_frequency(z, J)
    rho = float(poisson.cdf(J - 1, z))
    q = 1 + np.log1p(-f) / z if f < 1 else 0.0
    assert q == pytest.approx((1 - rho) + rho * exp(-z * (1 - q)), abs=1e-6)
    low, high = window(J) or (np.inf, -np.inf)
    if low + 0.02 < z < high - 0.02:
        assert f > 1e-4
    elif z < low - 0.02 or z > high + 0.02:
        assert f < 1e-6
    assert 0 <= undirected_frequency(z, J + 1) <= 1


@settings(deadline=None, max_examples=30)
@given(st.floats(0.05, 10), st.integers(2, 8))
def test_extent_is_the_greatest_fixed_point(z, denominator):
    x = extent(z, lambda j: j // denominator + 1)
    j = np.arange(0, 80)

    def step(share):
        return float(poisson.pmf(j[1:], z) @ binom.sf(j[1:] // denominator, j[1:], share))

    assert step(x) == pytest.approx(x, abs=1e-8)
    for share in x + (1 - x) * np.linspace(0.05, 1, 20):
        assert step(share) < share


def test_negative_degree_is_refused():
    with pytest.raises(BadInput, match="z must not be negative"):
        extent(-1.0, lambda j: 1)
