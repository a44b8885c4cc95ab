"""The market for GPUs: orders, supply, deliveries within power limits, wear, generations, second-hand sales."""

from __future__ import annotations

import math

from abm.agents.vendor import is_due, plan_supply, set_markup
from abm.compiled import jit
from abm.economy import (
    ACTIVE,
    BROKEN,
    E_CANCELLED,
    E_GENERATION,
    E_ORDER,
    ENDED,
    F_GPU,
    F_OPERATING,
    F_SECONDHAND,
    F_SITE,
    F_SUPPORT,
    GOVERNMENT,
    GPU_ORDER,
    HYPERSCALER,
    NEOCLOUD,
    PENDING,
    SAVERS,
    SITE_ORDER,
    SUPPLIERS,
    VEHICLE,
    VENDOR,
    VENDOR_CHANNEL,
)
from abm.ledger import charge, depreciate, earn, log_event, log_hit, new_order, pay_cost, transfer
from abm.markets.compute import best_generation


@jit
def nth_vendor(state, k):
    """Row of the k-th vendor still in business (0: the first), or of the last one there is; -1 if none."""
    found = -1
    seen = 0
    for i in range(state.market[0].n_firms):
        if state.firms[i].kind == VENDOR and state.firms[i].status == ACTIVE:
            found = i
            if seen == k:
                return found
            seen += 1
    return found


@jit
def unit_cost(state, buyer):
    """Price of one M H100e of the hardware a provider would order, with its site (bn)."""
    p = state.params[0]
    f = state.firms[buyer]
    cost = 0.0
    for k in range(3):
        part = 1.0 - f.custom_share - f.amd_share
        if k == 1:
            part = f.amd_share
        elif k == 2:
            part = f.custom_share
        vendor = nth_vendor(state, k)
        if vendor < 0 or part <= 1e-6:
            continue
        g = best_generation(state, vendor)
        if g >= 0:
            cost += part * (state.generations[g].cost * state.firms[vendor].markup)
            cost += part * state.generations[g].kw * f.pue * p.site_cost
    return max(cost, 0.1)


@jit
def affordable_fleet(state, buyer):
    """Hardware that a provider's own cash carries with loans at the usual loan to cost (M H100e)."""
    p = state.params[0]
    cash = p.equity_part * max(state.firms[buyer].cash, 0.0)
    return cash / max(1.0 - p.loan_to_cost, 0.05) / unit_cost(state, buyer)


@jit
def room_for(state, firm, kw):
    """Units of hardware of this power (kW per H100e) that a firm's powered sites can still take (M H100e)."""
    f = state.firms[firm]
    return max(f.site_gw + f.leased_gw - f.fleet_gw, 0.0) / max(kw * f.pue, 1e-9)


@jit
def ready_deliveries(state):
    """What arrives this month if it is paid for (phase 2): first come, first served within vendors' supply,
    buyers' powered sites and the grid's new connections."""
    m = state.market[0]
    p = state.params[0]
    budget = state.work_space[0]
    taken = state.work_space[1]
    for i in range(m.n_firms):
        budget[i] = state.firms[i].supply
        taken[i] = 0.0
    m.grid_left = p.grid_gw / 12.0
    for r in range(m.n_orders):
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
        gw = state.generations[o.generation].kw * state.firms[o.buyer].pue
        room = max(room_for(state, o.buyer, state.generations[o.generation].kw) - taken[o.buyer] / max(gw, 1e-9), 0.0)
        units = min(o.units, min(room, budget[o.vendor] / o.price))
        if units < 1e-9:
            continue
        o.ready = units
        taken[o.buyer] += units * gw
        budget[o.vendor] -= units * o.price


@jit
def balance_due(order):
    """What is to be paid when the ready units arrive (bn): their price less their part of the deposit."""
    if order.ready <= 0.0:
        return 0.0
    return order.ready * order.price - order.deposit * order.ready / order.units


@jit
def take_delivery(state, r, paid):
    """Put paid-for units into the buyer's fleet or sites.

    Parameters
    ----------
    r : int
        Row of the order table.
    paid : float
        Balance paid now (bn), all of `balance_due`.
    """
    o = state.orders[r]
    buyer = state.firms[o.buyer]
    part = o.deposit * o.ready / o.units
    value = paid + part
    buyer.capex += paid
    if o.kind == SITE_ORDER:
        buyer.sites += value
        buyer.site_gw += o.ready
    else:
        v = state.fleet[o.buyer, o.generation]
        v.age = (v.age * v.units) / (v.units + o.ready)
        v.units += o.ready
        v.book += value
        v.cost += value
        buyer.fleet_book += value
        buyer.fleet_gw += o.ready * state.generations[o.generation].kw * buyer.pue
        buyer.capacity += o.ready
    # Public co-investment comes as a capital grant: it lowers what the hardware or site stands in the books for.
    grant = state.params[0].public_share * value
    if grant > 0.0:
        transfer(state, GOVERNMENT, o.buyer, grant, F_SUPPORT)
        state.firms[GOVERNMENT].retained -= grant
        if o.kind == SITE_ORDER:
            buyer.sites -= grant
        else:
            state.fleet[o.buyer, o.generation].book -= grant
            buyer.fleet_book -= grant
        state.market[0].public_money += grant
    earn(state, o.vendor, value)
    o.deposit -= part
    o.units -= o.ready
    o.ready = 0.0
    if o.units <= 1e-9:
        # The last crumbs of a deposit go with the last unit.
        earn(state, o.vendor, o.deposit)
        charge(state, o.buyer, o.deposit)
        o.deposit = 0.0
        o.units = 0.0
        o.status = ENDED


@jit
def cancel_order(state, r):
    """Cancel an order: the vendor keeps the deposit and loses the margin (vendor channel)."""
    o = state.orders[r]
    earn(state, o.vendor, o.deposit)
    state.firms[o.buyer].retained -= o.deposit
    state.firms[o.buyer].write_off += o.deposit
    lost = o.units * o.price
    log_event(state, E_CANCELLED, o.buyer, o.vendor, lost)
    if o.kind == GPU_ORDER:
        log_hit(state, o.vendor, o.buyer, VENDOR_CHANNEL, lost * state.firms[o.vendor].margin)
    o.deposit = 0.0
    o.units = 0.0
    o.ready = 0.0
    o.status = BROKEN


@jit
def place_order(state, kind, buyer, vendor, generation, units, price, lead, end_user):
    """Sign an order and pay its deposit.

    Returns
    -------
    int
        Row of the order.
    """
    m = state.market[0]
    deposit = state.params[0].order_deposit * units * price
    transfer(state, buyer, vendor, deposit, F_GPU if kind == GPU_ORDER else F_SITE)
    state.firms[buyer].capex += deposit
    if kind == GPU_ORDER:
        # The part of the hardware that is paid for is made now, the rest when it is delivered.
        pay_cost(state, vendor, SUPPLIERS, (1.0 - state.firms[vendor].margin) * deposit, F_OPERATING)
    r = new_order(state, kind, buyer, vendor, generation, units, price, deposit, m.month + lead)
    state.orders[r].end_user = end_user
    log_event(state, E_ORDER, buyer, vendor, units * price)
    return r


@jit
def tally_orders(state):
    """Capacity and power every firm has on order."""
    m = state.market[0]
    for i in range(m.n_firms):
        state.firms[i].on_order = 0.0
        state.firms[i].on_order_gw = 0.0
    for r in range(m.n_orders):
        o = state.orders[r]
        if o.status == PENDING:
            if o.kind == GPU_ORDER:
                state.firms[o.buyer].on_order += o.units
            else:
                state.firms[o.buyer].on_order_gw += o.units


@jit
def gw_on_order(state, firm):
    """Power that hardware on order will draw (GW)."""
    total = 0.0
    for r in range(state.market[0].n_orders):
        o = state.orders[r]
        if o.status == PENDING and o.kind == GPU_ORDER and o.buyer == firm:
            total += o.units * state.generations[o.generation].kw * state.firms[firm].pue
    return total


@jit
def months_to_build(state):
    """Months until a site ordered now is connected: the time to build it, or the queue for the grid if longer."""
    p = state.params[0]
    waiting = 0.0
    for i in range(state.market[0].n_firms):
        waiting += state.firms[i].on_order_gw
    return int(max(p.site_lead, min(12.0 * waiting / p.grid_gw, 120.0)))


@jit
def wear(state):
    """Age, failures, depreciation and retirement of every vintage.

    Straight-line depreciation over the owner's book life; units fail at `failure_rate`; hardware whose running
    cost exceeds the rental price, or older than its physical life, is switched off a tenth a month.
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
            gen = state.generations[g]
            v.age += 1.0
            lost = 1.0 - keep
            price = max(m.spot_price, m.contract_price)
            if v.age > gen.age_limit or (
                price < state.firms[i].unit_opex + gen.kw * f.pue * m.power_price / 1000.0 and v.age > 24.0
            ):
                lost = min(lost + 0.1, 1.0)
            fall = min(v.cost / max(f.book_life, 1.0), v.book)
            fall = fall + (v.book - fall) * lost
            v.book -= fall
            v.units *= 1.0 - lost
            v.cost *= 1.0 - lost
            if v.units < 1e-9:
                fall += v.book
                v.units = 0.0
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
    """Vendors set prices and supply by their order books and release the next generation when it is due."""
    m = state.market[0]
    book = state.work_space[0]
    for i in range(m.n_firms):
        book[i] = 0.0
    for r in range(m.n_orders):
        o = state.orders[r]
        if o.status == PENDING and o.kind == GPU_ORDER:
            book[o.vendor] += o.units * o.price
    for i in range(m.n_firms):
        f = state.firms[i]
        if f.kind != VENDOR or f.status != ACTIVE:
            continue
        months = book[i] / max(f.supply, 1e-9)
        f.markup = set_markup(state, i, months)
        f.supply = max(plan_supply(state, i, months), 0.01)
        if is_due(state, i):
            release_generation(state, i)


@jit
def sell_second_hand(state, firm):
    """Liquidate a fleet: other providers with cash and room buy at the distressed price, scrap dealers the rest.

    The price is the mark times the distressed-sale factor (0.45 at seven days, G4-076) times
    ``exp(-impact * value sold / value of the fleets that live off letting)`` (neoclouds and project
    companies: hyperscalers' fleets never come to this market); the impact stays in the second-hand market as
    `fire_discount` and dies out slowly (Cifuentes, Ferrucci and Shin 2005 for the exponential form).

    Returns
    -------
    float
        Proceeds (bn).
    """
    m = state.market[0]
    p = state.params[0]
    f = state.firms[firm]
    value = 0.0
    everything = 0.0
    for i in range(m.n_firms):
        for g in range(m.n_generations):
            mark = state.fleet[i, g].units * state.generations[g].mark
            if i == firm or state.firms[i].kind == NEOCLOUD or state.firms[i].kind == VEHICLE:
                everything += mark
            if i == firm:
                value += mark
    if value <= 0.0:
        for g in range(m.n_generations):
            v = state.fleet[firm, g]
            f.retained -= v.book
            f.write_off += v.book
            f.fleet_book -= v.book
            v.units = 0.0
            v.book = 0.0
            v.cost = 0.0
        return 0.0
    impact = p.price_impact * value / max(everything, 1e-9)
    factor = p.distressed_factor * math.exp(-impact)
    proceeds = 0.0
    for g in range(m.n_generations):
        v = state.fleet[firm, g]
        if v.units <= 0.0:
            continue
        price = state.generations[g].mark * factor
        kw = state.generations[g].kw
        left = v.units
        # Buyers share what is on sale by what each could take.
        means = state.work_space[3]
        total = 0.0
        for i in range(m.n_firms):
            buyer = state.firms[i]
            means[i] = 0.0
            if i == firm or buyer.status != ACTIVE or (buyer.kind != HYPERSCALER and buyer.kind != NEOCLOUD):
                continue
            if buyer.ltv > p.second_hand_ltv or buyer.dscr < p.second_hand_cover:
                continue
            means[i] = min(room_for(state, i, kw), p.second_hand_cash * max(buyer.cash, 0.0) / max(price, 1e-9))
            total += means[i]
        part = min(left / total, 1.0) if total > 0.0 else 0.0
        for i in range(m.n_firms):
            buyer = state.firms[i]
            units = min(part * means[i], left)
            if units <= 1e-9:
                continue
            pay = units * price
            transfer(state, i, firm, pay, F_SECONDHAND)
            buyer.capex += pay
            mine = state.fleet[i, g]
            mine.age = (mine.age * mine.units + v.age * units) / (mine.units + units)
            mine.units += units
            mine.book += pay
            mine.cost += pay
            buyer.fleet_book += pay
            buyer.fleet_gw += units * kw * buyer.pue
            buyer.capacity += units
            left -= units
            proceeds += pay
        pay = left * price * p.scrap_factor
        transfer(state, SAVERS, firm, pay, F_SECONDHAND)
        state.firms[SAVERS].retained -= pay
        proceeds += pay
        v.units = 0.0
        v.cost = 0.0
    f.write_off += f.fleet_book - proceeds
    f.retained -= f.fleet_book - proceeds
    for g in range(m.n_generations):
        state.fleet[firm, g].book = 0.0
    f.fleet_book = 0.0
    f.capacity = 0.0
    f.fleet_gw = 0.0
    m.fire_discount = min(m.fire_discount + impact, 3.0)
    return proceeds
