"""Facts, formulas over them, and that every number of the opening files has a source."""

from __future__ import annotations

import datetime
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abm.calibration.facts import FACT_ID, FOLDER, evaluate, fact_value, facts, names_in, read_table
from abm.calibration.files import LAYOUTS, OPENINGS_FOLDER
from abm.errors import BadInput
from abm.inputs.parameters import PARAMETERS

OPENING_FILES = [path for path in sorted(OPENINGS_FOLDER.glob("*/*.csv")) if path.stem in LAYOUTS]

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


def test_a_fact_dated_2026_says_why_it_was_known_before_or_is_kept() -> None:
    """Later years stand for the horizon of a forecast made by the end of 2025."""
    for row in read_table(FOLDER / "facts.csv"):
        if "2026" <= row["as_of"] < "3":
            assert row["kept"] or (row["known_on"] <= "2025-12-31" and row["reason"]), row["id"]
        assert row["kept"] or row["known_on"] <= "2025-12-31", row["id"]
        assert "May 2026" not in row["parameter"], row["id"]


def test_outcomes_of_2025_are_not_known_in_2024() -> None:
    by_2024 = {fact.id[:2] for fact in facts().values() if fact.known_by(datetime.date(2024, 12, 31))}
    assert "K1" in by_2024
    late = [f.id for f in facts().values() if f.id.startswith("K1") and not f.known_by(datetime.date(2024, 12, 31))]
    assert late == []
    early = [f for f in facts().values() if f.id.startswith("K3") and f.known_by(datetime.date(2024, 12, 31))]
    assert all(f.as_of <= "2024-12-31" for f in early)
    assert not facts()["G1-010"].known_by(datetime.date(2024, 12, 31))  # OpenAI's run rate at the end of 2025
    assert facts()["G1-010"].known_by(datetime.date(2025, 12, 31))
    assert facts()["G4-026"].known_by(datetime.date(2023, 1, 31))  # a specification
    assert not facts()["G4-084"].known_by(datetime.date(2025, 9, 30))  # the stock at the end of 2025


def test_every_assumption_is_used() -> None:
    stated = {row["name"] for path in OPENING_FILES if path.stem == "assumptions" for row in read_table(path)}
    used = {
        name
        for path in OPENING_FILES
        for row in read_table(path)
        for column in set(row) & set(LAYOUTS[path.stem].formulas)
        for name in names_in(row[column])[1]
    }
    assert stated - used == {"small_ratio", "size_spread", "loan_ticket"}  # read by the builder itself


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
