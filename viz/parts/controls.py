"""The bar on top: scenario, seed, play, step, speed, time."""

from __future__ import annotations

import math
from collections.abc import Callable

import reacton.ipyvuetify as rv
import solara

from abm.errors import BadInput
from abm.inputs.dates import month_words
from abm.inputs.effects import BY_NAME
from abm.inputs.scenarios import Scenario, load, names
from viz.address import named_story
from viz.house import house
from viz.languages import use_language
from viz.parts.markup import Html, paragraph
from viz.plan import LARGEST_SEED, Plan, run_length, whole
from viz.screen import Screen, use_last_sent, use_report
from viz.session import SPEEDS, Report, Session
from viz.words import CENTRAL


def story_titles(present: Scenario) -> list[dict[str, str]]:
    """Scenarios to choose from: those of the model, that the server was started with, and the present one."""
    found = [load(name) for name in names()]
    titles = {base.name: base.title for base in (*found, house().plan.base, present)}
    return [{"text": title, "value": name} for name, title in titles.items()]


def chosen_plan(
    name: object, seed: object, months: object, present: Scenario | None = None, *, central: bool = False
) -> Plan:
    """The plan of a visitor's choice.

    Parameters
    ----------
    name, seed, months : object
        As typed.
    present : Scenario
        What is on the page, which may be no scenario of the model; the server's own if left out.
    central : bool
        Whether the seed draws no world.

    Raises
    ------
    BadInput
        If there is no such scenario here, or seed or months are no whole numbers in range.
    """
    own = {base.name: base for base in (house().plan.base, present) if base is not None}
    wanted = named_story(str(name), [*own, *names()])
    base = own[wanted] if wanted in own else load(wanted)
    return Plan(
        base, whole(seed, "seed", 0, LARGEST_SEED), run_length(months), opening=house().plan.opening, central=central
    )


@solara.component
def Choices(screen: Screen, on_note: Callable[[str], None]) -> None:  # noqa: N802
    """What is run: story, world, luck and length, and whether the baseline runs beside it."""
    report = use_report(screen, lambda r: (r.run, r.base_frame is not None))
    if report is not None:
        ChoiceFields(report, screen.session, on_note)


@solara.component
def ChoiceFields(report: Report, session: Session, on_note: Callable[[str], None]) -> None:  # noqa: N802
    """The fields of `Choices`."""
    plan = report.plan
    titles = solara.use_memo(lambda: story_titles(plan.base), [plan.base])
    # Read when the visitor acts, which may be before all he typed is rendered.
    seed = solara.use_reactive(str(plan.seed))
    months = solara.use_reactive(str(plan.months))
    story = solara.use_reactive(plan.base.name)
    central = solara.use_reactive(plan.central)
    wrong = solara.use_ref(False)  # whether a mistake of these fields is being told
    sent = use_last_sent((plan.base.name, str(plan.seed), str(plan.months), plan.central))

    def choose() -> None:
        chosen = (story.value, seed.value.strip(), months.value.strip(), central.value)
        try:
            wanted = chosen_plan(*chosen[:3], plan.base, central=central.value)
        except BadInput as mistake:
            wrong.current = True
            on_note(str(mistake))
            story.set(plan.base.name)
            return
        if wrong.current:
            wrong.current = False
            on_note("")
        if chosen != sent.current:
            session.select(wanted)
            sent.current = chosen

    def switch(name: str) -> None:
        story.set(name)
        choose()

    def draw(middle: object) -> None:
        central.set(bool(middle))
        choose()

    with solara.Div(classes=["id-bar"]):
        rv.Select(
            label="Story", items=titles, v_model=story.value, dense=True, outlined=True, hide_details=True,
            class_="id-story", on_v_model=switch,
        )  # fmt: skip
        Typed("Seed", seed, choose)
        rv.Switch(
            label="Central", v_model=central.value, dense=True, hide_details=True, inset=True, class_="id-compare",
            on_v_model=draw, attributes={"title": CENTRAL},
        )  # fmt: skip
        Typed("Months", months, choose)
        rv.Switch(
            label="Compare", v_model=report.base_frame is not None, dense=True, hide_details=True, inset=True,
            class_="id-compare", on_v_model=lambda wanted: session.compare(bool(wanted)),
        )  # fmt: skip
        with solara.Div(classes=["id-drawn"]):
            Html(paragraph(CENTRAL, "id-hint"))


@solara.component
def Typed(label: str, text: solara.Reactive[str], done: Callable[[], None]) -> None:  # noqa: N802
    """A short field that counts when it is left or Enter is pressed."""
    field = rv.TextField(
        label=label, v_model=text.value, dense=True, outlined=True, hide_details=True, class_="id-short",
        on_v_model=lambda given: text.set(str(given)[:30]),
    )  # fmt: skip
    rv.use_event(field, "blur", lambda *_: done())
    rv.use_event(field, "keydown.enter", lambda *_: done())


@solara.component
def Time(screen: Screen) -> None:  # noqa: N802
    """Everything that moves time."""
    report = use_report(screen, lambda r: (r.run, r.frame.month, r.playing, r.speed, r.slowing, len(r.story.failures)))
    if report is not None:
        TimeFields(report, screen.session)


@solara.component
def TimeFields(report: Report, session: Session) -> None:  # noqa: N802
    """The fields of `Time`."""
    plan, month = report.plan, report.frame.month
    with solara.Div(classes=["id-bar", "id-time"]):
        with solara.Div(classes=["id-buttons"]):
            Press("mdi-skip-backward", "Back to the start (r)", lambda: session.seek(0), month == 0)
            Press("mdi-step-backward", "One month back (,)", lambda: session.step(-1), month == 0)
            solara.Button(
                "Pause" if report.playing else "Play", icon_name="mdi-pause" if report.playing else "mdi-play",
                on_click=session.pause if report.playing else session.play, color="primary", classes=["id-play"],
            )  # fmt: skip
            Press("mdi-step-forward", "One month on (.)", lambda: session.step(1), month >= plan.months)
            Press("mdi-skip-next-circle-outline", "Next failure", session.next_failure, month >= plan.months)
        rv.Select(
            label="Speed", v_model=str(report.speed), dense=True, outlined=True, hide_details=True, class_="id-speed",
            items=[{"text": _speed_words(speed), "value": str(speed)} for speed in SPEEDS],
            on_v_model=lambda value: _set_speed(session, value),
        )  # fmt: skip
        rv.Switch(
            label=use_language().say("guide-slow"), v_model=report.slowing, dense=True, hide_details=True, inset=True,
            class_="id-compare", on_v_model=lambda wanted: session.slow_down(bool(wanted)),
        )  # fmt: skip
        solara.HTML(tag="b", unsafe_innerHTML=month_words(month, plan.opening.date), classes=["id-month"])
        with solara.Div(classes=["id-slider"]):
            slider = rv.Slider(
                v_model=month, min=0, max=plan.months, dense=True, hide_details=True,
                attributes={"aria-label": "Month shown"},
            )  # fmt: skip
            rv.use_event(slider, "input", lambda *moved: _seek(session, moved[2], month))
            with solara.Div(classes=["id-marks"]):
                for at, (kind, told) in marked(report).items():
                    Mark(at, plan.months, kind, f"{plan.label(at)}: {told}", session).key(f"{at} {kind} {told}")


def marked(report: Report) -> dict[int, tuple[str, str]]:
    """What the line of time shows: month to kind ("failure", "strike" or "shock") and words, failures before strikes
    before shocks of the story where they fall together."""
    plan, opening = report.plan, report.plan.opening.date
    found: dict[str, dict[int, list[str]]] = {"failure": {}, "strike": {}, "shock": {}}
    for failure in report.story.failures:
        if failure.fails:
            found["failure"].setdefault(failure.month, []).append(f"{failure.firm} fails")
    for kind, shocks in (("strike", plan.strikes), ("shock", plan.base.shocks)):
        for shock in shocks:
            if shock.probability < 1.0:
                continue  # nobody knows when
            who, what = shock.firm, BY_NAME[str(shock.effect)].words if shock.firm else "changes"
            told_of = f"{who or str(shock.parameter).replace('_', ' ')} {what}"
            whose = "by you" if kind == "strike" else "in this story"
            found[kind].setdefault(shock.first_month(opening), []).append(f"{told_of}, {whose}")
    told: dict[int, tuple[str, str]] = {}
    for kind in ("shock", "strike", "failure"):
        for month, words in found[kind].items():
            if 0 < month <= plan.months:
                before = f"; {told[month][1]}" if month in told else ""
                told[month] = (kind, f"{'; '.join(words)}{before}")
    return dict(sorted(told.items()))


@solara.component
def Mark(month: int, months: int, kind: str, words: str, session: Session) -> None:  # noqa: N802
    """A mark on the line of time; a click goes there."""
    mark = rv.Html(
        tag="button", class_=f"id-mark id-mark-{kind}", style_=f"left: {100.0 * month / months:.3f}%",
        attributes={"title": words, "aria-label": words, "tabindex": "-1"},
    )  # fmt: skip
    rv.use_event(mark, "click", lambda *_: session.seek(month))


@solara.component
def Press(icon: str, words: str, act: Callable[[], None], disabled: bool) -> None:  # noqa: N802
    """A button of one icon that says what it does."""
    named = {"title": words, "aria-label": words}
    solara.Button(icon_name=icon, icon=True, on_click=act, disabled=disabled, attributes=named)


def _seek(session: Session, moved: object, month: int) -> None:
    if isinstance(moved, int | float) and math.isfinite(moved) and int(moved) != month:
        session.seek(int(moved))


def _set_speed(session: Session, value: object) -> None:
    if value in {str(speed) for speed in SPEEDS}:
        session.set_speed(float(str(value)))


def _speed_words(speed: float) -> str:
    if math.isinf(speed):
        return "as fast as it goes"
    return f"{speed:g} month{'s' if speed != 1.0 else ''} a second"
