"""Early signs: what a crisis is, ROC by worlds, thresholds, leads, calibration, both cases, shocks, the command."""

import json
import math

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from abm import open_economy
from abm.engine import tables
from abm.errors import Breakdown
from experiments.cli import main
from experiments.reproductions.figures import png
from experiments.risk import statistics
from experiments.signals import cases, chance, crisis, ensemble, figures, findings, observe, page, reverse, roc, signs
from experiments.signals.crisis import NEVER, first_month, share_struck
from experiments.signals.reverse import Turned

NAN = float("nan")
MONTHS = 60


# --- crises -----------------------------------------------------------------------------------------------
def failures(*rows):
    return np.array(list(rows), dtype=[("month", int), ("firm", int), ("way", int), ("debt", float)])


def test_a_crisis_begins_when_defaults_of_twelve_months_reach_the_share_of_what_was_owed_before_them():
    flow, stock = np.zeros(61), np.full(61, 100.0)
    flow[[10, 21]] = 3.0, 2.0
    assert first_month(flow, stock) == 21
    flow[[10, 21]] = 0.0, 2.0
    flow[9] = 3.0  # thirteen months apart
    assert first_month(flow, stock) == NEVER
    stock[21:] = 1.0  # what is owed at the end does not matter, what was owed a year before does
    assert first_month(flow, stock) == NEVER
    stock[9] = 40.0
    assert first_month(flow, stock) == 21
    assert share_struck(flow, stock)[21] == 0.05


def test_within_the_first_year_debt_of_the_opening_is_what_defaults_are_compared_with():
    flow, stock = np.zeros(20), np.linspace(100.0, 1000.0, 20)
    flow[5] = 5.0
    assert first_month(flow, stock) == 5


def test_deferrals_and_lenders_do_not_count_and_a_firm_counts_once_in_a_year():
    kinds = np.array([tables.NEOCLOUD, tables.LENDER, tables.LAB])
    rows = failures(
        (3, 0, tables.DEFERRAL, 50.0), (4, 1, tables.LIQUIDATION, 70.0), (5, 0, tables.REORGANISATION, 10.0),
        (9, 0, tables.LIQUIDATION, 12.0), (16, 0, tables.EXCHANGE, 4.0), (30, 2, tables.EXCHANGE, 1.0),
    )  # fmt: skip
    found = crisis.defaulted(rows, kinds, 40)
    assert {int(t): found[t] for t in np.flatnonzero(found)} == {5: 10.0, 9: 2.0, 30: 1.0}
    later = failures((5, 0, tables.EXCHANGE, 10.0), (17, 0, tables.LIQUIDATION, 4.0))
    assert crisis.defaulted(later, kinds, 40)[17] == 4.0
    assert crisis.defaulted(rows, kinds, 40, deferrals=True)[3] == 50.0
    assert crisis.defaulted(rows, kinds, 40, who=(tables.LAB,)).sum() == 1.0


# --- samples and areas ------------------------------------------------------------------------------------
def test_months_after_a_crisis_and_months_whose_horizon_is_not_over_are_no_months():
    s = roc.sample(np.array([10, NEVER, 20]), 24, 6)
    assert np.flatnonzero(s.struck[0]).tolist() == [4, 5, 6, 7, 8, 9]
    assert np.flatnonzero(s.quiet[0]).tolist() == [0, 1, 2, 3]
    assert np.flatnonzero(s.quiet[1]).tolist() == list(range(19))
    assert not s.struck[1].any()
    assert np.flatnonzero(s.struck[2]).tolist() == [14, 15, 16, 17, 18]


def test_the_area_is_that_of_all_months_together_with_ties_half():
    rng = np.random.default_rng(1)
    values = rng.integers(0, 6, (8, MONTHS + 1)).astype(float)
    values[2, 5:9] = NAN
    s = roc.sample(np.array([30, 40, 35, NEVER, NEVER, NEVER, 50, NEVER]), MONTHS, 12)
    there = (s.struck | s.quiet) & ~np.isnan(values)
    whole = statistics.auc(values[there], s.struck[there].astype(float))
    assert roc.auc(values, s).value == pytest.approx(whole, abs=1e-12)
    two = roc.Sample(np.array([[True, True, False]]), np.array([[False, False, True]]))
    assert roc.auc(np.array([[2.0, 1.0, 1.0]]), two).value == 0.75


def test_within_months_of_one_date_the_calendar_tells_nothing():
    values = np.tile(np.arange(MONTHS + 1.0), (6, 1))  # the same in every world: only the date
    s = roc.sample(np.array([55, 56, 57, NEVER, NEVER, NEVER]), MONTHS, 6)
    assert roc.auc(values, s).value > 0.9
    assert roc.auc(values, s, same_month=True).value == 0.5


def test_an_interval_knows_that_months_of_one_world_are_no_news():
    rng = np.random.default_rng(2)
    begins = np.where(np.arange(40) < 16, 1, NEVER)
    one = rng.normal(size=(40, 1)) + (begins == 1)[:, None]
    struck = np.repeat((begins == 1)[:, None], 30, axis=1)
    once = roc.auc(one, roc.Sample(struck[:, :1], ~struck[:, :1]))
    often = roc.auc(np.repeat(one, 30, axis=1), roc.Sample(struck, ~struck))
    assert often == pytest.approx(once, abs=1e-12)
    assert once.high - once.low > 0.15
    assert once.low < once.value < once.high


def test_an_area_of_nothing_is_no_number():
    nobody = roc.sample(np.full(3, NEVER), 24, 6)
    assert math.isnan(roc.auc(np.zeros((3, 25)), nobody).value)
    alone = roc.auc(np.arange(75.0).reshape(3, 25), roc.sample(np.array([10, NEVER, NEVER]), 24, 6))
    assert math.isnan(alone.low)
    assert not math.isnan(alone.value)


# --- thresholds and alarms --------------------------------------------------------------------------------
def test_thresholds_are_where_they_should_be():
    values = np.array([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 6.5, 9.5]])
    struck = np.zeros((1, 12), bool)
    struck[0, 10:] = True
    s = roc.Sample(struck, ~struck)
    assert roc.youden(values, s) == 6.5  # both caught, four of ten false: .6; at 9.5 .5 less .1
    assert roc.at_false_rate(values, s, 0.1) == 9.5
    assert roc.at_false_rate(values, s, 0.4) == 6.5
    assert math.isinf(roc.at_false_rate(values, roc.Sample(s.quiet, s.struck), 0.1)) is False
    flat = np.ones((1, 12))
    assert math.isinf(roc.at_false_rate(flat, s, 0.1))


def test_an_alarm_is_judged_by_crises_announced_false_months_and_spells():
    alarm = np.zeros((3, 41), bool)
    begins = np.array([20, 30, NEVER])
    alarm[0, [2, 16, 17]] = True  # a false one, and one that announces
    alarm[2, [5, 6, 9, 20]] = True  # two spells: quiet of two months does not end the first
    found = roc.record(alarm, begins, 6)
    assert (found.announced.value, found.crises) == (0.5, 2)
    s = roc.sample(begins, 40, 6)
    assert found.false_rate.value == pytest.approx(5 / s.quiet.sum())
    assert found.precision.value == pytest.approx(2 / 7)
    assert found.false_alarms == pytest.approx(120 * 3 / (s.quiet | s.struck).sum())
    assert roc.leads(alarm, begins).tolist() == [4]
    assert roc.leads(alarm, begins, 3).tolist() == [3]
    assert roc.leads(np.ones((3, 41), bool), begins).tolist() == [20, 24]


# --- probability ------------------------------------------------------------------------------------------
def truth(worlds, seed, weights=(-2.0, 1.5, 0.0)):
    """Signs that are normal, and months that are struck with the probability that the weights make of them."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(worlds, 40, len(weights) - 1))
    p = chance.logistic(weights[0] + rows @ np.array(weights[1:]))
    struck = rng.random(p.shape) < p
    return rows, roc.Sample(struck, ~struck)


def test_the_fit_finds_the_weights_of_a_synthetic_truth_and_a_ridge_shrinks_them():
    rows, s = truth(300, 3)
    z, happened = rows.reshape(-1, 2), s.struck.ravel().astype(float)
    assert chance.newton(z, happened, 1e-6) == pytest.approx([-2.0, 1.5, 0.0], abs=0.1)
    weak = chance.newton(z, happened, 1e5)
    assert abs(weak[1]) < 0.2
    assert chance.logistic(weak[:1])[0] == pytest.approx(happened.mean(), abs=0.02)  # the constant is not shrunk
    wide = rows * 50.0 + 7.0  # the unit of a sign does not matter
    assert chance.probability(chance.fit(wide, s), wide) == pytest.approx(
        chance.probability(chance.fit(rows, s), rows), abs=1e-6
    )


def test_probabilities_of_a_synthetic_truth_are_calibrated_and_have_skill_in_other_worlds():
    made, judged = truth(200, 4), truth(200, 5)
    fit = chance.fit(*made)
    said = chance.probability(fit, judged[0])
    bins = chance.reliability(said, judged[1])
    assert len(bins) == chance.GROUPS
    assert sum(b.happened.low <= b.said <= b.happened.high for b in bins) >= 4
    assert sum(b.months for b in bins) == said.size
    base = float(made[1].struck.mean())
    skill = chance.skill(said, judged[1], base)
    assert skill.low > 0.15
    assert chance.skill(np.full(said.shape, base), judged[1], base).value == 0.0
    perfect = chance.skill(judged[1].struck.astype(float), judged[1], base)
    assert perfect.value == 1.0


def test_signs_of_few_worlds_that_say_nothing_get_a_strong_ridge_and_no_skill():
    rng = np.random.default_rng(6)
    rows = np.repeat(rng.normal(size=(30, 1, 4)), 40, axis=1)
    struck = np.repeat(rng.random((30, 1)) < 0.3, 40, axis=1)
    fit = chance.fit(rows[:15], roc.Sample(struck[:15], ~struck[:15]))
    other = roc.Sample(struck[15:], ~struck[15:])
    assert chance.skill(chance.probability(fit, rows[15:]), other, float(struck[:15].mean())).value < 0.05
    assert fit.penalty >= 10.0  # by worlds left out; by months left out, any number of signs would seem to tell


def test_a_missing_sign_is_read_as_its_mean():
    assert chance.standardise(np.array([NAN, 9.0, 1e9]), np.array([5.0, 5.0, 5.0]), np.full(3, 2.0)).tolist() == [
        0.0, 2.0, chance.FARTHEST,
    ]  # fmt: skip


# --- signs ------------------------------------------------------------------------------------------------
def test_growth_sums_and_spreads_of_months():
    values = np.exp(0.01 * np.arange(30.0))
    assert signs.growth(values)[12:] == pytest.approx(12.0)
    assert np.isnan(signs.growth(values)[:12]).all()
    flow = np.r_[NAN, np.arange(1.0, 9.0)]
    assert np.isnan(signs.recent(flow)[:6]).all()
    assert signs.recent(flow)[6:].tolist() == [21.0, 27.0, 33.0]
    new, priced = np.zeros(20), np.zeros(20)
    new[[2, 4]], priced[[2, 4]] = (1.0, 3.0), (0.02, 0.18)
    spread = signs._spread(new, priced)
    assert np.isnan(spread[:6]).all()
    assert spread[6] == pytest.approx(500.0)
    assert spread[8] == pytest.approx(600.0)
    assert spread[19] == pytest.approx(600.0)  # the last known


def test_signs_have_a_unit_a_formula_and_a_counterpart_and_stand_in_the_tables():
    assert len(set(signs.NAMES)) == len(signs.SIGNS)
    for sign in signs.SIGNS:
        assert all(sign)
        field = observe.SCHEMAS["months"].field(sign.name)
        assert field.metadata[b"unit"].decode() == sign.unit
    assert signs.BENCHMARK in signs.NAMES


@pytest.fixture(scope="module")
def seen():
    """A world read for a year and a half."""
    return observe.observe({"months": 18}, 4)[1]


def test_no_sign_sees_what_comes_later(seen):
    shorter = observe.observe({"months": 13}, 4)[1]["months"].to_pandas()
    pd.testing.assert_frame_equal(seen["months"].to_pandas().iloc[:14], shorter, check_exact=True)
    assert seen["months"].num_rows == 19


def test_signs_are_what_the_tables_of_the_economy_say(seen):
    economy = observe.opened(4)
    economy.run(18)
    rows, series, market = seen["months"].to_pandas(), economy.rows("series"), economy.state.market[0]
    firms, now = economy.rows("firms"), seen["months"].to_pandas().iloc[18]
    assert now["rent"] == pytest.approx(float(market["spot_price"]), abs=1e-6)
    assert now["ai_debt"] == pytest.approx(series["ai_debt"][-1])
    assert now["capex_revenue"] == pytest.approx(series["capex"][-6:].sum() / series["ai_revenue"][-6:].sum(), abs=1e-6)
    assert now["waiting"] == pytest.approx(
        100 * series["stalled"][-1] / (series["stalled"][-1] + series["fleet"][-1]), abs=1e-6
    )
    assert now["backlog_growth"] == pytest.approx(100 * np.log(series["backlog"][17] / series["backlog"][5]), abs=1e-6)
    weak = (firms["status"] == tables.ACTIVE) & np.isin(firms["kind"], crisis.WEAK)
    hazard = 100 * np.average(firms["pd"][weak], weights=firms["debt"][weak])
    assert now["hazard"] == pytest.approx(hazard, abs=1e-6)
    assert rows["sentiment"].iloc[0] == 1.0
    loans = economy.rows("loans")
    new = (loans["made"] > 12) & (loans["status"] == tables.LIVE) & (loans["principal"] > 0)
    new &= np.isin(loans["kind"], (tables.BOND, tables.DDTL, tables.PROJECT))
    rough = 1e4 * (np.average(loans["rate"][new], weights=loans["principal"][new]) - float(market["base_rate"]))
    assert now["spread"] == pytest.approx(rough, rel=0.2)  # loans have been drawn on since, and the base has moved


def test_a_world_is_its_draws_and_they_are_kept(seen):
    draws = seen["draws"].to_pandas()
    economy = observe.opened(4)
    drawn = {name: v for kind, name, v in draws.itertuples(index=False) if kind == "parameter"}
    assert drawn == economy.world.parameters
    central = open_economy(seed=4, central=True)
    assert drawn["task_complexity"] != float(central.state.params[0]["task_complexity"])


# --- ensembles made by hand ------------------------------------------------------------------------------
def hand_made(count=40, months=MONTHS, crises=0.5, seed=7):
    """Worlds in which hazard rises before a crisis, and nothing else tells anything."""
    rng = np.random.default_rng(seed)
    seeds = np.arange(1, count + 1)
    x = {name: np.zeros((count, months + 1)) for name in observe.SCHEMAS["months"].names}
    x["owed"] += 100.0
    x["owed_weak"] += 50.0
    x["ai_debt"] += 80.0
    x["ai_revenue"] += 10.0
    x["interest"] += 0.5
    for name in signs.NAMES:
        x[name] = rng.normal(size=(count, months + 1))
    for k in range(count):
        if rng.random() < crises:
            t = int(rng.integers(26, months - 4))
            x["defaulted"][k, t] = 9.0
            x["of_weak"][k, t] = x["put_off"][k, t] = x["lost"][k, t] = 9.0
            x["hazard"][k, max(t - 12, 0) : t] += 3.0
    draws = pd.DataFrame(rng.normal(size=(count, 30)), columns=[f"assumption d{j}" for j in range(30)])
    draws["assumption d3"] += 2.0 * (x["defaulted"].sum(axis=1) > 0)
    kinds = dict.fromkeys(draws.columns, "assumption")
    defaults = pd.DataFrame({"world": [0], "month": [9], "firm": ["CoreWeave"], "way": ["liquidation"], "debt": [9.0]})
    return ensemble.Worlds(seeds, x, draws, kinds, defaults)


def test_worlds_are_halved_by_seed_and_a_crisis_is_found_in_each_definition():
    w = hand_made()
    odd, even = w.halves()
    assert (odd.seeds % 2 == 1).all()
    assert (even.seeds % 2 == 0).all()
    struck = w.months["defaulted"].sum(axis=1) > 0
    for of in crisis.DEFINITIONS:
        if of.share < 0.09:
            assert ((w.begins(of) != NEVER) == struck).all(), of.name
    assert (w.begins(crisis.DEFINITIONS[2]) == NEVER).all()
    assert ensemble.fell(w, "CoreWeave").tolist() == [9] + [NEVER] * 39
    assert odd.defaults["world"].tolist() == [0]
    assert even.defaults.empty


def test_worlds_that_judge_choose_nothing():
    w = hand_made()
    other = hand_made()
    even = w.seeds % 2 == 0
    rng = np.random.default_rng(8)
    for name in (*signs.NAMES, "defaulted"):
        other.months[name][even] = rng.permutation(other.months[name][even], axis=0)
    other.months["rent"][even] *= 1000.0
    first, second = findings.judge(w), findings.judge(other)
    for a, b in zip(first.table, second.table, strict=True):
        assert (a.high, a.made, a.youden, a.alarm) == (b.high, b.made, b.youden, b.alarm)
    assert [x.told.sign for x in first.watch] == [x.told.sign for x in second.watch]
    for a, b in zip(first.combined, second.combined, strict=True):
        assert a.fit.weights.tolist() == b.fit.weights.tolist()
        assert a.skill != b.skill


@pytest.fixture(scope="module")
def judged():
    """Findings of sixty worlds made by hand."""
    return findings.judge(hand_made(60))


def test_the_watch_list_finds_the_sign_that_tells_and_says_how_early(judged):
    found = judged
    best = found.watch[0]
    assert best.told.sign.name == "hazard"
    assert best.told.high
    assert best.told.judged.value > 0.95
    assert best.records[12].announced.value == 1.0
    assert best.lead.value == pytest.approx(12.0, abs=2.0)
    families = [x.told.sign.family for x in found.watch]
    assert len(set(families)) == len(families) == findings.WATCHED
    assert signs.BENCHMARK not in {x.told.sign.name for x in found.watch}
    assert all(0.35 < t.judged.value < 0.65 for t in found.table if t.sign.name not in ("hazard", signs.BENCHMARK))
    red, blue = best.before
    assert red[1][-2] > 2.0 > blue[1][-2]
    assert {o.definition.name for o in found.others} == {d.name for d in crisis.DEFINITIONS}


def test_pictures_are_drawn_the_same_again(judged):
    for figure in (figures.roc_curves, figures.before_crises, figures.reliability, figures.all_signs):
        assert png(figure(judged)).startswith(b"\x89PNG")
    assert png(figures.reliability(judged)) == png(figures.reliability(judged))
    turned = [
        Turned(push, np.array([1.0, 2.0]), sizes, np.zeros(2))
        for push, sizes in zip(reverse.SYSTEM_PUSHES, (np.full(2, np.inf), np.array([0.5, np.inf])), strict=False)
    ]
    assert png(figures.sizes(turned)).startswith(b"\x89PNG")


def test_without_crises_to_judge_by_the_rest_is_told_all_the_same():
    found = findings.judge(hand_made(8, crises=0.0))
    assert (found.enough, found.table, found.watch, found.combined) == (False, [], [], [])
    about = page.About(8, MONTHS, "abc", (), "")
    text = page.markdown(about, found, page.sections(about, found))
    assert "too few crises" in text
    assert "nothing to turn" in text


# --- both cases -------------------------------------------------------------------------------------------
def test_worlds_are_sorted_by_crisis_losses_and_what_revenue_covers():
    w = hand_made(5, crises=0.0)
    x = w.months
    x["lost"][1, 5] = 0.7  # below a hundredth of 80
    x["lost"][2, 5] = 2.0
    x["lost"][3, 5] = 4.0  # a twentieth
    x["ai_revenue"][4] = 1.5  # 18 a year; 6 of interest and 16 of principal ask for 22
    assert cases.sort_worlds(w).tolist() == ["investment", "investment", "neither", "no investment", "neither"]
    x["defaulted"][0, 20] = 5.0
    assert cases.sort_worlds(w)[0] == cases.NOT


def test_what_was_drawn_differently_must_hold_in_the_other_half():
    w = hand_made(120)
    found = cases.judge(w)
    assert found.differences[0].name == "assumption d3"
    assert found.differences[0].holds
    assert found.differences[0].judged.value < -1.0
    assert sum(d.holds for d in found.differences[1:]) <= 3
    assert found.box is not None
    assert set(found.box.box.limits) == {"assumption d3"}
    assert sum(e.value for e in found.shares.values()) == pytest.approx(1.0)
    few = cases.judge(hand_made(10))
    assert few.differences == []
    assert few.box is None


# --- shocks -----------------------------------------------------------------------------------------------
def test_halving_finds_where_a_function_turns():
    asked = []

    def happens(size):
        asked.append(size)
        return size >= 0.7

    found = reverse.smallest(happens, 2.0, 10)
    assert 0.7 <= found < 0.7 + 2.0 / 2**10
    assert len(asked) == 11
    assert math.isinf(reverse.smallest(lambda size: False, 1.0))
    assert reverse.smallest(lambda size: True, 1.0, 3) == 0.125


def test_sizes_by_share_of_worlds():
    sizes = np.array([4.0, 1.0, np.inf, 2.0])
    assert [reverse.quantile(sizes, q) for q in (0.25, 0.5, 0.75, 1.0)] == [1.0, 2.0, 4.0, np.inf]
    assert math.isnan(reverse.quantile(np.zeros(0), 0.5))


def test_a_size_that_is_found_does_it_and_a_step_less_does_not():
    settings = {"push": "its computers", "firm": "CoreWeave"}
    found = reverse.search(settings, 2)["size"]
    at = observe.opened(2)
    owed = np.array([float(crisis.owed(at.rows("firms")))])
    at.run(reverse.STRIKES)

    def happened(size):
        economy = observe.opened(2, reverse.shocks_of("its computers", size, "CoreWeave", at))
        economy.run(reverse.STRIKES + reverse.SEEN)
        return reverse.happened(economy, owed, "CoreWeave")

    if math.isinf(found):
        assert not happened(1.0)
        return
    assert happened(found)
    assert found <= 1 / 32 or not happened(found - 1 / 32)


def test_every_kind_of_shock_is_legal_at_its_most_and_strikes_when_it_should():
    at = observe.opened(3)
    at.run(reverse.STRIKES)
    before, struck = at.result_hash(), at.copy()
    at.run(1)
    tried = [("", push) for push in reverse.SYSTEM_PUSHES]
    tried += [("OpenAI", reverse.FIRM_FAVOUR), ("CoreWeave", reverse.FIRM_CASH), ("CoreWeave", reverse.FIRM_FLEET)]
    for firm, push in tried:
        assert push in reverse.pushes(firm)
        economy = observe.opened(3, reverse.shocks_of(push.name, push.most, firm, struck))
        economy.run(reverse.STRIKES)
        assert economy.result_hash() == before, push.name  # the same luck until then
        economy.run(1)
        assert (economy.rows("shocks")["struck"] == reverse.STRIKES + 1).all()
        moved = not np.array_equal(economy.state.param_values, at.state.param_values)
        for column in ("cash", "capacity", "demand_shift"):
            moved |= economy.rows("firms")[column].tolist() != at.rows("firms")[column].tolist()
        assert moved, push.name


# --- the command ------------------------------------------------------------------------------------------
@pytest.fixture
def quick(monkeypatch):
    """The command on worlds that need no model; every fourth shock does nothing."""
    w = hand_made(40, 96)

    def watched(settings, seed):
        if seed == 5:
            raise Breakdown("the run breaks down in May 2028")
        k = (seed - 1) % 40
        columns = {name: w.months[name][k].copy() for name in observe.SCHEMAS["months"].names}
        columns["month"] = np.arange(97)
        schema = observe.SCHEMAS["months"]
        made = {"months": pa.table([pa.array(columns[f.name], f.type, from_pandas=False) for f in schema], schema)}
        made["defaults"] = observe.SCHEMAS["defaults"].empty_table()
        names = [name.partition(" ")[2] for name in w.draws.columns]
        draws = [["assumption"] * len(names), names, w.draws.iloc[k].tolist()]
        made["draws"] = pa.table([pa.array(c) for c in draws], observe.SCHEMAS["draws"])
        return {"crisis": float(w.begins()[k])}, made

    def searched(settings, seed):
        return {"size": math.inf if seed % 4 == 0 else seed / 100.0, "rents": -0.1}

    def load(where):
        return watched if where.endswith("observe") else searched

    monkeypatch.setattr("experiments.execution.load_function", load)
    monkeypatch.setattr("experiments.commands.signals.compile_first", lambda *_: None)
    monkeypatch.setattr(page, "png", lambda figure: b"picture")  # drawn in a test of its own
    return CliRunner()


def test_the_command_writes_a_whole_folder_and_the_same_again(quick, tmp_path):
    there = tmp_path / "x"
    call = ["signals", "--seeds", "40", "--tried", "4", "--threads", "--out", str(there)]
    first = quick.invoke(main, [*call, "--jobs", "1", "--page", str(tmp_path / "page.md")])
    assert first.exit_code == 0, first.stderr
    names = {
        "signals.md", "signals.html", "signals.json", "manifest.json",
        *(f"{name}.parquet" for name in ("runs", "months", "defaults", "draws", "worlds", "shocks")),
    }  # fmt: skip
    kept = {path.name: path.read_bytes() for path in there.iterdir()}
    assert set(kept) == names
    text = kept["signals.md"].decode()
    assert (tmp_path / "page.md").read_text(encoding="utf-8") == text
    assert "invisible-debt signals --seeds 40" in text
    assert "- seed 5: Breakdown: the run breaks down in May 2028" in text
    for sign in signs.SIGNS:
        assert sign.what in text
        assert sign.real in text
    html = kept["signals.html"].decode()
    assert html.count("<img ") == html.count('src="data:') == 5
    assert "Watch list" in first.stdout
    again = quick.invoke(main, [*call, "--jobs", "2", "--json"])  # its own folder may be replaced
    assert {path.name: path.read_bytes() for path in there.iterdir()} == kept
    data = json.loads(again.stdout, parse_constant=pytest.fail)
    assert [s["shock"] for s in data["shocks"]] == [p.name for p in reverse.SYSTEM_PUSHES]
    assert data["watch"][0]["sign"] == "hazard"
    assert len(data["signs"]) == 3 * len(signs.SIGNS)
    assert json.loads(kept["manifest.json"])["digest"] == data["digest"]
    for other in (["--seeds", "2"], ["--firm", "CoreWeave"], ["--tried", "3"]):
        refused = quick.invoke(main, [*call, *other])
        assert refused.exit_code == 2
        assert "holds the results of another recipe" in refused.stderr
    assert (there / "signals.md").read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (["--firm", "CoreWeavve"], "CoreWeave"),
        (["--firm", "JPMorgan"], "--firm"),
        (["--months", "12"], "48"),
        (["--seeds", "1"], "2"),
        (["--page", "."], "--page"),
    ],
)
def test_a_mistake_is_one_sentence_and_leaves_nothing(quick, tmp_path, call, said):
    result = quick.invoke(main, ["signals", "--seeds", "40", *call, "--out", str(tmp_path / "y")])
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "y").exists()


def test_worlds_that_all_break_down_are_no_result(quick, monkeypatch, tmp_path):
    def broken(settings, seed):
        raise Breakdown("the run breaks down in May 2028")

    monkeypatch.setattr("experiments.execution.load_function", lambda where: broken)
    result = quick.invoke(main, ["signals", "--seeds", "3", "--threads", "--out", str(tmp_path / "x")])
    assert result.exit_code != 0
    assert "no world ended well; the first: seed 1" in result.stderr
    assert not (tmp_path / "x").exists()


def test_few_worlds_of_the_model_end_to_end_alike_on_threads_and_processes(tmp_path):
    made = []
    for how in ("--threads", "--processes"):
        call = ["signals", "--seeds", "4", "--months", "48", "--tried", "0", how, "--jobs", "2", "--out",
                str(tmp_path / how)]  # fmt: skip
        result = CliRunner().invoke(main, call)
        assert result.exit_code == 0, result.stderr
        made.append({path.name: path.read_bytes() for path in (tmp_path / how).iterdir()})
    assert made[0] == made[1]
