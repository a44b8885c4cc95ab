"""The market for GPUs: orders, supply, deliveries within power limits, wear, generations, second-hand sales."""

from __future__ import annotations

from abm.accounts.ledger import binds, depreciate, log_event, pay_cost
from abm.agents.vendor import is_due, plan_supply, set_markup
from abm.engine.chains import (
    first_bought,
    first_of_kind,
    first_order,
    first_sold,
    next_bought,
    next_of_kind,
    next_order,
    next_sold,
)
from abm.engine.compiled import jit
from abm.engine.tables import (
    ACTIVE,
    CUSTOMERS,
    E_GENERATION,
    F_GPU,
    F_OPERATING,
    GPU_ORDER,
    PENDING,
    SITE,
    SITE_ORDER,
    SUPPLIERS,
    VENDOR,
)
from abm.instruments.contract import ramp_share
from abm.instruments.order import gw_on_order
from abm.markets.marks import best_generation
from abm.markets.power import connections, running_cost, site_price, site_queue


@jit
def nth_vendor(state, k):
    """Row of the k-th vendor still in business (0: the first), or of the last one there is; -1 if none."""
    found = -1
    seen = 0
    i = first_of_kind(state, VENDOR)
    while i >= 0:
        if state.firms[i].status == ACTIVE:
            found = i
            if seen == k:
                return found
            seen += 1
        i = next_of_kind(state, i)
    return found


@jit
def vendor_part(f, k):
    """Part of its hardware that a firm orders from the k-th vendor: 0 the first, 1 the second, 2 custom chips."""
    if k == 1:
        return f.amd_share
    if k == 2:
        return f.custom_share
    return 1.0 - f.custom_share - f.amd_share


@jit
def unit_cost(state, buyer):
    """Price of one M H100e of the hardware a provider would order, with its site (bn)."""
    f = state.firms[buyer]
    cost = 0.0
    for k in range(3):
        part = vendor_part(f, k)
        vendor = nth_vendor(state, k)
        if vendor < 0 or part <= 1e-6:
            continue
        g = best_generation(state, vendor)
        if g >= 0:
            cost += part * (state.generations[g].cost * state.firms[vendor].markup)
            cost += part * state.generations[g].kw * f.pue * site_price(state)
    return max(cost, 0.1)


@jit
def affordable_fleet(state, buyer):
    """Hardware that a provider's own cash carries with loans at the usual loan to cost (M H100e)."""
    p = state.params[0]
    cash = p.equity_part * max(state.firms[buyer].cash, 0.0)
    return cash / max(1.0 - p.loan_to_cost, 0.05) / unit_cost(state, buyer)


@jit
def sell_outside(state, vendor, asked):
    """Sell to buyers outside the model (states, firms, other countries): what they want, or their part of a supply
    that does not do for all (bn sold).

    Parameters
    ----------
    vendor : int
    asked : float
        What the buyers of the model could take this month (bn).
    """
    f = state.firms[vendor]
    sold = f.outside_demand
    if sold + asked > f.supply:
        sold *= f.supply / (sold + asked)
    if sold > 0.0:
        pay_cost(state, CUSTOMERS, vendor, sold, F_GPU)
        pay_cost(state, vendor, SUPPLIERS, (1.0 - f.margin) * sold, F_OPERATING)
    return sold


@jit
def ready_deliveries(state):
    """What arrives this month if it is paid for (phase 2): first come, first served within vendors' supply, of which
    buyers outside the model take their part, and the grid's new connections.

    Hardware comes when it is made, whether its hall stands or not (`house`).
    """
    m = state.market[0]
    budget = state.work_space[0]
    for i in range(m.n_firms):
        budget[i] = 0.0
    for r in range(m.oldest_order, m.n_orders):
        o = state.orders[r]
        if o.status == PENDING and o.kind == GPU_ORDER and o.due <= m.month:
            budget[o.vendor] += o.units * o.price
    for i in range(m.n_firms):
        sells = state.firms[i].kind == VENDOR and state.firms[i].status == ACTIVE
        budget[i] = state.firms[i].supply - sell_outside(state, i, budget[i]) if sells else 0.0
    m.grid_left = connections(state) / 12.0
    for r in range(m.oldest_order, m.n_orders):
        o = state.orders[r]
        if o.status != PENDING:
            continue
        o.ready = 0.0
        if o.due > m.month or o.units <= 0.0:
            continue
        if o.kind == SITE_ORDER:
            o.ready = min(o.units, m.grid_left)
            m.grid_left -= o.ready
            continue
        units = min(o.units, budget[o.vendor] / o.price)
        if units < 1e-9:
            continue
        o.ready = units
        budget[o.vendor] -= units * o.price


@jit
def power_by(state, firm, month):
    """Powered site capacity that a firm will have by a month if nothing is late (GW): its own, ordered, and leased
    less let."""
    total = state.firms[firm].site_gw
    r = first_order(state, firm)
    while r >= 0:
        o = state.orders[r]
        if o.status == PENDING and o.kind == SITE_ORDER and o.due <= month:
            total += o.units
        r = next_order(state, r)
    r = first_bought(state, firm)
    while r >= 0:
        c = state.contracts[r]
        if c.kind == SITE and binds(c):
            total += c.quantity * ramp_share(c, month)
        r = next_bought(state, r)
    r = first_sold(state, firm)
    while r >= 0:
        c = state.contracts[r]
        if c.kind == SITE and binds(c):
            total -= c.quantity * ramp_share(c, month)
        r = next_sold(state, r)
    return total


@jit
def kw_on_sale(state, buyer):
    """Power of the hardware a firm would order, with cooling (kW per H100e, GW per M H100e)."""
    f = state.firms[buyer]
    kw = 0.0
    for k in range(3):
        part = vendor_part(f, k)
        vendor = nth_vendor(state, k)
        g = best_generation(state, vendor) if vendor >= 0 and part > 1e-6 else -1
        if g >= 0:
            kw += part * state.generations[g].kw * f.pue
    return max(kw, 1e-6)


@jit
def months_to_build(state, months):
    """Months until a site ordered now is connected: the time to build it, or the queue for the grid if longer.

    Parameters
    ----------
    months : float
        To build it.
    """
    return int(max(months, min(site_queue(state), 120.0)))


@jit
def wear(state):
    """Age, failures, depreciation and retirement of every vintage.

    Straight-line depreciation over the owner's book life from the first month of running; units fail at
    `failure_rate`; hardware whose running cost exceeds the rental price, or older than its physical life, is switched
    off a tenth a month.
    """
    m = state.market[0]
    p = state.params[0]
    keep = 1.0 - p.failure_rate / 12.0
    for i in range(m.n_firms):
        f = state.firms[i]
        for g in range(m.n_generations):
            v = state.fleet[i, g]
            if v.units <= 0.0:
                continue
            # What waits for a hall does not wear yet.
            part = v.units / (v.units + v.waiting)
            gen = state.generations[g]
            v.age += 1.0
            lost = 1.0 - keep
            price = max(m.spot_price, m.contract_price)
            if v.age > gen.age_limit or (v.age > 24.0 and price < running_cost(state, i, gen.kw)):
                lost = min(lost + 0.1, 1.0)
            fall = min(part * v.cost / max(f.book_life, 1.0), part * v.book)
            fall = fall + (part * v.book - fall) * lost
            v.book -= fall
            v.units *= 1.0 - lost
            v.cost *= 1.0 - part * lost
            if v.units + v.waiting < 1e-9:
                fall += v.book
                v.units = 0.0
                v.waiting = 0.0
                v.book = 0.0
                v.cost = 0.0
            f.fleet_book -= fall
            depreciate(state, i, fall)
        fall = f.sites / max(p.site_life, 1.0)
        f.sites -= fall
        depreciate(state, i, fall)


@jit
def release_generation(state, vendor):
    """A vendor's next generation: more performance a dollar and a watt than its last, by the parameters."""
    m = state.market[0]
    p = state.params[0]
    last = best_generation(state, vendor)
    if last < 0:
        return
    g = m.n_generations
    state.generations[g].vendor = vendor
    state.generations[g].released = m.month
    state.generations[g].cost = state.generations[last].cost / (1.0 + p.gpu_generation_gain)
    state.generations[g].kw = state.generations[last].kw / (1.0 + p.gpu_energy_gain)
    state.generations[g].age_limit = state.generations[last].age_limit
    state.generations[g].mark = state.generations[g].cost
    m.n_generations += 1
    state.firms[vendor].last_release = m.month
    log_event(state, E_GENERATION, vendor, -1, state.generations[g].cost)


@jit
def vendors_plan(state):
    """Vendors set prices and supply by the orders they can deliver and release the next generation when it is due.

    Buyers outside the model keep as many months on order as is normal.
    """
    m = state.market[0]
    p = state.params[0]
    book = state.work_space[0]
    housed = state.work_space[1]
    for i in range(m.n_firms):
        f = state.firms[i]
        book[i] = p.normal_backlog * f.outside_demand
        housed[i] = 0.0
        if f.on_order > 0.0:
            room = power_by(state, i, m.month + int(p.site_window)) - f.fleet_gw
            housed[i] = min(max(room / max(gw_on_order(state, i), 1e-9), 0.0), 1.0)
    for r in range(m.oldest_order, m.n_orders):
        o = state.orders[r]
        if o.status == PENDING and o.kind == GPU_ORDER:
            book[o.vendor] += o.units * o.price * housed[o.buyer]
    for i in range(m.n_firms):
        f = state.firms[i]
        if f.kind != VENDOR or f.status != ACTIVE:
            continue
        months = book[i] / max(f.supply, 1e-9)
        f.markup = set_markup(state, i, months)
        f.supply = max(plan_supply(state, i, months), 0.01)
        if is_due(state, i):
            release_generation(state, i)
