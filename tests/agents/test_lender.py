"""Lenders: their judgement of a borrower, what they lend, at what rate, and their appetite."""

import pytest
from village import Village

from abm.agents.lender import (
    accept_amendment,
    accepts_kind,
    debt_capacity,
    forced_value,
    price_loan,
    size_loan,
    swing_appetite,
)
from abm.engine.tables import (
    BANK,
    BOND,
    DDTL,
    HY_BONDS,
    IG_BONDS,
    MARGIN,
    PRIVATE_CREDIT,
    PROJECT,
    REVOLVER,
    SECURITISATION,
    SPONSOR,
    VENDOR_LOAN,
    WAREHOUSE,
)


def near(value):
    return pytest.approx(value, rel=1e-12)


# --- kinds of loans -------------------------------------------------------------------------------------
KINDS = (DDTL, BOND, REVOLVER, PROJECT, WAREHOUSE, VENDOR_LOAN, MARGIN)
MADE = {
    BANK: ({DDTL, REVOLVER, PROJECT, WAREHOUSE, VENDOR_LOAN, MARGIN}, 0.11),
    PRIVATE_CREDIT: ({DDTL, PROJECT, VENDOR_LOAN, MARGIN}, 0.36),
    IG_BONDS: ({BOND, PROJECT}, 0.013),
    HY_BONDS: ({BOND}, 0.21),
    SECURITISATION: ({DDTL, PROJECT}, 0.06),
    SPONSOR: (set(), 0.01),
}


@pytest.mark.parametrize("subkind", MADE)
def test_each_lender_makes_its_kinds_of_loan_below_its_limit_of_risk(subkind):
    v = Village(
        bank_risk_limit=0.11, fund_risk_limit=0.36, investment_grade_limit=0.013, high_yield_limit=0.21,
        securitisation_limit=0.06,
    )  # fmt: skip
    kinds, limit = MADE[subkind]
    lender = v.lender(subkind=subkind)
    assert {kind for kind in KINDS if v.run(accepts_kind, lender, kind, limit - 1e-4)} == kinds
    assert not any(v.run(accepts_kind, lender, kind, limit) for kind in KINDS)


# --- debt capacity --------------------------------------------------------------------------------------
def capacity(tenor=2.0, **columns):
    """At 12 % a year, 1 is repaid in two months by 0.010201 / 0.0201 a month."""
    v = Village(
        spot_credit=0.5, target_utilisation=0.8, loss_given_default_secured=0.5, lending_margin=0.06,
        loan_tenor=tenor, lending_cover=1.25, loss_given_default=0.9,
    )  # fmt: skip
    v.market.base_rate, v.market.spot_price, v.market.contract_price = 0.05, 7.0, 6.0
    usual = {
        "capacity": 2.0, "on_order": 1.0, "promised_out": 2.2, "promised_rent": 5.0, "mean_cost": 1.2, "pd": 0.02,
        "expected_spot": 2.5, "operating_cost": 3.3, "invoiced_in": 4.4,
    }  # fmt: skip
    return float(v.run(debt_capacity, v.neocloud(**(usual | columns))))


LEVEL = 0.010201 / 0.0201 * 1.25
FREE = 0.5 * 0.8 * 0.8 * 2.5 * 0.73  # half the rent of 0.8 M H100e let at 80 %


def test_lenders_let_a_neocloud_carry_what_its_rent_can_service():
    # cost 1.2 on 2.0 M H100e is 1.8 on 3.0
    assert capacity() == near((5.0 + FREE - 1.8) / LEVEL)


def test_capacity_all_promised_has_no_free_rent():
    assert capacity(promised_out=4.0) == near(3.2 / LEVEL)


def test_without_a_fleet_no_cost_is_known():
    assert capacity(capacity=0.0, on_order=3.0) == near((5.0 + FREE) / LEVEL)


def test_costs_above_the_rent_carry_no_debt():
    assert capacity(mean_cost=9.0) == 0.0


def test_the_expected_loss_is_part_of_the_service_reckoned_with():
    # pd 10 % is 4 points more: 16 % a year, 4/300 a month, repaid in one
    assert capacity(tenor=1.0, pd=0.1) == near((3.2 + FREE) / ((1 + 0.16 / 12) * 1.25))


# --- forbearance ----------------------------------------------------------------------------------------
def forbears(lending_open=1.0, **columns):
    v = Village(amendment_cover=0.6, distressed_factor=0.45, site_recovery=0.6, loan_amendment=1.1)
    bank = v.lender(lending_open=lending_open, dscr=0.1)
    usual = {"dscr": 0.7, "fleet_mark": 10.0, "fleet_book": 30.0, "sites": 5.0, "debt": 7.0}
    return bool(v.run(accept_amendment, bank, v.neocloud(**(usual | columns))))


def test_a_lender_forbears_when_a_forced_sale_brings_less_than_is_owed():
    # 0.45 * 10 + 0.6 * 5 = 7.5 against 1.1 times the debt
    assert forbears(debt=6.9)
    assert not forbears(debt=6.8)


def test_a_forced_sale_of_sites_brings_less_where_much_debt_has_failed():
    v = Village(distressed_factor=0.45, site_recovery=0.6, distress_normal=0.02, distress_elasticity=0.5)
    v.market.distress = 0.08
    assert v.run(forced_value, v.neocloud(fleet_mark=10.0, sites=5.0)) == near(4.5 + 1.5)


def test_a_sale_that_brings_just_what_is_owed_is_preferred():
    assert not forbears(debt=0.0, fleet_mark=0.0, sites=0.0)


def test_a_lender_short_of_capital_does_not_forbear():
    assert forbears(lending_open=0.5)
    assert not forbears(lending_open=0.49)


def test_a_borrower_must_earn_a_good_part_of_its_service():
    assert forbears(dscr=0.6)
    assert not forbears(dscr=0.59)


# --- the rate -------------------------------------------------------------------------------------------
def rate(secured=0, appetite=1.0, spread=1.0, pd=0.05):
    v = Village(
        loss_given_default=0.6, loss_given_default_secured=0.4, return_on_capital=0.12, lender_cost=0.008,
        appetite_spread=spread, base_rate=0.2,
    )  # fmt: skip
    v.market.base_rate = 0.04
    bank = v.lender(min_capital=0.1, appetite=appetite, pd=0.5)
    return float(v.run(price_loan, bank, v.neocloud(pd=pd, min_capital=0.7, appetite=3.0), secured))


def test_a_rate_is_base_rate_expected_loss_capital_and_cost():
    assert rate() == near(0.04 + 0.03 + 0.012 + 0.008)


def test_collateral_lowers_the_expected_loss():
    assert rate(secured=1) == near(0.04 + 0.02 + 0.012 + 0.008)


@pytest.mark.parametrize(
    ("appetite", "spread", "times"), [(0.5, 1.0, 2.0), (0.25, 0.5, 2.0), (1.25, 1.0, 0.8), (0.5, 0.0, 1.0)]
)
def test_appetite_scales_the_spread_and_not_the_base_rate(appetite, spread, times):
    assert rate(appetite=appetite, spread=spread) == near(0.04 + 0.05 * times)


def test_no_rate_is_above_forty_per_cent():
    assert rate(pd=0.55) == near(0.04 + 0.35)
    assert rate(pd=0.6) == 0.4


# --- the amount -----------------------------------------------------------------------------------------
def lent(amount=90.0, owed=1.5, **changes):
    """A lender with 12 bn paid in and 8 retained, whose limits are out of reach unless changed."""
    parameters = {
        "large_exposure_limit": 10.0, "lender_capital": 0.9, "capital_requirement": 1.25, "capital_buffer": 0.6,
        "loan_risk_weight": 1.5,
    }  # fmt: skip
    columns = {
        "paid_in": 12.0, "retained": 8.0, "min_capital": 0.1, "ai_limit": 900.0, "appetite": 0.8, "loans_held": 10.0,
        "other_assets": 20.0, "other_weight": 0.5,
    }  # fmt: skip
    for name, value in changes.items():
        (parameters if name in parameters else columns)[name] = value
    v = Village(**parameters)
    bank, borrower = v.lender(**columns), v.neocloud(paid_in=99.0, loans_held=7.0)
    return float(v.run(size_loan, bank, borrower, amount, owed))


def test_within_all_limits_the_whole_request_is_lent():
    assert lent(40.0) == 40.0


def test_one_borrower_gets_a_part_of_capital_less_what_it_owes():
    assert lent(large_exposure_limit=0.25) == near(0.25 * 20 - 1.5)


def test_the_ai_book_is_limited_by_policy_and_appetite():
    assert lent(ai_limit=30.0) == near(30 * 0.8 - 10.0)


def test_the_capital_ratio_after_the_loan_holds():
    # 0.1 * 1.25 * 1.6 = a fifth: 100 bn of weighted assets, 70 other ones and 15 of loans
    assert lent(other_assets=140.0) == near((100.0 - 70.0 - 15.0) / 1.5)


def test_a_lender_that_is_closed_or_without_capital_lends_nothing():
    assert lent(40.0, lending_open=0.5) == 40.0
    assert lent(40.0, lending_open=0.49) == 0.0
    assert lent(40.0, retained=-12.0) == 0.0
    assert lent(40.0, retained=-12.5, owed=-200.0, other_assets=-900.0) == 0.0


def test_a_small_lender_lends():
    assert lent(40.0, owed=0.0, retained=-11.5, other_assets=0.0, loans_held=0.0) == near(2.5 / 1.5)


def test_nobody_is_lent_less_than_nothing():
    assert lent(large_exposure_limit=0.05) == 0.0
    assert lent(ai_limit=10.0) == 0.0
    assert lent(other_assets=190.0) == 0.0


# --- appetite -------------------------------------------------------------------------------------------
def appetite(**columns):
    v = Village(appetite_drift=0.02, loss_fear=6.0)
    v.market.sentiment = 1.1
    usual = {"appetite": 0.8, "paid_in": 12.0, "retained": 8.0, "ai_limit": 15.0, "loss_month": 0.0}
    return float(v.run(swing_appetite, v.lender(**(usual | columns))))


def test_in_calm_appetite_drifts_to_a_quarter_above_sentiment():
    assert appetite() == near(0.8 + 0.02 * 0.55)


def test_losses_frighten_relative_to_the_book_or_the_capital_whichever_is_less():
    assert appetite(loss_month=0.3) == near(0.811 - 6 * 0.3 / 15)
    assert appetite(loss_month=0.3, ai_limit=30.0) == near(0.811 - 6 * 0.3 / 20)


def test_a_book_counts_as_one_bn_at_least():
    assert appetite(loss_month=0.03, ai_limit=0.5) == near(0.811 - 0.18)
    assert appetite(loss_month=0.03, retained=-11.6) == near(0.811 - 0.18)
    assert appetite(loss_month=0.03, retained=-20.0) == near(0.811 - 0.18)


def test_appetite_stays_between_a_tenth_and_one_and_a_quarter():
    assert appetite(loss_month=5.0) == 0.1
    assert appetite(appetite=1.6) == 1.25
    assert appetite(appetite=1.24) == near(1.24 + 0.02 * 0.11)
