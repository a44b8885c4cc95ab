"""What firms pay their owners: surplus cash beyond what each kind keeps (end of phase 7)."""

from __future__ import annotations

from abm.accounts.ledger import pay_out, return_funding, transfer
from abm.agents.firm import is_protected
from abm.agents.lender import is_short_of_capital
from abm.agents.project import sweep_project
from abm.agents.provider import spare_cash
from abm.engine.compiled import jit
from abm.engine.tables import ACTIVE, F_SUPPORT, HYPERSCALER, LAB, LENDER, NEOCLOUD, SPONSOR, VEHICLE, VENDOR


@jit
def pay_owners(state, i):
    """What a firm with cash pays its owners this month: clouds and vendors pay out, project companies sweep their debt
    first, lenders give savers back what they do not lend, a subsidiary lab hands up what it does not need."""
    p = state.params[0]
    f = state.firms[i]
    if f.kind == HYPERSCALER:
        # Buybacks and other projects wait while cash is below what the firm wants to hold.
        wanted = p.hyperscaler_cash_months * max(f.earnings, 0.0)
        full = min(f.cash / wanted, 1.0) if wanted > 0.0 else 1.0
        pay_out(state, i, min(f.payout * f.other_income * full, 0.2 * f.cash))
        pay_out(state, i, p.provider_payout * spare_cash(state, i))
    elif f.kind == NEOCLOUD or f.kind == VEHICLE:
        spare = p.provider_payout * spare_cash(state, i)
        if f.kind == VEHICLE:
            spare -= sweep_project(state, i, p.project_sweep * spare)
        # Lenders' covenants lock up the cash of a borrower whose service is thinly covered.
        if f.dscr >= p.lockup_cover:
            pay_out(state, i, spare)
    elif f.kind == VENDOR:
        spare = f.cash - p.vendor_cash_months * f.supply - f.deposits_in
        pay_out(state, i, max(p.vendor_payout * spare, 0.0))
    elif f.kind == LENDER and f.subkind != SPONSOR:
        spare = f.cash - p.lender_cash * f.loans_held
        if spare > 0.0:
            back = min(spare, f.funding)
            return_funding(state, i, back)
            if not is_short_of_capital(state, i):
                pay_out(state, i, p.lender_payout * (spare - back))
    elif f.parent >= 0 and f.kind == LAB and state.firms[f.parent].status == ACTIVE:
        spare = f.cash - p.lab_cash_months * max(f.operating_cost, 0.0)
        if spare > 0.0:
            transfer(state, i, f.parent, spare, F_SUPPORT)
            f.retained -= spare
            state.firms[f.parent].retained += spare


@jit
def distribute(state):
    """Surplus cash goes to owners (end of phase 7)."""
    for i in range(state.market[0].n_firms):
        f = state.firms[i]
        if f.status == ACTIVE and f.cash > 0.0 and not is_protected(state, i):
            pay_owners(state, i)
