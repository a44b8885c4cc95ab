"""The run beside the baseline of the same seed."""

from __future__ import annotations

import solara

from abm.engine.tables import SERIES_COLUMNS
from viz.languages import Language, unit_words, use_language
from viz.parts.markup import Explained, Html, paragraph, table
from viz.screen import Screen, use_report
from viz.session import Report

FIGURES = (
    "failed", "ai_revenue", "capex", "ai_debt", "look_through", "look_through_flagship", "orphaned", "lender_capital",
    "new_loans", "spot_price", "token_price", "fleet", "power_gw",
)  # fmt: skip
UNITS = {column.name: column.unit for column in SERIES_COLUMNS}


@solara.component
def Compare(screen: Screen) -> None:  # noqa: N802
    """Numbers side by side; the pictures stand side by side above."""
    speaker = use_language()
    report = use_report(screen, lambda r: (r.run, r.frame.month, r.base_frame is not None))
    Explained("explained-compare")
    if report is None:
        return
    on = report.base_frame is not None
    words = speaker.say("compare-stop" if on else "compare-start")
    with solara.Row():
        solara.Button(words, on_click=lambda: screen.session.compare(not on), color="primary")
    if not on:
        Html(paragraph(speaker.say("compare-about"), "id-hint"))
        return
    month = report.frame.month
    if month == 0:
        Html(paragraph(speaker.say("compare-first"), "id-hint"))
    else:
        Html(figures(report, month, speaker))


def figures(report: Report, month: int, speaker: Language) -> str:
    """Key figures of a month in both economies."""
    rows = []
    for name in FIGURES:
        base = report.base_series
        if base is None or len(base[name]) < month or len(report.series[name]) < month:
            continue
        mine, other = float(report.series[name][month - 1]), float(base[name][month - 1])
        more = 100.0 * (mine / other - 1.0) if other else 0.0
        sign = "" if round(more) < 0 else "+"
        told = sign + speaker.say("amount-percent", amount=speaker.decimal(more))
        change = told if other and name != "failed" else ""
        values = {"flagship": report.plan.opening.flagship} if name == "look_through_flagship" else {}
        words = speaker.say(f"compare-of-{name.replace('_', '-')}", **values)
        numbers = (speaker.number(mine), speaker.number(other))
        rows.append((words, unit_words(UNITS[name], speaker), *numbers, change))
    heads = [speaker.say(f"compare-{head}") for head in ("unit", "this-run", "baseline", "difference")]
    return table(["", *heads], rows, numbers=[2, 3, 4])
