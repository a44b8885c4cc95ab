"""Single acts between two months are seen by the month that follows, exactly as a shock of the scenario is."""

import pytest
from books import Audit

from abm import open_economy
from abm.acts import borrow, default, lose, order_gpus, sign_contract
from abm.engine.tables import E_CONTRACT, E_LOAN, F_LENDING
from abm.inputs.scenarios import Scenario, Shock

MONTHS = 24
SHOCK = Scenario(title="Oracle fails", shocks=[Shock(firm="Oracle", effect="defaults", start="2028-01")])


@pytest.fixture(scope="module")
def grown():
    economy = open_economy(seed=1, central=True)
    economy.run(MONTHS)
    return economy


def _next_month(economy):
    """The same economy a month later, audited, and the month's row of the series."""
    audit = Audit(economy)
    economy.run(1)
    audit.check()
    return economy.rows("series")[-1]


def test_a_failure_between_months_costs_what_the_same_failure_by_a_shock_costs(grown):
    struck, spared = grown.copy(), grown.copy()
    default(struck, "Oracle")
    shocked = open_economy(SHOCK, seed=1, central=True)
    shocked.run(MONTHS)
    by_act, by_shock, without = (_next_month(e) for e in (struck, shocked, spared))
    assert by_act.defaults == by_shock.defaults
    # Alone or with others whom it brings down at once.
    assert [row.defaults - row.contagious for row in (by_act, by_shock, without)] == [1, 1, 0]
    assert by_act.failed == by_shock.failed == without.failed + 1
    assert by_shock.lender_losses > 50.0
    assert by_act.lender_losses == pytest.approx(by_shock.lender_losses, rel=0.05)
    for column in ("sentiment", "appetite"):
        fall = without[column] - by_shock[column]
        assert fall > 0.0
        assert without[column] - by_act[column] == pytest.approx(fall, rel=0.1), column


def test_the_opening_can_be_struck_too():
    economy = open_economy(seed=1, central=True)
    default(economy, "CoreWeave")
    first = _next_month(economy)
    assert first.defaults == 1
    assert first.lender_losses > 1.0


def test_what_is_signed_borrowed_and_ordered_between_months_counts_in_the_next(grown):
    acted, spared = grown.copy(), grown.copy()
    before = len(acted.rows("events"))
    row = sign_contract(acted, "OpenAI", "CoreWeave", 0.1, months=36)
    assert acted.rows("contracts")[row].signed == MONTHS
    got = borrow(acted, "Meta", 2.0)
    order_gpus(acted, "Oracle", 0.05)
    with_acts, without = _next_month(acted), _next_month(spared)
    assert got > 1.0
    events = acted.rows("events")[before:]
    # Who has signed signs less by itself afterwards: what counts is that the act is in the month's sum.
    signed = events[events["kind"] == E_CONTRACT]
    signed = signed[acted.rows("firms")["parent"][signed["a"]] != signed["b"]]
    assert with_acts.new_contracts == pytest.approx(signed["amount"].sum())
    assert signed["amount"][signed["month"] == MONTHS].sum() > 1.0
    assert with_acts.new_loans == pytest.approx(events["amount"][events["kind"] == E_LOAN].sum())
    assert events["amount"][(events["kind"] == E_LOAN) & (events["month"] == MONTHS)].sum() == pytest.approx(got)
    assert with_acts.capex > without.capex
    assert acted.flows()[-1][F_LENDING].sum() >= with_acts.new_loans * (1.0 - 1e-12)  # the act's among them
    assert with_acts.gross_flow == pytest.approx(acted.flows()[-1].sum())


def test_several_acts_add_up(grown):
    economy, spared = grown.copy(), grown.copy()
    default(economy, "Crusoe")
    lose(economy, "CoreWeave", 1.0)
    default(economy, "Mistral")  # a cloud would have bought of Crusoe's hardware first
    after, without = _next_month(economy), _next_month(spared)
    assert after.defaults == without.defaults + 2
    assert economy.panel()["write_off"][-1].sum() > spared.panel()["write_off"][-1].sum() + 1.0


def test_a_month_without_acts_counts_only_itself(grown):
    economy, spared = grown.copy(), grown.copy()
    default(economy, "Oracle")
    economy.run(2)
    first, second = economy.rows("series")[-2:]
    assert first.defaults - first.contagious == _next_month(spared).defaults + 1
    assert second.lender_losses < 0.2 * first.lender_losses
    months = economy.rows("defaults")["month"]
    assert second.defaults == (months == second.month).sum()
