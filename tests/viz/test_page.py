"""The live page in Chromium with no network but this machine: what a visitor sees and does."""

from __future__ import annotations

import io
import re
import time
from pathlib import Path

import pyarrow.csv
import pytest
from page_server import Visitor, served
from playwright.sync_api import expect

from abm.engine.tables import EVENT_NAMES
from abm.inputs.scenarios import load
from abm.simulation import open_economy
from experiments import runner
from experiments.results import run_folder, write_run
from experiments.study import Study
from viz.frames import frame
from viz.history import History
from viz.parts.story import TELLING

R6 = "r6_customer_concentration"


def test_it_plays_and_stops(visit):
    visitor = visit().open()
    page = visitor.page
    visitor.shot("opened")
    assert visitor.month() == 0
    page.click(".id-play")
    expect(page.locator(".id-play")).to_contain_text("Pause")
    page.wait_for_function("document.querySelector('.id-month').innerText.includes('2026')")
    page.click(".id-play")
    expect(page.locator(".id-play")).to_contain_text("Play")
    answered = visitor.month()
    time.sleep(1.0)  # Pause is answered at once; a month that was running is still finished
    stopped = visitor.month()
    assert 0 < answered <= stopped <= answered + 1
    time.sleep(1.0)
    assert visitor.month() == stopped


def test_step_back_and_reset(visit):
    visitor = visit().open()
    page = visitor.page
    page.get_by_role("button", name="One month on").click()
    visitor.shows(1)
    page.get_by_role("button", name="One month on").click()
    visitor.shows(2)
    page.get_by_role("button", name="One month back").click()
    visitor.shows(1)
    page.get_by_role("button", name="Back to the start").click()
    visitor.shows(0)


def test_keys(visit):
    visitor = visit().open()
    page = visitor.page
    for key, month in ((".", 1), (".", 2), (",", 1), ("r", 0)):
        page.keyboard.press(key)
        visitor.shows(month)
    page.keyboard.press("k")
    expect(page.locator(".id-play")).to_contain_text("Pause")
    page.keyboard.press("k")
    expect(page.locator(".id-play")).to_contain_text("Play")


def test_every_key_counts_for_itself_however_fast(visit):
    visitor = visit().open()
    page = visitor.page
    for keys, month in (("." * 20 + "," * 10, 10), ("r.r...,", 2), (",,,.", 1), ("r,..", 2)):
        for key in keys:
            page.keyboard.press(key)
        page.wait_for_timeout(300)
        visitor.shows(month)


def test_a_cascade_and_the_heading_are_of_one_month(visit):
    """At ten months a second too the month of a failure stays until what is told of it is told."""
    visitor = visit().open()
    page = visitor.page
    page.evaluate(
        """() => {
          window.told = [];
          const heading = document.querySelector(".id-month"), news = document.querySelector(".iv-caption-news");
          const look = () => {
            if (news.textContent) told.push([heading.textContent, news.textContent.split(",")[0]]);
            requestAnimationFrame(look);
          };
          look();
        }"""
    )
    page.locator(".id-speed").click()
    page.get_by_role("option", name="10 months a second").click()
    page.click(".id-play")
    page.wait_for_function("told.length > 30")
    page.click(".id-play")
    told = page.evaluate("told")
    late = [pair for pair in told if pair[0] != pair[1]]
    assert len(late) <= 0.3 * len(told), late  # words and picture come in two messages, one after the other


def test_a_firm_is_found_by_its_name_in_any_field(visit):
    """Also the one that is chosen already: of the whole list that is then offered, it is the first."""
    visitor = visit().open()
    page = visitor.page
    visitor.tab("What if")
    field = page.locator(".id-strike .v-autocomplete input").first
    for typed, name in (("OpenAI", "OpenAI"), ("oracle", "Oracle"), ("Oracle", "Oracle")):
        field.click()
        field.fill("")
        page.keyboard.type(typed)
        page.wait_for_timeout(300)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(field).to_have_value(name)


def test_on_top_stands_whose_debt_it_is_and_how_likely_it_fails(visit):
    visitor = visit().open("?scenario=r6&central=1")
    page = visitor.page
    expect(page.locator(".id-sum")).to_have_text("96 bn")
    told = page.locator(".id-debt")
    expect(told).to_contain_text("66 bn by companies founded for single data centres, 17.5 bn by clouds, 12.5 bn")
    expect(told).to_contain_text("of 500 worlds OpenAI defaults by 2030")
    visitor.go(11)
    expect(told).to_contain_text("It has failed: ")
    page.keyboard.press("r")
    expect(told).not_to_contain_text("failed: ")


def test_a_warning_ends_with_its_mistake(visit):
    visitor = visit().open("?scenario=nothing")
    page = visitor.page
    visitor.says("scenario must be one of")
    visitor.go(1)
    expect(page.locator(".id-note")).to_have_count(0)
    seed = page.get_by_label("Seed")
    for right in ("1", "5"):  # what it was, and another
        seed.fill("x")
        seed.press("Enter")
        visitor.says("seed must be a whole number")
        seed.fill(right)
        seed.press("Enter")
        expect(page.locator(".id-note")).to_have_count(0)
    visitor.tab("What if")
    field = page.locator(".id-value input[aria-label='power price']")
    for typed in ("many", "70"):
        field.fill(typed)
        field.press("Enter")
        expect(page.locator(".id-note")).to_have_count(int(typed == "many"))


def test_a_blow_that_is_not_seen_says_why(visit):
    visitor = visit().open("?scenario=baseline&central=1")
    page = visitor.page
    visitor.tab("What if")
    page.get_by_role("button", name="What happens").click()
    page.get_by_role("option", name="loses cash").click()
    page.locator(".id-strike").get_by_label("bn USD").fill("0.1")
    page.get_by_role("button", name="Strike").click()
    visitor.says("Nobody fails this month of what you did to OpenAI: it has ")
    visitor.go(2)
    expect(page.locator(".id-note")).to_have_count(0)


def test_the_blow_that_is_proposed_is_seen(visit):
    visitor = visit().open("?scenario=baseline&seed=4")
    page = visitor.page
    visitor.tab("What if")
    page.get_by_role("button", name="Strike").click()
    visitor.shows(1)
    expect(page.locator(".id-status")).to_contain_text("OpenAI failed this month")
    visitor.tab("Failures")
    expect(page.locator(".id-tab .id-line").first).to_contain_text("you made it fail")
    assert "its own doing" not in page.locator(".id-tab").inner_text()
    page.keyboard.press("r")
    visitor.shows(0)
    visitor.go(1)
    page.get_by_role("button", name="Strike").click()
    visitor.says("OpenAI has failed already")


def test_a_source_opens_the_fact_it_names(visit):
    visitor = visit().open()
    page = visitor.page
    visitor.tab("What if")
    page.locator(".id-cited summary", has_text="G5-026").first.click()
    told = page.locator(".id-cited[open]")
    expect(told).to_contain_text("Algorithmic efficiency: inference (net of hardware and margins): 3 x/yr")
    assert told.locator("a").get_attribute("href") == "https://arxiv.org/abs/2511.23455"


def test_contracts_and_loans_need_no_sideways_scroll(visit):
    visitor = visit().open()
    page = visitor.page
    for firm in ("OpenAI", "CoreWeave"):
        page.locator(".id-pick-firm input").first.fill(firm)
        page.get_by_role("option", name=firm, exact=True).click()
        expect(page.locator(".id-name")).to_have_text(firm)
        for part in ("Contracts (", "Debt and loans (", "Hardware"):
            page.locator("summary", has_text=part).click()
        wide = page.evaluate(
            "() => [...document.querySelectorAll('.id-side .id-scroll, .id-side-body')]"
            ".filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.innerText.slice(0, 40))"
        )
        assert wide == []
    heads = page.locator(".id-side th").all_inner_texts()
    assert "still to pay" in heads


@pytest.mark.parametrize(("width", "height"), [(640, 400), (640, 360), (390, 844), (360, 640), (1280, 800)])
def test_the_picture_is_in_the_first_screen(visit, width, height):
    """The first two are 1280 x 800 and 1280 x 720 at 200 %."""
    visitor = visit(width, height).open()
    box = visitor.page.locator(".iv-stage").bounding_box()
    assert box is not None
    assert min(height, box["y"] + box["height"]) - box["y"] > 0.5 * min(height, box["height"])
    assert visitor.page.locator(".id-play").bounding_box()["y"] < height


def test_printed_it_is_one_sheet_with_picture_sentence_charts_and_firm(visit):
    visitor = visit().open()
    page = visitor.page
    visitor.go(12)
    page.locator(".id-pick-firm input").first.fill("Oracle")
    page.get_by_role("option", name="Oracle", exact=True).click()
    expect(page.locator(".id-name")).to_have_text("Oracle")
    page.emulate_media(media="print")
    page.wait_for_timeout(300)
    # Whatever has its own scroll bars, or is only as high as the screen, would be cut off at the end of a sheet.
    cut = page.evaluate(
        """() => {
          const found = [];
          for (let e = document.querySelector(".id-page"); e; e = e.parentElement)
            if (e.scrollHeight > e.clientHeight + 1 && e !== document.documentElement) found.push(e.className);
          const side = document.querySelector(".id-side-body");
          return side.scrollHeight > side.clientHeight + 1 ? [...found, "firm"] : found;
        }"""
    )
    assert cut == []
    lines = page.evaluate(
        """() => [...document.querySelectorAll(".id-docked .uplot canvas")].map((sheet) => {
          const data = sheet.getContext("2d").getImageData(0, 0, sheet.width, sheet.height).data;
          let found = 0;
          for (let i = 0; i < data.length; i += 4) if (data[i + 3] && data[i + 2] - data[i] > 90) found += 1;
          return found;
        })"""
    )
    assert len(lines) == 4
    assert min(lines) > 10
    for part in (".id-debt", ".iv-stage canvas", ".id-status", ".id-name"):
        assert page.locator(part).first.bounding_box()["width"] > 50, part
    assert page.pdf(format="A4").count(b"/Type /Page\n") == 1


def test_the_failure_of_the_story_is_told(visit):
    visitor = visit().open()
    page = visitor.page
    below = page.locator(".id-below")
    visitor.go(1)
    before = below.bounding_box()
    visitor.go(11)
    expect(page.locator(".id-status")).to_contain_text("OpenAI failed this month")
    assert below.bounding_box() == before  # a longer sentence moves nothing
    expect(page.locator(".id-status")).to_contain_text("bn for firms that failed or behind capacity that")
    visitor.shot("openai-fails")
    visitor.tab("Failures")
    expect(page.locator(".id-line").first).to_contain_text("2026-11 OpenAI (lab)")
    visitor.shot("failures")
    visitor.tab("Events")
    expect(page.locator(".id-chosen").first).to_have_text(f"{len(TELLING)} of {len(EVENT_NAMES)} kinds")
    expect(page.locator(".id-chosen").filter(visible=True)).to_have_count(1)
    line = page.locator(".id-events li").filter(has_text="default").first
    expect(line).to_contain_text("OpenAI")
    page.keyboard.press("r")
    visitor.shows(0)
    line.get_by_role("button", name="2026-11").click()
    visitor.shows(11)
    line.get_by_role("button", name="OpenAI").click()
    expect(page.locator(".id-name")).to_have_text("OpenAI")
    expect(page.locator(".id-why")).to_contain_text("Why it failed")


def test_a_firm_opens_at_a_click_in_the_picture(visit):
    visitor = visit().open()
    page = visitor.page
    canvas = page.locator(".id-canvas canvas").first
    box = canvas.bounding_box()
    assert box is not None
    for part in [k / 40 for k in range(4, 38)]:  # down the lane of the large clouds
        page.mouse.click(box["x"] + 0.595 * box["width"], box["y"] + part * box["height"])
        if page.locator(".id-name").count():
            break
        time.sleep(0.2)
    expect(page.locator(".id-name")).to_be_visible()
    expect(page.locator(".id-firm-head")).to_contain_text("hyperscaler")
    visitor.shot("firm")


def test_a_firm_is_struck_and_the_loss_travels(visit):
    visitor = visit().open()
    page = visitor.page
    page.locator(".id-pick-firm input").first.fill("OpenAI")
    page.get_by_role("option", name="OpenAI", exact=True).click()
    page.get_by_role("button", name="Fails", exact=True).click()
    visitor.shows(1)
    expect(page.locator(".id-status")).to_contain_text("OpenAI failed this month")
    expect(page.locator(".id-why")).to_contain_text("2026-01  OpenAI (lab)")
    visitor.shot("struck")
    visitor.tab("What if")
    expect(page.locator(".id-made")).to_contain_text("OpenAI fails in 2026-01")
    page.get_by_role("button", name="Undo all of them").click()
    expect(page.locator(".id-made")).to_have_count(0)
    expect(page.locator(".id-status")).to_contain_text("no firm has failed")
    page.get_by_role("button", name="Strike").click()
    visitor.shows(2)
    expect(page.locator(".id-made")).to_contain_text("OpenAI fails in 2026-02")


def test_a_number_is_changed(visit):
    visitor = visit().open()
    page = visitor.page
    visitor.go(3)
    visitor.tab("What if")
    field = page.locator(".id-value input[aria-label='power price']")
    field.fill("120")
    field.press("Enter")
    expect(page.locator(".id-made")).to_contain_text("power price = 120 from 2026-04")
    page.get_by_text("numbers of the model").click()
    page.get_by_label("Search").fill("second-hand fall")
    expect(page.locator(".id-number").last).to_contain_text("price impact")
    page.get_by_text("No loans to clouds with more than half").click()
    expect(page.locator(".id-made")).to_contain_text("concentration cap = 0.5")
    visitor.shot("what-if")


@pytest.mark.parametrize("typed", ["<script>alert(1)</script>", "1e400", "../../etc/passwd", "9" * 400])
def test_hostile_words_in_a_field_are_only_a_message(visit, typed):
    visitor = visit().open()
    page = visitor.page
    visitor.tab("What if")
    field = page.locator(".id-value input[aria-label='power price']")
    field.fill(typed)
    field.press("Enter")
    visitor.says("power_price")
    seed = page.get_by_label("Seed")
    seed.fill(typed)
    seed.press("Enter")
    visitor.says("seed must be a whole number")
    assert page.locator(".id-made").count() == 0
    page.locator("h1").click()
    visitor.go(1)


@pytest.mark.parametrize(
    "query",
    [
        "?scenario=<script>alert(1)</script>",
        "?scenario=../../../etc/passwd",
        "?seed=99999999999999999999999",
        "?months=1000000",
        "?central=yes",
        "?evil=" + "x" * 1500,
    ],
)
def test_a_hostile_address_is_only_a_message(visit, query):
    visitor = visit().open(query)
    visitor.says("must be" if "evil" not in query else "the address may name")
    assert visitor.page.get_by_label("Seed").input_value() == "1"
    visitor.go(1)


@pytest.mark.parametrize("name", ["r1_demand_disappoints", "R1"])
def test_an_address_names_a_run(visit, name):
    visitor = visit().open(f"?scenario={name}&seed=7&months=24")
    expect(visitor.page.locator(".id-story")).to_contain_text("R1: demand disappoints")
    assert visitor.page.get_by_label("Seed").input_value() == "7"
    assert visitor.page.get_by_label("Months", exact=True).input_value() == "24"


def test_a_visitor_switches_between_the_world_of_the_seed_and_the_central_one(visit):
    visitor = visit().open("?seed=7&central=1&months=24")
    page = visitor.page
    switch = page.get_by_role("switch", name="Central")
    assert switch.is_checked()
    expect(page.locator(".id-bar .id-hint")).to_contain_text("with Central on it draws the luck alone")
    carried = []
    for central in (True, False):
        if not central:
            switch.click(force=True)
            visitor.shows(0)
        economy = open_economy(load(R6), seed=7, central=central)
        economy.run(2)
        carried.append(f"{sum(frame(economy, History()).carried.values()):,.0f}")
        visitor.go(2)
        expect(page.locator(".id-status")).to_contain_text(f"Others carry {carried[-1]} bn USD")
    assert not switch.is_checked()
    assert carried[0] != carried[1]


def downloaded(visitor: Visitor, label: str) -> bytes:
    with visitor.page.expect_download() as waiting:
        visitor.page.get_by_role("button", name=label).click()
    return Path(waiting.value.path()).read_bytes()


def test_the_page_shows_the_numbers_of_a_run_and_its_file_repeats_them(visit, tmp_path):
    visitor = visit().open()
    page = visitor.page
    visitor.go(6)
    visitor.tab("What if")
    page.get_by_role("button", name="Strike").click()
    visitor.shows(7)
    page.locator("h1").click()
    visitor.go(12)
    visitor.tab("Files")
    scenario = tmp_path / "made.toml"
    scenario.write_bytes(downloaded(visitor, "Scenario"))
    economy = open_economy(load(scenario), seed=1)
    economy.run(12)
    rows = economy.rows("series")
    carried = rows["look_through"][-1]
    expect(page.locator(".id-status")).to_contain_text(f"Others carry {carried:,.0f} bn USD")
    table = pyarrow.csv.read_csv(io.BytesIO(downloaded(visitor, "Months (CSV)")))
    assert table["debt"].to_pylist() == pytest.approx(rows["debt"].tolist(), rel=1e-12)
    assert downloaded(visitor, "Figure").startswith(b"\x89PNG")
    assert downloaded(visitor, "Months (Parquet)").startswith(b"PAR1")
    assert downloaded(visitor, "All tables").startswith(b"PK")


def test_recorded_runs_are_opened(visit, tmp_path):
    study = {"months": 8, "replicates": 2, "factors": {"power_price": [60.0, 90.0]}}
    runner.sweep(Study.model_validate(study), tmp_path / "swept", workers=1)
    economy = open_economy(load("r1_demand_disappoints"), seed=5)
    economy.run(7)
    with run_folder(tmp_path / "single") as stage:
        write_run(economy, stage, scenario=load("r1_demand_disappoints"), changed={}, seed=5, months=7)
    with served("baseline", "--runs", str(tmp_path)) as own:
        visitor = visit(at=own).open()
        page = visitor.page
        visitor.tab("Files")

        def choose(name: str) -> None:
            page.get_by_role("button", name="A recorded run or sweep").click()
            page.get_by_role("option", name=name).click()

        choose("swept")
        page.get_by_label("Run number").fill("<i>4</i>")
        page.get_by_role("button", name="Open", exact=True).click()
        visitor.says("the run must be a whole number from 0 to 3")
        expect(page.locator(".id-note.warning--text")).to_have_count(1)
        page.get_by_label("Run number").fill("3")
        page.get_by_role("button", name="Open", exact=True).click()
        visitor.says("Run 3 of swept was run again: every number is the recorded one.")
        visitor.shows(8)
        assert page.get_by_label("Seed").input_value() == "2"
        visitor.shot("recorded")
        expect(page.locator(".id-note.success--text")).to_have_count(1)
        expect(page.locator(".id-note")).to_have_count(0, timeout=12_000)  # it leaves by itself
        choose("single")
        page.get_by_role("button", name="Open", exact=True).click()
        visitor.says("single was run again: every number is the recorded one.")
        visitor.shows(7)


def test_the_baseline_is_compared(visit):
    visitor = visit().open()
    visitor.go(11)
    visitor.tab("Compare")
    page = visitor.page
    page.get_by_role("button", name="Compare with the baseline").click()
    row = page.locator(".id-table tr").filter(has_text="firms failed so far")
    expect(row).to_have_text(re.compile(r"firms\s*1\s*0"))
    pictures = page.locator(".id-canvas .iv-stage")
    expect(pictures).to_have_count(2)
    expect(page.locator(".id-apart")).to_contain_text("Failed in your run alone: OpenAI.")
    mine, base = (pictures.nth(i).bounding_box() for i in (0, 1))
    assert (mine["y"], mine["width"]) == (base["y"], base["width"])
    assert mine["x"] + mine["width"] <= base["x"]
    expect(page.locator(".id-canvas .iv-caption-month")).to_have_text(["November 2026", "November 2026"])
    visitor.shot("compare")
    page.mouse.wheel(0, 600)
    expect(page.locator(".id-play")).to_be_in_viewport()
    page.set_viewport_size({"width": 390, "height": 844})
    visitor.page.wait_for_timeout(300)
    mine, base = (pictures.nth(i).bounding_box() for i in (0, 1))
    assert mine["y"] + mine["height"] <= base["y"], "on a phone one above the other"


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1920, 1080)])
def test_picture_sentence_and_charts_are_seen_together(visit, width, height):
    visitor = visit(width, height).open()
    page = visitor.page
    expect(page.locator(".id-docked .uplot")).to_have_count(4)
    visitor.go(1)
    for part in (".id-play", ".id-status", ".id-canvas .iv-stage", ".id-docked .iv-grid"):
        box = page.locator(part).bounding_box()
        assert box["y"] >= 0, part
        assert box["y"] + box["height"] <= height, part


def test_two_visitors_have_two_runs(visit):
    one, two = visit().open(), visit().open("?seed=3")
    one.go(4)
    assert two.month() == 0
    two.go(2)
    assert one.month() == 4


def test_a_closed_tab_ends_its_run(visit):
    with served("baseline") as alone:
        visitor = visit(at=alone).open()
        page = visitor.page
        page.get_by_label("Months", exact=True).fill("360")
        page.keyboard.press("Enter")
        page.locator(".id-speed").click()
        page.get_by_role("option", name="20 months a second").click()
        page.click(".id-play")
        expect(page.locator(".id-play")).to_contain_text("Pause")
        playing = alone.busy(2.0)
        page.close()
        end = time.monotonic() + 8.0  # the run itself would take 18 seconds
        while (left := alone.busy(2.0)) > 0.2 * playing and time.monotonic() < end:
            pass
        assert left <= 0.2 * playing


def test_when_every_seat_is_taken_a_page_says_so(visit, browser):
    with served("baseline", "--sessions", "2") as small:
        one, two = visit(at=small).open(), visit(at=small).open()
        context = browser.new_context()
        late = context.new_page()
        answer = late.goto(small.url)
        assert answer is not None
        assert answer.status == 503
        expect(late.locator("h1")).to_have_text("Every seat is taken")
        one.go(1)
        one.page.close()
        end = time.monotonic() + 20.0
        while late.goto(small.url).status == 503 and time.monotonic() < end:
            time.sleep(0.5)
        expect(late.locator(".id-play")).to_be_visible(timeout=60_000)
        two.go(1)
        context.close()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("dark", [False, True])
def test_nothing_is_wider_than_the_screen(visit, width, dark):
    visitor = visit(width, 1400, dark).open()
    page = visitor.page
    visitor.go(11)
    for tab, shown in (
        ("Over time", "Price of AI work"),
        ("Who funds whom", "Who lends"),
        ("Failures", "its own doing"),
        ("Events", "Kinds of event"),
        ("Files", "Scenario (TOML)"),
    ):
        visitor.tab(tab)
        expect(page.locator(".id-tab").get_by_text(shown).first).to_be_visible()
        time.sleep(0.4)  # marks fade and cascades run
        visitor.shot(f"{width}-{'dark' if dark else 'light'}-{tab.lower().replace(' ', '-')}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        wide = page.evaluate(
            "() => [...document.querySelectorAll('.id-page *')].filter((e) => !e.closest('.id-scroll, .v-slide-group')"
            " && e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.className).slice(0, 5)"
        )
        assert wide == []
