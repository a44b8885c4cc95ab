"""The open firm: what it owns, owes, has promised and depends on, and why it failed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import solara

from abm.accounts.statement import ASSETS, LIABILITIES, Contract, Default, Loan, Maturity
from viz.frames import HEALTH_NAMES
from viz.languages import Language, effect_words, use_language
from viz.parts.charts import panel, tick
from viz.parts.markup import Explained, FirmField, Html, Section, facts, ledger, paragraph, table
from viz.parts.story import why
from viz.plan import Plan
from viz.screen import Screen, use_report
from viz.session import Books, Report, Session
from viz.widgets import ChartData, Charts

MOST_ROWS = 14
FIRM_PANELS = {
    "balance": ("assets", "liabilities"),
    "income": ("revenue", "operating_cost", "interest_cost"),
    "chance": ("pd_percent",),
}  # as in `viz.parts.charts.PANELS`


@solara.component
def FirmPanel(  # noqa: N802
    screen: Screen, node: int, on_firm: Callable[[int], None], dark: bool
) -> None:
    """The firm the visitor clicked, or how to click one."""
    report = use_report(screen, lambda r: (r.run, len(r.nodes.names), id(r.books), r.plan.months))
    if report is None:
        return
    speaker = use_language()
    names = list(report.nodes.names)
    chosen = names[node] if 0 <= node < len(names) else None
    FirmField(
        names, chosen, lambda name: on_firm(names.index(name) if name in names else -1), clearable=True,
        kind="id-pick-firm",
    )  # fmt: skip
    books = report.books
    if chosen is None:
        Html(paragraph(speaker.say("firm-choose"), "id-hint"))
        return
    if books is None or books.node != node:
        Html(paragraph(speaker.say("firm-opening"), "id-hint"))
        return
    Html(_heading(report, books, speaker))
    Strikes(screen.session, books)
    Explained("explained-firm")
    for failure in books.failures:
        Html(_why(failure, report.plan, speaker))
    Html(_key_facts(books, report.plan, speaker))
    if _has_failed(books):
        with Section(speaker.say("firm-until-failed"), opened=True):
            BooksOverTime(report, books, dark)
        with Section(speaker.say("firm-invisible")):
            Html(_look_through(books, speaker))
        return
    with Section(speaker.say("firm-balance-sheet"), opened=True):
        Html(_balance_sheet(books, speaker))
        BooksOverTime(report, books, dark)
    with Section(speaker.say("firm-contracts", count=len(books.statement.contracts))):
        Html(_contracts(books.statement.contracts, speaker))
    with Section(speaker.say("firm-loans", count=len(books.statement.loans))):
        Html(_loans(books.statement.loans, books.statement.maturities, report.plan, speaker))
    with Section(speaker.say("firm-hardware")):
        Html(_hardware(books, report.plan, speaker))
    with Section(speaker.say("firm-invisible")):
        Html(_look_through(books, speaker))


@solara.component
def Strikes(session: Session, books: Books) -> None:  # noqa: N802
    """Blows to this firm next month, one click each."""
    if books.statement.balance_sheet.status != "active":
        return
    speaker = use_language()
    with solara.Row(classes=["id-strikes"]):
        for words, effect in (("firm-stop-paying", "stops paying"), ("firm-fail", "defaults")):
            named = speaker.say(words)
            solara.Button(named, on_click=partial(session.strike, books.name, effect, step=True), small=True)
        solara.Text(speaker.say("firm-next-month"), classes=["id-hint"])


@solara.component
def BooksOverTime(report: Report, books: Books, dark: bool) -> None:  # noqa: N802
    """The firm's books month by month."""
    speaker = use_language()
    panels = [panel(name, columns, speaker) for name, columns in FIRM_PANELS.items()]
    words = speaker.words(*Charts.PARTS)
    element = Charts.element(panels=panels, opening=report.plan.label(0), dark=dark, words=words).key(speaker.tag)

    def show() -> None:
        charts = solara.get_widget(element)
        charts.until = report.plan.months
        charts.cursor = report.frame.month
        charts.marks = [tick(failure, speaker) for failure in books.failures]
        first = int(books.months[0]) if len(books.months) else 0
        charts.data = ChartData(run=f"{report.run}-{books.node}", first=first, values=_lines(books.history))

    solara.use_effect(show, [books, report.frame.month, report.plan.months, speaker])


def _lines(history: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The lines of `FIRM_PANELS` from the columns of the history."""
    return {
        "assets": sum((history[name] for name in ASSETS), np.zeros(len(history["cash"]))),
        "liabilities": sum((history[name] for name in LIABILITIES), np.zeros(len(history["cash"]))),
        "pd_percent": 100.0 * history["pd"],
        **{name: history[name] for name in ("revenue", "operating_cost", "interest_cost")},
    }


def _heading(report: Report, books: Books, speaker: Language) -> str:
    health = int(report.frame.health[books.node]) if books.node < len(report.frame.health) else 0
    kind = books.statement.balance_sheet.kind
    words = speaker.say(
        "firm-state", kind=speaker.own(f"plainly-{kind}", kind), health=speaker.say(f"health-{HEALTH_NAMES[health]}"),
        month=speaker.label(books.month, report.plan.opening.date),
    )  # fmt: skip
    return f"<div class='id-firm-head id-health-{health}'>{paragraph(books.name, 'id-name')}{paragraph(words)}</div>"


def _why(failure: Default, plan: Plan, speaker: Language) -> str:
    """The story of a failure with its causes."""
    told = [speaker.say("firm-why-failed" if failure.ends else "firm-why-defaulted", why=why(failure, plan))]
    for blow in plan.strikes_on(failure.firm, failure.month):
        when = speaker.label(blow.first_month(plan.opening.date), plan.opening.date)
        told.append(speaker.say("firm-struck", month=when, what=effect_words(blow.effect, speaker)))
    return paragraph(speaker.sentences(told), "id-why")


def _has_failed(books: Books) -> bool:
    return books.statement.balance_sheet.status == "failed"


def _key_facts(books: Books, plan: Plan, speaker: Language) -> str:
    sheet, ratios, seen = books.statement.balance_sheet, books.statement.ratios, books.statement.look_through
    carried = sum(seen.carried_by_others.values())
    money, percent, say = speaker.money, speaker.percent, speaker.say
    if _has_failed(books):
        told = paragraph(say("firm-gone"))
        if not carried:
            return told
        return told + facts([(say("firm-orphaned"), money(carried), say("firm-orphaned-about"))])
    found = [
        (say("firm-owns"), money(sheet.total_assets), ""),
        (say("firm-owes"), money(sheet.total_liabilities), ""),
        (say("firm-net-worth"), money(sheet.net_worth), say("firm-net-worth-about")),
    ]
    if sheet.protected_until is not None:
        until = say("firm-protected-until", month=speaker.label(sheet.protected_until, plan.opening.date))
        found.append((say("firm-protected"), until, say("firm-protected-about")))
    if sheet.status == "active":
        found.append((say("firm-chance"), percent(ratios.default_probability), say("firm-chance-about")))
    if ratios.capital_ratio is not None:
        found.append((say("firm-capital"), percent(ratios.capital_ratio), say("firm-capital-about")))
    if ratios.cover is not None:
        times = say("firm-times", number=speaker.number(ratios.cover))
        found.append((say("firm-cover"), times, say("firm-cover-about")))
    if ratios.loan_to_value is not None:
        found.append((say("firm-ltv"), percent(ratios.loan_to_value), say("firm-ltv-about")))
    if ratios.top_customer:
        share = say("firm-top-customer-about", share=percent(ratios.top_customer_share))
        found.append((say("firm-top-customer"), ratios.top_customer, share))
    if carried:
        found.append((say("firm-carried"), money(carried), say("firm-carried-about")))
    return facts(found)


def _item(name: str, speaker: Language) -> str:
    """A line of the balance sheet, which the model names."""
    return speaker.own(f"item-{name.lower().replace(' ', '-')}".replace("'", ""), name)


def _balance_sheet(books: Books, speaker: Language) -> str:
    sheet, money = books.statement.balance_sheet, speaker.money
    rows = [(_item(name, speaker), money(amount), "") for name, amount in sheet.assets.items()]
    rows += [(speaker.say("firm-all-owned"), money(sheet.total_assets), "")]
    rows += [(_item(name, speaker), "", money(amount)) for name, amount in sheet.liabilities.items()]
    rows += [(speaker.say("firm-head-net-worth"), "", money(sheet.net_worth))]
    return table(["", speaker.say("firm-head-owns"), speaker.say("firm-head-owes")], rows, numbers=[1, 2])


def _contracts(contracts: list[Contract], speaker: Language) -> str:
    say = speaker.say
    if not contracts:
        return paragraph(say("firm-no-contracts"), "id-hint")
    rows = []
    for c in contracts[:MOST_ROWS]:
        unit = "M H100e" if c.kind == "compute" else "GW"
        owed = say("firm-take-or-pay", share=speaker.percent(c.take_or_pay))
        binding = say("firm-binds-nobody") if c.status == "intent" else owed
        size = f"{speaker.number(c.quantity)} {unit}"
        if c.backstop:
            size, binding = say("firm-backstop-size", amount=speaker.money(c.announced)), say("firm-backstop")
        left = say("firm-months-left", months=c.months_left)
        role = say(f"firm-{c.role}", firm=c.counterparty)
        rows.append((role, speaker.money(c.left), speaker.listed([size, left, binding])))
    bridge = paragraph(say("firm-h100e"), "id-hint") if any(c.kind == "compute" for c in contracts) else ""
    heads = (say("firm-with-whom"), say("firm-still-to-pay"))
    return ledger(heads, rows) + _more(len(contracts), "firm-more-contracts", speaker) + bridge


def _loans(loans: list[Loan], ladder: list[Maturity], plan: Plan, speaker: Language) -> str:
    say, money = speaker.say, speaker.money
    if not loans:
        return paragraph(say("firm-no-loans"), "id-hint")
    found = ""
    heads = [say(f"firm-{head}") for head in ("head-kind", "due-1", "due-3", "due-later")]
    for role in ("owes", "lends"):
        mine = [loan for loan in loans if loan.role == role]
        if not mine:
            continue
        found += paragraph(say(f"firm-loans-{role}", amount=money(sum(loan.principal for loan in mine))), "id-sub")
        due = [
            (_loan(x.kind, speaker), money(x.next_month + x.to_1_year), money(x.to_3_years),
             money(x.to_5_years + x.later))
            for x in ladder
            if x.role == role
        ]  # fmt: skip
        if due:
            found += table(heads, due, numbers=[1, 2, 3])
        rows = [(loan.counterparty, money(loan.principal), _terms(loan, plan, speaker)) for loan in mine[:MOST_ROWS]]
        found += ledger((say("firm-with-whom"), say("firm-amount")), rows)
        found += _more(len(mine), "firm-more-loans", speaker)
    return found


def _loan(kind: str, speaker: Language) -> str:
    """A kind of loan, which the model names."""
    return speaker.own(f"loan-{kind.lower().replace(' ', '-')}", kind)


def _terms(loan: Loan, plan: Plan, speaker: Language) -> str:
    """The terms of a loan in a line."""
    given = {
        "kind": _loan(loan.kind, speaker), "rate": speaker.percent(loan.rate),
        "month": speaker.label(loan.matures, plan.opening.date),
        "security": speaker.own(f"collateral-{loan.secured_by}", loan.secured_by),
    }  # fmt: skip
    if loan.covenant_ltv:
        return speaker.say("firm-loan-covenant", **given, limit=speaker.percent(loan.covenant_ltv))
    return speaker.say("firm-loan", **given)


def _hardware(books: Books, plan: Plan, speaker: Language) -> str:
    fleet, energy, ratios = books.statement.fleet, books.statement.energy, books.statement.ratios
    say, number = speaker.say, speaker.number
    if not fleet:
        return paragraph(say("firm-no-hardware"), "id-hint")
    rows = [
        (v.generation, number(v.units), say("firm-months", months=round(v.age)), speaker.money(v.book),
         speaker.money(v.mark))
        for v in fleet
    ]  # fmt: skip
    heads = [say("firm-generation"), "M H100e", *(say(f"firm-{head}") for head in ("age", "in-books", "worth"))]
    told = [say("firm-on-order", units=number(ratios.on_order), unit="M H100e")]
    if energy.energy is None or energy.emissions is None:
        told.append(say("firm-use-later", month=speaker.label(1, plan.opening.date)))
    else:
        told.append(
            say("firm-use", share=speaker.percent(ratios.utilisation or 0.0), energy=number(energy.energy),
                renewable=speaker.percent(energy.renewables), emissions=number(energy.emissions))
        )  # fmt: skip
    told_of = paragraph(speaker.sentences(told)) + paragraph(say("firm-h100e"), "id-hint")
    return table(heads, rows, numbers=[1, 2, 3, 4]) + told_of


def _look_through(books: Books, speaker: Language) -> str:
    seen, failed = books.statement.look_through, _has_failed(books)
    parts = (
        ("firm-orphaned-owed" if failed else "firm-carried", seen.carried_by_others),
        ("firm-carries-for", seen.carries_for),
        ("firm-lends-for", seen.lends_for),
    )
    heads = [speaker.say("firm-head-firm"), speaker.say("firm-head-debt")]
    found = ""
    for title, amounts in parts:
        if amounts:
            total = speaker.money(sum(amounts.values()))
            rows = [(name, speaker.money(amount)) for name, amount in list(amounts.items())[:MOST_ROWS]]
            found += paragraph(speaker.say("firm-sum", what=speaker.say(title), amount=total), "id-sub")
            found += table(heads, rows, numbers=[1])
    return found or paragraph(speaker.say("firm-no-debt-rests"), "id-hint")


def _more(count: int, message: str, speaker: Language) -> str:
    return paragraph(speaker.say(message, count=count - MOST_ROWS), "id-hint") if count > MOST_ROWS else ""
