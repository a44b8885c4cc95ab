"""One browser for all tests of the page."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from page_server import PageServer, Visitor, served
from playwright.sync_api import Browser, Page, sync_playwright
from widget_stage import ARGUMENTS, Stage, staged

NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium without a window and without any address but this machine's."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium here: apt-get install chromium")
        pytest.skip("no Chromium here: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def server() -> Iterator[PageServer]:
    with served("r6_customer_concentration") as running:
        yield running


@pytest.fixture
def visit(browser: Browser, server: PageServer) -> Iterator[Callable[..., Visitor]]:
    with ExitStack() as contexts:
        made: list[Visitor] = []

        def start(width: int = 1280, height: int = 900, dark: bool = False, at: PageServer = server) -> Visitor:
            context = browser.new_context(
                viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
            )
            contexts.callback(context.close)
            made.append(Visitor(context.new_page(), at))
            return made[-1]

        yield start
        for one in made:
            assert one.mistakes == []


@pytest.fixture
def stage(browser: Browser) -> Iterator[Callable[..., Stage]]:
    """Opens pages for single widgets; at the end of the test none of them may have made a mistake."""
    with ExitStack() as open_pages:
        opened: list[Stage] = []

        def open_page(width: int = 1280, height: int = 900, **options: Any) -> Stage:
            opened.append(open_pages.enter_context(staged(browser, width, height, **options)))
            return opened[-1]

        yield open_page
        for one in opened:
            assert one.mistakes == []


def settled(page: Page) -> None:
    """Wait until everything asked for is drawn: charts rest 100 ms between two drawings, then two frames."""
    page.evaluate(
        """() => new Promise((done) => {
          setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(done)), 100);
        })"""
    )
