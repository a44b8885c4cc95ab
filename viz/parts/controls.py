"""The bar on top: scenario, seed, play, step, speed, time."""

from __future__ import annotations

import math
from collections.abc import Callable

import reacton.ipyvuetify as rv
import solara

from abm.errors import BadInput
from abm.inputs.scenarios import Scenario, load, names
from viz.address import named_story
from viz.house import house
from viz.languages import Language, effect_words, parameter_words, use_language
from viz.parts.markup import Html, paragraph
from viz.plan import LARGEST_SEED, Plan, run_length, whole
from viz.screen import Screen, use_last_sent, use_report
from viz.session import SPEEDS, Report, Session


def story_titles(present: Scenario, speaker: Language) -> list[dict[str, str]]:
    """Scenarios to choose from: those of the model, that the server was started with, and the present one."""
    found = [load(name) for name in names()]
    titles = {base.name: base.title for base in (*found, house().plan.base, present)}
    return [{"text": speaker.own(f"story-{name}", title), "value": name} for name, title in titles.items()]


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
    plan, speaker = report.plan, use_language()
    titles = solara.use_memo(lambda: story_titles(plan.base, speaker), [plan.base, speaker])
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
            on_note(speaker.told(mistake))
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

    central_words = speaker.say("choice-central-about")
    with solara.Div(classes=["id-bar"]):
        rv.Select(
            label=speaker.say("choice-story"), items=titles, v_model=story.value, dense=True, outlined=True,
            hide_details=True, class_="id-story", on_v_model=switch,
        )  # fmt: skip
        Typed(speaker.say("choice-seed"), seed, choose)
        rv.Switch(
            label=speaker.say("choice-central"), v_model=central.value, dense=True, hide_details=True, inset=True,
            class_="id-compare",
            on_v_model=draw, attributes={"title": central_words},
        )  # fmt: skip
        Typed(speaker.say("choice-months"), months, choose)
        rv.Switch(
            label=speaker.say("choice-compare"), v_model=report.base_frame is not None, dense=True, hide_details=True,
            inset=True, class_="id-compare", on_v_model=lambda wanted: session.compare(bool(wanted)),
        )  # fmt: skip
        with solara.Div(classes=["id-drawn"]):
            Html(paragraph(central_words, "id-hint"))


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
    plan, month, speaker = report.plan, report.frame.month, use_language()
    opening = plan.opening.date
    with solara.Div(classes=["id-bar", "id-time"]):
        with solara.Div(classes=["id-buttons"]):
            Press("mdi-skip-backward", speaker.say("time-to-start"), lambda: session.seek(0), month == 0)
            Press("mdi-step-backward", speaker.say("time-back"), lambda: session.step(-1), month == 0)
            solara.Button(
                speaker.say("time-pause" if report.playing else "time-play"),
                icon_name="mdi-pause" if report.playing else "mdi-play",
                on_click=session.pause if report.playing else session.play, color="primary", classes=["id-play"],
            )  # fmt: skip
            Press("mdi-step-forward", speaker.say("time-on"), lambda: session.step(1), month >= plan.months)
            after = speaker.say("time-next-failure")
            Press("mdi-skip-next-circle-outline", after, session.next_failure, month >= plan.months)
        rv.Select(
            label=speaker.say("time-speed"), v_model=str(report.speed), dense=True, outlined=True,
            hide_details=True, class_="id-speed",
            items=[{"text": _speed_words(speed, speaker), "value": str(speed)} for speed in SPEEDS],
            on_v_model=lambda value: _set_speed(session, value),
        )  # fmt: skip
        rv.Switch(
            label=speaker.say("guide-slow"), v_model=report.slowing, dense=True, hide_details=True, inset=True,
            class_="id-compare", on_v_model=lambda wanted: session.slow_down(bool(wanted)),
        )  # fmt: skip
        solara.HTML(tag="b", unsafe_innerHTML=speaker.month_of(month, opening), classes=["id-month"])
        with solara.Div(classes=["id-slider"]):
            slider = rv.Slider(
                v_model=month, min=0, max=plan.months, dense=True, hide_details=True,
                attributes={"aria-label": speaker.say("time-month-shown")},
            )  # fmt: skip
            rv.use_event(slider, "input", lambda *moved: _seek(session, moved[2], month))
            with solara.Div(classes=["id-marks"]):
                for at, (kind, told) in marked(report, speaker).items():
                    words = speaker.say("time-mark", month=speaker.label(at, opening), what=told)
                    Mark(at, plan.months, kind, words, session).key(f"{at} {kind} {told}")


def marked(report: Report, speaker: Language) -> dict[int, tuple[str, str]]:
    """What the line of time shows: month to kind ("failure", "strike" or "shock") and words, failures before strikes
    before shocks of the story where they fall together."""
    plan, opening = report.plan, report.plan.opening.date
    found: dict[str, dict[int, list[str]]] = {"failure": {}, "strike": {}, "shock": {}}
    for failure in report.story.failures:
        if failure.fails:
            found["failure"].setdefault(failure.month, []).append(speaker.say("time-fails", firm=failure.firm))
    for kind, shocks in (("strike", plan.strikes), ("shock", plan.base.shocks)):
        for shock in shocks:
            if shock.probability < 1.0:
                continue  # nobody knows when
            if shock.firm:
                what = speaker.say("time-struck", firm=shock.firm, what=effect_words(shock.effect, speaker))
            else:
                what = speaker.say("time-changes", parameter=parameter_words(str(shock.parameter), speaker))
            whose = "time-by-you" if kind == "strike" else "time-in-story"
            found[kind].setdefault(shock.first_month(opening), []).append(speaker.say(whose, what=what))
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


def _speed_words(speed: float, speaker: Language) -> str:
    if math.isinf(speed):
        return speaker.say("time-fastest")
    return speaker.say("time-months-a-second", months=speed)
