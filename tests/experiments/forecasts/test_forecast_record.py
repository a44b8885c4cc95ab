"""A forecast on record: its file and hash, and what a score says of it."""

import json
import math
import shutil

import numpy as np
import pytest
from typer.testing import CliRunner

from abm.errors import BadInput
from experiments.cli import main
from experiments.forecasts import quantities, record, score
from experiments.forecasts.record import LEVELS, Line

OPENING = "2025-12-31"
POINTS = (1.0, 2.0, 4.0, 5.0, 7.0, 9.0, 11.0)
LINES = (
    Line("OpenAI cash", "2026-03", "bn USD", POINTS, None, "0.40"),
    Line("OpenAI revenue", "2026Q1", "bn USD", tuple(2.0 * p for p in POINTS), None, "no skill"),
    Line("CoreWeave defaults", "2026-12", "chance", (), 0.25, "not tested"),
)


@pytest.fixture
def folder(tmp_path):
    """A forecast of three lines."""
    asked = [q for q in quantities.read_quantities(OPENING) if q.name in {line.quantity for line in LINES}]
    text = record.as_csv(LINES)
    there = tmp_path / "mine"
    there.mkdir()
    (there / record.TABLE).write_text(text)
    (there / "manifest.json").write_text(record.manifest(text, asked, {"opening": OPENING, "worlds": 3}))
    return there


def facts(tmp_path, *rows, columns="quantity,period,low,central,high,forecast"):
    path = tmp_path / "facts.csv"
    path.write_text("\n".join([columns, *rows]) + "\n")
    return path


def call(*words):
    return CliRunner().invoke(main, [str(word) for word in words], prog_name="invisible-debt")


def test_what_is_written_is_read_again(folder):
    found = record.read_forecast(str(folder))
    assert found.lines == LINES
    assert found == record.read_forecast(str(folder / record.TABLE))
    assert found.quantities["CoreWeave defaults"]["kind"] == "chance"


def test_a_changed_forecast_is_refused(folder):
    table = folder / record.TABLE
    table.write_text(table.read_text().replace("2026-03", "2026-04"))
    with pytest.raises(BadInput, match="was changed after it was made"):
        record.read_forecast(str(folder))


def test_what_is_no_forecast_is_refused_in_a_sentence(tmp_path, folder):
    with pytest.raises(BadInput, match="there is no forecast 'nowhere'"):
        record.read_forecast("nowhere")
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    (other / "manifest.json").write_text("{}")
    with pytest.raises(BadInput, match="holds no finished"):
        record.read_forecast(str(other))
    about = json.loads((folder / "manifest.json").read_text())
    (other / "manifest.json").write_text(json.dumps(about | {"quantities": about["quantities"][:1]}))
    with pytest.raises(BadInput, match="does not name"):
        record.read_forecast(str(other))


def test_a_fact_is_placed_in_its_band(folder, tmp_path):
    path = facts(
        tmp_path, "OpenAI cash,2026-03-31,,6,,9", "openai revenue,2026Q1,20,23,26,23.5", "CoreWeave defaults,2026,,1,,"
    )
    cash, revenue, default = score.score(record.read_forecast(str(folder)), score.read_facts(path))
    assert cash.pit == pytest.approx(0.625)
    assert (cash.inside50, cash.inside90) == (True, True)
    loss = [2.0 * (6.0 - q) * (a - (q > 6.0)) for q, a in zip(POINTS, LEVELS, strict=True)]
    assert cash.crps == pytest.approx(np.mean(loss) / 6.0)
    assert cash.rival == pytest.approx(0.5)
    assert (revenue.pit, revenue.inside50, revenue.inside90) == (1.0, False, True)  # its range meets the band
    assert default.brier == pytest.approx(0.75**2)
    verdict = score.judge([cash, revenue, default])
    assert (verdict.banded, verdict.inside50, verdict.inside90) == (2, 1, 2)
    assert (verdict.beaten, verdict.rivals) == (1, 2)
    assert verdict.interval90[0] < 1.0 == verdict.interval90[1]
    assert verdict.crps == pytest.approx(np.median([cash.crps, revenue.crps]))


def test_chances_alone_have_no_bands(folder, tmp_path):
    path = facts(tmp_path, "CoreWeave defaults,2026,,0,,")
    verdict = score.judge(score.score(record.read_forecast(str(folder)), score.read_facts(path)))
    assert verdict.banded == 0
    assert math.isnan(verdict.crps)
    assert verdict.brier == pytest.approx(0.0625)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("OpenAI money,2026-03,,1,,", "line 2: there is no quantity 'OpenAI money'; did you mean 'OpenAI revenue'?"),
        ("OpenAI cash,2031-03,,1,,", "'OpenAI cash' has no period '2031-03'; it has 2026-03"),
        ("OpenAI cash,spring,,1,,", "line 2: a period is written YYYY"),
        ("OpenAI cash,2026-03,,much,,", "line 2, column central: a number, not 'much'"),
        ("OpenAI cash,2026-03,,,,", "line 2: one of low, central and high must be given"),
        ("OpenAI cash,2026-03,3,1,,", "line 2: low, central and high must rise"),
        ("CoreWeave defaults,2026,,2,,", "of a chance it is 1 if it happened, else 0, not 2"),
        ("OpenAI cash,2026-03,,inf,,", "line 2, column central: a number, not 'inf'"),
    ],
)
def test_a_wrong_fact_is_named_by_its_line(folder, tmp_path, row, said):
    found = call("score", folder, facts(tmp_path, row))
    assert found.exit_code == 2
    assert said in found.stderr
    assert len(found.stderr.strip().splitlines()) == 1


def test_wrong_tables_of_facts_are_refused(folder, tmp_path):
    assert "it lacks 'central'" in call("score", folder, facts(tmp_path, "a,b", columns="quantity,period")).stderr
    semicolons = facts(tmp_path, "OpenAI cash;2026-03;1", columns="quantity;period;central")
    assert "it lacks 'quantity'; its cells must be separated by commas" in call("score", folder, semicolons).stderr
    assert "holds no facts" in call("score", folder, facts(tmp_path)).stderr
    assert "cannot be read" in call("score", folder, tmp_path / "none.csv").stderr
    assert call("score", folder).exit_code == 2


def test_the_command_lists_what_can_be_scored_and_scores_it(folder, tmp_path):
    listed = json.loads(call("score", folder, "--quantities", "--json").stdout)
    assert [x["quantity"] for x in listed] == [line.quantity for line in LINES]
    assert listed[0]["periods"] == ["2026-03"]
    assert "OpenAI revenue" in call("score", folder, "--quantities").stdout
    path = facts(tmp_path, "OpenAI cash,2026-03,,6,,9", "CoreWeave defaults,2026,,1,,")
    told = json.loads(call("score", folder, path, "--json").stdout)
    assert (told["banded"], told["inside_90"], told["beats_forecast"], told["of_forecasts"]) == (1, 1, 1, 1)
    shown = call("score", folder, path).stdout
    assert "Inside the band of nine in ten: 1 of 1" in shown
    assert "It beats the forecast of the time in 1 of 1" in shown
    assert "Brier score of its chances: 0.562" in shown


def test_a_forecast_is_made_and_can_be_scored(tmp_path):
    out = tmp_path / "made"
    made = call("forecast", "--seeds", 2, "--out", out)
    assert made.exit_code == 0, made.output
    assert "lines in forecast.csv" in " ".join(made.stdout.split())
    found = record.read_forecast(str(out))
    names = {line.quantity for line in found.lines}
    assert names == {q.name for q in quantities.read_quantities(OPENING)}
    for line in found.lines:
        assert (line.chance is None) == bool(line.quantiles)
        assert list(line.quantiles) == sorted(line.quantiles)
        assert all(math.isfinite(q) for q in line.quantiles), line
    before = (out / record.TABLE).read_bytes()
    assert call("forecast", "--seeds", 2, "--out", out, "--jobs", 1).exit_code == 0
    assert (out / record.TABLE).read_bytes() == before
    assert "another recipe" in call("forecast", "--seeds", 3, "--out", out).stderr


def test_the_forecast_on_record_is_whole():
    found = record.read_forecast(OPENING)
    assert {line.quantity for line in found.lines} <= {q.name for q in quantities.read_quantities(OPENING)}
    assert len({line.quantity for line in found.lines}) >= 60
    assert found.about["worlds"] >= 500
