"""Investors: their sentiment, what they think firms are worth, the rounds they take part in (phase 9)."""

from __future__ import annotations

import math

from abm.accounts.ledger import net_worth
from abm.agents.lab import appeal, closing_odds, runway, seek_equity, value_lab
from abm.agents.neocloud import seek_growth_equity
from abm.engine.compiled import jit
from abm.engine.draws import D_ROUND, D_SENTIMENT, D_VALUE, normal, uniform
from abm.engine.tables import ACTIVE, HYPERSCALER, LAB, LENDER, LIQUIDATION, NEOCLOUD, OUTSIDE, VEHICLE, VENDOR
from abm.instruments.stake import issue_equity
from abm.markets.credit import collateral_value
from abm.markets.ratings import asset_volatility

MOST_GEARING = 2.5  # equity volatility over asset volatility; beyond it shares hardly move with news


@jit
def growth_hoped(state):
    """Growth of AI revenue that investors are content with (log a year): they know that growth fades.

    From `growth_yardstick` at the opening to the long run of clouds' own workloads, at the pace of `belief_fade`.
    """
    p = state.params[0]
    extra = (p.growth_yardstick - p.own_growth_long_run) * math.exp(-p.belief_fade * state.market[0].month / 12.0)
    return p.own_growth_long_run + extra


@jit
def swing_sentiment(state):
    """Investors' sentiment: returns to normal, rises when AI revenue outgrows their yardstick, falls with fear.

    Fear sees the debt behind a firm, its own and what others borrowed for it: of one that failed the whole, of one that
    is shaken as much as its hazard has risen (relief, where it has fallen); both relative to all loans of the sector.
    Failures also leave doubt, which fades (`market.doubt`): contagion through beliefs (Collin-Dufresne, Goldstein and
    Helwege 2010), a frailty that is inferred from defaults (Duffie, Eckner, Horel and Saita 2009).
    """
    m = state.market[0]
    p = state.params[0]
    failed = 0.0
    lenders = 0.0
    debt = 1.0
    for k in range(m.n_defaults - 1, m.seen_defaults - 1, -1):
        d = state.defaults[k]
        if state.firms[d.firm].kind == LENDER:
            lenders += d.debt
        else:
            failed += d.loans + d.carried
            if d.way == LIQUIDATION:
                debt += d.loans
    shaken = 0.0
    for i in range(m.n_firms):
        f = state.firms[i]
        if f.status == ACTIVE and f.kind != OUTSIDE and f.kind != LENDER:
            debt += f.debt
            shaken += (f.pd - f.feared) * (f.debt + f.look_through)
            f.feared = f.pd
    m.doubt += p.doubt_gain * min(failed / debt, 1.0) - p.doubt_fade * m.doubt
    failed += lenders + shaken
    s = m.sentiment
    s += p.sentiment_reversion * (1.0 - s)
    s += p.sentiment_growth * (m.demand_growth - growth_hoped(state))
    s -= p.sentiment_fear * min(max(failed / debt, -1.0), 1.0)
    s += p.sentiment_noise * normal(m.seed, D_SENTIMENT, m.month, 0)
    m.sentiment = min(max(s, 0.2), 1.6)


@jit
def count_distress(state):
    """What seeks new holders (`offered`: loans that failed or were exchanged, of which a twelfth finds them in a month)
    beside the loans of borrowers below investment grade, the market that the evidence on recoveries is of (labs,
    neoclouds, project companies, entrants; hyperscalers and vendors belong to it once they fail): a rate a year.

    See `distressed_price`.
    """
    m = state.market[0]
    offered = 0.0
    market = 1.0
    for i in range(m.n_firms):
        f = state.firms[i]
        if f.kind == OUTSIDE or f.kind == LENDER:
            continue
        graded = f.kind == HYPERSCALER or f.kind == VENDOR
        market += f.offered if graded or f.status != ACTIVE else max(f.debt, f.offered)
        offered += f.offered
        f.offered -= f.offered / 12.0
    m.distress = offered / market


@jit
def seen_value(state, i):
    """Equity value of a firm by the rule (bn).

    A lab's by revenue and growth; that of a neocloud or a project company, whose assets have a market and a
    short life, by what its hardware, sites and contracts are worth less its debt (net asset value), more for one that
    grows, by `franchise`; another's by cash earnings less debt. At least a part of what its book or its assets say:
    shares of a firm under water are an option (Merton 1974).
    """
    m = state.market[0]
    p = state.params[0]
    f = state.firms[i]
    if f.kind == LAB:
        return max(value_lab(state, i), 0.0)
    if f.kind == NEOCLOUD or f.kind == VEHICLE:
        owned = collateral_value(state, i) + max(f.cash, 0.0) + f.other_assets
        owned += f.deposits_out if f.kind == NEOCLOUD else -max(f.cash, 0.0)
        owned = max(owned, 0.0)
        net = max(owned - f.debt - f.other_debt, p.option_floor * owned)
        return net * (1.0 + p.franchise * appeal(state, i)) * m.sentiment
    seen = (12.0 * f.earnings * p.earnings_multiple - f.debt) * m.sentiment
    return max(seen, p.book_floor * m.sentiment * max(net_worth(f), 0.0))


@jit
def news(state, i):
    """What investors learn of a firm this month that no rule knows (log): a common factor and its own luck.

    Monthly, ``s_E / sqrt(12) * (sqrt(c) Z + sqrt(1 - c) e_i)`` with c the correlation within the sector (the one-factor
    model of Vasicek 2002) and s_E the volatility of its shares, its assets' times assets over equity (Merton 1974), at
    most `MOST_GEARING` times.
    """
    m = state.market[0]
    p = state.params[0]
    f = state.firms[i]
    owed = f.debt + f.other_debt + p.lease_weight * f.leases_owed
    gearing = min(1.0 + owed / max(f.valuation, 1e-6), MOST_GEARING)
    common = normal(m.seed, D_VALUE, m.month, 0)
    own = normal(m.seed, D_VALUE, m.month, 1 + i)
    mixed = math.sqrt(p.value_correlation) * common + math.sqrt(1.0 - p.value_correlation) * own
    return asset_volatility(state, i) * gearing * mixed / math.sqrt(12.0)


@jit
def value_firms(state):
    """Equity values investors use move with the news and towards the rule's, times what they see more or less in a
    firm; what they believe of one firm and no rule knows fades."""
    m = state.market[0]
    p = state.params[0]
    for i in range(m.n_firms):
        f = state.firms[i]
        if f.status != ACTIVE or f.kind == OUTSIDE:
            continue
        told = news(state, i)
        f.premium += told
        f.valuation *= math.exp(told)
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
