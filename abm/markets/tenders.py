"""Where compute contracts are signed: labs and clouds tender, providers bid, both are bound (phase 9)."""

from __future__ import annotations

from abm.agents.lab import affordable_commitment, choose_tenor, plan_capacity
from abm.agents.neocloud import quote_contract
from abm.engine.compiled import jit
from abm.engine.draws import D_TENDER, uniform
from abm.engine.tables import ACTIVE, BN_PER_RATE, HYPERSCALER, LAB, NEOCLOUD
from abm.instruments.contract import promised_at, promised_invoices, sign_contract
from abm.markets.gpus import affordable_fleet, nth_vendor
from abm.markets.marks import best_generation, contract_cost


@jit
def can_promise(state, seller):
    """Capacity a provider can still promise (M H100e): its growth is bounded by what it runs already.

    A provider whose cover is bad, or a neocloud whose lenders would judge it a bad risk, promises nothing.
    """
    p = state.params[0]
    f = state.firms[seller]
    if f.status != ACTIVE or (f.kind != NEOCLOUD and f.kind != HYPERSCALER):
        return 0.0
    if f.pd > p.bid_risk_cap:
        return 0.0
    ceiling = p.promise_growth * f.capacity
    if f.kind == NEOCLOUD:
        ceiling = max(ceiling, affordable_fleet(state, seller))
    return max(ceiling - f.promised_out, 0.0)


@jit
def own_cost(state, seller):
    """Full cost of a promise for a provider (USD per H100e-hour): its power, its chips, its spread over the usual
    cost of capital."""
    vendor = nth_vendor(state, 2 if state.firms[seller].custom_share > 0.5 else 0)
    if vendor < 0:
        return state.market[0].long_run_price
    g = best_generation(state, vendor)
    if g < 0:
        return state.market[0].long_run_price
    p = state.params[0]
    spread = state.firms[seller].pd * p.loss_given_default_secured * p.loan_to_cost
    return contract_cost(state, g, seller) * (1.0 + spread * p.economic_life / 24.0)


@jit
def tender(state, buyer, wanted):
    """Sign with the cheapest bidders, at most three, until the wanted capacity is covered.

    Parameters
    ----------
    wanted : float
        Capacity (M H100e).

    Returns
    -------
    float
        Signed (M H100e).
    """
    m = state.market[0]
    p = state.params[0]
    signed = 0.0
    tried = state.work_space[3]
    for i in range(m.n_firms):
        tried[i] = 0.0
    months = choose_tenor(state, buyer)
    # What certainty is worth: nobody signs for years at more than a premium over the rent it expects.
    limit = (1.0 + p.security_premium) * max(state.firms[buyer].expected_spot, m.contract_price)
    for _ in range(3):
        best = -1
        best_price = 1e9
        for i in range(m.n_firms):
            if i == buyer or tried[i] > 0.0 or can_promise(state, i) < 0.02 * wanted:
                continue
            if state.firms[buyer].kind == HYPERSCALER and state.firms[i].kind == HYPERSCALER:
                continue
            taste = 1.0 + p.bid_taste * (uniform(m.seed, D_TENDER, m.month, buyer * 65536 + i) - 0.5)
            price = quote_contract(state, i, buyer, own_cost(state, i)) * taste
            if price < best_price:
                best = i
                best_price = price
        if best < 0 or best_price > limit:
            break
        tried[best] = 1.0
        quantity = min(wanted - signed, can_promise(state, best))
        if quantity <= 1e-6:
            continue
        sign_contract(state, buyer, best, quantity, best_price, months, int(p.contract_lead))
        signed += quantity
        if signed >= 0.98 * wanted:
            break
    return signed


@jit
def labs_tender(state):
    """Labs sign for the capacity their plans lack, within the invoices they dare to promise."""
    m = state.market[0]
    p = state.params[0]
    for i in range(m.n_firms):
        f = state.firms[i]
        if f.status != ACTIVE or f.kind != LAB or f.stops_paying > 0.0:
            continue
        horizon = m.month + int(p.planning_horizon)
        short = plan_capacity(state, i) - promised_at(state, i, horizon) - f.capacity
        f.desired = max(short, 0.0)
        if short < p.tender_threshold * max(f.need, 1e-3):
            continue
        room = affordable_commitment(state, i) - promised_invoices(state, i)
        quantity = min(short, room / (m.contract_price * BN_PER_RATE)) * p.tender_part
        if quantity > 1e-4:
            tender(state, i, quantity)


@jit
def clouds_tender(state):
    """Hyperscalers whose budget or power cannot cover their plan rent the rest from neoclouds."""
    m = state.market[0]
    p = state.params[0]
    for i in range(m.n_firms):
        f = state.firms[i]
        if f.status != ACTIVE or f.kind != HYPERSCALER:
            continue
        short = f.desired - f.on_order
        if short > p.tender_threshold * max(f.need, 1e-3):
            promise = promised_invoices(state, i) + short * m.contract_price * BN_PER_RATE
            if promise < p.rental_share * (f.other_income + f.revenue):
                room = p.outsourcing * (f.capacity + f.on_order + f.promised_in + short) - f.promised_in
                signed = min(short, room) * p.tender_part
                if signed > 1e-4:
                    tender(state, i, signed)
