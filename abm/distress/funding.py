"""Phase 6: how firms that foresee a shortfall find the money, rung by rung."""

from __future__ import annotations

from abm.accounts.ledger import log_event, log_hit, net_worth, raise_funding, transfer, write_off
from abm.agents.firm import is_protected
from abm.agents.lab import closing_odds, rescue_odds, seek_rescue
from abm.agents.neocloud import accept_renegotiation
from abm.agents.project import completes
from abm.agents.vendor import offer_vendor_finance
from abm.distress.reorganisation import CLOSED, come_to_terms, enter_deferral
from abm.engine.chains import first_loan, next_loan, sort_dues
from abm.engine.compiled import jit
from abm.engine.draws import D_ROUND, uniform
from abm.engine.tables import (
    ACTIVE,
    BANK,
    DUE_INVOICE,
    DUE_ORDER,
    DUE_PRINCIPAL,
    E_RENEGOTIATED,
    E_RESCUED,
    F_LENDING,
    F_SECONDHAND,
    F_SUPPORT,
    FLEET_COLLATERAL,
    HYPERSCALER,
    LAB,
    LENDER,
    LIVE,
    NEOCLOUD,
    NO_COLLATERAL,
    OUTSIDE,
    REVOLVER,
    SAVERS,
    SPONSOR,
    VENDOR,
    VENDOR_CHANNEL,
    VENDOR_LOAN,
    WAREHOUSE,
)
from abm.instruments.due import refuse_arrival
from abm.instruments.loan import amend_loans, maturing_soon
from abm.instruments.order import cancel_order
from abm.instruments.stake import endow, issue_equity, new_stake
from abm.markets.credit import draw_warehouse, finance_hardware, lend, refinance
from abm.markets.gpus import nth_vendor

CUSHION = 1e-6  # of a bank's outflow: what it takes beyond the gap


@jit
def draw_revolvers(state, firm, amount):
    """Draw on open credit lines (bn drawn)."""
    got = 0.0
    after = first_loan(state, firm)
    while after >= 0:
        loan = state.loans[after]
        after = next_loan(state, after)
        if loan.status != LIVE or loan.kind != REVOLVER or got >= amount:
            continue
        bank = state.firms[loan.lender]
        if bank.status != ACTIVE or (bank.lending_open < 0.5 and loan.committed == 0):
            continue
        draw = min(loan.limit - loan.principal, amount - got)
        if draw <= 0.0:
            continue
        raise_funding(state, loan.lender, draw)
        transfer(state, loan.lender, firm, draw, F_LENDING)
        loan.principal += draw
        bank.loans_held += draw
        state.firms[firm].debt += draw
        got += draw
    return got


@jit
def roll_over(state, firm, amount):
    """Refinance what falls due, loan by loan, so that each new loan stands for what the old one did (bn)."""
    d = state.dues
    got = 0.0
    for k in range(state.chains.due_start[firm], state.chains.due_start[firm + 1]):
        r = state.chains.due_rows[k]
        if got >= amount:
            break
        if d.kind[r] == DUE_PRINCIPAL and d.amount[r] > 0.0:
            for_ai = state.loans[d.ref[r]].for_ai
            end_user = state.loans[d.ref[r]].end_user
            part = min(d.amount[r], amount - got)
            if state.loans[d.ref[r]].kind == WAREHOUSE:
                got += draw_warehouse(state, firm, part)
            else:
                secured = 1 if state.loans[d.ref[r]].collateral != NO_COLLATERAL else 0
                got += refinance(state, firm, part, part, secured, for_ai, end_user)
    return got


@jit
def hardware_user(state, firm):
    """The customer to whom the hardware that is about to arrive is dedicated, -1 if none."""
    d = state.dues
    for k in range(state.chains.due_start[firm], state.chains.due_start[firm + 1]):
        r = state.chains.due_rows[k]
        if d.kind[r] == DUE_ORDER and state.orders[d.ref[r]].end_user >= 0:
            return state.orders[d.ref[r]].end_user
    return -1


@jit
def parent_support(state, firm, amount):
    """A parent with money to spare puts equity into its subsidiary (bn given)."""
    parent = state.firms[firm].parent
    if parent < 0 or state.firms[parent].status != ACTIVE:
        return 0.0
    spare = max(state.firms[parent].cash - state.firms[parent].operating_cost, 0.0)
    give = min(amount, state.params[0].parent_support * spare)
    if give <= 1e-9:
        return 0.0
    transfer(state, parent, firm, give, F_SUPPORT)
    new_stake(state, parent, firm, 0.0, give)
    return give


@jit
def has_shareholders(state, firm):
    """Whether a firm can sell shares of its own: labs, clouds and vendors that are nobody's subsidiary."""
    f = state.firms[firm]
    return (f.kind == LAB or f.kind == NEOCLOUD or f.kind == HYPERSCALER or f.kind == VENDOR) and f.parent < 0


@jit
def emergency_round(state, firm, amount):
    """Equity raised under pressure (bn): investors come in with the odds of any round."""
    m = state.market[0]
    p = state.params[0]
    f = state.firms[firm]
    if not has_shareholders(state, firm) or f.valuation <= 0.0:
        return 0.0
    if uniform(m.seed, D_ROUND, m.month, firm) > closing_odds(state, firm):
        return 0.0
    size = min(amount, p.equity_dilution * f.valuation)
    issue_equity(state, firm, size, f.valuation)
    return size


@jit
def rescue_round(state, firm, gap):
    """Rescuers buy a large part of a lab or cloud cheaply, if it is plainly worth more than it owes and what they may
    bring covers the gap; they are found with the odds of the month (bn raised)."""
    m = state.market[0]
    f = state.firms[firm]
    if not has_shareholders(state, firm):
        return 0.0
    if uniform(m.seed, D_ROUND, m.month, 2000 + firm) >= rescue_odds(state, firm, gap):
        return 0.0
    size = seek_rescue(state, firm, gap)
    issue_equity(state, firm, size, (1.0 - state.params[0].rescue_discount) * f.valuation)
    log_event(state, E_RESCUED, firm, -1, size)
    return size


@jit
def drop_orders(state, firm, amount):
    """Cancel arrivals that cannot be paid (bn of dues removed), the latest first."""
    d = state.dues
    saved = 0.0
    for k in range(state.chains.due_start[firm + 1] - 1, state.chains.due_start[firm] - 1, -1):
        r = state.chains.due_rows[k]
        if saved >= amount:
            break
        if d.kind[r] == DUE_ORDER and d.amount[r] > 0.0:
            saved += d.amount[r]
            refuse_arrival(state, r)
            cancel_order(state, d.ref[r])
    return saved


@jit
def renegotiate(state, firm, amount):
    """Ask providers to extend and amend: less now, a lower price, a longer contract (bn of dues removed)."""
    m = state.market[0]
    p = state.params[0]
    d = state.dues
    saved = 0.0
    for k in range(state.chains.due_start[firm], state.chains.due_start[firm + 1]):
        r = state.chains.due_rows[k]
        if saved >= amount:
            break
        if d.kind[r] != DUE_INVOICE or d.ref[r] < 0:
            continue
        c = state.contracts[d.ref[r]]
        if c.amended >= 0 and m.month - c.amended < 12:
            continue
        if not accept_renegotiation(state, c.seller, firm):
            continue
        relief = d.amount[r] * p.amend_deferral
        d.amount[r] -= relief
        c.price *= 1.0 - p.amend_haircut
        c.months_left += int(p.amend_extension)
        c.months += int(p.amend_extension)
        c.amended = m.month
        saved += relief
        log_event(state, E_RENEGOTIATED, firm, c.seller, relief)
    return saved


@jit
def sell_assets(state, firm, amount):
    """A fund or sponsor sells other holdings to savers, AI loans among them in proportion, in a month only so much, at
    a discount (bn raised)."""
    p = state.params[0]
    f = state.firms[firm]
    book = min(amount / max(p.asset_sale_price, 0.01), p.asset_sale_pace * f.other_assets)
    if book <= 0.0:
        return 0.0
    got = book * p.asset_sale_price
    transfer(state, SAVERS, firm, got, F_SECONDHAND)
    state.firms[SAVERS].retained -= got
    f.ai_other -= book / f.other_assets * f.ai_other
    f.other_assets -= book
    write_off(state, firm, book - got)
    return got


@jit
def fund_lender(state, i, outflow, maturing):
    """How a lender finds the money: it has what it owes before its borrowers pay.

    Banks have deposits and the central bank as long as they are solvent; others roll over what matures, take new money
    from savers, sell other assets, in this order.
    """
    p = state.params[0]
    f = state.firms[i]
    gap = outflow - f.cash
    if f.subkind == SPONSOR:
        # A holding company sells in time for what matures, for blocks take months to place.
        gap += maturing_soon(state, i)
    if gap <= 0.0:
        return
    if f.subkind == BANK:
        if net_worth(f) > 0.0:
            # A little more than the gap: a bank that is solvent does not fail for what sums of cash lose.
            raise_funding(state, i, gap + CUSHION * outflow)
        return
    gap -= roll_over(state, i, min(gap, maturing))
    if gap > 0.0 and f.subkind != SPONSOR and f.lending_open > 0.5 and net_worth(f) > 0.0:
        new = min(gap, p.funding_access * net_worth(f))
        raise_funding(state, i, new)
        gap -= new
    if gap > 0.0:
        sell_assets(state, i, gap)


@jit
def finance_arrivals(state, i, hardware):
    """Loans for hardware that is about to arrive: a neocloud's first vendor lends a part, lenders the rest.

    Returns
    -------
    float
        What the vendor did not lend on (bn).
    """
    p = state.params[0]
    vendor = nth_vendor(state, 0) if state.firms[i].kind == NEOCLOUD else -1
    if vendor >= 0:
        size = offer_vendor_finance(state, vendor, hardware)
        wanted = p.vendor_finance_share * hardware
        if size < 0.99 * wanted:
            log_hit(state, i, vendor, VENDOR_CHANNEL, wanted - size)
        if size > 0.01:
            rate = state.market[0].base_rate + p.vendor_loan_spread
            months = int(min(p.loan_tenor, p.max_tenor))
            lend(state, vendor, i, VENDOR_LOAN, size, rate, months, FLEET_COLLATERAL, 1, -1, 1, 1)
            hardware -= size
    finance_hardware(state, i, hardware, hardware_user(state, i))
    return hardware


@jit
def find_money_in_court(state, i, gap):
    """Who is under protection has its parent, rescuers and spending cuts; no one lends to it."""
    f = state.firms[i]
    gap -= parent_support(state, i, gap)
    if gap > 0.0 and completes(state, i, gap):
        endow(state, i, gap)
        gap = 0.0
    if gap > 0.0:
        gap -= rescue_round(state, i, gap)
    if gap > 0.0:
        f.fixed_cost *= 1.0 - state.params[0].spending_cut


@jit
def find_money(state, i, outflow, inflow, hardware, maturing):
    """The pecking order of a firm that foresees a shortfall: hardware loans, revolvers, refinancing, the parent, new
    debt, equity (Myers and Majluf 1984), cancelled orders and spending cuts, renegotiation, rescuers, forbearance of
    lenders; at the end an exchange of its debt or protection by the court.

    Parameters
    ----------
    i : int
    outflow, inflow : float
        What falls due to others and from others (bn).
    hardware, maturing : float
        Of the outflow: hardware and sites that arrive, and principal (bn).
    """
    p = state.params[0]
    f = state.firms[i]
    if f.kind == LENDER:
        fund_lender(state, i, outflow, maturing)
        return
    buffer = p.cash_buffer * f.fixed_cost
    if is_protected(state, i):
        gap = outflow + buffer - f.cash - p.receipt_trust * inflow
        if gap > 0.0:
            find_money_in_court(state, i, gap)
        return
    if hardware > 0.0:
        hardware = finance_arrivals(state, i, hardware)
    gap = outflow + buffer - f.cash - p.receipt_trust * inflow
    if gap <= 0.0:
        return
    gap -= draw_revolvers(state, i, gap)
    if gap > 0.0 and maturing > 0.0:
        gap -= roll_over(state, i, min(gap, maturing))
    if gap > 0.0:
        gap -= parent_support(state, i, gap)
    if gap > 0.0 and completes(state, i, gap):
        endow(state, i, gap)
        gap = 0.0
    if gap > 0.0 and (f.kind == NEOCLOUD or f.kind == HYPERSCALER):
        gap -= refinance(state, i, gap, 0.0, 0, 1, -1)
    if gap > 0.0:
        gap -= emergency_round(state, i, gap * p.round_excess)
    gap -= buffer
    if gap > 0.0 and hardware > 0.0:
        gap -= drop_orders(state, i, gap)
    if gap > 0.0:
        f.fixed_cost *= 1.0 - p.spending_cut
        gap -= renegotiate(state, i, gap)
    if gap > 0.0:
        gap -= rescue_round(state, i, gap)
    if gap > 0.0:
        saved = amend_loans(state, i, gap)
        if come_to_terms(state, i) == CLOSED and saved > 0.0:
            enter_deferral(state, i, saved)


@jit
def funding(state):
    """Phase 6 of the month: every firm looks ahead to its dues and finds the money it can."""
    m = state.market[0]
    d = state.dues
    sort_dues(state)
    for i in range(m.n_firms):
        f = state.firms[i]
        if f.status != ACTIVE or f.kind == OUTSIDE:
            continue
        outflow = 0.0
        inflow = 0.0
        hardware = 0.0
        maturing = 0.0
        for k in range(state.chains.due_start[i], state.chains.due_start[i + 1]):
            r = state.chains.due_rows[k]
            outflow += d.amount[r]
            if d.kind[r] == DUE_ORDER:
                hardware += d.amount[r]
            elif d.kind[r] == DUE_PRINCIPAL:
                maturing += d.amount[r]
        for k in range(state.chains.claim_start[i], state.chains.claim_start[i + 1]):
            inflow += d.amount[state.chains.claim_rows[k]]
        find_money(state, i, outflow, inflow, hardware, maturing)
