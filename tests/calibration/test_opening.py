"""The opening state: the client's figures come out of the tables, and the accounts close."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import numpy as np
import pytest

from abm.calibration import Opening, check_opening, opening_tables
from abm.calibration.builder import Builder, effective_months, months_left, net_worth
from abm.calibration.facts import fact_value
from abm.calibration.files import OPENINGS_FOLDER, read_files
from abm.calibration.opening import _NOT_NEGATIVE
from abm.calibration.report import (
    announced_commitments,
    backlog_shares,
    firm_commitments,
    is_firm,
    look_through,
    opening_report,
    remaining_values,
)
from abm.engine import tables as ec
from abm.errors import BadInput
from abm.instruments.contract import ramp_months, unit_invoice
from abm.simulation import Economy

NAMED = {
    "OpenAI", "Anthropic", "xAI", "Google DeepMind", "Meta AI", "Microsoft Azure", "AWS", "Google Cloud",
    "Oracle", "Meta", "CoreWeave", "Nebius", "Lambda", "Crusoe", "Nscale", "IREN", "Fluidstack",
    "Applied Digital", "TeraWulf", "Vantage-Oracle", "Abilene", "New Mexico", "Hyperion", "Colossus",
    "NVIDIA", "AMD", "Custom chips", "Llama", "DeepSeek", "Qwen", "Mistral",
    "JPMorgan", "Blue Owl", "Apollo", "Blackstone", "Magnetar", "SoftBank",
}  # fmt: skip


@pytest.fixture
def opening() -> Opening:
    return opening_tables()


def contract(opening: Opening, name: str) -> np.void:
    return opening.contracts[opening.contract_names.index(name)]


def loans_of(opening: Opening, borrower: str) -> np.ndarray:
    return opening.loans[opening.loans["borrower"] == opening.row(borrower)]


# --- the client's figures -----------------------------------------------------------------------------
def test_96_bn_stand_on_partners_books_for_openai(opening: Opening) -> None:
    found = opening_report(opening)["look_through"]
    assert found["total"] == pytest.approx(96.0, abs=1e-9)
    assert list(found["groups"].values()) == pytest.approx([30.0, 28.0, 38.0], abs=1e-9)
    assert math.fsum(found["groups"].values()) == pytest.approx(found["total"])
    by_borrower = found["by_borrower"]
    assert by_borrower["Abilene"] == pytest.approx(10.0)
    assert by_borrower["New Mexico"] == pytest.approx(18.0)
    assert by_borrower["CoreWeave"] == pytest.approx(21.4 * 22.4 / 66.8)
    assert by_borrower["Oracle"] == pytest.approx(18 * 300 / 523)
    texas = math.fsum(
        loan["principal"]
        for loan, name in zip(opening.loans, opening.loan_names, strict=True)
        if name.startswith("vantage texas")
    )
    assert texas == pytest.approx(23.25)


def test_softbank_carries_the_rest_of_the_30_bn(opening: Opening) -> None:
    """Between the bridge loan (G1-138) and all its AI borrowing of the year (G7-005)."""
    carried = look_through(opening)[opening.row("SoftBank"), opening.row("OpenAI")]
    assert fact_value("G1-138") < carried < fact_value("G7-005")


def test_the_debt_comes_out_of_the_contract_and_loan_tables(opening: Opening) -> None:
    """A contract that ends, or a loan repaid, takes its part of the debt along."""
    row = opening.contract_names.index("openai coreweave")
    opening.contracts["status"][row] = ec.ENDED
    assert opening_report(opening)["look_through"]["groups"][
        "SoftBank, Oracle and CoreWeave"
    ] == pytest.approx(30 - 21.4 * 22.4 / 66.8)
    opening.loans["principal"][opening.loan_names.index("abilene")] = 0.0
    assert opening_report(opening)["look_through"]["groups"]["Blue Owl and Crusoe projects"] == pytest.approx(18.0)


def test_attribution_loses_no_debt(opening: Opening) -> None:
    for_ai = opening.loans["for_ai"] == 1
    owed = [
        math.fsum(opening.loans["principal"][for_ai & (opening.loans["borrower"] == i)])
        for i in range(len(opening.names))
    ]
    assert look_through(opening).sum(axis=1) == pytest.approx(owed)
    assert backlog_shares(opening).sum(axis=1).max() <= 1 + 1e-12


def test_lenders_exposures_add_up_to_the_debt(opening: Opening) -> None:
    report = opening_report(opening)
    assert math.fsum(report["lender_exposure"].values()) == pytest.approx(report["look_through"]["total"])


def test_announced_commitments_are_1400_bn_and_the_firm_part_apart(opening: Opening) -> None:
    assert announced_commitments(opening, "OpenAI") == pytest.approx(1400.0, abs=1e-9)
    assert firm_commitments(opening, "OpenAI") == pytest.approx(300 + 250 + 38 + 22.4 + 15)
    firm = opening.contracts[is_firm(opening.contracts)]
    latest = (firm["start"] + firm["months"])[firm["buyer"] == opening.row("OpenAI")].max()
    assert latest <= 8 * 12


def test_letters_and_options_bind_nobody(opening: Opening) -> None:
    report = opening_report(opening)
    for name in ("nvidia letter", "amd options", "broadcom term sheet", "not allocated"):
        row = contract(opening, f"openai {name}")
        assert row["status"] == ec.INTENT
        assert row["take_or_pay"] == 0.0
        assert row["prepaid"] == 0.0
        assert not is_firm(row)
    opening.contracts["quantity"][opening.contracts["status"] == ec.INTENT] *= 10.0
    assert opening_report(opening)["backlog_at_buyers"] == report["backlog_at_buyers"]


def test_operating_loss_and_run_rate(opening: Opening) -> None:
    report = opening_report(opening)
    assert report["half_year"]["operating_result"] == pytest.approx(-7.8)
    assert report["half_year"]["revenue"] == 4.3
    assert opening.firms["operating_result_6m"][opening.row("OpenAI")] == pytest.approx(-7.8)
    assert report["revenue_run_rate"] == pytest.approx(20.0)


# --- sums to facts --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fact", "total"),
    [
        ("G4-084", lambda o: o.fleet["units"].sum()),
        ("G1-026", lambda o: o.revenue[:, o.row("Anthropic")].sum()),
        ("G1-002", lambda o: o.firms["cash"][o.row("OpenAI")]),
        ("G1-020", lambda o: loans_of(o, "OpenAI")["limit"].sum()),
        ("G1-044", lambda o: loans_of(o, "xAI")["principal"].sum()),
        ("G1-046", lambda o: loans_of(o, "Meta")["principal"].sum()),
        ("G1-055", lambda o: loans_of(o, "Google Cloud")["principal"].sum()),
        ("G1-063", lambda o: loans_of(o, "Microsoft Azure")["principal"].sum()),
        ("G1-072", lambda o: loans_of(o, "AWS")["principal"].sum()),
        ("G1-079", lambda o: loans_of(o, "Oracle")["principal"].sum()),
        ("G1-083", lambda o: net_worth(o.firms)[o.row("Oracle")]),
        ("G1-095", lambda o: loans_of(o, "CoreWeave")["principal"].sum()),
        ("G1-116", lambda o: loans_of(o, "Nebius")["principal"].sum()),
        ("G1-143", lambda o: loans_of(o, "SoftBank")["principal"].sum()),
        ("G1-158", lambda o: net_worth(o.firms)[o.row("JPMorgan")]),
        ("G2-022", lambda o: loans_of(o, "Hyperion")["principal"].sum()),
        ("G2-032", lambda o: loans_of(o, "Vantage-Oracle")["principal"].sum()),
        ("G2-033", lambda o: loans_of(o, "New Mexico")["principal"].sum()),
        ("G2-037", lambda o: loans_of(o, "TeraWulf")["principal"].sum()),
    ],
)
def test_totals_are_those_of_the_facts(
    opening: Opening, fact: str, total: Callable[[Opening], float]
) -> None:
    assert float(total(opening)) == pytest.approx(fact_value(fact))


def test_coreweaves_backlog_is_the_reported_one(opening: Opening) -> None:
    sold = opening.contracts[
        is_firm(opening.contracts) & (opening.contracts["seller"] == opening.row("CoreWeave"))
    ]
    assert remaining_values(sold).sum() == pytest.approx(fact_value("G1-104"))


def test_the_fleet_draws_what_the_count_of_chips_draws(opening: Opening) -> None:
    """Servers draw more than their chips (G4-085), up to 1.8 times as for an H100 (G4-033, G4-037)."""
    servers = (opening.fleet["units"] * opening.generations["kw"]).sum()
    assert fact_value("G4-085") < servers < 1.83 * fact_value("G4-085")


def test_banks_have_the_reported_capital_ratio(opening: Opening) -> None:
    f = opening.firms
    banks = (f["kind"] == ec.LENDER) & (f["subkind"] == ec.BANK)
    weighted = f["other_weight"] * f["other_assets"] + f["loans_held"]
    assert net_worth(f)[banks] / weighted[banks] == pytest.approx(0.145)
    assert (f["min_capital"][banks] < 0.145).all()


def test_lenders_start_above_their_minimum_and_within_their_limit(opening: Opening) -> None:
    f = opening.firms
    lenders = f["kind"] == ec.LENDER
    weighted = f["other_weight"] * f["other_assets"] + f["loans_held"]
    assert (net_worth(f)[lenders] > f["min_capital"][lenders] * weighted[lenders]).all()
    assert (f["loans_held"][lenders] < f["ai_limit"][lenders]).all()


# --- contracts, sites, vehicles ---------------------------------------------------------------------------
def test_remaining_values_agree_with_the_engine(opening: Opening) -> None:
    table = opening.contracts.view(np.recarray)
    engine = [unit_invoice(table[k]) * ramp_months(table[k], 1) for k in range(len(table))]
    assert remaining_values(opening.contracts) == pytest.approx(engine)


def test_effective_months_count_the_ramp() -> None:
    assert effective_months(13, 24, 60) == pytest.approx(60 - 23 / 2)
    assert effective_months(1, 1, 12) == 12
    assert effective_months(0, 4, 4) == pytest.approx(0.5 + 0.75 + 1.0)
    assert effective_months(-24, 1, 60) == months_left(-24, 60) == 35
    assert months_left(13, 60) == 60


def test_amounts_buy_capacity_that_costs_them(opening: Opening) -> None:
    oracle = contract(opening, "openai oracle")
    assert oracle["start"] == 13  # January 2027
    assert oracle["quantity"] * oracle["price"] * 0.73 * (60 - 23 / 2) == pytest.approx(300.0)


def test_nobody_delivers_more_than_it_has(opening: Opening) -> None:
    f = opening.firms
    live = opening.contracts[opening.contracts["status"] == ec.LIVE]
    for i, name in enumerate(opening.names):
        sold = live[(live["seller"] == i) & (live["kind"] == ec.COMPUTE)]
        bought = live[(live["buyer"] == i) & (live["kind"] == ec.COMPUTE)]
        have = f["capacity"][i] + bought["delivered"].sum()
        assert sold["delivered"].sum() <= 1.02 * have + 1e-12, name
        leased = live[(live["buyer"] == i) & (live["kind"] == ec.SITE)]
        let = live[(live["seller"] == i) & (live["kind"] == ec.SITE)]
        room = f["site_gw"][i] + leased["delivered"].sum() - let["delivered"].sum()
        assert f["fleet_gw"][i] <= room + 1e-9, name


@pytest.mark.parametrize("name", ["Vantage-Oracle", "Abilene", "New Mexico", "Hyperion", "Colossus"])
def test_vehicles_can_finish_and_their_rent_covers_their_debt(opening: Opening, name: str) -> None:
    i = opening.row(name)
    orders = opening.orders[opening.orders["buyer"] == i]
    loans = loans_of(opening, name)
    rent = opening.contracts[opening.contracts["seller"] == i][0]
    interest = math.fsum(loans["principal"] * loans["rate"]) / 12
    start = max(int(rent["start"]), 1)
    to_pay = math.fsum(orders["units"] * orders["price"] - orders["deposit"])
    assert opening.firms["cash"][i] - to_pay - interest * (start - 1) >= 0.0
    full = rent["quantity"] * rent["price"] * (ec.BN_PER_RATE if rent["kind"] == ec.COMPUTE else 1.0)
    term = 60 if name == "Colossus" else min(int(rent["months"]), 240)
    service = interest + math.fsum(loans["principal"]) / term
    assert full / service > 1.15
    built = opening.firms["site_gw"][i] + math.fsum(orders["units"][orders["kind"] == ec.SITE_ORDER])
    if rent["kind"] == ec.SITE:
        assert rent["quantity"] == pytest.approx(built)


def test_orders_fit_what_vendors_can_deliver(opening: Opening) -> None:
    gpus = opening.orders[opening.orders["kind"] == ec.GPU_ORDER]
    for vendor in ("NVIDIA", "AMD", "Custom chips"):
        i = opening.row(vendor)
        due = [
            math.fsum((gpus["units"] * gpus["price"])[(gpus["vendor"] == i) & (gpus["due"] == m)])
            for m in range(1, 7)
        ]
        assert max(due) <= opening.firms["supply"][i], vendor
        assert (opening.generations["vendor"][gpus["generation"][gpus["vendor"] == i]] == i).all()


# --- form -------------------------------------------------------------------------------------------------
def test_who_is_there(opening: Opening) -> None:
    assert set(opening.names) >= NAMED
    assert opening.names[: ec.N_OUTSIDE] == list(ec.OUTSIDE_NAMES)
    assert sum(name.startswith("Small cloud") for name in opening.names) == 8
    assert len(set(opening.names)) == len(opening.names)
    parents = {
        name: opening.names[p]
        for name, p in zip(opening.names, opening.firms["parent"], strict=True)
        if p >= 0
    }
    assert parents == {"Google DeepMind": "Google Cloud", "Meta AI": "Meta", "Llama": "Meta"}


def test_tables_have_the_types_of_the_economy(opening: Opening) -> None:
    for name in ("firms", "contracts", "loans", "orders", "stakes", "generations", "segments"):
        assert getattr(opening, name).dtype == ec.DTYPES[name], name
    assert opening.fleet.shape == (len(opening.names), len(opening.generation_names))
    assert opening.revenue.shape == (ec.N_SEGMENTS, len(opening.names))
    assert set(opening.market) <= set(ec.DTYPES["market"].names)
    assert (np.diff(opening.generations["released"]) >= 0).all()
    assert len(opening.generations) <= 8


def test_every_number_in_the_firm_table_has_a_source(opening: Opening) -> None:
    """Given or solved columns by name; the others repeat tables whose cells have theirs."""
    repeated = {
        "kind", "subkind", "status", "parent", "tenant", "failed", "top_customer_id", "capacity", "fleet_gw",
        "fleet_book", "debt", "loans_held", "prepaid_in", "prepaid_out", "deposits_in", "deposits_out",
        "holdings", "paid_in", "retained", "funding", "operating_result_6m",
    }  # fmt: skip
    known = {(s.row, s.column): s for s in opening.sources if s.table == "firms"}
    for i, name in enumerate(opening.names):
        for column in opening.firms.dtype.names:
            value = float(opening.firms[column][i])
            if value == 0.0 or column in repeated or i < ec.N_OUTSIDE:
                continue
            assert (name, column) in known, (name, column)
            assert known[name, column].value == pytest.approx(value, abs=2e-6), (name, column)


def test_every_instrument_has_a_source(opening: Opening) -> None:
    rows = {(s.table, s.row) for s in opening.sources}
    assert {("contracts", name) for name in opening.contract_names} <= rows
    assert {("loans", name) for name in opening.loan_names} <= rows
    assert len(opening.contract_names) == len(opening.contracts)
    assert len(opening.loan_names) == len(opening.loans)
    for source in opening.sources:
        assert math.isfinite(source.value), source
        assert source.source, source


def test_the_same_every_time(opening: Opening) -> None:
    again = Builder(read_files(OPENINGS_FOLDER / opening.name))
    for field in dataclasses.fields(Opening):
        value = getattr(opening, field.name)
        if isinstance(value, np.ndarray):
            assert value.tobytes() == getattr(again, field.name).tobytes(), field.name
    assert opening.sources == tuple(again.sources.values())


def test_copies_are_independent(opening: Opening) -> None:
    opening.firms["cash"] = -1.0
    opening.market["spot_price"] = 0.0
    fresh = opening_tables()
    assert fresh.firms["cash"][fresh.row("OpenAI")] == 40.0
    assert fresh.market["spot_price"] > 0.0


# --- accounts ---------------------------------------------------------------------------------------------
def test_money_and_claims_sum_to_zero(opening: Opening) -> None:
    f = opening.firms
    assert f["cash"].sum() == 0.0
    assert f["cash"][::-1].sum() == 0.0  # exactly, in any order
    for owned, owed in (
        ("loans_held", "debt"),
        ("prepaid_out", "prepaid_in"),
        ("deposits_out", "deposits_in"),
        ("holdings", "paid_in"),
    ):
        assert math.fsum(f[owned]) == pytest.approx(math.fsum(f[owed]), abs=1e-9), owned
    assert np.abs(net_worth(f) - f["paid_in"] - f["retained"]).max() < 1e-9


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("firms", "cash"), ("firms", "retained"), ("firms", "other_debt"), ("firms", "debt"),
        ("firms", "holdings"), ("firms", "fleet_book"), ("contracts", "prepaid"), ("loans", "principal"),
        ("orders", "deposit"), ("stakes", "book"), ("stakes", "share"), ("fleet", "book"),
    ],
)  # fmt: skip
def test_accounts_that_do_not_close_are_refused(opening: Opening, table: str, column: str) -> None:
    check_opening(opening)
    rows = getattr(opening, table)
    rows[column][np.unravel_index(np.argmax(np.abs(rows[column])), rows.shape)] += 0.01
    with pytest.raises(BadInput, match="does not close"):
        check_opening(opening)


@pytest.mark.parametrize(
    ("table", "column"), [(table, columns[0]) for table, columns in _NOT_NEGATIVE.items()]
)
def test_negative_numbers_are_refused(opening: Opening, table: str, column: str) -> None:
    getattr(opening, table)[column][-1] = -1.0
    with pytest.raises(BadInput, match=f"{column} in {table} is negative"):
        check_opening(opening)


def test_rows_of_nobody_are_refused(opening: Opening) -> None:
    opening.loans["lender"][0] = len(opening.names)
    with pytest.raises(BadInput, match="loans table names an unknown lender"):
        check_opening(opening)


def test_unknown_firms_are_refused(opening: Opening) -> None:
    with pytest.raises(BadInput, match="no firm 'Enron'"):
        announced_commitments(opening, "Enron")


# --- history ------------------------------------------------------------------------------------------------
def test_firms_open_expecting_the_growth_that_they_had(opening: Opening) -> None:
    growth = dict(zip(opening.names, opening.firms["expected_growth"].tolist(), strict=True))
    assert growth["OpenAI"] == pytest.approx(math.log(20 / 5.5))
    assert growth["Anthropic"] == pytest.approx(math.log(9 / 1))
    assert growth["CoreWeave"] == pytest.approx(math.log((5.13 - 0.9816 - 1.2128 - 1.36) / 0.747))
    sellers = np.isin(opening.firms["kind"], (ec.LAB, ec.ENTRANT, ec.NEOCLOUD, ec.HYPERSCALER, ec.VENDOR))
    assert (opening.firms["expected_growth"][sellers] > 0.0).all()
    assert opening.market["demand_growth"] == pytest.approx(math.log(14.2 / 5.7))


def test_last_rounds_and_projects_are_where_history_has_them(opening: Opening) -> None:
    rounds = dict(zip(opening.names, opening.firms["last_round"].tolist(), strict=True))
    projects = dict(zip(opening.names, opening.firms["last_project"].tolist(), strict=True))
    assert (rounds["OpenAI"], rounds["Anthropic"], rounds["Lambda"]) == (0, -3, -1)
    assert [rounds[f"Small cloud {k}"] for k in (1, 2, 8)] == [-2, -3, -9]
    assert (projects["Oracle"], projects["Meta"], projects["xAI"]) == (-1, -2, -2)
    agents = opening.firms["kind"] != ec.OUTSIDE
    assert (opening.firms["last_round"][agents] <= 0).all()


def test_an_economy_begins_with_the_history_of_its_opening(opening: Opening) -> None:
    opening.firms["last_round"][opening.row("xAI")] = -5
    opening.market["demand_growth"] = 0.4
    other = dataclasses.replace(opening, flagship="Anthropic")
    economy = Economy(other, panel=False)
    for column in ("last_round", "last_project"):
        assert economy.rows("firms")[column].tolist() == opening.firms[column].tolist(), column
    m = economy.state.market[0]
    assert m.flagship == opening.row("Anthropic")
    assert m.demand_growth == 0.4
    memory = economy.state.market_memory
    assert memory[0] / memory[-6] == pytest.approx(math.exp(0.4 * 6 / 12))
    assert memory[0] == pytest.approx(opening.revenue.sum() / 12)
