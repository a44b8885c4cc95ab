"""The estate of a failed firm: what is sold and for how much, who is paid in which rank, what is left in the books."""

import pytest
from before import Before, cells, near
from village import Village

from abm.distress.causes import BY_DECREE, FOR_CASH, FOR_COLLATERAL
from abm.distress.estate import close_books, fail, pass_on_loans, pay_creditors, secured_part, sell_sites_and_rest
from abm.engine.tables import (
    ACTIVE,
    BROKEN,
    COLLATERAL,
    COUNTERPARTY,
    CUSTOMER,
    E_CANCELLED,
    E_DEFAULT,
    E_FIRE_SALE,
    ENDED,
    F_BANKRUPTCY,
    F_COMPUTE,
    F_EQUITY,
    F_LENDING,
    F_PRINCIPAL,
    F_SECONDHAND,
    F_SUPPORT,
    FAILED,
    FLEET_COLLATERAL,
    GOVERNMENT,
    HOLDINGS_COLLATERAL,
    INTENT,
    LENDER,
    LENDER_TO_LENDER,
    LIQUIDATION,
    LIVE,
    NEOCLOUD,
    OUTSIDE,
    PENDING,
    PRIVATE_CREDIT,
    SAVERS,
    SITE_COLLATERAL,
    SPONSOR,
    SUPPLIERS,
    VENDOR,
    VENDOR_CHANNEL,
    WAREHOUSE,
)

PRICES = {"site_recovery": 0.6, "other_recovery": 0.25, "holdings_recovery": 0.5, "loan_book_recovery": 0.75}


# --- what is sold ---------------------------------------------------------------------------------------------
def test_sites_and_other_assets_go_to_savers_at_a_discount():
    v = Village(**PRICES)
    cloud, other = v.neocloud(cash=1.0, sites=5.0, site_gw=2.0, other_assets=4.0), v.neocloud(sites=3.0)
    v.close()
    before = Before(v)
    assert v.run(sell_sites_and_rest, cloud) == (3.0, 0.0)
    assert before.firms() == near({
        (cloud, "cash"): 4.0, (cloud, "sites"): -5.0, (cloud, "site_gw"): -2.0, (cloud, "other_assets"): -4.0,
        (cloud, "write_off"): 5.0, (cloud, "retained"): -5.0, (SAVERS, "cash"): -4.0, (SAVERS, "retained"): -4.0,
    })  # fmt: skip
    assert before.flows() == {(F_SECONDHAND, OUTSIDE, NEOCLOUD): 4.0}
    assert v[other].sites == 3.0
    v.audit()


@pytest.mark.parametrize(("kind", "subkind", "secures"), [(LENDER, SPONSOR, 1.0), (LENDER, PRIVATE_CREDIT, 0.0),
                                                          (NEOCLOUD, SPONSOR, 0.0)])  # fmt: skip
def test_a_sponsors_portfolio_secures_its_loans_on_holdings(kind, subkind, secures):
    v = Village(**PRICES)
    firm = v.firm(kind, subkind=subkind, sites=5.0, other_assets=4.0, ai_other=1.0)
    v.close()
    assert v.run(sell_sites_and_rest, firm) == (3.0, secures)
    assert v[firm].ai_other == 0.0


@pytest.mark.parametrize(
    ("share", "book", "valuation", "status", "price"),
    [
        (0.1, 3.0, 40.0, ACTIVE, 2.0),  # half of its value of 4
        (0.1, 2.0, 2.0, ACTIVE, 0.5),  # not below a quarter of its book value
        (0.5, 1.0, 100.0, ACTIVE, 2.0),  # not above twice its book value
        (0.5, 4.0, 100.0, FAILED, 1.0),  # shares of the failed: a quarter of book
    ],
)
def test_shares_are_sold_by_their_value_within_bounds(share, book, valuation, status, price):
    v = Village(**PRICES)
    cloud, lab, other = v.neocloud(cash=1.0), v.lab(valuation=valuation), v.hyperscaler()
    kept = v.stake(other, lab, 0.3, 7.0)
    empty = v.stake(cloud, lab, 0.2, 0.0)
    stake = v.stake(cloud, lab, share, book)
    v[lab].status = status
    before = Before(v)
    assert v.run(sell_sites_and_rest, cloud) == (0.0, near(price))
    changes = {
        (cloud, "cash"): price, (cloud, "holdings"): -book, (cloud, "retained"): price - book,
        (cloud, "write_off"): book - price, (SAVERS, "cash"): -price, (SAVERS, "holdings"): book,
        (SAVERS, "retained"): book - price,
    }  # fmt: skip
    assert before.firms() == near(changes)
    assert before.flows() == near({(F_EQUITY, OUTSIDE, NEOCLOUD): price})
    # Shares that were given for a claim when they were worth nothing go with the rest.
    assert before.rows("stakes") == {(stake, "holder"): SAVERS, (empty, "holder"): SAVERS}
    assert v.state.stakes[kept].holder == other
    v.audit()


def test_everything_is_sold_for_less_where_much_debt_has_failed():
    v = Village(**PRICES, distress_normal=0.02, distress_elasticity=0.5)
    v.market.distress = 0.08
    cloud, lab, bank = v.neocloud(sites=5.0, other_assets=4.0), v.lab(valuation=40.0), v.lender(cash=1.0)
    v.stake(cloud, lab, 0.1, 3.0)
    v.loan(bank, v.neocloud(), 4.0)
    v.close()
    before = Before(v)
    # Half of 3 for the sites, of 1 for the rest, of 2 for the shares, of 3.4 for the loan.
    assert v.run(sell_sites_and_rest, cloud) == (near(1.5), near(1.0))
    assert v.run(pass_on_loans, bank) == near(1.5)
    assert before.firms()[cloud, "cash"] == near(3.0)
    v.audit()


def test_a_failed_lenders_loans_go_to_savers_at_a_discount():
    v = Village(**PRICES)
    bank, other, cloud = v.lender(cash=1.0), v.lender(), v.neocloud()
    sold = [v.loan(bank, cloud, 4.0, limit=9.0), v.loan(bank, cloud, 2.0)]
    v.loan(other, cloud, 5.0)
    v.loan(bank, cloud, 6.0, status=BROKEN)
    v.loan(other, bank, 7.0)
    before = Before(v)
    assert v.run(pass_on_loans, bank) == 4.5
    assert before.firms() == {
        (bank, "cash"): 4.5, (bank, "loans_held"): -6.0, (bank, "retained"): -1.5, (bank, "write_off"): 1.5,
        (SAVERS, "cash"): -4.5, (SAVERS, "loans_held"): 6.0, (SAVERS, "retained"): 1.5,
    }  # fmt: skip
    assert before.flows() == {(F_LENDING, OUTSIDE, LENDER): 4.5}
    assert before.rows("loans") == {
        (sold[0], "lender"): SAVERS, (sold[0], "limit"): 4.0, (sold[1], "lender"): SAVERS,
    }  # fmt: skip
    v.audit()


# --- who is paid ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("collateral", "proceeds", "estate", "part", "paid"),
    [
        (FLEET_COLLATERAL, 3.0, 9.0, 0.6, 3.0), (FLEET_COLLATERAL, 7.0, 9.0, 1.0, 5.0),
        (FLEET_COLLATERAL, 7.0, 2.0, 0.4, 2.0), (SITE_COLLATERAL, 3.0, 9.0, 0.5, 3.0),
        (HOLDINGS_COLLATERAL, 3.0, 9.0, 0.0, 0.0),
    ],
)  # fmt: skip
def test_collateral_pays_the_loans_it_secures_out_of_what_there_is(collateral, proceeds, estate, part, paid):
    v = Village()
    bank, cloud, other = v.lender(), v.neocloud(), v.neocloud()
    v.loan(bank, cloud, 4.0, collateral=FLEET_COLLATERAL)
    v.loan(bank, cloud, 1.0, collateral=FLEET_COLLATERAL)
    v.loan(bank, cloud, 6.0, collateral=SITE_COLLATERAL)
    v.loan(bank, cloud, 8.0, collateral=FLEET_COLLATERAL, status=BROKEN)
    v.loan(bank, other, 8.0, collateral=FLEET_COLLATERAL)
    v.loan(bank, cloud, 8.0)
    assert v.run(secured_part, cloud, collateral, proceeds, estate) == (near(part), near(paid))


def test_secured_loans_are_paid_from_their_collateral_and_all_claims_share_the_rest():
    v = Village(public_guarantee=0.2)
    a, b, vendor, seller, gone = v.lender(cash=9.0), v.lender(), v.vendor(), v.neocloud(), v.neocloud(status=FAILED)
    cloud, other = v.neocloud(cash=12.0625, other_debt=2.0, debt_service=3.0), v.neocloud(cash=5.0)
    v.loan(a, cloud, 8.0, collateral=FLEET_COLLATERAL, limit=40.0)
    v.loan(b, cloud, 2.0, collateral=FLEET_COLLATERAL, for_ai=0, limit=40.0)
    v.loan(a, cloud, 4.0, collateral=SITE_COLLATERAL, limit=40.0)
    v.loan(vendor, cloud, 3.0, collateral=HOLDINGS_COLLATERAL, limit=40.0)
    v.loan(SAVERS, cloud, 5.0, limit=40.0)
    v.loan(b, other, 9.0)
    ended = v.loan(b, cloud, 9.0, status=ENDED)
    v.contract(cloud, seller, 0.5, status=BROKEN, missed=6.0)
    v.contract(cloud, gone, 0.5, status=BROKEN, missed=7.0)
    v.contract(cloud, other, 0.5, status=LIVE, missed=8.0)
    v.contract(other, seller, 0.5, status=BROKEN, missed=9.0)
    before = Before(v)
    # Fleet 5 for 10, sites 3 for 4, shares 1.5 for 3; 2.5625 left for claims of 20.5: an eighth.
    # 12.25 of what it owes is under contracts, the seller that failed gets nothing of its 7.
    assert v.run(pay_creditors, cloud, 5.0, 3.0, 1.5) == (near(12.6875), near(12.25))
    assert before.rows("loans") == {(r, c): 0.0 if c == "principal" else BROKEN for r in range(5)
                                    for c in ("principal", "status")}  # fmt: skip
    assert before.rows("contracts") == {(0, "missed"): 0.0, (1, "missed"): 0.0}
    # Lenders: fleet 4.5 of 8 and sites 3.125 of 4; fleet 1.125 of 2; shares 1.6875 of 3; unsecured 0.625 of 5.
    # The government bears a fifth of what the first lost on AI loans: 0.7 and 0.175.
    assert before.firms() == near({
        (a, "cash"): 7.625 + 0.875, (a, "loans_held"): -12.0, (a, "write_off"): 3.5, (a, "retained"): -3.5,
        (a, "loss_month"): 3.5,
        (b, "cash"): 1.125, (b, "loans_held"): -2.0, (b, "write_off"): 0.875, (b, "retained"): -0.875,
        (b, "loss_month"): 0.875,
        (vendor, "cash"): 1.6875, (vendor, "loans_held"): -3.0, (vendor, "write_off"): 1.3125,
        (vendor, "retained"): -1.3125, (vendor, "loss_month"): 1.3125,
        (seller, "cash"): 0.75, (seller, "revenue"): 0.75, (seller, "retained"): 0.75,
        (SAVERS, "cash"): 0.625 + 0.25, (SAVERS, "loans_held"): -5.0, (SAVERS, "loss_month"): 4.375,
        (SAVERS, "write_off"): 4.375 + 1.75, (SAVERS, "retained"): -4.375 - 1.75, (SAVERS, "other_assets"): -2.0,
        (GOVERNMENT, "cash"): -0.875, (GOVERNMENT, "retained"): -0.875,
        (cloud, "cash"): -12.0625, (cloud, "debt"): -22.0, (cloud, "other_debt"): -2.0,
        (cloud, "operating_cost"): 0.75, (cloud, "write_off"): -10.9375 - 1.75,
        (cloud, "retained"): 10.9375 + 1.75 - 0.75,
    })  # fmt: skip
    assert before.flows() == near({
        (F_PRINCIPAL, NEOCLOUD, LENDER): 8.75, (F_PRINCIPAL, NEOCLOUD, VENDOR): 1.6875,
        (F_PRINCIPAL, NEOCLOUD, OUTSIDE): 0.875, (F_COMPUTE, NEOCLOUD, NEOCLOUD): 0.75,
        (F_SUPPORT, OUTSIDE, LENDER): 0.875,
    })  # fmt: skip
    assert before.hits() == [
        (a, cloud, COUNTERPARTY, 3.5 - 0.7), (b, cloud, COUNTERPARTY, 0.875), (a, cloud, COUNTERPARTY, 0.7),
        (vendor, cloud, COUNTERPARTY, 1.3125), (SAVERS, cloud, COUNTERPARTY, 4.375),
    ]  # fmt: skip
    assert before.market() == near({"public_money": 0.875, "n_hits": 5.0})
    assert v.state.loans[ended].status == ENDED
    v[cloud].secured_debt = 0.0
    v.audit()


def test_savers_who_funded_a_failed_lender_rank_with_its_other_creditors():
    v = Village()
    bank, fund = v.lender(), v.lender(cash=2.5, funding=4.0, other_debt=1.0)
    v.loan(bank, fund, 5.0, kind=WAREHOUSE)
    before = Before(v)
    # A quarter for everybody.
    assert v.run(pay_creditors, fund, 0.0, 0.0, 0.0) == (7.5, 0.0)
    assert before.firms() == {
        (bank, "cash"): 1.25, (bank, "loans_held"): -5.0, (bank, "write_off"): 3.75, (bank, "retained"): -3.75,
        (bank, "loss_month"): 3.75,
        (SAVERS, "cash"): 1.25, (SAVERS, "other_assets"): -5.0, (SAVERS, "write_off"): 3.75,
        (SAVERS, "retained"): -3.75,
        (fund, "cash"): -2.5, (fund, "debt"): -5.0, (fund, "funding"): -4.0, (fund, "other_debt"): -1.0,
        (fund, "write_off"): -7.5, (fund, "retained"): 7.5,
    }  # fmt: skip
    assert before.flows() == {(F_PRINCIPAL, LENDER, LENDER): 1.25, (F_PRINCIPAL, LENDER, OUTSIDE): 1.25}
    assert before.hits() == [(bank, fund, LENDER_TO_LENDER, 3.75)]
    v.audit()


@pytest.mark.parametrize(
    ("proceeds", "cash", "secured", "rest"),
    [((9.0, 0.0, 0.0), 9.0, 4.0, 4.0), ((9.0, 0.0, 0.0), 3.0, 3.0, 0.0), ((0.0, 9.0, 0.0), 3.0, 1.5, 1.5),
     ((3.0, 0.0, 0.0), 20.0, 4.0, 4.0), ((3.0, 0.0, 0.0), -2.0, 0.0, 0.0)],
)  # fmt: skip
def test_what_collateral_brings_beyond_its_loans_is_everybodys_and_no_one_gets_more_than_it_is_owed(
    proceeds, cash, secured, rest
):
    v = Village()
    first, second, cloud = v.lender(), v.lender(), v.neocloud(cash=cash)
    v.loan(first, cloud, 4.0, collateral=FLEET_COLLATERAL)
    v.loan(second, cloud, 4.0)
    v.run(pay_creditors, cloud, *proceeds)
    assert (v[first].cash, v[second].cash) == (near(secured), near(rest))
    assert v[cloud].cash == near(cash - secured - rest)


@pytest.mark.parametrize("order", [(FLEET_COLLATERAL, SITE_COLLATERAL), (SITE_COLLATERAL, HOLDINGS_COLLATERAL)])
def test_where_the_estate_is_short_of_its_proceeds_fleet_comes_before_sites_before_shares(order):
    v = Village()
    first, second, cloud = v.lender(), v.lender(), v.neocloud(cash=5.0)
    v.loan(second, cloud, 4.0, collateral=order[1])
    v.loan(first, cloud, 4.0, collateral=order[0])
    v.run(pay_creditors, cloud, 4.0, 4.0, 4.0)
    assert (v[first].cash, v[second].cash) == (4.0, 1.0)


# --- a failure from beginning to end --------------------------------------------------------------------------
def test_a_failed_firm_is_wound_up_and_owners_get_what_is_left():
    v = Village(**PRICES, bankruptcy_cost=0.1)
    v.market.month, v.market.stage, v.market.n_defaults = 14, 3, 2
    bank, sponsor, hyper = v.lender(), v.lender(subkind=SPONSOR), v.hyperscaler()
    cloud = v.neocloud(cash=7.0, sites=5.0, other_debt=1.5, supply=2.0, valuation=20.0)
    v.loan(bank, cloud, 2.0, collateral=SITE_COLLATERAL)
    v.stake(SAVERS, cloud, 0.5, 3.0)
    v.stake(sponsor, cloud, 0.3, 2.0)
    v.stake(hyper, cloud, 0.2, 1.25)
    kept = v.stake(sponsor, hyper, 0.1, 0.75)
    before = Before(v)
    v.run(fail, cloud, 0.4, FOR_CASH)
    # 7 and 3 for the sites, less a tenth: 9; 3.5 for creditors, 5.5 for owners.
    assert cells(v.state.defaults[2], "month", "stage", "firm", "way", "shortfall", "debt", "fundamental") == (
        14, 3, cloud, LIQUIDATION, 0.4, 3.5, 1,
    )  # fmt: skip
    assert cells(v.state.defaults[2], "loss_credit", "loss_equity", "claims", "loss_claims") == (0.0, 14.5, 0.0, 0.0)
    assert v.market.n_defaults == 3
    assert before.events() == [(E_DEFAULT, cloud, -1, 0.4)]
    assert before.flows() == near({
        (F_SECONDHAND, OUTSIDE, NEOCLOUD): 3.0, (F_BANKRUPTCY, NEOCLOUD, OUTSIDE): 1.0,
        (F_PRINCIPAL, NEOCLOUD, LENDER): 2.0, (F_PRINCIPAL, NEOCLOUD, OUTSIDE): 1.5, (F_EQUITY, NEOCLOUD, OUTSIDE): 5.5,
    })  # fmt: skip
    assert before.hits() == [(sponsor, cloud, COUNTERPARTY, 2.0)]
    assert before.firms() == near({
        (cloud, "status"): FAILED - ACTIVE, (cloud, "failed"): 15, (cloud, "cash"): -7.0, (cloud, "sites"): -5.0,
        (cloud, "other_debt"): -1.5, (cloud, "debt"): -2.0, (cloud, "offered"): 2.0,
        (cloud, "paid_in"): -6.25, (cloud, "supply"): -2.0,
        (cloud, "operating_cost"): 1.0, (cloud, "write_off"): 2.0, (cloud, "retained"): -2.0 - 1.0 - 5.5 + 6.25,
        (cloud, "valuation"): -20.0,
        (bank, "cash"): 2.0, (bank, "loans_held"): -2.0,
        (sponsor, "holdings"): -2.0, (sponsor, "write_off"): 2.0, (sponsor, "retained"): -2.0,
        (hyper, "holdings"): -1.25, (hyper, "write_off"): 1.25, (hyper, "retained"): -1.25,
        (SUPPLIERS, "cash"): 1.0, (SUPPLIERS, "revenue"): 1.0, (SUPPLIERS, "retained"): 1.0,
        (SAVERS, "cash"): -3.0 + 1.5 + 5.5, (SAVERS, "other_assets"): -1.5, (SAVERS, "holdings"): -3.0,
        (SAVERS, "write_off"): 3.0, (SAVERS, "retained"): -3.0 + 5.5 - 3.0,
    })  # fmt: skip
    assert list(v.rows("stakes").book) == [0.0, 0.0, 0.0, 0.75]
    assert list(v.rows("stakes").share) == [0.0, 0.0, 0.0, 0.1]
    assert v.state.stakes[kept].holder == sponsor
    v.audit()
    assert v[cloud].retained == near(0.0)


def test_debt_and_funding_and_other_debt_make_the_debt_in_default():
    v = Village(**PRICES)
    bank, fund = v.lender(), v.lender(cash=1.0, other_debt=2.0, funding=0.5)
    v.loan(bank, fund, 4.0, kind=WAREHOUSE)
    v.run(fail, fund, 3.0, FOR_CASH)
    assert cells(v.state.defaults[0], "debt", "loss_credit", "loss_claims") == (6.5, near(6.5 - 0.9), 0.0)
    v.audit()


def test_a_failure_breaks_what_the_firm_has_bought_and_sold_and_damages_rank_as_claims():
    v = Village(**PRICES, termination_months=6.0, bankruptcy_cost=0.2)
    lab, cloud, seller, other = v.lab(), v.neocloud(cash=2.0), v.neocloud(), v.neocloud()
    bought = v.contract(cloud, seller, 0.5, prepaid=0.25)
    sold = v.contract(lab, cloud, 0.25, prepaid=0.5)
    waiting = v.contract(cloud, other, 0.25, status=PENDING, delivered=0.0, take_or_pay=0.0)
    letter = v.contract(lab, cloud, 0.25, status=INTENT)
    over = v.contract(cloud, seller, 0.25, status=ENDED)
    theirs = v.contract(lab, seller, 0.25)
    before = Before(v)
    v.run(fail, cloud, 1.0, FOR_CASH)
    status = [int(v.state.contracts[r].status) for r in (bought, sold, waiting, letter, over, theirs)]
    assert status == [BROKEN, BROKEN, BROKEN, INTENT, ENDED, LIVE]
    assert before.hits() == [(seller, cloud, CUSTOMER, 0.73), (lab, cloud, COUNTERPARTY, 0.5)]
    # Six months of rent are owed and there are 1.6.
    assert v[seller].cash == near(1.6)
    assert v[seller].revenue == near(0.25 + 1.6)
    # A contract without take-or-pay owes no damages.
    told = cells(v.state.defaults[0], "debt", "claims", "loss_claims", "loss_credit")
    assert told == (0.0, near(6.0 * 0.73), near(6.0 * 0.73 - 1.6), 0.0)
    assert v.state.contracts[bought].missed == 0.0
    v.audit()


def test_a_failed_buyers_orders_are_cancelled_and_a_failed_vendors_deposits_are_lost():
    v = Village(**PRICES)
    vendor, rival, cloud = v.vendor(), v.vendor(), v.neocloud()
    ours = v.order(cloud, vendor, 0.5, deposit=2.0)
    theirs = v.order(cloud, rival, 0.25, deposit=1.0, ready=0.125)
    done = v.order(cloud, rival, 0.25, status=ENDED)
    before = Before(v)
    v.run(fail, rival, 1.0, FOR_CASH)
    assert before.rows("orders") == {
        (theirs, "status"): BROKEN, (theirs, "units"): 0.0, (theirs, "deposit"): 0.0, (theirs, "ready"): 0.0,
    }  # fmt: skip
    assert before.hits() == [(cloud, rival, VENDOR_CHANNEL, 5.0)]
    assert (v[cloud].write_off, v[cloud].retained) == (1.0, before.tables["firms"][cloud]["retained"] - 1.0)
    assert v[rival].revenue == 1.0
    v.audit()
    before = Before(v)
    v.run(fail, cloud, 1.0, FOR_CASH)
    assert before.events() == [(E_DEFAULT, cloud, -1, 1.0), (E_CANCELLED, cloud, vendor, 10.0)]
    assert before.hits() == [(vendor, cloud, VENDOR_CHANNEL, 5.0)]
    assert [int(v.state.orders[r].status) for r in (ours, done)] == [BROKEN, ENDED]
    v.audit()


def test_a_fleet_is_sold_first_to_its_lenders_and_the_sale_marks_others_down():
    v = Village(**PRICES, price_impact=0.5, distressed_factor=0.5, scrap_factor=0.5, bankruptcy_cost=0.0)
    v.market.fire_discount = 0.25
    vendor, bank, other = v.vendor(), v.lender(), v.lender()
    v.generation(vendor, mark=20.0)
    cloud, owner = v.neocloud(), v.neocloud(dscr=0.0)
    v.fleet(cloud, 1.0, book=16.0)
    v.fleet(owner, 3.0, book=9.0)
    v.loan(bank, cloud, 100.0, collateral=FLEET_COLLATERAL)
    v.loan(other, cloud, 100.0, collateral=SITE_COLLATERAL)
    v.loan(other, owner, 2.0, collateral=SITE_COLLATERAL)
    before = Before(v)
    v.run(fail, cloud, 1.0, FOR_COLLATERAL)
    proceeds = float(v[bank].cash)
    # The price falls by an eighth in logs, for a quarter of the fleets is sold.
    assert v.market.fire_discount == 0.375
    assert proceeds == near(20.0 * 0.5 * 0.5 * 0.8824969025845955)
    assert before.events() == [(E_DEFAULT, cloud, -1, 1.0), (E_FIRE_SALE, cloud, -1, near(proceeds))]
    assert before.hits()[0] == (owner, cloud, COLLATERAL, 60.0 * 0.125)
    assert v[other].cash == 0.0
    v.audit()


def test_sites_and_shares_pay_the_loans_they_secure():
    v = Village(**PRICES, bankruptcy_cost=0.0)
    first, second, third = v.lender(), v.lender(), v.lender()
    sponsor, lab = v.lender(subkind=SPONSOR, sites=5.0, other_assets=4.0), v.lab(valuation=40.0)
    v.stake(sponsor, lab, 0.1, 3.0)
    v.loan(first, sponsor, 100.0, collateral=SITE_COLLATERAL)
    v.loan(second, sponsor, 100.0, collateral=HOLDINGS_COLLATERAL)
    v.loan(third, sponsor, 100.0)
    v.run(fail, sponsor, 1.0, FOR_CASH)
    assert (v[first].cash, v[second].cash, v[third].cash) == (3.0, 3.0, 0.0)
    v.audit()


def test_a_failed_lenders_book_is_part_of_its_estate():
    v = Village(**PRICES, bankruptcy_cost=0.1)
    fund, cloud = v.lender(cash=1.0, funding=9.0), v.neocloud()
    v.loan(fund, cloud, 4.0)
    v.run(fail, fund, 1.0, BY_DECREE)
    assert v.state.loans[0].lender == SAVERS
    assert v.state.loans[0].status == LIVE
    assert v.state.defaults[0].loss_credit == near(9.0 - 0.9 * 4.0)
    v.audit()


@pytest.mark.parametrize(("reason", "fundamental"), [(FOR_CASH, 1), (FOR_COLLATERAL, 0), (BY_DECREE, 1)])
def test_the_reason_of_a_failure_decides_what_explains_it(reason, fundamental):
    v = Village(**PRICES)
    v.market.month, v.market.n_hits = 9, 1
    lab, cloud = v.lab(), v.neocloud()
    h = v.state.hits[0]
    h.month, h.victim, h.source, h.channel, h.amount = 8, cloud, lab, COLLATERAL, 5.0
    v.run(fail, cloud, 4.0, reason)
    assert v.state.defaults[0].fundamental == fundamental
    assert v.state.parents[0].default == 0


def test_a_debtor_without_cash_pays_nothing_for_its_proceedings():
    v = Village(**PRICES, bankruptcy_cost=0.1)
    cloud = v.neocloud(cash=-2.0)
    v.close()
    before = Before(v)
    v.run(fail, cloud, 2.0, FOR_CASH)
    assert before.flows() == {}
    assert v[cloud].cash == -2.0


PLANS = (
    "work", "training", "need", "supply", "on_order", "on_order_gw", "valuation", "desired", "other_income",
    "fleet_mark", "contracted_in", "contracted_out", "promised_in", "promised_out", "debt_service", "ltv", "leverage",
    "look_through",
)  # fmt: skip


def test_a_failed_firm_has_no_plans_left():
    v = Village()
    plans = {name: 1.5 + k for k, name in enumerate(PLANS)}
    cloud, other = v.neocloud(**plans, cash=3.0), v.neocloud(**plans)
    before = Before(v)
    v.run(close_books, cloud)
    assert before.firms() == {(cloud, name): -value for name, value in plans.items()}
    assert v[other].supply == plans["supply"]
