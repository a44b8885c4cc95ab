"""A network of one's own, read from whatever holds it: every mistake is one sentence, every liberty taken a note."""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from abm.contagion.cleared import OUTSIDE
from abm.contagion.inputs import network as checked_matrix
from abm.contagion.network import Network
from abm.errors import BadInput, short, shown
from abm.inputs.toml_lines import read_text

if TYPE_CHECKING:
    import pandas as pd

EDGES, EDGES_MAY = ("debtor", "creditor", "amount"), ("tier",)
NODES, NODES_MAY = ("firm", "assets"), ("debt", "debt_tier", "equity")
MOST_BYTES = 4_000_000_000
"""Of a CSV file: a hundred million obligations."""

MOST_COMPARED = 1000
"""Creditors without a row; where there are more, they are left out on purpose."""

LONGEST = 60
"""Letters of a name up to which it is compared with others letter by letter."""

MEANT = {
    "name": "firm", "bank": "firm", "company": "firm", "institution": "firm", "node": "firm", "cash": "assets",
    "asset": "assets", "outside assets": "assets", "external assets": "assets", "from": "debtor", "borrower": "debtor",
    "source": "debtor", "to": "creditor", "lender": "creditor", "target": "creditor", "value": "amount",
    "weight": "amount", "owed": "amount", "exposure": "amount",
}  # fmt: skip
"""What other headings are likely to mean."""

SEPARATORS = ",;\t"
UNIT = re.compile(r"(?P<name>.*?)\s*[(\[](?P<unit>[^)\]]*)[)\]]")
"""A heading with its unit in brackets, such as "amount (bn USD)"."""


@dataclass(frozen=True)
class Table:
    """Columns of a table as they were given, by name in small letters.

    Attributes
    ----------
    columns : dict of str to sequence
        All of the same length.
    units : dict of str to str
        Units of the columns whose heading tells one.
    name : str
        Of the table, in messages.
    place : callable
        Where a row stands, in messages.
    """

    columns: dict[str, Any]
    units: dict[str, str]
    name: str
    place: Callable[[int], str]

    @property
    def rows(self) -> int:
        """How many."""
        return len(next(iter(self.columns.values()), ()))


class _Matrix(NamedTuple):
    """Obligations as matrices, one a tier, and the firms' names if they are known."""

    layers: list[Any]
    names: list[str] | None


def read_network(edges: Any, nodes: Any = None, *, unit: str = "") -> Network:
    """A network of obligations with names, from a table of who owes whom and a table of who has what.

    Names are compared as they are written, without spaces around them; numbers are names too (1 and 1.0 are "1").
    Headings may be in capitals, in any order, and may bring a unit in brackets: "Amount (bn USD)". Obligations of one
    firm to another in the same tier are summed. What was summed, assumed or left aside is said in `Network.notes`.

    Parameters
    ----------
    edges : path, data frame, mapping, graph, matrix or array
        Who owes whom, as

        - a table with the columns `debtor`, `creditor`, `amount` (not negative) and, if some debts are paid before
          others, `tier` (whole numbers; the lowest is paid first). It may be the path of a CSV file in UTF-8 (its
          cells separated by commas, semicolons or tabs), a pandas data frame, anything that hands out Arrow data
          (Polars, DuckDB, PyArrow), or a mapping from column to values;
        - a directed networkx graph: an edge from u to v is owed by u to v, its attribute `amount` (or `weight`) how
          much, `tier` in which tier. Node attributes `assets`, `debt`, `debt_tier`, `equity` count as `nodes`;
        - a square matrix, entry [i, j] owed by i to j: a NumPy array, lists, a SciPy sparse matrix, or a data frame
          with the firms' names on both sides; an array of three dimensions has one matrix a tier.
    nodes : path, data frame, mapping, series or array, optional
        Who has what, as a table (as above) with the columns `firm`, `assets` (outside assets, say cash; not negative)
        and, if there are any, `debt` (owed to outsiders), `debt_tier` (in which tier; the first if left out) and
        `equity` (for `debtrank` and `furfine`; what the books leave if left out); or as a mapping or series from name
        to assets. Beside a matrix without names the rows are in its order, and an array of assets is enough. Left out,
        nobody has anything but its claims.
    unit : str
        Unit of all amounts, for tables and pictures, if no heading tells it.

    Returns
    -------
    Network

    Raises
    ------
    BadInput
        One sentence: a file that cannot be read, a column, name or number missing, an amount that is negative or no
        number, a debt to oneself, a firm with two rows, a debtor without a row in `nodes`, units that differ.

    Examples
    --------
    >>> owed = {"debtor": ["North", "South", "North"], "creditor": ["South", "East", "South"], "amount": [6, 10, 4]}
    >>> network = read_network(owed, {"North": 4, "South": 3})
    >>> for note in network.notes:
    ...     print(note)
    1 creditor has no row in nodes (the first: East): it has nothing but its claims, and owes nobody outside
    1 row of edges repeats a pair (the first: North owes South): their amounts are summed
    >>> cleared = network.clear()
    >>> print(cleared.firms[["firm", "owed", "paid", "round"]].to_string(index=False))
     firm  owed  paid  round
    North  10.0   4.0      1
    South  10.0   7.0      2
     East   0.0   0.0      0
    >>> print(cleared.causes.to_string(index=False))
     firm  round cause      channel  amount  share
    North      1 North    own books     6.0    1.0
    South      2 North unpaid debts     3.0    1.0
    """
    given: Table | _Matrix
    if _is_graph(edges):
        given, in_graph = _of_graph(edges)
        nodes = in_graph if nodes is None else nodes
    else:
        table = _table(edges, "edges")
        given = _matrix(edges) if table is None else table
    who = nodes if isinstance(nodes, Table) else _assets_by_name(nodes, given)
    if who is None and nodes is not None:
        who = _table(nodes, "nodes")
    if nodes is not None and who is None:
        raise BadInput(
            "nodes must be a table with the columns firm and assets, a mapping from name to assets, or beside a matrix"
            f" without names an array of assets; it is {shown(type(nodes).__name__)}"
        )
    return _Reader(unit).network(given, who)


class _Reader:
    """One network being read: the names so far, and what there is to say."""

    def __init__(self, unit: str) -> None:
        self.unit = unit
        self.told_by = "the argument unit"
        self.rows: dict[str, int] = {}  # of names
        self.notes: list[str] = []

    def network(self, edges: Table | _Matrix, nodes: Table | None) -> Network:
        """Put the parts together."""
        matrix = isinstance(edges, _Matrix)
        if isinstance(edges, _Matrix):
            size = edges.layers[0].shape[0]
            if nodes is not None and edges.names is None and nodes.rows != size:
                raise BadInput(f"nodes must have {size} rows, as edges is {size} by {size}; it has {nodes.rows}")
            if edges.names is None and nodes is None:
                edges = edges._replace(names=[str(k) for k in range(size)])
        else:
            _need(edges, EDGES, EDGES_MAY, self.notes)
            self._unit(edges, ("amount",))
        listed = 0
        if nodes is not None:
            _need(nodes, NODES, NODES_MAY, self.notes)
            self._unit(nodes, ("assets", "debt", "equity"))
            where = self._names(nodes, "firm")
            again = np.ones(len(where), np.bool_)
            again[np.unique(where, return_index=True)[1]] = False
            twice = _first(again)
            if twice is not None:
                name = shown(list(self.rows)[int(where[twice])])
                raise BadInput(f"{nodes.place(twice)}: firm {name} has two rows: give each firm one")
            listed = len(where)
        debtor, creditor, amount, tier, tiers = (
            self._of_matrix(edges) if isinstance(edges, _Matrix) else self._of_table(edges)
        )
        names = list(self.rows)
        n = len(names)
        if not names:
            name = edges.name if isinstance(edges, Table) else "edges"
            raise BadInput(f"{name} names no firm: give each obligation a row")
        if OUTSIDE in self.rows:
            raise BadInput(f"no firm can be called {shown(OUTSIDE)}: that is what outsiders are called in results")
        self._lookalikes(names)
        assets, debt, debt_tier, equity = np.zeros(n), np.zeros(n), np.zeros(n, np.int64), None
        if nodes is None:
            self.notes.append("no nodes are given: nobody has anything but its claims")
        else:
            self._no_row(debtor, creditor, names, listed, None if matrix else edges.place, nodes)  # type: ignore[union-attr]
            assets[:listed] = amounts(nodes, "assets")
            if "debt" in nodes.columns:
                debt[:listed] = amounts(nodes, "debt")
            if "debt_tier" in nodes.columns:
                tiers, tier, debt_tier[:listed] = self._debt_tiers(nodes, debt[:listed], tiers, tier)
            elif len(tiers) > 1 and debt.any():
                self.notes.append(f"debt to outsiders has no debt_tier: it is paid with tier {tiers[0]}, the first")
            if "equity" in nodes.columns:
                if listed < n:
                    raise BadInput(
                        f"{nodes.name}: {shown(names[listed])} has no row: where equity is given every firm needs it"
                    )
                equity = amounts(nodes, "equity", least=-np.inf)
        debtor, creditor, amount, tier = self._summed(debtor, creditor, amount, tier, names)
        with np.errstate(over="ignore"):
            if not np.isfinite(amount.sum() + assets.sum() + debt.sum()):
                raise BadInput("all amounts together are more than a number holds: give them in a larger unit")
        return Network(
            names=tuple(names), debtor=debtor, creditor=creditor, amount=amount, tier=tier, tiers=tiers,
            assets=assets, debt=debt, debt_tier=debt_tier, equity=equity, unit=self.unit, notes=tuple(self.notes),
        )  # fmt: skip

    # --- names, units, tiers -----------------------------------------------------------------------------
    def _names(self, table: Table, column: str) -> NDArray[np.int64]:
        """Rows of the names in a column; new names are added at the end."""
        import pandas as pd  # a second to import, and a run of the economy does without

        codes, found = pd.factorize(pd.Series(table.columns[column]))
        empty = _first(codes < 0)
        if empty is not None:
            raise BadInput(f"{table.place(empty)}: {column} is missing: every firm needs a name")
        row = np.zeros(len(found), np.int64)
        for k, cell in enumerate(found.tolist()):
            whole = isinstance(cell, float) and cell.is_integer()
            name = str(int(cell) if whole else cell).strip()
            if not name:
                at = int(np.flatnonzero(codes == k)[0])
                raise BadInput(f"{table.place(at)}: {column} is missing: every firm needs a name")
            row[k] = self.rows.setdefault(name, len(self.rows))
        return row[codes] if len(found) else np.zeros(0, np.int64)

    def _unit(self, table: Table, columns: Sequence[str]) -> None:
        """Take the unit that headings tell, and refuse another."""
        for column in columns:
            told = table.units.get(column)
            if not told or told == self.unit:
                continue
            if self.unit:
                raise BadInput(
                    f"{column} of {table.name} is in {shown(told)}, but {self.told_by} says {shown(self.unit)}:"
                    " give all amounts in one unit"
                )
            self.unit, self.told_by = told, f"{column} of {table.name}"

    def _lookalikes(self, names: Sequence[str]) -> None:
        """Note names that differ in capitals or spaces alone."""
        seen: dict[str, str] = {}
        for name in names:
            plain = "".join(name.casefold().split())
            other = seen.setdefault(plain, name)
            if other != name:
                both = f"{shown(other)} and {shown(name)}"
                self.notes.append(f"{both} differ in capitals or spaces alone: they are taken for two firms")
                return

    def _no_row(
        self, debtor: NDArray[np.int64], creditor: NDArray[np.int64], names: Sequence[str], listed: int,
        place: Callable[[int], str] | None, nodes: Table,
    ) -> None:  # fmt: skip
        """Refuse debtors without a row in the nodes, and creditors that look misspelt; note other creditors."""
        from abm.inputs.parameters import nearest

        unlisted = _first(debtor >= listed)
        if unlisted is not None:
            name = names[int(debtor[unlisted])]
            hint = nearest(name, names[:listed])
            at = f"{place(unlisted)}: debtor" if place else "edges:"
            raise BadInput(f"{at} {shown(name)} has no row in {nodes.name}: give it one, with its assets{hint}")
        rest = names[listed:]
        found = misspelt(rest, names[:listed])
        if found is not None:
            name, right = found
            lent = _first(creditor == listed + rest.index(name))
            where = "edges:" if place is None or lent is None else f"{place(lent)}: creditor"
            raise BadInput(
                f"{where} {shown(name)} has no row in {nodes.name}; did you mean {shown(right)}? If it is another"
                " firm, give it a row, with assets of 0 if need be"
            )
        if rest:
            what = "1 creditor has" if len(rest) == 1 else f"{len(rest):,} creditors have"
            it = "it has nothing but its claims, and owes"
            it = it if len(rest) == 1 else "they have nothing but claims, and owe"
            self.notes.append(f"{what} no row in {nodes.name} (the first: {short(rest[0])}): {it} nobody outside")

    def _tier_column(self, table: Table) -> NDArray[np.int64]:
        values = amounts(table, "tier", least=-np.inf, what="a whole number; the lowest is paid first")
        wrong = _first(values != np.floor(values))
        if wrong is not None:
            raise BadInput(
                f"{table.place(wrong)}: tier is {values[wrong]:g}: it must be a whole number; the lowest is paid first"
            )
        return values.astype(np.int64)

    def _debt_tiers(
        self, nodes: Table, debt: NDArray[np.float64], tiers: tuple[int, ...], tier: NDArray[np.int64]
    ) -> tuple[tuple[int, ...], NDArray[np.int64], NDArray[np.int64]]:
        """All tiers, and the places among them of the obligations and of the debts to outsiders."""
        column = [cell if owed > 0.0 or not _is_missing(cell) else 0 for cell, owed in zip(
            nodes.columns["debt_tier"], debt.tolist(), strict=True)]  # fmt: skip
        own = self._tier_column(Table({"tier": column}, {}, nodes.name, nodes.place))
        first = np.array(tiers if tiers else (own[debt > 0.0].min(initial=0),))
        every = np.union1d(first, own[debt > 0.0])
        place = np.searchsorted(every, np.where(debt > 0.0, own, every[0]))
        return tuple(every.tolist()), np.searchsorted(every, first[tier]), place

    # --- obligations -------------------------------------------------------------------------------------
    def _of_table(
        self, edges: Table
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.int64], tuple[int, ...]]:
        debtor, creditor = self._names(edges, "debtor"), self._names(edges, "creditor")
        amount = amounts(edges, "amount")
        own = _first(debtor == creditor)
        if own is not None:
            name = list(self.rows)[int(debtor[own])]
            raise BadInput(f"{edges.place(own)}: {shown(name)} owes itself: debtor and creditor must differ")
        if "tier" not in edges.columns:
            return debtor, creditor, amount, np.zeros(len(amount), np.int64), ()
        labels, tier = np.unique(self._tier_column(edges), return_inverse=True)
        return debtor, creditor, amount, tier.astype(np.int64), tuple(labels.tolist())

    def _of_matrix(
        self, edges: _Matrix
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.int64], tuple[int, ...]]:
        if edges.names is not None:  # else the nodes name them, in their order
            table = Table({"firm": edges.names}, {}, "edges", lambda k: f"label {k} of edges")
            place = self._names(table, "firm")
            if len(np.unique(place)) < len(place):
                name = list(self.rows)[int(np.argmax(np.bincount(place)))]
                raise BadInput(f"edges: the label {shown(name)} comes twice")
        else:
            place = np.arange(edges.layers[0].shape[0])
        parts = [sp.coo_array(layer) for layer in edges.layers]
        debtor = place[np.concatenate([part.coords[0] for part in parts])]
        creditor = place[np.concatenate([part.coords[1] for part in parts])]
        amount = np.concatenate([part.data for part in parts]).astype(np.float64)
        tier = np.concatenate([np.full(part.nnz, t, np.int64) for t, part in enumerate(parts)])
        return debtor, creditor, amount, tier, tuple(range(len(parts))) if len(parts) > 1 else ()

    def _summed(
        self, debtor: NDArray[np.int64], creditor: NDArray[np.int64], amount: NDArray[np.float64],
        tier: NDArray[np.int64], names: Sequence[str],
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:  # fmt: skip
        """Obligations by debtor, creditor and tier, those of the same three summed, those of nothing left out."""
        nothing = int((amount == 0.0).sum())
        if nothing:
            it = "1 obligation of 0 is" if nothing == 1 else f"{nothing:,} obligations of 0 are"
            self.notes.append(f"{it} left out")
        kept = amount > 0.0
        debtor, creditor, amount, tier = debtor[kept], creditor[kept], amount[kept], tier[kept]
        n, most = max(len(names), 1), int(tier.max(initial=0)) + 1
        key, first, back = np.unique((debtor * n + creditor) * most + tier, return_index=True, return_inverse=True)
        again = len(amount) - len(key)
        if again:
            repeated = np.ones(len(amount), np.bool_)
            repeated[first] = False
            at = int(np.flatnonzero(repeated)[0])
            pair = f"{short(names[debtor[at]])} owes {short(names[creditor[at]])}"
            what = "1 row of edges repeats" if again == 1 else f"{again:,} rows of edges repeat"
            self.notes.append(f"{what} a pair (the first: {pair}): their amounts are summed")
        return key // most // n, key // most % n, np.bincount(back, amount, len(key)), key % most


# --- names that look misspelt -----------------------------------------------------------------------------
def misspelt(names: Sequence[str], known: Sequence[str]) -> tuple[str, str] | None:
    """A name that differs from a known one in capitals, spaces or one letter of a longer word alone.

    Names that differ in a digit, or in a word of less than four letters, are taken for two firms: Bank A and Bank B.

    >>> misspelt(["Bank B", "Meadwo"], ["Bank A", "Meadow"])
    ('Meadwo', 'Meadow')
    """
    if not 0 < len(names) <= MOST_COMPARED:
        return None
    near: dict[str, list[str]] = {}
    for name in names:
        for key in _near(name):
            near.setdefault(key, []).append(name)
    for right in known:
        for name in dict.fromkeys(one for key in _near(right) if key in near for one in near[key]):
            if _plain_name(name) == _plain_name(right) or _one_letter(name.casefold(), right.casefold()):
                return name, right
    return None


def _plain_name(name: str) -> str:
    return "".join(name.casefold().split())


def _near(name: str) -> set[str]:
    """The name without spaces and capitals, and what is left of it without one of its letters."""
    plain = _plain_name(name)
    return {plain, *(plain[:k] + plain[k + 1 :] for k in range(len(plain) if len(plain) <= LONGEST else 0))}


def _one_letter(one: str, other: str) -> bool:
    """Whether names differ in one word of four letters or more alone, by a letter or by two that changed places."""
    ours, theirs = one.split(), other.split()
    differ = [(a, b) for a, b in zip(ours, theirs, strict=False) if a != b]
    if len(ours) != len(theirs) or len(differ) != 1:
        return False
    a, b = differ[0]
    if min(len(a), len(b)) < 4 or [c for c in a if c.isdigit()] != [c for c in b if c.isdigit()]:
        return False
    if len(a) != len(b):
        short_, long = sorted((a, b), key=len)
        return len(long) - len(short_) == 1 and any(long[:k] + long[k + 1 :] == short_ for k in range(len(long)))
    at = [k for k in range(len(a)) if a[k] != b[k]]
    swapped = len(at) == 2 and at[1] == at[0] + 1 and a[at[0]] == b[at[1]] and a[at[1]] == b[at[0]]
    return len(at) == 1 or swapped


# --- tables -----------------------------------------------------------------------------------------------
def _table(given: Any, what: str) -> Table | None:
    """Columns of whatever is a table; None if it is none."""
    if isinstance(given, str | PathLike):
        return _csv(Path(given), what)

    def place(k: int) -> str:
        return f"row {k} of {what} (the first is 0)"

    if isinstance(given, Mapping):
        headings = {str(key).strip().casefold() for key in given}
        if not headings & {*EDGES, *NODES} or any(np.ndim(values) != 1 for values in given.values()):
            raise BadInput(f"{what} must be a mapping from column to its values, one a row; {_columns(what)}")
        lengths = {len(values) for values in given.values()}
        if len(lengths) > 1:
            raise BadInput(f"the columns of {what} must be equally long; they have {shown(sorted(lengths))} values")
        return _headed(given, what, place)
    frame = _frame(given)
    if frame is None or (what == "edges" and _labels(frame) is not None):
        return None
    return _headed({str(name): frame[name] for name in frame.columns}, what, place)


def _frame(given: Any) -> pd.DataFrame | None:
    """A data frame of pandas, or of whatever hands out Arrow data; None if it is none."""
    import pandas as pd

    if isinstance(given, pd.DataFrame):
        return given
    if hasattr(given, "__arrow_c_stream__") and not isinstance(given, pd.Series):
        import pyarrow as pa

        try:
            return pa.table(given).to_pandas()
        except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError):  # a single column
            return None
    return None


def _headed(columns: Mapping[Any, Any], name: str, place: Callable[[int], str]) -> Table:
    """A table with its headings read: small letters, units apart."""
    found: dict[str, Any] = {}
    units: dict[str, str] = {}
    for heading, values in columns.items():
        plain = str(heading).strip()
        split = UNIT.fullmatch(plain)
        if split and split["name"]:
            plain = split["name"]
        key = plain.casefold()
        if key in found:
            raise BadInput(f"{name} has the column {shown(key)} twice")
        found[key] = values
        if split and split["unit"].strip():
            units[key] = split["unit"].strip()
    return Table(found, units, name, place)


def _csv(path: Path, what: str) -> Table:
    """The table of a CSV file, its cells as text."""
    text = read_text(path, what, MOST_BYTES)
    first = next((line for line in text.splitlines() if line.strip()), "")
    if not first:
        raise BadInput(f"{path} is empty; {_columns(what)}")
    separator = max(SEPARATORS, key=lambda s: (first.count(s), -SEPARATORS.index(s)))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True, strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        for row in reader:
            if any(row):
                rows.append(row)
                lines.append(reader.line_num)
            if rows and row and len(row) != len(rows[0]) and any(row):
                raise BadInput(
                    f"{path.name}, line {reader.line_num} has {len(row)} cells, the heading {len(rows[0])}:"
                    " a name or number with a separator in it needs quotes"
                )
    except csv.Error as error:
        raise BadInput(f"{path.name}, line {reader.line_num} is no CSV: {error}") from None
    heading, *rest = rows
    if len(set(heading)) < len(heading):
        raise BadInput(f"{path.name} has a column twice: its heading is {short(separator.join(heading))}")
    cells = list(zip(*rest, strict=True)) if rest else [()] * len(heading)
    return _headed(dict(zip(heading, cells, strict=True)), path.name, lambda k: f"{path.name}, line {lines[k + 1]}")


def _columns(what: str) -> str:
    """What a table must and may have."""
    must, may = (EDGES, EDGES_MAY) if what == "edges" else (NODES, NODES_MAY)
    return f"{what} need the columns {', '.join(must)}, and may have {', '.join(may)}"


def _need(table: Table, must: Sequence[str], may: Sequence[str], notes: list[str]) -> None:
    """Refuse a table that lacks a column, and note those that are not known."""
    lacking = [name for name in must if name not in table.columns]
    there = ", ".join(short(name or "(none)") for name in table.columns)
    if lacking:
        others = [name for name in table.columns if name not in (*must, *may)]
        close = difflib.get_close_matches(lacking[0], others, n=1, cutoff=0.7)
        meant = next((name for name in others if MEANT.get(name) == lacking[0]), close[0] if close else None)
        hint = "" if meant is None else f"; is it {shown(meant)}? Then call it {shown(lacking[0])}"
        raise BadInput(
            f"{table.name} lacks the column {shown(lacking[0])}: it needs {', '.join(must)}, and may have"
            f" {', '.join(may)}; it has {short(there, 200)}{hint}"
        )
    aside = [short(name) for name in table.columns if name not in (*must, *may) and name]
    if aside:
        notes.append(f"{table.name}: left aside {short(', '.join(aside), 200)}")


def amounts(
    table: Table, column: str, *, least: float = 0.0, what: str | None = None
) -> NDArray[np.float64]:
    """Numbers of a column.

    Parameters
    ----------
    table : Table
    column : str
    least : float
        The smallest allowed.
    what : str, optional
        What a cell must be, in messages.

    Raises
    ------
    BadInput
        For the first cell that is missing, no finite number or too small, with its place.
    """
    import pandas as pd

    values = pd.Series(table.columns[column])
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values) and values.dtype.kind != "c":
        numbers = values.to_numpy(np.float64, na_value=np.nan)
    else:
        try:
            if pd.api.types.is_bool_dtype(values):
                raise TypeError
            numbers = values.to_numpy(object).astype(np.float64)
        except (TypeError, ValueError):
            numbers = np.array([_plain(cell) for cell in values.to_numpy(object)], np.float64)
    wrong = _first(~(np.isfinite(numbers) & (numbers >= least)))
    if wrong is None:
        return numbers.copy()
    cell = values.iloc[wrong]
    cell = cell.item() if isinstance(cell, np.generic) else cell
    if _is_missing(cell):
        hint = "; write 0 if there is none" if column in ("assets", "debt", "amount") else ""
        raise BadInput(f"{table.place(wrong)}: {column} is missing{hint}")
    must = what or ("a finite number" if least == -np.inf else f"a finite number, at least {least:g}")
    text = isinstance(cell, str)
    comma = " written with a point and without separators," if text and re.fullmatch(r"[-\d., '’]+", cell) else ""
    said = shown(cell) if text else f"{numbers[wrong]:g}" if np.isfinite(numbers[wrong]) else shown(cell)
    if text and np.isfinite(numbers[wrong]):
        comma, said = "", cell.strip()
    raise BadInput(f"{table.place(wrong)}: {column} is {said}: it must be{comma} {must}")


def _plain(cell: Any) -> float:
    """A cell as a number, NaN if it is none."""
    try:
        return np.nan if isinstance(cell, bool | np.bool_) else float(cell)
    except (TypeError, ValueError):
        return np.nan


def _is_missing(cell: Any) -> bool:
    import pandas as pd

    return bool(not cell.strip() if isinstance(cell, str) else pd.isna(cell))


def _first(wrong: NDArray[np.bool_]) -> int | None:
    return int(np.argmax(wrong)) if wrong.any() else None


# --- matrices and graphs ----------------------------------------------------------------------------------
def _labels(frame: pd.DataFrame) -> list[str] | None:
    """Names of a square data frame with the same firms on both sides, in the order of its rows; None if it is none."""
    if "debtor" in {str(name).strip().casefold() for name in frame.columns} or frame.shape[0] != frame.shape[1]:
        return None
    if not frame.columns.is_unique or not frame.index.is_unique or set(frame.index) != set(frame.columns):
        return None
    return [str(name) for name in frame.index]


def _matrix(given: Any) -> _Matrix:
    """Obligations from whatever is a matrix."""
    frame = _frame(given)
    if frame is not None:
        names = _labels(frame)
        square = frame[list(frame.index)].to_numpy()
        return _Matrix([_layer("edges", square)], names)
    if sp.issparse(given):
        return _Matrix([_layer("edges", given)], None)
    try:
        array = np.asarray(given)
    except ValueError:
        array = np.zeros(0)
    if array.ndim == 3 and len(array):
        return _Matrix([_layer(f"edges[{t}]", layer) for t, layer in enumerate(array)], None)
    if array.ndim != 2:
        raise BadInput(
            "edges must be a table with the columns debtor, creditor and amount, a directed graph, or a square matrix"
            f" of what each firm owes each other; it is {shown(type(given).__name__)}"
        )
    return _Matrix([_layer("edges", array)], None)


def _layer(name: str, matrix: Any) -> Any:
    if isinstance(matrix, np.ndarray) and matrix.dtype.kind == "O":
        matrix = np.array([[_plain(cell) for cell in row] for row in matrix])
    return checked_matrix(name, matrix)


def _assets_by_name(nodes: Any, edges: Table | _Matrix) -> Table | None:
    """Nodes given as a mapping or series from name to assets, or as a plain array beside a matrix without names."""
    import pandas as pd

    if isinstance(nodes, pd.Series):
        if not nodes.index.is_unique:
            raise BadInput("nodes: a name of the series comes twice; give each firm one value")
        nodes = dict(zip(nodes.index, nodes, strict=True))
    if isinstance(nodes, Mapping):
        if any(np.ndim(value) for value in nodes.values()):
            return None
        keys = list(nodes)
        return Table(
            {"firm": keys, "assets": list(nodes.values())}, {}, "nodes", lambda k: f"nodes[{shown(keys[k])}]"
        )
    if not isinstance(nodes, np.ndarray | list | tuple):
        return None
    if isinstance(edges, Table) or edges.names is not None:
        raise BadInput("nodes must name the firms, as edges does: a table with firm and assets, or a mapping")
    values = np.asarray(nodes, dtype=object)
    if values.ndim != 1:
        raise BadInput(f"nodes must have one number a firm, the assets; its shape is {values.shape}")
    return Table({"firm": range(len(values)), "assets": values}, {}, "nodes", lambda k: f"nodes[{k}]")


def _is_graph(given: Any) -> bool:
    return all(hasattr(given, name) for name in ("is_directed", "edges", "nodes", "is_multigraph"))


def _of_graph(graph: Any) -> tuple[Table, Table | None]:
    """Edges and nodes of a networkx graph; no nodes if none has assets."""
    if not graph.is_directed():
        raise BadInput("edges must be a directed graph, from debtor to creditor; use networkx.DiGraph")
    found = list(graph.edges(data=True))
    columns: dict[str, list[Any]] = {
        "debtor": [u for u, _, _ in found],
        "creditor": [v for _, v, _ in found],
        "amount": [data.get("amount", data.get("weight")) for _, _, data in found],
    }
    if any("tier" in data for _, _, data in found):
        columns["tier"] = [data.get("tier") for _, _, data in found]
    pairs = [f"the edge from {shown(u)} to {shown(v)}" for u, v, _ in found]
    edges = Table(columns, {}, "edges", lambda k: pairs[k])
    about = dict(graph.nodes(data=True))
    if not any("assets" in data for data in about.values()):
        return edges, None
    owes = {u for u, _, _ in found}
    listed = [name for name, data in about.items() if "assets" in data or name in owes]
    told: dict[str, Any] = {"firm": listed, "assets": [about[name].get("assets") for name in listed]}
    for column in NODES_MAY:
        if any(column in about[name] for name in listed):
            told[column] = [about[name].get(column, 0 if column == "debt" else None) for name in listed]
    return edges, Table(told, {}, "nodes", lambda k: f"the node {shown(listed[k])}")
