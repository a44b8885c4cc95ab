"""The folder of a forecast: its table and a manifest with the hash of it, written once, read again to be scored."""

from __future__ import annotations

import csv
import datetime
import hashlib
import io
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from abm.errors import BadInput, shown
from experiments.folders import MANIFEST, read_manifest

if TYPE_CHECKING:
    from experiments.forecasts.quantities import Quantity

LEVELS = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95)
FORMAT = "invisible-debt forecast 1"
ON_RECORD = Path(__file__).parent  # a folder a date
TABLE = "forecast.csv"
POINTS = tuple(f"p{100 * level:g}" for level in LEVELS)
COLUMNS = ("quantity", "period", "unit", *POINTS, "chance", "skill")
DIGITS = 4
NOTHING = 1e-3  # of the largest point of a line: less is what lies between worlds in which nothing happens


class Line(NamedTuple):
    """One line of a forecast: `quantiles` at `LEVELS`, or the `chance`."""

    quantity: str
    period: str
    unit: str
    quantiles: tuple[float, ...]
    chance: float | None
    skill: str


class Forecast(NamedTuple):
    """A forecast read again: its lines, what its manifest says, and where it is."""

    lines: tuple[Line, ...]
    about: dict[str, Any]
    folder: Path

    @property
    def opening(self) -> datetime.date:
        """The date from which it looks ahead."""
        return datetime.date.fromisoformat(self.about["opening"])

    @property
    def quantities(self) -> dict[str, dict[str, str]]:
        """Kind, unit, what it is and a note, by name."""
        return {told["quantity"]: told for told in self.about["quantities"]}


def as_csv(lines: Sequence[Line]) -> str:
    """The table of a forecast, to `DIGITS` digits."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for line in lines:
        least = NOTHING * max((abs(q) for q in line.quantiles), default=0.0)
        points = [_number(q if abs(q) >= least else 0.0) for q in line.quantiles] or [""] * len(POINTS)
        chance = "" if line.chance is None else _number(line.chance)
        writer.writerow([line.quantity, line.period, line.unit, *points, chance, line.skill])
    return text.getvalue()


def _number(value: float) -> str:
    return f"{value:.{DIGITS}g}" if math.isfinite(value) else ""


def manifest(text: str, quantities: Sequence[Quantity], about: Mapping[str, Any]) -> str:
    """What is kept beside the table: how it was made, its SHA-256, and what its quantities are."""
    told = [{"quantity": q.name, "unit": q.unit, "kind": q.kind, "what": q.what, "note": q.note} for q in quantities]
    digest = hashlib.sha256(text.encode()).hexdigest()
    return json.dumps({"format": FORMAT, **about, "sha256": digest, "quantities": told}, indent=1) + "\n"


def on_record() -> list[str]:
    """Dates of the forecasts that come with the model."""
    return sorted(found.parent.name for found in ON_RECORD.glob(f"*/{TABLE}"))


def read_forecast(named: str) -> Forecast:
    """A forecast on record by its date, or a folder of one's own.

    Parameters
    ----------
    named : str
        Such as 2025-12-31, or the path of a folder, or of the table in it.

    Raises
    ------
    BadInput
        If there is none, or its bytes are not those that the manifest was written for.
    """
    folder = ON_RECORD / named if named in on_record() else Path(named)
    if folder.name == TABLE:
        folder = folder.parent
    if not (folder / TABLE).is_file():
        known = ", ".join(on_record()) or "none"
        raise BadInput(f"there is no forecast {shown(named)}: a folder with a {TABLE}, or a date on record ({known})")
    about = read_manifest(folder, FORMAT)
    try:
        data = (folder / TABLE).read_bytes()
        datetime.date.fromisoformat(about["opening"])
        kinds = {told["quantity"]: told["kind"] for told in about["quantities"]}
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise BadInput(f"{folder} holds no forecast that can be read: {error}") from None
    if hashlib.sha256(data).hexdigest() != about.get("sha256"):
        raise BadInput(f"{folder / TABLE} was changed after it was made: its SHA-256 is not that of {MANIFEST}")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8"))))
    lines = tuple(_line(f"{folder / TABLE}, line {number}", row) for number, row in enumerate(rows, start=2))
    if not {line.quantity for line in lines} <= set(kinds):
        raise BadInput(f"{folder} holds lines of quantities that {MANIFEST} does not name")
    return Forecast(lines, about, folder)


def _line(place: str, row: dict[str, str]) -> Line:
    try:
        quantiles = tuple(float(row[point]) for point in POINTS) if row[POINTS[0]] else ()
        chance = float(row["chance"]) if row["chance"] else None
    except (KeyError, TypeError, ValueError):
        raise BadInput(f"{place}: this is no line of a forecast") from None
    return Line(row["quantity"], row["period"], row["unit"], quantiles, chance, row["skill"])
