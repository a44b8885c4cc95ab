"""Loan-to-value covenants: cash swept, loans called; and fire sales that mark everybody's hardware down."""

import pytest
from before import Before, near
from village import Village

from abm.distress.covenants import check_covenants
from abm.distress.fire_sale import spread_marks
from abm.engine.tables import (
    ACTIVE,
    COLLATERAL,
    E_BREACH,
    ENDED,
    F_PRINCIPAL,
    FAILED,
    LENDER,
    NEOCLOUD,
    SAVERS,
    SITE_COLLATERAL,
)

TERMS = {"cash_sweep": 0.4, "cash_buffer": 0.5, "acceleration_ltv": 1.5, "acceleration_cover": 0.9}


def breach(v, debt=5.0, **columns):
    """A cloud that owes 5 on sites of 8, where its covenant allows half of their value."""
    bank = v.lender(cash=1.0)
    cloud = v.neocloud(**({"cash": 3.0, "operating_cost": 2.0, "sites": 8.0, "dscr": 0.89} | columns))
    row = v.loan(bank, cloud, debt, collateral=SITE_COLLATERAL, covenant_ltv=0.5, limit=60.0)
    return bank, cloud, row


def called(v):
    """What is called, by firm."""
    return {i: float(x) for i, x in enumerate(v.state.work_space[1]) if x}


def test_a_breach_sweeps_a_part_of_the_cash_beyond_the_buffer():
    v = Village(**TERMS)
    bank, cloud, row = breach(v)
    before = Before(v)
    assert not v.run(check_covenants)
    assert before.firms() == near({
        (cloud, "cash"): -0.8, (cloud, "debt"): -0.8, (cloud, "secured_debt"): -0.8, (bank, "cash"): 0.8,
        (bank, "loans_held"): -0.8,
    })  # fmt: skip
    assert before.rows("loans") == near({(row, "principal"): 4.2})
    assert before.flows() == near({(F_PRINCIPAL, NEOCLOUD, LENDER): 0.8})
    assert before.hits() == before.events() == []
    assert called(v) == {}
    v.audit()


@pytest.mark.parametrize(
    ("debt", "cash", "swept"),
    [(4.25, 9.0, 0.25), (4.0, 9.0, 0.0), (3.0, 9.0, 0.0), (5.0, 1.0, 0.0), (5.0, 0.5, 0.0), (5.0, -2.0, 0.0)],
)
def test_no_more_is_swept_than_is_wanting_and_never_the_buffer(debt, cash, swept):
    v = Village(**TERMS)
    _, cloud, row = breach(v, debt, cash=cash)
    before = Before(v)
    v.run(check_covenants)
    assert v.state.loans[row].principal == debt - swept
    assert v[cloud].cash == cash - swept
    assert before.events() == []


def test_a_sweep_of_crumbs_is_not_made():
    v = Village(**TERMS)
    _, _, row = breach(v, cash=1.0 + 2e-6)
    v.run(check_covenants)
    assert v.state.loans[row].principal == 5.0


def test_each_loan_with_a_covenant_is_swept_for_at_most_what_is_owed_on_it():
    v = Village(**TERMS)
    bank, cloud, first = breach(v, 0.5, cash=90.0)
    second = v.loan(bank, cloud, 6.0, collateral=SITE_COLLATERAL, covenant_ltv=0.625)
    third = v.loan(bank, cloud, 7.0)
    v.run(check_covenants)
    # 6.5 against 4, of which the first loan is 0.5; then 6 against 5.
    assert [v.state.loans[r].principal for r in (first, second, third)] == [0.0, 5.0, 7.0]


@pytest.mark.parametrize(
    ("loan", "lent_by_savers", "status"),
    [({"status": ENDED}, 0, ACTIVE), ({"covenant_ltv": 0.0}, 0, ACTIVE), ({}, 1, ACTIVE), ({}, 0, FAILED)],
)
def test_covenants_bind_live_loans_of_lenders_to_firms_in_business(loan, lent_by_savers, status):
    v = Village(**TERMS)
    lender, cloud = SAVERS if lent_by_savers else v.lender(), v.neocloud(cash=3.0, sites=8.0, dscr=0.1)
    v.loan(lender, cloud, 50.0, **({"collateral": SITE_COLLATERAL, "covenant_ltv": 0.5} | loan))
    v[cloud].secured_debt, v[cloud].status = 50.0, status
    before = Before(v)
    assert not v.run(check_covenants)
    assert before.firms() == {}
    assert before.events() == []


def test_a_loan_already_repaid_is_not_called():
    v = Village(**TERMS)
    bank, cloud, _ = breach(v, 0.0)
    v.loan(bank, cloud, 50.0, collateral=SITE_COLLATERAL)
    before = Before(v)
    assert not v.run(check_covenants)
    assert before.events() == []


def test_a_loan_far_under_water_and_not_covered_is_called():
    v = Village(**TERMS)
    v.state.work_space[1, :] = 7.0
    v.state.work_space[1, int(v.market.n_firms) + 2 :] = 0.0
    bank, cloud, _ = breach(v, 7.0)
    before = Before(v)
    assert v.run(check_covenants)
    # 3 too much, 0.8 swept.
    assert called(v) == near({cloud: 6.2})
    assert before.events() == [(E_BREACH, cloud, bank, 3.0)]
    assert before.hits() == [(cloud, -1, COLLATERAL, 3.0)]
    assert before.flows() == near({(F_PRINCIPAL, NEOCLOUD, LENDER): 0.8})
    v.audit()


@pytest.mark.parametrize(
    ("debt", "dscr", "calls"),
    [(6.9, 0.89, True), (6.8, 0.89, False), (6.7, 0.89, False), (6.9, 0.9, False), (6.9, 0.91, False)],
)
def test_a_loan_is_called_beyond_acceleration_after_the_sweep_and_below_the_cover(debt, dscr, calls):
    v = Village(**TERMS)
    # Called beyond 1.5 * 0.5 * 8 = 6 of what is left when 0.8 are swept.
    _, cloud, _ = breach(v, debt, dscr=dscr)
    assert bool(v.run(check_covenants)) is calls
    assert called(v) == near({cloud: debt - 0.8} if calls else {})


def test_two_called_loans_are_owed_together():
    v = Village(**TERMS)
    bank, cloud, _ = breach(v, 7.0, cash=1.0)
    other = v.lender()
    v.loan(other, cloud, 2.0, collateral=SITE_COLLATERAL, covenant_ltv=0.5)
    before = Before(v)
    assert v.run(check_covenants)
    assert called(v) == {cloud: 9.0}
    assert before.events() == [(E_BREACH, cloud, bank, 5.0), (E_BREACH, cloud, other, 2.0)]


def test_who_can_pays_what_is_called_and_lives():
    v = Village(**(TERMS | {"cash_sweep": 0.0}))
    bank, cloud, row = breach(v, 7.0, cash=12.0)
    other, rival = v.lender(), v.neocloud(cash=9.0)
    second = v.loan(other, cloud, 2.0, collateral=SITE_COLLATERAL, covenant_ltv=0.5)
    third = v.loan(other, cloud, 0.5)
    fourth = v.loan(other, rival, 1.5, covenant_ltv=0.5)
    fifth = v.loan(other, cloud, 2.5, status=ENDED, covenant_ltv=0.5)
    before = Before(v)
    assert not v.run(check_covenants)
    assert before.firms() == {
        (cloud, "cash"): -9.0, (cloud, "debt"): -9.0, (cloud, "secured_debt"): -9.0, (bank, "cash"): 7.0,
        (bank, "loans_held"): -7.0, (other, "cash"): 2.0, (other, "loans_held"): -2.0,
    }  # fmt: skip
    assert before.rows("loans") == {(row, "principal"): 0.0, (second, "principal"): 0.0}
    assert [v.state.loans[r].principal for r in (third, fourth, fifth)] == [0.5, 1.5, 2.5]
    assert called(v) == {}
    v.audit()


def test_who_pays_what_is_called_does_not_repay_loans_that_no_one_called():
    v = Village(**(TERMS | {"cash_sweep": 0.0}))
    # No one can call the loan that savers hold, and the one that may be as large as the sites is not in breach.
    bank, other, cloud = v.lender(), v.lender(), v.neocloud(cash=9.0, sites=8.0, dscr=0.5)
    sold = v.loan(SAVERS, cloud, 3.0, collateral=SITE_COLLATERAL, covenant_ltv=0.5)
    called_one = v.loan(bank, cloud, 4.0, collateral=SITE_COLLATERAL, covenant_ltv=0.5)
    sound = v.loan(other, cloud, 0.75, collateral=SITE_COLLATERAL, covenant_ltv=1.0)
    assert not v.run(check_covenants)
    assert [v.state.loans[r].principal for r in (sold, called_one, sound)] == [3.0, 0.0, 0.75]


def test_who_cannot_pay_all_that_is_called_pays_nothing_of_it():
    v = Village(**(TERMS | {"cash_sweep": 0.0}))
    _, cloud, _ = breach(v, 7.0, cash=6.99)
    before = Before(v)
    assert v.run(check_covenants)
    assert called(v) == {cloud: 7.0}
    assert before.firms() == {}


@pytest.mark.parametrize(("fall", "part"), [(0.25, 0.25), (1.5, 1.0)])
def test_a_fire_sale_hits_every_other_owner_who_has_borrowed_on_its_hardware(fall, part):
    v = Village()
    bank, seller = v.lender(), v.neocloud(fleet_mark=9.0)
    owner, free = v.neocloud(fleet_mark=8.0), v.neocloud(fleet_mark=5.0)
    bare, gone, big = v.neocloud(), v.neocloud(fleet_mark=7.0), v.hyperscaler(fleet_mark=3.0)
    for firm in (seller, owner, bare, gone, big):
        v.loan(bank, firm, 2.0, collateral=SITE_COLLATERAL)
    v.loan(bank, free, 2.0)
    v[gone].status = FAILED
    before = Before(v)
    v.run(spread_marks, seller, fall)
    assert before.hits() == [(owner, seller, COLLATERAL, 8.0 * part), (big, seller, COLLATERAL, 3.0 * part)]
    assert before.firms() == {}
