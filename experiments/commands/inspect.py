"""`invisible-debt inspect`: one firm's books in any month, or what stands behind the opening state."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from abm.errors import BadInput
from abm.inputs.dates import month_label, month_number
from experiments.commands.options import (
    MONTH_HELP,
    SCENARIO_HELP,
    Central,
    Json,
    Opening,
    Seed,
    Settings,
    complete_scenario,
    draw_world,
    has_entered,
    known_firm,
    open_scenario,
    read_opening,
    read_settings,
    world_words,
)
from experiments.screen import Screen, say, say_json

if TYPE_CHECKING:
    from abm.accounts.statement import Contract, Loan, Maturity, Ratios, Statement
    from abm.calibration import Opening as Tables

STATE = "opening"  # the argument that asks for no firm but for the whole opening state
BASELINE = "baseline"
NOT_YET = "not known yet"
FAILED = "failed"  # status of a firm that is no more
LONGEST_LIST = 25  # lines of a list on screen; --json has all


def complete_firm(incomplete: str) -> list[str]:
    """Names of firms that begin like this, for the shell."""
    from abm.calibration import opening_tables

    return [name for name in [STATE, *opening_tables().names] if name.casefold().startswith(incomplete.casefold())]


def inspect(
    firm: Annotated[
        str,
        typer.Argument(help="Name of a firm, or 'opening' for the whole opening state.", autocompletion=complete_firm),
    ],
    month: Annotated[str, typer.Option(help=MONTH_HELP)] = "0",
    scenario: Annotated[str, typer.Option(help=SCENARIO_HELP, autocompletion=complete_scenario)] = BASELINE,
    opening: Opening = None,
    seed: Seed = 1,
    central: Central = False,
    settings: Settings = None,
    as_json: Json = False,
) -> None:
    """Show a firm's books and promises, or the opening state.

    For a firm: balance sheet, contracts, debt, ratios, hardware, energy, and the debt others carry for it or
    it carries for others. For 'opening': what the economy owes and promises at the opening, its flagship lab apart,
    at the middle of every range.
    """
    books = read_opening(opening)
    at = month_number(month, "--month", books.date)
    changed = read_settings(settings)
    console = Screen()
    if firm == STATE:
        if at or changed or scenario != BASELINE:
            raise BadInput("'opening' is the state before any run: leave out --month, --scenario and --set")
        from abm.calibration.report import opening_report

        if as_json:
            say_json(opening_report(books))
        else:
            show_opening(books, console)
        return
    from abm.accounts.statement import statement
    from abm.inputs.scenarios import load

    name = known_firm(firm, books)  # before the run, so that a misspelt name costs no time
    drawn = draw_world(books, seed, central)
    economy = open_scenario(load(scenario), changed, seed, books, drawn)
    if at:
        economy.run(at)
    has_entered(name, economy)
    told = statement(economy, name)
    if as_json:
        data = dataclasses.asdict(told)
        if told.balance_sheet.status == FAILED:
            data["ratios"]["default_probability"] = None
        world = None if drawn is None else {"seed": drawn.seed, "drawn": drawn.drawn}
        say_json({"opening": books.name, "scenario": scenario, "seed": seed, "world": world, **data})
    else:
        show_firm(told, console, books.date)
        say(world_words(drawn), style="dim")


def show_firm(told: Statement, console: Screen, date: datetime.date) -> None:
    """Print a firm's statement; months count from the opening of this date."""
    sheet, r, power = told.balance_sheet, told.ratios, told.energy
    until = sheet.protected_until
    court = "" if until is None else f", protected by a court until {month_label(until, date)}"
    say(f" ({sheet.kind}, {sheet.status}{court}), end of {month_label(sheet.month, date)}\n", title=sheet.firm)

    books = _table()
    for label, value in sheet.assets.items():
        books.add_row(label, _bn(value))
    books.add_row("assets", _bn(sheet.total_assets), style="bold")
    for label, value in sheet.liabilities.items():
        books.add_row(label, _bn(value))
    books.add_row("net worth", _bn(sheet.net_worth))
    _show(console, "Balance sheet, bn USD", books)

    facts = _table()
    opening = sheet.month == 0
    rows = [
        ("revenue of a trial month" if opening else "revenue", _amount(r.revenue, "bn a month")),
        ("operating result, last six months", _amount(r.operating_result_6m, "bn")),
        ("interest and principal due next month", f"{_bn(r.due_next_month)} bn"),
        ("debt-service cover (expected cash earnings over debt service)", _ratio(r.cover)),
        ("loan-to-value (secured debt over collateral, pledged contracts with it)", _percent(r.loan_to_value)),
        ("all liabilities over assets", _percent(r.leverage)),
        (
            "default probability, as lenders see it",
            "–" if sheet.status == FAILED else f"{_percent(r.default_probability)} a year",
        ),
        ("capital ratio", _percent(r.capital_ratio)),
        ("promised to customers, still to be invoiced", f"{_bn(r.backlog_sold)} bn"),
        ("largest customer of that", _customer(r)),
        ("promised to suppliers, still to be paid", f"{_bn(r.backlog_bought)} bn"),
        ("own fleet, million H100-equivalents", f"{r.capacity:.3g}"),
        ("of which in use", NOT_YET if opening and r.capacity else _percent(r.utilisation)),
        ("on order, million H100-equivalents", f"{r.on_order:.3g}"),
    ]  # fmt: skip
    if told.fleet or power.energy != 0.0:
        rows += [
            ("electricity", NOT_YET if power.energy is None else f"{power.energy:.3g} TWh a month"),
            ("of which renewable", _percent(power.renewables)),
            ("facility power over computer power (PUE)", f"{power.pue:.2f}"),
            ("emissions", NOT_YET if power.emissions is None else f"{power.emissions:.3g} Mt CO2 a month"),
        ]
    for label, text in rows:
        if not text.startswith("–"):
            facts.add_row(label, text)
    first = f"This is the state before any month is run: what a month tells is known from {month_label(1, date)} on."
    _show(console, "How it does", facts, first if opening else "")

    if told.contracts:
        _show(console, "Contracts", _contracts(told.contracts, date), _contract_words(told.contracts))
    if told.loans:
        _show(console, "Loans", _loans(told.loans, date), _rest(told.loans))
        owed = [ladder for ladder in told.maturities if ladder.role == "owes"]
        if owed:
            _show(console, "Debt by kind and maturity of its parts, bn USD", _maturities(owed))
    if told.fleet:
        table = _table("generation", "M H100e", "age, months", "book, bn", "market, bn")
        for v in told.fleet:
            table.add_row(v.generation, f"{v.units:.3g}", f"{v.age:.0f}", _bn(v.book), _bn(v.mark))
        _show(console, "Fleet by generation", table)
    for title, found in [
        ("Debt on others' books on its account, bn", told.look_through.carried_by_others),
        ("Its own debt by the firm it serves, bn", told.look_through.carries_for),
        ("Its loans by the firm they serve, bn", told.look_through.lends_for),
    ]:
        if found:
            own = "its own business and other customers"
            table = _amounts({own if name == sheet.firm else name: amount for name, amount in found.items()})
            table.add_row("together", _bn(sum(found.values())), style="bold")
            _show(console, title, table)


def _customer(r: Ratios) -> str:
    """Share and name of the largest customer; nothing to tell without a backlog."""
    return f"{_percent(r.top_customer_share)} {r.top_customer}" if r.top_customer and r.backlog_sold > 0.0 else "–"


def _contracts(found: Sequence[Contract], date: datetime.date) -> Table:
    table = _table("", "with", "what", "bn left", "from", "months", "unused", "status")
    for c in found[:LONGEST_LIST]:
        size = f"≤ {_bn(c.announced)} bn" if c.backstop else f"{c.quantity:.3g} M"
        what = f"{size} at {c.price:.2f}" if c.kind == "compute" else f"{c.quantity:.3g} GW site"
        other = c.counterparty if c.end_user in (None, c.counterparty) else f"{c.counterparty}, for {c.end_user}"
        table.add_row(
            c.role, other, what, _bn(c.left), month_label(c.start, date),
            str(c.months_left), f"{100 * c.take_or_pay:.0f} %", "backstop" if c.backstop else c.status,
        )  # fmt: skip
    return table


def _contract_words(found: Sequence[Contract]) -> str:
    """What the table of contracts says in short."""
    told = [_rest(found)] if _rest(found) else []
    told += ["M at: million H100-equivalents, USD an hour. Months: still to run. Unused: share owed if not used."]
    if any(c.backstop for c in found):
        told += ["Backstop: the buyer takes only what the seller cannot let, up to the value given."]
    if any(c.status == "intent" for c in found):
        told += ["Intent: a letter of intent or an option, it binds nobody."]
    return "\n".join(told)


def _loans(found: Sequence[Loan], date: datetime.date) -> Table:
    table = _table("", "kind", "with", "bn", "rate", "matures", "secured", "for")
    for loan in found[:LONGEST_LIST]:
        table.add_row(
            loan.role, loan.kind, loan.counterparty, _owed(loan), f"{100 * loan.rate:.1f} %",
            month_label(loan.matures, date), loan.secured_by, loan.end_user or "",
        )  # fmt: skip
    return table


def _owed(loan: Loan) -> str:
    """What is owed, of a line what could be."""
    return f"{_bn(loan.principal)} of {_bn(loan.principal + loan.undrawn)}" if loan.undrawn else _bn(loan.principal)


def _maturities(owed: Sequence[Maturity]) -> Table:
    """Debt by kind and by when its principal falls due; loans repaid in parts stand in more than one column."""
    table = _table("kind", "next month", "to 1 year", "to 3 years", "to 5 years", "later", "all")
    rows = [(x.kind, x.next_month, x.to_1_year, x.to_3_years, x.to_5_years, x.later, x.total) for x in owed]
    for kind, *parts in rows:
        table.add_row(kind, *(_bn(part) for part in parts))
    if len(rows) > 1:
        sums = (sum(parts) for parts in list(zip(*rows, strict=True))[1:])
        table.add_row("together", *(_bn(part) for part in sums), style="bold")
    return table


def show_opening(opening: Tables, console: Screen) -> None:
    """Print what the opening tables say of the flagship lab and of all firms by kind."""
    from abm.calibration.report import opening_report
    from abm.engine import tables

    told = opening_report(opening)
    carried, promised = told["look_through"], told["commitments"]
    say("\n", title=f"The economy at the end of {month_label(0, opening.date)}")
    left = dict(carried["by_borrower"])
    table = _table()
    for group, members in opening.groups.items():
        parts = {name: left.pop(name) for name in members if name in left}
        detail = ", ".join(f"{name} {_bn(amount)}" for name, amount in parts.items())
        table.add_row(f"{group} ({detail})", _bn(carried["groups"][group]))
    for name, amount in left.items():
        table.add_row(name, _bn(amount))
    table.add_row("together", _bn(carried["total"]), style="bold")
    _show(console, f"Debt that others carry on account of {told['name']}, bn USD", table)

    facts = {
        "announced commitments": promised["announced"],
        "of which firm": promised["firm"],
        "of which letters of intent and options": promised["intent"],
        "firm compute contracts, older ones included, still to be paid": promised["firm_still_to_pay"],
        "revenue, yearly rate": told["revenue_run_rate"],
        "operating result of the last half-year": told["half_year"]["operating_result"],
    }
    _show(console, f"{told['name']}, bn USD", _amounts(facts))
    _show(console, "Who lent on its account, bn USD", _amounts(told["lender_exposure"]))

    table = _table("kind", "firms", "cash, bn", "debt, bn", "own fleet, M H100e", "fleet at book, bn")
    for kind, name in enumerate(tables.KIND_NAMES):
        part = opening.firms[opening.firms["kind"] == kind]
        if kind != tables.OUTSIDE and len(part):
            cash, debt, book = (_bn(float(part[column].sum())) for column in ("cash", "debt", "fleet_book"))
            table.add_row(name, str(len(part)), cash, debt, f"{part['capacity'].sum():.3g}", book)
    _show(console, "Firms by kind", table)
    say(title="Their names")
    for kind, name in enumerate(tables.KIND_NAMES):
        named = [firm for firm, code in opening.kinds.items() if code == kind]
        if named:
            say(f"{name}: {', '.join(named)}", hang="  ")
    say(f"Others may enter, such as Entering cloud 1, Open model 1 or {opening.flagship} project 1.")


def _table(*columns: str) -> Table:
    """A plain table: names to the left, what is a number to the right."""
    table = Table(box=None, show_header=bool(columns), header_style="dim", padding=(0, 2, 0, 0))
    for column in columns or ("", ""):
        # Without headings a table is a list of names and numbers.
        number = column not in TEXT_COLUMNS if columns else bool(table.columns)
        # What is too long is broken, never cut short.
        table.add_column(column, justify="right" if number else "left", overflow="fold", no_wrap=column == "what")
    return table


def _amounts(found: Mapping[str, float]) -> Table:
    table = _table()
    for name, amount in found.items():
        table.add_row(name, _bn(amount))
    return table


def _show(console: Screen, title: str, table: Table, more: str = "") -> None:
    say(title=title)
    console.print(table)
    say(more + "\n" if more else "")


TEXT_COLUMNS = {"", "with", "what", "kind", "status", "secured", "for", "generation"}


def _rest(found: Sequence[object]) -> str:
    more = len(found) - LONGEST_LIST
    return f"and {more} more (see --json)" if more > 0 else ""


def _bn(value: float) -> str:
    size = abs(value)
    return f"{value:,.0f}" if size >= 99.95 else f"{value:.1f}" if size >= 9.995 else f"{value:.2f}"


def _amount(value: float | None, unit: str) -> str:
    return NOT_YET if value is None else f"{_bn(value)} {unit}"


def _ratio(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.3g} %"
