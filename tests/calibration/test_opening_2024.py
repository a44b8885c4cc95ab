"""The opening state of 2024-12-31: its totals are the facts of New Year 2025, and nothing later is in it."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable

import numpy as np
import pytest

from abm.calibration import Opening, opening_tables
from abm.calibration.builder import net_worth
from abm.calibration.facts import FACT_ID, fact_value, facts, names_in
from abm.calibration.files import LAYOUTS, opening_folder, read_files
from abm.calibration.mistakes import mistakes
from abm.calibration.report import firm_commitments, remaining_values
from abm.engine import tables as ec

DATE = "2024-12-31"


@pytest.fixture(scope="module")
def opening() -> Opening:
    return opening_tables(DATE)


def assumption(opening: Opening, name: str) -> float:
    return next(s.value for s in opening.sources if (s.table, s.row, s.column) == ("assumptions", name, "value"))


def debt(opening: Opening, firm: str) -> float:
    return math.fsum(opening.loans["principal"][opening.loans["borrower"] == opening.row(firm)])


def orders(opening: Opening, kind: int, first: int, last: int) -> np.ndarray:
    found = opening.orders[opening.orders["kind"] == kind]
    return found[(found["due"] >= first) & (found["due"] <= last)]


# --- totals against facts ---------------------------------------------------------------------------------
def test_the_running_stock_is_what_was_delivered_a_quarter_before(opening: Opening) -> None:
    """The roster's chips and those of owners outside it make K1-172; the chips of the last quarter are on order."""
    roster = float(opening.fleet["units"].sum())
    assert roster + assumption(opening, "outside_fleet") == pytest.approx(fact_value("K1-172"), rel=1e-9)
    late = float(orders(opening, ec.GPU_ORDER, 1, 3)["units"].sum())
    outside = 3 * math.fsum(opening.firms["outside_demand"]) / (3 * math.fsum(opening.firms["supply"]))
    assert late / (1 - outside) == pytest.approx(fact_value("K1-170") - fact_value("K1-172"), rel=0.1)


@pytest.mark.parametrize(
    ("owner", "fact"),
    [("Microsoft Azure", "K1-175"), ("Google Cloud", "K1-176"), ("Meta", "K1-177"), ("AWS", "K1-178")],
)
def test_running_and_ordered_chips_are_those_delivered(opening: Opening, owner: str, fact: str) -> None:
    """By owner: what runs, and what is due in months 1 to 3 of Hopper, of its own and AMD's chips and of the last
    quarter's Blackwell, is the fleet counted at New Year."""
    i = opening.row(owner)
    due = orders(opening, ec.GPU_ORDER, 1, 3)
    total = opening.fleet["units"][i].sum() + due["units"][due["buyer"] == i].sum()
    assert total == pytest.approx(fact_value(fact), rel=0.03)


@pytest.mark.parametrize(
    ("fact", "total", "within"),
    [
        ("K1-001", lambda o: debt(o, "CoreWeave"), 1e-3),
        ("K1-028", lambda o: o.fleet["units"][o.row("CoreWeave")].sum(), 1e-9),
        ("K1-029", lambda o: o.firms["site_gw"][o.row("CoreWeave")], 1e-9),
        ("K1-118", lambda o: debt(o, "Oracle"), 1e-9),
        ("K1-119", lambda o: o.firms["cash"][o.row("Oracle")], 1e-6),
        ("K1-081", lambda o: o.firms["cash"][o.row("Meta")], 1e-6),
        ("K1-086", lambda o: net_worth(o.firms)[o.row("Meta")], 1e-9),
        ("K1-089", lambda o: o.firms["cash"][o.row("Google Cloud")], 1e-6),
        ("K1-098", lambda o: o.firms["cash"][o.row("Microsoft Azure")], 1e-6),
        ("K1-099", lambda o: net_worth(o.firms)[o.row("Microsoft Azure")], 1e-9),
        ("K1-148", lambda o: net_worth(o.firms)[o.row("JPMorgan")], 1e-9),
        ("K1-042", lambda o: o.loans["limit"][o.loans["borrower"] == o.row("OpenAI")].sum(), 1e-9),
        ("H1-039", lambda o: o.revenue[:, o.row("OpenAI")].sum(), 1e-9),
        ("K1-063", lambda o: o.revenue[:, o.row("Anthropic")].sum(), 1e-9),
        ("K1-041", lambda o: o.firms["valuation"][o.row("OpenAI")], 1e-9),
        ("H1-043", lambda o: -math.fsum(o.statements["OpenAI"].values()) / 0.6, 1e-9),
    ],
)
def test_a_total_is_its_fact(opening: Opening, fact: str, total: Callable[[Opening], float], within: float) -> None:
    assert float(total(opening)) == pytest.approx(fact_value(fact), rel=within)


def test_the_labs_run_on_the_compute_they_had(opening: Opening) -> None:
    live = opening.contracts[(opening.contracts["kind"] == ec.COMPUTE) & (opening.contracts["status"] == ec.LIVE)]
    ids = {"OpenAI": "K1-057", "Anthropic": "K1-068", "Google DeepMind": "K1-071", "Meta AI": "K1-072"}
    for lab, fact in ids.items():
        delivered = live["delivered"][live["buyer"] == opening.row(lab)].sum()
        assert delivered == pytest.approx(fact_value(fact), rel=1e-9)
    row = opening.row("xAI")
    compute = opening.fleet["units"][row].sum() + live["delivered"][live["buyer"] == row].sum()
    assert compute == pytest.approx(fact_value("K1-078"), rel=0.25)  # its second hundred thousand stand as an order


def test_coreweave_owes_its_facilities_and_serves_its_backlog(opening: Opening) -> None:
    row = opening.row("CoreWeave")
    by_name = dict(zip(opening.loan_names, opening.loans["principal"], strict=True))
    assert by_name["coreweave ddtl 1a"] + by_name["coreweave ddtl 1b"] == pytest.approx(fact_value("K1-004"))
    assert by_name["coreweave ddtl 2a"] + by_name["coreweave ddtl 2b"] == pytest.approx(fact_value("K1-005"))
    sold = opening.contracts["seller"] == row
    assert remaining_values(opening.contracts)[sold].sum() == pytest.approx(fact_value("K1-024"), rel=1e-6)
    microsoft = sold & (opening.contracts["buyer"] == opening.row("Microsoft Azure"))
    share = remaining_values(opening.contracts)[microsoft].sum() / fact_value("K1-024")
    assert 100 * share == pytest.approx(fact_value("K1-025"), rel=1e-6)
    delivered = opening.contracts["delivered"][sold] * opening.contracts["price"][sold]
    quarter = 3 * ec.BN_PER_RATE * float(delivered[opening.contracts["kind"][sold] == ec.COMPUTE].sum())
    assert quarter == pytest.approx(fact_value("K1-017"), rel=0.15)


def test_vendors_sell_what_they_sold(opening: Opening) -> None:
    """NVIDIA's supply is its last quarter's; buyers of the roster and outside it take six months of it."""
    firms, nvidia = opening.firms, opening.row("NVIDIA")
    assert 3 * firms["supply"][nvidia] == pytest.approx(fact_value("H1-047"))
    assert firms["outside_demand"][nvidia] / firms["supply"][nvidia] == pytest.approx(0.234, abs=0.01)
    for first, last in ((1, 3), (4, 6)):
        due = orders(opening, ec.GPU_ORDER, first, last)
        sold = (due["units"] * due["price"])[due["vendor"] == nvidia].sum() + 3 * firms["outside_demand"][nvidia]
        assert sold == pytest.approx(fact_value("H1-047"), rel=0.12)
    whole = orders(opening, ec.GPU_ORDER, 1, 99)
    assert 60.0 < (whole["units"] * whole["price"]).sum() < 80.0


@pytest.mark.parametrize(
    ("firm", "quarter"),
    [("Microsoft Azure", 20.0), ("Google Cloud", 14.3), ("Meta", 14.84), ("AWS", 26.3)],
)
def test_orders_are_a_plausible_part_of_capex(opening: Opening, firm: str, quarter: float) -> None:
    """Chips and sites of the first quarter are between a quarter and all of the capex of the last (K1-084, K1-095,
    K1-106, K1-112), much of which is not for AI, Amazon's least of all."""
    due = opening.orders[(opening.orders["buyer"] == opening.row(firm)) & (opening.orders["due"] <= 3)]
    rate = float((due["units"] * due["price"]).sum())
    assert 0.25 * quarter < rate < 1.0 * quarter


def test_the_four_order_over_half_of_their_capex(opening: Opening) -> None:
    """Sum of the last quarters: K1-084, K1-095, K1-106, K1-112."""
    four = [opening.row(name) for name in ("Microsoft Azure", "Google Cloud", "Meta", "AWS")]
    due = opening.orders[np.isin(opening.orders["buyer"], four) & (opening.orders["due"] <= 3)]
    last = math.fsum(fact_value(fact) for fact in ("K1-084", "K1-095", "K1-106", "K1-112"))
    assert (due["units"] * due["price"]).sum() / last == pytest.approx(0.57, abs=0.08)


def test_hardly_anything_is_promised(opening: Opening) -> None:
    """All great contracts of 2025 are outcomes: the labs have not signed them."""
    labs = [i for i, kind in enumerate(opening.firms["kind"]) if kind == ec.LAB]
    pending = opening.contracts["status"] == ec.PENDING
    ahead = remaining_values(opening.contracts)[pending & np.isin(opening.contracts["buyer"], labs)]
    openai, anthropic = (assumption(opening, f"{lab}_forward") for lab in ("openai", "anthropic"))
    assert ahead.sum() == pytest.approx(openai + anthropic)
    assert firm_commitments(opening, "OpenAI") == pytest.approx(openai)
    assert not np.any(opening.contracts["status"] == ec.INTENT)
    assert not np.any(opening.loans["end_user"] == opening.row("OpenAI"))


# --- sources -----------------------------------------------------------------------------------------------
def test_only_firms_that_were_there(opening: Opening) -> None:
    later = {
        "Nscale", "IREN", "Fluidstack", "Applied Digital", "TeraWulf", "Vantage-Oracle", "New Mexico", "Hyperion",
        "Colossus",
    }  # fmt: skip
    assert not later & set(opening.names)
    assert {"Core Scientific", "Abilene", "CoreWeave"} <= set(opening.names)
    assert "GB300" not in opening.generation_names
    assert debt(opening, "Abilene") == 0.0


def test_every_row_is_sourced_and_no_fact_is_later() -> None:
    files = read_files(opening_folder(DATE))
    assert mistakes(files) == []
    assert files.facts_until <= datetime.date(2025, 1, 31)
    outcomes = re.compile(r"\bK[23]-\d{3}\b")
    for table, rows in files.tables.items():
        for row in rows:
            for cell in row.values():
                assert not outcomes.search(cell), f"{row.place} reads a forecast or an outcome"
            for column in LAYOUTS[table].formulas:
                for fact in FACT_ID.findall(row[column]):
                    known = facts()[fact]
                    assert known.kept or known.known_on <= files.facts_until, (row.place, fact)


def test_what_is_from_memory_is_an_assumption_with_a_range() -> None:
    """No own row computes with a fact that no page states, unless it gives the range of an assumption."""
    files = read_files(opening_folder(DATE))
    for table, rows in files.tables.items():
        if table == "assumptions":
            continue
        for row in rows:
            if not row.own:
                continue
            for column in LAYOUTS[table].formulas:
                for fact in names_in(row[column])[0]:
                    assert facts()[fact].verified, f"{row.place}, {column}: {fact} is from memory"


# --- nothing crowds into one month -----------------------------------------------------------------------------
def test_what_falls_due_is_spread(opening: Opening) -> None:
    """No month of the first two years has more than a quarter of what matures in them, no month of the first three
    more than a third of the value of the contracts that end."""
    loans = opening.loans[(opening.loans["amortising"] == 0) & (opening.loans["principal"] > 0)]
    soon = loans[loans["months_left"] <= 24]
    worst = max(soon["principal"][soon["months_left"] == month].sum() for month in range(1, 25))
    assert worst < 0.25 * soon["principal"].sum()
    first = soon["principal"][soon["months_left"] <= 6].sum()
    assert first < 0.1 * soon["principal"].sum()  # what falls due sooner was refinanced before the opening
    contracts = opening.contracts[(opening.contracts["kind"] == ec.COMPUTE)]
    left = contracts["months_left"] + np.maximum(contracts["start"] - 1, 0)
    for month in range(1, 37):
        ends = contracts["delivered"][left == month].sum()
        assert ends < contracts["delivered"].sum() / 3


def test_deliveries_of_the_first_half_year_are_even(opening: Opening) -> None:
    by_month = np.array([
        (due["units"] * due["price"]).sum()
        for due in (orders(opening, ec.GPU_ORDER, month, month) for month in range(1, 7))
    ])
    assert np.all(by_month > by_month.mean() / 1.3)
    assert np.all(by_month < by_month.mean() * 1.3)
    sites = np.array([orders(opening, ec.SITE_ORDER, month, month)["units"].sum() for month in range(1, 19)])
    assert np.all(sites > sites.mean() / 1.5)
    assert np.all(sites < sites.mean() * 1.5)


@pytest.mark.parametrize("date", [DATE, "2025-12-31"])
def test_large_firms_do_not_all_start_projects_at_once(date: str) -> None:
    """A firm founds a project company a year after its last: no month is the turn of more than two of the five."""
    found = opening_tables(date)
    last = found.firms["last_project"][found.firms["kind"] == ec.HYPERSCALER]
    assert len(last) == 5
    assert np.unique(last, return_counts=True)[1].max() <= 2
    assert np.count_nonzero(last <= -12) == 0
