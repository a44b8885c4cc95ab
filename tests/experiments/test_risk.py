"""The table of risk: shares and intervals, what is counted, verdicts, pairs, and the command."""

import json
import math
import re

import numpy as np
import pytest
from risk_worlds import fall, lender, part, year
from typer.testing import CliRunner

from abm import open_economy
from abm.calibration.facts import FACT_ID, facts, read_table
from abm.calibration.worlds import world
from abm.engine import tables
from abm.errors import Breakdown
from abm.inputs.scenarios import BASELINE, load
from experiments import execution
from experiments.analysis.intervals import Estimate
from experiments.cli import main
from experiments.reproductions.intervals import wilson
from experiments.risk import asked, ensemble, findings, page, statistics, table
from experiments.risk import observe as watched

NAN = float("nan")


# --- shares and intervals ---------------------------------------------------------------------------------
def test_a_share_of_independent_trials_has_wilson_s_interval():
    counts = np.repeat([1.0, 0.0], [30, 70])
    found = statistics.share(counts, np.ones(100))
    assert found.value == 0.3
    # Runs with one trial each are as independent as trials: the effect is n / (n - 1).
    assert found[1:] == pytest.approx(wilson(30 * 0.99, 99), rel=1e-9)


def test_runs_in_which_all_fail_together_count_once():
    together = statistics.share(np.repeat([10.0, 0.0], [5, 45]), np.full(50, 10.0))
    assert together.value == 0.1
    assert together[1:] == pytest.approx(wilson(4.9, 49), rel=1e-9)
    spread = statistics.share(np.ones(50), np.full(50, 10.0))
    assert spread[1:] == pytest.approx(wilson(50, 500))


def test_nothing_of_many_still_has_an_upper_end_and_nothing_of_nothing_has_none():
    found = statistics.share(np.zeros(20), np.full(20, 5.0))
    assert found == (0.0, *wilson(0, 100))
    assert all(math.isnan(x) for x in statistics.share(np.zeros(3), np.zeros(3)))


def test_a_ratio_of_sums_is_resampled_by_run():
    found = statistics.ratio(np.array([2.0, 4.0]), np.array([1.0, 1.0]))
    assert found == (3.0, 2.0, 4.0)
    assert statistics.ratio(np.array([2.0, 4.0]), np.array([1.0, 2.0])) == (2.0, 2.0, 2.0)
    assert math.isnan(statistics.ratio(np.ones(2), np.zeros(2)).value)


def test_a_bootstrap_leaves_out_runs_without_a_number_and_is_the_same_again():
    values = np.r_[np.arange(50.0), NAN]
    assert statistics.middle(values) == statistics.middle(values)
    assert statistics.middle(values).value == 24.5
    assert statistics.mean(np.full(5, 2.0)) == (2.0, 2.0, 2.0)
    assert math.isnan(statistics.mean(np.array([NAN])).value)


def test_deciles_are_of_about_one_size_and_equal_values_share_one():
    assert np.bincount(statistics.deciles(np.arange(100.0))).tolist() == [10] * 10
    assert statistics.deciles(np.full(7, 0.002)).tolist() == [0] * 7
    mixed = statistics.deciles(np.r_[np.full(50, 0.002), np.linspace(0.01, 0.9, 50)])
    assert set(mixed[:50]) == {0}
    assert mixed.max() == 5


def test_scores_of_the_books():
    assert statistics.brier(np.array([0.8, 0.2]), np.array([1.0, 0.0])) == pytest.approx(0.04)
    seen, happened = np.array([0.1, 0.4, 0.35, 0.8]), np.array([0.0, 0.0, 1.0, 1.0])
    assert statistics.auc(seen, happened) == 0.75
    assert statistics.auc(np.full(4, 0.1), happened) == 0.5
    assert math.isnan(statistics.auc(seen, np.zeros(4)))
    assert statistics.probability(np.array(0.05), 5.0) == pytest.approx(0.2212, abs=1e-4)


def test_a_jackknife_of_a_mean_is_its_standard_error():
    values = np.arange(20.0)
    found = statistics.jackknife(np.arange(20), 20, lambda rows: float(values[rows].mean()))
    half = 2.093 * values.std(ddof=1) / 20**0.5
    assert found == pytest.approx((9.5, 9.5 - half, 9.5 + half), rel=1e-3)


# --- perceived against realised ---------------------------------------------------------------------------
def test_only_defaults_of_the_year_count_against_its_hazard():
    rows = [year(0, "a", 12), year(0, "b", 13), year(1, "a", -1), year(1, "b", 1)]
    found = findings.group(part(seen=rows), "x", part(seen=rows).frames["seen"])
    assert found.firm_years == 4
    assert found.happened.value == 0.5
    assert found.seen == pytest.approx(1.0 - math.exp(-0.1))
    assert found.ratio.value == pytest.approx(0.5 / found.seen)


@pytest.mark.parametrize(
    ("seen", "interval", "within"),
    [(0.10, (0.05, 0.12), True), (0.10, (0.151, 0.3), False), (0.10, (0.14, 0.3), True), (0.10, (0.01, 0.06), False)],
)
def test_a_group_is_right_if_its_interval_reaches_the_factor(seen, interval, within):
    group = findings.Group("1", 10, seen, Estimate(0.0, *interval), Estimate(1.6, 0.1, 9.0))
    assert (group.within, group.near) == (within, False)
    assert group._replace(ratio=Estimate(0.7, 0.1, 9.0)).near is True


def test_groups_go_from_low_to_high_hazards():
    rows = [year(w, f"f{k}", hazard=0.01 * (k + 1), months=5 if k == 9 else -1) for w in (0, 1) for k in range(10)]
    found = findings.perceived(part(seen=rows))
    assert [g.firm_years for g in found.tenths] == [2] * 10
    assert [g.happened.value for g in found.tenths] == [0.0] * 9 + [1.0]
    assert found.auc.value == 1.0
    assert [g.name for g in found.kinds] == ["neocloud"]
    assert found.brier_of_mean == pytest.approx(0.09)


# --- five years -------------------------------------------------------------------------------------------
def test_five_year_default_counts_sixty_months_and_the_years_begun_before_the_first():
    rows = [year(0, "a", 60, hazard=0.2), year(1, "a", 61, hazard=0.2)]
    rows += [year(w, "a", 60 + w - 12 * k, hazard=0.2, year=k) for w in (0, 1) for k in range(1, 6)]
    found = findings.five_years(part(seen=rows), "a", ["a"])
    assert found.happened.value == 0.5
    assert found.at_opening.value == pytest.approx(1.0 - math.exp(-0.5))
    assert found.along.value == pytest.approx(5.0 * (1.0 - math.exp(-0.2)))
    soon = [year(0, "a", 6), year(0, "a", -1, year=1), year(1, "a", -1), year(1, "a", -1, year=1)]
    again = findings.five_years(part(seen=soon), "a", ["a"])  # reorganised: it goes on, and counts once
    assert again.along.value == pytest.approx(1.5 * (1.0 - math.exp(-0.1)))


def test_over_five_years_lenders_see_the_long_hazard_and_deferrals_count_apart():
    rows = [year(0, "a", 7, way=tables.DEFERRAL, long=0.04), year(1, "a", 7, way=tables.DEFERRAL, long=0.04, hard=50)]
    found = findings.five_years(part(seen=rows), "a", ["a"])
    assert found.at_opening.value == pytest.approx(1.0 - math.exp(-0.2))
    assert (found.happened.value, found.hard.value) == (1.0, 0.5)


def test_a_class_is_its_kind_without_those_that_have_rows_of_their_own():
    opened = part(seen=[year(0, "CoreWeave"), year(0, "x"), year(1, "x"), year(0, "Oracle", kind="hyperscaler")])
    frame = opened.frames["seen"]
    assert findings.members(frame, "neocloud", ["CoreWeave"]) == ["x"]
    assert findings.members(frame, "Oracle", ["Oracle"]) == ["Oracle"]
    assert findings.members(frame, "gone", []) == []


def test_projects_of_the_opening_have_their_tenants():
    found = table.tenants()
    assert found["Hyperion"] == "Meta"
    assert found["Abilene"] == found["Vantage-Oracle"] == "Oracle"
    assert found["Colossus"] == "xAI"


# --- rates ------------------------------------------------------------------------------------------------
def test_default_rates_by_year_kind_way_and_debt():
    rows = [
        year(0, "a", 3, debt=3.0, way=1), year(0, "b", -1, kind="lab"), year(0, "b", -1, year=1, kind="lab"),
        year(1, "a", -1), year(1, "b", 30, kind="lab", way=3), year(1, "b", 18, year=1, kind="lab", way=3),
        year(1, "b", 6, year=2, kind="lab", way=3),
    ]  # fmt: skip
    found = findings.rates(part(seen=rows))
    assert found.overall.value == pytest.approx(2 / 7)
    assert [round(x.value, 3) for x in found.years[:3]] == [0.25, 0.0, 1.0]
    assert found.kinds["neocloud"].value == 0.5
    assert found.kinds["lab"].value == 0.2
    assert found.ways["reorganisation"].value == found.ways["deferral"].value == pytest.approx(1 / 7)
    assert found.ways["liquidation"].value == 0.0
    assert found.hard.value == pytest.approx(1 / 7)
    assert found.by_debt.value == pytest.approx(4 / 9)
    assert found.worst.tolist() == [0.5, 1.0]


def test_the_worst_tenth_of_runs():
    worst = np.arange(20.0) / 100.0
    assert findings.mean_of_worst_tenth(worst) == pytest.approx(0.185)
    assert findings.mean_of_worst_tenth(worst[:5]) == pytest.approx(0.04)
    count, number = np.array([[1.0, 0.0], [0.0, 3.0]]), np.array([[4.0, 0.0], [4.0, 6.0]])
    assert findings.worst_years(count, number).tolist() == [0.25, 0.5]


# --- values -----------------------------------------------------------------------------------------------
def test_log_changes_stop_where_a_firm_does():
    values = np.array([[1.0, 1.0], [2.0, 2.0], [4.0, 0.0]])
    found = watched.log_changes(values, np.array([[True, True], [True, True], [True, False]]))
    assert found[:, 0] == pytest.approx([math.log(2.0)] * 2)
    assert math.isnan(found[1, 1])


def test_correlations_are_those_of_numpy_over_the_months_both_have():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(60, 4)) + rng.normal(size=(60, 1))
    x[40:, 1] = NAN
    x[10:, 3] = NAN  # too short
    found = watched.mean_correlations(x, np.array([0, 1, 2, 3]))
    expected = [np.corrcoef(x[:40, 0], x[:40, 1])[0, 1], np.corrcoef(x[:, 0], x[:, 2])[0, 1]]
    assert found[0] == pytest.approx(np.mean(expected))
    assert math.isnan(found[3])


# --- recoveries, cascades, lag ----------------------------------------------------------------------------
def test_recovery_of_all_and_of_what_is_left_for_the_unsecured():
    rows = [fall(0, "a", 5, debt=10.0, secured=4.0, lost=3.0), fall(1, "b", 5, debt=10.0, secured=8.0, lost=30.0)]
    found = findings.recoveries(part(defaults=rows))[-1]
    assert found.failures == 2
    assert found.all.value == pytest.approx(7.0 / 20.0)
    assert found.unsecured.value == pytest.approx(3.0 / 8.0)


def test_recovery_leaves_out_deferrals_and_plans_that_never_took_effect():
    rows = [
        fall(0, "a", 5, way=tables.DEFERRAL), fall(0, "b", 6, way=tables.REORGANISATION, settled=0),
        fall(0, "b", 12, lost=9.0), fall(1, "c", 7, way=tables.EXCHANGE, lost=3.0, kind="lab"),
    ]  # fmt: skip
    found = {r.name: r for r in findings.recoveries(part(defaults=rows))}
    assert list(found)[:3] == ["liquidation", "reorganisation", "distressed exchange"]
    assert (found["all borrowers"].failures, found["reorganisation"].failures) == (2, 0)
    assert found["all borrowers"].all.value == pytest.approx(8.0 / 20.0)
    assert found["distressed exchange"].all.value == found["lab"].all.value == pytest.approx(0.7)


def test_losses_are_of_three_kinds_and_those_of_lenders_stand_apart():
    rows = [fall(0, "a", 5, lost=4.0, equity=2.0, claims=1.0), fall(1, "b", 5, kind="lab", claims=8.0),
            fall(1, "bank", 6, kind="lender", lost=50.0)]  # fmt: skip
    found = {x.kind: (x.credit.value, x.equity.value, x.claims.value) for x in findings.losses(part(defaults=rows))}
    assert found == {
        "lab": (0.0, 0.0, 4.0), "neocloud": (2.0, 1.0, 0.5), "lender": (25.0, 0.0, 0.0),
        findings.ALL: (2.0, 1.0, 4.5),
    }  # fmt: skip


def test_cascades_are_months_of_one_world():
    rows = [fall(0, "a", 5), fall(0, "b", 5, stage=3), fall(0, "c", 6), fall(1, "a", 5)]
    found = findings.cascades(part(defaults=rows))
    assert (found.months, found.largest, found.longest) == (3, 2, 3)
    assert found.at_least[2].value == pytest.approx(1 / 3)


def test_the_lag_runs_from_peak_to_peak():
    capex, defaults = np.ones((2, 20)), np.zeros((2, 20), int)
    capex[:, 3], defaults[:, 10:12] = 5.0, 1
    # The four quarters 8 to 11 are the first that hold both quarters of defaults; their middle is 9.5.
    assert findings.peak_lag(capex, defaults) == 6.5
    assert math.isnan(findings.peak_lag(capex, np.zeros((2, 20), int)))


# --- lenders ----------------------------------------------------------------------------------------------
def test_lenders_lose_part_of_the_capital_they_begin_the_crisis_with():
    ours = [lender(w, k, losses=1.0 if k == 2 else 0.0, lent=0.5 if k == 3 else 1.0, closed=int(w == 0 and k == 2))
            for w in (0, 1) for k in range(8)]  # fmt: skip
    usual = [lender(w, k) for w in (0, 1) for k in range(8)]
    (found,) = findings.lender_classes(part(lenders=ours), part(lenders=usual))
    assert found.name == "bank"
    assert found.losses.value == pytest.approx(0.1)
    assert found.losses_baseline.value == 0.0
    assert found.closed.value == 0.5
    assert found.credit.value == pytest.approx(-0.5)
    assert found.marks.value == found.gated.value == 0.0


def test_marks_are_of_the_worst_year_and_gates_are_weighed_by_loans_held():
    ours = [
        lender(0, k, name=name, marks=m * (k == 3), gated=int(name == "b" and k == 4)) | {"book": book}
        for name, m, book in (("a", 1.0, 3.0), ("b", 3.0, 1.0)) for k in range(8)
    ]  # fmt: skip
    ours += [lender(1, k, name=name) | {"book": 0.0} for name in ("a", "b") for k in range(8)]
    (found,) = findings.lender_classes(part(lenders=ours), part(lenders=ours))
    assert found.marks.value == pytest.approx(4.0 / 40.0)
    assert found.gated.value == found.gated_baseline.value == pytest.approx(0.25)


def test_losses_go_to_capital_first_and_all_of_them_go_somewhere():
    rows = [lender(0, 0, losses=12.0), lender(1, 0, losses=4.0), lender(0, 1, capital=0.0)]
    rows += [lender(0, 0, losses=1.0, name="x", kind="IG bonds")]
    found = {(c, h): ours.value for c, h, ours in findings.routed(part(lenders=rows), read_holders())}
    assert found["bank", "shareholders of banks"] == pytest.approx(7.0)
    assert found["bank", "deposit insurance and taxpayers"] == pytest.approx(1.0)
    assert sum(found.values()) == pytest.approx(17.0 / 2.0)
    assert findings.routed(part(lenders=rows[:1]), [])[0][1] == "not assigned"


def read_holders():
    return read_table(asked.FOLDER / "holders.csv")


def test_holders_of_every_class_of_lender_bear_all_of_its_losses():
    sums = {}
    for row in read_holders():
        assert row["source"]
        sums[row["class"], row["layer"]] = sums.get((row["class"], row["layer"]), 0.0) + float(row["share"])
    assert sums == {key: pytest.approx(1.0) for key in sums}
    assert set(sums) >= {(name, layer) for name in tables.LENDER_NAMES for layer in ("capital", "beyond")}


# --- pairs ------------------------------------------------------------------------------------------------
def test_a_follower_fails_with_the_strike_within_two_years_and_not_without():
    struck = part(defaults=[
        fall(0, "OpenAI", 18, kind="lab"), fall(0, "a", 18), fall(0, "late", 43), fall(0, "anyway", 30),
        fall(0, "early", 17), fall(0, "bank", 20, kind="lender"), fall(1, "a", 42),
    ])  # fmt: skip
    spared = part(defaults=[fall(0, "anyway", 40), fall(1, "a", 10)])
    args = struck.frames["defaults"], spared.frames["defaults"]
    assert findings.followers(*args, 0, "OpenAI") == {"a"}
    assert findings.followers(*args, 1, "OpenAI") == set()


def test_a_strike_is_read_world_by_world():
    path = np.ones((3, watched.MONTHS + 1))
    fallen = path.copy()
    fallen[:, 18:] = 0.6
    struck = part(3, months={"sentiment": fallen, "hazard of Oracle": 3.0, "spot_price": fallen},
                  defaults=[fall(0, "a", 20)])  # fmt: skip
    growing = np.cumprod(np.full((3, watched.MONTHS + 1), 1.01), axis=1) * np.array([[1.0], [2.0], [3.0]])
    base = part(3, months={"sentiment": path, "ai_revenue": growing},
                defaults=[fall(2, "OpenAI", 17, kind="lab")])  # fmt: skip
    found = findings.strike(struck, base)
    assert (found.worlds, found.left_out) == (2, 1)
    assert found.sentiment[0].value == pytest.approx(-0.4)
    assert found.spot[6].value == pytest.approx(-0.4)
    assert found.hazards["Oracle"][6].value == 3.0
    assert found.spread[0].value == 1.0
    assert found.follows.value == 0.5
    assert found.followers == [("a", 0.5)]


def test_worlds_are_split_by_demand():
    growth, fell = np.array([0.9, 0.1, 0.5, 0.2, 0.8, 0.4]), np.array([0.0, 1.0, 1.0, 1.0, 0.0, 0.0])
    found = findings.by_terciles(growth, fell)
    assert [k.name for k in found] == ["weak", "middle", "strong"]
    assert [k.worlds for k in found] == [2, 2, 2]
    assert [k.follows.value for k in found] == [1.0, 0.5, 0.0]
    assert found[0].growth == pytest.approx(0.15)


def test_worlds_that_one_of_two_scenarios_lacks_are_left_out_of_pairs():
    whole = part(3, defaults=[fall(0, "a", 1), fall(1, "b", 2), fall(2, "c", 3)])
    found = findings.kept(whole, np.array([1, 3]))
    assert found.worlds == 2
    assert found.frames["defaults"][["world", "firm"]].to_numpy().tolist() == [[0, "a"], [1, "c"]]
    assert found.monthly("capex").shape == (2, watched.MONTHS + 1)


# --- causes and debt --------------------------------------------------------------------------------------
def test_the_heaviest_cause_and_the_shares():
    rows = [fall(0, "a", 1, **{"own doing": 0.4, "customer": 0.6}), fall(0, "b", 1), fall(1, "c", 1, market=0.8)]
    found = findings.causes(part(defaults=rows))
    assert {k: v for k, v in found.heaviest.items() if v} == {"customer": 1, "own doing": 1, "market": 1}
    assert found.shares["own doing"] == pytest.approx(1.4 / 2.8)
    assert findings.causes(part()).failures == 0


def test_debt_added_is_that_of_three_years():
    path = np.arange(watched.MONTHS + 1.0) * np.array([[1.0], [2.0], [3.0]])
    low, middle, high = findings.debt_added(part(3, months={"ai_debt": 5.0 + path}))
    assert middle.value == 72.0
    assert low.value < 72.0 < high.value


# --- verdicts ---------------------------------------------------------------------------------------------
def test_a_line_is_met_by_its_number_and_a_direction_by_its_interval():
    line = table.Line("x", 1, "x", Estimate(5.0, 3.0, 12.0), "%", 10.0, 20.0, "")
    assert (line.verdict, line.reached) == ("missed", True)
    assert line._replace(ours=Estimate(15.0, 3.0, 90.0)).verdict == "met"
    assert line._replace(ours=Estimate(5.0, 3.0, 6.0)).reached is False
    assert line._replace(low=None).verdict == "stated"
    assert line._replace(ours=statistics.NOTHING).verdict == "missed"
    whole = line._replace(whole=True)
    assert whole._replace(ours=Estimate(15.0, 3.0, 90.0)).verdict == "missed"
    assert whole._replace(ours=Estimate(15.0, 11.0, 19.0)).verdict == "met"
    lines = [line, line._replace(ours=Estimate(15.0, 3.0, 90.0)), line._replace(low=None), line._replace(point=2)]
    assert table.verdicts(lines)[0][2:] == (1, 2)
    assert table.verdicts(lines)[1][2:] == (0, 1)


def test_every_target_is_a_formula_over_facts_with_evidence():
    for row in (*asked.targets().values(), *read_table(asked.FOLDER / "firms.csv")):
        words = row.get("evidence") or row.get("why")
        assert words
        assert set(FACT_ID.findall(" ".join(row.values()))) <= set(facts())
    for name, row in asked.targets().items():
        line = table.line(name, Estimate(0.02, 0.01, 0.03), 100.0)
        assert line.ours == pytest.approx((2.0, 1.0, 3.0))
        assert (line.low is None) == (row["judged"] == "")
        assert line.low is None or line.low <= line.high
    assert (table.line("debt low", statistics.NOTHING).high, table.line("debt high", statistics.NOTHING).low) == (
        862.5, 1150.0,
    )  # fmt: skip


# --- the model read ---------------------------------------------------------------------------------------
def rows_of(names, *rows):
    return np.array(list(rows), [(name, "i8") for name in names.split()])


def test_the_next_default_is_the_first_after_the_month():
    defaults = rows_of("month firm way", (3, 7, 3), (12, 7, 1), (20, 7, 0), (20, 8, 2))
    who = np.array([8, 7, 9])
    assert watched.next_defaults(defaults, who, 0) == ([20, 3, -1], [2, 3, -1])
    assert watched.next_defaults(defaults, who, 12) == ([8, 8, -1], [2, 0, -1])


def test_losses_of_a_reorganisation_are_known_once_its_plan_takes_effect():
    defaults = rows_of("month firm way", (3, 7, 1), (4, 8, 1), (5, 9, 1), (14, 8, 0), (20, 7, 1), (20, 6, 2))
    events = rows_of("month kind a", (13, tables.E_REORGANISED, 7), (14, tables.E_DEFAULT, 8))
    assert watched.settled(defaults, events) == [1, 0, 0, 1, 0, 1]


def test_a_scenario_stands_above_its_world_and_the_strike_is_one_shock():
    settings = {"opening": "2025-12-31", "central": False}
    economy = watched.open_world(settings | {"scenario": "h4_public_backstop"}, 3)
    assert economy.changed["backstop_share"] == load("h4_public_backstop").parameters["backstop_share"]
    usual = watched.open_world(settings | {"scenario": BASELINE}, 3)
    assert economy.world == usual.world == world(3, "2025-12-31")
    assert usual.changed == {}
    (shock,) = watched.story(watched.STRIKE, "2025-12-31").shocks
    assert (shock.firm, shock.effect, shock.first_month(economy.opening.date)) == (
        economy.opening.flagship, "defaults", watched.STRIKE_MONTH,
    )  # fmt: skip
    central = watched.open_world(settings | {"scenario": BASELINE, "central": True}, 3)
    assert (central.world, central.changed) == (None, {})


@pytest.fixture(scope="module")
def economy():
    """A run with failures, and what stood at its opening."""
    economy = open_economy(load("perfect_storm"), seed=2, central=True)
    opened = {"firms": economy.rows("firms").copy(), "ai_debt": 7.0, "spot_price": 2.0, "sentiment": 1.0}
    economy.run(watched.MONTHS)
    return economy, opened


def test_tables_say_what_the_economy_does(economy):
    economy, opened = economy
    found = {name: t.to_pandas() for name, t in watched.read(economy, opened).items()}
    panel, defaults, series = economy.panel(), economy.rows("defaults"), economy.rows("series")
    assert len(defaults)
    seen = found["seen"]
    for firm in ("CoreWeave", "Oracle"):
        mine = seen[seen["firm"] == firm].set_index("year")
        i = economy.firm(firm)
        assert mine["hazard"][0] == opened["firms"]["pd"][i]
        for k in mine.index[1:]:
            assert mine["hazard"][k] == panel["pd"][12 * k - 1, i]
            assert mine["debt"][k] == panel["debt"][12 * k - 1, i]
            assert mine["hazard_long"][k] == panel["pd_long"][12 * k - 1, i]
    for row in seen.itertuples():
        mine = defaults[(defaults["firm"] == economy.firm(row.firm)) & (defaults["month"] > 12 * row.year)]
        hard = mine["month"][mine["way"] != tables.DEFERRAL]
        assert (row.months, row.way) == ((mine["month"][0] - 12 * row.year, mine["way"][0]) if len(mine) else (-1, -1))
        assert row.months_hard == (hard[0] - 12 * row.year if len(hard) else -1)
        if row.year:
            now = panel[12 * row.year - 1, economy.firm(row.firm)]
            assert now["status"] == tables.ACTIVE
            assert now["protected_until"] <= 12 * row.year
    told = found["defaults"]
    for name in ("month", "way", "debt", "loss_credit", "loss_equity", "loss_claims"):
        assert told[name].tolist() == defaults[name].tolist()
    assert told[list(watched.CAUSES)].sum(axis=1).to_numpy() == pytest.approx(1.0, abs=1e-6)
    assert (told["secured"] <= told["debt"] + 1e-12).all()
    lenders = found["lenders"]
    assert lenders["losses"].sum() == pytest.approx(series["lender_losses"].sum())
    assert set(lenders["class"]) == set(tables.LENDER_NAMES)
    for row in lenders[lenders["year"] == 3].itertuples():
        mine = panel[36:48, economy.firm(row.lender)]
        assert (row.marks, row.gated) == (mine["unrealised"].max(), mine["gated"].max())
    assert lenders.loc[lenders["year"] == 1, "lent"].sum() <= series["new_loans"][12:24].sum() + 1e-9
    months = found["months"]
    assert months["capex"].to_numpy()[1:] == pytest.approx(series["capex"])
    assert months["ai_debt"].iloc[0] == 7.0
    assert months["orphaned"].tolist() == [0.0, *series["orphaned"]]
    i = economy.firm("Oracle")
    assert months["hazard of Oracle"].iloc[30] == panel["pd"][29, i]
    values = found["firms"].set_index("firm")
    whole = [name for name in values.index if panel["valuation"][:, economy.firm(name)].min() > 0.0]
    assert whole
    for name in whole:
        changes = np.diff(np.log(panel["valuation"][:, economy.firm(name)]))
        assert values["volatility"][name] == pytest.approx(changes.std(ddof=1) * 12**0.5)


@pytest.fixture(scope="module")
def told_once(economy):
    """Worlds that need no model: one run told for every seed, and the world of seed 3 fails."""
    run, opened = economy
    tables_of = watched.read(run, opened)

    def observe(settings, seed):
        if seed == 3:
            raise ValueError("no such luck")
        return {"failures": 1.0}, tables_of

    return observe


@pytest.fixture(scope="module")
def few(told_once):
    """Four worlds of every scenario that need no model."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("experiments.execution.load_function", lambda where: told_once)
        return ensemble.make(4, False, workers=1, how="threads")


# --- why lines are missed ---------------------------------------------------------------------------------
def judged(made, **ours):
    """The findings of a few worlds, with other numbers for some lines."""
    found = table.judge(made)
    lines = [x._replace(ours=table.exact(ours[x.name])) if x.name in ours else x for x in found.lines]
    return found._replace(lines=lines)


def test_causes_are_of_lines_there_are_and_have_no_number_of_a_run():
    known = {*asked.targets(), *(row["name"] for row in read_table(asked.FOLDER / "firms.csv"))}
    rows = read_table(page.WHY)
    for row in rows:
        assert set(page.named(row["lines"])) <= known
        if row["lines"]:
            assert not re.search(r"[0-9]", row["why"])
    assert sum(not row["lines"] for row in rows) == 1


def test_the_page_tells_causes_of_what_is_missed_in_its_run_alone(few):
    met = judged(few, **{"hazard Oracle": 3.0, "telecom recovery": 37.8})
    missed = judged(few, **{"hazard Oracle": 1.9, "telecom recovery": 37.8, "worst": 1.0})
    told = ["\n".join(page.causes(f)) for f in (met, missed)]
    assert ["its other business cushions it" in text for text in told] == [False, True]
    assert all("market prices after default" not in text for text in told)
    assert "**worst year of the worst tenth of runs: at least:** no cause has been found yet." in told[1]
    assert all("`hazard_slope`" in text for text in told)
    shown = page.html(few, missed)
    assert "<code>hazard_slope</code>" in shown
    assert "<li><b>Oracle&#x27;s hazard after six months: at least:</b> its other business" in shown
    assert "**" not in shown
    assert "<p>- " not in shown


# --- the command ------------------------------------------------------------------------------------------
@pytest.fixture
def quick(monkeypatch, told_once):
    """The command on worlds that need no model."""
    monkeypatch.setattr("experiments.execution.load_function", lambda where: told_once)
    monkeypatch.setattr("experiments.commands.risk.compile_first", lambda *_: None)
    return CliRunner()


def test_the_command_writes_a_whole_folder_and_the_same_again(quick, tmp_path):
    done = [
        quick.invoke(main, ["risk", "--seeds", "4", "--threads", "--jobs", jobs, "--out", str(tmp_path / jobs),
                            "--page", str(tmp_path / f"{jobs}.md")])
        for jobs in ("1", "2")
    ]  # fmt: skip
    assert [result.exit_code for result in done] == [0, 0], done[0].stderr
    names = {
        "RISK.md", "risk.html", "reliability.png", "lines.json", "manifest.json",
        *(f"{name}.parquet" for name in ("runs", *watched.SCHEMAS)),
    }  # fmt: skip
    assert {path.name for path in (tmp_path / "1").iterdir()} == names
    for name in names:
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()
    text = (tmp_path / "1" / "RISK.md").read_text(encoding="utf-8")
    assert (tmp_path / "1.md").read_text(encoding="utf-8") == text
    assert "invisible-debt risk --seeds 4" in text
    assert "3 runs ended in an error" in text
    for name in (BASELINE, watched.STRIKE, ensemble.ANALOGUE):
        assert f"- {name}, seed 3: ValueError: no such luck" in text
    for what in table.POINTS:
        assert what in text
        assert what in " ".join(done[0].stdout.split())
    again = quick.invoke(main, ["risk", "--seeds", "4", "--threads", "--out", str(tmp_path / "1")])
    assert again.exit_code == 0  # its own folder may be replaced
    for other in (["--seeds", "2"], ["--seeds", "4", "--central"]):
        refused = quick.invoke(main, ["risk", *other, "--threads", "--out", str(tmp_path / "1")])
        assert refused.exit_code == 2
        assert "holds the results of another recipe" in refused.stderr
    assert (tmp_path / "1" / "RISK.md").read_text(encoding="utf-8") == text


def test_runs_that_break_down_are_named_and_cost_no_more_than_themselves(quick, monkeypatch, tmp_path):
    whole = execution.load_function("x:y")  # that of `quick`

    def observe(settings, seed):
        if settings["scenario"] == "subprime":
            raise Breakdown("the run breaks down in May 2028")
        return whole(settings, seed)

    monkeypatch.setattr("experiments.execution.load_function", lambda where: observe)
    result = quick.invoke(main, ["risk", "--seeds", "2", "--threads", "--out", str(tmp_path / "x")])
    assert result.exit_code == 0, result.stderr
    named = "subprime, seed 1: Breakdown: the run breaks down in May 2028"
    assert named in " ".join(result.stdout.split())
    text = (tmp_path / "x" / "RISK.md").read_text(encoding="utf-8")
    assert f"- {named}" in text
    assert "1 run ended in an error" in text
    assert "| r6_customer_concentration | 1 |" in text
    assert "| subprime |" not in text


def test_a_scenario_that_no_table_can_do_without_must_end_well_once(quick, monkeypatch, tmp_path):
    def observe(settings, seed):
        raise Breakdown("the run breaks down in May 2028")

    monkeypatch.setattr("experiments.execution.load_function", lambda where: observe)
    result = quick.invoke(main, ["risk", "--seeds", "2", "--threads", "--out", str(tmp_path / "x")])
    assert result.exit_code != 0
    assert "no run of 'baseline' ended well" in " ".join(result.stderr.split())
    assert not (tmp_path / "x").exists()


def test_the_command_speaks_json_and_leaves_other_folders_alone(quick, tmp_path):
    result = quick.invoke(main, ["risk", "--seeds", "2", "--threads", "--json", "--out", str(tmp_path / "x")])
    data = json.loads(result.stdout)
    assert [p["point"] for p in data["points"]] == list(range(1, 9))
    assert json.loads((tmp_path / "x" / "manifest.json").read_text())["digest"] == data["digest"]
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("dear", encoding="utf-8")
    other = quick.invoke(main, ["risk", "--seeds", "2", "--out", str(tmp_path / "full")])
    assert other.exit_code == 2
    assert (tmp_path / "full" / "letter.txt").read_text() == "dear"
    wrong = quick.invoke(main, ["risk", "--seeds", "2", "--page", str(tmp_path), "--out", str(tmp_path / "y")])
    assert (wrong.exit_code, "--page" in wrong.stderr, (tmp_path / "y").exists()) == (2, True, False)


def test_threads_and_processes_give_the_same_tables(monkeypatch):
    monkeypatch.setattr(ensemble, "names", lambda: [BASELINE, ensemble.ANALOGUE])
    made = [ensemble.make(2, False, workers=2, how=how) for how in ("threads", "processes")]
    assert made[0].digest == made[1].digest
    assert not made[0].failures
    assert set(made[0].parts) == {BASELINE, watched.STRIKE, ensemble.ANALOGUE}
    found = table.judge(made[0])
    assert page.markdown(made[0], found) == page.markdown(made[1], table.judge(made[1]))
