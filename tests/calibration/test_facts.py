"""Facts, formulas over them, and that every number of the opening files has a source."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abm.calibration.facts import FACT_ID, FOLDER, evaluate, fact_value, facts, names_in, read_table
from abm.calibration.files import COMMON, LAYOUTS, OPENINGS_FOLDER
from abm.errors import BadInput
from abm.inputs.parameters import PARAMETERS

OPENING_FILES = sorted(OPENINGS_FOLDER.glob("*/*.csv"))
# A source is one or more parts, each a fact, a derivation or an assumption with its reason.
SOURCE_PART = re.compile(r"([CG]\d-\d{3}\b.*|derived: .{8,}|assumption: .{4,})$")

def no_names(name: str) -> float:
    raise AssertionError(name)


def test_ids_are_unique_and_numbers_ordered() -> None:
    ids = [row["id"] for name in ("facts", "contracts") for row in read_table(FOLDER / f"{name}.csv")]
    assert len(ids) == len(set(ids)) == len(facts())
    for fact in facts().values():
        assert fact.source, fact.id
        if fact.low is not None and fact.central is not None:
            assert fact.low <= fact.central, fact.id
        if fact.high is not None and fact.central is not None:
            assert fact.central <= fact.high, fact.id


def test_a_fact_dated_2026_says_why_it_is_kept() -> None:
    """Later years stand for the horizon of a forecast made by the end of 2025."""
    for row in read_table(FOLDER / "facts.csv"):
        assert bool(row["kept"]) == ("2026" in row["as_of"]), row["id"]
        assert "May 2026" not in row["parameter"], row["id"]


@pytest.mark.parametrize("path", OPENING_FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_row_states_its_source(path: Path) -> None:
    for row in read_table(path):
        if path.stem == "roster":
            assert not any(re.fullmatch(r"-?[\d.]+", cell) for cell in row.values()), row
            continue
        for part in row["source"].split(" ; "):
            assert SOURCE_PART.match(part), row


@pytest.mark.parametrize("path", OPENING_FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_id_and_name_exists(path: Path) -> None:
    assumptions = {
        row["name"]
        for folder in (path.parent, OPENINGS_FOLDER / COMMON)
        if (folder / "assumptions.csv").exists()
        for row in read_table(folder / "assumptions.csv")
    }
    columns = {
        "capacity", "fleet_book", "fleet_gw", "site_gw", "ordered_gw", "number", "debt", "paid_in", "sites",
        "deposits_in", "deposits_out", "loans_held", "net_worth", "ai_limit", "other_assets",
    }  # fmt: skip
    for row in read_table(path):
        for text in row.values():
            assert set(FACT_ID.findall(text)) <= set(facts()), row
        for column in set(row) & set(LAYOUTS[path.stem].formulas):
            assert set(names_in(row[column])[1]) <= assumptions | columns, (row, column)


def test_every_assumption_is_used() -> None:
    stated = {row["name"] for path in OPENING_FILES if path.stem == "assumptions" for row in read_table(path)}
    used = {
        name
        for path in OPENING_FILES
        for row in read_table(path)
        for column in set(row) & set(LAYOUTS[path.stem].formulas)
        for name in names_in(row[column])[1]
    }
    assert stated - used == {"small_ratio"}  # read by the builder itself


def test_parameters_cite_known_facts() -> None:
    for parameter in PARAMETERS:
        assert set(FACT_ID.findall(parameter.source)) <= set(facts()), parameter.name


def test_a_formula_over_facts() -> None:
    assert evaluate("G1-003 - G1-005 - G1-006 + G1-004", no_names) == pytest.approx(3.4)
    assert evaluate("-(G4-045.low + G4-045.high) / 2", no_names) == -11.5
    assert evaluate("2 * x", {"x": 4.0}.__getitem__) == 8.0
    assert names_in("G1-003.low * x + y - x / G1-003") == (["G1-003"], ["x", "y"])


@pytest.mark.parametrize(
    "formula", ["", "2 +", "f(2)", "x ** 2", "'a'", "[1]", "G1-003 if x else 2", "1 == 1"]
)
def test_what_is_no_formula_is_refused(formula: str) -> None:
    with pytest.raises(BadInput, match="no formula"):
        evaluate(formula, lambda name: 1.0)


def test_unknown_facts_are_refused() -> None:
    with pytest.raises(BadInput, match="no fact 'G9-999'"):
        evaluate("G9-999", no_names)
    with pytest.raises(BadInput, match="no low value"):
        fact_value("G1-003", "low")


@settings(deadline=None, max_examples=100)
@given(st.lists(st.floats(0.1, 1e3), min_size=1, max_size=6), st.data())
def test_formulas_follow_arithmetic(numbers: list[float], data: st.DataObject) -> None:
    text, expected = repr(numbers[0]), numbers[0]
    for number in numbers[1:]:
        sign = data.draw(st.sampled_from("+-*/"))
        text = f"({text}) {sign} {number!r}"
        expected = {
            "+": expected + number, "-": expected - number, "*": expected * number, "/": expected / number,
        }[sign]  # fmt: skip
    assert math.isclose(evaluate(text, no_names), expected, rel_tol=0, abs_tol=0)
