"""The world around the agents: shocks, prices, technology and demand of one month."""

from math import exp, log

import pytest
from village import Village

from abm.engine.draws import D_CYCLE, D_DEMAND, D_POWER, D_RATE, D_SHOCK, normal, uniform
from abm.engine.tables import F_OPERATING, FAILED, HYPERSCALER, NEOCLOUD, SUPPLIERS, VEHICLE
from abm.environment.shocks import apply_shocks, entered, shock_strength, struck_firm
from abm.environment.world import advance_technology, grow_demand, move_prices_of_the_world, swing_demand, world
from abm.inputs.parameters import INDEX
from abm.rules import interpreted

DEMAND, STOPS_PAYING, LOSES_CASH, DEFAULTS, LOSES_CAPACITY = range(5)
luck, chance = interpreted(normal), interpreted(uniform)


def near(value):
    return pytest.approx(value, rel=1e-12)


def on(parameter, **columns):
    """Columns of a shock on a parameter."""
    return {"target": 0, "parameter": INDEX[parameter], **columns}


def at(v, month, rule, *arguments):
    """Run a rule in a month."""
    v.market.month = month
    return v.run(rule, *arguments)


# --- when a shock is felt -------------------------------------------------------------------------------
def felt(months, **columns):
    """Strength of a shock, month by month, and the month it struck."""
    v = Village()
    v.shock()
    r = v.shock(**columns)
    found = [float(at(v, month, shock_strength, r)) for month in months]
    assert v.state.shocks[0].struck == -1
    return found, int(v.state.shocks[r].struck)


def test_a_shock_begins_at_its_month_and_stays():
    assert felt([6, 7, 8, 500], start=7) == ([0.0, 1.0, 1.0, 1.0], 7)
    assert felt([5, 6], start=7) == ([0.0, 0.0], -1)


def test_a_ramp_goes_up_in_equal_steps():
    assert felt([6, 7, 8, 9, 10, 30], start=7, ramp=4) == ([0.0, 0.25, 0.5, 0.75, 1.0, 1.0], 7)


def test_a_shock_is_over_after_its_duration():
    assert felt([7, 9, 10, 11], start=7, duration=3) == ([1.0, 1.0, 0.0, 0.0], 7)
    assert felt([7, 8, 9, 10], start=7, duration=3, ramp=2) == ([0.5, 1.0, 1.0, 0.0], 7)


def test_ramp_and_duration_count_from_the_month_it_struck():
    assert felt([12, 14, 15], start=7, struck=11, ramp=4, duration=4) == ([0.5, 1.0, 0.0], 11)


def test_a_shock_that_may_strike_does_when_its_draw_is_below_the_probability():
    draw = chance(1, D_SHOCK, 9, 1)  # of the second shock in month 9
    assert 0.0 < draw < 1.0
    assert felt([9], start=7, probability=draw * 1.0001) == ([1.0], 9)
    assert felt([9], start=7, probability=draw) == ([0.0], -1)


def test_it_may_strike_later_but_not_before_its_month_and_only_once():
    assert [month for month in range(12) if chance(1, D_SHOCK, month, 1) < 0.1] == [3, 7]
    found, struck = felt(range(12), start=4, probability=0.1, duration=2)
    assert struck == 7
    assert [month for month in range(12) if found[month] > 0.0] == [7, 8]
    assert felt([3], start=3, probability=0.1) == ([1.0], 3)


def test_the_draw_is_of_the_run_s_seed():
    v = Village()
    v.market.seed = 23
    draw = chance(23, D_SHOCK, 9, 0)
    assert at(v, 9, shock_strength, v.shock(probability=draw)) == 0.0
    assert at(v, 9, shock_strength, v.shock(probability=chance(23, D_SHOCK, 9, 1) + 1e-9)) == 1.0


# --- whom a shock is for --------------------------------------------------------------------------------
def town():
    """An opening of one cloud, then who entered: two clouds, three projects and a lab in between."""
    v = Village()
    old = v.neocloud("old")
    after = int(v.market.n_firms)
    first = v.neocloud("first")
    theirs = v.project("of old", tenant=old)
    lab = v.lab("lab")
    second = v.neocloud("second")
    one, two = v.project("one of second", tenant=second), v.project("two of second", tenant=second)
    return v, after, {
        "old": old, "first": first, "of old": theirs, "lab": lab, "second": second, "one": one, "two": two
    }  # fmt: skip


def test_who_entered_is_counted_by_kind_from_the_end_of_the_opening():
    v, after, row = town()
    assert v.run(entered, after, NEOCLOUD, -1, 1) == row["first"]
    assert v.run(entered, after, NEOCLOUD, -1, 2) == row["second"]
    assert v.run(entered, after, NEOCLOUD, -1, 3) == -1
    assert v.run(entered, row["old"], NEOCLOUD, -1, 1) == row["old"]
    assert v.run(entered, after, HYPERSCALER, -1, 1) == -1


def test_projects_are_counted_by_their_tenant():
    v, after, row = town()
    assert v.run(entered, after, VEHICLE, -1, 2) == row["one"]
    assert v.run(entered, after, VEHICLE, row["second"], 2) == row["two"]
    assert v.run(entered, after, VEHICLE, row["old"], 1) == row["of old"]
    assert v.run(entered, after, VEHICLE, row["old"], 2) == -1


def test_a_tenant_in_the_first_row_is_a_tenant():
    v = Village()
    after = int(v.market.n_firms)
    v.project()
    mine = v.project(tenant=0)
    assert v.run(entered, after, VEHICLE, 0, 1) == mine


def test_a_shock_on_a_firm_of_the_opening_is_for_that_firm():
    v, after, row = town()
    r = v.shock(firm=row["lab"], kind=NEOCLOUD, number=1, after=after)
    assert v.run(struck_firm, r) == row["lab"]
    assert v.run(struck_firm, v.shock(firm=0, kind=NEOCLOUD, number=1, after=after)) == 0


def test_a_shock_on_a_firm_to_enter_finds_it_once_it_has():
    v, after, row = town()
    r = v.shock(kind=NEOCLOUD, number=3, after=after)
    assert v.run(struck_firm, r) == -1
    third = v.neocloud()
    assert v.run(struck_firm, r) == third
    assert v.state.shocks[r].firm == third
    r = v.shock(kind=NEOCLOUD, number=2, after=after)
    assert v.run(struck_firm, r) == row["second"]


def test_a_shock_on_a_project_finds_its_tenant_s():
    v, after, row = town()
    r = v.shock(kind=VEHICLE, number=1, tenant=row["old"], after=after)
    assert v.run(struck_firm, r) == row["of old"]


def test_a_shock_on_a_project_of_a_cloud_to_enter_waits_for_the_cloud_and_then_for_the_project():
    v, after, row = town()
    r = v.shock(kind=VEHICLE, number=2, tenant_number=2, after=after)
    assert v.run(struck_firm, r) == row["two"]
    assert v.state.shocks[r].tenant == row["second"]
    r = v.shock(kind=VEHICLE, number=1, tenant_number=3, after=after)
    assert v.run(struck_firm, r) == -1
    assert v.state.shocks[r].tenant == -1
    third = v.neocloud()
    assert v.run(struck_firm, r) == -1
    assert v.state.shocks[r].tenant == third
    project = v.project(tenant=third)
    assert v.run(struck_firm, r) == project


def test_the_first_cloud_to_enter_can_be_a_tenant():
    v, after, row = town()
    project = v.project(tenant=row["first"])
    assert v.run(struck_firm, v.shock(kind=VEHICLE, number=1, tenant_number=1, after=after)) == project
    assert v.run(struck_firm, v.shock(kind=VEHICLE, number=1, tenant=0, after=after)) == -1


def test_a_tenant_that_is_known_is_not_looked_for_again():
    v, after, row = town()
    r = v.shock(kind=VEHICLE, number=1, tenant=row["old"], tenant_number=2, after=after)
    assert v.run(struck_firm, r) == row["of old"]


# --- shocks on parameters -------------------------------------------------------------------------------
def test_parameters_go_back_to_their_base_each_month():
    v = Village(power_price=70.0, carbon_price=11.0)
    v.p.power_price, v.p.carbon_price, v.p.idle_power = 99.0, 1.0, 0.9
    v.run(apply_shocks)
    assert (v.p.power_price, v.p.carbon_price, v.p.idle_power) == (70.0, 11.0, 0.3)


def test_scales_multiply_first_and_additions_add_up():
    v = Village(power_price=70.0, carbon_price=11.0)
    v.shock(**on("power_price", scale=1.2, add=3.0))
    v.shock(**on("carbon_price", add=2.0))
    v.shock(**on("power_price", scale=0.5, add=4.0))
    at(v, 1, apply_shocks)
    assert v.p.power_price == near(70.0 * 1.2 * 0.5 + 3.0 + 4.0)
    assert v.p.carbon_price == near(13.0)
    assert list(v.rows("shocks").struck) == [1, 1, 1]


def test_a_ramp_moves_scale_and_addition_by_the_same_part():
    v = Village(power_price=70.0)
    v.shock(**on("power_price", scale=1.8, add=6.0, ramp=4))
    at(v, 1, apply_shocks)
    assert v.p.power_price == near(70.0 * 1.2 + 1.5)
    at(v, 2, apply_shocks)
    assert v.p.power_price == near(70.0 * 1.4 + 3.0)


def test_a_shock_to_come_or_over_moves_nothing():
    v = Village(power_price=70.0)
    v.shock(**on("power_price", scale=1.8, add=6.0, start=3, duration=2))
    found = []
    for month in (2, 3, 4, 5):
        at(v, month, apply_shocks)
        found.append(float(v.p.power_price))
    assert found == [70.0, near(132.0), near(132.0), 70.0]


def test_a_shock_that_has_not_struck_adds_nothing():
    v = Village(power_price=70.0)
    v.shock(**on("power_price", add=6.0, probability=chance(1, D_SHOCK, 1, 0)))
    at(v, 1, apply_shocks)
    assert (v.p.power_price, v.state.shocks[0].struck) == (70.0, -1)


def test_parameters_stay_in_their_ranges():
    v = Village(power_price=70.0, idle_power=0.4)
    v.shock(**on("power_price", scale=100.0))
    v.shock(**on("idle_power", add=-0.7))
    at(v, 1, apply_shocks)
    assert (v.p.power_price, v.p.idle_power) == (1000.0, 0.0)
    v = Village(power_price=70.0, idle_power=0.4)
    v.shock(**on("power_price", scale=0.001))
    v.shock(**on("idle_power", add=0.7))
    at(v, 1, apply_shocks)
    assert (v.p.power_price, v.p.idle_power) == (1.0, 1.0)


# --- shocks on firms ------------------------------------------------------------------------------------
def struck(effect, months=(1,), status=None, **columns):
    """A cloud with 3 bn and two vintages, and a bystander like it; the shock is the second row."""
    v = Village()
    vendor = v.vendor()
    v.generation(vendor)
    v.generation(vendor, cost=30.0)
    one, two = v.neocloud("one", cash=3.0), v.neocloud("two", cash=3.0)
    for cloud in (one, two):
        v.fleet(cloud, 0.2, 0, book=2.5, age=7.0)
        v.fleet(cloud, 0.1, 1, book=1.5, age=3.0)
    v.shock(firm=vendor, effect=DEMAND, add=0.001, start=99)
    v.shock(firm=one, effect=effect, **columns)
    if status is not None:
        v[one].status = status
    for month in months:
        at(v, month, apply_shocks)
    assert untouched(v, two)
    # before the audit, which sums the vintages anew
    assert v[one].fleet_book == near(float(v.state.fleet["book"][one].sum()))
    v.audit()
    return v, one


def untouched(v, cloud):
    f, units = v[cloud], v.state.fleet["units"][cloud]
    return (
        (f.cash, f.demand_shift, f.stops_paying, f.operating_cost, f.write_off) == (3.0, 0.0, 0.0, 0.0, 0.0)
        and (f.fleet_book, units[0], units[1]) == (4.0, 0.2, 0.1)
    )


def test_shifts_of_demand_add_up_with_their_strength_and_fade_with_it():
    v = Village()
    lab, other = v.lab(demand_shift=0.9, stops_paying=1.0), v.lab(demand_shift=0.8, stops_paying=2.0)
    v.shock(firm=lab, effect=DEMAND, add=-1.5, ramp=2)
    v.shock(firm=lab, effect=DEMAND, add=0.25, duration=1)
    at(v, 1, apply_shocks)
    assert (v[lab].demand_shift, v[lab].stops_paying) == (-0.5, 0.0)
    assert (v[other].demand_shift, v[other].stops_paying) == (0.0, 0.0)
    at(v, 2, apply_shocks)
    assert v[lab].demand_shift == -1.5


def test_a_firm_that_stops_paying_does_so_while_the_shock_lasts():
    v, cloud = struck(STOPS_PAYING, add=0.5, duration=2)
    assert v[cloud].stops_paying == 1.0
    at(v, 2, apply_shocks)
    assert v[cloud].stops_paying == 1.0
    at(v, 3, apply_shocks)
    assert v[cloud].stops_paying == 0.0
    assert untouched(v, cloud)


def test_to_default_is_more_than_to_stop_paying_in_whatever_order_they_strike():
    for effects in ((DEFAULTS, STOPS_PAYING), (STOPS_PAYING, DEFAULTS)):
        v = Village()
        lab = v.lab()
        for effect in effects:
            v.shock(firm=lab, effect=effect, add=0.5)
        at(v, 1, apply_shocks)
        assert v[lab].stops_paying == 2.0
    v, cloud = struck(DEFAULTS)
    assert v[cloud].stops_paying == 2.0


def test_lost_cash_is_a_cost_paid_to_suppliers_once():
    v, cloud = struck(LOSES_CASH, add=1.2)
    assert (v[cloud].cash, v[cloud].operating_cost, v[cloud].revenue) == (near(1.8), 1.2, 0.0)
    assert (v[SUPPLIERS].cash, v[SUPPLIERS].revenue) == (1.2, 1.2)
    assert v.flow(F_OPERATING, cloud, SUPPLIERS) == 1.2
    at(v, 2, apply_shocks)
    assert v[cloud].cash == near(1.8)
    v.audit()


def test_no_firm_loses_cash_it_does_not_have():
    v, cloud = struck(LOSES_CASH, add=4.5)
    assert (v[cloud].cash, v[SUPPLIERS].cash) == (0.0, 3.0)
    v = Village()
    poor = v.neocloud(cash=-0.5)
    v.shock(firm=poor, effect=LOSES_CASH, add=4.5)
    at(v, 1, apply_shocks)
    assert (v[poor].cash, v[poor].operating_cost, v[SUPPLIERS].cash) == (-0.5, 0.0, 0.0)


def test_lost_capacity_is_written_off_from_every_vintage_once():
    v, cloud = struck(LOSES_CAPACITY, months=(1, 2), add=0.25)
    f, fleet = v[cloud], v.state.fleet[cloud]
    assert [float(x) for x in fleet.units[:2]] == [near(0.15), near(0.075)]
    assert [float(x) for x in fleet.book[:2]] == [near(1.875), near(1.125)]
    assert [float(x) for x in fleet.cost[:2]] == [near(3.0), near(2.25)]
    assert [float(x) for x in fleet.age[:2]] == [7.0, 3.0]
    assert (f.fleet_book, f.write_off) == (near(3.0), near(1.0))
    assert f.cash == 3.0
    assert f.retained == near(3.0 + 3.0)


def test_what_waits_for_a_hall_is_lost_with_the_rest():
    v = Village()
    v.generation(v.vendor())
    cloud = v.neocloud(cash=3.0)
    v.fleet(cloud, 0.2, 0, book=9.0, waiting=0.4)
    v.shock(firm=cloud, effect=LOSES_CAPACITY, add=0.25)
    at(v, 1, apply_shocks)
    vintage = v.state.fleet[cloud, 0]
    assert (vintage.units, vintage.waiting, vintage.book) == (near(0.15), near(0.3), near(6.75))
    v.audit()


@pytest.mark.parametrize(("add", "left"), [(1.7, 0.0), (1.0, 0.0), (-0.3, 1.0)])
def test_nobody_loses_more_than_all_capacity_or_less_than_none(add, left):
    v, cloud = struck(LOSES_CAPACITY, add=add)
    assert [float(x) for x in v.state.fleet.units[cloud, :2]] == [near(0.2 * left), near(0.1 * left)]
    assert v[cloud].fleet_book == near(4.0 * left)


@pytest.mark.parametrize("effect", [DEMAND, STOPS_PAYING, LOSES_CASH, DEFAULTS, LOSES_CAPACITY])
def test_a_shock_that_is_not_felt_or_finds_its_firm_failed_does_nothing(effect):
    v, cloud = struck(effect, add=0.25, start=2)
    assert untouched(v, cloud)
    v, cloud = struck(effect, add=0.25, status=FAILED)
    assert untouched(v, cloud)


def test_shocks_that_do_nothing_do_not_keep_the_next_from_striking():
    v = Village(power_price=70.0)
    failed, cloud = v.neocloud(status=FAILED), v.neocloud()
    v.shock(firm=failed, effect=DEMAND, add=0.5)
    v.shock(kind=NEOCLOUD, number=1, effect=DEMAND, add=0.5)
    v.shock(**on("power_price", add=2.0))
    v.shock(firm=cloud, effect=DEMAND, add=0.25)
    at(v, 1, apply_shocks)
    assert (v[failed].demand_shift, v[cloud].demand_shift, v.p.power_price) == (0.0, 0.25, 72.0)


def test_a_shock_is_on_a_parameter_or_on_a_firm_and_never_on_both():
    v = Village(power_price=70.0, idle_power=0.3)
    cloud = v.neocloud()
    v.shock(**on("power_price", add=2.0, firm=cloud, effect=DEMAND))
    v.shock(firm=cloud, effect=STOPS_PAYING, add=0.25, scale=2.0)
    for month in (1, 2):
        at(v, month, apply_shocks)
    assert (v[cloud].demand_shift, v[cloud].stops_paying) == (0.0, 1.0)
    assert (v.p.power_price, v.p.idle_power) == (72.0, 0.3)


def test_a_shock_on_a_firm_to_enter_strikes_when_it_is_there():
    v = Village()
    r = v.shock(kind=NEOCLOUD, number=1, effect=LOSES_CASH, add=0.75, start=2)
    at(v, 4, apply_shocks)
    assert v.state.shocks[r].struck == -1
    cloud = v.neocloud(cash=2.0)
    v.close()
    at(v, 5, apply_shocks)
    assert (v.state.shocks[r].struck, v[cloud].cash) == (5, 1.25)
    v.audit()


# --- prices of the world --------------------------------------------------------------------------------
def still(**parameters):
    """A world without noise, month 7."""
    v = Village(**({"rate_noise": 0.0, "power_noise": 0.0} | parameters))
    v.market.month, v.market.seed = 7, 23
    return v


def test_the_base_rate_reverts_to_its_mean_with_noise():
    v = still(base_rate=0.03, rate_reversion=0.1, rate_noise=0.002)
    v.run(move_prices_of_the_world)
    assert v.market.base_rate == near(0.05 - 0.1 * 0.02 + 0.002 * luck(23, D_RATE, 7, 0))


def test_the_base_rate_is_never_negative():
    v = still(base_rate=-0.9, rate_reversion=0.1)
    v.run(move_prices_of_the_world)
    assert v.market.base_rate == 0.0


def test_the_power_price_reverts_to_a_mean_that_trends_and_follows_the_power_drawn():
    v = still(
        power_price=60.0, power_price_growth=0.24, power_load_elasticity=0.5, power_load_reference=8.0,
        power_reversion=0.1,
    )  # fmt: skip
    v.hyperscaler(fleet_gw=10.0)
    v.neocloud(fleet_gw=8.0)
    v.neocloud(fleet_gw=90.0, status=FAILED)
    v.run(move_prices_of_the_world)
    mean = 60.0 * exp(0.24 * 7 / 12) * 1.5  # load 18 / 8, its root 1.5
    assert v.market.power_price == near(50.0 + 0.1 * (mean - 50.0))


def test_a_load_below_a_tenth_of_the_reference_counts_as_a_tenth():
    v = still(power_price=60.0, power_price_growth=0.0, power_load_elasticity=0.5, power_reversion=1.0)
    v.run(move_prices_of_the_world)
    assert v.market.power_price == near(60.0 * 0.1**0.5)


def test_noise_multiplies_the_power_price():
    v = still(power_reversion=0.0, power_noise=0.04)
    v.run(move_prices_of_the_world)
    assert v.market.power_price == near(50.0 * exp(0.04 * luck(23, D_POWER, 7, 0)))


def test_the_power_price_does_not_fall_below_one():
    v = still(power_price=-900.0, power_load_elasticity=0.0, power_reversion=0.2)
    v.run(move_prices_of_the_world)
    assert v.market.power_price == 1.0


def test_the_carbon_price_is_its_parameter():
    v = still(carbon_price=17.0)
    v.run(move_prices_of_the_world)
    assert v.market.carbon_price == 17.0
    v.p.carbon_price = -4.0
    v.run(move_prices_of_the_world)
    assert v.market.carbon_price == 0.0


# --- technology -----------------------------------------------------------------------------------------
def test_efficiency_lowers_and_complexity_raises_the_compute_per_unit_of_work():
    v = Village(algorithmic_efficiency=2.0, task_complexity=3.0)
    v.market.algorithm_level, v.market.complexity, v.market.unit_compute = 0.7, 0.2, 0.9
    v.run(advance_technology)
    assert v.market.algorithm_level == near(0.7 + log(2.0) / 12)
    assert v.market.complexity == near(0.2 + log(3.0) / 12)
    assert v.market.unit_compute == near(0.9 * 1.5 ** (1 / 12))


# --- demand ---------------------------------------------------------------------------------------------
def growing(**parameters):
    quiet = {
        "demand_noise": 0.0, "own_growth_noise": 0.0, "demand_cycle": 0.0, "algorithmic_efficiency": 3.0,
        "task_complexity": 3.0,
    }  # fmt: skip
    v = Village(**(quiet | parameters))
    v.market.month, v.market.seed = 7, 23
    return v


def test_adoption_grows_logistically_at_each_segment_s_own_pace():
    v = growing(demand_growth=0.9, consumer_growth=1.1, enterprise_growth=1.3, small_firm_growth=1.7)
    v.state.segments.adoption[:] = [0.1, 0.2, 0.3, 0.4]
    v.state.segments.growth[:] = [0.6, 0.7, 0.8, 0.5]
    v.run(grow_demand)
    assert [float(a) for a in v.state.segments.adoption] == [
        near(0.1 + 0.9 * 1.1 * 0.6 / 12 * 0.1 * 0.9),
        near(0.2 + 0.9 * 1.3 * 0.7 / 12 * 0.2 * 0.8),
        near(0.3 + 0.9 * 1.7 * 0.8 / 12 * 0.3 * 0.7),
        near(0.4 + 0.9 * 1.7 * 0.5 / 12 * 0.4 * 0.6),
    ]


def test_adoption_stays_between_a_millionth_and_all():
    v = growing()
    v.state.segments.adoption[:] = [0.5, 0.5, 0.0, 0.9]
    v.state.segments.growth[:] = [60.0, -60.0, 1.0, 0.0]
    v.run(grow_demand)
    assert [float(a) for a in v.state.segments.adoption] == [1.0, 1e-6, 1e-6, 0.9]


def test_a_shock_to_demand_persists_in_part_and_each_segment_draws_its_own():
    v = growing(demand_persistence=0.8, demand_noise=0.05)
    v.state.segments.adoption[:] = 0.5
    v.state.segments.shock[:] = [0.1, -0.2, 0.3, 0.4]
    v.run(grow_demand)
    assert [float(x) for x in v.state.segments.shock] == [
        near(0.8 * before + 0.05 * luck(23, D_DEMAND, 7, s)) for s, before in enumerate([0.1, -0.2, 0.3, 0.4])
    ]


def test_a_cloud_s_own_workloads_grow_at_a_pace_that_fades():
    v = growing(demand_growth=0.9, growth_fade=0.6, own_growth_long_run=0.1, other_income_growth=0.24)
    cloud = v.hyperscaler(need=2.0, own_growth=0.5, other_income=3.0)
    v.run(grow_demand)
    pace = 0.5 - 0.05 * 0.4
    assert v[cloud].own_growth == near(pace)
    assert v[cloud].need == near(2.0 * exp(0.9 * pace / 12))
    assert v[cloud].other_income == near(3.0 * exp(0.02))


def test_each_cloud_s_own_workloads_draw_their_own_noise():
    v = growing(growth_fade=0.0, own_growth_noise=0.06)
    one, two = v.hyperscaler(need=2.0), v.hyperscaler(need=3.0)
    v.run(grow_demand)
    assert v[one].need == near(2.0 * exp(0.06 * luck(23, D_DEMAND, 7, 100 + one)))
    assert v[two].need == near(3.0 * exp(0.06 * luck(23, D_DEMAND, 7, 100 + two)))


def test_only_active_hyperscalers_have_own_workloads_that_grow():
    v = growing()
    v.firm(HYPERSCALER, status=FAILED, need=2.0, own_growth=0.5, other_income=3.0)
    v.lab(need=2.0, own_growth=0.5, other_income=3.0)
    v.neocloud(need=2.0, own_growth=0.5, other_income=3.0)
    v.run(grow_demand)
    for f in v.rows("firms")[-3:]:
        assert (f.need, f.own_growth, f.other_income) == (2.0, 0.5, 3.0)


def test_what_buyers_outside_want_of_a_vendor_grows_at_a_pace_that_fades():
    v = growing(demand_growth=0.9, growth_fade=0.6, own_growth_long_run=0.1, own_growth_noise=0.3, demand_cycle=0.0)
    v.market.demand_cycle = -0.2
    vendor = v.vendor(outside_demand=2.0, own_growth=0.5, need=3.0, other_income=4.0)
    failed = v.vendor(outside_demand=2.0, own_growth=0.5, status=FAILED)
    v.run(grow_demand)
    pace = 0.5 - 0.05 * 0.4
    assert v[vendor].own_growth == near(pace)
    cycle = -0.2 * v.p.demand_cycle_persistence
    assert v[vendor].outside_demand == near(2.0 * exp((0.9 * pace + cycle) / 12))
    assert (v[vendor].need, v[vendor].other_income) == (3.0, 4.0)
    assert (v[failed].own_growth, v[failed].outside_demand) == (0.5, 2.0)


def test_other_tenants_rent_more_at_their_own_pace():
    v = growing(demand_growth=0.9, tenant_growth=0.4, tenant_fade=0.0)
    v.market.tenant_demand = 1.7
    v.run(grow_demand)
    assert v.market.tenant_demand == near(1.7 * exp(0.03))


def test_other_tenants_pace_fades_from_the_opening_to_the_long_run():
    v = growing(demand_growth=0.9, tenant_growth=0.4, tenant_growth_long_run=0.1, tenant_fade=0.6)
    v.market.tenant_demand = 1.7
    v.run(grow_demand)
    # seven months at a fade of 0.6 a year leave exp(-0.35) of the 0.3 above the long run
    assert v.market.tenant_demand == near(1.7 * exp(0.9 * (0.1 + 0.3 * exp(-0.35)) / 12))


# --- the common factor ----------------------------------------------------------------------------------
def test_the_common_factor_keeps_a_part_and_draws_the_rest_around_zero():
    v = growing(demand_cycle=0.3, demand_cycle_persistence=0.8)
    v.market.demand_cycle = -0.5
    v.run(swing_demand)
    assert v.market.demand_cycle == near(-0.4 + 0.3 * 0.6 * luck(23, D_CYCLE, 7, 0))


def test_the_common_factor_moves_services_own_workloads_and_tenants_by_the_same_rate():
    v = growing(demand_cycle_persistence=0.8, growth_fade=0.0, tenant_growth=0.4, tenant_fade=0.0)
    v.market.demand_cycle, v.market.tenant_demand = -1.5, 1.7
    v.state.segments.adoption[:] = 0.2
    v.state.segments.growth[:] = 0.6
    cloud = v.hyperscaler(need=2.0, own_growth=0.5)
    v.run(grow_demand)
    # trend less 1.2: demand shrinks
    assert [float(a) for a in v.state.segments.adoption] == [near(0.2 + (0.6 - 1.2) / 12 * 0.16)] * 4
    assert v[cloud].need == near(2.0 * exp((0.5 - 1.2) / 12))
    assert v[cloud].own_growth == 0.5
    assert v.market.tenant_demand == near(1.7 * exp((0.4 - 1.2) / 12))


def test_the_spread_of_a_decade_of_the_common_factor_is_its_parameter():
    v = growing(demand_cycle=0.2, demand_cycle_persistence=0.5)
    seen = []
    for month in range(600):
        v.market.month = month
        v.run(swing_demand)
        seen.append(float(v.market.demand_cycle))
    assert 0.18 < (sum(x * x for x in seen) / 600) ** 0.5 < 0.22


def test_cheaper_work_raises_the_compute_asked_for_when_demand_is_elastic():
    v = growing(
        demand_elasticity=1.6, algorithmic_efficiency=4.0, task_complexity=2.0, growth_fade=0.0, tenant_growth=0.0,
        tenant_fade=0.0,
    )  # fmt: skip
    cloud = v.hyperscaler(need=2.0)
    v.market.tenant_demand = 1.7
    v.run(grow_demand)
    # compute per unit of work halves in a year; work rises by 2 ** 1.6
    assert v[cloud].need == near(2.0 * 2 ** (0.6 / 12))
    assert v.market.tenant_demand == near(1.7 * 2 ** (0.6 / 12))


# --- the whole phase ------------------------------------------------------------------------------------
def test_the_world_moves_after_the_month_s_shocks():
    v = growing(
        rate_noise=0.0, power_noise=0.0, base_rate=0.05, rate_reversion=1.0, algorithmic_efficiency=1.0,
        task_complexity=2.0,
    )  # fmt: skip
    v.state.segments.adoption[:] = 0.5
    v.state.segments.growth[:] = 0.6
    v.shock(**on("base_rate", add=0.04))
    v.shock(**on("task_complexity", scale=1.5))
    v.shock(**on("demand_growth", scale=0.5))
    v.run(world)
    assert v.market.base_rate == near(0.09)
    assert v.market.unit_compute == near(3.0 ** (1 / 12))
    assert v.state.segments[0].adoption == near(0.5 + 0.5 * 0.6 / 12 * 0.25)
    assert v.market.month == 7
