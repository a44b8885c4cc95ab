"""The market for credit: ratios, loans arranged between borrowers and lenders, equity, what falls due."""

from __future__ import annotations

import math

from abm.accounts.ledger import assets, liabilities, log_event, log_hit, raise_funding, sum_claims, transfer
from abm.agents.hyperscaler import seek_bonds
from abm.agents.lender import (
    accepts_kind,
    capital_ratio,
    debt_capacity,
    is_short_of_capital,
    margin_due,
    price_loan,
    size_loan,
)
from abm.agents.neocloud import seek_debt
from abm.engine.chains import first_loan, first_of_kind, next_loan, next_of_kind
from abm.engine.compiled import jit
from abm.engine.draws import D_SYNDICATE, uniform
from abm.engine.tables import (
    ACTIVE,
    AI_FUND,
    BN_PER_RATE,
    BOND,
    DDTL,
    E_LOAN,
    F_LENDING,
    FLEET_COLLATERAL,
    FUNDING,
    HOLDINGS_COLLATERAL,
    HYPERSCALER,
    LAB,
    LENDER,
    LIVE,
    NEOCLOUD,
    NO_COLLATERAL,
    PRIVATE_CREDIT,
    PROJECT,
    REVOLVER,
    SITE_COLLATERAL,
    SPONSOR,
    VEHICLE,
    WAREHOUSE,
)
from abm.instruments.annuity import annuity
from abm.instruments.facility import available, commitments, find_facility, top_up
from abm.instruments.loan import new_loan, prepay_loan
from abm.markets.power import mean_kw, running_cost
from abm.markets.ratings import rate_firms

BOUNDLESS = 1e9  # a request that no lender could meet (bn): what a lender lends at most
MOST_FIRMS = 4096  # more than there are rows of the firm table: numbers the draws of a borrower
MOST_LENDERS = 64  # lenders for which the loan table keeps room, of a loan and its lines each


@jit
def contract_value(state, borrower):
    """Present value of what a provider's contracts bring in at their present ramp above running costs, until they end
    (bn): ``margin * (1 - (1 + r)**-T) / r`` with T the months that the backlog lasts.

    Lenders to GPU clouds look at contracts before they look at chips: delayed-draw loans are sized on contracted
    cash flow (K1-009, G3-014).
    """
    f = state.firms[borrower]
    if f.promised_rent <= 0.0 or f.capacity <= 0.0:
        return 0.0
    let = min(f.contracted_out, f.capacity)
    margin = f.invoiced_in - let * running_cost(state, borrower, mean_kw(state, borrower)) * BN_PER_RATE
    months = max(f.backlog_in / f.promised_rent, 1.0)
    return max(margin, 0.0) / annuity(state.params[0].mark_discount, months)


@jit
def collateral_value(state, borrower):
    """Value of what secures a firm's loans (bn): fleet, sites, a sponsor's shares, a fund's loans.

    Hardware under contract counts with what its contracts bring in if that is more than its mark.
    """
    f = state.firms[borrower]
    value = f.fleet_mark + f.sites
    if f.kind == NEOCLOUD and f.capacity > 0.0:
        free = max(1.0 - f.contracted_out / f.capacity, 0.0)
        value += max(contract_value(state, borrower) - (1.0 - free) * f.fleet_mark, 0.0)
    if f.kind == LENDER and f.subkind != SPONSOR:
        # The pool behind a fund's lines.
        value += f.loans_held
    elif f.kind == LENDER:
        value += f.other_assets
        for r in range(state.market[0].n_stakes):
            stake = state.stakes[r]
            if stake.holder == borrower:
                value += stake.share * state.firms[stake.issuer].valuation
    elif f.kind == VEHICLE:
        # A project under construction: what has been paid for and the loan money not yet spent secure the loan.
        value += f.deposits_out + max(f.cash, 0.0)
    return value


@jit
def measure(state):
    """Recompute claims, debt service and the ratios lenders look at, for every firm."""
    m = state.market[0]
    sum_claims(state)
    for i in range(m.n_firms):
        state.firms[i].debt_service = 0.0
    for r in range(m.n_loans):
        loan = state.loans[r]
        if loan.status != LIVE:
            continue
        f = state.firms[loan.borrower]
        f.debt_service += loan.principal * loan.rate / 12.0
        if loan.amortising == 1:
            f.debt_service += loan.principal / max(loan.months_left, 1)
    for i in range(m.n_firms):
        f = state.firms[i]
        if f.status != ACTIVE:
            continue
        owned = assets(f)
        f.leverage = min(liabilities(f) / owned, 5.0) if owned > 1e-9 else 0.0
        f.ltv = min(f.secured_debt / max(collateral_value(state, i), 1e-9), 9.9) if f.secured_debt > 0.0 else 0.0
        earnings = f.earnings
        if f.kind == VEHICLE:
            # Lenders to a project look at the rent it has been promised.
            earnings = max(earnings, f.promised_rent)
        f.dscr = min(max(earnings / f.debt_service, -9.9), 9.9) if f.debt_service > 1e-9 else 9.9
        if f.kind == LENDER:
            f.capital_ratio = capital_ratio(state, i)
    rate_firms(state)


@jit
def disburse(state, lender, borrower, kind, amount, collateral):
    """Pay out money lent (bn): the lender raises it from savers (funds: a part on a bank line)."""
    if state.firms[lender].kind == LENDER:
        # New loans are paid for with new money; the cash at hand is for what falls due.
        raise_funding(state, lender, amount)
    transfer(state, lender, borrower, amount, F_LENDING)
    state.firms[lender].loans_held += amount
    state.firms[borrower].debt += amount
    if collateral != NO_COLLATERAL:
        state.firms[borrower].secured_debt += amount
    if kind == BOND:
        state.firms[borrower].bonds += amount
    log_event(state, E_LOAN, lender, borrower, amount)


@jit
def lend(
    state, lender, borrower, kind, amount, rate, months, collateral, amortising, end_user=-1, for_ai=1, committed=1
):
    """Make a loan and pay it out: a draw on the facility of its kind (`find_facility`), or the first of a new one.

    Returns
    -------
    int
        Row of the loan.
    """
    disburse(state, lender, borrower, kind, amount, collateral)
    r = find_facility(state, lender, borrower, kind, months, collateral, amortising, end_user, for_ai, committed)
    if r >= 0:
        top_up(state, r, amount, rate)
        return r
    r = new_loan(state, kind, lender, borrower, amount, rate, months, collateral, amortising)
    state.loans[r].end_user = end_user
    state.loans[r].for_ai = for_ai
    state.loans[r].committed = committed
    return r


@jit
def commit(state, lender, borrower, kind, amount, rate, months, collateral, amortising, draws_until):
    """Promise a loan at today's rate (bn), to be drawn before the month `draws_until`; nothing is paid out yet.

    Returns
    -------
    int
        Row of the loan.
    """
    r = new_loan(state, kind, lender, borrower, 0.0, rate, months, collateral, amortising)
    state.loans[r].limit = amount
    state.loans[r].undrawn = amount
    state.loans[r].draws_until = draws_until
    state.firms[lender].undrawn += amount
    return r


@jit
def draw_committed(state, firm, amount):
    """Draw what is needed on committed loans, on each the same part of what is left (bn drawn).

    Lenders in business pay, whether they make new loans or not: a commitment binds.
    """
    left = commitments(state, firm)
    if amount <= 0.0 or left <= 0.0:
        return 0.0
    part = min(amount / left, 1.0)
    r = first_loan(state, firm)
    while r >= 0:
        loan = state.loans[r]
        size = part * available(state, r)
        if size > 0.0:
            loan.undrawn = max(loan.undrawn - size, 0.0)
            loan.principal += size
            state.firms[loan.lender].undrawn -= size
            disburse(state, loan.lender, firm, loan.kind, size, loan.collateral)
            refinance_lending(state, loan.lender, size)
        r = next_loan(state, r)
    return part * left


@jit
def tell_exposures(state, borrower):
    """What a firm owes or may still draw from every lender, in one pass over its loans (work space row 5, bn)."""
    owed = state.work_space[5]
    i = first_of_kind(state, LENDER)
    while i >= 0:
        owed[i] = 0.0
        i = next_of_kind(state, i)
    r = first_loan(state, borrower)
    while r >= 0:
        loan = state.loans[r]
        if loan.status == LIVE:
            owed[loan.lender] += loan.principal + loan.undrawn
        r = next_loan(state, r)


@jit
def ask_lenders(state, borrower, kind, amount, secured):
    """What every lender would lend and at which rate; crumbs under a hundredth of the request are left alone.

    Work space row 3: 2 for a lender that is short of capital and would lend otherwise; row 4: free capacity (bn);
    row 6: weight in the loan, ``capacity * exp(-rate_choice * rate)``, the logit choice among offers (McFadden 1974)
    with a lender's capacity as its size; row 7: rate a year; row 5: its place in the queue, the log of the weight and a
    Gumbel draw, so that who stands first is chosen with the probabilities of the logit.

    Lenders that the borrower owes already count `relationship` times (Petersen and Rajan 1994). A borrower's draws of a
    month are the same for all its loans, so that they stand with the same lenders.

    Returns
    -------
    int
        Lenders short of capital.
    """
    m = state.market[0]
    p = state.params[0]
    standing = state.work_space[3]
    room = state.work_space[4]
    owed = state.work_space[5]
    weight = state.work_space[6]
    rates = state.work_space[7]
    pd = state.firms[borrower].pd_long
    tell_exposures(state, borrower)
    short = 0
    i = first_of_kind(state, LENDER)
    while i >= 0:
        standing[i] = 0.0
        room[i] = 0.0
        weight[i] = 0.0
        if state.firms[i].status == ACTIVE and i != borrower and accepts_kind(state, i, kind, pd):
            size = size_loan(state, i, borrower, BOUNDLESS, owed[i])
            if size >= min(0.01 * amount, amount):
                room[i] = size
                rates[i] = price_loan(state, i, borrower, secured)
                weight[i] = size * math.exp(-p.rate_choice * rates[i])
                known = p.relationship if owed[i] > 0.0 else 1.0
                draw = uniform(m.seed, D_SYNDICATE, m.month, MOST_FIRMS * borrower + i)
                # From here on its place in the queue.
                owed[i] = math.log(known * size) - p.rate_choice * rates[i] - math.log(-math.log(draw))
            elif is_short_of_capital(state, i):
                standing[i] = 2.0
                short += 1
        i = next_of_kind(state, i)
    return short


@jit
def next_member(state):
    """The lender that joins a syndicate next, -1 if none is left: the first in the queue (`ask_lenders`) that is no
    member yet (work space row 3: 1 for members)."""
    standing = state.work_space[3]
    place = state.work_space[5]
    weight = state.work_space[6]
    best = -1
    i = first_of_kind(state, LENDER)
    while i >= 0:
        if weight[i] > 0.0 and standing[i] == 0.0 and (best < 0 or place[i] > place[best]):
            best = i
        i = next_of_kind(state, i)
    return best


@jit
def share_out(state, amount):
    """Split a loan over the members of its syndicate by weight, none above its capacity (work space row 8, bn).

    Returns
    -------
    float
        Placed (bn).
    """
    standing = state.work_space[3]
    room = state.work_space[4]
    weight = state.work_space[6]
    part = state.work_space[8]
    i = first_of_kind(state, LENDER)
    while i >= 0:
        part[i] = 0.0
        i = next_of_kind(state, i)
    left = amount
    more = True
    while more and left > 1e-12 * amount:
        more = False
        whole = 0.0
        i = first_of_kind(state, LENDER)
        while i >= 0:
            if standing[i] == 1.0 and part[i] < room[i]:
                whole += weight[i]
            i = next_of_kind(state, i)
        if whole <= 0.0:
            break
        placed = 0.0
        i = first_of_kind(state, LENDER)
        while i >= 0:
            if standing[i] == 1.0 and part[i] < room[i]:
                take = left * (weight[i] / whole)
                if part[i] + take >= room[i]:
                    take = room[i] - part[i]
                    part[i] = room[i]
                    # Who is full leaves its rest to the others.
                    more = True
                else:
                    part[i] += take
                placed += take
            i = next_of_kind(state, i)
        left -= placed
    return amount - max(left, 0.0) if left > 1e-12 * amount else amount


@jit
def syndicate(state, borrower, kind, amount, secured):
    """Find lenders for a loan: one for every `loan_ticket` bn up to `syndicate_size`, and as many more as it takes.

    Nobody stands before the others by the order of the rows, and a lender split in two lends as much: who joins is
    drawn by free capacity, price and relationship, and the loan is split by capacity and price (`share_out`; work
    space rows 7 and 8).

    Returns
    -------
    tuple of float and int
        Placed (bn), and lenders that are short of capital.
    """
    p = state.params[0]
    standing = state.work_space[3]
    short = ask_lenders(state, borrower, kind, amount, secured)
    wanted = min(1 + int(amount / p.loan_ticket), int(p.syndicate_size))
    members = 0
    capacity = 0.0
    while members < wanted or capacity < amount:
        i = next_member(state)
        if i < 0:
            break
        standing[i] = 1.0
        members += 1
        capacity += state.work_space[4, i]
    return share_out(state, amount), short


@jit
def borrow(state, borrower, kind, amount, months, collateral, amortising, end_user, for_ai=1, draws_until=0):
    """Borrow from a syndicate of lenders with capacity and mandate, each at its own rate (`syndicate`).

    Refusals by lenders that are short of capital or have stopped lending are recorded as hits of the funding
    channel.

    Parameters
    ----------
    borrower : int
    kind : int
        Kind of loan.
    amount : float
        Wanted (bn).
    months : int
    collateral, amortising : int
    end_user : int
        Firm to which the debt is dedicated, -1 if none.
    for_ai : int
        1 if it is to build AI infrastructure.
    draws_until : int
        Month before which it is to be drawn as it is needed; 0 if all of it is drawn now.

    Returns
    -------
    float
        Borrowed, or promised (bn).
    """
    m = state.market[0]
    p = state.params[0]
    f = state.firms[borrower]
    if amount < 1e-3 or (f.kind == NEOCLOUD and f.top_customer > p.concentration_cap):
        return 0.0
    if m.n_loans + 2 * MOST_LENDERS > state.loans.shape[0]:
        # A month in which every debt falls due at once: who comes last finds no time to sign before the next.
        return 0.0
    secured = collateral != NO_COLLATERAL
    got, short = syndicate(state, borrower, kind, amount, secured)
    lent = state.work_space[9]
    i = first_of_kind(state, LENDER)
    while i >= 0:
        part = state.work_space[8, i]
        lent[i] = 0.0
        if part > 0.0:
            rate = state.work_space[7, i]
            if draws_until > 0:
                r = commit(state, i, borrower, kind, part, rate, months, collateral, amortising, draws_until)
                state.loans[r].end_user = end_user
            else:
                r = lend(state, i, borrower, kind, part, rate, months, collateral, amortising, end_user, for_ai, 1)
            if secured:
                state.loans[r].covenant_ltv = p.covenant_ltv
            if draws_until == 0:
                lent[i] = part
        i = next_of_kind(state, i)
    if short > 0 and got < 0.99 * amount:
        i = first_of_kind(state, LENDER)
        while i >= 0:
            if state.work_space[3, i] == 2.0:
                log_hit(state, borrower, i, FUNDING, (amount - got) / short)
            i = next_of_kind(state, i)
    # Last, for it asks the banks on the same sheet.
    i = first_of_kind(state, LENDER)
    while i >= 0:
        if lent[i] > 0.0:
            refinance_lending(state, i, lent[i])
        i = next_of_kind(state, i)
    return got


@jit
def refinance_lending(state, lender, lent):
    """A private-credit or AI credit fund refinances `warehouse_share` of what it has lent (bn) with banks, as far as
    they advance money on its pool; other lenders do not."""
    f = state.firms[lender]
    if f.subkind == PRIVATE_CREDIT or f.subkind == AI_FUND:
        draw_warehouse(state, lender, min(lent * state.params[0].warehouse_share, -margin_due(state, lender)))


@jit
def draw_warehouse(state, fund, amount):
    """A private-credit fund refinances a part of its loans with banks, on lines they can call (bn drawn)."""
    if amount < 1e-3:
        return 0.0
    got, _ = syndicate(state, fund, WAREHOUSE, amount, True)
    months = int(state.params[0].warehouse_tenor)
    i = first_of_kind(state, LENDER)
    while i >= 0:
        part = state.work_space[8, i]
        if part > 0.0:
            # Not for AI: the hardware's debt stands at the builder already. The bank may call it.
            lend(state, i, fund, WAREHOUSE, part, state.work_space[7, i], months, HOLDINGS_COLLATERAL, 0, -1, 0, 0)
        i = next_of_kind(state, i)
    return got


@jit
def finance_hardware(state, buyer, amount, end_user):
    """Loans for hardware that is about to arrive: the kind a firm of this type takes (bn borrowed).

    Neoclouds and vehicles borrow against the fleet, loan to cost within `loan_to_cost` and the policy cap on
    loan-to-value; a project company first draws what it was promised; hyperscalers issue bonds for what their cash
    does not cover.
    """
    p = state.params[0]
    f = state.firms[buyer]
    drawn = 0.0
    if f.kind == HYPERSCALER or f.kind == VEHICLE:
        # Companies with money of their own, or promised, borrow only what it does not cover.
        kept = p.cash_buffer * max(f.earnings, 0.0) if f.kind == HYPERSCALER else f.debt_service
        short = amount + kept - f.cash
        if short <= 0.0:
            return 0.0
        drawn = draw_committed(state, buyer, short)
        amount = short - drawn
        if amount <= 1e-9:
            return drawn
    if f.kind == HYPERSCALER:
        return borrow(state, buyer, BOND, amount, int(p.bond_tenor), NO_COLLATERAL, 0, end_user, 1, 0)
    cap = 1.0 if f.kind == VEHICLE else min(p.loan_to_cost, p.max_ltv)
    room = p.max_ltv * (collateral_value(state, buyer) + amount) - f.secured_debt
    want = min(cap * amount, room)
    if f.kind == NEOCLOUD:
        want = min(want, debt_capacity(state, buyer) - f.debt)
    if want <= 0.0:
        return drawn
    months = int(min(p.loan_tenor, p.max_tenor))
    return drawn + borrow(state, buyer, DDTL, want, months, FLEET_COLLATERAL, 1, end_user, 1, 0)


@jit
def issue_bonds(state):
    """Clouds issue bonds, while the market takes them: hyperscalers ahead of what they have ordered, neoclouds towards
    their target debt."""
    p = state.params[0]
    for i in range(state.market[0].n_firms):
        f = state.firms[i]
        if f.status == ACTIVE and f.kind == NEOCLOUD:
            borrow(state, i, BOND, seek_debt(state, i), int(p.bond_tenor), NO_COLLATERAL, 0, -1, 1, 0)
        elif f.status == ACTIVE and f.kind == HYPERSCALER:
            borrow(state, i, BOND, seek_bonds(state, i), int(p.bond_tenor), NO_COLLATERAL, 0, -1, 1, 0)


@jit
def refinance(state, borrower, amount, replaced, secured, for_ai, end_user):
    """Roll debt into a new loan of the firm's kind (bn borrowed); it stays what it was borrowed for.

    Parameters
    ----------
    amount : float
        Wanted (bn).
    replaced : float
        Debt that the new loan pays off (bn).
    secured : int
        1 if that debt is secured, so that the new loan can take over its collateral.
    for_ai, end_user : int
        Of the debt that is rolled over.
    """
    p = state.params[0]
    f = state.firms[borrower]
    got = 0.0
    if f.kind == NEOCLOUD:
        amount = min(amount, max(debt_capacity(state, borrower) - f.debt + replaced, 0.0))
    room = p.max_ltv * collateral_value(state, borrower) - f.secured_debt + secured * replaced
    if room > 0.1 * amount and (f.kind == NEOCLOUD or f.kind == VEHICLE):
        collateral = FLEET_COLLATERAL if f.fleet_mark > f.sites else SITE_COLLATERAL
        kind = PROJECT if f.kind == VEHICLE else DDTL
        # Project companies roll their bullets over and pay them down from their rent (`sweep_project`).
        months = int(min(p.project_tenor if f.kind == VEHICLE else p.loan_tenor, p.max_tenor))
        level = 0 if f.kind == VEHICLE and collateral == SITE_COLLATERAL else 1
        got = borrow(state, borrower, kind, min(room, amount), months, collateral, level, end_user, for_ai, 0)
    if got < amount:
        months = int(min(p.bond_tenor, p.max_tenor + 60.0))
        got += borrow(state, borrower, BOND, amount - got, months, NO_COLLATERAL, 0, end_user, for_ai, 0)
    return got


@jit
def refinance_early(state):
    """Firms roll bullets over while they can, `refinance_ahead` months before they mature; who is refused waits.

    A loan whose own term is no longer than that is left to its maturity, and in one month no more new loans are
    made than the table has room for; the rest waits for the next.
    """
    m = state.market[0]
    p = state.params[0]
    first = m.n_loans
    for r in range(first):
        if m.n_loans - first > 4 * m.n_firms:
            break
        loan = state.loans[r]
        if loan.status != LIVE or loan.amortising == 1 or loan.principal <= 0.0:
            continue
        if loan.months_left > p.refinance_ahead or loan.months_left <= 1 or loan.months <= p.refinance_ahead:
            continue
        if loan.kind != BOND and loan.kind != PROJECT:
            continue
        f = state.firms[loan.borrower]
        if f.status != ACTIVE or state.firms[loan.lender].status != ACTIVE:
            continue
        owed = loan.principal
        secured = 1 if loan.collateral != NO_COLLATERAL else 0
        got = refinance(state, loan.borrower, owed, owed, secured, loan.for_ai, loan.end_user)
        if got > 0.0:
            prepay_loan(state, r, min(got, state.loans[r].principal))


@jit
def arrange_lines(state):
    """Labs and clouds in good standing keep a bank line of `revolver_share` of a year's income to draw on in need.

    The bank can call it at will where it doubts the borrower (default probability above `line_trust`).
    """
    m = state.market[0]
    p = state.params[0]
    if p.revolver_share <= 0.0:
        return
    for i in range(m.n_firms):
        state.work_space[0, i] = 0.0
    for r in range(m.n_loans):
        loan = state.loans[r]
        if loan.status == LIVE and loan.kind == REVOLVER and loan.months_left > 1:
            state.work_space[0, loan.borrower] = 1.0
    for i in range(m.n_firms):
        f = state.firms[i]
        keeps = f.kind == NEOCLOUD or f.kind == HYPERSCALER or (f.kind == LAB and f.parent < 0)
        if f.status != ACTIVE or not keeps or state.work_space[0, i] > 0.0:
            continue
        wanted = p.revolver_share * 12.0 * max(f.revenue, f.earnings)
        if wanted < 0.01 or f.top_customer > p.concentration_cap:
            continue
        ask_lenders(state, i, REVOLVER, wanted, False)
        best = next_member(state)
        while best >= 0 and state.work_space[4, best] < wanted:
            state.work_space[3, best] = 1.0
            best = next_member(state)
        if best >= 0:
            months = max(int(p.revolver_tenor), 1)
            r = new_loan(state, REVOLVER, best, i, 0.0, state.work_space[7, best], months, NO_COLLATERAL, 0)
            state.loans[r].limit = wanted
            state.loans[r].committed = 1 if f.pd_long < p.line_trust else 0
