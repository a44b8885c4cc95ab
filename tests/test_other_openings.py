"""Runs, studies, commands and Mesa models start from any opening, say from which, and know it again."""

from __future__ import annotations

import datetime
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from economies import renamed
from typer.testing import CliRunner, Result

from abm import InvisibleDebtModel, open_economy
from abm.calibration import DEFAULT_OPENING, Opening, opening_tables, openings
from abm.calibration.files import OPENINGS_FOLDER
from abm.calibration.worlds import world
from abm.errors import BadInput
from abm.inputs.scenarios import Scenario, Shock, check_file, load
from abm.simulation import Economy
from experiments import results, runner
from experiments.cli import main
from experiments.figure import draw
from experiments.replay import replay
from experiments.store import read
from experiments.study import Study
from experiments.study import load as load_study
from experiments.summary import failure_sentence, headings, legend, summary

DATE = datetime.date(2024, 6, 30)


def call(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture(scope="module")
def other() -> Opening:
    return renamed(opening_tables(), DATE)


@pytest.fixture(scope="module")
def run(other: Opening) -> Economy:
    """Two months in which the flagship fails, told by the calendar."""
    fall = Shock(firm="star lab", effect="defaults", start="2024-08")
    economy = open_economy(Scenario(name="fall", title="Fall", shocks=[fall]), opening=other)
    economy.run(2)
    return economy


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A folder of the user's own, made from the usual opening: one cell is another number."""
    folder = tmp_path / "mine"
    shutil.copytree(OPENINGS_FOLDER / DEFAULT_OPENING, folder)
    with (folder / "market.csv").open(encoding="utf-8") as file:
        header, *rows = file.read().splitlines()
    place = header.split(",").index("value")
    changed = [row.split(",") for row in rows if row.startswith("spot_price,")]
    assert len(changed) == 1
    changed[0][place] = "1.9"
    kept = [row for row in rows if not row.startswith("spot_price,")]
    text = "\n".join([header, *kept, ",".join(changed[0])]) + "\n"
    (folder / "market.csv").write_text(text, encoding="utf-8")
    return folder


def test_months_are_those_of_the_calendar_after_the_opening(run: Economy) -> None:
    assert (run.month, run.label) == (2, "2024-08")
    told = summary(run)
    assert (told["failures"][0]["month"], told["failures"][0]["firm"]) == ("2024-08", "Star Lab")
    assert [row["year"] for row in told["years"]] == [2024]
    sentence = failure_sentence(next(iter(results.statement.defaults(run))), DATE)
    assert sentence.startswith("2024-08  Star Lab (lab)")
    dates = results.run_tables(run)["aggregates"]["date"].to_pylist()
    assert dates == [datetime.date(2024, 7, 31), datetime.date(2024, 8, 31)]
    for name, table in results.run_tables(run).items():
        assert table.schema.metadata[b"opening_date"] == b"2024-06-30", name
        assert table.schema.metadata[b"opening_hash"].decode() == run.opening.digest, name
        if "month" in table.column_names:
            assert table.schema.field("month").metadata[b"meaning"] == b"months since 2024-06-30", name


def test_words_name_flagship_and_date_of_the_opening(run: Economy, tmp_path: Path) -> None:
    assert ("for Star Lab", "bn USD") in headings(run)
    assert "June 2024 = 100" in legend(run)
    draw(run, tmp_path / "figure.png", title="Fall")
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")
    assert run.state.market[0].flagship == run.firm("Star Lab")


def test_what_the_flagship_owes_by_others_is_recorded(other: Opening) -> None:
    economy = open_economy(opening=other)
    economy.run(1)
    carried = float(economy.rows("series")["look_through_flagship"][-1])
    assert carried == float(economy.state.firms[economy.firm("Star Lab")].look_through) > 0.0


def test_a_shock_before_the_opening_is_one_sentence(other: Opening, tmp_path: Path) -> None:
    early = Scenario(name="old", title="t", shocks=[Shock(parameter="power_price", scale=2.0, start="2024-06")])
    with pytest.raises(BadInput) as caught:
        open_economy(early, opening=other)
    assert str(caught.value) == (
        "shock 1 of scenario 'old': start must be 2024-07 (month 1) or later, not '2024-06': the opening is that of"
        " 2024-06-30"
    )
    path = tmp_path / "old.toml"
    path.write_text("title = 'x'\n[[shock]]\nparameter = 'power_price'\nscale = 2\nstart = '2025-12'\n")
    assert check_file(path, other.kinds, other.date, other.owners) == []
    (said,) = check_file(path, other.kinds, datetime.date(2025, 12, 31), other.owners)
    assert said.startswith("line 5: shock 1: start must be 2026-01 (month 1) or later, not '2025-12'")


def test_a_number_counts_from_the_opening_and_a_month_of_the_calendar_does_not(other: Opening) -> None:
    shocks = [Shock(parameter="power_price", scale=2.0, start=start) for start in (3, "2026-03")]
    told = Scenario(title="t", shocks=shocks)
    assert told.shock_rows(other.kinds, DATE)["start"].tolist() == [3, 21]
    assert told.shock_rows(other.kinds, datetime.date(2025, 12, 31))["start"].tolist() == [3, 3]


def test_a_firm_that_the_opening_has_not_is_named_with_the_opening(other: Opening) -> None:
    with pytest.raises(BadInput, match=r"unknown firm '.*' in the opening of 2024-06-30"):
        open_economy(load("r6_customer_concentration"), opening=other)


@pytest.mark.parametrize("name", openings())
def test_every_opening_of_the_model_runs(name: str) -> None:
    economy = open_economy(opening=name)
    economy.run(1)
    assert economy.opening.name == name
    assert economy.label > name[:7]


@pytest.mark.parametrize(
    "words",
    [
        ["run", "--months", "1"], ["inspect", "opening"], ["stress", "CoreWeave"], ["systemic"], ["view"],
        ["scenarios", "--check", "any.toml"],
    ],
    ids=lambda words: words[0],
)  # fmt: skip
def test_a_wrong_opening_is_one_sentence_for_every_command(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = call(*words, "--opening", "2019-12-31")
    assert result.exit_code == 2
    said = " ".join(result.stderr.split())
    assert "there is no opening '2019-12-31'" in said
    assert DEFAULT_OPENING in said
    assert list(tmp_path.iterdir()) == []


def test_a_run_says_from_where_it_started(mine: Path, tmp_path: Path) -> None:
    result = call("run", "--opening", mine, "--months", 1, "--out", tmp_path / "run")
    assert result.exit_code == 0, result.output
    told = json.loads((tmp_path / "run" / "manifest.json").read_text(encoding="utf-8"))["opening"]
    digest = world(1, mine).opening().digest
    assert told == {"name": "mine", "date": "2025-12-31", "hash": digest, "folder": str(mine.resolve())}
    assert len({digest, world(1, DEFAULT_OPENING).opening().digest, opening_tables(mine).digest}) == 3
    again = ["run", "--opening", mine, "--months", 1, "--out", tmp_path / "run"]
    assert call(*again).exit_code == 0
    assert call(*again, "--central").exit_code == 2


def test_the_usual_opening_is_named_without_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    told = results.described(opening_tables())
    assert set(told) == {"name", "date", "hash"}
    result = call("run", "--months", 1, "--central", "--json")
    assert json.loads(result.stdout)["manifest"]["opening"] == told
    assert json.loads(result.stdout)["folder"] == "results/baseline-1months-seed1-central"


def test_a_study_starts_from_its_opening_and_keeps_it(mine: Path, tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(
        'opening = "mine"\nmonths = 1\n[factors]\npower_price = [60, 90]\n'
        '[record]\nfirms = ["CoreWeave"]\nmonths = ["2026-01"]\n'
    )
    study = load_study(tmp_path / "study.toml")
    made = runner.sweep(study, tmp_path / "out", workers=1, how="threads")
    assert made.manifest["opening"]["hash"] == opening_tables(mine).digest
    assert made.manifest["failures"] == 0
    usual = Study(months=1, factors={"power_price": [60.0, 90.0]})
    other = runner.sweep(usual, tmp_path / "usual", workers=1, how="threads")
    assert set(other.runs["result_hash"]).isdisjoint(made.runs["result_hash"])
    with (mine / "market.csv").open("a", encoding="utf-8") as file:
        file.write("\n")
    runner.sweep(load_study(tmp_path / "study.toml"), tmp_path / "out", workers=1)  # the same tables: nothing to do
    text = (mine / "market.csv").read_text(encoding="utf-8")
    (mine / "market.csv").write_text(text.replace("1.9", "1.8"), encoding="utf-8")
    with pytest.raises(BadInput, match="another study"):
        runner.sweep(load_study(tmp_path / "study.toml"), tmp_path / "out", workers=1)
    shutil.rmtree(mine)
    assert replay(read(tmp_path / "out"), 1).equal


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('opening = "2019-12-31"\n[factors]\npower_price = [60]\n', r"line 1: there is no opening '2019-12-31'"),
        ('[factors]\npower_price = [60]\n[record]\nfirms = ["Nobody"]\n', "line 4: unknown firm 'Nobody' in"),
        ('[factors]\npower_price = [60]\n[record]\nmonths = ["2025-06"]\n', "line 4: month must lie between 2025-12"),
        ('[factors]\npower_price = [60]\n[outcomes]\nx = "max ai_debt 2024-01..2027-01"\n', "line 4: month must lie"),
        ('[factors]\npower_price = [60]\n[outcomes]\nx = "max ai_debt 2027-01..3"\n', "line 4: 'start' must not be"),
    ],
)  # fmt: skip
def test_what_a_study_asks_of_its_opening_is_checked_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "study.toml").write_text(text)
    with pytest.raises(BadInput, match=said):
        load_study(tmp_path / "study.toml")


def test_a_mesa_model_opens_from_a_folder(mine: Path) -> None:
    model: Any = InvisibleDebtModel(opening=mine, central=True)
    assert model.economy.opening.digest == opening_tables(mine).digest
    drawn: Any = InvisibleDebtModel(opening=mine, rng=3)
    assert drawn.economy.opening.digest == world(3, mine).opening().digest
    assert InvisibleDebtModel(opening=opening_tables(mine)).economy.opening.name == "mine"
    with pytest.raises(BadInput, match="there is no opening"):
        InvisibleDebtModel(opening="2019-12-31")
