"""Possible worlds: parameters and opening numbers drawn from what is believed about them.

A world is drawn by its seed alone, name by name (`abm.inputs.priors.standard_normal`): the same seed is the same
world for every scenario and policy, a new name changes no other's draw, and the luck of a run has streams of its
own. Three things are drawn:

- parameters, from `abm.inputs.priors`; in the strict variant from the file `strict.toml` of the opening where that
  sets a parameter from what was known at its date;
- assumptions of the opening with a range, and facts with a range that are estimates (not verified): `low` and `high`
  are their 5 % and 95 % points, beyond which nothing is drawn;
- what is uncertain about all rows of a kind at once (`COMMON_DOUBTS`): the growth that firms expect, and that of the
  clouds' own workloads.

What is believed is one thing, what agrees with what is known another. An opening may keep a table of plausible worlds
(`worlds.csv`, made by `invisible-debt match`): numbers of draws that say nothing that could not be. Its seeds then
draw from these alone, in turn: seed s is the draw in row s, counted on from the first row after the last.
"""

from __future__ import annotations

import csv
import dataclasses
import functools
import math
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from abm.calibration.builder import Doubtful, Fixed, Where, fixed_cells
from abm.calibration.facts import evaluate, facts, read_table
from abm.calibration.files import LAYOUTS, Files, Row, opening_files
from abm.calibration.opening import Opening, build, check_files, check_opening
from abm.engine import tables as ec
from abm.errors import BadInput, shown
from abm.inputs import parameters
from abm.inputs.priors import LEVERS, PRIORS, Z95, Prior, carried, draw, standard_normals

PLAUSIBLE = "worlds.csv"
STRICT = "strict.toml"
STRICT_KEYS = {"value", "low", "high", "source"}
_ID = re.compile(r"\b([A-Z]\d-\d{3})\b(?!\.)")


class CommonDoubt(NamedTuple):
    """A doubt about all cells of a column that rows of a kind share: they are scaled or moved together."""

    name: str
    table: str
    columns: tuple[str, ...]
    holds: Callable[[Mapping[str, str]], bool]
    formula: str  # of the cell and the number drawn
    prior: Prior


COMMON_DOUBTS = (
    CommonDoubt(
        "growth expected", "firms", ("value",), lambda row: row["column"] == "expected_growth", "({cell}) * {drawn}",
        Prior("growth expected", "lognormal", 0.7, 1.0, 1.4, "assumption: firms may extrapolate less or more than"
              " their own past year"),
    ),
    CommonDoubt(
        "growth of own workloads", "firms", ("value",), lambda row: row["column"] == "own_growth",
        "({cell}) * {drawn}",
        Prior("growth of own workloads", "lognormal", 0.7, 1.0, 1.4, "assumption: what clouds run for themselves is"
              " not published"),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class World:
    """What one seed draws.

    Attributes
    ----------
    seed : int
    drawn : int
        Number of the draw: the seed, or that of the plausible draw which the seed stands for.
    files : Files or None
        Of the opening; None where its tables were given, so that only parameters are drawn.
    parameters : dict of str to float
        By name, within their legal ranges.
    assumptions, facts, common : dict of str to float
        Values of assumptions, of estimated facts, and factors of `COMMON_DOUBTS`, by name.
    """

    seed: int
    drawn: int
    files: Files | None = field(repr=False, compare=False)
    parameters: dict[str, float]
    assumptions: dict[str, float]
    facts: dict[str, float]
    common: dict[str, float]

    def opening(self) -> Opening:
        """The opening state of this world, built and checked.

        Raises
        ------
        BadInput
            If its accounts do not close, or the world has no files.
        """
        files = self.files
        if files is None:
            raise BadInput(f"world {self.seed} was drawn for tables, and has no opening of its own")
        tables = {
            name: [self._told(name, row) if number in rows else row for number, row in enumerate(files.tables[name])]
            for name, rows in _uncertain_rows(files).items()
        }
        try:
            opening = build(dataclasses.replace(files, tables=files.tables | tables), _fixed_cells(files))
            _settle(opening)
            check_opening(opening)
        except BadInput as error:
            raise BadInput(f"world {self.seed} of opening {files.name} cannot be opened: {error}") from error
        return opening

    def as_dict(self) -> dict[str, Any]:
        """What was drawn, as a manifest keeps it."""
        kinds = ("parameters", "assumptions", "facts", "common")
        return {"seed": self.seed, "drawn": self.drawn, **{name: dict(getattr(self, name)) for name in kinds}}

    def _told(self, table: str, row: Row) -> Row:
        """A row with the drawn numbers in place of the formulas."""
        changed: dict[str, str] = {}
        if table == "assumptions" and row["name"] in self.assumptions:
            return Row({**row, "value": repr(self.assumptions[row["name"]])}, row.place, row.own)
        for column in LAYOUTS[table].formulas:
            cell = row.get(column, "")
            told = _ID.sub(lambda m: repr(self.facts[m[1]]) if m[1] in self.facts else m[0], cell)
            if told != cell:
                changed[column] = told
        for doubt in COMMON_DOUBTS:
            if doubt.table == table and doubt.holds(row):
                for column in doubt.columns:
                    cell = changed.get(column, row.get(column, ""))
                    if cell:
                        changed[column] = doubt.formula.format(cell=cell, drawn=repr(self.common[doubt.name]))
        return Row({**row, **changed}, row.place, row.own) if changed else row


def world(seed: int, opening: str | Path | Files | Opening, strict: bool = False, *, matched: bool = True) -> World:
    """The world of a seed.

    Parameters
    ----------
    seed : int
        Non-negative.
    opening : str, Path, Files or Opening
        One of `abm.calibration.openings()`, a folder, or its files; for tables only the parameters are drawn.
    strict : bool
        Whether parameters that rest on facts later than the opening are drawn around what was known then.
    matched : bool
        Whether the seed draws from the plausible worlds of the opening, if it has any; otherwise from what is
        believed. The strict variant never does, nor do tables.

    Returns
    -------
    World

    Raises
    ------
    BadInput
        If there is no such opening, it has a mistake, its `strict.toml` has one or is missing where `strict` asks
        for it, or its `worlds.csv` cannot be read.

    Examples
    --------
    >>> world(1, "2025-12-31").parameters == world(1, "2025-12-31").parameters
    True
    """
    if isinstance(opening, Opening):
        return World(seed, seed, None, draw(seed), {}, {}, {})
    files = opening_files(opening)
    plausible = plausible_draws(files) if matched and not strict else ()
    drawn = plausible[seed % len(plausible)] if plausible else seed
    return _world(seed, drawn, files, lambda names: standard_normals(drawn, names), strict)


def world_at(normals: Mapping[str, float], opening: str | Path | Files, seed: int = 0) -> World:
    """The world at given numbers in place of drawn ones.

    Parameters
    ----------
    normals : mapping of str to float
        Standard normal numbers by name, as `uncertain` lists them; what is not named is at 0, its median.
    opening : str, Path or Files
    seed : int
        What the world is called.

    Returns
    -------
    World

    Raises
    ------
    BadInput
        If there is no such opening or it has a mistake.
    """
    files = opening_files(opening)
    return _world(seed, seed, files, lambda names: [normals.get(name, 0.0) for name in names], False)


def uncertain(opening: str | Path | Files) -> tuple[str, ...]:
    """Names of all numbers that a world of an opening draws: `parameter X`, `assumption X`, `fact X`, `common X`.

    Raises
    ------
    BadInput
        If there is no such opening or it has a mistake.
    """
    found = [f"parameter {name}" for name in PRIORS]
    for kind, doubts in doubts_of(opening).items():
        found += [f"{kind} {prior.name}" for prior in doubts]
    return (*found, *(f"common {doubt.name}" for doubt in COMMON_DOUBTS))


def plausible_draws(files: Files) -> tuple[int, ...]:
    """Numbers of the plausible draws of an opening, in their order; none if it keeps no table of them.

    Raises
    ------
    BadInput
        If the table is empty, or holds what is no whole number.
    """
    path = files.folder / PLAUSIBLE
    try:
        stamp = path.stat().st_mtime_ns
    except OSError:
        return ()
    return _read_plausible(path, stamp)


@functools.lru_cache(maxsize=8)
def _read_plausible(path: Path, stamp: int) -> tuple[int, ...]:
    """The table, read once for each state of the file."""
    place = f"{path.parent.name}/{path.name}"
    try:
        cells = [row.get("world", "") for row in read_table(path)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{place} cannot be read: {error}") from None
    wrong = next((cell for cell in cells if not (cell.isascii() and cell.isdigit() and int(cell) < 2**62)), None)
    if wrong is not None or not cells:
        told = "it has none" if wrong is None else f"not {shown(wrong)}"
        raise BadInput(f"{place}: its column 'world' must hold whole numbers from 0 to 2**62, {told}")
    return tuple(map(int, cells))


def _world(
    seed: int, drawn: int, files: Files, normals: Callable[[list[str]], Iterable[float]], strict: bool
) -> World:
    """The world at the standard normal numbers that a function gives for names."""
    priors = dict(PRIORS) | (strict_priors(files.folder) if strict else {})
    found = {
        kind: {
            prior.name: _within(prior, z)
            for prior, z in zip(doubts, normals([f"{kind} {prior.name}" for prior in doubts]), strict=True)
        }
        for kind, doubts in _opening_doubts(files).items()
    }
    shared = normals([f"common {doubt.name}" for doubt in COMMON_DOUBTS])
    common = {doubt.name: doubt.prior.at(z) for doubt, z in zip(COMMON_DOUBTS, shared, strict=True)}
    parameters_ = carried(priors, normals([f"parameter {name}" for name in priors]))
    return World(seed, drawn, files, parameters_, found["assumption"], found["fact"], common)


def _within(prior: Prior, z: float) -> float:
    """The number of a draw, held within the 5 % and 95 % points: beyond them a share may cease to be one."""
    return prior.at(min(max(z, -Z95), Z95))


def doubts_of(opening: str | Path | Files) -> dict[str, tuple[Prior, ...]]:
    """What is uncertain about an opening.

    Parameters
    ----------
    opening : str, Path or Files
        One of `abm.calibration.openings()`, a folder, or its files.

    Returns
    -------
    dict of str to tuple of Prior
        Under `assumption` and `fact`.

    Raises
    ------
    BadInput
        If there is no such opening, or it has a mistake.
    """
    return _opening_doubts(opening_files(opening))


@functools.lru_cache(maxsize=8)
def _opening_doubts(files: Files) -> dict[str, tuple[Prior, ...]]:
    """The same, read once for each state of the files."""
    check_files(files)
    rows = {row["name"]: row for row in files.tables["assumptions"]}

    def value(name: str) -> float:
        if name not in rows:
            raise BadInput(f"'{name}' in the ranges of the assumptions of {files.name} is no assumption")
        return evaluate(rows[name]["value"], value)

    assumptions = []
    for name, row in rows.items():
        if row["low"] or row["high"]:
            middle = value(name)
            low, high = (evaluate(row[end], value) if row[end] else middle for end in ("low", "high"))
            assumptions.append(_range(name, low, middle, high, row["source"]))
    estimates = []
    for name in sorted(_cited(files)):
        fact = facts()[name]
        if not fact.verified and fact.central is not None and (fact.low is not None or fact.high is not None):
            low = fact.central if fact.low is None else fact.low
            high = fact.central if fact.high is None else fact.high
            estimates.append(_range(name, low, fact.central, high, fact.source))
    return {"assumption": tuple(assumptions), "fact": tuple(estimates)}


@functools.lru_cache(maxsize=8)
def _uncertain_rows(files: Files) -> dict[str, frozenset[int]]:
    """Numbers of the rows that a world may change, by table."""
    names = {kind: {prior.name for prior in found} for kind, found in _opening_doubts(files).items()}

    def uncertain(table: str, row: Row) -> bool:
        if table == "assumptions" and row["name"] in names["assumption"]:
            return True
        cited = {found for column in LAYOUTS[table].formulas for found in _ID.findall(row.get(column, ""))}
        return bool(cited & names["fact"]) or any(d.table == table and d.holds(row) for d in COMMON_DOUBTS)

    found = {
        table: frozenset(number for number, row in enumerate(rows) if uncertain(table, row))
        for table, rows in files.tables.items()
    }
    return {table: rows for table, rows in found.items() if rows}


@functools.lru_cache(maxsize=8)
def _fixed_cells(files: Files) -> dict[Where, Fixed]:
    """The cells that no world changes, so that a world works out the others alone."""
    tables = dict(files.tables)
    for name, numbers in _uncertain_rows(files).items():
        marked = list(tables[name])
        for number in numbers:
            row = marked[number]
            doubtful = {column: Doubtful(row[column]) for column in LAYOUTS[name].formulas if column in row}
            marked[number] = Row({**row, **doubtful}, row.place, row.own)
        tables[name] = marked
    return fixed_cells(dataclasses.replace(files, tables=tables))


def _settle(opening: Opening) -> None:
    """Where equity is given and other debt follows, it may come out below zero: the firm then owns more instead.

    Savers claim all other debt, so that their claims and their net worth move with it.
    """
    firms = opening.firms
    short = np.where(firms["other_debt"] < 0.0, -firms["other_debt"], 0.0)
    short[ec.SAVERS] = 0.0
    if not short.any():
        return
    firms["other_assets"] += short
    firms["other_debt"] += short
    before = float(firms["other_assets"][ec.SAVERS])
    firms["other_assets"][ec.SAVERS] = math.fsum([*firms["other_debt"], *firms["funding"]])
    firms["retained"][ec.SAVERS] += firms["other_assets"][ec.SAVERS] - before


def _range(name: str, low: float, middle: float, high: float, reason: str) -> Prior:
    """A prior of a range: in logs where all is positive."""
    low, high = min(low, middle), max(high, middle)
    return Prior(name, "lognormal" if low > 0.0 else "normal", low, middle, high, reason)


def _cited(files: Files) -> set[str]:
    """Facts that formulas of an opening name by their central value."""
    return {
        found
        for table, rows in files.tables.items()
        for row in rows
        for column in LAYOUTS[table].formulas
        for found in _ID.findall(row.get(column, ""))
        if found in facts()
    }


def strict_priors(folder: Path) -> dict[str, Prior]:
    """Priors of the parameters that rest on facts later than an opening, from what was known at its date.

    Parameters
    ----------
    folder : Path
        Of the opening; its `strict.toml` has a table a parameter: `value`, `low` and `high` (numbers or formulas
        over facts; 50 %, 5 % and 95 % points) and `source`.

    Returns
    -------
    dict of str to Prior

    Raises
    ------
    BadInput
        If the file is missing or has a mistake.
    """
    path = folder / STRICT
    place = f"{folder.name}/{STRICT}"
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"{place} cannot be read, so there is no strict variant of this opening: {error}") from None
    found = {}
    for name, entry in told.items():
        parameter = parameters.find(name)
        if not isinstance(entry, dict) or set(entry) != STRICT_KEYS or name in LEVERS:
            raise BadInput(f"{place}: [{name}] must have value, low, high and source, and be no policy lever")
        numbers = []
        for key in ("low", "value", "high"):
            if isinstance(entry[key], bool) or not isinstance(entry[key], int | float | str):
                raise BadInput(f"{place}: {key} of [{name}] must be a number or a formula, not {shown(entry[key])}")
            numbers.append(evaluate(str(entry[key]), _no_name))
        low, middle, high = numbers
        if not parameter.low <= low <= middle <= high <= parameter.high:
            raise BadInput(
                f"{place}: low, value and high of [{name}] must rise within {parameter.low:g} and {parameter.high:g}"
            )
        kind = PRIORS[name].kind if name in PRIORS else "normal"
        if kind == "uniform" or (kind == "lognormal" and low <= 0.0):
            kind = "normal"
        found[name] = Prior(name, kind, low, middle, high, str(entry["source"]))
    return found


def _no_name(name: str) -> float:
    raise BadInput(f"'{name}' in {STRICT} is no fact")
