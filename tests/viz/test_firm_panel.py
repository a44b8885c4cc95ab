"""The firm panel tells nothing false of the opening, and debt when it falls due."""

import numpy as np
import pytest

from abm import open_economy
from abm.accounts.statement import statement
from abm.inputs.scenarios import BASELINE, load
from abm.simulation import Economy
from viz.languages import language
from viz.parts import firm
from viz.plan import Plan
from viz.session import Books

ENGLISH = language("en")

PLAN = Plan(load(BASELINE))


@pytest.fixture(scope="module")
def opening() -> Economy:
    return open_economy(seed=1, central=True)


def books(economy: Economy, name: str) -> Books:
    row = economy.firm(name)
    return Books(
        node=row, name=name, month=economy.month, statement=statement(economy, row), failures=(),
        months=np.zeros(0), history={},
    )  # fmt: skip


def test_use_and_electricity_are_told_from_the_first_month_on(opening: Economy) -> None:
    told = firm._hardware(books(opening, "CoreWeave"), PLAN, ENGLISH)
    assert "known from 2026-01 on" in told
    assert "In use" not in told
    assert " 0 " not in told.partition("On order")[2]
    after = opening.copy()
    after.run(1)
    told = firm._hardware(books(after, "CoreWeave"), PLAN, ENGLISH)
    assert "known from" not in told
    assert "In use: " in told
    assert "TWh a month" in told


def test_debt_repaid_in_parts_is_due_in_parts(opening: Economy) -> None:
    told = books(opening, "CoreWeave").statement
    (ddtl,) = [x for x in told.maturities if x.kind == "DDTL"]
    year = ddtl.next_month + ddtl.to_1_year
    assert year > 3.0
    text = firm._loans(told.loans, told.maturities, PLAN, ENGLISH)
    row = text[text.index("DDTL") :]
    assert f"{ENGLISH.money(year)}" in row[: row.index("</tr>")]


def test_a_backstop_says_what_it_is(opening: Economy) -> None:
    text = firm._contracts(books(opening, "CoreWeave").statement.contracts, ENGLISH)
    assert "only what stays unlet" in text
    assert f"up to {ENGLISH.money(6.3)}" in text
    assert ">0 M H100e" not in text
