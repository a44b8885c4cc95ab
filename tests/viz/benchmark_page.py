"""How fast the live page is, beside Mesa's own page in the same browser: `python tests/viz/benchmark_page.py`.

Prints the tables of `viz/MEASURED.md`, and asserts nothing. Both pages run the same larger economies
(`experiments.benchmarks.larger`), one after the other. Mesa's page shows three plots and no network, so that it draws
less. Read the ratios: on a busy machine everything takes longer.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import Any

from page_server import PageServer, free_port, running, served
from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import TimeoutError as Late
from widget_stage import ARGUMENTS

SIZES = (100, 500, 1000)  # firms, about
SECONDS = 4.0  # that are counted
PRESSES = 3  # of which the median is told
SLOWER = 6  # times, a slow client
OPEN = 5  # visitors at once
VISITS = 30
MESA = """
import solara
from mesa.visualization import SolaraViz, make_plot_component
from abm import InvisibleDebtModel
from abm.calibration.opening import opening_tables
from experiments.benchmarks.larger import enlarged

larger = enlarged(opening_tables(), {firms})
PLOTS = (("debt", "look_through"), ("spot_price",), ("failed",))


def made():
    return InvisibleDebtModel(opening=larger.opening, parameters=larger.parameters, central=True)


@solara.component
def Page():
    model = solara.use_memo(made, [])
    plots = solara.use_memo(lambda: [make_plot_component(list(columns)) for columns in PLOTS], [])
    SolaraViz(model, components=plots, play_interval={interval}, render_interval=1)
"""
# In the browser, at every picture: which month the page says, how often that changed, how many pictures were drawn; and
# from the press of a button or a key, as the browser's clock has it, to the picture with the answer.
WATCH = """([kind]) => {
  const mesa = kind === 'mesa';
  const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October',
    'November', 'December'];
  let time = null;
  const month = () => {
    if (!mesa) {
      const [word, year] = document.querySelector('.id-canvas .iv-caption-month').textContent.split(' ');
      return 12 * Number(year) + MONTHS.indexOf(word);
    }
    if (!time?.isConnected) {
      time = [...document.querySelectorAll('p, span, div')].find(
        (one) => !one.children.length && /^(Time|Step): /.test(one.textContent));
    }
    return Number(time?.textContent.split(' ')[1]);
  };
  const plays = () => mesa
    ? [...document.querySelectorAll('button')].some((one) => one.textContent.includes('❚❚'))
    : document.querySelector('.id-play').textContent.includes('Pause');
  const image = () => document.querySelector('img')?.src;
  const seen = window.seen = {month: month(), changes: 0, pictures: 0, moved: 0, pressed: 0, answered: 0, still: 0};
  let was = plays(), shown = image();
  for (const event of ['click', 'keydown']) {
    document.addEventListener(event, (one) => { seen.pressed = one.timeStamp; seen.answered = seen.step = 0; }, true);
  }
  const tick = () => {
    const now = performance.now(), at = month(), does = plays();
    if (at !== seen.month) {
      seen.month = at; seen.changes += 1; seen.moved = now;
      seen.step ||= now;
    }
    if (does !== was) { was = does; seen.answered ||= now; }
    if (!mesa) seen.pictures = Number(document.querySelector('.id-canvas .iv').dataset.drawn ?? 0);
    else if (image() !== shown) { shown = image(); seen.pictures += 1; }
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}"""


@dataclass
class Rate:
    """Months run, months shown and pictures drawn a second."""

    months: float
    shown: float
    pictures: float


class Ours:
    """The live page."""

    name, play = "this page", ".id-play"

    def __init__(self, browser: Browser, server: PageServer, speed: str = "") -> None:
        self.page = opened(browser, f"{server.url}/?months=360")
        self.page.wait_for_selector(".id-play")
        self.page.wait_for_function("document.querySelector('.id-canvas .iv-caption-month')?.textContent")
        if speed:
            self.page.locator(".id-speed").click()
            self.page.get_by_role("option", name=speed).click()
            time.sleep(0.5)
        self.page.evaluate(WATCH, ["ours"])

    def press(self) -> None:
        """Play, or pause."""
        self.page.click(".id-play")

    def step(self) -> None:
        """A month on."""
        self.page.keyboard.press(".")

    def back(self) -> None:
        """To the opening."""
        self.page.keyboard.press("r")


class Mesas:
    """Mesa's page."""

    name = "Mesa's"

    def __init__(self, browser: Browser, server: PageServer) -> None:
        self.page = opened(browser, server.url)
        self.page.wait_for_selector("img", timeout=120_000)
        self.page.evaluate(WATCH, ["mesa"])

    def press(self) -> None:
        """Play, or pause."""
        self.page.locator("button", has_text="▶").or_(self.page.locator("button", has_text="❚❚")).first.click()

    def step(self) -> None:
        """A month on."""
        self.page.get_by_role("button", name="Step").click()

    def back(self) -> None:
        """Mesa's run has no end, and goes on."""


def opened(browser: Browser, url: str) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(20_000)
    page.goto(url)
    return page


@contextmanager
def mesa_served(firms: int, interval: int) -> Iterator[PageServer]:
    """Mesa's page of an economy of about so many firms, `interval` milliseconds between two months."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        app = Path(folder) / "mesa_app.py"
        app.write_text(MESA.format(firms=firms, interval=interval), encoding="utf-8")
        command = [sys.executable, "-m", "solara", "run", str(app), "--no-open", "--port", str(port), "--production"]
        with suppress(subprocess.TimeoutExpired), running(command, port) as server:
            yield server


def seen(page: Page) -> dict[str, Any]:
    return page.evaluate("({...window.seen, now: performance.now()})")


def rate(one: Ours | Mesas) -> Rate:
    """While it plays; a run that ends is counted up to its end."""
    one.press()
    time.sleep(0.3)
    first = seen(one.page)
    time.sleep(SECONDS)
    last = seen(one.page)
    if one.name == "Mesa's" or last["now"] - last["moved"] < 1000.0:  # else the run has ended by itself
        one.press()
    if last["moved"] <= first["now"]:  # it stands, or a traceback has taken its place
        return Rate(0.0, 0.0, 0.0)
    took = (last["moved"] - first["now"]) / 1000.0
    return Rate(*((last[key] - first[key]) / took for key in ("month", "changes", "pictures")))


def pause(one: Ours | Mesas) -> tuple[float, float]:
    """Median seconds from the press of Pause to the button's answer, and to the last month shown."""
    answered, still = [], []
    for _ in range(PRESSES):
        one.back()
        time.sleep(0.6)
        one.press()
        time.sleep(0.8)
        one.press()
        time.sleep(1.5)
        found = seen(one.page)
        if found["answered"]:
            answered.append((found["answered"] - found["pressed"]) / 1000.0)
            still.append(max(0.0, (found["moved"] - found["pressed"]) / 1000.0))
    return (statistics.median(answered), statistics.median(still)) if answered else (float("nan"), float("nan"))


def steps(one: Ours | Mesas) -> float:
    """Median seconds from a press to the next month, shown."""
    took = []
    for _ in range(PRESSES):
        one.step()
        time.sleep(1.0)
        found = seen(one.page)
        if found["step"]:
            took.append((found["step"] - found["pressed"]) / 1000.0)
    return statistics.median(took) if took else float("nan")


def row(what: str, ours: float, other: float, *, better: str) -> None:
    """A line of the table; the ratio says how many times better this page is."""
    worth = (ours, other) if better == "more" else (other, ours)
    ratio = worth[0] / worth[1] if worth[1] > 0 else float("nan")
    print(f"| {what} | {told(ours)} | {told(other)} | {told(ratio)} |", flush=True)


def told(value: float) -> str:
    return "-" if value != value else f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def sizes(browser: Browser, firms: int) -> None:
    """Both pages at one size, at twenty months a second and as fast as each can."""
    with served(firms=firms) as server:
        drawn = Ours(browser, server, "20 months a second")
        count = drawn.page.evaluate("document.querySelectorAll('.iv-table tr').length - 1")
        even, stop = rate(drawn), pause(drawn)
        drawn.back()
        time.sleep(0.6)
        on = steps(drawn)
        drawn.page.context.close()
        hurried = Ours(browser, server, "as fast as it goes")
        fast, halt = rate(hurried), pause(hurried)
        hurried.page.context.close()
    other: list[Any] = []
    for interval in (50, 1):
        with mesa_served(firms, interval) as server:
            page = Mesas(browser, server)
            try:
                first = steps(page) if interval == 50 else 0.0
                other.append((rate(page), pause(page), first))
            except Late:  # the page is gone: a traceback in its place, or no button that answers
                nothing = float("nan")
                other.append((Rate(nothing, nothing, nothing), (nothing, nothing), nothing))
            page.page.context.close()
    (their_even, their_stop, their_on), (their_fast, their_halt, _) = other
    where = f"{count or firms} firms"
    row(f"{where}, 20 months a second asked: months run", even.months, their_even.months, better="more")
    row(f"{where}, 20 months a second asked: pictures", even.pictures, their_even.pictures, better="more")
    row(f"{where}, 20 months a second asked: Pause to its answer (s)", stop[0], their_stop[0], better="less")
    row(f"{where}, 20 months a second asked: Pause to the last month (s)", stop[1], their_stop[1], better="less")
    row(f"{where}, a step: press to the next month (s)", on, their_on, better="less")
    row(f"{where}, as fast as it goes: months run", fast.months, their_fast.months, better="more")
    row(f"{where}, as fast as it goes: pictures", fast.pictures, their_fast.pictures, better="more")
    row(f"{where}, as fast as it goes: Pause to its answer (s)", halt[0], their_halt[0], better="less")
    row(f"{where}, as fast as it goes: Pause to the last month (s)", halt[1], their_halt[1], better="less")


def slow(browser: Browser, firms: int) -> None:
    """A browser whose processor is so many times slower, beside itself at full speed."""
    with served(firms=firms) as server:
        found = []
        for times in (1, SLOWER):
            one = Ours(browser, server, "20 months a second")
            client = one.page.context.new_cdp_session(one.page)
            client.send("Emulation.setCPUThrottlingRate", {"rate": times})
            speed, stop = rate(one), pause(one)
            one.back()
            time.sleep(1.0)
            found.append((speed, stop, steps(one)))
            one.page.context.close()
    (usual, halt, step), (slower, late, later) = found
    row(f"{firms} firms, months run a second", slower.months, usual.months, better="more")
    row(f"{firms} firms, months shown a second", slower.shown, usual.shown, better="more")
    row(f"{firms} firms, pictures a second", slower.pictures, usual.pictures, better="more")
    row(f"{firms} firms, Pause to its answer (s)", late[0], halt[0], better="less")
    row(f"{firms} firms, Pause to the last month (s)", late[1], halt[1], better="less")
    row(f"{firms} firms, a step: press to the next month (s)", later, step, better="less")


def visitors(browser: Browser, kind: type[Ours] | type[Mesas], server: PageServer) -> dict[str, float]:
    """First paint, ready, what a visitor costs, and what visits leave behind."""
    paints, readies = [], []
    for _ in range(3):  # the first one warms the server
        start = time.monotonic()
        one = kind(browser, server)
        readies.append(time.monotonic() - start)
        paints.append(one.page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000"))
        one.page.context.close()
    time.sleep(5.0)
    empty = server.memory()
    there = [kind(browser, server) for _ in range(OPEN)]
    time.sleep(2.0)
    full = server.memory()
    idle = server.busy(5.0) / 5.0 / OPEN
    there[0].press()
    time.sleep(1.0)
    plays = server.busy(5.0) / 5.0
    for one in there:
        one.page.context.close()
    for _ in range(VISITS):
        one = kind(browser, server)
        one.step()
        time.sleep(0.3)
        one.page.context.close()
    time.sleep(6.0)
    return {
        "first paint (s)": min(paints),
        "ready to use (s)": min(readies),
        "memory of the server, empty (MB)": empty,
        "memory a visitor (MB)": (full - empty) / OPEN,
        f"memory left behind by {VISITS} visits (MB)": server.memory() - empty,
        "processor a visitor who plays 2 months a second (%)": 100.0 * plays,
        "processor a visitor who is paused (%)": 100.0 * idle,
    }


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="firms, about")
    parser.add_argument("--only", choices=("sizes", "slow", "visitors"), help="one of the tables")
    given = parser.parse_args()
    found = which("chromium") or which("google-chrome") or sys.exit("no Chromium here: apt-get install chromium")
    print(f"Load of this machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors.\n")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        if given.only in (None, "sizes"):
            print("| | this page | Mesa's | times better |\n|---|---|---|---|")
            for firms in given.sizes:
                sizes(browser, firms)
        if given.only in (None, "slow"):
            print(f"\n| | processor / {SLOWER} | full speed | ratio |\n|---|---|---|---|")
            for firms in given.sizes:
                slow(browser, firms)
        if given.only in (None, "visitors"):
            print("\n| | this page | Mesa's | times better |\n|---|---|---|---|")
            with served(firms=100) as server:
                ours = visitors(browser, Ours, server)
            with mesa_served(100, 500) as server:
                other = visitors(browser, Mesas, server)
            for what, value in ours.items():
                row(what, value, other[what], better="less")
        browser.close()


if __name__ == "__main__":
    main()
