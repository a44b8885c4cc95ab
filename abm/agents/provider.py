"""Providers: what hyperscalers and neoclouds decide alike: the growth they reckon with, which sites they take."""

from __future__ import annotations

import math

from abm.engine.compiled import jit
from abm.engine.draws import D_ISSUE, uniform
from abm.engine.tables import BN_PER_RATE, HYPERSCALER, NEOCLOUD
from abm.markets.gpus import unit_cost
from abm.markets.power import running_cost, site_price


@jit
def growth_over(state, growth, months):
    """Growth that planners reckon with over a span (log), from the growth seen now (1/year).

    What is seen is carried forward, at most at `growth_belief_cap`, and fades to the long run::

        long_run * T + (min(g, cap) - long_run) * (1 - exp(-fade * T)) / fade,   T = months / 12

    (Extrapolative expectations with mean reversion: Greenwood and Shleifer 2014; Hommes 2013.)
    """
    p = state.params[0]
    years = months / 12.0
    seen = min(growth * p.demand_growth, p.growth_belief_cap)
    reach = years
    if p.growth_fade > 1e-9:
        reach = (1.0 - math.exp(-p.growth_fade * years)) / p.growth_fade
    return p.own_growth_long_run * years + (seen - p.own_growth_long_run) * reach


@jit
def expected_return(state, cloud):
    """What expected rents add to the growth a provider plans for (log): the rent it expects over the full cost of
    new hardware and a hurdle, times `speculation`, within `speculation_cap` both ways.

    Rents below cost take growth away: no one builds into a glut (q theory of investment, Hayashi 1982).
    """
    m = state.market[0]
    p = state.params[0]
    hurdle = max(m.long_run_price * (1.0 + p.hurdle_margin), 1e-6)
    pull = p.speculation * math.log(max(state.firms[cloud].expected_spot, 1e-6) / hurdle)
    return min(max(pull, -p.speculation_cap), p.speculation_cap)


@jit
def spare_cash(state, i):
    """Cash of a provider beyond its reserve (bn), which its owners can have.

    The reserve is `provider_cash_months` of its costs and debt service (a hyperscaler: `hyperscaler_cash_months` of
    its cash earnings) and its own part of what it has on order.
    """
    p = state.params[0]
    f = state.firms[i]
    on_order = (f.on_order - f.stalled) * unit_cost(state, i) + f.on_order_gw * site_price(state)
    if f.kind == NEOCLOUD:
        on_order *= 1.0 - p.loan_to_cost
    kept = p.provider_cash_months * (f.mean_cost + f.debt_service)
    if f.kind == HYPERSCALER:
        kept = p.hyperscaler_cash_months * max(f.earnings, 0.0)
    return max(f.cash - kept - on_order, 0.0)


@jit
def debt_step(state, cloud, speed, room):
    """Debt that a cloud takes on now on its way to its target (bn): once in `bond_spacing` months on average what
    brings it a part of the way (partial adjustment to a target: Fama and French 2002; Flannery and Rangan 2006).

    Parameters
    ----------
    speed : float
        Part of the way in a year.
    room : float
        What is missing of the target (bn).
    """
    m = state.market[0]
    spacing = state.params[0].bond_spacing
    if uniform(m.seed, D_ISSUE, m.month, cloud) * spacing >= 1.0:
        return 0.0
    return max(speed * room * spacing / 12.0, 0.0)


@jit
def part_to_build(state, seller, quantity):
    """Part of a promise that a provider must still buy hardware for; what stands idle it can hand over at once.

    Parameters
    ----------
    seller : int
    quantity : float
        Promised now (M H100e).
    """
    f = state.firms[seller]
    own = f.need if f.kind == HYPERSCALER else 0.0
    idle = max(f.capacity + f.contracted_in - own - f.promised_out, 0.0)
    return 1.0 - min(idle / max(quantity, 1e-9), 1.0)


@jit
def hurries(state, cloud, months, premium, kw):
    """Whether a provider takes a site that stands earlier and costs more: the rent earned in the months gained, less
    running costs, exceeds the premium.

    Parameters
    ----------
    cloud : int
    months : float
        Months gained.
    premium : float
        What the site costs above one of its own, relative to the price of that (`site_price`).
    kw : float
        Power of the hardware it would hold, with cooling (kW per H100e).
    """
    p = state.params[0]
    f = state.firms[cloud]
    margin = max(f.expected_spot - running_cost(state, cloud, kw / max(f.pue, 1.0)), 0.0)
    earned = margin * p.target_utilisation * BN_PER_RATE / max(kw, 1e-6)
    return months * earned > premium * site_price(state)
