"""Providers order GPUs and sites (phase 9): what they want, what they can finance, from whom."""

from __future__ import annotations

import math

from abm.agents.hyperscaler import capex_budget, plan_fleet
from abm.agents.neocloud import plan_orders
from abm.compiled import jit
from abm.draws import D_ENTRY, uniform
from abm.economy import (
    ACTIVE,
    E_ENTRY,
    F_EQUITY,
    GPU_ORDER,
    HYPERSCALER,
    NEOCLOUD,
    SAVERS,
    SITE_ORDER,
    SUPPLIERS,
)
from abm.ledger import log_event, new_stake, transfer
from abm.markets.compute import best_generation
from abm.markets.gpus import affordable_fleet, gw_on_order, nth_vendor, place_order, unit_cost


@jit
def order_units(state, buyer, units):
    """Order hardware, split over vendors by the buyer's shares, and the site it needs (M H100e)."""
    p = state.params[0]
    f = state.firms[buyer]
    gw = f.fleet_gw + gw_on_order(state, buyer)
    for k in range(3):
        part = 1.0 - f.custom_share - f.amd_share
        if k == 1:
            part = f.amd_share
        elif k == 2:
            part = f.custom_share
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
    """Order sites for the hardware in place and on order, and for the growth until they are built (GW)."""
    p = state.params[0]
    f = state.firms[buyer]
    growth = f.own_growth if f.kind == HYPERSCALER else min(f.expected_growth, p.growth_belief_cap)
    # Hardware draws less power for the same work with every generation: sites grow more slowly than fleets.
    growth = max(growth - math.log(1.0 + p.gpu_energy_gain) * 12.0 / max(p.gpu_cadence, 1.0), 0.0)
    short = gw * math.exp(p.site_ahead * growth * p.site_lead / 12.0) - f.site_gw - f.leased_gw - f.on_order_gw
    if short > 1e-4:
        short = min(short, 0.5 * max(f.cash, 0.0) / max(p.order_deposit * p.site_cost, 1e-9))
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
    """A new neocloud may enter when renting out GPUs pays: the chance follows the margin over full cost."""
    m = state.market[0]
    p = state.params[0]
    margin = m.spot_price / max(m.long_run_price, 1e-6) - 1.0
    if margin <= 0.0 or uniform(m.seed, D_ENTRY, m.month, 0) > p.entry_rate * margin * m.sentiment / 12.0:
        return
    i = m.n_firms
    model = -1
    for j in range(m.n_firms):
        if state.firms[j].kind == NEOCLOUD and state.firms[j].status == ACTIVE:
            model = j
    if model < 0 or i >= state.firms.shape[0]:
        return
    f = state.firms[i]
    like = state.firms[model]
    f.kind = NEOCLOUD
    f.status = ACTIVE
    f.parent = -1
    f.entered = m.month
    f.failed = -1
    f.pue = like.pue
    f.power_premium = like.power_premium
    f.renewables = like.renewables
    f.unit_opex = like.unit_opex
    f.book_life = like.book_life
    f.amd_share = like.amd_share
    f.custom_share = like.custom_share
    f.top_customer_id = -1
    f.expected_spot = m.spot_price
    f.expected_growth = like.expected_growth
    f.pd = like.pd
    f.dscr = 9.9
    f.valuation = p.entry_equity
    m.n_firms += 1
    transfer(state, SAVERS, i, p.entry_equity, F_EQUITY)
    new_stake(state, SAVERS, i, 1.0, p.entry_equity)
    f.paid_in = p.entry_equity
    state.firms[SAVERS].holdings += p.entry_equity
    log_event(state, E_ENTRY, i, -1, p.entry_equity)
