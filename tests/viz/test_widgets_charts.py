from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from conftest import settled
from hypothesis import given, settings
from hypothesis import strategies as st

from viz.widgets import ChartData, Charts

HOSTILE = '<img src="http://evil.test/x.png" onerror="window.hit = 1">'
PANELS = [
    {"title": "Prices", "unit": "index", "about": "What work costs.", "log": True,
     "series": [{"name": "token", "column": "token"}, {"name": "rent", "column": "rent"}]},
    {"title": "Debt", "unit": "bn USD", "series": [{"name": "all", "column": "debt"}]},
]  # fmt: skip


def data(months: int, run: str = "a", scale: float = 1.0, first: int = 1) -> ChartData:
    steps = scale * np.arange(1.0, months + 1.0)
    return ChartData(run, first, {"token": 100.0 / steps, "rent": steps, "debt": 10.0 * steps})


def floats(told: bytes) -> list[float]:
    return np.frombuffer(told, "<f4").tolist()


def values(stage: Any) -> list[str]:
    return stage.page.locator(".iv-value b").all_inner_texts()


def width_of_plot(stage: Any, panel: int) -> Any:
    return stage.page.locator(".u-over").nth(panel).bounding_box()


def test_only_new_months_travel() -> None:
    charts = Charts(opening="2025-12", panels=PANELS, data=data(10))
    assert charts.history["data"]["months"] == 10
    assert charts.history["columns"] == ["token", "rent", "debt"]
    before = charts.history
    charts.data = data(12)
    assert charts.history is before
    assert (charts.tail["which"], charts.tail["at"]) == ("data", 10)
    assert floats(charts.tail["values"])[2:] == [11.0, 12.0, 110.0, 120.0]
    charts.data = data(12)
    assert charts.tail["at"] == 10, "nothing new, nothing sent"


STEPS = st.tuples(st.sampled_from(["data", "baseline"]), st.sampled_from("ab"), st.integers(0, 30))


@given(st.lists(STEPS, max_size=20))
@settings(deadline=None, max_examples=60)
def test_what_has_travelled_is_what_python_holds(steps: list[tuple[str, str, int]]) -> None:
    """A browser that takes in every message as the module does ends with the arrays of the last assignment."""
    charts = Charts(opening="2025-12", panels=PANELS)
    held: dict[str, Any] = {}

    def on_history(change: Any) -> None:
        told = change["new"]
        held.clear()
        for which in Charts.WHICH:
            if which in told:
                held[which] = np.frombuffer(told[which]["values"], "<f4").reshape(3, -1)

    def on_tail(change: Any) -> None:
        told = change["new"]
        if told:
            more = np.frombuffer(told["values"], "<f4").reshape(3, -1)
            assert held[told["which"]].shape[1] == told["at"]
            held[told["which"]] = np.hstack([held[told["which"]], more])

    charts.observe(on_history, "history")
    charts.observe(on_tail, "tail")
    last: dict[str, ChartData] = {}
    for which, run, months in steps:
        last[which] = data(months, run, 2.0 if run == "b" else 1.0)
        setattr(charts, which, last[which])
    for which, wanted in last.items():
        expected = np.array([wanted.values[name] for name in ("token", "rent", "debt")], "<f4")
        assert np.array_equal(held.get(which, np.zeros((3, 0))), expected)


def test_columns_that_a_run_lacks_stay_blank() -> None:
    charts = Charts(opening="2025-12", panels=PANELS, data=ChartData("a", 1, {"debt": [1.0, 2.0]}))
    told = np.frombuffer(charts.history["data"]["values"], "<f4").reshape(3, 2)
    assert np.isnan(told[:2]).all()
    assert told[2].tolist() == [1.0, 2.0]
    charts.panels = PANELS[1:]
    assert charts.history["columns"] == ["debt"]


def test_a_browser_that_missed_something_is_told_everything() -> None:
    charts = Charts(opening="2025-12", panels=PANELS, data=data(4))
    charts.data = data(6)
    assert charts.history["data"]["months"] == 4
    charts._handle_custom_msg({"ask": "history"}, [])
    assert charts.history["data"]["months"] == 6
    assert charts.tail == {}


def test_the_newest_values_stand_in_the_panels_and_follow_increments(stage: Any) -> None:
    page = stage()
    charts = Charts(opening="2025-12", panels=PANELS, data=data(10), baseline=data(20, "b", 2.0), until=24)
    page.show(charts)
    settled(page.page)
    assert values(page) == ["10", "10", "100"]
    assert page.page.locator(".iv-value").nth(2).inner_text().split() == ["all", "100", "baseline", "200"]
    charts.data = data(12)
    page.update(tail=charts.tail)
    settled(page.page)
    assert values(page) == ["8.33", "12", "120"]
    assert "Nov" not in page.page.locator(".iv-charts-note").inner_text()
    assert page.page.locator(".iv-charts-note").inner_text().startswith("Values of Dec 2026 · dashed: baseline")
    assert page.page.evaluate("model.sent") == []


def test_a_gap_in_what_arrived_makes_the_browser_ask(stage: Any) -> None:
    page = stage()
    charts = Charts(opening="2025-12", panels=PANELS, data=data(10))
    page.show(charts)
    charts.data = data(12)
    charts.data = data(14)
    page.update(tail=charts.tail)  # months 11 and 12 never came
    assert page.page.evaluate("model.sent") == [{"ask": "history"}]
    charts._handle_custom_msg({"ask": "history"}, [])
    page.update(tail=charts.tail, history=charts.history)
    settled(page.page)
    assert values(page)[2] == "140"


def test_a_view_opened_later_shows_all_that_has_arrived(stage: Any) -> None:
    """The page may take a chart down and put it up again: what came in between is kept with the model."""
    page = stage()
    charts = Charts(opening="2025-12", panels=PANELS, data=data(10))
    page.show(charts)
    charts.data = data(12)
    state = {**charts.get_state(), "history": charts.history, "tail": charts.tail}
    page.page.evaluate("stop()")
    assert page.page.evaluate("model.listeners()") == 0
    page.page.evaluate("document.getElementById('here').replaceChildren()")
    charts_again = Charts(opening="2025-12", panels=PANELS)
    charts_again.set_trait("history", state["history"])
    charts_again.set_trait("tail", state["tail"])
    page.show(charts_again)
    settled(page.page)
    assert values(page)[2] == "120"


def test_the_pointer_and_the_scrubbed_month_choose_the_values(stage: Any) -> None:
    page = stage()
    page.show(Charts(opening="2025-12", panels=PANELS, data=data(11), until=11, cursor=4))
    settled(page.page)
    assert values(page)[2] == "40"
    box = width_of_plot(page, 1)
    page.page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 40)
    settled(page.page)
    assert values(page)[2] == "70"
    assert values(page)[1] == "7", "the other panel reads the same month"
    page.page.mouse.click(box["x"] + box["width"] * 0.6, box["y"] + 40)
    assert page.value("clicked_month") == {"month": 7, "count": 1}
    page.page.mouse.move(2, 2)
    settled(page.page)
    assert values(page)[2] == "40"
    page.update(cursor=-1)
    settled(page.page)
    assert values(page)[2] == "110"


def test_rendered_before_it_is_on_the_page_it_fits_all_the_same(stage: Any) -> None:
    page = stage()
    page.show(Charts(opening="2025-12", panels=PANELS, data=data(11)), late=100)
    page.page.wait_for_timeout(100)
    assert values(page)[2] == "110"
    panel, plot = page.page.locator(".iv-panel").first.bounding_box(), width_of_plot(page, 0)
    assert plot["width"] > 0.7 * panel["width"]


def test_months_by_keyboard(stage: Any) -> None:
    page = stage()
    page.show(Charts(opening="2025-12", panels=PANELS, data=data(11)))
    page.page.locator(".iv-grid").focus()
    for key in ("ArrowLeft", "ArrowLeft", "Enter"):
        page.page.keyboard.press(key)
    assert page.value("clicked_month") == {"month": 9, "count": 1}
    spoken = page.page.locator("[aria-live]").inner_text()
    assert spoken.startswith("Sep 2026: Prices, index: token 11.1, rent 9; Debt, bn USD: all 90")
    page.page.keyboard.press("PageUp")
    page.page.keyboard.press("Enter")
    assert page.value("clicked_month") == {"month": 1, "count": 2}


def test_failures_stand_on_the_line_of_time(stage: Any) -> None:
    page = stage()
    marks = [{"month": 3, "text": "Star Lab"}, {"month": 3, "text": "Cloud"}, {"month": 9, "text": HOSTILE}]
    page.show(Charts(opening="2025-12", panels=PANELS, data=data(11), marks=marks, until=48))
    told = page.page.locator(".iv-mark")
    assert told.first.inner_text() == "Star Lab +1"
    assert told.first.get_attribute("aria-label") == "Failed: Star Lab, Cloud, Mar 2026"
    assert HOSTILE in told.nth(1).get_attribute("title")
    told.nth(1).click()
    assert page.value("clicked_month")["month"] == 9
    page.update(marks=[])
    assert page.page.locator(".iv-line-title").inner_text() == "No failures so far"
    assert told.count() == 0


def test_crowded_failures_cover_no_name(stage: Any) -> None:
    page = stage(390, 844)
    marks = [{"month": month, "text": f"Firm number {month}"} for month in (3, 5, 6, 20, 22, 40, 47, 48)]
    page.show(Charts(opening="2025-12", panels=PANELS, data=data(48), marks=marks, until=48))
    settled(page.page)
    boxes = page.page.evaluate(
        """[...document.querySelectorAll(".iv-mark")].filter((mark) => mark.textContent).map((mark) => {
          const range = document.createRange();
          range.selectNodeContents(mark);
          const box = range.getBoundingClientRect();
          return [box.left, box.top, box.right, box.bottom];
        })"""
    )
    assert len(boxes) >= 3
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] + 1 or b[3] <= a[1] + 1


def test_numbers_that_change_move_nothing(stage: Any) -> None:
    page = stage()
    charts = Charts(opening="2025-12", panels=PANELS, data=data(3), until=48)
    page.show(charts)
    settled(page.page)
    where = "[...document.querySelectorAll('.iv-panel, .u-over')].map((e) => JSON.stringify(e.getBoundingClientRect()))"
    before = page.page.evaluate(where)
    charts.data = data(40, "other", 123456.789)
    page.update(tail=charts.tail, history=charts.history)
    settled(page.page)
    assert values(page)[2] == "49,382,716"
    assert page.page.evaluate(where) == before


def test_the_explanation_opens_and_closes(stage: Any) -> None:
    page = stage()
    page.show(Charts(opening="2025-12", panels=PANELS, data=data(3)))
    ask = page.page.get_by_role("button", name="What am I looking at: Prices")
    ask.click()
    assert page.page.get_by_text("What work costs.").is_visible()
    assert ask.get_attribute("aria-expanded") == "true"
    ask.click()
    assert not page.page.get_by_text("What work costs.").is_visible()


@pytest.mark.parametrize(
    ("panels", "given"),
    [
        ([], None),
        (PANELS, None),
        (PANELS, ChartData("a", 1, {})),
        (PANELS, ChartData("a", 1, {"token": [np.nan, -1.0], "rent": [np.inf, 1.0], "debt": [np.nan] * 2})),
        (PANELS, ChartData("a", 1, {"token": [-1.0], "rent": [0.0], "debt": [-5.0]})),
        ([{"title": HOSTILE, "about": HOSTILE, "series": [{"name": HOSTILE, "column": "debt"}]}], data(3)),
    ],
)
def test_odd_data_draw_what_can_be_drawn(stage: Any, panels: Any, given: Any) -> None:
    page = stage(390, 844)
    page.show(Charts(opening="2025-12", panels=panels, data=given, cursor=2, marks=[{"month": 2, "text": HOSTILE}]))
    page.page.locator(".iv-grid").focus()
    page.page.keyboard.press("ArrowLeft")
    page.page.wait_for_timeout(100)
    assert page.page.evaluate("window.hit") is None
    assert page.page.locator("img").count() == 0
    assert page.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_change_of_colours_keeps_the_lines(stage: Any) -> None:
    page = stage()
    page.show(Charts(opening="2025-12", panels=PANELS, data=data(30)))
    settled(page.page)
    page.update(dark=True)
    settled(page.page)
    assert page.page.locator("canvas").count() == 2
    assert values(page)[2] == "300"


def test_all_panels_download_as_one_png(stage: Any, tmp_path: Any) -> None:
    page = stage()
    page.show(Charts(opening="2025-12", panels=PANELS, data=data(30), baseline=data(30, "b", 2.0)))
    settled(page.page)
    with page.page.expect_download() as got:
        page.page.get_by_role("button", name="PNG").click()
    got.value.save_as(tmp_path / "charts.png")
    assert (tmp_path / "charts.png").read_bytes()[:4] == b"\x89PNG"


def test_months_and_years_are_those_after_the_opening(stage: Any) -> None:
    page = stage()
    page.show(Charts(opening="2024-06", panels=PANELS, data=data(40), until=40))
    settled(page.page)
    assert page.page.locator(".iv-charts-note").inner_text().startswith("Values of Oct 2027")
    years = page.page.locator(".iv-year")
    assert years.all_inner_texts() == ["2025", "2026", "2027"]
    places = [years.nth(k).bounding_box()["x"] for k in range(3)]  # type: ignore[index]
    page.update(opening="2025-12")
    settled(page.page)
    assert years.all_inner_texts()[0] == "2026"
    assert page.page.locator(".iv-charts-note").inner_text().startswith("Values of Apr 2029")
    assert years.nth(0).bounding_box()["x"] < places[0]  # type: ignore[index]
