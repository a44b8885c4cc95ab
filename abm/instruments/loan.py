"""Loans: made, falling due, repaid before their time, amended."""

from __future__ import annotations

from abm.accounts.ledger import earn, log_event, transfer
from abm.agents.lender import accept_amendment
from abm.engine.chains import chain_loan, first_loan, next_loan
from abm.engine.compiled import jit
from abm.engine.tables import ACTIVE, DUE_INTEREST, DUE_PRINCIPAL, E_AMENDED, F_PRINCIPAL, LIVE, NO_COLLATERAL
from abm.instruments.seniority import tier_of_loan


@jit
def new_loan(state, kind, lender, borrower, principal, rate, months, collateral, amortising):
    """Append a live loan row; the caller moves the money.

    Returns
    -------
    int
        Its row.
    """
    m = state.market[0]
    r = m.n_loans
    loan = state.loans[r]
    loan.id = m.next_loan
    loan.kind = kind
    loan.status = LIVE
    loan.lender = lender
    loan.borrower = borrower
    loan.tier = tier_of_loan(collateral)
    loan.collateral = collateral
    loan.end_user = -1
    loan.for_ai = 1
    loan.amortising = amortising
    loan.committed = 1
    loan.made = m.month
    loan.draws_until = m.month + int(state.params[0].draw_period)
    loan.months = months
    loan.months_left = months
    loan.principal = principal
    loan.limit = principal
    loan.undrawn = 0.0
    loan.rate = rate
    loan.covenant_ltv = 0.0
    loan.amended = -1
    chain_loan(state, r)
    m.n_loans += 1
    m.next_loan += 1
    return r


@jit
def scheduled_principal(loan):
    """Principal of a loan that falls due in the coming month (bn)."""
    if loan.months_left <= 1:
        return loan.principal
    if loan.amortising == 1:
        return loan.principal / loan.months_left
    return 0.0


@jit
def maturing_soon(state, firm):
    """Bullets of a firm that fall due after this month and within `refinance_ahead` months (bn)."""
    total = 0.0
    r = first_loan(state, firm)
    while r >= 0:
        loan = state.loans[r]
        soon = 1 < loan.months_left <= state.params[0].refinance_ahead
        if soon and loan.status == LIVE and loan.amortising == 0:
            total += loan.principal
        r = next_loan(state, r)
    return total


@jit
def prepay_loan(state, r, amount):
    """Repay a part of a loan before its time (bn)."""
    loan = state.loans[r]
    transfer(state, loan.borrower, loan.lender, amount, F_PRINCIPAL)
    loan.principal = max(loan.principal - amount, 0.0)
    state.firms[loan.borrower].debt -= amount
    if loan.collateral != NO_COLLATERAL:
        state.firms[loan.borrower].secured_debt -= amount
    state.firms[loan.lender].loans_held -= amount


@jit
def capitalise(state, r, amount):
    """Interest paid in kind (bn): earned and owed without cash, it joins the principal."""
    loan = state.loans[r]
    f = state.firms[loan.borrower]
    f.interest_cost += amount
    f.retained -= amount
    f.debt += amount
    if loan.collateral != NO_COLLATERAL:
        f.secured_debt += amount
    earn(state, loan.lender, amount)
    state.firms[loan.lender].loans_held += amount
    loan.principal += amount
    loan.limit = max(loan.limit, loan.principal)


@jit
def put_off(state, r):
    """What of an obligation an amended loan puts off (bn): a part of its principal, or a part of its interest, which
    joins the principal."""
    d = state.dues
    if d.kind[r] == DUE_PRINCIPAL:
        relief = d.amount[r] * state.params[0].loan_deferral
    else:
        relief = d.amount[r] * state.params[0].interest_deferral
        capitalise(state, d.ref[r], relief)
    d.amount[r] -= relief
    return relief


@jit
def amend_loans(state, borrower, amount):
    """Ask lenders to extend and amend: a part of the principal due now is put off, a part of the interest paid in kind,
    the loan runs longer at a rate `deferral_step` higher.

    Each loan at most once a year, if its lender accepts (`accept_amendment`).

    Returns
    -------
    float
        Dues removed (bn).
    """
    m = state.market[0]
    p = state.params[0]
    d = state.dues
    saved = 0.0
    end = state.chains.due_start[borrower + 1]
    for k in range(state.chains.due_start[borrower], end):
        r = state.chains.due_rows[k]
        if saved >= amount:
            break
        if (d.kind[r] != DUE_PRINCIPAL and d.kind[r] != DUE_INTEREST) or d.amount[r] <= 0.0:
            continue
        loan = state.loans[d.ref[r]]
        if loan.amended >= 0 and m.month - loan.amended < 12:
            continue
        if state.firms[loan.lender].status != ACTIVE or not accept_amendment(state, loan.lender, borrower):
            continue
        relief = put_off(state, r)
        after = state.chains.due_rows[min(k + 1, end - 1)]
        if after != r and d.kind[after] == DUE_PRINCIPAL and d.ref[after] == d.ref[r]:
            # Principal stands behind the interest of its loan.
            relief += put_off(state, after)
        if relief <= 0.0:
            continue
        loan.months_left += int(p.loan_extension)
        loan.months += int(p.loan_extension)
        loan.rate += p.deferral_step
        loan.amended = m.month
        saved += relief
        log_event(state, E_AMENDED, borrower, loan.lender, relief)
    return saved
