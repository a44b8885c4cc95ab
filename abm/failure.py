"""Phase 8: default and its aftermath, in rounds until no one else falls.

Every loss that a failure or a firm in stress brings on another is logged as a hit with its channel; a
default's causes are the hits its firm took in the last two years. A default that would have happened
had every one of those hits been made good is fundamental, the others are contagious.
"""

from __future__ import annotations

from abm.agents.lab import walks_away
from abm.compiled import jit
from abm.economy import (
    ACTIVE,
    BROKEN,
    COLLATERAL,
    COMPUTE,
    COUNTERPARTY,
    CUSTOMER,
    E_BACKSTOP,
    E_BREACH,
    E_CALLED,
    E_CREDIT_STOP,
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
    LAB,
    LENDER,
    LENDER_TO_LENDER,
    LIVE,
    N_CHANNELS,
    OUTSIDE,
    PENDING,
    SAVERS,
    SITE,
    SITE_COLLATERAL,
    SPONSOR,
    SUPPLIERS,
    VEHICLE,
    VENDOR_CHANNEL,
)
from abm.ledger import (
    charge,
    earn,
    log_event,
    log_hit,
    sum_claims,
    transfer,
    write_off,
)
from abm.markets.compute import firm_share, free_tenants, mark_fleets, unit_invoice
from abm.markets.credit import collateral_value, measure, prepay_loan
from abm.markets.gpus import cancel_order, sell_second_hand

FOR_CASH, FOR_COLLATERAL, BY_DECREE = range(3)  # why a firm fails
MEMORY = 24  # months of hits that explain a default


@jit
def months_of_hit(channel, age):
    """How many months of a loss have been felt: a lost customer is lost every month from the next on, a refused
    loan is the same need asked again, so that only the last two months count; the rest is lost once."""
    if channel == CUSTOMER:
        return 1.0 * age
    if channel == FUNDING and age > 1:
        return 0.0
    return 1.0


@jit
def explain(state, row, shortfall, reason):
    """Write the parents of a default: which earlier failures explain how much of its shortfall, by channel.

    Weights are the hits of the last two years, scaled down to the shortfall if they exceed it; what is
    left is the default's own part. A default is contagious if the cash that failed firms and stressed lenders
    kept from it (unpaid claims, lost rent, refused or called credit) would have covered the shortfall; marks
    count only where a loan was called for want of collateral, the market (no firm behind the hit) never, for
    it left no claim unpaid; and a default that a shock decrees is fundamental.

    Parameters
    ----------
    reason : int
        `FOR_CASH`, `FOR_COLLATERAL` or `BY_DECREE`.
    """
    m = state.market[0]
    d = state.defaults[row]
    total = 0.0
    claims = 0.0
    for h in range(m.n_hits - 1, -1, -1):
        hit = state.hits[h]
        age = m.month - hit.month
        if age >= MEMORY:
            break
        if hit.victim == d.firm and (age > 0 or hit.stage < m.stage):
            felt = hit.amount * months_of_hit(hit.channel, age)
            total += felt
            if hit.source >= 0 and (hit.channel != COLLATERAL or reason == FOR_COLLATERAL):
                claims += felt
    size = max(shortfall, 1e-9)
    scale = 1.0 / max(total, size)
    first = m.n_parents
    for h in range(m.n_hits - 1, -1, -1):
        hit = state.hits[h]
        age = m.month - hit.month
        if age >= MEMORY:
            break
        if hit.victim != d.firm or (age == 0 and hit.stage >= m.stage):
            continue
        weight = hit.amount * months_of_hit(hit.channel, age) * scale
        if weight <= 0.0:
            continue
        found = -1
        for r in range(first, m.n_parents):
            if state.parents[r].parent == hit.source and state.parents[r].channel == hit.channel:
                found = r
                break
        if found < 0:
            found = m.n_parents
            state.parents[found].default = row
            state.parents[found].parent = hit.source
            state.parents[found].channel = hit.channel
            state.parents[found].weight = 0.0
            m.n_parents += 1
        state.parents[found].weight += weight
    d.fundamental = 1 if claims < size or reason == BY_DECREE else 0
    d.fundamental_share = max(0.0, 1.0 - total * scale)
    d.channel = -1
    best = 0.0
    for k in range(N_CHANNELS):
        weight = 0.0
        for r in range(first, m.n_parents):
            if state.parents[r].channel == k:
                weight += state.parents[r].weight
        if weight > best and d.fundamental == 0:
            best = weight
            d.channel = k


@jit
def break_contract(state, r, at_fault):
    """End a contract early: the buyer loses its prepayment, the seller its customer or the buyer its capacity.

    A guarantor steps in for a failed buyer; a lease of a failed vehicle goes on with the new owner of the site.
    """
    c = state.contracts[r]
    monthly = unit_invoice(c)
    if c.quantity > 0.0 and c.delivered < c.quantity:
        monthly *= c.delivered / c.quantity
    if at_fault == c.buyer:
        if c.guarantor >= 0 and c.guarantor != at_fault and state.firms[c.guarantor].status == ACTIVE:
            charge(state, c.buyer, c.prepaid)
            earn(state, c.seller, c.prepaid)
            c.prepaid = 0.0
            c.buyer = c.guarantor
            c.own_use = 1
            return
        log_hit(state, c.seller, at_fault, CUSTOMER, monthly)
        if c.kind == COMPUTE:
            # Clusters built for one customer stand idle until they are set up for another.
            state.firms[c.seller].stranded += c.delivered
        if c.guarantor == at_fault:
            c.guarantor = -1
        # Damages: the take-or-pay part of the rent until the capacity can be let again.
        months = min(state.params[0].termination_months, 1.0 * c.months_left)
        c.missed += months * unit_invoice(c) * firm_share(state, c)
    else:
        if c.kind == SITE and state.firms[at_fault].kind == VEHICLE:
            write_off(state, c.buyer, c.prepaid)
            state.firms[c.seller].retained += c.prepaid
            c.prepaid = 0.0
            c.seller = SAVERS
            return
        log_hit(state, c.buyer, at_fault, COUNTERPARTY, c.prepaid)
        free_tenants(state, c)
    write_off(state, c.buyer, c.prepaid)
    earn(state, c.seller, c.prepaid)
    c.prepaid = 0.0
    c.status = BROKEN
    c.delivered = 0.0


@jit
def refuse_to_pay(state):
    """Firms that a shock makes stop paying walk away from every contract they have bought."""
    m = state.market[0]
    m.stage = 0
    for r in range(m.n_contracts):
        c = state.contracts[r]
        if (c.status == LIVE or c.status == PENDING) and state.firms[c.buyer].stops_paying == 1.0:
            break_contract(state, r, c.buyer)
            c.missed = 0.0


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
    sites = f.sites * p.site_recovery
    rest = f.other_assets * p.other_recovery
    transfer(state, SAVERS, firm, sites + rest, F_SECONDHAND)
    state.firms[SAVERS].retained -= sites + rest
    write_off(state, firm, f.sites + f.other_assets - sites - rest)
    holdings = rest if f.kind == LENDER and f.subkind == SPONSOR else 0.0
    f.sites = 0.0
    f.site_gw = 0.0
    f.other_assets = 0.0
    for r in range(m.n_stakes):
        s = state.stakes[r]
        if s.holder != firm or s.book <= 0.0:
            continue
        price = s.book * p.other_recovery
        if state.firms[s.issuer].status == ACTIVE:
            price = min(max(s.share * state.firms[s.issuer].valuation * p.holdings_recovery, price), 2.0 * s.book)
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
    """A failed lender's loans are sold to savers at a discount (resolution)."""
    m = state.market[0]
    p = state.params[0]
    proceeds = 0.0
    for r in range(m.n_loans):
        loan = state.loans[r]
        if loan.status != LIVE or loan.lender != firm:
            continue
        price = loan.principal * p.loan_book_recovery
        transfer(state, SAVERS, firm, price, F_LENDING)
        write_off(state, firm, loan.principal - price)
        state.firms[SAVERS].retained += loan.principal - price
        state.firms[SAVERS].loans_held += loan.principal
        state.firms[firm].loans_held -= loan.principal
        loan.lender = SAVERS
        loan.limit = loan.principal
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
    float
        Lost by creditors (bn).
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
        got = loan.principal * (first + (1.0 - first) * rest_part)
        got = min(got, max(f.cash, 0.0))
        short = loan.principal - got
        transfer(state, firm, loan.lender, got, F_PRINCIPAL)
        write_off(state, loan.lender, short)
        write_off(state, firm, -short)
        cover = 0.0
        if loan.for_ai == 1 and state.firms[loan.lender].kind == LENDER:
            cover = state.params[0].public_guarantee * short
            transfer(state, GOVERNMENT, loan.lender, cover, F_SUPPORT)
            write_off(state, loan.lender, -cover)
            state.firms[GOVERNMENT].retained -= cover
            m.public_money += cover
        state.firms[loan.lender].loss_month += short - cover
        state.firms[loan.lender].loans_held -= loan.principal
        f.debt -= loan.principal
        channel = LENDER_TO_LENDER if f.kind == LENDER else COUNTERPARTY
        log_hit(state, loan.lender, firm, channel, short - cover)
        lost += short
        loan.principal = 0.0
        loan.status = BROKEN
    for r in range(m.n_contracts):
        c = state.contracts[r]
        if c.status == BROKEN and c.buyer == firm and c.missed > 0.0:
            got = min(c.missed * rest_part, max(f.cash, 0.0)) if state.firms[c.seller].status == ACTIVE else 0.0
            transfer(state, firm, c.seller, got, F_COMPUTE)
            charge(state, firm, got)
            earn(state, c.seller, got)
            lost += c.missed - got
            c.missed = 0.0
    for pile in range(2):
        owed = f.other_debt if pile == 0 else f.funding
        got = min(owed * rest_part, max(f.cash, 0.0))
        transfer(state, firm, SAVERS, got, F_PRINCIPAL)
        state.firms[SAVERS].other_assets -= owed
        write_off(state, SAVERS, owed - got)
        write_off(state, firm, -(owed - got))
        lost += owed - got
    f.other_debt = 0.0
    f.funding = 0.0
    return lost


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
    row = m.n_defaults
    m.n_defaults += 1
    d = state.defaults[row]
    d.month = m.month
    d.stage = m.stage
    d.firm = firm
    d.shortfall = shortfall
    d.debt = f.debt + f.other_debt + f.funding
    explain(state, row, shortfall, reason)
    log_event(state, E_DEFAULT, firm, -1, shortfall)
    f.status = FAILED
    f.failed = m.month
    for r in range(m.n_contracts):
        c = state.contracts[r]
        if (c.status == LIVE or c.status == PENDING) and (c.buyer == firm or c.seller == firm):
            break_contract(state, r, firm)
    for r in range(m.n_orders):
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
    before = m.fire_discount
    from_fleet = sell_second_hand(state, firm)
    if from_fleet > 0.0:
        log_event(state, E_FIRE_SALE, firm, -1, from_fleet)
        spread_marks(state, firm, m.fire_discount - before)
    from_sites, from_holdings = sell_sites_and_rest(state, firm)
    pass_on_loans(state, firm)
    # What leaves in cash as costs of the proceedings (Rogers and Veraart's bankruptcy costs on the estate).
    cost = state.params[0].bankruptcy_cost * max(f.cash, 0.0)
    transfer(state, firm, SUPPLIERS, cost, F_BANKRUPTCY)
    charge(state, firm, cost)
    earn(state, SUPPLIERS, cost)
    d.loss_given = pay_creditors(state, firm, from_fleet, from_sites, from_holdings)
    # Owners: whatever is left goes to savers, paid-in capital is written off on both sides.
    left = max(f.cash, 0.0)
    transfer(state, firm, SAVERS, left, F_EQUITY)
    f.retained -= left
    state.firms[SAVERS].retained += left
    for r in range(m.n_stakes):
        s = state.stakes[r]
        if s.issuer == firm and s.book > 0.0:
            write_off(state, s.holder, s.book)
            state.firms[s.holder].holdings -= s.book
            f.retained += s.book
            f.paid_in -= s.book
            if state.firms[s.holder].kind == LENDER:
                log_hit(state, s.holder, firm, COUNTERPARTY, s.book)
            s.book = 0.0
            s.share = 0.0
    close_books(state, firm)


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


@jit
def spread_marks(state, firm, fall):
    """A fire sale marks everybody's hardware down: a hit of the collateral channel for every other owner."""
    m = state.market[0]
    for i in range(m.n_firms):
        other = state.firms[i]
        if i != firm and other.status == ACTIVE and other.fleet_mark > 0.0 and other.secured_debt > 0.0:
            log_hit(state, i, firm, COLLATERAL, other.fleet_mark * min(fall, 1.0))


@jit
def check_covenants(state):
    """Loan-to-value covenants: a breach sweeps cash; if that is not enough and the debt is not covered, the loan
    is called and the firm fails if it cannot pay. Work space row 1: what is called.

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
        if f.status != ACTIVE or state.firms[loan.lender].kind == OUTSIDE:
            continue
        value = collateral_value(state, loan.borrower)
        if f.secured_debt <= loan.covenant_ltv * value:
            continue
        excess = min(f.secured_debt - loan.covenant_ltv * value, loan.principal)
        sweep = min(excess, p.cash_sweep * max(f.cash - p.cash_buffer * f.operating_cost, 0.0))
        if sweep > 1e-6:
            prepay_loan(state, r, sweep)
        if f.secured_debt > p.acceleration_ltv * loan.covenant_ltv * value and f.dscr < p.acceleration_cover:
            called[loan.borrower] += loan.principal
            log_event(state, E_BREACH, loan.borrower, loan.lender, excess)
            log_hit(state, loan.borrower, -1, COLLATERAL, excess)
    found = False
    for i in range(m.n_firms):
        if called[i] > 0.0:
            if called[i] > state.firms[i].cash:
                found = True
            else:
                for r in range(m.n_loans):
                    loan = state.loans[r]
                    if loan.status == LIVE and loan.borrower == i and loan.covenant_ltv > 0.0:
                        prepay_loan(state, r, min(loan.principal, max(state.firms[i].cash, 0.0)))
                called[i] = 0.0
    return found


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
    capital = f.paid_in + f.retained
    weighted = p.loan_risk_weight * f.loans_held + f.other_weight * f.other_assets
    f.capital_ratio = min(capital / max(weighted, 1e-9), 9.9)
    minimum = f.min_capital * p.capital_requirement
    if capital < 0.0:
        rescue = p.backstop_share * (-capital + minimum * weighted)
        if rescue > 0.0:
            transfer(state, GOVERNMENT, i, rescue, F_SUPPORT)
            earn(state, i, rescue)
            state.firms[GOVERNMENT].retained -= rescue
            m.public_money += rescue
            log_event(state, E_BACKSTOP, i, -1, rescue)
            capital = f.paid_in + f.retained
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
        if loan.months_left <= 1:
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


@jit
def spread(state):
    """Covenants and lenders after the defaults so far, round by round until no one else falls."""
    m = state.market[0]
    called = state.work_space[1]
    mark_fleets(state)
    more = True
    while more:
        more = False
        m.stage += 1
        sum_claims(state)
        if check_covenants(state):
            for i in range(m.n_firms):
                if called[i] > 0.0 and state.firms[i].status == ACTIVE:
                    owed = called[i] - max(state.firms[i].cash, 0.0)
                    called[i] = 0.0
                    if owed > 0.0:
                        fail(state, i, owed, FOR_COLLATERAL)
                        more = True
        for i in range(m.n_firms):
            f = state.firms[i]
            if f.kind == LENDER and f.status == ACTIVE and check_lender(state, i):
                fail(state, i, -(f.paid_in + f.retained), FOR_CASH)
                more = True
        if more:
            mark_fleets(state)


@jit
def bring_down(state, firm):
    """Let a firm fail between two months, with all that follows."""
    f = state.firms[firm]
    state.market[0].stage = 1
    fail(state, firm, f.debt_service + f.invoiced_out + f.fixed_cost, BY_DECREE)
    spread(state)
    measure(state)


@jit
def aftermath(state):
    """Phase 8 of the month: resolve the defaults of the clearing, then covenants and lenders, round by round.

    Round numbers go on from the rounds of the clearing.
    """
    m = state.market[0]
    shortfall = state.work_space[0]
    for i in range(m.n_firms):
        shortfall[i] = 0.0
    for r in range(m.n_dues):
        if state.default_round[state.dues.debtor[r]] > 0:
            shortfall[state.dues.debtor[r]] += state.dues.amount[r] - state.dues.paid[r]
    last = 1
    for i in range(m.n_firms):
        last = max(last, state.default_round[i])
    for i in range(m.n_firms):
        f = state.firms[i]
        if f.status != ACTIVE or f.kind == OUTSIDE or state.default_round[i] > 0:
            continue
        if f.stops_paying >= 2.0:
            state.default_round[i] = 1
            shortfall[i] = f.debt_service + f.invoiced_out + f.fixed_cost
        elif f.kind == LAB and walks_away(state, i):
            state.default_round[i] = 1
            shortfall[i] = f.overpay
    for k in range(1, last + 1):
        m.stage = k
        for i in range(m.n_firms):
            if state.default_round[i] == k and state.firms[i].status == ACTIVE:
                fail(state, i, shortfall[i], BY_DECREE if state.firms[i].stops_paying >= 2.0 else FOR_CASH)
    m.stage = last
    spread(state)
    m.fire_discount *= 1.0 - state.params[0].fire_recovery
    measure(state)
