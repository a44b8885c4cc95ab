"""Neoclouds: what they bid for a contract, how much hardware they order, the equity they ask for."""

from __future__ import annotations

import math

from abm.agents.provider import debt_step, expected_return, growth_over, spare_cash
from abm.engine.compiled import jit
from abm.markets.gpus import unit_cost
from abm.markets.marks import scarcity, term_rent


@jit
def quote_contract(state, seller, buyer, cost, months):
    """Price a provider asks for a compute contract of some months (USD per H100e-hour).

    Full cost of the hardware it would buy, times one plus a margin, a charge for the buyer's chance of default
    over the years a replacement would take, and a scarcity margin; and most of the way from there to the rent it
    expects on the spot market over the term, where it could let the capacity instead. Who has capacity idle (use below
    `target_utilisation`) goes down to full cost for it; who must build asks its whole margin.
    """
    p = state.params[0]
    risk = p.bid_risk_weight * state.firms[buyer].pd_long
    asked = cost * (1.0 + p.contract_margin + risk + scarcity(state))
    least = cost if state.firms[seller].utilisation < p.target_utilisation else asked
    return max(term_rent(state, asked, state.firms[seller].expected_spot, p.contract_lead, months), least)


@jit
def plan_orders(state, cloud, months):
    """Capacity a neocloud wants to have some months ahead (M H100e).

    What it has promised under contracts, or its fleet at the growth of compute in use that it believes in and the
    return it expects, whichever is more.
    """
    p = state.params[0]
    f = state.firms[cloud]
    growth = growth_over(state, state.market[0].compute_growth, months) + expected_return(state, cloud)
    return max(f.promised_out * p.capacity_cover, f.capacity * math.exp(growth))


@jit
def seek_growth_equity(state, cloud):
    """Equity a neocloud asks investors for to grow (bn): its own part of the hardware that its plan still lacks, less
    the cash it can put in, within tolerable dilution."""
    p = state.params[0]
    f = state.firms[cloud]
    own = (f.desired - f.on_order) * unit_cost(state, cloud) * (1.0 - p.loan_to_cost)
    return max(min(own - p.equity_part * max(f.cash, 0.0), p.equity_dilution * f.valuation), 0.0)


@jit
def seek_debt(state, cloud):
    """Unsecured notes a neocloud issues now towards its target debt (bn): its owners want no more equity in it than
    they must have.

    A step of `cloud_leverage_speed` a year towards `cloud_debt` years of cash earnings (`debt_step`); cash that it can
    spare comes first (Myers and Majluf 1984).
    """
    p = state.params[0]
    f = state.firms[cloud]
    room = p.cloud_debt * 12.0 * max(f.earnings, 0.0) - f.debt - spare_cash(state, cloud)
    return debt_step(state, cloud, p.cloud_leverage_speed, room)


@jit
def accept_renegotiation(state, seller, buyer):
    """Whether a provider lets a customer in trouble pay less now for a longer contract.

    It does if its own debt service stays covered and the customer is worth keeping: the loss from breaking the
    contract, its replacement at today's rent, exceeds the haircut.
    """
    m = state.market[0]
    p = state.params[0]
    f = state.firms[seller]
    if p.renegotiation <= 0.0 or f.dscr < p.renegotiation_cover:
        return False
    # The more of the backlog hangs on this customer, the more a provider gives way.
    stake = f.top_customer if f.top_customer_id == buyer else 0.1
    return p.amend_haircut < p.renegotiation * (0.1 + stake + max(1.0 - m.tightness, 0.0))
