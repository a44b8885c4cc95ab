"""The market for GPUs: vendors, prices, what can be delivered, wear, the next generation."""

from __future__ import annotations

import math

import pytest
from village import Village

from abm.engine import tables as ec
from abm.markets.gpus import (
    affordable_fleet,
    kw_on_sale,
    months_to_build,
    nth_vendor,
    power_by,
    ready_deliveries,
    release_generation,
    unit_cost,
    vendors_plan,
    wear,
)


def near(value):
    return pytest.approx(value, rel=1e-12)


# --- vendors and prices ---------------------------------------------------------------------------------
def test_vendors_in_business_are_counted_from_zero():
    v = Village()
    assert v.run(nth_vendor, 0) == -1
    v.vendor(status=ec.FAILED)
    first, _, second = v.vendor(), v.neocloud(), v.vendor()
    assert [v.run(nth_vendor, k) for k in range(3)] == [first, second, second]


def shop(**parameters):
    """Three vendors: a million H100e for 12, 10 and 6 bn, of 1.0, 2.0 and 0.5 kW; sites at 10 bn a GW."""
    v = Village(**({"site_cost": 10.0} | parameters))
    v.state.work_space[:] = 0.7  # what another phase left
    vendors = [v.vendor(markup=1.2), v.vendor(markup=0.8), v.vendor(markup=1.5)]
    for vendor, cost, kw in zip(vendors, (10.0, 12.5, 4.0), (1.0, 2.0, 0.5), strict=True):
        v.generation(vendor, cost=cost, kw=kw)
    return v, vendors


def test_a_unit_costs_hardware_and_site_by_the_buyer_s_shares_of_vendors():
    v, _ = shop()
    cloud = v.neocloud(pue=1.5, amd_share=0.3, custom_share=0.2)
    # half at 12 + 15, 0.3 at 10 + 30, 0.2 at 6 + 7.5
    assert v.run(unit_cost, cloud) == near(0.5 * 27.0 + 0.3 * 40.0 + 0.2 * 13.5)


def test_a_unit_costs_what_the_first_vendor_asks_where_a_buyer_wants_no_other():
    v, _ = shop()
    assert v.run(unit_cost, v.neocloud(pue=1.5)) == near(27.0)


def test_where_a_vendor_is_missing_its_part_goes_to_the_last():
    v, vendors = shop()
    v[vendors[2]].status = ec.FAILED
    cloud = v.neocloud(pue=1.5, amd_share=0.3, custom_share=0.2)
    assert v.run(unit_cost, cloud) == near(0.5 * 27.0 + 0.5 * 40.0)


def test_a_vendor_with_nothing_on_sale_adds_no_cost():
    v, _ = shop()
    v.state.generations[1].released = 3
    cloud = v.neocloud(pue=1.5, amd_share=0.3, custom_share=0.2)
    assert v.run(unit_cost, cloud) == near(0.5 * 27.0 + 0.2 * 13.5)


def test_a_unit_costs_a_tenth_of_a_billion_at_least():
    v = Village()
    assert v.run(unit_cost, v.neocloud()) == 0.1


def test_cash_carries_a_fleet_with_loans_at_the_usual_loan_to_cost():
    v, _ = shop(equity_part=0.4, loan_to_cost=0.8)
    cloud = v.neocloud(pue=1.5, cash=2.7)
    assert v.run(affordable_fleet, cloud) == near(0.4 * 2.7 / 0.2 / 27.0)
    v[cloud].cash = -1.0
    assert v.run(affordable_fleet, cloud) == 0.0


def test_a_twentieth_of_a_fleet_is_own_money_at_least():
    v, _ = shop(equity_part=0.4, loan_to_cost=0.99)
    assert v.run(affordable_fleet, v.neocloud(pue=1.5, cash=2.7)) == near(0.4 * 2.7 / 0.05 / 27.0)


# --- deliveries -----------------------------------------------------------------------------------------
def test_hardware_that_is_due_is_ready():
    v, (vendor, *_) = shop()
    v.market.month = 6
    v[vendor].supply = 100.0
    cloud = v.neocloud(site_gw=9.0)
    due = v.order(cloud, vendor, 0.3, 20.0, due=6, ready=0.9)
    later = v.order(cloud, vendor, 0.4, 20.0, due=7, ready=0.9)
    v.run(ready_deliveries)
    assert v.rows("orders")[due].ready == 0.3
    assert v.rows("orders")[later].ready == 0.0
    assert (v.rows("orders")[due].units, v.rows("orders")[due].status) == (0.3, ec.PENDING)
    assert v[cloud].capacity == 0.0


@pytest.mark.parametrize("status", [ec.ENDED, ec.BROKEN])
def test_orders_that_are_over_take_no_supply(status):
    v, (vendor, *_) = shop()
    v[vendor].supply = 6.0
    cloud = v.neocloud(site_gw=9.0)
    over = v.order(cloud, vendor, 0.3, 20.0, status=status, ready=0.07)
    due = v.order(cloud, vendor, 0.3, 20.0)
    v.run(ready_deliveries)
    assert v.rows("orders")[over].ready == 0.07
    assert v.rows("orders")[due].ready == 0.3


def test_a_vendor_serves_its_orders_in_turn_within_its_supply():
    v, (vendor, other, _) = shop()
    v[vendor].supply, v[other].supply = 10.0, 3.0
    cloud, rival = v.neocloud(site_gw=9.0), v.neocloud(site_gw=9.0)
    rows = [
        v.order(cloud, vendor, 0.3, 20.0),  # 6 bn of 10
        v.order(rival, vendor, 0.3, 16.0),  # 4 bn are left: a quarter of a million
        v.order(cloud, vendor, 0.2, 20.0),
        v.order(rival, other, 0.2, 10.0, generation=1),  # the other vendor's own supply
    ]
    v.run(ready_deliveries)
    assert [v.rows("orders")[r].ready for r in rows] == [0.3, near(0.25), 0.0, 0.2]
    assert (v[vendor].supply, v[other].supply) == (10.0, 3.0)


def test_hardware_comes_when_it_is_made_whether_its_hall_stands_or_not():
    v, (vendor, other, _) = shop()
    v[vendor].supply = v[other].supply = 100.0
    cloud, homeless = v.neocloud(site_gw=1.0, leased_gw=0.5, fleet_gw=1.4, pue=1.5, stalled=7.0), v.neocloud()
    rows = [
        v.order(cloud, other, 0.3, 10.0, generation=1),  # 2 kW at 1.5: 0.9 GW, and 0.1 are free
        v.order(cloud, vendor, 0.3, 12.0, generation=0),
        v.order(homeless, vendor, 0.6, 12.0, generation=0),
    ]
    v.run(ready_deliveries)
    assert [v.rows("orders")[r].ready for r in rows] == [0.3, 0.3, 0.6]
    assert v[cloud].stalled == 7.0  # counted where it is housed


def outside(demand=2.0, **columns):
    """A vendor that can deliver 10 bn and earns 0.4 of its price, buyers outside that want 2, a cloud with an order."""
    v, (vendor, *_) = shop()
    v.market.month = 6
    for column, value in ({"supply": 10.0, "margin": 0.4, "outside_demand": demand} | columns).items():
        v[vendor][column] = value
    return v, vendor, v.neocloud(site_gw=0.9)


def sold_outside(v, vendor):
    v.run(ready_deliveries)
    sold = v.flow(ec.F_GPU, ec.CUSTOMERS, vendor)
    assert v.flow(ec.F_OPERATING, vendor, ec.SUPPLIERS) == near(0.6 * sold)
    assert v[vendor].revenue == near(sold)
    v.audit()
    return sold


def test_buyers_outside_get_what_they_want_where_supply_does():
    v, vendor, cloud = outside()
    due = v.order(cloud, vendor, 0.4, 20.0, due=6)
    assert sold_outside(v, vendor) == near(2.0)
    assert v.rows("orders")[due].ready == 0.4
    assert v[vendor].cash == near(0.4 * 2.0)


def test_a_supply_that_does_not_do_is_shared_with_buyers_outside():
    v, vendor, cloud = outside()
    due = v.order(cloud, vendor, 0.9, 20.0, due=6)
    assert sold_outside(v, vendor) == near(2.0 * 10.0 / 20.0)
    assert v.rows("orders")[due].ready == near(9.0 / 20.0)


def test_what_buyers_outside_want_counts_beside_what_is_asked_for():
    v, vendor, cloud = outside()
    due = v.order(cloud, vendor, 0.45, 20.0, due=6)
    # 9 and 2, of 10
    assert sold_outside(v, vendor) == near(2.0 * 10.0 / 11.0)
    assert v.rows("orders")[due].ready == near(0.45 * 10.0 / 11.0)


def test_what_cannot_be_taken_now_leaves_its_supply_to_others():
    v, vendor, cloud = outside(demand=9.0)
    v.order(cloud, vendor, 0.02, 20.0, due=6)
    v.order(cloud, vendor, 9.0, 20.0, due=7)
    v.order(cloud, vendor, 9.0, 20.0, due=6, status=ec.ENDED)
    v.order(cloud, ec.SUPPLIERS, 9.0, 20.0, due=6, kind=ec.SITE_ORDER)
    assert sold_outside(v, vendor) == near(9.0)


def test_what_has_no_hall_is_asked_for_and_made_all_the_same():
    v, vendor, cloud = outside(demand=4.0)
    v[cloud].site_gw = 0.4
    rows = [v.order(cloud, vendor, 0.3, 20.0, due=6) for _ in range(3)]
    # 18 bn are asked for and 4 outside, of 10
    assert sold_outside(v, vendor) == near(4.0 * 10.0 / 22.0)
    assert [v.rows("orders")[r].ready for r in rows] == [0.3, near((10.0 - 40.0 / 22.0 - 6.0) / 20.0), 0.0]


def test_a_failed_vendor_neither_delivers_nor_sells_outside():
    v, vendor, cloud = outside(status=ec.FAILED)
    due = v.order(cloud, vendor, 0.4, 20.0, due=6)
    assert sold_outside(v, vendor) == 0.0
    assert v.rows("orders")[due].ready == 0.0


def test_power_by_a_month_is_what_stands_and_what_is_due_and_leased_less_let():
    v = Village()
    cloud, other, landlord = v.neocloud(site_gw=1.0, lease_gw=5.0, leased_gw=7.0), v.neocloud(), v.project()
    for gw, due, kind, status in (
        (0.1, 9, ec.SITE_ORDER, ec.PENDING),
        (0.2, 10, ec.SITE_ORDER, ec.PENDING),
        (4.0, 11, ec.SITE_ORDER, ec.PENDING),
        (4.0, 9, ec.GPU_ORDER, ec.PENDING),
        (4.0, 9, ec.SITE_ORDER, ec.ENDED),
    ):
        v.order(cloud, ec.SUPPLIERS, gw, 10.0, kind=kind, due=due, status=status)
    v.order(other, ec.SUPPLIERS, 4.0, 10.0, kind=ec.SITE_ORDER, due=9)
    assert v.run(power_by, cloud, 10) == near(1.3)
    v.contract(cloud, landlord, 0.4, kind=ec.SITE, start=9, ramp=4, status=ec.PENDING)  # half of it by month 10
    v.contract(cloud, landlord, 0.4, kind=ec.SITE, start=11, status=ec.PENDING)
    v.contract(cloud, landlord, 0.4, kind=ec.SITE, status=ec.ENDED)
    v.contract(cloud, landlord, 0.4, kind=ec.COMPUTE)
    assert v.run(power_by, cloud, 10) == near(1.5)
    v.contract(other, cloud, 0.3, kind=ec.SITE)
    v.contract(other, cloud, 0.3, kind=ec.SITE, status=ec.BROKEN)
    v.contract(other, cloud, 0.3, kind=ec.COMPUTE)
    assert v.run(power_by, cloud, 10) == near(1.2)
    assert v.run(power_by, cloud, 10**6) == near(1.0 + 4.3 + 0.8 - 0.3)


def test_hardware_on_sale_draws_power_by_the_buyer_s_shares_of_vendors():
    v, vendors = shop()
    cloud = v.neocloud(pue=1.5, amd_share=0.3, custom_share=0.2)
    assert v.run(kw_on_sale, cloud) == near(1.5 * (0.5 * 1.0 + 0.3 * 2.0 + 0.2 * 0.5))
    assert v.run(kw_on_sale, v.neocloud(pue=1.2)) == near(1.2)
    v.state.generations[1].released = 3
    assert v.run(kw_on_sale, cloud) == near(1.5 * (0.5 * 1.0 + 0.2 * 0.5))
    for vendor in vendors:
        v[vendor].status = ec.FAILED
    assert v.run(kw_on_sale, cloud) == 1e-6


def test_sites_are_ready_as_the_grid_connects_them():
    v, (vendor, *_) = shop(grid_gw=6.0)
    v[vendor].supply = v[ec.SUPPLIERS].supply = 100.0
    v.market.month = 6
    project, cloud = v.project(), v.neocloud(site_gw=9.0)
    rows = [
        v.order(project, ec.SUPPLIERS, 0.4, 11.0, kind=ec.SITE_ORDER, generation=-1, due=6),
        v.order(cloud, vendor, 0.8, 12.0),
        v.order(cloud, ec.SUPPLIERS, 0.2, 11.0, kind=ec.SITE_ORDER, generation=-1, due=7),
        v.order(cloud, ec.SUPPLIERS, 0.3, 11.0, kind=ec.SITE_ORDER, generation=-1, due=6),
        v.order(project, ec.SUPPLIERS, 0.3, 11.0, kind=ec.SITE_ORDER, generation=-1, due=6),
    ]
    v.run(ready_deliveries)  # half a GW a month
    assert [v.rows("orders")[r].ready for r in rows] == [0.4, 0.8, 0.0, near(0.1), 0.0]
    assert v.market.grid_left == 0.0


def test_what_the_grid_could_still_connect_is_kept():
    v, _ = shop(grid_gw=6.0)
    v.order(v.project(), ec.SUPPLIERS, 0.2, 11.0, kind=ec.SITE_ORDER, generation=-1)
    v.run(ready_deliveries)
    assert v.market.grid_left == near(0.3)


def test_scarce_sites_bring_more_connections():
    v, _ = shop(grid_gw=6.0, site_elasticity=0.5)
    v.market.site_scarcity = 4.0
    v.run(ready_deliveries)
    assert v.market.grid_left == near(1.0)


def test_sites_take_as_long_as_their_construction_or_the_queue_for_the_grid():
    v = Village(site_lead=99.0, grid_gw=24.0)
    v.neocloud(on_order_gw=20.0)
    v.project(on_order_gw=15.9)
    assert v.run(months_to_build, 18.6) == 18  # the queue: 17.95 months
    assert v.run(months_to_build, 12) == 17
    v.hyperscaler(on_order_gw=6.0)
    assert v.run(months_to_build, 18.6) == 20  # 41.9 GW at 2 a month
    v.hyperscaler(on_order_gw=300.0)
    assert v.run(months_to_build, 18.6) == 120
    assert v.run(months_to_build, 130) == 130


# --- wear -----------------------------------------------------------------------------------------------
def old_cloud(units=0.2, book=3.0, cost=4.0, age=7.0, failure_rate=0.6, **columns):
    """A cloud with one vintage: a tenth of its cost is written off a month, a twentieth of it fails."""
    v = Village(failure_rate=failure_rate, site_life=40.0)
    v.market.spot_price, v.market.contract_price, v.market.power_price = 0.5, 0.4, 100.0
    vendor = v.vendor()
    v.generation(vendor, kw=1.25, age_limit=50.0)
    v.generation(vendor, kw=1.25, age_limit=50.0)
    cloud = v.neocloud(book_life=10.0, **columns)
    v.fleet(cloud, units, 0, book=book, age=age)
    v.state.fleet[cloud, 0].cost = cost
    v.close()
    return v, cloud


def test_hardware_is_written_off_in_equal_parts_and_what_fails_at_once():
    v, cloud = old_cloud(fleet_book=3.0, revenue=0.7)
    before = float(v[cloud].retained)
    v.run(wear)
    vintage = v.state.fleet[cloud, 0]
    # 0.4 of 3.0, and a twentieth of the 2.6 left
    assert vintage.book == near(2.47)
    assert vintage.units == near(0.19)
    assert vintage.cost == near(3.8)
    assert vintage.age == 8.0
    f = v[cloud]
    assert f.fleet_book == near(2.47)
    assert f.depreciation == near(0.53)
    assert f.retained == near(before - 0.53)
    assert (f.write_off, f.operating_cost, f.revenue, f.cash) == (0.0, 0.0, 0.7, 0.0)
    assert v.state.fleet[cloud, 1].age == 0.0
    v.audit()


def test_what_waits_for_a_hall_does_not_wear():
    v, cloud = old_cloud(units=0.2, book=4.0, cost=5.0)
    v.state.fleet[cloud, 0].waiting = 0.05
    v.state.fleet[cloud, 1] = (0.0, 0.3, 6.0, 6.0, 0.0)
    v[cloud].fleet_book = 10.0
    v.close()
    v.run(wear)
    vintage = v.state.fleet[cloud, 0]
    # Four fifths run: 3.2 of the book and 4 of the cost; a tenth of these 4 and a twentieth of the 2.8 left go.
    assert (vintage.units, vintage.waiting) == (near(0.19), 0.05)
    assert vintage.book == near(4.0 - 0.4 - 0.14)
    assert vintage.cost == near(5.0 * 0.96)
    assert vintage.age == 8.0
    assert tuple(v.state.fleet[cloud, 1]) == (0.0, 0.3, 6.0, 6.0, 0.0)
    assert v[cloud].depreciation == near(0.54)
    assert v[cloud].fleet_book == near(10.0 - 0.54)
    v.audit()


def test_of_what_runs_no_more_is_written_off_than_its_part_of_the_books():
    v, cloud = old_cloud(units=0.2, book=0.3, cost=5.0)
    v.state.fleet[cloud, 0].waiting = 0.05
    v.run(wear)
    assert v.state.fleet[cloud, 0].book == near(0.06)
    assert v[cloud].depreciation == near(0.24)


def test_crumbs_that_run_are_not_written_off_with_what_waits():
    v, cloud = old_cloud(units=1e-9, book=3.0, failure_rate=12.0)
    v.state.fleet[cloud, 0].waiting = 0.3
    v.run(wear)
    assert v.state.fleet[cloud, 0].waiting == 0.3
    assert v.state.fleet[cloud, 0].book == pytest.approx(3.0, rel=1e-8)
    v, cloud = old_cloud(units=1e-9, book=3.0, failure_rate=12.0)
    v.state.fleet[cloud, 0].waiting = 0.5e-9
    v.run(wear)
    assert tuple(v.state.fleet[cloud, 0])[:4] == (0.0, 0.0, 0.0, 0.0)
    assert (v[cloud].fleet_book, v[cloud].depreciation) == (near(0.0), near(3.0))
    v.audit()


def test_no_more_is_written_off_than_stands_in_the_books():
    v, cloud = old_cloud(book=0.3)
    v.run(wear)
    assert v.state.fleet[cloud, 0].book == 0.0
    assert v[cloud].depreciation == near(0.3)
    assert v.state.fleet[cloud, 0].units == near(0.19)
    v.audit()


def test_every_vintage_of_every_firm_wears():
    v, cloud = old_cloud()
    other = v.hyperscaler(book_life=20.0)
    v.fleet(cloud, 0.1, 1, book=2.0, age=3.0)
    v.fleet(other, 0.3, 1, book=6.0, age=5.0)
    v.run(wear)
    assert v.state.fleet[cloud, 1].book == near(1.8 * 0.95)
    assert v.state.fleet[cloud, 1].age == 4.0
    assert v.state.fleet[other, 1].book == near(5.7 * 0.95)
    assert v[cloud].depreciation == near(0.53 + 0.29)
    assert v[other].depreciation == near(6.0 - 5.7 * 0.95)
    v.audit()


def test_a_book_life_is_a_month_at_least():
    v, cloud = old_cloud()
    v[cloud].book_life = 0.25
    v.run(wear)
    assert v.state.fleet[cloud, 0].book == 0.0
    assert v[cloud].depreciation == near(3.0)
    v.audit()


@pytest.mark.parametrize(("age", "kept"), [(49.0, 0.95), (49.5, 0.85)])
def test_a_tenth_a_month_of_what_is_past_its_physical_life_is_switched_off(age, kept):
    v, cloud = old_cloud(age=age)
    v.run(wear)
    assert v.state.fleet[cloud, 0].units == near(0.2 * kept)
    assert v.state.fleet[cloud, 0].cost == near(4.0 * kept)
    assert v.state.fleet[cloud, 0].book == near(2.6 * kept)
    assert v[cloud].depreciation == near(3.0 - 2.6 * kept)
    v.audit()


# Running cost of 1.25 kW at pue 1.2 and 100 USD a MWh: 0.15, and 1.25 times the cloud's own.
@pytest.mark.parametrize(
    ("opex", "spot", "contract", "age", "kept"),
    [
        (0.288, 0.5, 0.4, 40.0, 0.85),
        (0.272, 0.5, 0.4, 40.0, 0.95),
        (0.288, 0.4, 0.5, 40.0, 0.85),
        (0.288, 0.4, 0.52, 40.0, 0.95),
        (0.288, 0.5, 0.4, 23.0, 0.95),
        (0.288, 0.5, 0.4, 23.5, 0.85),
    ],
)
def test_a_tenth_a_month_of_what_costs_more_to_run_than_it_rents_for_is_switched_off(opex, spot, contract, age, kept):
    v, cloud = old_cloud(age=age, unit_opex=opex, pue=1.2)
    v.market.spot_price, v.market.contract_price = spot, contract
    v.run(wear)
    assert v.state.fleet[cloud, 0].units == near(0.2 * kept)


@pytest.mark.parametrize("dear", [{"power_premium": 1.3}, {"renewables": 0.2}])
def test_running_cost_counts_the_firm_s_power_premium_and_carbon(dear):
    v, cloud = old_cloud(age=40.0, unit_opex=0.272, pue=1.2, **({"renewables": 1.0} | dear))
    v.market.carbon_price = 100.0
    v.run(wear)
    assert v.state.fleet[cloud, 0].units == near(0.2 * 0.85)


def test_no_more_than_all_fails():
    v, cloud = old_cloud(age=60.0, failure_rate=11.4)
    v.run(wear)
    vintage = v.state.fleet[cloud, 0]
    assert (vintage.units, vintage.book, vintage.cost) == (0.0, 0.0, 0.0)
    assert v[cloud].depreciation == near(3.0)
    v.audit()


def test_the_last_crumbs_of_a_vintage_leave_the_books():
    v, cloud = old_cloud(units=1.02e-9)
    v.run(wear)
    vintage = v.state.fleet[cloud, 0]
    assert (vintage.units, vintage.book, vintage.cost) == (0.0, 0.0, 0.0)
    assert v[cloud].depreciation == near(3.0)
    assert v[cloud].fleet_book == near(0.0)
    v.audit()


def test_sites_are_written_off_over_their_life():
    v, cloud = old_cloud(sites=2.0)
    before = float(v[cloud].retained)
    v.run(wear)
    assert v[cloud].sites == near(1.95)
    assert v[cloud].depreciation == near(0.53 + 0.05)
    assert v[cloud].retained == near(before - 0.58)
    v.audit()


# --- vendors' plans -------------------------------------------------------------------------------------
def test_the_next_generation_does_more_a_dollar_and_a_watt():
    v = Village(gpu_generation_gain=0.6, gpu_energy_gain=0.25)
    v.market.month = 9
    v.lab()
    vendor, other = v.vendor(last_release=2), v.vendor(last_release=3)
    v.generation(vendor, cost=16.0, kw=1.5, age_limit=70.0)
    v.generation(other, cost=9.0, kw=0.3, age_limit=30.0)
    v.run(release_generation, vendor)
    assert v.market.n_generations == 3
    new = v.rows("generations")[2]
    assert (new.vendor, new.released, new.age_limit) == (vendor, 9, 70.0)
    assert (new.cost, new.mark, new.kw) == (near(10.0), near(10.0), near(1.2))
    assert (v[vendor].last_release, v[other].last_release) == (9, 3)
    (event,) = v.rows("events")
    assert (event.month, event.kind, event.a, event.b, event.amount) == (
        9, ec.E_GENERATION, vendor, -1, near(10.0),
    )  # fmt: skip
    assert v.state.generations[0].cost == 16.0


def test_a_vendor_that_never_had_a_generation_releases_none():
    v = Village()
    vendor = v.vendor(last_release=-5)
    v.run(release_generation, vendor)
    assert (v.market.n_generations, v.market.n_events, v[vendor].last_release) == (0, 0, -5)


PLAN = {
    "normal_backlog": 3.0, "markup_speed": 0.5, "markup_low": 0.1, "markup_high": 9.0, "supply_growth": 0.04,
    "gpu_cadence": 12.0,
}  # fmt: skip


def test_a_long_order_book_raises_a_vendor_s_prices_and_supply():
    v = Village(**PLAN)
    v.market.month = 5
    v.state.work_space[:] = 0.7
    vendor, other = v.vendor(supply=2.0, markup=1.1), v.vendor(supply=4.0, markup=1.2)
    for maker in (vendor, other):
        v.generation(maker)
    cloud = v.neocloud(supply=0.3, markup=0.2, site_gw=9.0, on_order=0.65)
    v.order(cloud, vendor, 0.2, 30.0)
    v.order(cloud, vendor, 0.3, 20.0)  # 12 bn: six months' supply, twice the normal
    v.order(cloud, vendor, 0.7, 30.0, status=ec.BROKEN)
    v.order(cloud, vendor, 0.7, 30.0, kind=ec.SITE_ORDER)
    v.order(cloud, other, 0.15, 20.0)  # three quarters of a month, a quarter of the normal
    v.run(vendors_plan)
    assert v[vendor].markup == near(1.1 * math.sqrt(2.0))
    assert v[vendor].supply == near(2.0 * 1.04)
    assert v[other].markup == near(1.2 / 2.0)
    assert v[other].supply == near(4.0 * 0.98)
    assert (v[cloud].supply, v[cloud].markup) == (0.3, 0.2)
    assert v.market.n_generations == 2


def backlog(v, vendor):
    """Months of the order book that a vendor's price says it saw: markup 1 moves by the root of their ratio to 3."""
    v.run(vendors_plan)
    return 3.0 * float(v[vendor].markup) ** 2


def waiting(fleet_gw=0.6, on_order=1.25, **columns):
    """In month 5 a cloud has orders of 0.8 and 0.2 M H100e, of 1 and 1.5 kW at a pue of 1.25: 1.375 GW, 24 bn."""
    v = Village(**(PLAN | {"site_window": 6.0}))
    v.market.month = 5
    vendor = v.vendor(supply=4.0)
    v.generation(vendor, kw=1.0)
    v.generation(vendor, kw=1.5)
    cloud = v.neocloud(**({"pue": 1.25, "fleet_gw": fleet_gw, "on_order": on_order} | columns))
    v.order(cloud, vendor, 0.8, 20.0)
    v.order(cloud, vendor, 0.2, 40.0, generation=1)
    return v, vendor, cloud


def test_orders_count_in_a_vendor_s_book_as_far_as_halls_will_stand_for_them():
    v, vendor, _ = waiting(site_gw=0.6 + 1.375)
    assert backlog(v, vendor) == near(6.0)
    v, vendor, _ = waiting(site_gw=0.6 + 0.6875)
    assert backlog(v, vendor) == near(3.0)
    v, vendor, _ = waiting(site_gw=99.0)
    assert backlog(v, vendor) == near(6.0)


def test_halls_due_within_the_window_and_leases_less_what_is_let_count():
    v, vendor, cloud = waiting(site_gw=0.6)
    v.order(cloud, ec.SUPPLIERS, 0.4, 10.0, kind=ec.SITE_ORDER, due=11)
    v.order(cloud, ec.SUPPLIERS, 9.0, 10.0, kind=ec.SITE_ORDER, due=12)
    landlord = v.project()
    v.contract(cloud, landlord, 0.4, kind=ec.SITE, start=11, status=ec.PENDING)
    v.contract(v.neocloud(), cloud, 0.1125, kind=ec.SITE)
    v[cloud].on_order = 1.0
    assert backlog(v, vendor) == near(3.0)


def test_without_any_hall_orders_build_no_factory():
    v, vendor, _ = waiting(site_gw=0.5)
    v[vendor].outside_demand = 1.2
    assert backlog(v, vendor) == near(0.9)
    assert v[vendor].supply == near(4.0 * 0.98)
    v, vendor, _ = waiting(site_gw=0.5)
    v.run(vendors_plan)
    assert v[vendor].markup == near(math.sqrt(0.1))


def test_buyers_outside_keep_a_normal_book():
    v, vendor, _ = waiting(site_gw=0.6 + 0.6875)
    v[vendor].outside_demand = 2.0
    # three months of 2 bn, and 12 bn that can be housed
    assert backlog(v, vendor) == near(4.5)


def test_a_vendor_keeps_a_supply_of_a_hundredth():
    v = Village(**PLAN)
    vendor = v.vendor(supply=0.01)
    v.run(vendors_plan)
    assert v[vendor].supply == 0.01


def test_vendors_release_when_their_cadence_has_passed_and_failed_ones_do_nothing():
    v = Village(**PLAN)
    v.market.month = 15
    due, early = v.vendor(last_release=3, cadence=12.0), v.vendor(last_release=4, cadence=12.0)
    failed = v.vendor(last_release=0, status=ec.FAILED, markup=1.3, supply=2.0)
    for vendor in (due, early, failed):
        v.generation(vendor)
    v.run(vendors_plan)
    assert [g.vendor for g in v.rows("generations")] == [due, early, failed, due]
    assert (v[due].last_release, v[early].last_release, v[failed].last_release) == (15, 4, 0)
    assert (v[failed].markup, v[failed].supply) == (1.3, 2.0)
