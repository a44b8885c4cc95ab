"""Beliefs: memory, expectations, sentiment, valuations and equity rounds of one month."""

from math import exp, log

import pytest
from village import Village

from abm.agents.expectations import expect_growth, remember, update_beliefs
from abm.engine.draws import D_ROUND, D_SENTIMENT, normal, uniform
from abm.engine.tables import CUSTOMERS, E_EQUITY, F_EQUITY, FAILED, LAB, NEOCLOUD, SAVERS, SUPPLIERS
from abm.markets.equity import hold_rounds, swing_sentiment, value_firms
from abm.rules import interpreted

luck, chance = interpreted(normal), interpreted(uniform)


def near(value):
    return pytest.approx(value, rel=1e-12)


def in_month(month, **parameters):
    v = Village(**parameters)
    v.market.month = month
    return v


# --- memory ---------------------------------------------------------------------------------------------
FLOWS = {
    "revenue": 3.0, "operating_cost": 2.0, "depreciation": 0.4, "stock_pay": 0.3, "interest_cost": 0.7,
    "write_off": 0.2, "mean_cost": 0.8, "earnings": 0.5, "operating_result_6m": 9.0,
}  # fmt: skip


def test_a_firm_remembers_its_revenue_and_operating_result():
    v = in_month(14)
    v.lab(status=FAILED)
    lab, other = v.lab(**FLOWS), v.lab()
    v.run(remember)
    assert [float(x) for x in v.state.revenue_memory[lab]] == [0.0, 0.0, 3.0] + [0.0] * 9
    assert [float(x) for x in v.state.result_memory[lab]] == [0.0, 0.0, near(0.6)] + [0.0] * 9
    assert not v.state.revenue_memory[other].any()
    assert not v.state.result_memory[other].any()


def test_costs_and_cash_earnings_are_smoothed_and_pay_in_shares_is_no_cash():
    v = in_month(14, earnings_speed=0.25)
    lab = v.lab(**FLOWS)
    v.run(remember)
    assert v[lab].mean_cost == near(0.8 + 0.25 * (2.0 - 0.8))
    assert v[lab].earnings == near(0.5 + 0.25 * (3.0 - 2.0 + 0.3 - 0.5))


def test_the_result_of_six_months_is_this_month_s_and_the_five_before():
    v = in_month(14)
    lab = v.lab(**FLOWS)
    v.state.result_memory[lab] = [2.0**k for k in range(12)]
    v.run(remember)
    # slot 2 is new, then 1, 0, 11, 10, 9
    assert v[lab].operating_result_6m == near(0.6 + 2.0 + 1.0 + 2048.0 + 1024.0 + 512.0)


def test_a_failed_firm_remembers_nothing_more():
    v = in_month(14)
    lab = v.lab(**FLOWS, status=FAILED)
    v.run(remember)
    assert not v.state.revenue_memory[lab].any()
    assert not v.state.result_memory[lab].any()
    assert (v[lab].mean_cost, v[lab].earnings, v[lab].operating_result_6m) == (0.8, 0.5, 9.0)


def spent(before, *spending):
    v = in_month(14)
    v.market.demand_growth = 0.77
    v.state.market_memory[:] = 6.0
    v.state.market_memory[3] = before
    v.state.segments.spending[:] = spending
    v.run(remember)
    assert v.state.market_memory[2] == sum(spending)
    return float(v.market.demand_growth)


def test_demand_growth_is_a_year_s_pace_since_eleven_months_ago():
    assert spent(4.0, 1.0, 2.0, 3.0, 4.0) == near(log(10.0 / 4.0) * 12 / 11)
    assert spent(0.5, 0.25, 0.125, 0.0, 0.0) == near(log(0.75) * 12 / 11)


def test_without_spending_now_or_then_the_growth_of_demand_is_not_known_anew():
    assert spent(0.0, 1.0, 2.0, 3.0, 4.0) == 0.77
    assert spent(4.0, 0.0, 0.0, 0.0, 0.0) == 0.77


# --- expectations ---------------------------------------------------------------------------------------
def expected(month, now, before):
    """Expected growth after one month, from 0.4; revenue was `before` six months ago and 50 otherwise."""
    v = in_month(month, expectation_speed=0.2, extrapolation=0.9)
    v.lab()
    lab = v.lab(expected_growth=0.4)
    v.state.revenue_memory[lab] = 50.0
    v.state.revenue_memory[lab, month % 12] = now
    v.state.revenue_memory[lab, (month + 6) % 12] = before
    return float(v.run(expect_growth, lab))


@pytest.mark.parametrize("month", [3, 8, 14, 21])
def test_growth_is_extrapolated_from_the_last_half_year(month):
    assert expected(month, 3.0, 2.0) == near(0.4 + 0.2 * (0.9 * 2.0 * log(1.5) - 0.4))
    assert expected(month, 0.25, 0.5) == near(0.4 + 0.2 * (-0.9 * 2.0 * log(2.0) - 0.4))


def test_no_growth_seen_is_beyond_two_either_way():
    assert expected(14, 5.4, 2.0) == near(0.4 + 0.2 * (0.9 * 2.0 * log(2.7) - 0.4))
    assert expected(14, 6.0, 2.0) == near(0.4 + 0.2 * (1.8 - 0.4))
    assert expected(14, 0.5, 2.0) == near(0.4 + 0.2 * (-1.8 - 0.4))


@pytest.mark.parametrize(("now", "before"), [(0.0, 2.0), (3.0, 0.0), (1e-9, 2.0), (3.0, 1e-9)])
def test_without_revenue_now_or_then_expectations_fade(now, before):
    assert expected(14, now, before) == near(0.4 * 0.8)


# --- sentiment ------------------------------------------------------------------------------------------
def sentiment(start=1.0, growth=0.35, defaults=(), **parameters):
    """Sentiment after month 7 among firms that owe 49 bn."""
    still = {
        "sentiment_reversion": 0.0, "sentiment_growth": 0.0, "sentiment_fear": 0.0, "sentiment_noise": 0.0,
        "growth_yardstick": 0.35,
    }  # fmt: skip
    v = in_month(7, **(still | parameters))
    v.neocloud(debt=40.0)
    v.hyperscaler(debt=9.0)
    v.neocloud(debt=70.0, status=FAILED)
    v.market.sentiment, v.market.demand_growth, v.market.seed = start, growth, 23
    for k, (month, debt) in enumerate(defaults):
        v.state.defaults[k].month, v.state.defaults[k].debt = month, debt
    v.market.n_defaults = len(defaults)
    v.market.seen_defaults = sum(month < 7 for month, _ in defaults)
    v.run(swing_sentiment)
    return float(v.market.sentiment)


def test_sentiment_returns_to_normal():
    assert sentiment(0.6, sentiment_reversion=0.05) == near(0.62)
    assert sentiment(1.4, sentiment_reversion=0.05) == near(1.38)


def test_growth_above_the_yardstick_cheers_and_below_it_sobers():
    assert sentiment(0.9, 0.6, sentiment_growth=0.04) == near(0.9 + 0.04 * 0.25)
    assert sentiment(0.9, -0.1, sentiment_growth=0.04) == near(0.9 - 0.04 * 0.45)


def test_this_month_s_defaults_frighten_by_their_part_of_all_debt():
    # 2.9 + 1.9 and a tenth each, of 1 + 40 + 9
    defaults = [(6, 30.0), (7, 2.9), (7, 1.9)]
    assert sentiment(0.9, defaults=defaults, sentiment_fear=3.0) == near(0.9 - 3.0 * 5.0 / 50.0)


def test_no_default_is_more_than_all_debt():
    assert sentiment(0.9, defaults=[(7, 80.0)], sentiment_fear=0.3) == near(0.6)


def test_last_month_s_defaults_are_forgotten():
    assert sentiment(0.9, defaults=[(6, 30.0)], sentiment_fear=3.0) == 0.9


def test_sentiment_has_noise_of_its_own():
    assert sentiment(0.9, sentiment_noise=0.03) == near(0.9 + 0.03 * luck(23, D_SENTIMENT, 7, 0))


def test_sentiment_stays_between_a_fifth_and_one_and_six_tenths():
    assert sentiment(0.25, -0.1, sentiment_growth=0.9) == 0.2
    assert sentiment(1.55, 0.6, sentiment_growth=0.9) == 1.6


# --- valuations -----------------------------------------------------------------------------------------
def valued(kind=NEOCLOUD, **columns):
    v = Village(
        earnings_multiple=8.0, book_floor=0.7, value_speed=0.25, value_multiple=6.0, frontier_option=0.0,
        value_growth_slope=0.0,
    )  # fmt: skip
    v.market.sentiment = 1.25
    usual = {"earnings": 0.5, "debt": 20.0, "valuation": 10.0, "paid_in": 12.0, "retained": 8.0, "revenue": 2.0}
    i = v.firm(kind, **(usual | columns))
    v.run(value_firms)
    return float(v[i].valuation)


def test_a_firm_is_seen_at_a_multiple_of_yearly_cash_earnings_less_debt():
    # (12 * 0.5 * 8 - 20) * 1.25 = 35
    assert valued() == near(10.0 + 0.25 * 25.0)


def test_a_firm_is_seen_at_a_part_of_its_book_when_earnings_say_less():
    # 0.7 * 1.25 * 20 = 17.5
    assert valued(earnings=0.3) == near(10.0 + 0.25 * 7.5)
    assert valued(earnings=-3.0, retained=-30.0) == near(7.5)


def test_a_lab_is_seen_at_its_revenue():
    assert valued(LAB) == near(10.0 + 0.25 * (12 * 2.0 * 6.0 * 1.25 - 10.0))
    assert valued(LAB, revenue=-2.0) == near(7.5)


def test_neither_customers_nor_failed_firms_are_valued():
    assert valued(status=FAILED) == 10.0
    v = Village(value_speed=1.0, book_floor=0.5)
    v[CUSTOMERS].retained = v[SUPPLIERS].retained = 40.0
    v.run(value_firms)
    assert (v[CUSTOMERS].valuation, v[SUPPLIERS].valuation) == (0.0, 20.0)


# --- equity rounds --------------------------------------------------------------------------------------
def round_of(kind=LAB, sure=True, sentiment=1.25, probability=0.9, **columns):
    """Month 14: a firm in the seventh row that burns 2.5 bn a month and has 10, worth 400."""
    v = in_month(
        14, runway_trigger=12.0, runway_target=20.0, equity_dilution=0.25, round_spacing=9.0,
        round_success=9.0 if sure else probability,
    )  # fmt: skip
    v.market.sentiment, v.market.seed = sentiment, 23
    v.lender()
    usual = {"earnings": -2.0, "debt_service": 0.5, "cash": 10.0, "valuation": 400.0, "last_round": 5}
    i = v.firm(kind, **(usual | columns))
    v.stake(SAVERS, i, 1.0, 7.0)
    v.run(hold_rounds)
    raised = float(v[i].cash) - columns.get("cash", 10.0)
    v.audit()
    return v, i, raised


@pytest.mark.parametrize("kind", [LAB, NEOCLOUD])
def test_a_round_sells_new_shares_to_savers_at_the_value_before(kind):
    v, i, raised = round_of(kind)
    assert raised == near(40.0)
    assert v.flow(F_EQUITY, SAVERS, i) == near(40.0)
    old = v.state.stakes[0]
    # both are the savers': 400 / 440 of the old shares and 40 / 440 of new ones
    assert (old.holder, old.issuer, old.share, old.book) == (SAVERS, i, near(1.0), near(47.0))
    event = v.state.events[0]
    assert v.market.n_events == 1
    assert (event.month, event.kind, event.a, event.b, event.amount) == (14, E_EQUITY, i, -1, near(40.0))
    assert v[i].last_round == 14
    assert (v[i].revenue, v[i].paid_in) == (0.0, near(47.0))


@pytest.mark.parametrize(("kind", "cash", "wanted", "raised"), [
    (NEOCLOUD, 10.0, 0.5, 4.5),  # a burn of 2.5 asks for 5.8 months less 10; growth for less than half of the 10
    (NEOCLOUD, 90.0, 10.0, 30.0),  # a quarter of ten units at 30, less half of 90
    (LAB, 90.0, 10.0, 0.0),
])  # fmt: skip
def test_a_neocloud_raises_what_its_growth_asks_for_where_that_is_more(kind, cash, wanted, raised):
    v = in_month(
        14, runway_trigger=5.0, runway_target=5.8, equity_dilution=0.25, round_success=9.0, loan_to_cost=0.75,
        equity_part=0.5, site_cost=10.0,
    )  # fmt: skip
    v.generation(v.vendor(cash=0.0))
    i = v.firm(kind, earnings=-2.5, cash=cash, valuation=400.0, desired=wanted)
    v.close()
    v.run(hold_rounds)
    assert float(v[i].cash) - cash == near(raised)


def test_a_vendor_s_part_of_a_round_is_of_the_value_after_it():
    v = in_month(14, runway_trigger=12.0, runway_target=20.0, equity_dilution=0.25, round_success=9.0)
    vendor = v.vendor(cash=500.0)
    lab = v.lab(earnings=-2.5, cash=10.0, valuation=360.0)
    v.close()
    v.run(hold_rounds)
    stake = next(s for s in v.rows("stakes") if s.holder == vendor)
    assert (stake.issuer, stake.share, stake.book) == (lab, near(4.0 / 400.0), near(4.0))
    v.audit()


def test_other_firms_and_subsidiaries_hold_no_rounds():
    for kind in range(8):
        if kind not in (LAB, NEOCLOUD):
            assert round_of(kind)[2] == 0.0
    assert round_of(parent=5)[2] == 0.0
    assert round_of(parent=0)[2] == 0.0
    assert round_of(status=FAILED)[2] == 0.0


def test_rounds_keep_their_distance():
    assert round_of(last_round=6, cash=20.0)[2] == 0.0
    assert round_of(last_round=5, cash=20.0)[2] == near(30.0)


def test_who_has_cash_for_less_than_half_a_year_does_not_wait():
    assert round_of(last_round=13, cash=15.0)[2] == 0.0
    assert round_of(last_round=13, cash=14.9)[2] == near(35.1)


def test_a_firm_that_wants_next_to_nothing_holds_no_round():
    assert round_of(valuation=0.004)[2] == 0.0
    assert round_of(valuation=0.0044)[2] == near(0.0011)
    v, i, raised = round_of(cash=31.0)
    assert (raised, v[i].last_round, v.market.n_events) == (0.0, 5, 0)


def test_one_firm_s_silence_does_not_keep_the_next_from_a_round():
    v = in_month(14, runway_trigger=12.0, runway_target=20.0, round_spacing=9.0, round_success=9.0, equity_dilution=0.1)
    usual = {"earnings": -2.5, "valuation": 100.0, "cash": 10.0}
    early, rich = v.lab(**(usual | {"cash": 20.0}), last_round=6), v.neocloud(**(usual | {"cash": 90.0}))
    one, two = v.neocloud(**usual), v.lab(**usual)
    v.run(hold_rounds)
    assert [float(v[i].cash) for i in (early, rich, one, two)] == [20.0, 90.0, near(20.0), near(20.0)]


def test_a_round_closes_with_a_chance_that_follows_sentiment():
    draw = chance(23, D_ROUND, 14, 1006)
    for sentiment in (1.25, 0.6):
        v, i, raised = round_of(sure=False, probability=draw / sentiment * 1.0001, sentiment=sentiment)
        assert (raised, v[i].last_round) == (near(40.0), 14)
        v, i, raised = round_of(sure=False, probability=draw / sentiment * 0.9999, sentiment=sentiment)
        assert (raised, v[i].last_round, v.market.n_events) == (0.0, 5, 0)


# --- all of them ----------------------------------------------------------------------------------------
def test_everybody_expects_rents_and_growth_adaptively():
    v = in_month(14, expectation_speed=0.25, extrapolation=0.8)
    v.market.spot_price, v.market.contract_price = 3.2, 5.0
    failed = v.neocloud(expected_spot=2.0, expected_growth=0.4, revenue=3.0, status=FAILED)
    cloud = v.neocloud(expected_spot=2.0, expected_growth=0.4, revenue=3.0, fixed_cost=5.0, appetite=0.7)
    v.state.revenue_memory[:, 8] = 2.0
    v.run(update_beliefs)
    assert v[cloud].expected_spot == near(2.3)
    assert v[cloud].expected_growth == near(0.4 + 0.25 * (0.8 * 2.0 * log(1.5) - 0.4))
    assert (v[cloud].fixed_cost, v[cloud].appetite) == (5.0, 0.7)
    assert (v[failed].expected_spot, v[failed].expected_growth) == (2.0, 0.4)


def test_a_lender_s_appetite_swings_with_the_sentiment_before_this_month_s_swing():
    v = in_month(14, appetite_drift=0.1, sentiment_reversion=1.0, sentiment_noise=0.0, sentiment_growth=0.0)
    v.market.sentiment = 0.75
    bank = v.lender(appetite=0.6, fixed_cost=5.0)
    failed = v.lender(appetite=0.6, status=FAILED)
    v.run(update_beliefs)
    assert v[bank].appetite == near(0.6 + 0.1 * 0.4)
    assert (v[bank].fixed_cost, v[failed].appetite) == (5.0, 0.6)
    assert v.market.sentiment == near(1.0)


def test_a_lab_s_overhead_follows_the_growth_it_now_expects():
    v = in_month(14, expectation_speed=1.0, extrapolation=1.0, overhead_growth=0.5, growth_belief_cap=3.0)
    lab = v.lab(expected_growth=0.1, revenue=3.0, fixed_cost=5.0, appetite=0.7)
    v.state.revenue_memory[lab, 8] = 2.0
    v.run(update_beliefs)
    assert v[lab].fixed_cost == near(5.0 * exp(0.5 * 2.0 * log(1.5) / 12))
    assert v[lab].appetite == 0.7


def test_growth_moves_sentiment_sentiment_values_and_values_rounds_in_one_month():
    v = in_month(
        14, sentiment_reversion=1.0, sentiment_noise=0.0, sentiment_growth=0.1, growth_yardstick=0.0, value_speed=1.0,
        value_multiple=6.0, value_growth_slope=0.0, frontier_option=0.0, round_success=9.0, equity_dilution=0.05,
        runway_target=20.0,
    )  # fmt: skip
    lab = v.lab(revenue=2.0, operating_cost=4.0, earnings=-9.0, cash=1.0, last_round=-99)
    v.close()
    v.market.sentiment = 0.5
    v.state.market_memory[3] = 4.0
    v.state.segments.spending[:] = [10.0, 0.0, 0.0, 0.0]
    v.run(update_beliefs)
    mood = 1.0 + 0.1 * log(2.5) * 12 / 11
    value = 12 * 2.0 * 6.0 * mood
    assert v.market.sentiment == near(mood)
    assert v[lab].valuation == near(value)
    assert v[lab].cash == near(1.0 + 0.05 * value)
    v.audit()
