"""GPU vendors: markup, supply, the next generation, loans to customers."""

import pytest
from village import Village

from abm.agents.vendor import is_due, offer_vendor_finance, plan_supply, set_markup


def near(value):
    return pytest.approx(value, rel=1e-12)


def marked(backlog, markup=1.1):
    v = Village(normal_backlog=6.0, markup_speed=0.25, markup_low=0.7, markup_high=1.6)
    return float(v.run(set_markup, v.vendor(markup=markup), backlog))


def test_the_markup_follows_the_order_book_relative_to_the_normal_one():
    assert marked(6.0) == near(1.1)
    assert marked(12.0) == near(1.1 * 2**0.25)
    assert marked(3.0) == near(1.1 * 2**-0.25)


def test_no_order_book_moves_the_markup_more_than_four_times_or_a_tenth_of_the_normal_one():
    assert marked(21.0) == near(1.1 * 3.5**0.25)
    assert marked(90.0) == near(1.1 * 4**0.25)
    assert marked(0.75, markup=1.4) == near(1.4 * 0.125**0.25)
    assert marked(0.0, markup=1.4) == near(1.4 * 0.1**0.25)


def test_the_markup_stays_in_its_range():
    assert marked(12.0, markup=1.5) == 1.6
    assert marked(3.0, markup=0.75) == 0.7


@pytest.mark.parametrize(("backlog", "factor"), [(6.1, 1.04), (6.0, 1.0), (3.0, 1.0), (2.9, 0.98)])
def test_supply_grows_with_a_long_order_book_and_shrinks_half_as_fast_with_a_short_one(backlog, factor):
    v = Village(normal_backlog=6.0, supply_growth=0.04)
    assert v.run(plan_supply, v.vendor(supply=2.5), backlog) == near(2.5 * factor)


@pytest.mark.parametrize(("released", "due"), [(11, False), (10, True), (9, True)])
def test_a_generation_is_due_when_the_cadence_has_passed(released, due):
    v = Village(gpu_cadence=24.0)
    v.market.month = 130
    # a cadence of 60 months, doubled by the parameter
    assert bool(v.run(is_due, v.vendor(last_release=released, cadence=60.0))) is due


def test_a_vendor_lends_its_share_of_an_order_as_far_as_its_cash_goes():
    v = Village(vendor_finance_share=0.05, vendor_cash_share=0.1)
    vendor = v.vendor(cash=30.0)
    assert v.run(offer_vendor_finance, vendor, 40.0) == near(2.0)
    v[vendor].cash = 15.0
    assert v.run(offer_vendor_finance, vendor, 40.0) == near(1.5)
    v[vendor].cash = -15.0
    assert v.run(offer_vendor_finance, vendor, 40.0) == 0.0
