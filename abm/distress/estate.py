"""A failed firm's estate: what is sold, who is paid, in which order."""

from __future__ import annotations

from abm.accounts.ledger import binds, charge, earn, log_event, log_hit, transfer, write_off
from abm.distress.causes import enter_default
from abm.distress.fire_sale import sell_second_hand, spread_marks
from abm.engine.compiled import jit
from abm.engine.tables import (
    ACTIVE,
    BROKEN,
    COUNTERPARTY,
    E_DEFAULT,
    E_FIRE_SALE,
    F_BANKRUPTCY,
    F_COMPUTE,
    F_EQUITY,
    F_LENDING,
    F_PRINCIPAL,
    F_SECONDHAND,
    F_SUPPORT,
    FAILED,
    FLEET_COLLATERAL,
    FUNDING,
    GOVERNMENT,
    HOLDINGS_COLLATERAL,
    LENDER,
    LENDER_TO_LENDER,
    LIQUIDATION,
    LIVE,
    PENDING,
    SAVERS,
    SITE_COLLATERAL,
    SPONSOR,
    SUPPLIERS,
    VENDOR_CHANNEL,
)
from abm.instruments.contract import break_contract
from abm.instruments.order import cancel_order
from abm.markets.marks import distressed_price


@jit
def sell_sites_and_rest(state, firm):
    """Sell sites, other assets and shares held to investors at a discount.

    Returns
    -------
    tuple of float
        Proceeds of sites and of what secures loans on holdings (bn): the shares and, of a sponsor, whose portfolio
        they are, the other assets (as in `collateral_value`).
    """
    p = state.params[0]
    m = state.market[0]
    f = state.firms[firm]
    part = distressed_price(state)
    sites = f.sites * p.site_recovery * part
    rest = f.other_assets * p.other_recovery * part
    transfer(state, SAVERS, firm, sites + rest, F_SECONDHAND)
    state.firms[SAVERS].retained -= sites + rest
    write_off(state, firm, f.sites + f.other_assets - sites - rest)
    holdings = rest if f.kind == LENDER and f.subkind == SPONSOR else 0.0
    f.sites = 0.0
    f.site_gw = 0.0
    f.other_assets = 0.0
    f.ai_other = 0.0
    for r in range(m.n_stakes):
        s = state.stakes[r]
        if s.holder != firm:
            continue
        price = s.book * p.other_recovery
        if state.firms[s.issuer].status == ACTIVE:
            price = min(max(s.share * state.firms[s.issuer].valuation * p.holdings_recovery, price), 2.0 * s.book)
        price *= part
        transfer(state, SAVERS, firm, price, F_EQUITY)
        write_off(state, firm, s.book - price)
        state.firms[SAVERS].retained += s.book - price
        state.firms[SAVERS].holdings += s.book
        f.holdings -= s.book
        holdings += price
        s.holder = SAVERS
    return sites, holdings


@jit
def pass_on_loans(state, firm):
    """A failed lender's loans are sold to savers at a discount (resolution); its commitments end."""
    m = state.market[0]
    p = state.params[0]
    part = distressed_price(state)
    proceeds = 0.0
    for r in range(m.n_loans):
        loan = state.loans[r]
        if loan.status != LIVE or loan.lender != firm:
            continue
        price = loan.principal * p.loan_book_recovery * part
        transfer(state, SAVERS, firm, price, F_LENDING)
        write_off(state, firm, loan.principal - price)
        state.firms[SAVERS].retained += loan.principal - price
        state.firms[SAVERS].loans_held += loan.principal
        state.firms[firm].loans_held -= loan.principal
        loan.lender = SAVERS
        loan.limit = loan.principal
        # Nobody pays out what a failed lender had committed.
        log_hit(state, loan.borrower, firm, FUNDING, loan.undrawn)
        loan.undrawn = 0.0
        proceeds += price
    return proceeds


@jit
def secured_part(state, firm, collateral, proceeds, estate):
    """What the proceeds of one kind of collateral pay on the loans that it secures.

    Parameters
    ----------
    firm : int
    collateral : int
        FLEET_, SITE_ or HOLDINGS_COLLATERAL.
    proceeds, estate : float
        Of the collateral, and left in the estate (bn).

    Returns
    -------
    tuple of float
        Share of those loans paid, and paid on them (bn).
    """
    claims = 0.0
    for r in range(state.market[0].n_loans):
        loan = state.loans[r]
        if loan.status == LIVE and loan.borrower == firm and loan.collateral == collateral:
            claims += loan.principal
    if claims <= 0.0:
        return 0.0, 0.0
    part = min(1.0, min(proceeds, estate) / claims)
    return part, part * claims


@jit
def bear_loss(state, r, short):
    """A lender writes off a part of a loan (bn); the government bears its share of that of an AI loan."""
    m = state.market[0]
    loan = state.loans[r]
    write_off(state, loan.lender, short)
    write_off(state, loan.borrower, -short)
    cover = 0.0
    if loan.for_ai == 1 and state.firms[loan.lender].kind == LENDER:
        cover = state.params[0].public_guarantee * short
        transfer(state, GOVERNMENT, loan.lender, cover, F_SUPPORT)
        write_off(state, loan.lender, -cover)
        state.firms[GOVERNMENT].retained -= cover
        m.public_money += cover
    state.firms[loan.lender].loss_month += short - cover
    channel = LENDER_TO_LENDER if state.firms[loan.borrower].kind == LENDER else COUNTERPARTY
    log_hit(state, loan.lender, loan.borrower, channel, short - cover)


@jit
def settle_loan(state, r, part):
    """Pay a part of a failed firm's loan; its lender writes off the rest, the government bears its share of that.

    Returns
    -------
    float
        Not paid by the firm (bn).
    """
    loan = state.loans[r]
    f = state.firms[loan.borrower]
    got = loan.principal * part
    got = min(got, max(f.cash, 0.0))
    short = loan.principal - got
    transfer(state, loan.borrower, loan.lender, got, F_PRINCIPAL)
    bear_loss(state, r, short)
    state.firms[loan.lender].loans_held -= loan.principal
    f.debt -= loan.principal
    loan.principal = 0.0
    loan.status = BROKEN
    return short


@jit
def settle_damages(state, r, part):
    """Pay a part of what a failed buyer owes under a broken contract, to a seller that is still there.

    Returns
    -------
    float
        Not paid (bn).
    """
    c = state.contracts[r]
    got = min(c.missed * part, max(state.firms[c.buyer].cash, 0.0)) if state.firms[c.seller].status == ACTIVE else 0.0
    transfer(state, c.buyer, c.seller, got, F_COMPUTE)
    charge(state, c.buyer, got)
    earn(state, c.seller, got)
    short = c.missed - got
    c.missed = 0.0
    return short


@jit
def settle_savers(state, firm, owed, part):
    """Pay savers a part of what a failed firm owes them; they write off the rest (bn not paid)."""
    got = min(owed * part, max(state.firms[firm].cash, 0.0))
    transfer(state, firm, SAVERS, got, F_PRINCIPAL)
    state.firms[SAVERS].other_assets -= owed
    write_off(state, SAVERS, owed - got)
    write_off(state, firm, -(owed - got))
    return owed - got


@jit
def pay_creditors(state, firm, from_fleet, from_sites, from_holdings):
    """Share out a failed firm's estate: secured loans first from their collateral, then all claims pro rata.

    Every creditor writes down what it does not get, as a hit of the counterparty channel (lender-to-lender
    between lenders).

    Parameters
    ----------
    firm : int
    from_fleet, from_sites, from_holdings : float
        What its hardware, its sites and its shares were sold for (bn).

    Returns
    -------
    tuple of float
        Lost by those who had lent, and damages under contracts not paid (bn).
    """
    m = state.market[0]
    f = state.firms[firm]
    left = max(f.cash, 0.0)
    fleet_part, fleet_paid = secured_part(state, firm, FLEET_COLLATERAL, from_fleet, left)
    left -= fleet_paid
    site_part, site_paid = secured_part(state, firm, SITE_COLLATERAL, from_sites, left)
    left -= site_paid
    holdings_part, holdings_paid = secured_part(state, firm, HOLDINGS_COLLATERAL, from_holdings, left)
    left -= holdings_paid
    claims = f.other_debt + f.funding
    for r in range(m.n_loans):
        loan = state.loans[r]
        if loan.status == LIVE and loan.borrower == firm:
            claims += loan.principal
    for r in range(m.n_contracts):
        c = state.contracts[r]
        # A seller that has failed already has no estate left to pay into: its part is the others'.
        if c.status == BROKEN and c.buyer == firm and state.firms[c.seller].status == ACTIVE:
            claims += c.missed
    rest_claims = claims - fleet_paid - site_paid - holdings_paid
    rest_part = min(1.0, max(left, 0.0) / rest_claims) if rest_claims > 1e-12 else 0.0
    lost = 0.0
    unpaid = 0.0
    for r in range(m.n_loans):
        loan = state.loans[r]
        if loan.status != LIVE or loan.borrower != firm:
            continue
        first = 0.0
        if loan.collateral == FLEET_COLLATERAL:
            first = fleet_part
        elif loan.collateral == SITE_COLLATERAL:
            first = site_part
        elif loan.collateral == HOLDINGS_COLLATERAL:
            first = holdings_part
        lost += settle_loan(state, r, first + (1.0 - first) * rest_part)
    for r in range(m.n_contracts):
        c = state.contracts[r]
        if c.status == BROKEN and c.buyer == firm and c.missed > 0.0:
            unpaid += settle_damages(state, r, rest_part)
    lost += settle_savers(state, firm, f.other_debt, rest_part)
    lost += settle_savers(state, firm, f.funding, rest_part)
    f.other_debt = 0.0
    f.funding = 0.0
    return lost, unpaid


@jit
def owed_damages(state, firm):
    """Damages that a firm owes under contracts it has broken (bn)."""
    total = 0.0
    for r in range(state.market[0].n_contracts):
        c = state.contracts[r]
        if c.status == BROKEN and c.buyer == firm:
            total += c.missed
    return total


@jit
def fail(state, firm, shortfall, reason):
    """Resolve a failed firm within the month: record why, break its contracts, sell what it has, pay creditors.

    Parameters
    ----------
    firm : int
    shortfall : float
        What it could not pay (bn).
    reason : int
        `FOR_CASH`, `FOR_COLLATERAL` or `BY_DECREE`.
    """
    m = state.market[0]
    f = state.firms[firm]
    row = enter_default(state, firm, LIQUIDATION, f.debt + f.other_debt + f.funding, shortfall, reason)
    d = state.defaults[row]
    value = max(f.valuation, 0.0)
    log_event(state, E_DEFAULT, firm, -1, shortfall)
    f.status = FAILED
    f.failed = m.month
    break_promises(state, firm)
    d.claims = owed_damages(state, firm)
    before = m.fire_discount
    from_fleet = sell_second_hand(state, firm)
    if from_fleet > 0.0:
        log_event(state, E_FIRE_SALE, firm, -1, from_fleet)
        spread_marks(state, firm, m.fire_discount - before)
    from_sites, from_holdings = sell_sites_and_rest(state, firm)
    # Its loans secure a fund's lines, as its shares do a sponsor's debt.
    from_holdings += pass_on_loans(state, firm)
    # What leaves in cash as costs of the proceedings (Rogers and Veraart's bankruptcy costs on the estate).
    cost = state.params[0].bankruptcy_cost * max(f.cash, 0.0)
    transfer(state, firm, SUPPLIERS, cost, F_BANKRUPTCY)
    charge(state, firm, cost)
    earn(state, SUPPLIERS, cost)
    d.loss_credit, d.loss_claims = pay_creditors(state, firm, from_fleet, from_sites, from_holdings)
    # Owners: whatever is left goes to savers, paid-in capital is written off on both sides.
    left = max(f.cash, 0.0)
    d.loss_equity = max(value - left, 0.0)
    transfer(state, firm, SAVERS, left, F_EQUITY)
    f.retained -= left
    state.firms[SAVERS].retained += left
    write_off_shares(state, firm)
    close_books(state, firm)


@jit
def break_promises(state, firm):
    """Contracts and orders of a failed firm end; who had ordered from it loses its deposit."""
    m = state.market[0]
    for r in range(m.n_contracts):
        c = state.contracts[r]
        if c.buyer == firm and c.claim > 0.0:
            # What no plan has settled is claimed in the estate.
            c.missed += c.claim
            c.claim = 0.0
        if binds(c) and (c.buyer == firm or c.seller == firm):
            break_contract(state, r, firm)
    for r in range(m.oldest_order, m.n_orders):
        o = state.orders[r]
        if o.status != PENDING:
            continue
        if o.buyer == firm:
            cancel_order(state, r)
        elif o.vendor == firm:
            write_off(state, o.buyer, o.deposit)
            earn(state, firm, o.deposit)
            log_hit(state, o.buyer, firm, VENDOR_CHANNEL, o.units * o.price)
            o.deposit = 0.0
            o.units = 0.0
            o.ready = 0.0
            o.status = BROKEN


@jit
def write_off_shares(state, firm):
    """Shares of a failed firm are worth nothing to whoever holds them."""
    f = state.firms[firm]
    for r in range(state.market[0].n_stakes):
        s = state.stakes[r]
        if s.issuer == firm and (s.book > 0.0 or s.share > 0.0):
            write_off(state, s.holder, s.book)
            state.firms[s.holder].holdings -= s.book
            f.retained += s.book
            f.paid_in -= s.book
            if state.firms[s.holder].kind == LENDER:
                log_hit(state, s.holder, firm, COUNTERPARTY, s.book)
            s.book = 0.0
            s.share = 0.0


@jit
def close_books(state, firm):
    """Set the leftovers of rounding and all plans of a failed firm to zero."""
    f = state.firms[firm]
    f.work = 0.0
    f.training = 0.0
    f.need = 0.0
    f.supply = 0.0
    f.on_order = 0.0
    f.on_order_gw = 0.0
    f.valuation = 0.0
    f.desired = 0.0
    f.other_income = 0.0
    f.fleet_mark = 0.0
    f.contracted_in = 0.0
    f.contracted_out = 0.0
    f.promised_in = 0.0
    f.promised_out = 0.0
    f.debt_service = 0.0
    f.ltv = 0.0
    f.leverage = 0.0
    f.look_through = 0.0
