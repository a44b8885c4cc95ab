"""The page shows an opening with other names and another date, and runs recorded from it."""

from __future__ import annotations

import datetime
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ipyvuetify
import pytest
import solara

sys.path.insert(0, str(Path(__file__).parents[1]))  # where `economies` is, from whatever folder this is run
from economies import renamed

from abm.calibration import DEFAULT_OPENING, Opening, opening_tables
from abm.calibration.files import OPENINGS_FOLDER
from abm.engine.tables import N_OUTSIDE
from abm.errors import BadInput
from abm.inputs.scenarios import BASELINE, load
from experiments import runner
from experiments.results import run_folder, write_run
from experiments.study import Study
from viz.house import House, set_house
from viz.languages import language
from viz.page import being_opened, status, welcome
from viz.parts import compare, firm
from viz.parts.charts import panels_of
from viz.parts.controls import TimeFields, chosen_plan
from viz.parts.story import EventLine
from viz.parts.whatif import Made, Strike
from viz.plan import Plan
from viz.recording import find_runs, open_single, open_swept
from viz.server import mended
from viz.session import Report, Session

DATE = datetime.date(2024, 6, 30)


@pytest.fixture(scope="module")
def other() -> Opening:
    return renamed(opening_tables(), DATE)


@pytest.fixture(scope="module")
def report(other: Opening) -> Iterator[Report]:
    """The flagship fails in the second month, and its books are open."""
    plan = Plan(load(BASELINE), opening=other).with_strike("Star Lab", "defaults", 1)
    session = Session(plan)
    session.compare(True)
    session.watch(other.names.index("Star Lab") - N_OUTSIDE)
    session.seek(2)
    session.start()
    found, number = None, 0
    while found is None or found.frame.month < 2 or found.books is None or not found.story.failures:
        number, found = session.wait(number, 300.0)
    yield found
    session.stop()
    assert session.join(60.0)


class Asked:
    """Stands in for a session: what it was asked."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *given, **named: self.calls.append((name, *given))


def html(shown: Any) -> str:
    """All text of what was rendered."""
    texts = [str(getattr(widget, "unsafe_innerHTML", "") or "") for widget in shown.find().widgets]
    texts += [str(child) for widget in shown.find().widgets for child in getattr(widget, "children", [])]
    return " ".join(texts)


def test_the_months_of_the_page_are_those_after_the_opening(report: Report) -> None:
    assert report.frame.label == "August 2024"
    assert status(report, language("en")).startswith("August 2024: struck by you, Star Lab fails.")
    _, shown = solara.render(TimeFields(report, Asked()), handle_error=False)  # type: ignore[arg-type]
    assert "August 2024" in html(shown)
    first = next(iter(report.story.tree["nodes"]))
    assert (first["name"], first["label"]) == ("Star Lab", "2024-08")
    (event, *_) = [e for e in report.story.events if e.kind == "default"]
    _, shown = solara.render(EventLine(event, report.plan, print, print), handle_error=False)  # type: ignore[arg-type]
    assert "2024-08" in html(shown)


def test_the_words_of_the_page_name_date_and_flagship(report: Report) -> None:
    assert "the balance sheets of June 2024 on" in welcome(DATE, language("en"))
    assert being_opened(DATE, language("en")) == "Opening the books of June 2024 …"
    assert panels_of(["Star Lab"], DATE, language("en"))[0]["unit"] == "index, June 2024 = 100"
    assert "of which for Star Lab" in compare.figures(report, 2, language("en"))
    assert report.books is not None
    assert "2024-08" in firm._heading(report, report.books, language("en"))
    assert "You struck it in 2024-08: it fails." in firm._why(report.books.failures[0], report.plan, language("en"))
    _, shown = solara.render(Made(report, Asked()), handle_error=False)  # type: ignore[arg-type]
    assert "Star Lab fails in 2024-08" in html(shown)


def test_the_flagship_is_who_is_struck_unless_another_is_chosen(report: Report) -> None:
    _, shown = solara.render(Strike(report, Asked(), -1), handle_error=False)  # type: ignore[arg-type]
    assert next(w for w in shown.find(ipyvuetify.Autocomplete).widgets if w.label == "Firm").v_model == "Star Lab"


def test_who_comes_finds_the_opening_of_the_server(other: Opening) -> None:
    set_house(House(Plan(load(BASELINE), opening=other)))
    try:
        assert chosen_plan("r1_demand_disappoints", "3", "12").opening is other
        assert "the books of June 2024" in str(mended('<body data-base-url="/jupyter/">'))
    finally:
        set_house(House(Plan(load(BASELINE))))


def test_the_file_of_the_page_is_dated_by_the_calendar_and_names_the_opening(other: Opening) -> None:
    plan = Plan(load(BASELINE), months=12, opening=other).with_parameter("power_price", 90, 2)
    plan = plan.with_strike("Star Lab", "stops paying", 3)
    text = plan.toml()
    assert text.splitlines()[0].endswith("--months 12 --opening elsewhere")
    assert 'start = "2024-09"' in text
    assert 'start = "2024-10"' in text
    usual = Plan(load(BASELINE)).toml()
    assert "--opening" not in usual.splitlines()[0]
    with pytest.raises(BadInput, match="the run ends in 2025-06"):
        plan.with_strike("Star Lab", "defaults", 12)


def test_runs_recorded_from_another_opening_are_shown_from_it(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(OPENINGS_FOLDER / DEFAULT_OPENING, folder)
    text = (folder / "meta.toml").read_text(encoding="utf-8")
    (folder / "meta.toml").write_text(text.replace('flagship = "OpenAI"', 'flagship = "Anthropic"'), encoding="utf-8")
    mine, root = opening_tables(folder), tmp_path / "results"
    for name, opening in (("mine", mine), ("usual", opening_tables())):
        economy = Plan(load(BASELINE), seed=3, months=1, opening=opening).open()
        economy.run(1)
        with run_folder(root / name) as stage:
            write_run(economy, stage, scenario=load(BASELINE), changed={}, seed=3, months=1)
    assert ["from mine" in run.words for run in find_runs(root)] == [True, False]
    for name, flagship in (("mine", "Anthropic"), ("usual", "OpenAI")):
        opened = open_single(root / name)
        assert opened.plan.opening.flagship == flagship
        assert opened.is_repeated(), name
    study = Study.model_validate({"months": 1, "opening": str(folder)})
    runner.sweep(study, tmp_path / "swept", workers=1, how="threads")
    shutil.rmtree(folder)
    opened = open_swept(tmp_path / "swept", 0)
    assert opened.plan.opening.flagship == "Anthropic"
    assert opened.is_repeated()
    with pytest.raises(BadInput, match="there is no opening"):
        open_single(root / "mine")
