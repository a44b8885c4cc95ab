"""Decision rules can be replaced by name, compiled or in plain Python, and by nothing that does not fit."""

from __future__ import annotations

from types import FunctionType

import pytest
from economies import random_opening

from abm import open_economy
from abm.engine.compiled import jit
from abm.errors import BadInput
from abm.rules import RULES, engine
from abm.simulation import Economy


def plain_copy(name: str) -> FunctionType:
    """An identical rule in plain Python."""
    original = RULES[name].py_func
    return FunctionType(original.__code__, original.__globals__, f"my_{name}")


def run(rules=None, months: int = 3, seed: int = 11) -> Economy:
    economy = Economy(random_opening(seed, largest=1), rules=rules, seed=1)
    economy.run(months)
    return economy


def test_all_rules_replaced_by_copies_give_the_same_bytes():
    assert run({name: plain_copy(name) for name in RULES}).result_hash() == run().result_hash()


@jit
def supply_of_a_workshop(state, vendor, backlog_months):
    return 0.05


def test_a_compiled_rule_takes_the_place_of_the_model_s():
    economy = open_economy(rules={"plan_supply": supply_of_a_workshop}, panel=False, central=True)
    economy.run(2)
    vendors = [f for f in economy.rows("firms") if f.supply > 0.0]
    assert vendors
    assert all(f.supply == 0.05 for f in vendors)


def test_a_plain_rule_takes_the_place_of_the_model_s():
    usual, other = run(months=2), run({"set_price": lambda state, lab: 5.0}, months=2)
    assert other.rows("series").token_price[-1] > usual.rows("series").token_price[-1]


def test_a_rule_that_does_not_exist_or_fit_is_refused():
    with pytest.raises(BadInput, match="did you mean 'set_price'"):
        engine({"set_prise": lambda state, lab: 1.0})
    with pytest.raises(BadInput, match=r"must be a function of \(state, lab\)"):
        engine({"set_price": lambda state: 1.0})
