"""The guided story: what its scenes say is what the runs say, and a visitor is led through it, or not."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect
from test_page_access import mistakes

from abm.accounts.statement import defaults, look_through
from abm.engine.tables import CHANNEL_NAMES
from viz.guide import STRUCK, WATCHED, Scene, run, script
from viz.house import house
from viz.languages import TAGS, language
from viz.parts.ending import BEARERS, because, losses
from viz.parts.guide import asked_for


@pytest.fixture(scope="module")
def scenes() -> dict[str, Scene]:
    found = script(house().plan)
    assert [one.name for one in found] == [
        "borrowed", "promised", "weak", "follows", "follows", "spread", "strong", "healed", "odds",
    ]  # fmt: skip
    return {one.name: one for one in found}  # of two scenes of a name the later


def test_a_failure_spreads_in_the_weak_market_and_in_the_strong_one_it_does_not(scenes: dict[str, Scene]) -> None:
    weak, strong = scenes["weak"].plan, scenes["strong"].plan
    assert (weak.seed, weak.strikes) == (strong.seed, strong.strikes)  # the same world, luck and blow
    firm = weak.opening.flagship
    first = run(weak).after(firm)[0]
    assert max(first.causes, key=lambda cause: cause.weight).parent == firm
    spread, healed = scenes["spread"].numbers, scenes["healed"].numbers
    assert float(spread["followers"]) > 0.0 == float(healed["followers"])
    assert float(spread["now"]) > float(spread["before"])
    assert float(healed["now"]) < float(healed["before"])


def test_the_numbers_are_those_of_the_runs(scenes: dict[str, Scene]) -> None:
    weak = scenes["weak"].plan
    economy = weak.open()
    carried = look_through(economy, "OpenAI").carried_by_others
    assert scenes["borrowed"].numbers["total"] == pytest.approx(sum(carried.values()), rel=1e-6)
    assert scenes["borrowed"].numbers["count"] == len(carried)
    economy.run(STRUCK + WATCHED)
    failed = [one for one in defaults(economy) if one.fails]
    at_once = [one for one in failed if one.month == STRUCK]
    assert [one.firm for one in at_once] == ["OpenAI"]
    # Credit, contracts and shares are never one sum.
    assert scenes["weak"].numbers["credit"] == pytest.approx(at_once[0].loss_credit, abs=0.05)
    assert scenes["weak"].numbers["claims"] == pytest.approx(at_once[0].loss_claims, abs=0.05)
    assert scenes["weak"].numbers["equity"] == pytest.approx(at_once[0].loss_equity, abs=0.05)
    follow = {one.firm for one in failed if one.month >= STRUCK} - {"OpenAI"}
    assert scenes["spread"].numbers["followers"] == len(follow)
    alone = weak.as_chosen().open()
    alone.run(STRUCK + WATCHED)
    anyway = {one.firm for one in defaults(alone) if one.fails}
    assert scenes["spread"].numbers["anyway"] == len(follow & anyway)
    assert scenes["spread"].numbers["now"] == economy.rows("series")["orphaned"][-1]
    assert np.isfinite([float(one) for one in scenes["odds"].numbers.values() if not isinstance(one, str)]).all()


@pytest.mark.parametrize("tag", TAGS)
def test_every_scene_is_told_in_about_a_minute(tag: str) -> None:
    words, takes = language(tag), 0.0
    for scene in script(house().plan):
        assert scene.title(words)
        assert not re.search(r"[{}$]|nan|None", scene.told(words))
        takes += scene.seconds(words)
    assert 40.0 < takes < 80.0


@pytest.mark.parametrize("tag", TAGS)
def test_any_cause_has_words(scenes: dict[str, Scene], tag: str) -> None:
    scene, told = scenes["follows"], set()
    for channel in (*CHANNEL_NAMES, "own"):
        other = replace(scene, numbers={**scene.numbers, "channel": channel, "others": 0, "lent": "yes"})
        told.add(other.told(language(tag)))
    assert len(told) == len(CHANNEL_NAMES) + 1


def test_the_page_of_another_opening_has_no_guide() -> None:
    start = house().plan
    assert script(replace(start, opening=replace(start.opening, name="mine"))) == ()


def test_an_address_that_leads_elsewhere_does_not_start_it() -> None:
    assert [asked_for(one) for one in ("", None, "?guide=1", "guide=0", "seed=3&months=12", "lang=ja")] == [
        "ask", "ask", "yes", "no", "no", "ask",
    ]  # fmt: skip


def test_a_visitor_is_led_through_and_takes_over(visit: Any) -> None:
    visitor = visit().open("?guide=1")
    page = visitor.page
    card, title = page.locator(".iv-guide-card"), page.locator(".iv-guide-title")
    expect(card).to_be_visible()
    card.get_by_role("button", name="Pause").click()
    expect(title).to_have_text("Who borrowed for whom")
    assert mistakes(visitor) == []
    page.keyboard.press("ArrowRight")
    expect(title).to_contain_text("promised")
    expect(page.locator(".id-name")).to_have_text("OpenAI")
    page.keyboard.press("ArrowRight")
    visitor.shows(STRUCK)
    expect(page.locator(".iv-caption-news")).to_contain_text("OpenAI fails")
    page.keyboard.press("ArrowLeft")
    visitor.shows(0)
    page.keyboard.press("ArrowRight")
    visitor.shows(STRUCK)
    page.keyboard.press(".")  # the visitor takes over: the run stays where he has it
    visitor.shows(STRUCK + 1)
    expect(card).to_be_hidden()
    page.goto(f"{visitor.server.url}/?guide=1")  # the address had become that of the run; Escape skips
    expect(card).to_be_visible()
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    # Who has seen it is not asked again.
    page.goto(f"{visitor.server.url}/")
    expect(page.get_by_role("button", name="Guided story")).to_be_visible()
    expect(card).to_be_hidden()


def test_losses_of_a_run_are_kept_apart_by_who_bears_them(scenes: dict[str, Scene]) -> None:
    failures = run(scenes["weak"].plan).failures
    found = losses(failures)
    assert found["claims"][0][0] != found["credit"][0][0]  # contracts of a lab without debt are no credit losses
    for bearer in BEARERS:
        assert sum(lost for _, lost in found[bearer]) == pytest.approx(
            sum(getattr(one, f"loss_{bearer}") for one in failures), abs=0.01
        )
    follower = next(one for one in failures if one.firm == "CoreWeave")
    assert because(follower) == "OpenAI"
    assert losses(()) == {bearer: [] for bearer in BEARERS}
