"""What a run leaves on disk, and the statements behind it: true to the tables of the economy."""

import datetime
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from abm import open_economy
from abm.accounts import statement
from abm.accounts.record import look_through
from abm.accounts.statement import IDLE, Cause, Default
from abm.calibration import opening_tables
from abm.calibration.files import opening_folder
from abm.calibration.worlds import world
from abm.engine import tables
from abm.errors import BadInput
from abm.inputs import parameters as registry
from abm.inputs.dates import month_label
from abm.inputs.scenarios import Scenario, Shock, load
from abm.markets.compute import serve_contracts
from abm.month import measure
from abm.simulation import Economy
from experiments import columns, results
from experiments.folders import read_manifest
from experiments.summary import YEARLY, failure_sentence, failures_counted, summary, yearly

OPENING = datetime.date(2025, 12, 31)

MONTHS = 14
CHANGED = {"carbon_price": 5.0}
STORY = Scenario(
    name="two_fall",
    title="Two firms fall",
    parameters={"power_price": 70.0},
    shocks=[
        Shock(firm="Lambda", effect="defaults", start=3),
        Shock(firm="OpenAI", effect="defaults", start=6),
    ],
)


@pytest.fixture(scope="module")
def economy() -> Economy:
    economy = open_economy(STORY, parameters=CHANGED, seed=3)
    economy.run(MONTHS)
    return economy


@pytest.fixture(scope="module")
def folder(economy: Economy, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "x"
    with results.run_folder(out) as stage:
        results.write_run(economy, stage, scenario=STORY, changed=CHANGED, seed=3, months=MONTHS)
    return out


def test_every_column_says_its_unit_and_meaning(folder: Path) -> None:
    for name in results.TABLES:
        for field in pq.read_schema(folder / f"{name}.parquet"):
            assert field.metadata is not None, (name, field.name)
            assert field.metadata[b"unit"], (name, field.name)
            assert field.metadata[b"meaning"], (name, field.name)


def test_aggregates_are_the_series_with_dates(folder: Path, economy: Economy) -> None:
    written = pq.read_table(folder / "aggregates.parquet").to_pandas()
    series = economy.rows("series")
    for column in series.dtype.names:
        assert np.array_equal(written[column], series[column]), column
    assert str(written["date"].iloc[0]) == "2026-01-31"
    labels = [month_label(month, economy.opening.date) for month in series["month"].tolist()]
    assert list(written["date"].astype(str).str[:7]) == labels


def test_the_firm_panel_is_tidy(folder: Path, economy: Economy) -> None:
    written = pq.read_table(folder / "firms.parquet").to_pandas()
    assert not written.duplicated(["month", "firm"]).any()
    panel = economy.panel()
    assert len(written) == (panel["status"] != tables.ABSENT).sum()
    last = written[written["month"] == MONTHS].set_index("firm")
    for row, name in enumerate(economy.names):
        if panel[-1, row]["status"] != tables.ABSENT:
            assert last.loc[name, "debt"] == panel[-1, row]["debt"]
            assert last.loc[name, "kind"] == tables.KIND_NAMES[panel[-1, row]["kind"]]
            assert last.loc[name, "status"] == ("active", "failed")[panel[-1, row]["status"] - 1]
    coreweave = economy.state.firms[economy.firm("CoreWeave")]
    customer = coreweave.top_customer_id
    assert last.loc["CoreWeave", "top_customer_id"] == (economy.names[customer] if customer >= 0 else None)


@pytest.mark.parametrize("name", ["contracts", "loans"])
def test_contracts_and_loans_name_their_parties(folder: Path, economy: Economy, name: str) -> None:
    written = {line["id"]: line for line in pq.read_table(folder / f"{name}.parquet").to_pylist()}
    rows = economy.rows(name)
    rows = rows[rows["status"] != tables.FREE]
    assert len(written) == len(rows)
    parties = ("buyer", "seller", "guarantor", "end_user") if name == "contracts" else ("lender", "borrower")
    status = tables.CONTRACT_STATUS if name == "contracts" else columns.CODES["loans"]["status"]
    for row in rows:
        line = written[row["id"]]
        assert line["status"] == status[row["status"]]
        for party in parties:
            assert line[party] == (economy.names[row[party]] if row[party] >= 0 else None)
        amount = "price" if name == "contracts" else "principal"
        assert line[amount] == row[amount]


def test_defaults_carry_their_causes(folder: Path, economy: Economy) -> None:
    written = pq.read_table(folder / "defaults.parquet").to_pylist()
    assert {"Lambda", "OpenAI"} <= {row["firm"] for row in written}
    for row, told in zip(written, statement.defaults(economy), strict=True):
        assert (row["firm"], row["month"], row["fundamental"]) == (told.firm, told.month, told.fundamental)
        assert [cause["parent"] for cause in row["causes"]] == [cause.parent for cause in told.causes]
        assert {cause["channel"] for cause in row["causes"]} <= set(tables.CHANNEL_NAMES)
        weights = [cause["weight"] for cause in row["causes"]]
        assert weights == sorted(weights, reverse=True)
        assert row["fundamental_share"] + sum(weights) == pytest.approx(1.0, abs=1e-9)
        if row["fundamental"]:
            assert row["channel"] is None
        else:
            assert row["channel"] in tables.CHANNEL_NAMES


def test_events_name_firms_and_kinds(folder: Path, economy: Economy) -> None:
    written = pq.read_table(folder / "events.parquet").to_pandas()
    assert len(written) == len(economy.rows("events"))
    assert set(written["kind"]) <= set(tables.EVENT_NAMES)
    assert set(written["a"].dropna()) <= set(economy.names)


def test_the_manifest_is_enough_to_repeat_the_run(folder: Path, economy: Economy, tmp_path: Path) -> None:
    told = read_manifest(folder, results.FORMAT)
    assert "/" not in told["scenario"]["text"]
    assert str(tmp_path.parent) not in json.dumps(told)
    assert told["result_hash"] == economy.result_hash()
    assert set(told["parameters"]) == set(registry.BY_NAME)
    assert told["parameters"]["power_price"] == 70.0
    assert told["parameters"]["carbon_price"] == 5.0
    assert told["parameters_changed"] == CHANGED
    path = tmp_path / f"{told['scenario']['name']}.toml"
    path.write_text(told["scenario"]["text"])
    again = open_economy(load(path), parameters=told["parameters_changed"], seed=told["seed"])
    again.run(told["months"])
    assert again.result_hash() == told["result_hash"]


def test_the_manifest_keeps_the_world(folder: Path, economy: Economy, tmp_path: Path) -> None:
    told = read_manifest(folder, results.FORMAT)
    assert economy.world is not None
    assert told["world"] == economy.world.as_dict() == world(3, "2025-12-31").as_dict()
    assert told["parameters"]["base_rate"] == told["world"]["parameters"]["base_rate"]
    assert told["world"]["parameters"]["power_price"] != told["parameters"]["power_price"] == 70.0
    assert told["opening"]["hash"] == economy.opening.digest
    central = open_economy(STORY, parameters=CHANGED, seed=3, central=True)
    assert results.describe(central, scenario=STORY, changed=CHANGED, seed=3, months=MONTHS)["world"] is None
    given = {"scenario": STORY, "changed": CHANGED, "seed": 3, "months": MONTHS}
    drawn = results.recipe_of(economy.opening, **given, world=economy.world)
    assert drawn.items() <= {**told, "opening": drawn["opening"], "scenario": drawn["scenario"]}.items()
    for other in (None, world(4, "2025-12-31")):
        recipe = results.recipe_of(economy.opening, **given, world=other)
        with pytest.raises(BadInput, match=r"another recipe \(other world\)"), results.run_folder(folder, recipe):
            pass


def test_of_an_opening_of_ones_own_the_recipe_names_the_tables_of_the_world(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    shutil.copytree(opening_folder("2025-12-31"), mine)
    drawn = world(3, mine)
    given = {"scenario": STORY, "changed": {}, "seed": 3, "months": 1}
    books = opening_tables(mine)
    assert results.recipe_of(books, **given, world=drawn)["opening"]["hash"] == drawn.opening().digest
    assert results.recipe_of(books, **given, world=None)["opening"]["hash"] == books.digest


def test_the_same_run_gives_the_same_bytes(folder: Path, economy: Economy, tmp_path: Path) -> None:
    with results.run_folder(tmp_path / "x") as stage:
        results.write_run(economy, stage, scenario=STORY, changed=CHANGED, seed=3, months=MONTHS)
    assert {path.name for path in folder.iterdir()} == results.FILES
    for name in results.FILES:
        assert (tmp_path / "x" / name).read_bytes() == (folder / name).read_bytes(), name


def test_the_picture_is_a_picture(folder: Path) -> None:
    raw = (folder / "figure.png").read_bytes()
    assert raw.startswith(b"\x89PNG")
    assert len(raw) > 50_000


def test_years_add_up(economy: Economy) -> None:
    rows = yearly(economy)
    series = economy.rows("series")
    assert [(row["year"], row["months"]) for row in rows] == [(2026, 12), (2027, 2)]
    assert rows[0]["capex"] == pytest.approx(series["capex"][:12].sum())
    assert rows[1]["ai_debt"] == series["ai_debt"][-1]
    failed = [default for default in statement.defaults(economy) if default.fails]
    assert sum(row["failures"] for row in rows) == len(failed) > 0
    assert len(summary(economy)["failures"]) == len(list(statement.defaults(economy)))
    assert set(rows[0]) == {"year", "months", *YEARLY}


def test_a_failure_is_told_in_one_sentence() -> None:
    causes = (
        Cause("OpenAI", "customer", 0.5),
        Cause(None, "market", 0.1),
        Cause("OpenAI", "counterparty", 0.1),
    )
    told = Default(15, 2, "Lambda", "neocloud", "liquidation", False, 0.41, 3.2, 0.0, 1.0, 0.0, 0.0, 0.3, False, causes)
    assert failure_sentence(told, OPENING) == (
        "2027-03  Lambda (neocloud), owing 3.20 bn, could not or would not pay 0.41 bn:"
        " OpenAI (lost as a customer, unpaid bills or loans) 60 %, its own doing 30 %,"
        " the market (falling prices) 10 %"
    )  # fmt: skip
    many = (
        *causes,
        Cause("Meta", "vendor", 0.05),
        Cause("xAI", "funding", 0.02),
        Cause("Oracle", "funding", 0.004),
    )
    assert failure_sentence(replace(told, own_share=0.226, causes=many), OPENING).endswith(
        "(falling prices) 10 %, 2 others 7 %"
    )
    one_more = (*causes, Cause("Meta", "vendor", 0.05))
    assert failure_sentence(replace(told, own_share=0.25, causes=one_more), OPENING).endswith(
        "(falling prices) 10 %, Meta (orders or vendor finance withdrawn) 5 %"
    )
    alone = Default(15, 1, "Lambda", "neocloud", "liquidation", True, 0.0412, 320.0, 0.0, 1.0, 0.0, 0.0, 1.0, False, ())
    assert failure_sentence(alone, OPENING) == (
        "2027-03  Lambda (neocloud), owing 320 bn, could not or would not pay 0.041 bn: its own doing"
    )
    lives = replace(alone, way="deferral", debt=1.47)  # it owes more than the loans that are amended
    assert failure_sentence(lives, OPENING) == (
        "2027-03  Lambda (neocloud), putting off loans of 1.47 bn, could not or would not pay 0.041 bn: its own doing"
    )
    calm = replace(alone, kind="lender", debt=11.7, shortfall=0.0004)  # what rounds to nothing is not told
    assert failure_sentence(calm, OPENING) == "2027-03  Lambda (lender), owing 11.7 bn: its own doing"
    assert failure_sentence(replace(calm, debt=0.0, way="distressed exchange"), OPENING) == (
        "2027-03  Lambda (lender), exchanging loans: its own doing"
    )
    assert failure_sentence(replace(calm, struck=True), OPENING).endswith(
        ": its own doing and the shock that struck it"
    )
    # What a lab that walks away has not paid is no cash that it lacked.
    walks = replace(alone, firm="OpenAI", kind="lab", way="reorganisation", debt=0.0, claims=72.0, shortfall=224.0)
    assert failure_sentence(walks, OPENING) == (
        "2027-03  OpenAI (lab), protected by the court, owing 72 bn under contracts, could not or would not pay 224 bn:"
        " its own doing"
    )
    for way in tables.WAY_NAMES[1:]:
        assert failure_sentence(replace(alone, way=way), OPENING).startswith("2027-03  Lambda (neocloud), ")


def test_failures_of_all_ways_count_in_their_year_and_deferrals_do_not(economy: Economy) -> None:
    other = economy.copy()
    series = other.rows("series")
    before = yearly(other)[0]["failures"]
    more = {"reorganisations": 3, "exchanges": 2, "deferrals": 9, "liquidations": 1}
    for at, (column, count) in enumerate(more.items()):
        series[column][at] += count
    assert yearly(other)[0]["failures"] == before + 6


def test_failures_are_counted_by_their_ways_and_who_puts_off_has_not_failed() -> None:
    one = Default(15, 1, "A", "neocloud", "liquidation", True, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0, False, ())
    assert [replace(one, way=way).fails for way in tables.WAY_NAMES] == [True, True, True, False]
    late = replace(one, firm="B", way="deferral")
    assert failures_counted([]) == "No firm failed"
    assert failures_counted([late]) == "No firm failed, loans were put off 1 time"
    assert failures_counted([one, late, late]) == "One firm failed (1 wound up), loans were put off 2 times"
    more = [replace(one, firm="C", way="reorganisation"), replace(one, firm="D", way="distressed exchange"), one]
    assert failures_counted(more) == "3 firms failed (1 wound up, 1 under a court, 1 paying less than owed)"


def test_balance_sheets_balance(economy: Economy) -> None:
    for row in range(len(economy.names)):
        sheet = statement.balance_sheet(economy, row)
        owed = sheet.total_liabilities + sheet.net_worth
        assert sheet.total_assets == pytest.approx(owed, rel=1e-9, abs=1e-9), sheet.firm


@pytest.mark.parametrize(("months", "scenario"), [(0, "baseline"), (5, "baseline"), (14, "r6_customer_concentration")])
def test_look_through_debt_agrees_with_the_engine(months: int, scenario: str) -> None:
    at = open_economy(load(scenario), seed=3)
    if months:
        at.run(months)
    told = {row: statement.look_through(at, row).carried_by_others for row in range(len(at.names))}
    gone = {IDLE, *np.flatnonzero(at.rows("firms")["status"] == tables.FAILED).tolist()}
    orphaned = sum(amount for *_, user, amount in statement.funding(at) if user in gone)
    serve_contracts(at.state)  # counts the contracts signed since the backlogs were added up
    look_through(at.state)
    assert orphaned == pytest.approx(at.state.market[0].orphaned, rel=1e-9, abs=1e-9)
    assert (orphaned > 10.0) == (months == 14)
    for row, firm in enumerate(at.rows("firms")):
        if firm.kind == tables.LAB and firm.status == tables.ACTIVE:
            assert sum(told[row].values()) == pytest.approx(firm.look_through, rel=1e-9, abs=1e-9)


def test_ratings_of_the_opening_know_customers_hazard() -> None:
    at = open_economy(seed=1)
    before = np.array(at.rows("firms")["pd"])
    serve_contracts(at.state)
    measure(at.state)
    assert np.array(at.rows("firms")["pd"]) == pytest.approx(before, abs=1e-4)
    assert before[at.firm("Abilene")] > 0.005  # its tenant is Oracle, whose customer is OpenAI


def test_look_through_counts_every_loan_once(economy: Economy) -> None:
    loans = economy.rows("loans")
    loans = loans[(loans["status"] == tables.LIVE) & (loans["for_ai"] == 1)]
    for side, told in [("borrower", "carries_for"), ("lender", "lends_for")]:
        for row in np.unique(loans[side]).tolist():
            found = getattr(statement.look_through(economy, row), told)
            assert sum(found.values()) == pytest.approx(
                loans["principal"][loans[side] == row].sum(), rel=1e-6
            )


def test_a_firm_sees_its_own_contracts_and_loans(economy: Economy) -> None:
    row = economy.firm("CoreWeave")
    copied = economy.copy()
    serve_contracts(copied.state)
    firm = copied.state.firms[row]
    sold = [c for c in statement.contracts(economy, row) if c.role == "sells" and c.status != "intent"]
    assert sum(c.left for c in sold) == pytest.approx(firm.backlog_in)
    assert sum(c.prepaid for c in sold) == pytest.approx(firm.prepaid_in)
    owed = [loan for loan in statement.loans(economy, row) if loan.role == "owes"]
    assert sum(loan.principal for loan in owed) == pytest.approx(firm.debt)
    assert sum(v.book for v in statement.fleet(economy, row)) == pytest.approx(firm.fleet_book)
    assert sum(v.units for v in statement.fleet(economy, row)) == pytest.approx(firm.capacity)


def test_generations_have_names(economy: Economy) -> None:
    names = [statement.generation_name(economy, g) for g in range(len(economy.rows("generations")))]
    assert "H100" in names
    assert len(set(names)) == len(names)
    assert any("20" in name and "-" in name for name in names), "a later one is named by maker and month"
