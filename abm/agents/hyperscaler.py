"""Hyperscalers: capacity for their own workloads, their customers and the race with rivals; how it is paid for."""

from __future__ import annotations

import math

from abm.agents.provider import debt_step, expected_return, growth_over
from abm.engine.chains import first_order, next_order
from abm.engine.compiled import jit
from abm.engine.tables import HYPERSCALER, NEOCLOUD, PENDING


@jit
def rivals_pace(state, cloud, months):
    """Fleet with which a hyperscaler would keep its share of all capacity that providers have planned (M H100e).

    Its share today times what all providers' sites, built, ordered and leased, will hold; nearer than the time to
    build a site, a part of the way there.
    """
    m = state.market[0]
    have = 0.0
    planned = 0.0
    for j in range(m.n_firms):
        f = state.firms[j]
        if f.kind == HYPERSCALER or f.kind == NEOCLOUD:
            have += f.capacity
            planned += max(f.planned, f.capacity)
    if have <= 0.0:
        return 0.0
    way = min(months / max(state.params[0].site_lead, 1.0), 1.0)
    return state.firms[cloud].capacity / have * (have + way * (planned - have))


@jit
def plan_fleet(state, cloud, months):
    """Capacity a hyperscaler wants some months ahead (M H100e).

    Own workloads at the growth it believes in, what it has promised, what it lets without contract at the growth
    of the market and the return it expects; and a part of what is missing to keep pace with its rivals::

        wanted = own + promised * cover + let + rivalry * max(pace - (own + promised * cover + let), 0) - rented

    `rivalry` is the slope of the best response: capacities are strategic complements as long as each fears to lose
    the market more than to build too much (Bulow, Geanakoplos and Klemperer 1985; Dixit 1980).
    """
    m = state.market[0]
    p = state.params[0]
    f = state.firms[cloud]
    own = f.need * math.exp(growth_over(state, f.own_growth, months))
    let = f.spot_sold * math.exp(growth_over(state, m.compute_growth, months) + expected_return(state, cloud))
    wanted = own + f.promised_out * p.capacity_cover + let
    wanted += p.rivalry * max(rivals_pace(state, cloud, months) - wanted, 0.0)
    return wanted - f.promised_in


@jit
def debt_room(state, cloud):
    """Debt a hyperscaler can still take on and keep its rating (bn).

    Up to `hyperscaler_debt` years of cash earnings, or the part of its firm backlog that lenders advance, whichever
    is more.
    """
    p = state.params[0]
    f = state.firms[cloud]
    most = max(p.hyperscaler_debt * 12.0 * max(f.earnings, 0.0), p.backlog_advance * f.backlog_in)
    return max(most - f.debt, 0.0)


@jit
def capex_budget(state, cloud):
    """Most a hyperscaler orders in a month (bn): a share of its cash earnings first, then a part of the debt it can
    still take on (pecking order, Myers and Majluf 1984)."""
    p = state.params[0]
    f = state.firms[cloud]
    own = f.capex_share * max(f.earnings, 0.0) * p.capex_willingness
    return own + debt_room(state, cloud) * p.debt_capex_share / 12.0


@jit
def seek_bonds(state, cloud):
    """Bonds a hyperscaler wants to issue now (bn), none below the size of an issue.

    The larger of two, within the debt that keeps its rating. The most that its orders will have asked for beyond its
    cash flow after dividends in any of the coming `prefund_months`, and what its cash lacks of
    `hyperscaler_cash_months` of cash earnings (target cash: Opler, Pinkowitz, Stulz and Williamson 1999). And, while
    its capex is more than what it writes off, a step of `leverage_speed` a year towards that debt (`debt_step`).
    """
    m = state.market[0]
    p = state.params[0]
    f = state.firms[cloud]
    inflow = max(f.earnings - f.payout * f.other_income - f.debt_service, 0.0)
    short = 0.0
    for ahead in range(int(p.prefund_months) + 1):
        # Orders are known some months ahead: the cash flow of later months pays for orders yet to come.
        due = 0.0
        r = first_order(state, cloud)
        while r >= 0:
            o = state.orders[r]
            if o.status == PENDING and o.due <= m.month + ahead:
                due += o.units * o.price - o.deposit
            r = next_order(state, r)
        short = max(short, due - ahead * inflow)
    lacking = p.hyperscaler_cash_months * max(f.earnings, 0.0) + short - f.cash
    room = debt_room(state, cloud)
    if f.capex > f.depreciation:
        lacking = max(lacking, debt_step(state, cloud, p.leverage_speed, room))
    wanted = min(lacking, room)
    return wanted if wanted >= p.bond_size else 0.0
