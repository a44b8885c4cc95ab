"""What a session runs: a plan's file gives the numbers of the screen, and mistakes are sentences."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abm.calibration.worlds import world
from abm.engine.tables import N_OUTSIDE
from abm.errors import BadInput
from abm.inputs.effects import EFFECTS
from abm.inputs.parameters import BY_NAME, PARAMETERS
from abm.inputs.scenarios import BASELINE, load
from abm.simulation import open_economy
from viz.plan import LONGEST, Plan, whole

R6 = "r6_customer_concentration"


def from_file(plan: Plan, folder) -> str:
    """The hash of the run that the plan's scenario file gives."""
    path = folder / "made.toml"
    path.write_text(plan.toml(), encoding="utf-8")
    economy = open_economy(load(path), seed=plan.seed, central=plan.central)
    economy.run(plan.months)
    return economy.result_hash()


@pytest.mark.parametrize("central", [False, True])
def test_the_file_of_a_plan_gives_the_same_run(central, tmp_path):
    plan = Plan(load(R6), seed=3, months=40, central=central)
    assert plan.toml().splitlines()[0].endswith(" --central") == central
    plan = plan.with_parameter("power_price", 90.0, 0)
    plan = plan.with_strike("Oracle", "loses cash", 11, 3.5)
    plan = plan.with_parameter("demand_growth", 0.4, 12)
    plan = plan.with_parameter("demand_growth", 1.3, 20)
    plan = plan.with_strike("coreweave", "stops paying", 24)
    economy = plan.open()
    economy.run(plan.months)
    assert economy.result_hash() == from_file(plan, tmp_path)


def test_a_change_leaves_the_past_as_it_was():
    plan = Plan(load(BASELINE), seed=2, months=30)
    changed = plan.with_parameter("power_price", 500.0, 12).with_strike("OpenAI", "defaults", 15)
    one, two = plan.open(), changed.open()
    one.run(12)
    two.run(12)
    assert one.result_hash() == two.result_hash()
    one.run(12)
    two.run(12)
    assert one.result_hash() != two.result_hash()
    assert two.rows("firms")["failed"][two.firm("OpenAI")] == 16


def test_random_shocks_of_the_scenario_strike_when_they_would_have():
    base = load(BASELINE).model_copy()
    told = base.model_validate(
        {
            "title": "chance",
            "shocks": [
                {"firm": "CoreWeave", "effect": "loses cash", "size": 1.0, "start": 1, "probability": 0.1},
                {"firm": "Oracle", "effect": "loses cash", "size": 1.0, "start": 1, "probability": 0.1},
            ],
        }
    )
    plan = Plan(told, seed=4, months=60)
    plain, changed = plan.open(), plan.with_parameter("carbon_price", 10.0, 5).with_strike("xAI", "defaults", 6).open()
    plain.run(60)
    changed.run(60)
    assert plain.rows("shocks")["struck"].tolist() == changed.rows("shocks")["struck"][:2].tolist()


def test_a_parameter_takes_the_value_it_is_given():
    plan = Plan(load(BASELINE)).with_parameter("carbon_price", 40.0, 6).with_parameter("carbon_price", 10.0, 9)
    assert plan.value("carbon_price") == 10.0
    economy = plan.open()
    found = []
    for _ in range(12):
        economy.run(1)
        found.append(float(economy.state.params[0]["carbon_price"]))
    assert found == [0.0] * 6 + [40.0] * 3 + [10.0] * 3


def test_the_last_of_two_changes_in_a_month_counts():
    plan = Plan(load(BASELINE)).with_parameter("carbon_price", 40.0, 6).with_parameter("carbon_price", 20.0, 6)
    assert plan.changes["carbon_price"] == ((7, 20.0),)


def test_a_value_that_a_parameter_has_already_changes_nothing():
    plan = Plan(load(BASELINE))
    assert plan.with_parameter("carbon_price", 0.0, 5) is plan
    changed = plan.with_parameter("carbon_price", 40.0, 6)
    assert changed.with_parameter("carbon_price", "40", 9) is changed
    assert changed.with_parameter("carbon_price", 40.0, 6) is changed  # as when Enter is pressed and the field left
    earlier = changed.with_parameter("carbon_price", 40.0, 3)  # back in time, it is a change
    assert earlier.changes["carbon_price"] == ((4, 40.0),)


def test_undoing_gives_the_scenario_back():
    plan = Plan(load(R6)).with_parameter("carbon_price", 5.0, 0).with_strike("Meta", "defaults", 2)
    assert plan.by_hand
    assert plan.as_chosen().scenario() == load(R6)
    assert not plan.as_chosen().by_hand


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda p: p.with_parameter("power_prise", 3, 1), "power_price"),
        (lambda p: p.with_parameter("power_price", "1e9", 1), "between 1 and 1000"),
        (lambda p: p.with_parameter("power_price", "<script>", 1), "must be a number"),
        (lambda p: p.with_parameter("power_price", math.nan, 1), "between"),
        (lambda p: p.with_parameter("power_price", 50, 96), "the run ends"),
        (lambda p: p.with_strike("Orcale", "defaults", 1), "Oracle"),
        (lambda p: p.with_strike("Oracle", "explodes", 1), "effect"),
        (lambda p: p.with_strike("Oracle", "loses cash", 1), "size"),
        (lambda p: p.with_strike("Oracle", "loses cash", 1, -5.0), "between 0 and"),
        (lambda p: p.with_strike("Oracle", "loses cash", 1, math.inf), "size"),
        (lambda p: p.with_strike("Oracle", "loses cash", 1, "much"), "size must be a number, not 'much'"),  # type: ignore[arg-type]
        (lambda p: Plan(p.base, seed=-1), "seed"),
        (lambda p: Plan(p.base, months=LONGEST + 1), "months .* left to invisible-debt run"),
        (lambda p: Plan(p.base, months=1201), "1 to 360, not 1201$"),
    ],
)
def test_a_mistake_is_one_sentence(change, said):
    with pytest.raises(BadInput, match=said) as caught:
        change(Plan(load(BASELINE)))
    assert "\n" not in str(caught.value)


@settings(deadline=None, max_examples=60)
@given(
    value=st.one_of(st.text(max_size=30), st.floats(), st.integers(), st.none(), st.booleans()),
    name=st.one_of(st.sampled_from([p.name for p in PARAMETERS]), st.text(max_size=20)),
    month=st.integers(0, 96),
)
def test_whatever_is_typed_gives_a_plan_or_a_sentence(value, name, month):
    try:
        plan = Plan(load(BASELINE)).with_parameter(name, value, month)
    except BadInput:
        return
    assert plan.value(name) == float(value)
    plan.open(panel=False)


@settings(deadline=None, max_examples=40)
@given(st.one_of(st.text(max_size=25), st.floats(), st.integers(), st.none(), st.booleans(), st.binary(max_size=4)))
def test_whole_numbers(value):
    try:
        number = whole(value, "seed", 0, 100)
    except BadInput:
        return
    assert 0 <= number <= 100
    assert int(value) == number


@pytest.mark.parametrize(
    ("firm", "effect", "size"),
    [("JPMorgan", "stops paying", None), ("JPMorgan", "demand", -1.0), ("OpenAI", "loses capacity", 0.5),
     ("Savers and investors", "defaults", None), ("CoreWeave", "loses cash", 0.0)],
)  # fmt: skip
def test_a_strike_that_can_do_nothing_is_refused(firm, effect, size):
    with pytest.raises(BadInput, match="no effect"):
        Plan(load(BASELINE), months=4).with_strike(firm, effect, 1, size)


def test_what_is_read_at_the_opening_only_cannot_be_changed_later():
    plan = Plan(load(BASELINE), months=4).with_parameter("lender_capital", 0.5, 0)
    with pytest.raises(BadInput, match="read at the opening only"):
        plan.with_parameter("lender_capital", 0.8, 2)


def test_a_number_can_be_set_back_to_what_it_was():
    central = Plan(load(BASELINE), months=12, central=True)
    for start in (central, replace(central, central=False)):
        usual = start.value("power_price")
        plan = start.with_parameter("power_price", 90, 2).with_parameter("power_price", usual, 5)
        assert plan.value("power_price") == usual
        assert len(plan.scenario().shocks) == 1
    assert central.value("power_price") == BY_NAME["power_price"].default


def test_a_parameter_of_the_world_takes_the_value_it_is_given():
    plan = Plan(load(BASELINE), seed=7)
    drawn = world(7, "2025-12-31").parameters
    assert plan.drawn == drawn
    assert plan.value("base_rate") == drawn["base_rate"] != BY_NAME["base_rate"].default
    plan = plan.with_parameter("power_price", 90.0, 2)
    economy = plan.open()
    found = []
    for _ in range(4):
        economy.run(1)
        found.append(float(economy.state.params[0]["power_price"]))
    assert found == pytest.approx([drawn["power_price"]] * 2 + [90.0] * 2)
    assert economy.world == plan.world == world(7, "2025-12-31")
    assert replace(plan, central=True).drawn == {}


def test_plans_of_a_seed_share_their_world_and_nobody_changes_it():
    one, two = Plan(load(BASELINE), seed=7).open(), Plan(load(R6), seed=7).open()
    assert one.opening is two.opening
    one.run(6)
    assert one.opening.digest == world(7, "2025-12-31").opening().digest


def test_every_effect_can_strike():
    plan = Plan(load(BASELINE), months=4)
    for effect in EFFECTS:
        plan = plan.with_strike("xAI", effect.name, 1, 0.5)
    economy = plan.open(panel=False)
    economy.run(4)
    assert len(economy.names) > N_OUTSIDE
