"""From worlds to a forecast: what is joined to the last report, and how bands are widened."""

import datetime
import math

import numpy as np
import pytest

from experiments.forecasts.errors import TrackRecord
from experiments.forecasts.periods import CHANCE, CHANGE, FLOW, LEVEL, Period
from experiments.forecasts.quantiles import LEAST, joined, lines, over, widened
from experiments.forecasts.quantities import Quantity
from experiments.forecasts.record import LEVELS

END = datetime.date(2025, 12, 31)


def quantity(kind=LEVEL, join="", last=math.nan, growth=math.nan, scale="log", size="", ends=3):
    return Quantity("x", "", "bn", kind, ends, (), "debt", join, last, growth, scale, size, (), (), False, "")


def test_a_path_is_scaled_to_the_last_report():
    paths = np.array([[2.0, 3.0, 4.0], [4.0, 4.0, 8.0]])
    assert joined(quantity(join="scale", last=10.0), paths).tolist() == [[10.0, 15.0, 20.0], [10.0, 10.0, 20.0]]


def test_what_the_model_does_not_have_is_added_and_grows():
    found = joined(quantity(join="add", last=10.0, growth=0.2), np.array([[4.0] + [5.0] * 12]))
    assert found[0, 0] == 10.0
    assert found[0, 12] == pytest.approx(5.0 + 6.0 * 1.2)
    below = joined(quantity(join="add", last=3.0, growth=0.2), np.array([[4.0, 5.0]]))
    assert below.tolist() == [[4.0, 5.0]]  # nothing is taken away


def test_a_flow_begins_with_the_last_report_and_has_the_first_month_for_the_opening():
    paths = np.array([[0.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0], [0.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0]])
    told = joined(quantity(FLOW, "first", 12.0, 0.0), paths)
    first = over(FLOW, told, Period(1, 3))
    assert np.median(first) == pytest.approx(12.0)
    assert over(FLOW, told, Period(4, 6)) == pytest.approx(first + np.array([3.0, 0.0]))
    plain = joined(quantity(FLOW), paths)
    assert over(FLOW, plain, Period(0, 2)).tolist() == [3.0, 9.0]


def test_where_the_opening_has_no_value_the_first_month_counts():
    paths = np.array([[np.nan, 2.0, 4.0]])
    assert joined(quantity(join="scale", last=10.0), paths).tolist() == [[10.0, 10.0, 20.0]]


def test_levels_changes_and_chances_are_read_over_their_periods():
    path = np.array([[1.0, 0.0, 2.0, 0.0]])
    assert over(LEVEL, path, Period(2, 2)).tolist() == [2.0]
    assert over(CHANGE, path, Period(1, 2)).tolist() == [1.0]
    assert over(CHANCE, path, Period(1, 1)).tolist() == [0.0]
    assert over(CHANCE, path, Period(1, 3)).tolist() == [1.0]


def test_a_narrow_ensemble_is_as_wide_as_the_errors_and_a_wide_one_stays():
    same = np.full(400, 8.0)
    found = widened(same, "log", 0.4, 1.0)
    assert found[3] == pytest.approx(8.0, rel=0.01)
    assert math.log(found[-1] / 8.0) == pytest.approx(1.645 * 0.4, rel=0.06)
    assert math.log(8.0 / found[0]) == pytest.approx(1.645 * 0.4, rel=0.06)
    half = widened(same, "log", 0.4, 0.25)
    assert math.log(half[-1] / 8.0) == pytest.approx(1.645 * 0.2, rel=0.06)
    later = [widened(same, "log", 0.4, years)[-1] for years in (2.0, 4.0)]
    assert later[0] == later[1] > found[-1]
    wide = np.exp(np.random.default_rng(3).normal(0.0, 0.8, 4000))
    assert widened(wide, "log", 0.4, 1.0) == pytest.approx(np.quantile(wide, LEVELS, method="hazen"))


def test_coverage_of_a_world_that_the_model_misses_by_its_errors():
    # the model's median is off by a normal error of 0.3 that its ensemble knows nothing of
    rng = np.random.default_rng(7)
    inside = []
    for _ in range(400):
        truth = math.exp(rng.normal(0.0, 0.3))
        q = widened(np.exp(rng.normal(0.0, 0.05, 200)), "log", 0.3, 1.0)
        inside.append(q[0] <= truth <= q[-1])
    assert 0.86 < np.mean(inside) < 0.94


def test_the_rise_is_uncertain_and_what_stood_hardly():
    since, now = np.full(300, 100.0), np.full(300, 110.0)
    q = widened(now, "rise", 0.5, 1.0, since=since)
    assert q[3] == pytest.approx(110.0, rel=0.01)
    assert q[0] > 100.0 * math.exp(-1.8 * LEAST)
    assert q[-1] < 100.0 * math.exp(1.75 * LEAST) + 10.0 * math.exp(1.75 * 0.5)
    assert widened(np.zeros(300), "rise", 0.5, 1.0, since=since)[0] == 0.0  # never below zero where no world is


def test_what_may_be_negative_is_widened_by_parts_of_its_size():
    loss = np.full(300, -2.0)
    assert widened(loss, "linear", 0.5, 1.0)[-1] == pytest.approx(-2.0 + 1.645 * 1.0, rel=0.06)
    assert widened(loss, "linear", 0.5, 1.0, size=10.0)[-1] == pytest.approx(-2.0 + 1.645 * 5.0, rel=0.06)
    assert widened(np.full(300, 1.0), "linear", 2.0, 1.0)[0] == 0.0  # never below zero where no world is


def test_nothing_known_is_nothing_said_and_failed_firms_count_as_zero():
    assert all(math.isnan(q) for q in widened(np.array([np.nan, np.nan]), "log", 0.3, 1.0))
    q = widened(np.array([0.0] * 30 + [5.0] * 70), "log", 0.2, 1.0)
    assert q[0] == q[2] == 0.0
    assert q[3] > 3.0


def test_lines_have_every_period_and_what_the_hindcast_says():
    asked = [quantity(LEVEL), quantity(CHANCE, scale=""), quantity(FLOW, scale="linear", size="debt")]
    paths = np.zeros((50, 4, 25))
    paths[:, 0] = 5.0
    paths[:20, 1, 14] = 1.0
    paths[:, 2] = 1.0
    paths[:, 3] = 100.0
    found = lines(asked, paths, [TrackRecord(0.2, 0.4), TrackRecord(0.0, math.nan), TrackRecord(0.1, -0.2)], END)
    levels, chances, flows = found[:24], found[24:26], found[26:]
    assert [line.period for line in levels[:2]] == ["2026-01", "2026-02"]
    assert levels[0].skill == "0.40"
    assert [(c.period, c.chance) for c in chances] == [("2026-12", 0.0), ("2027-12", 0.4)]
    assert {c.skill for c in chances} == {"not tested"}
    assert flows[0].period == "2026Q1"
    assert flows[0].skill == "no skill"
    assert flows[0].quantiles[3] == pytest.approx(3.0, rel=0.02)
    assert flows[0].quantiles[-1] > 15.0  # a tenth of 300, half of it in a quarter of a year, at 1.645
