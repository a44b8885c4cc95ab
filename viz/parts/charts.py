"""The time series of the run, with the baseline dashed."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import solara

from abm.accounts.statement import Default
from abm.inputs.dates import month_label, month_words
from viz.screen import Screen, use_report
from viz.session import Report
from viz.widgets import ChartData, Charts

PANELS: list[dict[str, Any]] = [
    {
        "title": "Price of AI work", "unit": "index, {opening} = 100", "log": True,
        "series": [{"name": "as sold", "column": "token_price"},
                   {"name": "at equal quality", "column": "equal_quality_price"}],
        "about": "What customers pay for a unit of AI work.",
    },
    {
        "title": "Rent of a GPU", "unit": "USD per H100e-hour",
        "series": [{"name": "spot", "column": "spot_price"}, {"name": "new contracts", "column": "contract_price"}],
        "about": "What an hour of computing costs to rent. When it falls, so does the value of what secures the loans.",
    },
    {
        "title": "Investment and sales", "unit": "bn USD a month",
        "series": [{"name": "investment", "column": "capex"}, {"name": "AI sales", "column": "ai_revenue"}],
        "about": "What is spent on hardware and sites, and what customers pay for AI services.",
    },
    {
        "title": "Debt", "unit": "bn USD",
        "series": [{"name": "all debt", "column": "debt"}, {"name": "for AI", "column": "ai_debt"}],
        "about": "What labs, clouds and project companies owe.",
    },
    {
        "title": "Carried for labs", "unit": "bn USD",
        "series": [],  # one line a lab
        "about": "The invisible debt: borrowed by others to serve each lab, absent from the lab's own books. "
        "A lab that has failed is counted no longer, though others still owe what was borrowed for it.",
    },
    {
        "title": "Failures", "unit": "firms",
        "series": [{"name": "failed so far", "column": "failed"}, {"name": "defaults", "column": "defaults"}],
        "about": "Firms that defaulted: in the month, of whichever way, and those that are gone.",
    },
    {
        "title": "Lenders", "unit": "bn USD",
        "series": [{"name": "capital", "column": "lender_capital"}],
        "about": "What lenders can lose before they fail themselves.",
    },
    {
        "title": "Credit losses and new loans", "unit": "bn USD a month",
        "series": [{"name": "new loans", "column": "new_loans"}, {"name": "losses", "column": "lender_losses"}],
        "about": "When losses rise, new loans dry up.",
    },
    {
        "title": "Hardware", "unit": "million H100-equivalents",
        "series": [{"name": "installed", "column": "fleet"}],
        "about": "All GPUs in the economy, counted in H100s that would do the same work.",
    },
    {
        "title": "Power", "unit": "GW",
        "series": [{"name": "drawn", "column": "power_gw"}],
        "about": "Electric power that the hardware draws.",
    },
]  # fmt: skip


DOCKED = ("Carried for labs", "Rent of a GPU", "Failures", "Credit losses and new loans")  # beside the picture


def panels_of(labs: Sequence[str], opening: datetime.date) -> list[dict[str, Any]]:
    """`PANELS` with a line for each of these labs, and the date of the opening in their units."""
    lines = [{"name": lab, "column": lab} for lab in labs]
    when = month_words(0, opening)
    return [
        {**panel, "series": panel["series"] or lines, "unit": panel["unit"].format(opening=when)} for panel in PANELS
    ]


def marks(report: Report) -> list[dict[str, Any]]:
    """Failures as ticks on the time line."""
    return [tick(failure) for failure in report.story.failures]


def tick(default: Default) -> dict[str, Any]:
    """A default on the time line: the firm, and the way of a default that is not its end."""
    return {"month": default.month, "text": default.firm if default.ends else f"{default.firm} ({default.way})"}


@solara.component
def TimeSeries(  # noqa: N802
    screen: Screen, on_month: Callable[[int], None], dark: bool, titles: Sequence[str] = ()
) -> None:
    """All panels, or those of these titles, appended to at every report."""

    def clicked(value: dict[str, Any]) -> None:
        on_month(int(value.get("month", 0)))

    report = use_report(screen, lambda r: (tuple(r.carried), r.plan.opening.date))
    labs = tuple(report.carried) if report else ()
    opening = report.plan.opening.date if report else screen.session.opening
    panels = solara.use_memo(
        lambda: [panel for panel in panels_of(labs, opening) if not titles or panel["title"] in titles],
        [labs, opening],
    )
    wanted = {line["column"] for panel in panels for line in panel["series"]}
    element = Charts.element(
        panels=panels, opening=month_label(0, opening), dark=dark, on_clicked_month=clicked
    )

    def attach() -> Callable[[], None]:
        charts = solara.get_widget(element)

        def show(report: Report) -> None:
            charts.until = report.plan.months
            charts.data = ChartData(run=str(report.run), first=1, values=_only(wanted, report.series, report.carried))
            base = _only(wanted, report.base_series or {}, report.base_carried or {})
            charts.baseline = ChartData(run=f"base-{report.plan.seed}", first=1, values=base) if base else None
            charts.cursor = report.frame.month
            failures = marks(report)
            if charts.marks != failures:
                charts.marks = failures

        return screen.attach(show)

    solara.use_effect(attach, [screen, panels])


def _only(wanted: set[str], *tables: Mapping[str, Any]) -> dict[str, Any]:
    """The columns wanted."""
    return {name: values for table in tables for name, values in table.items() if name in wanted}
