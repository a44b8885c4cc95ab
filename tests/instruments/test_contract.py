"""Terms of contracts: ramps, invoices, firm parts, starts, promises and backlogs, backstops, tenants set free."""

import pytest
from differences import differences, near
from village import Village

from abm.engine import tables as ec
from abm.instruments.contract import (
    exercise_backstops,
    firm_share,
    free_tenants,
    ramp_months,
    ramp_share,
    renew_tenancy,
    start_contracts,
    tally_contracts,
    unit_invoice,
    usage,
)
from abm.rules import interpreted


def deal(**columns: float):
    """A village and the first contract in it, of a lab with a neocloud."""
    v = Village()
    lab, cloud = v.lab(), v.neocloud()
    quantity, price = columns.pop("quantity", 0.5), columns.pop("price", 1.6)
    return v, v.state.contracts[v.contract(lab, cloud, quantity, price, **columns)]


# --- ramps ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("month", "share"), [(4, 0.0), (5, 0.25), (6, 0.5), (7, 0.75), (8, 1.0), (9, 1.0), (40, 1.0)])
def test_a_ramp_grows_by_equal_steps_from_its_first_month(month, share):
    _, c = deal(start=5, ramp=4)
    assert interpreted(ramp_share)(c, month) == share


@pytest.mark.parametrize("ramp", [0, 1])
def test_without_a_ramp_all_is_delivered_from_the_first_month(ramp):
    _, c = deal(start=5, ramp=ramp)
    assert interpreted(ramp_share)(c, 4) == 0.0
    assert interpreted(ramp_share)(c, 5) == 1.0


def test_a_ramp_of_two_months_is_half_full_in_the_first():
    _, c = deal(start=5, ramp=2)
    assert interpreted(ramp_share)(c, 5) == 0.5


@pytest.mark.parametrize(
    ("month", "left", "months"),
    [
        (2, 10, 8.5),  # before the start: 1/4 + 2/4 + 3/4 + 1, then six full months
        (5, 10, 8.5),
        (6, 10, 9.25),  # 2/4 + 3/4 + 1 and seven
        (8, 10, 10.0),
        (20, 10, 10.0),
        (5, 2, 0.75),  # over before the ramp is: 1/4 + 2/4
        (2, 1, 0.25),
        (7, 2, 1.75),
        (5, 0, 0.0),
        (9, 0, 0.0),
    ],
)
def test_full_months_left_count_the_ramp(month, left, months):
    _, c = deal(start=5, ramp=4, months_left=left)
    assert interpreted(ramp_months)(c, month) == near(months)


def test_full_months_left_of_a_contract_without_a_ramp_are_all_of_them():
    _, c = deal(start=5, ramp=1, months_left=7)
    assert interpreted(ramp_months)(c, 5) == 7.0
    assert interpreted(ramp_months)(c, 1) == 7.0


# --- invoices ---------------------------------------------------------------------------------------------
def test_the_full_invoice_of_compute_counts_the_hours_of_a_month():
    _, c = deal(quantity=0.5, price=1.6, delivered=0.1)
    assert interpreted(unit_invoice)(c) == near(0.584)  # 0.5 M H100e * 730 h * 1.6 USD


def test_the_full_invoice_of_a_site_is_gw_times_price():
    _, c = deal(kind=ec.SITE, quantity=1.5, price=0.12, delivered=0.1)
    assert interpreted(unit_invoice)(c) == near(0.18)


def test_the_firm_share_is_scaled_and_never_above_all():
    v, c = deal(take_or_pay=0.8)
    v.p.take_or_pay_scale = 0.5
    assert v.run(firm_share, c) == near(0.4)
    v.p.take_or_pay_scale = 1.2
    assert v.run(firm_share, c) == near(0.96)
    v.p.take_or_pay_scale = 1.3
    assert v.run(firm_share, c) == 1.0


# --- use --------------------------------------------------------------------------------------------------
def test_a_lab_uses_what_it_needs_trains_with_lets_and_sells_of_all_it_has():
    v = Village()
    usual = {"capacity": 0.3, "contracted_in": 0.5}
    for kind in (ec.LAB, ec.HYPERSCALER):
        for column, share in (("need", 0.25), ("training", 0.25), ("contracted_out", 0.25), ("spot_sold", 0.25)):
            assert interpreted(usage)(v[v.firm(kind, **usual, **{column: 0.2})]) == near(share)
        every = {"need": 0.1, "training": 0.15, "contracted_out": 0.05, "spot_sold": 0.02}
        assert interpreted(usage)(v[v.firm(kind, **usual, **every)]) == near(0.4)


def test_nobody_uses_more_than_all():
    v = Village()
    assert interpreted(usage)(v[v.lab(capacity=0.3, contracted_in=0.5, need=0.9)]) == 1.0


def test_who_is_no_lab_or_hyperscaler_or_has_nothing_under_contract_uses_all_of_it():
    v = Village()
    for kind in (ec.NEOCLOUD, ec.VEHICLE, ec.OUTSIDE):
        assert interpreted(usage)(v[v.firm(kind, capacity=0.3, contracted_in=0.5, need=0.2)]) == 1.0
    assert interpreted(usage)(v[v.lab(capacity=0.3, need=0.1)]) == 1.0
    assert interpreted(usage)(v[v.lab(capacity=0.3, contracted_in=1e-12, need=0.1)]) == 1.0
    assert interpreted(usage)(v[v.lab(capacity=0.3, contracted_in=1e-11, need=0.15)]) == near(0.15 / (0.3 + 1e-11))


# --- start ------------------------------------------------------------------------------------------------
def test_pending_contracts_go_live_in_their_start_month_and_no_others():
    v = Village()
    lab, cloud = v.lab(), v.neocloud()
    v.market.month = 6
    for start in (5, 6, 7):
        v.contract(lab, cloud, 0.1, status=ec.PENDING, start=start)
    for status in (ec.FREE, ec.LIVE, ec.ENDED, ec.BROKEN, ec.INTENT):
        v.contract(lab, cloud, 0.1, status=status, start=5)
    did = differences(v, start_contracts)
    assert did.rows == {"contracts": {(0, "status"): ec.LIVE, (1, "status"): ec.LIVE}}
    assert not did.firms


# --- promises and backlogs ----------------------------------------------------------------------------------
def test_a_live_compute_contract_is_promise_backlog_and_invoice_of_both_sides():
    v = Village()
    v.market.month, v.market.contract_price = 3, 1.2
    lab, cloud, _ = v.lab(pd=0.02, pd_long=0.05), v.neocloud(), v.neocloud()
    v.contract(lab, cloud, 0.5, 1.6, delivered=0.2, start=1, ramp=6, months_left=10, take_or_pay=0.8)
    did = differences(v, tally_contracts)
    invoice = 0.5 * 1.6 * 0.73
    # From month 4 on: 4/6 + 5/6 + 1 and seven full months.
    value = invoice * 9.5
    assert did.firms == near({
        (lab, "backlog_out"): value, (cloud, "backlog_in"): value,
        (lab, "promised_pay"): invoice, (cloud, "promised_rent"): invoice,
        (lab, "promised_in"): 0.5, (cloud, "promised_out"): 0.5,
        # A quarter of the price is above the market, owed for 80 %.
        (lab, "overpay"): 0.25 * 0.8 * value,
        (lab, "invoiced_out"): 0.2 * 1.6 * 0.73, (cloud, "invoiced_in"): 0.2 * 1.6 * 0.73,
        (lab, "compute_owed"): 0.8 * value, (cloud, "customer_risk"): 0.02, (cloud, "customer_risk_long"): 0.05,
        (cloud, "top_customer"): 1.0, (cloud, "top_customer_id"): lab + 1,
    })  # fmt: skip


def test_a_pending_contract_is_promised_but_not_invoiced():
    v = Village()
    v.market.month, v.market.contract_price = 3, 1.7
    lab, cloud = v.lab(), v.neocloud()
    v.contract(lab, cloud, 0.5, 1.6, delivered=0.2, start=9, ramp=2, months_left=10, status=ec.PENDING)
    did = differences(v, tally_contracts)
    invoice = 0.5 * 1.6 * 0.73
    assert did.firms == near({
        (lab, "backlog_out"): invoice * 9.5, (cloud, "backlog_in"): invoice * 9.5,
        (lab, "promised_pay"): invoice, (cloud, "promised_rent"): invoice,
        (lab, "promised_in"): 0.5, (cloud, "promised_out"): 0.5,
        (lab, "compute_owed"): invoice * 9.5, (cloud, "customer_risk"): 0.01, (cloud, "customer_risk_long"): 0.01,
        (cloud, "top_customer"): 1.0, (cloud, "top_customer_id"): lab + 1,
    })  # fmt: skip


def test_a_site_lease_promises_money_but_no_compute():
    v = Village()
    v.market.contract_price = 0.01
    lab, owner = v.lab(), v.project()
    v.contract(lab, owner, 1.5, 0.12, kind=ec.SITE, delivered=1.0, months_left=10)
    did = differences(v, tally_contracts)
    assert did.firms == near({
        (lab, "backlog_out"): 1.8, (owner, "backlog_in"): 1.8, (lab, "promised_pay"): 0.18,
        (owner, "promised_rent"): 0.18, (lab, "invoiced_out"): 0.12, (owner, "invoiced_in"): 0.12,
        (lab, "leases_owed"): 1.8, (owner, "customer_risk"): 0.01, (owner, "customer_risk_long"): 0.01,
        (owner, "top_customer"): 1.0, (owner, "top_customer_id"): lab + 1,
    })  # fmt: skip


def test_customers_count_by_their_parts_and_at_their_guarantor_s_hazard_if_that_is_less():
    v = Village()
    risky, safe, cloud = v.lab(pd=0.2, pd_long=0.1), v.hyperscaler(pd=0.02, pd_long=0.01), v.neocloud()
    v.contract(risky, cloud, 0.3, 1.0, months_left=10)
    v.contract(risky, cloud, 0.1, 1.0, months_left=10, guarantor=safe)
    v.run(tally_contracts)
    assert v[cloud].customer_risk == near(0.75 * 0.2 + 0.25 * 0.02)
    assert v[cloud].customer_risk_long == near(0.75 * 0.1 + 0.25 * 0.01)


def test_a_guarantor_that_is_riskier_than_the_buyer_counts_for_nothing():
    v = Village()
    safe, risky, cloud = v.lab(pd=0.02, pd_long=0.01), v.hyperscaler(pd=0.2, pd_long=0.1), v.neocloud()
    v.contract(safe, cloud, 0.1, 1.0, months_left=10, guarantor=risky)
    v.run(tally_contracts)
    assert (v[cloud].customer_risk, v[cloud].customer_risk_long) == (near(0.02), near(0.01))


def test_who_has_failed_guarantees_nothing():
    v = Village()
    risky, gone, cloud = v.lab(pd=0.2, pd_long=0.1), v.hyperscaler(pd=0.02, pd_long=0.01), v.neocloud()
    v.contract(risky, cloud, 0.1, 1.0, months_left=10, guarantor=gone)
    v[gone].status = ec.FAILED
    v.run(tally_contracts)
    assert (v[cloud].customer_risk, v[cloud].customer_risk_long) == (near(0.2), near(0.1))


def test_contracts_of_one_firm_add_up():
    v = Village()
    v.market.contract_price = 1.0
    lab, cloud = v.lab(), v.neocloud()
    v.contract(lab, cloud, 0.5, 2.0, months_left=10)
    v.contract(lab, cloud, 0.3, 2.0, months_left=20)
    v.run(tally_contracts)
    a, b = 0.5 * 2.0 * 0.73, 0.3 * 2.0 * 0.73
    f, g = v[lab], v[cloud]
    assert [f.backlog_out, g.backlog_in] == near([10 * a + 20 * b] * 2)
    assert [f.promised_pay, g.promised_rent, f.invoiced_out, g.invoiced_in] == near([a + b] * 4)
    assert [f.promised_in, g.promised_out] == near([0.8] * 2)
    assert f.overpay == near(0.5 * (10 * a + 20 * b))


def test_contracts_that_do_not_bind_are_in_no_tally():
    v = Village()
    lab, cloud = v.lab(top_customer=0.4, top_customer_id=2), v.neocloud(top_customer=0.4, top_customer_id=2)
    for status in (ec.FREE, ec.ENDED, ec.BROKEN, ec.INTENT):
        v.contract(lab, cloud, 0.5, status=status)
    did = differences(v, tally_contracts)
    assert did.firms == near({
        (lab, "top_customer"): -0.4, (cloud, "top_customer"): -0.4, (lab, "top_customer_id"): -3,
        (cloud, "top_customer_id"): -3,
    })  # fmt: skip


def customers(*deals: tuple[int, float]) -> tuple[float, int]:
    """Largest customer of a cloud that has sold to labs 0, 1, 2 in this order, by months of one equal contract."""
    v = Village()
    labs, cloud = [v.lab(), v.lab(), v.lab()], v.neocloud()
    for who, months in deals:
        v.contract(labs[who], cloud, 0.5, 2.0, months_left=months)
    v.contract(labs[0], v.neocloud(), 3.0, 2.0, months_left=60)
    v.run(tally_contracts)
    return v[cloud].top_customer, labs.index(int(v[cloud].top_customer_id))


def test_the_largest_customer_is_the_one_with_the_most_of_the_backlog():
    assert customers((0, 3), (1, 5), (2, 2)) == (near(0.5), 1)
    assert customers((0, 5), (1, 3), (2, 2)) == (near(0.5), 0)
    assert customers((0, 2), (1, 3), (2, 5)) == (near(0.5), 2)


def test_of_two_equal_customers_the_first_is_named():
    assert customers((1, 4), (0, 4)) == (near(0.5), 1)


def test_contracts_of_one_customer_in_a_row_count_together():
    assert customers((0, 3), (0, 4), (1, 3)) == (near(0.7), 0)
    assert customers((1, 2), (0, 3), (0, 5)) == (near(0.8), 0)


def test_the_largest_customer_counts_the_months_of_ramps():
    v = Village()
    v.market.month = 3
    lab, other, cloud = v.lab(), v.lab(), v.neocloud()
    v.contract(lab, cloud, 0.5, 2.0, start=1, ramp=6, months_left=10)
    v.contract(other, cloud, 0.5, 2.0, months_left=10)
    v.run(tally_contracts)
    # 4/6 + 5/6 + 8 months of one against ten of the other.
    assert (v[cloud].top_customer, v[cloud].top_customer_id) == (near(10.0 / 19.5), other)


def test_contracts_of_one_customer_count_together_in_any_order():
    assert customers((0, 30), (1, 40), (0, 30)) == (near(0.6), 0)


def test_the_largest_customer_of_every_seller_is_its_own():
    v = Village()
    lab, other, cloud, second = v.lab(), v.lab(), v.neocloud(), v.neocloud()
    v.contract(lab, cloud, 0.5, 2.0, months_left=6)
    v.contract(other, second, 0.5, 2.0, months_left=8)
    v.contract(other, cloud, 0.5, 2.0, months_left=4)
    v.contract(lab, second, 0.5, 2.0, months_left=2, status=ec.PENDING)
    v.run(tally_contracts)
    assert (v[cloud].top_customer, v[cloud].top_customer_id) == (near(0.6), lab)
    assert (v[second].top_customer, v[second].top_customer_id) == (near(0.8), other)
    assert (v[lab].top_customer, v[lab].top_customer_id) == (0.0, -1)


def test_a_seller_without_a_backlog_has_no_customer():
    v = Village()
    lab, cloud = v.lab(), v.neocloud()
    v.contract(lab, cloud, 0.5, 2.0, months_left=0)
    v.run(tally_contracts)
    assert (v[cloud].top_customer, v[cloud].top_customer_id) == (0.0, -1)


# --- tenants ----------------------------------------------------------------------------------------------
def test_tenants_set_free_want_their_capacity_at_the_opening_price():
    v = Village(tenant_elasticity=2.0)
    v.market.month, v.market.spot_price, v.market.opening_spot, v.market.tenant_demand = 6, 3.0, 2.0, 0.3
    cloud = v.neocloud()
    c = v.state.contracts[v.contract(ec.CUSTOMERS, cloud, 0.8, start=5, ramp=4, delivered=0.1)]
    did = differences(v, free_tenants, c)
    # Half of the ramp: 0.4, which at (3 / 2)**2 = 2.25 times is what they would ask for at the opening price.
    assert did.market == near({"tenant_demand": 0.9})
    assert not did.firms


def test_other_buyers_and_sites_set_no_tenants_free():
    v = Village()
    cloud, lab = v.neocloud(), v.lab()
    for c in (
        v.state.contracts[v.contract(lab, cloud, 0.8)],
        v.state.contracts[v.contract(ec.SUPPLIERS, cloud, 0.8)],
        v.state.contracts[v.contract(ec.CUSTOMERS, cloud, 0.8, kind=ec.SITE)],
    ):
        assert not differences(v, free_tenants, c).market


# --- renewals -------------------------------------------------------------------------------------------
def renewed(buyer=ec.CUSTOMERS, **columns):
    v = Village(renewal_share=0.75, renewal_tenor=18.0, tenant_elasticity=1.0)
    v.market.month, v.market.year_price, v.market.tenant_demand = 6, 1.25, 0.3
    cloud = v.neocloud(status=columns.pop("status", ec.ACTIVE))
    usual = {"months_left": 0, "start": -20, "signed": -24}
    r = v.contract(buyer, cloud, 0.8, 2.0, **(usual | columns))
    v.state.contracts[r].status = ec.ENDED
    v.run(renew_tenancy, r)
    return v, v.state.contracts[r]


def test_a_tenant_renews_a_part_at_today_s_rent_of_a_year_and_the_rest_looks_on_the_spot_market():
    v, c = renewed()
    assert (c.status, c.quantity, c.price, c.delivered) == (ec.LIVE, near(0.6), 1.25, near(0.6))
    assert (c.signed, c.months, c.months_left) == (6, 18, 18)
    assert c.announced == near(0.6 * 1.25 * 0.73 * 18)
    assert v.market.tenant_demand == near(0.3 + 0.2)


def test_only_tenants_of_a_provider_in_business_renew():
    v, c = renewed(status=ec.FAILED)
    assert (c.status, c.quantity, v.market.tenant_demand) == (ec.ENDED, 0.8, near(1.1))
    v, c = renewed(buyer=ec.SUPPLIERS)
    assert (c.status, c.price, v.market.tenant_demand) == (ec.ENDED, 2.0, 0.3)
    v, c = renewed(kind=ec.SITE)
    assert c.status == ec.ENDED


# --- backstops --------------------------------------------------------------------------------------------
def backstop(**columns: float) -> tuple[Village, int]:
    """A promise of 30 bn over 25 months at 1.6 USD to take what a cloud cannot let."""
    v = Village()
    vendor, cloud = v.vendor(capacity=9.0, used=1.0), v.neocloud(capacity=0.8, used=0.6)
    usual = {"backstop": 1, "announced": 30.0, "months": 25, "months_left": 7, "delivered": 0.1}
    return v, v.contract(vendor, cloud, 0.05, columns.pop("price", 1.6), **(usual | columns))


def test_a_backstop_takes_what_it_has_and_what_stands_idle():
    v, r = backstop()
    did = differences(v, exercise_backstops)
    assert did.rows["contracts"] == near({(r, "quantity"): 0.3})
    assert not did.firms
    assert not did.flows


def test_a_backstop_takes_no_more_than_its_announced_value_over_its_months():
    v, _ = backstop(announced=5.84)
    v.run(exercise_backstops)
    assert v.state.contracts[0].quantity == near(0.2)  # 5.84 bn / (25 * 1.6 * 0.73)


def test_a_backstop_takes_nothing_from_a_cloud_that_has_let_everything():
    v, _ = backstop(delivered=0.0)
    v[6].used = 0.9
    v.run(exercise_backstops)
    assert v.state.contracts[0].quantity == 0.0


def test_a_backstop_without_a_price_is_bounded_by_the_idle_capacity():
    v, _ = backstop(price=0.0)
    v.run(exercise_backstops)
    assert v.state.contracts[0].quantity == near(0.3)


@pytest.mark.parametrize(
    "columns", [{"backstop": 0}, *({"status": s} for s in (ec.FREE, ec.PENDING, ec.ENDED, ec.BROKEN, ec.INTENT))]
)
def test_other_contracts_and_backstops_that_are_not_live_keep_their_quantity(columns):
    v, _ = backstop(**columns)
    second = v.contract(5, 6, 0.05, 2.0, backstop=1, announced=30.0, months=25, delivered=0.2)
    did = differences(v, exercise_backstops)
    assert did.rows["contracts"] == near({(second, "quantity"): 0.4})
