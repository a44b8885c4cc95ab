"""The only place where cash moves, where claims are written down, and the checks that all of it balances.

Balance sheet of every firm (bn):
assets = cash + other_assets + sites + fleet_book + prepaid_out + deposits_out + loans_held + holdings;
debts = other_debt + funding + debt + prepaid_in + deposits_in; assets - debts = paid_in + retained.
`retained` moves only through `earn`, `charge` and `write_off`, the other items only with the rows of the
tables behind them, so that `imbalance` is a real check and not an identity.
"""

from __future__ import annotations

import math

from abm.engine.chains import chain_hit, chain_rows
from abm.engine.compiled import jit
from abm.engine.tables import ABSENT, F_DIVIDEND, F_FUNDING, LIVE, PENDING, SAVERS

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
        Kind of flow, `abm.engine.tables.F_*`.
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
def binds(contract):
    """Whether a contract binds: live or signed and waiting, not an intent and not over."""
    return contract.status == LIVE or contract.status == PENDING


@jit
def begin_month(state):
    """Set the month's flows of all firms and of the matrix to what acts since the last month have moved."""
    m = state.market[0]
    chain_rows(state)
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
        f.bonds = acted.bonds
        f.loss_month = acted.loss_month
        acted.revenue = 0.0
        acted.operating_cost = 0.0
        acted.interest_cost = 0.0
        acted.depreciation = 0.0
        acted.write_off = 0.0
        acted.capex = 0.0
        acted.bonds = 0.0
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
        f.undrawn = 0.0
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
            firms[loan.lender].undrawn += loan.undrawn
            if loan.collateral != 0:
                firms[loan.borrower].secured_debt += loan.principal
    for r in range(m.n_contracts):
        contract = state.contracts[r]
        if binds(contract):
            firms[contract.seller].prepaid_in += contract.prepaid
            firms[contract.buyer].prepaid_out += contract.prepaid
    for r in range(m.oldest_order, m.n_orders):
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
def log_event(state, kind, a, b, amount):
    """Append a row to the event log."""
    m = state.market[0]
    if m.n_events >= state.events.shape[0]:
        m.no_room = 1
        return
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
    m = state.market[0]
    if amount <= 1e-12 or victim == source:
        return
    if m.n_hits >= state.hits.shape[0]:
        m.no_room = 1
        return
    h = state.hits[m.n_hits]
    h.month = m.month
    h.stage = m.stage
    h.victim = victim
    h.source = source
    h.channel = channel
    h.amount = amount
    chain_hit(state, m.n_hits)
    m.n_hits += 1
