"""Openings as folders: common rows and dated ones, calendar months, facts that were known, and every mistake told."""

from __future__ import annotations

import csv
import datetime
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from abm.calibration import DEFAULT_OPENING, opening_tables, openings
from abm.calibration.files import LAYOUTS, OPENINGS_FOLDER, Files, opening_folder, read_files, read_table
from abm.calibration.mistakes import doubts, mistakes
from abm.calibration.opening import all_mistakes, build
from abm.errors import BadInput

NAMES = openings()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the default opening to change."""
    folder = tmp_path / "mine"
    shutil.copytree(OPENINGS_FOLDER / DEFAULT_OPENING, folder)
    return folder


def change(folder: Path, table: str, key: str, **cells: str) -> None:
    """Cells of the row with a key in a table of a folder; a row that is not there is added."""
    path, layout = folder / f"{table}.csv", LAYOUTS[table]
    rows = read_table(path)
    columns = list(rows[0])
    wanted = dict(zip(layout.key, key.split(" / "), strict=True))
    found = [row for row in rows if all(row[c] == v for c, v in wanted.items())]
    if found:
        found[0].update(cells)
    else:
        rows.append({**dict.fromkeys(columns, ""), **wanted, **cells})
    write(path, columns, rows)


def write(path: Path, columns: list[str], rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def meta(folder: Path, **lines: str) -> None:
    """Lines of `meta.toml`, as TOML writes them."""
    path = folder / "meta.toml"
    kept = [line for line in path.read_text().splitlines() if line.split(" = ")[0] not in lines]
    path.write_text("\n".join([*(f"{key} = {value}" for key, value in lines.items() if value), *kept]) + "\n")


# --- the openings that come with the model ---------------------------------------------------------------
def test_the_default_is_among_them() -> None:
    assert DEFAULT_OPENING in NAMES
    assert list(NAMES) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_opening_is_without_mistakes(name: str) -> None:
    files = read_files(opening_folder(name))
    assert all_mistakes(files) == []
    assert files.name == name == str(files.date)
    opening = opening_tables(name)
    assert (opening.name, opening.date, opening.flagship) == (name, files.date, files.flagship)


def test_an_opening_says_what_is_not_there() -> None:
    for name in ("2031-01-31", "no such folder", "a\0b", ""):
        with pytest.raises(BadInput, match=f"there is no opening .*give one of .*{DEFAULT_OPENING}"):
            opening_folder(name)


def test_a_folder_of_ones_own_opens_by_its_path(copy: Path) -> None:
    same, before = opening_tables(copy), opening_tables()
    assert same.name == "mine"
    assert same.digest == before.digest
    assert same.firms.tobytes() == before.firms.tobytes()
    change(copy, "firms", "OpenAI / cash", value="41")
    assert opening_tables(str(copy)).firms["cash"][before.row("OpenAI")] == 41.0  # what was changed is read again
    assert opening_tables(copy).digest != before.digest


# --- common and dated rows ---------------------------------------------------------------------------------
def rule(files: Files, table: str, key: str) -> dict[str, str] | None:
    layout = LAYOUTS[table]
    return next((r for r in files.tables[table] if " / ".join(r[c] for c in layout.key) == key), None)


def test_a_dated_row_replaces_the_common_one_in_its_place(copy: Path) -> None:
    common = [row["firm"] for row in read_files(copy).tables["roster"]]
    columns = list(read_table(OPENINGS_FOLDER / "common" / "roster.csv")[0])
    write(copy / "roster.csv", columns, [
        {**dict.fromkeys(columns, ""), "firm": "Anthropic", "kind": "LAB", "note": "mine"},
        {**dict.fromkeys(columns, ""), "firm": "A bank", "kind": "LENDER", "subkind": "BANK", "group": "bank"},
    ])  # fmt: skip
    files = read_files(copy)
    assert [row["firm"] for row in files.tables["roster"]] == [*common, "A bank"]
    notes = {row["firm"]: row["note"] for row in files.tables["roster"]}
    assert (notes["Anthropic"], notes["OpenAI"]) == ("mine", "flagship lab")


def test_a_class_of_firms_has_as_many_members_as_its_row_says(copy: Path) -> None:
    columns = list(read_table(OPENINGS_FOLDER / "common" / "roster.csv")[0])
    row = {**dict.fromkeys(columns, ""), "firm": "small clouds", "kind": "NEOCLOUD", "group": "small cloud"}
    write(copy / "roster.csv", columns, [{**row, "members": "3"}])
    fewer, before = opening_tables(copy), opening_tables()
    small = [name for name in fewer.names if name.startswith("Small")]
    assert small == ["Small cloud 1", "Small cloud 2", "Small cloud 3"]
    sizes = [fewer.firms["capacity"][fewer.row(name)] for name in small]
    assert sizes[1] / sizes[0] == pytest.approx(0.75)
    assert fewer.fleet["units"].sum() == pytest.approx(before.fleet["units"].sum())
    write(copy / "roster.csv", columns, [{**row, "members": "many"}])
    assert any("column members: must be a number from 2 to 99, not 'many'" in told
               for told in mistakes(read_files(copy)))  # fmt: skip
    change(copy, "loans", "meta 3", lender="small clouds")
    assert any("column lender: there is no firm 'small clouds'" in told for told in mistakes(read_files(copy)))


def test_an_empty_dated_row_removes_the_common_one(copy: Path) -> None:
    assert rule(read_files(copy), "firms", "bank / funding_share") is not None
    change(copy, "firms", "bank / funding_share", source="assumption: not in this one")
    assert rule(read_files(copy), "firms", "bank / funding_share") is None
    change(copy, "firms", "bank / no_such", source="assumption: nothing to remove")
    assert any(
        "row 'bank / no_such' is empty, and there is no common row" in told for told in mistakes(read_files(copy))
    )


def test_a_common_row_of_a_firm_that_is_not_there_is_left_out(copy: Path) -> None:
    assert rule(read_files(copy), "firms", "Colossus / power_premium") is not None
    meta(copy, date="2025-09-30")
    files = read_files(copy)
    assert rule(files, "roster", "Colossus") is None  # since October
    assert rule(files, "firms", "Colossus / power_premium") is None  # a common row
    told = mistakes(files)  # but what the folder itself says of it is a mistake
    assert any("mine/fleet.csv, row 'Colossus', column firm: there is no firm 'Colossus'" in line for line in told)


def test_months_count_from_the_opening_and_terms_do_not(copy: Path) -> None:
    for key in ("openai azure", "anthropic azure", "microsoft nebius", "meta nebius", "meta oracle", "others oracle"):
        change(copy, "contracts", key, status="LIVE")
    meta(copy, date="2026-03-31", facts_until="2026-03-31")
    before, after = opening_tables(), opening_tables(copy)
    row = before.contract_names.index("openai oracle")
    for column, moved in (("start", 3), ("signed", 3), ("months", 0), ("ramp", 0)):
        assert before.contracts[column][row] - after.contracts[column][row] == moved, column
    assert before.contracts["months_left"][row] == after.contracts["months_left"][row] == 60
    bond = before.loan_names.index("coreweave notes 2030: HY bond fund 5")
    assert before.loans["months_left"][bond] - after.loans["months_left"][bond] == 3
    assert before.generations["released"][0] - after.generations["released"][0] == 3
    openai = before.row("OpenAI")
    assert (before.firms["last_round"][openai], after.firms["last_round"][openai]) == (0, -3)


def test_what_was_delivered_before_the_opening_is_on_order_no_more(copy: Path) -> None:
    files = read_files(copy)
    whole = build(files)
    files.date = datetime.date(2026, 3, 31)
    later = build(files)
    nvidia, site = (whole.orders["kind"] == kind for kind in (0, 1))
    assert later.orders["due"].min() == 1
    mine = [o.orders[(o.orders["buyer"] == o.row("CoreWeave")) & (o.orders["kind"] == 0)] for o in (whole, later)]
    assert [len(rows) for rows in mine] == [6, 3]
    assert mine[1]["units"].sum() == pytest.approx(mine[0]["units"].sum() / 2)
    assert nvidia.any()
    assert site.any()


def test_a_row_younger_than_the_opening_is_left_out_and_told(copy: Path) -> None:
    change(copy, "loans", "meta 3", made="2026-02")
    files = read_files(copy)
    assert rule(files, "loans", "meta 3") is None
    assert [told for told in doubts(files) if "'meta 3' is younger than the opening" in told]


# --- facts --------------------------------------------------------------------------------------------------
def test_a_fact_known_later_is_refused_with_cell_date_and_cut_off(copy: Path) -> None:
    change(copy, "firms", "OpenAI / cash", value="G1-001 + K3-100")
    assert all_mistakes(read_files(copy)) == []
    meta(copy, facts_until="2025-06-29")
    with pytest.raises(BadInput, match=r"and \d+ more: `invisible-debt openings --check`"):
        opening_tables(copy)
    told = mistakes(read_files(copy))
    assert (
        "mine/firms.csv, row 'OpenAI / cash', column value: fact G1-001 (OpenAI, cash and securities) was known on"
        " 2025-06-30, after 2025-06-29, where the facts of this opening end"
    ) in told
    assert not [line for line in told if "K3-100" in line]  # of March
    assert not [line for line in told if "G4-038" in line]  # a specification
    assert not [line for line in told if not line.endswith("where the facts of this opening end")]


def test_an_assumption_that_nothing_uses_is_told(copy: Path) -> None:
    change(copy, "assumptions", "pocket_money", value="3", source="assumption: of mine")
    assert doubts(read_files(copy)) == ["mine/assumptions.csv, row 'pocket_money' is used by no formula"]
    change(copy, "assumptions", "fun_money", value="2 * pocket_money", source="assumption: of mine")
    change(copy, "firms", "OpenAI / cash", value="40 + fun_money")
    assert doubts(read_files(copy)) == []


def test_facts_from_after_the_opening_are_told(copy: Path) -> None:
    meta(copy, facts_until="2026-01-31")
    assert doubts(read_files(copy)) == ["mine/meta.toml: facts_until 2026-01-31 lies after the opening, 2025-12-31"]


def test_a_reason_that_cites_a_later_fact_is_a_warning(copy: Path) -> None:
    change(copy, "firms", "OpenAI / cash", value="7", source="assumption: as in G1-001")
    files = read_files(copy)
    assert doubts(files) == []
    files.facts_until = datetime.date(2025, 6, 29)
    assert [
        told
        for told in doubts(files)
        if told.startswith("mine/firms.csv, row 'OpenAI / cash', column source: fact G1-001")
    ]


# --- mistakes -------------------------------------------------------------------------------------------------
MISTAKES: dict[str, tuple[Callable[[Path], None], str]] = {
    "unknown firm": (lambda f: change(f, "loans", "meta 3", lender="Lehman"),
                     "mine/loans.csv, row 'meta 3', column lender: there is no firm 'Lehman' in the roster"),
    "no firm": (lambda f: change(f, "loans", "meta 3", borrower=""),
                "mine/loans.csv, row 'meta 3', column borrower: may not be empty"),
    "unknown word": (lambda f: change(f, "contracts", "openai aws", status="SIGNED"),
                     "row 'openai aws', column status: must be INTENT, LIVE, PENDING, not 'SIGNED'"),
    "no formula": (lambda f: change(f, "firms", "OpenAI / cash", value="40 bn"),
                   "row 'OpenAI / cash', column value: '40 bn' is no formula of numbers, fact ids"),
    "no fact": (lambda f: change(f, "firms", "OpenAI / cash", value="G1-999"),
                "row 'OpenAI / cash', column value: there is no fact 'G1-999' in the tables of facts"),
    "no end": (lambda f: change(f, "firms", "OpenAI / cash", value="G1-001.low"),
               "row 'OpenAI / cash', column value: fact 'G1-001' has no low value"),
    "no name": (lambda f: change(f, "orders", "meta nvidia", value="pocket_money"),
                "row 'meta nvidia', column value: 'pocket_money' is neither a fact, an assumption nor a column"),
    "no month": (lambda f: change(f, "contracts", "openai aws", start="2025-13"),
                 "row 'openai aws', column start: '2025-13' is no month"),
    "no reason": (lambda f: change(f, "fleet", "AWS", source="I think so"),
                  "mine/fleet.csv, row 'AWS', column source: 'I think so' is no fact, no 'derived: ...'"),
    "empty": (lambda f: change(f, "loans", "meta 3", rate=""), "row 'meta 3', column rate: may not be empty"),
    "amount and quantity": (lambda f: change(f, "contracts", "openai aws", quantity="1"),
                            "row 'openai aws': give either amount or quantity"),
    "begun": (lambda f: change(f, "contracts", "openai aws", status="PENDING"),
              "row 'openai aws', column status: delivery has begun by the opening, so the contract is LIVE"),
    "not begun": (lambda f: change(f, "contracts", "openai oracle", status="LIVE"),
                  "row 'openai oracle', column status: delivery begins after the opening, so the contract is PENDING"),
    "over": (lambda f: change(f, "contracts", "openai aws", months="2"),
             "row 'openai aws', column months: the term ends by the opening; remove the row"),
    "repaid": (lambda f: change(f, "loans", "meta 3", months="2"),
               "row 'meta 3', column months: the loan falls due by the opening; remove the row"),
    "delivered": (lambda f: change(f, "orders", "meta nvidia", first="2025-10", last="2025-12"),
                  "row 'meta nvidia', column last: all is delivered by the opening; remove the row"),
    "backwards": (lambda f: change(f, "orders", "meta nvidia", first="2026-05", last="2026-02"),
                  "row 'meta nvidia', column last: '2026-02' lies before the first delivery, '2026-05'"),
    "unknown column of firms": (lambda f: change(f, "firms", "OpenAI / money", value="4", source="assumption: some"),
                                "row 'OpenAI / money', column column: must be one that the tables of the economy have"),
    "unknown group": (lambda f: change(f, "firms", "banks / cash", value="4", source="assumption: some"),
                      "row 'banks / cash', column firm: there is no firm 'banks' in the roster"),
    "no flagship": (lambda f: meta(f, flagship='"AltaVista"'), "mine/meta.toml: flagship must be one of the labs"),
    "not the end of a month": (lambda f: meta(f, date="2025-12-30"),
                               "mine/meta.toml: date must be the last day of a month, not 2025-12-30"),
    "no date": (lambda f: meta(f, date='"New Year"'),
                "mine/meta.toml: date must be a date such as 2025-12-31, not 'New Year'"),
    "no cut-off": (lambda f: meta(f, facts_until=""), "mine/meta.toml: facts_until must be a date such as 2025-12-31"),
    "unknown key": (lambda f: meta(f, until="2025-12-31"), "mine/meta.toml has an unknown key 'until'"),
    "unknown table": (lambda f: (f / "bonds.csv").write_text("bond\n"), "mine/bonds.csv is no table of an opening"),
    "no TOML": (lambda f: (f / "meta.toml").write_text("date = "), "mine/meta.toml cannot be read"),
    "twice": (lambda f: (f / "fleet.csv").write_text((f / "fleet.csv").read_text() + 'AWS,1,aws,"assumption: again"\n'),
              "mine/fleet.csv, row 'AWS' stands twice"),
    "no column": (lambda f: (f / "market.csv").write_text("column,value\nbase_rate,1\n"),
                  "mine/market.csv lacks the column 'source'"),
    "no text": (lambda f: (f / "market.csv").write_bytes(b"\xff\xfe\x00"), "mine/market.csv cannot be read"),
    "too many cells": (lambda f: (f / "market.csv").write_text("column,value,source\nspot_price,1,a,b\n"),
                       "mine/market.csv cannot be read: market.csv: row 'spot_price' has more cells than"),
    "a link to nowhere": (lambda f: (f / "stakes.csv").unlink() or (f / "stakes.csv").symlink_to(f / "nowhere.csv"),
                          "mine/stakes.csv cannot be read"),
    "no price": (lambda f: (f / "market.csv").unlink(), "market.csv has no row 'spot_price'"),
    "no spending": (lambda f: (f / "revenue.csv").unlink(), "revenue.csv has no row of segment 'consumers'"),
    "no whole months": (lambda f: change(f, "loans", "meta 3", months="60.5"),
                        "row 'meta 3', column months: must be a whole number of months up to 1200, not 60.5"),
    "a term without end": (lambda f: change(f, "contracts", "openai aws", months="1000 * 1000 * 1000"),
                           "row 'openai aws', column months: must be a whole number of months up to 1200"),
    "too long": (lambda f: change(f, "firms", "OpenAI / cash", value="+".join(["1"] * 600)), "is no formula of"),
    "too deep": (lambda f: change(f, "firms", "OpenAI / cash", value="(" * 300 + "1" + ")" * 300), "is no formula of"),
    "too large": (lambda f: change(f, "firms", "OpenAI / cash", value="9" * 400),
                  "is larger or deeper than can be worked out"),
    "infinite": (lambda f: change(f, "firms", "OpenAI / cash", value="1e300 * 1e300"), "is no finite number"),
    "no book life": (lambda f: change(f, "firms", "* / book_life", source="assumption: none"),
                     "firms.csv gives no book_life for"),
    "free": (lambda f: change(f, "assumptions", "site_cost", value="0", source="assumption: free"),
             "row 'campus_rent', column value: 'G4-046 / 12 * campus_cost / site_cost' divides"),
    "divides by zero": (lambda f: change(f, "firms", "OpenAI / cash", value="1 / (2 - 2)"),
                        "firms.csv, row 'OpenAI', column cash: '1 / (2 - 2)' divides by zero"),
    "logarithm": (lambda f: change(f, "firms", "OpenAI / cash", value="log(-1)"), "takes the logarithm of -1"),
    "circle": (lambda f: change(f, "firms", "OpenAI / cash", value="valuation / 2") or
               change(f, "firms", "OpenAI / valuation", value="cash * 3"),
               "its formula refers to itself: OpenAI cash -> OpenAI valuation -> OpenAI cash"),
    "not known of that firm": (lambda f: change(f, "firms", "OpenAI / cash", value="number"),
                               "'number' is neither a fact, an assumption nor a number known of that firm"),
    "does not close": (lambda f: change(f, "stakes", "Microsoft Azure / OpenAI", share="0.95"),
                       "the opening state does not close: more than all shares of OpenAI are held"),
    "no adoption": (lambda f: change(f, "segments", "consumers / adoption", value="0"),
                    "the opening state does not close: adoption of segment 'consumers' is not above zero"),
    "free power": (lambda f: change(f, "market", "power_price", value="0"),
                   "the opening state does not close: power_price of the market is not above zero"),
    "negative": (lambda f: change(f, "firms", "AWS / need", value="-1"),
                 "the opening state does not close: need in firms is negative for AWS, -1"),
}  # fmt: skip


@pytest.mark.parametrize("which", MISTAKES)
def test_a_mistake_is_a_sentence_with_file_row_and_column(copy: Path, which: str) -> None:
    make, expected = MISTAKES[which]
    make(copy)
    told = all_mistakes(read_files(copy))
    assert [line for line in told if expected in line], told
    with pytest.raises(BadInput):
        opening_tables(copy)


def test_all_mistakes_are_told_at_once(copy: Path) -> None:
    for which in ("unknown firm", "unknown word", "no formula", "no month", "no reason", "amount and quantity"):
        MISTAKES[which][0](copy)
    told = all_mistakes(read_files(copy))
    for which in ("unknown firm", "unknown word", "no formula", "no month", "no reason"):
        assert [line for line in told if MISTAKES[which][1] in line], which
    assert len(told) == len(set(told)) >= 5


JUNK = [
    "", "-1", "0", "1e9", "x", "G1-001", "2024-02", "2031-07", "1 / 0", "log(0)", "1200", "OpenAI", "debt", "((",
    "\x00", "9" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("seed", range(24))
def test_whatever_the_cells_say_the_answer_is_sentences(copy: Path, seed: int) -> None:
    """Cells, rows and files of random junk: a check tells mistakes, and nothing else comes of it."""
    rng = random.Random(seed)
    for path in rng.sample(sorted(copy.glob("*.csv")), 3):
        rows = read_table(path)
        for _ in range(rng.randint(1, 4)):
            row = rng.choice(rows)
            row[rng.choice(list(row))] = rng.choice(JUNK)
        if rng.random() < 0.3:
            del rows[rng.randrange(len(rows))]
        write(path, list(rows[0]), rows)
    told = all_mistakes(read_files(copy))
    assert all(isinstance(line, str) and line for line in told)
    if told:
        with pytest.raises(BadInput):
            opening_tables(copy)
    else:
        opening_tables(copy)
