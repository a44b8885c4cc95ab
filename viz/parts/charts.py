"""The time series of the run, with the baseline dashed."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import solara

from abm.accounts.statement import Default
from abm.inputs.dates import month_label
from viz.languages import Language, use_language
from viz.screen import Screen, use_report
from viz.session import Report
from viz.widgets import ChartData, Charts

# By name (title, unit and explanation are words of the languages): columns of the series; one line a lab where none.
PANELS: dict[str, tuple[str, ...]] = {
    "price": ("token_price", "equal_quality_price"),
    "rent": ("spot_price", "contract_price"),
    "investment": ("capex", "ai_revenue"),
    "debt": ("debt", "ai_debt"),
    "carried": (),
    "failures": ("failed", "defaults"),
    "lenders": ("lender_capital",),
    "credit": ("new_loans", "lender_losses"),
    "hardware": ("fleet",),
    "power": ("power_gw",),
}
LOGARITHMIC = "price"


DOCKED = ("carried", "rent", "failures", "credit")  # beside the picture


def panel(name: str, columns: Sequence[str], speaker: Language, **values: str) -> dict[str, Any]:
    """A panel of charts as the widget takes it; `values` are those of its unit."""
    return {
        "title": speaker.say(f"panel-{name}"),
        "unit": speaker.say(f"panel-{name}-unit", **values),
        "about": speaker.say(f"panel-{name}-about"),
        "log": name == LOGARITHMIC,
        "series": [{"name": speaker.say(f"line-{column.replace('_', '-')}"), "column": column} for column in columns],
    }


def panels_of(
    labs: Sequence[str], opening: datetime.date, speaker: Language, chosen: Sequence[str] = tuple(PANELS)
) -> list[dict[str, Any]]:
    """The chosen of `PANELS` with a line for each of these labs, and the date of the opening in their units."""
    when = {LOGARITHMIC: {"opening": speaker.month(opening)}}
    found = [panel(name, columns, speaker, **when.get(name, {})) for name, columns in PANELS.items()
             if name in chosen]  # fmt: skip
    lines = [{"name": lab, "column": lab} for lab in labs]
    return [{**one, "series": one["series"] or lines} for one in found]


def marks(report: Report, speaker: Language) -> list[dict[str, Any]]:
    """Failures as ticks on the time line."""
    return [tick(failure, speaker) for failure in report.story.failures]


def tick(default: Default, speaker: Language) -> dict[str, Any]:
    """A default on the time line: the firm, and the way of a default that is not its end."""
    way = speaker.say(f"way-{default.way.replace(' ', '-')}")
    return {"month": default.month, "text": default.firm if default.ends else f"{default.firm} ({way})"}


@solara.component
def TimeSeries(  # noqa: N802
    screen: Screen, on_month: Callable[[int], None], dark: bool, chosen: Sequence[str] = tuple(PANELS)
) -> None:
    """All panels, or those chosen, appended to at every report."""

    def clicked(value: dict[str, Any]) -> None:
        on_month(int(value.get("month", 0)))

    report = use_report(screen, lambda r: (tuple(r.carried), r.plan.opening.date))
    labs = tuple(report.carried) if report else ()
    opening = report.plan.opening.date if report else screen.session.opening
    speaker = use_language()
    panels = solara.use_memo(lambda: panels_of(labs, opening, speaker, chosen), [labs, opening, speaker])
    wanted = {line["column"] for panel in panels for line in panel["series"]}
    element = Charts.element(
        panels=panels, opening=month_label(0, opening), dark=dark, on_clicked_month=clicked,
        words=speaker.words(*Charts.PARTS),
    ).key(speaker.tag)  # fmt: skip

    def attach() -> Callable[[], None]:
        charts = solara.get_widget(element)

        def show(report: Report) -> None:
            charts.until = report.plan.months
            charts.data = ChartData(run=str(report.run), first=1, values=_only(wanted, report.series, report.carried))
            base = _only(wanted, report.base_series or {}, report.base_carried or {})
            charts.baseline = ChartData(run=f"base-{report.plan.seed}", first=1, values=base) if base else None
            charts.cursor = report.frame.month
            failures = marks(report, speaker)
            if charts.marks != failures:
                charts.marks = failures

        return screen.attach(show)

    solara.use_effect(attach, [screen, panels, speaker])


def _only(wanted: set[str], *tables: Mapping[str, Any]) -> dict[str, Any]:
    """The columns wanted."""
    return {name: values for table in tables for name, values in table.items() if name in wanted}
