"""An order of hardware or of a site: signed with a deposit, delivered for the balance, or cancelled."""

from __future__ import annotations

import pytest
from village import Village

from abm.accounts.ledger import transfer
from abm.engine import tables as ec
from abm.instruments.order import (
    balance_due,
    cancel_order,
    gw_on_order,
    house,
    house_waiting,
    pay_on_account,
    place_order,
    room_for,
    take_delivery,
    tally_orders,
)
from abm.markets.gpus import wear
from abm.rules import interpreted


def near(value):
    return pytest.approx(value, rel=1e-12)


def parties(**parameters):
    """A cloud of pue 1.5 with 10 bn, a vendor that earns 0.4 of its price, hardware of 1.2 kW."""
    v = Village(**parameters)
    v.lab()
    cloud = v.neocloud(cash=10.0, pue=1.5, capex=0.5)
    vendor = v.vendor(cash=4.0, margin=0.4)
    v.generation(vendor, kw=9.0)
    v.generation(vendor, kw=8.0)
    v.generation(vendor, cost=20.0, kw=1.2)
    v.close()
    return v, cloud, vendor


# --- signed ---------------------------------------------------------------------------------------------
def test_an_order_is_signed_with_a_deposit_and_begun_with_it():
    v, cloud, vendor = parties(order_deposit=0.25)
    v.market.month, v.market.next_order = 7, 41
    v.order(cloud, vendor, 0.1)
    v.market.next_order = 41
    r = v.run(place_order, ec.GPU_ORDER, cloud, vendor, 2, 0.3, 20.0, 4, ec.CUSTOMERS)
    o = v.rows("orders")[r]
    assert r == 1
    assert (o.id, o.kind, o.status, o.buyer, o.vendor, o.generation) == (
        41, ec.GPU_ORDER, ec.PENDING, cloud, vendor, 2,
    )  # fmt: skip
    assert (o.placed, o.due, o.end_user) == (7, 11, ec.CUSTOMERS)
    assert (o.units, o.price, o.deposit, o.ready) == (0.3, 20.0, near(1.5), 0.0)
    assert v.flow(ec.F_GPU, cloud, vendor) == near(1.5)
    assert v.flow(ec.F_OPERATING, vendor, ec.SUPPLIERS) == near(0.9)  # what the deposit pays for is made now
    assert v.state.flows.sum() == near(2.4)
    assert (v[cloud].cash, v[vendor].cash) == (near(8.5), near(4.6))
    assert (v[cloud].capex, v[vendor].capex) == (near(2.0), 0.0)
    assert (v[cloud].operating_cost, v[cloud].revenue) == (0.0, 0.0)
    assert (v[vendor].operating_cost, v[vendor].revenue) == (near(0.9), 0.0)
    assert v[ec.SUPPLIERS].revenue == near(0.9)
    (event,) = v.rows("events")
    assert (event.month, event.kind, event.a, event.b, event.amount) == (7, ec.E_ORDER, cloud, vendor, near(6.0))
    v.audit()


def test_a_site_is_ordered_with_a_deposit_and_nothing_is_made_of_it_here():
    v, cloud, _ = parties(order_deposit=0.25)
    r = v.run(place_order, ec.SITE_ORDER, cloud, ec.SUPPLIERS, -1, 0.3, 12.0, 18, -1)
    o = v.rows("orders")[r]
    assert (o.kind, o.vendor, o.generation, o.due, o.end_user) == (ec.SITE_ORDER, ec.SUPPLIERS, -1, 18, -1)
    assert o.deposit == near(0.9)
    assert v.flow(ec.F_SITE, cloud, ec.SUPPLIERS) == near(0.9)
    assert v.state.flows.sum() == near(0.9)
    assert (v[cloud].cash, v[cloud].capex) == (near(9.1), near(1.4))
    assert v[ec.SUPPLIERS].operating_cost == 0.0
    v.audit()


# --- delivered ------------------------------------------------------------------------------------------
def test_the_balance_is_the_price_less_the_part_of_the_deposit():
    v, cloud, vendor = parties()
    r = v.order(cloud, vendor, 0.4, 30.0, deposit=3.0, ready=0.1)
    assert interpreted(balance_due)(v.rows("orders")[r]) == near(3.0 - 0.75)
    v.rows("orders")[r].deposit = 0.0
    assert interpreted(balance_due)(v.rows("orders")[r]) == near(3.0)


def test_nothing_is_due_while_nothing_arrives():
    v, cloud, vendor = parties()
    r = v.order(cloud, vendor, 0.4, 30.0, deposit=3.0)
    assert interpreted(balance_due)(v.rows("orders")[r]) == 0.0
    v.rows("orders")[r].units = 0.0
    assert interpreted(balance_due)(v.rows("orders")[r]) == 0.0


def delivered(kind=ec.GPU_ORDER, site_gw=0.9, **parameters):
    """A quarter of an order of 0.4 at 30 bn arrives: 2.25 are paid, 0.75 were. Halls for 0.5 M H100e of 1.8 kW."""
    v, cloud, vendor = parties(**parameters)
    maker = vendor if kind == ec.GPU_ORDER else ec.SUPPLIERS
    v.fleet(cloud, 0.3, 2, book=5.0, age=8.0)
    v[cloud].sites, v[cloud].site_gw = 6.0, site_gw
    r = v.order(cloud, maker, 0.4, 30.0, kind=kind, generation=2, deposit=3.0, ready=0.1)
    v.run(transfer, cloud, maker, 2.25, ec.F_GPU)
    v.run(take_delivery, r, 2.25)
    return v, cloud, maker, v.rows("orders")[r]


def test_hardware_paid_for_joins_the_fleet():
    v, cloud, vendor, o = delivered()
    vintage = v.state.fleet[cloud, 2]
    assert (vintage.units, vintage.waiting) == (near(0.4), 0.0)
    assert vintage.book == near(5.0 + 3.0)
    assert vintage.cost == near(6.0 + 3.0)
    assert vintage.age == near(6.0)  # 0.3 of 8 months and 0.1 that is new
    f = v[cloud]
    assert f.fleet_book == near(8.0)
    assert f.capacity == near(0.4)
    assert f.fleet_gw == near(0.4 * 1.2 * 1.5)
    assert f.capex == near(0.5 + 2.25)
    assert (f.sites, f.site_gw) == (6.0, 0.9)
    assert (f.operating_cost, f.revenue, f.write_off) == (0.0, 0.0, 0.0)
    assert v[vendor].revenue == near(3.0)
    assert v[vendor].cash == near(6.25)
    assert (o.units, o.deposit, o.ready, o.status) == (near(0.3), near(2.25), 0.0, ec.PENDING)
    assert v.state.fleet[cloud, 0].units == 0.0
    assert v.market.public_money == 0.0
    v.audit()


def test_hardware_paid_for_waits_where_there_is_no_hall_for_it():
    v, cloud, vendor, o = delivered(site_gw=0.63)
    vintage = v.state.fleet[cloud, 2]
    # The halls have 0.09 GW left: half of what came.
    assert (vintage.units, vintage.waiting) == (near(0.35), near(0.05))
    assert vintage.age == near(8.0 * 0.3 / 0.35)
    assert (vintage.book, vintage.cost) == (near(8.0), near(9.0))
    f = v[cloud]
    assert (f.capacity, f.fleet_gw, f.fleet_book) == (near(0.35), near(0.63), near(8.0))
    assert (f.capex, v[vendor].revenue) == (near(2.75), near(3.0))
    assert (o.units, o.deposit, o.ready, o.status) == (near(0.3), near(2.25), 0.0, ec.PENDING)
    v.audit()


def test_a_site_paid_for_joins_the_sites():
    v, cloud, maker, o = delivered(ec.SITE_ORDER)
    f = v[cloud]
    assert f.sites == near(9.0)
    assert f.site_gw == near(1.0)
    assert f.capex == near(2.75)
    assert (f.fleet_book, f.capacity, f.fleet_gw) == (5.0, 0.3, near(0.3 * 1.2 * 1.5))
    assert v[maker].revenue == near(3.0)
    assert (o.units, o.deposit, o.ready, o.status) == (near(0.3), near(2.25), 0.0, ec.PENDING)
    v.audit()


def test_a_public_grant_lowers_what_hardware_stands_in_the_books_for():
    v, cloud, vendor, _ = delivered(public_share=0.2)
    assert v.flow(ec.F_SUPPORT, ec.GOVERNMENT, cloud) == near(0.6)
    assert v[cloud].cash == near(10.0 - 2.25 + 0.6)
    assert v[cloud].capex == near(2.75)
    assert v.state.fleet[cloud, 2].book == near(5.0 + 2.4)
    assert v[cloud].fleet_book == near(7.4)
    assert v[cloud].sites == 6.0
    assert v[cloud].revenue == 0.0
    assert v[vendor].revenue == near(3.0)
    assert v.market.public_money == near(0.6)
    v.audit()


def test_hardware_bought_with_a_grant_is_written_off_over_its_whole_book_life():
    v, cloud, vendor = parties(public_share=0.5, failure_rate=0.0)
    v[cloud].book_life, v[cloud].site_gw = 10.0, 1.0
    r = v.order(cloud, vendor, 0.1, 30.0, generation=2, ready=0.1)
    v.run(transfer, cloud, vendor, 3.0, ec.F_GPU)
    v.run(take_delivery, r, 3.0)
    v.run(wear)
    assert v[cloud].depreciation == near(0.15)


def test_a_public_grant_lowers_what_a_site_stands_in_the_books_for():
    v, cloud, maker, _ = delivered(ec.SITE_ORDER, public_share=0.2)
    assert v.flow(ec.F_SUPPORT, ec.GOVERNMENT, cloud) == near(0.6)
    assert v[cloud].sites == near(8.4)
    assert v[cloud].fleet_book == 5.0
    assert v[maker].revenue == near(3.0)
    assert v.market.public_money == near(0.6)
    v.audit()


def test_public_money_adds_up():
    v, cloud, vendor = parties(public_share=0.1)
    v.market.public_money = 1.3
    r = v.order(cloud, vendor, 0.4, 30.0, generation=2, deposit=3.0, ready=0.1)
    v.run(transfer, cloud, vendor, 2.25, ec.F_GPU)
    v.run(take_delivery, r, 2.25)
    assert v.market.public_money == near(1.6)


def test_a_delivery_of_the_rest_ends_the_order():
    v, cloud, vendor = parties()
    r = v.order(cloud, vendor, 0.1, 30.0, generation=2, deposit=0.75, ready=0.1)
    v.run(transfer, cloud, vendor, 2.25, ec.F_GPU)
    v.run(take_delivery, r, 2.25)
    o = v.rows("orders")[r]
    assert (o.units, o.deposit, o.ready, o.status) == (0.0, 0.0, 0.0, ec.ENDED)
    assert v[vendor].revenue == near(3.0)
    assert v[cloud].operating_cost == near(0.0)
    v.audit()


def test_the_last_crumbs_of_a_deposit_are_the_vendor_s():
    v, cloud, vendor = parties()
    v.generation(vendor, kw=0.0)
    # A nineteen-twentieth of hardware at a billion each: 0.5e-9 units and a twentieth of the deposit are left.
    r = v.order(cloud, vendor, 1e-8, 1e9, generation=3, deposit=4.0, ready=9.5e-9)
    v.run(transfer, cloud, vendor, 5.7, ec.F_GPU)
    v.run(take_delivery, r, 5.7)
    o = v.rows("orders")[r]
    assert (o.units, o.deposit, o.status) == (0.0, 0.0, ec.ENDED)
    assert v[vendor].revenue == near(9.5 + 0.2)
    assert v[cloud].operating_cost == near(0.2)
    assert v[cloud].fleet_book == near(9.5)
    v.audit()


# --- halls ----------------------------------------------------------------------------------------------
def test_room_is_the_free_power_of_own_and_leased_sites():
    v = Village()
    cloud = v.neocloud(site_gw=1.0, leased_gw=0.4, fleet_gw=0.5, pue=1.2, lease_gw=9.0)
    assert v.run(room_for, cloud, 1.5) == near(0.9 / 1.8)
    v[cloud].fleet_gw = 1.5
    assert v.run(room_for, cloud, 1.5) == 0.0


def hall(site_gw, units=0.3, waiting=0.2):
    """A cloud of pue 1.5 whose 0.3 of the third generation, of 1.2 kW, draw 0.54 GW; 0.2 more wait."""
    v, cloud, _ = parties()
    v.fleet(cloud, units, 2, book=9.0, age=8.0, waiting=waiting)
    v[cloud].site_gw = site_gw
    return v, cloud, v.state.fleet[cloud, 2]


def test_what_waits_starts_to_run_as_far_as_there_is_room():
    v, cloud, vintage = hall(0.54 + 0.09)
    v.run(house, cloud, 2)
    assert (vintage.units, vintage.waiting) == (near(0.35), near(0.15))
    assert vintage.age == near(8.0 * 0.3 / 0.35)
    assert (v[cloud].capacity, v[cloud].fleet_gw) == (near(0.35), near(0.63))
    assert (vintage.book, v[cloud].fleet_book) == (9.0, 9.0)
    v.audit()


def test_no_more_runs_than_waited():
    v, cloud, vintage = hall(9.0)
    v.run(house, cloud, 2)
    assert (vintage.units, vintage.waiting) == (near(0.5), 0.0)
    assert (v[cloud].capacity, v[cloud].fleet_gw) == (near(0.5), near(0.9))


@pytest.mark.parametrize("site_gw", [0.54, 0.2, 0.0])
def test_without_room_all_of_it_waits_on(site_gw):
    v, cloud, vintage = hall(site_gw)
    v.run(house, cloud, 2)
    assert (vintage.units, vintage.waiting, vintage.age) == (0.3, 0.2, 8.0)
    assert (v[cloud].capacity, v[cloud].fleet_gw) == (0.3, near(0.54))


def test_the_first_units_of_a_generation_are_new_when_they_are_housed():
    v, cloud, vintage = hall(9.0, units=0.0)
    v.run(house, cloud, 2)
    assert (vintage.units, vintage.waiting, vintage.age) == (0.2, 0.0, 0.0)


def test_the_oldest_hardware_is_housed_first_and_what_waits_on_is_counted():
    v, cloud, _ = hall(0.54 + 1.2 + 0.09)
    v.state.fleet[cloud, 1] = (0.0, 0.1, 2.0, 2.0, 0.0)  # of 8 kW: 1.2 GW
    other = v.hyperscaler(stalled=7.0)
    homeless = v.neocloud(stalled=7.0)
    v.state.fleet[homeless, 0] = (0.0, 0.4, 2.0, 2.0, 0.0)
    v.state.fleet[homeless, 2] = (0.0, 0.3, 2.0, 2.0, 0.0)
    v[cloud].stalled = 7.0
    v.run(house_waiting)
    assert [near(v.state.fleet[cloud, g].units) for g in range(3)] == [0.0, 0.1, 0.35]
    assert [float(v[i].stalled) for i in (cloud, other, homeless)] == [near(0.15), 0.0, near(0.7)]


# --- cancelled ------------------------------------------------------------------------------------------
def test_a_cancelled_order_leaves_the_vendor_the_deposit_and_costs_it_the_margin():
    v, cloud, vendor = parties()
    v.market.month, v.market.stage = 7, 2
    r = v.order(cloud, vendor, 0.2, 30.0, deposit=1.5, ready=0.1)
    retained = float(v[cloud].retained), float(v[vendor].retained)
    v.run(cancel_order, r)
    o = v.rows("orders")[r]
    assert (o.status, o.units, o.deposit, o.ready) == (ec.BROKEN, 0.0, 0.0, 0.0)
    assert (v[vendor].revenue, v[vendor].retained, v[vendor].cash) == (1.5, near(retained[1] + 1.5), 4.0)
    assert (v[cloud].write_off, v[cloud].retained, v[cloud].cash) == (1.5, near(retained[0] - 1.5), 10.0)
    assert (v[cloud].operating_cost, v[vendor].write_off, v[cloud].revenue) == (0.0, 0.0, 0.0)
    assert v.state.flows.sum() == 0.0
    (event,) = v.rows("events")
    assert (event.month, event.kind, event.a, event.b, event.amount) == (
        7, ec.E_CANCELLED, cloud, vendor, near(6.0),
    )  # fmt: skip
    (hit,) = v.rows("hits")
    assert (hit.month, hit.stage, hit.victim, hit.source, hit.channel) == (7, 2, vendor, cloud, ec.VENDOR_CHANNEL)
    assert hit.amount == near(0.4 * 6.0)
    v.audit()


def test_a_cancelled_site_hits_no_vendor():
    v, cloud, _ = parties()
    v[ec.SUPPLIERS].margin = 0.3
    v.p.order_deposit = 0.75
    r = v.order(cloud, ec.SUPPLIERS, 0.2, 12.0, kind=ec.SITE_ORDER, generation=-1, deposit=1.5)
    v.run(cancel_order, r)
    assert v.rows("orders")[r].status == ec.BROKEN
    assert (v[ec.SUPPLIERS].revenue, v[cloud].write_off, v[cloud].sites) == (1.5, 1.5, 0.0)
    assert v.market.n_hits == 0
    (event,) = v.rows("events")
    assert (event.kind, event.a, event.b, event.amount) == (ec.E_CANCELLED, cloud, ec.SUPPLIERS, near(2.4))
    v.audit()


def test_what_is_paid_for_a_site_beyond_the_deposit_stands_half_built():
    v, cloud, _ = parties()
    v.p.order_deposit = 0.25
    r = v.order(cloud, ec.SUPPLIERS, 0.2, 12.0, kind=ec.SITE_ORDER, generation=-1, deposit=1.5)
    before = float(v[cloud].retained)
    v.run(cancel_order, r)
    assert (v[ec.SUPPLIERS].revenue, v[cloud].sites) == (1.5, near(0.9))
    assert (v[cloud].write_off, v[cloud].retained - before) == (near(0.6), near(-0.6))
    assert v[cloud].site_gw == 0.0
    v.audit()


def test_hardware_paid_on_account_and_not_taken_is_lost():
    v, cloud, vendor = parties()
    r = v.order(cloud, vendor, 0.2, 12.0, deposit=1.5)
    v.run(cancel_order, r)
    assert (v[cloud].write_off, v[cloud].sites) == (1.5, 0.0)


@pytest.mark.parametrize(("kind", "flow"), [(ec.SITE_ORDER, ec.F_SITE), (ec.GPU_ORDER, ec.F_GPU)])
def test_a_payment_on_account_adds_to_the_deposit(kind, flow):
    v, cloud, vendor = parties()
    r = v.order(cloud, vendor, 0.2, 12.0, kind=kind, deposit=0.5)
    before, capex = float(v[cloud].cash), float(v[cloud].capex)
    v.run(pay_on_account, r, 0.75)
    assert v.rows("orders")[r].deposit == 1.25
    assert (v[cloud].cash - before, v[cloud].capex - capex) == (near(-0.75), near(0.75))
    assert v.flow(flow, cloud, vendor) == 0.75
    v.audit()


# --- on order -------------------------------------------------------------------------------------------
def book_of_orders():
    v, cloud, vendor = parties()
    other = v.hyperscaler(pue=2.0)
    v.order(cloud, vendor, 0.4, generation=2)
    v.order(cloud, vendor, 0.1, generation=0)
    v.order(cloud, vendor, 7.0, status=ec.ENDED)
    v.order(cloud, vendor, 8.0, status=ec.BROKEN, kind=ec.SITE_ORDER)
    v.order(cloud, ec.SUPPLIERS, 0.6, kind=ec.SITE_ORDER, generation=2)  # its generation says nothing
    v.order(cloud, ec.SUPPLIERS, 0.3, kind=ec.SITE_ORDER, generation=-1)
    for _ in range(4):
        v.order(other, vendor, 0.05, generation=2)
    return v, cloud, other, vendor


def test_what_is_on_order_is_hardware_and_sites_in_the_queue():
    v, cloud, other, vendor = book_of_orders()
    for firm in (cloud, other, vendor):
        v[firm].on_order = v[firm].on_order_gw = 5.0
    v.run(tally_orders)
    assert (v[cloud].on_order, v[cloud].on_order_gw) == (near(0.5), near(0.9))
    assert (v[other].on_order, v[other].on_order_gw) == (near(0.2), 0.0)
    assert (v[vendor].on_order, v[vendor].on_order_gw) == (0.0, 0.0)


def test_what_is_still_to_be_paid_on_orders_is_owed():
    v, cloud, other, vendor = book_of_orders()  # at 20 a unit
    v.state.orders["deposit"][0], v.state.orders["deposit"][4] = 1.5, 2.5
    for firm in (cloud, other, vendor):
        v[firm].orders_owed = 5.0
    v.run(tally_orders)
    assert v[cloud].orders_owed == near((0.4 + 0.1 + 0.6 + 0.3) * 20.0 - 1.5 - 2.5)
    assert (v[other].orders_owed, v[vendor].orders_owed) == (near(4.0), 0.0)


def test_what_waits_for_a_hall_counts_as_on_order():
    v, cloud, other, _ = book_of_orders()
    v.state.fleet[cloud, 0] = (0.7, 0.2, 1.0, 1.0, 3.0)
    v.state.fleet[cloud, 2] = (0.7, 0.3, 1.0, 1.0, 3.0)
    v.run(tally_orders)
    assert (v[cloud].on_order, v[cloud].on_order_gw) == (near(1.0), near(0.9))
    assert v[other].on_order == near(0.2)
    queue = 0.4 * 1.2 + 0.1 * 9.0
    assert v.run(gw_on_order, cloud) == near((queue + 0.2 * 9.0 + 0.3 * 1.2) * 1.5)
    assert v.run(gw_on_order, other) == near(0.2 * 1.2 * 2.0)


def test_power_on_order_is_that_of_hardware_in_the_queue():
    v, cloud, other, vendor = book_of_orders()
    assert v.run(gw_on_order, cloud) == near((0.4 * 1.2 + 0.1 * 9.0) * 1.5)
    assert v.run(gw_on_order, other) == near(0.2 * 1.2 * 2.0)
    assert v.run(gw_on_order, vendor) == 0.0
