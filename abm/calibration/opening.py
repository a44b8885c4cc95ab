"""The opening state of 2025-12-31: tables of the economy built from facts and stated assumptions.

The files in `opening/` hold formulas (see `abm.calibration.facts`), each with its source; this module
works them out and closes the accounts. Balance sheet of a firm::

    assets      = cash + other_assets + sites + fleet_book + prepaid_out + deposits_out + loans_held + holdings
    liabilities = other_debt + funding + debt + prepaid_in + deposits_in
    net worth   = assets - liabilities = paid_in + retained

A contract stated by its amount gets the capacity that the amount buys: the invoices from month 0 to the end
of its term, with a straight ramp, add up to it.
"""

from __future__ import annotations

import functools
import math

from dataclasses import dataclass, fields, replace
from typing import NamedTuple

import numpy as np

from abm import economy as ec
from abm.calibration.facts import FOLDER, evaluate, names_in, read_table
from abm.errors import BadInput

TABLES_FOLDER = FOLDER / "opening"
N_SMALL = 8  # small clouds
VINTAGE_DTYPE = ec.dtype_of(ec.VINTAGE_COLUMNS)
_CASH_GRAIN = 2.0**-20  # cash is a multiple of about 1,000 USD, so that sums of money are exact
_COLLATERAL = {
    "NONE": ec.NO_COLLATERAL,
    "FLEET": ec.FLEET_COLLATERAL,
    "SITE": ec.SITE_COLLATERAL,
    "HOLDINGS": ec.HOLDINGS_COLLATERAL,
}


class Source(NamedTuple):
    """Where one number of the opening state comes from."""

    table: str
    row: str
    column: str
    value: float
    formula: str
    source: str


@dataclass(frozen=True)
class Opening:
    """The opening state. Shapes: F firms, G generations, S segments; table dtypes as in `abm.economy`."""

    names: list[str]  # firms by row, the outside sectors first
    firms: np.ndarray
    contracts: np.ndarray
    loans: np.ndarray
    orders: np.ndarray
    stakes: np.ndarray
    generations: np.ndarray
    generation_names: list[str]
    segments: np.ndarray
    fleet: np.ndarray  # (F, G) vintages
    revenue: np.ndarray  # (S, F) bn a year spent on each lab's models
    statements: dict[str, dict[str, float]]  # last reported half-year by lab and line, bn; costs negative
    market: np.ndarray  # (1,) prices and rates of month 0
    contract_names: list[str]
    loan_names: list[str]
    sources: tuple[Source, ...]

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


def ramp_share(month: int, start: int, ramp: int) -> float:
    """Part of a contract's quantity delivered in a month: a straight ramp, 1 from its last month on."""
    if month < start:
        return 0.0
    return min(1.0, (month - start + 1) / max(ramp, 1))


def months_elapsed(start: int) -> int:
    """Months of its term that a contract has behind it at the opening; month 0 is December 2025."""
    return max(1 - start, 0)


def effective_months(start: int, ramp: int, months: int) -> float:
    """Months of full quantity that a contract delivers after month 0, the ramp counted in part.

    Parameters
    ----------
    start : int
        First month of delivery, negative or zero if it began before the opening.
    ramp : int
        Months to full quantity; month k of the ramp delivers (k + 1) / ramp.
    months : int
        Whole term.
    """
    return math.fsum(ramp_share(month, start, ramp) for month in range(max(start, 1), start + months))


def remaining_value(contract: np.void | np.ndarray) -> float:
    """Invoices a contract will still send, in bn: quantity x price x months, the ramp counted in part."""
    months = effective_months(int(contract["start"]), int(contract["ramp"]), int(contract["months"]))
    per_month = float(contract["quantity"]) * float(contract["price"])
    return months * per_month * (ec.BN_PER_RATE if contract["kind"] == ec.COMPUTE else 1.0)


class _Builder:
    """Works out the formulas table by table; later tables may refer to what earlier ones fixed."""

    def __init__(self) -> None:
        self.sources: list[Source] = []
        self.assumption_rows = {row["name"]: row for row in read_table(TABLES_FOLDER / "assumptions.csv")}
        self.assumptions: dict[str, float] = {}
        self.names: list[str] = list(ec.OUTSIDE_NAMES)
        self.groups: list[tuple[str, ...]] = [("outside",)] * ec.N_OUTSIDE
        self.members: dict[str, list[str]] = {}
        self._roster()
        self.context: dict[str, dict[str, float]] = {name: {} for name in self.names}

    def assumption(self, name: str) -> float:
        """The value of a stated assumption."""
        if name not in self.assumptions:
            if name not in self.assumption_rows:
                raise BadInput(f"'{name}' is neither a fact, an assumption nor a known column")
            row = self.assumption_rows[name]
            value = evaluate(row["value"], self.assumption)
            self.assumptions[name] = value
            self.sources.append(Source("assumptions", name, "value", value, row["value"], row["source"]))
        return self.assumptions[name]

    def value(self, where: tuple[str, str, str], formula: str, source: str, **extra: float) -> float:
        """The value of a cell, remembered with its source; `extra` are names known to this row alone."""

        def resolve(name: str) -> float:
            return extra[name] if name in extra else self.assumption(name)

        value = evaluate(formula, resolve)
        self.note(where, value, formula, source)
        return value

    def note(self, where: tuple[str, str, str], value: float, formula: str, source: str) -> None:
        """Remember the source of a number: its facts and assumptions, or what the row says."""
        ids, names = names_in(formula)
        cited = [*ids, *(name for name in names if name in self.assumption_rows)]
        text = "; ".join(dict.fromkeys([*cited, source])) if cited else source
        self.sources.append(Source(*where, value, formula, text))

    def _roster(self) -> None:
        """Names, kinds and groups; the small clouds are eight firms of one row."""
        self.roster: list[tuple[str, dict[str, str]]] = []
        for row in read_table(TABLES_FOLDER / "roster.csv"):
            members = [row["firm"]]
            if row["firm"] == "small clouds":
                members = [f"Small cloud {k + 1}" for k in range(N_SMALL)]
            self.members[row["firm"]] = members
            for name in members:
                self.roster.append((name, row))
                self.names.append(name)
                self.groups.append(("*", row["kind"].lower(), row["group"], row["firm"], name))

    def index(self, name: str) -> int:
        """Row of a firm by name, -1 for an empty name."""
        if not name:
            return -1
        if name not in self.names:
            raise BadInput(f"the opening tables name an unknown firm '{name}'")
        return self.names.index(name)

    def expand(self, rows: list[dict[str, str]], column: str) -> list[tuple[dict[str, str], str, int]]:
        """Rows of a table with the firm their formulas speak of; a row for the small clouds becomes eight."""
        found = []
        for row in rows:
            for number, name in enumerate(self.members.get(row[column], [row[column]])):
                found.append(({**row, column: name}, name, number))
        return found

    # --- generations and fleet ------------------------------------------------------------------------
    def generations(self) -> None:
        rows = read_table(TABLES_FOLDER / "generations.csv")
        self.generation_names = [row["generation"] for row in rows]
        table = np.zeros(len(rows), ec.DTYPES["generations"])
        for entry, row in zip(table, rows, strict=True):
            for column in ("released", "cost", "kw"):
                entry[column] = self.value(("generations", row["generation"], column), row[column], row["source"])
            entry["vendor"] = self.index(row["vendor"])
            entry["age_limit"] = self.value(("generations", row["generation"], "age_limit"), "age_limit", "")
            entry["mark"] = entry["cost"]
        self.generation_table = table

    def fleet(self) -> None:
        """Units, cost and age by firm and generation; the small clouds hold what is left of the world's."""
        rows = read_table(TABLES_FOLDER / "fleet.csv")
        mixes: dict[str, list[dict[str, str]]] = {}
        for row in read_table(TABLES_FOLDER / "mixes.csv"):
            mixes.setdefault(row["mix"], []).append(row)
        self.fleet_table = np.zeros((len(self.names), len(self.generation_table)), VINTAGE_DTYPE)
        world = evaluate("G4-084", self.assumption)
        ratio = self.assumption("small_ratio")
        weights = [math.prod([ratio] * k) for k in range(N_SMALL)]
        named = 0.0
        for row, name, number in self.expand(rows, "firm"):
            if row["units"] == "rest":
                units = (world - named) * weights[number] / math.fsum(weights)
                where = ("fleet", name, "units")
                self.note(where, units, "G4-084", f"{row['source']}; split by small_ratio")
            else:
                units = self.value(("fleet", name, "units"), row["units"], row["source"])
                named += units
            total = math.fsum(evaluate(part["share"], self.assumption) for part in mixes[row["mix"]])
            for part in mixes[row["mix"]]:
                where = ("mixes", f"{row['mix']}/{part['generation']}", "share")
                share = self.value(where, part["share"], part["source"]) / total
                age = self.value((where[0], where[1], "age"), part["age"], part["source"])
                g = self.generation_names.index(part["generation"])
                vintage = self.fleet_table[self.index(name), g]
                vintage["units"] = units * share
                vintage["cost"] = vintage["units"] * self.generation_table["cost"][g]
                vintage["age"] = age

    # --- firms ------------------------------------------------------------------------------------------
    def firm_rules(self) -> None:
        """Formulas of each firm's columns, the most special row of `firms.csv` that fits it."""
        rows = read_table(TABLES_FOLDER / "firms.csv")
        known = {group for groups in self.groups for group in groups}
        for row in rows:
            if row["firm"] not in known:
                raise BadInput(f"firms.csv names '{row['firm']}', which is neither a firm nor a group")
        self.rules: dict[str, dict[str, tuple[str, str]]] = {}
        for name, groups in zip(self.names, self.groups, strict=True):
            rules: dict[str, tuple[str, str]] = {}
            for group in groups:
                rules.update({r["column"]: (r["value"], r["source"]) for r in rows if r["firm"] == group != ""})
            self.rules[name] = rules if "outside" not in groups else {}

    def column(self, name: str, column: str) -> float:
        """A column of a firm: known already, or worked out from its formula; assumptions come last."""
        known = self.context[name]
        if column not in known:
            if column not in self.rules[name]:
                return self.assumption(column)
            formula, source = self.rules[name][column]
            value = evaluate(formula, lambda other: self.column(name, other))
            self.note(("firms", name, column), value, formula, source)
            known[column] = value
        return known[column]

    def vintages_of_firms(self) -> None:
        """Book values by straight-line depreciation, capacity and power of each firm's fleet."""
        kw = self.generation_table["kw"]
        for i, name in enumerate(self.names):
            row = self.fleet_table[i]
            if row["units"].sum() > 0:
                life = self.column(name, "book_life")
                for g in range(len(kw)):
                    row[g]["book"] = row[g]["cost"] * max(0.0, 1.0 - row[g]["age"] / life)
            known = self.context[name]
            known["capacity"] = math.fsum(row["units"])
            known["fleet_book"] = math.fsum(row["book"])
            pue = self.column(name, "pue") if known["capacity"] > 0 else 0.0
            known["fleet_gw"] = math.fsum(row["units"] * kw) * pue

    # --- orders, loans, contracts, stakes -----------------------------------------------------------------
    def orders(self) -> None:
        """Orders in the queue, one row a month of delivery."""
        found: list[tuple[str, dict[str, float]]] = []
        rows = read_table(TABLES_FOLDER / "orders.csv")
        for row, name, _ in self.expand(rows, "buyer"):
            kind = ec.GPU_ORDER if row["kind"] == "GPU" else ec.SITE_ORDER
            g = self.generation_names.index(row["generation"]) if kind == ec.GPU_ORDER else -1
            if kind == ec.GPU_ORDER:
                price, price_source = float(self.generation_table["cost"][g]), row["generation"]
            else:
                campus = "campus" in self.groups[self.index(name)]
                price_source = "campus_cost" if campus else "site_cost"
                price = self.assumption(price_source)

            def read(column: str, row: dict[str, str] = row, name: str = name) -> float:
                where = ("orders", f"{row['order']}: {name}", column)
                formula = row[column]
                if formula == "":
                    return 0.0
                value = evaluate(formula, lambda other: self.column(name, other))
                self.note(where, value, formula, row["source"])
                return value

            units = read("units") or read("value") / price
            first, last, share = int(read("first")), int(read("last")), read("deposit")
            placed = int(read("placed"))
            self.note(("orders", f"{row['order']}: {name}", "price"), price, price_source, row["source"])
            for due in range(first, last + 1):
                part = units / (last - first + 1)
                found.append(
                    (name, {
                        "kind": kind, "status": ec.PENDING, "buyer": self.index(name),
                        "vendor": self.index(row["vendor"]), "generation": g, "placed": placed, "due": due,
                        "end_user": self.index(row["end_user"]), "units": part, "price": price,
                        "deposit": share * part * price,
                    })
                )  # fmt: skip
        self.order_table = self._table("orders", [values for _, values in found])
        sites = self.order_table["kind"] == ec.SITE_ORDER
        for i, name in enumerate(self.names):
            bought = self.order_table["buyer"] == i
            self.context[name]["deposits_out"] = math.fsum(self.order_table["deposit"][bought])
            self.context[name]["deposits_in"] = math.fsum(
                self.order_table["deposit"][self.order_table["vendor"] == i]
            )
            self.context[name]["ordered_gw"] = math.fsum(self.order_table["units"][bought & sites])

    def _table(self, name: str, rows: list[dict[str, float]]) -> np.ndarray:
        """A structured array of the economy's type from dictionaries of cells."""
        table = np.zeros(len(rows), ec.DTYPES[name])
        for number, (entry, row) in enumerate(zip(table, rows, strict=True)):
            for column, value in row.items():
                entry[column] = value
            if "id" in (table.dtype.names or ()):
                entry["id"] = number
        return table

    def loans(self) -> None:
        """Loans; warehouse lines last, because they are a share of what their borrower lends."""
        rows = self.expand(read_table(TABLES_FOLDER / "loans.csv"), "borrower")
        found: list[dict[str, float]] = []
        self.loan_names: list[str] = []
        for row, name, _ in rows:
            label = row["loan"] if not name.startswith("Small cloud") else f"{row['loan']}: {name}"
            if row["kind"] == "WAREHOUSE":
                lent = math.fsum(loan["principal"] for loan in found if loan["lender"] == self.index(name))
                self.context[name]["loans_held"] = lent

            def read(column: str, row: dict[str, str] = row, name: str = name, label: str = label) -> float:
                value = evaluate(row[column], lambda other: self.column(name, other))
                self.note(("loans", label, column), value, row[column], row["source"])
                return value

            collateral = _COLLATERAL[row["collateral"]]
            made, months = int(read("made")), int(read("months"))
            principal = read("principal")
            found.append({
                "kind": getattr(ec, row["kind"]), "status": ec.LIVE, "lender": self.index(row["lender"]),
                "borrower": self.index(name), "collateral": collateral,
                "tier": ec.TIER_SECURED if collateral != ec.NO_COLLATERAL else ec.TIER_UNSECURED,
                "end_user": self.index(row["end_user"]), "for_ai": int(row["for_ai"]),
                "amortising": int(row["amortising"]), "committed": int(row["committed"]), "made": made,
                "months": months, "months_left": months + made, "principal": principal,
                "limit": read("limit") if row["limit"] else principal, "rate": read("rate"),
                "covenant_ltv": read("covenant_ltv"),
            })  # fmt: skip
            self.loan_names.append(label)
        self.loan_table = self._table("loans", found)
        for i, name in enumerate(self.names):
            known = self.context[name]
            known["debt"] = math.fsum(self.loan_table["principal"][self.loan_table["borrower"] == i])
            known["loans_held"] = math.fsum(self.loan_table["principal"][self.loan_table["lender"] == i])

    def contracts(self) -> None:
        found: list[dict[str, float]] = []
        self.contract_names: list[str] = []
        rows = self.expand(read_table(TABLES_FOLDER / "contracts.csv"), "seller")
        for row, name, number in rows:
            label = row["contract"] if not name.startswith("Small cloud") else f"{row['contract']}: {name}"
            self.context[name]["number"] = float(number)

            def read(column: str, row: dict[str, str] = row, name: str = name, label: str = label) -> float:
                value = evaluate(row[column], lambda other: self.column(name, other))
                self.note(("contracts", label, column), value, row[column], row["source"])
                return value

            kind = ec.COMPUTE if row["kind"] == "COMPUTE" else ec.SITE
            status = getattr(ec, row["status"])
            start, ramp, months = int(read("start")), int(read("ramp")), int(read("months"))
            price = read("price")
            per_unit = price * effective_months(start, ramp, months) * (ec.BN_PER_RATE if kind == ec.COMPUTE else 1)
            amount = read("amount") if row["amount"] else 0.0
            quantity = amount / per_unit if row["amount"] else read("quantity")
            delivered = ramp_share(0, start, ramp) * quantity if status == ec.LIVE else 0.0
            found.append({
                "kind": kind, "status": status, "buyer": self.index(row["buyer"]), "seller": self.index(name),
                "guarantor": self.index(row["guarantor"]), "end_user": self.index(row["end_user"]),
                "own_use": int(row["own_use"]), "signed": min(start, -1), "start": start, "ramp": ramp,
                "months": months,
                "months_left": months - months_elapsed(start), "quantity": quantity, "delivered": delivered,
                "price": price, "take_or_pay": read("take_or_pay"), "prepaid": read("prepaid"),
                "announced": read("announced") if row["announced"] else amount, "amended": -1,
            })  # fmt: skip
            self.contract_names.append(label)
        self.contract_table = self._table("contracts", found)
        for i, name in enumerate(self.names):
            known = self.context[name]
            known["prepaid_in"] = math.fsum(self.contract_table["prepaid"][self.contract_table["seller"] == i])
            known["prepaid_out"] = math.fsum(self.contract_table["prepaid"][self.contract_table["buyer"] == i])

    def stakes(self) -> None:
        """Named holders; a formula may use the issuer's paid-in capital."""
        found: list[dict[str, float]] = []
        for row in read_table(TABLES_FOLDER / "stakes.csv"):
            issuer, label = row["issuer"], f"{row['holder']} in {row['issuer']}"

            def read(column: str, row: dict[str, str] = row, issuer: str = issuer, label: str = label) -> float:
                value = evaluate(row[column], lambda other: self.column(issuer, other))
                self.note(("stakes", label, column), value, row[column], row["source"])
                return value

            found.append({
                "holder": self.index(row["holder"]), "issuer": self.index(issuer), "share": read("share"),
                "book": read("book"),
            })  # fmt: skip
        self.stake_rows = found
        for i, name in enumerate(self.names):
            self.context[name]["holdings"] = math.fsum(s["book"] for s in found if s["holder"] == i)

    # --- balance sheets -----------------------------------------------------------------------------------
    def close_balance_sheets(self) -> None:
        """Solve for the one of net worth, other assets and other debt that is not given, and for paid-in."""
        for i, name in enumerate(self.names):
            if i < ec.N_OUTSIDE:
                continue
            known, rules = self.context[name], self.rules[name]
            known["funding"] = self._given(name, "funding_share") * known["loans_held"]
            for column in ("cash", "sites", "site_gw"):
                known[column] = self._given(name, column)
            known["cash"] = round(known["cash"] / _CASH_GRAIN) * _CASH_GRAIN
            rest = math.fsum([
                known["cash"], known["sites"], known["fleet_book"], known["prepaid_out"], known["deposits_out"],
                known["loans_held"], known["holdings"], -known["funding"], -known["debt"],
                -known["prepaid_in"], -known["deposits_in"],
            ])  # fmt: skip
            given = [column for column in ("net_worth", "other_assets", "other_debt") if column in rules]
            if "net_worth" not in rules:
                known["other_assets"] = self._given(name, "other_assets")
                known["other_debt"] = self._given(name, "other_debt")
                known["net_worth"] = rest + known["other_assets"] - known["other_debt"]
            elif "other_assets" in rules and "other_debt" not in rules:
                self.column(name, "other_assets")
                known["other_debt"] = rest + known["other_assets"] - self.column(name, "net_worth")
                self._solved(name, "other_debt", given)
            elif len(given) == 2:
                self.column(name, "other_debt")
                known["other_assets"] = self.column(name, "net_worth") - rest + known["other_debt"]
                self._solved(name, "other_assets", given)
            else:
                raise BadInput(f"{name}: give two of net_worth, other_assets and other_debt, not {given}")
            if "capital_ratio" in rules:
                weighted = known["net_worth"] / self.column(name, "capital_ratio") - known["loans_held"]
                known["other_weight"] = weighted / known["other_assets"]
                self._solved(name, "other_weight", ["capital_ratio", "net_worth"])
            if "paid_in" not in rules and "paid_in" not in known:
                known["paid_in"] = self.column(name, "paid_in_share") * max(known["net_worth"], 0.0)

    def _given(self, name: str, column: str) -> float:
        """A column if the files give it, else zero."""
        known = self.context[name]
        return self.column(name, column) if column in self.rules[name] or column in known else 0.0

    def _solved(self, name: str, column: str, given: list[str]) -> None:
        """Note a number that follows from the accounting identity."""
        value = self.context[name][column]
        self.sources.append(
            Source("firms", name, column, value, "", f"derived: closes the balance sheet, from {', '.join(given)}")
        )

    def finish_stakes(self) -> None:
        """Savers hold whatever paid-in capital has no named holder."""
        rows = list(self.stake_rows)
        for i, name in enumerate(self.names):
            if i < ec.N_OUTSIDE:
                continue
            paid_in = self.column(name, "paid_in")
            book = paid_in - math.fsum(s["book"] for s in self.stake_rows if s["issuer"] == i)
            share = 1.0 - math.fsum(s["share"] for s in self.stake_rows if s["issuer"] == i)
            if book > 1e-12 or share > 1e-12:
                rows.append({"holder": ec.SAVERS, "issuer": i, "share": share, "book": book})
        self.stake_table = self._table("stakes", rows)

    # --- customers and results ------------------------------------------------------------------------------
    def customers(self) -> None:
        """Spending by segment and lab, segments, market prices and the last reported half-years."""
        self.revenue = np.zeros((ec.N_SEGMENTS, len(self.names)))
        for row in read_table(TABLES_FOLDER / "revenue.csv"):
            where = ("revenue", f"{row['segment']}: {row['lab']}", "spend")
            segment = ec.SEGMENT_NAMES.index(row["segment"])
            self.revenue[segment, self.index(row["lab"])] = self.value(where, row["spend"], row["source"])
        self.segment_table = np.zeros(ec.N_SEGMENTS, ec.DTYPES["segments"])
        for row in read_table(TABLES_FOLDER / "segments.csv"):
            where = ("segments", row["segment"], row["column"])
            segment = ec.SEGMENT_NAMES.index(row["segment"])
            self.segment_table[row["column"]][segment] = self.value(where, row["value"], row["source"])
        self.market = np.zeros(1, ec.DTYPES["market"])
        for row in read_table(TABLES_FOLDER / "market.csv"):
            where = ("market", "market", row["column"])
            self.market[row["column"]][0] = self.value(where, row["value"], row["source"])
        self.statements: dict[str, dict[str, float]] = {}
        for row in read_table(TABLES_FOLDER / "statements.csv"):
            amount = self.value(("statements", row["lab"], row["line"]), row["amount"], row["source"])
            if row["sign"] != "0":
                self.statements.setdefault(row["lab"], {})[row["line"]] = int(row["sign"]) * amount

    def firm_table(self) -> np.ndarray:
        """The firm table: given columns, and those that follow from the other tables."""
        firms = np.zeros(len(self.names), ec.DTYPES["firms"])
        firms["status"] = ec.ACTIVE
        for column in ("parent", "failed", "top_customer_id"):
            firms[column] = -1
        firms["kind"][: ec.N_OUTSIDE] = ec.OUTSIDE
        for name, row in self.roster:
            entry = firms[self.index(name)]
            entry["kind"] = getattr(ec, row["kind"])
            entry["subkind"] = getattr(ec, row["subkind"]) if row["subkind"] else 0
            entry["parent"] = self.index(row["parent"])
        columns = set(firms.dtype.names or ())
        for i, name in enumerate(self.names):
            for column in self.rules[name]:
                self.column(name, column)
            for column in columns & set(self.context[name]):
                firms[column][i] = self.context[name][column]
        return firms


def _hide_unused(firms: np.ndarray) -> None:
    """Running costs and lives of a fleet mean nothing for a firm without one and without sites."""
    bare = (firms["kind"] == ec.OUTSIDE) | (firms["kind"] == ec.LENDER) | (firms["kind"] == ec.VENDOR)
    for column in ("pue", "power_premium", "renewables", "unit_opex", "book_life"):
        firms[column][bare] = 0.0


def _sum_into(firms: np.ndarray, column: str, rows: np.ndarray, amounts: np.ndarray) -> None:
    """Write the exact sum of `amounts` by firm."""
    for i in range(len(firms)):
        firms[column][i] = math.fsum(amounts[rows == i])


def _derive(builder: _Builder, firms: np.ndarray, contracts: np.ndarray, stakes: np.ndarray) -> None:
    """Columns of the firm table that only repeat what the other tables say, and the labs' opening work."""
    loans, orders = builder.loan_table, builder.order_table
    secured = np.where(loans["tier"] == ec.TIER_SECURED, loans["principal"], 0.0)
    _sum_into(firms, "secured_debt", loans["borrower"], secured)
    bullets = np.where((loans["amortising"] == 0) & (loans["months_left"] <= 12), loans["principal"], 0.0)
    _sum_into(firms, "maturing", loans["borrower"], bullets)
    repaid = np.where(loans["amortising"] == 1, loans["principal"] / loans["months_left"], 0.0)
    _sum_into(firms, "debt_service", loans["borrower"], repaid + loans["principal"] * loans["rate"] / 12)
    gpus = orders["kind"] == ec.GPU_ORDER
    _sum_into(firms, "on_order", orders["buyer"], np.where(gpus, orders["units"], 0.0))
    _sum_into(firms, "on_order_gw", orders["buyer"], np.where(gpus, 0.0, orders["units"]))
    firm_contract = (contracts["status"] == ec.LIVE) | (contracts["status"] == ec.PENDING)
    compute = contracts["kind"] == ec.COMPUTE
    value = np.array([remaining_value(c) for c in contracts]) * firm_contract
    now = np.where(contracts["status"] == ec.LIVE, contracts["delivered"], 0.0)
    invoice = now * contracts["price"] * np.where(compute, ec.BN_PER_RATE, 1.0)
    for side, party in (("in", "seller"), ("out", "buyer")):
        _sum_into(firms, f"backlog_{side}", contracts[party], value)
        _sum_into(firms, f"invoiced_{side}", contracts[party], invoice)
    for side, party in (("out", "seller"), ("in", "buyer")):
        promised = np.where(compute & firm_contract, contracts["quantity"], 0.0)
        _sum_into(firms, f"contracted_{side}", contracts[party], np.where(compute, now, 0.0))
        _sum_into(firms, f"promised_{side}", contracts[party], promised)
    leased = np.zeros(len(firms))
    np.add.at(leased, contracts["buyer"], np.where(compute, 0.0, now))
    np.add.at(leased, contracts["seller"], np.where(compute, 0.0, -now))
    firms["leased_gw"] = leased
    _sum_into(firms, "paid_in", stakes["issuer"], stakes["book"])
    _sum_into(firms, "holdings", stakes["holder"], stakes["book"])
    for lab, lines in builder.statements.items():
        firms["operating_result_6m"][builder.index(lab)] = math.fsum(lines.values())


def _open_model_market(builder: _Builder, firms: np.ndarray) -> None:
    """Work sold, its compute, and the segments' potential, from spending and opening prices.

    The flagship sets the unit: what compute it holds now, over its work with training added, is the compute
    that a unit of frontier work takes.
    """
    revenue = builder.revenue
    total = revenue.sum(axis=0)
    sells = total > 0
    firms["work"][sells] = total[sells] / 12 / firms["price"][sells]
    flagship = firms[builder.index("OpenAI")]
    unit = flagship["contracted_in"] / (flagship["work"] * flagship["unit_compute"] * (1 + flagship["training_target"]))
    builder.market["unit_compute"][0] = unit
    builder.sources.append(
        Source("market", "market", "unit_compute", float(unit), "",
               "derived: OpenAI's live compute (openai contracts) over its work (G1-010) and training_target")
    )  # fmt: skip
    labs = firms["kind"] == ec.LAB
    compute = firms["work"] * firms["unit_compute"] * unit
    clouds = firms["kind"] == ec.HYPERSCALER
    firms["need"] = np.where(clouds, firms["need"], np.where(sells, compute, 0.0))
    firms["training"] = np.where(labs, compute * firms["training_target"], 0.0)
    segments = builder.segment_table
    prices = np.where(sells, np.where(firms["price"] > 0, firms["price"], 1.0), 1.0)
    segments["spending"] = revenue.sum(axis=1) / 12
    segments["work"] = (revenue / prices).sum(axis=1) / 12
    segments["potential"] = segments["work"] / segments["adoption"]


@functools.cache
def _opening() -> Opening:
    """Build the opening state once; `opening_tables` hands out copies."""
    builder = _Builder()
    builder.generations()
    builder.fleet()
    builder.firm_rules()
    builder.vintages_of_firms()
    builder.loans()
    builder.orders()
    builder.contracts()
    builder.stakes()
    builder.close_balance_sheets()
    builder.finish_stakes()
    builder.customers()
    firms = builder.firm_table()
    _derive(builder, firms, builder.contract_table, builder.stake_table)
    _open_model_market(builder, firms)
    _hide_unused(firms)
    firms["deposits_in"] = [builder.context[name]["deposits_in"] for name in builder.names]
    # money sums to zero: what everybody holds, savers owe
    firms["cash"][ec.SAVERS] = -math.fsum(firms["cash"])
    firms["retained"] = net_worth(firms) - firms["paid_in"]
    sources = tuple(dict.fromkeys(builder.sources))
    opening = Opening(
        builder.names, firms, builder.contract_table, builder.loan_table, builder.order_table, builder.stake_table,
        builder.generation_table, builder.generation_names, builder.segment_table, builder.fleet_table,
        builder.revenue, builder.statements, builder.market, builder.contract_names, builder.loan_names, sources,
    )  # fmt: skip
    check_opening(opening)
    return opening


def net_worth(firms: np.ndarray) -> np.ndarray:
    """Assets less liabilities of every firm, in bn, shape (F,)."""
    assets = (
        firms["cash"] + firms["other_assets"] + firms["sites"] + firms["fleet_book"] + firms["prepaid_out"]
        + firms["deposits_out"] + firms["loans_held"] + firms["holdings"]
    )  # fmt: skip
    owed = firms["other_debt"] + firms["funding"] + firms["debt"] + firms["prepaid_in"] + firms["deposits_in"]
    return assets - owed


def opening_tables() -> Opening:
    """The economy of 2025-12-31, built from the facts and checked.

    Returns
    -------
    Opening
        Fresh copies of all tables.

    Raises
    ------
    BadInput
        If the files do not make accounts that close (see `check_opening`).
    """
    built = _opening()
    return replace(
        built,
        names=list(built.names),
        **{
            field.name: getattr(built, field.name).copy()
            for field in fields(built)
            if isinstance(getattr(built, field.name), np.ndarray)
        },
    )


_NOT_NEGATIVE = {
    "firms": (
        "other_assets", "other_debt", "funding", "sites", "paid_in", "fleet_book", "debt", "prepaid_in",
        "prepaid_out", "deposits_in", "deposits_out", "loans_held", "holdings", "site_gw", "need", "fixed_cost",
    ),
    "contracts": ("quantity", "delivered", "price", "take_or_pay", "prepaid", "announced"),
    "loans": ("principal", "limit", "rate"),
    "orders": ("units", "price", "deposit"),
    "stakes": ("share", "book"),
    "generations": ("cost", "kw", "age_limit"),
    "segments": ("adoption", "growth", "potential"),
}  # fmt: skip


def check_opening(opening: Opening) -> None:
    """Raise unless the accounts of an opening state close.

    Money sums to zero exactly; every instrument is the same on both sides; balance sheets close; nothing that
    cannot be negative is; nobody's shares exceed one; every row names firms that exist.

    Parameters
    ----------
    opening : Opening

    Raises
    ------
    BadInput
        Naming the first identity that fails and by how much.
    """
    firms = opening.firms

    def require(holds: bool, what: str) -> None:
        if not holds:
            raise BadInput(f"the opening state does not close: {what}")

    def same(found: float, expected: float, what: str) -> None:
        gap = abs(found - expected)
        require(gap <= 1e-9 * max(1.0, abs(expected)), f"{what}, {found:.9g} against {expected:.9g} bn")

    require(float(firms["cash"].sum()) == 0.0, "money does not sum to zero")
    for table, columns in _NOT_NEGATIVE.items():
        values = getattr(opening, table)
        for column in columns:
            require(bool(np.all(values[column] >= 0.0)), f"{column} in {table} is negative somewhere")
    agents = firms["kind"] != ec.OUTSIDE
    require(bool(np.all(firms["cash"][agents] >= 0.0)), "somebody but the outside sectors has negative cash")
    gap = float(np.abs(net_worth(firms) - firms["paid_in"] - firms["retained"]).max())
    require(gap <= 1e-9 * float(np.abs(firms["cash"]).max()), "a balance sheet does not close")
    sides = (
        ("debt", "loans", "borrower", "principal"),
        ("loans_held", "loans", "lender", "principal"),
        ("prepaid_in", "contracts", "seller", "prepaid"),
        ("prepaid_out", "contracts", "buyer", "prepaid"),
        ("deposits_in", "orders", "vendor", "deposit"),
        ("deposits_out", "orders", "buyer", "deposit"),
        ("paid_in", "stakes", "issuer", "book"),
        ("holdings", "stakes", "holder", "book"),
    )
    for column, table, party, amount in sides:
        rows = getattr(opening, table)
        require(bool(np.all((rows[party] >= 0) & (rows[party] < len(firms)))), f"{table} name an unknown {party}")
        for i, name in enumerate(opening.names):
            total = math.fsum(rows[amount][rows[party] == i])
            same(float(firms[column][i]), total, f"{column} of {name} and the {table} table")
    for i, name in enumerate(opening.names):
        book = math.fsum(opening.fleet["book"][i])
        same(float(firms["fleet_book"][i]), book, f"fleet_book of {name} and its vintages")
        share = math.fsum(opening.stakes["share"][opening.stakes["issuer"] == i])
        require(share <= 1.0 + 1e-12, f"more than all shares of {name} are held")
