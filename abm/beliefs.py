"""Expectations, sentiment, valuations and equity rounds: the beliefs that phase 9 acts on."""

from __future__ import annotations

import math

from abm.agents.lab import grow_overhead, seek_equity, value_lab
from abm.agents.lender import swing_appetite
from abm.compiled import jit
from abm.draws import D_ROUND, D_SENTIMENT, normal, uniform
from abm.economy import ACTIVE, CUSTOMERS, HISTORY, LAB, LENDER, N_SEGMENTS, NEOCLOUD
from abm.markets.credit import issue_equity


@jit
def remember(state):
    """Put the month into every firm's memory and update its smoothed cash earnings."""
    m = state.market[0]
    slot = m.month % HISTORY
    for i in range(m.n_firms):
        f = state.firms[i]
        if f.status != ACTIVE:
            continue
        state.revenue_memory[i, slot] = f.revenue
        state.result_memory[i, slot] = f.revenue - f.operating_cost - f.depreciation
        cash = f.revenue - f.operating_cost + f.stock_pay
        f.mean_cost += state.params[0].earnings_speed * (f.operating_cost - f.mean_cost)
        f.earnings += state.params[0].earnings_speed * (cash - f.earnings)
        total = 0.0
        for k in range(6):
            total += state.result_memory[i, (m.month - k) % HISTORY]
        f.operating_result_6m = total
    spending = 0.0
    for s in range(N_SEGMENTS):
        spending += state.segments[s].spending
    state.market_memory[slot] = spending
    before = state.market_memory[(m.month + 1) % HISTORY]
    if before > 0.0 and spending > 0.0:
        m.demand_growth = math.log(spending / before) * HISTORY / (HISTORY - 1.0)


@jit
def expect_growth(state, i):
    """Adaptive and extrapolative expectation of a firm's revenue growth (log a year).

    ``e + lambda (kappa * g - e)`` with g the growth of the last six months, a year's pace (Hommes 2013 on
    heuristics that adapt and extrapolate).
    """
    m = state.market[0]
    p = state.params[0]
    now = state.revenue_memory[i, m.month % HISTORY]
    before = state.revenue_memory[i, (m.month - 6) % HISTORY]
    f = state.firms[i]
    if now <= 1e-9 or before <= 1e-9:
        return f.expected_growth * (1.0 - p.expectation_speed)
    seen = min(max(2.0 * math.log(now / before), -2.0), 2.0)
    return f.expected_growth + p.expectation_speed * (p.extrapolation * seen - f.expected_growth)


@jit
def swing_sentiment(state):
    """Investors' sentiment: returns to normal, rises when AI revenue outgrows their yardstick, falls with defaults.

    A default weighs with its debt relative to all debt of the sector.
    """
    m = state.market[0]
    p = state.params[0]
    failed = 0.0
    for k in range(m.n_defaults - 1, m.seen_defaults - 1, -1):
        failed += state.defaults[k].debt + 0.1
    debt = 1.0
    for i in range(m.n_firms):
        if state.firms[i].status == ACTIVE:
            debt += state.firms[i].debt
    s = m.sentiment
    s += p.sentiment_reversion * (1.0 - s)
    s += p.sentiment_growth * (m.demand_growth - p.growth_yardstick)
    s -= p.sentiment_fear * min(failed / debt, 1.0)
    s += p.sentiment_noise * normal(m.seed, D_SENTIMENT, m.month, 0)
    m.sentiment = min(max(s, 0.2), 1.6)


@jit
def value_firms(state):
    """Equity values investors see: labs by revenue and growth, other firms by cash earnings less debt."""
    m = state.market[0]
    p = state.params[0]
    for i in range(m.n_firms):
        f = state.firms[i]
        if f.status != ACTIVE or i <= CUSTOMERS:
            continue
        if f.kind == LAB:
            seen = value_lab(state, i)
        else:
            seen = (12.0 * f.earnings * p.earnings_multiple - f.debt) * m.sentiment
            seen = max(seen, p.book_floor * m.sentiment * max(f.paid_in + f.retained, 0.0))
        f.valuation += p.value_speed * (max(seen, 0.0) - f.valuation)


@jit
def hold_rounds(state):
    """Equity rounds of labs and neoclouds; a round closes with a chance that follows sentiment."""
    m = state.market[0]
    p = state.params[0]
    for i in range(m.n_firms):
        f = state.firms[i]
        if f.status != ACTIVE or (f.kind != LAB and f.kind != NEOCLOUD) or f.parent >= 0:
            continue
        if m.month - f.last_round < p.round_spacing:
            continue
        wanted = seek_equity(state, i)
        if wanted <= 1e-3:
            continue
        if uniform(m.seed, D_ROUND, m.month, 1000 + i) < p.round_success * m.sentiment:
            issue_equity(state, i, wanted, f.valuation)
            f.last_round = m.month


@jit
def update_beliefs(state):
    """First part of phase 9."""
    m = state.market[0]
    p = state.params[0]
    remember(state)
    for i in range(m.n_firms):
        f = state.firms[i]
        if f.status != ACTIVE:
            continue
        f.expected_growth = expect_growth(state, i)
        f.expected_spot += p.expectation_speed * (m.spot_price - f.expected_spot)
        if f.kind == LENDER:
            f.appetite = swing_appetite(state, i)
        elif f.kind == LAB:
            f.fixed_cost = grow_overhead(state, i)
    swing_sentiment(state)
    value_firms(state)
    hold_rounds(state)
