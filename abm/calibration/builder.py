"""Works out the formulas of an opening's tables, one after the other, and closes the accounts."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from abm.calibration.facts import evaluate, names_in
from abm.calibration.files import Files, Row, member_names, months_between
from abm.engine import tables as ec
from abm.errors import BadInput
from abm.inputs.dates import LAST_MONTH
from abm.instruments.seniority import LOAN_TIERS

VINTAGE_DTYPE = ec.dtype_of(ec.VINTAGE_COLUMNS)
CASH_GRAIN = 2.0**-20  # cash is a multiple of about 1,000 USD, so that sums of money are exact
_COLLATERAL = {
    "NONE": ec.NO_COLLATERAL,
    "FLEET": ec.FLEET_COLLATERAL,
    "SITE": ec.SITE_COLLATERAL,
    "HOLDINGS": ec.HOLDINGS_COLLATERAL,
}
# Columns that say how a fleet runs; a lender or vendor has none.
_FLEET_COLUMNS = ("pue", "power_premium", "renewables", "unit_opex", "book_life")
_WITHOUT_FLEET = (ec.OUTSIDE, ec.LENDER, ec.VENDOR, ec.ENTRANT)



class _UnknownError(Exception):
    """A formula names what there is not."""


class Source(NamedTuple):
    """Where one number of the opening state comes from."""

    table: str
    row: str
    column: str
    value: float
    formula: str
    source: str


Where = tuple[str, str, str]  # table, row and column of a cell


class Fixed(NamedTuple):
    """A cell that is the same in every world, and the cells that its formula reads, in their order."""

    source: Source
    reads: tuple[Where, ...]


class Doubtful(str):
    """A formula that may say something else in another world."""

    __slots__ = ()


def ramp_share(month: int, start: int, ramp: int) -> float:
    """Part of a contract's quantity delivered in a month: a straight ramp, 1 from its last month on."""
    if month < start:
        return 0.0
    return min(1.0, (month - start + 1) / max(ramp, 1))


def effective_months(start: int, ramp: int, months: int) -> float:
    """Months of full quantity that a contract delivers after month 0, the ramp counted in part.

    Parameters
    ----------
    start : int
        First month of delivery, zero or negative if it began before the opening.
    ramp : int
        Months to full quantity; month k of the ramp delivers (k + 1) / ramp.
    months : int
        Whole term.
    """
    return math.fsum(ramp_share(month, start, ramp) for month in range(max(start, 1), start + months))


def months_left(start: int, months: int) -> int:
    """Months of the term after month 0, the month of the opening."""
    return months - max(1 - start, 0)


def sum_by(rows: np.ndarray, party: str, amount: str, n: int) -> list[float]:
    """Exact sums of a column over the rows of each of `n` firms."""
    parts: list[list[float]] = [[] for _ in range(n)]
    for who, part in zip(rows[party].tolist(), rows[amount].tolist(), strict=True):
        if 0 <= who < n:
            parts[who].append(part)
    return [math.fsum(found) for found in parts]


def _place(where: Where) -> str:
    """A cell as messages name it."""
    return "{}.csv, row '{}', column {}".format(*where)


def _table(name: str, rows: list[dict[str, float]]) -> np.ndarray:
    """A structured array of the economy's type from dictionaries of cells, rows numbered."""
    table = np.zeros(len(rows), ec.DTYPES[name])
    for column in rows[0] if rows else ():  # all rows have the same
        table[column] = [row[column] for row in rows]
    if "id" in (table.dtype.names or ()):
        table["id"] = np.arange(len(rows))
    return table


class Builder:
    """The opening tables, built in the order of their dependence.

    Fleet, loans, orders, contracts, stakes, balance sheets: each step leaves in `known` what later formulas
    may name, by firm.

    Parameters
    ----------
    files : Files
        Without mistakes, see `abm.calibration.mistakes`.
    fixed : mapping, optional
        Cells that are known to come out as they did before (`fixed_cells`); the others are worked out.

    `mistakes` then says which formulas have no value: the tables are to be used only if it is empty.
    """

    def __init__(self, files: Files, fixed: Mapping[Where, Fixed] | None = None) -> None:
        self.mistakes: list[str] = []
        self._fixed: Mapping[Where, Fixed] = fixed or {}
        self._tables = files.tables
        self._date = files.date
        self.sources: dict[Where, Source] = {}
        self._assumption_rows = {row["name"]: row for row in files.tables["assumptions"]}
        self._cited: dict[tuple[str, str], str] = {}
        self._open_cells: dict[Where, None] = {}  # being worked out, the outermost first
        self._assumptions: dict[str, float] = {}
        self._read_roster()
        self._read_firm_rules()
        self.known: dict[str, dict[str, float]] = {name: self._empty() for name in self.names}
        self._size_classes()
        self._build_generations()
        self._build_fleet()
        self._build_loans()
        self._build_orders()
        self._build_contracts()
        self._build_stakes()
        self._close_balance_sheets()
        self._give_savers_the_rest()
        self._read_customers()
        self._read_statements()
        self.firms = self._firm_table()

    def _empty(self) -> dict[str, float]:
        """Where the numbers of a firm will stand."""
        return {}

    # --- formulas and their sources ---------------------------------------------------------------------
    def assumption(self, name: str) -> float:
        """The value of a stated assumption."""
        if name not in self._assumptions:
            if name not in self._assumption_rows:
                raise _UnknownError(f"'{name}' is neither a fact, an assumption nor a number known of that firm")
            row = self._assumption_rows[name]
            self._assumptions[name] = self._cell(("assumptions", name, "value"), row["value"], row["source"])
        return self._assumptions[name]

    def column(self, firm: str, name: str) -> float:
        """A number of a firm: known already, or by its formula in `firms.csv`, or else an assumption."""
        known = self.known[firm]
        if name not in known:
            if name not in self._rules[firm]:
                return self.assumption(name)
            formula, source = self._rules[firm][name]
            known[name] = self._cell(("firms", firm, name), formula, source, firm)
        return known[name]

    def _given(self, firm: str, name: str) -> float:
        """A column of a firm if the files give it, else zero."""
        return self.column(firm, name) if name in self._rules[firm] or name in self.known[firm] else 0.0

    def _cell(self, where: Where, formula: str, source: str, firm: str = "") -> float:
        """The value of a formula, its source remembered; names are columns of `firm` or assumptions."""
        if where in self._fixed:
            return self._recall(where)
        months = months_between(self._date, formula)
        try:
            value = float(months) if months is not None else self._worked_out(where, formula, firm)
        except BadInput as error:
            if self._open_cells:  # a cell that reads this one has no value either, and is the one to blame no more
                raise
            self._complain(str(error))
            value = 1.0
        self._note(where, value, formula, source)
        return value

    def _recall(self, where: Where) -> float:
        """The value of a fixed cell; it and those that it reads are remembered as if they had been worked out."""
        kept = self._fixed[where]
        for read in kept.reads:
            if read not in self.sources:
                self._recall(read)
        self.sources[where] = kept.source
        return kept.source.value

    def _needed(self, firm: str, name: str) -> float:
        """A number of a firm that the files have to give, 1 and a complaint if they do not."""
        try:
            return self.column(firm, name)
        except _UnknownError:
            self._complain(f"firms.csv gives no {name} for {firm}")
            return 1.0

    def _over(self, above: float, below: float, what: str) -> float:
        """A quotient, the dividend and a complaint where it has none."""
        if below == 0.0:
            self._complain(f"{what} is zero, and something is divided by it")
            return above
        return above / below

    def _whole(self, value: float, what: str) -> int:
        """A number of months: whole, and no more than a run can last."""
        if not value.is_integer() or abs(value) > LAST_MONTH:
            self._complain(f"{what}: must be a whole number of months up to {LAST_MONTH}, not {value:g}")
            return 1
        return int(value)

    def _complain(self, mistake: str) -> None:
        """Note a mistake, once."""
        if mistake not in self.mistakes:
            self.mistakes.append(mistake)

    def _worked_out(self, where: Where, formula: str, firm: str) -> float:
        """The value of a formula that is no calendar month."""
        if where in self._open_cells:
            chain = " -> ".join(f"{row} {column}" for _, row, column in [*self._open_cells, where])
            raise BadInput(f"{_place(where)}: its formula refers to itself: {chain}")
        self._open_cells[where] = None
        try:
            value = evaluate(formula, functools.partial(self.column, firm) if firm else self.assumption)
        except ZeroDivisionError as error:
            raise BadInput(f"{_place(where)}: '{formula}' divides by zero") from error
        except _UnknownError as error:
            raise BadInput(f"{_place(where)}: {error}") from error
        finally:
            del self._open_cells[where]
        if not math.isfinite(value):
            raise BadInput(f"{_place(where)}: '{formula}' is no finite number")
        return value

    def _note(self, where: Where, value: float, formula: str, source: str) -> None:
        """Remember where a number comes from: facts and assumptions it names, and what its row says."""
        told = self._cited.get((formula, source))
        if told is None:
            ids, names = names_in(formula)
            told = "; ".join([*ids, *(name for name in names if name in self._assumption_rows), source])
            self._cited[formula, source] = told
        self.sources[where] = Source(*where, value, formula, told)

    # --- who there is -----------------------------------------------------------------------------------
    def _read_roster(self) -> None:
        """Names, kinds and groups; a class of firms stands in one row."""
        self.names: list[str] = list(ec.OUTSIDE_NAMES)
        self._roster: dict[str, Row] = {}
        self._groups: dict[str, tuple[str, ...]] = dict.fromkeys(self.names, ())
        self._classes: dict[str, list[str]] = {}
        for row in self._tables["roster"]:
            members = member_names(row)
            if row["members"]:
                self._classes[row["firm"]] = members
            for name in members:
                self.names.append(name)
                self._roster[name] = row
                self._groups[name] = ("*", row["kind"].lower(), row["group"], row["firm"], name)
        self._rows = {name: i for i, name in enumerate(self.names)}

    def index(self, name: str) -> int:
        """Row of a firm by name, -1 for an empty name."""
        if name and name not in self._rows:
            raise BadInput(f"the opening tables name an unknown firm '{name}'")
        return self._rows.get(name, -1)

    def _rows_of(self, table: str, party: str) -> list[tuple[Row, str, str]]:
        """Rows of a file with the firm their formulas speak of and a label; a class makes a row a member."""
        found: list[tuple[Row, str, str]] = []
        for row in self._tables[table]:
            label = next(iter(row.values()))
            if row[party] not in self._classes:
                found.append((row, row[party], label))
                continue
            found += [(row, name, f"{label}: {name}") for name in self._classes[row[party]]]
        return found

    def _size_classes(self) -> None:
        """Members of a class know their number and their part of it: ``1 / k**size_spread``, Zipf's law of sizes."""
        spread = self._cell(("firms", "classes", "size_spread"), "size_spread", "assumption: see size_spread")
        for members in self._classes.values():
            weights = [(k + 1.0) ** -spread for k in range(len(members))]
            for number, name in enumerate(members):
                self.known[name]["number"] = float(number)
                self.known[name]["class_share"] = weights[number] / math.fsum(weights)

    def _read_firm_rules(self) -> None:
        """Formulas of each firm's columns; a more special row of `firms.csv` replaces a general one."""
        rows = self._tables["firms"]
        groups = {group for found in self._groups.values() for group in found}
        self._rules: dict[str, dict[str, tuple[str, str]]] = {name: {} for name in self.names}
        of_group: dict[str, dict[str, tuple[str, str]]] = {group: {} for group in groups}
        for row in rows:
            if row["firm"] not in groups:
                raise BadInput(f"firms.csv names '{row['firm']}', which is neither a firm nor a group")
            of_group[row["firm"]][row["column"]] = (row["value"], row["source"])
        for name, found in self._groups.items():
            for group in found:
                self._rules[name].update(of_group[group])

    # --- hardware ---------------------------------------------------------------------------------------
    def _build_generations(self) -> None:
        rows = sorted(
            self._tables["generations"],
            key=lambda row: self._cell(("generations", row["generation"], "released"), row["released"], row["source"]),
        )
        self.generation_names = [row["generation"] for row in rows]
        self.generations = np.zeros(len(rows), ec.DTYPES["generations"])
        for entry, row in zip(self.generations, rows, strict=True):
            for column in ("released", "cost", "kw", "age_limit"):
                where = ("generations", row["generation"], column)
                entry[column] = self._cell(where, row[column], row["source"])
            entry["vendor"] = self.index(row["vendor"])
            entry["mark"] = entry["cost"]

    def _build_fleet(self) -> None:
        """Units, cost, age and straight-line book value; a class holds the rest of its cell, in falling sizes."""
        mixes: dict[str, list[tuple[int, float, float]]] = {}
        for part in self._tables["mixes"]:
            where = f"{part['mix']}: {part['generation']}"
            share, age = (self._cell(("mixes", where, c), part[c], part["source"]) for c in ("share", "age"))
            mixes.setdefault(part["mix"], []).append(
                (self.generation_names.index(part["generation"]), share, age)
            )
        ratio = self._cell(("fleet", "classes", "small_ratio"), "small_ratio", "assumption: see small_ratio")
        self.fleet = np.zeros((len(self.names), len(self.generations)), VINTAGE_DTYPE)
        named = 0.0
        for row, name, label in self._rows_of("fleet", "firm"):
            cell = ("fleet", label, "units")
            units = self._cell(cell, row["units"], row["source"])
            if row["firm"] in self._classes:
                weights = [math.prod([ratio] * k) for k in range(len(self._classes[row["firm"]]))]
                units = (units - named) * weights[self._classes[row["firm"]].index(name)] / math.fsum(weights)
                self._note(cell, units, row["units"], row["source"])
            else:
                named += units
            whole = math.fsum(share for _, share, _ in mixes[row["mix"]])
            for g, share, age in mixes[row["mix"]]:
                held = self._over(units * share, whole, f"the sum of the shares of mix '{row['mix']}'")
                left = max(0.0, 1.0 - self._over(age, self._needed(name, "book_life"), f"book_life of {name}"))
                cost = held * float(self.generations["cost"][g])
                self.fleet[self.index(name), g] = (held, 0.0, cost * left, cost, age)
        for name, vintages in zip(self.names, self.fleet, strict=True):
            known = self.known[name]
            known["capacity"] = math.fsum(vintages["units"])
            known["fleet_book"] = math.fsum(vintages["book"])
            power = math.fsum(vintages["units"] * self.generations["kw"])
            known["fleet_gw"] = power * self._needed(name, "pue") if power > 0.0 else 0.0

    # --- claims -----------------------------------------------------------------------------------------
    def _build_loans(self) -> None:
        """Loans, one of a class of lenders split over its members; warehouse lines stand last, being a share of what
        their borrower lends."""
        found: list[dict[str, float]] = []
        self.loan_names: list[str] = []
        self._ticket = self._cell(("loans", "classes", "loan_ticket"), "loan_ticket", "assumption: see loan_ticket")
        self._placed = {name: 0.0 for members in self._classes.values() for name in members}
        for row, name, label in self._rows_of("loans", "borrower"):
            if row["kind"] == "WAREHOUSE":
                lender = self.index(name)
                lent = math.fsum(loan["principal"] for loan in found if loan["lender"] == lender)
                self.known[name]["loans_held"] = lent
            numbers = {
                column: self._cell(("loans", label, column), row[column], row["source"], name)
                for column in ("made", "months", "principal", "rate", "covenant_ltv")
            }
            for column in ("made", "months"):
                numbers[column] = self._whole(numbers[column], f"{row.place}, column {column}")
            limit = numbers["principal"]
            if row["limit"]:
                limit = self._cell(("loans", label, "limit"), row["limit"], row["source"], name)
            collateral = _COLLATERAL[row["collateral"]]
            for lender_name, part in self._holders(row["lender"], max(limit, numbers["principal"])):
                held = label if lender_name == row["lender"] else f"{label}: {lender_name}"
                if held != label:
                    where = ("loans", held, "principal")
                    self._note(where, part * numbers["principal"], row["principal"], row["source"])
                found.append({
                    **numbers,
                    "kind": getattr(ec, row["kind"]),
                    "status": ec.LIVE,
                    "lender": self.index(lender_name),
                    "borrower": self.index(name),
                    "collateral": collateral,
                    "tier": LOAN_TIERS[collateral],
                    "end_user": self.index(row["end_user"]),
                    "for_ai": int(row["for_ai"]),
                    "amortising": int(row["amortising"]),
                    "committed": int(row["committed"]),
                    "months_left": numbers["months"] + numbers["made"],
                    "principal": part * numbers["principal"],
                    "limit": part * limit,
                })  # fmt: skip
                self.loan_names.append(held)
        self.loans = _table("loans", found)
        self._tally(self.loans, "borrower", "principal", "debt")
        self._tally(self.loans, "lender", "principal", "loans_held")

    def _holders(self, lender: str, size: float) -> list[tuple[str, float]]:
        """Who holds a loan, and which part: of a class those furthest below their part of what the class has lent so
        far, one more for every `loan_ticket` (bn), so that large loans are spread and small ones stay in one hand."""
        members = self._classes.get(lender)
        if members is None:
            return [(lender, 1.0)]
        after = size + math.fsum(self._placed[name] for name in members)
        room = {name: self.known[name]["class_share"] * after - self._placed[name] for name in members}
        count = min(len(members), 1 + int(self._over(size, self._ticket, "loan_ticket")))
        chosen = sorted(members, key=lambda name: -room[name])[:count]
        whole = math.fsum(max(room[name], 0.0) for name in chosen)
        parts = [max(room[name], 0.0) / whole if whole > 0.0 else 1.0 / count for name in chosen]
        for name, part in zip(chosen, parts, strict=True):
            self._placed[name] += part * size
        return [(name, part) for name, part in zip(chosen, parts, strict=True) if part > 0.0]

    def _build_orders(self) -> None:
        """Orders in the queue, one row a month of delivery; what was delivered by the opening stands in the fleets."""
        found: list[dict[str, float]] = []
        for row, name, label in self._rows_of("orders", "buyer"):

            def cell(column: str, row: Row = row, name: str = name, label: str = label) -> float:
                return self._cell(("orders", label, column), row[column], row["source"], name)

            if row["kind"] == "GPU":
                kind, g = ec.GPU_ORDER, self.generation_names.index(row["generation"])
                price = float(self.generations["cost"][g])
            else:
                kind, g = ec.SITE_ORDER, -1
                price = cell("price")
            units = cell("units") if row["units"] else self._over(cell("value"), price, f"the price of {row.place}")
            first, last = (self._whole(cell(column), f"{row.place}, column {column}") for column in ("first", "last"))
            part = units / max(last - first + 1, 1)
            common = {
                "kind": kind,
                "status": ec.PENDING,
                "buyer": self.index(name),
                "vendor": self.index(row["vendor"]),
                "generation": g,
                "placed": cell("placed"),
                "end_user": self.index(row["end_user"]),
                "units": part,
                "price": price,
                "deposit": cell("deposit") * part * price,
            }
            found += [{**common, "due": due} for due in range(max(first, 1), last + 1)]
        self.orders = _table("orders", found)
        self._tally(self.orders, "buyer", "deposit", "deposits_out")
        self._tally(self.orders, "vendor", "deposit", "deposits_in")
        self._tally(self.orders[self.orders["kind"] == ec.SITE_ORDER], "buyer", "units", "ordered_gw")

    def _build_contracts(self) -> None:
        """Contracts; one stated by its amount gets the quantity whose invoices from month 1 make it up."""
        found: list[dict[str, float]] = []
        self.contract_names: list[str] = []
        for row, name, label in self._rows_of("contracts", "seller"):

            def cell(column: str, row: Row = row, name: str = name, label: str = label) -> float:
                return self._cell(("contracts", label, column), row[column], row["source"], name)

            kind, status = getattr(ec, row["kind"]), getattr(ec, row["status"])
            start, ramp, months = (
                self._whole(cell(column), f"{row.place}, column {column}") for column in ("start", "ramp", "months")
            )
            price = cell("price")
            amount = cell("amount") if row["amount"] else 0.0
            if row["amount"]:
                value_of_unit = price * effective_months(start, ramp, months)
                if value_of_unit <= 0.0:
                    self._complain(f"{row.place}: nothing of its term is left to deliver for its amount")
                    value_of_unit = 1.0
                quantity = amount / (value_of_unit * (ec.BN_PER_RATE if kind == ec.COMPUTE else 1.0))
            else:
                quantity = cell("quantity")
            found.append(
                {
                    "kind": kind,
                    "status": status,
                    "buyer": self.index(row["buyer"]),
                    "seller": self.index(name),
                    "guarantor": self.index(row["guarantor"]),
                    "end_user": self.index(row["end_user"]),
                    "own_use": int(row["own_use"]),
                    "backstop": int(row["backstop"]),
                    "signed": cell("signed") if row["signed"] else min(start, -1),
                    "start": start,
                    "ramp": ramp,
                    "months": months,
                    "months_left": months_left(start, months),
                    "quantity": quantity,
                    "delivered": quantity * ramp_share(0, start, ramp) if status == ec.LIVE else 0.0,
                    "price": price,
                    "take_or_pay": cell("take_or_pay"),
                    "prepaid": cell("prepaid"),
                    "announced": cell("announced") if row["announced"] else amount,
                    "amended": -1,
                }
            )
            self.contract_names.append(label)
        self.contracts = _table("contracts", found)
        self._tally(self.contracts, "seller", "prepaid", "prepaid_in")
        self._tally(self.contracts, "buyer", "prepaid", "prepaid_out")

    def _build_stakes(self) -> None:
        """Shares of named holders; a formula may name the issuer's columns."""
        self._named_stakes: list[dict[str, float]] = []
        for row in self._tables["stakes"]:
            label, issuer = f"{row['holder']} in {row['issuer']}", row["issuer"]
            share, book = (
                self._cell(("stakes", label, column), row[column], row["source"], issuer)
                for column in ("share", "book")
            )
            holder = self.index(row["holder"])
            self._named_stakes.append({
                "holder": holder, "issuer": self.index(issuer), "share": share, "book": book,
            })  # fmt: skip
        self._tally(_table("stakes", self._named_stakes), "holder", "book", "holdings")

    def _tally(self, rows: np.ndarray, party: str, amount: str, column: str) -> None:
        """Let every firm know the sum of a column over its rows."""
        for name, total in zip(self.names, sum_by(rows, party, amount, len(self.names)), strict=True):
            self.known[name][column] = total

    # --- balance sheets ---------------------------------------------------------------------------------
    def _close_balance_sheets(self) -> None:
        """Solve for the one of net worth, other assets and other debt that is not given, and for paid-in."""
        for name in self.names[ec.N_OUTSIDE :]:
            known, rules = self.known[name], self._rules[name]
            known["funding"] = self._given(name, "funding_share") * known["loans_held"]
            for column in ("cash", "sites", "site_gw"):
                known[column] = self._given(name, column)
            known["cash"] = round(known["cash"] / CASH_GRAIN) * CASH_GRAIN
            owned = ("cash", "sites", "fleet_book", "prepaid_out", "deposits_out", "loans_held", "holdings")
            owed = ("funding", "debt", "prepaid_in", "deposits_in")
            rest = math.fsum([*(known[c] for c in owned), *(-known[c] for c in owed)])
            if "net_worth" not in rules:
                known["other_assets"] = self._given(name, "other_assets")
                known["other_debt"] = self._given(name, "other_debt")
                known["net_worth"] = rest + known["other_assets"] - known["other_debt"]
            elif "other_assets" in rules:
                worth, book = self._needed(name, "net_worth"), self._needed(name, "other_assets")
                known["other_debt"] = rest + book - worth
                self._note_closing(name, "other_debt", "other_assets and net_worth")
            else:
                worth, other = self._needed(name, "net_worth"), self._needed(name, "other_debt")
                known["other_assets"] = worth + other - rest
                self._note_closing(name, "other_assets", "other_debt and net_worth")
            if "capital_ratio" in rules:
                ratio = self._needed(name, "capital_ratio")
                weighted = self._over(known["net_worth"], ratio, f"capital_ratio of {name}")
                other = weighted - known["loans_held"]
                known["other_weight"] = self._over(other, known["other_assets"], f"other_assets of {name}")
                self._note_closing(name, "other_weight", "capital_ratio and net_worth, loans at full weight")
            if "paid_in" not in rules:
                known["paid_in"] = self._needed(name, "paid_in_share") * known["net_worth"]
                self._note_closing(name, "paid_in", "paid_in_share and net_worth")

    def _note_closing(self, name: str, column: str, given: str) -> None:
        """Note a number that follows from an accounting identity."""
        self._note(("firms", name, column), self.known[name][column], "", f"derived: from {given}")

    def _give_savers_the_rest(self) -> None:
        """Savers hold whatever paid-in capital has no named holder."""
        rows = list(self._named_stakes)
        for name in self.names[ec.N_OUTSIDE :]:
            i = self.index(name)
            held = [stake for stake in self._named_stakes if stake["issuer"] == i]
            share = 1.0 - math.fsum(stake["share"] for stake in held)
            book = self._needed(name, "paid_in") - math.fsum(stake["book"] for stake in held)
            if share > 1e-12 or book > 1e-12:
                rows.append({"holder": ec.SAVERS, "issuer": i, "share": max(share, 0.0), "book": book})
        self.stakes = _table("stakes", rows)
        self._tally(self.stakes, "holder", "book", "holdings")
        self._tally(self.stakes, "issuer", "book", "paid_in")

    # --- customers and results --------------------------------------------------------------------------
    def _read_customers(self) -> None:
        """Spending by segment and lab, the segments, and the prices of month 0."""
        self.revenue = np.zeros((ec.N_SEGMENTS, len(self.names)))
        for row in self._tables["revenue"]:
            where = ("revenue", f"{row['segment']}: {row['lab']}", "spend")
            segment = ec.SEGMENT_NAMES.index(row["segment"])
            self.revenue[segment, self.index(row["lab"])] = self._cell(where, row["spend"], row["source"])
        self.segments = np.zeros(ec.N_SEGMENTS, ec.DTYPES["segments"])
        for row in self._tables["segments"]:
            where = ("segments", row["segment"], row["column"])
            entry = self.segments[ec.SEGMENT_NAMES.index(row["segment"])]
            entry[row["column"]] = self._cell(where, row["value"], row["source"])
        self.market = {
            row["column"]: self._cell(("market", "market", row["column"]), row["value"], row["source"])
            for row in self._tables["market"]
        }

    def _read_statements(self) -> None:
        """Lines of the labs' last reported half-year, costs negative; memo lines (sign 0) left out."""
        self.statements: dict[str, dict[str, float]] = {}
        for row in self._tables["statements"]:
            amount = self._cell(("statements", row["lab"], row["line"]), row["amount"], row["source"])
            if row["sign"] != "0":
                self.statements.setdefault(row["lab"], {})[row["line"]] = int(row["sign"]) * amount
        for lab, lines in self.statements.items():
            self.known[lab]["operating_result_6m"] = math.fsum(lines.values())

    def _firm_table(self) -> np.ndarray:
        """The firm table: what the files give and what follows from the other tables."""
        firms = np.zeros(len(self.names), ec.DTYPES["firms"])
        firms["status"] = ec.ACTIVE
        for column in ("parent", "tenant", "failed", "top_customer_id"):
            firms[column] = -1
        firms["kind"][: ec.N_OUTSIDE] = ec.OUTSIDE
        cells: dict[str, tuple[list[int], list[float]]] = {column: ([], []) for column in firms.dtype.names or ()}
        for i, name in enumerate(self.names):
            if i >= ec.N_OUTSIDE:
                row = self._roster[name]
                firms["kind"][i] = getattr(ec, row["kind"])
                firms["subkind"][i] = getattr(ec, row["subkind"]) if row["subkind"] else 0
                firms["parent"][i] = self.index(row["parent"])
            without = _FLEET_COLUMNS if firms["kind"][i] in _WITHOUT_FLEET else ()
            for column in self._rules[name]:
                if column not in without:
                    self.column(name, column)
            for column, value in self.known[name].items():
                if column in cells and column not in without:
                    cells[column][0].append(i)
                    cells[column][1].append(value)
        for column, (who, values) in cells.items():
            firms[column][who] = values
        # Savers hold what others owe outside the loan table, and owe the money that others hold.
        firms["other_assets"][ec.SAVERS] = math.fsum([*firms["other_debt"], *firms["funding"]])
        firms["cash"][ec.SAVERS] = -math.fsum(firms["cash"])
        firms["retained"] = net_worth(firms) - firms["paid_in"]
        return firms


def net_worth(firms: np.ndarray) -> np.ndarray:
    """Assets less liabilities of every firm, in bn, shape (F,)."""
    assets = (
        firms["cash"] + firms["other_assets"] + firms["sites"] + firms["fleet_book"] + firms["prepaid_out"]
        + firms["deposits_out"] + firms["loans_held"] + firms["holdings"]
    )  # fmt: skip
    owed = firms["other_debt"] + firms["funding"] + firms["debt"] + firms["prepaid_in"] + firms["deposits_in"]
    return assets - owed


class _Known(dict[str, float]):
    """Numbers of a firm, and which of them stand there as their formula left them."""

    def __init__(self) -> None:
        super().__init__()
        self.by_formula: set[str] = set()

    def __setitem__(self, column: str, value: float) -> None:
        self.by_formula.discard(column)
        super().__setitem__(column, value)


class _Tracer(Builder):
    """Works the tables out and remembers what every formula reads."""

    def __init__(self, files: Files) -> None:
        self.reads: dict[Where, list[Where | None]] = {}  # None: a number that no formula alone has made
        self.values: dict[Where, Source] = {}
        super().__init__(files)

    def _empty(self) -> dict[str, float]:
        return _Known()

    def column(self, firm: str, name: str) -> float:
        known = self.known[firm]
        made_now = name not in known and name in self._rules[firm]
        value = super().column(firm, name)
        if made_now and isinstance(known, _Known):
            known.by_formula.add(name)
        if self._open_cells:
            innermost = next(reversed(self._open_cells))
            if name not in known:
                pass  # an assumption, which says so itself
            elif isinstance(known, _Known) and name in known.by_formula:
                self.reads[innermost].append(("firms", firm, name))
            else:
                self.reads[innermost].append(None)
        return value

    def assumption(self, name: str) -> float:
        value = super().assumption(name)
        if self._open_cells:
            self.reads[next(reversed(self._open_cells))].append(("assumptions", name, "value"))
        return value

    def _cell(self, where: Where, formula: str, source: str, firm: str = "") -> float:
        self.reads[where] = [None] if isinstance(formula, Doubtful) else []
        value = super()._cell(where, formula, source, firm)
        self.values[where] = self.sources[where]
        return value


def fixed_cells(files: Files) -> dict[Where, Fixed]:
    """The cells of an opening that follow from formulas without doubt alone.

    Parameters
    ----------
    files : Files
        Without mistakes; formulas that may say something else in another world are `Doubtful`.

    Returns
    -------
    dict
        For `Builder`: empty if a formula has no value.
    """
    traced = _Tracer(files)
    if traced.mistakes:
        return {}
    found: dict[Where, Fixed] = {}
    doubtful = {where for where, reads in traced.reads.items() if None in reads}

    def is_fixed(where: Where) -> bool:
        if where not in doubtful and where not in found:
            reads = tuple(dict.fromkeys(read for read in traced.reads[where] if read is not None))
            if all(is_fixed(read) for read in reads):
                found[where] = Fixed(traced.values[where], reads)
            else:
                doubtful.add(where)
        return where in found

    for where in traced.reads:
        is_fixed(where)
    return found
