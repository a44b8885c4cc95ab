"""Project companies: how much is built by them, what rent they ask, whether their investors complete a site, how
they pay their debt down."""

from __future__ import annotations

from abm.engine.chains import first_loan, next_loan
from abm.engine.compiled import jit
from abm.engine.tables import LIVE, VEHICLE
from abm.instruments.annuity import annuity
from abm.instruments.loan import prepay_loan
from abm.markets.power import site_price


@jit
def off_balance_share(state, tenant):
    """Part of its sites that a provider leases from project companies: the more, the more it owes already.

    ``project_share * leverage / project_leverage``, at most 1 (Oracle and Meta had sites of 38 and 30 bn built
    by project companies in 2025, G2-032, G2-022).
    """
    p = state.params[0]
    return min(p.project_share * state.firms[tenant].leverage / p.project_leverage, 1.0)


@jit
def lease_rent(state, rate):
    """Rent of a GW a month (bn) that repays the debt of its site over the lease, with the lenders' cover."""
    p = state.params[0]
    return p.project_cover * p.project_debt * site_price(state) * annuity(rate, p.lease_tenor)


@jit
def completes(state, project, gap):
    """Whether investors of a project company cover a shortfall at its completion (bn): a cost overrun is small beside
    what they would lose."""
    f = state.firms[project]
    return f.kind == VEHICLE and gap < state.params[0].project_overrun * f.deposits_out


@jit
def sweep_project(state, firm, amount):
    """A project company pays its bullet loans down with cash it does not need (bn repaid)."""
    left = amount
    r = first_loan(state, firm)
    while r >= 0:
        loan = state.loans[r]
        if left > 1e-9 and loan.status == LIVE and loan.amortising == 0:
            part = min(left, loan.principal)
            prepay_loan(state, r, part)
            left -= part
        r = next_loan(state, r)
    return amount - left
