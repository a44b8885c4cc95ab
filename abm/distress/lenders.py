"""Lenders after losses: they stop lending, call lines, are rescued or fail."""

from __future__ import annotations

from abm.accounts.ledger import earn, log_event, log_hit, net_worth, transfer
from abm.agents.firm import is_protected
from abm.agents.lender import capital_ratio, risk_weighted
from abm.engine.compiled import jit
from abm.engine.tables import (
    E_BACKSTOP,
    E_CALLED,
    E_CREDIT_STOP,
    F_SUPPORT,
    FUNDING,
    GOVERNMENT,
    LENDER,
    LENDER_TO_LENDER,
    LIVE,
)
from abm.instruments.loan import prepay_loan


@jit
def check_lender(state, i):
    """A lender's state after its losses: below its minimum it stops lending and calls lines it may call.

    Returns
    -------
    bool
        Whether it is insolvent with no one to rescue it.
    """
    m = state.market[0]
    p = state.params[0]
    f = state.firms[i]
    capital = net_worth(f)
    f.capital_ratio = capital_ratio(state, i)
    minimum = f.min_capital * p.capital_requirement
    if capital < 0.0:
        rescue = p.backstop_share * (-capital + minimum * risk_weighted(state, i))
        if rescue > 0.0:
            transfer(state, GOVERNMENT, i, rescue, F_SUPPORT)
            earn(state, i, rescue)
            state.firms[GOVERNMENT].retained -= rescue
            m.public_money += rescue
            log_event(state, E_BACKSTOP, i, -1, rescue)
            capital = net_worth(f)
            f.capital_ratio = capital_ratio(state, i)
        if capital < 0.0:
            return True
    if f.capital_ratio < minimum:
        if f.lending_open > 0.5:
            f.lending_open = 0.0
            log_event(state, E_CREDIT_STOP, i, -1, f.capital_ratio)
        call_lines(state, i)
    elif f.capital_ratio > minimum * (1.0 + p.capital_buffer):
        f.lending_open = 1.0
    return False


@jit
def call_lines(state, lender):
    """Call uncommitted lines: the borrower repays half its cash at once, the rest falls due at the next clearing,
    where it pays or fails.
    """
    m = state.market[0]
    for r in range(m.n_loans):
        loan = state.loans[r]
        if loan.status != LIVE or loan.lender != lender or loan.committed == 1 or loan.principal <= 0.0:
            continue
        if loan.months_left <= 1 or is_protected(state, loan.borrower):
            continue
        f = state.firms[loan.borrower]
        pay = min(loan.principal, 0.5 * max(f.cash, 0.0))
        channel = LENDER_TO_LENDER if f.kind == LENDER else FUNDING
        log_hit(state, loan.borrower, lender, channel, loan.principal - pay)
        log_event(state, E_CALLED, lender, loan.borrower, loan.principal)
        if pay > 0.0:
            prepay_loan(state, r, pay)
        loan.months_left = min(loan.months_left, 1)
        loan.limit = loan.principal
