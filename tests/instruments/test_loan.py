"""Loans: what falls due, repayment before its time, forbearance."""

import pytest
from before import Before, cells, due, near
from village import Village

from abm.engine.tables import (
    DUE_INTEREST,
    DUE_PRINCIPAL,
    E_AMENDED,
    F_PRINCIPAL,
    FAILED,
    FLEET_COLLATERAL,
    HOLDINGS_COLLATERAL,
    LENDER,
    NEOCLOUD,
    NO_COLLATERAL,
    SITE_COLLATERAL,
)
from abm.instruments.loan import amend_loans, capitalise, prepay_loan, scheduled_principal
from abm.rules import interpreted


@pytest.mark.parametrize(
    ("months_left", "amortising", "falls_due"),
    [(12, 1, 0.5), (12, 0, 0.0), (2, 1, 3.0), (2, 0, 0.0), (1, 1, 6.0), (1, 0, 6.0), (0, 1, 6.0), (0, 0, 6.0)],
)
def test_equal_parts_each_month_and_a_bullet_in_its_last(months_left, amortising, falls_due):
    v = Village()
    r = v.loan(v.lender(), v.neocloud(), 6.0, limit=9.0, months=48, months_left=months_left, amortising=amortising)
    assert interpreted(scheduled_principal)(v.state.loans[r]) == falls_due


@pytest.mark.parametrize(
    ("collateral", "freed"),
    [(NO_COLLATERAL, 0.0), (FLEET_COLLATERAL, 1.25), (SITE_COLLATERAL, 1.25), (HOLDINGS_COLLATERAL, 1.25)],
)
def test_a_prepayment_goes_from_borrower_to_lender_and_frees_collateral(collateral, freed):
    v = Village()
    bank, cloud, other = v.lender(cash=7.0), v.neocloud(cash=5.0), v.neocloud(cash=4.0)
    v.loan(bank, other, 2.5, collateral=FLEET_COLLATERAL)
    r = v.loan(bank, cloud, 3.0, limit=9.0, collateral=collateral)
    before = Before(v)
    v.run(prepay_loan, r, 1.25)
    changes = {
        (cloud, "cash"): -1.25, (cloud, "debt"): -1.25, (cloud, "secured_debt"): -freed,
        (bank, "cash"): 1.25, (bank, "loans_held"): -1.25,
    }  # fmt: skip
    assert before.firms() == near({key: change for key, change in changes.items() if change})
    assert before.rows("loans") == {(r, "principal"): 1.75}
    assert before.flows() == {(F_PRINCIPAL, NEOCLOUD, LENDER): 1.25}
    assert before.events() == before.hits() == []
    v.audit()


def test_rounding_leaves_no_debt_below_zero():
    v = Village()
    r = v.loan(v.lender(), v.neocloud(cash=1.0), 0.3)
    v.run(prepay_loan, r, 0.1 + 0.2)
    assert v.state.loans[r].principal == 0.0


# --- forbearance: a forced sale of cloud's fleet and sites would bring 0.5 * 4 + 0.25 * 8 = 4 of the 5 it owes ----
def debtor(**parameters):
    usual = {
        "loan_deferral": 0.4, "loan_extension": 7, "amendment_cover": 0.6, "distressed_factor": 0.5,
        "site_recovery": 0.25, "loan_amendment": 1.0, "interest_deferral": 0.0, "deferral_step": 0.0,
    }  # fmt: skip
    v = Village(**(usual | parameters))
    v.market.month = 20
    bank, other = v.lender(), v.lender()
    cloud = v.neocloud(cash=1.0, dscr=0.6, fleet_mark=4.0, sites=8.0)
    first = v.loan(bank, cloud, 2.0, months_left=1)
    second = v.loan(other, cloud, 3.0, months=50, months_left=10, amortising=1)
    due(v, DUE_INTEREST, cloud, bank, 0.02, first)
    due(v, DUE_PRINCIPAL, cloud, bank, 2.0, first)
    due(v, DUE_PRINCIPAL, cloud, other, 0.3, second)
    return v, bank, other, cloud, first, second


def test_lenders_put_off_a_part_of_the_principal_due_and_the_loans_run_longer():
    v, bank, other, cloud, first, second = debtor()
    before = Before(v)
    assert v.run(amend_loans, cloud, 0.81) == near(0.8 + 0.12)
    assert before.due() == near({1: -0.8, 2: -0.12})
    assert before.rows("loans") == {
        (first, "months"): 67, (first, "months_left"): 8, (first, "amended"): 20,
        (second, "months"): 57, (second, "months_left"): 17, (second, "amended"): 20,
    }  # fmt: skip
    assert before.events() == [(E_AMENDED, cloud, bank, 0.8), (E_AMENDED, cloud, other, 0.12)]
    assert before.firms() == {}
    assert before.flows() == {}


def test_no_more_is_put_off_than_is_missing():
    v, bank, _, cloud, *_ = debtor()
    before = Before(v)
    assert v.run(amend_loans, cloud, 0.8) == 0.8
    assert before.events() == [(E_AMENDED, cloud, bank, 0.8)]


def test_the_dues_of_others_and_what_is_settled_are_not_put_off():
    v, bank, _, cloud, first, _ = debtor()
    stranger = v.neocloud(dscr=2.0)
    v.state.dues.debtor[1] = stranger
    v.state.dues.amount[2] = 0.0
    due(v, DUE_INTEREST, cloud, bank, 0.5, first)
    before = Before(v)
    assert v.run(amend_loans, cloud, 9.0) == 0.0
    assert before.due() == before.rows("loans") == {}
    assert before.events() == []


def test_a_part_of_the_interest_is_paid_in_kind_at_a_higher_rate():
    v, bank, other, cloud, first, second = debtor(interest_deferral=0.5, deferral_step=0.03)
    v.state.loans[second].collateral = FLEET_COLLATERAL
    v.state.dues.kind[2] = DUE_INTEREST
    v.state.dues.amount[2] = 0.06
    v.close()
    before = Before(v)
    assert v.run(amend_loans, cloud, 9.0) == near(0.01 + 0.8 + 0.03)
    assert before.due() == near({0: -0.01, 1: -0.8, 2: -0.03})
    assert before.rows("loans") == near({
        (first, "months"): 67, (first, "months_left"): 8, (first, "amended"): 20, (first, "rate"): 0.15,
        (first, "principal"): 2.01, (first, "limit"): 2.01, (second, "limit"): 3.03,
        (second, "months"): 57, (second, "months_left"): 17, (second, "amended"): 20, (second, "rate"): 0.15,
        (second, "principal"): 3.03,
    })  # fmt: skip
    assert before.firms() == near({
        (cloud, "debt"): 0.04, (cloud, "secured_debt"): 0.03, (cloud, "interest_cost"): 0.04,
        (cloud, "retained"): -0.04, (bank, "loans_held"): 0.01, (bank, "retained"): 0.01, (bank, "revenue"): 0.01,
        (other, "loans_held"): 0.03, (other, "retained"): 0.03, (other, "revenue"): 0.03,
    })  # fmt: skip
    assert before.flows() == {}
    v.audit()


def test_only_the_principal_of_the_same_loan_is_put_off_with_its_interest():
    v, _, _, cloud, _, second = debtor(interest_deferral=0.5)
    v.state.dues.ref[1], v.state.dues.amount[1] = second, 0.3
    before = Before(v)
    assert v.run(amend_loans, cloud, 0.005) == near(0.01)
    assert before.due() == near({0: -0.01})


def test_a_drawn_line_keeps_its_limit_when_its_interest_is_paid_in_kind():
    v, *_, first, _ = debtor()
    v.state.loans[first].limit = 9.0
    v.run(capitalise, first, 0.5)
    assert cells(v.state.loans[first], "principal", "limit") == (2.5, 9.0)


@pytest.mark.parametrize(("deferrals", "deferred", "again"), [(1, 1, True), (2, 9, True), (2, 8, False), (2, 0, False)])
def test_lenders_agree_to_so_many_spells_of_a_year(deferrals, deferred, again):
    v, _, _, cloud, *_ = debtor(deferral_limit=2.0)
    v[cloud].deferrals, v[cloud].deferred = deferrals, deferred
    assert v.run(amend_loans, cloud, 9.0) == (near(0.92) if again else 0.0)


@pytest.mark.parametrize(("amended", "again"), [(-1, True), (8, True), (9, False), (20, False), (0, True)])
def test_a_loan_is_amended_once_in_twelve_months(amended, again):
    v, _, _, cloud, first, second = debtor()
    v.state.loans[first].amended = amended
    v.state.loans[second].amended = 19
    assert v.run(amend_loans, cloud, 9.0) == (0.8 if again else 0.0)


def test_a_loan_amended_in_the_opening_month_waits_and_one_never_amended_does_not():
    v, _, _, cloud, first, second = debtor()
    v.market.month = 5
    v.state.loans[first].amended, v.state.loans[second].amended = 0, -1
    assert v.run(amend_loans, cloud, 9.0) == near(0.12)


def test_a_failed_lender_puts_nothing_off():
    v, bank, _, cloud, *_ = debtor()
    v[bank].status = FAILED
    before = Before(v)
    assert v.run(amend_loans, cloud, 9.0) == near(0.12)
    assert before.due() == near({2: -0.12})


def test_a_lender_that_has_stopped_lending_puts_nothing_off():
    v, _, other, cloud, *_ = debtor()
    v[other].lending_open = 0.0
    assert v.run(amend_loans, cloud, 9.0) == 0.8


def test_a_borrower_that_earns_too_little_is_not_spared():
    v, _, _, cloud, *_ = debtor(amendment_cover=0.601)
    assert v.run(amend_loans, cloud, 9.0) == 0.0


@pytest.mark.parametrize(("amendment", "saved"), [(0.81, 0.92), (0.8, 0.0)])
def test_lenders_that_a_forced_sale_would_repay_do_not_forbear(amendment, saved):
    v, _, _, cloud, *_ = debtor(loan_amendment=amendment)
    assert v[cloud].debt == 5.0
    assert v.run(amend_loans, cloud, 9.0) == near(saved)
