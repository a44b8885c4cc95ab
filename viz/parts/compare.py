"""The run beside the baseline of the same seed."""

from __future__ import annotations

import solara

from abm.engine.tables import SERIES_COLUMNS
from experiments.summary import number
from viz.parts.markup import Explained, Html, paragraph, table
from viz.screen import Screen, use_report
from viz.session import Report

FIGURES = {
    "failed": "firms failed so far",
    "ai_revenue": "AI sales",
    "capex": "investment",
    "ai_debt": "debt for AI",
    "look_through": "carried for labs that stand",
    "look_through_flagship": "of which for {flagship}",
    "orphaned": "orphaned: for firms that failed, or behind capacity that a customer left",
    "lender_capital": "lenders' capital",
    "new_loans": "new loans",
    "spot_price": "rent of a GPU",
    "token_price": "price of AI work",
    "fleet": "hardware",
    "power_gw": "power",
}
UNITS = {column.name: column.unit for column in SERIES_COLUMNS}


@solara.component
def Compare(screen: Screen) -> None:  # noqa: N802
    """Numbers side by side; the pictures stand side by side above."""
    report = use_report(screen, lambda r: (r.run, r.frame.month, r.base_frame is not None))
    Explained("explained-compare")
    if report is None:
        return
    on = report.base_frame is not None
    words = "Stop comparing" if on else "Compare with the baseline"
    with solara.Row():
        solara.Button(words, on_click=lambda: screen.session.compare(not on), color="primary")
    if not on:
        told = "Runs the same economy beside yours, in the same world, with the same luck and nothing changed."
        Html(paragraph(told, "id-hint"))
        return
    month = report.frame.month
    if month == 0:
        Html(paragraph("Both begin with the same balance sheets: press Play.", "id-hint"))
    else:
        Html(figures(report, month))


def figures(report: Report, month: int) -> str:
    """Key figures of a month in both economies."""
    rows = []
    for name, words in FIGURES.items():
        base = report.base_series
        if base is None or len(base[name]) < month or len(report.series[name]) < month:
            continue
        mine, other = float(report.series[name][month - 1]), float(base[name][month - 1])
        change = f"{100.0 * (mine / other - 1.0):+.0f} %".replace("-", "−") if other and name != "failed" else ""
        words = words.format(flagship=report.plan.opening.flagship)
        rows.append((words, UNITS[name], number(mine), number(other), change))
    return table(["", "unit", "this run", "baseline", "difference"], rows, numbers=[2, 3, 4])
