"""A firm that cannot pay and goes on: rescue, deferral, exchange of debt, protection by the court and a plan.

Loans after an exchange run 50 months at no interest with a cover of 1.25, so that cash earnings of 0.1 carry 4 bn of
debt; at a multiple of 10 they are worth 12 bn.
"""

import pytest
from before import Before, cells, due, near
from calls import calls
from village import Village

from abm.agents.lab import rescue_margin, rescue_odds
from abm.agents.lender import size_loan
from abm.agents.payouts import distribute
from abm.distress.cascade import aftermath, spread
from abm.distress.causes import BY_DECREE, FOR_CASH, FOR_COLLATERAL
from abm.distress.covenants import check_covenants
from abm.distress.estate import fail
from abm.distress.fire_sale import sell_second_hand
from abm.distress.funding import find_money, rescue_round
from abm.distress.lenders import call_lines
from abm.distress.obligations import obligations
from abm.distress.reorganisation import (
    AGREED,
    CLOSED,
    OPEN,
    agrees,
    carried_debt,
    change_loan,
    come_to_terms,
    dilute,
    emerge,
    enter_deferral,
    exchange_debt,
    going_value,
    is_worth_more_going,
    leave_losses,
    plan_terms,
    plan_value,
    protect,
    resolve,
    review_contracts,
    settle_claim,
    sold_parts,
    sold_value,
)
from abm.engine.draws import D_ROUND, uniform
from abm.engine.tables import (
    ACTIVE,
    BROKEN,
    COUNTERPARTY,
    CUSTOMER,
    DEFERRAL,
    DUE_INTEREST,
    DUE_INVOICE,
    DUE_MAKING,
    DUE_OPERATING,
    DUE_ORDER,
    DUE_PRINCIPAL,
    E_AMENDED,
    E_CANCELLED,
    E_EQUITY,
    E_EXCHANGED,
    E_PROTECTED,
    E_REORGANISED,
    E_RESCUED,
    ENDED,
    EXCHANGE,
    FAILED,
    FLEET_COLLATERAL,
    GOVERNMENT,
    HYPERSCALER,
    LAB,
    LENDER,
    LIQUIDATION,
    LIVE,
    NEOCLOUD,
    PENDING,
    REORGANISATION,
    REVOLVER,
    SAVERS,
    SITE,
    SITE_ORDER,
    SUPPLIERS,
    VEHICLE,
    VENDOR,
    WAREHOUSE,
)
from abm.markets.investment import invest
from abm.markets.tenders import can_promise, clouds_tender, labs_tender
from abm.rules import interpreted

PLAN = {
    "lending_margin": -0.05, "plan_tenor": 50.0, "project_tenor": 100.0, "lending_cover": 1.25,
    "earnings_multiple": 10.0, "distressed_factor": 0.5, "site_recovery": 0.25, "other_recovery": 0.25,
    "bankruptcy_cost": 0.2, "owners_keep": 0.1, "exchange_consent": 0.9, "reorganisation_months": 10.0,
    "rejection_cap": 6.0, "termination_months": 12.0, "rescue_discount": 0.0,
}  # fmt: skip


def village(**parameters):
    v = Village(**(PLAN | parameters))
    v.market.month = 20
    return v


# --- what a firm is worth -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("columns", "debt", "value"),
    [
        ({"earnings": 0.1}, 4.0, 12.0),
        ({"earnings": 0.1, "other_debt": 1.5}, 2.5, 12.0),
        ({"earnings": 0.1, "other_debt": 9.0}, 0.0, 12.0),
        ({"earnings": -0.1, "other_debt": 1.0}, 0.0, 0.0),
        ({"earnings": 0.1, "promised_rent": 9.0}, 4.0, 12.0),
        ({"kind": VEHICLE, "earnings": 0.1, "promised_rent": 0.2, "sites": 30.0}, 16.0, 24.0),
        ({"kind": VEHICLE, "earnings": 0.1, "promised_rent": 0.2, "sites": 11.0, "other_assets": 8.0}, 16.0, 19.0),
        ({"kind": VEHICLE, "earnings": 0.1}, 8.0, 8.0),
        ({"kind": NEOCLOUD, "earnings": 0.1, "sites": 20.0, "fleet_mark": 30.0}, 4.0, 12.0),
        ({"kind": NEOCLOUD, "earnings": 0.1, "sites": 3.0, "fleet_mark": 4.0, "other_assets": 2.0}, 4.0, 9.0),
    ],
)
def test_cash_earnings_carry_debt_and_make_the_value_of_a_going_concern(columns, debt, value):
    v = village()
    firm = v.firm(**({"kind": HYPERSCALER} | columns))
    v.close()
    assert v.run(carried_debt, firm) == near(debt)
    assert v.run(going_value, firm) == near(value)


def test_fear_lowers_the_value_but_not_below_the_debt_that_is_carried():
    v = village()
    cloud = v.hyperscaler(earnings=0.1, other_debt=1.0)
    v.market.sentiment = 0.5
    assert v.run(going_value, cloud) == near(6.0)
    v.market.sentiment = 0.2
    assert v.run(going_value, cloud) == near(4.0)


def test_fear_lowers_what_a_clouds_assets_are_worth():
    v = village()
    v.market.sentiment = 0.5
    cloud = v.neocloud(earnings=0.1, sites=3.0, fleet_mark=4.0, other_assets=2.0)
    # Half of 9, where half of 12 is its earnings' worth and 4 is carried.
    assert v.run(going_value, cloud) == near(4.5)


def test_claims_on_it_sell_below_its_worth_but_not_below_the_debt_that_it_serves():
    v = village(rescue_discount=0.25)
    cloud = v.hyperscaler(earnings=0.1)
    assert v.run(going_value, cloud) == near(12.0)
    assert v.run(plan_value, cloud) == near(9.0)
    v.p.rescue_discount = 0.9
    assert v.run(plan_value, cloud) == near(4.0)


def test_all_who_could_finance_a_firm_out_of_default_pay_less_where_much_debt_has_failed():
    v = village(distress_normal=0.02, distress_elasticity=0.5)
    v.market.distress = 0.08
    cloud = v.hyperscaler(earnings=0.1, other_debt=0.5, sites=4.0, other_assets=3.0, cash=2.0)
    assert v.run(carried_debt, cloud) == near(1.5)
    assert (v.run(going_value, cloud), v.run(plan_value, cloud)) == (near(12.0), near(6.0))
    assert v.run(sold_value, cloud) == (near(0.8 * 0.5), near(0.8 * (0.375 + 2.0)))


def test_a_lab_is_worth_its_sales():
    v = village(value_multiple=5.0, value_growth_slope=0.0, frontier_option=0.0)
    lab = v.lab(revenue=0.25, earnings=-9.0)
    assert v.run(going_value, lab) == near(15.0)
    v[lab].earnings = 1.0
    assert v.run(going_value, lab) == near(40.0)


def test_what_a_sale_brings_after_its_costs_and_when_a_firm_is_worth_more_going():
    v = village()
    cloud = v.hyperscaler(fleet_mark=8.0, sites=4.0, other_assets=3.0, cash=2.0, earnings=0.055)
    v.stake(cloud, v.lab(), 0.1, 1.0)
    assert v.run(sold_value, cloud) == (near(4.0), near(2.4))
    assert v.run(is_worth_more_going, cloud)
    v[cloud].earnings = 0.053
    assert not v.run(is_worth_more_going, cloud)


# --- terms ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("secured", "others", "claims", "terms"),
    [
        # Carried 4, worth 12: nothing is cut.
        (3.0, 1.0, 0.0, (1.0, 1.0, 0.0, 0.0, 0.0, 8.0)),
        # 1 of 3 without collateral stays; 2 become shares of a firm worth 8 more: a quarter of it covers them.
        (3.0, 3.0, 0.0, (1.0, 1.0 / 3.0, 2.0, 1.0, 0.25, 8.0)),
        (5.0, 1.0, 0.0, (0.8, 0.0, 2.0, 1.0, 0.25, 8.0)),
        # 16 become shares: all but a tenth of 8.
        (0.0, 20.0, 0.0, (1.0, 0.2, 16.0, 0.45, 0.9, 8.0)),
        # Damages take shares with the debt that is cut.
        (3.0, 1.0, 4.0, (1.0, 1.0, 4.0, 1.0, 0.5, 8.0)),
        (0.0, 0.0, 0.0, (1.0, 1.0, 0.0, 0.0, 0.0, 12.0)),
    ],
)
def test_debt_stays_as_far_as_it_is_carried_and_the_rest_becomes_shares(secured, others, claims, terms):
    v = village()
    bank, cloud = v.lender(), v.hyperscaler(earnings=0.1)
    if secured:
        v.loan(bank, cloud, secured, collateral=FLEET_COLLATERAL)
    if others:
        v.loan(bank, cloud, others)
    v.loan(bank, cloud, 9.0, status=ENDED)
    v.loan(bank, v.hyperscaler(), 9.0)
    assert v.run(plan_terms, cloud, claims) == near(terms)


def test_a_firm_worth_nothing_goes_to_its_creditors_all_the_same():
    v = village()
    bank, cloud = v.lender(), v.hyperscaler(earnings=-1.0)
    v.loan(bank, cloud, 5.0)
    assert v.run(plan_terms, cloud, 0.0) == near((1.0, 0.0, 5.0, 0.0, 0.9, 0.0))


def test_other_debt_ranks_before_the_shares():
    v = village()
    bank, cloud = v.lender(), v.hyperscaler(earnings=0.1, other_debt=1.0)
    v.loan(bank, cloud, 5.0)
    # Carried 3; worth 12 less 3 and 1.
    assert v.run(plan_terms, cloud, 0.0) == near((1.0, 0.6, 2.0, 1.0, 0.25, 8.0))


@pytest.mark.parametrize("cut", [0.1 * k for k in range(1, 60)])
def test_shares_are_never_worth_more_than_the_claim_they_are_given_for_not_even_by_a_rounding(cut):
    v = village()
    bank, cloud = v.lender(), v.hyperscaler(earnings=0.13)
    v.loan(bank, cloud, 5.2 + cut)
    assert v.run(plan_terms, cloud, 0.0)[3] <= 1.0


@pytest.mark.parametrize(
    ("secured", "others", "parts"),
    [(5.0, 5.0, (0.8 + 0.2 * 0.1, 0.1)), (2.0, 10.0, (1.0, 0.26)), (0.0, 5.2, (0.884615384615384, 0.884615384615384)),
     (1.0, 1.0, (1.0, 1.0))],
)  # fmt: skip
def test_in_a_sale_collateral_pays_its_loans_and_the_rest_is_shared(secured, others, parts):
    v = village()
    bank, cloud = v.lender(), v.hyperscaler(fleet_mark=10.0, cash=0.75)
    if secured:
        v.loan(bank, cloud, secured, collateral=FLEET_COLLATERAL)
    v.loan(bank, cloud, others)
    # Fleet 4, cash 0.6.
    assert v.run(sold_parts, cloud) == near(parts)


@pytest.mark.parametrize(
    ("collateral", "worth", "open_", "kind", "yes"),
    [
        (FLEET_COLLATERAL, 0.5, 1.0, LENDER, False),  # 0.8 of a sale, 0.75 of the exchange
        (FLEET_COLLATERAL, 0.7, 1.0, LENDER, True),  # 0.85
        (0, 0.5, 1.0, LENDER, True),  # 0.55 for 0.3
        (0, 0.5, 0.0, LENDER, False),  # a lender short of capital cannot bear the loss
        (0, 1.0, 0.0, LENDER, True),  # there is none
        (0, 0.5, 0.0, VENDOR, True),
    ],
)
def test_each_lender_compares_the_exchange_with_a_sale(collateral, worth, open_, kind, yes):
    v = village()
    lender, cloud = v.firm(kind, lending_open=open_), v.hyperscaler()
    r = v.loan(lender, cloud, 5.0, collateral=collateral)
    assert bool(v.run(agrees, r, 0.5, 0.1, worth, 0.8, 0.3)) is yes
    v.state.loans[r].status = BROKEN
    assert not v.run(agrees, r, 0.5, 0.1, worth, 0.8, 0.3)


def test_a_loan_on_new_terms_is_partly_shares_and_its_lender_books_the_loss():
    v = village(public_guarantee=0.25)
    bank, cloud = v.lender(), v.hyperscaler()
    r = v.loan(bank, cloud, 4.0, collateral=FLEET_COLLATERAL, months=40, months_left=7, limit=9.0, covenant_ltv=0.8)
    before = Before(v)
    assert v.run(change_loan, r, 0.25, 0.5, 0.1) == near(1.5)
    assert before.rows("loans") == {
        (r, "principal"): 1.0, (r, "limit"): 1.0, (r, "months_left"): 50, (r, "months"): 50, (r, "covenant_ltv"): 0.0,
        (r, "amended"): 20,
    }  # fmt: skip
    assert cells(v.state.stakes[0], "holder", "issuer", "share", "book") == near((bank, cloud, 0.3, 1.5))
    assert before.firms() == near({
        (cloud, "debt"): -3.0, (cloud, "secured_debt"): -3.0, (cloud, "paid_in"): 1.5, (cloud, "write_off"): -1.5,
        (cloud, "retained"): 1.5, (bank, "loans_held"): -3.0, (bank, "holdings"): 1.5, (bank, "loss_month"): 1.125,
        (bank, "write_off"): 1.5 - 0.375, (bank, "retained"): -1.5 + 0.375, (bank, "cash"): 0.375,
        (GOVERNMENT, "cash"): -0.375, (GOVERNMENT, "retained"): -0.375,
    })  # fmt: skip
    assert before.hits() == [(bank, cloud, COUNTERPARTY, 1.125)]
    v.audit()


def test_a_loan_of_which_nothing_stays_is_over_and_a_longer_one_keeps_its_term():
    v = village()
    bank, cloud = v.lender(), v.hyperscaler()
    gone, long_ = v.loan(bank, cloud, 4.0), v.loan(bank, cloud, 4.0, months=90, months_left=80)
    v.run(change_loan, gone, 0.0, 0.5, 0.1)
    assert v.run(change_loan, long_, 1.0, 0.0, 0.0) == 0.0
    assert cells(v.state.loans[gone], "status", "principal") == (BROKEN, 0.0)
    assert cells(v.state.loans[long_], "status", "principal", "months", "months_left") == (LIVE, 4.0, 90, 80)
    v.audit()


def test_old_owners_lose_what_lenders_get():
    v = village()
    bank, cloud = v.lender(), v.hyperscaler()
    v.stake(SAVERS, cloud, 0.5, 4.0)
    v.stake(bank, cloud, 0.5, 2.0)
    v.stake(bank, v.lab(), 0.25, 1.0)
    before = Before(v)
    v.run(dilute, cloud, 0.75)
    assert before.rows("stakes") == {(0, "share"): 0.125, (0, "book"): 1.0, (1, "share"): 0.125, (1, "book"): 0.5}
    assert before.firms() == {
        (SAVERS, "holdings"): -3.0, (SAVERS, "write_off"): 3.0, (SAVERS, "retained"): -3.0,
        (bank, "holdings"): -1.5, (bank, "write_off"): 1.5, (bank, "retained"): -1.5,
        (cloud, "paid_in"): -4.5, (cloud, "retained"): 4.5,
    }  # fmt: skip
    assert before.hits() == [(bank, cloud, COUNTERPARTY, 1.5)]
    v.audit()


# --- exchange -------------------------------------------------------------------------------------------------
def indebted(**parameters):
    """A cloud that owes 6 without collateral and carries 4, worth 12; a sale brings nothing."""
    v = village(**parameters)
    bank, fund = v.lender(), v.lender()
    cloud = v.hyperscaler(earnings=0.1, valuation=9.0)
    v.loan(bank, cloud, 4.0)
    v.loan(fund, cloud, 2.0)
    v.stake(SAVERS, cloud, 1.0, 1.0)
    return v, bank, fund, cloud


def test_lenders_take_less_and_shares_for_the_rest():
    v, bank, fund, cloud = indebted()
    before = Before(v)
    assert v.run(exchange_debt, cloud, 0.3, FOR_CASH)
    # A third is cut: 2 for a quarter of what is then worth 8.
    assert [float(loan.principal) for loan in v.rows("loans")] == near([4.0 * 2 / 3, 2.0 * 2 / 3])
    assert [(int(s.holder), near(float(s.share)), near(float(s.book))) for s in v.rows("stakes")] == [
        (SAVERS, 0.75, 0.75), (bank, 0.5 / 3, 4.0 / 3), (fund, 0.25 / 3, 2.0 / 3),
    ]  # fmt: skip
    d = v.state.defaults[0]
    assert cells(d, "firm", "way", "month", "stage", "shortfall") == (cloud, EXCHANGE, 20, 1, 0.3)
    assert cells(d, "debt", "loss_credit", "loss_equity", "loss_claims") == near((6.0, 0.0, 3.0, 0.0))
    assert cells(v[cloud], "status", "exchanged", "valuation") == near((ACTIVE, 20, 8.0))
    assert before.events() == [(E_EXCHANGED, cloud, -1, 6.0)]
    assert before.flows() == {}
    v.audit()


def test_an_exchange_needs_most_lenders_and_binds_those_who_agree():
    v, _, fund, cloud = indebted(owners_keep=0.9)
    # The shares are a tenth of 8: worth 0.4 of what is cut.
    v[fund].lending_open = 0.0
    assert not v.run(exchange_debt, cloud, 0.3, FOR_CASH)
    assert v.market.n_defaults == 0
    v.p.exchange_consent = 0.6
    assert v.run(exchange_debt, cloud, 0.3, FOR_CASH)
    assert [float(loan.principal) for loan in v.rows("loans")] == near([4.0 * 2 / 3, 2.0])
    # The bank's part of the tenth.
    assert v.rows("stakes").share == near([1.0 - 0.1 * 2 / 3, 0.1 * 2 / 3])
    assert v.state.defaults[0].loss_credit == near(4.0 / 3 * 0.6)
    v.audit()


def test_lenders_prefer_a_sale_that_brings_more():
    v, _, _, cloud = indebted(owners_keep=0.9)
    # The exchange is worth 2 / 3 + 0.4 / 3 = 0.8: 4.8 of 6.
    v[cloud].cash = 6.01
    assert not v.run(exchange_debt, cloud, 0.3, FOR_CASH)
    v[cloud].cash = 5.99
    assert v.run(exchange_debt, cloud, 0.3, FOR_CASH)


@pytest.mark.parametrize(
    ("columns", "made"),
    [
        ({}, True),
        ({"exchanged": 9}, False),
        ({"exchanged": 8}, True),
        ({"earnings": 0.0}, False),
        ({"earnings": 0.1, "other_debt": 4.0}, False),
    ],
)
def test_once_a_year_and_only_where_debt_can_be_carried(columns, made):
    v, *_, cloud = indebted()
    for column, value in columns.items():
        v[cloud][column] = value
    assert bool(v.run(exchange_debt, cloud, 0.3, FOR_CASH)) is made


def test_there_is_no_exchange_without_debt():
    v = village()
    assert not v.run(exchange_debt, v.hyperscaler(earnings=0.1), 0.3, FOR_CASH)


# --- deferral -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("deferred", "counted"), [(0, 1), (8, 1), (9, 0)])
def test_a_deferral_is_a_default_once_a_year(deferred, counted):
    v = village()
    bank, cloud = v.lender(), v.hyperscaler(deferred=deferred, deferrals=2)
    v.loan(bank, cloud, 3.0, amended=20)
    v.loan(bank, cloud, 4.0, amended=19)
    v.loan(bank, cloud, 5.0, amended=20, status=BROKEN)
    before = Before(v)
    v.run(enter_deferral, cloud, 0.25)
    assert v.market.n_defaults == counted
    if counted:
        d = v.state.defaults[0]
        assert cells(d, "firm", "way", "shortfall", "debt", "loss_credit") == (cloud, DEFERRAL, 0.25, 3.0, 0.0)
        assert before.firms() == {(cloud, "deferred"): 20 - deferred, (cloud, "deferrals"): 1}
    assert v[cloud].status == ACTIVE
    assert before.events() == []


def test_what_struck_a_firm_this_month_before_the_clearing_explains_its_terms():
    v = village()
    bank, cloud = v.lender(), v.hyperscaler()
    v.market.stage, v.market.n_hits = 0, 1
    h = v.state.hits[0]
    h.month, h.stage, h.victim, h.source, h.channel, h.amount = 20, 0, cloud, bank, COUNTERPARTY, 1.0
    v.run(enter_deferral, cloud, 1.0)
    assert cells(v.state.defaults[0], "stage", "fundamental") == (1, 0)
    assert v.market.stage == 0


# --- protection -----------------------------------------------------------------------------------------------
def tenant(**columns):
    """A lab that uses 0.5 of 1.0 under contract, at prices of 4 and 2.5 where the market asks 2."""
    v = village()
    lab = v.lab(**({"need": 0.5, "contracted_in": 1.0, "cash": 1.0} | columns))
    a, b = v.hyperscaler(), v.hyperscaler()
    dear = v.contract(lab, a, 0.5, 4.0)
    fair = v.contract(lab, b, 0.5, 2.5)
    return v, lab, a, b, dear, fair


def test_what_is_not_needed_is_rejected_and_what_is_too_dear_is_paid_at_the_market():
    v, lab, a, b, dear, fair = tenant()
    before = Before(v)
    # 1.46 of the first; a fifth of 0.9125 of the second.
    assert v.run(review_contracts, lab, False) == near(1.46 + 0.1825)
    assert before.rows("contracts") == {}
    assert v.run(review_contracts, lab, True) == near(1.46 + 0.1825)
    assert before.rows("contracts") == near({
        (dear, "status"): BROKEN, (dear, "delivered"): 0.0, (dear, "claim"): 6.0 * 1.46,
        (fair, "price"): 2.0, (fair, "claim"): 6.0 * 0.1825,
    })  # fmt: skip
    assert before.hits() == [(a, lab, CUSTOMER, 1.46), (b, lab, CUSTOMER, 0.1825)]
    v.audit()


@pytest.mark.parametrize(
    ("columns", "price", "contract", "outcome"),
    [
        ({"need": 1.0}, 4.0, {}, "cheaper"),  # it needs all of it
        ({"need": 0.5}, 2.0, {}, "kept"),  # not dearer than the market
        ({"need": 0.51}, 4.0, {}, "cheaper"),  # 0.49 can be done without
        ({"need": 0.5}, 4.0, {}, "dropped"),
        ({"need": 1.0}, 4.0, {"status": PENDING, "delivered": 0.0}, "dropped"),  # nothing yet
        ({"need": 1.0}, 4.0, {"status": PENDING}, "dropped"),
        ({"need": 1.0}, 2.0, {"status": PENDING, "delivered": 0.0}, "kept"),
        ({"need": 0.2, "training": 0.1, "contracted_out": 0.1, "spot_sold": 0.11}, 4.0, {}, "cheaper"),
        ({"need": 1.5, "capacity": 1.0}, 4.0, {}, "dropped"),  # 2 in all
    ],
)
def test_which_contracts_a_firm_under_protection_keeps(columns, price, contract, outcome):
    v = village()
    lab, cloud = v.lab(contracted_in=1.0, **columns), v.hyperscaler()
    v.contract(lab, cloud, 0.5, price, **contract)
    before = Before(v)
    v.run(review_contracts, lab, True)
    changed = {column for _, column in before.rows("contracts")}
    told = {"kept": set(), "cheaper": {"price", "claim"}, "dropped": {"status", "delivered", "claim"}}[outcome]
    assert changed == told - ({"delivered"} if contract.get("delivered") == 0.0 else set())


@pytest.mark.parametrize(
    ("status", "delivered", "fleet_gw", "kept"),
    [(LIVE, 0.5, 0.6, True), (LIVE, 0.5, 0.5, False), (PENDING, 0.0, 0.9, False)],
)
def test_sites_are_kept_that_the_fleet_stands_in(status, delivered, fleet_gw, kept):
    v = village()
    cloud, owner = v.hyperscaler(site_gw=0.3, leased_gw=0.7, fleet_gw=fleet_gw), v.project()
    r = v.contract(cloud, owner, 0.5, 0.25, kind=SITE, status=status, delivered=delivered)
    saved = v.run(review_contracts, cloud, True)
    assert (v.state.contracts[r].status == BROKEN) is not kept
    assert saved == near(0.0 if kept or status == PENDING else 0.125)


def test_damages_are_no_more_than_the_months_left_and_what_take_or_pay_promised():
    v = village()
    lab, cloud = v.lab(contracted_in=2.0), v.hyperscaler()
    short = v.contract(lab, cloud, 0.5, 4.0, months_left=2)
    loose = v.contract(lab, cloud, 0.5, 4.0, take_or_pay=0.5, missed=7.0)
    soon = v.contract(lab, cloud, 0.5, 4.0)
    v.p.termination_months = 5.0
    v.run(review_contracts, lab, True)
    assert [float(v.state.contracts[r].claim) for r in (short, loose, soon)] == near([2.92, 5 * 0.73, 5 * 1.46])
    assert [float(v.state.contracts[r].missed) for r in (short, loose, soon)] == [0.0, 0.0, 0.0]


def test_the_difference_to_the_market_is_claimed_for_the_months_left():
    v = village()
    lab, cloud = v.lab(need=1.0, contracted_in=1.0), v.hyperscaler()
    r = v.contract(lab, cloud, 0.5, 4.0, months_left=3, take_or_pay=0.5)
    v.run(review_contracts, lab, True)
    assert v.state.contracts[r].claim == near(3.0 * 0.73 * 0.5)


def test_a_guarantor_takes_a_rejected_contract_over_and_nothing_is_claimed():
    v = village()
    lab, cloud, parent = v.lab(contracted_in=1.0), v.hyperscaler(), v.hyperscaler()
    r = v.contract(lab, cloud, 0.5, 4.0, guarantor=parent)
    v.run(review_contracts, lab, True)
    assert cells(v.state.contracts[r], "buyer", "status", "claim") == (parent, LIVE, 0.0)


@pytest.mark.parametrize(("price", "status"), [(0.2, BROKEN), (0.9, LIVE)])
def test_what_is_sold_below_running_costs_is_delivered_no_more(price, status):
    v = village()
    cloud, lab = v.hyperscaler(unit_opex=0.5), v.lab()
    v.generation(v.vendor(), kw=1.0)
    v.fleet(cloud, 1.0)
    r = v.contract(lab, cloud, 0.5, price)
    site = v.contract(lab, cloud, 0.5, 0.01, kind=SITE)
    v.run(leave_losses, cloud)
    assert v.state.contracts[r].status == status
    assert v.state.contracts[site].status == LIVE


@pytest.mark.parametrize(("kind", "months", "until"), [(NEOCLOUD, 10.0, 30), (VEHICLE, 10.0, 30), (NEOCLOUD, 0.5, 21)])
def test_a_firm_under_protection_lives_and_cancels_what_it_has_ordered(kind, months, until):
    v = village(reorganisation_months=months)
    bank, vendor, firm = v.lender(), v.vendor(), v.firm(kind, desired=3.0, valuation=5.0)
    v.loan(bank, firm, 6.0)
    r = v.order(firm, vendor, 0.5, kind=SITE_ORDER)
    done = v.order(firm, vendor, 0.5, status=BROKEN)
    before = Before(v)
    v.run(protect, firm, 0.4, FOR_COLLATERAL)
    d = v.state.defaults[0]
    assert cells(d, "firm", "way", "shortfall", "debt", "loss_credit") == (firm, REORGANISATION, 0.4, 6.0, 0.0)
    told = cells(v[firm], "status", "protected_since", "protected_until", "desired", "valuation")
    assert told == (ACTIVE, 20, until, 0.0, 5.0)
    assert v.state.orders[r].status == (PENDING if kind == VEHICLE else BROKEN)
    cancelled = [] if kind == VEHICLE else [(E_CANCELLED, firm, vendor, 10.0)]
    assert before.events() == [(E_PROTECTED, firm, -1, 6.0), *cancelled]
    assert v.state.orders[done].units == 0.5
    v.audit()


@pytest.mark.parametrize(("month", "stayed"), [(30, True), (31, False)])
def test_old_loans_are_not_due_under_protection_and_lawyers_are(month, stayed):
    v = village(reorganisation_cost=0.1)
    bank, cloud = v.lender(), v.hyperscaler(protected_until=30, valuation=4.0, fixed_cost=0.5)
    v.loan(bank, cloud, 6.0, months_left=1)
    v.market.month = month
    v.run(obligations)
    d = v.state.dues
    mine = [(int(d.kind[r]), near(float(d.amount[r]))) for r in range(v.market.n_dues) if d.debtor[r] == cloud]
    fees = [(DUE_OPERATING, 0.1)] if stayed else []
    service = [] if stayed else [(DUE_INTEREST, 0.06), (DUE_PRINCIPAL, 6.0)]
    assert mine == [(DUE_OPERATING, 0.5), *fees, *service]


def test_loans_of_a_firm_under_protection_are_not_called():
    v = village(acceleration_cover=9.0)
    bank, cloud = v.lender(), v.hyperscaler(protected_until=30, cash=4.0, dscr=0.0)
    v.loan(bank, cloud, 6.0, collateral=FLEET_COLLATERAL, covenant_ltv=0.5)
    line = v.loan(bank, cloud, 1.0, kind=WAREHOUSE, committed=0)
    before = Before(v)
    assert not v.run(check_covenants)
    v.run(call_lines, bank)
    assert before.rows("loans") == before.firms() == {}
    assert before.hits() == []
    v[cloud].protected_until = 0
    v.run(call_lines, bank)
    assert v.state.loans[line].months_left == 1
    assert v.run(check_covenants)


# --- the plan -------------------------------------------------------------------------------------------------
def planned(**columns):
    """A cloud at the end of its protection that owes 3 on its fleet, 3 to others and 2 under contracts."""
    v = village()
    bank, fund, seller, gone = v.lender(), v.lender(), v.hyperscaler(), v.hyperscaler(status=FAILED)
    cloud = v.hyperscaler(**({"earnings": 0.1, "valuation": 9.0, "protected_until": 20} | columns))
    v.loan(bank, cloud, 3.0, collateral=FLEET_COLLATERAL)
    v.loan(fund, cloud, 3.0)
    v.contract(cloud, seller, 0.5, status=BROKEN, claim=1.5)
    v.contract(cloud, gone, 0.5, status=BROKEN, claim=0.5)
    v.contract(gone, seller, 0.5, status=BROKEN, claim=9.0)
    v.stake(SAVERS, cloud, 1.0, 1.0)
    earlier = ((cloud, EXCHANGE), (cloud, REORGANISATION), (cloud, DEFERRAL), (bank, REORGANISATION))
    for k, (firm, way) in enumerate(earlier):
        v.state.defaults[k].firm, v.state.defaults[k].way = firm, way
    v.market.n_defaults = 4
    return v, bank, fund, seller, cloud


def test_a_plan_makes_owners_of_those_whose_claims_are_cut():
    v, _, fund, seller, cloud = planned()
    before = Before(v)
    v.run(emerge, cloud)
    # 1 of 3 stays with the fund; 2 and damages of 2 become half of a firm worth 8.
    assert [float(loan.principal) for loan in v.rows("loans")] == near([3.0, 1.0])
    assert [(int(s.holder), near(float(s.share)), near(float(s.book))) for s in v.rows("stakes")] == [
        (SAVERS, 0.5, 0.5), (fund, 0.25, 2.0), (seller, 0.1875, 1.5),
    ]  # fmt: skip
    assert before.rows("defaults") == near({(1, "claims"): 2.0, (1, "loss_claims"): 0.5, (1, "loss_equity"): 5.0})
    assert cells(v[cloud], "status", "protected_until", "valuation") == near((ACTIVE, 0, 8.0))
    assert [float(c.claim) for c in v.rows("contracts")] == [0.0, 0.0, 9.0]
    assert before.events() == [(E_REORGANISED, cloud, -1, 0.5)]
    assert before.hits() == []
    v.audit()


def test_creditors_of_a_firm_worth_less_than_it_owes_lose():
    v, bank, fund, seller, cloud = planned(earnings=0.025)
    before = Before(v)
    v.run(emerge, cloud)
    # Carried 1, worth 3: 2 and 3 and 2 become nine tenths of 2.
    worth = 1.8 / 7.0
    lost = 1.0 - worth
    assert cells(v.state.defaults[1], "loss_credit", "loss_claims") == near((5.0 * lost, 1.5 * lost + 0.5))
    assert v.state.defaults[1].loss_equity == near(9.0 - 0.2)
    assert before.hits() == [
        (bank, cloud, COUNTERPARTY, near(2.0 * lost)), (fund, cloud, COUNTERPARTY, near(3.0 * lost)),
        (seller, cloud, COUNTERPARTY, near(1.5 * lost)),
    ]  # fmt: skip
    assert (v[bank].loss_month, v[fund].loss_month, v[seller].loss_month) == near((2.0 * lost, 3.0 * lost, 0.0))
    v.audit()


def test_a_firm_worth_less_than_a_sale_is_wound_up_at_the_end_and_its_damages_are_claimed():
    v, *_, cloud = planned(cash=9.0, earnings=0.05)
    v.run(emerge, cloud)
    d = v.state.defaults[4]
    assert cells(d, "firm", "way", "claims") == (cloud, LIQUIDATION, near(2.0))
    # 7.2 for 7.5, all without collateral that could be sold: the seller that has failed takes no part.
    assert cells(d, "loss_credit", "loss_claims") == near((6.0 * 0.04, 0.5 + 1.5 * 0.04))
    assert v[cloud].status == FAILED
    v.audit()


def test_damages_to_savers_who_took_a_site_over_become_shares_too():
    v = village()
    cloud = v.hyperscaler()
    r = v.contract(cloud, SAVERS, 0.5, kind=SITE, status=BROKEN, claim=2.0)
    before = Before(v)
    assert v.run(settle_claim, r, 0.75, 0.1) == near(0.5)
    assert before.firms() == near({
        (cloud, "write_off"): 1.5, (cloud, "retained"): -1.5, (cloud, "paid_in"): 1.5,
        (SAVERS, "write_off"): -1.5, (SAVERS, "retained"): 1.5, (SAVERS, "holdings"): 1.5,
    })  # fmt: skip
    assert before.hits() == []
    assert cells(v.state.stakes[0], "share", "book") == near((0.2, 1.5))
    v.audit()


# --- who decides when -----------------------------------------------------------------------------------------
def short_of(cash=1.0, interest=0.5, principal=1.0, wages=0.25, **columns):
    """A cloud that must pay interest, principal and wages out of its cash."""
    v = village()
    bank, cloud = v.lender(), v.firm(**({"kind": HYPERSCALER, "cash": cash, "earnings": 0.1} | columns))
    loan = v.loan(bank, cloud, 6.0)
    due(v, DUE_INTEREST, cloud, bank, interest, loan)
    due(v, DUE_PRINCIPAL, cloud, bank, principal, loan)
    due(v, DUE_OPERATING, cloud, SUPPLIERS, wages)
    return v, bank, cloud


def test_who_can_pay_needs_no_terms():
    v, bank, cloud = short_of(cash=1.5)
    due(v, DUE_OPERATING, bank, cloud, 0.25)
    before = Before(v)
    assert v.run(come_to_terms, cloud) == CLOSED
    v[cloud].cash = 1.4
    assert before.due() == {}
    assert v.run(come_to_terms, cloud) == AGREED


def test_after_an_exchange_its_loans_are_not_due_this_month():
    v, _, cloud = short_of()
    before = Before(v)
    assert v.run(come_to_terms, cloud) == AGREED
    assert before.due() == {0: -0.5, 1: -1.0}
    assert [int(d.way) for d in v.rows("defaults")] == [EXCHANGE]
    assert v.state.defaults[0].shortfall == near(0.75)


def test_a_loan_wholly_turned_into_shares_is_over_and_not_due():
    v = village()
    bank, fund, cloud = v.lender(), v.lender(), v.hyperscaler(cash=1.0, earnings=0.1, valuation=9.0)
    secured = v.loan(bank, cloud, 4.0, collateral=FLEET_COLLATERAL)
    cut = v.loan(fund, cloud, 2.0)
    for loan, lender, part in ((secured, bank, 0.5), (cut, fund, 0.25)):
        due(v, DUE_INTEREST, cloud, lender, 0.5 * part, loan)
        due(v, DUE_PRINCIPAL, cloud, lender, 2.0 * part, loan)
    before = Before(v)
    assert v.run(come_to_terms, cloud) == AGREED
    # The secured loan takes all that is carried.
    assert cells(v.state.loans[secured], "status", "principal") == near((LIVE, 4.0))
    assert cells(v.state.loans[cut], "status", "principal", "limit", "amended") == (BROKEN, 0.0, 0.0, 20)
    assert before.due() == {0: -0.25, 1: -1.0, 2: -0.125, 3: -0.5}
    assert (v[fund].holdings, v[fund].loans_held) == (near(2.0), near(0.0))
    v.audit()


def test_a_lender_that_did_not_agree_is_paid():
    v, _, cloud = short_of()
    v[cloud].cash = 0.8
    other = v.lender(lending_open=0.0)
    loan = v.loan(other, cloud, 0.5)
    v.p.owners_keep = 0.9
    due(v, DUE_INTEREST, cloud, other, 0.125, loan)
    before = Before(v)
    assert v.run(come_to_terms, cloud) == AGREED
    assert before.due() == {0: -0.5, 1: -1.0}


def test_under_protection_loans_and_orders_are_not_due_and_contracts_are_at_the_market():
    v, _, cloud = short_of(exchanged=15)
    vendor, seller = v.vendor(), v.hyperscaler()
    order = v.order(cloud, vendor, 0.5, ready=0.5)
    due(v, DUE_ORDER, cloud, vendor, 9.0, order)
    due(v, DUE_MAKING, vendor, SUPPLIERS, 4.5, order)
    needed = v.contract(cloud, seller, 0.5, 4.0)
    due(v, DUE_INVOICE, cloud, seller, 1.46, needed)
    waste = v.contract(cloud, seller, 0.25, 4.0)
    due(v, DUE_INVOICE, cloud, seller, 0.73, waste)
    v[cloud].contracted_in, v[cloud].spot_sold = 0.75, 0.5
    # Still due: 0.25 and 0.73 for the half that is needed.
    v[cloud].cash = 0.985
    v.close()
    before = Before(v)
    assert v.run(come_to_terms, cloud) == AGREED
    assert [int(d.way) for d in v.rows("defaults")] == [REORGANISATION]
    # The dearest are the same: the first is not spared, the second is.
    assert before.due() == near({0: -0.5, 1: -1.0, 3: -9.0, 4: -4.5, 5: -0.73, 6: -0.73})
    v.audit()


@pytest.mark.parametrize(
    ("columns", "result"),
    [
        ({"cash": 0.24}, OPEN),  # not even wages
        ({"cash": 0.25}, AGREED),
        ({"earnings": 0.0}, OPEN),  # worth less going than the 0.8 of its cash
        ({"protected_until": 20, "protected_since": 20}, OPEN),
        ({"kind": LENDER}, OPEN),
        ({"kind": VENDOR}, OPEN),
        ({"kind": HYPERSCALER}, AGREED),
        ({"kind": LAB}, AGREED),
        ({"kind": LAB, "earnings": -0.1}, OPEN),  # no sales, no value
        ({"kind": VEHICLE}, AGREED),
    ],
)
def test_who_gets_terms_before_the_clearing(columns, result):
    v, _, cloud = short_of(**columns)
    assert v.run(come_to_terms, cloud) == result
    assert v.market.n_defaults == (result == AGREED)


def test_a_project_company_pays_for_what_it_builds_or_is_not_protected():
    v, _, firm = short_of(kind=VEHICLE, exchanged=15)
    vendor = v.vendor()
    due(v, DUE_ORDER, firm, vendor, 0.5, v.order(firm, vendor, 0.5, ready=0.5))
    assert v.run(come_to_terms, firm) == AGREED
    v, _, firm = short_of(kind=VEHICLE, exchanged=15)
    due(v, DUE_ORDER, firm, vendor, 0.76, v.order(firm, v.vendor(), 0.5, ready=0.5))
    assert v.run(come_to_terms, firm) == OPEN


@pytest.mark.parametrize(
    ("columns", "reason", "way"),
    [
        ({}, FOR_CASH, EXCHANGE),
        ({}, FOR_COLLATERAL, EXCHANGE),
        ({}, BY_DECREE, LIQUIDATION),
        ({"exchanged": 15}, FOR_CASH, REORGANISATION),
        ({"exchanged": 15, "protected_until": 20, "protected_since": 19}, FOR_CASH, LIQUIDATION),
        ({"exchanged": 15, "protected_until": 30, "protected_since": 20}, FOR_CASH, None),
        ({"exchanged": 15, "protected_until": 30, "protected_since": 20, "earnings": -0.1}, FOR_CASH, LIQUIDATION),
        ({"exchanged": 15, "protected_until": 19}, FOR_CASH, REORGANISATION),
        ({"cash": 99.0}, FOR_CASH, LIQUIDATION),  # worth more sold
        ({"kind": LENDER}, FOR_CASH, LIQUIDATION),
    ],
)
def test_what_becomes_of_a_firm_that_has_not_paid(columns, reason, way):
    v, *_, cloud = indebted()
    for column, value in columns.items():
        v[cloud][column] = value
    v.close()
    v.run(resolve, cloud, 0.3, reason)
    assert [int(d.way) for d in v.rows("defaults")] == ([] if way is None else [way])
    assert v[cloud].status == (FAILED if way == LIQUIDATION else ACTIVE)
    v.audit()


@pytest.mark.parametrize(("cash", "way"), [(1.6, REORGANISATION), (1.5, LIQUIDATION)])
def test_a_firm_that_cannot_run_for_a_month_is_wound_up(cash, way):
    v = village(value_multiple=5.0, value_growth_slope=0.0, frontier_option=0.0)
    # It loses 2 a month, of which 0.46 less if its contract is paid at the market: 0.73 of 1.19.
    lab, cloud = v.lab(revenue=1.0, earnings=-2.0, cash=cash, need=1.0, contracted_in=0.5), v.hyperscaler()
    v.contract(lab, cloud, 0.5, 3.2)
    v.run(resolve, lab, 0.3, FOR_CASH)
    assert [int(d.way) for d in v.rows("defaults")] == [way]


def test_a_called_loan_is_a_reason_for_terms_and_not_the_end():
    v = village(acceleration_cover=9.0, acceleration_ltv=1.0)
    bank, cloud = v.lender(), v.hyperscaler(earnings=0.1, dscr=0.5, valuation=4.0)
    v.loan(bank, cloud, 6.0, collateral=FLEET_COLLATERAL, covenant_ltv=0.5)
    v.run(spread)
    assert [int(d.way) for d in v.rows("defaults")] == [EXCHANGE]
    assert v[cloud].status == ACTIVE
    v.audit()


@pytest.mark.parametrize(("month", "round_", "ways"), [(20, 0, []), (19, 0, []), (20, 1, [LIQUIDATION])])
def test_protection_ends_in_its_last_month_with_a_plan_or_before_with_the_end(month, round_, ways):
    v, _, _, _, cloud = planned()
    v.market.month = month
    v.state.default_round[cloud] = round_
    v.run(aftermath)
    assert [int(d.way) for d in v.rows("defaults")[4:]] == ways
    assert v[cloud].protected_until == (0 if month == 20 and not round_ else 20)
    v.audit()


# --- the ladder -----------------------------------------------------------------------------------------------
RESCUE = {
    "rescue_success": 9.0, "rescue_discount": 0.5, "rescue_dilution": 0.5, "rescue_months": 4.0, "rescue_cover": 1.25,
}  # fmt: skip


@pytest.mark.parametrize(
    ("columns", "size"),
    [
        ({}, 2.0),
        ({"debt_service": 0.25}, 3.0),  # and four months of 0.25
        ({"debt_service": 9.0}, 4.0),  # half of the firm at half its price
        ({"valuation": 3.9}, 0.0),  # 1.95 would not do
        ({"debt": 32.0}, 2.0),  # 40 is a quarter more than 32
        ({"debt": 32.1}, 0.0),
        ({"kind": HYPERSCALER}, 2.0),
        ({"kind": VEHICLE}, 0.0),
        ({"kind": LAB}, 2.0),
        ({"valuation": -1.0}, 0.0),
        ({"parent": 0}, 0.0),
    ],
)
def test_rescuers_buy_a_large_part_cheaply(columns, size):
    v = village(**RESCUE)
    columns = dict(columns)
    debt = columns.pop("debt", 0.0)
    firm = v.firm(**({"kind": HYPERSCALER, "valuation": 8.0} | columns))
    if debt:
        v.loan(v.lender(), firm, debt)
    v.close()
    before = Before(v)
    assert v.run(rescue_round, firm, 2.0) == near(size)
    assert before.events() == ([(E_EQUITY, firm, -1, size), (E_RESCUED, firm, -1, size)] if size else [])
    if size:
        assert v.state.stakes[0].share == near(size / (max(0.5 * v[firm].valuation, size) + size))
    v.audit()


@pytest.mark.parametrize(("overpay", "rescued"), [(0.0, True), (14.0, False)])
def test_what_contracts_ask_above_the_market_counts_with_the_debts(overpay, rescued):
    v = village(**RESCUE)
    cloud = v.hyperscaler(valuation=8.0, overpay=overpay, other_debt=4.0)
    v.close()
    # 12 over 4, or over 18.
    assert bool(v.run(rescue_round, cloud, 2.0) > 0.0) is rescued


@pytest.mark.parametrize(
    ("success", "sentiment", "owed", "odds"),
    [(0.5, 1.0, 32.0, 0.5), (0.5, 0.5, 32.0, 0.25), (0.5, 1.0, 8.0 / 2.75, 0.875), (0.0, 1.0, 0.0, 0.0),
     (0.9, 2.0, 32.0, 1.0), (0.5, 1.0, 33.0, 0.0)],
)  # fmt: skip
def test_the_odds_of_a_rescue_rise_with_sentiment_and_with_what_is_left(success, sentiment, owed, odds):
    v = village(**(RESCUE | {"rescue_success": success}))
    cloud = v.hyperscaler(valuation=8.0, other_debt=owed)
    v.market.sentiment = sentiment
    assert v.run(rescue_odds, cloud, 4.0) == pytest.approx(odds)  # 4 are all that half its value can buy


@pytest.mark.parametrize(("gap", "odds"), [(4.0, 0.5), (2.0, 0.75), (1.0, 0.9375), (4.1, 0.0), (0.0, 0.0)])
def test_the_less_of_what_rescuers_could_bring_is_asked_for_the_more_of_them_can(gap, odds):
    v = village(**(RESCUE | {"rescue_success": 0.5}))
    assert v.run(rescue_odds, v.hyperscaler(valuation=8.0, other_debt=32.0), gap) == pytest.approx(odds)


@pytest.mark.parametrize(
    ("columns", "margin"),
    [
        ({"valuation": 8.0, "other_debt": 2.0, "overpay": 2.0}, 2.0),
        ({"valuation": 8.0, "other_debt": 2.0, "obligations": 6.0, "overpay": 2.0}, 1.4),
        ({"valuation": 8.0}, 99.0),
        ({"valuation": 0.0, "other_debt": 1.0}, 0.0),
    ],
)
def test_what_is_left_for_rescuers(columns, margin):
    v = village(**RESCUE)
    assert v.run(rescue_margin, v.hyperscaler(**columns)) == near(margin)


def test_rescuers_are_drawn_month_by_month():
    v = village(**(RESCUE | {"rescue_success": 0.1}))
    cloud = v.hyperscaler()
    found, drawn = [], []
    for month in range(40):
        v.market.month = month
        v[cloud].valuation, v[cloud].other_debt = 8.0, 1.6
        found.append(bool(v.run(rescue_round, cloud, 4.0) > 0.0))
        # 9.6 are 4.8 times 1.25 times 1.6.
        drawn.append(bool(interpreted(uniform)(1, D_ROUND, month, 2000 + cloud) <= 1.0 - 0.9**4.8))
    assert found == drawn
    assert 5 < sum(found) < 35


LADDER = {"cash_buffer": 0.0, "receipt_trust": 1.0, "round_success": 0.0, "spending_cut": 0.1, "interest_deferral": 0.0}


def test_a_firm_worth_saving_is_rescued_before_its_lenders_are_asked():
    v = village(**(LADDER | RESCUE))
    bank, cloud = v.lender(), v.hyperscaler(valuation=80.0, cash=1.0, fixed_cost=1.0, dscr=2.0)
    loan = v.loan(bank, cloud, 3.0, months_left=1)
    due(v, DUE_PRINCIPAL, cloud, bank, 3.0, loan)
    before = Before(v)
    v.run(find_money, cloud, 3.0, 0.0, 0.0, 0.0)
    assert [event[0] for event in before.events()] == [E_EQUITY, E_RESCUED]
    assert v.market.n_defaults == 0


def test_lenders_who_put_off_enough_keep_a_firm_from_the_court():
    v = village(**LADDER, loan_deferral=0.75)
    bank, cloud = v.lender(), v.hyperscaler(cash=1.0, dscr=2.0, earnings=0.1)
    loan = v.loan(bank, cloud, 3.0, months_left=1)
    due(v, DUE_PRINCIPAL, cloud, bank, 3.0, loan)
    v.run(find_money, cloud, 3.0, 0.0, 0.0, 0.0)
    assert [cells(d, "way", "debt", "shortfall") for d in v.rows("defaults")] == [(DEFERRAL, 3.0, 2.25)]
    assert v[cloud].deferrals == 1


def test_where_they_do_not_put_off_enough_debt_is_exchanged_and_that_is_the_default():
    v = village(**LADDER, loan_deferral=0.5)
    bank, cloud = v.lender(), v.hyperscaler(cash=1.0, dscr=2.0, earnings=0.1)
    loan = v.loan(bank, cloud, 3.0, months_left=1)
    due(v, DUE_PRINCIPAL, cloud, bank, 3.0, loan)
    before = Before(v)
    v.run(find_money, cloud, 3.0, 0.0, 0.0, 0.0)
    assert [event[0] for event in before.events()] == [E_AMENDED, E_EXCHANGED]
    assert [int(d.way) for d in v.rows("defaults")] == [EXCHANGE]
    assert v[cloud].deferrals == 0


def test_under_protection_only_parent_rescuers_and_cuts_help():
    v = village(**(LADDER | RESCUE), parent_support=0.5)
    bank, parent = v.lender(), v.hyperscaler(cash=2.0)
    cloud = v.hyperscaler(cash=1.0, fixed_cost=1.0, protected_until=30, dscr=2.0, parent=parent, promised_rent=9.0)
    line = v.loan(bank, cloud, 0.5, limit=9.0, kind=REVOLVER)
    before = Before(v)
    v.run(find_money, cloud, 3.0, 0.0, 0.0, 0.0)
    assert before.events() == []
    assert cells(v[cloud], "cash", "fixed_cost") == near((2.0, 0.9))
    assert v.state.loans[line].principal == 0.5
    v[cloud].parent, v[cloud].valuation = -1, 80.0
    v.run(find_money, cloud, 3.0, 0.0, 0.0, 0.0)
    assert [event[0] for event in before.events()] == [E_EQUITY, E_RESCUED]
    assert v[cloud].fixed_cost == near(0.9)
    v.run(find_money, cloud, 3.0, 0.0, 0.0, 0.0)
    assert v[cloud].fixed_cost == near(0.9)


def test_a_failed_firms_damages_of_an_unfinished_plan_are_claims_in_its_estate():
    v = village()
    cloud, seller = v.hyperscaler(cash=5.0, protected_until=30), v.hyperscaler()
    v.contract(cloud, seller, 0.5, status=BROKEN, claim=1.0)
    live = v.contract(cloud, seller, 0.5, 2.0, claim=0.5, missed=0.25)
    v.contract(cloud, seller, 0.5, status=ENDED, missed=7.0)
    v.run(fail, cloud, 1.0, FOR_CASH)
    # 4 are left: 1, and 0.5 with twelve months of 0.73 and a bill not paid.
    assert v.state.defaults[0].claims == near(1.75 + 12.0 * 0.73)
    assert v.state.contracts[live].claim == 0.0
    assert v[seller].cash == near(4.0)
    v.audit()


# --- what is not done under protection --------------------------------------------------------------------------
PROTECTED = pytest.mark.parametrize(("until", "free"), [(20, False), (19, True), (0, True)])


@PROTECTED
def test_no_one_lends_to_a_firm_under_protection(until, free):
    v = village()
    bank, cloud = v.lender(cash=100.0), v.hyperscaler(protected_until=until)
    v.close()
    assert bool(v.run(size_loan, bank, cloud, 1.0, 0.0) > 0.0) is free


@PROTECTED
def test_a_firm_under_protection_pays_its_owners_nothing(until, free):
    v = village(provider_payout=0.5)
    cloud = v.hyperscaler(cash=8.0, protected_until=until)
    v.close()
    v.run(distribute)
    assert v[cloud].cash == (4.0 if free else 8.0)


@PROTECTED
def test_a_firm_under_protection_promises_no_capacity(until, free):
    v = village()
    v.generation(v.vendor())
    cloud = v.hyperscaler(protected_until=until)
    v.fleet(cloud, 1.0)
    assert bool(v.run(can_promise, cloud) > 0.0) is free


@PROTECTED
def test_a_firm_under_protection_buys_no_second_hand_hardware(until, free):
    v = village(scrap_factor=0.5)
    v.generation(v.vendor())
    seller, cloud = v.hyperscaler(), v.hyperscaler(cash=50.0, site_gw=9.0, protected_until=until)
    v.fleet(seller, 1.0)
    v.run(sell_second_hand, seller)
    assert bool(v[cloud].capacity > 0.0) is free


@PROTECTED
def test_a_lab_under_protection_does_not_walk_away_but_pays_or_ends(until, free):
    v = village(walk_away=1.0, value_multiple=5.0, value_growth_slope=0.0, frontier_option=0.0)
    v.lab(overpay=9.0, valuation=1.0, cash=1.0, earnings=-0.5, revenue=1.0, protected_until=until)
    v.close()
    v.market.month = 20 if until != 20 else 19
    v.run(aftermath)
    assert [int(d.way) for d in v.rows("defaults")] == ([REORGANISATION] if free else [])


@pytest.mark.parametrize(("kind", "buyer"), [(LAB, labs_tender), (HYPERSCALER, clouds_tender)])
def test_a_firm_under_protection_tenders_for_nothing(kind, buyer):
    v = village(tender_threshold=0.0, rental_share=9.0)
    firm = v.firm(kind, protected_until=30, need=5.0, desired=7.0, revenue=50.0, other_income=9.0)
    v.close()
    made, _ = calls(buyer, v.state, answer=lambda name, given: 1.0 if name == "is_protected" else 0.5)
    assert [name for name, _ in made if name != "is_protected"] == []
    assert v[firm].desired == 7.0


@pytest.mark.parametrize("kind", [HYPERSCALER, NEOCLOUD, LAB])
@pytest.mark.parametrize("protected", [True, False])
def test_a_firm_under_protection_orders_nothing(kind, protected):
    v = village()
    v.firm(kind, own_hardware=1.0)
    v.close()
    made, _ = calls(invest, v.state, answer=lambda name, given: float(protected) if name == "is_protected" else 0.0)
    plans = {"plan_fleet", "plan_orders", "plan_own_fleet"} & {name for name, _ in made}
    assert len(plans) == (0 if protected else 1)
