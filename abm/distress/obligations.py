"""Phase 5: everything that falls due, in one network with seniority."""

from __future__ import annotations

from abm.accounts.ledger import charge, earn, pay_cost
from abm.agents.firm import is_protected
from abm.agents.lender import is_short_of_capital, rebuild_capital
from abm.engine.chains import first_stake, next_stake
from abm.engine.compiled import jit
from abm.engine.tables import (
    ACTIVE,
    BANK,
    BN_PER_RATE,
    CUSTOMERS,
    DUE_CARBON,
    DUE_FUNDING,
    DUE_INTEREST,
    DUE_MAKING,
    DUE_OPERATING,
    DUE_ORDER,
    DUE_POWER,
    DUE_PRINCIPAL,
    DUE_REVENUE_SHARE,
    DUE_SPOT,
    F_OTHER_BUSINESS,
    GOVERNMENT,
    GPU_ORDER,
    HYPERSCALER,
    INSURER,
    LAB,
    LENDER,
    LIVE,
    OUTSIDE,
    PENDING,
    POWER,
    SAVERS,
    SUPPLIERS,
)
from abm.instruments.contract import bill_contracts
from abm.instruments.due import owe
from abm.instruments.loan import scheduled_principal
from abm.instruments.order import balance_due
from abm.instruments.stake import new_stake
from abm.markets.power import mean_kw


@jit
def first_cloud(state, lab):
    """The hyperscaler that holds the largest stake in a lab, to whom it pays its revenue share; -1 if none."""
    best = -1
    share = 0.0
    r = first_stake(state, lab)
    while r >= 0:
        s = state.stakes[r]
        if s.share > share and state.firms[s.holder].kind == HYPERSCALER:
            best = s.holder
            share = s.share
        r = next_stake(state, r)
    return best


@jit
def pay_in_shares(state, firm):
    """Staff paid in shares: a cost without cash, new paid-in capital held by savers."""
    f = state.firms[firm]
    amount = f.stock_pay
    if amount <= 0.0:
        return
    charge(state, firm, amount)
    earn(state, SAVERS, amount)
    new_stake(state, SAVERS, firm, 0.0, amount)


@jit
def owe_running_costs(state, i):
    """Staff, power, carbon, running costs, spot compute and revenue shares of one firm."""
    m = state.market[0]
    p = state.params[0]
    f = state.firms[i]
    owe(state, DUE_OPERATING, i, SUPPLIERS, f.fixed_cost, -1)
    pay_in_shares(state, i)
    if f.capacity > 0.0:
        owe(state, DUE_OPERATING, i, SUPPLIERS, f.used * mean_kw(state, i) * f.unit_opex * BN_PER_RATE, -1)
        power = f.energy * m.power_price * f.power_premium * 1e-3
        owe(state, DUE_POWER, i, POWER, power, -1)
        owe(state, DUE_CARBON, i, GOVERNMENT, f.emissions * m.carbon_price * 1e-3, -1)
    owe(state, DUE_SPOT, i, CUSTOMERS, f.spot_bought * m.spot_price * BN_PER_RATE, -1)
    if is_protected(state, i):
        # Lawyers and advisers of a year of proceedings, month by month.
        fees = p.reorganisation_cost * (f.debt + max(f.valuation, 0.0)) / max(p.reorganisation_months, 1.0)
        owe(state, DUE_OPERATING, i, SUPPLIERS, fees, -1)
    if f.kind == LAB and f.revenue_share > 0.0:
        cloud = first_cloud(state, i)
        if cloud >= 0 and state.firms[cloud].status == ACTIVE:
            owe(state, DUE_REVENUE_SHARE, i, cloud, f.revenue_share * f.revenue, -1)
    if f.kind == LENDER:
        rate = max(m.base_rate + p.funding_spread, 0.0)
        owe(state, DUE_FUNDING, i, SAVERS, f.funding * rate / 12.0, -1)
        owe(state, DUE_OPERATING, i, SUPPLIERS, f.loans_held * p.lender_cost / 12.0, -1)


@jit
def obligations(state):
    """Phase 5 of the month: everything that falls due, in one network with seniority."""
    m = state.market[0]
    m.n_dues = 0
    for i in range(m.n_firms):
        f = state.firms[i]
        if f.status != ACTIVE or f.kind == OUTSIDE:
            continue
        if f.other_income > 0.0:
            pay_cost(state, CUSTOMERS, i, f.other_income, F_OTHER_BUSINESS)
        if f.kind == LENDER and (f.subkind == BANK or f.subkind == INSURER) and is_short_of_capital(state, i):
            rebuild_capital(state, i)
        owe_running_costs(state, i)
    bill_contracts(state)
    for r in range(m.n_loans):
        loan = state.loans[r]
        if loan.status != LIVE or loan.lender < 0 or is_protected(state, loan.borrower):
            continue
        interest = loan.principal * loan.rate / 12.0
        owe(state, DUE_INTEREST, loan.borrower, loan.lender, interest, r)
        owe(state, DUE_PRINCIPAL, loan.borrower, loan.lender, scheduled_principal(loan), r)
    for r in range(m.oldest_order, m.n_orders):
        o = state.orders[r]
        if o.status == PENDING and o.ready > 0.0:
            owe(state, DUE_ORDER, o.buyer, o.vendor, balance_due(o), r)
            if o.kind == GPU_ORDER:
                making = (1.0 - state.firms[o.vendor].margin) * balance_due(o)
                owe(state, DUE_MAKING, o.vendor, SUPPLIERS, making, r)
