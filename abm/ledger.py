"""The only place where cash moves, where claims are written down, and the checks that all of it balances.

Balance sheet of every firm (bn):
assets = cash + other_assets + sites + fleet_book + prepaid_out + deposits_out + loans_held + holdings;
debts = other_debt + funding + debt + prepaid_in + deposits_in; assets - debts = paid_in + retained.
`retained` moves only through `earn`, `charge` and `write_off`, the other items only with the rows of the
tables behind them, so that `imbalance` is a real check and not an identity.
"""

from __future__ import annotations

import math

from abm.compiled import jit
from abm.economy import (
    ABSENT,
    ACTIVE,
    BROKEN,
    ENDED,
    F_DIVIDEND,
    F_EQUITY,
    F_FUNDING,
    FREE,
    INTENT,
    LIVE,
    PENDING,
    SAVERS,
)

TOLERANCE = 1e-9  # of gross flows: how far accounts may be open


@jit
def transfer(state, payer, payee, amount, flow):
    """Move cash; the other side of the entry (income, a claim, an asset) is the caller's.

    Parameters
    ----------
    state : State
    payer, payee : int
        Rows of the firm table.
    amount : float
        bn, not negative.
    flow : int
        Kind of flow, `abm.economy.F_*`.
    """
    firms = state.firms
    firms[payer].cash -= amount
    firms[payee].cash += amount
    state.flows[flow, firms[payer].kind, firms[payee].kind] += amount
    state.market[0].gross_flow += amount


@jit
def earn(state, firm, amount):
    """Book income of the month (bn)."""
    f = state.firms[firm]
    f.retained += amount
    f.revenue += amount


@jit
def charge(state, firm, amount):
    """Book an operating cost of the month (bn)."""
    f = state.firms[firm]
    f.retained -= amount
    f.operating_cost += amount


@jit
def write_off(state, firm, amount):
    """Book a loss on a claim or an asset (bn); a negative amount is a gain on being freed of a debt."""
    f = state.firms[firm]
    f.retained -= amount
    f.write_off += amount


@jit
def pay_cost(state, payer, payee, amount, flow):
    """Pay for something used up at once: the payer's cost is the payee's income."""
    transfer(state, payer, payee, amount, flow)
    charge(state, payer, amount)
    earn(state, payee, amount)


@jit
def depreciate(state, firm, amount):
    """Book depreciation (bn); the caller lowers the asset."""
    f = state.firms[firm]
    f.retained -= amount
    f.depreciation += amount


@jit
def raise_funding(state, lender, amount):
    """Savers put money into a lender (bn): deposits, fund units or notes behind its AI book."""
    transfer(state, SAVERS, lender, amount, F_FUNDING)
    state.firms[lender].funding += amount
    state.firms[SAVERS].other_assets += amount


@jit
def return_funding(state, lender, amount):
    """A lender pays savers back (bn)."""
    transfer(state, lender, SAVERS, amount, F_FUNDING)
    state.firms[lender].funding -= amount
    state.firms[SAVERS].other_assets -= amount


@jit
def pay_out(state, firm, amount):
    """Dividends and buybacks (bn): out of retained earnings, into savers' hands."""
    transfer(state, firm, SAVERS, amount, F_DIVIDEND)
    state.firms[firm].retained -= amount
    state.firms[SAVERS].retained += amount


@jit
def begin_month(state):
    """Set the month's flows of all firms and of the matrix to what acts since the last month have moved."""
    m = state.market[0]
    m.stage = 0
    m.gross_flow = 0.0
    for k in range(state.flows.shape[0]):
        for a in range(state.flows.shape[1]):
            for b in range(state.flows.shape[2]):
                state.flows[k, a, b] = state.acted_flows[k, a, b]
                m.gross_flow += state.acted_flows[k, a, b]
                state.acted_flows[k, a, b] = 0.0
    for i in range(m.n_firms):
        f = state.firms[i]
        acted = state.acted[i]
        f.revenue = acted.revenue
        f.operating_cost = acted.operating_cost
        f.interest_cost = acted.interest_cost
        f.depreciation = acted.depreciation
        f.write_off = acted.write_off
        f.capex = acted.capex
        f.loss_month = acted.loss_month
        acted.revenue = 0.0
        acted.operating_cost = 0.0
        acted.interest_cost = 0.0
        acted.depreciation = 0.0
        acted.write_off = 0.0
        acted.capex = 0.0
        acted.loss_month = 0.0
        f.spot_bought = 0.0
        f.spot_sold = 0.0
        f.used = 0.0
        f.energy = 0.0
        f.emissions = 0.0


@jit
def sum_claims(state):
    """Recompute every balance-sheet item that stands for rows of a table: both sides from the same row."""
    m = state.market[0]
    firms = state.firms
    for i in range(m.n_firms):
        f = firms[i]
        f.debt = 0.0
        f.secured_debt = 0.0
        f.loans_held = 0.0
        f.prepaid_in = 0.0
        f.prepaid_out = 0.0
        f.deposits_in = 0.0
        f.deposits_out = 0.0
        f.holdings = 0.0
        f.paid_in = 0.0
        f.fleet_book = 0.0
        for g in range(m.n_generations):
            f.fleet_book += state.fleet[i, g].book
    for r in range(m.n_loans):
        loan = state.loans[r]
        if loan.status == LIVE:
            firms[loan.borrower].debt += loan.principal
            firms[loan.lender].loans_held += loan.principal
            if loan.collateral != 0:
                firms[loan.borrower].secured_debt += loan.principal
    for r in range(m.n_contracts):
        contract = state.contracts[r]
        if contract.status == LIVE or contract.status == PENDING:
            firms[contract.seller].prepaid_in += contract.prepaid
            firms[contract.buyer].prepaid_out += contract.prepaid
    for r in range(m.n_orders):
        order = state.orders[r]
        if order.status == PENDING:
            firms[order.vendor].deposits_in += order.deposit
            firms[order.buyer].deposits_out += order.deposit
    for r in range(m.n_stakes):
        stake = state.stakes[r]
        firms[stake.issuer].paid_in += stake.book
        firms[stake.holder].holdings += stake.book


@jit
def assets(f):
    """Book value of all a firm owns (bn)."""
    return (
        f.cash
        + f.other_assets
        + f.sites
        + f.fleet_book
        + f.prepaid_out
        + f.deposits_out
        + f.loans_held
        + f.holdings
    )


@jit
def liabilities(f):
    """All a firm owes (bn)."""
    return f.other_debt + f.funding + f.debt + f.prepaid_in + f.deposits_in


@jit
def net_worth(f):
    """Paid-in capital and retained earnings (bn)."""
    return f.paid_in + f.retained


@jit
def imbalance(state):
    """Largest accounting error of the state (bn): call after `sum_claims`.

    Returns
    -------
    float
        The larger of the worst firm's |assets - liabilities - paid_in - retained| and of the sums over
        all firms of money and of each two-sided claim, all of which are zero in a consistent state.
    """
    m = state.market[0]
    worst = 0.0
    money = 0.0
    loans = 0.0
    prepaid = 0.0
    deposits = 0.0
    shares = 0.0
    savings = state.firms[SAVERS].other_assets
    for i in range(m.n_firms):
        f = state.firms[i]
        if f.status == ABSENT:
            continue
        worst = larger_gap(worst, assets(f) - liabilities(f) - net_worth(f))
        money += f.cash
        loans += f.loans_held - f.debt
        prepaid += f.prepaid_out - f.prepaid_in
        deposits += f.deposits_out - f.deposits_in
        shares += f.holdings - f.paid_in
        savings -= f.funding + f.other_debt
    for total in (money, loans, prepaid, deposits, shares, savings):
        worst = larger_gap(worst, total)
    return worst


@jit
def larger_gap(worst, gap):
    """The larger of a gap so far and the size of another; what is no number is an infinite gap."""
    size = abs(gap)
    if not size < math.inf:
        return math.inf
    return max(worst, size)


@jit
def is_sound(state):
    """Whether the month just recorded is one to go on from: numbers that a float holds, and accounts that close.

    The accounts close if the largest error is at most `TOLERANCE` of the gross flows of the largest month so far (what
    is left of a collapsed economy stands on its old books).
    """
    m = state.market[0]
    m.largest_flow = max(m.largest_flow, m.gross_flow)
    if not state.series[m.n_series - 1].imbalance <= TOLERANCE * max(m.largest_flow, 1.0):
        return False
    total = m.spot_price + m.contract_price + m.long_run_price + m.power_price + m.base_rate + m.unit_compute
    total += m.token_price + m.tenant_demand + m.frontier + m.sentiment + m.demand_growth + m.algorithm_level
    for s in range(state.segments.shape[0]):
        segment = state.segments[s]
        total += segment.work + segment.spending + segment.price_index + segment.shock
    for i in range(m.n_firms):
        f = state.firms[i]
        total += f.price + f.quality + f.need + f.training_stock + f.work + f.valuation + f.earnings + f.mean_cost
        total += f.expected_growth + f.expected_spot + f.fixed_cost + f.other_income + f.pd + f.energy + f.supply
    return abs(total) < math.inf


@jit
def overflowing(state):
    """Whether a table has no room left for the most rows one month can add."""
    m = state.market[0]
    spare = 8 * m.n_firms + 64
    # A fire sale marks down every other owner, and in the worst month everybody fails.
    chain = m.n_contracts + m.n_loans + spare * 2 + m.n_firms * m.n_firms
    return (
        m.n_contracts + spare > state.contracts.shape[0]
        or m.n_loans * 2 + spare * 2 > state.loans.shape[0]
        or m.n_orders + spare > state.orders.shape[0]
        or m.n_stakes + spare > state.stakes.shape[0]
        or m.n_hits + chain > state.hits.shape[0]
        or m.n_defaults + m.n_firms > state.defaults.shape[0]
        or m.n_parents + chain > state.parents.shape[0]
        or m.n_events + chain + spare > state.events.shape[0]
        or m.n_firms + 16 > state.firms.shape[0]
        or m.n_generations + 4 > state.generations.shape[0]
        or m.n_contracts + m.n_loans * 2 + m.n_orders * 2 + spare * 4 > state.dues.amount.shape[0]
        or m.n_series + 1 > state.series.shape[0]
        or (m.record_panel == 1 and m.n_series + 1 > state.panel.shape[0])
    )


@jit
def log_event(state, kind, a, b, amount):
    """Append a row to the event log."""
    m = state.market[0]
    e = state.events[m.n_events]
    e.month = m.month
    e.kind = kind
    e.a = a
    e.b = b
    e.amount = amount
    m.n_events += 1


@jit
def log_hit(state, victim, source, channel, amount):
    """Append a loss that one firm's failure or stress brought on another (bn); nothing if not positive.

    It is dated with the round of the cascade now running, `market.stage`.
    """
    if amount <= 1e-12 or victim == source:
        return
    m = state.market[0]
    h = state.hits[m.n_hits]
    h.month = m.month
    h.stage = m.stage
    h.victim = victim
    h.source = source
    h.channel = channel
    h.amount = amount
    m.n_hits += 1


@jit
def new_contract(state, kind, buyer, seller, quantity, price, months, start, ramp, take_or_pay):
    """Append a contract, PENDING until its start month.

    Returns
    -------
    int
        Its row.
    """
    m = state.market[0]
    r = m.n_contracts
    c = state.contracts[r]
    c.id = m.next_contract
    c.kind = kind
    c.status = PENDING
    c.buyer = buyer
    c.seller = seller
    c.guarantor = -1
    c.end_user = -1
    c.own_use = 0
    c.backstop = 0
    c.signed = m.month
    c.start = start
    c.ramp = ramp
    c.months = months
    c.months_left = months
    c.quantity = quantity
    c.delivered = 0.0
    c.price = price
    c.take_or_pay = take_or_pay
    c.prepaid = 0.0
    c.announced = 0.0
    c.missed = 0.0
    c.amended = -1
    m.n_contracts += 1
    m.next_contract += 1
    return r


@jit
def new_loan(state, kind, lender, borrower, principal, rate, months, tier, collateral, amortising):
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
    loan.tier = tier
    loan.collateral = collateral
    loan.end_user = -1
    loan.for_ai = 1
    loan.amortising = amortising
    loan.committed = 1
    loan.made = m.month
    loan.months = months
    loan.months_left = months
    loan.principal = principal
    loan.limit = principal
    loan.rate = rate
    loan.covenant_ltv = 0.0
    loan.amended = -1
    m.n_loans += 1
    m.next_loan += 1
    return r


@jit
def new_order(state, kind, buyer, vendor, generation, units, price, deposit, due):
    """Append an order to the queue; the caller moves the deposit.

    Returns
    -------
    int
        Its row.
    """
    m = state.market[0]
    r = m.n_orders
    o = state.orders[r]
    o.id = m.next_order
    o.kind = kind
    o.status = PENDING
    o.buyer = buyer
    o.vendor = vendor
    o.generation = generation
    o.placed = m.month
    o.due = due
    o.end_user = -1
    o.units = units
    o.price = price
    o.deposit = deposit
    o.ready = 0.0
    m.n_orders += 1
    m.next_order += 1
    return r


@jit
def new_stake(state, holder, issuer, share, book):
    """Add paid-in capital: to the holder's row of this issuer if there is one, else a new row."""
    m = state.market[0]
    for r in range(m.n_stakes):
        s = state.stakes[r]
        if s.holder == holder and s.issuer == issuer:
            s.share += share
            s.book += book
            return
    s = state.stakes[m.n_stakes]
    s.holder = holder
    s.issuer = issuer
    s.share = share
    s.book = book
    m.n_stakes += 1


@jit
def is_firm(contract):
    """Whether a contract binds: live or signed and waiting, not an intent and not over."""
    return contract.status == LIVE or contract.status == PENDING


@jit
def is_over(status):
    """Whether a row of contracts, loans or orders has no claim left."""
    return status == FREE or status == ENDED or status == BROKEN or status == INTENT


@jit
def new_firm(state, kind, like):
    """Append a firm that does what another does at the same cost, with empty books.

    Parameters
    ----------
    kind : int
    like : int
        Row of the firm whose costs it shares.

    Returns
    -------
    int
        Its row, -1 if the table is full until it grows.
    """
    m = state.market[0]
    i = m.n_firms
    if i + 2 > state.firms.shape[0]:
        return -1
    # The last row of the table is never used: it is the blank form.
    state.firms[i] = state.firms[state.firms.shape[0] - 1]
    f = state.firms[i]
    model = state.firms[like]
    f.kind = kind
    f.status = ACTIVE
    f.parent = -1
    f.tenant = -1
    f.entered = m.month
    f.failed = -1
    f.last_round = m.month
    f.last_project = m.month
    f.pue = model.pue
    f.power_premium = model.power_premium
    f.renewables = model.renewables
    f.unit_opex = model.unit_opex
    f.book_life = model.book_life
    f.amd_share = model.amd_share
    f.custom_share = model.custom_share
    f.top_customer_id = -1
    f.expected_spot = m.spot_price
    f.expected_growth = model.expected_growth
    f.pd = model.pd
    f.dscr = 9.9
    m.n_firms += 1
    return i


@jit
def endow(state, firm, amount):
    """Savers found a firm with equity, or add to it (bn)."""
    transfer(state, SAVERS, firm, amount, F_EQUITY)
    new_stake(state, SAVERS, firm, 1.0 if state.firms[firm].paid_in <= 0.0 else 0.0, amount)
    state.firms[firm].paid_in += amount
    state.firms[firm].valuation += amount
    state.firms[SAVERS].holdings += amount
