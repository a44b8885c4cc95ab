"""What falls due this month: one row an obligation, and what its payment does to the books."""

from __future__ import annotations

from abm.accounts.ledger import charge, earn, log_hit, transfer
from abm.engine.compiled import jit
from abm.engine.tables import (
    COMPUTE,
    COUNTERPARTY,
    DUE_CARBON,
    DUE_FUNDING,
    DUE_INTEREST,
    DUE_INVOICE,
    DUE_MAKING,
    DUE_ORDER,
    DUE_POWER,
    DUE_PRINCIPAL,
    DUE_SPOT,
    F_CARBON,
    F_COMPUTE,
    F_FUNDING_COST,
    F_GPU,
    F_INTEREST,
    F_LEASE,
    F_OPERATING,
    F_POWER,
    F_PRINCIPAL,
    F_SITE,
    GPU_ORDER,
    OUTSIDE,
)
from abm.instruments.order import take_delivery
from abm.instruments.seniority import tier_of_due


@jit
def add_due(state, kind, debtor, creditor, tier, amount, ref):
    """Append an obligation of this month (bn); nothing if the amount is not positive."""
    if amount <= 0.0:
        return
    m = state.market[0]
    d = state.dues
    r = m.n_dues
    d.kind[r] = kind
    d.debtor[r] = debtor
    d.creditor[r] = creditor
    d.tier[r] = tier
    d.amount[r] = amount
    d.paid[r] = 0.0
    d.ref[r] = ref
    m.n_dues += 1


@jit
def owe(state, kind, debtor, creditor, amount, ref):
    """Append an obligation of this month (bn) in the tier of its kind (`abm.instruments.seniority`)."""
    add_due(state, kind, debtor, creditor, tier_of_due(state, kind, ref), amount, ref)


@jit
def refuse_arrival(state, r):
    """What was to arrive is not due any more, nor is its making at the vendor."""
    d = state.dues
    d.amount[r] = 0.0
    vendor = d.creditor[r]
    for k in range(state.chains.due_start[vendor], state.chains.due_start[vendor + 1]):
        own = state.chains.due_rows[k]
        if d.kind[own] == DUE_MAKING and d.ref[own] == d.ref[r]:
            d.amount[own] = 0.0


@jit
def flow_of(state, r):
    """Kind of flow of an obligation."""
    d = state.dues
    kind = d.kind[r]
    if kind == DUE_POWER:
        return F_POWER
    if kind == DUE_CARBON:
        return F_CARBON
    if kind == DUE_INTEREST:
        return F_INTEREST
    if kind == DUE_PRINCIPAL:
        return F_PRINCIPAL
    if kind == DUE_ORDER:
        return F_GPU if state.orders[d.ref[r]].kind == GPU_ORDER else F_SITE
    if kind == DUE_INVOICE:
        return F_COMPUTE if state.contracts[d.ref[r]].kind == COMPUTE else F_LEASE
    if kind == DUE_SPOT:
        return F_COMPUTE
    if kind == DUE_FUNDING:
        return F_FUNDING_COST
    return F_OPERATING


@jit
def post_payment(state, r):
    """Book what was paid on one obligation: income and cost, principal, or a delivery."""
    d = state.dues
    if d.amount[r] <= 0.0:
        return
    paid = d.paid[r]
    debtor = d.debtor[r]
    creditor = d.creditor[r]
    kind = d.kind[r]
    transfer(state, debtor, creditor, paid, flow_of(state, r))
    if kind == DUE_PRINCIPAL:
        loan = state.loans[d.ref[r]]
        # Twelve digits are enough to know that nothing is left.
        loan.principal = max(loan.principal - paid, 0.0)
        state.firms[debtor].debt -= paid
        state.firms[creditor].loans_held -= paid
    elif kind == DUE_ORDER:
        if d.amount[r] - paid <= 1e-12 * d.amount[r]:
            take_delivery(state, d.ref[r], paid)
        else:
            state.orders[d.ref[r]].deposit += paid
    elif kind == DUE_INTEREST:
        state.firms[debtor].interest_cost += paid
        state.firms[debtor].retained -= paid
        earn(state, creditor, paid)
    else:
        charge(state, debtor, paid)
        earn(state, creditor, paid)
    missed = d.amount[r] - paid
    if missed > 0.0:
        if kind == DUE_INVOICE:
            state.contracts[d.ref[r]].missed = missed
        if state.firms[creditor].kind != OUTSIDE:
            state.market[0].stage = state.default_round[debtor]
            log_hit(state, creditor, debtor, COUNTERPARTY, missed)
