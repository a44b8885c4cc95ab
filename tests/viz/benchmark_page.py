"""How fast the live page is; prints, and asserts nothing: `python tests/viz/benchmark_page.py`.

Frames a second at some five hundred firms, the time from a click on Pause to the last month, first paint, and the
server's memory over thirty visits. Read ratios: on a busy machine everything takes longer.
"""

from __future__ import annotations

import os
import shutil
import statistics
import time

from page_server import PageServer, Visitor, served
from playwright.sync_api import Browser, sync_playwright
from widget_stage import ARGUMENTS

FIVE_HUNDRED = (1, 250)  # seed and size of `random_opening`: 481 firms, 2,500 edges at month 12
FULL_SPEED = "as fast as it goes"
COUNTING = """() => {
  const label = document.querySelector('.id-canvas .iv-caption-month');
  window.frames_seen = 0; window.pictures = 0;
  let last = '';
  const tick = () => {
    window.pictures += 1;
    const now = label.textContent;
    if (now !== last) { window.frames_seen += 1; last = now; }
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}"""


# From the press of the button, as the browser's clock has it, to its answer on the page. Playwright's own wait for a
# page that stands still comes before the press.
PRESSING = """() => {
  const button = () => document.querySelector('.id-play');
  document.addEventListener('click', (event) => { window.pressed = event.timeStamp; }, true);
  const watched = {subtree: true, childList: true, characterData: true};
  new MutationObserver(() => { window.answered = performance.now(); }).observe(button(), watched);
  new MutationObserver(() => { window.moved = performance.now(); })
    .observe(document.querySelector('.id-month'), watched);
}"""


def visitor(browser: Browser, server: PageServer, query: str = "") -> Visitor:
    """A new visitor with the page open."""
    return Visitor(browser.new_context(viewport={"width": 1280, "height": 900}).new_page(), server).open(query)


def frames(browser: Browser, server: PageServer, speed: str, seconds: float = 10.0) -> None:
    """Months drawn and pictures a second while it plays."""
    page = visitor(browser, server).page
    page.locator(".id-speed").click()
    page.get_by_role("option", name=speed).click()
    page.evaluate(COUNTING)
    page.click(".id-play")
    page.wait_for_function("window.frames_seen > 3")
    start = time.monotonic()
    before = page.evaluate("[window.frames_seen, window.pictures]")
    time.sleep(seconds)
    after = page.evaluate("[window.frames_seen, window.pictures]")
    took = time.monotonic() - start
    seen, drawn = ((b - a) / took for a, b in zip(before, after, strict=True))
    print(f"  {speed:22s} {seen:5.1f} months drawn a second, {drawn:5.1f} pictures a second")
    page.context.close()


def pauses(browser: Browser, server: PageServer, speed: str) -> None:
    """Seconds from the click on Pause to the button's answer, and to the last month shown: one that runs ends."""
    found, stood = [], []
    page = visitor(browser, server, "?months=360").page
    page.locator(".id-speed").click()
    page.get_by_role("option", name=speed).click()
    page.evaluate(PRESSING)
    for _ in range(9):
        page.click(".id-play")
        page.wait_for_selector(".id-play:has-text('Pause')")
        time.sleep(0.4)  # less than the run lasts at full speed
        page.click(".id-play")
        page.wait_for_selector(".id-play:has-text('Play')")
        found.append(page.evaluate("(window.answered - window.pressed) / 1000"))
        time.sleep(1.5)
        stood.append(page.evaluate("(window.moved - window.pressed) / 1000"))
        page.keyboard.press("r")  # back to the start, so that the run does not end meanwhile
        page.wait_for_function("document.querySelector('.id-month').innerText === 'December 2025'")
    told = [f"median {statistics.median(took):.2f} s, longest {max(took):.2f} s" for took in (found, stood)]
    print(f"  {speed:22s} answered: {told[0]}; stands still: {told[1]}")
    page.context.close()


def paint(browser: Browser, server: PageServer) -> None:
    """First paint and the page in use, from the request."""
    context = browser.new_context()
    page = context.new_page()
    start = time.monotonic()
    page.goto(server.url)
    page.wait_for_selector(".id-play")
    ready = time.monotonic() - start
    first = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000")
    answer = page.evaluate("performance.getEntriesByType('navigation')[0].responseStart / 1000")
    print(f"  answer {answer:.2f} s, first paint {first:.2f} s, ready to use {ready:.2f} s")
    context.close()


def visits(browser: Browser, server: PageServer, count: int = 30) -> None:
    """Memory and threads of the server after visits that are over."""
    for number in range(count + 1):
        one = visitor(browser, server)
        one.go(6)
        one.page.context.close()
        if number in (0, count // 2, count):
            time.sleep(4.0)
            print(f"  after {number + 1:2d} visits: {server.memory():.0f} MB")


def main() -> None:
    """Measure everything."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    print(f"load of this machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        with served("r6_customer_concentration") as server:
            print("first paint")
            for _ in range(3):
                paint(browser, server)
            print("pause, 50 firms")
            for speed in ("2 months a second", "20 months a second", FULL_SPEED):
                pauses(browser, server, speed)
            print("frames, 50 firms")
            frames(browser, server, "20 months a second", 4.0)
        with served(firms=FIVE_HUNDRED) as server:
            print("frames, 481 firms")
            frames(browser, server, "20 months a second", 4.0)
            print("pause, 481 firms")
            for speed in ("20 months a second", FULL_SPEED):
                pauses(browser, server, speed)
        with served("r6_customer_concentration") as server:
            print("visits")
            visits(browser, server)
        browser.close()


if __name__ == "__main__":
    main()
