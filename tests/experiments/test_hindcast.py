"""The hindcast: what is asked, how it is scored, and the command."""

import json
import math
import re
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from abm import open_economy
from abm.calibration.facts import facts, names_in
from abm.calibration.files import opening_files, opening_folder
from abm.engine import tables
from abm.errors import BadInput
from experiments import hindcast as logic
from experiments import hindcast_page as told
from experiments.cli import main

PAST = "2024-12-31"
FOLDER = opening_folder(PAST)
QUESTION = logic.read_question(PAST)
INDEPENDENT = {"1", "7", "12", "13", "15", "18", "24", "28", "29", "35", "38"}
DRIFT = ((2022.5, 100.0), (2023.5, 110.0), (2024.5, 121.0))


def target(**changed):
    """A reading to score, in logs unless said otherwise."""
    base = logic.Target(
        "1", "1", "independent", "a thing", "bn", 100.0, 2025.5, (), "capex", "sum", (1, 12), None, "log",
        (80.0, 80.0, 80.0), (), "",
    )  # fmt: skip
    return base._replace(**changed)


def normal(rng, centre, spread, runs=4000):
    return np.exp(rng.normal(math.log(centre), spread, runs))


# --- what is asked --------------------------------------------------------------------------------------
def test_targets_are_enough_and_the_independent_ones_are_those_agreed():
    assert len({t.target for t in QUESTION.targets}) >= 35
    assert {t.target for t in QUESTION.targets if t.weight == "independent"} == INDEPENDENT
    assert all(t.id.startswith(t.target) for t in QUESTION.targets)


def test_pass_marks_are_those_agreed():
    assert (QUESTION.coverage, QUESTION.skilful, QUESTION.factor) == (0.75, 0.5, 2.0)
    assert {t.target for t in QUESTION.targets if t.id in QUESTION.within_factor} == {
        "1", "13", "35", "38", "39", "40", "41",
    }  # fmt: skip


def rows():
    return logic.read_table(FOLDER / logic.TARGETS)


def test_every_fact_of_a_target_exists():
    for row in rows():
        cited = names_in(" ; ".join((row["outcome"], row["forecast"], row["history"])))[0]
        assert cited
        assert set(cited) <= set(facts())


def test_forecasts_and_histories_were_known_at_the_time_or_say_that_they_were_not():
    files = opening_files(FOLDER)
    for row in rows():
        cited = names_in(" ; ".join((row["forecast"], row["history"])))[0]
        late = [name for name in cited if not facts()[name].known_by(files.facts_until)]
        # The state of the opening is told by accounts and counts of later dates (K1), its history too.
        late = [name for name in late if name[:2] not in ("K1", "H1")]
        assert not late or "later than the opening" in row["note"], (row["id"], late)


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("outcome", "K3-999", "column outcome: there is no fact 'K3-999'"),
        ("outcome", "1 / 0", "column outcome"),
        ("outcome", "0 - 1", "must be above 0"),
        ("outcome", "ai_shares * 2", "neither a fact nor a name"),
        ("firms", "OpenAl", "no firm or kind 'OpenAl'"),
        ("value", "capexes", "no column 'capexes' of firms"),
        ("value", "12", "a formula over columns"),
        ("aggregation", "median", "column aggregation: one of sum, mean, last, change"),
        ("months", "4-2", "column months"),
        ("months", "June", "column months"),
        ("transform", "sqrt", "column transform"),
        ("weight", "much", "column weight"),
        ("when", "2025", "column when"),
        ("forecast", "1: 2", "low: central: high"),
        ("history", "2025-13: 4", "column history"),
        ("history", "2025-12: 4", "must end before"),
    ],
)
def test_a_mistake_in_a_target_names_row_and_column(tmp_path, column, value, said):
    place = "targets.csv, row '1'"
    names = {"ai_share": 0.75}
    row = {**rows()[0], column: value}
    who = {"OpenAI", "Microsoft Azure", "AWS", "Google Cloud", "Meta", "lab"}
    with pytest.raises(BadInput, match=re.escape(said)) as error:
        logic._target(place, row, names, who)
    assert place in str(error.value)


def test_parameters_that_rest_on_later_facts_are_named():
    found = {leak.parameter: leak for leak in logic.leaks(FOLDER)}
    assert found["tenant_growth"].facts == ("G5-012",)
    assert found["tenant_growth"].strict == 0.42
    assert found["project_spread"].strict is None
    assert found["asset_volatility"].facts == ("R1-008",)
    assert found["asset_volatility"].strict == 0.6
    assert found["earnings_multiple"].facts == ()  # an assumption about two years, of which one was known
    assert "failure_rate" not in found  # rests on 2024


def test_an_opening_without_targets_says_so():
    with pytest.raises(BadInput, match="nothing to score it against"):
        logic.read_question("2025-12-31")


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(FOLDER, tmp_path / "mine"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("coverage = 0.75", "coverage = 'much'", "coverage must be a number"),
        ("coverage = 0.75", "", "coverage must be a number"),
        ("value = 0.6", "", "needs a value"),
        ('"41a"', '"99z"', "ids of targets.csv"),
        ("coverage = 0.75", "coverage = ", "cannot be read"),
    ],
)
def test_a_mistake_in_the_pass_marks_is_a_sentence(folder, old, new, said):
    path = folder / logic.MARKS
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(BadInput, match=said):
        logic.read_question(folder)


# --- scores ----------------------------------------------------------------------------------------------
def test_crps_of_a_normal_ensemble_is_the_one_in_the_books():
    # Gneiting and Raftery 2007: sigma (2 phi(0) - 1 / sqrt(pi)) at the centre.
    rng = np.random.default_rng(1)
    s = logic.score(target(), normal(rng, 100.0, 0.3))
    assert s.crps == pytest.approx(0.3 * (2.0 / math.sqrt(2.0 * math.pi) - 1.0 / math.sqrt(math.pi)), rel=0.03)
    assert s.log_score == pytest.approx(math.log(0.3 * math.sqrt(2.0 * math.pi)), abs=0.05)
    assert s.pit == pytest.approx(0.5, abs=0.03)
    assert s.inside50
    assert s.inside90
    assert s.median == pytest.approx(100.0, rel=0.03)
    assert s.band90[0] == pytest.approx(100.0 * math.exp(-0.3 * 1.645), rel=0.03)


def test_a_point_is_scored_by_its_absolute_error_in_logs_and_a_range_by_its_normal():
    point, ranged = (
        logic.forecast_of_the_time(target(forecast=given)) for given in ((80.0, 80.0, 80.0), (60.0, 80.0, 110.0))
    )
    assert point.crps(math.log(100.0)) == pytest.approx(math.log(100.0 / 80.0))
    assert ranged.spread == pytest.approx(math.log(110.0 / 60.0) / (2.0 * 1.645), rel=1e-3)
    assert ranged.crps(math.log(100.0)) < point.crps(math.log(100.0))
    assert logic.forecast_of_the_time(target(forecast=None)) is None


def test_a_random_walk_carries_its_mean_rise_on():
    walk = logic.random_walk(target(history=DRIFT))
    assert math.exp(walk.centre) == pytest.approx(133.1)
    assert walk.spread == pytest.approx(logic.LEAST_SPREAD)
    uneven = logic.random_walk(target(history=((2022.5, 100.0), (2023.5, 100.0), (2024.5, 144.0))))
    assert math.exp(uneven.centre) == pytest.approx(172.8)
    assert uneven.spread == pytest.approx(math.log(1.44) / math.sqrt(2.0))  # two rises, half of it off the mean
    two = logic.random_walk(target(history=((2023.5, 100.0), (2024.5, 200.0)), when=2026.5))
    assert math.exp(two.centre) == pytest.approx(800.0)
    assert two.spread == pytest.approx(math.log(2.0) / 2.0 * math.sqrt(2.0))
    one = logic.random_walk(target(history=((2024.5, 50.0),)))
    assert (math.exp(one.centre), one.spread) == (pytest.approx(50.0), pytest.approx(logic.NO_HISTORY))
    linear = logic.random_walk(target(history=((2024.5, -4.0),), transform="linear"))
    assert linear == (-4.0, 2.0)
    assert logic.random_walk(target()) is None


def test_skill_is_against_the_better_benchmark():
    rng = np.random.default_rng(2)
    asked = target(forecast=(20.0, 20.0, 20.0), history=DRIFT)
    walk = logic.random_walk(asked)
    same = logic.score(asked, np.exp(rng.normal(walk.centre, walk.spread, 4000)))
    assert same.skill == pytest.approx(0.0, abs=0.05)
    better = logic.score(asked, normal(rng, 100.0, 0.1))
    assert better.skill > 0.7
    assert better.benchmark_crps == min(better.forecast_crps, better.walk_crps) == better.walk_crps
    assert logic.score(asked, normal(rng, 40.0, 0.1)).skill < 0.0
    right = logic.score(
        target(outcome=0.0, transform="linear", forecast=(0.0, 0.0, 0.0)), np.zeros(50)
    )
    assert right.skill == 0.0


def test_failed_firms_and_impossible_numbers_count_as_far_too_low():
    s = logic.score(target(), np.array([100.0, 0.0, -5.0, math.nan]))
    assert s.crps > 1.0
    assert math.isfinite(s.crps)
    assert s.pit == pytest.approx(0.875)


def verdict(scored, **changed):
    asked = logic.Question("somewhen", tuple(s.target for s in scored), 0.75, 0.5, 2.0, ("1",))
    return logic.Verdict(logic.Question(**{**asked.__dict__, **changed}), tuple(scored))


def many(rng, spread_told, spread_true=0.4, n=300):
    scored = []
    for k in range(n):
        asked = target(id=str(k + 1), target=str(k + 1), outcome=float(normal(rng, 100.0, spread_true, 1)[0]))
        scored.append(logic.score(asked, normal(rng, 100.0, spread_told, 400)))
    return verdict(scored)


def test_right_bands_cover_what_they_say_and_narrow_ones_do_not():
    rng = np.random.default_rng(3)
    right, narrow = many(rng, 0.4), many(rng, 0.1)
    assert right.coverage() == pytest.approx(0.9, abs=0.05)
    assert right.coverage("inside50") == pytest.approx(0.5, abs=0.08)
    assert right.uniformity() > 0.01
    assert narrow.coverage() < 0.5
    assert narrow.uniformity() < 1e-6
    assert sum(count for _, count in told.pit_histogram(narrow)) == 300


def test_a_target_with_many_readings_counts_once():
    rng = np.random.default_rng(4)
    inside, outside = normal(rng, 100.0, 0.1), normal(rng, 10.0, 0.1)
    scored = [logic.score(target(id="1"), inside)]
    scored += [logic.score(target(id=f"2{k}", target="2"), outside) for k in "abcd"]
    assert verdict(scored).coverage() == 0.5
    assert len(verdict(scored).pits()) == 2
    assert set(verdict(scored).skills()) == {"1", "2"}
    assert verdict(scored).skills()["1"] > 0.0 > verdict(scored).skills()["2"]


def test_pass_marks_are_judged_line_by_line():
    rng = np.random.default_rng(5)
    good = logic.score(target(id="1"), normal(rng, 100.0, 0.1))
    bad = logic.score(target(id="2", target="2"), normal(rng, 300.0, 0.1))
    assert [mark.met for mark in verdict([good]).marks()] == [True, True, True, True]
    half = verdict([good, bad], within_factor=("1", "2")).marks()
    assert [mark.met for mark in half] == [False, True, True, True, False]
    assert "3 times" in half[-1].found
    assert [mark.met for mark in verdict([bad], within_factor=()).marks()] == [False, False, True]


# --- what is said ----------------------------------------------------------------------------------------
def ensemble(question, rng, centre=1.0, runs=60):
    values = {t.id: normal(rng, max(t.outcome, 0.1) * centre, 0.3, runs) for t in question.targets}
    return logic.Ensemble(values, runs, ("seed 9: <b>bad</b>",), pa.table({}))


def test_nothing_without_skill_has_a_band_in_any_output():
    rng = np.random.default_rng(6)
    made = ensemble(QUESTION, rng, centre=2.5)
    judged = logic.judge(QUESTION, made)
    without = {s.target.id for s in judged.scored if s.skill <= 0.0}
    assert 5 < len(without) < len(judged.scored)
    text = told.markdown(judged, made, PAST, True)
    table = text.split("## All readings")[1].split("\n## ")[0]
    lines = {line.split(" | ")[0].strip("| "): line for line in table.splitlines() if line.startswith("| ")}
    data = told.as_data(judged, made, True)
    json.dumps(data, allow_nan=False)
    for reading in data["readings"]:
        assert (reading["band"] is None) == (reading["id"] in without)
        assert (told.NO_SKILL in lines[reading["id"]]) == (reading["id"] in without)
        assert (" to " in lines[reading["id"]].split(" | ")[6]) == (reading["id"] not in without)


def test_report_and_page_say_all_and_are_the_same_bytes_again():
    made = ensemble(QUESTION, np.random.default_rng(7))
    judged = logic.judge(QUESTION, made)
    text, page = (make(judged, made, PAST, True) for make in (told.markdown, told.page))
    for s in judged.scored:
        assert s.target.name in text
    for mark in judged.marks():
        assert mark.asked in text
    for leak in logic.leaks(FOLDER):
        assert f"| {leak.parameter} | " in text
    assert told.opening_leaks(PAST)
    assert all(f"- {sentence}" in text for sentence in told.opening_leaks(PAST))
    assert "invisible-debt hindcast --opening 2024-12-31 --seeds 60 --strict" in text
    assert "&lt;b&gt;bad" in page
    assert "<b>bad" not in page
    assert not re.search(r"(src|href)=\"(?!data:)", page)
    assert page == told.page(judged, made, PAST, True)
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert all(line.endswith(" |") for line in rows)


def test_causes_are_those_written_for_the_opening(tmp_path, monkeypatch):
    path = tmp_path / "causes.md"
    path.write_text("# Causes\n\n## 2024-12-31\n\nToo slow.\n\n## 2023-12-31\n\nOther.\n", encoding="utf-8")
    monkeypatch.setattr(told, "CAUSES", path)
    assert told.causes(PAST) == "Too slow."
    assert told.causes("2022-12-31") == ""
    made = ensemble(QUESTION, np.random.default_rng(8))
    assert "Too slow." in told.markdown(logic.judge(QUESTION, made), made, PAST, True)


# --- the model read --------------------------------------------------------------------------------------
def test_readings_are_what_the_tables_of_the_economy_say():
    firms = ("Microsoft Azure", "AWS", "Google Cloud", "Meta")
    asked = {
        "four": target(firms=firms, value="capex", months=(1, 3)),
        "ratio": target(firms=firms, value="capex", months=(3, 3), over=(1, 1)),
        "fleet": target(value="fleet", aggregation="last", months=(3, 3), over=(0, 0)),
        "burn": target(firms=("OpenAI",), value="paid_in + debt - cash", aggregation="change", months=(2, 3)),
        "rate": target(firms=("OpenAI",), value="12 * revenue", aggregation="last", months=(2, 2)),
        "share": target(firms=("OpenAI",), value="revenue_share * revenue", months=(1, 2)),
        "quality": target(value="100 / equal_quality_price", aggregation="last", months=(3, 3)),
        "mean": target(value="spot_price", aggregation="mean", months=(1, 2)),
        "signed": target(firms=("lab",), value="signed", months=(1, 3)),
        "lent": target(firms=(*firms, "neocloud"), value="lent", months=(1, 3)),
        "bonds": target(firms=(*firms, "neocloud"), value="bonds", months=(1, 3)),
        "raised": target(firms=("lab",), value="raised", months=(1, 3)),
        "units": target(firms=("vendor",), value="units", aggregation="change", months=(1, 3)),
        "failures": target(firms=("neocloud",), value="failures", months=(1, 3)),
    }
    economy = open_economy(opening=PAST, seed=4, central=True)
    opened = economy.rows("firms").copy()
    recorder = logic.Recorder(economy, [(t.firms, t.value) for t in asked.values()])
    recorder.take()
    for _ in range(3):
        economy.run(1)
        recorder.take()
    found = {name: logic.reading(recorder, t) for name, t in asked.items()}
    panel, series, events = economy.panel(), economy.rows("series"), economy.rows("events")
    four = [economy.firm(name) for name in firms]
    lab = economy.firm("OpenAI")
    assert found["four"] == pytest.approx(panel["capex"][:3, four].sum())
    assert found["ratio"] == pytest.approx(panel["capex"][2, four].sum() / panel["capex"][0, four].sum())
    assert found["fleet"] == pytest.approx(series["fleet"][2] / opened["capacity"].sum())
    burnt = [panel["paid_in"][k, lab] + panel["debt"][k, lab] - panel["cash"][k, lab] for k in (0, 2)]
    assert found["burn"] == pytest.approx(burnt[1] - burnt[0])
    assert found["rate"] == pytest.approx(12 * panel["revenue"][1, lab])
    share = economy.rows("firms")["revenue_share"][lab]
    assert found["share"] == pytest.approx(share * panel["revenue"][:2, lab].sum())
    assert found["quality"] == pytest.approx(100.0 / series["equal_quality_price"][2])
    assert found["mean"] == pytest.approx(series["spot_price"][:2].mean())
    kinds = economy.rows("firms")["kind"]
    contracts = economy.rows("contracts")
    own = (contracts["signed"] > 0) & (contracts["kind"] == tables.COMPUTE) & (kinds[contracts["buyer"]] == tables.LAB)
    own &= (contracts["status"] != tables.INTENT) & (
        economy.rows("firms")["parent"][contracts["buyer"]] != contracts["seller"]
    )
    assert found["signed"] == pytest.approx(contracts["announced"][own].sum())
    assert found["signed"] > 0.0
    loans = events[events["kind"] == tables.E_LOAN]
    borrowed = np.isin(loans["b"], [*four, *np.flatnonzero(kinds == tables.NEOCLOUD)])
    assert found["lent"] == pytest.approx(loans["amount"][borrowed].sum())
    subkinds = economy.rows("firms")["subkind"]
    market = np.isin(subkinds[loans["a"]], (tables.IG_BONDS, tables.HY_BONDS)) & (kinds[loans["a"]] == tables.LENDER)
    assert found["bonds"] == pytest.approx(loans["amount"][borrowed & market].sum())
    equity = events[events["kind"] == tables.E_EQUITY]
    assert found["raised"] == pytest.approx(equity["amount"][kinds[equity["a"]] == tables.LAB].sum())
    assert found["units"] == pytest.approx(
        economy.state.fleet["units"].sum() - economy.opening.fleet["units"].sum(), rel=1e-6
    )
    assert found["failures"] == 0.0


def test_threads_and_processes_give_the_same_bytes():
    made = [
        logic.run_ensemble(PAST, 3, True, workers=2, how="threads"),
        logic.run_ensemble(PAST, 3, True, workers=1, how="processes"),
    ]
    assert made[0].digest == made[1].digest
    assert not made[0].failures
    assert all(len(values) == 3 and np.isfinite(values).all() for values in made[0].values.values())


# --- the command -----------------------------------------------------------------------------------------
@pytest.fixture
def quick(monkeypatch):
    """Worlds that need no model: they say what happened, give or take a little; seed 3 fails."""

    def observe(settings, seed):
        if seed == 3:
            raise ValueError("no such luck")
        rng = np.random.default_rng(seed)
        assert settings["strict"] in (True, False)
        return {t.id: float(max(t.outcome, 0.01) * np.exp(rng.normal(0.0, 0.2))) for t in QUESTION.targets}

    monkeypatch.setattr("experiments.execution.load_function", lambda where: observe)
    monkeypatch.setattr("experiments.commands.hindcast.compile_first", lambda *_: None)
    return CliRunner()


def test_the_command_writes_a_whole_folder_and_the_same_again(quick, tmp_path):
    done = [
        quick.invoke(main, ["hindcast", "--seeds", "8", "--threads", "--jobs", jobs, "--out", str(tmp_path / jobs)])
        for jobs in ("1", "2")
    ]
    assert [result.exit_code for result in done] == [0, 0]
    assert "1 of 8 worlds failed; the first: seed 3: ValueError: no such luck" in " ".join(done[0].stdout.split())
    names = {"HINDCAST.md", "hindcast.html", "readings.json", "worlds.parquet", "manifest.json"}
    assert {path.name for path in (tmp_path / "1").iterdir()} == names
    for name in names:
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()
    assert "met" in done[0].stdout
    words = ["hindcast", "--threads", "--out", str(tmp_path / "1")]
    assert quick.invoke(main, [*words, "--seeds", "8"]).exit_code == 0  # its own folder may be replaced
    for other in (["--seeds", "4"], ["--seeds", "8", "--informed"]):
        refused = quick.invoke(main, [*words, *other])
        assert refused.exit_code == 2
        assert "holds the results of another recipe" in refused.stderr


def test_the_command_speaks_json(quick, tmp_path):
    result = quick.invoke(main, ["hindcast", "--seeds", "8", "--json", "--informed", "--out", str(tmp_path / "x")])
    data = json.loads(result.stdout)
    assert data["variant"] == "informed"
    assert len(data["readings"]) == len(QUESTION.targets)
    assert data["failed"] == ["seed 3: ValueError: no such luck"]
    assert json.loads((tmp_path / "x" / "manifest.json").read_text())["digest"] == data["digest"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--opening", "2025-12-31"], "nothing to score it against"),
        (["--opening", "2024-12"], "there is no opening"),
        (["--seeds", "1"], "--seeds"),
        (["--jobs", "0"], "--jobs"),
    ],
)
def test_a_wrong_call_is_one_sentence_and_writes_nothing(quick, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    result = quick.invoke(main, ["hindcast", *arguments])
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_another_folder_is_left_alone(quick, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("dear", encoding="utf-8")
    result = quick.invoke(main, ["hindcast", "--seeds", "4", "--out", str(tmp_path / "full")])
    assert result.exit_code == 2
    assert (tmp_path / "full" / "letter.txt").read_text() == "dear"
