"""What a firm's statement says: nothing false of months not run, debt when it falls due, no contracts of nothing."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from typer.testing import CliRunner

from abm import open_economy
from abm.accounts.statement import Loan, contracts, loans, maturities, principal_due, statement
from abm.engine import tables
from abm.instruments.loan import scheduled_principal
from abm.simulation import Economy
from experiments.cli import main

FLOWS = ("revenue", "operating_result_6m", "capex", "utilisation", "energy", "emissions")
FIRM = "CoreWeave"


@pytest.fixture(scope="module")
def opening() -> Economy:
    """The economy of 2025-12-31; tests act on copies."""
    return open_economy(seed=1, central=True)


@pytest.fixture(scope="module")
def later(opening: Economy) -> list[Economy]:
    """The same at several later months, bullets about to fall due among them."""
    found, economy = [], opening.copy()
    for months in (1, 23, 24):
        economy.run(months)
        found.append(economy.copy())
    return found


def inspected(*words: object) -> str:
    result = CliRunner().invoke(main, ["inspect", *map(str, words), "--central"], env={"COLUMNS": "80"})
    assert result.exit_code == 0, result.output
    return result.stdout


def flows(economy: Economy, row: int) -> dict[str, float | None]:
    told = statement(economy, row)
    known = {**asdict(told.ratios), **asdict(told.energy)}
    return {name: known[name] for name in FLOWS}


# --- the opening --------------------------------------------------------------------------------------------
def test_at_the_opening_no_flow_is_a_false_zero(opening: Economy, later: list[Economy]) -> None:
    unknown = dict.fromkeys(FLOWS, 0)
    for row, name in enumerate(opening.names):
        now, then = flows(opening, row), flows(later[0], row)
        for flow in FLOWS:
            assert now[flow] != 0.0 or then[flow] in (0.0, None), (name, flow)
            unknown[flow] += now[flow] is None and then[flow] is not None
    assert min(unknown[name] for name in ("capex", "utilisation", "energy", "emissions", "operating_result_6m")) > 15
    cloud = flows(opening, opening.firm(FIRM))
    assert cloud["revenue"] is not None
    assert cloud["revenue"] > 0.0
    assert flows(opening, opening.firm("OpenAI"))["operating_result_6m"] == pytest.approx(-7.8)


def test_from_the_first_month_on_every_flow_is_known(later: list[Economy]) -> None:
    for row in range(len(later[0].names)):
        known = flows(later[0], row)
        assert {name for name, value in known.items() if value is None} <= {"utilisation"}
    assert all(flows(later[0], later[0].firm(FIRM)).values())


def test_a_firm_without_a_fleet_is_known_to_use_nothing(opening: Economy) -> None:
    told = statement(opening, "JPMorgan").energy
    assert (told.energy, told.emissions) == (0.0, 0.0)


def row_of(text: str, label: str) -> str:
    return next(line.removeprefix(label).strip() for line in text.splitlines() if line.startswith(label))


@pytest.mark.parametrize("firm", [FIRM, "Microsoft Azure", "xAI", "Customers", "JPMorgan", "OpenAI"])
def test_the_opening_of_a_firm_says_what_is_not_known(firm: str) -> None:
    text = inspected(firm)
    assert "what a month tells is known from" in text
    for label in ("of which in use", "electricity", "emissions"):
        if firm in (FIRM, "Microsoft Azure", "xAI"):
            assert row_of(text, label) == "not known yet"
        else:
            assert label not in text
    assert row_of(text, "revenue of a trial month").startswith("not known" if firm == "Customers" else ("0", "1", "2"))
    told = json.loads(inspected(firm, "--json"))
    fleet = bool(told["fleet"])
    assert (told["energy"]["energy"] is None, told["energy"]["emissions"] is None) == (fleet, fleet)
    assert (told["ratios"]["utilisation"], told["ratios"]["capex"]) == (None, None)
    after = inspected(firm, "--month", 1)
    assert "not known" not in after
    assert "trial" not in after
    if fleet:
        assert float(row_of(after, "electricity").split()[0]) > 0.0


# --- when debt falls due ------------------------------------------------------------------------------------
def loan(principal: float, months_left: int, amortising: bool, kind: str = "DDTL", role: str = "owes") -> Loan:
    return Loan(
        id=0, role=role, counterparty="A bank", kind=kind, principal=principal, undrawn=0.0, rate=0.1,
        months_left=months_left, matures=months_left, amortising=amortising, secured_by="none", covenant_ltv=None,
        end_user=None, for_ai=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("owed", "parts"),
    [
        (loan(6.0, 24, True), [0.25, 2.75, 3.0, 0.0, 0.0]),
        (loan(12.0, 120, True), [0.1, 1.1, 2.4, 2.4, 6.0]),
        (loan(6.0, 24, False), [0.0, 0.0, 6.0, 0.0, 0.0]),
        (loan(6.0, 1, True), [6.0, 0.0, 0.0, 0.0, 0.0]),
        (loan(6.0, 1, False), [6.0, 0.0, 0.0, 0.0, 0.0]),
        (loan(6.0, 0, False), [6.0, 0.0, 0.0, 0.0, 0.0]),
        (loan(6.0, 12, False), [0.0, 6.0, 0.0, 0.0, 0.0]),
        (loan(6.0, 13, False), [0.0, 0.0, 6.0, 0.0, 0.0]),
        (loan(6.0, 60, False), [0.0, 0.0, 0.0, 6.0, 0.0]),
        (loan(6.0, 61, False), [0.0, 0.0, 0.0, 0.0, 6.0]),
    ],
)
def test_principal_stands_where_it_falls_due(owed: Loan, parts: list[float]) -> None:
    (found,) = maturities([owed])
    assert [found.next_month, found.to_1_year, found.to_3_years, found.to_5_years, found.later] == pytest.approx(parts)
    assert found.total == owed.principal


def test_loans_of_a_kind_and_role_are_added_and_nothing_owed_is_not_listed() -> None:
    owed = [loan(6.0, 24, True), loan(2.0, 1, False), loan(1.0, 100, False, "bond"), loan(0.0, 5, False, "revolver")]
    lent = [loan(3.0, 1, False, role="lends")]
    found = maturities([*owed, *lent])
    assert [(x.role, x.kind, x.next_month, x.total) for x in found] == [
        ("owes", "DDTL", 2.25, 8.0), ("owes", "bond", 0.0, 1.0), ("lends", "DDTL", 3.0, 3.0),
    ]  # fmt: skip
    assert maturities([]) == []


def test_the_ladder_is_the_schedule_month_by_month(opening: Economy, later: list[Economy]) -> None:
    """Every live loan, repaid by the rule of the model, against what is said to fall due within so many months."""
    for economy in (opening, later[-1]):
        told = {x.id: x for row in range(len(economy.names)) for x in loans(economy, row)}
        live = economy.copy().rows("loans")
        for row in np.flatnonzero((live["status"] == tables.LIVE) & (live["principal"] > 1e-9))[::7]:
            one, paid = live[row], 0.0
            known = told[int(one.id)]
            for month in range(1, known.months_left + 2):
                part = float(scheduled_principal(one))
                paid += part
                one.principal -= part
                one.months_left = max(one.months_left - 1, 0)
                assert paid == pytest.approx(principal_due(known, month), abs=1e-9)
            assert paid == pytest.approx(known.principal)


def test_the_parts_sum_to_the_debt_and_the_first_is_what_is_due(opening: Economy, later: list[Economy]) -> None:
    bullets = 0
    for economy in (opening, *later):
        table = economy.rows("loans")
        live = table[table["status"] == tables.LIVE]
        for row in range(len(economy.names)):
            told = statement(economy, row)
            mine = live[live["borrower"] == row]
            owed = [x for x in told.maturities if x.role == "owes"]
            for x in told.maturities:
                parts = x.next_month + x.to_1_year + x.to_3_years + x.to_5_years + x.later
                assert parts == pytest.approx(x.total)
            debt = told.balance_sheet.liabilities.get("loans and bonds", 0.0)
            assert sum(x.total for x in owed) == pytest.approx(debt, abs=1e-6)
            interest = float(np.sum(mine["principal"] * mine["rate"]) / 12.0)
            due = sum(x.next_month for x in owed)
            assert told.ratios.due_next_month == pytest.approx(due + interest, abs=1e-6)
            ending = float(mine["principal"][(mine["months_left"] <= 1) & (mine["amortising"] == 0)].sum())
            bullets += ending > 0.0
            if told.balance_sheet.status == "active":
                assert told.ratios.due_next_month == pytest.approx(told.ratios.debt_service + ending, abs=1e-6)
    assert bullets


def test_what_is_shown_adds_up_and_is_not_all_in_the_last_year() -> None:
    lines = inspected(FIRM).splitlines()
    at = next(k for k, line in enumerate(lines) if line.startswith("Debt by kind and maturity"))
    assert lines[at + 1].split("  ")[0] == "kind"
    (ddtl,) = [line.split()[1:] for line in lines[at:] if line.startswith("DDTL")]
    assert float(ddtl[0]) == pytest.approx(0.30, abs=0.005)
    assert sum(map(float, ddtl[:5])) == pytest.approx(float(ddtl[5]), abs=0.06)
    together = next(line for line in lines[at:] if line.startswith("together"))
    assert together.split()[-1] == next(line.split()[-1] for line in lines if line.startswith("loans and bonds"))
    assert not [line for line in lines[at:] if line.startswith("revolver")]


# --- contracts and loans of nothing -------------------------------------------------------------------------
@pytest.mark.parametrize("column", ["quantity", "months_left"])
@pytest.mark.parametrize("status", tables.CONTRACT_STATUS)
def test_contracts_of_nothing_are_not_listed(opening: Economy, column: str, status: str) -> None:
    economy = opening.copy()
    table = economy.rows("contracts")
    row = economy.firm("OpenAI")
    mine = np.flatnonzero((table["buyer"] == row) & (table["backstop"] == 0))
    one = int(mine[0])
    table["status"][one] = tables.CONTRACT_STATUS.index(status)
    listed = int(table["id"][one]) in {c.id for c in contracts(economy, row)}
    assert listed == (status in ("pending", "live", "intent"))
    table[column][one] = 0
    assert int(table["id"][one]) not in {c.id for c in contracts(economy, row)}
    assert len(contracts(economy, row)) == sum(np.isin(table["status"][mine], (1, 2, 5))) - listed


def test_a_promise_to_take_what_is_left_says_what_it_is(opening: Economy) -> None:
    (promise,) = [c for c in contracts(opening, FIRM) if c.backstop]
    assert (promise.quantity, promise.left, promise.counterparty) == (0.0, 0.0, "NVIDIA")
    text = inspected(FIRM)
    (line,) = [line for line in text.splitlines() if "≤" in line]
    assert line.split()[-1] == "backstop"
    assert "≤ 6.30 bn at 1.40" in line
    assert "takes only what the seller cannot let" in " ".join(text.split())
    assert " 0 M" not in text


def test_loans_of_nothing_are_not_listed_and_lines_say_what_can_be_drawn(opening: Economy) -> None:
    economy = opening.copy()
    table = economy.rows("loans")
    row = economy.firm(FIRM)
    before = len(loans(economy, row))
    bond = np.flatnonzero((table["borrower"] == row) & (table["kind"] == tables.BOND))[0]
    table["principal"][bond] = 1e-15
    assert len(loans(economy, row)) == before - 1
    line = np.flatnonzero((table["borrower"] == row) & (table["kind"] == tables.REVOLVER))[0]
    (shown,) = [x for x in loans(economy, row) if x.kind == "revolver"]
    assert (shown.principal, shown.undrawn) == (0.0, 2.0)
    assert "0.00 of 2.00" in inspected(FIRM)
    table["limit"][line] = 0.0
    assert len(loans(economy, row)) == before - 2


@pytest.mark.parametrize("firm", [FIRM, "JPMorgan", "OpenAI", "Blue Owl", "HY bond fund 1", "Microsoft Azure"])
@pytest.mark.parametrize("month", [0, 24])
def test_everything_fits_80_columns_and_no_name_is_cut(firm: str, month: int) -> None:
    text = inspected(firm, "--month", month)
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
