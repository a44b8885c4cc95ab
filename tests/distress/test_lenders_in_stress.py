"""Lenders after their losses, lines called, and the rounds in which failures spread."""

import pytest
from before import Before, cells, due, near
from village import Village

from abm.distress.cascade import aftermath, bring_down, spread
from abm.distress.lenders import call_lines, check_lender
from abm.engine.tables import (
    ACTIVE,
    COLLATERAL,
    COUNTERPARTY,
    DUE_INVOICE,
    DUE_OPERATING,
    E_BACKSTOP,
    E_CALLED,
    E_CREDIT_STOP,
    ENDED,
    F_PRINCIPAL,
    F_SUPPORT,
    FAILED,
    FUNDING,
    GOVERNMENT,
    LENDER,
    LENDER_TO_LENDER,
    NEOCLOUD,
    OUTSIDE,
    PRIVATE_CREDIT,
    REVOLVER,
    SAVERS,
    SITE_COLLATERAL,
    SUPPLIERS,
    WAREHOUSE,
)

# Risk-weighted assets of 64: 20 of loans at 2, 48 of other assets at 0.5. The minimum is an eighth of them: 8.
RULES = {"loan_risk_weight": 2.0, "capital_requirement": 1.25, "capital_buffer": 0.25, "backstop_share": 0.0}


def lender_of(v, capital, **columns):
    """A lender of this capital with 20 lent to a cloud, of which 4 on a line it may call."""
    lender = v.lender(**({"cash": 2.0, "other_assets": 48.0, "other_debt": 70.0 - capital} | columns))
    cloud = v.neocloud(cash=1.5)
    v.loan(lender, cloud, 16.0)
    line = v.loan(lender, cloud, 4.0, limit=9.0, kind=REVOLVER, committed=0)
    return lender, cloud, line


def hit(v, victim, source, channel, amount):
    """A loss of last month."""
    h = v.state.hits[int(v.market.n_hits)]
    h.month, h.stage, h.victim, h.source = int(v.market.month) - 1, 1, victim, source
    h.channel, h.amount = channel, amount
    v.market.n_hits += 1


def defaults(v):
    """Failures in their order: who, in which round, short of how much, fundamental or not."""
    return [
        (int(d.firm), int(d.stage), near(float(d.shortfall)), int(d.fundamental))
        for d in v.state.defaults[: int(v.market.n_defaults)]
    ]


# --- one lender -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("capital", "was", "now"),
    [
        (7.75, 1.0, 0.0), (7.75, 0.0, 0.0), (7.75, 0.5, 0.5), (8.0, 1.0, 1.0), (8.0, 0.0, 0.0), (9.9, 0.0, 0.0),
        (10.0, 0.0, 0.0), (10.5, 0.0, 1.0), (10.5, 1.0, 1.0), (0.0, 1.0, 0.0),
    ],
)  # fmt: skip
def test_a_lender_stops_below_its_minimum_and_lends_again_above_its_buffer(capital, was, now):
    v = Village(**RULES)
    lender, cloud, line = lender_of(v, capital, lending_open=was)
    before = Before(v)
    assert not v.run(check_lender, lender)
    assert v[lender].capital_ratio == near(capital / 64.0)
    assert v[lender].lending_open == now
    stopped = [(E_CREDIT_STOP, lender, -1, near(capital / 64.0))] if now < was else []
    called = [(E_CALLED, lender, cloud, 4.0)] if capital < 8.0 else []
    assert before.events() == stopped + called
    assert v.state.loans[line].principal == (3.25 if capital < 8.0 else 4.0)
    v.audit()


def test_capital_paid_in_counts_and_the_ratio_is_capped():
    v = Village(**RULES)
    bank, rich = v.lender(cash=1.0, other_assets=4.0, other_debt=3.0, other_weight=0.25), v.lender(cash=50.0)
    v.stake(SAVERS, bank, 1.0, 1.5)
    assert not v.run(check_lender, bank)
    assert not v.run(check_lender, rich)
    assert (v[bank].capital_ratio, v[rich].capital_ratio) == (2.0, 9.9)


def test_an_insolvent_lender_falls_where_no_one_rescues_it():
    v = Village(**RULES)
    lender, *_ = lender_of(v, -3.0)
    before = Before(v)
    assert v.run(check_lender, lender)
    assert before.firms() == near({(lender, "capital_ratio"): -3.0 / 64.0})
    assert before.events() == []
    assert before.market() == {}


def test_the_government_fills_a_part_of_the_hole_up_to_the_minimum():
    v = Village(**(RULES | {"backstop_share": 0.5}))
    lender, _, _ = lender_of(v, -3.0)
    before = Before(v)
    assert not v.run(check_lender, lender)
    changes = before.firms()
    assert changes[lender, "revenue"] == changes[lender, "retained"] == 5.5
    assert changes[GOVERNMENT, "cash"] == changes[GOVERNMENT, "retained"] == -5.5
    assert before.flows()[F_SUPPORT, OUTSIDE, LENDER] == 5.5
    assert before.market()["public_money"] == 5.5
    assert before.events()[0] == (E_BACKSTOP, lender, -1, 5.5)
    v.audit()


def test_a_rescue_that_is_too_small_saves_no_one():
    v = Village(**(RULES | {"backstop_share": 0.125}))
    lender, *_ = lender_of(v, -3.0)
    before = Before(v)
    assert v.run(check_lender, lender)
    assert before.firms() == near({
        (lender, "capital_ratio"): -1.625 / 64.0, (lender, "cash"): 1.375, (lender, "retained"): 1.375,
        (lender, "revenue"): 1.375, (GOVERNMENT, "cash"): -1.375, (GOVERNMENT, "retained"): -1.375,
    })  # fmt: skip
    assert before.events() == [(E_BACKSTOP, lender, -1, 1.375)]


def test_a_solvent_lender_is_not_rescued():
    v = Village(**(RULES | {"backstop_share": 0.5}))
    lender, *_ = lender_of(v, 0.0)
    before = Before(v)
    assert not v.run(check_lender, lender)
    assert before.market() == {"n_events": 2.0, "n_hits": 1.0}


def test_a_lender_rescued_up_to_its_minimum_goes_on_lending():
    v = Village(**(RULES | {"backstop_share": 1.0}))
    lender, *_ = lender_of(v, -3.0)
    before = Before(v)
    assert not v.run(check_lender, lender)
    assert v[lender].capital_ratio == 0.125
    assert before.events() == [(E_BACKSTOP, lender, -1, 11.0)]
    assert v[lender].lending_open == 1.0


# --- lines called ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("kind", "channel"), [(NEOCLOUD, FUNDING), (LENDER, LENDER_TO_LENDER)])
def test_a_called_line_is_paid_with_half_the_cash_and_the_rest_falls_due(kind, channel):
    v = Village()
    bank = v.lender(cash=2.0)
    firm = v.firm(kind, cash=1.5)
    line = v.loan(bank, firm, 4.0, limit=9.0, kind=WAREHOUSE, committed=0, months_left=30)
    before = Before(v)
    v.run(call_lines, bank)
    assert before.firms() == {
        (firm, "cash"): -0.75, (firm, "debt"): -0.75, (bank, "cash"): 0.75, (bank, "loans_held"): -0.75,
    }  # fmt: skip
    assert before.rows("loans") == {(line, "principal"): 3.25, (line, "limit"): 3.25, (line, "months_left"): 1}
    assert before.flows() == {(F_PRINCIPAL, kind, LENDER): 0.75}
    assert before.hits() == [(firm, bank, channel, 3.25)]
    assert before.events() == [(E_CALLED, bank, firm, 4.0)]
    v.audit()


@pytest.mark.parametrize(("cash", "left"), [(20.0, 0.0), (7.0, 0.5), (0.0, 4.0), (-3.0, 4.0)])
def test_who_has_cash_repays_a_called_line_and_who_has_none_pays_nothing(cash, left):
    v = Village()
    bank, cloud = v.lender(), v.neocloud(cash=cash)
    line = v.loan(bank, cloud, 4.0, committed=0)
    before = Before(v)
    v.run(call_lines, bank)
    assert cells(v.state.loans[line], "principal", "limit", "months_left") == (left, left, 1)
    assert before.hits() == ([(cloud, bank, FUNDING, left)] if left else [])


@pytest.mark.parametrize(
    ("columns", "called"),
    [
        ({}, True), ({"committed": 1}, False), ({"status": ENDED}, False), ({"principal": 0.0}, False),
        ({"months_left": 1}, False), ({"months_left": 2}, True),
    ],
)  # fmt: skip
def test_only_lines_that_can_be_called_and_still_run_are_called(columns, called):
    v = Village()
    bank, other, cloud = v.lender(), v.lender(), v.neocloud(cash=1.0)
    v.loan(other, cloud, 3.0, committed=0)
    line = v.loan(bank, cloud, 4.0, committed=0)
    for column, value in columns.items():
        v.state.loans[line][column] = value
    before = Before(v)
    v.run(call_lines, bank)
    assert len(before.events()) == called
    assert v[cloud].cash == (0.5 if called else 1.0)


# --- rounds ---------------------------------------------------------------------------------------------------
COVENANT = {"cash_sweep": 0.0, "acceleration_ltv": 1.5, "acceleration_cover": 0.9}


def under_water(v, bank, debt=7.0, **columns):
    """A cloud with 3 in cash and sites of 8 that must owe no more than 4 on them."""
    cloud = v.neocloud(**({"cash": 3.0, "sites": 8.0, "dscr": 0.5} | columns))
    v.loan(bank, cloud, debt, collateral=SITE_COLLATERAL, covenant_ltv=0.5)
    return cloud


def test_a_calm_round_marks_fleets_adds_up_claims_and_ends():
    v = Village(**COVENANT)
    v.market.stage = 4
    bank, cloud = v.lender(cash=9.0), v.neocloud(fleet_mark=99.0)
    v.loan(bank, cloud, 2.0)
    v[cloud].debt = v[bank].loans_held = 55.0
    v.run(spread)
    assert v.market.stage == 5
    assert v[cloud].fleet_mark == 0.0
    assert v[cloud].debt == v[bank].loans_held == 2.0
    assert defaults(v) == []


def test_a_firm_that_cannot_pay_what_is_called_fails_for_want_of_collateral():
    v = Village(**COVENANT)
    v.market.month, v.market.stage = 30, 4
    bank, other = v.lender(cash=50.0), v.neocloud()
    cloud = under_water(v, bank)
    # A mark that another firm's fire sale took explains the failure only because the loan was called.
    hit(v, cloud, other, COLLATERAL, 5.0)
    v.run(spread)
    assert defaults(v) == [(cloud, 5, 4.0, 0)]
    assert v[cloud].status == FAILED
    assert v.market.stage == 6
    v.audit()


def test_a_lender_that_loses_its_capital_fails_in_turn():
    v = Village(**COVENANT)
    v.market.stage = 4
    bank, cloud = v.lender(cash=1.0, other_debt=9.0), v.neocloud()
    v.loan(bank, cloud, 6.0)
    safe = v.lender(cash=9.0)
    v.close()
    v.run(spread)
    assert defaults(v) == [(bank, 5, 2.0, 1)]
    assert v[safe].status == v[cloud].status == ACTIVE
    assert v[safe].capital_ratio == 9.9
    v.audit()


def test_a_lender_of_an_earlier_row_falls_a_round_after_the_one_that_owed_it():
    v = Village(**COVENANT, loan_book_recovery=0.5)
    bank = v.lender(cash=1.0, other_debt=4.0)
    fund, cloud = v.lender(subkind=PRIVATE_CREDIT, other_debt=2.0), v.neocloud()
    v.loan(fund, cloud, 4.0)
    v.loan(bank, fund, 5.0, kind=WAREHOUSE)
    v.run(spread)
    assert [row[:2] + row[3:] for row in defaults(v)] == [(fund, 1, 1), (bank, 2, 0)]
    assert v.market.stage == 3
    v.audit()


def test_a_lender_of_a_later_row_is_not_thought_to_have_failed_of_itself():
    v = Village(**COVENANT, loan_book_recovery=0.5)
    fund, cloud = v.lender(subkind=PRIVATE_CREDIT, other_debt=2.0), v.neocloud()
    bank = v.lender(cash=1.0, other_debt=4.0)
    v.loan(fund, cloud, 4.0)
    v.loan(bank, fund, 5.0, kind=WAREHOUSE)
    v.run(spread)
    assert [row[0] for row in defaults(v)] == [fund, bank]
    assert v.state.defaults[1].fundamental == 0


def test_a_lender_that_falls_with_a_called_borrower_is_not_thought_to_have_failed_of_itself():
    v = Village(**COVENANT, site_recovery=0.25)
    bank = v.lender(cash=1.0, other_debt=7.0)
    cloud = under_water(v, bank, cash=0.0)
    v.run(spread)
    assert [row[0] for row in defaults(v)] == [cloud, bank]
    assert v.state.defaults[1].fundamental == 0


def test_a_firm_brought_down_fails_by_decree_with_all_that_follows():
    v = Village()
    v.market.month, v.market.stage = 30, 7
    lab, bank = v.lab(), v.lender(cash=1.0, other_debt=3.0)
    cloud = v.neocloud(debt_service=0.5, invoiced_out=0.25, fixed_cost=0.125)
    other = v.neocloud(cash=1.0, debt_service=9.0)
    v.loan(bank, cloud, 4.0)
    v.loan(bank, other, 0.5, rate=0.24)
    hit(v, cloud, lab, COUNTERPARTY, 5.0)
    v.run(bring_down, cloud)
    assert defaults(v) == [(cloud, 1, 0.875, 1), (bank, 2, 1.5, 0)]
    assert v.market.stage == 3
    # Claims and ratios are taken anew.
    assert v[other].debt_service == near(0.01)
    v.audit()


def test_defaults_of_the_clearing_are_resolved_round_by_round():
    v = Village(fire_recovery=0.25)
    v.market.month, v.market.fire_discount = 30, 0.8
    v.state.work_space[0, :] = 99.0
    early, late, fine = v.neocloud(), v.neocloud(), v.neocloud(debt_service=7.0)
    late_due = [due(v, DUE_INVOICE, late, fine, 4.0), due(v, DUE_OPERATING, late, SUPPLIERS, 2.0)]
    early_due = due(v, DUE_INVOICE, early, late, 3.0)
    due(v, DUE_INVOICE, fine, early, 9.0)
    v.state.dues.paid[late_due] = (1.0, 0.5)
    v.state.dues.paid[early_due] = 0.25
    v.state.default_round[late], v.state.default_round[early] = 1, 3
    # A lost mark explains no default for want of cash.
    hit(v, late, fine, COLLATERAL, 50.0)
    hit(v, early, fine, COUNTERPARTY, 50.0)
    v.close()
    v.run(aftermath)
    assert defaults(v) == [(late, 1, 4.5, 1), (early, 3, 2.75, 0)]
    assert v[fine].status == ACTIVE
    assert v.market.stage == 4
    assert v.market.fire_discount == near(0.6)
    assert v[fine].debt_service == 0.0
    v.audit()


def test_firms_of_one_round_fail_in_the_order_of_their_rows():
    v = Village()
    first, second, third = v.neocloud(), v.neocloud(), v.neocloud()
    v.state.default_round[[first, second, third]] = (2, 1, 2)
    v.run(aftermath)
    assert [row[:2] for row in defaults(v)] == [(second, 1), (first, 2), (third, 2)]


@pytest.mark.parametrize(
    ("columns", "fails"),
    [({}, True), ({"stops_paying": 1.9}, False), ({"status": FAILED}, False), ({"kind": OUTSIDE}, False)],
)
def test_a_firm_that_a_shock_stops_for_good_fails_by_decree(columns, fails):
    v = Village()
    v.market.month = 30
    lab = v.lab()
    usual = {"kind": NEOCLOUD, "stops_paying": 2.0, "debt_service": 0.5, "invoiced_out": 0.25, "fixed_cost": 0.125}
    firm = v.firm(**(usual | columns))
    hit(v, firm, lab, COUNTERPARTY, 5.0)
    v.close()
    v.run(aftermath)
    assert defaults(v) == ([(firm, 1, 0.875, 1)] if fails else [])
    assert v.market.stage == 2


@pytest.mark.parametrize("round_", [1, 2])
def test_a_stopped_firm_that_failed_in_the_clearing_keeps_its_round_and_shortfall(round_):
    v = Village()
    v.market.month = 30
    lab, cloud = v.lab(), v.neocloud(stops_paying=2.0, fixed_cost=9.0)
    v.state.dues.paid[due(v, DUE_OPERATING, cloud, SUPPLIERS, 4.0)] = 1.0
    v.state.default_round[cloud] = round_
    hit(v, cloud, lab, COUNTERPARTY, 5.0)
    v.close()
    v.run(aftermath)
    assert defaults(v) == [(cloud, round_, 3.0, 1)]


@pytest.mark.parametrize(
    ("kind", "overpay", "walks"), [("lab", 6.0, True), ("lab", 5.0, False), ("neocloud", 6.0, False)]
)
def test_owners_of_a_lab_walk_away_from_contracts_worth_more_than_it(kind, overpay, walks):
    v = Village(walk_away=0.5)
    v.market.month = 30
    cloud = v.hyperscaler()
    firm = getattr(v, kind)(overpay=overpay, valuation=11.0, debt_service=0.5)
    hit(v, firm, cloud, COUNTERPARTY, 50.0)
    v.close()
    v.run(aftermath)
    assert defaults(v) == ([(firm, 1, overpay, 0)] if walks else [])
