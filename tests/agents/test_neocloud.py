"""Neoclouds: their quotes, their orders, the equity they ask for, and when they give way to a customer in trouble."""

from math import exp, log

import pytest
from village import Village

from abm.agents.neocloud import accept_renegotiation, plan_orders, quote_contract, seek_growth_equity


def near(value):
    return pytest.approx(value, rel=1e-12)


def quoted(tightness=1.0, outside=0.0, spot=None, asked=2.0 * 1.21, weight=0.25, horizon=1e12, lead=10.0, used=0.79):
    """Quote for two months of hardware that costs 2.0, to a buyer that fails with 4 %.

    The seller expects rents to stay at asked * exp(outside).
    """
    v = Village(
        bid_risk_weight=1.5, contract_margin=0.15, scarcity_margin=0.3, contract_spot_weight=weight,
        gpu_generation_gain=0.0, price_horizon=horizon, target_utilisation=0.8, contract_lead=lead, mark_discount=0.0,
    )  # fmt: skip
    v.market.tightness, v.market.spot_price, v.market.entry_rent = tightness, 7.0, 4.0
    buyer = v.lab(pd=0.04, expected_spot=5.0)
    seller = v.neocloud(pd=0.2, utilisation=used, expected_spot=asked * exp(outside) if spot is None else spot)
    return float(v.run(quote_contract, seller, buyer, 2.0, 2.0))


def test_a_quote_is_cost_and_margin_and_the_buyer_s_risk():
    assert quoted() == near(2.0 * (1 + 0.15 + 0.06))


def test_scarcity_adds_up_to_its_whole_margin():
    assert quoted(tightness=1.4, asked=2.66) == near(2.0 * (1.21 + 0.12))
    assert quoted(tightness=2.5, asked=3.02) == near(2.0 * (1.21 + 0.3))
    assert quoted(tightness=0.4) == near(2.42)


def test_a_quote_goes_a_part_of_the_way_to_the_rent_the_seller_expects():
    assert quoted(outside=0.8) == near(2.42 * exp(0.2))
    assert quoted(outside=-0.2) == near(2.42 * exp(-0.05))
    assert quoted(spot=0.5, weight=0.05) == near(2.42 * (0.5 / 2.42) ** 0.05)


def test_who_must_build_asks_its_whole_margin():
    assert quoted(outside=-0.2, used=0.8) == near(2.42)
    assert quoted(outside=0.8, used=0.8) == near(2.42 * exp(0.2))


def test_the_rent_expected_is_that_of_the_term():
    # From 6.0 half way to the entry rent of 4.0 every month; the term begins next month.
    path = 4.0 + 2.0 * (0.5 + 0.25) / 2.0
    assert quoted(spot=6.0, weight=1.0, horizon=1.0 / log(2.0), lead=1.0) == near(path)


def test_no_quote_is_below_full_cost():
    assert quoted(outside=-2.0) == 2.0
    assert quoted(spot=0.0) == 2.0


def orders(spot=2.5, months=18.0, growth=0.4, **columns):
    v = Village(
        capacity_cover=1.1, hurdle_margin=0.25, speculation=0.8, speculation_cap=0.5, demand_growth=1.0,
        growth_fade=0.0, growth_belief_cap=0.9,
    )  # fmt: skip
    v.market.long_run_price, v.market.spot_price, v.market.compute_growth = 2.0, 9.0, growth
    usual = {"promised_out": 2.0, "capacity": 3.0, "expected_spot": spot, "own_growth": 2.0, "expected_growth": 2.0}
    return float(v.run(plan_orders, v.neocloud(**(usual | columns)), months))


def test_a_neocloud_wants_its_fleet_to_grow_as_the_market_does():
    assert orders() == near(3.0 * exp(0.4 * 1.5))
    assert orders(months=6.0) == near(3.0 * exp(0.2))
    assert orders(growth=1.3) == near(3.0 * exp(0.9 * 1.5))


def test_a_neocloud_wants_what_it_promised_where_that_is_more():
    assert orders(promised_out=6.0) == near(6.6)
    assert orders(promised_out=4.9) == near(3.0 * exp(0.6))
    assert orders(capacity=0.0) == near(2.2)


def test_the_return_expected_moves_what_a_neocloud_wants():
    assert orders(spot=3.0) == near(3.0 * exp(0.6) * 1.2**0.8)
    assert orders(spot=2.0) == near(3.0 * exp(0.6) * 0.8**0.8)


def growth_equity(**columns):
    """Hardware of 16 bn with its site of 6 a unit, 1.5 M H100e wanted and 0.5 on order; lenders pay three quarters."""
    v = Village(loan_to_cost=0.75, equity_part=0.4, equity_dilution=0.1, site_cost=5.0)
    v.generation(v.vendor(markup=0.8), cost=20.0, kw=1.0)
    usual = {"desired": 1.5, "on_order": 0.5, "cash": 3.0, "valuation": 60.0, "pue": 1.2}
    return float(v.run(seek_growth_equity, v.neocloud(**(usual | columns))))


def test_growth_asks_for_the_own_part_of_what_is_not_ordered_yet_less_cash_at_hand():
    # a quarter of 22, less 0.4 of 3
    assert growth_equity() == near(5.5 - 1.2)
    assert growth_equity(on_order=1.0) == near(2.75 - 1.2)


def test_growth_equity_ends_at_the_dilution_owners_bear():
    assert growth_equity(valuation=40.0) == near(4.0)
    assert growth_equity(valuation=-40.0) == 0.0


def test_who_lacks_nothing_or_has_the_money_asks_for_none():
    assert growth_equity(on_order=1.6) == 0.0
    assert growth_equity(on_order=1.6, cash=-9.0) == 0.0
    assert growth_equity(cash=14.0) == 0.0
    assert growth_equity(cash=-9.0) == near(5.5)


def gives_way(haircut, willing=1.5, tightness=1.25, top=False, dscr=0.95):
    v = Village(amend_haircut=haircut, renegotiation=willing, renegotiation_cover=0.9)
    v.market.tightness = tightness
    buyer, other = v.lab(dscr=0.2), v.lab()
    seller = v.neocloud(dscr=dscr, top_customer=0.6, top_customer_id=buyer if top else other)
    return bool(v.run(accept_renegotiation, seller, buyer))


def test_a_provider_gives_way_up_to_a_haircut_that_a_small_customer_is_worth():
    assert gives_way(0.29)  # 1.5 * (0.1 + 0.1) = 0.3
    assert not gives_way(0.31)


def test_it_gives_way_further_to_its_largest_customer():
    assert gives_way(1.04, top=True)  # 1.5 * (0.1 + 0.6) = 1.05
    assert not gives_way(1.06, top=True)


def test_it_gives_way_further_when_compute_is_hard_to_let():
    assert gives_way(0.59, tightness=0.8)  # 1.5 * (0.2 + 0.2) = 0.6
    assert not gives_way(0.61, tightness=0.8)


def test_a_haircut_of_just_what_the_customer_is_worth_is_refused():
    assert not gives_way(0.2, willing=1.0)
    assert gives_way(0.1999, willing=1.0)


@pytest.mark.parametrize(("dscr", "answer"), [(0.89, False), (0.9, True)])
def test_a_provider_whose_debt_is_not_covered_cannot_give_way(dscr, answer):
    assert gives_way(0.1, dscr=dscr) is answer


def test_policy_can_rule_renegotiation_out():
    assert not gives_way(-0.1, willing=0.0)
    assert gives_way(0.001, willing=0.01)
