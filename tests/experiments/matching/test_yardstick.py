"""Distances by hand, and what they are measured with."""

import math

import numpy as np
import pytest
from scipy import stats

from abm.inputs.priors import Z95
from experiments import baseline, hindcast
from experiments.matching import plausible, targets
from experiments.matching.observe import outcomes, past
from experiments.matching.plausible import Yardstick, luck_variance, model_error, per_target, trimmed
from experiments.matching.targets import FORECAST, KNOWN, LINEAR, LOG, ROOT, Reading, readings

NAN = math.nan


def reading(name, target=None, scale=LOG, size=1.0, value=0.0, variance=0.0):
    return Reading(name, target or name, KNOWN, name, scale, size, value, variance)


def test_a_reading_is_carried_to_its_scale():
    values = np.array([0.0, 4.0, -8.0])
    np.testing.assert_allclose(reading("a", size=4.0).carry(values), np.log([0.004, 4.0, 0.004]))
    np.testing.assert_allclose(reading("a", scale=LINEAR, size=4.0).carry(values), [0.0, 1.0, -2.0])
    np.testing.assert_allclose(reading("a", scale=ROOT).carry(values), [0.0, 2.0, 0.0])


def test_the_distance_by_hand():
    asked = (reading("a", "one"), reading("b", "one"), reading("c", variance=3.0))
    yardstick = Yardstick(asked, np.array([0.5, 1.5, 0.0]), 1.0)
    np.testing.assert_allclose(yardstick.variances, [2.0, 4.0, 4.0])
    told = np.array([[2.0, 0.0, 4.0], [0.0, 0.0, 0.0], [2.0, NAN, 2.0]])
    # One: mean of 2 and 0; c: 4. Without what is not there: 2 and 1.
    np.testing.assert_allclose(yardstick.distances(told, np.zeros(3)), [2.5, 0.0, 1.5])


def test_a_relative_error_is_half_as_large_in_a_root():
    asked = (reading("a", scale=ROOT, value=3.0), reading("b", value=3.0))
    np.testing.assert_allclose(plausible.error_variance(asked, 0.2), [0.3**2, 0.2**2])


def test_the_targets_furthest_off_are_left_out_one_in_ten():
    row = np.arange(20.0)
    assert trimmed(row[None])[0] == row[:18].mean()
    with_gaps = np.where(row >= 10, NAN, row)
    assert trimmed(with_gaps[None])[0] == row[:9].mean()
    assert trimmed(np.array([[5.0, NAN]]))[0] == 5.0


def test_a_target_without_any_reading_is_left_out():
    asked = (reading("a", "one"), reading("b", "two"))
    found = per_target(np.array([[1.0, NAN], [NAN, NAN]]), asked)
    assert found[0, 0] == 1.0
    assert np.isnan(found[0, 1])
    assert np.isnan(found[1]).all()


def test_luck_is_half_the_square_of_what_two_runs_differ_by():
    rng = np.random.default_rng(3)
    one, two = rng.standard_normal((2, 40_000, 1)) * 0.7
    assert luck_variance(one, two)[0] == pytest.approx(0.49, rel=0.12)
    two[:100] += 1000.0  # a failure in one of the two
    assert luck_variance(one, two)[0] == pytest.approx(0.49, rel=0.12)


def test_the_model_s_error_is_found_where_the_nearest_draws_have_it():
    asked = tuple(reading(f"r{k}") for k in range(60))
    error = 0.3 * stats.norm.ppf((np.arange(60) + 0.5) / 60.0)
    told = error + 1e-3 * np.random.default_rng(1).standard_normal((400, 60))
    assert model_error(asked, np.zeros(60), told) == pytest.approx(0.3, rel=0.05)
    assert model_error(asked, np.ones(60), told) == 0.0


def test_every_reading_is_among_the_outcomes_and_each_kind_is_there():
    asked = readings()
    assert {r.name for r in asked} <= set(outcomes())
    assert {r.kind for r in asked} == {KNOWN, FORECAST}
    assert len({r.name for r in asked}) == len(asked)
    for r in asked:
        assert math.isfinite(r.value)
        assert r.variance >= 0.0
    known = {r.name: r for r in asked}
    for target in hindcast.read_question(past()).targets:
        if target.outcome == 0.0:
            assert f"past {target.id}" not in known
        else:
            r = known[f"past {target.id}"]
            assert r.carry(np.array([target.outcome]))[0] == pytest.approx(r.value)


def test_a_forecast_is_as_wide_as_its_range_and_the_forecasters_error_over_the_years():
    error = targets.forecasters_error()
    assert 0.1 < error < 1.0
    for number, forecast in enumerate(baseline.read_forecasts(), start=1):
        (r,) = [r for r in readings() if r.name == f"forecast {number}"]
        if r.scale == LOG:
            years = int(forecast.window[-4:]) - 2025
            width = math.log(forecast.high / forecast.low) / (2.0 * Z95)
            assert r.variance == pytest.approx(width**2 + years * error**2)
            assert r.value == pytest.approx(0.5 * math.log(forecast.low * forecast.high))
