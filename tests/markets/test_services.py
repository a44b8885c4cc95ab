"""The market for AI services: quality, prices, customers' choice, work and bills."""

from math import exp, log

import numpy as np
import pytest
from village import Village

from abm.engine.draws import D_MOMENTUM, D_QUALITY, normal
from abm.engine.tables import CUSTOMERS, E_OPEN_RELEASE, ENTRANT, F_SERVICE, FAILED, LAB, MARKET
from abm.markets.services import (
    attraction,
    bill_services,
    buy_services,
    choose,
    improve_models,
    lead_over_used,
    model_market,
    post_prices,
    price_work,
    sells_models,
    switching,
)
from abm.rules import interpreted

luck = interpreted(normal)


def near(value):
    return pytest.approx(value, rel=1e-12)


def numbers(values):
    return [float(x) for x in values]


def test_active_labs_and_publishers_sell_models():
    v = Village()
    sells = interpreted(sells_models)
    assert [kind for kind in range(8) if sells(v[v.firm(kind)])] == [LAB, ENTRANT]
    assert not sells(v[v.lab(status=FAILED)])
    assert not sells(v[v.entrant(status=FAILED)])


# --- quality --------------------------------------------------------------------------------------------
def learning(month=7, **parameters):
    """No luck, no spillover and no return unless set."""
    still = {"quality_noise": 0.0, "quality_momentum": 0.0, "spillover": 0.0, "quality_return": 0.0}
    v = Village(**(still | parameters))
    v.market.month, v.market.frontier, v.market.best_open = month, 4.0, 2.0
    return v


def test_quality_follows_the_log_of_effective_training_compute():
    v = learning(quality_return=0.5, training_decay=0.05)
    v.market.algorithm_level = 0.3
    lab = v.lab(training_stock=4.0, training=0.6, quality=3.0)
    v.run(improve_models)
    stock = 0.95 * 4.0 + 0.6 * exp(0.3)
    assert v[lab].training_stock == near(stock)
    assert v[lab].quality == near(3.0 + 0.5 * log(stock / 4.0))


def test_without_training_quality_decays_with_the_stock_and_an_empty_stock_gains_nothing():
    v = learning(quality_return=0.5, training_decay=0.05)
    idle, empty, fresh = v.lab(training_stock=4.0, quality=3.0), v.lab(quality=3.0), v.lab(training=0.6, quality=3.0)
    v.run(improve_models)
    assert v[idle].quality == near(3.0 + 0.5 * log(0.95))
    assert (v[empty].quality, v[empty].training_stock) == (3.0, 0.0)
    assert v[fresh].quality == near(3.0 + 0.5 * log(0.6e12))


def test_each_lab_has_luck_of_its_own():
    v = learning(quality_noise=0.03)
    v.market.seed = 23
    labs = v.lab(quality=3.0), v.lab(quality=2.0)
    v.run(improve_models)
    assert numbers(v[i].quality for i in labs) == [
        near(3.0 + 0.03 * luck(23, D_QUALITY, 7, labs[0])),
        near(2.0 + 0.03 * luck(23, D_QUALITY, 7, labs[1])),
    ]


def test_momentum_lasts_in_part_and_carries_quality_a_twelfth_of_its_pace_a_month():
    v = learning(quality_momentum=0.5, momentum_persistence=0.6)
    labs = [v.lab(quality=3.0, momentum=-1.2), v.lab(quality=3.0, momentum=0.9)]
    v.run(improve_models)
    for lab, before in zip(labs, (-1.2, 0.9), strict=True):
        pace = 0.6 * before + 0.5 * 0.8 * interpreted(normal)(1, D_MOMENTUM, 7, lab)
        assert v[lab].momentum == near(pace)
        assert v[lab].quality == near(3.0 + pace / 12)


def test_momentum_parts_two_equal_labs_the_more_the_larger_it_is():
    def gap(momentum):
        v = learning(quality_momentum=momentum)
        one, two = v.lab(quality=3.0), v.lab(quality=3.0)
        for month in range(1, 13):
            v.market.month = month
            v.run(improve_models)
        return abs(float(v[one].quality - v[two].quality))

    assert gap(0.0) == 0.0
    assert gap(0.5) == pytest.approx(2.0 * gap(0.25), rel=1e-9)
    assert gap(0.25) > 0.01


def test_labs_behind_learn_from_last_month_s_frontier():
    v = learning(spillover=0.6)
    ahead, behind, last = v.lab(quality=4.5), v.lab(quality=3.4), v.lab(quality=2.0)
    v.run(improve_models)
    assert v[ahead].quality == 4.5
    assert v[behind].quality == near(3.4 + 0.05 * 0.6)
    assert v[last].quality == near(2.0 + 0.05 * 2.0)


def test_the_frontier_is_the_best_active_lab_even_if_that_is_worse_than_before():
    v = learning(month=70)
    v.state.frontier_memory[:] = 1.5
    v.lab(quality=3.75)
    v.lab(quality=3.25)
    failed = v.lab(quality=5.0, status=FAILED, training=0.5)
    v.entrant(quality=4.5, training=0.5)
    v.run(improve_models)
    assert v.market.frontier == 3.75
    assert numbers(v.state.frontier_memory) == [1.5] * 6 + [3.75] + [1.5] * 57
    assert (v[failed].training_stock, v[failed + 1].training_stock) == (0.0, 0.0)


def test_without_labs_the_frontier_stays():
    v = learning()
    v.lab(quality=5.0, status=FAILED)
    v.run(improve_models)
    assert v.market.frontier == 4.0
    assert v.state.frontier_memory[7] == 4.0


def test_an_open_release_is_dated_and_logged_with_its_step():
    v = learning(open_release_interval=1.0, open_gap=0.25, open_lag=1.0)
    v.state.frontier_memory[:] = 3.0
    v.lab(quality=9.0)
    quick, late = v.entrant(quality=6.0, lag=0.0, last_release=3), v.entrant(quality=2.7, lag=4.0, last_release=2)
    v.run(improve_models)
    # the quick one sees this month's frontier
    assert (v[late].quality, v[late].last_release) == (2.75, 7)
    assert (v[quick].quality, v[quick].last_release) == (8.75, 7)
    events = [(e.month, e.kind, e.a, e.b, float(e.amount)) for e in v.rows("events")]
    assert events == [(7, E_OPEN_RELEASE, quick, -1, near(2.75)), (7, E_OPEN_RELEASE, late, -1, near(0.05))]
    assert v.market.best_open == 8.75


def test_a_month_without_a_better_model_is_no_release():
    v = learning(open_release_interval=1.0, open_gap=0.25)
    v.state.frontier_memory[:] = 3.0
    open_model = v.entrant(quality=2.75, last_release=2, lag=4.0)
    other = v.entrant(quality=2.5, last_release=5, lag=4.0, status=FAILED)
    v.entrant(quality=9.0, status=FAILED)
    v.run(improve_models)
    assert (v[open_model].quality, v[open_model].last_release, v.market.n_events) == (2.75, 2, 0)
    assert (v[other].quality, v[other].last_release) == (2.5, 5)
    assert v.market.best_open == 2.75


def test_without_publishers_the_best_open_model_stays():
    v = learning()
    v.lab(quality=3.0)
    v.entrant(quality=2.0, status=FAILED)
    v.run(improve_models)
    assert v.market.best_open == 2.0


# --- prices ---------------------------------------------------------------------------------------------
def shops(**parameters):
    """A lab whose work costs 2.19 and one of 0.73; open work costs 1.46. No lead, so no premium."""
    v = Village(**({"floor_margin": 0.1, "open_margin": 0.25, "price_adjustment": 0.2} | parameters))
    v.market.unit_compute, v.market.contract_price, v.market.spot_price = 0.8, 2.5, 4.0
    v.market.best_open, v.market.month = 9.0, 7
    return v


def test_a_lab_wants_its_price_and_open_work_is_sold_at_cost_and_a_margin():
    v = shops()
    lab, entrant = v.lab(unit_compute=1.5), v.entrant(unit_compute=0.625)
    assert v.run(price_work, lab) == near(2.19 * 1.1)
    assert v.run(price_work, entrant) == near(1.46 * 1.25)


def test_no_lab_wants_less_than_a_millionth():
    v = shops(floor_margin=-1.0)
    assert v.run(price_work, v.lab(unit_compute=1.5)) == 1e-6


def test_labs_move_a_part_of_the_way_and_lose_revenue_to_the_market_when_they_cut():
    v = shops()
    cut, rise = v.lab(unit_compute=1.5, price=3.409, work=0.7), v.lab(unit_compute=0.5, price=0.303, work=0.9)
    v.run(post_prices)
    # towards 2.409 and 0.803
    assert v[cut].price == near(3.409 - 0.2)
    assert v[rise].price == near(0.303 + 0.1)
    hits = [(h.month, h.victim, h.source, h.channel, float(h.amount)) for h in v.rows("hits")]
    assert hits == [(7, cut, -1, MARKET, near(0.7 * 0.2))]


def test_open_work_follows_its_cost_at_once_and_nobody_else_has_a_price():
    v = shops()
    failed = v.lab(unit_compute=1.5, price=3.0, work=0.7, status=FAILED)
    entrant = v.entrant(unit_compute=0.625, price=9.0, work=0.7)
    gone = v.entrant(unit_compute=1.5, price=3.0, work=0.7, status=FAILED)
    cloud = v.neocloud(unit_compute=1.5, price=3.0, work=0.7)
    v.run(post_prices)
    assert v[entrant].price == near(1.825)
    assert numbers(v[i].price for i in (failed, gone, cloud)) == [3.0, 3.0, 3.0]
    assert v.market.n_hits == 0


# --- choice ---------------------------------------------------------------------------------------------
def test_a_model_attracts_by_taste_quality_and_price():
    v = Village(quality_sensitivity=4.0, outside_ratchet=0.5, price_sensitivity=3.0)
    v.market.frontier, v.market.best_open = 5.0, 1.0
    v.lab()
    lab = v.lab(demand_shift=-0.4, quality=3.0, price=exp(0.25))
    v.state.brand[2, lab], v.state.brand[1, lab] = 0.7, 9.0
    v.state.segments[2].price_sensitivity, v.state.segments[1].price_sensitivity = 1.2, 7.0
    assert v.run(attraction, 2, lab) == near(0.7 - 0.4 + 4.0 * (3.0 - 2.5) - 3.6 * 0.25)


# Tastes that make the weights within the nests 4 and 5, and 4: the nests are worth 3 and 2, outside 1.
TASTES = {"one": 0.5 * log(4.0), "two": 0.5 * log(5.0), "open": 0.5 * log(4.0)}


def street(**parameters):
    """Two labs, a failed one, an open model and a cloud; customers of segment 2 have the tastes above."""
    indifferent = {"nest_dissimilarity": 0.5, "quality_sensitivity": 0.0, "price_sensitivity": 0.0}
    v = Village(**(indifferent | parameters))
    row = {"one": v.lab(price=2.0), "failed": v.lab(price=7.0, status=FAILED), "cloud": v.neocloud(price=11.0)}
    row |= {"open": v.entrant(price=5.0), "two": v.lab(price=3.0)}
    for name, taste in TASTES.items():
        v.state.brand[2, row[name]] = taste
    v.state.brand[2, row["failed"]] = v.state.brand[2, row["cloud"]] = 3.0
    v.state.work_space[:] = 0.9
    v.state.segments.opening_index[:] = v.state.segments.opening_inside[:] = 1.0
    return v, row


def test_shares_are_those_of_a_nested_logit():
    v, row = street()
    assert v.run(choose, 2) == near(5 / 6)
    found = v.state.work_space[0]
    assert found[row["one"]] == near(3 / 6 * 4 / 9)
    assert found[row["two"]] == near(3 / 6 * 5 / 9)
    assert found[row["open"]] == near(2 / 6)
    assert (found[row["failed"]], found[row["cloud"]], found[CUSTOMERS]) == (0.0, 0.0, 0.0)


def test_the_nests_stand_alone_where_the_other_is_empty():
    v, row = street()
    v[row["open"]].status = FAILED
    assert v.run(choose, 2) == near(3 / 4)
    assert v.state.work_space[0, row["two"]] == near(3 / 4 * 5 / 9)
    v, row = street()
    v[row["one"]].status = v[row["two"]].status = FAILED
    assert v.run(choose, 2) == near(2 / 3)
    assert v.state.work_space[0, row["open"]] == near(2 / 3)


def test_without_sellers_nobody_is_inside():
    v, row = street()
    for name in TASTES:
        v[row[name]].status = FAILED
    assert v.run(choose, 2) == 0.0
    assert not v.state.work_space[0, : int(v.market.n_firms)].any()


def test_strong_tastes_neither_overflow_nor_vanish():
    v, row = street()
    v.state.brand[2] += 400.0
    assert v.run(choose, 2) == near(1.0)
    assert v.state.work_space[0, row["one"]] == pytest.approx(3 / 5 * 4 / 9, rel=1e-11)
    v, row = street()
    v.state.brand[2] -= 400.0
    v.state.brand[2, row["open"]] = -9000.0
    assert v.run(choose, 2) == pytest.approx(3 * exp(-400.0), rel=1e-11)


def test_open_models_share_a_nest():
    v, row = street()
    other = v.entrant(price=6.0)
    v.state.brand[2, row["open"]], v.state.brand[2, other] = 0.5 * log(3.0), 0.0
    assert v.run(choose, 2) == near(5 / 6)
    assert v.state.work_space[0, row["open"]] == near(2 / 6 * 3 / 4)
    assert v.state.work_space[0, other] == near(2 / 6 * 1 / 4)


# --- work -----------------------------------------------------------------------------------------------
def served(first=False, shares=(0.5, 0.3, 0.2), orphans=0.0, **parameters):
    """The street with customers: 10 bn units in segment 2, half of them reached; opening index 2.5, inside 0.8."""
    v, row = street(**({"switching_speed": 0.1, "demand_elasticity": 1.2} | parameters))
    for name, share in zip(TASTES, shares, strict=True):
        v.state.share[2, row[name]] = share
    v.state.share[2, row["failed"]] = orphans
    segment = v.state.segments[2]
    segment.potential, segment.adoption, segment.elasticity, segment.shock = 10.0, 0.5, 0.5, 0.25
    segment.opening_index, segment.opening_inside, segment.spending = 2.5, 0.8, 6.0
    for name in row:
        v[row[name]].work = 99.0
    v.run(buy_services, first)
    return v, row, segment


TARGET = {"one": 0.6 * 4 / 9, "two": 0.6 * 5 / 9, "open": 0.4}


def test_customers_move_a_part_of_the_way_to_what_they_would_choose():
    v, row, segment = served()
    for name, before in zip(TASTES, (0.5, 0.3, 0.2), strict=True):
        assert v.state.share[2, row[name]] == near(before + 0.1 * (TARGET[name] - before))
    assert segment.inside == near(5 / 6)
    assert v[row["cloud"]].work == 99.0


def test_the_lead_is_that_of_the_best_model_over_what_the_segment_uses():
    v, row = street()
    for name, share, quality in (("one", 0.5, 3.0), ("two", 0.3, 4.0), ("open", 0.2, 2.0), ("failed", 0.9, 9.0)):
        v.state.share[2, row[name]], v[row[name]].quality = share, quality
    assert v.run(lead_over_used, 2) == near(4.0 - (1.5 + 1.2 + 0.4))
    assert v.run(lead_over_used, 1) == 0.0  # nobody has a habit there
    v.state.share[2, row["two"]] = 0.0
    v[row["one"]].quality = v[row["open"]].quality = v[row["two"]].quality = 0.1
    assert v.run(lead_over_used, 2) == 0.0


def test_customers_move_faster_the_more_the_best_model_leads_what_they_use():
    v, row = street(switching_speed=0.1, switching_pull=2.0)
    v.state.share[2, row["one"]] = v.state.share[2, row["two"]] = 0.5
    assert v.run(switching, 2) == near(0.1)
    v[row["two"]].quality = 0.6
    assert v.run(switching, 2) == near(0.1 * (1.0 + 2.0 * 0.3))
    v.p.switching_pull = 60.0
    assert v.run(switching, 2) == 1.0


def test_a_lead_speeds_up_the_move_of_shares():
    def held(pull):
        v, row = street(switching_speed=0.1, switching_pull=pull, quality_sensitivity=1.0)
        v.state.share[2, row["one"]] = 1.0
        v[row["two"]].quality = 1.0
        v.state.segments[2].potential = v.state.segments[2].adoption = 1.0
        v.run(buy_services, False)
        return float(v.state.share[2, row["two"]])

    assert held(3.0) == near(4.0 * held(0.0))


def test_a_failed_lab_s_customers_move_at_once():
    v, row, _ = served(shares=(0.3, 0.2, 0.1), orphans=0.4)
    for name, before in zip(TASTES, (0.3, 0.2, 0.1), strict=True):
        kept = before + 0.4 * TARGET[name]
        assert v.state.share[2, row[name]] == near(kept + 0.1 * (TARGET[name] - kept))
    assert (v.state.share[2, row["failed"]], v.state.share[2, row["cloud"]]) == (0.0, 0.0)


def test_a_part_of_a_failed_lab_s_customers_stays_away_for_a_while():
    v, _, segment = served(shares=(0.3, 0.2, 0.1), orphans=0.4, customers_lost=0.3)
    assert segment.shock == near(0.25 + log(1.0 - 0.12))
    _, _, whole = served(shares=(0.3, 0.2, 0.1), orphans=0.4, customers_lost=0.0)
    assert whole.shock == 0.25
    assert segment.work == near(0.88 * whole.work)
    # It is lost once: no one is left to lose in the next month.
    v.run(buy_services, False)
    assert segment.shock == near(0.25 + log(0.88))


def test_no_more_customers_stay_away_than_there_are():
    _, _, segment = served(shares=(0.0, 0.0, 0.0), orphans=1.5, customers_lost=0.3)
    assert segment.shock == near(0.25 + log(0.7))


def test_where_nobody_has_failed_nobody_stays_away():
    _, _, segment = served(customers_lost=0.3)
    assert segment.shock == 0.25


def test_work_is_what_is_reached_times_shock_price_and_part_inside():
    v, row, segment = served(switching_speed=0.0)
    index = exp(0.5 * log(2.0) + 0.3 * log(3.0) + 0.2 * log(5.0))
    work = 10.0 * 0.5 * exp(0.25) * (index / 2.5) ** -0.6 * (5 / 6) / 0.8
    assert segment.price_index == near(index)
    assert segment.work == near(work)
    assert [float(v[row[name]].work) for name in TASTES] == [near(0.5 * work), near(0.3 * work), near(0.2 * work)]
    assert (segment.opening_index, segment.opening_inside, segment.spending) == (2.5, 0.8, 6.0)


def test_the_index_is_of_the_shares_after_the_move():
    v, row, segment = served(switching_speed=1.0)
    index = exp(sum(TARGET[name] * log(float(v[row[name]].price)) for name in TASTES))
    assert segment.price_index == near(index)


def test_the_opening_takes_the_shares_as_they_are_and_sets_the_reference():
    v, row, segment = served(first=True)
    assert [float(v.state.share[2, row[name]]) for name in TASTES] == [0.5, 0.3, 0.2]
    index = 2.0**0.5 * 3.0**0.3 * 5.0**0.2
    assert (segment.opening_index, segment.opening_inside) == (near(index), near(5 / 6))
    assert segment.work == near(5.0 * exp(0.25))


def test_a_seller_s_work_is_the_sum_over_segments():
    v, row = street(switching_speed=0.0)
    for s, (potential, share) in enumerate([(3.0, 0.25), (0.0, 1.0), (5.0, 0.5), (7.0, 0.125)]):
        segment = v.state.segments[s]
        segment.potential, segment.adoption = potential, 1.0
        v.state.share[s, row["one"]] = share
    v.run(buy_services, True)
    assert v[row["one"]].work == near(3.0 * 0.25 + 5.0 * 0.5 + 7.0 * 0.125)
    assert v[row["two"]].work == 0.0


def test_without_sellers_there_is_no_work():
    v, row = street()
    segment = v.state.segments[2]
    segment.potential, segment.adoption, segment.inside = 10.0, 0.5, 0.7
    segment.spending, segment.work, segment.price_index = 6.0, 4.0, 2.25
    v.state.share[2, row["one"]] = 0.5
    for name in TASTES:
        v[row[name]].status = FAILED
    v.run(buy_services, False)
    assert (segment.inside, segment.spending, segment.work, segment.price_index) == (0.0, 0.0, 0.0, 2.25)
    assert not v.state.share.any()


def test_where_sellers_return_the_index_is_their_price():
    v, row = street()
    for name in TASTES:
        v[row[name]].status = FAILED
    v.run(buy_services, False)
    v.entrant(price=4.0)
    v.run(buy_services, False)
    assert v.state.segments[2].price_index == near(4.0)


# --- bills ----------------------------------------------------------------------------------------------
def billed():
    v = Village()
    lab, open_model = v.lab(price=2.0), v.entrant(price=0.5)
    failed, cloud, unserved = v.lab(price=4.0, status=FAILED), v.neocloud(price=4.0), v.lab(price=3.0)
    v.state.segments.spending[:] = 77.0
    v.state.segments.work[:] = [10.0, 0.0, 6.0, 0.0]
    v.state.share[0, [lab, open_model, failed, cloud]] = [0.4, 0.2, 0.3, 0.1]
    v.state.share[2, [lab, open_model]] = [0.25, 0.75]
    part = np.full(v.state.firms.shape[0], 0.9)
    part[[lab, open_model, unserved]] = [0.5, 0.8, 0.0]
    v.run(bill_services, part)
    return v, lab, open_model, (failed, cloud, unserved)


def test_customers_pay_the_price_of_the_work_that_was_served():
    v, lab, open_model, others = billed()
    # 10 * 0.4 * 0.5 * 2 and 6 * 0.25 * 0.5 * 2; 10 * 0.2 * 0.8 * 0.5 and 6 * 0.75 * 0.8 * 0.5
    assert (v[lab].cash, v[lab].revenue, v[lab].operating_cost) == (near(5.5), near(5.5), 0.0)
    assert (v[open_model].cash, v[open_model].revenue) == (near(2.6), near(2.6))
    assert (v[CUSTOMERS].cash, v[CUSTOMERS].operating_cost) == (near(-8.1), near(8.1))
    assert v.flow(F_SERVICE, CUSTOMERS, lab) == near(5.5)
    assert v.flow(F_SERVICE, CUSTOMERS, open_model) == near(2.6)
    assert numbers(v.state.segments.spending) == [near(4.8), 0.0, near(3.3), 0.0]
    assert [v[i].cash for i in others] == [0.0, 0.0, 0.0]
    v.audit()


# --- the phase ------------------------------------------------------------------------------------------
def test_models_improve_then_prices_move_then_customers_choose():
    v = learning(
        open_release_interval=1.0, open_gap=0.5, open_lag=1.0, floor_margin=0.1, quality_premium=1.0, gap_scale=0.5,
        price_sensitivity=3.0, price_adjustment=1.0, switching_speed=1.0, quality_sensitivity=0.0,
    )  # fmt: skip
    v.state.segments.opening_index[:] = v.state.segments.opening_inside[:] = 1.0
    lab = v.lab(quality=3.0, unit_compute=1.0, price=9.0)
    v.entrant(quality=0.5, lag=0.0, unit_compute=1.0, price=8.0)
    v.state.brand[:, lab] = 400.0
    v.run(model_market)
    # the open model is now at 2.5: a lead of one scale; all customers choose the lab at its new price
    assert v.market.best_open == 2.5
    assert v[lab].price == near(1.0 * 0.73 * 2.0 * (1.1 + 1.0 - exp(-1.0)))
    assert v.state.segments[0].price_index == near(v[lab].price)
    assert v.state.segments[0].opening_index == 1.0
