"""Project companies: sites built off the tenant's balance sheet, on its lease and other people's debt."""

from __future__ import annotations

from abm.accounts.ledger import binds, log_event
from abm.agents.firm import new_firm
from abm.agents.project import lease_rent
from abm.engine.chains import (
    first_of_kind,
    first_order,
    first_sold,
    next_of_kind,
    next_order,
    next_sold,
    pass_hits_on,
    unchain_last_firm,
)
from abm.engine.compiled import jit
from abm.engine.tables import (
    ACTIVE,
    E_PROJECT,
    PENDING,
    PROJECT,
    SITE,
    SITE_COLLATERAL,
    SITE_ORDER,
    SUPPLIERS,
    VEHICLE,
)
from abm.instruments.contract import sign_lease
from abm.instruments.facility import commitments
from abm.instruments.order import gw_on_order, pay_on_account, place_order
from abm.instruments.stake import endow
from abm.markets.credit import borrow, draw_committed
from abm.markets.gpus import months_to_build
from abm.markets.power import site_price


@jit
def lease_empty_sites(state, tenant, gw):
    """Lease what project companies have standing empty (GW), at today's rent for a new site."""
    m = state.market[0]
    p = state.params[0]
    taken = 0.0
    after = first_of_kind(state, VEHICLE)
    while after >= 0:
        i = after
        after = next_of_kind(state, i)
        owner = state.firms[i]
        if owner.status != ACTIVE or i == tenant:
            continue
        # Hardware it has on order will fill its halls.
        empty = owner.site_gw - owner.fleet_gw - gw_on_order(state, i)
        r = first_sold(state, i)
        while r >= 0:
            c = state.contracts[r]
            if c.kind == SITE and binds(c):
                empty -= c.quantity
            r = next_sold(state, r)
        part = min(empty, gw - taken)
        if part > 1e-3:
            sign_lease(state, tenant, i, part, lease_rent(state, m.base_rate + p.project_spread), m.month + 1, 1)
            taken += part
        if taken >= gw - 1e-6:
            break
    return taken


@jit
def instalment(state, r):
    """What is built of a hall to come in a month (bn): of the price still open an equal part until it is due."""
    m = state.market[0]
    o = state.orders[r]
    if o.status != PENDING or o.kind != SITE_ORDER or o.due <= m.month:
        return 0.0
    return (o.units * o.price - o.deposit) / (o.due - m.month + 1)


@jit
def pay_builders(state):
    """Project companies pay for what was built in the month (`instalment`) out of what their lenders promised, as far
    as that goes; what is then still open is paid on delivery."""
    i = first_of_kind(state, VEHICLE)
    while i >= 0:
        due = 0.0
        if state.firms[i].status == ACTIVE and commitments(state, i) > 0.0:
            r = first_order(state, i)
            while r >= 0:
                due += instalment(state, r)
                r = next_order(state, r)
        if due > 0.0:
            part = draw_committed(state, i, due) / due
            r = first_order(state, i)
            while r >= 0:
                pay_on_account(state, r, part * instalment(state, r))
                r = next_order(state, r)
        i = next_of_kind(state, i)


@jit
def found_project(state, tenant, gw):
    """Found a project company that borrows, builds a site and lets it to its tenant.

    Lenders commit its debt at today's rate and pay it out as it builds (`pay_builders`), as on the delayed-draw loans
    of Vantage (G2-032). Equity of outside investors covers the rest, and the interest until the site is expected to
    stand on debt drawn evenly; what a deposit above the equity takes is drawn at once. Halls are handed over one a
    month; what is not drawn `draw_period` months after the last was to come lapses.

    Parameters
    ----------
    tenant : int
    gw : float
        Wanted (GW).

    Returns
    -------
    float
        Power of the site (GW); 0 if it is too small, too soon after the last, or if no lender comes.
    """
    m = state.market[0]
    p = state.params[0]
    if gw < p.project_size or m.month - state.firms[tenant].last_project < p.project_spacing:
        return 0.0
    i = new_firm(state, VEHICLE, tenant)
    if i < 0:
        return 0.0
    f = state.firms[i]
    f.tenant = tenant
    f.top_customer_id = tenant
    f.top_customer = 1.0
    first_loan = m.n_loans
    first_hit = m.n_hits
    price = site_price(state)
    months = max(int(min(p.project_tenor, p.max_tenor)), 2)
    wanted = p.project_debt * gw * price
    lead = months_to_build(state, p.site_lead)
    halls = max(int(p.project_halls), 1)
    until = m.month + lead + halls + int(p.draw_period)
    got = borrow(state, i, PROJECT, wanted, months, SITE_COLLATERAL, 0, -1, 1, until)
    if got <= 0.0:
        # No lender came: the firm was never founded, and the refusals are its tenant's.
        pass_hits_on(state, first_hit, tenant)
        unchain_last_firm(state)
        m.n_firms -= 1
        return 0.0
    gw *= got / wanted
    interest = 0.0
    for r in range(first_loan, m.n_loans):
        if state.loans[r].borrower == i:
            interest += state.loans[r].limit * state.loans[r].rate
    own = gw * price - got
    first = max(p.order_deposit * gw * price - own, 0.0)
    endow(state, i, own + 0.5 * (1.0 + first / got) * interest * lead / 12.0)
    draw_committed(state, i, first)
    state.firms[tenant].last_project = m.month
    rent = lease_rent(state, interest / got)
    r = sign_lease(state, tenant, i, gw, rent, m.month + lead, halls)
    for k in range(halls):
        end_user = state.contracts[r].end_user
        place_order(state, SITE_ORDER, i, SUPPLIERS, -1, gw / halls, price, lead + k, end_user)
    f.on_order_gw += gw
    log_event(state, E_PROJECT, tenant, i, gw * price)
    return gw
