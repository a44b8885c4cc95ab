"""Contracts signed: who tenders for how much, who may promise, at what price, and what a signature binds."""

from __future__ import annotations

from math import exp

import pytest
from village import Village

from abm.engine import tables as ec
from abm.engine.draws import D_DEAL, D_TENDER, uniform
from abm.instruments.contract import promised_at, promised_by, promised_invoices, sign_contract, use_intents
from abm.markets.tenders import (
    affordable_quantity,
    can_promise,
    clouds_tender,
    firm_up,
    labs_tender,
    liking,
    means_to_build,
    on_custom_chips,
    own_cost,
    own_part,
    room_at,
    sign_promise,
    tender,
)
from abm.rules import interpreted


def near(value):
    return pytest.approx(value, rel=1e-12)


# --- promised already -----------------------------------------------------------------------------------
def test_compute_promised_in_a_month_to_come_is_what_still_runs_then():
    v = Village()
    v.market.month = 4
    lab, other, cloud = v.lab(), v.lab(), v.neocloud()
    v.contract(lab, cloud, 0.1, months_left=11)  # runs after month 14
    v.contract(lab, cloud, 0.2, months_left=10)  # does not
    v.contract(lab, cloud, 0.4, months_left=1, status=ec.PENDING)
    v.contract(lab, cloud, 0.8, months_left=30, kind=ec.SITE)
    v.contract(lab, cloud, 1.6, months_left=30, status=ec.ENDED)
    v.contract(lab, cloud, 3.2, months_left=30, status=ec.INTENT)
    v.contract(other, cloud, 6.4, months_left=30)
    assert v.run(promised_at, lab, 14) == near(0.5)
    assert v.run(promised_at, lab, 13) == near(0.7)
    assert v.run(promised_at, other, 14) == 6.4
    assert v.run(promised_at, cloud, 14) == 0.0


def test_invoices_promised_are_those_of_binding_contracts_at_full_ramp():
    v = Village()
    lab, other, cloud = v.lab(), v.lab(), v.neocloud()
    v.contract(lab, cloud, 0.1, 3.0, ramp=9, start=0, delivered=0.0)
    v.contract(lab, cloud, 0.2, 4.0, status=ec.PENDING)
    v.contract(lab, cloud, 0.5, 0.2, kind=ec.SITE)
    v.contract(lab, cloud, 1.6, status=ec.ENDED)
    v.contract(lab, cloud, 3.2, status=ec.INTENT)
    v.contract(other, cloud, 6.4)
    assert v.run(promised_invoices, lab) == near((0.3 + 0.8) * 0.73 + 0.1)
    assert v.run(promised_invoices, cloud) == 0.0


# --- who may promise ------------------------------------------------------------------------------------
def promise_village(**parameters):
    """Hardware at 20 bn with a site of 5, a fifth of it from own money: 5 bn carry a unit."""
    usual = {
        "bid_risk_cap": 0.2, "equity_part": 0.4, "loan_to_cost": 0.8, "site_cost": 5.0, "equity_dilution": 0.1,
        "contract_lead": 8.0, "contract_ramp": 12.0,
    }  # fmt: skip
    v = Village(**(usual | parameters))
    v.generation(v.vendor())
    return v


def test_own_money_is_cash_for_orders_earnings_until_the_ramp_ends_and_a_round():
    v = promise_village()
    v.market.sentiment = 1.25
    cloud = v.neocloud(cash=5.0, earnings=0.7, debt_service=0.4, valuation=16.0)
    assert v.run(means_to_build, cloud) == near(0.4 * 5.0 + 20 * 0.3 + 0.1 * 16.0 * 1.25)
    big = v.hyperscaler(cash=5.0, earnings=0.7, debt_service=0.4, valuation=16.0, capex_share=0.5)
    assert v.run(means_to_build, big) == near(2.0 + 3.0 + 2.0)
    assert v.run(means_to_build, v.neocloud(cash=-5.0, earnings=0.1, debt_service=0.4, valuation=-3.0)) == 0.0


def test_a_provider_promises_what_it_has_and_ordered_and_can_finance():
    v = promise_village()
    cloud = v.neocloud(capacity=0.5, on_order=0.2, promised_out=0.4, cash=5.0, need=9.0, pd=0.0)
    assert v.run(can_promise, cloud) == near(0.3 + 2.0 / 5.0)
    v[cloud].promised_out = 1.2
    assert v.run(can_promise, cloud) == 0.0


def test_a_hyperscaler_keeps_what_it_needs_itself():
    v = promise_village()
    assert v.run(can_promise, v.hyperscaler(capacity=0.5, on_order=0.2, need=0.6, cash=5.0, pd=0.0)) == near(0.1 + 0.4)


def test_backlog_is_bounded_by_money_not_by_the_fleet():
    v = promise_village()
    small = v.neocloud(capacity=0.1, valuation=500.0, pd=0.0)
    assert v.run(can_promise, small) == near(0.1 + 50.0 / 5.0)  # a hundred fleets
    v.p.loan_to_cost = 0.6
    assert v.run(can_promise, small) == near(0.1 + 50.0 / 10.0)


def test_the_worse_its_name_the_less_own_money_a_provider_raises_and_at_the_cap_it_promises_only_what_it_has():
    v = promise_village()
    assert v.run(can_promise, v.neocloud(capacity=0.5, cash=5.0, pd=0.05)) == near(0.5 + 0.75 * 0.4)
    assert v.run(can_promise, v.neocloud(capacity=0.5, cash=5.0, pd=0.2)) == near(0.5)
    assert v.run(can_promise, v.neocloud(capacity=0.5, cash=5.0, pd=0.2001)) == 0.0
    assert v.run(can_promise, v.hyperscaler(capacity=0.5, pd=0.2001)) == 0.0


@pytest.mark.parametrize("kind", [ec.LAB, ec.VEHICLE, ec.VENDOR, ec.LENDER, ec.ENTRANT])
def test_only_clouds_promise(kind):
    v = promise_village()
    assert v.run(can_promise, v.firm(kind, capacity=0.5, cash=50.0)) == 0.0


def test_a_failed_provider_promises_nothing():
    v = promise_village()
    assert v.run(can_promise, v.neocloud(capacity=0.5, status=ec.FAILED)) == 0.0


# --- what a promise costs -------------------------------------------------------------------------------
def cost_village():
    """Free hardware: the first vendor's draws 2 kW, the third's, custom chips, 0.5 kW; running it is all it costs."""
    v = Village(site_cost=0.0, loss_given_default_secured=0.5, loan_to_cost=0.8, economic_life=60.0)
    v.market.power_price, v.market.long_run_price = 1000.0, 7.0
    for kw in (2.0, 5.0, 0.5, 7.0):
        v.generation(v.vendor(), cost=0.0, kw=kw)
    return v


def test_a_promise_costs_what_its_hardware_does_and_the_spread_over_half_its_life():
    v = cost_village()
    cloud = v.neocloud(pue=1.5, unit_opex=0.2, pd=0.1)
    # 3 kW at a dollar and 0.2 for each of 2 kW; a spread of 0.04 over two and a half years
    assert v.run(own_cost, cloud) == near(3.4 * 1.1)


@pytest.mark.parametrize(("share", "cost"), [(0.5, 2.4 * 1.1), (0.51, 0.6 * 1.1)])
def test_who_builds_mostly_on_custom_chips_reckons_with_them(share, cost):
    v = cost_village()
    assert v.run(own_cost, v.hyperscaler(unit_opex=0.2, pd=0.1, custom_share=share)) == near(cost)


def test_without_hardware_on_sale_a_promise_costs_the_long_run_price():
    v = cost_village()
    cloud = v.neocloud(pd=0.1)
    v.state.generations[0].released = 3
    assert v.run(own_cost, cloud) == 7.0
    for i in range(4):
        v[ec.N_OUTSIDE + i].status = ec.FAILED
    assert v.run(own_cost, cloud) == 7.0


# --- signed ---------------------------------------------------------------------------------------------
def sign(v, buyer, seller, ramp=5):
    r = v.run(sign_contract, buyer, seller, 0.4, 2.5, 36, 10, ramp)
    return r, v.rows("contracts")[r]


# 0.73 a month at full ramp; the ramp over five months asks 0.2 + 0.4 + 0.6 + 0.8 of it and then 32 months all.
VALUE = 0.73 * 34.0


def test_a_contract_is_signed_for_delivery_after_its_lead():
    v = Village(take_or_pay=0.85, prepayment_share=0.0)
    v.market.month, v.market.next_contract = 7, 31
    lab, cloud = v.lab(promised_in=0.3, cash=9.0), v.neocloud(promised_out=0.2, cash=3.0)
    v.close()
    r, c = sign(v, lab, cloud)
    assert (r, c.id, c.kind, c.status, c.buyer, c.seller) == (0, 31, ec.COMPUTE, ec.PENDING, lab, cloud)
    assert (c.guarantor, c.end_user, c.backstop) == (-1, -1, 0)
    assert (c.signed, c.start, c.ramp, c.months, c.months_left) == (7, 17, 5, 36, 36)
    assert (c.quantity, c.price, c.take_or_pay, c.prepaid, c.delivered) == (0.4, 2.5, 0.85, 0.0, 0.0)
    assert c.announced == near(VALUE)
    assert v[cloud].promised_out == near(0.6)
    assert v[lab].promised_in == near(0.7)
    assert (v[cloud].promised_in, v[lab].promised_out) == (0.0, 0.0)
    assert (v[lab].cash, v[cloud].cash, v.state.flows.sum()) == (9.0, 3.0, 0.0)
    (event,) = v.rows("events")
    assert (event.month, event.kind, event.a, event.b, event.amount) == (7, ec.E_CONTRACT, lab, cloud, near(VALUE))
    v.audit()


def test_a_ramp_takes_a_month_at_least():
    v = Village(prepayment_share=0.0)
    _, c = sign(v, v.lab(), v.neocloud(), ramp=0)
    assert c.ramp == 1
    assert c.announced == near(0.73 * 36.0)


def test_a_part_of_the_value_is_paid_in_advance():
    v = Village(prepayment_share=0.125)
    lab, cloud = v.lab(cash=90.0), v.neocloud(cash=3.0)
    v.close()
    _, c = sign(v, lab, cloud)
    advance = VALUE / 8.0
    assert c.prepaid == near(advance)
    assert v.flow(ec.F_PREPAYMENT, lab, cloud) == near(advance)
    assert v.state.flows.sum() == near(advance)
    assert (v[lab].cash, v[cloud].cash) == (near(90.0 - advance), near(3.0 + advance))
    assert (v[lab].operating_cost, v[cloud].revenue) == (0.0, 0.0)
    v.audit()


def test_no_more_than_a_tenth_of_the_buyer_s_cash_is_paid_in_advance():
    v = Village(prepayment_share=0.125)
    lab, cloud = v.lab(cash=6.0), v.neocloud(cash=900.0)
    v.close()
    _, c = sign(v, lab, cloud)
    assert c.prepaid == near(0.6)
    assert v[lab].cash == near(5.4)
    v[lab].cash = -2.0
    _, c = sign(v, lab, cloud)
    assert (c.prepaid, v[lab].cash) == (0.0, -2.0)


@pytest.mark.parametrize(("need", "own"), [(0.31, 1), (0.3, 0), (0.1, 0)])
def test_who_serves_itself_more_than_others_uses_what_it_rents(need, own):
    v = Village(prepayment_share=0.0)
    big, cloud = v.hyperscaler(need=need, promised_out=0.3), v.neocloud(need=9.0)
    _, c = sign(v, big, cloud)
    assert c.own_use == own


def test_a_signed_contract_uses_up_the_buyer_s_letters_of_intent():
    v = Village(prepayment_share=0.0)
    lab, cloud = v.lab(), v.neocloud()
    letter = v.contract(lab, cloud, 1.0, status=ec.INTENT, announced=30.0)
    sign(v, lab, cloud)
    assert v.rows("contracts")[letter].announced == near(30.0 - VALUE)


def test_letters_of_intent_are_used_in_turn_and_no_further_than_their_value():
    v = Village()
    lab, other, cloud = v.lab(), v.lab(), v.neocloud()
    rows = [
        v.contract(lab, cloud, 1.0, status=ec.INTENT, announced=3.0),
        v.contract(lab, cloud, 1.0, announced=4.0),
        v.contract(other, cloud, 1.0, status=ec.INTENT, announced=5.0),
        v.contract(cloud, lab, 1.0, status=ec.INTENT, announced=6.0),
        v.contract(lab, cloud, 1.0, status=ec.INTENT, announced=7.0),
        v.contract(lab, cloud, 1.0, status=ec.INTENT, announced=8.0),
    ]
    v.run(use_intents, lab, 4.5)
    assert [v.rows("contracts")[r].announced for r in rows] == [0.0, 4.0, 5.0, 6.0, 5.5, 8.0]


# --- tenders --------------------------------------------------------------------------------------------
def bidders(*costs, **parameters):
    """Neoclouds that can promise 0.3 each, on order, and ask a quarter more than the running cost given."""
    usual = {
        "site_cost": 0.0, "contract_margin": 0.25, "contract_spot_weight": 0.0, "scarcity_margin": 0.0,
        "bid_risk_weight": 0.0, "bid_taste": 0.0, "tenor_flexibility": 0.0, "contract_tenor": 30.0,
        "loss_given_default_secured": 0.0, "prepayment_share": 0.0, "security_premium": 0.5, "seller_cap": 1.0,
        "spread_taste": 0.0, "chip_taste": 0.0, "contract_lead": 8.0, "equity_part": 0.0, "deal_chance": 0.0,
    }  # fmt: skip
    v = Village(**(usual | parameters))
    v.market.power_price, v.market.contract_price, v.market.month = 0.0, 2.0, 6
    v.generation(v.vendor(), cost=0.0)
    v.state.work_space[:] = 0.7  # what another phase left
    lab = v.lab(expected_spot=1.0)
    clouds = [v.neocloud(unit_opex=cost, on_order=0.3) for cost in costs]
    v.close()
    return v, lab, clouds


def deals(v):
    return [(c.buyer, c.seller, near(c.quantity), near(c.price)) for c in v.rows("contracts")]


def test_the_cheapest_bidder_gets_the_contract():
    v, lab, (_, cheap, _) = bidders(1.6, 1.2, 1.4)
    assert v.run(tender, lab, 0.2, 12) == near(0.2)
    assert deals(v) == [(lab, cheap, 0.2, 1.5)]
    c = v.rows("contracts")[0]
    assert (c.signed, c.start, c.months) == (6, 15, 30)
    v.audit()


def test_what_the_cheapest_cannot_promise_goes_to_the_next():
    v, lab, (dear, cheap, middle) = bidders(1.6, 1.2, 1.4)
    v[dear].promised_out = 0.05
    assert v.run(tender, lab, 0.7, 12) == near(0.7)
    assert deals(v) == [(lab, cheap, 0.3, 1.5), (lab, middle, 0.3, 1.75), (lab, dear, 0.1, 2.0)]


def test_five_bidders_at_most_are_signed_with():
    v, lab, clouds = bidders(1.6, 1.2, 1.4, 1.5, 1.45, 1.3)
    assert v.run(tender, lab, 2.9, 12) == near(1.5)
    assert [c.seller for c in v.rows("contracts")] == [clouds[k] for k in (1, 5, 2, 4, 3)]


def test_a_deal_has_the_ramp_it_is_put_out_with():
    v, lab, _ = bidders(1.2)
    v.run(tender, lab, 0.2, 30)
    assert v.rows("contracts")[0].ramp == 30


def test_what_stands_idle_is_handed_over_at_once_and_what_must_be_built_after_the_lead():
    v, lab, (cloud,) = bidders(1.2)
    v[cloud].capacity, v[cloud].on_order = 0.1, 0.3
    v.run(tender, lab, 0.4, 24)
    c = v.rows("contracts")[0]
    assert (c.start, c.ramp) == (6 + 1 + 6, 18)  # three quarters of a lead of 8 and a ramp of 24


# --- not all from one -----------------------------------------------------------------------------------
def test_what_a_seller_has_promised_a_buyer_counts_while_it_binds():
    v = Village()
    lab, other, cloud, rival = v.lab(), v.lab(), v.neocloud(), v.neocloud()
    v.contract(lab, cloud, 0.1)
    v.contract(lab, cloud, 0.2, status=ec.PENDING)
    v.contract(lab, cloud, 0.4, status=ec.INTENT)
    v.contract(lab, cloud, 0.8, status=ec.ENDED)
    v.contract(lab, cloud, 1.6, kind=ec.SITE)
    v.contract(lab, rival, 3.2)
    v.contract(other, cloud, 6.4)
    assert v.run(promised_by, lab, cloud) == near(0.3)


def test_no_seller_gets_more_than_its_part_of_what_a_buyer_is_promised():
    v, lab, (cloud,) = bidders(1.2, seller_cap=0.5)
    v[cloud].on_order = 9.0
    v.contract(lab, cloud, 0.3)
    v[lab].promised_in = 1.0
    assert v.run(room_at, lab, cloud, 0.8) == near(0.5 * 1.8 - 0.3)
    v[cloud].on_order = 0.2
    assert v.run(room_at, lab, cloud, 0.8) == near(0.2)
    v.p.seller_cap = 0.1
    assert v.run(room_at, lab, cloud, 0.8) == 0.0


def test_a_captive_lab_takes_all_its_compute_within_the_group():
    v, _, (cloud,) = bidders(1.2, seller_cap=0.1)
    parent = v.hyperscaler(capacity=2.0)
    captive = v.lab(parent=parent)
    assert v.run(room_at, captive, parent, 0.8) == near(2.0)
    assert v.run(room_at, captive, cloud, 0.8) == 0.0
    v[captive].parent = v.lab()
    assert v.run(room_at, captive, cloud, 0.8) == near(0.08)


def test_a_seller_is_liked_less_the_more_hangs_on_it_and_more_if_it_holds_the_buyer_s_equity():
    v, lab, (cloud, friend) = bidders(1.2, 1.2, spread_taste=0.25, partner_taste=0.2)
    v.contract(lab, cloud, 0.6)
    v[lab].promised_in = 1.0
    v.stake(friend, lab, 0.1, 1.0)
    assert v.run(liking, lab, cloud, 0.5, 0.0) == near(1.0 + 0.25 * 0.4)
    assert v.run(liking, lab, friend, 0.5, 0.0) == near(0.8)
    v.stake(cloud, lab, 0.1, 1.0)
    assert v.run(liking, lab, cloud, 0.5, 0.0) == near(1.1 * 0.8)
    assert v.run(liking, v.lab(), cloud, 0.0, 0.0) == 1.0


def test_chips_that_a_buyer_does_not_run_on_are_liked_less():
    v, lab, (cloud,) = bidders(1.2, chip_taste=0.4, partner_taste=0.2)
    tpu = v.hyperscaler(custom_share=0.6)
    assert v.run(on_custom_chips, lab) == 0.0
    v.contract(lab, cloud, 0.3)
    v.contract(lab, tpu, 0.1)
    v.contract(lab, v.vendor(custom_share=0.9), 5.0)
    assert v.run(on_custom_chips, lab) == near(0.25)
    assert v.run(liking, lab, tpu, 0.0, 0.25) == near(1.0 + 0.4 * 0.75)
    assert v.run(liking, lab, cloud, 0.0, 0.25) == near(1.0 + 0.4 * 0.25)


def test_the_liking_decides_and_the_bid_is_paid():
    v, lab, (cheap, other) = bidders(1.2, 1.3, spread_taste=1.0)
    v.contract(lab, cheap, 0.3, price=1.0)
    v[lab].promised_in = 0.3
    v[cheap].promised_out = 0.0
    assert v.run(tender, lab, 0.1, 12) == near(0.1)
    assert deals(v)[1:] == [(lab, other, 0.1, 1.3 * 1.25)]


def test_the_more_a_buyer_minds_the_more_evenly_it_buys():
    def largest(cap):
        v, lab, clouds = bidders(1.2, 1.3, 1.4, seller_cap=cap)
        for cloud in clouds:
            v[cloud].on_order = 9.0
        v.run(tender, lab, 1.0, 12)
        return max(float(c.quantity) for c in v.rows("contracts"))

    assert (largest(1.0), largest(0.5), largest(0.4)) == (near(1.0), near(0.5), near(0.4))


def test_a_tender_ends_when_98_per_cent_are_signed():
    v, lab, (first, _) = bidders(1.2, 1.4)
    v.run(tender, lab, 0.3 / 0.981, 12)
    assert [c.seller for c in v.rows("contracts")] == [first]
    v, lab, (first, second) = bidders(1.2, 1.4)
    v.run(tender, lab, 0.3 / 0.979, 12)
    assert [c.seller for c in v.rows("contracts")] == [first, second]


def test_who_can_carry_less_than_a_tenth_does_not_bid():
    v, lab, (small, other) = bidders(1.2, 1.4)
    v[small].promised_out = 0.3 - 0.0199
    assert v.run(tender, lab, 0.2, 12) == near(0.2)
    assert deals(v) == [(lab, other, 0.2, 1.75)]
    v, lab, (small, other) = bidders(1.2, 1.4)
    v[small].promised_out = 0.3 - 0.0201
    assert v.run(tender, lab, 0.2, 12) == near(0.2)
    assert [c.seller for c in v.rows("contracts")] == [small, other]


@pytest.mark.parametrize(("expected", "contract", "signed"), [(0.9, 1.01, 1), (1.01, 0.9, 1), (0.99, 0.98, 0)])
def test_nobody_signs_at_more_than_a_premium_over_the_rent_it_expects(expected, contract, signed):
    v, lab, _ = bidders(1.2)  # asks 1.5, the premium is a half
    v[lab].expected_spot, v.market.contract_price = expected, contract
    assert v.run(tender, lab, 0.2, 12) == near(0.2 * signed)
    assert v.market.n_contracts == signed


def test_the_price_has_the_seller_s_charge_for_the_buyer_s_risk():
    v, lab, (cloud,) = bidders(1.2, bid_risk_weight=0.5)
    v[lab].pd_long, v[cloud].pd_long = 0.1, 0.07
    v.run(tender, lab, 0.2, 12)
    assert v.rows("contracts")[0].price == near(1.2 * 1.3)


def test_offers_differ_by_the_draw_of_buyer_seller_and_month():
    v, lab, (cloud, other) = bidders(1.2, 1.2, bid_taste=0.4)
    draws = {i: float(interpreted(uniform)(1, D_TENDER, 6, lab * 65536 + i)) for i in (cloud, other)}
    v.run(tender, lab, 0.2, 12)
    best = min(draws, key=draws.__getitem__)
    assert deals(v) == [(lab, best, 0.2, 1.5)]  # what is seen beside the price is no part of it


def test_what_a_buyer_sees_in_an_offer_may_outweigh_its_price():
    def drawn(i):
        return float(interpreted(uniform)(1, D_TENDER, 6, lab * 65536 + i))

    v, lab, clouds = bidders(1.2, 1.2)
    liked, other = sorted(clouds, key=drawn)
    edge = (1.0 + 0.4 * (drawn(other) - 0.5)) / (1.0 + 0.4 * (drawn(liked) - 0.5))
    assert edge > 1.001
    for dearer, seller in ((edge * 0.999, liked), (edge * 1.001, other)):
        v, lab, _ = bidders(1.2, 1.2, bid_taste=0.4)
        v[liked].unit_opex = 1.2 * dearer
        v.run(tender, lab, 0.2, 12)
        (c,) = v.rows("contracts")
        assert (c.seller, c.price) == (seller, near(1.5 * (dearer if seller == liked else 1.0)))


def test_no_taste_makes_up_for_a_price_above_what_a_buyer_pays():
    v, lab, clouds = bidders(2.5, 2.5, 2.5, 2.5, bid_taste=2.0)
    assert min(float(interpreted(uniform)(1, D_TENDER, 6, lab * 65536 + i)) for i in clouds) < 0.4
    v.market.contract_price = v[lab].expected_spot = 2.0  # 3.125 asked, 3.0 paid at most
    assert v.run(tender, lab, 0.2, 12) == 0.0
    for cloud in clouds:
        v[cloud].unit_opex = 2.3
    assert v.run(tender, lab, 0.2, 12) == near(0.2)


def promise(idle, quantity=0.5, ramp=12):
    """Months to the start and the ramp of a promise by a seller with so much idle capacity."""
    v = Village(contract_lead=8.0, prepayment_share=0.0)
    v.market.month = 6
    lab, cloud = v.lab(), v.neocloud(capacity=0.5 + idle, promised_out=0.5)
    v.run(sign_promise, lab, cloud, quantity, 2.5, 30, ramp)
    (c,) = v.rows("contracts")
    assert (c.buyer, c.seller, c.quantity, c.price, c.months) == (lab, cloud, quantity, 2.5, 30)
    return int(c.start) - 6, int(c.ramp)


def test_a_promise_starts_and_ramps_the_later_the_more_of_it_must_be_built():
    assert promise(0.0) == (9, 12)
    assert promise(0.125) == (1 + 6, 9)
    assert promise(0.375) == (1 + 2, 3)
    assert promise(0.49) == (1, 1)
    assert promise(0.5) == promise(0.7) == (1, 1)


def test_hyperscalers_rent_from_neoclouds_and_labs_from_both():
    v, lab, (cloud,) = bidders(1.4)
    big, rival = (v.hyperscaler(unit_opex=1.2, capacity=0.3, expected_spot=1.0) for _ in range(2))
    assert v.run(tender, big, 0.2, 12) == near(0.2)
    assert v.run(tender, lab, 0.2, 12) == near(0.2)
    assert deals(v) == [(big, cloud, 0.2, 1.75), (lab, big, 0.2, 1.5)]
    assert v.run(tender, rival, 0.2, 12) == near(0.1)


def test_nobody_rents_from_itself():
    v, _, (cloud, other) = bidders(1.2, 1.4)
    assert v.run(tender, cloud, 0.2, 12) == near(0.2)
    assert deals(v) == [(cloud, other, 0.2, 1.75)]


def test_without_bidders_nothing_is_signed():
    v, lab, _ = bidders()
    assert v.run(tender, lab, 0.2, 12) == 0.0
    assert v.market.n_contracts == 0


def test_a_bid_for_crumbs_is_not_signed():
    v, lab, (cloud,) = bidders(1.2)
    assert v.run(tender, lab, 0.9e-6, 12) == 0.0
    assert v.market.n_contracts == 0
    assert v[cloud].promised_out == 0.0


def test_a_buyer_signs_for_the_months_it_chooses():
    v, lab, _ = bidders(1.2, contract_tenor=24.9)
    v.run(tender, lab, 0.2, 12)
    assert v.rows("contracts")[0].months == 24


# --- labs -----------------------------------------------------------------------------------------------
def lab_village(**columns):
    """A lab that plans 3.0 and half of it for training, has 1.1 and is promised 0.8 for the month that counts.

    It lacks 2.6; its revenue and cash let it promise 0.9 * (5.0 + 90 / 30) = 7.2 a month.
    """
    parameters = {
        "training_scale": 1.0, "capacity_ambition": 1.0, "task_complexity": 3.0, "algorithmic_efficiency": 3.0,
        "commitment_ratio": 0.9, "planning_horizon": 9.0, "tender_threshold": 0.5, "tender_part": 0.25,
    }  # fmt: skip
    v, lab, (cloud,) = bidders(1.2, **parameters)
    v[cloud].on_order = 50.0
    usual = {"need": 3.0, "training_target": 0.5, "capacity": 1.1, "revenue": 5.0, "cash": 90.0}
    for name, value in (usual | columns).items():
        v[lab][name] = value
    v.contract(lab, cloud, 0.8, 2.5, months_left=10)  # ends after month 15, the horizon
    v[lab].promised_in = 0.8
    return v, lab, cloud


def signed(v):
    return [near(c.quantity) for c in v.rows("contracts")[1:]]


def test_a_lab_tenders_for_a_part_of_what_its_plan_lacks():
    v, lab, cloud = lab_village()
    v.run(labs_tender)
    assert v[lab].desired == near(4.5 - 0.8 - 1.1)
    assert signed(v) == [2.6 / 4]
    assert (v.rows("contracts")[1].buyer, v.rows("contracts")[1].seller) == (lab, cloud)


def test_what_ends_before_the_horizon_is_missing_then():
    v, lab, _ = lab_village()
    v.rows("contracts")[0].months_left = 9
    v.run(labs_tender)
    assert v[lab].desired == near(3.4)
    assert signed(v) == [3.4 / 4]


def test_a_lab_promises_no_more_than_it_can_afford():
    v, lab, _ = lab_village(cash=0.0)  # 4.5 a month, of which 0.8 * 2.5 * 0.73 is promised
    v.run(labs_tender)
    assert v[lab].desired == near(2.6)
    assert signed(v) == [(4.5 - 1.46) / (2.0 * 0.73) / 4]


def test_a_lab_that_has_promised_too_much_signs_nothing():
    v, lab, _ = lab_village(cash=0.0, revenue=1.0)
    v.run(labs_tender)
    assert signed(v) == []
    assert v[lab].desired == near(2.6)


@pytest.mark.parametrize(("capacity", "deals"), [(2.19, 1), (2.21, 0)])
def test_a_small_gap_is_bought_spot(capacity, deals):
    v, lab, _ = lab_village(capacity=capacity)  # the threshold: half of the need
    v.run(labs_tender)
    assert len(signed(v)) == deals
    assert v[lab].desired == near(3.7 - capacity)


def test_a_lab_with_more_than_it_plans_desires_nothing():
    v, lab, _ = lab_village(capacity=9.0, desired=0.4)
    v.run(labs_tender)
    assert (v[lab].desired, signed(v)) == (0.0, [])


def test_a_lab_without_need_tenders_for_nothing():
    v, lab, _ = lab_village(need=0.0, capacity=0.0)
    v.rows("contracts")[0].status = ec.ENDED
    v.run(labs_tender)
    assert (v[lab].desired, signed(v)) == (0.0, [])


@pytest.mark.parametrize("columns", [{"status": ec.FAILED}, {"stops_paying": 1.0}, {"kind": ec.HYPERSCALER}])
def test_only_labs_in_business_that_pay_tender(columns):
    v, lab, _ = lab_village(desired=0.4, **columns)
    v.run(labs_tender)
    assert (v[lab].desired, signed(v)) == (0.4, [])


@pytest.mark.parametrize(
    ("need", "threshold", "deals"),
    # a gap of half of a thousandth at least, and more than 0.0001 of it put out
    [(0.00051, 0.5, 1), (0.00049, 0.5, 0), (0.00041, 0.1, 1), (0.00039, 0.1, 0)],
)
def test_crumbs_are_not_tendered_for(need, threshold, deals):
    v, _, _ = lab_village(need=need, training_target=0.0, capacity=0.0)
    v.p.tender_threshold = threshold
    v.rows("contracts")[0].status = ec.ENDED
    v.run(labs_tender)
    assert signed(v) == [need / 4] * deals


# --- hyperscalers ---------------------------------------------------------------------------------------
def cloud_village(**columns):
    """A hyperscaler that lacks 2.0, orders on the way counted, and may rent 0.2 of all its compute."""
    parameters = {"tender_threshold": 0.5, "tender_part": 0.25, "rental_share": 0.3, "outsourcing": 0.2}
    v, _, (seller,) = bidders(1.2, **parameters)
    v[seller].capacity = 50.0
    usual = {
        "desired": 2.6, "on_order": 0.6, "need": 3.0, "other_income": 9.0, "revenue": 16.0, "capacity": 20.0,
        "promised_in": 0.4, "expected_spot": 1.0,
    }  # fmt: skip
    big = v.hyperscaler(**(usual | columns))
    v.contract(big, seller, 0.4, 2.5)
    return v, big, seller


def test_a_hyperscaler_rents_a_part_of_what_it_lacks():
    v, big, seller = cloud_village()
    v.run(clouds_tender)
    assert signed(v) == [0.5]
    assert (v.rows("contracts")[1].buyer, v.rows("contracts")[1].seller) == (big, seller)
    assert v[big].desired == 2.6


def test_a_hyperscaler_rents_a_bounded_part_of_its_compute():
    v, _, _ = cloud_village(capacity=5.0)  # of 5.0 + 0.6 + 0.4 + 2.0 a fifth less 0.4
    v.run(clouds_tender)
    assert signed(v) == [(1.6 - 0.4) / 4]


@pytest.mark.parametrize(("income", "deals"), [(9.2, 0), (9.3, 1)])
def test_a_hyperscaler_owes_rent_within_a_part_of_its_sales(income, deals):
    # 0.4 at 2.5 and 2.0 at 2.0 are 3.65 a month, 0.3 of 12.1667 a month
    v, _, _ = cloud_village(other_income=income, revenue=2.95)
    v.run(clouds_tender)
    assert len(signed(v)) == deals


@pytest.mark.parametrize(("order", "deals"), [(1.09, 1), (1.11, 0)])
def test_a_small_shortage_is_not_rented(order, deals):
    v, _, _ = cloud_village(on_order=order)
    v.run(clouds_tender)
    assert len(signed(v)) == deals


@pytest.mark.parametrize("columns", [{"status": ec.FAILED}, {"kind": ec.NEOCLOUD}, {"kind": ec.LAB}])
def test_only_hyperscalers_in_business_rent(columns):
    v, big, _ = cloud_village()
    for name, value in columns.items():
        v[big][name] = value
    v.run(clouds_tender)
    assert signed(v) == []


def test_a_hyperscaler_without_a_plan_rents_nothing():
    v, _, _ = cloud_village(desired=0.0, on_order=0.0, need=0.0)
    v.run(clouds_tender)
    assert signed(v) == []


@pytest.mark.parametrize(
    ("desired", "threshold", "deals"), [(0.00051, 0.5, 1), (0.00049, 0.5, 0), (0.00041, 0.1, 1), (0.00039, 0.1, 0)]
)
def test_crumbs_are_not_rented(desired, threshold, deals):
    v, _, _ = cloud_village(need=0.0, desired=desired, on_order=0.0)
    v.p.tender_threshold = threshold
    v.run(clouds_tender)
    assert signed(v) == [desired / 4] * deals


def test_what_is_on_order_or_meant_to_be_owned_is_not_rented():
    v, lab, _ = lab_village(on_order=0.6)
    v.run(labs_tender)
    assert v[lab].desired == near(4.5 - 0.8 - 1.7)
    v, lab, _ = lab_village(own_hardware=0.6)  # of 4.5
    assert v.run(own_part, lab) == near(2.7)
    v.run(labs_tender)
    assert v[lab].desired == near(4.5 - 0.8 - 2.7)


def test_a_lab_dares_to_sign_for_what_its_promises_leave():
    v, lab, _ = lab_village()
    assert v.run(affordable_quantity, lab) == near((7.2 - 1.46) / 1.46)


# --- framework deals ------------------------------------------------------------------------------------
def framework(**columns):
    """The same lab in a month of a framework deal; four years to the middle of its life, no fading, growth 0.2.

    It plans 4.5 * exp(0.8) for then.
    """
    v, lab, cloud = lab_village(**({"expected_growth": 0.2, "cash": 9000.0} | columns))
    v.p.deal_chance, v.p.belief_fade, v.p.contract_tenor, v.p.framework_part = 1.0, 0.0, 80.0, 0.5
    v.p.framework_ramp = 24.0
    v.rows("contracts")[0].months_left = 99
    return v, lab, cloud


def test_a_framework_deal_covers_a_part_of_what_the_plan_of_several_years_lacks():
    v, _, _ = framework()
    v.run(labs_tender)
    # growth until 48 months ahead, of which 8 are the lead
    assert signed(v) == [pytest.approx(0.5 * (4.5 * exp(0.8) - 0.8 - 1.1), rel=1e-5)]
    assert v.rows("contracts")[1].ramp == 24


def test_whether_a_lab_puts_out_a_framework_deal_is_drawn_by_month_and_lab():
    draw = float(interpreted(uniform)(1, D_DEAL, 6, framework()[1]))
    for chance, ramp in ((draw * 1.0001, 24), (draw * 0.9999, 3)):
        v, _, _ = framework()
        v.p.deal_chance, v.p.contract_ramp = chance, 3.0
        v.run(labs_tender)
        assert v.rows("contracts")[1].ramp == ramp


def test_what_ends_before_the_middle_of_the_deal_is_missing_then():
    v, _, _ = framework()
    v.rows("contracts")[0].months_left = 48
    v.run(labs_tender)
    assert signed(v) == [pytest.approx(0.5 * (4.5 * exp(0.8) - 1.1), rel=1e-5)]


def test_a_framework_deal_too_is_bounded_by_what_the_lab_dares():
    v, _, _ = framework(cash=0.0, revenue=3.0)
    v.run(labs_tender)
    room = 0.9 * 3.0 * exp(0.8) - 0.8 * 2.5 * 0.73
    assert signed(v) == [pytest.approx(room / 1.46, rel=1e-5)]


def test_deals_that_are_rarer_are_larger():
    v, _, _ = framework()
    v.run(labs_tender)
    large = v.rows("contracts")[1].quantity
    v, _, _ = framework()
    v.p.deal_chance = 0.0
    v.run(labs_tender)
    assert large > 3.0 * v.rows("contracts")[1].quantity


# --- letters of intent ----------------------------------------------------------------------------------
def letter(month=6, seller=None, **parameters):
    """A letter over 36 months from month 14 on with a ramp of 10 months, worth 9.0 at 2.0 USD."""
    v, lab, cloud = lab_village(cash=9000.0)
    for name, value in ({"letter_spacing": 6.0, "contract_ramp": 3.0} | parameters).items():
        v.p[name] = value
    v.market.month = month
    usual = {"status": ec.INTENT, "start": 14, "ramp": 10, "months": 36, "months_left": 36, "announced": 9.0}
    r = v.contract(lab, cloud if seller is None else seller, 0.2, 2.0, **usual)
    return v, lab, cloud, r


# Full months of the letter: 0.1 + ... + 1.0 and 26.
LETTER_UNIT = 2.0 * 0.73 * 31.5


def test_a_letter_takes_its_first_step_a_lead_time_before_its_start():
    v, lab, cloud, r = letter(month=6)  # three steps until month 24
    v.run(firm_up, r)
    c = v.rows("contracts")[2]
    assert (c.buyer, c.seller, c.quantity) == (lab, cloud, near(3.0 / LETTER_UNIT))
    assert (c.start, c.months, c.ramp) == (15, 36, 3)
    assert v.rows("contracts")[r].announced == near(9.0 - c.announced)
    assert v.rows("contracts")[r].status == ec.INTENT


@pytest.mark.parametrize(("month", "signs"), [(5, 0), (7, 0), (11, 0), (12, 1), (18, 1), (24, 0)])
def test_steps_are_apart_and_end_with_the_ramp(month, signs):
    v, _, _, r = letter(month=month)
    v.run(firm_up, r)
    assert v.market.n_contracts == 2 + signs


def test_a_letter_lapses_at_the_end_of_its_ramp_or_when_used_up():
    v, _, _, r = letter(month=24)
    v.run(firm_up, r)
    assert (v.rows("contracts")[r].status, v.rows("contracts")[r].announced) == (ec.ENDED, 0.0)
    v, _, _, r = letter()
    v.rows("contracts")[r].announced = 0.0
    v.run(firm_up, r)
    assert v.rows("contracts")[r].status == ec.ENDED
    v, _, _, r = letter(month=23)
    v.run(firm_up, r)
    assert v.rows("contracts")[r].status == ec.INTENT


def test_a_letter_waits_while_its_buyer_cannot_fund_it():
    v, lab, _, r = letter()
    v[lab].cash = v[lab].revenue = 0.0
    v.run(firm_up, r)
    assert (v.market.n_contracts, v.rows("contracts")[r].announced) == (2, 9.0)


def test_a_letter_with_who_is_no_provider_goes_to_the_market():
    v, _, cloud, r = letter()
    v.rows("contracts")[r].seller = v.vendor()
    v.run(firm_up, r)
    assert [c.seller for c in v.rows("contracts")[2:]] == [cloud]


def test_labs_firm_up_their_letters_before_they_tender():
    v, _, _, r = letter()
    v.rows("contracts")[r].buyer = v.hyperscaler(revenue=5.0, cash=9000.0)
    v.run(labs_tender)
    assert v.rows("contracts")[r].announced == 9.0
    v, _, _, r = letter()
    v.run(labs_tender)
    assert v.market.n_contracts == 4
