"""Project companies: who leases sites instead of owning them, at what rent, and how a project is founded."""

from __future__ import annotations

import pytest
from village import Village

from abm.agents.project import lease_rent, off_balance_share
from abm.engine import tables as ec
from abm.instruments.contract import sign_lease
from abm.instruments.facility import commitments
from abm.markets.credit import finance_hardware
from abm.markets.projects import found_project, instalment, lease_empty_sites, pay_builders
from abm.rules import interpreted


def near(value):
    return pytest.approx(value, rel=1e-12)


def annuity(rate, months):
    """Level payment that repays 1."""
    return rate / 12.0 / (1.0 - (1.0 + rate / 12.0) ** -months)


def test_who_owes_more_leases_more_of_its_sites():
    v = Village(project_share=0.5, project_leverage=0.8)
    assert v.run(off_balance_share, v.neocloud(leverage=0.4)) == near(0.25)
    assert v.run(off_balance_share, v.neocloud(leverage=2.0)) == 1.0


def test_the_rent_repays_the_debt_of_a_site_with_the_lenders_cover():
    v = Village(project_cover=1.3, project_debt=0.8, site_cost=10.0, lease_tenor=24.0)
    assert v.run(lease_rent, 0.09) == near(1.3 * 0.8 * 10.0 * annuity(0.09, 24))


# --- leases ---------------------------------------------------------------------------------------------
def test_a_lease_is_signed_from_its_start_at_full_size():
    v = Village(lease_tenor=90.6)
    v.market.month, v.market.next_contract = 7, 31
    cloud, project = v.neocloud(lease_gw=0.2, need=0.1, promised_out=0.1), v.project(need=5.0, lease_gw=0.3)
    r = v.run(sign_lease, cloud, project, 0.4, 0.15, 25, 1)
    c = v.rows("contracts")[r]
    assert (c.id, c.kind, c.status, c.buyer, c.seller) == (31, ec.SITE, ec.PENDING, cloud, project)
    assert (c.guarantor, c.end_user, c.own_use) == (-1, -1, 0)
    assert (c.signed, c.start, c.ramp, c.months, c.months_left) == (7, 25, 1, 90, 90)
    assert (c.quantity, c.price, c.take_or_pay, c.prepaid) == (0.4, 0.15, 1.0, 0.0)
    assert c.announced == near(0.06 * 90.0)
    assert v[cloud].lease_gw == near(0.6)
    assert v[project].lease_gw == 0.3
    (event,) = v.rows("events")
    assert (event.month, event.kind, event.a, event.b) == (7, ec.E_CONTRACT, cloud, project)
    assert event.amount == near(5.4)
    assert v.state.flows.sum() == 0.0
    v.audit()


def test_a_lease_is_announced_with_its_ramp():
    v = Village(lease_tenor=90.0)
    r = v.run(sign_lease, v.neocloud(), v.project(), 0.4, 0.15, 25, 4)
    c = v.rows("contracts")[r]
    assert (c.ramp, c.quantity) == (4, 0.4)
    # a quarter, a half and three quarters of the first three months
    assert c.announced == near(0.06 * 88.5)
    assert v.rows("events")[0].amount == near(0.06 * 88.5)


def test_a_lease_runs_a_month_at_least():
    v = Village(lease_tenor=0.4)
    r = v.run(sign_lease, v.neocloud(), v.project(), 0.4, 0.15, 25, 1)
    assert v.rows("contracts")[r].months == 1


def test_who_serves_itself_more_than_others_uses_the_site_itself():
    v = Village()
    r = v.run(sign_lease, v.hyperscaler(need=0.31, promised_out=0.3), v.project(), 0.4, 0.15, 25, 1)
    assert v.rows("contracts")[r].own_use == 1


@pytest.mark.parametrize(
    ("kind", "share", "dedicated"),
    [(ec.LAB, 0.51, True), (ec.LAB, 0.5, False), (ec.HYPERSCALER, 0.9, False)],
)
def test_who_builds_for_one_lab_builds_on_its_account(kind, share, dedicated):
    v = Village()
    customer = v.firm(kind)
    cloud = v.neocloud(need=0.9, promised_out=0.3, top_customer=share, top_customer_id=customer)
    r = v.run(sign_lease, cloud, v.project(), 0.4, 0.15, 25, 1)
    c = v.rows("contracts")[r]
    assert (c.end_user, c.own_use) == ((customer, 0) if dedicated else (-1, 1))


def test_without_a_top_customer_a_lease_is_on_nobody_s_account():
    v = Village()
    v.lab()  # no row of the table stands in for the customer there is none of
    v.state.firms[-1].kind = ec.LAB
    r = v.run(sign_lease, v.neocloud(top_customer=0.9, need=0.2), v.project(), 0.4, 0.15, 25, 1)
    assert (v.rows("contracts")[r].end_user, v.rows("contracts")[r].own_use) == (-1, 1)


# --- empty sites ----------------------------------------------------------------------------------------
EMPTY = {"project_cover": 1.3, "project_debt": 0.8, "site_cost": 10.0, "lease_tenor": 24.0, "project_spread": 0.04}


def test_an_empty_site_is_leased_from_next_month_at_the_rent_of_a_new_one():
    v = Village(**EMPTY)
    v.market.month, v.market.base_rate = 7, 0.05
    cloud, project = v.neocloud(), v.project(site_gw=1.0, fleet_gw=0.2)
    assert v.run(lease_empty_sites, cloud, 0.5) == 0.5
    (c,) = v.rows("contracts")
    assert (c.kind, c.buyer, c.seller, c.quantity, c.start) == (ec.SITE, cloud, project, 0.5, 8)
    assert c.price == near(1.3 * 8.0 * annuity(0.09, 24))
    assert v[cloud].lease_gw == 0.5


def test_a_site_is_empty_as_far_as_no_fleet_and_no_lease_fills_it():
    v = Village(**EMPTY)
    cloud, other, project, second = v.neocloud(), v.hyperscaler(), v.project(site_gw=1.0, fleet_gw=0.2), v.project()
    v.contract(other, project, 0.1, 0.2, kind=ec.SITE)
    v.contract(other, project, 0.15, 0.2, kind=ec.SITE, status=ec.PENDING)
    v.contract(other, project, 0.3, 0.2, kind=ec.SITE, status=ec.ENDED)
    v.contract(other, project, 0.3, 0.2, kind=ec.COMPUTE)
    v.contract(other, second, 0.3, 0.2, kind=ec.SITE)
    assert v.run(lease_empty_sites, cloud, 2.0) == near(0.55)
    assert [(c.seller, near(c.quantity)) for c in v.rows("contracts")[5:]] == [(project, 0.55)]


def test_a_site_is_not_empty_where_hardware_is_on_order_for_it():
    v = Village(**EMPTY)
    vendor = v.vendor()
    v.generation(vendor, kw=1.25)
    cloud, project = v.neocloud(), v.project(site_gw=1.0, fleet_gw=0.2, pue=1.2)
    v.order(project, vendor, 0.4, due=99)
    v.order(project, vendor, 0.4, status=ec.ENDED)
    v.order(cloud, vendor, 0.4)
    assert v.run(lease_empty_sites, cloud, 2.0) == near(0.8 - 0.6)


def test_sites_are_leased_one_after_the_other_until_there_are_enough():
    v = Village(**EMPTY)
    cloud = v.neocloud()
    v.project(site_gw=0.0009)
    projects = [v.project(site_gw=0.3), v.project(site_gw=0.6), v.project(site_gw=0.9)]
    assert v.run(lease_empty_sites, cloud, 0.7) == near(0.7)
    assert [(c.seller, near(c.quantity)) for c in v.rows("contracts")] == [(projects[0], 0.3), (projects[1], 0.4)]


def test_crumbs_of_a_site_are_not_leased():
    v = Village(**EMPTY)
    v.project(site_gw=0.9)
    cloud = v.neocloud()
    assert v.run(lease_empty_sites, cloud, 0.0009) == 0.0
    assert v.run(lease_empty_sites, cloud, 0.0011) == 0.0011


@pytest.mark.parametrize(("kind", "status"), [(ec.VEHICLE, ec.FAILED), (ec.HYPERSCALER, ec.ACTIVE)])
def test_only_projects_in_business_let_empty_sites(kind, status):
    v = Village(**EMPTY)
    v.firm(kind, site_gw=1.0, status=status)
    cloud = v.neocloud()
    assert v.run(lease_empty_sites, cloud, 0.5) == 0.0
    assert (v.market.n_contracts, v[cloud].lease_gw) == (0, 0.0)


def test_a_project_leases_no_site_from_itself():
    v = Village(**EMPTY)
    project, other = v.project(site_gw=1.0), v.project(site_gw=0.2)
    assert v.run(lease_empty_sites, project, 0.5) == 0.2
    assert v.rows("contracts")[0].seller == other


# --- founded --------------------------------------------------------------------------------------------
def ground(**parameters):
    """A tenant and a bank that lends to projects at 7 %: 5 and half of the tenant's risk of 4."""
    usual = {
        "site_cost": 10.0, "project_debt": 0.8, "project_size": 0.5, "project_spacing": 6.0, "project_tenor": 40.0,
        "project_cover": 1.3, "lease_tenor": 24.0, "site_lead": 18.0, "grid_gw": 2.4, "order_deposit": 0.25,
        "project_halls": 1.0,
        "loss_given_default_secured": 0.5, "return_on_capital": 0.0, "lender_cost": 0.0, "covenant_ltv": 0.95,
    }  # fmt: skip
    v = Village(**(usual | parameters))
    v.market.month, v.market.base_rate = 9, 0.05
    bank = v.lender(cash=200.0)
    cloud = v.neocloud(pd=0.04, cash=3.0, last_project=3, pue=1.3, on_order_gw=5.0, need=0.2, promised_out=0.1)
    v.close()
    return v, bank, cloud


def test_a_project_borrows_builds_and_lets_its_site():
    v, bank, cloud = ground()
    assert v.run(found_project, cloud, 0.6) == near(0.6)
    project = cloud + 1
    assert v.market.n_firms == project + 1
    f = v[project]
    assert (f.kind, f.status, f.tenant, f.entered, f.pue) == (ec.VEHICLE, ec.ACTIVE, cloud, 9, 1.3)
    assert (f.top_customer_id, f.top_customer) == (cloud, 1.0)
    (loan,) = v.rows("loans")
    assert (loan.kind, loan.lender, loan.borrower, loan.collateral) == (ec.PROJECT, bank, project, ec.SITE_COLLATERAL)
    assert (loan.months, loan.amortising, loan.end_user, loan.tier) == (40, 0, -1, ec.TIER_SECURED)
    assert (loan.limit, loan.rate, loan.covenant_ltv) == (near(4.8), near(0.07), 0.95)
    # Equity of 1.2 comes first: of the deposit of 1.5 lenders pay 0.3. Connected in 25 months, as 5 GW wait for 0.2
    # a month: equity pays 25 months of interest at 7 % on 0.3 and on half of the 4.5 that are drawn meanwhile. A year
    # after the hall was to come the commitment lapses.
    assert (loan.principal, loan.undrawn, loan.draws_until) == (near(0.3), near(4.5), 9 + 25 + 1 + 12)
    assert v[bank].undrawn == near(4.5)
    equity = 1.2 + (0.3 + 0.5 * 4.5) * 0.07 * 25.0 / 12.0
    assert f.paid_in == near(equity)
    assert v.flow(ec.F_EQUITY, ec.SAVERS, project) == near(equity)
    assert v.flow(ec.F_LENDING, bank, project) == near(0.3)
    assert f.cash == near(0.3 + equity - 1.5)
    v.audit()


def test_a_project_signs_the_lease_and_orders_the_site():
    v, _, cloud = ground()
    v.run(found_project, cloud, 0.6)
    project = cloud + 1
    (lease,) = v.rows("contracts")
    assert (lease.kind, lease.buyer, lease.seller, lease.start, lease.months) == (ec.SITE, cloud, project, 34, 24)
    assert (lease.quantity, lease.end_user, lease.own_use) == (near(0.6), -1, 1)
    assert lease.price == near(1.3 * 8.0 * annuity(0.07, 24))
    (o,) = v.rows("orders")
    assert (o.kind, o.buyer, o.vendor, o.generation) == (ec.SITE_ORDER, project, ec.SUPPLIERS, -1)
    assert (o.placed, o.due, o.end_user) == (9, 34, -1)
    assert (o.units, o.price, o.deposit) == (near(0.6), 10.0, near(1.5))
    assert v.flow(ec.F_SITE, project, ec.SUPPLIERS) == near(1.5)
    assert v[project].on_order_gw == near(0.6)
    assert v[project].capex == near(1.5)
    assert lease.ramp == 1
    assert v[cloud].on_order_gw == 5.0
    assert v[cloud].lease_gw == near(0.6)
    assert (v[cloud].last_project, v[cloud].cash) == (9, 3.0)
    assert [(e.kind, e.a, e.b) for e in v.rows("events")] == [
        (ec.E_LOAN, ec.N_OUTSIDE, project),
        (ec.E_CONTRACT, cloud, project),
        (ec.E_ORDER, project, ec.SUPPLIERS),
        (ec.E_PROJECT, cloud, project),
    ]
    assert v.rows("events")[3].amount == near(6.0)
    v.audit()


def test_a_project_hands_its_halls_over_one_a_month():
    v, _, cloud = ground(project_halls=3.4)
    v.run(found_project, cloud, 0.6)
    project = cloud + 1
    (lease,) = v.rows("contracts")
    assert (lease.start, lease.ramp, lease.quantity) == (34, 3, near(0.6))
    orders = v.rows("orders")
    assert [(o.kind, o.buyer, o.due, near(o.units)) for o in orders] == [
        (ec.SITE_ORDER, project, 34 + k, 0.2) for k in range(3)
    ]
    assert [near(o.deposit) for o in orders] == [0.5] * 3
    assert v[project].on_order_gw == near(0.6)
    # Equity pays the interest until the first hall stands.
    assert v[project].paid_in == near(1.2 + 2.55 * 0.07 * 25.0 / 12.0)
    assert v.rows("loans")[0].draws_until == 9 + 25 + 3 + 12
    v.audit()


def test_a_project_has_a_hall_at_least():
    v, _, cloud = ground(project_halls=0.2, grid_gw=24.0)
    v.run(found_project, cloud, 0.6)
    (o,) = v.rows("orders")
    assert (o.due, near(o.units)) == (27, 0.6)
    assert v.rows("contracts")[0].start == 27


def test_a_project_pays_the_price_of_scarce_sites():
    v, _, cloud = ground(site_elasticity=0.0)
    v.market.site_scarcity = 1.5
    v.run(found_project, cloud, 0.6)
    (loan,), (order,) = v.rows("loans"), v.rows("orders")
    # Of 9 four fifths are debt; the deposit is 2.25, equity 1.8.
    assert (loan.limit, loan.principal) == (near(7.2), near(0.45))
    assert (order.price, order.deposit) == (15.0, near(2.25))
    assert v.rows("contracts")[0].price == near(1.3 * 12.0 * annuity(0.07, 24))
    v.audit()


def test_a_project_for_a_lab_s_provider_is_built_on_the_lab_s_account():
    v, _, cloud = ground()
    lab = v.lab()
    v[cloud].top_customer, v[cloud].top_customer_id = 0.8, lab
    v.run(found_project, cloud, 0.6)
    assert v.rows("contracts")[0].end_user == lab
    assert v.rows("orders")[0].end_user == lab


def test_a_project_is_as_large_as_its_loans_allow():
    v, bank, cloud = ground()
    second = v.lender(cash=200.0, ai_limit=2.0)
    v[bank].ai_limit, v[bank].appetite = 1.0, 1.0
    v.p.return_on_capital, v[bank].min_capital, v[second].min_capital = 0.2, 0.05, 0.1  # 8 % and 9 %
    v.close()
    assert v.run(found_project, cloud, 0.6) == near(0.375)
    project = v.market.n_firms - 1
    assert [(loan.lender, near(loan.limit), near(loan.rate)) for loan in v.rows("loans")] == [
        (bank, 1.0, 0.08),
        (second, 2.0, 0.09),
    ]
    # Of the deposit of 0.9375 lenders pay what is above the equity of 0.75, each its part.
    assert [loan.principal for loan in v.rows("loans")] == [near(0.1875 / 3.0), near(0.1875 * 2.0 / 3.0)]
    assert v[project].paid_in == near(0.75 + 0.5 * (3.0 + 0.1875) * 0.26 / 3.0 * 25.0 / 12.0)
    (lease,) = v.rows("contracts")
    assert (lease.quantity, lease.price) == (near(0.375), near(1.3 * 8.0 * annuity(0.26 / 3.0, 24)))
    assert v.rows("orders")[0].units == near(0.375)
    assert v.rows("events")[-1].amount == near(3.75)
    v.audit()


def test_a_project_s_interest_is_that_of_its_own_loans():
    v, bank, cloud = ground()
    v.loan(bank, cloud, 3.0, rate=0.5)
    v.run(found_project, cloud, 0.6)
    assert v[v.market.n_firms - 1].paid_in == near(1.2 + 2.55 * 0.07 * 25.0 / 12.0)


def test_equity_above_the_deposit_leaves_the_commitment_undrawn():
    v, bank, cloud = ground(order_deposit=0.15)
    v.run(found_project, cloud, 0.6)
    (loan,) = v.rows("loans")
    assert (loan.principal, loan.undrawn) == (0.0, near(4.8))
    interest = 0.5 * 4.8 * 0.07 * 25.0 / 12.0
    assert (v[cloud + 1].paid_in, v[cloud + 1].cash) == (near(1.2 + interest), near(0.3 + interest))
    assert v[bank].loans_held == 0.0
    v.audit()


def test_a_project_draws_its_commitment_for_what_its_cash_does_not_pay_on_delivery():
    v, bank, cloud = ground(order_deposit=0.1, project_halls=2.0)
    v.run(found_project, cloud, 0.6)
    project = cloud + 1
    # The first hall costs 3 less its deposit of 0.3; of its equity of 1.2 the company keeps a month of debt service.
    v[project].cash = 0.6
    v[project].debt_service = 0.1
    v.close()
    v.market.month = 34
    assert v.run(finance_hardware, project, 2.7, -1) == near(2.2)
    (loan,) = v.rows("loans")
    assert (loan.principal, loan.undrawn, loan.rate) == (near(2.2), near(2.6), near(0.07))
    assert (v[project].debt, v[project].secured_debt) == (near(2.2), near(2.2))
    assert (v[bank].loans_held, v[bank].undrawn) == (near(2.2), near(2.6))
    v.audit()


def test_a_project_needs_other_lenders_only_for_what_was_not_promised():
    v, _, cloud = ground(order_deposit=0.1)
    v.run(found_project, cloud, 0.6)
    project = cloud + 1
    v[project].cash, v[project].sites = 0.0, 9.0
    v.close()
    assert v.run(finance_hardware, project, 5.0, -1) == near(5.0)
    assert [near(loan.principal) for loan in v.rows("loans")] == [4.8, 0.2]


# --- built ----------------------------------------------------------------------------------------------
def building(**columns):
    """In month 10 a project of two halls of 3 bn, due in months 14 and 15, a tenth paid; 4.8 promised."""
    v, bank, cloud = ground(order_deposit=0.1, project_halls=2.0, site_lead=5.0, grid_gw=60.0)
    v.run(found_project, cloud, 0.6)
    v.market.month = 10
    for column, value in columns.items():
        v[cloud + 1][column] = value
    return v, bank, cloud + 1


def test_each_month_an_equal_part_of_what_is_open_is_built_and_drawn():
    v, bank, project = building()
    cash = float(v[project].cash)
    before = v.state.flows.copy()
    v.run(pay_builders)
    first, second = v.rows("orders")
    assert (first.due, second.due) == (14, 15)
    assert (first.deposit, second.deposit) == (near(0.3 + 2.7 / 5.0), near(0.3 + 2.7 / 6.0))
    paid = 2.7 / 5.0 + 2.7 / 6.0
    assert v.rows("loans")[0].principal == near(paid)
    assert v[bank].undrawn == near(4.8 - paid)
    assert (v[project].cash, v[project].debt) == (near(cash), near(paid))
    assert (v.state.flows - before)[ec.F_SITE].sum() == near(paid)
    v.audit()
    for month in range(11, 15):
        v.market.month = month
        v.run(pay_builders)
    # The last part of the first hall is its balance on delivery.
    assert (first.deposit, second.deposit) == (near(3.0 - 0.54), near(3.0 - 0.45))
    v.audit()


def test_when_the_promise_is_used_up_the_rest_is_paid_on_delivery():
    v, bank, _ = building()
    v.state.loans[0].undrawn = 0.7
    v.close()
    v.run(pay_builders)
    parts = [0.7 * 0.54 / 0.99, 0.7 * 0.45 / 0.99]
    assert [near(o.deposit) for o in v.rows("orders")] == [0.3 + parts[0], 0.3 + parts[1]]
    assert v.rows("loans")[0].undrawn == pytest.approx(0.0, abs=1e-12)
    assert v[bank].undrawn == pytest.approx(0.0, abs=1e-12)
    v.run(pay_builders)
    assert [near(o.deposit) for o in v.rows("orders")] == [0.3 + parts[0], 0.3 + parts[1]]


@pytest.mark.parametrize(("column", "value"), [("status", ec.FAILED), ("kind", ec.NEOCLOUD)])
def test_only_projects_in_business_pay_builders_ahead(column, value):
    v, _, _ = building(**{column: value})
    v.run(pay_builders)
    assert [near(o.deposit) for o in v.rows("orders")] == [0.3, 0.3]


@pytest.mark.parametrize("columns", [{"kind": ec.GPU_ORDER, "generation": 0}, {"status": ec.BROKEN}, {"due": 10}])
def test_only_halls_to_come_are_paid_ahead(columns):
    v, _, _ = building()
    for column, value in columns.items():
        v.state.orders[0][column] = value
    v.run(pay_builders)
    assert v.state.orders[0].deposit == near(0.3)
    assert v.state.orders[1].deposit == near(0.75)


def test_a_hall_cancelled_this_month_is_built_no_further():
    v, _, project = building()
    v.run(commitments, project)
    v.state.orders[0].status = ec.BROKEN  # its buyer's chain still has it
    assert interpreted(instalment)(v.state, 0) == 0.0
    assert interpreted(instalment)(v.state, 1) == near(0.45)


@pytest.mark.parametrize(("max_tenor", "months"), [(30.7, 30), (99.0, 40), (1.0, 2)])
def test_a_project_s_loan_runs_no_longer_than_is_allowed(max_tenor, months):
    v, _, cloud = ground(max_tenor=max_tenor)
    v.run(found_project, cloud, 0.6)
    assert v.rows("loans")[0].months == months


@pytest.mark.parametrize(
    ("gw", "last", "founded"), [(0.5, 3, True), (0.499, 3, False), (0.6, 4, False), (0.6, -9, True)]
)
def test_a_site_too_small_or_too_soon_founds_no_project(gw, last, founded):
    v, _, cloud = ground()
    v[cloud].last_project = last
    assert v.run(found_project, cloud, gw) == (near(gw) if founded else 0.0)
    assert v.market.n_firms == cloud + 1 + founded
    assert v[cloud].last_project == (9 if founded else last)
    assert v.market.n_loans == founded


def test_where_no_lender_comes_there_is_no_project_and_the_refusal_is_the_tenant_s():
    v, bank, cloud = ground()
    v[bank].lending_open = 0.0
    v.state.hits[0].victim = bank
    v.market.n_hits = 1
    assert v.run(found_project, cloud, 0.6) == 0.0
    assert v.market.n_firms == cloud + 1
    assert (v.market.n_loans, v.market.n_contracts, v.market.n_orders, v.market.n_events) == (0, 0, 0, 0)
    assert v[cloud].last_project == 3
    assert v.state.flows.sum() == 0.0
    old, hit = v.rows("hits")
    assert old.victim == bank
    assert (hit.victim, hit.source, hit.channel, hit.amount) == (cloud, bank, ec.FUNDING, near(4.8))
    v.audit()


def test_no_project_is_founded_where_the_table_is_full():
    v, _, cloud = ground()
    v.market.n_firms = v.state.firms.shape[0] - 1
    assert v.run(found_project, cloud, 0.6) == 0.0
    assert v.market.n_loans == 0


def test_a_project_whose_loan_is_a_crumb_leaves_no_loan_behind():
    v, bank, cloud = ground(project_size=0.001)
    v[bank].ai_limit = 0.0008  # lends two per cent of the 0.04 wanted
    v.run(found_project, cloud, 0.005)
    assert v.market.n_firms == cloud + 1 + v.market.n_loans
    v.audit()
