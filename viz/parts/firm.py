"""The open firm: what it owns, owes, has promised and depends on, and why it failed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import solara

from abm.accounts.statement import ASSETS, LIABILITIES, Contract, Default, Loan, Maturity
from abm.inputs.effects import BY_NAME
from experiments.screen import counted
from experiments.summary import number
from viz.frames import HEALTH_NAMES
from viz.parts.charts import tick
from viz.parts.markup import Explained, FirmField, Html, Section, facts, ledger, money, paragraph, percent, table
from viz.parts.story import why
from viz.plan import Plan
from viz.screen import Screen, use_report
from viz.session import Books, Report, Session
from viz.widgets import ChartData, Charts
from viz.words import H100E, PLAINLY

MOST_ROWS = 14
ROLES = {"buys": "rents from", "sells": "rents to", "guarantees": "vouches for"}
FIRM_PANELS: list[dict[str, Any]] = [
    {
        "title": "Owns and owes", "unit": "bn USD", "about": "The difference is its net worth.",
        "series": [{"name": "owns", "column": "assets"}, {"name": "owes", "column": "liabilities"}],
    },
    {
        "title": "Earns and pays", "unit": "bn USD a month", "about": "Income of the month and what it costs.",
        "series": [{"name": "income", "column": "revenue"}, {"name": "running cost", "column": "operating_cost"},
                   {"name": "interest", "column": "interest_cost"}],
    },
    {
        "title": "Chance of failing within a year", "unit": "%", "about": "As its lenders see it.",
        "series": [{"name": "chance", "column": "pd_percent"}],
    },
]  # fmt: skip


@solara.component
def FirmPanel(  # noqa: N802
    screen: Screen, node: int, on_firm: Callable[[int], None], dark: bool
) -> None:
    """The firm the visitor clicked, or how to click one."""
    report = use_report(screen, lambda r: (r.run, len(r.nodes.names), id(r.books), r.plan.months))
    if report is None:
        return
    names = list(report.nodes.names)
    chosen = names[node] if 0 <= node < len(names) else None
    FirmField(
        names, chosen, lambda name: on_firm(names.index(name) if name in names else -1), clearable=True,
        kind="id-pick-firm",
    )  # fmt: skip
    books = report.books
    if chosen is None:
        Html(paragraph("Click a firm in the picture, or choose one here, to see its books: what it owns and owes, "
                       "whom it depends on, and, if it failed, why.", "id-hint"))  # fmt: skip
        return
    if books is None or books.node != node:
        Html(paragraph("Opening the books …", "id-hint"))
        return
    Html(_heading(report, books))
    Strikes(screen.session, books)
    Explained("explained-firm")
    for failure in books.failures:
        Html(_why(failure, report.plan))
    Html(_key_facts(books, report.plan))
    if _has_failed(books):
        with Section("Its books until it failed", opened=True):
            BooksOverTime(report, books, dark)
        with Section("Invisible debt: who borrowed for whom"):
            Html(_look_through(books))
        return
    with Section("Balance sheet", opened=True):
        Html(_balance_sheet(books))
        BooksOverTime(report, books, dark)
    with Section(f"Contracts ({len(books.statement.contracts)})"):
        Html(_contracts(books.statement.contracts))
    with Section(f"Debt and loans ({len(books.statement.loans)})"):
        Html(_loans(books.statement.loans, books.statement.maturities, report.plan))
    with Section("Hardware, energy and emissions"):
        Html(_hardware(books, report.plan))
    with Section("Invisible debt: who borrowed for whom"):
        Html(_look_through(books))


@solara.component
def Strikes(session: Session, books: Books) -> None:  # noqa: N802
    """Blows to this firm next month, one click each."""
    if books.statement.balance_sheet.status != "active":
        return
    with solara.Row(classes=["id-strikes"]):
        for words, effect in (("Stops paying", "stops paying"), ("Fails", "defaults")):
            solara.Button(words, on_click=partial(session.strike, books.name, effect, step=True), small=True)
        solara.Text("next month", classes=["id-hint"])


@solara.component
def BooksOverTime(report: Report, books: Books, dark: bool) -> None:  # noqa: N802
    """The firm's books month by month."""
    element = Charts.element(panels=FIRM_PANELS, opening=report.plan.label(0), dark=dark)

    def show() -> None:
        charts = solara.get_widget(element)
        charts.until = report.plan.months
        charts.cursor = report.frame.month
        charts.marks = [tick(failure) for failure in books.failures]
        first = int(books.months[0]) if len(books.months) else 0
        charts.data = ChartData(run=f"{report.run}-{books.node}", first=first, values=_lines(books.history))

    solara.use_effect(show, [books, report.frame.month, report.plan.months])


def _lines(history: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The lines of `FIRM_PANELS` from the columns of the history."""
    return {
        "assets": sum((history[name] for name in ASSETS), np.zeros(len(history["cash"]))),
        "liabilities": sum((history[name] for name in LIABILITIES), np.zeros(len(history["cash"]))),
        "pd_percent": 100.0 * history["pd"],
        **{name: history[name] for name in ("revenue", "operating_cost", "interest_cost")},
    }


def _heading(report: Report, books: Books) -> str:
    health = int(report.frame.health[books.node]) if books.node < len(report.frame.health) else 0
    kind = books.statement.balance_sheet.kind
    plainly = f" ({PLAINLY[kind]})" if kind in PLAINLY else ""
    words = f"{kind}{plainly} · {HEALTH_NAMES[health]} · {report.plan.label(books.month)}"
    return f"<div class='id-firm-head id-health-{health}'>{paragraph(books.name, 'id-name')}{paragraph(words)}</div>"


def _why(failure: Default, plan: Plan) -> str:
    """The story of a failure with its causes."""
    struck = ""
    for blow in plan.strikes_on(failure.firm, failure.month):
        when = plan.label(blow.first_month(plan.opening.date))
        struck += f" You struck it in {when}: it {BY_NAME[str(blow.effect)].words}."
    what = "failed" if failure.ends else "defaulted"
    return paragraph(f"Why it {what}. {why(failure, plan)}.{struck}", "id-why")


def _has_failed(books: Books) -> bool:
    return books.statement.balance_sheet.status == "failed"


def _key_facts(books: Books, plan: Plan) -> str:
    sheet, ratios, seen = books.statement.balance_sheet, books.statement.ratios, books.statement.look_through
    carried = sum(seen.carried_by_others.values())
    if _has_failed(books):
        told = paragraph("It has failed: it owns and owes nothing any more.")
        if not carried:
            return told
        return told + facts([("Orphaned", money(carried), "borrowed by others for its use, and still owed by them")])
    found = [
        ("Owns", money(sheet.total_assets), ""),
        ("Owes", money(sheet.total_liabilities), ""),
        ("Net worth", money(sheet.net_worth), "cushion against losses"),
    ]
    if sheet.protected_until is not None:
        found.append(("Protected", f"until {plan.label(sheet.protected_until)}", "by a court: its creditors must wait"))
    if sheet.status == "active":
        found.append(("Chance of failing", percent(ratios.default_probability), "within a year, as lenders see it"))
    if ratios.capital_ratio is not None:
        found.append(("Capital", percent(ratios.capital_ratio), "of what it lent, weighted by risk"))
    if ratios.cover is not None:
        found.append(("Cover", f"{number(ratios.cover)} ×", "earnings over debt service"))
    if ratios.loan_to_value is not None:
        found.append(("Loan to value", percent(ratios.loan_to_value), "secured debt over collateral"))
    if ratios.top_customer:
        found.append(
            ("Largest customer", ratios.top_customer, f"{percent(ratios.top_customer_share)} of its contracts")
        )
    if carried:
        found.append(("Others carry for it", money(carried), "debt not in its books"))
    return facts(found)


def _balance_sheet(books: Books) -> str:
    sheet = books.statement.balance_sheet
    rows = [(name, money(amount), "") for name, amount in sheet.assets.items()]
    rows += [("all it owns", money(sheet.total_assets), "")]
    rows += [(name, "", money(amount)) for name, amount in sheet.liabilities.items()]
    rows += [("net worth", "", money(sheet.net_worth))]
    return table(["", "owns", "owes"], rows, numbers=[1, 2])


def _contracts(contracts: list[Contract]) -> str:
    if not contracts:
        return paragraph("No contract is running.", "id-hint")
    rows = []
    for c in contracts[:MOST_ROWS]:
        unit = "M H100e" if c.kind == "compute" else "GW"
        binding = "binds nobody" if c.status == "intent" else f"{percent(c.take_or_pay)} owed even if unused"
        size = f"{number(c.quantity)} {unit}"
        if c.backstop:
            size, binding = f"up to {money(c.announced)}", "only what stays unlet"
        left = f"{counted(c.months_left, 'month')} to run"
        rows.append((f"{ROLES[c.role]} {c.counterparty}", money(c.left), f"{size}, {left}, {binding}"))
    bridge = paragraph(H100E, "id-hint") if any(c.kind == "compute" for c in contracts) else ""
    return ledger(("with whom", "still to pay"), rows) + _more(len(contracts), "contracts") + bridge


def _loans(loans: list[Loan], ladder: list[Maturity], plan: Plan) -> str:
    if not loans:
        return paragraph("No debt, and nothing lent.", "id-hint")
    found = ""
    for role, title in (("owes", "Owes"), ("lends", "Has lent")):
        mine = [loan for loan in loans if loan.role == role]
        if not mine:
            continue
        found += paragraph(f"{title} {money(sum(loan.principal for loan in mine))}:", "id-sub")
        due = [
            (x.kind, money(x.next_month + x.to_1_year), money(x.to_3_years), money(x.to_5_years + x.later))
            for x in ladder
            if x.role == role
        ]
        if due:
            found += table(["kind", "due in 1 year", "in 1 to 3", "later"], due, numbers=[1, 2, 3])
        rows = [
            (loan.counterparty, money(loan.principal),
             f"{loan.kind}, {percent(loan.rate)} interest, due {plan.label(loan.matures)}, secured by {loan.secured_by}"
             f"{f', at most {percent(loan.covenant_ltv)} of its worth' if loan.covenant_ltv else ''}")
            for loan in mine[:MOST_ROWS]
        ]  # fmt: skip
        found += ledger(("with whom", "amount"), rows) + _more(len(mine), "loans")
    return found


def _hardware(books: Books, plan: Plan) -> str:
    fleet, energy, ratios = books.statement.fleet, books.statement.energy, books.statement.ratios
    if not fleet:
        return paragraph("It runs no computers of its own.", "id-hint")
    rows = [
        (v.generation, number(v.units), counted(round(v.age), "month"), money(v.book), money(v.mark)) for v in fleet
    ]
    heads = ["generation", "M H100e", "age", "in its books", "worth"]
    told = f"On order: {number(ratios.on_order)} M H100e. "
    if energy.energy is None or energy.emissions is None:
        told += f"Use, electricity and CO2 are known from {plan.label(1)} on, when a month has been run."
    else:
        told += (
            f"In use: {percent(ratios.utilisation or 0.0)}."
            f" Electricity: {number(energy.energy)} TWh a month, {percent(energy.renewables)} renewable;"
            f" CO2: {number(energy.emissions)} Mt a month."
        )
    return table(heads, rows, numbers=[1, 2, 3, 4]) + paragraph(told) + paragraph(H100E, "id-hint")


def _look_through(books: Books) -> str:
    seen, failed = books.statement.look_through, _has_failed(books)
    parts = (
        ("Orphaned, owed by those who borrowed for it" if failed else "Others carry for it", seen.carried_by_others),
        ("It carries for", seen.carries_for),
        ("It lends for the use of", seen.lends_for),
    )
    found = "".join(
        paragraph(f"{title} ({money(sum(amounts.values()))}):", "id-sub")
        + table(
            ["firm", "debt"], [(name, money(amount)) for name, amount in list(amounts.items())[:MOST_ROWS]], numbers=[1]
        )
        for title, amounts in parts
        if amounts
    )
    return found or paragraph("No AI debt rests on it, in its books or in others'.", "id-hint")


def _more(count: int, what: str) -> str:
    return paragraph(f"and {count - MOST_ROWS} smaller {what}", "id-hint") if count > MOST_ROWS else ""
