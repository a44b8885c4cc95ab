"""The scorecard: verdicts, each section right and wrong, the pages, and the command."""

import json
import math
import re
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from risk_worlds import lender, part
from typer.testing import CliRunner

from abm.calibration import opening_tables
from abm.calibration.facts import FACT_ID, facts, read_table
from abm.errors import Breakdown
from abm.inputs.scenarios import BASELINE
from experiments import execution, hindcast
from experiments.analysis.intervals import Estimate
from experiments.cli import main
from experiments.reproductions.figures import panels
from experiments.reproductions.study import EXACT, Outcome, Row
from experiments.risk import ensemble, table
from experiments.risk.statistics import NOTHING
from experiments.validation import card, observe, page, sections
from experiments.validation.lines import BEYOND, NOT_VALIDATED, VALIDATED, VERDICTS, of_risk, plain

QUESTION = hindcast.read_question(hindcast.newest_asked())
ONE = "elliott-golub-jackson-2014"  # the quickest study


def asked(ours, low=1.0, high=2.0, evidence="R1-001", name="x", whole=False):
    return table.Line(name, 1, "what", Estimate(*ours), "%", low, high, evidence, whole)


# --- verdicts ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("line", "verdict", "why"),
    [
        (asked((1.5, 0.0, 9.0)), VALIDATED, ""),
        (asked((3.0, 1.5, 4.0)), NOT_VALIDATED, "its interval reaches the range"),
        (asked((3.0, 2.5, 4.0)), NOT_VALIDATED, ""),
        (asked((1.5, 0.0, 9.0), whole=True), NOT_VALIDATED, "its interval reaches the range"),
        (asked((1.5, 1.1, 1.9), low=None), BEYOND, "nothing is published that it could be compared with"),
        (asked(NOTHING), BEYOND, "no number in so few worlds"),
        (asked((1.5, 1.1, 1.9), evidence="asked: so"), BEYOND,
         "there is no evidence of the world; what is asked of it is met"),
        (asked((3.0, 2.5, 4.0), evidence="asked: so"), BEYOND,
         "there is no evidence of the world; what is asked of it is missed"),
        (asked((3.0, 2.5, 4.0), evidence="asked: so", name="deciles"), NOT_VALIDATED, ""),
    ],
)  # fmt: skip
def test_a_line_of_risk_gets_one_of_three_verdicts(line, verdict, why):
    found = of_risk(line)
    assert (found.verdict, found.why) == (verdict, why)
    assert VERDICTS == ("validated", "not validated", "cannot be validated from these data")


def test_a_plain_line_tells_its_reason_only_where_it_is_missed():
    assert plain("x", "what", "1", "0", "e", False, "so").why == "so"
    assert plain("x", "what", "0", "0", "e", True, "so").why == ""
    missed = plain("x", "what", "1", "0", "e", False)
    assert sections.explained(missed, {"x": "because"}).why == "because"
    assert sections.explained(missed._replace(verdict=VALIDATED), {"x": "because"}).why == ""


def test_tables_name_sections_and_facts_there_are():
    rows = read_table(sections.FOLDER / "beyond.csv")
    assert {int(row["section"]) for row in rows} == {sections.ANALOGUES, len(sections.HEADINGS)}
    assert all(row["what"] and row["why"] for row in rows)
    texts = [*(row["why"] for row in rows), *(row["evidence"] for row in read_table(sections.FOLDER / "asked.csv"))]
    named = {fact for text in texts for fact in FACT_ID.findall(text)}
    assert len(named) > 10
    assert named <= set(facts())


# --- the opening ------------------------------------------------------------------------------------------
def test_the_client_s_figures_come_out_and_a_changed_loan_is_seen():
    opening = opening_tables()
    assert [line.verdict for line in sections.client_lines(opening)] == [VALIDATED] * 7
    opening.loans["principal"][opening.loan_names.index("abilene")] -= 1.0
    found = {line.name: line for line in sections.client_lines(opening)}
    assert found["look-through debt of OpenAI, all"].verdict == NOT_VALIDATED
    assert found["look-through debt of OpenAI, all"].why == "off by -1"
    assert sum(line.verdict == NOT_VALIDATED for line in found.values()) == 2


def test_accounts_that_do_not_close_are_seen():
    opening = opening_tables()
    (closed,) = sections._accounts("x", opening)
    assert closed.verdict == VALIDATED
    assert sections.largest_gap(opening) < 1e-9
    opening.firms["debt"][opening.row("CoreWeave")] += 0.5
    (broken,) = sections._accounts("x", opening)
    assert sections.largest_gap(opening) == pytest.approx(0.5)
    assert broken.verdict == NOT_VALIDATED
    assert "debt of CoreWeave" in broken.why


def test_all_that_a_check_finds_is_counted_and_the_first_of_it_told():
    line = sections._none("x", "odd things", ["one", "two", "three", "four", "five"], "e")
    assert (line.verdict, line.shown, line.why) == (NOT_VALIDATED, "5", "one; two; three; and 2 more")
    assert sections._none("x", "odd things", [], "e").verdict == VALIDATED


@pytest.mark.parametrize(
    ("error", "failures", "verdict"), [(1e-12, (), VALIDATED), (1e-6, (), NOT_VALIDATED), (0.0, ("x",), NOT_VALIDATED)]
)
def test_runs_whose_accounts_do_not_close_are_seen(error, failures, verdict):
    worlds = part(prices={"imbalance": error})
    assert sections.closed_runs(ensemble.Made({BASELINE: worlds}, {}, 2, False, failures)).verdict == verdict


# --- the year that is known -------------------------------------------------------------------------------
def known(factor, spread, runs=12):
    """Worlds that say what happened, times a factor, give or take."""
    rng = np.random.default_rng(1)
    values = {
        t.id: max(t.outcome, 0.01) * factor * np.exp(spread * rng.normal(size=runs)) for t in QUESTION.targets
    }
    return hindcast.Ensemble(values, runs, (), pa.table({}))


def year_section(factor, spread):
    worlds = known(factor, spread)
    return sections.hindcast_section(hindcast.judge(QUESTION, worlds), worlds)


def test_worlds_that_say_what_happened_have_skill_and_worlds_far_off_do_not():
    right, wrong = (year_section(*told) for told in ((1.0, 0.02), (9.0, 0.1)))
    verdicts = [{line.name: line.verdict for line in s.lines} for s in (right, wrong)]
    skills = [name for name in verdicts[0] if name.startswith("skill ")]
    assert len(skills) == 11
    for name in ("coverage", "skilful", *QUESTION.within_factor, *skills):
        assert verdicts[0][name] == VALIDATED, name
    for name in ("coverage", "half", "pit", "skilful", *QUESTION.within_factor, *skills):
        assert verdicts[1][name] == NOT_VALIDATED, name
    assert "0% of what happened lies above the median" in {line.why for line in wrong.lines}


def test_the_numbers_of_the_year_are_those_of_the_hindcast():
    worlds = known(1.3, 0.4)
    verdict = hindcast.judge(QUESTION, worlds)
    lines = {line.name: line for line in sections.hindcast_section(verdict, worlds).lines}
    assert lines["coverage"].ours.value == pytest.approx(100.0 * verdict.coverage())
    assert lines["half"].ours.value == pytest.approx(100.0 * verdict.coverage("inside50"))
    marks = {mark.asked: mark.met for mark in verdict.marks()}
    for name in QUESTION.within_factor:
        what = lines[name].what.removesuffix(", median")
        assert (lines[name].verdict == VALIDATED) == marks[f"{what} within a factor of {QUESTION.factor:g}"]
    for name, skill in verdict.skills().items():
        line = lines[f"skill {name}"]
        assert line.ours.value == pytest.approx(skill)
        assert line.ours.low < skill < line.ours.high


# --- analogues and published results ----------------------------------------------------------------------
def test_the_fall_of_the_rent_is_from_the_first_year_s_end_to_the_lowest_of_the_crisis():
    rent = np.full(97, 2.0)
    rent[30], rent[61], rent[5] = 0.5, 0.1, 0.2  # the last two outside the crisis
    assert sections.rent_fall(part(months={"spot_price": np.tile(rent, (2, 1))})).value == pytest.approx(0.75)


def test_losses_are_over_what_was_held_and_lent_in_the_crisis():
    rows = [lender(w, y, losses=3.0, lent=1.0, kind="securitisation") for w in range(2) for y in range(8)]
    found = sections.losses_of_book(part(lenders=rows), "securitisation")
    assert found.value == pytest.approx(12.0 / (5.0 + 4.0))
    assert math.isnan(sections.losses_of_book(part(lenders=rows), "bank").value)


@pytest.mark.parametrize(("holds", "verdict"), [(True, VALIDATED), (False, NOT_VALIDATED)])
def test_a_published_result_is_validated_if_all_its_statements_hold(holds, verdict):
    study = SimpleNamespace(name="one", title="One", source="Somebody 2001")
    rows = [
        Row("all fall", "yes", "yes", EXACT, True, origin="the paper"),
        Row("nobody falls", "no", "no", EXACT, holds, origin="the paper"),
    ]
    s = sections.contagion_section([(study, Outcome(rows, panels()[0], {}))], [SimpleNamespace(name="long")])
    assert s.lines[0].verdict == verdict
    assert s.lines[0].shown == f"{1 + holds} of 2 statements hold"
    assert s.lines[0].why == ("" if holds else "nobody falls")
    assert "`long`" in s.sentences[-1]


# --- the whole --------------------------------------------------------------------------------------------
@pytest.fixture
def quick(monkeypatch):
    """The command on few scenarios and one study."""
    monkeypatch.setattr(ensemble, "names", lambda: [BASELINE, ensemble.ANALOGUE])
    monkeypatch.setattr("experiments.risk.statistics.DRAWS", 50)
    monkeypatch.setattr("experiments.reproductions.studies.NAMES", (ONE, "nier-2007"))
    monkeypatch.setattr("experiments.commands.validate.compile_first", lambda *_: None)
    return CliRunner()


def test_the_command_judges_a_few_worlds_and_the_same_again(quick, tmp_path):
    def call(jobs):
        return quick.invoke(main, ["validate", "--seeds", "2", "--threads", "--jobs", jobs, "--out",
                                   str(tmp_path / jobs), "--page", str(tmp_path / f"{jobs}.md")])  # fmt: skip

    done = [call(jobs) for jobs in ("1", "2")]
    assert [result.exit_code for result in done] == [0, 0], done[0].stderr
    names = {"VALIDATION.md", "validation.html", "lines.json", "manifest.json"}
    assert {path.name for path in (tmp_path / "1").iterdir()} == names
    for name in names:
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()
    text = (tmp_path / "1" / "VALIDATION.md").read_text(encoding="utf-8")
    assert (tmp_path / "1.md").read_text(encoding="utf-8") == text
    data = json.loads((tmp_path / "1" / "lines.json").read_text(encoding="utf-8"))
    assert [s["heading"] for s in data["sections"]] == [f"{k} {h}" for k, h in enumerate(sections.HEADINGS, 1)]
    lines = [line for s in data["sections"] for line in s["lines"]]
    assert {line["verdict"] for line in lines} == set(VERDICTS)
    assert sum(data["counts"].values()) == len(lines) > 90
    for s in data["sections"]:
        assert s["lines"]
        assert f"## {s['heading']}" in text
    assert text.count("| cannot be validated from these data |") == data["counts"][BEYOND]
    assert "`nier-2007`" in text
    shown = (tmp_path / "1" / "validation.html").read_text(encoding="utf-8")
    assert shown.count('src="data:image/png') == 5
    assert not re.search(r"<(script|link)|src=\"http|url\(", shown)
    told = " ".join(done[0].stdout.split())
    assert page.TITLE in told
    assert "Not validated" in told
    refused = quick.invoke(main, ["validate", "--seeds", "3", "--threads", "--out", str(tmp_path / "1")])
    assert refused.exit_code == 2
    assert "holds the results of another recipe" in refused.stderr
    assert (tmp_path / "1" / "VALIDATION.md").read_text(encoding="utf-8") == text


def test_a_world_has_the_books_and_prices_beside_what_risk_reads():
    settings = {"opening": "2025-12-31", "scenario": BASELINE, "central": True}
    counted, found = observe.observe(settings, 1)
    assert set(found) == {*ensemble.SCHEMAS, *observe.MORE}
    books, prices = found["books"].to_pandas(), found["prices"].to_pandas()
    first = books[(books["firm"] == "CoreWeave") & (books["year"] == 0)].iloc[0]
    opening = opening_tables()
    firm = opening.firms[opening.row("CoreWeave")]
    assert first["capital"] == pytest.approx(firm["fleet_book"] + firm["sites"])
    assert first["debt"] == pytest.approx(firm["debt"])
    assert first["capex"] > 0.0
    assert prices["month"].tolist() == list(range(97))
    assert prices["token_price"][0] == prices["equal_quality_price"][0] == 100.0
    assert prices["equal_quality_price"][96] < 50.0
    assert 0.0 < prices["imbalance"].max() < 1e-9
    assert counted["failures"] == found["defaults"].num_rows


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--seeds", "1"], "--seeds"), (["--jobs", "0"], "--jobs"), (["--page", "."], "--page: . is a folder"),
        (["--opening", "x"], "--opening"),
    ],
)  # fmt: skip
def test_a_wrong_call_is_one_sentence_and_writes_nothing(quick, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    result = quick.invoke(main, ["validate", *arguments])
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_nothing_is_written_where_a_scenario_never_ends_well(quick, monkeypatch, tmp_path):
    whole = execution.load_function

    def load(where):
        def breaks(settings, seed):
            raise Breakdown("the run breaks down in May 2028")

        return breaks if where == observe.OBSERVER else whole(where)

    monkeypatch.setattr("experiments.execution.load_function", load)
    result = quick.invoke(main, ["validate", "--seeds", "2", "--threads", "--out", str(tmp_path / "x")])
    assert result.exit_code == 2
    assert "no run of 'baseline' ended well" in " ".join(result.stderr.split())
    assert not (tmp_path / "x").exists()


def test_worlds_are_counted_beforehand():
    assert card.worlds(8) == 8 + 3 * 8 + 14 * 2
