"""What a month does to the books of lenders besides their own loans: the other book, marks, investors who want out,
margins, growth (first part of phase 9)."""

from __future__ import annotations

from abm.accounts.ledger import log_event, net_worth, raise_funding, transfer, write_off
from abm.agents.lender import grow_lender, margin_due
from abm.distress.funding import sell_assets
from abm.engine.chains import first_loan, first_of_kind, next_loan, next_of_kind
from abm.engine.compiled import jit
from abm.engine.tables import (
    ACTIVE,
    BANK,
    COUNTERPARTY,
    E_CALLED,
    E_CREDIT_STOP,
    F_EQUITY,
    F_FUNDING,
    INSURER,
    LAB,
    LENDER,
    LIVE,
    NEOCLOUD,
    NO_COLLATERAL,
    PRIVATE_CREDIT,
    SAVERS,
    SPONSOR,
    VEHICLE,
    WAREHOUSE,
)
from abm.instruments.loan import prepay_loan


@jit
def is_of_the_sector(kind):
    """Whether firms of a kind live off AI, so that loans to them stand for those the loan table does not know."""
    return kind == NEOCLOUD or kind == VEHICLE or kind == LAB


@jit
def sector_loss(state):
    """Part of lenders' loans to the firms that live off AI lost since the last month's books."""
    m = state.market[0]
    lost = 0.0
    for h in range(m.seen_hits, m.n_hits):
        hit = state.hits[h]
        of_lender = hit.channel == COUNTERPARTY and state.firms[hit.victim].kind == LENDER
        if of_lender and hit.source >= 0 and is_of_the_sector(state.firms[hit.source].kind):
            lost += hit.amount
    m.seen_hits = m.n_hits
    if lost <= 0.0:
        return 0.0
    left = 0.0
    for r in range(m.n_loans):
        loan = state.loans[r]
        lends = loan.status == LIVE and state.firms[loan.lender].kind == LENDER
        if lends and is_of_the_sector(state.firms[loan.borrower].kind):
            left += loan.principal
    return lost / (left + lost)


@jit
def mark_books(state):
    """Losses that a market sees on loans in funds' hands, beside the books (bn, `unrealised`).

    A loan loses ``D * max(pd * LGD - (rate - base rate)+, 0)`` of its principal, at most LGD, with D its remaining term
    in years (half of it if it amortises): the spread it lacks times its spread duration (Duffie and Singleton 1999).
    Banks and insurers hold to maturity and mark nothing.
    """
    m = state.market[0]
    p = state.params[0]
    i = first_of_kind(state, LENDER)
    while i >= 0:
        f = state.firms[i]
        f.mark_move = -f.unrealised
        f.unrealised = 0.0
        i = next_of_kind(state, i)
    for r in range(m.n_loans):
        loan = state.loans[r]
        if loan.status != LIVE or loan.principal <= 0.0:
            continue
        f = state.firms[loan.lender]
        if f.kind != LENDER or f.subkind == BANK or f.subkind == INSURER or f.subkind == SPONSOR:
            continue
        lgd = p.loss_given_default if loan.collateral == NO_COLLATERAL else p.loss_given_default_secured
        lacks = state.firms[loan.borrower].pd_long * lgd - max(loan.rate - m.base_rate, 0.0)
        if lacks > 0.0:
            years = loan.months_left / 12.0
            if loan.amortising == 1:
                years *= 0.5
            f.unrealised += loan.principal * min(lacks * years, lgd)
    i = first_of_kind(state, LENDER)
    while i >= 0:
        state.firms[i].mark_move += state.firms[i].unrealised
        i = next_of_kind(state, i)


@jit
def lose_other_book(state, i, sector):
    """A lender's other book loses: AI loans that the loan table does not know with those it knows, the rest with the
    common factor, which is what is missing of investors' sentiment below `common_onset`.

    Parameters
    ----------
    sector : float
        Part of the known loans lost (`sector_loss`).

    Returns
    -------
    float
        Lost (bn).
    """
    p = state.params[0]
    f = state.firms[i]
    known = sector * f.ai_other
    regulated = f.subkind == BANK or f.subkind == INSURER
    yearly = p.common_loss_regulated if regulated else p.common_loss_fund
    fear = max(p.common_onset - state.market[0].sentiment, 0.0)
    common = yearly / 12.0 * fear * f.other_weight * (f.other_assets - f.ai_other)
    f.ai_other -= known
    f.other_assets -= known + common
    f.loss_month += known
    write_off(state, i, known + common)
    return known + common


@jit
def find_means(state, i, amount):
    """Cash that a fund can spare beyond what it keeps, with sales of other assets as far as they are needed (bn)."""
    kept = state.params[0].lender_cash * state.firms[i].loans_held
    spare = max(state.firms[i].cash - kept, 0.0)
    if spare < amount:
        spare += sell_assets(state, i, amount - spare)
    return min(spare, amount)


@jit
def meet_redemptions(state, i, lost):
    """Investors who have lost money in an open fund ask for the rest (bn paid).

    They ask back `redemption_fear` of what they may ask for each part lost (Goldstein, Jiang and Ng 2017 on flows out
    of illiquid funds); gains call requests off. A fund of private loans pays at most `redemption_gate` of it a quarter
    and closes to new loans while more is asked, a bond fund what its sales bring, and no more than its units and its
    funding, as which the money leaves it; a fund of private loans pays it out of its capital.

    Parameters
    ----------
    lost : float
        In the month, marks included (bn).
    """
    p = state.params[0]
    f = state.firms[i]
    owed = f.other_debt + f.funding
    money = f.redeemable * (net_worth(f) if f.subkind == PRIVATE_CREDIT else net_worth(f) + owed)
    if money <= 0.0:
        return 0.0
    f.asked = min(max(f.asked + p.redemption_fear * lost * f.redeemable / money, 0.0), 1.0)
    wanted = f.asked * money
    most = min(wanted, owed)
    if f.subkind == PRIVATE_CREDIT:
        most = min(wanted, p.redemption_gate / 3.0 * money)
        f.gated = 1 if most < wanted else 0
    paid = find_means(state, i, most) if most > 0.0 else 0.0
    if paid > 0.0:
        f.asked -= paid / money
        if f.subkind == PRIVATE_CREDIT:
            transfer(state, i, SAVERS, paid, F_EQUITY)
            f.retained -= paid
            state.firms[SAVERS].retained += paid
        else:
            transfer(state, i, SAVERS, paid, F_FUNDING)
            units = min(paid, f.other_debt)
            f.other_debt -= units
            f.funding -= paid - units
            state.firms[SAVERS].other_assets -= paid
    return paid


@jit
def meet_margin(state, i):
    """A fund whose lines exceed what banks advance on its pool pays the difference: with new money, then by sales; if
    that is not enough it stops lending, and what is left of its lines falls due.
    """
    p = state.params[0]
    f = state.firms[i]
    due = margin_due(state, i)
    if due <= 0.0 or f.debt <= 0.0:
        return
    due = min(due, f.debt)
    if f.lending_open > 0.5 and f.gated == 0 and net_worth(f) > 0.0:
        raise_funding(state, i, min(due, p.funding_access * net_worth(f)))
    means = find_means(state, i, due)
    left = due - means
    r = first_loan(state, i)
    while r >= 0:
        loan = state.loans[r]
        if loan.status == LIVE and loan.kind == WAREHOUSE:
            if means > 0.0:
                part = min(means, loan.principal)
                prepay_loan(state, r, part)
                means -= part
            if left > 1e-9 and loan.principal > 0.0 and loan.months_left > 1:
                loan.months_left = 1
                log_event(state, E_CALLED, loan.lender, i, loan.principal)
        r = next_loan(state, r)
    if left > 1e-9 and f.lending_open > 0.5:
        f.lending_open = 0.0
        log_event(state, E_CREDIT_STOP, i, -1, f.capital_ratio)


@jit
def keep_books(state):
    """What the month's losses, marks and fears do to lenders; those that are well grow."""
    sector = sector_loss(state)
    mark_books(state)
    after = first_of_kind(state, LENDER)
    while after >= 0:
        i = after
        after = next_of_kind(state, i)
        f = state.firms[i]
        if f.status != ACTIVE or f.subkind == SPONSOR:
            continue
        lost = f.loss_month + f.mark_move
        lost += lose_other_book(state, i, sector)
        if f.redeemable > 0.0:
            meet_redemptions(state, i, lost)
        if f.subkind != BANK and f.subkind != INSURER:
            meet_margin(state, i)
        grow_lender(state, i)
