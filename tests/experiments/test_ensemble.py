"""`invisible-debt run --seeds`: what many worlds say, from worlds made by hand, and the command."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from typer.testing import CliRunner, Result

from abm import open_economy
from abm.accounts.statement import Default
from abm.calibration import opening_tables
from abm.calibration.worlds import world
from abm.engine import tables
from abm.errors import Breakdown
from abm.inputs.parameters import PARAMETERS
from abm.inputs.scenarios import Scenario, Shock, load
from experiments import execution
from experiments import figure as single_figure
from experiments.cli import main
from experiments.ensemble import figure, findings, results, stories, told, worlds
from experiments.ensemble.worlds import SERIES, Made, Question
from experiments.reproductions.intervals import wilson

BASELINE = load("baseline")
TABLES = opening_tables("2025-12-31")


def made(count, firms=(), losses=(), told_of=(), months=24, opening="2025-12-31", **series):
    """Worlds made by hand; a series left out is one everywhere."""
    kept = {
        name: np.broadcast_to(np.asarray(series.get(name, 1.0), float), (count, months)).copy() for name in SERIES
    }
    return Made(
        Question(BASELINE, opening, {}, months, 1, count), opening_tables(opening), tuple(range(1, count + 1)), kept,
        list(firms), list(told_of), list(losses), (), "0",
    )  # fmt: skip


def fell(world_, firm, failed, kind="neocloud", way="liquidation", wound_up=None, put_off=None, debt=1.0, lost=0.5):
    return {"world": world_, "firm": firm, "kind": kind, "failed": failed, "way": way if failed else None,
            "wound_up": wound_up, "put_off": put_off, "debt": debt, "lost": lost}  # fmt: skip


def lender(world_, name="bank", capital=10.0, within=0.0, beyond=0.0):
    return {"world": world_, "class": name, "capital": capital, "within": within, "beyond": beyond}


# --- one world ------------------------------------------------------------------------------------------------
def default(firm, month, way, debt=1.0, lost=0.25, kind="neocloud"):
    return Default(
        month=month, round=1, firm=firm, kind=kind, way=way, fundamental=True, shortfall=1.0, debt=debt, claims=0.0,
        loss_credit=lost, loss_equity=0.0, loss_claims=0.0, own_share=1.0, struck=False, causes=(),
    )  # fmt: skip


def test_a_failure_is_a_default_other_than_a_deferral():
    found = worlds.first_failures([
        default("a", 3, "deferral", debt=9.0), default("b", 4, "deferral"), default("a", 5, "distressed exchange", 2.0),
        default("a", 8, "liquidation", 3.0),
    ])  # fmt: skip
    assert found == [
        ("a", "neocloud", 5, "distressed exchange", 8, 3, 2.0, 0.75),
        ("b", "neocloud", None, None, None, 4, 1.0, 0.25),
    ]


def test_what_is_set_stands_above_the_scenario_and_this_above_the_world():
    story = Scenario(title="x", parameters={"power_price": 70.0, "lender_capital": 0.9})
    question = Question(story, "2025-12-31", {"power_price": 90.0}, 3, 1, 2)
    economy = worlds.open_world(worlds.settings_of(question), 3)
    drawn = world(3, "2025-12-31").parameters
    given = {"power_price": 90.0, "lender_capital": 0.9}
    others = set(drawn) - set(given)
    assert others
    assert all(economy.state.params[name][0] == value for name, value in (drawn | given).items())
    central = worlds.open_world(worlds.settings_of(question._replace(central=True)), 3)
    usual = {p.name: p.default for p in PARAMETERS}
    assert all(central.state.params[name][0] == value for name, value in (usual | given).items())


def test_a_world_is_read_as_it_ran():
    shock = Shock(firm="CoreWeave", effect="defaults", start=2)
    question = Question(Scenario(title="x", shock=[shock]), "2025-12-31", {}, 4, 1, 1, central=True)
    outcomes, found = worlds.observe(worlds.settings_of(question), 1)
    economy = open_economy(question.scenario, seed=1, central=True)
    economy.run(4)
    series, defaults = economy.rows("series"), economy.rows("defaults")
    for name in SERIES:
        assert found["months"][name].to_pylist() == series[name].tolist()
    rows = found["firms"].to_pylist()
    assert outcomes == {"failures": len(rows)}
    (struck,) = [row for row in rows if row["firm"] == "CoreWeave"]
    assert struck["failed"] == 2
    assert {row["firm"] for row in rows} == {economy.names[i] for i in defaults["firm"]}
    assert len(found["told"]) == len(defaults)
    lost = found["losses"].to_pylist()
    assert sum(row["within"] + row["beyond"] for row in lost) == pytest.approx(series["lender_losses"].sum())
    assert series["lender_losses"].sum() > 0.0
    lenders = np.flatnonzero(economy.rows("firms")["kind"] == tables.LENDER)
    fresh = open_economy(question.scenario, seed=1, central=True).rows("firms")[lenders]
    capital, each = fresh["paid_in"] + fresh["retained"], economy.panel()["loss_month"][:, lenders].sum(axis=0)
    assert sum(row["capital"] for row in lost) == pytest.approx(capital.sum())
    assert sum(row["within"] for row in lost) == pytest.approx(np.minimum(each, capital).sum())


# --- who fails ------------------------------------------------------------------------------------------------
def test_who_fails_in_how_many_worlds_when_and_how():
    rows = [
        fell(0, "OpenAI", 12, "lab", "reorganisation", wound_up=20), fell(1, "OpenAI", 6, "lab", wound_up=6),
        fell(2, "OpenAI", 24, "lab", "reorganisation"), fell(3, "OpenAI", None, "lab", put_off=4),
        fell(0, "Small cloud 1", 9), fell(0, "Small cloud 2", 7, way="distressed exchange"), fell(3, "Lambda", 8),
        fell(1, "Entering cloud 1", 5), fell(1, "Meta project 3", 5, "vehicle"), fell(2, "CoreWeave", 3),
        fell(2, "JPMorgan", 9, "bank"), fell(2, "Hyperion", None, "vehicle", put_off=3),
    ]  # fmt: skip
    found = {f.name: f for f in findings.who_fails(made(40, rows))}
    lab = found["OpenAI"]
    assert (lab.worlds, lab.group, lab.wound_up, lab.put_off) == (3, False, 2, 1)
    assert lab.share == (3 / 40, *wilson(3, 40))
    assert (lab.median, lab.earliest, lab.latest) == (12, 6, 24)
    assert lab.ways == {"liquidation": pytest.approx(1 / 3), "reorganisation": pytest.approx(2 / 3)}
    small = found["any smaller cloud"]
    assert (small.worlds, small.group, small.each) == (2, True, 3 / 40)
    assert (small.median, small.earliest, small.latest) == (7, 7, 8)  # of world 0 the first of its two
    assert {"any entering cloud", "any later project", "any bank", "CoreWeave"} <= set(found)
    assert (found["Hyperion"].worlds, found["Hyperion"].put_off, found["Hyperion"].median) == (0, 1, None)
    assert [f.name for f in findings.who_fails(made(40, rows))][:2] == ["OpenAI", "any smaller cloud"]


def test_worlds_in_which_nobody_fails():
    rows = [fell(0, "JPMorgan", 3, "bank"), fell(1, "Oracle", 4, "hyperscaler"), fell(2, "Nebius", None, put_off=2)]
    assert findings.spared(made(5, rows)) == {"anyone": 3, "borrowers": 4}


def test_the_clouds_told_by_name_owe_most():
    named = findings.largest_clouds(TABLES)
    assert len(named) == findings.LARGEST
    assert {"CoreWeave", "Nebius"} <= named
    assert findings.told_as("Small cloud 8", "neocloud", named, frozenset(TABLES.names))[1]


# --- losses ---------------------------------------------------------------------------------------------------
def test_losses_by_class_and_by_who_bears_them():
    rows = [lender(k, within=float(k)) for k in range(21)]
    rows += [lender(k, "insurer", 5.0, within=5.0, beyond=2.0) for k in range(21)]
    whole, lenders, bearers = findings.losses(made(21, losses=rows))
    assert (whole.median, whole.tail, whole.capital) == (17.0, 26.0, 15.0)
    assert [x.name for x in lenders] == ["bank", "insurer"]
    assert (lenders[0].median, lenders[0].tail, lenders[0].capital) == (10.0, 19.0, 10.0)
    assert [(x.name, x.median) for x in bearers] == [
        ("shareholders", 15.0), ("policy holders of insurers", 2.0), ("deposit insurance and taxpayers", 0.0),
    ]  # fmt: skip
    rows += [lender(k, "private credit", within=2.0 * k, beyond=1.0) for k in range(21)]
    borne = findings.by_holder(made(21, losses=rows))
    assert sum(borne.values()) == pytest.approx(3.0 * np.arange(21.0) + 8.0)
    assert {"pensions", "fund investors", "other lenders"} <= set(borne)


def test_of_few_worlds_the_tail_is_not_told():
    few, _, _ = findings.losses(made(19, losses=[lender(k) for k in range(19)]))
    assert math.isnan(few.tail)


# --- bands ----------------------------------------------------------------------------------------------------
def test_bands_are_points_over_the_worlds_of_each_month():
    values = np.arange(101.0)[:, None] * np.array([1.0, 2.0])
    assert findings.points(values).tolist() == [[p, 2.0 * p] for p in map(float, findings.POINTS)]


def test_a_year_is_the_sum_of_a_flow_and_the_end_of_a_stock():
    rising = np.arange(1.0, 16.0)
    found = findings.yearly(made(3, months=15, ai_revenue=np.array([[0.0], [1.0], [2.0]]), ai_debt=rising))
    assert [(y.year, y.months) for y in found] == [(2026, 12), (2027, 3)]
    assert [y.bands["ai_revenue"].value for y in found] == [12.0, 3.0]
    assert found[0].bands["ai_revenue"].low == pytest.approx(1.2)  # 5 % point of 0, 12, 24
    assert [y.bands["ai_debt"].value for y in found] == [12.0, 15.0]


def test_losses_and_failures_add_up_month_by_month():
    rows = [fell(1, "a", 2), fell(1, "b", 4), fell(0, "c", None, put_off=1)]
    kept = {q.name: q for q in findings.quantities(made(2, rows, months=4, lender_losses=[1.0, 0.0, 2.0, 0.0]))}
    assert kept["failed"].values.tolist() == [[0, 0, 0, 0], [0, 1, 1, 2]]
    assert kept["lost"].values.tolist() == [[1, 1, 3, 3]] * 2
    assert all(q.unit and q.meaning for q in kept.values())


# --- stories --------------------------------------------------------------------------------------------------
def clusters(sizes, spread=0.1):
    """Clouds of points far apart, the k-th around 10 k, with the middle one of each first."""
    parts = [10.0 * k + np.r_[0.0, spread * np.linspace(-1.0, 1.0, n - 1)] for k, n in enumerate(sizes)]
    return np.concatenate(parts)[:, None] * np.ones(3)


def test_worlds_alike_are_put_together_and_the_middle_one_is_told():
    of, medoids = stories.groups(clusters([7, 31, 12, 9]))
    assert of.tolist() == [3] * 7 + [0] * 31 + [1] * 12 + [2] * 9
    assert medoids.tolist() == [7, 38, 50, 0]


def test_no_story_of_less_than_a_twentieth_of_the_worlds():
    of, _ = stories.groups(clusters([40, 30, 29, 1]))
    assert np.bincount(of).min() >= 5
    assert len(np.bincount(of)) == 3


def test_few_worlds_have_few_stories_and_equal_ones_one():
    for worlds_, most in ((1, 1), (2, 1), (5, 1), (6, 2), (11, 3)):
        of, medoids = stories.groups(np.random.default_rng(1).normal(size=(worlds_, 4)))
        assert len(of) == worlds_
        assert len(medoids) <= most
    of, medoids = stories.groups(np.zeros((30, 4)))
    assert (of.max(), len(medoids)) == (0, 1)


def test_of_very_many_worlds_a_part_is_grouped_and_the_others_join(monkeypatch):
    values = clusters([70, 31, 12, 9])
    whole = stories.groups(values)[0]
    monkeypatch.setattr(stories, "MOST_GROUPED", 41)
    of, medoids = stories.groups(values)
    assert of.tolist() == whole.tolist()
    assert whole[medoids].tolist() == [0, 1, 2, 3]


def test_features_are_standardised_and_what_does_not_move_is_zero():
    rows = [fell(0, "OpenAI", 12, "lab"), fell(0, "Oracle", 6, "hyperscaler")]
    read = stories.read(made(4, rows, spot_price=np.array([[1.0], [2.0], [4.0], [8.0]])))
    found = [values.tolist() for values in (read.fell, read.first, read.borrowers)]
    assert found == [[12, 0, 0, 0], [6, 0, 0, 0], [2, 0, 0, 0]]
    values = stories.features(read)
    assert np.isfinite(values).all()
    names = list(stories.FEATURES)
    assert (values[:, names.index("sentiment")] == 0.0).all()
    spot = values[:, names.index("spot_price")]
    assert (spot.mean(), spot.std()) == pytest.approx((0.0, 1.0))
    assert np.diff(spot) == pytest.approx(np.diff(spot)[0])  # in logs


def test_stories_are_named_by_what_most_of_their_worlds_have_in_common():
    def name(rows, revenue=1.0, worlds_=6):
        told_of = made(worlds_ + 2, rows, ai_revenue=np.array([[revenue]] * worlds_ + [[1.0]] * 2))
        of = np.array([0] * worlds_ + [1] * 2)
        return stories.named(told_of, stories.read(told_of), of)[0]

    assert name([]).startswith("The boom holds")
    flagship = [fell(k, "OpenAI", 12 + k, "lab") for k in range(6)]
    assert name(flagship) == "OpenAI fails, other borrowers hold, OpenAI in about 2027"
    others = [fell(k, f"Lambda {n}", 20) for k in range(6) for n in range(3)]
    assert name(flagship + others) == "OpenAI and three other borrowers fail, OpenAI in about 2027"
    spread = [fell(k, "OpenAI", (1, 23)[k % 2], "lab") for k in range(6)]
    assert name(spread + others) == "OpenAI and three other borrowers fail"
    assert name(flagship[:3] + others) == "Three clouds fail, OpenAI mostly holds"
    assert name([fell(k, "CoreWeave", 4) for k in range(4)]) == "CoreWeave fails, other borrowers hold"
    assert name([fell(k, "JPMorgan", 4, "bank") for k in range(6)]).startswith("The boom holds")


def test_a_slow_world_is_no_boom_and_names_differ():
    told_of = made(9, [fell(k, "OpenAI", 3 * k + 1, "lab") for k in range(3, 6)],
                   ai_revenue=np.array([[1.0]] * 3 + [[5.0]] * 6))  # fmt: skip
    of = np.repeat([0, 1, 2], 3)
    names = stories.named(told_of, stories.read(told_of), of)
    assert names[0] == "The boom holds, and AI earns less"
    assert names[2] == "The boom holds, and AI earns more"
    alone = made(9, [fell(k, "OpenAI", 3 * k + 1, "lab") for k in range(3, 9)],
                 ai_revenue=np.array([[1.0]] * 3 + [[5.0]] * 6))  # fmt: skip
    assert stories.named(alone, stories.read(alone), of)[0] == stories.SLOW
    assert len(set(names)) == 3


# --- the command ----------------------------------------------------------------------------------------------
def call(*words) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], env={"COLUMNS": "80"})


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> tuple[Path, Result]:
    out = tmp_path_factory.mktemp("worlds") / "x"
    shock = "title = 'Oracle falls'\n[[shock]]\nfirm = 'Oracle'\neffect = 'defaults'\nstart = 2\n"
    (out.parent / "oracle.toml").write_text(shock, encoding="utf-8")
    done = call("run", out.parent / "oracle.toml", "--seeds", 7, "--months", 4, "--jobs", 1, "--out", out)
    assert done.exit_code == 0, done.output
    return out, done


def test_the_command_tells_the_worlds_and_fits_the_screen(folder):
    out, done = folder
    assert {path.name for path in out.iterdir()} == results.FILES
    said = " ".join(done.stdout.split())
    assert "Oracle falls: 7 worlds of 4 months from 2025-12-31 to 2026-04, seeds 1 to 7" in said
    assert re.search(r"Oracle 7 100 \(65-100\) 2026-02 2026 to 2026", said)
    assert "No firm at all fails in 0 of 7 worlds (0 to 35 %)" in said
    assert re.search(r"To see it: invisible-debt run \S*oracle.toml --months 4 --seed [1-7]", said)
    assert [line for line in done.stdout.splitlines() if len(line) > 80] == []
    assert "…" not in done.stdout


def test_two_workers_leave_the_same_bytes_and_json_says_the_same(folder, tmp_path):
    out, _ = folder
    words = ["run", out.parent / "oracle.toml", "--seeds", 7, "--months", 4, "--jobs", 2, "--threads"]
    done = call(*words, "--out", tmp_path / "y", "--json")
    assert done.exit_code == 0, done.output
    for name in results.FILES:
        assert (tmp_path / "y" / name).read_bytes() == (out / name).read_bytes(), name
    data = json.loads(done.stdout, parse_constant=lambda word: pytest.fail(word))
    assert (data["worlds"], data["seeds"]) == (7, [1, 7])
    (oracle,) = [row for row in data["fails"] if row["name"] == "Oracle"]
    assert (oracle["worlds"], oracle["first"]["median"], oracle["group"]) == (7, "2026-02", False)
    assert "Oracle" not in data["never_fail"]
    assert data["manifest"]["digest"] == data["digest"]
    assert sum(story["worlds"] for story in data["stories"]) == 7
    assert data["losses"]["all"]["one_in_twenty"] is None
    assert [year["months"] for year in data["years"]] == [4]


def test_tables_are_tidy_and_say_units(folder):
    out, _ = folder
    for name in results.TABLES:
        for field in pq.read_schema(out / f"{name}.parquet"):
            assert field.metadata[b"unit"], (name, field.name)
            assert field.metadata[b"meaning"], (name, field.name)
    read = {name: pq.read_table(out / f"{name}.parquet").to_pylist() for name in results.TABLES}
    assert [row["seed"] for row in read["worlds"]] == list(range(1, 8))
    for row in read["worlds"]:
        parts = [[row[k] for k in row if k.startswith(what)] for what in ("lost by", "borne by")]
        assert [sum(part) for part in parts] == pytest.approx([row["lost"]] * 2)
        assert row["first"] == 2
    assert {row["story"] for row in read["worlds"]} == {row["story"] for row in read["stories"]}
    oracle = [row for row in read["firms"] if row["firm"] == "Oracle"]
    assert [(row["seed"], row["failed"]) for row in oracle] == [(seed, 2) for seed in range(1, 8)]
    bands = {(row["quantity"], row["month"]): row for row in read["bands"]}
    assert len(bands) == 4 * (len(SERIES) + 2)
    assert bands["failed", 4]["p5"] >= 1.0
    assert bands["failed", 1]["p95"] == 0.0
    shares = sorted(bands["ai_revenue", 4][f"p{p}"] for p in findings.POINTS)
    assert shares == [bands["ai_revenue", 4][f"p{p}"] for p in findings.POINTS]


def test_the_world_told_is_the_one_that_run_runs(folder, tmp_path):
    out, _ = folder
    done = call("run", out.parent / "oracle.toml", "--seeds", 2, "--months", 3, "--out", tmp_path / "x",
                "--json")  # fmt: skip
    ensemble = json.loads(done.stdout)["stories"][0]
    words = ["run", out.parent / "oracle.toml", "--months", 3, "--seed", ensemble["seed"], "--out", tmp_path / "y"]
    one = json.loads(call(*words, "--json").stdout)
    assert [(f["month"], f["firm"], f["way"]) for f in ensemble["failures"]] == [
        (f["month"], f["firm"], f["way"]) for f in one["failures"]
    ]


def test_a_folder_is_replaced_by_the_same_recipe_alone(folder, tmp_path):
    out, _ = folder
    scenario = out.parent / "oracle.toml"
    manifest = (out / "manifest.json").read_bytes()
    same = ["--seeds", 7, "--months", 4]
    for words, why in [
        ([scenario, "--seeds", 6, "--months", 4], "worlds 7, not 6"),
        ([scenario, *same, "--seed", 2], "seed 1, not 2"),
        ([scenario, *same, "--central"], "central false, not true"),
        ([*same], "other scenario"),
        ([scenario, "--months", 4], "holds something that is not a finished run"),
    ]:
        done = call("run", *words, "--out", out)
        assert done.exit_code == 2
        assert why in done.stderr
    (out / "notes.txt").write_text("mine")
    assert "not of the run ('notes.txt')" in call("run", scenario, *same, "--out", out).stderr
    (out / "notes.txt").unlink()
    assert (out / "manifest.json").read_bytes() == manifest


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--seeds", "0"], "Invalid value for '--seeds': it must be at least 2, not 0"),
        (["--seeds", "1"], "Invalid value for '--seeds': it must be at least 2, not 1"),
        (["--seeds", "many"], "Invalid value for '--seeds'"),
        (["none/such.toml", "--seeds", "2"], "there is no scenario file none/such.toml"),
        (["--seeds", "2", "--opening", "1999-12-31"], "1999-12-31"),
        (["--seeds", "2", "--seed", str(2**62 - 1)], "--seed and --seeds: the last seed must be at most"),
        (["--seeds", "2", "--set", "power_price=0.5"], "must lie between 1 and 1000 USD/MWh, not 0.5"),
        (["--jobs", "2"], "are for many worlds: give --seeds too"),
    ],
)
def test_a_mistake_is_one_sentence_and_writes_nothing(words, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = call("run", *words)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def some_break(monkeypatch):
    """Worlds whose runs end in what the test says, by seed."""
    whole = execution.load_function("experiments.ensemble.worlds:observe")
    errors: dict[int, BaseException] = {}

    def observe(settings, seed):
        if seed in errors:
            raise errors[seed]
        return whole(settings, seed)

    monkeypatch.setattr("experiments.execution.load_function", lambda where: observe)
    return errors


def test_worlds_that_break_down_are_named_and_left_out(some_break, tmp_path):
    some_break[2] = Breakdown("the run breaks down in 2026-02")
    done = call("run", "--seeds", 3, "--months", 2, "--threads", "--out", tmp_path / "x")
    assert done.exit_code == 0, done.output
    assert "seed 2: Breakdown: the run breaks down in 2026-02" in done.stdout
    assert pq.read_table(tmp_path / "x" / "worlds.parquet")["seed"].to_pylist() == [1, 3]
    assert json.loads((tmp_path / "x" / "manifest.json").read_text())["errors"]
    some_break |= {1: Breakdown("so does this"), 3: Breakdown("and this")}
    done = call("run", "--seeds", 3, "--months", 2, "--threads", "--out", tmp_path / "y")
    assert done.exit_code == 2
    assert "no world ended well; the first: seed 1: Breakdown: so does this" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_ctrl_c_leaves_nothing(some_break, tmp_path):
    some_break[2] = KeyboardInterrupt()
    done = call("run", "--seeds", 3, "--months", 2, "--threads", "--out", tmp_path / "a" / "x")
    assert done.exit_code == 130
    assert done.stdout == ""
    assert done.stderr.strip().splitlines()[-1] == "stopped: nothing was written"
    assert list(tmp_path.iterdir()) == []


# --- figures --------------------------------------------------------------------------------------------------
LONG = "WIDE WORDS " * 10


def spilt(drawn) -> bool:
    """Whether anything of a figure reaches beyond it."""
    box = drawn.get_tightbbox(FigureCanvasAgg(drawn).get_renderer())
    width, height = drawn.get_size_inches()
    return bool(box.x0 < 0.0 or box.y0 < 0.0 or box.x1 > width or box.y1 > height)


def test_no_text_of_the_figures_is_cut(monkeypatch, tmp_path):
    drawn = []
    for module in (single_figure, figure):
        monkeypatch.setattr(module, "save", lambda made, path: drawn.append(made))
    economy = open_economy(BASELINE, seed=1)
    economy.run(96)
    single_figure.draw(economy, tmp_path / "x.png", title=LONG)
    rows = [fell(k, firm, 4, "lab") for k in range(6) for firm in ("OpenAI", "Anthropic")]
    rows += [fell(k, f"{k}", 4, "entrant") for k in range(6)]
    losses = [lender(k, within=1.0) for k in range(6)]
    many = made(6, rows, losses, ai_debt=np.linspace(1e4, 9e4, 24), ai_revenue=1.9e3)
    figure.draw(many, told.read(many), tmp_path / "y.png", title=LONG)
    nobody = made(6, losses=losses)
    figure.draw(nobody, told.read(nobody), tmp_path / "z.png", title=LONG)
    assert [spilt(one) for one in drawn] == [False] * 3
    labels = [text.get_text() for text in drawn[1].axes[-1].get_yticklabels()]
    assert labels[:2] == ["Anthropic", "OpenAI"]


def test_the_fan_has_one_world_on_it(monkeypatch, tmp_path):
    drawn = []
    monkeypatch.setattr(figure, "save", lambda made, path: drawn.append(made))
    many = made(9, losses=[lender(k) for k in range(9)], ai_debt=np.arange(9.0)[:, None])
    found = told.read(many)
    figure.draw(many, found, tmp_path / "x.png", title="x")
    median, one = drawn[0].axes[2].get_lines()
    assert median.get_ydata().tolist() == [4.0] * 24
    assert one.get_ydata().tolist() == [float(many.seeds.index(found.stories[0].seed))] * 24
