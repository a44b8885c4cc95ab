"""Hyperscalers: the fleet one plans beside its rivals, the debt and the capex it allows itself, the bonds it issues."""

from math import exp

import pytest
from village import Village

from abm.agents.hyperscaler import (
    capex_budget,
    debt_room,
    plan_fleet,
    rivals_pace,
    seek_bonds,
)
from abm.engine import tables as ec
from abm.engine.draws import D_ISSUE, uniform


def near(value):
    return pytest.approx(value, rel=1e-12)


# --- rivals -----------------------------------------------------------------------------------------------
def race(months, **columns):
    """Providers have 8 M H100e and have planned 14; the cloud asked about has 2 of them and has planned 3."""
    v = Village(site_lead=20.0)
    cloud = v.hyperscaler(**({"capacity": 2.0, "planned": 3.0} | columns))
    v.hyperscaler(capacity=5.0, planned=10.0)
    v.neocloud(capacity=1.0, planned=0.4)  # no less than it has
    v.lab(capacity=3.0, planned=7.0)
    v.project(capacity=3.0, planned=7.0)
    return float(v.run(rivals_pace, cloud, months))


def test_keeping_pace_keeps_the_share_of_what_all_have_planned():
    assert race(20.0) == near(2.0 / 8.0 * 14.0)
    assert race(50.0) == near(3.5)


def test_nearer_than_a_site_is_built_rivals_are_a_part_of_the_way():
    assert race(5.0) == near(0.25 * (8.0 + 0.25 * 6.0))
    assert race(0.0) == near(2.0)


def test_who_has_nothing_has_no_pace_to_keep():
    assert race(20.0, capacity=0.0) == 0.0
    v = Village()
    assert v.run(rivals_pace, v.hyperscaler(planned=3.0), 20.0) == 0.0


def test_a_site_takes_a_month_at_least():
    v = Village(site_lead=0.0)
    cloud = v.hyperscaler(capacity=2.0, planned=3.0)
    assert v.run(rivals_pace, cloud, 0.5) == near(2.5)
    assert v.run(rivals_pace, cloud, 1.0) == near(3.0)


# --- the fleet wanted -------------------------------------------------------------------------------------
def planned(months=18.0, rivalry=0.5, rival=0.0, **columns):
    """Own workloads of 4, 2 promised with a twentieth of spares, 0.5 let, 0.7 rented; a rival with a fleet of 6."""
    v = Village(
        demand_growth=1.0, growth_belief_cap=0.9, growth_fade=0.0, capacity_cover=1.05, hurdle_margin=0.25,
        speculation=0.8, speculation_cap=0.5, rivalry=rivalry, site_lead=12.0,
    )  # fmt: skip
    v.market.long_run_price, v.market.spot_price, v.market.compute_growth = 2.0, 9.0, 0.4
    usual = {
        "need": 4.0, "own_growth": 0.25, "promised_out": 2.0, "promised_in": 0.7, "spot_sold": 0.5, "capacity": 6.0,
        "expected_spot": 2.5,
    }  # fmt: skip
    cloud = v.hyperscaler(**(usual | columns))
    v.hyperscaler(capacity=6.0, planned=rival)
    return float(v.run(plan_fleet, cloud, months))


OWN = 4.0 * exp(0.25 * 1.5)  # own workloads in a year and a half
LET = 0.5 * exp(0.4 * 1.5)  # what is let without contract, at the growth of the market


def test_a_fleet_is_for_own_workloads_promises_and_what_is_let_less_what_others_promised():
    assert planned() == near(OWN + 2.0 * 1.05 + LET - 0.7)
    assert planned(months=6.0) == near(4.0 * exp(0.125) + 2.1 + 0.5 * exp(0.2) - 0.7)


def test_own_growth_is_believed_up_to_the_cap():
    assert planned(own_growth=0.88) == near(4.0 * exp(0.88 * 1.5) + 2.1 + LET - 0.7)
    assert planned(own_growth=1.0) == near(4.0 * exp(0.9 * 1.5) + 2.1 + LET - 0.7)


def test_the_return_expected_moves_what_is_let_and_nothing_else():
    assert planned(expected_spot=3.0) == near(OWN + 2.1 + LET * 1.2**0.8 - 0.7)
    assert planned(expected_spot=2.0) == near(OWN + 2.1 + LET * 0.8**0.8 - 0.7)


def test_who_lags_behind_its_rivals_makes_up_for_a_part_of_it():
    # All of 12 plan 30: half of it is 15 in a year; the cloud's own plan is 8.8.
    alone = OWN + 2.1 + LET
    assert planned(rival=24.0) == near(alone + 0.5 * (15.0 - alone) - 0.7)
    assert planned(rival=24.0, rivalry=0.2) == near(alone + 0.2 * (15.0 - alone) - 0.7)
    assert planned(rival=24.0, rivalry=0.0) == near(alone - 0.7)


def test_who_is_ahead_of_its_rivals_builds_no_less():
    assert planned(rival=8.0) == near(OWN + 2.1 + LET - 0.7)  # half of 14 is 7


# --- what it can pay --------------------------------------------------------------------------------------
MEANS = {"capex_willingness": 1.5, "hyperscaler_debt": 1.25, "backlog_advance": 0.5, "debt_capex_share": 0.6}
BOOKS = {"capex_share": 0.4, "earnings": 2.0, "backlog_in": 40.0, "debt": 12.0, "cash": 99.0, "leverage": 0.9}


def room(**columns):
    v = Village(**MEANS)
    return float(v.run(debt_room, v.hyperscaler(**(BOOKS | columns))))


def test_debt_may_reach_years_of_cash_earnings():
    assert room() == near(1.25 * 24.0 - 12.0)
    assert room(debt=29.0) == near(1.0)


def test_a_backlog_carries_debt_beyond_that():
    assert room(backlog_in=100.0) == near(50.0 - 12.0)
    assert room(backlog_in=61.0) == near(30.5 - 12.0)


def test_who_owes_more_has_no_room():
    assert room(debt=31.0) == 0.0
    assert room(earnings=-9.0, backlog_in=0.0, debt=0.0) == 0.0
    assert room(earnings=-9.0) == near(20.0 - 12.0)


def budget(**columns):
    v = Village(**MEANS)
    return float(v.run(capex_budget, v.hyperscaler(**(BOOKS | columns))))


def test_a_budget_is_a_share_of_earnings_and_a_part_of_the_room_to_borrow():
    # 0.4 * 2 * 1.5 of its own; of a room of 18, 0.6 a year
    assert budget() == near(1.2 + 18.0 * 0.6 / 12.0)
    assert budget(debt=31.0) == near(1.2)


def test_losses_cut_nothing_from_the_room_to_borrow():
    assert budget(earnings=-10.0) == near(8.0 * 0.6 / 12.0)


# --- bonds ------------------------------------------------------------------------------------------------
def wanted(months=6.0, **columns):
    """Month 10, orders for 8 and 5 less deposits due by months 16 and 12, cash earnings of 3 a month, 4 months kept."""
    usual = {"hyperscaler_cash_months": 4.0, "bond_size": 5.0, "leverage_speed": 0.0}
    v = Village(**(MEANS | usual | {"prefund_months": months}))
    v.market.month = 10
    vendor = v.vendor()
    usual = {"earnings": 3.0, "cash": 9.0, "debt": 20.0, "payout": 0.5, "other_income": 2.0, "debt_service": 0.5}
    cloud = v.hyperscaler(**(usual | columns))
    usual = dict(usual | columns)
    v.order(cloud, vendor, 0.5, 20.0, due=16, deposit=2.0)
    v.order(cloud, ec.SUPPLIERS, 0.6, 10.0, due=12, deposit=1.0, kind=ec.SITE_ORDER)
    v.order(cloud, vendor, 0.5, 20.0, due=17)
    v.order(cloud, vendor, 0.5, 20.0, due=12, status=ec.ENDED)
    v.order(v.hyperscaler(), vendor, 0.5, 20.0, due=12)
    for column, value in usual.items():
        v[cloud][column] = value
    return float(v.run(seek_bonds, cloud))


def test_bonds_pay_for_what_orders_ask_beyond_cash_flow_and_keep_cash():
    # 4 months of 3 to keep, 8 and 5 due, less 6 months of 3 - 1 - 0.5 and the 9 at hand
    assert wanted() == near(12.0 + 13.0 - 9.0 - 9.0)
    assert wanted(cash=10.5) == near(5.5)


def test_orders_are_paid_for_by_the_cash_flow_until_they_are_due_and_not_by_what_comes_later():
    assert wanted(months=2.0) == near(12.0 + 5.0 - 3.0 - 9.0)
    assert wanted(months=5.0) == near(12.0 + 5.0 - 3.0 - 9.0)
    assert wanted(months=7.0, cash=19.0) == near(12.0 + 23.0 - 10.5 - 19.0)
    assert wanted(months=1.0, cash=6.0) == near(12.0 - 6.0)


def test_a_cash_flow_below_dividends_and_service_is_no_outflow_twice():
    assert wanted(other_income=5.0, debt_service=0.6) == near(12.0 + 13.0 - 9.0)


def test_no_bond_is_smaller_than_an_issue():
    assert wanted(cash=11.0) == 5.0
    assert wanted(cash=11.1) == 0.0
    assert wanted(cash=99.0) == 0.0


def test_bonds_end_where_the_rating_would_suffer():
    # 1.25 years of 36 are 45
    assert wanted(debt=39.0) == near(6.0)
    assert wanted(debt=41.0) == 0.0


def test_who_loses_money_keeps_no_months_of_earnings():
    # a backlog of 80 carries 40, 20 are owed; 13 due less 1 at hand
    assert wanted(earnings=-3.0, backlog_in=80.0, cash=1.0) == near(12.0)


def adjusting(spacing=1.0, month=10, **columns):
    """Cash enough, room for debt of 1.25 years of 36 less 20, a fifth of it a year, an issue in every month."""
    usual = {"leverage_speed": 0.2, "hyperscaler_cash_months": 0.0, "bond_size": 0.1, "bond_spacing": spacing}
    v = Village(**(MEANS | usual))
    v.market.month = month
    columns = {"earnings": 3.0, "cash": 99.0, "capex": 2.0, "depreciation": 1.9, "debt": 20.0} | columns
    cloud = v.hyperscaler(**columns)
    return float(v.run(seek_bonds, cloud))


def test_a_hyperscaler_that_grows_moves_towards_the_debt_its_rating_allows():
    assert adjusting() == near(0.2 * 25.0 / 12.0)
    assert adjusting(debt=38.0) == near(0.2 * 7.0 / 12.0)


def test_it_comes_to_the_market_by_chance_for_all_the_months_between():
    # firm 5 draws below a quarter in some months and not in others
    found = {month: uniform(1, D_ISSUE, month, ec.N_OUTSIDE) for month in range(20)}
    assert {month for month, u in found.items() if u < 0.25} == {
        month for month in found if adjusting(4.0, month) == near(0.2 * 25.0 * 4.0 / 12.0)
    }
    assert {month for month, u in found.items() if u >= 0.25} == {
        month for month in found if adjusting(4.0, month) == 0.0
    }


def test_a_hyperscaler_that_does_not_grow_stays_where_it_is():
    assert adjusting(depreciation=2.0) == 0.0


def test_the_larger_of_the_two_wants_counts():
    assert adjusting(cash=-3.0) == near(3.0)
    assert adjusting(cash=-0.4) == near(0.2 * 25.0 / 12.0)
