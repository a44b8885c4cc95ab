"""Lenders' other books, marks, redemptions, gates, margins and growth."""

import math

import pytest
from before import Before, near
from village import Village

from abm.agents.lender import calls_capital, economic_capital, grow_lender, size_loan, swing_appetite
from abm.distress.lender_books import (
    keep_books,
    lose_other_book,
    mark_books,
    meet_margin,
    meet_redemptions,
    sector_loss,
)
from abm.distress.lenders import check_lender, margin_due
from abm.engine.tables import (
    AI_FUND,
    BANK,
    BROKEN,
    COUNTERPARTY,
    E_CALLED,
    E_CREDIT_STOP,
    F_EQUITY,
    F_FUNDING,
    F_PRINCIPAL,
    F_SECONDHAND,
    FAILED,
    FLEET_COLLATERAL,
    HOLDINGS_COLLATERAL,
    HY_BONDS,
    HYPERSCALER,
    IG_BONDS,
    INSURER,
    LENDER,
    LENDER_TO_LENDER,
    OUTSIDE,
    PRIVATE_CREDIT,
    SAVERS,
    SECURITISATION,
    SPONSOR,
    WAREHOUSE,
)


def hit(v, victim, source, amount, channel=COUNTERPARTY):
    """A loss that a firm brought on another."""
    h = v.state.hits[int(v.market.n_hits)]
    h.stage, h.victim, h.source, h.channel, h.amount = 1, victim, source, channel, amount
    v.market.n_hits += 1


# --- what the loan table does not know --------------------------------------------------------------------------
def test_the_sector_loses_what_lenders_lose_on_firms_that_live_off_ai():
    v = Village()
    bank, fund = v.lender(), v.lender(subkind=AI_FUND)
    cloud, lab, project, hyper, vendor = v.neocloud(), v.lab(), v.project(), v.hyperscaler(), v.vendor()
    for borrower in (cloud, lab, project, hyper):
        v.loan(bank, borrower, 2.0)
    v.loan(bank, cloud, 70.0, status=BROKEN)
    v.loan(vendor, cloud, 50.0)
    hit(v, bank, cloud, 90.0)
    v.market.seen_hits = 1
    hit(v, bank, cloud, 1.0)
    hit(v, fund, lab, 0.5)
    hit(v, bank, project, 0.5)
    for victim, source, channel in ((bank, hyper, COUNTERPARTY), (vendor, cloud, COUNTERPARTY),
                                    (bank, cloud, LENDER_TO_LENDER), (bank, -1, COUNTERPARTY)):  # fmt: skip
        hit(v, victim, source, 30.0, channel)
    # Two lost; six of loans to the cloud, the lab and the project are left.
    assert v.run(sector_loss) == near(2.0 / 8.0)
    assert v.run(sector_loss) == 0.0, "felt once"


@pytest.mark.parametrize(
    ("subkind", "yearly"),
    [(BANK, 0.06), (INSURER, 0.06), (PRIVATE_CREDIT, 0.12), (AI_FUND, 0.12), (HY_BONDS, 0.12), (SECURITISATION, 0.12)],
)
def test_an_other_book_loses_with_the_sector_and_with_the_common_factor(subkind, yearly):
    v = Village(common_onset=0.9, common_loss_regulated=0.06, common_loss_fund=0.12)
    v.market.sentiment = 0.4
    i = v.lender(subkind=subkind, other_assets=50.0, ai_other=10.0, other_weight=0.5)
    v.close()
    before = Before(v)
    common = yearly / 12.0 * 0.5 * 0.5 * 40.0
    assert v.run(lose_other_book, i, 0.2) == near(2.0 + common)
    assert before.firms() == near({
        (i, "ai_other"): -2.0, (i, "other_assets"): -2.0 - common, (i, "loss_month"): 2.0,
        (i, "write_off"): 2.0 + common, (i, "retained"): -2.0 - common,
    })  # fmt: skip
    v.audit()


def test_in_good_and_ordinary_times_the_other_book_loses_nothing():
    v = Village(common_onset=0.9)
    v.market.sentiment = 0.9
    i = v.lender(other_assets=50.0, ai_other=10.0)
    v.close()
    assert v.run(lose_other_book, i, 0.0) == 0.0


# --- marks --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("subkind", "marks"),
    [(IG_BONDS, True), (HY_BONDS, True), (SECURITISATION, True), (PRIVATE_CREDIT, True), (AI_FUND, True),
     (BANK, False), (INSURER, False), (SPONSOR, False)],
)  # fmt: skip
def test_funds_mark_what_a_loan_lacks_in_spread_times_its_duration(subkind, marks):
    v = Village(loss_given_default=0.5, loss_given_default_secured=0.4)
    v.market.base_rate = 0.05
    i, cloud, safe = v.lender(subkind=subkind, unrealised=0.1), v.neocloud(pd=0.2), v.neocloud(pd=0.1)
    v.loan(i, cloud, 10.0, rate=0.09, months_left=24)
    v.loan(i, cloud, 10.0, rate=0.03, months_left=24, amortising=1, collateral=FLEET_COLLATERAL)
    v.loan(i, safe, 10.0, rate=0.12, months_left=24)
    v.loan(i, cloud, 10.0, rate=0.05, months_left=240)
    v.loan(i, cloud, 10.0, rate=0.05, months_left=240, status=BROKEN)
    v.run(mark_books)
    # Six points are missing for two years; eight points for one; none; ten points for twenty years are all it can lose.
    lost = 10.0 * (0.06 * 2.0 + 0.08 + 0.5) if marks else 0.0
    assert v[i].unrealised == near(lost)
    assert v[i].mark_move == near(lost - 0.1)


def test_marks_count_against_limits_in_part_and_move_appetite():
    v = Village(mark_weight=0.5, large_exposure_limit=0.25, appetite_drift=0.0, loss_fear=2.0)
    v.market.sentiment = 0.75
    i, cloud = v.lender(subkind=HY_BONDS, cash=40.0, unrealised=8.0, mark_move=8.0, ai_limit=16.0), v.neocloud()
    v.close()
    assert v.run(economic_capital, i) == 36.0
    assert v.run(size_loan, i, cloud, 99.0, 0.0) == 9.0
    assert v.run(swing_appetite, i) == near(1.0 - 2.0 * 4.0 / 16.0)
    v[i].loss_month, v[i].mark_move = 1.0, -8.0
    assert v.run(swing_appetite, i) == 1.0
    v[i].gated = 1
    assert v.run(size_loan, i, cloud, 99.0, 0.0) == 0.0


# --- redemptions --------------------------------------------------------------------------------------------------
OPEN = {"redemption_fear": 2.0, "redemption_gate": 0.06, "asset_sale_price": 0.8, "asset_sale_pace": 0.5,
        "lender_cash": 0.0}  # fmt: skip


def test_a_private_fund_pays_what_is_asked_below_its_gate():
    v = Village(**OPEN)
    i = v.lender(subkind=PRIVATE_CREDIT, redeemable=0.5, cash=0.3, other_assets=99.7)
    v.close()
    before = Before(v)
    # Half of a hundred may be asked back; it lost 0.4 % and is asked for 0.8 % of that half.
    assert v.run(meet_redemptions, i, 0.4) == near(0.4)
    assert before.flows() == near({(F_EQUITY, LENDER, OUTSIDE): 0.4, (F_SECONDHAND, OUTSIDE, LENDER): 0.1})
    # An eighth of a bn of the other book brought the tenth that was missing.
    assert before.firms() == near({
        (i, "cash"): -0.3, (i, "other_assets"): -0.125, (i, "retained"): -0.425, (i, "write_off"): 0.025,
        (SAVERS, "cash"): 0.3, (SAVERS, "retained"): 0.3,
    })  # fmt: skip
    assert (v[i].gated, v[i].asked) == (0, near(0.0, abs=1e-12))
    v.audit()


def test_a_private_fund_gates_what_is_more_than_its_gate_and_owes_the_rest():
    v = Village(**OPEN)
    i = v.lender(subkind=PRIVATE_CREDIT, redeemable=0.5, cash=10.0, other_assets=90.0)
    v.close()
    # Five lost: a tenth of the half is asked for; a third of six per cent is paid.
    assert v.run(meet_redemptions, i, 5.0) == near(1.0)
    assert (v[i].gated, v[i].asked) == (1, near(0.08))
    # Gains call requests off, and the gate opens.
    assert v.run(meet_redemptions, i, -5.0) == 0.0
    assert (v[i].gated, v[i].asked) == (0, 0.0)
    v.audit()


def test_a_bond_fund_pays_units_as_its_sales_allow_and_never_gates():
    v = Village(**OPEN)
    i = v.lender(subkind=IG_BONDS, redeemable=0.2, other_assets=100.0, other_debt=3.0, funding=77.0, asked=0.1)
    v.close()
    before = Before(v)
    # A fifth of its hundred, a tenth of it asked for already; ten lost, so that 20 % more is asked back: six.
    assert v.run(meet_redemptions, i, 10.0) == near(6.0)
    assert before.flows() == near({(F_FUNDING, LENDER, OUTSIDE): 6.0, (F_SECONDHAND, OUTSIDE, LENDER): 6.0})
    assert before.firms()[i, "other_debt"] == -3.0
    assert before.firms()[i, "funding"] == near(-3.0)
    assert v[i].gated == 0
    v.audit()


def test_a_bond_fund_with_more_capital_than_units_pays_no_more_than_these():
    v = Village(**OPEN)
    i = v.lender(subkind=IG_BONDS, redeemable=0.9, other_assets=100.0, other_debt=0.5, funding=0.2, asked=0.1)
    v.close()
    assert v.run(meet_redemptions, i, 10.0) == near(0.7)
    assert (v[i].other_debt, v[i].funding) == (0.0, near(0.0))
    v.audit()


@pytest.mark.parametrize("columns", [{"redeemable": 0.0}, {"other_debt": 200.0}])
def test_who_owes_its_investors_nothing_pays_nothing(columns):
    v = Village(**OPEN)
    i = v.lender(**({"subkind": PRIVATE_CREDIT, "redeemable": 0.5, "cash": 10.0, "other_assets": 90.0} | columns))
    v.close()
    assert v.run(meet_redemptions, i, 5.0) == 0.0


# --- margins ------------------------------------------------------------------------------------------------------
def pool(v, **columns):
    """A fund with 10 lent and 8 on a line, of which two thirds of its pool would carry 6 at a mark of 1 less."""
    bank, cloud = v.lender("bank"), v.neocloud()
    usual = {"subkind": AI_FUND, "unrealised": 1.0, "other_assets": 20.0}
    fund = v.lender("fund", **(usual | columns))
    v.loan(fund, cloud, 10.0)
    line = v.loan(bank, fund, 8.0, kind=WAREHOUSE, committed=0, collateral=HOLDINGS_COLLATERAL)
    return bank, fund, line


MARGIN = {"warehouse_advance": 2.0 / 3.0, "funding_access": 0.02, "asset_sale_price": 0.8, "asset_sale_pace": 0.5,
          "lender_cash": 0.0}  # fmt: skip


def test_a_fund_meets_a_margin_call_with_new_money_and_then_by_sales():
    v = Village(**MARGIN)
    _, fund, line = pool(v)
    assert v.run(margin_due, fund) == near(2.0)
    worth = float(v[fund].paid_in + v[fund].retained)
    before = Before(v)
    v.run(meet_margin, fund)
    raised = 0.02 * worth
    assert before.flows() == near({
        (F_FUNDING, OUTSIDE, LENDER): raised, (F_SECONDHAND, OUTSIDE, LENDER): 2.0 - raised,
        (F_PRINCIPAL, LENDER, LENDER): 2.0,
    })  # fmt: skip
    assert v.rows("loans")[line].principal == near(6.0)
    assert v.run(margin_due, fund) == near(0.0, abs=1e-12)
    assert v[fund].lending_open == 1.0
    assert before.events() == []
    v.audit()


def test_a_fund_that_cannot_meet_a_margin_call_closes_and_its_line_falls_due():
    v = Village(**MARGIN | {"asset_sale_pace": 0.0, "funding_access": 0.0})
    bank, fund, line = pool(v, cash=0.5, min_capital=0.01)
    before = Before(v)
    v.run(meet_margin, fund)
    assert v.rows("loans")[line].principal == near(7.5)
    assert v.rows("loans")[line].months_left == 1
    assert v[fund].lending_open == 0.0
    assert before.events() == [(E_CALLED, bank, fund, 7.5), (E_CREDIT_STOP, fund, -1, 0.0)]
    # Its capital is ample, but the pool does not cover the line: what the call has closed stays closed.
    assert not v.run(check_lender, fund)
    assert v[fund].lending_open == 0.0
    v[fund].unrealised = -1.5
    assert not v.run(check_lender, fund)
    assert v[fund].lending_open == 1.0
    v.audit()


def test_a_covered_line_is_left_alone():
    v = Village(**MARGIN)
    _, fund, _ = pool(v, unrealised=-2.0)
    before = Before(v)
    v.run(meet_margin, fund)
    assert before.firms() == {}


# --- losses that are the investors' -------------------------------------------------------------------------------
@pytest.mark.parametrize("subkind", [IG_BONDS, HY_BONDS, SECURITISATION])
def test_losses_beyond_the_capital_of_an_unlevered_fund_are_its_investors(subkind):
    v = Village(backstop_share=0.0)
    i = v.lender(subkind=subkind, other_assets=10.0, other_debt=1.5, funding=11.0)
    v.close()
    before = Before(v)
    assert not v.run(check_lender, i)
    assert before.firms() == near({
        (i, "other_debt"): -1.5, (i, "funding"): -1.0, (i, "retained"): 2.5, (i, "write_off"): -2.5,
        (i, "lending_open"): -1.0, (SAVERS, "other_assets"): -2.5, (SAVERS, "retained"): -2.5,
        (SAVERS, "write_off"): 2.5,
    })  # fmt: skip
    v.audit()


def test_units_and_notes_are_written_off_by_no_more_than_the_hole():
    v = Village(backstop_share=0.0)
    i = v.lender(subkind=IG_BONDS, other_assets=10.0, other_debt=12.0, funding=1.0)
    v.close()
    assert not v.run(check_lender, i)
    assert (v[i].other_debt, v[i].funding) == (near(9.0), 1.0)


@pytest.mark.parametrize("subkind", [BANK, INSURER, PRIVATE_CREDIT, AI_FUND])
def test_a_lender_with_creditors_fails_by_them(subkind):
    v = Village(backstop_share=0.0)
    i = v.lender(subkind=subkind, other_assets=10.0, other_debt=12.5)
    v.close()
    assert v.run(check_lender, i)


@pytest.mark.parametrize(("hole", "falls"), [(3.3e-5, False), (1e-2, True)])
def test_nobody_fails_for_what_sums_of_cash_lose(hole, falls):
    v = Village(backstop_share=0.0)
    bank = v.lender(other_assets=1e5, other_debt=1e5 + hole)
    v.close()
    assert bool(v.run(check_lender, bank)) is falls


# --- growth -------------------------------------------------------------------------------------------------------
GROWTH = {"lender_growth": 1.5, "growth_fade": 0.3, "lender_growth_long_run": 0.04, "mandate_growth": 0.12}
PACE = 1.5 * 0.24 * 0.8 / 12.0


@pytest.mark.parametrize("subkind", [BANK, INSURER, IG_BONDS, HY_BONDS, PRIVATE_CREDIT])
def test_lenders_grow_in_kind_with_their_class_and_their_appetite(subkind):
    v = Village(**GROWTH)
    i = v.lender(
        subkind=subkind, book_growth=0.24, appetite=0.8, ai_limit=7.0, other_assets=40.0, ai_other=4.0, other_debt=30.0,
        cash=2.0,
    )  # fmt: skip
    v.stake(SAVERS, i, 1.0, 5.0)
    before = Before(v)
    v.run(grow_lender, i)
    found = before.firms()
    units = {(i, "paid_in"): 12.0 * PACE, (SAVERS, "holdings"): 12.0 * PACE}
    kept = {(i, "retained"): 12.0 * PACE, (i, "revenue"): 12.0 * PACE}
    gave = 30.0 * PACE if subkind in (BANK, INSURER) else 42.0 * PACE
    assert found == near({
        (i, "ai_limit"): 7.0 * (math.exp(PACE + 0.12 * 0.8 / 12.0) - 1.0), (i, "book_growth"): -0.3 / 12.0 * 0.2,
        (i, "other_assets"): 42.0 * PACE, (i, "ai_other"): 4.0 * PACE, (i, "other_debt"): 30.0 * PACE,
        (SAVERS, "other_assets"): 30.0 * PACE, (SAVERS, "retained"): gave, (SAVERS, "revenue"): gave,
    } | (kept if subkind in (BANK, INSURER) else units))  # fmt: skip
    assert before.flows() == {}
    v.audit()


@pytest.mark.parametrize("subkind", [AI_FUND, SECURITISATION])
def test_a_dedicated_fund_calls_money_that_stands_in_for_debt_until_it_is_lent(subkind):
    v = Village(**GROWTH, capital_requirement=1.0, capital_buffer=0.0)
    i = v.lender(subkind=subkind, book_growth=0.24, appetite=0.8, other_assets=40.0, other_debt=0.1, funding=27.9,
                 other_weight=1.0, min_capital=0.3)  # fmt: skip
    v.stake(SAVERS, i, 1.0, 5.0)
    before = Before(v)
    v.run(grow_lender, i)
    called = 12.0 * PACE
    assert before.flows() == near({(F_EQUITY, OUTSIDE, LENDER): called, (F_FUNDING, LENDER, OUTSIDE): called})
    found = before.firms()
    assert found[i, "paid_in"] == near(called)
    assert found[i, "other_debt"] == -0.1
    assert found[i, "funding"] == near(0.1 - called)
    assert (i, "cash") not in found
    assert (i, "other_assets") not in found
    v.audit()


def test_called_money_repays_no_more_debt_than_it_is():
    v = Village(**GROWTH, capital_requirement=1.0, capital_buffer=0.0)
    i = v.lender(subkind=AI_FUND, book_growth=0.24, appetite=0.8, other_assets=40.0, other_debt=28.0, other_weight=1.0,
                 min_capital=0.3)  # fmt: skip
    v.stake(SAVERS, i, 1.0, 5.0)
    v.run(grow_lender, i)
    assert v[i].other_debt == near(28.0 - 12.0 * PACE)
    assert v[i].cash == near(0.0, abs=1e-12)
    v.audit()


@pytest.mark.parametrize(("capital", "calls"), [(15.9, True), (16.1, False)])
def test_money_is_called_while_capital_carries_less_than_a_years_growth_more(capital, calls):
    v = Village(capital_requirement=1.25, capital_buffer=0.2)
    # A third of 40 is required with the buffer, and a fifth more for a year's growth.
    i = v.lender(subkind=AI_FUND, other_assets=40.0, other_debt=40.0 - capital, other_weight=1.0, min_capital=1 / 4.5)
    v.close()
    assert bool(v.run(calls_capital, i, 0.2 / 12.0)) is calls


@pytest.mark.parametrize("columns", [{"lending_open": 0.0}, {"gated": 1}, {"other_debt": 50.0}, {"book_growth": 0.0}])
def test_who_is_closed_gated_or_worth_nothing_does_not_grow(columns):
    v = Village(**GROWTH)
    i = v.lender(**({"book_growth": 0.24, "other_assets": 40.0, "other_debt": 30.0, "ai_limit": 7.0} | columns))
    v.close()
    before = Before(v)
    v.run(grow_lender, i)
    assert before.firms() == {}


# --- the month ----------------------------------------------------------------------------------------------------
def test_a_months_losses_reach_every_lender_but_sponsors_and_failed_ones():
    v = Village(common_onset=1.0, common_loss_regulated=0.12, common_loss_fund=0.24, **OPEN)
    v.market.sentiment = 0.5
    columns = {"other_assets": 100.0, "ai_other": 50.0, "other_weight": 1.0, "redeemable": 0.5}
    bank, fund = v.lender(**columns | {"redeemable": 0.0}), v.lender(subkind=PRIVATE_CREDIT, **columns)
    sponsor, gone = v.lender(subkind=SPONSOR, **columns), v.lender(status=FAILED, **columns)
    cloud = v.neocloud()
    v.loan(bank, cloud, 9.0)
    hit(v, bank, cloud, 1.0)
    before = Before(v)
    v.run(keep_books)
    found = before.firms()
    # A tenth of the known loans was lost: 5 of 50; of the rest half a per cent, a whole one of the fund's.
    assert found[bank, "other_assets"] == near(-5.25)
    # The fund lost 5.5 of its hundred: 11 % of half of what is left are asked back, and a gate's part paid.
    assert (v[fund].gated, v[fund].asked) == (1, near(0.11 * 100.0 / 94.5 - 0.02, rel=1e-3))
    assert found[fund, "loss_month"] == near(5.0)
    assert not {i for i, _ in found} & {sponsor, gone}
    v.audit()


def test_a_hyperscalers_bonds_are_no_measure_of_the_sector():
    v = Village()
    bank, hyper = v.lender(), v.firm(HYPERSCALER)
    v.loan(bank, hyper, 5.0)
    hit(v, bank, hyper, 1.0)
    assert v.run(sector_loss) == 0.0
