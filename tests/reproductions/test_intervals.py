import pytest
from scipy.stats import binomtest

from experiments.reproductions.intervals import agrees, around, mean_and_error, proportion_error, wilson


@pytest.mark.parametrize(("k", "n"), [(0, 1), (0, 50), (1, 7), (168, 1000), (7780, 10_000), (50, 50)])
def test_wilson_is_scipys(k, n):
    other = binomtest(k, n).proportion_ci(method="wilson")
    assert wilson(k, n) == pytest.approx((other.low, other.high), abs=1e-12)


def test_wilson_stays_inside():
    assert wilson(0, 10)[0] == 0.0
    assert wilson(10, 10)[1] == 1.0


def test_mean_and_error():
    assert mean_and_error([1.0, 2.0, 3.0, 4.0]) == pytest.approx((2.5, (5 / 3 / 4) ** 0.5))
    assert around(1.0, 0.5) == pytest.approx((1 - 0.979982, 1 + 0.979982), abs=1e-6)


def test_an_estimate_agrees_within_three_joint_errors():
    assert agrees(1.0, 0.3, 2.4, 0.4)
    assert not agrees(1.0, 0.3, 2.6, 0.4)
    assert agrees(1.0, 0.0, 1.0)
    assert proportion_error(0.0, 100) > 0
