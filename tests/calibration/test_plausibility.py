"""What is odd about an opening, and what differs between two."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from abm.calibration import DEFAULT_OPENING, Opening, opening_tables
from abm.calibration.difference import Difference, differences
from abm.calibration.files import OPENINGS_FOLDER, Files, read_files
from abm.calibration.plausibility import FLOWS, MONTHS_RUN, doubtful, first_month
from abm.engine import tables as ec


@pytest.fixture
def opening() -> Opening:
    return opening_tables()


@pytest.fixture
def files() -> Files:
    return read_files(OPENINGS_FOLDER / DEFAULT_OPENING)


def new(before: list[str], opening: Opening) -> list[str]:
    return [told for told in doubtful(opening) if told not in before]


def test_orders_beyond_or_below_what_a_vendor_makes(opening: Opening) -> None:
    before = doubtful(opening)
    nvidia = opening.row("NVIDIA")
    opening.firms["supply"][nvidia] *= 0.1
    told = new(before, opening)
    assert [line for line in told if line.startswith("orders: NVIDIA has") and "months of its output" in line]
    assert [line for line in told if "of NVIDIA's output fall due in 2026-01, more than the" in line]
    opening.firms["supply"][nvidia] *= 100.0
    told = new(before, opening)
    assert len(told) == 1
    assert "3 to 12 are plausible" in told[0]


def test_a_fleet_without_halls_and_halls_without_a_fleet(opening: Opening) -> None:
    before = doubtful(opening)
    meta, aws = opening.row("Meta"), opening.row("AWS")
    opening.firms["site_gw"][meta] *= 0.5
    assert [line for line in new(before, opening) if line.startswith("sites: Meta owns and rents halls of ")]
    opening.firms["site_gw"][meta] *= 2.0
    opening.firms["site_gw"][aws] *= 4.0
    told = new(before, opening)
    assert len(told) == 1
    assert "sites: AWS has halls for" in told[0]
    assert "stand empty" in told[0]


def test_halls_that_are_let_count_with_their_tenant(opening: Opening) -> None:
    before = doubtful(opening)
    lease = opening.contracts[opening.contract_names.index("oracle abilene")]
    lease["delivered"] *= 2.0  # more than Abilene has
    assert [line for line in new(before, opening) if line.startswith("sites: Abilene owns and rents halls")]


def test_hardware_on_order_without_halls(opening: Opening) -> None:
    before = doubtful(opening)
    coreweave = opening.row("CoreWeave")
    sites = (opening.orders["buyer"] == coreweave) & (opening.orders["kind"] == ec.SITE_ORDER)
    opening.orders["units"][sites] = 0.0
    leases = (opening.contracts["buyer"] == coreweave) & (opening.contracts["kind"] == ec.SITE)
    opening.contracts["quantity"][leases] = opening.contracts["delivered"][leases]
    told = new(before, opening)
    assert len(told) == 1
    assert told[0].startswith("orders: CoreWeave has ordered hardware of")


def test_debt_and_contracts_that_end_in_one_month(opening: Opening) -> None:
    before = doubtful(opening)
    opening.loans["months_left"] = 30
    told = new(before, opening)
    assert len(told) == 1
    assert told[0].startswith("loans: 100% of the principal repaid at its term")
    assert told[0].endswith("falls due in 2028-06")
    opening.loans["amortising"] = 1  # repaid in parts
    assert new(before, opening) == []
    opening.contracts["start"], opening.contracts["months"] = 1, 12
    assert [line for line in new(before, opening) if line.endswith("ends in 2026-12")]


def test_months_are_named_from_the_date_of_the_opening(opening: Opening) -> None:
    opening.loans["months_left"] = 30
    later = Opening(**{**vars(opening), "date": datetime.date(2024, 12, 31)})
    assert [line for line in doubtful(later) if line.endswith("falls due in 2027-06")]


def series(**columns: list[float]) -> np.ndarray:
    rows = np.zeros(MONTHS_RUN, ec.DTYPES["series"])
    for name in FLOWS:
        rows[name] = columns.get(name, [5.0] * MONTHS_RUN)
    return rows


def test_a_first_month_unlike_the_next_five() -> None:
    flows = np.zeros((MONTHS_RUN, len(ec.FLOW_NAMES), 3, 3))
    flows[:, 0, 0, 1] = flows[:, 0, 1, 2] = 10.0
    assert first_month(flows, series()) == []
    flows[0, 0, 0, 1] = 70.0  # 80 against 20
    assert first_month(flows, series()) == ["first month: AI services: 80 bn, in the next five 20 bn a month"]
    flows[0, 0, 0, 1] = 30.0  # twice is not yet odd
    assert first_month(flows, series()) == []
    told = first_month(flows, series(new_loans=[1.0, 5, 5, 5, 5, 5], capex=[0.1, 0.9, 0.9, 0.9, 0.9, 0.9]))
    assert told == ["first month: lent: 1 bn, in the next five 5 bn a month"]  # small flows are left alone


# --- differences ----------------------------------------------------------------------------------------------
def test_an_opening_does_not_differ_from_itself(files: Files) -> None:
    assert differences(files, read_files(OPENINGS_FOLDER / DEFAULT_OPENING)) == []


def test_differences_by_table_row_and_column(files: Files) -> None:
    other = read_files(OPENINGS_FOLDER / DEFAULT_OPENING)
    other.date = datetime.date(2026, 3, 31)
    rows = {(table, next(iter(row.values()))): row for table in other.tables for row in other.tables[table]}
    was = rows["loans", "meta 3"]["rate"]
    rows["loans", "meta 3"]["rate"] = "0.0617"
    rows["loans", "meta 3"]["source"] = "assumption: reasons are not compared"
    rows["contracts", "openai aws"]["seller"] = "Oracle"
    next(r for r in other.tables["firms"] if (r["firm"], r["column"]) == ("OpenAI", "cash"))["value"] = "2 * G1-001"
    other.tables["fleet"] = [row for row in other.tables["fleet"] if row["firm"] != "AWS"]
    found = differences(files, other)
    assert found[0] == Difference("meta", "", "date", "2025-12-31", "2026-03-31")
    rate = next(d for d in found if (d.table, d.row, d.column) == ("loans", "meta 3", "rate"))
    assert rate.one.startswith(was)
    assert rate.other == "0.0617"
    assert Difference("contracts", "openai aws", "seller", "AWS", "Oracle") in found
    assert Difference("fleet", "AWS", "", "units 1.9, mix aws", None) in found
    cash = next(d for d in found if d.row == "OpenAI / cash")
    assert (cash.one, cash.other) == ("G1-002 = 40", "2 * G1-001")  # the other has mistakes, so no values
    assert len(found) == 5
