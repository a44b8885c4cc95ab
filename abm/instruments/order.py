"""Orders of hardware and sites: placed, paid for and delivered, cancelled."""

from __future__ import annotations

from abm.accounts.ledger import charge, earn, log_event, log_hit, pay_cost, transfer
from abm.engine.chains import chain_order, first_order, next_order
from abm.engine.compiled import jit
from abm.engine.tables import (
    BROKEN,
    E_CANCELLED,
    E_ORDER,
    ENDED,
    F_GPU,
    F_OPERATING,
    F_SITE,
    F_SUPPORT,
    GOVERNMENT,
    GPU_ORDER,
    PENDING,
    SITE_ORDER,
    SUPPLIERS,
    VENDOR_CHANNEL,
)


@jit
def new_order(state, kind, buyer, vendor, generation, units, price, deposit, due):
    """Append an order to the queue; the caller moves the deposit.

    Returns
    -------
    int
        Its row.
    """
    m = state.market[0]
    r = m.n_orders
    o = state.orders[r]
    o.id = m.next_order
    o.kind = kind
    o.status = PENDING
    o.buyer = buyer
    o.vendor = vendor
    o.generation = generation
    o.placed = m.month
    o.due = due
    o.end_user = -1
    o.units = units
    o.price = price
    o.deposit = deposit
    o.ready = 0.0
    chain_order(state, r)
    m.n_orders += 1
    m.next_order += 1
    return r


@jit
def balance_due(order):
    """What is to be paid when the ready units arrive (bn): their price less their part of the deposit."""
    if order.ready <= 0.0:
        return 0.0
    return order.ready * order.price - order.deposit * order.ready / order.units


@jit
def room_for(state, firm, kw):
    """Units of hardware of this power (kW per H100e) that a firm's powered sites can still take (M H100e)."""
    f = state.firms[firm]
    return max(f.site_gw + f.leased_gw - f.fleet_gw, 0.0) / max(kw * f.pue, 1e-9)


@jit
def house(state, firm, generation):
    """Hardware that waits for a hall starts to run as far as the firm's powered sites have room."""
    v = state.fleet[firm, generation]
    f = state.firms[firm]
    kw = state.generations[generation].kw
    units = min(v.waiting, room_for(state, firm, kw))
    if units <= 0.0:
        return
    v.age = (v.age * v.units) / (v.units + units)
    v.units += units
    v.waiting -= units
    f.fleet_gw += units * kw * f.pue
    f.capacity += units


@jit
def house_waiting(state):
    """Hardware delivered before its hall starts to run where sites have come, the oldest generation first; what still
    waits is counted."""
    m = state.market[0]
    for i in range(m.n_firms):
        state.firms[i].stalled = 0.0
        for g in range(m.n_generations):
            if state.fleet[i, g].waiting > 0.0:
                house(state, i, g)
                state.firms[i].stalled += state.fleet[i, g].waiting


@jit
def take_delivery(state, r, paid):
    """Put paid-for units into the buyer's fleet or sites; hardware runs as far as there are halls for it.

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
        v.waiting += o.ready
        v.book += value
        v.cost += value
        buyer.fleet_book += value
        house(state, o.buyer, o.generation)
    # Public co-investment comes as a capital grant: it lowers what the hardware or site stands in the books for.
    grant = state.params[0].public_share * value
    if grant > 0.0:
        transfer(state, GOVERNMENT, o.buyer, grant, F_SUPPORT)
        state.firms[GOVERNMENT].retained -= grant
        if o.kind == SITE_ORDER:
            buyer.sites -= grant
        else:
            state.fleet[o.buyer, o.generation].book -= grant
            state.fleet[o.buyer, o.generation].cost -= grant
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
    """Cancel an order: the vendor keeps what is paid and loses the margin (vendor channel).

    What was paid for a site beyond the usual deposit stands half built, and is its buyer's.
    """
    o = state.orders[r]
    earn(state, o.vendor, o.deposit)
    built = max(o.deposit - state.params[0].order_deposit * o.units * o.price, 0.0) if o.kind == SITE_ORDER else 0.0
    state.firms[o.buyer].sites += built
    state.firms[o.buyer].retained -= o.deposit - built
    state.firms[o.buyer].write_off += o.deposit - built
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
def pay_on_account(state, r, amount):
    """Pay a part of the price of what is ordered before it is delivered (bn): it adds to the deposit."""
    o = state.orders[r]
    transfer(state, o.buyer, o.vendor, amount, F_GPU if o.kind == GPU_ORDER else F_SITE)
    state.firms[o.buyer].capex += amount
    o.deposit += amount


@jit
def gw_on_order(state, firm):
    """Power that hardware on order, or delivered and waiting for a hall, will draw (GW)."""
    total = 0.0
    for g in range(state.market[0].n_generations):
        if state.fleet[firm, g].waiting > 0.0:
            total += state.fleet[firm, g].waiting * state.generations[g].kw * state.firms[firm].pue
    r = first_order(state, firm)
    while r >= 0:
        o = state.orders[r]
        if o.status == PENDING and o.kind == GPU_ORDER:
            total += o.units * state.generations[o.generation].kw * state.firms[firm].pue
        r = next_order(state, r)
    return total


@jit
def tally_orders(state):
    """Capacity that every firm has on order or waiting for halls, and sites on order."""
    m = state.market[0]
    for i in range(m.n_firms):
        state.firms[i].on_order = 0.0
        for g in range(m.n_generations):
            state.firms[i].on_order += state.fleet[i, g].waiting
        state.firms[i].on_order_gw = 0.0
        state.firms[i].orders_owed = 0.0
    for r in range(m.oldest_order, m.n_orders):
        o = state.orders[r]
        if o.status == PENDING:
            state.firms[o.buyer].orders_owed += o.units * o.price - o.deposit
            if o.kind == GPU_ORDER:
                state.firms[o.buyer].on_order += o.units
            else:
                state.firms[o.buyer].on_order_gw += o.units
