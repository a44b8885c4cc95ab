"""Investors: their sentiment, what they think firms are worth, the rounds they take part in (phase 9)."""

from __future__ import annotations

import math

from abm.accounts.ledger import net_worth
from abm.agents.lab import closing_odds, runway, seek_equity, value_lab
from abm.agents.neocloud import seek_growth_equity
from abm.engine.compiled import jit
from abm.engine.draws import D_ROUND, D_SENTIMENT, normal, uniform
from abm.engine.tables import ACTIVE, CUSTOMERS, LAB, NEOCLOUD
from abm.instruments.stake import issue_equity


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
def seen_value(state, i):
    """Equity value of a firm by the rule (bn): a lab's by revenue and growth, another's by cash earnings less debt, at
    least a part of its book."""
    m = state.market[0]
    p = state.params[0]
    f = state.firms[i]
    if f.kind == LAB:
        return max(value_lab(state, i), 0.0)
    seen = (12.0 * f.earnings * p.earnings_multiple - f.debt) * m.sentiment
    return max(seen, p.book_floor * m.sentiment * max(net_worth(f), 0.0))


@jit
def value_firms(state):
    """Equity values investors use move towards the rule's, times what they paid more or less for a firm at the opening;
    what they believe of one firm and no rule knows fades."""
    m = state.market[0]
    p = state.params[0]
    for i in range(m.n_firms):
        f = state.firms[i]
        if f.status != ACTIVE or i <= CUSTOMERS:
            continue
        f.valuation += p.value_speed * (seen_value(state, i) * math.exp(f.premium) - f.valuation)
        f.premium *= 1.0 - p.premium_fade


@jit
def hold_rounds(state):
    """Equity rounds of labs and neoclouds; a round closes with a chance that follows sentiment and growth.

    Rounds are `round_spacing` months apart, but who has cash for less than half of `runway_trigger` asks every month.
    """
    m = state.market[0]
    p = state.params[0]
    for i in range(m.n_firms):
        f = state.firms[i]
        if f.status != ACTIVE or (f.kind != LAB and f.kind != NEOCLOUD) or f.parent >= 0:
            continue
        if m.month - f.last_round < p.round_spacing and runway(state, i) >= 0.5 * p.runway_trigger:
            continue
        wanted = seek_equity(state, i)
        if f.kind == NEOCLOUD:
            wanted = max(wanted, seek_growth_equity(state, i))
        if wanted <= 1e-3:
            continue
        if uniform(m.seed, D_ROUND, m.month, 1000 + i) < closing_odds(state, i):
            issue_equity(state, i, wanted, f.valuation)
            f.last_round = m.month
