"""Loan-to-value covenants: swept, called, enforced."""

from __future__ import annotations

from abm.accounts.ledger import log_event, log_hit
from abm.agents.firm import is_protected
from abm.engine.chains import first_loan, next_loan
from abm.engine.compiled import jit
from abm.engine.tables import ACTIVE, COLLATERAL, E_BREACH, LIVE, OUTSIDE
from abm.instruments.loan import prepay_loan
from abm.markets.credit import collateral_value


@jit
def is_called(state, r, secured):
    """Whether a loan is so far under its covenant, and its borrower's service so badly covered, that it is called.

    Parameters
    ----------
    r : int
    secured : float
        What its borrower owes on collateral (bn).
    """
    p = state.params[0]
    loan = state.loans[r]
    f = state.firms[loan.borrower]
    if loan.status != LIVE or loan.covenant_ltv <= 0.0 or state.firms[loan.lender].kind == OUTSIDE:
        return False
    most = p.acceleration_ltv * loan.covenant_ltv * collateral_value(state, loan.borrower)
    return secured > most and f.dscr < p.acceleration_cover


@jit
def pay_called(state, borrower):
    """A firm that can pays all that is called, the first loan first."""
    secured = state.firms[borrower].secured_debt
    r = first_loan(state, borrower)
    while r >= 0:
        if is_called(state, r, secured):
            prepay_loan(state, r, min(state.loans[r].principal, max(state.firms[borrower].cash, 0.0)))
        r = next_loan(state, r)


@jit
def check_covenants(state):
    """Loan-to-value covenants: a breach sweeps cash; if that is not enough and the debt is not covered, the loan
    is called, and the firm pays or fails. Work space row 1: what is called and not paid.

    Returns
    -------
    bool
        Whether anything was called that a firm cannot pay.
    """
    m = state.market[0]
    p = state.params[0]
    called = state.work_space[1]
    for i in range(m.n_firms):
        called[i] = 0.0
    for r in range(m.n_loans):
        loan = state.loans[r]
        if loan.status != LIVE or loan.covenant_ltv <= 0.0 or loan.principal <= 0.0:
            continue
        f = state.firms[loan.borrower]
        if f.status != ACTIVE or state.firms[loan.lender].kind == OUTSIDE or is_protected(state, loan.borrower):
            continue
        value = collateral_value(state, loan.borrower)
        if f.secured_debt <= loan.covenant_ltv * value:
            continue
        excess = min(f.secured_debt - loan.covenant_ltv * value, loan.principal)
        sweep = min(excess, p.cash_sweep * max(f.cash - p.cash_buffer * f.operating_cost, 0.0))
        if sweep > 1e-6:
            prepay_loan(state, r, sweep)
        if is_called(state, r, f.secured_debt):
            called[loan.borrower] += loan.principal
            log_event(state, E_BREACH, loan.borrower, loan.lender, excess)
            log_hit(state, loan.borrower, -1, COLLATERAL, excess)
    found = False
    for i in range(m.n_firms):
        if called[i] > 0.0:
            if called[i] > state.firms[i].cash:
                found = True
            else:
                pay_called(state, i)
                called[i] = 0.0
    return found
