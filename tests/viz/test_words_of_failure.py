"""What is said of a firm that has failed: nothing that it had before, and who did it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from abm.accounts.statement import Cause
from abm.inputs.scenarios import load
from viz.frames import GONE
from viz.languages import language
from viz.page import status
from viz.parts import compare, firm
from viz.parts.story import why
from viz.plan import Plan
from viz.session import Report, Session

ENGLISH = language("en")
R6 = "r6_customer_concentration"  # OpenAI fails in month 11


def reported(plan: Plan, month: int, node: int = -1, *, comparing: bool = False) -> Report:
    session = Session(plan)
    session.compare(comparing)
    session.watch(node)
    session.seek(month)
    session.start()
    found, number = None, 0
    while found is None or found.frame.month < month or (node >= 0 and found.books is None):
        number, found = session.wait(number, 120.0)
    session.stop()
    assert session.join(60.0)
    return found


@pytest.fixture(scope="module")
def failed() -> Report:
    """OpenAI, three months after it failed."""
    return reported(Plan(load(R6), central=True), 14, 0, comparing=True)


def test_a_failed_firm_has_no_size_no_chance_and_no_contracts(failed: Report) -> None:
    books = failed.books
    assert books is not None
    assert (books.name, failed.frame.health[0]) == ("OpenAI", GONE)
    told = firm._key_facts(books, failed.plan, ENGLISH)
    assert "It has failed: it owns and owes nothing any more." in told
    for gone in ("Owns", "Net worth", "Chance of failing", "Others carry"):
        assert gone not in told
    lines = firm._lines(books.history)
    assert np.isfinite(lines["pd_percent"][:11]).all()
    for line in lines.values():
        assert np.isnan(line[11:]).all(), "nothing is drawn from its failure on"


def test_what_others_borrowed_for_a_failed_firm_is_orphaned_as_compare_says(failed: Report) -> None:
    books = failed.books
    assert books is not None
    left = sum(books.statement.look_through.carried_by_others.values())
    assert left > 1.0
    assert f"<span>Orphaned</span><b>{ENGLISH.money(left)}</b>" in firm._key_facts(books, failed.plan, ENGLISH)
    assert "Orphaned, owed by those who borrowed for it" in firm._look_through(books, ENGLISH)
    table = compare.figures(failed, 14, ENGLISH)
    assert "of which for OpenAI</td><td>bn</td><td class=\"n\">0</td>" in table
    orphaned = failed.series["orphaned"][13]
    assert orphaned >= left
    assert f">{ENGLISH.number(float(orphaned))}</td>" in table


def test_orphaned_debt_is_told_for_what_it_is(failed: Report) -> None:
    assert status(failed, ENGLISH).endswith(" bn for firms that failed or behind capacity that a customer left.")
    nobody = reported(Plan(load("baseline"), central=True), 2)
    idle = replace(nobody, frame=replace(nobody.frame, orphaned=1.2))
    assert "no firm has failed" in status(idle, ENGLISH)
    assert status(idle, ENGLISH).endswith("for the labs that stand, and 1 bn behind capacity that a customer left.")


@pytest.mark.parametrize(
    ("effect", "own", "told"),
    [
        ("stops paying", 0.53, ": what you did to it 53 %, the market (falling prices) 47 %"),
        ("stops paying", 1.0, ": what you did to it"),
        ("stops paying", 0.0, ": the market (falling prices), after what you did to it"),
        ("defaults", 0.53, " bn: you made it fail"),
    ],
)
def test_a_firm_that_was_struck_did_not_do_it_alone(failed: Report, effect: str, own: float, told: str) -> None:
    causes = (Cause(None, "market", 1.0 - own),) if own < 1.0 else ()
    failure = replace(failed.story.failures[0], own_share=own, causes=causes)
    plan = failed.plan.with_strike("OpenAI", effect, failure.month - 1)
    assert why(failure, plan).endswith(told)
    before = failed.plan.with_strike("OpenAI", effect, failure.month)
    assert "you" not in why(failure, before).partition("would not pay")[2], "struck only after it failed"
