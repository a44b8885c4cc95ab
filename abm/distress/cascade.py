"""Phase 8: defaults and their aftermath, in rounds until no one else falls."""

from __future__ import annotations

from abm.accounts.ledger import binds, log_event, net_worth, sum_claims
from abm.agents.firm import is_protected
from abm.agents.lab import walks_away
from abm.distress.causes import BY_DECREE, FOR_CASH, FOR_COLLATERAL
from abm.distress.covenants import check_covenants
from abm.distress.estate import fail
from abm.distress.lenders import check_lender
from abm.distress.reorganisation import emerge, resolve
from abm.engine.compiled import jit
from abm.engine.tables import ACTIVE, E_REPUDIATED, LAB, LENDER, OUTSIDE
from abm.instruments.contract import break_contract, firm_share, ramp_months, unit_invoice
from abm.markets.credit import measure
from abm.markets.marks import mark_fleets


@jit
def refuse_to_pay(state):
    """Firms that a shock makes stop paying walk away from every contract they have bought, and pay no damages."""
    m = state.market[0]
    m.stage = 0
    for r in range(m.n_contracts):
        c = state.contracts[r]
        if binds(c) and state.firms[c.buyer].stops_paying == 1.0:
            buyer = c.buyer
            left = ramp_months(c, m.month) * unit_invoice(c) * firm_share(state, c)
            break_contract(state, r, buyer)
            if not binds(c):
                log_event(state, E_REPUDIATED, buyer, c.seller, left)
                c.missed = 0.0


@jit
def spread(state):
    """Covenants and lenders after the defaults so far, round by round until no one else falls.

    Whom a round brings down is known before anyone of it fails, so that every loss comes from an earlier round,
    whatever the order of the rows. Work space row 2: who falls.
    """
    m = state.market[0]
    called = state.work_space[1]
    mark_fleets(state)
    more = True
    while more:
        more = False
        m.stage += 1
        sum_claims(state)
        if check_covenants(state):
            for i in range(m.n_firms):
                if called[i] > 0.0 and state.firms[i].status == ACTIVE:
                    owed = called[i] - max(state.firms[i].cash, 0.0)
                    called[i] = 0.0
                    if owed > 0.0:
                        resolve(state, i, owed, FOR_COLLATERAL)
                        more = True
        if more:
            mark_fleets(state)
            continue
        falls = state.work_space[2]
        for i in range(m.n_firms):
            f = state.firms[i]
            falls[i] = 0.0
            if f.kind == LENDER and f.status == ACTIVE and check_lender(state, i):
                falls[i] = -net_worth(f)
        for i in range(m.n_firms):
            if falls[i] > 0.0:
                fail(state, i, falls[i], FOR_CASH)
                more = True
        if more:
            mark_fleets(state)


@jit
def bring_down(state, firm):
    """Let a firm fail between two months, with all that follows."""
    f = state.firms[firm]
    state.market[0].stage = 1
    fail(state, firm, f.debt_service + f.invoiced_out + f.fixed_cost, BY_DECREE)
    spread(state)
    measure(state)


@jit
def aftermath(state):
    """Phase 8 of the month: resolve the defaults of the clearing, then covenants and lenders, round by round.

    Round numbers go on from the rounds of the clearing.
    """
    m = state.market[0]
    shortfall = state.work_space[0]
    for i in range(m.n_firms):
        shortfall[i] = 0.0
    for r in range(m.n_dues):
        if state.default_round[state.dues.debtor[r]] > 0:
            shortfall[state.dues.debtor[r]] += state.dues.amount[r] - state.dues.paid[r]
    last = 1
    for i in range(m.n_firms):
        last = max(last, state.default_round[i])
    for i in range(m.n_firms):
        f = state.firms[i]
        if f.status != ACTIVE or f.kind == OUTSIDE or state.default_round[i] > 0:
            continue
        if f.stops_paying >= 2.0:
            state.default_round[i] = 1
            shortfall[i] = f.debt_service + f.invoiced_out + f.fixed_cost
        elif f.kind == LAB and not is_protected(state, i) and walks_away(state, i):
            state.default_round[i] = 1
            shortfall[i] = f.overpay
    m.stage = 1
    for i in range(m.n_firms):
        f = state.firms[i]
        ends = f.protected_until > 0 and f.protected_until == m.month
        if ends and f.status == ACTIVE and state.default_round[i] == 0:
            emerge(state, i)
    for k in range(1, last + 1):
        m.stage = k
        for i in range(m.n_firms):
            if state.default_round[i] == k and state.firms[i].status == ACTIVE:
                resolve(state, i, shortfall[i], BY_DECREE if state.firms[i].stops_paying >= 2.0 else FOR_CASH)
    m.stage = last
    spread(state)
    m.fire_discount *= 1.0 - state.params[0].fire_recovery
    measure(state)
