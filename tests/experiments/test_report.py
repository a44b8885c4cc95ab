"""The whole way from a study file over its runs to indices, findings and the page."""

import base64
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from abm.calibration import opening_tables
from abm.calibration.files import opening_files
from abm.calibration.worlds import uncertain, world
from abm.errors import BadInput
from experiments import runner, store
from experiments.analysis.options import condition
from experiments.analysis.ranking import correlations, normal_scores
from experiments.analysis.sensitivity import settled
from experiments.cli import main
from experiments.report.data import as_data
from experiments.report.drawn import Drawn
from experiments.report.findings import Findings, find
from experiments.report.html import glance, html
from experiments.report.sentences import percent
from experiments.report.view import MOST_LEVELS, View, meaning
from experiments.runner import TooManyFailures, sweep
from experiments.studies.__main__ import FOLDER, ORDER
from experiments.studies.answers import markdown
from experiments.study import Outcome, load
from experiments.summary import number

FUNCTIONS = """
from math import pi, sin


def ishigami(settings, seed):
    x1, x2, x3 = (settings[name] for name in ("x1", "x2", "x3"))
    return sin(x1) + 7.0 * sin(x2) ** 2 + 0.1 * x3**4 * sin(x1)


def sobol_g(settings, seed):
    product = 1.0
    for name, a in (("x1", 0.0), ("x2", 1.0), ("x3", 4.5), ("x4", 9.0)):
        product *= (abs(4.0 * settings[name] - 2.0) + a) / (1.0 + a)
    return product


def gaps(settings, seed):
    first = 10.0 * seed if settings["lever"] == 0 or seed > 2 else float("nan")
    return {"first": first + settings["lever"] * (seed % 2), "loss": 60.0 * (seed == 1 and settings["lever"] == 0)}


def levers(settings, seed):
    luck = ((seed * 2654435761) % 1000) / 1000.0
    other = (-1.0) ** seed * (1.0 + sum(settings[name] for name in "abcv"))  # as often up as down, nowhere alike
    cost = 5.0 * settings["a"] + 9.0 * settings["b"] + 40.0 * (settings["v"] == 1) + luck + 0.2 * other
    return {"cost": cost, "same": 3.0}


def lucky(settings, seed):
    luck = ((seed * 2654435761) % 1000) / 1000.0
    if settings["x1"] > 0.99 and seed == 2:
        raise ValueError("<script>alert(1)</script>")
    return {"loss": 10.0 * settings["x1"] + luck, "never": float("nan") if settings["x2"] < 0.5 else 1.0}
"""
# Ishigami and Homma 1990 with a = 7, b = 0.1; Sobol 1993 with a = (0, 1, 4.5, 9).
V = 7.0**2 / 8 + 0.1 * np.pi**4 / 5 + 0.01 * np.pi**8 / 18 + 0.5
ISHIGAMI_FIRST = {"x1": 0.5 * (1 + 0.1 * np.pi**4 / 5) ** 2 / V, "x2": 7.0**2 / 8 / V, "x3": 0.0}
ISHIGAMI_BOTH = 0.01 * np.pi**8 * (1 / 18 - 1 / 50) / V
ISHIGAMI_TOTAL = {
    "x1": ISHIGAMI_FIRST["x1"] + ISHIGAMI_BOTH,
    "x2": ISHIGAMI_FIRST["x2"],
    "x3": ISHIGAMI_BOTH,
}
G = {name: 1.0 / (3.0 * (1.0 + a) ** 2) for name, a in (("x1", 0.0), ("x2", 1.0), ("x3", 4.5), ("x4", 9.0))}
G_ALL = np.prod([1.0 + part for part in G.values()]) - 1.0


def _view(folder: Path, text: str) -> View:
    (folder / "functions.py").write_text(FUNCTIONS)
    (folder / "study.toml").write_text(text)
    return View(sweep(load(folder / "study.toml"), folder / "out", how="threads", workers=1))


def test_ishigami_from_study_file_to_indices(tmp_path: Path) -> None:
    view = _view(
        tmp_path,
        """
        model = "functions.py:ishigami"
        design = { method = "sobol", samples = 1024, second_order = true }
        [factors]
        x1 = { from = -3.141592653589793, to = 3.141592653589793 }
        x2 = { from = -3.141592653589793, to = 3.141592653589793 }
        x3 = { from = -3.141592653589793, to = 3.141592653589793 }
        """,
    )
    found = find(view).sobol["value"]
    for name in ("x1", "x2", "x3"):
        assert found.first[name].value == pytest.approx(ISHIGAMI_FIRST[name], abs=0.02)
        assert found.total[name].value == pytest.approx(ISHIGAMI_TOTAL[name], abs=0.02)
        assert found.first[name].low <= ISHIGAMI_FIRST[name] <= found.first[name].high
        assert found.total[name].low <= ISHIGAMI_TOTAL[name] <= found.total[name].high
    assert found.pairs["x1", "x3"].value == pytest.approx(ISHIGAMI_BOTH, abs=0.04)
    assert found.pairs["x1", "x2"].value == pytest.approx(0.0, abs=0.04)


def test_sobol_g_from_study_file_to_indices(tmp_path: Path) -> None:
    factors = "\n".join(f"x{k} = {{ from = 0, to = 1 }}" for k in (1, 2, 3, 4))
    design = 'design = { method = "sobol", samples = 2048 }'
    view = _view(tmp_path, f'model = "functions.py:sobol_g"\n{design}\n[factors]\n{factors}\n')
    found = find(view).sobol["value"]
    for name, part in G.items():
        first, total = part / G_ALL, part * (1.0 + G_ALL) / (1.0 + part) / G_ALL
        assert found.first[name].value == pytest.approx(first, abs=0.02)
        assert found.total[name].value == pytest.approx(total, abs=0.02)
        assert found.total[name].low <= total <= found.total[name].high


def test_morris_from_study_file_to_effects(tmp_path: Path) -> None:
    factors = "\n".join(f"x{k} = {{ from = 0, to = 1 }}" for k in (1, 2, 3, 4))
    design = 'design = { method = "morris", trajectories = 60 }'
    view = _view(tmp_path, f'model = "functions.py:sobol_g"\n{design}\n[factors]\n{factors}\n')
    found = find(view)
    strength = found.morris["value"].strength
    assert sorted(strength, key=lambda name: -strength[name].value) == ["x1", "x2", "x3", "x4"]
    assert (found.summaries, found.profiles, found.maps) == ({}, {}, {})  # its points are no sample
    assert "no sample of worlds" in html(view, found)


def test_points_derived_from_others_do_not_count_as_a_sample(tmp_path: Path) -> None:
    factors = "x1 = { from = 0, to = 1 }\nx2 = { from = 0, to = 1 }\nx3 = { from = 0, to = 1 }"
    design = 'design = { method = "sobol", samples = 32 }'
    view = _view(tmp_path, f'model = "functions.py:ishigami"\n{design}\n[factors]\n{factors}\n')
    chosen = view.points[view.sampled].drop(columns="design_row")
    assert len(chosen) == 2 * 32
    assert not chosen.stack().duplicated().any()  # a derived point shares coordinates with the points it comes from
    assert find(view).summaries["value"]["all runs"].runs == 64


LUCKY = """
title = "Losses & <b>luck</b>"
question = "Does x1 < 1 matter?"
model = "functions.py:lucky"
replicates = 4
outcomes = ["loss", "never"]
design = { method = "lhs", samples = 150 }
[factors]
x1 = { from = 0, to = 1 }
x2 = { from = 0, to = 1 }
x3 = { from = 0, to = 1 }
[report]
crisis = "loss > 7.5"
"""


@pytest.fixture(scope="module")
def lucky(tmp_path_factory: pytest.TempPathFactory) -> tuple[View, Findings]:
    view = _view(tmp_path_factory.mktemp("lucky"), LUCKY)
    return view, find(view)


def test_findings_of_a_known_function(lucky: tuple[View, Findings]) -> None:
    view, found = lucky
    table = view.table("loss")
    assert table.shape == (150, 4)
    assert np.isnan(table).sum() == len(view.results.failures) > 0
    assert found.summaries["loss"]["all runs"].mean.value == pytest.approx(5.5, abs=0.2)
    assert found.discovery is not None
    assert set(found.discovery.box.limits) == {"x1"}
    assert found.discovery.box.limits["x1"].low == pytest.approx(0.7, abs=0.04)
    assert found.parts["loss"].points > 0.95
    assert found.maps["loss"].mean[0, 0] < found.maps["loss"].mean[0, -1]
    assert any("never has no value in" in sentence and "missing, not nought" in sentence for sentence in found.missing)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("img", "meta"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_page_is_whole_and_loads_nothing(lucky: tuple[View, Findings]) -> None:
    view, found = lucky
    page = html(view, found)
    assert page == html(view, found)
    reader = _Reader()
    reader.feed(page)
    assert not reader.open
    assert not {tag for tag, _ in reader.tags} & {"script", "link", "iframe", "object", "b"}
    sources = [value for _, attributes in reader.tags for name, value in attributes.items() if name in ("src", "href")]
    assert sources
    kinds = ("data:image/svg+xml;base64,", "data:text/csv;charset=utf-8;base64,")
    assert all(str(source).startswith(kinds) for source in sources)
    assert sum(str(source).startswith(kinds[0]) for source in sources) == len(sources) / 2  # each figure has its data
    assert not re.search(r"url\(|@import|https?://", page)
    for text in ("Losses & <b>luck</b>", "Does x1 < 1 matter?", "alert(1)", '"result_hash"', 'crisis = "loss > 7.5"'):
        assert text in reader.text
    for heading in ("At a glance", "What was run", "How often how much", "Two factors together", "How much is luck"):
        assert heading in reader.text


def test_numbers_for_scripts_are_json(lucky: tuple[View, Findings]) -> None:
    view, found = lucky
    data = json.loads(json.dumps(as_data(view, found), allow_nan=False))
    assert data["discovery"]["box"]["limits"]["x1"]["high"] is None
    assert data["summaries"]["loss"]["all runs"]["mean"]["value"] == found.summaries["loss"]["all runs"].mean.value
    assert data["crisis"] == "loss > 7.5"


def test_another_question_but_not_another_study(lucky: tuple[View, Findings], tmp_path: Path) -> None:
    results = lucky[0].results
    (tmp_path / "functions.py").write_text(FUNCTIONS)
    (tmp_path / "asked.toml").write_text(LUCKY.replace("7.5", "100").replace("Does", "When does"))
    view = View(results, load(tmp_path / "asked.toml"))
    assert any("No scenario discovery" in note for note in find(view).notes)
    assert view.study.question.startswith("When")
    (tmp_path / "other.toml").write_text(LUCKY.replace("samples = 150", "samples = 151"))
    with pytest.raises(BadInput, match="another study"):
        View(results, load(tmp_path / "other.toml"))


def test_nothing_to_report_is_said(tmp_path: Path) -> None:
    text = 'model = "functions.py:ishigami"\n[factors]\nx1 = [1, 2]\n'  # x2 is missing: every run fails
    with pytest.raises(BadInput, match="no run that ended well"):
        _view(tmp_path, text)


def test_an_unfinished_study_says_so_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "MOST_IN_BATCH", 4)
    text = 'model = "functions.py:falls"\nreplicates = 1\n[factors]\nx1 = ' + f"{list(range(40))}\n"
    (tmp_path / "functions.py").write_text("def falls(settings, seed):\n    return 1.0 / (settings['x1'] - 2.0)\n")
    (tmp_path / "study.toml").write_text(text)
    study = load(tmp_path / "study.toml")
    with pytest.raises(TooManyFailures):
        sweep(study, tmp_path / "out", how="threads", workers=1, failures="stop")
    view = View(store.read(tmp_path / "out"))
    said = glance(view, find(view))
    done = len(view.results.runs)
    assert 0 < done < 40
    assert said[0] == f"The study is not finished: {done} of 40 runs."
    assert said[0] in html(view, find(view))
    sweep(study, tmp_path / "out", how="threads", workers=1)
    view = View(store.read(tmp_path / "out"))
    assert not any("not finished" in sentence for sentence in glance(view, find(view)))


def test_the_baseline_is_told_by_all_its_runs_and_no_mean_of_losses_reaches_below_zero(tmp_path: Path) -> None:
    view = _view(
        tmp_path,
        """
        model = "functions.py:gaps"
        replicates = 6
        outcomes = ["first", "loss"]
        [factors]
        lever = [0, 1]
        [report]
        compare = "lever"
        """,
    )
    found = find(view)
    base = next(iter(view.levels))
    first = next(c for c in found.comparisons if c.outcome == "first")
    assert found.summaries["first"][base].mean.value == pytest.approx(35.0)
    assert first.found.baseline == pytest.approx(45.0)  # of the pairs both of whose runs have a value
    said = next(sentence for sentence in glance(view, found) if sentence.startswith("first ("))
    assert said.startswith("first (35 [")
    assert f" with lever {base}): " in said
    assert "Only pairs count in which both runs have a value" in html(view, found)
    mean = found.summaries["loss"][base].mean
    assert (mean.low, mean.value > 0.0) == (0.0, True)
    profile = found.profiles["loss"]["lever"]
    assert (profile.low >= 0.0).all()
    loss = next(c for c in found.comparisons if c.outcome == "loss")
    assert loss.found.difference.low < 0.0  # of a difference


def test_policies_of_the_economy(tmp_path: Path) -> None:
    view = _view(
        tmp_path,
        """
        months = 18
        replicates = 4
        central = true
        [policies.short]
        loan_tenor = 24
        [policies.idle]
        covenant_ltv = 1.0
        [factors]
        lender_capital = [0.7, 1.3]
        [report]
        outcomes = ["peak_ai_debt", "rescues", "defaults", "first"]
        [outcomes]
        first = "first defaults"
        peak_ai_debt = "max ai_debt"
        rescues = "final public_money"
        defaults = "sum defaults"
        """,
    )
    found = find(view)
    assert list(view.levels) == ["none", "short", "idle"]
    same = next(c for c in found.comparisons if (c.outcome, c.level) == ("peak_ai_debt", "idle"))
    assert same.found.difference == (0.0, 0.0, 0.0)  # the default value: the same runs
    other = next(c for c in found.comparisons if (c.outcome, c.level) == ("peak_ai_debt", "short"))
    runs = view.results.outcomes()
    means = runs.groupby("policy")["peak_ai_debt"].mean()
    assert other.found.difference.value == pytest.approx(means["short"] - means["none"])
    assert other.found.pairs == 4
    said = glance(view, found)
    assert "rescues: 0 in every run." in said  # no policy pays out here
    assert "rescues" not in found.summaries
    assert any(sentence.startswith("peak_ai_debt (") and "no clear difference with" in sentence for sentence in said)
    page = html(view, found)
    assert "Through time" in page
    # The month of the first failure, which may never come: counted to the end, and told as a curve.
    runs = view.results.runs
    none = (view.points["policy"] == "none").to_numpy()[runs["point"]]
    assert found.durations["first"]["none"].happened == int(runs["first"][none].notna().sum())
    assert not any("first has no value" in sentence for sentence in found.missing)
    assert "Whether it comes, and when" in page
    months = runs["first"].to_numpy()
    assert np.nanmax(view.table("first")) <= 18.0
    assert np.isinf(view.times("first")).sum() == np.isnan(months).sum()
    assert view.table("first").mean() == pytest.approx(np.where(np.isnan(months), 18.0, months).mean())
    assert view.happened(condition("first > 3")).mean() == pytest.approx((~(months <= 3.0)).mean())
    assert "where that never comes, its last month (18) is counted" in view.meaning("first").text


def test_glance_goes_over_all_factors_with_intervals(tmp_path: Path) -> None:
    view = _view(
        tmp_path,
        """
        model = "functions.py:levers"
        replicates = 8
        outcomes = ["cost", "same"]
        [factors]
        a = [0, 1, 2]
        b = [0, 1]
        c = [0, 1]
        v = [0, 1, 2]
        [report]
        compare = "b"
        """,
    )
    found = find(view)
    said = glance(view, found)
    assert any(re.match(r"cost \([\d.]+ \[.* with b 0\): clearly higher with 1 \(9", s) for s in said)
    assert any(s.startswith("cost, against a 0: clearly higher with 1 (5") for s in said)
    assert any(s.startswith("cost, against c 0: no clear difference with 1 (") for s in said)
    (ranked,) = [s for s in said if s.startswith("cost, over all factors")]
    assert re.search(r"rises with [ab] \([^)]*\), [ab] \(", ranked)
    assert "depends on v (" in ranked  # up and down again
    assert "no finding on c" in ranked
    assert "same: 3 in every run." in said
    for sentence in said[:-1]:
        assert re.search(r"\[|in every run", sentence), sentence


def test_figures_are_drawings_with_their_data(lucky: tuple[View, Findings]) -> None:
    view, found = lucky
    page = html(view, found)
    drawings = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', page)
    tables = re.findall(r'download="(\w+)\.csv" href="data:text/csv;charset=utf-8;base64,([^"]+)"', page)
    assert len(drawings) == len(tables) > 4
    for drawn in drawings:
        root = ElementTree.fromstring(base64.b64decode(drawn))
        assert root.tag.endswith("svg")
    read = {name: pd.read_csv(io.BytesIO(base64.b64decode(content))) for name, content in tables}
    ranks = read["factors"].set_index(["outcome", "factor"])
    told = found.ranks["loss"]["x1"].correlation
    assert told is not None
    assert ranks.loc[("loss", "x1"), "correlation"] == told.value
    assert (ranks["low"] <= ranks["high"]).all()
    assert set(read["how_often_how_much"].columns) == {"outcome", "runs", "at_or_above", "share", "low", "high"}


def test_months_of_a_firm_are_missing_not_minus_one() -> None:
    asked = Outcome.model_validate({"statistic": "final", "of": "failed", "firm": "OpenAI"})
    told = meaning(asked, opening_tables(opening_files("2025-12-31")))
    assert told.text.startswith("month in which it was liquidated: of OpenAI")
    assert "-1" not in told.text


def test_unsettled_shares_are_no_findings(tmp_path: Path) -> None:
    factors = "x1 = { from = -3.14, to = 3.14 }\nx2 = { from = -3.14, to = 3.14 }\nx3 = { from = -3.14, to = 3.14 }"
    design = 'design = { method = "sobol", samples = 8 }'
    view = _view(tmp_path, f'model = "functions.py:ishigami"\n{design}\n[factors]\n{factors}\n')
    found = find(view)
    indices = found.sobol["value"]
    wide = [name for name, e in indices.total.items() if not settled(e)]
    assert wide
    (said,) = [s for s in glance(view, found) if s.startswith("Variance of value")]
    before, _, after = said.partition("unsettled, for want of base points: ")
    assert all(name in after for name in wide)
    assert not any(f"{name} (" in said for name in wide)
    assert before
    assert ", unsettled" in html(view, found)


def test_uncertain_numbers_of_drawn_worlds_are_ranked(tmp_path: Path) -> None:
    view = _view(
        tmp_path,
        """
        months = 3
        replicates = 12
        outcomes = { ai_revenue = "sum ai_revenue" }
        [parameters]
        loan_tenor = 48
        [factors]
        lender_capital = [0.9, 1.1]
        """,
    )
    drawn = Drawn(view)
    runs = view.results.runs
    assert drawn.worlds.tolist() == [world(seed, "2025-12-31").drawn for seed in runs["seed"]]
    assert not {"parameter loan_tenor", "parameter lender_capital"} & set(drawn.names)
    assert set(drawn.names) < set(uncertain("2025-12-31"))
    found = find(view)
    assert (found.candidates, found.worlds) == (len(drawn.names), 12)
    of_world = runs.groupby(drawn.worlds)["ai_revenue"].mean()
    told = {one.name: one.correlation.value for one in found.drawn["ai_revenue"]}
    name = drawn.names[5]
    by_hand = correlations(drawn.normals[:, [5]], normal_scores(of_world.to_numpy()))[0]
    assert told[name] == pytest.approx(by_hand)
    (said,) = [s for s in glance(view, found) if "drawn in 12 worlds" in s]
    assert "none clearly goes with ai_revenue" in said  # twelve worlds tell nothing of several hundred numbers
    assert "Which uncertain numbers matter" in html(view, found)


def test_command_writes_the_page_or_a_sentence(lucky: tuple[View, Findings], tmp_path: Path) -> None:
    folder = str(lucky[0].results.folder)
    page = tmp_path / "page.html"
    done = CliRunner().invoke(main, ["report", folder, "--out", str(page)])
    assert done.exit_code == 0
    assert done.stdout.split()[-2:] == ["Written:", str(page)]  # a long path has a line of its own
    assert page.read_text().startswith("<!doctype html>")
    done = CliRunner().invoke(main, ["report", folder, "--json"])
    assert json.loads(done.stdout)["title"] == "Losses & <b>luck</b>"
    for words in ([str(tmp_path)], [folder, "--out", str(tmp_path / "no" / "page.html")], [folder, "--out", folder]):
        done = CliRunner().invoke(main, ["report", *words])
        assert done.exit_code == 2
        assert done.stderr.startswith("error: ")
        assert len(done.stderr.splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page.html"]


def test_ready_studies_have_questions_and_a_place_on_the_page() -> None:
    files = {path.stem for path in FOLDER.glob("*.toml")}
    assert files == set(ORDER)
    for name in ORDER:
        study = load(FOLDER / f"{name}.toml")
        assert study.question.count("?") >= 1
        assert study.title
        assert study.claims
        assert not study.central  # what is said holds in a share of worlds, not at one point
        factors = {factor.name: factor.values for factor in study.resolved}
        compared = study.report.compared(factors)
        assert compared is None or len(factors[compared] or ()) <= MOST_LEVELS  # else nothing would be compared


def test_answers_page_has_the_numbers_of_the_findings(lucky: tuple[View, Findings]) -> None:
    view, found = lucky
    page = markdown([(view, found)], "0123")
    assert f"## {view.study.title}" in page
    assert "`0123`" in page
    mean = found.summaries["loss"]["all runs"].mean
    assert f"| loss | {number(mean.value)} [{number(mean.low)}, {number(mean.high)}] |" in page
    assert found.discovery is not None
    assert f"{percent(found.discovery.density)} of the runs there" in page
