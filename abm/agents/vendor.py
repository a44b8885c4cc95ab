"""GPU vendors: price, supply, the next generation, and finance for their own customers."""

from __future__ import annotations

import math

from abm.engine.compiled import jit


@jit
def set_markup(state, vendor, backlog_months):
    """Markup over the normal list price that a vendor wants: it rises when the order book is long.

    ``markup * exp(speed * log(backlog / normal backlog))`` within `markup_low` and `markup_high`.
    """
    p = state.params[0]
    ratio = min(max(backlog_months / p.normal_backlog, 0.1), 4.0)
    wanted = state.firms[vendor].markup * math.exp(p.markup_speed * math.log(ratio))
    return min(max(wanted, p.markup_low), p.markup_high)


@jit
def plan_supply(state, vendor, backlog_months):
    """Value a vendor will be able to deliver a month (bn): grows while the order book is long, else shrinks.

    The book is what can be delivered: orders that wait for a powered hall build no factory. Growth is bounded by
    packaging and memory capacity (`supply_growth` a month).
    """
    p = state.params[0]
    now = state.firms[vendor].supply
    if backlog_months > p.normal_backlog:
        return now * (1.0 + p.supply_growth)
    if backlog_months < 0.5 * p.normal_backlog:
        return now * (1.0 - 0.5 * p.supply_growth)
    return now


@jit
def is_due(state, vendor):
    """Whether a vendor releases its next generation this month: its cadence has passed."""
    m = state.market[0]
    f = state.firms[vendor]
    return m.month - f.last_release >= f.cadence * state.params[0].gpu_cadence / 12.0


@jit
def offer_vendor_finance(state, vendor, amount):
    """Part of an order a vendor lends its customer itself (bn): none when its own cash is short."""
    p = state.params[0]
    f = state.firms[vendor]
    return min(p.vendor_finance_share * amount, max(f.cash, 0.0) * p.vendor_cash_share)
