"""The address names all that is on screen: what is written comes back, and mistakes are sentences."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.csv as csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from page_server import Visitor
from playwright.sync_api import expect

from abm.errors import BadInput
from abm.inputs.effects import EFFECTS
from abm.inputs.parameters import BY_NAME
from abm.inputs.scenarios import BASELINE, load
from experiments import cli
from viz.address import SIDES, TABS, State, read, write
from viz.languages import TAGS as LANGUAGES
from viz.parts.files import months_csv
from viz.plan import LARGEST_SEED, LONGEST, Plan
from viz.session import Session

START = Plan(load(BASELINE))
FREE = ("power_price", "demand_growth", "take_or_pay_scale", "max_ltv")


@st.composite
def states(draw: st.DrawFn) -> State:
    months = draw(st.integers(2, LONGEST))
    plan = Plan(
        load(draw(st.sampled_from((BASELINE, "r6_customer_concentration")))),
        seed=draw(st.integers(0, LARGEST_SEED)),
        months=months,
        central=draw(st.booleans()),
    )
    for _ in range(draw(st.integers(0, 5))):
        month = draw(st.integers(0, months - 1))
        known = BY_NAME[draw(st.sampled_from(FREE))]
        value = draw(st.floats(max(known.low, -1e6), min(known.high, 1e6)))
        blow = draw(st.sampled_from(EFFECTS))
        firm = draw(st.sampled_from(("OpenAI", "Oracle", "Entering cloud 2", "Google Cloud project 1")))
        size = draw(st.floats(0.01, 1.0)) if blow.size else None
        strikes = draw(st.booleans())
        try:
            plan = (
                plan.with_strike(firm, blow.name, month, size) if strikes
                else plan.with_parameter(known.name, value, month)
            )  # fmt: skip
        except BadInput:  # a blow that this plan cannot have
            continue
    return State(
        plan,
        draw(st.integers(0, months)),
        draw(st.sampled_from(("", "OpenAI", "Hyperion", "Entering cloud 1"))),
        draw(st.sampled_from(SIDES)),
        draw(st.sampled_from(TABS)),
        draw(st.booleans()),
        draw(st.sampled_from(("", *LANGUAGES))),
    )


@settings(max_examples=60, deadline=None)
@given(states())
def test_what_is_written_comes_back(state: State) -> None:
    again = read(write(state, START), START)
    assert again == state
    assert list(again.plan.changes) == list(state.plan.changes), "their order is that of the shocks"
    assert again.plan.toml() == state.plan.toml()


def test_of_what_is_left_out_the_server_decides() -> None:
    start = replace(START, seed=7, central=True, months=24)
    assert read("", start) == State(start)
    assert read(None, start) == State(start)
    named = read("scenario=R6", start)
    assert named.plan.base.name == "r6_customer_concentration"
    assert (named.plan.seed, named.plan.central, named.plan.months) == (7, True, 24)


def test_another_opening_of_the_model_is_opened() -> None:
    state = read("opening=2024-12-31&month=2025-06", START)
    assert state.plan.opening.name == "2024-12-31"
    assert state.month == 6
    assert read(write(state, START), START).plan.opening.name == "2024-12-31"


def test_a_story_that_has_no_name_here_has_no_address() -> None:
    told = START.base.model_copy(update={"name": "recorded"})
    assert write(State(replace(START, base=told)), START) == ""
    same_name = START.base.model_copy(update={"story": "Another one."})
    assert write(State(replace(START, base=same_name)), START) == ""
    own = replace(START, base=told)
    assert read(write(State(own), own), own) == State(own), "but where the server was started with it"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("evil=1", "the address may name scenario, opening"),
        ("seed=1&seed=2", "the address may name seed once, not 2 times"),
        ("scenario=R9", "scenario must be one of"),
        ("opening=/etc", "opening must be one of"),
        ("opening=../../x", "opening must be one of"),
        ("seed=-1", "seed must be a whole number"),
        ("months=9999", "months must be a whole number"),
        ("central=yes", "central must be 1"),
        ("month=2040-01", "month must be one of the months of the run"),
        ("month=soon", "month must be a month such as"),
        ("set=power_price", "set must be NAME:VALUE"),
        ("set=power_price:much", "'power_price' must be a number"),
        ("set=power_prise:1", "unknown parameter 'power_prise'"),
        ("set=power_price:90:2025-12", "the month from which power_price is set must be one of the months"),
        ("set=power_price:90:2027-01&set=power_price:95:2026-01", "in the order of its months"),
        ("strike=2027-01", "strike must be MONTH:EFFECT:FIRM"),
        ("strike=2027-01:dies:OpenAI", "with an effect of"),
        ("strike=2027-01:loses cash:OpenAI", "needs a size"),
        ("strike=2027-01:defaults:", "strike must be MONTH:EFFECT:FIRM"),
        ("strike=2027-01:defaults:Nobody", "unknown firm 'Nobody'"),
        ("strike=2050-01:defaults:OpenAI", "the month of a strike must be one of the months"),
        ("firm=Nobody", "unknown firm 'Nobody'"),
        ("tab=cellar", "tab must be one of time"),
        ("side=left", "side must be one of firm"),
        ("compare=2", "compare must be one of 0, 1"),
        ("lang=tlh", "lang must be one of en, ja"),
        ("seed=" + "1" * 9000, "the address may have 8,000 characters"),
        ("firm=%00%1b[31m", "unknown firm"),
    ],
)
def test_a_wrong_address_is_a_sentence(query: str, told: str) -> None:
    with pytest.raises(BadInput) as mistake:
        read(query, START)
    assert told in str(mistake.value)
    assert len(str(mistake.value).splitlines()) == 1


def test_the_page_shows_the_numbers_of_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    query = (
        "scenario=R6&seed=5&months=30&set=take_or_pay_scale:0.7&set=demand_growth:0.35:2026-09"
        "&strike=2027-02:loses cash:3.5:Oracle&strike=2027-06:defaults:OpenAI&month=2028-06"
    )
    state = read(query, START)
    session = Session(state.plan)
    session.restore(state.plan, state.month)
    session.start()
    number, report = 0, None
    while report is None or report.frame.month < state.month:
        number, report = session.wait(number, 60.0)
    session.stop()
    (tmp_path / "told.toml").write_text(state.plan.toml(), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    command = state.plan.toml().splitlines()[0].partition("invisible-debt ")[2].replace("FILE", "told.toml").split()
    with pytest.raises(SystemExit) as ended:
        cli.main([*command, "--out", "made"])
    assert not ended.value.code
    written = pq.read_table(tmp_path / "made" / "aggregates.parquet")
    for name, values in report.series.items():
        assert np.asarray(values, float).tobytes() == written[name].to_numpy().astype(float).tobytes(), name
    csv.write_csv(written, tmp_path / "made.csv")
    assert months_csv(state.plan, state.plan.months) == (tmp_path / "made.csv").read_bytes()


def test_reload_and_the_back_button_bring_back_what_was_on_screen(visit: Callable[..., Visitor]) -> None:
    visitor = visit().open("?scenario=R6&central=1&set=power_price:90&month=2026-06&firm=CoreWeave&tab=failures&seed=3")
    page = visitor.page
    visitor.shows(6)
    expect(page.locator(".id-firm-head")).to_contain_text("CoreWeave")
    expect(page.get_by_role("tab", name="Failures")).to_have_attribute("aria-selected", "true")
    page.wait_for_url("**month=2026-06&firm=CoreWeave&tab=failures&lang=en")
    page.locator(".id-strikes").get_by_role("button", name="Fails").click()
    visitor.shows(7)
    page.wait_for_url("**strike=2026-07:defaults:CoreWeave&month=2026-07&**")
    page.reload()
    visitor.shows(7)
    expect(page.locator(".id-why")).to_contain_text("You struck it")
    expect(page.locator(".id-firm-head")).to_contain_text("CoreWeave")
    page.go_back()
    visitor.shows(6)
    expect(page.locator(".id-why")).to_have_count(0)
    assert "strike" not in page.url
    page.go_forward()
    visitor.shows(7)
    expect(page.locator(".id-why")).to_contain_text("You struck it")
    # What was still being fetched when the page was left is given up: its picture, the modules of its widgets.
    given_up = re.compile(r"failed: (blob:.*|.*favicon\.svg)")
    visitor.mistakes[:] = [one for one in visitor.mistakes if not given_up.fullmatch(one)]
