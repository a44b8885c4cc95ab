"""The live page's server as a process of its own, for tests and benchmarks."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Page, expect

SHOTS = Path(os.environ.get("SCREENSHOTS", ".screenshots"))
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December")  # fmt: skip
# Serves a larger economy instead of that of 2025-12-31.
LARGE = """
from abm.calibration.opening import opening_tables
from abm.inputs.scenarios import load
from experiments.benchmarks.larger import enlarged
from viz.house import House
from viz.plan import Plan
from viz.server import serve
larger = enlarged(opening_tables(), {firms})
plan = Plan(load("baseline"), central=True, opening=larger.opening, parameters=larger.parameters)
serve(House(plan), "127.0.0.1", {port})
"""


class PageServer:
    """A running server: its address, and what the system says about its process."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}"

    def busy(self, seconds: float) -> float:
        """Processor seconds used in the time to come."""
        before = self._processor()
        time.sleep(seconds)
        return self._processor() - before

    def _processor(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """MB."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * resource.getpagesize() / 1e6


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def served(*arguments: str, firms: int = 0) -> Iterator[PageServer]:
    """`invisible-debt view` with these arguments, or an economy of about so many firms, until the block ends."""
    port = free_port()
    view = [str(Path(sys.executable).with_name("invisible-debt")), "view", "--port", str(port), *arguments]
    command = [sys.executable, "-c", LARGE.format(firms=firms, port=port)] if firms else view
    with running(command, port) as server:
        yield server


@contextmanager
def running(command: list[str], port: int) -> Iterator[PageServer]:
    """The server that this command starts, from its first answer until the block ends."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        server = PageServer(process, port)
        end = time.monotonic() + 400.0  # the first may compile the model
        while True:
            try:
                urlopen(server.url, timeout=5.0).close()
                break
            except (URLError, OSError):
                if process.poll() is not None or time.monotonic() > end:
                    process.kill()
                    raise AssertionError(f"the page was never served: {process.communicate()[0]}") from None
                time.sleep(0.3)
        yield server
    finally:
        process.terminate()
        try:
            process.communicate(timeout=20.0)
        except subprocess.TimeoutExpired:  # Mesa's page steps on after its visitors have left
            process.kill()
            raise


class Visitor:
    """A browser's page, and every mistake it made."""

    def __init__(self, page: Page, server: PageServer) -> None:
        self.page = page
        self.server = server
        self.mistakes: list[str] = []
        page.on("pageerror", lambda error: self.mistakes.append(str(error)))
        page.on("console", lambda m: self.mistakes.append(m.text) if m.type == "error" else None)
        page.on("requestfailed", lambda r: self.mistakes.append(f"failed: {r.url}"))
        page.on("response", lambda r: self.mistakes.append(f"{r.status}: {r.url}") if r.status >= 400 else None)
        page.set_default_timeout(60_000)
        expect.set_options(timeout=60_000)

    def open(self, query: str = "") -> Visitor:
        """Without the guided story, unless the address asks for it."""
        if "guide=" not in query:
            query = f"{query}&guide=0" if query else "?guide=0"
        self.page.goto(f"{self.server.url}/{query}")
        expect(self.page.locator(".id-play")).to_be_visible()
        return self

    def month(self) -> int:
        word, year = self.page.inner_text(".id-month").split()
        return 12 * (int(year) - 2026) + MONTHS.index(word) + 1

    def go(self, month: int) -> None:
        """Steps to a month by pressing a key."""
        for _ in range(month - self.month()):
            self.page.keyboard.press(".")
        self.shows(month)

    def shows(self, month: int) -> None:
        label = f"{MONTHS[(month - 1) % 12]} {2026 + (month - 1) // 12}"
        expect(self.page.locator(".id-month")).to_have_text(label)

    def tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=name).click()

    def shot(self, name: str) -> None:
        SHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png")

    def says(self, text: str) -> None:
        expect(self.page.locator(".id-said")).to_contain_text(text)
