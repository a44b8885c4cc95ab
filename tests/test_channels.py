"""Each channel of contagion can bring down a firm of the baseline; without its source the firm stands.

Every story is told twice from the same opening, edited alike: with the blow at the source of the channel, and
without it (or with the channel's parameter off). In the one the victim fails and the table of causes names
source and channel, in the other it stands. The books are audited in every month of both.
"""

import numpy as np
from books import Audit

from abm import open_economy
from abm.accounts.statement import balance_sheet, contracts, defaults, loans
from abm.acts import default, lose
from abm.engine.tables import BANK, CHANNEL_NAMES, LENDER, LIVE

# Nobody comes to the rescue: no rounds of equity, no rescuers, no bank lines, no forbearance of landlords and lenders.
ALONE = {"round_success": 0, "rescue_success": 0, "revolver_share": 0, "renegotiation": 0, "loan_amendment": 0}


def _open(**parameters):
    return open_economy(parameters=ALONE | parameters, seed=1, panel=False, central=True)


def _follow(economy, months):
    audit = Audit(economy)
    for _ in range(months):
        economy.run(1)
        audit.check()


def _twins(opened, months, blow):
    """The economy some months after a blow, and the same without it."""
    struck, spared = opened.copy(), opened
    blow(struck)
    _follow(struck, months)
    _follow(spared, months)
    return struck, spared


def _failure(economy, firm):
    """The default of a firm with its causes and its main channel, None and None if it stands."""
    for found, row in zip(defaults(economy), economy.rows("defaults"), strict=True):
        if found.firm == firm:
            return found, CHANNEL_NAMES[row.channel] if row.channel >= 0 else None
    return None, None


def _check(struck, spared, victim, source, channel, *, at_once=False):
    """The victim fell because of the source, through the channel, in the month of the blow or later; else it stands."""
    found, main = _failure(struck, victim)
    assert found is not None, f"{victim} stands"
    assert (found.month == 0) == at_once
    assert not found.fundamental
    assert main == channel
    weights = {(cause.parent, cause.channel): cause.weight for cause in found.causes}
    assert max(weights, key=weights.__getitem__) == (source, channel)
    assert weights[source, channel] > 0.5
    assert abs(sum(weights.values()) + found.own_share - 1.0) < 1e-9
    assert _failure(spared, victim) == (None, None), f"{victim} falls without {source} too"
    assert balance_sheet(spared, victim).status == "active"


def _loan_rows(economy, borrower, lender=None):
    """Rows of the loan table that a firm owes, to one lender if named."""
    table = economy.rows("loans")
    mine = table["borrower"] == economy.firm(borrower)
    if lender is not None:
        mine &= table["lender"] == economy.firm(lender)
    assert mine.any()
    return mine


def test_counterparty():
    """A borrower fails and takes a fund with it that has lost most of its capital before."""
    economy = _open()
    assert any(loan.counterparty == "CoreWeave" and loan.role == "lends" for loan in loans(economy, "Magnetar"))
    lose(economy, "Magnetar", 2.8)
    struck, spared = _twins(economy, 2, lambda e: default(e, "CoreWeave"))
    _check(struck, spared, "Magnetar", "CoreWeave", "counterparty", at_once=True)


def test_customer():
    """A lab fails that rented most of a cloud's fleet: the cloud lives on its cash for some months, then no more.

    The lab has taken over what others rent there and have not paid ahead. Nobody comes to the cloud's rescue, nobody
    else's demand grows into the empty halls, and no damages are owed. Forced sales move no prices, for another lab
    fails later on: the sale of its fleet would be a second cause.
    """
    economy = _open(tenant_growth=0, termination_months=0, price_impact=0)
    table = economy.rows("contracts")
    others = (table["seller"] == economy.firm("CoreWeave")) & (table["status"] == LIVE) & (table["prepaid"] == 0.0)
    table["buyer"][others] = economy.firm("OpenAI")
    assert "OpenAI" in {c.counterparty for c in contracts(economy, "CoreWeave") if c.role == "sells"}
    struck, spared = _twins(economy, 12, lambda e: default(e, "OpenAI"))
    _check(struck, spared, "CoreWeave", "OpenAI", "customer")
    assert _failure(struck, "CoreWeave")[0].month > 1, "cash for a while"


def _strict_covenants(**parameters):
    """Nscale with little cash, its lenders with covenants that they enforce as soon as they are broken.

    Half of its hardware is let, which counts with its rent; the other half counts with the mark of the market.
    """
    economy = _open(acceleration_cover=3, acceleration_ltv=1, **parameters)
    economy.rows("loans")["covenant_ltv"][_loan_rows(economy, "Nscale")] = 0.37
    lose(economy, "Nscale", 1.3)
    return economy


def test_collateral():
    """A fire sale of a fleet marks down the hardware that secures a stranger's loans; its lenders call them."""
    struck, spared = _twins(_strict_covenants(), 1, lambda e: default(e, "CoreWeave"))
    assert "CoreWeave" not in {c.counterparty for c in contracts(spared, "Nscale")}
    _check(struck, spared, "Nscale", "CoreWeave", "collateral", at_once=True)


def test_no_collateral_channel_in_a_deep_market():
    """The same fire sale where forced sales do not move prices: the covenants hold."""
    deep = _strict_covenants(price_impact=0)
    default(deep, "CoreWeave")
    _follow(deep, 1)
    assert _failure(deep, "CoreWeave")[0] is not None
    assert _failure(deep, "Nscale") == (None, None)


def test_funding():
    """Bonds fall due while the one fund with room for more has lost its capital: who is refused cannot repay.

    Nobody comes to its rescue.
    """
    economy = _open(high_yield_limit=1)
    funds = [f"HY bond fund {k + 1}" for k in range(5)]
    held = np.isin(economy.rows("loans")["lender"], [economy.firm(fund) for fund in funds])
    economy.rows("loans")["months_left"][held & _loan_rows(economy, "xAI")] = 1
    # The other funds have capital, but no room for more.
    economy.state.firms["ai_limit"][[economy.firm(fund) for fund in funds[1:]]] = 0.0
    lose(economy, "xAI", 7.0)
    worth = balance_sheet(economy, funds[0]).net_worth
    struck, spared = _twins(economy, 1, lambda e: lose(e, funds[0], 0.97 * worth))
    _check(struck, spared, "xAI", funds[0], "funding")
    assert balance_sheet(struck, funds[0]).status == "active", "it refuses, it does not fail"


def test_lender_to_lender():
    """A bank short of capital calls the line on which a fund has lent; no other bank has room, nobody buys."""
    economy = _open(asset_sale_pace=0, funding_access=0)
    firms = economy.rows("firms")
    bank = economy.names[int(economy.rows("loans")["lender"][_loan_rows(economy, "Magnetar")][0])]
    others = (firms["kind"] == LENDER) & (firms["subkind"] == BANK)
    others[economy.firm(bank)] = False
    firms["ai_limit"][others] = 0.0
    worth = balance_sheet(economy, bank).net_worth
    struck, spared = _twins(economy, 1, lambda e: lose(e, bank, 0.98 * worth))
    _check(struck, spared, "Magnetar", bank, "lender-to-lender")
    assert balance_sheet(struck, bank).status == "active", "it calls, it does not fail"


def test_vendor():
    """A chip maker that has hired for the orders on its book: a customer fails, its orders with it."""
    economy = _open()
    orders = economy.rows("orders")
    vendor, buyer = economy.firm("AMD"), economy.firm("Oracle")
    assert np.any((orders["vendor"] == vendor) & (orders["buyer"] == buyer))
    economy.state.firms["fixed_cost"][vendor] *= 2.8
    lose(economy, "AMD", 11.7)
    struck, spared = _twins(economy, 1, lambda e: default(e, "Oracle"))
    _check(struck, spared, "AMD", "Oracle", "vendor")


def test_market():
    """Open models catch up and the price of AI work falls until a lab's cash is gone: nobody's fault.

    The market is the cause on record, but such a default is fundamental, for it left no claim unpaid.
    Its staff does not grow with revenue, or else it would run out of cash within the year by its own growth. Nobody
    comes to its rescue.
    """
    calm = {"overhead_growth": 0, "rescue_success": 0}
    struck, spared = _open(open_lag=0, open_gap=0, **calm), _open(**calm)
    for economy in (struck, spared):
        lose(economy, "Anthropic", 12.0)
        _follow(economy, 12)
    assert struck.rows("series")["token_price"][-1] < spared.rows("series")["token_price"][-1]
    found, main = _failure(struck, "Anthropic")
    assert found is not None
    assert found.fundamental
    assert main is None
    assert [(cause.parent, cause.channel) for cause in found.causes] == [(None, "market")]
    assert found.causes[0].weight > 0.9
    assert abs(found.own_share + found.causes[0].weight - 1.0) < 1e-9
    assert _failure(spared, "Anthropic") == (None, None)
