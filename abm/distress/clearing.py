"""Phase 7: who is paid. The greatest clearing payments with seniority, limited liability and bankruptcy costs."""

from __future__ import annotations

from abm.accounts.ledger import charge, earn, pay_cost
from abm.contagion.rows import ClearingScratch, clear_rows
from abm.engine.compiled import jit
from abm.engine.tables import ENDED, F_BANKRUPTCY, LIVE, OUTSIDE, REVOLVER, SUPPLIERS, WAREHOUSE
from abm.instruments.contract import renew_tenancy
from abm.instruments.due import post_payment


@jit
def clearing(state):
    """Phase 7 of the month: the greatest clearing payments with seniority, limited liability and bankruptcy costs.

    Eisenberg and Noe 2001; Rogers and Veraart 2013 with alpha = beta = 1 - bankruptcy_cost; Elsinger 2009.

    Returns
    -------
    float
        Residual of the fixed point.
    """
    m = state.market[0]
    d = state.dues
    keep = 1.0 - state.params[0].bankruptcy_cost
    for i in range(m.n_firms):
        # The sectors around the agents never default: they can pay whatever they owe.
        state.cash_before[i] = 1e9 if state.firms[i].kind == OUTSIDE else max(state.firms[i].cash, 0.0)
        state.default_round[i] = 0
    for i in range(m.n_firms, state.cash_before.shape[0]):
        state.cash_before[i] = 0.0
        state.default_round[i] = 0
    w = state.scratch
    scratch = ClearingScratch(
        w.matrix, w.senior, w.share, w.marginal, w.solid, w.base, w.inflow, w.estate, w.leak, w.pivot, w.recovery,
        w.member, w.place, w.rows,
    )  # fmt: skip
    residual = clear_rows(
        d.debtor, d.creditor, d.tier, d.amount, m.n_dues, state.cash_before, keep, keep, scratch, d.paid,
        state.default_round,
    )  # fmt: skip
    for r in range(m.n_dues):
        post_payment(state, r)
    for i in range(m.n_firms):
        if state.default_round[i] > 0:
            # What bankruptcy costs is all that is left, since a firm in default pays out everything else.
            pay_cost(state, i, SUPPLIERS, max(state.firms[i].cash, 0.0), F_BANKRUPTCY)
    run_off(state)
    return residual


@jit
def run_off(state):
    """Contracts and loans come a month nearer to their end; what has ended or is repaid is closed, and
    commitments not drawn in time lapse."""
    m = state.market[0]
    for r in range(m.n_contracts):
        c = state.contracts[r]
        if c.status != LIVE:
            continue
        c.months_left -= 1
        if c.months_left <= 0:
            c.status = ENDED
            charge(state, c.buyer, c.prepaid)
            earn(state, c.seller, c.prepaid)
            c.prepaid = 0.0
            renew_tenancy(state, r)
    for r in range(m.n_loans):
        loan = state.loans[r]
        if loan.status != LIVE:
            continue
        loan.months_left = max(loan.months_left - 1, 0)
        if m.month >= loan.draws_until:
            loan.undrawn = 0.0
        # A line that nothing is owed on can be drawn again, a loan repaid cannot.
        line = loan.kind == REVOLVER or loan.kind == WAREHOUSE
        if loan.principal <= 0.0 and loan.undrawn <= 0.0 and (loan.months_left == 0 or not line):
            loan.status = ENDED
