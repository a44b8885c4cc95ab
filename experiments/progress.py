"""How far a long job is, on standard error: a bar where that is a screen, else a line for every tenth."""

from __future__ import annotations

import sys
from typing import Any

from rich.progress import Progress

from experiments.screen import Screen

PARTS = 10  # lines in all, where there is no bar


class Bars(Progress):
    """Progress bars that leave nothing at all where standard error is no screen.

    Parameters
    ----------
    *columns, **options
        As `rich.progress.Progress` takes them.
    """

    def __init__(self, *columns: Any, **options: Any) -> None:
        super().__init__(*columns, console=options.pop("console", None) or Screen(stderr=True), **options)

    def start(self) -> None:
        """Draw the bars from now on."""
        if self.console.is_interactive:
            super().start()

    def stop(self) -> None:
        """Draw them no more."""
        if self.console.is_interactive:
            super().stop()


class Lines:
    """A line for every tenth that is done, where standard error is no screen.

    Parameters
    ----------
    what : str
        What is counted.
    """

    def __init__(self, what: str) -> None:
        self._what, self._told = what, -1
        self._wanted = not Screen(stderr=True).is_interactive

    def update(self, done: int, total: int) -> None:
        """Say how far it is, if another tenth is done."""
        part = PARTS * done // max(total, 1)
        if self._wanted and part > self._told:
            if done:
                print(f"{self._what}: {done:,} of {total:,}", file=sys.stderr, flush=True)
            self._told = part
