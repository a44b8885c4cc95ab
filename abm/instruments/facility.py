"""Facilities: what a lender lends a borrower for one purpose within a year stands in one row of the loan table."""

from __future__ import annotations

from abm.engine.chains import first_loan, next_loan
from abm.engine.compiled import jit
from abm.engine.tables import ACTIVE, LIVE


@jit
def find_facility(
    state, lender, borrower, kind, months, collateral, amortising, end_user, for_ai, committed
):  # fmt: skip
    """The facility on which a loan can be drawn: the same two parties, kind, term, security, repayment and purpose.

    It can be drawn on for `draw_period` months (the availability period of a delayed-draw term loan) and while half
    of its term is still to run; not after an amendment (a draw stop), nor once it is repaid.

    Returns
    -------
    int
        Row of the loan, -1 if there is none.
    """
    month = state.market[0].month
    r = first_loan(state, borrower)
    while r >= 0:
        loan = state.loans[r]
        same = loan.lender == lender and loan.kind == kind and loan.months == months
        same = same and loan.collateral == collateral and loan.amortising == amortising
        same = same and loan.end_user == end_user and loan.for_ai == for_ai and loan.committed == committed
        open_still = loan.status == LIVE and month < loan.draws_until and loan.amended < 0
        if same and open_still and 2 * loan.months_left > months:
            return r
        r = next_loan(state, r)
    return -1


@jit
def top_up(state, r, amount, rate):
    """A further draw on a facility (bn, yearly rate), for its whole term; the caller moves the money.

    Rate and months left become the means of the draws, weighted with what is owed on each, so that interest is what it
    would be on each for itself.
    """
    loan = state.loans[r]
    owed = loan.principal + amount
    loan.rate = (loan.principal * loan.rate + amount * rate) / owed
    loan.months_left = int((loan.principal * loan.months_left + amount * loan.months) / owed + 0.5)
    loan.principal = owed
    loan.limit += amount


@jit
def commitments(state, firm):
    """What a firm can still draw on its project loans (bn): of lenders in business, within the time agreed."""
    total = 0.0
    r = first_loan(state, firm)
    while r >= 0:
        total += available(state, r)
        r = next_loan(state, r)
    return total


@jit
def available(state, r):
    """What can still be drawn on a committed loan (bn)."""
    loan = state.loans[r]
    if loan.status != LIVE or state.market[0].month >= loan.draws_until:
        return 0.0
    return loan.undrawn if state.firms[loan.lender].status == ACTIVE else 0.0
