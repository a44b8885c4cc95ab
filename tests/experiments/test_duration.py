"""Survival curves against a sample done by hand and against SciPy; intervals cover."""

import numpy as np
import pytest
from scipy import stats

from abm.errors import BadInput
from experiments.analysis.duration import duration, free_after

# Kaplan and Meier of 6 runs by hand: 2, 3, 4+, 5, 5, 9+.
TIMES = np.array([[2.0, 3.0, np.inf, 5.0, 5.0, np.inf]])
OVER = np.array([[9.0, 9.0, 4.0, 9.0, 9.0, 9.0]])


def test_censored_sample_by_hand() -> None:
    found = duration(TIMES, OVER, points_drawn=False)
    assert found.at.tolist() == [0.0, 2.0, 3.0, 5.0]
    assert found.at_risk.tolist() == [6, 6, 5, 3]
    assert found.free == pytest.approx([1.0, 5 / 6, 4 / 6, 4 / 6 * 1 / 3])
    assert (found.runs, found.happened, found.ever.value) == (6, 4, pytest.approx(4 / 6))
    assert found.mean.value == pytest.approx(2.0 + 5 / 6 + 2 * 4 / 6 + 4 * 4 / 18)
    assert (found.reached(0.25), found.reached(0.5)) == (3.0, 5.0)
    assert np.isnan(found.reached(0.9))
    assert (found.low <= found.free).all()
    assert (found.free <= found.high).all()


def test_curve_is_that_of_scipy() -> None:
    rng = np.random.default_rng(0)
    times, ends = rng.integers(1, 97, (2, 300)).astype(float)
    happened, over = times <= ends, np.minimum(times, ends)
    at = np.unique(over[happened])
    theirs = stats.ecdf(stats.CensoredData.right_censored(over, ~happened)).sf
    assert free_after(at, over, happened) == pytest.approx(theirs.evaluate(at))


def test_runs_that_are_spared_are_neither_left_out_nor_struck() -> None:
    times = np.array([[10.0, np.inf, np.inf, np.inf, np.nan]])
    found = duration(times, np.full(times.shape, 96.0), points_drawn=False)
    assert (found.runs, found.happened) == (4, 1)
    assert found.free.tolist() == [1.0, 0.75]
    assert found.mean.value == pytest.approx((10 + 3 * 96) / 4)
    assert found.mean.high <= 96.0
    never = duration(np.full((1, 40), np.inf), np.full((1, 40), 96.0), points_drawn=False)
    assert (never.free.tolist(), never.mean, never.ever.value) == ([1.0], (96.0, 96.0, 96.0), 0.0)
    assert 0.05 < never.ever.high < 0.1  # the rule of three says 0.075


def test_interval_covers_at_its_level() -> None:
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(25):
        draws = rng.exponential(60.0, (1, 60))
        found = duration(np.where(draws < 96, draws, np.inf), np.full((1, 60), 96.0), points_drawn=False)
        k = np.searchsorted(found.at, 48.0, side="right") - 1
        hits += bool(found.low[k] <= np.exp(-48.0 / 60.0) <= found.high[k])
    assert hits >= 21


def test_runs_of_one_seed_do_not_count_as_many() -> None:
    times = np.tile(np.array([[5.0, np.inf, 7.0, np.inf]]), (30, 1))  # the same four seeds at thirty points
    found = duration(times, np.full(times.shape, 9.0), points_drawn=False)
    assert found.high[-1] - found.low[-1] > 0.6


def test_what_cannot_be_told_is_said() -> None:
    with pytest.raises(BadInput, match="no run"):
        duration(np.array([[np.nan]]), np.array([[9.0]]), points_drawn=False)
    with pytest.raises(BadInput, match="before the run was over"):
        duration(np.array([[10.0]]), np.array([[9.0]]), points_drawn=False)
