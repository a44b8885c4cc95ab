"""The credit state: what a firm has promised, what it is worth, how far it is from default, and its hazard."""

from math import exp, log, sqrt

import pytest
from village import Village

from abm.agents.expectations import update_beliefs
from abm.agents.lab import closing_odds, rescue_odds
from abm.engine.tables import (
    CUSTOMERS,
    FAILED,
    GOVERNMENT,
    HYPERSCALER,
    LAB,
    LENDER,
    NEOCLOUD,
    SAVERS,
    SUPPLIERS,
    VEHICLE,
    VENDOR,
)
from abm.markets.equity import swing_sentiment
from abm.markets.ratings import (
    asset_volatility,
    distance_to_default,
    judge,
    obligations_of,
    rate_firms,
    runs_dry,
    worth,
)


def near(value):
    return pytest.approx(value, rel=1e-12)


# --- what it has promised, what it is worth -------------------------------------------------------------------
WEIGHTS = {"lease_weight": 0.6, "take_or_pay_weight": 0.35, "order_weight": 0.5}
PROMISES = {"debt": 10.0, "other_debt": 4.0, "leases_owed": 20.0, "compute_owed": 40.0, "orders_owed": 6.0}


def test_all_that_is_promised_counts_loans_in_full_and_the_rest_by_the_part_that_is_debt():
    v = Village(**WEIGHTS)
    assert v.run(obligations_of, v.neocloud(**PROMISES)) == near(10.0 + 4.0 + 12.0 + 14.0 + 3.0)


@pytest.mark.parametrize(("cash", "need"), [(5.0, 10.0), (15.0, 0.0), (30.0, 0.0), (-2.0, 15.0)])
def test_what_a_year_burns_beyond_the_cash_at_hand_counts_without_the_service_of_debt(cash, need):
    v = Village(**WEIGHTS)
    lab = v.lab(earnings=-1.25, debt_service=7.0, cash=cash)
    assert v.run(obligations_of, lab) == near(need)


def test_a_project_company_owes_its_loans():
    v = Village(**WEIGHTS)
    assert v.run(obligations_of, v.project(**PROMISES)) == 10.0


@pytest.mark.parametrize(("kind", "volatility"), [
    (LAB, 0.5), (NEOCLOUD, 0.5), (HYPERSCALER, 0.25), (VENDOR, 0.25), (VEHICLE, 0.15), (LENDER, 0.03),
])  # fmt: skip
def test_assets_of_each_kind_have_their_volatility(kind, volatility):
    v = Village(asset_volatility=0.5, hyperscaler_volatility=0.25, project_volatility=0.15, lender_volatility=0.03)
    assert v.run(asset_volatility, v.firm(kind)) == volatility


def test_a_firm_is_worth_its_shares_and_what_it_owes():
    v = Village()
    assert v.run(worth, v.neocloud(valuation=40.0), 25.0) == 65.0
    assert v.run(worth, v.neocloud(valuation=-3.0), 25.0) == 25.0


def test_a_project_is_worth_its_lease_or_its_site_if_that_is_more():
    v = Village(project_spread=0.03)
    v.market.base_rate = 0.09  # twenty months of half a bn at 1 % a month
    rent = {"promised_rent": 0.5, "backlog_in": 10.0}
    assert v.run(worth, v.project(**rent), 25.0) == near(0.5 * (1.0 - 1.01**-20) / 0.01)
    v.market.base_rate = -0.03  # undiscounted they are worth 10
    lease = {"promised_rent": 0.5, "backlog_in": 10.0, "fleet_mark": 1.0}
    assert v.run(worth, v.project(**lease, sites=4.0, deposits_out=2.0, cash=1.0), 25.0) == near(11.0)
    assert v.run(worth, v.project(**lease, sites=9.0, deposits_out=2.0, cash=1.0), 25.0) == near(13.0)
    assert v.run(worth, v.project(sites=9.0, cash=-1.0), 25.0) == 9.0


def test_a_lease_is_worth_its_rent_at_what_lenders_to_projects_ask():
    v = Village(project_spread=0.03)
    v.market.base_rate = 0.09
    lease = v.project(promised_rent=0.5, backlog_in=10.0)
    assert v.run(worth, lease, 25.0) == near(0.5 * (1.0 - 1.01**-20) / 0.01)


def test_a_lender_is_worth_its_assets():
    v = Village()
    assert v.run(worth, v.lender(cash=3.0, other_assets=90.0, valuation=7.0), 25.0) == 93.0


# --- how far it is from default -------------------------------------------------------------------------------
def firm(**columns):
    v = Village(**WEIGHTS, default_barrier=0.75, asset_volatility=0.5, hazard_level=2.0, hazard_slope=0.9)
    return v, v.neocloud(**({"debt": 20.0, "valuation": 40.0} | columns))


@pytest.mark.parametrize("years", [1.0, 5.0])
def test_distance_is_in_standard_deviations_over_the_span(years):
    v, cloud = firm()
    assert v.run(distance_to_default, cloud, years) == near((log(60.0 / 15.0) - 0.125 * years) / (0.5 * sqrt(years)))


def test_who_has_promised_nothing_is_far_from_default():
    v, cloud = firm(debt=0.0)
    assert v.run(distance_to_default, cloud, 1.0) == 30.0


def test_a_lender_stands_on_its_assets_against_all_it_owes():
    v = Village(lender_volatility=0.03)
    bank = v.lender(other_assets=100.0, other_debt=50.0, funding=40.0)
    assert v.run(distance_to_default, bank, 1.0) == near((log(100.0 / 90.0) - 0.00045) / 0.03)


def test_what_savers_put_into_a_lender_is_owed():
    v = Village(lender_volatility=0.03)
    bank = v.lender(other_assets=100.0, other_debt=40.0, funding=50.0)
    assert v.run(distance_to_default, bank, 1.0) == near((log(100.0 / 90.0) - 0.00045) / 0.03)


def test_the_hazard_falls_with_the_distance_and_is_a_yearly_rate():
    for years in (1.0, 5.0):
        v, cloud = firm()
        odds = 2.0 + 0.9 * float(v.run(distance_to_default, cloud, years))
        chance = 1.0 / (1.0 + exp(odds))
        assert v.run(judge, cloud, years) == near(-log(1.0 - chance) / years)


def test_doubt_adds_to_the_odds_of_borrowers_and_not_of_lenders():
    v, cloud = firm()
    before = float(v.run(judge, cloud, 1.0))
    bank = v.lender(other_assets=100.0, other_debt=90.0)
    calm = float(v.run(judge, bank, 1.0))
    v.market.doubt = 0.5
    odds = log((1 - exp(-before)) / exp(-before)) + 0.5
    assert v.run(judge, cloud, 1.0) == near(-log(1.0 - 1.0 / (1.0 + exp(-odds))))
    assert v.run(judge, bank, 1.0) == calm


def test_a_hazard_is_kept_between_two_basis_points_and_nine_tenths():
    v, cloud = firm(valuation=1e6)
    assert v.run(judge, cloud, 1.0) == 0.0002
    v, cloud = firm(debt=1e6, valuation=0.0)
    v.p.default_barrier = 1e3
    assert v.run(judge, cloud, 1.0) == 0.9


# --- a lab that runs dry ---------------------------------------------------------------------------------------
def lab(**columns):
    v = Village(round_success=0.25, window_shut=0.6, rescue_success=0.5, rescue_cover=1.25, rating_years=5.0)
    v.market.sentiment = 0.8
    usual = {"kind": LAB, "earnings": -2.0, "cash": 6.0, "valuation": 10.0, "overpay": 40.0, "pd_long": 0.02}
    return v, v.firm(**(usual | columns))


def test_a_lab_runs_dry_if_no_round_closes_while_its_cash_lasts():
    v, burning = lab()  # three months, worth less than it owes: no rescuers
    odds = float(v.run(closing_odds, burning))
    assert 0.1 < odds < 0.13
    assert v.run(runs_dry, burning, 1.0) == near((1.0 - odds) ** 3)


def test_invoices_that_ramps_still_have_to_bring_shorten_the_time_by_half_of_them():
    v, burning = lab(promised_pay=3.0, invoiced_out=1.0)  # 3 a month instead of 2
    assert v.run(runs_dry, burning, 1.0) == near((1.0 - float(v.run(closing_odds, burning))) ** 2)


def test_cash_for_more_than_five_years_is_counted_in_full():
    v, burning = lab(cash=140.0)  # seventy months
    assert v.run(runs_dry, burning, 5.5) == 0.0
    assert v.run(runs_dry, burning, 6.0) > 0.0


def test_over_more_years_cash_for_longer_than_one_runs_out():
    v, burning = lab(cash=30.0)  # fifteen months
    odds = float(v.run(closing_odds, burning))
    assert v.run(runs_dry, burning, 1.0) == 0.0
    assert v.run(runs_dry, burning, 5.0) == near((1.0 - odds) ** 15)


def test_rescuers_come_for_what_is_worth_more_than_it_owes():
    v, burning = lab(overpay=4.0)  # margin 10 / (1.25 * 4) = 2
    v.p.rescue_months = 1.0
    alone = 1.0 - float(v.run(rescue_odds, burning, 2.0))  # two months of burn, with the next
    assert 0.0 < alone < 1.0
    assert v.run(runs_dry, burning, 1.0) == near(alone * (1.0 - float(v.run(closing_odds, burning))) ** 3)


@pytest.mark.parametrize("columns", [{"cash": 24.1}, {"earnings": 2.0}, {"kind": NEOCLOUD}, {"parent": 0}])
def test_who_has_cash_for_longer_or_burns_none_or_has_a_parent_does_not_run_dry(columns):
    v, burning = lab(**columns)
    assert v.run(runs_dry, burning, 1.0) == 0.0


def test_a_lab_may_run_dry_within_the_years_asked_about():
    v, burning = lab()  # three months
    assert v.run(runs_dry, burning, 3.0 / 12.0) == 0.0
    assert v.run(runs_dry, burning, 3.1 / 12.0) == v.run(runs_dry, burning, 5.0) > 0.0


def test_running_dry_adds_to_the_hazard():
    v, burning = lab(valuation=1e6, overpay=1e9, cash=20.0)
    dry = float(v.run(runs_dry, burning, 1.0))
    assert v.run(judge, burning, 1.0) == pytest.approx(-log(1.0 - dry), rel=1e-4)


# --- everybody --------------------------------------------------------------------------------------------------
def test_a_firm_lives_in_part_off_its_customers_fate_and_a_subsidiary_stands_as_its_parent():
    v = Village(customer_passthrough=0.5, rating_years=5.0)
    cloud = v.neocloud(debt=20.0, valuation=40.0, customer_risk=0.1, customer_risk_long=0.06)
    parent = v.hyperscaler(debt=50.0, valuation=90.0)
    child = v.lab(debt=5.0, parent=parent)
    near_own, far_own = float(v.run(judge, cloud, 1.0)), float(v.run(judge, cloud, 5.0))
    v.run(rate_firms)
    assert v[cloud].pd == near(near_own + 0.05)
    assert v[cloud].pd_long == near(far_own + 0.03)
    assert v[cloud].obligations == 20.0
    assert (v[child].pd, v[child].pd_long) == (v[parent].pd, v[parent].pd_long)
    v[cloud].customer_risk = 9.0
    v.run(rate_firms)
    assert v[cloud].pd == 0.9


def rated(**columns):
    """A cloud with a chance of 0.4 to fail whatever the years, and a quarter of its customers' hazard."""
    v = Village(hazard_level=log(1.5), hazard_slope=0.0, rating_years=4.0, customer_passthrough=0.25)
    usual = {"debt": 20.0, "customer_risk": 0.08, "customer_risk_long": 0.2, "pd": 0.01, "pd_long": 0.02}
    return v, v.neocloud(**(usual | columns))


OWN, OWN_LONG = -log(0.6), -log(0.6) / 4.0


def test_who_has_failed_keeps_its_rating_and_owes_nothing_more():
    v, i = rated(status=FAILED, obligations=20.0)
    v.run(rate_firms)
    assert (v[i].pd, v[i].pd_long, v[i].obligations) == (0.01, 0.02, 0.0)


def test_a_lab_stands_as_well_as_its_parent_while_that_is_there():
    v, parent = rated()
    lab = v.lab(parent=parent, debt=5.0)
    other = v.neocloud(parent=parent)
    v.run(rate_firms)
    assert (v[lab].pd, v[lab].pd_long, v[lab].obligations) == (near(OWN + 0.02), near(OWN_LONG + 0.05), near(5.0))
    assert (v[other].pd, v[other].pd_long) == (near(OWN), near(OWN_LONG))
    v[parent].status = FAILED
    v.run(rate_firms)
    assert (v[lab].pd, v[lab].pd_long) == (near(OWN), near(OWN_LONG))


def test_tenants_without_a_name_fail_as_they_do_and_other_sectors_are_not_rated():
    v, _ = rated()
    v.p.tenant_failure = 0.06
    for sentiment, hazard in ((0.7, 0.078), (1.2, 0.048)):
        v.market.sentiment = sentiment
        v[CUSTOMERS].compute_owed = v[SAVERS].debt = 60.0
        v[CUSTOMERS].debt_service = 5.0
        v.run(rate_firms)
        assert (v[CUSTOMERS].pd, v[CUSTOMERS].pd_long, v[CUSTOMERS].obligations) == (near(hazard), near(hazard), 0.0)
        for sector in (SUPPLIERS, GOVERNMENT, SAVERS):
            assert (v[sector].pd, v[sector].pd_long, v[sector].obligations) == (0.0, 0.0, 0.0)
    v.market.sentiment = 2.1
    v.run(rate_firms)
    assert v[CUSTOMERS].pd == 0.0


# --- what frightens investors -----------------------------------------------------------------------------------
def test_fear_is_of_what_is_new_and_of_lenders_that_fail_too():
    v = Village(sentiment_reversion=0.0, sentiment_growth=0.0, sentiment_fear=2.0, sentiment_noise=0.0, doubt_gain=0.0)
    cloud, bank = v.neocloud(debt=49.0, pd=0.15, feared=0.05), v.lender(status=FAILED)
    v.run(swing_sentiment)
    assert v.market.sentiment == near(1.0 - 2.0 * 0.1 * 49.0 / 50.0)
    assert v[cloud].feared == 0.15
    v.state.defaults[0].firm, v.state.defaults[0].debt = bank, 5.0
    v.market.n_defaults, v.market.sentiment = 1, 1.0
    v.run(swing_sentiment)
    # The cloud is no riskier than a month ago.
    assert v.market.sentiment == near(1.0 - 2.0 * 5.0 / 50.0)


def test_failures_of_more_than_all_that_is_owed_leave_no_more_doubt():
    v = Village(doubt_gain=2.5, doubt_fade=0.0)
    v.neocloud(debt=9.0)
    gone = v.neocloud(status=FAILED)
    v.state.defaults[0].firm, v.state.defaults[0].debt, v.state.defaults[0].carried = gone, 8.0, 30.0
    v.market.n_defaults = 1
    v.run(swing_sentiment)
    assert v.market.doubt == 2.5


def test_overheads_of_labs_and_neoclouds_grow_and_of_no_one_else():
    v = Village(overhead_growth=0.5, cloud_overhead_growth=0.5)
    kinds = (LAB, NEOCLOUD, HYPERSCALER, VENDOR)
    firms = [v.firm(kind, fixed_cost=2.0, revenue=1.0, expected_growth=0.4) for kind in kinds]
    v.close()
    v.run(update_beliefs)
    assert [bool(v[i].fixed_cost != 2.0) for i in firms] == [True, True, False, False]
