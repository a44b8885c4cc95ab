"""What must hold in every month, whatever the economy, the parameters and the shocks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from books import Audit
from economies import random_economy, random_opening, random_parameters, random_scenario
from hypothesis import given, settings
from hypothesis import strategies as st

from abm import open_economy, simulation
from abm.accounts.ledger import imbalance, sum_claims
from abm.calibration.opening import Opening
from abm.engine import tables as ec
from abm.inputs.scenarios import Scenario, Shock
from abm.simulation import Economy

SEEDS = st.integers(0, 2**32 - 1)


def follow(economy: Economy, months: int) -> None:
    """Run month by month and check the books after each."""
    audit = Audit(economy)
    for _ in range(months):
        economy.run(1)
        audit.check()


@settings(deadline=None, max_examples=200, derandomize=True)
@given(SEEDS)
def test_random_economies_keep_their_books(seed):
    follow(random_economy(seed), 24)


@settings(deadline=None, max_examples=60, derandomize=True)
@given(SEEDS)
def test_the_baseline_keeps_its_books_under_random_parameters_and_shocks(seed):
    rng = np.random.default_rng(seed)
    scenario = random_scenario(rng, simulation.opening_tables(), count=6)
    parameters = random_parameters(rng)
    follow(open_economy(scenario, parameters=parameters, seed=seed, panel=False), 24)


@pytest.mark.parametrize("seed", range(3))
def test_the_baseline_keeps_its_books_for_twelve_years(seed):
    follow(open_economy(seed=seed, panel=False), 144)


@pytest.mark.parametrize("value", [0.05, 0.5, 2.0, 5.0])
def test_lenders_with_more_or_less_capital_open_with_closed_books(value):
    follow(open_economy(parameters={"lender_capital": value}, panel=False), 2)


def collapse(opening: Opening) -> Economy:
    """Every provider of an economy fails in its third month."""
    providers = np.isin(opening.firms["kind"], (ec.HYPERSCALER, ec.NEOCLOUD, ec.VEHICLE))
    names = [name for name, is_provider in zip(opening.names, providers, strict=True) if is_provider]
    shocks = [Shock(firm=name, effect="defaults", start=3) for name in names]
    return Economy(opening, Scenario(title="collapse", shocks=shocks), panel=False)


def test_a_collapse_in_one_month_keeps_the_books():
    follow(collapse(random_opening(3)), 6)


# --- tables that grow -----------------------------------------------------------------------------------
def room_promised(economy: Economy) -> dict[str, int]:
    """Free rows with which `abm.engine.room.overflowing` lets a month begin, by table."""
    found = {}
    for name in simulation.GROWING:
        table = getattr(economy.state, name)
        used = len(economy.rows(name))
        low, high = used, table.shape[0]
        while low < high:
            middle = (low + high) // 2
            if simulation.overflowing(economy.state.replace(**{name: table[:middle]})):
                low = middle + 1
            else:
                high = middle
        found[name] = low - used
    return found


def test_a_month_never_adds_more_rows_than_there_is_room_for(monkeypatch):
    # Compiled code does not check bounds: a row too many would be written over other memory.
    for name in simulation.GROWING:
        monkeypatch.setitem(simulation.GROWING, name, 100_000)
    economy = collapse(random_opening(3, largest=90))
    economy.run(2)
    promised = room_promised(economy)
    used = {name: len(economy.rows(name)) for name in simulation.GROWING}
    economy.run(1)
    added = {name: len(economy.rows(name)) - used[name] for name in simulation.GROWING}
    assert added["defaults"] > 90
    assert added["hits"] > 1000
    assert {name: (n, promised[name]) for name, n in added.items() if n > promised[name]} == {}


@pytest.mark.parametrize("which", ["baseline", 1, 2, 3])
def test_tables_grow_and_drop_no_row(which, monkeypatch):
    def run() -> Economy:
        economy = open_economy(seed=3) if which == "baseline" else random_economy(which, panel=True)
        economy.run(60)
        return economy

    roomy = run()
    promised = room_promised(Economy(roomy.opening, panel=False))
    for name in simulation.GROWING:
        # Room for the trial months of the opening and hardly more.
        monkeypatch.setitem(simulation.GROWING, name, promised[name] + 1)
    start = Economy(roomy.opening).state
    tight = run()
    assert tight.result_hash() == roomy.result_hash()
    grown = {n for n in simulation.GROWING if getattr(tight.state, n).shape[0] > getattr(start, n).shape[0]}
    assert grown >= {"contracts", "loans", "hits", "events", "series"}


# --- the checks themselves can fail -----------------------------------------------------------------------
def _row(economy: Economy, kind: int) -> int:
    firms = economy.rows("firms")
    return int(np.flatnonzero((firms["kind"] == kind) & (firms["status"] == ec.ACTIVE))[0])


def _money_from_nowhere(economy):
    economy.rows("firms")["cash"][_row(economy, ec.NEOCLOUD)] += 1e-3


def _income_without_payment(economy):
    economy.rows("firms")["retained"][_row(economy, ec.LENDER)] += 1e-3


def _money_moved_without_a_flow(economy):
    firms = economy.rows("firms")
    a, b = _row(economy, ec.LAB), _row(economy, ec.VENDOR)
    for column in ("cash", "retained"):
        firms[column][a] -= 1e-3
        firms[column][b] += 1e-3


def _a_loan_nobody_owes(economy):
    loans = economy.rows("loans")
    loans["principal"][np.flatnonzero(loans["status"] == ec.LIVE)[0]] += 1e-3


def _hardware_without_cost(economy):
    economy.state.fleet["book"][_row(economy, ec.HYPERSCALER), 0] += 1e-3


def _less_than_nothing(economy):
    economy.rows("contracts")["months_left"][0] = -1


def _no_number(economy):
    economy.rows("firms")["price"][_row(economy, ec.LAB)] = np.nan


def _an_infinite_price(economy):
    economy.rows("series")["spot_price"][-1] = np.inf


def _a_failed_firm_with_money(economy):
    firms = economy.rows("firms")
    down = int(np.flatnonzero(firms["status"] == ec.FAILED)[0])
    firms["cash"][down] += 1e-3
    firms["cash"][ec.SAVERS] -= 1e-3


def _a_failed_firm_that_signs(economy):
    down = int(np.flatnonzero(economy.rows("firms")["status"] == ec.FAILED)[0])
    contracts = economy.rows("contracts")
    contracts["buyer"][np.flatnonzero(contracts["status"] == ec.LIVE)[0]] = down


def _causes_that_explain_more_than_all(economy):
    economy.rows("defaults")["fundamental_share"][0] = 1.1


BROKEN = [
    _money_from_nowhere, _income_without_payment, _money_moved_without_a_flow, _a_loan_nobody_owes,
    _hardware_without_cost, _less_than_nothing, _no_number, _an_infinite_price, _a_failed_firm_with_money,
    _a_failed_firm_that_signs, _causes_that_explain_more_than_all,
]  # fmt: skip


@pytest.mark.parametrize("damage", BROKEN, ids=lambda f: f.__name__.strip("_"))
def test_the_audit_sees_damage(damage: Callable[[Economy], None]):
    shocks = [Shock(firm="Lambda", effect="defaults", start=2)]
    economy = open_economy(Scenario(title="one fails", shocks=shocks), panel=False)
    economy.run(2)
    audit = Audit(economy)
    economy.run(1)
    audit.check()
    economy.run(1)
    damage(economy)
    with pytest.raises(AssertionError):
        audit.check()


@pytest.mark.parametrize("damage", BROKEN[:2], ids=lambda f: f.__name__.strip("_"))
def test_the_engine_sees_its_own_imbalance(damage: Callable[[Economy], None]):
    economy = open_economy(panel=False)
    economy.run(1)
    sum_claims(economy.state)
    before = imbalance(economy.state)
    damage(economy)
    assert imbalance(economy.state) - before == pytest.approx(1e-3, abs=1e-6)
