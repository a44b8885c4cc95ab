"""Expectations, sentiment, valuations and equity rounds: the beliefs that phase 9 acts on."""

from __future__ import annotations

import math

from abm.agents.lab import grow_overhead, sales
from abm.agents.lender import swing_appetite
from abm.engine.compiled import jit
from abm.engine.tables import ACTIVE, HISTORY, LAB, LENDER, N_SEGMENTS, NEOCLOUD
from abm.markets.equity import count_distress, hold_rounds, swing_sentiment, value_firms


@jit
def remember(state):
    """Put the month into every firm's memory and update its smoothed cash earnings.

    Of a lab's revenue its sales of AI work are remembered, not what it let of its compute.
    """
    m = state.market[0]
    slot = m.month % HISTORY
    for i in range(m.n_firms):
        f = state.firms[i]
        if f.status != ACTIVE:
            continue
        state.revenue_memory[i, slot] = sales(state, i) if f.kind == LAB else f.revenue
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
        elif f.kind == LAB or f.kind == NEOCLOUD:
            f.fixed_cost = grow_overhead(state, i)
    swing_sentiment(state)
    count_distress(state)
    value_firms(state)
    hold_rounds(state)
