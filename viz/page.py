"""The live page: one visitor, one session, and the parts that show it."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import reacton.ipyvuetify as rv
import solara
import solara.lab
from solara.lab.utils.headers import headers
from solara.server.kernel_context import get_current_context

from abm.errors import BadInput
from viz.address import State, read
from viz.house import house
from viz.languages import TAGS, Language, asked, choose, effect_words, language, use_language
from viz.odds import OPENING, YEARS, Odds, odds
from viz.parts.address import Address, Opened, opened_by, show
from viz.parts.charts import DOCKED, TimeSeries
from viz.parts.compare import Compare
from viz.parts.controls import Choices, Time
from viz.parts.ending import Ending
from viz.parts.files import Files
from viz.parts.film import Film
from viz.parts.firm import FirmPanel
from viz.parts.guide import Guide
from viz.parts.markup import Explained, Html, Success, paragraph
from viz.parts.network import Picture
from viz.parts.spread import ManyWorlds
from viz.parts.story import Events, Failures, Flows
from viz.parts.whatif import WhatIf
from viz.screen import Screen, use_report
from viz.session import Report, Session
from viz.widgets import Keys, Tongue

STYLE = Path(__file__).with_name("page.css")
TABS = ("over-time", "flows", "failures", "events", "compare", "files")
STAYS = 8.0  # seconds that a note of success is there
MOST_SAID = 400  # characters of a note that are shown


@solara.component
def Page() -> None:  # noqa: N802
    """A seat in the house, or a word that there is none."""
    router = solara.use_router()
    spoken = headers.value or {}
    solara.use_memo(lambda: choose(asked(router.search, ",".join(spoken.get("accept-language", [])))), [])
    speaker = use_language()
    solara.Style(STYLE)
    solara.Title("Invisible Debt")

    def enter() -> tuple[Session | None, State, str]:
        state, mistake = State(house().plan), ""
        try:
            state = read(router.search, house().plan)
            session = house().enter(state.plan)
        except BadInput as wrong:
            state, mistake = State(house().plan), speaker.told(wrong)
            session = house().enter(state.plan)
        if session is not None:
            show(session, state)
            get_current_context().on_close(lambda: house().leave(session))
        return session, state, mistake

    session, first, mistake = solara.use_memo(enter, [])
    with solara.Div(classes=["id-page"]):
        if session is None:
            Html(f"<h1>Invisible Debt</h1>{paragraph(speaker.say('page-full'), 'id-note')}")
        else:
            Visit(session, first, mistake, router.search)


@solara.component
def Visit(session: Session, first: State, mistake: str, query: str | None) -> None:  # noqa: N802
    """The page of one session; `first` is what the visitor came for."""
    note, set_note = solara.use_state(mistake)
    opened = solara.use_reactive(opened_by(first))  # read when the visitor acts
    node = opened.value.node
    film, set_film = solara.use_state(cast(dict[str, Any], {}))
    spoken = use_language()
    screen = solara.use_memo(lambda: Screen(session), [])
    solara.use_effect(screen.begin, [])
    dark = bool(solara.lab.use_dark_effective())

    def filmed(_: object) -> None:
        session.pause()
        set_note(Success(spoken.say("picture-film-done")))

    def choose(new: int) -> None:
        turn(replace(opened.value, node=new, side=0 if new >= 0 else opened.value.side))

    def turn(new: Opened) -> None:
        session.watch(new.node)  # first: what is set is rendered at once, and may turn again
        opened.set(new)

    lecture, set_lecture = solara.use_state("lecture=1" in (query or ""))
    with solara.Div(classes=["id-visit", *(["id-lecture"] if lecture else [])]):
        with solara.Div(classes=["id-head"]):
            Html("<h1>Invisible Debt</h1>")
            Welcome(screen)
            Tongues()
            Shade(dark)
            Large(lecture, set_lecture)
            Guide(screen, choose, query, dark)
        Debt(screen)
        KeyPresses(session, lambda: set_lecture(lambda on: not on))
        Choices(screen, set_note)
        Time(screen)
        Said(screen, note, set_note, mistake)
        with solara.Div(classes=["id-main"]):
            with solara.Div(classes=["id-picture"]):
                Status(screen)
                Picture(screen, node, choose, dark, film, filmed)
                Explained("explained-network")
            with solara.Div(classes=["id-right"]):
                with solara.Div(classes=["id-docked"]):
                    TimeSeries(screen, session.seek, dark, DOCKED)
                Side(screen, opened.value, turn, choose, dark)
        Ending(screen)
        Below(screen, opened.value, turn, choose, set_note, dark, film, set_film)
        Address(screen, first, opened.value, turn, set_note)


@solara.component
def Welcome(screen: Screen) -> None:  # noqa: N802
    """The first words, which name the date of the opening that is shown."""
    report = use_report(screen, lambda r: r.plan.opening.date)
    opening = report.plan.opening.date if report else screen.session.opening
    Html(paragraph(welcome(opening, use_language()), "id-welcome"))


@solara.component
def Debt(screen: Screen) -> None:  # noqa: N802
    """The invisible debt: how much, in whose name, who borrowed it, what became of it, how likely it fails."""
    report = use_report(screen, lambda r: (r.run, r.frame.month))
    if report is None or not report.borrowed:
        return
    speaker = use_language()
    firm, total = report.plan.opening.flagship, sum(amount for _, amount in report.borrowed)
    known = odds(firm) if report.plan.opening.name == OPENING else None
    told = paragraph(whose_debt(firm, report.borrowed, speaker), "id-parts")
    if known is not None:
        told += paragraph(likely(firm, known, speaker), "id-odds")
    told += paragraph(what_became(report, speaker), "id-became")
    Html(f"<div class='id-debt'><span class='id-sum'>{speaker.billions(total)}</span><div>{told}</div></div>")


def welcome(opening: datetime.date, speaker: Language) -> str:
    """The first words of the page, which begins with the balance sheets of this date."""
    return speaker.say("page-welcome", month=speaker.month(opening))


def being_opened(opening: datetime.date, speaker: Language) -> str:
    """What is said until the first month is there."""
    return speaker.say("page-opening", month=speaker.month(opening))


def whose_debt(firm: str, borrowed: Sequence[tuple[str, float]], speaker: Language) -> str:
    """In whose name the invisible debt stands, and who borrowed it (bn USD)."""
    parts = [
        speaker.say("debt-part", amount=speaker.money(amount), who=speaker.own(f"carrier-{who}", who))
        for who, amount in borrowed
    ]
    return speaker.say("debt-whose", firm=firm, parts=speaker.listed(parts))


def likely(firm: str, known: Odds, speaker: Language) -> str:
    """How often the firm defaults, and what follows where it fails."""
    return speaker.say(
        "debt-likely", worlds=known.worlds, of=known.of, firm=firm, follows=speaker.decimal(known.follows),
        year=str(datetime.date.fromisoformat(OPENING).year + YEARS), orphaned=speaker.billions(known.orphaned),
    )  # fmt: skip


def what_became(report: Report, speaker: Language) -> str:
    """What the debt borrowed for the firm that the page is about has become by the month shown."""
    firm, month = report.plan.opening.flagship, report.frame.month
    if month == 0:
        return speaker.say("debt-press-play")
    now = report.frame.carried.get(firm)
    if now is not None:
        shown = speaker.month_of(month, report.plan.opening.date)
        return speaker.say("debt-now", month=shown, amount=speaker.billions(now))
    return speaker.say("debt-orphaned", amount=speaker.billions(report.frame.orphaned))


@solara.component
def Shade(dark: bool) -> None:  # noqa: N802
    """Light or dark; what the visitor's system asks for until this is pressed."""

    def turn() -> None:
        solara.lab.theme.dark = not dark

    words = use_language().say("page-light-or-dark")
    named = {"title": words, "aria-label": words}
    solara.Button(icon_name="mdi-theme-light-dark", icon=True, on_click=turn, attributes=named)


@solara.component
def Tongues() -> None:  # noqa: N802
    """Every other language by its own name; one click, and the page speaks it."""
    spoken = use_language()
    Tongue.element(tag=spoken.tag)
    for tag in TAGS:
        if tag != spoken.tag:
            name = language(tag).say("page-language")
            solara.Button(name, on_click=partial(choose, tag), text=True, attributes={"lang": tag})


@solara.component
def Large(lecture: bool, set_lecture: Callable[[bool], None]) -> None:  # noqa: N802
    """Large type and few controls, for a room that looks at a screen."""
    words = use_language().say("page-lecture")
    named = {"title": words, "aria-label": words, "aria-pressed": str(lecture).lower()}
    solara.Button(icon_name="mdi-projector-screen", icon=True, on_click=lambda: set_lecture(not lecture),
                  attributes=named)  # fmt: skip


@solara.component
def Said(screen: Screen, note: str, set_note: Callable[[str], None], of_address: str) -> None:  # noqa: N802
    """What went wrong, or a remark, until it is dismissed or over; what went well leaves by itself.

    A mistake of the address is over as soon as the visitor goes on from what is shown in its place.
    """
    report = use_report(screen, lambda r: (r.message, r.run, r.frame.month))
    gone_on = report is not None and (report.run, report.frame.month) != (0, 0)
    solara.use_effect(lambda: set_note("") if gone_on and note and note == of_address else None, [gone_on, note])
    message = report.message if report else ""
    dismissed, set_dismissed = solara.use_state("")

    def dismiss(shown: bool) -> None:
        if not shown:
            set_note("")
            set_dismissed(message)

    said = note or ("" if message == dismissed else message)
    solara.use_effect(lambda: set_dismissed("") if not message else None, [message])

    def leave() -> Callable[[], None] | None:
        if not isinstance(note, Success):
            return None
        timer = threading.Timer(STAYS, set_note, [""])
        timer.daemon = True
        timer.start()
        return timer.cancel

    solara.use_effect(leave, [note])
    with solara.Div(classes=["id-said"], attributes={"role": "status", "aria-live": "polite"}):
        if said:
            rv.Alert(
                type="success" if isinstance(said, Success) else "warning", dense=True, outlined=True, dismissible=True,
                children=[said[:MOST_SAID]], class_="id-note", v_model=True, on_v_model=dismiss,
            )  # fmt: skip


@solara.component
def Status(screen: Screen) -> None:  # noqa: N802
    """The month in a sentence."""
    report = use_report(screen, lambda r: (r.run, r.frame.month))
    speaker = use_language()
    told = status(report, speaker) if report else being_opened(screen.session.opening, speaker)
    Html(paragraph(told, "id-status"))


@solara.component
def KeyPresses(session: Session, turn_large: Callable[[], None]) -> None:  # noqa: N802
    """Single keys, each press for itself."""
    meant = {
        "play": session.toggle,
        "step": session.step,
        "back": lambda: session.step(-1),
        "reset": lambda: session.seek(0),
        "lecture": turn_large,
    }

    def heard(key: str) -> None:
        if key in meant:
            meant[key]()

    Keys.element(heard=heard)


@solara.component
def Side(  # noqa: N802
    screen: Screen, opened: Opened, turn: Callable[[Opened], None], choose: Callable[[int], None], dark: bool
) -> None:
    """The open firm, or what can be changed."""
    speaker = use_language()
    with solara.Div(classes=["id-side"]):
        with rv.Tabs(
            v_model=opened.side, on_v_model=lambda side: turn(replace(opened, side=side)), grow=True, height=40
        ):
            rv.Tab(children=[speaker.say("page-firm")])
            rv.Tab(children=[speaker.say("page-what-if")])
        with solara.Div(classes=["id-side-body"]):
            if opened.side == 0:
                FirmPanel(screen, opened.node, choose, dark)
            else:
                WhatIf(screen, opened.node)


@solara.component
def Below(  # noqa: N802
    screen: Screen, opened: Opened, turn: Callable[[Opened], None], choose: Callable[[int], None],
    set_note: Callable[[str], None], dark: bool, film: dict[str, Any], set_film: Callable[[dict[str, Any]], None],
) -> None:  # fmt: skip
    """The economy as a whole."""
    speaker = use_language()
    tab, seek = opened.tab, screen.session.seek
    with solara.Div(classes=["id-below"]):
        with rv.Tabs(v_model=tab, on_v_model=lambda chosen: turn(replace(opened, tab=chosen)), height=44):
            for title in TABS:
                rv.Tab(children=[speaker.say(f"page-{title}")])
            rv.Tab(children=[speaker.say("spread-tab")])
        with solara.Div(classes=["id-tab"]):
            if tab == 0:
                Explained("explained-charts")
                TimeSeries(screen, seek, dark)
            elif tab == 1:
                Flows(screen, choose, dark)
            elif tab == 2:
                Failures(screen, choose, seek, dark)
            elif tab == 3:
                Events(screen, choose, seek)
            elif tab == 4:
                Compare(screen)
            elif tab == 5:
                Film(screen, film, set_film, set_note)
                Files(screen, set_note)
            else:
                ManyWorlds(screen, set_note)


def status(report: Report, speaker: Language) -> str:
    """The month in a sentence."""
    frame, names, opening = report.frame, report.nodes.names, report.plan.opening.date
    now = [names[node] for part in frame.cascade for node in part.firms]
    failed = int(report.series["failed"][frame.month - 1]) if frame.month else 0
    told = []
    for shock in report.plan.strikes:
        if shock.first_month(opening) == frame.month:
            told.append(speaker.say("status-struck", firm=str(shock.firm), what=effect_words(shock.effect, speaker)))
    if now:
        firms = speaker.listed(now[:6])
        firms = speaker.say("status-and-more", firms=firms, more=len(now) - 6) if len(now) > 6 else firms
        told.append(speaker.say("status-failed-now", firms=firms))
    elif not failed:
        told.append(speaker.say("status-none"))
    if failed:
        told.append(speaker.say("status-failed", failed=failed, of=len(names)))
    given = {"amount": speaker.billions(sum(frame.carried.values()))}
    most = max(frame.carried, key=lambda lab: frame.carried[lab], default="")
    if frame.orphaned >= 0.5:
        said = "status-carry-orphaned" if failed else "status-carry-idle"
        told.append(speaker.say(said, **given, orphaned=speaker.billions(frame.orphaned)))
    elif most:
        told.append(speaker.say("status-carry-most", **given, most=speaker.billions(frame.carried[most]), lab=most))
    else:
        told.append(speaker.say("status-carry", **given))
    head = speaker.say("status-month", month=speaker.month_of(frame.month, opening))
    return f"{head} {speaker.sentences(told)}"
