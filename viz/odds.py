"""How likely it is that the firm fails whose debt this is about: read from the page of risk, and never run again."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import NamedTuple

import abm
from abm.calibration import DEFAULT_OPENING

RISK = Path(abm.__file__).with_name("RISK.md")
OPENING = DEFAULT_OPENING  # of which that page tells
YEARS = 5


class Odds(NamedTuple):
    """In how many worlds a firm defaults within `YEARS`, out of how many; and where it is made to fail after a year
    and a half, in how many of a hundred worlds another borrower follows, and how much more debt then stands orphaned
    (bn USD, median). `weak` and `strong` are the same of a hundred worlds in which demand grows least and most."""

    worlds: int
    of: int
    follows: float
    orphaned: float
    weak: float
    strong: float


@functools.cache
def odds(firm: str) -> Odds | None:
    """What the page of risk says of a firm; None where it does not tell, or there is no such page here."""
    try:
        text = RISK.read_text("utf-8")
    except OSError:
        return None
    found = [
        re.search(pattern, text, re.MULTILINE)
        for pattern in (
            r"^(\d+) worlds \(",
            rf"^\| 2 \| {re.escape(firm)} \| % in five years \| ([\d.]+) \(",
            rf"^## 6 {re.escape(firm)} fails in",
            r"Another borrower follows in ([\d.]+) \(",
            r"^\| orphaned debt, bn USD more \| ([\d.]+) \(",
            r"^\| weak \| \d+ \| [\d.]+ \| ([\d.]+) \(",
            r"^\| strong \| \d+ \| [\d.]+ \| ([\d.]+) \(",
        )
    ]
    if None in found:
        return None
    of, share, _, follows, orphaned, weak, strong = (float(one[1]) if one and one.groups() else 0.0 for one in found)
    worlds = round(of * share / 100.0)
    return Odds(worlds=worlds, of=int(of), follows=follows, orphaned=orphaned, weak=weak, strong=strong)
