"""What firms of every kind have in common: how one comes into being, and what it keeps under protection."""

from __future__ import annotations

from abm.engine.chains import chain_firm
from abm.engine.compiled import jit
from abm.engine.tables import ACTIVE, COMPUTE, LIVE


@jit
def new_firm(state, kind, like):
    """Append a firm that does what another does at the same cost, with empty books.

    Parameters
    ----------
    kind : int
    like : int
        Row of the firm whose costs it shares.

    Returns
    -------
    int
        Its row, -1 if the table is full until it grows.
    """
    m = state.market[0]
    i = m.n_firms
    if i + 2 > state.firms.shape[0]:
        return -1
    # The last row of the table is never used: it is the blank form.
    state.firms[i] = state.firms[state.firms.shape[0] - 1]
    f = state.firms[i]
    model = state.firms[like]
    f.kind = kind
    f.status = ACTIVE
    f.parent = -1
    f.tenant = -1
    f.entered = m.month
    f.failed = -1
    f.last_round = m.month
    f.last_project = m.month
    f.pue = model.pue
    f.power_premium = model.power_premium
    f.renewables = model.renewables
    f.unit_opex = model.unit_opex
    f.book_life = model.book_life
    f.amd_share = model.amd_share
    f.custom_share = model.custom_share
    f.top_customer_id = -1
    f.expected_spot = m.spot_price
    f.expected_growth = model.expected_growth
    f.pd = model.pd
    f.pd_long = model.pd_long
    f.feared = model.pd
    f.dscr = 9.9
    chain_firm(state, i)
    m.n_firms += 1
    return i


@jit
def is_protected(state, i):
    """Whether a firm is under protection by a court, so that what it owed before is not due."""
    until = state.firms[i].protected_until
    return until > 0 and state.market[0].month <= until


@jit
def spare_capacity(state, firm):
    """Compute that a firm has, its own and under contract, beyond what it uses and lets (M H100e)."""
    f = state.firms[firm]
    return max(f.capacity + f.contracted_in - f.need - f.training - f.contracted_out - f.spot_sold, 0.0)


@jit
def drops_contract(state, r, spare):
    """Whether a firm under protection rejects a contract it has bought as a whole: what it does not need.

    A compute contract not needed now, a site that is not delivered yet or whose power its fleet can do without (a
    debtor keeps what is worth more to it than it costs: 11 U.S.C. 365).

    Parameters
    ----------
    r : int
    spare : float
        Compute it can do without (M H100e).
    """
    c = state.contracts[r]
    f = state.firms[c.buyer]
    if c.kind != COMPUTE:
        return c.status != LIVE or f.site_gw + f.leased_gw - c.delivered >= f.fleet_gw
    if c.price <= state.market[0].contract_price:
        return False
    return c.status != LIVE or c.delivered <= spare
