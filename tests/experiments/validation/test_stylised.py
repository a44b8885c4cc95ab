"""Stylised facts on worlds made by hand: known answers, and worlds without the fact, which must not be validated."""

import math

import numpy as np
import pytest
from risk_worlds import fall, lender, part, year

from abm.calibration.facts import evaluate, read_table
from abm.engine import tables
from experiments.analysis.intervals import Estimate
from experiments.risk.observe import MONTHS, YEARS
from experiments.validation import sections, stylised
from experiments.validation.lines import BEYOND, NOT_VALIDATED, VALIDATED, VERDICTS

WORLDS = 24


def verdict(row, ours, scale=1.0):
    return sections.measured(row, ours, scale).verdict


def noise(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape or (WORLDS, YEARS))


def monthly(by_year):
    """Yearly numbers as months, and the opening before them."""
    return np.hstack([by_year[:, :1], np.repeat(by_year, 12, axis=1)]).astype(float)


def stock(by_year):
    """What stands at the beginning of each year and at the end of the last, as months."""
    return np.hstack([np.repeat(by_year[:, :-1], 12, axis=1), by_year[:, -1:]])


def grown(growth):
    return np.exp(np.cumsum(np.hstack([np.zeros((len(growth), 1)), growth]), axis=1))


# --- moving together --------------------------------------------------------------------------------------
def test_only_what_moves_together_within_a_world_counts():
    x = noise(1)
    assert stylised.together(x, x).value == pytest.approx(1.0)
    assert stylised.together(x, 3.0 - 2.0 * x) == pytest.approx((-1.0, -1.0, -1.0))
    course, rich = np.arange(YEARS) * 10.0, np.arange(WORLDS)[:, None] * 10.0
    found = stylised.together(noise(2) + course + rich, noise(3) + course + rich)
    assert abs(found.value) < 0.15
    assert found.low < 0.0 < found.high
    assert math.isnan(stylised.together(np.ones((4, YEARS)), noise(1, 4, YEARS)).value)


def test_years_in_which_a_number_is_missing_are_left_out():
    x, y = noise(4), noise(4)
    y[:, ::3] = np.nan
    assert stylised.together(x, y).value == pytest.approx(1.0)
    net = stylised.net(np.array([[1.0, np.nan, 3.0], [2.0, 5.0, 7.0]]))
    assert net.sum(axis=0) == pytest.approx(np.zeros(3), abs=1e-6)
    assert net.sum(axis=1) == pytest.approx(np.zeros(2), abs=1e-6)
    assert net[0, 1] == 0.0


@pytest.mark.parametrize(("same", "wanted"), [(True, VALIDATED), (False, NOT_VALIDATED)])
def test_debt_and_revenue(same, wanted):
    revenue = noise(5, WORLDS, YEARS - 1)
    debt = np.hstack([noise(6, WORLDS, 1), revenue if same else -revenue])
    worlds = part(WORLDS, months={"ai_revenue": monthly(grown(revenue)), "ai_debt": stock(grown(debt))})
    assert verdict("debt revenue", stylised.debt_follows_revenue(worlds)) == wanted


@pytest.mark.parametrize(("sign", "wanted"), [(1.0, VALIDATED), (-1.0, NOT_VALIDATED), (0.0, NOT_VALIDATED)])
def test_debt_and_values(sign, wanted):
    value = grown(noise(7, WORLDS, YEARS - 1))
    debt = value**sign * np.exp(noise(8) / 10.0)
    books = [
        {"world": w, "year": y, "firm": "a", "kind": "neocloud", "debt": debt[w, y], "value": value[w, y]}
        for w in range(WORLDS) for y in range(YEARS)
    ]  # fmt: skip
    assert verdict("debt values", stylised.debt_follows_values(part(WORLDS, books=books))) == wanted


@pytest.mark.parametrize(("sign", "wanted"), [(1.0, VALIDATED), (-1.0, NOT_VALIDATED)])
def test_lending_and_leverage(sign, wanted):
    mood, book = noise(9), grown(noise(10, WORLDS, YEARS - 1))
    rows = [
        lender(w, y, lent=math.exp(sign * mood[w, y]), capital=book[w, y] ** (1.0 - sign)) | {"book": book[w, y]}
        for w in range(WORLDS) for y in range(YEARS)
    ]  # fmt: skip
    worlds = part(WORLDS, months={"sentiment": monthly(mood)}, lenders=rows)
    assert stylised.lending_follows_mood(worlds).value == pytest.approx(sign)
    assert verdict("lending mood", stylised.lending_follows_mood(worlds)) == wanted
    assert stylised.leverage_follows_books(worlds).value == pytest.approx(sign)
    assert verdict("leverage books", stylised.leverage_follows_books(worlds)) == wanted


@pytest.mark.parametrize(("sign", "wanted"), [(-1.0, VALIDATED), (1.0, NOT_VALIDATED), (0.0, NOT_VALIDATED)])
def test_spreads(sign, wanted):
    growth, mood = noise(11, WORLDS, YEARS - 1), noise(12)
    against = np.hstack([noise(13, WORLDS, 1), growth])
    for row, measure, months in (
        ("spreads revenue", stylised.hazards_against_revenue, {"ai_revenue": monthly(grown(growth))}),
        ("spreads mood", stylised.hazards_against_mood, {"sentiment": monthly(mood)}),
    ):
        mover = against if row == "spreads revenue" else mood
        hazard = np.exp(sign * mover + 0.1 * noise(14))
        found = measure(part(WORLDS, months={**months, "hazard": monthly(hazard)}))
        assert verdict(row, found) == wanted


def test_recovery_is_of_principal_given_up_and_known():
    rows = [
        fall(0, "a", 3, lost=4.0), fall(0, "b", 12, lost=50.0, debt=30.0), fall(0, "c", 13, lost=1.0),
        fall(0, "d", 14, lost=9.0, way=tables.DEFERRAL), fall(0, "e", 14, lost=9.0, settled=0),
        fall(0, "bank", 14, lost=9.0, kind="lender"), fall(0, "f", 15, lost=9.0, debt=1e-4),
    ]  # fmt: skip
    found = stylised.recovered(part(defaults=rows))
    assert found[0, :2] == pytest.approx([6.0 / 40.0, 0.9])
    assert np.isnan(found[0, 2:]).all()
    assert np.isnan(found[1]).all()


@pytest.mark.parametrize(("slope", "wanted"), [(-0.5, VALIDATED), (0.5, NOT_VALIDATED), (0.0, NOT_VALIDATED)])
def test_recoveries_and_defaults(slope, wanted):
    rng = np.random.default_rng(15)
    seen, defaults = [], []
    for w in range(WORLDS):
        for y in range(YEARS):
            failing = int(rng.integers(1, 9))
            seen += [year(w, f"f{k}", months=6 if k < failing else -1, year=y) for k in range(10)]
            share = 0.5 + slope * (failing / 10.0 - 0.5) + 0.01 * rng.normal()
            defaults += [fall(w, f"f{k}", 12 * y + 6, lost=10.0 * (1.0 - share)) for k in range(failing)]
    found = stylised.recoveries_against_defaults(part(WORLDS, seen=seen, defaults=defaults))
    assert verdict("recovery", found) == wanted


@pytest.mark.parametrize(("sign", "wanted"), [(1.0, VALIDATED), (-1.0, NOT_VALIDATED)])
def test_credit_before_defaults(sign, wanted):
    growth = noise(16)
    before = growth[:, :-2] + growth[:, 1:-1]
    seen = []
    for w in range(WORLDS):
        for y in range(YEARS):
            failing = int(np.clip(round(5.0 + sign * before[w, y - 2]), 0, 10)) if y >= 2 else 0
            seen += [year(w, f"f{k}", months=6 if k < failing else -1, year=y) for k in range(10)]
    found = stylised.credit_before_defaults(part(WORLDS, months={"ai_debt": stock(grown(growth))}, seen=seen))
    assert verdict("credit before", found) == wanted
    assert abs(found.value) > 0.9


# --- defaults come together -------------------------------------------------------------------------------
def failures(counts, firms=30, hazard=0.1):
    """Firm-years of which so many default, shape (worlds, years)."""
    return [
        year(w, f"f{k}", months=6 if k < counts[w, y] else -1, year=y, hazard=hazard)
        for w in range(len(counts)) for y in range(counts.shape[1]) for k in range(firms)
    ]  # fmt: skip


def test_two_worlds_whose_defaults_come_in_one_year_each():
    counts = np.array([[2, 0], [0, 2]])
    assert stylised.clustering(part(2, seen=failures(counts))).value == pytest.approx(2.0)
    assert math.isnan(stylised.clustering(part(2, seen=failures(0 * counts))).value)


@pytest.mark.parametrize("name", ["clustering", "clustering beyond"])
def test_independent_defaults_do_not_cluster_and_those_of_bad_years_do(name):
    measure = sections.MEASURES[name][0]
    rng = np.random.default_rng(17)
    apart = rng.binomial(30, 0.1, (WORLDS, YEARS))
    bad = rng.binomial(30, np.where(rng.random((WORLDS, YEARS)) < 0.2, 0.4, 0.025))
    calm = measure(part(WORLDS, seen=failures(apart, hazard=0.4)))  # seen as too high, which is no cluster
    assert calm.value == pytest.approx(1.0, abs=0.25)
    assert verdict(name, calm) == NOT_VALIDATED
    assert verdict(name, measure(part(WORLDS, seen=failures(bad)))) == VALIDATED


def test_worlds_of_different_danger_are_no_clusters_in_time():
    rng = np.random.default_rng(18)
    counts = rng.binomial(30, np.where(np.arange(WORLDS) % 2, 0.02, 0.3)[:, None], (WORLDS, YEARS))
    worlds = part(WORLDS, seen=failures(counts))
    assert verdict("clustering", stylised.clustering(worlds)) == NOT_VALIDATED
    counted, expected = stylised.by_count(worlds)
    assert counted.sum() == WORLDS * YEARS
    assert expected.sum() == pytest.approx(WORLDS * YEARS, rel=0.01)


def cascades_of(sizes, losses=None):
    """One cascade a month of these sizes, the world the place of the row; each failure loses a part."""
    lost = np.zeros(sizes.shape) if losses is None else losses
    return [
        fall(w, f"f{k}", m + 1, lost=lost[w, m] / sizes[w, m])
        for w in range(len(sizes)) for m in range(sizes.shape[1]) for k in range(sizes[w, m])
    ]  # fmt: skip


def test_sizes_of_a_geometric_law_have_no_heavy_tail():
    rng = np.random.default_rng(19)
    light = stylised.size_tail(part(WORLDS, defaults=cascades_of(rng.geometric(0.6, (WORLDS, 20)))))
    assert light.value == pytest.approx(1.0, abs=0.2)
    assert verdict("size tail", light) == NOT_VALIDATED
    heavy = np.where(rng.random((WORLDS, 20)) < 0.05, 12, 1)
    assert verdict("size tail", stylised.size_tail(part(WORLDS, defaults=cascades_of(heavy)))) == VALIDATED
    assert math.isnan(stylised.size_tail(part(WORLDS)).value)
    alone = part(WORLDS, defaults=cascades_of(np.ones((WORLDS, 2), int)))
    assert verdict("size tail", stylised.size_tail(alone)) == BEYOND


def test_hill_is_one_for_an_exponential_law_and_more_for_a_power_law():
    rng = np.random.default_rng(20)
    assert stylised.hill(rng.exponential(7.0, 200_000)) == pytest.approx(1.0, abs=0.02)
    assert stylised.hill(rng.pareto(1.0, 200_000) + 1.0) == pytest.approx(1.0 / 0.3251, rel=0.03)
    assert stylised.hill(rng.random(10_000)) < 0.3
    assert math.isnan(stylised.hill(np.arange(1.0, 100.0)))


def test_losses_of_cascades_and_lenders_own_do_not_count():
    rng = np.random.default_rng(21)
    ones = np.ones((WORLDS, 20), int)
    light, heavy = rng.exponential(1.0, ones.shape), rng.pareto(0.8, ones.shape) + 1.0
    for losses, wanted in ((light, NOT_VALIDATED), (heavy, VALIDATED)):
        rows = cascades_of(ones, losses)
        rows += [fall(w, "bank", 1, kind="lender", lost=1e6) for w in range(WORLDS)]
        worlds = part(WORLDS, defaults=rows)
        assert stylised.cascades(worlds).losses.max() < 1e6
        assert verdict("loss tail", stylised.loss_tail(worlds)) == wanted


# --- firms and lenders ------------------------------------------------------------------------------------
def test_drift_is_the_rise_before_a_default_beyond_that_of_others():
    def rows(before, last):
        return [
            row for w in range(WORLDS) for row in (
                year(w, "a", hazard=before, months=18), year(w, "a", hazard=last, months=6, year=1),
                year(w, "b", hazard=0.1), year(w, "b", hazard=0.2, year=1),
            )
        ]  # fmt: skip

    found = stylised.drift(part(WORLDS, seen=rows(0.1, 0.8)))
    assert found.value == pytest.approx(math.log(8.0) - math.log(2.0))
    assert verdict("drift", found) == VALIDATED
    assert verdict("drift", stylised.drift(part(WORLDS, seen=rows(0.1, 0.15)))) == NOT_VALIDATED
    assert math.isnan(stylised.drift(part(WORLDS)).value)


@pytest.mark.parametrize(("times", "wanted"), [(2.0, VALIDATED), (0.5, NOT_VALIDATED)])
def test_investment_swings(times, wanted):
    growth = noise(22, WORLDS, YEARS - 1)
    found = stylised.investment_swings(
        part(WORLDS, months={"ai_revenue": monthly(grown(growth)), "capex": monthly(grown(times * growth))})
    )
    assert found.value == pytest.approx(times)
    assert verdict("swings", found) == wanted


def test_lumps_are_no_boom():
    def books(rate):
        return [
            {"world": w, "year": y, "firm": f"f{k}", "kind": "neocloud", "capital": 10.0, "capex": 10.0 * rate(y, k)}
            for w in range(2) for y in range(YEARS) for k in range(5)
        ]  # fmt: skip

    boom = stylised.lumps(part(books=books(lambda y, k: 2.0**y)))
    assert boom.value == pytest.approx(0.2)
    assert verdict("lumps", boom, 100.0) == NOT_VALIDATED
    lumpy = stylised.lumps(part(books=books(lambda y, k: float(k == y % 5))))
    assert lumpy.value == pytest.approx(1.0)
    assert verdict("lumps", lumpy, 100.0) == VALIDATED
    assert math.isnan(stylised.lumps(part()).value)


def test_losses_of_the_tenth_of_lenders_that_lose_most():
    def rows(losses):
        return [lender(w, 0, losses=x, name=f"l{k}") for w in range(2) for k, x in enumerate(losses)]

    even = stylised.concentration(part(lenders=rows([1.0] * 20)))
    assert even.value == pytest.approx(0.1)
    assert verdict("concentration", even, 100.0) == NOT_VALIDATED
    few = stylised.concentration(part(lenders=rows([30.0, 30.0] + [1.0] * 18)))
    assert few.value == pytest.approx(60.0 / 78.0)
    assert verdict("concentration", few, 100.0) == VALIDATED
    assert math.isnan(stylised.concentration(part(lenders=rows([0.0] * 20))).value)


def test_cheaper_and_more_and_the_fall_of_the_price():
    months = np.arange(MONTHS + 1)
    price = np.tile(100.0 * 6.0 ** (-months / 12.0), (WORLDS, 1))
    spent = monthly(np.tile(np.arange(1.0, YEARS + 1.0), (WORLDS, 1)))
    prices = {"token_price": price, "equal_quality_price": price}
    worlds = part(WORLDS, months={"ai_revenue": spent}, prices=prices)
    assert stylised.cheaper_and_more(worlds).value == 1.0
    assert verdict("cheaper", stylised.cheaper_and_more(worlds), 100.0) == VALIDATED
    assert stylised.fall_at_equal_quality(worlds).value == pytest.approx(6.0)
    assert verdict("fall", stylised.fall_at_equal_quality(worlds)) == VALIDATED
    for other in (part(WORLDS, months={"ai_revenue": spent[:, ::-1]}, prices=prices),
                  part(WORLDS, months={"ai_revenue": spent}, prices={"equal_quality_price": 1.0 / price})):  # fmt: skip
        assert stylised.cheaper_and_more(other).value == 0.0
        assert verdict("cheaper", stylised.cheaper_and_more(other), 100.0) == NOT_VALIDATED
    assert stylised.cheaper_on_average(worlds).value == 1.0
    dearer = part(WORLDS, prices={"token_price": 1.0 / price})
    assert stylised.cheaper_on_average(dearer).value == 0.0
    assert verdict("average price", stylised.cheaper_on_average(dearer), 100.0) == BEYOND
    slow = part(WORLDS, prices={"equal_quality_price": price**0.5})
    assert verdict("fall", stylised.fall_at_equal_quality(slow)) == NOT_VALIDATED


# --- the table of what is asked ---------------------------------------------------------------------------
ROWS = read_table(sections.FOLDER / "asked.csv")


def test_every_row_is_measured_once():
    asked = [row["id"] for row in ROWS if row["point"] == str(sections.STYLISED)]
    assert sorted(asked) == sorted([*sections.MEASURES, "foresight"])
    assert len({row["id"] for row in ROWS}) == len(ROWS)


JUDGED = [row for row in ROWS if row["judged"]]


@pytest.mark.parametrize("row", JUDGED, ids=[row["id"] for row in JUDGED])
def test_every_line_can_come_out_each_way(row):
    low, high = (evaluate(row[end], lambda name: math.nan) for end in ("low", "high"))
    inside = 0.5 * (low + high)
    assert verdict(row["id"], Estimate(inside, inside, inside)) == VALIDATED
    for outside in (low - 1.0, high + 1.0):
        line = sections.measured(row["id"], Estimate(outside, outside, outside))
        assert (line.verdict, line.why) == (NOT_VALIDATED, row["why"])
    none = sections.measured(row["id"], Estimate(math.nan, math.nan, math.nan))
    assert (none.verdict, none.why) == (BEYOND, "no number in so few worlds")
    wide = Estimate(inside, low - 1.0, high + 1.0)
    assert verdict(row["id"], wide) == (NOT_VALIDATED if row["judged"] == "interval" else VALIDATED)
    assert verdict(row["id"], wide) in VERDICTS
