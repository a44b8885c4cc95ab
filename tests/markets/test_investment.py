"""Providers order hardware within their halls and their means; firms enter where it pays."""

from __future__ import annotations

from math import exp, log

import pytest
from calls import calls
from village import Village

from abm.engine import tables as ec
from abm.engine.draws import D_ENTRY, D_SITE, uniform
from abm.markets.investment import (
    enter,
    housed_units,
    invest,
    latest,
    order_units,
    priced_above_open,
    see_growth,
)
from abm.rules import interpreted


def near(value):
    return pytest.approx(value, rel=1e-12)


def shop(**parameters):
    """Three vendors that ask 12, 10 and 6 bn for 1.0, 2.0 and 0.5 kW; sites cost 10 bn a GW."""
    v = Village(**({"site_cost": 10.0, "order_deposit": 0.2, "gpu_lead": 5.0} | parameters))
    vendors = [v.vendor(markup=1.2), v.vendor(markup=0.8), v.vendor(markup=1.5)]
    for vendor, cost, kw in zip(vendors, (10.0, 12.5, 4.0), (1.0, 2.0, 0.5), strict=True):
        v.generation(vendor, cost=cost, kw=kw)
    return v, vendors


def signed(v):
    """Orders as (kind, buyer, vendor, generation, due, end user) and their units and prices."""
    rows = v.rows("orders")
    return (
        [(o.kind, o.buyer, o.vendor, o.generation, o.due, o.end_user) for o in rows],
        [(near(o.units), near(o.price)) for o in rows],
    )


# --- hardware -------------------------------------------------------------------------------------------
def test_an_order_is_split_over_vendors_by_the_buyer_s_shares():
    v, (first, amd, custom) = shop()
    v.market.month = 3
    cloud = v.neocloud(amd_share=0.3, custom_share=0.2, cash=50.0, site_gw=9.0)
    v.close()
    v.run(order_units, cloud, 0.4)
    parties, terms = signed(v)
    assert parties == [
        (ec.GPU_ORDER, cloud, first, 0, 8, -1),
        (ec.GPU_ORDER, cloud, amd, 1, 8, -1),
        (ec.GPU_ORDER, cloud, custom, 2, 8, -1),
    ]
    assert terms == [(0.2, 12.0), (0.12, 10.0), (0.08, 6.0)]
    assert v[cloud].cash == near(50.0 - 0.2 * (2.4 + 1.2 + 0.48))
    v.audit()


def test_a_vendor_without_a_share_gets_no_order():
    v, (first, _, custom) = shop()
    cloud = v.neocloud(custom_share=0.2, cash=50.0, site_gw=9.0)
    v.close()
    v.run(order_units, cloud, 0.4)
    assert [(o.vendor, near(o.units)) for o in v.rows("orders")] == [(first, 0.32), (custom, 0.08)]


def test_half_of_the_cash_pays_deposits_order_by_order():
    v, _ = shop()
    cloud = v.neocloud(amd_share=0.3, cash=1.2, site_gw=99.0)
    v.close()
    v.run(order_units, cloud, 2.0)
    # 0.6 pays 0.2 of 12 on a quarter of a million; half of the 0.6 left pays 0.2 of 10 on 0.15.
    assert [near(o.units) for o in v.rows("orders")] == [0.25, 0.15]
    assert v[cloud].cash == near(0.3)
    v.audit()


def test_without_cash_nothing_is_ordered():
    v, _ = shop()
    cloud = v.neocloud(cash=-1.0, site_gw=9.0)
    v.close()
    v.run(order_units, cloud, 2.0)
    assert v.market.n_orders == 0


def test_a_vendor_with_nothing_on_sale_is_passed_over():
    v, (first, _, custom) = shop()
    v.state.generations[1].released = 9
    cloud = v.neocloud(amd_share=0.3, custom_share=0.2, cash=50.0, site_gw=9.0)
    v.close()
    v.run(order_units, cloud, 0.4)
    assert [(o.vendor, near(o.units)) for o in v.rows("orders")] == [(first, 0.2), (custom, 0.08)]


def test_without_vendors_nothing_is_ordered():
    v, vendors = shop()
    for vendor in vendors:
        v[vendor].status = ec.FAILED
    cloud = v.neocloud(cash=50.0, fleet_gw=3.0)
    v.close()
    v.run(order_units, cloud, 0.4)
    assert v.market.n_orders == 0


def test_hardware_is_ordered_without_a_site():
    v, _ = shop()
    cloud = v.neocloud(cash=50.0)
    v.close()
    v.run(order_units, cloud, 0.4)
    assert [(o.kind, near(o.units)) for o in v.rows("orders")] == [(ec.GPU_ORDER, 0.4)]


# --- halls ----------------------------------------------------------------------------------------------
def test_halls_that_stand_within_the_window_house_what_is_neither_there_nor_on_order():
    v, (first, amd, _) = shop(site_window=6.0)
    v.market.month = 4
    cloud = v.neocloud(site_gw=1.0, fleet_gw=0.4, pue=1.25, amd_share=0.5)
    v.order(cloud, ec.SUPPLIERS, 0.7, 10.0, kind=ec.SITE_ORDER, due=10)
    v.order(cloud, ec.SUPPLIERS, 9.0, 10.0, kind=ec.SITE_ORDER, due=11)
    v.order(cloud, first, 0.1, 12.0, generation=0, due=99)
    v.order(cloud, amd, 0.1, 10.0, generation=1, due=99)
    # 1.7 GW less 0.4 and 0.375, for hardware of 1.5 kW at the server
    assert v.run(housed_units, cloud) == near(0.925 / 1.875)


def test_where_hardware_waits_for_halls_none_is_free():
    v, (first, *_) = shop(site_window=6.0)
    cloud = v.neocloud(site_gw=1.0, fleet_gw=0.4)
    v.order(cloud, first, 0.7, 12.0)
    assert v.run(housed_units, cloud) == 0.0


# --- growth seen ----------------------------------------------------------------------------------------
def seen(used, before=2.0, growth=0.4):
    """Growth planners see, and the compute in use that they will remember."""
    v = Village(expectation_speed=0.25)
    v.market.compute_used, v.market.compute_growth = before, growth
    for part in (0.4, 0.5, 0.1):
        v.lab(used=part * used)
    v.neocloud(used=7.0, status=ec.FAILED)
    v.run(see_growth)
    return float(v.market.compute_growth), float(v.market.compute_used)


def test_planners_see_compute_in_use_grow_and_believe_a_part_of_it():
    assert seen(2.1) == (near(0.4 + 0.25 * (12.0 * log(1.05) - 0.4)), near(2.1))
    assert seen(1.9) == (near(0.4 + 0.25 * (12.0 * log(0.95) - 0.4)), near(1.9))


def test_a_leap_in_use_is_seen_as_two_in_logs_a_year_at_most():
    assert seen(2.0 * exp(0.16)) == (near(0.4 + 0.25 * (1.92 - 0.4)), near(2.0 * exp(0.16)))
    assert seen(20.0)[0] == near(0.4 + 0.25 * 1.6)
    assert seen(0.2)[0] == near(0.4 - 0.25 * 2.4)


def test_without_a_month_before_or_use_now_no_growth_is_seen():
    assert seen(2.1, before=0.0) == (0.4, near(2.1))
    assert seen(0.0) == (0.4, 0.0)


# --- who invests ----------------------------------------------------------------------------------------
def test_growth_and_sites_are_seen_before_anybody_plans():
    v, _ = shop()
    made, _ = calls(invest, v.state, answer=lambda name, given: 0.0)
    told = [name for name, _ in made if name != "is_protected"]
    assert told == ["see_growth", "offer_sites", "price_sites", "tally_sites", "uniform"]


def test_who_comes_first_to_the_landlords_is_drawn_each_month():
    firsts = set()
    for month in range(1, 9):
        v, _ = shop(**(INVEST | {"shell_gw": 1.2}))
        v.market.month = month
        clouds = [hyperscaler(v, site_gw=0.0, expected_spot=9.0) for _ in range(4)]
        v.close()
        v.run(invest)
        drawn = int(float(interpreted(uniform)(1, D_SITE, month, 3)) * v.market.n_firms)
        # each could take all of the tenth of a GW that there is; the rows go round
        expected = min(clouds, key=lambda i: (i - drawn) % int(v.market.n_firms))
        leases = [(int(c.buyer), near(c.quantity)) for c in v.rows("contracts")]
        assert leases == [(expected, 0.1)]
        firsts.add(expected)
    assert len(firsts) > 1


def hyperscaler(v, **columns):
    """Wants 3.0 + 2.0 * 1.1 - 0.7 = 4.5 and has 1.3; may spend 0.4 of 6.0 on AI."""
    usual = {
        "need": 3.0, "promised_out": 2.0, "promised_in": 0.7, "capacity": 1.3, "capex_share": 0.4, "earnings": 6.0,
        "cash": 900.0, "site_gw": 99.0, "expected_spot": 0.5,
    }  # fmt: skip
    return v.hyperscaler(**(usual | columns))


# No growth is expected, no race is run, no site is let by a landlord.
INVEST = {
    "capacity_cover": 1.1, "order_smoothing": 8.0, "debt_capex_share": 0.0, "capex_willingness": 50.0,
    "equity_part": 0.4, "loan_to_cost": 0.8, "bid_risk_cap": 0.2, "growth_fade": 0.0, "rivalry": 0.0,
    "speculation": 0.0, "shell_gw": 0.0, "conversion_gw": 0.0, "project_share": 0.0, "demand_growth": 1.0,
    "gpu_lead": 10.0, "site_lead": 24.0, "site_ahead": 1.0, "site_delay": 0.0,
}  # fmt: skip


def hardware(v):
    """Units of every order of hardware."""
    return [near(o.units) for o in v.rows("orders") if o.kind == ec.GPU_ORDER]


def test_a_hyperscaler_orders_a_part_of_the_gap_to_its_plan():
    v, _ = shop(**INVEST)
    big = hyperscaler(v, on_order=0.8)
    v.close()
    v.run(invest)
    assert v[big].desired == near(3.2)
    assert hardware(v) == [(3.2 - 0.8) / 8.0]
    v.audit()


def test_a_hyperscaler_orders_for_the_fleet_it_wants_when_the_hardware_is_there():
    v, _ = shop(**INVEST)
    big = hyperscaler(v, own_growth=0.2)
    v.close()
    v.run(invest)
    assert v[big].desired == near(3.0 * exp(0.3) + 2.2 - 0.7 - 1.3)


def test_a_hyperscaler_orders_within_its_budget():
    v, _ = shop(**(INVEST | {"capex_willingness": 0.5}))
    big = hyperscaler(v)
    v.close()
    v.run(invest)
    assert hardware(v) == [1.2 / 22.0]  # hardware for 12 and a site for 10
    assert v[big].desired == near(3.2)


def test_hardware_is_ordered_for_halls_at_hand_and_sites_for_the_rest():
    v, _ = shop(**INVEST)
    hyperscaler(v, site_gw=1.45, fleet_gw=1.3)
    v.close()
    v.run(invest)
    assert hardware(v) == [0.15]
    (site,) = [o for o in v.rows("orders") if o.kind == ec.SITE_ORDER]
    # 1.3 GW stand and 3.2 are to come, 1.45 are there
    assert site.units == near((4.5 - 1.45) / 8.0)


def test_who_may_spend_nothing_orders_neither_hardware_nor_sites():
    v, _ = shop(**INVEST)
    big = hyperscaler(v, site_gw=1.4, earnings=0.0)
    v.close()
    v.run(invest)
    assert v.market.n_orders == 0
    assert v[big].desired == near(3.2)


def test_who_has_or_has_ordered_what_it_wants_orders_nothing():
    v, _ = shop(**INVEST)
    big, other = hyperscaler(v, capacity=5.0), hyperscaler(v, on_order=3.3)
    v[big].desired = 8.0
    v.close()
    v.run(invest)
    assert v.market.n_orders == 0
    assert v[big].desired == 0.0
    assert v[other].desired == near(3.2)


def test_sites_that_a_rival_has_planned_are_raced_for_in_the_same_month():
    v, _ = shop(**(INVEST | {"rivalry": 0.5, "site_lead": 18.0}))
    big = hyperscaler(v, fleet_gw=1.3, site_gw=1.3, planned=70.0)
    rival = v.hyperscaler(capacity=1.3, fleet_gw=1.3, site_gw=21.3, cash=0.0, planned=70.0)
    v.close()
    v.run(invest)
    # 2.6 of both and 20 planned by the rival: half of 22.6 would keep pace, and 5.2 are its own plan.
    assert v[big].desired == near(5.2 + 0.5 * (11.3 - 5.2) - 0.7 - 1.3)
    assert (v[big].planned, v[rival].planned) == (near(1.3), near(21.3))


def neocloud(v, **columns):
    """Wants 2.0 * 1.1 and has 1.4; its cash carries 0.4 * 66 / 0.2 = 132 bn, six million at 22."""
    usual = {"promised_out": 2.0, "capacity": 1.4, "cash": 66.0, "site_gw": 99.0, "expected_spot": 0.5}
    return v.neocloud(**(usual | columns))


def test_a_neocloud_orders_a_part_of_what_its_promises_lack():
    v, _ = shop(**INVEST)
    cloud = neocloud(v, on_order=0.2)
    v.close()
    v.run(invest)
    assert v[cloud].desired == near(0.8)
    assert hardware(v) == [0.6 / 8.0]
    v.audit()


def test_a_neocloud_orders_what_its_cash_carries():
    v, _ = shop(**INVEST)
    neocloud(v, cash=0.33)
    v.close()
    v.run(invest)
    assert hardware(v) == [0.03]


def test_a_neocloud_without_a_fleet_plans_by_its_equity():
    v, _ = shop(**INVEST)
    cloud = neocloud(v, capacity=0.0, promised_out=0.0)
    v.close()
    v.run(invest)
    assert v[cloud].desired == near(3.0)
    assert hardware(v) == [3.0 / 8.0]


def test_a_neocloud_with_a_fleet_grows_with_the_market():
    v, _ = shop(**INVEST)
    cloud = neocloud(v, promised_out=0.0)
    v.close()
    v.run(invest)
    assert (v[cloud].desired, v.market.n_orders) == (0.0, 0)
    v.market.compute_growth = 0.4
    v.run(invest)
    assert v[cloud].desired == near(1.4 * exp(0.6) - 1.4)
    assert hardware(v) == [1.4 * (exp(0.6) - 1.0) / 8.0]


@pytest.mark.parametrize(("pd", "orders"), [(0.2, 2), (0.21, 0)])
def test_a_neocloud_that_is_a_bad_risk_orders_nothing_not_even_a_site(pd, orders):
    v, _ = shop(**INVEST)
    cloud = neocloud(v, pd=pd, site_gw=0.5)
    v.close()
    v.run(invest)
    assert v.market.n_orders == orders
    assert v[cloud].desired == near(0.8)


def test_a_hyperscaler_s_risk_does_not_stop_its_orders():
    v, _ = shop(**INVEST)
    hyperscaler(v, pd=0.5)
    v.close()
    v.run(invest)
    assert v.market.n_orders == 1


def lab_of(v, **columns):
    """Needs 3.0 in all and wants 0.4 of them in halls of its own; has 0.2, and cash as `neocloud`."""
    usual = {"need": 2.0, "training_target": 0.5, "own_hardware": 0.4, "capacity": 0.2, "cash": 66.0, "site_gw": 99.0}
    return v.lab(**(usual | columns))


LAB_PLAN = {"planning_horizon": 12.0, "task_complexity": 3.0, "algorithmic_efficiency": 3.0, "capacity_ambition": 1.0}


def test_a_lab_with_halls_of_its_own_orders_what_its_part_of_the_plan_lacks():
    v, _ = shop(**(INVEST | LAB_PLAN))
    lab = lab_of(v, on_order=0.1)
    v.close()
    v.run(invest)
    assert v[lab].desired == near(1.0)
    assert hardware(v) == [0.9 / 8.0]
    v.audit()


def test_a_lab_orders_what_its_cash_carries():
    v, _ = shop(**(INVEST | LAB_PLAN))
    lab_of(v, cash=0.33)
    v.close()
    v.run(invest)
    assert hardware(v) == [0.03]


def test_failed_providers_and_others_do_not_invest():
    v, _ = shop(**INVEST)
    failed = hyperscaler(v, status=ec.FAILED, desired=0.7)
    lab = v.lab(cash=66.0, promised_out=2.0, need=3.0, desired=0.6)
    v.close()
    v.run(invest)
    assert v.market.n_orders == 0
    assert (v[failed].desired, v[lab].desired) == (0.7, 0.6)


def test_a_gap_of_crumbs_is_not_ordered():
    v, _ = shop(**INVEST)
    cloud = neocloud(v, promised_out=2.0, capacity=2.2 - 0.9e-5 * 8.0)
    v.close()
    v.run(invest)
    assert v.market.n_orders == 0
    v[cloud].capacity = 2.2 - 1.1e-5 * 8.0
    v.run(invest)
    assert v.market.n_orders == 1


# --- entry ----------------------------------------------------------------------------------------------
def dear_rent(chance):
    """Rent of 2.4 where the full cost is 1.6, sentiment 0.8; an entry rate at which this month's chance is given."""
    v = Village(entry_rate=chance * 12.0 / (0.5 * 0.8), entry_equity=0.7, open_entry_rate=0.0)
    v.market.month, v.market.spot_price, v.market.long_run_price, v.market.sentiment = 8, 2.4, 1.6, 0.8
    return v


def draw(who):
    return float(interpreted(uniform)(1, D_ENTRY, 8, who))


def test_a_neocloud_enters_where_the_rent_exceeds_full_cost():
    v = dear_rent(draw(0) + 1e-9)
    v.neocloud(pue=1.1, unit_opex=0.1, pd=0.03)
    like = v.neocloud(pue=1.3, unit_opex=0.2, pd=0.05, cash=3.0)
    v.neocloud(status=ec.FAILED)
    v.close()
    v.run(enter)
    new = like + 2
    assert v.market.n_firms == new + 1
    f = v[new]
    assert (f.kind, f.status, f.entered) == (ec.NEOCLOUD, ec.ACTIVE, 8)
    assert (f.pue, f.unit_opex, f.pd) == (1.3, 0.2, 0.05)
    assert (f.cash, f.paid_in) == (0.7, 0.7)
    assert v.flow(ec.F_EQUITY, ec.SAVERS, new) == 0.7
    (event,) = v.rows("events")
    assert (event.month, event.kind, event.a, event.b, event.amount) == (8, ec.E_ENTRY, new, -1, 0.7)
    v.audit()


def test_no_neocloud_enters_in_a_month_of_another_draw():
    v = dear_rent(draw(0) - 1e-9)
    v.neocloud()
    v.close()
    v.run(enter)
    assert (v.market.n_firms, v.market.n_events) == (ec.N_OUTSIDE + 1, 0)


def test_no_neocloud_enters_where_the_rent_is_full_cost_or_where_there_is_none_to_copy():
    v = dear_rent(1.0)
    v.neocloud()
    v.market.spot_price = 1.6
    v.close()
    v.run(enter)
    assert v.market.n_firms == ec.N_OUTSIDE + 1
    v = dear_rent(1.0)
    v.neocloud(status=ec.FAILED)
    v.hyperscaler()
    v.close()
    v.run(enter)
    assert v.market.n_firms == ec.N_OUTSIDE + 2


def dear_work(chance):
    """A lab that asks 2.19 where work costs 1.46, half above; a rate at which this month's chance is given."""
    v = Village(open_entry_rate=chance * 12.0 / 0.5, entry_rate=0.0)
    v.market.month = 8
    v.lab(price=2.19, unit_compute=1.0, revenue=3.0)
    return v


def test_an_open_model_enters_where_labs_earn_above_cost():
    v = dear_work(draw(1) + 1e-9)
    v.entrant(lag=3.0, quality=0.2, price=0.9, unit_compute=0.4)
    like = v.entrant(lag=5.0, quality=0.7, price=0.6, unit_compute=0.3, pue=1.3)
    v.entrant(status=ec.FAILED)
    new = like + 2
    for s in range(ec.N_SEGMENTS):
        v.state.brand[s, like] = 0.1 + s
        v.state.share[s, like] = 0.2
        v.state.share[s, new] = 0.9
    v.close()
    v.run(enter)
    assert v.market.n_firms == new + 1
    f = v[new]
    assert (f.kind, f.status, f.entered, f.pue) == (ec.ENTRANT, ec.ACTIVE, 8, 1.3)
    assert (f.lag, f.quality, f.price, f.unit_compute) == (5.0, 0.7, 0.6, 0.3)
    assert (f.cash, f.paid_in) == (0.0, 0.0)
    assert list(v.state.brand[:, new]) == [0.1, 1.1, 2.1, 3.1]
    assert list(v.state.share[:, new]) == [0.0] * 4
    assert list(v.state.share[:, like]) == [0.2] * 4
    (event,) = v.rows("events")
    assert (event.month, event.kind, event.a, event.b, event.amount) == (8, ec.E_ENTRY, new, -1, 0.0)
    v.audit()


def test_no_open_model_enters_in_a_month_of_another_draw_or_without_one_to_copy():
    v = dear_work(draw(1) - 1e-9)
    v.entrant()
    v.run(enter)
    assert v.market.n_firms == ec.N_OUTSIDE + 2
    v = dear_work(1.0)
    v.entrant(status=ec.FAILED)
    v.run(enter)
    assert v.market.n_firms == ec.N_OUTSIDE + 2


def test_nobody_enters_where_the_table_is_full():
    v = dear_work(1.0)
    v.p.entry_rate = 1e9
    v.market.spot_price = 9.0
    v.neocloud()
    v.entrant()
    full = v.market.n_firms = v.state.firms.shape[0] - 1
    v.run(enter)
    assert (v.market.n_firms, v.market.n_events) == (full, 0)
    assert v.state.flows.sum() == 0.0


def test_the_latest_of_a_kind_is_the_last_in_business():
    v = Village()
    assert v.run(latest, ec.NEOCLOUD) == -1
    v.neocloud()
    second = v.neocloud()
    v.lab()
    v.neocloud(status=ec.FAILED)
    assert v.run(latest, ec.NEOCLOUD) == second
    v = Village()
    first = v.lab()
    assert v.run(latest, ec.LAB) == first
    assert v.run(latest, ec.OUTSIDE) == ec.N_OUTSIDE - 1
    v[ec.N_OUTSIDE - 1].status = v[1].status = v[2].status = v[3].status = ec.FAILED
    assert v.run(latest, ec.OUTSIDE) == 0


def test_the_best_selling_lab_s_margin_draws_open_models():
    v = Village()
    v.market.contract_price, v.market.unit_compute = 3.0, 0.5
    assert v.run(priced_above_open) == 0.0
    v.lab(price=9.0, unit_compute=1.0, revenue=1.0)
    best = v.lab(price=1.5, unit_compute=0.8, revenue=5.0)  # costs 0.8 * 0.5 * 0.73 * 3 = 0.876
    v.lab(price=9.0, unit_compute=1.0, revenue=4.0)
    v.lab(price=9.0, unit_compute=1.0, revenue=6.0, status=ec.FAILED)
    v.hyperscaler(price=9.0, unit_compute=1.0, revenue=8.0)
    assert v.run(priced_above_open) == near(1.5 / 0.876 - 1.0)
    v[best].price = 0.8
    assert v.run(priced_above_open) == 0.0
