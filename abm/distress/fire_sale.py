"""Forced sales of hardware and what they do to everybody's marks."""

from __future__ import annotations

import math

from abm.accounts.ledger import log_hit, transfer
from abm.agents.firm import is_protected
from abm.engine.compiled import jit
from abm.engine.tables import ACTIVE, COLLATERAL, F_SECONDHAND, HYPERSCALER, NEOCLOUD, SAVERS, VEHICLE
from abm.instruments.order import room_for


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
    for g in range(m.n_generations):
        # What waited for a hall is sold with the rest.
        v = state.fleet[firm, g]
        v.age = v.age * v.units / max(v.units + v.waiting, 1e-12)
        v.units += v.waiting
        v.waiting = 0.0
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
        f.capacity = 0.0
        f.fleet_gw = 0.0
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
            if buyer.ltv > p.second_hand_ltv or buyer.dscr < p.second_hand_cover or is_protected(state, i):
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


@jit
def spread_marks(state, firm, fall):
    """A fire sale marks everybody's hardware down: a hit of the collateral channel for every other owner."""
    m = state.market[0]
    for i in range(m.n_firms):
        other = state.firms[i]
        if i != firm and other.status == ACTIVE and other.fleet_mark > 0.0 and other.secured_debt > 0.0:
            log_hit(state, i, firm, COLLATERAL, other.fleet_mark * min(fall, 1.0))
