"""Can everybody use the page: by keyboard, with a screen reader, with little contrast in their eyes?"""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from page_server import Visitor
from playwright.sync_api import expect

# What Vuetify itself does, and the page cannot change: its selects nest a button in a button.
GIVEN = {"nested-interactive"}
# Solara's own bar at the top while the browser waits.
WITHOUT = [[".v-progress-linear"]]


def mistakes(visitor: Any) -> list[str]:
    """What axe-core finds wrong on the page as it stands, with the element."""
    told = Axe().run(visitor.page, context={"exclude": WITHOUT}, options={"resultTypes": ["violations"]})
    return [
        f"{found['id']}: {node['html'][:120]}"
        for found in told.response["violations"]
        for node in found["nodes"]
        if found["impact"] in ("critical", "serious") and found["id"] not in GIVEN
    ]


TABS = ("What if", "Over time", "Who funds whom", "Failures", "Events", "Compare", "Files")


@pytest.mark.parametrize(("dark", "tabs"), [(False, TABS), (True, ("What if", "Who funds whom", "Failures"))])
def test_names_roles_and_contrast(visit: Any, dark: bool, tabs: tuple[str, ...]) -> None:
    visitor = visit(dark=dark).open()
    expect(visitor.page.locator(".iv-stage")).to_be_visible()
    visitor.page.wait_for_timeout(1000)  # buttons fade in
    assert mistakes(visitor) == []
    visitor.go(20)  # past the failure of the story
    for tab in tabs:
        visitor.tab(tab)
        visitor.page.wait_for_timeout(600)
        assert mistakes(visitor) == [], tab


def focused(visitor: Any) -> str:
    """Name of the control that has the focus."""
    return visitor.page.evaluate(
        """() => {
          const at = document.activeElement;
          const label = at.id && document.querySelector(`label[for="${at.id}"]`);
          return (at.getAttribute("aria-label") ?? label?.textContent ?? at.textContent ?? "").trim();
        }"""
    )


def test_the_keyboard_reaches_everything_and_the_focus_is_seen(visit: Any) -> None:
    visitor = visit().open()
    expect(visitor.page.locator(".iv-stage")).to_be_visible()
    reached: list[str] = []
    for _ in range(60):
        visitor.page.keyboard.press("Tab")
        reached.append(focused(visitor))
        unseen = visitor.page.evaluate(
            """() => {
              const at = document.activeElement;
              if (at === document.body) return false;
              return [at, ...at.querySelectorAll("*")].every((one) => {
                const box = one.getBoundingClientRect();
                return box.width === 0 || box.height === 0;
              });
            }"""
        )
        assert not unseen, f"the focus is on something that cannot be seen: {reached[-1]}"
    for name in ("Story", "Seed", "Months", "Play", "Network of firms", "loan", "Table", "Firm", "Over time"):
        assert any(one.lower().startswith(name.lower()) for one in reached), f"{name} is not among {reached}"


def test_a_run_and_a_firm_by_keyboard_alone(visit: Any) -> None:
    visitor = visit().open()
    stage = visitor.page.locator(".iv-stage")
    expect(stage).to_be_visible()
    visitor.page.keyboard.press(".")
    visitor.shows(1)
    visitor.page.keyboard.press(",")
    visitor.shows(0)
    for _ in range(20):
        if focused(visitor).startswith("Network of firms"):
            break
        visitor.page.keyboard.press("Tab")
    visitor.page.keyboard.press("ArrowRight")
    spoken = visitor.page.locator(".iv-network [aria-live]")
    name = spoken.inner_text().split(", ")[0]
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator(".id-name")).to_have_text(name)


def test_with_less_motion_a_failure_is_told_at_once(browser: Any, server: Any) -> None:
    context = browser.new_context(reduced_motion="reduce")
    visitor = Visitor(context.new_page(), server).open()
    expect(visitor.page.locator(".iv-stage")).to_be_visible()
    visitor.go(11)
    expect(visitor.page.locator(".iv-caption-news")).to_contain_text("OpenAI fails")
    context.close()
