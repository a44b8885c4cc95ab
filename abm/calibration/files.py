"""The files of an opening: rows that hold at every date, and those of one date, read as one set of tables.

`openings/common/` holds rows without a date, every other folder of `openings/` the rows of its own date and a
`meta.toml`. A row of the dated folder replaces the common row with the same key, and removes it where nothing but
its key and its reason is filled in. A row about something younger than the opening (a contract not yet signed, a
firm not yet founded) is left out, so that it may stand in `common`; so is a common row that names such a firm.
"""

from __future__ import annotations

import calendar
import csv
import datetime
import functools
import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from abm.calibration.facts import FOLDER, MOST_FORMULAS, read_table
from abm.engine.tables import OUTSIDE_NAMES
from abm.errors import BadInput, shown

OPENINGS_FOLDER = FOLDER / "openings"
COMMON = "common"
META = "meta.toml"
META_KEYS = ("date", "facts_until", "flagship", "note", "groups")
DEFAULT_OPENING = "2025-12-31"
ASIDE = ("targets", "quantities", "worlds")  # tables in a dated folder that are no part of its opening state
_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)


class Layout(NamedTuple):
    """What the columns of a table hold; those that are not named here are formulas."""

    key: tuple[str, ...]  # tell the rows of a table apart
    formulas: tuple[str, ...]
    firms: tuple[str, ...] = ()  # name a firm, or are empty
    text: tuple[str, ...] = ()  # all other words
    optional: tuple[str, ...] = ()  # formulas that may be empty, and columns that may be missing
    since: str = ""  # the month in which what the row speaks of came to be
    needs: tuple[str, ...] = ("source",)  # words that may not be empty


LAYOUTS: Mapping[str, Layout] = {
    "assumptions": Layout(("name",), ("value", "low", "high"), text=("unit",), optional=("low", "high")),
    "roster": Layout(
        ("firm",), ("since",), ("parent",), ("kind", "subkind", "group", "members", "note"), ("since", "members"),
        "since", needs=("kind",),
    ),
    "firms": Layout(("firm", "column"), ("value",), ("firm",)),
    "generations": Layout(("generation",), ("released", "cost", "kw", "age_limit"), ("vendor",), since="released"),
    "mixes": Layout(("mix", "generation"), ("share", "age")),
    "fleet": Layout(("firm",), ("units",), ("firm",), ("mix",)),
    "loans": Layout(
        ("loan",), ("made", "months", "principal", "limit", "rate", "covenant_ltv"), ("lender", "borrower", "end_user"),
        ("kind", "collateral", "for_ai", "amortising", "committed"), ("limit",), "made",
    ),
    "orders": Layout(
        ("order",), ("value", "units", "price", "first", "last", "placed", "deposit"), ("buyer", "vendor", "end_user"),
        ("kind", "generation"), ("value", "units", "price"), "placed",
    ),
    "contracts": Layout(
        ("contract",),
        ("amount", "quantity", "price", "signed", "start", "ramp", "months", "take_or_pay", "prepaid", "announced"),
        ("buyer", "seller", "guarantor", "end_user"), ("kind", "status", "own_use", "backstop"),
        ("amount", "quantity", "signed", "announced"), "signed",
    ),
    "stakes": Layout(("holder", "issuer"), ("share", "book"), ("holder", "issuer")),
    "revenue": Layout(("segment", "lab"), ("spend",), ("lab",)),
    "segments": Layout(("segment", "column"), ("value",)),
    "statements": Layout(("lab", "line"), ("amount",), ("lab",), ("sign",)),
    "market": Layout(("column",), ("value",)),
}  # fmt: skip


class Row(dict[str, str]):
    """Cells of a row by column.

    Parameters
    ----------
    cells : mapping of str to str
    place : str
        File and row, as a message names them.
    own : bool
        Whether it stands in the dated folder, not in `common`.
    """

    def __init__(self, cells: Mapping[str, str], place: str, own: bool) -> None:
        super().__init__(cells)
        self.place = place
        self.own = own


@dataclass(eq=False)
class Files:
    """The rows of an opening, by table. Nobody changes them once they are read."""

    folder: Path
    name: str
    date: datetime.date = datetime.date.min
    facts_until: datetime.date = datetime.date.min
    flagship: str = ""
    note: str = ""
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)  # borrowers that the press counts together
    tables: dict[str, list[Row]] = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)  # what is wrong with the form of the files
    left_out: list[Row] = field(default_factory=list)  # rows younger than the opening

    @property
    def digest(self) -> str:
        """SHA-256 of what the files say, ranges included: the same wherever they stand."""
        said = (str(self.date), self.flagship, sorted(self.groups.items()))
        rows = [(table, [dict(row) for row in rows]) for table, rows in self.tables.items()]
        return hashlib.sha256(json.dumps([said, rows], ensure_ascii=False).encode()).hexdigest()


def openings() -> tuple[str, ...]:
    """Names of the openings that come with the model, the oldest first."""
    return tuple(sorted(path.parent.name for path in OPENINGS_FOLDER.glob(f"*/{META}")))


def opening_folder(name: str | Path) -> Path:
    """The folder of an opening.

    Parameters
    ----------
    name : str or Path
        One of `openings()`, or the path of a folder with a `meta.toml`.

    Raises
    ------
    BadInput
        If there is none.
    """
    if str(name) in openings():
        return OPENINGS_FOLDER / str(name)
    try:
        if Path(name, META).is_file():
            return Path(name).resolve()
    except (OSError, ValueError):  # no path at all
        pass
    raise BadInput(
        f"there is no opening {shown(str(name))}: give one of {', '.join(openings())}, or a folder with a {META}"
    )


@functools.lru_cache(maxsize=MOST_FORMULAS)
def months_between(opening: datetime.date, cell: str) -> int | None:
    """Months from the opening to the month of a cell, None if the cell is no calendar month.

    >>> months_between(datetime.date(2025, 12, 31), "2026-03"), months_between(datetime.date(2025, 12, 31), "12")
    (3, None)
    """
    found = _MONTH.fullmatch(cell)
    if found is None or not 1 <= int(found[2]) <= 12:
        return None
    return 12 * (int(found[1]) - opening.year) + int(found[2]) - opening.month


def read_files(folder: Path) -> Files:
    """Read the files of an opening and those of `common`.

    Parameters
    ----------
    folder : Path
        With a `meta.toml`, as `opening_folder` gives it.

    Returns
    -------
    Files
        Its `mistakes` say what is wrong with the form; what the rows say is checked by `abm.calibration.mistakes`.
    """
    files = Files(folder, folder.name)
    _read_meta(files)
    common = _read_folder(OPENINGS_FOLDER / COMMON, False, files)
    dated = _read_folder(folder, True, files)
    files.tables = {table: _merge(table, common[table], dated[table], files) for table in LAYOUTS}
    _leave_out_the_young(files)
    _leave_out_strangers(files)
    return files


def _read_meta(files: Files) -> None:
    """Date, flagship, cut-off of the facts, note and groups."""
    place = f"{files.name}/{META}"
    try:
        meta: dict[str, Any] = tomllib.loads((files.folder / META).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        files.mistakes.append(f"{place} cannot be read: {error}")
        meta = {}
    for key in meta.keys() - set(META_KEYS):
        files.mistakes.append(f"{place} has an unknown key {shown(key)}; there are {', '.join(META_KEYS)}")
    for key in ("date", "facts_until"):
        value = meta.get(key)
        if not isinstance(value, datetime.date) or isinstance(value, datetime.datetime):
            if meta:
                files.mistakes.append(f"{place}: {key} must be a date such as 2025-12-31, not {shown(value)}")
            value = datetime.date(2025, 12, 31)
        setattr(files, key, value)
    if files.date.day != calendar.monthrange(files.date.year, files.date.month)[1]:
        files.mistakes.append(f"{place}: date must be the last day of a month, not {files.date}")
    for key in ("flagship", "note"):
        value = meta.get(key, "")
        if not isinstance(value, str):
            files.mistakes.append(f"{place}: {key} must be a text, not {shown(value)}")
            value = ""
        setattr(files, key, value)
    groups = meta.get("groups", {})
    if isinstance(groups, dict) and all(
        isinstance(members, list) and all(isinstance(name, str) for name in members) for members in groups.values()
    ):
        files.groups = {group: tuple(members) for group, members in groups.items()}
    else:
        files.mistakes.append(f"{place}: groups must be lists of firms by name")


def _read_folder(folder: Path, own: bool, files: Files) -> dict[str, list[Row]]:
    """The rows of one folder by table, empty where it has no such file; mistakes of form are noted."""
    found: dict[str, list[Row]] = {table: [] for table in LAYOUTS}
    for path in sorted(folder.glob("*.csv")):
        where, layout = f"{folder.name}/{path.name}", LAYOUTS.get(path.stem)
        if path.stem in ASIDE and own:
            continue
        if layout is None:
            files.mistakes.append(f"{where} is no table of an opening; there are {', '.join(LAYOUTS)}")
            continue
        try:
            rows = read_table(path)
        except (BadInput, OSError, UnicodeDecodeError, csv.Error) as error:
            files.mistakes.append(f"{where} cannot be read: {error}")
            continue
        columns = {*layout.key, *layout.firms, *layout.formulas, *layout.text, *layout.needs}
        given = set(rows[0]) if rows else columns
        missing = columns - given - set(layout.optional) - ({"note"} - set(layout.needs))
        if missing or given - columns:
            for column in sorted(missing):
                files.mistakes.append(f"{where} lacks the column '{column}'")
            for column in sorted(map(str, given - columns)):
                files.mistakes.append(f"{where} has an unknown column {shown(column)}")
            continue
        seen: set[tuple[str, ...]] = set()
        for cells in rows:
            key = tuple(cells[column] for column in layout.key)
            place = f"{where}, row '{' / '.join(key)}'"
            if key in seen:
                files.mistakes.append(f"{place} stands twice")
            elif not all(key):
                files.mistakes.append(f"{place}: {' and '.join(layout.key)} may not be empty")
            else:
                found[path.stem].append(Row(cells | dict.fromkeys(columns - given, ""), place, own))
            seen.add(key)
    return found


def _merge(table: str, common: list[Row], dated: list[Row], files: Files) -> list[Row]:
    """Common rows, each replaced or removed by the dated row of the same key, then the other dated rows."""
    layout = LAYOUTS[table]

    def key(row: Row) -> tuple[str, ...]:
        return tuple(row[column] for column in layout.key)

    new = {key(row): row for row in dated}
    merged = [new.pop(key(row), row) for row in common]
    merged += new.values()
    words = {*layout.key, "source", "note"}
    replaced = {key(row) for row in common}
    kept = []
    for row in merged:
        if any(cell for column, cell in row.items() if column not in words):
            kept.append(row)
        elif key(row) not in replaced or not row.own:
            files.mistakes.append(f"{row.place} is empty, and there is no common row that it would remove")
    return kept


def _leave_out_the_young(files: Files) -> None:
    """Drop what came to be after the opening."""
    for table, layout in LAYOUTS.items():
        if not layout.since:
            continue
        kept: list[Row] = []
        for row in files.tables[table]:
            young = (months_between(files.date, row[layout.since]) or 0) > 0
            (files.left_out if young else kept).append(row)
        files.tables[table] = kept


def known_firms(files: Files) -> set[str]:
    """Names of the firms of the roster and of the outside sectors, classes by their common name."""
    return {*OUTSIDE_NAMES, *(row["firm"] for row in files.tables["roster"])}


def member_names(row: Mapping[str, str]) -> list[str]:
    """The firms that a row of the roster stands for: one, or the numbered members of a class.

    >>> member_names({"firm": "small clouds", "members": "2"})
    ['Small cloud 1', 'Small cloud 2']
    >>> member_names({"firm": "IG bond funds", "members": "2"})
    ['IG bond fund 1', 'IG bond fund 2']
    """
    if not row["members"]:
        return [row["firm"]]
    stem = row["firm"].removesuffix("s")
    stem = stem[:1].upper() + stem[1:]
    return [f"{stem} {k + 1}" for k in range(int(row["members"]))]


def firm_groups(files: Files) -> set[str]:
    """What a row of `firms.csv` may speak of: firms, kinds, groups and all."""
    groups = {"*"}
    for row in files.tables["roster"]:
        groups |= {row["firm"], row["kind"].lower(), row["group"]}
    return groups - {""}


def _leave_out_strangers(files: Files) -> None:
    """Drop common rows that name a firm, group or generation which this opening does not have."""
    firms, groups = known_firms(files) | {""}, firm_groups(files)
    generations = {row["generation"] for row in files.tables["generations"]}

    def strange(table: str, row: Row) -> bool:
        if table == "firms":
            return row["firm"] not in groups
        if table == "mixes" and row["generation"] not in generations:
            return True
        return table != "roster" and any(row[column] not in firms for column in LAYOUTS[table].firms)

    for table in LAYOUTS:
        files.tables[table] = [row for row in files.tables[table] if row.own or not strange(table, row)]


def stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Names, sizes and times of the files of a folder and of `common`: another stamp, another opening."""
    found = []
    for path in _files_of((OPENINGS_FOLDER / COMMON, folder)):
        about = path.lstat()  # a link that leads nowhere is a mistake of its table
        found.append((str(path), about.st_size, about.st_mtime_ns))
    return tuple(found)


def _files_of(folders: Iterable[Path]) -> list[Path]:
    return [path for folder in folders for path in sorted(folder.iterdir()) if path.suffix in (".csv", ".toml")]


@functools.cache
def files_of(folder: Path, _: tuple[tuple[str, int, int], ...]) -> Files:
    """The same as `read_files`, read once a stamp."""
    return read_files(folder)


def opening_files(opening: str | Path | Files) -> Files:
    """The files of an opening as they are now.

    Parameters
    ----------
    opening : str, Path or Files
        One of `openings()`, a folder, or files, which are given back.

    Raises
    ------
    BadInput
        If there is no such opening.
    """
    if isinstance(opening, Files):
        return opening
    folder = opening_folder(opening)
    return files_of(folder, stamp(folder))
