"""What is forecast from an opening: `quantities.csv` of its folder, one quantity a row.

A quantity is a formula over columns of the model, summed over firms, in the unit in which the world reports it. Where
the world reports more than the model has (a whole company's investment, a backlog with everything in it), `join` says
how the two meet at `last`, the last value reported:

- `scale`: the model's path times `last` over its value at the opening;
- `add`: the model's path and what `last` is more than its value at the opening, growing by `rest_growth` a year;
- `first`: as `add`, for flows that have no value at the opening: more than the median of the model's first quarter.

`tested` names readings of the hindcast (`targets.csv` of the opening before): of this quantity, or after a `~` of one
like it, which tells how large errors are and nothing of skill. Errors are in logs (`log`), in logs of the rise since
the opening (`rise`), or parts of the size of what may be negative (`linear`): of the value itself, or of the formula
`size` of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from abm.calibration.facts import evaluate, names_in, read_table
from abm.calibration.files import opening_folder
from abm.calibration.opening import opening_tables
from abm.engine import tables
from abm.errors import BadInput, shown
from experiments.forecasts.periods import CHANCE, CHANGE, FLOW, KINDS, LEVEL
from experiments.readings import FLOWS

QUANTITIES = "quantities.csv"
COLUMNS = (
    "quantity", "what", "unit", "kind", "quarter_ends", "firms", "value", "join", "last", "rest_growth", "scale",
    "size", "tested", "headline", "note",
)  # fmt: skip
JOINS = ("", "scale", "add", "first")
LOG, RISE, LINEAR = SCALES = ("log", "rise", "linear")
KIN = "~"


@dataclass(frozen=True)
class Quantity:
    """One row of `quantities.csv`.

    Attributes
    ----------
    name, what, unit : str
    kind : str
        One of `KINDS`: at the end of a month, over a period, the change over a period, the chance to have happened.
    quarter_ends : int
        1 to 3: in which month of a calendar quarter its quarters end.
    firms : tuple of str
        Firms, kinds of firm and classes of lender that are summed; none for a column of the aggregate series.
    value : str
        Formula over columns of the model.
    join : str
        See the head of this file.
    last : float
        Last value reported (a month of it, for a flow that is scaled or added to); not a number where none is needed.
    rest_growth : float
        Of what the model does not have (1/year).
    scale : str
        What errors are measured in, one of `SCALES`.
    size : str
        Formula over columns of which errors are parts, if not the value itself.
    tested, kin : tuple of str
        Ids of readings of the hindcast: of the quantity, of others like it.
    headline : bool
        Whether it is among the few that a screen shows.
    note : str
    """

    name: str
    what: str
    unit: str
    kind: str
    quarter_ends: int
    firms: tuple[str, ...]
    value: str
    join: str
    last: float
    rest_growth: float
    scale: str
    size: str
    tested: tuple[str, ...]
    kin: tuple[str, ...]
    headline: bool
    note: str


def read_quantities(opening: str | Path) -> tuple[Quantity, ...]:
    """What is forecast from an opening.

    Raises
    ------
    BadInput
        If its folder has no `quantities.csv`, or a row has a mistake.
    """
    folder = opening_folder(opening)
    if not (folder / QUANTITIES).is_file():
        raise BadInput(f"the opening {folder.name} has no {QUANTITIES}: nothing is forecast from it")
    try:
        rows = read_table(folder / QUANTITIES)
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{folder.name}/{QUANTITIES} cannot be read: {error}") from None
    if not rows or tuple(rows[0]) != COLUMNS:
        raise BadInput(f"{folder.name}/{QUANTITIES} must have the columns {', '.join(COLUMNS)}")
    who = set(opening_tables(opening).names) | set(tables.KIND_NAMES) | set(tables.LENDER_NAMES)
    found = tuple(_quantity(f"{folder.name}/{QUANTITIES}, row '{row['quantity']}'", row, who) for row in rows)
    names = [quantity.name for quantity in found]
    for name in names:
        if not name or names.count(name) > 1:
            raise BadInput(f"{folder.name}/{QUANTITIES}: a quantity has no name, or '{name}' stands twice")
    return found


def _quantity(place: str, row: Mapping[str, str], who: set[str]) -> Quantity:
    """A row worked out; raises BadInput that names row and column."""
    kind = row["kind"]
    scales = ("",) if kind == CHANCE else (LOG, RISE, LINEAR) if kind == LEVEL else (LOG, LINEAR)
    joins = JOINS if kind == FLOW else JOINS[:3]
    ends = ("1", "2", "3") if kind in (FLOW, CHANGE) else ("",)
    told_of = (("kind", KINDS), ("join", joins), ("scale", scales), ("quarter_ends", ends), ("headline", ("", "yes")))
    for column, allowed in told_of:
        if row[column] not in allowed:
            told = ", ".join(allowed) or "nothing"
            raise BadInput(f"{place}, column {column}: one of {told}, not {shown(row[column])}")
    firms = tuple(name.strip() for name in row["firms"].split(";") if name.strip())
    for name in firms:
        if name not in who:
            raise BadInput(f"{place}, column firms: there is no firm, kind or class of lender '{name}'")
    known = {c.name for c in (tables.FIRM_COLUMNS if firms else tables.SERIES_COLUMNS)} | set(FLOWS if firms else ())
    for column in ("value", "size") if row["size"] else ("value",):
        facts, columns = names_in(row[column])
        if facts or not columns or not set(columns) <= known:
            raise BadInput(f"{place}, column {column}: a formula over columns of the model, not {shown(row[column])}")
    if row["size"] and row["scale"] != LINEAR:
        raise BadInput(f"{place}, column size: only errors of the scale '{LINEAR}' have one, not {shown(row['size'])}")
    last = growth = math.nan
    try:
        if row["join"]:
            last = evaluate(row["last"], _no_name)
        if row["join"] in ("add", "first"):
            growth = evaluate(row["rest_growth"], _no_name)
    except (BadInput, ZeroDivisionError) as error:
        raise BadInput(f"{place}, columns last and rest_growth: {error}") from None
    tested = tuple(name.strip() for name in row["tested"].split(";") if name.strip())
    return Quantity(
        row["quantity"], row["what"], row["unit"], kind, int(row["quarter_ends"] or 3), firms, row["value"],
        row["join"], last, growth, row["scale"], row["size"],
        tuple(name for name in tested if not name.startswith(KIN)),
        tuple(name.removeprefix(KIN) for name in tested if name.startswith(KIN)), row["headline"] == "yes", row["note"],
    )  # fmt: skip


def _no_name(name: str) -> float:
    raise BadInput(f"'{name}' is no fact")
