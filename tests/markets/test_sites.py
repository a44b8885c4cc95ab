"""Powered sites: ahead of hardware, leased in a hurry, leased from project companies, built on the own books."""

from __future__ import annotations

from math import exp

import pytest
from village import Village

from abm.engine import tables as ec
from abm.engine.draws import D_SITE, normal
from abm.markets.gpus import power_by
from abm.markets.sites import draw_lead, offer_sites, order_sites, plan_ahead, rent_early, tally_sites
from abm.rules import interpreted


def near(value):
    return pytest.approx(value, rel=1e-12)


def annuity(rate, months):
    """Level payment that repays 1."""
    return rate / 12.0 / (1.0 - (1.0 + rate / 12.0) ** -months)


# No growth is expected, no race is run; a site costs 10 bn a GW and stands two years after it is ordered.
PLAIN = {
    "site_cost": 10.0, "order_deposit": 0.2, "site_ahead": 1.0, "site_lead": 24.0, "site_delay": 0.0,
    "order_smoothing": 1.0, "project_share": 0.0, "growth_fade": 0.0, "growth_belief_cap": 9.0, "rivalry": 0.0,
    "speculation": 0.0, "demand_growth": 1.0, "capacity_cover": 1.0, "grid_gw": 500.0, "shell_lead": 9.0,
    "conversion_lead": 7.0, "shell_premium": 0.25, "conversion_premium": 0.4, "project_cover": 1.3,
    "project_debt": 0.8, "lease_tenor": 24.0, "project_spread": 0.04, "target_utilisation": 0.8,
}  # fmt: skip


def land(**parameters):
    """A vendor whose hardware draws 1 kW and costs 20 bn; month 3."""
    v = Village(**(PLAIN | parameters))
    v.market.month = 3
    v.generation(v.vendor())
    return v


def cloud_of(v, wanted, **columns):
    """A hyperscaler that has promised so much (M H100e, GW) and has no fleet yet."""
    i = v.hyperscaler(**({"promised_out": wanted, "cash": 500.0, "expected_spot": 2.0} | columns))
    v.close()
    return i


# --- landlords ------------------------------------------------------------------------------------------
def test_landlords_bring_a_twelfth_a_month_and_keep_a_year_s_at_most():
    v = Village(shell_gw=6.0, conversion_gw=2.4)
    v.run(offer_sites)
    assert (v.market.shells_left, v.market.conversions_left) == (near(0.5), near(0.2))
    v.market.shells_left, v.market.conversions_left = 5.4, 2.1
    v.run(offer_sites)
    assert (v.market.shells_left, v.market.conversions_left) == (near(5.9), near(2.3))
    v.run(offer_sites)
    assert (v.market.shells_left, v.market.conversions_left) == (6.0, near(2.4))


# --- how long it takes ----------------------------------------------------------------------------------
def luck(buyer, which):
    return float(interpreted(normal)(1, D_SITE, 3, buyer * 4 + which))


def test_the_months_a_site_takes_are_drawn_around_the_usual_time():
    v = land(site_delay=0.25)
    for buyer, which in ((6, 0), (6, 2), (7, 0), (7, 1)):
        drawn = int(200.0 * exp(0.25 * luck(buyer, which)) + 0.5)
        assert v.run(draw_lead, buyer, 200.0, which) == drawn
    assert len({v.run(draw_lead, 6, 200.0, which) for which in range(3)}) == 3


def test_without_luck_it_takes_the_usual_time_to_the_next_month_and_one_at_least():
    v = land()
    assert [v.run(draw_lead, 6, months, 0) for months in (20.0, 20.4, 20.6, 0.2)] == [20, 20, 21, 1]


# --- the fleet planned ----------------------------------------------------------------------------------
def test_a_hyperscaler_plans_what_it_wants_by_then():
    v = land()
    cloud = v.hyperscaler(need=2.0, own_growth=0.3, promised_in=0.5)
    assert v.run(plan_ahead, cloud, 12.0) == near(2.0 * exp(0.3) - 0.5)
    assert v.run(plan_ahead, cloud, 24.0) == near(2.0 * exp(0.6) - 0.5)


def test_a_neocloud_plans_no_more_than_it_could_pay_for():
    v = land(loan_to_cost=0.75, equity_part=0.4, equity_dilution=0.1)
    cloud = v.neocloud(promised_out=5.0, capacity=0.6, on_order=0.3, valuation=60.0, cash=3.0)
    # 30 bn a unit, a quarter of it own money: a round of 6 and 1.2 of its cash carry 7.2 / 7.5.
    assert v.run(plan_ahead, cloud, 12.0) == near(0.9 + 0.96)
    v[cloud].promised_out = 1.5
    assert v.run(plan_ahead, cloud, 12.0) == near(1.5)
    v[cloud].promised_out = 0.0
    v.market.compute_growth = 0.4
    assert v.run(plan_ahead, cloud, 12.0) == near(0.6 * exp(0.4))
    assert v.run(plan_ahead, cloud, 24.0) == near(0.6 * exp(0.8))


def test_a_lab_plans_its_own_part_within_its_means():
    v = land(
        loan_to_cost=0.75, equity_part=0.4, equity_dilution=0.1, planning_horizon=12.0, task_complexity=3.0,
        algorithmic_efficiency=3.0, capacity_ambition=1.0,
    )  # fmt: skip
    lab = v.lab(need=2.0, training_target=0.5, own_hardware=0.4, capacity=0.2, valuation=60.0, cash=3.0)
    assert v.run(plan_ahead, lab, 24.0) == near(0.2 + 0.96)
    v[lab].own_hardware = 0.3
    assert v.run(plan_ahead, lab, 24.0) == near(0.9)


# --- in a hurry -----------------------------------------------------------------------------------------
def hurried(gw, conversions=0.2, shells=0.5, **parameters):
    """A cloud that earns 0.73 * 0.8 * (3 - 0.05) bn a GW and month above running costs leases in a hurry."""
    v = land(**parameters)
    v.market.conversions_left, v.market.shells_left = conversions, shells
    cloud = cloud_of(v, 0.0, expected_spot=3.0)
    taken = v.run(rent_early, cloud, gw)
    assert v[cloud].lease_gw == near(taken)
    for c in v.rows("contracts"):
        assert (c.kind, c.buyer, c.seller, c.status, c.ramp) == (ec.SITE, cloud, ec.SUPPLIERS, ec.PENDING, 1)
    return v, taken, [(near(c.quantity), c.start) for c in v.rows("contracts")]


RENT = 1.3 * 8.0 * annuity(0.09, 24)


def test_powered_sites_of_other_uses_are_leased_first_and_then_shells():
    v, taken, leases = hurried(0.6)
    assert taken == near(0.6)
    assert leases == [(0.2, 10), (0.4, 12)]
    assert [near(c.price) for c in v.rows("contracts")] == [RENT * 1.4, RENT * 1.25]
    assert (v.market.conversions_left, v.market.shells_left) == (0.0, near(0.1))
    v.audit()


def test_no_more_is_leased_than_wanted_or_than_there_is():
    v, taken, leases = hurried(0.15)
    assert (taken, leases) == (0.15, [(0.15, 10)])
    assert (v.market.conversions_left, v.market.shells_left) == (near(0.05), 0.5)
    _, taken, leases = hurried(2.0)
    assert (taken, leases) == (near(0.7), [(0.2, 10), (0.5, 12)])


def test_crumbs_are_left():
    assert hurried(0.0009)[1] == 0.0
    assert hurried(0.6, conversions=0.0009)[2] == [(0.5, 12)]


def test_each_kind_is_taken_where_the_months_it_gains_are_worth_its_premium():
    # 17 months gained by a conversion earn 29.3, 15 by a shell 25.8; a site costs 10.
    earned = 0.73 * 0.8 * 2.95 / 10.0
    assert hurried(0.6, conversion_premium=17.0 * earned * 1.001)[2] == [(0.5, 12)]
    assert hurried(0.6, conversion_premium=17.0 * earned * 0.999)[2] == [(0.2, 10), (0.4, 12)]
    assert hurried(0.6, shell_premium=15.0 * earned * 1.001)[2] == [(0.2, 10)]
    assert hurried(0.6, shell_premium=15.0 * earned * 0.999)[2] == [(0.2, 10), (0.4, 12)]


def test_each_lease_has_luck_of_its_own():
    v, _, leases = hurried(0.6, site_delay=0.25, conversion_lead=100.0, shell_lead=100.0, site_lead=500.0)
    cloud = v.rows("contracts")[0].buyer
    assert [start for _, start in leases] == [3 + int(100.0 * exp(0.25 * luck(cloud, k)) + 0.5) for k in range(2)]


# --- what is ordered ------------------------------------------------------------------------------------
def test_what_is_missing_of_sites_is_ordered_on_the_own_books():
    v = land()
    cloud = cloud_of(v, 1.5, site_gw=0.5, on_order_gw=0.3)
    v.order(cloud, ec.SUPPLIERS, 0.3, 10.0, kind=ec.SITE_ORDER, due=99)
    v.contract(cloud, v.project(), 0.4, 0.1, kind=ec.SITE, status=ec.PENDING, start=50, ramp=8)
    v.run(order_sites, cloud)
    o = v.rows("orders")[1]
    assert (o.kind, o.buyer, o.vendor, o.generation, o.due, o.end_user) == (
        ec.SITE_ORDER, cloud, ec.SUPPLIERS, -1, 27, -1,
    )  # fmt: skip
    assert (o.units, o.price) == (near(0.3), 10.0)
    assert v[cloud].on_order_gw == near(0.6)
    assert v[cloud].cash == near(500.0 - 0.2 * 3.0)
    v.audit()


def test_sites_are_for_the_fleet_that_stands_and_what_is_to_be_added_at_the_power_on_sale():
    v = land()
    # 0.6 M H100e that draw 0.9 GW stand, 0.9 more of 1.2 kW are planned
    cloud = cloud_of(v, 1.5, capacity=0.6, fleet_gw=0.9, pue=1.2)
    v.run(order_sites, cloud)
    assert v.rows("orders")[0].units == near(0.9 + 1.2 * 0.9)


@pytest.mark.parametrize(("ahead", "months"), [(1.0, 24), (0.5, 12), (0.0, 0)])
def test_sites_are_planned_for_the_growth_until_they_are_built(ahead, months):
    v = land(site_ahead=ahead)
    cloud = cloud_of(v, 0.0, need=1.5, own_growth=0.3)
    v.run(order_sites, cloud)
    assert v.rows("orders")[0].units == near(1.5 * exp(0.3 * months / 12.0))


def test_a_part_of_what_is_missing_is_ordered_each_month():
    v = land(order_smoothing=4.0)
    cloud = cloud_of(v, 1.5, site_gw=0.3)
    v.run(order_sites, cloud)
    v.run(order_sites, cloud)
    assert [o.units for o in v.rows("orders")] == [near(0.3), near(0.225)]


def test_who_has_sites_enough_orders_none():
    v = land()
    cloud = cloud_of(v, 1.7, site_gw=1.7)
    v.run(order_sites, cloud)
    v[cloud].promised_out = 1.70009
    v.run(order_sites, cloud)
    assert v.market.n_orders == 0
    v[cloud].promised_out = 1.70011
    v.run(order_sites, cloud)
    assert v.market.n_orders == 1


def test_half_of_the_cash_pays_the_deposit_of_a_site():
    v = land()
    cloud = cloud_of(v, 2.0, cash=3.0)
    v.run(order_sites, cloud)
    assert v.rows("orders")[0].units == near(0.75)  # 1.5 bn of deposits at 0.2 of 10
    assert v[cloud].on_order_gw == near(0.75)
    poor = cloud_of(v, 2.0, cash=-2.0)
    v.run(order_sites, poor)
    assert v.market.n_orders == 1


def test_a_site_takes_what_is_drawn_or_the_queue_for_the_grid():
    v = land(site_delay=0.5, site_lead=200.0)
    cloud = cloud_of(v, 1.0)
    v.run(order_sites, cloud)
    assert v.rows("orders")[0].due == 3 + int(200.0 * exp(0.5 * luck(cloud, 2)) + 0.5)
    v = land(grid_gw=6.0)
    v.project(on_order_gw=20.0)
    v.run(order_sites, cloud_of(v, 1.0))
    assert v.rows("orders")[0].due == 3 + 40


def test_what_is_short_soon_is_leased_a_part_a_month_and_the_rest_ordered():
    v = land(order_smoothing=4.0)
    v.market.shells_left, v.market.conversions_left = 9.0, 0.15
    # 0.8 of 2.0 will stand when a shell would: 0.3 a month is leased; of what is short then, a quarter is ordered
    cloud = cloud_of(v, 2.0, site_gw=0.5, expected_spot=9.0)
    v.order(cloud, ec.SUPPLIERS, 0.3, 10.0, kind=ec.SITE_ORDER, due=12)
    v.order(cloud, ec.SUPPLIERS, 0.4, 10.0, kind=ec.SITE_ORDER, due=13)
    v.run(order_sites, cloud)
    assert [(near(c.quantity), c.seller) for c in v.rows("contracts")] == [(0.15, ec.SUPPLIERS), (0.15, ec.SUPPLIERS)]
    assert v.rows("orders")[2].units == near((2.0 - 0.5 - 0.7 - 0.3) / 4.0)
    v.audit()


def test_soon_is_when_a_shell_would_stand():
    v = land(order_smoothing=1.0)
    v.market.shells_left = 9.0
    # 0.4 M H100e that draw 0.5 GW stand
    cloud = cloud_of(v, 0.0, need=1.0, own_growth=0.4, site_gw=1.0, capacity=0.4, fleet_gw=0.5, expected_spot=9.0)
    v.run(order_sites, cloud)
    assert [near(c.quantity) for c in v.rows("contracts")] == [0.5 + exp(0.3) - 0.4 - 1.0]
    assert [near(o.units) for o in v.rows("orders")] == [exp(0.8) - exp(0.3)]


def test_who_is_in_no_hurry_waits_for_its_own_site():
    v = land()
    v.market.shells_left = v.market.conversions_left = 9.0
    cloud = cloud_of(v, 2.0, expected_spot=0.06)
    v.run(order_sites, cloud)
    assert v.market.n_contracts == 0
    assert v.rows("orders")[0].units == near(2.0)


# --- from project companies -----------------------------------------------------------------------------
def test_empty_sites_of_projects_are_leased_before_any_is_ordered():
    v = land()
    cloud, project = cloud_of(v, 1.5), v.project(site_gw=0.6)
    v.run(order_sites, cloud)
    (lease,) = v.rows("contracts")
    assert (lease.kind, lease.buyer, lease.seller, lease.quantity) == (ec.SITE, cloud, project, 0.6)
    assert v.rows("orders")[0].units == near(0.9)
    assert v[cloud].lease_gw == 0.6
    v.audit()


def tenant(leased=0.0, wanted=2.0, smoothing=1.0, **columns):
    """A cloud of leverage 0.35 that leases half of its sites (0.7 full) from projects, and a bank to pay them."""
    v = land(
        project_share=0.7, project_leverage=0.49, project_size=0.4, project_spacing=6.0, project_halls=1.0,
        order_smoothing=smoothing,
    )  # fmt: skip
    v.market.month = 9
    v.lender(cash=500.0)
    cloud = cloud_of(v, wanted, **({"cash": 100.0, "leverage": 0.35, "last_project": 0} | columns))
    if leased:
        v.contract(cloud, ec.SUPPLIERS, leased, 0.1, kind=ec.SITE)
        v[cloud].lease_gw = leased
    return v, cloud


def built(v, cloud):
    """Sites ordered by the cloud (True) or by a project company, with their power."""
    return [(bool(o.buyer == cloud), near(o.units)) for o in v.rows("orders")]


def test_a_part_of_what_is_missing_is_built_by_a_project_and_leased():
    v, cloud = tenant(site_gw=0.3)
    v.run(order_sites, cloud)
    project = v.market.n_firms - 1
    (lease,) = v.rows("contracts")
    assert (lease.kind, lease.buyer, lease.seller) == (ec.SITE, cloud, project)
    assert lease.quantity == near(1.0)
    assert built(v, cloud) == [(False, 1.0), (True, 0.7)]
    assert v[cloud].lease_gw == near(1.0)
    v.run(order_sites, cloud)
    assert v.market.n_orders == 2
    v.audit()


def test_leases_at_hand_count_towards_the_part_leased():
    v, cloud = tenant(leased=0.55, site_gw=0.3)
    v.run(order_sites, cloud)
    assert built(v, cloud) == [(False, 0.45), (True, 0.7)]


def test_a_project_builds_no_more_than_is_missing():
    v, cloud = tenant(site_gw=1.3)
    v.run(order_sites, cloud)
    assert built(v, cloud) == [(False, 0.7)]


def test_what_waits_for_the_next_project_is_not_built_twice():
    v, cloud = tenant(site_gw=0.3, last_project=5)
    v.run(order_sites, cloud)
    assert built(v, cloud) == [(True, 0.7)]
    assert v.market.n_contracts == 0
    v, cloud = tenant(site_gw=0.3, last_project=5, smoothing=2.0)
    v.run(order_sites, cloud)
    assert built(v, cloud) == [(True, 0.35)]


def test_what_is_too_small_for_a_project_is_built_on_the_own_books():
    v, cloud = tenant(leased=0.61, site_gw=0.3)
    v.run(order_sites, cloud)
    assert built(v, cloud) == [(True, 1.09)]


# --- what all have planned ------------------------------------------------------------------------------
def test_a_provider_has_planned_what_its_sites_built_ordered_and_leased_will_hold():
    v = land()
    cloud = v.hyperscaler(capacity=2.0, fleet_gw=1.0, site_gw=1.5, pue=1.25, planned=9.0)
    v.order(cloud, ec.SUPPLIERS, 0.4, 10.0, kind=ec.SITE_ORDER, due=99)
    v.contract(cloud, v.project(), 0.1, 0.1, kind=ec.SITE, status=ec.PENDING, start=50)
    full = v.neocloud(capacity=2.0, fleet_gw=1.0, site_gw=0.5)
    failed = v.hyperscaler(capacity=2.0, site_gw=5.0, planned=9.0, status=ec.FAILED)
    lab, project = v.lab(capacity=2.0, site_gw=5.0, planned=9.0), v.project(capacity=2.0, site_gw=5.0, planned=9.0)
    assert v.run(power_by, cloud, 99) == near(2.0)
    v.run(tally_sites)
    assert v[cloud].planned == near(2.0 + 1.0 / 1.25)
    assert v[full].planned == 2.0
    assert [v[i].planned for i in (failed, lab, project)] == [0.0, 0.0, 0.0]
