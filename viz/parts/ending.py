"""What is left when a run is over: who fell, because of whom, and who lost what."""

from __future__ import annotations

from collections.abc import Sequence

import solara

from abm.accounts.statement import Default
from experiments.page import escape
from viz.languages import Language, use_language
from viz.parts.markup import Html
from viz.screen import Screen, use_report
from viz.session import Report

MOST = 8  # firms of a kind of loss that have a bar
BEARERS = ("credit", "claims", "equity")  # lenders, parties of contracts, owners: never one sum


@solara.component
def Ending(screen: Screen) -> None:  # noqa: N802
    """The sum of a run, in its last month."""
    language = use_language()
    report = use_report(screen, lambda r: (r.run, r.frame.month >= r.plan.months, len(r.story.failures)))
    if report is not None and report.frame.month >= report.plan.months:
        Html(summed(report, language))


def losses(failures: Sequence[Default]) -> dict[str, list[tuple[str, float]]]:
    """By who bears them, what each failed firm cost (bn USD), the dearest first."""
    found = {}
    for bearer in BEARERS:
        by: dict[str, float] = {}
        for one in failures:
            by[one.firm] = by.get(one.firm, 0.0) + float(getattr(one, f"loss_{bearer}"))
        found[bearer] = sorted(((firm, lost) for firm, lost in by.items() if lost >= 0.0005), key=lambda one: -one[1])
    return found


def because(failure: Default) -> str:
    """The firm that did most to bring a failure about; "" where the firm itself or the market did."""
    by = {"": failure.own_share}
    for cause in failure.causes:
        by[cause.parent or ""] = by.get(cause.parent or "", 0.0) + cause.weight
    return max(by, key=lambda one: by[one])


def _cause(failure: Default, language: Language) -> str:
    whose = because(failure)
    if whose:
        return language.say("ending-by-firm", firm=whose)
    return language.say("ending-by-blow" if failure.struck else "ending-by-itself")


def summed(report: Report, language: Language) -> str:
    """The card as HTML."""
    failures = [one for one in report.story.failures if one.fails and one.month <= report.frame.month]
    count = len({one.firm for one in failures})
    head = language.say("ending-head", month=language.month_of(report.frame.month, report.plan.opening.date))
    told = language.say("ending-failed", count=count, ended=len({one.firm for one in failures if one.ends}))
    firm, total = report.plan.opening.flagship, sum(amount for _, amount in report.borrowed)
    now = report.frame.carried.get(firm)
    if total:
        told += " " + (
            language.say("ending-became", firm=firm, total=language.money(round(total, 6)), now=language.money(now))
            if now is not None
            else language.say("ending-orphaned", firm=firm, total=language.money(round(total, 6)),
                              now=language.money(report.frame.orphaned))
        )  # fmt: skip
    parts = [f"<h2>{escape(head)}</h2><p>{escape(told)}</p>"]
    by = {one.firm: _cause(one, language) for one in failures}
    columns = "".join(_bars(bearer, rows, by, language) for bearer, rows in losses(failures).items() if rows)
    if columns:
        parts.append(f"<div class='id-bearers'>{columns}</div>")
    return f"<section class='id-ending' aria-label='{escape(head)}'>{''.join(parts)}</section>"


def _bars(bearer: str, rows: Sequence[tuple[str, float]], by: dict[str, str], language: Language) -> str:
    """A table of one kind of loss, a bar a firm, on a scale of its own."""
    most, body = rows[0][1], []
    for firm, lost in rows[:MOST]:
        why = by[firm]
        bar = f"<div class='id-loss' style='width:{100.0 * lost / most:.1f}%'></div>"
        body.append(
            f"<tr><th scope='row'>{escape(firm)}<div class='id-rest'>{escape(why)}</div></th><td>{bar}</td>"
            f"<td class='n'>{escape(language.money(lost))}</td></tr>"
        )
    if len(rows) > MOST:
        rest = language.say("ending-rest", count=len(rows) - MOST)
        left = language.money(sum(lost for _, lost in rows[MOST:]))
        body.append(f"<tr><th scope='row'>{escape(rest)}</th><td></td><td class='n'>{escape(left)}</td></tr>")
    head = escape(language.say(f"ending-{bearer}", total=language.money(sum(lost for _, lost in rows))))
    return f"<table class='id-table id-bars'><caption>{head}</caption><tbody>{''.join(body)}</tbody></table>"
