"""What differs between two openings, table by table and cell by cell."""

from __future__ import annotations

from typing import NamedTuple

from abm.calibration.builder import Builder
from abm.calibration.files import LAYOUTS, Files, Row
from abm.calibration.mistakes import mistakes

_REASONS = {"source", "note", "low", "high"}


class Difference(NamedTuple):
    """A row that only one opening has (column empty), or a cell that differs; None where there is no such row."""

    table: str
    row: str
    column: str
    one: str | None
    other: str | None


def differences(one: Files, other: Files) -> list[Difference]:
    """All that two openings say differently; reasons and ranges apart.

    Parameters
    ----------
    one, other : Files

    Returns
    -------
    list of Difference
        By table, in the order of the rows. A formula that is no plain number stands with its value, where the
        opening has no mistakes.
    """
    found = [
        Difference("meta", "", key, str(getattr(one, key)), str(getattr(other, key)))
        for key in ("date", "facts_until", "flagship")
        if getattr(one, key) != getattr(other, key)
    ]
    values = [_values(files) for files in (one, other)]
    for table, layout in LAYOUTS.items():
        rows = [{tuple(row[c] for c in layout.key): row for row in files.tables[table]} for files in (one, other)]
        for key in dict.fromkeys([*rows[0], *rows[1]]):
            label = " / ".join(key)
            if key not in rows[0] or key not in rows[1]:
                texts = [_whole(table, r[key]) if key in r else None for r in rows]
                found.append(Difference(table, label, "", *texts))
                continue
            for column in rows[0][key]:
                cells = [r[key].get(column, "") for r in rows]
                if column in _REASONS or cells[0] == cells[1]:
                    continue
                names = [_place(table, r[key], column) for r in rows]
                texts = [_told(cell, v.get(name)) for cell, v, name in zip(cells, values, names, strict=True)]
                found.append(Difference(table, label, column, *texts))
    return found


def _values(files: Files) -> dict[tuple[str, str, str], float]:
    """What the formulas come to, empty where the opening has mistakes."""
    if mistakes(files):
        return {}
    built = Builder(files)
    return {} if built.mistakes else {where: source.value for where, source in built.sources.items()}


def _place(table: str, row: Row, column: str) -> tuple[str, str, str]:
    """Where the builder notes the number of a cell."""
    key = [row[c] for c in LAYOUTS[table].key]
    match table:
        case "firms" | "segments" | "statements":
            return table, key[0], key[1]
        case "market":
            return table, "market", key[0]
        case "stakes":
            return table, f"{key[0]} in {key[1]}", column
        case _:
            return table, ": ".join(key), column


def _told(cell: str, value: float | None) -> str:
    """A cell, with its value if it has to be worked out."""
    if value is None or not any(c.isalpha() or c in "*/(" for c in cell):
        return cell
    return f"{cell} = {value:.4g}"


def _whole(table: str, row: Row) -> str:
    """The cells of a row in a few words."""
    left_out = {*LAYOUTS[table].key, *_REASONS}
    return ", ".join(f"{column} {cell}" for column, cell in row.items() if cell and column not in left_out)
