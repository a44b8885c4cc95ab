"""Opening states: tables of the economy at a date, built from facts and stated assumptions.

The files in `openings/` hold formulas (see `abm.calibration.facts`), each with its source;
`abm.calibration.builder` works them out and closes the accounts. Balance sheet of a firm::

    assets      = cash + other_assets + sites + fleet_book + prepaid_out + deposits_out
                  + loans_held + holdings
    liabilities = other_debt + funding + debt + prepaid_in + deposits_in
    net worth   = assets - liabilities = paid_in + retained

A contract stated by its amount gets the capacity that the amount buys: the invoices from month 1 to the end
of its term, with a straight ramp, add up to it.
"""

from __future__ import annotations

import copy
import datetime
import functools
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np

from abm.calibration.builder import Builder, Fixed, Source, Where, net_worth, sum_by
from abm.calibration.files import (
    DEFAULT_OPENING,
    OPENINGS_FOLDER,
    Files,
    opening_files,
    openings,
)
from abm.calibration.mistakes import mistakes
from abm.engine import tables as ec
from abm.errors import BadInput

__all__ = ["DEFAULT_OPENING", "Opening", "check_opening", "opening_tables", "openings", "read_opening"]

# What both sides of every instrument agree on: a column of the firm table, the table of the instrument, the side the
# column belongs to, and the amount there.
SIDES = (
    ("debt", "loans", "borrower", "principal"),
    ("loans_held", "loans", "lender", "principal"),
    ("prepaid_in", "contracts", "seller", "prepaid"),
    ("prepaid_out", "contracts", "buyer", "prepaid"),
    ("deposits_in", "orders", "vendor", "deposit"),
    ("deposits_out", "orders", "buyer", "deposit"),
    ("paid_in", "stakes", "issuer", "book"),
    ("holdings", "stakes", "holder", "book"),
)


@dataclass(frozen=True)
class Opening:
    """The opening state. Shapes: F firms, G generations, S segments; table types as in `abm.engine.tables`."""

    names: list[str]  # firms by row, the outside sectors first
    firms: np.ndarray
    contracts: np.ndarray
    loans: np.ndarray
    orders: np.ndarray
    stakes: np.ndarray
    generations: np.ndarray
    segments: np.ndarray
    fleet: np.ndarray  # (F, G) vintages
    revenue: np.ndarray  # (S, F) bn a year spent on each seller's models
    market: dict[str, float]  # prices and rates of month 0, by column of the market table
    statements: dict[str, dict[str, float]]  # last reported half-year by lab and line, bn; costs negative
    generation_names: list[str]
    contract_names: list[str]  # by row of the contract table
    loan_names: list[str]  # by row of the loan table
    sources: tuple[Source, ...]  # where every number comes from
    date: datetime.date = datetime.date(2025, 12, 31)  # of the balance sheets, the end of month 0
    name: str = ""  # of its folder
    flagship: str = "OpenAI"  # the lab whose dollar of sales is the unit of work
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # borrowers that the press counts together
    folder: Path | None = None  # where its files stand; None if they are those of the model, or there are none

    @property
    def digest(self) -> str:
        """SHA-256 of all tables: the same for the same date, firms and numbers, wherever the files stand."""
        found = hashlib.sha256(repr((self.date, self.names, self.flagship, sorted(self.market.items()))).encode())
        for name in ("firms", "contracts", "loans", "orders", "stakes", "generations", "segments", "fleet", "revenue"):
            found.update(np.ascontiguousarray(getattr(self, name)).tobytes())
        found.update(repr(self.statements).encode())
        return found.hexdigest()

    @property
    def origin(self) -> Path | str | Opening:
        """What `opening_tables` or `world` find it by: its folder or its name; itself if its files are not at hand."""
        if self.folder is not None:
            return self.folder
        return self.name if self.name in openings() else self

    @property
    def kinds(self) -> dict[str, int]:
        """Kind of each firm by name, in the order of their rows."""
        return dict(zip(self.names, self.firms["kind"].tolist(), strict=True))

    @property
    def owners(self) -> frozenset[str]:
        """Names of the firms that own hardware, and of the labs that mean to."""
        owned = (self.fleet["units"].sum(axis=1) > 0.0) | (self.firms["own_hardware"] > 0.0)
        return frozenset(name for name, owns in zip(self.names, owned, strict=True) if owns)

    def row(self, name: str) -> int:
        """Row of a firm.

        Raises
        ------
        BadInput
            If there is none of that name.
        """
        if name not in self.names:
            raise BadInput(f"there is no firm '{name}' in the opening state")
        return self.names.index(name)


_TEXT = ("date", "name", "flagship", "groups", "folder", "sources")  # fields that nobody can change


def build(files: Files, fixed: Mapping[Where, Fixed] | None = None) -> Opening:
    """The opening state that files say, its accounts not yet checked.

    Parameters
    ----------
    files : Files
    fixed : mapping, optional
        Cells that need not be worked out, see `abm.calibration.builder.Builder`.

    Raises
    ------
    BadInput
        If a formula has no value.
    """
    built = Builder(files, fixed)
    if built.mistakes:
        raise BadInput(_first_of(built.mistakes))
    values = {f.name: getattr(built, f.name) for f in fields(Opening) if f.name not in _TEXT}
    return Opening(
        **values, sources=tuple(built.sources.values()), date=files.date, name=files.name, flagship=files.flagship,
        groups=files.groups, folder=None if files.folder.parent == OPENINGS_FOLDER else files.folder,
    )  # fmt: skip


def _first_of(found: list[str]) -> str:
    """The first mistake, and how to see the others."""
    if len(found) == 1:
        return found[0]
    return f"{found[0]} (and {len(found) - 1} more: `invisible-debt openings --check` explains them)"


def all_mistakes(files: Files) -> list[str]:
    """Every mistake of an opening: of its files, else of its formulas, else of the accounts they make."""
    found = mistakes(files)
    if not found:
        built = Builder(files)
        found = built.mistakes or open_accounts(build(files))
    return found


def check_files(files: Files) -> None:
    """Raise if the files of an opening show a mistake before anything is worked out.

    Raises
    ------
    BadInput
        Naming the first mistake.
    """
    found = mistakes(files)
    if found:
        raise BadInput(_first_of(found))


def read_opening(folder: Path | Files) -> Opening:
    """The opening state of a folder or of its files, built and checked; see `opening_tables`."""
    files = opening_files(folder)
    check_files(files)
    opening = build(files)
    check_opening(opening)
    return opening


# The opening of some files, built once; `opening_tables` hands out copies.
_kept = functools.lru_cache(maxsize=8)(read_opening)


def opening_tables(name: str | Path | Files = DEFAULT_OPENING) -> Opening:
    """The economy of a date, built from the facts and checked.

    Parameters
    ----------
    name : str, Path or Files
        One of `openings()`, the path of a folder of one's own, or its files.

    Returns
    -------
    Opening
        Fresh copies of all tables: changing one changes no later call. The sources cannot be changed and are shared.

    Raises
    ------
    BadInput
        If there is no such opening, or the files have a mistake, or do not make accounts that close (see
        `check_opening`).

    Examples
    --------
    >>> opening = opening_tables()
    >>> float(opening.firms["cash"][opening.row("OpenAI")])
    40.0
    """
    kept = _kept(opening_files(name))
    copied = {f.name: copy.deepcopy(getattr(kept, f.name)) for f in fields(Opening) if f.name not in _TEXT}
    return Opening(**copied, **{name: getattr(kept, name) for name in _TEXT})


_NOT_NEGATIVE = {
    "firms": (
        "other_assets", "other_debt", "funding", "sites", "paid_in", "fleet_book", "debt", "prepaid_in",
        "prepaid_out", "deposits_in", "deposits_out", "loans_held", "holdings", "site_gw", "other_weight",
        "need", "fixed_cost",
    ),
    "contracts": ("quantity", "delivered", "price", "take_or_pay", "prepaid", "announced"),
    "loans": ("principal", "limit", "rate"),
    "orders": ("units", "price", "deposit"),
    "stakes": ("share", "book"),
    "generations": ("cost", "kw", "age_limit"),
    "segments": ("adoption", "growth", "potential"),
}  # fmt: skip


def check_opening(opening: Opening) -> None:
    """Raise unless the accounts of an opening state close, see `open_accounts`.

    Raises
    ------
    BadInput
        Naming the first identity that fails and by how much.
    """
    found = open_accounts(opening)
    if found:
        raise BadInput(found[0])


def open_accounts(opening: Opening) -> list[str]:
    """Where the accounts of an opening state do not close.

    Money sums to zero exactly; every instrument is the same on both sides; balance sheets close; prices, adoption
    and spending are above zero; nothing that cannot be negative is; nobody's shares exceed one; every row names firms
    that exist.

    Parameters
    ----------
    opening : Opening
        Such as `opening_tables` gives.

    Returns
    -------
    list of str
        A sentence for every identity that fails, and by how much; empty if all hold.
    """
    firms = opening.firms
    failed: list[str] = []

    def require(holds: bool, what: str) -> None:
        if not holds:
            failed.append(f"the opening state does not close: {what}")

    def same(found: float, expected: float, what: str) -> None:
        gap = abs(found - expected)
        require(gap <= 1e-9 * max(1.0, abs(expected)), f"{what}, {found:.9g} against {expected:.9g} bn")

    def all_same(found: np.ndarray, expected: list[float], column: str, where: str) -> None:
        gaps = np.abs(found - np.array(expected))
        for i in np.flatnonzero(~(gaps <= 1e-9 * np.maximum(1.0, np.abs(expected)))).tolist():
            same(float(found[i]), expected[i], f"{column} of {opening.names[i]} and {where}")

    labels = {
        "firms": opening.names,
        "contracts": opening.contract_names,
        "loans": opening.loan_names,
        "orders": [f"row {k + 1} (by {opening.names[order['buyer']]})" for k, order in enumerate(opening.orders)],
        "stakes": [f"row {k + 1} (in {opening.names[stake['issuer']]})" for k, stake in enumerate(opening.stakes)],
        "generations": opening.generation_names,
        "segments": ec.SEGMENT_NAMES,
    }
    require(float(firms["cash"].sum()) == 0.0, "money does not sum to zero")
    owed = math.fsum([*firms["other_debt"], *firms["funding"]])
    same(float(firms["other_assets"][ec.SAVERS]), owed, "what savers are owed and what they claim")
    for table, columns in _NOT_NEGATIVE.items():
        values = getattr(opening, table)
        for column in columns:
            for row in map(int, np.flatnonzero(~(values[column] >= 0.0))):
                require(False, f"{column} in {table} is negative for {labels[table][row]}, {values[column][row]:.6g}")
    for row, name in enumerate(ec.SEGMENT_NAMES):
        require(float(opening.segments["adoption"][row]) > 0.0, f"adoption of segment '{name}' is not above zero")
        require(float(opening.revenue[row].sum()) > 0.0, f"nothing is spent in segment '{name}'")
    for name in ("spot_price", "contract_price", "power_price"):
        require(opening.market[name] > 0.0, f"{name} of the market is not above zero")
    for row in map(int, np.flatnonzero((firms["kind"] != ec.OUTSIDE) & ~(firms["cash"] >= 0.0))):
        require(False, f"{opening.names[row]} has negative cash, {firms['cash'][row]:.6g} bn")
    gap = float(np.abs(net_worth(firms) - firms["paid_in"] - firms["retained"]).max())
    require(gap <= 1e-9 * float(np.abs(firms["cash"]).max()), "a balance sheet does not close")
    n = len(firms)
    for column, table, party, amount in SIDES:
        rows = getattr(opening, table)
        known = (rows[party] >= 0) & (rows[party] < n)
        require(bool(np.all(known)), f"the {table} table names an unknown {party}")
        all_same(firms[column], sum_by(rows, party, amount, n), column, f"the {table} table")
    books = [math.fsum(vintages) for vintages in opening.fleet["book"].tolist()]
    all_same(firms["fleet_book"], books, "fleet_book", "its vintages")
    for name, share in zip(opening.names, sum_by(opening.stakes, "issuer", "share", n), strict=True):
        require(share <= 1.0 + 1e-12, f"more than all shares of {name} are held")
    return failed
