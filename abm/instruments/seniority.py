"""Who is paid before whom: one table, for the dues of a month and for the estate of a failed firm.

In the clearing of a month a tier gets nothing before the tier above is paid in full. In an estate a loan is paid first
out of what secures it (`ESTATE`, in this order), and what is missing shares the rest with all other claims.
"""

from __future__ import annotations

import numpy as np

from abm.engine.compiled import jit
from abm.engine.tables import (
    DUE_CARBON,
    DUE_FUNDING,
    DUE_INTEREST,
    DUE_INVOICE,
    DUE_MAKING,
    DUE_OPERATING,
    DUE_ORDER,
    DUE_POWER,
    DUE_PRINCIPAL,
    DUE_REVENUE_SHARE,
    DUE_SPOT,
    FLEET_COLLATERAL,
    HOLDINGS_COLLATERAL,
    N_DUES,
    NO_COLLATERAL,
    SITE_COLLATERAL,
    TIER_OPERATING,
    TIER_SECURED,
    TIER_UNSECURED,
)

BY_LOAN = -1  # the tier of the loan that falls due
TIERS = {
    DUE_OPERATING: TIER_OPERATING,  # staff, running costs: without them nothing runs
    DUE_POWER: TIER_OPERATING,
    DUE_CARBON: TIER_OPERATING,
    DUE_SPOT: TIER_OPERATING,  # compute bought by the hour
    DUE_MAKING: TIER_OPERATING,  # what the vendor's hardware costs to make
    DUE_INTEREST: BY_LOAN,
    DUE_PRINCIPAL: BY_LOAN,
    DUE_INVOICE: TIER_UNSECURED,  # compute and sites under contract
    DUE_REVENUE_SHARE: TIER_UNSECURED,
    DUE_ORDER: TIER_UNSECURED,
    DUE_FUNDING: TIER_UNSECURED,
}
LOAN_TIERS = {
    NO_COLLATERAL: TIER_UNSECURED,
    FLEET_COLLATERAL: TIER_SECURED,
    SITE_COLLATERAL: TIER_SECURED,
    HOLDINGS_COLLATERAL: TIER_SECURED,
}
ESTATE = (FLEET_COLLATERAL, SITE_COLLATERAL, HOLDINGS_COLLATERAL)

_DUE_TIERS = np.array([TIERS[kind] for kind in range(N_DUES)])
_LOAN_TIERS = np.array([LOAN_TIERS[kind] for kind in range(len(LOAN_TIERS))])


@jit
def tier_of_loan(collateral):
    """Tier of a loan by what secures it."""
    return _LOAN_TIERS[collateral]


@jit
def tier_of_due(state, kind, ref):
    """Tier of an obligation.

    Parameters
    ----------
    kind : int
        `abm.engine.tables.DUE_*`.
    ref : int
        Row of the loan that falls due; of no matter to other kinds.
    """
    tier = _DUE_TIERS[kind]
    return state.loans[ref].tier if tier == BY_LOAN else tier
