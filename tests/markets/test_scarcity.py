"""Scarce power, capacity that looks for tenants, customers who stay away, and what is on whose account."""

from math import exp, log

import pytest
from village import Village

from abm.accounts.record import look_through
from abm.agents.lender import most_risk
from abm.agents.neocloud import seek_debt
from abm.engine.draws import D_ISSUE, D_TENANT, uniform
from abm.engine.tables import CUSTOMERS, DDTL, ENDED, FAILED, MARKET, PENDING, SITE
from abm.instruments.contract import lose_tenants, tally_contracts
from abm.markets.compute import reletting_pace
from abm.markets.power import connections, price_sites, site_price
from abm.rules import interpreted

chance = interpreted(uniform)


def near(value):
    return pytest.approx(value, rel=1e-12)


# --- powered sites --------------------------------------------------------------------------------------------
def test_scarce_sites_are_dearer_and_more_of_them_come():
    v = Village(site_cost=12.0, grid_gw=30.0, site_elasticity=0.5)
    v.market.site_scarcity = 4.0
    assert v.run(site_price) == 48.0
    assert v.run(connections) == near(60.0)


@pytest.mark.parametrize(("waiting", "before", "excess"), [
    (75.0, 1.2, log(1.5)),  # thirty months of queue, where a site takes twenty
    (900.0, 1.2, 1.0),
    (25.0, 2.0, -log(2.0)),
    (0.0, 2.0, -1.0),
])  # fmt: skip
def test_the_price_of_sites_follows_the_queue(waiting, before, excess):
    v = Village(grid_gw=30.0, site_elasticity=0.0, site_lead=20.0, site_price_speed=0.1)
    v.neocloud(on_order_gw=waiting)
    v.market.site_scarcity = before
    v.run(price_sites)
    assert v.market.site_scarcity == near(before * exp(0.1 * excess))


def test_a_queue_is_as_long_as_what_comes_at_today_s_price_makes_it():
    v = Village(grid_gw=30.0, site_elasticity=1.0, site_lead=20.0, site_price_speed=0.1)
    v.neocloud(on_order_gw=50.0)
    v.project(on_order_gw=25.0)
    v.market.site_scarcity = 2.0
    v.run(price_sites)
    # 60 a year come: 75 take fifteen months.
    assert v.market.site_scarcity == near(2.0 * exp(0.1 * log(0.75)))


def test_sites_cost_no_less_than_they_cost():
    v = Village(site_price_speed=0.1)
    v.run(price_sites)
    assert v.market.site_scarcity == 1.0


# --- capacity that looks for tenants ----------------------------------------------------------------------------
def test_what_lost_customers_left_is_let_the_more_slowly_the_more_there_is():
    v = Village(reletting_months=8.0, reletting_glut=3.0)
    v.neocloud(stranded=0.5, used=2.0)
    v.hyperscaler(stranded=0.5, used=8.0)
    v.neocloud(stranded=9.0, used=9.0, status=FAILED)
    assert v.run(reletting_pace) == near(1.0 / (8.0 * 1.3))


def test_of_a_provider_s_unnamed_tenants_one_of_four_leaves_at_a_time():
    for step, gone in ((1e-6, True), (-1e-6, False)):
        v = Village()
        v.market.sentiment, v.market.month = 0.8, 3
        cloud = v.neocloud()
        row = v.contract(CUSTOMERS, cloud, 0.8, 2.0, delivered=0.6)
        named = v.contract(v.lab(), cloud, 0.8, 2.0, delivered=0.6)
        v.p.tenant_failure = chance(1, D_TENANT, 3, cloud) / (4.0 / 12.0 * 1.2) * (1.0 + step)
        v.run(lose_tenants)
        contract = v.state.contracts[row]
        assert (contract.quantity, contract.delivered) == (near(0.6 if gone else 0.8), near(0.45 if gone else 0.6))
        assert v[cloud].stranded == near(0.15 if gone else 0.0)
        assert v.state.contracts[named].quantity == 0.8
        hits = [(h.victim, h.source, h.channel, h.amount) for h in v.rows("hits")]
        assert hits == ([(cloud, -1, MARKET, near(0.15 * 2.0 * 0.73))] if gone else [])


@pytest.mark.parametrize("columns", [{"status": PENDING}, {"status": ENDED}, {"kind": SITE}])
def test_tenants_leave_nothing_but_compute_that_they_have(columns):
    v = Village(tenant_failure=9.0)
    cloud = v.neocloud()
    row = v.contract(CUSTOMERS, cloud, 0.8, 2.0, delivered=0.6, **columns)
    v.run(lose_tenants)
    assert (v.state.contracts[row].quantity, v.state.contracts[row].delivered) == (0.8, 0.6)
    assert (v[cloud].stranded, v.market.n_hits) == (0.0, 0)


# --- windows and targets --------------------------------------------------------------------------------------
@pytest.mark.parametrize(("appetite", "limit"), [(1.2, 0.2), (1.0, 0.2), (0.5, 0.05)])
def test_a_mandate_narrows_while_its_lender_is_afraid(appetite, limit):
    v = Village(window_slope=2.0)
    assert v.run(most_risk, v.lender(appetite=appetite), 0.2) == near(limit)


def test_a_neocloud_issues_notes_now_and_then_towards_its_target_debt():
    for step, issues in ((1e-6, False), (-1e-6, True)):
        v = Village(cloud_debt=4.0, cloud_leverage_speed=0.3)
        cloud = v.neocloud(earnings=0.5, debt=14.0)
        v.p.bond_spacing = 1.0 / chance(1, D_ISSUE, 0, cloud) * (1.0 + step)
        wanted = 0.3 * (24.0 - 14.0) * float(v.p.bond_spacing) / 12.0
        assert v.run(seek_debt, cloud) == near(wanted if issues else 0.0)
        v[cloud].debt = 30.0
        assert v.run(seek_debt, cloud) == 0.0


def test_a_neocloud_borrows_only_what_its_spare_cash_does_not_pay():
    v = Village(cloud_debt=4.0, cloud_leverage_speed=0.3, bond_spacing=1.0, provider_cash_months=4.0)
    cloud = v.neocloud(earnings=0.5, debt=14.0, cash=9.0, mean_cost=0.5)
    assert v.run(seek_debt, cloud) == near(0.3 * (24.0 - 14.0 - 7.0) / 12.0)
    v[cloud].cash = 20.0
    assert v.run(seek_debt, cloud) == 0.0


# --- orphaned debt ----------------------------------------------------------------------------------------------
def test_debt_for_a_lab_that_has_failed_is_orphaned_and_on_nobody_s_account():
    v = Village()
    lab, gone, bank, cloud = v.lab(), v.lab(status=FAILED), v.lender(), v.neocloud(capacity=4.0, stranded=1.0)
    project = v.project()
    v.contract(lab, cloud, 1.0, 2.0)
    v.loan(bank, cloud, 20.0, kind=DDTL)
    v.loan(bank, project, 7.0, end_user=gone)
    v.run(tally_contracts)
    v.run(look_through)
    # what is dedicated to it, and a quarter of the cloud's debt behind capacity that stands idle
    assert v.market.orphaned == near(7.0 + 5.0)
    assert (v[lab].look_through, v[gone].look_through) == (near(15.0), 0.0)


def test_no_more_debt_is_orphaned_than_there_is_and_it_is_counted_anew_every_month():
    v = Village()
    v.loan(v.lender(), v.neocloud(capacity=4.0, stranded=5.0), 20.0, kind=DDTL)
    for _ in range(2):
        v.run(look_through)
        assert v.market.orphaned == 20.0
