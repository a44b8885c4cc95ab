"""What firms of every kind have in common: how one comes into being."""

from __future__ import annotations

from abm.engine.chains import chain_firm
from abm.engine.compiled import jit
from abm.engine.tables import ACTIVE


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
    f.dscr = 9.9
    chain_firm(state, i)
    m.n_firms += 1
    return i
