"""Publishers of open models: when they release one, and how good it is."""

import pytest
from village import Village

from abm.agents.entrant import release_model
from abm.engine.tables import FRONTIER_MEMORY


def released(month, *, interval=3.0, lag=3.4, scale=2.0, quality=0.5, before=0):
    """Quality after the month, of a publisher in row 5 + before; the frontier of slot k was k / 10 + 1."""
    v = Village(open_release_interval=interval, open_lag=scale, open_gap=0.3)
    v.market.month = month
    for _ in range(before):
        v.lab()
    v.state.frontier_memory[:] = [1.0 + k / 10 for k in range(FRONTIER_MEMORY)]
    return float(v.run(release_model, v.entrant(lag=lag, quality=quality)))


def test_a_release_is_the_frontier_of_the_lag_before_less_the_gap():
    # 3.4 * 2 = 6.8 months, so 7
    assert released(13) == pytest.approx(1.6 - 0.3, rel=1e-12)


def test_the_lag_is_rounded_to_months():
    assert released(13, lag=3.24) == pytest.approx(1.7 - 0.3, rel=1e-12)
    assert released(13, lag=3.25) == pytest.approx(1.6 - 0.3, rel=1e-12)


def test_nothing_is_released_between_the_intervals_and_publishers_take_turns():
    assert [month for month in range(12, 22) if released(month) != 0.5] == [13, 16, 19]
    assert [month for month in range(12, 22) if released(month, before=1) != 0.5] == [12, 15, 18, 21]


@pytest.mark.parametrize(("interval", "months"), [(0.5, [12, 13, 14, 15]), (1.0, [12, 13, 14, 15]), (2.9, [13, 15])])
def test_intervals_are_whole_months_and_one_at_least(interval, months):
    assert [month for month in range(12, 16) if released(month, interval=interval) != 0.5] == months


def test_no_release_is_worse_than_the_last():
    assert released(13, quality=1.31) == 1.31
    assert released(13, quality=1.29) == pytest.approx(1.3, rel=1e-12)


def test_the_memory_is_a_ring():
    assert released(4) == pytest.approx(1.0 + 6.1 - 0.3, rel=1e-12)
    assert released(76) == pytest.approx(1.0 + 0.5 - 0.3, rel=1e-12)


def test_no_lag_is_longer_than_the_memory():
    assert released(13, lag=50.0) == pytest.approx(1.0 + 1.4 - 0.3, rel=1e-12)
    assert released(13, lag=31.0) == pytest.approx(1.0 + 1.5 - 0.3, rel=1e-12)
