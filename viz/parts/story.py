"""Who funds whom, who fell because of whom, and the log of events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import reacton.ipyvuetify as rv
import solara

from abm.accounts.statement import Default
from abm.engine.tables import E_CANCELLED, E_ORDER, E_PROJECT, EVENT_NAMES
from experiments.summary import failure_sentence, number
from viz.funding import COLUMNS
from viz.languages import Language, use_language
from viz.parts.markup import Explained, FirmField, Html, money, paragraph, percent
from viz.plan import Plan
from viz.screen import Screen, use_report
from viz.session import Event
from viz.widgets import CascadeTree, FlowDiagram

OWN = "its own doing"  # of the causes that `failure_sentence` names, what nobody else explains
PAGE = 20  # lines of the log at a time
TELLING = (
    "default", "protected by the court", "reorganised", "debt exchanged", "rescue round", "covenant broken",
    "lender stops lending", "fire sale", "line called", "public backstop",
    "contract repudiated", "contract renegotiated", "firm entered", "order cancelled", "equity raised",
)  # fmt: skip
# How an amount of an event is told that is no sum of money.
UNITS: Mapping[str, Callable[[float], str]] = {
    "generation released": lambda price: f"at {1000.0 * price:,.0f} USD an H100e",
    "open model released": lambda gain: f"{number(gain)} years of progress better",
    "lender stops lending": lambda ratio: f"capital {percent(ratio)} of what it lent, weighted by risk",
}
# What a sum of money is, where the event does not tell.
SUMS: Mapping[str, str] = {
    "default": " over", "fire sale": " for", "firm entered": " with", "covenant broken": ", debt too high by",
    "contract renegotiated": ", this month less by", "loan amended": ", put off", "rescue round": ", raised",
    "debt exchanged": ", loans of", "protected by the court": ", owing", "reorganised": ", creditors lose",
}  # fmt: skip
# Orders of sites go to the sector that builds them, all others to makers of hardware.
ORDERED, CANCELLED = EVENT_NAMES[E_ORDER], EVENT_NAMES[E_CANCELLED]
OF_SITES: Mapping[str, str] = {ORDERED: "sites ordered", CANCELLED: "order of sites cancelled"}
OF_GPUS: Mapping[str, str] = {CANCELLED: "order of GPUs cancelled"}
OF_BOTH: Mapping[str, str] = {ORDERED: "GPUs or sites ordered"}


@solara.component
def Flows(screen: Screen, on_firm: Callable[[int], None], dark: bool) -> None:  # noqa: N802
    """Lenders, borrowers, and for whose use."""
    report = use_report(screen, lambda r: (r.run, r.frame.month if not r.playing else -1, id(r.flows)))
    Explained("explained-flows")
    if report is None:
        return
    speaker = use_language()
    FlowDiagram.element(
        flows=flows_in_words(report.flows, speaker), dark=dark, words=speaker.words(*FlowDiagram.PARTS),
        on_clicked=lambda value: on_firm(int(value.get("firm", -1))),
    ).key(speaker.tag)  # fmt: skip


def flows_in_words(flows: Mapping[str, Any], speaker: Language) -> dict[str, Any]:
    """The flows with the columns and those that stand for no single firm named."""

    def named(node: Mapping[str, Any]) -> str:
        if node["several"]:
            return speaker.say(f"flow-{node['several']}")
        if node["smaller"]:
            return speaker.say("flow-smaller", count=node["smaller"])
        return speaker.say("flow-failed", firm=node["name"]) if node["failed"] else str(node["name"])

    columns = [speaker.say(f"flow-{column}") for column in COLUMNS]
    return {**flows, "columns": columns, "nodes": [{**node, "name": named(node)} for node in flows["nodes"]]}


@solara.component
def Failures(screen: Screen, on_firm: Callable[[int], None], on_month: Callable[[int], None], dark: bool) -> None:  # noqa: N802
    """The cascade tree, and each failure in a sentence."""

    def clicked(value: dict[str, Any]) -> None:
        on_firm(int(value.get("firm", -1)))
        on_month(int(value.get("month", 0)))

    speaker = use_language()
    report = use_report(screen, lambda r: (r.run, r.reach if not r.playing else -1, len(r.story.failures)))
    Explained("explained-tree")
    if report is None:
        return
    failures = report.story.failures
    if not failures:
        reached = speaker.label(report.reach, report.plan.opening.date)
        Html(paragraph(speaker.say("tree-nobody-until", month=reached), "id-hint"))
        return
    opening = report.plan.opening.date
    nodes = [{**node, "label": speaker.label(node["month"], opening)} for node in report.story.tree["nodes"]]
    CascadeTree.element(
        cascade={**report.story.tree, "nodes": nodes}, dark=dark, words=speaker.words(*CascadeTree.PARTS),
        on_clicked=clicked,
    ).key(speaker.tag)  # fmt: skip
    Html("".join(paragraph(why(failure, report.plan), "id-line") for failure in failures[:PAGE]))
    if len(failures) > PAGE:
        Html(paragraph(f"and {len(failures) - PAGE} more", "id-hint"))


def why(failure: Default, plan: Plan) -> str:
    """A failure in a sentence; what a firm that was struck by hand might have done is told as what was done to it."""
    blows = plan.strikes_on(failure.firm, failure.month)
    # What a visitor did is told as such; a shock of the scenario as the sentence has it.
    told = failure_sentence(replace(failure, struck=failure.struck and not blows), plan.opening.date)
    if any(s.effect == "defaults" and s.first_month(plan.opening.date) == failure.month for s in blows):
        return f"{told[: told.rindex(': ')]}: you made it fail"
    head, own, tail = told.rpartition(OWN)  # causes stand last
    if not blows:
        return told
    return f"{head}what you did to it{tail}" if own else f"{told}, after what you did to it"


@solara.component
def Events(screen: Screen, on_firm: Callable[[int], None], on_month: Callable[[int], None]) -> None:  # noqa: N802
    """The log, newest first."""
    report = use_report(screen, lambda r: (r.run, len(r.nodes.names), id(r.story)))
    kinds, set_kinds = solara.use_state(list(TELLING))
    firm, set_firm = solara.use_state("")
    first, set_first = solara.use_state(0)

    def look_at(name: str) -> None:
        set_firm(name)
        set_first(0)

    Explained("explained-events")
    if report is None:
        return
    with solara.Div(classes=["id-filters"]):
        rv.Select(
            label="Kinds of event", items=[{"text": OF_BOTH.get(kind, kind), "value": kind} for kind in EVENT_NAMES],
            v_model=kinds, multiple=True, dense=True, outlined=True, hide_details=True, class_="id-kinds",
            on_v_model=lambda chosen: (set_kinds(list(chosen or [])), set_first(0)),
            v_slots=[{"name": "selection", "variable": "one", "children": Chosen(len(kinds))}],
        )  # fmt: skip
        FirmField(report.nodes.names, firm or None, look_at, clearable=True)
    wanted = set(kinds)
    found = [e for e in reversed(report.story.events) if e.kind in wanted and (not firm or firm in (e.who, e.whom))]
    if not found:
        Html(paragraph("Nothing of this kind has happened yet.", "id-hint"))
        return
    shown = found[first : first + PAGE]
    with rv.Html(tag="ul", class_="id-events"):
        for event in shown:
            EventLine(event, report.plan, on_firm, on_month)
    with solara.Row(classes=["id-pager"]):
        solara.Button("Newer", on_click=lambda: set_first(max(0, first - PAGE)), disabled=first == 0, text=True)
        solara.Text(f"{first + 1} to {first + len(shown)} of {len(found)}")
        older = first + PAGE
        solara.Button("Older", on_click=lambda: set_first(older), disabled=older >= len(found), text=True)


@solara.component
def Chosen(count: int) -> None:  # noqa: N802
    """How many kinds of event are chosen, in place of their names."""
    told = "all kinds" if count == len(EVENT_NAMES) else f"{count} of {len(EVENT_NAMES)} kinds"
    solara.Text(told, classes=["id-chosen"])


@solara.component
def EventLine(  # noqa: N802
    event: Event, plan: Plan, on_firm: Callable[[int], None], on_month: Callable[[int], None]
) -> None:
    """One event: a click on the month goes there, a click on the firm opens it."""
    month = rv.Html(tag="button", class_="id-link", children=[plan.label(event.month)])
    who = rv.Html(tag="button", class_="id-link", children=[event.who])
    rv.Html(tag="li", children=[month, who, rv.Html(tag="span", children=[_what(event)])])
    rv.use_event(month, "click", lambda *_: on_month(event.month))
    rv.use_event(who, "click", lambda *_: on_firm(event.node))


def _what(event: Event) -> str:
    """What happened, with whom and how much."""
    kind = (OF_SITES if event.outside else OF_GPUS).get(event.kind, event.kind)
    joined = ": " if event.kind == EVENT_NAMES[E_PROJECT] else " with "
    told = kind + (f"{joined}{event.whom}" if event.whom else "")
    if not event.amount:
        return told
    if event.kind in UNITS:
        return f"{told}, {UNITS[event.kind](event.amount)}"
    return f"{told}{SUMS.get(event.kind, ',')} {money(event.amount)}"
