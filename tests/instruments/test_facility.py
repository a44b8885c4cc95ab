"""Facilities: which loans are draws on one, at which rate and term, and what is committed."""

import pytest
from before import Before, near
from village import Village

from abm.distress.estate import pass_on_loans
from abm.engine.tables import (
    BOND,
    BROKEN,
    DDTL,
    E_LOAN,
    ENDED,
    F_FUNDING,
    F_LENDING,
    FAILED,
    FLEET_COLLATERAL,
    FUNDING,
    LENDER,
    NO_COLLATERAL,
    OUTSIDE,
    PRIVATE_CREDIT,
    PROJECT,
    SAVERS,
    SITE_COLLATERAL,
    VEHICLE,
    WAREHOUSE,
)
from abm.instruments.facility import commitments, find_facility, top_up
from abm.markets.credit import borrow, commit, draw_committed, lend, tell_exposures
from abm.rules import interpreted


def shelf(**columns):
    """In month 9 a bond of 3 bn of month 5, at 6 % over 60 months, of which 56 are left."""
    v = Village()
    v.market.month = 9
    bank, cloud, lab = v.lender(cash=900.0), v.neocloud(), v.lab()
    usual = {"made": 5, "draws_until": 17, "months": 60, "months_left": 56, "rate": 0.06, "end_user": lab}
    r = v.loan(bank, cloud, 3.0, **usual)
    for column, value in columns.items():
        v.state.loans[r][column] = value
    return v, bank, cloud, lab, r


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({}, True), ({"kind": DDTL}, False), ({"months": 61}, False), ({"collateral": FLEET_COLLATERAL}, False),
        ({"amortising": 1}, False), ({"end_user": -1}, False), ({"for_ai": 0}, False), ({"committed": 0}, False),
        ({"status": ENDED}, False), ({"status": BROKEN}, False), ({"amended": 6}, False), ({"amended": 0}, False),
        ({"draws_until": 9}, False), ({"draws_until": 10}, True), ({"draws_until": 0}, False),
        ({"months_left": 31}, True), ({"months_left": 30}, False), ({"lender": SAVERS}, False),
    ],
)  # fmt: skip
def test_a_loan_like_the_first_within_its_time_is_a_draw_on_it(columns, found):
    v, bank, cloud, lab, r = shelf(**columns)
    key = (BOND, 60, NO_COLLATERAL, 0, lab, 1, 1)
    assert v.run(find_facility, bank, cloud, *key) == (r if found else -1)
    assert v.run(find_facility, bank, v.neocloud(), *key) == -1


def test_a_draw_counts_for_its_whole_term_and_at_its_own_rate():
    v, _, _, _, r = shelf()
    v.run(top_up, r, 1.0, 0.10)
    loan = v.state.loans[r]
    assert (loan.principal, loan.limit, loan.rate, loan.months_left) == (4.0, 4.0, near(0.07), 57)
    assert (loan.months, loan.made, loan.draws_until) == (60, 5, 17)
    loan.principal = 1.0  # three are repaid
    v.run(top_up, r, 1.0, 0.09)
    assert (loan.principal, loan.limit, loan.rate) == (2.0, 5.0, near(0.08))
    assert loan.months_left == 59  # the mean of 57 and 60, rounded


def test_a_loan_within_the_time_is_lent_on_the_row_of_the_first():
    v, bank, cloud, lab, r = shelf()
    before = Before(v)
    assert v.run(lend, bank, cloud, BOND, 1.0, 0.10, 60, NO_COLLATERAL, 0, lab, 1, 1) == r
    assert before.rows("loans") == {
        (r, "principal"): 4.0, (r, "limit"): 4.0, (r, "rate"): near(0.07), (r, "months_left"): 57,
    }  # fmt: skip
    assert before.firms() == {
        (SAVERS, "cash"): -1.0, (SAVERS, "other_assets"): 1.0, (bank, "funding"): 1.0, (bank, "loans_held"): 1.0,
        (cloud, "cash"): 1.0, (cloud, "debt"): 1.0, (cloud, "bonds"): 1.0,
    }  # fmt: skip
    assert before.events() == [(E_LOAN, bank, cloud, 1.0)]
    v.audit()


def test_a_loan_for_another_purpose_stands_for_itself():
    v, bank, cloud, lab, _ = shelf()
    assert v.run(lend, bank, cloud, BOND, 1.0, 0.10, 60, NO_COLLATERAL, 0, lab, 0, 0) == 1
    loan = v.rows("loans")[1]
    assert (loan.end_user, loan.for_ai, loan.committed, loan.principal) == (lab, 0, 0, 1.0)


@pytest.mark.parametrize(("period", "rows"), [(12.0, 1), (1.9, 1), (0.0, 2)])
def test_loans_of_a_month_are_one_unless_there_is_no_draw_period(period, rows):
    v = Village(draw_period=period)
    v.lender(cash=900.0)
    cloud = v.neocloud()
    v.close()
    for _ in range(2):
        assert v.run(borrow, cloud, DDTL, 3.0, 60, FLEET_COLLATERAL, 1, -1) == 3.0
    assert len(v.rows("loans")) == rows
    assert v[cloud].debt == 6.0


def test_a_fund_draws_on_one_line_of_its_bank():
    v = Village(warehouse_share=0.25, bank_risk_limit=0.005)
    v.lender(cash=900.0)
    fund = v.lender(subkind=PRIVATE_CREDIT, cash=900.0, min_capital=0.05, pd=0.001)
    cloud = v.neocloud()
    v.close()
    for _ in range(2):
        v.run(borrow, cloud, DDTL, 3.0, 60, FLEET_COLLATERAL, 1, -1)
    assert [(loan.kind, loan.borrower, loan.principal) for loan in v.rows("loans")] == [
        (DDTL, cloud, 6.0), (WAREHOUSE, fund, 1.5),
    ]  # fmt: skip


# --- commitments ----------------------------------------------------------------------------------------------
def site(**columns):
    """In month 9 a project company that two banks have promised 3 and 1 bn until month 20."""
    v = Village()
    v.market.month = 9
    first, second, project = v.lender(cash=900.0), v.lender(cash=900.0), v.project()
    v.close()
    for bank, size in ((first, 3.0), (second, 1.0)):
        v.run(commit, bank, project, PROJECT, size, 0.07, 40, SITE_COLLATERAL, 0, 20)
    for column, value in columns.items():
        v.state.loans[1][column] = value
    return v, first, second, project


def test_a_commitment_moves_no_money_and_fills_the_lender_s_room():
    v, first, second, project = site()
    assert v.state.flows.sum() == 0.0
    assert v.market.n_events == 0
    loan = v.rows("loans")[0]
    assert (loan.kind, loan.lender, loan.borrower, loan.principal) == (PROJECT, first, project, 0.0)
    assert (loan.limit, loan.undrawn, loan.draws_until, loan.rate, loan.months) == (3.0, 3.0, 20, 0.07, 40)
    assert (v[first].undrawn, v[second].undrawn, v[project].debt) == (3.0, 1.0, 0.0)
    v.run(tell_exposures, project)
    assert (v.state.work_space[5, first], v.run(commitments, project)) == (3.0, 4.0)
    v.close()
    assert (v[first].undrawn, v[second].undrawn) == (3.0, 1.0)


def test_what_is_needed_is_drawn_on_each_commitment_in_proportion():
    v, first, second, project = site()
    v[second].lending_open = 0.0  # a commitment binds who lends no more
    before = Before(v)
    assert v.run(draw_committed, project, 1.0) == 1.0
    assert before.rows("loans") == {
        (0, "principal"): 0.75, (0, "undrawn"): 2.25, (1, "principal"): 0.25, (1, "undrawn"): 0.75,
    }  # fmt: skip
    assert before.flows() == {(F_FUNDING, OUTSIDE, LENDER): 1.0, (F_LENDING, LENDER, VEHICLE): 1.0}
    assert before.events() == [(E_LOAN, first, project, 0.75), (E_LOAN, second, project, 0.25)]
    changed = before.firms()
    assert (changed[first, "undrawn"], changed[second, "undrawn"]) == (-0.75, -0.25)
    assert (v[project].debt, v[project].secured_debt, v[project].cash) == (1.0, 1.0, 1.0)
    v.audit()


def test_no_more_is_drawn_than_was_promised():
    v, _, _, project = site()
    assert v.run(draw_committed, project, 9.0) == 4.0
    assert v.run(draw_committed, project, 9.0) == 0.0
    assert v.run(draw_committed, project, -1.0) == 0.0
    assert [(loan.principal, loan.undrawn) for loan in v.rows("loans")] == [(3.0, 0.0), (1.0, 0.0)]
    v.audit()


@pytest.mark.parametrize("columns", [{"draws_until": 9}, {"status": BROKEN}, {"lender": SAVERS, "undrawn": 0.0}])
def test_what_lapsed_or_was_lost_is_not_drawn(columns):
    v, _, _, project = site(**columns)
    assert v.run(commitments, project) == 3.0
    assert v.run(draw_committed, project, 9.0) == 3.0


def test_a_loan_settled_this_month_is_drawn_no_more():
    v, _, _, project = site()
    v.run(commitments, project)
    v.state.loans[0].status = BROKEN  # its borrower's chain still has it
    assert interpreted(commitments)(v.state, project) == 1.0


def test_a_failed_lender_pays_nothing_out():
    v, first, _, project = site()
    v[first].status = FAILED
    assert v.run(draw_committed, project, 9.0) == 1.0


def test_a_fund_takes_its_bank_s_part_when_it_pays_out():
    v = Village(warehouse_share=0.25, bank_risk_limit=0.005)
    v.market.month = 9
    v.lender(cash=900.0)
    fund, project = v.lender(subkind=PRIVATE_CREDIT, cash=900.0, min_capital=0.05, pd=0.001), v.project()
    v.close()
    assert v.run(borrow, project, PROJECT, 4.0, 40, SITE_COLLATERAL, 0, -1, 1, 20) == 4.0
    assert [(loan.kind, loan.lender, loan.principal) for loan in v.rows("loans")] == [(PROJECT, fund, 0.0)]
    v.run(draw_committed, project, 9.0)
    assert [(loan.kind, loan.borrower, loan.principal) for loan in v.rows("loans")] == [
        (PROJECT, project, 4.0), (WAREHOUSE, fund, 1.0),
    ]  # fmt: skip


def test_a_commitment_leaves_less_for_the_next_borrower():
    v = Village()
    v.market.month = 9
    bank, project, other = v.lender(cash=900.0, ai_limit=10.0), v.project(), v.neocloud()
    v.close()
    assert v.run(borrow, project, PROJECT, 4.0, 40, SITE_COLLATERAL, 0, -1, 1, 20) == 4.0
    assert v.run(borrow, other, DDTL, 9.0, 60, FLEET_COLLATERAL, 1, -1) == near(6.0)
    assert v[bank].undrawn == 4.0


def test_the_commitments_of_a_failed_lender_are_lost_by_its_borrower():
    v, first, _, project = site()
    before = Before(v)
    v.run(pass_on_loans, first)
    assert before.hits() == [(project, first, FUNDING, 3.0)]
    loan = v.rows("loans")[0]
    assert (loan.lender, loan.undrawn, loan.limit) == (SAVERS, 0.0, 0.0)
    assert v.run(commitments, project) == 1.0
