"""Phase 10: aggregates, the firm panel, and look-through debt."""

from __future__ import annotations

import math

from numba import literal_unroll

from abm.accounts.ledger import binds, imbalance, net_worth, sum_claims
from abm.engine.compiled import jit
from abm.engine.tables import (
    ACTIVE,
    BN_PER_RATE,
    DEFERRAL,
    E_CONTRACT,
    E_EQUITY,
    E_LOAN,
    EXCHANGE,
    FAILED,
    HOURS,
    HYPERSCALER,
    LAB,
    LENDER,
    LIQUIDATION,
    LIVE,
    N_SEGMENTS,
    OUTSIDE,
    PANEL_COLUMNS,
    REORGANISATION,
    SPONSOR,
    VENDOR,
)
from abm.instruments.contract import ramp_months, unit_invoice


@jit
def sold_part(state, firm):
    """Part of a provider's AI debt that stands for what it sells: backlog over backlog and own workloads.

    Own workloads count at today's contract price for as long as the provider writes hardware off.
    """
    f = state.firms[firm]
    if f.kind != HYPERSCALER or f.backlog_in <= 0.0:
        return 1.0
    return f.backlog_in / (f.backlog_in + f.need * state.market[0].contract_price * BN_PER_RATE * f.book_life)


@jit
def look_through(state):
    """Debt that stands on others' books for each lab (bn), into the column `look_through`.

    AI debt dedicated to a tenant is wholly the tenant's, and orphaned (`market.orphaned`) when it has failed, as is the
    part of a provider's debt behind capacity that a lost customer left idle; the rest of a provider's AI debt is shared
    over its own workloads and the customers of its backlog and passed on along sub-contracts. The network of contracts
    is a short chain (vehicle, neocloud, hyperscaler, lab), so passing the debt on six times, enough for chains of six
    sellers, gives the solution of ``x = d + W' x`` that `abm.contagion.attribute_debt` solves.
    """
    m = state.market[0]
    carried = state.work_space[0]
    arriving = state.work_space[1]
    m.orphaned = 0.0
    for i in range(m.n_firms):
        carried[i] = 0.0
        state.firms[i].look_through = 0.0
    for r in range(m.n_loans):
        loan = state.loans[r]
        if loan.status != LIVE or loan.for_ai == 0:
            continue
        if loan.end_user >= 0:
            if state.firms[loan.end_user].status == FAILED:
                m.orphaned += loan.principal
            else:
                state.firms[loan.end_user].look_through += loan.principal
        elif state.firms[loan.borrower].kind != LAB:
            f = state.firms[loan.borrower]
            idle = min(f.stranded / f.capacity, 1.0) if f.capacity > 0.0 else 0.0
            m.orphaned += idle * loan.principal
            carried[loan.borrower] += (1.0 - idle) * loan.principal * sold_part(state, loan.borrower)
    for _ in range(6):
        for i in range(m.n_firms):
            arriving[i] = 0.0
        for r in range(m.n_contracts):
            c = state.contracts[r]
            if not binds(c) or carried[c.seller] <= 0.0:
                continue
            total = state.firms[c.seller].backlog_in
            if total <= 0.0:
                continue
            part = carried[c.seller] * unit_invoice(c) * ramp_months(c, m.month + 1) / total
            target = c.end_user if c.end_user >= 0 else c.buyer
            if state.firms[target].kind == LAB:
                state.firms[target].look_through += part
            elif c.own_use == 0:
                arriving[target] += part
        for i in range(m.n_firms):
            carried[i] = arriving[i]


@jit
def record_panel(state):
    """Copy the columns of the firm table that the panel keeps (`PANEL_COLUMNS`)."""
    m = state.market[0]
    for i in range(m.n_firms):
        f = state.firms[i]
        row = state.panel[m.n_series, i]
        for column in literal_unroll(PANEL_COLUMNS):
            row[column] = f[column]


@jit
def record_events(state, s):
    """What happened since the last month: loans, equity, contracts, defaults."""
    m = state.market[0]
    s.new_loans = 0.0
    s.equity_raised = 0.0
    s.new_contracts = 0.0
    s.lab_contracts = 0.0
    for e in range(m.n_events - 1, m.seen_events - 1, -1):
        event = state.events[e]
        if event.kind == E_LOAN:
            s.new_loans += event.amount
        elif event.kind == E_EQUITY:
            s.equity_raised += event.amount
        elif event.kind == E_CONTRACT and state.firms[event.a].parent != event.b:
            # What stays within a group falls out of its accounts.
            s.new_contracts += event.amount
            if state.firms[event.a].kind == LAB:
                s.lab_contracts += event.amount
    s.defaults = 0
    s.contagious = 0
    s.liquidations = 0
    s.reorganisations = 0
    s.exchanges = 0
    s.deferrals = 0
    s.rounds = 0
    for k in range(m.n_defaults - 1, m.seen_defaults - 1, -1):
        d = state.defaults[k]
        s.defaults += 1
        s.contagious += 1 - d.fundamental
        s.liquidations += 1 if d.way == LIQUIDATION else 0
        s.reorganisations += 1 if d.way == REORGANISATION else 0
        s.exchanges += 1 if d.way == EXCHANGE else 0
        s.deferrals += 1 if d.way == DEFERRAL else 0
        s.rounds = max(s.rounds, d.stage)


@jit
def record_firms(state, s, work):
    """Sums over firms and loans; `work` is the AI work of the month (bn units)."""
    m = state.market[0]
    s.fleet = 0.0
    s.power_gw = 0.0
    s.energy_twh = 0.0
    s.emissions_mt = 0.0
    s.capex = 0.0
    s.capex_big5 = 0.0
    s.debt = 0.0
    s.ai_debt = 0.0
    s.look_through = 0.0
    s.look_through_flagship = 0.0
    s.orphaned = m.orphaned
    s.backlog = 0.0
    s.gpu_sales = 0.0
    s.stalled = 0.0
    s.bonds_big5 = 0.0
    s.lender_capital = 0.0
    s.lender_losses = 0.0
    s.appetite = 0.0
    s.failed = 0
    used = 0.0
    books = 0.0
    for i in range(m.n_firms):
        f = state.firms[i]
        if f.status == FAILED:
            s.failed += 1
        if f.kind == LENDER:
            s.lender_losses += f.loss_month
        if f.status != ACTIVE:
            continue
        s.fleet += f.capacity
        s.stalled += f.stalled
        used += f.used
        s.energy_twh += f.energy
        s.emissions_mt += f.emissions
        if f.kind == LENDER:
            s.lender_capital += net_worth(f)
            s.appetite += f.appetite * (f.loans_held + 1e-9)
            books += f.loans_held + 1e-9
            if f.subkind == SPONSOR:
                s.debt += f.debt
            continue
        if f.kind == OUTSIDE:
            continue
        s.capex += f.capex
        s.debt += f.debt
        s.backlog += f.backlog_out
        if f.kind == HYPERSCALER:
            s.capex_big5 += f.capex
            s.bonds_big5 += f.bonds
        elif f.kind == VENDOR:
            s.gpu_sales += f.revenue
        elif f.kind == LAB:
            s.look_through += f.look_through
            if i == m.flagship:
                s.look_through_flagship = f.look_through
    for r in range(m.n_loans):
        loan = state.loans[r]
        if loan.status == LIVE and loan.for_ai == 1:
            s.ai_debt += loan.principal
    s.appetite /= max(books, 1e-9)
    s.utilisation = used / s.fleet if s.fleet > 0.0 else 0.0
    s.power_gw = s.energy_twh * 1000.0 / HOURS
    s.energy_per_work = s.energy_twh / work if work > 0.0 else 0.0


@jit
def record(state):
    """Phase 10 of the month: one row of the series, one of the panel."""
    m = state.market[0]
    sum_claims(state)
    look_through(state)
    s = state.series[m.n_series]
    s.month = m.month
    s.ai_revenue = 0.0
    work = 0.0
    level = 0.0
    for k in range(N_SEGMENTS):
        segment = state.segments[k]
        s.ai_revenue += segment.spending
        work += segment.work
        level += segment.price_index / segment.opening_index
    m.token_price = 100.0 * level / N_SEGMENTS
    m.equal_quality_price = m.token_price * math.exp(-m.complexity)
    s.token_price = m.token_price
    s.equal_quality_price = m.equal_quality_price
    s.spot_price = m.spot_price
    s.contract_price = m.contract_price
    s.year_price = m.year_price
    s.tightness = m.tightness
    s.rationed = m.rationed
    s.frontier = m.frontier
    s.open_gap = m.frontier - m.best_open
    s.sentiment = m.sentiment
    record_firms(state, s, work)
    record_events(state, s)
    s.public_money = m.public_money
    s.gross_flow = m.gross_flow
    s.imbalance = imbalance(state)
    if m.record_panel == 1:
        record_panel(state)
        for k in range(state.flows.shape[0]):
            for a in range(state.flows.shape[1]):
                for b in range(state.flows.shape[2]):
                    state.flow_record[m.n_series, k, a, b] = state.flows[k, a, b]
    m.n_series += 1
    m.seen_defaults = m.n_defaults
    m.seen_events = m.n_events
