"""Providers order GPUs and sites (phase 9): what they want, what they can finance, from whom."""

from __future__ import annotations

import math

from abm.accounts.ledger import log_event
from abm.agents.firm import new_firm
from abm.agents.hyperscaler import capex_budget, plan_fleet
from abm.agents.lab import cost_of_work
from abm.agents.neocloud import plan_orders
from abm.agents.project import off_balance_share
from abm.engine.compiled import jit
from abm.engine.draws import D_ENTRY, uniform
from abm.engine.tables import (
    ACTIVE,
    E_ENTRY,
    ENTRANT,
    GPU_ORDER,
    HYPERSCALER,
    LAB,
    N_SEGMENTS,
    NEOCLOUD,
    SITE_ORDER,
    SUPPLIERS,
)
from abm.instruments.order import gw_on_order, place_order
from abm.instruments.stake import endow
from abm.markets.gpus import affordable_fleet, nth_vendor, unit_cost, vendor_part
from abm.markets.marks import best_generation
from abm.markets.projects import found_project, lease_empty_sites


@jit
def order_units(state, buyer, units):
    """Order hardware, split over vendors by the buyer's shares, and the site it needs (M H100e)."""
    p = state.params[0]
    f = state.firms[buyer]
    gw = f.fleet_gw + gw_on_order(state, buyer)
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
        if size <= 1e-6:
            continue
        place_order(state, GPU_ORDER, buyer, vendor, g, size, price, int(p.gpu_lead), -1)
        gw += size * state.generations[g].kw * f.pue
    order_sites(state, buyer, gw)


@jit
def order_sites(state, buyer, gw):
    """Secure sites for the hardware in place and on order, and for the growth until they are built (GW).

    Empty sites of project companies are leased first; then a part of what is missing is built by a new project
    company and leased (`off_balance_share`), the rest ordered on the buyer's own books.
    """
    p = state.params[0]
    f = state.firms[buyer]
    growth = f.own_growth if f.kind == HYPERSCALER else min(f.expected_growth, p.growth_belief_cap)
    # Hardware draws less power for the same work with every generation: sites grow more slowly than fleets.
    growth = max(growth - math.log(1.0 + p.gpu_energy_gain) * 12.0 / max(p.gpu_cadence, 1.0), 0.0)
    needed = gw * math.exp(p.site_ahead * growth * p.site_lead / 12.0)
    short = needed - f.site_gw - f.lease_gw - f.on_order_gw
    if short > 1e-4:
        short -= lease_empty_sites(state, buyer, short)
    leased = min(off_balance_share(state, buyer) * needed - f.lease_gw, short)
    if leased > 0.0:
        built = found_project(state, buyer, leased)
        short -= built
        leased -= built
    if short > 1e-4:
        # What waits for the next project company is not built twice.
        waiting = min(max(leased, 0.0), short) if leased >= p.project_size else 0.0
        short = min(short - waiting, 0.5 * max(f.cash, 0.0) / max(p.order_deposit * p.site_cost, 1e-9))
        if short > 1e-4:
            place_order(state, SITE_ORDER, buyer, SUPPLIERS, -1, short, p.site_cost, int(p.site_lead), -1)
            f.on_order_gw += short


@jit
def invest(state):
    """Every provider compares the capacity it wants with what it has and has ordered, and orders a part of the gap."""
    m = state.market[0]
    p = state.params[0]
    for i in range(m.n_firms):
        f = state.firms[i]
        if f.status != ACTIVE:
            continue
        if f.kind == HYPERSCALER:
            target = plan_fleet(state, i)
            budget = capex_budget(state, i)
        elif f.kind == NEOCLOUD:
            # A cloud without a fleet yet plans by what its equity can carry.
            target = max(plan_orders(state, i), 0.5 * affordable_fleet(state, i) if f.capacity <= 0.0 else 0.0)
            budget = affordable_fleet(state, i) * unit_cost(state, i)
            if f.pd > p.bid_risk_cap:
                budget = 0.0
        else:
            continue
        gap = target - f.capacity
        f.desired = max(gap, 0.0)
        units = max(gap - f.on_order, 0.0) / p.order_smoothing
        units = min(units, budget / unit_cost(state, i))
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
