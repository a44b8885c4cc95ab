"""Lenders after losses: they stop lending, call lines, are rescued or fail."""

from __future__ import annotations

from abm.accounts.ledger import assets, earn, log_event, log_hit, net_worth, transfer, write_off
from abm.agents.firm import is_protected
from abm.agents.lender import capital_ratio, margin_due, risk_weighted
from abm.engine.compiled import jit
from abm.engine.tables import (
    E_BACKSTOP,
    E_CALLED,
    E_CREDIT_STOP,
    F_SUPPORT,
    FUNDING,
    GOVERNMENT,
    HY_BONDS,
    IG_BONDS,
    LENDER,
    LENDER_TO_LENDER,
    LIVE,
    SAVERS,
    SECURITISATION,
    SPONSOR,
)
from abm.instruments.loan import prepay_loan

ROUNDING = 1e-9  # of assets: a hole that is no more than what sums of cash lose


@jit
def pass_losses_on(state, i):
    """Losses beyond the capital of a bond fund or a securitisation are those of its unit or note holders: written off
    what it owes them, so that it closes and does not fail. A fund with creditors fails by them."""
    f = state.firms[i]
    if f.subkind != IG_BONDS and f.subkind != HY_BONDS and f.subkind != SECURITISATION:
        return
    hole = -net_worth(f)
    units = min(hole, f.other_debt)
    notes = min(hole - units, f.funding)
    f.other_debt -= units
    f.funding -= notes
    state.firms[SAVERS].other_assets -= units + notes
    write_off(state, SAVERS, units + notes)
    write_off(state, i, -(units + notes))


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
    insolvent = -ROUNDING * assets(f)
    if net_worth(f) < 0.0:
        pass_losses_on(state, i)
    capital = net_worth(f)
    f.capital_ratio = capital_ratio(state, i)
    minimum = f.min_capital * p.capital_requirement
    if capital < insolvent:
        rescue = p.backstop_share * (-capital + minimum * risk_weighted(state, i))
        if rescue > 0.0:
            transfer(state, GOVERNMENT, i, rescue, F_SUPPORT)
            earn(state, i, rescue)
            state.firms[GOVERNMENT].retained -= rescue
            m.public_money += rescue
            log_event(state, E_BACKSTOP, i, -1, rescue)
            capital = net_worth(f)
            f.capital_ratio = capital_ratio(state, i)
        if capital < insolvent:
            return True
    if f.capital_ratio < minimum:
        if f.lending_open > 0.5:
            f.lending_open = 0.0
            log_event(state, E_CREDIT_STOP, i, -1, f.capital_ratio)
        call_lines(state, i)
    elif f.capital_ratio > minimum * (1.0 + p.capital_buffer) and (f.subkind == SPONSOR or margin_due(state, i) <= 0.0):
        # What a margin call has closed stays closed until the pool covers the lines.
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
