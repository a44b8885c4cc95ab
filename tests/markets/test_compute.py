"""Compute: who delivers what under contracts, what the spot market clears at, who uses which fleet."""

from __future__ import annotations

import math

import pytest
from calls import calls
from village import Village

from abm.engine import tables as ec
from abm.markets.compute import (
    clear_spot,
    compute_market,
    count_capacity,
    deliver_sites,
    offered_part,
    serve_contracts,
    serve_round,
    spot_floor,
    use_fleets,
    worth_serving,
)


def near(value):
    return pytest.approx(value, rel=1e-12)


# --- what firms have ------------------------------------------------------------------------------------
def test_capacity_is_the_units_of_all_vintages_and_power_is_at_the_meter():
    v = Village()
    cloud, other = v.neocloud(pue=1.2), v.neocloud(pue=1.5)
    vendor = v.vendor()
    v.generation(vendor, kw=0.8)
    v.generation(vendor, kw=1.3)
    v.fleet(cloud, 0.5, 0)
    v.fleet(cloud, 0.3, 1)
    v.fleet(other, 0.2, 1)
    v[cloud].capacity = v[cloud].fleet_gw = 9.0
    v.run(count_capacity)
    assert v[cloud].capacity == near(0.8)
    assert v[cloud].fleet_gw == near((0.5 * 0.8 + 0.3 * 1.3) * 1.2)
    assert v[other].capacity == near(0.2)
    assert v[other].fleet_gw == near(0.2 * 1.3 * 1.5)
    assert v[vendor].capacity == 0.0
    v.audit()


COUNTED = (
    "contracted_in", "contracted_out", "promised_in", "promised_out", "invoiced_in", "promised_rent", "promised_pay",
    "invoiced_out", "backlog_in", "backlog_out", "overpay",
)  # fmt: skip


@pytest.mark.parametrize("column", COUNTED)
def test_what_is_counted_from_contracts_starts_from_zero(column):
    v = Village()
    lab, cloud = v.lab(**{column: 7.0}), v.neocloud(**{column: 3.0})
    v.run(count_capacity)
    assert (v[lab][column], v[cloud][column]) == (0.0, 0.0)


def test_counting_capacity_leaves_sites_cash_and_needs_alone():
    v = Village()
    cloud = v.neocloud(site_gw=2.0, leased_gw=0.5, lease_gw=0.6, need=1.1, cash=3.0, stranded=0.2, on_order=0.4)
    v.run(count_capacity)
    f = v[cloud]
    assert (f.site_gw, f.leased_gw, f.lease_gw, f.need, f.cash, f.stranded, f.on_order) == (
        2.0, 0.5, 0.6, 1.1, 3.0, 0.2, 0.4,
    )  # fmt: skip


# --- contracts served -----------------------------------------------------------------------------------
def test_a_seller_with_room_delivers_what_the_ramp_asks():
    v = Village()
    v.market.month = 4
    lab, cloud, bystander = v.lab(), v.neocloud(capacity=5.0), v.neocloud(capacity=1.0)
    whole = v.contract(lab, cloud, 0.6, delivered=0.0)
    rising = v.contract(lab, cloud, 0.5, start=3, ramp=5, delivered=0.0)
    v.run(serve_round, True)
    contracts = v.rows("contracts")
    assert contracts[whole].delivered == 0.6
    assert contracts[rising].delivered == near(0.5 * 2 / 5)
    assert v[cloud].contracted_out == near(0.8)
    assert v[lab].contracted_in == near(0.8)
    assert (v[cloud].contracted_in, v[lab].contracted_out) == (0.0, 0.0)
    assert (v[bystander].contracted_in, v[bystander].contracted_out) == (0.0, 0.0)


@pytest.mark.parametrize(("kind", "wholesale"), [(ec.NEOCLOUD, True), (ec.HYPERSCALER, False)])
def test_a_seller_short_of_capacity_serves_all_pro_rata(kind, wholesale):
    v = Village()
    lab, other, cloud = v.lab(), v.lab(), v.firm(kind, capacity=0.7, contracted_in=0.3, contracted_out=0.0)
    first, second = v.contract(lab, cloud, 0.9), v.contract(other, cloud, 0.6)
    v.state.work_space[:] = 0.7  # what another phase left
    v.run(serve_round, wholesale)
    contracts = v.rows("contracts")
    assert contracts[first].delivered == near(0.6)  # 1.0 of 1.5 asked
    assert contracts[second].delivered == near(0.4)
    assert v[cloud].contracted_out == near(1.0)
    assert (v[lab].contracted_in, v[other].contracted_in) == (near(0.6), near(0.4))


def test_what_a_ramp_does_not_ask_yet_takes_nothing_from_other_buyers():
    v = Village()
    v.market.month = 5
    lab, other, cloud = v.lab(), v.lab(), v.neocloud(capacity=1.0)
    first = v.contract(lab, cloud, 0.8)
    second = v.contract(other, cloud, 0.8, start=5, ramp=4)
    v.run(serve_round, True)
    assert v.rows("contracts")[first].delivered == 0.8
    assert v.rows("contracts")[second].delivered == 0.2


def test_one_seller_s_shortage_is_not_another_s():
    v = Village()
    lab, cloud, rich = v.lab(), v.neocloud(capacity=0.3), v.neocloud(capacity=3.0)
    first, second = v.contract(lab, cloud, 0.9), v.contract(lab, rich, 0.6)
    v.run(serve_round, True)
    assert v.rows("contracts")[first].delivered == near(0.3)
    assert v.rows("contracts")[second].delivered == 0.6


def test_a_failed_seller_delivers_nothing_even_if_it_has_the_capacity():
    v = Village()
    lab, cloud = v.lab(), v.neocloud(capacity=5.0, status=ec.FAILED)
    r = v.contract(lab, cloud, 0.9)
    v.run(serve_round, True)
    assert v.rows("contracts")[r].delivered == 0.0
    assert (v[lab].contracted_in, v[cloud].contracted_out) == (0.0, 0.0)


def test_only_live_compute_contracts_are_served():
    v = Village()
    lab, cloud = v.lab(), v.neocloud(capacity=5.0)
    pending = v.contract(lab, cloud, 0.9, status=ec.PENDING, delivered=0.33)
    lease = v.contract(lab, cloud, 0.8, kind=ec.SITE, delivered=0.44)
    ended = v.contract(lab, cloud, 0.7, status=ec.ENDED, delivered=0.55)
    v.run(serve_round, True)
    assert [v.rows("contracts")[r].delivered for r in (pending, lease, ended)] == [0.33, 0.44, 0.55]
    assert (v[lab].contracted_in, v[cloud].contracted_out) == (0.0, 0.0)


def test_contracts_not_live_take_nothing_from_those_that_are():
    v = Village()
    lab, cloud = v.lab(), v.neocloud(capacity=1.0)
    v.contract(lab, cloud, 0.9, status=ec.PENDING)
    v.contract(lab, cloud, 0.8, kind=ec.SITE)
    live = v.contract(lab, cloud, 1.0)
    v.run(serve_round, True)
    assert v.rows("contracts")[live].delivered == 1.0


@pytest.mark.parametrize(
    ("kind", "wholesale"),
    [(ec.NEOCLOUD, True), (ec.VEHICLE, True), (ec.LAB, True), (ec.HYPERSCALER, False)],
)
def test_each_layer_of_sellers_is_served_in_its_own_round(kind, wholesale):
    v = Village()
    lab, seller = v.lab(), v.firm(kind, capacity=5.0)
    r = v.contract(lab, seller, 0.9, delivered=0.1)
    v.run(serve_round, not wholesale)
    assert v.rows("contracts")[r].delivered == 0.1
    assert (v[lab].contracted_in, v[seller].contracted_out) == (0.0, 0.0)
    v.run(serve_round, wholesale)
    assert v.rows("contracts")[r].delivered == 0.9
    assert (v[lab].contracted_in, v[seller].contracted_out) == (0.9, 0.9)


def test_within_a_layer_nobody_sells_on_what_it_gets_in_the_same_round():
    v = Village()
    lab, first, second = v.lab(), v.neocloud(capacity=2.0), v.neocloud(capacity=0.2)
    v.contract(second, first, 0.3)
    r = v.contract(lab, second, 0.5)
    v.run(serve_round, True)
    assert v.rows("contracts")[r].delivered == near(0.2)
    assert v[second].contracted_in == 0.3


# --- site leases ----------------------------------------------------------------------------------------
def test_a_lease_delivers_the_power_that_is_built():
    v = Village()
    v.market.month = 3
    cloud, project = v.hyperscaler(leased_gw=9.0, lease_gw=9.0), v.project(site_gw=0.7, fleet_gw=0.1, lease_gw=9.0)
    r = v.contract(cloud, project, 0.9, 0.2, kind=ec.SITE, delivered=0.0)
    v.run(deliver_sites)
    assert v.rows("contracts")[r].delivered == near(0.6)
    assert v[cloud].leased_gw == near(0.6)
    assert v[cloud].lease_gw == 0.9
    assert v[project].leased_gw == near(-0.6)
    assert v[project].lease_gw == 0.0
    assert (v[project].site_gw, v[project].fleet_gw) == (0.7, 0.1)


def test_a_lease_of_less_than_is_built_delivers_what_its_ramp_asks():
    v = Village()
    v.market.month = 3
    cloud, project = v.hyperscaler(), v.project(site_gw=5.0)
    r = v.contract(cloud, project, 0.8, 0.2, kind=ec.SITE, start=2, ramp=4)
    v.run(deliver_sites)
    assert v.rows("contracts")[r].delivered == near(0.4)
    assert (v[cloud].leased_gw, v[project].leased_gw) == (near(0.4), near(-0.4))
    assert v[cloud].lease_gw == 0.8


@pytest.mark.parametrize(
    ("kind", "given"), [(ec.VEHICLE, 0.3), (ec.NEOCLOUD, 0.3), (ec.HYPERSCALER, 0.9), (ec.OUTSIDE, 0.9)]
)
def test_projects_and_neoclouds_let_only_what_they_do_not_use(kind, given):
    v = Village()
    cloud, owner = v.neocloud(), v.firm(kind, site_gw=0.5, fleet_gw=0.2)
    r = v.contract(cloud, owner, 0.9, 0.2, kind=ec.SITE)
    v.run(deliver_sites)
    assert v.rows("contracts")[r].delivered == near(given)


def test_an_owner_whose_fleet_outgrew_its_site_delivers_none():
    v = Village()
    cloud, project = v.neocloud(), v.project(site_gw=0.5, fleet_gw=0.8)
    r = v.contract(cloud, project, 0.9, 0.2, kind=ec.SITE)
    v.run(deliver_sites)
    assert v.rows("contracts")[r].delivered == 0.0
    assert (v[cloud].leased_gw, v[project].leased_gw) == (0.0, 0.0)


def test_the_second_tenant_of_a_site_gets_what_the_first_leaves():
    v = Village()
    cloud, other, project = v.neocloud(), v.hyperscaler(), v.project(site_gw=1.0)
    first = v.contract(cloud, project, 0.7, 0.2, kind=ec.SITE)
    second = v.contract(other, project, 0.5, 0.2, kind=ec.SITE)
    v.run(deliver_sites)
    assert v.rows("contracts")[first].delivered == 0.7
    assert v.rows("contracts")[second].delivered == near(0.3)
    assert v[project].leased_gw == near(-1.0)
    assert (v[cloud].leased_gw, v[other].leased_gw) == (0.7, near(0.3))


def test_a_tenant_can_sublet_what_it_leases():
    v = Village()
    cloud, other, project = v.neocloud(site_gw=0.1), v.hyperscaler(), v.project(site_gw=1.0)
    v.contract(cloud, project, 0.7, 0.2, kind=ec.SITE)
    r = v.contract(other, cloud, 0.9, 0.2, kind=ec.SITE)
    v.run(deliver_sites)
    assert v.rows("contracts")[r].delivered == near(0.8)
    assert v[cloud].leased_gw == near(-0.1)
    assert v[cloud].lease_gw == 0.7


def test_a_pending_lease_is_promised_and_delivers_nothing():
    v = Village()
    cloud, project = v.neocloud(), v.project(site_gw=1.0)
    r = v.contract(cloud, project, 0.7, 0.2, kind=ec.SITE, status=ec.PENDING, delivered=0.11)
    v.run(deliver_sites)
    assert v[cloud].lease_gw == 0.7
    assert (v[cloud].leased_gw, v[project].leased_gw) == (0.0, 0.0)
    assert v.rows("contracts")[r].delivered == 0.11


@pytest.mark.parametrize("column", [{"status": ec.ENDED}, {"status": ec.BROKEN}, {"kind": ec.COMPUTE}])
def test_leases_that_are_over_and_compute_contracts_give_no_site(column):
    v = Village()
    cloud, project = v.neocloud(), v.project(site_gw=1.0)
    r = v.contract(cloud, project, 0.7, 0.2, **({"kind": ec.SITE, "delivered": 0.11} | column))
    v.run(deliver_sites)
    assert (v[cloud].lease_gw, v[cloud].leased_gw, v[project].leased_gw) == (0.0, 0.0, 0.0)
    assert v.rows("contracts")[r].delivered == 0.11


# --- the steps together ---------------------------------------------------------------------------------
def test_hyperscalers_serve_from_what_neoclouds_deliver_to_them():
    v = Village()
    lab, big, cloud, vendor = v.lab(), v.hyperscaler(), v.neocloud(), v.vendor()
    v.generation(vendor)
    v.fleet(cloud, 0.4)
    v.fleet(big, 0.3)
    r = v.contract(lab, big, 0.6, 3.0)
    v.contract(big, cloud, 0.5, 2.5)
    v.run(serve_contracts)
    assert v.rows("contracts")[r].delivered == 0.6  # of 0.3 + 0.4
    assert (v[big].contracted_in, v[big].contracted_out, v[cloud].contracted_out) == (0.4, 0.6, 0.4)
    assert v[lab].contracted_in == 0.6
    assert v[big].invoiced_in == near(0.6 * 3.0 * 0.73)
    assert v[big].invoiced_out == near(0.4 * 2.5 * 0.73)
    assert (v[big].promised_out, v[big].promised_in) == (0.6, 0.5)


def test_contracts_are_served_by_the_fleet_of_today():
    v = Village()
    lab, cloud, vendor, project = v.lab(), v.neocloud(), v.vendor(), v.project(site_gw=0.9)
    v.generation(vendor, kw=2.0)
    v.fleet(cloud, 0.4)
    v.fleet(project, 0.1)
    compute = v.contract(lab, cloud, 0.6)
    lease = v.contract(cloud, project, 0.9, 0.2, kind=ec.SITE)
    v[cloud].capacity = v[project].fleet_gw = 9.0
    v[cloud].contracted_in = 5.0
    v.run(serve_contracts)
    assert v.rows("contracts")[compute].delivered == 0.4
    assert v.rows("contracts")[lease].delivered == near(0.7)


def test_serving_contracts_counts_then_delivers_layer_by_layer_then_adds_up():
    v = Village()
    made, _ = calls(serve_contracts, v.state)
    assert [(name, given[1:]) for name, given in made] == [
        ("count_capacity", ()),
        ("deliver_sites", ()),
        ("serve_round", (True,)),
        ("serve_round", (False,)),
        ("tally_contracts", ()),
    ]


def test_the_compute_market_serves_contracts_before_spot_and_bills_what_was_served():
    v = Village()
    v.state.work_space[3, 2] = 0.37
    made, _ = calls(compute_market, v.state)
    assert [name for name, _ in made] == [
        "serve_contracts", "clear_spot", "use_fleets", "exercise_backstops", "bill_services", "mark_fleets",
    ]  # fmt: skip
    assert all(given[0] is v.state for _, given in made)
    assert made[4][1][1][2] == 0.37


# --- bounds of the spot market --------------------------------------------------------------------------
def test_the_spot_floor_is_the_mean_running_cost_of_fleets_in_business():
    v = Village()
    v.market.power_price, v.market.carbon_price = 40.0, 0.0
    vendor = v.vendor()
    v.generation(vendor, kw=1.0)
    v.generation(vendor, kw=2.0)
    cloud = v.neocloud(pue=1.2, power_premium=1.25, unit_opex=0.1)
    big = v.hyperscaler(pue=1.5, unit_opex=0.3)
    failed = v.neocloud(pue=9.0, unit_opex=9.0, status=ec.FAILED)
    v.fleet(cloud, 0.3, 0)
    v.fleet(big, 0.1, 1)
    v.fleet(failed, 0.5, 1)
    # 1.2 kW at 50 a MWh and 0.1; 3 kW at 40 a MWh and 0.3 for each of 2 kW
    assert v.run(spot_floor) == near((3.0 * 0.16 + 1.0 * 0.72) / 4.0)


def test_the_spot_floor_takes_each_fleet_at_its_mean_power():
    v = Village()
    v.market.power_price = 40.0
    vendor = v.vendor()
    v.generation(vendor, kw=1.0)
    v.generation(vendor, kw=2.0)
    cloud = v.neocloud()
    v.fleet(cloud, 3.0, 0)
    v.fleet(cloud, 1.0, 1)
    assert v.run(spot_floor) == near(1.25 * 0.04)


def test_without_fleets_the_spot_floor_is_a_tenth_of_a_dollar():
    v = Village()
    v.neocloud(unit_opex=3.0)
    assert v.run(spot_floor) == 0.1


def test_a_lab_serves_from_spot_while_the_work_pays_its_compute():
    v = Village()
    v.market.unit_compute, v.market.spot_price = 2.0, 1.9
    lab = v.lab(price=4.38, unit_compute=1.5)  # pays for its compute up to 2 USD an hour
    assert v.run(worth_serving, lab) == 1.0
    v.market.spot_price = 2.1
    assert v.run(worth_serving, lab) == near((2.0 / 2.1) ** 4)
    v.market.spot_price = 4.0
    assert v.run(worth_serving, lab) == near(0.0625)


# --- what is offered by the hour ------------------------------------------------------------------------
@pytest.mark.parametrize(("spot", "part"), [(3.0, 0.9), (2.0, 0.9), (1.0, 0.9 * 0.25), (0.5, 0.9 / 16)])
def test_providers_hold_back_the_more_the_further_rents_are_below_the_entry_rent(spot, part):
    v = Village(idle_reserve=0.1, holdback=2.0)
    v.market.spot_price, v.market.entry_rent = spot, 2.0
    assert v.run(offered_part) == near(part)


def test_holding_back_leaves_idle_capacity_and_a_higher_rent():
    def cleared(holdback):
        v = spot_village(spot_adjustment=1.0, holdback=holdback)
        v.market.tenant_demand, v.market.entry_rent = 1.0, 4.0
        v.neocloud(capacity=9.0)
        v.run(clear_spot)
        return float(v.market.spot_price)

    # half of the entry rent: half of 8.1 is offered; elasticity 0.5
    assert cleared(1.0) == near(4.0 * cleared(0.0))


# --- the spot market ------------------------------------------------------------------------------------
def spot_village(**parameters):
    """Spot 2.0 and opening 0.5 at elasticity 0.5: at an unmoved price elastic demand is halved."""
    usual = {
        "spot_adjustment": 0.0, "tenant_elasticity": 0.5, "sublet": 0.4, "spot_training": 0.3, "idle_reserve": 0.1,
        "spot_shortage": 0.6, "spot_budget": 0.25, "reletting_months": 4.0, "training_scale": 1.5, "spot_cap": 50.0,
        "spot_step": 10.0,
    }  # fmt: skip
    v = Village(**(usual | parameters))
    v.market.opening_spot, v.market.unit_compute = 0.5, 1.5
    v.state.work_space[:] = 0.7  # what another phase left
    return v


def hungry_lab(v, **columns):
    """A lab that needs 3.0 and has 1.0: it wants 2.0 to serve and 0.9 to train, of that 0.27 from spot."""
    usual = {
        "work": 4.0, "unit_compute": 0.5, "price": 100.0, "training_target": 0.2, "capacity": 0.7,
        "contracted_in": 0.5, "contracted_out": 0.2, "cash": 1.0,
    }  # fmt: skip
    return v.lab(**(usual | columns))


def test_with_supply_to_spare_everybody_buys_what_it_wants_and_sellers_sell_what_is_asked():
    v = spot_village()
    v.market.tenant_demand = 0.73
    lab = hungry_lab(v)
    cloud, other = v.neocloud(capacity=6.0), v.neocloud(capacity=4.0)
    v.close()
    v.run(clear_spot)
    assert v[lab].need == 3.0
    assert v[lab].spot_bought == near(2.0 + 0.27 * 0.5)
    assert v[lab].training == near(0.27 * 0.5)
    assert v[lab].spot_sold == 0.0
    # 2.0 and half of 0.27 + 0.73 asked, of 9.0 on offer
    assert v.market.tightness == near(2.5 / 9.0)
    assert v.market.rationed == 0.0
    assert v.market.spot_price == 2.0
    assert (v[cloud].spot_sold, v[other].spot_sold) == (near(1.5), near(1.0))
    assert (v[cloud].spot_bought, v[other].spot_bought) == (0.0, 0.0)
    assert v.state.work_space[3, lab] == 1.0
    v.audit()


def test_the_exchange_pays_sellers_at_once():
    v = spot_village()
    v.market.tenant_demand = 0.73
    lab = hungry_lab(v)
    cloud, other = v.neocloud(capacity=6.0, cash=2.0), v.neocloud(capacity=4.0)
    v.close()
    before = v[ec.CUSTOMERS].cash
    v.run(clear_spot)
    assert v.flow(ec.F_COMPUTE, ec.CUSTOMERS, cloud) == near(2.5 * 2.0 * 0.73)
    assert v.state.flows.sum() == near(2.5 * 2.0 * 0.73)
    assert (v[cloud].cash, v[other].cash) == (near(2.0 + 2.19), near(1.46))
    assert (v[cloud].revenue, v[other].revenue) == (near(2.19), near(1.46))
    assert v[ec.CUSTOMERS].cash == near(before - 3.65)
    assert v[ec.CUSTOMERS].operating_cost == near(3.65)
    assert (v[lab].cash, v[lab].revenue, v[lab].operating_cost) == (1.0, 0.0, 0.0)
    v.audit()


def test_short_supply_is_rationed_pro_rata():
    v = spot_village()
    v.market.tenant_demand = 0.73
    lab = hungry_lab(v)
    cloud = v.neocloud(capacity=2.0)
    v.close()
    v.run(clear_spot)  # 1.8 on offer for 2.5
    assert v[lab].spot_bought == near(2.135 * 0.72)
    assert v[lab].training == near(0.135 * 0.72)
    assert v[cloud].spot_sold == near(1.8)
    assert v.market.tightness == near(2.5 / 1.8)
    assert v.market.rationed == near(0.7)
    assert v.state.work_space[3, lab] == near(1.0 - 2.0 * 0.28 / 3.0)
    v.audit()


def test_a_lab_buys_less_than_its_work_needs_where_the_rent_eats_the_price():
    v = spot_village()
    lab = hungry_lab(v, price=0.5475)  # pays its compute up to 1 USD, half the spot price
    v.neocloud(capacity=10.0)
    v.close()
    v.run(clear_spot)
    assert v[lab].spot_bought == near(2.0 / 16 + 0.135)
    assert v.state.work_space[3, lab] == near((3.0 - 1.875) / 3.0)


def test_a_lab_with_room_trains_on_it_and_sublets_a_part_of_the_rest():
    v = spot_village()
    v.market.tenant_demand = 2.0
    lab = hungry_lab(v, capacity=4.2)  # has 4.5, needs 3.0, trains 0.9
    v.close()
    v.run(clear_spot)
    assert v[lab].training == near(0.9)
    assert v[lab].spot_bought == 0.0
    assert v[lab].spot_sold == near(0.4 * 0.6)
    assert v[lab].revenue == near(0.24 * 2.0 * 0.73)
    assert v.state.work_space[3, lab] == 1.0
    v.audit()


def test_a_lab_trains_on_what_its_customers_leave_and_buys_a_part_of_what_is_missing():
    v = spot_village()
    lab = hungry_lab(v, capacity=2.9)  # has 3.2
    v.neocloud(capacity=10.0)
    v.close()
    v.run(clear_spot)
    assert v[lab].spot_bought == near(0.3 * 0.7 * 0.5)
    assert v[lab].training == near(0.2 + 0.105)
    assert v[lab].spot_sold == 0.0


def test_a_lab_short_of_money_trains_less():
    v = spot_village()
    # 4.8 lasts six months at 0.8 a month: half of the training it would want.
    lab = hungry_lab(v, capacity=4.2, cash=4.8, debt_service=1.0, earnings=0.2)
    v.close()
    v.run(clear_spot)
    assert v[lab].training == near(0.45)


def test_an_open_model_buys_all_its_compute():
    v = spot_village()
    entrant = v.entrant(work=2.0, unit_compute=0.25, capacity=0.4, price=0.01)
    v.neocloud(capacity=10.0)
    v.close()
    v.run(clear_spot)
    assert v[entrant].need == 0.75
    assert v[entrant].spot_bought == 0.75
    assert v[entrant].spot_sold == 0.0
    assert v.state.work_space[3, entrant] == 1.0


def test_an_open_model_serves_the_part_of_its_work_that_finds_compute():
    v = spot_village()
    entrant = v.entrant(work=2.0, unit_compute=0.25, capacity=0.4)
    v.neocloud(capacity=0.5)
    v.close()
    v.run(clear_spot)
    assert v[entrant].spot_bought == near(0.45)
    assert v.state.work_space[3, entrant] == near(0.6)


@pytest.mark.parametrize(
    ("kind", "offered"), [(ec.HYPERSCALER, 0.9), (ec.NEOCLOUD, 1.71), (ec.VEHICLE, 1.71), (ec.VENDOR, 0.0)]
)
def test_clouds_offer_what_contracts_own_work_lost_customers_and_a_reserve_leave(kind, offered):
    v = spot_village()
    v.p.reletting_glut = 0.0
    v.market.tenant_demand = 50.0
    # Has 2.2; need 0.9 counts for hyperscalers only; 0.4 stranded of which a quarter has been let again.
    cloud = v.firm(kind, capacity=2.0, contracted_in=0.5, contracted_out=0.3, need=0.9, stranded=0.4, training=0.6)
    v.close()
    v.run(clear_spot)
    assert v[cloud].spot_sold == near(offered)
    assert v[cloud].stranded == near(0.3)
    assert v[cloud].training == 0.6


def test_a_cloud_that_has_promised_all_offers_nothing():
    v = spot_village()
    v.market.tenant_demand = 5.0
    cloud, rich = v.neocloud(capacity=1.0, contracted_out=1.2), v.neocloud(capacity=2.0)
    v.close()
    v.run(clear_spot)
    assert v[cloud].spot_sold == 0.0
    assert v[rich].spot_sold == near(1.8)


@pytest.mark.parametrize(("earnings", "bought"), [(14.6, 0.6), (1.46, 0.25), (-3.0, 0.0)])
def test_a_hyperscaler_buys_a_part_of_its_shortage_within_a_part_of_its_earnings(earnings, bought):
    v = spot_village()
    v.market.tenant_demand = 3.0
    big = v.hyperscaler(capacity=1.0, contracted_in=0.4, contracted_out=0.3, need=2.1, earnings=earnings)
    v.neocloud(capacity=10.0)
    v.close()
    v.run(clear_spot)
    assert v[big].spot_bought == near(bought * 0.5)
    assert v[big].spot_sold == 0.0
    assert v[big].training == 0.0


def test_the_need_of_a_neocloud_is_no_shortage():
    v = spot_village()
    cloud = v.neocloud(capacity=1.0, need=3.0, earnings=9.0)
    v.neocloud(capacity=10.0)
    v.close()
    v.run(clear_spot)
    assert v[cloud].spot_bought == 0.0


def test_failed_firms_neither_offer_nor_buy():
    v = spot_village()
    v.market.tenant_demand = 5.0
    lab = hungry_lab(v, status=ec.FAILED, training=0.8, need=1.3)
    entrant = v.entrant(work=2.0, unit_compute=0.25, status=ec.FAILED)
    cloud = v.neocloud(capacity=3.0, stranded=0.4, status=ec.FAILED)
    alive = v.neocloud(capacity=2.0)
    v.close()
    v.run(clear_spot)
    assert (v[lab].spot_bought, v[lab].training, v[lab].need) == (0.0, 0.0, 1.3)
    assert (v[entrant].spot_bought, v[entrant].need) == (0.0, 0.0)
    assert (v[cloud].spot_sold, v[cloud].stranded) == (0.0, 0.4)
    assert v[alive].spot_sold == near(1.8)
    assert v.market.tightness == near(2.5 / 1.8)
    assert v.state.work_space[3, lab] == 1.0


def test_the_price_goes_a_part_of_the_way_to_the_one_that_clears():
    v = spot_village(spot_adjustment=0.5)
    v.market.tenant_demand = 27.73
    lab = hungry_lab(v)
    cloud = v.neocloud(capacity=10.0)
    v.close()
    v.run(clear_spot)
    # Elastic demand of 28 at the opening price of 0.5 falls to 7, the supply left, at 0.5 * 4**2 = 8.
    assert v.market.spot_price == near(4.0)
    assert v[cloud].spot_sold == near(9.0)
    demand = 2.0 + 28.0 / math.sqrt(8.0)
    assert v.market.tightness == near(demand / 9.0)
    assert v.market.rationed == near(demand - 9.0)
    assert v[lab].spot_bought == near((2.0 + 0.27 / math.sqrt(8.0)) * 9.0 / demand)
    assert v[cloud].revenue == near(9.0 * 4.0 * 0.73)
    v.audit()


def test_what_lost_customers_left_presses_on_the_price_before_it_is_let():
    v = spot_village(spot_adjustment=1.0, reletting_glut=0.0)
    v.market.tenant_demand = 18.6
    cloud = v.neocloud(capacity=10.0, stranded=4.0)
    v.close()
    v.run(clear_spot)
    # A quarter has been let again; 18.6 at the opening's 0.5 falls to the 6.3 on offer and the 3 left at 0.5 * 2**2.
    assert v[cloud].stranded == 3.0
    assert v.market.spot_price == near(2.0)
    assert v[cloud].spot_sold == near(6.3)
    assert v.market.tightness == near(9.3 / 6.3)


def test_no_more_is_left_than_stands_idle():
    v = spot_village(spot_adjustment=1.0, reletting_glut=0.0)
    v.market.tenant_demand = 2.0
    cloud = v.hyperscaler(capacity=10.0, contracted_out=5.0, need=4.0, stranded=4.0)
    v.close()
    v.run(clear_spot)
    assert (v[cloud].stranded, v[cloud].spot_sold) == (3.0, 0.0)
    assert v.market.spot_price == near(2.0)  # 2 for the 1 that is neither let nor needed


def test_the_more_lost_customers_left_the_more_of_it_waits_whoever_owns_it():
    v = spot_village(reletting_glut=3.0)
    first, second = v.neocloud(stranded=0.5, used=2.0), v.lab(stranded=0.5, used=3.0)
    v.run(clear_spot)
    # A fifth of what is used: the four months become 6.4, for all at the pace of the month's start.
    assert (v[first].stranded, v[second].stranded) == (near(0.5 * (1 - 1 / 6.4)), near(0.5 * (1 - 1 / 6.4)))


@pytest.mark.parametrize(("tenants", "step"), [(27.73, 0.1), (0.73, -0.1)])
def test_the_price_moves_no_more_than_a_step(tenants, step):
    v = spot_village(spot_adjustment=0.5, spot_step=0.1)
    v.market.tenant_demand = tenants
    hungry_lab(v)
    v.neocloud(capacity=10.0)
    v.run(clear_spot)
    assert v.market.spot_price == near(2.0 * math.exp(step))


def test_the_price_falls_where_supply_is_ample():
    v = spot_village(spot_adjustment=0.5)
    v.market.tenant_demand = 6.73
    hungry_lab(v)
    v.neocloud(capacity=10.0)
    v.run(clear_spot)
    assert v.market.spot_price == near(1.0)  # 7 and 7: clears at the opening's 0.5, half way in logs


def test_where_fixed_demand_takes_all_the_price_goes_to_its_cap():
    v = spot_village(spot_adjustment=0.5, spot_cap=32.0)
    hungry_lab(v)
    v.neocloud(capacity=2.2)  # 1.98 on offer for 2.0
    v.run(clear_spot)
    assert v.market.spot_price == near(8.0)


def test_the_clearing_price_is_no_higher_than_the_cap():
    v = spot_village(spot_adjustment=0.5, spot_cap=4.5)
    v.market.tenant_demand = 27.73
    hungry_lab(v)
    v.neocloud(capacity=10.0)
    v.run(clear_spot)
    assert v.market.spot_price == near(3.0)


def test_the_clearing_price_is_no_lower_than_the_running_cost():
    v = spot_village(spot_adjustment=0.5)
    v.market.tenant_demand = 0.001
    v.market.power_price = 0.0
    v.generation(v.vendor())
    v.fleet(v.neocloud(unit_opex=0.5), 10.0)
    v.run(clear_spot)
    assert v.market.spot_price == near(1.0)


def test_a_price_outside_its_bounds_comes_back_to_them():
    v = spot_village(spot_adjustment=0.01, spot_cap=1.5)
    v.market.tenant_demand = 50.0
    v.neocloud(capacity=10.0)
    v.run(clear_spot)
    assert v.market.spot_price == 1.5
    v = spot_village(spot_adjustment=0.01)
    v.market.power_price = 0.0
    v.generation(v.vendor())
    v.fleet(v.neocloud(unit_opex=2.75), 10.0)
    v.run(clear_spot)
    assert v.market.spot_price == 2.75


def test_without_supply_nobody_is_served_or_paid():
    v = spot_village()
    v.market.tenant_demand = 1.0
    lab = hungry_lab(v)
    v.close()
    v.run(clear_spot)
    assert (v[lab].spot_bought, v[lab].training) == (0.0, 0.0)
    assert v.market.tightness == 9.9
    assert v.market.rationed == near(2.0 + 1.27 * 0.5)
    assert v.state.work_space[3, lab] == near(1.0 / 3.0)
    assert v.state.flows.sum() == 0.0


def test_without_demand_nothing_is_sold():
    v = spot_village()
    cloud = v.neocloud(capacity=3.0, expected_spot=9.0)
    v.close()
    v.run(clear_spot)
    assert (v[cloud].spot_sold, v[cloud].revenue, v.market.tightness, v.market.rationed) == (0.0, 0.0, 0.0, 0.0)
    assert v.market.n_hits == 0


def test_tightness_is_shown_up_to_9_9():
    v = spot_village()
    v.market.tenant_demand = 4.0
    v.neocloud(capacity=0.2)
    v.run(clear_spot)
    assert v.market.tightness == 9.9
    assert v.market.rationed == near(2.0 - 0.18)


def test_a_seller_is_hit_by_a_rent_below_what_it_expected():
    v = spot_village()
    v.market.tenant_demand = 2.0
    cloud, content = v.neocloud(capacity=3.0, expected_spot=2.6), v.neocloud(capacity=2.0, expected_spot=1.9)
    v.close()
    v.run(clear_spot)
    assert v[content].spot_sold > 0.0
    (hit,) = v.rows("hits")
    assert (hit.victim, hit.source, hit.channel) == (cloud, -1, ec.MARKET)
    assert hit.amount == near(0.6 * 0.6 * 0.73)


# --- fleets in use --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "used"),
    # let 0.6, sold 0.5, less 0.3 rented and 0.1 bought; labs add need and training, hyperscalers their need
    [(ec.NEOCLOUD, 0.7), (ec.VEHICLE, 0.7), (ec.HYPERSCALER, 1.5), (ec.LAB, 1.9)],
)
def test_a_fleet_is_used_by_customers_and_own_work_less_what_is_rented_in(kind, used):
    v = Village()
    vendor, cloud = v.vendor(), v.firm(kind)
    v.generation(vendor, kw=0.5)
    v.fleet(cloud, 3.0)
    f = v[cloud]
    f.contracted_out, f.spot_sold, f.contracted_in, f.spot_bought = 0.6, 0.5, 0.3, 0.1
    f.need, f.training = 0.8, 0.4
    v.run(use_fleets)
    assert f.used == near(used)
    assert f.utilisation == near(used / 3.0)
    # idle hardware draws 0.3 of what busy hardware draws: GW times 730 hours
    assert f.energy == near((used + 0.3 * (3.0 - used)) * 0.5 * 0.73)


@pytest.mark.parametrize(("let", "used"), [(5.0, 2.0), (0.0, 0.0)])
def test_a_fleet_is_used_between_not_at_all_and_in_full(let, used):
    v = Village()
    cloud = v.neocloud(capacity=2.0, contracted_out=let, contracted_in=0.3)
    v.run(use_fleets)
    assert (v[cloud].used, v[cloud].utilisation) == (used, used / 2.0)


@pytest.mark.parametrize("columns", [{"capacity": 2.0, "status": ec.FAILED}, {"capacity": 0.0}])
def test_who_failed_or_has_no_fleet_uses_none(columns):
    v = Village()
    cloud = v.neocloud(contracted_out=1.0, utilisation=0.9, used=0.7, energy=0.4, **columns)
    v.run(use_fleets)
    assert (v[cloud].utilisation, v[cloud].used, v[cloud].energy) == (0.0, 0.7, 0.4)
