from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import settled
from PIL import Image
from playwright.sync_api import expect
from widget_stage import encoded

from abm.errors import BadInput
from viz.widgets import NetworkView, network_firms, network_frame
from viz.widgets.bundle import module

NAMES = ["Big Bank", "Cloud One", "Star Lab", "Chip Maker"]
KINDS = ["lender", "neocloud", "lab", "vendor"]
PLACES = ([0.0, 0.5, 1.0, 0.5], [0.5, 0.2, 0.5, 0.9])
HOSTILE = '<img src="http://evil.test/x.png" onerror="window.hit = 1"><script>window.hit = 1</script>'
CASCADE = [
    {"round": 1, "firms": [2], "edges": [{"source": 2, "target": 1, "channel": "customer", "amount": 4.0}]},
    {"round": 2, "firms": [1], "edges": [{"source": 1, "target": 0, "channel": "counterparty", "amount": 2.0}]},
]
NOWHERE = {"source": 50, "target": 99, "channel": "x", "amount": 1.0}


def frame(month: int = 0, **given: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "month": month,
        "label": f"2026-{month:02d}",
        "size": [100.0, 30.0, 20.0, 50.0],
        "health": [0, 1, 2, 0],
        "source": [1, 2, 1, 2],
        "target": [0, 1, 3, 0],
        "kind": [0, 1, 2, 3],
        "amount": [10.0, 40.0, 5.0, 1.0],
    }
    return network_frame(**{**told, **given})


def network(**given: Any) -> NetworkView:
    return NetworkView(**{"firms": network_firms(NAMES, KINDS, *PLACES), "frame": frame(), **given})


def middle_of(stage: Any, firm: int) -> tuple[float, float]:
    """Where on the page a firm stands: lanes fill the stage but for its margins (26 at the sides, 74 and 50)."""
    box = stage.page.locator(".iv-stage").bounding_box()
    x = box["x"] + 26 + PLACES[0][firm] * (box["width"] - 52)
    return x, box["y"] + 74 + PLACES[1][firm] * (box["height"] - 124)


def pixels(stage: Any, canvas: int, colour: str) -> int:
    """How many pixels of a canvas have about the colour of a style variable."""
    return stage.page.evaluate(
        """([canvas, colour]) => {
          const root = document.querySelector(".iv");
          const sheet = root.querySelectorAll(".iv-stage canvas")[canvas];
          const copy = Object.assign(document.createElement("canvas"), {width: sheet.width, height: sheet.height});
          const pen = copy.getContext("2d", {willReadFrequently: true});
          pen.fillStyle = getComputedStyle(root).getPropertyValue(colour).trim();
          pen.fillRect(0, 0, 1, 1);
          const wanted = pen.getImageData(0, 0, 1, 1).data;
          pen.clearRect(0, 0, 1, 1);
          pen.drawImage(sheet, 0, 0);
          const data = pen.getImageData(0, 0, sheet.width, sheet.height).data;
          let found = 0;
          for (let i = 0; i < data.length; i += 4) {
            const off = [0, 1, 2].reduce((sum, c) => sum + Math.abs(data[i + c] - wanted[c]), 0);
            if (data[i + 3] > 40 && off < 40) found += 1;
          }
          return found;
        }""",
        [canvas, colour],
    )


def test_frames_travel_as_bytes() -> None:
    told = frame()
    assert np.frombuffer(told["amount"], "<f4").tolist() == [10.0, 40.0, 5.0, 1.0]
    assert np.frombuffer(told["source"], "<i4").tolist() == [1, 2, 1, 2]
    assert np.frombuffer(told["health"], "<u1").tolist() == [0, 1, 2, 0]


def test_lengths_that_differ_are_refused() -> None:
    with pytest.raises(BadInput, match="source 4, target 4, amount 3, kind 4"):
        frame(amount=[1.0, 2.0, 3.0])
    with pytest.raises(BadInput, match="names 4, kinds 4, x 2, y 4"):
        network_firms(NAMES, KINDS, [0.0, 1.0], PLACES[1])


def test_firms_and_edges_are_drawn_in_the_colours_of_their_state(stage: Any) -> None:
    page = stage()
    page.show(network())
    settled(page.page)
    for colour in ("--iv-sound", "--iv-strained", "--iv-distressed"):
        assert pixels(page, 2, colour) > 30, colour
    for colour in ("--iv-loan", "--iv-compute", "--iv-order"):
        assert pixels(page, 0, colour) > 30, colour
    assert pixels(page, 2, "--iv-failed") == 0
    page.update(frame=frame(1, health=[0, 1, 3, 0]))
    page.page.wait_for_timeout(500)
    assert pixels(page, 2, "--iv-failed") > 30
    assert page.page.locator(".iv-caption-month").inner_text() == "2026-01"


def test_rendered_before_it_is_on_the_page_it_has_its_colours_all_the_same(stage: Any) -> None:
    page = stage()
    page.show(network(), late=100)
    page.page.wait_for_timeout(100)
    assert pixels(page, 2, "--iv-strained") > 30
    assert pixels(page, 0, "--iv-loan") > 30


def test_a_kind_of_line_can_be_hidden_and_shown_again(stage: Any) -> None:
    page = stage()
    page.show(network())
    settled(page.page)
    before = pixels(page, 0, "--iv-compute")
    button = page.page.get_by_role("button", name="compute contract")
    assert before > 100
    button.click()
    settled(page.page)
    assert pixels(page, 0, "--iv-compute") == 0
    assert button.get_attribute("aria-pressed") == "false"
    button.click()
    settled(page.page)
    assert pixels(page, 0, "--iv-compute") == before


def test_small_lines_are_hidden_from_an_amount_on_and_told_to_the_picture_beside(stage: Any) -> None:
    page = stage()
    page.show(network())
    settled(page.page)
    assert pixels(page, 0, "--iv-loan") > 30
    slider = page.page.get_by_role("slider", name="Hide lines below an amount")
    slider.focus()
    for _ in range(6):
        slider.press("ArrowRight")
    settled(page.page)
    assert page.page.locator(".iv-least-told").inner_text() == "below $30 bn hidden"
    assert page.value("lines") == {"hidden": [], "least": 30}
    assert pixels(page, 0, "--iv-loan") == 0, "the loan is of 10 bn"
    assert pixels(page, 0, "--iv-compute") > 30, "the contract of 40 bn stays"
    page.update(lines={"hidden": [1], "least": 0})
    settled(page.page)
    assert pixels(page, 0, "--iv-loan") > 30
    assert pixels(page, 0, "--iv-compute") == 0


def test_lines_of_a_chosen_firm_keep_their_colour_and_the_others_are_grey(stage: Any) -> None:
    page = stage()
    page.show(network(selected=2))
    settled(page.page)
    assert pixels(page, 0, "--iv-compute") > 30, "Star Lab has promised it"
    assert pixels(page, 0, "--iv-loan") == 0, "Cloud One owes it"
    assert pixels(page, 0, "--iv-line") > 30


def test_two_pictures_have_one_layout_and_one_scale(stage: Any) -> None:
    """What each is given room for is the same, however large its firms are in this run."""
    sizes = [100.0, 30.0, 20.0, 50.0]
    shared = {"largest": 100.0, "total": 200.0, "most": 40.0}
    seen = []
    for factor in (1.0, 0.2):
        page = stage()
        firms = network_firms(NAMES, KINDS, *PLACES, room=sizes)
        shown = frame(size=[factor * size for size in sizes], shared=shared, apart=[0, 0, 2, 0])
        page.show(network(firms=firms, frame=shown))
        settled(page.page)
        page.page.mouse.click(*middle_of(page, 1))
        assert page.value("clicked")["firm"] == 1
        seen.append(pixels(page, 2, "--iv-sound"))
        assert pixels(page, 2, "--iv-focus") > 30, "a firm that stands otherwise is ringed"
    assert seen[1] < 0.5 * seen[0]


def test_months_asked_for_are_saved_as_a_video(stage: Any, tmp_path: Path) -> None:
    page = stage(640, 700)
    credited = {"title": "A story, seed 1", "source": "Source: here"}
    page.show(network(credit=credited))
    page.update(film={"first": 1, "last": 2, "count": 1})
    page.update(frame=frame(1, cascade=CASCADE))
    expect(page.page.get_by_role("button", name="Stop recording")).to_be_visible()
    with page.page.expect_download(timeout=20_000) as waiting:
        page.page.wait_for_timeout(600)
        page.update(frame=frame(2))
    waiting.value.save_as(tmp_path / "video.webm")
    written = (tmp_path / "video.webm").read_bytes()
    assert written[:4] == b"\x1aE\xdf\xa3", "WebM begins so"
    page.page.wait_for_function("model.get('filmed')?.count === 1")
    assert page.value("filmed")["size"] == len(written) > 5_000
    assert page.page.get_by_role("button", name="Record a video").get_attribute("aria-pressed") == "false"
    assert waiting.value.suggested_filename == "invisible-debt.webm"


def test_a_still_has_its_caption_and_its_source(stage: Any, tmp_path: Path) -> None:
    page = stage()
    told = []
    for source in ("", "Source: Invisible Debt"):
        page.show(network(credit={"title": "A story, seed 1", "source": source}))
        settled(page.page)
        with page.page.expect_download() as waiting:
            page.page.get_by_role("button", name="Download as PNG").last.click()
        waiting.value.save_as(tmp_path / "still.png")
        with Image.open(tmp_path / "still.png") as still:
            box = page.page.locator(".iv-stage").last.bounding_box()
            assert still.height > box["height"] + 40, "there is a strip below the picture"
            told.append(np.asarray(still.convert("L"))[-24:])
    assert (told[0] != told[1]).any()


def test_a_click_on_a_firm_is_told_each_time_and_one_beside_lets_go(stage: Any) -> None:
    page = stage()
    page.show(network())
    settled(page.page)
    page.page.mouse.click(*middle_of(page, 2))
    assert page.value("clicked") == {"firm": 2, "count": 1}
    page.page.mouse.click(*middle_of(page, 2))
    assert page.value("clicked") == {"firm": 2, "count": 2}
    x, y = middle_of(page, 0)
    page.page.mouse.click(x + 200, y + 200)
    assert page.value("clicked")["firm"] == -1


def test_the_pointer_reads_off_firms_and_edges(stage: Any) -> None:
    page = stage()
    page.show(network())
    settled(page.page)
    page.page.mouse.move(*middle_of(page, 1))
    told = page.page.locator(".iv-tip").inner_text()
    assert told.splitlines()[0] == "Cloud One"
    assert "neocloud, strained" in told
    assert "$30 bn" in told
    assert "owes on loans $10 bn (1 firm)" in told
    assert "has sold compute for $40 bn" in told
    # The only edge between lab and lender is bent to one side of the straight line between them.
    (x0, y0), (x1, _) = middle_of(page, 2), middle_of(page, 0)
    page.page.mouse.move((x0 + x1) / 2, y0 + (x1 - x0) * 0.13 / 2)
    assert "equity: Star Lab has issued shares to Big Bank $1 bn" in page.page.locator(".iv-tip").inner_text()


def test_drag_and_keys_move_the_picture_and_a_drag_is_no_click(stage: Any) -> None:
    page = stage()
    page.show(network())
    page.page.locator(".iv-stage").focus()
    page.page.keyboard.press("+")
    page.page.keyboard.press("+")
    x, y = middle_of(page, 1)
    page.page.mouse.move(x, y)
    page.page.mouse.down()
    page.page.mouse.move(x + 60, y + 40, steps=4)
    page.page.mouse.up()
    assert page.value("clicked") in (None, {})
    page.page.keyboard.press("0")
    settled(page.page)
    page.page.mouse.click(x, y)
    assert page.value("clicked")["firm"] == 1


def test_the_wheel_scrolls_the_page_until_the_picture_is_entered(stage: Any) -> None:
    page = stage(height=500)
    page.show(network())
    x, y = middle_of(page, 1)
    page.page.mouse.move(x, y)
    page.page.mouse.wheel(0, 150)
    page.page.wait_for_function("scrollY > 0")
    page.page.locator(".iv-stage").focus()
    page.page.evaluate("scrollTo(0, 0)")
    page.page.mouse.move(x, y + 1)
    page.page.mouse.wheel(0, -300)
    page.page.wait_for_timeout(200)
    assert page.page.evaluate("scrollY") == 0
    page.page.mouse.click(x, y)
    assert page.value("clicked")["firm"] == 1, "the point under the pointer stays when zooming"


def test_by_keyboard_alone(stage: Any) -> None:
    page = stage()
    page.show(network())
    page.page.keyboard.press("Tab")
    assert page.page.evaluate("document.activeElement.className") == "iv-stage"
    page.page.keyboard.press("ArrowRight")  # enters at the largest
    spoken = page.page.locator("[aria-live]")
    assert spoken.inner_text().startswith("Big Bank")
    page.page.keyboard.press("ArrowRight")
    assert spoken.inner_text().startswith("Cloud One")
    page.page.keyboard.press("ArrowDown")
    assert spoken.inner_text().startswith("Chip Maker")
    page.page.keyboard.press("Enter")
    assert page.value("clicked") == {"firm": 3, "count": 1}
    page.page.keyboard.press("Escape")
    assert page.value("clicked") == {"firm": -1, "count": 2}


def test_the_table_says_the_same_in_words(stage: Any) -> None:
    page = stage()
    page.show(network())
    page.page.get_by_role("button", name="Table").click()
    rows = page.page.locator("tbody tr")
    assert rows.count() == 4
    assert rows.nth(1).inner_text().split("\t") == ["Cloud One", "neocloud", "$30 bn", "strained", "$15 bn", "$40 bn"]
    rows.nth(3).get_by_role("button").click()
    assert page.value("clicked")["firm"] == 3


def test_a_cascade_runs_round_by_round_with_the_channels_named(stage: Any) -> None:
    page = stage()
    page.show(network())
    settled(page.page)
    assert pixels(page, 2, "--iv-loss") == 0
    page.update(frame=frame(1, cascade=CASCADE, health=[0, 3, 3, 0]))
    news = page.page.locator(".iv-caption-news")
    page.page.wait_for_function("document.querySelector('.iv-caption-news').textContent.includes('round 1 of 2')")
    assert news.inner_text() == "2026-01, round 1 of 2: Star Lab fails · loss travels by customer"
    page.page.wait_for_function("document.querySelector('.iv-caption-news').textContent.includes('round 2 of 2')")
    assert "Cloud One fails · loss travels by counterparty" in news.inner_text()
    page.page.wait_for_timeout(1600)
    assert pixels(page, 2, "--iv-loss") > 500, "the finished picture stays while the month does"
    page.update(frame=frame(2))
    page.page.wait_for_function("document.querySelector('.iv-caption-news').textContent === ''", timeout=5000)
    page.page.wait_for_timeout(2200)  # the picture fades
    assert pixels(page, 2, "--iv-loss") == 0


def test_a_cascade_can_be_replayed(stage: Any) -> None:
    page = stage()
    page.show(network(frame=frame(1, cascade=CASCADE)))
    page.page.wait_for_function("document.querySelector('.iv-caption-news').textContent.includes('round 2 of 2')")
    page.page.get_by_role("button", name="Replay cascade").click()
    page.page.wait_for_function("document.querySelector('.iv-caption-news').textContent.includes('round 1 of 2')")
    page.update(frame=frame(2))
    assert page.page.get_by_role("button", name="Replay cascade").count() == 0


def test_going_back_in_time_ends_the_animation(stage: Any) -> None:
    page = stage()
    page.show(network(frame=frame(5, cascade=CASCADE)))
    page.page.wait_for_function("document.querySelector('.iv-caption-news').textContent !== ''")
    page.update(frame=frame(3))
    page.page.wait_for_function("document.querySelector('.iv-caption-news').textContent === ''", timeout=1000)


def test_with_less_motion_a_cascade_is_there_at_once_and_nothing_moves(stage: Any) -> None:
    page = stage(reduced_motion="reduce")
    page.show(network(frame=frame(1, cascade=CASCADE)))
    settled(page.page)
    assert "round 2 of 2" in page.page.locator(".iv-caption-news").inner_text()
    drawn = page.page.locator(".iv").get_attribute("data-drawn")
    page.page.wait_for_timeout(300)
    assert page.page.locator(".iv").get_attribute("data-drawn") == drawn


def test_at_rest_nothing_is_drawn(stage: Any) -> None:
    page = stage()
    page.show(network())
    page.page.wait_for_timeout(300)
    drawn = page.page.locator(".iv").get_attribute("data-drawn")
    page.page.wait_for_timeout(300)
    assert page.page.locator(".iv").get_attribute("data-drawn") == drawn


@pytest.mark.parametrize("width", [1280, 390])
def test_hostile_names_stay_text(stage: Any, width: int) -> None:
    page = stage(width)
    caption = {"text": HOSTILE, "x": 0.5, "y": 0.0}
    firms = network_firms([HOSTILE] * 4, KINDS, *PLACES, captions=[caption], size_note=HOSTILE)
    losses = [{"source": 2, "target": 1, "channel": HOSTILE, "amount": 4.0}]
    cascade = [{"round": 1, "firms": [2], "edges": losses}]
    page.show(network(firms=firms, frame=frame(1, label=HOSTILE, cascade=cascade)))
    page.page.get_by_role("button", name="Table").click()
    page.page.locator(".iv-stage").focus()
    page.page.keyboard.press("ArrowRight")
    page.page.wait_for_timeout(300)
    assert HOSTILE in page.page.locator(".iv-tip").inner_text()
    assert page.page.evaluate("window.hit") is None
    assert page.page.locator("img, .iv script").count() == 0


@pytest.mark.parametrize(
    ("firms", "shown"),
    [
        ({}, {}),
        (network_firms([], [], [], []), network_frame(0, "", [], [])),
        (network_firms(["A", "B"], ["lab", "what?"], [np.nan, np.inf], [0.5, -9.0]), frame()),
        (
            network_firms(NAMES, KINDS, *PLACES),
            frame(size=[np.nan, -1.0, np.inf, 0.0], health=[9, 0, 0, 0], amount=[np.nan, np.inf, -3.0, 0.0]),
        ),
        (network_firms(NAMES, KINDS, *PLACES), frame(source=[9, -1, 0, 1], target=[0, 1, 0, 99], kind=[0, 1, 2, 200])),
        (network_firms(NAMES, KINDS, *PLACES), network_frame(3, "x", [1.0], [0])),
        (
            network_firms(NAMES, KINDS, *PLACES),
            frame(cascade=[{**CASCADE[0], "firms": [99]}, {"round": 2, "firms": [], "edges": [NOWHERE]}]),
        ),
    ],
)
def test_odd_data_draw_what_can_be_drawn(stage: Any, firms: Any, shown: Any) -> None:
    page = stage()
    page.show(NetworkView(firms=firms, frame=shown))
    page.page.mouse.move(640, 300)
    page.page.locator(".iv-stage").focus()
    page.page.keyboard.press("ArrowRight")
    page.page.keyboard.press("Enter")
    page.update(frame=frame(2))
    page.update(firms=network_firms(NAMES, KINDS, *PLACES))
    page.page.wait_for_timeout(200)
    assert pixels(page, 2, "--iv-sound") > 30


def test_firms_may_enter_during_the_run(stage: Any) -> None:
    page = stage()
    page.show(network())
    settled(page.page)
    more = network_firms([*NAMES, "Newcomer"], [*KINDS, "entrant"], [*PLACES[0], 0.75], [*PLACES[1], 0.8])
    page.update(firms=more)
    page.update(frame=frame(1, size=[100.0, 30.0, 20.0, 50.0, 5.0], health=[0] * 5))
    page.page.wait_for_timeout(300)
    page.page.get_by_role("button", name="Table").click()
    assert page.page.locator("tbody tr").last.inner_text().startswith("Newcomer")


def test_buffers_that_lie_unaligned_in_memory_are_read(stage: Any) -> None:
    page = stage()
    page.show(network())
    page.page.evaluate(
        """() => {
          const shifted = (view) => {
            const whole = new Uint8Array(view.byteLength + 1);
            whole.set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength), 1);
            return new DataView(whole.buffer, 1);
          };
          const frame = model.get("frame");
          model.update({});
          model.state.frame = Object.fromEntries(Object.entries(frame).map(
            ([name, value]) => [name, value instanceof DataView ? shifted(value) : value]));
          for (const act of model.heard["change:frame"]) act();
        }"""
    )
    settled(page.page)
    page.page.mouse.move(*middle_of(page, 1))
    assert "owes on loans $10 bn" in page.page.locator(".iv-tip").inner_text()


def test_taken_from_the_page_it_leaves_nothing_behind(stage: Any) -> None:
    page = stage()
    page.show(network(frame=frame(1, cascade=CASCADE)))
    page.page.wait_for_timeout(100)
    page.page.evaluate("stop()")
    assert page.page.evaluate("model.listeners()") == 0
    assert page.page.locator(".iv").count() == 0
    page.update(frame=frame(2), dark=True)
    page.page.set_viewport_size({"width": 700, "height": 700})
    page.page.wait_for_timeout(200)


@pytest.mark.parametrize("dark", [False, True])
def test_narrow_screens_need_no_sideways_scrolling(stage: Any, dark: bool) -> None:
    page = stage(390, 844)
    page.show(network(dark=dark))
    settled(page.page)
    assert page.page.evaluate("document.documentElement.scrollWidth") <= 390
    paper = page.page.evaluate("getComputedStyle(document.querySelector('.iv')).backgroundColor")
    assert (paper != "rgb(255, 255, 255)") == dark


def test_the_picture_downloads_as_png(stage: Any, tmp_path: Any) -> None:
    page = stage()
    page.show(network())
    settled(page.page)
    with page.page.expect_download() as got:
        page.page.get_by_role("button", name="Download as PNG").click()
    assert got.value.suggested_filename == "network-2026-00.png"
    got.value.save_as(tmp_path / "picture.png")
    told = (tmp_path / "picture.png").read_bytes()
    assert told[:8] == b"\x89PNG\r\n\x1a\n"
    assert len(told) > 5000


def test_names_cover_neither_marks_nor_names(stage: Any) -> None:
    """The placing of names alone, on a crowd of firms."""
    page = stage()
    placed = page.page.evaluate(
        """async (text) => {
          const url = URL.createObjectURL(new Blob([text], {type: "text/javascript"}));
          const {placeLabels} = await import(url);
          let seed = 1;
          const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
          const firms = Array.from({length: 120}, (_, row) => ({
            row, text: "Firm number " + row, x: 800 * random(), y: 500 * random(), radius: 3 + 20 * random(),
          }));
          const solid = firms.map(({x, y, radius: r}) => ({box: [x - r, y - r, x + r, y + r]}));
          const long = (words) => 6 * words.length;
          return {
            solid: solid.map((one) => one.box),
            names: placeLabels(firms, solid, new Map(), long, 800, 500, 200).map((one) => one.box),
          };
        }""",
        module("labels.js"),
    )
    names = placed["names"]
    assert len(names) > 15

    def touch(a: list[float], b: list[float]) -> bool:
        return a[0] < b[2] and a[2] > b[0] and a[1] < b[3] and a[3] > b[1]

    assert not [(a, b) for i, a in enumerate(names) for b in names[:i] if touch(a, b)]
    assert not [(a, b) for a in names for b in placed["solid"] if touch(a, b)]
    assert all(a[0] >= 0 and a[1] >= 0 and a[2] <= 800 and a[3] <= 500 for a in names)


def test_the_table_comes_to_rest_on_the_last_month(stage: Any) -> None:
    page = stage()
    page.show(network())
    page.page.get_by_role("button", name="Table").click()
    size = page.page.locator("tbody tr").nth(1).locator("td").nth(2)
    for month, owned in ((1, 31.0), (2, 32.0), (0, 33.0)):  # quick steps, the last of them back
        page.update(frame=frame(month, size=[100.0, owned, 20.0, 50.0]))
    page.page.wait_for_function("document.querySelectorAll('tbody tr')[1].cells[2].textContent === '$33 bn'")
    page.page.wait_for_timeout(1100)
    assert size.inner_text() == "$33 bn"


def test_what_the_pointer_reads_follows_the_month(stage: Any) -> None:
    page = stage()
    page.show(network())
    settled(page.page)
    page.page.mouse.move(*middle_of(stage=page, firm=2))
    tip = page.page.locator(".iv-tip")
    assert "$20 bn" in tip.inner_text()
    page.update(frame=frame(1, size=[100.0, 30.0, 21.0, 50.0]))
    page.page.wait_for_function("document.querySelector('.iv-tip').textContent.includes('$21 bn')", timeout=3000)


def test_a_firm_that_has_failed_owns_nothing_in_words(stage: Any) -> None:
    page = stage()
    page.show(network(frame=frame(health=[0, 3, 4, 0])))
    settled(page.page)
    page.page.get_by_role("button", name="Table").click()
    sizes = [page.page.locator("tbody tr").nth(row).locator("td").nth(2).inner_text() for row in range(4)]
    assert sizes == ["$100 bn", "–", "–", "$50 bn"]
    page.page.mouse.move(*middle_of(page, 2))
    lines = page.page.locator(".iv-tip").inner_text().split("\n")
    assert lines[:2] == ["Star Lab", "AI lab, failed earlier"]
    assert not [line for line in lines if "what it owns" in line]
    page.page.mouse.move(*middle_of(page, 0))
    assert "what it owns $100 bn" in page.page.locator(".iv-tip").inner_text()


LABELS = """async ([text, firms, marks]) => {
  const {placeLabels} = await import(URL.createObjectURL(new Blob([text], {type: "text/javascript"})));
  const solid = marks.map(({row, x, y, radius: r}) => ({row, box: [x - r, y - r, x + r, y + r]}));
  return placeLabels(firms, solid, new Map(), (words) => 6 * words.length, 800, 500, 200);
}"""


def test_a_name_stands_beside_its_own_mark_or_nowhere(stage: Any) -> None:
    """To the right the mark of another begins where the name ends, above and below there are others too."""
    page = stage()
    one = {"row": 0, "text": "AI credit fund 5", "kind": "lender", "x": 300, "y": 250, "radius": 4}
    long = 6 * len(one["text"])
    others = [
        {"row": 1, "x": 300 + 4 * 1.15 + 5 + long + 2 + 6, "y": 250, "radius": 5},
        {"row": 2, "x": 300, "y": 270, "radius": 8},
        {"row": 3, "x": 300, "y": 230, "radius": 8},
    ]
    marks = [{**one}, *others]
    (placed,) = page.page.evaluate(LABELS, [module("labels.js"), [one], marks])
    assert placed["align"] == "right", "on the left there is room"
    marks.append({"row": 4, "x": 300 - long - 20, "y": 250, "radius": 8})
    assert page.page.evaluate(LABELS, [module("labels.js"), [one], marks]) == []


def test_a_name_on_a_mark_lies_within_it(stage: Any) -> None:
    page = stage()
    for kind, height in (("lender", 1.48), ("hyperscaler", 1.77), ("neocloud", 1.9), ("lab", 2.0)):
        for radius in range(8, 47):
            one = {"row": 0, "text": "IG bond fund 1", "kind": kind, "x": 400, "y": 250, "radius": radius}
            for placed in page.page.evaluate(LABELS, [module("labels.js"), [{**one, "roomy": True}], [one]]):
                if placed["side"] == 0:
                    assert 14 * len(placed["lines"]) <= height * radius
                    if kind == "lab":
                        assert np.hypot(placed["box"][2] - 400, placed["box"][3] - 250) <= radius


# Notes where each text was last written: [left, top, right, bottom].
WRITTEN = """() => {
  const write = CanvasRenderingContext2D.prototype.fillText;
  window.written = {};
  CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
    const half = this.measureText(text).width;
    const left = this.textAlign === "center" ? x - half / 2 : this.textAlign === "right" ? x - half : x;
    window.written[text] = [left, y - 7, left + half, y + 7];
    return write.apply(this, arguments);
  };
}"""


@pytest.mark.parametrize(("health", "on_it"), [(0, True), (1, False), (2, False), (3, False), (4, False)])
def test_nothing_is_written_over_the_pattern_of_a_mark(stage: Any, health: int, on_it: bool) -> None:
    """A large cloud bears its name while it is sound; else its dot, stripes or cross are free of it."""
    page = stage()
    page.page.evaluate(WRITTEN)
    firms = network_firms(["Bank", "AWS", "Lab", "Chips"], ["lender", "hyperscaler", "lab", "vendor"], *PLACES)
    page.show(NetworkView(firms=firms, frame=frame(size=[1.0, 1000.0, 1.0, 1.0], health=[0, health, 0, 0])))
    settled(page.page)
    x, y = middle_of(page, 1)
    box = page.page.locator(".iv-stage").bounding_box()
    left, top, right, bottom = page.page.evaluate("written['AWS']")
    covered = left < x - box["x"] < right and top < y - box["y"] < bottom
    assert covered == on_it


def test_what_is_told_of_a_cascade_belongs_to_the_month_shown(stage: Any) -> None:
    page = stage()
    page.show(network(frame=frame(1, cascade=CASCADE)))
    told = "document.querySelector('.iv-caption-news').textContent"
    page.page.wait_for_function(f"{told}.startsWith('2026-01, round 1')")
    page.update(frame=frame(2))
    page.page.wait_for_function(f"{told} === ''", timeout=1000)
    assert pixels(page, 2, "--iv-loss") == 0, "its losses leave with it"
    page.update(frame=frame(3, cascade=CASCADE))
    page.page.wait_for_function(f"{told}.startsWith('2026-03, round 1')")
    page.update(frame=frame(3, cascade=CASCADE[1:]))  # another run of the same month
    page.page.wait_for_function(f"{told} === '2026-03, Cloud One fails · loss travels by counterparty'")
    page.update(frame=frame(3))
    page.page.wait_for_function(f"{told} === ''", timeout=1000)


def test_a_cascade_runs_in_the_time_that_its_month_stays(stage: Any) -> None:
    page = stage()
    page.show(network(frame=frame(1, cascade=CASCADE, hold=0.2)))
    told = "document.querySelector('.iv-caption-news').textContent"
    page.page.wait_for_function(f"{told}.includes('round 2 of 2')", timeout=1200)  # without, the first takes 1.1 s


# How a frame is drawn where each picture takes a while: by a clock that the test turns.
CLOCKED = """() => {
  window.clock = {now: 1000, waiting: []};
  window.requestAnimationFrame = (act) => clock.waiting.push(act);
  performance.now = () => clock.now;
  window.pictures = (count, each) => {
    for (let i = 0; i < count; i++) {
      clock.now += each;
      for (const act of clock.waiting.splice(0)) act(clock.now);
    }
  };
}"""


def test_motion_is_smooth_again_after_a_hiccup(stage: Any) -> None:
    page = stage()
    page.page.evaluate(CLOCKED)
    page.show(network())
    page.page.wait_for_function("document.querySelector('.iv-stage canvas').width > 300")
    drawn = "Number(document.querySelector('.iv').dataset.drawn ?? 0)"

    def smooth(month: int, each: int) -> bool:
        """Whether a new month is reached in several pictures, each of which takes so long (ms)."""
        page.page.evaluate("(each) => pictures(Math.ceil(500 / each), each)", each)
        before = page.page.evaluate(drawn)
        page.update(frame=frame(month, size=[100.0 + 10 * month, 30.0, 20.0, 50.0]))
        page.page.evaluate("(each) => pictures(Math.ceil(500 / each), each)", each)
        return page.page.evaluate(drawn) - before > 2

    months = iter(range(1, 100))
    assert [smooth(next(months), 16) for _ in range(3)][-1]
    assert not [smooth(next(months), 130) for _ in range(8)][-1], "each picture takes too long"
    assert [smooth(next(months), 16) for _ in range(12)][-1]


def test_a_small_loss_is_not_named_where_a_large_one_is_not(stage: Any) -> None:
    """Losses between the same two firms are one, named by the channel of most of it; crumbs have no name at all."""
    page = stage()
    page.page.evaluate(WRITTEN)
    page.show(network())
    settled(page.page)
    losses = [
        {"source": 2, "target": 0, "channel": "counterparty", "amount": 1.0},
        {"source": 2, "target": 0, "channel": "customer", "amount": 49.0},
        {"source": 2, "target": 1, "channel": "customer", "amount": 0.5},
        {"source": -1, "target": 3, "channel": "market", "amount": 7.0},
    ]
    page.update(frame=frame(1, cascade=[{"round": 1, "firms": [2], "edges": losses}]))
    page.page.wait_for_function("window.written['mostly customer $50 bn'] !== undefined")
    assert page.page.evaluate("Object.keys(written).filter((text) => text.includes('$'))") == [
        "mostly customer $50 bn", "falling prices $7 bn",
    ]  # fmt: skip


def test_the_name_of_a_channel_covers_no_name_of_a_firm(stage: Any) -> None:
    """A firm that is selected, with its name, stands in the middle of the line along which the loss travels."""
    page = stage()
    names = ["Big Bank", "Applied Digital", "Star Lab", "Chip Maker"]
    places = ([0.0, 0.5, 1.0, 0.5], [0.5, 0.5, 0.5, 0.9])
    loss = {"source": 2, "target": 0, "channel": "counterparty", "amount": 43.9}
    rounds = [{"round": 1, "firms": [2], "edges": [loss]}]
    page.page.evaluate(WRITTEN)
    page.show(NetworkView(firms=network_firms(names, KINDS, *places), selected=1, frame=frame()))
    settled(page.page)
    page.update(frame=frame(1, cascade=rounds, health=[0, 0, 3, 0]))
    page.page.wait_for_function("window.written['counterparty $43.9 bn'] !== undefined")
    page.page.wait_for_timeout(1600)
    chip, name = page.page.evaluate("[written['counterparty $43.9 bn'], written['Applied Digital']]")
    apart = chip[0] >= name[2] or chip[2] <= name[0] or chip[1] >= name[3] or chip[3] <= name[1]
    assert apart, (chip, name)


def test_a_picture_is_said_to_have_come_once_it_is_drawn(stage: Any) -> None:
    """So that a browser that draws slowly is sent no more than it can draw."""
    seen = stage()
    seen.show(network(taken=0))
    settled(seen.page)
    told = seen.page.evaluate(
        """async (frame) => {
          const drawn = () => Number(document.querySelector(".iv").dataset.drawn);
          const before = drawn();
          model.take("frame", unpack(frame));
          const at_once = model.get("taken");
          while (model.get("taken") !== 7) await new Promise(requestAnimationFrame);
          return [at_once, drawn() > before];
        }""",
        encoded({**frame(1), "number": 7}),
    )
    assert told == [0, True]
