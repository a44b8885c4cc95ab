"""Hyperscalers: the fleet one plans and the capex it allows itself."""

from math import exp

import pytest
from village import Village

from abm.agents.hyperscaler import capex_budget, plan_fleet


def near(value):
    return pytest.approx(value, rel=1e-12)


def planned(spot=2.0, cap=0.5, growth=0.25):
    v = Village(
        demand_growth=1.2, growth_belief_cap=0.9, planning_horizon=18.0, capacity_cover=1.05, hurdle_margin=0.25,
        speculation=0.8, speculation_cap=cap,
    )  # fmt: skip
    v.market.long_run_price, v.market.spot_price = 2.0, 9.0
    cloud = v.hyperscaler(need=4.0, own_growth=growth, promised_out=2.0, promised_in=0.7, expected_spot=spot)
    return float(v.run(plan_fleet, cloud))


OWN = 4.0 * exp(1.2 * 0.25 * 1.5)  # own workloads in a year and a half


def test_a_fleet_is_for_own_workloads_and_promises_less_what_others_promised():
    assert planned() == near(OWN + 2.0 * 1.05 - 0.7)


def test_own_growth_is_believed_up_to_the_cap():
    assert planned(growth=0.74) == near(4.0 * exp(0.888 * 1.5) + 1.4)
    assert planned(growth=1.0) == near(4.0 * exp(0.9 * 1.5) + 1.4)


def test_rents_above_the_hurdle_call_for_a_speculative_part_of_own_workloads():
    # hurdle 2.5, a fifth above it
    assert planned(spot=3.0) == near(OWN * (1.0 + 0.2 * 0.8) + 1.4)
    assert planned(spot=2.4) == near(OWN + 1.4)


def test_speculation_is_capped():
    assert planned(spot=3.0, cap=0.1) == near(OWN * 1.1 + 1.4)


def budget(**columns):
    v = Village(
        capex_willingness=1.5, hyperscaler_leverage=0.55, backlog_advance=0.5, debt_capex_share=0.3
    )  # fmt: skip
    usual = {
        "capex_share": 0.4, "earnings": 10.0, "leverage": 0.35, "other_assets": 50.0, "fleet_book": 35.0,
        "sites": 15.0, "backlog_in": 60.0, "debt": 12.0, "cash": 99.0,
    }  # fmt: skip
    return float(v.run(capex_budget, v.hyperscaler(**(usual | columns))))


def test_a_budget_is_a_share_of_earnings_and_a_twelfth_of_the_room_to_borrow():
    # 0.4 * 10 * 1.5 of its own; room 0.2 * 100 against 0.5 * 60 - 12 = 18
    assert budget() == near(6.0 + 20.0 * 0.3 / 12)


@pytest.mark.parametrize("asset", ["other_assets", "fleet_book", "sites"])
def test_every_asset_gives_room_to_borrow(asset):
    usual = {"other_assets": 50.0, "fleet_book": 35.0, "sites": 15.0}[asset]
    assert budget(**{asset: usual + 8.0}) == near(6.0 + 21.6 * 0.3 / 12)


def test_a_backlog_gives_room_to_borrow_beyond_the_leverage():
    assert budget(backlog_in=100.0) == near(6.0 + 38.0 * 0.3 / 12)
    assert budget(leverage=0.9) == near(6.0 + 18.0 * 0.3 / 12)


def test_without_room_a_cloud_spends_its_own_share_only():
    assert budget(leverage=0.9, backlog_in=20.0) == near(6.0)
    assert budget(leverage=0.9, other_assets=-200.0, backlog_in=20.0) == near(6.0)
    assert budget(other_assets=-200.0, backlog_in=20.0) == near(6.0)


def test_losses_cut_nothing_from_the_room_to_borrow():
    assert budget(earnings=-10.0) == near(0.5)
