"""Lenders: whom they lend to, at what price, how much, and how their appetite swings."""

from __future__ import annotations

import math

from abm.accounts.ledger import assets, earn, net_worth, pay_cost, return_funding, transfer
from abm.agents.firm import is_protected
from abm.engine.compiled import jit
from abm.engine.tables import (
    AI_FUND,
    BANK,
    BN_PER_RATE,
    BOND,
    CUSTOMERS,
    DDTL,
    F_FUNDING,
    F_OTHER_BUSINESS,
    HY_BONDS,
    IG_BONDS,
    INSURER,
    LENDER,
    PRIVATE_CREDIT,
    PROJECT,
    REVOLVER,
    SAVERS,
    SECURITISATION,
    WAREHOUSE,
)
from abm.instruments.annuity import annuity
from abm.instruments.stake import endow, new_stake
from abm.markets.marks import distressed_price


@jit
def most_risk(state, lender, limit):
    """Highest hazard at which a lender lends now (1/year): its mandate, narrower while its appetite is below normal.

    ``limit * min(appetite, 1)**window_slope``: the riskier a class of credit, the sooner its window shuts (the flight
    to quality of Bernanke, Gertler and Gilchrist 1996).
    """
    return limit * math.exp(state.params[0].window_slope * math.log(min(state.firms[lender].appetite, 1.0)))


@jit
def accepts_kind(state, lender, kind, pd):
    """Whether a lender makes this kind of loan to a borrower of this hazard (1/year, over years)."""
    p = state.params[0]
    subkind = state.firms[lender].subkind
    if subkind == BANK:
        return kind != BOND and pd < most_risk(state, lender, p.bank_risk_limit)
    if subkind == PRIVATE_CREDIT or subkind == AI_FUND:
        takes = kind != WAREHOUSE and kind != BOND and kind != REVOLVER
        return takes and pd < most_risk(state, lender, p.fund_risk_limit)
    if subkind == IG_BONDS or subkind == INSURER:
        return (kind == BOND or kind == PROJECT) and pd < most_risk(state, lender, p.investment_grade_limit)
    if subkind == HY_BONDS:
        return kind == BOND and pd < most_risk(state, lender, p.high_yield_limit)
    if subkind == SECURITISATION:
        return (kind == PROJECT or kind == DDTL) and pd < most_risk(state, lender, p.securitisation_limit)
    return False


@jit
def debt_capacity(state, borrower):
    """Debt that lenders let a neocloud carry (bn): what its contracts can service, with the cover they ask.

    ``(contracted rent + spot_credit * rent of free capacity - running cost) / (annuity * lending_cover)`` over
    the term of a GPU loan, all at the capacity in place and on order: neoclouds borrow against their contracts
    (the debt sizing of CoreWeave's delayed-draw loans, G3-014), and little against what they hope to let.
    """
    m = state.market[0]
    p = state.params[0]
    f = state.firms[borrower]
    planned = f.capacity + f.on_order
    free = max(planned - f.promised_out, 0.0)
    rent = f.promised_rent + p.spot_credit * p.target_utilisation * free * f.expected_spot * BN_PER_RATE
    cost = f.mean_cost * planned / f.capacity if f.capacity > 1e-9 else 0.0
    rate = m.base_rate + state.firms[borrower].pd_long * p.loss_given_default_secured + p.lending_margin
    return max(rent - cost, 0.0) / (annuity(rate, p.loan_tenor) * p.lending_cover)


@jit
def forced_value(state, borrower):
    """What a forced sale of a firm's hardware and sites would bring (bn)."""
    p = state.params[0]
    f = state.firms[borrower]
    return f.fleet_mark * p.distressed_factor + f.sites * p.site_recovery * distressed_price(state)


@jit
def defers_already(state, borrower):
    """Whether a firm is in a spell of deferral: a year from its first amendment on."""
    f = state.firms[borrower]
    return f.deferred > 0 and state.market[0].month - f.deferred < 12


@jit
def accept_amendment(state, lender, borrower):
    """Whether a lender puts off what a borrower in trouble owes, rather than seize what secures it.

    It does if it is not itself short of capital, if the borrower still earns a good part of its debt service,
    if a forced sale would bring less than is owed (forbearance: Peek and Rosengren 2005), and `deferral_limit` times at
    most: patience is finite.
    """
    p = state.params[0]
    f = state.firms[borrower]
    if state.firms[lender].lending_open < 0.5 or f.dscr < p.amendment_cover:
        return False
    if f.deferrals >= p.deferral_limit and not defers_already(state, borrower):
        return False
    return forced_value(state, borrower) < p.loan_amendment * f.debt


@jit
def accept_exchange(state, lender, offered, forced):
    """Whether a lender takes less than it is owed, and shares, out of court: if that is worth more to it than its part
    of a forced sale (Gertner and Scharfstein 1991), unless its capital cannot bear that the loss be seen.

    Parameters
    ----------
    offered, forced : float
        Worth of a unit of its claim under the exchange and after a forced sale.
    """
    f = state.firms[lender]
    if f.kind == LENDER and f.lending_open < 0.5 and offered < 1.0:
        return False
    return offered > forced


@jit
def price_loan(state, lender, borrower, secured):
    """Yearly rate: base rate + expected loss + cost of the capital behind the loan, scaled by appetite.

    Expected loss is default probability times loss given default; the cost of capital is the required return
    on the minimum capital (RAROC).
    """
    m = state.market[0]
    p = state.params[0]
    bank = state.firms[lender]
    loss = p.loss_given_default_secured if secured else p.loss_given_default
    spread = state.firms[borrower].pd_long * loss + p.return_on_capital * bank.min_capital + p.lender_cost
    return min(m.base_rate + spread * math.exp(-math.log(bank.appetite) * p.appetite_spread), 0.40)


@jit
def economic_capital(state, lender):
    """Net worth less the losses that marks show and books do not (bn): what lenders' own limits are measured by."""
    f = state.firms[lender]
    return net_worth(f) - state.params[0].mark_weight * f.unrealised


@jit
def margin_due(state, lender):
    """What a lender owes on its lines beyond the part of its pool that banks advance (bn), negative for what is left.

    A line is drawn up to `warehouse_advance` of the loans behind it at their marks.
    """
    f = state.firms[lender]
    return f.debt - state.params[0].warehouse_advance * max(f.loans_held - f.unrealised, 0.0)


@jit
def size_loan(state, lender, borrower, amount, exposure):
    """Most a lender lends now (bn): the request within its limits, zero if it does not lend.

    Limits: the large-exposure limit per borrower (BCBS 283: 25 % of capital, G3-071; of funds of private loans and
    pools 25 % of assets, the diversification test of section 851 of the Internal Revenue Code), its AI book times
    appetite, and the capital ratio after the loan, all on economic capital. A fund that is gated keeps its money.
    What a lender has committed and not paid out yet counts in full.

    Parameters
    ----------
    exposure : float
        What the borrower already owes this lender or may still draw (bn).
    """
    p = state.params[0]
    bank = state.firms[lender]
    capital = economic_capital(state, lender)
    if bank.lending_open < 0.5 or bank.gated == 1 or capital <= 0.0 or is_protected(state, borrower):
        return 0.0
    whole = capital
    if bank.subkind == PRIVATE_CREDIT or bank.subkind == AI_FUND or bank.subkind == SECURITISATION:
        # Regulated investment companies and pools are held to a part of their assets.
        whole = assets(bank)
    single = p.large_exposure_limit * whole - exposure
    promised = bank.loans_held + bank.undrawn
    book = bank.ai_limit * bank.appetite - promised
    required = bank.min_capital * p.capital_requirement * (1.0 + p.capital_buffer)
    weighted = capital / required - bank.other_weight * bank.other_assets - p.loan_risk_weight * promised
    return max(min(min(amount, single), min(book, weighted / p.loan_risk_weight)), 0.0)


@jit
def swing_appetite(state, lender):
    """A lender's risk appetite next month: drifts up in calm, falls with losses and with investors' fear.

    ``a + drift (0.25 + sentiment - a) - fear * loss / book`` (Minsky 1986; Danielsson, Valenzuela and Zer 2018
    on low risk and credit booms), within 0.1 and 1.25. The loss is what was written off and what marks fell by.
    """
    p = state.params[0]
    f = state.firms[lender]
    capital = max(net_worth(f), 1.0)
    book = max(min(f.ai_limit, capital), 1.0)
    calm = p.appetite_drift * (0.25 + state.market[0].sentiment - f.appetite)
    loss = max(f.loss_month + p.mark_weight * f.mark_move, 0.0)
    return min(max(f.appetite + calm - p.loss_fear * loss / book, 0.1), 1.25)


@jit
def risk_weighted(state, lender):
    """Risk-weighted assets (bn): its loans and its other book (Basel III)."""
    f = state.firms[lender]
    return state.params[0].loan_risk_weight * f.loans_held + f.other_weight * f.other_assets


@jit
def capital_ratio(state, lender):
    """Net worth over risk-weighted assets, at most 9.9."""
    return min(net_worth(state.firms[lender]) / max(risk_weighted(state, lender), 1e-9), 9.9)


@jit
def is_short_of_capital(state, lender):
    """Whether a lender refuses because it has stopped lending or its capital carries no more loans."""
    p = state.params[0]
    f = state.firms[lender]
    return f.lending_open < 0.5 or f.capital_ratio < f.min_capital * p.capital_requirement * (1.0 + p.capital_buffer)


@jit
def rebuild_capital(state, bank):
    """A bank or insurer short of capital keeps what its other business earns on the capital behind it.

    At other times a bank pays these earnings out, so that only this part of them is booked. Its minimum holds the
    buffers inside which distributions are restricted (Basel III, BCBS 189, part 1, section III).
    """
    p = state.params[0]
    f = state.firms[bank]
    other = f.other_weight * f.other_assets
    earnings = p.bank_earnings / 12.0 * net_worth(f) * other / max(risk_weighted(state, bank), 1e-9)
    if earnings > 0.0:
        pay_cost(state, CUSTOMERS, bank, earnings, F_OTHER_BUSINESS)


@jit
def calls_capital(state, lender, pace):
    """Whether a dedicated fund or a securitisation calls money: its capital carries less than a year's growth more.

    Parameters
    ----------
    pace : float
        Growth of the month (log).
    """
    p = state.params[0]
    f = state.firms[lender]
    required = f.min_capital * p.capital_requirement * (1.0 + p.capital_buffer)
    weighted = risk_weighted(state, lender)
    return net_worth(f) / max(required, 1e-9) - weighted < 12.0 * pace * weighted


@jit
def grow_lender(state, lender):
    """A lender in good standing grows with its class, and its limit on AI with it.

    Growth is `book_growth` a year times appetite; it fades to `lender_growth_long_run` as all growth does
    (`growth_fade`). The limit grows by `mandate_growth` more, for index weights and concentration limits follow what is
    issued. Banks, insurers and open funds grow in kind: capital (kept earnings, or new units), debts and the other book
    by one rate. Dedicated funds and securitisations call money from their investors as long as they can use it
    (`calls_capital`), and lend it in the loan table.
    """
    p = state.params[0]
    f = state.firms[lender]
    if f.book_growth <= 0.0 or f.lending_open < 0.5 or f.gated == 1 or net_worth(f) <= 0.0:
        return
    pace = p.lender_growth * f.book_growth * f.appetite / 12.0
    f.ai_limit *= math.exp(pace + p.mandate_growth * f.appetite / 12.0)
    f.book_growth += p.growth_fade / 12.0 * (p.lender_growth_long_run - f.book_growth)
    capital = pace * net_worth(f)
    if f.subkind == AI_FUND or f.subkind == SECURITISATION:
        if capital > 0.0 and calls_capital(state, lender, pace):
            endow(state, lender, capital)
            # The money stands in for debt until it is lent.
            repaid = min(capital, f.other_debt)
            transfer(state, lender, SAVERS, repaid, F_FUNDING)
            f.other_debt -= repaid
            state.firms[SAVERS].other_assets -= repaid
            return_funding(state, lender, min(capital - repaid, f.funding))
        return
    debts = pace * f.other_debt
    if f.subkind == BANK or f.subkind == INSURER:
        earn(state, lender, capital)
    else:
        new_stake(state, SAVERS, lender, 0.0, capital)
        earn(state, SAVERS, capital)
    f.other_assets += capital + debts
    f.ai_other *= 1.0 + pace
    f.other_debt += debts
    state.firms[SAVERS].other_assets += debts
    earn(state, SAVERS, debts)
