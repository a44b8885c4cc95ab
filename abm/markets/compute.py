"""The market for compute (phase 4): contracts are served first, the rest is bought and sold spot; GPUs are marked."""

from __future__ import annotations

import math

from abm.accounts.ledger import binds, log_hit, pay_cost
from abm.agents.lab import plan_training
from abm.engine.compiled import jit
from abm.engine.tables import (
    ACTIVE,
    BN_PER_RATE,
    COMPUTE,
    CUSTOMERS,
    ENTRANT,
    F_COMPUTE,
    FAILED,
    HYPERSCALER,
    LAB,
    LIVE,
    MARKET,
    NEOCLOUD,
    PENDING,
    SITE,
    VEHICLE,
)
from abm.instruments.contract import exercise_backstops, ramp_share, tally_contracts
from abm.markets.marks import mark_fleets
from abm.markets.power import mean_kw, running_cost, use_energy
from abm.markets.services import bill_services, sells_models


@jit
def count_capacity(state):
    """Own fleet, its power and site room of every firm."""
    m = state.market[0]
    for i in range(m.n_firms):
        f = state.firms[i]
        f.capacity = 0.0
        f.fleet_gw = 0.0
        for g in range(m.n_generations):
            units = state.fleet[i, g].units
            f.capacity += units
            f.fleet_gw += units * state.generations[g].kw * f.pue
        f.contracted_in = 0.0
        f.contracted_out = 0.0
        f.promised_in = 0.0
        f.promised_out = 0.0
        f.invoiced_in = 0.0
        f.promised_rent = 0.0
        f.promised_pay = 0.0
        f.invoiced_out = 0.0
        f.backlog_in = 0.0
        f.backlog_out = 0.0
        f.leases_owed = 0.0
        f.compute_owed = 0.0
        f.overpay = 0.0


@jit
def serve_round(state, wholesale):
    """Deliver the compute contracts of one layer of sellers, each pro rata if it lacks capacity.

    Parameters
    ----------
    state : State
    wholesale : bool
        True for neoclouds, vehicles and labs that let, whose tenants may sell on; False for hyperscalers.
    """
    m = state.market[0]
    asked = state.work_space[1]
    for i in range(m.n_firms):
        asked[i] = 0.0
    for r in range(m.n_contracts):
        c = state.contracts[r]
        if c.status == LIVE and c.kind == COMPUTE and (state.firms[c.seller].kind != HYPERSCALER) == wholesale:
            asked[c.seller] += c.quantity * ramp_share(c, m.month)
    for r in range(m.n_contracts):
        c = state.contracts[r]
        if c.status == LIVE and c.kind == COMPUTE and (state.firms[c.seller].kind != HYPERSCALER) == wholesale:
            seller = state.firms[c.seller]
            have = seller.capacity + seller.contracted_in
            part = 1.0
            if seller.status == ACTIVE and asked[c.seller] > have:
                part = have / asked[c.seller]
            if seller.status == FAILED:
                part = 0.0
            c.delivered = c.quantity * ramp_share(c, m.month) * part
    for r in range(m.n_contracts):
        c = state.contracts[r]
        if c.status == LIVE and c.kind == COMPUTE and (state.firms[c.seller].kind != HYPERSCALER) == wholesale:
            state.firms[c.seller].contracted_out += c.delivered
            state.firms[c.buyer].contracted_in += c.delivered


@jit
def deliver_sites(state):
    """Site leases deliver power from their start on, as much of it as the owner has built."""
    m = state.market[0]
    for i in range(m.n_firms):
        state.firms[i].leased_gw = 0.0
        state.firms[i].lease_gw = 0.0
    for r in range(m.n_contracts):
        c = state.contracts[r]
        if c.kind != SITE or not binds(c):
            continue
        state.firms[c.buyer].lease_gw += c.quantity
        if c.status == PENDING:
            continue
        wanted = c.quantity * ramp_share(c, m.month)
        owner = state.firms[c.seller]
        if owner.kind == VEHICLE or owner.kind == NEOCLOUD:
            wanted = min(wanted, max(owner.site_gw + owner.leased_gw - owner.fleet_gw, 0.0))
        c.delivered = wanted
        owner.leased_gw -= wanted
        state.firms[c.buyer].leased_gw += wanted


@jit
def spot_floor(state):
    """Power cost of the average H100e (USD an hour), the lower bound of the rental price."""
    m = state.market[0]
    units = 0.0
    cost = 0.0
    for i in range(m.n_firms):
        f = state.firms[i]
        if f.status == ACTIVE and f.capacity > 0.0:
            units += f.capacity
            cost += f.capacity * running_cost(state, i, mean_kw(state, i))
    return cost / units if units > 0.0 else 0.1


@jit
def worth_serving(state, lab):
    """Part of the work its contracts do not cover that a lab serves from the spot market.

    All of it up to the rent at which the work just pays for its compute; beyond, ``(that rent / spot price)**4``:
    customers wait in queues rather than be served at a growing loss.
    """
    m = state.market[0]
    f = state.firms[lab]
    most = f.price / max(f.unit_compute * m.unit_compute * BN_PER_RATE, 1e-12)
    if m.spot_price <= most:
        return 1.0
    part = most / m.spot_price
    return part * part * part * part


@jit
def offered_part(state):
    """Part of idle capacity that providers offer by the hour.

    All but a reserve at the rent that pays for new hardware and above; below it less, ``(spot / entry)**holdback``:
    capacity is kept for maintenance, own work and customers to come rather than let at any rent.
    """
    m = state.market[0]
    p = state.params[0]
    part = 1.0 - p.idle_reserve
    if m.spot_price < m.entry_rent:
        part *= math.exp(p.holdback * math.log(m.spot_price / m.entry_rent))
    return part


@jit
def reletting_pace(state):
    """Part of the capacity that lost customers left that is let again this month.

    ``1 / (reletting_months * (1 + reletting_glut * left / used))``: it takes the longer, the more of it looks for
    tenants at once (a thin market: Shleifer and Vishny 1992 on assets whose only users are in trouble together).
    """
    p = state.params[0]
    left = 0.0
    used = 0.0
    for i in range(state.market[0].n_firms):
        if state.firms[i].status == ACTIVE:
            left += state.firms[i].stranded
            used += state.firms[i].used
    return 1.0 / (max(p.reletting_months, 1.0) * (1.0 + p.reletting_glut * left / max(used, 1e-9)))


@jit
def clear_spot(state):
    """The spot price moves towards the price that clears the market; quantities are rationed pro rata.

    Fixed demand: inference that contracts do not cover. Elastic demand: other tenants, extra training and the
    clouds' own shortage, ``D(p) = D_0 (p / p_0)**(-elasticity)``. Work space row 0: bought, row 1: on offer,
    row 2: elastic demand, row 3: share of inference served.
    """
    m = state.market[0]
    p = state.params[0]
    firms = state.firms
    bought = state.work_space[0]
    offered = state.work_space[1]
    elastic = state.work_space[2]
    fixed = 0.0
    supply = 0.0
    flexible = m.tenant_demand
    part = offered_part(state)
    left = 0.0
    pace = reletting_pace(state)
    for i in range(m.n_firms):
        f = firms[i]
        bought[i] = 0.0
        offered[i] = 0.0
        elastic[i] = 0.0
        f.training = 0.0 if f.kind == LAB else f.training
        if f.status != ACTIVE:
            continue
        f.stranded *= 1.0 - pace
        have = f.capacity + f.contracted_in - f.contracted_out
        if f.kind == LAB:
            f.need = f.work * f.unit_compute * m.unit_compute
            wanted = plan_training(state, i, f.need)
            f.training = min(max(have - f.need, 0.0), wanted)
            bought[i] = max(f.need - have, 0.0) * worth_serving(state, i)
            fixed += bought[i]
            elastic[i] = p.spot_training * max(wanted - f.training, 0.0)
            offered[i] = p.sublet * max(have - f.need - f.training, 0.0)
        elif f.kind == ENTRANT:
            f.need = f.work * f.unit_compute * m.unit_compute
            bought[i] = f.need
            fixed += f.need
        elif f.kind == HYPERSCALER or f.kind == NEOCLOUD or f.kind == VEHICLE:
            own = f.need if f.kind == HYPERSCALER else 0.0
            offered[i] = max(have - own - f.stranded, 0.0) * part if f.own_use_only == 0 else 0.0
            left += min(f.stranded, max(have - own, 0.0))
            elastic[i] = p.spot_shortage * max(own - have, 0.0)
            affordable = p.spot_budget * max(f.earnings, 0.0) / (m.spot_price * BN_PER_RATE)
            elastic[i] = min(elastic[i], affordable)
        supply += offered[i]
        flexible += elastic[i]
    floor = spot_floor(state)
    cap = p.spot_cap
    clearing = cap
    # What a lost customer left is on the market before it is let: it presses on the price.
    free = supply + left - fixed
    if free > 1e-9:
        clearing = m.opening_spot * math.exp(math.log(max(flexible, 1e-9) / free) / p.tenant_elasticity)
    clearing = min(max(clearing, floor), cap)
    step = p.spot_adjustment * math.log(clearing / m.spot_price)
    step = min(max(step, -p.spot_step), p.spot_step)
    m.spot_price = min(max(m.spot_price * math.exp(step), floor), cap)
    reach = math.exp(-p.tenant_elasticity * math.log(m.spot_price / m.opening_spot))
    demand = fixed + flexible * reach
    served = min(1.0, supply / demand) if demand > 0.0 else 1.0
    sold = min(1.0, demand / supply) if supply > 0.0 else 0.0
    m.tightness = demand / supply if supply > 1e-9 else 9.9
    m.tightness = min(m.tightness, 9.9)
    m.rationed = demand * (1.0 - served)
    rate = m.spot_price * BN_PER_RATE
    fill = state.work_space[3]
    for i in range(m.n_firms):
        fill[i] = 1.0
        f = firms[i]
        if sells_models(f) and f.need > 1e-12:
            have = f.capacity + f.contracted_in - f.contracted_out
            missing = f.need if f.kind == ENTRANT else max(f.need - have, 0.0)
            fill[i] = max(1.0 - (missing - bought[i] * served) / f.need, 0.0)
    if supply * sold > 0.0:
        for i in range(m.n_firms):
            f = firms[i]
            f.spot_sold = offered[i] * sold
            want = (bought[i] + elastic[i] * reach) * served
            f.spot_bought = want
            if f.kind == LAB:
                f.training += elastic[i] * reach * served
        for j in range(m.n_firms):
            # The exchange (customers' sector) pays sellers at once and collects from the agents that bought.
            if firms[j].spot_sold > 0.0:
                pay_cost(state, CUSTOMERS, j, firms[j].spot_sold * rate, F_COMPUTE)
                missing = firms[j].expected_spot - m.spot_price
                log_hit(state, j, -1, MARKET, firms[j].spot_sold * missing * BN_PER_RATE)


@jit
def use_fleets(state):
    """Capacity in use, utilisation and energy of every owner of a fleet."""
    m = state.market[0]
    for i in range(m.n_firms):
        f = state.firms[i]
        if f.status != ACTIVE or f.capacity <= 0.0:
            f.utilisation = 0.0
            continue
        own = 0.0
        if f.kind == HYPERSCALER:
            own = f.need
        elif f.kind == LAB:
            own = f.need + f.training
        busy = f.contracted_out + own + f.spot_sold - f.contracted_in - f.spot_bought
        f.used = min(max(busy, 0.0), f.capacity)
        f.utilisation = f.used / f.capacity
        use_energy(state, i)


@jit
def serve_contracts(state):
    """Deliver every live contract and add up what firms have, owe and are owed under contracts."""
    count_capacity(state)
    deliver_sites(state)
    serve_round(state, True)
    serve_round(state, False)
    tally_contracts(state)


@jit
def compute_market(state):
    """Phase 4 of the month."""
    serve_contracts(state)
    clear_spot(state)
    use_fleets(state)
    exercise_backstops(state)
    bill_services(state, state.work_space[3])
    mark_fleets(state)
