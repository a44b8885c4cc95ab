"""The month: ten phases in order. This file is the table of contents of the model."""

from __future__ import annotations

from abm.accounts.ledger import begin_month, is_sound
from abm.accounts.record import record
from abm.agents.expectations import update_beliefs
from abm.agents.payouts import distribute
from abm.distress.cascade import aftermath, refuse_to_pay
from abm.distress.clearing import clearing
from abm.distress.funding import funding
from abm.distress.lender_books import keep_books
from abm.distress.obligations import obligations
from abm.engine.compiled import jit
from abm.engine.room import overflowing
from abm.environment.world import world
from abm.instruments.contract import lose_tenants, start_contracts
from abm.instruments.order import house_waiting, tally_orders
from abm.markets.compute import compute_market, serve_contracts
from abm.markets.credit import arrange_lines, issue_bonds, measure, refinance_early
from abm.markets.gpus import ready_deliveries, vendors_plan, wear
from abm.markets.investment import enter, invest
from abm.markets.projects import pay_builders
from abm.markets.services import model_market
from abm.markets.tenders import clouds_tender, labs_tender


@jit
def deliveries(state):
    """Phase 2: contracts go live, fleets age, hardware moves into halls, more arrives if it is paid for in phase 7."""
    start_contracts(state)
    lose_tenants(state)
    wear(state)
    serve_contracts(state)
    house_waiting(state)
    ready_deliveries(state)


@jit
def decide(state):
    """Phase 9: lenders' books, beliefs, equity, bank lines, early refinancing, builders of projects, tenders for
    compute, sites, orders and their bonds, vendors' plans, entry."""
    tally_orders(state)
    serve_contracts(state)
    keep_books(state)
    update_beliefs(state)
    refinance_early(state)
    arrange_lines(state)
    pay_builders(state)
    labs_tender(state)
    invest(state)
    issue_bonds(state)
    clouds_tender(state)
    vendors_plan(state)
    enter(state)
    tally_orders(state)
    serve_contracts(state)
    measure(state)


@jit
def run_months(state, months):
    """Months in a row in one compiled call; stops early when a table has no room for another month, after a month that
    found none (`no_room`), and after a month from which there is no going on (`is_sound`).

    Parameters
    ----------
    state : State
        Changed in place.
    months : int

    Returns
    -------
    int
        Months run; negative if the last of them is not sound.
    """
    for k in range(months):
        if overflowing(state):
            return k
        state.market[0].month += 1
        begin_month(state)
        world(state)  # 1 demand, technology, rates, power, shocks
        deliveries(state)  # 2 contracts start, hardware arrives
        model_market(state)  # 3 quality, prices, customers' choice
        compute_market(state)  # 4 contracts served, spot cleared, services billed, GPUs marked
        refuse_to_pay(state)
        obligations(state)  # 5 everything that falls due
        funding(state)  # 6 lines, refinancing, equity, cuts, renegotiation
        clearing(state)  # 7 who is paid
        distribute(state)
        aftermath(state)  # 8 defaults, round by round
        decide(state)  # 9 contracts, orders, loans for later
        record(state)  # 10 aggregates, panels, events
        if state.market[0].no_room == 1:
            return k + 1
        if not is_sound(state):
            return -(k + 1)
    return months


# Two parts that take about as long to compile; what both need is compiled twice.
PARTS_COMPILED = (
    (begin_month, world, deliveries, model_market, compute_market, obligations, funding, clearing, distribute, record),
    (decide, refuse_to_pay, aftermath),
)
