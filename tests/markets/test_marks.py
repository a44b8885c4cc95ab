"""What hardware costs an hour, which generation is on sale, and what every vintage is worth."""

from __future__ import annotations

import math

import pytest
from village import Village

from abm.engine import tables as ec
from abm.markets.marks import (
    best_generation,
    capital_cost,
    contract_cost,
    distressed_price,
    entry_cost,
    full_cost,
    geometric,
    mark_fleets,
    path_rent,
    progress,
    scarcity,
    term_rent,
)
from abm.rules import interpreted

# One per cent a month over two and over three months: what repays 1.
TWO, THREE = 0.01 / (1.0 - 1.01**-2), 0.01 / (1.0 - 1.01**-3)
COST = {"cost_of_capital": 0.12, "economic_life": 2.0, "site_life": 3.0, "site_cost": 10.0}


def near(value):
    return pytest.approx(value, rel=1e-12)


# --- cost an hour ---------------------------------------------------------------------------------------
def hardware(**parameters):
    """A cloud of pue 1.2 at 50 USD a MWh, and one generation of 8 bn and 1.5 kW from a vendor at markup 1.25."""
    v = Village(**(COST | {"target_utilisation": 0.8, "capacity_cover": 1.1} | parameters))
    v.market.power_price = 40.0
    cloud = v.neocloud(pue=1.2, power_premium=1.25, unit_opex=0.3)
    vendor = v.vendor(markup=1.25, pue=7.0, unit_opex=7.0)
    v.generation(vendor, cost=8.0, kw=1.5)
    return v, cloud


def test_capital_cost_repays_the_price_with_its_markup_and_the_site():
    v, cloud = hardware()
    assert v.run(capital_cost, 0, cloud) == near((10.0 * TWO + 18.0 * THREE) * 1000.0 / 730.0)


def test_scarce_sites_make_capacity_dearer():
    v, cloud = hardware()
    v.market.site_scarcity = 2.0
    assert v.run(capital_cost, 0, cloud) == near((10.0 * TWO + 36.0 * THREE) * 1000.0 / 730.0)


def test_capital_cost_of_a_generation_is_its_own():
    v, cloud = hardware()
    other = v.generation(v.vendor(markup=2.0), cost=3.0, kw=0.5)
    assert v.run(capital_cost, other, cloud) == near((6.0 * TWO + 6.0 * THREE) * 1000.0 / 730.0)


def test_full_cost_spreads_capital_over_the_hours_let_and_adds_running_cost():
    v, cloud = hardware()
    capital = (10.0 * TWO + 18.0 * THREE) * 1000.0 / 730.0
    assert v.run(full_cost, 0, cloud) == near(capital / 0.8 + 1.5 * (1.2 * 0.05 + 0.3))


def test_contract_cost_carries_spares_and_adds_running_cost():
    v, cloud = hardware()
    capital = (10.0 * TWO + 18.0 * THREE) * 1000.0 / 730.0
    assert v.run(contract_cost, 0, cloud) == near(capital * 1.1 + 1.5 * (1.2 * 0.05 + 0.3))


# --- what is on sale ------------------------------------------------------------------------------------
def test_the_best_generation_is_the_vendor_s_latest_that_can_be_ordered():
    v = Village()
    v.market.month = 5
    vendor, other = v.vendor(), v.vendor()
    v.generation(vendor, released=-12)
    second = v.generation(vendor, released=5)
    v.generation(vendor, released=6)
    third = v.generation(other, released=1)
    assert v.run(best_generation, vendor) == second
    assert v.run(best_generation, other) == third
    assert v.run(best_generation, v.vendor()) == -1
    v.market.month = 4
    assert v.run(best_generation, vendor) == 0


# --- prices expected ------------------------------------------------------------------------------------
def market(**parameters):
    """Two vendors whose best generations cost 4 (supply 0.3) and 12 (supply 0.1) an hour to run, at 4 a kWh.

    The hardware is free; where sites are too, running it is the full cost.
    """
    v = Village(**({"contract_margin": 0.5, "contract_spot_weight": 0.5, "contract_adjustment": 0.25} | parameters))
    v.market.power_price = 2000.0
    v.lab(pue=50.0, unit_opex=50.0)
    v.hyperscaler(pue=50.0, unit_opex=50.0, status=ec.FAILED)
    v.hyperscaler(unit_opex=2.0)
    v.hyperscaler(pue=60.0, unit_opex=60.0)
    first, second = v.vendor(supply=0.3), v.vendor(supply=0.1)
    v.generation(first, cost=0.0, kw=90.0, released=-24)
    v.generation(first, cost=0.0, kw=1.0)
    v.generation(second, cost=0.0, kw=3.0)
    return v, first, second


FREE_SITES = {"site_cost": 0.0, "spot_cap": 99.0}
# Rents are expected to stay where they are.
STEADY = {"gpu_generation_gain": 0.0, "price_horizon": 1e15}


def test_the_long_run_price_is_the_full_cost_on_sale_by_vendors_output():
    v, _, _ = market(**FREE_SITES)
    v.run(mark_fleets)
    assert v.market.long_run_price == near((3.0 * 4.0 + 1.0 * 12.0) / 4.0)


def test_the_long_run_price_counts_capital_over_hours_let_and_the_contract_price_with_spares():
    parameters = COST | {"spot_cap": 1e6, "target_utilisation": 0.8, "capacity_cover": 1.1}
    v, first, _ = market(**parameters, contract_spot_weight=0.0)
    v[first].status = ec.FAILED
    v.market.contract_price = 6.0
    v.run(mark_fleets)
    capital = 3.0 * 10.0 * THREE * 1000.0 / 730.0
    assert v.market.long_run_price == near(capital / 0.8 + 12.0)
    assert v.market.contract_price == near(6.0 + 0.25 * ((capital * 1.1 + 12.0) * 1.5 - 6.0))


def test_the_long_run_price_has_the_cap_of_the_spot_price():
    v, _, _ = market(site_cost=0.0, spot_cap=5.5)
    v.run(mark_fleets)
    assert v.market.long_run_price == 5.5


def test_a_failed_vendor_s_hardware_is_not_on_sale():
    v, first, _ = market(**FREE_SITES)
    v[first].status = ec.FAILED
    v.run(mark_fleets)
    assert v.market.long_run_price == near(12.0)


def test_the_contract_price_moves_towards_cost_and_margin_half_way_to_spot():
    v, _, _ = market(**FREE_SITES, **STEADY)
    v.market.contract_price, v.market.spot_price = 3.0, 9.0
    v.run(mark_fleets)
    # Asked: 6 and a half more, 9; the rent expected is 9 as well.
    assert v.market.contract_price == near(3.0 + 0.25 * (9.0 - 3.0))
    v.market.contract_price, v.market.year_price, v.market.spot_price = 3.0, 5.0, 6.25
    v.run(mark_fleets)
    # No less than what is asked as long as hardware must be built, but for a year.
    assert v.market.contract_price == near(3.0 + 0.25 * (9.0 - 3.0))
    assert v.market.year_price == near(5.0 + 0.25 * (7.5 - 5.0))
    v.market.contract_price, v.market.year_price, v.market.tightness = 3.0, 5.0, 0.7
    v.run(mark_fleets)
    # With capacity idle: half way in logs from 9 to 6.25.
    assert v.market.contract_price == near(3.0 + 0.25 * (7.5 - 3.0))
    assert v.market.year_price == near(5.0 + 0.25 * (7.5 - 5.0))
    v.market.contract_price, v.market.year_price, v.market.spot_price = 3.0, 5.0, 1.0
    v.run(mark_fleets)
    # No long contract below cost, but a year's.
    assert v.market.contract_price == near(3.0 + 0.25 * (6.0 - 3.0))
    assert v.market.year_price == near(5.0 + 0.25 * (3.0 - 5.0))


def test_a_contract_of_a_year_is_on_the_rents_of_that_year():
    v, _, _ = market(**FREE_SITES, gpu_generation_gain=0.5, gpu_cadence=6.0)
    v.market.contract_price, v.market.year_price, v.market.spot_price = 3.0, 5.0, 9.0
    v.run(mark_fleets)
    # Asked: a half more than 6.
    year, decade = (v.run(term_rent, 9.0, 9.0, 0.0, months) for months in (12.0, 120.0))
    assert v.market.year_price == near(5.0 + 0.25 * (year - 5.0))
    assert decade < 0.9 * year


def test_scarcity_adds_to_what_new_contracts_ask():
    v, _, _ = market(**FREE_SITES, **STEADY, scarcity_margin=0.5)
    v.market.contract_price, v.market.tightness = 3.0, 1.5
    v.p.contract_spot_weight = 0.0
    v.run(mark_fleets)
    assert v.market.contract_price == near(3.0 + 0.25 * (6.0 * 1.75 - 3.0))
    assert [v.run(scarcity) for v.market.tightness in (0.5, 1.0, 1.5, 2.0, 9.9)] == [0.0, 0.0, 0.25, 0.5, 0.5]


# --- rents to come --------------------------------------------------------------------------------------
@pytest.mark.parametrize(("first", "count", "total"), [(0, 3, 1.75), (2, 2, 0.375), (0, 0, 0.0)])
def test_a_geometric_sum(first, count, total):
    assert interpreted(geometric)(0.5, first, count) == near(total)
    assert interpreted(geometric)(1.0, first, count) == count


def test_hardware_becomes_cheaper_by_its_gain_over_the_cadence():
    v = Village(gpu_generation_gain=0.5, gpu_cadence=6.0)
    assert v.run(progress) == near(math.log(1.5) / 6.0)


def test_the_entry_rent_pays_for_the_chip_though_rents_fall():
    v, cloud = hardware(gpu_generation_gain=0.25, gpu_cadence=1.0)
    d, s = 1.0 / 1.01, 1.0 / 1.25
    gpu = 10.0 * TWO * 1000.0 / 730.0 / 0.8
    falling = gpu * (d + d**2) / (d * s + d**2 * s**2)
    assert v.run(entry_cost, 0, cloud) == near(v.run(full_cost, 0, cloud) - gpu + falling)
    # a rent that falls by a fifth a month, two months: worth the price
    rents = [falling * s, falling * s**2]
    assert (rents[0] * d + rents[1] * d**2) * 0.8 * 730.0 / 1000.0 == near(10.0)
    v.p.gpu_generation_gain = 0.0
    assert v.run(entry_cost, 0, cloud) == near(v.run(full_cost, 0, cloud))


def coming(**parameters):
    """A month keeps half of what rents are above 2.0, and the 2.0 fall by a fifth; nothing is discounted."""
    usual = {"price_horizon": 1.0 / math.log(2.0), "gpu_generation_gain": 0.25, "gpu_cadence": 1.0}
    usual["mark_discount"] = 0.0
    v = Village(**(usual | parameters))
    v.market.entry_rent = 2.0
    return v


def test_rents_are_expected_to_go_from_today_s_to_the_entry_rent_which_falls():
    v = coming()
    assert v.run(path_rent, 6.0, 0.0, 1.0) == near(6.0)
    assert v.run(path_rent, 6.0, 1.0, 2.0) == near((2.0 * (0.8 + 0.64) + 4.0 * (0.5 + 0.25)) / 2.0)
    assert v.run(path_rent, 0.0, 0.0, 1.0) == 0.0


def test_what_is_nearer_counts_more():
    v = coming(mark_discount=12.0 * 0.25)
    weighted = 6.0 + 0.8 * (1.6 + 2.0)
    assert v.run(path_rent, 6.0, 0.0, 2.0) == near(weighted / 1.8)


def test_a_longer_term_is_cheaper_while_rents_fall_and_dearer_while_they_rise():
    v = coming(contract_spot_weight=0.5)
    short, long = (v.run(term_rent, 3.0, 6.0, 0.0, months) for months in (1.0, 12.0))
    assert short == near(math.sqrt(3.0 * 6.0))
    assert long < 0.8 * short
    v.p.gpu_generation_gain = 0.0
    assert v.run(term_rent, 3.0, 0.5, 0.0, 12.0) > v.run(term_rent, 3.0, 0.5, 0.0, 1.0)


def test_the_weight_decides_between_cost_and_the_path():
    v = coming(contract_spot_weight=0.0)
    assert v.run(term_rent, 3.0, 6.0, 0.0, 2.0) == near(3.0)
    v.p.contract_spot_weight = 1.0
    assert v.run(term_rent, 3.0, 6.0, 0.0, 2.0) == near(v.run(path_rent, 6.0, 0.0, 2.0))


def test_without_vendors_prices_stay_where_they_are():
    v, first, second = market(**FREE_SITES)
    v[first].status = v[second].status = ec.FAILED
    v.market.contract_price, v.market.long_run_price = 3.0, 7.0
    v.run(mark_fleets)
    assert (v.market.contract_price, v.market.long_run_price) == (3.0, 7.0)


# --- marks ----------------------------------------------------------------------------------------------
# A month keeps half of the excess rent, nine tenths of the long-run rent and four fifths of a dollar.
DECAY = {
    "price_horizon": 1.0 / math.log(2.0), "mark_discount": 12.0 * math.log(1.25), "gpu_cadence": 2.0,
    "gpu_generation_gain": 1.0 / 0.81 - 1.0, "target_utilisation": 0.5, "contract_adjustment": 0.5,
}  # fmt: skip


def marked(age_limit=120.0, **parameters):
    """A cloud's hardware of 1 kW at a running cost of 1; no vendor in business, so prices stay.

    Rents: 6 spot, 4 contract, so 5 now, and 3 in the long run.
    """
    v = Village(**(DECAY | parameters))
    m = v.market
    m.power_price, m.spot_price, m.contract_price, m.long_run_price = 500.0, 6.0, 4.0, 3.0
    v.lab(unit_opex=80.0)
    cloud, vendor = v.hyperscaler(unit_opex=0.5), v.vendor(status=ec.FAILED)
    v.generation(vendor, kw=1.0, age_limit=age_limit, mark=99.0)
    return v, cloud


# Rents of the next three months: 2.7 + 1, 2.43 + 0.5, 2.187 + 0.25; half is let, 1 is the cost.
VALUE = (0.8 * (0.5 * 3.7 - 1.0) + 0.64 * (0.5 * 2.93 - 1.0) + 0.512 * (0.5 * 2.437 - 1.0)) * 0.73


def test_a_mark_is_the_discounted_rent_less_running_cost_over_the_life_left():
    v, cloud = marked(age_limit=33.0)
    v.fleet(cloud, 0.2, age=30.0)
    v.run(mark_fleets)
    assert v.state.generations[0].mark == near(VALUE)
    assert v[cloud].fleet_mark == near(0.2 * VALUE)
    assert (v.market.contract_price, v.market.long_run_price) == (4.0, 3.0)


def test_what_waits_for_a_hall_is_marked_like_what_runs():
    v, cloud = marked(age_limit=33.0)
    v.fleet(cloud, 0.2, age=30.0, waiting=0.3)
    v.run(mark_fleets)
    assert v.state.generations[0].mark == near(VALUE)  # its age is that of what runs
    assert v[cloud].fleet_mark == near(0.5 * VALUE)


def test_a_mark_counts_no_month_beyond_the_first_without_margin():
    v, cloud = marked()
    v.fleet(cloud, 0.2, age=30.0)
    v.run(mark_fleets)
    # The fourth month: half of 1.9683 + 0.125 covers 1; the fifth: half of 1.77147 + 0.0625 does not.
    assert v.state.generations[0].mark == near(VALUE + 0.4096 * (0.5 * 2.0933 - 1.0) * 0.73)


def test_a_margin_that_comes_back_after_a_loss_is_worth_nothing():
    v, cloud = marked(age_limit=33.0)
    v.fleet(cloud, 0.2, age=30.0)
    v.market.spot_price, v.market.contract_price = 0.5, 0.5  # first month: half of 2.7 - 1.25 is below cost
    v.run(mark_fleets)
    assert v.state.generations[0].mark == 0.0


def test_old_hardware_is_marked_as_if_three_months_were_left():
    v, cloud = marked(age_limit=33.0)
    v.fleet(cloud, 0.2, age=50.0)
    v.run(mark_fleets)
    assert v.state.generations[0].mark == near(VALUE)


def test_a_generation_is_marked_at_the_mean_age_of_its_units():
    v, cloud = marked(age_limit=13.0)
    other = v.neocloud()
    v.fleet(cloud, 0.3, age=12.0)
    v.fleet(other, 0.1, age=0.0)
    v.run(mark_fleets)  # 9 months old: 4 left
    assert v.state.generations[0].mark == near(VALUE + 0.4096 * (0.5 * 2.0933 - 1.0) * 0.73)
    assert v[other].fleet_mark == near(0.1 * v.state.generations[0].mark)


def test_hardware_nobody_owns_is_as_old_as_its_release():
    v, _ = marked(age_limit=15.0)
    v.market.month = -1
    v.run(mark_fleets)  # released in month -12: 11 months old, 4 left
    assert v.state.generations[0].mark == near(VALUE + 0.4096 * (0.5 * 2.0933 - 1.0) * 0.73)
    v.state.generations[0].released, v.state.generations[0].age_limit = 7, 4.0
    v.run(mark_fleets)
    assert v.state.generations[0].mark == near(VALUE + 0.4096 * (0.5 * 2.0933 - 1.0) * 0.73)


def test_distressed_sales_lower_every_mark():
    v, cloud = marked(age_limit=33.0)
    v.fleet(cloud, 0.2, age=30.0)
    v.market.fire_discount = math.log(4.0)
    v.run(mark_fleets)
    assert v.state.generations[0].mark == near(VALUE / 4.0)


def test_fleets_are_marked_generation_by_generation():
    v, cloud = marked(age_limit=33.0)
    v.generation(int(v.state.generations[0].vendor), kw=1.2, age_limit=33.0)
    other = v.neocloud(fleet_mark=9.0)
    v.fleet(cloud, 0.2, 0, age=30.0)
    v.fleet(cloud, 0.3, 1, age=30.0)
    v.state.fleet[cloud, 1].waiting = 0.1
    v.run(mark_fleets)
    # The second draws 1.2 kW: a running cost of 1.2.
    second = (0.8 * (0.5 * 3.7 - 1.2) + 0.64 * (0.5 * 2.93 - 1.2) + 0.512 * (0.5 * 2.437 - 1.2)) * 0.73
    assert v.state.generations[1].mark == near(second)
    assert v[cloud].fleet_mark == near(0.2 * VALUE + 0.4 * second)  # what waits for a hall counts
    assert v[other].fleet_mark == 0.0
    v.audit()


# --- what failed firms leave ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("distress", "price"),
    [(0.0, 1.0), (0.016, 1.0), (0.0161, (16 / 16.1) ** 0.37), (0.064, 0.25**0.37), (0.5, 0.032**0.37)],
)
def test_what_failed_firms_leave_is_cheaper_the_more_debt_has_failed(distress, price):
    v = Village(distress_normal=0.016, distress_elasticity=0.37)
    v.market.distress = distress
    assert v.run(distressed_price) == near(price)


@pytest.mark.parametrize(("failed", "recovered"), [(0.0507, 25.0), (0.098, 21.0)])
def test_the_fall_is_that_of_us_bonds_around_2001(failed, recovered):
    # G8-013 to G8-015 with R3-005: from 40 % in normal years.
    v = Village()
    v.market.distress = failed
    assert 40.0 * v.run(distressed_price) == pytest.approx(recovered, abs=1.5)
