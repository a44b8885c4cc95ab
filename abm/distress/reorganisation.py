"""What becomes of a firm that cannot pay: an exchange of its debt, protection by the court and a plan, or its end.

A firm is wound up only if it is worth less as a going concern than sold, or if it cannot even pay its running costs.
What it is worth as a going concern is judged by its cash earnings (a lab's by its sales), what debt it can carry by
the debt service that its cash earnings cover.
"""

from __future__ import annotations

from abm.accounts.ledger import binds, log_event, log_hit, write_off
from abm.agents.firm import drops_contract, is_protected, spare_capacity
from abm.agents.lab import value_lab
from abm.agents.lender import accept_exchange, defers_already, forced_value
from abm.distress.causes import BY_DECREE, FOR_CASH, enter_default
from abm.distress.estate import bear_loss, fail
from abm.engine.chains import (
    first_bought,
    first_loan,
    first_order,
    first_sold,
    first_stake,
    next_bought,
    next_loan,
    next_order,
    next_sold,
    next_stake,
)
from abm.engine.compiled import jit
from abm.engine.tables import (
    ACTIVE,
    BN_PER_RATE,
    BROKEN,
    COMPUTE,
    COUNTERPARTY,
    CUSTOMER,
    DEFERRAL,
    DUE_INTEREST,
    DUE_INVOICE,
    DUE_ORDER,
    DUE_PRINCIPAL,
    E_EXCHANGED,
    E_PROTECTED,
    E_REORGANISED,
    EXCHANGE,
    HYPERSCALER,
    LAB,
    LENDER,
    LIVE,
    NEOCLOUD,
    NO_COLLATERAL,
    OUTSIDE,
    PENDING,
    REORGANISATION,
    VEHICLE,
)
from abm.instruments.annuity import annuity
from abm.instruments.contract import break_contract, firm_share, ramp_months, unit_invoice
from abm.instruments.due import refuse_arrival
from abm.instruments.order import cancel_order
from abm.instruments.stake import new_stake
from abm.markets.credit import collateral_value
from abm.markets.marks import distressed_price
from abm.markets.power import mean_kw, running_cost

CLOSED, AGREED, OPEN = range(3)  # a firm's gap before the clearing: none left, closed by new terms, still there


# --- what it is worth ---------------------------------------------------------------------------------------------
@jit
def cash_earnings(state, firm):
    """Cash a firm earns a month before it serves its debt (bn); of a project company the rent it has been promised."""
    f = state.firms[firm]
    return max(f.earnings, f.promised_rent) if f.kind == VEHICLE else f.earnings


@jit
def plan_months(state, firm):
    """Term of the debt that a firm keeps after an exchange or a plan (months)."""
    p = state.params[0]
    return max(p.project_tenor, p.plan_tenor) if state.firms[firm].kind == VEHICLE else p.plan_tenor


@jit
def served_debt(state, firm):
    """Debt that a firm's cash earnings can serve over the term of a plan with the cover lenders ask (bn):
    ``earnings / (annuity * lending_cover)``, less when many seek them (`distressed_price`)."""
    p = state.params[0]
    rate = state.market[0].base_rate + p.lending_margin
    asked = annuity(rate, plan_months(state, firm)) * p.lending_cover
    return distressed_price(state) * max(cash_earnings(state, firm), 0.0) / asked


@jit
def carried_debt(state, firm):
    """Loans that a firm can carry (bn): the debt that it can serve, less its other debt."""
    return max(served_debt(state, firm) - state.firms[firm].other_debt, 0.0)


@jit
def going_value(state, firm):
    """What a firm is worth as a going concern to all who have claims on it (bn), as a court judges it: a lab's sales
    and others' cash earnings at what investors pay for such firms, and at least the debt that it can serve.

    For a neocloud or a project company nobody pays more than its hardware, sites and contracts are worth.
    """
    p = state.params[0]
    f = state.firms[firm]
    if f.kind == LAB:
        worth = value_lab(state, firm)
    else:
        worth = 12.0 * max(cash_earnings(state, firm), 0.0) * p.earnings_multiple * state.market[0].sentiment
        if f.kind == NEOCLOUD or f.kind == VEHICLE:
            worth = min(worth, (collateral_value(state, firm) + f.other_assets) * state.market[0].sentiment)
    return max(worth, served_debt(state, firm))


@jit
def plan_value(state, firm):
    """What all claims on a firm that comes out of default would sell for (bn): `rescue_discount` below its worth as a
    going concern, less when many seek buyers (`distressed_price`), and at least the debt that it can serve."""
    part = distressed_price(state) * (1.0 - state.params[0].rescue_discount)
    return max(part * going_value(state, firm), served_debt(state, firm))


@jit
def sold_value(state, firm):
    """What a firm brings if it is wound up, after the costs of that (bn): fleet and sites, and everything else."""
    p = state.params[0]
    f = state.firms[firm]
    rest = distressed_price(state) * p.other_recovery * (f.other_assets + f.holdings) + max(f.cash, 0.0)
    return (1.0 - p.bankruptcy_cost) * forced_value(state, firm), (1.0 - p.bankruptcy_cost) * rest


@jit
def is_worth_more_going(state, firm):
    """Whether a firm is worth more as a going concern than sold."""
    secured, rest = sold_value(state, firm)
    return going_value(state, firm) > secured + rest


# --- terms --------------------------------------------------------------------------------------------------------
@jit
def loan_sums(state, firm):
    """What a firm owes on loans with collateral and on others (bn)."""
    secured = 0.0
    others = 0.0
    r = first_loan(state, firm)
    while r >= 0:
        loan = state.loans[r]
        if loan.status == LIVE:
            if loan.collateral != NO_COLLATERAL:
                secured += loan.principal
            else:
                others += loan.principal
        r = next_loan(state, r)
    return secured, others


@jit
def plan_terms(state, firm, claims):
    """Who gets what if a firm keeps the debt that it can carry: secured loans first, then others; what is cut becomes
    shares, and damages under contracts with it.

    Owners keep what is left beyond the claims that become shares, `owners_keep` of the firm at least.

    Parameters
    ----------
    firm : int
    claims : float
        Damages to settle (bn).

    Returns
    -------
    tuple of float
        Part of a secured and of another loan that stays, claims that become shares (bn), worth of the shares for a
        unit of these, part of the firm given for all of them, value of all shares (bn).
    """
    p = state.params[0]
    secured, others = loan_sums(state, firm)
    carried = carried_debt(state, firm)
    first = min(carried / secured, 1.0) if secured > 0.0 else 1.0
    second = min(max(carried - secured, 0.0) / others, 1.0) if others > 0.0 else 1.0
    cut = (1.0 - first) * secured + (1.0 - second) * others + claims
    equity = plan_value(state, firm) - min(carried, secured + others) - state.firms[firm].other_debt
    equity = max(equity, 0.0)
    if cut <= 1e-12:
        return first, second, 0.0, 0.0, 0.0, equity
    given = 1.0 - p.owners_keep
    if equity > 0.0:
        given = min(cut / equity, given)
    # Never more than the claim, not even by a rounding: creditors gain nothing beyond it.
    return first, second, cut, min(given * equity / cut, 1.0), given, equity


@jit
def sold_parts(state, firm):
    """Parts of a secured and of another loan that are paid if a firm is wound up."""
    secured, others = loan_sums(state, firm)
    forced, rest = sold_value(state, firm)
    covered = min(forced / secured, 1.0) if secured > 0.0 else 0.0
    claims = (1.0 - covered) * secured + others
    part = min((rest + forced - covered * secured) / claims, 1.0) if claims > 0.0 else 1.0
    return covered + (1.0 - covered) * part, part


@jit
def agrees(state, r, first, second, worth, sold_first, sold_second):
    """Whether the lender of a loan agrees to an exchange on these terms (`plan_terms`, `sold_parts`)."""
    loan = state.loans[r]
    kept, sold = (first, sold_first) if loan.collateral != NO_COLLATERAL else (second, sold_second)
    return loan.status == LIVE and accept_exchange(state, loan.lender, kept + (1.0 - kept) * worth, sold)


@jit
def give_shares(state, holder, firm, share, book):
    """New shares of a firm for a claim on it (bn)."""
    m = state.market[0]
    if m.n_stakes + 1 > state.stakes.shape[0]:
        m.no_room = 1
        return
    new_stake(state, holder, firm, share, book)


@jit
def dilute(state, firm, given):
    """Old owners lose a part of their firm to those who take shares for claims."""
    f = state.firms[firm]
    r = first_stake(state, firm)
    while r >= 0:
        s = state.stakes[r]
        gone = given * s.book
        write_off(state, s.holder, gone)
        state.firms[s.holder].holdings -= gone
        f.retained += gone
        f.paid_in -= gone
        s.book -= gone
        s.share *= 1.0 - given
        if state.firms[s.holder].kind == LENDER:
            log_hit(state, s.holder, firm, COUNTERPARTY, gone)
        r = next_stake(state, r)


@jit
def change_loan(state, r, kept, worth, share):
    """A loan on new terms: a part stays, over the term of a plan and without its covenant, for the rest its lender gets
    shares.

    Parameters
    ----------
    r : int
    kept : float
        Part that stays.
    worth, share : float
        For a unit of the rest: worth of the shares (bn), and part of the firm.

    Returns
    -------
    float
        Lost by the lender (bn).
    """
    loan = state.loans[r]
    f = state.firms[loan.borrower]
    less = (1.0 - kept) * loan.principal
    lost = (1.0 - worth) * less
    if less > 0.0:
        bear_loss(state, r, lost)
        give_shares(state, loan.lender, loan.borrower, share * less, worth * less)
        f.debt -= less
        if loan.collateral != NO_COLLATERAL:
            f.secured_debt -= less
        state.firms[loan.lender].loans_held -= less
        loan.principal = kept * loan.principal
    loan.limit = loan.principal
    loan.amended = state.market[0].month
    if loan.principal <= 0.0:
        loan.status = BROKEN
        return lost
    months = int(plan_months(state, loan.borrower))
    loan.months_left = max(loan.months_left, months)
    loan.months = max(loan.months, months)
    loan.covenant_ltv = 0.0
    return lost


# --- out of court -------------------------------------------------------------------------------------------------
@jit
def enter_deferral(state, firm, amount):
    """Lenders have put off what a firm owes (bn): a default on the loans amended, once in a spell of a year."""
    m = state.market[0]
    f = state.firms[firm]
    if defers_already(state, firm):
        return
    debt = 0.0
    r = first_loan(state, firm)
    while r >= 0:
        if state.loans[r].status == LIVE and state.loans[r].amended == m.month:
            debt += state.loans[r].principal
        r = next_loan(state, r)
    enter_default(state, firm, DEFERRAL, debt, amount, FOR_CASH)
    f.deferred = m.month
    f.deferrals += 1


@jit
def exchange_debt(state, firm, shortfall, reason):
    """A distressed exchange: lenders take less, later, and shares, if enough of them gain by it.

    Not for a firm that earns nothing to serve debt with, and once a year at most. Who does not agree keeps his loan.

    Returns
    -------
    bool
        Whether it is made.
    """
    m = state.market[0]
    f = state.firms[firm]
    if carried_debt(state, firm) <= 0.0 or (f.exchanged > 0 and m.month - f.exchanged < 12):
        return False
    first, second, cut, worth, given, equity = plan_terms(state, firm, 0.0)
    sold_first, sold_second = sold_parts(state, firm)
    secured, others = loan_sums(state, firm)
    agreed = 0.0
    cut_now = 0.0
    r = first_loan(state, firm)
    while r >= 0:
        if agrees(state, r, first, second, worth, sold_first, sold_second):
            loan = state.loans[r]
            agreed += loan.principal
            cut_now += (1.0 - (first if loan.collateral != NO_COLLATERAL else second)) * loan.principal
        r = next_loan(state, r)
    if agreed <= 1e-9 or agreed < state.params[0].exchange_consent * (secured + others):
        return False
    row = enter_default(state, firm, EXCHANGE, agreed, shortfall, reason)
    value = max(f.valuation, 0.0)
    share = given / cut if cut > 0.0 else 0.0
    given = share * cut_now
    lost = 0.0
    dilute(state, firm, given)
    r = first_loan(state, firm)
    while r >= 0:
        if agrees(state, r, first, second, worth, sold_first, sold_second):
            lost += change_loan(state, r, first if state.loans[r].collateral != NO_COLLATERAL else second, worth, share)
        r = next_loan(state, r)
    state.defaults[row].loss_credit = lost
    state.defaults[row].loss_equity = max(value - (1.0 - given) * equity, 0.0)
    f.valuation = equity
    f.exchanged = m.month
    log_event(state, E_EXCHANGED, firm, -1, agreed)
    return True


# --- under protection ---------------------------------------------------------------------------------------------
@jit
def reject(state, r):
    """A contract bought is rejected: its seller claims damages, `rejection_cap` months of rent at most."""
    c = state.contracts[r]
    firm = c.buyer
    most = min(state.params[0].rejection_cap, 1.0 * c.months_left) * unit_invoice(c) * firm_share(state, c)
    c.missed = 0.0
    break_contract(state, r, firm)
    if c.buyer == firm:
        c.claim += min(c.missed, most)
    c.missed = 0.0


@jit
def reprice(state, r):
    """A contract that is needed and dearer than the market goes on at the market's price: as if it were rejected and
    signed again with the same seller, who would else stand idle and claims the difference."""
    m = state.market[0]
    c = state.contracts[r]
    above = 1.0 - m.contract_price / c.price
    months = min(ramp_months(c, m.month + 1), state.params[0].rejection_cap)
    c.claim += above * unit_invoice(c) * firm_share(state, c) * months
    log_hit(state, c.seller, c.buyer, CUSTOMER, above * c.delivered * c.price * BN_PER_RATE)
    c.price = m.contract_price


@jit
def review_contracts(state, firm, act):
    """What a firm under protection does with the contracts it has bought: it rejects what it does not need
    (`drops_contract`), and what is dearer than the market it pays at the market's price.

    Parameters
    ----------
    firm : int
    act : bool
        False to reckon only.

    Returns
    -------
    float
        What it saves a month (bn).
    """
    m = state.market[0]
    saved = 0.0
    spare = spare_capacity(state, firm)
    r = first_bought(state, firm)
    while r >= 0:
        after = next_bought(state, r)
        c = state.contracts[r]
        if binds(c):
            now = c.delivered * c.price * (BN_PER_RATE if c.kind == COMPUTE else 1.0) if c.status == LIVE else 0.0
            if drops_contract(state, r, spare):
                saved += now
                if c.kind == COMPUTE and c.status == LIVE:
                    spare -= c.delivered
                if act:
                    reject(state, r)
            elif c.kind == COMPUTE and c.price > m.contract_price:
                saved += now * (1.0 - m.contract_price / c.price)
                if act:
                    reprice(state, r)
        r = after
    return saved


@jit
def leave_losses(state, firm):
    """A firm under protection delivers no more where the rent does not pay the running costs."""
    r = first_sold(state, firm)
    while r >= 0:
        after = next_sold(state, r)
        c = state.contracts[r]
        if binds(c) and c.kind == COMPUTE and c.price < running_cost(state, firm, mean_kw(state, firm)):
            break_contract(state, r, firm)
        r = after


@jit
def protect(state, firm, shortfall, reason):
    """A firm asks a court for protection: for `reorganisation_months` its loans are not served, it reviews its
    contracts and cancels its orders (a project company completes what it builds)."""
    m = state.market[0]
    f = state.firms[firm]
    enter_default(state, firm, REORGANISATION, f.debt, shortfall, reason)
    log_event(state, E_PROTECTED, firm, -1, f.debt)
    f.protected_since = m.month
    f.protected_until = m.month + max(int(state.params[0].reorganisation_months), 1)
    f.desired = 0.0
    review_contracts(state, firm, True)
    leave_losses(state, firm)
    r = first_order(state, firm)
    while r >= 0:
        if state.orders[r].status == PENDING and f.kind != VEHICLE:
            cancel_order(state, r)
        r = next_order(state, r)


@jit
def settle_claim(state, r, worth, share):
    """Damages under a contract become shares (bn not covered by their worth); who has failed gets none."""
    c = state.contracts[r]
    got = 0.0
    if state.firms[c.seller].status == ACTIVE:
        got = worth * c.claim
        write_off(state, c.buyer, got)
        write_off(state, c.seller, -got)
        give_shares(state, c.seller, c.buyer, share * c.claim, got)
        if state.firms[c.seller].kind != OUTSIDE:
            log_hit(state, c.seller, c.buyer, COUNTERPARTY, c.claim - got)
    short = c.claim - got
    c.claim = 0.0
    return short


@jit
def emerge(state, firm):
    """The end of protection: the plan of a firm worth more as a going concern takes effect, any other is wound up.

    Loans beyond what its cash earnings carry, and damages, become shares (`plan_terms`).
    """
    m = state.market[0]
    f = state.firms[firm]
    claims = 0.0
    for r in range(m.n_contracts):
        if state.contracts[r].buyer == firm:
            claims += state.contracts[r].claim
    if not is_worth_more_going(state, firm):
        fail(state, firm, f.debt_service, FOR_CASH)
        return
    row = m.n_defaults - 1
    while row > 0 and (state.defaults[row].firm != firm or state.defaults[row].way != REORGANISATION):
        row -= 1
    d = state.defaults[row]
    first, second, cut, worth, given, equity = plan_terms(state, firm, claims)
    share = given / cut if cut > 0.0 else 0.0
    d.claims = claims
    d.loss_equity = max(max(f.valuation, 0.0) - (1.0 - given) * equity, 0.0)
    dilute(state, firm, given)
    r = first_loan(state, firm)
    while r >= 0:
        loan = state.loans[r]
        if loan.status == LIVE:
            kept = first if loan.collateral != NO_COLLATERAL else second
            d.loss_credit += change_loan(state, r, kept, worth, share)
        r = next_loan(state, r)
    for r in range(m.n_contracts):
        if state.contracts[r].buyer == firm and state.contracts[r].claim > 0.0:
            d.loss_claims += settle_claim(state, r, worth, share)
    f.valuation = equity
    f.protected_until = 0
    log_event(state, E_REORGANISED, firm, -1, d.loss_credit + d.loss_claims)


# --- who decides when ---------------------------------------------------------------------------------------------
@jit
def can_restructure(state, firm):
    """Whether a firm is of a kind that lenders and courts keep alive, and not under protection since an earlier month:
    what others did not pay in the month in which it asked for it is no failure of its own."""
    m = state.market[0]
    kind = state.firms[firm].kind
    industry = kind == LAB or kind == HYPERSCALER or kind == NEOCLOUD or kind == VEHICLE
    return industry and (not is_protected(state, firm) or state.firms[firm].protected_since == m.month)


@jit
def come_to_terms(state, firm):
    """Before the clearing: a firm that sees that it cannot pay exchanges its debt or asks for protection, if what is
    then still due can be paid and it is worth more going than sold.

    Returns
    -------
    int
        `CLOSED` if it can pay, `AGREED` if it can under the new terms, else `OPEN`.
    """
    d = state.dues
    start = state.chains.due_start[firm]
    end = state.chains.due_start[firm + 1]
    short = -max(state.firms[firm].cash, 0.0)
    service = 0.0
    orders = 0.0
    for k in range(start, end):
        r = state.chains.due_rows[k]
        short += d.amount[r]
        if d.kind[r] == DUE_INTEREST or d.kind[r] == DUE_PRINCIPAL:
            service += d.amount[r]
        elif d.kind[r] == DUE_ORDER:
            orders += d.amount[r]
    for k in range(state.chains.claim_start[firm], state.chains.claim_start[firm + 1]):
        short -= d.amount[state.chains.claim_rows[k]]
    if short <= 1e-9:
        return CLOSED
    if not can_restructure(state, firm) or is_protected(state, firm):
        return OPEN
    exchanged = short <= service and exchange_debt(state, firm, short, FOR_CASH)
    if not exchanged:
        if state.firms[firm].kind == VEHICLE:
            orders = 0.0
        if short > service + orders + review_contracts(state, firm, False) or not is_worth_more_going(state, firm):
            return OPEN
        protect(state, firm, short, FOR_CASH)
    for k in range(start, end):
        ease_due(state, state.chains.due_rows[k], exchanged)
    return AGREED


@jit
def ease_due(state, r, exchanged):
    """What of an obligation is still due this month once its debtor has exchanged its debt or is under protection."""
    d = state.dues
    kind = d.kind[r]
    if kind == DUE_INTEREST or kind == DUE_PRINCIPAL:
        # A loan whose lender did not agree to the exchange is served.
        if not exchanged or state.loans[d.ref[r]].amended == state.market[0].month:
            d.amount[r] = 0.0
    elif kind == DUE_INVOICE and not exchanged:
        c = state.contracts[d.ref[r]]
        rent = c.delivered * c.price * (BN_PER_RATE if c.kind == COMPUTE else 1.0)
        d.amount[r] = min(d.amount[r], rent) if binds(c) and c.buyer == d.debtor[r] else 0.0
    elif kind == DUE_ORDER and not exchanged and state.orders[d.ref[r]].status != PENDING:
        refuse_arrival(state, r)


@jit
def resolve(state, firm, shortfall, reason):
    """After the clearing: a firm that has not paid exchanges its debt, goes under protection, or is wound up.

    It is wound up if it is under protection since an earlier month, worth less going than sold, or without the money
    for a month of running costs, and always by decree.

    Parameters
    ----------
    firm : int
    shortfall : float
        What it could not pay (bn).
    reason : int
        `FOR_CASH`, `FOR_COLLATERAL` or `BY_DECREE`.
    """
    f = state.firms[firm]
    if reason != BY_DECREE and can_restructure(state, firm) and is_worth_more_going(state, firm):
        if not is_protected(state, firm) and exchange_debt(state, firm, shortfall, reason):
            return
        if f.cash + cash_earnings(state, firm) + review_contracts(state, firm, False) >= 0.0:
            if not is_protected(state, firm):
                protect(state, firm, shortfall, reason)
            return
    fail(state, firm, shortfall, reason)
