"""Visitors may act before what they typed is rendered: another thread may be rendering. The newest must count."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ipyvuetify
import pytest
import solara

from abm.inputs import parameters
from abm.inputs.scenarios import load
from abm.simulation import open_economy
from experiments.results import run_folder, write_run
from viz.house import House, set_house
from viz.parts.controls import ChoiceFields
from viz.parts.files import Open
from viz.parts.whatif import Number, Strike
from viz.plan import Plan
from viz.session import Session


class Asked:
    """Stands in for a session: what it was asked."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *given, **named: self.calls.append((name, *given))


@pytest.fixture(scope="module")
def report() -> Iterator[Any]:
    session = Session(Plan(load("baseline")))
    session.start()
    yield session.wait(0, 60.0)[1]
    session.stop()
    assert session.join(10.0)


def field(shown: Any, label: str) -> Any:
    kinds = (ipyvuetify.Select, ipyvuetify.Autocomplete, ipyvuetify.TextField)
    return next(w for kind in kinds for w in shown.find(kind).widgets if w.label == label)


def press(shown: Any, words: str) -> None:
    next(w for w in shown.find(ipyvuetify.Btn).widgets if words in w.children).click()


def test_the_run_just_chosen_is_opened(tmp_path: Path) -> None:
    set_house(House(Plan(load("baseline")), runs=tmp_path))
    for seed in (1, 2):
        economy = open_economy(load("baseline"), seed=seed)
        economy.run(2)
        with run_folder(tmp_path / f"seed{seed}") as stage:
            write_run(economy, stage, scenario=load("baseline"), changed={}, seed=seed, months=2)
    session, notes = Asked(), []
    _, shown = solara.render(Open(session, notes.append), handle_error=False)
    field(shown, "A recorded run or sweep").v_model = "seed1"
    with shown:
        field(shown, "A recorded run or sweep").v_model = "seed2"
        press(shown, "Open")
    assert notes == ["seed2 was run again: every number is the recorded one."]
    assert session.calls[0][1].seed == 2


def test_the_blow_just_chosen_is_struck(report: Any) -> None:
    session = Asked()
    _, shown = solara.render(Strike(report, session, -1), handle_error=False)
    field(shown, "What happens").v_model = "loses cash"
    with shown:
        field(shown, "Firm").v_model = "CoreWeave"
        field(shown, "bn USD").v_model = "7"
        press(shown, "Strike")
    assert session.calls == [("strike", "CoreWeave", "loses cash", 7.0)]


def test_the_number_just_typed_is_set(report: Any) -> None:
    session = Asked()
    _, shown = solara.render(Number(parameters.BY_NAME["power_price"], report, session), handle_error=False)
    typed = shown.find(ipyvuetify.TextField).widget
    with shown:
        typed.v_model = "120"
        typed.fire_event("keydown.enter", {})
    assert session.calls == [("set_parameter", "power_price", "120")]


def test_story_and_seed_just_chosen_are_run(report: Any) -> None:
    session = Asked()
    _, shown = solara.render(ChoiceFields(report, session, lambda _: None), handle_error=False)
    with shown:
        field(shown, "Story").v_model = "r1_demand_disappoints"
        field(shown, "Seed").v_model = "9"
        field(shown, "Seed").fire_event("keydown.enter", {})
    plan = session.calls[-1][1]
    assert (plan.base.name, plan.seed) == ("r1_demand_disappoints", 9)


def test_a_field_left_untouched_asks_for_nothing(report: Any) -> None:
    session = Asked()
    _, choices = solara.render(ChoiceFields(report, session, lambda _: None), handle_error=False)
    _, number = solara.render(Number(parameters.BY_NAME["power_price"], report, session), handle_error=False)
    for one in (field(choices, "Seed"), field(choices, "Months"), number.find(ipyvuetify.TextField).widget):
        one.fire_event("blur", {})
    assert session.calls == []


def test_what_is_taken_back_before_it_is_rendered_is_heard_once(report: Any) -> None:
    session = Asked()
    _, shown = solara.render(Number(parameters.BY_NAME["power_price"], report, session), handle_error=False)
    typed = shown.find(ipyvuetify.TextField).widget
    was = typed.v_model
    with shown:
        for text in ("120", was):
            typed.v_model = text
            typed.fire_event("keydown.enter", {})
            typed.fire_event("blur", {})
    assert session.calls == [("set_parameter", "power_price", "120"), ("set_parameter", "power_price", was)]
    session.calls.clear()
    _, shown = solara.render(ChoiceFields(report, session, lambda _: None), handle_error=False)
    seed = field(shown, "Seed")
    with shown:
        for text in ("7", "1"):
            seed.v_model = text
            seed.fire_event("keydown.enter", {})
            seed.fire_event("blur", {})
    assert [plan.seed for _, plan in session.calls] == [7, 1]
