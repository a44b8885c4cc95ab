"""`invisible-debt inspect`: one firm's books in any month, or what stands behind the opening state."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from abm.dates import month_label, month_number
from experiments.commands.options import (
    SCENARIO_HELP,
    Json,
    Seed,
    Settings,
    complete_scenario,
    open_scenario,
    read_settings,
)

if TYPE_CHECKING:
    from abm.economy import Economy
    from abm.statement import Contract, Loan

OPENING = "opening"
BY_KIND = {"cash": "cash", "debt": "debt", "backlog_sold": "backlog_in", "capacity": "capacity"}
# The seed document tells the debt on OpenAI's account in three groups of carriers.
GROUPS = {
    "SoftBank, Oracle and CoreWeave": ("SoftBank", "Oracle", "CoreWeave"),
    "Blue Owl and Crusoe projects": ("Abilene", "New Mexico"),
    "Oracle and Vantage sites": ("Vantage-Oracle",),
}
LONGEST_LIST = 25  # lines of a list on screen; --json has all


def complete_firm(incomplete: str) -> list[str]:
    """Names of firms that begin like this, for the shell."""
    from abm.calibration import firm_names

    return [name for name in [OPENING, *firm_names()] if name.casefold().startswith(incomplete.casefold())]


def inspect(
    firm: Annotated[
        str,
        typer.Argument(
            help="Name of a firm, or 'opening' for the whole opening state.", autocompletion=complete_firm
        ),
    ],
    month: Annotated[
        str, typer.Option(help="End of which month: 2027-06, or months since 2025-12-31.")
    ] = "0",
    scenario: Annotated[str, typer.Option(help=SCENARIO_HELP, autocompletion=complete_scenario)] = "baseline",
    seed: Seed = 1,
    settings: Settings = None,
    as_json: Json = False,
) -> None:
    """Show a firm's books and promises, or the opening state.

    For a firm: balance sheet, contracts, debt, ratios, hardware, energy, and the debt others carry for it or
    it carries for others. For 'opening': what the economy of 2025-12-31 owes and promises, OpenAI's apart.
    """
    from abm import statement
    from abm.errors import BadInput
    from abm.scenarios import load

    at = month_number(month, "--month")
    if firm == OPENING and at:
        raise BadInput("the opening state is that of month 0; leave out --month, or name a firm")
    economy = open_scenario(load(scenario), read_settings(settings), seed)
    row = None if firm == OPENING else economy.firm(firm)
    if at:
        economy.run(at)
    if row is None:
        data: dict[str, Any] = opening_data(economy)
    else:
        data = dataclasses.asdict(statement.statement(economy, row))
    if as_json:
        print(json.dumps(data, indent=2, ensure_ascii=False))
    elif row is None:
        show_opening(data, Console(highlight=False))
    else:
        show_firm(economy, row, Console(highlight=False))


def show_firm(economy: Economy, row: int, console: Console) -> None:
    """Print a firm's statement."""
    from abm import statement

    told = statement.statement(economy, row)
    sheet, r, power = told.balance_sheet, told.ratios, told.energy
    console.print(
        f"[bold]{sheet.firm}[/] ({sheet.kind}, {sheet.status}), end of {month_label(sheet.month)}\n"
    )

    books = _table("Balance sheet, bn USD")
    for label, value in sheet.assets.items():
        books.add_row(label, _bn(value))
    books.add_row("[bold]assets[/]", f"[bold]{_bn(sheet.total_assets)}[/]")
    for label, value in sheet.liabilities.items():
        books.add_row(label, _bn(value))
    books.add_row("net worth", _bn(sheet.net_worth))
    console.print(books, "")

    facts = _table("How it does")
    rows = [
        ("revenue", f"{_bn(r.revenue)} bn a month"),
        ("operating result, last six months", f"{_bn(r.operating_result_6m)} bn"),
        ("interest and principal due next month", f"{_bn(r.debt_service)} bn"),
        ("debt-service cover (expected cash earnings over debt service)", _ratio(r.cover)),
        ("loan-to-value (secured debt over market value of its collateral)", _percent(r.loan_to_value)),
        ("debt over assets", _percent(r.leverage)),
        ("default probability, as lenders see it", f"{_percent(r.default_probability)} a year"),
        ("capital ratio", _percent(r.capital_ratio)),
        ("promised to customers, still to be invoiced", f"{_bn(r.backlog_sold)} bn"),
        ("largest customer of that", f"{_percent(r.top_customer_share)} {r.top_customer or ''}"),
        ("promised to suppliers, still to be paid", f"{_bn(r.backlog_bought)} bn"),
        ("own fleet, million H100-equivalents", f"{r.capacity:.3g}"),
        ("of which in use", _percent(r.utilisation)),
        ("on order, million H100-equivalents", f"{r.on_order:.3g}"),
        ("electricity", f"{power.energy:.3g} TWh a month"),
        ("of which renewable", _percent(power.renewables)),
        ("facility power over computer power (PUE)", f"{power.pue:.2f}"),
        ("emissions", f"{power.emissions:.3g} Mt CO2 a month"),
    ]  # fmt: skip
    for label, text in rows:
        if not text.startswith("–"):
            facts.add_row(label, text)
    console.print(facts, "")

    if told.contracts:
        console.print(_contracts(told.contracts), _rest(told.contracts), "")
    if told.loans:
        console.print(_loans(told.loans), _rest(told.loans), "")
        owed = [loan for loan in told.loans if loan.role == "owes"]
        if owed:
            console.print(_maturities(owed), "")
    if told.fleet:
        table = _table(
            "Fleet by generation", "generation", "M H100e", "age, months", "book, bn", "market, bn"
        )
        for v in told.fleet:
            table.add_row(v.generation, f"{v.units:.3g}", f"{v.age:.0f}", _bn(v.book), _bn(v.mark))
        console.print(table, "")
    for title, found in [
        ("Debt on others' books on its account, bn", told.look_through.carried_by_others),
        ("Its own debt by the firm it serves, bn", told.look_through.carries_for),
        ("Its loans by the firm they serve, bn", told.look_through.lends_for),
    ]:
        if found:
            table = _table(title)
            for name, amount in found.items():
                table.add_row(name, _bn(amount))
            table.add_row("[bold]together[/]", f"[bold]{_bn(sum(found.values()))}[/]")
            console.print(table, "")


def _contracts(found: Sequence[Contract]) -> Table:
    table = _table("Contracts", "", "with", "what", "bn left", "from", "months left", "owed unused", "status")
    for c in found[:LONGEST_LIST]:
        if c.kind == "compute":
            what = f"{c.quantity:.3g} M H100e at {c.price:.2f} USD/h"
        else:
            what = f"{c.quantity:.3g} GW site"
        other = (
            c.counterparty if c.end_user in (None, c.counterparty) else f"{c.counterparty}, for {c.end_user}"
        )
        table.add_row(
            c.role, other, what, _bn(c.left), month_label(c.start),
            str(c.months_left), f"{100 * c.take_or_pay:.0f} %", c.status,
        )  # fmt: skip
    return table


def _loans(found: Sequence[Loan]) -> Table:
    table = _table("Loans", "", "kind", "with", "bn", "rate", "matures", "secured by", "for")
    for loan in found[:LONGEST_LIST]:
        table.add_row(
            loan.role, loan.kind, loan.counterparty, _bn(loan.principal), f"{100 * loan.rate:.1f} %",
            month_label(loan.matures), loan.secured_by, loan.end_user or "",
        )  # fmt: skip
    return table


def _maturities(owed: Sequence[Loan]) -> Table:
    """Debt by kind and by how soon the loan ends."""
    spans = [("within 1 year", 12), ("1 to 3 years", 36), ("3 to 5 years", 60), ("later", 10**6)]
    table = _table("Debt by kind and maturity, bn", "kind", *(name for name, _ in spans), "all")
    for kind in dict.fromkeys(loan.kind for loan in owed):
        cells, start = [], -1
        for _, end in spans:
            cells.append(sum(x.principal for x in owed if x.kind == kind and start < x.months_left <= end))
            start = end
        table.add_row(kind, *(_bn(cell) for cell in cells), _bn(sum(cells)))
    return table


def opening_data(economy: Economy) -> dict[str, Any]:
    """What the economy of the opening month owes and promises, summed from the contract and loan tables.

    Returns
    -------
    dict
        `flagship`, the lab reported apart: `commitments` as announced (bn) and of which firm, `look_through`
        (bn, by carrier), `revenue_run_rate` (bn a year), `operating_result_6m` (bn). `by_kind`: for each kind
        of firm how many there are, and their assets, cash, debt, backlog (bn) and fleet (M H100e).
    """
    from abm import economy as tables
    from abm import statement

    state = economy.state
    lab = int(state.market[0].flagship)
    bought = economy.rows("contracts")
    bought = bought[(bought["buyer"] == lab) & np.isin(bought["status"], statement.OPEN)]
    firm = bought[bought["status"] != tables.INTENT]
    kinds: dict[str, dict[str, float]] = {}
    for row in range(len(economy.names)):
        f = state.firms[row]
        if f.status != tables.ACTIVE or f.kind == tables.OUTSIDE:
            continue
        line = kinds.setdefault(tables.KIND_NAMES[f.kind], dict.fromkeys(("firms", "assets", *BY_KIND), 0.0))
        line["firms"] += 1
        line["assets"] += statement.balance_sheet(economy, row).total_assets
        for name, column in BY_KIND.items():
            line[name] += float(f[column])
    own = statement.ratios(economy, lab)
    return {
        "month": month_label(economy.month),
        "flagship": {
            "name": economy.names[lab],
            "commitments": float(bought["announced"].sum()),
            "commitments_firm": float(firm["announced"].sum()),
            "firm_still_to_pay": own.backlog_bought,
            "look_through": statement.look_through(economy, lab).carried_by_others,
            "revenue_run_rate": 12.0 * own.revenue,
            "operating_result_6m": own.operating_result_6m,
        },
        "by_kind": kinds,
    }


def show_opening(data: dict[str, Any], console: Console) -> None:
    """Print the opening state."""
    lab = data["flagship"]
    console.print(f"[bold]The economy at the end of {data['month']}[/]\n")
    table = _table(f"Debt that others carry on account of {lab['name']}, bn USD")
    carried = dict(lab["look_through"])
    for group, members in GROUPS.items():
        parts = {name: carried.pop(name) for name in members if name in carried}
        if parts:
            detail = ", ".join(f"{name} {_bn(amount)}" for name, amount in parts.items())
            table.add_row(f"{group} ({detail})" if len(parts) > 1 else group, _bn(sum(parts.values())))
    for name, amount in carried.items():
        table.add_row(name, _bn(amount))
    table.add_row("[bold]together[/]", f"[bold]{_bn(sum(lab['look_through'].values()))}[/]")
    console.print(table, "")

    table = _table(f"{lab['name']}, bn USD")
    for label, key in [
        ("announced commitments", "commitments"),
        ("of which firm contracts, as announced", "commitments_firm"),
        ("firm contracts, still to be paid", "firm_still_to_pay"),
        ("revenue, yearly rate", "revenue_run_rate"),
        ("operating result of the last half-year", "operating_result_6m"),
    ]:
        table.add_row(label, _bn(lab[key]))
    console.print(table, "")

    headings = ("kind", "firms", "assets, bn", "cash, bn", "debt, bn", "backlog sold, bn", "fleet, M H100e")
    table = _table("Firms by kind", *headings)
    for kind, line in data["by_kind"].items():
        table.add_row(
            kind, f"{line['firms']:.0f}", _bn(line["assets"]), _bn(line["cash"]), _bn(line["debt"]),
            _bn(line["backlog_sold"]), f"{line['capacity']:.3g}",
        )  # fmt: skip
    console.print(table)


def _table(title: str, *columns: str) -> Table:
    """A plain table: names to the left, what is a number to the right."""
    table = Table(
        title=f"[bold]{title}[/]", title_justify="left", title_style="", box=None,
        show_header=bool(columns), header_style="dim", padding=(0, 2, 0, 0),
    )  # fmt: skip
    for column in columns or ("", ""):
        # Without headings a table is a list of names and numbers.
        number = column not in TEXT_COLUMNS if columns else bool(table.columns)
        table.add_column(column, justify="right" if number else "left")
    return table


TEXT_COLUMNS = {"", "with", "what", "kind", "status", "secured by", "for", "generation"}


def _rest(found: Sequence[object]) -> str:
    more = len(found) - LONGEST_LIST
    return f"and {more} more (see --json)" if more > 0 else ""


def _bn(value: float) -> str:
    return (
        f"{value:,.0f}" if abs(value) >= 99.95 else f"{value:.1f}" if abs(value) >= 9.995 else f"{value:.2f}"
    )


def _ratio(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.3g} %"
