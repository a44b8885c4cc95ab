"""AI labs: prices, training, plans, commitments, value and equity of one lab."""

from math import exp, log

import pytest
from village import Village

from abm.agents.lab import (
    affordable_commitment,
    appeal,
    believed_growth,
    choose_tenor,
    closing_odds,
    compute_wanted,
    cost_of_work,
    deal_odds,
    equity_window,
    grow_overhead,
    growth_by_mid_contract,
    monthly_burn,
    offered_equity,
    plan_capacity,
    plan_framework,
    plan_own_fleet,
    plan_training,
    planned_growth,
    quality_gap,
    runway,
    sales,
    seek_equity,
    set_price,
    value_lab,
    walks_away,
    years_to_mid_contract,
)
from abm.engine.tables import NEOCLOUD


def near(value):
    return pytest.approx(value, rel=1e-12)


# --- cost and price of work -----------------------------------------------------------------------------
def priced(**parameters):
    """A lab whose unit of work costs 1.5 * 0.8 * 0.73 * 2.5 = 2.19 USD, and an open publisher."""
    v = Village(**parameters)
    v.market.unit_compute, v.market.contract_price, v.market.spot_price = 0.8, 2.5, 4.0
    return v, v.lab(unit_compute=1.5), v.entrant(unit_compute=0.5)


def test_a_lab_pays_the_contract_price_for_compute_and_open_work_the_spot_price():
    v, lab, entrant = priced()
    assert v.run(cost_of_work, lab) == near(2.19)
    assert v.run(cost_of_work, entrant) == near(0.5 * 0.8 * 0.73 * 4.0)


def test_the_gap_is_the_lead_over_the_best_open_model_and_never_negative():
    v = Village()
    v.market.best_open, v.market.frontier = 2.75, 9.0
    ahead, behind = v.lab(quality=3.25), v.lab(quality=2.5)
    assert v.run(quality_gap, ahead) == 0.5
    assert v.run(quality_gap, behind) == 0.0


def test_a_lab_asks_cost_and_floor_margin_and_a_premium_that_halves_at_log_two_scales():
    v, lab, _ = priced(quality_premium=1.4, gap_scale=0.4, floor_margin=0.08, price_sensitivity=2.0)
    v.market.best_open, v[lab].quality = 1.0, 1.0 + 0.4 * log(2.0)
    # premium 1.4 / 2, times 3 / 2 because customers mind the price less than the usual 3
    assert v.run(set_price, lab) == near(2.19 * (1.0 + 0.08 + 0.7 * 1.5))


def test_the_premium_saturates_at_three_quarters_after_two_half_lives():
    v, lab, _ = priced(quality_premium=1.4, gap_scale=0.4, floor_margin=0.08, price_sensitivity=3.0)
    v.market.best_open, v[lab].quality = 1.0, 1.0 + 0.8 * log(2.0)
    assert v.run(set_price, lab) == near(2.19 * (1.08 + 0.75 * 1.4))


def test_without_a_lead_a_lab_asks_only_the_floor_margin():
    v, lab, _ = priced(floor_margin=0.08)
    v.market.best_open, v[lab].quality = 3.0, 2.0
    assert v.run(set_price, lab) == near(2.19 * 1.08)


@pytest.mark.parametrize(("sensitivity", "factor"), [(0.2, 15.0), (0.1, 30.0), (0.05, 30.0)])
def test_the_premium_grows_as_customers_mind_the_price_less_down_to_a_tenth(sensitivity, factor):
    v, lab, _ = priced(quality_premium=1.4, gap_scale=0.4, floor_margin=0.08, price_sensitivity=sensitivity)
    v.market.best_open, v[lab].quality = 1.0, 1.0 + 0.4 * log(2.0)
    assert v.run(set_price, lab) == near(2.19 * (1.08 + 0.7 * factor))


# --- burn, runway, training -----------------------------------------------------------------------------
def test_burn_is_debt_service_less_earnings_and_never_negative():
    v = Village()
    lab = v.lab(debt_service=1.5, earnings=0.4, cash=7.0)
    assert v.run(monthly_burn, lab) == near(1.1)
    v[lab].earnings = -0.7
    assert v.run(monthly_burn, lab) == near(2.2)
    v[lab].earnings = 2.0
    assert v.run(monthly_burn, lab) == 0.0


@pytest.mark.parametrize(
    ("cash", "burn", "months"),
    [
        (6.0, 1.5, 4.0),
        (88.5, 1.5, 59.0),
        (92.0, 1.5, 60.0),
        (-3.0, 1.5, 0.0),
        (-3.0, 0.0, 60.0),
        (1e-8, 2e-9, 5.0),
        (1e-9, 1e-9, 60.0),
    ],
)
def test_runway_is_cash_over_burn_from_zero_to_sixty_months(cash, burn, months):
    v = Village()
    assert v.run(runway, v.lab(cash=cash, debt_service=burn)) == near(months)


@pytest.mark.parametrize(("cash", "part"), [(12.0, 4 / 12), (33.0, 11 / 12), (36.0, 1.0), (60.0, 1.0)])
def test_training_is_a_multiple_of_inference_cut_when_money_lasts_less_than_a_year(cash, part):
    v = Village(training_scale=1.4)
    lab = v.lab(training_target=0.5, earnings=-2.0, debt_service=1.0, cash=cash, need=9.0)
    assert v.run(plan_training, lab, 3.0) == near(0.5 * 1.4 * 3.0 * part)


# --- capacity and commitments ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("expected", "growth"), [(0.2, 0.5), (0.59, 0.89), (0.8, 0.9), (-1.2, -0.9), (-2.0, -1.0), (-1.31, -1.0)]
)
def test_capacity_is_planned_for_growth_and_compute_per_unit_within_belief(expected, growth):
    v = Village(
        task_complexity=exp(0.5), algorithmic_efficiency=exp(0.2), growth_belief_cap=0.9, planning_horizon=18.0,
        capacity_ambition=1.1, training_scale=1.4,
    )  # fmt: skip
    v.market.compute_growth = -9.0
    lab = v.lab(expected_growth=expected, need=2.0, training_target=0.5)
    # 2.0 for customers and 2.0 * 0.5 * 1.4 for training, a year and a half on
    assert v.run(plan_capacity, lab) == near(1.1 * 3.4 * exp(growth * 1.5))


def committed(parent=-1, growth=0.4, tenor=48.0, fade=0.25, **parent_columns):
    """Middle of a contract's life in three years: lead of 12 months and half of 48."""
    v = Village(
        commitment_ratio=0.8, growth_belief_cap=0.9, commitment_equity=0.3, equity_dilution=0.06, round_spacing=6.0,
        contract_tenor=tenor, contract_lead=12.0, belief_fade=fade, parent_support=0.5,
    )  # fmt: skip
    v.market.sentiment = 1.2
    if parent_columns:
        parent = v.hyperscaler(**parent_columns)
    lab = v.lab(revenue=3.0, expected_growth=growth, cash=30.0, valuation=500.0, parent=parent)
    return float(v.run(affordable_commitment, lab))


# Three years of growth that fades by a quarter a year.
GROWN = (1.0 - exp(-0.75)) / 0.25


def test_a_lab_promises_from_revenue_by_mid_contract_cash_over_it_and_equity_within_reach():
    # cash 30 / 48 = 0.625; a round of 0.06 * 500 * 1.2 = 36 every six months, 0.3 of it
    assert committed() == near(0.8 * (3.0 * exp(0.4 * GROWN) + 0.625 + 1.8))


def test_growth_that_does_not_fade_counts_whole():
    assert committed(fade=0.0) == pytest.approx(0.8 * (3.0 * exp(1.2) + 0.625 + 1.8), rel=1e-5)


def test_behind_a_captive_lab_stands_a_part_of_what_its_parent_earns():
    assert committed(parent=7) == near(0.8 * (3.0 * exp(0.4 * GROWN) + 0.625))
    assert committed(earnings=9.0) == near(0.8 * (3.0 * exp(0.4 * GROWN) + 0.625 + 0.3 * 0.5 * 9.0))
    assert committed(earnings=-9.0) == near(0.8 * (3.0 * exp(0.4 * GROWN) + 0.625))
    # it plans with the growth of its parent's workloads if that is more
    assert committed(earnings=0.0, own_growth=0.6) == near(0.8 * (3.0 * exp(0.6 * GROWN) + 0.625))
    assert committed(earnings=0.0, own_growth=0.1) == near(0.8 * (3.0 * exp(0.4 * GROWN) + 0.625))


def test_growth_beyond_belief_backs_no_promise():
    assert committed(growth=1.5) == near(0.8 * (3.0 * exp(0.9 * GROWN) + 0.625 + 1.8))
    assert committed(growth=-0.4) == near(0.8 * (3.0 * exp(-0.4 * GROWN) + 0.625 + 1.8))


def test_cash_carries_at_least_a_month_of_contract():
    grown = (1.0 - exp(-0.25 * 12.25 / 12)) / 0.25
    assert committed(tenor=0.5) == near(0.8 * (3.0 * exp(0.4 * grown) + 30.0 + 1.8))


@pytest.mark.parametrize(("growth", "own", "planned"), [(0.3, 0.5, 0.5), (0.6, 0.5, 0.6), (1.3, 0.5, 0.9)])
def test_a_captive_lab_plans_with_its_parent_s_growth_if_that_is_more(growth, own, planned):
    v = Village(growth_belief_cap=0.9)
    parent = v.hyperscaler(own_growth=own)
    assert v.run(believed_growth, v.lab(expected_growth=growth, parent=parent)) == planned
    assert v.run(believed_growth, v.lab(expected_growth=growth)) == min(growth, 0.9)


@pytest.mark.parametrize(("market", "planned"), [(0.6, 0.3), (0.2, 0.1), (-0.8, -0.2), (9.0, 0.9)])
def test_a_lab_plans_compute_with_a_part_of_its_rivals_growth_at_least(market, planned):
    v = Village(growth_belief_cap=0.9, rivalry=0.5)
    v.market.compute_growth = market
    assert v.run(planned_growth, v.lab(expected_growth=-0.2)) == near(planned)
    assert v.run(planned_growth, v.lab(expected_growth=0.9)) == 0.9


def test_plans_for_a_horizon_and_for_a_contract_s_life_keep_pace_with_rivals():
    v = Village(
        rivalry=0.5, growth_belief_cap=0.9, planning_horizon=18.0, task_complexity=3.0, algorithmic_efficiency=3.0,
        capacity_ambition=1.0, training_scale=0.0, contract_lead=12.0, contract_tenor=48.0, belief_fade=0.25,
    )  # fmt: skip
    lab = v.lab(need=2.0, expected_growth=0.1)
    v.market.compute_growth = 0.8
    assert v.run(plan_capacity, lab) == near(2.0 * exp(0.4 * 1.5))
    assert v.run(plan_framework, lab) == near(2.0 * exp(0.4 * GROWN))


def test_rivals_growth_backs_no_promise():
    v = Village(rivalry=1.0)
    lab = v.lab(revenue=3.0, expected_growth=0.1)
    before = float(v.run(affordable_commitment, lab))
    v.market.compute_growth = 0.9
    assert v.run(affordable_commitment, lab) == before


def test_a_framework_plan_is_the_plan_for_the_middle_of_a_contract_s_life():
    v = Village(
        task_complexity=exp(0.5), algorithmic_efficiency=exp(0.2), growth_belief_cap=0.9, capacity_ambition=1.1,
        training_scale=1.4, contract_lead=12.0, contract_tenor=48.0, belief_fade=0.25,
    )  # fmt: skip
    assert v.run(years_to_mid_contract) == near(3.0)
    lab = v.lab(expected_growth=0.4, need=2.0, training_target=0.5)
    assert v.run(growth_by_mid_contract, 0.4) == near(0.4 * GROWN)
    assert v.run(plan_framework, lab) == near(1.1 * 3.4 * exp(0.4 * GROWN + 0.9))


@pytest.mark.parametrize(("since", "odds"), [(0, 0.3), (2, 0.3), (3, 0.075), (99, 0.075)])
def test_framework_deals_are_rare_and_likelier_in_the_quarter_after_a_round(since, odds):
    v = Village(deal_chance=0.05, deal_after_round=4.0)
    v.market.sentiment, v.market.month = 1.5, 7
    assert v.run(deal_odds, v.lab(last_round=7 - since)) == near(odds)
    v.p.deal_chance = 0.5
    assert v.run(deal_odds, v.lab(last_round=7 - since)) == near(min(10.0 * odds, 1.0))


def test_a_lab_s_sales_are_its_income_less_what_it_let():
    v = Village()
    v.market.spot_price = 3.0
    assert v.run(sales, v.lab(revenue=2.0, spot_sold=0.5)) == near(2.0 - 0.5 * 3.0 * 0.73)
    assert v.run(sales, v.lab(revenue=1.0, spot_sold=0.5)) == 0.0


def test_what_a_lab_lets_backs_no_promise_and_adds_no_value():
    v = Village(contract_tenor=48.0)
    v.market.spot_price = 3.0
    plain, letting = v.lab(revenue=2.0), v.lab(revenue=2.0 + 0.5 * 3.0 * 0.73, spot_sold=0.5)
    for rule in (affordable_commitment, value_lab):
        assert v.run(rule, letting) == near(v.run(rule, plain))
        assert v.run(rule, plain) > 0.0


def test_a_captive_lab_plans_from_what_it_has_not_from_what_it_would_like():
    v = Village(training_scale=1.0)
    parent = v.hyperscaler()
    free = v.lab(need=2.0, training_target=3.0, contracted_in=5.0)
    captive = v.lab(need=2.0, training_target=3.0, contracted_in=5.0, contracted_out=0.5, capacity=0.25, parent=parent)
    assert v.run(compute_wanted, free) == 8.0
    assert v.run(compute_wanted, captive) == 4.75
    v[captive].contracted_in = 0.0
    assert v.run(compute_wanted, captive) == 2.0
    v[free].contracted_in = 50.0
    assert v.run(compute_wanted, free) == 50.0


def test_what_investors_would_add_keeps_training_going():
    v = Village(training_scale=1.4, equity_dilution=0.1, growth_yardstick=0.35)
    lab = v.lab(
        training_target=0.5, earnings=-2.0, debt_service=1.0, cash=9.0, valuation=180.0, expected_growth=0.4
    )  # fmt: skip
    assert v.run(plan_training, lab, 3.0) == near(0.5 * 1.4 * 3.0 * 27 / 36)
    v[lab].valuation = 270.0
    assert v.run(plan_training, lab, 3.0) == near(0.5 * 1.4 * 3.0)


def test_a_lab_with_a_parent_puts_out_no_framework_deal():
    v = Village(deal_chance=1.0)
    assert v.run(deal_odds, v.lab(parent=v.hyperscaler())) == 0.0


def test_a_lab_wants_to_own_its_part_of_the_plan():
    v = Village(planning_horizon=12.0, task_complexity=3.0, algorithmic_efficiency=3.0, capacity_ambition=1.0)
    lab = v.lab(need=2.0, training_target=0.5, own_hardware=0.25, expected_growth=0.4)
    assert v.run(plan_own_fleet, lab) == near(0.25 * 3.0 * exp(0.4))
    v[lab].own_hardware = 0.0
    assert v.run(plan_own_fleet, lab) == 0.0


def test_a_captive_lab_trains_on_what_its_group_has_for_it_whatever_its_own_cash():
    v = Village(training_scale=1.4)
    columns = {"training_target": 0.5, "earnings": -2.0, "debt_service": 1.0, "cash": 1.0}
    lab = v.lab(parent=v.hyperscaler(), capacity=1.0, contracted_in=8.0, contracted_out=0.5, **columns)
    assert v.run(plan_training, lab, 3.0) == near(0.5 * 1.4 * 3.0)
    v[lab].contracted_in = 3.5  # 4 in all, 3 of them for customers
    assert v.run(plan_training, lab, 3.0) == 1.0
    v[lab].contracted_in = 1.0
    assert v.run(plan_training, lab, 3.0) == 0.0


# --- value and equity -----------------------------------------------------------------------------------
def valued(demand_growth=0.0, **lab):
    v = Village(value_multiple=5.0, value_growth_slope=20.0, frontier_option=2.5, growth_belief_cap=0.9)
    v.market.sentiment, v.market.frontier = 1.25, 4.0
    v.state.segments.spending[:] = [4.0, 3.0, 2.0, 1.0]  # 120 bn a year: the option is 300
    v.market.demand_growth = demand_growth
    usual = {"revenue": 2.0, "expected_growth": 0.3, "quality": 3.75}
    return float(v.run(value_lab, v.lab(**(usual | lab))))


def test_a_lab_is_worth_a_multiple_of_yearly_revenue_and_an_option_that_halves_half_a_year_behind():
    # 12 * 2 * (5 + 20 * 0.3) = 264, and 300 * exp(-1.386 / 4)
    assert valued() == near((264.0 + 300.0 * exp(-0.3465)) * 1.25)


def test_a_lab_ahead_of_the_frontier_has_the_whole_option_and_no_more():
    assert valued(quality=4.5) == near((264.0 + 300.0) * 1.25)
    assert valued(quality=4.5, revenue=0.0) == near(375.0)


@pytest.mark.parametrize(("growth", "multiple"), [(-0.4, 5.0), (0.8, 21.0), (1.6, 23.0)])
def test_the_multiple_follows_growth_from_none_to_the_cap(growth, multiple):
    assert valued(quality=4.0, expected_growth=growth) == near((24.0 * multiple + 300.0) * 1.25)


@pytest.mark.parametrize(
    ("revenue", "demand_growth", "growth"),
    [(8.0, 0.1, 0.1 + log(1.25)), (8.0, -0.3, log(1.25)), (12.0, 0.1, 0.1), (2.0, 0.1, 0.8)],
)
def test_no_lab_is_believed_to_outgrow_its_market_but_for_what_it_can_still_win(revenue, demand_growth, growth):
    worth = valued(demand_growth, quality=4.0, expected_growth=0.8, revenue=revenue)
    assert worth == near((12.0 * revenue * (5.0 + 20.0 * growth) + 300.0) * 1.25)


def seeking(target=20.0, dilution=0.06, **lab):
    v = Village(runway_trigger=10.0, runway_target=target, equity_dilution=dilution)
    usual = {
        "earnings": -1.5, "debt_service": 0.5, "promised_pay": 3.0, "invoiced_out": 1.6, "cash": 20.0,
        "valuation": 1000.0,
    }  # fmt: skip
    return float(v.run(seek_equity, v.lab(**(usual | lab))))


def test_a_lab_asks_for_the_wanted_runway_less_its_cash_with_half_the_ramps_to_come():
    # ahead: 2.0 a month and half of 3.0 - 1.6
    assert seeking() == near(20 * 2.7 - 20.0)


def test_a_lab_asks_only_once_its_cash_is_within_the_trigger():
    assert seeking(cash=27.0) == near(27.0)
    assert seeking(cash=27.01) == 0.0


def test_invoices_beyond_the_promises_do_not_lengthen_the_runway():
    assert seeking(cash=15.0, invoiced_out=3.5) == near(20 * 2.0 - 15.0)


def test_the_least_burn_counts_the_ramps():
    assert seeking(cash=1.0, earnings=0.4) == near(20 * (0.1 + 0.7) - 1.0)


def test_a_lab_that_burns_nothing_asks_nothing_whatever_its_ramps():
    assert seeking(earnings=0.6, cash=1.0) == 0.0


def test_negative_cash_is_not_asked_for_on_top():
    assert seeking(cash=-5.0) == near(54.0)


def test_a_round_sells_no_more_than_tolerable():
    assert seeking(valuation=200.0) == near(12.0)
    assert seeking(valuation=600.0) == near(34.0)


def test_a_lab_never_asks_for_less_than_nothing():
    assert seeking(valuation=-10.0) == 0.0
    assert seeking(target=5.0) == 0.0


def chest(growth=0.7, months=24.0, **lab):
    """A lab with a year of cash that investors like: no need, and 0.06 * 1000 * 1.25 = 75 on offer."""
    v = Village(
        runway_trigger=10.0, runway_target=20.0, equity_dilution=0.06, growth_yardstick=0.35, war_chest=months
    )
    v.market.sentiment = 1.25
    usual = {
        "earnings": -1.5, "debt_service": 0.5, "mean_cost": 4.0, "promised_pay": 3.0, "invoiced_out": 1.6,
        "cash": 30.0, "valuation": 1000.0, "expected_growth": growth,
    }  # fmt: skip
    return v, v.lab(**(usual | lab))


def test_investors_offer_the_tolerable_part_times_sentiment_and_less_below_their_yardstick():
    for growth, offered in ((0.7, 75.0), (0.35, 75.0), (0.07, 15.0), (0.0, 0.0), (-0.3, 0.0)):
        v, lab = chest(growth)
        assert v.run(offered_equity, lab) == near(offered)
    v, lab = chest(valuation=-3.0)
    assert v.run(offered_equity, lab) == 0.0


def test_investors_like_growth_and_the_round_of_who_they_like_closes_sooner():
    v = Village(growth_yardstick=0.4, round_success=0.3, window_shut=0.6, rating_years=5.0)
    v.market.sentiment = 0.8
    for growth, liked in ((-0.2, 0.0), (0.1, 0.25), (0.4, 1.0), (2.0, 1.0)):
        lab = v.lab(expected_growth=growth, pd_long=0.04)
        assert v.run(appeal, lab) == near(liked)
        # half open, and the less likely the more of the money would serve old creditors
        assert v.run(closing_odds, lab) == near(0.3 * 0.5 * (1.0 + liked) * exp(-0.2))
    v.market.sentiment = 0.6
    assert v.run(closing_odds, lab) == 0.0


@pytest.mark.parametrize(("sentiment", "window"), [(0.3, 0.0), (0.6, 0.0), (0.7, 0.25), (1.0, 1.0), (1.4, 2.0)])
def test_the_window_for_shares_opens_above_the_sentiment_at_which_it_is_shut(sentiment, window):
    v = Village(window_shut=0.6)
    v.market.sentiment = sentiment
    assert v.run(equity_window) == near(window)
    assert (v.run(closing_odds, v.lab()) > 0.0) == (window > 0.0)


def test_a_window_that_opens_at_normal_sentiment_only_is_shut_at_it():
    v = Village(window_shut=1.0)
    assert v.run(equity_window) == 0.0


def test_a_lab_takes_what_is_offered_up_to_its_war_chest():
    v, lab = chest()
    assert v.run(seek_equity, lab) == near(75.0)  # the chest has room for 24 * (4.0 + 0.7) - 30
    v, lab = chest(months=20.0)
    assert v.run(seek_equity, lab) == near(20 * 4.7 - 30.0)
    v, lab = chest(months=5.0)
    assert v.run(seek_equity, lab) == 0.0


def test_who_needs_more_than_is_offered_asks_for_what_it_needs():
    v, lab = chest(growth=0.035, cash=20.0)
    assert v.run(seek_equity, lab) == near(20 * 2.7 - 20.0)  # 7.5 on offer


def test_only_labs_that_burn_fill_a_war_chest():
    v, lab = chest(earnings=1.0)
    assert v.run(seek_equity, lab) == 0.0
    v, lab = chest()
    v[lab].kind = NEOCLOUD
    assert v.run(seek_equity, lab) == 0.0


# --- tenor, walking away, overhead ----------------------------------------------------------------------
def tenor(tightness=1.0, trend=0.0, base=40.0, cap=180.0, flexibility=0.5):
    v = Village(contract_tenor=base, tenor_flexibility=flexibility, max_contract_tenor=cap)
    v.market.tightness, v.market.spot_price = tightness, 3.0
    return v.run(choose_tenor, v.lab(expected_spot=3.0 * exp(-trend)))


def test_scarcity_and_rising_rents_lengthen_contracts():
    assert tenor() == 40
    assert tenor(tightness=1.3, trend=0.1) == 48  # 40 exp(0.2) = 48.86
    assert tenor(tightness=1.3, trend=-0.5) == 36  # 40 exp(-0.1) = 36.19
    assert tenor(tightness=0.8, trend=0.0) == 36


def test_urgency_is_bounded_both_ways():
    assert tenor(tightness=1.9) == 62  # 40 exp(0.45) = 62.73
    assert tenor(tightness=2.5) == 65  # 40 exp(0.5) = 65.95
    assert tenor(tightness=0.3, trend=-0.2) == 25  # 40 exp(-0.45) = 25.51
    assert tenor(tightness=0.3, trend=-0.9) == 24  # 40 exp(-0.5) = 24.26


def test_no_contract_is_longer_than_the_cap_or_shorter_than_half_a_year():
    assert tenor(cap=37.0) == 37
    assert tenor(base=7.0, tightness=0.5) == 6
    assert tenor(cap=4.0) == 6
    assert tenor(base=7.0) == 7


def test_a_buyer_that_expects_no_rent_is_urged_as_far_as_one_can_be():
    v = Village(contract_tenor=40.0, tenor_flexibility=0.5)
    assert v.run(choose_tenor, v.lab(expected_spot=0.0)) == 65


def walks(**lab):
    v = Village(walk_away=1.25, runway_trigger=10.0)
    usual = {"overpay": 50.01, "valuation": 40.0, "cash": 10.0, "debt_service": 2.0}
    return bool(v.run(walks_away, v.lab(**(usual | lab))))


def test_owners_walk_away_once_the_overpayment_exceeds_their_claim():
    assert walks()
    assert not walks(overpay=50.0)
    assert not walks(overpay=45.0)


def test_owners_stay_while_the_cash_lasts_half_the_wanted_runway():
    assert walks(cash=10.0)  # five months
    assert not walks(cash=10.1)


@pytest.mark.parametrize("parent", [0, 6])
def test_a_parent_does_not_walk_away(parent):
    assert not walks(parent=parent)


def test_nobody_walks_away_from_contracts_at_or_below_the_market():
    assert not walks(overpay=0.0, valuation=-5.0)
    assert walks(overpay=0.1, valuation=-5.0)


@pytest.mark.parametrize(("growth", "counted"), [(-0.5, 0.0), (0.6, 0.6), (1.4, 0.9)])
def test_overhead_grows_with_a_part_of_the_growth_expected(growth, counted):
    v = Village(overhead_growth=0.4, growth_belief_cap=0.9)
    lab = v.lab(fixed_cost=2.5, expected_growth=growth, stock_pay=0.7)
    assert v.run(grow_overhead, lab) == near(2.5 * exp(0.4 * counted / 12))
