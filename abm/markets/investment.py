"""Providers order hardware (phase 9): what they want, what they can power and finance, from whom."""

from __future__ import annotations

import math

from abm.accounts.ledger import log_event
from abm.agents.firm import is_protected, new_firm
from abm.agents.hyperscaler import capex_budget, plan_fleet
from abm.agents.lab import cost_of_work, plan_own_fleet
from abm.agents.neocloud import plan_orders
from abm.engine.compiled import jit
from abm.engine.draws import D_ENTRY, D_SITE, uniform
from abm.engine.tables import (
    ACTIVE,
    E_ENTRY,
    ENTRANT,
    GPU_ORDER,
    HYPERSCALER,
    LAB,
    N_SEGMENTS,
    NEOCLOUD,
)
from abm.instruments.order import gw_on_order, place_order
from abm.instruments.stake import endow
from abm.markets.gpus import affordable_fleet, kw_on_sale, nth_vendor, power_by, unit_cost, vendor_part
from abm.markets.marks import best_generation
from abm.markets.power import price_sites
from abm.markets.sites import offer_sites, order_sites, tally_sites


@jit
def housed_units(state, buyer):
    """Hardware for which a firm has or will have powered sites within `site_window` months (M H100e), beyond what
    it has and what it has on order."""
    room = power_by(state, buyer, state.market[0].month + int(state.params[0].site_window))
    room -= state.firms[buyer].fleet_gw + gw_on_order(state, buyer)
    return max(room, 0.0) / kw_on_sale(state, buyer)


@jit
def order_units(state, buyer, units):
    """Order hardware, split over vendors by the buyer's shares (M H100e)."""
    p = state.params[0]
    f = state.firms[buyer]
    for k in range(3):
        part = vendor_part(f, k)
        if part <= 1e-6:
            continue
        vendor = nth_vendor(state, k)
        if vendor < 0:
            return
        g = best_generation(state, vendor)
        if g < 0:
            continue
        price = state.generations[g].cost * state.firms[vendor].markup
        size = min(units * part, 0.5 * max(f.cash, 0.0) / max(p.order_deposit * price, 1e-9))
        if size > 1e-6:
            place_order(state, GPU_ORDER, buyer, vendor, g, size, price, int(p.gpu_lead), -1)


@jit
def see_growth(state):
    """How fast compute in use grows (log a year), as planners see it: adaptive, from month to month."""
    m = state.market[0]
    p = state.params[0]
    used = 0.0
    for i in range(m.n_firms):
        if state.firms[i].status == ACTIVE:
            used += state.firms[i].used
    if used > 0.0 and m.compute_used > 0.0:
        seen = min(max(12.0 * math.log(used / m.compute_used), -2.0), 2.0)
        m.compute_growth += p.expectation_speed * (seen - m.compute_growth)
    m.compute_used = used


@jit
def invest(state):
    """Every provider compares the fleet it plans with its sites and its hardware, secures sites, and orders a part of
    the hardware that it will lack when it is delivered, no more than it can power within half a year and can pay for.
    """
    m = state.market[0]
    p = state.params[0]
    horizon = p.gpu_lead + p.order_smoothing
    see_growth(state)
    offer_sites(state)
    price_sites(state)
    tally_sites(state)
    # Who comes first to the landlords changes from month to month.
    first = int(uniform(m.seed, D_SITE, m.month, 3) * m.n_firms)
    for k in range(m.n_firms):
        i = (first + k) % m.n_firms
        f = state.firms[i]
        if f.status != ACTIVE or is_protected(state, i):
            continue
        if f.kind == HYPERSCALER:
            target = plan_fleet(state, i, horizon)
            budget = capex_budget(state, i)
        elif f.kind == NEOCLOUD:
            # A cloud without a fleet yet plans by what its equity can carry.
            target = plan_orders(state, i, horizon)
            target = max(target, 0.5 * affordable_fleet(state, i) if f.capacity <= 0.0 else 0.0)
            budget = affordable_fleet(state, i) * unit_cost(state, i)
            if f.pd_long > p.bid_risk_cap:
                budget = 0.0
        elif f.kind == LAB and f.own_hardware > 0.0:
            target = plan_own_fleet(state, i)
            budget = affordable_fleet(state, i) * unit_cost(state, i)
        else:
            continue
        gap = target - f.capacity
        f.desired = max(gap, 0.0)
        if budget <= 0.0:
            continue
        order_sites(state, i)
        units = max(gap - f.on_order, 0.0) / p.order_smoothing
        units = min(min(units, budget / unit_cost(state, i)), housed_units(state, i))
        if units > 1e-5:
            order_units(state, i, units)


@jit
def enter(state):
    """New firms where it pays: a neocloud the more the rent exceeds full cost, an open model the more labs earn
    above the price of open work (both with the chance of their entry rate)."""
    m = state.market[0]
    p = state.params[0]
    margin = m.spot_price / max(m.long_run_price, 1e-6) - 1.0
    if margin > 0.0 and uniform(m.seed, D_ENTRY, m.month, 0) < p.entry_rate * margin * m.sentiment / 12.0:
        like = latest(state, NEOCLOUD)
        i = new_firm(state, NEOCLOUD, like) if like >= 0 else -1
        if i >= 0:
            endow(state, i, p.entry_equity)
            log_event(state, E_ENTRY, i, -1, p.entry_equity)
    like = latest(state, ENTRANT)
    if like >= 0 and uniform(m.seed, D_ENTRY, m.month, 1) < p.open_entry_rate * priced_above_open(state) / 12.0:
        i = new_firm(state, ENTRANT, like)
        if i >= 0:
            f = state.firms[i]
            model = state.firms[like]
            f.lag = model.lag
            f.quality = model.quality
            f.price = model.price
            f.unit_compute = model.unit_compute
            for s in range(N_SEGMENTS):
                state.brand[s, i] = state.brand[s, like]
                state.share[s, i] = 0.0
            log_event(state, E_ENTRY, i, -1, 0.0)


@jit
def latest(state, kind):
    """Row of the latest firm of a kind in business, -1 if there is none."""
    for back in range(state.market[0].n_firms):
        i = state.market[0].n_firms - 1 - back
        if state.firms[i].kind == kind and state.firms[i].status == ACTIVE:
            return i
    return -1


@jit
def priced_above_open(state):
    """How far the best-selling lab prices its work above its own cost, relative to cost; never negative."""
    best = -1
    for i in range(state.market[0].n_firms):
        f = state.firms[i]
        if f.kind == LAB and f.status == ACTIVE and (best < 0 or f.revenue > state.firms[best].revenue):
            best = i
    if best < 0:
        return 0.0
    return max(state.firms[best].price / max(cost_of_work(state, best), 1e-9) - 1.0, 0.0)
