"""What is wrong with the files of an opening: every mistake a sentence that names file, row and column."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator

from abm.calibration.facts import ALLOWED, FACT_ID, ends_in, facts, is_formula, names_in
from abm.calibration.files import LAYOUTS, META, Files, Row, firm_groups, known_firms, months_between
from abm.engine import tables as ec
from abm.errors import short, shown

# A source is one or more parts, each a fact, a derivation or an assumption with its reason.
SOURCE_PART = re.compile(r"([CGHKLR]\d-\d{3}\b.*|derived: .{8,}|assumption: .{4,})$")
# Numbers of firms beside the columns of the firm table that the files give, or that their formulas may name.
GIVEN = {"net_worth", "funding_share", "capital_ratio", "paid_in_share"}
NAMED = GIVEN | {"number", "class_share", "ordered_gw"}
# Assumptions that the builder reads itself.
READ_BY_BUILDER = ("small_ratio", "size_spread", "loan_ticket")
# Rows without which no economy opens.
NEEDED: dict[str, list[tuple[str, ...]]] = {
    "market": [
        (name,)
        for name in ("base_rate", "power_price", "spot_price", "contract_price", "tenant_demand", "demand_growth")
    ],
    "segments": [(segment, column) for segment in ec.SEGMENT_NAMES for column in ("adoption", "growth", "elasticity")],
}
# The firm whose numbers a table's formulas may name.
SPEAKS_OF = {"firms": "firm", "loans": "borrower", "orders": "buyer", "contracts": "seller", "stakes": "issuer"}
_WORDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("roster", "kind"): tuple(name.upper() for name in ec.KIND_NAMES if name != "outside"),
    ("roster", "subkind"): (
        "", "BANK", "PRIVATE_CREDIT", "IG_BONDS", "HY_BONDS", "SECURITISATION", "SPONSOR", "INSURER", "AI_FUND",
    ),
    ("contracts", "kind"): ("COMPUTE", "SITE"),
    ("contracts", "status"): ("LIVE", "PENDING", "INTENT"),
    ("contracts", "own_use"): ("0", "1"),
    ("contracts", "backstop"): ("0", "1"),
    ("loans", "kind"): ("DDTL", "BOND", "REVOLVER", "PROJECT", "WAREHOUSE", "VENDOR_LOAN", "MARGIN"),
    ("loans", "collateral"): ("NONE", "FLEET", "SITE", "HOLDINGS"),
    ("loans", "for_ai"): ("0", "1"),
    ("loans", "amortising"): ("0", "1"),
    ("loans", "committed"): ("0", "1"),
    ("orders", "kind"): ("GPU", "SITE"),
    ("statements", "sign"): ("-1", "0", "1"),
    ("revenue", "segment"): ec.SEGMENT_NAMES,
    ("segments", "segment"): ec.SEGMENT_NAMES,
}
# Firms that may be left out.
_MAY_BE_EMPTY = {"parent", "guarantor", "end_user"}


def mistakes(files: Files) -> list[str]:
    """Every mistake that the files of an opening show before anything is worked out.

    Parameters
    ----------
    files : Files
        As `abm.calibration.files.read_files` gives them.

    Returns
    -------
    list of str
        Sentences, each with file, row and column; empty if there is none.
    """
    return [*files.mistakes, *_of_meta(files), *_of_what_is_missing(files), *_of_rows(files), *_of_facts(files)]


def _of_meta(files: Files) -> Iterator[str]:
    firms = known_firms(files)
    labs = [row["firm"] for row in files.tables["roster"] if row["kind"] == "LAB"]
    if files.flagship not in labs:
        yield f"{files.name}/{META}: flagship must be one of the labs ({', '.join(labs)}), not {shown(files.flagship)}"
    for group, members in files.groups.items():
        for name in members:
            if name not in firms:
                yield f"{files.name}/{META}: group {shown(group)} names an unknown firm {shown(name)}"


def _of_what_is_missing(files: Files) -> Iterator[str]:
    for table, keys in NEEDED.items():
        layout = LAYOUTS[table]
        found = {tuple(row[column] for column in layout.key) for row in files.tables[table]}
        for key in keys:
            if key not in found:
                yield f"{table}.csv has no row '{' / '.join(key)}'"
    spent = {row["segment"] for row in files.tables["revenue"]}
    for segment in ec.SEGMENT_NAMES:
        if segment not in spent:
            yield f"revenue.csv has no row of segment '{segment}'"


def _of_rows(files: Files) -> Iterator[str]:
    """Words that are none of those allowed, firms that do not exist, cells that are no formulas."""
    words = _allowed(files)
    for table, rows in files.tables.items():
        for row in rows:
            for column, allowed in words.items():
                if column[0] == table and row[column[1]] not in allowed:
                    yield _wrong_word(row, column[1], allowed)
            yield from _of_formulas(files, table, row)
            if table == "roster" and row["members"] and not re.fullmatch(r"[2-9]|[1-9]\d", row["members"]):
                yield f"{row.place}, column members: must be a number from 2 to 99, not {shown(row['members'])}"
            if table == "orders":
                yield from _of_order(files, row)
            elif table == "contracts":
                yield from _of_contract(files, row)
            elif table == "loans":
                yield from _of_loan(files, row)
            if "source" not in row:
                continue
            for part in row["source"].split(" ; "):
                if not SOURCE_PART.match(part):
                    yield (
                        f"{row.place}, column source: {shown(part)} is no fact, no 'derived: ...' and no"
                        f" 'assumption: reason'"
                    )
            for fact in FACT_ID.findall(row["source"]):
                if fact not in facts():
                    yield f"{row.place}, column source: there is no fact '{fact}' in the tables of facts"


def _allowed(files: Files) -> dict[tuple[str, str], set[str]]:
    """The words that a column may hold, by table and column."""
    members = {row["firm"] for row in files.tables["roster"]}
    classes = {row["firm"] for row in files.tables["roster"] if row["members"]}
    firms = known_firms(files) - classes
    words = {where: set(allowed) for where, allowed in _WORDS.items()}
    for table, layout in LAYOUTS.items():
        for column in layout.firms:
            words[table, column] = firms | ({""} if column in _MAY_BE_EMPTY else set())
    for table in ("loans", "orders", "contracts"):
        words[table, SPEAKS_OF[table]] |= classes
    words["loans", "lender"] |= {row["firm"] for row in files.tables["roster"] if row["kind"] == "LENDER"}
    words["firms", "firm"] = firm_groups(files)
    words["firms", "column"] = {c.name for c in ec.FIRM_COLUMNS} | GIVEN
    words["fleet", "mix"] = {row["mix"] for row in files.tables["mixes"]}
    generations = {row["generation"] for row in files.tables["generations"]}
    words["mixes", "generation"] = generations
    words["orders", "generation"] = generations | {""}
    words["segments", "column"] = {c.name for c in ec.SEGMENT_COLUMNS}
    words["market", "column"] = {c.name for c in ec.MARKET_COLUMNS}
    words["fleet", "firm"] = members
    for where in (("generations", "vendor"), ("revenue", "lab"), ("statements", "lab")):
        words[where] = members - classes
    return words


def _wrong_word(row: Row, column: str, allowed: set[str]) -> str:
    if column in {c for layout in LAYOUTS.values() for c in layout.firms}:
        what = "may not be empty" if not row[column] else f"there is no firm {shown(row[column])} in the roster"
        return f"{row.place}, column {column}: {what}"
    choice = ", ".join(sorted(allowed - {""})) if len(allowed) < 16 else "one that the tables of the economy have"
    return f"{row.place}, column {column}: must be {choice}, not {shown(row[column])}"


def _of_formulas(files: Files, table: str, row: Row) -> Iterator[str]:
    layout = LAYOUTS[table]
    known = {r["name"] for r in files.tables["assumptions"]}
    if table in SPEAKS_OF:
        known = known | {c.name for c in ec.FIRM_COLUMNS} | NAMED
    for column in layout.formulas:
        cell, where = row[column], f"{row.place}, column {column}"
        if not cell:
            if column not in layout.optional:
                yield f"{where}: may not be empty"
        elif re.fullmatch(r"\d{4}-\d{2}", cell):
            if months_between(files.date, cell) is None:
                yield f"{where}: {shown(cell)} is no month"
        elif not is_formula(cell):
            yield f"{where}: {shown(cell)} is no formula of {ALLOWED}"
        else:
            for fact, end in ends_in(cell):
                if fact not in facts():
                    yield f"{where}: there is no fact '{fact}' in the tables of facts"
                elif getattr(facts()[fact], end) is None:
                    yield f"{where}: fact '{fact}' has no {end} value"
            for name in names_in(cell)[1]:
                if name not in known:
                    yield f"{where}: '{name}' is neither a fact, an assumption nor a column of a firm"


def _month(files: Files, cell: str) -> int | None:
    """The month that a cell states outright, as a date or a whole number; None if it has to be worked out."""
    months = months_between(files.date, cell)
    return int(cell) if months is None and re.fullmatch(r"-?\d{1,5}", cell) else months


def _of_order(files: Files, row: Row) -> Iterator[str]:
    if bool(row["value"]) == bool(row["units"]):
        yield f"{row.place}: give either value or units"
    if row["kind"] == "SITE" and not row["price"]:
        yield f"{row.place}, column price: may not be empty for sites"
    if row["kind"] == "GPU" and not row["generation"]:
        yield f"{row.place}, column generation: may not be empty for GPUs"
    first, last = _month(files, row["first"]), _month(files, row["last"])
    if first is not None and last is not None and last < first:
        yield f"{row.place}, column last: {shown(row['last'])} lies before the first delivery, {shown(row['first'])}"
    elif last is not None and last < 1:
        yield f"{row.place}, column last: all is delivered by the opening; remove the row, its goods are in the fleet"


def _of_contract(files: Files, row: Row) -> Iterator[str]:
    if bool(row["amount"]) == bool(row["quantity"]):
        yield f"{row.place}: give either amount or quantity"
    start, months = _month(files, row["start"]), _month(files, row["months"])
    if start is None or months is None:
        return
    if months - max(1 - start, 0) < 1:
        yield f"{row.place}, column months: the term ends by the opening; remove the row"
    if row["status"] == "PENDING" and start < 1:
        yield f"{row.place}, column status: delivery has begun by the opening, so the contract is LIVE, not PENDING"
    if row["status"] == "LIVE" and start > 0:
        yield f"{row.place}, column status: delivery begins after the opening, so the contract is PENDING, not LIVE"


def _of_loan(files: Files, row: Row) -> Iterator[str]:
    made, months = _month(files, row["made"]), _month(files, row["months"])
    if made is not None and months is not None and made + months < 1:
        yield f"{row.place}, column months: the loan falls due by the opening; remove the row"


def _reached(files: Files) -> set[str]:
    """Assumptions that the rows of this opening use, directly or through others."""
    rows = {row["name"]: row for row in files.tables["assumptions"]}
    found: set[str] = set()
    ahead = [*READ_BY_BUILDER]
    for table, layout in LAYOUTS.items():
        if table != "assumptions":
            ahead += [name for row in files.tables[table] for c in layout.formulas for name in names_in(row[c])[1]]
    while ahead:
        name = ahead.pop()
        if name in rows and name not in found:
            found.add(name)
            ahead += names_in(rows[name]["value"])[1]
    return found


def _cells(files: Files) -> Iterator[tuple[Row, str]]:
    """Formulas that this opening uses: row and column."""
    reached = _reached(files)
    for table, rows in files.tables.items():
        for row in rows:
            if table != "assumptions":
                yield from ((row, column) for column in LAYOUTS[table].formulas)
            elif row["name"] in reached:
                yield row, "value"


def _late(files: Files, cells: Iterable[tuple[Row, str]]) -> dict[str, list[str]]:
    """Facts in cells that were not known by the cut-off, with the cells that name them."""
    found: dict[str, list[str]] = {}
    for row, column in cells:
        for fact in dict.fromkeys(FACT_ID.findall(row[column])):
            if fact in facts() and not facts()[fact].known_by(files.facts_until):
                found.setdefault(fact, []).append(f"{row.place}, column {column}")
    return found


def _known(files: Files, fact: str) -> str:
    """When a fact was known, in words."""
    known = facts()[fact]
    return (
        f"fact {fact} ({known.entity}, {short(known.parameter)}) was known on {known.known_on}, after"
        f" {files.facts_until}, where the facts of this opening end"
    )


def _of_facts(files: Files) -> Iterator[str]:
    """Facts that were not known yet."""
    if files.facts_until == datetime.date.min:
        return
    for fact, places in _late(files, _cells(files)).items():
        yield from (f"{place}: {_known(files, fact)}" for place in places)


def doubts(files: Files) -> list[str]:
    """What the files say that is no mistake but worth a look.

    Parameters
    ----------
    files : Files
        Without mistakes.

    Returns
    -------
    list of str
        Own rows younger than the opening, which are left out; own assumptions that nothing uses; facts allowed that
        were known after it; reasons that cite facts known later than that.
    """
    found = [f"{row.place} is younger than the opening and left out" for row in files.left_out if row.own]
    used = _reached(files)
    for row in files.tables["assumptions"]:
        if row.own and row["name"] not in used:
            found.append(f"{row.place} is used by no formula")
    if files.facts_until > files.date:
        found.append(f"{files.name}/{META}: facts_until {files.facts_until} lies after the opening, {files.date}")
    rows = {row.place: row for row, column in _cells(files) if row.get("source")}
    late = _late(files, ((row, "source") for row in rows.values()))
    for fact, places in late.items():
        others = f" (and {len(places) - 1} more)" if len(places) > 1 else ""
        found.append(f"{places[0]}{others}: {_known(files, fact)}")
    return found
