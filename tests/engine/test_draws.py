"""Random streams: their numbers, and which rule draws from which one, in which month, for whom."""

import math

import numpy as np
from differences import near
from village import Village

from abm.distress.funding import emergency_round
from abm.engine import tables as ec
from abm.engine.draws import (
    D_DEMAND,
    D_ENTRY,
    D_POWER,
    D_QUALITY,
    D_RATE,
    D_ROUND,
    D_SENTIMENT,
    D_SHOCK,
    D_TENDER,
    normal,
    philox,
    uniform,
)
from abm.environment.shocks import shock_strength
from abm.environment.world import grow_demand, move_prices_of_the_world
from abm.markets.equity import hold_rounds, swing_sentiment
from abm.markets.investment import enter
from abm.markets.services import improve_models
from abm.markets.tenders import tender
from abm.rules import interpreted

SEED, MONTH = 77, 5


def uniform_of(purpose: int, who: int, month: int = MONTH) -> float:
    return interpreted(uniform)(SEED, purpose, month, who)


def normal_of(purpose: int, who: int, month: int = MONTH) -> float:
    return interpreted(normal)(SEED, purpose, month, who)


def village(**parameters: float) -> Village:
    """A village with a seed and a month of its own."""
    v = Village(**parameters)
    v.market.seed, v.market.month = SEED, MONTH
    return v


def shocked(**parameters: float) -> Village:
    """A village with room for two shocks."""
    v = village(**parameters)
    v.state = v.state.replace(shocks=np.zeros(2, ec.DTYPES["shocks"]).view(np.recarray))
    return v


# --- the generator ----------------------------------------------------------------------------------------
def test_the_generator_gives_the_published_words():
    # Random123, kat_vectors, philox4x32 with 10 rounds.
    counter = (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0)
    words = interpreted(philox)(*(np.uint64(word) for word in counter))
    assert [int(word) for word in words] == [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1]


def test_a_uniform_draw_is_made_of_the_first_two_words():
    words = interpreted(philox)(*(np.uint64(word) for word in (MONTH, 6, D_SHOCK, 0, SEED, 0)))
    number = (int(words[0]) >> 5) * 2**25 + (int(words[1]) >> 7)
    assert uniform_of(D_SHOCK, 6) == (number + 0.5) / 2**52


def test_a_normal_draw_is_that_of_box_and_muller_from_another_counter():
    words = interpreted(philox)(*(np.uint64(word) for word in (MONTH, 6, D_SHOCK, 1, SEED, 0)))
    u, v = (((int(words[k]) >> 5) * 2**25 + (int(words[k + 1]) >> 7) + 0.5) / 2**52 for k in (0, 2))
    assert normal_of(D_SHOCK, 6) == near(math.sqrt(-2.0 * math.log(u)) * math.cos(2.0 * math.pi * v))


def test_a_seed_beyond_a_word_counts_in_full():
    low, high = (interpreted(uniform)(seed, D_RATE, MONTH, 6) for seed in (SEED, SEED + 2**40))
    words = interpreted(philox)(*(np.uint64(word) for word in (MONTH, 6, D_RATE, 0, SEED, 2**8)))
    assert high == ((int(words[0]) >> 5) * 2**25 + (int(words[1]) >> 7) + 0.5) / 2**52
    assert low != high
    assert interpreted(normal)(SEED, D_RATE, MONTH, 6) != interpreted(normal)(SEED + 2**40, D_RATE, MONTH, 6)


def test_draws_are_spread_over_zero_to_one_and_around_zero():
    u = [interpreted(uniform)(SEED, D_RATE, month, 0) for month in range(200)]
    z = [interpreted(normal)(SEED, D_RATE, month, 0) for month in range(200)]
    assert 0.0 < min(u) < 0.03
    assert 0.97 < max(u) < 1.0
    assert abs(np.mean(z)) < 0.2
    assert 0.85 < np.std(z) < 1.15


# Numbers of seed 77, month 5, row 6, by purpose: results would change with any of them.
UNIFORM = {
    D_DEMAND: 0.12483769444019044,
    D_RATE: 0.007414807229781384,
    D_POWER: 0.9719882800418159,
    D_SHOCK: 0.3190661122354811,
    D_ROUND: 0.4827199856508698,
    D_QUALITY: 0.6198151105118607,
    D_ENTRY: 0.655043434831336,
    D_SENTIMENT: 0.2351353034587872,
    D_TENDER: 0.517714870293177,
}
NORMAL = {
    D_DEMAND: 2.386224953553665,
    D_RATE: -0.15696038383701363,
    D_POWER: -0.5721022359783953,
    D_SHOCK: 0.4954368398448203,
    D_ROUND: 0.6570996733167147,
    D_QUALITY: -1.2012044908462685,
    D_ENTRY: -0.33931319273208693,
    D_SENTIMENT: 2.572690888161304,
    D_TENDER: 0.4957762034759481,
}


def test_the_streams_keep_their_numbers():
    purposes = (D_DEMAND, D_RATE, D_POWER, D_SHOCK, D_ROUND, D_QUALITY, D_ENTRY, D_SENTIMENT, D_TENDER)
    assert {purpose: uniform_of(purpose, 6) for purpose in purposes} == near(UNIFORM)
    assert {purpose: normal_of(purpose, 6) for purpose in purposes} == near(NORMAL)


def test_seed_purpose_month_and_who_each_give_another_draw():
    for draw in (uniform, normal):
        usual = interpreted(draw)(SEED, D_RATE, MONTH, 6)
        others = [(78, D_RATE, 5, 6), (77, D_POWER, 5, 6), (77, D_RATE, 6, 6), (77, D_RATE, 5, 7), (77, D_RATE, 6, 5)]
        assert len({usual, *(interpreted(draw)(*where) for where in others)}) == 6


# --- the world --------------------------------------------------------------------------------------------
def test_a_shock_strikes_when_the_draw_of_its_row_is_below_its_probability():
    for row in (0, 1):
        draw = uniform_of(D_SHOCK, row)
        for probability, strength in ((draw * (1 + 1e-12), 1.0), (draw, 0.0), (draw * (1 - 1e-12), 0.0)):
            v = shocked()
            for _ in range(2):
                v.shock(start=2, probability=probability)
            assert v.run(shock_strength, row) == strength
            assert v.state.shocks[row].struck == (MONTH if strength else -1)
            assert v.state.shocks[1 - row].struck == -1


def test_a_certain_shock_needs_no_luck_and_one_that_struck_no_more_of_it():
    v = shocked()
    certain, struck = v.shock(start=5), v.shock(start=2, probability=1e-12, struck=3)
    assert v.run(shock_strength, certain) == 1.0
    assert v.run(shock_strength, struck) == 1.0


def test_the_base_rate_has_its_own_noise():
    v = village(base_rate=0.05, rate_reversion=0.0, rate_noise=0.002)
    v.run(move_prices_of_the_world)
    assert v.market.base_rate == near(0.05 + 0.002 * normal_of(D_RATE, 0))


def test_the_power_price_has_its_own_noise():
    v = village(power_reversion=0.0, power_noise=0.1)
    v.run(move_prices_of_the_world)
    assert v.market.power_price == near(50.0 * math.exp(0.1 * normal_of(D_POWER, 0)))


def test_every_segment_has_its_own_noise_of_demand():
    v = village(demand_persistence=0.5, demand_noise=0.1)
    v.state.segments["shock"] = 0.2, 0.3, 0.4, 0.5
    v.run(grow_demand)
    expected = [0.5 * before + 0.1 * normal_of(D_DEMAND, s) for s, before in enumerate((0.2, 0.3, 0.4, 0.5))]
    assert v.state.segments["shock"].tolist() == near(expected)


def test_every_cloud_s_own_workload_has_its_own_noise():
    v = village(
        growth_fade=0.0, demand_growth=0.0, own_growth_noise=0.1, demand_cycle=0.0, task_complexity=3.0,
        algorithmic_efficiency=3.0,
    )
    v.lab(need=4.0)
    one, two = v.hyperscaler(need=2.0), v.hyperscaler(need=3.0)
    v.run(grow_demand)
    assert v[one].need == near(2.0 * math.exp(0.1 * normal_of(D_DEMAND, 100 + one)))
    assert v[two].need == near(3.0 * math.exp(0.1 * normal_of(D_DEMAND, 100 + two)))


# --- models -----------------------------------------------------------------------------------------------
def test_every_lab_has_its_own_luck_in_training():
    v = village(training_decay=0.0, quality_noise=0.1, quality_momentum=0.0, spillover=0.0)
    v.neocloud()
    labs = [v.lab(training_stock=1.0, quality=quality) for quality in (2.0, 3.0)]
    v.run(improve_models)
    for lab, quality in zip(labs, (2.0, 3.0), strict=True):
        assert v[lab].quality == near(quality + 0.1 * normal_of(D_QUALITY, lab))


# --- beliefs and rounds -----------------------------------------------------------------------------------
def test_sentiment_has_its_own_noise():
    v = village(sentiment_reversion=0.0, sentiment_growth=0.0, sentiment_noise=0.02)
    v.run(swing_sentiment)
    assert v.market.sentiment == near(1.0 + 0.02 * normal_of(D_SENTIMENT, 0))


def test_a_planned_round_closes_when_its_draw_is_below_the_chance():
    for firm in (0, 1):
        v = village()
        labs = [v.lab(last_round=-99, valuation=100.0, debt_service=1.0) for _ in range(2)]
        draw = uniform_of(D_ROUND, 1000 + labs[firm])
        for chance, closes in ((draw * (1 + 1e-12), True), (draw * (1 - 1e-12), False)):
            # Half of the window is open at 0.8.
            v = village(
                round_success=chance / 0.5, round_spacing=9.0, equity_dilution=0.06, window_shut=0.6, rating_years=0.0
            )  # fmt: skip
            v.market.sentiment = 0.8
            for _ in range(2):
                v.lab(last_round=-99, valuation=100.0, debt_service=1.0)
            v.run(hold_rounds)
            assert (v[labs[firm]].last_round == MONTH) == closes
            assert (v[labs[firm]].paid_in > 0.0) == closes


def test_an_emergency_round_closes_when_its_draw_is_not_above_the_chance():
    for firm in (0, 1):
        draw = uniform_of(D_ROUND, 5 + firm)
        for chance, closes in ((draw * (1 + 1e-12), True), (draw * (1 - 1e-12), False)):
            v = village(round_success=chance / 0.5, equity_dilution=0.1, window_shut=0.6, rating_years=0.0)
            v.market.sentiment = 0.8
            clouds = [v.neocloud(valuation=20.0) for _ in range(2)]
            # A tenth of 20 bn is the most.
            assert v.run(emergency_round, clouds[firm], 3.0) == (near(2.0) if closes else 0.0)
            assert v[clouds[firm]].cash == (near(2.0) if closes else 0.0)
            assert v[clouds[1 - firm]].cash == 0.0


def test_a_planned_and_an_emergency_round_of_one_month_are_two_draws():
    assert uniform_of(D_ROUND, 6) != uniform_of(D_ROUND, 1006)


# --- entry ------------------------------------------------------------------------------------------------
def entered(v: Village) -> list[int]:
    """Kinds of the firms that came in."""
    before = int(v.market.n_firms)
    v.run(enter)
    return [int(f.kind) for f in v.rows("firms")[before:]]


def test_a_neocloud_enters_when_the_draw_is_below_the_chance():
    draw = uniform_of(D_ENTRY, 0)
    for chance, kinds in ((draw * (1 + 1e-12), [ec.NEOCLOUD]), (draw * (1 - 1e-12), [])):
        # The rent is 1.5 times full cost; sentiment 0.8.
        v = village(entry_rate=chance * 12.0 / (0.5 * 0.8), open_entry_rate=0.0)
        v.market.spot_price, v.market.long_run_price, v.market.sentiment = 3.0, 2.0, 0.8
        v.neocloud()
        assert entered(v) == kinds


def test_an_open_model_enters_when_its_own_draw_is_below_the_chance():
    draw = uniform_of(D_ENTRY, 1)
    for chance, kinds in ((draw * (1 + 1e-12), [ec.ENTRANT]), (draw * (1 - 1e-12), [])):
        v = village(entry_rate=0.0, open_entry_rate=chance * 12.0 / 0.5)
        v.entrant()
        # The lab's work costs 0.73 * 2 and sells for half more.
        v.lab(unit_compute=1.0, price=1.5 * 0.73 * 2.0)
        assert entered(v) == kinds


# --- tenders ----------------------------------------------------------------------------------------------
def test_a_bid_is_seen_with_the_draw_of_buyer_and_bidder():
    draws = {i: uniform_of(D_TENDER, 6 * 65536 + i) for i in (7, 8)}
    for taste in (0.0, 0.4):
        v = village(bid_taste=taste, security_premium=9.0, contract_tenor=24.0)
        v.neocloud()
        lab, first, second = v.lab(), v.neocloud(capacity=5.0), v.neocloud(capacity=5.0)
        assert (lab, first, second) == (6, 7, 8)
        v.run(tender, lab, 0.5, 12)
        # Of two bids at one price the first wins, unless the buyer's eye is drawn to the other.
        assert v.state.contracts[0].seller == (min(draws, key=draws.__getitem__) if taste else first)
    assert draws[8] < draws[7]


# --- one stream does not move another ---------------------------------------------------------------------
def test_more_noise_in_one_stream_leaves_the_others_alone():
    def world(**noise: float) -> tuple[float, float, list[float]]:
        v = village(**noise)
        v.hyperscaler(need=2.0)
        v.run(move_prices_of_the_world)
        v.run(grow_demand)
        return v.market.base_rate, v.market.power_price, v.state.segments["shock"].tolist()

    usual = world()
    assert world(rate_noise=0.01)[1:] == usual[1:]
    assert world(power_noise=0.2)[::2] == usual[::2]
    assert world(demand_noise=0.2)[:2] == usual[:2]
    assert world(own_growth_noise=0.2) == usual


def test_a_firm_s_draws_do_not_depend_on_who_else_there_is():
    alone, crowd = village(own_growth_noise=0.1), village(own_growth_noise=0.1)
    one, same = alone.hyperscaler(need=2.0), crowd.hyperscaler(need=2.0)
    crowd.hyperscaler(need=3.0)
    crowd.lab()
    for v in (alone, crowd):
        v.run(grow_demand)
    assert alone[one].need == crowd[same].need
