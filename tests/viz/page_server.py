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

# Serves an economy of some hundred firms instead of that of 2025-12-31.
LARGE = """
import sys
sys.path.insert(0, "tests")
from economies import random_opening
from abm.scenarios import load
from viz.house import House
from viz.plan import Plan
from viz.server import serve
opening = random_opening(*{firms})
serve(House(Plan(load("baseline"), opening=lambda: opening)), "127.0.0.1", {port})
"""


class PageServer:
    """A running server: its address, and what the system says about its process."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}"

    def threads(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/task"))

    def memory(self) -> float:
        """MB."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * resource.getpagesize() / 1e6


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def served(*arguments: str, firms: tuple[int, int] | None = None) -> Iterator[PageServer]:
    """`invisible-debt view` with these arguments, or `random_opening(*firms)`, until the block ends."""
    port = free_port()
    view = [str(Path(sys.executable).with_name("invisible-debt")), "view", "--port", str(port), *arguments]
    command = [sys.executable, "-c", LARGE.format(firms=firms, port=port)] if firms else view
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
        process.communicate(timeout=20.0)
