"""Why a firm failed: the losses that others brought on it, and how much of its shortfall each explains.

Every loss that a failure or a firm in stress brings on another is logged as a hit with its channel; a
default's causes are the hits its firm took in the last two years. A default that would have happened
had every one of those hits been made good is fundamental, the others are contagious.
"""

from __future__ import annotations

from abm.engine.chains import hit_before, last_hit
from abm.engine.compiled import jit
from abm.engine.tables import COLLATERAL, CUSTOMER, DEFERRAL, FUNDING, LIQUIDATION, N_CHANNELS, REORGANISATION

FOR_CASH, FOR_COLLATERAL, BY_DECREE = range(3)  # why a firm fails
MEMORY = 24  # months of hits that explain a default


@jit
def months_of_hit(channel, age):
    """How many months of a loss have been felt: a lost customer is lost every month from the next on, a refused
    loan is the same need asked again, so that only the last two months count; the rest is lost once."""
    if channel == CUSTOMER:
        return 1.0 * age
    if channel == FUNDING and age > 1:
        return 0.0
    return 1.0


@jit
def cause_row(state, row, first, source, channel):
    """Row of a default's cause, a new one if this source has none yet through this channel.

    Parameters
    ----------
    row, first : int
        Of the default table, and of the default's first cause.

    Returns
    -------
    int
        -1 if the table is full (`no_room`).
    """
    m = state.market[0]
    for r in range(first, m.n_parents):
        if state.parents[r].parent == source and state.parents[r].channel == channel:
            return r
    if m.n_parents >= state.parents.shape[0]:
        m.no_room = 1
        return -1
    found = state.parents[m.n_parents]
    found.default = row
    found.parent = source
    found.channel = channel
    found.weight = 0.0
    m.n_parents += 1
    return m.n_parents - 1


@jit
def heaviest_channel(state, first):
    """The channel with the largest weight among the causes from a row on, -1 if there are none."""
    heaviest = -1
    best = 0.0
    for k in range(N_CHANNELS):
        weight = 0.0
        for r in range(first, state.market[0].n_parents):
            if state.parents[r].channel == k:
                weight += state.parents[r].weight
        if weight > best:
            best = weight
            heaviest = k
    return heaviest


@jit
def explain(state, row, shortfall, reason):
    """Write the parents of a default: which earlier failures explain how much of its shortfall, by channel.

    Weights are the hits of the last two years, scaled down to the shortfall if they exceed it; what is
    left is the default's own part. A default is contagious if the cash that failed firms and stressed lenders
    kept from it (unpaid claims, lost rent, refused or called credit) would have covered the shortfall; marks
    count only where a loan was called for want of collateral, the market (no firm behind the hit) never, for
    it left no claim unpaid; and a default that a shock decrees is fundamental.

    Parameters
    ----------
    reason : int
        `FOR_CASH`, `FOR_COLLATERAL` or `BY_DECREE`.
    """
    m = state.market[0]
    d = state.defaults[row]
    total = 0.0
    claims = 0.0
    h = last_hit(state, d.firm)
    while h >= 0:
        hit = state.hits[h]
        age = m.month - hit.month
        if age >= MEMORY:
            break
        if age > 0 or hit.stage < m.stage:
            felt = hit.amount * months_of_hit(hit.channel, age)
            total += felt
            if hit.source >= 0 and (hit.channel != COLLATERAL or reason == FOR_COLLATERAL):
                claims += felt
        h = hit_before(state, h)
    size = max(shortfall, 1e-9)
    scale = 1.0 / max(total, size)
    first = m.n_parents
    after = last_hit(state, d.firm)
    while after >= 0:
        hit = state.hits[after]
        after = hit_before(state, after)
        age = m.month - hit.month
        if age >= MEMORY:
            break
        if age == 0 and hit.stage >= m.stage:
            continue
        weight = hit.amount * months_of_hit(hit.channel, age) * scale
        if weight <= 0.0:
            continue
        found = cause_row(state, row, first, hit.source, hit.channel)
        if found < 0:
            break
        state.parents[found].weight += weight
    d.fundamental = 1 if claims < size or reason == BY_DECREE else 0
    d.fundamental_share = max(0.0, 1.0 - total * scale)
    d.channel = -1 if d.fundamental == 1 else heaviest_channel(state, first)


@jit
def enter_default(state, firm, way, debt, shortfall, reason):
    """Write a default into the table, with what explains it; its losses are not known yet.

    Its loans seek new holders (`offered`) unless they are only put off; what fails again has not yet found them.

    Parameters
    ----------
    firm, way : int
    debt, shortfall : float
        Principal in default, and what the firm could not pay (bn).
    reason : int
        `FOR_CASH`, `FOR_COLLATERAL` or `BY_DECREE`.

    Returns
    -------
    int
        Its row.
    """
    m = state.market[0]
    row = m.n_defaults
    m.n_defaults += 1
    d = state.defaults[row]
    f = state.firms[firm]
    # Who comes to terms before the clearing does so after all that has struck it before.
    stage = m.stage
    m.stage = max(stage, 1)
    d.month = m.month
    d.stage = m.stage
    d.firm = firm
    d.way = way
    d.shortfall = shortfall
    d.debt = debt
    d.loans = min(debt, f.debt)
    if way != DEFERRAL:
        f.offered = max(f.offered, d.loans)
    d.carried = f.look_through if way == LIQUIDATION or way == REORGANISATION else 0.0
    d.claims = 0.0
    d.loss_credit = 0.0
    d.loss_equity = 0.0
    d.loss_claims = 0.0
    explain(state, row, shortfall, reason)
    m.stage = stage
    return row
