"""Shares: issued, diluted, held."""

from __future__ import annotations

from abm.accounts.ledger import log_event, transfer
from abm.engine.chains import chain_stake, first_stake, next_stake
from abm.engine.compiled import jit
from abm.engine.tables import ACTIVE, E_EQUITY, F_EQUITY, LENDER, SAVERS, SPONSOR, VENDOR


@jit
def new_stake(state, holder, issuer, share, book):
    """Add paid-in capital on both sides: to the holder's row of this issuer if there is one, else a new row."""
    m = state.market[0]
    state.firms[holder].holdings += book
    state.firms[issuer].paid_in += book
    r = first_stake(state, issuer)
    while r >= 0:
        s = state.stakes[r]
        if s.holder == holder:
            s.share += share
            s.book += book
            return
        r = next_stake(state, r)
    s = state.stakes[m.n_stakes]
    s.holder = holder
    s.issuer = issuer
    s.share = share
    s.book = book
    chain_stake(state, m.n_stakes)
    m.n_stakes += 1


@jit
def holds(state, holder, issuer):
    """Whether a firm owns shares of another."""
    r = first_stake(state, issuer)
    while r >= 0:
        if state.stakes[r].holder == holder:
            return True
        r = next_stake(state, r)
    return False


@jit
def issue_equity(state, issuer, amount, valuation):
    """Sell new shares (bn): vendors take their share of a customer's round, sponsors theirs, savers the rest.

    Parameters
    ----------
    amount, valuation : float
        Money wanted and value before the round (bn).
    """
    m = state.market[0]
    p = state.params[0]
    if amount <= 1e-6:
        return
    after = max(valuation, amount) + amount
    r = first_stake(state, issuer)
    while r >= 0:
        state.stakes[r].share *= 1.0 - amount / after
        r = next_stake(state, r)
    left = amount
    for i in range(m.n_firms):
        holder = state.firms[i]
        if holder.status != ACTIVE or i == issuer:
            continue
        part = 0.0
        if holder.kind == VENDOR:
            part = min(p.vendor_equity_share * amount, p.vendor_cash_share * max(holder.cash, 0.0))
        elif holder.kind == LENDER and holder.subkind == SPONSOR and holds(state, i, issuer):
            part = min(p.sponsor_share * amount, 0.25 * max(holder.cash, 0.0))
        part = min(part, left)
        if part > 1e-6:
            transfer(state, i, issuer, part, F_EQUITY)
            new_stake(state, i, issuer, part / after, part)
            left -= part
    if left > 0.0:
        transfer(state, SAVERS, issuer, left, F_EQUITY)
        new_stake(state, SAVERS, issuer, left / after, left)
    log_event(state, E_EQUITY, issuer, -1, amount)


@jit
def endow(state, firm, amount):
    """Savers found a firm with equity, or add to it (bn)."""
    transfer(state, SAVERS, firm, amount, F_EQUITY)
    new_stake(state, SAVERS, firm, 1.0 if state.firms[firm].paid_in <= 0.0 else 0.0, amount)
    state.firms[firm].valuation += amount
