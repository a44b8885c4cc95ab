"""How a firm that foresees a shortfall finds the money: the rungs of the ladder and their order."""

import pytest
from before import Before, cells, due, near
from village import Village

from abm.distress.funding import (
    draw_revolvers,
    drop_orders,
    emergency_round,
    find_money,
    funding,
    hardware_user,
    has_shareholders,
    parent_support,
    renegotiate,
    roll_over,
    sell_assets,
)
from abm.engine.draws import D_ROUND, uniform
from abm.engine.tables import (
    BOND,
    BROKEN,
    CUSTOMERS,
    DDTL,
    DUE_FUNDING,
    DUE_INTEREST,
    DUE_INVOICE,
    DUE_MAKING,
    DUE_OPERATING,
    DUE_ORDER,
    DUE_PRINCIPAL,
    E_AMENDED,
    E_CANCELLED,
    E_EQUITY,
    E_LOAN,
    E_RENEGOTIATED,
    ENDED,
    F_EQUITY,
    F_FUNDING,
    F_LENDING,
    F_SECONDHAND,
    F_SUPPORT,
    FAILED,
    FLEET_COLLATERAL,
    HY_BONDS,
    HYPERSCALER,
    IG_BONDS,
    LAB,
    LENDER,
    NEOCLOUD,
    NO_COLLATERAL,
    OUTSIDE,
    PENDING,
    PRIVATE_CREDIT,
    REVOLVER,
    SAVERS,
    SITE_COLLATERAL,
    SPONSOR,
    SUPPLIERS,
    TIER_SECURED,
    VEHICLE,
    VENDOR,
    VENDOR_CHANNEL,
    VENDOR_LOAN,
    WAREHOUSE,
)
from abm.instruments.loan import maturing_soon
from abm.rules import interpreted


def loan_terms(v, row=-1):
    """What the tests look at in a loan."""
    names = ("kind", "lender", "borrower", "principal", "tier", "collateral", "for_ai", "end_user", "amortising")
    return dict(zip(names, cells(v.rows("loans")[row], *names), strict=True))


# --- credit lines ---------------------------------------------------------------------------------------------
def test_a_line_is_drawn_for_what_is_missing():
    v = Village()
    bank, cloud, other = v.lender(cash=9.0), v.neocloud(cash=1.0), v.neocloud()
    row = v.loan(bank, cloud, 0.5, limit=4.0, kind=REVOLVER)
    v.loan(bank, other, 0.5, limit=4.0, kind=REVOLVER)
    before = Before(v)
    assert v.run(draw_revolvers, cloud, 2.0) == 2.0
    assert before.firms() == {
        (SAVERS, "cash"): -2.0, (SAVERS, "other_assets"): 2.0, (bank, "funding"): 2.0, (bank, "loans_held"): 2.0,
        (cloud, "cash"): 2.0, (cloud, "debt"): 2.0,
    }  # fmt: skip
    assert before.rows("loans") == {(row, "principal"): 2.5}
    assert before.flows() == {(F_FUNDING, OUTSIDE, LENDER): 2.0, (F_LENDING, LENDER, NEOCLOUD): 2.0}
    assert before.events() == []
    v.audit()


def test_lines_are_drawn_to_their_limit_one_after_the_other():
    v = Village()
    bank, other, cloud = v.lender(), v.lender(), v.neocloud()
    v.loan(bank, cloud, 1.0, limit=1.5, kind=REVOLVER)
    v.loan(bank, cloud, 2.0, limit=2.0, kind=REVOLVER)
    v.loan(other, cloud, 3.0, limit=4.0, kind=REVOLVER)
    v.loan(other, cloud, 5.0, limit=9.0, kind=REVOLVER)
    assert v.run(draw_revolvers, cloud, 1.25) == 1.25
    assert list(v.rows("loans").principal) == [1.5, 2.0, 3.75, 5.0]
    assert v.run(draw_revolvers, cloud, 99.0) == 4.25


@pytest.mark.parametrize(
    ("loan", "bank", "drawn"),
    [
        ({}, {}, 2.0), ({"status": ENDED}, {}, 0.0), ({"kind": WAREHOUSE}, {}, 0.0), ({}, {"status": FAILED}, 0.0),
        ({"committed": 0}, {}, 2.0), ({"committed": 0}, {"lending_open": 0.49}, 0.0), ({}, {"lending_open": 0.0}, 2.0),
        ({"committed": 0}, {"lending_open": 0.5}, 2.0), ({"limit": 0.4}, {}, 0.0),
    ],
)  # fmt: skip
def test_only_a_live_line_of_a_bank_in_business_can_be_drawn_and_a_committed_one_always(loan, bank, drawn):
    v = Village()
    lender, cloud = v.lender(**bank), v.neocloud()
    row = v.loan(lender, cloud, 0.5, **({"limit": 4.0, "kind": REVOLVER} | loan))
    assert v.run(draw_revolvers, cloud, 2.0) == drawn
    assert v.state.loans[row].principal == 0.5 + drawn


# --- rolling over what falls due ------------------------------------------------------------------------------
def test_each_loan_that_falls_due_is_rolled_into_one_that_stands_for_the_same():
    v = Village()
    bonds, lab, other = v.lender(subkind=IG_BONDS, cash=100.0), v.lab(), v.lab()
    hyper, rival = v.hyperscaler(cash=1.0), v.hyperscaler()
    first = v.loan(bonds, hyper, 3.0, for_ai=0, end_user=lab, months_left=1)
    second = v.loan(bonds, hyper, 2.0, end_user=other, months_left=1)
    third = v.loan(bonds, rival, 9.0, months_left=1)
    due(v, DUE_PRINCIPAL, rival, bonds, 9.0, third)
    due(v, DUE_INTEREST, hyper, bonds, 0.5, first)
    due(v, DUE_PRINCIPAL, hyper, bonds, 3.0, first)
    due(v, DUE_PRINCIPAL, hyper, bonds, 2.0, second)
    before = Before(v)
    assert v.run(roll_over, hyper, 4.5) == near(4.5)
    assert before.events() == [(E_LOAN, bonds, hyper, 3.0), (E_LOAN, bonds, hyper, 1.5)]
    assert cells(v.state.loans[3], "principal", "for_ai", "end_user", "borrower") == (3.0, 0, lab, hyper)
    assert cells(v.state.loans[4], "principal", "for_ai", "end_user", "borrower") == (1.5, 1, other, hyper)
    assert v[hyper].cash == 5.5
    assert before.due() == {}
    v.audit()


def test_no_more_is_rolled_over_than_is_missing():
    v = Village()
    bonds, hyper = v.lender(subkind=IG_BONDS, cash=100.0), v.hyperscaler()
    for principal in (3.0, 0.5):
        due(v, DUE_PRINCIPAL, hyper, bonds, principal, v.loan(bonds, hyper, principal))
    before = Before(v)
    assert v.run(roll_over, hyper, 3.0) == 3.0
    assert before.events() == [(E_LOAN, bonds, hyper, 3.0)]
    assert v.run(roll_over, hyper, 9.0) == 3.5
    v.state.dues.amount[1] = 0.0
    assert v.run(roll_over, hyper, 9.0) == 3.0


def test_a_secured_loan_hands_its_collateral_to_the_next():
    v = Village(max_ltv=0.5, project_tenor=70.0)
    bank, project = v.lender(cash=100.0), v.project(sites=8.0)
    due(v, DUE_PRINCIPAL, project, bank, 3.0, v.loan(bank, project, 5.0, collateral=SITE_COLLATERAL))
    # Half of the sites, less the 5 owed on them, and the 3 of those that are replaced.
    assert v.run(roll_over, project, 3.0) == 2.0
    assert loan_terms(v) == loan_terms(v) | {"principal": 2.0, "collateral": SITE_COLLATERAL, "tier": TIER_SECURED}


def test_an_unsecured_loan_of_a_firm_without_free_collateral_is_rolled_into_a_bond():
    v = Village(max_ltv=0.5)
    bank, bonds, project = v.lender(cash=100.0), v.lender(subkind=HY_BONDS, cash=100.0), v.project(sites=8.0)
    v.loan(bank, project, 4.0, collateral=SITE_COLLATERAL)
    due(v, DUE_PRINCIPAL, project, bonds, 3.0, v.loan(bonds, project, 3.0))
    assert v.run(roll_over, project, 3.0) == 3.0
    assert loan_terms(v) == loan_terms(v) | {"kind": BOND, "lender": bonds, "collateral": NO_COLLATERAL}


def test_a_funds_line_is_rolled_into_a_new_line():
    v = Village()
    bank, fund = v.lender(cash=100.0), v.lender(subkind=PRIVATE_CREDIT, cash=5.0)
    due(v, DUE_PRINCIPAL, fund, bank, 4.0, v.loan(bank, fund, 4.0, kind=WAREHOUSE, for_ai=0))
    before = Before(v)
    assert v.run(roll_over, fund, 3.0) == 3.0
    assert before.events() == [(E_LOAN, bank, fund, 3.0)]
    assert loan_terms(v) == loan_terms(v) | {"kind": WAREHOUSE, "lender": bank, "borrower": fund, "for_ai": 0}


@pytest.mark.parametrize(
    ("columns", "counted"),
    [
        ({"months_left": 2}, 3.0), ({"months_left": 1}, 0.0), ({"months_left": 4}, 3.0), ({"months_left": 5}, 0.0),
        ({"months_left": 3, "amortising": 1}, 0.0), ({"months_left": 3, "status": ENDED}, 0.0),
    ],
)  # fmt: skip
def test_bullets_that_mature_within_the_months_ahead_are_foreseen(columns, counted):
    v = Village(refinance_ahead=4.0)
    bank, sponsor, other = v.lender(), v.lender(subkind=SPONSOR), v.lender(subkind=SPONSOR)
    v.loan(bank, other, 7.0, months_left=3)
    v.loan(bank, sponsor, 0.5, months_left=3)
    v.loan(bank, sponsor, 3.0, limit=8.0, **columns)
    assert v.run(maturing_soon, sponsor) == 0.5 + counted


def test_hardware_is_dedicated_to_the_customer_of_the_first_order_that_names_one():
    v = Village()
    vendor, cloud, other, lab, late = v.vendor(), v.neocloud(), v.neocloud(), v.lab(), v.lab()
    rows = [v.order(other, vendor, 1.0, end_user=late), v.order(cloud, vendor, 1.0), v.order(cloud, vendor, 1.0),
            v.order(cloud, vendor, 1.0)]  # fmt: skip
    v.state.orders[rows[2]].end_user, v.state.orders[rows[3]].end_user = lab, late
    due(v, DUE_ORDER, other, vendor, 1.0, rows[0])
    due(v, DUE_MAKING, cloud, vendor, 1.0, rows[3])
    due(v, DUE_ORDER, cloud, vendor, 1.0, rows[1])
    assert v.run(hardware_user, cloud) == -1
    due(v, DUE_ORDER, cloud, vendor, 1.0, rows[2])
    due(v, DUE_ORDER, cloud, vendor, 1.0, rows[3])
    assert v.run(hardware_user, cloud) == lab
    assert v.run(hardware_user, other) == late
    v.state.orders[rows[1]].end_user = CUSTOMERS
    assert v.run(hardware_user, cloud) == CUSTOMERS


# --- owners ---------------------------------------------------------------------------------------------------
def test_a_parent_gives_equity_out_of_what_it_can_spare():
    v = Village(parent_support=0.6)
    parent = v.hyperscaler(cash=5.0, operating_cost=1.0, sites=7.0)
    lab, other = v.lab(cash=0.25, parent=parent, operating_cost=3.0), v.lab(parent=parent)
    v.stake(SAVERS, lab, 1.0, 2.0)
    before = Before(v)
    assert v.run(parent_support, lab, 9.0) == near(2.4)
    assert before.firms() == near({
        (parent, "cash"): -2.4, (parent, "holdings"): 2.4, (lab, "cash"): 2.4, (lab, "paid_in"): 2.4,
    })  # fmt: skip
    assert before.flows() == near({(F_SUPPORT, HYPERSCALER, LAB): 2.4})
    assert cells(v.rows("stakes")[1], "holder", "issuer", "share", "book") == (parent, lab, 0.0, near(2.4))
    assert v[other].cash == 0.0
    v.audit()


def test_a_parent_gives_no_more_than_is_needed():
    v = Village(parent_support=0.6)
    parent = v.hyperscaler(cash=5.0)
    lab = v.lab(parent=parent)
    v.close()
    assert v.run(parent_support, lab, 0.75) == 0.75
    assert v[parent].cash == 4.25
    v.audit()


@pytest.mark.parametrize("columns", [{"status": FAILED}, {"operating_cost": 5.5}, {"cash": -1.0}])
def test_a_parent_that_failed_or_needs_its_money_gives_nothing(columns):
    v = Village(parent_support=0.6)
    parent = v.hyperscaler(**({"cash": 5.0, "operating_cost": 1.0} | columns))
    lab = v.lab(parent=parent)
    before = Before(v)
    assert v.run(parent_support, lab, 9.0) == 0.0
    assert before.firms() == before.rows("stakes") == {}


def test_even_the_first_row_of_the_firm_table_can_be_a_parent():
    v = Village(parent_support=0.6)
    v[CUSTOMERS].cash = 5.0
    lab = v.lab(parent=CUSTOMERS)
    v.close()
    assert v.run(parent_support, lab, 1.5) == 1.5
    assert v[CUSTOMERS].cash == 3.5


def test_who_has_no_parent_gets_no_support():
    v = Village()
    lab, _ = v.lab(), v.hyperscaler(cash=50.0)
    before = Before(v)
    assert v.run(parent_support, lab, 9.0) == 0.0
    assert before.firms() == {}


def test_the_chance_of_an_emergency_round_follows_sentiment_and_its_own_stream():
    for month in (3, 4):
        for step, size in ((1e-9, 2.0), (-1e-9, 0.0)):
            v = Village(equity_dilution=0.1, window_shut=0.6, rating_years=0.0)
            v.market.month, v.market.sentiment = month, 0.8  # half of the window is open
            v.neocloud(valuation=50.0)
            cloud = v.neocloud(valuation=30.0)
            draw = interpreted(uniform)(1, D_ROUND, month, cloud)
            v.p.round_success = draw / 0.5 + step
            assert v.run(emergency_round, cloud, 2.0) == size


@pytest.mark.parametrize(("amount", "size"), [(2.0, 2.0), (9.0, 3.0)])
def test_an_emergency_round_is_limited_by_what_the_firm_is_worth(amount, size):
    v = Village(round_success=9.0, equity_dilution=0.1)
    cloud = v.neocloud(valuation=30.0)
    stake = v.stake(SAVERS, cloud, 1.0, 4.0)
    before = Before(v)
    assert v.run(emergency_round, cloud, amount) == size
    assert before.events() == [(E_EQUITY, cloud, -1, size)]
    assert before.flows() == {(F_EQUITY, OUTSIDE, NEOCLOUD): size}
    assert v.state.stakes[stake].share == near(1.0)
    v.audit()


def test_new_owners_pay_the_value_before_the_round():
    v = Village(round_success=9.0, equity_dilution=0.1)
    hyper, lab = v.hyperscaler(), v.lab(valuation=30.0)
    stake = v.stake(hyper, lab, 1.0, 4.0)
    v.run(emergency_round, lab, 2.0)
    assert v.state.stakes[stake].share == near(30.0 / 32.0)


@pytest.mark.parametrize(
    ("columns", "size"),
    [({"kind": LAB}, 2.0), ({"kind": NEOCLOUD}, 2.0), ({"kind": HYPERSCALER}, 2.0), ({"kind": VENDOR}, 2.0),
     ({"kind": VEHICLE}, 0.0), ({"kind": LAB, "parent": 0}, 0.0), ({"kind": LAB, "valuation": 0.0}, 0.0),
     ({"kind": LAB, "valuation": -3.0}, 0.0)],
)  # fmt: skip
def test_who_has_shareholders_of_its_own_raises_emergency_rounds(columns, size):
    v = Village(round_success=9.0, equity_dilution=0.1)
    firm = v.firm(**({"valuation": 30.0} | columns))
    before = Before(v)
    assert v.run(emergency_round, firm, 2.0) == size
    assert len(before.events()) == (size > 0.0)


# --- orders, contracts, holdings ------------------------------------------------------------------------------
def test_arrivals_that_cannot_be_paid_are_cancelled_the_latest_first():
    v = Village()
    vendor, cloud, other = v.vendor(cash=5.0), v.neocloud(cash=9.0), v.neocloud()
    orders = [v.order(cloud, vendor, 0.5, deposit=0.25), v.order(cloud, vendor, 0.25, deposit=0.5),
              v.order(cloud, vendor, 0.125, deposit=0.75), v.order(other, vendor, 0.5)]  # fmt: skip
    for order, amount in zip(orders, (4.0, 2.0, 1.5, 3.0), strict=True):
        buyer = int(v.state.orders[order].buyer)
        due(v, DUE_ORDER, buyer, vendor, amount, order)
        due(v, DUE_MAKING, vendor, SUPPLIERS, amount / 2, order)
    # A loan or a contract of the same number is something else.
    due(v, DUE_PRINCIPAL, cloud, SUPPLIERS, 7.0, orders[2])
    before = Before(v)
    assert v.run(drop_orders, cloud, 1.75) == 3.5
    assert before.due() == {2: -2.0, 3: -1.0, 4: -1.5, 5: -0.75}
    assert list(v.rows("orders").status) == [PENDING, BROKEN, BROKEN, PENDING]
    assert before.events() == [(E_CANCELLED, cloud, vendor, 2.5), (E_CANCELLED, cloud, vendor, 5.0)]
    assert before.firms() == {
        (cloud, "retained"): -1.25, (cloud, "write_off"): 1.25, (vendor, "retained"): 1.25, (vendor, "revenue"): 1.25,
    }  # fmt: skip
    v.audit()


def test_no_more_orders_are_dropped_than_must_be_and_none_twice():
    v = Village()
    vendor, cloud = v.vendor(), v.neocloud()
    for amount in (4.0, 1.5):
        due(v, DUE_ORDER, cloud, vendor, amount, v.order(cloud, vendor, 0.5))
    assert v.run(drop_orders, cloud, 1.5) == 1.5
    before = Before(v)
    assert v.run(drop_orders, cloud, 9.0) == 4.0
    assert len(before.events()) == 1
    assert v.run(drop_orders, cloud, 9.0) == 0.0


REPRIEVE = {"amend_deferral": 0.4, "amend_haircut": 0.1, "amend_extension": 7.0, "renegotiation": 1.0}


def customer(v):
    """A lab with invoices of two clouds, and one of a rival."""
    lab, rival = v.lab(), v.lab()
    first, second = v.neocloud(dscr=1.5), v.neocloud(dscr=1.5)
    rows = [v.contract(lab, first, 0.5), v.contract(rival, first, 0.5), v.contract(lab, second, 0.25, 4.0)]
    due(v, DUE_INVOICE, lab, first, 2.0, rows[0])
    due(v, DUE_INVOICE, rival, first, 9.0, rows[1])
    due(v, DUE_INTEREST, lab, second, 9.0, rows[2])
    due(v, DUE_INVOICE, lab, 0, 9.0, -1)
    due(v, DUE_INVOICE, lab, second, 3.0, rows[2])
    v.market.month, v[CUSTOMERS].dscr = 20, 9.9
    return lab, first, second, rows


def test_providers_take_less_now_and_a_lower_price_for_a_longer_contract():
    v = Village(**REPRIEVE)
    lab, first, second, rows = customer(v)
    before = Before(v)
    assert v.run(renegotiate, lab, 0.81) == near(2.0)
    assert before.due() == near({0: -0.8, 4: -1.2})
    assert before.rows("contracts") == near({
        (rows[0], "price"): 1.8, (rows[0], "months_left"): 31, (rows[0], "months"): 43, (rows[0], "amended"): 20,
        (rows[2], "price"): 3.6, (rows[2], "months_left"): 31, (rows[2], "months"): 43, (rows[2], "amended"): 20,
    })  # fmt: skip
    assert before.events() == [(E_RENEGOTIATED, lab, first, 0.8), (E_RENEGOTIATED, lab, second, 1.2)]
    assert before.firms() == {}
    assert before.flows() == {}


def test_no_more_is_asked_of_providers_than_is_missing():
    v = Village(**REPRIEVE)
    lab, first, *_ = customer(v)
    before = Before(v)
    assert v.run(renegotiate, lab, 0.8) == 0.8
    assert before.events() == [(E_RENEGOTIATED, lab, first, 0.8)]


@pytest.mark.parametrize(("month", "amended", "again"), [(20, 8, True), (20, 9, False), (5, -1, True), (5, 0, False)])
def test_a_contract_is_renegotiated_once_in_twelve_months(month, amended, again):
    v = Village(**REPRIEVE)
    lab, _, _, rows = customer(v)
    v.market.month = month
    v.state.contracts[rows[0]].amended = amended
    v.state.contracts[rows[2]].amended = month
    assert v.run(renegotiate, lab, 9.0) == (0.8 if again else 0.0)


def test_each_provider_decides_for_itself_by_its_cover_and_by_what_hangs_on_this_customer():
    v = Village(**(REPRIEVE | {"amend_haircut": 0.25, "renegotiation_cover": 1.5}))
    lab, first, second, _ = customer(v)
    v[first].top_customer, v[first].top_customer_id = 0.5, lab
    v[second].top_customer, v[second].top_customer_id = 0.5, lab + 1
    before = Before(v)
    assert v.run(renegotiate, lab, 9.0) == 0.8
    assert before.due() == {0: -0.8}
    v[second].top_customer_id = lab
    v[second].dscr = 1.49
    v.state.contracts[0].amended = 20
    assert v.run(renegotiate, lab, 9.0) == 0.0


@pytest.mark.parametrize(("amount", "sold"), [(1.0, 1.25), (9.0, 2.0)])
def test_a_fund_sells_holdings_at_a_discount_and_only_so_much_a_month(amount, sold):
    v = Village(asset_sale_price=0.8, asset_sale_pace=0.1)
    fund = v.lender(subkind=PRIVATE_CREDIT, cash=1.0, other_assets=20.0, ai_other=4.0)
    v.close()
    before = Before(v)
    assert v.run(sell_assets, fund, amount) == near(0.8 * sold)
    assert before.firms() == near({
        (SAVERS, "cash"): -0.8 * sold, (SAVERS, "retained"): -0.8 * sold, (fund, "cash"): 0.8 * sold,
        (fund, "other_assets"): -sold, (fund, "ai_other"): -0.2 * sold,
        (fund, "retained"): -0.2 * sold, (fund, "write_off"): 0.2 * sold,
    })  # fmt: skip
    assert before.flows() == near({(F_SECONDHAND, OUTSIDE, LENDER): 0.8 * sold})
    v.audit()


def test_who_has_no_other_assets_sells_none():
    v = Village()
    fund = v.lender(subkind=SPONSOR)
    before = Before(v)
    assert v.run(sell_assets, fund, 2.0) == 0.0
    assert before.firms() == before.flows() == {}


def test_a_price_of_almost_nothing_is_reckoned_as_a_hundredth():
    v = Village(asset_sale_price=0.005, asset_sale_pace=0.5)
    fund = v.lender(subkind=SPONSOR, other_assets=20.0)
    v.close()
    assert v.run(sell_assets, fund, 0.02) == near(0.01)
    assert v[fund].other_assets == 18.0


# --- the ladder: lenders --------------------------------------------------------------------------------------
def test_a_bank_has_deposits_for_all_it_owes_before_its_borrowers_pay():
    v = Village(asset_sale_pace=0.5)
    bank = v.lender(cash=3.0, other_assets=50.0)
    v.close()
    before = Before(v)
    v.run(find_money, bank, 8.0, 99.0, 0.0, 0.0)
    # And a millionth of the outflow, so that rounding in the clearing does not fail a solvent bank.
    raised = 5.0 + 8e-6
    assert before.firms() == near({
        (SAVERS, "cash"): -raised, (SAVERS, "other_assets"): raised, (bank, "cash"): raised, (bank, "funding"): raised,
    })  # fmt: skip
    v.audit()


@pytest.mark.parametrize(("debt", "outflow"), [(53.0, 8.0), (54.0, 8.0), (10.0, 3.0), (10.0, 2.0)])
def test_an_insolvent_bank_gets_no_deposits_and_a_liquid_one_needs_none(debt, outflow):
    v = Village()
    bank = v.lender(cash=3.0, other_assets=50.0, other_debt=debt)
    v.close()
    before = Before(v)
    v.run(find_money, bank, outflow, 0.0, 0.0, 0.0)
    assert before.firms() == {}


def test_capital_paid_in_counts_for_a_banks_solvency():
    v = Village()
    bank = v.lender(cash=3.0, other_debt=1.0)
    v.stake(SAVERS, bank, 1.0, 5.0)
    assert v[bank].retained == -3.0
    v.run(find_money, bank, 8.0, 0.0, 0.0, 0.0)
    assert v[bank].cash == near(8.0 + 8e-6)


FUND = {"funding_access": 0.05, "asset_sale_price": 0.8, "asset_sale_pace": 0.1}


def fund_with_a_line(v, **columns):
    """A fund worth 20 with 4 of a bank line falling due, of which the bank renews at most 1."""
    bank = v.lender(cash=4.0)
    fund = v.lender(**({"subkind": PRIVATE_CREDIT, "cash": 2.0, "other_assets": 22.0} | columns))
    due(v, DUE_PRINCIPAL, fund, bank, 4.0, v.loan(bank, fund, 4.0, kind=WAREHOUSE))
    return bank, fund


def test_a_fund_rolls_over_then_takes_new_money_then_sells():
    v = Village(**FUND, large_exposure_limit=0.625)
    bank, fund = fund_with_a_line(v)
    assert v[bank].retained == 8.0
    before = Before(v)
    # 4 are missing. The bank has a limit of 5, of which 4 are used, and renews 1; new money is a twentieth of 20;
    # of 2 left, holdings of 2.2 bring 1.76.
    v.run(find_money, fund, 6.0, 99.0, 0.0, 4.0)
    assert before.flows() == near({
        (F_FUNDING, OUTSIDE, LENDER): 2.0, (F_LENDING, LENDER, LENDER): 1.0, (F_SECONDHAND, OUTSIDE, LENDER): 1.76,
    })  # fmt: skip
    assert v[fund].funding == 1.0
    v.audit()


def test_a_fund_rolls_over_no_more_than_matures():
    v = Village(**FUND, large_exposure_limit=0.625)
    bank, fund = fund_with_a_line(v)
    before = Before(v)
    v.run(find_money, fund, 5.5, 0.0, 0.0, 0.75)
    assert before.events() == [(E_LOAN, bank, fund, 0.75)]
    # 3.5 less 0.75 less 1 of new money (and 0.75 of the bank's own): 1.75 from holdings.
    assert before.flows() == near({
        (F_FUNDING, OUTSIDE, LENDER): 1.75, (F_LENDING, LENDER, LENDER): 0.75, (F_SECONDHAND, OUTSIDE, LENDER): 1.75,
    })  # fmt: skip


def test_a_fund_takes_and_sells_no_more_than_it_needs():
    v = Village(**FUND)
    fund = v.lender(subkind=HY_BONDS, cash=2.0, other_assets=18.0)
    v.close()
    before = Before(v)
    v.run(find_money, fund, 2.5, 0.0, 0.0, 0.0)
    assert before.flows() == {(F_FUNDING, OUTSIDE, LENDER): 0.5}


@pytest.mark.parametrize(
    "columns", [{"lending_open": 0.5}, {"other_debt": 24.0}, {"other_debt": 20.0}, {"subkind": SPONSOR}]
)
def test_savers_give_no_new_money_to_a_closed_or_insolvent_fund_or_to_a_sponsor(columns):
    v = Village(**FUND)
    fund = v.lender(**({"subkind": PRIVATE_CREDIT, "cash": 2.0, "other_assets": 18.0} | columns))
    v.close()
    before = Before(v)
    v.run(find_money, fund, 2.5, 0.0, 0.0, 0.0)
    assert before.flows() == near({(F_SECONDHAND, OUTSIDE, LENDER): 0.5})


def test_a_funds_paid_in_capital_counts_for_its_access_to_money():
    v = Village(**FUND)
    fund = v.lender(subkind=PRIVATE_CREDIT, cash=2.0, other_assets=18.0)
    v.stake(SAVERS, fund, 1.0, 12.0)
    before = Before(v)
    v.run(find_money, fund, 99.0, 0.0, 0.0, 0.0)
    assert before.flows()[F_FUNDING, OUTSIDE, LENDER] == near(1.0)


@pytest.mark.parametrize(("subkind", "raised"), [(SPONSOR, 2.4), (PRIVATE_CREDIT, 0.0)])
def test_a_sponsor_sells_in_time_for_what_matures_soon(subkind, raised):
    v = Village(**FUND, refinance_ahead=4.0)
    bank, fund = v.lender(), v.lender(subkind=subkind, cash=2.6, other_assets=40.0)
    v.loan(bank, fund, 3.0, months_left=4)
    before = Before(v)
    v.run(find_money, fund, 2.0, 0.0, 0.0, 0.0)
    assert before.flows() == near({(F_SECONDHAND, OUTSIDE, LENDER): raised} if raised else {})


# --- the ladder: everybody else -------------------------------------------------------------------------------
LADDER = {"cash_buffer": 0.5, "receipt_trust": 0.8, "round_success": 0.0, "spending_cut": 0.1}


def missing(v, **columns):
    """A firm that lacks 0.9: it must pay 8, keep half of 3, has 7, and trusts in 0.8 of the 2 it is owed."""
    firm = v.firm(**({"kind": NEOCLOUD, "cash": 7.0, "fixed_cost": 3.0} | columns))
    v.close()
    return firm


def climb(v, firm, outflow=8.0, hardware=0.0, maturing=0.0):
    v.run(find_money, firm, outflow, 2.0, hardware, maturing)


@pytest.mark.parametrize(("cash", "drawn"), [(7.0, 0.9), (7.875, 0.025), (7.9, 0.0), (8.0, 0.0)])
def test_the_first_rung_is_the_credit_line(cash, drawn):
    v = Village(**LADDER)
    bank, cloud = v.lender(), missing(v, cash=cash)
    v.loan(bank, cloud, 0.5, limit=4.0, kind=REVOLVER)
    before = Before(v)
    climb(v, cloud)
    assert v.state.loans[0].principal == near(0.5 + drawn)
    assert before.events() == []
    assert v[cloud].fixed_cost == 3.0
    v.audit()


@pytest.mark.parametrize(("maturing", "events"), [(0.5, [0.5, 0.2]), (5.0, [0.7]), (0.0, [0.7])])
def test_then_what_matures_is_rolled_over_then_new_debt_is_raised(maturing, events):
    v = Village(**LADDER)
    bank, bonds, lab = v.lender(), v.lender(subkind=IG_BONDS, cash=100.0), v.lab()
    hyper = missing(v, kind=HYPERSCALER)
    v.loan(bank, hyper, 0.0, limit=0.2, kind=REVOLVER)
    due(v, DUE_PRINCIPAL, hyper, bonds, 5.0, v.loan(bonds, hyper, 5.0, for_ai=0, end_user=lab))
    before = Before(v)
    climb(v, hyper, maturing=maturing)
    assert before.events() == [(E_LOAN, bonds, hyper, near(amount)) for amount in events]
    rolled = maturing > 0.0
    assert cells(v.state.loans[2], "for_ai", "end_user") == ((0, lab) if rolled else (1, -1))
    if len(events) == 2:
        assert cells(v.state.loans[3], "for_ai", "end_user", "kind") == (1, -1, BOND)
    v.audit()


@pytest.mark.parametrize(
    ("columns", "sells"),
    [({"kind": LAB}, True), ({"kind": NEOCLOUD}, True), ({"kind": HYPERSCALER}, True), ({"kind": VENDOR}, True),
     ({"kind": VEHICLE}, False), ({"kind": LENDER}, False), ({"kind": LAB, "parent": 0}, False)],
)  # fmt: skip
def test_labs_clouds_and_vendors_that_are_nobody_s_subsidiary_have_shareholders(columns, sells):
    v = Village()
    assert v.run(has_shareholders, v.firm(**columns)) == sells


@pytest.mark.parametrize("lends", [True, False])
def test_a_firm_borrows_before_it_sells_shares(lends):
    v = Village(**(LADDER | {"round_success": 9.0, "round_excess": 2.0, "equity_dilution": 0.1, "rating_years": 0.0}))
    bonds = v.lender(subkind=IG_BONDS, cash=100.0, lending_open=float(lends))
    hyper = missing(v, kind=HYPERSCALER, valuation=90.0)
    before = Before(v)
    climb(v, hyper)
    assert before.events() == [(E_LOAN, bonds, hyper, near(0.9)) if lends else (E_EQUITY, hyper, -1, near(1.8))]
    assert v[hyper].fixed_cost == 3.0
    v.audit()


def test_then_the_parent_pays_and_then_the_firm_cuts():
    v = Village(**LADDER, parent_support=0.5)
    bank = v.lender()
    parent = v.hyperscaler(cash=1.0)
    lab = missing(v, kind=LAB, parent=parent)
    v.loan(bank, lab, 0.0, limit=0.2, kind=REVOLVER)
    before = Before(v)
    climb(v, lab)
    assert before.flows() == near({
        (F_FUNDING, OUTSIDE, LENDER): 0.2, (F_LENDING, LENDER, LAB): 0.2, (F_SUPPORT, HYPERSCALER, LAB): 0.5,
    })  # fmt: skip
    # What is still missing is less than the buffer.
    assert v[lab].fixed_cost == 3.0
    v.audit()


def test_a_firm_whose_parent_pays_all_does_not_cut():
    v = Village(**LADDER, parent_support=0.5)
    parent = v.hyperscaler(cash=9.0)
    lab = missing(v, kind=LAB, parent=parent)
    climb(v, lab, outflow=10.0)
    assert v[parent].cash == near(6.1)
    assert v[lab].fixed_cost == 3.0
    v.audit()


@pytest.mark.parametrize(
    ("kind", "overrun", "paid"),
    [(VEHICLE, 0.46, 0.9), (VEHICLE, 0.44, 0.0), (HYPERSCALER, 0.46, 0.0), (NEOCLOUD, 0.46, 0.0)],
)
def test_investors_of_a_project_cover_a_small_overrun(kind, overrun, paid):
    v = Village(**LADDER, project_overrun=overrun)
    firm = missing(v, kind=kind)
    v.order(firm, v.vendor(), 1.0, deposit=2.0)
    before = Before(v)
    climb(v, firm)
    assert before.flows() == near({(F_EQUITY, OUTSIDE, kind): paid} if paid else {})
    assert v[firm].paid_in == near(paid)
    assert v[firm].fixed_cost == 3.0
    v.audit()


def test_then_equity_is_raised_for_several_months():
    v = Village(**(LADDER | {"round_success": 9.0}), round_excess=4.0, equity_dilution=0.5)
    v.lender(subkind=HY_BONDS, cash=100.0)
    cloud = missing(v, valuation=30.0)
    before = Before(v)
    climb(v, cloud, outflow=10.0)
    assert before.events() == [(E_EQUITY, cloud, -1, near(4.0 * 2.9))]
    assert v[cloud].fixed_cost == 3.0
    v.audit()


@pytest.mark.parametrize(("kind", "borrowed"), [(NEOCLOUD, 0.9), (HYPERSCALER, 0.9), (LAB, 0.0), (VEHICLE, 0.0)])
def test_clouds_borrow_before_they_sell_shares(kind, borrowed):
    v = Village(**LADDER, round_excess=1.0, equity_dilution=0.5, max_ltv=0.5, project_overrun=0.0)
    bonds = v.lender(subkind=IG_BONDS, cash=100.0)
    firm = missing(v, kind=kind, valuation=0.5, promised_rent=1.0)
    v.p.round_success = 9.0 if kind == NEOCLOUD else 0.0
    before = Before(v)
    climb(v, firm)
    loans = [event for event in before.events() if event[0] == E_LOAN]
    assert loans == ([(E_LOAN, bonds, firm, near(borrowed))] if borrowed else [])
    if borrowed:
        assert cells(v.rows("loans")[0], "kind", "for_ai", "end_user") == (BOND, 1, -1)
    v.audit()


def test_new_debt_is_on_top_of_what_stands():
    v = Village(**LADDER, lending_margin=0.0, lending_cover=1.25, loan_tenor=50.0)
    v.market.base_rate = 0.0
    bank, bonds = v.lender(), v.lender(subkind=IG_BONDS, cash=100.0)
    cloud = missing(v, promised_rent=0.25, pd=0.0)
    v.loan(bank, cloud, 9.6)
    before = Before(v)
    # Its rent carries 0.25 * 50 / 1.25 = 10.
    climb(v, cloud)
    assert before.events() == [(E_LOAN, bonds, cloud, near(0.4))]


def test_debt_that_stands_leaves_its_collateral_taken_when_new_debt_is_raised():
    v = Village(**LADDER, max_ltv=0.5, loan_tenor=50.0)
    bank, bonds = v.lender(cash=100.0), v.lender(subkind=IG_BONDS, cash=100.0)
    cloud = missing(v, promised_rent=9.0, fleet_mark=8.0)
    v.loan(bank, cloud, 4.0, collateral=FLEET_COLLATERAL)
    before = Before(v)
    climb(v, cloud)
    assert before.events() == [(E_LOAN, bonds, cloud, near(0.9))]


@pytest.mark.parametrize(("outflow", "dropped", "cut"), [(8.0, 0, 0), (8.5, 0, 0), (8.7, 1, 0), (9.8, 2, 1)])
def test_then_arrivals_are_cancelled_once_the_buffer_is_gone_then_spending_is_cut(outflow, dropped, cut):
    v = Village(**LADDER, vendor_finance_share=0.0)
    vendor = v.vendor()
    cloud = missing(v)
    for amount in (0.75, 0.25):
        due(v, DUE_ORDER, cloud, vendor, amount, v.order(cloud, vendor, 0.5))
    before = Before(v)
    # Missing 0.9, 1.4, 1.6, 2.7, of which 1.5 to keep: 0.1 is found in the last order, 1.2 not even in both.
    climb(v, cloud, outflow=outflow, hardware=1.0)
    assert [event[0] for event in before.events()] == [E_CANCELLED] * dropped
    assert v[cloud].fixed_cost == near(3.0 * (0.9 if cut else 1.0))
    assert before.due() == [{}, {1: -0.25}, {1: -0.25, 0: -0.75}][dropped]


def test_orders_stand_where_no_hardware_arrives():
    v = Village(**LADDER)
    vendor = v.vendor()
    cloud = missing(v)
    due(v, DUE_ORDER, cloud, vendor, 0.75, v.order(cloud, vendor, 0.5))
    before = Before(v)
    climb(v, cloud, outflow=9.0)
    assert before.events() == []
    assert v[cloud].fixed_cost == near(2.7)


@pytest.mark.parametrize(("outflow", "amended"), [(8.6, False), (9.3, False), (9.5, True)])
def test_then_providers_and_at_last_lenders_are_asked(outflow, amended):
    v = Village(**LADDER, **REPRIEVE, loan_deferral=0.5, loan_extension=6.0, loan_amendment=1.0)
    bank, other = v.lender(), v.neocloud(dscr=1.5)
    lab = missing(v, kind=LAB, dscr=2.0)
    due(v, DUE_PRINCIPAL, lab, bank, 3.0, v.loan(bank, lab, 3.0))
    due(v, DUE_INVOICE, lab, other, 2.0, v.contract(lab, other, 0.5))
    before = Before(v)
    # Beyond the buffer 0.0, 0.7 or 0.9 are missing; the provider waives 0.8.
    climb(v, lab, outflow=outflow)
    events = [] if outflow < 9.0 else [(E_RENEGOTIATED, lab, other, near(0.8))]
    assert before.events() == events + ([(E_AMENDED, lab, bank, 1.5)] if amended else [])
    assert v[lab].fixed_cost == near(3.0 if outflow < 9.0 else 2.7)


# --- the ladder: hardware -------------------------------------------------------------------------------------
def delivery(v, cash, **columns):
    """A neocloud whose hardware of 5 arrives from a vendor with this cash."""
    v.vendor(status=FAILED, cash=500.0)
    vendor = v.vendor(cash=cash)
    v.vendor(cash=900.0)
    bank, lab = v.lender(cash=100.0), v.lab()
    cloud = v.neocloud(**({"cash": 50.0, "promised_rent": 1.0} | columns))
    due(v, DUE_ORDER, cloud, vendor, 5.0, v.order(cloud, vendor, 0.25, end_user=lab))
    return vendor, bank, lab, cloud


HARDWARE = {"vendor_finance_share": 0.2, "vendor_cash_share": 0.02, "loan_to_cost": 0.5, "loan_tenor": 50.0}


def test_a_vendor_lends_a_part_of_the_hardware_and_banks_a_part_of_the_rest():
    v = Village(**HARDWARE, vendor_loan_spread=0.06)
    vendor, bank, lab, cloud = delivery(v, 60.0)
    before = Before(v)
    v.run(find_money, cloud, 5.0, 0.0, 5.0, 0.0)
    assert before.events() == [(E_LOAN, vendor, cloud, 1.0), (E_LOAN, bank, cloud, 2.0)]
    assert before.hits() == []
    assert loan_terms(v, 0) == {
        "kind": VENDOR_LOAN, "lender": vendor, "borrower": cloud, "principal": 1.0, "tier": TIER_SECURED,
        "collateral": FLEET_COLLATERAL, "for_ai": 1, "end_user": -1, "amortising": 1,
    }  # fmt: skip
    assert loan_terms(v, 1) == {
        "kind": DDTL, "lender": bank, "borrower": cloud, "principal": 2.0, "tier": TIER_SECURED,
        "collateral": FLEET_COLLATERAL, "for_ai": 1, "end_user": lab, "amortising": 1,
    }  # fmt: skip
    assert cells(v.rows("loans")[0], "rate", "months") == (near(0.11), 50)
    assert before.flows() == {
        (F_LENDING, VENDOR, NEOCLOUD): 1.0, (F_FUNDING, OUTSIDE, LENDER): 2.0, (F_LENDING, LENDER, NEOCLOUD): 2.0,
    }  # fmt: skip
    v.audit()


def test_a_policy_cap_on_terms_binds_vendors_too():
    v = Village(**HARDWARE, max_tenor=30.0)
    *_, cloud = delivery(v, 60.0)
    v.run(find_money, cloud, 5.0, 0.0, 5.0, 0.0)
    assert list(v.rows("loans").months) == [30, 30]


@pytest.mark.parametrize(("cash", "size", "hit"), [(49.6, 0.992, 0.0), (49.4, 0.988, 0.012), (30.0, 0.6, 0.4)])
def test_a_vendor_short_of_cash_is_a_hit_of_the_vendor_channel(cash, size, hit):
    v = Village(**HARDWARE)
    vendor, _, _, cloud = delivery(v, cash)
    before = Before(v)
    v.run(find_money, cloud, 5.0, 0.0, 5.0, 0.0)
    assert v.rows("loans")[0].principal == near(size)
    assert v.rows("loans")[1].principal == near((5.0 - size) / 2.0)
    assert before.hits() == ([(cloud, vendor, VENDOR_CHANNEL, near(hit))] if hit else [])


@pytest.mark.parametrize(("cash", "loans"), [(0.49, 1), (0.51, 2)])
def test_a_vendor_lends_no_crumbs(cash, loans):
    v = Village(**HARDWARE)
    *_, cloud = delivery(v, cash)
    v.run(find_money, cloud, 5.0, 0.0, 5.0, 0.0)
    assert len(v.rows("loans")) == loans


def test_only_neoclouds_are_financed_by_their_vendor():
    v = Village(**HARDWARE, provider_cash_months=0.0)
    vendor = v.vendor(cash=60.0)
    bonds, lab = v.lender(subkind=IG_BONDS, cash=100.0), v.lab()
    hyper = v.hyperscaler(cash=1.0)
    due(v, DUE_ORDER, hyper, vendor, 5.0, v.order(hyper, vendor, 0.25, end_user=lab))
    before = Before(v)
    v.run(find_money, hyper, 5.0, 0.0, 5.0, 0.0)
    assert before.events() == [(E_LOAN, bonds, hyper, 4.0)]
    assert loan_terms(v)["end_user"] == lab


def test_no_hardware_no_hardware_loan():
    v = Village(**HARDWARE, provider_cash_months=3.0)
    v.vendor(cash=60.0)
    v.lender(subkind=IG_BONDS, cash=100.0)
    hyper = v.hyperscaler(cash=10.0, earnings=9.0)
    v.close()
    before = Before(v)
    v.run(find_money, hyper, 5.0, 0.0, 0.0, 0.0)
    assert before.events() == []


# --- everybody's dues -----------------------------------------------------------------------------------------
def test_every_firm_looks_at_its_own_dues_and_receipts():
    v = Village(cash_buffer=0.0, receipt_trust=0.5)
    bank, other = v.lender(cash=50.0), v.neocloud(cash=90.0)
    cloud, late = v.neocloud(cash=1.0), v.neocloud(cash=2.0)
    for firm in (cloud, late):
        v.loan(bank, firm, 0.0, limit=20.0, kind=REVOLVER)
    due(v, DUE_OPERATING, cloud, SUPPLIERS, 4.0)
    due(v, DUE_INVOICE, cloud, other, 3.0)
    due(v, DUE_INVOICE, late, cloud, 5.0)
    due(v, DUE_FUNDING, bank, SAVERS, 51.5)
    due(v, DUE_INVOICE, other, SUPPLIERS, 70.0)
    before = Before(v)
    v.run(funding)
    # The cloud owes 7, has 1 and trusts in half of 5; its customer owes 5 and has 2; the bank lacks 1.5.
    assert list(v.rows("loans").principal) == [3.5, 3.0]
    assert v[bank].funding == near(1.5 + 51.5e-6 + 3.5 + 3.0)
    assert v[other].cash == 90.0
    assert before.due() == {}
    v.audit()


def test_hardware_and_what_matures_are_told_from_other_dues():
    v = Village(cash_buffer=0.0, receipt_trust=0.5, provider_cash_months=0.0)
    bonds, vendor = v.lender(subkind=IG_BONDS, cash=200.0), v.vendor()
    builder, debtor, idle = v.hyperscaler(cash=1.0), v.hyperscaler(cash=1.0), v.lab(cash=1.0)
    due(v, DUE_ORDER, builder, vendor, 5.0, v.order(builder, vendor, 0.25, end_user=idle))
    due(v, DUE_PRINCIPAL, debtor, bonds, 4.0, v.loan(bonds, debtor, 4.0, for_ai=0))
    due(v, DUE_INTEREST, debtor, bonds, 2.0, 0)
    before = Before(v)
    v.run(funding)
    assert before.events() == [
        (E_LOAN, bonds, builder, 4.0), (E_LOAN, bonds, debtor, 4.0), (E_LOAN, bonds, debtor, 1.0),
    ]  # fmt: skip
    assert list(v.rows("loans").for_ai) == [0, 1, 0, 1]
    assert list(v.rows("loans").end_user) == [-1, idle, -1, -1]
    assert before.due() == {}


@pytest.mark.parametrize("columns", [{"status": FAILED}, {"kind": OUTSIDE}])
def test_the_failed_and_the_outside_sectors_look_for_no_money(columns):
    v = Village(cash_buffer=0.0)
    bank, firm = v.lender(cash=50.0), v.firm(**({"kind": NEOCLOUD, "cash": 1.0, "fixed_cost": 2.0} | columns))
    v.loan(bank, firm, 0.0, limit=20.0, kind=REVOLVER)
    due(v, DUE_OPERATING, firm, SUPPLIERS, 4.0)
    before = Before(v)
    v.run(funding)
    assert before.firms() == {}
