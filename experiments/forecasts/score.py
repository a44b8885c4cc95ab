"""A forecast scored against facts that came later.

Of each fact: where it lies in the forecast (PIT, between the quantiles by straight lines), whether the 50 and 90 %
bands hold it (a fact with a range: whether they meet), and the CRPS, twice the mean over the quantiles of the pinball
loss (Laio and Tamea 2007), relative to the size of the fact. A chance is scored by Brier's score. Where the facts bring
a forecast of the time, or a last value known before, its absolute error stands beside: the CRPS of a point.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from abm.errors import BadInput, shown
from abm.inputs.parameters import nearest
from experiments.forecasts.periods import read, written
from experiments.forecasts.record import LEVELS, Forecast, Line
from experiments.reproductions.intervals import wilson

NEEDED = ("quantity", "period", "central")
KNOWN = (*NEEDED, "low", "high", "forecast")


class Fact(NamedTuple):
    """A line of the facts."""

    place: str
    quantity: str
    period: str
    low: float
    central: float
    high: float
    forecast: float | None


class Scored(NamedTuple):
    """A fact and its scores; of a chance only `brier`, else `crps` relative to the fact, and `rival` the same of the
    forecast of the time."""

    fact: Fact
    line: Line
    pit: float
    inside50: bool
    inside90: bool
    crps: float
    rival: float | None
    brier: float | None


def read_facts(path: Path) -> list[Fact]:
    """Facts from a table with the columns `quantity`, `period`, `central`, and if known `low`, `high`, `forecast`.

    Raises
    ------
    BadInput
        If the file cannot be read or a cell is no number; the sentence names line and column.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        rows = list(csv.DictReader(text.splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if not rows:
        raise BadInput(f"{path} holds no facts")
    missing = [name for name in NEEDED if name not in rows[0]]
    if missing:
        separated = "; its cells must be separated by commas" if any(";" in str(name) for name in rows[0]) else ""
        raise BadInput(
            f"{path} must have the columns {', '.join(NEEDED)}, and may have {', '.join(KNOWN[len(NEEDED):])};"
            f" it lacks '{missing[0]}'{separated}"
        )
    found = []
    for number, row in enumerate(rows, start=2):
        place = f"{path.name}, line {number}"
        cells = {name: (row.get(name) or "").strip() for name in KNOWN}
        numbers = {name: _number(place, name, cells[name]) for name in ("low", "central", "high", "forecast")}
        known = [x for x in (numbers["low"], numbers["central"], numbers["high"]) if x is not None]
        if not known:
            raise BadInput(f"{place}: one of low, central and high must be given")
        middle = numbers["central"] if numbers["central"] is not None else float(np.mean(known))
        low = middle if numbers["low"] is None else numbers["low"]
        high = middle if numbers["high"] is None else numbers["high"]
        if not low <= middle <= high:
            raise BadInput(f"{place}: low, central and high must rise, not {low:g}, {middle:g}, {high:g}")
        found.append(Fact(place, cells["quantity"], cells["period"], low, middle, high, numbers["forecast"]))
    return found


def _number(place: str, column: str, text: str) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadInput(f"{place}, column {column}: a number, not {shown(text)}")
    return value


def score(forecast: Forecast, facts: Sequence[Fact]) -> list[Scored]:
    """Score every fact.

    Raises
    ------
    BadInput
        If a quantity or a period of a fact is not in the forecast.
    """
    kinds = {name: told["kind"] for name, told in forecast.quantities.items()}
    by_name = {name.casefold(): name for name in kinds}
    lines = {(line.quantity, line.period): line for line in forecast.lines}
    return [_scored(fact, _line_of(fact, forecast, kinds, by_name, lines)) for fact in facts]


def _line_of(
    fact: Fact,
    forecast: Forecast,
    kinds: Mapping[str, str],
    by_name: Mapping[str, str],
    lines: Mapping[tuple[str, str], Line],
) -> Line:
    """The line of a fact."""
    name = by_name.get(fact.quantity.casefold())
    if name is None:
        raise BadInput(f"{fact.place}: there is no quantity '{fact.quantity}'{nearest(fact.quantity, list(kinds))}")
    try:
        period = written(forecast.opening, kinds[name], read(forecast.opening, kinds[name], fact.period))
    except BadInput as error:
        raise BadInput(f"{fact.place}: {error}") from None
    if (name, period) not in lines:
        known = [line.period for line in forecast.lines if line.quantity == name]
        raise BadInput(f"{fact.place}: '{name}' has no period '{fact.period}'; it has {_some(known)}")
    return lines[name, period]


def _some(known: Sequence[str]) -> str:
    return ", ".join(known) if len(known) <= 8 else f"{', '.join(known[:4])} ... {', '.join(known[-2:])}"


def _scored(fact: Fact, line: Line) -> Scored:
    if line.chance is not None:
        if not 0.0 <= fact.central <= 1.0:
            raise BadInput(f"{fact.place}: of a chance it is 1 if it happened, else 0, not {fact.central:g}")
        return Scored(fact, line, math.nan, False, False, math.nan, None, (line.chance - fact.central) ** 2)
    import scoringrules as sr  # slow to load, and a mistake in the facts is told before

    q = line.quantiles
    size = max(abs(fact.central), 1e-9)
    loss = float(sr.crps_quantile(fact.central, np.array(q), np.array(LEVELS)))
    return Scored(
        fact,
        line,
        pit=float(np.interp(fact.central, q, LEVELS, left=0.0, right=1.0)),
        inside50=fact.high >= q[2] and fact.low <= q[4],
        inside90=fact.high >= q[0] and fact.low <= q[6],
        crps=loss / size,
        rival=None if fact.forecast is None else abs(fact.forecast - fact.central) / size,
        brier=None,
    )


class Verdict(NamedTuple):
    """All facts together: how many a band holds, of how many, with 95 % intervals; the median of the relative CRPS;
    facts of which the CRPS beats the forecast of the time, of how many; mean Brier score of the chances."""

    banded: int
    inside50: int
    inside90: int
    interval50: tuple[float, float]
    interval90: tuple[float, float]
    crps: float
    beaten: int
    rivals: int
    brier: float


def judge(scored: Sequence[Scored]) -> Verdict:
    """All facts together."""
    banded = [s for s in scored if s.brier is None]
    rivals = [s for s in banded if s.rival is not None]
    chances = [s.brier for s in scored if s.brier is not None]
    inside50, inside90 = sum(s.inside50 for s in banded), sum(s.inside90 for s in banded)
    return Verdict(
        len(banded),
        inside50,
        inside90,
        wilson(inside50, len(banded)) if banded else (0.0, 1.0),
        wilson(inside90, len(banded)) if banded else (0.0, 1.0),
        float(np.median([s.crps for s in banded])) if banded else math.nan,
        sum(s.crps < s.rival for s in rivals if s.rival is not None),
        len(rivals),
        float(np.mean(chances)) if chances else math.nan,
    )
