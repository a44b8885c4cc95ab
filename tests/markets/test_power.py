"""Power: what a fleet draws, what energy costs, what a firm emits."""

import pytest
from village import Village

from abm.markets.power import mean_kw, price_of_energy, running_cost, use_energy


def near(value):
    return pytest.approx(value, rel=1e-12)


def fleets():
    """A cloud with 1.5 M H100e at 0.8 kW and 0.5 at 2.0 (2.2 GW in all), and another one."""
    v = Village(carbon_intensity=0.4, idle_power=0.3)
    vendor = v.vendor()
    v.generation(vendor, kw=0.8)
    v.generation(vendor, kw=2.0, cost=40.0)
    cloud = v.neocloud(pue=1.25, renewables=0.75, power_premium=1.2, unit_opex=0.15)
    other = v.neocloud(pue=1.1, power_premium=3.0, unit_opex=0.9)
    v.fleet(cloud, 1.5, 0, book=9.0)
    v.fleet(cloud, 0.5, 1, book=3.0)
    v.fleet(other, 7.0, 1)
    v.market.power_price, v.market.carbon_price = 50.0, 90.0
    return v, cloud, other


def test_mean_power_is_weighted_by_units():
    v, cloud, other = fleets()
    assert v.run(mean_kw, cloud) == near(2.2 / 2.0)
    assert v.run(mean_kw, other) == near(2.0)


def test_no_fleet_draws_no_power():
    v, _, _ = fleets()
    empty = v.neocloud()
    assert v.run(mean_kw, empty) == 0.0
    v.fleet(empty, 1e-12)
    assert v.run(mean_kw, empty) == 0.0
    v.fleet(empty, 2e-12)
    assert v.run(mean_kw, empty) == near(0.8)


def test_energy_costs_the_market_price_with_a_premium_and_carbon_on_the_fossil_part():
    v, cloud, _ = fleets()
    assert v.run(price_of_energy, cloud) == near(50.0 * 1.2 + 90.0 * 0.4 * 0.25)


def test_running_costs_are_energy_with_cooling_and_staff():
    v, cloud, _ = fleets()
    # 69 USD a MWh
    assert v.run(running_cost, cloud, 0.9) == near(0.9 * (1.25 * 0.069 + 0.15))


def test_used_capacity_draws_all_its_power_and_idle_capacity_a_part():
    v, cloud, other = fleets()
    v[cloud].used = 1.2
    v.run(use_energy, cloud)
    energy = (1.2 + 0.3 * 0.8) * 1.1 * 1.25 * 0.73
    assert v[cloud].energy == near(energy)
    assert v[cloud].emissions == near(energy * 0.4 * 0.25)
    assert (v[other].energy, v[other].emissions) == (0.0, 0.0)


def test_more_use_than_capacity_has_no_idle_part():
    v, cloud, _ = fleets()
    v[cloud].used = 2.5
    v.run(use_energy, cloud)
    assert v[cloud].energy == near(2.5 * 1.1 * 1.25 * 0.73)


@pytest.mark.parametrize("capacity", [0.0, -0.1])
def test_without_capacity_nothing_is_drawn_or_emitted(capacity):
    v, cloud, _ = fleets()
    v[cloud].capacity, v[cloud].used, v[cloud].energy, v[cloud].emissions = capacity, 1.2, 3.0, 4.0
    v.run(use_energy, cloud)
    assert (v[cloud].energy, v[cloud].emissions) == (0.0, 0.0)


def test_a_small_fleet_draws_its_power():
    v, _, _ = fleets()
    small = v.neocloud(pue=1.25, renewables=0.5)
    v.fleet(small, 0.02)
    v.run(use_energy, small)
    assert v[small].energy == near(0.3 * 0.02 * 0.8 * 1.25 * 0.73)
    assert v[small].emissions == near(0.3 * 0.02 * 0.8 * 1.25 * 0.73 * 0.2)
