"""What is asked of the economy, as the tables beside this file state it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path

from abm.calibration.facts import read_table

FOLDER = Path(__file__).parent


@functools.cache
def targets() -> Mapping[str, dict[str, str]]:
    """The rows of `targets.csv` by id."""
    return {row["id"]: row for row in read_table(FOLDER / "targets.csv")}


def about_firms(what: str) -> tuple[str, ...]:
    """Firms, or classes of them, of whom a number is asked: those of the ids `what`, a blank and a name.

    Examples
    --------
    >>> "CoreWeave" in about_firms("volatility")
    True
    """
    return tuple(row.removeprefix(f"{what} ") for row in targets() if row.startswith(f"{what} "))
