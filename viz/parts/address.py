"""The address of the page: what is on screen is in it, and what is in it comes on screen."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import solara
from reacton.core import Ref

from abm.errors import BadInput
from viz import address
from viz.address import SIDES, TABS, State
from viz.house import house
from viz.languages import choose, use_language
from viz.screen import Screen, use_report
from viz.session import Report, Session
from viz.widgets import AddressLine

COMING = 60.0  # seconds after which what an address leads to is expected on screen no more


@dataclass(frozen=True, slots=True)
class Opened:
    """What the visitor has open beside the run: a firm by its place in the picture (-1: none), and the tabs beside and
    below the picture by their place."""

    node: int = -1
    side: int = 0
    tab: int = 0


def state_of(report: Report, opened: Opened, tag: str) -> State:
    """What is on screen."""
    names = report.nodes.names
    return State(
        report.plan, report.frame.month, names[opened.node] if 0 <= opened.node < len(names) else "",
        SIDES[opened.side], TABS[opened.tab], report.base_frame is not None, tag,
    )  # fmt: skip


def opened_by(state: State) -> Opened:
    """What is open in a state, but for the firm, whose place is known once the run is there."""
    return Opened(-1, SIDES.index(state.side), TABS.index(state.tab))


def show(session: Session, state: State) -> None:
    """Run a session to a state."""
    session.restore(state.plan, state.month)
    session.compare(state.compare)


@solara.component
def Address(  # noqa: N802
    screen: Screen, first: State, opened: Opened, on_opened: Callable[[Opened], None], on_note: Callable[[str], None]
) -> None:
    """Keeps the address at what is on screen, and the screen at the address.

    A change of the run or of what is open is a step that the back button takes back; another month is none. `first` is
    what the visitor came with.
    """
    report = use_report(
        screen, lambda r: (r.run, r.playing, -1 if r.playing else r.frame.month, r.base_frame is None, r.nodes.names)
    )
    led: Ref[State | None] = solara.use_ref(first)  # where an address leads, until that is on screen
    until = solara.use_ref(time.monotonic() + COMING)
    last: Ref[State | None] = solara.use_ref(None)
    entry: Ref[dict[str, Any]] = solara.use_ref({})
    _, render_again = solara.use_state(0)
    speaker = use_language()
    tag = speaker.tag

    def come(query: str) -> None:
        try:
            state = address.read(query, house().plan)
        except BadInput as mistake:
            on_note(speaker.told(mistake))
            return
        on_note("")
        led.current, until.current = state, time.monotonic() + COMING
        show(screen.session, state)
        on_opened(opened_by(state))
        choose(state.language or tag)
        render_again(lambda count: count + 1)

    wanted = led.current.firm if led.current is not None else ""
    node = report.nodes.names.index(wanted) if report is not None and wanted in report.nodes.names else -1
    asked = [node, wanted, until.current]
    solara.use_effect(lambda: on_opened(replace(opened, node=node)) if node >= 0 else None, asked)
    if report is not None:
        state, aim = state_of(report, opened, tag), led.current
        there = aim is None or state == replace(aim, firm=aim.firm if node >= 0 else "", language=aim.language or tag)
        before = last.current
        acted = aim is not None and before is not None and report.plan not in (aim.plan, before.plan)
        if there or acted or time.monotonic() > until.current:
            own = aim is None and report.scene < 0  # neither the address nor the guide has led here
            push = own and before is not None and replace(state, month=0) != replace(before, month=0)
            if state != before:
                entry.current = {"query": address.write(state, house().plan), "push": push}
            last.current, led.current = state, None
    AddressLine.element(entry=entry.current, came=come)
