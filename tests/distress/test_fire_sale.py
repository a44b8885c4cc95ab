"""The second-hand market: who buys a failed firm's fleet, at what price, and what it does to the next sale."""

import math

import pytest
from before import Before, near
from village import Village

from abm.distress.fire_sale import sell_second_hand
from abm.engine.tables import ABSENT, F_SECONDHAND, FAILED, HYPERSCALER, LAB, NEOCLOUD, OUTSIDE, SAVERS

# A quarter of the fleets that live off letting is sold: prices halve, and a forced sale brings half of that.
MARKET = {
    "price_impact": 4.0 * math.log(2.0), "distressed_factor": 0.5, "scrap_factor": 0.6, "second_hand_cash": 0.1,
    "second_hand_ltv": 0.8, "second_hand_cover": 1.2,
}  # fmt: skip

CAPACITY = ("capacity", "fleet_gw")


def market(v, hyper=None, cloud=None):
    """A seller with 1.5 units at 20 and 0.5 at 40, two buyers, and fleets worth 150 that live off letting."""
    vendor = v.vendor()
    v.generation(vendor, mark=20.0, kw=2.0)
    v.generation(vendor, mark=40.0, kw=1.0)
    seller = v.neocloud(site_gw=9.0, cash=0.5, ltv=0.1)
    v.fleet(seller, 1.5, 0, book=18.0, age=40.0)
    v.fleet(seller, 0.5, 1, book=30.0, age=8.0)
    columns = {"cash": 40.0, "site_gw": 90.0, "leased_gw": 9.0, "pue": 1.25, "ltv": 0.8}
    hyper = v.hyperscaler(**(columns | (hyper or {})))
    cloud = v.neocloud(**({"cash": 100.0, "site_gw": 10.0, "leased_gw": 1.0, "dscr": 1.2} | (cloud or {})))
    v.fleet(hyper, 7.0, 1, book=200.0, age=2.0)
    v.fleet(cloud, 5.0, 0, book=60.0, age=10.0)
    project = v.project(cash=80.0, site_gw=90.0)
    v.fleet(project, 1.25, 1, book=40.0, age=5.0)
    return seller, hyper, cloud, project


def test_providers_with_cash_and_room_buy_at_the_distressed_price_and_scrap_dealers_the_rest():
    v = Village(**MARKET)
    v.market.fire_discount = 0.3
    seller, hyper, cloud, _ = market(v)
    before = Before(v)
    # At 5 a unit the hyperscaler's 4 buy 0.8, the cloud has power for 0.5; 0.2 go to scrap at 3.
    # At 10 the hyperscaler's 3.6 buy 0.36, the cloud is full; 0.14 go to scrap at 6.
    assert v.run(sell_second_hand, seller) == near(4.0 + 2.5 + 0.6 + 3.6 + 0.84)
    assert before.fleet() == near({
        (seller, 0, "units"): 0.0, (seller, 0, "cost"): 0.0, (seller, 0, "book"): 0.0,
        (seller, 1, "units"): 0.0, (seller, 1, "cost"): 0.0, (seller, 1, "book"): 0.0,
        (hyper, 0, "units"): 0.8, (hyper, 0, "cost"): 4.0, (hyper, 0, "book"): 4.0, (hyper, 0, "age"): 40.0,
        (cloud, 0, "units"): 5.5, (cloud, 0, "cost"): 102.5, (cloud, 0, "book"): 62.5, (cloud, 0, "age"): 70.0 / 5.5,
        (hyper, 1, "units"): 7.36, (hyper, 1, "cost"): 143.6, (hyper, 1, "book"): 203.6,
        (hyper, 1, "age"): (14.0 + 0.36 * 8.0) / 7.36,
    })  # fmt: skip
    assert before.firms() == near({
        (seller, "cash"): 11.54, (seller, "retained"): 11.54 - 48.0, (seller, "write_off"): 48.0 - 11.54,
        (seller, "fleet_book"): -48.0, (seller, "capacity"): -2.0, (seller, "fleet_gw"): -3.5,
        (hyper, "cash"): -7.6, (hyper, "capex"): 7.6, (hyper, "fleet_book"): 7.6, (hyper, "capacity"): 1.16,
        (hyper, "fleet_gw"): 0.8 * 2.5 + 0.36 * 1.25,
        (cloud, "cash"): -2.5, (cloud, "capex"): 2.5, (cloud, "fleet_book"): 2.5, (cloud, "capacity"): 0.5,
        (cloud, "fleet_gw"): 1.0, (SAVERS, "cash"): -1.44, (SAVERS, "retained"): -1.44,
    })  # fmt: skip
    assert before.flows() == near({
        (F_SECONDHAND, HYPERSCALER, NEOCLOUD): 7.6, (F_SECONDHAND, NEOCLOUD, NEOCLOUD): 2.5,
        (F_SECONDHAND, OUTSIDE, NEOCLOUD): 1.44,
    })  # fmt: skip
    assert before.market() == near({"fire_discount": 0.3 + math.log(2.0)})
    assert before.hits() == before.events() == []
    v.audit()


def test_buyers_share_what_is_on_sale_by_what_each_could_take():
    v = Village(**MARKET)
    seller, hyper, cloud, _ = market(v, {"cash": 100.0}, {"site_gw": 29.0})
    before = Before(v)
    v.run(sell_second_hand, seller)
    # Two units and two units could be taken of the 1.5 on sale; then 0.925 and 0.925 of the 0.5.
    assert v[hyper].capacity == near(7.0 + 0.75 + 0.25)
    assert v[cloud].capacity == near(5.0 + 0.75 + 0.25)
    assert v[hyper].cash == near(100.0 - 3.75 - 2.5)
    assert before.flows() == near({
        (F_SECONDHAND, HYPERSCALER, NEOCLOUD): 6.25, (F_SECONDHAND, NEOCLOUD, NEOCLOUD): 6.25,
    })  # fmt: skip
    v.audit()


NOBODY = near({(F_SECONDHAND, OUTSIDE, NEOCLOUD): 0.6 * (7.5 + 5.0)})


@pytest.mark.parametrize(
    "columns",
    [{"cash": 0.0}, {"cash": -5.0}, {"fleet_gw": 99.0}, {"ltv": 0.801}, {"dscr": 1.199}, {"status": FAILED},
     {"status": ABSENT}, {"kind": LAB}],
)  # fmt: skip
def test_who_has_no_cash_or_room_or_is_near_its_covenants_or_no_provider_buys_nothing(columns):
    v = Village(**MARKET)
    seller, hyper, cloud, _ = market(v)
    for firm in (hyper, cloud):
        for column, value in columns.items():
            v[firm][column] = value
    if columns.get("kind") == LAB:
        v.p.price_impact = 2.0 * math.log(2.0)
    before = Before(v)
    v.run(sell_second_hand, seller)
    assert before.flows() == NOBODY
    assert v[seller].fleet_book == 0.0


def test_a_seller_still_in_business_does_not_buy_its_own():
    v = Village(**MARKET)
    vendor = v.vendor()
    v.generation(vendor, mark=20.0, kw=2.0)
    seller = v.neocloud(cash=90.0, site_gw=90.0)
    v.fleet(seller, 0.04, 0, book=18.0)
    v.p.price_impact = math.log(2.0)
    assert v.run(sell_second_hand, seller) == near(0.04 * 5.0 * 0.6)
    assert v.state.fleet[seller, 0].units == 0.0


def test_a_hyperscalers_own_fleet_weighs_when_it_is_the_seller():
    v = Village(**MARKET)
    _, hyper, _, _ = market(v)
    # 280 of its own and 200 of others: the price falls by 4 ln 2 * 280 / 480.
    v.run(sell_second_hand, hyper)
    assert v.market.fire_discount == near(4.0 * math.log(2.0) * 280.0 / 480.0)
    assert v.state.fleet[hyper, 1].units == 0.0


def test_the_impact_of_sales_adds_up_to_three_at_most():
    v = Village(**MARKET)
    v.market.fire_discount = 2.5
    seller, *_ = market(v)
    v.run(sell_second_hand, seller)
    assert v.market.fire_discount == 3.0


def test_a_fleet_without_value_is_written_off_and_brings_nothing():
    v = Village(**MARKET)
    seller, *_ = market(v)
    v.state.generations["mark"] = 0.0
    before = Before(v)
    assert v.run(sell_second_hand, seller) == 0.0
    written_off = {(seller, "retained"): -48.0, (seller, "write_off"): 48.0, (seller, "fleet_book"): -48.0}
    assert {key: change for key, change in before.firms().items() if key[1] not in CAPACITY} == written_off
    assert before.fleet() == {(seller, g, column): 0.0 for g in (0, 1) for column in ("units", "book", "cost")}
    assert before.flows() == before.market() == {}
    v.audit()


def test_what_waited_for_a_hall_is_sold_with_the_rest():
    v = Village(**MARKET)
    seller, hyper, cloud, _ = market(v)
    # As much on sale as without a wait: 1.5 units, of which a third never ran; 40 months old are the others.
    v.fleet(seller, 1.0, 0, book=18.0, age=60.0, waiting=0.5)
    before = Before(v)
    assert v.run(sell_second_hand, seller) == near(4.0 + 2.5 + 0.6 + 3.6 + 0.84)
    did = before.fleet()
    assert (did[seller, 0, "units"], did[seller, 0, "waiting"]) == (0.0, 0.0)
    assert (did[hyper, 0, "units"], did[hyper, 0, "age"]) == (near(0.8), near(40.0))
    assert did[cloud, 0, "age"] == near(70.0 / 5.5)
    assert v.market.fire_discount == near(math.log(2.0))
    assert v[seller].fleet_book == 0.0
    v.audit()


def test_hardware_that_never_ran_is_sold_as_new():
    v = Village(**MARKET)
    seller, hyper, *_ = market(v)
    v.fleet(seller, 0.0, 0, book=18.0, age=60.0, waiting=1.5)
    v.run(sell_second_hand, seller)
    assert (v.state.fleet[hyper, 0].units, v.state.fleet[hyper, 0].age) == (near(0.8), 0.0)
    v.audit()


def test_what_waits_and_has_no_value_is_written_off():
    v = Village(**MARKET)
    seller, *_ = market(v)
    v.fleet(seller, 1.0, 0, book=18.0, age=60.0, waiting=0.5)
    v.state.generations["mark"] = 0.0
    v.run(sell_second_hand, seller)
    assert tuple(v.state.fleet[seller, 0])[:4] == (0.0, 0.0, 0.0, 0.0)
    assert (v[seller].write_off, v[seller].fleet_book) == (48.0, 0.0)
    v.audit()


def test_who_sold_its_fleet_has_no_capacity_left():
    v = Village(**MARKET)
    seller, *_ = market(v)
    v.state.generations["mark"] = 0.0
    v.run(sell_second_hand, seller)
    assert (v[seller].capacity, v[seller].fleet_gw) == (0.0, 0.0)
