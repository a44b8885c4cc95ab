"""The seed of a run draws its world: the same under every scenario and parameter, and nothing where it is central."""

import json

import numpy as np
import pytest

from abm import open_economy
from abm.calibration import opening_tables
from abm.calibration.worlds import world
from abm.errors import BadInput
from abm.inputs.parameters import PARAMETERS, values
from abm.inputs.priors import LEVERS, PRIORS
from abm.inputs.scenarios import Scenario, Shock, load

PAST = "2024-12-31"
COLUMNS = [parameter.name for parameter in PARAMETERS]


def given(economy) -> dict[str, float]:
    """The parameters with which an economy begins."""
    return dict(zip(COLUMNS, economy.state.base_values.tolist(), strict=True))


@pytest.fixture(scope="module")
def seventh():
    return open_economy(seed=7)


def test_a_seed_draws_parameters_and_opening(seventh):
    drawn = world(7, "2025-12-31")
    assert seventh.world == drawn
    assert given(seventh) == dict(zip(COLUMNS, values(drawn.parameters).tolist(), strict=True))
    assert seventh.opening.digest == drawn.opening().digest != opening_tables().digest
    assert seventh.changed == {}
    assert open_economy(seed=7).result_hash() == seventh.result_hash()
    assert open_economy(seed=8).world != drawn


def test_the_central_economy_draws_nothing():
    economy = open_economy(seed=7, central=True)
    assert economy.world is None
    assert given(economy) == {parameter.name: parameter.default for parameter in PARAMETERS}
    assert economy.opening.digest == opening_tables().digest


@pytest.mark.parametrize("name", ["r1_demand_disappoints", "h4_public_backstop", "perfect_storm"])
def test_a_seed_is_the_same_world_under_every_scenario_and_policy(seventh, name):
    told = load(name)
    other = open_economy(told, parameters={"max_ltv": 0.6, "capital_requirement": 1.5}, seed=7)
    assert other.world == seventh.world
    assert other.opening.digest == seventh.opening.digest
    plain, changed = given(seventh), given(other)
    moved = {parameter for parameter in COLUMNS if plain[parameter] != changed[parameter]}
    assert moved <= {*told.parameters, "max_ltv", "capital_requirement"}
    assert {"max_ltv", "capital_requirement"} <= moved


def test_a_scenario_stands_above_the_world_and_what_is_set_above_both(seventh):
    told = Scenario(title="t", parameters={"power_price": 77.0, "base_rate": 0.051})
    economy = open_economy(told, parameters={"base_rate": 0.02}, seed=7)
    found, usual = given(economy), given(seventh)
    assert (found["power_price"], found["base_rate"]) == (77.0, 0.02)
    assert usual["power_price"] == world(seventh.world.drawn, PAST).parameters["power_price"]
    del found["power_price"], found["base_rate"], usual["power_price"], usual["base_rate"]
    assert found == usual
    assert economy.changed == {"power_price": 77.0, "base_rate": 0.02}


def test_of_tables_only_the_parameters_are_drawn_and_a_world_is_taken_as_it_is(seventh):
    tables = opening_tables()
    economy = open_economy(seed=7, opening=tables)
    assert economy.opening is tables
    assert economy.world.parameters == world(7, PAST).parameters  # of all that is believed
    assert economy.world.assumptions == economy.world.facts == economy.world.common == {}
    with pytest.raises(BadInput, match="no opening of its own"):
        economy.world.opening()
    strict = world(4, PAST, strict=True)
    economy = open_economy(seed=9, opening=strict)
    assert (economy.world, economy.seed) == (strict, 9)
    assert given(economy)["base_rate"] == strict.parameters["base_rate"] != world(4, PAST).parameters["base_rate"]
    with pytest.raises(BadInput, match="a world or central"):
        open_economy(opening=strict, central=True)


@pytest.mark.parametrize("seed", [-1, 2**62, True, 1.0, "1"])
def test_a_bad_seed_is_told_before_anything_is_drawn(seed):
    with pytest.raises(BadInput, match="seed must be a whole number from 0"):
        open_economy(seed=seed)


def test_levers_are_not_drawn(seventh):
    assert not LEVERS & set(seventh.world.parameters)
    assert set(seventh.world.parameters) == set(PRIORS)
    found = given(seventh)
    assert all(found[parameter.name] == parameter.default for parameter in PARAMETERS if parameter.name in LEVERS)


def test_a_shock_that_only_a_world_leaves_without_effect_is_no_mistake():
    seeds = range(1, 400)
    at_most = next(p for p in PARAMETERS if p.name == "nest_dissimilarity").high
    reached = next(seed for seed in seeds if world(seed, PAST).parameters["nest_dissimilarity"] == at_most)
    up = Scenario(name="up", title="t", shocks=[Shock(parameter="nest_dissimilarity", scale=1.2, start=2)])
    assert open_economy(up, seed=reached).seed == reached
    nothing = Scenario(name="up", title="t", shocks=[Shock(parameter="carbon_price", scale=1.2, start=2)])
    with pytest.raises(BadInput, match=r"shock 1 of scenario 'up': .*has no effect"):
        open_economy(nothing, seed=reached)


def test_a_world_is_told_in_full_as_plain_data():
    drawn = world(3, "2025-12-31")
    told = json.loads(json.dumps(drawn.as_dict()))
    assert told == {
        "seed": 3, "drawn": drawn.drawn, "parameters": drawn.parameters, "assumptions": drawn.assumptions,
        "facts": drawn.facts, "common": drawn.common,
    }  # fmt: skip
    del told["seed"], told["drawn"]
    assert all(np.isfinite(list(numbers.values())).all() and numbers for numbers in told.values())
