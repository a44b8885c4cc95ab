"""What providers decide alike: growth over a span, what rents add to it, dearer sites that stand early."""

from math import exp, log

import pytest
from village import Village

from abm.agents.provider import expected_return, growth_over, hurries, part_to_build
from abm.engine.tables import HYPERSCALER, NEOCLOUD


def near(value):
    return pytest.approx(value, rel=1e-12)


# --- growth -----------------------------------------------------------------------------------------------
def over(growth, months, **parameters):
    usual = {"demand_growth": 0.5, "growth_belief_cap": 0.9, "growth_fade": 0.4, "own_growth_long_run": 0.1}
    v = Village(**(usual | parameters))
    return float(v.run(growth_over, growth, months))


def test_growth_seen_fades_to_the_long_run():
    # 0.6 a year seen, half a year above 0.1; over 30 months 0.5 * (1 - exp(-1)) / 0.4 of it is left to come.
    assert over(1.2, 30.0) == near(0.1 * 2.5 + 0.5 * (1.0 - exp(-1.0)) / 0.4)


def test_growth_below_the_long_run_recovers():
    assert over(0.0, 30.0) == near(0.25 - 0.1 * (1.0 - exp(-1.0)) / 0.4)
    assert over(-1.0, 30.0) == near(0.25 - 0.6 * (1.0 - exp(-1.0)) / 0.4)


def test_growth_that_does_not_fade_is_carried_forward():
    assert over(1.2, 18.0, growth_fade=0.0) == near(0.6 * 1.5)
    assert over(1.2, 18.0, growth_fade=2e-9) == pytest.approx(0.9, rel=1e-6)


def test_no_one_plans_with_more_than_the_cap():
    assert over(1.7, 12.0, growth_fade=0.0) == near(0.85)
    assert over(1.9, 12.0, growth_fade=0.0) == near(0.9)


def test_over_no_time_nothing_grows():
    assert over(1.2, 0.0) == 0.0


# --- rents ------------------------------------------------------------------------------------------------
def pulled(spot, long_run=2.0, **parameters):
    usual = {"hurdle_margin": 0.25, "speculation": 0.8, "speculation_cap": 0.3}
    v = Village(**(usual | parameters))
    v.market.long_run_price, v.market.spot_price = long_run, 9.0
    return float(v.run(expected_return, v.neocloud(expected_spot=spot)))


def test_rents_above_the_hurdle_add_growth_and_rents_below_take_it_away():
    # hurdle 2.5
    assert pulled(2.5) == pytest.approx(0.0, abs=1e-15)
    assert pulled(3.0) == near(0.8 * log(1.2))
    assert pulled(2.0) == near(-0.8 * log(1.25))


def test_what_rents_add_is_bounded_both_ways():
    assert pulled(2.5 * exp(0.374)) == near(0.8 * 0.374)
    assert pulled(2.5 * exp(0.376)) == 0.3
    assert pulled(2.5 * exp(-0.374)) == near(-0.8 * 0.374)
    assert pulled(2.5 * exp(-0.376)) == -0.3


def test_a_rent_or_a_cost_of_nothing_is_no_accident():
    assert pulled(0.0) == -0.3
    assert pulled(3.0, long_run=0.0) == 0.3
    assert pulled(1e-6, long_run=0.0) == pytest.approx(0.0, abs=1e-12)


# --- promises ---------------------------------------------------------------------------------------------
def to_build(quantity, kind=NEOCLOUD, **columns):
    """A fleet of 2.0 and 0.5 rented, 1.3 promised: 1.2 stand idle, of a hyperscaler that needs 0.9 itself 0.3."""
    v = Village()
    usual = {"capacity": 2.0, "contracted_in": 0.5, "promised_out": 1.3, "need": 0.9, "promised_in": 7.0}
    return float(v.run(part_to_build, v.firm(kind, **(usual | columns)), quantity))


def test_what_stands_idle_needs_not_be_built():
    assert to_build(1.6) == near(0.25)
    assert to_build(1.6, HYPERSCALER) == near(1.0 - 0.3 / 1.6)
    assert to_build(1.1) == 0.0


def test_who_has_promised_all_builds_all():
    assert to_build(1.6, promised_out=2.5) == 1.0
    assert to_build(1.6, promised_out=9.0) == 1.0
    assert to_build(0.0) == 0.0


# --- sites in a hurry -------------------------------------------------------------------------------------
def in_a_hurry(premium, months=10.0, spot=2.0, kw=1.5, **columns):
    """Hardware of 1.2 kW at a pue of 1.25; energy at 110 USD a MWh with premium and carbon, staff of 0.1 a kWh.

    A running hour costs 1.5 * 0.11 + 1.2 * 0.1 = 0.285 USD; at a use of 0.8 a GW earns 0.8 * 0.73 * 1.715 / 1.5.
    """
    v = Village(target_utilisation=0.8, site_cost=10.0, carbon_intensity=0.5)
    v.market.power_price, v.market.carbon_price, v.market.spot_price = 50.0, 40.0, 9.0
    usual = {"pue": 1.25, "power_premium": 1.8, "unit_opex": 0.1, "renewables": 0.0, "expected_spot": spot}
    return bool(v.run(hurries, v.neocloud(**(usual | columns)), months, premium, kw))


MONTH = 0.8 * 0.73 * 1.715 / 1.5 / 10.0  # earned in a month, of the cost of a site


def test_a_dearer_site_is_taken_where_the_months_gained_earn_its_premium():
    assert in_a_hurry(10.0 * MONTH * 0.999)
    assert not in_a_hurry(10.0 * MONTH * 1.001)
    assert in_a_hurry(4.0 * MONTH * 0.999, months=4.0)
    assert not in_a_hurry(4.0 * MONTH * 1.001, months=4.0)


def test_who_expects_rents_below_running_cost_is_in_no_hurry():
    assert not in_a_hurry(0.0, spot=0.28)
    assert in_a_hurry(0.0, spot=0.29)


def test_no_time_gained_is_worth_nothing():
    assert not in_a_hurry(0.0, months=0.0)
    assert not in_a_hurry(0.001, months=-3.0)
