"""The worlds of a visitor's own run: those of the command, in turn with other visitors', and none for who has left."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from abm.errors import BadInput
from abm.inputs.scenarios import load
from experiments.ensemble.worlds import make
from viz.languages import TAGS, language
from viz.parts.fan import fan
from viz.parts.spread import failing
from viz.plan import LARGEST_SEED, Plan
from viz.spread import Spread, Spreads

PLAN = Plan(load("r6_customer_concentration"), seed=4, months=4).with_strike("CoreWeave", "defaults", 1)


@pytest.fixture(scope="module")
def spreads() -> Iterator[Spreads]:
    made = Spreads(1)
    yield made
    made.close()


def waited(spread: Spread) -> Spread:
    end = time.monotonic() + 300.0
    while spread.running and time.monotonic() < end:
        time.sleep(0.05)
    return spread


def test_the_worlds_are_those_of_the_command(spreads: Spreads) -> None:
    spread = waited(spreads.ask("one", PLAN, 3))
    assert spread.fault == ""
    found = spread.found()
    assert found is not None
    assert found.digest == make(spread.question, workers=1, how="threads").digest
    assert found.seeds == (4, 5, 6), "from the visitor's own on"
    own = PLAN.open()
    own.run(4)
    assert found.months["ai_debt"][0].tobytes() == own.rows("series")["ai_debt"].tobytes()
    for tag in TAGS:
        told = failing(found, language(tag))
        assert language(tag).say("spread-fails", worlds=3, of=3) in told
        assert "CoreWeave" in told


def test_visitors_take_turns_and_who_leaves_has_no_more_made(spreads: Spreads) -> None:
    one, two = spreads.ask("one", PLAN, 50), spreads.ask("two", PLAN, 1)
    waited(two)
    assert two.done == 1
    assert one.done <= 4, "it did not wait for all of the first visitor's"
    spreads.leave("one")
    assert not one.running
    assert spreads.asked("one") is None
    before = one.done
    waited(spreads.ask("two", PLAN, 2))
    assert one.done <= before + 1, "what was being made is all that still comes"


def test_a_number_set_later_is_set_in_every_world() -> None:
    spread = Spread(replace(PLAN, strikes=()).with_parameter("power_price", 90.0, 2), 2)
    for _ in range(2):
        run = spread.next()
        assert run is not None
        plan = replace(spread.plan, seed=run.seed)
        economy = plan.open(panel=False)
        economy.run(3)
        assert economy.state.params[0]["power_price"] == pytest.approx(90.0)
        assert run.settings["scenario"] == plan.scenario().model_dump_json(by_alias=True)
    assert spread.next() is None


def test_seeds_that_would_be_too_large_are_refused() -> None:
    with pytest.raises(BadInput, match="at most for 20 worlds"):
        Spread(replace(PLAN, seed=LARGEST_SEED), 20)


def test_a_fan_has_its_bands_and_the_run_up_to_the_month_shown() -> None:
    bands = np.outer([1.0, 2.0, 3.0, 4.0, 5.0], [1.0, 2.0, 4.0])
    drawn = fan("<what>", "told", bands, [3.0, 6.0, 12.0], 2, ("a", "b"), language("en"))
    assert "&lt;what&gt;" in drawn
    assert drawn.count("<polygon") == 2
    mine = drawn.partition("id-fan-mine' points='")[2].partition("'")[0]
    assert len(mine.split()) == 2
    assert "id-fan-now" not in fan("x", "told", bands, [], 0, ("a", "b"), language("en"))
